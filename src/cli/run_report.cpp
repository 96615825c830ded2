#include "run_report.hpp"

#include <fmt/format.h>

#include <numeric>
#include <vector>

#include "lazynet/core/text.hpp"
#include "lazynet/train/provenance.hpp"

namespace lazynet::cli {

void add_edge_options(CommandLine& line, train::RunOutput& output) {
    auto add = line.group("Edge list").add_options();
    add("edges", po::value(&output.edges),
        "also write the edges as TSV (gzip when the name ends in .gz), most certain first");
    add("edges-top", bind(output.edges_top), "longest edge list; 0: all");
}

void require_outputs(const CommonOptions& common, const train::RunOutput& output, bool result_needed) {
    if (result_needed || !output.path.empty()) {
        require_writable(output.path, common.overwrite);
    }
    if (!output.edges.empty()) {
        require_writable(output.edges, common.overwrite);
    }
}

std::string greeting(const mpi::Communicator& world, std::uint64_t seed) {
    return fmt::format("lazynet {} (git {}), {}, seed {}", train::version(), train::git_hash(),
                       counted(world.size(), "rank"), seed);
}

nlohmann::ordered_json edge_json(const io::Edge& edge, const std::string& regulator, const std::string& target) {
    return {{"regulator", regulator},
            {"target", target},
            {"mean", edge.mean},
            {"sd", edge.sd},
            {"sign_agreement", edge.sign_agreement},
            {"selected", edge.selected}};
}

void add_timings(std::span<const train::Timings::Phase> phases, nlohmann::ordered_json& json) {
    for (const train::Timings::Phase& phase : phases) {
        json["timings"].push_back({{"phase", phase.name},
                                   {"seconds", phase.seconds},
                                   {"peak_bytes", phase.peak_bytes},
                                   {"mpi_calls", phase.mpi.calls},
                                   {"mpi_bytes", phase.mpi.bytes},
                                   {"mpi_seconds", phase.mpi.seconds},
                                   {"mpi_bytes_all", phase.mpi_all}});
    }
}

namespace {

/// What a phase took, as one line of a table.
std::string phase_line(const std::string& name, double seconds, double peak_bytes, const mpi::Traffic& mpi) {
    return fmt::format("  {:<24}{:>8.1f} s   peak memory per rank {:>10}   MPI{:>7.1f} s{:>8} calls{:>11}", name,
                       seconds, size_text(peak_bytes), mpi.seconds, mpi.calls, size_text(mpi.bytes));
}

/// Ranks that the table by rank shows: all, or of very many those that worked longest.
std::vector<std::size_t> ranks_to_show(std::span<const train::Timings::Phase> phases) {
    std::vector<double> own(phases.front().ranks.size());
    for (const train::Timings::Phase& phase : phases) {
        for (std::size_t r = 0; r < own.size(); ++r) {
            own[r] += phase.ranks[r].own_seconds();
        }
    }
    std::vector<std::size_t> ranks(own.size());
    std::iota(ranks.begin(), ranks.end(), std::size_t{0});
    std::stable_sort(ranks.begin(), ranks.end(), [&](std::size_t a, std::size_t b) { return own[a] > own[b]; });
    ranks.resize(std::min(ranks.size(), kRanksShown));
    std::sort(ranks.begin(), ranks.end());
    return ranks;
}

void print_ranks(std::span<const train::Timings::Phase> phases, const Log& log) {
    const std::vector<std::size_t> shown = ranks_to_show(phases);
    const std::size_t all = phases.front().ranks.size();
    log.detail(shown.size() == all ? "\nBy rank"
                                   : fmt::format("\nBy rank, the {} of {} that worked longest", shown.size(), all));
    for (const std::size_t r : shown) {
        log.detail(fmt::format("rank {} on {}", r, phases.front().ranks[r].host));
        for (const train::Timings::Phase& phase : phases) {
            const train::Timings::RankShare& share = phase.ranks[r];
            log.detail(phase_line(phase.name, share.seconds, share.peak_bytes, share.mpi));
        }
    }
    for (const train::Timings::Phase& phase : phases) {
        if (const auto slow = train::straggler(phase.ranks)) {
            log.detail(fmt::format("slow in {}: rank {} on {}, {:.1f} s outside MPI, far from the median rank",
                                   phase.name, *slow, phase.ranks[*slow].host, phase.ranks[*slow].own_seconds()));
        }
    }
    log.detail("");
}

}  // namespace

void print_phases(std::span<const train::Timings::Phase> phases, const Log& log) {
    for (const train::Timings::Phase& phase : phases) {
        log.info(phase_line(phase.name, phase.seconds, phase.peak_bytes, phase.mpi));
    }
    if (log.is_verbose() && !phases.empty()) {
        print_ranks(phases, log);
    }
}

}  // namespace lazynet::cli
