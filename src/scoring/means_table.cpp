#include "lazynet/scoring/means_table.hpp"

#include <map>
#include <numeric>
#include <string>

#include "lazynet/train/columns.hpp"
#include "lazynet/train/pseudobulk.hpp"

namespace lazynet::scoring {
namespace {

std::vector<Index> rows_in(const Screen& screen, const Screen& part) {
    if (&part == &screen) {
        std::vector<Index> all(screen.conditions.size());
        std::iota(all.begin(), all.end(), Index{0});
        return all;
    }
    std::map<std::pair<std::string, std::string>, Index> rows;
    for (std::size_t k = 0; k < screen.conditions.size(); ++k) {
        const Condition& c = screen.conditions[k];
        rows[{c.perturbation, screen.contexts[static_cast<std::size_t>(c.context)]}] = static_cast<Index>(k);
    }
    std::vector<Index> result;
    for (const Condition& c : part.conditions) {
        result.push_back(rows.at({c.perturbation, part.contexts[static_cast<std::size_t>(c.context)]}));
    }
    return result;
}

Matrix spread_out(const Matrix& values, const std::vector<Index>& rows, Index all) {
    Matrix result = Matrix::Zero(all, values.cols());
    for (std::size_t k = 0; k < rows.size(); ++k) {
        result.row(rows[k]) = values.row(static_cast<Index>(k));
    }
    return result;
}

}  // namespace

MeansTable means_of(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& part, const Screen& screen,
                    Normalization normalization, const GeneChunks& genes, const std::vector<Index>& columns, Log& log) {
    const std::span<const Index> wanted(columns.data() + genes.mine.begin, static_cast<std::size_t>(genes.mine.size()));
    const auto all_genes = static_cast<Index>(screen.genes.size());
    const std::vector<Index> rows = rows_in(screen, part);
    const auto all = static_cast<Index>(screen.conditions.size());
    train::Pseudobulk bulk = train::pseudobulk(world, reader, part, normalization, log);
    MeansTable table{{}, {}, std::vector<Index>(screen.conditions.size(), 0)};
    table.mean = spread_out(train::fetch_columns(world, bulk.mean, all_genes, wanted), rows, all);
    bulk.mean.resize(0, 0);
    table.variance = spread_out(train::fetch_columns(world, bulk.variance, all_genes, wanted), rows, all);
    for (std::size_t k = 0; k < rows.size(); ++k) {
        table.cells[static_cast<std::size_t>(rows[k])] = bulk.cells[k];
    }
    return table;
}

ChangeTable changes_of(const MeansTable& table, const Screen& screen, const GeneChunks& genes,
                       const std::vector<Index>& columns) {
    ChangeTable result;
    result.change.resize(table.mean.rows(), table.mean.cols());
    for (std::size_t k = 0; k < screen.conditions.size(); ++k) {
        const Condition& c = screen.conditions[k];
        const auto row = static_cast<Index>(k);
        result.conditions.push_back({c.targets, c.context});
        result.change.row(row) = table.mean.row(row) - table.mean.row(c.context);
    }
    result.control = table.mean.topRows(static_cast<Index>(screen.contexts.size()));
    result.regulators = screen.regulators();
    result.gene_of.assign(static_cast<std::size_t>(result.regulators), -1);
    for (Index i = 0; i < genes.all; ++i) {
        result.gene_of[static_cast<std::size_t>(columns[static_cast<std::size_t>(i)])] = i;
    }
    return result;
}

}  // namespace lazynet::scoring
