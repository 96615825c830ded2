#include "lazynet/io/output_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <csignal>
#include <filesystem>

#include "lazynet/core/error.hpp"
#include "lazynet/io/edges.hpp"
#include "message_of.hpp"
#include "temporary_folder.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public TemporaryFolder {
protected:
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
        const std::string reason = message_of([&] {
            OutputFile file(path(name));
            file.write(numbers(10000));
            file.commit();
        });
        setrlimit(RLIMIT_FSIZE, &before);
        EXPECT_EQ(reason, "cannot write " + path(name) + ": File too large");
    }
    EXPECT_EQ(content(path("a.txt")), "older");
    EXPECT_EQ(files(), 1);
}

TEST_F(OutputFileTest, AppearsTogetherWithOthers) {
    OutputFile first(path("a.txt"));
    OutputFile second(path("b.txt.gz"));
    first.write("first");
    second.write("second");
    EXPECT_EQ(first.finish(), 5U);
    EXPECT_GT(second.finish(), 0U);
    EXPECT_FALSE(fs::exists(path("a.txt")) || fs::exists(path("b.txt.gz")));
    first.commit();
    second.commit();
    EXPECT_EQ(content(path("a.txt")), "first");
    EXPECT_EQ(unpacked(path("b.txt.gz")), "second");
    EXPECT_EQ(files(), 2);
}

TEST_F(OutputFileTest, WritesStreamsAsTheyAre) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    OutputFile file("/dev/fd/" + std::to_string(ends[1]));
    file.write("through");
    file.commit();
    char text[16] = "";
    EXPECT_EQ(read(ends[0], text, sizeof text), 7);
    EXPECT_STREQ(text, "through");
    close(ends[0]);
    close(ends[1]);
    OutputFile("/dev/null").commit();
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OutputFileTest, DoesNotReplaceTheNameOfAnOpenFile) {
    const int open_file = open(path("a.txt").c_str(), O_WRONLY | O_CREAT, 0666);
    fs::create_symlink("/proc/self/fd/" + std::to_string(open_file), path("out"));  // as /dev/stdout is
    OutputFile file(path("out"));
    file.write("text");
    file.commit();
    EXPECT_EQ(content(path("a.txt")), "text");
    EXPECT_TRUE(fs::is_symlink(path("out")));
    EXPECT_EQ(files(), 2);
    EXPECT_THROW(TemporaryFile{path("out")}, UserError);
    close(open_file);
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

}  // namespace
}  // namespace lazynet::io
