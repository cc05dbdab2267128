"""A plain Monte Carlo of a plan, with numpy's own random numbers: nothing fast, nothing shared."""

import numpy as np


def mean_one(rng, sd, n):
    """A lognormal factor of mean one and relative standard deviation `sd`."""
    if sd == 0:
        return np.ones(n)
    variance = np.log1p(sd * sd)
    return np.exp(-variance / 2 + np.sqrt(variance) * rng.standard_normal(n))


def simulate(model, counts, trials, seed):
    """Totals by trial: {quantity: array}; a quantity that a booked cell lacks is left out."""
    rng = np.random.default_rng(seed)
    doubt = model.doubt
    market = mean_one(rng, doubt["market"], trials)
    platform = mean_one(rng, doubt["platform"], trials)
    shared = {}
    for tier in model.tiers:
        shared[tier] = {
            k: mean_one(rng, doubt[k], trials)
            for k in (
                "engagement_rate", "click_rate", "conversion_rate",
                "order_value", "fee", "benchmark",
            )
        }
    names = ["spend", "impressions", "engagements", "clicks", "conversions", "revenue"]
    totals = {name: np.zeros(trials) for name in names}
    booked = [(cell, count) for cell, count in zip(model.cells, counts) if count > 0]
    common = lambda cell: (rng, trials, shared[cell.tier], market, platform)
    if model.sizes is None:
        parts = (ordered(creators(model, c, n, *common(c)), c, n, 1.0, rng, shared[c.tier]) for c, n in booked)
    else:
        drawn = [creators(model, c, n, *common(c)) for c, n in booked]
        shares, totals["net_reach"] = net_shares(model, booked, drawn)
        parts = [
            ordered(d, c, n, share, rng, shared[c.tier])
            for d, (c, n), share in zip(drawn, booked, shares)
        ]
    for part in parts:
        for name in names:
            if part[name] is None:
                totals.pop(name, None)
            elif name in totals:
                totals[name] += part[name]
    totals["profit"] = model.margin * totals["revenue"] - totals["spend"]
    return totals


def net_shares(model, booked, drawn):
    """Of each booked cell the share of impressions that are somebody's first, and people reached in all."""
    gross, sizes = {}, {}
    for (cell, _), part in zip(booked, drawn):
        who, size = model.audience(cell)
        sizes[who] = size
        gross[who] = gross.get(who, 0.0) + part["impressions"]
    reach = {who: sizes[who] * (1 - np.exp(-g / sizes[who])) for who, g in gross.items()}
    share = {
        who: np.where(g > 0, reach[who] / np.where(g > 0, g, 1), 1.0) for who, g in gross.items()
    }
    return [share[model.audience(cell)[0]] for cell, _ in booked], sum(reach.values())


def creators(model, cell, count, rng, trials, u, market, platform):
    """What a cell's creators come to in every trial, orders aside."""
    t, f, b = cell.terms, cell.factors, cell.basis
    whole = int(np.floor(count + 1e-9))
    weights = [1.0] * whole + ([count - whole] if count - whole > 1e-9 else [])
    sums = {k: np.zeros(trials) for k in ("fee", "impressions", "engagements", "clicks", "rate")}
    rho = model.correlation if "followers" in b else 0.0
    defined = {"impressions": "cpm", "engagements": "cpe", "clicks": "cpc"}
    for weight in weights:
        z = rng.standard_normal(trials)
        fee = cell.fee.of_normal(z)
        delivered = weight * (rng.random(trials) < t["delivery"])
        if "followers" in b:
            other = rho * z + np.sqrt(1 - rho * rho) * rng.standard_normal(trials)
            views = b["followers"].of_normal(other) * t["posts"] * delivered
            views = views * b["view_rate"].draw(rng, trials)
            engaged = views * b["engagement_rate"].draw(rng, trials)
            clicked = engaged * b["click_rate"].draw(rng, trials)
            rate = clicked * b["conversion_rate"].draw(rng, trials)
            sums["impressions"] += views
            sums["engagements"] += engaged
            sums["clicks"] += clicked
        else:
            price = fee * t["posts"] * delivered
            rate = price / b["cpa"].draw(rng, trials)
            for name, per in defined.items():
                if per in b:
                    unit = 1000 if per == "cpm" else 1
                    sums[name] += unit * price / b[per].draw(rng, trials)
        sums["rate"] += rate
        paid = t["fee_amount"] if "fee_amount" in t else fee * t["posts"] * t["fee"] * u["fee"]
        sums["fee"] += paid * f["fee"] * delivered
    view = f["view_rate"] * platform
    if "followers" in b:
        engage = view * f["engagement_rate"] * u["engagement_rate"]
        click = engage * f["click_rate"] * u["click_rate"]
        convert = click * f["conversion_rate"] * u["conversion_rate"]
    else:
        view = view * u["benchmark"]
        engage = view * f["engagement_rate"]
        click = engage * f["click_rate"]
        convert = click * f["conversion_rate"]
    out = {
        "fee": sums["fee"],
        "rate": sums["rate"] * convert * t["conversion_lift"] * market,
        "impressions": sums["impressions"] * view,
        "engagements": sums["engagements"] * engage,
        "clicks": sums["clicks"] * click,
    }
    if "followers" not in b:
        for name, per in defined.items():
            if per not in b:
                out[name] = None
    return out


def ordered(drawn, cell, count, share, rng, u):
    """The cell's totals with its orders drawn; `share` of its expected conversions are left."""
    t = cell.terms
    orders = rng.poisson(drawn["rate"] * share)
    value, sd = cell.order
    revenue = orders * value
    if sd > 0:
        shape = orders * (value / sd) ** 2
        revenue = rng.standard_gamma(shape) * (sd * sd / value)
    revenue = revenue * u["order_value"]
    standing = count * (t["product_cost"] + t["hours"] * cell.hour_cost)
    return drawn | {
        "spend": drawn["fee"] + standing + t["commission"] * revenue,
        "conversions": orders.astype(float),
        "revenue": revenue,
    }
