//! What a pipeline delivers, where it is narrow, and how it stands against the playbook: `imatrix pipeline`.

use crate::distribution::Distribution;
use crate::model::pipeline::{LeadStep, PLAYBOOK_CHURN, PLAYBOOK_REPEAT, Step, StepState};
use crate::model::{Horizon, Pipeline, PipelineLaw};

/// New partners of one month, and until its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonthFlow {
    /// Month, from 0.
    pub month: usize,
    /// Partners whose first post is in it: expectation, 10 % and 90 % quantile.
    pub new: (f64, u64, u64),
    /// The same until its end.
    pub until: (f64, u64, u64),
    /// Partners expected to be at work: those at the beginning who stay, and those delivered who stay.
    pub active: f64,
}

/// What a wanted number of new partners takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// New partners wanted.
    pub partners: u64,
    /// Probability wanted.
    pub with: f64,
    /// Contacts needed; `None` if ten million are too few.
    pub contacts: Option<u64>,
    /// Contacts that the pipeline makes in a month, in expectation.
    pub contacts_a_month: f64,
    /// Probability that so many contacts (rounded) lead to the wanted partners.
    pub chance: f64,
}

/// One figure beside the playbook's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Health {
    /// What.
    pub measure: Measure,
    /// The scenario's expectation.
    pub value: f64,
    /// The playbook's figure.
    pub target: f64,
    /// Probability that it is met, where the scenario is in doubt about it.
    pub probability: Option<f64>,
    /// Whether the expectation meets it.
    pub met: bool,
}

/// A figure that the playbook has a target for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Share of the contacted who respond, at least.
    Response,
    /// Share of those who respond who become partners, at least.
    Partnership,
    /// Share of partners that work again, at least.
    Repeat,
    /// Share of partners that leave a month, below.
    Churn,
    /// Weeks until the first contact, below.
    Contact,
    /// Weeks until the partnership, below.
    Agreement,
    /// Weeks until the first content, below.
    FirstContent,
}

impl Measure {
    /// Name in outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Partnership => "partnership",
            Self::Repeat => "repeat",
            Self::Churn => "churn",
            Self::Contact => "weeks_to_contact",
            Self::Agreement => "weeks_to_partnership",
            Self::FirstContent => "weeks_to_first_content",
        }
    }

    /// Whether more is better.
    #[must_use]
    pub fn is_at_least(self) -> bool {
        matches!(self, Self::Response | Self::Partnership | Self::Repeat)
    }
}

/// Everything that `imatrix pipeline` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Recruiting {
    /// New partners by month.
    pub months: Vec<MonthFlow>,
    /// Expected new partners a month once the lead time has passed.
    pub flow: f64,
    /// Every step.
    pub steps: Vec<StepState>,
    /// The step that holds the flow back most.
    pub bottleneck: StepState,
    /// Whether a step misses the playbook's figure, and the bottleneck is the one that misses most by it.
    pub short: bool,
    /// What the wanted number takes.
    pub wanted: Wanted,
    /// Figures beside the playbook's.
    pub health: Vec<Health>,
    /// Expected probability that a partner of one month works in the next.
    pub stay: f64,
    /// Whether the share that works again, or that leaves, is in doubt.
    pub doubtful: bool,
    /// Partners expected at work at which as many stop as come; `None` if that is not finite.
    pub steady_active: Option<f64>,
    /// The same with every partner who has not left at work in every month.
    pub steady_partners: Option<f64>,
    /// Partners at the beginning.
    pub starting: f64,
}

/// What a pipeline delivers over a horizon, and what `partners` new ones with probability `with` take.
#[must_use]
pub fn recruiting(
    pipeline: &Pipeline,
    horizon: &Horizon,
    (partners, with): (u64, f64),
) -> Recruiting {
    let law = PipelineLaw::new(pipeline, horizon);
    let starting: f64 = pipeline.starting.iter().sum();
    let stay = pipeline.stay();
    let length = horizon.months.len();
    let staying = pipeline.staying(length);
    let months = (0..length)
        .map(|month| {
            let (new, until) = (law.law_in(month), law.delivered(month));
            let mean = law.mean_in(month);
            // Who came k months ago is there if they stayed k times.
            let came = (0..=month).map(|k| staying[k] * law.mean_in(month - k));
            let active = staying[month] * starting + came.sum::<f64>();
            MonthFlow {
                month,
                new: (mean, new.quantile(0.1), new.quantile(0.9)),
                until: (
                    law.delivered_mean(month),
                    until.quantile(0.1),
                    until.quantile(0.9),
                ),
                active,
            }
        })
        .collect();
    let steps = pipeline.steps();
    let contacts_a_month = steps[2].after;
    let finite = |value: f64| value.is_finite().then_some(value);
    Recruiting {
        months,
        flow: pipeline.flow(),
        bottleneck: pipeline.bottleneck(),
        short: steps.iter().any(|step| misses(step, pipeline.flow())),
        steps,
        wanted: Wanted {
            partners,
            with,
            contacts: pipeline.contacts_needed(partners, with),
            contacts_a_month,
            chance: pipeline.chance(contacts_a_month.round().max(0.0) as u64, partners),
        },
        health: health(pipeline),
        stay,
        doubtful: !pipeline.repeat.is_certain() || !pipeline.churn.is_certain(),
        steady_active: finite(pipeline.steady_active()),
        steady_partners: finite(pipeline.steady_partners()),
        starting,
    }
}

/// Whether a step is below the playbook's figure by more than rounding.
#[must_use]
pub fn misses(step: &StepState, flow: f64) -> bool {
    step.gain_to_target > 0.01 * flow
}

fn health(pipeline: &Pipeline) -> Vec<Health> {
    let of = |measure: Measure, value: f64, target: f64| Health {
        measure,
        value,
        target,
        probability: None,
        // A tie meets "at least" and does not meet "below".
        met: if measure.is_at_least() {
            value >= target * (1.0 - 1e-12)
        } else {
            value < target
        },
    };
    let rate = |measure: Measure, law: &Distribution, target| Health {
        probability: (!law.is_certain()).then(|| {
            let below = law.cdf(target);
            if measure.is_at_least() {
                1.0 - below
            } else {
                below
            }
        }),
        ..of(measure, law.mean(), target)
    };
    let weeks = |(measure, step): (Measure, LeadStep)| {
        let (mean, below) = pipeline.lead_weeks.until(step, step.playbook())?;
        Some(Health {
            probability: (!pipeline.lead_weeks.is_certain()).then_some(below),
            ..of(measure, mean, step.playbook())
        })
    };
    let mut all = vec![
        rate(
            Measure::Response,
            &pipeline.response,
            Step::Response.target(),
        ),
        rate(
            Measure::Partnership,
            &pipeline.partnership,
            Step::Partnership.target(),
        ),
        rate(Measure::Repeat, &pipeline.repeat, PLAYBOOK_REPEAT),
        rate(Measure::Churn, &pipeline.churn, PLAYBOOK_CHURN),
    ];
    let steps = [
        (Measure::Contact, LeadStep::Contact),
        (Measure::Agreement, LeadStep::Partnership),
        (Measure::FirstContent, LeadStep::Content),
    ];
    all.extend(steps.into_iter().filter_map(weeks));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Distribution;
    use crate::model::Origin;

    #[test]
    fn the_playbooks_own_pipeline() {
        let certain = Distribution::Certain;
        let pipeline = Pipeline {
            identified: certain(100.0),
            vetted: certain(0.30),
            contacted: certain(0.67),
            response: Distribution::beta_interval(0.25, 0.40).unwrap(),
            partnership: certain(0.50),
            repeat: certain(0.70),
            lead_weeks: 4.0.into(),
            churn: certain(0.10),
            starting: vec![10.0, 4.0],
            with: None,
            origin: Origin::Default,
        };
        let found = recruiting(&pipeline, &Horizon::equal(2), (5, 0.8));
        // 28 of 30 days are lead time.
        let flow = 100.0 * 0.3 * 0.67 * pipeline.response.mean() * 0.5;
        assert!((found.months[0].new.0 - flow * 2.0 / 30.0).abs() < 1e-12);
        assert!((found.months[1].new.0 - flow).abs() < 1e-12);
        let first = 14.0 + flow * 2.0 / 30.0;
        assert!((found.months[0].active - first).abs() < 1e-12);
        assert!((found.months[1].active - (0.9 * 0.7 * first + flow)).abs() < 1e-12);
        assert!(!found.short);
        assert_eq!(found.bottleneck.step, Step::Vetted);
        let met: Vec<bool> = found.health.iter().map(|h| h.met).collect();
        assert_eq!(met, [true, true, true, false, true]);
        let response = found.health[0].probability.unwrap();
        assert!((response - (1.0 - pipeline.response.cdf(0.3))).abs() < 1e-15);
        // 20 contacts bring five or more rarely.
        assert!(found.wanted.chance > 0.15 && found.wanted.chance < 0.3);
        assert!(found.wanted.contacts.unwrap() > 40);
    }
}
