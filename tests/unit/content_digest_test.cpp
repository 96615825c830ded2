#include <filesystem>
#include <fstream>

#include "lazynet/core/error.hpp"
#include "lazynet/io/checkpoint_folder.hpp"
#include "message_of.hpp"
#include "temporary_folder.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

class ContentDigestTest : public TemporaryFolder {
protected:
    std::string write(const std::string& name, const std::string& content) {
        fs::create_directories(fs::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << content;
        return path(name);
    }
};

TEST_F(ContentDigestTest, IsOfTheContentAlone) {
    const std::string digest = content_digest(write("a", "123456789"));
    EXPECT_EQ(digest, "9 bytes, checksum cbf43926");  // the check value of CRC-32
    EXPECT_EQ(content_digest(write("b", "123456789")), digest);
    EXPECT_NE(content_digest(write("a", "123456780")), digest);
    EXPECT_EQ(content_digest(write("c", "")), "0 bytes, checksum 00000000");
}

TEST_F(ContentDigestTest, LooksIntoLargeFilesFromEndToEnd) {
    std::string content(10 << 20, 'x');
    const std::string digest = content_digest(write("a", content));
    for (const std::size_t at : {std::size_t{0}, std::size_t{100000}, content.size() - 1}) {
        std::string other = content;
        other[at] = 'y';
        // Stretches of 64 KiB every 165 KiB: what lies between is not seen.
        EXPECT_EQ(content_digest(write("a", other)) == digest, at == 100000) << at;
    }
    content[4 << 20] = 'y';
    content.resize(4 << 20);  // as much as is read: all of it counts
    const std::string whole = content_digest(write("a", content));
    content[100000] = 'y';
    EXPECT_NE(content_digest(write("a", content)), whole);
}

TEST_F(ContentDigestTest, OfAFolderIsOfItsFiles) {
    write("one/matrix.mtx", "123");
    write("one/genes.tsv", "abc");
    write("two/genes.tsv", "abc");
    write("two/matrix.mtx", "123");
    const std::string digest = content_digest(path("one"));
    EXPECT_EQ(content_digest(path("two")), digest);
    EXPECT_EQ(digest.substr(0, 8), "6 bytes,");
    fs::rename(path("two/genes.tsv"), path("two/features.tsv"));
    EXPECT_NE(content_digest(path("two")), digest);
}

TEST_F(ContentDigestTest, SaysWhatItCannotRead) {
    EXPECT_EQ(message_of([&] { content_digest(path("none")); }),
              "cannot read " + path("none") + ": No such file or directory");
    EXPECT_NE(message_of([] { content_digest("/dev/null"); }).find("it is no file"), std::string::npos);
}

}  // namespace
}  // namespace lazynet::io
