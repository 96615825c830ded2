#include "lazynet/data/obs_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "lazynet/core/error.hpp"

namespace lazynet {
namespace {

std::string number_text(double value, Column::Kind kind) {
    if (kind == Column::Kind::boolean) {
        return value != 0 ? "True" : "False";
    }
    const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
    return whole ? fmt::format("{}", static_cast<std::int64_t>(value)) : fmt::format("{}", value);
}

}  // namespace

Column text_column(std::string name, const std::vector<std::string>& values) {
    Column column;
    column.name = std::move(name);
    column.categories = values;
    std::sort(column.categories.begin(), column.categories.end());
    column.categories.erase(std::unique(column.categories.begin(), column.categories.end()), column.categories.end());
    std::unordered_map<std::string_view, std::int32_t> code_of;
    for (const std::string& category : column.categories) {
        code_of.emplace(category, static_cast<std::int32_t>(code_of.size()));
    }
    column.codes.reserve(values.size());
    for (const std::string& value : values) {
        column.codes.push_back(code_of.at(value));
    }
    return column;
}

Column number_column(std::string name, std::vector<double> values, Column::Kind kind) {
    Column column;
    column.name = std::move(name);
    column.kind = kind;
    column.numbers = std::move(values);
    return column;
}

Column as_labels(Column column) {
    if (column.kind == Column::Kind::text) {
        return column;
    }
    std::vector<double> distinct;
    std::copy_if(column.numbers.begin(), column.numbers.end(), std::back_inserter(distinct),
                 [](double v) { return !std::isnan(v); });
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    Column labels;
    labels.name = std::move(column.name);
    for (const double value : distinct) {
        labels.categories.push_back(number_text(value, column.kind));
    }
    labels.codes.reserve(column.numbers.size());
    for (const double value : column.numbers) {
        const auto at = std::lower_bound(distinct.begin(), distinct.end(), value);
        labels.codes.push_back(std::isnan(value) ? -1 : static_cast<std::int32_t>(at - distinct.begin()));
    }
    return labels;
}

std::string text_at(const Column& column, Index row) {
    const auto r = static_cast<std::size_t>(row);
    if (column.kind != Column::Kind::text) {
        return std::isnan(column.numbers[r]) ? "" : number_text(column.numbers[r], column.kind);
    }
    return column.codes[r] < 0 ? "" : column.categories[static_cast<std::size_t>(column.codes[r])];
}

std::vector<Index> category_counts(const Column& column) {
    std::vector<Index> counts(column.categories.size());
    for (const std::int32_t code : column.codes) {
        if (code >= 0) {
            ++counts[static_cast<std::size_t>(code)];
        }
    }
    return counts;
}

bool ObsTable::has(const std::string& name) const {
    const std::vector<std::string> all = names();
    return std::find(all.begin(), all.end(), name) != all.end();
}

void MemoryTable::add(Column column) {
    if (column.rows() != rows_) {
        throw InternalError(fmt::format("column '{}' has {} rows, not {}", column.name, column.rows(), rows_));
    }
    if (columns_.count(column.name) == 0) {
        names_.push_back(column.name);
    }
    const std::string name = column.name;
    columns_.insert_or_assign(name, std::move(column));
}

Column MemoryTable::read(const std::string& name) const {
    const auto found = columns_.find(name);
    if (found == columns_.end()) {
        throw UserError(
            fmt::format("{}: there is no column '{}'; the columns are: {}", where_, name, fmt::join(names_, ", ")));
    }
    return found->second;
}

}  // namespace lazynet
