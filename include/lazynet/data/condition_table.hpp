#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lazynet/data/screen_options.hpp"
#include "lazynet/data/screen_report.hpp"

namespace lazynet {

/// Counts cells left out, by reason, in the order in which the reasons came up.
class LeftOut {
public:
    void add(const std::string& reason, Index cells) {
        if (cells > 0) {
            reasons_.push_back({reason, cells});
        }
    }
    [[nodiscard]] std::vector<CellCount> take() { return std::move(reasons_); }

private:
    std::vector<CellCount> reasons_;
};

/// Cells per (perturbation, context), and what remains of it.
class ConditionTable {
public:
    ConditionTable(std::size_t perturbations, std::size_t contexts)
        : contexts_(contexts), cells_(perturbations * contexts), kept_(perturbations * contexts) {}
    [[nodiscard]] Index cells(std::size_t perturbation, std::size_t context) const {
        return cells_[perturbation * contexts_ + context];
    }
    Index& cells(std::size_t perturbation, std::size_t context) { return cells_[perturbation * contexts_ + context]; }
    void keep(std::size_t perturbation, std::size_t context) { kept_[perturbation * contexts_ + context] = true; }
    [[nodiscard]] bool kept(std::size_t perturbation, std::size_t context) const {
        return kept_[perturbation * contexts_ + context];
    }
    [[nodiscard]] std::size_t contexts() const { return contexts_; }
    [[nodiscard]] std::size_t perturbations() const { return contexts_ == 0 ? 0 : cells_.size() / contexts_; }

private:
    std::size_t contexts_;
    std::vector<Index> cells_;
    std::vector<bool> kept_;
};

/// Marks what has enough cells, beside enough controls, and notes what has not.
void apply_minimum(ConditionTable& table, const std::vector<std::string>& contexts, const ScreenOptions& options,
                   LeftOut& left_out, ScreenReport& report);

/// @throws UserError when controls are needed and no context has enough control cells
void require_controls(const ConditionTable& table, const ScreenOptions& options, const ScreenReport& report);

/// @param names of the perturbations  @throws UserError when no perturbation has enough cells, naming the largest
void require_perturbations(const ConditionTable& table, const std::vector<std::string>& names,
                           const ScreenOptions& options, const ScreenReport& report);

}  // namespace lazynet
