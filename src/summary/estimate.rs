//! From trials to estimates with errors.

use crate::model::{Bound, Metric};
use crate::stats;

pub(super) use super::row::Histogram;
use super::row::{Estimate, QUANTILES};
use super::stream::{MetricStream, WITH_ERROR};

/// Bins of the small pictures.
const BINS: usize = 24;

/// Estimates from a stream, its quantiles from the values themselves if given, else from its sketch.
pub(super) fn estimate(metric: Metric, stream: &MetricStream, values: Option<&[f64]>) -> Estimate {
    let moments = stream.moments();
    let n = moments.count();
    let trials = stream.trials();
    let mut out = Estimate {
        mean: defined(moments.mean()),
        sd: defined(moments.sd()),
        mc_error: defined(stream.mean_error()),
        undefined_share: if trials == 0 {
            0.0
        } else {
            (trials - n) as f64 / trials as f64
        },
        ..Estimate::default()
    };
    if let Some((ratio, error)) = stream.ratio_of_means() {
        out.ratio_of_means = defined(ratio * metric.factor());
        out.ratio_of_means_error = defined(error * metric.factor());
    }
    if n > 0 {
        let slopes = WITH_ERROR.map(|p| stats::slope_levels(p, n));
        let mut wanted = QUANTILES.to_vec();
        wanted.extend(slopes.as_flattened());
        let found = match (values, stream.sketch()) {
            (Some(values), _) => stats::quantiles(values, &wanted),
            (None, Some(sketch)) => wanted.iter().map(|&p| sketch.quantile(p)).collect(),
            (None, None) => vec![f64::NAN; wanted.len()],
        };
        let (quantiles, ends) = found.split_at(QUANTILES.len());
        for (out, &quantile) in out.quantiles.iter_mut().zip(quantiles) {
            *out = defined(quantile);
        }
        let errors = stream.level_errors(values, [quantiles[0], quantiles[3], quantiles[6]]);
        for (i, error) in out.quantile_errors.iter_mut().enumerate() {
            let [below, above] = slopes[i];
            let slope = (ends[2 * i + 1] - ends[2 * i]) / (above - below);
            *error = defined(errors[i] * slope);
        }
    }
    if let Some(bound) = stream.bound() {
        out.target = Some(bound.value());
        if let Some((probability, error)) = stream.probability() {
            out.prob_target = Some(probability);
            out.prob_target_error = Some(error);
        }
    }
    out
}

/// A metric that is not defined for the scope.
pub(super) fn undefined(bound: Option<Bound>) -> Estimate {
    Estimate {
        target: bound.map(Bound::value),
        prob_target: bound.map(|_| 0.0),
        prob_target_error: bound.map(|_| 0.0),
        undefined_share: 1.0,
        ..Estimate::default()
    }
}

/// The headline figure of a metric and its standard error.
pub(super) fn headline(metric: Metric, stream: &MetricStream) -> Option<(f64, f64)> {
    let (figure, error) = match stream.ratio_of_means() {
        Some((ratio, error)) => (ratio * metric.factor(), error * metric.factor()),
        None => (stream.moments().mean(), stream.mean_error()),
    };
    defined(figure).zip(defined(error))
}

/// Undefined is `None`, never NaN.
pub(super) fn defined(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// A small picture from all values.
pub(super) fn histogram(metric: Metric, values: &[f64]) -> Option<Histogram> {
    let ends = stats::quantiles(values, &[0.005, 0.995]);
    let (low, high) = (defined(ends[0])?, defined(ends[1])?);
    let mut counts = vec![0; BINS];
    for &value in values.iter().filter(|v| !v.is_nan()) {
        counts[bin(value, low, high)] += 1;
    }
    Some(Histogram {
        metric,
        low,
        high,
        counts,
    })
}

/// A small picture from a sketch's bins.
pub(super) fn sketch_histogram(metric: Metric, sketch: &stats::Sketch) -> Option<Histogram> {
    let (low, high) = (
        defined(sketch.quantile(0.005))?,
        defined(sketch.quantile(0.995))?,
    );
    let mut counts = vec![0; BINS];
    for (value, count) in sketch.bins() {
        counts[bin(value, low, high)] += count;
    }
    Some(Histogram {
        metric,
        low,
        high,
        counts,
    })
}

fn bin(value: f64, low: f64, high: f64) -> usize {
    if high > low {
        let place = (value - low) / (high - low) * BINS as f64;
        place.clamp(0.0, (BINS - 1) as f64) as usize
    } else {
        BINS / 2
    }
}
