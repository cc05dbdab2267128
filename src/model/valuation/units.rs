//! Expected cost and yields of a plan's creators.

use ndarray::Array2;

use super::super::{Model, joint, reach_factors};
use super::{UnitValue, law, law_believed};

/// Expected cost and yields of all cells of a model.
///
/// ```
/// use influencer_matrix::model::{Quantity, valuation};
///
/// # use influencer_matrix::scenario::{self, Overrides};
/// # let text = "schema = 1\nname = \"march\"\nbudget = 60_000\ntiers.use = [\"mid\", \"micro\"]\n";
/// # let model = scenario::read_text("march.toml", text, &Overrides::default()).unwrap().base;
/// // `model` is read from a scenario
/// let units = valuation::units(&model);
/// let one_each = vec![1.0; units.len()];
/// let spend = valuation::total(&units, &one_each, Quantity::Spend).unwrap();
/// assert!((spend - units.iter().map(|unit| unit.spend).sum::<f64>()).abs() < 1e-6);
/// ```
#[must_use]
pub fn units(model: &Model) -> Vec<UnitValue> {
    (0..model.cells.len())
        .map(|cell| law(model, cell).expected())
        .collect()
}

/// Expected cost and yields of one creator of every cell within a month's plan of these counts (one
/// a cell): [`units`] with every cell's conversions times its factor in the plan. They value this
/// plan, not others: another plan has other factors. Of a horizon, those of its first month without its season.
#[must_use]
pub fn units_in(model: &Model, counts: &[f64]) -> Vec<UnitValue> {
    if !joint::applies(model) && model.horizon.cross_promotion.is_none() {
        return units(model);
    }
    let reach = reach_factors(model, 0, counts);
    joint::conversion_factors_in(model, 0, counts)
        .into_iter()
        .enumerate()
        .map(|(cell, factor)| {
            law(model, cell)
                .reaching(reach[cell])
                .expected_in_plan(factor)
        })
        .collect()
}

/// The same in a month of the horizon: seasonality and tenure multiply conversions too. Where the month happened, what it
/// cost and brought ([`Model::happened`]).
#[must_use]
pub fn units_in_month(model: &Model, month: usize, counts: &[f64]) -> Vec<UnitValue> {
    let reach = reach_factors(model, month, counts);
    let mut units: Vec<UnitValue> = factors_in(model, month, counts)
        .into_iter()
        .enumerate()
        .map(|(cell, factor)| {
            let law = law_believed(model, month, cell);
            law.reaching(reach[cell]).expected_in_plan(factor)
        })
        .collect();
    for &(_, cell, known) in model.happened.iter().filter(|(m, ..)| *m == month) {
        units[cell] = known;
    }
    units
}

/// Factors on the conversions of all cells in a month's plan: what the plan leaves, season and tenure.
fn factors_in(model: &Model, month: usize, counts: &[f64]) -> Vec<f64> {
    let mut factors = if joint::applies(model) {
        joint::conversion_factors_in(model, month, counts)
    } else {
        vec![1.0; counts.len()]
    };
    for (cell, factor) in factors.iter_mut().enumerate() {
        *factor *= model.conversion_factor(month, cell);
    }
    factors
}

/// The same for a plan of several months (months × cells): a cell's factor is the mean of its
/// months' weighted by their counts, so that a cell's count over the horizon times its unit value is its
/// expected total over the horizon.
#[must_use]
pub fn units_of_plan(model: &Model, counts: &Array2<f64>) -> Vec<UnitValue> {
    let months: Vec<Vec<f64>> = counts
        .rows()
        .into_iter()
        .enumerate()
        .map(|(month, counts)| factors_in(model, month, &counts.to_vec()))
        .collect();
    if model.belief.is_some() || model.horizon.cross_promotion.is_some() {
        return mean_over_months(model, counts, &months);
    }
    (0..model.cells.len())
        .map(|cell| {
            let first = months.first().map_or(1.0, |factors| factors[cell]);
            let (mut sum, mut number) = (0.0, 0.0);
            for (factors, count) in months.iter().zip(counts.column(cell)) {
                // As differences from the first, so that equal months give it exactly.
                sum += count * (factors[cell] - first);
                number += count;
            }
            let mean = if number > 0.0 {
                first + sum / number
            } else {
                first
            };
            law(model, cell).expected_in_plan(mean)
        })
        .collect()
}

/// Where more than conversions differs by month: the mean of the months' unit values, weighted by their counts.
fn mean_over_months(model: &Model, counts: &Array2<f64>, factors: &[Vec<f64>]) -> Vec<UnitValue> {
    let rows = counts.rows().into_iter().enumerate();
    let reach: Vec<Vec<f64>> = rows
        .map(|(month, row)| reach_factors(model, month, &row.to_vec()))
        .collect();
    let unit = |month: usize, cell: usize| {
        let mut known = model.happened.iter();
        if let Some(&(.., unit)) = known.find(|(m, c, _)| (*m, *c) == (month, cell)) {
            return unit;
        }
        let law = law_believed(model, month, cell).reaching(reach[month][cell]);
        law.expected_in_plan(factors[month][cell])
    };
    (0..model.cells.len())
        .map(|cell| {
            let number: f64 = counts.column(cell).sum();
            if number <= 0.0 || factors.is_empty() {
                return law(model, cell).expected_in_plan(1.0);
            }
            let share = |month: usize| counts[[month, cell]] / number;
            let weighted = |of: &dyn Fn(&UnitValue) -> f64| -> f64 {
                (0..factors.len())
                    .filter(|&month| counts[[month, cell]] > 0.0)
                    .map(|month| share(month) * of(&unit(month, cell)))
                    .sum()
            };
            let first = unit(0, cell);
            let part = |of: fn(&UnitValue) -> Option<f64>| {
                of(&first).map(|_| weighted(&|u| of(u).unwrap_or(f64::NAN)))
            };
            UnitValue {
                spend: weighted(&|u| u.spend),
                impressions: part(|u| u.impressions),
                engagements: part(|u| u.engagements),
                clicks: part(|u| u.clicks),
                conversions: weighted(&|u| u.conversions),
                revenue: weighted(&|u| u.revenue),
                profit: weighted(&|u| u.profit),
                hours: first.hours,
            }
        })
        .collect()
}
