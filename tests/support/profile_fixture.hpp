#pragma once

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "lazynet/eval/profiles.hpp"

namespace lazynet {

/// tests/fixtures/profile_measures.txt: profiles, tables, and what the sources of the measures say of them.
struct ProfileFixture {
    eval::TrueProfiles truth;
    eval::PredictedProfiles predicted;
    eval::DifferentialTable real_table;
    eval::DifferentialTable predicted_table;
    std::map<std::string, std::vector<double>> expected;  ///< measure -> value per row

    explicit ProfileFixture(const std::string& path) {
        std::ifstream file(path);
        std::map<std::string, Matrix> matrices;
        std::vector<std::int32_t> own;
        for (std::string word; file >> word;) {
            if (word == "matrix") {
                read_matrix(file, matrices);
                continue;
            }
            std::string name;
            std::string line;
            if (word == "measure") {
                file >> name;
            }
            std::getline(file, line);
            std::istringstream numbers(line);
            for (std::string number; numbers >> number;) {
                word == "own" ? own.push_back(std::stoi(number)) : expected[name].push_back(std::stod(number));
            }
        }
        fill(matrices, own);
    }

private:
    static void read_matrix(std::ifstream& file, std::map<std::string, Matrix>& matrices) {
        std::string name;
        Index rows = 0;
        Index cols = 0;
        file >> name >> rows >> cols;
        Matrix& m = matrices[name];
        m.resize(rows, cols);
        for (Index k = 0; k < m.size(); ++k) {
            file >> m.data()[k];
        }
    }

    static eval::DifferentialTable table_of(std::map<std::string, Matrix>& matrices, const std::string& side) {
        eval::DifferentialTable table;
        table.log_fold = matrices[side + "_log_fold"];
        table.rank_p = matrices[side + "_q"];
        table.rank_q = matrices[side + "_q"];
        table.score = matrices[side + "_score"];
        table.score_q = matrices[side + "_q"];
        return table;
    }

    void fill(std::map<std::string, Matrix>& matrices, const std::vector<std::int32_t>& own) {
        truth.truth = matrices["truth"];
        truth.control = matrices["control"];
        truth.mean = matrices["mean"];
        predicted = {"made up", matrices["predicted"], matrices["own_control"], {}};
        real_table = table_of(matrices, "real");
        predicted_table = table_of(matrices, "predicted");
        for (std::size_t row = 0; row < own.size(); ++row) {
            truth.names.push_back("P" + std::to_string(row));
            truth.context.push_back(0);
            truth.own.push_back({own[row]});
        }
    }
};

}  // namespace lazynet
