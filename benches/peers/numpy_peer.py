"""The reference work in numpy: vectorized over creators and trials, in chunks that stay in the
second-level cache, one process a core, each chunk with a Generator of its own.

SFC64 is the fastest bit generator numpy has, and a process a core is faster than threads, which
wait for each other between the many short calls.
"""

import multiprocessing
import os

import numpy as np

import worker

TASK = 8192  # trials of one task, with a Generator of its own
ELEMENTS = 4096  # creators × trials of one vectorized draw


class Cell:
    def __init__(self, cell):
        self.count = cell["count"]
        self.followers = cell["followers"]["mu"], cell["followers"]["sigma"]
        self.fee = cell["fee"]["mu"], cell["fee"]["sigma"]
        rates = ("view_rate", "engagement_rate", "click_rate", "conversion_rate")
        self.rates = [(cell[rate]["alpha"], cell[rate]["beta"]) for rate in rates]


class Work:
    def __init__(self, parameters):
        self.cells = [Cell(cell) for cell in parameters["cells"]]
        u = parameters["uncertainty"]
        self.market = worker.relative(u["market"])
        self.platform = worker.relative(u["platform"])
        names = ("engagement_rate", "click_rate", "conversion_rate", "order_value", "fee")
        self.by_tier = [worker.relative(u[name]) for name in names]
        mean, sd = parameters["order"]["mean"], parameters["order"]["sd"]
        self.scale = sd * sd / mean
        self.shape = mean / self.scale

    def creators(self, rng, cell, trials, sums):
        """Adds up a cell's creators: fees, then impressions, engagements, clicks, expected conversions."""
        chunk = max(1, ELEMENTS // cell.count)
        for start in range(0, trials, chunk):
            n = min(chunk, trials - start)
            shape = cell.count, n
            part = sums[:, start : start + n]
            rng.lognormal(*cell.fee, size=shape).sum(axis=0, out=part[0])
            value = rng.lognormal(*cell.followers, size=shape)
            for stage, rate in enumerate(cell.rates, 1):
                value *= rng.beta(*rate, size=shape)
                value.sum(axis=0, out=part[stage])

    def totals(self, number, trials):
        """The six totals of task `number`: spend, impressions, engagements, clicks, conversions, revenue."""
        rng = np.random.Generator(np.random.SFC64([worker.SEED, number]))
        totals = np.zeros((6, trials))
        market = rng.lognormal(*self.market, size=trials)
        platform = rng.lognormal(*self.platform, size=trials)
        sums = np.empty((5, trials))
        for cell in self.cells:
            self.creators(rng, cell, trials, sums)
            engagement, click, conversion, order, fee = (
                rng.lognormal(*factor, size=trials) for factor in self.by_tier
            )
            spend, impressions, engagements, clicks, expected = sums
            factor = platform.copy()
            totals[0] += spend * fee
            totals[1] += impressions * factor
            factor *= engagement
            totals[2] += engagements * factor
            factor *= click
            totals[3] += clicks * factor
            factor *= conversion
            factor *= market
            conversions = rng.poisson(expected * factor)
            totals[4] += conversions
            totals[5] += order * rng.gamma(self.shape * conversions, self.scale)
        return totals


WORK = Work(worker.parameters())


def sums_of(task):
    return WORK.totals(*task).sum(axis=1)


def columns_of(task):
    return WORK.totals(*task)


def tasks(trials):
    starts = range(0, trials, TASK)
    return [(number, min(TASK, trials - start)) for number, start in enumerate(starts)]


class Pools:
    """One pool of processes for every number of them that is asked for."""

    def __init__(self):
        self.pools = {}

    def of(self, threads):
        if threads not in self.pools:
            self.pools[threads] = multiprocessing.get_context("fork").Pool(threads)
        return self.pools[threads]


POOLS = Pools()


def sums(trials, threads):
    return np.sum(POOLS.of(threads).map(sums_of, tasks(trials), chunksize=1), axis=0)


def columns(trials):
    parts = POOLS.of(os.cpu_count()).map(columns_of, tasks(trials), chunksize=1)
    return np.concatenate(parts, axis=1)


def warm(threads):
    POOLS.of(threads).map(sums_of, [(number, 64) for number in range(threads)])


if __name__ == "__main__":
    worker.serve(sums, columns, warm)
