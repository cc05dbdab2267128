"""Distributions as a scenario file writes them, with scipy."""

import math

import numpy as np
from scipy import integrate, optimize, stats

Z95 = stats.norm.ppf(0.95)


def number(value):
    """A number, or a string like "40%", "1k", "5m", "1_000"."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = value.strip().replace("_", "")
    factor = {"%": 0.01, "k": 1e3, "m": 1e6}.get(text[-1:].lower(), 1.0)
    if factor != 1.0:
        text = text[:-1]
    return float(text) * factor


class Law:
    """One quantity of one creator: mean, E[1/X], and draws."""

    def __init__(self, frozen=None, value=None):
        self.frozen, self.value, self.table = frozen, value, None

    @property
    def certain(self):
        return self.frozen is None

    def mean(self):
        return self.value if self.certain else float(self.frozen.mean())

    def inverse_mean(self):
        if self.certain:
            return 1.0 / self.value
        if self.frozen.dist.name == "lognorm":
            sigma, mu = self.frozen.args[0], math.log(self.frozen.kwds["scale"])
            return math.exp(-mu + sigma * sigma / 2)
        if self.frozen.dist.name == "gamma":
            return 1.0 / (self.frozen.kwds["scale"] * (self.frozen.args[0] - 1))
        low, high = self.frozen.support()
        return integrate.quad(lambda x: self.frozen.pdf(x) / x, low, high, limit=500)[0]

    def normal_logs(self):
        """(mu, sigma) of a lognormal, else None."""
        if self.certain or self.frozen.dist.name != "lognorm":
            return None
        return math.log(self.frozen.kwds["scale"]), self.frozen.args[0]

    def smooth(self):
        """Whether its quantiles are, up to the ends, as the program's quadrature wants them."""
        if self.frozen.dist.name == "beta":
            return min(self.frozen.args[:2]) >= 1
        return self.frozen.dist.name != "triang"

    def of_normal(self, z):
        """Values at standard normals, for the copula."""
        if self.certain:
            return np.full_like(z, self.value)
        if self.frozen.dist.name == "lognorm":
            return self.frozen.kwds["scale"] * np.exp(self.frozen.args[0] * z)
        low = self.frozen.ppf(stats.norm.cdf(np.minimum(z, 0.0)))
        return np.where(z < 0, low, self.frozen.isf(stats.norm.sf(np.maximum(z, 0.0))))

    def near_normal(self, z):
        """The same between points of a table, for many draws."""
        if self.certain or self.frozen.dist.name == "lognorm":
            return self.of_normal(z)
        if self.table is None:
            at = np.linspace(-8.0, 8.0, 8001)
            self.table = at, self.of_normal(at)
        return np.interp(z, *self.table)

    def draw(self, rng, n):
        if self.certain:
            return np.full(n, self.value)
        return self.frozen.rvs(n, random_state=rng)


def lognormal(mu, sigma):
    return Law(stats.lognorm(sigma, scale=math.exp(mu)))


def lognormal_mean_sd(mean, sd):
    if sd == 0:
        return Law(value=mean)
    variance = math.log1p((sd / mean) ** 2)
    return lognormal(math.log(mean) - variance / 2, math.sqrt(variance))


def beta_mean_sd(mean, sd):
    if sd == 0:
        return Law(value=mean)
    n = mean * (1 - mean) / sd**2 - 1
    return Law(stats.beta(mean * n, (1 - mean) * n))


def interval(low, high, rate):
    """The law whose 5 % and 95 % quantiles are `low` and `high`."""
    if low == high:
        return Law(value=low)
    if not rate:
        return lognormal(
            (math.log(low) + math.log(high)) / 2, math.log(high / low) / (2 * Z95)
        )

    def miss(logs):
        beta = stats.beta(*np.exp(logs))
        return beta.ppf(0.05) / low - 1, beta.ppf(0.95) / high - 1

    middle, sd = (low + high) / 2, (high - low) / (2 * Z95)
    n = middle * (1 - middle) / sd**2 - 1
    start = np.log([max(middle * n, 0.1), max((1 - middle) * n, 0.1)])
    found = optimize.root(miss, start, tol=1e-13)
    assert max(map(abs, miss(found.x))) < 1e-9, (low, high, found)
    return Law(stats.beta(*np.exp(found.x)))


def read(value, rate=False, gamma=False):
    """A distribution of a scenario file. `rate`: in [0, 1], so beta by default."""
    if isinstance(value, str) and " to " in value:
        low, high = (number(part) for part in value.split(" to "))
        return interval(low, high, rate)
    if not isinstance(value, dict):
        return Law(value=number(value))
    if set(value) == {"mean", "sd"}:
        value = {"gamma" if gamma else "beta" if rate else "lognormal": value}
    ((family, given),) = value.items()
    p = {key: number(v) for key, v in given.items()}
    if family == "lognormal":
        if "p5" in p:
            return interval(p["p5"], p["p95"], rate=False)
        return lognormal_mean_sd(p["mean"], p["sd"])
    if family == "beta":
        if "p5" in p:
            return interval(p["p5"], p["p95"], rate=True)
        return (
            Law(stats.beta(p["alpha"], p["beta"]))
            if "alpha" in p
            else beta_mean_sd(p["mean"], p["sd"])
        )
    if family == "gamma":
        if p["sd"] == 0:
            return Law(value=p["mean"])
        return Law(
            stats.gamma((p["mean"] / p["sd"]) ** 2, scale=p["sd"] ** 2 / p["mean"])
        )
    low, high = p["min"], p["max"]
    width = high - low
    if width == 0:
        return Law(value=low)
    if family == "uniform":
        return Law(stats.uniform(low, width))
    rise = (p["mode"] - low) / width
    if family == "triangular":
        return Law(stats.triang(rise, loc=low, scale=width))
    assert family == "pert", family
    return Law(stats.beta(1 + 4 * rise, 5 - 4 * rise, loc=low, scale=width))
