#include "lazynet/kernels/compress.hpp"

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace lazynet {
namespace {

/// Branch-free: every entry is written, and the place to write to moves on only past what is kept.
std::size_t compress_tail(const float* row, Index begin, Index end, std::int32_t* indices, float* values) {
    std::size_t kept = 0;
    for (Index i = begin; i < end; ++i) {
        indices[kept] = static_cast<std::int32_t>(i);
        values[kept] = row[i];
        kept += row[i] != 0 ? 1 : 0;
    }
    return kept;
}

}  // namespace

std::size_t compress_row(const float* row, Index n, std::int32_t* indices, float* values) {
    std::size_t kept = 0;
    Index done = 0;
#ifdef __AVX512F__
    // No compiler makes this of the loop above: sixteen entries are squeezed together by one instruction.
    const __m512i step = _mm512_set1_epi32(16);
    __m512i index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (; done + 16 <= n; done += 16) {
        const __m512 v = _mm512_loadu_ps(row + done);
        const __mmask16 keep = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        _mm512_storeu_ps(values + kept, _mm512_maskz_compress_ps(keep, v));
        _mm512_storeu_si512(indices + kept, _mm512_maskz_compress_epi32(keep, index));
        kept += static_cast<std::size_t>(__builtin_popcount(keep));
        index = _mm512_add_epi32(index, step);
    }
#endif
    return kept + compress_tail(row, done, n, indices + kept, values + kept);
}

}  // namespace lazynet
