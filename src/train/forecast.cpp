#include "lazynet/train/forecast.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <set>

#include "forecast_disk.hpp"
#include "forecast_memory.hpp"
#include "lazynet/data/gene_families.hpp"
#include "lazynet/data/gene_selection.hpp"
#include "lazynet/io/write_probe.hpp"
#include "lazynet/mpi/shared_array.hpp"
#include "lazynet/prune/schedule.hpp"
#include "lazynet/train/prune_knowledge.hpp"
#include "lazynet/train/rows.hpp"
#include "lazynet/train/timings.hpp"
#include "penalty.hpp"

namespace lazynet::train {
namespace {

/// Seconds per value of the tables (conditions x genes): made, fetched, turned into changes, predicted and scored.
constexpr double kPerTableValue = 12e-9;
/// Seconds per value of a prediction, per replica.
constexpr double kPerPrediction = 3e-9;
/// Bytes per second that results are written with where it cannot be tried: a local disk.
constexpr double kWriteRate = 5e8;
/// Bytes that writing is tried with, and results that are worth it.
constexpr double kTriedBytes = 128e6;
/// Cutting, counting and masking the scores of a round take about half as long again as making them.
constexpr double kCut = 1.5;
constexpr double kLambdas = 7.0;
/// The search for a penalty ends when it gets worse twice.
constexpr double kLeastTrials = 3.0;
/// Values that are tried of the strengths of a prior (response_prior.cpp): of the mean effect, of a source, of
/// combinations; in so many sweeps at least and at most.
constexpr double kMeanGrid = 7.0;
constexpr double kSourceGrid = 8.0;
constexpr double kCombinationGrids[] = {9.0, 8.0, 5.0};
constexpr double kLeastSweeps = 2.0;
constexpr double kSweeps = 3.0;

/// Epochs of a shard that gets no better: its patience, and the next look at the validation values.
double least_epochs(const TrainConfig& config) {
    const Index look = config.pairs == PairMode::pseudobulk ? 5 : 1;
    return static_cast<double>(std::min(config.epochs, config.patience + look));
}

/// Priors that a rank tries in `sweeps` sweeps over the grids, and after them.
double priors_tried(const Rehearsal& r, double ranks, double sweeps) {
    const auto sources = static_cast<double>(r.sources - 1);
    double sweep = std::ceil(kMeanGrid / ranks) + sources * std::ceil(kSourceGrid / ranks);
    for (const double grid : kCombinationGrids) {
        sweep += r.combinations ? std::ceil(grid / ranks) : 0.0;
    }
    return sweeps * sweep + 2 * sources + 2 + std::ceil(kMeanGrid / ranks) + 3;
}

/// The screen as --hvg would leave it, about: which genes stay is known only after the cells are averaged.
Screen selected(Screen screen, const TrainConfig& config) {
    if (config.hvg > 0 && config.hvg < static_cast<Index>(screen.genes.size())) {
        std::vector<bool> keep(screen.genes.size(), false);
        std::fill_n(keep.begin(), config.hvg, true);
        for (const Condition& c : screen.conditions) {
            for (const Index j : c.targets) {
                if (j < static_cast<Index>(keep.size())) {
                    keep[static_cast<std::size_t>(j)] = true;
                }
            }
        }
        select_genes(screen, keep);
    }
    return screen;
}

/// Families of the screen's genes, and one made-up embedding of the size it may have at most for each that is asked
/// for.
std::vector<GeneEmbedding> embeddings_like(const TrainConfig& config, const Screen& screen) {
    std::set<std::string> names(screen.genes.begin(), screen.genes.end());
    names.insert(screen.unmeasured.begin(), screen.unmeasured.end());
    const auto rows = static_cast<Index>(names.size());
    const EmbeddingConfig& asked = config.embedding;
    const std::size_t sources = asked.graphs.size() + asked.files.size() + asked.screen.size();
    std::vector<GeneEmbedding> all(
        sources, {"made up", {names.begin(), names.end()}, 0.1f * Matrix::Random(rows, asked.dimensions)});
    if (asked.families != Families::off) {
        std::set<std::string> perturbed;
        for (const Condition& condition : screen.conditions) {
            for (const Index j : condition.targets) {
                perturbed.insert(screen.regulator(j));
            }
        }
        all.push_back(gene_families(names, {perturbed.begin(), perturbed.end()}, asked.dimensions));
    }
    std::erase_if(all, [](const GeneEmbedding& source) { return source.dimensions() == 0; });
    return all;
}

/// Everything a forecast is made of, on one rank.
class Forecaster {
public:
    Forecaster(const mpi::Communicator& world, io::ScreenFile& file, TrainConfig config, const RunOutput& output,
               const io::ModelFile* models)
        : world_(world),
          config_(std::move(config)),
          output_(output),
          models_(models),
          peak_(peak_memory()),
          resident_(resident_memory()),
          screen_(selected(file.screen, config_)),
          shifts_(estimate_shifts({}, screen_.regulators(), config_.shift)),
          pairs_(make_pairs(screen_, shifts_, config_, config_.pairs == PairMode::cells)),
          plan_(static_cast<Index>(screen_.genes.size()), config_.blocks_for(static_cast<Index>(screen_.genes.size())),
                config_.replicas, world.size()) {
        embed();
        PruneKnowledge known;
        if (config_.prune.has_rounds()) {
            world.together([&] { known = read_knowledge(config_.prior, config_.interactions, screen_, pairs_); });
        }
        trials_ = rehearse(world, file, screen_, pairs_, plan_, config_, known);
        sizes_ = size_up(world, file, screen_, pairs_, plan_, config_, trials_);
        sizes_.prior_edges = static_cast<double>(known.prior.nonZeros() + known.interactions.nonZeros());
    }

    Forecast operator()() {
        forecast_.conditions = pairs_.size();
        forecast_.genes = static_cast<Index>(screen_.genes.size());
        forecast_.inputs = static_cast<Index>(pairs_.inputs.size());
        forecast_.shards = plan_.shards();
        forecast_.output_bytes = results_bytes(sizes_, config_, screen_) + edge_list_bytes(sizes_, output_, screen_);
        forecast_.checkpoint_bytes = checkpoint_bytes(sizes_);
        try_writing();
        const ForecastMemory unshared(sizes_, config_, output_, resident_, 1.0);
        Log silent(false, Log::Level::quiet);
        const auto group = mpi::sharing_group(world_, static_cast<std::size_t>(unshared.cells()), silent);
        add_phases(ForecastMemory(sizes_, config_, output_, resident_, group.size()));
        forecast_.base_bytes = world_.max(peak_);
        add_node(group.size() > 1 ? unshared.cells() : 0.0);
        return forecast_;
    }

private:
    void embed() {
        if (config_.fit == Fit::closed) {
            const auto start = std::chrono::steady_clock::now();
            pairs_.embedding = embed_pairs(screen_, pairs_.conditions, shifts_.of, embeddings_like(config_, screen_));
            embedding_ = world_.max(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
    }

    void try_writing() {
        double rate = 0.0;
        if (world_.is_root() && !output_.path.empty() && forecast_.output_bytes > kTriedBytes) {
            rate = io::write_rate(output_.path, static_cast<std::uint64_t>(kTriedBytes));
        }
        rate = world_.max(rate);
        write_rate_ = rate > 0.0 ? rate : kWriteRate;
    }

    /// Collective. @param seconds,least,bytes of this rank
    void add(const char* name, double seconds, double bytes, double least = -1.0) {
        own_peak_ = std::max({own_peak_, peak_, bytes});
        forecast_.phases.push_back(
            {name, world_.max(seconds), world_.max(least < 0.0 ? seconds : least), world_.max(own_peak_)});
    }

    void add_phases(const ForecastMemory& memory) {
        const ForecastSizes& s = sizes_;
        const double table = s.conditions * s.own_genes * kPerTableValue;
        const double cells = s.cells / s.ranks;
        const double starts = models_ != nullptr ? s.own_shards * s.model() : 0.0;
        add("pseudobulk", cells * trials_.average + table, memory.averaging());
        add("pairs", table + embedding_ + (s.cell_pairs || s.closed ? 0.0 : s.own_blocks * trials_.penalty),
            memory.pairing());
        if (s.cell_pairs) {  // read twice: for the lengths, and into place
            add("loading cells", 2 * cells * trials_.read + s.own_blocks * trials_.penalty, memory.loading());
        }
        if (s.closed) {
            add_closed_form(memory);
        } else {
            add_training(memory, starts);
        }
        const double predicting = s.pairs * s.chunk_genes * s.replicas * kPerPrediction + s.own_chunks * trials_.weigh;
        add("consensus and results",
            s.own_chunks * trials_.consensus + predicting + forecast_.output_bytes / write_rate_,
            memory.results() + starts);
    }

    void add_closed_form(const ForecastMemory& memory) {
        const double products = sizes_.own_chunks * trials_.products + trials_.validation;
        add("prior of responses", products + priors_tried(trials_, sizes_.ranks, kSweeps) * trials_.leave_out,
            memory.prior(), products + priors_tried(trials_, sizes_.ranks, kLeastSweeps) * trials_.leave_out);
        add("training", sizes_.own_shards * trials_.setup, memory.training());
    }

    void add_training(const ForecastMemory& memory, double starts) {
        const ForecastSizes& s = sizes_;
        const double peak = memory.training() + starts;
        const double shard = trials_.setup + static_cast<double>(config_.epochs) * trials_.epoch;
        const double short_shard = trials_.setup + least_epochs(config_) * trials_.epoch;
        const auto epochs = prune::Schedule(config_.prune, config_.epochs).rounds();
        const double rounds = static_cast<double>(epochs.size()) * kCut * trials_.round;
        if (config_.l2 < 0.0) {
            const auto trials = static_cast<double>(penalty_grid(config_.pairs).size());
            add("penalty search", trials * s.tried * shard, peak,
                std::min(trials, kLeastTrials) * s.tried * short_shard);
        }
        if (config_.prune.grid) {
            const double share = std::min(2.0, s.replicas) / s.replicas;
            add("lambda search", kLambdas * share * s.own_shards * (shard + rounds), peak);
        }
        // Before the last round no shard may stop.
        const auto bound = epochs.empty() ? 0.0 : static_cast<double>(epochs.back());
        const double least = std::min(shard, short_shard + bound * trials_.epoch);
        add("training", s.own_shards * (shard + rounds), peak, s.own_shards * (least + rounds));
    }

    /// The node whose ranks hold most together. Collective. @param shared by the ranks of a node
    void add_node(double shared) {
        forecast_.shared_bytes = ForecastMemory(sizes_, config_, output_, resident_, 1.0).cells();
        const mpi::Communicator node = world_.split_by_node();
        const double together = static_cast<double>(node.sum(std::llround(own_peak_ - shared))) + shared;
        forecast_.node_bytes = world_.max(together);
        forecast_.node_ranks = world_.max(std::int64_t{together >= forecast_.node_bytes ? node.size() : 0});
    }

    const mpi::Communicator& world_;
    TrainConfig config_;
    const RunOutput& output_;
    const io::ModelFile* models_;
    double peak_;      // before anything was tried
    double resident_;  // the same
    Screen screen_;
    Shifts shifts_;
    Pairs pairs_;
    Plan plan_;
    Rehearsal trials_;
    ForecastSizes sizes_;
    double embedding_ = 0.0;
    double write_rate_ = kWriteRate;
    double own_peak_ = 0.0;
    Forecast forecast_;
};

}  // namespace

Forecast forecast_run(const mpi::Communicator& world, io::ScreenFile& file, TrainConfig config, const RunOutput& output,
                      const io::ModelFile* models) {
    world.together([&] { fit_to_rows(config, file.screen); });
    return Forecaster(world, file, std::move(config), output, models)();
}

}  // namespace lazynet::train
