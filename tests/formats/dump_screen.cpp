// dump_screen FILE ROWS [--layer L] [--gene-names N] [COLUMN ...]: what the readers hand over, as JSON on stdout, so
// that a script can compare it with what anndata and h5py say. Reads ROWS cells at a time.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lazynet/io/input_file.hpp"

namespace lazynet {
namespace {

nlohmann::json dump(const ScreenOptions& options, Index step, const std::vector<std::string>& columns) {
    const io::InputFile input = io::open_input(options);
    nlohmann::json json{
        {"layout", input.reader->layout()}, {"cells", input.reader->cells()}, {"genes", input.reader->genes()}};
    json["offsets"] = {0};
    json["indices"] = nlohmann::json::array();
    json["values"] = nlohmann::json::array();
    io::CsrRows rows;
    for (Index begin = 0; begin < input.reader->cells(); begin += step) {
        input.reader->read({begin, std::min(begin + step, input.reader->cells())}, rows);
        const std::int64_t base = json["offsets"].back();
        for (std::size_t row = 1; row < rows.offsets.size(); ++row) {
            json["offsets"].push_back(base + rows.offsets[row]);
        }
        for (std::size_t i = 0; i < rows.values.size(); ++i) {
            json["indices"].push_back(rows.genes[i]);
            json["values"].push_back(rows.values[i]);
        }
    }
    json["names"] = input.gene_names().names;
    json["names_from"] = input.gene_names().from;
    const auto obs = input.obs();
    for (const std::string& name : columns) {
        const Column column = obs->read(name);
        for (Index row = 0; row < column.rows(); ++row) {
            json["columns"][name].push_back(text_at(column, row));
        }
    }
    const ValueSample sample = input.reader->sample(1000);
    json["sample"] = {{"cells", sample.cells}, {"genes", sample.genes}, {"values", sample.values}};
    return json;
}

int run(const std::vector<std::string>& args) {
    ScreenOptions options;
    options.path = args.at(0);
    std::vector<std::string> columns;
    for (std::size_t i = 2; i < args.size(); ++i) {
        if (args[i] == "--layer") {
            options.layer = args.at(++i);
        } else if (args[i] == "--gene-names") {
            options.gene_names = args.at(++i);
        } else {
            columns.push_back(args[i]);
        }
    }
    std::puts(dump(options, std::stol(args.at(1)), columns).dump().c_str());
    return 0;
}

}  // namespace
}  // namespace lazynet

int main(int argc, char** argv) {
    try {
        return lazynet::run({argv + 1, argv + argc});
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 2;
    }
}
