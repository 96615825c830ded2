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

std::size_t pack_counts(const PieceSource& source, PieceHeader& header, std::byte* out) {
    const float largest = largest_of(source.values);
    header.counts = static_cast<std::uint32_t>(source.values.size());
    if (largest > kLargestCount) {
        header.values = static_cast<std::uint32_t>(
            std::count_if(source.values.begin(), source.values.end(), [](float v) { return v > kLargestCount; }));
    }
    header.largest = static_cast<std::uint32_t>(std::min(largest, kLargestCount));
    const auto parts = parts_of(header, out);
    auto* genes = reinterpret_cast<std::uint16_t*>(parts.genes);
    write_genes(source, genes);
    write_counts(source.values, reinterpret_cast<std::uint8_t*>(parts.counts));
    if (header.values > 0) {
        write_large(source, genes + header.counts, reinterpret_cast<float*>(parts.values));
    }
    return header.bytes();
}

std::size_t pack_values(const PieceSource& source, PieceHeader& header, std::byte* out) {
    header.values = static_cast<std::uint32_t>(source.values.size());
    const auto parts = parts_of(header, out);
    write_genes(source, reinterpret_cast<std::uint16_t*>(parts.genes));
    std::memcpy(parts.values, source.values.data(), source.values.size_bytes());
    return header.bytes();
}

}  // namespace

std::size_t pack_piece(const PieceSource& source, Normalization kind, std::byte* out) {
    PieceHeader header;
    header.condition = source.condition;
    header.first_gene = source.first_gene;
    header.scale = source.scale;
    const std::size_t length =
        kind == Normalization::counts ? pack_counts(source, header, out) : pack_values(source, header, out);
    std::memcpy(out, &header, sizeof header);
    return length;
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
