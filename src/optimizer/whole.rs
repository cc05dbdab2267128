//! The search for the best whole-number plan, from the relaxation's optimum.
//!
//! Rounding and repairing come first; where the relaxation does not prove the plan found within
//! the gap, branch and bound starts from it, on the likely cells first and then on all; what it
//! finds is polished. Every step is deterministic but for the clock.

use std::time::Instant;

use crate::model::{Cancel, PlanSettings};
use crate::optimizer::branch::{Structure, WIDE, solve_structured};
use crate::optimizer::goal::{Goal, within_gap};
use crate::optimizer::program::Program;
use crate::optimizer::ratio::{dinkelbach, solve_relaxed};
use crate::optimizer::search::Neighbourhood;
use crate::optimizer::solver::{Solved, Verdict, remaining};

/// Distances from the bounds, in creators of average weight in a row.
const MARGINS: [f64; 3] = [2.0, 0.5, 0.1];

/// One program and how to search it.
pub(crate) struct Search<'a> {
    pub(crate) program: &'a Program,
    pub(crate) goal: &'a Goal,
    /// What is known of it beyond its rows.
    pub(crate) structure: Option<&'a Structure>,
    pub(crate) settings: &'a PlanSettings,
    /// Settings for continuous programs.
    pub(crate) relaxations: &'a PlanSettings,
    pub(crate) cancel: &'a Cancel,
    /// When the clock began.
    pub(crate) started: Instant,
}

/// The program with every inequality drawn in by so many creators of the average weight that
/// those booked have in its row. Rows that only count creators lose nothing by rounding down.
fn inside(program: &Program, booked: &[f64], margin: f64) -> Program {
    let mut inner = program.clone();
    for row in &mut inner.rows {
        if row.low == row.high || row.coefficients.iter().all(|&a| a == 0.0 || a == 1.0) {
            continue;
        }
        let weights: Vec<f64> = row
            .coefficients
            .iter()
            .zip(booked)
            .filter(|&(&a, &x)| x > 0.0 && a != 0.0)
            .map(|(a, _)| a.abs())
            .collect();
        let average = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
        row.low = row.low.map(|low| low + margin * average);
        row.high = row.high.map(|high| high - margin * average);
    }
    inner
}

/// What the search among likely cells came to.
struct Narrow {
    plan: Option<Vec<f64>>,
    nodes: u64,
    /// Whether the clock cut it short.
    clocked: bool,
}

impl Search<'_> {
    /// The whole-number plan: rounding and repairing first; where the relaxation does not prove
    /// that within the gap, branch and bound from there; then polished.
    pub(crate) fn best(&self, relaxed: &Solved) -> Solved {
        let limits = self.structure.map_or(&[][..], |s| &s.limits);
        let near = Neighbourhood::within(self.program, self.goal, limits);
        let bound = relaxed.bound.unwrap_or(relaxed.objective);
        let proven = |narrow: &Narrow| {
            let x = narrow.plan.clone()?;
            let objective = self.goal.value(&x);
            within_gap(bound, objective, self.settings.gap).then_some(Solved {
                verdict: if narrow.clocked {
                    Verdict::TimeLimit { found: true }
                } else {
                    Verdict::Optimal
                },
                objective,
                bound: Some(bound),
                certified: relaxed.certified,
                x,
                nodes: narrow.nodes,
                solver: relaxed.solver,
            })
        };
        let rounded = Narrow {
            // Months make better plans of wide programs over them.
            plan: if self.structure.is_some() && relaxed.x.len() >= WIDE {
                None
            } else {
                near.round(&relaxed.x)
            },
            nodes: 0,
            clocked: false,
        };
        if let Some(solved) = proven(&rounded) {
            return solved;
        }
        let sum = matches!(self.goal, Goal::Sum(_));
        let first = if (self.structure.is_some() || sum) && relaxed.x.len() >= WIDE {
            // The branch and bound does so itself, with better reasons.
            rounded
        } else {
            let rounded = Narrow {
                plan: self.rounded_inside(&near, &relaxed.x, rounded.plan),
                ..rounded
            };
            if let Some(solved) = proven(&rounded) {
                return solved;
            }
            self.among_likely(relaxed, rounded)
        };
        if let Some(solved) = proven(&first) {
            return solved;
        }
        let rest = PlanSettings {
            node_limit: self.settings.node_limit.saturating_sub(first.nodes).max(1),
            ..self.remaining()
        };
        let own = (self.program, self.structure);
        let mut solved = self.branch_and_bound(own, relaxed, first.plan.as_deref(), &rest);
        solved.nodes += first.nodes;
        if let (false, Some(x)) = (solved.found(), first.plan) {
            // The first plan keeps every row, whatever became of the search for a better one.
            let verdict = match solved.verdict {
                Verdict::TimeLimit { .. } => Verdict::TimeLimit { found: true },
                _ if solved.interrupted() => Verdict::Stopped,
                _ => Verdict::Feasible,
            };
            solved = Solved {
                verdict,
                x,
                ..solved
            };
        }
        if !solved.found() {
            return solved;
        }
        if first.clocked && solved.verdict != Verdict::Stopped {
            solved.verdict = Verdict::TimeLimit { found: true };
        }
        let point = near.point(solved.x.clone());
        if near.violation(&point) == 0.0 {
            solved.x = near.polish(point).x;
        }
        solved.objective = self.goal.value(&solved.x);
        solved.bounded_by(bound, relaxed.certified);
        let bound = solved.bound.map_or(bound, |b| b.max(solved.objective));
        solved.bound = Some(bound);
        if solved.verdict == Verdict::Feasible
            && within_gap(bound, solved.objective, self.settings.gap)
        {
            solved.verdict = Verdict::Optimal;
        }
        solved
    }

    /// For a wide program, whose nodes are dear: the best of the first plan and those rounded from
    /// optima that keep some distance from every bound, so that rounding breaks less.
    fn rounded_inside(
        &self,
        near: &Neighbourhood<'_>,
        relaxed: &[f64],
        first: Option<Vec<f64>>,
    ) -> Option<Vec<f64>> {
        if relaxed.len() < WIDE {
            return first;
        }
        MARGINS.iter().fold(first, |best, &margin| {
            let inner = inside(self.program, relaxed, margin);
            let solved = solve_relaxed(&inner, self.goal, self.relaxations, self.cancel);
            if !solved.found() {
                return best;
            }
            let value = |x: &Option<Vec<f64>>| {
                let value = x.as_ref().map(|x| self.goal.value(x));
                value.unwrap_or(f64::NEG_INFINITY)
            };
            let found = near.round(&solved.x);
            if value(&found) > value(&best) {
                found
            } else {
                best
            }
        })
    }

    /// Branch and bound on a program of the same objective.
    fn branch_and_bound(
        &self,
        (program, structure): (&Program, Option<&Structure>),
        relaxed: &Solved,
        start: Option<&[f64]>,
        settings: &PlanSettings,
    ) -> Solved {
        match self.goal {
            Goal::Sum(_) => solve_structured(program, structure, start, settings, self.cancel),
            Goal::Ratio { above, below } => {
                let goal = (&above[..], &below[..]);
                let bound = relaxed.bound.unwrap_or(relaxed.objective);
                let bound = (bound, relaxed.certified);
                dinkelbach(
                    (program, structure),
                    goal,
                    bound,
                    start,
                    settings,
                    self.cancel,
                )
            }
        }
    }

    /// A better first plan of a wide program: a part of the nodes goes to the program of only
    /// those cells that the relaxation or the first plan books, where each node is cheap and
    /// good plans lie dense.
    fn among_likely(&self, relaxed: &Solved, rounded: Narrow) -> Narrow {
        let start = rounded.plan.as_deref();
        let booked = |i: usize| relaxed.x[i] > 0.0 || start.is_some_and(|x| x[i] > 0.0);
        let likely = (0..relaxed.x.len()).filter(|&i| booked(i)).count();
        if 2 * likely > relaxed.x.len() {
            return rounded;
        }
        let mut narrow = self.program.clone();
        for (i, column) in narrow.columns.iter_mut().enumerate() {
            if !booked(i) {
                column.high = 0.0;
            }
        }
        let part = PlanSettings {
            node_limit: self.settings.node_limit / 4,
            ..self.remaining()
        };
        let solved = self.branch_and_bound((&narrow, None), relaxed, start, &part);
        Narrow {
            nodes: solved.nodes,
            clocked: matches!(solved.verdict, Verdict::TimeLimit { .. }),
            plan: if solved.found() {
                Some(solved.x)
            } else {
                rounded.plan
            },
        }
    }

    /// The settings with what the clock has left.
    fn remaining(&self) -> PlanSettings {
        remaining(self.settings, self.started)
    }
}
