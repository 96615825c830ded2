#include "run_info.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/io/checkpoint_contents.hpp"
#include "lazynet/io/stored_results.hpp"
#include "lazynet/train/provenance.hpp"
#include "recipe.hpp"
#include "run_log.hpp"

namespace lazynet::cli {
namespace {

using Json = nlohmann::ordered_json;

const std::string kAt = "uns/lazynet/";

ResultsKind kind_of(const io::StoredResults& file) {
    if (file.text(kAt + "kind") == "predictions") {
        return ResultsKind::predictions;
    }
    if (file.has(kAt + "model")) {
        return ResultsKind::screen;
    }
    if (file.has(kAt + "dynamics")) {
        return ResultsKind::trajectories;
    }
    if (file.has(kAt + "knockout_dose")) {
        return ResultsKind::system;
    }
    return file.has(kAt + "classes")   ? ResultsKind::screens
           : file.has(kAt + "effects") ? ResultsKind::effects
                                       : ResultsKind::other;
}

const char* text_of(ResultsKind kind) {
    switch (kind) {
        case ResultsKind::screen:
            return "run on a screen";
        case ResultsKind::trajectories:
            return "run on trajectories";
        case ResultsKind::system:
            return "run on a closed system";
        case ResultsKind::effects:
            return "effects of a run";
        case ResultsKind::screens:
            return "what several screens know together";
        case ResultsKind::predictions:
            return "predictions";
        default:
            return "results";
    }
}

/// Runs made before commands were recorded are taken for training.
std::string command_of(const io::StoredResults& file, ResultsKind kind) {
    if (kind == ResultsKind::predictions) {
        return "predict";
    }
    const std::string recorded = file.text(kAt + "command");
    return !recorded.empty() ? recorded : kind == ResultsKind::effects ? "effects" : "train";
}

/// The texts that are there.
void add_texts(const io::StoredResults& file, std::initializer_list<const char*> names, Json& json) {
    for (const char* name : names) {
        if (const std::string text = file.text(kAt + name); !text.empty()) {
            json[name] = text;
        }
    }
}

void add_numbers(const io::StoredResults& file, std::initializer_list<const char*> names, Json& json) {
    for (const char* name : names) {
        if (const auto number = file.number(kAt + name)) {
            if (*number == std::floor(*number) && std::abs(*number) < 1e15) {
                json[name] = static_cast<std::int64_t>(*number);
            } else {
                json[name] = *number;
            }
        }
    }
}

Json grid(const io::StoredResults& file) {
    Json json = Json::object();
    add_numbers(file, {"replicas", "gene_blocks"}, json);
    if (const auto genes = file.table("var")) {
        json["genes"] = genes->rows();
    }
    const auto rows = file.table("obs");
    if (!rows) {
        return json;
    }
    json["rows"] = rows->rows();
    for (const char* name : {"split", "context", "ground", "trust", "kind"}) {
        if (!rows->has(name)) {
            continue;
        }
        const Column column = as_labels(rows->read(name));
        const std::vector<Index> counts = category_counts(column);
        for (std::size_t k = 0; k < counts.size(); ++k) {
            json[name][column.categories[k]] = counts[k];
        }
    }
    return json;
}

/// Means over the rows of obs in which `judged` is known; errors beside those of the baselines.
Json score(const io::H5Table& obs, const std::string& judged) {
    const std::vector<double> model = obs.read(judged).numbers;
    Json json = {{"conditions", 0}};
    for (const auto& [name, column] : std::map<std::string, std::string>{
             {"model", judged}, {"no_change", "mse_no_change"}, {"mean", "mse_mean"}, {"noise_ceiling", "mse_noise"}}) {
        const std::vector<double> errors = obs.read(column).numbers;
        double sum = 0.0;
        std::int64_t rows = 0;
        for (std::size_t r = 0; r < errors.size(); ++r) {
            if (!std::isnan(model[r])) {
                sum += errors[r];
                ++rows;
            }
        }
        json["conditions"] = rows;
        json[name] = sum / static_cast<double>(rows);
    }
    return json;
}

Json scores(const io::StoredResults& file) {
    Json json = Json::object();
    const auto obs = file.table("obs");
    if (obs && obs->has("mse_held_out") && obs->has("mse_fitted")) {
        json["held_out"] = score(*obs, "mse_held_out");
        json["fitted"] = score(*obs, "mse_fitted");
    }
    return json;
}

/// Rows of a small table as objects, their names from its index.
Json rows_of(const io::StoredResults& file, const std::string& where) {
    const auto table = file.table(where);
    Json json = Json::array();
    if (!table) {
        return json;
    }
    for (const std::string& name : table->index()) {
        json.push_back({{"name", name}});
    }
    for (const std::string& name : table->names()) {
        const Column column = table->read(name);
        for (Index r = 0; r < column.rows(); ++r) {
            auto& row = json[static_cast<std::size_t>(r)];
            if (column.kind == Column::Kind::text) {
                row[name] = text_at(column, r);
            } else {
                row[name] = column.numbers[static_cast<std::size_t>(r)];
            }
        }
    }
    return json;
}

/// Per layer: how many rounds, how many weights there were and are.
Json rounds(const io::StoredResults& file) {
    Json json = Json::array();
    const Json all = rows_of(file, kAt + "rounds");
    for (const char* layer : {"inner", "outer"}) {
        std::map<std::int64_t, std::pair<double, double>> by_epoch;  // weights, remaining
        for (const Json& round : all) {
            if (round["layer"] == layer) {
                auto& [weights, remaining] = by_epoch[static_cast<std::int64_t>(round["epoch"].get<double>())];
                weights += round["weights"].get<double>();
                remaining += round["remaining"].get<double>();
            }
        }
        if (!by_epoch.empty()) {
            json.push_back({{"layer", layer},
                            {"rounds", by_epoch.size()},
                            {"first_epoch", by_epoch.begin()->first},
                            {"last_epoch", by_epoch.rbegin()->first},
                            {"weights", static_cast<std::int64_t>(by_epoch.rbegin()->second.first)},
                            {"remaining", static_cast<std::int64_t>(by_epoch.rbegin()->second.second)}});
        }
    }
    return json;
}

/// The log beside the results, when it is theirs.
void add_log(const std::string& path, const Json& options, Json& json) {
    const std::string name = RunLog::name_for(path);
    json["log"] = nullptr;
    std::ifstream file(name);
    if (!file) {
        json["log_problem"] = name + " is not there";
        return;
    }
    const Json log = Json::parse(file, nullptr, false);
    if (!log.is_object() || !log.contains("lazynet_run_log")) {
        json["log_problem"] = name + " is not the log of a run";
    } else if (log.value("options", Json()) != options ||
               log.value("output", Json::object()).value("bytes", Json()) != json["bytes"]) {
        json["log_problem"] = name + " is of another run";
    } else {
        json["log"] = log;
    }
}

void add_recipe(const std::string& path, ResultsKind kind, Json& json) {
    Recipe recipe = recipe_for(path, kind, json["command"], json["options"], json["log"]);
    if (json["version"] != train::version() || json["git_hash"] != train::git_hash()) {
        recipe.notes.push_back("this is lazynet " + train::version() + " (git " + train::git_hash() +
                               "): another version may give other bytes");
    }
    json["changed_options"] = recipe.changed;
    if (!recipe.command.empty()) {
        json["reproduce"] = {{"folder", recipe.folder}, {"command", recipe.command}, {"notes", recipe.notes}};
    }
}

}  // namespace

Json results_info(const std::string& path) {
    const io::StoredResults file(path);
    const ResultsKind kind = kind_of(file);
    Json json = {{"file", path}, {"is", text_of(kind)}, {"bytes", std::filesystem::file_size(path)}};
    json["command"] = command_of(file, kind);
    json["version"] = file.text(kAt + "version");
    json["git_hash"] = file.text(kAt + "git_hash");
    add_numbers(file, {"format_version", "seed"}, json);
    add_texts(file, {"screen", "screen_fingerprint", "values", "effects", "holds", "consensus_holds", "sd_holds"},
              json);
    if (file.has(kAt + "split")) {
        json["split"] = {{"kind", file.text(kAt + "split/kind")},
                         {"hash", file.text(kAt + "split/hash")},
                         {"fold", file.text(kAt + "split/fold")}};
    }
    json["grid"] = grid(file);
    add_numbers(file, {"l2_share", "mean_shift"}, json);
    const std::string recorded = file.text(kAt + "options");
    const Json options = recorded.empty() ? Json::object() : Json::parse(recorded, nullptr, false);  // of several runs
    if (!options.is_object()) {
        throw UserError(path + ": uns/lazynet/options is not the JSON that lazynet writes; the file is damaged");
    }
    json["options"] = options;
    json["rounds"] = rounds(file);
    json["scores"] = scores(file);
    json["prior"] = rows_of(file, kAt + "prior");
    json["calibration"] = rows_of(file, kAt + "calibration");
    add_log(path, options, json);
    add_recipe(path, kind, json);
    return json;
}

Json checkpoint_info(const std::string& folder) {
    const io::CheckpointContents contents = io::look_into_checkpoint(folder);
    Json json = {{"folder", folder},
                 {"is", "checkpoint"},
                 {"step", contents.step},
                 {"age_seconds", contents.age_seconds},
                 {"other_steps", contents.other_steps},
                 {"problems", contents.problems}};
    std::int64_t bytes = 0;
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> work;  // records, bytes
    for (const auto& [key, place] : contents.places) {
        auto& [records, size] = work[key.substr(0, key.find('/'))];
        ++records;
        size += place.length;
        bytes += place.length;
    }
    json["bytes"] = bytes;
    json["identity"] = Json::object();
    for (const auto& [name, value] : contents.identity) {
        json["identity"][name] = value;
    }
    json["records"] = Json::object();
    for (const auto& [prefix, sums] : work) {
        json["records"][prefix] = {{"records", sums.first}, {"bytes", sums.second}};
    }
    return json;
}

}  // namespace lazynet::cli
