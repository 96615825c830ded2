#include "run_tables.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "calibration.hpp"
#include "lazynet/train/provenance.hpp"

namespace lazynet::train {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Index of every condition's pair, -1 for controls.
std::vector<Index> pair_of_condition(const RunFacts& facts) {
    std::vector<Index> pair(facts.screen.conditions.size(), -1);
    for (std::size_t p = 0; p < facts.pairs.conditions.size(); ++p) {
        pair[static_cast<std::size_t>(facts.pairs.conditions[p])] = static_cast<Index>(p);
    }
    return pair;
}

io::Categorical context_column(const Screen& screen) {
    io::Categorical column{screen.contexts, {}};
    for (const Condition& c : screen.conditions) {
        column.codes.push_back(static_cast<std::int32_t>(c.context));
    }
    return column;
}

io::Table condition_table(const RunFacts& facts, const Predictions& predictions) {
    const Screen& screen = facts.screen;
    io::Table table;
    std::vector<std::string> perturbation;
    std::vector<std::int64_t> cells, fold;
    io::Categorical split{{"control", "cross-validated", "training"}, {}};
    std::vector<double> held_out, fitted, no_change, mean, noise;
    const auto pair = pair_of_condition(facts);
    for (std::size_t c = 0; c < screen.conditions.size(); ++c) {
        const Condition& condition = screen.conditions[c];
        const std::string& context = screen.contexts[static_cast<std::size_t>(condition.context)];
        table.index.push_back(screen.contexts.size() > 1 ? context + "|" + condition.perturbation
                                                         : condition.perturbation);
        perturbation.push_back(condition.perturbation);
        cells.push_back(condition.cells);
        const PairScore none;
        const PairScore& s = pair[c] < 0 ? none : predictions.scores[static_cast<std::size_t>(pair[c])];
        const double genes = std::max(s.genes, 1.0);
        fold.push_back(pair[c] < 0 ? -1 : facts.pairs.fold[static_cast<std::size_t>(pair[c])]);
        split.codes.push_back(pair[c] < 0 ? 0 : s.has_held_out ? 1 : 2);
        held_out.push_back(s.has_held_out ? s.held_out / genes : kNaN);
        fitted.push_back(s.has_fitted ? s.fitted / genes : kNaN);
        no_change.push_back(pair[c] < 0 ? kNaN : s.no_change / genes);
        mean.push_back(pair[c] < 0 ? kNaN : s.mean / genes);
        noise.push_back(pair[c] < 0 || !screen.knows_noise() ? kNaN : s.noise / genes);
    }
    table.columns = {{"context", context_column(screen)},
                     {"perturbation", perturbation},
                     {"cells", cells},
                     {"split", split},
                     {"fold", fold},
                     {"mse_held_out", held_out},
                     {"mse_fitted", fitted},
                     {"mse_no_change", no_change},
                     {"mse_mean", mean},
                     {"mse_noise", noise}};
    return table;
}

io::Table gene_table(const RunFacts& facts, const Predictions& predictions, const std::vector<double>& control_mean,
                     const std::optional<Calibration>& calibration) {
    io::Table table;
    table.index = facts.screen.genes;
    std::vector<std::int64_t> block, support;
    std::vector<double> error;
    const auto all = regulator_support(facts.screen, facts.pairs);
    for (std::size_t g = 0; g < table.index.size(); ++g) {
        block.push_back(part_of(static_cast<Index>(table.index.size()), facts.plan.blocks(), static_cast<Index>(g)));
        support.push_back(all[g]);
        const double none = predictions.gene_no_change[g];
        error.push_back(none > 0.0 ? predictions.gene_held_out[g] / none : kNaN);
    }
    table.columns = {
        {"block", block}, {"control_mean", control_mean}, {"validation_error", error}, {"regulator_support", support}};
    if (calibration) {
        table.columns.push_back({"residual_sd", calibration->residual_sd});
    }
    return table;
}

/// Histories of all shards, in shard order, on every rank.
io::Table history_table(const mpi::Communicator& world, const Plan& plan, const std::vector<TrainedShard>& shards) {
    std::vector<double> mine;
    const Index first = plan.shards_of(world.rank()).begin;
    for (std::size_t k = 0; k < shards.size(); ++k) {
        const ShardId id = plan.shard(first + static_cast<Index>(k));
        for (const EpochRecord& r : shards[k].history) {
            mine.insert(mine.end(),
                        {static_cast<double>(id.replica), static_cast<double>(id.block), static_cast<double>(r.epoch),
                         r.training, r.seen, r.held_out, r.epoch == shards[k].best_epoch ? 1.0 : 0.0});
        }
    }
    const auto all = world.gather(std::span<const double>(mine));
    io::Table table;
    std::vector<std::int64_t> replica, block, epoch;
    std::vector<double> training, seen, held_out;
    std::vector<bool> best;
    for (std::size_t k = 0; k < all.size(); k += 7) {
        table.index.push_back(std::to_string(k / 7));
        replica.push_back(static_cast<std::int64_t>(all[k]));
        block.push_back(static_cast<std::int64_t>(all[k + 1]));
        epoch.push_back(static_cast<std::int64_t>(all[k + 2]));
        training.push_back(all[k + 3]);
        seen.push_back(all[k + 4]);
        held_out.push_back(all[k + 5]);
        best.push_back(all[k + 6] != 0.0);
    }
    table.columns = {{"replica", replica}, {"block", block},
                     {"epoch", epoch},     {"training_error", training},
                     {"seen_error", seen}, {"held_out_error", held_out},
                     {"best", best}};
    return table;
}

io::Table calibration_table(const Calibration& calibration) {
    io::Table table;
    std::vector<std::string> ground;
    std::vector<double> ensemble, residual;
    for (const Calibration::Line& line : calibration.lines) {
        table.index.push_back(std::to_string(table.index.size()));
        ground.push_back(line.ground);
        ensemble.push_back(line.ensemble);
        residual.push_back(line.residual);
    }
    table.columns = {{"ground", ground}, {"ensemble", ensemble}, {"residual", residual}};
    return table;
}

/// What the prior of responses is made of, and how much each part weighs.
io::Table prior_table(const RunFacts& facts) {
    io::Table table;
    std::vector<double> strength;
    std::vector<std::int64_t> dimensions;
    for (std::size_t k = 0; k < facts.prior->strengths.size(); ++k) {
        table.index.push_back(facts.pairs.embedding.sources[k].name);
        strength.push_back(facts.prior->strengths[k]);
        dimensions.push_back(facts.pairs.embedding.sources[k].dimensions.size());
    }
    table.index.insert(table.index.end(), {"combinations, common", "combinations, particular"});
    strength.insert(strength.end(), {facts.prior->combination, facts.prior->interaction});
    dimensions.insert(dimensions.end(), {1, 0});
    table.columns = {{"strength", strength}, {"dimensions", dimensions}};
    return table;
}

/// Pruning rounds, in the order in which they took place.
io::Table rounds_table(const std::vector<RoundRecord>& rounds) {
    io::Table table;
    std::vector<std::int64_t> epoch, replica, total, removed, remaining;
    std::vector<double> cut;
    io::Categorical layer{{"inner", "outer"}, {}};
    for (const RoundRecord& r : rounds) {
        table.index.push_back(std::to_string(table.index.size()));
        epoch.push_back(r.epoch);
        replica.push_back(r.replica);
        layer.codes.push_back(r.outer ? 1 : 0);
        total.push_back(r.total);
        removed.push_back(r.removed);
        remaining.push_back(r.remaining);
        cut.push_back(r.cut);
    }
    table.columns = {{"epoch", epoch},     {"replica", replica},     {"layer", layer}, {"weights", total},
                     {"removed", removed}, {"remaining", remaining}, {"cut", cut}};
    return table;
}

}  // namespace

std::vector<std::int64_t> regulator_support(const Screen& screen, const Pairs& pairs) {
    std::vector<std::int64_t> support(static_cast<std::size_t>(screen.regulators()), 0);
    for (const std::int32_t j : pairs.columns) {
        ++support[static_cast<std::size_t>(pairs.inputs[static_cast<std::size_t>(j)])];
    }
    return support;
}

void describe_run(const mpi::Communicator& world, const RunOutput& output, const RunFacts& facts,
                  const Predictions& predictions, const std::vector<double>& control_mean,
                  const std::vector<TrainedShard>& shards, io::ResultsFile& file) {
    const Screen& screen = facts.screen;
    file.table("obs", condition_table(facts, predictions));
    const std::string at = "uns/lazynet/";
    std::optional<Calibration> calibration;
    if (facts.prior != nullptr && facts.config.validation_share > 0.0) {
        calibration = calibrate(facts, predictions);
        file.table(at + "calibration", calibration_table(*calibration));
    }
    file.table("var", gene_table(facts, predictions, control_mean, calibration));
    if (facts.prior != nullptr) {
        file.table(at + "prior", prior_table(facts));
    }
    file.number(at + "format_version", std::int64_t{1});
    file.text(at + "version", version());
    file.text(at + "git_hash", git_hash());
    file.text(at + "command", output.command);
    file.text(at + "options", output.options);
    file.text(at + "screen", screen.name);
    file.text(at + "screen_fingerprint", facts.fingerprint);
    file.text(at + "values", screen.nonnegative ? "log-normalised" : "as given");
    if (!output.split.hash.empty()) {
        file.text(at + "split/kind", output.split.kind);
        file.text(at + "split/hash", output.split.hash);
        file.text(at + "split/fold", output.split.fold);
    }
    file.text(at + "effects", "total");
    file.text(at + "consensus_holds",
              "elasticities J - I of log-expression from a steady-state screen: total effects, everything downstream "
              "included; "
              "row = target, column = regulator");
    file.number(at + "seed", static_cast<std::int64_t>(facts.config.seed));
    file.number(at + "replicas", std::int64_t{facts.plan.replicas()});
    file.number(at + "gene_blocks", std::int64_t{facts.plan.blocks()});
    file.number(at + "l2_share", facts.l2_share);
    file.number(at + "mean_shift", facts.shifts.mean);
    file.table(at + "history", history_table(world, facts.plan, shards));
    if (!facts.rounds.empty()) {
        const prune::Lambdas lambda = facts.config.prune.lambdas();
        file.table(at + "rounds", rounds_table(facts.rounds));
        file.array(at + "lambda", std::vector<double>{lambda.inner, lambda.outer});
    }
    const auto support = regulator_support(screen, facts.pairs);
    file.strings(at + "unmeasured_regulators", screen.unmeasured);
    file.array(
        at + "unmeasured_support",
        std::vector<std::int64_t>(support.begin() + static_cast<std::ptrdiff_t>(screen.genes.size()), support.end()));
}

}  // namespace lazynet::train
