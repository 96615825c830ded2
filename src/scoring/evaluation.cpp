#include "lazynet/scoring/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "judged_rows.hpp"
#include "lazynet/data/name_index.hpp"
#include "lazynet/eval/differential_measures.hpp"
#include "lazynet/eval/profile_measures.hpp"
#include "lazynet/io/network_file.hpp"
#include "lazynet/scoring/baselines.hpp"
#include "lazynet/scoring/differential.hpp"
#include "lazynet/scoring/halves.hpp"
#include "lazynet/scoring/pairwise.hpp"
#include "lazynet/scoring/rows.hpp"

namespace lazynet::scoring {
namespace {

using eval::Coverage;
using eval::DifferentialTable;
using eval::MeasureTable;
using eval::PredictedProfiles;
using eval::TrueProfiles;

/// Rows of the regulator axis in a graph's normalised adjacency; genes that it does not name have none.
eval::Features graph_rows(const std::string& path, const Screen& screen, std::vector<std::string>& notes) {
    const EdgeList list = io::read_network(path, {});
    const NameIndex index(list.names);
    std::vector<eval::Tie> ties;
    for (const EdgeList::Edge& edge : list.edges) {
        ties.push_back({edge.regulator, edge.target, edge.weight});
    }
    const eval::Features all = eval::normalised_adjacency(static_cast<Index>(list.names.size()), ties);
    std::vector<Eigen::Triplet<double>> entries;
    std::vector<bool> perturbed(static_cast<std::size_t>(screen.regulators()));
    for (const Condition& condition : screen.conditions) {
        for (const Index gene : condition.targets) {
            perturbed[static_cast<std::size_t>(gene)] = true;
        }
    }
    Index asked = 0;
    Index absent = 0;
    for (Index j = 0; j < screen.regulators(); ++j) {
        const auto at = index.find(screen.regulator(j));
        asked += perturbed[static_cast<std::size_t>(j)] ? 1 : 0;
        absent += perturbed[static_cast<std::size_t>(j)] && !at ? 1 : 0;
        for (eval::Features::InnerIterator it(all, at.value_or(0)); at && it; ++it) {
            entries.emplace_back(static_cast<int>(j), static_cast<int>(it.col()), it.value());
        }
    }
    if (absent > 0) {
        notes.push_back(fmt::format("{} of {} perturbed genes are not in {}", absent, asked, path));
    }
    eval::Features rows(screen.regulators(), all.cols());
    rows.setFromTriplets(entries.begin(), entries.end());
    return rows;
}

/// The table of other rows and columns. @param rows, columns of `table`
DifferentialTable picked(const DifferentialTable& table, const std::vector<Index>& rows,
                         const std::vector<Index>& columns) {
    DifferentialTable result;
    for (const auto field :
         {&DifferentialTable::log_fold, &DifferentialTable::rank_p, &DifferentialTable::rank_q, &DifferentialTable::score,
          &DifferentialTable::score_q, &DifferentialTable::score_rest, &DifferentialTable::score_rest_q}) {
        result.*field = (table.*field)(rows, columns);
    }
    return result;
}

class Evaluator {
public:
    Evaluator(const mpi::Communicator& world, io::ScreenFile& truth, PredictionFile& predictions,
              const std::optional<Split>& split, const EvaluationOptions& options, Log& log)
        : world_(world),
          truth_(truth),
          predictions_(predictions),
          split_(split),
          options_(options),
          log_(log),
          matching_(matched()),
          genes_(static_cast<Index>(matching_.truth_genes.size()), world),
          rows_(world, matching_) {}

    Evaluation operator()() {
        result_.notes = matching_.notes;
        read_truth();
        judge_predictions();
        judge_baselines();
        judge_duplicates();
        describe();
        return std::move(result_);
    }

private:
    Matching matched() {
        Matching result;
        world_.together(
            [&] { result = match(truth_.screen, predictions_.means.screen, predictions_.labels, split_); });
        return result;
    }

    [[nodiscard]] bool by_cells() const { return split_ && split_->kind == "cells"; }

    MeansTable means_of_part(const Screen& part) {
        return means_of(world_, *truth_.reader, part, truth_.screen, truth_.normalization, genes_,
                        matching_.truth_genes, log_);
    }

    /// The judged part of the screen, and per fold what is learned from: the same table but where cells are split.
    void read_truth() {
        test_ = truth_.screen;
        if (by_cells()) {
            world_.together([&] { keep_test_part(*split_, split_->folds.front(), test_); });
        }
        const MeansTable table = means_of_part(test_);
        if (by_cells()) {
            Screen training = truth_.screen;
            world_.together([&] { keep_training_part(*split_, split_->folds.front(), training); });
            learned_ = changes_of(means_of_part(training), truth_.screen, genes_, matching_.truth_genes);
        } else {
            learned_ = changes_of(table, truth_.screen, genes_, matching_.truth_genes);
        }
        const std::vector<const ChangeTable*> training(matching_.folds.size(), &learned_);
        profiles_ = true_profiles(world_, truth_.screen, matching_, genes_, rows_, table, training);
        cells_ = table.cells;
        if (options_.differential && !truth_.screen.rows_are_conditions) {
            differential_ = picked(differential_expression(world_, *truth_.reader, test_, truth_.normalization,
                                                           rows_in_test_part(), log_),
                                   rows_.place, matching_.truth_genes);
        }
    }

    /// This rank's distinct conditions in the judged part, which lists fewer than the whole screen where cells are split.
    [[nodiscard]] std::vector<Index> rows_in_test_part() const {
        if (!by_cells()) {
            return rows_.distinct;
        }
        std::map<std::pair<std::string, std::string>, Index> known;
        for (std::size_t k = 0; k < test_.conditions.size(); ++k) {
            const Condition& c = test_.conditions[k];
            known[{c.perturbation, test_.contexts[static_cast<std::size_t>(c.context)]}] = static_cast<Index>(k);
        }
        std::vector<Index> rows;
        for (const Index k : rows_.distinct) {
            const Condition& c = truth_.screen.conditions[static_cast<std::size_t>(k)];
            rows.push_back(
                known.at({c.perturbation, truth_.screen.contexts[static_cast<std::size_t>(c.context)]}));
        }
        return rows;
    }

    Matrix predicted_rows(io::MatrixReader& reader) {
        const Screen& screen = predictions_.means.screen;
        const MeansTable table = means_of(world_, reader, screen, screen, predictions_.means.normalization, genes_,
                                          matching_.prediction_genes, log_);
        const auto contexts = static_cast<Index>(screen.contexts.size());
        predicted_controls_ = on_every_rank(world_, table.mean.topRows(contexts), genes_);
        has_control_.assign(table.cells.begin(), table.cells.begin() + contexts);
        return fetch_rows(world_, table.mean, genes_.of_rank, rows_.prediction);
    }

    void judge_predictions() {
        PredictedProfiles predicted{options_.method, predicted_rows(*predictions_.means.reader), profiles_.control, {}};
        Index without = 0;
        for (Index c = 0; c < predicted.control.rows(); ++c) {
            const Index at = matching_.prediction_context[static_cast<std::size_t>(c)];
            if (at >= 0 && has_control_[static_cast<std::size_t>(at)] > 0) {
                predicted.control.row(c) = predicted_controls_.row(at);
            } else {
                ++without;
            }
        }
        if (without > 0) {
            result_.notes.push_back("the predictions have no controls of their own: the truth's stand in for them");
        }
        if (predictions_.sds) {
            predicted.sd = predicted_rows(*predictions_.sds);
            count_coverage(predicted);
        }
        add(predicted, profiles_, differential_, "the predictions", {}, {});
    }

    void count_coverage(const PredictedProfiles& predicted) {
        calibration_rows_.clear();
        for (Index row = 0; row < predicted.mean.rows(); ++row) {
            const std::vector<Index> one{row};
            const eval::CoverageCounts counts = eval::count_coverage(profiles_, predicted, one);
            calibration_rows_.insert(calibration_rows_.end(), counts.places.begin(), counts.places.end());
        }
        const std::vector<std::int64_t> all = world_.gather(std::span<const std::int64_t>(calibration_rows_));
        result_.coverage.resize(matching_.judged.size());
        for (std::size_t row = 0; row < result_.coverage.size(); ++row) {
            auto& places = result_.coverage[row].places;
            std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(row * places.size()), places.size(), places.begin());
        }
    }

    /// What a baseline says of all judged conditions, learned fold by fold. (judged, genes.mine)
    Matrix learn(const std::string& name, const eval::Features* graph, std::vector<Coverage>& coverage,
                 std::vector<double>& penalty) {
        Matrix columns(static_cast<Index>(matching_.judged.size()), genes_.mine.size());
        coverage.assign(matching_.judged.size(), Coverage::none);
        for (std::size_t f = 0; f < matching_.folds.size(); ++f) {
            BaselineTask task{genes_, learned_, matching_.folds[f].training, {}, graph, options_.seed};
            std::vector<std::size_t> judged;
            for (std::size_t k = 0; k < matching_.judged.size(); ++k) {
                if (matching_.judged[k].fold == static_cast<Index>(f)) {
                    judged.push_back(k);
                    task.test.push_back(learned_.conditions[static_cast<std::size_t>(matching_.judged[k].truth)]);
                }
            }
            if (judged.empty()) {
                continue;
            }
            const BaselinePrediction prediction = predict_baseline(world_, name, task);
            if (prediction.penalty >= 0.0) {
                penalty.push_back(prediction.penalty);
            }
            for (std::size_t t = 0; t < judged.size(); ++t) {
                coverage[judged[t]] = prediction.coverage[t];
                columns.row(static_cast<Index>(judged[t])) =
                    prediction.change.row(static_cast<Index>(t)) + learned_.control.row(task.test[t].context);
            }
        }
        return columns;
    }

    void judge_baselines() {
        const bool trained = std::any_of(matching_.folds.begin(), matching_.folds.end(),
                                         [](const JudgedFold& fold) { return !fold.training.empty(); });
        if (!trained) {
            result_.notes.push_back(
                "the predictions hold every condition of the truth, so that baselines have nothing to learn from: say "
                "with --split which ones were held out");
        }
        std::optional<eval::Features> graph;
        if (!options_.gene_graph.empty()) {
            world_.together([&] { graph = graph_rows(options_.gene_graph, truth_.screen, result_.notes); });
        } else {
            result_.notes.push_back("graph_kernel is left out: it needs --gene-graph");
        }
        for (const Baseline& baseline : baselines()) {
            if ((baseline.name != "no_change" && !trained) || (baseline.name == "graph_kernel" && !graph)) {
                continue;
            }
            std::vector<Coverage> coverage;
            std::vector<double> penalty;
            const Matrix columns = learn(baseline.name, graph ? &*graph : nullptr, coverage, penalty);
            if (std::all_of(coverage.begin(), coverage.end(), [](Coverage c) { return c == Coverage::none; })) {
                result_.notes.push_back(baseline.name + " is left out: it knows nothing of any of these conditions");
                continue;
            }
            std::vector<Index> mine = rows_.judged;
            add({baseline.name, fetch_rows(world_, columns, genes_.of_rank, mine), profiles_.control, {}}, profiles_,
                differential_, baseline.definition, coverage, penalty);
        }
    }

    /// The technical duplicate: one half of a condition's cells predicts the other.
    void judge_duplicates() {
        if (truth_.screen.rows_are_conditions) {
            result_.notes.push_back("the screen holds no cells: no differential expression and no noise ceiling");
            return;
        }
        const Halves halves = half_means(world_, *truth_.reader, test_, truth_.normalization, rows_in_test_part(),
                                         options_.seed, log_);
        TrueProfiles second = profiles_;
        second.truth = halves.second(rows_.place, matching_.truth_genes);
        for (Index row = 0; row < second.error.rows(); ++row) {
            const auto k = static_cast<std::size_t>(row);
            const double ratio = static_cast<double>(profiles_.cells[k]) / 
                                 static_cast<double>(halves.second_cells[static_cast<std::size_t>(rows_.place[k])]);
            second.error.row(row) *= static_cast<float>(std::sqrt(ratio));
        }
        add({"ceiling", halves.first(rows_.place, matching_.truth_genes), profiles_.control, {}}, second, differential_,
            "half of the condition's own cells, judged by the other half", {}, {});
    }

    /// Measures a method; rows of all ranks come together. Collective.
    void add(const PredictedProfiles& predicted, const TrueProfiles& truth, const DifferentialTable& differential,
             const std::string& definition, std::vector<Coverage> coverage, std::vector<double> penalty) {
        std::vector<MeasureTable> tables = {
            eval::profile_measures(truth, differential_there() ? &differential : nullptr, predicted),
            rows_.repeats ? pairwise_measures(world_, fold_by_fold(truth), fold_by_fold(predicted))
                          : pairwise_measures(world_, truth, predicted)};
        if (differential_there()) {
            tables.push_back(eval::change_ranking_measures(truth, differential, predicted));
        }
        JudgedMethod method{predicted.method, definition, {}, std::move(coverage), std::move(penalty)};
        const auto rows = static_cast<Index>(matching_.judged.size());
        std::map<std::string, VectorD> columns;
        for (const MeasureTable& table : tables) {
            const std::vector<double> all =
                world_.gather({table.values.data(), static_cast<std::size_t>(table.values.size())});
            const auto width = static_cast<Index>(table.measures.size());
            const Eigen::Map<const MatrixD> values(all.data(), rows, width);
            for (Index m = 0; m < width; ++m) {
                know(table.measures[static_cast<std::size_t>(m)]);
                columns[table.measures[static_cast<std::size_t>(m)].name] = values.col(m);
            }
        }
        method.values.setConstant(rows, static_cast<Index>(result_.measures.size()), std::nan(""));
        for (std::size_t m = 0; m < result_.measures.size(); ++m) {
            const auto found = columns.find(result_.measures[m].name);
            if (found != columns.end()) {
                method.values.col(static_cast<Index>(m)) = found->second;
            }
        }
        result_.methods.push_back(std::move(method));
    }

    /// Rows of different folds as rows of different contexts: where folds judge the same conditions, these must not be
    /// told apart from themselves.
    TrueProfiles fold_by_fold(const TrueProfiles& truth) const {
        TrueProfiles result = truth;
        for (std::size_t row = 0; row < rows_.judged.size(); ++row) {
            result.context[row] += fold_of(row) * truth.control.rows();
        }
        for (Matrix* m : {&result.control, &result.mean, &result.spread}) {
            *m = m->replicate(static_cast<Index>(matching_.folds.size()), 1).eval();
        }
        return result;
    }
    PredictedProfiles fold_by_fold(const PredictedProfiles& predicted) const {
        PredictedProfiles result = predicted;
        result.control = predicted.control.replicate(static_cast<Index>(matching_.folds.size()), 1);
        return result;
    }
    [[nodiscard]] Index fold_of(std::size_t row) const {
        return matching_.judged[static_cast<std::size_t>(rows_.judged[row])].fold;
    }

    void know(const eval::Measure& measure) {
        const bool known = std::any_of(result_.measures.begin(), result_.measures.end(),
                                       [&](const eval::Measure& m) { return m.name == measure.name; });
        if (!known) {
            result_.measures.push_back(measure);
        }
    }

    /// Some genes were tested; on every rank the same.
    [[nodiscard]] bool differential_there() const {
        return options_.differential && !truth_.screen.rows_are_conditions;
    }

    void describe() {
        const std::vector<Index> counts =
            differential_there() ? eval::significant_genes(differential_) : std::vector<Index>{};
        const std::vector<std::int64_t> own(counts.begin(), counts.end());
        const std::vector<std::int64_t> significant = world_.gather(std::span<const std::int64_t>(own));
        std::vector<double> squares;
        for (Index row = 0; row < profiles_.truth.rows(); ++row) {
            const auto change = profiles_.truth.row(row) -
                                profiles_.control.row(profiles_.context[static_cast<std::size_t>(row)]);
            squares.push_back(std::sqrt(change.cast<double>().squaredNorm() / static_cast<double>(genes_.all)));
        }
        const std::vector<double> effects = world_.gather(std::span<const double>(squares));
        const Screen& screen = truth_.screen;
        for (std::size_t k = 0; k < matching_.judged.size(); ++k) {
            const JudgedCondition& judged = matching_.judged[k];
            const Condition& c = screen.conditions[static_cast<std::size_t>(judged.truth)];
            result_.rows.push_back(
                {screen.contexts.size() > 1 ? screen.contexts[static_cast<std::size_t>(c.context)] : "", c.perturbation,
                 matching_.folds[static_cast<std::size_t>(judged.fold)].name, judged.stratum, judged.ground,
                 cells_[static_cast<std::size_t>(judged.truth)], significant.empty() ? -1 : Index{significant[k]},
                 effects[k]});
        }
        result_.genes = genes_.all;
        for (const JudgedFold& fold : matching_.folds) {
            result_.folds.push_back(fold.name);
            result_.trained.push_back(static_cast<Index>(fold.training.size()));
        }
    }

    const mpi::Communicator& world_;
    io::ScreenFile& truth_;
    PredictionFile& predictions_;
    const std::optional<Split>& split_;
    const EvaluationOptions& options_;
    Log& log_;
    Matching matching_;
    GeneChunks genes_;
    JudgedRows rows_;
    Screen test_;                 ///< the judged part
    ChangeTable learned_;         ///< what baselines learn from
    std::vector<Index> cells_;    ///< per condition of the truth's screen, of the judged part
    TrueProfiles profiles_;       ///< of this rank's rows
    DifferentialTable differential_;
    Matrix predicted_controls_;
    std::vector<Index> has_control_;
    std::vector<std::int64_t> calibration_rows_;
    Evaluation result_;
};

}  // namespace

Evaluation evaluate_predictions(const mpi::Communicator& world, io::ScreenFile& truth, PredictionFile& predictions,
                                const std::optional<Split>& split, const EvaluationOptions& options, Log& log) {
    return Evaluator(world, truth, predictions, split, options, log)();
}

}  // namespace lazynet::scoring
