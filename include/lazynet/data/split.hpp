#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lazynet/data/screen.hpp"

namespace lazynet {

/// One condition that a fold holds out.
struct HeldOut {
    std::string perturbation;  ///< canonical label, as Condition::perturbation
    std::string context;       ///< name, as in Screen::contexts
    /// What training knows of it: "unseen" (a single never trained on), "seen0", "seen1", "seen2" (combinations, by how
    /// many members are trained on in any condition; "seen<k>" for larger ones), "single" (a single whose gene is
    /// trained on in combinations only), "context" (seen in other contexts only), "cells" (other cells of the same
    /// condition).
    std::string stratum;
    Index cells = 0;  ///< kind "cells": of the condition's cells, those held out; else 0
};

struct Fold {
    std::string name;  ///< "0", "1" ..., the seed, or the context that is left out
    std::vector<HeldOut> test;
    std::vector<HeldOut> excluded = {};  ///< neither trained nor tested on; without stratum
};

/// Which conditions (or cells) are kept from training, and which the others are; saved as JSON so that every tool can
/// use the same.
struct Split {
    std::string kind;        ///< kfold, combinations, doubles, contexts, cells, custom
    std::string screen;      ///< name of the screen it was made for
    std::uint64_t seed = 0;  ///< of the division
    double share = 0.0;      ///< cells: share of every condition's cells that is held out; else 0
    std::vector<Fold> folds;
    /// Of everything above, 16 hexadecimal digits: equal splits have equal hashes.
    [[nodiscard]] std::string hash() const;
    /// @param name may be empty when there is one fold  @throws UserError naming the folds there are
    [[nodiscard]] const Fold& fold(const std::string& name) const;
};

/// How make_split divides a screen.
struct SplitOptions {
    std::string kind = "kfold";
    Index folds = 5;                                  ///< kfold
    std::string combinations = "hold";                ///< kfold: hold those with a held-out gene, or exclude all
    double share = 0.2;                               ///< cells: held out of every condition
    double train_genes = 0.75;                        ///< combinations: genes whose singles are trained on
    double train_combinations = 0.75;                 ///< combinations: of those of such genes only, those trained on
    double doubles_share = 0.5;                       ///< doubles: combinations trained on
    std::uint64_t seed = 0;                           ///< kfold, cells
    std::vector<std::uint64_t> seeds{1, 2, 3, 4, 5};  ///< combinations, doubles: a fold for each
    /// @throws UserError naming the option
    void validate() const;
};

/// Divides a screen: a function of what it holds and of the seeds, whatever the order of its rows.
///
/// kfold: singles in `folds` parts by perturbation, in all contexts at once; combinations with a held-out gene are
/// held out too. combinations: after GEARS (Roohani and others 2024), `train_genes` of the genes are trained on, and
/// `train_combinations` of the combinations of these. doubles: all singles and `doubles_share` of the combinations are
/// trained on. contexts: the perturbations of one context are held out, its controls stay known. cells: a share of the
/// cells of every condition, of controls too.
/// @throws UserError when the screen cannot be divided so
Split make_split(const Screen& screen, const SplitOptions& options);

/// A split of one fold that holds out the conditions that `labels` name: "A", "B+A", or "context|A".
/// @throws UserError naming a label that the screen does not have
Split custom_split(const std::vector<std::string>& labels, const Screen& screen);

/// Fills in what a custom split leaves open: canonical labels, all contexts where none is named, strata.
/// @throws UserError naming a label or context that the screen does not have
void complete(Split& split, const Screen& screen);

/// Of so many cells of a condition, those that a split of kind "cells" holds out: the nearest number to the share that
/// leaves some on both sides; none of a single cell.
Index held_out_cells(double share, Index cells);

/// Takes the fold's test conditions (or, for kind "cells", its test cells) out of the screen: out of conditions,
/// cell_condition and the regulator axis, as if the file had never held them, so that nothing computed from the screen
/// afterwards can know them. What the fold excludes goes too.
/// @throws UserError naming the split and what the screen lacks, or what it would still know of a test condition
void keep_training_part(const Split& split, const Fold& fold, Screen& screen);

/// The opposite: controls and the fold's test conditions (or test cells) only. The regulator axis keeps all.
/// @throws UserError naming the split and what the screen lacks
void keep_test_part(const Split& split, const Fold& fold, Screen& screen);

}  // namespace lazynet
