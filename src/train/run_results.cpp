#include "lazynet/train/run_results.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "consensus_writer.hpp"
#include "lazynet/io/results.hpp"
#include "run_tables.hpp"

namespace lazynet::train {
namespace {

/// Conditions whose rows travel and are written together.
constexpr Index kConditionBatch = 256;
/// Checkpoint record: which unfinished results file holds the models and the conditions.
constexpr const char* kMark = "results/mark";

std::string text_of(const std::vector<std::byte>& record) {
    return Unpacker(record).text();
}

void declare(const RunFacts& facts, io::ResultsFile& file) {
    const auto conditions = static_cast<Index>(facts.screen.conditions.size());
    const auto genes = static_cast<Index>(facts.screen.genes.size());
    file.declare_dense("X", conditions, genes);
    file.declare_dense("layers/observed", conditions, genes);
    file.declare_dense("layers/sd", conditions, genes);
    for (const char* name : kStatistics) {
        if (facts.config.store == Store::full) {
            file.declare_dense(std::string("varp/") + name, genes, genes);
        } else if (facts.config.store == Store::top) {
            file.declare_csr(std::string("varp/") + name, genes, genes, kept_per_target(facts));
        }
        if (facts.config.store != Store::none && !facts.screen.unmeasured.empty()) {
            file.declare_dense(std::string("varm/") + name + "_unmeasured", genes,
                               static_cast<Index>(facts.screen.unmeasured.size()));
        }
    }
}

/// Three matrices (conditions, this rank's genes), made row by row of a batch.
class ConditionRows {
public:
    ConditionRows(const RunFacts& facts, const Predictions& predictions, const BlockTargets& observed,
                  const Matrix& control_mean)
        : facts_(facts),
          predictions_(predictions),
          observed_(observed),
          control_mean_(control_mean),
          pair_(facts.screen.conditions.size(), -1) {
        for (std::size_t p = 0; p < facts.pairs.conditions.size(); ++p) {
            pair_[static_cast<std::size_t>(facts.pairs.conditions[p])] = static_cast<Index>(p);
        }
    }

    /// Predicted, observed, sd of one condition: 3 x genes floats appended.
    void append(Index condition, std::vector<float>& out) const {
        const Condition& c = facts_.screen.conditions[static_cast<std::size_t>(condition)];
        const Index p = pair_[static_cast<std::size_t>(condition)];
        const Index genes = control_mean_.cols();
        Matrix rows(3, genes);
        rows.row(0) = control_mean_.row(c.context);
        rows.row(1) = control_mean_.row(c.context);
        rows.row(2).setZero();
        if (p >= 0) {
            rows.row(0) += predictions_.change.row(p);
            rows.row(1) += observed_.change.row(p);
            rows.row(2) = predictions_.sd.row(p);
            give_own(c, rows);
            if (facts_.screen.nonnegative) {
                rows.row(0) = rows.row(0).cwiseMax(0.0f);
            }
        }
        out.insert(out.end(), rows.data(), rows.data() + rows.size());
    }

private:
    /// A perturbed gene's own coordinate is given, not predicted.
    void give_own(const Condition& condition, Matrix& rows) const {
        for (const Index j : condition.targets) {
            if (predictions_.genes.contains(j)) {
                const Index i = j - predictions_.genes.begin;
                rows(0, i) = control_mean_(condition.context, i) +
                             static_cast<float>(facts_.shifts.of[static_cast<std::size_t>(j)]);
                rows(2, i) = 0.0f;
            }
        }
    }

    const RunFacts& facts_;
    const Predictions& predictions_;
    const BlockTargets& observed_;
    const Matrix& control_mean_;
    std::vector<Index> pair_;
};

/// Rows of conditions travel from the ranks that hold their genes to the rank that writes them.
void write_conditions(const mpi::Communicator& world, const RunFacts& facts, const ConditionRows& source,
                      io::ResultsFile& file) {
    const auto conditions = static_cast<Index>(facts.screen.conditions.size());
    const auto genes = static_cast<Index>(facts.screen.genes.size());
    for (Index at = 0; at < conditions; at += kConditionBatch) {
        const Index n = std::min(kConditionBatch, conditions - at);
        std::vector<std::vector<std::byte>> to(static_cast<std::size_t>(world.size()));
        for (int r = 0; r < world.size(); ++r) {
            const Range rows = block_of(n, world.size(), r);
            std::vector<float> values;
            for (Index c = at + rows.begin; c < at + rows.end; ++c) {
                source.append(c, values);
            }
            const auto bytes = std::as_bytes(std::span(values));
            to[static_cast<std::size_t>(r)].assign(bytes.begin(), bytes.end());
        }
        const auto from = world.exchange(to);
        const Range mine = block_of(n, world.size(), world.rank());
        Matrix assembled[3];
        for (Matrix& m : assembled) {
            m.resize(mine.size(), genes);
        }
        for (int r = 0; r < world.size(); ++r) {
            const Range columns = facts.plan.chunk_genes_of(r);
            const std::byte* next = from[static_cast<std::size_t>(r)].data();
            for (Index row = 0; row < mine.size(); ++row) {
                for (Matrix& m : assembled) {
                    const auto size = static_cast<std::size_t>(columns.size()) * sizeof(float);
                    if (size > 0) {
                        std::memcpy(m.row(row).data() + columns.begin, next, size);
                    }
                    next += size;
                }
            }
        }
        const Range rows{at + mine.begin, at + mine.end};
        file.write_rows("X", rows, cview(assembled[0]));
        file.write_rows("layers/observed", rows, cview(assembled[1]));
        file.write_rows("layers/sd", rows, cview(assembled[2]));
        file.agree();
    }
}

/// Where the models lie: one row per (replica, block, input) of A', per (replica, gene) of C.
void declare_models(const RunFacts& facts, io::ResultsFile& file) {
    const Index hidden = facts.config.hidden_sums + facts.config.hidden_products;
    const Index inputs = facts.pairs.model_inputs();
    const auto genes = static_cast<Index>(facts.screen.genes.size());
    const std::string at = "uns/lazynet/model/";
    if (const PairEmbedding& embedding = facts.pairs.embedding; embedding.dimensions() > 0) {
        file.strings(at + "embedding_names", embedding.names);
        file.array(at + "embedding_default", embedding.unknown());
        file.declare_dense(at + "embedding_values", embedding.values.rows(), embedding.values.cols());
    }
    file.array(at + "inputs", std::vector<std::int64_t>(facts.pairs.inputs.begin(), facts.pairs.inputs.end()));
    file.number(at + "state_inputs", std::int64_t{facts.pairs.state_inputs});
    file.array(at + "input_scale", std::vector<double>(facts.pairs.scale.begin(), facts.pairs.scale.end()));
    file.array(at + "shift", facts.shifts.of);
    file.number(at + "u_max", facts.config.u_max);
    file.number(at + "hidden_sums", std::int64_t{facts.config.hidden_sums});
    file.declare_dense(at + "a", facts.plan.shards() * (inputs + 1), hidden);
    file.declare_dense(at + "c", facts.plan.replicas() * genes, hidden + 1);
    file.declare_dense(at + "slopes", facts.plan.shards(), hidden);
    file.declare_dense(at + "support", facts.plan.shards(), inputs);
}

void write_models(const mpi::Communicator& world, const RunFacts& facts, const std::vector<TrainedShard>& shards,
                  io::ResultsFile& file) {
    const Index first = facts.plan.shards_of(world.rank()).begin;
    const std::string at = "uns/lazynet/model/";
    if (const Matrix& values = facts.pairs.embedding.values; values.size() > 0 && world.is_root()) {
        file.write_rows(at + "embedding_values", {0, values.rows()}, cview(values));
    }
    for (std::size_t k = 0; k < shards.size(); ++k) {
        const Index s = first + static_cast<Index>(k);
        const ShardId id = facts.plan.shard(s);
        const LazyNet& net = shards[k].net;
        file.write_rows(at + "a", {s * net.a.rows(), (s + 1) * net.a.rows()}, cview(net.a));
        const Index row = id.replica * static_cast<Index>(facts.screen.genes.size()) + id.genes.begin;
        file.write_rows(at + "c", {row, row + net.c.rows()}, cview(net.c));
        const Matrix slopes = shards[k].slopes.cast<float>().transpose();
        file.write_rows(at + "slopes", {s, s + 1}, cview(slopes));
        const Eigen::Map<const Eigen::Matrix<std::int32_t, 1, Eigen::Dynamic>> counts(shards[k].support.data(),
                                                                                      net.shape.inputs);
        const Matrix support = counts.cast<float>();
        file.write_rows(at + "support", {s, s + 1}, cview(support));
    }
}

/// What contexts have in common, (contexts, genes) row by row; nothing where contexts have no effects of their own.
void write_context_effects(const mpi::Communicator& world, const RunFacts& facts, const Predictions& predictions,
                           io::ResultsFile& file) {
    std::vector<double> all;
    for (std::size_t c = 0; c < facts.screen.contexts.size(); ++c) {
        std::vector<double> mine(static_cast<std::size_t>(predictions.genes.size()), 0.0);
        const auto row = static_cast<Index>(c);
        for (Index i = 0; row < predictions.context_effect.rows() && i < predictions.genes.size(); ++i) {
            mine[static_cast<std::size_t>(i)] = static_cast<double>(predictions.context_effect(row, i));
        }
        const std::vector<double> genes = world.gather(std::span<const double>(mine));
        all.insert(all.end(), genes.begin(), genes.end());
    }
    if (facts.prior != nullptr) {
        file.array("uns/lazynet/model/context_effect", std::move(all));
    }
}

/// Mean over contexts of the control means of every gene, on every rank.
std::vector<double> gather_control_mean(const mpi::Communicator& world, const Matrix& control_mean) {
    std::vector<double> mine;
    for (Index i = 0; i < control_mean.cols(); ++i) {
        mine.push_back(control_mean.col(i).cast<double>().mean());
    }
    return world.gather(std::span<const double>(mine));
}

}  // namespace

std::vector<io::Edge> write_run(const mpi::Communicator& world, const RunOutput& output, const RunFacts& facts,
                                const std::vector<BlockEnsemble>& ensembles, const Predictions& predictions,
                                const BlockTargets& observed, const Matrix& control_mean,
                                const std::vector<TrainedShard>& shards, Index shown, Checkpoints& checkpoints) {
    io::ResultsFile file(world, output.path);
    if (predictions.context_effect.size() > 0 || facts.screen.contexts.size() > 1) {
        write_context_effects(world, facts, predictions, file);
    }
    describe_run(world, output, facts, predictions, gather_control_mean(world, control_mean), shards, file);
    declare(facts, file);
    declare_models(facts, file);
    const auto saved = [&] { return checkpoints.has(kMark) ? text_of(checkpoints.load(kMark)) : std::string(); };
    std::string mark;
    world.together([&] { mark = saved(); });
    const bool begun = !mark.empty() && file.continue_unfinished(mark);
    if (!begun) {
        file.open_for_data();
        file.keep_unfinished(checkpoints.active());
        write_models(world, facts, shards, file);
        write_conditions(world, facts, ConditionRows(facts, predictions, observed, control_mean), file);
        checkpoints.forget("results");
        if (world.is_root()) {
            checkpoints.finish(kMark, [mark = file.mark()](Packer& packer) { packer.text(mark); });
        }
    }
    const bool all = !output.edges.empty() && output.edges_top == 0;
    const auto capacity =
        all ? std::size_t{0}
            : static_cast<std::size_t>(output.edges.empty() ? shown : std::max(output.edges_top, shown));
    auto edges = write_consensus(world, facts, ensembles, begun, capacity, checkpoints, file);
    file.finish();

    auto best = io::gather_edges(world, std::move(edges), capacity);
    world.together([&] {
        if (world.is_root() && !output.edges.empty()) {
            const auto listed =
                std::min(best.size(), output.edges_top == 0 ? best.size() : static_cast<std::size_t>(output.edges_top));
            io::write_edges(output.edges, std::span(best).first(listed), facts.screen.genes, facts.screen.unmeasured);
        }
    });
    return best;
}

}  // namespace lazynet::train
