//! The plan of a model with rules or an objective of risk.

use ndarray::Array2;

use super::{Work, worked};
use crate::model::valuation;
use crate::model::{
    BudgetScale, Cancel, FactorSample, HeldBy, Model, Plan, PlanSettings, PlanStatus, constraints,
    joint,
};
use crate::optimizer::goal::Goal;
use crate::optimizer::price::prices;
use crate::optimizer::program::{Program, dot, program_of};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::risk::{Case, Climb, Found, Run, Sampled, Spread, beyond, stated};
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict, confirm_infeasible};
use crate::optimizer::whole::Search;

/// Rounds in which a plan's conversions are brought in line with the plan.
const ROUNDS: usize = 8;

/// Share of the budget below which what is left is not worth a word.
const NOTABLE: f64 = 1e-3;

/// How much further above their levels rules are sought each time a plan moves its conversions, in
/// sizes of the gain.
const SETTLING: f64 = 5e-4;

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
    fn case<'b>(
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

    fn clocked(&self) -> bool {
        self.search.started.elapsed().as_secs_f64() >= self.settings.time_limit
    }

    fn run<'b>(&'b self, case: &'b Case<'b>) -> Run<'b> {
        Run {
            case,
            settings: self.settings,
            fractional: self.model.fractional_counts,
        }
    }

    fn searched(
        &self,
        case: &Case<'_>,
        sampled: &Sampled<'_>,
        tightened: &[f64],
        relaxed: &Solved,
    ) -> Plan {
        let run = self.run(case);
        match run.best(relaxed) {
            Ok(found) if found.solved.found() => match self.status(&found.solved) {
                Ok(status) => self.found_at_risk(status, case, &found),
                Err(plan) => *plan,
            },
            Ok(found) => {
                let empty = found.solved.verdict == Verdict::Infeasible;
                self.beyond(&run, sampled, tightened, &found.solved, empty)
            }
            Err(answer) => {
                let empty = answer.solved.verdict == Verdict::Infeasible
                    && confirm_infeasible(&answer.program, self.settings, self.cancel);
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
        let plain = self.optimized();
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
                Ok(status) => self.found_at_risk(status, run.case, &found),
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

    fn found_at_risk(&self, status: PlanStatus, case: &Case<'_>, found: &Found) -> Plan {
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
        self.held_by_risk(case, &counts, &mut plan);
        plan
    }

    /// Prices without those of bounds that rules of risk share: more budget would loosen the rule on its
    /// probability too, which the program's rows do not show.
    fn without_shared(&self, mut prices: Vec<Option<f64>>) -> Vec<Option<f64>> {
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
    fn held_by_risk(&self, case: &Case<'_>, counts: &[f64], plan: &mut Plan) {
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
            .filter_map(|(rule, written)| {
                let slope = rule.slope(counts, &Spread::Root).by_count;
                let cell = (0..counts.len())
                    .filter(|&i| self.units[i].spend > 0.0)
                    .filter(|&i| step * self.units[i].spend <= plan.unspent)
                    .min_by(|&a, &b| slope[a].total_cmp(&slope[b]))?;
                let mut more = counts.to_vec();
                more[cell] += step;
                (!rule.keeps(&more)).then(|| HeldBy {
                    constraint: written.key.clone(),
                    reason: format!(
                        "one more {} would break {}",
                        self.model.key(cell),
                        stated(written, &self.model.currency)
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

    /// Plans creators that act on each other: at the conversions that the plan before leaves them,
    /// until plan and conversions agree.
    fn at_risk_together(&self, sample: &FactorSample, tightened: &[f64]) -> Plan {
        // Without risk first: where it has no plan, neither has this.
        let plain = self.together();
        if !plain.is_usable() {
            return plain;
        }
        let mut point = plain.counts.row(0).to_vec();
        let mut best: Option<(f64, Vec<f64>, Plan)> = None;
        let mut last = plain;
        for _ in 0..ROUNDS {
            let (next, plan) = self.at_factors_of(&point, sample, tightened);
            let Some(next) = next else {
                last = plan;
                break;
            };
            let settled = self.settled(&next, sample, tightened);
            if let Some((value, settled)) = settled
                && best.as_ref().is_none_or(|b| value > b.0)
            {
                best = Some((value, settled, plan));
            }
            if next == point || self.clocked() || self.cancel.requested() {
                break;
            }
            point = if self.model.fractional_counts {
                point
                    .iter()
                    .zip(&next)
                    .map(|(a, b)| 0.5 * (a + b))
                    .collect()
            } else {
                next
            };
        }
        let Some((_, counts, plan)) = best else {
            if last.is_usable() {
                let reason = "no plan that keeps every rule of risk at the conversions it has itself was found, and none \
                              was ruled out: creators of a plan act on each other"
                    .to_owned();
                return self.empty_plan(PlanStatus::Failed { reason });
            }
            if last.status == PlanStatus::Infeasible {
                // At the conversions that some other plan leaves: no proof.
                let reason = "no plan that keeps every rule of risk was found, and none was ruled out: creators of a \
                              plan act on each other, for which no bound is known"
                    .to_owned();
                return self.empty_plan(PlanStatus::Failed { reason });
            }
            return last;
        };
        self.described_together(&counts, plan)
    }

    fn empty_plan(&self, status: PlanStatus) -> Plan {
        self.without_plan(status, &Solved::without_point(Verdict::NodeLimit, "none"))
    }

    /// The best plan at the conversions that a plan leaves its creators.
    fn at_factors_of(
        &self,
        point: &[f64],
        sample: &FactorSample,
        tightened: &[f64],
    ) -> (Option<Vec<f64>>, Plan) {
        let units = valuation::units_in(self.model, point);
        let constraints = constraints(self.model, &units);
        let program = program_of(self.model, &units, &constraints);
        let goal = Goal::of(self.model, &units);
        let within = self.within(&units, &constraints, &program, &goal);
        let relaxed = solve_relaxed(&program, &goal, self.relaxations, self.cancel);
        if !relaxed.found() {
            let plan = match within.status(&relaxed) {
                Err(plan) => *plan,
                Ok(status) => within.without_plan(status, &relaxed),
            };
            return (None, plan);
        }
        let sampled = Sampled::new(self.model, sample, Some(point));
        let plan = match within.case(&sampled, tightened, &relaxed.x) {
            Ok(case) => within.searched(&case, &sampled, tightened, &relaxed),
            Err(reason) => within.without_plan(PlanStatus::Failed { reason }, &relaxed),
        };
        let counts = plan.is_usable().then(|| plan.counts.row(0).to_vec());
        (counts, plan)
    }

    fn within<'b>(
        &'b self,
        units: &'b [valuation::UnitValue],
        constraints: &'b [crate::model::Constraint],
        program: &'b Program,
        goal: &'b Goal,
    ) -> Work<'b> {
        Work {
            units,
            constraints,
            program,
            goal,
            search: Search {
                program,
                goal,
                ..self.search
            },
            ..*self
        }
    }

    /// Counts that keep all rules at their own conversions, and what is maximized of them: the ones given
    /// or, where these fall short by a little, whole ones near them.
    fn settled(
        &self,
        counts: &[f64],
        sample: &FactorSample,
        tightened: &[f64],
    ) -> Option<(f64, Vec<f64>)> {
        let mut x = counts.to_vec();
        for round in 0..ROUNDS {
            if let Some(value) = self.worth_together(&x, sample, tightened) {
                return Some((value, x));
            }
            if self.model.fractional_counts || self.clocked() || self.cancel.requested() {
                return None;
            }
            let units = valuation::units_in(self.model, &x);
            let constraints = constraints(self.model, &units);
            let program = program_of(self.model, &units, &constraints);
            let goal = Goal::of(self.model, &units);
            let within = self.within(&units, &constraints, &program, &goal);
            let sampled = Sampled::new(self.model, sample, Some(&x));
            let case = within.case(&sampled, tightened, &x).ok()?;
            // Every step moves the conversions a little: more room each time.
            let room = SETTLING * round as f64;
            x = Climb::new(&case).safe_from(&x, room)?;
        }
        None
    }

    /// What is maximized, of counts that keep all rules at their own conversions.
    fn worth_together(
        &self,
        counts: &[f64],
        sample: &FactorSample,
        tightened: &[f64],
    ) -> Option<f64> {
        let units = valuation::units_in(self.model, counts);
        let constraints = constraints(self.model, &units);
        if !constraints
            .iter()
            .all(|c| crate::optimizer::state::keeps(c, counts))
        {
            return None;
        }
        let program = program_of(self.model, &units, &constraints);
        let goal = Goal::of(self.model, &units);
        let within = self.within(&units, &constraints, &program, &goal);
        let sampled = Sampled::new(self.model, sample, Some(counts));
        let case = within.case(&sampled, tightened, counts).ok()?;
        case.keeps(counts).then(|| case.value(counts))
    }

    /// A plan of creators that act on each other in terms of its own conversions.
    fn described_together(&self, counts: &[f64], found: Plan) -> Plan {
        let units = valuation::units_in(self.model, counts);
        let constraints = constraints(self.model, &units);
        let program = program_of(self.model, &units, &constraints);
        let goal = Goal::of(self.model, &units);
        let within = self.within(&units, &constraints, &program, &goal);
        let status = match found.status {
            PlanStatus::Optimal => PlanStatus::Feasible,
            other => other,
        };
        let mut warnings = found.warnings;
        warnings.push(
            "creators of this plan act on each other: its risk is measured at the conversions that the plan \
             leaves them on average, and no bound is proven"
                .to_owned(),
        );
        let months = self.model.months.max(1);
        let own = found.counts.row(0).iter().eq(counts);
        Plan {
            objective: within.objective(counts),
            unspent: within.unspent(counts),
            counts: Array2::from_shape_fn((months, counts.len()), |(_, cell)| counts[cell]),
            unspent_held_by: if own {
                found.unspent_held_by
            } else {
                Vec::new()
            },
            constraints: within.states(Some(counts), None, None),
            gap: None,
            status,
            warnings,
            ..found
        }
    }
}
