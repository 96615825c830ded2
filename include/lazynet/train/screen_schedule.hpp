#pragma once

#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/train/config.hpp"

namespace lazynet::train {

/// What is known of a screen before it is read: enough to tell how long it takes, relative to others.
struct ScreenFacts {
    double entries = 0.0;  ///< stored values of the expression matrix
    Index cells = 0;
    Index genes = 0;
    Index conditions = 0;  ///< controls included
    Index regulators = 0;  ///< genes that some condition perturbs
};

/// Work of training one screen: about seconds of one core, good for comparing screens with each other.
struct ScreenCost {
    double work = 0.0;
    Index shards = 1;  ///< ranks beyond this many would have nothing to train
};
ScreenCost screen_cost(const ScreenFacts& facts, const TrainConfig& config);

/// Ranks side by side that train some screens, one after the other.
struct ScreenGroup {
    Range ranks;
    std::vector<Index> screens;  ///< the most costly first
    double work = 0.0;           ///< of one rank, with what working together costs
};

/// Who trains which screen. Pure: the same on every rank; it decides where work is done, never what comes out.
struct ScreenSchedule {
    std::vector<ScreenGroup> groups;  ///< their ranks tile all ranks, in this order
    [[nodiscard]] Index group_of(int rank) const;
    /// Mean over ranks of the work, divided by the largest: 1 when all are busy to the end.
    [[nodiscard]] double balance() const;
};

/// Every screen is trained once. A screen that costs more than its share gets several ranks; others are packed, the
/// longest first, each onto the group with least to do. How many groups there are is chosen for the earliest end.
ScreenSchedule schedule_screens(const std::vector<ScreenCost>& costs, int ranks);

}  // namespace lazynet::train
