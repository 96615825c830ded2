#include "rehearsal.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>

#include "lazynet/core/random.hpp"
#include "lazynet/data/cell_piece.hpp"
#include "lazynet/data/co_regulation.hpp"
#include "lazynet/io/edges.hpp"
#include "lazynet/train/cell_shard.hpp"
#include "lazynet/train/cell_stream.hpp"
#include "lazynet/train/consensus.hpp"
#include "lazynet/train/response_fit.hpp"
#include "leave_out.hpp"
#include "shard_scores.hpp"

namespace lazynet::train {
namespace {

using Clock = std::chrono::steady_clock;

/// Seconds spent reading, and averaging; long enough for a rate within some 10 %.
constexpr double kReadSeconds = 0.25;
/// Epochs of a pseudobulk shard: its validation values are looked at every fifth.
constexpr Index kEpochs = 11;
/// Batches of cell pairs.
constexpr Index kBatches = 4;
constexpr std::size_t kEdges = 10000;

double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Cells with as many entries as the file's, spread evenly over the genes; all values 1.
class MadeUpCells : public io::MatrixReader {
public:
    MadeUpCells(Index cells, Index genes, double entries)
        : cells_(cells), genes_(genes), entries_(std::clamp(static_cast<Index>(entries), Index{1}, genes)) {}
    [[nodiscard]] Index cells() const override { return cells_; }
    [[nodiscard]] Index genes() const override { return genes_; }
    [[nodiscard]] Index stored() const override { return cells_ * entries_; }
    [[nodiscard]] std::string layout() const override { return "csr"; }
    [[nodiscard]] Index cells_per_read(std::size_t bytes) const override {
        return std::max(Index{1}, static_cast<Index>(bytes / 8) / entries_);
    }
    void read(Range range, io::CsrRows& out) override {
        out.offsets.assign(1, 0);
        out.genes.clear();
        for (Index cell = range.begin; cell < range.end; ++cell) {
            const Index shift = cell % std::max(genes_ / entries_, Index{1});
            for (Index k = 0; k < entries_; ++k) {
                out.genes.push_back(static_cast<std::int32_t>((k * genes_ + shift * entries_) / entries_ % genes_));
            }
            std::sort(out.genes.begin() + out.offsets.back(), out.genes.end());
            out.offsets.push_back(static_cast<std::int64_t>(out.genes.size()));
        }
        out.values.assign(out.genes.size(), 1.0f);
    }

private:
    Index cells_, genes_, entries_;
};

/// A screen of few cells: a control of every context, then cells spread over the file.
Screen sample_of(const Screen& screen, Index cells) {
    Screen sample = screen;
    sample.cell_condition.clear();
    for (std::size_t context = 0; context < screen.contexts.size(); ++context) {
        sample.cell_condition.push_back(static_cast<std::int32_t>(context));  // controls come first, in context order
    }
    std::vector<std::int32_t> used;
    std::copy_if(screen.cell_condition.begin(), screen.cell_condition.end(), std::back_inserter(used),
                 [](auto c) { return c >= 0; });
    for (Index k = 0; k < cells; ++k) {
        sample.cell_condition.push_back(
            used[static_cast<std::size_t>(k) * used.size() / static_cast<std::size_t>(cells)]);
    }
    sample.cell_batch.assign(sample.cell_condition.size(), 0);
    sample.gene_of_column.resize(sample.genes.size());
    std::iota(sample.gene_of_column.begin(), sample.gene_of_column.end(), 0);
    return sample;
}

BlockTargets made_up_targets(const Screen& screen, const Pairs& pairs, Range genes) {
    BlockTargets block;
    block.genes = genes;
    block.change = 0.1f * Matrix::Random(pairs.size(), genes.size());
    block.noise = Matrix::Constant(pairs.size(), genes.size(), 0.05f);
    block.weights.assign(static_cast<std::size_t>(pairs.size()), 1.0);
    block.own.push_back(0);
    for (const Index c : pairs.conditions) {
        for (const Index j : screen.conditions[static_cast<std::size_t>(c)].targets) {
            if (genes.contains(j)) {
                block.own_output.push_back(static_cast<std::int32_t>(j - genes.begin));
            }
        }
        block.own.push_back(static_cast<std::int64_t>(block.own_output.size()));
    }
    return block;
}

/// Reads cells for a while, `use` of each included. @returns seconds per cell of the file, 0 without cells
template <typename Use>
double try_cells(io::ScreenFile& file, Range slice, const Use& use) {
    CellStream stream(*file.reader, file.screen, file.normalization, slice);
    const auto start = Clock::now();
    while (since(start) < kReadSeconds && stream.next()) {
        for (Index i = 0; i < stream.cells(); ++i) {
            use(stream.cell(i));
        }
    }
    const Index cells = slice.size() - stream.left();
    return cells > 0 ? since(start) / static_cast<double>(cells) : 0.0;
}

/// As in averaging, but that nothing is sent and all conditions share one row of sums.
void try_averaging(io::ScreenFile& file, Range slice, Rehearsal& r) {
    double cells = 0.0, entries = 0.0, packed = 0.0;
    r.read = try_cells(file, slice, [&](const CellStream::Cell& cell) {
        ++cells;
        entries += static_cast<double>(cell.genes.size());
    });
    r.entries_per_cell = cells > 0.0 ? entries / cells : 0.0;
    r.average = r.read;
    if (file.screen.rows_are_conditions) {  // means already
        return;
    }
    std::vector<Moments> sums(file.screen.genes.size());
    std::vector<std::byte> room(8 * file.screen.genes.size() + 64);
    double pieces = 0.0;
    r.average = try_cells(file, slice, [&](const CellStream::Cell& cell) {
        if (cell.genes.empty()) {
            return;
        }
        const PieceSource source{0, 0, cell.scale, cell.genes, cell.values};
        const PieceHeader plan = plan_piece(source, file.normalization);
        write_piece(plan, source, room.data());
        add_piece(room.data(), sums.data());
        packed += static_cast<double>(plan.bytes());
        ++pieces;
    });
    r.packed_per_cell = pieces > 0.0 ? packed / pieces : 0.0;
}

void try_pseudobulk_shard(const ShardId& id, const Pairs& pairs, const BlockTargets& block, TrainConfig config,
                          Rehearsal& r) {
    config.epochs = kEpochs;
    auto start = Clock::now();
    const double l2 = largest_penalty(pairs, block);
    r.penalty = since(start);
    start = Clock::now();
    double first = 0.0;  // touches new memory, so it is no measure of the others
    const TrainedShard shard = train_pseudobulk_shard(
        id, pairs, block, config, 0.1 * l2, [&](const EpochRecord& e) { first = e.epoch == 1 ? since(start) : first; });
    r.setup = first;
    r.epoch = (since(start) - first) / static_cast<double>(kEpochs - 1);
}

/// Scores of one shard, as in a round (prune_rounds.cpp) but for the means over shards and the cut.
void try_round(const ShardId& id, const Pairs& pairs, const TrainConfig& config, const PruneKnowledge& knowledge,
               Rehearsal& r) {
    const LazyNetShape shape{static_cast<Index>(pairs.inputs.size()), config.hidden_sums, config.hidden_products,
                             id.genes.size(), static_cast<float>(config.u_max)};
    const LazyNet net(shape, Random(config.seed, "round"), 0.1f);
    const LazyNetMask mask{Matrix::Ones(net.a.rows(), net.a.cols()), Matrix::Ones(net.c.rows(), net.c.cols())};
    const std::vector<std::int32_t> support(pairs.inputs.size(), 1);
    std::optional<CoRegulation> co_regulation;
    SparseMatrix prior;
    if (config.prune.needs_prior()) {
        co_regulation = CoRegulation::from_prior(knowledge.prior);
        prior = knowledge.prior.middleCols(id.genes.begin, id.genes.size());
    }
    ShardScorer scorer(config.prune, co_regulation ? &*co_regulation : nullptr, std::move(prior));
    const auto start = Clock::now();
    scorer.look(net, mask, support);
    const auto means = [](const TermSums& sums) {
        return TermMeans{sums.guess / sums.count, sums.magnitude / sums.count};
    };
    scorer.finish_inner(means(scorer.inner_sums()));
    const ShardScores scores = scorer.finish_outer(means(scorer.outer_sums()));
    ShardOptimizer optimizer(net);
    optimizer.prune(mask);
    r.round = since(start);
}

/// A prior in which every source counts, as none may have less to do.
ResponsePrior made_up_prior(const Pairs& pairs) {
    ResponsePrior prior;
    prior.signal = 0.01;
    prior.variances.perturbation = prior.signal;
    prior.variances.features = VectorD::Constant(pairs.embedding.features.cols(), prior.signal);
    prior.trained = prior.variances;
    prior.sampling = VectorD::Constant(pairs.size(), 0.0025);
    prior.particular = VectorD::Constant(pairs.size(), 0.0001);
    return prior;
}

void try_closed_form(const ShardId& id, const Pairs& pairs, const BlockTargets& block, const TrainConfig& config,
                     Rehearsal& r) {
    auto start = Clock::now();
    const ResponsePrior prior = made_up_prior(pairs);
    const TrainedShard shard = fit_responses(id, pairs, block, config, prior);
    r.setup = since(start);
    start = Clock::now();
    const std::vector<Index> rows = sampled_pairs(pairs.size());
    const auto n = static_cast<Index>(rows.size());
    const Matrix changes = changes_of_others(block, {0, std::min(kChunkGenes, block.genes.size())});
    Matrix product(n, n);
    product.noalias() = changes.topRows(n) * changes.topRows(n).transpose();
    MatrixD gram = product.cast<double>();
    gram.diagonal().array() += 1.0;
    r.products = since(start);
    const LeaveOut left(pairs, rows, std::vector<double>(static_cast<std::size_t>(pairs.size()), 0.0025),
                        std::move(gram));
    Strengths strengths;
    strengths.sources.assign(static_cast<std::size_t>(left.sources()), 0.1);
    start = Clock::now();
    const std::vector<double> errors = left.errors(strengths);
    r.leave_out = since(start);
    r.sources = left.sources();
    r.combinations = left.has_combinations();
    if (config.validation_share > 0.0) {
        start = Clock::now();
        const ResponseValidation validation = validate_responses(pairs, prior, config.seed);
        r.validation = since(start);
        start = Clock::now();
        const Matrix weighed = validation.weights * changes;
        r.weigh = since(start);
    }
}

/// The shards of one replica that a rank trains side by side.
void try_cell_shards(const std::vector<ShardId>& ids, const CellPairs& cells, double all_cells, const Pairs& pairs,
                     const std::vector<BlockTargets>& blocks, TrainConfig config, Rehearsal& r) {
    config.epochs = 2;
    auto start = Clock::now();
    const double l2 = largest_cell_penalty(cells, pairs, blocks.front().genes, config);
    r.penalty = since(start);
    std::vector<const BlockTargets*> targets;
    for (const BlockTargets& block : blocks) {
        targets.push_back(&block);
    }
    double ends[3] = {};
    start = Clock::now();
    const auto shards = train_cell_shards(ids, targets, cells, pairs, config, 0.1 * l2,
                                          [&](const EpochRecord& e) { ends[e.epoch] = since(start); });
    start = Clock::now();
    cell_pair_hidden(cells, pairs, shards.front().net, ids.front().replica, config);
    const double look = since(start);  // at the validation values, every epoch
    const auto count = static_cast<double>(ids.size());
    const double epoch = (ends[2] - ends[1]) / count;
    r.setup = std::max(0.0, ends[1] / count - epoch);
    r.epoch = look + std::max(0.0, epoch - look) * all_cells / static_cast<double>(cells.cells.size());
}

double try_consensus(const Pairs& pairs, const Plan& plan, Index hidden, Index replicas) {
    const auto columns = static_cast<Index>(pairs.regulators.size());
    BlockEnsemble ensemble;
    ensemble.rows = plan.chunks().front().genes;
    for (Index r = 0; r < replicas; ++r) {
        ensemble.replicas.push_back({Matrix::Random(columns, hidden),
                                     {},
                                     Matrix::Random(ensemble.rows.size(), hidden + 1),
                                     std::vector<bool>(static_cast<std::size_t>(columns), true)});
    }
    const auto start = Clock::now();
    ConsensusChunk chunk;
    consensus_rows(ensemble, ensemble.rows, chunk);
    io::TopEdges edges(kEdges);
    for (Index i = 0; i < chunk.mean.rows(); ++i) {
        for (Index j = 0; j < chunk.mean.cols(); ++j) {
            edges.add({j, i, chunk.mean(i, j), chunk.sd(i, j), chunk.sign(i, j), chunk.selected(i, j)});
        }
    }
    return since(start);
}

}  // namespace

Rehearsal rehearse(const mpi::Communicator& world, io::ScreenFile& file, const Screen& screen, const Pairs& pairs,
                   const Plan& plan, const TrainConfig& config, const PruneKnowledge& knowledge) {
    Rehearsal r;
    world.together([&] { try_averaging(file, block_of(file.reader->cells(), world.size(), world.rank()), r); });
    for (double* part : {&r.read, &r.average, &r.entries_per_cell, &r.packed_per_cell}) {
        *part = world.max(*part);
    }
    const Range own = plan.blocks_of(world.rank());
    std::vector<ShardId> ids;
    std::vector<BlockTargets> blocks;
    for (Index b = own.begin; b < std::max(own.end, own.begin + 1); ++b) {  // a rank without work measures too
        ids.push_back({0, b, plan.genes_of_block(b)});
        blocks.push_back(made_up_targets(screen, pairs, ids.back().genes));
        if (config.pairs == PairMode::pseudobulk) {
            break;  // these are trained one by one
        }
    }
    if (config.fit == Fit::closed) {
        try_closed_form(ids.front(), pairs, blocks.front(), config, r);
    } else if (config.pairs == PairMode::pseudobulk) {
        try_pseudobulk_shard(ids.front(), pairs, blocks.front(), config, r);
    } else {
        const auto used = static_cast<Index>(
            std::count_if(screen.cell_condition.begin(), screen.cell_condition.end(), [](auto c) { return c >= 0; }));
        TrainConfig resolved = config;
        resolved.batch = config.batch_for(used);
        const Screen sample = sample_of(screen, kBatches * resolved.batch);
        MadeUpCells made_up(static_cast<Index>(sample.cell_condition.size()), static_cast<Index>(screen.genes.size()),
                            r.entries_per_cell);
        Log silent(false, Log::Level::quiet);
        const CellTable table = load_cells(world, made_up, sample, Normalization::log1p, silent);
        const Matrix control_mean = Matrix::Zero(static_cast<Index>(screen.contexts.size()), made_up.genes());
        const CellPairs few = make_cell_pairs(table, sample, pairs, control_mean);
        try_cell_shards(ids, few, static_cast<double>(used), pairs, blocks, resolved, r);
    }
    if (config.prune.has_rounds()) {
        try_round(ids.front(), pairs, config, knowledge, r);
    }
    r.consensus = try_consensus(pairs, plan, config.hidden_sums + config.hidden_products, config.replicas);
    for (double* part :
         {&r.penalty, &r.setup, &r.epoch, &r.round, &r.products, &r.leave_out, &r.validation, &r.weigh, &r.consensus}) {
        *part = world.max(*part);
    }
    return r;
}

}  // namespace lazynet::train
