"""Partners who stay after a month of actuals, against a simulation of its own.

    python tests/oracle/survivors.py write DIR        writes oracle-survivors.toml and oracle-survivors.csv
    imatrix run DIR/oracle-survivors.toml --actuals DIR/oracle-survivors.csv --trials 40000 --out DIR
    python tests/oracle/survivors.py check DIR/oracle-survivors

Fees are certain and there is no commission, so that a month's spend says how many partners were at work. Everyone is followed one by one here:
a partner of the month before leaves with the churn, and who is to work again does so with the repeat rate; an ambassador in term
only leaves. Nobody new is found. Checks: mean and variance of every month and type, the share of each number of partners, and the correlation of
months, at five standard errors: a false alarm of 6e-7 each, in about sixty.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

CHURN, REPEAT = 0.12, 0.75
FEE = {"mid": 2_000.0, "micro": 500.0}
RETAINER = 900.0
MONTHS, TRIALS = 4, 40_000
# Planned a month, and what the file says of the first month.
SPONSORED, AMBASSADORS = 9, 6
COUNTED = 7
TERM = 3


def write(folder):
    lines = [
        "schema = 1",
        'name = "oracle-survivors"',
        "budget = 100_000",
        f"months = {MONTHS}",
        "seed = 5",
        'tiers.use = ["mid", "micro"]',
        'partnerships.use = ["sponsored", "ambassador"]',
        'uncertainty = "none"',
        "diversity.min_spend = 0",
        "order = { value = 150, margin = 0.6 }",
        f"tiers.mid = {{ fee = {FEE['mid']}, followers = 40_000, engagement_rate = 0.08, partnerships = [\"sponsored\"] }}",
        f"tiers.micro = {{ fee = {FEE['micro']}, followers = 5_000, engagement_rate = 0.15, partnerships = [\"ambassador\"] }}",
        f'ambassadors.bronze = {{ tiers = ["micro"], retainer = {RETAINER}, term_months = {TERM}, commission = 0, tenure_lift = 0 }}',
        "partnerships.ambassador = { product_cost = 0 }",
        f'counts = {{ "mid.sponsored" = {SPONSORED}, "micro.ambassador@bronze+1" = {AMBASSADORS} }}',
        "[pipeline]",
        "identified = 0",
        "vetted = 0.3",
        "contacted = 0.67",
        "response = 0.3",
        "partnership = 0.5",
        f"repeat = {REPEAT}",
        "lead_weeks = 4",
        f"churn = {CHURN}",
        f'starting_creators = {{ "mid.sponsored" = {SPONSORED} }}',
    ]
    (folder / "oracle-survivors.toml").write_text("\n".join(lines) + "\n")
    text = "month,tier,partnership,count,spend,impressions,engagements,clicks,conversions,revenue\n"
    text += f"1,mid,sponsored,{COUNTED},{COUNTED * FEE['mid']},,,,100,15000\n"
    text += f"1,micro,ambassador,,{AMBASSADORS * RETAINER},,,,40,6000\n"
    (folder / "oracle-survivors.csv").write_text(text)


def simulate(start, months, term, rng):
    """Partners at work in each of the months left, trial by trial: nobody takes a place that was left."""
    out = np.zeros((TRIALS, months))
    there = np.ones((TRIALS, start), dtype=bool)
    for month in range(months):
        # Whether the step into this month (number month + 2 of the horizon) is within a term.
        leaves = rng.random(there.shape) < CHURN
        away = rng.random(there.shape) >= REPEAT if month + 1 >= term else np.zeros_like(there)
        there &= ~(leaves | away)
        out[:, month] = there.sum(axis=1)
    return out


def check(folder):
    trials = pl.read_parquet(folder / "trials.parquet").filter((pl.col("plan") == "base") & (pl.col("month") > 1))
    rng = np.random.default_rng(12)
    # The file's seven of nine; ambassadors in the first of three months, two steps of whose term are left.
    wanted = {
        "mid": (FEE["mid"], simulate(COUNTED, MONTHS - 1, 0, rng)),
        "micro": (None, simulate(AMBASSADORS, MONTHS - 1, TERM, rng)),
    }
    checks = 0
    for tier, (unit, theirs) in wanted.items():
        ours = trials.filter(pl.col("tier") == tier).sort(["trial", "month"])
        spend = ours["spend"].to_numpy().reshape(-1, MONTHS - 1)
        unit = unit or RETAINER
        # Handling is free, so that spend is a whole multiple.
        found = spend / unit
        if np.abs(found - found.round()).max() > 1e-9:
            sys.exit(f"{tier}: spend is no whole number of partners: {unit}, {spend[:3]}")
        found = found.round()

        def near(what, a, b, error):
            nonlocal checks
            checks += 1
            if abs(a - b) > 5 * error + 1e-12:
                sys.exit(f"{tier}, {what}: {a} and {b} differ by more than five times {error}")

        n, m = len(found), len(theirs)
        for month in range(MONTHS - 1):
            x, y = found[:, month], theirs[:, month]
            near(f"mean of month {month}", x.mean(), y.mean(), np.sqrt(x.var() / n + y.var() / m))
            fourth = [((z - z.mean()) ** 4).mean() - z.var() ** 2 for z in (x, y)]
            near(f"variance of month {month}", x.var(), y.var(), np.sqrt(fourth[0] / n + fourth[1] / m))
            for k in range(int(max(x.max(), y.max())) + 1):
                p, q = (x == k).mean(), (y == k).mean()
                pooled = ((x == k).sum() + (y == k).sum()) / (n + m)
                near(f"share of {k} in month {month}", p, q, np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)))
        a, b = (np.corrcoef(z[:, 0], z[:, 1])[0, 1] for z in (found, theirs))
        near("correlation of months", a, b, 1 / np.sqrt(n) + 1 / np.sqrt(m))
    print(f"{checks} checks agree")


if __name__ == "__main__":
    command, place = sys.argv[1], Path(sys.argv[2])
    write(place) if command == "write" else check(place)
