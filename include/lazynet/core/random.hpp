#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

namespace lazynet {

/// Counter-based random numbers: value = f(key, counter), with no state that moves.
///
/// The key is made from what the number is *for* (seed, a stream name, replica, block, epoch, cell ...),
/// never from the rank, so the same number comes out on any number of ranks and after any restart.
/// Mixing: the SplitMix64 finaliser (Steele, Lea, Flood 2014) applied twice to key + counter * golden ratio.
class Random {
public:
    /// @param stream what the numbers are for; different streams of one seed are independent
    Random(std::uint64_t seed, const char* stream, std::initializer_list<std::int64_t> ids = {});

    /// 64 random bits for one counter.
    [[nodiscard]] std::uint64_t bits(std::uint64_t counter) const;
    /// bits(first), bits(first + 1), ... into all of `out`: several at a time.
    void fill(std::uint64_t first, std::span<std::uint64_t> out) const;
    /// Uniform in [0, 1), 53 bits.
    [[nodiscard]] double uniform(std::uint64_t counter) const;
    /// Uniform integer in [0, n). @pre n > 0
    [[nodiscard]] std::int64_t below(std::uint64_t counter, std::int64_t n) const;
    /// Standard normal (Box-Muller on two counters of its own).
    [[nodiscard]] double normal(std::uint64_t counter) const;
    /// Exponential with mean 1.
    [[nodiscard]] double exponential(std::uint64_t counter) const;
    /// Shuffles `items` (Fisher-Yates).
    void shuffle(std::span<std::int64_t> items) const;

private:
    std::uint64_t key_;
};

}  // namespace lazynet
