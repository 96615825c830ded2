#include "lazynet/mpi/watchdog.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "activity.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/mpi/heartbeat.hpp"
#include "lazynet/mpi/last_words.hpp"
#include "lazynet/mpi/progress_file.hpp"
#include "lazynet/mpi/traffic.hpp"
#include "lazynet/mpi/watch_rules.hpp"
#include "neighbour.hpp"

namespace lazynet::mpi {
namespace {

using Clock = std::chrono::steady_clock;

/// Milliseconds between two beats.
constexpr int kBeat = 1000;
/// Beats between two writings of the progress file.
constexpr int kWriting = 5;
/// Seconds that the launcher has to end a job that a rank has aborted, before the others end by themselves.
constexpr double kLaunchersTime = 10.0;
/// Seconds that the first rank of a node lets those of the nodes before it go first, so that one says why.
constexpr double kTurn = 2.0;

struct Settings {
    WatchLimits limits;
    std::string progress;
};

double seconds_of(const char* name, const std::string& text, double otherwise) {
    if (text.empty()) {
        return otherwise;
    }
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (*end != '\0' || !(value >= 0.0)) {
        throw AgreedError(fmt::format("{}={}: expected seconds, 0 or more", name, text));
    }
    return value;
}

/// The root's environment, for all: a launcher may leave other nodes' variables as they are.
Settings agreed_settings(const Communicator& world) {
    const auto variable = [&](const char* name) {
        const char* value = world.is_root() ? std::getenv(name) : nullptr;
        return world.broadcast(value == nullptr ? std::string() : std::string(value));
    };
    Settings settings;
    settings.limits.silence = seconds_of("LAZYNET_WATCHDOG", variable("LAZYNET_WATCHDOG"), settings.limits.silence);
    settings.limits.hang = seconds_of("LAZYNET_HANG", variable("LAZYNET_HANG"), settings.limits.hang);
    settings.progress = variable("LAZYNET_PROGRESS");
    return settings;
}

std::string host_name() {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

std::uint64_t pid_space() {
    struct stat facts {};
    return stat("/proc/self/ns/pid", &facts) == 0 ? facts.st_ino : 0;
}

std::string time_text() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    return text.data();
}

std::uint64_t call_number(const std::string& call) {
    return call.empty() ? 0 : std::hash<std::string>()(call) | 1U;
}

/// Where write_progress_to leaves its word for the thread. Never destroyed: the thread outlives main if a rank exits in
/// the middle.
struct WantedPath {
    std::mutex lock;
    std::string path;
};

WantedPath& wanted_path() {
    static auto* wanted = new WantedPath;
    return *wanted;
}

}  // namespace

void write_progress_to(const std::string& path) {
    const std::lock_guard hold(wanted_path().lock);
    wanted_path().path = path;
}

class Watchdog::Loop {
public:
    Loop(const Communicator& world, const Communicator& node, const Settings& settings)
        : size_(world.size()),
          host_(host_name()),
          board_(node),
          me_(board_.ranks()[board_.mine()]),
          settings_(settings),
          leads_(board_.is_shared() ? node.is_root() : true) {
        // Nodes in the order of their first ranks.
        for (const std::int64_t leads : world.gather(std::vector<std::int64_t>{leads_ ? 1 : 0})) {
            leaders_.push_back(leads != 0);
        }
        for (int r = 0; r < world.rank(); ++r) {
            turn_ += leaders_[static_cast<std::size_t>(r)] ? 1 : 0;
        }
        share_last_words(&board_.ending());
        me_.rank = world.rank();
        me_.pid = getpid();
        me_.pid_space = pid_space();
        me_.stage = Stage::running;
        const std::vector<std::int64_t> ranks = node.gather(std::vector<std::int64_t>{world.rank()});
        see_everybody(ranks);
        begin();
    }

    ~Loop() {
        stop_ = true;
        wake();
        thread_.join();
        close(alarm_);
    }

    void finishing() {
        activity().steps.fetch_add(1);
        me_.stage = Stage::finishing;
    }

private:
    /// Pulses: first the ranks of the board, then those of other nodes (the first rank of a node sees them in the file,
    /// the others know only that they exist).
    void see_everybody(const std::vector<std::int64_t>& of_node) {
        const std::size_t near = board_.ranks().size();
        place_.assign(leads_ ? static_cast<std::size_t>(size_) : 0, 0);
        std::size_t next = near;
        std::vector<bool> is_near(static_cast<std::size_t>(size_), false);
        for (std::size_t k = 0; k < near; ++k) {
            is_near[static_cast<std::size_t>(board_.is_shared() ? of_node[k] : me_.rank.load())] = true;
        }
        for (std::size_t r = 0; r < place_.size(); ++r) {
            place_[r] = is_near[r] ? 0 : next++;
        }
        const std::size_t unseen = static_cast<std::size_t>(size_) > near ? 1 : 0;
        pulses_.assign(leads_ ? next : near + unseen, {});
        afar_.resize(pulses_.size() - near);
        rules_.emplace(pulses_.size(), settings_.limits);
    }

    void begin() {
        alarm_ = eventfd(0, EFD_CLOEXEC);
        sigset_t signals;
        sigset_t before;
        sigfillset(&signals);  // signals are the main thread's, but a fault is of the thread that makes it
        for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
            sigdelset(&signals, fault);
        }
        pthread_sigmask(SIG_SETMASK, &signals, &before);
        thread_ = std::thread([this] { run(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    void wake() const {
        const std::uint64_t one = 1;
        if (write(alarm_, &one, sizeof one) < 0) {
            return;  // it wakes by itself within a second
        }
    }

    void run() {
        auto last = Clock::now();
        for (std::int64_t beat = 0; !stop_; ++beat) {
            copy_activity();
            me_.beats.fetch_add(1);
            find_file();
            if (file_ && leads_ && beat % kWriting == 0) {
                exchange_lines();
            }
            const auto now = Clock::now();
            const double seconds = std::chrono::duration<double>(now - last).count();
            last = now;
            look(seconds);
            rest();
        }
        copy_activity();
        me_.stage = Stage::gone;
        if (file_ && leads_) {
            exchange_lines();
        }
    }

    void copy_activity() {
        const Activity& mine = activity();
        const char* call = call_in_progress();
        me_.phase.store(mine.phase.text());
        me_.detail.store(mine.detail.text());
        me_.call.store(me_.stage == Stage::finishing ? "MPI_Finalize" : call == nullptr ? "" : call);
        me_.reports = mine.reports.load();
        me_.steps = mine.steps.load() + calls_begun();
    }

    /// Until the next beat, or the neighbour's end, or ours.
    void rest() {
        attend_neighbour();
        std::array<pollfd, 2> ends{{{alarm_, POLLIN, 0}, {neighbour_.descriptor(), POLLIN, 0}}};
        if (poll(ends.data(), ends.size(), kBeat) > 0 && (ends[1].revents & POLLIN) != 0) {
            neighbour_.forget();
            const Heartbeat& next = board_.ranks()[next_];
            if (next.stage.load() != Stage::gone && !last_words_spoken()) {
                end_job_because(fmt::format("{} is gone without a word in {}: killed from outside or for want of "
                                            "memory; ending the job",
                                            name_of(next_, true), where(next_)),
                                1);
            }
        }
    }

    void attend_neighbour() {
        const auto ranks = board_.ranks();
        next_ = (board_.mine() + 1) % ranks.size();
        const Heartbeat& next = ranks[next_];
        if (!attended_ && next_ != board_.mine() && next.stage.load() != Stage::absent) {
            attended_ = true;
            if (next.pid_space.load() == me_.pid_space.load()) {
                neighbour_.watch(next.pid);
            }
        }
    }

    void find_file() {
        std::string wanted = settings_.progress;
        {
            const std::lock_guard hold(wanted_path().lock);
            wanted = wanted_path().path.empty() ? wanted : wanted_path().path;
        }
        if (!wanted.empty() && (!file_ || file_->path() != wanted)) {
            file_.emplace(wanted, size_);
            begun_ = me_.rank != 0;
        }
    }

    void exchange_lines() {
        me_.in_file = true;
        std::vector<RankLine> lines;
        const auto ranks = board_.ranks();
        for (std::size_t k = 0; k < ranks.size(); ++k) {
            const Heartbeat& of = ranks[k];
            if (of.stage.load() != Stage::absent) {
                lines.push_back({of.rank, host_, of.pid, of.phase.text(), of.detail.text(), of.call.text(),
                                 rules_->idle(k), time_text(), of.stage, of.beats, of.steps});
            }
        }
        begun_ = begun_ || file_->begin();
        if (begun_) {
            file_->write(lines);
        }
        if (!afar_.empty()) {
            for (RankLine& line : afar_) {
                line.stage = Stage::absent;
            }
            for (RankLine& line : file_->read()) {
                const auto rank = static_cast<std::size_t>(line.rank);
                if (rank < place_.size() && place_[rank] >= ranks.size()) {
                    afar_[place_[rank] - ranks.size()] = std::move(line);
                }
            }
        }
        me_.in_file = false;
    }

    void look(double seconds) {
        const auto ranks = board_.ranks();
        for (std::size_t k = 0; k < ranks.size(); ++k) {
            const Heartbeat& of = ranks[k];
            pulses_[k] = {true,     true,       of.stage,   of.beats,
                          of.steps, of.reports, of.in_file, call_number(of.call.text())};
        }
        for (std::size_t k = 0; k < afar_.size(); ++k) {
            const RankLine& of = afar_[k];
            pulses_[ranks.size() + k] = {of.stage != Stage::absent, false, of.stage, of.beats, of.steps, false, false,
                                         call_number(of.call)};
        }
        const Finding finding = rules_->look(pulses_, seconds);
        // Others see it too: one of the node speaks, and first nodes first.
        waited_ = finding.trouble == Trouble::none ? 0.0 : waited_ + seconds;
        const bool turn = finding.rank < ranks.size() || waited_ >= kTurn * turn_;
        if (finding.trouble != Trouble::none && turn && !last_words_spoken()) {
            end_job_because(text_of(finding), 1);
        }
        outlive_launcher(seconds);
    }

    /// The job has been ended, but here we are: nobody takes it down.
    void outlive_launcher(double seconds) {
        ended_ = last_words_spoken() ? ended_ + seconds : 0.0;
        if (ended_ < kLaunchersTime) {
            return;
        }
        for (const Heartbeat& of : board_.ranks()) {
            if (of.pid != me_.pid && of.stage.load() != Stage::absent && of.stage.load() != Stage::gone &&
                of.pid_space.load() == me_.pid_space.load()) {
                kill(of.pid, SIGKILL);
            }
        }
        std::_Exit(1);
    }

    [[nodiscard]] std::string name_of(std::size_t k, bool with_pid) const {
        const auto ranks = board_.ranks();
        const bool near = k < ranks.size();
        const int rank = near ? ranks[k].rank.load() : afar_[k - ranks.size()].rank;
        const int pid = near ? ranks[k].pid.load() : afar_[k - ranks.size()].pid;
        const std::string name =
            fmt::format("rank {}/{} on {}", rank, size_, near ? host_ : afar_[k - ranks.size()].host);
        return with_pid ? fmt::format("{} (pid {})", name, pid) : name;
    }

    /// "phase training (shard 3/5 epoch 10)"
    [[nodiscard]] std::string where(std::size_t k) const {
        const auto ranks = board_.ranks();
        const bool near = k < ranks.size();
        const std::string phase = near ? ranks[k].phase.text() : afar_[k - ranks.size()].phase;
        const std::string detail = near ? ranks[k].detail.text() : afar_[k - ranks.size()].detail;
        return "phase " + (phase.empty() ? "start" : phase) + (detail.empty() ? "" : " (" + detail + ")");
    }

    [[nodiscard]] std::string call_of(std::size_t k) const {
        const auto ranks = board_.ranks();
        return k < ranks.size() ? ranks[k].call.text() : afar_[k - ranks.size()].call;
    }

    [[nodiscard]] std::string text_of(const Finding& finding) const {
        const std::size_t k = finding.rank;
        if (finding.trouble == Trouble::silent) {
            return fmt::format("{} has been silent for {:.0f} s in {}; ending the job", name_of(k, true),
                               finding.seconds, where(k));
        }
        std::string doing = "computing";
        if (finding.trouble == Trouble::all_wait) {
            doing = "in " + call_of(k);
            for (std::size_t other = 0; other < pulses_.size(); ++other) {
                if (pulses_[other].call != pulses_[k].call) {
                    doing += ", others in " + call_of(other);
                    break;
                }
            }
        }
        return fmt::format("{} has made no progress for {:.0f} s in {}: {}; ending the job", name_of(k, false),
                           finding.seconds, where(k), doing);
    }

    int size_;
    std::string host_;
    HeartbeatBoard board_;
    Heartbeat& me_;
    Settings settings_;
    bool leads_;  ///< the first of its node: writes and reads the progress file
    std::vector<bool> leaders_;
    int turn_ = 0;
    std::vector<std::size_t> place_;  ///< of a rank of another node, among the pulses
    std::vector<Pulse> pulses_;
    std::vector<RankLine> afar_;
    std::optional<WatchRules> rules_;
    std::optional<ProgressFile> file_;
    bool begun_ = false;  ///< the file is ready for this node's lines
    Neighbour neighbour_;
    std::size_t next_ = 0;
    bool attended_ = false;
    double waited_ = 0.0;
    double ended_ = 0.0;
    int alarm_ = -1;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

Watchdog::Watchdog() {
    const Communicator world = Communicator::world();
    const Settings settings = agreed_settings(world);
    if (settings.limits.silence > 0.0) {
        loop_ = std::make_unique<Loop>(world, world.split_by_node(), settings);
    }
}

Watchdog::~Watchdog() = default;

void Watchdog::finishing() {
    if (loop_ != nullptr) {
        loop_->finishing();
    }
}

}  // namespace lazynet::mpi
