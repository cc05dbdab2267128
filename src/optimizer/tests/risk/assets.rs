//! Continuous programs: three normal assets, and the full sampled program.

use ndarray::Array2;

use super::normal;
use crate::model::conditional::GainMoments;
use crate::model::{Cancel, FactorSample, PlanSettings};
use crate::optimizer::backend::clarabel;
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Column, Program, Row, dot};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::risk::{Case, Measure, Rule, Run, Worth, testing};
use crate::optimizer::tests::Random;
use crate::stats::special::{normal_pdf, normal_quantile};

/// Assets as tiers: an asset's return is the factor on its conversions, without any spread left.
fn returns(rows: &[Vec<f64>]) -> FactorSample {
    let (assets, trials) = (rows.len(), rows[0].len());
    let table = Array2::from_shape_vec((assets, trials), rows.concat()).unwrap();
    FactorSample {
        order: Array2::ones(table.dim()),
        fee: Array2::ones(table.dim()),
        conversions: table,
    }
}

fn rule(sample: &FactorSample, measure: Measure, least: f64, scale: f64) -> Rule<'_> {
    let n = sample.conversions.nrows();
    let plain = GainMoments {
        mean: [0.0, 1.0, 0.0, 0.0],
        variance: [0.0; 10],
    };
    testing::rule(
        sample,
        (0..n).collect(),
        vec![plain; n],
        (measure, least, scale),
    )
}

fn columns(n: usize, low: f64) -> Vec<Column> {
    vec![
        Column {
            low,
            high: f64::INFINITY,
            integer: false,
        };
        n
    ]
}

/// w = Σ⁻¹1/a + (σ/k) Σ⁻¹(µ − (b/a)1) with a = 1'Σ⁻¹1, b = 1'Σ⁻¹µ, c = µ'Σ⁻¹µ and
/// σ² = (1/a) / (1 − (c − b²/a)/k²) maximizes µ'w − k·sd(w) over weights that sum to one; the tail
/// mean of a normal has k = φ(z)/(1 − α).
#[test]
fn three_normal_assets_have_their_closed_form() {
    let level = 0.9;
    let k = normal_pdf(normal_quantile(level)) / (1.0 - level);
    let mean = [0.05, 0.07, 0.06];
    let sd = [0.10, 0.16, 0.12];
    let rho = [[1.0, 0.3, 0.1], [0.3, 1.0, 0.4], [0.1, 0.4, 1.0]];
    let l = crate::stats::cholesky(&rho).unwrap();
    // Σ⁻¹ by columns, from the factor.
    let solve = |b: [f64; 3]| -> [f64; 3] {
        let mut y = [0.0; 3];
        for i in 0..3 {
            let known: f64 = (0..i).map(|j| l[i][j] * y[j]).sum();
            y[i] = (b[i] / sd[i] - known) / l[i][i];
        }
        let mut x = [0.0; 3];
        for i in (0..3).rev() {
            let known: f64 = (i + 1..3).map(|j| l[j][i] * x[j]).sum();
            x[i] = (y[i] - known) / l[i][i];
        }
        [0, 1, 2].map(|i: usize| x[i] / sd[i])
    };
    let (ones, of_mean) = (solve([1.0; 3]), solve(mean));
    let a: f64 = ones.iter().sum();
    let b: f64 = of_mean.iter().sum();
    let c = dot(&mean, &of_mean);
    let sigma = (1.0 / a / (1.0 - (c - b * b / a) / (k * k))).sqrt();
    let wanted: Vec<f64> = (0..3)
        .map(|i| ones[i] / a + sigma / k * (of_mean[i] - b / a * ones[i]))
        .collect();
    assert!(wanted.iter().all(|w| *w > 0.05), "{wanted:?}");
    let best = dot(&mean, &wanted) - k * sigma;

    let mut random = Random::new(11);
    let trials = 100_000;
    let mut rows = vec![Vec::new(); 3];
    for _ in 0..trials / 2 {
        let e = [0; 3].map(|_| normal(&mut random));
        for sign in [1.0, -1.0] {
            for i in 0..3 {
                let z: f64 = (0..=i).map(|j| l[i][j] * e[j]).sum();
                rows[i].push(mean[i] + sign * sd[i] * z);
            }
        }
    }
    let sample = returns(&rows);
    let program = Program {
        maximize: vec![0.0; 3],
        columns: columns(3, 0.0),
        rows: vec![Row {
            coefficients: vec![1.0; 3],
            low: Some(1.0),
            high: Some(1.0),
        }],
    };
    let goal = Goal::Sum(mean.to_vec());
    let settings = PlanSettings::default();
    let cancel = Cancel::new();
    let tail = rule(&sample, Measure::Tail(level), 0.0, 0.1);
    let case = Case {
        program: &program,
        goal: &goal,
        rules: Vec::new(),
        worth: Some(Worth {
            mean: 0.0,
            cvar: 1.0,
            tail,
        }),
        relaxations: &settings,
        cancel: &cancel,
        clock: (std::time::Instant::now(), f64::INFINITY),
    };
    let run = Run {
        case: &case,
        settings: &settings,
        fractional: true,
    };
    let relaxed = solve_relaxed(&program, &goal, &settings, &cancel);
    let found = run.best(&relaxed).unwrap().solved;
    // The tail mean of 100,000 trials has an error of about sd·√(1/(n(1 − α))) = 0.0009; five of them.
    assert!((found.objective - best).abs() < 0.0045, "{found:?} {best}");
    // In true terms the weights found lose next to nothing.
    let own = |w: &[f64]| {
        let mut variance = 0.0;
        for i in 0..3 {
            for j in 0..3 {
                variance += w[i] * w[j] * sd[i] * sd[j] * rho[i][j];
            }
        }
        dot(&mean, w) - k * f64::sqrt(variance)
    };
    assert!((own(&wanted) - best).abs() < 1e-12);
    assert!(best - own(&found.x) < 2e-4, "{} {best}", own(&found.x));
    for (found, wanted) in found.x.iter().zip(&wanted) {
        assert!((found - wanted).abs() < 0.03, "{found} {wanted}");
    }
}

/// max c·x under a budget and a tail mean, with one unknown a trial: Rockafellar and Uryasev's
/// program. Columns: counts, η, shortfalls.
fn full(c: &[f64], cost: &[f64], sample: &FactorSample, (level, least): (f64, f64)) -> Program {
    let (n, trials) = sample.conversions.dim();
    let all = n + 1 + trials;
    let mut columns = columns(all, 0.0);
    columns[n].low = -1e6;
    let mut maximize = c.to_vec();
    maximize.resize(all, 0.0);
    let mut spend = cost.to_vec();
    spend.resize(all, 0.0);
    let mut rows = vec![Row {
        coefficients: spend,
        low: None,
        high: Some(1.0),
    }];
    let mut tail = vec![0.0; all];
    tail[n] = 1.0;
    tail[n + 1..].fill(-1.0 / ((1.0 - level) * trials as f64));
    rows.push(Row {
        coefficients: tail,
        low: Some(least),
        high: None,
    });
    for t in 0..trials {
        // shortfall ≥ η − gain
        let mut row = vec![0.0; all];
        for (i, a) in row.iter_mut().take(n).enumerate() {
            *a = sample.conversions[[i, t]];
        }
        row[n] = -1.0;
        row[n + 1 + t] = 1.0;
        rows.push(Row {
            coefficients: row,
            low: Some(0.0),
            high: None,
        });
    }
    Program {
        maximize,
        columns,
        rows,
    }
}

#[test]
fn cuts_reach_the_optimum_of_the_full_sampled_program() {
    let mut random = Random::new(8);
    let settings = PlanSettings::default();
    let cancel = Cancel::new();
    let mut bitten = 0;
    for case in 0..20 {
        let n = 3 + random.below(4);
        let trials = 100 + random.below(150);
        let mut rows = Vec::new();
        let mut c = Vec::new();
        for _ in 0..n {
            let (mean, s) = (random.between(1.0, 2.0), random.between(0.1, 0.8));
            // The larger the mean the wilder.
            let s = s * mean * mean / 2.0;
            rows.push(
                (0..trials)
                    .map(|_| mean + s * normal(&mut random))
                    .collect::<Vec<f64>>(),
            );
            c.push(mean);
        }
        let cost: Vec<f64> = (0..n).map(|_| random.between(0.8, 1.2)).collect();
        let sample = returns(&rows);
        let level = [0.8, 0.9, 0.95][random.below(3)];
        let program = Program {
            maximize: c.clone(),
            columns: columns(n, 0.0),
            rows: vec![Row {
                coefficients: cost.clone(),
                low: None,
                high: Some(1.0),
            }],
        };
        let goal = Goal::Sum(c.clone());
        let relaxed = solve_relaxed(&program, &goal, &settings, &cancel);
        let at = rule(&sample, Measure::Tail(level), 0.0, 1.0)
            .value(&relaxed.x)
            .value;
        let least =
            at + random.between(0.05, 0.3) * (c.iter().fold(0.0_f64, |m, &c| m.max(c)) - at);
        let wanted = clarabel(&full(&c, &cost, &sample, (level, least)));
        let own = Case {
            program: &program,
            goal: &goal,
            rules: vec![rule(&sample, Measure::Tail(level), least, 1.0)],
            worth: None,
            relaxations: &settings,
            cancel: &cancel,
            clock: (std::time::Instant::now(), f64::INFINITY),
        };
        let run = Run {
            case: &own,
            settings: &settings,
            fractional: true,
        };
        let found = run.best(&relaxed);
        match (wanted, found) {
            (Ok(wanted), Ok(found)) if wanted.found() => {
                bitten += 1;
                let (wanted, found) = (wanted.objective, found.solved);
                assert!(own.keeps(&found.x), "case {case}");
                assert!(
                    (found.objective / wanted - 1.0).abs() < 1e-4,
                    "case {case}: {} {wanted}",
                    found.objective
                );
                assert!(found.bound.unwrap() >= wanted * (1.0 - 1e-6), "case {case}");
            }
            (Ok(wanted), Err(_)) => assert!(!wanted.found(), "case {case}"),
            (Err(_), Err(_)) => {}
            (wanted, found) => panic!("case {case}: {wanted:?} {:?}", found.map(|f| f.solved)),
        }
    }
    assert!(bitten >= 10, "{bitten}");
}
