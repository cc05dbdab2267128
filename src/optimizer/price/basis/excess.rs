//! The rows of a rule that is an excess.

use super::{Linear, Owner, Side};
use crate::model::{Constraint, Excess};

impl Linear {
    /// One row for each sum that the rule's programs hold.
    pub(super) fn add_excess(&mut self, constraint: usize, stated: &Constraint, excess: &Excess) {
        let Some(high) = stated.high else { return };
        for set in excess.sets() {
            let (mut a, constant) = excess.sum_of(set);
            let mut bound = high + constant;
            let mut owner = Owner {
                constraint,
                side: None,
            };
            if self.ratio {
                // The bound is a multiple of t, the last column.
                a.push(-bound);
                bound = 0.0;
                owner.side = Some(Side::High);
            }
            self.push(a, (None, Some(bound)), Some(owner));
        }
    }
}
