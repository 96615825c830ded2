#include "lazynet/train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "gene_choice.hpp"
#include "lambda_search.hpp"
#include "lazynet/train/cell_shard.hpp"
#include "lazynet/train/columns.hpp"
#include "lazynet/train/prune_knowledge.hpp"
#include "lazynet/train/response_fit.hpp"
#include "lazynet/train/rows.hpp"
#include "lazynet/train/run_embeddings.hpp"
#include "lazynet/train/shard_floor.hpp"
#include "lazynet/train/targets.hpp"
#include "penalty.hpp"
#include "progress.hpp"
#include "run_records.hpp"
#include "run_tables.hpp"
#include "starting_models.hpp"

namespace lazynet::train {
namespace {

/// One run, phase by phase; the members are what later phases need of earlier ones.
class Run {
public:
    Run(const mpi::Communicator& world, io::ScreenFile file, TrainConfig config, const RunOutput& output,
        const io::ModelFile* models, Checkpoints& checkpoints, Log& log)
        : world_(world),
          file_(std::move(file)),
          screen_(file_.screen),
          config_(std::move(config)),
          output_(output),
          models_(models),
          checkpoints_(checkpoints),
          log_(log) {}

    TrainSummary operator()(Index shown) {
        average();
        pair_up();
        load_cell_pairs();
        fetch_own_blocks();
        if (closed_form()) {
            settle_prior();
            fit();
        } else {
            load_models();
            settle_penalty();
            settle_pruning();
            train();
        }
        return finish(shown);
    }

private:
    void average() {
        timings_.start("pseudobulk");
        std::string fitted;
        world_.together([&] { fitted = fit_to_rows(config_, screen_); });
        if (!fitted.empty()) {
            log_.info(fitted);
        }
        const auto genes = static_cast<Index>(screen_.genes.size());
        table_ = saved_or_made(world_, checkpoints_, genes, [&]() -> Pseudobulk {
            return pseudobulk(world_, *file_.reader, screen_, file_.normalization, log_);
        });
        select_variable_genes(world_, config_, screen_, table_);
        fingerprint_ = fingerprint(world_, screen_, table_);
    }

    void pair_up() {
        timings_.start("pairs");
        shifts_ = estimate_shifts(on_target_changes(world_, screen_, table_), screen_.regulators(), config_.shift);
        pairs_ = make_pairs(screen_, shifts_, folds_config(), cell_mode());
        const PairStatistics statistics = pair_statistics(world_, screen_, pairs_, table_);
        weights_ = pair_weights(screen_, pairs_, config_.weights, statistics.effect, statistics.noise);
        if (closed_form()) {
            pair_noise_ = noise_of_pairs(screen_, pairs_, config_.weights, statistics.noise);
            pairs_.embedding = embed_pairs(screen_, pairs_.conditions, shifts_.of, embeddings());
        }
        const auto genes = static_cast<Index>(screen_.genes.size());
        plan_.emplace(genes, config_.blocks_for(genes), config_.replicas, world_.size());
        log_.info(
            fmt::format("{} conditions, {} genes, {} perturbed genes ({} not measured), mean on-target shift {:.2f}",
                        pairs_.size(), genes, perturbed_genes(), screen_.unmeasured.size(), shifts_.mean));
        log_.info(fmt::format("{} replicas x {} gene blocks = {} shards on {} rank{}", plan_->replicas(),
                              plan_->blocks(), plan_->shards(), world_.size(), world_.size() == 1 ? "" : "s"));
        if (world_.size() > plan_->shards()) {
            log_.warning(fmt::format(
                "{} ranks for {} shards: {} ranks will train nothing; more --gene-blocks or --replicas would use them",
                world_.size(), plan_->shards(), world_.size() - plan_->shards()));
        }
    }

    std::vector<GeneEmbedding> embeddings() {
        return saved_or_made(world_, checkpoints_, [&]() -> std::vector<GeneEmbedding> {
            return run_embeddings(world_, config_.embedding, config_.seed, file_, table_, log_);
        });
    }

    void fetch_own_blocks() {
        const Range blocks = plan_->blocks_of(world_.rank());
        Range genes;
        if (blocks.size() > 0) {
            genes = {plan_->genes_of_block(blocks.begin).begin, plan_->genes_of_block(blocks.end - 1).end};
        }
        BlockTargets all = fetch_targets(world_, screen_, pairs_, table_, genes, weights_);
        all.context = pair_contexts();
        first_block_ = blocks.begin;
        for (Index b = blocks.begin; b < blocks.end; ++b) {
            blocks_.push_back(part_of_targets(all, plan_->genes_of_block(b)));
        }
        if (closed_form()) {
            return;
        }
        std::vector<double> largest;
        for (const BlockTargets& block : blocks_) {
            largest.push_back(cell_mode() ? largest_cell_penalty(cell_pairs_, pairs_, block.genes, config_)
                                          : largest_penalty(pairs_, block));
        }
        for (const double penalty : world_.gather(std::span<const double>(largest))) {
            largest_penalty_ = std::max(largest_penalty_, penalty);
        }
    }

    /// Models in closed form hold nothing out: leaving out is part of the closed form.
    TrainConfig folds_config() const {
        TrainConfig config = config_;
        config.validation_share = closed_form() ? 0.0 : config.validation_share;
        return config;
    }

    /// Genes that some condition perturbs.
    Index perturbed_genes() const {
        const auto support = regulator_support(screen_, pairs_);
        return std::count_if(support.begin(), support.end(), [](std::int64_t pairs) { return pairs > 0; });
    }

    bool closed_form() const { return config_.fit == Fit::closed; }
    bool cell_mode() const { return config_.pairs == PairMode::cells; }

    /// Cell pairs: the expression itself, once per node.
    void load_cell_pairs() {
        if (cell_mode()) {
            timings_.start("loading cells");
            cells_.emplace(load_cells(world_, *file_.reader, screen_, file_.normalization, log_));
            config_.batch = config_.batch_for(cells_->cells());
            cell_pairs_ =
                make_cell_pairs(*cells_, screen_, pairs_, control_means({0, static_cast<Index>(screen_.genes.size())}));
        }
        file_.reader.reset();
    }

    const BlockTargets& block(Index b) const { return blocks_[static_cast<std::size_t>(b - first_block_)]; }

    /// How shards of this run are trained with a penalty.
    ShardFloor floor(double share) const {
        ShardFloor floor;
        floor.checkpoints = &checkpoints_;
        floor.side_by_side = cell_mode();
        floor.start = [this, l2 = share * largest_penalty_](const std::vector<Index>& shards) {
            std::vector<ShardId> ids;
            std::vector<const BlockTargets*> blocks;
            for (const Index s : shards) {
                ids.push_back(plan_->shard(s));
                blocks.push_back(&block(ids.back().block));
            }
            auto training = cell_mode() ? start_cell_training(ids, blocks, cell_pairs_, pairs_, config_, l2)
                                        : start_pseudobulk_training(ids, blocks, pairs_, config_, l2);
            for (std::size_t k = 0; k < shards.size() && models_ != nullptr; ++k) {
                const Index own = shards[k] - plan_->shards_of(world_.rank()).begin;
                start_from(starts_[static_cast<std::size_t>(own)], training->optimizer(static_cast<Index>(k)));
            }
            return training;
        };
        return floor;
    }

    void load_models() {
        if (models_ != nullptr) {
            world_.together([&] { starts_ = starting_models(*models_, *plan_, world_.rank(), pairs_, fingerprint_); });
        }
    }

    void settle_prior() {
        timings_.start("prior of responses");
        observed_ = observed_chunks();
        prior_ = saved_or_made(world_, checkpoints_, [&]() -> ResponsePrior {
            return choose_response_prior(world_, *plan_, pairs_, observed_, pair_noise_, log_);
        });
        if (config_.validation_share > 0.0) {
            validation_ = validate_responses(pairs_, prior_, config_.seed);
            pairs_.fold = validation_->fold;
        }
    }

    void fit() {
        timings_.start("training");
        const Range mine = plan_->shards_of(world_.rank());
        TrainingProgress progress(log_, mine.size(), config_);
        shards_.resize(static_cast<std::size_t>(mine.size()));
        for (Index s = mine.begin; s < mine.end; ++s) {
            const ShardId id = plan_->shard(s);
            TrainedShard& shard = shards_[static_cast<std::size_t>(s - mine.begin)];
            if (const std::string key = record_key("shard", {s}); checkpoints_.has(key)) {
                shard = saved_shard(checkpoints_, key);
            } else {
                shard = fit_responses(id, pairs_, block(id.block), config_, prior_);
                checkpoints_.finish(key, [&shard](Packer& packer) { pack(shard, packer); });
                checkpoints_.between({});
            }
            progress.shard_done(id, shard);
        }
        checkpoints_.gate({});
        checkpoints_.point({}, true);
        log_.progress_done();
    }

    BlockTargets observed_chunks() const {
        BlockTargets observed =
            fetch_targets(world_, screen_, pairs_, table_, plan_->chunk_genes_of(world_.rank()), weights_);
        observed.context = pair_contexts();
        return observed;
    }

    /// Contexts of the pairs, for models in closed form of several contexts.
    std::vector<Index> pair_contexts() const {
        std::vector<Index> contexts;
        for (const Index c : pairs_.conditions) {
            contexts.push_back(screen_.conditions[static_cast<std::size_t>(c)].context);
        }
        return closed_form() && screen_.contexts.size() > 1 ? contexts : std::vector<Index>{};
    }

    void settle_penalty() {
        if (config_.l2 >= 0.0) {
            summary_.l2_share = config_.l2;
            return;
        }
        timings_.start("penalty search");
        const auto probe = [&](const std::vector<Index>& shards, double share, const std::string& name) {
            ShardFloor trial = floor(share);
            trial.name = name;
            std::vector<double> errors;
            for (const TrainedShard& shard : train_straight(*plan_, shards, config_.epochs, trial)) {
                errors.push_back(shard.best);
            }
            return errors;
        };
        summary_.l2_share = choose_penalty(world_, *plan_, config_, probe, checkpoints_, summary_.trials, log_);
        log_.info(fmt::format("penalty: {:.3g} of the largest", summary_.l2_share));
    }

    void settle_pruning() {
        if (!config_.prune.has_rounds()) {
            return;
        }
        world_.together([&] { knowledge_ = read_knowledge(config_.prior, config_.interactions, screen_, pairs_); });
        if (!knowledge_.report.empty()) {
            log_.info(knowledge_.report);
        }
        if (config_.prune.grid) {
            timings_.start("lambda search");
            config_.prune.lambda = choose_lambda(world_, *plan_, config_, knowledge_, floor(summary_.l2_share),
                                                 summary_.lambda_trials, log_);
        }
    }

    void train() {
        timings_.start("training");
        const Range own = plan_->shards_of(world_.rank());
        std::vector<Index> mine(static_cast<std::size_t>(own.size()));
        std::iota(mine.begin(), mine.end(), own.begin);
        TrainingProgress progress(log_, own.size(), config_);
        ShardFloor all = floor(summary_.l2_share);
        all.epoch = [&](const EpochRecord& r) {
            checkpoints_.count_epoch();
            progress.epoch(r);
        };
        all.done = [&](Index s, const TrainedShard& trained) { progress.shard_done(plan_->shard(s), trained); };
        std::optional<std::vector<RoundRecord>> rounds;
        world_.together([&] { rounds = saved_rounds(checkpoints_, *plan_); });
        if (config_.prune.has_rounds() && !rounds) {
            shards_ = train_in_rounds(world_, *plan_, config_, knowledge_, plan_->replicas(), all, summary_.rounds);
            for (std::size_t k = 0; k < mine.size(); ++k) {
                checkpoints_.finish(record_key("shard", {mine[k]}),
                                    [&shard = shards_[k]](Packer& packer) { pack(shard, packer); });
            }
            save_rounds(checkpoints_, world_, summary_.rounds);
        } else {
            summary_.rounds = rounds.value_or(std::vector<RoundRecord>{});
            shards_ = train_straight(*plan_, mine, config_.epochs, all);
        }
        checkpoints_.forget("live/shard");
        checkpoints_.point({}, true);
        log_.progress_done();
    }

    /// Control means of some genes, per context. Collective; ranks may ask for different genes.
    Matrix control_means(Range genes) const {
        std::vector<Index> wanted(static_cast<std::size_t>(genes.size()));
        std::iota(wanted.begin(), wanted.end(), genes.begin);
        const Matrix contexts = table_.mean.topRows(static_cast<Index>(screen_.contexts.size()));
        return fetch_columns(world_, contexts, static_cast<Index>(screen_.genes.size()), wanted);
    }

    TrainSummary finish(Index shown) {
        timings_.start("consensus and results");
        blocks_.clear();
        std::vector<ShardOutput> outputs;
        const Index first = plan_->shards_of(world_.rank()).begin;
        for (std::size_t k = 0; k < shards_.size(); ++k) {
            const LazyNet& net = shards_[k].net;
            const Index replica = plan_->shard(first + static_cast<Index>(k)).replica;
            outputs.push_back({&shards_[k], cell_mode() ? cell_pair_hidden(cell_pairs_, pairs_, net, replica, config_)
                                                        : pair_hidden(pairs_, net)});
        }
        cells_.reset();
        const auto ensembles = gather_ensembles(world_, *plan_, pairs_, outputs);
        outputs.clear();
        const BlockTargets observed = closed_form() ? std::move(observed_) : observed_chunks();
        const Matrix control_mean = control_means(plan_->chunk_genes_of(world_.rank()));
        table_ = {};
        const Predictions predictions =
            predict_pairs(world_, *plan_, pairs_, ensembles, observed, validation_ ? &*validation_ : nullptr);
        const RunFacts facts{screen_,      config_,         pairs_,
                             *plan_,       shifts_,         summary_.l2_share,
                             fingerprint_, summary_.rounds, closed_form() ? &prior_ : nullptr};
        summary_.edges = write_run(world_, output_, facts, ensembles, predictions, observed, control_mean, shards_,
                                   shown, checkpoints_);
        checkpoints_.close();
        summary_.phases = timings_.over_ranks(world_);
        double parameters = 0.0;
        for (const TrainedShard& shard : shards_) {
            parameters += static_cast<double>(shard.net.shape.parameters()) * sizeof(float);
        }
        summary_.parameter_bytes = world_.max(parameters);
        summary_.score = summarise(predictions.scores);
        if (!screen_.knows_noise()) {
            summary_.score.noise = summary_.score.fitted_noise = std::numeric_limits<double>::quiet_NaN();
        }
        summary_.conditions = pairs_.size();
        summary_.shards = plan_->shards();
        summary_.blocks = plan_->blocks();
        summary_.shifts = shifts_;
        summary_.screen = std::move(screen_);
        return std::move(summary_);
    }

    const mpi::Communicator& world_;
    io::ScreenFile file_;
    Screen& screen_;
    TrainConfig config_;
    const RunOutput& output_;
    const io::ModelFile* models_;
    std::vector<StartingModel> starts_;  // of this rank's shards, when there are models
    Checkpoints& checkpoints_;
    Log& log_;
    Timings timings_;
    Pseudobulk table_;
    std::string fingerprint_;
    Shifts shifts_;
    Pairs pairs_;
    std::optional<CellTable> cells_;
    CellPairs cell_pairs_;
    std::vector<double> weights_;
    std::optional<Plan> plan_;
    std::vector<BlockTargets> blocks_;
    Index first_block_ = 0;
    double largest_penalty_ = 0.0;
    PruneKnowledge knowledge_;
    BlockTargets observed_;           // of this rank's chunks, with models in closed form
    std::vector<double> pair_noise_;  // mean sampling variance per value, with models in closed form
    ResponsePrior prior_;
    std::optional<ResponseValidation> validation_;
    std::vector<TrainedShard> shards_;
    TrainSummary summary_;
};

}  // namespace

TrainSummary train_screen(const mpi::Communicator& world, io::ScreenFile file, TrainConfig config,
                          const RunOutput& output, Index shown, Checkpoints& checkpoints, Log& log,
                          const io::ModelFile* models) {
    return Run(world, std::move(file), std::move(config), output, models, checkpoints, log)(shown);
}

}  // namespace lazynet::train
