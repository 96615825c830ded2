#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lazynet/core/packer.hpp"
#include "lazynet/io/anndata_elements.hpp"
#include "lazynet/io/table.hpp"

namespace lazynet::io {

/// What is to be written to a file, as bytes: the same for the same, to be compared by their checksum.
std::vector<std::byte> bytes_of_content(const Table& table);
std::vector<std::byte> bytes_of_content(const std::string& text);
std::vector<std::byte> bytes_of_content(const Number& number);
std::vector<std::byte> bytes_of_content(const std::vector<std::string>& strings);

template <typename T>
std::vector<std::byte> bytes_of_content(const std::vector<T>& values) {
    std::vector<std::byte> bytes;
    Packer(bytes).values(values);
    return bytes;
}

}  // namespace lazynet::io
