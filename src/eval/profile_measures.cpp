#include "lazynet/eval/profile_measures.hpp"

#include <limits>

#include "measure_families.hpp"

namespace lazynet::eval {
namespace {

std::vector<RowMeasure> all_families() {
    std::vector<RowMeasure> all;
    for (const auto& family : {lazynet_measures(), gears_measures(), celleval_measures(), perturbench_measures(),
                               const_ae_measures(), cellsimbench_measures(), openproblems_measures()}) {
        all.insert(all.end(), family.begin(), family.end());
    }
    return all;
}

bool is_there(Needs needs, const TrueProfiles& truth, const DifferentialTable* differential) {
    switch (needs) {
        case Needs::means:
            return true;
        case Needs::differential:
            return differential != nullptr;
        case Needs::spread:
            return truth.spread.cols() > 0;
    }
    return false;
}

}  // namespace

std::vector<Measure> profile_measure_list() {
    std::vector<Measure> list;
    for (const RowMeasure& measure : all_families()) {
        list.push_back(measure.about);
    }
    return list;
}

MeasureTable profile_measures(const TrueProfiles& truth, const DifferentialTable* differential,
                              const PredictedProfiles& predicted) {
    if (differential != nullptr && differential->score.cols() == 0) {
        differential = nullptr;
    }
    std::vector<RowMeasure> wanted = all_families();
    std::erase_if(wanted, [&](const RowMeasure& m) { return !is_there(m.needs, truth, differential); });
    MeasureTable table;
    for (const RowMeasure& measure : wanted) {
        table.measures.push_back(measure.about);
    }
    table.values.resize(truth.truth.rows(), static_cast<Index>(wanted.size()));
    ProfileRows rows(truth, differential, predicted);
    for (Index row = 0; row < truth.truth.rows(); ++row) {
        if (!truth.truth.row(row).allFinite() || !predicted.mean.row(row).allFinite()) {
            table.values.row(row).setConstant(std::numeric_limits<double>::quiet_NaN());
            continue;
        }
        const ProfileRow& profiles = rows[row];
        for (std::size_t m = 0; m < wanted.size(); ++m) {
            table.values(row, static_cast<Index>(m)) = wanted[m].value(profiles);
        }
    }
    return table;
}

}  // namespace lazynet::eval
