//! Where more stops being worth it.

use super::row::{FrontierRow, Point};
use crate::model::{Bound, Metric, Model, TargetScope};

/// How far more spend brings at least what it should.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Knee {
    /// At every point: the last gain known.
    Everywhere {
        /// Marginal revenue between the last two points that have one.
        last: f64,
    },
    /// At none: the first gain known.
    Nowhere {
        /// Marginal revenue between the first two points that have one.
        first: f64,
    },
    /// Up to a point, not from it to the next.
    Until {
        /// The last point that is worth it, from 0.
        point: usize,
        /// Marginal revenue from it to the next.
        next: f64,
        /// Whether a point below was not worth it either, so that the marginals do not simply fall.
        mixed: bool,
    },
}

/// A knee and what it is measured by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pays {
    /// Least marginal revenue: one over the margin, or the target's ROAS.
    pub threshold: f64,
    /// Whether it is the target's.
    pub target: bool,
    /// Where.
    pub knee: Knee,
}

/// Where marginal revenue falls below one over the margin, and below the target's ROAS.
#[must_use]
pub fn knees(model: &Model, points: &[Point], rows: &[FrontierRow]) -> Vec<Pays> {
    // (point before, marginal revenue from it)
    let mut gains: Vec<(usize, f64)> = Vec::new();
    let mut before = None;
    for (number, point) in points.iter().enumerate() {
        if point.refined || point.simulated.is_none() {
            continue;
        }
        let row = rows
            .iter()
            .find(|row| row.point == number && row.metric == Some(Metric::Revenue));
        if let (Some(before), Some(marginal)) = (before, row.and_then(|row| row.marginal)) {
            gains.push((before, marginal));
        }
        before = Some(number);
    }
    let margin = model.order.margin;
    let own = (margin > 0.0).then(|| (1.0 / margin, false));
    let target = model.targets.iter().find_map(|target| match target.bound {
        Bound::AtLeast(level)
            if target.metric == Metric::Roas && target.scope == TargetScope::Total =>
        {
            Some((level, true))
        }
        _ => None,
    });
    own.into_iter()
        .chain(target)
        .filter_map(|(threshold, target)| {
            Some(Pays {
                threshold,
                target,
                knee: knee(&gains, threshold)?,
            })
        })
        .collect()
}

fn knee(gains: &[(usize, f64)], threshold: f64) -> Option<Knee> {
    let (&(_, first), &(_, last)) = (gains.first()?, gains.last()?);
    let worth = |&(_, marginal): &(usize, f64)| marginal >= threshold;
    let Some(place) = gains.iter().rposition(worth) else {
        return Some(Knee::Nowhere { first });
    };
    Some(match gains.get(place + 1) {
        None => Knee::Everywhere { last },
        Some(&(point, next)) => Knee::Until {
            point,
            next,
            mixed: !gains[..place].iter().all(worth),
        },
    })
}

/// Which points have another with no less of both figures and more of one.
#[must_use]
pub fn dominated(figures: &[Option<(f64, f64)>]) -> Vec<bool> {
    let beaten = |one: &(f64, f64)| {
        figures
            .iter()
            .flatten()
            .any(|other| other.0 >= one.0 && other.1 >= one.1 && other != one)
    };
    figures
        .iter()
        .map(|figure| figure.as_ref().is_some_and(beaten))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knee_is_the_last_point_worth_its_step() {
        let falling = [(0, 3.0), (1, 2.0), (2, 1.0), (3, 0.5)];
        let until = |point, next, mixed| Some(Knee::Until { point, next, mixed });
        assert_eq!(knee(&falling, 1.5), until(2, 1.0, false));
        assert_eq!(knee(&falling, 1.0), until(3, 0.5, false));
        assert_eq!(knee(&falling, 4.0), Some(Knee::Nowhere { first: 3.0 }));
        assert_eq!(knee(&falling, 0.5), Some(Knee::Everywhere { last: 0.5 }));
        assert_eq!(knee(&[], 1.0), None);
        let odd = [(0, 1.0), (1, 3.0), (2, 1.0)];
        assert_eq!(knee(&odd, 2.0), until(2, 1.0, true));
    }

    #[test]
    fn what_another_beats_in_both_is_dominated() {
        let figures = [
            Some((3.0, 1.0)),
            Some((2.0, 2.0)),
            Some((2.0, 1.0)),
            None,
            Some((2.0, 2.0)),
        ];
        assert_eq!(dominated(&figures), [false, false, true, false, false]);
    }
}
