#include "lazynet/train/screen_embedding.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "lazynet/core/random.hpp"
#include "lazynet/kernels/log1p.hpp"
#include "lazynet/train/cell_stream.hpp"
#include "lazynet/train/columns.hpp"
#include "lazynet/train/plan.hpp"
#include "lazynet/train/targets.hpp"
#include "principal_genes.hpp"

namespace lazynet::train {
namespace {

/// Chosen cells that are this close are read in one go.
constexpr Index kNear = 32;

/// The control cells with the smallest random numbers, ascending.
std::vector<Index> chosen_controls(const Screen& screen, const ScreenEmbeddingOptions& options) {
    const Random random(options.seed, "control cells");
    std::vector<std::pair<std::uint64_t, Index>> controls;
    for (std::size_t cell = 0; cell < screen.cell_condition.size(); ++cell) {
        const std::int32_t c = screen.cell_condition[cell];
        if (c >= 0 && screen.conditions[static_cast<std::size_t>(c)].is_control()) {
            controls.emplace_back(random.bits(cell), static_cast<Index>(cell));
        }
    }
    std::sort(controls.begin(), controls.end());
    controls.resize(std::min(controls.size(), static_cast<std::size_t>(std::max<Index>(options.cells, 0))));
    std::vector<Index> cells;
    std::transform(controls.begin(), controls.end(), std::back_inserter(cells), [](const auto& c) { return c.second; });
    std::sort(cells.begin(), cells.end());
    return cells;
}

/// One value of the table on its way.
struct Entry {
    std::int32_t row;
    std::int32_t gene;
    float value;
};

/// Takes the chosen cells' values apart by the ranks that own the genes' chunks.
class ControlReader {
public:
    ControlReader(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                  Normalization normalization, std::span<const Index> chosen)
        : reader_(reader),
          screen_(screen),
          normalization_(normalization),
          chosen_(chosen),
          to_(static_cast<std::size_t>(world.size())) {
        const auto genes = static_cast<Index>(screen.genes.size());
        chunks_ = (genes + kChunkGenes - 1) / kChunkGenes;
    }

    /// Not collective.
    void read(Range slice) {
        const auto from = std::lower_bound(chosen_.begin(), chosen_.end(), slice.begin);
        const auto end = std::lower_bound(chosen_.begin(), chosen_.end(), slice.end);
        const std::string layout = reader_.layout();
        const bool is_cheap = layout == "csr" || layout == "dense" || layout == "10x h5";
        for (auto first = from; first < end;) {
            auto last = first;
            while (last + 1 < end && (!is_cheap || *(last + 1) - *last <= kNear)) {
                ++last;
            }
            read_stretch({*first, *last + 1});
            first = last + 1;
        }
    }

    [[nodiscard]] const std::vector<std::vector<std::byte>>& outgoing() const { return to_; }

private:
    void read_stretch(Range cells) {
        CellStream stream(reader_, screen_, normalization_, cells);
        while (stream.next()) {
            for (Index i = 0; i < stream.cells(); ++i) {
                const CellStream::Cell cell = stream.cell(i);
                const auto at = std::lower_bound(chosen_.begin(), chosen_.end(), cell.cell);
                if (at != chosen_.end() && *at == cell.cell) {
                    send(cell, static_cast<std::int32_t>(at - chosen_.begin()));
                }
            }
        }
    }

    void send(const CellStream::Cell& cell, std::int32_t row) {
        values_.assign(cell.values.begin(), cell.values.end());
        if (normalization_ == Normalization::counts) {
            std::transform(values_.begin(), values_.end(), values_.begin(), [&](float v) { return v * cell.scale; });
            log1p_in_place(values_);
        }
        const auto ranks = static_cast<Index>(to_.size());
        for (std::size_t k = 0; k < values_.size(); ++k) {
            const Entry entry{row, cell.genes[k], values_[k]};
            auto& message = to_[static_cast<std::size_t>(part_of(chunks_, ranks, entry.gene / kChunkGenes))];
            const auto* bytes = reinterpret_cast<const std::byte*>(&entry);
            message.insert(message.end(), bytes, bytes + sizeof entry);
        }
    }

    io::MatrixReader& reader_;
    const Screen& screen_;
    Normalization normalization_;
    std::span<const Index> chosen_;
    Index chunks_ = 0;
    std::vector<std::vector<std::byte>> to_;
    std::vector<float> values_;
};

/// Takes every context's mean out of its rows.
void centre(Matrix& table, const std::vector<Index>& context, std::size_t contexts) {
    MatrixD mean = MatrixD::Zero(static_cast<Index>(contexts), table.cols());
    VectorD rows = VectorD::Zero(static_cast<Index>(contexts));
    for (Index r = 0; r < table.rows(); ++r) {
        mean.row(context[static_cast<std::size_t>(r)]) += table.row(r).cast<double>();
        rows[context[static_cast<std::size_t>(r)]] += 1.0;
    }
    mean.array().colwise() /= rows.array().max(1.0);
    const Matrix narrow = mean.cast<float>();
    for (Index r = 0; r < table.rows(); ++r) {
        table.row(r) -= narrow.row(context[static_cast<std::size_t>(r)]);
    }
}

GeneEmbedding embedding_of_genes(const mpi::Communicator& world, const Screen& screen, const char* source,
                                 const Matrix& columns, Range genes, Index dimensions) {
    const Matrix vectors = principal_genes(world, cut_into_chunks(columns, genes), dimensions);
    return sorted_embedding(source, screen.genes, vectors);
}

/// Pairs worth using, and what each is multiplied with.
struct WeightedPairs {
    std::vector<Index> conditions;
    std::vector<float> weight;
};

WeightedPairs strongest(const mpi::Communicator& world, const Screen& screen, const Pseudobulk& table,
                        std::span<const Index> conditions, Index most) {
    Pairs pairs;
    std::copy_if(conditions.begin(), conditions.end(), std::back_inserter(pairs.conditions),
                 [&](Index c) { return !screen.conditions[static_cast<std::size_t>(c)].is_control(); });
    const PairStatistics statistics = pair_statistics(world, screen, pairs, table);
    const auto signal = [&](std::size_t p) { return statistics.effect[p] - statistics.noise[p]; };
    std::vector<std::size_t> order(pairs.conditions.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [&](std::size_t p) { return signal(p) <= 0.0; });
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return signal(a) > signal(b); });
    order.resize(std::min(order.size(), static_cast<std::size_t>(std::max<Index>(most, 0))));
    WeightedPairs result;
    for (const std::size_t p : order) {
        result.conditions.push_back(pairs.conditions[p]);
        result.weight.push_back(static_cast<float>(signal(p) / statistics.effect[p]));
    }
    return result;
}

/// Changes of this rank's genes, without those that were made.
Matrix changes(const Screen& screen, const Pseudobulk& table, const WeightedPairs& pairs) {
    Matrix change(static_cast<Index>(pairs.conditions.size()), table.genes.size());
    for (Index p = 0; p < change.rows(); ++p) {
        const Index c = pairs.conditions[static_cast<std::size_t>(p)];
        const Condition& condition = screen.conditions[static_cast<std::size_t>(c)];
        change.row(p) =
            pairs.weight[static_cast<std::size_t>(p)] * (table.mean.row(c) - table.mean.row(condition.context));
        for (const Index j : condition.targets) {
            if (table.genes.contains(j)) {
                change(p, j - table.genes.begin) = 0.0f;
            }
        }
    }
    return change;
}

}  // namespace

GeneEmbedding control_embedding(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                                Normalization normalization, const ScreenEmbeddingOptions& options) {
    const std::vector<Index> chosen = chosen_controls(screen, options);
    const Range genes = genes_of_chunks(world, static_cast<Index>(screen.genes.size()));
    Matrix table = Matrix::Zero(static_cast<Index>(chosen.size()), genes.size());
    {
        ControlReader controls(world, reader, screen, normalization, chosen);
        world.together([&] { controls.read(block_of(reader.cells(), world.size(), world.rank())); });
        for (const std::vector<std::byte>& message : world.exchange(controls.outgoing())) {
            Entry entry{};
            for (std::size_t at = 0; at < message.size(); at += sizeof entry) {
                std::memcpy(&entry, message.data() + at, sizeof entry);
                table(entry.row, entry.gene - genes.begin) = entry.value;
            }
        }
    }
    std::vector<Index> context;
    for (const Index cell : chosen) {
        const std::int32_t c = screen.cell_condition[static_cast<std::size_t>(cell)];
        context.push_back(screen.conditions[static_cast<std::size_t>(c)].context);
    }
    centre(table, context, screen.contexts.size());
    return embedding_of_genes(world, screen, "control cells", table, genes, options.dimensions);
}

GeneEmbedding response_embedding(const mpi::Communicator& world, const Screen& screen, const Pseudobulk& table,
                                 std::span<const Index> conditions, const ScreenEmbeddingOptions& options) {
    const WeightedPairs pairs = strongest(world, screen, table, conditions, options.pairs);
    const auto all = static_cast<Index>(screen.genes.size());
    const Range genes = genes_of_chunks(world, all);
    std::vector<Index> wanted(static_cast<std::size_t>(genes.size()));
    std::iota(wanted.begin(), wanted.end(), genes.begin);
    const Matrix columns = fetch_columns(world, changes(screen, table, pairs), all, wanted);
    return embedding_of_genes(world, screen, "responses", columns, genes, options.dimensions);
}

}  // namespace lazynet::train
