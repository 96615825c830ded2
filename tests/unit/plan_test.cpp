#include "lazynet/train/plan.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lazynet::train {
namespace {

struct Case {
    Index genes, blocks, replicas;
    int ranks;
};

class PlanTest : public testing::TestWithParam<Case> {
protected:
    [[nodiscard]] Plan plan() const {
        const auto [genes, blocks, replicas, ranks] = GetParam();
        return {genes, blocks, replicas, ranks};
    }
};

TEST_P(PlanTest, GivesEveryShardToOneRankInOrder) {
    const Plan plan = this->plan();
    ASSERT_EQ(plan.shards(), GetParam().blocks * GetParam().replicas);
    Index next = 0;
    for (int rank = 0; rank < GetParam().ranks; ++rank) {
        const Range mine = plan.shards_of(rank);
        EXPECT_EQ(mine.begin, next);
        for (Index s = mine.begin; s < mine.end; ++s) {
            EXPECT_EQ(plan.owner(s), rank);
        }
        next = mine.end;
    }
    EXPECT_EQ(next, plan.shards());
}

TEST_P(PlanTest, NumbersEveryReplicaOfEveryBlockOnce) {
    const Plan plan = this->plan();
    std::vector<int> seen(static_cast<std::size_t>(plan.shards()), 0);
    for (Index s = 0; s < plan.shards(); ++s) {
        const ShardId id = plan.shard(s);
        EXPECT_EQ(id.genes, plan.genes_of_block(id.block));
        ASSERT_LT(id.replica, plan.replicas());
        ++seen[static_cast<std::size_t>(id.block * plan.replicas() + id.replica)];
    }
    EXPECT_EQ(seen, std::vector<int>(seen.size(), 1));
}

TEST_P(PlanTest, KnowsTheBlocksOfARank) {
    const Plan plan = this->plan();
    for (int rank = 0; rank < GetParam().ranks; ++rank) {
        const Range mine = plan.shards_of(rank);
        const Range blocks = plan.blocks_of(rank);
        if (mine.size() == 0) {
            EXPECT_EQ(blocks.size(), 0);
            continue;
        }
        EXPECT_EQ(blocks.begin, plan.shard(mine.begin).block);
        EXPECT_EQ(blocks.end, plan.shard(mine.end - 1).block + 1);
    }
}

TEST_P(PlanTest, SpreadsCostEvenly) {
    const Plan plan = this->plan();
    const double fair = static_cast<double>(GetParam().genes * GetParam().replicas) / GetParam().ranks;
    const auto longest = static_cast<double>(plan.genes_of_block(0).size());
    for (int rank = 0; rank < GetParam().ranks; ++rank) {
        double cost = 0.0;
        for (Index s = plan.shards_of(rank).begin; s < plan.shards_of(rank).end; ++s) {
            cost += static_cast<double>(plan.shard(s).genes.size());
        }
        EXPECT_LE(cost, fair + longest + 1.0);
        EXPECT_GE(cost, fair - longest - 1.0);
    }
}

TEST_P(PlanTest, TilesTheGenesWithChunksThatNoBlockBorderCuts) {
    const Plan plan = this->plan();
    Index next = 0;
    for (const Plan::Chunk& chunk : plan.chunks()) {
        EXPECT_EQ(chunk.genes.begin, next);
        EXPECT_GT(chunk.genes.size(), 0);
        EXPECT_LE(chunk.genes.size(), kChunkGenes);
        const Range block = plan.genes_of_block(chunk.block);
        EXPECT_TRUE(block.begin <= chunk.genes.begin && chunk.genes.end <= block.end);
        next = chunk.genes.end;
    }
    EXPECT_EQ(next, GetParam().genes);
    const Plan alone(GetParam().genes, GetParam().blocks, GetParam().replicas, 1);
    ASSERT_EQ(alone.chunks().size(), plan.chunks().size());
    for (std::size_t k = 0; k < alone.chunks().size(); ++k) {
        EXPECT_EQ(alone.chunks()[k].genes, plan.chunks()[k].genes);
    }
}

TEST_P(PlanTest, GivesEveryChunkToOneRankInOrder) {
    const Plan plan = this->plan();
    Index chunk = 0;
    Index gene = 0;
    for (int rank = 0; rank < GetParam().ranks; ++rank) {
        EXPECT_EQ(plan.chunks_of(rank).begin, chunk);
        chunk = plan.chunks_of(rank).end;
        const Range genes = plan.chunk_genes_of(rank);
        if (genes.size() > 0) {
            EXPECT_EQ(genes.begin, gene);
            gene = genes.end;
        }
    }
    EXPECT_EQ(chunk, static_cast<Index>(plan.chunks().size()));
    EXPECT_EQ(gene, GetParam().genes);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PlanTest,
                         testing::Values(Case{1, 1, 1, 1}, Case{1, 1, 1, 7}, Case{10, 3, 4, 5}, Case{300, 2, 3, 4},
                                         Case{513, 1, 2, 3}, Case{1000, 7, 5, 2}, Case{18000, 9, 5, 64},
                                         Case{18000, 9, 20, 1000}, Case{257, 257, 1, 8}));

}  // namespace
}  // namespace lazynet::train
