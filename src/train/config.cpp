#include "lazynet/train/config.hpp"

#include <algorithm>

#include "lazynet/core/error.hpp"

namespace lazynet::train {
namespace {

void need(bool ok, const std::string& message) {
    if (!ok) {
        throw UserError(message);
    }
}

/// Rounds that leave time to settle before, between and after.
void resolve_rounds(prune::PruneConfig& prune, Index epochs) {
    using enum prune::Method;
    need(prune.method != l0 && prune.method != cnode && prune.method != pathreg,
         "--prune l0, cnode and pathreg are for trajectories; for screens choose none, dash, magnitude, bioprune or "
         "random");
    prune.start = prune.start == 0 ? std::max<Index>(1, epochs / 10) : prune.start;
    prune.every = prune.every == 0 ? std::max<Index>(1, epochs / 20) : prune.every;
    prune.until = prune.until == 0 ? std::max<Index>(prune.start, epochs * 3 / 4) : prune.until;
    prune.check();
    need(!prune.has_rounds() || prune.start < epochs,
         "--prune-start must be before the last of the --epochs: pruned models are trained further");
}

}  // namespace

prune::PruneConfig screen_rounds() {
    prune::PruneConfig config;
    config.start = 0;
    config.share = 0.15;
    config.every = 0;
    config.sparsity = 0.95;
    config.lambda = {0.5, 0.25};
    return config;
}

namespace {

/// Models in closed form are least squares on pseudobulk pairs, all units linear, the penalty found on the way.
void resolve_fit(TrainConfig& config) {
    const bool steps = config.pairs != PairMode::pseudobulk || config.epochs > 0 || config.batch > 0 ||
                       config.learning_rate > 0.0 || config.l2 >= 0.0 || config.loss != Loss::mse ||
                       config.hidden_sums == 0 || config.prune.has_rounds();
    if (config.fit == Fit::automatic) {
        config.fit = steps ? Fit::steps : Fit::closed;
    }
    const bool closed = config.fit == Fit::closed;
    need(!closed || !steps,
         "--fit closed is for pseudobulk pairs, the mse loss, some --hidden-sums, and no pruning; --epochs, --batch, "
         "--learning-rate and --l2 belong to --fit steps");
    need(closed || !config.embedding.any(),
         "--gene-graph, --gene-embedding and --screen-embedding need models in closed form: leave out --fit steps and "
         "the options that ask for steps (--pairs cells, --prune, --epochs, --batch, --learning-rate, --l2, --loss "
         "huber)");
    need(config.embedding.dimensions >= 1, "--embedding-dimensions must be at least 1");
    for (const std::string& source : config.embedding.screen) {
        need(source == "controls" || source == "responses",
             "--screen-embedding is controls or responses, not " + source);
    }
    if (closed) {
        config.hidden_sums += config.hidden_products;
        config.hidden_products = 0;
    }
}

}  // namespace

void TrainConfig::resolve() {
    const bool bulk = pairs == PairMode::pseudobulk;
    need(hidden_sums >= 0 && hidden_products >= 0 && hidden_sums + hidden_products >= 1,
         "--hidden-sums and --hidden-products must not be negative, and not both 0");
    resolve_fit(*this);
    epochs = epochs == 0 ? (bulk ? 200 : 20) : epochs;
    batch = batch == 0 && bulk ? 256 : batch;
    learning_rate = learning_rate == 0.0 ? (bulk ? 0.02 : 0.01) : learning_rate;
    resolve_rounds(prune, epochs);
    need(!prune.needs_prior() || !prior.empty(), "--prune dash and bioprune need --prior FILE");
    need(replicas >= 1, "--replicas must be at least 1");
    need(gene_blocks >= 0, "--gene-blocks must be at least 1 (or 0: chosen from the number of genes)");
    need(u_max > 0.0, "--u-max must be positive");
    need(epochs >= 1, "--epochs must be at least 1");
    need(batch >= 0, "--batch must be at least 1 (or 0: chosen from the data)");
    need(learning_rate > 0.0, "--learning-rate must be positive");
    need(l2 <= 1.0, "--l2 is a share between 0 and 1 of the penalty that leaves nothing (or auto)");
    need(validation_share >= 0.0 && validation_share <= 0.5, "--validation-share must be between 0 and 0.5");
    need(l2 >= 0.0 || validation_share > 0.0 || bootstrap_cells,
         "--l2 auto needs validation data: give --l2 a value, or allow --validation-share or the bootstrap of cells");
    need(patience >= 1, "--patience must be at least 1");
    need(huber_delta > 0.0, "--huber-delta must be positive");
    need(hvg >= 0, "--hvg must not be negative");
    need(store != Store::top || top >= 1, "--store top:K needs K of at least 1");
}

Index TrainConfig::start_of(Index replica) const {
    return prune.has_rounds() && prune.scope == prune::Scope::ensemble ? 0 : replica;
}

Index TrainConfig::batch_for(Index cells) const {
    return batch > 0 ? batch : std::clamp<Index>(cells / 50, 64, 512);
}

Index TrainConfig::blocks_for(Index genes) const {
    // A block has hidden units of its own: a network is only as sparse as these are few targets'.
    const Index size = prune.has_rounds() && pairs == PairMode::pseudobulk ? 50 : 2000;
    const Index wanted = gene_blocks > 0 ? gene_blocks : (genes + size - 1) / size;
    return std::clamp<Index>(wanted, 1, std::max<Index>(genes, 1));
}

}  // namespace lazynet::train
