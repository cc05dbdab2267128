//! The sequence of programs of concave pieces.

use super::pieces::Pieces;
use super::{Found, Run, STARTS};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Row, program_of};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict};

/// Rounds of the continuous sequence.
const ROUNDS: usize = 40;

/// Rounds after which steps are halved: two plans that call for each other meet between.
const PATIENT: usize = 8;

/// Relative change of the value at which the sequence has settled.
const SETTLED: f64 = 1e-7;

/// Parts of the creators of a first point that others are drawn from, where shocks may come.
const FEWER: [f64; 4] = [0.5, 0.2, 0.07, 0.02];

impl Run<'_> {
    /// The optimum at fixed factors, of at most so many creators.
    fn start(&self, factor: f64, most: Option<f64>) -> Solved {
        let factors = vec![factor; self.model.cells.len()];
        let units = self.values.units(&factors);
        let rules = self.values.constraints(&units);
        let mut program = program_of(self.model, &units, &rules);
        program.rows.extend(most.map(|most| Row {
            coefficients: vec![1.0; units.len()],
            low: None,
            high: Some(most),
        }));
        let goal = Goal::of(self.model, &units);
        solve_relaxed(&program, &goal, self.relaxations, self.cancel)
    }

    /// The best that the sequence comes to, from the optimum at fixed factors and, with shocks, from optima of
    /// ever fewer creators: what more of them risk is no concave loss.
    pub(super) fn continuous(&self) -> Result<Found, Box<Solved>> {
        let mut first = None;
        let mut point = None;
        for factor in STARTS {
            let solved = self.start(factor, None);
            if solved.found() {
                point = Some(solved.x);
                break;
            }
            let infeasible = solved.verdict == Verdict::Infeasible;
            first.get_or_insert(solved);
            if !infeasible {
                break;
            }
        }
        let Some(point) = point else {
            let none = || Solved::without_point(Verdict::Infeasible, "none");
            return Err(Box::new(first.unwrap_or_else(none)));
        };
        let creators: f64 = point.iter().sum();
        let mut best = self.sequence(point);
        if self.model.incidents.shocks() {
            for part in FEWER {
                let solved = self.start(1.0, Some(part * creators));
                if solved.found()
                    && let Ok(found) = self.sequence(solved.x)
                {
                    let value = |f: &Found| self.values.value(&f.counts);
                    let keeps = self.values.keeps(&found.counts);
                    let better = best.as_ref().map_or(true, |b| {
                        !self.values.keeps(&b.counts) || value(&found) > value(b)
                    });
                    if keeps && better {
                        best = Ok(found);
                    }
                }
            }
        }
        best
    }

    /// The sequence of programs from a point.
    pub(super) fn sequence(&self, mut point: Vec<f64>) -> Result<Found, Box<Solved>> {
        let mut pieces = Pieces::new(self.values);
        let mut best: Option<(f64, Vec<f64>)> = self
            .values
            .keeps(&point)
            .then(|| (self.values.value(&point), point.clone()));
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
        let Some((pieces, rules, solved, _)) = out else {
            return Err(Box::new(Solved::without_point(
                Verdict::Failed("no round found a plan".to_owned()),
                "none",
            )));
        };
        let counts = best.map_or_else(|| point.clone(), |b| b.1);
        Ok(Found {
            relaxed: solved.x.clone(),
            optimum: Some(solved.objective),
            solved,
            slopes: self.values.slopes(&counts),
            counts,
            pieces,
            rules,
            settled,
        })
    }
}
