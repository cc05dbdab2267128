//! Planning the maturity stage: 13 cells of four tiers and four partnership types, and the same market
//! cut into categories and regions, 52 and 156 cells; each for the most revenue and for the best ROAS.
//!
//! `cargo bench --bench optimize`; a plan includes its proven gap, what binds and its prices.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use influencer_matrix::model::{Cancel, Model, Objective, PlanSettings};
use influencer_matrix::optimizer;
use influencer_matrix::scenario::{self, Overrides};

/// The maturity stage on a budget, with so many categories and regions.
fn market(budget: u32, categories: u32, regions: u32) -> Model {
    let mut text = format!(
        r#"
schema = 1
name = "maturity"
stage = "maturity"
budget = {budget}
tiers.use = ["mega", "macro", "mid", "micro"]
tiers.mega.partnerships = ["sponsored", "affiliate", "ambassador"]
tiers.mid.max_creators = 150
tiers.micro.max_creators = 600

[diversity]
partnership_share = {{ sponsored = [0.2, 0.5], affiliate = [0.2, 0.4], seeding = [0.1, 0.4], ambassador = [0.05, 0.15] }}
"#
    );
    // Every category and region gets at least half and at most one and a half times an equal share.
    let parts = [
        ("category", "categories", categories),
        ("region", "regions", regions),
    ];
    for (one, _, n) in parts {
        for i in 0..n {
            let (low, high) = (0.5 / f64::from(n), 1.5 / f64::from(n));
            let high = high.min(1.0);
            writeln!(text, "{one}_budget_share.{one}-{i} = [{low}, {high}]").unwrap();
        }
    }
    for (one, many, n) in parts {
        for i in 0..n {
            let fee = 1.0 + 0.07 * f64::from(i);
            let conversions = 1.0 + 0.05 * f64::from((i * i + 1) % 5);
            writeln!(
                text,
                "[segments.{many}.{one}-{i}]\nfee = {fee}\nconversion_rate = {conversions}"
            )
            .unwrap();
        }
    }
    match scenario::read_text("maturity.toml", &text, &Overrides::default()) {
        Ok(scenario) => scenario.base,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

fn optimize(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("optimize");
    group.sample_size(10);
    group.measurement_time(Duration::from_secs(5));
    for (cells, budget, categories, regions) in [
        (13, 450_000, 0, 0),
        (52, 600_000, 2, 2),
        (156, 600_000, 4, 3),
    ] {
        for objective in [Objective::Revenue, Objective::Roas] {
            let mut model = market(budget, categories, regions);
            assert_eq!(model.cells.len(), cells);
            model.objective = objective;
            let name = format!("{cells} cells, {}", objective.name());
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    let plan = optimizer::plan(
                        black_box(&model),
                        &PlanSettings::default(),
                        &Cancel::new(),
                    );
                    assert!(plan.is_usable());
                    plan
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, optimize);
criterion_main!(benches);
