#include "lazynet/scoring/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "graph_rows.hpp"
#include "judged_truth.hpp"
#include "lazynet/eval/differential_measures.hpp"
#include "lazynet/eval/profile_measures.hpp"
#include "lazynet/scoring/baselines.hpp"
#include "lazynet/scoring/differential.hpp"
#include "lazynet/scoring/pairwise.hpp"
#include "lazynet/scoring/rows.hpp"
#include "lazynet/train/timings.hpp"

namespace lazynet::scoring {
namespace {

using eval::Coverage;
using eval::DifferentialTable;
using eval::MeasureTable;
using eval::PredictedProfiles;
using eval::TrueProfiles;

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
        timings_.start("reading the truth, differential genes");
        told_ = read_truth(world_, truth_, matching_, genes_, rows_, split_, options_.differential, log_);
        if (truth_.screen.rows_are_conditions) {
            result_.notes.push_back("the screen holds no cells: no differential expression and no noise ceiling");
        }
        if (options_.pairs == PairsOf::automatic && !compares_pairs("")) {
            result_.notes.push_back(fmt::format(
                "beyond {} conditions only {} is compared with every other truth; --pairs all: every method", kAllPairs,
                options_.method));
        }
        judge_predictions();
        judge_baselines();
        judge_duplicates();
        describe();
        for (const train::Timings::Phase& phase : timings_.over_ranks(world_)) {
            log_.detail(fmt::format("{:<44}{:>8.1f} s", phase.name, phase.seconds));
        }
        return std::move(result_);
    }

private:
    Matching matched() {
        Matching result;
        world_.together([&] { result = match(truth_.screen, predictions_.means.screen, predictions_.labels, split_); });
        return result;
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
        timings_.start("reading the predictions");
        PredictedProfiles predicted{
            options_.method, predicted_rows(*predictions_.means.reader), told_.profiles.control, {}};
        bool is_without = false;
        for (Index c = 0; c < predicted.control.rows(); ++c) {
            const Index at = matching_.prediction_context[static_cast<std::size_t>(c)];
            if (at >= 0 && has_control_[static_cast<std::size_t>(at)] > 0) {
                predicted.control.row(c) = predicted_controls_.row(at);
            } else {
                is_without = true;
            }
        }
        if (is_without) {
            result_.notes.push_back("the predictions have no controls of their own: the truth's stand in for them");
        }
        if (predictions_.sds) {
            predicted.sd = predicted_rows(*predictions_.sds);
            count_coverage(predicted);
        }
        std::optional<DifferentialTable> differential;
        if (test_predicted_cells()) {
            differential = predicted_differential();
        }
        add(predicted, told_.profiles, "the predictions", {}, {}, differential);
    }

    /// Predicted cells have differential genes of their own, when they are cells and have controls.
    bool test_predicted_cells() {
        const io::ScreenFile& file = predictions_.means;
        const bool cells = told_.is_tested && !file.screen.rows_are_conditions &&
                           static_cast<Index>(file.screen.cell_condition.size()) >
                               2 * static_cast<Index>(file.screen.conditions.size());
        const bool controls = std::all_of(has_control_.begin(), has_control_.end(), [](Index n) { return n > 1; });
        if (cells && (!controls || file.normalization == Normalization::none)) {
            result_.notes.push_back(
                "measures of differential genes among predicted cells are left out: they need predicted control cells "
                "and --predictions-normalization counts or log1p");
        }
        return cells && controls && file.normalization != Normalization::none;
    }

    DifferentialTable predicted_differential() {
        std::vector<Index> distinct = rows_.prediction;
        std::sort(distinct.begin(), distinct.end());
        std::vector<Index> place;
        for (const Index k : rows_.prediction) {
            place.push_back(std::lower_bound(distinct.begin(), distinct.end(), k) - distinct.begin());
        }
        return picked(differential_expression(world_, *predictions_.means.reader, predictions_.means.screen,
                                              predictions_.means.normalization, distinct, log_),
                      place, matching_.prediction_genes);
    }

    void count_coverage(const PredictedProfiles& predicted) {
        std::vector<std::int64_t> mine;
        for (Index row = 0; row < predicted.mean.rows(); ++row) {
            const std::vector<Index> one{row};
            const eval::CoverageCounts counts = eval::count_coverage(told_.profiles, predicted, one);
            mine.insert(mine.end(), counts.places.begin(), counts.places.end());
        }
        const std::vector<std::int64_t> all = world_.gather(std::span<const std::int64_t>(mine));
        result_.coverage.resize(matching_.judged.size());
        for (std::size_t row = 0; row < result_.coverage.size(); ++row) {
            auto& places = result_.coverage[row].places;
            std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(row * places.size()), places.size(), places.begin());
        }
    }

    /// A fold's task, and which of the judged conditions are its own.
    BaselineTask task_of(std::size_t fold, const eval::Features* graph, std::vector<Index>& judged) const {
        BaselineTask task{genes_, told_.learned, matching_.folds[fold].training, {}, graph, options_.seed};
        judged.clear();
        for (std::size_t k = 0; k < matching_.judged.size(); ++k) {
            if (matching_.judged[k].fold == static_cast<Index>(fold)) {
                judged.push_back(static_cast<Index>(k));
                task.test.push_back(told_.learned.conditions[static_cast<std::size_t>(matching_.judged[k].truth)]);
            }
        }
        return task;
    }

    /// What a baseline says of all judged conditions, learned fold by fold: (judged, genes.mine); without rows when it
    /// knows nothing of any.
    Matrix learn(const std::string& name, const eval::Features* graph, std::vector<Coverage>& coverage,
                 std::vector<double>& penalty) {
        Matrix columns;
        coverage.assign(matching_.judged.size(), Coverage::none);
        std::vector<std::size_t> unknown;  // folds, of which the mean of perturbations must do
        std::vector<Index> judged;
        const auto take = [&](const BaselineTask& task, const BaselinePrediction& prediction) {
            columns.resize(static_cast<Index>(matching_.judged.size()), genes_.mine.size());
            for (std::size_t t = 0; t < judged.size(); ++t) {
                columns.row(judged[t]) =
                    prediction.change.row(static_cast<Index>(t)) + told_.learned.control.row(task.test[t].context);
            }
        };
        for (std::size_t f = 0; f < matching_.folds.size(); ++f) {
            const BaselineTask task = task_of(f, graph, judged);
            if (judged.empty()) {
                continue;
            }
            const BaselinePrediction prediction = predict_baseline(world_, name, task);
            if (prediction.change.rows() == 0) {
                unknown.push_back(f);
                continue;
            }
            take(task, prediction);
            for (std::size_t t = 0; t < judged.size(); ++t) {
                coverage[static_cast<std::size_t>(judged[t])] = prediction.coverage[t];
            }
            if (prediction.penalty >= 0.0) {
                penalty.push_back(prediction.penalty);
            }
        }
        for (const std::size_t f : columns.rows() > 0 ? unknown : std::vector<std::size_t>{}) {
            const BaselineTask task = task_of(f, graph, judged);
            take(task, predict_baseline(world_, "mean", task));
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
            timings_.start(baseline.name + ": predictions");
            const Matrix columns = learn(baseline.name, graph ? &*graph : nullptr, coverage, penalty);
            if (columns.rows() == 0) {
                result_.notes.push_back(baseline.name + " is left out: it knows nothing of any of these conditions");
                continue;
            }
            add({baseline.name, fetch_rows(world_, columns, genes_.of_rank, rows_.judged), told_.profiles.control, {}},
                told_.profiles, baseline.definition, coverage, penalty);
        }
    }

    /// The technical duplicate: one half of a condition's cells predicts the other.
    void judge_duplicates() {
        if (!truth_.screen.rows_are_conditions) {
            timings_.start("ceiling: halves of cells");
            const Duplicates halves = duplicates(world_, truth_, matching_, rows_, told_, options_.seed, log_);
            add(halves.first, halves.second, "half of the condition's own cells, judged by the other half", {}, {});
        }
    }

    /// Measures a method; rows of all ranks come together. Collective.
    void add(const PredictedProfiles& predicted, const TrueProfiles& truth, const std::string& definition,
             std::vector<Coverage> coverage, std::vector<double> penalty,
             const std::optional<DifferentialTable>& predicted_differential = {}) {
        timings_.start(predicted.method + ": measures of profiles");
        std::vector<MeasureTable> tables = {
            eval::profile_measures(truth, told_.is_tested ? &told_.differential : nullptr, predicted)};
        if (compares_pairs(predicted.method)) {
            timings_.start(predicted.method + ": measures of pairs");
            tables.push_back(rows_.repeats ? pairwise_measures(world_, fold_by_fold(truth), fold_by_fold(predicted))
                                           : pairwise_measures(world_, truth, predicted));
        }
        if (told_.is_tested) {
            tables.push_back(eval::change_ranking_measures(truth, told_.differential, predicted));
            tables.push_back(eval::spread_measures(told_.spreads, predicted));
            if (predicted_differential) {
                tables.push_back(eval::differential_measures(told_.differential, *predicted_differential));
            }
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

    [[nodiscard]] bool compares_pairs(const std::string& method) const {
        const bool is_small = static_cast<Index>(matching_.judged.size()) <= kAllPairs;
        return options_.pairs == PairsOf::all || (options_.pairs == PairsOf::automatic && is_small) ||
               (options_.pairs != PairsOf::none && method == options_.method);
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

    /// Squared standard errors summed over the genes that a row does not perturb, of all ranks' rows; nothing where
    /// they are not known. Collective.
    [[nodiscard]] std::vector<double> noise_of_rows() const {
        std::vector<double> mine;
        for (Index row = 0; row < told_.profiles.error.rows(); ++row) {
            Vector error = told_.profiles.error.row(row);
            for (const std::int32_t gene : told_.profiles.own[static_cast<std::size_t>(row)]) {
                error[gene] = 0.0F;
            }
            mine.push_back(error.cast<double>().squaredNorm());
        }
        return world_.gather(std::span<const double>(mine));
    }

    void describe() {
        for (JudgedMethod& method : result_.methods) {  // measures that came up after it
            const Index known = method.values.cols();
            const Index more = static_cast<Index>(result_.measures.size()) - known;
            method.values.conservativeResize(Eigen::NoChange, known + more);
            method.values.rightCols(more).setConstant(std::nan(""));
        }
        const std::vector<Index> counts =
            told_.is_tested ? eval::significant_genes(told_.differential) : std::vector<Index>{};
        const std::vector<std::int64_t> own(counts.begin(), counts.end());
        const std::vector<std::int64_t> significant = world_.gather(std::span<const std::int64_t>(own));
        std::vector<double> squares;
        for (Index row = 0; row < told_.profiles.truth.rows(); ++row) {
            const Index context = told_.profiles.context[static_cast<std::size_t>(row)];
            const Vector change = told_.profiles.truth.row(row) - told_.profiles.control.row(context);
            squares.push_back(std::sqrt(change.cast<double>().squaredNorm() / static_cast<double>(genes_.all)));
        }
        const std::vector<double> effects = world_.gather(std::span<const double>(squares));
        const std::vector<double> noise = noise_of_rows();
        const Screen& screen = truth_.screen;
        for (std::size_t k = 0; k < matching_.judged.size(); ++k) {
            const JudgedCondition& judged = matching_.judged[k];
            const Condition& c = screen.conditions[static_cast<std::size_t>(judged.truth)];
            result_.rows.push_back(
                {screen.contexts.size() > 1 ? screen.contexts[static_cast<std::size_t>(c.context)] : "", c.perturbation,
                 matching_.folds[static_cast<std::size_t>(judged.fold)].name, judged.stratum, judged.ground,
                 told_.cells[static_cast<std::size_t>(judged.truth)], significant.empty() ? -1 : Index{significant[k]},
                 effects[k], noise.empty() ? std::nan("") : noise[k]});
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
    JudgedTruth told_;  ///< of this rank's rows
    Matrix predicted_controls_;
    std::vector<Index> has_control_;
    train::Timings timings_;
    Evaluation result_;
};

}  // namespace

Evaluation evaluate_predictions(const mpi::Communicator& world, io::ScreenFile& truth, PredictionFile& predictions,
                                const std::optional<Split>& split, const EvaluationOptions& options, Log& log) {
    return Evaluator(world, truth, predictions, split, options, log)();
}

}  // namespace lazynet::scoring
