//! What rules of probability leave of the linear program: rows that every plan keeps which keeps them.
//!
//! With dₜ(x) = level − µₜ(x) the gain is below its level in trial t with probability
//!
//! ```text
//! qₜ = Φ(dₜ/σₜ) ≥ f(dₜ),   f(d) = Φ(d/σ̲ₜ) for d ≤ 0, Φ(d/σ̄ₜ) for d > 0,
//! ```
//!
//! σ̲ₜ and σ̄ₜ the least and largest spread that the linear rules allow, and P(G ≥ level) ≥ p says that Σ qₜ ≤ (1 − p) N. Up
//! to the largest dₜ that any plan of the region at hand has (a proven bound of a linear program for each trial), f lies above its
//! convex envelope, whose tangents at a point are linear in x; their sum over trials is a row. Rows shrink the
//! region, a smaller region has smaller largest dₜ, with which the envelope is nearer to f: that is done in rounds.
//! Only plans better than the best one known need to be kept, which shrinks the region further. It is the
//! tightening of big-M constants of a program with one 0/1 a trial (Qiu, Ahmed, Dey and Wolsey 2014), in the space of counts.

use crate::optimizer::certify::{self, simplex_of};
use crate::optimizer::goal::{Goal, within_gap};
use crate::optimizer::presolve::presolve;
use crate::optimizer::program::{Program, Row, relax};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::risk::planes::{Answer, Cut};
use crate::optimizer::risk::rules::{Measure, Rule};
use crate::optimizer::risk::search::Run;
use crate::optimizer::simplex::{Outcome, Simplex};
use crate::optimizer::solver::{Solved, Verdict};
use crate::stats::special::{normal_cdf, normal_pdf};

/// Rounds of smaller regions.
const ROUNDS: usize = 8;

/// Rows of a round.
const CUTS: usize = 25;

/// Linear programs of one trial in all.
const PROGRAMS: usize = 40_000;

/// Pivots of one of them.
const PIVOTS: usize = 500;

/// Most figures of a creator in a trial that are kept.
const FIGURES: usize = 20_000_000;

/// Relative decrease of the bound at which another round is begun.
const WORTHWHILE: f64 = 2e-4;

/// Share of a trial by which rows are wider than they have to be, for rounding.
const ROOM: f64 = 1e-7;

/// What the rows leave.
enum Narrowed {
    /// Nothing.
    Empty,
    /// No plan of the region has more of the goal.
    Bound(f64),
}

/// A rule of probability over all trials.
struct Chance<'a> {
    rule: &'a Rule<'a>,
    /// (1 − p) N.
    allowed: f64,
    /// A creator's mean, cell by cell, all trials each.
    means: Vec<Vec<f64>>,
    /// σ̲ₜ and σ̄ₜ.
    spreads: Vec<(f64, f64)>,
    /// The largest dₜ of the region, infinite where it was not asked for.
    most: Vec<f64>,
}

/// The tangent at `d` of the convex envelope of f up to `most`: its value there, and its slope. Both are 0 where nothing is
/// known.
fn envelope(d: f64, most: f64, (least_sd, most_sd): (f64, f64)) -> (f64, f64) {
    if !most.is_finite() || most <= 0.0 {
        // Beyond, or never below the level: qₜ ≥ 0 is all that is used.
        return (0.0, 0.0);
    }
    let end = if most_sd > 0.0 {
        normal_cdf(most / most_sd)
    } else {
        1.0
    };
    let d = d.min(most);
    if least_sd <= 0.0 || !least_sd.is_finite() {
        return if d > 0.0 {
            (end * d / most, end / most)
        } else {
            (0.0, 0.0)
        };
    }
    let tangent = |at: f64| {
        let z = at / least_sd;
        (normal_cdf(z), normal_pdf(z) / least_sd)
    };
    // From where the tangent of the convex part meets the end; short of it the line is too low, which is on the safe side.
    let (mut low, mut high) = (-12.0 * least_sd, 0.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        let (value, slope) = tangent(middle);
        if value + slope * (most - middle) > end {
            high = middle;
        } else {
            low = middle;
        }
    }
    if d <= low {
        return tangent(d);
    }
    let (value, slope) = tangent(low);
    (value + slope * (d - low), slope)
}

impl Chance<'_> {
    /// Proves how far below its level the gain can be in the trials that matter at a point.
    fn look(&mut self, simplex: &mut Simplex, x: &[f64], left: &mut usize, run: &Run<'_>) {
        let means = self.rule.field.totals(x).mean;
        let below = |t: usize| self.rule.least - means[t];
        let mut trials: Vec<usize> = (0..means.len())
            .filter(|&t| below(t) > -2.0 * self.spreads[t].0)
            .collect();
        trials.sort_by(|&a, &b| below(b).total_cmp(&below(a)));
        // Of more trials than rules spare some would still be enough; of all, most would be idle.
        let wanted = (2.5 * self.allowed) as usize + means.len() / 20;
        trials.truncate(wanted.min(*left));
        // Neighbours in time of work: the next program starts from the last one's answer.
        for (done, t) in trials.into_iter().enumerate() {
            if done % 64 == 0 && run.case.over() {
                return;
            }
            let aim: Vec<f64> = self.means.iter().map(|of| -of[t]).collect();
            simplex.aim(&aim);
            let (outcome, bound) = simplex.solve(f64::NEG_INFINITY, PIVOTS);
            *left -= 1;
            if outcome == Outcome::Empty {
                return;
            }
            if bound.is_finite() {
                self.most[t] = self.most[t].min(self.rule.least + bound);
            }
        }
    }

    /// The row that a point asks for, if it does not keep it.
    fn row(&self, x: &[f64]) -> Option<Row> {
        let means = self.rule.field.totals(x).mean;
        let (mut sum, mut constant) = (0.0, 0.0);
        let mut slopes = vec![0.0; means.len()];
        for (t, slope) in slopes.iter_mut().enumerate() {
            let d = self.rule.least - means[t];
            let (value, by) = envelope(d, self.most[t], self.spreads[t]);
            *slope = by;
            sum += value;
            // value + by·(level − Σ x·m − d)
            constant += value + by * (self.rule.least - d);
        }
        let allowed = self.allowed + ROOM * means.len() as f64;
        (sum > allowed * (1.0 + 1e-4)).then(|| Row {
            coefficients: self
                .means
                .iter()
                .map(|of| of.iter().zip(&slopes).map(|(m, s)| m * s).sum())
                .collect(),
            low: Some(constant - allowed),
            high: None,
        })
    }
}

impl Run<'_> {
    /// Lowers the bound of an answer by what rules of probability leave, or shows that they leave no plan, where that
    /// is open.
    pub(super) fn narrow(&self, outer: &Answer, found: &mut Solved) {
        let open = match &found.verdict {
            Verdict::Feasible => true,
            Verdict::NodeLimit => !found.found(),
            _ => false,
        };
        if !open || self.case.worth.is_some() && found.found() {
            return;
        }
        let known = found.found().then_some(found.objective);
        match (self.narrowed(&outer.cuts, known), known) {
            (Some(Narrowed::Empty), None) => found.verdict = Verdict::Infeasible,
            // Nothing is better than the plan that is known.
            (Some(Narrowed::Empty), Some(known)) => found.bounded_by(known, false),
            (Some(Narrowed::Bound(bound)), Some(known)) => {
                found.bounded_by(bound.max(known), false);
            }
            _ => {}
        }
        if let (Some(bound), true) = (found.bound, known.is_some())
            && within_gap(bound, found.objective, self.settings.gap)
        {
            found.verdict = Verdict::Optimal;
        }
    }

    /// What rules of probability, with cuts that every plan keeps, leave above a value of the goal, if one is known; `None`
    /// where there is no such rule or no bound is found.
    fn narrowed(&self, cuts: &[Cut], known: Option<f64>) -> Option<Narrowed> {
        let case = self.case;
        let mut chances: Vec<Chance<'_>> = Vec::new();
        for rule in &case.rules {
            let Measure::Quantile(p) = rule.measure else {
                continue;
            };
            if rule.field.has_shocks() || case.cells() * rule.field.trials() > FIGURES {
                return None;
            }
            let sd = |(low, high): (f64, f64)| (low.max(0.0).sqrt(), high.max(0.0).sqrt());
            chances.push(Chance {
                rule,
                allowed: (1.0 - p) * rule.field.trials() as f64,
                means: (0..case.cells())
                    .map(|cell| rule.field.cell(cell).map(|(m, _)| m).collect())
                    .collect(),
                spreads: self.variances(rule).into_iter().map(sd).collect(),
                most: vec![f64::INFINITY; rule.field.trials()],
            });
        }
        if chances.is_empty() {
            return None;
        }
        let mut program = self.region(cuts, known)?;
        let mut left = PROGRAMS;
        let mut bound = f64::INFINITY;
        let mut point = self.top(&program)?;
        for _ in 0..ROUNDS {
            let mut simplex = simplex_of(&program);
            for chance in &mut chances {
                chance.look(&mut simplex, &point.1, &mut left, self);
            }
            let before = bound;
            for _ in 0..CUTS {
                let rows: Vec<Row> = chances.iter().filter_map(|c| c.row(&point.1)).collect();
                if rows.is_empty() {
                    break;
                }
                program.rows.extend(rows);
                point = match self.top(&program) {
                    Some(point) => point,
                    None if empty(&program) => return Some(Narrowed::Empty),
                    None => return finite(bound),
                };
                bound = bound.min(point.0);
            }
            bound = bound.min(point.0);
            let settled = bound > before - WORTHWHILE * before.abs();
            // Without a plan to beat the question is whether any is left, and the region may shrink without the bound.
            if (settled && known.is_some()) || left == 0 || case.over() {
                break;
            }
        }
        finite(bound)
    }

    /// The linear rules and cuts, and where a value is known, no less than it.
    fn region(&self, cuts: &[Cut], known: Option<f64>) -> Option<Program> {
        let case = self.case;
        let mut program = relax(case.program);
        program.rows.extend(cuts.iter().map(|cut| {
            let mut row = cut.row.clone();
            row.coefficients.truncate(case.cells());
            row
        }));
        if let Some(known) = known {
            let (coefficients, low) = match case.goal {
                Goal::Sum(c) => (c.clone(), known),
                Goal::Ratio { above, below } => {
                    let terms = above.iter().zip(below);
                    (terms.map(|(r, s)| r - known * s).collect(), 0.0)
                }
            };
            program.rows.push(Row {
                coefficients,
                low: Some(low),
                high: None,
            });
        }
        let presolved = presolve(&program).ok()?;
        presolved.cap_into(&mut program, f64::INFINITY);
        let boxed = program.columns.iter().all(|c| c.high.is_finite());
        boxed.then_some(program)
    }

    /// A proven bound of the goal over a program, and its optimum.
    fn top(&self, program: &Program) -> Option<(f64, Vec<f64>)> {
        let case = self.case;
        let solved = solve_relaxed(program, case.goal, case.relaxations, case.cancel);
        if !solved.found() {
            return None;
        }
        let bound = certify::bound(program, case.goal, solved.objective).unwrap_or(f64::INFINITY);
        Some((bound, solved.x))
    }
}

fn finite(bound: f64) -> Option<Narrowed> {
    bound.is_finite().then_some(Narrowed::Bound(bound))
}

/// Whether a program is proven to have no point.
fn empty(program: &Program) -> bool {
    presolve(program).is_err()
        || simplex_of(program).solve(f64::NEG_INFINITY, 20 * PIVOTS).0 == Outcome::Empty
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Below what it stands for everywhere up to the end, and met at it and at the tangent's point.
    #[test]
    fn the_envelope_lies_below() {
        for (least, most_sd, most) in [
            (1.0, 2.0, 5.0),
            (0.0, 2.0, 5.0),
            (3.0, 3.0, 0.5),
            (0.0, 0.0, 2.0),
        ] {
            let f = |d: f64| match d {
                d if d > 0.0 && most_sd > 0.0 => normal_cdf(d / most_sd),
                d if d > 0.0 => 1.0,
                d if least > 0.0 => normal_cdf(d / least),
                _ => 0.0,
            };
            for at in -40..=10 {
                let at = most * f64::from(at) / 10.0;
                let (value, slope) = envelope(at, most, (least, most_sd));
                assert!(value >= 0.0 && slope >= 0.0);
                for d in -80..=20 {
                    let d = most * f64::from(d) / 20.0;
                    let line = value + slope * (d - at);
                    assert!(line <= f(d) + 1e-9, "{at} {d}: {line} {}", f(d));
                }
            }
            let end = envelope(most, most, (least, most_sd)).0;
            assert!((end - f(most)).abs() < 1e-6, "{end}");
        }
        assert_eq!(envelope(1.0, f64::INFINITY, (1.0, 1.0)), (0.0, 0.0));
        assert_eq!(envelope(-3.0, -1.0, (1.0, 1.0)), (0.0, 0.0));
    }
}
