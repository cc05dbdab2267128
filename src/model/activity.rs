//! Activities: the unknowns of a plan over several months.
//!
//! An open cell and a wave's cell are booked month by month, one activity for each month. Ambassadors are booked from
//! their start to an end that is no earlier than their term: one activity for each end. So their
//! number is the same all through the term and never grows after it, without any rule that says so.

use std::ops::Range;

use ndarray::Array2;

use super::Model;
use super::cell::BookedAs;
use super::valuation::{UnitValue, law_in};

/// What can be booked in one piece: partnerships of a cell in one month, or from a start to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Index into [`Model::cells`].
    pub cell: usize,
    /// Months it posts in, from 0.
    pub months: Range<usize>,
}

/// All activities of a model, by month of their start, then by cell, then by end.
#[must_use]
pub fn activities(model: &Model) -> Vec<Activity> {
    let mut out = Vec::new();
    for month in 0..model.months {
        for (cell, own) in model.cells.iter().enumerate() {
            match own.booked_as {
                BookedAs::Level { level, start } if start == month => {
                    let term = model.horizon.levels[level].term_months.max(1);
                    let first_end = (start + term).min(model.months);
                    out.extend((first_end..=model.months).map(|end| Activity {
                        cell,
                        months: start..end,
                    }));
                }
                BookedAs::Level { .. } => {}
                _ if model.months_of(cell).contains(&month) => out.push(Activity {
                    cell,
                    months: month..month + 1,
                }),
                _ => {}
            }
        }
    }
    out
}

/// Months × cells from amounts of activities.
#[must_use]
pub fn counts_of(model: &Model, activities: &[Activity], amounts: &[f64]) -> Array2<f64> {
    let mut counts = Array2::zeros((model.months, model.cells.len()));
    for (activity, amount) in activities.iter().zip(amounts) {
        for month in activity.months.clone() {
            counts[[month, activity.cell]] += amount;
        }
    }
    counts
}

/// Expected cost and yields of one unit of every activity in each of its months, where the two factors of a month
/// and a cell multiply reach and, beside season and tenure, conversions.
#[must_use]
pub fn units_of(
    model: &Model,
    activities: &[Activity],
    factors: impl Fn(usize, usize) -> [f64; 2],
) -> Vec<Vec<UnitValue>> {
    let in_month = |month: usize, cell: usize| {
        let [reach, conversions] = factors(month, cell);
        let law = law_in(model, month, cell);
        law.reaching(reach).expected_in_plan(conversions)
    };
    activities
        .iter()
        .map(|a| {
            a.months
                .clone()
                .map(|month| in_month(month, a.cell))
                .collect()
        })
        .collect()
}

/// Cost and yields added up; of nothing they are 0.
#[must_use]
pub fn sum_of<'a>(units: impl IntoIterator<Item = &'a UnitValue>) -> UnitValue {
    const NOTHING: UnitValue = UnitValue {
        spend: 0.0,
        impressions: Some(0.0),
        engagements: Some(0.0),
        clicks: Some(0.0),
        conversions: 0.0,
        revenue: 0.0,
        profit: 0.0,
        hours: 0.0,
    };
    let both = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
    units.into_iter().fold(NOTHING, |a, b| UnitValue {
        spend: a.spend + b.spend,
        impressions: both(a.impressions, b.impressions),
        engagements: both(a.engagements, b.engagements),
        clicks: both(a.clicks, b.clicks),
        conversions: a.conversions + b.conversions,
        revenue: a.revenue + b.revenue,
        profit: a.profit + b.profit,
        hours: a.hours + b.hours,
    })
}
