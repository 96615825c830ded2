#include "recorded_options.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

namespace lazynet::cli {

std::string recorded_options(const CommandLine& line, std::vector<std::string> left_out) {
    left_out.insert(left_out.end(), {"output", "overwrite", "json", "quiet", "verbose", "dry-run", "edges", "edges-top",
                                     "checkpoint", "resume", "checkpoint-minutes", "checkpoint-epochs"});
    nlohmann::ordered_json json;
    std::istringstream lines(line.resolved());
    for (std::string text; std::getline(lines, text);) {
        const auto equals = text.find(" = ");
        const std::string name = text.substr(0, equals);
        const std::string value = text.substr(equals + 3);
        if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) {
            continue;
        }
        if (!json.contains(name)) {
            json[name] = value;
        } else if (json[name].is_array()) {
            json[name].push_back(value);
        } else {
            json[name] = {json[name], value};
        }
    }
    return json.dump();
}

}  // namespace lazynet::cli
