#include "lazynet/io/synthetic_screen_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "lazynet/io/anndata_elements.hpp"
#include "lazynet/io/h5_write.hpp"

namespace lazynet::io {
namespace {

using simulator::SimulatedCondition;
using simulator::SyntheticScreen;

constexpr std::uint64_t kBookKeeping = 8 << 20;  // more than HDF5 adds to a file between two looks at its length

std::vector<std::string> numbered(const std::string& prefix, Index n) {
    std::vector<std::string> names;
    const auto width = std::to_string(n).size();
    for (Index i = 1; i <= n; ++i) {
        names.push_back(fmt::format("{}{:0{}}", prefix, i, width));
    }
    return names;
}

/// A column of labels as anndata keeps them: sorted distinct values and, per row, the place in them.
TableColumn label_column(const std::string& name, std::span<const std::string> labels,
                         std::span<const std::int32_t> rows) {
    std::vector<std::string> categories;
    for (const std::int32_t row : rows) {
        if (row >= static_cast<std::int32_t>(categories.size())) {
            categories.resize(static_cast<std::size_t>(row) + 1);
        }
        categories[static_cast<std::size_t>(row)] = labels[static_cast<std::size_t>(row)];
    }
    std::erase(categories, "");
    std::sort(categories.begin(), categories.end());
    categories.erase(std::unique(categories.begin(), categories.end()), categories.end());
    std::vector<std::int32_t> place(labels.size());
    std::transform(labels.begin(), labels.end(), place.begin(), [&](const std::string& label) {
        return static_cast<std::int32_t>(std::lower_bound(categories.begin(), categories.end(), label) -
                                         categories.begin());
    });
    std::vector<std::int32_t> codes(rows.size());
    std::transform(rows.begin(), rows.end(), codes.begin(),
                   [&](std::int32_t row) { return place[static_cast<std::size_t>(row)]; });
    return {name, Categorical{std::move(categories), std::move(codes)}};
}

std::vector<std::string> gene_names(const SyntheticScreen& screen) {
    std::vector<std::string> names;
    for (const std::int32_t gene : screen.measured()) {
        names.push_back(screen.name(gene));
    }
    return names;
}

/// What the strings and columns beside the matrix take, generously.
std::uint64_t room_for_labels(const SyntheticScreen& screen, Index rows) {
    return 200 * static_cast<std::uint64_t>(rows + screen.options().genes) + 200 * screen.conditions().size();
}

/// What both h5ad files have: genes, the empty groups, the options.
void write_frame(hid_t file, const SyntheticScreen& screen, const std::string& options_json) {
    write_table(file, "var", {gene_names(screen), {}});
    complete_anndata(file);
    write_text(file, "uns/simulation/options", options_json);
}

/// Everything to the file system, so that an error shows here and not in a destructor.
void flush(hid_t file) {
    require(H5Fflush(file, H5F_SCOPE_GLOBAL), "write to the disk");
}

/// The conditions of the truth: what was perturbed, in how many cells.
Table condition_table(const SyntheticScreen& screen) {
    std::vector<std::string> labels;
    std::vector<std::string> contexts;
    std::vector<std::int64_t> cells;
    std::vector<bool> held_out;
    for (const SimulatedCondition& condition : screen.conditions()) {
        labels.push_back(screen.label(condition));
        contexts.push_back(screen.context_name(condition.context));
        cells.push_back(condition.cells);
        held_out.push_back(condition.held_out);
    }
    std::vector<std::int32_t> rows(labels.size());
    std::iota(rows.begin(), rows.end(), 0);
    return {numbered("condition", static_cast<Index>(labels.size())),
            {label_column("perturbation", labels, rows),
             label_column("cell_type", contexts, rows),
             {"cells", std::move(cells)},
             {"held_out", std::move(held_out)}}};
}

}  // namespace

CountsFile::CountsFile(TemporaryFile& unfinished, const SyntheticScreen& screen, Compression compression)
    : unfinished_(&unfinished),
      screen_(&screen),
      wide_(1.2 * forecast_nonzeros(screen) > static_cast<double>(std::numeric_limits<std::int32_t>::max())),
      file_(create_anndata(unfinished.name())),
      x_(create_csr(file_, "X")),
      data_(x_, "data", H5T_IEEE_F32LE, compression),
      indices_(x_, "indices", wide_ ? H5T_STD_I64LE : H5T_STD_I32LE, compression),
      row_end_{0} {}

void CountsFile::reserve(std::uint64_t bytes) const {
    unfinished_->reserve(used_bytes(file_) + bytes + room_for_labels(*screen_, screen_->options().cells) +
                         kBookKeeping);
}

void CountsFile::append(const CountsChunk& chunk) {
    reserve(GrowingArray::room_for(chunk.counts.size(), 4) +
            GrowingArray::room_for(chunk.columns.size(), wide_ ? 8 : 4));
    const std::int64_t before = row_end_.back();
    for (const std::int64_t end : chunk.cell_end) {
        row_end_.push_back(before + end);
    }
    data_.append(chunk.counts);
    indices_.append(chunk.columns);
}

Index CountsFile::finish(const std::string& options_json) {
    const Index nonzeros = data_.size();
    write_row_starts(x_, row_end_, wide_ || row_end_.back() > std::numeric_limits<std::int32_t>::max());
    write_shape(x_, static_cast<Index>(row_end_.size()) - 1, screen_->options().genes);
    write_table(file_, "obs", cell_table());
    write_frame(file_, *screen_, options_json);
    flush(file_);
    data_ = {};
    indices_ = {};
    x_ = {};
    file_ = {};
    unfinished_->trim(used_bytes(unfinished_->name()));
    return nonzeros;
}

Table CountsFile::cell_table() const {
    const SyntheticScreen& screen = *screen_;
    const auto& options = screen.options();
    std::vector<std::string> labels;
    std::vector<std::string> contexts;
    for (const SimulatedCondition& condition : screen.conditions()) {
        labels.push_back(screen.label(condition));
        contexts.push_back(screen.context_name(condition.context));
    }
    std::vector<std::int32_t> batch;
    std::vector<float> library;
    for (Index cell = 0; cell < options.cells; ++cell) {
        batch.push_back(static_cast<std::int32_t>(screen.sampler().batch(cell)));
        library.push_back(static_cast<float>(screen.sampler().library_size(cell)));
    }
    Table table{numbered("cell", options.cells), {label_column("perturbation", labels, screen.cell_condition())}};
    if (options.contexts > 1) {
        table.columns.push_back(label_column("cell_type", contexts, screen.cell_condition()));
    }
    table.columns.push_back(label_column("batch", numbered("batch", options.sampling.batches), batch));
    table.columns.push_back({"library_size", std::move(library)});
    return table;
}

void write_truth(TemporaryFile& unfinished, const SyntheticScreen& screen, Compression compression,
                 const std::string& options_json) {
    const auto n = static_cast<Index>(screen.conditions().size());
    const Index genes = screen.options().genes;
    {
        const Handle file = create_anndata(unfinished.name());
        unfinished.reserve(static_cast<std::uint64_t>(n * (4 * genes + 64)) + room_for_labels(screen, n) +
                           kBookKeeping);
        const Handle x = create_dense(file, "X", n, genes, compression);
        std::vector<float> row(static_cast<std::size_t>(genes));
        for (Index c = 0; c < n; ++c) {
            screen.truth(c, row);
            write_rows(x, c, row);
        }
        write_table(file, "obs", condition_table(screen));
        write_frame(file, screen, options_json);
        flush(file);
    }
    unfinished.trim(used_bytes(unfinished.name()));
}

std::string edges_text(const SyntheticScreen& screen, std::span<const simulator::Edge> edges) {
    std::string text = "regulator\ttarget\tsign\tec50\thill\tlogic\tmodule\n";
    for (const simulator::Edge& e : edges) {
        const bool any_of = screen.network().logic[static_cast<std::size_t>(e.target)] == simulator::Logic::any_of;
        fmt::format_to(std::back_inserter(text), "{}\t{}\t{}\t{}\t{}\t{}\t{}\n", screen.name(e.regulator),
                       screen.name(e.target), e.sign(), e.regulation.ec50, e.regulation.hill, any_of ? "or" : "and",
                       e.module < 0 ? "-" : fmt::format("module{}", e.module + 1));
    }
    return text;
}

std::string prior_text(const SyntheticScreen& screen, std::span<const simulator::PriorEdge> prior) {
    std::string text = "regulator\ttarget\tweight\n";
    for (const simulator::PriorEdge& e : prior) {
        fmt::format_to(std::back_inserter(text), "{}\t{}\t{}\n", screen.name(e.regulator), screen.name(e.target),
                       e.sign);
    }
    return text;
}

double forecast_nonzeros(const SyntheticScreen& screen) {
    std::vector<float> expression(static_cast<std::size_t>(screen.options().genes));
    screen.expression(0, expression);
    return static_cast<double>(screen.options().cells) * static_cast<double>(screen.options().genes) *
           screen.sampler().nonzero_share(expression);
}

}  // namespace lazynet::io
