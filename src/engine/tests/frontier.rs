//! Walks whose answers are known from formulas.

use super::super::*;
use crate::frontier::{Axis, By, Knee, Verdict, spread};
use crate::model::{CellBlock, Metric, NoProgress};
use crate::scenario::{self, Overrides};

/// Identical creators, nothing uncertain but orders: each costs 2,000 and is expected to get
/// 50,000 · 0.3 · 0.08 · 0.1 · 0.05 = 6 orders.
const ALIKE: &str = r#"
schema = 1
name = "alike"
budget = 20_000
seed = 3
uncertainty = "none"
tiers.use = ["mid"]
tiers.mid = { followers = 50_000, fee = 2_000, engagement_rate = 0.08, max_creators = 10 }
partnerships.use = ["sponsored"]
order.value = 600
diversity.min_spend = 0
"#;

/// The better tier's supply ends at 20,000 of spend. An order of 500 earns it 1.5 per unit of spend, the other
/// tier 0.75.
const TWO: &str = r#"
schema = 1
name = "two"
budget = 20_000
seed = 3
fractional_counts = true
tiers.use = ["mid", "micro"]
tiers.mid = { followers = 50_000, fee = 2_000, engagement_rate = 0.08, max_creators = 10 }
tiers.micro = { followers = 5_000, fee = 400, engagement_rate = 0.08, max_creators = 50 }
partnerships.use = ["sponsored"]
order.value = 500
order.margin = 0.8
diversity.min_spend = 0
"#;

fn model_at(text: &str, key: &str, value: f64) -> Model {
    let overrides = Overrides {
        what_if: vec![(
            format!("at {value}"),
            vec![(key.to_owned(), value.to_string())],
        )],
        ..Overrides::default()
    };
    let mut scenario = scenario::read_text("a.toml", text, &overrides).unwrap();
    scenario.what_ifs.pop().unwrap()
}

fn walked(text: &str, key: &str, values: &[f64], (trials, least): (u64, bool)) -> Frontier {
    let budget = key == "budget";
    let axis = Axis {
        by: if budget { By::Budget } else { By::Key },
        key: key.to_owned(),
        percent: false,
        own: None,
        level: 0.9,
    };
    let how = Walk {
        planning: &PlanSettings::default(),
        simulation: &SimulationSettings {
            seed: 3,
            trials: Trials::Fixed(trials),
            scopes: Scopes::Total,
            block: 2048,
        },
        least,
        below: false,
        whole: true,
    };
    let models = values.iter().map(|&v| (v, model_at(text, key, v)));
    walk::<EngineError>(
        "a",
        axis,
        models.collect(),
        &mut |value| Ok(model_at(text, key, value)),
        &how,
        &NoProgress,
        &Cancel::new(),
    )
    .unwrap()
}

fn expected(found: &Frontier, point: usize, metric: Metric) -> f64 {
    row(found, point, metric).expected.unwrap()
}

fn row(found: &Frontier, point: usize, metric: Metric) -> &crate::frontier::FrontierRow {
    let mut rows = found.rows.iter();
    rows.find(|r| r.point == point && r.metric == Some(metric))
        .unwrap()
}

#[test]
fn one_cell_answers_the_budget_by_its_formula() {
    let budgets = spread(1_000.0, 30_000.0, 30, true);
    let found = walked(ALIKE, "budget", &budgets, (2_048, false));
    for (point, &budget) in budgets.iter().enumerate() {
        let creators = (budget / 2_000.0).floor().min(10.0);
        if creators == 0.0 {
            assert!(found.points[point].simulated.is_none());
            assert!(found.points[point].reason.is_some());
            continue;
        }
        let close = |metric, wanted: f64| {
            let value = expected(&found, point, metric);
            assert!(
                (value / wanted - 1.0).abs() < 1e-9,
                "{budget}: {value} {wanted}"
            );
        };
        close(Metric::Spend, 2_000.0 * creators);
        close(Metric::Revenue, 3_600.0 * creators);
        close(Metric::Profit, (0.6 * 3_600.0 - 2_000.0) * creators);
        let marginal = row(&found, point, Metric::Revenue).marginal;
        let more = found.points[point].same_as.is_none() && creators > 1.0;
        assert_eq!(marginal.is_some(), more, "{budget}");
        if let Some(marginal) = marginal {
            assert!((marginal - 1.8).abs() < 1e-9);
            let (simulated, error) = row(&found, point, Metric::Revenue)
                .marginal_simulated
                .unwrap();
            // About fifty figures; a false alarm at one of them in a million runs.
            assert!(
                (simulated - 1.8).abs() < 7.0 * error,
                "{simulated} ± {error}"
            );
        }
    }
    let pays = &found.knees[0];
    assert!((pays.threshold - 1.0 / 0.6).abs() < 1e-12);
    assert!(matches!(pays.knee, Knee::Everywhere { .. }), "{pays:?}");
}

#[test]
fn the_knee_is_where_the_better_tier_ends() {
    let budgets = spread(5_000.0, 40_000.0, 8, true);
    let found = walked(TWO, "budget", &budgets, (1_024, false));
    let Knee::Until { point, next, mixed } = found.knees[0].knee else {
        panic!("{:?}", found.knees);
    };
    assert_eq!((found.points[point].value, mixed), (20_000.0, false));
    assert!((next - 0.75).abs() < 0.01, "{next}");
}

/// Ratios of differences, summed trial by trial without any statistics of ours.
struct Sums(Vec<[f64; 2]>);

impl TrialSink for Sums {
    fn write(&mut self, block: &TrialBlock) -> Result<(), SinkError> {
        for trial in 0..block.trials {
            let total = |plan: usize, of: fn(&CellBlock) -> &Vec<f64>| -> f64 {
                let cells = &block.plans[plan].cells;
                cells.iter().map(|cell| of(cell)[trial]).sum()
            };
            for plan in 1..block.plans.len() {
                let more = |of: fn(&CellBlock) -> &Vec<f64>| total(plan, of) - total(plan - 1, of);
                let (revenue, spend) = (more(|c| &c.revenue), more(|c| &c.spend));
                self.0[plan - 1][0] += revenue;
                self.0[plan - 1][1] += spend;
            }
        }
        Ok(())
    }
}

#[test]
fn simulated_marginals_are_direct_differences_of_trials() {
    let budgets = [5_000.0, 15_000.0, 30_000.0];
    let found = walked(TWO, "budget", &budgets, (4_096, false));
    let planned = plan_models(
        budgets
            .iter()
            .map(|&b| model_at(TWO, "budget", b))
            .collect(),
        &PlanSettings::default(),
        &NoProgress,
        &Cancel::new(),
    )
    .unwrap();
    let settings = SimulationSettings {
        seed: 3,
        trials: Trials::Fixed(4_096),
        scopes: Scopes::Total,
        block: 8192,
    };
    let mut sums = Sums(vec![[0.0; 2]; 2]);
    let (progress, cancel) = (NoProgress, Cancel::new());
    simulate_plans("a", planned, &settings, Some(&mut sums), &progress, &cancel).unwrap();
    for (point, [revenue, spend]) in (1..).zip(sums.0) {
        let (found, error) = row(&found, point, Metric::Revenue)
            .marginal_simulated
            .unwrap();
        assert!((found / (revenue / spend) - 1.0).abs() < 1e-9);
        assert!(error > 0.0 && error < 0.2 * found);
    }
}

/// P(N ≥ 60) for N ~ Poisson(6n) passes 90 % at the first whole n that the distribution function, summed
/// here term by term, says.
#[test]
fn the_least_budget_is_the_one_that_the_poisson_law_says() {
    let text = format!("{ALIKE}targets.conversions = {{ at_least = 60, with = 0.9 }}\n")
        .replace("max_creators = 10", "max_creators = 40");
    let at_least_60 = |mean: f64| {
        let mut term = (-mean).exp();
        let mut below = 0.0;
        for k in 0..60 {
            below += term;
            term *= mean / f64::from(k + 1);
        }
        1.0 - below
    };
    let creators = (1..100)
        .find(|&n| at_least_60(6.0 * f64::from(n)) >= 0.9)
        .unwrap();
    let wanted = 2_000.0 * f64::from(creators);
    let values = spread(5_000.0, 61_000.0, 8, true);
    let found = walked(&text, "budget", &values, (8_192, true));
    let least = found.least.unwrap();
    let Verdict::Found { point, below } = least.verdict else {
        panic!("{least:?}");
    };
    let answer = found.points[point].value;
    assert!(
        (wanted..=wanted * 1.0011).contains(&answer),
        "{answer}, not {wanted}"
    );
    assert!(found.points[below.unwrap()].value < wanted);
    assert_eq!(least.lost_again, None);
    let shown = row(&found, point, Metric::Conversions).estimate;
    let (share, error) = (shown.prob_target.unwrap(), shown.prob_target_error.unwrap());
    let exact = at_least_60(6.0 * f64::from(creators));
    assert!(
        (share - exact).abs() < 5.0 * error,
        "{share} {exact} {error}"
    );

    let text = text.replace("0.9 }", "0.999_999 }");
    let few = walked(&text, "budget", &[5_000.0, 10_000.0], (1_024, true));
    assert_eq!(few.least.unwrap().verdict, Verdict::None);
}

#[test]
fn the_tail_mean_of_a_point_is_that_of_its_trials() {
    let found = walked(ALIKE, "order.margin", &[0.2, 0.6], (4_096, false));
    // Of 60 orders: the mean of the worst tenth of Poisson(60) by its law.
    let mut term = (-60.0_f64).exp();
    let (mut mass, mut sum) = (0.0, 0.0);
    for k in 0.. {
        let part = term.min(0.1 - mass);
        mass += part;
        sum += part * f64::from(k);
        if mass >= 0.1 - 1e-15 {
            break;
        }
        term *= 60.0 / f64::from(k + 1);
    }
    for point in 0..2 {
        let (tail, error) = row(&found, point, Metric::Conversions).tail.unwrap();
        assert!(
            (tail - sum / 0.1).abs() < 5.0 * error,
            "{tail} {error} {}",
            sum / 0.1
        );
    }
    // The key moves profit and nothing else: 0.4 of 36,000 over 0.4.
    let slope = row(&found, 1, Metric::Profit).slope.unwrap();
    assert!((slope / 36_000.0 - 1.0).abs() < 1e-9);
    assert_eq!(row(&found, 1, Metric::Revenue).slope, Some(0.0));
    assert_eq!(found.points[1].same_as, Some(0));
}
