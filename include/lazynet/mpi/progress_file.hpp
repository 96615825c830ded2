#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lazynet/mpi/heartbeat.hpp"

namespace lazynet::mpi {

/// One rank's line of a progress file.
struct RankLine {
    int rank = 0;
    std::string host;
    int pid = 0;
    std::string phase;
    std::string detail;
    std::string call;     ///< the MPI call it is in; empty: it computes
    double idle = 0.0;    ///< seconds since it made progress
    std::string written;  ///< when, UTC
    Stage stage = Stage::absent;
    std::int64_t beats = 0;
    std::int64_t steps = 0;
};

/// A text file of fixed-width lines, a heading and one per rank: each node writes its own ranks' lines, in place, so
/// nobody waits for anybody. People read it with `cat`, watchdogs of other nodes.
///
/// Files are opened anew each time: that is when network file systems look what others have written. Nothing here
/// throws: a file that cannot be written is missing, not a reason to end a job.
class ProgressFile {
public:
    ProgressFile(std::string path, int ranks) : path_(std::move(path)), ranks_(ranks) {}
    /// Makes the heading, the folder too if only that is missing, and cuts off lines that an earlier job left behind.
    /// By one process of the job, before its first write. @return false: not now
    [[nodiscard]] bool begin() const;
    void write(std::span<const RankLine> lines) const;
    /// All lines that have been written.
    [[nodiscard]] std::vector<RankLine> read() const;
    [[nodiscard]] const std::string& path() const { return path_; }

    static std::string format(const RankLine& line);
    static std::optional<RankLine> parse(std::string_view text);

private:
    std::string path_;
    int ranks_;
};

}  // namespace lazynet::mpi
