#include "lazynet/train/rows.hpp"

#include "lazynet/core/error.hpp"

namespace lazynet::train {

std::string fit_to_rows(TrainConfig& config, const Screen& screen) {
    if (screen.rows_are_conditions && config.pairs == PairMode::cells) {
        throw UserError(screen.where() +
                        ": --pairs cells needs cells, but the rows of this screen are conditions; train on them with "
                        "--pairs pseudobulk");
    }
    if (!screen.nonnegative && config.hvg > 0) {
        throw UserError(screen.where() +
                        ": --hvg ranks genes by the dispersion of their expression, and with --normalization none the "
                        "values are none; choose genes with --genes FILE");
    }
    if (screen.knows_noise() || !config.bootstrap_cells) {
        return "";
    }
    if (config.fit == Fit::steps && config.l2 < 0.0 && config.validation_share <= 0.0) {
        throw UserError(screen.where() +
                        ": --l2 auto needs validation data, and the noise of these conditions is not known: allow "
                        "--validation-share, give --l2 a value, or give their sampling variances with --noise FILE");
    }
    config.bootstrap_cells = false;
    return "the noise of the conditions is not known (--noise): replicas resample perturbations only";
}

}  // namespace lazynet::train
