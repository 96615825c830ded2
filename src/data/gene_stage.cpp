#include "lazynet/data/gene_stage.hpp"

#include <algorithm>
#include <cstring>

namespace lazynet {
namespace {

constexpr std::size_t kBuffer = std::size_t{16} << 20;

}  // namespace

std::byte* GeneStage::room(std::size_t bytes) {
    if (buffers_.empty() || bytes > buffers_.back().size() - used_) {
        buffers_.emplace_back(std::max(bytes, kBuffer));
        used_ = 0;
    }
    return buffers_.back().data() + used_;
}

void GeneStage::keep(std::size_t bytes) {
    for (const std::size_t end = used_ + bytes; used_ < end;) {
        const std::byte* piece = buffers_.back().data() + used_;
        const PieceHeader header = piece_header(piece);
        pieces_.push_back({piece, header.condition, piece_start(header)});
        used_ += header.bytes();
    }
}

void GeneStage::add(std::span<const std::byte> pieces) {
    if (!pieces.empty()) {
        std::memcpy(room(pieces.size()), pieces.data(), pieces.size());
        keep(pieces.size());
    }
}

void GeneStage::next(Index genes, GeneColumns& out) {
    if (given_ == 0) {
        std::stable_sort(pieces_.begin(), pieces_.end(),
                         [](const Piece& a, const Piece& b) { return a.condition < b.condition; });
    }
    unpack(given_ + static_cast<std::int32_t>(genes));
    sort_by_gene(genes, out);
    given_ += static_cast<std::int32_t>(genes);
}

void GeneStage::unpack(std::int32_t end) {
    constexpr std::size_t ahead = 8;  // pieces of one condition lie apart
    entries_.genes.clear();
    entries_.values.clear();
    entry_conditions_.clear();
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        if (i + ahead < pieces_.size()) {
            __builtin_prefetch(pieces_[i + ahead].data);
        }
        unpack_piece(pieces_[i].data, pieces_[i].cursor, end, entries_);
        entry_conditions_.resize(entries_.genes.size(), pieces_[i].condition);
    }
}

/// A counting sort, which keeps the order of the conditions within a gene.
void GeneStage::sort_by_gene(Index genes, GeneColumns& out) {
    const std::size_t n = entries_.genes.size();
    out.offsets.assign(static_cast<std::size_t>(genes) + 1, 0);
    out.conditions.resize(n);
    out.values.resize(n);
    for (const std::int32_t gene : entries_.genes) {
        ++out.offsets[static_cast<std::size_t>(gene - given_) + 1];
    }
    for (std::size_t g = 1; g < out.offsets.size(); ++g) {
        out.offsets[g] += out.offsets[g - 1];
    }
    std::vector<std::int64_t> free(out.offsets.begin(), out.offsets.end() - 1);
    for (std::size_t i = 0; i < n; ++i) {
        const auto to = static_cast<std::size_t>(free[static_cast<std::size_t>(entries_.genes[i] - given_)]++);
        out.conditions[to] = entry_conditions_[i];
        out.values[to] = entries_.values[i];
    }
}

}  // namespace lazynet
