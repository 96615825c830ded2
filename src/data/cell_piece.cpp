#include "lazynet/data/cell_piece.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "lazynet/kernels/log1p.hpp"

namespace lazynet {
namespace {

constexpr float kLargestCount = 255.0F;
/// How far an empty entry advances; real gaps are smaller.
constexpr std::int32_t kLeap = 255;

/// Where the parts of a piece lie.
template <typename Byte>
struct Parts {
    Byte* values;
    Byte* value_gaps;
    Byte* count_gaps;
    Byte* counts;
};

template <typename Byte>
Parts<Byte> parts_of(const PieceHeader& header, Byte* piece) {
    Byte* values = piece + sizeof(PieceHeader);
    Byte* value_gaps = values + header.values * sizeof(float);
    Byte* count_gaps = value_gaps + header.values;
    return {values, value_gaps, count_gaps, count_gaps + header.counts};
}

float largest_of(std::span<const float> values) {
    return ConstVectorView(values.data(), static_cast<Index>(values.size())).maxCoeff();
}

/// Entries it takes to reach all these genes, starting from `first`.
std::uint32_t entries_for(std::span<const std::int32_t> genes, std::int32_t first) {
    std::int32_t widest = genes.front() - first;
    for (std::size_t i = 1; i < genes.size(); ++i) {
        widest = std::max(widest, genes[i] - genes[i - 1]);
    }
    auto entries = static_cast<std::int32_t>(genes.size());
    if (widest >= kLeap) {  // rare: the loop above is vector code, this one is not
        for (std::size_t i = 0; i < genes.size(); ++i) {
            entries += (genes[i] - (i == 0 ? first : genes[i - 1])) / kLeap;
        }
    }
    return static_cast<std::uint32_t>(entries);
}

/// Writes gaps, and payload(i) for entry i, into `entries` places.
template <typename Out, typename Payload>
void write_entries(std::span<const std::int32_t> genes, std::int32_t first, std::size_t entries, std::uint8_t* gaps,
                   Out* out, const Payload& payload) {
    if (entries == genes.size()) {
        gaps[0] = static_cast<std::uint8_t>(genes[0] - first);
        for (std::size_t i = 1; i < entries; ++i) {
            gaps[i] = static_cast<std::uint8_t>(genes[i] - genes[i - 1]);
        }
        for (std::size_t i = 0; i < entries; ++i) {
            out[i] = payload(i);
        }
        return;
    }
    for (std::size_t i = 0; i < genes.size(); ++i) {
        std::int32_t gap = genes[i] - (i == 0 ? first : genes[i - 1]);
        for (; gap >= kLeap; gap -= kLeap) {
            *gaps++ = kLeap;
            *out++ = Out{};
        }
        *gaps++ = static_cast<std::uint8_t>(gap);
        *out++ = payload(i);
    }
}

/// The entries whose counts do not fit a byte. Few: highly expressed genes of deeply sequenced cells.
struct LargeCounts {
    std::vector<std::int32_t> genes;
    std::vector<float> values;  ///< log-normalised

    explicit LargeCounts(const PieceSource& source) {
        for (std::size_t i = 0; i < source.values.size(); ++i) {
            if (source.values[i] > kLargestCount) {
                genes.push_back(source.genes[i]);
                values.push_back(source.values[i] * source.scale);
            }
        }
        log1p_in_place(values);
    }
};

/// Calls take(gene, entry) for the entries from `at` on whose genes are below `end`.
template <typename Take>
void walk(const std::uint8_t* gaps, std::uint32_t entries, std::uint32_t& at, std::int32_t& gene, std::int32_t end,
          const Take& take) {
    for (; at < entries && gene + gaps[at] < end; ++at) {
        gene += gaps[at];
        take(gene, at);
    }
}

}  // namespace

PieceHeader plan_piece(const PieceSource& source, Normalization kind) {
    const std::int32_t first = source.genes.front();
    PieceHeader plan;
    plan.condition = source.condition;
    plan.first_gene = first - source.origin;
    plan.scale = source.scale;
    const std::uint32_t entries = entries_for(source.genes, first);
    if (kind != Normalization::counts) {
        plan.values = entries;
        return plan;
    }
    const float largest = largest_of(source.values);
    plan.counts = entries;
    plan.largest = static_cast<std::uint32_t>(std::min(largest, kLargestCount));
    if (largest > kLargestCount) {
        plan.values = entries_for(LargeCounts(source).genes, first);
    }
    return plan;
}

void write_piece(const PieceHeader& plan, const PieceSource& source, std::byte* out) {
    std::memcpy(out, &plan, sizeof plan);
    const std::int32_t first = source.genes.front();
    const auto parts = parts_of(plan, out);
    auto* values = reinterpret_cast<float*>(parts.values);
    auto* value_gaps = reinterpret_cast<std::uint8_t*>(parts.value_gaps);
    const float* given = source.values.data();  // a copy of the pointer: bytes written could change `source` itself
    if (plan.counts == 0) {
        write_entries(source.genes, first, plan.values, value_gaps, values, [=](std::size_t i) { return given[i]; });
        return;
    }
    write_entries(source.genes, first, plan.counts, reinterpret_cast<std::uint8_t*>(parts.count_gaps),
                  reinterpret_cast<std::uint8_t*>(parts.counts), [=](std::size_t i) {
                      const float fitting = given[i] <= kLargestCount ? given[i] : 0.0F;
                      return static_cast<std::uint8_t>(static_cast<std::int32_t>(fitting));
                  });
    if (plan.values > 0) {
        const LargeCounts large(source);
        write_entries(std::span<const std::int32_t>(large.genes), first, plan.values, value_gaps, values,
                      [&](std::size_t i) { return large.values[i]; });
    }
}

PieceHeader piece_header(const std::byte* piece) {
    PieceHeader header;
    std::memcpy(&header, piece, sizeof header);
    return header;
}

void add_piece(const std::byte* piece, Moments* row) {
    const PieceHeader header = piece_header(piece);
    const auto parts = parts_of(header, piece);
    const auto* values = reinterpret_cast<const float*>(parts.values);
    const auto* value_gaps = reinterpret_cast<const std::uint8_t*>(parts.value_gaps);
    const auto* count_gaps = reinterpret_cast<const std::uint8_t*>(parts.count_gaps);
    const auto* counts = reinterpret_cast<const std::uint8_t*>(parts.counts);
    Moments* first = row + header.first_gene;
    add_counts({count_gaps, header.counts}, {counts, header.counts}, header.scale,
               static_cast<std::uint8_t>(header.largest), first);
    add_values({value_gaps, header.values}, {values, header.values}, first);
}

PieceCursor piece_start(const PieceHeader& header) {
    return {0, 0, header.first_gene, header.first_gene};
}

void unpack_piece(const std::byte* piece, PieceCursor& cursor, std::int32_t end, PieceEntries& out) {
    const PieceHeader header = piece_header(piece);
    const auto parts = parts_of(header, piece);
    const auto* values = reinterpret_cast<const float*>(parts.values);
    const auto* value_gaps = reinterpret_cast<const std::uint8_t*>(parts.value_gaps);
    const auto* count_gaps = reinterpret_cast<const std::uint8_t*>(parts.count_gaps);
    const auto* counts = reinterpret_cast<const std::uint8_t*>(parts.counts);
    const auto append = [&](std::int32_t gene, float value) {
        if (value > 0) {
            out.genes.push_back(gene);
            out.values.push_back(value);
        }
    };
    const std::size_t first = out.values.size();
    walk(count_gaps, header.counts, cursor.count, cursor.count_gene, end,
         [&](std::int32_t gene, std::uint32_t i) { append(gene, static_cast<float>(counts[i]) * header.scale); });
    log1p_in_place(std::span(out.values).subspan(first));
    walk(value_gaps, header.values, cursor.value, cursor.value_gene, end,
         [&](std::int32_t gene, std::uint32_t i) { append(gene, values[i]); });
}

}  // namespace lazynet
