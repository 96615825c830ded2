#pragma once

#include <span>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/kernels/sparse.hpp"
#include "lazynet/predict/run_models.hpp"

namespace lazynet::predict {

/// One matrix per shard, block by block, the replicas of a block side by side.
using ShardMatrices = std::vector<Matrix>;

/// What perturbing each of some genes adds to the hidden units: value * (A' row + E U) + (strength - 1) a, per shard
/// (genes, hidden).
ShardMatrices gene_rows(const RunModels& models, std::span<const PerturbedGene> genes);

/// Hidden units (sets, width) per shard of sets of perturbed genes.
/// @param members row p: the genes of set p, as rows of `rows`; their values are factors, usually 1
ShardMatrices hidden_units(const RunModels& models, const ShardMatrices& rows, const SparseRows& members);

/// Mean and standard deviation (n - 1; 0 for one replica) of changes over the replicas: (sets, genes).
struct Profile {
    Matrix mean;
    Matrix sd;
};

/// C h for every gene, in tiles that stay in the cache. Linear in `hidden`, so differences of hidden units give
/// differences of predictions. Same shape of arguments, same bits.
void average_replicas(const RunModels& models, const ShardMatrices& hidden, Profile& out);

/// Some perturbations laid out for the functions above: each gene once.
struct Batch {
    std::vector<PerturbedGene> genes;
    std::vector<std::int64_t> offsets{0};
    std::vector<std::int32_t> columns;
    std::vector<float> ones;
    explicit Batch(std::span<const Perturbation> perturbations);
    [[nodiscard]] SparseRows members() const { return {offsets, columns, ones}; }
};

/// Changes of some perturbations; a perturbed gene's own change is what was given, its sd 0.
void predict(const RunModels& models, std::span<const Perturbation> perturbations, Profile& out);

/// Departure from additivity of some perturbations: change minus the changes of the members alone. 0 for a perturbed
/// gene itself, and for perturbations of one gene.
void predict_interactions(const RunModels& models, std::span<const Perturbation> perturbations, Profile& out);

/// Variances as calibrated for the perturbations' grounds; perturbed genes stay at 0.
void calibrate(const RunModels& models, std::span<const Perturbation> perturbations, Matrix& sd);

}  // namespace lazynet::predict
