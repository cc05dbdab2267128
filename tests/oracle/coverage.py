"""How many truths 80 % intervals hold after months of actuals.

    python tests/oracle/coverage.py IMATRIX [TRUTHS] [FILE.toml]

A truth is one trial of a run without actuals: its creators and shared factors are the same in all its months. Its first two months are written as
actuals, and the months left are forecast with another seed. Of 80 truths an interval of 80 % holds 64 in expectation, with a standard
deviation of 3.6. The scenario must have one partnership type a tier, since trials are by tier.
"""

import subprocess
import sys
import tempfile
from math import sqrt
from pathlib import Path

import polars as pl

GONE = 2
TYPES = {"macro": "sponsored", "mid": "affiliate", "micro": "seeding"}
SCENARIO = """schema = 1
name = "coverage"
budget = 400_000
months = 4
seed = 4711
tiers.use = ["macro", "mid", "micro"]
tiers.macro.partnerships = ["sponsored"]
tiers.mid.partnerships = ["affiliate"]
tiers.micro.partnerships = ["seeding"]
diversity.min_spend = 0
counts = { "macro.sponsored" = 6, "mid.affiliate" = 25, "micro.seeding" = 50 }
"""
METRICS = ["spend", "revenue", "conversions", "impressions"]
COLUMNS = ["spend", "impressions", "engagements", "clicks", "conversions", "revenue"]


def run(imatrix, *arguments):
    done = subprocess.run([imatrix, "run", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode not in (0, 4):
        sys.exit(done.stderr)


def main():
    imatrix = sys.argv[1]
    truths = int(sys.argv[2]) if len(sys.argv) > 2 else 80
    folder = Path(tempfile.mkdtemp())
    scenario = folder / "coverage.toml"
    scenario.write_text(Path(sys.argv[3]).read_text() if len(sys.argv) > 3 else SCENARIO)
    run(imatrix, scenario, "--trials", truths, "--seed", 99, "--out", folder / "truth")
    name = next((folder / "truth").iterdir()).name
    trials = pl.read_parquet(folder / "truth" / name / "trials.parquet").filter(pl.col("plan") == "base")
    held = {metric: 0 for metric in METRICS}
    width = {metric: 0.0 for metric in METRICS}
    for truth in range(truths):
        own = trials.filter(pl.col("trial") == truth)
        past = own.filter((pl.col("month") <= GONE) & pl.col("tier").is_not_null())
        lines = ["month,tier,partnership," + ",".join(COLUMNS)]
        for row in past.iter_rows(named=True):
            figures = ",".join(repr(row[c]) for c in COLUMNS)
            lines.append(f"{row['month']},{row['tier']},{TYPES[row['tier']]},{figures}")
        actuals = folder / "actuals.csv"
        actuals.write_text("\n".join(lines) + "\n")
        out = folder / "forecast"
        run(imatrix, scenario, "--actuals", actuals, "--trials", 4096, "--seed", 1000 + truth, "--no-trials", "--out", out)
        summary = pl.read_parquet(out / name / "summary.parquet").filter(
            (pl.col("plan") == "base") & (pl.col("scope") == "total") & pl.col("month").is_null()
        )
        whole = own.filter(pl.col("tier").is_null())
        for metric in METRICS:
            row = summary.filter(pl.col("metric") == metric)
            low, high = row["p10"][0], row["p90"][0]
            true = whole[metric].sum()
            held[metric] += low <= true <= high
            rest = whole.filter(pl.col("month") > GONE)[metric].sum()
            width[metric] += (high - low) / rest
    error = sqrt(0.8 * 0.2 / truths)
    for metric in METRICS:
        share = held[metric] / truths
        print(f"{metric}: {held[metric]} of {truths} held, {share:.1%} (80 % ± {error:.1%}); mean width {width[metric] / truths:.1%} of what came")


if __name__ == "__main__":
    main()
