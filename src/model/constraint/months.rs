//! The rules of a horizon, over its activities: month by month, over the horizon, of waves.

use super::{Builder, Constraint, ConstraintKind, Form, Rule, Unit, plain};
use crate::model::Model;
use crate::model::activity::{Activity, sum_of};
use crate::model::cell::{BookedAs, CellPattern};
use crate::model::horizon::{BudgetOver, Over};
use crate::model::valuation::UnitValue;
use crate::model::wave::Wave;

/// All constraints on the activities of a model: month by month as in [`super::constraints`], then those of the
/// horizon. `units` has one value for each month of an activity.
///
/// - Budgets: of each month; with carry-over of the months until each; or one. Least spend is a share of
///   a month's budget where budgets and shares are the months' own, and of the horizon's otherwise.
/// - Bands: by month or over the horizon, where a partnership counts in every month it posts in.
/// - Numbers of partnerships, supply, hours and the user's rules: by month. At least one partnership in the horizon.
/// - The largest partnership: a month's cost as a share of the budget that bands speak of.
/// - Enforced targets: over the horizon.
/// - Waves: numbers and spend of the whole wave. Of a wave over several months with a most of something, a
///   month takes at most ⌈most × its share of the days⌉.
#[must_use]
pub fn constraints_over(
    model: &Model,
    activities: &[Activity],
    units: &[Vec<UnitValue>],
) -> Vec<Constraint> {
    let over = Rows {
        model,
        activities,
        units,
        columns: activities.iter().map(|a| a.cell).collect(),
    };
    let mut out = Vec::new();
    for month in 0..model.months {
        let from = out.len();
        over.month(month, &mut out);
        for constraint in &mut out[from..] {
            constraint.month = Some(month);
        }
    }
    let from = out.len();
    over.horizon(&mut out);
    for constraint in &mut out[from..] {
        constraint.month = None;
    }
    for (index, wave) in model.horizon.waves.iter().enumerate() {
        over.wave(index, wave, &mut out);
    }
    for constraint in &mut out {
        let importance = &model.rules.importance;
        constraint.importance = importance.of(&constraint.name, constraint.kind);
    }
    out
}

struct Rows<'a> {
    model: &'a Model,
    activities: &'a [Activity],
    units: &'a [Vec<UnitValue>],
    columns: Vec<usize>,
}

impl Rows<'_> {
    /// Least spend and shares are those of every month.
    fn monthly(&self) -> (bool, bool) {
        let horizon = &self.model.horizon;
        let shares = horizon.diversity_over == Over::Month;
        (shares && horizon.budget_over == BudgetOver::Month, shares)
    }

    /// What activities cost and yield in months that `chosen` holds for, and in how many.
    fn within(&self, chosen: impl Fn(usize) -> bool) -> (Vec<UnitValue>, Vec<f64>) {
        let own = self.activities.iter().zip(self.units);
        own.map(|(activity, units)| {
            let months = activity.months.clone().zip(units);
            let own: Vec<&UnitValue> = months
                .filter(|(month, _)| chosen(*month))
                .map(|(_, unit)| unit)
                .collect();
            let present = own.len() as f64;
            (sum_of(own), present)
        })
        .unzip()
    }

    fn builder<'b>(
        &'b self,
        (units, present): (&'b [UnitValue], Vec<f64>),
        budget: f64,
    ) -> Builder<'b> {
        Builder {
            model: self.model,
            columns: &self.columns,
            units,
            present,
            budget,
        }
    }

    fn month(&self, month: usize, out: &mut Vec<Constraint>) {
        let model = self.model;
        let horizon = &model.horizon;
        let budget = model.budget_of(month);
        let (least_spend, shares) = self.monthly();
        let (units, present) = self.within(|m| m == month);
        let build = self.builder((&units, present), budget);
        match horizon.budget_over {
            BudgetOver::Month => out.push(unscaled(build.budget())),
            BudgetOver::CarryOver => {
                let released = (0..=month).map(|m| model.budget_of(m)).sum();
                let (units, present) = self.within(|m| m <= month);
                let until = self.builder((&units, present), released);
                out.push(Constraint {
                    rule: Rule::BudgetUntil,
                    ..unscaled(until.budget())
                });
            }
            BudgetOver::Horizon => {}
        }
        if least_spend && model.rules.min_spend > 0.0 {
            out.push(unscaled(build.min_spend()));
        }
        if model.rules.min_creators.is_some_and(|least| least >= 1.0) {
            out.push(build.least());
        }
        out.extend(build.most());
        if shares {
            build.bands(out);
        }
        let whole = if shares { budget } else { model.budget() };
        // Of no budget there is no share, and nothing that costs fits into it.
        if whole > 0.0 {
            let of = self.builder((&units, Vec::new()), whole);
            out.extend(of.largest().map(unscaled));
        }
        build.supply(out);
        out.extend(build.hours());
        build.user(out);
    }

    fn horizon(&self, out: &mut Vec<Constraint>) {
        let model = self.model;
        let (units, present) = self.within(|_| true);
        let build = self.builder((&units, present), model.budget());
        let (least_spend, shares) = self.monthly();
        let one = model.horizon.budget_over == BudgetOver::Horizon;
        if one {
            out.push(build.budget());
        }
        if !least_spend && model.rules.min_spend > 0.0 {
            let least = build.min_spend();
            out.push(if one { least } else { unscaled(least) });
        }
        if model.rules.min_creators.is_none_or(|least| least < 1.0) {
            out.push(build.any());
        }
        if !shares {
            build.bands(out);
        }
        let targets = model.targets.iter().filter(|target| target.enforce);
        out.extend(targets.map(|target| build.target(target)));
    }

    fn wave(&self, index: usize, wave: &Wave, out: &mut Vec<Constraint>) {
        let model = self.model;
        let own = |cell: usize| model.cells[cell].booked_as == BookedAs::Wave(index);
        let touched = model.horizon.touched(wave);
        for (number, (pattern, low, high)) in wave.counts.iter().enumerate() {
            let origin = wave.count_origins.get(number).unwrap_or(&wave.origin);
            let meant = model.matching(pattern);
            let counted = |chosen: &dyn Fn(usize) -> bool| {
                let one = |a: &Activity| {
                    let counts = own(a.cell) && meant.contains(&a.cell) && chosen(a.months.start);
                    f64::from(u8::from(counts))
                };
                Form::Sum(self.activities.iter().map(one).collect())
            };
            let name = format!("wave.{}.count.{}", wave.name, key_of(pattern));
            out.push(Constraint {
                month: None,
                low: (*low > 0.0).then_some(*low),
                high: *high,
                ..plain(name.clone(), counted(&|_| true), origin)
            });
            if let (Some(most), true) = (high, touched.len() > 1) {
                for month in touched.clone() {
                    let days = f64::from(model.horizon.days_within(wave, month));
                    let part = most * days / f64::from(wave.days.max(1));
                    out.push(Constraint {
                        month: Some(month),
                        // A hair of rounding is no partnership.
                        high: Some((part - 1e-9).ceil()),
                        ..plain(name.clone(), counted(&|m| m == month), origin)
                    });
                }
            }
        }
        if wave.budget != (None, None) {
            let (units, _) = self.within(|_| true);
            let spend = self.activities.iter().zip(&units);
            let spend = spend.map(|(a, unit)| if own(a.cell) { unit.spend } else { 0.0 });
            out.push(Constraint {
                month: None,
                kind: ConstraintKind::Budget,
                low: wave.budget.0.filter(|&low| low > 0.0),
                high: wave.budget.1,
                unit: Unit::Money,
                ..plain(
                    format!("wave.{}.budget", wave.name),
                    Form::Sum(spend.collect()),
                    &wave.budget_origin,
                )
            });
        }
    }
}

/// What follows one budget can't follow several.
fn unscaled(constraint: Constraint) -> Constraint {
    Constraint {
        scales: None,
        ..constraint
    }
}

/// A pattern as it is written: `micro.seeding`, `*.affiliate`.
fn key_of(pattern: &CellPattern) -> String {
    let parts = [
        &pattern.tier,
        &pattern.partnership,
        &pattern.category,
        &pattern.region,
    ];
    let last = parts.iter().rposition(|part| part.is_some()).unwrap_or(0);
    let words = parts[..=last].iter();
    let words: Vec<&str> = words.map(|p| p.as_deref().unwrap_or("*")).collect();
    words.join(".")
}
