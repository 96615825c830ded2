#include "lazynet/train/columns.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace lazynet::train {
namespace {

using Messages = std::vector<std::vector<std::byte>>;
using Numbers = std::vector<std::vector<Index>>;  ///< by rank

constexpr std::int64_t kRoundBytes = std::int64_t{32} << 20;

/// Tells every rank which of its columns (counted from its first) this rank wants, and learns the same from the others.
Numbers ask(const mpi::Communicator& world, const Numbers& wanted) {
    Messages to(wanted.size());
    for (std::size_t r = 0; r < wanted.size(); ++r) {
        const auto bytes = std::as_bytes(std::span(wanted[r]));
        to[r].assign(bytes.begin(), bytes.end());
    }
    const Messages from = world.exchange(to);
    Numbers asked(from.size());
    for (std::size_t r = 0; r < from.size(); ++r) {
        asked[r].resize(from[r].size() / sizeof(Index));
        std::copy(from[r].begin(), from[r].end(), std::as_writable_bytes(std::span(asked[r])).begin());
    }
    return asked;
}

/// Rows that fit one round on the rank with the most to send or receive.
Index rows_per_round(const mpi::Communicator& world, const Numbers& asked, std::size_t wanted) {
    std::size_t columns = std::max(wanted, std::size_t{1});
    std::size_t sent = 0;
    for (const auto& of_rank : asked) {
        sent += of_rank.size();
    }
    const auto most = world.max(static_cast<std::int64_t>(std::max(columns, sent) * sizeof(float)));
    return std::max<Index>(1, kRoundBytes / most);
}

void pack(const Matrix& mine, Range rows, const std::vector<Index>& columns, std::vector<std::byte>& message) {
    message.resize(static_cast<std::size_t>(rows.size()) * columns.size() * sizeof(float));
    MatrixView(reinterpret_cast<float*>(message.data()), rows.size(), static_cast<Index>(columns.size())) =
        mine.middleRows(rows.begin, rows.size())(Eigen::all, columns);
}

void unpack(const std::vector<std::byte>& message, Range rows, const std::vector<Index>& places, Matrix& result) {
    result.middleRows(rows.begin, rows.size())(Eigen::all, places) =
        ConstMatrixView(reinterpret_cast<const float*>(message.data()), rows.size(), static_cast<Index>(places.size()));
}

}  // namespace

Matrix fetch_columns(const mpi::Communicator& world, const Matrix& mine, Index genes, std::span<const Index> wanted) {
    const auto ranks = static_cast<std::size_t>(world.size());
    Numbers columns(ranks);  // wanted from each rank, in its numbering
    Numbers places(ranks);   // where they go
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const Index owner = part_of(genes, world.size(), wanted[i]);
        columns[static_cast<std::size_t>(owner)].push_back(wanted[i] - block_of(genes, world.size(), owner).begin);
        places[static_cast<std::size_t>(owner)].push_back(static_cast<Index>(i));
    }
    const Numbers asked = ask(world, columns);
    const Index step = rows_per_round(world, asked, wanted.size());
    Matrix result(mine.rows(), static_cast<Index>(wanted.size()));
    Messages to(ranks);
    for (Index first = 0; first < mine.rows(); first += step) {
        const Range rows{first, std::min(first + step, mine.rows())};
        for (std::size_t r = 0; r < ranks; ++r) {
            pack(mine, rows, asked[r], to[r]);
        }
        const Messages from = world.exchange(to);
        for (std::size_t r = 0; r < ranks; ++r) {
            unpack(from[r], rows, places[r], result);
        }
    }
    return result;
}

}  // namespace lazynet::train
