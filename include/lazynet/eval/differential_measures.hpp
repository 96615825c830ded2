#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lazynet/eval/profiles.hpp"

namespace lazynet::eval {

/// cell-eval's measures of lists of differential genes, for predictions that have cells: Mann-Whitney p values against
/// the controls of each side, Benjamini-Hochberg over a row, significant below 0.05 (metrics/_de.py, _types/_de.py).
/// @param truth, predicted the same rows and genes
MeasureTable differential_measures(const DifferentialTable& truth, const DifferentialTable& predicted);
std::vector<Measure> differential_measure_list();

/// cell-eval's de_spearman_sig, one value for all rows: Spearman of the counts of significant genes, over rows that
/// have a truly significant gene; 1 when there are none. Counts: celleval_de_nsig_counts_real and _pred of all rows.
double spearman_of_counts(std::span<const double> real, std::span<const double> predicted);

/// How well predicted changes find the truly differential genes, for any prediction: AUROC and AUPRC (average
/// precision) of |y - c|, and of |y - c| / sd where there is one; label: q < 0.05 of Mann-Whitney. Perturbed genes are
/// left out. NaN when all genes, or none, are differential.
MeasureTable change_ranking_measures(const TrueProfiles& truth, const DifferentialTable& differential,
                                     const PredictedProfiles& predicted);
std::vector<Measure> change_ranking_list();

/// Per row: genes of q < 0.05 by Mann-Whitney; what strata of effect size are made from.
std::vector<Index> significant_genes(const DifferentialTable& differential);

}  // namespace lazynet::eval
