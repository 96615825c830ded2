#include "checkpoint_options.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lazynet/core/error.hpp"
#include "lazynet/core/stop.hpp"
#include "lazynet/mpi/watchdog.hpp"
#include "lazynet/train/provenance.hpp"

namespace lazynet::cli {

void add_checkpoint_options(CommandLine& line, train::CheckpointOptions& options) {
    auto add = line.group("Checkpoints").add_options();
    add("checkpoint", po::value(&options.folder),
        "folder to save the work done in: every so often, after every phase, and on SIGTERM or SIGUSR1, after which "
        "the "
        "run ends with exit code 85");
    add("resume", po::bool_switch(&options.resume),
        "go on from the newest step in that folder; start at the beginning when there is none");
    add("checkpoint-minutes", bind(options.minutes), "time between two saves");
    add("checkpoint-epochs", po::value(&options.epochs)->default_value(options.epochs),
        "save also after so many epochs of shards on the first rank; 0: only time counts");
}

void settle(const CommonOptions& common, train::CheckpointOptions& options) {
    options.anew = common.overwrite;
    if (options.resume && options.folder.empty()) {
        throw UserError("--resume: there is no folder to go on from; name it with --checkpoint DIR");
    }
    if (!(options.minutes > 0.0)) {
        throw UserError("--checkpoint-minutes must be greater than 0");
    }
    if (options.epochs < 0) {
        throw UserError("--checkpoint-epochs must not be negative");
    }
    std::error_code ignored;
    if (!options.folder.empty() && std::filesystem::exists(options.folder, ignored) &&
        !std::filesystem::is_directory(options.folder, ignored)) {
        throw UserError("--checkpoint " + options.folder + ": it is there and not a folder");
    }
    if (!options.folder.empty()) {
        catch_stop_signals();  // also while the screen is being read
    }
}

io::CheckpointIdentity run_identity(const std::string& command, const std::string& recorded, const RunInputs& inputs) {
    io::CheckpointIdentity identity = {{"command", command},
                                       {"lazynet", train::version() + " (git " + train::git_hash() + ")"}};
    const auto options = nlohmann::ordered_json::parse(recorded);
    for (const auto& [name, value] : options.items()) {
        identity.emplace_back("--" + name, value.is_string() ? value.get<std::string>() : value.dump());
    }
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        if (const auto& [what, path] = inputs[k]; !path.empty()) {
            identity.emplace_back("input " + std::to_string(k + 1) + " (" + what + ")", io::content_digest(path));
        }
    }
    return identity;
}

bool goes_on(const train::CheckpointOptions& options) {
    std::error_code missing;
    if (!options.resume) {
        return false;
    }
    for (const auto& entry : std::filesystem::directory_iterator(options.folder, missing)) {
        if (entry.path().extension() == ".DONE") {
            return true;
        }
    }
    return false;
}

RunInputs inputs_of(const ScreenOptions& screen, const std::string& split, const train::TrainConfig& config) {
    RunInputs inputs = {{"screen", screen.path},
                        {"labels", screen.obs_file},
                        {"genes", screen.genes_file},
                        {"noise", screen.noise_file},
                        {"split", split},
                        {"prior", config.prior},
                        {"interactions", config.interactions}};
    for (const std::string& graph : config.embedding.graphs) {
        inputs.emplace_back("gene graph", graph);
    }
    for (const std::string& file : config.embedding.files) {
        inputs.emplace_back("gene embedding", file);
    }
    return inputs;
}

train::Checkpoints open_checkpoints(const mpi::Communicator& world, const train::CheckpointOptions& options,
                                    const std::string& command, const std::string& recorded, const RunInputs& inputs,
                                    const std::string& output, Log& log) {
    if (options.folder.empty()) {
        return {};
    }
    std::string text;
    world.on_root([&] { text = nlohmann::json(run_identity(command, recorded, inputs)).dump(); });
    const auto identity = nlohmann::json::parse(world.broadcast(text)).get<io::CheckpointIdentity>();
    train::Checkpoints checkpoints(world, options, identity, log);
    if (checkpoints.finished()) {
        world.on_root([&] {
            if (!std::filesystem::exists(output)) {
                throw UserError("--resume: " + options.folder + " says that this run is done, but " + output +
                                " is not there; leave --resume out and give --overwrite to make it again");
            }
        });
        log.info(output + " is done already");
        return checkpoints;
    }
    world.on_root([&] {
        std::error_code error;
        if (!std::filesystem::create_directories(options.folder, error) && error) {
            throw UserError("--checkpoint " + options.folder + ": cannot make this folder: " + error.message());
        }
    });
    mpi::write_progress_to(options.folder + "/progress");
    return checkpoints;
}

}  // namespace lazynet::cli
