#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/prune/config.hpp"

namespace lazynet::train {

enum class PairMode { pseudobulk, cells };
enum class PairWeights { noise, cells, equal };
enum class Loss { mse, huber };
/// How models are fitted: `steps` of Adam, or `closed` form (train/response_fit.hpp). `automatic`: in closed form,
/// unless something is asked for that only steps can do.
enum class Fit { automatic, steps, closed };
enum class Families { automatic, on, off };
enum class Store { full, top, none };

/// Pruning's defaults for screens: fewer weights than the published schedule leaves, and the prior counts for more in
/// the outer layer, whose scores are not on the published scale (chosen on the validation error of simulated screens).
/// Epochs follow from the number of epochs: a tenth, a twentieth, three quarters.
prune::PruneConfig screen_rounds();

/// Where gene embeddings come from: what carries information to genes that were never perturbed.
struct EmbeddingConfig {
    std::vector<std::string> graphs;  ///< files of gene-gene edges
    std::vector<std::string> files;   ///< files of coordinates
    std::vector<std::string> screen;  ///< "controls": components of control cells; "responses": of training responses
    Index dimensions = 400;           ///< of each graph or screen embedding, at most
    Families families = Families::automatic;  ///< families of gene symbols; automatic: with models in closed form
    [[nodiscard]] bool any() const { return !graphs.empty() || !files.empty() || !screen.empty(); }
};

/// Everything that decides what `lazynet train` computes. Defaults are the command's defaults; 0 or a negative
/// value means "chosen from the data" where the field says so. Nothing here depends on the number of ranks.
struct TrainConfig {
    std::uint64_t seed = 0;

    Index replicas = 5;
    Index gene_blocks = 0;      ///< 0: one block per 2,000 genes; per 50 where pseudobulk models are pruned
    Index hidden_sums = 24;     ///< per block
    Index hidden_products = 8;  ///< per block
    double u_max = 1.5;         ///< clamp of the exponent

    PairMode pairs = PairMode::pseudobulk;
    Fit fit = Fit::automatic;  ///< never automatic once resolved
    EmbeddingConfig embedding;
    PairWeights weights = PairWeights::noise;
    Loss loss = Loss::mse;
    double huber_delta = 0.5;  ///< log-expression units
    double shift = 0.0;        ///< input shift of targets without a usable on-target change; 0: from the screen
    bool bootstrap_perturbations = true;
    bool bootstrap_cells = true;

    Index epochs = 0;            ///< 0: 200 for pseudobulk pairs, 20 for cell pairs
    Index batch = 0;             ///< 0: 256 for pseudobulk pairs, a fiftieth of the cells (64 to 512) for cell pairs
    double learning_rate = 0.0;  ///< 0: 0.02 for pseudobulk pairs, 0.01 for cell pairs
    double l2 = -1.0;            ///< share of the smallest penalty that leaves nothing; negative: chosen on validation
    double validation_share = 0.2;
    Index patience = 20;  ///< epochs without a better validation error before a shard stops

    prune::PruneConfig prune = screen_rounds();
    std::string prior;         ///< file of known edges; empty: none
    std::string interactions;  ///< file of protein interactions; empty: co-regulation from the prior

    Index hvg = 0;  ///< keep this many highly variable genes (perturbed ones always stay); 0: all
    Store store = Store::full;
    Index top = 0;  ///< regulators kept per target with Store::top

    /// Fills in what depends on the pair mode, and checks ranges. Pure.
    /// @throws UserError naming the option
    void resolve();
    [[nodiscard]] Index blocks_for(Index genes) const;
    /// The replica whose initial weights a replica has: its own, or for a common network the first one's, so that the
    /// hidden units of all replicas mean the same.
    [[nodiscard]] Index start_of(Index replica) const;
    /// Cell pairs per step.
    [[nodiscard]] Index batch_for(Index cells) const;
};

}  // namespace lazynet::train
