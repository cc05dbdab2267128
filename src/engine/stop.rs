//! When a run has enough trials.

use crate::model::{Model, Plan, Trials};
use crate::ranking::{BestPlan, FIRST_LOOK, Ranking};
use crate::stats::Standing;
use crate::summary::Collector;
use crate::units;

/// Trials of a run that was to choose the best plan of one.
const WITHOUT_CHOICE: u64 = 100_000;

/// Says so if the most trials allowed were not enough to know the best plan.
pub(super) fn undecided(best: &BestPlan) -> Option<String> {
    (best.standing == Standing::Open).then(|| {
        format!(
            "which plan is the best by {} is not known after {} trials",
            best.wanted.metric.name(),
            units::count(best.trials as f64),
        )
    })
}

/// Says so if the most trials allowed were not enough for the precision wanted.
pub(super) fn missed_precision(collector: &Collector, trials: Trials) -> Option<String> {
    let Trials::Precision { precision, .. } = trials else {
        return None;
    };
    let found = match collector.worst_relative_error() {
        Some(error) if error <= precision => return None,
        Some(error) => format!("the largest relative error is {}", small_percent(error)),
        None => "one of them is zero or undefined".to_owned(),
    };
    Some(format!(
        "{} trials, the most that trials.max allows, are not enough to know spend, revenue, conversions and ROAS of every plan to {}: {found}",
        units::count(collector.trials() as f64),
        small_percent(precision),
    ))
}

/// A small share to two significant digits.
fn small_percent(share: f64) -> String {
    format!("{} %", units::significant(100.0 * share, 2))
}

/// What ends a run.
pub(super) enum Stop {
    /// So many trials.
    Fixed(u64),
    /// A relative standard error of every headline figure, or so many trials.
    Precision(f64, u64),
    /// Knowing the best plan, or so many trials.
    Best(Ranking, u64),
}

impl Stop {
    pub(super) fn new(trials: Trials, planned: &[(Model, Plan)], usable: &[usize]) -> Self {
        match trials {
            Trials::Fixed(trials) => Self::Fixed(trials),
            Trials::Precision { precision, max } => Self::Precision(precision, max),
            Trials::Best(wanted) if usable.len() < 2 => Self::Fixed(wanted.max.min(WITHOUT_CHOICE)),
            Trials::Best(wanted) => {
                let plans = usable.iter().map(|&i| &planned[i]);
                let plans = plans.map(|(model, plan)| (plan.name.as_str(), model));
                Self::Best(Ranking::new(wanted, plans), wanted.max)
            }
        }
    }

    /// Says so if the best was wanted of one plan.
    pub(super) fn nothing_to_choose(&self, wanted: Trials) -> Option<String> {
        match (self, wanted) {
            (Self::Fixed(trials), Trials::Best(wanted)) => Some(format!(
                "there is one plan alone: the best by {} is no question, and {} trials are run",
                wanted.metric.name(),
                units::count(*trials as f64),
            )),
            _ => None,
        }
    }

    /// Most trials.
    pub(super) fn most(&self) -> u64 {
        match *self {
            Self::Fixed(most) | Self::Precision(_, most) | Self::Best(_, most) => most,
        }
    }

    /// Trials at which to look first.
    pub(super) fn first(&self) -> u64 {
        match *self {
            Self::Fixed(trials) => trials,
            Self::Precision(_, most) | Self::Best(_, most) => FIRST_LOOK.min(most),
        }
    }

    /// Whether the trials so far are enough.
    pub(super) fn reached(&mut self, collector: &Collector) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Precision(precision, _) => collector
                .worst_relative_error()
                .is_some_and(|error| error <= *precision),
            Self::Best(ranking, _) => ranking.look(),
        }
    }

    /// The best plan, if that was the question.
    pub(super) fn best(&self) -> Option<BestPlan> {
        match self {
            Self::Best(ranking, _) => Some(ranking.found()),
            _ => None,
        }
    }
}
