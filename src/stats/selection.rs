//! Choosing the best of several plans simulated on common random numbers.

use super::replicates::{REPLICATES, ReplicateSums, T_OVER_Z};
use super::special::student_t_quantile;

/// What is known of a rival of the leading plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its figure is worse.
    Worse,
    /// Its figure is not better by more than the indifference zone.
    Within,
    /// It had the same figure in every replicate, to rounding.
    Equal,
    /// Nothing yet.
    Open,
}

/// The leading plan against one other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rival {
    /// Its number.
    pub index: usize,
    /// Advantage of the leading plan: how much better its figure is, 0 or more.
    pub difference: f64,
    /// Error of the advantage, as [`ReplicateSums::difference`] gives it.
    pub error: f64,
    /// What that shows.
    pub standing: Standing,
}

/// The plan in the lead and what is known of the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Number of the leading plan.
    pub best: usize,
    /// All others, in order.
    pub rivals: Vec<Rival>,
}

impl Selection {
    /// What is known of the leading plan: the weakest of what is known of its rivals.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let any = |standing| self.rivals.iter().any(|r| r.standing == standing);
        match () {
            () if any(Standing::Open) => Standing::Open,
            () if any(Standing::Within) => Standing::Within,
            () if any(Standing::Worse) || self.rivals.is_empty() => Standing::Worse,
            () => Standing::Equal,
        }
    }
}

/// The share of the whole error probability that look k = 0, 1, … may spend: 2/((k + 2)(k + 3)),
/// which adds up to 1 over all k.
#[must_use]
pub fn error_share(look: u32) -> f64 {
    let k = f64::from(look);
    2.0 / ((k + 2.0) * (k + 3.0))
}

/// Which of K plans leads, and whether that is known, at one look of a sequence.
///
/// Plans compete by the ratio of their sums, whose replicates are independent and of one law;
/// trials within a replicate need not be independent.
///
/// Plan b leads by its estimate. With t the 1 − `error`/(K − 1) quantile of t(15), a rival with
/// advantage d̂ with standard error s of the leader over it is worse if d̂ > 0 and d̂ ≥ t s, and not better by more
/// than the `zone` if d̂ + zone ≥ t s.
///
/// *Error.* Let i be a truly best plan. A false statement "b is better than all" (b truly worse
/// than i) or "none is better than b by more than the zone" (i truly is) says so of the pair
/// (b, i), of which it is false; each of the at most K − 1 such pairs makes a false statement with
/// probability at most `error`/(K − 1), whatever the plans' variances and correlations. Hence at
/// most `error` in all, and over looks with [`error_share`] of α at most α. This is the paired
/// Bonferroni procedure of Clark and Yang ("A Bonferroni selection procedure when using common
/// random numbers with unknown variances", WSC 1986) with the error spent over looks (Lan and
/// DeMets, Biometrika 70, 1983).
///
/// `None` where a figure is undefined or there is no plan. Figures that are zero in all trials say
/// nothing yet.
#[must_use]
pub fn select(
    plans: &[ReplicateSums],
    lower_is_better: bool,
    error: f64,
    zone: f64,
) -> Option<Selection> {
    let sign = if lower_is_better { -1.0 } else { 1.0 };
    let mut best: Option<(usize, f64)> = None;
    for (index, plan) in plans.iter().enumerate() {
        let ratio = plan.ratio();
        if !ratio.is_finite() {
            return None;
        }
        let figure = sign * ratio;
        if best.is_none_or(|(_, most)| figure > most) {
            best = Some((index, figure));
        }
    }
    let (best, most) = best?;
    let critical = student_t_quantile(
        1.0 - error / (plans.len() as f64 - 1.0).max(1.0),
        (REPLICATES - 1) as f64,
    ) / T_OVER_Z;
    let mut rivals = Vec::with_capacity(plans.len() - 1);
    for (index, plan) in plans.iter().enumerate().filter(|(i, _)| *i != best) {
        let (difference, spread) = plans[best].difference(plan);
        let difference = sign * difference;
        let least = critical * spread;
        let standing = if difference == 0.0 && spread == 0.0 {
            if most == 0.0 {
                Standing::Open
            } else {
                Standing::Equal
            }
        } else if difference > 0.0 && difference >= least {
            Standing::Worse
        } else if zone > 0.0 && difference + zone >= least {
            Standing::Within
        } else {
            Standing::Open
        };
        rivals.push(Rival {
            index,
            difference,
            error: spread,
            standing,
        });
    }
    Some(Selection { best, rivals })
}

#[cfg(test)]
mod tests;
