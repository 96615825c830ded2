#include "lazynet/mpi/progress_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace lazynet::mpi {
namespace {

struct Column {
    std::string_view name;
    std::size_t width;
};

constexpr std::array<Column, 11> kColumns = {{{"rank", 6},
                                              {"host", 24},
                                              {"pid", 8},
                                              {"phase", 32},
                                              {"detail", 40},
                                              {"call", 24},
                                              {"idle_s", 8},
                                              {"written_utc", 19},
                                              {"stage", 9},
                                              {"beats", 9},
                                              {"steps", 12}}};
constexpr std::array<std::string_view, 4> kStages = {"absent", "running", "finishing", "gone"};

/// Every column is followed by a space, the last one by the line's end.
constexpr std::size_t line_bytes() {
    std::size_t bytes = 0;
    for (const Column& column : kColumns) {
        bytes += column.width + 1;
    }
    return bytes;
}

std::string row(const std::array<std::string, kColumns.size()>& cells) {
    std::string text;
    for (std::size_t k = 0; k < kColumns.size(); ++k) {
        std::string cell = cells[k].empty() ? "-" : cells[k];
        cell.resize(kColumns[k].width, ' ');  // in bytes: lines lie at fixed places
        std::replace(cell.begin(), cell.end(), '\n', ' ');
        text += cell;
        text += k + 1 < kColumns.size() ? ' ' : '\n';
    }
    return text;
}

template <typename T>
bool read_number(std::string_view cell, T& value) {
    return std::from_chars(cell.data(), cell.data() + cell.size(), value).ec == std::errc();
}

}  // namespace

std::string ProgressFile::format(const RankLine& line) {
    return row({std::to_string(line.rank), line.host, std::to_string(line.pid), line.phase, line.detail, line.call,
                fmt::format("{:.0f}", line.idle), line.written,
                std::string(kStages[static_cast<std::size_t>(line.stage)]), std::to_string(line.beats),
                std::to_string(line.steps)});
}

std::optional<RankLine> ProgressFile::parse(std::string_view text) {
    if (text.size() != line_bytes() || text.back() != '\n') {
        return std::nullopt;
    }
    std::array<std::string_view, kColumns.size()> cells;
    for (std::size_t k = 0, at = 0; k < kColumns.size(); at += kColumns[k++].width + 1) {
        const std::string_view cell = text.substr(at, kColumns[k].width);
        cells[k] = cell.substr(0, cell.find_last_not_of(' ') + 1);
        cells[k] = cells[k] == "-" ? std::string_view() : cells[k];
    }
    RankLine line;
    line.host = cells[1];
    line.phase = cells[3];
    line.detail = cells[4];
    line.call = cells[5];
    line.written = cells[7];
    const auto stage = std::find(kStages.begin(), kStages.end(), cells[8]);
    if (!read_number(cells[0], line.rank) || !read_number(cells[2], line.pid) || !read_number(cells[6], line.idle) ||
        stage == kStages.end() || !read_number(cells[9], line.beats) || !read_number(cells[10], line.steps)) {
        return std::nullopt;  // the heading, or a line that was never written
    }
    line.stage = static_cast<Stage>(stage - kStages.begin());
    return line;
}

bool ProgressFile::begin() const {
    std::error_code ignored;
    std::filesystem::create_directory(std::filesystem::path(path_).parent_path(), ignored);
    const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) {
        return false;
    }
    std::array<std::string, kColumns.size()> names;
    for (std::size_t k = 0; k < kColumns.size(); ++k) {
        names[k] = kColumns[k].name;
    }
    const std::string heading = row(names);
    // Other nodes' lines that are lost here come again within seconds.
    const bool done = ftruncate(file, 0) == 0 && pwrite(file, heading.data(), heading.size(), 0) >= 0;
    close(file);
    return done;
}

void ProgressFile::write(std::span<const RankLine> lines) const {
    const int file = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    for (const RankLine& line : lines) {
        const std::string text = format(line);
        const auto at = static_cast<off_t>(text.size() * static_cast<std::size_t>(line.rank + 1));
        if (pwrite(file, text.data(), text.size(), at) < 0) {
            break;
        }
    }
    close(file);
}

std::vector<RankLine> ProgressFile::read() const {
    const int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return {};
    }
    std::string all(line_bytes() * static_cast<std::size_t>(ranks_ + 1), '\0');
    const ssize_t n = pread(file, all.data(), all.size(), 0);
    close(file);
    all.resize(static_cast<std::size_t>(std::max(n, ssize_t{0})));
    std::vector<RankLine> lines;
    for (std::size_t at = 0; at + line_bytes() <= all.size(); at += line_bytes()) {
        if (auto line = parse(std::string_view(all).substr(at, line_bytes()))) {
            lines.push_back(std::move(*line));
        }
    }
    return lines;
}

}  // namespace lazynet::mpi
