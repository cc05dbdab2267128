//! Ratios of sums as objectives.
//!
//! Continuous, by Charnes and Cooper: with y = t·x, max Σ rᵢyᵢ over Σ sᵢyᵢ = 1 and every row and
//! bound multiplied by t ≥ 0 is linear, and x = y/t has the largest Σ rᵢxᵢ / Σ sᵢxᵢ.
//!
//! Whole numbers, by Dinkelbach: F(q) = max Σ (rᵢ − q·sᵢ) xᵢ is zero exactly at the best ratio.
//! With F̄(q) ≥ F(q) proven and S the least denominator, no ratio is above q + F̄(q)/S, so the
//! relative gap at a plan of ratio q is at most F̄(q)/(q·S).

use std::time::Instant;

use crate::model::{Cancel, PlanSettings};
use crate::optimizer::branch::{Structure, solve_structured};
use crate::optimizer::certify;
use crate::optimizer::goal::{Goal, within_gap};
use crate::optimizer::program::{Column, Program, Row, dot, relax};
use crate::optimizer::solver::{Solved, Verdict, remaining, solve};

/// Rounds of Dinkelbach: it converges faster than linearly, three are usual.
const ROUNDS: usize = 20;

/// Rounds that the work of a search is meant for.
const WORTH_OF: f64 = 4.0;

/// Largest value of the goal over the continuous relaxation.
pub(crate) fn solve_relaxed(
    program: &Program,
    goal: &Goal,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Solved {
    match goal {
        Goal::Sum(c) => {
            let mut relaxed = relax(program);
            relaxed.maximize.clone_from(c);
            solve(&relaxed, settings, cancel)
        }
        Goal::Ratio { above, below } => charnes_cooper(program, above, below, settings, cancel),
    }
}

fn charnes_cooper(
    program: &Program,
    above: &[f64],
    below: &[f64],
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Solved {
    let n = program.columns.len();
    // Denominators near one keep t, and with it every bound, near the size of the counts.
    let scale = below.iter().fold(0.0_f64, |m, &s| m.max(s));
    if scale <= 0.0 {
        return Solved::without_point(
            Verdict::Failed("nothing costs anything, so spend is always zero".to_owned()),
            "none",
        );
    }
    let mut rows = Vec::new();
    let mut add = |coefficients: &[f64], low: Option<f64>, high: Option<f64>| {
        let with = |t: f64| -> Vec<f64> { coefficients.iter().copied().chain([-t]).collect() };
        if let Some(low) = low {
            rows.push(Row {
                coefficients: with(low),
                low: Some(0.0),
                high: None,
            });
        }
        if let Some(high) = high {
            rows.push(Row {
                coefficients: with(high),
                low: None,
                high: Some(0.0),
            });
        }
    };
    for row in &program.rows {
        add(&row.coefficients, row.low, row.high);
    }
    for (i, column) in program.columns.iter().enumerate() {
        let low = (column.low != 0.0).then_some(column.low);
        let high = column.high.is_finite().then_some(column.high);
        if low.is_some() || high.is_some() {
            let mut unit = vec![0.0; n];
            unit[i] = 1.0;
            add(&unit, low, high);
        }
    }
    rows.push(Row {
        coefficients: below.iter().map(|s| s / scale).chain([0.0]).collect(),
        low: Some(1.0),
        high: Some(1.0),
    });
    let transformed = Program {
        maximize: above.iter().map(|r| r / scale).chain([0.0]).collect(),
        columns: vec![
            Column {
                low: 0.0,
                high: f64::INFINITY,
                integer: false,
            };
            n + 1
        ],
        rows,
    };
    let solved = solve(&transformed, settings, cancel);
    if solved.verdict == Verdict::Unbounded {
        return if solved.x[n] > 0.0 {
            spends_nothing(solved.solver)
        } else {
            Solved {
                x: solved.x[..n].to_vec(),
                ..solved
            }
        };
    }
    if !solved.found() {
        return solved;
    }
    let t = solved.x[n];
    if t <= 0.0 {
        let reason = "no finite plan has the best ratio".to_owned();
        return Solved::without_point(Verdict::Failed(reason), solved.solver);
    }
    let x: Vec<f64> = solved.x[..n].iter().map(|y| y / t).collect();
    let objective = dot(above, &x) / dot(below, &x);
    Solved {
        objective,
        bound: Some(solved.objective.max(objective)),
        x,
        ..solved
    }
}

/// The best ratio over whole numbers, from a first plan if there is one, given the relaxation's
/// optimum, or a bound on it, and whether that is certified. The answer's bound is proven.
pub(crate) fn dinkelbach(
    (program, structure): (&Program, Option<&Structure>),
    (above, below): (&[f64], &[f64]),
    relaxed: (f64, bool),
    start: Option<&[f64]>,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Solved {
    let started = Instant::now();
    let (least, sure) = match least_denominator(program, below, settings, cancel) {
        Ok(least) => least,
        Err(solved) => return *solved,
    };
    let value = |x: &[f64]| dot(above, x) / dot(below, x);
    let mut best = start.map(<[f64]>::to_vec);
    let (relaxed, certified) = relaxed;
    let mut proof = Solved {
        bound: Some(relaxed),
        certified,
        ..Solved::without_point(Verdict::Feasible, "microlp")
    };
    let bound = |proof: &Solved| proof.bound.unwrap_or(f64::INFINITY);
    let mut nodes = 0;
    let mut verdict = Verdict::Feasible;
    let structure = structure.map(|s| Structure {
        work: s.work / WORTH_OF,
        ..s.clone()
    });
    let structure = structure.as_ref();
    for _ in 0..ROUNDS {
        let q = best.as_deref().map_or(relaxed, value);
        if best.is_some() && within_gap(bound(&proof), q, settings.gap) {
            verdict = Verdict::Optimal;
            break;
        }
        // A fixed column of q·S turns the solver's relative gap near F = 0 into ours.
        let offset = q.abs() * least;
        let mut linear = program.clone();
        linear.maximize = above
            .iter()
            .zip(below)
            .map(|(r, s)| r - q * s)
            .chain([offset])
            .collect();
        linear.columns.push(Column {
            low: 1.0,
            high: 1.0,
            integer: false,
        });
        for row in &mut linear.rows {
            row.coefficients.push(0.0);
        }
        let from: Option<Vec<f64>> = best
            .as_ref()
            .map(|x| x.iter().copied().chain([1.0]).collect());
        let inner = PlanSettings {
            gap: 0.9 * settings.gap,
            node_limit: settings.node_limit.saturating_sub(nodes).max(1),
            ..remaining(settings, started)
        };
        let solved = solve_structured(&linear, structure, from.as_deref(), &inner, cancel);
        nodes += solved.nodes;
        proof.solver = solved.solver;
        if let Some(upper) = solved.bound {
            let upper = q + (upper - offset).max(0.0) / least;
            proof.bounded_by(upper, solved.certified && sure);
        }
        if !solved.found() {
            if best.is_none() {
                return Solved { nodes, ..solved };
            }
            verdict = match solved.verdict {
                Verdict::TimeLimit { .. } => Verdict::TimeLimit { found: true },
                _ if solved.interrupted() => Verdict::Stopped,
                _ => Verdict::Feasible,
            };
            break;
        }
        let x = solved.x[..program.columns.len()].to_vec();
        let better = best
            .as_deref()
            .is_none_or(|b| value(&x) > value(b) * (1.0 + 1e-12));
        if better {
            best = Some(x);
        }
        if matches!(solved.verdict, Verdict::TimeLimit { .. } | Verdict::Stopped) {
            verdict = solved.verdict;
            break;
        }
        if !better {
            let q = best.as_deref().map_or(relaxed, value);
            if within_gap(bound(&proof), q, settings.gap) {
                verdict = Verdict::Optimal;
            }
            break;
        }
    }
    let x = best.unwrap_or_default();
    let objective = value(&x);
    Solved {
        verdict,
        objective,
        bound: Some(bound(&proof).max(objective)),
        x,
        nodes,
        ..proof
    }
}

/// Least Σ sᵢxᵢ over the relaxation, which must be above zero, and whether that is certified.
fn least_denominator(
    program: &Program,
    below: &[f64],
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Result<(f64, bool), Box<Solved>> {
    let mut cheapest = relax(program);
    cheapest.maximize = below.iter().map(|s| -s).collect();
    let solved = solve(&cheapest, settings, cancel);
    if !solved.found() {
        return Err(Box::new(solved));
    }
    let least = -solved.objective;
    if least <= 1e-9 * below.iter().fold(0.0_f64, |m, &s| m.max(s)) {
        return Err(Box::new(spends_nothing(solved.solver)));
    }
    // The relaxation's optimum is met within its own tolerance only.
    let word = least * (1.0 - 1e-9);
    Ok(match certify::least(program, below) {
        Some(own) if own >= word * (1.0 - 1e-6) => (own, true),
        _ => (word, false),
    })
}

fn spends_nothing(solver: &'static str) -> Solved {
    let reason = "the rules allow plans that spend nothing, so ROAS has no largest value: \
                  set diversity.min_spend above 0";
    Solved::without_point(Verdict::Failed(reason.to_owned()), solver)
}
