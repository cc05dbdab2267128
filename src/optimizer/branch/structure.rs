//! What is known of a program beyond its rows.

use std::ops::Range;

use crate::model::Excess;
use crate::optimizer::presolve::Presolved;

/// A whole multiple of each of some columns.
pub(crate) type Sum = Vec<(usize, f64)>;

/// When a column's bookings are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) months: Range<usize>,
    /// Whether they may last, and so tie months together.
    pub(crate) lasts: bool,
}

/// What those who made a program know of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Structure {
    /// Sums to branch on beside those that are read off the rows.
    pub(crate) sums: Vec<Sum>,
    /// One a column.
    pub(crate) parts: Vec<Part>,
    /// Sums of maxima and what they must not exceed. The search adds rows for them where its points break them.
    pub(crate) limits: Vec<(Excess, f64)>,
    /// What the search may cost, in multiplications, whatever its nodes are.
    pub(crate) work: f64,
}

impl Structure {
    /// Months of the horizon.
    pub(super) fn months(&self) -> usize {
        self.parts.iter().map(|p| p.months.end).max().unwrap_or(0)
    }

    /// The same of a smaller program.
    pub(super) fn within(&self, presolved: &Presolved) -> Self {
        self.moved(&presolved.places(), presolved.width(), |_| 0.0)
    }

    /// The same of some columns alone, the others held at a point.
    pub(super) fn among(&self, x: &[f64], free: &[usize]) -> Self {
        let mut places = vec![None; x.len()];
        for (at, &j) in free.iter().enumerate() {
            places[j] = Some(at);
        }
        self.moved(&places, free.len(), |j| x[j])
    }

    fn moved(&self, places: &[Option<usize>], width: usize, held: impl Fn(usize) -> f64) -> Self {
        let sums = self.sums.iter().map(|sum| {
            let own = sum.iter();
            own.filter_map(|&(j, a)| Some((places[j]?, a))).collect()
        });
        let limits = self.limits.iter();
        let mut parts = vec![
            Part {
                months: 0..0,
                lasts: false
            };
            width
        ];
        for (place, part) in places.iter().zip(&self.parts) {
            if let Some(at) = *place {
                parts[at] = part.clone();
            }
        }
        Self {
            sums: sums.filter(|sum: &Sum| sum.len() > 1).collect(),
            parts,
            limits: limits
                .map(|(excess, high)| (excess.among(width, |j| places[j], &held), *high))
                .collect(),
            work: self.work,
        }
    }
}
