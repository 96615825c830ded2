#include "consensus_writer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::train {
namespace {

// Checkpoint records of a rank: the chunks that it has written or taken over, and their edges. Both are named by the
// first of these chunks.
constexpr const char* kChunks = "live/results/chunks";
constexpr const char* kEdges = "live/results/edges";

/// Writes the consensus rows of a chunk and offers its edges.
class ConsensusSink {
public:
    ConsensusSink(const RunFacts& facts, io::ResultsFile& file, io::TopEdges& edges)
        : facts_(facts), file_(file), edges_(edges), genes_(static_cast<Index>(facts.screen.genes.size())) {
        const auto& regulators = facts.pairs.regulators;
        measured_ = std::lower_bound(regulators.begin(), regulators.end(), genes_) - regulators.begin();
    }

    void take(Range rows, const ConsensusChunk& chunk, const std::vector<std::int32_t>& support) {
        const Matrix* statistics[] = {&chunk.mean, &chunk.sd, &chunk.sign, &chunk.selected};
        if (facts_.config.store == Store::full) {
            for (std::size_t k = 0; k < 4; ++k) {
                write_spread(std::string("varp/") + kStatistics[k], rows, *statistics[k], 0, measured_, 0, genes_);
            }
        } else if (facts_.config.store == Store::top) {
            write_top(rows, chunk, statistics);
        }
        if (facts_.config.store != Store::none && !facts_.screen.unmeasured.empty()) {
            for (std::size_t k = 0; k < 4; ++k) {
                write_spread(std::string("varm/") + kStatistics[k] + "_unmeasured", rows, *statistics[k], measured_,
                             chunk.mean.cols(), genes_, static_cast<Index>(facts_.screen.unmeasured.size()));
            }
        }
        offer(rows, chunk, support);
    }

private:
    /// Columns [first, last), spread over `width` regulators starting at `origin`.
    void write_spread(const std::string& where, Range rows, const Matrix& values, Index first, Index last, Index origin,
                      Index width) {
        spread_.setZero(rows.size(), width);
        for (Index j = first; j < last; ++j) {
            spread_.col(facts_.pairs.regulators[static_cast<std::size_t>(j)] - origin) = values.col(j);
        }
        file_.write_rows(where, rows, cview(spread_));
    }

    /// Keeps the most certain regulators of each target; its own column comes last.
    void write_top(Range rows, const ConsensusChunk& chunk, const Matrix* const (&statistics)[4]) {
        const Index keep = kept_per_target(facts_);
        std::vector<std::int32_t> indices;
        std::vector<float> values[4];
        std::vector<Index> order(static_cast<std::size_t>(measured_));
        std::vector<float> rank(order.size());
        for (Index i = 0; i < rows.size(); ++i) {
            for (Index j = 0; j < measured_; ++j) {
                const bool self = facts_.pairs.regulators[static_cast<std::size_t>(j)] == rows.begin + i;
                const float sd = chunk.sd(i, j);
                rank[static_cast<std::size_t>(j)] = self ? -1.0f : sd > 0.0f ? std::abs(chunk.mean(i, j)) / sd : 0.0f;
            }
            std::iota(order.begin(), order.end(), Index{0});
            const auto cut = order.begin() + keep;
            std::nth_element(order.begin(), cut, order.end(), [&](Index a, Index b) {
                const auto ra = rank[static_cast<std::size_t>(a)];
                const auto rb = rank[static_cast<std::size_t>(b)];
                return ra != rb ? ra > rb : a < b;
            });
            std::sort(order.begin(), cut);
            for (auto j = order.begin(); j != cut; ++j) {
                indices.push_back(static_cast<std::int32_t>(facts_.pairs.regulators[static_cast<std::size_t>(*j)]));
                for (std::size_t k = 0; k < 4; ++k) {
                    values[k].push_back((*statistics[k])(i, *j));
                }
            }
        }
        for (std::size_t k = 0; k < 4; ++k) {
            file_.write_csr_rows(std::string("varp/") + kStatistics[k], rows, indices, values[k]);
        }
    }

    void offer(Range rows, const ConsensusChunk& chunk, const std::vector<std::int32_t>& support) {
        for (Index i = 0; i < rows.size(); ++i) {
            for (Index j = 0; j < chunk.mean.cols(); ++j) {
                const Index regulator = facts_.pairs.regulators[static_cast<std::size_t>(j)];
                if (support[static_cast<std::size_t>(j)] > 0 && regulator != rows.begin + i) {
                    edges_.add({regulator, rows.begin + i, chunk.mean(i, j), chunk.sd(i, j), chunk.sign(i, j),
                                chunk.selected(i, j)});
                }
            }
        }
    }

    const RunFacts& facts_;
    io::ResultsFile& file_;
    io::TopEdges& edges_;
    Index genes_;
    Index measured_ = 0;
    Matrix spread_;
};

/// What is written so far of the chunks: the ones of this rank, and those of earlier runs that it has taken over.
class Written {
public:
    Written(std::size_t capacity, io::TopEdges& edges) : capacity_(capacity), edges_(edges) {}

    /// Takes over what checkpoints hold. Every record goes to one rank; what is written is told to all.
    void take_up(const mpi::Communicator& world, Checkpoints& checkpoints, bool begun) {
        const auto keys = begun ? checkpoints.keys(kChunks) : std::vector<std::string>{};
        world.together([&] {
            for (std::size_t k = 0; k < keys.size(); ++k) {
                take_up(checkpoints, keys[k], static_cast<int>(k) % world.size() == world.rank());
            }
        });
        checkpoints.forget(kChunks);
        checkpoints.forget(kEdges);
    }

    [[nodiscard]] bool has(Index chunk) const { return everywhere_.contains(chunk); }
    void add(Index chunk) { mine_.push_back(chunk); }

    void save(Checkpoints::Records& records) const {
        if (mine_.empty()) {
            return;
        }
        records.push_back({record_key(kChunks, {mine_.front()}), {}});
        Packer packer(records.back().bytes);
        packer.index(static_cast<Index>(capacity_));
        packer.values(mine_);
        records.push_back({record_key(kEdges, {mine_.front()}), {}});
        Packer(records.back().bytes).values(edges_.kept());
    }

private:
    void take_up(const Checkpoints& checkpoints, const std::string& key, bool own) {
        const std::string edges_key = kEdges + key.substr(std::string(kChunks).size());
        if (!checkpoints.has(edges_key)) {
            return;
        }
        const auto listed = checkpoints.load(key);
        Unpacker unpacker(listed);
        if (unpacker.index() != static_cast<Index>(capacity_)) {
            return;  // another number of edges is asked for than was kept
        }
        const auto chunks = unpacker.values<Index>();
        everywhere_.insert(chunks.begin(), chunks.end());
        if (!own) {
            return;
        }
        const auto bytes = checkpoints.load(edges_key);
        for (const io::Edge& edge : Unpacker(bytes).values<io::Edge>()) {
            edges_.add(edge);
        }
        mine_.insert(mine_.end(), chunks.begin(), chunks.end());
    }

    std::size_t capacity_;
    io::TopEdges& edges_;
    std::vector<Index> mine_;
    std::set<Index> everywhere_;  // of earlier runs
};

}  // namespace

Index kept_per_target(const RunFacts& facts) {
    Index measured = 0;
    for (const Index j : facts.pairs.regulators) {
        measured += j < static_cast<Index>(facts.screen.genes.size()) ? 1 : 0;
    }
    return std::min(facts.config.top, measured);
}

std::vector<io::Edge> write_consensus(const mpi::Communicator& world, const RunFacts& facts,
                                      const std::vector<BlockEnsemble>& ensembles, bool begun, std::size_t capacity,
                                      Checkpoints& checkpoints, io::ResultsFile& file) {
    io::TopEdges edges(capacity);
    Written written(capacity, edges);
    written.take_up(world, checkpoints, begun);
    const Checkpoints::Live live = [&](Checkpoints::Records& records) { written.save(records); };
    checkpoints.before_saving([&] { file.flush(); });
    checkpoints.point(live, !begun);
    ConsensusSink sink(facts, file, edges);
    ConsensusChunk chunk;
    const Range chunks = facts.plan.chunks_of(world.rank());
    for (Index c = chunks.begin; c < chunks.end; ++c) {
        if (written.has(c)) {
            continue;
        }
        const Plan::Chunk& part = facts.plan.chunks()[static_cast<std::size_t>(c)];
        const auto ensemble = std::find_if(ensembles.begin(), ensembles.end(),
                                           [&](const BlockEnsemble& e) { return e.block == part.block; });
        consensus_rows(*ensemble, part.genes, chunk);
        sink.take(part.genes, chunk, supporting_replicas(*ensemble));
        written.add(c);
        mpi::made_progress();
        checkpoints.between(live);
    }
    checkpoints.gate(live);
    checkpoints.before_saving({});
    return edges.take();
}

}  // namespace lazynet::train
