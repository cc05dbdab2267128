//! A continuous program of a tail mean: 20 cells, 10,000 trials of shared factors. Ours, and as peer the full
//! sampled program of Rockafellar and Uryasev (one unknown a trial) solved by Clarabel, whose plan has
//! no spread left between creators: it is the easier one. Whole counts beside them.
//!
//! `cargo bench --bench risk`

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use good_lp::{Expression, Solution, SolverModel, constraint, variable, variables};
use influencer_matrix::model::conditional::{Gain, creators};
use influencer_matrix::model::{
    Bound, Cancel, FactorSample, Form, Metric, Model, Origin, PlanSettings, RiskMeasure, RiskRule,
    constraints, valuation,
};
use influencer_matrix::optimizer;
use influencer_matrix::scenario::{self, Overrides};
use influencer_matrix::simulator;

const TRIALS: usize = 10_000;
const LEVEL: f64 = 0.9;

/// Five tiers of four types, all offered.
fn market() -> Model {
    let all = r#"["sponsored", "affiliate", "seeding", "ambassador"]"#;
    let mut text = String::from(
        "schema = 1\nname = \"risk\"\nstage = \"maturity\"\nbudget = 600_000\n\
         fractional_counts = true\n",
    );
    for tier in ["mega", "macro", "mid", "micro", "nano"] {
        writeln!(text, "tiers.{tier}.partnerships = {all}").expect("a text takes all");
    }
    text.push_str("tiers.mid.max_creators = 150\ntiers.micro.max_creators = 600\n");
    match scenario::read_text("risk.toml", &text, &Overrides::default()) {
        Ok(scenario) => scenario.base,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// max revenue under the linear rules and a tail mean of revenue, by Clarabel.
fn full(model: &Model, sample: &FactorSample, at_least: f64) -> f64 {
    let units = valuation::units(model);
    let gain = Gain {
        revenue: 1.0,
        conversions: 0.0,
        spend: 0.0,
    };
    let moments: Vec<_> = creators(model).iter().map(|c| c.gain(gain)).collect();
    let mut all = variables!();
    let x: Vec<_> = units.iter().map(|_| all.add(variable().min(0.0))).collect();
    let eta = all.add(variable());
    let short: Vec<_> = (0..TRIALS).map(|_| all.add(variable().min(0.0))).collect();
    let sum = |a: &dyn Fn(usize) -> f64| -> Expression {
        x.iter().enumerate().map(|(i, &x)| a(i) * x).sum()
    };
    let mut problem = all
        .maximise(sum(&|i| units[i].revenue))
        .using(good_lp::clarabel);
    for rule in constraints(model, &units) {
        match &rule.form {
            Form::Sum(a) => {
                if let Some(low) = rule.low {
                    problem.add_constraint(constraint!(sum(&|i| a[i]) >= low));
                }
                if let Some(high) = rule.high {
                    problem.add_constraint(constraint!(sum(&|i| a[i]) <= high));
                }
            }
            Form::Ratio {
                numerator: a,
                denominator: b,
            } => {
                if let Some(low) = rule.low {
                    problem.add_constraint(constraint!(sum(&|i| a[i] - low * b[i]) >= 0.0));
                }
                if let Some(high) = rule.high {
                    problem.add_constraint(constraint!(sum(&|i| a[i] - high * b[i]) <= 0.0));
                }
            }
            Form::Largest(a) => {
                if let Some(high) = rule.high {
                    let closed = |i: usize| f64::from(u8::from(a[i] > high));
                    problem.add_constraint(constraint!(sum(&closed) <= 0.0));
                }
            }
            Form::Excess(_) => unreachable!("a month without a pipeline has no such rule"),
        }
    }
    let per = 1.0 / ((1.0 - LEVEL) * TRIALS as f64);
    let mean: Expression = short.iter().map(|&s| per * s).sum();
    problem.add_constraint(constraint!(eta - mean >= at_least));
    for (t, &short) in short.iter().enumerate() {
        let given = |i: usize| {
            let tier = model.cells[i].tier;
            let at = |of: &ndarray::Array2<f64>| of[[tier, t]];
            moments[i]
                .given(at(&sample.conversions), at(&sample.order), at(&sample.fee))
                .0
        };
        problem.add_constraint(constraint!(sum(&given) + short - eta >= 0.0));
    }
    let solution = problem.solve().expect("a plan");
    units
        .iter()
        .zip(&x)
        .map(|(unit, &x)| unit.revenue * solution.value(x))
        .sum()
}

fn risk(criterion: &mut Criterion) {
    let mut model = market();
    assert_eq!(model.cells.len(), 20);
    let sample = simulator::factor_sample(&model, 7, TRIALS).expect("factors");
    let cvar = |at_least: f64| RiskRule {
        metric: Metric::Revenue,
        measure: RiskMeasure::Cvar { level: LEVEL },
        bound: Bound::AtLeast(at_least),
        key: "risk.cvar".to_owned(),
        origin: Origin::Default,
    };
    let settings = PlanSettings::default();
    let plan =
        |model: &Model| optimizer::plan_at_risk(model, &sample, &[0.0], &settings, &Cancel::new());
    // Halfway between what the best mean reaches of the tail mean and the most that can be reached.
    model.risk.rules = vec![cvar(0.0)];
    let free = plan(&model).risks[0].in_sample;
    model.risk.rules = vec![cvar(10.0 * free)];
    let most = plan(&model).conflict.expect("out of reach").members[0]
        .changed_to
        .expect("a level");
    let at_least = 0.5 * (free + most);
    model.risk.rules = vec![cvar(at_least)];
    let ours = plan(&model);
    let (ours, theirs) = (
        ours.objective.expect("a plan"),
        full(&model, &sample, at_least),
    );
    // The full program leaves out the spread between creators.
    assert!((ours - theirs).abs() <= 0.02 * theirs, "{ours}, {theirs}");
    let mut group = criterion.benchmark_group("risk");
    group.sample_size(10);
    group.measurement_time(Duration::from_secs(5));
    group.bench_function("20 cells, 10,000 trials, cuts", |bencher| {
        bencher.iter(|| plan(black_box(&model)));
    });
    group.bench_function("20 cells, 10,000 trials, whole counts", |bencher| {
        let whole = Model {
            fractional_counts: false,
            ..model.clone()
        };
        bencher.iter(|| plan(black_box(&whole)));
    });
    group.bench_function(
        "20 cells, 10,000 trials, full program, Clarabel",
        |bencher| {
            bencher.iter(|| full(black_box(&model), &sample, at_least));
        },
    );
    group.finish();
}

criterion_group!(benches, risk);
criterion_main!(benches);
