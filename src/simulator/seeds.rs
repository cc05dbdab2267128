//! Which seed each group of inputs draws from.

use crate::model::InputGroup;

/// A seed for every group of inputs.
///
/// With one seed for all, draws are those of a run. With another seed for one group, that
/// group's draws are independent of the run's and all others are equal to them: what a sensitivity
/// analysis needs to see what one input does.
///
/// ```
/// use influencer_matrix::model::InputGroup;
/// use influencer_matrix::simulator::Seeds;
///
/// let seeds = Seeds::all(42).with(InputGroup::Market, 43);
/// assert_eq!(seeds.of(InputGroup::Market), 43);
/// assert_eq!(seeds.of(InputGroup::Orders), 42);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds([u64; InputGroup::ALL.len()]);

impl Seeds {
    /// One seed for all groups.
    #[must_use]
    pub const fn all(seed: u64) -> Self {
        Self([seed; InputGroup::ALL.len()])
    }

    /// Another seed for one group.
    #[must_use]
    pub const fn with(mut self, input: InputGroup, seed: u64) -> Self {
        self.0[input as usize] = seed;
        self
    }

    /// The seed of a group.
    #[must_use]
    pub const fn of(&self, input: InputGroup) -> u64 {
        self.0[input as usize]
    }
}
