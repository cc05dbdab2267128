//! Takes blocks of trials and turns them into rows of the forecast and of cash.

use rayon::prelude::*;

use super::flows::{Flows, Schedule};
use super::row::{CashMetric, CashRow, ForecastMetric, ForecastRow};
use crate::model::{Bound, Model, Payment, TrialBlock};
use crate::summary::{Planned, Series, kept_a_month, kept_of_totals};

/// Columns of a month or of the horizon.
const MONTHLY: usize = ForecastMetric::ALL.len() + CashMetric::MONTHLY.len();

/// Whether a model says anything that a forecast by month could add to its summary.
#[must_use]
pub fn applies(model: &Model) -> bool {
    model.months > 1
        || model.horizon.response_half_life_days > 0.0
        || model.posts_later()
        || model.horizon.payment != Payment::AT_ONCE
}

/// Collects the trials of several plans; of those with one month and nothing said about time, nothing.
#[derive(Debug)]
pub struct Collector {
    plans: Vec<Option<PlanSeries>>,
    trials: u64,
}

#[derive(Debug)]
struct PlanSeries {
    name: String,
    months: usize,
    schedule: Schedule,
    /// [`MONTHLY`] a month, then as many of the horizon.
    series: Vec<Series>,
    /// Whether a month's need is the largest, one a month.
    peaks: Vec<Series>,
}

impl PlanSeries {
    /// The horizon, which stands behind the months, first.
    fn in_order(&self) -> impl Iterator<Item = usize> + use<> {
        std::iter::once(self.months).chain(0..self.months)
    }

    /// Keeps trials as long as the summary keeps those of the same revenue.
    fn sketch_beyond(&mut self, trials: u64) {
        let (months, horizon) = self.series.split_at_mut(MONTHLY * self.months);
        if trials > kept_a_month(self.months) {
            let months = months.par_iter_mut().chain(&mut self.peaks);
            months.for_each(Series::sketch);
        }
        if trials > kept_of_totals() {
            horizon.par_iter_mut().for_each(Series::sketch);
        }
    }
}

impl Collector {
    /// Prepares for plans in the order of the blocks'.
    #[must_use]
    pub fn new(plans: &[Planned<'_>]) -> Self {
        let of = |planned: &Planned<'_>| {
            applies(planned.model).then(|| {
                let months = planned.model.months;
                PlanSeries {
                    name: planned.plan.name.clone(),
                    months,
                    schedule: Schedule::new(planned.model, planned.plan),
                    series: vec![Series::new(None); MONTHLY * (months + 1)],
                    peaks: vec![Series::new(Some(Bound::AtLeast(1.0))); months],
                }
            })
        };
        Self {
            plans: plans.iter().map(of).collect(),
            trials: 0,
        }
    }

    /// Takes further blocks, in trial order. All but the last block ever must be whole granules.
    pub fn absorb(&mut self, blocks: &[TrialBlock]) {
        self.trials += blocks.iter().map(|b| b.trials as u64).sum::<u64>();
        let trials = self.trials;
        for (index, plan) in self.plans.iter_mut().enumerate() {
            let Some(plan) = plan else { continue };
            plan.sketch_beyond(trials);
            let columns: Vec<Columns> = blocks
                .par_iter()
                .map(|block| {
                    let flows = plan.schedule.flows(&block.plans[index], block.trials);
                    Columns::of(&flows, block.trials)
                })
                .collect();
            plan.series
                .par_iter_mut()
                .enumerate()
                .for_each(|(i, series)| {
                    for block in &columns {
                        series.push(&block.series[i]);
                    }
                });
            plan.peaks
                .par_iter_mut()
                .enumerate()
                .for_each(|(i, series)| {
                    for block in &columns {
                        series.push(&block.peaks[i]);
                    }
                });
        }
    }

    /// Rows of `forecast.parquet`: by plan, month (the horizon first) and metric.
    #[must_use]
    pub fn forecast(&self) -> Vec<ForecastRow> {
        let mut rows = Vec::new();
        for plan in self.plans.iter().flatten() {
            for month in plan.in_order() {
                let of = &plan.series[month * MONTHLY..];
                let estimates: Vec<_> = of[..ForecastMetric::ALL.len()]
                    .par_iter()
                    .map(Series::estimate)
                    .collect();
                for (metric, estimate) in ForecastMetric::ALL.into_iter().zip(estimates) {
                    rows.push(ForecastRow {
                        plan: plan.name.clone(),
                        month: (month < plan.months).then_some(month + 1),
                        metric,
                        estimate,
                    });
                }
            }
        }
        rows
    }

    /// Rows of `cash.parquet`: by plan, month (the horizon first) and metric.
    #[must_use]
    pub fn cash(&self) -> Vec<CashRow> {
        let mut rows = Vec::new();
        for plan in self.plans.iter().flatten() {
            for month in plan.in_order() {
                let metrics = if month < plan.months {
                    CashMetric::MONTHLY
                } else {
                    CashMetric::HORIZON
                };
                let of = &plan.series[month * MONTHLY + ForecastMetric::ALL.len()..];
                let estimates: Vec<_> = of[..metrics.len()]
                    .par_iter()
                    .map(Series::estimate)
                    .collect();
                let peak = plan.peaks.get(month).map(Series::estimate);
                let peak = peak.and_then(|e| e.prob_target.zip(e.prob_target_error));
                for (metric, estimate) in metrics.into_iter().zip(estimates) {
                    rows.push(CashRow {
                        plan: plan.name.clone(),
                        month: (month < plan.months).then_some(month + 1),
                        metric,
                        estimate,
                        prob_peak: peak.filter(|_| metric == CashMetric::Need),
                    });
                }
            }
        }
        rows
    }
}

/// All columns of a block of one plan's trials.
pub(super) struct Columns {
    /// [`MONTHLY`] a month in the order of [`ForecastMetric::ALL`] and [`CashMetric::MONTHLY`], then those of the horizon.
    pub(super) series: Vec<Vec<f64>>,
    /// One a month: 1 where its need is the largest.
    pub(super) peaks: Vec<Vec<f64>>,
}

/// What has been added up so far.
struct Running {
    spend: Vec<f64>,
    booked: Vec<f64>,
    earned: Vec<f64>,
    payments: [Vec<f64>; 6],
    paid: Vec<f64>,
    received: Vec<f64>,
    peak: Vec<f64>,
    peak_in: Vec<usize>,
}

impl Columns {
    pub(super) fn of(flows: &Flows, trials: usize) -> Self {
        let months = flows.spend.len();
        let zero = || vec![0.0; trials];
        let mut so_far = Running {
            spend: zero(),
            booked: zero(),
            earned: zero(),
            payments: [(); 6].map(|()| zero()),
            paid: zero(),
            received: zero(),
            peak: zero(),
            peak_in: vec![months; trials],
        };
        let mut series = Vec::with_capacity(MONTHLY * (months + 1));
        for month in 0..months {
            so_far.month(flows, month, &mut series);
        }
        so_far.horizon(&mut series);
        let peaks = (0..months)
            .map(|month| {
                let here = |&at: &usize| f64::from(u8::from(at == month));
                so_far.peak_in.iter().map(here).collect()
            })
            .collect();
        Self { series, peaks }
    }
}

impl Running {
    /// Adds a month and its columns.
    fn month(&mut self, flows: &Flows, month: usize, series: &mut Vec<Vec<f64>>) {
        add(&mut self.spend, &flows.spend[month]);
        add(&mut self.booked, &flows.booked[month]);
        add(&mut self.earned, &flows.earned[month]);
        series.push(flows.booked[month].clone());
        series.push(flows.earned[month].clone());
        series.push(left(&self.booked, &self.earned));
        let mut paid = vec![0.0; self.paid.len()];
        for (sum, payments) in self.payments.iter_mut().zip(flows.payments()) {
            add(sum, &payments[month]);
            add(&mut paid, &payments[month]);
            series.push(payments[month].clone());
        }
        add(&mut self.paid, &paid);
        // Before the month's own receipts.
        let need: Vec<f64> = left(&self.paid, &self.received)
            .into_iter()
            .map(|v| v.max(0.0))
            .collect();
        for (trial, &need) in need.iter().enumerate() {
            if need > self.peak[trial] {
                self.peak[trial] = need;
                self.peak_in[trial] = month;
            }
        }
        add(&mut self.received, &flows.received[month]);
        series.push(paid.clone());
        series.push(flows.received[month].clone());
        series.push(minus(&flows.received[month], &paid));
        self.stocks(series);
        series.push(need);
    }

    /// Cumulative, owed and due.
    fn stocks(&self, series: &mut Vec<Vec<f64>>) {
        series.push(minus(&self.received, &self.paid));
        series.push(left(&self.spend, &self.paid));
        series.push(left(&self.booked, &self.received));
    }

    /// The horizon's columns: totals, and stocks at its end.
    fn horizon(&mut self, series: &mut Vec<Vec<f64>>) {
        series.push(self.booked.clone());
        series.push(self.earned.clone());
        series.push(left(&self.booked, &self.earned));
        series.extend(self.payments.iter_mut().map(std::mem::take));
        series.push(self.paid.clone());
        series.push(self.received.clone());
        series.push(minus(&self.received, &self.paid));
        self.stocks(series);
        series.push(std::mem::take(&mut self.peak));
    }
}

fn add(sum: &mut [f64], values: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// `a − b`, which are sums of the same parts in different orders where nothing is left: rounding is nothing.
fn left(a: &[f64], b: &[f64]) -> Vec<f64> {
    const ROUNDING: f64 = 1e-12;
    let difference = |(a, b): (&f64, &f64)| {
        let left = a - b;
        if left.abs() > ROUNDING * a.abs() {
            left
        } else {
            0.0
        }
    };
    a.iter().zip(b).map(difference).collect()
}
