//! Judges a result: one case a plan and one a target of the base plan.

use crate::engine::{PlanResult, RunResult};
use crate::judging::TargetResult;
use crate::model::{Bound, Metric, PlanStatus, RiskState};
use crate::risk_words;
use crate::units::{count, money, percent, ratio};

/// Why a case failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The solver, the simulation or the disk failed, or the clock stopped a plan.
    Internal,
    /// The file is no valid scenario.
    Invalid,
    /// A plan is infeasible.
    Infeasible,
    /// A target of the base plan is missed.
    TargetMissed,
    /// A figure has drifted from the baseline.
    Drift,
}

impl Failure {
    /// Name in tables and `JUnit` files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal failure",
            Self::Invalid => "invalid",
            Self::Infeasible => "infeasible",
            Self::TargetMissed => "target missed",
            Self::Drift => "drift",
        }
    }
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As wanted.
    Passed,
    /// Not as wanted.
    Failed {
        /// Why, as a kind.
        failure: Failure,
        /// Why, in words.
        message: String,
    },
    /// Not looked at.
    Skipped {
        /// Why, in words.
        reason: String,
    },
}

/// One question asked of a scenario, with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// `valid`, `plan base`, `plan <what-if>`, `target <key>`, `rule <key>` or `baseline`.
    pub name: String,
    /// The answer.
    pub verdict: Verdict,
}

impl Case {
    /// A case that passed.
    #[must_use]
    pub fn passed(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            verdict: Verdict::Passed,
        }
    }

    /// A case that failed.
    #[must_use]
    pub fn failed(name: &str, failure: Failure, message: String) -> Self {
        Self {
            name: name.to_owned(),
            verdict: Verdict::Failed { failure, message },
        }
    }

    /// A case that was not looked at.
    #[must_use]
    pub fn skipped(name: &str, reason: &str) -> Self {
        Self {
            name: name.to_owned(),
            verdict: Verdict::Skipped {
                reason: reason.to_owned(),
            },
        }
    }

    /// Kind and words of a failure.
    #[must_use]
    pub fn failure(&self) -> Option<(Failure, &str)> {
        match &self.verdict {
            Verdict::Failed { failure, message } => Some((*failure, message)),
            _ => None,
        }
    }
}

/// One case a plan. A plan that the clock stopped with a plan in hand passes if `allow_time_limit`.
#[must_use]
pub fn plan_cases(result: &RunResult, allow_time_limit: bool) -> Vec<Case> {
    result
        .plans
        .iter()
        .map(|plan| plan_case(plan, allow_time_limit))
        .collect()
}

fn plan_case(result: &PlanResult, allow_time_limit: bool) -> Case {
    let plan = &result.plan;
    let name = format!("plan {}", plan.name);
    let internal = |message: &str| Case::failed(&name, Failure::Internal, message.to_owned());
    match &plan.status {
        PlanStatus::Infeasible => {
            let why = plan
                .conflict
                .as_ref()
                .map(|conflict| conflict.sentences.join("\n"))
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| "no plan keeps every rule".to_owned());
            Case::failed(&name, Failure::Infeasible, why)
        }
        PlanStatus::Failed { reason } if plan.status.is_open() => internal(reason),
        PlanStatus::Failed { reason } => internal(&format!("the solvers failed: {reason}")),
        PlanStatus::TimeLimit { found: false } => {
            internal("the time limit ended the search before a plan was found; raise --time-limit")
        }
        PlanStatus::TimeLimit { found: true } | PlanStatus::Optimal | PlanStatus::Feasible
            if !plan.solver.reproducible && !allow_time_limit =>
        {
            internal(
                "the time limit ended the search, so another run may find another plan; raise \
                 --time-limit or --gap, or pass --allow-time-limit",
            )
        }
        PlanStatus::Stopped => internal("stopped before the search was over"),
        PlanStatus::TimeLimit { found: true }
        | PlanStatus::Optimal
        | PlanStatus::Feasible
        | PlanStatus::Fixed => Case::passed(&name),
    }
}

/// One case a target and one a risk rule of the base plan; skipped where there is no plan to judge.
#[must_use]
pub fn target_cases(result: &RunResult) -> Vec<Case> {
    let Some(base) = result.plans.first() else {
        return Vec::new();
    };
    if !base.plan.is_usable() {
        let targets = base.model.targets.iter();
        let targets = targets.map(|target| format!("target {}", target.key));
        let rules = base.model.risk.rules.iter();
        let rules = rules.map(|rule| format!("rule {}", rule.key));
        return targets
            .chain(rules)
            .map(|name| Case::skipped(&name, "there is no plan"))
            .collect();
    }
    let risks = base.model.risk.rules.iter().filter_map(|rule| {
        let name = format!("rule {}", rule.key);
        // One a month where months differ.
        let mut states = base.plan.risks.iter().filter(|s| s.key == rule.key);
        let held = states.clone().next()?.held()?;
        Some(match states.find(|state| state.held() == Some(false)) {
            Some(state) => {
                let why = missed_risk(state, &base.model.currency);
                Case::failed(&name, Failure::TargetMissed, why)
            }
            None if held => Case::passed(&name),
            None => return None,
        })
    });
    base.targets
        .iter()
        .map(|target| {
            let name = format!("target {}", target.key);
            if target.met {
                Case::passed(&name)
            } else {
                Case::failed(
                    &name,
                    Failure::TargetMissed,
                    missed(target, &base.model.currency),
                )
            }
        })
        .chain(risks)
        .collect()
}

/// Why a rule on random totals counts as missed: `revenue averages ¥291,300 ± ¥400 over the worst
/// 10 % of fresh trials, at least ¥300,000 wanted`.
fn missed_risk(state: &RiskState, currency: &str) -> String {
    let found = state.out_of_sample.unwrap_or(f64::NAN);
    let error = state.out_of_sample_error.unwrap_or(f64::NAN);
    let measured = risk_words::measured(state, (found, error), "fresh", currency);
    let month = state
        .month
        .map_or_else(String::new, |month| format!("month {}: ", month + 1));
    let wanted = risk_words::wanted(state, currency);
    format!("{month}{measured}, {wanted} wanted")
}

/// Why a target counts as missed: `ROAS 0.45 expected, at least 3.00 wanted`, or
/// `ROAS at least 0.50 in 39.6 % of trials (± 0.3 %), 80 % wanted`.
fn missed(target: &TargetResult, currency: &str) -> String {
    let metric = name(target.metric);
    let level = match target.bound {
        Bound::AtLeast(level) => format!("at least {}", figure(target.metric, level, currency)),
        Bound::AtMost(level) => format!("at most {}", figure(target.metric, level, currency)),
    };
    match (target.with, target.probability) {
        (None, _) => {
            let expected = target.expected.unwrap_or(f64::NAN);
            let expected = figure(target.metric, expected, currency);
            let how = if target.simulated {
                "simulated"
            } else {
                "expected"
            };
            format!("{metric} {expected} {how}, {level} wanted")
        }
        (Some(with), Some(probability)) => {
            let error = target.probability_error.unwrap_or(0.0);
            format!(
                "{metric} {level} in {} of trials (± {}), {} wanted",
                percent(probability),
                percent(error),
                percent(with)
            )
        }
        (Some(with), None) => {
            format!(
                "{metric} {level} in no trial judged, {} wanted",
                percent(with)
            )
        }
    }
}

fn name(metric: Metric) -> String {
    match metric {
        Metric::Roas | Metric::Roi | Metric::Cpm | Metric::Cpe | Metric::Cpa => {
            metric.name().to_uppercase()
        }
        _ => metric.name().to_owned(),
    }
}

fn figure(metric: Metric, value: f64, currency: &str) -> String {
    match metric {
        Metric::Roas | Metric::Roi => ratio(value),
        _ if metric.is_money() => money(value, currency),
        _ => count(value),
    }
}
