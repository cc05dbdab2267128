//! Improving whole counts along neighbours whose risk is measured as it is.

use crate::optimizer::goal::Goal;
use crate::optimizer::risk::planes::Case;
use crate::optimizer::risk::rules::Spread;
use crate::optimizer::search::{Move, Neighbourhood};

/// Measurements of one rule that a climb may take, at a sample of [`TRIALS`].
const EFFORT: f64 = 400.0;

/// Trials at which that effort takes about two seconds.
const TRIALS: f64 = 10_000.0;

/// Neighbours that are measured before a step is given up.
const TRIED: usize = 24;

/// How far below its level a rule may be foretold to fall, in sizes of the gain, for a neighbour
/// to be measured: slopes are exact for small steps only.
const FORETOLD: f64 = 0.02;

pub(crate) struct Climb<'a> {
    case: &'a Case<'a>,
    left: f64,
    /// What one look at all rules takes.
    cost: f64,
}

fn moved(x: &[f64], change: Move) -> Vec<f64> {
    let mut out = x.to_vec();
    if let Some(i) = change.add {
        out[i] += 1.0;
    }
    if let Some(j) = change.drop {
        out[j] -= 1.0;
    }
    out
}

/// What a change adds to a linear function.
fn along(slope: &[f64], change: Move) -> f64 {
    change.add.map_or(0.0, |i| slope[i]) - change.drop.map_or(0.0, |j| slope[j])
}

impl<'a> Climb<'a> {
    pub(crate) fn new(case: &'a Case<'a>) -> Self {
        let measures = case.rules.len() + usize::from(case.worth.is_some());
        let trials = case
            .rules
            .first()
            .or(case.worth.as_ref().map(|w| &w.tail))
            .map_or(1, |rule| rule.field.work());
        Self {
            case,
            left: EFFORT * TRIALS,
            cost: (trials * measures.max(1)) as f64,
        }
    }

    /// Rules' values and slopes at a plan, as distances above their levels.
    fn foresight(&mut self, x: &[f64]) -> Vec<(f64, Vec<f64>)> {
        self.left -= self.cost;
        self.case
            .rules
            .iter()
            .map(|rule| {
                let slope = rule.slope(x, &Spread::Root);
                let by_count = slope.by_count.iter().map(|g| g / rule.scale).collect();
                (rule.above(slope.value), by_count)
            })
            .collect()
    }

    /// The best plan found from counts by repair and ascent, with its value; `None` if no repair makes
    /// it keep all rules.
    pub(crate) fn from(&mut self, start: &[f64]) -> Option<(f64, Vec<f64>)> {
        let x = self.safe_from(start, 0.0)?;
        Some(self.ascend(x))
    }

    /// Counts that are at least so far above every level, by neighbours within the linear rules.
    pub(crate) fn safe_from(&mut self, start: &[f64], wanted: f64) -> Option<Vec<f64>> {
        let near = Neighbourhood::new(self.case.program, self.case.goal);
        let point = near.point(start.to_vec());
        let x = if near.violation(&point) > 0.0 {
            near.repair(point)?.x
        } else {
            start.to_vec()
        };
        self.safer(x, wanted)
    }

    /// Follows the neighbours that lessen the worst distance below a level, until all rules are at
    /// least so far above theirs.
    fn safer(&mut self, mut x: Vec<f64>, wanted: f64) -> Option<Vec<f64>> {
        loop {
            let seen = self.foresight(&x);
            let slack = seen.iter().map(|s| s.0).fold(f64::INFINITY, f64::min);
            if slack >= wanted {
                return Some(x);
            }
            x = self.safest(&x, &seen)?.1;
        }
    }

    /// A neighbour within the linear rules whose least distance above the levels is larger: of those
    /// foretold best the first that is.
    fn safest(&mut self, x: &[f64], seen: &[(f64, Vec<f64>)]) -> Option<(f64, Vec<f64>)> {
        let near = Neighbourhood::new(self.case.program, self.case.goal);
        let point = near.point(x.to_vec());
        let mut moves: Vec<(f64, Move)> = near
            .moves(&point)
            .filter(|&change| near.violated_rows(&point, change).is_empty())
            .map(|change| {
                let after = seen.iter().map(|(at, slope)| at + along(slope, change));
                (after.fold(f64::INFINITY, f64::min), change)
            })
            .collect();
        // Stable: of equals the first.
        moves.sort_by(|a, b| b.0.total_cmp(&a.0));
        let now = seen.iter().map(|s| s.0).fold(f64::INFINITY, f64::min);
        for (_, change) in moves.into_iter().take(TRIED) {
            if self.spent() {
                break;
            }
            let y = moved(x, change);
            self.left -= self.cost;
            let slack = self.case.slack(&y);
            if slack > now {
                return Some((slack, y));
            }
        }
        None
    }

    /// The plan with the largest least distance above the levels that neighbours lead to.
    pub(crate) fn safest_from(&mut self, start: &[f64]) -> Option<(f64, Vec<f64>)> {
        let near = Neighbourhood::new(self.case.program, self.case.goal);
        let point = near.point(start.to_vec());
        let mut x = if near.violation(&point) > 0.0 {
            near.repair(point)?.x
        } else {
            start.to_vec()
        };
        let mut now = self.case.slack(&x);
        loop {
            let seen = self.foresight(&x);
            match self.safest(&x, &seen) {
                Some((after, better)) => (now, x) = (after, better),
                None => return Some((now, x)),
            }
        }
    }

    fn spent(&self) -> bool {
        self.left <= 0.0 || self.case.over()
    }

    fn ascend(&mut self, mut x: Vec<f64>) -> (f64, Vec<f64>) {
        let mut now = self.case.value(&x);
        while !self.spent() {
            let seen = self.foresight(&x);
            let slope = Goal::Sum(self.case.tangent(&x, &Spread::Root).by_count);
            let goal = match self.case.goal {
                Goal::Ratio { .. } => self.case.goal,
                Goal::Sum(_) => &slope,
            };
            let near = Neighbourhood::new(self.case.program, goal);
            let point = near.point(x.clone());
            let floor = 1e-9 * now.abs();
            let hopeful = |change: &Move| {
                seen.iter()
                    .all(|(at, slope)| at + along(slope, *change) >= -FORETOLD)
            };
            let mut moves: Vec<(f64, Move)> = near
                .moves(&point)
                .map(|change| (near.gain(&point, change), change))
                .filter(|&(gain, change)| {
                    gain > floor
                        && hopeful(&change)
                        && near.violated_rows(&point, change).is_empty()
                })
                .collect();
            moves.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut step = None;
            for (_, change) in moves.into_iter().take(TRIED) {
                if self.spent() {
                    break;
                }
                let y = moved(&x, change);
                self.left -= self.cost;
                let value = self.case.value(&y);
                if value > now + floor && self.case.keeps(&y) {
                    step = Some((value, y));
                    break;
                }
            }
            let Some((value, y)) = step else { break };
            (now, x) = (value, y);
        }
        (now, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::program::dot;

    #[test]
    fn a_change_adds_what_it_adds() {
        let slope = [3.0, 5.0, 7.0];
        let change = Move {
            add: Some(2),
            drop: Some(0),
        };
        assert_eq!(along(&slope, change), 4.0);
        let x = [1.0, 0.0, 2.0];
        assert_eq!(moved(&x, change), [0.0, 0.0, 3.0]);
        assert_eq!(dot(&slope, &moved(&x, change)) - dot(&slope, &x), 4.0);
    }
}
