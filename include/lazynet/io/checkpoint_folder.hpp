#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::io {

/// What a checkpoint must have been made with to be of use: names ("--replicas", "input screen.h5ad"), each once, and
/// values. The same on every rank.
using CheckpointIdentity = std::vector<std::pair<std::string, std::string>>;

/// A piece of saved work. Keys never name a rank, so that any number of ranks can go on from it.
struct CheckpointRecord {
    std::string key;  ///< "table/mean", "shard/<replica>/<block>"
    std::vector<std::byte> bytes;
};

/// Where a record lies.
struct CheckpointPlace {
    std::int64_t step = 0;  ///< whose data file
    std::int64_t offset = 0;
    std::int64_t length = 0;
    std::uint32_t checksum = 0;  ///< CRC-32
};

/// Places by key, ascending.
using CheckpointPlaces = std::vector<std::pair<std::string, CheckpointPlace>>;

struct CheckpointManifest;

/// A folder of checkpoints: steps that are whole or do not count.
///
/// Per step `step-<number>.data`, one file that all ranks write their records into (each at its own, page-aligned
/// place), and `step-<number>.DONE`, written last: a JSON text of who made it, the identity, and of every record the
/// file that holds it, its place, length and CRC-32; it ends with its own checksum. Both are flushed to disk before
/// they get their names. A step may refer to records of an earlier step's data file, so what is finished is written
/// once (and again when little else in that file is of use). The two newest steps are kept, and the data files they
/// refer to. What else an interrupted save leaves behind is removed by the next one.
class CheckpointFolder {
public:
    /// Not collective; touches nothing. `world` must outlive this.
    CheckpointFolder(const mpi::Communicator& world, std::string folder, CheckpointIdentity identity);

    /// Finds the newest step that is whole: every record is there with its checksum (ranks share the work of looking).
    /// Collective. A damaged step is passed over with a warning that names file and reason. When no step is whole, the
    /// newest readable DONE counts without the records that are damaged (their work is done again), with a warning.
    /// @return false when the folder is missing or holds no step
    /// @throws AgreedError when the step was made with another identity, naming the first difference: both values, and
    ///         what to do; also when the folder cannot be read
    bool open(Log& log);
    /// Number of the newest step in the folder, whole or not, whoever made it; 0: none. Collective.
    [[nodiscard]] std::int64_t newest() const;
    /// Number of the step that was opened or saved last; 0: none.
    [[nodiscard]] std::int64_t step() const { return step_; }
    /// Keys of the step, ascending; the same on every rank.
    [[nodiscard]] std::vector<std::string> keys() const;
    [[nodiscard]] bool has(const std::string& key) const;
    /// Bytes of a record. Not collective: every rank reads what it wants.
    /// @throws UserError if it is not there any more or has changed since open
    [[nodiscard]] std::vector<std::byte> load(const std::string& key) const;

    /// Writes the next step: the records of all ranks (keys differ), and the ones `kept` of the step before, unchanged.
    /// Collective; makes the folder when it is missing. Space is looked for first; on any rank's failure no DONE is
    /// written, what was begun is removed, the steps before stay, and all ranks throw.
    /// @param kept keys, the same on every rank @pre has(key) for each
    /// @throws AgreedError naming file and reason
    void save(const std::vector<CheckpointRecord>& mine, const std::vector<std::string>& kept);

    /// Removes all steps of this folder, and the folder if that leaves it empty. Collective.
    void clear();
    [[nodiscard]] const std::string& folder() const { return folder_; }

private:
    [[nodiscard]] std::vector<std::int64_t> steps() const;
    std::optional<CheckpointManifest> manifest(std::int64_t step, Log& log) const;
    void take(CheckpointManifest manifest);
    [[nodiscard]] const CheckpointPlace& place_of(const std::string& key) const;
    [[nodiscard]] std::vector<CheckpointRecord> worth_moving(const std::vector<std::string>& kept) const;
    [[nodiscard]] CheckpointPlaces all_places(const CheckpointPlaces& mine, const std::vector<std::string>& kept) const;

    const mpi::Communicator& world_;
    std::string folder_;
    CheckpointIdentity identity_;
    std::int64_t step_ = 0;
    CheckpointPlaces places_;  ///< the same on every rank
};

/// What tells an input file from another one: size and CRC-32 of its content, of 64 evenly spread stretches of 64 KiB
/// (all of it when it is small). A folder: of its files, in order of their names. Not its path or time: copies count as
/// the same. Not collective.
/// @throws UserError if it cannot be read, or is a stream, which cannot be read twice
std::string content_digest(const std::string& path);

}  // namespace lazynet::io
