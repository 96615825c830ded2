#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lazynet/io/checkpoint_folder.hpp"

namespace lazynet::io {

/// What is wrong with a record; above 0: the operating system's reason why it cannot be read.
constexpr std::int64_t kWhole = 0;
constexpr std::int64_t kCutOff = -1;
constexpr std::int64_t kChanged = -2;

struct DamagedRecord {
    std::size_t index;
    std::int64_t damage;
};

/// Reads all records, each rank a like share of the bytes; those that are not as they were written, ascending, on every
/// rank. Collective.
std::vector<DamagedRecord> damaged_records(const mpi::Communicator& world, const std::string& folder,
                                           const CheckpointPlaces& places);
/// "is cut off"
std::string damage_text(std::int64_t damage);

}  // namespace lazynet::io
