#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lazynet/io/h5.hpp"
#include "lazynet/io/h5_table.hpp"

namespace lazynet::io {

/// A results file of any lazynet command, for those who ask what it says about itself: elements by their place, absent
/// ones are no error. Not collective.
class StoredResults {
public:
    /// @throws UserError naming the file: missing, not HDF5, truncated, or without uns/lazynet
    explicit StoredResults(std::string path);

    [[nodiscard]] const std::string& path() const { return path_; }
    /// @param where "uns/lazynet/options"; every part of the way may be absent
    [[nodiscard]] bool has(const std::string& where) const;
    /// A text, "" when absent.
    [[nodiscard]] std::string text(const std::string& where) const;
    [[nodiscard]] std::optional<double> number(const std::string& where) const;
    /// A 1-D array of numbers, empty when absent.
    [[nodiscard]] std::vector<double> numbers(const std::string& where) const;
    /// A data frame ("obs", "uns/lazynet/rounds"), nothing when absent. @throws UserError when it is damaged
    [[nodiscard]] std::unique_ptr<H5Table> table(const std::string& where) const;

private:
    std::string path_;
    Handle file_;
};

}  // namespace lazynet::io
