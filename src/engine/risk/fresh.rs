//! A plan's rules of risk measured on fresh trials of the whole simulator.

use rayon::prelude::*;

use crate::engine::{EngineError, stop_if};
use crate::model::{Bound, Cancel, Metric, Model, Plan, Risk, RiskMeasure, RiskState};
use crate::rng::{STREAM_BLOCK, slot_hash};
use crate::simulator::{PlanInput, Simulator};
use crate::stats::{ReplicateSums, replicated_probability_error, worst_mean};

/// Totals of a plan, trial by trial.
struct Totals {
    spend: Vec<f64>,
    conversions: Vec<f64>,
    revenue: Vec<f64>,
    margin: f64,
}

impl Totals {
    /// A metric's linear gain or loss: the total itself, or N − a·D of a ratio N/D ≥ a (a·D − N of
    /// a ratio at most a).
    fn linear(&self, metric: Metric, level: f64) -> Vec<f64> {
        let trials = 0..self.spend.len();
        match metric {
            Metric::Roas => trials
                .map(|t| self.revenue[t] - level * self.spend[t])
                .collect(),
            Metric::Roi => trials
                .map(|t| self.profit(t) - level * self.spend[t])
                .collect(),
            Metric::Cpa => trials
                .map(|t| level * self.conversions[t] - self.spend[t])
                .collect(),
            _ => trials.map(|t| self.value(metric, t)).collect(),
        }
    }

    fn profit(&self, t: usize) -> f64 {
        self.margin * self.revenue[t] - self.spend[t]
    }

    /// A metric in a trial; NaN where it is undefined.
    fn value(&self, metric: Metric, t: usize) -> f64 {
        let (spend, revenue, conversions) = (self.spend[t], self.revenue[t], self.conversions[t]);
        let ratio = |numerator: f64, denominator: f64| {
            if denominator == 0.0 {
                f64::NAN
            } else {
                numerator / denominator
            }
        };
        match metric {
            Metric::Spend => spend,
            Metric::Revenue => revenue,
            Metric::Profit => self.profit(t),
            Metric::Conversions => conversions,
            Metric::Roas => ratio(revenue, spend),
            Metric::Roi => ratio(self.profit(t), spend),
            Metric::Cpa => ratio(spend, conversions),
            // Not what risk rules speak of.
            _ => f64::NAN,
        }
    }

    /// A rule's measured value, and its standard error.
    fn measured(&self, state: &RiskState) -> (f64, f64) {
        match (state.measure, state.bound) {
            (RiskMeasure::Probability { .. }, bound) => {
                let met = |t| f64::from(bound.is_some_and(|b| b.met(self.value(state.metric, t))));
                let column: Vec<f64> = (0..self.spend.len()).map(met).collect();
                let mut sums = ReplicateSums::default();
                sums.extend(&column);
                let error = replicated_probability_error(&sums, column.len() as u64);
                (sums.ratio(), error)
            }
            (RiskMeasure::Cvar { level }, bound) => {
                let mut column = self.linear(state.metric, bound.map_or(0.0, Bound::value));
                let loss = state.metric == Metric::Spend;
                if loss {
                    for value in &mut column {
                        *value = -*value;
                    }
                }
                let tail = worst_mean(&column, level);
                (if loss { -tail.mean } else { tail.mean }, tail.error)
            }
        }
    }
}

/// Fresh trials to measure a plan on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fresh {
    /// The same ones for all plans that are tightened and chosen among.
    Tightening,
    /// Those of the figures that are reported, of the plan that the ones of this number before did not satisfy.
    Reported(u64),
}

impl Fresh {
    fn seed(self, risk: &Risk) -> u64 {
        risk.seed
            ^ match self {
                Self::Tightening => slot_hash(&["risk", "check"], 0),
                Self::Reported(before) => slot_hash(&["risk", "report"], before),
            }
    }

    fn trials(self, risk: &Risk) -> usize {
        match self {
            Self::Tightening => risk.tightening_trials(),
            Self::Reported(_) => risk.check_trials(),
        }
    }
}

/// Measures every rule of a plan on fresh trials of the whole simulator.
pub(super) fn check(
    model: &Model,
    plan: &mut Plan,
    fresh: Fresh,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let totals = totals(model, plan, fresh, cancel)?;
    plan.risks.par_iter_mut().for_each(|state| {
        let (value, error) = totals.measured(state);
        state.out_of_sample = Some(value);
        state.out_of_sample_error = Some(error);
    });
    Ok(())
}

fn totals(
    model: &Model,
    plan: &Plan,
    fresh: Fresh,
    cancel: &Cancel,
) -> Result<Totals, EngineError> {
    let input = PlanInput {
        model,
        counts: plan.counts.view(),
    };
    let simulator = Simulator::new(&[input], fresh.seed(&model.risk))
        .map_err(|error| EngineError::Simulation(error.to_string()))?;
    let blocks = fresh.trials(&model.risk) / STREAM_BLOCK;
    let columns: Vec<[Vec<f64>; 3]> = (0..blocks)
        .into_par_iter()
        .map(|block| {
            let mut sums = [(); 3].map(|()| vec![0.0; STREAM_BLOCK]);
            if cancel.requested() {
                return sums;
            }
            let block = simulator.block((block * STREAM_BLOCK) as u64, STREAM_BLOCK);
            for cell in &block.plans[0].cells {
                let own = [&cell.spend, &cell.conversions, &cell.revenue];
                for (sum, column) in sums.iter_mut().zip(own) {
                    sum.iter_mut().zip(column).for_each(|(s, v)| *s += v);
                }
            }
            sums
        })
        .collect();
    stop_if(cancel)?;
    let column = |i: usize| columns.iter().flat_map(|c| c[i].iter().copied()).collect();
    Ok(Totals {
        spend: column(0),
        conversions: column(1),
        revenue: column(2),
        margin: model.order.margin,
    })
}
