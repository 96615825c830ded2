#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lazynet/data/screen_options.hpp"

namespace lazynet {

/// What a perturbation label says.
struct Label {
    enum class Kind {
        perturbation,
        control,
        missing  ///< nan, None, unassigned, doublet ...: the cell must be left out, never taken for a control
    };
    Kind kind = Kind::perturbation;
    std::vector<std::string> genes;  ///< perturbation: its members, sorted, each once
    std::string separator;           ///< what split it; "" if nothing did
};

/// Is this one of the usual names for a control (whatever the case, `_`, `-` or space), perhaps numbered
/// (`NegCtrl3`, `non-targeting_0012`, `NTg1`), Adamson's `(mod)` guides, or Tahoe's tuple of `DMSO_TF`?
bool is_control_label(std::string_view label);
/// Is this a word for "no single perturbation is known": "", nan, None, unassigned, excluded, multiplet ...?
bool is_missing_label(std::string_view label);

/// Reads the labels of one screen. `_` splits a label only where every part is a known gene: measured, or the only
/// gene of some other label, or a control; so all labels must be seen first.
class LabelReader {
public:
    /// @param labels all labels of the column  @param measured gene names  @param options control, separator
    LabelReader(const std::vector<std::string>& labels, const std::vector<std::string>& measured,
                const ScreenOptions& options);
    [[nodiscard]] Label read(const std::string& label) const;
    [[nodiscard]] bool is_control(const std::string& label) const;

private:
    using Parts = std::vector<std::string>;
    void learn(const std::string& label);
    [[nodiscard]] Parts split(const std::string& label, std::string& separator) const;
    [[nodiscard]] bool splits_at_underscore(const Parts& parts) const;
    [[nodiscard]] bool is_known(const std::string& name) const;
    [[nodiscard]] std::string without_guide_suffix(const std::string& label) const;

    std::unordered_set<std::string> measured_;
    std::unordered_set<std::string> singles_;
    std::unordered_set<std::string> controls_;  ///< --control, resolved against the labels; empty: the usual names
    std::string separator_;
};

}  // namespace lazynet
