#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lazynet/eval/smoothers.hpp"
#include "lazynet/scoring/change_table.hpp"

namespace lazynet::scoring {

/// A rule that needs no network, and what it says.
struct Baseline {
    std::string name;
    std::string definition;  ///< one line
};

/// All there are, the simplest first: no_change, mean, perturb_mean, additive, ridge_onehot, graph_kernel, bilinear.
const std::vector<Baseline>& baselines();

/// What the baselines of one fold learn from, and what they are asked for. The same on every rank but for the tables.
struct BaselineTask {
    const GeneChunks& genes;
    const ChangeTable& table;
    std::vector<Index> training;            ///< rows of the table
    std::vector<eval::Perturbed> test;      ///< on the same axis
    const eval::Features* graph = nullptr;  ///< (regulators, genes of the graph): similarities; null: no graph given
    std::uint64_t seed = 0;                 ///< of the folds that choose penalties
};

/// What a smoother makes of a task's training changes. (test, genes.mine)
Matrix smoothed(const BaselineTask& task, const eval::Smoother& smoother);

/// What a baseline predicts for the test conditions of a task.
struct BaselinePrediction {
    /// (test, genes.mine): change from the context's control. Without rows when nothing is covered.
    Matrix change;
    std::vector<eval::Coverage> coverage;  ///< per test condition; `none`: the mean of perturbations stands there
    double penalty = -1.0;                 ///< of a ridge, as chosen; negative: there is none
};

/// Learns from the task's training conditions alone, penalties included (5-fold over the training perturbations), and
/// predicts its test conditions. Collective; the same bits for any number of ranks.
/// @param name one of baselines()
BaselinePrediction predict_baseline(const mpi::Communicator& world, const std::string& name, const BaselineTask& task);

}  // namespace lazynet::scoring
