//! Sobol' indices of plans from simulated trials.

use super::information::Choice;
use super::inputs::inputs;
use super::row::{Inputs, METRICS, Measure, SensitivityRow, Subject};
use crate::model::{InputGroup, Metric, Quantity, TrialBlock};
use crate::stats::{Moments, SobolMoments};

/// The explained metrics of plans in a block of trials: plan by plan, in the order of [`METRICS`].
/// NaN where a metric is not defined in a trial.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns(Vec<[Vec<f64>; METRICS.len()]>);

impl Columns {
    /// From the outcomes of the subjects, in their order.
    #[must_use]
    pub fn of(subjects: &[Subject<'_>], block: &TrialBlock) -> Self {
        let plans = subjects.iter().zip(&block.plans);
        Self(
            plans
                .map(|(subject, plan)| {
                    let sum = |quantity: Quantity| {
                        let mut total = vec![0.0; block.trials];
                        for column in plan.cells.iter().filter_map(|cell| cell.column(quantity)) {
                            for (total, value) in total.iter_mut().zip(column) {
                                *total += value;
                            }
                        }
                        total
                    };
                    let [spend, revenue, conversions] =
                        [Quantity::Spend, Quantity::Revenue, Quantity::Conversions].map(sum);
                    let both = || revenue.iter().zip(&spend);
                    let ratio = |(r, s): (&f64, &f64)| if *s == 0.0 { f64::NAN } else { r / s };
                    let roas = both().map(ratio).collect();
                    let margin = subject.model.order.margin;
                    let profit = both().map(|(r, s)| margin * r - s).collect();
                    [roas, revenue, profit, spend, conversions]
                })
                .collect(),
        )
    }

    fn profits(&self) -> Vec<Vec<f64>> {
        let place = METRICS
            .iter()
            .position(|&m| m == Metric::Profit)
            .unwrap_or(0);
        self.0.iter().map(|plan| plan[place].clone()).collect()
    }
}

/// What has been collected of one metric of one plan.
#[derive(Debug, Clone, Default)]
struct Collected {
    /// Subtracted from all values: the mean of the first block.
    centre: f64,
    /// Of ½ ((a − c)² + (b − c)²), the variance.
    squares: Moments,
    /// One an input.
    inputs: Vec<SobolMoments>,
}

/// Collects columns from two independent sets of draws, A and B, and from A with one input drawn as in B.
#[derive(Debug, Clone)]
pub struct IndexCollector {
    inputs: Vec<InputGroup>,
    collected: Vec<[Collected; METRICS.len()]>,
    choice: Option<Choice>,
    regret: Moments,
    begun: bool,
}

impl IndexCollector {
    /// An empty collector for subjects, inputs and the choice between the subjects.
    #[must_use]
    pub fn new(subjects: usize, inputs: &[InputGroup], choice: Option<Choice>) -> Self {
        let one = || Collected {
            inputs: vec![SobolMoments::default(); inputs.len()],
            ..Collected::default()
        };
        Self {
            inputs: inputs.to_vec(),
            collected: (0..subjects)
                .map(|_| [(); METRICS.len()].map(|()| one()))
                .collect(),
            choice,
            regret: Moments::default(),
            begun: false,
        }
    }

    /// Adds a block of trials: columns from draws A, draws B and, input by input, from A with the input's draws of B.
    /// Blocks of whole granules in their order give the same bits whatever their size, but for the first.
    pub fn absorb(&mut self, a: &Columns, b: &Columns, swapped: &[Columns]) {
        for (plan, collected) in self.collected.iter_mut().enumerate() {
            for (metric, own) in collected.iter_mut().enumerate() {
                let (a, b) = (&a.0[plan][metric], &b.0[plan][metric]);
                if !self.begun {
                    let mut both = Moments::of(a);
                    both.extend(b);
                    own.centre = if both.count() == 0 { 0.0 } else { both.mean() };
                }
                let centre = own.centre;
                let squares: Vec<f64> = a
                    .iter()
                    .zip(b)
                    .map(|(a, b)| 0.5 * ((a - centre) * (a - centre) + (b - centre) * (b - centre)))
                    .collect();
                own.squares.extend(&squares);
                for (moments, ab) in own.inputs.iter_mut().zip(swapped) {
                    moments.extend(centre, a, b, &ab.0[plan][metric]);
                }
            }
        }
        if let Some(choice) = &self.choice {
            for columns in [a, b] {
                self.regret.extend(&choice.regrets(&columns.profits()));
            }
        }
        self.begun = true;
    }

    /// Standard deviations and indices of every plan and metric, and the value of knowing everything where
    /// there is a choice. Indices of a metric that does not vary are `None`.
    #[must_use]
    pub fn rows(&self, subjects: &[Subject<'_>]) -> Vec<SensitivityRow> {
        let mut rows = Vec::new();
        for (subject, collected) in subjects.iter().zip(&self.collected) {
            let own = inputs(subject);
            for (metric, found) in METRICS.into_iter().zip(collected) {
                let mut push = |inputs, measure, figure: Option<(f64, f64)>| {
                    rows.push(SensitivityRow {
                        plan: Some(subject.model.name.clone()),
                        metric,
                        inputs,
                        tier: None,
                        measure,
                        value: figure.map(|f| f.0),
                        error: figure.map(|f| f.1),
                    });
                };
                push(Inputs::All, Measure::Sd, found.sd());
                for (input, moments) in self.inputs.iter().zip(&found.inputs) {
                    if own.contains(input) {
                        let indices = moments.indices(found.centre);
                        let first = indices.map(|i| (i.first, i.first_error));
                        let total = indices.map(|i| (i.total, i.total_error));
                        push(Inputs::One(*input), Measure::FirstOrder, first);
                        push(Inputs::One(*input), Measure::Total, total);
                    }
                }
            }
        }
        if self.choice.as_ref().is_some_and(Choice::is_open) && self.regret.count() > 1 {
            rows.push(SensitivityRow {
                plan: None,
                metric: Metric::Profit,
                inputs: Inputs::All,
                tier: None,
                measure: Measure::Evppi,
                value: Some(self.regret.mean()),
                error: Some(self.regret.error()),
            });
        }
        rows
    }
}

impl Collected {
    /// Standard deviation and its error, that of the variance by the delta method; 0 where only
    /// rounding varies.
    fn sd(&self) -> Option<(f64, f64)> {
        let variance = self.squares.mean();
        if self.squares.count() < 2 {
            None
        } else if SobolMoments::is_rounding(variance, self.centre) {
            Some((0.0, 0.0))
        } else {
            let sd = variance.sqrt();
            Some((sd, 0.5 * self.squares.error() / sd))
        }
    }
}
