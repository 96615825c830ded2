#include "lazynet/io/text_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

#include "lazynet/core/error.hpp"

namespace lazynet::io {
namespace {

constexpr unsigned kBuffer = 1U << 20U;

gzFile open_text(const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        throw UserError(path + ": no such file");
    }
    gzFile file = std::filesystem::is_directory(path, ignored) ? nullptr : gzopen(path.c_str(), "rb");
    if (file == nullptr) {
        throw UserError(path + ": cannot read this file");
    }
    gzbuffer(file, kBuffer);
    return file;
}

}  // namespace

TextFile::TextFile(const std::string& path) : path_(path), file_(open_text(path), gzclose) {}

void TextFile::rewind() {
    gzrewind(file_.get());
    buffer_.clear();
    at_ = 0;
    line_number_ = 0;
    ended_ = false;
}

/// Drops what was read and appends the next piece of the file; false when there is none.
bool TextFile::refill() {
    if (ended_) {
        return false;
    }
    buffer_.erase(0, at_);
    at_ = 0;
    const std::size_t kept = buffer_.size();
    buffer_.resize(kept + kBuffer);
    const int n = gzread(file_.get(), buffer_.data() + kept, kBuffer);
    int code = Z_OK;
    const char* reason = gzerror(file_.get(), &code);
    if (n < 0 || (code != Z_OK && code != Z_STREAM_END)) {
        throw UserError(fmt::format("{}: damaged or truncated after line {} ({})", path_, line_number_,
                                    code == Z_BUF_ERROR ? "unexpected end" : reason));
    }
    buffer_.resize(kept + static_cast<std::size_t>(n));
    ended_ = n == 0;
    return n > 0;
}

bool TextFile::next(std::string_view& line) {
    std::size_t scanned = at_;
    const char* end = nullptr;
    while (true) {
        end = static_cast<const char*>(std::memchr(buffer_.data() + scanned, '\n', buffer_.size() - scanned));
        if (end != nullptr) {
            break;
        }
        const std::size_t unscanned = buffer_.size() - at_;
        if (!refill()) {
            break;
        }
        scanned = at_ + unscanned;
    }
    if (end == nullptr && at_ == buffer_.size()) {
        return false;
    }
    const std::size_t stop = end == nullptr ? buffer_.size() : static_cast<std::size_t>(end - buffer_.data());
    line = std::string_view(buffer_).substr(at_, stop - at_);
    at_ = std::min(stop + 1, buffer_.size());
    if (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    ++line_number_;
    return true;
}

void split_fields(std::string_view line, char separator, std::vector<std::string>& fields) {
    std::size_t n = 0;
    const auto add = [&]() -> std::string& {
        if (n == fields.size()) {
            fields.emplace_back();
        }
        fields[n].clear();
        return fields[n++];
    };
    for (std::size_t i = 0;; ++i) {
        std::string& field = add();
        if (i < line.size() && line[i] == '"') {
            for (++i; i < line.size() && (line[i] != '"' || (i + 1 < line.size() && line[i + 1] == '"')); ++i) {
                field += line[i];
                i += line[i] == '"' ? 1U : 0U;
            }
            i = std::min(line.find(separator, i), line.size());
        } else {
            const std::size_t end = std::min(line.find(separator, i), line.size());
            field = line.substr(i, end - i);
            i = end;
        }
        if (i >= line.size()) {
            break;
        }
    }
    fields.resize(n);
}

char separator_of(std::string_view header) {
    return header.find('\t') != std::string_view::npos ? '\t' : ',';
}

bool parse_number(std::string_view text, double& value) {
    const auto first = text.find_first_not_of(' ');
    text = first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
    if (text.empty() || text == "NA" || text == "NaN" || text == "nan") {
        value = std::numeric_limits<double>::quiet_NaN();
        return true;
    }
    text.remove_prefix(text.front() == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

Column column_of_texts(const std::string& name, const std::vector<std::string>& texts) {
    std::vector<double> numbers(texts.size());
    bool numeric = true;
    bool some = false;
    for (std::size_t row = 0; row < texts.size() && numeric; ++row) {
        numeric = parse_number(texts[row], numbers[row]);
        some = some || (numeric && !std::isnan(numbers[row]));
    }
    return numeric && some ? number_column(name, std::move(numbers)) : text_column(name, texts);
}

TableFile::TableFile(const std::string& path, const std::string& expected) : file_(path) {
    std::string_view line;
    if (!file_.next(line)) {
        throw UserError(path + ": empty file; expected " + expected);
    }
    separator_ = separator_of(line);
    split_fields(line, separator_, header_);
}

bool TableFile::next(std::vector<std::string>& fields) {
    std::string_view line;
    do {
        if (!file_.next(line)) {
            return false;
        }
    } while (line.empty());
    split_fields(line, separator_, fields);
    if (std::exchange(is_first_, false) && fields.size() == header_.size() + 1) {  // R leaves out the corner
        header_.insert(header_.begin(), "");
    }
    if (fields.size() != header_.size()) {
        throw UserError(fmt::format("{}: line {} has {} fields, the header has {}", path(), line_number(),
                                    fields.size(), header_.size()));
    }
    return true;
}

std::vector<std::string> read_names(const std::string& path) {
    TextFile file(path);
    std::vector<std::string> names;
    std::vector<std::string> fields;
    for (std::string_view line; file.next(line);) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        if (line.front() == '"') {
            split_fields(line, separator_of(line), fields);
            names.push_back(fields[0]);
        } else {
            names.emplace_back(line.substr(0, line.find_first_of(" \t,")));
        }
    }
    std::erase(names, "");
    return names;
}

TextTable read_text_table(const std::string& path) {
    TableFile file(path, "a header and one line per cell");
    std::vector<std::vector<std::string>> columns;
    for (std::vector<std::string> fields; file.next(fields);) {
        columns.resize(file.header().size());
        for (std::size_t i = 0; i < fields.size(); ++i) {
            columns[i].push_back(fields[i]);
        }
    }
    columns.resize(file.header().size());
    TextTable table;
    table.columns = std::make_unique<MemoryTable>(path, static_cast<Index>(columns[0].size()));
    for (std::size_t i = 1; i < columns.size(); ++i) {
        table.columns->add(column_of_texts(file.header()[i], columns[i]));
    }
    table.index = std::move(columns[0]);
    return table;
}

}  // namespace lazynet::io
