#include "lazynet/io/checkpoint_contents.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "checkpoint_manifest.hpp"
#include "lazynet/core/error.hpp"

namespace lazynet::io {
namespace {

double age(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    const auto written = fs::last_write_time(path, error);
    const auto age = fs::file_time_type::clock::now() - written;
    return error ? 0.0 : std::max(0.0, std::chrono::duration<double>(age).count());
}

}  // namespace

CheckpointContents look_into_checkpoint(const std::string& folder) {
    const CheckpointFiles files = files_of(folder);
    CheckpointContents contents;
    for (auto step = files.done.rbegin(); step != files.done.rend(); ++step) {
        try {
            CheckpointManifest manifest = manifest_of(manifest_text(folder, *step));
            contents.step = manifest.step;
            contents.identity = std::move(manifest.identity);
            contents.places = std::move(manifest.places);
            contents.age_seconds = age(folder + "/" + done_name(*step));
            break;
        } catch (const UserError& e) {
            contents.problems.push_back(done_name(*step) + ": " + e.what());
        }
    }
    if (contents.step == 0) {
        throw UserError(folder + ": " +
                        (files.done.empty() ? "holds no checkpoint (step-*.DONE)" : contents.problems.front()));
    }
    for (const std::int64_t step : files.done) {
        if (step != contents.step) {
            contents.other_steps.push_back(step);
        }
    }
    return contents;
}

}  // namespace lazynet::io
