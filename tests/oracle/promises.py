"""What a plan promises beyond its mean: `[risk]` and `budget.with`, measured on the plain simulation."""

import numpy as np

from laws import number

# Standard errors by which a figure may be short before a rule counts as missed.
SHORT = 2.0


def read(tree):
    """Rules in the order of the file's kinds (cvar, probability, budget), the objective's last."""
    out = []
    risk = tree.get("risk", "none")
    risk = {} if risk == "none" else risk
    for kind in ("cvar", "probability"):
        given = risk.get(kind, "none")
        if given == "none":
            continue
        many = isinstance(given, list)
        for i, rule in enumerate(given if many else [given], 1):
            key = f"risk.{kind}[{i}]" if many else f"risk.{kind}"
            share = rule["with"] if kind == "probability" else rule.get("level", 0.9)
            out.append(one(key, kind, rule["metric"], number(share), rule))
    budget = tree["budget"]
    if isinstance(budget, dict) and budget.get("with", "free") != "free":
        bound = {"at_most": budget["amount"]}
        out.append(one("budget", "probability", "spend", number(budget["with"]), bound))
    objective = risk.get("objective", "none")
    if objective != "none":
        level = number(objective.get("level", 0.9))
        out.append(one("risk.objective", "cvar", tree.get("objective", "revenue"), level, {}))
    return out


def one(key, kind, metric, share, bound):
    way = next((w for w in ("at_least", "at_most") if w in bound), None)
    level = number(bound[way]) if way else None
    return {
        "rule": key, "metric": metric, "measure": kind, "share": share, "way": way, "level": level
    }


def worst_mean(gain, level):
    """(mean of the worst 1 - level of the trials, standard error)."""
    n = len(gain)
    k = (1 - level) * n
    values = np.sort(gain)
    whole = int(np.floor(k + 1e-9))
    part = k - whole if k - whole > 1e-9 else 0.0
    mean = (values[:whole].sum() + part * values[min(whole, n - 1)]) / k
    q = values[int(np.ceil(k - 1e-9)) - 1]
    weights = q - np.maximum(q - gain, 0) / (1 - level)
    return float(mean), float(np.std(weights, ddof=1) / np.sqrt(n))


def measure(rule, totals):
    """(figure, standard error) over trials."""
    r, s, n, p = (totals[k] for k in ("revenue", "spend", "conversions", "profit"))
    ratios = {"roas": (r, s), "roi": (p, s), "cpa": (s, n)}
    plain = {"revenue": r, "spend": s, "conversions": n, "profit": p}
    metric, level = rule["metric"], rule["level"]
    if rule["measure"] == "probability":
        if metric in ratios:
            above, below = ratios[metric]
            defined = below != 0
            value = np.full(len(below), np.nan)
            value[defined] = above[defined] / below[defined]
        else:
            value = plain[metric]
        met = value >= level if rule["way"] == "at_least" else value <= level
        share = float(np.mean(met))
        smooth = (share * len(met) + 0.5) / (len(met) + 1)
        return share, float(np.sqrt(smooth * (1 - smooth) / len(met)))
    if metric in ("roas", "roi"):
        gain = ratios[metric][0] - level * s
    elif metric == "cpa":
        gain = level * n - s
    elif metric == "spend":
        mean, error = worst_mean(-s, rule["share"])
        return -mean, error
    else:
        gain = plain[metric]
    return worst_mean(gain, rule["share"])


def check(report, where, model, rows, totals):
    """The rules of the file are those of the run, with the figures of our own trials."""
    rules = model.promises
    names = [r["rule"] for r in rules]
    found = [r["rule"] for r in rows]
    report.true(f"{where}: rules {found}, expected {names}", found == names)
    if found != names:
        return
    for rule, row in zip(rules, rows):
        at = f"{where} {rule['rule']}"
        for key in ("metric", "measure"):
            report.true(f"{at}: {key} {row[key]}", row[key] == rule[key])
        share = row["with"] if rule["measure"] == "probability" else row["level"]
        report.exact(f"{at} level or with", share, rule["share"])
        for way in ("at_least", "at_most"):
            report.exact(f"{at} {way}", row[way], rule["level"] if rule["way"] == way else None)
        value, error = measure(rule, totals)
        both = np.hypot(error, row["out_of_sample_error"])
        report.within(f"{at} out of sample", row["out_of_sample"], value, both)
        report.true(f"{at}: verdict {row['verdict']}", row["verdict"] == verdict(rule, row))


def verdict(rule, row):
    if rule["way"] is None:
        return "measured"
    if rule["measure"] == "probability":
        wanted, least = rule["share"], True
    elif rule["metric"] in ("roas", "roi", "cpa"):
        wanted, least = 0.0, True
    else:
        wanted, least = rule["level"], rule["way"] == "at_least"
    short = (wanted - row["out_of_sample"]) * (1 if least else -1)
    return "held" if short <= SHORT * row["out_of_sample_error"] else "missed"
