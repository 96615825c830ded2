#pragma once

#include <string>
#include <vector>

#include "lazynet/data/obs_table.hpp"
#include "lazynet/io/h5.hpp"

namespace lazynet::io {

/// An AnnData data frame (`obs`, `var`, `raw/var`) on disk. Reads categorical groups and the old `__categories`
/// layout, strings of both kinds, numbers, booleans, and nullable groups (values + mask).
class H5Table : public ObsTable {
public:
    /// @param rows what each column must have  @throws UserError when the group is missing or a compound table
    H5Table(std::string file, hid_t root, std::string path, Index rows);
    [[nodiscard]] Index rows() const override { return rows_; }
    [[nodiscard]] std::vector<std::string> names() const override { return names_; }
    [[nodiscard]] Column read(const std::string& name) const override;
    /// The index: barcodes or gene names. @throws UserError when there is none
    [[nodiscard]] std::vector<std::string> index() const;
    /// Where it is: "var/_index".
    [[nodiscard]] std::string index_path() const { return path_ + "/" + index_name_; }

private:
    [[nodiscard]] Column read_group(const std::string& name) const;
    [[nodiscard]] Column read_dataset(const std::string& name) const;
    [[nodiscard]] Column read_categorical(hid_t parent, const std::string& codes, const std::string& categories) const;
    [[nodiscard]] std::vector<std::string> read_texts(hid_t parent, const std::string& name) const;
    void require_rows(const std::string& name, Index found) const;

    std::string file_;
    std::string path_;
    Index rows_;
    Handle group_;
    std::string index_name_;
    std::vector<std::string> names_;
};

/// Does a dataset hold strings?
bool holds_strings(hid_t dataset);

}  // namespace lazynet::io
