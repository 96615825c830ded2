#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "lazynet/core/error.hpp"
#include "lazynet/io/dense_reader.hpp"
#include "lazynet/io/h5_table.hpp"
#include "lazynet/io/input_file.hpp"
#include "lazynet/io/sparse_reader.hpp"

namespace lazynet::io {
namespace {

constexpr std::array kSymbolColumns{"gene_name",       "gene_symbol", "gene_symbols", "feature_name",
                                    "gene_short_name", "gene_names",  "symbol"};

struct Shape {
    Index cells = 0;
    Index genes = 0;
};

std::string matrix_path(const std::string& layer) {
    return layer.empty() || layer == "X" ? "X" : layer == "raw" ? "raw/X" : "layers/" + layer;
}

/// Without H5Lexists on each step of the path, HDF5 fails where a group in the middle is missing.
bool has_path(hid_t file, const std::string& path) {
    const auto slash = path.find('/');
    return has_link(file, path.substr(0, slash)) && (slash == std::string::npos || has_link(file, path));
}

[[noreturn]] void refuse_matrix(const std::string& path, hid_t file, const std::string& matrix) {
    std::vector<std::string> there;
    for (const char* candidate : {"X", "raw/X"}) {
        if (has_path(file, candidate)) {
            there.emplace_back(candidate);
        }
    }
    if (has_link(file, "layers")) {
        for (const std::string& layer : link_names(open_group(file, "layers"))) {
            there.push_back("layers/" + layer);
        }
    }
    throw UserError(fmt::format(
        "{}: there is no matrix '{}' in this file; there {}: {}. Choose with --layer NAME (or --layer raw)", path,
        matrix, there.size() == 1 ? "is" : "are", there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", "))));
}

/// `shape` (now) or `h5sparse_shape` (anndata before 0.7).
Shape sparse_shape(const std::string& where, hid_t group) {
    for (const char* name : {"shape", "h5sparse_shape"}) {
        if (H5Aexists(group, name) <= 0) {
            continue;
        }
        const Handle attribute(H5Aopen(group, name, H5P_DEFAULT), H5Aclose, "open attribute 'shape'");
        const Handle space(H5Aget_space(attribute), H5Sclose, "read attribute 'shape'");
        std::array<std::int64_t, 2> extents{};
        if (H5Sget_simple_extent_npoints(space) == 2) {
            require(H5Aread(attribute, H5T_NATIVE_INT64, extents.data()), "read attribute 'shape'");
            return {extents[0], extents[1]};
        }
    }
    throw UserError(where + ": a sparse matrix without an attribute 'shape' of two numbers");
}

std::unique_ptr<MatrixReader> open_sparse(const std::string& path, hid_t file, const std::string& matrix) {
    const Handle group = open_group(file, matrix);
    const std::string where = path + ": " + matrix;
    std::string encoding = read_string_attribute(group, "encoding-type");
    if (encoding.empty()) {
        encoding = read_string_attribute(group, "h5sparse_format");
    }
    const Shape shape = sparse_shape(where, group);
    if (encoding.rfind("csr", 0) == 0) {
        return std::make_unique<CsrReader>(path, file, matrix, shape.cells, shape.genes, "csr");
    }
    if (encoding.rfind("csc", 0) == 0) {
        return std::make_unique<CscReader>(path, file, matrix, shape.cells, shape.genes);
    }
    throw UserError(fmt::format("{}: expected encoding-type csr_matrix or csc_matrix, found '{}'", where, encoding));
}

bool is_ensembl(const std::string& name) {
    return name.rfind("ENS", 0) == 0 && name.find_first_of("0123456789") != std::string::npos && name.size() >= 11;
}

GeneNames names_in_column(const H5Table& var, const std::string& name, const std::string& path) {
    const Column column = var.read(name);
    const std::vector<std::string> index = var.index();
    GeneNames genes;
    genes.from = path + "/" + name;
    for (Index row = 0; row < column.rows(); ++row) {
        const std::string text = text_at(column, row);
        genes.names.push_back(text.empty() || text == "nan" ? index[static_cast<std::size_t>(row)] : text);
    }
    return genes;
}

GeneNames choose_gene_names(const H5Table& var, const std::string& path, const std::string& wanted) {
    if (!wanted.empty() && wanted != "index") {
        return names_in_column(var, wanted, path);
    }
    GeneNames genes{var.index(), var.index_path(), ""};
    const auto ensembl = std::count_if(genes.names.begin(), genes.names.end(), is_ensembl);
    if (wanted == "index" || static_cast<std::size_t>(ensembl) * 10 < genes.names.size() * 9 || genes.names.empty()) {
        return genes;
    }
    for (const char* column : kSymbolColumns) {
        if (var.has(column)) {
            const std::string index_path = genes.from;
            genes = names_in_column(var, column, path);
            genes.note =
                fmt::format("gene names are taken from {}, because {} holds ENSEMBL ids (--gene-names index for those)",
                            genes.from, index_path);
            return genes;
        }
    }
    return genes;
}

}  // namespace

InputFile open_h5ad(const ScreenOptions& options) {
    const std::string path = options.path;
    const auto file = std::make_shared<Handle>(open_for_reading(path));
    InputFile input;
    input.format = "h5ad";
    input.matrix = matrix_path(options.layer);
    if (!has_path(*file, input.matrix)) {
        refuse_matrix(path, *file, input.matrix);
    }
    input.reader = is_group(*file, input.matrix) ? open_sparse(path, *file, input.matrix)
                                                 : std::make_unique<DenseReader>(path, *file, input.matrix);
    const Index cells = input.reader->cells();
    const Index genes = input.reader->genes();
    const std::string var_path = options.layer == "raw" ? "raw/var" : "var";
    input.gene_names = [=, wanted = options.gene_names] {
        return choose_gene_names(H5Table(path, *file, var_path, genes), var_path, wanted);
    };
    input.obs = [=] { return std::make_unique<H5Table>(path, *file, "obs", cells); };
    input.barcodes = [=] { return H5Table(path, *file, "obs", cells).index(); };
    return input;
}

}  // namespace lazynet::io
