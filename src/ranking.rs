//! Which plan is the best, and whether the trials so far are enough to say so.
//!
//! `docs/design/ranking.md` has the procedure and why it is this one; [`stats::select`] its proof.

use std::borrow::Cow;

use crate::model::{BestWanted, Indifference, Model, PlanBlock, Quantity, TrialBlock};
use crate::stats::{self, ReplicateSums, Selection, Standing};

/// Trials of the first look; each later one has twice as many.
pub const FIRST_LOOK: u64 = 1024;

/// The choice among the plans of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct BestPlan {
    /// What was asked.
    pub wanted: BestWanted,
    /// The leading plan; `None` where a figure is undefined or no plan competes.
    pub plan: Option<String>,
    /// Its figure.
    pub figure: Option<f64>,
    /// The indifference zone in the figure's unit; 0 without one.
    pub zone: f64,
    /// What is known of it: the weakest of its rivals' standings.
    pub standing: Standing,
    /// Trials at the last look.
    pub trials: u64,
    /// The other plans, in order.
    pub rivals: Vec<RivalPlan>,
    /// Plans for which the metric is not defined.
    pub left_out: Vec<String>,
}

/// A plan beside the leading one.
#[derive(Debug, Clone, PartialEq)]
pub struct RivalPlan {
    /// Name of the plan.
    pub plan: String,
    /// Its figure.
    pub figure: Option<f64>,
    /// How much better the leading plan's figure is, 0 or more.
    pub difference: f64,
    /// Error of `difference`, by sixteen replicates: ± 1.96 errors hold the truth with 95 %.
    pub error: f64,
    /// What that shows.
    pub standing: Standing,
}

/// Follows the plans' figures through a run.
#[derive(Debug)]
pub struct Ranking {
    wanted: BestWanted,
    plans: Vec<Competitor>,
    trials: u64,
    looks: u32,
    last: Option<Selection>,
    zone: f64,
}

#[derive(Debug)]
struct Competitor {
    name: String,
    margin: f64,
    sums: ReplicateSums,
    /// Whether all its booked cells define the metric.
    defined: bool,
}

impl Ranking {
    /// Nothing seen yet of plans by name and model.
    pub fn new<'a>(
        wanted: BestWanted,
        plans: impl IntoIterator<Item = (&'a str, &'a Model)>,
    ) -> Self {
        let competitor = |(name, model): (&str, &Model)| Competitor {
            name: name.to_owned(),
            margin: model.order.margin,
            sums: ReplicateSums::default(),
            defined: true,
        };
        Self {
            wanted,
            plans: plans.into_iter().map(competitor).collect(),
            trials: 0,
            looks: 0,
            last: None,
            zone: 0.0,
        }
    }

    /// Takes a block's trials, which follow those taken before; all but the last block are of whole
    /// granules.
    pub fn absorb(&mut self, block: &TrialBlock) {
        let metric = self.wanted.metric;
        for (plan, outcome) in self.plans.iter_mut().zip(&block.plans) {
            let total = |quantity| plan.total(outcome, quantity, block.trials);
            let above = total(metric.numerator());
            let below = metric.denominator().map(total);
            match (above, below) {
                (Some(above), None) => plan.sums.extend(&above),
                (Some(above), Some(Some(below))) => plan.sums.extend_ratio(&above, &below),
                _ => plan.defined = false,
            }
        }
        self.trials += block.trials as u64;
    }

    /// Looks at the trials so far, once at each number of trials. True if the best is known.
    pub fn look(&mut self) -> bool {
        let competing: Vec<usize> = (0..self.plans.len())
            .filter(|&i| self.plans[i].defined)
            .collect();
        let sums: Vec<ReplicateSums> = competing.iter().map(|&i| self.plans[i].sums).collect();
        let factor = self.wanted.metric.factor();
        self.zone = match self.wanted.indifference {
            Indifference::Amount(amount) => amount,
            Indifference::Share(share) => {
                let first = sums.first().map(ReplicateSums::ratio);
                let figure = first.filter(|figure| figure.is_finite());
                figure.map_or(0.0, |figure| share * factor * figure.abs())
            }
        };
        let error = (1.0 - self.wanted.probability) * stats::error_share(self.looks);
        self.looks += 1;
        let lower = self.wanted.metric.lower_is_better();
        self.last = stats::select(&sums, lower, error, self.zone / factor).map(|mut selection| {
            selection.best = competing[selection.best];
            for rival in &mut selection.rivals {
                rival.index = competing[rival.index];
            }
            selection
        });
        self.known()
    }

    /// Whether the last look knew the best.
    #[must_use]
    pub fn known(&self) -> bool {
        self.last
            .as_ref()
            .is_some_and(|selection| selection.standing() != Standing::Open)
    }

    /// What the last look found.
    #[must_use]
    pub fn found(&self) -> BestPlan {
        let factor = self.wanted.metric.factor();
        let figure = |i: usize| Some(factor * self.plans[i].sums.ratio()).filter(|f| f.is_finite());
        let names = |i: usize| self.plans[i].name.clone();
        let last = self.last.as_ref();
        let rivals = last.map_or_else(Vec::new, |selection| {
            let rival = |rival: &stats::Rival| RivalPlan {
                plan: names(rival.index),
                figure: figure(rival.index),
                difference: factor * rival.difference,
                error: factor * rival.error,
                standing: rival.standing,
            };
            selection.rivals.iter().map(rival).collect()
        });
        BestPlan {
            wanted: self.wanted,
            plan: last.map(|selection| names(selection.best)),
            figure: last.and_then(|selection| figure(selection.best)),
            zone: self.zone,
            standing: last.map_or(Standing::Open, Selection::standing),
            trials: self.trials,
            rivals,
            left_out: (0..self.plans.len())
                .filter(|&i| !self.plans[i].defined)
                .map(names)
                .collect(),
        }
    }
}

impl Competitor {
    /// A plan's totals by trial; `None` where a booked cell does not define the quantity.
    fn total<'a>(
        &self,
        outcome: &'a PlanBlock,
        quantity: Quantity,
        trials: usize,
    ) -> Option<Cow<'a, [f64]>> {
        if quantity == Quantity::Profit {
            let mut total = self.total(outcome, Quantity::Revenue, trials)?.into_owned();
            let spend = self.total(outcome, Quantity::Spend, trials)?;
            for (total, spend) in total.iter_mut().zip(&*spend) {
                *total = self.margin * *total - spend;
            }
            return Some(total.into());
        }
        let mut cells = outcome.cells.iter();
        let Some(first) = cells.next() else {
            return Some(vec![0.0; trials].into());
        };
        let mut total = Cow::Borrowed(first.column(quantity)?);
        for cell in cells {
            for (total, value) in total.to_mut().iter_mut().zip(cell.column(quantity)?) {
                *total += value;
            }
        }
        Some(total)
    }
}

#[cfg(test)]
mod tests;
