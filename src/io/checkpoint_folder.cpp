#include "lazynet/io/checkpoint_folder.hpp"

#include <algorithm>
#include <utility>

#include "checkpoint_check.hpp"
#include "checkpoint_manifest.hpp"
#include "lazynet/core/error.hpp"
#include "raw_file.hpp"

namespace lazynet::io {
namespace {

std::string plural(std::size_t n, const std::string& noun) {
    return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

/// "step-000005.data is cut off (record shard/0/1, and 3 more)"
std::string summary(const CheckpointManifest& manifest, const std::vector<DamagedRecord>& damaged) {
    const auto& [key, place] = manifest.places[damaged.front().index];
    const std::string more = damaged.size() == 1 ? "" : ", and " + std::to_string(damaged.size() - 1) + " more";
    return data_name(place.step) + " " + damage_text(damaged.front().damage) + " (record " + key + more + ")";
}

CheckpointManifest without(CheckpointManifest manifest, const std::vector<DamagedRecord>& damaged) {
    for (auto d = damaged.rbegin(); d != damaged.rend(); ++d) {
        manifest.places.erase(manifest.places.begin() + static_cast<std::ptrdiff_t>(d->index));
    }
    return manifest;
}

const CheckpointPlace* find(const CheckpointPlaces& places, const std::string& key) {
    const auto at = std::lower_bound(places.begin(), places.end(), key,
                                     [](const auto& record, const std::string& k) { return record.first < k; });
    return at != places.end() && at->first == key ? &at->second : nullptr;
}

}  // namespace

CheckpointFolder::CheckpointFolder(const mpi::Communicator& world, std::string folder, CheckpointIdentity identity)
    : world_(world), folder_(std::move(folder)), identity_(as_stored(std::move(identity))) {}

/// Newest first. Collective.
std::vector<std::int64_t> CheckpointFolder::steps() const {
    std::vector<std::int64_t> found;
    world_.on_root([&] {
        const CheckpointFiles files = files_of(folder_);
        found.assign(files.done.rbegin(), files.done.rend());
    });
    return world_.gather(found);
}

std::int64_t CheckpointFolder::newest() const {
    const std::vector<std::int64_t> found = steps();
    return found.empty() ? 0 : found.front();
}

/// The root reads for all. Nothing, and a warning, if it is no whole text. Collective.
std::optional<CheckpointManifest> CheckpointFolder::manifest(std::int64_t step, Log& log) const {
    std::string text;
    std::string wrong;
    if (world_.is_root()) {
        try {
            text = manifest_text(folder_, step);
            if (manifest_of(text).step != step) {
                wrong = "it is of another step";
            }
        } catch (const UserError& e) {
            wrong = e.what();
        }
    }
    wrong = world_.broadcast(wrong);
    if (!wrong.empty()) {
        log.warning("checkpoint " + folder_ + ": step " + std::to_string(step) + " is passed over: " + done_name(step) +
                    ": " + wrong);
        return std::nullopt;
    }
    return manifest_of(world_.broadcast(text));
}

void CheckpointFolder::take(CheckpointManifest manifest) {
    step_ = manifest.step;
    places_ = std::move(manifest.places);
}

bool CheckpointFolder::open(Log& log) {
    take({});
    std::optional<CheckpointManifest> remaining;  // of the newest, where none is whole
    std::size_t lost = 0;
    for (const std::int64_t step : steps()) {
        std::optional<CheckpointManifest> found = manifest(step, log);
        if (!found) {
            continue;
        }
        if (const std::string other = difference(found->identity, identity_); !other.empty()) {
            throw AgreedError("checkpoint " + folder_ + " " + other +
                              "; give the same, another folder, or leave --resume out");
        }
        const std::vector<DamagedRecord> damaged = damaged_records(world_, folder_, found->places);
        if (damaged.empty()) {
            take(std::move(*found));
            return true;
        }
        log.warning("checkpoint " + folder_ + ": step " + std::to_string(step) +
                    " is passed over: " + summary(*found, damaged));
        if (!remaining) {
            remaining = without(std::move(*found), damaged);
            lost = damaged.size();
        }
    }
    if (!remaining || remaining->places.empty()) {
        return false;
    }
    log.warning("checkpoint " + folder_ + ": no step is whole; going on from step " + std::to_string(remaining->step) +
                " without its " + plural(lost, "damaged record") + ", whose work is done again");
    take(std::move(*remaining));
    return true;
}

std::vector<std::string> CheckpointFolder::keys() const {
    std::vector<std::string> keys(places_.size());
    std::transform(places_.begin(), places_.end(), keys.begin(), [](const auto& record) { return record.first; });
    return keys;
}

bool CheckpointFolder::has(const std::string& key) const {
    return find(places_, key) != nullptr;
}

const CheckpointPlace& CheckpointFolder::place_of(const std::string& key) const {
    const CheckpointPlace* place = find(places_, key);
    if (place == nullptr) {
        throw InternalError("checkpoint " + folder_ + " has no record " + key);
    }
    return *place;
}

std::vector<std::byte> CheckpointFolder::load(const std::string& key) const {
    const CheckpointPlace& place = place_of(key);
    if (place.length == 0) {  // perhaps nothing had any length, and there is no file
        return {};
    }
    const std::string path = folder_ + "/" + data_name(place.step);
    const RawFile file = RawFile::for_reading(path);
    std::vector<std::byte> bytes(static_cast<std::size_t>(place.length));
    const std::int64_t damage = !file.read(place.offset, bytes)        ? kCutOff
                                : checksum_of(bytes) != place.checksum ? kChanged
                                                                       : kWhole;
    if (damage != kWhole) {
        throw UserError("checkpoint record " + key + ": " + path + " " + damage_text(damage) +
                        " since the run looked at it; start again to go on from what is left");
    }
    return bytes;
}

}  // namespace lazynet::io
