//! The problem of the months to come.
//!
//! The months that happened are cut off; everything that counts days or months counts from the first that is left.
//!
//! - Budgets: where each month has its own, they stay; carried over, the first has what was released and not spent
//!   before it on top (or less); one budget for the horizon has what was spent taken off.
//! - Waves that ended are gone; of one that is under way the days left stay, with what is left of its budget and counts.
//! - Ambassadors who started stay if the last month's actuals have a row with spend of their tier and type: those within their term
//!   are there to the end, those beyond it can be fewer. Their tenure goes on.
//! - A pipeline's partners at the beginning are those of the last month who stay, which is drawn, and what is under way arrives.
//! - Bands and least spend over the horizon count what happened (`over`).

use ndarray::Array2;

use super::doubts::doubts;
use super::known::{known, part_the_new};
use super::over;
use super::there::{Booked, there};
use crate::model::valuation::{self, UnitValue};
use crate::model::{
    Actuals, Before, BookedAs, BudgetOver, CellPattern, FactorBelief, Level, Model, UserAmount,
    UserRule,
};
use crate::units::{YearMonth, money, share_of};

/// Amounts are kept to a millionth: sums and differences of the file's are not the decimal numbers that they stand for.
const MICROS: f64 = 1e6;

/// The problem of the months to come.
#[derive(Debug, Clone)]
pub struct Remaining {
    /// It.
    pub model: Model,
    /// Cell of the whole problem, by cell; one of it can be two here, of those who were seen and of those who are new.
    pub cells: Vec<usize>,
    /// Sentences that qualify it.
    pub warnings: Vec<String>,
}

impl Remaining {
    /// What one partnership costs and brings in the months to come, by month and cell of the whole problem, for [`Model::happened`]: where a
    /// plan has those who were seen and those who are new, their mean. `gone` months are before them.
    #[must_use]
    pub fn units(&self, counts: &Array2<f64>, gone: usize) -> Vec<(usize, usize, UnitValue)> {
        let mut out: Vec<(usize, usize, UnitValue, f64)> = Vec::new();
        for (month, row) in counts.rows().into_iter().enumerate() {
            let row = row.to_vec();
            let units = valuation::units_in_month(&self.model, month, &row);
            for (own, (&count, &unit)) in row.iter().zip(&units).enumerate() {
                let at = (month + gone, self.cells[own]);
                if count <= 0.0 {
                    continue;
                }
                match out.iter_mut().find(|(m, c, ..)| (*m, *c) == at) {
                    Some((.., mean, number)) => {
                        *mean = mean.mixed(&unit, count / (*number + count));
                        *number += count;
                    }
                    None => out.push((at.0, at.1, unit, count)),
                }
            }
        }
        out.into_iter()
            .map(|(m, c, unit, _)| (m, c, unit))
            .collect()
    }
}

/// Why nothing is left to plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NothingLeft {
    /// All months happened.
    #[error(
        "all {0} months have actuals, so that none is left to plan; lengthen the horizon (months), or leave the last month's rows out"
    )]
    Months(usize),
    /// The budget is spent.
    #[error(
        "nothing is left of the budget: {spent} were spent of {budget}; raise the budget, or leave a month's rows out"
    )]
    Budget {
        /// Spent, in words.
        spent: String,
        /// Budget, in words.
        budget: String,
    },
}

/// Cuts the months that happened off. `counts` is the plan of the whole horizon, `belief` what is believed after them.
///
/// # Errors
/// If no month or no budget is left.
pub fn remaining(
    model: &Model,
    counts: &Array2<f64>,
    actuals: &Actuals,
    belief: &FactorBelief,
) -> Result<Remaining, NothingLeft> {
    let gone = actuals.months;
    if gone >= model.months {
        return Err(NothingLeft::Months(model.months));
    }
    let mut left = model.clone();
    let mut warnings = doubts(model, counts, actuals);
    left.months = model.months - gone;
    left.start = model.start.and_then(|(year, month)| {
        let start = YearMonth::new(year, month)?;
        let start = start.plus_months(u32::try_from(gone).ok()?)?;
        Some((start.year(), start.month()))
    });
    left.horizon.months.drain(..gone);
    budgets(model, actuals, &mut left, &mut warnings)?;
    left.belief = Some(belief.from_month(gone));
    let booked = Booked::new(model, counts, actuals);
    let waves = waves(model, &booked, gone, &mut left);
    over::carry(
        (model, counts),
        (actuals, &booked),
        &mut left,
        &mut warnings,
    );
    let partners = there(model, counts, actuals);
    let cells = cells(model, (&partners, actuals), &mut left, &waves);
    if let Some(fixed) = &model.counts {
        left.counts = Some(Array2::from_shape_fn(
            (left.months, cells.len()),
            |(m, c)| fixed[[gone + m, cells[c]]],
        ));
    }
    if let Some(pipeline) = &mut left.horizon.pipeline {
        let before = Before {
            partners: cells.iter().map(|&cell| partners[cell]).collect(),
            asked: cells
                .iter()
                .map(|&cell| !bound(model, cell, gone))
                .collect(),
        };
        pipeline.starting = before.stay(pipeline.churn.mean(), pipeline.repeat.mean());
        pipeline.before = Some(before);
        let days = f64::from(model.horizon.first_day(gone));
        pipeline.lead_weeks = pipeline.lead_weeks.after(days);
    }
    let mut cells = cells;
    left.known = known(model, (counts, actuals), &cells);
    part_the_new(&mut left, &mut cells);
    Ok(Remaining {
        model: left,
        cells,
        warnings,
    })
}

/// What is left where all months happened: no month, and so nothing to plan. Arguments as in [`remaining`].
#[must_use]
pub fn closed(
    model: &Model,
    counts: &Array2<f64>,
    actuals: &Actuals,
    belief: &FactorBelief,
) -> Remaining {
    let mut left = model.clone();
    left.months = 0;
    left.horizon.months.clear();
    left.horizon.pipeline = None;
    left.audiences.clear();
    left.counts = None;
    left.belief = Some(belief.from_month(actuals.months));
    Remaining {
        model: left,
        cells: (0..model.cells.len()).collect(),
        warnings: doubts(model, counts, actuals),
    }
}

fn budgets(
    model: &Model,
    actuals: &Actuals,
    left: &mut Model,
    warnings: &mut Vec<String>,
) -> Result<(), NothingLeft> {
    let gone = actuals.months;
    let own: Vec<f64> = (0..model.months).map(|m| model.budget_of(m)).collect();
    let mut budgets = own[gone..].to_vec();
    let spent: f64 = (0..gone).map(|m| actuals.spend(m)).sum();
    let released: f64 = own[..gone].iter().sum();
    let currency = &model.currency;
    match model.horizon.budget_over {
        BudgetOver::Month => {}
        BudgetOver::CarryOver => {
            budgets[0] += released - spent;
            if budgets[0] < 0.0 {
                // What one month cannot make up for is taken from the next.
                let mut debt = 0.0;
                for budget in &mut budgets {
                    debt += *budget;
                    *budget = debt.max(0.0);
                    debt = debt.min(0.0);
                }
                warnings.push(format!(
                    "{} were spent of {} released until then; what is missing comes off the months left",
                    money(spent, currency),
                    money(released, currency)
                ));
            }
        }
        BudgetOver::Horizon => {
            let all = model.budget();
            let scale = (all - spent) / budgets.iter().sum::<f64>();
            for budget in &mut budgets {
                *budget *= scale.max(0.0);
            }
        }
    }
    for budget in &mut budgets {
        *budget = (*budget * MICROS).round() / MICROS;
    }
    let sum: f64 = budgets.iter().sum();
    if sum <= 0.0 {
        return Err(NothingLeft::Budget {
            spent: money(spent, currency),
            budget: money(model.budget(), currency),
        });
    }
    let mean = unit_of(&budgets, sum / budgets.len() as f64);
    left.rules.budget = mean;
    for (month, budget) in left.horizon.months.iter_mut().zip(&budgets) {
        month.budget_share = share_of(*budget, mean);
    }
    Ok(())
}

/// A number near the mean of which all budgets are multiples to the last bit, if one is found.
fn unit_of(budgets: &[f64], mean: f64) -> f64 {
    let mut near = mean;
    for _ in 0..100 {
        if budgets.iter().all(|&b| share_of(b, near) * near == b) {
            return near;
        }
        near = near.next_up();
    }
    mean
}

/// Moves the waves; where each stands now, `None` for those that ended.
fn waves(model: &Model, booked: &Booked, gone: usize, left: &mut Model) -> Vec<Option<usize>> {
    let today = model.horizon.first_day(gone);
    let mut places = Vec::new();
    let mut waves = Vec::new();
    for (number, wave) in model.horizon.waves.iter().enumerate() {
        let end = wave.first_day + wave.days.max(1);
        if end <= today {
            places.push(None);
            continue;
        }
        let mut own = wave.clone();
        own.first_day = wave.first_day.saturating_sub(today);
        own.days = end - wave.first_day.max(today);
        if wave.first_day < today {
            let of = |amounts: &Array2<f64>, chosen: &dyn Fn(usize) -> bool| -> f64 {
                let cells = (0..model.cells.len()).filter(|&cell| {
                    model.cells[cell].booked_as == BookedAs::Wave(number) && chosen(cell)
                });
                cells.map(|cell| amounts.column(cell).sum()).sum()
            };
            let spent = of(&booked.spend, &|_| true);
            let rest = |amount: f64| (amount - spent).max(0.0);
            own.budget = (wave.budget.0.map(rest), wave.budget.1.map(rest));
            for (pattern, low, high) in &mut own.counts {
                let meant = model.matching(pattern);
                let made = of(&booked.counts, &|cell| meant.contains(&cell));
                *low = partnerships_left(*low, made);
                *high = high.map(|most| partnerships_left(most, made));
            }
        }
        places.push(Some(waves.len()));
        waves.push(own);
    }
    left.horizon.waves = waves;
    places
}

/// What is left of a number of partnerships; a hair of rounding is none.
fn partnerships_left(number: f64, made: f64) -> f64 {
    (number - made - 1e-9).ceil().max(0.0)
}

/// Takes out the cells that can't be booked any more and moves the others; the cells that stay.
fn cells(
    model: &Model,
    (partners, actuals): (&[f64], &Actuals),
    left: &mut Model,
    waves: &[Option<usize>],
) -> Vec<usize> {
    let gone = actuals.months;
    let mut kept = Vec::new();
    let mut cells = Vec::new();
    for (place, cell) in model.cells.iter().enumerate() {
        let mut own = cell.clone();
        match cell.booked_as {
            BookedAs::Open => {}
            BookedAs::Wave(wave) => match waves[wave] {
                Some(wave) => own.booked_as = BookedAs::Wave(wave),
                None => continue,
            },
            BookedAs::Level { level, start } if start >= gone => {
                own.booked_as = BookedAs::Level {
                    level,
                    start: start - gone,
                };
            }
            BookedAs::Level { level, start } => {
                let seen = actuals.rows.iter().any(|row| {
                    row.month + 1 == gone
                        && row.tier == cell.tier
                        && row.partnership == cell.partnership
                        && row.spend > 0.0
                });
                let number = partners[place];
                if !seen || number <= 0.0 {
                    continue;
                }
                let served = gone - start;
                let went_on = carried_on(&model.horizon.levels[level], start, served);
                own.factors.conversion_rate *= model.horizon.levels[level].lift(served);
                own.booked_as = BookedAs::Level {
                    level: left.horizon.levels.len(),
                    start: 0,
                };
                let within = bound(model, place, gone);
                left.rules.user.push(UserRule {
                    name: format!("{} goes on", went_on.name),
                    amount: UserAmount::Count,
                    terms: vec![(pattern(model, place, &went_on.name), 1.0)],
                    min: within.then_some(number),
                    max: Some(number),
                    origin: went_on.origin.clone(),
                });
                left.horizon.levels.push(went_on);
            }
        }
        kept.push(place);
        cells.push(own);
    }
    left.cells = cells;
    kept
}

/// Whether an ambassador's term holds in a month.
fn bound(model: &Model, cell: usize, month: usize) -> bool {
    match model.cells[cell].booked_as {
        BookedAs::Level { level, start } => month < start + model.horizon.levels[level].term_months,
        _ => false,
    }
}

/// A level for those who started in an earlier month. With base = lift(served), its own lift times base is that of the level
/// `served` months later.
fn carried_on(level: &Level, start: usize, served: usize) -> Level {
    let base = level.lift(served);
    let more = level.tenure_lift_max - (base - 1.0);
    Level {
        name: format!("{} of month {}", level.name, start + 1),
        term_months: level.term_months.saturating_sub(served).max(1),
        tenure_lift: level.tenure_lift / base,
        tenure_lift_max: more.max(0.0) / base,
        ..level.clone()
    }
}

fn pattern(model: &Model, cell: usize, level: &str) -> CellPattern {
    let key = model.key(cell);
    CellPattern {
        tier: Some(key.tier),
        partnership: Some(key.partnership),
        category: key.category,
        region: key.region,
        booked_as: Some((level.to_owned(), Some(1))),
    }
}
