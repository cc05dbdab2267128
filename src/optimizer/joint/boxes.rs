//! Whole counts by branch and bound over boxes: what no plan of a box can do is proven from the
//! factors at its corners.
//!
//! Every factor falls as counts grow, so over the plans l ≤ x ≤ u a cell's factor lies between that at u and
//! that at l (of a cell with l = 0, that of its first creator). With it every coefficient of every rule and of the
//! aim lies in a range: rules narrow the box, and the aim is bounded by its best coefficients over the
//! box under any one rule. A box of one plan is valued as it is. So the answer holds over all plans,
//! and a search that ends without a plan proves that there is none.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Instant;

use super::affine::{Aim, Limit};
use super::values::Values;
use crate::model::{Cancel, PlanSettings};
use crate::optimizer::solver::remaining;

/// Coefficients looked at, of programs with few plans and of others: about a second, and a tenth.
const EFFORT: [f64; 2] = [4e8, 4e7];

/// Plans in the first box up to which the former is spent.
const FEW: f64 = 1e8;

/// Rounds of narrowing a box.
const ROUNDS: usize = 3;

/// Part of the wanted gap that boxes are not split for.
const FINE: f64 = 0.05;

/// Room for rounding in bounds, relative.
const ROUNDING: f64 = 1e-9;

/// Counts above this are as good as unlimited.
const MOST: f64 = 1e7;

/// A search.
pub(super) struct Boxes<'a> {
    pub(super) values: &'a Values<'a>,
    pub(super) limits: &'a [Limit],
    pub(super) aim: &'a Aim,
    /// Whether the upper and the lower bound of each rule count.
    pub(super) sides: &'a [[bool; 2]],
    /// Whether any plan will do.
    pub(super) any: bool,
    /// Part of the usual effort.
    pub(super) part: f64,
    pub(super) settings: &'a PlanSettings,
    pub(super) cancel: &'a Cancel,
    pub(super) started: Instant,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// The best plan with its value.
    pub(super) best: Option<(f64, Vec<f64>)>,
    /// No plan has a value above it.
    pub(super) bound: f64,
    /// Whether all plans were found or ruled out, to a part of the wanted gap.
    pub(super) complete: bool,
    pub(super) clocked: bool,
    pub(super) nodes: u64,
    /// Counts and factors between which all plans lie.
    pub(super) root: Option<Node>,
}

/// Plans l ≤ x ≤ u.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) low: Vec<f64>,
    pub(super) high: Vec<f64>,
    /// Ranges of the factors of booked cells.
    pub(super) factors: Vec<(f64, f64)>,
    bound: f64,
    number: u64,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Node {}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node {
    /// The best bound first, then the latest.
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound
            .total_cmp(&other.bound)
            .then(self.number.cmp(&other.number))
    }
}

impl Boxes<'_> {
    /// Searches from a plan that keeps the rules, if one is known.
    pub(super) fn search(&self, start: Option<(f64, Vec<f64>)>) -> Outcome {
        let cells = self.values.model.cells.len();
        let mut out = Outcome {
            best: start,
            bound: f64::NEG_INFINITY,
            complete: true,
            clocked: false,
            nodes: 0,
            root: None,
        };
        let root = Node {
            low: vec![0.0; cells],
            high: vec![f64::INFINITY; cells],
            factors: vec![(0.0, 1.0); cells],
            bound: f64::INFINITY,
            number: 0,
        };
        let Some(root) = self.narrowed(root) else {
            return Self::closed(out);
        };
        if root.high.iter().any(|&high| high > MOST) {
            return Outcome {
                bound: f64::INFINITY,
                complete: false,
                ..out
            };
        }
        out.root = Some(root.clone());
        let plans: f64 = (0..cells)
            .map(|i| root.high[i] - root.low[i] + 1.0)
            .product();
        let mut effort = self.part * EFFORT[usize::from(plans > FEW)];
        let each = (4 * cells * (self.limits.len() + 80)) as f64;
        // Depth first until there is a plan, then the best bound first.
        let (mut deep, mut heap) = (Vec::new(), BinaryHeap::new());
        let mut cut = f64::NEG_INFINITY;
        if let Some(root) = self.bounded(root, out.best.as_ref()) {
            deep.push(root);
        }
        while let Some(node) = {
            if out.best.is_some() {
                heap.extend(deep.drain(..));
                heap.pop()
            } else {
                deep.pop()
            }
        } {
            if self.worthless(&node, out.best.as_ref()) {
                // Of all that are left it has the best bound.
                cut = cut.max(node.bound);
                heap.clear();
                break;
            }
            if self.any && out.best.is_some() {
                out.complete = false;
                cut = cut.max(node.bound);
                break;
            }
            effort -= 2.0 * each;
            let clocked = remaining(self.settings, self.started).time_limit <= 0.0;
            if effort < 0.0 || clocked || self.cancel.requested() {
                out.clocked = clocked;
                out.complete = false;
                cut = cut.max(node.bound);
                break;
            }
            for half in split(&node, self.values) {
                out.nodes += 1;
                let Some(mut half) = self.narrowed(half) else {
                    continue;
                };
                if half.low == half.high {
                    if let Some(found) = self.plan(&half.low)
                        && out.best.as_ref().is_none_or(|b| found.0 > b.0)
                    {
                        out.best = Some(found);
                    }
                    continue;
                }
                half.number = out.nodes;
                let most = node.bound;
                let Some(mut half) = self.bounded(half, out.best.as_ref()) else {
                    continue;
                };
                half.bound = half.bound.min(most);
                deep.push(half);
            }
        }
        out.bound = deep
            .iter()
            .chain(heap.iter())
            .fold(cut, |m, n| m.max(n.bound));
        Self::closed(out)
    }

    /// The bound is never below the plan.
    fn closed(mut out: Outcome) -> Outcome {
        if let Some((value, _)) = &out.best {
            out.bound = out.bound.max(*value);
        }
        out
    }

    fn counts(&self, limit: &Limit) -> bool {
        let (rule, lower) = limit.of;
        self.sides[rule][usize::from(lower)]
    }

    fn worthless(&self, node: &Node, best: Option<&(f64, Vec<f64>)>) -> bool {
        best.is_some_and(|(value, _)| node.bound <= value + FINE * self.settings.gap * value.abs())
    }

    /// The value of a plan that keeps every rule at its own factors.
    fn plan(&self, x: &[f64]) -> Option<(f64, Vec<f64>)> {
        let factors = self.values.factors(x);
        let value = self.aim.value(x, &factors);
        (value.is_finite() && self.values.keeps_sides(x, &factors, self.sides))
            .then(|| (value, x.to_vec()))
    }

    /// The box without what the rules forbid; `None` if nothing is left.
    fn narrowed(&self, mut node: Node) -> Option<Node> {
        for _ in 0..ROUNDS {
            node.factors = self.ranges(&node);
            let before = (node.low.clone(), node.high.clone());
            for limit in self.limits.iter().filter(|l| self.counts(l)) {
                if limit.largest {
                    largest(limit, &mut node);
                } else {
                    narrow(limit, &mut node)?;
                }
            }
            if (0..node.low.len()).any(|i| node.low[i] > node.high[i]) {
                return None;
            }
            if before == (node.low.clone(), node.high.clone()) {
                return Some(node);
            }
        }
        node.factors = self.ranges(&node);
        Some(node)
    }

    fn ranges(&self, node: &Node) -> Vec<(f64, f64)> {
        let most = self.values.factors(&node.low);
        let least = if node.high.iter().all(|h| h.is_finite()) {
            self.values.factors(&node.high)
        } else {
            vec![0.0; most.len()]
        };
        least
            .into_iter()
            .zip(most)
            .map(|(least, most)| (least * (1.0 - ROUNDING), (most * (1.0 + ROUNDING)).min(1.0)))
            .collect()
    }

    /// The box with the bound on its plans' values; `None` if a rule leaves none.
    fn bounded(&self, mut node: Node, best: Option<&(f64, Vec<f64>)>) -> Option<Node> {
        let cells = node.low.len();
        let q = best.map_or(0.0, |b| b.0);
        let aim = match &self.aim.below {
            None => self.aim.above.clone(),
            Some(below) => self.aim.above.plus(-q, below),
        };
        let gains: Vec<f64> = (0..cells)
            .map(|i| aim.range(i, node.factors[i]).1)
            .collect();
        let mut sum = f64::INFINITY;
        for limit in self.limits.iter().filter(|l| !l.largest && self.counts(l)) {
            sum = sum.min(under(limit, &gains, &node)?);
        }
        node.bound = match &self.aim.below {
            None => sum + ROUNDING * sum.abs(),
            Some(below) => {
                let least: f64 = (0..cells)
                    .map(|i| node.low[i] * below.range(i, node.factors[i]).0)
                    .sum();
                if sum <= 0.0 && best.is_some() {
                    q
                } else if sum <= 0.0 {
                    // Nothing is known but that no ratio is above zero.
                    0.0
                } else if least > 0.0 {
                    q + sum / least * (1.0 + ROUNDING)
                } else {
                    f64::INFINITY
                }
            }
        };
        Some(node)
    }
}

/// Both halves of a box along the cell in which most money is open; the one with more creators last.
fn split(node: &Node, values: &Values<'_>) -> [Node; 2] {
    let costs = values.costs();
    let open = |i: usize| {
        let wide = node.high[i] - node.low[i];
        wide * (costs[i] + 1e-6) * if wide > 0.0 { 1.0 } else { 0.0 }
    };
    let cell = (0..node.low.len())
        .max_by(|&a, &b| open(a).total_cmp(&open(b)))
        .unwrap_or(0);
    let middle = (0.5 * (node.low[cell] + node.high[cell])).floor();
    let (mut less, mut more) = (node.clone(), node.clone());
    less.high[cell] = middle;
    more.low[cell] = middle + 1.0;
    [less, more]
}

/// Closes cells whose value is above the limit whatever the factor.
fn largest(limit: &Limit, node: &mut Node) {
    for i in 0..node.low.len() {
        if limit.line.range(i, node.factors[i]).0 > limit.most {
            node.high[i] = node.high[i].min(0.0);
        }
    }
}

/// Least value of c x over c in a range and x between l and u.
fn least(c: f64, low: f64, high: f64) -> f64 {
    if c > 0.0 {
        c * low
    } else if c < 0.0 {
        c * high
    } else {
        0.0
    }
}

/// Narrows a box by one limit; `None` if no plan keeps it.
fn narrow(limit: &Limit, node: &mut Node) -> Option<()> {
    // A whole count this near to the next is that.
    const NEAR: f64 = 1e-6;
    let cells = node.low.len();
    let (mut sum, mut endless) = (0.0, 0);
    for i in 0..cells {
        let (c, _) = limit.line.range(i, node.factors[i]);
        let own = least(c, node.low[i], node.high[i]);
        if own == f64::NEG_INFINITY {
            endless += 1;
        } else {
            sum += own;
        }
    }
    let room = |sum: f64| limit.most - sum + ROUNDING * (limit.most.abs() + sum.abs());
    if endless == 0 && room(sum) < 0.0 {
        return None;
    }
    for i in 0..cells {
        let (c, _) = limit.line.range(i, node.factors[i]);
        if c == 0.0 {
            continue;
        }
        let own = least(c, node.low[i], node.high[i]);
        let (others, open) = if own == f64::NEG_INFINITY {
            (sum, endless - 1)
        } else {
            (sum - own, endless)
        };
        if open > 0 {
            continue;
        }
        let bound = room(others) / c;
        if c > 0.0 {
            node.high[i] = node.high[i].min((bound + NEAR).floor());
        } else {
            node.low[i] = node.low[i].max((bound - NEAR).ceil());
        }
    }
    Some(())
}

/// The largest Σ gᵢxᵢ over a box under one limit, counts fractional; `None` if it has no plan.
fn under(limit: &Limit, gains: &[f64], node: &Node) -> Option<f64> {
    let mut sum = 0.0;
    let mut used = 0.0;
    // Ways to use less of the limit: loss by unit of it, and how much of it there is.
    let mut ways: Vec<(f64, f64)> = Vec::new();
    for (i, &gain) in gains.iter().enumerate() {
        let (low, high) = (node.low[i], node.high[i]);
        let x = if gain > 0.0 { high } else { low };
        sum += gain * x;
        let (c, _) = limit.line.range(i, node.factors[i]);
        used += c * x;
        let wide = high - low;
        if wide > 0.0 && ((c > 0.0 && gain > 0.0) || (c < 0.0 && gain <= 0.0)) {
            ways.push((gain / c, c.abs() * wide));
        }
    }
    let mut excess = used - limit.most - ROUNDING * (used.abs() + limit.most.abs());
    if excess <= 0.0 {
        return Some(sum);
    }
    ways.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (loss, most) in ways {
        let part = excess.min(most);
        sum -= loss * part;
        excess -= part;
        if excess <= 0.0 {
            return Some(sum);
        }
    }
    None
}
