#include "lazynet/scoring/measure_list.hpp"

#include "lazynet/eval/differential_measures.hpp"
#include "lazynet/eval/profile_measures.hpp"
#include "lazynet/scoring/pairwise.hpp"

namespace lazynet::scoring {

std::vector<eval::Measure> measure_list() {
    std::vector<eval::Measure> all;
    for (const auto& list : {eval::profile_measure_list(), pairwise_measure_list(), eval::change_ranking_list(),
                             eval::differential_measure_list()}) {
        all.insert(all.end(), list.begin(), list.end());
    }
    return all;
}

}  // namespace lazynet::scoring
