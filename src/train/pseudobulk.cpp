#include "lazynet/train/pseudobulk.hpp"

#include <algorithm>

#include "lazynet/data/cell_piece.hpp"
#include "lazynet/data/cell_stage.hpp"
#include "lazynet/data/variable_genes.hpp"
#include "lazynet/kernels/log1p.hpp"
#include "lazynet/train/cell_routing.hpp"
#include "lazynet/train/cell_stream.hpp"

namespace lazynet::train {
namespace {

/// Packed cells that wait for the table of sums: enough to make one pass through the table worth while, no more than
/// the caches hold when the table is small too.
constexpr std::size_t kLeastStage = std::size_t{8} << 20;
constexpr std::size_t kMostStage = std::size_t{128} << 20;

}  // namespace

std::size_t packed_room(const io::MatrixReader& reader, Normalization normalization, Index conditions, Index genes,
                        int ranks) {
    const std::size_t table = static_cast<std::size_t>(conditions * genes) * sizeof(Moments);
    const double per_entry = normalization == Normalization::counts ? 2 : 5;
    const double headers = static_cast<double>(reader.cells()) * sizeof(PieceHeader);
    const double expected = 1.25 * per_entry * static_cast<double>(reader.stored()) / ranks + headers;
    const bool fits = reader.stored() >= 0 && expected <= static_cast<double>(table);
    const std::size_t one_cell = 8 * static_cast<std::size_t>(genes) + 64;
    return std::max({fits ? table : std::min(2 * table, kMostStage), kLeastStage, one_cell});
}

std::vector<Index> cells_per_condition(const Screen& screen) {
    std::vector<Index> cells(screen.conditions.size(), 0);
    for (const std::int32_t c : screen.cell_condition) {
        if (c >= 0) {
            ++cells[static_cast<std::size_t>(c)];
        }
    }
    return cells;
}

namespace {

void add_row(const CellStream::Cell& row, Normalization normalization, Range own, Matrix& sum) {
    std::vector<float> values(row.values.begin(), row.values.end());
    if (normalization == Normalization::counts) {
        std::transform(values.begin(), values.end(), values.begin(), [&](float v) { return v * row.scale; });
        log1p_in_place(values);
    }
    for (std::size_t k = 0; k < values.size(); ++k) {
        if (own.contains(row.genes[k])) {
            sum(row.condition, row.genes[k] - own.begin) += values[k];
        }
    }
}

/// Rows that are means already: every rank reads all of them, which are few, and keeps its own genes.
Pseudobulk conditions_as_they_are(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                                  Normalization normalization) {
    const Range own = block_of(static_cast<Index>(screen.genes.size()), world.size(), world.rank());
    const auto conditions = static_cast<Index>(screen.conditions.size());
    Pseudobulk bulk{own, cells_per_condition(screen), Matrix::Zero(conditions, own.size()),
                    Matrix::Zero(conditions, own.size())};
    world.together([&] {
        CellStream stream(reader, screen, normalization, {0, reader.cells()});
        while (stream.next()) {
            for (Index i = 0; i < stream.cells(); ++i) {
                add_row(stream.cell(i), normalization, own, bulk.mean);
            }
        }
    });
    for (std::size_t c = 0; c < bulk.cells.size(); ++c) {
        const auto rows = static_cast<double>(std::max(bulk.cells[c], Index{1}));  // predictions may lack controls
        bulk.mean.row(static_cast<Index>(c)) /= static_cast<float>(rows);
        const double variance = screen.noise.empty() ? 0.0 : screen.noise[c] * rows;
        bulk.variance.row(static_cast<Index>(c)).setConstant(static_cast<float>(variance));
    }
    return bulk;
}

}  // namespace

Pseudobulk pseudobulk(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                      Normalization normalization, Log& log) {
    if (screen.rows_are_conditions) {
        return conditions_as_they_are(world, reader, screen, normalization);
    }
    const auto genes = static_cast<Index>(screen.genes.size());
    const auto conditions = static_cast<Index>(screen.conditions.size());
    const Range own = block_of(genes, world.size(), world.rank());
    CellStage stage(conditions, own.size(), packed_room(reader, normalization, conditions, own.size(), world.size()));
    std::vector<Range> owned;
    for (int r = 0; r < world.size(); ++r) {
        owned.push_back(block_of(genes, world.size(), r));
    }
    route_cells(world, reader, screen, normalization, owned, stage, {"averaging cells", "pseudobulk"}, log);
    std::vector<Index> cells = cells_per_condition(screen);
    CellStage::Result result = stage.finish(cells);
    return {own, std::move(cells), std::move(result.mean), std::move(result.variance)};
}

GeneMoments gene_moments(const Pseudobulk& bulk) {
    double cells = 0;
    VectorD sum = VectorD::Zero(bulk.genes.size());
    for (std::size_t c = 0; c < bulk.cells.size(); ++c) {
        cells += static_cast<double>(bulk.cells[c]);
        sum += static_cast<double>(bulk.cells[c]) * bulk.mean.row(static_cast<Index>(c)).cast<double>().transpose();
    }
    GeneMoments genes{sum / std::max(cells, 1.0), VectorD::Zero(bulk.genes.size())};
    for (std::size_t c = 0; c < bulk.cells.size(); ++c) {  // within conditions, and between them
        const auto n = static_cast<double>(bulk.cells[c]);
        const auto row = static_cast<Index>(c);
        const VectorD apart = bulk.mean.row(row).cast<double>().transpose() - genes.mean;
        genes.variance += std::max(n - 1, 0.0) * bulk.variance.row(row).cast<double>().transpose();
        genes.variance += n * apart.cwiseAbs2();
    }
    genes.variance /= std::max(cells - 1, 1.0);
    return genes;
}

std::vector<Index> highly_variable(const mpi::Communicator& world, const Pseudobulk& bulk, const Screen& screen,
                                   Index n) {
    const auto own = static_cast<std::size_t>(bulk.genes.size());
    const GeneMoments genes = gene_moments(bulk);
    const std::vector<double> mean = world.gather(std::span<const double>(genes.mean.data(), own));
    const std::vector<double> variance = world.gather(std::span<const double>(genes.variance.data(), own));
    std::vector<Index> perturbed;
    for (const Condition& condition : screen.conditions) {
        std::copy_if(condition.targets.begin(), condition.targets.end(), std::back_inserter(perturbed),
                     [&](Index j) { return j < static_cast<Index>(screen.genes.size()); });
    }
    return most_variable(mean, variance, n, perturbed);
}

}  // namespace lazynet::train
