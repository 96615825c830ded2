#include "lazynet/train/plan.hpp"

#include <algorithm>

namespace lazynet::train {

Plan::Plan(Index genes, Index blocks, Index replicas, int ranks)
    : genes_(genes), blocks_(blocks), replicas_(replicas), ranks_(ranks) {
    // A shard's cost goes with its genes: cut the running total into equal parts at the shards' middles.
    const double total = static_cast<double>(genes * replicas);
    double before = 0.0;
    for (Index s = 0; s < shards(); ++s) {
        const auto cost = static_cast<double>(shard(s).genes.size());
        const int rank = static_cast<int>((before + 0.5 * cost) / total * ranks_);
        owner_.push_back(std::clamp(rank, 0, ranks_ - 1));
        before += cost;
    }
    for (Index b = 0; b < blocks_; ++b) {
        const Range range = genes_of_block(b);
        for (Index at = range.begin; at < range.end; at += kChunkGenes) {
            chunks_.push_back({b, {at, std::min(at + kChunkGenes, range.end)}});
        }
    }
}

ShardId Plan::shard(Index s) const {
    return {s % replicas_, s / replicas_, genes_of_block(s / replicas_)};
}

Range Plan::shards_of(int rank) const {
    const auto [first, last] = std::equal_range(owner_.begin(), owner_.end(), rank);
    return {first - owner_.begin(), last - owner_.begin()};
}

Range Plan::blocks_of(int rank) const {
    const Range mine = shards_of(rank);
    return mine.size() == 0 ? Range{} : Range{mine.begin / replicas_, (mine.end - 1) / replicas_ + 1};
}

Range Plan::chunks_of(int rank) const {
    return block_of(static_cast<Index>(chunks_.size()), ranks_, rank);
}

Range Plan::chunk_genes_of(int rank) const {
    const Range mine = chunks_of(rank);
    if (mine.size() == 0) {
        return {};
    }
    return {chunks_[static_cast<std::size_t>(mine.begin)].genes.begin,
            chunks_[static_cast<std::size_t>(mine.end - 1)].genes.end};
}

}  // namespace lazynet::train
