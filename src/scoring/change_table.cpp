#include "lazynet/scoring/change_table.hpp"

#include <algorithm>

#include "lazynet/mpi/ordered_sum.hpp"
#include "lazynet/train/plan.hpp"

namespace lazynet::scoring {

GeneChunks::GeneChunks(Index genes, const mpi::Communicator& world) : all(genes) {
    const Index count = (genes + train::kChunkGenes - 1) / train::kChunkGenes;
    for (int r = 0; r < world.size(); ++r) {
        const Range own = block_of(count, world.size(), r);
        of_rank.push_back(
            {std::min(own.begin * train::kChunkGenes, genes), std::min(own.end * train::kChunkGenes, genes)});
    }
    mine = of_rank[static_cast<std::size_t>(world.rank())];
    for (Index begin = 0; begin < mine.size(); begin += train::kChunkGenes) {
        chunks.push_back({begin, std::min(begin + train::kChunkGenes, mine.size())});
    }
}

MatrixD sum_over_chunks(const mpi::Communicator& world, const GeneChunks& genes, Index rows, Index cols,
                        const std::function<MatrixD(Range chunk)>& part) {
    std::vector<MatrixD> parts;
    for (const Range chunk : genes.chunks) {
        parts.push_back(part(chunk));
    }
    MatrixD sum = MatrixD::Zero(rows, cols);
    mpi::ordered_sum(world, {sum.data(), static_cast<std::size_t>(sum.size())}, [&] {
        for (const MatrixD& one : parts) {
            sum += one;
        }
    });
    return sum;
}

MatrixD inner_products(const mpi::Communicator& world, const GeneChunks& genes, const ChangeTable& table,
                       const std::vector<Index>& rows) {
    const auto n = static_cast<Index>(rows.size());
    MatrixD sum = MatrixD::Zero(n, n);
    // Large, so no part of it is kept: each rank computes when it is its turn to add.
    mpi::ordered_sum(world, {sum.data(), static_cast<std::size_t>(sum.size())}, [&] {
        for (const Range chunk : genes.chunks) {
            const MatrixD values = table.change.middleCols(chunk.begin, chunk.size())(rows, Eigen::all).cast<double>();
            sum.noalias() += values * values.transpose();
        }
    });
    return sum;
}

}  // namespace lazynet::scoring
