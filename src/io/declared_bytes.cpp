#include "declared_bytes.hpp"

namespace lazynet::io {
namespace {

void pack(Packer& packer, const std::vector<std::string>& strings) {
    packer.index(static_cast<Index>(strings.size()));
    for (const std::string& s : strings) {
        packer.text(s);
    }
}

void pack(Packer& packer, const Categorical& column) {
    pack(packer, column.categories);
    packer.values(column.codes);
}

void pack(Packer& packer, const std::vector<bool>& values) {
    packer.values(std::vector<char>(values.begin(), values.end()));
}

template <typename T>
void pack(Packer& packer, const std::vector<T>& values) {
    packer.values(values);
}

}  // namespace

std::vector<std::byte> bytes_of_content(const Table& table) {
    std::vector<std::byte> bytes;
    Packer packer(bytes);
    pack(packer, table.index);
    for (const TableColumn& column : table.columns) {
        packer.text(column.name);
        packer.index(static_cast<Index>(column.values.index()));
        std::visit([&](const auto& values) { pack(packer, values); }, column.values);
    }
    return bytes;
}

std::vector<std::byte> bytes_of_content(const std::string& text) {
    std::vector<std::byte> bytes;
    Packer(bytes).text(text);
    return bytes;
}

std::vector<std::byte> bytes_of_content(const Number& number) {
    return std::visit([](auto value) { return bytes_of_content(std::vector{value}); }, number);
}

std::vector<std::byte> bytes_of_content(const std::vector<std::string>& strings) {
    std::vector<std::byte> bytes;
    Packer packer(bytes);
    pack(packer, strings);
    return bytes;
}

}  // namespace lazynet::io
