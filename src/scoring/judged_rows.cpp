#include "judged_rows.hpp"

#include <algorithm>
#include <numeric>

#include "lazynet/scoring/baselines.hpp"
#include "lazynet/scoring/rows.hpp"

namespace lazynet::scoring {
namespace {

/// Measured genes that conditions perturb, among the judged genes.
std::vector<std::vector<std::int32_t>> own_genes(const Screen& screen, const Matching& matching,
                                                 const std::vector<Index>& conditions) {
    std::vector<std::int32_t> place(static_cast<std::size_t>(screen.regulators()), -1);
    for (std::size_t i = 0; i < matching.truth_genes.size(); ++i) {
        place[static_cast<std::size_t>(matching.truth_genes[i])] = static_cast<std::int32_t>(i);
    }
    std::vector<std::vector<std::int32_t>> own;
    for (const Index k : conditions) {
        own.emplace_back();
        for (const Index gene : screen.conditions[static_cast<std::size_t>(k)].targets) {
            if (place[static_cast<std::size_t>(gene)] >= 0) {
                own.back().push_back(place[static_cast<std::size_t>(gene)]);
            }
        }
    }
    return own;
}

/// Rows of a context that hold something, controls included or not.
std::vector<Index> rows_of(const Screen& screen, const MeansTable& table, Index context, bool controls) {
    std::vector<Index> rows;
    for (std::size_t k = 0; k < screen.conditions.size(); ++k) {
        const Condition& c = screen.conditions[k];
        if (c.context == context && table.cells[k] > 0 && (controls || !c.is_control())) {
            rows.push_back(static_cast<Index>(k));
        }
    }
    return rows;
}

Eigen::RowVectorXd mean_over(const Matrix& table, const std::vector<Index>& rows) {
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(table.cols());
    for (const Index row : rows) {
        sum += table.row(row).cast<double>();
    }
    return sum / static_cast<double>(std::max<std::size_t>(rows.size(), 1));
}

Matrix means_of_contexts(const Screen& screen, const MeansTable& table) {
    Matrix means(static_cast<Index>(screen.contexts.size()), table.mean.cols());
    for (Index c = 0; c < means.rows(); ++c) {
        means.row(c) = mean_over(table.mean, rows_of(screen, table, c, false)).cast<float>();
    }
    return means;
}

Matrix spreads_of_contexts(const Screen& screen, const MeansTable& table) {
    Matrix spreads(static_cast<Index>(screen.contexts.size()), table.mean.cols());
    for (Index c = 0; c < spreads.rows(); ++c) {
        const std::vector<Index> rows = rows_of(screen, table, c, true);
        const Eigen::RowVectorXd mean = mean_over(table.mean, rows);
        Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(mean.size());
        for (const Index row : rows) {
            sum += (table.mean.row(row).cast<double>() - mean).cwiseAbs2();
        }
        spreads.row(c) = (sum / static_cast<double>(std::max<std::size_t>(rows.size(), 1))).cwiseSqrt().cast<float>();
    }
    return spreads;
}

/// Per fold and context what the mean of perturbations says there. (folds * contexts, genes.mine)
Matrix training_means(const Screen& screen, const Matching& matching, const GeneChunks& genes,
                      const ChangeTable& training) {
    const auto contexts = static_cast<Index>(screen.contexts.size());
    Matrix means(static_cast<Index>(matching.folds.size()) * contexts, genes.mine.size());
    for (std::size_t f = 0; f < matching.folds.size(); ++f) {
        BaselineTask task{genes, training, matching.folds[f].training, {}, nullptr, 0};
        for (Index c = 0; c < contexts; ++c) {
            task.test.push_back({{}, c});
        }
        std::vector<eval::Perturbed> known;
        for (const Index q : task.training) {
            known.push_back(task.table.conditions[static_cast<std::size_t>(q)]);
        }
        means.middleRows(static_cast<Index>(f) * contexts, contexts) =
            smoothed(task, eval::mean_of_perturbations(known, task.test)) + training.control;
    }
    return means;
}

}  // namespace

JudgedRows::JudgedRows(const mpi::Communicator& world, const Matching& matching) {
    std::vector<Index> all;
    for (const JudgedCondition& one : matching.judged) {
        all.push_back(one.truth);
    }
    all.erase(std::unique(all.begin(), all.end()), all.end());
    repeats = all.size() < matching.judged.size();
    const Range mine = block_of(static_cast<Index>(all.size()), world.size(), world.rank());
    distinct.assign(all.begin() + mine.begin, all.begin() + mine.end);
    for (std::size_t k = 0; k < matching.judged.size(); ++k) {
        const JudgedCondition& one = matching.judged[k];
        const auto at = std::lower_bound(distinct.begin(), distinct.end(), one.truth);
        if (at != distinct.end() && *at == one.truth) {
            judged.push_back(static_cast<Index>(k));
            truth.push_back(one.truth);
            prediction.push_back(one.prediction);
            place.push_back(at - distinct.begin());
        }
    }
}

Matrix on_every_rank(const mpi::Communicator& world, const Matrix& table, const GeneChunks& genes) {
    std::vector<Index> all(static_cast<std::size_t>(table.rows()));
    std::iota(all.begin(), all.end(), Index{0});
    return fetch_rows(world, table, genes.of_rank, all);
}

eval::TrueProfiles true_profiles(const mpi::Communicator& world, const Screen& screen, const Matching& matching,
                                 const GeneChunks& genes, const JudgedRows& rows, const MeansTable& table,
                                 const ChangeTable& training) {
    const auto contexts = static_cast<Index>(screen.contexts.size());
    eval::TrueProfiles profiles;
    profiles.own = own_genes(screen, matching, rows.truth);
    for (std::size_t r = 0; r < rows.truth.size(); ++r) {
        const Condition& c = screen.conditions[static_cast<std::size_t>(rows.truth[r])];
        const JudgedCondition& judged = matching.judged[static_cast<std::size_t>(rows.judged[r])];
        profiles.names.push_back(contexts > 1
                                     ? screen.contexts[static_cast<std::size_t>(c.context)] + "|" + c.perturbation
                                     : c.perturbation);
        profiles.context.push_back(c.context);
        profiles.cells.push_back(table.cells[static_cast<std::size_t>(rows.truth[r])]);
        profiles.training_of.push_back(judged.fold * contexts + c.context);
    }
    profiles.truth = fetch_rows(world, table.mean, genes.of_rank, rows.truth);
    profiles.control = on_every_rank(world, table.mean.topRows(contexts), genes);
    profiles.mean = on_every_rank(world, means_of_contexts(screen, table), genes);
    profiles.spread = on_every_rank(world, spreads_of_contexts(screen, table), genes);
    if (screen.knows_noise()) {
        profiles.error = fetch_rows(world, table.variance, genes.of_rank, rows.truth);
        for (std::size_t r = 0; r < rows.truth.size(); ++r) {
            profiles.error.row(static_cast<Index>(r)) =
                (profiles.error.row(static_cast<Index>(r)) / static_cast<float>(profiles.cells[r])).cwiseSqrt();
        }
    }
    if (std::all_of(matching.folds.begin(), matching.folds.end(), [](const auto& f) { return !f.training.empty(); })) {
        profiles.training_mean = on_every_rank(world, training_means(screen, matching, genes, training), genes);
    } else {
        profiles.training_of.clear();
    }
    return profiles;
}

}  // namespace lazynet::scoring
