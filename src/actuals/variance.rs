//! Plan, actuals and forecast beside each other.

use crate::model::{Actuals, Metric, Model, Plan, Quantity, TargetScope, valuation};
use crate::summary::{Estimate, ScopeKey, ScopeKind, SummaryRow};

/// Metrics of the table.
const METRICS: [Metric; 9] = [
    Metric::Spend,
    Metric::Revenue,
    Metric::Profit,
    Metric::Impressions,
    Metric::Engagements,
    Metric::Clicks,
    Metric::Conversions,
    Metric::Roas,
    Metric::Cpa,
];

/// One metric of one month, or of the horizon: a row of `variance.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub struct VarianceRow {
    /// Plan.
    pub plan: String,
    /// Month from 1; `None` for the whole horizon.
    pub month: Option<usize>,
    /// Tier; `None` for all.
    pub tier: Option<String>,
    /// Metric.
    pub metric: Metric,
    /// What the plan made before the actuals expected: a total, or the ratio of expected totals.
    pub planned: Option<f64>,
    /// What happened; of the horizon, what happened so far.
    pub actual: Option<f64>,
    /// Actuals where the month happened, with what is still to come of its sales; the expectation now where it is to come; and both together for the horizon.
    pub forecast: Option<f64>,
    /// Its 10 % quantile.
    pub p10: Option<f64>,
    /// Its 90 % quantile.
    pub p90: Option<f64>,
}

impl VarianceRow {
    /// Forecast less plan.
    #[must_use]
    pub fn difference(&self) -> Option<f64> {
        Some(self.forecast? - self.planned?)
    }

    /// That as a share of the plan.
    #[must_use]
    pub fn relative(&self) -> Option<f64> {
        let planned = self.planned.filter(|p| *p != 0.0)?;
        Some(self.difference()? / planned.abs())
    }
}

/// All rows of one plan: months, then the horizon; total, then tiers. `planned` is the model and plan made before the actuals,
/// `summary` what was simulated after them, `before` what of that plan, where trials alone say what it comes to: where partners leave.
#[must_use]
pub fn variance(
    (model, plan): (&Model, &Plan),
    actuals: &Actuals,
    summary: &[SummaryRow],
    before: &[SummaryRow],
) -> Vec<VarianceRow> {
    let mut out = Vec::new();
    let scopes =
        std::iter::once(TargetScope::Total).chain((0..model.tiers.len()).map(TargetScope::Tier));
    for scope in scopes {
        let (key, tier) = match scope {
            TargetScope::Total => (ScopeKey::total(), None),
            TargetScope::Tier(tier) => {
                let name = model.tiers[tier].name.clone();
                (ScopeKey::tier(&name), Some((tier, name)))
            }
        };
        let months = (0..model.months).map(Some).chain([None]);
        for month in months {
            let own = |row: &&SummaryRow| {
                row.plan == plan.name
                    && row.scope == key
                    && row.month == month.map(|month| month + 1)
            };
            let rows: Vec<&SummaryRow> = summary.iter().filter(own).collect();
            let drawn: Vec<&SummaryRow> = before.iter().filter(own).collect();
            if rows.is_empty() && key.kind != ScopeKind::Total {
                continue;
            }
            let index = tier.as_ref().map(|(index, _)| *index);
            let planned = expected(model, plan, month, index);
            let actual = happened(model, actuals, month, index);
            for metric in METRICS {
                let found = rows.iter().find(|row| row.metric == metric);
                let estimate = found.map(|row| row.estimate);
                let done = month.is_some_and(|month| month < actuals.months);
                let actual = ratio(&actual, metric, model.order.margin);
                // The same in every trial: actuals, and what is still to come of their sales.
                let known = estimate.and_then(|e| e.p50()).or(actual);
                let forecast = if done {
                    known
                } else {
                    estimate.and_then(|e| e.headline())
                };
                let spread = |of: fn(&Estimate) -> Option<f64>| {
                    if done {
                        known
                    } else {
                        estimate.as_ref().and_then(of)
                    }
                };
                out.push(VarianceRow {
                    plan: plan.name.clone(),
                    month: month.map(|month| month + 1),
                    tier: tier.as_ref().map(|(_, name)| name.clone()),
                    metric,
                    planned: if drawn.is_empty() {
                        ratio(&planned, metric, model.order.margin)
                    } else {
                        let found = drawn.iter().find(|row| row.metric == metric);
                        found.and_then(|row| row.estimate.headline())
                    },
                    actual: if done || month.is_none() {
                        actual
                    } else {
                        None
                    },
                    forecast,
                    p10: spread(p10),
                    p90: spread(p90),
                });
            }
        }
    }
    out
}

/// Totals by [`Quantity::SIMULATED`]; `None` where one is not defined or not known.
type Totals = [Option<f64>; 6];

fn expected(model: &Model, plan: &Plan, month: Option<usize>, tier: Option<usize>) -> Totals {
    let mut sums: Totals = [Some(0.0); 6];
    for m in (0..model.months).filter(|m| month.is_none_or(|month| month == *m)) {
        let counts = plan.counts.row(m).to_vec();
        let units = valuation::units_in_month(model, m, &counts);
        for (cell, &count) in counts.iter().enumerate() {
            if count == 0.0 || tier.is_some_and(|tier| model.cells[cell].tier != tier) {
                continue;
            }
            for (sum, quantity) in sums.iter_mut().zip(Quantity::SIMULATED) {
                let value = units[cell].get(quantity);
                *sum = sum.and_then(|sum| Some(sum + count * value?));
            }
        }
    }
    sums
}

fn happened(model: &Model, actuals: &Actuals, month: Option<usize>, tier: Option<usize>) -> Totals {
    let mut sums: Totals = [Some(0.0); 6];
    for row in &actuals.rows {
        if month.is_some_and(|month| month != row.month)
            || tier.is_some_and(|tier| tier != row.tier)
        {
            continue;
        }
        for (sum, quantity) in sums.iter_mut().zip(Quantity::SIMULATED) {
            // What the model has no figure for does not count, as in the forecast.
            let defined = model.defines(row.tier, quantity);
            let value = row.get(quantity).filter(|_| defined);
            *sum = sum.and_then(|sum| Some(sum + value?));
        }
    }
    sums
}

fn ratio(totals: &Totals, metric: Metric, margin: f64) -> Option<f64> {
    let of = |quantity: Quantity| -> Option<f64> {
        if quantity == Quantity::Profit {
            return Some(margin * totals[5]? - totals[0]?);
        }
        let place = Quantity::SIMULATED.iter().position(|q| *q == quantity)?;
        totals[place]
    };
    let numerator = of(metric.numerator())?;
    match metric.denominator() {
        None => Some(numerator),
        Some(quantity) => {
            let denominator = of(quantity)?;
            (denominator != 0.0).then(|| metric.factor() * numerator / denominator)
        }
    }
}

// Places in `summary::QUANTILES`.
fn p10(e: &Estimate) -> Option<f64> {
    e.quantiles[1]
}

fn p90(e: &Estimate) -> Option<f64> {
    e.quantiles[5]
}
