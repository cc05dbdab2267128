"""The reference work in numba: trial by trial, compiled, prange over parts of the trials, each with
a numpy Generator of its own, fast-math allowed.

Generators in compiled code sample by ziggurat and take a third (beta) or a fifth (lognormal) of the
time of numba's own np.random functions; SFC64 is the fastest bit generator.
"""

import numba
import numpy as np

import worker

PARTS = 64  # tasks of prange, each with a Generator
BLOCK = 1024  # trials whose totals are kept at a time


@numba.njit(fastmath=True)
def simulate(work, rng, trials, totals):
    """The totals of `trials` trials, one row each."""
    counts, creators, factors, shape, scale = work
    for trial in range(trials):
        market = rng.lognormal(factors[0, 0], factors[0, 1])
        platform = rng.lognormal(factors[1, 0], factors[1, 1])
        for total in range(6):
            totals[trial, total] = 0.0
        for cell in range(counts.size):
            law = creators[cell]
            spend = impressions = engagements = clicks = expected = 0.0
            for _ in range(counts[cell]):
                value = rng.lognormal(law[0, 0], law[0, 1])
                value *= rng.beta(law[1, 0], law[1, 1])
                impressions += value
                value *= rng.beta(law[2, 0], law[2, 1])
                engagements += value
                value *= rng.beta(law[3, 0], law[3, 1])
                clicks += value
                value *= rng.beta(law[4, 0], law[4, 1])
                expected += value
                spend += rng.lognormal(law[5, 0], law[5, 1])
            factor = platform
            impressions *= factor
            factor *= rng.lognormal(factors[2, 0], factors[2, 1])
            engagements *= factor
            factor *= rng.lognormal(factors[3, 0], factors[3, 1])
            clicks *= factor
            factor *= rng.lognormal(factors[4, 0], factors[4, 1]) * market
            conversions = rng.poisson(expected * factor)
            order = rng.lognormal(factors[5, 0], factors[5, 1])
            fee = rng.lognormal(factors[6, 0], factors[6, 1])
            totals[trial, 0] += spend * fee
            totals[trial, 1] += impressions
            totals[trial, 2] += engagements
            totals[trial, 3] += clicks
            totals[trial, 4] += conversions
            if conversions > 0:
                totals[trial, 5] += order * rng.gamma(shape * conversions, scale)


@numba.njit(parallel=True, fastmath=True)
def all_columns(work, generators, trials):
    totals = np.empty((trials, 6))
    for part in numba.prange(PARTS):
        first, last = part * trials // PARTS, (part + 1) * trials // PARTS
        simulate(work, generators[part], last - first, totals[first:last])
    return totals


@numba.njit(parallel=True, fastmath=True)
def all_sums(work, generators, trials):
    sums = np.zeros((PARTS, 6))
    for part in numba.prange(PARTS):
        totals = np.empty((BLOCK, 6))
        first, last = part * trials // PARTS, (part + 1) * trials // PARTS
        for start in range(first, last, BLOCK):
            n = min(last - start, BLOCK)
            simulate(work, generators[part], n, totals[:n])
            sums[part] += totals[:n].sum(axis=0)
    return sums.sum(axis=0)


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
SEEDS = np.random.SeedSequence(worker.SEED).spawn(PARTS)
GENERATORS = tuple(np.random.Generator(np.random.SFC64(seed)) for seed in SEEDS)


def sums(trials, threads):
    numba.set_num_threads(threads)
    return all_sums(WORK, GENERATORS, trials)


def columns(trials):
    return all_columns(WORK, GENERATORS, trials).T


def warm(threads):
    sums(threads * PARTS, threads)


if __name__ == "__main__":
    worker.serve(sums, columns, warm)
