#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "figures.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/output_file.hpp"
#include "options.hpp"
#include "predict_report.hpp"
#include "predict_task.hpp"
#include "recorded_options.hpp"

namespace lazynet::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// Strongest changes per perturbation in --changes, unless --top says how many.
constexpr Index kChanges = 50;
constexpr double kProgressEvery = 5.0;  // seconds

constexpr const char* kSummary =
    "Predicts perturbations with the models of a finished run: singles and combinations, trained on or not, genes "
    "that\n"
    "were never perturbed or are not measured. PREDICTIONS.h5ad: X the mean of log expression, layers/sd its standard\n"
    "deviation, a row per control mean and per perturbation and context; obs says what each prediction leans on "
    "(ground)\n"
    "and how far to trust it.\n\n"
    "  lazynet predict run.h5ad --perturbations TP53,MYC,TP53+MYC -o predictions.h5ad\n"
    "  lazynet predict run.h5ad --perturbations list.txt --contexts K562 --top 20 --changes changes.tsv.gz\n"
    "  lazynet predict fold0.h5ad --split split.json --fold 0 -o fold0.predictions.h5ad\n"
    "  mpirun -n 8 lazynet predict run.h5ad --all-genes -o genome.h5ad\n"
    "  mpirun -n 8 lazynet predict run.h5ad --combinations all-of genes.txt --interactions pairs.tsv";

void add_options(CommandLine& line, PredictOptions& options) {
    auto what = line.group("What to predict").add_options();
    what("perturbations", po::value(&options.perturbations),
         "labels like A, A+B, A+B+C: with commas, a file with one per line, or - for standard input");
    what("all-genes", po::bool_switch(&options.all_genes), "every measured gene, one at a time");
    what("combinations", po::value(&options.combinations)->multitoken(),
         "pairs: a file with one per line (A+B, or two names), or `all-of` and genes or a file of them: all their "
         "pairs");
    what("split", po::value(&options.split), "the test conditions of a fold of this split (lazynet split)");
    what("fold", po::value(&options.fold), "which fold [the only one]");
    what("contexts", po::value(&options.contexts), "only these: names with commas, or a file; otherwise all");
    what("knockdown", po::value(&options.knockdown),
         "share of expression lost by genes that no perturbation of the screen has, or that are not measured (0.7: 70 "
         "%); otherwise what the screen's perturbations do on average");
    what("activation", po::value(&options.activation), "the same as a fold of expression (CRISPRa)");
    auto results = line.group("Results").add_options();
    results("top", bind(options.top), "list this many genes per perturbation, the largest changes first");
    results("changes", po::value(&options.changes),
            "write that list to this file, TSV (.gz: compressed) instead of the screen; 50 genes without --top");
    results("interactions", po::value(&options.interactions),
            "with --combinations: write the pairs that depart most certainly from additivity, TSV (.gz: compressed)");
    results("interactions-top", bind(options.interactions_top), "at most this many pairs");
    line.positional("input", &options.input, 1);
}

void require_outputs(const PredictOptions& options, const CommonOptions& common) {
    for (const std::string& path : {common.output, options.changes, options.interactions}) {
        if (!path.empty()) {
            require_writable(path, common.overwrite);
        }
    }
    std::error_code ignored;
    if (!common.output.empty() && std::filesystem::equivalent(common.output, options.input[0], ignored)) {
        throw UserError(common.output + " is the run itself; name another output");
    }
}

/// Progress of the root's share, every few seconds.
predict::Progress told(Log& log, const char* what) {
    return [&log, what, start = Clock::now(), last = Clock::now()](Index done, Index all) mutable {
        const auto now = Clock::now();
        if (std::chrono::duration<double>(now - last).count() > kProgressEvery) {
            last = now;
            const double seconds = std::chrono::duration<double>(now - start).count();
            log.progress(fmt::format("{} {} of {} (first rank), {:.0f} s", what, done, all, seconds),
                         fmt::format("{}={} of={} seconds={:.1f}", what, done, all, seconds));
        }
    };
}

void write_text(const std::string& path, const std::string& text) {
    io::OutputFile file(path);
    file.write(text);
    file.commit();
}

/// One run of the command, all ranks alike.
class Prediction {
public:
    Prediction(const mpi::Communicator& world, const CommonOptions& common, const PredictOptions& options, Log& log)
        : world_(world), common_(common), options_(options), log_(log) {}

    void prepare() {
        world_.together([&] {
            validate(options_, common_.output, common_.json);
            require_outputs(options_, common_);
            models_.emplace(options_.input[0]);
        });
        task_ = make_task(world_, *models_, options_, wants_rows());
        print_task(log_, *models_, task_);
        warn_about(log_, *models_, task_);
        if (task_.pairs && models_->is_linear()) {
            log_.warning(
                "these models are linear: all pairs depart from additivity alike; train with --fit steps for what is "
                "particular to a pair");
        }
    }

    void forecast() const {
        log_.info(fmt::format("would predict {} x {} ({}) and {}; {} of memory per rank", predict::rows_of(task_.asked),
                              counted(static_cast<Index>(models_->genes().size()), "gene"),
                              size_text(predict::bytes_of(*models_, task_.asked, task_.pairs.has_value())),
                              counted(task_.pairs ? task_.pairs->size() : 0, "interaction"),
                              size_text(predict::working_bytes(*models_, task_.asked))));
    }

    void run(const std::string& recorded) {
        if (wants_rows()) {
            predict_rows(recorded);
        }
        if (task_.pairs && (!options_.interactions.empty() || !common_.json.empty())) {
            found_ = rank_interactions(world_, *models_, task_.genes, *task_.pairs, options_.interactions_top,
                                       told(log_, "batches"));
            log_.progress_done();
            print_interactions(log_, task_, found_);
        }
        write();
    }

private:
    /// Without -o, --changes or --top all pairs are ranked and none is predicted gene by gene.
    [[nodiscard]] bool wants_rows() const {
        return options_.combinations.empty() || !common_.output.empty() || !options_.changes.empty() ||
               options_.top > 0;
    }

    void predict_rows(const std::string& recorded) {
        const auto start = Clock::now();
        predict::PredictionOutput output;
        output.path = common_.output;
        output.options = recorded;
        output.fold = task_.fold;
        output.interactions = task_.pairs.has_value();
        output.strongest = options_.top > 0 ? options_.top : options_.changes.empty() ? 0 : kChanges;
        outcomes_ = write_predictions(world_, *models_, task_.asked, output, told(log_, "perturbations"));
        log_.progress_done();
        seconds_ = world_.max(std::chrono::duration<double>(Clock::now() - start).count());
        print_outcomes(log_, task_, outcomes_);
        if (!common_.output.empty()) {
            const double bytes = predict::bytes_of(*models_, task_.asked, output.interactions);
            log_.info(fmt::format("\n{}: {} rows x {} genes, {} in {:.1f} s ({}/s)", common_.output,
                                  predict::rows_of(task_.asked), models_->genes().size(), size_text(bytes), seconds_,
                                  size_text(bytes / seconds_)));
        }
    }

    void write() {
        world_.on_root([&] {
            if (!options_.changes.empty()) {
                write_text(options_.changes, changes_tsv(*models_, task_, outcomes_));
            } else if (options_.top > 0 && !common_.quiet) {
                std::fputs(("\n" + changes_tsv(*models_, task_, outcomes_)).c_str(), stdout);
            }
            if (!options_.interactions.empty()) {
                write_text(options_.interactions, interactions_tsv(*models_, task_, found_));
            }
            if (!common_.json.empty()) {
                nlohmann::ordered_json json = to_json(*models_, task_, outcomes_, found_);
                json["seconds"] = seconds_;
                write_json(common_, json);
            }
        });
    }

    const mpi::Communicator& world_;
    const CommonOptions& common_;
    const PredictOptions& options_;
    Log& log_;
    std::optional<predict::RunModels> models_;
    PredictTask task_;
    std::vector<predict::Outcome> outcomes_;
    std::vector<predict::Interaction> found_;
    double seconds_ = 0.0;
};

}  // namespace

int predict(const mpi::Communicator& world, std::span<const std::string> args) {
    CommonOptions common;
    PredictOptions options;
    CommandLine line("predict", "RUN.h5ad --perturbations LIST -o PREDICTIONS.h5ad [options]", kSummary, &common);
    add_options(line, options);
    if (!line.parse(world, args)) {
        return 0;
    }
    Log log = common.log(world);
    Prediction prediction(world, common, options, log);
    prediction.prepare();
    if (common.dry_run) {
        prediction.forecast();
        return 0;
    }
    prediction.run(recorded_options(line, {"top", "changes", "interactions", "interactions-top"}));
    return 0;
}

}  // namespace lazynet::cli
