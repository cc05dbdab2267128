//! The elastic program of a region.

use super::Joint;
use super::written::Written;
use crate::model::{BudgetScale, Constraint, Form, Unit};
use crate::optimizer::conflict::budgets;
use crate::optimizer::conflict::change::{Change, Side, steps};
use crate::optimizer::conflict::filter::is_background;
use crate::optimizer::conflict::probe::{MANY, Prober};
use crate::optimizer::program::dot;

/// Price of the whole of a bound, or of 100 points.
const WHOLE: f64 = 100.0;

/// Most values tried for a cap on one partnership's share.
const CAPS: usize = 8;

/// Price of moving a bound by one unit of the constrained value.
pub(super) fn price(constraint: &Constraint, bound: f64) -> f64 {
    let whole = WHOLE * constraint.importance;
    if constraint.unit == Unit::Share {
        return whole;
    }
    let scale = if bound == 0.0 {
        match &constraint.form {
            Form::Sum(a) => 10.0 * a.iter().fold(0.0, |m: f64, v| m.max(v.abs())),
            _ => 1.0,
        }
    } else {
        bound.abs()
    };
    whole / scale.max(f64::MIN_POSITIVE)
}

/// Price of one change by itself.
pub(super) fn price_of(constraint: &Constraint, change: &Change) -> f64 {
    match change.side {
        Side::Budget => WHOLE * constraint.importance * change.size() / change.from,
        Side::Low | Side::High => price(constraint, change.from) * change.size(),
    }
}

/// A cap on one partnership's share of the budget, and how a program deals with it.
#[derive(Clone, Copy)]
pub(super) enum Cap {
    /// The cap stands.
    Stands,
    /// The cap is raised so far.
    Raised(f64),
    /// The budget is raised at least so far instead, which opens cells up to this share of the
    /// old budget.
    Budget { least: f64, share: f64 },
}

/// Ranges of the denominators, with what is known about the plans in them.
pub(super) struct Region {
    pub(super) cap: Cap,
    /// One a group of equal denominators.
    pub(super) ranges: Vec<(f64, f64)>,
    /// No plan in it costs less.
    pub(super) least: f64,
}

pub(super) struct Elastic<'a> {
    pub(super) all: &'a [Constraint],
    /// The budget that everything scales with; none where each month has its own.
    pub(super) budget_index: Option<usize>,
    /// Those of months.
    pub(super) months: Vec<usize>,
    pub(super) budget: f64,
    /// Price of the budget over again.
    pub(super) budget_price: f64,
    pub(super) costs: Vec<f64>,
    /// The denominators that occur, each once.
    groups: Vec<Vec<f64>>,
    /// Which of them a rule has.
    group_of: Vec<Option<usize>>,
}

impl<'a> Elastic<'a> {
    pub(super) fn new(all: &'a [Constraint]) -> Option<Self> {
        let mut groups: Vec<Vec<f64>> = Vec::new();
        let group_of = all
            .iter()
            .map(|c| match &c.form {
                Form::Ratio { denominator, .. } => Some(
                    groups
                        .iter()
                        .position(|g| g == denominator)
                        .unwrap_or_else(|| {
                            groups.push(denominator.clone());
                            groups.len() - 1
                        }),
                ),
                _ => None,
            })
            .collect();
        let one = all
            .iter()
            .enumerate()
            .find_map(|(i, c)| match (c.scales, &c.form, c.high) {
                (Some(BudgetScale::Budget), Form::Sum(costs), Some(budget)) => {
                    Some((Some(i), costs.clone(), budget))
                }
                _ => None,
            });
        let months = budgets::of_months(all);
        let of_months = || budgets::whole(all, &months).map(|(costs, sum)| (None, costs, sum));
        let (budget_index, costs, budget) = one.or_else(of_months)?;
        if budget <= 0.0 {
            return None;
        }
        // the price of a raised cap depends on the spend, too
        let capped = all.iter().any(|c| matches!(c.form, Form::Largest(_)));
        if capped && !groups.contains(&costs) {
            groups.push(costs.clone());
        }
        let least = |i: &usize| all[*i].importance;
        let importance = match budget_index {
            Some(i) => all[i].importance,
            None => months.iter().map(least).fold(f64::INFINITY, f64::min),
        };
        Some(Self {
            all,
            budget_index,
            budget,
            budget_price: WHOLE * importance,
            months,
            costs,
            groups,
            group_of,
        })
    }

    /// The ranges of all denominators for plans that spend no more than this.
    pub(super) fn ranges(&self, spend: f64) -> Vec<(f64, f64)> {
        self.groups
            .iter()
            .map(|group| {
                let low = group.iter().copied().fold(f64::INFINITY, f64::min);
                let per_cost = group
                    .iter()
                    .zip(&self.costs)
                    .filter(|&(&b, _)| b > 0.0)
                    .map(|(&b, &cost)| if cost > 0.0 { b / cost } else { f64::INFINITY })
                    .fold(0.0, f64::max);
                let most = MANY * group.iter().sum::<f64>();
                let high = (per_cost * spend).min(most);
                (low.max(0.0), high.max(low))
            })
            .collect()
    }

    /// Solves a region's program and keeps what it finds, if it is the cheapest so far. Returns
    /// the counts and the least price in the region.
    pub(super) fn look(
        &self,
        prober: &mut Prober,
        region: &Region,
        best: &mut Option<Joint>,
    ) -> Option<(Vec<f64>, f64)> {
        let (x, least) = self.solve(prober, region)?;
        if let Some(joint) = self.priced(&x)
            && best.as_ref().is_none_or(|b| joint.price < b.price)
        {
            *best = Some(joint);
        }
        Some((x, least))
    }

    /// The region without what its program has settled: split at the denominator that makes the
    /// point found look cheaper than it is.
    pub(super) fn split(&self, region: &Region, x: &[f64], least: f64) -> Vec<Region> {
        let at: Vec<f64> = self
            .groups
            .iter()
            .zip(&region.ranges)
            .map(|(group, &(low, _))| {
                let floor = group
                    .iter()
                    .copied()
                    .filter(|&b| b > 0.0)
                    .fold(f64::INFINITY, f64::min);
                dot(group, x).max(low).max(0.5 * floor)
            })
            .collect();
        let mut hidden = vec![0.0; self.groups.len()];
        for (constraint, group) in self.all.iter().zip(&self.group_of) {
            let (Some(group), Form::Ratio { numerator, .. }) = (*group, &constraint.form) else {
                continue;
            };
            let (above, below) = (dot(numerator, x), dot(&self.groups[group], x));
            for (bound, sign) in [(constraint.low, 1.0), (constraint.high, -1.0)] {
                let Some(bound) = bound else { continue };
                let broken = f64::max(0.0, sign * (bound * below - above));
                let high = region.ranges[group].1;
                hidden[group] += price(constraint, bound) * broken * (1.0 / at[group] - 1.0 / high);
            }
        }
        let widest = at
            .iter()
            .zip(&region.ranges)
            .map(|(&at, &(_, high))| (at, high / at))
            .enumerate()
            .max_by(|a, b| {
                let by_price = hidden[a.0].total_cmp(&hidden[b.0]);
                by_price.then(a.1.1.total_cmp(&b.1.1))
            });
        let Some((mut group, (at, ratio))) = widest else {
            return Vec::new();
        };
        let (mut low, mut high) = region.ranges[group];
        let mut at = at * ratio.sqrt();
        if let Some((spend, budget, missing)) = self.beyond_tangent(region, x)
            && missing > hidden[group]
        {
            // a new tangent at this very budget, or nearer to it where it is the most already
            group = spend;
            (low, high) = region.ranges[spend];
            at = if budget < 0.99 * high {
                budget
            } else {
                (low.max(self.budget) * high).sqrt()
            };
        }
        if at <= low * (1.0 + 1e-9) || at >= high * (1.0 - 1e-9) {
            return Vec::new();
        }
        let part = |range: (f64, f64)| {
            let mut ranges = region.ranges.clone();
            ranges[group] = range;
            Region {
                cap: region.cap,
                ranges,
                least,
            }
        };
        vec![part((low, at)), part((at, high))]
    }

    pub(super) fn cap(&self) -> Option<(&Constraint, &[f64], f64)> {
        self.all.iter().find_map(|c| match (&c.form, c.high) {
            (Form::Largest(shares), Some(high)) => Some((c, shares.as_slice(), high)),
            _ => None,
        })
    }

    pub(super) fn caps(&self) -> Vec<Cap> {
        let mut out = vec![Cap::Stands];
        if let Some((_, shares, high)) = self.cap() {
            for share in steps(shares, high).into_iter().take(CAPS) {
                out.push(Cap::Raised(share));
                // The budget of one month opens no cell of another's.
                if self.budget_index.is_some() {
                    let least = self.budget * share / high;
                    out.push(Cap::Budget { least, share });
                }
            }
        }
        out
    }

    /// The budget at which a little more of it costs as much as a little more of the cap, for a
    /// partnership at this share of the old budget: the least of c·share·B₀/B + b·B/B₀.
    pub(super) fn even(&self, share: f64) -> f64 {
        let cap = self.cap().map_or(WHOLE, |(c, _, high)| price(c, high));
        self.budget * (share * cap / self.budget_price).sqrt()
    }

    /// The least price of a plan under this cap. A raised cap costs less where the budget grows too.
    pub(super) fn cap_price(&self, cap: Cap) -> f64 {
        match cap {
            Cap::Budget { least, .. } => self.budget_price * (least - self.budget) / self.budget,
            Cap::Stands | Cap::Raised(_) => 0.0,
        }
    }

    /// Prices a raised cap: a partnership at this share of the old budget needs a cap of
    /// f(B) = share·B₀/B under the new one. f is convex, so that its tangent at the least budget
    /// in the region is never above it.
    fn raise_cap(&self, written: &mut Written, rise: usize, share: f64, region: &Region) {
        let Some((constraint, _, high)) = self.cap().filter(|_| self.budget_index.is_some()) else {
            return;
        };
        let spend = self.groups.iter().position(|g| *g == self.costs);
        let least = spend.map_or(0.0, |g| region.ranges[g].0).max(self.budget);
        let slope = -share * self.budget / (least * least);
        let at = share * self.budget / least - slope * (least - self.budget);
        let raise = written.column(0.0, price(constraint, high));
        let cells = vec![0.0; written.cells];
        written.row(
            cells,
            &[(raise, 1.0), (rise, -slope)],
            Some(at - high),
            None,
        );
    }

    /// Where a raised cap's price lies above its tangent at the budget that a point needs: the
    /// spend's group, that budget, and by how much.
    fn beyond_tangent(&self, region: &Region, x: &[f64]) -> Option<(usize, f64, f64)> {
        let Cap::Raised(share) = region.cap else {
            return None;
        };
        self.budget_index?;
        let (constraint, _, high) = self.cap()?;
        let group = self.groups.iter().position(|g| *g == self.costs)?;
        let least = region.ranges[group].0.max(self.budget);
        let budget = dot(&self.costs, x).max(self.budget);
        let curve = 1.0 / budget - 1.0 / least + (budget - least) / (least * least);
        let missing = price(constraint, high) * share * self.budget * curve;
        (budget > least).then_some((group, budget, missing))
    }

    /// Counts of the region's best point, and its price as the program sees it.
    #[expect(clippy::too_many_lines, reason = "one arm for each form of a rule")]
    fn solve(&self, prober: &mut Prober, region: &Region) -> Option<(Vec<f64>, f64)> {
        let cap = region.cap;
        let cells = self.costs.len();
        let mut needs = Vec::new();
        let mut written = Written {
            cells,
            maximize: vec![0.0; cells],
            extra: Vec::new(),
            rows: prober.rows([]),
        };
        let most = match cap {
            Cap::Budget { least, .. } => least - self.budget,
            _ => 0.0,
        };
        let rise = written.column(most, self.budget_price / self.budget);
        if let Cap::Raised(share) = cap
            && let Some(group) = self.groups.iter().position(|g| *g == self.costs)
        {
            // beyond the spend a larger budget saves less of the cap's price than it costs, down
            // from where both cost the same
            let even = self.even(share);
            let most = region.ranges[group].1.max(even).max(self.budget);
            written.extra[0].high = most - self.budget;
        }
        let rises: Vec<(usize, usize)> = self
            .months
            .iter()
            .map(|&i| {
                let bound = self.all[i].high.unwrap_or(0.0);
                (i, written.column(0.0, price(&self.all[i], bound)))
            })
            .collect();
        for (group, &(low, high)) in self.groups.iter().zip(&region.ranges) {
            written.row(group.clone(), &[], Some(low), Some(high));
        }
        for (index, (constraint, group)) in self.all.iter().zip(&self.group_of).enumerate() {
            let below = group
                .map_or(1.0, |g| region.ranges[g].1)
                .max(f64::MIN_POSITIVE);
            if is_background(constraint) {
                continue;
            }
            let sides = [(constraint.low, 1.0), (constraint.high, -1.0)];
            match (&constraint.form, constraint.scales) {
                (Form::Sum(a), Some(BudgetScale::Budget)) => {
                    written.row(a.clone(), &[(rise, -1.0)], None, constraint.high);
                }
                (Form::Sum(a), Some(BudgetScale::LowShare(share))) => {
                    let low = constraint.low.unwrap_or(0.0);
                    let slack = written.column(0.0, price(constraint, low));
                    let columns = [(rise, -share), (slack, 1.0)];
                    written.row(a.clone(), &columns, Some(low), None);
                }
                (Form::Sum(a), _) if self.months.contains(&index) => {
                    let own = rises.iter().filter(|(i, _)| *i == index);
                    let columns: Vec<(usize, f64)> = own.map(|&(_, rise)| (rise, -1.0)).collect();
                    written.row(a.clone(), &columns, None, constraint.high);
                }
                (Form::Sum(a), _)
                    if let Some((of, share)) = budgets::of_least(self.all, &self.months, index) =>
                {
                    let low = constraint.low.unwrap_or(0.0);
                    let slack = written.column(0.0, price(constraint, low));
                    let follows = rises.iter().filter(|(i, _)| of.contains(i));
                    let mut columns: Vec<(usize, f64)> =
                        follows.map(|&(_, rise)| (rise, -share)).collect();
                    columns.push((slack, 1.0));
                    written.row(a.clone(), &columns, Some(low), None);
                }
                (Form::Excess(excess), _) => {
                    let Some(bound) = constraint.high else {
                        continue;
                    };
                    let slack = written.column(0.0, price(constraint, bound));
                    let mut sum = vec![(slack, -1.0)];
                    for part in 0..excess.parts() {
                        sum.push((written.need(&mut needs, excess.sum_of(&[part])), 1.0));
                    }
                    written.row(vec![0.0; cells], &sum, None, Some(bound));
                }
                (Form::Sum(a), _) => {
                    for (bound, sign) in sides {
                        let Some(bound) = bound else { continue };
                        let slack = written.column(0.0, price(constraint, bound));
                        let (low, high) = one_side(sign, bound);
                        written.row(a.clone(), &[(slack, sign)], low, high);
                    }
                }
                (
                    Form::Ratio {
                        numerator,
                        denominator,
                    },
                    _,
                ) => {
                    for (bound, sign) in sides {
                        let Some(bound) = bound else { continue };
                        let a = numerator
                            .iter()
                            .zip(denominator)
                            .map(|(n, d)| n - bound * d)
                            .collect();
                        let slack = written.column(0.0, price(constraint, bound) / below);
                        let (low, high) = one_side(sign, 0.0);
                        written.row(a, &[(slack, sign)], low, high);
                    }
                }
                (Form::Largest(shares), _) => {
                    let most = match cap {
                        Cap::Stands => constraint.high.unwrap_or(f64::INFINITY),
                        Cap::Raised(share) | Cap::Budget { share, .. } => share,
                    };
                    let closed = shares
                        .iter()
                        .map(|&s| if s > most { 1.0 } else { 0.0 })
                        .collect();
                    written.row(closed, &[], None, Some(0.0));
                    if let Cap::Raised(share) = cap {
                        self.raise_cap(&mut written, rise, share, region);
                    }
                }
            }
        }
        let rows = (written.rows, &[][..]);
        let mut best = prober.best(&written.maximize, &written.extra, rows, None)?;
        best.x.truncate(cells);
        let least = if best.bound.is_finite() {
            -best.bound
        } else {
            0.0
        };
        Some((best.x, least.max(0.0)))
    }
}

fn one_side(sign: f64, bound: f64) -> (Option<f64>, Option<f64>) {
    if sign > 0.0 {
        (Some(bound), None)
    } else {
        (None, Some(bound))
    }
}
