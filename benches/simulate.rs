//! The reference work: 93 sponsored creators of five tiers on the followers basis (mega 1, macro 4,
//! mid 18, micro 40, nano 30), each with uncertain followers, fee, view, engagement, click and
//! conversion rate; gamma orders and the preset shared uncertainty. 558 draws a trial for
//! creators, 10 for cells, 22 for shared factors.
//!
//! `cargo bench --bench simulate`; throughput is trials a second on one thread.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use influencer_matrix::model::Model;
use influencer_matrix::scenario::{self, Overrides};
use influencer_matrix::simulator::{PlanInput, Simulator};
use ndarray::Array2;

/// Trials of one call: one stream block.
const TRIALS: usize = 8192;

/// Five tiers, sponsored, every figure of a creator uncertain; fixed counts.
const REFERENCE: &str = include_str!("peers/reference.toml");

/// The reference market with some of its keys changed.
fn market(changes: &[(&str, &str)]) -> Model {
    let changes = changes
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()));
    let overrides = Overrides {
        set: changes.collect(),
        ..Overrides::default()
    };
    match scenario::read_text("reference.toml", REFERENCE, &overrides) {
        Ok(scenario) => scenario.base,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// The reference plan, scaled.
fn counts(model: &Model, factor: f64) -> Array2<f64> {
    let counts = model.counts.as_ref().expect("the file fixes its counts");
    Array2::from_shape_fn((1, counts.len()), |(_, cell)| {
        (counts[cell] * factor).ceil()
    })
}

fn simulate(criterion: &mut Criterion) {
    let base = market(&[]);
    let certain_rates = market(&[
        ("funnel.view_rate", "0.3"),
        ("funnel.click_rate", "0.1"),
        ("funnel.conversion_rate", "0.05"),
    ]);
    let correlated = market(&[("dependence.followers_fee", "0.6")]);
    let (whole, half, small) = (counts(&base, 1.0), counts(&base, 0.5), counts(&base, 0.01));
    let plan = |model, counts: &'static Array2<f64>| PlanInput {
        model,
        counts: counts.view(),
    };
    let [whole, half, small] = [whole, half, small].map(|counts| &*Box::leak(Box::new(counts)));
    let cases = [
        ("reference", vec![plan(&base, whole)]),
        ("correlated", vec![plan(&correlated, whole)]),
        ("preset rates certain", vec![plan(&certain_rates, whole)]),
        (
            "two plans that share",
            vec![plan(&base, whole), plan(&base, half)],
        ),
        ("one creator a tier", vec![plan(&base, small)]),
    ];
    let mut group = criterion.benchmark_group("simulate");
    group.sample_size(10);
    group.measurement_time(std::time::Duration::from_secs(2));
    group.throughput(Throughput::Elements(TRIALS as u64));
    for (name, plans) in &cases {
        let simulator = Simulator::new(plans, 20_260_401).expect("plans fit their models");
        let mut first = 0;
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                first += TRIALS as u64;
                black_box(simulator.block(first, TRIALS))
            });
        });
    }
    group.finish();
    criterion.bench_function("prepare the reference work", |bencher| {
        bencher.iter(|| Simulator::new(black_box(&cases[0].1), 1).expect("plans fit their models"));
    });
}

criterion_group!(benches, simulate);
criterion_main!(benches);
