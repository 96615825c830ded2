#include "lazynet/predict/forward.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace lazynet::predict {
namespace {

/// Floats of all replicas' predictions in a tile: together they fit the second-level cache.
constexpr Index kTile = Index{1} << 17;

/// Calls visit(shard, block, model) for every shard.
template <typename Visit>
void for_each_shard(const RunModels& models, const Visit& visit) {
    std::size_t s = 0;
    for (const BlockModels& block : models.blocks()) {
        for (const ReplicaModel& model : block.replicas) {
            visit(s++, block, model);
        }
    }
}

Matrix coordinates_of(const RunModels& models, std::span<const PerturbedGene> genes) {
    Matrix e(static_cast<Index>(genes.size()), models.facts().embedding.dimensions());
    for (std::size_t g = 0; g < genes.size() && e.cols() > 0; ++g) {
        e.row(static_cast<Index>(g)) = models.coordinates(genes[g]);
    }
    return e;
}

/// Mean and spread over replicas of one row of a tile.
void average_row(const std::vector<Matrix>& y, Index row, Eigen::Ref<Eigen::RowVectorXf> mean,
                 Eigen::Ref<Eigen::RowVectorXf> sd) {
    const auto n = static_cast<float>(y.size());
    mean = y[0].row(row);
    for (std::size_t r = 1; r < y.size(); ++r) {
        mean += y[r].row(row);
    }
    mean /= n;
    sd.setZero();
    if (y.size() > 1) {
        for (const Matrix& replica : y) {
            sd.array() += (replica.row(row) - mean).array().square();
        }
        sd = (sd.array() / (n - 1.0f)).sqrt().matrix();
    }
}

}  // namespace

ShardMatrices gene_rows(const RunModels& models, std::span<const PerturbedGene> genes) {
    const Matrix e = coordinates_of(models, genes);
    ShardMatrices rows(models.blocks().size() * static_cast<std::size_t>(models.replicas()));
    for_each_shard(models, [&](std::size_t s, const BlockModels&, const ReplicaModel& model) {
        Matrix& out = rows[s];
        out.setZero(e.rows(), models.shape().hidden());
        if (e.cols() > 0) {
            out.noalias() = e * model.embedding;
        }
        for (std::size_t g = 0; g < genes.size(); ++g) {
            auto row = out.row(static_cast<Index>(g));
            row += genes[g].input >= 0 ? Eigen::RowVectorXf(model.inputs.row(genes[g].input)) : model.unseen;
            row = genes[g].value * row + (genes[g].strength - 1.0f) * model.biases;
        }
    });
    return rows;
}

ShardMatrices hidden_units(const RunModels& models, const ShardMatrices& rows, const SparseRows& members) {
    ShardMatrices hidden(rows.size());
    Matrix z;
    for_each_shard(models, [&](std::size_t s, const BlockModels&, const ReplicaModel& model) {
        z.resize(members.rows(), models.shape().hidden());
        z.rowwise() = model.biases;
        sparse_times(members, cview(rows[s]), view(z));
        hidden[s].resize(members.rows(), models.shape().width());
        activate(models.shape(), cview(z), view(hidden[s]));
    });
    return hidden;
}

void average_replicas(const RunModels& models, const ShardMatrices& hidden, Profile& out) {
    const Index sets = hidden.front().rows();
    const auto genes = static_cast<Index>(models.genes().size());
    out.mean.resize(sets, genes);
    out.sd.resize(sets, genes);
    const auto replicas = static_cast<std::size_t>(models.replicas());
    const Index width = std::max<Index>(16, kTile / std::max<Index>(sets * models.replicas(), 1) / 16 * 16);
    std::vector<Matrix> y(replicas);
    for (std::size_t b = 0; b < models.blocks().size(); ++b) {
        const BlockModels& block = models.blocks()[b];
        for (Index at = 0; at < block.genes.size(); at += width) {
            const Index n = std::min(width, block.genes.size() - at);
            for (std::size_t r = 0; r < replicas; ++r) {
                y[r].noalias() = hidden[b * replicas + r] * block.replicas[r].c.middleRows(at, n).transpose();
            }
            for (Index i = 0; i < sets; ++i) {
                average_row(y, i, out.mean.row(i).segment(block.genes.begin + at, n),
                            out.sd.row(i).segment(block.genes.begin + at, n));
            }
        }
    }
}

Batch::Batch(std::span<const Perturbation> perturbations) {
    std::unordered_map<std::string, std::int32_t> place;
    for (const Perturbation& p : perturbations) {
        for (const PerturbedGene& gene : p.genes) {
            const auto [at, is_new] = place.emplace(gene.name, static_cast<std::int32_t>(genes.size()));
            if (is_new) {
                genes.push_back(gene);
            }
            columns.push_back(at->second);
        }
        offsets.push_back(static_cast<std::int64_t>(columns.size()));
    }
    ones.assign(columns.size(), 1.0f);
}

void predict(const RunModels& models, std::span<const Perturbation> perturbations, Profile& out) {
    const Batch batch(perturbations);
    average_replicas(models, hidden_units(models, gene_rows(models, batch.genes), batch.members()), out);
    for (std::size_t p = 0; p < perturbations.size(); ++p) {
        for (const PerturbedGene& gene : perturbations[p].genes) {
            if (gene.output >= 0) {
                out.mean(static_cast<Index>(p), gene.output) = static_cast<float>(gene.shift);
                out.sd(static_cast<Index>(p), gene.output) = 0.0f;
            }
        }
    }
}

void predict_interactions(const RunModels& models, std::span<const Perturbation> perturbations, Profile& out) {
    const Batch batch(perturbations);
    const ShardMatrices rows = gene_rows(models, batch.genes);
    std::vector<std::int64_t> each(batch.genes.size() + 1);
    std::vector<std::int32_t> itself(batch.genes.size());
    std::iota(each.begin(), each.end(), std::int64_t{0});
    std::iota(itself.begin(), itself.end(), std::int32_t{0});
    const std::vector<float> ones(batch.genes.size(), 1.0f);
    ShardMatrices hidden = hidden_units(models, rows, batch.members());
    const ShardMatrices alone = hidden_units(models, rows, {each, itself, ones});
    const std::vector<float> minus(batch.columns.size(), -1.0f);
    for (std::size_t s = 0; s < hidden.size(); ++s) {
        sparse_times({batch.offsets, batch.columns, minus}, cview(alone[s]), view(hidden[s]));
    }
    average_replicas(models, hidden, out);
    for (std::size_t p = 0; p < perturbations.size(); ++p) {
        const auto row = static_cast<Index>(p);
        if (perturbations[p].genes.size() < 2) {
            out.mean.row(row).setZero();
            out.sd.row(row).setZero();
        }
        for (const PerturbedGene& gene : perturbations[p].genes) {
            if (gene.output >= 0) {
                out.mean(row, gene.output) = 0.0f;
                out.sd(row, gene.output) = 0.0f;
            }
        }
    }
}

void calibrate(const RunModels& models, std::span<const Perturbation> perturbations, Matrix& sd) {
    if (!models.is_calibrated()) {
        return;
    }
    const Eigen::Map<const Eigen::RowVectorXf> residual(models.facts().residual.data(), sd.cols());
    for (std::size_t p = 0; p < perturbations.size(); ++p) {
        const io::CalibrationRow factors = models.calibration(perturbations[p].ground);
        auto row = sd.row(static_cast<Index>(p)).array();
        row = (static_cast<float>(factors.ensemble) * row.square() +
               static_cast<float>(factors.residual) * residual.array().square())
                  .sqrt();
        for (const PerturbedGene& gene : perturbations[p].genes) {
            if (gene.output >= 0) {
                row[gene.output] = 0.0f;
            }
        }
    }
}

}  // namespace lazynet::predict
