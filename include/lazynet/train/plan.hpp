#pragma once

#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/train/shard.hpp"

namespace lazynet::train {

/// Genes per chunk of everything that streams over target genes: predictions, consensus, results.
constexpr Index kChunkGenes = 256;

/// Who trains what, and who streams what. Pure: the same on every rank; where work is done never changes the answer.
///
/// Shards are numbered block by block, replicas of a block side by side, and ranks take contiguous stretches of equal
/// cost: a rank then holds few blocks' data. Chunks of target genes never cross a block and do not depend on the
/// number of ranks; ranks take contiguous stretches of them too.
class Plan {
public:
    Plan(Index genes, Index blocks, Index replicas, int ranks);

    [[nodiscard]] Index shards() const { return blocks_ * replicas_; }
    [[nodiscard]] Index blocks() const { return blocks_; }
    [[nodiscard]] Index replicas() const { return replicas_; }
    [[nodiscard]] Range genes_of_block(Index block) const { return block_of(genes_, blocks_, block); }
    [[nodiscard]] ShardId shard(Index s) const;
    [[nodiscard]] Range shards_of(int rank) const;
    [[nodiscard]] int owner(Index s) const { return owner_[static_cast<std::size_t>(s)]; }
    /// Blocks of which the rank trains at least one shard.
    [[nodiscard]] Range blocks_of(int rank) const;

    struct Chunk {
        Index block = 0;
        Range genes;
    };
    [[nodiscard]] const std::vector<Chunk>& chunks() const { return chunks_; }
    [[nodiscard]] Range chunks_of(int rank) const;
    /// Target genes of the rank's chunks; empty when it has none.
    [[nodiscard]] Range chunk_genes_of(int rank) const;

private:
    Index genes_;
    Index blocks_;
    Index replicas_;
    int ranks_;
    std::vector<int> owner_;
    std::vector<Chunk> chunks_;
};

}  // namespace lazynet::train
