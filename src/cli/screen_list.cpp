#include "screen_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <filesystem>
#include <map>
#include <optional>

#include "lazynet/core/error.hpp"
#include "lazynet/io/text_file.hpp"
#include "screen_options.hpp"

namespace lazynet::cli {
namespace {

namespace fs = std::filesystem;

/// Name of the results of all screens together.
constexpr const char* kTaken = "cross_screen";

/// Fields of a line; nothing if a quote is not closed.
std::optional<std::vector<std::string>> fields_of(std::string_view line) {
    std::vector<std::string> fields;
    bool quoted = false;
    bool open = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
        }
        if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
            open = false;
            continue;
        }
        if (!open) {
            fields.emplace_back();
            open = true;
        }
        if (c != '"') {
            fields.back() += c;
        }
    }
    return quoted ? std::nullopt : std::optional(fields);
}

std::vector<std::string> known_options() {
    ScreenOptions unused;
    boost::program_options::options_description group;
    add_screen_options(group, unused);
    std::vector<std::string> names = {"name"};
    for (const auto& option : group.options()) {
        names.push_back(option->long_name());
    }
    return names;
}

ListedScreen screen_of(const std::vector<std::string>& fields, const std::string& where) {
    static const std::vector<std::string> kKnown = known_options();
    ListedScreen screen;
    screen.path = fields[0];
    for (std::size_t k = 1; k < fields.size(); ++k) {
        const std::size_t equals = fields[k].find('=');
        const std::string option = fields[k].substr(0, equals);
        if (equals == std::string::npos || equals + 1 == fields[k].size() ||
            std::find(kKnown.begin(), kKnown.end(), option) == kKnown.end()) {
            throw UserError(fmt::format("{}: '{}': expected option=value, with one of the options {}", where, fields[k],
                                        fmt::join(kKnown, ", ")));
        }
        if (option == "name") {
            screen.name = fields[k].substr(equals + 1);
        } else {
            screen.options.emplace_back(option, fields[k].substr(equals + 1));
        }
    }
    return screen;
}

std::string stem_of(const std::string& path) {
    constexpr std::array kEndings = {".gz", ".h5ad", ".h5", ".csv", ".tsv", ".txt", ".mtx"};
    std::string name = fs::path(path).lexically_normal().filename().string();
    if (name.empty()) {  // a folder with a slash behind it
        name = fs::path(path).lexically_normal().parent_path().filename().string();
    }
    for (const std::string ending : kEndings) {
        if (name.size() > ending.size() && name.ends_with(ending)) {
            name.resize(name.size() - ending.size());
        }
    }
    return name;
}

std::string folder_of(const std::string& path) {
    std::error_code ignored;
    return fs::absolute(path, ignored).lexically_normal().parent_path().filename().string();
}

void require_usable(const std::string& name, const std::string& path) {
    if (name.empty() || name == "." || name == ".." || name == kTaken || name.find('/') != std::string::npos) {
        throw UserError(
            fmt::format("{}: its results cannot be named '{}'; give it another name in the list "
                        "(--screens), like name=first",
                        path, name));
    }
}

}  // namespace

std::vector<ListedScreen> read_screen_list(const std::string& path) {
    std::vector<ListedScreen> screens;
    io::TextFile file(path);
    for (std::string_view line; file.next(line);) {
        const std::string where = fmt::format("{}: line {}", path, file.line_number());
        const auto fields = fields_of(line);
        if (!fields) {
            throw UserError(where + ": a quote is not closed");
        }
        if (!fields->empty() && !fields->front().starts_with("#")) {
            screens.push_back(screen_of(*fields, where));
        }
    }
    if (screens.empty()) {
        throw UserError(path + ": no screen is listed; expected one path per line");
    }
    return screens;
}

void name_screens(std::vector<ListedScreen>& screens) {
    std::map<std::string, int> stems;
    for (const ListedScreen& screen : screens) {
        ++stems[screen.name.empty() ? stem_of(screen.path) : screen.name];
    }
    std::map<std::string, std::string> paths;
    for (ListedScreen& screen : screens) {
        if (screen.name.empty()) {
            const std::string stem = stem_of(screen.path);
            screen.name = stems[stem] > 1 ? folder_of(screen.path) + "_" + stem : stem;
        }
        require_usable(screen.name, screen.path);
        const auto [other, is_new] = paths.emplace(screen.name, screen.path);
        if (!is_new) {
            throw UserError(
                fmt::format("{} and {} would both be named '{}'; give one of them another name in a list "
                            "(--screens), like name=first",
                            other->second, screen.path, screen.name));
        }
    }
}

std::vector<std::string> names_of_paths(const std::vector<std::string>& paths) {
    std::vector<ListedScreen> screens;
    for (const std::string& path : paths) {
        screens.push_back({"", path, {}});
    }
    name_screens(screens);
    std::vector<std::string> names;
    for (const ListedScreen& screen : screens) {
        names.push_back(screen.name);
    }
    return names;
}

}  // namespace lazynet::cli
