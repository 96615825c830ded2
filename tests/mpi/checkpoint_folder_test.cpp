#include "lazynet/io/checkpoint_folder.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "lazynet/core/error.hpp"
#include "message_of.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;

constexpr Index kRecords = 9;

std::string key_of(Index k) {
    return "shard/" + std::to_string(k);
}

/// One has no bytes, one is longer than a large page.
std::vector<std::byte> bytes_of(Index k, int version) {
    const Index length = k == 5 ? 0 : k == 7 ? 1500000 : 300 * k + 17;
    std::vector<std::byte> bytes;
    for (Index i = 0; i < length; ++i) {
        bytes.push_back(static_cast<std::byte>((i * i + 31 * k + 7 * version) % 251));
    }
    return bytes;
}

std::vector<CheckpointRecord> records_of(const mpi::Communicator& ranks, int version) {
    std::vector<CheckpointRecord> mine;
    for (Index k = kRecords - 1 - ranks.rank(); k >= 0; k -= ranks.size()) {
        mine.push_back({key_of(k), bytes_of(k, version)});
    }
    return mine;
}

class CheckpointFolderTest : public testing::Test {
protected:
    CheckpointFolderTest()
        : path_(
              (fs::temp_directory_path() / ("checkpoint_test." + world_.broadcast(std::to_string(getpid())) + "/inner"))
                  .string()) {}
    ~CheckpointFolderTest() override {
        on_root([&] { fs::remove_all(fs::path(path_).parent_path()); });
    }

    [[nodiscard]] CheckpointFolder folder(const CheckpointIdentity& identity = {{"--seed", "1"},
                                                                                {"--pure", ""}}) const {
        return {world_, path_, identity};
    }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    void on_root(const std::function<void()>& action) const {
        world_.barrier();
        if (world_.is_root()) {
            action();
        }
        world_.barrier();
    }
    [[nodiscard]] std::set<std::string> files() const {
        std::set<std::string> names;
        world_.barrier();
        for (const auto& entry : fs::directory_iterator(path_)) {
            names.insert(entry.path().filename());
        }
        world_.barrier();
        return names;
    }
    /// What opening says on stderr, on this rank.
    std::string warnings_of(CheckpointFolder& checkpoint, bool is_there = true) {
        testing::internal::CaptureStderr();
        EXPECT_EQ(checkpoint.open(log_), is_there);
        return testing::internal::GetCapturedStderr();
    }
    void expect_version(const CheckpointFolder& checkpoint, int version) {
        EXPECT_EQ(checkpoint.keys().size(), static_cast<std::size_t>(kRecords));
        for (Index k = 0; k < kRecords; ++k) {
            EXPECT_EQ(checkpoint.load(key_of(k)), bytes_of(k, version)) << key_of(k);
        }
    }
    void save_steps(int steps) {
        CheckpointFolder checkpoint = folder();
        for (int s = 1; s <= steps; ++s) {
            checkpoint.save(records_of(world_, s), {});
        }
    }

    const mpi::Communicator world_ = mpi::Communicator::world();
    Log log_{world_.is_root(), Log::Level::quiet};
    std::string path_;
};

TEST_F(CheckpointFolderTest, IsReadByAnotherNumberOfRanks) {
    const bool writes = world_.size() == 1 || world_.rank() < world_.size() - 1;
    const mpi::Communicator writers = world_.split(writes ? 0 : 1);
    if (writes) {
        CheckpointFolder checkpoint(writers, path_, {{"--seed", "1"}});
        checkpoint.save(records_of(writers, 1), {});
        EXPECT_EQ(checkpoint.step(), 1);
    }
    world_.barrier();
    CheckpointFolder checkpoint = folder({{"--seed", "1"}});
    EXPECT_EQ(warnings_of(checkpoint), "");
    EXPECT_EQ(checkpoint.step(), 1);
    EXPECT_TRUE(checkpoint.has(key_of(0)));
    EXPECT_FALSE(checkpoint.has("shard"));
    expect_version(checkpoint, 1);
}

TEST_F(CheckpointFolderTest, IsNotThereYet) {
    CheckpointFolder checkpoint = folder();
    EXPECT_EQ(warnings_of(checkpoint, false), "");
    EXPECT_EQ(checkpoint.step(), 0);
    EXPECT_FALSE(fs::exists(path_));
}

TEST_F(CheckpointFolderTest, IsNoFile) {
    on_root([&] {
        fs::create_directories(fs::path(path_).parent_path());
        std::ofstream(path_) << "a file";
    });
    CheckpointFolder checkpoint = folder();
    EXPECT_EQ(message_of<AgreedError>([&] { checkpoint.open(log_); }),
              "cannot read checkpoint folder " + path_ + ": Not a directory");
    EXPECT_NE(message_of<AgreedError>([&] { checkpoint.save({}, {}); }).find("cannot make checkpoint folder " + path_),
              std::string::npos);
}

TEST_F(CheckpointFolderTest, RanksWriteToPagesOfTheirOwn) {
    save_steps(1);
    const auto json = nlohmann::json::parse(std::ifstream(file("step-000001.DONE")));
    EXPECT_EQ(json.at("ranks"), world_.size());
    std::map<int, std::int64_t> begins;  // by rank
    for (const auto& record : json.at("records")) {
        const int k = std::stoi(record.at("key").get<std::string>().substr(6));
        const int rank = static_cast<int>(kRecords - 1 - k) % world_.size();
        const std::int64_t offset = record.at("offset");
        begins.try_emplace(rank, offset);
        begins[rank] = std::min(begins[rank], offset);
    }
    EXPECT_EQ(begins.size(), static_cast<std::size_t>(world_.size()));
    for (const auto& [rank, begin] : begins) {
        const bool has_long = (kRecords - 1 - 7) % world_.size() == rank;
        EXPECT_EQ(begin % (has_long ? 1 << 20 : 4096), 0) << rank;
    }
}

TEST_F(CheckpointFolderTest, KeepsTheTwoNewestSteps) {
    save_steps(4);
    EXPECT_EQ(files(),
              (std::set<std::string>{"step-000003.DONE", "step-000003.data", "step-000004.DONE", "step-000004.data"}));
    CheckpointFolder checkpoint = folder();
    EXPECT_EQ(warnings_of(checkpoint), "");
    EXPECT_EQ(checkpoint.step(), 4);
    expect_version(checkpoint, 4);
}

TEST_F(CheckpointFolderTest, CarriesRecordsOver) {
    CheckpointFolder first = folder();
    first.save(records_of(world_, 1), {});
    first.save({}, first.keys());  // nobody has anything new
    first.save(
        world_.is_root() ? std::vector<CheckpointRecord>{{"more", bytes_of(3, 9)}} : std::vector<CheckpointRecord>{},
        {key_of(2), key_of(7)});
    EXPECT_EQ(first.keys(), (std::vector<std::string>{"more", key_of(2), key_of(7)}));
    CheckpointFolder second = folder();
    EXPECT_EQ(warnings_of(second), "");
    EXPECT_EQ(second.keys(), first.keys());
    second.save({}, {key_of(7)});
    EXPECT_EQ(second.step(), 4);
    EXPECT_EQ(files(),
              (std::set<std::string>{"step-000001.data", "step-000003.DONE", "step-000003.data", "step-000004.DONE"}));
    for (const CheckpointFolder* checkpoint : {&first, &second}) {
        EXPECT_EQ(checkpoint->load(key_of(7)), bytes_of(7, 1));
    }
    EXPECT_EQ(first.load("more"), bytes_of(3, 9));
}

TEST_F(CheckpointFolderTest, WritesAgainWhatAMostlyUselessFileHolds) {
    CheckpointFolder checkpoint = folder();
    checkpoint.save(records_of(world_, 1), {});
    checkpoint.save({}, {key_of(2), key_of(3)});  // 1.5 MB for the sake of 2 KB
    checkpoint.save({}, {key_of(2), key_of(3)});
    EXPECT_EQ(files(), (std::set<std::string>{"step-000002.DONE", "step-000002.data", "step-000003.DONE"}));
    EXPECT_EQ(checkpoint.load(key_of(2)), bytes_of(2, 1));
    CheckpointFolder again = folder();
    EXPECT_EQ(warnings_of(again), "");
    EXPECT_EQ(again.load(key_of(3)), bytes_of(3, 1));
}

TEST_F(CheckpointFolderTest, RefusesARecordGivenTwice) {
    CheckpointFolder checkpoint = folder();
    EXPECT_EQ(message_of<InternalError>([&] {
                  checkpoint.save({{"a", {}}, {"a", {}}}, {});
              }),
              "checkpoint record a was given twice");
    EXPECT_EQ(files(), std::set<std::string>{});
}

void flip(const std::string& path, std::int64_t offset) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(offset);
    const int before = file.get();
    file.seekp(offset);
    file.put(static_cast<char>(before ^ 1));
}

TEST_F(CheckpointFolderTest, FallsBackToTheStepBefore) {
    const std::string data = file("step-000002.data");
    const std::string done = file("step-000002.DONE");
    const auto size = [](const std::string& path) { return static_cast<std::int64_t>(fs::file_size(path)); };
    const std::vector<std::pair<std::string, std::function<void()>>> damages = {
        {"step-000002.data is cut off (record shard/", [&] { fs::resize_file(data, fs::file_size(data) - 1); }},
        {"step-000002.data has changed (record shard/8)", [&] { flip(data, 5); }},
        {"step-000002.data has changed (record shard/", [&] { flip(data, size(data) - 1); }},
        {"step-000002.data cannot be read: No such file", [&] { fs::remove(data); }},
        {"step-000002.DONE: it is cut off", [&] { fs::resize_file(done, fs::file_size(done) / 2); }},
        {"step-000002.DONE: it is cut off", [&] { fs::resize_file(done, 0); }},
        {"step-000002.DONE: it has changed since", [&] { flip(done, 40); }},
        {"step-000002.DONE: it has changed since", [&] { flip(done, size(done) - 5); }},
        {"step-000002.DONE: it is of another step",
         [&] { fs::copy_file(file("step-000001.DONE"), done, fs::copy_options::overwrite_existing); }},
        {"", [&] { fs::remove(done); }},
    };
    for (const auto& [words, damage] : damages) {
        save_steps(2);
        on_root(damage);
        CheckpointFolder checkpoint = folder();
        const std::string warnings = warnings_of(checkpoint);
        EXPECT_EQ(checkpoint.step(), 1) << words;
        expect_version(checkpoint, 1);
        if (world_.is_root() && !words.empty()) {
            EXPECT_NE(warnings.find("step 2 is passed over: " + words), std::string::npos) << warnings;
        } else {
            EXPECT_EQ(warnings, "");
        }
        checkpoint.save(records_of(world_, 3), {});  // keeps the step it came from, not the damaged one
        EXPECT_TRUE(files().contains("step-000001.DONE") && !files().contains("step-000002.DONE")) << words;
        checkpoint.clear();
        EXPECT_FALSE(fs::exists(path_));
    }
}

TEST_F(CheckpointFolderTest, GoesOnFromWhatIsLeftWhenNoStepIsWhole) {
    save_steps(2);
    on_root([&] {
        flip(file("step-000001.data"), 5);
        flip(file("step-000002.data"), 5);
    });
    CheckpointFolder checkpoint = folder();
    const std::string warnings = warnings_of(checkpoint);
    EXPECT_EQ(checkpoint.step(), 2);
    EXPECT_EQ(checkpoint.keys().size(), static_cast<std::size_t>(kRecords - 1));
    EXPECT_FALSE(checkpoint.has(key_of(8)));  // the first of the first rank
    EXPECT_EQ(checkpoint.load(key_of(7)), bytes_of(7, 2));
    if (world_.is_root()) {
        EXPECT_NE(warnings.find("no step is whole; going on from step 2 without its 1 damaged record,"),
                  std::string::npos)
            << warnings;
    }
    checkpoint.save({}, checkpoint.keys());
    CheckpointFolder again = folder();
    EXPECT_EQ(warnings_of(again), "");
    EXPECT_EQ(again.step(), 3);
    EXPECT_EQ(again.keys(), checkpoint.keys());
}

TEST_F(CheckpointFolderTest, HoldsNothingWhenNoStepCanBeRead) {
    save_steps(1);
    on_root([&] { fs::resize_file(file("step-000001.DONE"), 30); });
    CheckpointFolder checkpoint = folder();
    warnings_of(checkpoint, false);
    EXPECT_EQ(checkpoint.step(), 0);
    checkpoint.save(records_of(world_, 7), {});
    EXPECT_EQ(checkpoint.step(), 2);
    EXPECT_EQ(files(), (std::set<std::string>{"step-000002.DONE", "step-000002.data"}));
}

TEST_F(CheckpointFolderTest, ARecordThatChangesAfterOpenIsAnError) {
    save_steps(1);
    CheckpointFolder checkpoint = folder();
    EXPECT_EQ(warnings_of(checkpoint), "");
    on_root([&] { flip(file("step-000001.data"), 5); });
    EXPECT_NE(message_of([&] { (void)checkpoint.load(key_of(8)); }).find("has changed since the run looked at it"),
              std::string::npos);
    on_root([&] { fs::remove(file("step-000001.data")); });
    EXPECT_NE(message_of([&] { (void)checkpoint.load(key_of(7)); }).find("No such file"), std::string::npos);
}

TEST_F(CheckpointFolderTest, RefusesAnotherIdentity) {
    save_steps(1);
    const std::string begin = "checkpoint " + path_ + " was made with";
    const std::string end = "; give the same, another folder, or leave --resume out";
    const std::map<std::string, CheckpointIdentity> others = {
        {begin + " --seed 1, this run has --seed 2" + end, {{"--seed", "2"}, {"--pure", ""}}},
        {begin + " --pure, this run has no --pure" + end, {{"--seed", "1"}}},
        {begin + "out --new, this run has --new 3" + end, {{"--new", "3"}, {"--seed", "1"}, {"--pure", ""}}},
    };
    for (const auto& [message, identity] : others) {
        CheckpointFolder checkpoint = folder(identity);
        EXPECT_EQ(message_of<AgreedError>([&] { checkpoint.open(log_); }), message);
        EXPECT_EQ(checkpoint.step(), 0);
    }
}

TEST_F(CheckpointFolderTest, TakesAnyBytesForAName) {
    const CheckpointIdentity identity = {{"input \"\xff\".h5ad", "a\nb \xc3\xa9"}};
    CheckpointFolder(world_, path_, identity).save(records_of(world_, 1), {});
    CheckpointFolder checkpoint = folder(identity);
    EXPECT_EQ(warnings_of(checkpoint), "");
    expect_version(checkpoint, 1);
}

TEST_F(CheckpointFolderTest, OnlySavingRemovesWhatInterruptedSavesLeft) {
    save_steps(2);
    const std::set<std::string> before = files();
    const std::set<std::string> litter = {"step-000003.data", "step-000004.data.tmp-lazynet",
                                          "step-000004.DONE.tmp-lazynet"};
    on_root([&] {
        for (const std::string& name : litter) {
            std::ofstream(file(name)) << "rubbish";
        }
        std::ofstream(file("notes.txt")) << "not ours";
    });
    CheckpointFolder checkpoint = folder();
    EXPECT_EQ(warnings_of(checkpoint), "");
    EXPECT_EQ(files().size(), before.size() + litter.size() + 1);
    checkpoint.save(records_of(world_, 4), {});
    EXPECT_EQ(checkpoint.step(), 4);  // 3 is somebody's already
    EXPECT_EQ(files(), (std::set<std::string>{"notes.txt", "step-000002.DONE", "step-000002.data", "step-000004.DONE",
                                              "step-000004.data"}));
    checkpoint.clear();
    EXPECT_EQ(files(), std::set<std::string>{"notes.txt"});
}

TEST_F(CheckpointFolderTest, AWriteThatFailsOnOneRankFailsOnAllAndLeavesTheStepsBefore) {
    save_steps(2);
    const std::set<std::string> before = files();
    CheckpointFolder checkpoint = folder();
    EXPECT_EQ(warnings_of(checkpoint), "");
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit low{10000, limit.rlim_max};
    if (world_.rank() == (kRecords - 1 - 7) % world_.size()) {  // who has the long one
        setrlimit(RLIMIT_FSIZE, &low);
    }
    const std::string message = message_of<AgreedError>([&] { checkpoint.save(records_of(world_, 3), {}); });
    setrlimit(RLIMIT_FSIZE, &limit);
    EXPECT_NE(message.find("cannot write " + file("step-000003.data") + ": File too large"), std::string::npos)
        << message;
    EXPECT_EQ(files(), before);
    EXPECT_EQ(checkpoint.step(), 2);
    expect_version(checkpoint, 2);
    checkpoint.save(records_of(world_, 3), {});  // and there is room again
    expect_version(checkpoint, 3);
}

}  // namespace
}  // namespace lazynet::io
