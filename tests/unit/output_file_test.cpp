#include "lazynet/io/output_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "lazynet/core/error.hpp"
#include "lazynet/io/edges.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("output_file_test." + std::to_string(getpid()));
        fs::create_directory(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }
    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
    static std::string content(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static std::string unpacked(const std::string& path) {
        gzFile file = gzopen(path.c_str(), "rb");
        std::string text;
        char buffer[4096];
        for (int n = 0; (n = gzread(file, buffer, sizeof buffer)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(n));
        }
        gzclose(file);
        return text;
    }
    [[nodiscard]] std::ptrdiff_t files() const { return std::distance(fs::directory_iterator(folder_), {}); }

private:
    fs::path folder_;
};

std::string numbers(int n) {
    std::string text;
    for (int i = 0; i < n; ++i) {
        text += std::to_string(i * 7919LL % 104729) + (i % 10 == 9 ? "\n" : "\t");
    }
    return text;
}

TEST_F(OutputFileTest, AppearsOnlyWhenCommitted) {
    {
        OutputFile file(path("a.txt"));
        file.write("half");
    }
    EXPECT_EQ(files(), 0);
    OutputFile file(path("a.txt"));
    file.write("whole");
    EXPECT_FALSE(fs::exists(path("a.txt")));
    file.commit();
    EXPECT_EQ(content(path("a.txt")), "whole");
    EXPECT_EQ(files(), 1);
}

TEST_F(OutputFileTest, HoldsLongTextWhole) {
    const std::string text = numbers(1000000);  // several buffers
    for (const char* name : {"long.txt", "long.txt.gz"}) {
        OutputFile file(path(name));
        file.write(text.substr(0, 3));
        file.write(text.substr(3));
        file.write("");
        file.commit();
    }
    EXPECT_EQ(content(path("long.txt")), text);
    EXPECT_EQ(unpacked(path("long.txt.gz")), text);
    EXPECT_LT(fs::file_size(path("long.txt.gz")), text.size());
}

TEST_F(OutputFileTest, PackedBytesTellNeitherNameNorTime) {
    for (const char* name : {"one.gz", "another.gz"}) {
        OutputFile file(path(name));
        file.write(numbers(100));
        file.commit();
    }
    const std::string bytes = content(path("one.gz"));
    EXPECT_EQ(bytes, content(path("another.gz")));
    EXPECT_EQ(bytes.substr(3, 5), std::string(5, '\0'));  // no name flag, time 0
}

TEST_F(OutputFileTest, SaysWhyItCannotWriteAndKeepsTheOlderFile) {
    EXPECT_THROW(OutputFile(path("nowhere/a.txt")), UserError);
    std::ofstream(path("a.txt")) << "older";
    for (const char* name : {"a.txt", "a.gz"}) {
        rlimit before{};
        getrlimit(RLIMIT_FSIZE, &before);
        const rlimit small{4096, before.rlim_max};
        std::signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &small);
        std::string reason;
        try {
            OutputFile file(path(name));
            file.write(numbers(10000));
            file.commit();
        } catch (const UserError& e) {
            reason = e.what();
        }
        setrlimit(RLIMIT_FSIZE, &before);
        EXPECT_EQ(reason, "cannot write " + path(name) + ": File too large");
    }
    EXPECT_EQ(content(path("a.txt")), "older");
    EXPECT_EQ(files(), 1);
}

TEST_F(OutputFileTest, RefusesAnotherRunsTemporaryFile) {
    auto ours = std::make_unique<TemporaryFile>(path("a.txt"));
    TemporaryFile theirs(path("a.txt"));  // takes the name over
    EXPECT_THROW(ours->publish(), UserError);
    EXPECT_FALSE(fs::exists(path("a.txt")));
    ours.reset();  // leaves what is not its own
    EXPECT_NO_THROW(theirs.publish());
    EXPECT_TRUE(fs::exists(path("a.txt")));
}

TEST_F(OutputFileTest, WritesEdgesAsTheShortestTextOfEachNumber) {
    const std::vector<std::string> genes = {"STAT1", "JAK2"};
    const std::vector<std::string> unmeasured = {"IFNGR1"};
    const std::vector<Edge> edges = {{2, 0, -0.1F, 0.025F, 1, 0.6F}, {1, 0, 1e-9F, 0, 0.2F, 1.0F / 3}};
    write_edges(path("edges.tsv"), edges, genes, unmeasured);
    EXPECT_EQ(content(path("edges.tsv")),
              "regulator\ttarget\tmean\tsd\tsign_agreement\tselected\n"
              "IFNGR1\tSTAT1\t-0.1\t0.025\t1\t0.6\n"
              "JAK2\tSTAT1\t1e-09\t0\t0.2\t0.33333334\n");
    write_edges(path("edges.tsv.gz"), edges, genes, unmeasured);
    EXPECT_EQ(unpacked(path("edges.tsv.gz")), content(path("edges.tsv")));
}

TEST(SizeText, IsForPeople) {
    EXPECT_EQ(size_text(1296000000), "1.30 GB");
    EXPECT_EQ(size_text(8388608), "8.4 MB");
    EXPECT_EQ(size_text(0), "0.0 kB");
}

}  // namespace
}  // namespace lazynet::io
