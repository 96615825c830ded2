#include "lazynet/scoring/measure_list.hpp"

#include "lazynet/eval/cell_spread.hpp"
#include "lazynet/eval/differential_measures.hpp"
#include "lazynet/eval/profile_measures.hpp"
#include "lazynet/scoring/pairwise.hpp"

namespace lazynet::scoring {
namespace {

/// Those of a whole prediction, not of its rows.
std::vector<eval::Measure> single_values() {
    return {
        {"celleval_de_spearman_sig", true, 1.0,
         "one value: Spearman over perturbations of the numbers of significant genes, true and predicted"},
        {"celleval_pearson_edistance", true, 1.0,
         "one value: Pearson over perturbations of energy distances from the controls, true and predicted"},
    };
}

}  // namespace

std::vector<eval::Measure> measure_list() {
    std::vector<eval::Measure> all;
    for (const auto& list : {eval::profile_measure_list(), pairwise_measure_list(), eval::change_ranking_list(),
                             eval::differential_measure_list(), eval::spread_measure_list(), single_values()}) {
        all.insert(all.end(), list.begin(), list.end());
    }
    return all;
}

}  // namespace lazynet::scoring
