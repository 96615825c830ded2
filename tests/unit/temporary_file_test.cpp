#include "lazynet/io/temporary_file.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>

#include "lazynet/core/error.hpp"
#include "temporary_folder.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

class TemporaryFileTest : public TemporaryFolder {
protected:
    [[nodiscard]] std::string path() const { return TemporaryFolder::path("x.txt"); }
    [[nodiscard]] std::string temporary() const { return TemporaryFile::name_for(path()); }
};

void write(const TemporaryFile& file, std::string_view text) {
    EXPECT_EQ(::write(file.descriptor(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

/// As nohup and background jobs of scripts have it.
bool is_ignored(int signal) {
    struct sigaction now {};
    return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// Ends in another process, by `signal`, while the file is there.
void expect_removed_by(int signal, const std::string& path, bool replaced) {
    const pid_t child = fork();
    if (child == 0) {
        const TemporaryFile file(path);
        if (replaced) {
            unlink(file.name().c_str());
            std::ofstream(file.name()) << "another run's";
        }
        std::raise(signal);
        _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;
    EXPECT_EQ(fs::exists(TemporaryFile::name_for(path)), replaced);
}

TEST_F(TemporaryFileTest, ReplacesTheOldFileOnlyWhenPublished) {
    std::ofstream(path()) << "old";
    {
        TemporaryFile file(path());
        write(file, "new");
        EXPECT_EQ(content(path()), "old");
        EXPECT_EQ(file.sync(), 3U);
        file.publish();
    }
    EXPECT_EQ(content(path()), "new");
    EXPECT_FALSE(fs::exists(temporary()));
}

TEST_F(TemporaryFileTest, LeavesNothingBehindWhenAbandoned) {
    std::ofstream(path()) << "old";
    write(TemporaryFile(path()), "new");
    EXPECT_EQ(content(path()), "old");
    EXPECT_FALSE(fs::exists(temporary()));
}

TEST_F(TemporaryFileTest, ReservesAndGivesBackSpaceAroundTheContent) {
    TemporaryFile file(path());
    write(file, "abc");
    file.reserve(100000);
    EXPECT_EQ(fs::file_size(file.name()), 100000U);
    file.trim(3);
    EXPECT_EQ(content(file.name()), "abc");
}

TEST_F(TemporaryFileTest, SaysWhatItCannotDo) {
    EXPECT_THROW(TemporaryFile{TemporaryFolder::path("none/x")}, UserError);
    EXPECT_THROW(require_space(path(), 1000000000000000000), UserError);
    EXPECT_NO_THROW(require_space(path(), 1));
    TemporaryFile file(path());
    EXPECT_THROW(file.reserve(std::uint64_t{1} << 60), UserError);
}

TEST_F(TemporaryFileTest, RefusesAnotherRunsTemporaryFile) {
    auto ours = std::make_unique<TemporaryFile>(path());
    TemporaryFile theirs(path());  // takes the name over
    EXPECT_THROW(ours->publish(), UserError);
    EXPECT_FALSE(fs::exists(path()));
    ours.reset();  // leaves what is not its own
    EXPECT_NO_THROW(theirs.publish());
    EXPECT_TRUE(fs::exists(path()));
}

TEST_F(TemporaryFileTest, IsRemovedElsewhereOnlyWhileItIsTheSame) {
    const TemporaryFile file(path());
    TemporaryFile::remove(path(), file.identity() + 1);
    EXPECT_TRUE(fs::exists(temporary()));
    TemporaryFile::remove(path(), file.identity());
    EXPECT_FALSE(fs::exists(temporary()));
}

TEST_F(TemporaryFileTest, StaysToBeTakenUpWhenKept) {
    std::string mark;
    {
        TemporaryFile file(path());
        file.keep(true);
        write(file, "half");
        mark = file.mark();
    }
    EXPECT_EQ(TemporaryFile::taken_up(path(), "another mark"), nullptr);
    EXPECT_EQ(content(temporary()), "half");
    {
        const auto file = TemporaryFile::taken_up(path(), mark);
        ASSERT_NE(file, nullptr);
        EXPECT_EQ(file->mark(), mark);
        file->publish();
    }
    EXPECT_EQ(content(path()), "half");
    EXPECT_EQ(TemporaryFile::taken_up(path(), mark), nullptr);
}

TEST_F(TemporaryFileTest, IsNotTakenForAnEarlierOneOfItsName) {
    std::string mark;
    {
        TemporaryFile file(path());
        file.keep(true);
        mark = file.mark();
    }
    const TemporaryFile next(path());  // perhaps with the inode of the first
    EXPECT_EQ(TemporaryFile::taken_up(path(), mark), nullptr);
    EXPECT_TRUE(fs::exists(temporary()));
}

TEST_F(TemporaryFileTest, SurvivesASignalWhenKept) {
    const pid_t child = fork();
    if (child == 0) {
        TemporaryFile file(path());
        file.keep(true);
        std::raise(SIGTERM);
        _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
    EXPECT_TRUE(fs::exists(temporary()));
}

TEST_F(TemporaryFileTest, GoesWithASignalThatEndsTheProcess) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        if (!is_ignored(signal)) {
            expect_removed_by(signal, path(), false);
        }
    }
    expect_removed_by(SIGTERM, path(), true);  // not ours to remove
}

}  // namespace
}  // namespace lazynet::io
