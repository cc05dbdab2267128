"""The posterior of the shared factors after a month of actuals, by dense covariances.

    python tests/oracle/actuals.py write DIR          writes oracle-actuals.toml and oracle-actuals.csv
    imatrix run DIR/oracle-actuals.toml --actuals DIR/oracle-actuals.csv --trials 1024 --no-trials --out DIR
    python tests/oracle/actuals.py check DIR/oracle-actuals/result.json

Creators are certain, so that logarithms of totals are linear in the factors' latent normals: y = A z + e.
The posterior is S_zy S_yy^-1 y and S_zz - S_zy S_yy^-1 S_yz, nothing of it shared with the product.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

PERSISTENCE = 0.6
DOUBT = {
    "market": 0.2,
    "platform": 0.15,
    "engagement_rate": 0.1,
    "click_rate": 0.15,
    "conversion_rate": 0.2,
    "order_value": 0.05,
    "fee": 0.1,
}
# fee, followers, engagement rate, partnerships a month
TIERS = {"mid": (2_000.0, 40_000.0, 0.08, 20), "micro": (500.0, 5_000.0, 0.15, 60)}
VIEW, CLICK, CONVERSION, VALUE, SD = 0.30, 0.10, 0.05, 150.0, 60.0
# month, tier, and multiples of what is expected: spend, impressions, engagements, clicks, conversions, revenue
SEEN = [
    (0, "mid", (1.1, 0.9, 0.8, 0.85, 0.7, 0.75)),
    (0, "micro", (0.95, 0.9, 1.1, 1.2, 1.0, 1.02)),
    (1, "mid", (1.0, 1.2, 1.1, 1.0, 0.9, 0.88)),
]


def expected(tier):
    fee, followers, rate, count = TIERS[tier]
    impressions = count * followers * VIEW
    engagements = impressions * rate
    clicks = engagements * CLICK
    conversions = clicks * CONVERSION
    return [count * fee, impressions, engagements, clicks, conversions, conversions * VALUE]


def rows():
    for month, tier, by in SEEN:
        seen = [round(e * b, 6) for e, b in zip(expected(tier), by)]
        seen[4] = float(round(seen[4]))  # orders are whole
        yield month, tier, seen


def write(folder):
    lines = [
        "schema = 1",
        'name = "oracle-actuals"',
        "budget = 100_000",
        "months = 3",
        'partnerships.use = ["sponsored"]',
        f"tiers.use = {json.dumps(list(TIERS))}",
        f"order = {{ value = {{ mean = {VALUE}, sd = {SD} }}, margin = 0.6 }}",
        f"funnel = {{ view_rate = {VIEW}, click_rate = {CLICK}, conversion_rate = {CONVERSION} }}",
        "diversity.min_spend = 0",
        f"time.market_persistence = {PERSISTENCE}",
    ]
    for tier, (fee, followers, rate, _) in TIERS.items():
        lines.append(f"tiers.{tier} = {{ fee = {fee}, followers = {followers}, engagement_rate = {rate} }}")
    lines += [f"uncertainty.{name} = {spread}" for name, spread in DOUBT.items()]
    counts = ", ".join(f'"{tier}.sponsored" = {figures[3]}' for tier, figures in TIERS.items())
    lines.append(f"counts = {{ {counts} }}")
    (folder / "oracle-actuals.toml").write_text("\n".join(lines) + "\n")
    text = "month,tier,partnership,spend,impressions,engagements,clicks,conversions,revenue\n"
    for month, tier, values in rows():
        text += f"{month + 1},{tier},sponsored," + ",".join(map(str, values)) + "\n"
    (folder / "oracle-actuals.csv").write_text(text)


def sigma(name):
    return math.sqrt(math.log1p(DOUBT[name] ** 2))


def key(name, tier, month):
    return (name, None, month) if name in ("market", "platform") else (name, tier, None)


def covariance(a, b):
    if a[0] != b[0]:
        return 0.0
    if a[1] is None:
        return PERSISTENCE ** abs(a[2] - b[2])
    return 1.0 if a[1] == b[1] else 0.0


def posterior():
    chain = ["platform", "engagement_rate", "click_rate", "conversion_rate", "market"]
    design, values, noise = [], [], []

    def observe(names, tier, month, log, variance):
        design.append([(key(name, tier, month), sigma(name)) for name in names])
        values.append(log + 0.5 * sum(sigma(name) ** 2 for name in names) + 0.5 * variance)
        noise.append(variance + 1e-6)

    for month, tier, seen in rows():
        wanted = expected(tier)
        for stage in (1, 2, 3):
            observe(chain[:stage], tier, month, math.log(seen[stage] / wanted[stage]), 0.0)
        chance = math.log1p(1 / (wanted[4] + 0.5))
        observe(chain, tier, month, math.log((seen[4] + 0.5) / (wanted[4] + 0.5)), chance)
        spread = math.log1p((SD / VALUE) ** 2 / seen[4])
        observe(["order_value"], tier, month, math.log(seen[5] / seen[4] / VALUE), spread)
        observe(["fee"], tier, month, math.log(seen[0] / wanted[0]), 0.0)
    factors = [key(name, None, month) for name in ("market", "platform") for month in range(3)]
    factors += [key(name, tier, None) for name in DOUBT for tier in TIERS if name not in ("market", "platform")]
    a = np.zeros((len(design), len(factors)))
    for i, terms in enumerate(design):
        for name, weight in terms:
            a[i, factors.index(name)] = weight
    prior = np.array([[covariance(x, y) for y in factors] for x in factors])
    gain = prior @ a.T @ np.linalg.inv(a @ prior @ a.T + np.diag(noise))
    mean = gain @ np.array(values)
    variance = np.diag(prior - gain @ a @ prior)
    out = {}
    for name, m, v in zip(factors, mean, variance):
        s = sigma(name[0])
        out[name] = math.exp(s * m - 0.5 * s * s + 0.5 * s * s * v)
    return out


def check(result):
    wanted = posterior()
    learned = json.loads(result.read_text())["learned"]
    worst, seen = 0.0, set()
    for row in learned:
        month = None if row["month"] is None else row["month"] - 1
        name = (row["input"], row["tier"], month)
        seen.add(name)
        worst = max(worst, abs(row["mean"] - wanted[name]))
    missing = set(wanted) - seen
    if missing or worst > 1e-7:
        sys.exit(f"missing {sorted(map(str, missing))}, largest difference {worst}")
    print(f"{len(seen)} factors agree, largest difference {worst:.1e}")


if __name__ == "__main__":
    command, place = sys.argv[1], Path(sys.argv[2])
    write(place) if command == "write" else check(place)
