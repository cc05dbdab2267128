//! The plan checker: reads a plan against the rules as the user stated them.
//!
//! It shares nothing with the program: neither the linear forms nor the solver's rows, but the
//! rules of [`Model`] and the expected unit values. A plan that passes here keeps the rules even
//! if the program was set up wrongly.
//!
//! **Tolerance.** A bound b on a sum counts as kept up to 1e-6 × max(|b|, Σ|terms|), a bound on a
//! share up to 1e-6, on another ratio up to 1e-6 × |b|; a count is whole within 1e-6.

mod horizon;

pub use horizon::check_plan;

use super::conflict::words::{Rounding, finer, quoted};
use crate::model::valuation::{self, UnitValue};
use crate::model::{Band, Bound, Cell, Model, Target, TargetScope, Unit, UserAmount};

/// How far a value may lie beyond its bound, relative to the size of what is compared.
pub(super) const TOLERANCE: f64 = 1e-6;

/// A rule that a plan breaks.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Key path, or the user's name for it; `counts` for counts that are none.
    pub rule: String,
    /// Value in the plan; infinite for a ratio over zero, NaN where it is not defined.
    pub value: f64,
    /// Least value.
    pub low: Option<f64>,
    /// Largest value.
    pub high: Option<f64>,
    /// In words.
    pub words: String,
}

/// Every rule that a month's counts (one a cell of the model) break; empty if they keep all.
#[must_use]
pub fn check(model: &Model, counts: &[f64]) -> Vec<Violation> {
    if counts.len() != model.cells.len() {
        return vec![Violation {
            rule: "counts".to_owned(),
            value: counts.len() as f64,
            low: Some(model.cells.len() as f64),
            high: Some(model.cells.len() as f64),
            words: format!(
                "there are {} counts for {} cells",
                counts.len(),
                model.cells.len()
            ),
        }];
    }
    let units = valuation::units_in(model, counts);
    let mut checker = Checker::new(model, counts, &units, model.rules.budget);
    checker.counts();
    checker.within_budget();
    checker.least_spend();
    checker.numbers(true);
    checker.shares();
    checker.largest();
    checker.supply();
    checker.hours();
    for target in model.targets.iter().filter(|t| t.enforce) {
        checker.target(target);
    }
    checker.user();
    checker.found
}

struct Checker<'a> {
    model: &'a Model,
    counts: &'a [f64],
    units: &'a [UnitValue],
    /// Planned spend, one a cell.
    spends: Vec<f64>,
    budget: f64,
    found: Vec<Violation>,
}

impl<'a> Checker<'a> {
    fn new(model: &'a Model, counts: &'a [f64], units: &'a [UnitValue], budget: f64) -> Self {
        let spends = units
            .iter()
            .zip(counts)
            // 0 × ∞ must not arise for cells that are not booked
            .map(|(u, &x)| if x == 0.0 { 0.0 } else { u.spend * x })
            .collect();
        Self {
            model,
            counts,
            units,
            spends,
            budget,
            found: Vec::new(),
        }
    }

    /// Reports `value` if it lies outside [low, high] by more than `slack`.
    fn hold(
        &mut self,
        rule: &str,
        value: f64,
        (low, high): (Option<f64>, Option<f64>),
        slack: impl Fn(f64) -> f64,
        unit: Unit,
    ) {
        let currency = &self.model.currency;
        // So many digits that what is beyond a bound doesn't look like it.
        let told = |bound: f64| {
            let both =
                |more| [value, bound].map(|v| finer(v, unit, currency, Rounding::Near, more));
            let mut pairs = (0..6).map(both);
            pairs.find(|[a, b]| a != b).unwrap_or_else(|| both(6))
        };
        let words = if value.is_nan() {
            format!("{} is not defined for this plan", quoted(rule))
        } else if let Some(low) = low.filter(|&low| value < low - slack(low)) {
            let [value, low] = told(low);
            format!("{}: {value} is below {low}", quoted(rule))
        } else if let Some(high) = high.filter(|&high| value > high + slack(high)) {
            let [value, high] = told(high);
            format!("{}: {value} is above {high}", quoted(rule))
        } else {
            return;
        };
        self.found.push(Violation {
            rule: rule.to_owned(),
            value,
            low,
            high,
            words,
        });
    }

    /// Holds the sum of `terms` within its bounds.
    fn hold_sum(
        &mut self,
        rule: &str,
        terms: impl Iterator<Item = f64>,
        bounds: (Option<f64>, Option<f64>),
        unit: Unit,
    ) {
        let (mut value, mut size) = (0.0, 0.0);
        for term in terms {
            value += term;
            size += f64::abs(term);
        }
        let slack = |bound: f64| TOLERANCE * f64::max(bound.abs(), size);
        self.hold(rule, value, bounds, slack, unit);
    }

    fn counts(&mut self) {
        let model = self.model;
        for (cell, &count) in self.counts.iter().enumerate() {
            let words = if !count.is_finite() {
                "is not a number of partnerships"
            } else if count < -TOLERANCE {
                "is below zero"
            } else if !model.fractional_counts && (count - count.round()).abs() > TOLERANCE {
                "is not whole"
            } else {
                continue;
            };
            self.found.push(Violation {
                rule: "counts".to_owned(),
                value: count,
                low: Some(0.0),
                high: None,
                words: format!("`counts`: {count} of {} {words}", model.key(cell)),
            });
        }
    }

    fn within_budget(&mut self) {
        let spends = self.spends.clone();
        let within = (None, Some(self.budget));
        self.hold_sum("budget", spends.iter().copied(), within, Unit::Money);
    }

    fn least_spend(&mut self) {
        let rules = &self.model.rules;
        let spends = self.spends.clone();
        if rules.min_spend > 0.0 {
            let least = (Some(rules.min_spend * self.budget), None);
            let name = "diversity.min_spend";
            self.hold_sum(name, spends.iter().copied(), least, Unit::Money);
        }
    }

    fn numbers(&mut self, one_at_least: bool) {
        let rules = &self.model.rules;
        let counts = self.counts;
        let mut hold = |rule: &str, bounds| {
            self.hold_sum(rule, counts.iter().copied(), bounds, Unit::Count);
        };
        match rules.min_creators {
            Some(least) if least >= 1.0 => hold("diversity.min_creators", (Some(least), None)),
            _ if one_at_least => hold("at least one partnership", (Some(1.0), None)),
            _ => {}
        }
        if let Some(most) = rules.max_creators {
            hold("diversity.max_creators", (None, Some(most)));
        }
    }

    /// Shares of a whole of nothing are not judged: nothing is planned that could have one.
    fn band(
        &mut self,
        rule: &str,
        band: Option<&Band>,
        amounts: &[f64],
        member: impl Fn(&Cell) -> bool,
    ) {
        let Some(band) = band else { return };
        let whole: f64 = amounts.iter().sum();
        if whole == 0.0 {
            return;
        }
        let part: f64 = amounts
            .iter()
            .zip(&self.model.cells)
            .filter(|(_, cell)| member(cell))
            .map(|(amount, _)| amount)
            .sum();
        let bounds = (Some(band.low), Some(band.high));
        self.hold(rule, part / whole, bounds, |_| TOLERANCE, Unit::Share);
    }

    fn shares(&mut self) {
        let model = self.model;
        let rules = &model.rules;
        let spends = self.spends.clone();
        let counts = self.counts;
        for (i, (tier, band)) in model.tiers.iter().zip(&rules.tier_budget_share).enumerate() {
            let rule = format!("diversity.tier_budget_share.{}", tier.name);
            self.band(&rule, band.as_ref(), &spends, |c| c.tier == i);
        }
        let types = model.partnerships.iter().zip(&rules.partnership_share);
        for (i, (partnership, band)) in types.enumerate() {
            let rule = format!("diversity.partnership_share.{}", partnership.name);
            self.band(&rule, band.as_ref(), counts, |c| c.partnership == i);
        }
        let categories = model.categories.iter().zip(&rules.category_budget_share);
        for (i, (category, band)) in categories.enumerate() {
            let rule = format!("diversity.category_budget_share.{}", category.name);
            self.band(&rule, band.as_ref(), &spends, |c| c.category == Some(i));
        }
        let regions = model.regions.iter().zip(&rules.region_budget_share);
        for (i, (region, band)) in regions.enumerate() {
            let rule = format!("diversity.region_budget_share.{}", region.name);
            self.band(&rule, band.as_ref(), &spends, |c| c.region == Some(i));
        }
    }

    fn largest(&mut self) {
        let rules = &self.model.rules;
        let Some(most) = rules.max_creator_budget_share else {
            return;
        };
        let budget = self.budget;
        let largest = self
            .units
            .iter()
            .zip(self.counts)
            .filter(|&(_, &count)| count > TOLERANCE)
            .map(|(unit, _)| unit.spend / budget)
            .reduce(f64::max);
        if let Some(value) = largest {
            let name = "diversity.max_creator_budget_share";
            self.hold(name, value, (None, Some(most)), |_| TOLERANCE, Unit::Share);
        }
    }

    fn supply(&mut self) {
        let (model, counts) = (self.model, self.counts);
        for (i, tier) in model.tiers.iter().enumerate() {
            let own = || {
                counts
                    .iter()
                    .zip(&model.cells)
                    .filter(move |(_, cell)| cell.tier == i)
                    .map(|(&count, _)| count)
            };
            if tier.min_creators > 0.0 {
                let rule = format!("tiers.{}.min_creators", tier.name);
                self.hold_sum(&rule, own(), (Some(tier.min_creators), None), Unit::Count);
            }
            if tier.max_creators.is_some() {
                let rule = format!("tiers.{}.max_creators", tier.name);
                self.hold_sum(&rule, own(), (None, tier.max_creators), Unit::Count);
            }
        }
    }

    fn hours(&mut self) {
        let (model, counts) = (self.model, self.counts);
        if let Some(cap) = model.rules.hours_per_month {
            let hours = model
                .cells
                .iter()
                .zip(counts)
                .map(|(c, x)| c.terms.hours * x);
            let name = "operations.hours_per_month";
            self.hold_sum(name, hours, (None, Some(cap)), Unit::Hours);
        }
    }

    /// A ratio of nothing over nothing is not judged; something over nothing is infinite.
    fn target(&mut self, target: &Target) {
        let metric = target.metric;
        let own: Vec<f64> = self
            .model
            .cells
            .iter()
            .zip(self.counts)
            .map(|(cell, &count)| match target.scope {
                TargetScope::Tier(tier) if cell.tier != tier => 0.0,
                _ => count,
            })
            .collect();
        let bounds = match target.bound {
            Bound::AtLeast(v) => (Some(v), None),
            Bound::AtMost(v) => (None, Some(v)),
        };
        let total = |quantity| valuation::total(self.units, &own, quantity).unwrap_or(f64::NAN);
        let above = metric.factor() * total(metric.numerator());
        let value = match metric.denominator().map(total) {
            None => above,
            Some(0.0) if above == 0.0 => return,
            Some(below) => above / below,
        };
        let slack = |bound: f64| TOLERANCE * bound.abs();
        self.hold(&target.key, value, bounds, slack, Unit::Metric(metric));
    }

    fn user(&mut self) {
        let model = self.model;
        for rule in &model.rules.user {
            let (amounts, unit) = match rule.amount {
                UserAmount::Count => (self.counts.to_vec(), Unit::Plain),
                UserAmount::Spend => (self.spends.clone(), Unit::Money),
            };
            let terms = rule.terms.iter().flat_map(|(pattern, coefficient)| {
                (0..model.cells.len())
                    .filter(|&cell| pattern.matches(&model.key(cell)))
                    .map(|cell| coefficient * amounts[cell])
                    .collect::<Vec<_>>()
            });
            self.hold_sum(&rule.name, terms, (rule.min, rule.max), unit);
        }
    }
}

#[cfg(test)]
mod tests;
