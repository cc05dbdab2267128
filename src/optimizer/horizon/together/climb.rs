//! Neighbours of a plan whose creators act on each other, valued as a whole.

use ndarray::Array2;

use super::Together;
use crate::model::{Cancel, counts_of};
use crate::optimizer::check::check_plan;

/// Plans valued at most.
const EFFORT: usize = 20_000;

/// Gains below this part of the objective are rounding.
const LEAST: f64 = 1e-9;

impl Together<'_> {
    /// Follows neighbours (one creator more, one less, one moved to another cell or month) that keep every rule and are worth more,
    /// the first one found each time, until there is none.
    pub(super) fn climbed(
        &self,
        (mut value, mut counts): (f64, Array2<f64>),
        cancel: &Cancel,
    ) -> (f64, Array2<f64>) {
        if self.model.fractional_counts {
            return (value, counts);
        }
        let mut amounts = self.amounts(&counts);
        let n = amounts.len();
        // Nobody, then every activity: a move takes from one and gives to another.
        let moves = (n + 1) * (n + 1);
        let (mut at, mut vain, mut effort) = (0, 0, 0);
        while vain < moves && effort < EFFORT && !cancel.requested() {
            let (less, more) = (at / (n + 1), at % (n + 1));
            at = (at + 1) % moves;
            vain += 1;
            if less == more || less > 0 && amounts[less - 1] < 1.0 {
                continue;
            }
            let mut next = amounts.clone();
            if less > 0 {
                next[less - 1] -= 1.0;
            }
            if more > 0 {
                next[more - 1] += 1.0;
            }
            effort += 1;
            let candidate = counts_of(self.model, &self.activities, &next);
            let worth = self.worth(&candidate);
            if let Some(worth) = worth.filter(|w| *w > value + LEAST * value.abs())
                && check_plan(self.model, &candidate).is_empty()
            {
                (value, counts, amounts) = (worth, candidate, next);
                vain = 0;
            }
        }
        (value, counts)
    }
}
