#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/data/split.hpp"
#include "lazynet/eval/calibration.hpp"
#include "lazynet/eval/profiles.hpp"
#include "lazynet/eval/smoothers.hpp"
#include "lazynet/io/screen_file.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/scoring/matching.hpp"

namespace lazynet::scoring {

/// Someone's predictions, opened.
struct PredictionFile {
    io::ScreenFile means;                   ///< one row or several (which are averaged) per condition
    std::unique_ptr<io::MatrixReader> sds;  ///< standard deviations in the same layout; null: none given
    PredictedLabels labels;
};

/// Opens predictions in any format that screens come in: the values are log expression and may be negative; controls
/// may be missing. Not collective: call it inside Communicator::together. @throws UserError
PredictionFile open_predictions(ScreenOptions options);

/// Which methods get the measures that compare every prediction with every truth.
enum class PairsOf { automatic, all, predicted, none };
/// `automatic` is `all` up to so many judged conditions, then `predicted`: the cost grows with their square.
inline constexpr Index kAllPairs = 3000;

struct EvaluationOptions {
    std::string method = "predicted";  ///< what the predictions are called
    std::string gene_graph;            ///< edge list for the graph kernel; "": that baseline is left out
    PairsOf pairs = PairsOf::automatic;
    bool differential = true;  ///< test every gene for differential expression where there are cells
    std::uint64_t seed = 0;    ///< of folds that choose penalties, and of halves of cells
};

/// A judged condition, for tables.
struct JudgedRow {
    std::string context;  ///< "" with a single context
    std::string perturbation;
    std::string fold;
    std::string stratum;
    std::string ground;
    Index cells = 0;
    Index significant = -1;  ///< genes with Mann-Whitney q < 0.05; -1: not tested
    double effect = 0.0;     ///< root mean square change from control
    double noise = 0.0;      ///< squared error that the truth's own sampling noise causes, NaN: not known
};

/// How a method did.
struct JudgedMethod {
    std::string name;
    std::string definition;
    MatrixD values;                        ///< (rows, measures); NaN: not defined
    std::vector<eval::Coverage> coverage;  ///< per row; empty: covers all
    std::vector<double> penalty;           ///< per fold, of ridges
};

/// All figures. Complete on the root.
struct Evaluation {
    Index genes = 0;
    std::vector<std::string> folds;
    std::vector<Index> trained;  ///< per fold: training conditions
    std::vector<JudgedRow> rows;
    std::vector<eval::Measure> measures;
    std::vector<JudgedMethod> methods;           ///< the predictions first, then baselines, then the ceiling
    std::vector<eval::CoverageCounts> coverage;  ///< per row, of the predictions' sd; empty: they have none
    std::vector<std::string> notes;              ///< what is missing, for people
};

/// Judges predictions by the truth, beside all baselines. Collective; the same on any number of ranks. Ranks share
/// genes while baselines learn, and conditions while measures are made.
/// @throws AgreedError when files do not fit together
Evaluation evaluate_predictions(const mpi::Communicator& world, io::ScreenFile& truth, PredictionFile& predictions,
                                const std::optional<Split>& split, const EvaluationOptions& options, Log& log);

}  // namespace lazynet::scoring
