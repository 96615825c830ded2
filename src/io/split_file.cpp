#include "lazynet/io/split_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lazynet/core/error.hpp"
#include "lazynet/io/output_file.hpp"
#include "lazynet/io/text_file.hpp"

namespace lazynet::io {
namespace {

using Json = nlohmann::ordered_json;

/// One condition per line: a list of hundreds that a person can read.
std::string list_text(const std::vector<HeldOut>& conditions) {
    std::string text;
    for (const HeldOut& c : conditions) {
        Json json = {{"perturbation", c.perturbation}, {"context", c.context}};
        if (!c.stratum.empty()) {
            json["stratum"] = c.stratum;
        }
        if (c.cells > 0) {
            json["cells"] = c.cells;
        }
        text += (text.empty() ? "\n    " : ",\n    ") + json.dump();
    }
    return "[" + text + "]";
}

std::string fold_text(const Fold& fold) {
    std::string text = "  {\"name\": " + Json(fold.name).dump() + ", \"test\": " + list_text(fold.test);
    if (!fold.excluded.empty()) {
        text += ", \"excluded\": " + list_text(fold.excluded);
    }
    return text + "}";
}

std::vector<HeldOut> conditions_of(const Json& list) {
    std::vector<HeldOut> conditions;
    for (const Json& c : list) {
        if (c.is_string()) {
            conditions.push_back({c.get<std::string>(), "", ""});
            continue;
        }
        conditions.push_back({c.at("perturbation").get<std::string>(), c.value("context", ""), c.value("stratum", ""),
                              c.value("cells", Index{0})});
    }
    return conditions;
}

Split split_of(const Json& json) {
    Split split;
    split.kind = json.at("kind").get<std::string>();
    split.screen = json.value("screen", "");
    split.seed = json.value("seed", std::uint64_t{0});
    split.share = json.value("share", 0.0);
    for (const Json& f : json.at("folds")) {
        split.folds.push_back({f.value("name", fmt::format("{}", split.folds.size())), conditions_of(f.at("test")),
                               conditions_of(f.value("excluded", Json::array()))});
    }
    return split;
}

void verify(const Split& split, const Json& json, const std::string& path) {
    if (split.kind == "custom" && !json.contains("hash")) {
        return;
    }
    const std::string hash = json.value("hash", "");
    if (hash != split.hash()) {
        throw UserError(fmt::format(
            "{}: this split is not as it was made: its hash is '{}' and that of what it holds '{}'. Make it again with "
            "lazynet split; if it is meant to be your own, set \"kind\" to \"custom\" and remove \"hash\"",
            path, hash, split.hash()));
    }
}

std::string content_of(const std::string& path) {
    TextFile file(path);
    std::string text;
    for (std::string_view line; file.next(line);) {
        text.append(line).append("\n");
    }
    return text;
}

Split parse(const std::string& text, const std::string& path) {
    try {
        const Json json = Json::parse(text);
        Split split = split_of(json);
        verify(split, json, path);
        return split;
    } catch (const Json::exception& e) {
        throw UserError(fmt::format("{}: not a split as lazynet split writes it ({})", path, e.what()));
    }
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string line = text.substr(begin, end - begin);
        line.erase(line.find_last_not_of(" \t\r") + 1);
        if (!line.empty() && line[0] != '#') {
            lines.push_back(line);
        }
        begin = end + 1;
    }
    return lines;
}

}  // namespace

void write_split(const Split& split, const std::string& path) {
    std::string text = fmt::format(
        "{{\"format\": \"lazynet split\", \"kind\": {}, \"screen\": {}, \"seed\": {}, \"share\": {}, \"hash\": "
        "\"{}\",\n \"folds\": [",
        Json(split.kind).dump(), Json(split.screen).dump(), split.seed, Json(split.share).dump(), split.hash());
    for (std::size_t f = 0; f < split.folds.size(); ++f) {
        text += (f == 0 ? "\n" : ",\n") + fold_text(split.folds[f]);
    }
    OutputFile file(path);
    file.write(text + "\n]}\n");
    file.commit();
}

Split read_split(const std::string& path) {
    return parse(content_of(path), path);
}

Split read_split(const std::string& path, const Screen& screen) {
    const std::string text = content_of(path);
    const auto first = text.find_first_not_of(" \t\r\n");
    try {
        if (first == std::string::npos || text[first] != '{') {
            return custom_split(lines_of(text), screen);
        }
        Split split = parse(text, path);
        if (split.kind == "custom") {
            split.screen = split.screen.empty() ? screen.name : split.screen;
            complete(split, screen);
        }
        return split;
    } catch (const UserError& e) {
        const std::string what = e.what();
        throw UserError(what.rfind(path, 0) == 0 ? what : path + ": " + what);
    }
}

}  // namespace lazynet::io
