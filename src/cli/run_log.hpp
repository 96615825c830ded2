#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/train/timings.hpp"

namespace lazynet::cli {

/// How a run was made: command, hosts, times, communication. It lies beside the results, as `<output>.log.json` without
/// the .h5ad, and not in them: they have the same bytes on any number of ranks, this has not.
class RunLog {
public:
    /// Notes the time. @param command "train" @param args what followed it
    RunLog(const std::string& command, std::span<const std::string> args);

    /// Call on the root once `output` is published. A log that cannot be written is a warning: the results are there.
    /// @param inputs positional arguments @param options as recorded in the results: files that they name are inputs
    /// too
    void write(const std::string& output, std::span<const std::string> inputs, const std::string& options,
               std::span<const train::Timings::Phase> phases, const Log& log) const;

    /// run.h5ad -> run.log.json
    static std::string name_for(const std::string& output);

private:
    std::vector<std::string> command_;
    std::chrono::system_clock::time_point started_;
};

/// Bytes of a file, or of all files in a folder; 0 for what cannot be read.
std::uintmax_t bytes_of_input(const std::string& path);

/// Words as one would type them for a shell: quoted where they must be.
std::string shell_line(std::span<const std::string> words);

}  // namespace lazynet::cli
