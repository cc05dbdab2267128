//! Any column of trials, with the estimates and errors that a summary's metrics have.

use crate::model::{Bound, Metric};

use super::estimate;
use super::row::Estimate;
use super::stream::MetricStream;

/// A quantity over trials: kept whole, or as moments and a sketch.
#[derive(Debug, Clone)]
pub struct Series {
    bound: Option<Bound>,
    kept: Kept,
}

#[derive(Debug, Clone)]
enum Kept {
    /// One value in all trials: most parts of most plans' cash are.
    Constant(f64, usize),
    Whole(Vec<f64>),
    Sketched(Box<MetricStream>),
}

/// What any quantity counts as, for a stream: no ratio.
const PLAIN: Metric = Metric::Revenue;

impl Series {
    /// An empty series, of which the share of trials that meet a bound is wanted or not.
    #[must_use]
    pub fn new(bound: Option<Bound>) -> Self {
        Self {
            bound,
            kept: Kept::Constant(0.0, 0),
        }
    }

    /// Takes further trials, in their order; all but the last ones ever in whole granules.
    pub fn push(&mut self, values: &[f64]) {
        match &mut self.kept {
            Kept::Constant(value, trials) => {
                let first = if *trials == 0 { values.first() } else { None };
                *value = first.copied().unwrap_or(*value);
                if values.iter().all(|v| v == value) {
                    *trials += values.len();
                } else {
                    let mut whole = vec![*value; *trials];
                    whole.extend_from_slice(values);
                    self.kept = Kept::Whole(whole);
                }
            }
            Kept::Whole(whole) => whole.extend_from_slice(values),
            Kept::Sketched(stream) => stream.push(values, None),
        }
    }

    /// Keeps moments and a sketch from now on.
    pub fn sketch(&mut self) {
        let whole = match &mut self.kept {
            Kept::Constant(value, trials) => vec![*value; *trials],
            Kept::Whole(values) => std::mem::take(values),
            Kept::Sketched(_) => return,
        };
        let mut stream = MetricStream::new(PLAIN, self.bound, true);
        stream.push(&whole, None);
        self.kept = Kept::Sketched(Box::new(stream));
    }

    /// Mean, spread and quantiles, each with its error; without trials all of it is undefined.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let exact = |values: &[f64]| {
            let mut stream = MetricStream::new(PLAIN, self.bound, false);
            stream.push(values, None);
            estimate::estimate(PLAIN, &stream, Some(values))
        };
        match &self.kept {
            Kept::Constant(value, trials) => exact(&vec![*value; *trials]),
            Kept::Whole(values) => exact(values),
            Kept::Sketched(stream) => estimate::estimate(PLAIN, stream, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate_of(values: &[f64], piece: usize, sketch_at: usize) -> Estimate {
        let mut series = Series::new(Some(Bound::AtLeast(3.0)));
        for (i, part) in values.chunks(piece).enumerate() {
            series.push(part);
            if i + 1 == sketch_at {
                series.sketch();
            }
        }
        series.estimate()
    }

    #[test]
    fn pieces_do_not_matter_and_sketches_hardly() {
        let values: Vec<f64> = (0..20_480_u32)
            .map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 8) / 4e6)
            .collect();
        let whole = estimate_of(&values, values.len(), 0);
        assert_eq!(whole, estimate_of(&values, 1024, 0));
        let sketched = estimate_of(&values, 1024, 3);
        assert_eq!(sketched, estimate_of(&values, 2048, 7));
        assert_eq!(sketched.mean, whole.mean);
        assert_eq!(sketched.prob_target, whole.prob_target);
        let off = sketched.p50().unwrap() / whole.p50().unwrap() - 1.0;
        assert!(off.abs() < 1e-3, "{off}");
    }

    #[test]
    fn a_constant_is_what_its_trials_say() {
        let constant = estimate_of(&[5.0; 1500], 1024, 0);
        assert_eq!((constant.mean, constant.sd), (Some(5.0), Some(0.0)));
        assert_eq!(constant.quantiles, [Some(5.0); 7]);
        assert_eq!(constant.mc_error, Some(0.0));
        assert_eq!(constant.prob_target, Some(1.0));
        let mut late = vec![5.0; 2048];
        late.extend([1.0; 2048]);
        assert_eq!(estimate_of(&late, 1024, 0).mean, Some(3.0));
        assert_eq!(Series::new(None).estimate().mean, None);
    }
}
