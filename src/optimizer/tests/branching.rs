//! The own branch and bound, forced on small programs, against every point tried.

use super::Random;
use super::enumeration::{enumerate, random_model};
use super::solving::{random_program, try_all};
use crate::model::{Cancel, Objective, PlanSettings, constraints, valuation};
use crate::optimizer::branch::branch;
use crate::optimizer::program::{Column, Program, Row, program_of, relax};
use crate::optimizer::simplex::{Outcome, Simplex};
use crate::optimizer::solver::{Solved, Verdict, solve};

fn settings(gap: f64, node_limit: u64) -> PlanSettings {
    PlanSettings {
        gap,
        node_limit,
        ..PlanSettings::default()
    }
}

/// None where the rows leave no count open, which is nothing to search.
fn run(program: &Program, gap: f64, node_limit: u64) -> Option<Solved> {
    let settings = settings(gap, node_limit);
    branch(program, None, &settings, &Cancel::new())
}

fn keeps(program: &Program, x: &[f64]) -> bool {
    x.iter().all(|x| x.fract() == 0.0 && *x >= 0.0)
        && program.rows.iter().all(|r| {
            let v = r.value(x);
            let size = r.coefficients.iter().fold(v.abs(), |m, a| m.max(a.abs()));
            r.low.is_none_or(|l| v >= l - 1e-8 * size)
                && r.high.is_none_or(|h| v <= h + 1e-8 * size)
        })
}

/// What must hold of an answer, whatever stopped the search.
fn sound(program: &Program, solved: &Solved, best: Option<f64>, gap: f64, case: usize) {
    if solved.found() {
        let best = best.expect("a point found is a point");
        assert!(keeps(program, &solved.x), "case {case}: {solved:?}");
        let slack = 1e-9 * best.abs();
        assert!(solved.objective <= best + slack, "case {case}");
        let bound = solved.bound.expect("a bound");
        assert!(bound >= best - slack, "case {case}: {bound} below {best}");
        if solved.verdict == Verdict::Optimal {
            let open = bound - solved.objective;
            assert!(
                open <= gap.max(1e-8) * solved.objective.abs() + 1e-9,
                "case {case}: {open}"
            );
        }
    } else if solved.verdict == Verdict::Infeasible {
        assert_eq!(best, None, "case {case}");
    } else {
        assert_eq!(solved.verdict, Verdict::NodeLimit, "case {case}");
    }
}

#[test]
fn agrees_with_trying_every_point() {
    let mut random = Random::new(11);
    let (mut feasible, mut infeasible, mut branched) = (0, 0, 0);
    for case in 0..2_000 {
        let program = random_program(&mut random);
        let best = try_all(&program);
        let gap = [0.0, 0.001, 0.05][case % 3];
        let Some(solved) = run(&program, gap, 100_000) else {
            continue;
        };
        sound(&program, &solved, best, gap, case);
        let expected = if best.is_some() {
            Verdict::Optimal
        } else {
            Verdict::Infeasible
        };
        assert_eq!(solved.verdict, expected, "case {case}");
        feasible += usize::from(best.is_some());
        infeasible += usize::from(best.is_none());
        branched += usize::from(solved.nodes > 3);
        let again = run(&program, gap, 100_000);
        assert_eq!(Some(solved), again, "case {case}");
    }
    let seen = (feasible, infeasible, branched);
    assert!(
        feasible > 600 && infeasible > 200 && branched > 300,
        "{seen:?}"
    );
}

#[test]
fn bounds_hold_wherever_the_search_stops() {
    let mut random = Random::new(12);
    let mut stopped = 0;
    for case in 0..1_000 {
        let program = random_program(&mut random);
        let best = try_all(&program);
        let Some(solved) = run(&program, 0.0, 1 + case as u64 % 7) else {
            continue;
        };
        sound(&program, &solved, best, 0.0, case);
        stopped += usize::from(matches!(
            solved.verdict,
            Verdict::Feasible | Verdict::NodeLimit
        ));
    }
    assert!(stopped > 100, "{stopped}");
}

#[test]
fn agrees_with_enumeration_of_models() {
    let mut random = Random::new(13);
    let (mut feasible, mut infeasible) = (0, 0);
    for case in 0..1_000 {
        let mut model = random_model(&mut random);
        if model.objective == Objective::Roas {
            model.objective = Objective::Profit;
        }
        let units = valuation::units(&model);
        let program = program_of(&model, &units, &constraints(&model, &units));
        let (best, _) = enumerate(&model, &units);
        let gap = if case % 2 == 0 { 0.001 } else { 0.0 };
        let Some(solved) = run(&program, gap, 100_000) else {
            continue;
        };
        sound(&program, &solved, best, gap, case);
        let proven = matches!(solved.verdict, Verdict::Optimal | Verdict::Infeasible);
        assert!(proven, "case {case}: {solved:?}");
        feasible += usize::from(best.is_some());
        infeasible += usize::from(best.is_none());
    }
    assert!(
        feasible > 250 && infeasible > 150,
        "{feasible} {infeasible}"
    );
}

/// Every column in many copies, which together are no more than the one was: nothing is gained by
/// it, but the program is wide enough for dives, narrowed boxes and searches among likely columns.
fn copied(program: &Program, copies: usize, most: f64) -> Program {
    let wide = |a: &[f64]| -> Vec<f64> {
        a.iter()
            .flat_map(|&a| std::iter::repeat_n(a, copies))
            .collect()
    };
    let n = program.columns.len();
    let own = program.rows.iter().map(|row| Row {
        coefficients: wide(&row.coefficients),
        ..row.clone()
    });
    let shared = (0..n).map(|j| {
        let mut a = vec![0.0; n];
        a[j] = 1.0;
        Row {
            coefficients: wide(&a),
            low: None,
            high: Some(program.columns[j].high.min(most)),
        }
    });
    Program {
        maximize: wide(&program.maximize),
        columns: program
            .columns
            .iter()
            .flat_map(|&c| std::iter::repeat_n(c, copies))
            .collect(),
        rows: own.chain(shared).collect(),
    }
}

#[test]
fn wide_programs_agree_with_trying_every_point() {
    let mut random = Random::new(15);
    let (mut feasible, mut infeasible, mut wide) = (0, 0, 0);
    for case in 0..150 {
        let program = random_program(&mut random);
        let best = try_all(&program);
        let program = copied(&program, 60, 6.0);
        let gap = [0.0, 0.001, 0.05][case % 3];
        let Some(solved) = run(&program, gap, 2_000) else {
            continue;
        };
        sound(&program, &solved, best, gap, case);
        feasible += usize::from(best.is_some() && solved.found());
        infeasible += usize::from(best.is_none());
        wide += usize::from(solved.nodes > 10);
        assert_eq!(Some(solved), run(&program, gap, 2_000), "case {case}");
    }
    let seen = (feasible, infeasible, wide);
    assert!(feasible > 50 && infeasible > 15 && wide > 30, "{seen:?}");
}

#[test]
fn a_start_is_kept_or_bettered_and_a_false_one_is_not_believed() {
    let mut random = Random::new(14);
    for case in 0..300 {
        let program = random_program(&mut random);
        let best = try_all(&program);
        for value in [0.0, 1.0, 6.0, 7.0, 0.5] {
            let start = vec![value; program.columns.len()];
            let settings = settings(0.0, 100_000);
            let Some(solved) = branch(&program, Some(&start), &settings, &Cancel::new()) else {
                continue;
            };
            sound(&program, &solved, best, 0.0, case);
        }
    }
}

#[test]
fn what_is_not_for_it_is_declined() {
    let column = |high: f64, integer: bool| Column {
        low: 0.0,
        high,
        integer,
    };
    let taken = |columns: [Column; 2]| {
        let program = Program {
            maximize: vec![1.0, 2.0],
            columns: columns.to_vec(),
            rows: Vec::new(),
        };
        branch(&program, None, &settings(0.0, 100), &Cancel::new()).is_some()
    };
    assert!(taken([column(3.0, true), column(5.0, true)]));
    assert!(!taken([column(3.0, true), column(5.0, false)]));
    assert!(!taken([column(3.0, true), column(f64::INFINITY, true)]));
}

#[test]
fn a_cancel_and_the_clock_stop_it() {
    let program = random_program(&mut Random::new(9));
    let cancel = Cancel::new();
    cancel.request();
    let solved = branch(&program, None, &settings(0.0, 100), &cancel).expect("fits");
    assert_eq!(solved.verdict, Verdict::Failed("interrupted".to_owned()));
    let late = PlanSettings {
        time_limit: -1.0,
        ..PlanSettings::default()
    };
    let solved = branch(&program, None, &late, &Cancel::new()).expect("fits");
    assert_eq!(solved.verdict, Verdict::TimeLimit { found: false });
}

/// One dictionary carried through boxes that change at random, against a fresh solve each.
#[test]
fn warm_relaxations_agree_with_cold_ones() {
    let mut random = Random::new(16);
    let (mut optimal, mut empty) = (0, 0);
    for case in 0..200 {
        let mut program = relax(&random_program(&mut random));
        let n = program.columns.len();
        let mut low = vec![0.0; n];
        let mut high = vec![6.0; n];
        let (mut matrix, mut wide) = (Vec::new(), Vec::new());
        for row in &program.rows {
            let size = row.coefficients.iter().fold(0.0_f64, |m, a| m.max(a.abs()));
            matrix.extend(row.coefficients.iter().map(|a| a / size));
            low.push(row.low.map_or(-1e3, |l| l / size));
            high.push(row.high.map_or(1e3, |h| h / size));
            wide.push((f64::NAN, f64::NAN));
        }
        let slack = vec![0.0; program.rows.len()];
        let mut simplex = Simplex::new(program.maximize.clone(), matrix, slack, wide, low, high);
        for _ in 0..20 {
            for j in 0..n {
                let a = random.below(7) as f64;
                let b = random.below(7) as f64;
                (simplex.low[j], simplex.high[j]) = (a.min(b), a.max(b));
                (program.columns[j].low, program.columns[j].high) = (a.min(b), a.max(b));
            }
            let (outcome, bound) = simplex.solve(f64::NEG_INFINITY, 1_000);
            let cold = solve(&program, &PlanSettings::default(), &Cancel::new());
            if outcome == Outcome::Empty {
                assert_eq!(cold.verdict, Verdict::Infeasible, "case {case}");
                empty += 1;
                continue;
            }
            assert_eq!(outcome, Outcome::Optimal, "case {case}");
            assert_eq!(cold.verdict, Verdict::Optimal, "case {case}");
            let size = cold.objective.abs().max(1e3);
            assert!(
                (bound - cold.objective).abs() <= 1e-6 * size,
                "case {case}: {bound} {cold:?}"
            );
            assert!(bound >= cold.objective - 1e-9 * size);
            optimal += 1;
        }
    }
    assert!(optimal > 300 && empty > 300, "{optimal} {empty}");
}
