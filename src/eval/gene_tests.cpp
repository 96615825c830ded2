#include "lazynet/eval/gene_tests.hpp"

#include <algorithm>
#include <cmath>

namespace lazynet::eval {
namespace {

float p_as_float(double p) {
    return p > 0 ? std::max(static_cast<float>(p), std::numeric_limits<float>::min()) : static_cast<float>(p);
}

}  // namespace

double log2_fold_change(double mean, double control) {
    const double target = std::expm1(mean);
    const double reference = std::expm1(control);
    if (target == 0 || reference == 0) {
        return target == reference ? 0.0 : std::copysign(std::log2(kFoldOfNothing), target - reference);
    }
    return std::log2(target / reference);
}

GeneTests::GeneTests(const Screen& screen, std::vector<Index> cells, std::vector<bool> wanted)
    : cells_(std::move(cells)),
      wanted_(std::move(wanted)),
      control_(screen.contexts.size(), -1),
      offsets_(screen.conditions.size() + 1),
      moments_(screen.conditions.size()),
      perturbed_(screen.contexts.size()),
      references_(screen.contexts.size()),
      results_(screen.conditions.size()) {
    for (std::size_t c = 0; c < screen.conditions.size(); ++c) {
        const Condition& condition = screen.conditions[c];
        context_.push_back(condition.context);
        is_control_.push_back(condition.is_control());
        if (condition.is_control()) {
            control_[static_cast<std::size_t>(condition.context)] = static_cast<Index>(c);
        }
    }
}

std::span<const float> GeneTests::positive(std::size_t condition) const {
    return values_.subspan(offsets_[condition], offsets_[condition + 1] - offsets_[condition]);
}

void GeneTests::sort_values(std::span<const std::int32_t> conditions, std::span<float> values) {
    std::size_t at = 0;
    for (std::size_t c = 0; c < cells_.size(); ++c) {
        offsets_[c] = at;
        while (at < conditions.size() && static_cast<std::size_t>(conditions[at]) == c) {
            ++at;
        }
        std::sort(values.begin() + static_cast<std::ptrdiff_t>(offsets_[c]),
                  values.begin() + static_cast<std::ptrdiff_t>(at));
    }
    offsets_.back() = at;
    values_ = values;
}

/// In the order of the conditions and of their sorted values, so that sums are the same however the cells came in.
void GeneTests::sum_up() {
    std::fill(perturbed_.begin(), perturbed_.end(), SampleMoments{});
    for (std::size_t c = 0; c < cells_.size(); ++c) {
        moments_[c] = cells_[c] > 0 ? sample_moments(positive(c), cells_[c]) : SampleMoments{};
        if (!is_control_[c]) {
            SampleMoments& all = perturbed_[static_cast<std::size_t>(context_[c])];
            all = together(all, moments_[c]);
        }
    }
    for (std::size_t k = 0; k < control_.size(); ++k) {
        if (control_[k] >= 0) {
            const auto c = static_cast<std::size_t>(control_[k]);
            references_[k].assign(positive(c), cells_[c]);
        }
    }
}

GeneTest GeneTests::test_condition(std::size_t condition) const {
    const auto context = static_cast<std::size_t>(context_[condition]);
    const Index control = control_[context];
    if (!wanted_[condition] || is_control_[condition] || control < 0 || cells_[condition] == 0 ||
        cells_[static_cast<std::size_t>(control)] == 0) {
        return {};
    }
    const SampleMoments& own = moments_[condition];
    const SampleMoments& reference = moments_[static_cast<std::size_t>(control)];
    const SampleMoments rest = without(perturbed_[context], own);
    const TTest against_control = welch_test(own, reference);
    const TTest against_rest = rest.cells > 0 ? overestimated_variance_test(own, rest) : TTest{};
    GeneTest result;
    result.log_fold = static_cast<float>(log2_fold_change(own.mean(), reference.mean()));
    result.rank_p = p_as_float(references_[context].test(positive(condition), cells_[condition]).p);
    result.score = static_cast<float>(against_control.t);
    result.score_p = p_as_float(against_control.p);
    result.score_rest = static_cast<float>(against_rest.t);
    result.score_rest_p = p_as_float(against_rest.p);
    return result;
}

std::span<const GeneTest> GeneTests::test(std::span<const std::int32_t> conditions, std::span<float> values) {
    sort_values(conditions, values);
    sum_up();
    for (std::size_t c = 0; c < cells_.size(); ++c) {
        results_[c] = test_condition(c);
    }
    return results_;
}

}  // namespace lazynet::eval
