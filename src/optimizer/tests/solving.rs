//! Programs and the solver beneath plans.

use super::Random;
use crate::model::{Cancel, PlanSettings};
use crate::optimizer::backend::clarabel;
use crate::optimizer::program::{Column, Program, Row, dot, relax};
use crate::optimizer::solver::{Verdict, confirm_infeasible, solve};

fn column(high: f64, integer: bool) -> Column {
    Column {
        low: 0.0,
        high,
        integer,
    }
}

fn row(coefficients: &[f64], low: Option<f64>, high: Option<f64>) -> Row {
    Row {
        coefficients: coefficients.to_vec(),
        low,
        high,
    }
}

fn run(program: &Program) -> crate::optimizer::solver::Solved {
    let exact = PlanSettings {
        gap: 0.0,
        ..PlanSettings::default()
    };
    solve(program, &exact, &Cancel::new())
}

pub(super) fn random_program(random: &mut Random) -> Program {
    let n = 2 + random.below(3);
    let rows = 1 + random.below(4);
    Program {
        maximize: (0..n).map(|_| random.between(-2.0, 10.0) * 1e3).collect(),
        columns: vec![column(6.0, true); n],
        rows: (0..rows)
            .map(|_| {
                let size = 10_f64.powf(random.between(-2.0, 5.0));
                let a: Vec<f64> = (0..n).map(|_| size * random.between(-3.0, 6.0)).collect();
                let at = size * random.between(-4.0, 20.0);
                match random.below(3) {
                    0 => row(&a, None, Some(at)),
                    1 => row(&a, Some(at), None),
                    _ => row(&a, Some(at), Some(at + size * random.between(0.0, 8.0))),
                }
            })
            .collect(),
    }
}

/// Best objective by trying every point.
pub(super) fn try_all(program: &Program) -> Option<f64> {
    let n = program.columns.len();
    (0..7_usize.pow(n as u32))
        .filter_map(|code| {
            let x: Vec<f64> = (0..n)
                .map(|i| (code / 7_usize.pow(i as u32) % 7) as f64)
                .collect();
            let holds = program.rows.iter().all(|r| {
                let v = r.value(&x);
                r.low.is_none_or(|l| v >= l) && r.high.is_none_or(|h| v <= h)
            });
            holds.then(|| dot(&program.maximize, &x))
        })
        .reduce(f64::max)
}

#[test]
fn branch_and_bound_agrees_with_trying_every_point() {
    let mut random = Random::new(7);
    let (mut feasible, mut infeasible) = (0, 0);
    for case in 0..1_000 {
        let program = random_program(&mut random);
        let solved = run(&program);
        if let Some(best) = try_all(&program) {
            assert_eq!(solved.verdict, Verdict::Optimal, "case {case}");
            let off = (solved.objective - best).abs();
            assert!(off <= 1e-7 * best.abs().max(1.0), "case {case}");
            assert!(solved.bound.is_some_and(|b| b >= best - 1e-6 * best.abs()));
            feasible += 1;
        } else {
            assert_eq!(solved.verdict, Verdict::Infeasible, "case {case}");
            let settings = PlanSettings::default();
            assert!(confirm_infeasible(&program, &settings, &Cancel::new()));
            infeasible += 1;
        }
    }
    assert!(
        feasible > 300 && infeasible > 100,
        "{feasible} {infeasible}"
    );
}

#[test]
fn continuous_programs_agree_between_solvers() {
    let mut random = Random::new(8);
    let mut compared = 0;
    for case in 0..300 {
        let program = relax(&random_program(&mut random));
        let solved = run(&program);
        if solved.verdict == Verdict::Infeasible {
            continue;
        }
        assert_eq!(solved.verdict, Verdict::Optimal, "case {case}");
        let Ok(other) = clarabel(&program) else {
            continue;
        };
        let size = solved.objective.abs().max(1e3);
        assert!(
            (solved.objective - other.objective).abs() <= 1e-5 * size,
            "case {case}: {} {}",
            solved.objective,
            other.objective
        );
        compared += 1;
    }
    assert!(compared > 150, "{compared}");
}

#[test]
fn a_known_vertex() {
    // max 3x + 2y over x + y ≤ 4, x + 3y ≤ 6, x ≤ 3: (3, 1).
    let program = Program {
        maximize: vec![3.0, 2.0],
        columns: vec![column(f64::INFINITY, false); 2],
        rows: vec![
            row(&[1.0, 1.0], None, Some(4.0)),
            row(&[1.0, 3.0], None, Some(6.0)),
            row(&[1.0, 0.0], None, Some(3.0)),
        ],
    };
    let solved = run(&program);
    assert_eq!(solved.verdict, Verdict::Optimal);
    assert!((solved.x[0] - 3.0).abs() < 1e-9 && (solved.x[1] - 1.0).abs() < 1e-9);
}

#[test]
fn an_unbounded_program_is_unbounded_and_gives_its_ray() {
    for integer in [false, true] {
        let mut program = Program {
            maximize: vec![1.0, 1.0],
            columns: vec![column(f64::INFINITY, integer); 2],
            rows: vec![row(&[1.0, 0.0], None, Some(4.0))],
        };
        let solved = run(&program);
        assert_eq!(solved.verdict, Verdict::Unbounded);
        assert!(solved.x[0] == 0.0 && solved.x[1] > 0.0);
        // Without a point there is nothing to grow from.
        program.rows.push(row(&[1.0, 0.0], Some(5.0), None));
        assert_eq!(run(&program).verdict, Verdict::Infeasible);
    }
}

#[test]
fn a_free_column_that_gains_nothing_does_not_unbound_the_rest() {
    let program = Program {
        maximize: vec![1.0, 0.0],
        columns: vec![column(f64::INFINITY, true); 2],
        rows: vec![
            row(&[2.0, -1.0], None, Some(1.0)),
            row(&[1.0, 0.0], None, Some(9.5)),
        ],
    };
    let solved = run(&program);
    assert_eq!(solved.verdict, Verdict::Optimal);
    assert_eq!(solved.objective, 9.0);
}

#[test]
fn settings_that_would_panic_below_are_taken() {
    let program = random_program(&mut Random::new(9));
    for time_limit in [f64::NAN, f64::INFINITY, 30.0] {
        for gap in [f64::NAN, -1.0, f64::INFINITY] {
            let settings = PlanSettings {
                gap,
                time_limit,
                ..PlanSettings::default()
            };
            let solved = solve(&program, &settings, &Cancel::new());
            assert!(
                matches!(solved.verdict, Verdict::Optimal | Verdict::Infeasible),
                "{solved:?}"
            );
        }
    }
    let stopped = PlanSettings {
        time_limit: -1.0,
        ..PlanSettings::default()
    };
    let solved = solve(&program, &stopped, &Cancel::new());
    assert_eq!(solved.verdict, Verdict::TimeLimit { found: false });
}

#[test]
fn what_is_not_finite_fails() {
    let mut program = random_program(&mut Random::new(9));
    program.rows[0].coefficients[0] = f64::INFINITY;
    assert!(matches!(run(&program).verdict, Verdict::Failed(_)));
}

#[test]
fn a_cancelled_solve_is_not_waited_for() {
    let cancel = Cancel::new();
    cancel.request();
    let program = random_program(&mut Random::new(9));
    let solved = solve(&program, &PlanSettings::default(), &cancel);
    assert_eq!(solved.verdict, Verdict::Failed("interrupted".to_owned()));
}
