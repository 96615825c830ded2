// Writing, and what is removed.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "checkpoint_manifest.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/packer.hpp"
#include "lazynet/io/checkpoint_folder.hpp"
#include "lazynet/io/output_file.hpp"
#include "lazynet/io/temporary_file.hpp"
#include "raw_file.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kLargePage = std::int64_t{1} << 20;
/// Of a DONE file, generously.
constexpr std::int64_t kManifestOverhead = std::int64_t{64} << 10;
constexpr std::int64_t kRecordOverhead = 256;

std::int64_t round_up(std::int64_t n, std::int64_t unit) {
    return (n + unit - 1) / unit * unit;
}

/// Where the region of a rank begins: no two ranks write to the same page.
std::int64_t begin_of_region(const std::vector<std::int64_t>& sizes, int rank) {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    for (int r = 0; r <= rank; ++r) {
        const std::int64_t size = sizes[static_cast<std::size_t>(r)];
        begin = round_up(end, size > kLargePage ? kLargePage : kPage);
        end = size > 0 ? begin + size : end;
    }
    return begin;
}

CheckpointPlaces lay_out(const std::vector<const CheckpointRecord*>& records, std::int64_t step, std::int64_t begin) {
    CheckpointPlaces places;
    for (const CheckpointRecord* record : records) {
        const auto length = static_cast<std::int64_t>(record->bytes.size());
        places.emplace_back(record->key, CheckpointPlace{step, begin, length, checksum_of(record->bytes)});
        begin += length;
    }
    return places;
}

/// Everyone's bytes one after another, on every rank. Collective.
std::vector<std::byte> gathered(const mpi::Communicator& world, const std::vector<std::byte>& mine) {
    constexpr std::size_t kWord = sizeof(std::int64_t);
    std::vector<std::int64_t> words(1 + (mine.size() + kWord - 1) / kWord);
    words[0] = static_cast<std::int64_t>(mine.size());
    if (!mine.empty()) {
        std::memcpy(words.data() + 1, mine.data(), mine.size());
    }
    const std::vector<std::int64_t> all = world.gather(words);
    std::vector<std::byte> bytes;
    for (std::size_t at = 0; at < all.size();) {
        const auto length = static_cast<std::size_t>(all[at]);
        const auto begin = std::as_bytes(std::span(all)).subspan((at + 1) * kWord, length);
        bytes.insert(bytes.end(), begin.begin(), begin.end());
        at += 1 + (length + kWord - 1) / kWord;
    }
    return bytes;
}

std::vector<std::byte> packed(const CheckpointPlaces& places) {
    std::vector<std::byte> bytes;
    Packer packer(bytes);
    for (const auto& [key, place] : places) {
        packer.text(key);
        packer.index(place.step);
        packer.index(place.offset);
        packer.index(place.length);
        packer.index(place.checksum);
    }
    return bytes;
}

CheckpointPlaces unpacked(const std::vector<std::byte>& bytes) {
    CheckpointPlaces places;
    Unpacker unpacker(bytes);
    while (!unpacker.done()) {
        std::string key = unpacker.text();
        CheckpointPlace place;
        place.step = unpacker.index();
        place.offset = unpacker.index();
        place.length = unpacker.index();
        place.checksum = static_cast<std::uint32_t>(unpacker.index());
        places.emplace_back(std::move(key), place);
    }
    return places;
}

/// False if it is still there.
bool is_removed(const std::string& path) {
    return unlink(path.c_str()) == 0 || errno == ENOENT;
}

void make_folder(const std::string& folder) {
    std::error_code error;
    if (fs::is_directory(folder, error)) {
        return;
    }
    fs::create_directories(folder, error);
    if (error) {
        throw UserError("cannot make checkpoint folder " + folder + ": " + error.message());
    }
    sync_folder_of(folder);
}

/// Steps whose data files a step's records are in; nothing if its DONE cannot be read.
std::optional<std::set<std::int64_t>> data_of(const std::string& folder, std::int64_t step) {
    try {
        std::set<std::int64_t> steps;
        for (const auto& [key, place] : manifest_of(manifest_text(folder, step)).places) {
            steps.insert(place.step);
        }
        return steps;
    } catch (const UserError&) {
        return std::nullopt;
    }
}

/// What an interrupted save has left: files under construction, and data that no step refers to. A step that cannot be
/// read keeps the data file of its own name: somebody may want to look at it until there is a newer step.
void remove_litter(const std::string& folder, const CheckpointFiles& files) {
    std::set<std::int64_t> used = files.done;
    for (const std::int64_t step : files.done) {
        used.merge(data_of(folder, step).value_or(std::set<std::int64_t>{}));
    }
    for (const std::string& name : files.unfinished) {
        is_removed(folder + "/" + name);
    }
    for (const std::int64_t step : files.data) {
        if (!used.contains(step)) {
            is_removed(folder + "/" + data_name(step));
        }
    }
}

/// The step to keep beside `newest`: the one it came from, otherwise the newest that can be read.
std::int64_t step_before(const std::string& folder, const CheckpointFiles& files, std::int64_t newest,
                         std::int64_t origin) {
    if (origin > 0) {
        return origin;
    }
    for (auto step = files.done.rbegin(); step != files.done.rend(); ++step) {
        if (*step < newest && data_of(folder, *step)) {
            return *step;
        }
    }
    return newest;
}

/// Leaves two steps. What cannot be removed is tried again by the next save.
void remove_older(const std::string& folder, std::int64_t newest, std::int64_t origin) {
    const CheckpointFiles files = files_of(folder);
    const std::set<std::int64_t> kept = {newest, step_before(folder, files, newest, origin)};
    std::set<std::int64_t> used;
    for (const std::int64_t step : kept) {
        used.merge(data_of(folder, step).value_or(std::set<std::int64_t>{}));
    }
    for (const std::int64_t step : files.done) {  // before the data: a step must not be there without them
        if (!kept.contains(step)) {
            is_removed(folder + "/" + done_name(step));
        }
    }
    for (const std::int64_t step : files.data) {
        if (!used.contains(step)) {
            is_removed(folder + "/" + data_name(step));
        }
    }
}

/// Root only: everything but the data. @return number of the new step
std::int64_t prepare(const std::string& folder, std::int64_t bytes) {
    make_folder(folder);
    const CheckpointFiles files = files_of(folder);
    remove_litter(folder, files);
    const std::int64_t last =
        std::max(files.done.empty() ? 0 : *files.done.rbegin(), files.data.empty() ? 0 : *files.data.rbegin());
    require_space(folder + "/" + data_name(last + 1), static_cast<std::uint64_t>(bytes));
    return last + 1;
}

/// @param identity of the file that the root has made
void write_records(const std::string& path, std::uint64_t identity, const std::vector<const CheckpointRecord*>& records,
                   std::int64_t begin) {
    RawFile file = RawFile::for_writing(TemporaryFile::name_for(path), path);
    if (file.identity() != identity) {
        throw UserError("cannot write " + path + ": its temporary file was replaced meanwhile; is another run saving " +
                        "its checkpoints there?");
    }
    for (const CheckpointRecord* record : records) {
        file.write(begin, record->bytes);
        begin += static_cast<std::int64_t>(record->bytes.size());
    }
    file.finish();
}

/// Root only: both files are on disk before the first gets its name; the step counts with the name of the second.
void publish(const std::string& folder, const CheckpointManifest& manifest, int ranks,
             std::optional<TemporaryFile>& data) {
    OutputFile done(folder + "/" + done_name(manifest.step));
    done.write(text_of(manifest, ranks));
    done.finish();
    if (!data) {
        done.commit();
        return;
    }
    data->publish();
    try {
        done.commit();
    } catch (const UserError&) {
        is_removed(folder + "/" + data_name(manifest.step));
        throw;
    }
}

}  // namespace

/// Records of this rank's share, out of data files that hold little else of use: written again, those files can go.
/// One that cannot be read stays where it is. Collective.
std::vector<CheckpointRecord> CheckpointFolder::worth_moving(const std::vector<std::string>& kept) const {
    std::map<std::int64_t, std::int64_t> live;  // bytes by step
    for (const std::string& key : kept) {
        live[place_of(key).step] += place_of(key).length;
    }
    std::vector<std::int64_t> mostly_dead;
    for (const auto& [step, bytes] : live) {
        struct stat facts {};
        if (world_.is_root() && stat((folder_ + "/" + data_name(step)).c_str(), &facts) == 0 &&
            facts.st_blocks * 512 > 2 * (bytes + kPage)) {
            mostly_dead.push_back(step);
        }
    }
    mostly_dead = world_.gather(mostly_dead);
    std::vector<CheckpointRecord> moved;
    int turn = 0;
    for (const std::string& key : kept) {
        if (std::binary_search(mostly_dead.begin(), mostly_dead.end(), place_of(key).step) &&
            turn++ % world_.size() == world_.rank()) {
            try {
                moved.push_back({key, load(key)});
            } catch (const UserError&) {
            }
        }
    }
    return moved;
}

/// Of the whole next step. Collective.
CheckpointPlaces CheckpointFolder::all_places(const CheckpointPlaces& mine,
                                              const std::vector<std::string>& kept) const {
    CheckpointPlaces places = unpacked(gathered(world_, packed(mine)));
    const auto by_key = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::sort(places.begin(), places.end(), by_key);
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
    if (const auto twice = std::adjacent_find(places.begin(), places.end(), same); twice != places.end()) {
        throw InternalError("checkpoint record " + twice->first + " was given twice");
    }
    CheckpointPlaces others;
    for (const std::string& key : kept) {
        if (std::pair record(key, place_of(key)); !std::binary_search(places.begin(), places.end(), record, by_key)) {
            others.push_back(std::move(record));
        }
    }
    places.insert(places.end(), others.begin(), others.end());
    std::sort(places.begin(), places.end(), by_key);
    return places;
}

void CheckpointFolder::save(const std::vector<CheckpointRecord>& mine, const std::vector<std::string>& kept) {
    const std::vector<CheckpointRecord> moved = worth_moving(kept);
    std::vector<const CheckpointRecord*> records;
    std::int64_t size = 0;
    for (const std::vector<CheckpointRecord>* some : {&mine, &moved}) {
        for (const CheckpointRecord& record : *some) {
            records.push_back(&record);
            size += static_cast<std::int64_t>(record.bytes.size());
        }
    }
    const std::int64_t total = world_.sum(round_up(size, kPage));
    const std::int64_t all =
        world_.sum(static_cast<std::int64_t>(records.size())) + static_cast<std::int64_t>(kept.size());
    std::int64_t step = 0;
    std::optional<TemporaryFile> data;  // root only
    world_.on_root([&] {
        step = prepare(folder_, total + kManifestOverhead + kRecordOverhead * all);
        if (total > 0) {
            data.emplace(folder_ + "/" + data_name(step));
        }
    });
    step = world_.max(step);
    std::uint64_t identity = data ? data->identity() : 0;
    world_.broadcast(std::as_writable_bytes(std::span(&identity, 1)));
    const std::int64_t begin = begin_of_region(world_.gather(std::span<const std::int64_t>(&size, 1)), world_.rank());
    world_.together([&] {
        if (size > 0) {
            write_records(folder_ + "/" + data_name(step), identity, records, begin);
        }
    });
    CheckpointManifest manifest{step, identity_, all_places(lay_out(records, step, begin), kept)};
    world_.on_root([&] { publish(folder_, manifest, world_.size(), data); });
    const std::int64_t origin = step_;
    take(std::move(manifest));
    world_.on_root([&] { remove_older(folder_, step, origin); });
}

void CheckpointFolder::clear() {
    world_.on_root([&] {
        const CheckpointFiles files = files_of(folder_);
        std::vector<std::string> names;
        for (const std::int64_t step : files.done) {
            names.push_back(done_name(step));
        }
        for (const std::int64_t step : files.data) {
            names.push_back(data_name(step));
        }
        names.insert(names.end(), files.unfinished.begin(), files.unfinished.end());
        for (const std::string& name : names) {
            if (!is_removed(folder_ + "/" + name)) {
                throw UserError("cannot remove " + folder_ + "/" + name + ": " + std::strerror(errno));
            }
        }
        rmdir(folder_.c_str());  // stays when somebody keeps other things in it
    });
    take({});
}

}  // namespace lazynet::io
