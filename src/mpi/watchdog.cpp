#include "lazynet/mpi/watchdog.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "activity.hpp"
#include "job_view.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/stop.hpp"
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
/// Beats between two writings of the progress file; the first beats all write it.
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
    if (world.size() == 1) {
        settings.limits.hang = 0.0;  // nobody waits for it
    }
    settings.progress = variable("LAZYNET_PROGRESS");
    return settings;
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
    /// Collective.
    Loop(const Communicator& world, Settings settings)
        : view_(world, world.split_by_node()), settings_(std::move(settings)), rules_(view_.size(), settings_.limits) {
        share_last_words(&view_.board().ending());
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

    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    ~Loop() {
        stop_ = true;
        const std::uint64_t one = 1;
        static_cast<void>(!::write(alarm_, &one, sizeof one));  // if that fails it wakes by itself within a second
        thread_.join();
        close(alarm_);
    }

    void finishing() {
        activity().steps.fetch_add(1);
        view_.me().stage = Stage::finishing;
    }

private:
    void run() {
        auto last = Clock::now();
        for (std::int64_t beat = 0; !stop_; ++beat) {
            tell_activity();
            view_.me().beats.fetch_add(1);
            stopping_ = stop_requested() != 0;
            if (find_file() || beat < kWriting || beat % kWriting == 0) {
                exchange_lines();
            }
            const auto now = Clock::now();
            look(std::chrono::duration<double>(now - last).count());
            last = now;
            rest();
        }
        tell_activity();
        view_.me().stage = Stage::gone;
        exchange_lines();
    }

    void tell_activity() {
        Heartbeat& me = view_.me();
        const Activity& mine = activity();
        const char* call = call_in_progress();
        me.phase.store(mine.phase.text());
        me.detail.store(mine.detail.text());
        me.call.store(me.stage == Stage::finishing ? "MPI_Finalize" : call == nullptr ? "" : call);
        me.reports = mine.reports.load();
        me.steps = mine.steps.load() + calls_begun();
    }

    /// True when it is another one than before.
    bool find_file() {
        std::string wanted = settings_.progress;
        {
            const std::lock_guard hold(wanted_path().lock);
            wanted = wanted_path().path.empty() ? wanted : wanted_path().path;
        }
        if (view_.leads() && !wanted.empty() && (!file_ || file_->path() != wanted)) {
            file_.emplace(wanted, view_.ranks());
            begun_ = view_.me().rank != 0;
            return true;
        }
        return false;
    }

    void exchange_lines() {
        if (!file_) {
            return;
        }
        view_.me().in_file = true;
        begun_ = begun_ || file_->begin();
        if (begun_) {
            file_->write(view_.lines(rules_));
        }
        if (view_.sees_afar()) {
            view_.take(file_->read());
        }
        view_.me().in_file = false;
    }

    void look(double seconds) {
        view_.read_pulses(pulses_);
        const Finding finding = rules_.look(pulses_, seconds);
        // Others see it too: of a node who comes first speaks, of nodes the first ones.
        waited_ = finding.trouble == Trouble::none ? 0.0 : waited_ + seconds;
        const bool turn = view_.is_near(finding.rank) || waited_ >= kTurn * view_.turn();
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
        for (const Heartbeat& of : view_.board().ranks()) {
            const Stage stage = of.stage;
            const bool lives = stage == Stage::running || stage == Stage::finishing;
            if (lives && of.pid != view_.me().pid && of.pid_space == view_.me().pid_space) {
                kill(of.pid, SIGKILL);
            }
        }
        std::_Exit(1);
    }

    /// Until the next beat, or the neighbour's end, or ours.
    void rest() {
        attend_neighbour();
        std::array<pollfd, 2> ends{{{alarm_, POLLIN, 0}, {neighbour_.descriptor(), POLLIN, 0}}};
        if (poll(ends.data(), ends.size(), kBeat) > 0 && (ends[1].revents & POLLIN) != 0) {
            neighbour_.forget();
            // Launchers send SIGTERM first, and SIGKILL to ranks that take their time to save their work.
            const bool expected = stopping_ || view_.board().ranks()[next_].stage.load() == Stage::gone;
            if (!expected && !last_words_spoken()) {
                end_job_because(fmt::format("{} (pid {}) is gone without a word in {}: killed from outside or for want "
                                            "of memory; ending the job",
                                            view_.name(next_), view_.line(next_).pid, view_.place(next_)),
                                1);
            }
        }
    }

    /// Of the ranks of a node each watches the process of the next.
    void attend_neighbour() {
        const auto ranks = view_.board().ranks();
        next_ = (view_.board().mine() + 1) % ranks.size();
        const Heartbeat& next = ranks[next_];
        if (!attended_ && next_ != view_.board().mine() && next.stage.load() != Stage::absent) {
            attended_ = true;
            if (next.pid_space == view_.me().pid_space) {
                neighbour_.watch(next.pid);
            }
        }
    }

    [[nodiscard]] std::string text_of(const Finding& finding) const {
        const std::size_t k = finding.rank;
        if (finding.trouble == Trouble::silent) {
            return fmt::format("{} (pid {}) has been silent for {:.0f} s in {}; ending the job", view_.name(k),
                               view_.line(k).pid, finding.seconds, view_.place(k));
        }
        std::string doing = "computing";
        if (finding.trouble == Trouble::all_wait) {
            doing = "in " + view_.line(k).call;
            for (std::size_t other = 0; other < pulses_.size(); ++other) {
                if (pulses_[other].call != pulses_[k].call) {
                    doing += ", others in " + view_.line(other).call;
                    break;
                }
            }
        }
        return fmt::format("{} has made no progress for {:.0f} s in {}: {}; ending the job", view_.name(k),
                           finding.seconds, view_.place(k), doing);
    }

    JobView view_;
    Settings settings_;
    WatchRules rules_;
    std::vector<Pulse> pulses_;
    std::optional<ProgressFile> file_;  ///< only where this rank leads its node
    bool begun_ = false;                ///< it is ready for this node's lines
    Neighbour neighbour_;
    std::size_t next_ = 0;
    bool attended_ = false;
    bool stopping_ = false;  ///< somebody had asked this rank to stop, at the last beat
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
        loop_ = std::make_unique<Loop>(world, settings);
    }
}

Watchdog::~Watchdog() = default;

void Watchdog::finishing() {
    if (loop_ != nullptr) {
        loop_->finishing();
    }
}

}  // namespace lazynet::mpi
