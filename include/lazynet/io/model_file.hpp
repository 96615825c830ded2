#pragma once

#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/io/h5.hpp"

namespace lazynet::io {

/// The models of a finished run on a screen, opened for reading. Not collective: each rank opens its own.
///
/// Elements of uns/lazynet/model: a (shards x (inputs + 1), hidden), c (replicas x genes, hidden + 1),
/// support (shards, inputs).
class ModelFile {
public:
    /// @throws UserError naming file and element: missing, not a run on a screen, shapes that do not fit
    explicit ModelFile(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Resolved options of the run, JSON.
    [[nodiscard]] const std::string& options() const { return options_; }
    /// Of the screen's values; see train's fingerprint.
    [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
    /// Penalty that was used, as a share of the largest.
    [[nodiscard]] double l2_share() const { return l2_share_; }
    /// The models are pruned: a weight of 0 is gone.
    [[nodiscard]] bool is_pruned() const { return is_pruned_; }
    [[nodiscard]] Index shards() const { return shards_; }
    [[nodiscard]] Index inputs() const { return inputs_; }
    [[nodiscard]] Index hidden() const { return hidden_; }
    /// Rows of c: replicas x genes.
    [[nodiscard]] Index output_rows() const { return output_rows_; }

    /// (inputs + 1, hidden) of a shard.
    [[nodiscard]] Matrix a(Index shard) const;
    /// Some of these rows; row inputs() holds the biases.
    [[nodiscard]] Matrix a(Index shard, Range inputs) const;
    /// (rows, hidden + 1) of c.
    [[nodiscard]] Matrix c(Range rows) const;
    /// Per input of a shard: training pairs that moved it.
    [[nodiscard]] std::vector<float> support(Index shard) const;

private:
    [[nodiscard]] Matrix rows(const char* name, Range rows, Index columns) const;
    std::string path_;
    Handle file_;
    std::string options_;
    std::string fingerprint_;
    double l2_share_ = 0.0;
    bool is_pruned_ = false;
    Index shards_ = 0, inputs_ = 0, hidden_ = 0, output_rows_ = 0;
};

/// Options that a run records (see ModelFile::options) as `name = value` lines, those of pruning left out, and the
/// penalty that was found in the place of "auto".
std::string option_lines(const ModelFile& model);

}  // namespace lazynet::io
