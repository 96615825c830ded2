#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lazynet {

/// Ranks values from 1 up; equal values share the mean of their ranks (scipy's rankdata, method "average").
///
/// Sorts by radix, so that ranking a profile costs a few passes over it. Keeps its scratch space between calls.
class Ranker {
public:
    /// @param values no NaN; -0 equals 0  @param ranks as many
    void operator()(std::span<const float> values, std::span<double> ranks);

private:
    struct Entry {
        std::uint32_t key;
        std::uint32_t place;
    };
    void sort();
    std::vector<Entry> entries_;
    std::vector<Entry> other_;
};

}  // namespace lazynet
