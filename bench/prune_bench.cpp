// A DASH round over the shards of a screen, beside one training epoch of the same shards.
//
//     mpirun -n 2 prune_bench [genes, 18000] [gene blocks, 16] [perturbations, 1000]
//
// Pseudobulk pairs: the cheapest epoch there is (cell pairs cost as many times more as there are cells per
// perturbation). Every perturbed gene has 20 targets in the prior. The epoch is that of whole models: pruned ones are
// faster.

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <vector>

#include "lazynet/core/random.hpp"
#include "lazynet/mpi/environment.hpp"
#include "lazynet/train/prune_rounds.hpp"
#include "lazynet/train/pseudobulk_shard.hpp"

namespace {

using namespace lazynet;
using Clock = std::chrono::steady_clock;

/// Seconds of the slowest rank.
template <typename Work>
double seconds(const mpi::Communicator& world, const Work& work) {
    world.barrier();
    const auto start = Clock::now();
    work();
    return world.max(std::chrono::duration<double>(Clock::now() - start).count());
}

/// Every pair perturbs a gene of its own.
train::Pairs single_pairs(Index count) {
    train::Pairs pairs;
    pairs.offsets.push_back(0);
    for (Index p = 0; p < count; ++p) {
        pairs.conditions.push_back(p + 1);
        pairs.inputs.push_back(p);
        pairs.columns.push_back(static_cast<std::int32_t>(p));
        pairs.values.push_back(-1.0f);
        pairs.offsets.push_back(p + 1);
        pairs.scale.push_back(1.0f);
    }
    return pairs;
}

train::BlockTargets made_up_targets(Index pairs, Range genes) {
    return {genes,
            0.1f * Matrix::Random(pairs, genes.size()),
            Matrix::Constant(pairs, genes.size(), 0.05f),
            std::vector<double>(static_cast<std::size_t>(pairs), 1.0),
            std::vector<std::int64_t>(static_cast<std::size_t>(pairs) + 1, 0),
            {},
            {}};
}

SparseMatrix made_up_prior(Index inputs, Index genes) {
    std::vector<Eigen::Triplet<float, std::int64_t>> edges;
    const Random random(3, "prior");
    for (Index k = 0; k < 20 * inputs; ++k) {
        edges.emplace_back(k % inputs, random.below(static_cast<std::uint64_t>(k), genes), 1.0f);
    }
    SparseMatrix prior(inputs, genes);
    prior.setFromTriplets(edges.begin(), edges.end());
    return prior;
}

int bench(int argc, char** argv) {
    const auto world = mpi::Communicator::world();
    const Index genes = argc > 1 ? std::atoll(argv[1]) : 18000;
    const Index perturbations = argc > 3 ? std::atoll(argv[3]) : 1000;
    train::TrainConfig config;
    config.replicas = 1;
    config.gene_blocks = argc > 2 ? std::atoll(argv[2]) : 16;
    config.validation_share = 0.0;
    config.l2 = 0.1;
    config.prior = "made up";
    config.prune.method = prune::Method::dash;
    config.resolve();
    const train::Plan plan(genes, config.gene_blocks, config.replicas, world.size());
    const train::Pairs pairs = single_pairs(perturbations);
    std::vector<train::ShardId> ids;
    std::vector<train::BlockTargets> blocks;
    std::vector<const train::BlockTargets*> targets;
    const Range mine = plan.shards_of(world.rank());
    for (Index s = mine.begin; s < mine.end; ++s) {
        ids.push_back(plan.shard(s));
        blocks.push_back(made_up_targets(perturbations, ids.back().genes));
    }
    for (const train::BlockTargets& block : blocks) {
        targets.push_back(&block);
    }
    const auto training = train::start_pseudobulk_training(ids, targets, pairs, config, 1.0);
    const auto ignore = [](const train::EpochRecord&) {};
    training->advance(1, false, ignore, [] {});  // makes the tables
    const double epoch = seconds(world, [&] { training->advance(4, false, ignore, [] {}); }) / 3.0;
    train::PruneKnowledge knowledge;
    knowledge.prior = made_up_prior(perturbations, genes);
    train::PruneRounds rounds(world, plan, config, knowledge, 1);
    std::vector<train::ShardInTraining> shards;
    for (Index k = 0; k < mine.size(); ++k) {
        shards.push_back({mine.begin + k, training.get(), k});
    }
    const Index first = std::max<Index>(config.prune.start, 1);
    const double round = seconds(world, [&] { rounds(first, shards); });
    training->advance(5, false, ignore, [] {});  // takes up the new kernel
    const double pruned = seconds(world, [&] { training->advance(8, false, ignore, [] {}); }) / 3.0;
    if (world.is_root()) {
        std::int64_t weights = 0;
        for (const train::RoundRecord& r : rounds.records()) {
            weights += r.total;
        }
        fmt::print(
            "{} genes, {} perturbations, {} shards on {} ranks, {} weights: epoch {:.1f} ms, DASH round {:.1f} ms "
            "({:.2f} epochs), epoch with 70 % pruned {:.1f} ms\n",
            genes, perturbations, plan.shards(), world.size(), weights, 1e3 * epoch, 1e3 * round, round / epoch,
            1e3 * pruned);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return mpi::guarded_main(argc, argv, bench);
}
