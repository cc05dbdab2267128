//! Published optima: the seven test problems of Petersen (1967), "Computational experience with
//! variants of the Balas algorithm applied to the selection of R&D projects", Management Science
//! 13(9) 736–750, as OR-Library gives them (J. E. Beasley 1990, file mknap1):
//! max Σ pⱼxⱼ, Σ rᵢⱼxⱼ ≤ bᵢ, xⱼ 0 or 1. Two copies from unrelated places were found equal.

use crate::model::{Cancel, PlanSettings};
use crate::optimizer::branch::{branch, solve_whole};
use crate::optimizer::program::{Column, Program, Row};
use crate::optimizer::solver::{Solved, Verdict, solve};

const FILE: &str = include_str!("mknap1.txt");

/// The programs, each with its published optimum.
fn published() -> Vec<(Program, f64)> {
    let mut numbers = FILE
        .split_whitespace()
        .map(|word| word.parse::<f64>().expect("a number"));
    let mut next = |n: usize| -> Vec<f64> { numbers.by_ref().take(n).collect() };
    let problems = next(1)[0] as usize;
    (0..problems)
        .map(|_| {
            let head = next(3);
            let (n, m) = (head[0] as usize, head[1] as usize);
            let maximize = next(n);
            let rows: Vec<Vec<f64>> = (0..m).map(|_| next(n)).collect();
            let most = next(m);
            let column = Column {
                low: 0.0,
                high: 1.0,
                integer: true,
            };
            let program = Program {
                maximize,
                columns: vec![column; n],
                rows: rows
                    .into_iter()
                    .zip(most)
                    .map(|(coefficients, most)| Row {
                        coefficients,
                        low: None,
                        high: Some(most),
                    })
                    .collect(),
            };
            (program, head[2])
        })
        .collect()
}

fn is_the_optimum(solved: &Solved, program: &Program, optimum: f64, who: &str) {
    assert_eq!(solved.verdict, Verdict::Optimal, "{who} at {optimum}");
    let near = |value: f64| (value - optimum).abs() <= 1e-6 * optimum;
    assert!(
        near(solved.objective),
        "{who}: {} not {optimum}",
        solved.objective
    );
    assert!(near(solved.bound.expect("a bound")), "{who} at {optimum}");
    let keeps = |r: &Row| r.high.is_none_or(|h| r.value(&solved.x) <= h);
    assert!(program.rows.iter().all(keeps), "{who} at {optimum}");
    let whole = solved.x.iter().all(|&x| x == 0.0 || x == 1.0);
    assert!(whole, "{who} at {optimum}");
}

#[test]
fn published_optima_are_found_and_proven() {
    let published = published();
    let optima: Vec<f64> = published.iter().map(|(_, optimum)| *optimum).collect();
    let known = [
        3_800.0, 8_706.1, 4_015.0, 6_120.0, 12_400.0, 10_618.0, 16_537.0,
    ];
    assert_eq!(optima, known);
    let settings = PlanSettings {
        gap: 0.0,
        node_limit: 200_000,
        ..PlanSettings::default()
    };
    let cancel = Cancel::new();
    for (program, optimum) in &published {
        let ours = branch(program, None, &settings, &cancel).expect("a program for it");
        is_the_optimum(&ours, program, *optimum, "the own search");
        let both = solve_whole(program, None, &settings, &cancel);
        is_the_optimum(&both, program, *optimum, "the default");
        let other = solve(program, &settings, &cancel);
        is_the_optimum(&other, program, *optimum, "microlp");
    }
}
