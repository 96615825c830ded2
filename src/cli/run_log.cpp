#include "run_log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lazynet/io/output_file.hpp"
#include "lazynet/io/temporary_file.hpp"
#include "run_report.hpp"
#include "version.hpp"

namespace lazynet::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

/// Options whose value names a file that is read.
constexpr std::array kFileOptions = {"gene-graph", "gene-embedding", "prior",      "interactions", "split", "obs",
                                     "genes",      "noise",          "gene-names", "validation",   "test"};

/// What SLURM says about the job, by its variables' names.
constexpr std::array kSlurm = {"SLURM_JOB_ID",        "SLURM_RESTART_COUNT", "SLURM_ARRAY_JOB_ID",
                               "SLURM_ARRAY_TASK_ID", "SLURM_JOB_NODELIST",  "SLURM_JOB_PARTITION"};

std::string time_text(std::chrono::system_clock::time_point time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

Json input_json(const std::string& option, const std::string& path) {
    std::error_code error;
    return {{"given_as", option},
            {"path", path},
            {"absolute", fs::absolute(path, error).string()},
            {"bytes", bytes_of_input(path)}};
}

Json inputs_json(std::span<const std::string> positional, const std::string& options) {
    Json json = Json::array();
    for (const std::string& path : positional) {
        json.push_back(input_json("input", path));
    }
    const Json recorded = Json::parse(options, nullptr, false);
    for (const char* name : kFileOptions) {
        const auto at = recorded.find(name);
        if (!recorded.is_object() || at == recorded.end()) {
            continue;
        }
        const Json values = at->is_array() ? *at : Json::array({*at});
        for (const auto& value : values) {
            std::error_code error;
            if (value.is_string() && fs::exists(value.get<std::string>(), error)) {
                json.push_back(input_json(std::string("--") + name, value));
            }
        }
    }
    return json;
}

Json versions_json() {
    Json json;
    std::istringstream lines(version_text());
    for (std::string line; std::getline(lines, line);) {
        const std::size_t blank = line.find(' ');
        json[line.substr(0, blank)] = line.substr(line.find_first_not_of(' ', blank));
    }
    return json;
}

Json slurm_json() {
    Json json = Json::object();
    for (const char* name : kSlurm) {
        if (const char* value = std::getenv(name)) {
            json[name] = value;
        }
    }
    return json;
}

/// Hosts in the order of their first ranks, with the ranks on each.
Json hosts_json(std::span<const train::Timings::RankShare> ranks) {
    Json json = Json::array();
    for (std::size_t r = 0; r < ranks.size(); ++r) {
        const auto same = [&](const Json& host) { return host["host"] == ranks[r].host; };
        const auto host = std::find_if(json.begin(), json.end(), same);
        if (host == json.end()) {
            json.push_back({{"host", ranks[r].host}, {"ranks", {r}}});
        } else {
            (*host)["ranks"].push_back(r);
        }
    }
    return json;
}

/// The table by phase with, in each, the columns of the table by rank.
Json timings_json(std::span<const train::Timings::Phase> phases) {
    Json json;
    add_timings(phases, json);
    for (std::size_t k = 0; k < phases.size(); ++k) {
        Json by_rank = {{"seconds", Json::array()},
                        {"peak_bytes", Json::array()},
                        {"mpi_calls", Json::array()},
                        {"mpi_bytes", Json::array()},
                        {"mpi_seconds", Json::array()}};
        for (const train::Timings::RankShare& rank : phases[k].ranks) {
            by_rank["seconds"].push_back(rank.seconds);
            by_rank["peak_bytes"].push_back(rank.peak_bytes);
            by_rank["mpi_calls"].push_back(rank.mpi.calls);
            by_rank["mpi_bytes"].push_back(rank.mpi.bytes);
            by_rank["mpi_seconds"].push_back(rank.mpi.seconds);
        }
        json["timings"][k]["by_rank"] = std::move(by_rank);
    }
    return json.value("timings", Json::array());
}

std::string compact(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// One line per element, of lists one line per entry: columns of thousands of ranks stay on one.
std::string text_of(const Json& json) {
    std::string text = "{";
    const char* separator = "\n";
    for (const auto& [name, value] : json.items()) {
        text += separator + compact(name) + ": ";
        if (value.is_array() && !value.empty() && value.front().is_object()) {
            for (std::size_t k = 0; k < value.size(); ++k) {
                text += (k == 0 ? "[\n  " : ",\n  ") + compact(value[k]);
            }
            text += "]";
        } else {
            text += compact(value);
        }
        separator = ",\n";
    }
    return text + "\n}\n";
}

}  // namespace

RunLog::RunLog(const std::string& command, std::span<const std::string> args)
    : command_{"lazynet", command}, started_(std::chrono::system_clock::now()) {
    command_.insert(command_.end(), args.begin(), args.end());
}

void RunLog::write(const std::string& output, std::span<const std::string> inputs, const std::string& options,
                   std::span<const train::Timings::Phase> phases, const Log& log) const {
    const auto ended = std::chrono::system_clock::now();
    std::error_code error;
    const std::span<const train::Timings::RankShare> ranks =
        phases.empty() ? std::span<const train::Timings::RankShare>() : phases.front().ranks;
    const Json json = {{"lazynet_run_log", kFormat},
                       {"output", {{"path", output}, {"bytes", bytes_of_input(output)}}},
                       {"command", shell_line(command_)},
                       {"arguments", command_},
                       {"working_directory", fs::current_path(error).string()},
                       {"versions", versions_json()},
                       {"started", time_text(started_)},
                       {"ended", time_text(ended)},
                       {"seconds", std::chrono::duration<double>(ended - started_).count()},
                       {"ranks", ranks.size()},
                       {"hosts", hosts_json(ranks)},
                       {"slurm", slurm_json()},
                       {"options", Json::parse(options, nullptr, false)},
                       {"inputs", inputs_json(inputs, options)},
                       {"timings", timings_json(phases)}};
    try {
        io::OutputFile file(name_for(output));
        file.write(text_of(json));
        file.commit();
    } catch (const std::exception& e) {
        log.warning(std::string("the results are whole, but not their log: ") + e.what());
    }
}

std::string RunLog::name_for(const std::string& output) {
    constexpr std::string_view kEnding = ".h5ad";
    return (output.ends_with(kEnding) ? output.substr(0, output.size() - kEnding.size()) : output) + ".log.json";
}

std::uintmax_t bytes_of_input(const std::string& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
        const std::uintmax_t bytes = fs::file_size(path, error);
        return error ? 0 : bytes;
    }
    std::uintmax_t sum = 0;
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
        std::error_code other;
        if (at->is_regular_file(other)) {
            const std::uintmax_t bytes = at->file_size(other);
            sum += other ? 0 : bytes;
        }
    }
    return sum;
}

std::string shell_line(std::span<const std::string> words) {
    constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./:,@%";
    std::string line;
    for (const std::string& word : words) {
        line += line.empty() ? "" : " ";
        if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
            line += word;
            continue;
        }
        line += '\'';
        for (const char c : word) {
            line += c == '\'' ? std::string("'\\''") : std::string(1, c);
        }
        line += '\'';
    }
    return line;
}

}  // namespace lazynet::cli
