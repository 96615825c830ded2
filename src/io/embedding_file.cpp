#include "lazynet/io/embedding_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/io/h5_table.hpp"
#include "lazynet/io/input_file.hpp"
#include "lazynet/io/number_dataset.hpp"
#include "network_layout.hpp"

namespace lazynet::io {
namespace {

constexpr const char* kExpected = "expected one gene per line: its name, then its coordinates (gene, v1, v2, ...)";

std::string source_of(const std::string& path) {
    return "file " + std::filesystem::path(path).filename().string();
}

/// Vectors as they come, in the file's order.
class Vectors {
public:
    explicit Vectors(std::string path) : path_(std::move(path)) {}

    /// @param where "line 3", for messages
    void add(const std::string& where, const std::string& gene) {
        if (gene.empty()) {
            throw UserError(fmt::format("{}: {}: a gene without a name; delete it or name the gene", path_, where));
        }
        const auto [at, is_new] = places_.try_emplace(gene, where);
        if (!is_new) {
            throw UserError(fmt::format("{}: {}: gene '{}' again (first in {}); a gene can have one vector only", path_,
                                        where, gene, at->second));
        }
        names_.push_back(gene);
    }
    void add_value(const std::string& where, double value) {
        const auto narrow = static_cast<float>(value);
        if (!std::isfinite(narrow)) {
            throw UserError(
                fmt::format("{}: {}, gene '{}': {} is not a finite number; leave genes out that have no "
                            "vector",
                            path_, where, names_.back(), value));
        }
        values_.push_back(narrow);
    }
    [[nodiscard]] Index genes() const { return static_cast<Index>(names_.size()); }

    GeneEmbedding finish(Index dimensions) const {
        if (names_.empty() || dimensions == 0) {
            throw UserError(fmt::format("{}: no gene vectors in it; {}", path_, kExpected));
        }
        return sorted_embedding(source_of(path_), names_, ConstMatrixView(values_.data(), genes(), dimensions));
    }

private:
    std::string path_;
    std::vector<std::string> names_;
    std::vector<float> values_;
    std::unordered_map<std::string, std::string> places_;
};

bool is_numeric(const std::string& text) {
    double ignored = 0;
    return parse_number(text, ignored);
}

bool are_numeric(const Fields& fields, std::size_t from) {
    return std::all_of(fields.begin() + static_cast<std::ptrdiff_t>(std::min(from, fields.size())), fields.end(),
                       is_numeric);
}

/// Genes and dimensions as word2vec's first line has them.
std::optional<std::pair<Index, Index>> counts_line(const Fields& first, const Fields& second) {
    double genes = 0;
    double dimensions = 0;
    const bool is_it = first.size() == 2 && second.size() > 2 && parse_number(first[0], genes) &&
                       parse_number(first[1], dimensions) && genes == std::floor(genes) &&
                       dimensions == std::floor(dimensions) && genes > 0 && dimensions > 0;
    return is_it ? std::optional(std::pair(static_cast<Index>(genes), static_cast<Index>(dimensions))) : std::nullopt;
}

void add_line(const FieldReader& reader, const Fields& fields, Vectors& vectors) {
    const std::string where = reader.line();
    vectors.add(where, fields[0]);
    for (std::size_t k = 1; k < fields.size(); ++k) {
        double value = 0;
        if (!parse_number(fields[k], value)) {
            throw UserError(fmt::format("{}: gene '{}': '{}' in column {} is not a number; {}", reader.where(),
                                        fields[0], fields[k], k + 1, kExpected));
        }
        vectors.add_value(fmt::format("{}, column {}", where, k + 1), value);
    }
}

GeneEmbedding read_text(const std::string& path) {
    FieldReader reader(path);
    Fields first;
    Fields fields;
    if (!reader.next(first)) {
        throw UserError(fmt::format("{}: empty file; {}", path, kExpected));
    }
    reader.next(fields);
    const auto counts = counts_line(first, fields);
    const bool has_header = counts || !are_numeric(first, 1);
    reader.rewind();
    if (has_header) {
        reader.next(first);
    }
    Vectors vectors(path);
    std::size_t width = counts ? static_cast<std::size_t>(counts->second) + 1 : 0;
    while (reader.next(fields)) {
        width = width == 0 ? fields.size() : width;
        if (fields.size() != width || width < 2) {
            throw UserError(fmt::format("{}: {} values, expected {}: all genes have as many coordinates; {}",
                                        reader.where(), fields.size() - 1, std::max<std::size_t>(width, 2) - 1,
                                        kExpected));
        }
        add_line(reader, fields, vectors);
    }
    if (counts && vectors.genes() != counts->first) {
        throw UserError(fmt::format("{}: the first line promises {} genes, but there are {}; is the file cut short?",
                                    path, counts->first, vectors.genes()));
    }
    return vectors.finish(std::max<Index>(static_cast<Index>(width), 1) - 1);
}

/// obs are the genes.
GeneEmbedding read_matrix(const std::string& shown, InputFile& input) {
    const std::vector<std::string> genes = input.barcodes();
    const Index dimensions = input.reader->genes();
    Vectors vectors(shown);
    CsrRows row;
    std::vector<float> values(static_cast<std::size_t>(dimensions));
    for (Index r = 0; r < input.reader->cells(); ++r) {
        input.reader->read({r, r + 1}, row);
        std::fill(values.begin(), values.end(), 0.0f);
        for (std::size_t k = 0; k < row.genes.size(); ++k) {
            values[static_cast<std::size_t>(row.genes[k])] = row.values[k];
        }
        const std::string where = fmt::format("row {}", r + 1);
        vectors.add(where, genes[static_cast<std::size_t>(r)]);
        for (const float value : values) {
            vectors.add_value(where, static_cast<double>(value));
        }
    }
    return vectors.finish(dimensions);
}

/// The names of the genes that a matrix of `rows` rows lies beside. Those of var are found as for a screen.
std::vector<std::string> genes_beside(const std::string& path, hid_t file, bool of_var, Index rows) {
    if (of_var && has_link(file, "X")) {
        ScreenOptions options;
        options.path = path;
        return open_h5ad(options).gene_names().names;
    }
    return H5Table(path, file, of_var ? "var" : "obs", rows).index();
}

/// @param where "varm/PCs"
GeneEmbedding read_beside(const std::string& path, const std::string& where, bool of_var) {
    const std::string shown = path + ":" + where;
    const Handle file = open_for_reading(path);
    if (is_group(file, where)) {
        throw UserError(
            fmt::format("{}: {} is a data frame or a sparse matrix; expected a plain array (genes x "
                        "dimensions): store it with .to_numpy() or .toarray()",
                        path, where));
    }
    NumberDataset values(path, file, where);
    const Index rows = values.shape().empty() ? 0 : static_cast<Index>(values.shape()[0]);
    const std::vector<std::string> genes = genes_beside(path, file, of_var, rows);
    if (values.shape().size() != 2 || static_cast<std::size_t>(rows) != genes.size()) {
        throw UserError(
            fmt::format("{}: {} is no matrix with one row for each of the {} genes", path, where, genes.size()));
    }
    const auto dimensions = static_cast<Index>(values.shape()[1]);
    Vectors vectors(shown);
    std::vector<float> row(static_cast<std::size_t>(dimensions));
    for (Index r = 0; r < static_cast<Index>(genes.size()); ++r) {
        values.read({r, r + 1}, row);
        const std::string place = fmt::format("row {}", r + 1);
        vectors.add(place, genes[static_cast<std::size_t>(r)]);
        for (const float value : row) {
            vectors.add_value(place, static_cast<double>(value));
        }
    }
    return vectors.finish(dimensions);
}

/// "file.h5ad:varm/NAME" in two; the second part is empty where there is none.
std::pair<std::string, std::string> split_place(const std::string& path) {
    for (const char* axis : {":varm/", ":obsm/", ":layers/"}) {
        if (const auto at = path.rfind(axis); at != std::string::npos) {
            return {path.substr(0, at), path.substr(at + 1)};
        }
    }
    return {path, ""};
}

void require_element(const std::string& path, const std::string& where) {
    const Handle file = open_for_reading(path);
    const std::string axis = where.substr(0, where.find('/'));
    if (has_link(file, axis) && has_link(file, where)) {
        return;
    }
    std::vector<std::string> there;
    if (has_link(file, axis)) {
        there = link_names(open_group(file, axis));
    }
    throw UserError(fmt::format("{}: there is no '{}' in this file; {} holds {}", path, where, axis,
                                there.empty() ? "nothing" : fmt::format("{}", fmt::join(there, ", "))));
}

GeneEmbedding read_h5ad(const std::string& path, const std::string& where) {
    ScreenOptions options;
    options.path = path;
    if (where.starts_with("layers/")) {
        options.layer = where.substr(where.find('/') + 1);
    } else if (!where.empty()) {
        require_element(path, where);
    }
    const bool of_var = where.starts_with("varm/");
    if (of_var || where.starts_with("obsm/")) {
        return read_beside(path, where, of_var);
    }
    InputFile input = open_h5ad(options);
    return read_matrix(where.empty() ? path : path + ":" + where, input);
}

}  // namespace

GeneEmbedding read_gene_embedding(const std::string& path) {
    const auto [file, where] = split_place(path);
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        throw UserError(file + ": no such file");
    }
    return !where.empty() || file.ends_with(".h5ad") ? read_h5ad(file, where) : read_text(file);
}

}  // namespace lazynet::io
