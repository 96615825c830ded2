#include "lazynet/scoring/rows.hpp"

#include <algorithm>
#include <cstring>

namespace lazynet::scoring {
namespace {

constexpr std::size_t kRoundBytes = std::size_t{32} << 20;

std::span<const std::int64_t> stretch(const std::vector<std::int64_t>& rows, std::size_t first, std::size_t n) {
    const std::size_t begin = std::min(first, rows.size());
    return std::span(rows).subspan(begin, std::min(n, rows.size() - begin));
}

}  // namespace

std::vector<std::vector<std::int64_t>> rows_of_all_ranks(const mpi::Communicator& world,
                                                         const std::vector<Index>& mine) {
    const std::vector<std::int64_t> numbers(mine.begin(), mine.end());
    const std::vector<std::int64_t> length{static_cast<std::int64_t>(mine.size())};
    const std::vector<std::int64_t> lengths = world.gather(std::span<const std::int64_t>(length));
    const std::vector<std::int64_t> all = world.gather(std::span<const std::int64_t>(numbers));
    std::vector<std::vector<std::int64_t>> rows;
    auto at = all.begin();
    for (const std::int64_t n : lengths) {
        rows.emplace_back(at, at + n);
        at += n;
    }
    return rows;
}

Matrix fetch_rows(const mpi::Communicator& world, const Matrix& mine, Index genes, const std::vector<Index>& wanted) {
    std::vector<Range> stretches;
    for (int r = 0; r < world.size(); ++r) {
        stretches.push_back(block_of(genes, world.size(), r));
    }
    return fetch_rows(world, mine, stretches, wanted);
}

Matrix fetch_rows(const mpi::Communicator& world, const Matrix& mine, const std::vector<Range>& stretches,
                  const std::vector<Index>& wanted) {
    const Index genes = stretches.back().end;
    const auto asked = rows_of_all_ranks(world, wanted);
    const auto me = static_cast<std::size_t>(world.rank());
    const std::size_t longest = std::ranges::max(asked, {}, [](const auto& rows) { return rows.size(); }).size();
    const std::size_t row_bytes = static_cast<std::size_t>(std::max(genes, Index{1})) * sizeof(float);
    const std::size_t step = std::max(kRoundBytes / row_bytes, std::size_t{1});
    Matrix result(static_cast<Index>(wanted.size()), genes);
    std::vector<std::vector<std::byte>> to(asked.size());
    for (std::size_t first = 0; first < longest; first += step) {
        for (std::size_t r = 0; r < to.size(); ++r) {
            to[r].clear();
            for (const std::int64_t row : stretch(asked[r], first, step)) {
                const auto bytes =
                    std::as_bytes(std::span(mine.row(row).data(), static_cast<std::size_t>(mine.cols())));
                to[r].insert(to[r].end(), bytes.begin(), bytes.end());
            }
        }
        const auto from = world.exchange(to);
        const auto rows = static_cast<Index>(stretch(asked[me], first, step).size());
        for (std::size_t r = 0; r < from.size(); ++r) {
            const Range block = stretches[r];
            result.block(static_cast<Index>(first), block.begin, rows, block.size()) =
                ConstMatrixView(reinterpret_cast<const float*>(from[r].data()), rows, block.size());
        }
    }
    return result;
}

}  // namespace lazynet::scoring
