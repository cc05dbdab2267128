"""Posts that go wrong: the figures, and what a whole plan loses by shocks to the brand."""

import math
from dataclasses import dataclass

import laws

CAUTIOUS = dict(
    probability=0.01, yield_lost=1, cleanup_cost=2000, shock_probability=0.05, shock=0.3
)


@dataclass
class Incidents:
    """Of one partnership and month."""

    probability: float = 0.0
    yield_lost: float = 1.0
    cleanup_cost: float = 0.0
    shock_probability: float = 0.0
    shock: float = 0.0

    @property
    def kept(self):
        """Share of its yields that a partnership keeps on average."""
        return 1 - self.probability * self.yield_lost

    @property
    def shocking(self):
        return self.probability * self.shock_probability * self.shock > 0

    def left(self, counts):
        """By cell: expected conversions in this plan, over those of its creators one by one.

        Of a cell without creators: those of one more.
        """
        parts = [weights(count) for count in counts]
        calm = math.prod(self.calm(w) ** n for part in parts for w, n in part)
        return [self.of_cell(part, calm, parts) for part in parts]

    def of_cell(self, part, calm, parts):
        if not self.kept:
            return 1.0
        if not part:
            return self.of_creator(1.0, calm)
        conversions = 0.0
        for w, n in part:
            others = math.prod(
                self.calm(v) ** (m - (other is part and v == w)) for other in parts for v, m in other
            )
            conversions += n * w * self.of_creator(w, others)
        return conversions / sum(w * n for w, n in part)

    def calm(self, weight):
        """Probability that a creator causes no shock."""
        return 1 - self.probability * self.shock_probability * weight

    def of_creator(self, weight, others):
        """`others`: probability that none of the others causes a shock."""
        p, lost, q = self.probability, self.yield_lost, self.shock_probability * weight
        # Without an incident of its own, with one that is no shock, with one that is.
        unshocked = (1 - p) * others + p * (1 - lost) * (1 - q) * others
        shocked = (1 - p) * (1 - others) + p * (1 - lost) * (1 - (1 - q) * others)
        return (unshocked + (1 - self.shock) * shocked) / self.kept


def weights(count):
    """[(weight, number of creators of it)]"""
    whole = int(math.floor(count + 1e-9))
    rest = float(count) - whole
    return [(1.0, whole)] * (whole > 0) + [(rest, 1)] * (rest > 1e-9)


def read(given):
    if given == "none":
        return Incidents()
    if given == "cautious":
        given = CAUTIOUS
    return Incidents(**{key: laws.number(value) for key, value in given.items()})
