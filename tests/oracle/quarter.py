"""The oracle for horizons of several months: closed-form means by month, and the horizon as their sum.

    python tests/oracle/quarter.py SCENARIO OUTPUT_FOLDER [SCENARIO OUTPUT_FOLDER ...]

Of the base plan of scenarios without waves, levels, audiences, shocks and pipeline. Counts are those of plan.parquet; all
else is read from the file and computed here. It checks

- `unit_cost` and `unit_revenue` of every month, seasons in them;
- every month's and the horizon's means and ratios of means in summary.parquet, by total and tier, within their Monte
  Carlo errors, all together to a false alarm once in a thousand seeds;
- that months add up to the horizon to 1e-12, and, where there are trials, that every trial's months added up have the
  horizon's mean and quantiles.
"""

import sys
import tomllib
from pathlib import Path

import numpy as np
import polars as pl

import scenario
from expected import Report, metric

SUMS = ("spend", "impressions", "engagements", "clicks", "conversions", "revenue", "profit")


def read(path):
    tree = tomllib.loads(Path(path).read_text())
    budget = tree["budget"]
    # What is released does not matter here: the plan is given.
    if isinstance(budget, dict):
        budget = budget.get("total", budget.get("amount"))
    tree["budget"] = budget[0] if isinstance(budget, list) else budget
    time = tree.get("time", {})
    months = tree.get("months", 1)
    tree.pop("counts", None)
    model = scenario.Model("base", tree)
    return model, months, time.get("seasonality", [1.0] * months)


def unit(cell, season):
    """One creator's in a month: conversions and all after times the season."""
    cell.factors = dict(cell.factors)
    plain = cell.factors["conversion_rate"]
    cell.factors["conversion_rate"] = plain * season
    out = cell.expected()
    cell.factors["conversion_rate"] = plain
    return out


def check(report, path, folder):
    model, months, seasons = read(path)
    plan = pl.read_parquet(folder / "plan.parquet").filter(pl.col("plan") == "base")
    summary = pl.read_parquet(folder / "summary.parquet").filter(pl.col("plan") == "base")
    cells = {c.key: c for c in model.cells}
    totals = {}
    for row in plan.to_dicts():
        key = row["tier"], row["partnership"], row["category"], row["region"]
        own = unit(cells[key], seasons[row["month"] - 1])
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
    for (month, tier), sums in totals.items():
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
        added_trials(report, path, pl.read_parquet(trials).filter(pl.col("plan") == "base"), summary)


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
