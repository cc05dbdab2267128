//! Every input low and high.

use super::METRICS;
use super::creators::swings;
use super::inputs::{inputs, tiers_of};
use super::parts::Parts;
use super::row::{Inputs, Measure, SensitivityRow, Subject};
use crate::model::InputGroup;

/// The probability of an input's low quantile; that of its high one is 1 − this.
const LOW: f64 = 0.1;

/// Expected totals of a plan, and where they go when one input is at its 10 % or 90 % quantile.
///
/// - A shared factor: all tiers of the kind together at that quantile, and each tier of several alone. What is
///   given is the expectation over all else, exactly: it is linear in every other input. ROAS is the
///   ratio of expected totals.
/// - A creators' input: the average over the plan's creators, weighted by what each means to the metric,
///   at that quantile. Its mean and variance are exact; its quantile is that of a lognormal with them, ROAS
///   is linearized.
/// - The chance in orders: in the same way, with the variance of compound Poisson sums at expected orders.
/// - Who is there (pipeline) has indices alone.
///
/// All figures are computed, not estimated: their errors are 0.
#[must_use]
pub fn tornado(subject: &Subject<'_>) -> Vec<SensitivityRow> {
    let parts = Parts::new(subject);
    let expected = parts.expected();
    let plan = &subject.model.name;
    let mut rows = Vec::new();
    let mut push = |metric, inputs, tier: Option<&str>, measure, value: Option<f64>| {
        rows.push(SensitivityRow {
            plan: Some(plan.clone()),
            metric,
            inputs,
            tier: tier.map(str::to_owned),
            measure,
            value,
            error: value.map(|_| 0.0),
        });
    };
    let random = inputs(subject);
    let swings: Vec<_> = random
        .iter()
        .map(|&input| match input {
            InputGroup::Pipeline => Some([None; METRICS.len()]),
            _ => (!input.is_shared()).then(|| swings(subject, &expected, input, LOW)),
        })
        .collect();
    for (place, metric) in METRICS.into_iter().enumerate() {
        push(
            metric,
            Inputs::All,
            None,
            Measure::Expected,
            expected.metric(metric),
        );
        for (&input, swings) in random.iter().zip(&swings) {
            let one = Inputs::One(input);
            if let Some(swings) = swings {
                let swing = swings[place];
                push(metric, one, None, Measure::Low, swing.map(|s| s.low));
                push(metric, one, None, Measure::High, swing.map(|s| s.high));
                continue;
            }
            let tiers = tiers_of(&[*subject], input);
            let alone = tiers.iter().map(|tier| Some(tier.as_str()));
            let several = tiers.len() > 1;
            for tier in [None].into_iter().chain(alone.filter(|_| several)) {
                for (measure, p) in [(Measure::Low, LOW), (Measure::High, 1.0 - LOW)] {
                    let totals = parts.at_quantile(subject, input, tier, p);
                    push(metric, one, tier, measure, totals.metric(metric));
                }
            }
        }
    }
    rows
}
