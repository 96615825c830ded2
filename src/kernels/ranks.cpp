#include "lazynet/kernels/ranks.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <utility>

namespace lazynet {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr unsigned kDigits = 3;
constexpr std::uint32_t kDigitMask = (1U << kDigitBits) - 1U;

/// Integers in the order of the floats.
std::uint32_t key_of(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value + 0.0F);  // -0 becomes 0
    return (bits >> 31U) != 0 ? ~bits : bits | 0x80000000U;
}

}  // namespace

void Ranker::sort() {
    std::array<std::array<std::uint32_t, kDigitMask + 1>, kDigits> starts{};
    for (const Entry& entry : entries_) {
        for (unsigned d = 0; d < kDigits; ++d) {
            ++starts[d][(entry.key >> (d * kDigitBits)) & kDigitMask];
        }
    }
    other_.resize(entries_.size());
    for (unsigned d = 0; d < kDigits; ++d) {
        std::uint32_t sum = 0;
        for (std::uint32_t& start : starts[d]) {
            sum += std::exchange(start, sum);
        }
        for (const Entry& entry : entries_) {
            other_[starts[d][(entry.key >> (d * kDigitBits)) & kDigitMask]++] = entry;
        }
        entries_.swap(other_);
    }
}

void Ranker::operator()(std::span<const float> values, std::span<double> ranks) {
    entries_.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        entries_[i] = {key_of(values[i]), static_cast<std::uint32_t>(i)};
    }
    sort();
    for (std::size_t first = 0; first < entries_.size();) {
        std::size_t end = first + 1;
        while (end < entries_.size() && entries_[end].key == entries_[first].key) {
            ++end;
        }
        const double shared = 0.5 * static_cast<double>(first + 1 + end);
        for (; first < end; ++first) {
            ranks[entries_[first].place] = shared;
        }
    }
}

}  // namespace lazynet
