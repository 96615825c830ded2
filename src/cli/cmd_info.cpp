#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "figures.hpp"
#include "info_text.hpp"
#include "lazynet/core/error.hpp"
#include "options.hpp"
#include "run_info.hpp"

namespace lazynet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSummary =
    "Says of results (run.h5ad, predictions.h5ad) and folders of checkpoints what they are, where they come from, "
    "with\n"
    "which options and how fast they were made, and the command that makes the same bytes again.";

/// Looks at one of the inputs and says what it found.
Json tell(const std::string& path, const Log& log) {
    std::error_code ignored;
    try {
        Json found = std::filesystem::is_directory(path, ignored) ? checkpoint_info(path) : results_info(path);
        print_info(found, log);
        return found;
    } catch (const Json::exception& e) {
        throw UserError(path + " or the log beside it is damaged: " + e.what());
    }
}

}  // namespace

int info(const mpi::Communicator& world, std::span<const std::string> args) {
    CommonOptions common;
    std::vector<std::string> inputs;
    CommandLine line("info", "FILE... [options]", kSummary, &common);
    line.positional("input", &inputs, -1);
    if (!line.parse(world, args)) {
        return 0;
    }
    const Log log = common.log(world);
    world.on_root([&] {
        if (inputs.empty()) {
            throw UserError("expected results or a checkpoint folder, found nothing: lazynet info run.h5ad");
        }
        Json all = Json::array();
        for (const std::string& path : inputs) {
            if (!all.empty()) {
                log.info("");
            }
            all.push_back(tell(path, log));
        }
        write_json(common, all.size() == 1 ? all.front() : all);
    });
    return 0;
}

}  // namespace lazynet::cli
