//! The elastic program of a region, and the true price of letting a plan pass.

use super::Joint;
use super::written::Written;
use crate::model::{BudgetScale, Constraint, Form, Unit};
use crate::optimizer::conflict::change::{Change, NUDGE, Side, steps, with_budget};
use crate::optimizer::conflict::filter::is_background;
use crate::optimizer::conflict::probe::{MANY, Prober};
use crate::optimizer::program::dot;

/// Price of the whole of a bound, or of 100 points.
const WHOLE: f64 = 100.0;

/// Most values tried for a cap on one partnership's share.
const CAPS: usize = 8;

/// Price of moving a bound by one unit of the constrained value.
fn price(constraint: &Constraint, bound: f64) -> f64 {
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
    all: &'a [Constraint],
    budget_index: usize,
    pub(super) budget: f64,
    /// Price of the budget over again.
    pub(super) budget_price: f64,
    costs: &'a [f64],
    /// The denominators that occur, each once.
    groups: Vec<&'a [f64]>,
    /// Which of them a rule has.
    group_of: Vec<Option<usize>>,
}

impl<'a> Elastic<'a> {
    pub(super) fn new(all: &'a [Constraint]) -> Option<Self> {
        let mut groups: Vec<&[f64]> = Vec::new();
        let group_of = all
            .iter()
            .map(|c| match &c.form {
                Form::Ratio { denominator, .. } => Some(
                    groups
                        .iter()
                        .position(|g| *g == denominator.as_slice())
                        .unwrap_or_else(|| {
                            groups.push(denominator);
                            groups.len() - 1
                        }),
                ),
                _ => None,
            })
            .collect();
        let (budget_index, costs, budget): (_, &Vec<f64>, _) =
            all.iter()
                .enumerate()
                .find_map(|(i, c)| match (c.scales, &c.form, c.high) {
                    (Some(BudgetScale::Budget), Form::Sum(costs), Some(budget)) => {
                        Some((i, costs, budget))
                    }
                    _ => None,
                })?;
        // the price of a raised cap depends on the spend, too
        let capped = all.iter().any(|c| matches!(c.form, Form::Largest(_)));
        if capped && !groups.contains(&costs.as_slice()) {
            groups.push(costs);
        }
        Some(Self {
            all,
            budget_index,
            budget,
            budget_price: WHOLE * all[budget_index].importance,
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
                    .zip(self.costs)
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
            let (above, below) = (dot(numerator, x), dot(self.groups[group], x));
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

    fn cap(&self) -> Option<(&Constraint, &[f64], f64)> {
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
                let least = self.budget * share / high;
                out.push(Cap::Budget { least, share });
            }
        }
        out
    }

    /// The budget at which a little more of it costs as much as a little more of the cap, for a
    /// partnership at this share of the old budget: the least of c·share·B₀/B + b·B/B₀.
    fn even(&self, share: f64) -> f64 {
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
        let Some((constraint, _, high)) = self.cap() else {
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
        let (constraint, _, high) = self.cap()?;
        let group = self.groups.iter().position(|g| *g == self.costs)?;
        let least = region.ranges[group].0.max(self.budget);
        let budget = dot(self.costs, x).max(self.budget);
        let curve = 1.0 / budget - 1.0 / least + (budget - least) / (least * least);
        let missing = price(constraint, high) * share * self.budget * curve;
        (budget > least).then_some((group, budget, missing))
    }

    /// Counts of the region's best point, and its price as the program sees it.
    fn solve(&self, prober: &mut Prober, region: &Region) -> Option<(Vec<f64>, f64)> {
        let cap = region.cap;
        let cells = self.costs.len();
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
        for (group, &(low, high)) in self.groups.iter().zip(&region.ranges) {
            written.row(group.to_vec(), &[], Some(low), Some(high));
        }
        for (constraint, group) in self.all.iter().zip(&self.group_of) {
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
        let mut best = prober.best(written.maximize, &written.extra, written.rows, None)?;
        best.x.truncate(cells);
        let least = if best.bound.is_finite() {
            -best.bound
        } else {
            0.0
        };
        Some((best.x, least.max(0.0)))
    }

    /// The bounds that must move for a point, and their price; `None` where no move lets it pass.
    fn priced(&self, x: &[f64]) -> Option<Joint> {
        let spend = dot(self.costs, x);
        let need = if spend > self.budget * (1.0 + NUDGE) {
            spend
        } else {
            self.budget
        };
        let mut budgets = vec![need];
        if let Some((constraint, _, high)) = self.cap()
            && let Some(share) = constraint.form.value(x).filter(|&v| v > high)
        {
            // enough for the cap as it stands, or where a little more budget costs as much as a
            // little more of the cap
            budgets.push(need.max(self.budget * share / high));
            budgets.push(need.max(self.even(share)));
        }
        let joints = budgets.into_iter().filter_map(|b| self.priced_at(x, b));
        joints.min_by(|a, b| a.price.total_cmp(&b.price))
    }

    fn priced_at(&self, x: &[f64], budget: f64) -> Option<Joint> {
        let mut changes = Vec::new();
        let mut total = 0.0;
        if budget > self.budget {
            total += self.budget_price * (budget - self.budget) / self.budget;
            let change = Change {
                side: Side::Budget,
                from: self.budget,
                to: budget,
                proven: true,
            };
            changes.push((self.budget_index, change));
        }
        let moved = if budget > self.budget {
            with_budget(self.all, self.budget, budget * (1.0 + NUDGE))
        } else {
            self.all.to_vec()
        };
        for (index, constraint) in moved.iter().enumerate() {
            if index == self.budget_index || is_background(constraint) {
                continue;
            }
            let Some(value) = constraint.form.value(x) else {
                continue;
            };
            if !value.is_finite() {
                return None;
            }
            let slack = |bound: f64| 1e-7 * bound.abs().max(1e-3);
            let broken = match (constraint.low, constraint.high) {
                (Some(low), _) if value < low - slack(low) => Some((Side::Low, low)),
                (_, Some(high)) if value > high + slack(high) => Some((Side::High, high)),
                _ => None,
            };
            if let Some((side, from)) = broken {
                // in percent of the bound as it was stated, also where the budget took it along
                let stated = match side {
                    Side::Low => self.all[index].low,
                    _ => self.all[index].high,
                };
                total += price(constraint, stated.unwrap_or(from)) * (value - from).abs();
                let change = Change {
                    side,
                    from,
                    to: value,
                    proven: true,
                };
                changes.push((index, change));
            }
        }
        // a ratio over nothing has no value that a bound could be moved to
        let undefined = self.all.iter().any(|c| match &c.form {
            Form::Ratio {
                numerator,
                denominator,
            } => dot(denominator, x) == 0.0 && dot(numerator, x) != 0.0,
            _ => false,
        });
        (!undefined).then_some(Joint {
            changes,
            price: total,
            proven: true,
        })
    }
}

fn one_side(sign: f64, bound: f64) -> (Option<f64>, Option<f64>) {
    if sign > 0.0 {
        (Some(bound), None)
    } else {
        (None, Some(bound))
    }
}
