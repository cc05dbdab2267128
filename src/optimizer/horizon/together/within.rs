//! The plan within what the pipeline delivers.
//!
//! Its rules are sums of maxima. Fractional and whole optima are asked which of the sums' parts they break, until none
//! is broken. Where that does not settle in time, the plan is the best of those of the fractional
//! optimum's own parts: with a sign given to every part the rule is linear, so that such a plan keeps it. The bound is that of the
//! last program, whose rules every plan keeps.

use std::time::Instant;

use super::{Rules, Together};
use crate::model::valuation::UnitValue;
use crate::model::{Cancel, Constraint, Form, Plan, PlanSettings};
use crate::optimizer::program::{Row, hold_broken, rows_of};
use crate::optimizer::solver::{Solved, Verdict, remaining};

/// Programs with more of the rules' sums, fractional and whole each.
const ROUNDS: usize = 100;

/// Share of the clock that a whole program may take before the plan is looked at.
const SLICE: f64 = 0.4;

impl Together<'_> {
    /// The best plan under rules, of which programs hold more and more of the pipeline's sums.
    pub(super) fn within_pipeline(
        &self,
        sums: &[UnitValue],
        rules: &mut Rules,
        settings: &PlanSettings,
        cancel: &Cancel,
        explains: bool,
    ) -> Plan {
        let started = Instant::now();
        let left = |share: f64| {
            let left = remaining(settings, started);
            PlanSettings {
                time_limit: share * left.time_limit,
                ..left
            }
        };
        let mut fractional = self.complete(sums, rules, settings, cancel);
        if self.model.fractional_counts || fractional.is_none() {
            return self
                .problem(sums, rules)
                .optimized(settings, cancel, explains);
        }
        let mut safe: Option<Solved> = None;
        let mut late = false;
        let mut solved = self
            .problem(sums, rules)
            .searched(&[], &left(SLICE), cancel);
        for _ in 0..ROUNDS {
            late |= matches!(solved.verdict, Verdict::TimeLimit { .. });
            if !solved.found() || !hold_broken(&mut rules.all, &solved.x) {
                break;
            }
            let over = cancel.requested()
                || remaining(settings, started).time_limit < 0.1 * settings.time_limit;
            if safe.is_none() {
                // The signs of the fractional optimum first, then those of whole ones.
                let x = match fractional.take() {
                    Some(x) => x,
                    None => solved.x.clone(),
                };
                let rows = signs(&rules.all, &x);
                let found = self
                    .problem(sums, rules)
                    .searched(&rows, &left(SLICE), cancel);
                safe = found.found().then_some(found);
            }
            if over {
                solved = match &safe {
                    Some(safe) => Solved {
                        verdict: Verdict::TimeLimit { found: true },
                        x: safe.x.clone(),
                        objective: safe.objective,
                        ..solved
                    },
                    None => Solved {
                        verdict: Verdict::TimeLimit { found: false },
                        x: Vec::new(),
                        ..solved
                    },
                };
                break;
            }
            solved = self
                .problem(sums, rules)
                .searched(&[], &left(SLICE), cancel);
        }
        if !solved.found()
            && matches!(
                solved.verdict,
                Verdict::TimeLimit { .. } | Verdict::NodeLimit
            )
        {
            let rows = signs(&rules.all, fractional.as_deref().unwrap_or_default());
            let found = self
                .problem(sums, rules)
                .searched(&rows, &left(1.0), cancel);
            if found.found() {
                late |= matches!(found.verdict, Verdict::TimeLimit { .. });
                solved = Solved {
                    verdict: Verdict::Feasible,
                    bound: solved.bound,
                    certified: solved.certified,
                    ..found
                };
            }
        }
        // What the rules cost is said of an optimum that keeps them wholly.
        self.complete(sums, rules, settings, cancel);
        let mut plan = self
            .problem(sums, rules)
            .told(solved, &left(1.0), cancel, explains);
        plan.solver.reproducible &= !late;
        plan
    }

    /// Has programs hold all sums that the fractional optimum asks for; the optimum.
    fn complete(
        &self,
        sums: &[UnitValue],
        rules: &mut Rules,
        settings: &PlanSettings,
        cancel: &Cancel,
    ) -> Option<Vec<f64>> {
        let mut last = None;
        for _ in 0..ROUNDS {
            let x = self.problem(sums, rules).relaxed(settings, cancel)?;
            let more = hold_broken(&mut rules.all, &x);
            last = Some(x);
            if !more {
                break;
            }
        }
        last
    }
}

/// Rows under which every part of a sum of maxima has the sign that it has at a point.
fn signs(rules: &[Constraint], x: &[f64]) -> Vec<Row> {
    let mut out = Vec::new();
    let last = rules.iter().rev().find_map(|rule| match &rule.form {
        Form::Excess(excess) => Some(excess),
        _ => None,
    });
    // The parts until a month are among those until the last.
    if let Some(excess) = last {
        let above = excess.set_at(x);
        for part in 0..excess.parts() {
            let (coefficients, constant) = excess.sum_of(&[part]);
            let needed = above.contains(&part);
            out.push(Row {
                coefficients,
                low: needed.then_some(constant),
                high: (!needed).then_some(constant),
            });
        }
    }
    for rule in rules {
        if let (Form::Excess(excess), Some(_)) = (&rule.form, rule.high) {
            let mut own = Constraint { ..rule.clone() };
            let mut held = excess.clone();
            held.hold(held.set_at(x));
            own.form = Form::Excess(held);
            out.extend(rows_of(&own, None, own.high));
        }
    }
    out
}
