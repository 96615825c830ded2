#include "lazynet/scoring/cell_spreads.hpp"

#include <algorithm>
#include <cstring>

#include "lazynet/kernels/log1p.hpp"
#include "lazynet/scoring/rows.hpp"
#include "lazynet/train/cell_routing.hpp"

namespace lazynet::scoring {
namespace {

/// What is wanted of a condition's cells, and by whom.
struct Wish {
    std::size_t rank = 0;
    std::int32_t row = -1;  ///< there; -1: nobody wants it
    std::vector<std::int32_t> genes;
};

/// Per condition. Collective.
std::vector<Wish> all_wishes(const mpi::Communicator& world, std::size_t conditions, const std::vector<Index>& rows,
                             const std::vector<std::vector<std::int32_t>>& genes) {
    std::vector<std::int64_t> mine;  // per row: how many genes, and which
    for (const auto& of_row : genes) {
        mine.push_back(static_cast<std::int64_t>(of_row.size()));
        mine.insert(mine.end(), of_row.begin(), of_row.end());
    }
    const std::vector<std::int64_t> all = world.gather(std::span<const std::int64_t>(mine));
    const auto holders = rows_of_all_ranks(world, rows);
    std::vector<Wish> wishes(conditions);
    auto at = all.begin();
    for (std::size_t r = 0; r < holders.size(); ++r) {
        for (std::size_t row = 0; row < holders[r].size(); ++row) {
            const auto n = static_cast<std::ptrdiff_t>(*at++);
            Wish& wish = wishes[static_cast<std::size_t>(holders[r][row])];
            wish = {r, static_cast<std::int32_t>(row), {}};
            std::transform(at, at + n, std::back_inserter(wish.genes),
                           [](std::int64_t gene) { return static_cast<std::int32_t>(gene); });
            at += n;
        }
    }
    return wishes;
}

/// The cell's values of some genes.
void pick(const train::CellStream::Cell& cell, Normalization normalization, const std::vector<std::int32_t>& genes,
          std::vector<float>& out) {
    out.clear();
    for (const std::int32_t gene : genes) {
        const auto place = std::ranges::lower_bound(cell.genes, gene);
        const bool stored = place != cell.genes.end() && *place == gene;
        out.push_back(stored ? cell.values[static_cast<std::size_t>(place - cell.genes.begin())] * cell.scale : 0.0F);
    }
    if (normalization == Normalization::counts) {
        log1p_in_place(out);
    }
}

/// A message: per cell the row and its values.
void append(std::int32_t row, const std::vector<float>& values, std::vector<std::byte>& message) {
    const auto head = std::as_bytes(std::span(&row, 1));
    const auto body = std::as_bytes(std::span(values));
    message.insert(message.end(), head.begin(), head.end());
    message.insert(message.end(), body.begin(), body.end());
}

/// @param values per row: cells x its genes
void take(const std::vector<std::byte>& message, const std::vector<std::vector<std::int32_t>>& genes,
          std::vector<std::vector<float>>& values) {
    for (std::size_t at = 0; at < message.size();) {
        std::int32_t row = 0;
        std::memcpy(&row, message.data() + at, sizeof row);
        at += sizeof row;
        const std::size_t n = genes[static_cast<std::size_t>(row)].size();
        auto& of_row = values[static_cast<std::size_t>(row)];
        of_row.resize(of_row.size() + n);
        std::memcpy(of_row.data() + of_row.size() - n, message.data() + at, n * sizeof(float));
        at += n * sizeof(float);
    }
}

std::vector<eval::GeneSpread> spreads_of(const std::vector<float>& values, const std::vector<std::int32_t>& genes) {
    std::vector<eval::GeneSpread> spreads;
    std::vector<float> column(genes.empty() ? 0 : values.size() / genes.size());
    for (std::size_t g = 0; g < genes.size() && !column.empty(); ++g) {
        for (std::size_t cell = 0; cell < column.size(); ++cell) {
            column[cell] = values[cell * genes.size() + g];
        }
        spreads.push_back(eval::spread_of(genes[g], column));
    }
    return spreads;
}

}  // namespace

std::vector<std::vector<eval::GeneSpread>> cell_spreads(const mpi::Communicator& world, io::MatrixReader& reader,
                                                        const Screen& screen, Normalization normalization,
                                                        const std::vector<Index>& rows,
                                                        const std::vector<std::vector<std::int32_t>>& genes, Log& log) {
    if (screen.rows_are_conditions) {
        return std::vector<std::vector<eval::GeneSpread>>(rows.size());
    }
    const std::vector<Wish> wishes = all_wishes(world, screen.conditions.size(), rows, genes);
    std::vector<std::vector<std::byte>> outgoing(static_cast<std::size_t>(world.size()));
    std::vector<std::vector<float>> values(rows.size());
    std::vector<float> picked;
    const auto route = [&](const train::CellStream::Cell& cell) {
        const Wish& wish = wishes[static_cast<std::size_t>(cell.condition)];
        if (wish.row >= 0 && !wish.genes.empty()) {
            pick(cell, normalization, wish.genes, picked);
            append(wish.row, picked, outgoing[wish.rank]);
        }
    };
    const auto deliver = [&] {
        for (const auto& message : world.exchange(outgoing)) {
            take(message, genes, values);
        }
        std::ranges::for_each(outgoing, [](auto& message) { message.clear(); });
    };
    train::stream_cells(world, reader, screen, normalization, route, deliver,
                        {"reading cells for their spread", "spread"}, log);
    std::vector<std::vector<eval::GeneSpread>> spreads;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        spreads.push_back(spreads_of(values[row], genes[row]));
    }
    return spreads;
}

}  // namespace lazynet::scoring
