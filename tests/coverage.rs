//! Whether stated 95 % intervals hold the truth 95 times in a hundred.

use std::fmt::Write as _;

use influencer_matrix::engine::{self, SimulationSettings};
use influencer_matrix::model::{
    Bound, Cancel, Metric, Model, NoProgress, Origin, Plan, PlanSettings, Target, TargetScope,
    Trials,
};
use influencer_matrix::optimizer;
use influencer_matrix::scenario::{self, Overrides};
use influencer_matrix::stats::normal_quantile;
use influencer_matrix::summary::{ScopeKind, Scopes};
use rayon::prelude::*;

/// Seeds of which each states its intervals.
const SEEDS: u64 = 1000;

/// Trials of the run that stands for the truth.
const TRUTH: u64 = 1 << 22;

/// Both bases, all kinds of random input, two plans that share creators.
const SMALL: &str = r#"
schema = 1
name = "small"
budget = 20_000
seed = 1
tiers.use = ["mid", "micro"]
tiers.mid = { fee = "1_000 to 5_000", benchmark = { cpm = 20, cpe = 2, cpa = "30 to 60" } }
tiers.micro = { followers = "1k to 10k", engagement_rate = "10% to 20%" }
counts = { "mid.sponsored" = 3, "micro.sponsored" = 6, "micro.seeding" = 4 }
[[what_if]]
name = "more micro"
counts = { "mid.sponsored" = 2, "micro.sponsored" = 12, "micro.seeding" = 4 }
"#;

/// An estimate with its stated error.
#[derive(Debug, Clone)]
struct Stated {
    what: String,
    value: f64,
    error: f64,
}

fn planned(levels: &[(Metric, f64)]) -> Vec<(Model, Plan)> {
    let scenario = scenario::read_text("small.toml", SMALL, &Overrides::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let targets: Vec<Target> = levels
        .iter()
        .map(|&(metric, level)| Target {
            metric,
            scope: TargetScope::Total,
            bound: Bound::AtLeast(level),
            with: None,
            enforce: false,
            key: format!("targets.{}", metric.name()),
            origin: Origin::Default,
        })
        .collect();
    let models = scenario.models().map(|model| {
        let mut model = model.clone();
        model.targets.clone_from(&targets);
        let plan = optimizer::plan(&model, &PlanSettings::default(), &Cancel::new());
        (model, plan)
    });
    models.collect()
}

/// Means, medians, outer quantiles, ratios of means and probabilities of both plans, and their
/// paired differences.
fn run(planned: &[(Model, Plan)], seed: u64, trials: u64) -> Vec<Stated> {
    let settings = SimulationSettings {
        seed,
        trials: Trials::Fixed(trials),
        scopes: Scopes::Total,
        block: 8192,
    };
    let plans = planned.to_vec();
    let cancel = Cancel::new();
    let result =
        engine::simulate_plans("small", plans, &settings, None, &NoProgress, &cancel).unwrap();
    let mut out = Vec::new();
    let mut state = |what: String, value: Option<f64>, error: Option<f64>| {
        if let (Some(value), Some(error)) = (value, error) {
            out.push(Stated { what, value, error });
        }
    };
    for row in &result.summary {
        let e = &row.estimate;
        let name = |kind: &str| format!("{} {} {kind}", row.plan, row.metric.name());
        state(name("mean"), e.mean, e.mc_error);
        state(name("p05"), e.p05(), e.quantile_errors[0]);
        state(name("median"), e.p50(), e.quantile_errors[1]);
        state(name("p95"), e.p95(), e.quantile_errors[2]);
        state(
            name("ratio of means"),
            e.ratio_of_means,
            e.ratio_of_means_error,
        );
        state(name("probability"), e.prob_target, e.prob_target_error);
    }
    for row in &result.comparison {
        assert_eq!(row.scope.kind, ScopeKind::Total);
        let name = |kind: &str| format!("{} − base {} {kind}", row.plan, row.metric.name());
        state(name("mean"), row.mean_difference, row.mc_error);
        state(name("better"), row.prob_better, row.prob_better_error);
    }
    out
}

/// Levels met with probabilities from 5 to 95 %, a metric each.
fn levels() -> Vec<(Metric, f64)> {
    let settings = SimulationSettings {
        seed: 77,
        trials: Trials::Fixed(1 << 16),
        scopes: Scopes::Total,
        block: 8192,
    };
    let plans = planned(&[]);
    let result =
        engine::simulate_plans("small", plans, &settings, None, &NoProgress, &Cancel::new())
            .unwrap();
    let chosen = [
        (Metric::Spend, 6),
        (Metric::Revenue, 0),
        (Metric::Conversions, 1),
        (Metric::Impressions, 2),
        (Metric::Roas, 3),
        (Metric::Cpa, 4),
        (Metric::Engagements, 5),
        (Metric::Cpm, 6),
    ];
    let level = |(metric, quantile): (Metric, usize)| {
        let row = result.summary.iter().find(|row| row.metric == metric)?;
        Some((metric, row.estimate.quantiles[quantile]?))
    };
    chosen.into_iter().filter_map(level).collect()
}

/// Shares of seeds whose interval, value ± 1.96 × error, holds the truth.
fn coverage(planned: &[(Model, Plan)], truth: &[Stated], trials: u64) -> Vec<f64> {
    let z = normal_quantile(0.975);
    let runs: Vec<Vec<Stated>> = (0..SEEDS)
        .into_par_iter()
        .map(|seed| run(planned, 1_000 + seed, trials))
        .collect();
    truth
        .iter()
        .enumerate()
        .map(|(i, truth)| {
            let held = runs.iter().filter(|run| {
                let stated = &run[i];
                assert_eq!(stated.what, truth.what);
                // The truth's own error, a fiftieth of the stated one or less, is allowed for.
                let off = (stated.value - truth.value).abs();
                off <= z * stated.error.hypot(truth.error)
            });
            held.count() as f64 / SEEDS as f64
        })
        .collect()
}

/// Every mean, median, ratio of means, paired difference and probability between 0.02 and 0.98 of
/// two plans: over 1,000 seeds its 95 % interval holds the truth 92 to 98 % of the time. A perfect
/// interval would leave that range for a fresh set of seeds once in 48,000 (binomial), and one of
/// the 127 figures once in 380; the seeds are fixed. Outer quantiles, whose error leans on few
/// trials, are asked for 90 %.
#[test]
fn stated_intervals_hold_the_truth() {
    let planned = planned(&levels());
    let truth = run(&planned, 5, TRUTH);
    let mut report = String::new();
    let mut wrong = 0;
    let mut figures = 0;
    for (stated, share) in truth.iter().zip(coverage(&planned, &truth, 2048)) {
        let probability = stated.what.ends_with("probability") || stated.what.ends_with("better");
        if probability && !(0.02..=0.98).contains(&stated.value) {
            continue;
        }
        figures += 1;
        let outer = stated.what.ends_with("p05") || stated.what.ends_with("p95");
        let least = if outer { 0.90 } else { 0.92 };
        let right = (least..=0.98).contains(&share);
        wrong += usize::from(!right);
        let mark = if right { "" } else { "  <<<" };
        let _ = writeln!(
            report,
            "{share:.3} {} = {:.5e}{mark}",
            stated.what, stated.value
        );
    }
    assert!(figures > 60, "only {figures} figures");
    assert!(wrong == 0, "{report}");
}

/// So few trials that errors are those of independent trials: intervals may be too wide, since
/// evenly spread points do better, but not too narrow.
#[test]
fn intervals_of_few_trials_are_not_too_narrow() {
    let planned = planned(&levels());
    let truth = run(&planned, 5, 1 << 20);
    let mut narrow = String::new();
    for (stated, share) in truth.iter().zip(coverage(&planned, &truth, 400)) {
        let kind = ["mean", "median", "ratio of means"];
        if kind.iter().any(|kind| stated.what.ends_with(kind)) && share < 0.92 {
            let _ = writeln!(narrow, "{share:.3} {}", stated.what);
        }
    }
    assert!(narrow.is_empty(), "{narrow}");
}
