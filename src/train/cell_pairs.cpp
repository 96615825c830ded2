#include <algorithm>
#include <cmath>

#include "cell_replica.hpp"
#include "lazynet/core/random.hpp"

namespace lazynet::train {
namespace {

/// Cell pairs that the largest penalty is estimated from.
constexpr Index kPenaltySample = 2048;

}  // namespace

CellPairs make_cell_pairs(const CellTable& table, const Screen& screen, const Pairs& pairs,
                          const Matrix& control_mean) {
    CellPairs cells;
    cells.table = &table;
    cells.screen = &screen;
    std::vector<std::int32_t> pair_of(screen.conditions.size(), -1);
    for (std::size_t p = 0; p < pairs.conditions.size(); ++p) {
        pair_of[static_cast<std::size_t>(pairs.conditions[p])] = static_cast<std::int32_t>(p);
    }
    const std::size_t batches = screen.batches.size();
    cells.pools.resize(screen.contexts.size() * batches);
    cells.controls.resize(screen.contexts.size());
    for (Index cell = 0; cell < table.cells(); ++cell) {
        const auto at = static_cast<std::size_t>(cell);
        const auto condition = static_cast<std::size_t>(table.condition()[at]);
        const auto context = static_cast<std::size_t>(screen.conditions[condition].context);
        const std::size_t pool = context * batches + static_cast<std::size_t>(table.batch()[at]);
        cells.cells.push_back(cell);
        cells.pair.push_back(pair_of[condition]);
        cells.pool.push_back(static_cast<std::int32_t>(pool));
        if (pair_of[condition] < 0) {
            cells.pools[pool].push_back(cell);
            cells.controls[context].push_back(cell);
        }
    }
    for (std::size_t pool = 0; pool < cells.pools.size(); ++pool) {
        if (cells.pools[pool].empty()) {
            cells.pools[pool] = cells.controls[pool / batches];
        }
    }
    const auto genes = static_cast<Index>(screen.genes.size());
    cells.control_mean.setZero(control_mean.rows(), static_cast<Index>(pairs.inputs.size()));
    const Eigen::Map<const Eigen::RowVectorXf> scale(pairs.scale.data(), genes);
    cells.control_mean.leftCols(genes) = (control_mean.array().rowwise() / scale.array()).matrix();
    return cells;
}

double largest_cell_penalty(const CellPairs& cells, const Pairs& pairs, Range genes, const TrainConfig& config) {
    const auto n = std::min<Index>(kPenaltySample, static_cast<Index>(cells.cells.size()));
    const Random random(config.seed, "penalty sample");
    const CellInputs inputs(cells, pairs);
    CellDifferences differences(cells, genes);
    RowsBuffer in, out;
    std::vector<std::int32_t> contexts;
    for (Index r = 0; r < n; ++r) {
        const auto counter = static_cast<std::uint64_t>(2 * r);
        const auto k = static_cast<std::size_t>(random.below(counter, static_cast<std::int64_t>(cells.cells.size())));
        const auto& pool = cells.pools[static_cast<std::size_t>(cells.pool[k])];
        const std::int64_t pre =
            pool[static_cast<std::size_t>(random.below(counter + 1, static_cast<std::int64_t>(pool.size())))];
        inputs.append(pre, cells.pair[k], in);
        differences.append(cells.cells[k], pre, {}, out);
        out.end_row();
        contexts.push_back(context_of(cells, k));
    }
    SparseBatch x, t;
    const auto columns = static_cast<Index>(pairs.inputs.size()) + 1;
    x.assign(in.rows(), columns);
    t.assign(out.rows(), genes.size());
    Matrix v = Matrix::Ones(columns, 1).normalized();
    double norm = 0.0;
    for (int iteration = 0; iteration < 12;
         ++iteration) {  // power iteration on (T' D)' (T' D), D with its mean taken out
        v(columns - 1, 0) = 0.0f;
        Matrix dv(n, 1);
        for (Index r = 0; r < n; ++r) {
            dv(r, 0) = -cells.control_mean.row(contexts[static_cast<std::size_t>(r)]).dot(v.col(0).head(columns - 1));
        }
        x.times(cview(v), view(dv));
        Matrix y = Matrix::Zero(genes.size(), 1);
        t.transposed_times(cview(dv), view(y));
        Matrix back = Matrix::Zero(n, 1);
        t.times(cview(y), view(back));
        Matrix next = Matrix::Zero(columns, 1);
        x.transposed_times(cview(back), view(next));
        for (Index r = 0; r < n; ++r) {
            next.col(0).head(columns - 1) -=
                back(r, 0) * cells.control_mean.row(contexts[static_cast<std::size_t>(r)]).transpose();
        }
        next(columns - 1, 0) = 0.0f;
        norm = std::sqrt(static_cast<double>(next.norm()));
        v = next.normalized();
    }
    return norm / static_cast<double>(std::max<Index>(n, 1));
}

Matrix cell_pair_hidden(const CellPairs& cells, const Pairs& pairs, const LazyNet& net, Index replica,
                        const TrainConfig& config) {
    return MeanHidden(cells, pairs, config)(net, intervened_inputs(pairs, replica), nullptr);
}

}  // namespace lazynet::train
