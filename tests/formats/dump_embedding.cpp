// dump_embedding FILE...: what read_gene_embedding makes of each, as a list of JSON on stdout: source, names and
// values, or the error.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "lazynet/core/error.hpp"
#include "lazynet/io/embedding_file.hpp"

int main(int argc, char** argv) {
    nlohmann::json all = nlohmann::json::array();
    for (int i = 1; i < argc; ++i) {
        try {
            const lazynet::GeneEmbedding e = lazynet::io::read_gene_embedding(argv[i]);
            nlohmann::json json{{"source", e.source}, {"names", e.names}, {"values", nlohmann::json::array()}};
            for (lazynet::Index row = 0; row < e.values.rows(); ++row) {
                const lazynet::Vector values = e.values.row(row);
                json["values"].push_back(std::vector<float>(values.data(), values.data() + values.size()));
            }
            all.push_back(json);
        } catch (const lazynet::UserError& e) {
            all.push_back({{"error", e.what()}});
        }
    }
    std::puts(all.dump().c_str());
    return 0;
}
