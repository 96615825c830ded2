#include "lazynet/core/packer.hpp"

#include <algorithm>
#include <cstring>

#include "lazynet/core/error.hpp"

namespace lazynet {

void Packer::index(Index value) {
    raw(&value, sizeof value);
}

void Packer::number(double value) {
    raw(&value, sizeof value);
}

void Packer::text(const std::string& text) {
    index(static_cast<Index>(text.size()));
    raw(text.data(), text.size());
}

void Packer::matrix(const Matrix& m) {
    index(m.rows());
    index(m.cols());
    raw(m.data(), static_cast<std::size_t>(m.size()) * sizeof(float));
}

void Packer::raw(const void* data, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(data);
    if (size > 0) {
        bytes_.insert(bytes_.end(), begin, begin + size);
    }
}

Index Unpacker::index() {
    Index value = 0;
    raw(&value, sizeof value);
    return value;
}

double Unpacker::number() {
    double value = 0.0;
    raw(&value, sizeof value);
    return value;
}

std::string Unpacker::text() {
    const Index size = index();
    require(size, 1);
    std::string text(static_cast<std::size_t>(size), '\0');
    raw(text.data(), text.size());
    return text;
}

Matrix Unpacker::matrix() {
    const Index rows = index();
    const Index cols = index();
    require(rows, 1);
    require(rows == 0 ? 0 : cols, static_cast<std::size_t>(rows) * sizeof(float));
    Matrix m(rows, cols);
    raw(m.data(), static_cast<std::size_t>(m.size()) * sizeof(float));
    return m;
}

void Unpacker::require(Index count, std::size_t size) const {
    if (count < 0 || static_cast<std::size_t>(count) > (bytes_.size() - at_) / std::max<std::size_t>(size, 1)) {
        throw InternalError("packed values end too early");
    }
}

void Unpacker::raw(void* data, std::size_t size) {
    require(static_cast<Index>(size), 1);
    if (size > 0) {
        std::memcpy(data, bytes_.data() + at_, size);
    }
    at_ += size;
}

}  // namespace lazynet
