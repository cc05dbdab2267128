//! Planning the maturity stage: 13 cells of four tiers and four partnership types, and the same market
//! cut into categories and regions, 52 and 156 cells; each for the most revenue and for the best ROAS.
//!
//! `cargo bench --bench optimize`; a plan includes its proven gap, what binds and its prices.

#[path = "peers-optimize/market.rs"]
#[allow(dead_code)]
mod market;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use influencer_matrix::model::{Cancel, Objective, PlanSettings};
use influencer_matrix::optimizer;

use market::market;

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
