#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/io/text_file.hpp"

namespace lazynet::io {

using Fields = std::vector<std::string>;

/// How the lines of a file are to be read.
struct Layout {
    enum class Kind { edges, matrix, indices };
    Kind kind = Kind::edges;
    bool has_header = false;
    Index regulator = 0;
    Index target = 1;
    Index weight = -1;
    Index sd = -1;
    Index selected = -1;
    bool is_sign = false;        ///< of the weight
    bool has_row_names = false;  ///< of a matrix
    Fields columns;              ///< names of a matrix's columns; empty: none
    std::string weight_name;
};

/// Recognises the format. @param second the second line, empty when there is none  @param genes that the caller knows
Layout layout_of(const Fields& first, const Fields& second, std::span<const std::string> genes);

/// +1 or -1 for a word that tells a direction, +1 for one that says it is unknown; otherwise nothing.
std::optional<float> sign_word(const std::string& text);

/// Lines as trimmed fields; lines that are empty or start with # are passed over.
class FieldReader {
public:
    explicit FieldReader(const std::string& path) : file_(path) {}
    bool next(Fields& fields);
    void rewind() { file_.rewind(); }
    /// "file: line 3", for messages.
    [[nodiscard]] std::string where() const;
    /// "line 3".
    [[nodiscard]] std::string line() const;

private:
    TextFile file_;
    char separator_ = 0;
    std::string squeezed_;
};

}  // namespace lazynet::io
