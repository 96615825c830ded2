#include "cross_rows.hpp"

#include <algorithm>
#include <limits>

namespace lazynet::train {
namespace {

/// Of a target that the run measures: pairs it could estimate are 0 until something else is read, where all are stored.
void start_row(const CrossAxis& axis, const CrossAxis::Run& run, bool stores_all, Index row, CrossRows& out) {
    for (const Index j : axis.supported()) {
        if (stores_all && run.supported[static_cast<std::size_t>(j)]) {
            out.mean(row, j) = 0.0f;
        }
    }
}

void fill_row(const io::ConsensusRows& rows, Index from, const CrossAxis::Run& run, Index row, CrossRows& out) {
    const auto end = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(from) + 1]);
    for (auto e = static_cast<std::size_t>(rows.offsets[static_cast<std::size_t>(from)]); e < end; ++e) {
        const Index place = run.regulator[static_cast<std::size_t>(rows.regulators[e])];
        out.mean(row, place) = rows.mean[e];
        out.sd(row, place) = rows.sd[e];
        out.sign(row, place) = rows.sign_agreement[e];
    }
}

}  // namespace

void read_cross_rows(io::RunFile& file, const CrossAxis& axis, Index k, Range targets, CrossRows& out) {
    const CrossAxis::Run& run = axis.run(k);
    out.mean.setConstant(targets.size(), axis.regulators(), std::numeric_limits<float>::quiet_NaN());
    out.sd.setZero(targets.size(), axis.regulators());
    out.sign.setZero(targets.size(), axis.regulators());
    struct Wanted {
        Index in_file, row;
    };
    std::vector<Wanted> wanted;
    for (Index t = targets.begin; t < targets.end; ++t) {
        if (const Index in_file = run.row[static_cast<std::size_t>(t)]; in_file >= 0) {
            wanted.push_back({in_file, t - targets.begin});
            start_row(axis, run, file.stores_all(), t - targets.begin, out);
        }
    }
    std::sort(wanted.begin(), wanted.end(), [](const Wanted& a, const Wanted& b) { return a.in_file < b.in_file; });
    io::ConsensusRows rows;
    for (std::size_t at = 0; at < wanted.size();) {  // rows that lie side by side are read together
        std::size_t end = at + 1;
        while (end < wanted.size() && wanted[end].in_file == wanted[end - 1].in_file + 1) {
            ++end;
        }
        file.read({wanted[at].in_file, wanted[end - 1].in_file + 1}, rows);
        for (std::size_t w = at; w < end; ++w) {
            fill_row(rows, wanted[w].in_file - wanted[at].in_file, run, wanted[w].row, out);
        }
        at = end;
    }
}

}  // namespace lazynet::train
