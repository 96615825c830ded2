#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace lazynet::io {

/// A column with few distinct strings: row r holds categories[codes[r]], or nothing where the code is -1.
struct Categorical {
    std::vector<std::string> categories;
    std::vector<std::int32_t> codes;
};

struct TableColumn {
    std::string name;  ///< without '/', not "_index"
    std::variant<std::vector<std::string>, Categorical, std::vector<double>, std::vector<float>,
                 std::vector<std::int64_t>, std::vector<bool>>
        values;
};

/// A data frame: row names and columns of the same length.
struct Table {
    std::vector<std::string> index;
    std::vector<TableColumn> columns;
};

}  // namespace lazynet::io
