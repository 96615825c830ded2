#include "lazynet/predict/predictions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

#include "lazynet/io/results.hpp"
#include "lazynet/train/provenance.hpp"

namespace lazynet::predict {
namespace {

constexpr Index kMostInBatch = 64;
constexpr Index kLeastBatches = 64;
/// Figures per perturbation that ranks tell each other, besides the strongest genes.
constexpr std::size_t kFigures = 4;

/// Batches are cut at places that hang on the list alone, so that every product has the same shape on any number of
/// ranks.
class Batches {
public:
    explicit Batches(Index total)
        : total_(total), size_(std::clamp<Index>((total + kLeastBatches - 1) / kLeastBatches, 1, kMostInBatch)) {}
    [[nodiscard]] Range of_rank(const mpi::Communicator& world) const {
        return block_of((total_ + size_ - 1) / size_, world.size(), world.rank());
    }
    [[nodiscard]] Range operator[](Index b) const { return {b * size_, std::min((b + 1) * size_, total_)}; }

private:
    Index total_;
    Index size_;
};

/// Contexts that some perturbation was asked for in, ascending: they get a row for their control mean.
std::vector<Index> controls_of(const std::vector<Asked>& asked) {
    std::set<Index> contexts;
    for (const Asked& a : asked) {
        contexts.insert(a.contexts.begin(), a.contexts.end());
    }
    return {contexts.begin(), contexts.end()};
}

/// Columns of obs that are known before anything is predicted; zeros for the others.
io::Table condition_table(const RunModels& models, const std::vector<Asked>& asked, const PredictionOutput& output) {
    const auto& contexts = models.facts().contexts;
    io::Table table;
    std::vector<std::string> perturbation;
    std::vector<std::int64_t> members, trained;
    io::Categorical context{contexts, {}};
    io::Categorical ground{{}, {}};
    io::Categorical trust{{}, {}};
    for (const Ground g : kGrounds) {
        ground.categories.emplace_back(name_of(g));
    }
    ground.categories.emplace_back("control");
    for (const Trust t : kTrusts) {
        trust.categories.emplace_back(name_of(t));
    }
    const auto add = [&](const std::string& label, Index c, std::int32_t kind, Index genes, Index known) {
        table.index.push_back(contexts.size() > 1 ? contexts[static_cast<std::size_t>(c)] + "|" + label : label);
        perturbation.push_back(label);
        context.codes.push_back(static_cast<std::int32_t>(c));
        ground.codes.push_back(kind);
        trust.codes.push_back(genes > 0 ? 0 : -1);
        members.push_back(genes);
        trained.push_back(known);
    };
    for (const Index c : controls_of(asked)) {
        add("control", c, static_cast<std::int32_t>(std::size(kGrounds)), 0, 0);
    }
    for (const Asked& a : asked) {
        for (const Index c : a.contexts) {
            add(a.perturbation.label, c, static_cast<std::int32_t>(a.perturbation.ground),
                static_cast<Index>(a.perturbation.genes.size()), a.perturbation.trained_members());
        }
    }
    const std::vector<double> later(table.index.size(), 0.0);
    table.columns = {{"context", context}, {"perturbation", perturbation}, {"ground", ground},
                     {"members", members}, {"members_trained", trained},   {"mean_change", later},
                     {"mean_sd", later},   {"expected_r2", later},         {"trust", trust}};
    if (!output.fold.empty()) {
        table.columns.push_back({"fold", std::vector<std::string>(table.index.size(), output.fold)});
    }
    return table;
}

void describe(const RunModels& models, const std::vector<Asked>& asked, const PredictionOutput& output,
              io::ResultsFile& file) {
    const io::ModelFacts& facts = models.facts();
    file.table("obs", condition_table(models, asked, output));
    file.table("var", {facts.genes, {}});
    const std::string at = "uns/lazynet/";
    file.number(at + "format_version", std::int64_t{1});
    file.text(at + "kind", "predictions");
    file.text(at + "version", train::version());
    file.text(at + "git_hash", train::git_hash());
    file.text(at + "options", output.options);
    file.text(at + "run_options", facts.options);
    file.text(at + "screen", facts.screen);
    file.text(at + "screen_fingerprint", facts.fingerprint);
    file.number(at + "replicas", std::int64_t{models.replicas()});
    file.text(at + "sd_holds", models.is_calibrated()
                                   ? "standard deviation of what a measurement is expected to differ by, calibrated on "
                                     "validation for every ground"
                                   : "standard deviation over replicas, not calibrated");
    file.text(at + "trust_rule", std::string(trust_rule()));
    if (output.interactions) {
        file.text(at + "interaction_holds",
                  "layers/interaction: predicted change of the combination minus those of its members alone; "
                  "layers/interaction_sd: over replicas, not calibrated");
    }
    const auto rows = rows_of(asked);
    const auto genes = static_cast<Index>(facts.genes.size());
    file.declare_dense("X", rows, genes);
    file.declare_dense("layers/sd", rows, genes);
    if (output.interactions) {
        file.declare_dense("layers/interaction", rows, genes);
        file.declare_dense("layers/interaction_sd", rows, genes);
    }
}

/// Figures of one predicted row.
Outcome judge(const RunModels& models, const Perturbation& p, Eigen::Ref<const Eigen::RowVectorXf> change,
              Eigen::Ref<const Eigen::RowVectorXf> sd, Index strongest) {
    Outcome out;
    double squared_change = change.cast<double>().squaredNorm();
    double squared_sd = sd.cast<double>().squaredNorm();
    double sum = change.cast<double>().cwiseAbs().sum();
    double sum_sd = sd.cast<double>().sum();
    double genes = static_cast<double>(change.size());
    std::vector<bool> own(strongest > 0 ? static_cast<std::size_t>(change.size()) : 0, false);
    for (const PerturbedGene& gene : p.genes) {  // the sd of these is 0
        if (gene.output >= 0) {
            const auto given = static_cast<double>(change[gene.output]);
            squared_change -= given * given;
            sum -= std::abs(given);
            genes -= 1.0;
            if (strongest > 0) {
                own[static_cast<std::size_t>(gene.output)] = true;
            }
        }
    }
    out.mean_change = std::max(sum, 0.0) / std::max(genes, 1.0);
    out.mean_sd = sum_sd / std::max(genes, 1.0);
    out.expected_r2 = expected_r2(std::max(squared_change, 0.0), squared_sd);
    out.trust = trust_of(p.ground, out.expected_r2, models.is_calibrated());
    if (strongest > 0) {
        std::vector<Index> order;
        for (Index i = 0; i < change.size(); ++i) {
            if (!own[static_cast<std::size_t>(i)]) {
                order.push_back(i);
            }
        }
        const auto cut = order.begin() + std::min<Index>(strongest, static_cast<Index>(order.size()));
        std::partial_sort(order.begin(), cut, order.end(), [&](Index a, Index b) {
            const float x = std::abs(change[a]);
            const float y = std::abs(change[b]);
            return x != y ? x > y : a < b;
        });
        for (auto i = order.begin(); i != cut; ++i) {
            out.strongest.push_back({*i, static_cast<double>(change[*i]), static_cast<double>(sd[*i])});
        }
    }
    return out;
}

/// One rank's share of the list, batch by batch.
class Stream {
public:
    Stream(const RunModels& models, const std::vector<Asked>& asked, const PredictionOutput& output,
           io::ResultsFile* file)
        : models_(models), asked_(asked), output_(output), file_(file) {
        auto row = static_cast<Index>(controls_of(asked).size());
        for (const Asked& a : asked) {
            first_row_.push_back(row);
            row += static_cast<Index>(a.contexts.size());
        }
        first_row_.push_back(row);
    }

    void write_controls() {
        const std::vector<Index> controls = controls_of(asked_);
        const auto n = static_cast<Index>(controls.size());
        Matrix rows(n, models_.facts().control.cols());
        for (Index r = 0; r < n; ++r) {
            rows.row(r) = models_.facts().control.row(controls[static_cast<std::size_t>(r)]);
        }
        const Matrix zeros = Matrix::Zero(n, rows.cols());
        file_->write_rows("X", {0, n}, cview(rows));
        file_->write_rows("layers/sd", {0, n}, cview(zeros));
        if (output_.interactions) {
            file_->write_rows("layers/interaction", {0, n}, cview(zeros));
            file_->write_rows("layers/interaction_sd", {0, n}, cview(zeros));
        }
        const std::vector<double> unsure(static_cast<std::size_t>(n), std::numeric_limits<double>::quiet_NaN());
        file_->write_column("obs/expected_r2", 0, unsure);
    }

    /// Figures of the batch, appended.
    void batch(Range range, std::vector<Outcome>& outcomes) {
        std::vector<Perturbation> perturbations;
        for (Index k = range.begin; k < range.end; ++k) {
            perturbations.push_back(asked_[static_cast<std::size_t>(k)].perturbation);
        }
        predict(models_, perturbations, profile_);
        calibrate(models_, perturbations, profile_.sd);
        const std::size_t first = outcomes.size();
        for (std::size_t p = 0; p < perturbations.size(); ++p) {
            const auto row = static_cast<Index>(p);
            outcomes.push_back(
                judge(models_, perturbations[p], profile_.mean.row(row), profile_.sd.row(row), output_.strongest));
        }
        if (file_ == nullptr) {
            return;
        }
        write_rows(range, "X", profile_.mean, true);
        write_rows(range, "layers/sd", profile_.sd, false);
        write_figures(range, std::span(outcomes).subspan(first));
        if (output_.interactions) {
            predict_interactions(models_, perturbations, profile_);
            write_rows(range, "layers/interaction", profile_.mean, false);
            write_rows(range, "layers/interaction_sd", profile_.sd, false);
        }
    }

private:
    [[nodiscard]] Range rows(Range range) const {
        return {first_row_[static_cast<std::size_t>(range.begin)], first_row_[static_cast<std::size_t>(range.end)]};
    }

    /// What perturbations of the context have in common; a perturbed gene's own value is given.
    void add_context(const Perturbation& perturbation, Index context, Index row) {
        const Matrix& effects = models_.facts().context_effect;
        if (effects.size() == 0) {
            return;
        }
        Eigen::RowVectorXf effect = effects.row(context);
        for (const PerturbedGene& gene : perturbation.genes) {
            if (gene.output >= 0) {
                effect[gene.output] = 0.0f;
            }
        }
        rows_.row(row) += effect;
    }

    /// One row per context. @param from_control values are changes: the context's control mean is added
    void write_rows(Range range, const std::string& where, const Matrix& values, bool from_control) {
        const Range to = rows(range);
        rows_.resize(to.size(), values.cols());
        Index row = 0;
        for (Index k = range.begin; k < range.end; ++k) {
            for (const Index context : asked_[static_cast<std::size_t>(k)].contexts) {
                rows_.row(row) = values.row(k - range.begin);
                if (from_control) {
                    rows_.row(row) += models_.facts().control.row(context);
                    add_context(asked_[static_cast<std::size_t>(k)].perturbation, context, row);
                    if (!models_.facts().is_signed) {
                        rows_.row(row) = rows_.row(row).cwiseMax(0.0f);
                    }
                }
                ++row;
            }
        }
        file_->write_rows(where, to, cview(rows_));
    }

    void write_figures(Range range, std::span<const Outcome> outcomes) {
        std::vector<double> change, sd, r2, trust;
        for (std::size_t k = 0; k < outcomes.size(); ++k) {
            const std::size_t n = asked_[static_cast<std::size_t>(range.begin) + k].contexts.size();
            change.insert(change.end(), n, outcomes[k].mean_change);
            sd.insert(sd.end(), n, outcomes[k].mean_sd);
            r2.insert(r2.end(), n, outcomes[k].expected_r2);
            trust.insert(trust.end(), n, static_cast<double>(outcomes[k].trust));
        }
        const Index first = rows(range).begin;
        file_->write_column("obs/mean_change", first, change);
        file_->write_column("obs/mean_sd", first, sd);
        file_->write_column("obs/expected_r2", first, r2);
        file_->write_column("obs/trust/codes", first, trust);
    }

    const RunModels& models_;
    const std::vector<Asked>& asked_;
    const PredictionOutput& output_;
    io::ResultsFile* file_;
    std::vector<Index> first_row_;
    Profile profile_;
    Matrix rows_;
};

/// Everybody's outcomes, in the order of the list.
std::vector<Outcome> gather(const mpi::Communicator& world, const std::vector<Outcome>& mine) {
    std::vector<double> flat;
    for (const Outcome& o : mine) {
        flat.insert(flat.end(), {o.mean_change, o.mean_sd, o.expected_r2, static_cast<double>(o.trust),
                                 static_cast<double>(o.strongest.size())});
        for (const GeneChange& g : o.strongest) {
            flat.insert(flat.end(), {static_cast<double>(g.gene), g.change, g.sd});
        }
    }
    const std::vector<double> all = world.gather(std::span<const double>(flat));
    std::vector<Outcome> outcomes;
    for (std::size_t at = 0; at < all.size();) {
        Outcome o{all[at], all[at + 1], all[at + 2], static_cast<Trust>(static_cast<int>(all[at + 3])), {}};
        const auto genes = static_cast<std::size_t>(all[at + kFigures]);
        at += kFigures + 1;
        for (std::size_t g = 0; g < genes; ++g, at += 3) {
            o.strongest.push_back({static_cast<Index>(all[at]), all[at + 1], all[at + 2]});
        }
        outcomes.push_back(std::move(o));
    }
    return outcomes;
}

}  // namespace

Index rows_of(const std::vector<Asked>& asked) {
    auto rows = static_cast<Index>(controls_of(asked).size());
    for (const Asked& a : asked) {
        rows += static_cast<Index>(a.contexts.size());
    }
    return rows;
}

double bytes_of(const RunModels& models, const std::vector<Asked>& asked, bool interactions) {
    return static_cast<double>(rows_of(asked)) * static_cast<double>(models.genes().size()) * sizeof(float) *
           (interactions ? 4.0 : 2.0);
}

double working_bytes(const RunModels& models, const std::vector<Asked>& asked) {
    const Range batch = Batches(static_cast<Index>(asked.size()))[0];
    std::size_t rows = 0;
    for (Index k = batch.begin; k < batch.end; ++k) {
        rows += asked[static_cast<std::size_t>(k)].contexts.size() + 2;  // mean and sd besides what is written
    }
    return models.bytes() + static_cast<double>(rows * models.genes().size()) * sizeof(float);
}

std::vector<Outcome> write_predictions(const mpi::Communicator& world, const RunModels& models,
                                       const std::vector<Asked>& asked, const PredictionOutput& output,
                                       const Progress& progress) {
    std::optional<io::ResultsFile> file;
    if (!output.path.empty()) {
        file.emplace(world, output.path);
        describe(models, asked, output, *file);
        file->open_for_data();
    }
    Stream stream(models, asked, output, file ? &*file : nullptr);
    if (file && world.is_root()) {
        stream.write_controls();
    }
    const Batches batches(static_cast<Index>(asked.size()));
    const Range mine = batches.of_rank(world);
    const Index total = mine.size() > 0 ? batches[mine.end - 1].end - batches[mine.begin].begin : 0;
    std::vector<Outcome> outcomes;
    for (Index b = mine.begin; b < mine.end; ++b) {
        stream.batch(batches[b], outcomes);
        progress(static_cast<Index>(outcomes.size()), total);
    }
    if (file) {
        file->finish();
    }
    return gather(world, outcomes);
}

}  // namespace lazynet::predict
