//! A horizon of months, from counts to the summary: the two sizes that the simulator is held to.
//!
//! - **quarter**: three months × 200 creators (tiers mega 2, macro 8, mid 40, micro 90, nano 60; half of them
//!   affiliates whose posts may not appear) × 100,000 trials, in under 2 s on two cores;
//! - **two years**: 24 months × 1,000 creators × 10,000 trials, in under 10 s and 1 GB.
//!
//! With and without a response over time, and with a pipeline and leavers. Every figure of a creator is uncertain,
//! market and platform persist at 0.6. `cargo bench --bench quarter`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use influencer_matrix::engine::{self, SimulationSettings};
use influencer_matrix::model::{Cancel, Model, NoProgress, Plan, PlanSettings, Trials};
use influencer_matrix::scenario::{self, Overrides};
use influencer_matrix::summary::Scopes;

/// The same market, so many months and times as many creators.
fn market(months: usize, times: usize, more: &str) -> String {
    let tiers = [
        ("mega", 1, 1),
        ("macro", 4, 4),
        ("mid", 20, 20),
        ("micro", 45, 45),
        ("nano", 30, 30),
    ];
    let mut text = format!(
        "schema = 1\nname = \"quarter\"\nbudget = 100_000_000\nmonths = {months}\n\
         partnerships.use = [\"sponsored\", \"affiliate\"]\n\
         tiers.mega.partnerships = [\"sponsored\", \"affiliate\"]\n\
         tiers.nano = {{ partnerships = [\"sponsored\", \"affiliate\"], fee = \"20 to 100\" }}\n\
         funnel = {{ view_rate = \"20% to 40%\", click_rate = \"5% to 15%\", conversion_rate = \"2% to 8%\" }}\n\
         time.market_persistence = 0.6\n{more}\n[counts]\n"
    );
    for (tier, sponsored, affiliate) in tiers {
        let _ = write!(
            text,
            "\"{tier}.sponsored\" = {}\n\"{tier}.affiliate\" = {}\n",
            sponsored * times,
            affiliate * times
        );
    }
    text
}

fn planned(text: &str) -> Vec<(Model, Plan)> {
    let model = match scenario::read_text("quarter.toml", text, &Overrides::default()) {
        Ok(scenario) => scenario.base,
        Err(problems) => panic!("{}", problems.render(false)),
    };
    let settings = PlanSettings::default();
    let planned = engine::plan_models(vec![model], &settings, &NoProgress, &Cancel::new());
    planned.expect("counts are given")
}

fn quarter(criterion: &mut Criterion) {
    const PIPELINE: &str = "[pipeline]\nidentified = 400\nresponse = \"25% to 40%\"\n\
        repeat = 0.9\nlead_weeks = 2\nchurn = 0.05\n\
        starting_creators = { \"mid.sponsored\" = 10, \"micro.sponsored\" = 30 }\n";
    let cases = [
        ("3 months, 200 creators, 100,000 trials", 3, 1, 100_000, ""),
        (
            "the same with sales over time",
            3,
            1,
            100_000,
            "time.response_half_life_days = 10",
        ),
        ("the same with a pipeline", 3, 1, 100_000, PIPELINE),
        (
            "24 months, 1,000 creators, 10,000 trials",
            24,
            5,
            10_000,
            "",
        ),
        (
            "those with sales over time",
            24,
            5,
            10_000,
            "time.response_half_life_days = 10",
        ),
        ("those with a pipeline", 24, 5, 10_000, PIPELINE),
    ];
    let mut group = criterion.benchmark_group("quarter");
    group.sample_size(10);
    group.measurement_time(Duration::from_secs(1));
    for (name, months, times, trials, more) in cases {
        let planned = planned(&market(months, times, more));
        let settings = SimulationSettings {
            seed: 1,
            trials: Trials::Fixed(trials),
            scopes: Scopes::All,
            block: 8192,
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let planned = planned.clone();
                let result = engine::simulate_plans(
                    "quarter",
                    planned,
                    &settings,
                    None,
                    &NoProgress,
                    &Cancel::new(),
                );
                black_box(result.expect("plans fit their models"))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, quarter);
criterion_main!(benches);
