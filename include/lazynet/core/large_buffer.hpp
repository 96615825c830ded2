#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace lazynet {

/// Asks the kernel to back memory that nobody has touched yet with large pages; does nothing where it cannot.
///
/// First touch of 4 KB pages costs about 0.5 s per GB on a virtual machine, of 2 MB pages a fifth of it.
void advise_large_pages(std::span<std::byte> untouched);

/// Uninitialised memory for big tables, in large pages. Pages cost nothing until they are touched, so a generous
/// capacity is free. Move-only.
class LargeBuffer {
public:
    LargeBuffer() = default;
    /// @throws std::bad_alloc
    explicit LargeBuffer(std::size_t bytes);
    [[nodiscard]] std::byte* data() const { return memory_.get(); }
    [[nodiscard]] std::size_t size() const { return bytes_; }

private:
    struct Free {
        void operator()(std::byte* p) const;
    };
    std::unique_ptr<std::byte[], Free> memory_;
    std::size_t bytes_ = 0;
};

/// Gives memory that was freed back to the system, where the allocator keeps it: to be called between phases, so that
/// one phase's leftovers do not come on top of the next one's needs.
void return_free_memory();

}  // namespace lazynet
