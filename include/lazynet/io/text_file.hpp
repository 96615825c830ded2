#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lazynet/data/obs_table.hpp"

struct gzFile_s;

namespace lazynet::io {

/// Lines of a text file, gzipped or not. Move-only.
class TextFile {
public:
    /// @throws UserError naming the file when it cannot be opened
    explicit TextFile(const std::string& path);
    /// The next line without its end, valid until the next call; false at the end of the file.
    /// @throws UserError when the file is damaged or truncated
    bool next(std::string_view& line);
    /// The number of the line that next() gave last, from 1.
    [[nodiscard]] std::int64_t line_number() const { return line_number_; }
    void rewind();
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    bool refill();

    std::string path_;
    std::unique_ptr<gzFile_s, int (*)(gzFile_s*)> file_;
    std::string buffer_;
    std::size_t at_ = 0;
    std::int64_t line_number_ = 0;
    bool ended_ = false;
};

/// Splits a line at `separator`; fields may be "quoted", with "" for a quote inside.
void split_fields(std::string_view line, char separator, std::vector<std::string>& fields);

/// Tab if the header line has one, otherwise comma.
char separator_of(std::string_view header);

/// A float, "" or NA or nan as NaN; false if it is neither.
bool parse_number(std::string_view text, double& value);

/// A text file of fields with a header, comma or tab separated, every line as long as the header.
class TableFile {
public:
    /// @param expected what such a file holds, for the message about an empty one
    TableFile(const std::string& path, const std::string& expected);
    /// The next line that is not empty; false at the end. @throws UserError when it is not as long as the header
    bool next(std::vector<std::string>& fields);
    /// Once a line was read, with the corner that R leaves out.
    [[nodiscard]] const std::vector<std::string>& header() const { return header_; }
    [[nodiscard]] std::int64_t line_number() const { return file_.line_number(); }
    [[nodiscard]] const std::string& path() const { return file_.path(); }

private:
    TextFile file_;
    char separator_ = ',';
    std::vector<std::string> header_;
    bool is_first_ = true;
};

/// The names in a file: the first field of each line, up to a blank, tab or comma unless it is quoted. Lines that are
/// empty or start with # are passed over.
std::vector<std::string> read_names(const std::string& path);

/// A table of labels: a header, then one line per row, the first field being the row's name.
struct TextTable {
    std::vector<std::string> index;
    std::unique_ptr<MemoryTable> columns;
};

/// @throws UserError naming file and line when lines differ in length
TextTable read_text_table(const std::string& path);

/// A column of numbers if all texts are (and some is not missing), otherwise of text.
Column column_of_texts(const std::string& name, const std::vector<std::string>& texts);

}  // namespace lazynet::io
