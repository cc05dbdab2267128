"""The oracle for horizons of several months: closed-form means by month, and the horizon as their sum.

    python tests/oracle/quarter.py SCENARIO OUTPUT_FOLDER [SCENARIO OUTPUT_FOLDER ...]

Of the base plan and the what-ifs. Counts are those of plan.parquet; all else is read from the file and computed here. It checks

- `unit_cost` and `unit_revenue` of every month with its season (of posts that come later, that of their days), of waves with their factors, of
  ambassadors with their tenure, of tagged tiers with their lift, post by post and tag by tag (not where audiences or shocks make them depend on the plan);
- every month's and the horizon's means and ratios of means in summary.parquet, by total and tier, within their Monte
  Carlo errors, all together to a false alarm once in a thousand seeds (nor where partners leave);
- `earned` of forecast.parquet by month, every post by itself and its sales instant by instant;
- that months add up to the horizon to 1e-12, and, where there are trials, that every trial's months added up have the
  horizon's mean and quantiles.
"""

import calendar
import copy
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

import laws
import scenario
from expected import Report, metric

SUMS = ("spend", "impressions", "engagements", "clicks", "conversions", "revenue", "profit")


# A month of the playbook's levels: retainer, commission, posts.
LEVELS = {"bronze": (500, 0.0, 2), "silver": (2_000, 0.15, 4), "gold": (8_000, 0.20, 6)}


def wave_factors(given):
    """What a wave multiplies: its lift is one of conversions."""
    own = {key: laws.number(given.get(key, 1)) for key in ("fee", *scenario.RATES)}
    own["conversion_rate"] *= laws.number(given.get("conversion_lift", 1))
    return own


def month_days(model):
    """Days of each month."""
    start = model.tree.get("start")
    if not start:
        return [30] * model.months
    year, month = map(int, start.split("-"))
    at = [divmod(month - 1 + m, 12) for m in range(model.months)]
    return [calendar.monthrange(year + y, m + 1)[1] for y, m in at]


def posting_days(model, cell, row):
    """The days, from the first of the horizon, that posts of what a row books appear on."""
    days = month_days(model)
    first = sum(days[: row["month"] - 1])
    booked = range(first, first + days[row["month"] - 1])
    if row.get("wave"):
        [wave] = [w for w in model.tree["wave"] if w["name"] == row["wave"]]
        if "week" in wave:
            begin = 7 * (wave["week"] - 1)
        else:
            year, month = map(int, model.tree["start"].split("-"))
            begin = (date.fromisoformat(wave["start"]) - date(year, month, 1)).days
        booked = [day for day in booked if begin <= day < begin + wave["days"]]
    later = int(cell.terms.get("post_days", 0))
    return [day + later for day in booked]


def season(model, cell, row):
    """The mean over the days of posts; a month that the file does not speak of has 1."""
    seasons = model.tree.get("time", {}).get("seasonality", [1.0] * model.months)
    by_day = [laws.number(s) for s, days in zip(seasons, month_days(model)) for _ in range(days)]
    posts = posting_days(model, cell, row)
    return sum(by_day[day] if day < len(by_day) else 1.0 for day in posts) / len(posts)


def reach(model, cells, row, rows):
    """What tags of the next higher tier in use add to a row's reach, given all rows of its month."""
    told = model.tree.get("cross_promotion", "none")
    if told == "none":
        return 1.0
    use = model.tree.get("tiers", {}).get("use", ["mega", "macro", "mid", "micro", "nano"])
    place = use.index(row["tier"])
    if place == 0:
        return 1.0
    above = [r for r in rows if r["tier"] == use[place - 1] and r["count"] > 0]
    tags = sum(r["count"] for r in above) * laws.number(told["fan_out"].get(use[place - 1], 0))
    own = sum(r["count"] for r in rows if r["tier"] == row["tier"])
    if not tags or not own:
        return 1.0
    chance = 1.0
    if "days" in told:
        key = lambda r: (r["tier"], r["partnership"], r["category"], r["region"])
        posts = posting_days(model, cells[key(row)], row)
        within = 0.0
        for r in above:
            tagging = posting_days(model, cells[key(r)], r)
            hits = sum(0 <= y - x <= int(told["days"]) for x in tagging for y in posts)
            within += r["count"] * hits / (len(tagging) * len(posts))
        chance = within / sum(r["count"] for r in above)
    return 1.0 + laws.number(told["reach_lift"]) * min(1.0, tags / own) * chance


def sold_by_month(model, cell, row):
    """Shares of the sales of a row's posts by month of sale: a post every hundredth of a day."""
    half_life = laws.number(model.tree.get("time", {}).get("response_half_life_days", 0))
    posts = np.concatenate([day + (np.arange(100) + 0.5) / 100 for day in posting_days(model, cell, row)])
    ends = np.cumsum(month_days(model))
    since = np.maximum(ends[:, None] - posts, 0.0)
    sold = (1 - 2 ** (-since / half_life) if half_life else since > 0).mean(axis=1)
    return np.diff(sold, prepend=0.0)


def unit(model, cell, row, lifted):
    """One creator's in a month: reach times what tags add, conversions and all after times the season and what tenure adds."""
    tree = model.tree
    cell = copy.copy(cell)
    cell.factors, cell.terms = dict(cell.factors), dict(cell.terms)
    if row.get("wave"):
        [wave] = [w for w in tree["wave"] if w["name"] == row["wave"]]
        for key, factor in wave_factors(wave).items():
            cell.factors[key] *= factor
    if row.get("level"):
        given = tree["ambassadors"][row["level"]]
        preset = LEVELS.get(row["level"], (0, 0.0, 1))
        own = [given.get(key, value) for key, value in zip(("retainer", "commission", "posts"), preset)]
        cell.terms["fee_amount"], cell.terms["commission"], cell.terms["posts"] = map(laws.number, own)
        cell.terms.pop("fee", None)
        lift = laws.number(given.get("tenure_lift", 0)) * (row["month"] - row["start_month"])
        cell.factors["conversion_rate"] *= 1 + min(lift, laws.number(given.get("tenure_lift_max", 0.5)))
    cell.factors["view_rate"] *= lifted
    cell.factors["conversion_rate"] *= season(model, cell, row)
    return cell.expected()


def check(report, path, folder):
    for model in scenario.models(path)[1]:
        check_plan(report, path, folder, model)


def check_plan(report, path, folder, model):
    months, tree, whose = model.months, model.tree, model.name
    alone = model.sizes is None and not model.risk.shocking
    filled = tree.get("pipeline", "none") == "none"
    plan = pl.read_parquet(folder / "plan.parquet").filter(pl.col("plan") == whose)
    summary = pl.read_parquet(folder / "summary.parquet").filter(pl.col("plan") == whose)
    path = f"{path} {whose}"
    report.true(f"{path}: has rows", len(plan) > 0 and len(summary) > 0)
    cells = {c.key: c for c in model.cells}
    totals = {}
    earned = np.zeros(months)
    rows = plan.to_dicts()
    for row in rows:
        key = row["tier"], row["partnership"], row["category"], row["region"]
        if row["count"] and not alone:
            totals.setdefault((None, row["tier"]), None)
        if not alone:
            continue
        if not row["count"] and (row.get("wave") or row.get("level")):
            continue
        lifted = reach(model, cells, row, [r for r in rows if r["month"] == row["month"]])
        own = unit(model, cells[key], row, lifted)
        where = f"{path} {'.'.join(filter(None, key))} in month {row['month']}"
        report.exact(f"{where} unit_cost", row["unit_cost"], own["spend"])
        report.exact(f"{where} unit_revenue", row["unit_revenue"], own["revenue"])
        if not row["count"]:
            continue
        earned += row["count"] * own["revenue"] * sold_by_month(model, cells[key], row)
        for month in (row["month"], None):
            for tier in (row["tier"], None):
                sums = totals.setdefault((month, tier), dict.fromkeys(SUMS, 0.0))
                for name in SUMS:
                    value = own[name]
                    sums[name] = None if value is None or sums[name] is None else sums[name] + row["count"] * value
    totals.setdefault((None, None), None)
    for (month, tier), sums in totals.items():
        if sums is None or not filled:
            continue
        rows = summary.filter(
            pl.col("month").is_null() if month is None else pl.col("month") == month,
            (pl.col("scope") == "total") if tier is None else (pl.col("scope") == "tier") & (pl.col("tier") == tier),
        )
        report.true(f"{path}: rows of month {month}, {tier}", len(rows) > 0)
        for row in rows.to_dicts():
            name = row["metric"]
            if name not in scenario.METRICS:
                continue
            wanted = metric(sums, name)
            ratio = name not in SUMS
            value = row["ratio_of_means"] if ratio else row["mean"]
            error = row["ratio_of_means_error"] if ratio else row["mc_error"]
            where = f"{path} month {month} {tier} {name}"
            if wanted is None:
                report.true(f"{where}: not defined", value is None)
                continue
            report.within(where, value, wanted, error, replicates=True)
    for tier in {tier for _, tier in totals}:
        for name in SUMS:
            rows = summary.filter(
                (pl.col("scope") == "total") if tier is None else (pl.col("scope") == "tier") & (pl.col("tier") == tier),
                pl.col("metric") == name,
            )
            whole = rows.filter(pl.col("month").is_null())["mean"][0]
            parts = rows.filter(pl.col("month").is_not_null())["mean"].to_list()
            if whole is not None and months > 1:
                report.exact(f"{path} {tier} {name}: months added", sum(parts), whole, 1e-12)
    if alone and filled and (folder / "forecast.parquet").exists():
        forecast = pl.read_parquet(folder / "forecast.parquet").filter(pl.col("plan") == whose, pl.col("metric") == "earned")
        wanted = {None: earned.sum(), **{m + 1: value for m, value in enumerate(earned)}}
        for row in forecast.to_dicts():
            where = f"{path} earned in month {row['month']}"
            report.within(where, row["mean"], wanted[row["month"]], row["mc_error"], replicates=True)
    trials = folder / "trials.parquet"
    if trials.exists() and months > 1:
        added_trials(report, path, pl.read_parquet(trials).filter(pl.col("plan") == whose), summary)


def added_trials(report, path, trials, summary):
    """The horizon of every trial is its months added up: its mean and quantiles are those of the summary."""
    whole = trials.filter(pl.col("tier").is_null()).group_by("trial", maintain_order=True).agg(pl.col("revenue").sum())
    row = summary.filter(
        pl.col("scope") == "total", pl.col("metric") == "revenue", pl.col("month").is_null()
    ).to_dicts()[0]
    revenue = whole["revenue"].to_numpy()
    report.exact(f"{path}: mean of added trials", float(revenue.mean()), row["mean"], 1e-12)
    if len(revenue) <= 131_072:
        for name, p in {"p05": 0.05, "p50": 0.5, "p95": 0.95}.items():
            report.exact(f"{path}: {name} of added trials", float(np.quantile(revenue, p)), row[name], 1e-9)


def main():
    report = Report()
    given = sys.argv[1:]
    for path, folder in zip(given[::2], given[1::2]):
        check(report, path, Path(folder))
    limit, worst = report.judge()
    for text in report.failures:
        print(text)
    print(f"{report.checks} checks, {len(report.failures)} failures; farthest {worst:.2f} of {limit:.2f}")
    sys.exit(bool(report.failures))


if __name__ == "__main__":
    main()
