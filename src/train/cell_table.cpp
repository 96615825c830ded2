#include "lazynet/train/cell_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "lazynet/kernels/log1p.hpp"

namespace lazynet::train {
namespace {

/// Entries of every kept cell, on every rank.
std::vector<std::int64_t> all_lengths(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                                      Normalization normalization) {
    std::vector<std::int64_t> mine;
    world.together([&] {
        CellStream stream(reader, screen, normalization, block_of(reader.cells(), world.size(), world.rank()));
        while (stream.next()) {
            for (Index i = 0; i < stream.cells(); ++i) {
                mine.push_back(static_cast<std::int64_t>(stream.cell(i).genes.size()));
            }
        }
    });
    return world.gather(std::span<const std::int64_t>(mine));
}

Index kept_before(const Screen& screen, Index cell) {
    return std::count_if(screen.cell_condition.begin(), screen.cell_condition.begin() + cell,
                         [](std::int32_t c) { return c >= 0; });
}

void write_values(const CellStream::Cell& cell, Normalization normalization, std::span<float> out) {
    if (normalization != Normalization::counts) {
        std::copy(cell.values.begin(), cell.values.end(), out.begin());
        return;
    }
    std::transform(cell.values.begin(), cell.values.end(), out.begin(), [&](float v) { return v * cell.scale; });
    log1p_in_place(out);
}

template <typename Gene>
void write_genes(const CellStream::Cell& cell, std::span<Gene> out) {
    std::transform(cell.genes.begin(), cell.genes.end(), out.begin(), [](auto g) { return static_cast<Gene>(g); });
}

}  // namespace

void CellTable::allocate(const mpi::Communicator& group, Index cells, Index stored) {
    offsets_ = {group, cells + 1};
    narrow_ = {group, is_narrow() ? stored : 0};
    wide_ = {group, is_narrow() ? 0 : stored};
    values_ = {group, stored};
    condition_ = {group, cells};
    batch_ = {group, cells};
    if (group.is_root()) {
        offsets_.values()[0] = 0;
    }
}

void CellTable::publish(const mpi::Communicator& group) const {
    offsets_.publish(group);
    narrow_.publish(group);
    wide_.publish(group);
    values_.publish(group);
    condition_.publish(group);
    batch_.publish(group);
}

Index CellTable::put(Index place, Index begin, const CellStream::Cell& cell, Normalization normalization,
                     std::int32_t batch) {
    const auto at = static_cast<std::size_t>(place);
    const auto first = static_cast<std::size_t>(begin);
    const std::size_t n = cell.genes.size();
    write_values(cell, normalization, values_.values().subspan(first, n));
    if (is_narrow()) {
        write_genes(cell, narrow_.values().subspan(first, n));
    } else {
        write_genes(cell, wide_.values().subspan(first, n));
    }
    const Index end = begin + static_cast<Index>(n);
    offsets_.values()[at + 1] = end;
    condition_.values()[at] = cell.condition;
    batch_.values()[at] = batch;
    return end;
}

CellTable load_cells(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                     Normalization normalization, Log& log) {
    CellTable table;
    table.genes_ = static_cast<Index>(screen.genes.size());
    const std::vector<std::int64_t> lengths = all_lengths(world, reader, screen, normalization);
    const auto cells = static_cast<Index>(lengths.size());
    const Index stored = std::accumulate(lengths.begin(), lengths.end(), Index{0});
    const Index bytes = cells * 16 + 8 + stored * (table.is_narrow() ? 6 : 8);
    const mpi::Communicator group = mpi::sharing_group(world, static_cast<std::size_t>(bytes), log);
    table.allocate(group, cells, stored);

    const Range slice = block_of(reader.cells(), group.size(), group.rank());
    world.together([&] {
        Index place = kept_before(screen, slice.begin);
        Index begin = std::accumulate(lengths.begin(), lengths.begin() + place, Index{0});
        CellStream stream(reader, screen, normalization, slice);
        while (stream.next()) {
            for (Index i = 0; i < stream.cells(); ++i) {
                const CellStream::Cell cell = stream.cell(i);
                const std::int32_t batch = screen.cell_batch[static_cast<std::size_t>(cell.cell)];
                begin = table.put(place++, begin, cell, normalization, batch);
            }
        }
    });
    table.publish(group);
    log.detail(fmt::format("{}: {} cells x {} genes, {} stored entries, {} MB, one copy per {} rank(s)", screen.name,
                           cells, table.genes_, stored, bytes >> 20, group.size()));
    return table;
}

}  // namespace lazynet::train
