// The training step of one shard and its parts, beside the machine's own matrix-product rate.
//
// Rates are GFLOP/s of the plain dense form of the step (five products: A d, its gradient, C h, and two gradients),
// so "effective" rates above the sgemm rate mean work that was avoided: inputs stay sparse, and the output layer
// goes through Gram matrices.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include "lazynet/core/random.hpp"
#include "lazynet/kernels/adam.hpp"
#include "lazynet/kernels/masked.hpp"
#include "lazynet/kernels/output.hpp"
#include "lazynet/kernels/replica_sums.hpp"
#include "lazynet/kernels/sparse.hpp"
#include "lazynet/model/lazynet.hpp"
#include "lazynet/train/consensus.hpp"

namespace {

using namespace lazynet;

constexpr Index kBatch = 512;

/// Cells with a share of their genes expressed.
struct Cells {
    std::vector<std::int64_t> offsets{0};
    std::vector<std::int32_t> genes;
    std::vector<float> values;
    Cells(Index cells, Index n, double density, const Random& random) {
        for (Index p = 0; p < cells; ++p) {
            for (Index g = 0; g < n; ++g) {
                const auto at = static_cast<std::uint64_t>(p * n + g);
                if (random.uniform(2 * at) < density) {
                    genes.push_back(static_cast<std::int32_t>(g));
                    values.push_back(static_cast<float>(random.uniform(2 * at + 1)));
                }
            }
            offsets.push_back(static_cast<std::int64_t>(genes.size()));
        }
    }
    [[nodiscard]] SparseRows rows() const { return {offsets, genes, values}; }
};

std::span<float> all(Matrix& m) {
    return {m.data(), static_cast<std::size_t>(m.size())};
}

void report(benchmark::State& state, double flop) {
    state.counters["GFLOP/s"] = benchmark::Counter(flop * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void sgemm(benchmark::State& state) {
    const Index n = 2048;
    const Matrix a = Matrix::Random(n, n);
    const Matrix b = Matrix::Random(n, n);
    Matrix c(n, n);
    for (auto _ : state) {
        c.noalias() = a * b;
        benchmark::DoNotOptimize(c.data());
    }
    report(state, 2.0 * static_cast<double>(n * n * n));
}
BENCHMARK(sgemm)->Unit(benchmark::kMillisecond);

/// One training step of a shard: all genes in, all genes out.
struct Step {
    LazyNet net;
    Matrix da, dc, z, h, dh, dz;
    std::vector<Matrix> moments;
    OutputScratch scratch;
    Vector w = Vector::Ones(kBatch);
    explicit Step(Index genes, Index hidden)
        : net({genes, hidden / 2, hidden / 2, genes, 1.5f}, Random(1, "bench"), 0.01f),
          da(Matrix::Zero(genes + 1, hidden)),
          dc(Matrix::Zero(genes, hidden + 1)),
          z(kBatch, hidden),
          h(kBatch, hidden + 1),
          dh(kBatch, hidden + 1),
          dz(kBatch, hidden) {
        net.c.setConstant(1e-3f);
        moments = {da, da, dc, dc};
    }
    void update(long step) {
        const AdamStep adam(1e-3, step);
        adam_update(adam, 1e-6f, all(net.a), all(da), all(moments[0]), all(moments[1]));
        adam_update(adam, 1e-6f, all(net.c), all(dc), all(moments[2]), all(moments[3]));
    }
};

double dense_flop(Index genes, Index hidden) {
    return 10.0 * static_cast<double>(kBatch * genes * hidden);
}

/// Cells mode: sparse cells in, sparse differences out.
void step_sparse_cells(benchmark::State& state) {
    const Index genes = state.range(0);
    const Index hidden = state.range(1);
    Step step(genes, hidden);
    const Random random(2, "cells");
    const Cells in(kBatch, genes, 0.1, random);
    const Cells out(kBatch, genes, 0.19, Random(3, "cells"));
    const std::vector<double> norms(static_cast<std::size_t>(kBatch), 1.0);
    SparseBatch x;
    SparseBatch t;
    long n = 0;
    for (auto _ : state) {
        x.assign(in.rows(), genes + 1);
        t.assign(out.rows(), genes);
        step.z.setZero();
        x.times(cview(step.net.a), view(step.z));
        activate(step.net.shape, cview(step.z), view(step.h));
        benchmark::DoNotOptimize(squared_error_step(t, norms, cview(step.h), cview(step.w), cview(step.net.c),
                                                    view(step.dc), view(step.dh), step.scratch));
        activate_backward(step.net.shape, cview(step.z), cview(step.h), cview(step.dh), view(step.dz));
        x.transposed_times(cview(step.dz), view(step.da));
        step.update(++n);
    }
    report(state, dense_flop(genes, hidden));
}
BENCHMARK(step_sparse_cells)->Args({18000, 256})->Args({18000, 32})->Unit(benchmark::kMillisecond);

/// Dense inputs and targets (the case a plain PyTorch step treats).
void step_dense(benchmark::State& state) {
    const Index genes = state.range(0);
    const Index hidden = state.range(1);
    Step step(genes, hidden);
    const Matrix x = Matrix::Random(kBatch, genes + 1);
    const Matrix t = Matrix::Random(kBatch, genes);
    const std::vector<double> norms(static_cast<std::size_t>(kBatch), 1.0);
    long n = 0;
    for (auto _ : state) {
        step.z.noalias() = x * step.net.a;
        activate(step.net.shape, cview(step.z), view(step.h));
        benchmark::DoNotOptimize(squared_error_step(DenseTarget{cview(t)}, norms, cview(step.h), cview(step.w),
                                                    cview(step.net.c), view(step.dc), view(step.dh), step.scratch));
        activate_backward(step.net.shape, cview(step.z), cview(step.h), cview(step.dh), view(step.dz));
        step.da.noalias() += x.transpose() * step.dz;
        step.update(++n);
    }
    report(state, dense_flop(genes, hidden));
}
BENCHMARK(step_dense)->Args({18000, 256})->Unit(benchmark::kMillisecond);

/// The output layer's step for dense targets with a share of its weights left (in per mille), by the kernel for few
/// weights and by the dense one: where they meet, training changes from one to the other.
template <bool kMasked>
void step_masked(benchmark::State& state) {
    const Index genes = state.range(0);
    const Index hidden = 32;
    const double density = static_cast<double>(state.range(1)) / 1000.0;
    Step step(genes, hidden);
    Matrix mask(genes, hidden + 1);
    const Random random(3, "mask");
    for (Index i = 0; i < mask.size(); ++i) {
        mask.data()[i] = random.uniform(static_cast<std::uint64_t>(i)) < density ? 1.0f : 0.0f;
    }
    step.net.c.array() *= mask.array();
    step.h.setRandom();
    const SparsePattern pattern(mask);
    const Matrix t = Matrix::Random(kBatch, genes);
    const Matrix across = t.transpose();
    const std::vector<double> norms(static_cast<std::size_t>(kBatch), 1.0);
    MaskedScratch scratch;
    for (auto _ : state) {
        if (kMasked) {
            benchmark::DoNotOptimize(masked_error_step(pattern, cview(across), {0, kBatch}, norms, cview(step.h),
                                                       cview(step.w), cview(step.net.c), view(step.dc), view(step.dh),
                                                       scratch));
        } else {
            benchmark::DoNotOptimize(squared_error_step(DenseTarget{cview(t)}, norms, cview(step.h), cview(step.w),
                                                        cview(step.net.c), view(step.dc), view(step.dh), step.scratch));
        }
    }
}
BENCHMARK(step_masked<true>)->ArgsProduct({{18000, 50}, {20, 50, 100, 200, 300, 500}})->Unit(benchmark::kMicrosecond);
BENCHMARK(step_masked<false>)->ArgsProduct({{18000, 50}, {100}})->Unit(benchmark::kMicrosecond);

/// Consensus rows of a chunk over replicas, against the products alone.
train::BlockEnsemble ensemble(Index rows, Index inputs, Index hidden, Index replicas) {
    train::BlockEnsemble e{0, {0, rows}, {}};
    for (Index r = 0; r < replicas; ++r) {
        e.replicas.push_back({Matrix::Random(inputs, hidden), Matrix(), Matrix::Random(rows, hidden + 1),
                              std::vector<bool>(static_cast<std::size_t>(inputs), true)});
    }
    return e;
}

double consensus_flop(Index rows, Index inputs, Index hidden, Index replicas) {
    return 2.0 * static_cast<double>(rows * inputs * hidden * replicas);
}

void consensus_rows(benchmark::State& state) {
    const auto e = ensemble(train::kChunkGenes, state.range(0), state.range(1), 3);
    train::ConsensusChunk chunk;
    for (auto _ : state) {
        train::consensus_rows(e, e.rows, chunk);
        benchmark::DoNotOptimize(chunk.mean.data());
    }
    report(state, consensus_flop(train::kChunkGenes, state.range(0), state.range(1), 3));
}
BENCHMARK(consensus_rows)->Args({18000, 256})->Args({2000, 32})->Unit(benchmark::kMillisecond);

void consensus_products_alone(benchmark::State& state) {
    const auto e = ensemble(train::kChunkGenes, state.range(0), state.range(1), 3);
    Matrix jacobian(train::kChunkGenes, state.range(0));
    for (auto _ : state) {
        for (const auto& r : e.replicas) {
            jacobian.noalias() = r.c.leftCols(state.range(1)) * r.inputs.transpose();
            benchmark::DoNotOptimize(jacobian.data());
        }
    }
    report(state, consensus_flop(train::kChunkGenes, state.range(0), state.range(1), 3));
}
BENCHMARK(consensus_products_alone)->Args({18000, 256})->Args({2000, 32})->Unit(benchmark::kMillisecond);

/// Adding the Jacobian rows of 8 replicas, which lie in memory, into the statistics of the consensus, against copying
/// the same bytes: where all replicas count, and where it has to be looked up. Both take turns; bytes are those of the
/// replicas' rows, 8 x 256 x columns x 4, read once.
template <bool kAllCount>
void consensus_sums(benchmark::State& state) {
    constexpr Index kReplicas = 8;
    constexpr Index kStretch = kAllCount ? 18000 : 1024;
    const Index columns = state.range(0);
    const Index rows = train::kChunkGenes;
    const Matrix jacobians = Matrix::Random(kReplicas * rows, columns);
    Matrix copy(kReplicas * rows, columns);
    copy.setZero();
    const Matrix inverse = Matrix::Ones(kReplicas, columns).array().colwise() /
                           Eigen::ArrayXf::LinSpaced(kReplicas, 1.0f, static_cast<float>(kReplicas));
    Matrix sums[4];
    for (Matrix& m : sums) {
        m.setZero(rows, columns);
    }
    const auto bytes = static_cast<std::size_t>(jacobians.size()) * sizeof(float);
    const auto seconds_of = [](const auto& work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    std::vector<double> ratios;
    for (auto _ : state) {
        const double copying = seconds_of([&] {
            std::memcpy(copy.data(), jacobians.data(), bytes);
            benchmark::DoNotOptimize(copy.data());
            benchmark::ClobberMemory();
        });
        const double adding = seconds_of([&] {
            std::vector<ReplicaRow> replicas(kReplicas);
            for (Index k = 0; k < rows * ((columns + kStretch - 1) / kStretch); ++k) {  // weights stay in the cache
                const Index i = k % rows;
                const Index j = k / rows * kStretch;
                for (Index r = 0; r < kReplicas; ++r) {
                    replicas[static_cast<std::size_t>(r)] = {&jacobians(r * rows + i, j), &inverse(r, j)};
                }
                sum_replicas(std::min(kStretch, columns - j), replicas, kAllCount,
                             {&sums[0](i, j), &sums[1](i, j), &sums[2](i, j), &sums[3](i, j)});
            }
            benchmark::ClobberMemory();
        });
        state.SetIterationTime(adding);
        ratios.push_back(copying / adding);
    }
    std::nth_element(ratios.begin(), ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2), ratios.end());
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes));
    state.counters["of_memcpy"] = ratios[ratios.size() / 2];
}
BENCHMARK(consensus_sums<true>)->Arg(18000)->Arg(2000)->Unit(benchmark::kMillisecond)->UseManualTime();
BENCHMARK(consensus_sums<false>)->Arg(18000)->Arg(2000)->Unit(benchmark::kMillisecond)->UseManualTime();

/// Parts.
void part_adam(benchmark::State& state) {
    Step step(18000, 256);
    long n = 0;
    for (auto _ : state) {
        step.update(++n);
    }
    state.SetBytesProcessed(state.iterations() * step.net.shape.parameters() * 32);
}
BENCHMARK(part_adam)->Unit(benchmark::kMillisecond);

void part_sparse_times(benchmark::State& state) {
    const Index hidden = state.range(0);
    const Cells in(kBatch, 18000, 0.1, Random(2, "cells"));
    SparseBatch x;
    x.assign(in.rows(), 18000);
    const Matrix a = Matrix::Random(18000, hidden);
    Matrix z = Matrix::Zero(kBatch, hidden);
    for (auto _ : state) {
        x.times(cview(a), view(z));
    }
    report(state, 2.0 * static_cast<double>(x.stored() * hidden));
}
BENCHMARK(part_sparse_times)->Arg(32)->Arg(257)->Arg(256)->Unit(benchmark::kMillisecond);

void part_sparse_transposed_times(benchmark::State& state) {
    const Index hidden = state.range(0);
    const Cells in(kBatch, 18000, 0.1, Random(2, "cells"));
    SparseBatch x;
    x.assign(in.rows(), 18000);
    Matrix da = Matrix::Zero(18000, hidden);
    const Matrix dz = Matrix::Random(kBatch, hidden);
    for (auto _ : state) {
        x.transposed_times(cview(dz), view(da));
    }
    report(state, 2.0 * static_cast<double>(x.stored() * hidden));
}
BENCHMARK(part_sparse_transposed_times)->Arg(32)->Arg(257)->Arg(256)->Unit(benchmark::kMillisecond);

void part_assign(benchmark::State& state) {
    const Cells in(kBatch, 18000, 0.19, Random(2, "cells"));
    SparseBatch x;
    for (auto _ : state) {
        x.assign(in.rows(), 18000);
    }
}
BENCHMARK(part_assign)->Unit(benchmark::kMillisecond);

}  // namespace
