#include "lazynet/train/cross_screen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "cross_edges.hpp"
#include "cross_results.hpp"
#include "cross_rows.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/random.hpp"
#include "lazynet/mpi/ordered_sum.hpp"

namespace lazynet::train {
namespace {

/// Targets read at once. Sums of doubles are made per chunk, whatever the number of ranks.
constexpr Index kChunkTargets = 32;
constexpr Index kMomentValues = 12;  // of a pair of runs: six as they are, six with permuted labels

/// Everything that is counted, added up over ranks at the end.
struct Counts {
    explicit Counts(const CrossAxis& axis)
        : runs(static_cast<std::size_t>(axis.runs())),
          certain(runs),
          own(runs),
          untestable(runs),
          joint(runs * runs),
          shared(runs * runs),
          opposite(runs * runs),
          shared_by(static_cast<std::size_t>(axis.regulators())),
          shared_of(static_cast<std::size_t>(axis.targets())) {}
    std::size_t runs;
    std::array<std::int64_t, 6> kinds{};
    std::vector<std::int64_t> certain, own, untestable, joint, shared, opposite, shared_by, shared_of;

    void add_up(const mpi::Communicator& world) {
        for (auto* all : {&certain, &own, &untestable, &joint, &shared, &opposite, &shared_by, &shared_of}) {
            world.sum_in_place(*all);
        }
        world.sum_in_place(kinds);
    }
};

class Comparison {
public:
    Comparison(const mpi::Communicator& world, const std::vector<CrossRun>& runs, const CrossOptions& options)
        : world_(world), runs_(runs), options_(options), edges_(static_cast<std::size_t>(options.edges_top)) {
        world_.together([&] { open(); });
        counts_.emplace(*axis_);
        order_.resize(axis_->supported().size());
        std::iota(order_.begin(), order_.end(), std::int64_t{0});
        Random(0, "permuted regulators").shuffle(order_);
    }

    CrossSummary operator()(const std::string& list, const std::string& file) {
        std::optional<CrossResults> results;
        if (!file.empty()) {
            results.emplace(world_, file, *axis_, runs_, options_);
        }
        // No rank may end alone with a file that cannot be read: the others would wait in finish.
        world_.together([&] { stream(results ? &*results : nullptr); });
        CrossSummary summary = summarise();
        if (results) {
            results->finish(summary, counts_->shared_by, counts_->shared_of);
        }
        summary.edges = gather_cross_edges(world_, edges_.take(), static_cast<std::size_t>(options_.edges_top));
        summary.listed = static_cast<Index>(summary.edges.size());
        world_.on_root([&] {
            if (!list.empty()) {
                write_cross_edges(list, summary);
            }
        });
        return summary;
    }

private:
    void open() {
        for (const CrossRun& run : runs_) {
            files_.emplace_back(run.path);
            if (!files_.back().has_consensus()) {
                throw UserError(run.path +
                                ": holds no consensus matrix (varp/consensus_mean); train with --store full or top:k");
            }
        }
        axis_.emplace(files_);
    }

    void stream(CrossResults* results) {
        const Index chunks = (axis_->targets() + kChunkTargets - 1) / kChunkTargets;
        const Range mine = block_of(chunks, world_.size(), world_.rank());
        std::vector<CrossTarget> done;
        rows_.resize(runs_.size());
        for (Index c = mine.begin; c < mine.end; ++c) {
            const Range targets{c * kChunkTargets, std::min((c + 1) * kChunkTargets, axis_->targets())};
            for (Index k = 0; k < axis_->runs(); ++k) {
                read_cross_rows(files_[static_cast<std::size_t>(k)], *axis_, k, targets,
                                rows_[static_cast<std::size_t>(k)]);
            }
            moments_.emplace_back(static_cast<std::size_t>(pairs() * kMomentValues), 0.0);
            done.clear();
            for (Index t = targets.begin; t < targets.end; ++t) {
                done.push_back(one(t, t - targets.begin, results != nullptr));
                add_moments(t, t - targets.begin, moments_.back());
            }
            if (results != nullptr) {
                results->write(done);
            }
        }
    }

    [[nodiscard]] Index pairs() const { return axis_->runs() * (axis_->runs() - 1) / 2; }

    [[nodiscard]] bool estimable(Index k, Index target, Index j) const {
        const CrossAxis::Run& run = axis_->run(k);
        return run.row[static_cast<std::size_t>(target)] >= 0 && run.supported[static_cast<std::size_t>(j)];
    }
    [[nodiscard]] float mean(Index k, Index row, Index j) const {
        return rows_[static_cast<std::size_t>(k)].mean(row, j);
    }

    /// All regulators of one target.
    CrossTarget one(Index target, Index row, bool keep) {
        CrossTarget result;
        result.target = target;
        std::vector<CrossValue> values;
        for (const Index j : axis_->supported()) {
            values.clear();
            Index able = 0;
            for (Index k = 0; k < axis_->runs() && j != target; ++k) {
                if (!estimable(k, target, j)) {
                    continue;
                }
                ++able;
                if (const CrossRows& r = rows_[static_cast<std::size_t>(k)]; !std::isnan(r.mean(row, j))) {
                    values.push_back({k, static_cast<double>(r.mean(row, j)), static_cast<double>(r.sd(row, j)),
                                      static_cast<double>(r.sign(row, j))});
                }
            }
            const CrossEffect effect = combine_screens(values, able, options_);
            if (able > 0) {
                count(target, j, values, effect);
                list(target, row, j, effect);
            }
            if (keep) {
                result.effects.push_back(effect);
            }
        }
        return result;
    }

    void count(Index target, Index j, std::span<const CrossValue> values, const CrossEffect& effect) {
        ++counts_->kinds[static_cast<std::size_t>(effect.kind)];
        const auto strongest = static_cast<std::size_t>(effect.strongest);
        counts_->own[strongest] += effect.kind == CrossKind::own ? 1 : 0;
        counts_->untestable[strongest] += effect.kind == CrossKind::untestable ? 1 : 0;
        if (effect.kind == CrossKind::shared) {
            ++counts_->shared_by[static_cast<std::size_t>(j)];
            ++counts_->shared_of[static_cast<std::size_t>(target)];
        }
        for (const CrossValue& a : values) {
            counts_->certain[static_cast<std::size_t>(a.screen)] += a.certain(options_) ? 1 : 0;
            for (const CrossValue& b : values) {
                const auto at = static_cast<std::size_t>(a.screen * axis_->runs() + b.screen);
                ++counts_->joint[at];
                if (a.certain(options_) && b.certain(options_)) {
                    ++((a.mean > 0.0) == (b.mean > 0.0) ? counts_->shared : counts_->opposite)[at];
                }
            }
        }
    }

    void list(Index target, Index row, Index j, const CrossEffect& effect) {
        if (effect.kind == CrossKind::uncertain || !edges_.wants(effect.evidence)) {
            return;
        }
        CrossEdge edge{j, target, effect, {}, {}};
        for (Index k = 0; k < axis_->runs(); ++k) {
            const float value = mean(k, row, j);
            const bool known = estimable(k, target, j) && !std::isnan(value);
            edge.mean.push_back(known ? value : std::numeric_limits<float>::quiet_NaN());
            edge.sd.push_back(known ? rows_[static_cast<std::size_t>(k)].sd(row, j)
                                    : std::numeric_limits<float>::quiet_NaN());
        }
        edges_.add(std::move(edge));
    }

    /// Sums over the pairs of one target that two runs both hold: each with itself, and each with the next one in a
    /// random order of the regulators.
    void add_moments(Index target, Index row, std::vector<double>& sums) const {
        std::size_t at = 0;
        for (Index k = 0; k < axis_->runs(); ++k) {
            for (Index l = k + 1; l < axis_->runs(); ++l, at += kMomentValues) {
                CrossMoments same;
                CrossMoments permuted;
                float first = 0.0f;
                float before = 0.0f;
                for (const std::int64_t place : order_) {
                    const Index j = axis_->supported()[static_cast<std::size_t>(place)];
                    const float a = mean(k, row, j);
                    const float b = mean(l, row, j);
                    if (j == target || std::isnan(a) || std::isnan(b)) {
                        continue;
                    }
                    if (same.n == 0.0) {
                        first = b;
                    } else {
                        permuted.add(static_cast<double>(before), static_cast<double>(b));
                    }
                    same.add(static_cast<double>(a), static_cast<double>(b));
                    before = a;
                }
                if (same.n > 1.0) {
                    permuted.add(static_cast<double>(before), static_cast<double>(first));
                }
                const double parts[] = {same.n,     same.x,     same.y,     same.xx,     same.yy,     same.xy,
                                        permuted.n, permuted.x, permuted.y, permuted.xx, permuted.yy, permuted.xy};
                for (std::size_t m = 0; m < std::size(parts); ++m) {
                    sums[at + m] += parts[m];
                }
            }
        }
    }

    CrossSummary summarise() {
        counts_->add_up(world_);
        std::vector<double> sums(static_cast<std::size_t>(pairs() * kMomentValues), 0.0);
        mpi::ordered_sum(world_, sums, [&] {
            for (const auto& chunk : moments_) {
                for (std::size_t m = 0; m < sums.size(); ++m) {
                    sums[m] += chunk[m];
                }
            }
        });
        CrossSummary s;
        for (const CrossRun& run : runs_) {
            s.names.push_back(run.name);
        }
        s.kinds = counts_->kinds;
        s.certain = counts_->certain;
        s.own = counts_->own;
        s.untestable = counts_->untestable;
        s.joint = counts_->joint;
        s.shared = counts_->shared;
        s.opposite = counts_->opposite;
        correlate(sums, s);
        count_genes(s);
        return s;
    }

    void correlate(const std::vector<double>& sums, CrossSummary& s) const {
        const auto n = static_cast<std::size_t>(axis_->runs());
        s.correlation.assign(n * n, 1.0);
        s.baseline.assign(n * n, 1.0);
        std::size_t at = 0;
        for (std::size_t k = 0; k < n; ++k) {
            for (std::size_t l = k + 1; l < n; ++l, at += kMomentValues) {
                const auto from = [&](std::size_t m) {
                    const double* v = sums.data() + at + m;
                    return CrossMoments{v[0], v[1], v[2], v[3], v[4], v[5]}.correlation();
                };
                s.correlation[k * n + l] = s.correlation[l * n + k] = from(0);
                s.baseline[k * n + l] = s.baseline[l * n + k] = from(6);
            }
        }
    }

    void count_genes(CrossSummary& s) const {
        s.genes = axis_->targets();
        s.regulators = static_cast<Index>(axis_->supported().size());
        for (Index g = 0; g < axis_->targets(); ++g) {
            bool all = true;
            for (Index k = 0; k < axis_->runs(); ++k) {
                all &= axis_->run(k).row[static_cast<std::size_t>(g)] >= 0;
            }
            s.genes_in_all += all ? 1 : 0;
        }
        for (const Index j : axis_->supported()) {
            bool all = true;
            for (Index k = 0; k < axis_->runs(); ++k) {
                all &= axis_->run(k).supported[static_cast<std::size_t>(j)];
            }
            s.regulators_in_all += all ? 1 : 0;
        }
        s.axis = axis_->genes();
        s.axis.insert(s.axis.end(), axis_->unmeasured().begin(), axis_->unmeasured().end());
    }

    const mpi::Communicator& world_;
    const std::vector<CrossRun>& runs_;
    const CrossOptions& options_;
    std::vector<io::RunFile> files_;
    std::optional<CrossAxis> axis_;
    std::optional<Counts> counts_;
    std::vector<std::int64_t> order_;           // of CrossAxis::supported
    std::vector<CrossRows> rows_;               // of the chunk in hand
    std::vector<std::vector<double>> moments_;  // per chunk of this rank
    TopCrossEdges edges_;
};

}  // namespace

CrossSummary compare_runs(const mpi::Communicator& world, const std::vector<CrossRun>& runs,
                          const CrossOptions& options, const std::string& list, const std::string& file) {
    return Comparison(world, runs, options)(list, file);
}

}  // namespace lazynet::train
