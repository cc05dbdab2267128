//! A post of the calendar.

/// Most posts that a calendar has.
pub const MOST_POSTS: usize = 250_000;
/// Most posts that a creator has in a month.
pub const MOST_A_MONTH: usize = 1_000;

/// One post: who, on which day, at what time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Post {
    /// Day from the first day of the horizon, 0; it may be behind the month and behind the horizon.
    pub day: u32,
    /// Minutes from midnight, below 1440. Local to the audience: no time zone is meant.
    pub minute: u16,
    /// Index into [`Model::cells`](crate::model::Model::cells).
    pub cell: usize,
    /// Number of the creator within the cell, from 1.
    pub creator: usize,
    /// Number among the creator's posts in the cell, in time, from 1.
    pub number: usize,
    /// Month of the horizon that it is booked in, from 0.
    pub month: usize,
    /// Day it is booked on and its product shipped, from the first day of the horizon, 0: [`Post::day`] but where the terms say
    /// that content comes later.
    pub booked: u32,
}

/// A time of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// 7 to 9 h.
    Morning,
    /// 12 to 13 h.
    Noon,
    /// 19 to 22 h.
    Prime,
    /// 22 to 24 h.
    Late,
    /// Any other time.
    Other,
}

impl Slot {
    /// The slot of a minute of the day.
    #[must_use]
    pub fn of(minute: u16) -> Self {
        match minute / 60 {
            7 | 8 => Self::Morning,
            12 => Self::Noon,
            19..=21 => Self::Prime,
            22 | 23 => Self::Late,
            _ => Self::Other,
        }
    }

    /// Name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Noon => "noon",
            Self::Prime => "prime",
            Self::Late => "late",
            Self::Other => "other",
        }
    }
}

impl Post {
    /// The time of the day.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot::of(self.minute)
    }

    /// The time, e.g. `19:30`.
    #[must_use]
    pub fn time(&self) -> String {
        format!("{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

/// A plan with more posts than a calendar is good for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TooManyPosts {
    /// In all.
    #[error("the plan has {0:.0} posts, and a calendar at most {MOST_POSTS}")]
    InAll(f64),
    /// By one creator in a month.
    #[error(
        "{cell} has {posts} posts a month for each creator, and a calendar at most {MOST_A_MONTH}"
    )]
    OfOne {
        /// Key of the cell.
        cell: String,
        /// Its posts a month.
        posts: f64,
    },
}
