#include "lazynet/data/cell_piece.hpp"

#include <algorithm>
#include <cstring>

#include "lazynet/kernels/log1p.hpp"

namespace lazynet {
namespace {

constexpr float kLargestCount = 255.0F;

/// Where the parts of a piece lie.
template <typename Byte>
struct Parts {
    Byte* values;
    Byte* genes;
    Byte* counts;
};

template <typename Byte>
Parts<Byte> parts_of(const PieceHeader& header, Byte* piece) {
    Byte* values = piece + sizeof(PieceHeader);
    Byte* genes = values + header.values * sizeof(float);
    return {values, genes, genes + (std::size_t{header.counts} + header.values) * sizeof(std::uint16_t)};
}

void write_genes(const PieceSource& source, std::uint16_t* out) {
    for (std::size_t i = 0; i < source.genes.size(); ++i) {
        out[i] = static_cast<std::uint16_t>(source.genes[i] - source.origin);
    }
}

/// Counts that fit a byte; 0, which adds nothing, for those that do not.
void write_counts(std::span<const float> values, std::uint8_t* out) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        const float fitting = values[i] <= kLargestCount ? values[i] : 0.0F;
        out[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(fitting));
    }
}

/// The few counts above 255, log-normalised here.
void write_large(const PieceSource& source, std::uint16_t* genes, float* values) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < source.values.size(); ++i) {
        if (source.values[i] > kLargestCount) {
            genes[n] = static_cast<std::uint16_t>(source.genes[i] - source.origin);
            values[n++] = source.values[i] * source.scale;
        }
    }
    log1p_in_place({values, n});
}

float largest_of(std::span<const float> values) {
    return values.empty() ? 0.0F : ConstVectorView(values.data(), static_cast<Index>(values.size())).maxCoeff();
}

}  // namespace

PieceHeader plan_piece(const PieceSource& source, Normalization kind) {
    PieceHeader plan;
    plan.condition = source.condition;
    plan.first_gene = source.first_gene;
    plan.scale = source.scale;
    if (kind == Normalization::log1p) {
        plan.values = static_cast<std::uint32_t>(source.values.size());
        return plan;
    }
    const float largest = largest_of(source.values);
    plan.counts = static_cast<std::uint32_t>(source.values.size());
    plan.largest = static_cast<std::uint32_t>(std::min(largest, kLargestCount));
    if (largest > kLargestCount) {
        plan.values = static_cast<std::uint32_t>(
            std::count_if(source.values.begin(), source.values.end(), [](float v) { return v > kLargestCount; }));
    }
    return plan;
}

void write_piece(const PieceHeader& plan, const PieceSource& source, std::byte* out) {
    std::memcpy(out, &plan, sizeof plan);
    const auto parts = parts_of(plan, out);
    auto* genes = reinterpret_cast<std::uint16_t*>(parts.genes);
    auto* values = reinterpret_cast<float*>(parts.values);
    write_genes(source, genes);
    if (plan.counts == 0) {
        std::copy(source.values.begin(), source.values.end(), values);
        return;
    }
    write_counts(source.values, reinterpret_cast<std::uint8_t*>(parts.counts));
    if (plan.values > 0) {
        write_large(source, genes + plan.counts, values);
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
    const auto* genes = reinterpret_cast<const std::uint16_t*>(parts.genes);
    const auto* counts = reinterpret_cast<const std::uint8_t*>(parts.counts);
    const auto* values = reinterpret_cast<const float*>(parts.values);
    Moments* at = row + header.first_gene;
    add_counts({genes, header.counts}, {counts, header.counts}, header.scale, static_cast<std::uint8_t>(header.largest),
               at);
    add_values({genes + header.counts, header.values}, {values, header.values}, at);
}

}  // namespace lazynet
