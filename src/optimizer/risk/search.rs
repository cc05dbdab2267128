//! The search for a plan under rules of risk: a bound from above, plans from below.
//!
//! 1. **Bound.** σ by its chord over the range that the program leaves its variance: cuts of tail means hold
//!    for every plan. The continuous optimum with them is a proven bound; so is, for whole counts, the
//!    branch and bound with them. Probability rules are not convex; what they leave above the plan found is bounded at
//!    the end (`quantile`).
//! 2. **Continuous plan.** σ by its tangent at the last point: what keeps the rules so keeps them truly,
//!    and no round is worse than the one before. Probability rules enter as quantiles, by their tangents.
//! 3. **Whole counts.** Branch and bound with the cuts of 2, cut again where its answer breaks a rule; the
//!    tangent stands for an objective of risk, in a box around the continuous plan. What is found
//!    climbs along neighbours measured as they are. A program of few whole plans is gone through
//!    plan by plan where that leaves a question open.

use crate::model::PlanSettings;
use crate::optimizer::goal::{Goal, within_gap};
use crate::optimizer::program::{Program, relax};
use crate::optimizer::risk::climb::Climb;
use crate::optimizer::risk::every::{All, best_of_all};
use crate::optimizer::risk::planes::{Answer, Ask, Case};
use crate::optimizer::risk::rules::{Rule, Spread};
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict, solve};

/// Rounds of tangents.
const TANGENTS: usize = 4;

/// Rounds of tangents on the way to a point that keeps the rules.
const RESTORING: usize = 4;

/// How far within their levels plans are sought, in sizes of the gain.
const INSIDE: f64 = 2e-5;

/// Relative gain at which rounds of tangents go on.
const WORTHWHILE: f64 = 1e-6;

/// What came of a search.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Verdict, plan, value, bound, nodes.
    pub(crate) solved: Solved,
    /// The continuous optimum of a program with cuts around the plan, for prices.
    pub(crate) relaxed: Vec<f64>,
    /// Its value; NaN where there is none.
    pub(crate) optimum: f64,
    pub(crate) program: Program,
    pub(crate) goal: Goal,
}

/// The best whole plan so far.
pub(super) struct Best<'a> {
    pub(super) climb: Climb<'a>,
    pub(super) found: Option<(f64, Vec<f64>)>,
}

impl Best<'_> {
    /// Takes what a climb from counts finds, if it is better.
    pub(super) fn climb(&mut self, x: &[f64]) {
        if let Some(found) = self.climb.from(x)
            && self.found.as_ref().is_none_or(|best| found.0 > best.0)
        {
            self.found = Some(found);
        }
    }
}

pub(crate) struct Run<'a> {
    pub(crate) case: &'a Case<'a>,
    pub(crate) settings: &'a PlanSettings,
    pub(crate) fractional: bool,
}

impl Run<'_> {
    fn all(&self) -> Vec<usize> {
        (0..self.case.rules.len()).collect()
    }

    pub(crate) fn tails(&self) -> Vec<usize> {
        let tail = |&k: &usize| self.case.rules[k].is_tail();
        self.all().into_iter().filter(tail).collect()
    }

    /// σ by chords over all that the linear program allows.
    pub(crate) fn chords(&self) -> (Vec<Spread>, Spread) {
        let rules = self.case.rules.iter();
        (
            rules.map(|rule| self.chord(rule)).collect(),
            self.case
                .worth
                .as_ref()
                .map_or(Spread::Root, |worth| self.chord(&worth.tail)),
        )
    }

    fn chord(&self, rule: &Rule<'_>) -> Spread {
        if !rule.is_tail() {
            return Spread::Root;
        }
        if rule.field.has_shocks() {
            // Two laws a trial, whose tail mean is concave with no stand-in.
            return Spread::Line(vec![(0.0, 0.0); 2 * rule.field.trials()]);
        }
        Spread::chord(self.variances(rule).into_iter())
    }

    /// The least and largest variance that plans of the linear rules have, trial by trial.
    pub(super) fn variances(&self, rule: &Rule<'_>) -> Vec<(f64, f64)> {
        let variances: Vec<f64> = rule.field.plain().iter().map(|p| p.1).collect();
        let end = |sign: f64| -> Option<f64> {
            let mut program = relax(self.case.program);
            program.maximize = variances.iter().map(|v| sign * v).collect();
            let solved = solve(&program, self.case.relaxations, self.case.cancel);
            (solved.verdict == Verdict::Optimal).then_some(sign * solved.objective)
        };
        // A hair wider than solvers keep rows.
        let low = end(-1.0).map_or(0.0, |v| (v * (1.0 - 1e-6)).max(0.0));
        let high = end(1.0).map_or(f64::INFINITY, |v| v * (1.0 + 1e-6));
        let usable: Vec<bool> = self
            .case
            .program
            .columns
            .iter()
            .map(|c| c.high > 0.0)
            .collect();
        let ratios = rule.field.variance_ratios(&usable);
        let range = |(least, most): (f64, f64)| {
            let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
            (
                if least.is_finite() {
                    product(least, low)
                } else {
                    0.0
                },
                product(most, high),
            )
        };
        ratios.into_iter().map(range).collect()
    }

    fn tangents(&self, x: &[f64]) -> (Vec<Spread>, Spread) {
        let rules = self.case.rules.iter();
        (
            rules
                .map(|rule| {
                    if rule.is_tail() {
                        rule.tangent(x)
                    } else {
                        Spread::Root
                    }
                })
                .collect(),
            self.case.worth.as_ref().map_or(Spread::Root, |worth| {
                if worth.tail.is_tail() {
                    worth.tail.tangent(x)
                } else {
                    Spread::Root
                }
            }),
        )
    }

    /// The continuous optimum of the program whose cuts hold for every plan.
    pub(crate) fn outer(&self, start: &[f64]) -> (Answer, Ask) {
        let (spreads, worth) = self.chords();
        let mut hard = self.tails();
        hard.retain(|&k| !self.case.rules[k].field.has_shocks());
        let ask = Ask {
            spreads,
            worth,
            hard,
            lifted: Vec::new(),
            margin: 0.0,
        };
        (self.case.converge(&ask, &[start], Vec::new()), ask)
    }

    /// A point whose least distance above the levels is as large as tangents get it, from another one.
    fn restored(&self, start: &[f64]) -> Vec<f64> {
        let mut point = start.to_vec();
        let mut best = self.case.slack(&point);
        for _ in 0..RESTORING {
            let (spreads, worth) = self.tangents(&point);
            let ask = Ask {
                spreads,
                worth,
                hard: Vec::new(),
                lifted: self.all(),
                margin: 0.0,
            };
            let lifted = self.case.converge(&ask, &[&point], Vec::new());
            if !lifted.solved.found() {
                break;
            }
            let mut next = lifted.counts;
            let mut slack = self.case.slack(&next);
            // Tangents of what is not concave may promise too much: then part of the way.
            for _ in 0..4 {
                if slack > best {
                    break;
                }
                for (next, at) in next.iter_mut().zip(&point) {
                    *next = 0.5 * (*next + at);
                }
                slack = self.case.slack(&next);
            }
            if slack <= best {
                break;
            }
            (best, point) = (slack, next);
            if best > 10.0 * INSIDE || self.case.over() {
                break;
            }
        }
        point
    }

    /// Points from which plans that keep all rules are sought where the bound's is of no use: the
    /// safest by each rule alone, and what lies between all of them.
    fn restarts(&self, first: &[f64]) -> Vec<Vec<f64>> {
        let mut corners = vec![first.to_vec()];
        for k in self.all() {
            let (spreads, worth) = self.tangents(first);
            let ask = Ask {
                spreads,
                worth,
                hard: Vec::new(),
                lifted: vec![k],
                margin: 0.0,
            };
            let lifted = self.case.converge(&ask, &[first], Vec::new());
            if lifted.solved.found() {
                corners.push(lifted.counts);
            }
        }
        let share = 1.0 / corners.len() as f64;
        let middle = (0..first.len())
            .map(|i| corners.iter().map(|x| share * x[i]).sum())
            .collect();
        let mut out = vec![self.restored(first), middle];
        out.extend(corners.into_iter().skip(1));
        out
    }

    /// The best continuous plan that truly keeps every rule, from the points at hand, with the
    /// program that it is the optimum of.
    fn inner(&self, first: &[f64]) -> Option<(Answer, Ask)> {
        if let Some(found) = self.from(first) {
            return Some(found);
        }
        if self.case.rules.is_empty() || self.case.over() {
            return None;
        }
        for start in self.restarts(first) {
            if self.case.over() {
                return None;
            }
            if let Some(found) = self.from(&start) {
                return Some(found);
            }
            let restored = self.restored(&start);
            if restored != start
                && let Some(found) = self.from(&restored)
            {
                return Some(found);
            }
        }
        None
    }

    /// The same by tangents at one point, then at its answers.
    pub(super) fn from(&self, start: &[f64]) -> Option<(Answer, Ask)> {
        let mut point = start.to_vec();
        let mut best: Option<(f64, Answer, Ask)> = None;
        for _ in 0..TANGENTS {
            let (spreads, worth) = self.tangents(&point);
            let ask = Ask {
                spreads,
                worth,
                hard: self.all(),
                lifted: Vec::new(),
                margin: INSIDE,
            };
            let mut answer = self.case.converge(&ask, &[&point], Vec::new());
            if !answer.solved.found() {
                break;
            }
            if !self.case.keeps(&answer.counts) {
                let kept = match &best {
                    Some((_, known, _)) => Some(&known.counts),
                    None => self.case.keeps(&point).then_some(&point),
                };
                if let Some(kept) = kept {
                    answer.counts = self.between(kept, &answer.counts);
                }
            }
            let value = self.case.value(&answer.counts);
            let next = answer.counts.clone();
            let keeps = self.case.keeps(&next);
            let before = best.as_ref().map(|b| b.0);
            if keeps && before.is_none_or(|b| value > b) {
                best = Some((value, answer, ask));
            }
            point = next;
            let settled = keeps && before.is_some_and(|b| value <= b + WORTHWHILE * b.abs());
            if settled || self.case.over() {
                break;
            }
        }
        if best.is_none() && self.case.keeps(start) {
            // A plan is a plan, if no program's optimum.
            let (spreads, worth) = self.tangents(start);
            let ask = Ask {
                spreads,
                worth,
                hard: Vec::new(),
                lifted: Vec::new(),
                margin: INSIDE,
            };
            let mut answer = self.case.converge(&ask, &[start], Vec::new());
            answer.counts = start.to_vec();
            return answer.solved.found().then_some((answer, ask));
        }
        best.map(|(_, answer, ask)| (answer, ask))
    }

    /// The last plan that keeps the rules on the way from one that does to one that does not.
    fn between(&self, from: &[f64], to: &[f64]) -> Vec<f64> {
        let mut share = 0.5;
        for _ in 0..12 {
            let x: Vec<f64> = from
                .iter()
                .zip(to)
                .map(|(a, b)| a + share * (b - a))
                .collect();
            if self.case.keeps(&x) {
                return x;
            }
            share *= 0.5;
        }
        from.to_vec()
    }

    /// The plan, from the linear program's continuous optimum.
    pub(crate) fn best(&self, relaxed: &Solved) -> Result<Found, Box<Answer>> {
        let (outer, ask) = self.outer(&relaxed.x);
        if !outer.solved.found() {
            return Err(Box::new(outer));
        }
        let inner = self.inner(&outer.counts);
        let bound = outer.solved.bound.unwrap_or(outer.solved.objective);
        let mut found = if self.fractional {
            let best = inner
                .as_ref()
                .map(|(a, _)| (self.case.value(&a.counts), a.counts.clone()));
            self.answer(best, bound, 0, outer.solved.solver, false)
        } else {
            self.whole(&outer, &ask, inner.as_ref(), bound)
        };
        self.narrow(&outer, &mut found);
        let shown = inner.map_or(outer, |(answer, _)| answer);
        Ok(Found {
            solved: found,
            relaxed: shown.solved.x.clone(),
            optimum: shown.solved.objective,
            program: shown.program,
            goal: shown.goal,
        })
    }

    pub(super) fn answer(
        &self,
        best: Option<(f64, Vec<f64>)>,
        bound: f64,
        nodes: u64,
        solver: &'static str,
        empty: bool,
    ) -> Solved {
        let stopped = self.case.cancel.requested();
        let clocked = self.case.clocked();
        let Some((objective, x)) = best else {
            if stopped {
                return Solved::without_point(Verdict::Failed(INTERRUPTED.to_owned()), solver);
            }
            let verdict = match (empty, clocked) {
                (true, _) => Verdict::Infeasible,
                (_, true) => Verdict::TimeLimit { found: false },
                _ => Verdict::NodeLimit,
            };
            return Solved {
                nodes,
                ..Solved::without_point(verdict, solver)
            };
        };
        let proven = within_gap(bound, objective, self.settings.gap);
        Solved {
            verdict: match (proven, clocked) {
                (true, _) => Verdict::Optimal,
                _ if stopped => Verdict::Stopped,
                (_, true) => Verdict::TimeLimit { found: true },
                _ => Verdict::Feasible,
            },
            bound: Some(bound.max(objective)),
            objective,
            x,
            nodes,
            solver,
            // Cuts are computed from sums over trials, without their rounding.
            certified: false,
        }
    }

    fn whole(
        &self,
        outer: &Answer,
        ask: &Ask,
        inner: Option<&(Answer, Ask)>,
        mut bound: f64,
    ) -> Solved {
        let mut nodes = 0;
        let mut best = Best {
            climb: Climb::new(self.case),
            found: None,
        };
        let mut empty = false;
        let point = inner.map_or(&outer.counts, |(answer, _)| &answer.counts);
        let near: Vec<f64> = point.iter().map(|x| x.round()).collect();
        best.climb(&near);
        if best.found.is_none() && inner.is_none() {
            // No continuous plan was found either: as safe as neighbours get.
            let safest = best.climb.safest_from(&near);
            if let Some((_, x)) = safest {
                best.climb(&x);
            }
        }
        let proven = |best: &Best<'_>, bound: f64| {
            let gap = self.settings.gap;
            best.found
                .as_ref()
                .is_some_and(|found| within_gap(bound, found.0, gap))
        };
        if let (Some((answer, ask)), false) = (inner, proven(&best, bound)) {
            let from = (answer.counts.as_slice(), answer.cuts.clone());
            if let Some(x) = self.plans(from, ask, &mut nodes) {
                best.climb(&x);
            }
        }
        if !proven(&best, bound) {
            empty = self.bounds(outer, ask, &mut bound, &mut nodes, &mut best);
        }
        if !empty && !proven(&best, bound) {
            match best_of_all(self.case) {
                All::Unseen => {}
                All::None => {
                    empty = true;
                    best.found = None;
                }
                All::Best(value, x) => {
                    bound = value;
                    best.found = Some((value, x));
                }
            }
        }
        if best.found.is_none() && !empty {
            // With effort of its own: cuts may stay a creator short of rules that a step would keep.
            best.climb = Climb::new(self.case);
            if let Some((slack, x)) = best.climb.safest_from(&near)
                && slack >= 0.0
            {
                best.found = Some((self.case.value(&x), x.clone()));
                best.climb(&x);
            }
        }
        self.answer(best.found, bound, nodes, "branch and bound", empty)
    }
}
