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
//!
//! The best plan that keeps every rule at its own factors is the answer. The bound beside it is the
//! optimum of the last program of concave pieces: at the rates of its point, not over all plans.

mod climb;
mod pieces;
mod values;

use std::time::Instant;

use self::climb::Climb;
use self::pieces::Pieces;
use self::values::Values;
use crate::model::{Cancel, Constraint, Model, PlanSettings};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, Row, program_of};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict, remaining};
use crate::optimizer::whole::Search;

/// Rounds of the continuous sequence.
const ROUNDS: usize = 40;

/// Rounds after which steps are halved: two plans that call for each other meet between.
const PATIENT: usize = 8;

/// Relative change of the value at which the sequence has settled.
const SETTLED: f64 = 1e-7;

/// Rounds of whole counts, each around the best plan of the one before.
const WHOLE_ROUNDS: usize = 4;

/// How far impressions may go from those of a round's point, as a share; each round as stated, and
/// at least by two creators of each cell's impressions.
const REACH: [f64; WHOLE_ROUNDS] = [0.05, 0.15, 0.4, 0.15];

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
    /// Its value in terms of its own objective.
    pub(crate) optimum: f64,
    /// Whether the continuous sequence settled.
    pub(crate) settled: bool,
}

/// A program without a plan, or a failure of the solver, at factors 1.
pub(crate) type Nothing = Box<Solved>;

/// Plans a model whose counts are free.
pub(crate) fn search(
    model: &Model,
    settings: &PlanSettings,
    relaxations: &PlanSettings,
    cancel: &Cancel,
    started: Instant,
) -> Result<Found, Nothing> {
    let values = Values::new(model);
    let run = Run {
        model,
        values: &values,
        settings,
        relaxations,
        cancel,
        started,
    };
    let line = run.continuous()?;
    if model.fractional_counts {
        return Ok(line);
    }
    Ok(run.whole(line))
}

struct Run<'a> {
    model: &'a Model,
    values: &'a Values<'a>,
    settings: &'a PlanSettings,
    relaxations: &'a PlanSettings,
    cancel: &'a Cancel,
    started: Instant,
}

impl Run<'_> {
    /// A first point: the optimum at fixed factors.
    fn start(&self) -> Result<Vec<f64>, Nothing> {
        let mut first = None;
        for factor in STARTS {
            let factors = vec![factor; self.model.cells.len()];
            let units = self.values.units(&factors);
            let rules = self.values.constraints(&units);
            let program = program_of(self.model, &units, &rules);
            let goal = Goal::of(self.model, &units);
            let solved = solve_relaxed(&program, &goal, self.relaxations, self.cancel);
            if solved.found() {
                return Ok(solved.x);
            }
            let infeasible = solved.verdict == Verdict::Infeasible;
            first.get_or_insert(solved);
            if !infeasible {
                break;
            }
        }
        Err(Box::new(first.unwrap_or_else(|| {
            Solved::without_point(Verdict::Infeasible, "none")
        })))
    }

    fn continuous(&self) -> Result<Found, Nothing> {
        let mut point = self.start()?;
        let mut pieces = Pieces::new(self.values);
        let mut best: Option<(f64, Vec<f64>)> = None;
        let mut last = f64::NAN;
        let mut out = None;
        let mut settled = false;
        for round in 0..ROUNDS {
            pieces.touch(self.values, &point);
            let (program, rules) = pieces.program(self.values, &point);
            let goal = Goal::Sum(program.maximize.clone());
            let solved = solve_relaxed(&program, &goal, self.relaxations, self.cancel);
            if self.cancel.requested() {
                return Err(Box::new(Solved::without_point(
                    Verdict::Failed(INTERRUPTED.to_owned()),
                    solved.solver,
                )));
            }
            if !solved.found() {
                // No plan keeps the rules at this point's factors: back to the best, by halves.
                let Some((_, back)) = &best else {
                    if out.is_none() && round + 1 < ROUNDS && solved.verdict == Verdict::Infeasible
                    {
                        for x in &mut point {
                            *x *= 0.5;
                        }
                        continue;
                    }
                    return Err(Box::new(solved));
                };
                for (x, b) in point.iter_mut().zip(back) {
                    *x = 0.5 * (*x + b);
                }
                continue;
            }
            let next = solved.x[..self.model.cells.len()].to_vec();
            let value = self.values.value(&next);
            if self.values.keeps(&next) && best.as_ref().is_none_or(|b| value > b.0) {
                best = Some((value, next.clone()));
            }
            let optimum = Pieces::value(self.values, &point, solved.objective);
            let near = |a: f64, b: f64| (a - b).abs() <= SETTLED * b.abs();
            let done = near(value, optimum) && near(value, last) && self.values.keeps(&next);
            last = value;
            out = Some((program, rules, solved, optimum));
            if done {
                settled = true;
                break;
            }
            if round < PATIENT {
                point = next;
            } else {
                for (x, n) in point.iter_mut().zip(&next) {
                    *x = 0.5 * (*x + n);
                }
                let value = self.values.value(&point);
                if self.values.keeps(&point) && best.as_ref().is_none_or(|b| value > b.0) {
                    best = Some((value, point.clone()));
                }
            }
        }
        let Some((pieces, rules, solved, bound)) = out else {
            return Err(Box::new(Solved::without_point(
                Verdict::Failed("no round found a plan".to_owned()),
                "none",
            )));
        };
        let counts = best.map_or_else(|| point.clone(), |b| b.1);
        Ok(Found {
            relaxed: solved.x.clone(),
            optimum: solved.objective,
            solved: Solved {
                bound: Some(bound),
                certified: false,
                ..solved
            },
            slopes: self.values.slopes(&counts),
            counts,
            pieces,
            rules,
            settled,
        })
    }

    /// Whole counts around the continuous optimum, and around what is found.
    fn whole(&self, line: Found) -> Found {
        let climb = Climb::new(self.values);
        let mut best: Option<(f64, Vec<f64>)> = None;
        let mut nodes = 0;
        let mut clocked = false;
        let mut verdict = Verdict::NodeLimit;
        let mut point = line.counts.clone();
        for reach in REACH {
            let part = PlanSettings {
                node_limit: (self.settings.node_limit / WHOLE_ROUNDS as u64).max(1),
                ..remaining(self.settings, self.started)
            };
            let program = self.near(&point, reach);
            let goal = Goal::Sum(program.maximize.clone());
            let relaxed = solve_relaxed(&program, &goal, self.relaxations, self.cancel);
            let mut starts = Vec::new();
            if relaxed.found() {
                let solved = self.searched(&program, &goal, &part, &relaxed);
                nodes += solved.nodes;
                clocked |= matches!(solved.verdict, Verdict::TimeLimit { .. });
                if solved.found() {
                    starts.push(solved.x);
                }
            }
            starts.push(point.iter().map(|x| x.round()).collect());
            starts.push(point.iter().map(|x| x.floor()).collect());
            for start in starts {
                let Some(found) = climb.from(&start) else {
                    continue;
                };
                if best.as_ref().is_none_or(|b| found.0 > b.0) {
                    best = Some(found);
                }
            }
            if self.cancel.requested() {
                break;
            }
            if let Some((_, x)) = &best {
                point.clone_from(x);
            }
        }
        if best.is_none() && !self.cancel.requested() {
            // Whole counts keep these rules in a few places only: from plans at fixed factors.
            for (index, factor) in STARTS.into_iter().enumerate() {
                let solved = self.at_fixed(factor);
                nodes += solved.nodes;
                clocked |= matches!(solved.verdict, Verdict::TimeLimit { .. });
                best = solved.found().then(|| climb.from(&solved.x)).flatten();
                if index == 0 {
                    verdict = if solved.found() {
                        Verdict::NodeLimit
                    } else {
                        solved.verdict
                    };
                }
                if best.is_some() {
                    break;
                }
            }
        }
        self.answer(line, best, (verdict, clocked), nodes)
    }

    /// The best whole counts found, or none, in place of the continuous ones.
    fn answer(
        &self,
        line: Found,
        best: Option<(f64, Vec<f64>)>,
        (verdict, clocked): (Verdict, bool),
        nodes: u64,
    ) -> Found {
        let bound = line.solved.bound.unwrap_or(f64::INFINITY);
        let Some((value, counts)) = best else {
            return Found {
                solved: Solved {
                    nodes,
                    ..Solved::without_point(
                        if clocked {
                            Verdict::TimeLimit { found: false }
                        } else {
                            verdict
                        },
                        line.solved.solver,
                    )
                },
                ..line
            };
        };
        let proven = crate::optimizer::goal::within_gap(bound, value, self.settings.gap);
        Found {
            solved: Solved {
                verdict: match (clocked, proven) {
                    (_, true) => Verdict::Optimal,
                    (true, _) => Verdict::TimeLimit { found: true },
                    _ => Verdict::Feasible,
                },
                x: counts.clone(),
                objective: value,
                bound: Some(bound.max(value)),
                certified: false,
                nodes,
                solver: line.solved.solver,
            },
            slopes: self.values.slopes(&counts),
            counts,
            ..line
        }
    }

    /// The best whole counts of the linear program at one factor for all cells.
    fn at_fixed(&self, factor: f64) -> Solved {
        let units = self.values.units(&vec![factor; self.model.cells.len()]);
        let program = program_of(self.model, &units, &self.values.constraints(&units));
        let goal = Goal::of(self.model, &units);
        let relaxed = solve_relaxed(&program, &goal, self.relaxations, self.cancel);
        if !relaxed.found() {
            return relaxed;
        }
        let part = remaining(self.settings, self.started);
        self.searched(&program, &goal, &part, &relaxed)
    }

    /// The usual search for whole counts from a continuous optimum.
    fn searched(
        &self,
        program: &Program,
        goal: &Goal,
        settings: &PlanSettings,
        relaxed: &Solved,
    ) -> Solved {
        let search = Search {
            program,
            goal,
            settings,
            relaxations: self.relaxations,
            cancel: self.cancel,
            started: self.started,
        };
        search.best(relaxed)
    }

    /// The linear program around a point, of whole counts: V's tangent, rules at the point's
    /// factors, impressions of every audience near the point's.
    fn near(&self, point: &[f64], reach: f64) -> Program {
        let units = self.values.units(&self.values.factors(point));
        let mut program = program_of(self.model, &units, &self.values.constraints(&units));
        program.maximize = self.values.slopes(point);
        for gross in self.values.gross() {
            let at: f64 = gross.iter().zip(point).map(|(g, x)| g * x).sum();
            let creators = gross.iter().fold(0.0_f64, |m, &g| m.max(g));
            let room = (reach * at).max(2.0 * creators);
            program.rows.push(Row {
                coefficients: gross.clone(),
                low: (at > room).then_some(at - room),
                high: Some(at + room),
            });
        }
        program
    }
}
