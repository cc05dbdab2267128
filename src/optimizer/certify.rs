//! Bounds by our own dual arithmetic, where others only give their word.
//!
//! The relaxation is solved again by [`Simplex`], whose bound is recomputed from the rows for the
//! multipliers that it ends with, rounding error included. For a ratio Σ rᵢxᵢ / Σ sᵢxᵢ and any q,
//! F̄ ≥ max Σ (rᵢ − q·sᵢ) xᵢ and 0 < S ≤ min Σ sᵢxᵢ give the bound q + max(F̄, 0) / S.

use crate::optimizer::backend::scale_of;
use crate::optimizer::goal::{Goal, within_gap};
use crate::optimizer::presolve::presolve;
use crate::optimizer::program::{Program, relax};
use crate::optimizer::simplex::Simplex;
use crate::optimizer::solver::Solved;

/// Pivots of a relaxation. Where they are not enough, what is proven by then is the bound.
const PIVOTS: usize = 20_000;

/// How much wider than stated a row's box is, relative to its coefficients and bounds.
const WIDER: f64 = 2e-9;

/// How far above a solver's word, relative to it, the same bound recomputed may lie: the slack that
/// rows are given, times their multipliers.
const SAME: f64 = 1e-6;

/// How far above the ratio given, relative to it, the bound is sought.
const NUDGES: [f64; 5] = [0.0, 1e-9, 1e-8, 1e-7, 1e-6];

/// Gives an answer a certified bound in place of a solver's word where one is as good, or good
/// enough to prove the wanted gap.
pub(crate) fn certify(solved: &mut Solved, program: &Program, goal: &Goal, gap: f64) {
    let Some(word) = solved.bound.filter(|_| solved.found() && !solved.certified) else {
        return;
    };
    let Some(own) = bound(program, goal, word) else {
        return;
    };
    let same = own <= word + SAME * word.abs();
    if same || within_gap(own, solved.objective, gap) {
        solved.bound = Some(own.max(solved.objective));
        solved.certified = true;
    }
}

/// A certified bound on a goal over a program's relaxation, for a ratio from one near its largest
/// value.
pub(crate) fn bound(program: &Program, goal: &Goal, near: f64) -> Option<f64> {
    match goal {
        Goal::Sum(c) => most(program, c),
        Goal::Ratio { above, below } => {
            let least = least(program, below).filter(|&least| least > 0.0)?;
            let mut best = None;
            // Where the ratio given is a little too low, what it is short by counts S(x) / S times.
            for more in NUDGES {
                let q = near + more * near.abs();
                let terms = above.iter().zip(below);
                let terms: Vec<f64> = terms.map(|(r, s)| r - q * s).collect();
                let bound = q + most(program, &terms)?.max(0.0) / least;
                best = Some(best.map_or(bound, |b: f64| b.min(bound)));
                if bound <= q + 1e-9 * q.abs() {
                    break;
                }
            }
            best
        }
    }
}

/// A certified lower bound on Σ cᵢxᵢ over a program's relaxation.
pub(crate) fn least(program: &Program, c: &[f64]) -> Option<f64> {
    most(program, &c.iter().map(|c| -c).collect::<Vec<_>>()).map(|most| -most)
}

/// A certified upper bound on Σ cᵢxᵢ over a program's relaxation; none where a column is open.
fn most(program: &Program, c: &[f64]) -> Option<f64> {
    let mut relaxed = relax(program);
    relaxed.maximize = c.to_vec();
    let small = presolve(&relaxed).ok()?.capped(f64::INFINITY);
    if !small.columns.iter().all(|c| c.high.is_finite()) {
        return None;
    }
    if small.columns.is_empty() {
        return Some(0.0);
    }
    let mut simplex = simplex_of(&small);
    let (_, bound) = simplex.solve(f64::NEG_INFINITY, PIVOTS);
    bound.is_finite().then_some(bound)
}

/// The simplex of a program whose columns are all bounded.
pub(crate) fn simplex_of(small: &Program) -> Simplex {
    let mut low: Vec<f64> = small.columns.iter().map(|c| c.low).collect();
    let mut high: Vec<f64> = small.columns.iter().map(|c| c.high).collect();
    let (mut matrix, mut slack) = (Vec::new(), Vec::new());
    for row in &small.rows {
        let scale = scale_of(&row.coefficients, true);
        let a: Vec<f64> = row.coefficients.iter().map(|a| a / scale).collect();
        let reach: f64 = a
            .iter()
            .zip(&small.columns)
            .map(|(a, c)| a.abs() * c.low.abs().max(c.high))
            .sum();
        // What the columns leave the sum, with room for rounding.
        let room = 1.0 + reach * (1.0 + 1e-6);
        let bounds = row.low.iter().chain(&row.high);
        let size = a.iter().fold(0.0_f64, |m, a| m.max(a.abs()));
        // Plans that are off by a little still count as keeping the row. Boxes that much wider also
        // leave the simplex room where the rows meet in a single point.
        let by = WIDER * bounds.fold(size, |m, b| m.max(b.abs() / scale));
        low.push(row.low.map_or(-room, |l| l / scale - by));
        high.push(row.high.map_or(room, |h| h / scale + by));
        slack.push(0.0);
        matrix.extend(a);
    }
    let wide = vec![(f64::NAN, f64::NAN); slack.len()];
    Simplex::new(small.maximize.clone(), matrix, slack, wide, low, high)
}
