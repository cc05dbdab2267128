//! One metric over trials: mergeable moments, target counts and, if wanted, a quantile sketch.

use std::borrow::Cow;

use crate::model::{Bound, Metric, Quantity};
use crate::stats::{Moments, PairMoments, Sketch};

/// Running statistics of one metric. Values come in trial order, in granules; NaN is undefined.
#[derive(Debug, Clone)]
pub(super) struct MetricStream {
    moments: Moments,
    ratio: Option<PairMoments>,
    sketch: Option<Sketch>,
    bound: Option<Bound>,
    trials: u64,
    met: u64,
}

impl MetricStream {
    pub(super) fn new(metric: Metric, bound: Option<Bound>, sketch: bool) -> Self {
        Self {
            moments: Moments::default(),
            ratio: metric.denominator().map(|_| PairMoments::default()),
            sketch: sketch.then(Sketch::default),
            bound,
            trials: 0,
            met: 0,
        }
    }

    /// Takes further trials: the metric's values and, for a ratio, its parts.
    pub(super) fn push(&mut self, values: &[f64], parts: Option<(&[f64], &[f64])>) {
        self.trials += values.len() as u64;
        self.moments.extend(values);
        if let (Some(ratio), Some((numerator, denominator))) = (&mut self.ratio, parts) {
            ratio.extend(numerator, denominator);
        }
        if let Some(sketch) = &mut self.sketch {
            sketch.extend(values);
        }
        if let Some(bound) = self.bound {
            self.met += values.iter().filter(|&&v| bound.met(v)).count() as u64;
        }
    }

    pub(super) fn moments(&self) -> &Moments {
        &self.moments
    }

    pub(super) fn ratio(&self) -> Option<&PairMoments> {
        self.ratio.as_ref()
    }

    pub(super) fn sketch(&self) -> Option<&Sketch> {
        self.sketch.as_ref()
    }

    pub(super) fn bound(&self) -> Option<Bound> {
        self.bound
    }

    pub(super) fn trials(&self) -> u64 {
        self.trials
    }

    pub(super) fn met(&self) -> u64 {
        self.met
    }
}

/// The eight quantities of a run of trials; `None` where a part does not define it.
#[derive(Debug, Clone, Default)]
pub(super) struct Quantities<'a> {
    columns: [Option<Cow<'a, [f64]>>; 8],
}

impl<'a> Quantities<'a> {
    pub(super) fn get(&self, quantity: Quantity) -> Option<&[f64]> {
        self.columns[index(quantity)].as_deref()
    }

    pub(super) fn set(&mut self, quantity: Quantity, column: Option<Cow<'a, [f64]>>) {
        self.columns[index(quantity)] = column;
    }

    /// A side that books nothing: zero everywhere.
    pub(super) fn zero(trials: usize) -> Self {
        Self {
            columns: std::array::from_fn(|_| Some(Cow::Owned(vec![0.0; trials]))),
        }
    }

    /// Number of trials.
    pub(super) fn trials(&self) -> usize {
        self.columns
            .iter()
            .flatten()
            .map(|column| column.len())
            .max()
            .unwrap_or(0)
    }

    /// A metric's values over the trials, NaN where a ratio has no denominator; `None` if a part is not defined.
    pub(super) fn metric(&self, metric: Metric) -> Option<Cow<'_, [f64]>> {
        let numerator = self.get(metric.numerator())?;
        let Some(below) = metric.denominator() else {
            return Some(Cow::Borrowed(numerator));
        };
        let denominator = self.get(below)?;
        let factor = metric.factor();
        Some(
            numerator
                .iter()
                .zip(denominator)
                .map(|(&n, &d)| if d == 0.0 { f64::NAN } else { factor * n / d })
                .collect(),
        )
    }

    /// The parts of a ratio.
    pub(super) fn parts(&self, metric: Metric) -> Option<(&[f64], &[f64])> {
        Some((
            self.get(metric.numerator())?,
            self.get(metric.denominator()?)?,
        ))
    }
}

fn index(quantity: Quantity) -> usize {
    match quantity {
        Quantity::Spend => 0,
        Quantity::Impressions => 1,
        Quantity::Engagements => 2,
        Quantity::Clicks => 3,
        Quantity::Conversions => 4,
        Quantity::Revenue => 5,
        Quantity::Profit => 6,
        Quantity::NetReach => 7,
    }
}
