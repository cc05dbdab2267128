//! Campaign waves: bookings within days of their own, beside the always-on plan.

use super::Model;
use super::cell::{BookedAs, CellPattern, Factors};
use super::origin::Origin;
use crate::units::YearMonth;

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
    /// Which turns its offered tiers have ([`turn_of`]).
    pub turns: [bool; 4],
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

/// On which days of a wave its tiers post, and when. It orders the posting calendar; figures depend on it where a wave crosses the end of a
/// month: a tier is booked in the months of its own days.
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

/// Days of a week of the playbook's launch for each turn: mega, macro, mid, micro and nano.
pub const LAUNCH_DAYS: [u32; 4] = [1, 2, 2, 2];

/// Weekdays of each turn in the playbook's weekly calendar, Monday being 0.
pub const WEEK_DAYS: [&[usize]; 4] = [&[0], &[0], &[1, 2], &[3, 4]];

/// When a tier's turn is in a wave: 0 mega, 1 macro, 2 mid, 3 micro and nano.
#[must_use]
pub fn turn_of(tier: &str) -> usize {
    match tier {
        "mega" => 0,
        "macro" => 1,
        "mid" => 2,
        _ => 3,
    }
}

impl Wave {
    /// Days on which a turn's tiers post, counted from the first day of the horizon. `weekday` tells a day's, Monday being 0.
    ///
    /// Turns of a launch that no offered tier has take no days; one that shares a day with the next has it too. Where the wave has
    /// none of a turn's weekdays, its day nearest to one stands for them.
    #[must_use]
    pub fn days_of(&self, turn: usize, weekday: impl Fn(u32) -> usize) -> Vec<u32> {
        let days = self.days.max(1);
        let all = self.first_day..self.first_day + days;
        match self.schedule {
            WaveSchedule::Even => all.collect(),
            WaveSchedule::Launch => {
                let taken = |t: usize| self.turns[t] || t == turn;
                let until = |end: usize| -> u64 {
                    let own = (0..end).filter(|&t| taken(t));
                    own.map(|t| u64::from(LAUNCH_DAYS[t])).sum()
                };
                let (unit, length) = (until(LAUNCH_DAYS.len()).max(1), u64::from(days));
                let low = (length * until(turn) / unit) as u32;
                let high = (length * until(turn + 1)).div_ceil(unit) as u32;
                (self.first_day + low..self.first_day + high).collect()
            }
            WaveSchedule::Week => {
                let off = |day: u32| {
                    let apart = |&want: &usize| (weekday(day) + 7 - want) % 7;
                    let nearest = WEEK_DAYS[turn].iter().map(apart).map(|d| d.min(7 - d));
                    nearest.min().unwrap_or(0)
                };
                let own: Vec<u32> = all.clone().filter(|&day| off(day) == 0).collect();
                if own.is_empty() {
                    return all.min_by_key(|&day| off(day)).into_iter().collect();
                }
                own
            }
        }
    }
}

impl Model {
    /// The weekday of a day of a wave, Monday being 0: the calendar's, or, without a first month, counted from the wave's
    /// first day as a Monday.
    #[must_use]
    pub fn weekday_in(&self, wave: &Wave, day: u32) -> usize {
        let first = self.start.and_then(|(y, m)| YearMonth::new(y, m));
        match first {
            Some(first) => (first.first_weekday() + day as usize) % 7,
            None => (day.saturating_sub(wave.first_day) % 7) as usize,
        }
    }

    /// Days on which a wave's cell posts, counted from the first day of the horizon; none of cells that are in no wave.
    #[must_use]
    pub fn wave_days(&self, cell: usize) -> Vec<u32> {
        let own = &self.cells[cell];
        let BookedAs::Wave(wave) = own.booked_as else {
            return Vec::new();
        };
        let wave = &self.horizon.waves[wave];
        let turn = turn_of(&self.tiers[own.tier].name);
        wave.days_of(turn, |day| self.weekday_in(wave, day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn wave(first_day: u32, days: u32, schedule: WaveSchedule, turns: [bool; 4]) -> Wave {
        Wave {
            schedule,
            turns,
            ..fixture::wave(first_day, days)
        }
    }

    fn of(wave: &Wave, turn: usize) -> Vec<u32> {
        wave.days_of(turn, |day| (day % 7) as usize)
    }

    #[test]
    fn the_playbooks_week_and_its_multiples() {
        let week = wave(3, 7, WaveSchedule::Launch, [true; 4]);
        let found: Vec<Vec<u32>> = (0..4).map(|turn| of(&week, turn)).collect();
        assert_eq!(found, [vec![3], vec![4, 5], vec![6, 7], vec![8, 9]]);
        let two = wave(0, 14, WaveSchedule::Launch, [true; 4]);
        assert_eq!(of(&two, 1), [2, 3, 4, 5]);
        // Tiers that are not offered take no days; days are shared where they do not come out even.
        let fewer = wave(0, 7, WaveSchedule::Launch, [false, false, true, true]);
        assert_eq!(of(&fewer, 2), [0, 1, 2, 3]);
        assert_eq!(of(&fewer, 3), [3, 4, 5, 6]);
        let one = wave(5, 1, WaveSchedule::Launch, [true; 4]);
        assert!((0..4).all(|turn| of(&one, turn) == [5]));
        let even = wave(2, 3, WaveSchedule::Even, [true; 4]);
        assert!((0..4).all(|turn| of(&even, turn) == [2, 3, 4]));
    }

    #[test]
    fn weekdays_or_the_nearest() {
        let ten = wave(4, 10, WaveSchedule::Week, [true; 4]);
        assert_eq!(of(&ten, 0), [7]);
        assert_eq!(of(&ten, 2), [8, 9]);
        assert_eq!(of(&ten, 3), [4, 10, 11]);
        let weekend = wave(5, 2, WaveSchedule::Week, [true; 4]);
        assert_eq!(of(&weekend, 0), [6]);
        assert_eq!(of(&weekend, 3), [5]);
    }
}
