#include "lazynet/train/prune_rounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "lazynet/core/error.hpp"
#include "lazynet/core/packer.hpp"
#include "lazynet/mpi/selection.hpp"
#include "lazynet/prune/cut.hpp"
#include "lazynet/prune/schedule.hpp"
#include "shard_scores.hpp"

namespace lazynet::train {
namespace {

std::span<float> entries(Matrix& m) {
    return {m.data(), static_cast<std::size_t>(m.size())};
}
std::span<const float> entries(const Matrix& m) {
    return {m.data(), static_cast<std::size_t>(m.size())};
}

/// Scores of a block and the mask that they decide on.
struct BlockScores {
    Index block = 0;
    ShardScores scores;
    LazyNetMask mask;
};

LazyNetMask mask_of(const ShardOptimizer& optimizer) {
    if (!optimizer.mask().empty()) {
        return optimizer.mask();
    }
    const LazyNet& net = optimizer.net;
    return {Matrix::Ones(net.a.rows(), net.a.cols()), Matrix::Ones(net.c.rows(), net.c.cols())};
}

/// The columns of the prior that are a block's genes.
SparseMatrix block_prior(const SparseMatrix& prior, Range genes) {
    if (prior.size() == 0) {
        return {};
    }
    return prior.middleCols(genes.begin, genes.size());
}

}  // namespace

class PruneRounds::Rounds {
public:
    Rounds(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config, const PruneKnowledge& knowledge,
           Index replicas)
        : world_(world), plan_(plan), config_(config), replicas_(replicas), schedule_(config.prune, config.epochs) {
        if (config.prune.needs_prior()) {
            co_regulation_ = knowledge.interactions.size() > 0 ? CoRegulation::from_interactions(knowledge.interactions)
                                                               : CoRegulation::from_prior(knowledge.prior);
        }
        const Range mine = plan.shards_of(world.rank());
        for (Index s = mine.begin; s < mine.end; ++s) {
            if (plan.shard(s).replica < replicas) {
                scored_.push_back(s);
                scorers_.emplace_back(
                    config.prune, co_regulation_ ? &*co_regulation_ : nullptr,
                    config.prune.needs_prior() ? block_prior(knowledge.prior, plan.shard(s).genes) : SparseMatrix());
            }
        }
    }

    void round(Index epoch, const std::vector<ShardInTraining>& mine) {
        epoch_ = epoch;
        mine_ = &mine;
        if (config_.prune.scope == prune::Scope::ensemble) {
            common_round();
            return;
        }
        for (Index replica = 0; replica < replicas_; ++replica) {
            std::vector<BlockScores> blocks = score(replica);
            if (config_.prune.parity) {
                cut_each(replica, blocks);
            } else {
                cut_layer(replica, false, blocks);
                cut_layer(replica, true, blocks);
            }
            std::size_t next = 0;
            for (const std::size_t k : shards_of(replica)) {
                optimizer(k).prune(blocks[next++].mask);
            }
        }
    }

    [[nodiscard]] const std::vector<RoundRecord>& records() const { return records_; }
    void restore(std::vector<RoundRecord> records) { records_ = std::move(records); }
    ShardScorer& scorer(Index shard) {
        const auto at = std::find(scored_.begin(), scored_.end(), shard);
        return scorers_[static_cast<std::size_t>(at - scored_.begin())];
    }

private:
    ShardOptimizer& optimizer(std::size_t k) const { return (*mine_)[k].training->optimizer((*mine_)[k].k); }
    const std::vector<std::int32_t>& support(std::size_t k) const {
        return (*mine_)[k].training->support((*mine_)[k].k);
    }
    [[nodiscard]] ShardId id(std::size_t k) const { return plan_.shard((*mine_)[k].shard); }
    /// This rank's shards of a replica, as positions in `mine`.
    [[nodiscard]] std::vector<std::size_t> shards_of(Index replica) const {
        std::vector<std::size_t> found;
        for (std::size_t k = 0; k < mine_->size(); ++k) {
            if (id(k).replica == replica) {
                found.push_back(k);
            }
        }
        return found;
    }

    /// Means over all shards of a replica. Collective; sums are added in shard order, as ranks hold contiguous
    /// stretches of shards.
    [[nodiscard]] TermMeans means(const std::vector<TermSums>& mine) const {
        std::vector<double> flat;
        for (const TermSums& sums : mine) {
            flat.insert(flat.end(), {sums.guess, sums.magnitude, sums.count});
        }
        TermSums all;
        const auto gathered = world_.gather(std::span<const double>(flat));
        for (std::size_t i = 0; i < gathered.size(); i += 3) {
            all.guess += gathered[i];
            all.magnitude += gathered[i + 1];
            all.count += gathered[i + 2];
        }
        const double count = std::max(all.count, 1.0);
        return {all.guess / count, all.magnitude / count};
    }

    /// Scores of this rank's shards of a replica. Collective.
    std::vector<BlockScores> score(Index replica) {
        const auto shards = shards_of(replica);
        require_numbers(shards);
        std::vector<BlockScores> blocks;
        for (const std::size_t k : shards) {
            blocks.push_back({id(k).block, {}, mask_of(optimizer(k))});
            scorers_[k].look(optimizer(k).net, optimizer(k).mask(), support(k));
        }
        if (config_.prune.method == prune::Method::random) {
            for (std::size_t i = 0; i < shards.size(); ++i) {
                const auto stream = [&](const char* name) {
                    return Random(config_.seed, name, {replica, blocks[i].block, epoch_});
                };
                blocks[i].scores = random_shard_scores(optimizer(shards[i]).net, optimizer(shards[i]).mask(),
                                                       support(shards[i]), stream("prune a"), stream("prune c"));
            }
            return blocks;
        }
        if (config_.prune.parity) {
            for (std::size_t i = 0; i < shards.size(); ++i) {
                blocks[i].scores =
                    scorers_[shards[i]].parity_scores(Random(config_.seed, "prune start", {replica, blocks[i].block}));
            }
            return blocks;
        }
        std::vector<TermSums> sums;
        for (const std::size_t k : shards) {
            sums.push_back(scorers_[k].inner_sums());
        }
        const TermMeans inner = means(sums);
        sums.clear();
        for (const std::size_t k : shards) {
            scorers_[k].finish_inner(inner);
            sums.push_back(scorers_[k].outer_sums());
        }
        const TermMeans outer = means(sums);
        for (std::size_t i = 0; i < shards.size(); ++i) {
            blocks[i].scores = scorers_[shards[i]].finish_outer(outer);
        }
        return blocks;
    }

    /// Cuts one layer over all blocks of a replica (-1: of the ensemble). Collective.
    void cut_layer(Index replica, bool outer, std::vector<BlockScores>& blocks) {
        std::vector<ScoredPiece> pieces;
        std::array<std::int64_t, 2> counts{0, 0};  // prunable, competing
        for (const BlockScores& b : blocks) {
            const Matrix& scores = outer ? b.scores.c : b.scores.a;
            const Index first = outer ? plan_.genes_of_block(b.block).begin * scores.cols() : b.block * scores.size();
            pieces.push_back({entries(scores), first});
            const std::int64_t here = competing(scores);
            counts[0] += here + gone(outer ? b.mask.c : b.mask.a);
            counts[1] += here;
        }
        world_.sum_in_place(counts);
        RoundRecord record{epoch_, replica, outer, counts[0], schedule_.removed(epoch_, counts[0], counts[1]), 0, 0.0};
        const Cut cut = mpi::lowest_cut(world_, pieces, record.removed);
        std::int64_t taken = 0;
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            taken += prune::apply(cut, pieces[i], entries(outer ? blocks[i].mask.c : blocks[i].mask.a));
        }
        if (world_.sum(taken) != record.removed) {
            throw InternalError("a pruning round took another number of weights than it was asked for");
        }
        record.remaining = counts[1] - record.removed;
        record.cut = static_cast<double>(cut.score);
        records_.push_back(record);
    }

    static std::int64_t gone(const Matrix& mask) {
        return static_cast<std::int64_t>(mask.size()) - prune::remaining(entries(mask));
    }

    /// Collective: weights that are not numbers have no rank.
    void require_numbers(const std::vector<std::size_t>& shards) const {
        world_.together([&] {
            for (const std::size_t k : shards) {
                const LazyNet& net = optimizer(k).net;
                if (!std::isfinite(net.a.sum()) || !std::isfinite(net.c.sum())) {
                    throw UserError(fmt::format(
                        "the training has diverged: after epoch {} weights of replica {}, block {} are not numbers; "
                        "lower --learning-rate",
                        epoch_, id(k).replica, id(k).block));
                }
            }
        });
    }

    /// The published form: every layer of every shard is a model's layer of its own. Collective for the counts only.
    void cut_each(Index replica, std::vector<BlockScores>& blocks) {
        std::array<std::int64_t, 6> counts{};  // prunable, removed, remaining, of inner and outer layers
        for (BlockScores& b : blocks) {
            const Index sums = config_.hidden_sums;
            const Index products = config_.hidden_products;
            for (const bool outer : {false, true}) {
                Matrix& scores = outer ? b.scores.c : b.scores.a;
                Matrix& mask = outer ? b.mask.c : b.mask.a;
                for (const Range units : {Range{0, sums}, Range{sums, sums + products}}) {
                    Matrix part = scores.middleCols(units.begin, units.size());
                    Matrix part_mask = mask.middleCols(units.begin, units.size());
                    const ScoredPiece piece{entries(part), 0};
                    const std::int64_t left = competing(part);
                    const std::int64_t total = left + gone(part_mask);
                    const std::int64_t wanted = schedule_.removed(epoch_, total, left);
                    const Cut cut = lowest_cut(std::span(&piece, 1), wanted);
                    const std::int64_t taken = prune::apply(cut, piece, entries(part_mask));
                    mask.middleCols(units.begin, units.size()) = part_mask;
                    const std::size_t at = outer ? 3 : 0;
                    counts[at] += total;
                    counts[at + 1] += taken;
                    counts[at + 2] += left - taken;
                }
            }
        }
        world_.sum_in_place(counts);
        for (const bool outer : {false, true}) {
            const std::size_t at = outer ? 3 : 0;
            records_.push_back({epoch_, replica, outer, counts[at], counts[at + 1], counts[at + 2],
                                std::numeric_limits<double>::quiet_NaN()});
        }
    }

    /// One mask for all replicas, from their mean scores. The owner of a block's first replica brings them together,
    /// one replica at a time, in replica order.
    void common_round() {
        std::vector<BlockScores> means;
        std::vector<ShardScores> counts;
        for (Index block = 0; block < plan_.blocks(); ++block) {
            if (collector(block) == world_.rank()) {
                means.push_back({block, empty_scores(block), {}});
                counts.push_back(empty_scores(block));
            }
        }
        for (Index replica = 0; replica < replicas_; ++replica) {
            add_replica(replica, means, counts);
        }
        for (std::size_t i = 0; i < means.size(); ++i) {
            average(counts[i].a, means[i].scores.a);
            average(counts[i].c, means[i].scores.c);
        }
        counts.clear();
        cut_layer(-1, false, means);
        cut_layer(-1, true, means);
        for (Index replica = 0; replica < replicas_; ++replica) {
            spread_masks(replica, means);
        }
    }

    [[nodiscard]] int collector(Index block) const { return plan_.owner(block * plan_.replicas()); }

    [[nodiscard]] ShardScores empty_scores(Index block) const {
        const LazyNetShape& shape = optimizer(0).net.shape;  // who collects has shards
        return {Matrix::Zero(shape.inputs + 1, shape.hidden()),
                Matrix::Zero(plan_.genes_of_block(block).size(), shape.width())};
    }

    /// Adds a replica's competing scores and counts them; the first replica's masks are everybody's. Collective.
    void add_replica(Index replica, std::vector<BlockScores>& means, std::vector<ShardScores>& counts) {
        std::vector<std::vector<std::byte>> to(static_cast<std::size_t>(world_.size()));
        for (const BlockScores& b : score(replica)) {  // in block order
            Packer packer(to[static_cast<std::size_t>(collector(b.block))]);
            for (const Matrix* m : {&b.scores.a, &b.scores.c, &b.mask.a, &b.mask.c}) {
                packer.matrix(*m);
            }
        }
        const auto from = world_.exchange(to);
        std::vector<Unpacker> unpackers(from.begin(), from.end());
        for (std::size_t i = 0; i < means.size(); ++i) {
            const auto source = static_cast<std::size_t>(plan_.owner(means[i].block * plan_.replicas() + replica));
            ShardScores scores;
            LazyNetMask mask;
            for (Matrix* m : {&scores.a, &scores.c, &mask.a, &mask.c}) {
                *m = unpackers[source].matrix();
            }
            add(scores.a, means[i].scores.a, counts[i].a);
            add(scores.c, means[i].scores.c, counts[i].c);
            if (replica == 0) {
                means[i].mask = std::move(mask);
            }
        }
    }

    static void add(const Matrix& scores, Matrix& sum, Matrix& count) {
        sum += (scores.array() >= 0.0f).select(scores, 0.0f);
        count += (scores.array() >= 0.0f).cast<float>().matrix();
    }

    static void average(const Matrix& count, Matrix& sum) {
        sum = (count.array() > 0.0f).select(sum.array() / count.array().max(1.0f), kNotCompeting);
    }

    /// Sends the common masks to a replica's shards. Collective.
    void spread_masks(Index replica, const std::vector<BlockScores>& means) {
        std::vector<std::vector<std::byte>> to(static_cast<std::size_t>(world_.size()));
        for (const BlockScores& b : means) {
            Packer packer(to[static_cast<std::size_t>(plan_.owner(b.block * plan_.replicas() + replica))]);
            packer.matrix(b.mask.a);
            packer.matrix(b.mask.c);
        }
        const auto from = world_.exchange(to);
        std::vector<Unpacker> unpackers(from.begin(), from.end());
        for (const std::size_t k : shards_of(replica)) {
            const auto source = static_cast<std::size_t>(collector(id(k).block));
            LazyNetMask mask;
            mask.a = unpackers[source].matrix();
            mask.c = unpackers[source].matrix();
            optimizer(k).prune(mask);
        }
    }

    const mpi::Communicator& world_;
    const Plan& plan_;
    const TrainConfig& config_;
    Index replicas_;
    prune::Schedule schedule_;
    std::optional<CoRegulation> co_regulation_;
    std::vector<ShardScorer> scorers_;
    std::vector<Index> scored_;  // their shards
    Index epoch_ = 0;
    const std::vector<ShardInTraining>* mine_ = nullptr;
    std::vector<RoundRecord> records_;
};

PruneRounds::PruneRounds(const mpi::Communicator& world, const Plan& plan, const TrainConfig& config,
                         const PruneKnowledge& knowledge, Index replicas)
    : rounds_(std::make_unique<Rounds>(world, plan, config, knowledge, replicas)) {}
PruneRounds::PruneRounds(PruneRounds&&) noexcept = default;
PruneRounds::~PruneRounds() = default;

void PruneRounds::operator()(Index epoch, const std::vector<ShardInTraining>& mine) {
    rounds_->round(epoch, mine);
}

const std::vector<RoundRecord>& PruneRounds::records() const {
    return rounds_->records();
}

void PruneRounds::save(Index shard, Packer& packer) const {
    packer.matrix(rounds_->scorer(shard).previous());
}

void PruneRounds::load(Index shard, Unpacker& unpacker) {
    rounds_->scorer(shard).restore(unpacker.matrix());
}

void PruneRounds::restore(std::vector<RoundRecord> records) {
    rounds_->restore(std::move(records));
}

}  // namespace lazynet::train
