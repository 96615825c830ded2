#include "forecast_sizes.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "lazynet/train/pseudobulk.hpp"
#include "penalty.hpp"

namespace lazynet::train {
namespace {

Range overlap(Range a, Range b) {
    return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

/// Bytes of a shard on the way to a rank that makes the results of `rows` of its genes.
double packed_shard(const ForecastSizes& s, double rows) {
    return 4 * (s.columns * (s.hidden + 1) + (s.pairs + rows) * (s.hidden + 1));
}

void count_shards(const Plan& plan, int rank, ForecastSizes& s) {
    const Range mine = plan.shards_of(rank);
    std::map<Index, double> of_replica;
    for (Index k = mine.begin; k < mine.end; ++k) {
        s.tried += is_tried(plan, k) ? 1.0 : 0.0;
        s.side_by_side = std::max(s.side_by_side, ++of_replica[plan.shard(k).replica]);
    }
    s.own_shards = static_cast<double>(mine.size());
    const Range blocks = plan.blocks_of(rank);
    s.own_blocks = static_cast<double>(blocks.size());
    for (Index b = blocks.begin; b < blocks.end; ++b) {
        const auto genes = static_cast<double>(plan.genes_of_block(b).size());
        s.block_genes += genes;
        s.shard_genes = std::max(s.shard_genes, genes);
    }
    if (s.shard_genes == 0.0) {  // nothing to train, but the size of a model is asked for
        s.shard_genes = static_cast<double>(plan.genes_of_block(0).size());
    }
}

void count_travellers(const Plan& plan, int rank, int ranks, ForecastSizes& s) {
    const Range mine = plan.shards_of(rank);
    for (int r = 0; r < ranks && mine.size() > 0; ++r) {
        const Range wanted = plan.chunk_genes_of(r);
        const Range near = overlap(wanted, {plan.shard(mine.begin).genes.begin, plan.shard(mine.end - 1).genes.end});
        for (Index k = mine.begin; near.size() > 0 && k < mine.end; ++k) {
            const Index rows = overlap(plan.shard(k).genes, wanted).size();
            s.sent += rows > 0 ? packed_shard(s, static_cast<double>(rows)) : 0.0;
        }
    }
    const Range wanted = plan.chunk_genes_of(rank);
    for (Index b = 0; b < plan.blocks(); ++b) {
        const Index rows = overlap(plan.genes_of_block(b), wanted).size();
        s.received += rows > 0 ? s.replicas * packed_shard(s, static_cast<double>(rows)) : 0.0;
    }
}

/// How cells wait for being averaged (see pseudobulk).
void count_packed(const io::ScreenFile& file, const Rehearsal& rehearsal, ForecastSizes& s) {
    const double header = 24.0 + 16.0;  // and a place in the list of pieces
    const double all = s.cells * ((rehearsal.packed_per_cell - 24.0) / s.ranks + header);
    const auto room =
        static_cast<double>(packed_room(*file.reader, file.normalization, static_cast<Index>(s.conditions),
                                        static_cast<Index>(s.own_read), static_cast<int>(s.ranks)));
    s.packed_cell = rehearsal.packed_per_cell;
    s.read_entries = rehearsal.entries_per_cell;
    s.packed = std::min(all, room);
    s.spills = all > room;
}

}  // namespace

ForecastSizes size_up(const mpi::Communicator& world, const io::ScreenFile& file, const Screen& screen,
                      const Pairs& pairs, const Plan& plan, const TrainConfig& config, const Rehearsal& rehearsal) {
    ForecastSizes s;
    const auto count = [](const auto& list) { return static_cast<double>(list.size()); };
    s.ranks = world.size();
    s.conditions = count(screen.conditions);
    s.contexts = count(screen.contexts);
    s.pairs = static_cast<double>(pairs.size());
    s.genes = count(screen.genes);
    s.read_genes = count(file.screen.genes);
    s.unmeasured = count(screen.unmeasured);
    s.inputs = static_cast<double>(pairs.model_inputs());
    s.columns = count(pairs.regulators);
    s.hidden = static_cast<double>(config.hidden_sums + config.hidden_products);
    s.replicas = static_cast<double>(config.replicas);
    s.blocks = static_cast<double>(plan.blocks());
    s.shards = static_cast<double>(plan.shards());
    s.chunks = count(plan.chunks());
    const auto used = std::count_if(screen.cell_condition.begin(), screen.cell_condition.end(),
                                    [](std::int32_t c) { return c >= 0; });
    s.cells = static_cast<double>(used);
    s.entries = s.cells * rehearsal.entries_per_cell * s.genes / std::max(s.read_genes, 1.0);
    s.batch = static_cast<double>(config.batch_for(used));
    s.sources = count(pairs.embedding.sources);
    s.embedded = static_cast<double>(pairs.embedding.dimensions());
    s.placed = count(pairs.embedding.names);
    s.cell_pairs = config.pairs == PairMode::cells;
    s.closed = config.fit == Fit::closed;
    s.rounds = config.prune.has_rounds();
    const auto own = [&](double genes) {
        return static_cast<double>(block_of(static_cast<Index>(genes), world.size(), world.rank()).size());
    };
    s.own_genes = own(s.genes);
    s.own_read = own(s.read_genes);
    s.own_chunks = static_cast<double>(plan.chunks_of(world.rank()).size());
    s.chunk_genes = static_cast<double>(plan.chunk_genes_of(world.rank()).size());
    count_shards(plan, world.rank(), s);
    count_travellers(plan, world.rank(), world.size(), s);
    count_packed(file, rehearsal, s);
    return s;
}

}  // namespace lazynet::train
