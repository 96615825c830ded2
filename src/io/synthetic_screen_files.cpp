#include "lazynet/io/synthetic_screen_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace lazynet::io {
namespace {

using simulator::SimulatedCondition;
using simulator::SyntheticScreen;

constexpr std::int64_t kBookKeeping = 8 << 20;  // more than HDF5 adds to a file between two looks at its length

std::vector<std::string> numbered(const std::string& prefix, Index n) {
    std::vector<std::string> names;
    const auto width = std::to_string(n).size();
    for (Index i = 1; i <= n; ++i) {
        names.push_back(fmt::format("{}{:0{}}", prefix, i, width));
    }
    return names;
}

/// A column of labels as anndata keeps them: sorted distinct values and, per row, the place in them.
void write_labels(hid_t parent, const std::string& name, std::span<const std::string> labels,
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
    h5ad::write_categorical(parent, name, codes, categories);
}

std::vector<std::string> gene_names(const SyntheticScreen& screen) {
    std::vector<std::string> names;
    for (const std::int32_t gene : screen.measured()) {
        names.push_back(screen.name(gene));
    }
    return names;
}

/// What the strings and columns beside the matrix take, generously.
std::int64_t room_for_labels(const SyntheticScreen& screen, Index rows) {
    return 200 * (rows + screen.options().genes + static_cast<Index>(screen.conditions().size()));
}

/// What both h5ad files have: genes, the empty groups, the options.
void write_frame(hid_t file, const SyntheticScreen& screen, const std::string& options_json) {
    h5ad::create_dataframe(file, "var", gene_names(screen), {});
    h5ad::create_empty_groups(file);
    const Handle uns = open_group(file, "uns");
    const Handle simulation = h5ad::create_group(uns, "simulation");
    h5ad::write_string(simulation, "options", options_json);
}

}  // namespace

CountsFile::CountsFile(StagedFile& staged, const SyntheticScreen& screen, h5ad::Compression compression)
    : staged_(&staged),
      screen_(&screen),
      wide_(1.2 * forecast_nonzeros(screen) > static_cast<double>(std::numeric_limits<std::int32_t>::max())),
      file_(h5ad::create_file(staged.path())),
      x_(h5ad::create_group(file_, "X", "csr_matrix", "0.1.0")),
      data_(x_, "data", H5T_IEEE_F32LE, compression),
      indices_(x_, "indices", wide_ ? H5T_STD_I64LE : H5T_STD_I32LE, compression),
      row_end_{0} {}

void CountsFile::reserve(std::int64_t bytes) const {
    staged_->reserve(h5ad::used_bytes(file_) + bytes + room_for_labels(*screen_, screen_->options().cells) +
                     kBookKeeping);
}

void CountsFile::append(const CountsChunk& chunk) {
    reserve(h5ad::GrowingDataset::room_for(chunk.counts.size(), 4) +
            h5ad::GrowingDataset::room_for(chunk.columns.size(), wide_ ? 8 : 4));
    const std::int64_t before = row_end_.back();
    for (const std::int64_t end : chunk.cell_end) {
        row_end_.push_back(before + end);
    }
    data_.append(chunk.counts);
    indices_.append(chunk.columns);
}

Index CountsFile::finish(const std::string& options_json) {
    const Index nonzeros = data_.size();
    write_row_ends();
    write_cells();
    write_frame(file_, *screen_, options_json);
    h5ad::flush(file_);
    data_ = {};
    indices_ = {};
    x_ = {};
    file_ = {};
    staged_->trim(h5ad::used_bytes(staged_->path()));
    return nonzeros;
}

void CountsFile::write_row_ends() const {
    if (wide_ || row_end_.back() > std::numeric_limits<std::int32_t>::max()) {
        h5ad::write_array(x_, "indptr", row_end_);
    } else {
        h5ad::write_array(x_, "indptr", std::vector<std::int32_t>(row_end_.begin(), row_end_.end()));
    }
    const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(row_end_.size()) - 1, screen_->options().genes};
    h5ad::write_attribute(x_, "shape", shape);
}

void CountsFile::write_cells() const {
    const SyntheticScreen& screen = *screen_;
    const auto& options = screen.options();
    std::vector<std::string> columns = {"perturbation"};
    if (options.contexts > 1) {
        columns.emplace_back("cell_type");
    }
    columns.insert(columns.end(), {"batch", "library_size"});
    const Handle obs = h5ad::create_dataframe(file_, "obs", numbered("cell", options.cells), columns);

    std::vector<std::string> labels;
    std::vector<std::string> contexts;
    for (const SimulatedCondition& condition : screen.conditions()) {
        labels.push_back(screen.label(condition));
        contexts.push_back(screen.context_name(condition.context));
    }
    write_labels(obs, "perturbation", labels, screen.cell_condition());
    if (options.contexts > 1) {
        write_labels(obs, "cell_type", contexts, screen.cell_condition());
    }
    std::vector<std::int32_t> batch;
    std::vector<float> library;
    for (Index cell = 0; cell < options.cells; ++cell) {
        batch.push_back(static_cast<std::int32_t>(screen.sampler().batch(cell)));
        library.push_back(static_cast<float>(screen.sampler().library_size(cell)));
    }
    write_labels(obs, "batch", numbered("batch", options.sampling.batches), batch);
    h5ad::write_array(obs, "library_size", library);
}

void write_truth(StagedFile& staged, const SyntheticScreen& screen, h5ad::Compression compression,
                 const std::string& options_json) {
    const auto& conditions = screen.conditions();
    const auto n = static_cast<Index>(conditions.size());
    staged.reserve(n * (4 * screen.options().genes + 64) + room_for_labels(screen, n) + kBookKeeping);
    {
        const Handle file = h5ad::create_file(staged.path());
        const Handle x = h5ad::create_matrix(file, "X", n, screen.options().genes, compression);
        std::vector<float> row(static_cast<std::size_t>(screen.options().genes));
        std::vector<std::string> labels;
        std::vector<std::string> contexts;
        std::vector<std::int64_t> cells;
        std::vector<bool> held_out;
        for (Index c = 0; c < n; ++c) {
            const SimulatedCondition& condition = conditions[static_cast<std::size_t>(c)];
            screen.truth(c, row);
            h5ad::write_rows(x, c, row);
            labels.push_back(screen.label(condition));
            contexts.push_back(screen.context_name(condition.context));
            cells.push_back(condition.cells);
            held_out.push_back(condition.held_out);
        }
        const std::vector<std::string> columns = {"perturbation", "cell_type", "cells", "held_out"};
        const Handle obs = h5ad::create_dataframe(file, "obs", numbered("condition", n), columns);
        std::vector<std::int32_t> rows(conditions.size());
        std::iota(rows.begin(), rows.end(), 0);
        write_labels(obs, "perturbation", labels, rows);
        write_labels(obs, "cell_type", contexts, rows);
        h5ad::write_array(obs, "cells", cells);
        h5ad::write_booleans(obs, "held_out", held_out);
        write_frame(file, screen, options_json);
        h5ad::flush(file);
    }
    staged.trim(h5ad::used_bytes(staged.path()));
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
