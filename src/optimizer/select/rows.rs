//! The rules as rows over bookings: one creator in one cell.
//!
//! Every coefficient of a rule is an affine function of what a booking costs and yields, the same
//! for all bookings of a cell. So the rules of [`constraints`] are not written a second time: each
//! is read off its own definition, at a cell that costs and yields nothing and at cells that cost
//! or yield one unit of one thing. A booking is then nine numbers, whatever the number of rules.

use crate::model::valuation::{self, UnitValue};
use crate::model::{Constraint, Creator, Form, Model, OwnLaw, constraints};
use crate::optimizer::program::Row;

/// Number of [`features`].
pub(super) const FEATURES: usize = 9;

/// Of one booking: 1, spend, impressions, engagements, clicks, conversions, revenue, profit, hours. What is
/// not defined counts 0, as in the rules.
pub(super) type Features = [f64; FEATURES];

pub(super) const SPEND: usize = 1;
pub(super) const REVENUE: usize = 6;

/// The features of a booking.
pub(super) fn features(unit: &UnitValue) -> Features {
    [
        1.0,
        unit.spend,
        unit.impressions.unwrap_or(0.0),
        unit.engagements.unwrap_or(0.0),
        unit.clicks.unwrap_or(0.0),
        unit.conversions,
        unit.revenue,
        unit.profit,
        unit.hours,
    ]
}

/// A cell whose booking has so much of one feature and nothing of the others.
fn probe(feature: usize) -> UnitValue {
    let at = |k: usize| if k == feature { 1.0 } else { 0.0 };
    UnitValue {
        spend: at(1),
        impressions: Some(at(2)),
        engagements: Some(at(3)),
        clicks: Some(at(4)),
        conversions: at(5),
        revenue: at(6),
        profit: at(7),
        hours: at(8),
    }
}

/// Everything that can be booked.
#[derive(Debug, Clone)]
pub(super) struct Bookings {
    /// First booking of each creator, and the end.
    pub(super) start: Vec<usize>,
    /// Creator of each booking.
    pub(super) creator: Vec<u32>,
    /// Cell of each booking.
    pub(super) cell: Vec<u32>,
    pub(super) features: Vec<Features>,
}

impl Bookings {
    /// All bookings of creators.
    pub(super) fn of(model: &Model, creators: &[Creator]) -> Self {
        let laws: Vec<_> = (0..model.cells.len())
            .map(|cell| valuation::law(model, cell))
            .collect();
        let mut out = Self {
            start: vec![0],
            creator: Vec::new(),
            cell: Vec::new(),
            features: Vec::new(),
        };
        for (i, creator) in creators.iter().enumerate() {
            let own = OwnLaw::of(model, creator);
            for (c, cell) in model.cells.iter().enumerate() {
                let fits = cell.tier == creator.tier
                    && cell.category == creator.category
                    && cell.region == creator.region;
                if !fits {
                    continue;
                }
                let booking = features(&own.law(&laws[c]).expected());
                let finite = booking.iter().all(|v| v.is_finite());
                if finite {
                    out.creator.push(i as u32);
                    out.cell.push(c as u32);
                    out.features.push(booking);
                }
            }
            out.start.push(out.cell.len());
        }
        out
    }

    /// Those that no upper bound on a single one or of a share rules out among the rules held, and the rules by
    /// which the others are.
    pub(super) fn within(&self, rows: &Rows, held: impl Fn(usize) -> bool) -> (Self, Vec<usize>) {
        let implied: Vec<&Implied> = rows
            .implied
            .iter()
            .filter(|i| i.rules.iter().all(|&r| held(r)))
            .collect();
        let mut by: Vec<usize> = Vec::new();
        let out = self.only(|j| {
            let over = |i: &&&Implied| self.weigh(&i.weights, j) > i.most;
            let Some(over) = implied.iter().find(over) else {
                return true;
            };
            for rule in &over.rules {
                if !by.contains(rule) {
                    by.push(*rule);
                }
            }
            false
        });
        (out, by)
    }

    /// Those of at most so much by weights of a rule.
    pub(super) fn up_to(&self, weights: &Weights, most: f64) -> Self {
        self.only(|j| self.weigh(weights, j) <= most)
    }

    /// The bookings that `keep` holds for, of the same creators.
    fn only(&self, mut keep: impl FnMut(usize) -> bool) -> Self {
        let mut out = Self {
            start: vec![0],
            creator: Vec::new(),
            cell: Vec::new(),
            features: Vec::new(),
        };
        for creator in 0..self.creators() {
            for j in self.of_creator(creator).filter(|&j| keep(j)) {
                out.creator.push(self.creator[j]);
                out.cell.push(self.cell[j]);
                out.features.push(self.features[j]);
            }
            out.start.push(out.cell.len());
        }
        out
    }

    /// What a booking comes to by weights.
    pub(super) fn weigh(&self, weights: &Weights, booking: usize) -> f64 {
        dot(
            &weights[self.cell[booking] as usize],
            &self.features[booking],
        )
    }

    /// Bookings of a creator.
    pub(super) fn of_creator(&self, creator: usize) -> std::ops::Range<usize> {
        self.start[creator]..self.start[creator + 1]
    }

    pub(super) fn creators(&self) -> usize {
        self.start.len() - 1
    }

    pub(super) fn len(&self) -> usize {
        self.cell.len()
    }
}

/// Weights of the features, one set a cell.
pub(super) type Weights = Vec<Features>;

/// w·u.
pub(super) fn dot(weights: &Features, booking: &Features) -> f64 {
    let mut sum = 0.0;
    for k in 0..FEATURES {
        sum += weights[k] * booking[k];
    }
    sum
}

/// A row that bounds how many of some neighbouring columns are taken.
pub(super) fn number_of(
    taken: std::ops::Range<usize>,
    columns: usize,
    low: Option<f64>,
    high: f64,
) -> Row {
    let mut coefficients = vec![0.0; columns];
    coefficients[taken].fill(1.0);
    Row {
        coefficients,
        low,
        high: Some(high),
    }
}

/// One row: Σ a x ≤ b over the bookings made.
#[derive(Debug, Clone)]
pub(super) struct RuleRow {
    /// Index of the rule among [`Rows::rules`].
    pub(super) rule: usize,
    /// Whether it is the rule's upper bound.
    pub(super) upper: bool,
    pub(super) weights: Weights,
    pub(super) bound: f64,
}

/// The most that a single booking may have: by a rule on single ones, or by a share's upper bound where another
/// rule limits the whole: of a budget B a share of at most h leaves nothing dearer than hB.
#[derive(Debug, Clone)]
struct Implied {
    /// The rule; or the share's, and the one that limits the whole.
    rules: Vec<usize>,
    weights: Weights,
    most: f64,
}

/// The rules, with the rows they make.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// As [`constraints`] lists them; their forms speak of cells and are not used.
    pub(super) rules: Vec<Constraint>,
    /// Value of each rule: numerator weights, and denominator weights of a ratio.
    pub(super) values: Vec<(Weights, Option<Weights>)>,
    pub(super) list: Vec<RuleRow>,
    implied: Vec<Implied>,
}

impl Rows {
    /// As rows of a program whose columns are bookings, beside others that are made anyhow.
    pub(super) fn over(&self, all: &Bookings, columns: &[usize], made: &[usize]) -> Vec<Row> {
        let row = |rule: &RuleRow| {
            let a = |&j: &usize| all.weigh(&rule.weights, j);
            let used: f64 = made.iter().map(a).sum();
            Row {
                coefficients: columns.iter().map(a).collect(),
                low: None,
                high: Some(rule.bound - used),
            }
        };
        self.list.iter().map(row).collect()
    }

    /// The rows of a model.
    pub(super) fn of(model: &Model) -> Self {
        let cells = model.cells.len();
        let at = |feature: usize| constraints(model, &vec![probe(feature); cells]);
        // Feature 0 is the constant: a cell that costs and yields nothing.
        let probes: Vec<Vec<Constraint>> = (0..FEATURES).map(at).collect();
        let rules = probes[0].clone();
        let weights = |rule: usize, part: usize| -> Option<Weights> {
            let side = |k: usize| -> Option<&Vec<f64>> {
                match (&probes[k][rule].form, part) {
                    (Form::Sum(a) | Form::Largest(a), 0) => Some(a),
                    (Form::Ratio { numerator, .. }, 0) => Some(numerator),
                    (Form::Ratio { denominator, .. }, 1) => Some(denominator),
                    _ => None,
                }
            };
            let base = side(0)?;
            let mut out = vec![[0.0; FEATURES]; cells];
            for (cell, weights) in out.iter_mut().enumerate() {
                weights[0] = base[cell];
                for (k, weight) in weights.iter_mut().enumerate().skip(1) {
                    *weight = side(k)?[cell] - base[cell];
                }
            }
            Some(out)
        };
        let mut out = Self {
            values: Vec::new(),
            list: Vec::new(),
            implied: Vec::new(),
            rules,
        };
        for rule in 0..out.rules.len() {
            let numerator = weights(rule, 0).unwrap_or_default();
            let denominator = weights(rule, 1);
            let constraint = &out.rules[rule];
            let bounds = [(constraint.low, false), (constraint.high, true)];
            for (bound, upper) in bounds {
                let Some(bound) = bound else { continue };
                if matches!(constraint.form, Form::Largest(_)) {
                    out.implied.push(Implied {
                        rules: vec![rule],
                        weights: numerator.clone(),
                        most: bound,
                    });
                    continue;
                }
                let sign = if upper { 1.0 } else { -1.0 };
                let mut weights = numerator.clone();
                let mut right = sign * bound;
                if let Some(below) = &denominator {
                    right = 0.0;
                    for (w, d) in weights.iter_mut().zip(below) {
                        for k in 0..FEATURES {
                            w[k] -= bound * d[k];
                        }
                    }
                }
                for w in &mut weights {
                    for v in w.iter_mut() {
                        *v *= sign;
                    }
                }
                out.list.push(RuleRow {
                    rule,
                    upper,
                    weights,
                    bound: right,
                });
            }
            out.values.push((numerator, denominator));
        }
        let implied = out.implied();
        out.implied.extend(implied);
        out
    }

    fn implied(&self) -> Vec<Implied> {
        let mut out = Vec::new();
        for (rule, (above, below)) in self.values.iter().enumerate() {
            let (Some(share), Some(below)) = (self.rules[rule].high, below) else {
                continue;
            };
            let positive = above.iter().flatten().all(|&w| w >= 0.0) && share >= 0.0;
            let whole = (0..self.rules.len()).find(|&by| {
                let sum = self.values[by].1.is_none();
                let largest = matches!(self.rules[by].form, Form::Largest(_));
                sum && !largest && self.rules[by].high.is_some() && self.values[by].0 == *below
            });
            if let (true, Some(by)) = (positive, whole) {
                out.push(Implied {
                    rules: vec![rule, by],
                    weights: above.clone(),
                    most: share * self.rules[by].high.unwrap_or(f64::INFINITY) * (1.0 + 1e-9),
                });
            }
        }
        out
    }

    /// The same with those rows only that are wanted, by rule and whether it is the upper bound.
    pub(super) fn only(&self, wanted: impl Fn(usize, bool) -> bool) -> Self {
        let mut out = self.clone();
        out.list.retain(|row| wanted(row.rule, row.upper));
        out
    }

    /// Bookings that no rule forbids by itself.
    pub(super) fn allowed(&self, all: &Bookings) -> usize {
        let alone = || self.implied.iter().filter(|i| i.rules.len() == 1);
        let allowed = |&j: &usize| {
            let cell = all.cell[j] as usize;
            alone().all(|i| dot(&i.weights[cell], &all.features[j]) <= i.most)
        };
        (0..all.len()).filter(allowed).count()
    }

    /// A rule's value over the bookings made; `None` for a ratio over nothing and the largest of none.
    pub(super) fn value(&self, rule: usize, all: &Bookings, made: &[usize]) -> Option<f64> {
        let (above, below) = &self.values[rule];
        let each = |w: &Weights, j: usize| dot(&w[all.cell[j] as usize], &all.features[j]);
        let sum = |w: &Weights| made.iter().map(|&j| each(w, j)).sum::<f64>();
        if matches!(self.rules[rule].form, Form::Largest(_)) {
            return made.iter().map(|&j| each(above, j)).reduce(f64::max);
        }
        match below {
            None => Some(sum(above)),
            Some(below) => {
                let below = sum(below);
                (below != 0.0).then(|| sum(above) / below)
            }
        }
    }
}
