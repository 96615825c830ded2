#pragma once

#include "lazynet/scoring/baselines.hpp"

namespace lazynet::scoring {

/// The bilinear model of the linear-baselines paper (Ahlmann-Eltze, Huber and Anders 2025; run_linear_pretrained_model
/// with its defaults): genes are their scores G on 10 principal components of the training means (genes as rows,
/// conditions and controls as centred columns), perturbed genes are their own rows P of G, and the changes Y of
/// training perturbations of one measured gene, and of controls (P = 0), are fitted as Y = G K P + b, b = row means,
/// with both ridge penalties 0.1. Combinations have the sum of their members' P. Covers conditions of which every gene
/// is measured, once two are trained on.
BaselinePrediction predict_bilinear(const mpi::Communicator& world, const BaselineTask& task);

}  // namespace lazynet::scoring
