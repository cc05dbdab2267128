"""The integer program, solved by HiGHS, and a check of a plan's counts against every rule."""

import highspy
import numpy as np

from laws import number
from scenario import METRICS, flatten, matches

INF = highspy.kHighsInf


def rows(model):
    """(name, coefficients, low, high): low <= a.x <= high, one a rule and bound."""
    cells = model.cells
    cost = np.array([c.unit["spend"] for c in cells])
    ones = np.ones(len(cells))
    only = lambda of, test: np.where([bool(test(c)) for c in cells], of, 0.0)
    d = model.diversity
    out = [("budget", cost, -INF, model.budget)]
    least = number(d.get("min_spend", 0 if model.objective == "profit" else 0.9))
    out.append(("diversity.min_spend", cost, least * model.budget, INF))
    out.append(("diversity.min_creators", ones, max(d.get("min_creators", 1), 1), INF))
    if d.get("max_creators", "free") != "free":
        out.append(("diversity.max_creators", ones, -INF, d["max_creators"]))

    def share(name, band, part, whole):
        low, high = band
        out.append((f"{name} (low)", part - low * whole, 0.0, INF))
        out.append((f"{name} (high)", part - high * whole, -INF, 0.0))

    for tier, band in model.tier_bands().items():
        part = only(cost, lambda c: c.tier == tier)
        share(f"diversity.tier_budget_share.{tier}", band, part, cost)
    for kind, band in model.bands(d.get("partnership_share", {})).items():
        part = only(ones, lambda c: c.type == kind)
        share(f"diversity.partnership_share.{kind}", band, part, ones)
    for word, names in (("category", model.categories), ("region", model.regions)):
        for name, band in model.bands(d.get(f"{word}_budget_share", {})).items():
            assert name in names, name
            part = only(cost, lambda c: getattr(c, word) == name)
            share(f"diversity.{word}_budget_share.{name}", band, part, cost)
    if "max_creator_budget_share" in d:
        most = number(d["max_creator_budget_share"]) * model.budget
        dear = np.where(cost > most, 1.0, 0.0)
        out.append(("diversity.max_creator_budget_share", dear, -INF, 0.0))
    for tier, own in model.tier_tree.items():
        booked = only(ones, lambda c: c.tier == tier)
        if own["max_creators"] != "free":
            out.append((f"tiers.{tier}.max_creators", booked, -INF, own["max_creators"]))
        if "min_creators" in own:
            out.append((f"tiers.{tier}.min_creators", booked, own["min_creators"], INF))
    if "hours_per_month" in model.operations:
        hours = np.array([c.unit["hours"] for c in cells])
        out.append(("operations.hours_per_month", hours, -INF, model.operations["hours_per_month"]))
    for key, metric, tier, way, level, enforce in model.targets():
        if enforce:
            top, below, factor = METRICS[metric]
            a = np.array([factor * c.unit[top] for c in cells])
            if below:
                a = a - level * np.array([c.unit[below] for c in cells])
                level = 0.0
            a = only(a, lambda c: tier in (None, c.tier))
            out.append((key, a, *((level, INF) if way == "at_least" else (-INF, level))))
    for rule in model.tree.get("constraint", []):
        amount = "count" if "count" in rule else "spend"
        a = np.zeros(len(cells))
        for key, coefficient in flatten(rule[amount]).items():
            a += only(ones, lambda c: matches(key, c)) * coefficient
        if amount == "spend":
            a = a * cost
        out.append((rule["name"], a, number(rule.get("min", -INF)), number(rule.get("max", INF))))
    return out


def maximize(model, objective, gap):
    """(status, x, proven bound) of max objective.x under the rules."""
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    h.setOptionValue("mip_rel_gap", gap)
    h.setOptionValue("time_limit", 60.0)
    n = len(model.cells)
    h.addVars(n, np.zeros(n), np.full(n, INF))
    h.changeColsCost(n, np.arange(n, dtype=np.int32), -np.asarray(objective, dtype=float))
    if model.whole:
        kinds = np.array([highspy.HighsVarType.kInteger] * n)
        h.changeColsIntegrality(n, np.arange(n, dtype=np.int32), kinds)
    for _, a, low, high in rows(model):
        at = np.flatnonzero(a)
        h.addRow(low, high, len(at), at.astype(np.int32), a[at])
    h.run()
    status = h.modelStatusToString(h.getModelStatus()).lower()
    x = np.array(h.getSolution().col_value)
    info = h.getInfo()
    if status == "time limit reached" and info.primal_solution_status == 2:
        status = "optimal"
    bound = -(info.mip_dual_bound if model.whole else info.objective_function_value)
    return status, x, bound


def optimum(model, gap=2e-4):
    """(status, x, best value, upper bound) of the model's own objective.

    Stopped by the clock with a plan, the status is still "optimal": the bound says how good it is.
    """
    top, below, factor = METRICS[model.objective]
    up = np.array([factor * c.unit[top] for c in model.cells])
    if below is None:
        status, x, bound = maximize(model, up, gap)
        return status, x, float(up @ x) if len(x) else None, bound
    down = np.array([c.unit[below] for c in model.cells])
    least = number(model.diversity.get("min_spend", 0.9)) * model.budget
    q = 0.0
    while True:  # Dinkelbach: q grows to the best ratio
        status, x, bound = maximize(model, up - q * down, gap)
        if status != "optimal":
            return status, x, None, None
        ratio = float(up @ x) / float(down @ x)
        if ratio <= q * (1 + 1e-9):
            return status, x, q, q * (1 + 1e-4) + max(bound, 0.0) / least
        q = ratio


def violations(model, x):
    """Rules that counts break, with how far."""
    out = []
    for name, a, low, high in rows(model):
        value = float(a @ x)
        scale = max(1e-6, model.precision) * max(1.0, float(np.abs(a) @ np.abs(x)))
        if value < low - scale or value > high + scale:
            out.append(f"{name}: {value:.6g} outside [{low:.6g}, {high:.6g}]")
    if model.whole and np.any(np.abs(x - np.round(x)) > 1e-9):
        out.append("counts are not whole")
    return out
