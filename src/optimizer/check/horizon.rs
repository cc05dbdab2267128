//! A plan of several months against the rules as the user stated them.

use ndarray::Array2;

use super::super::conflict::words::{Rounding, amount};
use super::{Checker, TOLERANCE, Violation};
use crate::model::valuation::{self, UnitValue};
use crate::model::{BookedAs, BudgetOver, Model, Over, Pipeline, PipelineLaw, Unit};
use crate::optimizer::horizon::hang_together;
use crate::units::significant;

/// Every rule that a plan (months × cells of the model) breaks; empty if it keeps all.
///
/// Reads the counts month by month: each month's numbers, supply, hours and rules of the user's own; budgets of
/// months, until each month, or of the horizon; shares by month or over the horizon; enforced targets over
/// the horizon where its months hang together; waves' numbers and spend; that ambassadors stay for their term and
/// do not grow in number.
#[must_use]
pub fn check_plan(model: &Model, counts: &Array2<f64>) -> Vec<Violation> {
    let (months, cells) = (model.months, model.cells.len());
    if counts.dim() != (months, cells) {
        return vec![Violation {
            rule: "counts".to_owned(),
            value: counts.len() as f64,
            low: Some((months * cells) as f64),
            high: Some((months * cells) as f64),
            words: format!(
                "there are counts for {} months and {} cells, not for {months} and {cells}",
                counts.nrows(),
                counts.ncols(),
            ),
        }];
    }
    let rows: Vec<Vec<f64>> = counts.rows().into_iter().map(|row| row.to_vec()).collect();
    let units: Vec<Vec<UnitValue>> = rows
        .iter()
        .enumerate()
        .map(|(month, row)| valuation::units_in_month(model, month, row))
        .collect();
    let plan = Plan {
        model,
        rows,
        units,
        apart: !hang_together(model),
    };
    let mut found = Vec::new();
    for month in 0..months {
        let own = plan.month(month);
        found.extend(own.into_iter().map(|violation| Violation {
            words: if months > 1 {
                format!("month {}: {}", month + 1, violation.words)
            } else {
                violation.words.clone()
            },
            ..violation
        }));
    }
    found.extend(plan.horizon());
    found
}

struct Plan<'a> {
    model: &'a Model,
    rows: Vec<Vec<f64>>,
    units: Vec<Vec<UnitValue>>,
    /// Whether every month is planned by itself.
    apart: bool,
}

impl Plan<'_> {
    fn budgets(&self) -> f64 {
        (0..self.rows.len()).map(|m| self.model.budget_of(m)).sum()
    }

    fn month(&self, month: usize) -> Vec<Violation> {
        let model = self.model;
        let over = &model.horizon;
        let shares = over.diversity_over == Over::Month;
        let budget = model.budget_of(month);
        let mut own = Checker::new(model, &self.rows[month], &self.units[month], budget);
        own.counts();
        if over.budget_over == BudgetOver::Month {
            own.within_budget();
            if shares {
                own.least_spend();
            }
        }
        own.numbers(self.apart);
        if shares {
            own.shares();
        } else {
            own.budget = self.budgets();
        }
        if own.budget > 0.0 {
            own.largest();
        }
        own.supply();
        own.hours();
        if self.apart {
            for target in model.targets.iter().filter(|t| t.enforce) {
                own.target(target);
            }
        }
        own.user();
        for (cell, &count) in self.rows[month].iter().enumerate() {
            if count > TOLERANCE && !model.months_of(cell).contains(&month) {
                own.found.push(Violation {
                    rule: "counts".to_owned(),
                    value: count,
                    low: None,
                    high: Some(0.0),
                    words: format!("`counts`: {} can't be booked then", model.key(cell)),
                });
            }
        }
        own.found
    }

    fn horizon(&self) -> Vec<Violation> {
        let model = self.model;
        let over = &model.horizon;
        // Month after month, as one long row of cells.
        let months = self.rows.len();
        let shares = over.diversity_over == Over::Month;
        let totals: Vec<f64> = (0..model.cells.len())
            .map(|cell| self.rows.iter().map(|row| row[cell]).sum())
            .collect();
        // Unit values that give the horizon's totals with them.
        let means: Vec<UnitValue> = (0..model.cells.len())
            .map(|cell| self.mean(cell, totals[cell]))
            .collect();
        let mut whole = Checker::new(model, &totals, &means, self.budgets());
        match over.budget_over {
            BudgetOver::Month => {}
            BudgetOver::Horizon => whole.within_budget(),
            BudgetOver::CarryOver => self.until_each(&mut whole),
        }
        if !(shares && over.budget_over == BudgetOver::Month) {
            whole.least_spend();
        }
        if !self.apart && totals.iter().sum::<f64>() < 1.0 - TOLERANCE {
            whole.numbers(true);
        }
        if !shares {
            whole.shares();
        }
        if !self.apart {
            for target in model.targets.iter().filter(|t| t.enforce) {
                whole.target(target);
            }
        }
        for wave in 0..over.waves.len() {
            self.wave(wave, &mut whole);
        }
        for month in 1..months {
            self.terms(month, &mut whole);
        }
        if let Some(pipeline) = &over.pipeline {
            self.new_partners(pipeline, &mut whole);
        }
        whole.found
    }

    /// Expected values of a cell's partnerships, averaged over the months they are booked in.
    fn mean(&self, cell: usize, total: f64) -> UnitValue {
        let first = self.units[0][cell];
        if total <= 0.0 {
            return first;
        }
        let mean = |of: &dyn Fn(&UnitValue) -> f64| {
            let each = self.rows.iter().zip(&self.units);
            let sum: f64 = each.map(|(row, units)| row[cell] * of(&units[cell])).sum();
            sum / total
        };
        let some =
            |of: fn(&UnitValue) -> Option<f64>| of(&first).map(|_| mean(&|u| of(u).unwrap_or(0.0)));
        UnitValue {
            spend: mean(&|u| u.spend),
            impressions: some(|u| u.impressions),
            engagements: some(|u| u.engagements),
            clicks: some(|u| u.clicks),
            conversions: mean(&|u| u.conversions),
            revenue: mean(&|u| u.revenue),
            profit: mean(&|u| u.profit),
            hours: first.hours,
        }
    }

    fn spends(&self, month: usize) -> impl Iterator<Item = f64> + '_ {
        let own = self.rows[month].iter().zip(&self.units[month]);
        own.map(|(&x, unit)| if x == 0.0 { 0.0 } else { x * unit.spend })
    }

    /// Spend until the end of every month is within what was released until then.
    fn until_each(&self, whole: &mut Checker<'_>) {
        for month in 0..self.rows.len() {
            let released: f64 = (0..=month).map(|m| self.model.budget_of(m)).sum();
            let before = whole.found.len();
            whole.hold_sum(
                "budget",
                (0..=month).flat_map(|m| self.spends(m)),
                (None, Some(released)),
                Unit::Money,
            );
            for violation in &mut whole.found[before..] {
                violation.words = format!("until month {}: {}", month + 1, violation.words);
            }
        }
    }

    fn wave(&self, index: usize, whole: &mut Checker<'_>) {
        let model = self.model;
        let wave = &model.horizon.waves[index];
        let own: Vec<usize> = (0..model.cells.len())
            .filter(|&cell| model.cells[cell].booked_as == BookedAs::Wave(index))
            .collect();
        for (pattern, low, high) in &wave.counts {
            let meant: Vec<usize> = own
                .iter()
                .copied()
                .filter(|&cell| pattern.matches(&model.key(cell)))
                .collect();
            let rule = format!("wave.{}.count", wave.name);
            let in_month = |month: usize| meant.iter().map(move |&cell| self.rows[month][cell]);
            let all = (0..self.rows.len()).flat_map(|month| {
                let own: Vec<f64> = meant.iter().map(|&cell| self.rows[month][cell]).collect();
                own
            });
            whole.hold_sum(&rule, all, (Some(*low), *high), Unit::Count);
            let Some(most) = high else { continue };
            let ends = wave.first_day + wave.days;
            let mut first = 0;
            for (month, length) in model.horizon.months.iter().enumerate() {
                // Days of the wave in the month, by its first and last day.
                let next = first + length.days;
                let days = ends.min(next).saturating_sub(wave.first_day.max(first));
                first = next;
                if days < wave.days {
                    let part = most * f64::from(days) / f64::from(wave.days);
                    let most = (part - 1e-9).ceil().max(0.0);
                    whole.hold_sum(&rule, in_month(month), (None, Some(most)), Unit::Count);
                }
            }
        }
        if wave.budget != (None, None) {
            let rule = format!("wave.{}.budget", wave.name);
            let spends: Vec<f64> = (0..self.rows.len())
                .flat_map(|month| own.iter().map(move |&cell| (month, cell)))
                .map(|(month, cell)| self.rows[month][cell] * self.units[month][cell].spend)
                .collect();
            whole.hold_sum(&rule, spends.into_iter(), wave.budget, Unit::Money);
        }
    }

    /// Ambassadors are as many as the month before within their term, and no more after it.
    fn terms(&self, month: usize, whole: &mut Checker<'_>) {
        let model = self.model;
        for (cell, own) in model.cells.iter().enumerate() {
            let BookedAs::Level { level, start } = own.booked_as else {
                continue;
            };
            let level = &model.horizon.levels[level];
            let (before, now) = (self.rows[month - 1][cell], self.rows[month][cell]);
            let within = month > start && month < start + level.term_months;
            let broken =
                month > start && (now > before + TOLERANCE || within && now < before - TOLERANCE);
            if broken {
                whole.found.push(Violation {
                    rule: format!("ambassadors.{}.term_months", level.name),
                    value: now,
                    low: within.then_some(before),
                    high: Some(before),
                    words: format!(
                        "month {}: {} are {now} after {before}{}",
                        month + 1,
                        model.key(cell),
                        if within {
                            ", within their term"
                        } else {
                            ", and none can join them"
                        }
                    ),
                });
            }
        }
    }

    /// What is booked beyond those who stay is within what the pipeline has delivered, month after month.
    fn new_partners(&self, pipeline: &Pipeline, whole: &mut Checker<'_>) {
        let model = self.model;
        let law = PipelineLaw::new(pipeline, &model.horizon);
        let repeat = pipeline.repeat.mean();
        let mut needed = 0.0;
        // The month that is shortest of partners speaks for all.
        let mut worst: Option<(f64, usize, f64, f64)> = None;
        for (month, row) in self.rows.iter().enumerate() {
            for (cell, own) in model.cells.iter().enumerate() {
                let staying = |share: f64| match month.checked_sub(1) {
                    Some(before) => share * self.rows[before][cell],
                    None => 0.0,
                };
                let kept = 1.0 - pipeline.churn.mean();
                let there = if model.months_of(cell).start == month {
                    pipeline.starting.get(cell).copied().unwrap_or(0.0)
                } else {
                    match own.booked_as {
                        BookedAs::Level { level, start }
                            if month < start + model.horizon.levels[level].term_months =>
                        {
                            staying(kept)
                        }
                        _ => staying(kept * repeat),
                    }
                };
                let wave = matches!(own.booked_as, BookedAs::Wave(_));
                if model.months_of(cell).contains(&month) && !wave {
                    needed += (row[cell] - there).max(0.0);
                }
            }
            let delivered = match pipeline.with {
                Some(p) => law.delivered_with(month, p) as f64,
                None => law.delivered_mean(month),
            };
            let over = needed - delivered;
            if over > TOLERANCE * delivered.max(1.0) && worst.is_none_or(|(most, ..)| over > most) {
                worst = Some((over, month, needed, delivered));
            }
        }
        if let Some((_, month, needed, delivered)) = worst {
            let show = |n: f64| amount(n, Unit::Count, &model.currency, Rounding::Near);
            whole.found.push(Violation {
                rule: "pipeline.partnership".to_owned(),
                value: needed,
                low: None,
                high: Some(delivered),
                words: format!(
                    "`pipeline.partnership`: {} needed until month {}, and the pipeline delivers {} by then{}",
                    match show(needed).as_str() {
                        "1" => "1 new partnership is".to_owned(),
                        many => format!("{many} new partnerships are"),
                    },
                    month + 1,
                    show(delivered),
                    match pipeline.with {
                        Some(with) => format!(" with a probability of {}", significant(with, 3)),
                        None => String::new(),
                    }
                ),
            });
        }
    }
}
