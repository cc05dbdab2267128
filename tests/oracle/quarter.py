"""The oracle for horizons of several months: closed-form means by month, and the horizon as their sum.

    python tests/oracle/quarter.py SCENARIO OUTPUT_FOLDER [SCENARIO OUTPUT_FOLDER ...]

Of the base plan and the what-ifs. Counts are those of plan.parquet; all else is read from the file and computed here. It checks

- `unit_cost` and `unit_revenue` of every month with its season, of waves with their factors, of ambassadors with their tenure (not where
  audiences, shocks or tags make them depend on the plan);
- every month's and the horizon's means and ratios of means in summary.parquet, by total and tier, within their Monte
  Carlo errors, all together to a false alarm once in a thousand seeds (nor where partners leave);
- that months add up to the horizon to 1e-12, and, where there are trials, that every trial's months added up have the
  horizon's mean and quantiles.
"""

import copy
import sys
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


def unit(model, cell, row):
    """One creator's in a month: conversions and all after times the season and what tenure adds."""
    tree = model.tree
    seasons = tree.get("time", {}).get("seasonality", [1.0] * model.months)
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
    cell.factors["conversion_rate"] *= laws.number(seasons[row["month"] - 1])
    return cell.expected()


def check(report, path, folder):
    for model in scenario.models(path)[1]:
        check_plan(report, path, folder, model)


def check_plan(report, path, folder, model):
    months, tree, whose = model.months, model.tree, model.name
    alone = model.sizes is None and not model.risk.shocking and not tree.get("cross_promotion")
    filled = tree.get("pipeline", "none") == "none"
    plan = pl.read_parquet(folder / "plan.parquet").filter(pl.col("plan") == whose)
    summary = pl.read_parquet(folder / "summary.parquet").filter(pl.col("plan") == whose)
    path = f"{path} {whose}"
    report.true(f"{path}: has rows", len(plan) > 0 and len(summary) > 0)
    cells = {c.key: c for c in model.cells}
    totals = {}
    for row in plan.to_dicts():
        key = row["tier"], row["partnership"], row["category"], row["region"]
        if row["count"] and not alone:
            totals.setdefault((None, row["tier"]), None)
        if not alone:
            continue
        if not row["count"] and (row.get("wave") or row.get("level")):
            continue
        own = unit(model, cells[key], row)
        where = f"{path} {'.'.join(filter(None, key))} in month {row['month']}"
        report.exact(f"{where} unit_cost", row["unit_cost"], own["spend"])
        report.exact(f"{where} unit_revenue", row["unit_revenue"], own["revenue"])
        if not row["count"]:
            continue
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
