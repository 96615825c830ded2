#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "lazynet/core/log.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/shared_array.hpp"
#include "lazynet/train/cell_stream.hpp"

namespace lazynet::train {

/// Log-normalised expression of all cells that belong to a condition, in file order, sparse, once per node.
///
/// 6 bytes per stored entry (8 with 65,536 genes or more) and 16 per cell. Read-only, no communication, but destroyed
/// collectively: every rank of a node lets go of it at the same point of the program.
class CellTable {
public:
    [[nodiscard]] Index cells() const { return static_cast<Index>(condition_.values().size()); }
    [[nodiscard]] Index genes() const { return genes_; }
    [[nodiscard]] Index stored() const { return static_cast<Index>(values_.values().size()); }
    /// Per cell: index into Screen::conditions.
    [[nodiscard]] std::span<const std::int32_t> condition() const { return condition_.values(); }
    /// Per cell: index into Screen::batches.
    [[nodiscard]] std::span<const std::int32_t> batch() const { return batch_.values(); }

    /// Entries of a cell.
    [[nodiscard]] Range entries(Index cell) const {
        const auto at = static_cast<std::size_t>(cell);
        return {offsets_.values()[at], offsets_.values()[at + 1]};
    }
    /// Values of a cell's entries.
    [[nodiscard]] std::span<const float> values(Index cell) const {
        const Range range = entries(cell);
        return values_.values().subspan(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.size()));
    }
    /// Calls use(gene, value) for a cell's entries, genes ascending.
    template <typename Use>
    void for_each(Index cell, const Use& use) const {
        const Range range = entries(cell);
        if (is_narrow()) {
            visit(narrow_.values(), range, use);
        } else {
            visit(wide_.values(), range, use);
        }
    }

    /// The same for the entries whose genes lie in `genes`.
    template <typename Use>
    void for_each(Index cell, Range genes, const Use& use) const {
        const Range range = entries(cell);
        if (is_narrow()) {
            visit(narrow_.values(), within(narrow_.values(), range, genes), use);
        } else {
            visit(wide_.values(), within(wide_.values(), range, genes), use);
        }
    }

private:
    friend CellTable load_cells(const mpi::Communicator&, io::MatrixReader&, const Screen&, Normalization, Log&);

    void allocate(const mpi::Communicator& group, Index cells, Index stored);
    void publish(const mpi::Communicator& group) const;
    /// Writes one cell; its entries start at `begin`. Returns where they end.
    Index put(Index place, Index begin, const CellStream::Cell& cell, Normalization normalization, std::int32_t batch);

    [[nodiscard]] bool is_narrow() const { return genes_ <= (Index{1} << 16); }
    template <typename Gene, typename Use>
    void visit(std::span<const Gene> genes, Range range, const Use& use) const {
        const float* values = values_.values().data();
        for (Index i = range.begin; i < range.end; ++i) {
            use(Index{genes[static_cast<std::size_t>(i)]}, values[i]);
        }
    }

    template <typename Gene>
    static Range within(std::span<const Gene> genes, Range range, Range wanted) {
        const auto first = genes.begin() + range.begin;
        const auto last = genes.begin() + range.end;
        const auto before = [](Gene gene, Index limit) { return Index{gene} < limit; };
        const auto begin = std::lower_bound(first, last, wanted.begin, before);
        const auto end = std::lower_bound(begin, last, wanted.end, before);
        return {begin - genes.begin(), end - genes.begin()};
    }

    Index genes_ = 0;
    mpi::SharedArray<std::int64_t> offsets_;  ///< cells + 1
    mpi::SharedArray<std::uint16_t> narrow_;  ///< genes of the entries, when 16 bits are enough
    mpi::SharedArray<std::int32_t> wide_;     ///< the same otherwise
    mpi::SharedArray<float> values_;
    mpi::SharedArray<std::int32_t> condition_;
    mpi::SharedArray<std::int32_t> batch_;
};

/// Reads the expression matrix into a CellTable: twice, first to know how long the cells are, then straight into place,
/// so nothing is ever held twice.
///
/// Collective over `world`. Lengths are found by all ranks together; the filling is shared by the ranks of each node.
/// The same content for any number of ranks.
/// @throws AgreedError naming file, cell, gene and value of the first value that cannot be
CellTable load_cells(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                     Normalization normalization, Log& log);

}  // namespace lazynet::train
