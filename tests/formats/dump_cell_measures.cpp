// mpirun -n N dump_cell_measures OUT FILE [CONTEXT_COLUMN]: what the measures on cells are in a screen, each rank's
// rows as OUT/<rank>.json, so that a script can compare it with what scipy says. Genes of the spreads: the 20 with the
// largest |t|.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/environment.hpp"
#include "lazynet/scoring/cell_spreads.hpp"
#include "lazynet/scoring/differential.hpp"
#include "lazynet/scoring/energy.hpp"
#include "lazynet/scoring/halves.hpp"

namespace lazynet {
namespace {

nlohmann::json rows_of(const Matrix& m) {
    nlohmann::json rows = nlohmann::json::array();
    for (Index r = 0; r < m.rows(); ++r) {
        rows.push_back(std::vector<float>(m.row(r).begin(), m.row(r).end()));
    }
    return rows;
}

/// The columns with the largest absolute values of every row.
std::vector<std::vector<std::int32_t>> top_genes(const Matrix& score, Index n) {
    std::vector<std::vector<std::int32_t>> top;
    for (Index r = 0; r < score.rows(); ++r) {
        std::vector<std::int32_t> genes(static_cast<std::size_t>(score.cols()));
        std::iota(genes.begin(), genes.end(), 0);
        const auto size_of = [&](std::int32_t g) { return std::isnan(score(r, g)) ? 0.0F : -std::abs(score(r, g)); };
        std::ranges::stable_sort(genes, {}, size_of);
        genes.resize(static_cast<std::size_t>(std::min(n, score.cols())));
        top.push_back(std::move(genes));
    }
    return top;
}

nlohmann::json dump(const mpi::Communicator& world, io::ScreenFile& file, Log& log) {
    const Screen& screen = file.screen;
    std::vector<Index> rows;
    const Range own = block_of(static_cast<Index>(screen.conditions.size()), world.size(), world.rank());
    for (Index row = own.begin; row < own.end; ++row) {
        rows.push_back(row);
    }
    const auto kind = file.normalization;
    const auto table = scoring::differential_expression(world, *file.reader, screen, kind, rows, log);
    const auto halves = scoring::half_means(world, *file.reader, screen, kind, rows, 5, log);
    const auto energy = scoring::energy_distances(world, *file.reader, screen, kind, rows, log);
    const auto spreads =
        scoring::cell_spreads(world, *file.reader, screen, kind, rows, top_genes(table.score, 20), log);
    nlohmann::json json{{"rows", rows},
                        {"genes", screen.genes},
                        {"cell_condition", screen.cell_condition},
                        {"halves", scoring::halves_of_cells(screen, 5)},
                        {"first", rows_of(halves.first)},
                        {"second", rows_of(halves.second)},
                        {"log_fold", rows_of(table.log_fold)},
                        {"rank_p", rows_of(table.rank_p)},
                        {"rank_q", rows_of(table.rank_q)},
                        {"score", rows_of(table.score)},
                        {"score_q", rows_of(table.score_q)},
                        {"score_rest", rows_of(table.score_rest)},
                        {"score_rest_q", rows_of(table.score_rest_q)},
                        {"energy", std::vector<double>(energy.plain.begin(), energy.plain.end())},
                        {"energy_squared", std::vector<double>(energy.squared.begin(), energy.squared.end())}};
    for (const Condition& condition : screen.conditions) {
        json["context"].push_back(condition.context);
        json["control"].push_back(condition.is_control());
    }
    for (const auto& of_row : spreads) {
        nlohmann::json list = nlohmann::json::array();
        for (const eval::GeneSpread& s : of_row) {
            list.push_back({s.gene, s.mean, s.sd, s.min, s.max, s.q25, s.q40, s.q45, s.q55, s.q60, s.q75});
        }
        json["spreads"].push_back(list);
    }
    return json;
}

int run(int argc, char** argv) {
    const auto world = mpi::Communicator::world();
    Log log(world.is_root(), Log::Level::quiet);
    ScreenOptions options;
    options.path = argv[2];
    options.context_col = argc > 3 ? argv[3] : "none";
    io::ScreenFile file;
    world.together([&] { file = io::open_screen(options); });
    std::ofstream out(std::string(argv[1]) + "/" + std::to_string(world.rank()) + ".json");
    out << dump(world, file, log);
    return 0;
}

}  // namespace
}  // namespace lazynet

int main(int argc, char** argv) {
    return lazynet::mpi::guarded_main(argc, argv, lazynet::run);
}
