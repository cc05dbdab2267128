//! How long the two sizes take that horizons are held to; `benches/quarter.rs` measures the same from scenario files.
//! `cargo test --release --lib simulator::tests::speed -- --ignored --nocapture`.

use std::time::Instant;

use ndarray::Array2;

use super::market::{by_followers, model, number};
use crate::engine::{SimulationSettings, simulate_plans};
use crate::fixture;
use crate::model::{
    Cancel, Horizon, NoProgress, Objective, Origin, Pipeline, Plan, PlanStatus, Trials,
};
use crate::summary::Scopes;

/// Largest memory of the process so far, in MB, where the system tells.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}

#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stderr, reason = "what it is for")]
fn horizons() {
    let tiers = || {
        vec![
            by_followers("mega", (5e5, 5e6), (1e4, 5e4), (0.01, 0.03)),
            by_followers("macro", (1e5, 5e5), (5e3, 2e4), (0.03, 0.05)),
            by_followers("mid", (1e4, 1e5), (1e3, 5e3), (0.05, 0.10)),
            by_followers("micro", (1e3, 1e4), (200.0, 1e3), (0.10, 0.20)),
            by_followers("nano", (1e2, 1e3), (20.0, 100.0), (0.20, 0.30)),
        ]
    };
    for (months, times, trials) in [(3, 1.0, 100_000), (24, 5.0, 10_000)] {
        for what in ["plain", "sales over time", "pipeline"] {
            let mut model = model(tiers(), &["sponsored", "affiliate"], Vec::new(), Vec::new());
            model.objective = Objective::Revenue;
            model.months = months;
            model.horizon = Horizon::equal(months);
            model.horizon.market_persistence = 0.6;
            let row = [1.0, 1.0, 4.0, 4.0, 20.0, 20.0, 45.0, 45.0, 30.0, 30.0];
            let counts = Array2::from_shape_fn((months, 10), |(_, cell)| row[cell] * times);
            if what == "sales over time" {
                model.horizon.response_half_life_days = 10.0;
            }
            if what == "pipeline" {
                model.horizon.pipeline = Some(Pipeline {
                    identified: number(400.0),
                    vetted: number(0.3),
                    contacted: number(0.67),
                    response: number(0.4),
                    partnership: number(0.5),
                    repeat: number(0.9),
                    lead_weeks: 2.0,
                    churn: 0.05,
                    starting: row.iter().map(|n| n * times / 2.0).collect(),
                    with: None,
                    origin: Origin::Default,
                });
            }
            let plan = Plan {
                counts,
                status: PlanStatus::Fixed,
                ..fixture::plan("base", &model, &row)
            };
            let settings = SimulationSettings {
                seed: 1,
                trials: Trials::Fixed(trials),
                scopes: Scopes::All,
                block: 8192,
            };
            let start = Instant::now();
            let result = simulate_plans(
                "speed",
                vec![(model, plan)],
                &settings,
                None,
                &NoProgress,
                &Cancel::new(),
            )
            .unwrap();
            let seconds = start.elapsed().as_secs_f64();
            eprintln!(
                "{months} months, {} creators, {trials} trials, {what}: {seconds:.2} s, {:.0} MB, {:?}",
                200.0 * times,
                memory(),
                result.seconds
            );
        }
    }
}
