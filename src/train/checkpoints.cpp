#include "lazynet/train/checkpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "lazynet/core/error.hpp"
#include "lazynet/core/stop.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/mpi/watchdog.hpp"

namespace lazynet::train {
namespace {

using Clock = std::chrono::steady_clock;

/// Key of a folder whose run is done.
constexpr const char* kFinished = "finished";
/// "live/<key>" is the state of what will be finished as <key>; of no use any more once that is there.
constexpr const char* kLive = "live/";

const char* name_of(int signal) {
    return signal == SIGUSR1 ? "SIGUSR1" : "SIGTERM";
}

}  // namespace

struct Checkpoints::State {
    State(const mpi::Communicator& ranks, const CheckpointOptions& asked, io::CheckpointIdentity identity, Log& told)
        : world(ranks), options(asked), folder(ranks, asked.folder, std::move(identity)), assembly(ranks), log(told) {}

    const mpi::Communicator& world;
    CheckpointOptions options;
    io::CheckpointFolder folder;
    mpi::Assembly assembly;
    Log& log;
    std::map<std::string, Piece> finished;  ///< since the last save
    std::vector<std::string> forgotten;     ///< beginnings
    std::function<void()> flush;
    Clock::time_point saved = Clock::now();
    long epochs = 0;  ///< since then
    bool resumed = false;
};

Checkpoints::Checkpoints(const mpi::Communicator& world, const CheckpointOptions& options,
                         io::CheckpointIdentity identity, Log& log) {
    if (options.folder.empty()) {
        return;
    }
    catch_stop_signals();
    state_ = std::make_shared<State>(world, options, std::move(identity), log);
    if (!options.resume) {
        const std::int64_t newest = state_->folder.newest();
        if (newest > 0 && !options.anew) {
            throw AgreedError(
                fmt::format("--checkpoint {}: it holds step {} of an earlier run; give --resume to go on from it, "
                            "--overwrite to start anew, or another folder",
                            options.folder, newest));
        }
        state_->folder.clear();
        mpi::write_progress_to(options.folder + "/progress");
        return;
    }
    state_->resumed = state_->folder.open(log);
    mpi::write_progress_to(options.folder + "/progress");
    if (!state_->resumed) {
        log.info(fmt::format("no checkpoint in {}: starting at the beginning", options.folder));
    } else if (!finished()) {
        log.info(fmt::format("going on from step {} in {}", state_->folder.step(), options.folder));
    }
}

bool Checkpoints::resumed() const {
    return active() && state_->resumed;
}

bool Checkpoints::finished() const {
    return resumed() && has(kFinished);
}

bool Checkpoints::has(const std::string& key) const {
    return active() && state_->folder.has(key);
}

std::vector<std::byte> Checkpoints::load(const std::string& key) const {
    return state_->folder.load(key);
}

std::vector<std::string> Checkpoints::keys(const std::string& beginning) const {
    std::vector<std::string> found;
    if (active()) {
        for (const std::string& key : state_->folder.keys()) {
            if (key.starts_with(beginning)) {
                found.push_back(key);
            }
        }
    }
    return found;
}

void Checkpoints::finish(const std::string& key, Piece piece) {
    if (active()) {
        state_->finished.insert_or_assign(key, std::move(piece));
    }
}

void Checkpoints::forget(const std::string& beginning) {
    if (active()) {
        std::erase_if(state_->finished, [&](const auto& piece) { return piece.first.starts_with(beginning); });
        state_->forgotten.push_back(beginning);
        state_->forgotten.push_back(kLive + beginning);
    }
}

bool Checkpoints::overdue() const {
    const CheckpointOptions& options = state_->options;
    return (options.epochs > 0 && state_->epochs >= options.epochs) ||
           Clock::now() - state_->saved > std::chrono::duration<double>(60.0 * options.minutes);
}

void Checkpoints::between(const Live& live) {
    if (!active()) {
        return;
    }
    // Clocks differ: the first rank's counts. A signal may reach any rank.
    if (stop_requested() != 0 || (state_->world.is_root() && overdue())) {
        state_->assembly.ask();
    }
    if (state_->assembly.called()) {
        state_->assembly.meet([&] { save(live); });
    }
}

void Checkpoints::count_epoch() {
    if (active()) {
        ++state_->epochs;
    }
}

void Checkpoints::gate(const Live& live) {
    if (active()) {
        state_->assembly.gate([&] { save(live); });
    }
}

void Checkpoints::point(const Live& live, bool always) {
    if (!active()) {
        return;
    }
    const bool wanted = always || stop_requested() != 0 || (state_->world.is_root() && overdue());
    if (state_->world.max(std::int64_t{wanted ? 1 : 0}) > 0) {
        save(live);
    }
}

void Checkpoints::save(const Live& live) {
    State& s = *state_;
    const auto start = Clock::now();
    if (s.flush) {
        s.flush();
    }
    Records mine;
    if (live) {
        live(mine);
    }
    for (const auto& [key, piece] : s.finished) {
        mine.push_back({key, {}});
        Packer packer(mine.back().bytes);
        piece(packer);
    }
    const std::vector<std::string> kept = still_of_use(mine);
    std::int64_t bytes = 0;
    for (const io::CheckpointRecord& record : mine) {
        bytes += static_cast<std::int64_t>(record.bytes.size());
    }
    bytes = s.world.sum(bytes);
    s.folder.save(mine, kept);
    s.finished.clear();
    s.forgotten.clear();
    s.epochs = 0;
    s.saved = Clock::now();
    s.log.detail(fmt::format("checkpoint: step {} in {}, {} new, {:.2f} s", s.folder.step(), s.options.folder,
                             size_text(static_cast<double>(bytes)),
                             std::chrono::duration<double>(s.saved - start).count()));
    if (const auto signal = static_cast<int>(s.world.max(std::int64_t{stop_requested()})); signal != 0) {
        s.log.progress_done();
        throw StoppedOnRequest(
            fmt::format("stopped on {}: the work done is saved as step {} in {}; run the same "
                        "command with --resume to go on",
                        name_of(signal), s.folder.step(), s.options.folder));
    }
}

/// Keys of the last step that go into the next one as they are: not forgotten, not given anew by any rank, and no state
/// of something that is finished. Collective.
std::vector<std::string> Checkpoints::still_of_use(const Records& mine) const {
    const std::vector<std::string> before = state_->folder.keys();
    std::set<std::string> given;
    for (const io::CheckpointRecord& record : mine) {
        given.insert(record.key);
    }
    std::vector<std::int64_t> replaced;
    for (std::size_t k = 0; k < before.size(); ++k) {
        if (given.contains(before[k])) {
            replaced.push_back(static_cast<std::int64_t>(k));
        }
    }
    replaced = state_->world.gather(std::span<const std::int64_t>(replaced));
    std::sort(replaced.begin(), replaced.end());
    std::vector<std::string> kept;
    for (std::size_t k = 0; k < before.size(); ++k) {
        const std::string& key = before[k];
        const bool done = key.starts_with(kLive) && has(key.substr(std::string(kLive).size()));
        const bool gone = std::any_of(state_->forgotten.begin(), state_->forgotten.end(),
                                      [&](const std::string& beginning) { return key.starts_with(beginning); });
        if (!done && !gone && !std::binary_search(replaced.begin(), replaced.end(), static_cast<std::int64_t>(k))) {
            kept.push_back(key);
        }
    }
    return kept;
}

void Checkpoints::before_saving(std::function<void()> flush) {
    if (active()) {
        state_->flush = std::move(flush);
    }
}

void Checkpoints::close() {
    if (!active()) {
        return;
    }
    State& s = *state_;
    s.flush = nullptr;
    Records mine;
    if (s.world.is_root()) {
        mine.push_back({kFinished, {}});
    }
    s.folder.save(mine, {});
    s.folder.save({}, {kFinished});  // the steps before this one hold what nobody needs any more
}

std::string record_key(const std::string& name, std::initializer_list<Index> numbers) {
    std::string key = name;
    for (const Index number : numbers) {
        key += fmt::format("/{:06}", number);
    }
    return key;
}

}  // namespace lazynet::train
