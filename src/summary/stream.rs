//! One metric over trials: mergeable moments, sums by replicate, target counts and, if wanted, a
//! quantile sketch.

use std::borrow::Cow;

use crate::model::{Bound, Metric, Quantity};
use crate::stats::{
    self, LevelCounts, Moments, PairMoments, REPLICATED, ReplicateSums, Sketch,
    replicated_probability_error,
};

/// Quantiles whose error is given.
pub(super) const WITH_ERROR: [f64; 3] = [0.05, 0.50, 0.95];

/// Trials from which a sketched column takes its levels: as many as are kept of any scope, so that
/// the levels do not depend on when the sketch began.
pub(super) const PILOT: usize = 16_384;

/// Running statistics of one metric. Values come in trial order, in granules; NaN is undefined.
#[derive(Debug, Clone)]
pub(super) struct MetricStream {
    moments: Moments,
    ratio: Option<PairMoments>,
    replicates: ReplicateSums,
    ratio_replicates: ReplicateSums,
    sketch: Option<Sketched>,
    bound: Option<Bound>,
    trials: u64,
    met: u64,
    met_replicates: ReplicateSums,
}

/// A column that is not kept.
#[derive(Debug, Clone)]
struct Sketched {
    sketch: Sketch,
    /// The first trials, until their quantiles become the levels of `counts`.
    pilot: Vec<f64>,
    counts: Option<LevelCounts<3>>,
}

impl Sketched {
    fn push(&mut self, values: &[f64]) {
        self.sketch.extend(values);
        let first = values.len().min(PILOT - self.pilot.len());
        let (first, rest) = values.split_at(if self.counts.is_some() { 0 } else { first });
        self.pilot.extend_from_slice(first);
        if self.counts.is_none() && self.pilot.len() == PILOT {
            let pilot = std::mem::take(&mut self.pilot);
            self.counts = Some(level_counts(&pilot));
        }
        if let Some(counts) = &mut self.counts {
            counts.extend(rest);
        }
    }
}

/// Counts of a column at its own quantiles.
fn level_counts(values: &[f64]) -> LevelCounts<3> {
    let found = stats::quantiles(values, &WITH_ERROR);
    let mut counts = LevelCounts::new([found[0], found[1], found[2]]);
    counts.extend(values);
    counts
}

impl MetricStream {
    pub(super) fn new(metric: Metric, bound: Option<Bound>, sketch: bool) -> Self {
        Self {
            moments: Moments::default(),
            ratio: metric.denominator().map(|_| PairMoments::default()),
            replicates: ReplicateSums::default(),
            ratio_replicates: ReplicateSums::default(),
            sketch: sketch.then(|| Sketched {
                sketch: Sketch::default(),
                pilot: Vec::new(),
                counts: None,
            }),
            bound,
            trials: 0,
            met: 0,
            met_replicates: ReplicateSums::default(),
        }
    }

    /// Takes further trials: the metric's values and, for a ratio, its parts.
    pub(super) fn push(&mut self, values: &[f64], parts: Option<(&[f64], &[f64])>) {
        self.trials += values.len() as u64;
        self.moments.extend(values);
        self.replicates.extend(values);
        if let (Some(ratio), Some((numerator, denominator))) = (&mut self.ratio, parts) {
            ratio.extend(numerator, denominator);
            self.ratio_replicates.extend_ratio(numerator, denominator);
        }
        if let Some(sketch) = &mut self.sketch {
            sketch.push(values);
        }
        if let Some(bound) = self.bound {
            self.met += values.iter().filter(|&&v| bound.met(v)).count() as u64;
            let met = |v| f64::from(u8::from(bound.met(v)));
            self.met_replicates.extend_by(values, met);
        }
    }

    /// Error of the mean.
    pub(super) fn mean_error(&self) -> f64 {
        if self.moments.count() < REPLICATED {
            self.moments.error()
        } else {
            self.replicates.error()
        }
    }

    /// Ratio of means and its error, without the metric's factor.
    pub(super) fn ratio_of_means(&self) -> Option<(f64, f64)> {
        let ratio = self.ratio?;
        let error = if ratio.count() < REPLICATED {
            ratio.ratio_of_means_error()
        } else {
            self.ratio_replicates.error()
        };
        Some((ratio.ratio_of_means(), error))
    }

    /// Share of trials that meet the bound, and its error.
    pub(super) fn probability(&self) -> Option<(f64, f64)> {
        if self.trials == 0 {
            return None;
        }
        let probability = self.met as f64 / self.trials as f64;
        let error = if self.trials < REPLICATED {
            stats::probability_error(probability, self.trials)
        } else {
            replicated_probability_error(&self.met_replicates, self.trials)
        };
        Some((probability, error))
    }

    /// Errors of the shares of trials below the quantiles [`WITH_ERROR`], of a kept column from the
    /// values themselves.
    pub(super) fn level_errors(&self, values: Option<&[f64]>, found: [f64; 3]) -> [f64; 3] {
        let n = self.moments.count();
        let independent = WITH_ERROR.map(|p| stats::level_error(p, n));
        if n < REPLICATED {
            return independent;
        }
        let own;
        let counts = match (values, &self.sketch) {
            (Some(values), _) => {
                let mut counts = LevelCounts::new(found);
                counts.extend(values);
                own = counts;
                &own
            }
            (
                None,
                Some(Sketched {
                    counts: Some(counts),
                    ..
                }),
            ) => counts,
            (None, Some(sketched)) => {
                own = level_counts(&sketched.pilot);
                &own
            }
            (None, None) => return independent,
        };
        [0, 1, 2].map(|level| counts.error(level))
    }

    pub(super) fn moments(&self) -> &Moments {
        &self.moments
    }

    pub(super) fn sketch(&self) -> Option<&Sketch> {
        self.sketch.as_ref().map(|sketched| &sketched.sketch)
    }

    pub(super) fn bound(&self) -> Option<Bound> {
        self.bound
    }

    pub(super) fn trials(&self) -> u64 {
        self.trials
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Address, Sobol, Stream};
    use crate::stats::normal_quantile;

    /// A sketched column's errors are those of the kept one, but for the levels of the pilot.
    #[test]
    fn a_sketched_column_has_the_errors_of_a_kept_one() {
        let n = 6 * PILOT + 100;
        let mut u = vec![0.0; n];
        let mut v = vec![0.0; n];
        Sobol::new(3, 1, 0, 0).fill_uniforms(0, &mut u);
        let address = Address {
            slot: 2,
            quantity: 0,
            block: 0,
        };
        Stream::new(3, address).fill_uniforms(&mut v);
        let column: Vec<f64> = u
            .iter()
            .zip(&v)
            .map(|(&u, &v)| 10.0 + 2.0 * normal_quantile(u) + normal_quantile(v))
            .collect();
        let mut sketched = MetricStream::new(Metric::Revenue, None, true);
        for part in column.chunks(3072) {
            sketched.push(part, None);
        }
        let found = stats::quantiles(&column, &WITH_ERROR);
        let found = [found[0], found[1], found[2]];
        let kept = sketched.level_errors(Some(&column), found);
        let own = sketched.level_errors(None, found);
        let independent = WITH_ERROR.map(|p| stats::level_error(p, n as u64));
        for i in 0..3 {
            assert!((own[i] / kept[i] - 1.0).abs() < 0.1, "{own:?} {kept:?}");
            // The evenly spread part adds next to nothing; what is left is clearly less.
            assert!(own[i] < independent[i], "{own:?} {independent:?}");
        }
        let half = &column[..PILOT / 2];
        let mut short = MetricStream::new(Metric::Revenue, None, true);
        short.push(half, None);
        let found = stats::quantiles(half, &WITH_ERROR);
        let found = [found[0], found[1], found[2]];
        let kept = short.level_errors(Some(half), found);
        assert_eq!(short.level_errors(None, found), kept);
    }
}
