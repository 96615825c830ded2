#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "lazynet/core/error.hpp"
#include "lazynet/io/column_subset.hpp"
#include "lazynet/io/h5.hpp"
#include "lazynet/io/input_file.hpp"
#include "lazynet/io/mtx_reader.hpp"
#include "lazynet/io/sparse_reader.hpp"
#include "lazynet/io/text_file.hpp"

namespace lazynet::io {
namespace {

constexpr const char* kExpression = "Gene Expression";

/// Features of a 10x matrix: genes, and perhaps guides and antibodies.
struct Features {
    std::vector<std::string> names;
    std::vector<std::string> ids;
    std::vector<std::string> types;  ///< empty in old files: all genes
};

std::vector<bool> expression_only(const Features& features) {
    std::vector<bool> keep(features.names.size(), true);
    for (std::size_t i = 0; i < features.types.size(); ++i) {
        keep[i] = features.types[i] == kExpression;
    }
    return keep;
}

/// Hands over genes only; other features would count into cell totals.
void finish(InputFile& input, const Features& features, std::vector<std::string> barcodes, const std::string& path,
            const std::string& wanted) {
    const std::vector<bool> keep = expression_only(features);
    const auto genes = std::count(keep.begin(), keep.end(), true);
    const auto others = static_cast<Index>(keep.size()) - genes;
    if (genes == 0) {
        throw UserError(fmt::format("{}: no feature is of type '{}'", path, kExpression));
    }
    GeneNames names;
    names.from = wanted == "id" || wanted == "index" ? "feature ids" : "feature names";
    if (!wanted.empty() && wanted != "id" && wanted != "name" && wanted != "index") {
        throw UserError(fmt::format("{}: --gene-names {}: a 10x file has 'name' and 'id'", path, wanted));
    }
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (keep[i]) {
            names.names.push_back(names.from == "feature ids" ? features.ids[i] : features.names[i]);
        }
    }
    if (others > 0) {
        names.note =
            fmt::format("{} features that are not '{}' (guides, antibodies) are left out", others, kExpression);
        input.reader = std::make_unique<ColumnSubset>(std::move(input.reader), keep);
    }
    input.gene_names = [names] { return names; };
    // The number behind a barcode's dash is the GEM well: a batch, where several were aggregated.
    std::vector<std::string> wells;
    for (const std::string& barcode : barcodes) {
        const auto dash = barcode.rfind('-');
        wells.push_back(dash == std::string::npos ? "" : barcode.substr(dash + 1));
    }
    const bool several = std::set<std::string>(wells.begin(), wells.end()).size() > 1;
    input.obs = [=] {
        auto table = std::make_unique<MemoryTable>(path, static_cast<Index>(wells.size()));
        if (several) {
            table->add(text_column("gem_group", wells));
        }
        return table;
    };
    input.barcodes = [barcodes = std::move(barcodes)] { return barcodes; };
}

std::vector<std::string> texts(const std::string& path, hid_t group, const std::string& name) {
    if (!has_link(group, name)) {
        throw UserError(fmt::format("{}: a 10x file without '{}'", path, name));
    }
    return read_strings(open_dataset(group, name));
}

/// CellRanger 3 and later: /matrix; before: one group per genome.
std::string matrix_group(const std::string& path, hid_t file, const std::string& wanted) {
    if (has_link(file, "matrix")) {
        return "matrix";
    }
    const std::vector<std::string> genomes = link_names(file);
    if (!wanted.empty() && std::find(genomes.begin(), genomes.end(), wanted) == genomes.end()) {
        throw UserError(
            fmt::format("{}: there is no genome '{}'; there are: {}", path, wanted, fmt::join(genomes, ", ")));
    }
    if (wanted.empty() && genomes.size() != 1) {
        throw UserError(
            fmt::format("{}: several genomes: {}; choose with --layer GENOME", path, fmt::join(genomes, ", ")));
    }
    return wanted.empty() ? genomes.front() : wanted;
}

Features read_features(const std::string& path, hid_t group) {
    if (!has_link(group, "features")) {
        return {texts(path, group, "gene_names"), texts(path, group, "genes"), {}};
    }
    const Handle features = open_group(group, "features");
    return {texts(path, features, "name"), texts(path, features, "id"), texts(path, features, "feature_type")};
}

void require_lengths(const std::string& path, const MatrixReader& reader, const Features& features,
                     const std::vector<std::string>& barcodes) {
    if (static_cast<Index>(features.names.size()) != reader.genes() ||
        static_cast<Index>(barcodes.size()) != reader.cells()) {
        throw UserError(fmt::format("{}: a matrix of {} genes x {} cells, but {} features and {} barcodes", path,
                                    reader.genes(), reader.cells(), features.names.size(), barcodes.size()));
    }
}

/// The file `name` or `name`.gz, or the first alternative there is; "" if none.
std::string find_file(const std::string& folder, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        for (const char* end : {"", ".gz"}) {
            const std::string path = (std::filesystem::path(folder) / (name + end)).string();
            if (std::filesystem::exists(path)) {
                return path;
            }
        }
    }
    throw UserError(fmt::format(
        "{}: no {} (or .gz) in this folder; a 10x folder holds matrix.mtx, features.tsv or genes.tsv, and barcodes.tsv",
        folder, fmt::join(names, " or ")));
}

std::vector<std::vector<std::string>> read_tsv(const std::string& path) {
    TextFile file(path);
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> fields;
    for (std::string_view line; file.next(line);) {
        split_fields(line, '\t', fields);
        rows.push_back(fields);
    }
    return rows;
}

}  // namespace

InputFile open_10x_h5(const ScreenOptions& options) {
    const auto file = std::make_shared<Handle>(open_for_reading(options.path));
    InputFile input;
    input.format = "10x h5";
    input.matrix = matrix_group(options.path, *file, options.layer);
    const Handle group = open_group(*file, input.matrix);
    std::vector<std::int64_t> shape(2);
    NumberDataset(options.path, group, "shape").read({0, 2}, shape);
    input.reader = std::make_unique<CsrReader>(options.path, *file, input.matrix, shape[1], shape[0], "10x h5");
    const Features features = read_features(options.path, group);
    std::vector<std::string> barcodes = texts(options.path, group, "barcodes");
    require_lengths(options.path, *input.reader, features, barcodes);
    finish(input, features, std::move(barcodes), options.path, options.gene_names);
    return input;
}

InputFile open_10x_folder(const ScreenOptions& options) {
    const std::string& folder = options.path;
    const std::string matrix = find_file(folder, {"matrix.mtx"});
    const std::string features_path = find_file(folder, {"features.tsv", "genes.tsv"});
    Features features;
    for (const std::vector<std::string>& fields : read_tsv(features_path)) {
        features.ids.push_back(fields[0]);
        features.names.push_back(fields.size() > 1 ? fields[1] : fields[0]);
        if (fields.size() > 2) {
            features.types.push_back(fields[2]);
        }
    }
    std::vector<std::string> barcodes;
    for (const std::vector<std::string>& fields : read_tsv(find_file(folder, {"barcodes.tsv"}))) {
        barcodes.push_back(fields[0]);
    }
    InputFile input;
    input.format = "10x mtx";
    input.matrix = std::filesystem::path(matrix).filename().string();
    input.reader = std::make_unique<MtxReader>(matrix);
    require_lengths(folder, *input.reader, features, barcodes);
    finish(input, features, std::move(barcodes), folder, options.gene_names);
    return input;
}

}  // namespace lazynet::io
