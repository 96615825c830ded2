#include "lazynet/core/random.hpp"

#include <cmath>
#include <numbers>
#include <utility>

namespace lazynet {
namespace {

__extension__ using uint128 = unsigned __int128;

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15ULL;

std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed, const char* stream, std::initializer_list<std::int64_t> ids)
    : key_(mix(seed + kGolden)) {
    for (const char* c = stream; *c != '\0'; ++c) {
        key_ = mix(key_ * 31 + static_cast<unsigned char>(*c) + kGolden);
    }
    for (const std::int64_t id : ids) {
        key_ = mix(key_ + kGolden * (static_cast<std::uint64_t>(id) + 1));
    }
}

std::uint64_t Random::bits(std::uint64_t counter) const {
    return mix(mix(key_ + counter * kGolden) ^ key_);
}

void Random::fill(std::uint64_t first, std::span<std::uint64_t> out) const {
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = mix(mix(key_ + (first + i) * kGolden) ^ key_);
    }
}

double Random::uniform(std::uint64_t counter) const {
    return static_cast<double>(bits(counter) >> 11) * 0x1.0p-53;
}

std::int64_t Random::below(std::uint64_t counter, std::int64_t n) const {
    const auto wide = static_cast<uint128>(bits(counter)) * static_cast<std::uint64_t>(n);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(wide >> 64));
}

double Random::normal(std::uint64_t counter) const {
    const double u = 1.0 - uniform(2 * counter);
    const double angle = 2.0 * std::numbers::pi * uniform(2 * counter + 1);
    return std::sqrt(-2.0 * std::log(u)) * std::cos(angle);
}

double Random::exponential(std::uint64_t counter) const {
    return -std::log(1.0 - uniform(counter));
}

void Random::shuffle(std::span<std::int64_t> items) const {
    for (std::size_t i = items.size(); i > 1; --i) {
        std::swap(items[i - 1], items[static_cast<std::size_t>(below(i, static_cast<std::int64_t>(i)))]);
    }
}

}  // namespace lazynet
