#include "lazynet/train/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "lazynet/data/gene_selection.hpp"
#include "lazynet/train/pairs.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/rows.hpp"
#include "lazynet/train/timings.hpp"
#include "penalty.hpp"
#include "rehearsal.hpp"

namespace lazynet::train {
namespace {

constexpr double kFloat = sizeof(float);
/// Averaging a cell takes about as long as reading it.
constexpr double kAveraging = 2.0;
/// Seconds per value of the tables (conditions x genes): made, fetched, turned into changes, predicted and scored.
constexpr double kPerTableValue = 12e-9;
/// Seconds per value of a prediction, per replica.
constexpr double kPerPrediction = 3e-9;
/// Bytes per second that results are written with: a local disk.
constexpr double kWriteRate = 5e8;
/// Messages on the way and the reader's batch: so much per entry of the rank, and at most (pseudobulk.hpp).
constexpr double kReadingPerEntry = 20.0;
constexpr double kReading = 60e6;
constexpr double kStage = 128 << 20;
constexpr double kEdgeBytes = 32.0;
/// A line of an edge list, about.
constexpr double kEdgeText = 50.0;
constexpr double kConditionBatch = 256.0;
/// Tables kept between pruning rounds (see shard_floor.cpp), and the lambdas tried.
constexpr double kResting = 2e9;
constexpr double kLambdas = 7.0;
/// The search for a penalty ends when it gets worse twice.
constexpr double kLeastTrials = 3.0;

/// The sizes that everything follows from, of the rank with most.
struct Sizes {
    double ranks, conditions, pairs, genes, inputs, columns, hidden, replicas, blocks, shards, unmeasured;
    double cells, entries;  // used cells; their stored entries
    double own_genes;       // of a distributed table
    double block_genes;     // target genes of the blocks a rank trains on
    double shard_genes;     // of one shard
    double own_shards, tried, own_chunks, own_blocks;
    bool cell_pairs;
    bool rounds;               ///< of pruning
    double sources, embedded;  ///< of embeddings, and all their dimensions
};

Sizes sizes_of(const mpi::Communicator& world, const Screen& screen, const Pairs& pairs, const Plan& plan,
               const TrainConfig& config, const Rehearsal& rehearsal) {
    Sizes s{};
    s.ranks = world.size();
    s.conditions = static_cast<double>(screen.conditions.size());
    s.pairs = static_cast<double>(pairs.size());
    s.genes = static_cast<double>(screen.genes.size());
    s.inputs = static_cast<double>(pairs.model_inputs());
    s.columns = static_cast<double>(pairs.regulators.size());
    s.hidden = static_cast<double>(config.hidden_sums + config.hidden_products);
    s.replicas = static_cast<double>(config.replicas);
    s.blocks = static_cast<double>(plan.blocks());
    s.shards = static_cast<double>(plan.shards());
    s.unmeasured = static_cast<double>(screen.unmeasured.size());
    s.cells = static_cast<double>(
        std::count_if(screen.cell_condition.begin(), screen.cell_condition.end(), [](auto c) { return c >= 0; }));
    s.entries = s.cells * rehearsal.entries_per_cell;
    s.own_genes = std::ceil(s.genes / s.ranks);
    s.shard_genes = static_cast<double>(plan.genes_of_block(0).size());
    s.cell_pairs = config.pairs == PairMode::cells;
    s.rounds = config.prune.has_rounds();
    s.sources = static_cast<double>(pairs.embedding.sources.size());
    s.embedded = static_cast<double>(pairs.embedding.dimensions());
    for (int r = 0; r < world.size(); ++r) {
        const Range mine = plan.shards_of(r);
        double tried = 0.0;
        for (Index shard = mine.begin; shard < mine.end; ++shard) {
            tried += is_tried(plan, shard) ? 1.0 : 0.0;
        }
        s.tried = std::max(s.tried, tried);
        s.own_shards = std::max(s.own_shards, static_cast<double>(mine.size()));
        s.own_chunks = std::max(s.own_chunks, static_cast<double>(plan.chunks_of(r).size()));
        s.own_blocks = std::max(s.own_blocks, static_cast<double>(plan.blocks_of(r).size()));
    }
    s.block_genes = std::min(s.genes, s.own_blocks * s.shard_genes);
    return s;
}

double model_bytes(const Sizes& s) {
    return kFloat * ((s.inputs + 1) * s.hidden + s.shard_genes * (s.hidden + 1));
}

double edges_kept(const Sizes& s, const RunOutput& output) {
    const double all = s.genes * s.columns;
    return output.edges.empty()    ? 0.0
           : output.edges_top == 0 ? all
                                   : std::min(all, static_cast<double>(output.edges_top));
}

/// Everything that write_run declares.
double output_bytes(const Sizes& s, const TrainConfig& config, const RunOutput& output) {
    const double matrices = kFloat * 3 * s.conditions * s.genes;
    const double kept = std::min(static_cast<double>(config.top), s.columns);
    const double consensus = config.store == Store::full  ? kFloat * 4 * s.genes * s.genes
                             : config.store == Store::top ? 8 * 4 * s.genes * kept
                                                          : 0.0;
    const double unmeasured = config.store == Store::none ? 0.0 : kFloat * 4 * s.genes * s.unmeasured;
    const double models = s.shards * model_bytes(s) + kFloat * s.shards * (s.inputs + s.hidden);
    const double list = edges_kept(s, output) * kEdgeText * (output.edges.ends_with(".gz") ? 0.3 : 1.0);
    return matrices + consensus + unmeasured + models + list + 3e5;
}

/// Memory of a rank, phase by phase; `base` is what the program holds once the labels are read.
class Memory {
public:
    Memory(const Sizes& s, double base) : s_(s), base_(base) {}

    [[nodiscard]] double table() const { return 2 * kFloat * s_.conditions * s_.own_genes; }
    /// Packed cells or sums, whichever the averaging needs (see pseudobulk.hpp), beside the result.
    [[nodiscard]] double averaging(Normalization values) const {
        const double sums = 16 * s_.conditions * s_.own_genes;
        const double packed = (values == Normalization::counts ? 2.5 : 6.3) * s_.entries / s_.ranks;
        return base_ + std::min(kReading, kReadingPerEntry * s_.entries / s_.ranks) + table() +
               (packed <= std::max(sums, kStage) ? packed : kStage + sums);
    }
    /// Changes and errors of the rank's blocks; while they are cut into blocks they are there twice.
    [[nodiscard]] double blocks() const { return 2 * kFloat * s_.pairs * s_.block_genes; }
    [[nodiscard]] double pairing() const {
        return base_ + table() + 2 * blocks() + kFloat * s_.conditions * s_.block_genes;
    }
    /// All cells, once per node.
    [[nodiscard]] double cells() const {
        return s_.cell_pairs ? s_.entries * (s_.genes <= 65536 ? 6 : 8) + 16 * s_.cells : 0.0;
    }
    [[nodiscard]] double loading() const { return base_ + table() + blocks() + cells() + 8 * s_.cells; }
    /// Blocks, the chunks of the prior, covariances of the pairs that it is chosen on, and the weights of validation.
    [[nodiscard]] double prior() const {
        const double sampled = std::min(s_.pairs, static_cast<double>(kPriorPairs));
        return base_ + table() + blocks() + 2 * kFloat * s_.pairs * s_.own_genes +
               8 * sampled * sampled * (5 + s_.sources) + 8 * s_.pairs * s_.embedded + kFloat * s_.pairs * s_.pairs;
    }
    /// Parameters, gradients, two moments and the best state of the shard in training, its targets, and the shards
    /// done.
    [[nodiscard]] double training() const {
        // Between pruning rounds all shards are in training; what does not fit is made again.
        const double together = s_.rounds       ? std::max(1.0, s_.own_shards)
                                : s_.cell_pairs ? std::max(1.0, s_.own_blocks)
                                                : 1.0;
        const double one = kFloat * s_.pairs * s_.shard_genes * (s_.cell_pairs ? 1.0 : 2.0);
        const double targets =
            s_.rounds && !s_.cell_pairs ? std::max(one, std::min(1.5 * together * one, kResting)) : together * one;
        return base_ + table() + blocks() + cells() + together * 5 * model_bytes(s_) + targets +
               s_.own_shards * model_bytes(s_);
    }
    /// Factors of the replicas whose rows the rank writes, predictions, a chunk's statistics, a batch of rows, edges.
    [[nodiscard]] double results(double edges) const {
        const double factors = std::max(1.0, s_.blocks / s_.ranks) * s_.replicas * kFloat * s_.hidden *
                               (s_.columns + s_.pairs + s_.shard_genes);
        const double predictions = 4 * kFloat * s_.pairs * s_.own_genes;
        const double chunk = kFloat * static_cast<double>(kChunkGenes) * (4 * s_.columns + s_.genes);
        const double batch = 9 * kFloat * kConditionBatch * s_.own_genes;
        return base_ + s_.own_shards * model_bytes(s_) + factors + predictions + chunk + batch +
               2.5 * kEdgeBytes * edges;
    }

private:
    const Sizes& s_;
    double base_;
};

/// Epochs of a shard that gets no better: its patience, and the next look at the validation values.
double least_epochs(const TrainConfig& config) {
    const Index look = config.pairs == PairMode::pseudobulk ? 5 : 1;
    return static_cast<double>(std::min(config.epochs, config.patience + look));
}

void add_phases(const Sizes& s, const Rehearsal& r, const TrainConfig& config, const RunOutput& output, Memory memory,
                Normalization values, Forecast& forecast) {
    const auto add = [&](const char* name, double seconds, double bytes, double least = -1.0) {
        const double before = forecast.phases.empty() ? 0.0 : forecast.phases.back().peak_bytes;
        forecast.phases.push_back({name, seconds, least < 0.0 ? seconds : least, std::max(before, bytes)});
    };
    const double table = s.conditions * s.own_genes * kPerTableValue;
    const double cells = s.cells / s.ranks * r.read;
    const double shard = r.setup + static_cast<double>(config.epochs) * r.epoch;
    const double short_shard = r.setup + (config.fit == Fit::closed ? 0.0 : least_epochs(config) * r.epoch);
    add("pseudobulk", kAveraging * cells + table, memory.averaging(values));
    add("pairs", table + (s.cell_pairs ? 0.0 : s.own_blocks * r.penalty), memory.pairing());
    if (s.cell_pairs) {  // read twice: for the lengths, and into place
        add("loading cells", 2 * cells + s.own_blocks * r.penalty, memory.loading());
    }
    if (config.fit == Fit::closed) {
        add("prior of responses", r.prior, memory.prior());
    } else if (config.l2 < 0.0) {
        const auto trials = static_cast<double>(penalty_grid(config.pairs).size());
        add("penalty search", trials * s.tried * shard, memory.training(),
            std::min(trials, kLeastTrials) * s.tried * short_shard);
    }
    if (config.prune.grid) {
        const double tried = kLambdas * std::min(2.0, s.replicas) / s.replicas * s.own_shards * shard;
        add("lambda search", tried, memory.training());
    }
    add("training", s.own_shards * shard, memory.training(), s.own_shards * short_shard);
    const double predicting = s.pairs * s.own_genes * s.replicas * kPerPrediction;
    add("consensus and results", s.own_chunks * r.consensus + predicting + forecast.output_bytes / kWriteRate,
        memory.results(edges_kept(s, output)));
    forecast.shared_bytes = memory.cells();
}

/// The screen as --hvg would leave it, about: which genes stay is known only after the cells are averaged.
Screen selected(Screen screen, const TrainConfig& config) {
    if (config.hvg > 0 && config.hvg < static_cast<Index>(screen.genes.size())) {
        std::vector<bool> keep(screen.genes.size(), false);
        std::fill_n(keep.begin(), config.hvg, true);
        for (const Condition& c : screen.conditions) {
            for (const Index j : c.targets) {
                if (j < static_cast<Index>(keep.size())) {
                    keep[static_cast<std::size_t>(j)] = true;
                }
            }
        }
        select_genes(screen, keep);
    }
    return screen;
}

/// One embedding for each that is asked for, of the size it may have at most.
std::vector<GeneEmbedding> made_up_embeddings(const TrainConfig& config, const Screen& screen) {
    std::set<std::string> names(screen.genes.begin(), screen.genes.end());
    names.insert(screen.unmeasured.begin(), screen.unmeasured.end());
    const auto rows = static_cast<Index>(names.size());
    const EmbeddingConfig& asked = config.embedding;
    const std::size_t sources = asked.graphs.size() + asked.files.size() + asked.screen.size();
    return std::vector<GeneEmbedding>(
        sources, {"made up", {names.begin(), names.end()}, 0.1f * Matrix::Random(rows, asked.dimensions)});
}

}  // namespace

Forecast forecast_run(const mpi::Communicator& world, io::ScreenFile& file, TrainConfig config,
                      const RunOutput& output) {
    world.together([&] { fit_to_rows(config, file.screen); });
    const double base = world.max(peak_memory());
    const Screen screen = selected(file.screen, config);
    const Shifts shifts = estimate_shifts({}, screen.regulators(), config.shift);
    Pairs pairs = make_pairs(screen, shifts, config, config.pairs == PairMode::cells);
    if (config.fit == Fit::closed) {
        pairs.embedding = embed_pairs(screen, pairs.conditions, shifts.of, made_up_embeddings(config, screen));
    }
    const auto genes = static_cast<Index>(screen.genes.size());
    const Plan plan(genes, config.blocks_for(genes), config.replicas, world.size());
    const Rehearsal rehearsal = rehearse(world, file, screen, pairs, plan, config);
    const Sizes sizes = sizes_of(world, screen, pairs, plan, config, rehearsal);
    Forecast forecast;
    forecast.conditions = pairs.size();
    forecast.genes = genes;
    forecast.inputs = static_cast<Index>(pairs.inputs.size());
    forecast.shards = plan.shards();
    forecast.output_bytes = output_bytes(sizes, config, output);
    add_phases(sizes, rehearsal, config, output, Memory(sizes, base), file.normalization, forecast);
    return forecast;
}

}  // namespace lazynet::train
