#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/core/packer.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/kernels/adam.hpp"

namespace lazynet {

/// Prunable weights between two sets of units, with their gradients and Adam's moments.
///
/// Activations are laid out units x lanes, a lane being one state (a cell, one time of a trajectory). Weights are
/// inputs x outputs. A layer starts dense, or with only some entries possible (the units of one gene block do not
/// reach the genes of another); once few entries are left it keeps and multiplies only those. All products add to
/// their result.
class Layer {
public:
    /// Below this share of entries left, the sparse kernels win (bench/kernels_bench, "Layer").
    static constexpr double kSparseBelow = 0.25;

    Layer() = default;
    /// Every entry possible, all 0.
    Layer(Index inputs, Index outputs);
    /// Entry (i, o) possible where `possible[i * outputs + o]`, all 0.
    Layer(Index inputs, Index outputs, const std::vector<bool>& possible);

    [[nodiscard]] Index inputs() const { return inputs_; }
    [[nodiscard]] Index outputs() const { return outputs_; }
    /// Entries before any pruning, and those not pruned.
    [[nodiscard]] Index possible() const { return possible_; }
    [[nodiscard]] Index remaining() const { return remaining_; }
    [[nodiscard]] bool is_sparse() const { return sparse_; }

    /// z (outputs, R) += W' x (inputs, R).
    void forward(ConstMatrixView x, MatrixView z) const;
    /// dx (inputs, R) += W dz (outputs, R).
    void backward_inputs(ConstMatrixView dz, MatrixView dx) const;
    /// gradient += x dz'.
    void backward_weights(ConstMatrixView x, ConstMatrixView dz);

    /// One Adam step with the gradient, which is cleared; pruned entries stay 0.
    void step(const AdamStep& adam, float l2);
    /// The learning rate's factor for this layer from now on.
    void rate_factor(float factor) { rate_factor_ = factor; }

    /// Stored entries, in the order of their positions (input * outputs + output), possibly with pruned ones (0).
    [[nodiscard]] std::span<const float> values() const { return values_; }
    [[nodiscard]] std::span<float> gradient() {
        flush();
        return gradient_;
    }
    /// The position of every stored entry; empty when all are stored.
    [[nodiscard]] std::span<const std::int64_t> positions() const { return positions_; }
    [[nodiscard]] std::int64_t position(std::size_t entry) const {
        return positions_.empty() ? static_cast<std::int64_t>(entry) : positions_[entry];
    }
    /// Stored entries that are not pruned: all when empty.
    [[nodiscard]] std::span<const float> mask() const { return mask_; }
    [[nodiscard]] bool is_kept(std::size_t entry) const { return mask_.empty() || mask_[entry] != 0.0f; }

    /// New values for the stored entries; those of pruned ones are ignored.
    void assign(std::span<const float> values);
    /// All values as a matrix, 0 where there is no entry.
    [[nodiscard]] Matrix dense() const;
    /// 1 where an entry is possible and not pruned.
    [[nodiscard]] Matrix kept() const;
    /// Prunes the stored entries `entries` (indices into values()). Changes the storage: spans taken before are void.
    void prune(std::span<const std::int64_t> entries);

    /// All that decides the steps to come. @pre between two steps: there is no gradient
    void save(Packer& packer) const;
    /// Becomes what was saved. @throws InternalError if that has other inputs or outputs
    void load(Unpacker& unpacker);

private:
    void make_sparse();
    void free_dense();
    void index_entries();
    void refresh();
    void flush();

    Index inputs_ = 0;
    Index outputs_ = 0;
    Index possible_ = 0;
    Index remaining_ = 0;
    bool sparse_ = false;
    float rate_factor_ = 1.0f;
    std::vector<float> values_, gradient_, first_, second_;
    std::vector<float> mask_;  // dense with pruned entries only
    Matrix transposed_;        // dense only: products in the other direction read it row by row
    // Dense and a handful of lanes at a time: their outer products wait until there are enough for one fast product.
    Matrix waiting_x_, waiting_dz_;
    Index waiting_ = 0;

    std::vector<std::int64_t> positions_;  // sparse only, like all below
    std::vector<std::int64_t> by_input_;   // first entry of every input
    std::vector<std::int32_t> output_of_;  // per entry
    std::vector<std::int64_t> by_output_;
    std::vector<std::int32_t> input_of_;   // in output order
    std::vector<std::int64_t> entry_of_;   // in output order
    std::vector<float> values_by_output_;  // in output order
};

}  // namespace lazynet
