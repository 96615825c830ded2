#include "lazynet/core/large_buffer.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace lazynet {
namespace {

constexpr std::size_t kLargePage = std::size_t{1} << 21;

constexpr std::size_t round_up(std::size_t n, std::size_t unit) {
    return (n + unit - 1) / unit * unit;
}

}  // namespace

void advise_large_pages(std::span<std::byte> untouched) {
#if defined(__linux__)
    const auto address = reinterpret_cast<std::uintptr_t>(untouched.data());
    const std::size_t skipped = round_up(address, kLargePage) - address;
    if (untouched.size() >= skipped + kLargePage) {
        const std::size_t whole = (untouched.size() - skipped) / kLargePage * kLargePage;
        madvise(untouched.data() + skipped, whole, MADV_HUGEPAGE);  // advice: a refusal changes nothing
    }
#else
    (void)untouched;
#endif
}

LargeBuffer::LargeBuffer(std::size_t bytes) : bytes_(bytes) {
    if (bytes == 0) {
        return;
    }
    const std::size_t unit = bytes >= kLargePage ? kLargePage : 64;
    const std::size_t room = round_up(bytes, unit);
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(unit, room)));
    if (!memory_) {
        throw std::bad_alloc();
    }
    advise_large_pages({memory_.get(), room});
}

void LargeBuffer::Free::operator()(std::byte* p) const {
    std::free(p);
}

void return_free_memory() {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

}  // namespace lazynet
