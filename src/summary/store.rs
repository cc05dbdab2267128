//! The trials of one scope of one plan: kept whole while they are few, sketched beyond.

use std::borrow::Cow;

use crate::model::{Bound, CellBlock, Metric, PlanBlock, Quantity};
use crate::summary::estimate::{self, Histogram};
use crate::summary::row::Estimate;

use super::stream::{MetricStream, Quantities};

/// Trials of one set of cells of one plan.
#[derive(Debug, Clone)]
pub(super) struct ScopeStore {
    /// Index of the plan among those simulated.
    pub(super) plan: usize,
    /// Month, from 0; `None` for the whole horizon.
    month: Option<usize>,
    /// Booked cells of the scope.
    cells: Vec<usize>,
    /// Whether all booked cells define impressions, engagements, clicks.
    defined: [bool; 7],
    /// Audiences whose net reach is the scope's.
    audiences: Vec<usize>,
    margin: f64,
    bounds: Vec<(Metric, Bound)>,
    series: Series,
}

#[derive(Debug, Clone)]
enum Series {
    /// The collected quantities, all trials.
    Exact([Vec<f64>; 7]),
    /// One stream a metric; `None` where not defined.
    Sketch(Vec<Option<MetricStream>>),
}

impl ScopeStore {
    pub(super) fn new(
        (plan, month): (usize, Option<usize>),
        (cells, audiences): (Vec<usize>, Vec<usize>),
        mut defined: [bool; 7],
        margin: f64,
        bounds: Vec<(Metric, Bound)>,
    ) -> Self {
        defined[6] = !audiences.is_empty();
        Self {
            plan,
            month,
            cells,
            audiences,
            defined,
            margin,
            bounds,
            series: Series::Exact(Default::default()),
        }
    }

    /// Whether a scope judged by these bounds has the same rows as this one.
    pub(super) fn accepts(&self, bounds: &[(Metric, Bound)], audiences: &[usize]) -> bool {
        self.bounds == bounds && self.audiences == audiences
    }

    /// Whether a metric has rows: those of audiences only where there are some.
    pub(super) fn lists(&self, metric: Metric) -> bool {
        !metric.is_of_audiences() || !self.audiences.is_empty()
    }

    fn bound(&self, metric: Metric) -> Option<Bound> {
        self.bounds
            .iter()
            .find(|(m, _)| *m == metric)
            .map(|&(_, bound)| bound)
    }

    fn streams(&self) -> Vec<Option<MetricStream>> {
        Metric::ALL
            .into_iter()
            .map(|metric| {
                let parts = [Some(metric.numerator()), metric.denominator()];
                parts
                    .into_iter()
                    .flatten()
                    .all(|q| self.defines(q))
                    .then(|| MetricStream::new(metric, self.bound(metric), true))
            })
            .collect()
    }

    fn defines(&self, quantity: Quantity) -> bool {
        Quantity::COLLECTED
            .iter()
            .position(|&q| q == quantity)
            .is_none_or(|i| self.defined[i])
    }

    fn speaks_of(&self, month: usize) -> bool {
        self.month.is_none_or(|own| own == month)
    }

    /// Adds a block's trials.
    pub(super) fn absorb(&mut self, block: &PlanBlock, trials: usize) {
        let sums = self.sums(block, trials);
        match &mut self.series {
            Series::Exact(columns) => {
                for (column, sum) in columns.iter_mut().zip(&sums) {
                    column.extend_from_slice(sum);
                }
            }
            Series::Sketch(streams) => {
                let quantities = quantities(&sums, self.defined, self.margin);
                push_all(streams, &quantities);
            }
        }
    }

    /// Totals of the scope's cells, summed in cell order; one cell's columns are its totals.
    fn sums<'a>(&self, block: &'a PlanBlock, trials: usize) -> [Cow<'a, [f64]>; 7] {
        let booked: Vec<&CellBlock> = block
            .cells
            .iter()
            .filter(|cell| self.speaks_of(cell.month))
            .filter(|cell| self.cells.binary_search(&cell.cell).is_ok())
            .collect();
        let mut sums: [Cow<'a, [f64]>; 7] = Default::default();
        let [.., reach] = &mut sums;
        let mut columns = block
            .audiences
            .iter()
            .filter(|audience| self.speaks_of(audience.month))
            .filter(|audience| self.audiences.contains(&audience.audience))
            .map(|audience| audience.net_reach.as_slice());
        if let Some(first) = columns.next() {
            *reach = Cow::Borrowed(first);
            for column in columns {
                for (total, &value) in reach.to_mut().iter_mut().zip(column) {
                    *total += value;
                }
            }
        }
        for (i, (sum, quantity)) in sums.iter_mut().take(6).zip(Quantity::SIMULATED).enumerate() {
            if !self.defined[i] {
                continue;
            }
            let mut columns = booked.iter().filter_map(|cell| cell.column(quantity));
            *sum = columns
                .next()
                .map_or_else(|| Cow::Owned(vec![0.0; trials]), Cow::Borrowed);
            for column in columns {
                for (total, &value) in sum.to_mut().iter_mut().zip(column) {
                    *total += value;
                }
            }
        }
        sums
    }

    /// Turns whole trials into streams: what a run of known size beyond the limit starts with.
    pub(super) fn sketch(&mut self) {
        if let Series::Exact(columns) = &mut self.series {
            let columns = std::mem::take(columns);
            let quantities = quantities(&columns, self.defined, self.margin);
            let mut streams = self.streams();
            push_all(&mut streams, &quantities);
            self.series = Series::Sketch(streams);
        }
    }

    /// All trials' quantities; `None` once sketched.
    pub(super) fn quantities(&self) -> Option<Quantities<'_>> {
        match &self.series {
            Series::Exact(columns) => Some(quantities(columns, self.defined, self.margin)),
            Series::Sketch(_) => None,
        }
    }

    /// Gives a block's quantities to a reader, for differences in streams.
    pub(super) fn with_block<T>(
        &self,
        block: &PlanBlock,
        trials: usize,
        read: impl FnOnce(&Quantities<'_>) -> T,
    ) -> T {
        read(&quantities(
            &self.sums(block, trials),
            self.defined,
            self.margin,
        ))
    }

    /// Estimates of all metrics, in the order of `Metric::ALL`.
    pub(super) fn estimates(&self) -> Vec<Estimate> {
        match &self.series {
            Series::Exact(columns) => {
                let quantities = quantities(columns, self.defined, self.margin);
                Metric::ALL
                    .into_iter()
                    .map(|metric| self.exact(metric, &quantities))
                    .collect()
            }
            Series::Sketch(streams) => streams
                .iter()
                .zip(Metric::ALL)
                .map(|(stream, metric)| match stream {
                    Some(stream) => estimate::estimate(metric, stream, None),
                    None => estimate::undefined(self.bound(metric)),
                })
                .collect(),
        }
    }

    fn exact(&self, metric: Metric, quantities: &Quantities) -> Estimate {
        let Some(values) = quantities.metric(metric) else {
            return estimate::undefined(self.bound(metric));
        };
        let mut stream = MetricStream::new(metric, self.bound(metric), false);
        stream.push(&values, quantities.parts(metric));
        estimate::estimate(metric, &stream, Some(&values))
    }

    /// Relative standard error of a metric's headline figure, by its moments alone; `None` where
    /// there is none, at a figure of zero too.
    pub(super) fn relative_error(&self, metric: Metric) -> Option<f64> {
        let (figure, error) = match &self.series {
            Series::Exact(columns) => {
                let quantities = quantities(columns, self.defined, self.margin);
                let mut stream = MetricStream::new(metric, None, false);
                stream.push(&quantities.metric(metric)?, quantities.parts(metric));
                estimate::headline(metric, &stream)?
            }
            Series::Sketch(streams) => {
                let index = Metric::ALL.iter().position(|&m| m == metric)?;
                estimate::headline(metric, streams[index].as_ref()?)?
            }
        };
        estimate::defined(error / figure.abs())
    }

    /// Small pictures of metrics' distributions; those not defined are left out.
    pub(super) fn histograms(&self, metrics: &[Metric]) -> Vec<Histogram> {
        let kept = self.quantities();
        let picture = |&metric: &Metric| match (&kept, &self.series) {
            (Some(quantities), _) => estimate::histogram(metric, &quantities.metric(metric)?),
            (None, Series::Sketch(streams)) => {
                let index = Metric::ALL.iter().position(|&m| m == metric)?;
                estimate::sketch_histogram(metric, streams[index].as_ref()?.sketch()?)
            }
            (None, Series::Exact(_)) => None,
        };
        metrics.iter().filter_map(picture).collect()
    }
}

fn push_all(streams: &mut [Option<MetricStream>], quantities: &Quantities) {
    for (stream, metric) in streams.iter_mut().zip(Metric::ALL) {
        if let (Some(stream), Some(values)) = (stream, quantities.metric(metric)) {
            stream.push(&values, quantities.parts(metric));
        }
    }
}

/// The simulated columns with profit beside them.
fn quantities<C: AsRef<[f64]>>(
    columns: &[C; 7],
    defined: [bool; 7],
    margin: f64,
) -> Quantities<'_> {
    let mut out = Quantities::default();
    let columns = columns.each_ref().map(AsRef::as_ref);
    let [spend, .., revenue, _] = columns;
    let profit = revenue
        .iter()
        .zip(spend)
        .map(|(&revenue, &spend)| margin * revenue - spend)
        .collect();
    out.set(Quantity::Profit, Some(profit));
    for ((column, quantity), defined) in columns.into_iter().zip(Quantity::COLLECTED).zip(defined) {
        out.set(quantity, defined.then_some(Cow::Borrowed(column)));
    }
    out
}
