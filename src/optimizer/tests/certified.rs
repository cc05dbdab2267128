//! Bounds by our own arithmetic, and what a search that is stopped has to show.

use super::Random;
use super::enumeration::{enumerate, random_model};
use super::solving::{random_program, try_all};
use crate::model::{Cancel, Objective, PlanSettings, PlanStatus, valuation};
use crate::optimizer::certify;
use crate::optimizer::check;
use crate::optimizer::goal::Goal;
use crate::optimizer::plan;
use crate::optimizer::program::{Column, Program, Row, dot, relax};
use crate::optimizer::sample;
use crate::optimizer::solver::{Solved, Verdict, solve};

#[test]
fn certified_bounds_are_those_of_the_relaxation() {
    let mut random = Random::new(31);
    let mut seen = 0;
    for case in 0..600 {
        let mut program = random_program(&mut random);
        if case % 2 == 0 {
            // As plans have them: limits in the rows only.
            let n = program.columns.len();
            for column in &mut program.columns {
                column.high = f64::INFINITY;
            }
            program.rows.extend((0..n).map(|i| Row {
                coefficients: (0..n).map(|j| f64::from(u8::from(i == j))).collect(),
                low: None,
                high: Some(6.0),
            }));
        }
        let relaxed = solve(&relax(&program), &PlanSettings::default(), &Cancel::new());
        if relaxed.verdict != Verdict::Optimal {
            continue;
        }
        let goal = Goal::Sum(program.maximize.clone());
        let own = certify::bound(&program, &goal, relaxed.objective).expect("boxes are finite");
        let size = relaxed.objective.abs().max(1e3);
        assert!(
            (own - relaxed.objective).abs() <= 1e-6 * size,
            "case {case}: {own} {relaxed:?}"
        );
        if let Some(best) = try_all(&program) {
            assert!(own >= best, "case {case}: {own} below {best}");
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn certified_ratios_hold_for_any_guess() {
    let mut random = Random::new(32);
    let mut seen = 0;
    for case in 0..400 {
        let mut program = random_program(&mut random);
        let n = program.columns.len();
        program.rows.push(Row {
            coefficients: vec![1.0; n],
            low: Some(1.0),
            high: None,
        });
        let above: Vec<f64> = (0..n).map(|_| random.between(0.0, 9.0)).collect();
        let below: Vec<f64> = (0..n).map(|_| random.between(1.0, 5.0)).collect();
        let best = (0..7_usize.pow(n as u32))
            .map(|code| -> Vec<f64> {
                let digit = |i: usize| (code / 7_usize.pow(i as u32) % 7) as f64;
                (0..n).map(digit).collect()
            })
            .filter(|x| {
                program.rows.iter().all(|r| {
                    let v = r.value(x);
                    r.low.is_none_or(|l| v >= l) && r.high.is_none_or(|h| v <= h)
                })
            })
            .map(|x| dot(&above, &x) / dot(&below, &x))
            .reduce(f64::max);
        let Some(best) = best else { continue };
        let goal = Goal::Ratio { above, below };
        // Guesses off by a half to either side still give bounds, only wider ones.
        for near in [0.5 * best, best, 1.5 * best] {
            let bound = certify::bound(&program, &goal, near).expect("boxes are finite");
            assert!(bound >= best, "case {case}: {bound} below {best}");
        }
        seen += 1;
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn a_word_is_kept_where_no_bound_of_ours_is_as_good() {
    let program = Program {
        maximize: vec![1.0, 1.0],
        columns: vec![
            Column {
                low: 0.0,
                high: 10.0,
                integer: true
            };
            2
        ],
        rows: vec![Row {
            coefficients: vec![2.0, 2.0],
            low: None,
            high: Some(9.0),
        }],
    };
    let goal = Goal::Sum(vec![1.0, 1.0]);
    let said = |bound: f64| Solved {
        objective: 4.0,
        bound: Some(bound),
        x: vec![4.0, 0.0],
        ..Solved::without_point(Verdict::Optimal, "microlp")
    };
    // The relaxation's optimum is 4.5; a branch and bound may say 4.
    let mut solved = said(4.0);
    certify::certify(&mut solved, &program, &goal, 0.001);
    assert_eq!((solved.bound, solved.certified), (Some(4.0), false));
    let mut solved = said(4.5);
    certify::certify(&mut solved, &program, &goal, 0.001);
    assert!(solved.certified && (solved.bound.unwrap() - 4.5).abs() < 1e-6);
    // What is good enough for the gap wanted is preferred to a word that says more.
    let mut solved = said(4.0);
    certify::certify(&mut solved, &program, &goal, 0.2);
    assert!(solved.certified && (solved.bound.unwrap() - 4.5).abs() < 1e-6);
}

/// Stopped at any moment, a search shows its best plan with a bound that holds.
#[test]
fn a_search_stopped_by_the_user_shows_its_best_plan() {
    let mut random = Random::new(33);
    let (mut stopped, mut without, mut whole) = (0, 0, 0);
    for case in 0..60 {
        let model = random_model(&mut random);
        let units = valuation::units(&model);
        let Some(best) = enumerate(&model, &units).0 else {
            continue;
        };
        for looks in 1..30 {
            let settings = PlanSettings {
                gap: 0.0,
                ..PlanSettings::default()
            };
            let found = plan(&model, &settings, &Cancel::after(looks));
            match &found.status {
                PlanStatus::Stopped => {
                    assert!(!found.solver.reproducible);
                    stopped += 1;
                }
                PlanStatus::Optimal => whole += 1,
                PlanStatus::Failed { reason } => {
                    assert_eq!(reason, "interrupted", "case {case} after {looks}");
                    without += 1;
                    continue;
                }
                other => panic!("case {case} after {looks}: {other:?}"),
            }
            let slack = 1e-9 * best.abs();
            let objective = found.objective.expect("an objective");
            let gap = found.gap.expect("a bound");
            assert!(check(&model, &found.counts.row(0).to_vec()).is_empty());
            assert!(objective <= best + slack, "case {case} after {looks}");
            assert!(
                gap.bound >= best - slack,
                "case {case} after {looks}: {gap:?}"
            );
        }
    }
    assert!(
        stopped > 30 && without > 10 && whole > 30,
        "{stopped} {without} {whole}"
    );
}

/// The same on programs with a tree to search.
#[test]
fn a_long_search_stopped_shows_ever_better_plans_and_bounds() {
    for objective in [Objective::Revenue, Objective::Roas] {
        let mut model = sample::segmented(600_000.0, 2, 2);
        model.objective = objective;
        let settings = PlanSettings {
            gap: 1e-4,
            node_limit: 1_500,
            ..PlanSettings::default()
        };
        let whole = plan(&model, &settings, &Cancel::new());
        let (best, top) = (whole.objective.unwrap(), whole.gap.unwrap().bound);
        let mut stopped = 0;
        for looks in [5, 20, 60, 200, 600] {
            let found = plan(&model, &settings, &Cancel::after(looks));
            if found.status != PlanStatus::Stopped {
                continue;
            }
            stopped += 1;
            let (objective, gap) = (found.objective.unwrap(), found.gap.unwrap());
            assert!(gap.bound.is_finite() && gap.bound >= best * (1.0 - 1e-9));
            assert!(objective <= top * (1.0 + 1e-9));
            assert!(check(&model, &found.counts.row(0).to_vec()).is_empty());
        }
        assert!(stopped >= 2, "{objective:?}: {stopped}");
    }
}

#[test]
fn a_clock_that_has_run_out_leaves_the_first_plan_with_its_bound() {
    let model = sample::segmented(600_000.0, 2, 2);
    let settings = PlanSettings {
        gap: 0.0,
        time_limit: 0.0,
        ..PlanSettings::default()
    };
    let found = plan(&model, &settings, &Cancel::new());
    assert_eq!(found.status, PlanStatus::TimeLimit { found: true });
    let whole = plan(&model, &PlanSettings::default(), &Cancel::new());
    let gap = found.gap.expect("a bound");
    assert!(gap.bound >= whole.objective.unwrap() * (1.0 - 1e-9));
    assert!(gap.certified && gap.relative < 0.2, "{gap:?}");
    assert!(check(&model, &found.counts.row(0).to_vec()).is_empty());
}
