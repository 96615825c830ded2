#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "lazynet/mpi/heartbeat.hpp"
#include "lazynet/mpi/progress_file.hpp"
#include "lazynet/mpi/watch_rules.hpp"

namespace lazynet::mpi {
namespace {

/// A job of ranks that compute, whose hearts beat and who get on, until told otherwise.
class Job {
public:
    explicit Job(std::size_t ranks) : pulses(ranks), silent(ranks, false), idle(ranks, false) {
        for (Pulse& pulse : pulses) {
            pulse.known = true;
            pulse.stage = Stage::running;
            pulse.reports = true;
        }
    }
    /// What the rules find in the last of so many seconds; nothing may be found before.
    Finding after(WatchRules& rules, int seconds) {
        Finding found;
        for (int s = 0; s < seconds; ++s) {
            EXPECT_EQ(found.trouble, Trouble::none) << "after " << s << " s";
            for (std::size_t r = 0; r < pulses.size(); ++r) {
                pulses[r].beats += silent[r] ? 0 : 1;
                pulses[r].steps += silent[r] || idle[r] ? 0 : 1;
            }
            found = rules.look(pulses, 1.0);
        }
        return found;
    }
    std::vector<Pulse> pulses;
    std::vector<bool> silent;
    std::vector<bool> idle;
};

constexpr WatchLimits kLimits{20.0, 100.0};

TEST(WatchRules, LivingRanksAreLeftAlone) {
    WatchRules rules(3, kLimits);
    EXPECT_EQ(Job(3).after(rules, 1000).trouble, Trouble::none);
}

TEST(WatchRules, ASilentRankIsFoundAfterItsTime) {
    WatchRules rules(3, kLimits);
    Job job(3);
    job.after(rules, 5);
    job.silent[2] = true;
    const Finding found = job.after(rules, 20);
    EXPECT_EQ(found.trouble, Trouble::silent);
    EXPECT_EQ(found.rank, 2U);
    EXPECT_EQ(found.seconds, 20.0);
}

TEST(WatchRules, AWatcherThatWasHeldUpStartsAnew) {
    WatchRules rules(2, kLimits);
    Job job(2);
    job.after(rules, 5);
    job.silent[1] = true;
    job.after(rules, 19);
    EXPECT_EQ(rules.look(job.pulses, 3600.0).trouble, Trouble::none);
    EXPECT_EQ(job.after(rules, 19).trouble, Trouble::none);
    EXPECT_EQ(job.after(rules, 1).trouble, Trouble::silent);
}

TEST(WatchRules, ARankThatHasEndedMayBeSilent) {
    WatchRules rules(2, kLimits);
    Job job(2);
    job.silent[1] = true;
    job.pulses[1].stage = Stage::gone;
    EXPECT_EQ(job.after(rules, 90).trouble, Trouble::none);
}

TEST(WatchRules, WritingTheFileMayTakeLong) {
    WatchRules rules(2, kLimits);
    Job job(2);
    job.silent[1] = true;
    job.pulses[1].in_file = true;
    EXPECT_EQ(job.after(rules, 90).trouble, Trouble::none);
}

TEST(WatchRules, OtherNodesAreGivenLongerAndOldLinesAreNoHearts) {
    WatchRules rules(2, kLimits);
    Job job(2);
    job.pulses[1].here = false;
    job.silent[1] = true;
    EXPECT_EQ(job.after(rules, 90).trouble, Trouble::none);  // its heart was never heard
    job.silent[1] = false;
    job.after(rules, 2);
    job.silent[1] = true;
    EXPECT_EQ(job.after(rules, 59).trouble, Trouble::none);
    EXPECT_EQ(job.after(rules, 1).trouble, Trouble::silent);
}

TEST(WatchRules, AComputingRankMustReportWherePhasesDo) {
    WatchRules rules(2, kLimits);
    Job job(2);
    job.idle[1] = true;
    job.pulses[1].reports = false;
    EXPECT_EQ(job.after(rules, 500).trouble, Trouble::none);
    job.pulses[1].reports = true;
    const Finding found = rules.look(job.pulses, 1.0);
    EXPECT_EQ(found.trouble, Trouble::stuck);
    EXPECT_EQ(found.rank, 1U);
}

TEST(WatchRules, WaitingForARankThatComputesIsNoHang) {
    WatchRules rules(3, kLimits);
    Job job(3);
    job.pulses[0].call = 7;
    job.pulses[1].call = 7;
    job.idle = {true, true, false};
    EXPECT_EQ(job.after(rules, 1000).trouble, Trouble::none);
}

TEST(WatchRules, AllInCallsWithoutProgressNameTheOddOne) {
    WatchRules rules(4, kLimits);
    Job job(4);
    job.idle.assign(4, true);
    for (Pulse& pulse : job.pulses) {
        pulse.call = 7;
    }
    job.pulses[2].call = 8;
    job.after(rules, 1);  // the first look learns where they are
    const Finding found = job.after(rules, 100);
    EXPECT_EQ(found.trouble, Trouble::all_wait);
    EXPECT_EQ(found.rank, 2U);
}

TEST(WatchRules, ARankThatLeftIsNotWaitedForLong) {
    WatchRules rules(2, kLimits);
    Job job(2);
    job.idle.assign(2, true);
    job.pulses[0].stage = Stage::finishing;
    job.pulses[0].call = 9;
    job.after(rules, 60);  // the other one computes
    job.pulses[1].call = 7;
    job.pulses[1].steps += 1;
    job.after(rules, 1);
    const Finding found = job.after(rules, 20);
    EXPECT_EQ(found.trouble, Trouble::all_wait);
    EXPECT_EQ(found.rank, 0U);
}

TEST(WatchRules, UnseenRanksMayBeComputing) {
    WatchRules rules(3, kLimits);
    Job job(3);
    job.idle.assign(3, true);
    for (Pulse& pulse : job.pulses) {
        pulse.call = 7;
    }
    job.pulses[2] = {};
    job.silent[2] = true;
    EXPECT_EQ(job.after(rules, 1000).trouble, Trouble::none);
}

TEST(WatchRules, HangsMayBeAllowed) {
    WatchRules rules(2, {20.0, 0.0});
    Job job(2);
    job.idle.assign(2, true);
    EXPECT_EQ(job.after(rules, 5000).trouble, Trouble::none);
    job.pulses[0].call = job.pulses[1].call = 7;
    EXPECT_EQ(job.after(rules, 5000).trouble, Trouble::none);
}

TEST(SharedText, KeepsWhatFits) {
    SharedText text;
    EXPECT_EQ(text.text(), "");
    text.store("shard 3/5 epoch 10");
    EXPECT_EQ(text.text(), "shard 3/5 epoch 10");
    text.store(std::string(100, 'x'));
    EXPECT_EQ(text.text(), std::string(63, 'x'));
}

TEST(ProgressFile, LinesComeBack) {
    const std::string path = testing::TempDir() + "lazynet_progress_" + std::to_string(getpid());
    { std::ofstream(path) << std::string(100000, 'x'); }  // an earlier, larger job's
    const ProgressFile file(path, 3);
    ASSERT_TRUE(file.begin());
    EXPECT_TRUE(file.read().empty());
    RankLine line{2,  "node7", 4711, "training", "shard 3/5 epoch 10", "", 12.0, "2026-01-02T03:04:05", Stage::running,
                  99, 12345};
    file.write({&line, 1});
    line.rank = 0;
    line.call = "MPI_Allreduce";
    line.phase = std::string(50, 'y');
    file.write({&line, 1});
    const std::vector<RankLine> lines = file.read();
    ASSERT_EQ(lines.size(), 2U);  // nobody has written rank 1's
    EXPECT_EQ(lines[0].rank, 0);
    EXPECT_EQ(lines[0].call, "MPI_Allreduce");
    EXPECT_EQ(lines[0].phase, std::string(32, 'y'));
    EXPECT_EQ(lines[1].rank, 2);
    EXPECT_EQ(lines[1].host, "node7");
    EXPECT_EQ(lines[1].pid, 4711);
    EXPECT_EQ(lines[1].detail, "shard 3/5 epoch 10");
    EXPECT_EQ(lines[1].call, "");
    EXPECT_EQ(lines[1].idle, 12.0);
    EXPECT_EQ(lines[1].stage, Stage::running);
    EXPECT_EQ(lines[1].beats, 99);
    EXPECT_EQ(lines[1].steps, 12345);
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace lazynet::mpi
