#include "forecast_report.hpp"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "figures.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/temporary_file.hpp"

namespace lazynet::cli {
namespace {

using Json = nlohmann::ordered_json;

void print_phases(const train::Forecast& forecast, const Log& log) {
    double total = 0.0;
    double least = 0.0;
    for (const auto& phase : forecast.phases) {
        total += phase.seconds;
        least += phase.least;
        log.info(fmt::format("  {:<24}{:>8.1f} s   peak memory per rank {:>10}", phase.name, phase.seconds,
                             size_text(phase.peak_bytes)));
    }
    log.info(fmt::format("  {:<24}{:>8.1f} s   {:.1f} s if all stop as early as they may", "all", total, least));
}

}  // namespace

Json to_json(const train::Forecast& forecast) {
    Json json = {{"forecast", true},
                 {"conditions", forecast.conditions},
                 {"genes", forecast.genes},
                 {"inputs", forecast.inputs},
                 {"shards", forecast.shards},
                 {"output_bytes", forecast.output_bytes},
                 {"checkpoint_bytes", forecast.checkpoint_bytes},
                 {"base_bytes", forecast.base_bytes},
                 {"shared_bytes", forecast.shared_bytes},
                 {"node_bytes", forecast.node_bytes},
                 {"node_ranks", forecast.node_ranks}};
    for (const auto& phase : forecast.phases) {
        json["timings"].push_back({{"phase", phase.name},
                                   {"seconds", phase.seconds},
                                   {"least_seconds", phase.least},
                                   {"peak_bytes", phase.peak_bytes}});
    }
    return json;
}

void print_forecast(const train::Forecast& forecast, const mpi::Communicator& world, const Log& log) {
    log.info(fmt::format("{} conditions, {} genes, {} model inputs, {} shards on {}", forecast.conditions,
                         forecast.genes, forecast.inputs, forecast.shards, counted(world.size(), "rank")));
    log.info(
        "\nForecast: memory and disk within 25 %; times from short trials on this machine, if no shard stops early");
    print_phases(forecast, log);
    const std::string once = forecast.shared_bytes > 0.0 && forecast.node_ranks > 1
                                 ? fmt::format(", the cells ({}) once", size_text(forecast.shared_bytes))
                                 : "";
    log.info(fmt::format("  {:<24}{:>10}   {} on the fullest node{}", "memory per node", size_text(forecast.node_bytes),
                         counted(forecast.node_ranks, "rank"), once));
    log.info(fmt::format("  {:<24}{:>10}   under another name until they are whole", "results on disk",
                         size_text(forecast.output_bytes)));
    log.info(fmt::format("  {:<24}{:>10}   at most, where they are asked for", "checkpoints on disk",
                         size_text(forecast.checkpoint_bytes)));
    log.info("nothing was trained, nothing written");
}

void dry_run(const mpi::Communicator& world, io::ScreenFile& file, const train::TrainConfig& config,
             const train::RunOutput& output, const io::ModelFile* models, const CommonOptions& common, const Log& log) {
    const train::Forecast forecast = train::forecast_run(world, file, config, output, models);
    print_forecast(forecast, world, log);
    world.on_root([&] {
        write_json(common, to_json(forecast));
        const auto free = output.path.empty() ? std::numeric_limits<std::uint64_t>::max() : io::free_bytes(output.path);
        if (forecast.output_bytes > static_cast<double>(free)) {
            throw UserError(
                fmt::format("{}: about {} are needed and its folder has {} free; make room, write elsewhere, or store "
                            "less (--store)",
                            output.path, size_text(forecast.output_bytes), size_text(free)));
        }
    });
}

}  // namespace lazynet::cli
