#include "lazynet/scoring/joined_predictions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lazynet/core/error.hpp"
#include "lazynet/io/input_file.hpp"
#include "lazynet/io/results.hpp"
#include "lazynet/train/provenance.hpp"

namespace lazynet::scoring {
namespace {

/// Rows that are read and written at a time.
constexpr Index kRows = 64;

struct Part {
    std::string path;
    io::InputFile means;
    io::InputFile sds;
    std::unique_ptr<ObsTable> obs;
    std::vector<std::string> genes;
};

Part open_part(const std::string& path) {
    ScreenOptions options;
    options.path = path;
    Part part{path, io::open_input(options), {}, {}, {}};
    part.obs = part.means.obs();
    part.genes = part.means.gene_names().names;
    options.layer = "sd";
    part.sds = io::open_input(options);
    return part;
}

/// A column of all parts, as text or as numbers.
io::TableColumn joined_column(const std::vector<Part>& parts, const std::string& name) {
    std::vector<std::string> texts;
    std::vector<double> numbers;
    for (const Part& part : parts) {
        const Column column = part.obs->read(name);
        for (Index row = 0; row < column.rows(); ++row) {
            if (column.kind == Column::Kind::number) {
                numbers.push_back(column.numbers[static_cast<std::size_t>(row)]);
            } else {
                texts.push_back(text_at(column, row));
            }
        }
    }
    if (texts.empty()) {
        return {name, std::move(numbers)};
    }
    return {name, std::move(texts)};
}

io::Table joined_table(const std::vector<Part>& parts) {
    io::Table table;
    for (const Part& part : parts) {
        const Column fold = as_labels(part.obs->read("fold"));
        const std::vector<std::string> names = part.means.barcodes();
        for (Index row = 0; row < fold.rows(); ++row) {
            table.index.push_back(text_at(fold, row) + "|" + names[static_cast<std::size_t>(row)]);
        }
    }
    for (const std::string& name : parts.front().obs->names()) {
        table.columns.push_back(joined_column(parts, name));
    }
    return table;
}

/// This rank's rows of one part.
void copy_rows(io::MatrixReader& reader, Range rows, Index first, const std::string& where, io::ResultsFile& file) {
    io::CsrRows sparse;
    for (Index at = rows.begin; at < rows.end; at += kRows) {
        const Range some{at, std::min(at + kRows, rows.end)};
        reader.read(some, sparse);
        Matrix dense = Matrix::Zero(some.size(), reader.genes());
        for (Index r = 0; r < some.size(); ++r) {
            for (auto e = static_cast<std::size_t>(sparse.offsets[static_cast<std::size_t>(r)]);
                 e < static_cast<std::size_t>(sparse.offsets[static_cast<std::size_t>(r) + 1]); ++e) {
                dense(r, sparse.genes[e]) = sparse.values[e];
            }
        }
        file.write_rows(where, {first + some.begin, first + some.end}, cview(dense));
    }
}

}  // namespace

void join_predictions(const mpi::Communicator& world, const std::vector<std::string>& paths, const std::string& output,
                      const std::string& options) {
    std::vector<Part> parts;
    io::Table table;
    world.together([&] {
        std::transform(paths.begin(), paths.end(), std::back_inserter(parts), open_part);
        for (const Part& part : parts) {
            if (part.genes != parts.front().genes) {
                throw UserError(fmt::format("{} and {} have different genes", part.path, parts.front().path));
            }
        }
        table = joined_table(parts);
    });
    io::ResultsFile file(world, output);
    const auto rows = static_cast<Index>(table.index.size());
    const auto genes = static_cast<Index>(parts.front().genes.size());
    file.table("obs", std::move(table));
    file.table("var", {parts.front().genes, {}});
    file.number("uns/lazynet/format_version", std::int64_t{1});
    file.text("uns/lazynet/kind", "predictions of folds");
    file.text("uns/lazynet/version", train::version());
    file.text("uns/lazynet/git_hash", train::git_hash());
    file.text("uns/lazynet/options", options);
    file.declare_dense("X", rows, genes);
    file.declare_dense("layers/sd", rows, genes);
    file.open_for_data();
    Index first = 0;
    for (Part& part : parts) {
        const Range mine = block_of(part.means.reader->cells(), world.size(), world.rank());
        world.together([&] {
            copy_rows(*part.means.reader, mine, first, "X", file);
            copy_rows(*part.sds.reader, mine, first, "layers/sd", file);
        });
        first += part.means.reader->cells();
    }
    file.finish();
}

}  // namespace lazynet::scoring
