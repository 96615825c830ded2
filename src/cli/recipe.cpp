#include "recipe.hpp"

#include <filesystem>

#include "commands.hpp"
#include "recorded_options.hpp"
#include "run_log.hpp"
#include "screen_options.hpp"
#include "split_options.hpp"
#include "train_options.hpp"

namespace lazynet::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string screen_defaults() {
    CommonOptions common;
    train::TrainConfig config;
    TrainWords words;
    SplitWords split;
    ScreenOptions screen;
    CommandLine line("train", "", "", &common);
    add_train_options(line, config, words);
    add_split_options(line, split);
    add_screen_options(line.group("Screen"), screen);
    line.take_defaults();
    return recorded_options(line);
}

/// An option whose default is not known counts as given. `prune` takes what is not given from the run it starts from,
/// so there all options count.
Json defaults_of(ResultsKind kind, const std::string& command, const Json& options) {
    if (command != "train") {
        return Json::object();
    }
    switch (kind) {
        case ResultsKind::screen:
            return Json::parse(screen_defaults());
        case ResultsKind::trajectories: {
            Json defaults = Json::parse(trajectory_defaults(options.value("preset", "") == "published" ||
                                                            options.value("dash-parity", "") == "true"));
            defaults["preset"] = "blocks";  // the others hang on it, so it must be said
            return defaults;
        }
        case ResultsKind::system:
            return Json::parse(system_defaults());
        default:
            return Json::object();
    }
}

void add_option(const std::string& name, const std::string& value, std::vector<std::string>& words) {
    if (value == "false") {  // a switch
        return;
    }
    if (value.starts_with('-')) {  // a word of its own would be taken for an option
        words.push_back("--" + name + "=" + value);
        return;
    }
    words.push_back("--" + name);
    if (value != "true") {
        words.push_back(value);
    }
}

std::vector<std::string> option_words(const Json& options) {
    std::vector<std::string> words;
    for (const auto& [name, value] : options.items()) {
        for (const auto& one : value.is_array() ? value : Json::array({value})) {
            add_option(name, one.get<std::string>(), words);
        }
    }
    return words;
}

/// Positional arguments, from the log; placeholders without one.
std::vector<std::string> inputs_of(ResultsKind kind, const std::string& command, const Json& log) {
    std::vector<std::string> inputs;
    for (const Json& input : log.is_object() ? log.value("inputs", Json::array()) : Json::array()) {
        if (input.value("given_as", "") == "input") {
            inputs.push_back(input.value("path", ""));
        }
    }
    if (!inputs.empty()) {
        return inputs;
    }
    const char* data = kind == ResultsKind::screen ? "SCREEN" : kind == ResultsKind::system ? "FOLDER" : "TRAJECTORIES";
    return command == "train"   ? std::vector<std::string>{data}
           : command == "prune" ? std::vector<std::string>{"RUN.h5ad", data}
                                : std::vector<std::string>{"RUN.h5ad"};
}

std::string again(const std::string& path) {
    return std::filesystem::path(path).stem().string() + ".again.h5ad";
}

/// What has become of the inputs since.
void add_changes_of_inputs(const Json& log, std::vector<std::string>& notes) {
    for (const Json& input : log.value("inputs", Json::array())) {
        const std::string path = input.value("absolute", "");
        const auto before = input.value("bytes", std::uintmax_t{0});
        std::error_code error;
        if (!std::filesystem::exists(path, error)) {
            notes.push_back(path + " is not there any more");
        } else if (const std::uintmax_t now = bytes_of_input(path); now != before) {
            notes.push_back(path + " has changed: " + std::to_string(now) + " bytes, then " + std::to_string(before));
        }
    }
}

}  // namespace

Recipe recipe_for(const std::string& path, ResultsKind kind, const std::string& command, const Json& options,
                  const Json& log) {
    Recipe recipe;
    const Json defaults = defaults_of(kind, command, options);
    recipe.changed = Json::object();
    for (const auto& [name, value] : options.items()) {
        if (!defaults.contains(name) || defaults[name] != value) {
            recipe.changed[name] = value;
        }
    }
    if (kind == ResultsKind::screens || kind == ResultsKind::effects || kind == ResultsKind::other) {
        return recipe;
    }
    recipe.folder = log.is_object() ? log.value("working_directory", "") : "";
    const std::vector<std::string> inputs = inputs_of(kind, command, log);
    if (inputs.size() > (command == "prune" ? 2U : 1U)) {
        recipe.command = log.value("command", "");
        recipe.notes.push_back("as it was given: it made these results and others");
        return recipe;
    }
    std::vector<std::string> words = {"lazynet", command};
    words.insert(words.end(), inputs.begin(), inputs.end());
    words.insert(words.end(), {"-o", again(path)});
    const std::vector<std::string> given = option_words(recipe.changed);
    words.insert(words.end(), given.begin(), given.end());
    recipe.command = shell_line(words);
    if (log.is_object()) {
        add_changes_of_inputs(log, recipe.notes);
    } else {
        recipe.notes.push_back("inputs are not known: put them in place of the words in capitals" +
                               std::string(kind == ResultsKind::screen || kind == ResultsKind::predictions
                                               ? "; the screen must have the fingerprint above"
                                               : ""));
    }
    return recipe;
}

}  // namespace lazynet::cli
