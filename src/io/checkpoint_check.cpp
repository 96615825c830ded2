#include "checkpoint_check.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "checkpoint_manifest.hpp"
#include "lazynet/mpi/watchdog.hpp"
#include "raw_file.hpp"

namespace lazynet::io {
namespace {

constexpr std::int64_t kPiece = std::int64_t{4} << 20;

/// The data files one rank looks into, each opened once.
class OpenFiles {
public:
    explicit OpenFiles(const std::string& folder) : folder_(folder) {}
    OpenFiles(const OpenFiles&) = delete;
    OpenFiles& operator=(const OpenFiles&) = delete;
    ~OpenFiles() {
        for (const auto& [step, descriptor] : descriptors_) {
            if (descriptor >= 0) {
                close(descriptor);
            }
        }
    }
    /// Below 0: minus the reason why not.
    int descriptor(std::int64_t step) {
        const auto [at, is_new] = descriptors_.try_emplace(step, 0);
        if (is_new) {
            const int opened = open((folder_ + "/" + data_name(step)).c_str(), O_RDONLY | O_CLOEXEC);
            at->second = opened >= 0 ? opened : -errno;
        }
        return at->second;
    }

private:
    const std::string& folder_;
    std::map<std::int64_t, int> descriptors_;
};

std::int64_t damage_of(OpenFiles& files, const CheckpointPlace& place, std::vector<std::byte>& piece) {
    if (place.length == 0) {  // perhaps nothing had any length, and there is no file
        return place.checksum == checksum_of({}) ? kWhole : kChanged;
    }
    const int descriptor = files.descriptor(place.step);
    if (descriptor < 0) {
        return -descriptor;
    }
    std::uint32_t checksum = 0;
    for (std::int64_t at = 0; at < place.length;) {
        const auto length = static_cast<std::size_t>(std::min(kPiece, place.length - at));
        const ssize_t got = pread(descriptor, piece.data(), length, place.offset + at);
        if (got == 0) {
            return kCutOff;
        }
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        if (got > 0) {
            mpi::made_progress();
            checksum = checksum_of({piece.data(), static_cast<std::size_t>(got)}, checksum);
            at += got;
        }
    }
    return checksum == place.checksum ? kWhole : kChanged;
}

/// The records whose first byte is in this rank's share of all bytes; of empty ones, too.
Range share(const mpi::Communicator& world, const CheckpointPlaces& places) {
    std::vector<std::int64_t> begins = {0};
    for (const auto& [key, place] : places) {
        begins.push_back(begins.back() + place.length + 1);
    }
    const Range bytes = block_of(begins.back(), world.size(), world.rank());
    const auto index = [&](Index byte) {
        return std::lower_bound(begins.begin(), begins.end() - 1, byte) - begins.begin();
    };
    return {index(bytes.begin), index(bytes.end)};
}

}  // namespace

std::vector<DamagedRecord> damaged_records(const mpi::Communicator& world, const std::string& folder,
                                           const CheckpointPlaces& places) {
    OpenFiles files(folder);
    std::vector<std::byte> piece(static_cast<std::size_t>(kPiece));
    std::vector<std::int64_t> found;  // index, damage, index, damage
    const Range own = share(world, places);
    for (Index i = own.begin; i < own.end; ++i) {
        if (const std::int64_t damage = damage_of(files, places[static_cast<std::size_t>(i)].second, piece);
            damage != kWhole) {
            found.insert(found.end(), {i, damage});
        }
    }
    const std::vector<std::int64_t> all = world.gather(found);
    std::vector<DamagedRecord> damaged;
    for (std::size_t i = 0; i < all.size(); i += 2) {
        damaged.push_back({static_cast<std::size_t>(all[i]), all[i + 1]});
    }
    return damaged;
}

std::string damage_text(std::int64_t damage) {
    switch (damage) {
        case kCutOff:
            return "is cut off";
        case kChanged:
            return "has changed";
        default:
            return std::string("cannot be read: ") + std::strerror(static_cast<int>(damage));
    }
}

}  // namespace lazynet::io
