//! Plans whose creators act on each other ([`crate::model::joint`]): conversions are those of the
//! creators one by one times a factor that depends on the whole plan.
//!
//! The value V(x) = Σ xᵢ (aᵢ + bᵢ fᵢ(x)) is no linear function of the counts x. It is maximized by a
//! sequence of programs, each right in value and slope at the last plan x̂:
//!
//! - **Concave pieces.** Of an audience with expected gross impressions G(x) = Σ gᵢxᵢ and net reach
//!   R(G), with ρ = Σ bᵢfᵢx̂ᵢ / R(Ĝ) the value per person reached at x̂ and ŝ = R(Ĝ)/Ĝ, the program
//!   maximizes Σ xᵢ (aᵢ + bᵢf̂ᵢ − ρ ŝ gᵢ) + ρ r, r ≤ every tangent of R in a list: at fixed x̂ a
//!   concave function in pieces, above the smooth one by at most [`PIECES`]'s error and equal to it at x̂.
//!   Rules are taken at the factors of x̂. Continuous counts; solved again from its own
//!   answer until plan and value agree.
//! - **Whole counts.** Around that point V is replaced by its tangent, with every audience's
//!   impressions held near those of the point, and the usual search for whole-number plans runs.
//!   What it finds is the next point, and is improved along neighbours (one creator more, less or
//!   swapped) that are valued as they are, with all rules at their own factors.
//! - **Boxes.** Branch and bound over boxes of whole counts ([`boxes`]) then looks for better plans and bounds them
//!   all: small programs are solved to the wanted gap, and "no plan" is proven there.
//!
//! The best plan that keeps every rule at its own factors is the answer. The bound beside it holds over all plans:
//! the lesser of that of the boxes and that of [`majorant`].

mod affine;
mod boxes;
mod climb;
mod continuous;
mod majorant;
mod near;
mod pieces;
mod reasons;
mod values;

use std::time::Instant;

use self::affine::{Aim, Limit};
use self::boxes::{Boxes, Outcome};
use self::pieces::Pieces;
use self::reasons::Proof;
use self::values::Values;
use crate::model::{Cancel, Conflict, Constraint, Model, PlanSettings};
use crate::optimizer::goal::within_gap;
use crate::optimizer::program::Program;
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict};

/// Factors at which a program without a plan is tried again: rules on cost and on value may
/// leave plans only where conversions are fewer.
const STARTS: [f64; 3] = [1.0, 0.5, 0.1];

/// What came of the sequence.
pub(crate) struct Found {
    /// The plan.
    pub(crate) counts: Vec<f64>,
    /// The answer in the terms of other programs: verdict, nodes, solver, bound.
    pub(crate) solved: Solved,
    /// The continuous optimum of the last program of pieces.
    pub(crate) relaxed: Vec<f64>,
    /// Its program, of which prices are derivatives: first the rows of the rules, then those of pieces.
    pub(crate) pieces: Program,
    /// The rules as they stand in it.
    pub(crate) rules: Vec<Constraint>,
    /// Slope of the value at the plan, a cell each.
    pub(crate) slopes: Vec<f64>,
    /// Its value in terms of its own objective; `None` if no rules stand at its point, and nothing has a price.
    pub(crate) optimum: Option<f64>,
    /// Whether the continuous sequence settled.
    pub(crate) settled: bool,
}

/// Why there is no plan to show.
pub(crate) enum Nothing {
    /// A program of rules that no factor touches has none, or the work was stopped or failed.
    Solved(Box<Solved>),
    /// No plan keeps the rules, whatever audiences and shocks leave.
    Proven(Box<Solved>, Box<Conflict>),
}

/// Plans a model whose counts are free.
pub(crate) fn search(
    model: &Model,
    settings: &PlanSettings,
    relaxations: &PlanSettings,
    cancel: &Cancel,
    started: Instant,
) -> Result<Found, Nothing> {
    let values = Values::new(model);
    let limits = affine::limits(&values);
    let rules = limits.iter().map(|l| l.of.0 + 1).max().unwrap_or(0);
    let run = Run {
        model,
        values: &values,
        limits: &limits,
        aim: &values.aim(),
        sides: &vec![[true; 2]; rules],
        settings,
        relaxations,
        cancel,
        started,
    };
    if model.fractional_counts {
        run.shares()
    } else {
        run.counts()
    }
}

/// ∂V/∂xᵢ of the objective at whole counts.
pub(crate) fn slopes(model: &Model, counts: &[f64]) -> Vec<f64> {
    Values::new(model).slopes(counts)
}

struct Run<'a> {
    model: &'a Model,
    values: &'a Values<'a>,
    limits: &'a [Limit],
    aim: &'a Aim,
    sides: &'a [[bool; 2]],
    settings: &'a PlanSettings,
    relaxations: &'a PlanSettings,
    cancel: &'a Cancel,
    started: Instant,
}

impl Run<'_> {
    /// A plan of whole counts.
    fn counts(&self) -> Result<Found, Nothing> {
        let line = self.continuous();
        self.uninterrupted()?;
        let (best, mut nodes, mut clocked) = self.whole(line.as_ref().ok());
        let searched = self.boxes(best, 1.0);
        nodes += searched.nodes;
        clocked |= searched.clocked;
        self.uninterrupted()?;
        let Some((value, counts)) = searched.best.clone() else {
            let solved = Solved {
                nodes,
                ..Solved::without_point(self.nothing(&searched, clocked), "microlp")
            };
            return Err(self.reasons(line.err(), solved, searched.complete));
        };
        let bound = self.bound(value, searched.bound, searched.root.as_ref());
        let proven = searched.complete || within_gap(bound, value, self.settings.gap);
        let found = line.or_else(|_| self.sequence(counts.clone()));
        let mut found = found.unwrap_or_else(|_| self.unpriced(&counts));
        found.solved = Solved {
            verdict: match (clocked, proven) {
                (_, true) => Verdict::Optimal,
                (true, _) => Verdict::TimeLimit { found: true },
                _ => Verdict::Feasible,
            },
            x: counts.clone(),
            objective: value,
            bound: Some(bound),
            certified: false,
            nodes,
            solver: found.solved.solver,
        };
        found.slopes = self.values.slopes(&counts);
        found.counts = counts;
        Ok(found)
    }

    /// A plan of shares.
    fn shares(&self) -> Result<Found, Nothing> {
        let mut line = self.continuous();
        self.uninterrupted()?;
        let keeps = |found: &Found| self.values.keeps(&found.counts);
        let mut nodes = 0;
        if !line.as_ref().is_ok_and(keeps) {
            // From whole counts that keep the rules.
            let searched = self.boxes(None, 1.0);
            nodes = searched.nodes;
            if let Some((_, counts)) = searched.best {
                line = self
                    .sequence(counts.clone())
                    .or_else(|_| Ok(self.unpriced(&counts)));
            }
        }
        self.uninterrupted()?;
        match line {
            Ok(mut found) if keeps(&found) => {
                let value = self.values.value(&found.counts);
                let bound = self.bound(value, f64::INFINITY, None);
                let proven = within_gap(bound, value, self.settings.gap);
                found.solved = Solved {
                    verdict: if proven {
                        Verdict::Optimal
                    } else {
                        Verdict::Feasible
                    },
                    x: found.counts.clone(),
                    objective: value,
                    bound: Some(bound),
                    nodes,
                    ..found.solved
                };
                Ok(found)
            }
            other => {
                let solved = Solved::without_point(Verdict::Failed(self.tried(nodes)), "microlp");
                Err(self.reasons(other.err(), solved, false))
            }
        }
    }

    fn uninterrupted(&self) -> Result<(), Nothing> {
        if self.cancel.requested() {
            let verdict = Verdict::Failed(INTERRUPTED.to_owned());
            return Err(Nothing::Solved(Box::new(Solved::without_point(
                verdict, "none",
            ))));
        }
        Ok(())
    }

    /// Branch and bound over boxes from a plan.
    fn boxes(&self, start: Option<(f64, Vec<f64>)>, part: f64) -> Outcome {
        let boxes = Boxes {
            values: self.values,
            limits: self.limits,
            aim: self.aim,
            sides: self.sides,
            any: false,
            part,
            settings: self.settings,
            cancel: self.cancel,
            started: self.started,
        };
        boxes.search(start)
    }

    /// What a search without a plan is called, if nothing proves that there is none.
    fn nothing(&self, searched: &Outcome, clocked: bool) -> Verdict {
        if clocked {
            Verdict::TimeLimit { found: false }
        } else {
            Verdict::Failed(self.tried(searched.nodes))
        }
    }

    fn tried(&self, boxes: u64) -> String {
        let left = if self.model.audiences.is_empty() {
            "shocks leave"
        } else {
            "audiences leave"
        };
        format!(
            "no plan was found, and none was ruled out: tried were the best plans with {} of conversions kept, \
             plans near them, and {boxes} groups of plans; what {left} of conversions depends on the plan, and rules on cost and \
             value then allow few: loosen one",
            STARTS.map(|s| format!("{:.0} %", 100.0 * s)).join(", ")
        )
    }

    /// Why there is no plan: proven, or not.
    fn reasons(&self, first: Option<Box<Solved>>, solved: Solved, proven: bool) -> Nothing {
        // Rules that no factor touches: as any other program.
        let untouched = self
            .limits
            .iter()
            .all(|l| l.line.moved.iter().all(|&m| m == 0.0));
        if let (true, Some(first)) = (untouched, first) {
            return Nothing::Solved(first);
        }
        let proof = if proven {
            Some(Proof::Boxes)
        } else {
            let kinds: &[bool] = if self.model.fractional_counts {
                &[false]
            } else {
                &[false, true]
            };
            let empty = kinds
                .iter()
                .find(|&&whole| self.ruled_out(self.sides, whole));
            empty.map(|&whole| Proof::Program { whole })
        };
        let Some(proof) = proof else {
            return Nothing::Solved(Box::new(solved));
        };
        let solved = Solved {
            nodes: solved.nodes,
            ..Solved::without_point(Verdict::Infeasible, "microlp")
        };
        Nothing::Proven(Box::new(solved), Box::new(reasons::conflict(self, proof)))
    }

    /// A plan without the program that would price its rules.
    fn unpriced(&self, counts: &[f64]) -> Found {
        let pieces = Pieces::new(self.values);
        let (pieces, rules) = pieces.program(self.values, counts);
        Found {
            counts: counts.to_vec(),
            solved: Solved::without_point(Verdict::Feasible, "microlp"),
            relaxed: counts.to_vec(),
            pieces,
            rules,
            slopes: self.values.slopes(counts),
            optimum: None,
            settled: true,
        }
    }
}
