"""A plain Monte Carlo of a plan, with numpy's own random numbers: nothing fast, nothing shared."""

import numpy as np

import dependence
from incidents import weights

# Trials of which single creators are kept, and most creators that are.
SINGLE_TRIALS, SINGLE_CREATORS = 4096, 4000


def mean_one(rng, sd, n, z=None):
    """A lognormal factor of mean one and relative standard deviation `sd`."""
    if sd == 0:
        return np.ones(n)
    variance = np.log1p(sd * sd)
    z = rng.standard_normal(n) if z is None else z
    return np.exp(-variance / 2 + np.sqrt(variance) * z)


def simulate(model, counts, trials, seed):
    """Totals by trial: {quantity: array}; a quantity that a booked cell lacks is left out."""
    rng = np.random.default_rng(seed)
    doubt = model.doubt
    market = mean_one(rng, doubt["market"], trials)
    platform = mean_one(rng, doubt["platform"], trials)
    kinds = (
        "engagement_rate", "click_rate", "conversion_rate", "order_value", "fee", "benchmark",
    )
    # What the tiers have in common of a kind, and each tier's own.
    common = {k: rng.standard_normal(trials) for k in kinds}
    rho = model.tier_correlation
    own = lambda k: np.sqrt(rho) * common[k] + np.sqrt(1 - rho) * rng.standard_normal(trials)
    shared = {t: {k: mean_one(rng, doubt[k], trials, own(k)) for k in kinds} for t in model.tiers}
    names = ["spend", "impressions", "engagements", "clicks", "conversions", "revenue"]
    totals = {name: np.zeros(trials) for name in names}
    booked = [(cell, count) for cell, count in zip(model.cells, counts) if count > 0]
    month = Month(trials, sum(counts))
    drawn = [creators(model, c, n, rng, month, shared[c.tier], market, platform) for c, n in booked]
    shares = [1.0] * len(booked)
    if model.sizes is not None:
        shares, totals["net_reach"] = net_shares(model, booked, drawn)
    calm = 1 - model.risk.shock * month.shocked
    parts = (
        ordered(d, c, n, share * calm, rng, shared[c.tier])
        for d, (c, n), share in zip(drawn, booked, shares)
    )
    for part in parts:
        for name in names:
            if part[name] is None:
                totals.pop(name, None)
            elif name in totals:
                totals[name] += part[name]
    totals["profit"] = model.margin * totals["revenue"] - totals["spend"]
    return totals, month.dependency()


class Month:
    """What concerns all creators of a trial: shocks to the brand, and who is the largest."""

    def __init__(self, trials, creators):
        self.shocked = np.zeros(trials, dtype=bool)
        self.kept = min(SINGLE_TRIALS, trials) if creators <= SINGLE_CREATORS else 0
        self.single = {"spend": [], "revenue": []}

    def keep(self, spend, revenue):
        if self.kept:
            self.single["spend"].append(spend[: self.kept])
            self.single["revenue"].append(revenue[: self.kept])

    def dependency(self):
        """{metric: array by trial}"""
        if not self.single["spend"]:
            return {}
        out = {}
        for word, by_creator in self.single.items():
            by_creator = np.sort(np.array(by_creator), axis=0)[::-1]
            whole = by_creator.sum(axis=0)
            with np.errstate(invalid="ignore"):
                out[f"top_creator_{word}_share"] = by_creator[0] / whole
                out[f"top_five_{word}_share"] = by_creator[:5].sum(axis=0) / whole
                out[f"{word}_herfindahl"] = (by_creator**2).sum(axis=0) / whole**2
            if word == "revenue":
                out["revenue_lost"] = by_creator[0]
                out["revenue_lost_share"] = out["top_creator_revenue_share"]
        return out


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


def creators(model, cell, count, rng, month, u, market, platform):
    """What a cell's creators come to in every trial, orders aside."""
    t, f, b, risk = cell.terms, cell.factors, cell.basis, cell.risk
    trials = len(market)
    sums = {k: np.zeros(trials) for k in ("fee", "impressions", "engagements", "clicks", "rate")}
    defined = {"impressions": "cpm", "engagements": "cpe", "clicks": "cpc"}
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
    convert = convert * t["conversion_lift"] * market
    for weight in (w for w, n in weights(count) for _ in range(n)):
        delivered = weight * (rng.random(trials) < t["delivery"])
        yielding, cleanup = delivered, np.zeros(trials)
        if risk.probability:
            incident = rng.random(trials) < risk.probability
            yielding = delivered * (1 - risk.yield_lost * incident)
            cleanup = weight * risk.cleanup_cost * incident
            month.shocked |= incident & (rng.random(trials) < risk.shock_probability * weight)
        if "followers" in b:
            laws = b | {"fee": cell.fee}
            own = dependence.draw(model.correlations, laws, dependence.QUALITIES, rng, trials)
            fee = own["fee"]
            views = own["followers"] * t["posts"] * yielding * own["view_rate"]
            engaged = views * own["engagement_rate"]
            clicked = engaged * own["click_rate"]
            rate = clicked * own["conversion_rate"]
            sums["impressions"] += views
            sums["engagements"] += engaged
            sums["clicks"] += clicked
        else:
            fee = cell.fee.draw(rng, trials)
            price = fee * t["posts"] * yielding
            rate = price / b["cpa"].draw(rng, trials)
            for name, per in defined.items():
                if per in b:
                    unit = 1000 if per == "cpm" else 1
                    sums[name] += unit * price / b[per].draw(rng, trials)
        sums["rate"] += rate
        paid = t["fee_amount"] if "fee_amount" in t else fee * t["posts"] * t["fee"] * u["fee"]
        paid = paid * f["fee"] * delivered + cleanup
        sums["fee"] += paid
        revenue = rate * convert * cell.order[0] * u["order_value"]
        standing = weight * (t["product_cost"] + t["hours"] * cell.hour_cost)
        month.keep(paid + standing + t["commission"] * revenue, revenue)
    out = {
        "fee": sums["fee"],
        "rate": sums["rate"] * convert,
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
