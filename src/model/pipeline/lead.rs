//! How long it takes from being identified to the first post.

use crate::distribution::Distribution;

/// Values that stand for a step's law, each of the same weight.
const POINTS: usize = 1024;

/// Values of two steps that are added up, each with each.
const PAIRED: usize = 256;

/// Days of a week.
const WEEK: f64 = 7.0;

/// Weeks from being identified to the first post: of the whole way, or step by step. What is no certain number differs
/// from creator to creator, independently; steps are independent of each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// The whole way, or its steps in order.
    steps: Vec<Distribution>,
    /// Days of the way that lie behind everyone: the way takes so much less, and nothing at least.
    behind: f64,
}

/// The parts of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeadStep {
    /// From being identified to being contacted.
    Contact,
    /// From contact to partnership.
    Partnership,
    /// From partnership to the first post.
    Content,
}

impl LeadStep {
    /// All, in order.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Partnership, Self::Content];

    /// Its key below `[pipeline]`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Contact => "contact_weeks",
            Self::Partnership => "partnership_weeks",
            Self::Content => "content_weeks",
        }
    }

    /// The playbook's limit of weeks from being identified until the step is done.
    #[must_use]
    pub fn playbook(self) -> f64 {
        match self {
            Self::Contact => 2.0,
            Self::Partnership => 4.0,
            Self::Content => super::PLAYBOOK_LEAD_WEEKS,
        }
    }
}

impl From<f64> for Lead {
    fn from(weeks: f64) -> Self {
        Self::whole(Distribution::Certain(weeks))
    }
}

impl Lead {
    /// The whole way in weeks.
    #[must_use]
    pub fn whole(weeks: Distribution) -> Self {
        Self {
            steps: vec![weeks],
            behind: 0.0,
        }
    }

    /// The weeks of each of [`LeadStep::ALL`].
    #[must_use]
    pub fn by_step(weeks: [Distribution; 3]) -> Self {
        Self {
            steps: weeks.to_vec(),
            behind: 0.0,
        }
    }

    /// The same way with so many more days of it behind everyone.
    #[must_use]
    pub fn after(&self, days: f64) -> Self {
        Self {
            behind: self.behind + days,
            ..self.clone()
        }
    }

    /// Expected weeks of the whole way.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.behind > 0.0 {
            let days = self.days();
            return days.iter().sum::<f64>() / days.len() as f64 / WEEK;
        }
        self.steps.iter().map(Distribution::mean).sum()
    }

    /// Whether every creator takes as long.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.steps.iter().all(Distribution::is_certain)
    }

    /// Expected weeks until a step is done, and the probability that it takes less than a limit; `None` for a step that
    /// is not stated by itself. What lies behind everyone is not taken off.
    #[must_use]
    pub fn until(&self, step: LeadStep, limit: f64) -> Option<(f64, f64)> {
        let steps = match (step, self.steps.len()) {
            (LeadStep::Content, _) => &self.steps[..],
            (_, 1) => return None,
            (LeadStep::Contact, _) => &self.steps[..1],
            (LeadStep::Partnership, _) => &self.steps[..2],
        };
        let mean = steps.iter().map(Distribution::mean).sum();
        if let [one] = steps
            && !one.is_certain()
        {
            return Some((mean, one.cdf(limit)));
        }
        let values = sums(steps);
        let below = values.iter().filter(|&&weeks| weeks < limit).count();
        Some((mean, below as f64 / values.len() as f64))
    }

    /// Values of equal weight that stand for the days of the whole way; one where it is certain.
    #[must_use]
    pub fn days(&self) -> Vec<f64> {
        let left = |weeks: f64| (WEEK * weeks - self.behind).max(0.0);
        sums(&self.steps).into_iter().map(left).collect()
    }
}

/// Values of equal weight of a sum of independent amounts.
fn sums(steps: &[Distribution]) -> Vec<f64> {
    let certain: f64 = steps
        .iter()
        .filter(|step| step.is_certain())
        .map(Distribution::mean)
        .sum();
    let uncertain: Vec<&Distribution> = steps.iter().filter(|step| !step.is_certain()).collect();
    let mut values = match uncertain[..] {
        [] => vec![certain],
        [one] => points(one, POINTS),
        _ => {
            let mut all = points(uncertain[0], PAIRED);
            for step in &uncertain[1..] {
                let more = points(step, PAIRED);
                all = condensed(
                    all.iter()
                        .flat_map(|a| more.iter().map(move |b| a + b))
                        .collect(),
                );
            }
            all
        }
    };
    if !uncertain.is_empty() {
        for value in &mut values {
            *value += certain;
        }
    }
    values
}

/// Quantiles in the middle of slices of equal probability, moved together so that their mean is the law's.
fn points(law: &Distribution, number: usize) -> Vec<f64> {
    let at = |i: usize| law.quantile((i as f64 + 0.5) / number as f64);
    let values: Vec<f64> = (0..number).map(at).collect();
    let mean = values.iter().sum::<f64>() / number as f64;
    let scale = if mean > 0.0 { law.mean() / mean } else { 1.0 };
    values.into_iter().map(|value| value * scale).collect()
}

/// Fewer values of equal weight: means of neighbours.
fn condensed(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let each = values.len() / PAIRED;
    values
        .chunks(each.max(1))
        .map(|group| group.iter().sum::<f64>() / group.len() as f64)
        .collect()
}
