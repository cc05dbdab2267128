//! Sobol' indices of plans from simulated trials.

use super::information::Choice;
use std::borrow::Cow;

use super::inputs::inputs;
use super::row::{Inputs, METRICS, Measure, SensitivityRow, Subject};
use crate::model::{InputGroup, Metric, Quantity, TrialBlock};
use crate::stats::{Moments, SobolIndices, SobolMoments, unit_normal_loss};

/// Place of profit among [`METRICS`].
const PROFIT: usize = 2;

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

    fn profit(&self, plan: usize) -> &[f64] {
        &self.0[plan][PROFIT]
    }
}

/// What has been collected of one figure.
#[derive(Debug, Clone)]
struct Collected {
    /// Subtracted from all values: the mean of the first block.
    centre: Option<f64>,
    /// Of ½ ((a − c)² + (b − c)²), the variance.
    squares: Moments,
    /// One an input.
    inputs: Vec<SobolMoments>,
}

impl Collected {
    fn new(inputs: usize) -> Self {
        Self {
            centre: None,
            squares: Moments::default(),
            inputs: vec![SobolMoments::default(); inputs],
        }
    }

    /// Adds a block: the figure under draws A, under draws B, and under A with each input drawn as in B.
    fn absorb<'a>(&mut self, a: &[f64], b: &[f64], swapped: impl Iterator<Item = Cow<'a, [f64]>>) {
        let centre = *self.centre.get_or_insert_with(|| {
            let mut both = Moments::of(a);
            both.extend(b);
            if both.count() == 0 { 0.0 } else { both.mean() }
        });
        let squares: Vec<f64> = a
            .iter()
            .zip(b)
            .map(|(a, b)| 0.5 * ((a - centre) * (a - centre) + (b - centre) * (b - centre)))
            .collect();
        self.squares.extend(&squares);
        for (moments, ab) in self.inputs.iter_mut().zip(swapped) {
            moments.extend(centre, a, b, &ab);
        }
    }

    /// Standard deviation and its error, that of the variance by the delta method; 0 where only
    /// rounding varies.
    fn sd(&self) -> Option<(f64, f64)> {
        let variance = self.squares.mean();
        if self.squares.count() < 2 {
            None
        } else if SobolMoments::is_rounding(variance, self.centre()) {
            Some((0.0, 0.0))
        } else {
            let sd = variance.sqrt();
            Some((sd, 0.5 * self.squares.error() / sd))
        }
    }

    fn indices(&self, input: usize) -> Option<SobolIndices> {
        self.inputs[input].indices(self.centre())
    }

    fn centre(&self) -> f64 {
        self.centre.unwrap_or(0.0)
    }

    /// What it is worth to know an input before choosing between two plans whose difference this is, of
    /// mean `mean`: s L(|mean|/s) with s² the variance of the difference that the input explains, taken for
    /// normal. Its error is how much more it is where s² is larger by its standard error; where the mean
    /// is beyond two s, the shape of a tail decides that nobody knows, and it is at least the value.
    fn worth(&self, input: usize, mean: f64) -> (f64, f64) {
        let Some(indices) = self.indices(input) else {
            return (0.0, 0.0);
        };
        let variance = self.inputs[input].variance();
        let loss = |explained: f64| {
            let s = explained.max(0.0).sqrt();
            if s > 0.0 {
                s * unit_normal_loss(mean.abs() / s)
            } else {
                0.0
            }
        };
        let explained = indices.first * variance;
        let value = loss(explained);
        let more = loss((indices.first.max(0.0) + indices.first_error) * variance) - value;
        let in_the_tail = mean * mean > 4.0 * explained;
        (value, if in_the_tail { more.max(value) } else { more })
    }
}

/// Collects columns from two independent sets of draws, A and B, and from A with one input drawn as in B.
#[derive(Debug, Clone)]
pub struct IndexCollector {
    inputs: Vec<InputGroup>,
    /// One a subject and metric.
    collected: Vec<[Collected; METRICS.len()]>,
    /// The choice between the subjects, if there is one.
    choice: Option<Choice>,
    /// What the best plan of a trial is above the chosen one.
    regret: Moments,
    /// The profit of each plan of the choice less that of the best.
    differences: Vec<Collected>,
}

impl IndexCollector {
    /// An empty collector for subjects, inputs and the choice between the subjects.
    #[must_use]
    pub fn new(subjects: usize, inputs: &[InputGroup], choice: Option<Choice>) -> Self {
        let choice = choice.filter(Choice::is_open);
        let plans = choice.as_ref().map_or(0, |choice| choice.plans.len());
        let one = || Collected::new(inputs.len());
        Self {
            inputs: inputs.to_vec(),
            collected: (0..subjects)
                .map(|_| [(); METRICS.len()].map(|()| one()))
                .collect(),
            choice,
            regret: Moments::default(),
            differences: (0..plans).map(|_| one()).collect(),
        }
    }

    /// Adds a block of trials: columns from draws A, from draws B and, input by input, from A with the input's draws
    /// of B. The mean of the first block is what all values are centred on.
    pub fn absorb(&mut self, a: &Columns, b: &Columns, swapped: &[Columns]) {
        for (plan, collected) in self.collected.iter_mut().enumerate() {
            for (metric, own) in collected.iter_mut().enumerate() {
                own.absorb(
                    &a.0[plan][metric],
                    &b.0[plan][metric],
                    swapped
                        .iter()
                        .map(|ab| Cow::Borrowed(ab.0[plan][metric].as_slice())),
                );
            }
        }
        let Some(choice) = &self.choice else {
            return;
        };
        for columns in [a, b] {
            let profits: Vec<&[f64]> = (0..columns.0.len()).map(|p| columns.profit(p)).collect();
            self.regret.extend(&choice.regrets(&profits));
        }
        for (own, &plan) in self.differences.iter_mut().zip(&choice.plans) {
            let difference = |columns: &Columns| -> Vec<f64> {
                let both = columns.profit(plan).iter().zip(columns.profit(choice.best));
                both.map(|(own, best)| own - best).collect()
            };
            own.absorb(
                &difference(a),
                &difference(b),
                swapped.iter().map(|ab| Cow::Owned(difference(ab))),
            );
        }
    }

    /// Standard deviations and indices of every plan and metric; where there is a choice, the value of
    /// knowing everything and of knowing creators' inputs and the chance in orders. Indices of
    /// a metric that does not vary are `None`.
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
                for (place, input) in self.inputs.iter().enumerate() {
                    if own.contains(input) {
                        let indices = found.indices(place);
                        let first = indices.map(|i| (i.first, i.first_error));
                        let total = indices.map(|i| (i.total, i.total_error));
                        push(Inputs::One(*input), Measure::FirstOrder, first);
                        push(Inputs::One(*input), Measure::Total, total);
                    }
                }
            }
        }
        if let Some(choice) = &self.choice {
            rows.extend(self.worths(choice));
        }
        rows
    }

    /// Values of knowing what is not shared, and everything.
    fn worths(&self, choice: &Choice) -> Vec<SensitivityRow> {
        let row = |inputs, (value, error): (f64, f64)| SensitivityRow {
            plan: None,
            metric: Metric::Profit,
            inputs,
            tier: None,
            measure: Measure::Evppi,
            value: Some(value),
            error: Some(error),
        };
        let largest = choice.profits.iter().copied().fold(f64::MIN, f64::max);
        let all = (self.regret.mean(), self.regret.error());
        // Nothing is worth more than everything; an approximation may say so.
        let bounded = |(value, error): (f64, f64)| {
            if value > all.0 {
                (all.0, error.max(value - all.0))
            } else {
                (value, error)
            }
        };
        let mut rows: Vec<SensitivityRow> = self
            .inputs
            .iter()
            .enumerate()
            .filter(|(_, input)| !input.is_shared())
            .map(|(place, &input)| {
                let pairs = self.differences.iter().zip(&choice.profits);
                let worth = pairs
                    .map(|(difference, profit)| difference.worth(place, largest - profit))
                    .fold((0.0, 0.0), |most, one| {
                        if one.0 + one.1 > most.0 + most.1 {
                            one
                        } else {
                            most
                        }
                    });
                row(Inputs::One(input), bounded(worth))
            })
            .collect();
        if self.regret.count() > 1 {
            rows.push(row(Inputs::All, all));
        }
        rows
    }
}
