//! Totals of every plan trial by trial, for what summaries do not hold: tails and paired ratios.

use crate::model::{Metric, Quantity, SinkError, TrialBlock, TrialSink};
use crate::stats::{ReplicateSums, worst_mean};

/// The totals kept.
const KEPT: [Quantity; 3] = [Quantity::Spend, Quantity::Revenue, Quantity::Conversions];

/// One plan's totals, a value a trial.
#[derive(Debug, Clone, Default)]
struct Columns([Vec<f64>; KEPT.len()]);

/// Totals of plans trial by trial, in the order of the simulated plans.
#[derive(Debug, Clone)]
pub struct Totals {
    margins: Vec<f64>,
    plans: Vec<Columns>,
}

impl Totals {
    /// For plans of these margins.
    #[must_use]
    pub fn new(margins: Vec<f64>) -> Self {
        let plans = vec![Columns::default(); margins.len()];
        Self { margins, plans }
    }

    /// Takes further plans of the same trials.
    pub fn extend(&mut self, others: Self) {
        self.margins.extend(others.margins);
        self.plans.extend(others.plans);
    }

    /// A metric's values, one a trial; NaN where it is not defined. `None` of metrics that are not kept.
    #[must_use]
    pub fn values(&self, plan: usize, metric: Metric) -> Option<Vec<f64>> {
        let numerator = self.total(plan, metric.numerator())?;
        let Some(denominator) = metric.denominator() else {
            return Some(numerator);
        };
        let denominator = self.total(plan, denominator)?;
        let ratio = |(n, d): (&f64, &f64)| if *d == 0.0 { f64::NAN } else { n / d };
        Some(numerator.iter().zip(&denominator).map(ratio).collect())
    }

    fn total(&self, plan: usize, quantity: Quantity) -> Option<Vec<f64>> {
        let [spend, revenue, _] = &self.plans.get(plan)?.0;
        if quantity == Quantity::Profit {
            let margin = self.margins[plan];
            let profit = revenue.iter().zip(spend).map(|(r, s)| margin * r - s);
            return Some(profit.collect());
        }
        let place = KEPT.iter().position(|&kept| kept == quantity)?;
        Some(self.plans[plan].0[place].clone())
    }

    /// Mean of a metric's worst trials and its error; the largest of what is better low.
    #[must_use]
    pub fn tail(&self, plan: usize, metric: Metric, level: f64) -> Option<(f64, f64)> {
        let mut values = self.values(plan, metric)?;
        let sign = if metric.number_means_at_most() {
            -1.0
        } else {
            1.0
        };
        for value in &mut values {
            *value *= sign;
        }
        let found = worst_mean(&values, level);
        found
            .mean
            .is_finite()
            .then_some((sign * found.mean, found.error))
    }

    /// Gain of a total per unit of spend from one plan to another, Σ(X′ − X)/Σ(S′ − S), and its error.
    #[must_use]
    pub fn marginal(&self, from: usize, to: usize, metric: Metric) -> Option<(f64, f64)> {
        if metric.denominator().is_some() {
            return None;
        }
        let difference = |quantity: Quantity| -> Option<Vec<f64>> {
            let (from, to) = (self.total(from, quantity)?, self.total(to, quantity)?);
            Some(to.iter().zip(&from).map(|(b, a)| b - a).collect())
        };
        let gain = difference(metric.numerator())?;
        let spend = difference(Quantity::Spend)?;
        let mut sums = ReplicateSums::default();
        sums.extend_ratio(&gain, &spend);
        let (ratio, error) = (sums.ratio(), sums.error());
        (ratio.is_finite() && error.is_finite()).then_some((ratio, error))
    }
}

impl TrialSink for Totals {
    fn write(&mut self, block: &TrialBlock) -> Result<(), SinkError> {
        for (columns, plan) in self.plans.iter_mut().zip(&block.plans) {
            for (column, quantity) in columns.0.iter_mut().zip(KEPT) {
                let start = column.len();
                column.resize(start + block.trials, 0.0);
                for values in plan.cells.iter().filter_map(|cell| cell.column(quantity)) {
                    for (total, value) in column[start..].iter_mut().zip(values) {
                        *total += value;
                    }
                }
            }
        }
        Ok(())
    }
}
