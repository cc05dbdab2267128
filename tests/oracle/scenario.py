"""Scenario file -> plain models, with the presets written out once more."""

import copy
import tomllib
from dataclasses import dataclass, field

import dependence
import incidents
import laws
import promises

TIERS = ["mega", "macro", "mid", "micro", "nano"]
TYPES = ["sponsored", "affiliate", "seeding", "ambassador"]
RATES = ["view_rate", "engagement_rate", "click_rate", "conversion_rate"]

PRESETS = {
    "tiers": {
        "mega": {
            "followers": "500k to 5m",
            "fee": "10k to 50k",
            "engagement_rate": "1% to 3%",
            "max_creators": 2,
            "partnerships": ["sponsored"],
        },
        "macro": {
            "followers": "100k to 500k",
            "fee": "5k to 20k",
            "engagement_rate": "3% to 5%",
            "max_creators": 10,
            "partnerships": ["sponsored", "affiliate", "ambassador"],
        },
        "mid": {
            "followers": "10k to 100k",
            "fee": "1k to 5k",
            "engagement_rate": "5% to 10%",
            "max_creators": 50,
            "partnerships": ["sponsored", "affiliate", "ambassador"],
        },
        "micro": {
            "followers": "1k to 10k",
            "fee": "200 to 1k",
            "engagement_rate": "10% to 20%",
            "max_creators": 200,
            "partnerships": TYPES,
        },
        "nano": {
            "followers": "100 to 1k",
            "fee": 0,
            "engagement_rate": "20% to 30%",
            "max_creators": 500,
            "partnerships": ["affiliate", "seeding"],
        },
    },
    "partnerships": {
        "sponsored": dict(
            fee=1, commission=0, product_cost=0, posts=1, delivery=1, conversion_lift=1, hours=2
        ),
        "affiliate": dict(
            fee=0.3, commission=0.15, product_cost=0, posts=1, delivery=0.9, conversion_lift=1, hours=2
        ),
        "seeding": dict(
            fee=0, commission=0, product_cost=80, posts=1, delivery=0.6, conversion_lift=1, hours=1
        ),
        "ambassador": dict(
            fee=0.5, commission=0.1, product_cost=80, posts=2, delivery=1, conversion_lift=1, hours=3
        ),
    },
    "funnel": {"view_rate": 0.3, "click_rate": 0.1, "conversion_rate": 0.05},
    "uncertainty": {
        "market": 0.1,
        "platform": 0.1,
        "engagement_rate": 0.1,
        "click_rate": 0.15,
        "conversion_rate": 0.2,
        "order_value": 0.05,
        "fee": 0.05,
        "benchmark": 0.15,
    },
}
STAGES = {
    "awareness": dict(mega=0.20, macro=0.30, mid=0.30, micro=0.20),
    "growth": dict(mega=0.10, macro=0.20, mid=0.40, micro=0.30),
    "maturity": dict(mega=0.05, macro=0.15, mid=0.50, micro=0.30),
}
AT_MOST = {"spend", "cpm", "cpe", "cpa"}
METRICS = {  # name: (numerator, denominator, factor)
    "spend": ("spend", None, 1),
    "revenue": ("revenue", None, 1),
    "profit": ("profit", None, 1),
    "impressions": ("impressions", None, 1),
    "engagements": ("engagements", None, 1),
    "clicks": ("clicks", None, 1),
    "conversions": ("conversions", None, 1),
    "roas": ("revenue", "spend", 1),
    "roi": ("profit", "spend", 1),
    "cpm": ("spend", "impressions", 1000),
    "cpe": ("spend", "engagements", 1),
    "cpa": ("spend", "conversions", 1),
}
OF_AUDIENCES = {
    "net_reach": ("net_reach", None, 1),
    "frequency": ("impressions", "net_reach", 1),
}


@dataclass
class Cell:
    tier: str
    type: str
    category: str | None
    region: str | None
    terms: dict
    factors: dict
    basis: dict
    products: dict  # expected followers × rates up to each, together
    fee: laws.Law
    order: tuple  # mean, sd of one order
    margin: float
    hour_cost: float
    risk: incidents.Incidents
    unit: dict = field(default_factory=dict)

    @property
    def key(self):
        return self.tier, self.type, self.category, self.region

    def expected(self, left=1.0):
        """Expected cost and yields of one creator and month, with a share `left` of its conversions."""
        t, f, risk = self.terms, self.factors, self.risk
        view = f["view_rate"] * risk.kept
        engage = view * f["engagement_rate"]
        click = engage * f["click_rate"]
        convert = click * f["conversion_rate"] * t["conversion_lift"] * left
        if "followers" in self.basis:
            impressions, engagements, clicks, conversions = (
                t["posts"] * t["delivery"] * self.products[rate] for rate in RATES
            )
        else:
            price = self.fee.mean() * t["posts"] * t["delivery"]
            per = {k: law.inverse_mean() * price for k, law in self.basis.items()}
            impressions = per["cpm"] * 1000 if "cpm" in per else None
            engagements, clicks = per.get("cpe"), per.get("cpc")
            conversions = per["cpa"]
        times = lambda value, factor: None if value is None else value * factor
        revenue = conversions * convert * self.order[0]
        fee = (
            t["fee_amount"] if "fee_amount" in t else self.fee.mean() * t["posts"] * t["fee"]
        )
        spend = (
            fee * f["fee"] * t["delivery"]
            + t["product_cost"]
            + t["hours"] * self.hour_cost
            + risk.probability * risk.cleanup_cost
            + t["commission"] * revenue
        )
        return {
            "spend": spend,
            "impressions": times(impressions, view),
            "engagements": times(engagements, engage),
            "clicks": times(clicks, click),
            "conversions": conversions * convert,
            "revenue": revenue,
            "profit": self.margin * revenue - spend,
            "hours": t["hours"],
        }


# Written as tables at times, but one value each: laid over a tree they replace what was there.
WHOLE = {"followers", "fee", "value", "cpm", "cpe", "cpc", "cpa", "counts", *RATES}


def merge(tree, over):
    """Lays `over` on `tree`: tables merge key by key, values are replaced."""
    for one, other in (("fee", "fee_amount"), ("fee_amount", "fee")):
        if one in over and other not in over:
            tree.pop(other, None)
    # An amount alone leaves the probability of a budget.
    budgets = [t.get("budget") for t in (tree, over)]
    if None not in budgets and any(isinstance(b, dict) for b in budgets):
        tree["budget"], own = (b if isinstance(b, dict) else {"amount": b} for b in budgets)
        over = over | {"budget": own}
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict) and key not in WHOLE:
            merge(tree[key], value)
        else:
            tree[key] = copy.deepcopy(value)
    return tree


def flatten(tree, prefix=""):
    """Nested or quoted keys of counts as one dotted key each."""
    out = {}
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else key
        out |= flatten(value, path) if isinstance(value, dict) else {path: laws.number(value)}
    return out


def month_budget(given, months):
    """A month's budget, of several the mean."""
    if isinstance(given, dict):
        given = given.get("months", given.get("amount", given.get("total", 0) / months))
    if isinstance(given, list):
        return sum(map(laws.number, given)) / months
    return laws.number(given)


def matches(pattern, cell):
    parts = pattern.split(".")
    parts += ["*"] * (4 - len(parts))
    return all(want in ("*", have) for want, have in zip(parts, cell.key))


class Model:
    """One planning problem: the base scenario or one what-if."""

    def __init__(self, name, tree):
        self.name, self.tree = name, tree
        self.tiers = [t for t in TIERS if t in tree.get("tiers", {}).get("use", TIERS)]
        self.types = [t for t in TYPES if t in tree.get("partnerships", {}).get("use", TYPES)]
        self.months = tree.get("months", 1)
        self.budget = month_budget(tree["budget"], self.months)
        self.promises = promises.read(tree) if self.months == 1 else None
        self.objective = tree.get("objective", "revenue")
        self.whole = not tree.get("fractional_counts", False)
        self.diversity = tree.get("diversity", {})
        self.operations = tree.get("operations", {})
        segments = tree.get("segments", {})
        self.categories = segments.get("categories", {})
        self.regions = segments.get("regions", {})
        order = tree.get("order", {})
        self.margin = laws.number(order.get("margin", 0.6))
        law = laws.read(order.get("value", {"mean": 150, "sd": 60}), gamma=True)
        self.order = (law.mean(), 0.0 if law.certain else float(law.frozen.std()))
        doubt = tree.get("uncertainty", {})
        self.doubt = dict.fromkeys(PRESETS["uncertainty"], 0.0) if doubt == "none" else {
            k: laws.number(doubt.get(k, v)) for k, v in PRESETS["uncertainty"].items()
        }
        given = tree.get("dependence", {})
        self.correlations = dependence.matrix(given)
        self.tier_correlation = laws.number(given.get("tiers", 0))
        self.precision = 1e-7  # to which the run should have the expectation of a creator
        self.risk = incidents.read(tree.get("incidents", "none"))
        self.tier_tree = {
            t: merge(copy.deepcopy(PRESETS["tiers"][t]), tree.get("tiers", {}).get(t, {}))
            for t in self.tiers
        }
        self.cells = [cell for t in self.tiers for cell in self.cells_of(t)]
        for cell in self.cells:
            cell.unit = cell.expected()
        given = tree.get("audience", "none")
        self.sizes = None if given == "none" else given["size"]
        counts = tree.get("counts")
        self.counts = None
        # Those of several months are read from the plan: see quarter.py.
        if counts and self.months == 1:
            given = flatten(counts)
            self.counts = [
                sum(n for key, n in given.items() if matches(key, c)) for c in self.cells
            ]

    def within(self, counts):
        """Cells' expectations become those of creators in this plan."""
        left = self.risk.left(counts) if self.risk.shocking else [1.0] * len(self.cells)
        for cell, share in zip(self.cells, left):
            cell.unit = cell.expected(share)

    def cells_of(self, tier):
        own = self.tier_tree[tier]
        fee = laws.read(own["fee"])
        order, products = self.order, {}
        if "benchmark" in own:
            basis = {
                k: laws.read(v) for k, v in own["benchmark"].items() if k != "roas"
            }
            if "roas" in own["benchmark"]:
                mean = laws.number(own["benchmark"]["roas"]) / basis["cpa"].inverse_mean()
                order = (mean, mean * order[1] / order[0])
        else:
            funnel = PRESETS["funnel"] | self.tree.get("funnel", {})
            basis = {k: laws.read(own.get(k, funnel.get(k)), rate=True) for k in RATES}
            basis["followers"] = laws.read(own["followers"])
            for n, rate in enumerate(RATES, 1):
                products[rate], precision = dependence.mean_of_product(
                    self.correlations, basis, ["followers", *RATES[:n]]
                )
                self.precision = max(self.precision, precision)
        for kind in self.types:
            if kind not in own["partnerships"]:
                continue
            terms = copy.deepcopy(PRESETS["partnerships"][kind])
            merge(terms, self.tree.get("partnerships", {}).get(kind, {}))
            merge(terms, own.get("partnership", {}).get(kind, {}))
            terms = {k: laws.number(v) for k, v in terms.items()}
            for category, c in (self.categories or {None: {}}).items():
                for region, r in (self.regions or {None: {}}).items():
                    if any(tier not in s.get("tiers", TIERS) for s in (c, r)):
                        continue
                    factors = {
                        k: laws.number(c.get(k, 1)) * laws.number(r.get(k, 1))
                        for k in ["fee", *RATES]
                    }
                    yield Cell(
                        tier, kind, category, region, terms, factors, basis, products, fee, order,
                        self.margin, laws.number(self.operations.get("hour_cost", 0)), self.risk,
                    )

    def audience(self, cell):
        """Whom a cell's posts reach, and how many they are: the size with most names holds."""
        who = (cell.category, cell.region)
        if not isinstance(self.sizes, dict):
            return who, laws.number(self.sizes)
        best, named = None, -1
        for key, size in flatten(self.sizes).items():
            parts = key.split(".")
            if len(parts) == 1:
                fits, names = key in who, 1
            else:
                fits = all(want in ("*", have) for want, have in zip(parts, who))
                names = sum(want != "*" for want in parts)
            if fits and names > named:
                best, named = size, names
        return who, best

    def metrics(self, scope):
        """Metrics that have rows for a scope."""
        if self.sizes is None or scope not in ("total", "category", "region"):
            return METRICS
        return METRICS | OF_AUDIENCES

    def tier_bands(self):
        given = self.diversity.get("tier_budget_share", {})
        tolerance = laws.number(self.diversity.get("tolerance", 0.05))
        bands = self.bands(given)
        stage = STAGES.get(self.tree.get("stage", "custom"), {})
        fixed = sum(
            laws.number(v) for v in given.values() if not isinstance(v, list) and v != "free"
        )
        in_use = {t: stage.get(t, 0.0) for t in self.tiers} if stage else {}
        in_use = {t: s / sum(in_use.values()) for t, s in in_use.items()}
        numbers = {t for t, v in given.items() if not isinstance(v, list) and v != "free"}
        left = 1 - sum(s for t, s in in_use.items() if t in numbers)
        scale = max((1 - fixed) / left, 0.0) if left > 1e-9 else 0.0
        for tier, share in in_use.items():
            if tier not in given:
                bands[tier] = (
                    max(share * scale - tolerance, 0.0), min(share * scale + tolerance, 1.0)
                )
        return bands

    def bands(self, given):
        slack = laws.number(self.diversity.get("share_tolerance", 0.01))
        out = {}
        for name, value in given.items():
            if isinstance(value, list):
                out[name] = tuple(laws.number(v) for v in value)
            elif value != "free":
                share = laws.number(value)
                out[name] = (max(share - slack, 0.0), min(share + slack, 1.0))
        return out

    def targets(self):
        """(key, metric, tier or None, direction, level, enforced)"""
        groups = [("targets", None, self.tree.get("targets", {}))]
        groups += [
            (f"tiers.{t}.targets", t, own.get("targets", {})) for t, own in self.tier_tree.items()
        ]
        for prefix, tier, group in groups:
            for metric, value in group.items():
                enforce = False
                if isinstance(value, dict):
                    enforce = value.get("enforce", False)
                    way = "at_least" if "at_least" in value else "at_most"
                    value = value[way]
                else:
                    way = "at_most" if metric in AT_MOST else "at_least"
                yield f"{prefix}.{metric}", metric, tier, way, laws.number(value), enforce


def models(path):
    """Base first, then the what-ifs in file order."""
    with open(path, "rb") as file:
        tree = tomllib.load(file)
    what_ifs = tree.pop("what_if", [])
    out = [Model("base", tree)]
    for what_if in what_ifs:
        changed = copy.deepcopy(tree)
        for key, value in what_if.items():
            if key in ("name", "description"):
                continue
            for part in reversed(key.split(".")):
                value = {part: value}
            merge(changed, value)
        out.append(Model(what_if["name"], changed))
    return tree["name"], out
