#include "forecast_memory.hpp"

#include <algorithm>
#include <cmath>

#include "lazynet/data/co_regulation.hpp"
#include "lazynet/io/edges.hpp"
#include "lazynet/train/response_prior.hpp"

namespace lazynet::train {
namespace {

constexpr double kFloat = sizeof(float);
constexpr double kDouble = sizeof(double);
constexpr double kChunk = static_cast<double>(kChunkGenes);
/// A batch of cells as the reader hands it over.
constexpr double kReading = 1.5e6;
/// Messages of one exchange of cells, at most so much per entry on the way, sent and received (cell_routing.cpp).
constexpr double kRoundEntries = 2097152.0;
/// Messages of one round of fetch_columns, each way.
constexpr double kFetchRound = 33554432.0;
/// Conditions whose rows are written together (run_results.cpp).
constexpr double kConditionBatch = 256.0;
/// Bytes of tables that training keeps between pruning rounds (shard_floor.cpp, pseudobulk_shard.cpp).
constexpr double kResting = 2e9;
/// Folds of the validation of models in closed form: singles, and combinations.
constexpr double kFolds = 10.0;
/// Cell pairs that the largest penalty is estimated from (cell_pairs.cpp).
constexpr double kPenaltySample = 2048.0;
/// Around a place that is looked at in shared memory the system maps so much.
constexpr double kMapped = 131072.0;
/// Bytes of an entry of a batch of cells: in rows, whose vectors grow by doubling, and in columns.
constexpr double kBatchEntry = 8.0 * 1.5 + 8.0;

double square(double x) {
    return x * x;
}

/// The peak of a vector that grows by doubling to n things.
double grown(double n) {
    return n < 1.0 ? 0.0 : std::max(n, 2.0 * std::exp2(std::ceil(std::log2(n)) - 1.0));
}

}  // namespace

ForecastMemory::ForecastMemory(const ForecastSizes& sizes, const TrainConfig& config, const RunOutput& output,
                               double resident, double sharing)
    : s_(sizes), config_(config), output_(output), resident_(resident), sharing_(sharing) {}

double ForecastMemory::table() const {
    return 2 * kFloat * s_.conditions * s_.own_genes;
}

double ForecastMemory::averaging() const {
    const double result = 2 * kFloat * s_.conditions * s_.own_read;
    const double sums = s_.spills ? 2 * kDouble * s_.conditions * s_.own_read : 0.0;
    const double round = std::min(kRoundEntries / std::max(s_.read_entries, 1.0), s_.cells / s_.ranks);  // cells
    const double messages = 2 * round * s_.packed_cell * (1 - 1 / s_.ranks);
    const double selected = s_.genes < s_.read_genes ? table() + fetching(s_.own_genes) : 0.0;
    return resident_ + kReading + std::max(s_.packed + sums + messages + result, result + selected);
}

/// Coordinates of genes, of regulators, and the pairs' sums of them.
double ForecastMemory::embedding() const {
    return kFloat * s_.embedded * (s_.placed + s_.genes + s_.unmeasured) + kDouble * s_.pairs * (s_.embedded + 1);
}

/// fetch_columns: the columns and what is on the way.
double ForecastMemory::fetching(double genes) const {
    const double columns = kFloat * s_.conditions * genes;
    return columns + 2 * std::min(kFetchRound, columns);
}

/// BlockTargets of some genes.
double ForecastMemory::targets(double genes) const {
    return 2 * kFloat * s_.pairs * genes;
}

double ForecastMemory::own_blocks() const {
    const double all = targets(s_.block_genes);
    const double fetched =
        std::max(0.5 * all + fetching(s_.block_genes), all + kFloat * s_.conditions * s_.block_genes);
    return std::max(fetched, 2 * all);  // they are cut into blocks
}

double ForecastMemory::pairing() const {
    const double joined = s_.closed ? embedding() + 2 * kFloat * s_.embedded * s_.placed : 0.0;
    const double blocks = s_.cell_pairs ? 0.0 : own_blocks();
    return resident_ + table() + std::max(joined, embedding() * s_.closed + blocks);
}

double ForecastMemory::cells() const {
    return s_.cell_pairs ? s_.entries * (s_.genes <= 65536 ? 6 : 8) + 16 * s_.cells : 0.0;
}

/// While the table is filled each rank touches its part of it; then penalties are looked at on a sample of pairs.
double ForecastMemory::loading() const {
    const double lists = 24 * s_.cells;
    const double entries = s_.entries / std::max(s_.cells, 1.0) * std::min(kPenaltySample, s_.cells);
    const double sample = kBatchEntry * entries * (1 + 2 * s_.shard_genes / s_.genes);
    const double filling = kReading + cells() / sharing_ + 16 * s_.cells;
    const double places = 2 * kPenaltySample * (cells() / std::max(s_.cells, 1.0) + kMapped);
    const double touched = std::min(cells(), cells() / sharing_ + places);
    const double looking = touched + lists + std::max(own_blocks(), targets(s_.block_genes) + sample);
    return resident_ + table() + std::max(filling, looking);
}

/// What stays while models in closed form are fitted.
double ForecastMemory::blocks_and_prior() const {
    const double validation = config_.validation_share > 0.0 ? kFloat * s_.pairs * (s_.pairs + 2 * kFolds) : 0.0;
    return resident_ + table() + embedding() + targets(s_.block_genes) + targets(s_.chunk_genes) + validation;
}

double ForecastMemory::prior() const {
    const double held = resident_ + table() + embedding() + targets(s_.block_genes);
    const double observed = targets(s_.chunk_genes);
    const double fetched =
        held + std::max(0.5 * observed + fetching(s_.chunk_genes), observed + kFloat * s_.conditions * s_.chunk_genes);
    const double sampled = square(std::min(s_.pairs, static_cast<double>(kPriorPairs)));
    const double products = (kFloat + 2 * kDouble) * sampled + 2 * kFloat * s_.pairs * kChunk;
    // Products, shared genes and one matrix per source; a covariance, its inverse and their product with the products.
    const double search = kDouble * sampled * (2 + s_.sources + 3);
    double validation = 0.0;
    if (config_.validation_share > 0.0) {
        const double known = s_.pairs * (1 - 1 / kFolds);
        validation = kFloat * square(s_.pairs) + kDouble * (4 * known * s_.pairs / kFolds + 3 * known * s_.embedded);
    }
    return std::max(fetched, held + observed + std::max({products, search, validation}));
}

/// Changes of the pairs as doubles and a product of their size; the factors of the ridge.
double ForecastMemory::closed_training() const {
    const double changes = kDouble * s_.pairs * s_.shard_genes;
    const double ridge = 2 * kDouble * s_.pairs * s_.embedded;
    return blocks_and_prior() + std::max(2 * changes, changes + ridge) + s_.own_shards * s_.model();
}

/// Targets of the shards in training: training, seen and held-out pairs, and the first again across.
double ForecastMemory::tables_in_training() const {
    const double of_block = kFloat * s_.pairs * s_.shard_genes;
    if (s_.cell_pairs) {
        return of_block * std::max(1.0, s_.side_by_side);
    }
    const double training = 1 - config_.validation_share;
    const double seen = config_.bootstrap_cells ? training : 0.0;
    const double one = of_block * (1 + seen + (s_.rounds ? training : 0.0));
    const double all = one * s_.own_shards;
    return !s_.rounds || 2 * of_block * s_.own_shards > kResting ? one : all;
}

/// Cell pairs laid out for a step, once for all blocks, and their targets, per block.
double ForecastMemory::batches() const {
    if (!s_.cell_pairs) {
        return kFloat * s_.pairs * (s_.hidden + 1) * 4;
    }
    const double entries = s_.batch * s_.entries / std::max(s_.cells, 1.0);
    return kBatchEntry * entries * (1 + 2 * s_.side_by_side * s_.shard_genes / s_.genes) + 48 * s_.cells;
}

/// Scores, masks and guesses of a replica's shards, and what scores remember of all; the known edges.
double ForecastMemory::rounds() const {
    if (!s_.rounds) {
        return 0.0;
    }
    const double remembered = (s_.own_shards - s_.side_by_side) * 2 * s_.model();
    const double edges =
        12 * s_.prior_edges * (2 + s_.own_shards / std::max(s_.blocks, 1.0)) + 8 * s_.inputs * s_.own_shards;
    const bool formed = CoRegulation::is_formed(static_cast<Index>(s_.inputs), static_cast<Index>(s_.prior_edges));
    return remembered + 5 * s_.side_by_side * s_.model() + edges + (formed ? kFloat * square(s_.inputs) : 0.0);
}

/// Parameters, gradients, two moments and the best state of the shards in training, and the shards done.
double ForecastMemory::training() const {
    if (s_.closed) {
        return closed_training();
    }
    const double together = s_.rounds ? s_.own_shards : s_.cell_pairs ? s_.side_by_side : 1.0;
    return resident_ + table() + targets(s_.block_genes) + cells() + std::max(1.0, together) * 5 * s_.model() +
           tables_in_training() + batches() + rounds() + s_.own_shards * s_.model();
}

/// Edges that a rank holds at once: what it collects, or, on the root, two lists and the one they are merged into.
double ForecastMemory::edges() const {
    const double own = s_.chunk_genes * s_.columns;
    const auto edge = static_cast<double>(sizeof(io::Edge));
    if (output_.edges.empty()) {
        return 0.0;
    }
    const auto most = static_cast<double>(output_.edges_top);
    const double all = s_.genes * s_.columns;
    const double mine = most > 0 ? std::min(grown(own), 1.5 * most) : grown(own);
    const double kept = most > 0 ? std::min(all, most) : all;
    const double half = most > 0 ? std::min(all / 2, most) : all / 2;
    return edge * std::max(mine, s_.ranks > 1 ? 2 * half + kept : kept);
}

/// First the models travel; then predictions and consensus are made chunk by chunk.
double ForecastMemory::results() const {
    const double models = s_.own_shards * s_.model();
    const double hidden = s_.own_shards * kFloat * s_.pairs * (s_.hidden + 1);
    const double observed = targets(s_.chunk_genes);
    const double held = resident_ + models + embedding() * s_.closed +
                        (s_.closed && config_.validation_share > 0.0 ? kFloat * square(s_.pairs) : 0.0);
    const double travelling = table() + cells() + hidden + s_.sent + s_.received + observed * s_.closed;
    const double observing = s_.closed ? 0.0 : table() + s_.received + 0.5 * observed + fetching(s_.chunk_genes);
    const double chunk_pairs = kFloat * s_.pairs * kChunk * (s_.closed ? 6 : 5);
    const double scores = 6 * kDouble * s_.pairs * (s_.chunks + s_.own_chunks);
    const double predicting = s_.received + 2 * observed + chunk_pairs + scores;
    const double batch = 9 * kFloat * std::min(kConditionBatch, s_.conditions) * s_.chunk_genes;
    const double rows =
        kFloat * std::min(kChunk, s_.genes) * (4 * s_.columns + (config_.store == Store::full ? s_.genes : 0.0));
    // Half of what the batches were made of stays with the allocator.
    const double writing = s_.received + 2 * observed + std::max(batch, 0.5 * batch + rows + edges());
    return held + std::max({travelling, observing, predicting, writing});
}

}  // namespace lazynet::train
