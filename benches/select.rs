//! Selecting creators from rosters of 20,000 and 100,000 under rules that bind on all sides, as
//! `imatrix select` does after reading them: the choice with its proven gap, what binds and what holds
//! the budget.
//!
//! `cargo bench --bench select`

#[path = "peers-optimize/roster.rs"]
#[allow(dead_code)]
mod roster;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use influencer_matrix::model::{Cancel, PlanSettings};
use influencer_matrix::optimizer;

use roster::{roster, rules};

fn select(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("select");
    group.sample_size(10);
    group.measurement_time(Duration::from_secs(10));
    for number in [20_000, 100_000] {
        let (model, creators) = (rules(number), roster(number));
        group.bench_function(format!("{number} creators"), |bencher| {
            bencher.iter(|| {
                let found = optimizer::select(
                    black_box(&model),
                    black_box(&creators),
                    &PlanSettings::default(),
                    &Cancel::new(),
                );
                assert!(found.plan.is_usable());
                found
            });
        });
    }
    group.finish();
}

criterion_group!(benches, select);
criterion_main!(benches);
