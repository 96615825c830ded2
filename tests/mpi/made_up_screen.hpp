#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lazynet/core/random.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/io/matrix_reader.hpp"

namespace lazynet {

/// A matrix that is made up while it is read, the same on every rank and for every cut: counts with a heavy tail
/// (some above 255), or log values. Nothing is stored, so it can be larger than memory.
class MadeUpMatrix : public io::MatrixReader {
public:
    MadeUpMatrix(Index cells, Index genes, double density, Normalization kind, std::string layout = "csr")
        : cells_(cells), genes_(genes), density_(density), kind_(kind), layout_(std::move(layout)) {}

    [[nodiscard]] Index cells() const override { return cells_; }
    [[nodiscard]] Index genes() const override { return genes_; }
    [[nodiscard]] Index stored() const override {
        return layout_ == "csv" ? -1 : static_cast<Index>(density_ * static_cast<double>(cells_ * genes_));
    }
    [[nodiscard]] std::string layout() const override { return layout_; }
    [[nodiscard]] Index cells_per_read(std::size_t bytes) const override {
        const double row = std::max(8.0, 8.0 * density_ * static_cast<double>(genes_));
        return std::max(Index{1}, static_cast<Index>(static_cast<double>(bytes) / row));
    }
    void read(Range range, io::CsrRows& out) override {
        out.offsets.assign(1, 0);
        out.genes.clear();
        out.values.clear();
        for (Index c = range.begin; c < range.end; ++c) {
            append(c, out);
            out.offsets.push_back(static_cast<std::int64_t>(out.genes.size()));
        }
    }

    /// The value read at (cell, gene) instead of the made-up one, when that place is reached.
    void spoil(Index cell, float value) {
        spoilt_ = cell;
        spoil_ = value;
    }

private:
    void append(Index c, io::CsrRows& out) const {
        const Random random(7, "matrix", {c});
        for (Index g = c % 3; g < genes_; ++g) {
            const auto counter = static_cast<std::uint64_t>(2 * g);
            if (random.uniform(counter) >= density_) {
                continue;
            }
            const double u = random.uniform(counter + 1);
            const double value = kind_ == Normalization::counts ? std::floor(1.0 / (u + 0.002)) : 4 * u;
            out.genes.push_back(static_cast<std::int32_t>(g));
            out.values.push_back(static_cast<float>(value));
        }
        if (c == spoilt_ && out.genes.size() > static_cast<std::size_t>(out.offsets.back())) {
            out.values.back() = spoil_;
        }
    }

    Index cells_;
    Index genes_;
    double density_;
    Normalization kind_;
    std::string layout_;
    Index spoilt_ = -1;
    float spoil_ = 0;
};

/// Labels for it: two contexts, every 11th cell left out, every `dropped`-th column dropped (0: none).
inline Screen made_up_screen(const io::MatrixReader& matrix, Index conditions, Index dropped) {
    Screen screen;
    screen.name = "made_up";
    screen.contexts = {"a", "b"};
    screen.batches = {"x", "y", "z"};
    for (Index column = 0; column < matrix.genes(); ++column) {
        const bool keep = dropped == 0 || column % dropped != 1;
        screen.gene_of_column.push_back(keep ? static_cast<std::int32_t>(screen.genes.size()) : -1);
        if (keep) {
            screen.genes.push_back(fmt::format("g{}", column));
        }
    }
    screen.conditions.resize(static_cast<std::size_t>(conditions));
    for (Index c = 0; c < conditions; ++c) {
        auto& condition = screen.conditions[static_cast<std::size_t>(c)];
        condition.context = c % 2;
        if (c >= 2) {
            condition.targets = {(37 * c) % static_cast<Index>(screen.genes.size())};
        }
    }
    for (Index cell = 0; cell < matrix.cells(); ++cell) {
        const Index c = Random(3, "labels", {cell}).below(0, conditions);
        screen.cell_condition.push_back(cell % 11 == 5 ? -1 : static_cast<std::int32_t>(c));
        screen.cell_batch.push_back(static_cast<std::int32_t>(cell % 3));
        screen.conditions[static_cast<std::size_t>(c)].cells += cell % 11 == 5 ? 0 : 1;
    }
    return screen;
}

/// What the whole matrix looks like to somebody naive: dense, float64, log-normalised; rows of left-out cells too.
inline MatrixD naive_expression(io::MatrixReader& matrix, const Screen& screen, Normalization kind) {
    MatrixD x = MatrixD::Zero(matrix.cells(), static_cast<Index>(screen.genes.size()));
    io::CsrRows row;
    for (Index cell = 0; cell < matrix.cells(); ++cell) {
        matrix.read({cell, cell + 1}, row);
        double total = 0;
        for (const float v : row.values) {
            total += v;
        }
        for (std::size_t i = 0; i < row.values.size(); ++i) {
            const std::int32_t gene = screen.gene_of_column[static_cast<std::size_t>(row.genes[i])];
            const double v = row.values[i];
            if (gene >= 0) {
                x(cell, gene) = kind == Normalization::counts ? std::log1p(v / total * 1e4) : v;
            }
        }
    }
    return x;
}

}  // namespace lazynet
