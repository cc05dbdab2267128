//! What became of places, month by month.

use super::MOST_MONTHS;

/// What became of a plan's places in a segment: two words of bits, month by month, a trial.
#[derive(Debug, Default)]
pub(in super::super) struct Histories {
    /// Place after place: months in which it is filled.
    pub(super) filled: Vec<Vec<u32>>,
    /// Months in which somebody new is in it.
    pub(super) joined: Vec<Vec<u32>>,
    /// Months at whose end its creator leaves for good.
    pub(super) left: Vec<Vec<u32>>,
    /// Whether the first of them was there from the beginning.
    pub(super) started: Vec<Started>,
}

/// In which trials somebody is in a place from the beginning.
#[derive(Debug, Clone)]
pub(super) enum Started {
    All(bool),
    Some(Vec<u32>),
}

impl Started {
    fn bit(&self, trial: usize) -> u32 {
        match self {
            Self::All(started) => u32::from(*started),
            Self::Some(started) => started[trial],
        }
    }
}

/// One place's months.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct History<'a> {
    pub(in super::super) filled: &'a [u32],
    pub(in super::super) joined: &'a [u32],
    pub(in super::super) left: &'a [u32],
    /// Whether its first creator was there from the beginning.
    started: &'a Started,
}

impl History<'_> {
    /// Creators that are ever in the place, in the trial with the most.
    pub(in super::super) fn creators(&self) -> usize {
        let most = self.joined.iter().map(|months| months.count_ones()).max();
        most.unwrap_or(0) as usize
    }

    /// Adds one where somebody new comes in a month, and where the creator leaves at its end.
    pub(in super::super) fn count(&self, month: usize, joined: &mut [f64], left: &mut [f64]) {
        for (trial, (sum, months)) in joined.iter_mut().zip(self.joined).enumerate() {
            let known = if month == 0 {
                self.started.bit(trial)
            } else {
                0
            };
            *sum += f64::from((months >> month & 1) - known);
        }
        for (sum, months) in left.iter_mut().zip(self.left) {
            *sum += f64::from(months >> month & 1);
        }
    }

    /// Whether the creator of a number is there in a month: 1 or 0, from trial `start` on.
    pub(in super::super) fn presence(
        &self,
        month: usize,
        creator: usize,
        start: usize,
        out: &mut [f64],
    ) {
        let until = u32::MAX >> (MOST_MONTHS - 1 - month);
        let months = self.filled[start..].iter().zip(&self.joined[start..]);
        for (out, (filled, joined)) in out.iter_mut().zip(months) {
            let here = filled >> month & 1;
            let number = (joined & until).count_ones();
            *out = f64::from(here * u32::from(number == creator as u32 + 1));
        }
    }
}

impl Histories {
    /// Those of a place.
    pub(in super::super) fn of(&self, place: usize) -> History<'_> {
        History {
            filled: &self.filled[place],
            joined: &self.joined[place],
            left: &self.left[place],
            started: &self.started[place],
        }
    }
}
