#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lazynet/data/split.hpp"
#include "lazynet/predict/predictions.hpp"
#include "lazynet/predict/run_models.hpp"

namespace lazynet::predict {

/// Labels as people write them, read by the rules for labels of screens (data/labels.hpp).
struct RequestList {
    std::vector<Request> requests;     ///< in the order asked for, each perturbation once, in the run's spelling
    Index repeated = 0;                ///< labels that ask for a perturbation again
    Index controls = 0;                ///< labels of controls: those rows are written anyway
    std::vector<std::string> missing;  ///< labels that say nothing: "nan", "unassigned"
    std::vector<std::string> strange;  ///< names that the run does not know, sorted, each once
};

/// @throws UserError when the run knows none of the names, with those that look most alike
RequestList read_requests(const RunModels& models, const std::vector<std::string>& labels);

/// What a fold holds out, asked of models.
struct FoldRequests {
    std::vector<Asked> asked;  ///< in the fold's order, each perturbation once, in the contexts it is held out in
    Index left_out = 0;        ///< held-out conditions of contexts that the run does not know
};

/// @param contexts of the run, ascending: others are not asked for
/// @param shift as of RunModels::resolve
FoldRequests requests_of(const Fold& fold, const RunModels& models, std::span<const Index> contexts,
                         std::optional<double> shift = std::nullopt);

/// The names that differ least from `name` (Levenshtein, without case), at most `most`; none that differs in more than
/// a third of it.
std::vector<std::string> closest_names(const std::string& name, const std::vector<std::string>& names,
                                       std::size_t most);

/// A hint about a name that nobody knows: what looks like it, or how genes are combined. "" if there is none.
std::string hint_about(const RunModels& models, const std::string& name);

}  // namespace lazynet::predict
