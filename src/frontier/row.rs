//! Rows of `frontier.parquet`.

use super::collector::Totals;
use super::values::Axis;
use crate::model::{Metric, Model, Plan, valuation};
use crate::summary::{Estimate, ScopeKind, SummaryRow};

/// Differences of expected spend below this share of it are none: whole counts leave that much.
const SAME_SPEND: f64 = 1e-3;

/// One value of the key with the plan made for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The key's value.
    pub value: f64,
    /// Found while the answer was narrowed down, not one of the even steps.
    pub refined: bool,
    /// Place of its plan among the simulated ones; `None` without a usable plan.
    pub simulated: Option<usize>,
    /// Why there is no plan, in a line.
    pub reason: Option<String>,
    /// Number of the point before, from 0, that has the same counts.
    pub same_as: Option<usize>,
}

/// One metric at one point; a point without a plan has one row without a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontierRow {
    /// Number of the point, from 0.
    pub point: usize,
    /// Metric.
    pub metric: Option<Metric>,
    /// Expected total, or ratio of expected totals: in closed form, or by the trials where partners come and go.
    pub expected: Option<f64>,
    /// Over trials.
    pub estimate: Estimate,
    /// Mean of the worst trials, and its error.
    pub tail: Option<(f64, f64)>,
    /// Gain since the even step before per unit of spend, expected; of totals.
    pub marginal: Option<f64>,
    /// The same over trials, and its error.
    pub marginal_simulated: Option<(f64, f64)>,
    /// Gain since the point before per unit of the key, expected.
    pub slope: Option<f64>,
}

/// Expected value of a metric in a plan: in closed form; where partners come and go the trials' mean, since the closed form is
/// of booked places that are all filled.
fn expected((model, plan): (&Model, &Plan), metric: Metric, summary: &[SummaryRow]) -> Option<f64> {
    if model.horizon.pipeline.is_some() {
        let own = |row: &&SummaryRow| {
            row.plan == plan.name
                && row.month.is_none()
                && row.scope.kind == ScopeKind::Total
                && row.metric == metric
        };
        return summary.iter().find(own)?.estimate.headline();
    }
    let units = valuation::units_of_plan(model, &plan.counts);
    let counts: Vec<f64> = (0..model.cells.len())
        .map(|cell| plan.counts.column(cell).sum())
        .collect();
    valuation::metric(&units, &counts, metric)
}

/// All rows of points in the order of their values, each with its model and plan, by the summary rows and
/// totals of the simulated plans. Gains are between neighbours that are no refinements.
#[must_use]
pub fn rows(
    axis: &Axis,
    points: &[Point],
    plans: &[(&Model, &Plan)],
    summary: &[SummaryRow],
    totals: &Totals,
) -> Vec<FrontierRow> {
    let mut out = Vec::new();
    let mut before: Option<usize> = None;
    for (number, point) in points.iter().enumerate() {
        let (model, plan) = plans[number];
        let empty = FrontierRow {
            point: number,
            metric: None,
            expected: None,
            estimate: Estimate::default(),
            tail: None,
            marginal: None,
            marginal_simulated: None,
            slope: None,
        };
        let Some(simulated) = point.simulated else {
            out.push(empty);
            continue;
        };
        let own = summary
            .iter()
            .filter(|row| row.month.is_none())
            .filter(|row| row.plan == plan.name && row.scope.kind == ScopeKind::Total);
        for row in own {
            let metric = row.metric;
            let mut found = FrontierRow {
                metric: Some(metric),
                expected: expected((model, plan), metric, summary),
                estimate: row.estimate,
                tail: totals.tail(simulated, metric, axis.level),
                ..empty.clone()
            };
            if let Some(last) = before.filter(|_| !point.refined) {
                let of = |number: usize, metric| expected(plans[number], metric, summary);
                let gain = |metric: Metric| -> Option<f64> {
                    Some(of(number, metric)? - of(last, metric)?)
                };
                found.slope = gain(metric).map(|gain| gain / (point.value - points[last].value));
                let spend = gain(Metric::Spend);
                let scale = of(number, Metric::Spend).unwrap_or(0.0).abs();
                if metric.denominator().is_none()
                    && metric != Metric::Spend
                    && let Some(spend) = spend.filter(|s| s.abs() > SAME_SPEND * scale)
                {
                    found.marginal = gain(metric).map(|gain| gain / spend);
                    found.marginal_simulated = points[last]
                        .simulated
                        .and_then(|old| totals.marginal(old, simulated, metric));
                }
            }
            out.push(found);
        }
        if !point.refined {
            before = Some(number);
        }
    }
    out
}
