#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// Plain values to bytes, in a fixed order: messages between ranks, records of checkpoints.
class Packer {
public:
    explicit Packer(std::vector<std::byte>& bytes) : bytes_(bytes) {}
    void index(Index value);
    void number(double value);
    void text(const std::string& text);
    void matrix(const Matrix& m);
    /// Length and elements, as they lie in memory.
    template <typename T>
    void values(std::span<const T> values) {
        static_assert(std::is_trivially_copyable_v<T>);
        index(static_cast<Index>(values.size()));
        raw(values.data(), values.size_bytes());
    }
    template <typename T>
    void values(const std::vector<T>& all) {
        values(std::span<const T>(all));
    }

private:
    void raw(const void* data, std::size_t size);
    std::vector<std::byte>& bytes_;
};

/// And back, in the same order.
class Unpacker {
public:
    /// @param bytes must outlive this
    explicit Unpacker(std::span<const std::byte> bytes) : bytes_(bytes) {}
    [[nodiscard]] bool done() const { return at_ == bytes_.size(); }
    Index index();
    double number();
    std::string text();
    Matrix matrix();
    template <typename T>
    std::vector<T> values() {
        static_assert(std::is_trivially_copyable_v<T>);
        const Index size = index();
        require(size, sizeof(T));
        std::vector<T> all(static_cast<std::size_t>(size));
        raw(all.data(), all.size() * sizeof(T));
        return all;
    }

private:
    /// @throws InternalError if `count` elements are not there
    void require(Index count, std::size_t size) const;
    void raw(void* data, std::size_t size);
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
};

}  // namespace lazynet
