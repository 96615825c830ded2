#include "lazynet/data/cell_filter.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "lazynet/core/error.hpp"

namespace lazynet {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string::npos) {
        return "";
    }
    std::string inner = text.substr(first, text.find_last_not_of(" \t") - first + 1);
    const bool quoted = inner.size() >= 2 && inner.front() == inner.back() && (inner[0] == '\'' || inner[0] == '"');
    return quoted ? inner.substr(1, inner.size() - 2) : inner;
}

std::optional<double> as_number(const std::string& text) {
    if (text == "True" || text == "true") {
        return 1.0;
    }
    if (text == "False" || text == "false") {
        return 0.0;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

template <typename T>
bool holds(const T& left, CellFilter::Op op, const T& right) {
    switch (op) {
        case CellFilter::Op::greater:
            return left > right;
        case CellFilter::Op::greater_equal:
            return left >= right;
        case CellFilter::Op::less:
            return left < right;
        case CellFilter::Op::less_equal:
            return left <= right;
        case CellFilter::Op::equal:
            return left == right;
        case CellFilter::Op::not_equal:
            return left != right;
    }
    return false;
}

/// Per category: does it pass?
std::vector<bool> passing_categories(const CellFilter& filter, const std::vector<std::string>& categories) {
    const std::optional<double> bound = as_number(filter.value);
    std::vector<bool> passes;
    for (const std::string& category : categories) {
        const std::optional<double> number = as_number(category);
        if (bound && number) {
            passes.push_back(holds(*number, filter.op, *bound));
        } else if (filter.op == CellFilter::Op::equal || filter.op == CellFilter::Op::not_equal) {
            passes.push_back(holds(category, filter.op, filter.value));
        } else {
            throw UserError(
                fmt::format("--where {0}: column '{0}' holds text such as '{1}'; only == and != compare text",
                            filter.column, category));
        }
    }
    return passes;
}

}  // namespace

CellFilter parse_cell_filter(const std::string& text) {
    struct Symbol {
        const char* text;
        CellFilter::Op op;
    };
    constexpr std::array<Symbol, 6> symbols{{{">=", CellFilter::Op::greater_equal},
                                             {"<=", CellFilter::Op::less_equal},
                                             {"==", CellFilter::Op::equal},
                                             {"!=", CellFilter::Op::not_equal},
                                             {">", CellFilter::Op::greater},
                                             {"<", CellFilter::Op::less}}};
    const auto at = text.find_first_of("<>=!");
    for (const Symbol& symbol : symbols) {
        const std::string name = symbol.text;
        if (at != std::string::npos && text.compare(at, name.size(), name) == 0) {
            CellFilter filter{trimmed(text.substr(0, at)), symbol.op, trimmed(text.substr(at + name.size()))};
            if (!filter.column.empty()) {
                return filter;
            }
        }
    }
    throw UserError("--where '" + text +
                    "': expected COLUMN OP VALUE with OP one of > >= < <= == !=, as in --where 'guide_frac>0.6'");
}

std::vector<bool> passing_cells(const CellFilter& filter, const Column& column) {
    std::vector<bool> passes(static_cast<std::size_t>(column.rows()));
    if (column.kind == Column::Kind::text) {
        const std::vector<bool> category_passes = passing_categories(filter, column.categories);
        for (std::size_t cell = 0; cell < passes.size(); ++cell) {
            passes[cell] = column.codes[cell] >= 0 && category_passes[static_cast<std::size_t>(column.codes[cell])];
        }
        return passes;
    }
    const double bound = as_number(filter.value).value_or(kNaN);
    if (std::isnan(bound)) {
        throw UserError(
            fmt::format("--where: column '{}' holds numbers, and '{}' is not a number", filter.column, filter.value));
    }
    for (std::size_t cell = 0; cell < passes.size(); ++cell) {
        passes[cell] = !std::isnan(column.numbers[cell]) && holds(column.numbers[cell], filter.op, bound);
    }
    return passes;
}

}  // namespace lazynet
