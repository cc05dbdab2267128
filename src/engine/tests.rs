//! The way from models to results, on small models.

mod best;
mod frontier;
mod horizons;
mod remedy;
mod risk;
mod shipped;
mod together;

use ndarray::Array2;

use super::*;
use crate::model::{
    Bound, CellBlock, Metric, NoProgress, Origin, PlanStatus, Quantity, SolverReport, Target,
    TargetScope, Uncertainty, valuation,
};
use crate::optimizer::sample;
use crate::summary::{ScopeKey, ScopeKind};

/// A plan of given counts, without any solver.
fn fixed(name: &str, model: &Model, counts: &[f64]) -> (Model, Plan) {
    let mut model = model.clone();
    name.clone_into(&mut model.name);
    let plan = Plan {
        name: name.to_owned(),
        counts: Array2::from_shape_vec((1, counts.len()), counts.to_vec()).unwrap(),
        status: PlanStatus::Fixed,
        objective: None,
        gap: None,
        unspent: 0.0,
        unspent_held_by: Vec::new(),
        constraints: Vec::new(),
        risks: Vec::new(),
        unused: Vec::new(),
        alternatives: Vec::new(),
        conflict: None,
        solver: SolverReport {
            solver: "none".to_owned(),
            nodes: 0,
            reproducible: true,
            seconds: 0.0,
        },
        warnings: Vec::new(),
    };
    (model, plan)
}

/// Mid and micro, sponsored and seeding; three plans.
fn plans() -> Vec<(Model, Plan)> {
    let types = sample::types();
    let chosen = [types[0].clone(), types[2].clone()];
    let tiers = vec![
        sample::tier("mid", 2_520.0, 39_700.0, 0.0735),
        sample::tier("micro", 516.0, 3_970.0, 0.147),
    ];
    let mut model = sample::model(tiers, &chosen, 40_000.0, |_, _| true);
    model.uncertainty = Uncertainty {
        market: 0.1,
        click_rate: 0.15,
        ..Uncertainty::NONE
    };
    model.targets = vec![Target {
        metric: Metric::Roas,
        scope: TargetScope::Total,
        bound: Bound::AtLeast(0.4),
        with: None,
        enforce: false,
        key: "targets.roas".to_owned(),
        origin: Origin::Default,
    }];
    vec![
        fixed("base", &model, &[10.0, 0.0, 20.0, 5.0]),
        fixed("more-micro", &model, &[6.0, 0.0, 35.0, 5.0]),
        fixed("no-mid", &model, &[0.0, 0.0, 3.0, 0.0]),
    ]
}

fn settings(trials: Trials) -> SimulationSettings {
    SimulationSettings {
        seed: 7,
        trials,
        scopes: Scopes::All,
        block: 8192,
    }
}

/// Keeps all trials.
#[derive(Default)]
struct Keep(Vec<TrialBlock>);

impl TrialSink for Keep {
    fn write(&mut self, block: &TrialBlock) -> Result<(), SinkError> {
        self.0.push(block.clone());
        Ok(())
    }
}

impl Keep {
    /// A quantity of a plan by trial, summed over the cells chosen.
    fn quantity(
        &self,
        plan: usize,
        quantity: Quantity,
        chosen: impl Fn(usize) -> bool,
    ) -> Vec<f64> {
        self.0
            .iter()
            .flat_map(|block| {
                (0..block.trials).map(|t| {
                    block.plans[plan]
                        .cells
                        .iter()
                        .filter(|cell| chosen(cell.cell))
                        .map(|cell: &CellBlock| cell.column(quantity).unwrap()[t])
                        .sum::<f64>()
                })
            })
            .collect()
    }
}

fn simulate(settings: &SimulationSettings) -> (RunResult, Keep) {
    let mut keep = Keep::default();
    let cancel = Cancel::new();
    let result = simulate_plans(
        "test",
        plans(),
        settings,
        Some(&mut keep),
        &NoProgress,
        &cancel,
    )
    .unwrap();
    (result, keep)
}

fn estimate(
    result: &RunResult,
    plan: &str,
    scope: &ScopeKey,
    metric: Metric,
) -> crate::summary::Estimate {
    result
        .summary
        .iter()
        .find(|r| r.plan == plan && r.scope == *scope && r.metric == metric)
        .unwrap()
        .estimate
}

fn close(a: Option<f64>, b: f64, relative: f64) {
    let a = a.unwrap();
    assert!((a - b).abs() <= relative * b.abs().max(1e-12), "{a} {b}");
}

/// Type 7, by sorting.
fn quantile(values: &[f64], p: f64) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let h = (sorted.len() - 1) as f64 * p;
    let low = sorted[h.floor() as usize];
    let high = sorted[h.ceil() as usize];
    low + (h - h.floor()) * (high - low)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn estimates_are_those_of_the_trials() {
    let (result, keep) = simulate(&settings(Trials::Fixed(5000)));
    let spend = keep.quantity(0, Quantity::Spend, |_| true);
    let revenue = keep.quantity(0, Quantity::Revenue, |_| true);
    assert_eq!(spend.len(), 5000);
    let roas: Vec<f64> = revenue.iter().zip(&spend).map(|(r, s)| r / s).collect();
    let e = estimate(&result, "base", &ScopeKey::total(), Metric::Roas);
    close(e.mean, mean(&roas), 1e-12);
    close(e.ratio_of_means, mean(&revenue) / mean(&spend), 1e-12);
    let m = mean(&roas);
    let variance = roas.iter().map(|v| (v - m).powi(2)).sum::<f64>() / 4999.0;
    close(e.sd, variance.sqrt(), 1e-9);
    // The error is that of the replicates, which take turns: 5,000 trials are 312 or 313 of each.
    let residuals = (0..16).map(|r| -> f64 {
        let own = roas.iter().skip(r).step_by(16);
        own.map(|v| v - m).sum()
    });
    let squares: f64 = residuals.map(|e| e * e).sum();
    let standard = (squares * 16.0 / 15.0).sqrt() / 5000.0;
    close(e.mc_error, standard * crate::stats::T_OVER_Z, 1e-9);
    for (p, q) in crate::summary::QUANTILES.into_iter().zip(e.quantiles) {
        close(q, quantile(&roas, p), 1e-12);
    }
    let met = roas.iter().filter(|&&v| v >= 0.4).count() as f64 / 5000.0;
    close(e.prob_target, met, 1e-12);
    assert_eq!(result.plans[0].targets[0].probability, e.prob_target);

    let micro = |cell: usize| cell >= 2;
    let spend = keep.quantity(1, Quantity::Spend, micro);
    let e = estimate(
        &result,
        "more-micro",
        &ScopeKey::tier("micro"),
        Metric::Spend,
    );
    close(e.mean, mean(&spend), 1e-12);

    let mine = keep.quantity(1, Quantity::Revenue, |_| true);
    let difference: Vec<f64> = mine.iter().zip(&revenue).map(|(a, b)| a - b).collect();
    let row = result
        .comparison
        .iter()
        .find(|r| {
            r.plan == "more-micro" && r.scope == ScopeKey::total() && r.metric == Metric::Revenue
        })
        .unwrap();
    close(row.mean_difference, mean(&difference), 1e-9);
    close(row.p50, quantile(&difference, 0.5), 1e-9);
    let better = difference.iter().filter(|&&d| d > 0.0).count() as f64
        + 0.5 * difference.iter().filter(|&&d| d == 0.0).count() as f64;
    close(row.prob_better, better / 5000.0, 1e-12);
}

#[test]
fn an_undefined_ratio_is_counted_and_is_a_miss() {
    let mut planned = plans();
    for (model, _) in &mut planned {
        model.targets[0].metric = Metric::Cpa;
        model.targets[0].bound = Bound::AtMost(1e9);
    }
    let mut keep = Keep::default();
    let result = simulate_plans(
        "test",
        planned,
        &settings(Trials::Fixed(4000)),
        Some(&mut keep),
        &NoProgress,
        &Cancel::new(),
    )
    .unwrap();
    let conversions = keep.quantity(2, Quantity::Conversions, |_| true);
    let none = conversions.iter().filter(|&&n| n == 0.0).count() as f64 / 4000.0;
    assert!(none > 0.0, "three micro posts sometimes convert nobody");
    let e = estimate(&result, "no-mid", &ScopeKey::total(), Metric::Cpa);
    close(Some(e.undefined_share), none, 1e-12);
    close(e.prob_target, 1.0 - none, 1e-12);
    // A tier without creators has totals of zero and no ratios.
    let mid = ScopeKey::tier("mid");
    assert_eq!(
        estimate(&result, "no-mid", &mid, Metric::Spend).mean,
        Some(0.0)
    );
    let roas = estimate(&result, "no-mid", &mid, Metric::Roas);
    assert_eq!((roas.mean, roas.undefined_share), (None, 1.0));
}

#[test]
fn neither_blocks_nor_threads_change_a_bit() {
    let trials = Trials::Fixed(20_000);
    let (reference, _) = simulate(&settings(trials));
    for (threads, block) in [(1, 1024), (2, 3000), (8, 16_384), (3, 1)] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let (other, _) = pool.install(|| {
            simulate(&SimulationSettings {
                block,
                ..settings(trials)
            })
        });
        assert_eq!(reference.summary, other.summary);
        assert_eq!(reference.comparison, other.comparison);
    }
}

#[test]
fn sketched_trials_agree_with_kept_ones() {
    // Just beyond the number of trials that are kept whole.
    let (result, keep) = simulate(&settings(Trials::Fixed(140_000)));
    let spend = keep.quantity(0, Quantity::Spend, |_| true);
    let revenue = keep.quantity(0, Quantity::Revenue, |_| true);
    let roas: Vec<f64> = revenue.iter().zip(&spend).map(|(r, s)| r / s).collect();
    for (metric, values) in [(Metric::Revenue, &revenue), (Metric::Roas, &roas)] {
        let e = estimate(&result, "base", &ScopeKey::total(), metric);
        close(e.mean, mean(values), 1e-11);
        for (p, q) in crate::summary::QUANTILES.into_iter().zip(e.quantiles) {
            close(q, quantile(values, p), 5e-4);
        }
    }
    let row = &result.comparison[1];
    assert_eq!(
        (row.plan.as_str(), row.metric),
        ("more-micro", Metric::Revenue)
    );
    let mine = keep.quantity(1, Quantity::Revenue, |_| true);
    let difference: Vec<f64> = mine.iter().zip(&revenue).map(|(a, b)| a - b).collect();
    close(row.mean_difference, mean(&difference), 1e-9);
    close(row.p95, quantile(&difference, 0.95), 1e-3);
}

#[test]
fn more_trials_start_with_fewer_trials() {
    // A precision run that ends at n trials is the fixed run of n trials, sketched or not.
    for (precision, max) in [(0.01, 1 << 20), (1e-9, 200_000)] {
        let (wanted, _) = simulate(&settings(Trials::Precision { precision, max }));
        let (fixed, _) = simulate(&settings(Trials::Fixed(wanted.trials)));
        assert_eq!(wanted.summary, fixed.summary);
        assert_eq!(wanted.comparison, fixed.comparison);
        assert!(fixed.warnings.is_empty());
        if max == 200_000 {
            assert_eq!(wanted.trials, max);
            let [warning] = wanted.warnings.as_slice() else {
                panic!("{:?}", wanted.warnings)
            };
            assert!(warning.starts_with("200,000 trials"), "{warning}");
        } else {
            assert!(wanted.trials.is_power_of_two() && wanted.trials > 1024);
            assert!(wanted.warnings.is_empty());
            for row in wanted
                .summary
                .iter()
                .filter(|r| r.scope.kind == ScopeKind::Total)
            {
                if row.metric == Metric::Revenue {
                    let e = row.estimate;
                    assert!(e.mc_error.unwrap() / e.mean.unwrap() <= precision);
                }
            }
        }
    }
}

#[test]
fn totals_only_gives_the_same_totals() {
    let (all, _) = simulate(&settings(Trials::Fixed(3000)));
    let (total, _) = simulate(&SimulationSettings {
        scopes: Scopes::Total,
        ..settings(Trials::Fixed(3000))
    });
    let of_total: Vec<_> = all
        .summary
        .into_iter()
        .filter(|r| r.scope.kind == ScopeKind::Total)
        .collect();
    assert_eq!(total.summary, of_total);
}

#[test]
fn contributions_add_up_to_the_change() {
    let (result, _) = simulate(&settings(Trials::Fixed(1024)));
    let (base, other) = (&result.plans[0], &result.plans[1]);
    let total = |plan: &PlanResult, metric| {
        let units = valuation::units(&plan.model);
        valuation::metric(&units, &plan.plan.counts.row(0).to_vec(), metric).unwrap()
    };
    let rows: Vec<_> = result
        .rebalancing
        .iter()
        .filter(|r| r.plan == "more-micro")
        .collect();
    let revenue: f64 = rows.iter().map(|r| r.revenue_contribution).sum();
    let roas: f64 = rows.iter().map(|r| r.roas_contribution.unwrap()).sum();
    close(
        Some(revenue),
        total(other, Metric::Revenue) - total(base, Metric::Revenue),
        1e-9,
    );
    close(
        Some(roas),
        total(other, Metric::Roas) - total(base, Metric::Roas),
        1e-9,
    );
}

#[test]
fn a_cancelled_run_stops() {
    let cancel = Cancel::new();
    cancel.request();
    let stopped = simulate_plans(
        "test",
        plans(),
        &settings(Trials::Fixed(1_000_000)),
        None,
        &NoProgress,
        &cancel,
    );
    assert!(matches!(stopped, Err(EngineError::Interrupted)));
}

#[test]
fn a_failing_sink_stops_the_run() {
    struct Full;
    impl TrialSink for Full {
        fn write(&mut self, _: &TrialBlock) -> Result<(), SinkError> {
            Err(SinkError("disk full".to_owned()))
        }
    }
    let stopped = simulate_plans(
        "test",
        plans(),
        &settings(Trials::Fixed(2000)),
        Some(&mut Full),
        &NoProgress,
        &Cancel::new(),
    );
    assert!(matches!(stopped, Err(EngineError::Sink(_))));
}

#[test]
fn what_has_never_happened_is_not_known_to_a_share_of_itself() {
    let mut plans = plans();
    plans.truncate(1);
    for (model, _) in &mut plans {
        for tier in &mut model.tiers {
            if let crate::model::Basis::Followers(basis) = &mut tier.basis {
                basis.conversion_rate = crate::distribution::Distribution::Certain(0.0);
            }
        }
    }
    let trials = Trials::Precision {
        precision: 0.05,
        max: 4_000,
    };
    let result = simulate_plans(
        "rare",
        plans,
        &settings(trials),
        None,
        &NoProgress,
        &Cancel::new(),
    )
    .unwrap();
    assert_eq!(result.trials, 4_000);
    assert!(result.warnings[0].contains("zero"), "{:?}", result.warnings);
}

/// Asks for a stop as soon as anything is done.
struct Stopping<'a>(&'a Cancel);

impl Progress for Stopping<'_> {
    fn start(&self, _phase: &str, _steps: u64) {}
    fn advance(&self, _steps: u64) {
        self.0.request();
    }
    fn finish(&self) {}
}

#[test]
fn a_stop_during_the_last_trials_is_a_stop() {
    let cancel = Cancel::new();
    let ended = simulate_plans(
        "stopped",
        plans(),
        &settings(Trials::Fixed(1_000)),
        None,
        &Stopping(&cancel),
        &cancel,
    );
    assert!(matches!(ended, Err(EngineError::Interrupted)));
}
