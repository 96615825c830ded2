#include "lazynet/data/gene_embedding.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "lazynet/data/name_index.hpp"

namespace lazynet {
namespace {

/// What brings the mean squared length of the vectors of `genes` to 1.
float scale_of(const GeneEmbedding& source, Index dimensions, std::span<const std::string> genes) {
    std::vector<Index> rows = embedding_rows(source, genes);
    std::erase(rows, Index{-1});
    if (rows.empty()) {
        rows.resize(source.names.size());
        std::iota(rows.begin(), rows.end(), Index{0});
    }
    double squares = 0.0;
    for (const Index row : rows) {
        squares += source.values.row(row).head(dimensions).cast<double>().squaredNorm();
    }
    return squares > 0.0 ? static_cast<float>(std::sqrt(static_cast<double>(rows.size()) / squares)) : 1.0f;
}

/// The names of all sources, each gene once, sorted.
std::vector<std::string> united_names(std::span<const GeneEmbedding> sources, std::span<const std::string> genes) {
    std::vector<std::string> all;
    const NameIndex spelling(genes);
    for (const GeneEmbedding& source : sources) {
        const NameIndex own(source.names);
        const NameIndex before(all);
        std::vector<std::string> added;
        for (const std::string& name : source.names) {
            const auto gene = spelling.find(name);
            // A spelling of the caller's stands for a name that would find it and that it would find in turn.
            const bool is_theirs = gene && own.find(genes[static_cast<std::size_t>(*gene)]) == own.find(name);
            const std::string& wanted = is_theirs ? genes[static_cast<std::size_t>(*gene)] : name;
            if (!before.find(wanted)) {
                added.push_back(wanted);
            }
        }
        all.insert(all.end(), added.begin(), added.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

}  // namespace

GeneEmbedding sorted_embedding(std::string source, std::span<const std::string> names, const Matrix& values) {
    std::vector<std::size_t> order(names.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return names[a] < names[b]; });
    GeneEmbedding embedding{std::move(source), {}, Matrix(values.rows(), values.cols())};
    for (std::size_t k = 0; k < order.size(); ++k) {
        embedding.names.push_back(names[order[k]]);
        embedding.values.row(static_cast<Index>(k)) = values.row(static_cast<Index>(order[k]));
    }
    return embedding;
}

std::vector<Index> embedding_rows(const GeneEmbedding& embedding, std::span<const std::string> genes) {
    const NameIndex index(embedding.names);
    std::vector<Index> rows;
    rows.reserve(genes.size());
    for (const std::string& gene : genes) {
        const Index row = index.find(gene).value_or(-1);
        rows.push_back(row >= 0 && (embedding.values.row(row).array() != 0.0f).any() ? row : -1);
    }
    return rows;
}

Matrix embedding_of(const GeneEmbedding& embedding, std::span<const std::string> genes) {
    const std::vector<Index> rows = embedding_rows(embedding, genes);
    Matrix values = Matrix::Zero(static_cast<Index>(genes.size()), embedding.dimensions());
    for (std::size_t k = 0; k < rows.size(); ++k) {
        if (rows[k] >= 0) {
            values.row(static_cast<Index>(k)) = embedding.values.row(rows[k]);
        }
    }
    return values;
}

GeneEmbedding join_embeddings(std::span<const GeneEmbedding> sources, std::span<const std::string> genes,
                              Index dimensions) {
    GeneEmbedding all;
    all.names = united_names(sources, genes);
    const auto cut = [&](const GeneEmbedding& source) {
        return dimensions > 0 ? std::min(dimensions, source.dimensions()) : source.dimensions();
    };
    Index width = 0;
    for (const GeneEmbedding& source : sources) {
        width += cut(source);
        all.source += (all.source.empty() ? "" : ", ") + source.source;
    }
    all.values = Matrix::Zero(static_cast<Index>(all.names.size()), width);
    Index first = 0;
    for (const GeneEmbedding& source : sources) {
        const Index n = cut(source);
        all.values.middleCols(first, n) = scale_of(source, n, genes) * embedding_of(source, all.names).leftCols(n);
        first += n;
    }
    return all;
}

EmbeddingCoverage coverage(const GeneEmbedding& embedding, std::span<const std::string> perturbed,
                           std::span<const std::string> measured) {
    EmbeddingCoverage result;
    result.source = embedding.source;
    result.dimensions = embedding.dimensions();
    result.perturbed = static_cast<Index>(perturbed.size());
    result.measured = static_cast<Index>(measured.size());
    const std::vector<Index> rows = embedding_rows(embedding, perturbed);
    for (std::size_t k = 0; k < rows.size(); ++k) {
        if (rows[k] < 0) {
            result.absent.push_back(perturbed[k]);
        }
    }
    result.perturbed_known = result.perturbed - static_cast<Index>(result.absent.size());
    const std::vector<Index> of_measured = embedding_rows(embedding, measured);
    result.measured_known = std::count_if(of_measured.begin(), of_measured.end(), [](Index row) { return row >= 0; });
    return result;
}

std::string report(const EmbeddingCoverage& coverage, std::size_t most) {
    std::string text = fmt::format("{}: {} dimensions, knows {} of {} perturbed genes and {} of {} measured ones",
                                   coverage.source, coverage.dimensions, coverage.perturbed_known, coverage.perturbed,
                                   coverage.measured_known, coverage.measured);
    if (coverage.absent.empty() || most == 0) {
        return text;
    }
    const std::size_t shown = std::min(most, coverage.absent.size());
    text += fmt::format("; not {}", fmt::join(std::span(coverage.absent).first(shown), ", "));
    return shown == coverage.absent.size() ? text : fmt::format("{} and {} more", text, coverage.absent.size() - shown);
}

}  // namespace lazynet
