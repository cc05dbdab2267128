//! The search that is told sums and limits beside a program's rows, against every point tried.

use super::Random;
use super::solving::random_program;
use crate::model::{Cancel, Excess, PlanSettings};
use crate::optimizer::branch::{Part, Structure, Sum, solve_structured};
use crate::optimizer::program::{Program, dot};
use crate::optimizer::solver::{Solved, Verdict};

/// Counts go up to it.
const MOST: usize = 6;

/// The best value of a whole point that keeps rows and limits.
fn try_all(program: &Program, limits: &[(Excess, f64)]) -> Option<f64> {
    let n = program.columns.len();
    let points = (0..(MOST + 1).pow(n as u32)).map(|code| -> Vec<f64> {
        let digit = |i: usize| code / (MOST + 1).pow(i as u32) % (MOST + 1);
        (0..n).map(|i| digit(i) as f64).collect()
    });
    let keeps = |x: &Vec<f64>| {
        let rows = program.rows.iter().all(|r| {
            let value = r.value(x);
            r.low.is_none_or(|l| value >= l) && r.high.is_none_or(|h| value <= h)
        });
        rows && limits.iter().all(|(sum, high)| sum.value(x) <= *high)
    };
    let values = points.filter(keeps).map(|x| dot(&program.maximize, &x));
    values.reduce(f64::max)
}

fn random_sums(random: &mut Random, n: usize) -> Vec<Sum> {
    let sum = |random: &mut Random| -> Sum {
        let member = |j| (j, (random.below(4)) as f64);
        (0..n).map(member).filter(|&(_, a)| a > 0.0).collect()
    };
    let number = random.below(5);
    let sums: Vec<Sum> = (0..number).map(|_| sum(random)).collect();
    sums.into_iter().filter(|sum| sum.len() > 1).collect()
}

fn random_limits(random: &mut Random, n: usize) -> Vec<(Excess, f64)> {
    let number = random.below(3);
    let limit = |random: &mut Random| {
        let part = |random: &mut Random| {
            let (a, b) = (random.below(n), random.below(n));
            let mut of = vec![(a, 1.0)];
            if a != b {
                of.push((b, -random.between(0.2, 1.0)));
            }
            (of, random.below(3) as f64)
        };
        let parts = 1 + random.below(4);
        let parts = (0..parts).map(|_| part(random)).collect();
        (Excess::new(parts, n), random.between(0.5, 8.0))
    };
    (0..number).map(|_| limit(random)).collect()
}

/// `nodes` are for the plain search, which comes first.
fn solved(program: &Program, structure: &Structure, gap: f64, nodes: u64) -> Solved {
    let settings = PlanSettings {
        gap,
        node_limit: nodes,
        ..PlanSettings::default()
    };
    solve_structured(program, Some(structure), None, &settings, &Cancel::new())
}

#[test]
fn agrees_with_trying_every_point() {
    let mut random = Random::new(20_261_123);
    let (mut feasible, mut empty, mut passed) = (0, 0, 0);
    for case in 0..1_500 {
        let program = random_program(&mut random);
        let n = program.columns.len();
        let parts = (0..n).map(|_| {
            let start = random.below(2);
            Part {
                months: start..2,
                lasts: random.chance(0.3),
            }
        });
        let parts = parts.collect();
        let structure = Structure {
            sums: random_sums(&mut random, n),
            parts,
            limits: random_limits(&mut random, n),
            work: 1e9,
        };
        let gap = [0.0, 0.001][case % 2];
        let nodes = [1, 1, 20_000][case % 3];
        let found = solved(&program, &structure, gap, nodes);
        let Some(best) = try_all(&program, &structure.limits) else {
            assert_eq!(found.verdict, Verdict::Infeasible, "case {case}");
            empty += 1;
            continue;
        };
        feasible += 1;
        let loose = try_all(&program, &[]).expect("there are points");
        passed += usize::from(loose > best + 1e-9 * best.abs());
        assert_eq!(found.verdict, Verdict::Optimal, "case {case}");
        for (sum, high) in &structure.limits {
            let value = sum.value(&found.x);
            assert!(value <= high + 1e-7, "case {case}: {value} above {high}");
        }
        let slack = 1e-7 * best.abs().max(1.0);
        assert!(found.objective <= best + slack, "case {case}");
        let bound = found.bound.expect("a bound");
        assert!(bound >= best - slack, "case {case}: {bound} below {best}");
        let open = bound - found.objective;
        assert!(
            open <= gap.max(1e-8) * found.objective.abs() + 1e-9,
            "case {case}: {} of {best}, bound {bound}",
            found.objective
        );
        assert_eq!(
            solved(&program, &structure, gap, nodes),
            found,
            "case {case}"
        );
    }
    assert!(
        feasible > 500 && empty > 150 && passed > 100,
        "{feasible} {empty} {passed}"
    );
}

#[test]
fn ends_by_its_work_with_a_bound_that_holds() {
    let mut random = Random::new(77);
    let mut stopped = 0;
    for case in 0..400 {
        let program = random_program(&mut random);
        let n = program.columns.len();
        let structure = Structure {
            work: 100.0,
            parts: vec![
                Part {
                    months: 0..1,
                    lasts: false
                };
                n
            ],
            ..Structure::default()
        };
        let found = solved(&program, &structure, 0.0, 1);
        stopped += usize::from(matches!(
            found.verdict,
            Verdict::Feasible | Verdict::NodeLimit
        ));
        let (Some(best), Some(bound)) = (try_all(&program, &[]), found.bound) else {
            continue;
        };
        assert!(bound >= best - 1e-7 * best.abs().max(1.0), "case {case}");
    }
    assert!(stopped > 20, "{stopped}");
}
