#include "figures.hpp"

#include <nlohmann/json.hpp>

#include "lazynet/io/output_file.hpp"

namespace lazynet::cli {

void write_json(const CommonOptions& common, const nlohmann::ordered_json& figures) {
    if (common.json.empty()) {
        return;
    }
    io::OutputFile file(common.json);
    file.write(figures.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    file.commit();
}

}  // namespace lazynet::cli
