#include "lazynet/scoring/energy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lazynet/scoring/rows.hpp"
#include "lazynet/train/cell_table.hpp"

namespace lazynet::scoring {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kTileCells = 256;
using Cells = std::vector<Index>;

/// Some cells, dense: in double, because the three means of E are nearly the same.
struct Tile {
    std::span<const Index> cells;
    MatrixD values;
    VectorD squares;  ///< of the lengths

    void fill(const train::CellTable& table, std::span<const Index> which) {
        cells = which;
        values.setZero(static_cast<Index>(which.size()), table.genes());
        for (std::size_t i = 0; i < which.size(); ++i) {
            auto row = values.row(static_cast<Index>(i));
            table.for_each(which[i], [&](Index gene, float value) { row[gene] = static_cast<double>(value); });
        }
        squares = values.rowwise().squaredNorm();
    }
};

std::span<const Index> tile_of(const Cells& cells, std::size_t tile) {
    const std::size_t begin = tile * kTileCells;
    return std::span(cells).subspan(begin, std::min(kTileCells, cells.size() - begin));
}

std::size_t tiles_of(const Cells& cells) {
    return (cells.size() + kTileCells - 1) / kTileCells;
}

/// Adds to `sums`, per cell of a, the distances to all cells of b.
void add_distances(const Tile& a, const Tile& b, Eigen::Ref<VectorD> sums) {
    MatrixD apart = -2.0 * (a.values * b.values.transpose());
    apart.colwise() += a.squares;
    apart.rowwise() += b.squares.transpose();
    for (std::size_t i = 0; i < a.cells.size(); ++i) {  // a cell is no distance from itself, rounding or not
        for (std::size_t j = 0; j < b.cells.size(); ++j) {
            if (a.cells[i] == b.cells[j]) {
                apart(static_cast<Index>(i), static_cast<Index>(j)) = 0;
            }
        }
    }
    sums += apart.cwiseMax(0.0).cwiseSqrt().rowwise().sum();
}

class Distances {
public:
    Distances(const mpi::Communicator& world, const train::CellTable& table, const Screen& screen,
              const std::vector<Index>& rows)
        : table_(table), screen_(screen), cells_(screen.conditions.size()), control_(screen.contexts.size(), -1) {
        for (Index cell = 0; cell < table.cells(); ++cell) {
            cells_[static_cast<std::size_t>(table.condition()[static_cast<std::size_t>(cell)])].push_back(cell);
        }
        for (std::size_t c = 0; c < screen.conditions.size(); ++c) {
            if (screen.conditions[c].is_control()) {
                control_[static_cast<std::size_t>(screen.conditions[c].context)] = static_cast<Index>(c);
            }
        }
        measure_to_controls(world, rows);
    }

    [[nodiscard]] double plain(Index row) const {
        const Index control = control_of(row);
        if (cells_of(row).empty() || control < 0 || cells_of(control).empty()) {
            return kNone;
        }
        return 2 * mean_to_controls(row) - mean_within(cells_of(row)) - mean_to_controls(control);
    }

    [[nodiscard]] double squared(Index row) const {
        const Index control = control_of(row);
        if (cells_of(row).empty() || control < 0 || cells_of(control).empty()) {
            return kNone;
        }
        return 2 * (mean_of(cells_of(row)) - mean_of(cells_of(control))).squaredNorm();
    }

private:
    [[nodiscard]] const Cells& cells_of(Index condition) const { return cells_[static_cast<std::size_t>(condition)]; }
    [[nodiscard]] Index control_of(Index condition) const {
        return control_[static_cast<std::size_t>(screen_.conditions[static_cast<std::size_t>(condition)].context)];
    }

    /// Of every cell of a wanted condition, and of the controls: the sum of its distances to its context's controls.
    /// Collective. Cells go in tiles that do not depend on the ranks, and ranks take contiguous tiles: so all sums
    /// have the same bits whoever makes them.
    void measure_to_controls(const mpi::Communicator& world, const std::vector<Index>& rows) {
        const std::vector<Cells> queries = wanted_cells(world, rows);
        std::vector<std::pair<std::size_t, std::size_t>> tiles;  // context, tile
        for (std::size_t k = 0; k < queries.size(); ++k) {
            for (std::size_t t = 0; t < tiles_of(queries[k]); ++t) {
                tiles.emplace_back(k, t);
            }
        }
        const Range own = block_of(static_cast<Index>(tiles.size()), world.size(), world.rank());
        std::vector<double> mine;
        for (Index i = own.begin; i < own.end; ++i) {
            const auto [context, tile] = tiles[static_cast<std::size_t>(i)];
            const VectorD sums = sums_to(cells_of(control_[context]), tile_of(queries[context], tile));
            mine.insert(mine.end(), sums.begin(), sums.end());
        }
        const std::vector<double> all = world.gather(std::span<const double>(mine));
        to_controls_.assign(static_cast<std::size_t>(table_.cells()), kNone);
        auto at = all.begin();
        for (const Cells& cells : queries) {
            for (const Index cell : cells) {
                to_controls_[static_cast<std::size_t>(cell)] = *at++;
            }
        }
    }

    /// Per context with controls: its controls and the cells of all ranks' rows, in the order of the table.
    [[nodiscard]] std::vector<Cells> wanted_cells(const mpi::Communicator& world,
                                                  const std::vector<Index>& rows) const {
        std::vector<bool> wanted(cells_.size(), false);
        for (const auto& of_rank : rows_of_all_ranks(world, rows)) {
            for (const std::int64_t row : of_rank) {
                wanted[static_cast<std::size_t>(row)] = true;
            }
        }
        for (const Index control : control_) {
            if (control >= 0) {
                wanted[static_cast<std::size_t>(control)] = true;
            }
        }
        std::vector<Cells> queries(control_.size());
        for (Index cell = 0; cell < table_.cells(); ++cell) {
            const auto c = static_cast<std::size_t>(table_.condition()[static_cast<std::size_t>(cell)]);
            const auto context = static_cast<std::size_t>(screen_.conditions[c].context);
            if (wanted[c] && control_[context] >= 0) {
                queries[context].push_back(cell);
            }
        }
        return queries;
    }

    [[nodiscard]] VectorD sums_to(const Cells& others, std::span<const Index> cells) const {
        Tile a;
        Tile b;
        a.fill(table_, cells);
        VectorD sums = VectorD::Zero(static_cast<Index>(cells.size()));
        for (std::size_t t = 0; t < tiles_of(others); ++t) {
            b.fill(table_, tile_of(others, t));
            add_distances(a, b, sums);
        }
        return sums;
    }

    [[nodiscard]] double mean_within(const Cells& cells) const {
        double sum = 0;
        for (std::size_t t = 0; t < tiles_of(cells); ++t) {
            sum += sums_to(cells, tile_of(cells, t)).sum();
        }
        return sum / static_cast<double>(cells.size()) / static_cast<double>(cells.size());
    }

    [[nodiscard]] double mean_to_controls(Index condition) const {
        double sum = 0;
        for (const Index cell : cells_of(condition)) {
            sum += to_controls_[static_cast<std::size_t>(cell)];
        }
        const auto controls = static_cast<double>(cells_of(control_of(condition)).size());
        return sum / static_cast<double>(cells_of(condition).size()) / controls;
    }

    [[nodiscard]] VectorD mean_of(const Cells& cells) const {
        VectorD mean = VectorD::Zero(table_.genes());
        for (const Index cell : cells) {
            table_.for_each(cell, [&](Index gene, float value) { mean[gene] += static_cast<double>(value); });
        }
        return mean / static_cast<double>(cells.size());
    }

    const train::CellTable& table_;
    const Screen& screen_;
    std::vector<Cells> cells_;         ///< per condition
    std::vector<Index> control_;       ///< per context: condition; -1: none
    std::vector<double> to_controls_;  ///< per cell: sum of the distances to its context's controls
};

}  // namespace

EnergyDistances energy_distances(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                                 Normalization normalization, const std::vector<Index>& rows, Log& log) {
    if (screen.rows_are_conditions) {
        return {};
    }
    const train::CellTable table = train::load_cells(world, reader, screen, normalization, log);
    const Distances distances(world, table, screen, rows);
    const auto n = static_cast<Index>(rows.size());
    EnergyDistances result{VectorD(n), VectorD(n)};
    for (Index i = 0; i < n; ++i) {
        const Index row = rows[static_cast<std::size_t>(i)];
        result.plain[i] = distances.plain(row);
        result.squared[i] = distances.squared(row);
    }
    return result;
}

double pearson_edistance(const mpi::Communicator& world, const VectorD& real, const VectorD& predicted) {
    const auto span_of = [](const VectorD& v) { return std::span(v.data(), static_cast<std::size_t>(v.size())); };
    const std::vector<double> x = world.gather(span_of(real));
    const std::vector<double> y = world.gather(span_of(predicted));
    std::vector<std::size_t> both;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!std::isnan(x[i]) && !std::isnan(y[i])) {
            both.push_back(i);
        }
    }
    const auto mean = [&](const std::vector<double>& v) {
        double sum = 0;
        for (const std::size_t i : both) {
            sum += v[i];
        }
        return sum / static_cast<double>(both.size());
    };
    const double mean_x = mean(x);
    const double mean_y = mean(y);
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (const std::size_t i : both) {
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    return both.size() < 2 || xx == 0 || yy == 0 ? kNone : xy / std::sqrt(xx * yy);
}

}  // namespace lazynet::scoring
