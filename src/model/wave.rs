//! Campaign waves: bookings within days of their own, beside the always-on plan.

use super::cell::{CellPattern, Factors};
use super::origin::Origin;

/// A campaign wave. Its partnerships are cells of their own ([`super::BookedAs::Wave`]), planned together
/// with all others; they count in the budget and the rules of the months they post in.
#[derive(Debug, Clone, PartialEq)]
pub struct Wave {
    /// The user's name for it.
    pub name: String,
    /// What it is for.
    pub kind: WaveKind,
    /// First day, counted from the first day of the horizon (0).
    pub first_day: u32,
    /// Days it lasts, at least 1; it ends within the horizon.
    pub days: u32,
    /// Least and largest expected spend of the whole wave, in currency.
    pub budget: (Option<f64>, Option<f64>),
    /// Least and largest number of partnerships over the whole wave, summed over the cells of each pattern.
    pub counts: Vec<(CellPattern, f64, Option<f64>)>,
    /// Factors on cost and yield of its cells, which have them in their own [`super::Cell::factors`] already.
    pub factors: Factors,
    /// On which of its days its tiers post.
    pub schedule: WaveSchedule,
    /// Where it was written.
    pub origin: Origin,
    /// Where [`Self::budget`] was written; [`Self::origin`] where it has none.
    pub budget_origin: Origin,
    /// Where each of [`Self::counts`] was written, in their order.
    pub count_origins: Vec<Origin>,
}

/// What a wave is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaveKind {
    /// Before a launch.
    Tease,
    /// The launch.
    Launch,
    /// After a launch.
    Sustain,
}

impl WaveKind {
    /// Name in scenario files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tease => "tease",
            Self::Launch => "launch",
            Self::Sustain => "sustain",
        }
    }
}

/// On which days of a wave its tiers post, and when. It orders the posting calendar; figures do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WaveSchedule {
    /// Tier after tier, from mega down; of seven days the first is mega's, days 2–3 macro's, 4–5 mid's and 6–7
    /// micro's and nano's. Longer and shorter waves keep the proportions, tiers that are not in the wave take no days.
    #[default]
    Launch,
    /// By weekdays: mega on Mondays at 10:00, macro on Mondays at 14:00, mid on Tuesdays and Wednesdays, micro and
    /// nano on Thursdays and Fridays.
    Week,
    /// All tiers evenly over all days.
    Even,
}

impl WaveSchedule {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Launch, Self::Week, Self::Even];

    /// Name in scenario files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::Week => "week",
            Self::Even => "even",
        }
    }
}
