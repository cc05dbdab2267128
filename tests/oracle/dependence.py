"""Qualities of a creator that are correlated: their matrix, expected products, and draws."""

import math

import numpy as np
from scipy import linalg

import laws

QUALITIES = [
    "followers", "fee", "engagement_rate", "view_rate", "click_rate", "conversion_rate",
]
FOLLOWERS_FEE = 0.6
REACH = 6.5  # standard normals are integrated from -REACH to REACH


def matrix(tree):
    """Latent correlations of the qualities, in their order."""
    out = np.eye(len(QUALITIES))
    names = set()
    for i, a in enumerate(QUALITIES):
        for j, b in enumerate(QUALITIES[:i]):
            name = f"{b}_{a}"
            names.add(name)
            preset = FOLLOWERS_FEE if name == "followers_fee" else 0
            out[i, j] = out[j, i] = laws.number(tree.get(name, preset))
    unknown = set(tree) - names - {"tiers"}
    assert not unknown, unknown
    return out


def between(p, names):
    """The part of the matrix for these qualities."""
    at = [QUALITIES.index(name) for name in names]
    return p[np.ix_(at, at)]


def groups(p, names):
    """The names in sets that are correlated within and not between each other."""
    left, out = list(names), []
    while left:
        group = [left.pop(0)]
        for member in group:
            linked = [n for n in left if between(p, [member, n])[0, 1] != 0]
            group += linked
            left = [n for n in left if n not in linked]
        out.append(group)
    return out


def mean_of_product(p, basis, names):
    """(E of the product of these qualities, how exactly the run should agree).

    Certain ones and those correlated with no other are factors. Lognormal ones of a group are
    exp(mu + sigma z): they tilt the normal density of the others, which moves its middle. What is
    left is the trapezoidal rule over latent normals, which for a smooth integrand converges faster
    than any power of its step.
    """
    mean, precision = 1.0, 1e-7
    uncertain = [n for n in names if not basis[n].certain]
    for name in set(names) - set(uncertain):
        mean *= basis[name].value
    for group in groups(p, uncertain):
        if len(group) == 1:
            mean *= basis[group[0]].mean()
            continue
        tilting = [n for n in group if basis[n].normal_logs() is not None]
        rest = [n for n in group if n not in tilting]
        sigma = np.array([basis[n].normal_logs()[1] for n in tilting])
        mean *= math.exp(sum(basis[n].normal_logs()[0] for n in tilting))
        mean *= math.exp(sigma @ between(p, tilting) @ sigma / 2)
        if rest:
            whole = between(p, rest + tilting)
            shift = whole[: len(rest), len(rest) :] @ sigma
            mean *= integral(between(p, rest), [basis[n] for n in rest], shift)
            precision = max([precision] + [2e-6 if basis[n].smooth() else 2e-3 for n in rest])
    return mean, precision


def integral(p, margins, shift):
    """E of the product of margins at correlated normals whose middle is `shift`."""
    step = min(0.5, 0.7 * math.sqrt(np.linalg.eigvalsh(p)[0]))
    z = np.arange(-math.ceil(REACH / step), math.ceil(REACH / step) + 1) * step
    n, precision = len(margins), linalg.inv(p)
    along = lambda a, *axes: a.reshape([len(z) if k in axes else 1 for k in range(n)])
    logs = np.zeros([len(z)] * n)
    for i in range(n):
        logs -= along(precision[i, i] * z * z / 2, i)
        for j in range(i):
            logs -= along(precision[i, j] * np.outer(z, z), j, i)
    density = np.exp(logs)
    product = density.copy()
    for i, margin in enumerate(margins):
        product *= along(margin.of_normal(z + shift[i]), i)
    return float(product.sum() / density.sum())


def draw(p, basis, names, rng, n):
    """Values of these qualities for `n` creators."""
    out = {}
    uncertain = [name for name in names if not basis[name].certain]
    for group in groups(p, uncertain):
        if len(group) == 1:
            out[group[0]] = basis[group[0]].draw(rng, n)
            continue
        z = linalg.cholesky(between(p, group), lower=True) @ rng.standard_normal((len(group), n))
        for name, normals in zip(group, z):
            out[name] = basis[name].near_normal(normals)
    return {name: out[name] if name in out else np.full(n, basis[name].value) for name in names}
