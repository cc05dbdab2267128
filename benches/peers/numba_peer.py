"""The reference work in numba: trial by trial, compiled, prange over blocks of trials, each block
seeded on its own, fast-math allowed."""

import os

import numba
import numpy as np

import worker

BLOCK = 1024  # trials of one task of prange


@numba.njit(fastmath=True, cache=True)
def simulate(work, trials, seed, totals):
    """The totals of `trials` trials, one row each."""
    counts, creators, factors, shape, scale = work
    np.random.seed(seed)
    for trial in range(trials):
        market = np.random.lognormal(factors[0, 0], factors[0, 1])
        platform = np.random.lognormal(factors[1, 0], factors[1, 1])
        for total in range(6):
            totals[trial, total] = 0.0
        for cell in range(counts.size):
            law = creators[cell]
            spend = impressions = engagements = clicks = expected = 0.0
            for _ in range(counts[cell]):
                value = np.random.lognormal(law[0, 0], law[0, 1])
                value *= np.random.beta(law[1, 0], law[1, 1])
                impressions += value
                value *= np.random.beta(law[2, 0], law[2, 1])
                engagements += value
                value *= np.random.beta(law[3, 0], law[3, 1])
                clicks += value
                value *= np.random.beta(law[4, 0], law[4, 1])
                expected += value
                spend += np.random.lognormal(law[5, 0], law[5, 1])
            factor = platform
            impressions *= factor
            factor *= np.random.lognormal(factors[2, 0], factors[2, 1])
            engagements *= factor
            factor *= np.random.lognormal(factors[3, 0], factors[3, 1])
            clicks *= factor
            factor *= np.random.lognormal(factors[4, 0], factors[4, 1]) * market
            conversions = np.random.poisson(expected * factor)
            order = np.random.lognormal(factors[5, 0], factors[5, 1])
            fee = np.random.lognormal(factors[6, 0], factors[6, 1])
            totals[trial, 0] += spend * fee
            totals[trial, 1] += impressions
            totals[trial, 2] += engagements
            totals[trial, 3] += clicks
            totals[trial, 4] += conversions
            if conversions > 0:
                totals[trial, 5] += order * np.random.gamma(shape * conversions, scale)


@numba.njit(parallel=True, fastmath=True, cache=True)
def all_columns(work, trials, seed):
    totals = np.empty((trials, 6))
    for block in numba.prange((trials + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        last = min(trials, first + BLOCK)
        simulate(work, last - first, seed + block, totals[first:last])
    return totals


@numba.njit(parallel=True, fastmath=True, cache=True)
def all_sums(work, trials, seed):
    blocks = (trials + BLOCK - 1) // BLOCK
    parts = np.zeros((blocks, 6))
    for block in numba.prange(blocks):
        n = min(trials, (block + 1) * BLOCK) - block * BLOCK
        totals = np.empty((n, 6))
        simulate(work, n, seed + block, totals)
        parts[block] = totals.sum(axis=0)
    return parts.sum(axis=0)


def prepare(parameters):
    u = parameters["uncertainty"]
    names = ("market", "platform", "engagement_rate", "click_rate", "conversion_rate", "order_value", "fee")
    factors = np.array([worker.relative(u[name]) for name in names])
    laws = ("followers", "view_rate", "engagement_rate", "click_rate", "conversion_rate", "fee")
    creators = np.array([[list(cell[law].values()) for law in laws] for cell in parameters["cells"]])
    counts = np.array([cell["count"] for cell in parameters["cells"]])
    mean, sd = parameters["order"]["mean"], parameters["order"]["sd"]
    scale = sd * sd / mean
    return counts, creators, factors, mean / scale, scale


WORK = prepare(worker.parameters())


def sums(trials, threads):
    numba.set_num_threads(threads)
    return all_sums(WORK, trials, worker.SEED)


def columns(trials):
    return all_columns(WORK, trials, worker.SEED).T


def warm(threads):
    sums(threads * BLOCK, threads)


if __name__ == "__main__":
    worker.serve(sums, columns, warm)
