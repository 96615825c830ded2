#include "lazynet/train/prediction.hpp"

#include "lazynet/train/context_effects.hpp"

#include <algorithm>
#include <cmath>

namespace lazynet::train {
namespace {

/// Squared errors of a chunk, per pair: held out, fitted, no change, mean, noise, genes.
constexpr std::size_t kParts = 6;

/// Mean and standard deviation over some replicas, added one by one (Welford).
struct Running {
    Matrix mean, squares;
    Eigen::ArrayXf count;
    Running(Index pairs, Index genes)
        : mean(Matrix::Zero(pairs, genes)), squares(Matrix::Zero(pairs, genes)), count(Eigen::ArrayXf::Zero(pairs)) {}
    void add(Index pair, Eigen::Ref<const Eigen::RowVectorXf> value) {
        const float weight = 1.0f / ++count[pair];
        const Eigen::RowVectorXf delta = value - mean.row(pair);
        mean.row(pair) += weight * delta;
        squares.row(pair) += delta.cwiseProduct(value - mean.row(pair));
    }
};

/// Mean change over the pairs outside each fold: the "mean of perturbations" baseline of a held-out pair.
Matrix fold_means(const Pairs& pairs, Eigen::Ref<const Matrix> observed) {
    const Index folds = std::max(pairs.folds, 1);
    MatrixD sums = MatrixD::Zero(folds, observed.cols());
    VectorD counts = VectorD::Zero(folds);
    VectorD all = VectorD::Zero(observed.cols());
    for (Index p = 0; p < pairs.size(); ++p) {
        const Index fold = std::max(pairs.fold[static_cast<std::size_t>(p)], 0);
        sums.row(fold) += observed.row(p).cast<double>();
        all += observed.row(p).transpose().cast<double>();
        ++counts[fold];
    }
    Matrix means(folds, observed.cols());
    for (Index f = 0; f < folds; ++f) {
        const double others = std::max(1.0, static_cast<double>(pairs.size()) - counts[f]);
        means.row(f) = ((all.transpose() - sums.row(f)) / others).cast<float>();
    }
    return means;
}

class ChunkScorer {
public:
    ChunkScorer(const Pairs& pairs, const BlockTargets& observed, const ResponseValidation* validation,
                Predictions& out)
        : pairs_(pairs), observed_(observed), validation_(validation), out_(out) {}

    /// Predicts one chunk with all replicas and appends its partial sums.
    void score(const BlockEnsemble& ensemble, Range genes, std::vector<double>& parts) {
        const Index at = genes.begin - observed_.genes.begin;
        const Index n = pairs_.size();
        Running fitted(n, genes.size());
        Running held_out(n, genes.size());
        Matrix y(n, genes.size());
        for (std::size_t r = 0; r < ensemble.replicas.size(); ++r) {
            const ReplicaFactors& f = ensemble.replicas[r];
            y.noalias() = f.hidden * f.c.middleRows(genes.begin - ensemble.rows.begin, genes.size()).transpose();
            for (Index p = 0; p < n; ++p) {
                (pairs_.held_out(p, static_cast<Index>(r)) ? held_out : fitted).add(p, y.row(p));
            }
        }
        Matrix means;
        const ContextEffects effects(observed_, {at, at + genes.size()});
        if (validation_ != nullptr) {
            const Matrix others = changes_of_others(observed_, {at, at + genes.size()});
            held_out.mean.noalias() = validation_->weights * others;
            held_out.count.setOnes();
            means.noalias() = validation_->means * others;
        } else {
            means = fold_means(pairs_, observed_.change.middleCols(at, genes.size()));
        }
        add_contexts(effects, at, fitted, held_out);
        for (Index p = 0; p < n; ++p) {
            // A perturbation that every replica held out is predicted by those that did.
            const Running& best = fitted.count[p] > 0 ? fitted : held_out;
            out_.change.row(p).segment(at, genes.size()) = best.mean.row(p);
            const float freedom = std::max(best.count[p] - 1.0f, 1.0f);
            out_.sd.row(p).segment(at, genes.size()) = (best.squares.row(p) / freedom).cwiseSqrt();
            add_pair(p, genes, fitted, held_out, mean_of(p, means, effects), parts);
        }
    }

private:
    /// What contexts have in common, which models in closed form do not see.
    void add_contexts(const ContextEffects& effects, Index at, Running& fitted, Running& held_out) {
        for (Index p = 0; effects.any() && p < pairs_.size(); ++p) {
            fitted.mean.row(p) += effects.of_pair(p);
            held_out.mean.row(p) += effects.without(p);
        }
        if (effects.any()) {
            out_.context_effect.resize(effects.contexts(), out_.genes.size());
        }
        for (Index c = 0; effects.any() && c < effects.contexts(); ++c) {
            const Eigen::RowVectorXf effect = effects.of(c);
            out_.context_effect.row(c).segment(at, effect.size()) = effect;
        }
    }

    /// The baseline "mean of the other perturbations".
    Eigen::RowVectorXf mean_of(Index p, const Matrix& means, const ContextEffects& effects) const {
        const auto pair = static_cast<std::size_t>(p);
        const int fold = validation_ != nullptr ? validation_->fold[pair] : pairs_.fold[pair];
        Eigen::RowVectorXf mean = means.row(std::max(fold, 0));
        if (validation_ != nullptr && effects.any()) {
            mean += effects.without(p);
        }
        return mean;
    }

    void add_pair(Index p, Range genes, const Running& fitted, const Running& held_out, const Eigen::RowVectorXf& mean,
                  std::vector<double>& parts) {
        const Index at = genes.begin - observed_.genes.begin;
        const auto pair = static_cast<std::size_t>(p);
        const bool is_single = pairs_.offsets[pair + 1] - pairs_.offsets[pair] == 1;
        double sums[kParts] = {};
        auto own = static_cast<std::size_t>(observed_.own[static_cast<std::size_t>(p)]);
        const auto own_end = static_cast<std::size_t>(observed_.own[static_cast<std::size_t>(p) + 1]);
        for (Index i = 0; i < genes.size(); ++i) {
            const Index column = at + i;
            while (own < own_end && observed_.own_output[own] < column) {
                ++own;
            }
            if (own < own_end && observed_.own_output[own] == column) {
                continue;
            }
            const auto x = static_cast<double>(observed_.change(p, column));
            const auto square = [x](float y) { return (x - static_cast<double>(y)) * (x - static_cast<double>(y)); };
            const double held = square(held_out.mean(p, i));
            sums[0] += held;
            sums[1] += square(fitted.mean(p, i));
            sums[2] += x * x;
            sums[3] += square(mean[i]);
            const double noise = std::pow(static_cast<double>(observed_.noise(p, column)), 2);
            sums[4] += noise;
            sums[5] += 1.0;
            if (held_out.count[p] > 0) {
                const auto gene = static_cast<std::size_t>(column);
                out_.gene_held_out[gene] += held;
                out_.gene_no_change[gene] += x * x;
                out_.gene_residual[gene] += is_single ? held - noise : 0.0;
            }
        }
        parts.insert(parts.end(), std::begin(sums), std::end(sums));
    }

    const Pairs& pairs_;
    const BlockTargets& observed_;
    const ResponseValidation* validation_;
    Predictions& out_;
};

/// Partial sums of all chunks, gathered in chunk order and added in that order.
void add_parts(const std::vector<double>& all, std::vector<PairScore>& scores) {
    const std::size_t stride = kParts * scores.size();
    for (std::size_t chunk = 0; stride > 0 && chunk < all.size() / stride; ++chunk) {
        for (std::size_t p = 0; p < scores.size(); ++p) {
            const double* part = all.data() + chunk * stride + p * kParts;
            scores[p].held_out += part[0];
            scores[p].fitted += part[1];
            scores[p].no_change += part[2];
            scores[p].mean += part[3];
            scores[p].noise += part[4];
            scores[p].genes += part[5];
        }
    }
}

}  // namespace

Predictions predict_pairs(const mpi::Communicator& world, const Plan& plan, const Pairs& pairs,
                          const std::vector<BlockEnsemble>& ensembles, const BlockTargets& observed,
                          const ResponseValidation* validation) {
    Predictions out;
    out.genes = observed.genes;
    out.change.resize(pairs.size(), out.genes.size());
    out.sd.resize(pairs.size(), out.genes.size());
    out.scores.resize(static_cast<std::size_t>(pairs.size()));
    out.gene_held_out.assign(static_cast<std::size_t>(out.genes.size()), 0.0);
    out.gene_no_change.assign(static_cast<std::size_t>(out.genes.size()), 0.0);
    out.gene_residual.assign(static_cast<std::size_t>(out.genes.size()), 0.0);
    ChunkScorer scorer(pairs, observed, validation, out);
    std::vector<double> parts;
    const Range chunks = plan.chunks_of(world.rank());
    for (Index c = chunks.begin; c < chunks.end; ++c) {
        const Plan::Chunk& chunk = plan.chunks()[static_cast<std::size_t>(c)];
        const auto ensemble = std::find_if(ensembles.begin(), ensembles.end(),
                                           [&](const BlockEnsemble& e) { return e.block == chunk.block; });
        scorer.score(*ensemble, chunk.genes, parts);
    }
    add_parts(world.gather(std::span<const double>(parts)), out.scores);
    out.gene_held_out = world.gather(std::span<const double>(out.gene_held_out));
    out.gene_no_change = world.gather(std::span<const double>(out.gene_no_change));
    out.gene_residual = world.gather(std::span<const double>(out.gene_residual));
    for (Index p = 0; p < pairs.size(); ++p) {
        out.scores[static_cast<std::size_t>(p)].has_held_out = validation != nullptr;
        for (Index r = 0; r < plan.replicas(); ++r) {
            PairScore& score = out.scores[static_cast<std::size_t>(p)];
            (pairs.held_out(p, r) ? score.has_held_out : score.has_fitted) = true;
        }
    }
    return out;
}

ScreenScore summarise(const std::vector<PairScore>& scores) {
    ScreenScore total;
    double held_genes = 0.0;
    double fitted_genes = 0.0;
    for (const PairScore& s : scores) {
        if (s.has_held_out) {
            ++total.pairs;
            held_genes += s.genes;
            total.held_out += s.held_out;
            total.no_change += s.no_change;
            total.mean += s.mean;
            total.noise += s.noise;
        }
        if (s.has_fitted) {
            fitted_genes += s.genes;
            total.fitted += s.fitted;
            total.fitted_no_change += s.no_change;
            total.fitted_noise += s.noise;
        }
    }
    for (double* sum : {&total.held_out, &total.no_change, &total.mean, &total.noise}) {
        *sum /= std::max(held_genes, 1.0);
    }
    for (double* sum : {&total.fitted, &total.fitted_no_change, &total.fitted_noise}) {
        *sum /= std::max(fitted_genes, 1.0);
    }
    return total;
}

}  // namespace lazynet::train
