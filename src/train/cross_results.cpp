#include "cross_results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "lazynet/train/provenance.hpp"

namespace lazynet::train {
namespace {

constexpr std::array<const char*, 6> kMatrices = {"mean", "sd", "screens", "certain", "q", "class"};
constexpr std::array<const char*, 5> kPairMatrices = {"joint", "shared", "opposite", "correlation", "baseline"};

std::array<float, 6> values_of(const CrossEffect& e) {
    return {static_cast<float>(e.mean),    static_cast<float>(e.sd), static_cast<float>(e.estimable),
            static_cast<float>(e.certain), static_cast<float>(e.q),  static_cast<float>(e.kind)};
}

std::string matrix_name(const char* what) {
    return std::string("varp/cross_") + what;
}

io::Table run_table(const CrossAxis& axis, const std::vector<CrossRun>& runs) {
    io::Table table;
    std::vector<std::int64_t> genes;
    std::vector<std::int64_t> regulators;
    for (Index k = 0; k < axis.runs(); ++k) {
        const CrossAxis::Run& run = axis.run(k);
        table.index.push_back(runs[static_cast<std::size_t>(k)].name);
        genes.push_back(std::count_if(run.row.begin(), run.row.end(), [](Index r) { return r >= 0; }));
        regulators.push_back(std::count(run.supported.begin(), run.supported.end(), true));
    }
    const std::vector<std::int64_t> zeros(runs.size(), 0);
    table.columns = {
        {"genes", genes}, {"regulators", regulators}, {"certain", zeros}, {"private", zeros}, {"untestable", zeros}};
    return table;
}

io::Table gene_table(const CrossAxis& axis) {
    io::Table table;
    table.index = axis.genes();
    std::vector<std::int64_t> measured(table.index.size(), 0);
    std::vector<std::int64_t> supported(table.index.size(), 0);
    for (Index k = 0; k < axis.runs(); ++k) {
        for (std::size_t g = 0; g < measured.size(); ++g) {
            measured[g] += axis.run(k).row[g] >= 0 ? 1 : 0;
            supported[g] += axis.run(k).supported[g] ? 1 : 0;
        }
    }
    const std::vector<std::int64_t> zeros(measured.size(), 0);
    table.columns = {{"screens_measured", measured},
                     {"screens_as_regulator", supported},
                     {"shared_as_regulator", zeros},
                     {"shared_as_target", zeros}};
    return table;
}

std::vector<double> as_doubles(const std::vector<std::int64_t>& counts, std::size_t first_n) {
    return {counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(first_n)};
}

}  // namespace

CrossResults::CrossResults(const mpi::Communicator& world, const std::string& path, const CrossAxis& axis,
                           const std::vector<CrossRun>& runs, const CrossOptions& options)
    : world_(world), axis_(axis), file_(world, path) {
    for (std::size_t j = 0; j < axis.supported().size(); ++j) {
        if (axis.supported()[j] < axis.targets()) {
            columns_.push_back(static_cast<Index>(j));
        }
    }
    kept_ = std::min(options.kept, static_cast<Index>(columns_.size()));
    describe(runs, options);
    for (const char* name : kMatrices) {
        file_.declare_csr(matrix_name(name), axis.targets(), axis.targets(), kept_);
    }
    for (const char* name : kPairMatrices) {
        file_.declare_dense(std::string("obsp/") + name, axis.runs(), axis.runs());
    }
    file_.open_for_data();
}

void CrossResults::describe(const std::vector<CrossRun>& runs, const CrossOptions& options) {
    file_.table("obs", run_table(axis_, runs));
    file_.table("var", gene_table(axis_));
    const std::string at = "uns/lazynet/";
    file_.text(at + "holds",
               "what several screens know together: fixed-effect inverse-variance means and sds of their consensus "
               "effects (row = target, column = regulator; the regulators with most evidence per target), in how many "
               "screens a pair could be estimated and is certain, Cochran's Q, and its class, a number that counts "
               "the names in uns/lazynet/classes from 0");
    file_.number(at + "format_version", std::int64_t{1});
    file_.text(at + "version", version());
    file_.text(at + "git_hash", git_hash());
    file_.number(at + "certainty", options.certainty);
    file_.number(at + "sign_agreement", options.sign_agreement);
    file_.strings(at + "classes", {kCrossKinds.begin(), kCrossKinds.end()});
    file_.strings(at + "unmeasured_regulators", axis_.unmeasured());
}

void CrossResults::write(const std::vector<CrossTarget>& targets) {
    if (targets.empty() || kept_ == 0) {
        return;
    }
    std::vector<std::int32_t> indices;
    std::array<std::vector<float>, kMatrices.size()> values;
    std::vector<Index> order;
    for (const CrossTarget& target : targets) {
        const auto rank = [&](Index column) {
            const bool self = axis_.supported()[static_cast<std::size_t>(column)] == target.target;
            return self ? -1.0 : target.effects[static_cast<std::size_t>(column)].evidence;
        };
        order = columns_;
        const auto cut = order.begin() + kept_;
        std::partial_sort(order.begin(), cut, order.end(),
                          [&](Index a, Index b) { return rank(a) != rank(b) ? rank(a) > rank(b) : a < b; });
        std::sort(order.begin(), cut);
        for (auto column = order.begin(); column != cut; ++column) {
            indices.push_back(static_cast<std::int32_t>(axis_.supported()[static_cast<std::size_t>(*column)]));
            const auto all = values_of(target.effects[static_cast<std::size_t>(*column)]);
            for (std::size_t m = 0; m < all.size(); ++m) {
                values[m].push_back(all[m]);
            }
        }
    }
    const Range rows{targets.front().target, targets.back().target + 1};
    for (std::size_t m = 0; m < kMatrices.size(); ++m) {
        file_.write_csr_rows(matrix_name(kMatrices[m]), rows, indices, values[m]);
    }
}

void CrossResults::write_pairs(const CrossSummary& summary) {
    const Index n = axis_.runs();
    const auto write = [&](const char* name, const auto& numbers) {
        Matrix m(n, n);
        for (Index k = 0; k < m.size(); ++k) {
            m.data()[k] = static_cast<float>(numbers[static_cast<std::size_t>(k)]);
        }
        file_.write_rows(std::string("obsp/") + name, {0, n}, cview(m));
    };
    write("joint", summary.joint);
    write("shared", summary.shared);
    write("opposite", summary.opposite);
    write("correlation", summary.correlation);
    write("baseline", summary.baseline);
}

void CrossResults::finish(const CrossSummary& summary, const std::vector<std::int64_t>& shared_by,
                          const std::vector<std::int64_t>& shared_of) {
    if (world_.is_root()) {
        write_pairs(summary);
        file_.write_column("obs/certain", 0, as_doubles(summary.certain, summary.certain.size()));
        file_.write_column("obs/private", 0, as_doubles(summary.own, summary.own.size()));
        file_.write_column("obs/untestable", 0, as_doubles(summary.untestable, summary.untestable.size()));
        file_.write_column("var/shared_as_regulator", 0, as_doubles(shared_by, axis_.genes().size()));
        file_.write_column("var/shared_as_target", 0, as_doubles(shared_of, axis_.genes().size()));
    }
    file_.finish();
}

}  // namespace lazynet::train
