//! The selection checker: holds bookings against the rules as the user stated them.
//!
//! It shares nothing with the search: neither rows nor features. Every booking is valued on its own
//! by [`creator_value`]; sums go over creators. Tolerances are those of the plan checker: a sum up to 1e-6 of its
//! bound or terms, a share up to 1e-6, another ratio up to 1e-6 of its bound.

use std::collections::HashSet;

use super::Booking;
use crate::model::valuation::UnitValue;
use crate::model::{
    Band, Bound, Cell, Creator, Model, Quantity, TargetScope, UserAmount, creator_value,
};
use crate::optimizer::check::Violation;

const TOLERANCE: f64 = 1e-6;

struct Booked<'a> {
    cell: &'a Cell,
    index: usize,
    value: UnitValue,
}

/// Every rule that bookings break; empty if they keep all: each creator at most once and as what it is, and
/// every rule of the model.
#[must_use]
pub fn check_selection(
    model: &Model,
    creators: &[Creator],
    bookings: &[Booking],
) -> Vec<Violation> {
    let mut checker = Checker {
        model,
        booked: Vec::new(),
        found: Vec::new(),
    };
    let mut seen: HashSet<&str> = HashSet::new();
    for booking in bookings {
        let (Some(creator), Some(cell)) =
            (creators.get(booking.creator), model.cells.get(booking.cell))
        else {
            checker.report(
                "bookings",
                f64::NAN,
                (None, None),
                "a booking of nobody or of no cell",
            );
            continue;
        };
        if !seen.insert(&creator.id) {
            let words = format!("{} is booked more than once", creator.id);
            checker.report("bookings", 2.0, (None, Some(1.0)), &words);
        }
        let same = cell.tier == creator.tier
            && cell.category == creator.category
            && cell.region == creator.region;
        if !same {
            let words = format!(
                "{} is booked as {}, which it is not",
                creator.id,
                model.key(booking.cell)
            );
            checker.report("bookings", f64::NAN, (None, None), &words);
        }
        checker.booked.push(Booked {
            cell,
            index: booking.cell,
            value: creator_value(model, creator, booking.cell),
        });
    }
    checker.all();
    checker.found
}

struct Checker<'a> {
    model: &'a Model,
    booked: Vec<Booked<'a>>,
    found: Vec<Violation>,
}

impl Checker<'_> {
    fn report(
        &mut self,
        rule: &str,
        value: f64,
        (low, high): (Option<f64>, Option<f64>),
        words: &str,
    ) {
        self.found.push(Violation {
            rule: rule.to_owned(),
            value,
            low,
            high,
            words: words.to_owned(),
        });
    }

    fn within(&mut self, rule: &str, value: f64, low: Option<f64>, high: Option<f64>, slack: f64) {
        let under = low.is_some_and(|low| value < low - slack);
        let over = high.is_some_and(|high| value > high + slack);
        if value.is_nan() || under || over {
            let words = format!("`{rule}`: {value} is not within {low:?} and {high:?}");
            self.report(rule, value, (low, high), &words);
        }
    }

    /// Holds Σ f over the bookings within bounds.
    fn sum(
        &mut self,
        rule: &str,
        low: Option<f64>,
        high: Option<f64>,
        f: impl Fn(&Booked<'_>) -> f64,
    ) {
        let terms: Vec<f64> = self.booked.iter().map(f).collect();
        let size: f64 = terms.iter().map(|t| t.abs()).sum();
        let bounds = low.iter().chain(&high).fold(0.0_f64, |m, b| m.max(b.abs()));
        let value = terms.iter().sum();
        self.within(rule, value, low, high, TOLERANCE * bounds.max(size));
    }

    fn share(
        &mut self,
        rule: &str,
        band: Option<&Band>,
        of_spend: bool,
        member: impl Fn(&Cell) -> bool,
    ) {
        let Some(band) = band else { return };
        let weight = |b: &Booked<'_>| if of_spend { b.value.spend } else { 1.0 };
        let whole: f64 = self.booked.iter().map(weight).sum();
        if whole == 0.0 {
            return;
        }
        let own = self.booked.iter().filter(|b| member(b.cell));
        let part: f64 = own.map(weight).sum();
        self.within(
            rule,
            part / whole,
            Some(band.low),
            Some(band.high),
            TOLERANCE,
        );
    }

    fn all(&mut self) {
        let model = self.model;
        let rules = &model.rules;
        self.sum("budget", None, Some(rules.budget), |b| b.value.spend);
        let least = rules.min_spend * rules.budget;
        self.sum("diversity.min_spend", Some(least), None, |b| b.value.spend);
        let least = rules.min_creators.unwrap_or(0.0).max(1.0);
        self.sum("diversity.min_creators", Some(least), None, |_| 1.0);
        self.sum("diversity.max_creators", None, rules.max_creators, |_| 1.0);
        self.sum(
            "operations.hours_per_month",
            None,
            rules.hours_per_month,
            |b| b.cell.terms.hours,
        );
        for (i, tier) in model.tiers.iter().enumerate() {
            let band = rules.tier_budget_share[i].as_ref();
            let name = format!("diversity.tier_budget_share.{}", tier.name);
            self.share(&name, band, true, |c| c.tier == i);
            let own = |b: &Booked<'_>| if b.cell.tier == i { 1.0 } else { 0.0 };
            let name = format!("tiers.{}.min_creators", tier.name);
            self.sum(&name, Some(tier.min_creators), None, own);
            let name = format!("tiers.{}.max_creators", tier.name);
            self.sum(&name, None, tier.max_creators, own);
        }
        for (i, partnership) in model.partnerships.iter().enumerate() {
            let band = rules.partnership_share[i].as_ref();
            let name = format!("diversity.partnership_share.{}", partnership.name);
            self.share(&name, band, false, |c| c.partnership == i);
        }
        for (i, category) in model.categories.iter().enumerate() {
            let band = rules.category_budget_share[i].as_ref();
            let name = format!("diversity.category_budget_share.{}", category.name);
            self.share(&name, band, true, |c| c.category == Some(i));
        }
        for (i, region) in model.regions.iter().enumerate() {
            let band = rules.region_budget_share[i].as_ref();
            let name = format!("diversity.region_budget_share.{}", region.name);
            self.share(&name, band, true, |c| c.region == Some(i));
        }
        if let Some(most) = rules.max_creator_budget_share {
            let spends = self.booked.iter().map(|b| b.value.spend / rules.budget);
            let largest = spends.fold(0.0, f64::max);
            let name = "diversity.max_creator_budget_share";
            self.within(name, largest, None, Some(most), TOLERANCE);
        }
        self.targets();
        self.user();
    }

    fn targets(&mut self) {
        let model = self.model;
        for target in model.targets.iter().filter(|t| t.enforce) {
            let own = |b: &&Booked<'_>| match target.scope {
                TargetScope::Total => true,
                TargetScope::Tier(tier) => b.cell.tier == tier,
            };
            let total = |quantity: Quantity| -> f64 {
                let of = |b: &Booked<'_>| b.value.get(quantity).unwrap_or(f64::NAN);
                self.booked.iter().filter(own).map(of).sum()
            };
            let metric = target.metric;
            let above = metric.factor() * total(metric.numerator());
            let value = match metric.denominator().map(total) {
                None => above,
                Some(0.0) if above == 0.0 => continue,
                Some(below) => above / below,
            };
            let (low, high) = match target.bound {
                Bound::AtLeast(v) => (Some(v), None),
                Bound::AtMost(v) => (None, Some(v)),
            };
            let slack = TOLERANCE * target.bound.value().abs();
            self.within(&target.key, value, low, high, slack);
        }
    }

    fn user(&mut self) {
        let model = self.model;
        for rule in &model.rules.user {
            let coefficients: Vec<f64> = (0..model.cells.len())
                .map(|cell| {
                    let key = model.key(cell);
                    let terms = rule
                        .terms
                        .iter()
                        .filter(|(pattern, _)| pattern.matches(&key));
                    terms.map(|(_, coefficient)| coefficient).sum()
                })
                .collect();
            self.sum(&rule.name, rule.min, rule.max, |b| {
                coefficients[b.index]
                    * match rule.amount {
                        UserAmount::Count => 1.0,
                        UserAmount::Spend => b.value.spend,
                    }
            });
        }
    }
}
