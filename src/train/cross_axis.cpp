#include "lazynet/train/cross_axis.hpp"

#include <unordered_map>

#include "lazynet/core/error.hpp"

namespace lazynet::train {
namespace {

using Places = std::unordered_map<std::string, Index>;

void require_different_names(const io::RunFile& run) {
    Places seen;
    for (Index j = 0; j < run.regulators(); ++j) {
        if (!seen.emplace(run.regulator(j), j).second) {
            throw UserError(run.path() + ": gene " + run.regulator(j) +
                            " occurs twice, so it cannot be matched with other runs; train with --duplicate-genes "
                            "first, drop or suffix");
        }
    }
}

}  // namespace

CrossAxis::CrossAxis(const std::vector<io::RunFile>& runs) {
    Places places;
    for (const io::RunFile& run : runs) {
        require_different_names(run);
        for (const std::string& gene : run.genes()) {
            if (places.emplace(gene, static_cast<Index>(places.size())).second) {
                genes_.push_back(gene);
            }
        }
    }
    for (const io::RunFile& run : runs) {
        for (const std::string& gene : run.unmeasured()) {
            if (places.emplace(gene, static_cast<Index>(places.size())).second) {
                unmeasured_.push_back(gene);
            }
        }
    }
    std::vector<bool> any(static_cast<std::size_t>(regulators()), false);
    for (const io::RunFile& run : runs) {
        Run own{std::vector<Index>(genes_.size(), -1), {}, std::vector<bool>(any.size(), false)};
        for (Index j = 0; j < run.regulators(); ++j) {
            const Index place = places.at(run.regulator(j));
            own.regulator.push_back(place);
            if (j < static_cast<Index>(run.genes().size())) {
                own.row[static_cast<std::size_t>(place)] = j;
            }
            if (run.support()[static_cast<std::size_t>(j)] > 0) {
                own.supported[static_cast<std::size_t>(place)] = true;
                any[static_cast<std::size_t>(place)] = true;
            }
        }
        runs_.push_back(std::move(own));
    }
    for (Index j = 0; j < regulators(); ++j) {
        if (any[static_cast<std::size_t>(j)]) {
            supported_.push_back(j);
        }
    }
}

const std::string& CrossAxis::name(Index j) const {
    return j < targets() ? genes_[static_cast<std::size_t>(j)] : unmeasured_[static_cast<std::size_t>(j - targets())];
}

}  // namespace lazynet::train
