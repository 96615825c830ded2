#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/io/h5.hpp"

namespace lazynet::io {

/// Some rows (target genes) of the consensus, sparse: row r is [offsets[r], offsets[r + 1]) of the other arrays.
/// Regulators ascend within a row and are on the regulator axis: measured genes, then those that are not measured.
/// Entries whose mean and sd are both 0 and regulators without support are left out.
/// Buffers are reused from read to read.
struct ConsensusRows {
    std::vector<std::int64_t> offsets;
    std::vector<std::int32_t> regulators;
    std::vector<float> mean;
    std::vector<float> sd;
    std::vector<float> sign_agreement;
    std::vector<float> selected;
    [[nodiscard]] Index rows() const { return static_cast<Index>(offsets.size()) - 1; }
};

/// A finished run, opened for reading. Not collective: each rank opens its own and reads the rows it wants.
///
/// What it expects in the file, besides AnnData's own (rows are target genes, columns regulators):
///   varp/consensus_{mean,sd,sign,selected}             genes x genes of J - I, dense float32 or csr_matrix
///   varm/consensus_{mean,sd,sign,selected}_unmeasured  genes x unmeasured regulators, dense
///   var/regulator_support                              per gene: training pairs that move it; 0 = not estimated
///   uns/lazynet/unmeasured_regulators                  their names
///   uns/lazynet/unmeasured_support                     like regulator_support
/// Without the two support arrays every regulator counts as supported. It also reads what anndata writes of such a
/// file.
class RunFile {
public:
    /// @throws UserError naming file and element: missing, not HDF5, not a run, shapes that do not fit
    explicit RunFile(std::string path);

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Measured genes: the targets, and the first part of the regulator axis.
    [[nodiscard]] const std::vector<std::string>& genes() const { return genes_; }
    /// Perturbed genes that are not measured: the second part of the regulator axis.
    [[nodiscard]] const std::vector<std::string>& unmeasured() const { return unmeasured_; }
    [[nodiscard]] Index regulators() const { return static_cast<Index>(support_.size()); }
    [[nodiscard]] const std::string& regulator(Index j) const;
    /// Training pairs per regulator, on the regulator axis.
    [[nodiscard]] const std::vector<std::int64_t>& support() const { return support_; }
    /// False when the run stored no consensus matrix.
    [[nodiscard]] bool has_consensus() const { return has_consensus_; }
    /// Every pair's statistics are stored, so that supported pairs that `read` leaves out are exactly 0.
    [[nodiscard]] bool stores_all() const { return has_consensus_ && !is_sparse(); }
    /// How many target rows fit one read of about `bytes` bytes of buffers, at least 1.
    [[nodiscard]] Index rows_per_read(std::size_t bytes) const;
    /// Reads target rows. @pre has_consensus() @throws UserError naming file and element, like a truncated file
    void read(Range targets, ConsensusRows& rows);
    /// A text element like "uns/lazynet/options", or nothing when it is absent.
    [[nodiscard]] std::optional<std::string> text(const std::string& where) const;

private:
    static constexpr std::size_t kStatistics = 4;  // mean, sd, sign, selected
    using Datasets = std::array<Handle, kStatistics>;
    using Buffers = std::array<std::vector<float>, kStatistics>;

    void read_axis();
    void open_consensus();
    void open_sparse();
    [[nodiscard]] bool is_sparse() const { return !starts_.empty(); }
    [[nodiscard]] Range entries_of(Range targets) const;
    void load(Range targets, Range entries);
    void append(std::int32_t regulator, const Buffers& values, std::size_t at, ConsensusRows& rows) const;

    std::string path_;
    Handle file_;
    std::vector<std::string> genes_;
    std::vector<std::string> unmeasured_;
    std::vector<std::int64_t> support_;
    bool has_consensus_ = false;
    Datasets measured_values_;          // genes x genes, or the csr_matrix's data
    Datasets unmeasured_values_;        // genes x unmeasured; not open when there are none
    std::vector<std::int64_t> starts_;  // indptr; empty when dense
    Handle indices_;                    // when sparse
    Buffers measured_;
    Buffers unmeasured_part_;
    std::vector<std::int32_t> columns_;
};

}  // namespace lazynet::io
