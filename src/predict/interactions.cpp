#include "lazynet/predict/interactions.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "lazynet/core/error.hpp"

namespace lazynet::predict {
namespace {

/// Pairs per batch; cut at the same places on any number of ranks.
constexpr Index kPairs = 512;
/// One coefficient below this share of the other, and singles that do not point the same way: masking.
constexpr double kMaskedShare = 0.25;
constexpr double kAlike = 0.95;

/// Inner products over genes, of ensemble means: a, b the singles, i the interaction. `replicas` is the sum over
/// replicas of their own interactions' squared norms.
struct Products {
    double aa = 0, bb = 0, ab = 0, ai = 0, bi = 0, ii = 0, replicas = 0;
};

double cosine(double xy, double xx, double yy) {
    return xx > 0.0 && yy > 0.0 ? std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0) : 0.0;
}

/// Least squares of D on A and B; of the least norm when these point the same way.
void fit_double(const Products& p, double ad, double bd, double dd, Interaction& out) {
    const double det = p.aa * p.bb - p.ab * p.ab;
    if (det > 1e-6 * p.aa * p.bb) {
        out.c1 = (p.bb * ad - p.ab * bd) / det;
        out.c2 = (p.aa * bd - p.ab * ad) / det;
    } else if (p.aa + p.bb > 0.0) {
        const double sign = p.ab < 0.0 ? -1.0 : 1.0;
        const double a = std::sqrt(p.aa);
        const double b = sign * std::sqrt(p.bb);
        const double along = (p.aa >= p.bb ? ad / std::sqrt(p.aa) : sign * bd / std::sqrt(p.bb)) / (p.aa + p.bb);
        out.c1 = along * a;
        out.c2 = along * b;
    }
    out.magnitude = std::hypot(out.c1, out.c2);
    const double fitted = out.c1 * ad + out.c2 * bd;
    out.fit = cosine(fitted, dd, std::max(fitted, 0.0));
}

Joint classify(const Interaction& x, const Products& p, Index replicas) {
    if (replicas < 2) {
        return Joint::unclear;
    }
    if (x.certainty < kCertain) {
        return Joint::additive;
    }
    const double larger = std::max(std::abs(x.c1), std::abs(x.c2));
    const double smaller = std::min(std::abs(x.c1), std::abs(x.c2));
    if (smaller < kMaskedShare * larger && std::abs(cosine(p.ab, p.aa, p.bb)) < kAlike) {
        return Joint::masking;
    }
    return x.direction > 0.0 ? Joint::synergy : Joint::buffering;
}

Interaction summarise(Products p, Index replicas) {
    Interaction x;
    for (double* square : {&p.aa, &p.bb, &p.ii}) {
        *square = std::max(*square, 0.0);
    }
    const double ad = p.aa + p.ab + p.ai;
    const double bd = p.ab + p.bb + p.bi;
    const double dd = std::max(0.0, ad + bd + p.ai + p.bi + p.ii);
    const double ss = std::max(0.0, p.aa + p.bb + 2.0 * p.ab);
    const auto n = static_cast<double>(replicas);
    x.norm = std::sqrt(p.ii);
    x.sd = replicas > 1 ? std::sqrt(std::max(0.0, p.replicas - n * p.ii) / (n - 1.0)) : 0.0;
    x.certainty = x.sd > 0.0 ? x.norm / x.sd : 0.0;
    x.additive_norm = std::sqrt(ss);
    x.double_norm = std::sqrt(dd);
    x.direction = cosine(p.ai + p.bi, p.ii, ss);
    fit_double(p, ad, bd, dd, x);
    x.joint = classify(x, p, replicas);
    return x;
}

/// One block of target genes: its replicas side by side, so that hidden units are (rows, replicas * width).
struct BlockFactors {
    Range genes;
    Matrix c;        ///< (genes, replicas * width): the ensemble mean is c h
    Matrix gram;     ///< c'c
    Matrix singles;  ///< (list, replicas * width): hidden units of each gene alone
    Matrix images;   ///< singles * gram
    VectorD norms;   ///< (list): squared norms of the singles
};

Matrix side_by_side(const ShardMatrices& hidden, std::size_t block, std::size_t replicas) {
    const Index width = hidden.front().cols();
    Matrix all(hidden.front().rows(), width * static_cast<Index>(replicas));
    for (std::size_t r = 0; r < replicas; ++r) {
        all.middleCols(static_cast<Index>(r) * width, width) = hidden[block * replicas + r];
    }
    return all;
}

/// Hidden units of each gene alone.
ShardMatrices singles_of(const RunModels& models, const ShardMatrices& rows, Index genes) {
    std::vector<std::int64_t> offsets(static_cast<std::size_t>(genes) + 1);
    std::vector<std::int32_t> columns(static_cast<std::size_t>(genes));
    std::iota(offsets.begin(), offsets.end(), std::int64_t{0});
    std::iota(columns.begin(), columns.end(), std::int32_t{0});
    const std::vector<float> ones(columns.size(), 1.0f);
    return hidden_units(models, rows, {offsets, columns, ones});
}

class Sweep {
public:
    Sweep(const RunModels& models, const std::vector<PerturbedGene>& genes)
        : models_(models),
          genes_(genes),
          replicas_(static_cast<std::size_t>(models.replicas())),
          width_(models.shape().width()),
          rows_(gene_rows(models, genes)) {
        const ShardMatrices singles = singles_of(models, rows_, static_cast<Index>(genes.size()));
        for (std::size_t b = 0; b < models.blocks().size(); ++b) {
            const BlockModels& block = models.blocks()[b];
            BlockFactors f;
            f.genes = block.genes;
            f.c.resize(block.genes.size(), width_ * models.replicas());
            for (std::size_t r = 0; r < replicas_; ++r) {
                f.c.middleCols(static_cast<Index>(r) * width_, width_) =
                    block.replicas[r].c / static_cast<float>(models.replicas());
            }
            f.gram.noalias() = f.c.transpose() * f.c;
            f.singles = side_by_side(singles, b, replicas_);
            f.images.noalias() = f.singles * f.gram;
            f.norms = f.singles.cwiseProduct(f.images).cast<double>().rowwise().sum();
            blocks_.push_back(std::move(f));
        }
    }

    void operator()(const std::vector<std::pair<Index, Index>>& pairs, std::int64_t first,
                    std::vector<Interaction>& out) {
        const auto n = static_cast<Index>(pairs.size());
        std::vector<std::int64_t> offsets{0};
        std::vector<std::int32_t> columns;
        for (const auto& [a, b] : pairs) {
            columns.insert(columns.end(), {static_cast<std::int32_t>(a), static_cast<std::int32_t>(b)});
            offsets.push_back(static_cast<std::int64_t>(columns.size()));
        }
        const std::vector<float> ones(columns.size(), 1.0f);
        const ShardMatrices together = hidden_units(models_, rows_, {offsets, columns, ones});
        std::vector<Products> products(pairs.size());
        for (std::size_t b = 0; b < blocks_.size(); ++b) {
            const BlockFactors& f = blocks_[b];
            interaction_ = side_by_side(together, b, replicas_);
            for (Index k = 0; k < n; ++k) {
                const auto& [i, j] = pairs[static_cast<std::size_t>(k)];
                interaction_.row(k) -= f.singles.row(i) + f.singles.row(j);
            }
            image_.noalias() = interaction_ * f.gram;
            own_norms(f);
            for (Index k = 0; k < n; ++k) {
                add(f, k, pairs[static_cast<std::size_t>(k)], products[static_cast<std::size_t>(k)]);
            }
        }
        for (std::size_t k = 0; k < pairs.size(); ++k) {
            Interaction x = summarise(products[k], models_.replicas());
            x.first = pairs[k].first;
            x.second = pairs[k].second;
            x.pair = first + static_cast<std::int64_t>(k);
            out.push_back(x);
        }
    }

private:
    /// Per pair, the sum over replicas of the squared norm of the replica's own interaction.
    void own_norms(const BlockFactors& f) {
        squares_.setZero(interaction_.rows());
        const auto scale = static_cast<double>(models_.replicas() * models_.replicas());  // c holds 1 / replicas
        for (Index at = 0; at < interaction_.cols(); at += width_) {
            const auto own = interaction_.middleCols(at, width_);
            part_.noalias() = own * f.gram.block(at, at, width_, width_);
            squares_ += scale * part_.cwiseProduct(own).cast<double>().rowwise().sum();
        }
    }

    void add(const BlockFactors& f, Index k, const std::pair<Index, Index>& pair, Products& p) const {
        const auto& [i, j] = pair;
        const auto dot = [](const auto& x, const auto& y) { return static_cast<double>(x.dot(y)); };
        p.aa += f.norms[i];
        p.bb += f.norms[j];
        p.ab += dot(f.images.row(i), f.singles.row(j));
        p.ai += dot(image_.row(k), f.singles.row(i));
        p.bi += dot(image_.row(k), f.singles.row(j));
        p.ii += dot(image_.row(k), interaction_.row(k));
        p.replicas += squares_[k];
        leave_out(f, k, pair, genes_[static_cast<std::size_t>(i)].output, p);
        if (i != j) {
            leave_out(f, k, pair, genes_[static_cast<std::size_t>(j)].output, p);
        }
    }

    /// What a perturbed gene's own change added: it is given, not predicted.
    void leave_out(const BlockFactors& f, Index k, const std::pair<Index, Index>& pair, Index gene, Products& p) const {
        if (!f.genes.contains(gene)) {
            return;
        }
        const auto c = f.c.row(gene - f.genes.begin);
        const auto value = [&](const auto& hidden) { return static_cast<double>(c.dot(hidden)); };
        const double a = value(f.singles.row(pair.first));
        const double b = value(f.singles.row(pair.second));
        const double x = value(interaction_.row(k));
        p.aa -= a * a;
        p.bb -= b * b;
        p.ab -= a * b;
        p.ai -= a * x;
        p.bi -= b * x;
        p.ii -= x * x;
        for (Index at = 0; at < c.size(); at += width_) {
            const double own = static_cast<double>(models_.replicas()) *
                               static_cast<double>(c.segment(at, width_).dot(interaction_.row(k).segment(at, width_)));
            p.replicas -= own * own;
        }
    }

    const RunModels& models_;
    const std::vector<PerturbedGene>& genes_;
    std::size_t replicas_;
    Index width_;
    ShardMatrices rows_;
    std::vector<BlockFactors> blocks_;
    Matrix interaction_, image_, part_;
    VectorD squares_;
};

/// Total order: certainty, then norm, then number.
bool comes_before(const Interaction& a, const Interaction& b) {
    if (a.certainty != b.certainty) {
        return a.certainty > b.certainty;
    }
    return a.norm != b.norm ? a.norm > b.norm : a.pair < b.pair;
}

void keep(std::vector<Interaction>& list, std::size_t most) {
    if (list.size() > most) {
        std::nth_element(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(most), list.end(), comes_before);
        list.resize(most);
    }
}

/// Everybody's, on every rank.
std::vector<Interaction> gather(const mpi::Communicator& world, const std::vector<Interaction>& mine) {
    const auto bytes = std::as_bytes(std::span(mine));
    const std::vector<std::vector<std::byte>> to(static_cast<std::size_t>(world.size()), {bytes.begin(), bytes.end()});
    std::vector<Interaction> all;
    for (const auto& part : world.exchange(to)) {
        const std::size_t before = all.size();
        all.resize(before + part.size() / sizeof(Interaction));
        if (!part.empty()) {
            std::memcpy(all.data() + before, part.data(), part.size());
        }
    }
    return all;
}

}  // namespace

std::string_view name_of(Joint joint) {
    switch (joint) {
        case Joint::additive:
            return "additive";
        case Joint::synergy:
            return "synergy";
        case Joint::buffering:
            return "buffering";
        case Joint::masking:
            return "masking";
        case Joint::unclear:
            return "unclear";
    }
    throw InternalError("a kind of interaction without a name");
}

PairList PairList::all_of(Index genes) {
    PairList list;
    list.first_.push_back(0);
    for (Index i = 0; i < genes; ++i) {
        list.first_.push_back(list.first_.back() + genes - 1 - i);
    }
    return list;
}

Index PairList::size() const {
    return first_.empty() ? static_cast<Index>(listed_.size()) : first_.back();
}

std::vector<std::pair<Index, Index>> PairList::part(Range range) const {
    if (first_.empty()) {
        return {listed_.begin() + range.begin, listed_.begin() + range.end};
    }
    std::vector<std::pair<Index, Index>> pairs;
    Index i = std::upper_bound(first_.begin(), first_.end(), range.begin) - first_.begin() - 1;
    for (Index k = range.begin; k < range.end; ++k) {
        while (first_[static_cast<std::size_t>(i) + 1] <= k) {
            ++i;
        }
        pairs.emplace_back(i, i + 1 + k - first_[static_cast<std::size_t>(i)]);
    }
    return pairs;
}

std::vector<Interaction> rank_interactions(const mpi::Communicator& world, const RunModels& models,
                                           const std::vector<PerturbedGene>& genes, const PairList& pairs, Index most,
                                           const Progress& progress) {
    const Index batches = (pairs.size() + kPairs - 1) / kPairs;
    const Range mine = block_of(batches, world.size(), world.rank());
    const auto limit = static_cast<std::size_t>(most);
    std::vector<Interaction> best;
    Sweep sweep(models, genes);
    for (Index b = mine.begin; b < mine.end; ++b) {
        const Range range{b * kPairs, std::min((b + 1) * kPairs, pairs.size())};
        sweep(pairs.part(range), range.begin, best);
        if (best.size() > 2 * limit + static_cast<std::size_t>(kPairs)) {
            keep(best, limit);
        }
        progress(b + 1 - mine.begin, mine.size());
    }
    keep(best, limit);
    std::vector<Interaction> all = gather(world, best);
    keep(all, limit);
    std::sort(all.begin(), all.end(), comes_before);
    return all;
}

}  // namespace lazynet::predict
