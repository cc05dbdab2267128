//! The plan of a model with rules or an objective of risk.

use super::{Work, worked};
use crate::model::{
    BudgetScale, Cancel, FactorSample, HeldBy, Model, Plan, PlanSettings, PlanStatus, joint,
};
use crate::optimizer::confirm::confirms_empty;
use crate::optimizer::price::{Price, prices};
use crate::optimizer::program::dot;
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::risk::{Case, Found, Run, Sampled, Spread, beyond, stated, tightness};
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict};

/// Share of the budget below which what is left is not worth a word.
const NOTABLE: f64 = 1e-3;

/// Plans a model with [`Risk`](crate::model::Risk): the counts that maximize its objective, or the mean
/// and the tail mean of it in the weights asked for, under its rules and its rules of risk, these as
/// measured over the trials of a sample of shared factors.
///
/// Given the shared factors of a trial the total gain of a plan counts as normal, with the mean and
/// variance of its independent creators ([`crate::model::conditional`]); a tail mean or probability is
/// that of the mixture over all trials. `tightened` has one amount for each rule of risk by which it is
/// tightened (loosened where negative): for a probability it is added to the probability
/// wanted; for a tail mean to the gain demanded, in the gain's unit. The plan's
/// [`risks`](Plan::risks) are measured in sample against the rules as written.
///
/// The gap is that of what is maximized over this sample; its bound holds for every plan that keeps
/// the tail means, and does not look at probability rules, which are not convex. A model of fixed
/// counts is measured. Status, prices and all else are as in [`plan`](super::plan).
#[must_use]
pub fn plan_at_risk(
    model: &Model,
    sample: &FactorSample,
    tightened: &[f64],
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Plan {
    worked(model, settings, cancel, true, |work| {
        let mut plan = match &model.counts {
            Some(counts) => work.fixed(&counts.row(0).to_vec()),
            None if joint::applies(model) => work.at_risk_together(sample, tightened),
            None => work.at_risk(sample, tightened),
        };
        if plan.is_usable() {
            let counts = plan.counts.row(0).to_vec();
            let own = Sampled::new(model, sample, Some(&counts));
            plan.risks = own.states(tightened, &counts);
        }
        plan
    })
}

impl Work<'_> {
    fn at_risk(&self, sample: &FactorSample, tightened: &[f64]) -> Plan {
        let relaxed = solve_relaxed(self.program, self.goal, self.relaxations, self.cancel);
        if !relaxed.found() {
            return match self.status(&relaxed) {
                Err(nothing) => *nothing,
                Ok(status) => self.without_plan(status, &relaxed),
            };
        }
        let sampled = Sampled::new(self.model, sample, None);
        match self.case(&sampled, tightened, &relaxed.x) {
            Ok(case) => self.searched(&case, &sampled, tightened, &relaxed),
            Err(reason) => self.without_plan(PlanStatus::Failed { reason }, &relaxed),
        }
    }

    /// The program with its rules of risk, sized around a plan.
    pub(super) fn case<'b>(
        &'b self,
        sampled: &Sampled<'b>,
        tightened: &[f64],
        around: &[f64],
    ) -> Result<Case<'b>, String> {
        Ok(Case {
            program: self.program,
            goal: self.goal,
            rules: sampled.rules(tightened, around)?,
            worth: sampled.worth(around)?,
            relaxations: self.relaxations,
            cancel: self.cancel,
            clock: (self.search.started, self.settings.time_limit),
        })
    }

    pub(super) fn clocked(&self) -> bool {
        self.search.started.elapsed().as_secs_f64() >= self.settings.time_limit
    }

    fn run<'b>(&'b self, case: &'b Case<'b>) -> Run<'b> {
        Run {
            case,
            settings: self.settings,
            fractional: self.model.fractional_counts,
        }
    }

    pub(super) fn searched(
        &self,
        case: &Case<'_>,
        sampled: &Sampled<'_>,
        tightened: &[f64],
        relaxed: &Solved,
    ) -> Plan {
        let run = self.run(case);
        match run.best(relaxed) {
            Ok(found) if found.solved.found() => match self.status(&found.solved) {
                Ok(status) => self.found_at_risk(status, (case, sampled, tightened), &found),
                Err(plan) => *plan,
            },
            Ok(found) => {
                let empty = found.solved.verdict == Verdict::Infeasible;
                self.beyond(&run, sampled, tightened, &found.solved, empty)
            }
            Err(answer) => {
                let empty = answer.solved.verdict == Verdict::Infeasible
                    && confirms_empty(&answer.program, self.settings, self.cancel);
                self.beyond(&run, sampled, tightened, &answer.solved, empty)
            }
        }
    }

    /// No plan keeps all rules, or none was found.
    fn beyond(
        &self,
        run: &Run<'_>,
        sampled: &Sampled<'_>,
        tightened: &[f64],
        solved: &Solved,
        empty: bool,
    ) -> Plan {
        let failed = |reason: String| PlanStatus::Failed { reason };
        match &solved.verdict {
            Verdict::Failed(reason) => return self.without_plan(failed(reason.clone()), solved),
            Verdict::TimeLimit { .. } => {
                return self.without_plan(PlanStatus::TimeLimit { found: false }, solved);
            }
            _ => {}
        }
        // Without its risk the model may have no plan either; then that is what is to be said.
        let plain = self.optimized(None);
        if !plain.is_usable() {
            return plain;
        }
        if self.clocked() && !empty {
            return self.without_plan(PlanStatus::TimeLimit { found: false }, solved);
        }
        let beyond = beyond(run, self.model, sampled, tightened, empty);
        if self.cancel.requested() {
            return self.without_plan(failed(INTERRUPTED.to_owned()), solved);
        }
        if let Some(kept) = &beyond.kept {
            let found = run.onward(kept);
            return match self.status(&found.solved) {
                Ok(status) => self.found_at_risk(status, (run.case, sampled, tightened), &found),
                Err(plan) => *plan,
            };
        }
        if beyond.proven {
            return Plan {
                conflict: Some(beyond.conflict),
                ..self.without_plan(PlanStatus::Infeasible, solved)
            };
        }
        if self.clocked() {
            return self.without_plan(PlanStatus::TimeLimit { found: false }, solved);
        }
        let members: Vec<&str> = beyond
            .conflict
            .members
            .iter()
            .map(|member| member.words.as_str())
            .collect();
        let found = if members.len() > 1 {
            "no plan that keeps all rules of risk together was found, and none was ruled out; each by itself"
        } else {
            "no plan that keeps every rule of risk was found, and none was ruled out"
        };
        let reason = format!("{found}: {}", members.join("; "));
        self.without_plan(failed(reason), solved)
    }

    fn found_at_risk(
        &self,
        status: PlanStatus,
        (case, sampled, tightened): (&Case<'_>, &Sampled<'_>, &[f64]),
        found: &Found,
    ) -> Plan {
        let counts = self.clean(&found.solved.x);
        let costs: Vec<f64> = self.units.iter().map(|u| u.spend).collect();
        let prices = if found.optimum.is_nan() {
            vec![None; self.constraints.len()]
        } else {
            let found = prices(
                &found.program,
                &found.goal,
                self.constraints,
                (&found.relaxed, found.optimum),
                self.relaxations,
                self.cancel,
            );
            self.without_shared(found)
        };
        let spend = dot(&costs, &found.relaxed);
        let value = found.solved.objective;
        let mut plan = self.described(status, &found.solved, (&counts, value), &prices, spend);
        self.held_by_risk((case, sampled, tightened), &counts, &mut plan);
        plan
    }

    /// Prices without those of bounds that rules of risk share: more budget would loosen the rule on its
    /// probability too, which the program's rows do not show.
    fn without_shared(&self, mut prices: Vec<Option<Price>>) -> Vec<Option<Price>> {
        let rules = &self.model.risk.rules;
        for (price, constraint) in prices.iter_mut().zip(self.constraints) {
            let budget = constraint.scales == Some(BudgetScale::Budget);
            if budget && rules.iter().any(|rule| rule.key == "budget") {
                *price = None;
            }
        }
        prices
    }

    /// Rules of risk among what holds the unspent budget: those that a further creator breaks.
    /// What is broken is the rule as written, or else said to be tighter.
    fn held_by_risk(
        &self,
        (case, sampled, tightened): (&Case<'_>, &Sampled<'_>, &[f64]),
        counts: &[f64],
        plan: &mut Plan,
    ) {
        if plan.unspent <= NOTABLE * self.model.rules.budget {
            return;
        }
        let step = if self.model.fractional_counts {
            1e-2
        } else {
            1.0
        };
        let named: Vec<HeldBy> = case
            .rules
            .iter()
            .zip(&self.model.risk.rules)
            .enumerate()
            .filter_map(|(k, (rule, written))| {
                let slope = rule.slope(counts, &Spread::Root).by_count;
                let cell = (0..counts.len())
                    .filter(|&i| self.units[i].spend > 0.0)
                    .filter(|&i| step * self.units[i].spend <= plan.unspent)
                    .min_by(|&a, &b| slope[a].total_cmp(&slope[b]))?;
                let mut more = counts.to_vec();
                more[cell] += step;
                if rule.keeps(&more) {
                    return None;
                }
                let currency = &self.model.currency;
                let own = sampled.of(written, 0.0, counts).ok()?;
                let margin = tightened.get(k).copied().unwrap_or(0.0);
                let tighter = if own.keeps(&more) {
                    tightness(written, margin, currency)
                } else {
                    String::new()
                };
                Some(HeldBy {
                    constraint: written.key.clone(),
                    reason: format!(
                        "one more {} would break {}{tighter}",
                        self.model.key(cell),
                        stated(written, currency)
                    ),
                })
            })
            .collect();
        if !named.is_empty() {
            // What would fit the linear rules and gains by them is what these keep out.
            plan.unspent_held_by
                .retain(|held| !held.reason.contains("would not gain"));
        }
        plan.unspent_held_by.extend(named);
    }
}
