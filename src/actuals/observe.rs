//! Rows of actuals as observations that are linear in normal variables.
//!
//! For a row's total A of a stage with the plan's expectation E:
//!
//! ```text
//! ln(A/E) = Σ (σ z − σ²/2) over the shared factors of the stage
//!         + Σ (√v u − v/2) over the creators' lasting parts of the stage
//!         + Σ (√v e − v/2) over what is new in the month
//! ```
//!
//! with z the factors' latent normals, u and e standard normals, u the same in all months as far as the same creators are booked
//! (`lasting`).

use super::lasting::Weights;
use super::past::there;
use super::spread::{Lasting, Spread};
use crate::model::{
    ActualRow, Actuals, FactorBelief, InputGroup, Model, Quantity, name_of, valuation,
};
use crate::stats;
use ndarray::Array2;

/// Variance of a reported logarithm beyond all other scatter: figures are rounded to about 0.1 %.
const ROUNDING: f64 = 1e-6;
/// Added to numbers of orders on both sides, so that none have a logarithm.
const HALF: f64 = 0.5;

/// A lasting part of one tier and type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) kind: Lasting,
    pub(super) tier: usize,
    pub(super) partnership: usize,
    /// Which of the normals that make it, from the one that most months have.
    pub(super) step: usize,
}

impl Part {
    pub(super) fn new(kind: Lasting, tier: usize, partnership: usize) -> Self {
        Self {
            kind,
            tier,
            partnership,
            step: 0,
        }
    }
}

/// One observed logarithm, moved to mean 0.
#[derive(Debug, Clone)]
pub(super) struct Observation {
    /// ln(A/E) + ½ Σ σ² + ½ Σ v.
    pub(super) value: f64,
    /// Places in the belief, and σ.
    pub(super) factors: Vec<(usize, f64)>,
    /// Lasting parts, and √v.
    pub(super) lasting: Vec<(Part, f64)>,
    /// What is new in the month: its number within the row, and √v.
    pub(super) fresh: Vec<(usize, f64)>,
}

/// Observations that share what is new in a month: those of one row.
pub(super) type Row = Vec<Observation>;

/// Numbers of what is new, within a row.
const APPEARS: usize = 0;
const ORDERS: usize = 1;
const VALUES: usize = 2;
const FEES: usize = 3;
/// Of the rounding of each observation, from here on.
const ROUNDED: usize = 4;
/// Fresh parts of a row in all.
pub(super) const FRESH: usize = ROUNDED + 6;

/// Counts of a row's cells in its month: the plan's, or the file's spread over them as the plan has it. Empty where neither
/// says what there was.
pub(super) fn booked(model: &Model, counts: &Array2<f64>, row: &ActualRow) -> Vec<(usize, f64)> {
    let own = |cell: &usize| {
        let c = &model.cells[*cell];
        c.tier == row.tier && c.partnership == row.partnership
    };
    let cells = (0..model.cells.len()).filter(own);
    let planned: Vec<(usize, f64)> = cells
        .map(|cell| (cell, counts[[row.month, cell]]))
        .filter(|(_, count)| *count > 0.0)
        .collect();
    let sum: f64 = planned.iter().map(|(_, count)| count).sum();
    match row.count {
        None => planned,
        Some(count) if sum > 0.0 => planned
            .into_iter()
            .map(|(cell, own)| (cell, own * count / sum))
            .collect(),
        Some(count) => {
            let free = |cell: &usize| own(cell) && model.months_of(*cell).contains(&row.month);
            let first = (0..model.cells.len()).find(free);
            first.map(|cell| (cell, count)).into_iter().collect()
        }
    }
}

/// Observations of all rows. `counts` is the plan of the months that happened.
pub(super) fn observations(
    model: &Model,
    counts: &Array2<f64>,
    actuals: &Actuals,
    belief: &FactorBelief,
) -> Vec<Row> {
    let mut out = Vec::new();
    let weights = Weights::new(model, counts, actuals);
    for row in &actuals.rows {
        let booked = booked(model, counts, row);
        let mut month = counts.row(row.month).to_vec();
        for &(cell, count) in &booked {
            month[cell] = count;
        }
        let units = valuation::units_in_month(model, row.month, &month);
        let lasting = |kind: Lasting| weights.of(kind, (row.tier, row.partnership), row.month);
        let seen = (actuals.months, belief, &lasting as PartsOf<'_>);
        out.push(of_row(model, row, &booked, &units, seen));
    }
    out
}

/// Lasting parts of a kind, each with its weight.
type PartsOf<'a> = &'a dyn Fn(Lasting) -> Vec<(Part, f64)>;

fn of_row(
    model: &Model,
    row: &ActualRow,
    booked: &[(usize, f64)],
    units: &[valuation::UnitValue],
    (months, belief, parts): (usize, &FactorBelief, PartsOf<'_>),
) -> Row {
    let Some(&(first, _)) = booked.iter().find(|(_, count)| *count > 0.0) else {
        return Vec::new();
    };
    let expected = |quantity: Quantity| -> Option<f64> {
        let parts = booked.iter().map(|&(cell, count)| {
            // Of what comes days after its booking, what is there.
            let there = there(model, months, (row.month, cell), quantity);
            Some(count * units[cell].get(quantity)? * there)
        });
        parts.sum()
    };
    let spread = Spread::of(model, &model.cells[first], alike(booked, units));
    let tier = model.tiers[row.tier].name.as_str();
    let mut observed = Row::new();
    let mut observe =
        |log: f64, inputs: &[InputGroup], lasting: &[(Lasting, f64)], fresh: &[(usize, f64)]| {
            let mut out = Observation {
                value: log,
                factors: Vec::new(),
                lasting: Vec::new(),
                fresh: vec![(ROUNDED + observed.len(), libm::sqrt(ROUNDING))],
            };
            for &input in inputs {
                let sigma = model.log_spread(input);
                if let Some(place) = belief.place(&name_of(input, (tier, row.month)))
                    && sigma > 0.0
                {
                    out.value += 0.5 * sigma * sigma;
                    out.factors.push((place, sigma));
                }
            }
            for &(kind, variance) in lasting.iter().filter(|(_, v)| *v > 0.0) {
                out.value += 0.5 * variance;
                out.lasting.extend(parts(kind));
            }
            for &(number, variance) in fresh.iter().filter(|(_, v)| *v > 0.0) {
                out.value += 0.5 * variance;
                out.fresh.push((number, libm::sqrt(variance)));
            }
            if out.value.is_finite() {
                observed.push(out);
            }
        };
    let stages = model.factors_of(row.tier);
    let appears = (APPEARS, spread.appears);
    let mut inputs: Vec<InputGroup> = Vec::new();
    for (stage, quantity) in [
        Quantity::Impressions,
        Quantity::Engagements,
        Quantity::Clicks,
    ]
    .into_iter()
    .enumerate()
    {
        inputs.extend_from_slice(stages[stage]);
        if let (Some(actual), Some(expected)) = (row.get(quantity), expected(quantity))
            && actual > 0.0
            && expected > 0.0
        {
            let log = libm::log(actual / expected);
            observe(log, &inputs, &spread.lasting(stage), &[appears]);
        }
    }
    inputs.extend_from_slice(stages[3]);
    // Of what the month's posts bring, what has come by now.
    let orders: f64 = booked
        .iter()
        .map(|&(cell, count)| {
            count
                * units[cell].conversions
                * sold(model, months, row.month, cell).iter().sum::<f64>()
        })
        .sum();
    if orders > 0.0 {
        let log = libm::log((row.conversions + HALF) / (orders + HALF));
        let chance = (ORDERS, libm::log1p(1.0 / (orders + HALF)));
        observe(log, &inputs, &spread.lasting(3), &[appears, chance]);
    }
    let order = valuation::order_value(model, row.tier);
    if row.conversions > 0.0 && row.revenue > 0.0 && order.mean > 0.0 {
        let log = libm::log(row.revenue / row.conversions / order.mean);
        let relative = order.sd / order.mean;
        let chance = (VALUES, libm::log1p(relative * relative / row.conversions));
        observe(log, stages[4], &[], &[chance]);
    }
    let (paid, due) = fees(model, row, booked);
    if paid > 0.0 && due > 0.0 {
        let log = libm::log(paid / due);
        observe(
            log,
            &[InputGroup::Fee],
            &[spread.fee],
            &[(FEES, spread.fee_due)],
        );
    }
    observed
}

/// (Σ n e)²/Σ n e² with expectations e: as many creators alike would scatter as much.
pub(super) fn alike(booked: &[(usize, f64)], units: &[valuation::UnitValue]) -> f64 {
    let (mut sum, mut squares) = (0.0, 0.0);
    for &(cell, count) in booked {
        let e = units[cell].conversions.max(f64::MIN_POSITIVE.sqrt());
        sum += count * e;
        squares += count * e * e;
    }
    sum * sum / squares
}

/// Shares of the sales of what a cell posted in a month, by the months from then on that happened.
pub(super) fn sold(model: &Model, months: usize, month: usize, cell: usize) -> Vec<f64> {
    let mut shares = model.response_shares(month, cell);
    shares.truncate(months - month);
    shares
}

/// Drawn fees paid, as far as the row's spend tells, and expected.
fn fees(model: &Model, row: &ActualRow, booked: &[(usize, f64)]) -> (f64, f64) {
    let (mut other, mut due) = (0.0, 0.0);
    for &(cell, count) in booked {
        let law = valuation::law(model, cell);
        let delivered = law.terms.delivery;
        other += count * (law.standing_cost() + law.incidents.expected_cleanup());
        match law.fee_multiplier() {
            Some(multiplier) => due += count * law.fee.mean() * multiplier * delivered,
            None => other += count * law.fixed_fee() * delivered,
        }
    }
    let shares = booked
        .iter()
        .map(|&(cell, count)| count * model.cells[cell].terms.commission);
    let creators: f64 = booked.iter().map(|(_, count)| count).sum();
    other += shares.sum::<f64>() / creators.max(f64::MIN_POSITIVE) * row.revenue;
    (row.spend - other, due)
}

/// The 10 % and 90 % quantile of exp(m + s z).
pub(super) fn range(mean: f64, sd: f64) -> (f64, f64) {
    let z = stats::normal_quantile(0.9);
    (libm::exp(mean - z * sd), libm::exp(mean + z * sd))
}
