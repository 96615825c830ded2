#include "lazynet/io/staged_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "lazynet/core/error.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

class StagedFileTest : public testing::Test {
protected:
    StagedFileTest() : folder_(fs::temp_directory_path() / ("staged_file_test." + std::to_string(getpid()))) {
        fs::create_directory(folder_);
    }
    ~StagedFileTest() override { fs::remove_all(folder_); }
    [[nodiscard]] std::string path() const { return (folder_ / "x.txt").string(); }
    fs::path folder_;
};

TEST_F(StagedFileTest, ReplacesTheOldFileOnlyWhenPublished) {
    std::ofstream(path()) << "old";
    {
        StagedFile staged(path());
        staged.write("new");
        EXPECT_EQ(content(path()), "old");
        EXPECT_EQ(staged.sync(), 3);
        staged.publish();
    }
    EXPECT_EQ(content(path()), "new");
    EXPECT_FALSE(fs::exists(path() + ".tmp"));
}

TEST_F(StagedFileTest, LeavesNothingBehindWhenAbandoned) {
    std::ofstream(path()) << "old";
    StagedFile(path()).write("new");
    EXPECT_EQ(content(path()), "old");
    EXPECT_FALSE(fs::exists(path() + ".tmp"));
}

TEST_F(StagedFileTest, ReservesAndGivesBackSpaceAroundTheContent) {
    StagedFile staged(path());
    staged.write("abc");
    staged.reserve(100000);
    EXPECT_EQ(fs::file_size(staged.path()), 100000U);
    staged.trim(3);
    EXPECT_EQ(content(staged.path()), "abc");
}

TEST_F(StagedFileTest, SaysWhatItCannotDo) {
    EXPECT_THROW(StagedFile((folder_ / "none" / "x").string()), UserError);
    EXPECT_THROW(require_space(path(), 1e18), UserError);
    EXPECT_NO_THROW(require_space(path(), 1.0));
    StagedFile staged(path());
    EXPECT_THROW(staged.reserve(std::int64_t{1} << 60), UserError);
}

}  // namespace
}  // namespace lazynet::io
