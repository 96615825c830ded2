#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// One column of a table of cells (or of genes).
struct Column {
    enum class Kind { text, boolean, number };
    std::string name;
    Kind kind = Kind::text;
    std::vector<std::int32_t> codes;      ///< text: index into categories; -1: missing
    std::vector<std::string> categories;  ///< text: each once
    std::vector<double> numbers;          ///< number and boolean (0, 1): the values; NaN: missing
    [[nodiscard]] Index rows() const { return static_cast<Index>(kind == Kind::text ? codes.size() : numbers.size()); }
};

/// A text column from one string per row; categories come out sorted.
Column text_column(std::string name, const std::vector<std::string>& values);
Column number_column(std::string name, std::vector<double> values, Column::Kind kind = Column::Kind::number);
/// A column as labels: numbers become text ("3", "0.25", "True"), categories in ascending order of the numbers.
Column as_labels(Column column);
/// Row r as text; "" when missing.
std::string text_at(const Column& column, Index row);
/// Cells per category, indexed like `categories`.
std::vector<Index> category_counts(const Column& column);

/// The annotation of cells, wherever it is stored. Columns are read when asked for.
class ObsTable {
public:
    virtual ~ObsTable() = default;
    [[nodiscard]] virtual Index rows() const = 0;
    [[nodiscard]] virtual std::vector<std::string> names() const = 0;
    /// @throws UserError naming file and column when there is no such column or its encoding is not understood
    [[nodiscard]] virtual Column read(const std::string& name) const = 0;
    [[nodiscard]] bool has(const std::string& name) const;
};

/// A table that is in memory: labels from a text file, or made in a test.
class MemoryTable : public ObsTable {
public:
    /// @param where the file the columns come from, for messages
    MemoryTable(std::string where, Index rows) : where_(std::move(where)), rows_(rows) {}
    void add(Column column);
    [[nodiscard]] Index rows() const override { return rows_; }
    [[nodiscard]] std::vector<std::string> names() const override { return names_; }
    [[nodiscard]] Column read(const std::string& name) const override;

private:
    std::string where_;
    Index rows_;
    std::vector<std::string> names_;
    std::map<std::string, Column> columns_;
};

}  // namespace lazynet
