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
    /// many members are trained on in any condition; "seen<k>" for larger ones), "context" (seen in other contexts
    /// only), "cells" (other cells of the same condition).
    std::string stratum;
};

struct Fold {
    std::string name;  ///< "0", "1" ... or the context that is left out
    std::vector<HeldOut> test;
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
};

/// Takes the fold's test conditions (or, for kind "cells", its test cells) out of the screen: out of conditions,
/// cell_condition and the regulator axis, as if the file had never held them, so that nothing computed from the screen
/// afterwards can know them. @throws UserError naming the split and what the screen lacks
void keep_training_part(const Split& split, const Fold& fold, Screen& screen);

/// The opposite: controls and the fold's test conditions (or test cells) only. The regulator axis keeps all.
void keep_test_part(const Split& split, const Fold& fold, Screen& screen);

}  // namespace lazynet
