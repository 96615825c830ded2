#include "lazynet/kernels/log1p.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace lazynet {
namespace {

/// Floats in the widest packet in use (AVX-512).
constexpr std::size_t kLanes = 16;

/// log(1 + x) for a finite x >= 0. Branch-free, so the loop below becomes vector code.
///
/// 1 + x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), and `lost` gives back what was rounded off in 1 + x. The
/// polynomial for log(1 + f) is that of Cephes' logf (S. Moshier, 1989).
inline float log1p_of(float x) {
    constexpr std::uint32_t sqrt_half = 0x3f3504f3;
    const float u = 1.0F + x;
    const float lost = x - (u - 1.0F);
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(u);
    const std::uint32_t e = (bits - sqrt_half) >> 23U;
    const float power = std::bit_cast<float>((127U - e) << 23U);
    const float f = (std::bit_cast<float>(bits - (e << 23U)) - 1.0F) + lost * power;
    float p = 7.0376836292E-2F;
    p = p * f - 1.1514610310E-1F;
    p = p * f + 1.1676998740E-1F;
    p = p * f - 1.2420140846E-1F;
    p = p * f + 1.4249322787E-1F;
    p = p * f - 1.6668057665E-1F;
    p = p * f + 2.0000714765E-1F;
    p = p * f - 2.4999993993E-1F;
    p = p * f + 3.3333331174E-1F;
    const float exponent = static_cast<float>(static_cast<std::int32_t>(e));
    const float ff = f * f;
    const float small = p * ff * f - 0.5F * ff + exponent * -2.12194440E-4F;  // ln 2 in two parts
    return f + small + exponent * 0.693359375F;
}

void log1p_packets(float* x, std::size_t packets) {
    for (std::size_t i = 0; i < packets * kLanes; ++i) {
        x[i] = log1p_of(x[i]);
    }
}

}  // namespace

void log1p_in_place(std::span<float> x) {
    const std::size_t packets = x.size() / kLanes;
    log1p_packets(x.data(), packets);
    const std::span<float> rest = x.subspan(packets * kLanes);
    std::array<float, kLanes> padded{};
    std::copy(rest.begin(), rest.end(), padded.begin());
    log1p_packets(padded.data(), 1);
    std::copy_n(padded.begin(), rest.size(), rest.begin());
}

}  // namespace lazynet
