#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace lazynet {

/// A test with a folder of its own, which goes with it.
class TemporaryFolder : public testing::Test {
protected:
    TemporaryFolder()
        : folder_(std::filesystem::temp_directory_path() /
                  (std::string("lazynet_") + testing::UnitTest::GetInstance()->current_test_info()->name() + "." +
                   std::to_string(getpid()))) {
        std::filesystem::create_directory(folder_);
    }
    ~TemporaryFolder() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
    [[nodiscard]] std::ptrdiff_t files() const {
        return std::distance(std::filesystem::directory_iterator(folder_), {});
    }
    static std::string content(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    std::filesystem::path folder_;
};

}  // namespace lazynet
