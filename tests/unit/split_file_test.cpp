#include "lazynet/io/split_file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "message_of.hpp"
#include "small_screen.hpp"
#include "temporary_folder.hpp"

namespace lazynet {
namespace {

void put(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class SplitFile : public TemporaryFolder {
protected:
    Screen screen_ = screen_of(small_runs());
    std::string path_ = path("s.json");
};

TEST_F(SplitFile, ComesBackAsItWas) {
    for (const char* kind : {"kfold", "doubles", "cells", "contexts"}) {
        SplitOptions options;
        options.kind = kind;
        options.folds = 2;
        options.share = 0.3;
        options.combinations = "exclude";
        const Split split = make_split(screen_, options);
        io::write_split(split, path_);
        const Split back = io::read_split(path_, screen_);
        EXPECT_EQ(back.hash(), split.hash()) << kind;
        EXPECT_EQ(back.folds.size(), split.folds.size());
    }
}

TEST_F(SplitFile, EditedOnesAreRefusedUnlessTheyAreOnesOwn) {
    SplitOptions options;
    options.folds = 2;
    io::write_split(make_split(screen_, options), path_);
    const std::string text = content(path_);
    const std::string edited = replaced(text, "\"unseen\"", "\"seen0\"");
    put(path_, edited);
    EXPECT_NE(message_of([&] { io::read_split(path_); }).find("not as it was made"), std::string::npos);
    put(path_, replaced(text, "\"hash\"", "\"was\""));
    EXPECT_NE(message_of([&] { io::read_split(path_); }).find("not as it was made"), std::string::npos);
    put(path_, replaced(replaced(edited, "\"kfold\"", "\"custom\""), "\"hash\"", "\"was\""));
    const Split own = io::read_split(path_, screen_);
    EXPECT_EQ(own.kind, "custom");
    EXPECT_EQ(own.folds[0].test[0].stratum.substr(0, 1), own.folds[0].test[0].perturbation.size() > 1 ? "s" : "u")
        << "strata of one's own splits are worked out";
    put(path_, "{\"kind\": 3}");
    EXPECT_NE(message_of([&] { io::read_split(path_); }).find("not a split"), std::string::npos);
}

TEST_F(SplitFile, LabelsAreASplitToo) {
    put(path_, "# mine\nX+A\nB\n\nRPE1|Z\n");
    const Split split = io::read_split(path_, screen_);
    ASSERT_EQ(split.folds.size(), 1U);
    EXPECT_EQ(split.folds[0].test.size(), 5U);
    put(path_,
        "{\"kind\": \"custom\", \"folds\": [{\"name\": \"mine\", \"test\": [\"X+A\", {\"perturbation\": \"B\"}, "
        "{\"perturbation\": \"Z\", \"context\": \"RPE1\"}]}]}");
    const Split same = io::read_split(path_, screen_);
    EXPECT_EQ(same.folds[0].name, "mine");
    ASSERT_EQ(same.folds[0].test.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(same.folds[0].test[i].perturbation, split.folds[0].test[i].perturbation);
        EXPECT_EQ(same.folds[0].test[i].stratum, split.folds[0].test[i].stratum);
    }
    put(path_, "Q\n");
    const std::string error = message_of([&] { io::read_split(path_, screen_); });
    EXPECT_NE(error.find(path_ + ": the screen small has no perturbation 'Q'"), std::string::npos) << error;
}

}  // namespace
}  // namespace lazynet
