"""An independent oracle: recomputes what a run should have found, and compares.

    python tests/oracle/expected.py SCENARIO OUTPUT_FOLDER [SCENARIO OUTPUT_FOLDER ...]
    python tests/oracle/expected.py --only-expected SCENARIO ...

Reads each scenario file with tomllib and the presets as written in scenario.py, and shares no
code with the program. It checks that

- the same cells are offered, at the same expected cost and revenue (closed forms, scipy);
- every plan keeps every rule, and no plan is better than HiGHS proves possible, nor worse than
  its own stated gap; infeasible is infeasible for HiGHS too;
- every mean and ratio of means equals the closed form within its Monte Carlo error. The bound
  on the number of errors is set by the number of checks, so that all of them together give a
  false alarm once in a thousand fresh seeds;
- with audiences, where there is no closed form, every mean equals that of the numpy simulation;
- what plans promise beyond their means has the figures of that simulation;
- quantiles and standard deviations agree with a plain numpy simulation, errors of both counted,
  and so does what hangs on the largest creators.

Exits 1 and names every disagreement if there is one.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats

import program
import promises
import scenario
from simulate import simulate

TRIALS = 20_000
FALSE_ALARM = 1e-3
# What an audience leaves as it is.
UNSATURATED = {"impressions", "engagements", "clicks"}
QUANTILES = {"p05": 0.05, "p50": 0.50, "p95": 0.95}


class Report:
    """Collects exact checks and statistical ones; judges the latter when all are counted."""

    def __init__(self):
        self.checks, self.failures, self.scores = 0, [], []

    def exact(self, what, value, expected, relative=1e-7):
        self.checks += 1
        if expected is None or value is None:
            wrong = expected is not value
        else:
            wrong = abs(value - expected) > relative * max(abs(expected), 1e-6)
        if wrong:
            self.failures.append(f"{what}: {value}, expected {expected}")

    def true(self, what, holds):
        self.checks += 1
        if not holds:
            self.failures.append(what)

    def within(self, what, value, expected, error, replicates=False):
        """`error`: standard error of the difference, normal; or one from sixteen replicates, made larger
        so that 1.96 of it are a 95 % interval: without that factor deviations follow t(15)."""
        self.checks += 1
        slack = 1e-9 * max(abs(expected), 1e-6)
        away = abs(value - expected)
        if away > slack:
            score = away / error if error else float("inf")
            if replicates:
                # As far out for a normal variable.
                t = score * stats.t.ppf(0.975, 15) / stats.norm.ppf(0.975)
                score = stats.norm.isf(stats.t.sf(t, 15))
            self.scores.append((score, f"{what}: {value:.6g}, expected {expected:.6g}"))

    def judge(self):
        z = stats.norm.isf(FALSE_ALARM / 2 / max(len(self.scores), 1))
        for score, text in self.scores:
            if not score <= z:
                self.failures.append(f"{text}, {score:.1f} standard errors away (limit {z:.2f})")
        worst = max((s for s, _ in self.scores), default=0.0)
        return z, worst


def expected_totals(model, x):
    out = {}
    for name in ("spend", "impressions", "engagements", "clicks", "conversions", "revenue", "profit"):
        parts = [n * c.unit[name] for n, c in zip(x, model.cells) if n and c.unit[name] is not None]
        missing = any(n and c.unit[name] is None for n, c in zip(x, model.cells))
        out[name] = None if missing else float(np.sum(parts))
    return out


def metric(totals, name):
    top, below, factor = (scenario.METRICS | scenario.OF_AUDIENCES)[name]
    if totals.get(top) is None or (below and totals.get(below) is None):
        return None
    if below is None:
        return totals[top]
    return factor * totals[top] / totals[below] if totals[below] else None


def scopes(model):
    """(scope name, columns that name it, test of a cell)."""
    yield "total", {}, lambda c: True
    for t in model.tiers:
        yield "tier", {"tier": t}, lambda c, t=t: c.tier == t
    for p in model.types:
        yield "partnership", {"partnership": p}, lambda c, p=p: c.type == p
    for s in model.categories:
        yield "category", {"category": s}, lambda c, s=s: c.category == s
    for s in model.regions:
        yield "region", {"region": s}, lambda c, s=s: c.region == s
    for cell in model.cells:
        key = dict(zip(["tier", "partnership", "category", "region"], cell.key))
        yield "cell", {k: v for k, v in key.items() if v}, lambda c, k=cell.key: c.key == k


def check_plan(report, where, model, plan_rows, plan):
    """Cells, unit values, rules and optimality. Returns the counts, or None without a plan."""
    if plan["status"] == "infeasible":
        # Without the rules on random totals there may be a plan.
        if model.counts is None and not model.promises:
            status, _, _, _ = program.optimum(model)
            report.true(f"{where}: infeasible, but HiGHS says {status}", "infeasible" in status)
        return None
    given = {
        (r["tier"], r["partnership"], r["category"], r["region"]): r for r in plan_rows.to_dicts()
    }
    keys = [c.key for c in model.cells]
    report.true(f"{where}: offered cells differ", set(given) == set(keys) and len(plan_rows) == len(keys))
    if set(given) != set(keys):
        return None
    x = np.array([given[c.key]["count"] for c in model.cells])
    model.within(x)
    spend = float(sum(n * c.unit["spend"] for n, c in zip(x, model.cells)))
    for n, cell in zip(x, model.cells):
        row, name = given[cell.key], f"{where} {'.'.join(filter(None, cell.key))}"
        if model.sizes is not None:
            # Cost and revenue are those within the plan, for which there is no exact closed form.
            report.true(f"{name} unit_revenue", row["unit_revenue"] <= cell.unit["revenue"] * (1 + 1e-9))
            continue
        held = lambda key, want: report.exact(f"{name} {key}", row[key], want, model.precision)
        held("unit_cost", cell.unit["spend"])
        held("unit_revenue", cell.unit["revenue"])
        held("spend", n * cell.unit["spend"])
        held("revenue", n * cell.unit["revenue"])
        held("budget_share", n * cell.unit["spend"] / spend)
        band = model.tier_bands().get(cell.tier, (None, None))
        report.exact(f"{name} share_low", row["share_low"], band[0])
        report.exact(f"{name} share_high", row["share_high"], band[1])
    if model.counts is not None:
        report.true(f"{where}: status {plan['status']} of a fixed plan", plan["status"] == "fixed")
        report.true(f"{where}: counts changed", np.allclose(x, model.counts, rtol=0, atol=1e-9))
        return x
    if model.sizes is not None:
        return x  # optimized plans on audiences are held to enumeration by the program's own tests
    for text in program.violations(model, x):
        report.true(f"{where}: breaks {text}", False)
    report.checks += len(program.rows(model))
    status, best, value, bound = program.optimum(model)
    report.true(f"{where}: HiGHS says {status}", status == "optimal")
    own = metric(expected_totals(model, x), model.objective)
    report.exact(f"{where} objective", plan["objective"], own, model.precision)
    gap = plan["gap"]["relative"] if isinstance(plan["gap"], dict) else plan["gap"]
    if model.risk.shocking:
        value = max((own, *rivals(model, x)))
        # The bound is one over all plans; the plan is held closer to the others than that.
        report.true(
            f"{where}: another plan has {value}, above the bound {plan['bound']}",
            value <= plan["bound"] + 1e-6 * max(abs(value), 1e-9),
        )
        gap = min(gap, 2e-3)
    else:
        size = max(abs(value), 1e-9)
        report.true(f"{where}: objective {own} above the bound {bound}", own <= bound + 1e-6 * size)
    if model.promises:
        return x  # what they cost is not known here; no plan is better than the program without them
    report.true(
        f"{where}: objective {own} is worse than {value} by more than its gap {gap}",
        own >= value - (gap + 1e-6) * max(abs(own), 1e-9),
    )
    if plan["status"] == "optimal":
        report.true(f"{where}: gap {gap} of an optimal plan", gap <= 1.001e-3)
    return x


def valued(model, x):
    """The objective of a plan at its own chance of a shock."""
    model.within(x)
    return metric(expected_totals(model, x), model.objective)


def rivals(model, x, rounds=3):
    """Objectives of other plans that keep every rule at their own chance of a shock.

    They are the best at the chance of the plan before, and the best along the slopes there, which
    count what one creator more does to all others.
    """
    slopes_too = scenario.METRICS[model.objective][1] is None
    for sloped in (False, True)[: 1 + slopes_too]:
        at = x
        for _ in range(rounds):
            if sloped:
                here, slopes = valued(model, at), []
                for i in range(len(at)):
                    more = at + np.eye(len(at))[i]
                    slopes.append(valued(model, more) - here)
                model.within(at)
                status, at, _ = program.maximize(model, slopes, 2e-4)
            else:
                model.within(at)
                status, at, _, _ = program.optimum(model)
            if status != "optimal":
                break
            at = np.round(at) if model.whole else at
            value = valued(model, at)
            if not program.violations(model, at):
                yield value
    model.within(x)


def check_means(report, where, model, x, summary):
    for scope, names, test in scopes(model):
        part = np.array([n if test(c) else 0.0 for n, c in zip(x, model.cells)])
        if not part.any():
            continue
        totals = expected_totals(model, part)
        rows = summary.filter(pl.col("scope") == scope, pl.col("month").is_null())
        for column in ("tier", "partnership", "category", "region"):
            want = names.get(column)
            rows = rows.filter(pl.col(column).is_null() if want is None else pl.col(column) == want)
        at = f"{where} {scope} {'.'.join(names.values())}"
        if scope != "total" and rows.is_empty():
            continue  # --scopes total
        report.true(f"{at}: {len(rows)} rows", len(rows) == len(model.metrics(scope)))
        for row in rows.to_dicts():
            if model.sizes is not None and row["metric"] not in UNSATURATED:
                continue
            name, want = row["metric"], metric(totals, row["metric"])
            if want is None:
                report.exact(f"{at} {name} mean", row["mean"], None)
            elif scenario.METRICS[name][1] is None:
                report.within(f"{at} {name} mean", row["mean"], want, row["mc_error"], replicates=True)
                report.exact(f"{at} {name} ratio_of_means", row["ratio_of_means"], None)
            elif row["ratio_of_means"] is not None:
                error = row["ratio_of_means_error"]
                found = row["ratio_of_means"]
                report.within(f"{at} {name} ratio_of_means", found, want, error, replicates=True)


def check_spread(report, where, model, x, summary, dependency, risks, seed):
    own, single = simulate(model, x, TRIALS, seed)
    promises.check(report, where, model, risks, own)
    check_single(report, where, single, dependency)
    rows = summary.filter(pl.col("scope") == "total", pl.col("month").is_null())
    for row in rows.to_dicts():
        top, below, factor = model.metrics("total")[row["metric"]]
        if top not in own or (below and below not in own):
            continue
        values = own[top]
        if below:
            defined = own[below] != 0
            values = factor * values[defined] / own[below][defined]
        if len(values) < TRIALS / 2 or row["sd"] is None:
            continue
        at = f"{where} {row['metric']}"
        if model.sizes is not None:
            # No closed form: the mean against our own, both with their errors.
            error = float(np.std(values, ddof=1)) / np.sqrt(len(values))
            error = np.hypot(error, row["mc_error"])
            report.within(f"{at} mean", row["mean"], float(np.mean(values)), error)
        sd, trials = float(np.std(values, ddof=1)), row["trials"]
        if sd <= 1e-9 * abs(float(np.mean(values))):
            report.true(f"{at}: sd {row['sd']} of a certain figure", row["sd"] <= 1e-9 * abs(row["mean"]))
            continue
        kurtosis = float(stats.kurtosis(values, fisher=False))
        # A sample's kurtosis is mostly below the law's where tails are heavy, hence the half more.
        error = 1.5 * sd * np.sqrt(max(kurtosis - 1, 0.5) / 4 * (1 / TRIALS + 1 / trials))
        report.within(f"{at} sd", row["sd"], sd, error)
        check_quantiles(report, at, row, values)


def check_quantiles(report, at, row, values):
    """The share of our own trials below the run's quantiles, ties split: free of densities."""
    for name, p in QUANTILES.items():
        slack = 1e-12 * abs(row[name])
        at_or_below = float(np.mean(values <= row[name] + slack))
        below_it = float(np.mean(values < row[name] - slack))
        share = min(max(p, below_it), at_or_below)
        error = np.sqrt(p * (1 - p) * (1 / len(values) + 1 / row["trials"]))
        report.within(f"{at} share below {name}", share, p, error)


def check_single(report, where, single, dependency):
    """What hangs on the largest creators."""
    for row in dependency.to_dicts():
        if row["metric"] not in single:
            continue
        at = f"{where} {row['metric']}"
        values = single[row["metric"]]
        undefined = float(np.mean(np.isnan(values)))
        values = values[~np.isnan(values)]
        report.true(f"{at}: undefined {row['undefined_share']}", abs(undefined - row["undefined_share"]) < 0.05)
        if len(values) < 100 or row["mean"] is None:
            continue
        error = float(np.std(values)) * np.sqrt(1 / len(values) + 1 / row["trials"])
        report.within(f"{at} mean", row["mean"], float(np.mean(values)), error)
        check_quantiles(report, at, row, values)


def check(report, path, folder):
    name, models = scenario.models(path)
    result = json.loads((folder / "result.json").read_text())
    report.true(f"{path}: result of {result['scenario']}", result["scenario"] == name)
    plans = {p["name"]: p for p in result["plans"]}
    names = [m.name for m in models]
    report.true(f"{path}: plans {list(plans)}, expected {names}", list(plans) == names)
    table = pl.read_parquet(folder / "plan.parquet") if (folder / "plan.parquet").exists() else None
    summary = None
    if (folder / "summary.parquet").exists():
        manifest = json.loads((folder / "manifest.json").read_text())
        summary = pl.read_parquet(folder / "summary.parquet").with_columns(
            trials=pl.lit(manifest["trials"])
        )
        dependency = pl.read_parquet(folder / "dependency.parquet")
    counts = {}
    for number, model in enumerate(models):
        where = f"{name}/{model.name}"
        rows = None if table is None else table.filter(pl.col("plan") == model.name)
        x = check_plan(report, where, model, rows, plans[model.name])
        if x is None or summary is None:
            continue
        if model.sizes is None:
            counts[model.name] = expected_totals(model, x)
        own = summary.filter(pl.col("plan") == model.name)
        check_means(report, where, model, x, own)
        largest = dependency.filter(pl.col("plan") == model.name)
        risks = plans[model.name].get("risks", [])
        check_spread(report, where, model, x, own, largest, risks, 20_260_401 + number)
    check_moves(report, name, folder, counts, max(m.precision for m in models))


def check_moves(report, name, folder, totals, precision):
    """Differences of totals, and contributions that add up."""
    if "base" not in totals or len(totals) < 2:
        return
    base = totals["base"]
    differences = pl.read_parquet(folder / "comparison.parquet").filter(
        pl.col("scope") == "total", pl.col("month").is_null()
    )
    for row in differences.to_dicts():
        ratio = scenario.METRICS[row["metric"]][1] is not None
        if row["plan"] in totals and row["baseline"] == "base" and not ratio:
            a, b = totals[row["plan"]][row["metric"]], base[row["metric"]]
            if a is not None and b is not None:
                at = f"{name}/{row['plan']} mean_difference {row['metric']}"
                report.within(at, row["mean_difference"], a - b, row["mc_error"], replicates=True)
    moves = pl.read_parquet(folder / "rebalancing.parquet")
    for plan, own in totals.items():
        rows = moves.filter(pl.col("plan") == plan)
        if plan == "base" or rows.is_empty():
            continue
        revenue = rows["revenue_contribution"].sum()
        scale = precision * max(own["revenue"], base["revenue"])
        report.true(
            f"{name}/{plan}: revenue contributions add up to {revenue}",
            abs(revenue - (own["revenue"] - base["revenue"])) <= scale,
        )
        change = own["revenue"] / own["spend"] - base["revenue"] / base["spend"]
        roas = rows["roas_contribution"].sum()
        report.true(
            f"{name}/{plan}: ROAS contributions add up to {roas}, not {change}",
            abs(roas - change) <= precision,
        )


def show(path):
    """What is expected of a scenario, without a run."""
    name, models = scenario.models(path)
    for model in models:
        if model.counts is not None:
            status, x = "fixed", np.array(model.counts)
        else:
            status, x, _, _ = program.optimum(model)
        print(f"{name}/{model.name}: {status}")
        if status not in ("fixed", "optimal"):
            continue
        model.within(x)
        totals = expected_totals(model, x)
        for n, cell in zip(x, model.cells):
            unit = cell.unit
            share = n * unit["spend"] / totals["spend"]
            print(
                f"  {'.'.join(filter(None, cell.key)):40} {n:8.2f}  cost {unit['spend']:10.2f}"
                f"  revenue {unit['revenue']:9.2f}  share {share:6.1%}"
            )
        for tier in model.tiers:
            spend = sum(n * c.unit["spend"] for n, c in zip(x, model.cells) if c.tier == tier)
            print(f"  {tier:8} {spend / totals['spend']:6.1%}  band {model.tier_bands().get(tier)}")
        for text in program.violations(model, x):
            print(f"  breaks {text}")
        values = {m: metric(totals, m) for m in scenario.METRICS}
        print("  " + ", ".join(f"{k} {v:,.4g}" for k, v in values.items() if v is not None))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only-expected", action="store_true")
    parser.add_argument("paths", nargs="+", type=Path)
    arguments = parser.parse_args()
    if arguments.only_expected:
        for path in arguments.paths:
            show(path)
        return 0
    if len(arguments.paths) % 2:
        parser.error("scenario files and output folders come in pairs")
    report = Report()
    for path, folder in zip(arguments.paths[::2], arguments.paths[1::2]):
        check(report, path, folder)
    z, worst = report.judge()
    print(
        f"{report.checks} checks, {len(report.scores)} of them statistical "
        f"(limit {z:.2f} standard errors, worst {worst:.2f}), {len(report.failures)} disagreements"
    )
    for text in report.failures:
        print(f"  {text}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
