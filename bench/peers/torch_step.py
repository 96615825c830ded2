#!/usr/bin/env python3
"""The same training step in PyTorch on one core: all genes in, 128 sums + 128 products, all genes out, batch 512.

Prints seconds per step and GFLOP/s (five dense products a step), beside PyTorch's own matrix-product rate, as one line
of key=value pairs. Run by bench/step_vs_torch.sh in the same run as kernels_bench.
"""
import argparse
import time

import torch


def seconds_per_call(call, repeats):
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genes", type=int, default=18000)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    genes, half, batch = args.genes, args.hidden // 2, args.batch

    sums = torch.nn.Linear(genes, half)
    products = torch.nn.Linear(genes, half)
    out_sums = torch.nn.Linear(half, genes, bias=False)
    out_products = torch.nn.Linear(half, genes)
    parameters = [p for m in (sums, products, out_sums, out_products) for p in m.parameters()]
    factors = [m.weight for m in (sums, products, out_sums, out_products)]
    adam = torch.optim.Adam(parameters, lr=1e-3)
    x = torch.randn(batch, genes)
    target = torch.randn(batch, genes)

    def step():
        adam.zero_grad()
        h = torch.expm1(torch.clamp(products(x), max=1.5))
        y = out_sums(sums(x)) + out_products(h)
        loss = ((y - target) ** 2).sum() / batch + 1e-6 * sum((w * w).sum() for w in factors)
        loss.backward()
        adam.step()

    a = torch.randn(2048, 2048)
    sgemm = seconds_per_call(lambda: a @ a, args.repeats)
    seconds = seconds_per_call(step, args.repeats)
    flop = 10.0 * batch * genes * args.hidden
    print(f"torch={torch.__version__} seconds_per_step={seconds:.4f} gflops={flop / seconds / 1e9:.1f} "
          f"own_sgemm_gflops={2 * 2048**3 / sgemm / 1e9:.1f}")


if __name__ == "__main__":
    main()
