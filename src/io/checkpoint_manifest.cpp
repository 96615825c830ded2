#include "checkpoint_manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <system_error>

#include "lazynet/core/error.hpp"
#include "lazynet/io/temporary_file.hpp"
#include "raw_file.hpp"

namespace lazynet::io {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::int64_t kVersion = 1;
constexpr std::string_view kBeforeChecksum = "\"checksum\": \"";
constexpr std::string_view kAfterChecksum = "\"}\n";
constexpr std::size_t kChecksumDigits = 8;
constexpr std::string_view kData = ".data";
constexpr std::string_view kDone = ".DONE";

std::uint32_t checksum_of_text(std::string_view text) {
    return checksum_of(std::as_bytes(std::span(text.data(), text.size())));
}

std::string one_line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json record(const std::string& key, const CheckpointPlace& place) {
    return {{"key", key},
            {"file", data_name(place.step)},
            {"step", place.step},
            {"offset", place.offset},
            {"length", place.length},
            {"crc32", checksum_text(place.checksum)}};
}

std::uint32_t checksum_in(const std::string& digits) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return value;
}

CheckpointManifest parsed(const std::string& text) {
    const Json json = Json::parse(text);
    if (const std::int64_t version = json.at("lazynet_checkpoint"); version != kVersion) {
        throw UserError("it is of version " + std::to_string(version) + ", this program knows version " +
                        std::to_string(kVersion));
    }
    CheckpointManifest manifest;
    manifest.step = json.at("step");
    for (const Json& pair : json.at("identity")) {
        manifest.identity.emplace_back(pair.at(0), pair.at(1));
    }
    for (const Json& r : json.at("records")) {
        manifest.places.emplace_back(
            r.at("key"), CheckpointPlace{r.at("step"), r.at("offset"), r.at("length"), checksum_in(r.at("crc32"))});
    }
    return manifest;
}

/// The number in "step-000012.data"; nothing if the name is not made like that.
std::optional<std::int64_t> step_in(std::string_view name, std::string_view ending) {
    constexpr std::string_view kBegin = "step-";
    if (!name.starts_with(kBegin) || !name.ends_with(ending) || name.size() < kBegin.size() + ending.size()) {
        return std::nullopt;
    }
    name.remove_prefix(kBegin.size());
    name.remove_suffix(ending.size());
    std::int64_t step = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
    return error == std::errc() && end == name.data() + name.size() && step > 0 ? std::optional(step) : std::nullopt;
}

std::optional<std::string> value_of(const CheckpointIdentity& identity, const std::string& name) {
    const auto at =
        std::find_if(identity.begin(), identity.end(), [&](const auto& pair) { return pair.first == name; });
    return at == identity.end() ? std::nullopt : std::optional(at->second);
}

std::string with_value(const std::string& name, const std::optional<std::string>& value) {
    return value->empty() ? name : name + " " + *value;
}

}  // namespace

std::string text_of(const CheckpointManifest& manifest, int ranks) {
    std::string text = fmt::format("{{\"lazynet_checkpoint\": {}, \"step\": {}, \"ranks\": {},\n\"identity\": [",
                                   kVersion, manifest.step, ranks);
    const char* separator = "\n";
    for (const auto& [name, value] : manifest.identity) {
        text += separator + one_line(Json::array({name, value}));
        separator = ",\n";
    }
    text += "],\n\"records\": [";
    separator = "\n";
    for (const auto& [key, place] : manifest.places) {
        text += separator + one_line(record(key, place));
        separator = ",\n";
    }
    text += "],\n";
    const std::string checksum = checksum_text(checksum_of_text(text));
    return text.append(kBeforeChecksum).append(checksum).append(kAfterChecksum);
}

CheckpointManifest manifest_of(const std::string& text) {
    const std::size_t tail = kBeforeChecksum.size() + kChecksumDigits + kAfterChecksum.size();
    const std::size_t body = text.size() < tail ? 0 : text.size() - tail;
    if (text.size() < tail || text.compare(body, kBeforeChecksum.size(), kBeforeChecksum) != 0) {
        throw UserError("it is cut off");
    }
    const std::string digits = text.substr(body + kBeforeChecksum.size(), kChecksumDigits);
    if (checksum_text(checksum_of_text(std::string_view(text).substr(0, body))) != digits) {
        throw UserError("it has changed since it was written");
    }
    try {
        return parsed(text);
    } catch (const Json::exception& e) {
        throw UserError(std::string("it is not understood: ") + e.what());
    }
}

std::string manifest_text(const std::string& folder, std::int64_t step) {
    const RawFile file = RawFile::for_reading(folder + "/" + done_name(step));
    std::string text(static_cast<std::size_t>(file.size()), '\0');
    if (!file.read(0, std::as_writable_bytes(std::span(text)))) {
        throw UserError("it is cut off");
    }
    return text;
}

CheckpointIdentity as_stored(CheckpointIdentity identity) {
    for (auto& [name, value] : identity) {
        name = Json::parse(one_line(name)).get<std::string>();
        value = Json::parse(one_line(value)).get<std::string>();
    }
    return identity;
}

std::string difference(const CheckpointIdentity& made_with, const CheckpointIdentity& now) {
    for (const auto& [name, value] : now) {
        const std::optional<std::string> before = value_of(made_with, name);
        if (!before) {
            return "was made without " + name + ", this run has " + with_value(name, value);
        }
        if (*before != value) {
            return "was made with " + with_value(name, before) + ", this run has " + with_value(name, value);
        }
    }
    for (const auto& [name, value] : made_with) {
        if (!value_of(now, name)) {
            return "was made with " + with_value(name, value) + ", this run has no " + name;
        }
    }
    return "";
}

CheckpointFiles files_of(const std::string& folder) {
    CheckpointFiles files;
    std::error_code error;
    fs::directory_iterator at(folder, error);
    if (error == std::errc::no_such_file_or_directory) {
        return files;
    }
    const std::string unfinished = TemporaryFile::name_for("");
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (const auto done = step_in(name, kDone)) {
            files.done.insert(*done);
        } else if (const auto data = step_in(name, kData)) {
            files.data.insert(*data);
        } else if (step_in(name, std::string(kData) + unfinished) || step_in(name, std::string(kDone) + unfinished)) {
            files.unfinished.push_back(name);
        }
    }
    if (error) {
        throw UserError("cannot read checkpoint folder " + folder + ": " + error.message());
    }
    return files;
}

std::string data_name(std::int64_t step) {
    return fmt::format("step-{:06}{}", step, kData);
}

std::string done_name(std::int64_t step) {
    return fmt::format("step-{:06}{}", step, kDone);
}

}  // namespace lazynet::io
