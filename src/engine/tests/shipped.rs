//! Every shipped scenario against the slow reference simulator: means, standard deviations and
//! quantiles of all metrics of all plans, in total and by tier.

use std::path::Path;

use rayon::prelude::*;

use crate::engine::{SimulationSettings, plan_models, simulate_plans};
use crate::fixture::reference;
use crate::model::{Cancel, Metric, Model, NoProgress, Plan, PlanSettings, Quantity, Trials};
use crate::scenario::{self, Overrides};
use crate::stats;
use crate::summary::{ScopeKind, Scopes, SummaryRow};

/// Chance that fresh seeds fail one check or more although all is right, shared out evenly over all
/// checks (Bonferroni). Errors are normal in the limit; standard deviations are compared by their
/// logarithms, which get there sooner.
const FALSE_ALARM: f64 = 1e-3;
/// Trials of the reference and of the engine.
const SLOW: usize = 4_000;
const FAST: u64 = 1 << 16;
/// Levels of the engine's quantiles.
const LEVELS: [f64; 7] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95];

struct Check {
    what: String,
    found: f64,
    wanted: f64,
    z: f64,
}

/// A metric of a scope, trial by trial, from the reference's cells; `None` where not defined.
fn metric(model: &Model, cells: &[(usize, &[Vec<f64>; 6])], metric: Metric) -> Option<Vec<f64>> {
    let total = |quantity: Quantity| -> Option<Vec<f64>> {
        let mut sum = vec![0.0; SLOW];
        for (cell, columns) in cells {
            if !model.defines(model.cells[*cell].tier, quantity) {
                return None;
            }
            let margin = model.order.margin;
            for (t, sum) in sum.iter_mut().enumerate() {
                let of = |i: usize| columns[i][t];
                *sum += match quantity {
                    Quantity::Spend => of(0),
                    Quantity::Impressions => of(1),
                    Quantity::Engagements => of(2),
                    Quantity::Clicks => of(3),
                    Quantity::Conversions => of(4),
                    Quantity::Revenue => of(5),
                    Quantity::Profit => margin * of(5) - of(0),
                    Quantity::NetReach => unreachable!("left out below"),
                };
            }
        }
        Some(sum)
    };
    let numerator = total(metric.numerator())?;
    let Some(denominator) = metric.denominator() else {
        return Some(numerator);
    };
    let ratio = |(n, d): (&f64, &f64)| {
        if *d == 0.0 {
            f64::NAN
        } else {
            metric.factor() * n / d
        }
    };
    Some(
        numerator
            .iter()
            .zip(&total(denominator)?)
            .map(ratio)
            .collect(),
    )
}

/// Compares a row of the summary with the reference's values.
fn compare(what: &str, row: &SummaryRow, slow: &[f64], checks: &mut Vec<Check>) {
    let estimate = &row.estimate;
    let values: Vec<f64> = slow.iter().copied().filter(|v| !v.is_nan()).collect();
    let (n, engine) = (values.len() as f64, FAST as f64);
    let mut check = |name: &str, found: f64, wanted: f64, error: f64| {
        // Sums of the same numbers in another order differ in their last digits.
        let off = ((found - wanted).abs() - 1e-9 * wanted.abs()).max(0.0);
        checks.push(Check {
            what: format!("{what} {name}"),
            found,
            wanted,
            z: if off == 0.0 { 0.0 } else { off / error },
        });
    };
    let undefined = 1.0 - n / slow.len() as f64;
    let share_error = |p: f64, n: f64, m: f64| (p * (1.0 - p) * (1.0 / n + 1.0 / m)).sqrt();
    // A share of zero has an error too.
    let pooled = (undefined * slow.len() as f64 + estimate.undefined_share * engine + 0.5)
        / (slow.len() as f64 + engine);
    check(
        "undefined share",
        estimate.undefined_share,
        undefined,
        share_error(pooled, slow.len() as f64, engine),
    );
    let (Some(mean), Some(sd)) = (estimate.mean, estimate.sd) else {
        assert!(values.len() < 2, "{what}: defined in the reference alone");
        return;
    };
    if values.len() < 200 {
        return;
    }
    let m = values.iter().sum::<f64>() / n;
    let central = |k: i32| values.iter().map(|v| (v - m).powi(k)).sum::<f64>() / n;
    let variance = central(2);
    let fast_n = engine * (1.0 - estimate.undefined_share);
    check(
        "mean",
        mean,
        m,
        (variance * (1.0 / n + 1.0 / fast_n)).sqrt(),
    );
    if variance > 1e-18 * m * m {
        let kurtosis = central(4) / (variance * variance);
        let error = 0.5 * ((kurtosis - 1.0) * (1.0 / n + 1.0 / fast_n)).sqrt();
        check("ln sd", sd.ln(), 0.5 * variance.ln(), error);
    } else {
        assert!(sd <= 1e-9 * mean.abs(), "{what}: sd {sd}");
    }
    for (p, quantile) in LEVELS.into_iter().zip(estimate.quantiles) {
        let Some(at) = quantile else { continue };
        let slack = 1e-9 * at.abs();
        let share = |f: &dyn Fn(f64) -> bool| values.iter().filter(|&&v| f(v)).count() as f64 / n;
        let (below, up_to) = (share(&|v| v < at - slack), share(&|v| v <= at + slack));
        // Of a discrete law the level lies between the two shares.
        let nearest = p.clamp(below, up_to.max(below));
        check(
            &format!("p{:02.0}", 100.0 * p),
            p,
            nearest,
            share_error(p, n, fast_n),
        );
    }
}

/// The checks of one plan.
fn plan(name: &str, model: &Model, plan: &Plan, rows: &[SummaryRow], seed: u64) -> Vec<Check> {
    assert_eq!(model.months, 1);
    let columns = reference::simulate(model, &plan.counts.row(0), SLOW, seed);
    let booked: Vec<usize> = (0..model.cells.len())
        .filter(|&cell| plan.counts[[0, cell]] > 0.0)
        .collect();
    let cells: Vec<_> = booked.into_iter().zip(&columns).collect();
    let mut checks = Vec::new();
    for row in rows
        .iter()
        .filter(|r| r.plan == plan.name && r.month.is_none())
    {
        // Net reach is not a sum over cells; its share is in the conversions.
        let parts = [Some(row.metric.numerator()), row.metric.denominator()];
        if parts.contains(&Some(Quantity::NetReach)) {
            continue;
        }
        let tier = match row.scope.kind {
            ScopeKind::Total => None,
            ScopeKind::Tier => row.scope.tier.clone(),
            _ => continue,
        };
        let own: Vec<_> = cells
            .iter()
            .copied()
            .filter(|(cell, _)| {
                let of = &model.tiers[model.cells[*cell].tier].name;
                tier.as_ref().is_none_or(|tier| tier == of)
            })
            .collect();
        if own.is_empty() {
            continue;
        }
        let scope = tier.as_deref().unwrap_or("total");
        let what = format!("{name}/{} {scope} {}", plan.name, row.metric.name());
        match metric(model, &own, row.metric) {
            Some(slow) => compare(&what, row, &slow, &mut checks),
            None => assert_eq!(row.estimate.mean, None, "{what}"),
        }
    }
    checks
}

/// All checks of a scenario file.
fn scenario_checks(path: &Path) -> Vec<Check> {
    let read = scenario::read_file(path, &Overrides::default()).unwrap();
    if read.base.months > 1 {
        // The slow reference knows one month; months are held against closed forms (`simulator/tests`, `tests/scenarios.rs`).
        return Vec::new();
    }
    let mut models = vec![read.base.clone()];
    models.extend(read.what_ifs.iter().cloned());
    let cancel = Cancel::new();
    let planned = plan_models(models, &PlanSettings::default(), &NoProgress, &cancel).unwrap();
    let settings = SimulationSettings {
        seed: read.seed,
        trials: Trials::Fixed(FAST),
        scopes: Scopes::All,
        block: 8192,
    };
    let result =
        simulate_plans(&read.name, planned, &settings, None, &NoProgress, &cancel).unwrap();
    result
        .plans
        .par_iter()
        .enumerate()
        .filter(|(_, p)| p.plan.is_usable())
        .flat_map_iter(|(i, p)| {
            plan(
                &read.name,
                &p.model,
                &p.plan,
                &result.summary,
                900 + i as u64,
            )
        })
        .collect()
}

#[test]
fn every_shipped_scenario_agrees_with_the_slow_reference() {
    let mut files: Vec<_> = std::fs::read_dir("scenarios")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 11, "shipped scenarios are missing");
    let checks: Vec<Check> = files
        .par_iter()
        .flat_map_iter(|f| scenario_checks(f))
        .collect();
    assert!(checks.len() > 3000, "{} checks", checks.len());
    let limit = stats::normal_quantile(1.0 - FALSE_ALARM / (2.0 * checks.len() as f64));
    let failed: Vec<String> = checks
        .iter()
        .filter(|c| c.z.is_nan() || c.z > limit)
        .map(|c| {
            format!(
                "{}: {} is not {} ({:.1} errors)",
                c.what, c.found, c.wanted, c.z
            )
        })
        .collect();
    assert!(
        failed.is_empty(),
        "of {} checks, {} exceed {limit:.2} errors:\n{}",
        checks.len(),
        failed.len(),
        failed.join("\n")
    );
}
