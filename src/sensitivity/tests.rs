//! Sensitivity against closed forms, through the real simulator.

mod information;

use super::creators::swings;
use super::parts::Parts;
use super::*;
use crate::engine::{Explanation, explain_plans, plan_models};
use crate::model::{Cancel, InputGroup, Metric, Model, NoProgress, Plan, PlanSettings, valuation};
use crate::scenario::{self, Overrides};
use crate::stats::{normal_cdf, normal_expectation, normal_quantile};

const TRIALS: u64 = 32_768;

fn planned(text: &str) -> Vec<(Model, Plan)> {
    let scenario = scenario::read_text("test.toml", text, &Overrides::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let models = scenario.models().cloned().collect();
    plan_models(
        models,
        &PlanSettings::default(),
        &NoProgress,
        &Cancel::new(),
    )
    .unwrap()
}

fn explained(text: &str, trials: u64) -> Explanation {
    explain_plans(
        "test",
        planned(text),
        11,
        trials,
        &NoProgress,
        &Cancel::new(),
    )
    .unwrap()
}

fn subject((model, plan): &(Model, Plan)) -> Subject<'_> {
    Subject {
        model,
        counts: plan.counts.view(),
    }
}

/// Value and error of a row.
fn figure(
    found: &Explanation,
    plan: Option<&str>,
    metric: Metric,
    inputs: Inputs,
    tier: Option<&str>,
    measure: Measure,
) -> Option<(f64, f64)> {
    let mut rows = found.sensitivity.iter().filter(|r| {
        r.plan.as_deref() == plan
            && r.metric == metric
            && r.inputs == inputs
            && r.tier.as_deref() == tier
            && r.measure == measure
    });
    let row = rows.next()?;
    assert!(rows.next().is_none(), "two rows of one key");
    Some((row.value?, row.error?))
}

/// Followers and benchmark tiers, all that can be random is; fees go with followers.
const MIXED: &str = r#"
schema = 1
name = "mixed"
budget = 100_000
counts = { "macro.sponsored" = 3, "macro.affiliate" = 2, "mid.sponsored" = 12, "mid.ambassador" = 4, "micro.affiliate" = 20, "micro.seeding" = 15 }
dependence.followers_fee = 0.6
tiers.use = ["macro", "mid", "micro"]
funnel = { view_rate = "20% to 40%", click_rate = "5% to 15%", conversion_rate = "2% to 8%" }
order.value = { mean = 150, sd = 60 }
[tiers.mid]
fee = "1_000 to 5_000"
benchmark = { cpm = 20, cpe = 2, cpa = { gamma = { mean = 40, sd = 10 } }, roas = 3.8 }
"#;

#[test]
fn the_parts_add_up_to_the_valuation() {
    let planned = planned(MIXED);
    let expected = Parts::new(&subject(&planned[0])).expected();
    let (model, plan) = &planned[0];
    let units = valuation::units(model);
    let counts = plan.counts.row(0).to_vec();
    for metric in METRICS {
        let exact = valuation::metric(&units, &counts, metric).unwrap();
        let found = expected.metric(metric).unwrap();
        assert!(
            (found / exact - 1.0).abs() < 1e-12,
            "{metric:?}: {found} {exact}"
        );
    }
}

#[test]
fn first_order_variances_are_those_in_closed_form() {
    // First-order index × variance, from the simulator, against Var(E[Y | X]) in closed form: of shared
    // factors Σ over tiers (they are independent) of the variance of a linear function of a lognormal,
    // of creators' inputs the sum over creators. 13 inputs × 4 metrics; five standard errors: by luck, about
    // 3 in 100,000 seeds fail.
    let planned = planned(MIXED);
    let subject = subject(&planned[0]);
    let parts = Parts::new(&subject);
    let expected = parts.expected();
    let found = explained(MIXED, TRIALS);
    let mut checked = 0;
    for input in inputs(&subject)
        .into_iter()
        .filter(|&i| i != InputGroup::Orders)
    {
        for (place, metric) in METRICS.into_iter().enumerate().skip(1) {
            let one = Inputs::One(input);
            let of = |inputs, measure| figure(&found, Some("base"), metric, inputs, None, measure);
            let (sd, _) = of(Inputs::All, Measure::Sd).unwrap();
            let (first, error) = of(one, Measure::FirstOrder).unwrap();
            let (total, _) = of(one, Measure::Total).unwrap();
            let variance = if input.is_shared() {
                let tiers = tiers_of(&[subject], input);
                let tiers: Vec<Option<&str>> = if input.is_per_tier() {
                    tiers.iter().map(|t| Some(t.as_str())).collect()
                } else {
                    vec![None]
                };
                tiers
                    .into_iter()
                    .map(|tier| {
                        normal_expectation(|z| {
                            let p = normal_cdf(z).clamp(1e-300, 1.0 - 1e-16);
                            let totals = parts.at_quantile(&subject, input, tier, p);
                            let off =
                                totals.metric(metric).unwrap() - expected.metric(metric).unwrap();
                            off * off
                        })
                    })
                    .sum()
            } else {
                swings(&subject, &expected, input, 0.1)[place]
                    .unwrap()
                    .sd
                    .powi(2)
            };
            let exact = variance / (sd * sd);
            // The variance by which both are divided has an error of its own, of about a hundredth.
            let error = error + 0.01 * exact;
            assert!(
                (first - exact).abs() <= 5.0 * error + 1e-12,
                "{} on {metric:?}: {first} ± {error}, exactly {exact}",
                input.name()
            );
            assert!(total >= first - 5.0 * error, "{}", input.name());
            checked += usize::from(exact > 0.0);
        }
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn one_doubt_and_chance_share_the_variance_as_they_should() {
    // Revenue of certain creators under market doubt alone: Var = s² R² + λ (v² + σ²), the first part the
    // market's first-order index, the second the orders' total one. Four standard errors, four checks.
    let text = r#"
schema = 1
name = "two"
budget = 100_000
counts = { "mid.sponsored" = 8 }
tiers.use = ["mid"]
partnerships.use = ["sponsored"]
tiers.mid = { fee = 2_500, followers = 50_000, engagement_rate = 0.08 }
uncertainty = { market = 0.2, platform = 0, engagement_rate = 0, click_rate = 0, conversion_rate = 0, order_value = 0, fee = 0, benchmark = 0 }
"#;
    let planned = planned(text);
    let found = explained(text, TRIALS);
    assert_eq!(found.inputs, [InputGroup::Market, InputGroup::Orders]);
    let (model, _) = &planned[0];
    let unit = valuation::units(model)[0];
    let (orders, revenue) = (8.0 * unit.conversions, 8.0 * unit.revenue);
    let doubt = (0.2 * revenue).powi(2);
    let chance = orders * (model.order.mean.powi(2) + model.order.sd.powi(2));
    let share = doubt / (doubt + chance);
    for (input, measure, exact) in [
        (InputGroup::Market, Measure::FirstOrder, share),
        (InputGroup::Orders, Measure::Total, 1.0 - share),
    ] {
        for metric in [Metric::Revenue, Metric::Profit] {
            let (value, error) = figure(
                &found,
                Some("base"),
                metric,
                Inputs::One(input),
                None,
                measure,
            )
            .unwrap();
            assert!(
                error < 0.02 && (value - exact).abs() < 4.0 * error,
                "{value} ± {error}, {exact}"
            );
        }
    }
    // Spend is certain: no spread, no shares, never NaN.
    let spend =
        |inputs, measure| figure(&found, Some("base"), Metric::Spend, inputs, None, measure);
    assert_eq!(spend(Inputs::All, Measure::Sd), Some((0.0, 0.0)));
    assert_eq!(spend(Inputs::One(InputGroup::Market), Measure::Total), None);
    assert_eq!(
        spend(Inputs::One(InputGroup::Market), Measure::Low),
        Some((8.0 * 2500.0, 0.0))
    );

    // Market at its quantiles, revenue in proportion.
    for (measure, p) in [(Measure::Low, 0.1), (Measure::High, 0.9)] {
        let sigma = f64::ln(1.04).sqrt();
        let exact = revenue * (sigma * normal_quantile(p) - 0.5 * sigma * sigma).exp();
        let market = Inputs::One(InputGroup::Market);
        let (value, _) =
            figure(&found, Some("base"), Metric::Revenue, market, None, measure).unwrap();
        assert!((value / exact - 1.0).abs() < 1e-12);
    }
    // Nothing to decide.
    assert!(!found.choice.as_ref().unwrap().is_open());
    assert!(
        !found
            .sensitivity
            .iter()
            .any(|r| r.measure == Measure::Evppi)
    );
}

#[test]
fn followers_take_their_part_of_the_fee_along() {
    // Of lognormals with latent correlation ρ: Cov(F, E[φ | F]) = exp(ρ σ_F σ_φ) − 1 and
    // Var(E[φ | F]) = exp(ρ² σ_φ²) − 1, relative; the fee's own draw has exp((1 − ρ²) σ_φ²) − 1.
    let planned = planned(MIXED);
    let (model, _) = &planned[0];
    let cell = (0..model.cells.len())
        .find(|&c| model.key(c).to_string() == "micro.affiliate")
        .unwrap();
    let law = valuation::law(model, cell);
    let sigma = |p5: f64, p95: f64| (p95 / p5).ln() / (2.0 * normal_quantile(0.95));
    let (of_followers, of_fee) = (sigma(1e3, 1e4), {
        let crate::distribution::Distribution::LogNormal { sigma, .. } = *law.fee else {
            panic!("a lognormal")
        };
        sigma
    });
    let rho: f64 = 0.6;
    let followers = creators::effect(&law, rho, InputGroup::CreatorFollowers);
    let close =
        |found: f64, exact: f64| assert!((found / exact - 1.0).abs() < 1e-6, "{found} {exact}");
    close(followers.yields, (of_followers * of_followers).exp_m1());
    close(followers.both, (rho * of_followers * of_fee).exp_m1());
    close(followers.costs, (rho * rho * of_fee * of_fee).exp_m1());
    let fee = creators::effect(&law, rho, InputGroup::CreatorFee);
    close(fee.costs, ((1.0 - rho * rho) * of_fee * of_fee).exp_m1());
    assert_eq!(fee.yields, 0.0);
}

#[test]
fn threads_change_nothing() {
    let rows = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| explained(MIXED, 9000)).sensitivity
    };
    assert_eq!(rows(1), rows(3));
}

#[test]
fn without_a_plan_there_is_nothing_to_explain() {
    let text = "schema = 1\nname = \"none\"\nbudget = 100\ntiers.use = [\"mega\"]\ndiversity.min_creators = 5\n";
    let found = explained(text, 1024);
    assert!(found.sensitivity.is_empty() && found.choice.is_none() && found.run.trials == 0);
}

#[test]
fn the_place_of_profit_is_right() {
    assert_eq!((METRICS[0], METRICS[2]), (Metric::Roas, Metric::Profit));
}

#[test]
fn a_platform_in_a_small_audience_moves_less_than_in_proportion() {
    // Var(E[revenue | platform]) from the simulator against the valuation's at the saturation that
    // goes with the platform. Five standard errors; without saturation the share would be twice it.
    let text = r#"
schema = 1
name = "crowd"
budget = 60_000
tiers.use = ["mid", "micro"]
partnerships.use = ["sponsored", "affiliate"]
uncertainty.platform = 0.2
audience.size = 200_000
counts = { "mid.sponsored" = 12, "micro.affiliate" = 40 }
"#;
    let planned = planned(text);
    let subject = subject(&planned[0]);
    let parts = Parts::new(&subject);
    let found = explained(text, TRIALS);
    let figure = |inputs, measure| {
        figure(&found, Some("base"), Metric::Revenue, inputs, None, measure).unwrap()
    };
    let platform = Inputs::One(InputGroup::Platform);
    let (sd, _) = figure(Inputs::All, Measure::Sd);
    let (first, error) = figure(platform, Measure::FirstOrder);
    let revenue = parts.expected().revenue;
    let at = |z: f64| {
        let p = normal_cdf(z).clamp(1e-300, 1.0 - 1e-16);
        parts
            .at_quantile(&subject, InputGroup::Platform, None, p)
            .revenue
    };
    let mean = normal_expectation(at);
    let exact = normal_expectation(|z| (at(z) - mean).powi(2)) / (sd * sd);
    assert!(
        (first - exact).abs() < 5.0 * error + 0.05 * exact,
        "{first} ± {error}, {exact}"
    );
    assert!(
        exact < 0.6 * (0.2 * revenue / sd).powi(2),
        "{exact}: hardly saturated"
    );
    assert!(figure(platform, Measure::High).0 < revenue * parts.factor(InputGroup::Platform, 1.28));
}

/// Ten partners of whom each leaves with 0.2 a month: of three months each works T = 1, 2 or 3 with 0.2, 0.16 and 0.64, so that spend has the
/// mean 10 × 1,000 E[T] and the variance 10 × 1,000² Var(T), all of it the pipeline's. Five standard errors.
#[test]
fn who_is_there_is_an_input_and_no_choice() {
    let text = r#"
schema = 1
name = "leavers"
budget = 20_000
months = 3
tiers.use = ["mid"]
tiers.mid = { fee = 1_000, benchmark = { cpa = 40, roas = 3.8 } }
partnerships.use = ["sponsored"]
uncertainty = "none"
counts = { "mid.sponsored" = 10 }
[pipeline]
identified = 0
repeat = 1
churn = 0.2
starting_creators = { "mid.sponsored" = 10 }
[[what_if]]
name = "nobody leaves"
pipeline = "none"
[[what_if]]
name = "eight"
counts = { "mid.sponsored" = 8 }
"#;
    let found = explained(text, TRIALS);
    let of =
        |plan, inputs, measure| figure(&found, Some(plan), Metric::Spend, inputs, None, measure);
    let sd = 1_000.0 * (10.0 * (6.6_f64 - 2.44 * 2.44)).sqrt();
    let (expected, _) = of("base", Inputs::All, Measure::Expected).unwrap();
    let error = sd / (TRIALS as f64).sqrt();
    assert!((expected - 24_400.0).abs() < 5.0 * error, "{expected}");
    let (estimate, error) = of("base", Inputs::All, Measure::Sd).unwrap();
    assert!((estimate - sd).abs() < 5.0 * error, "{estimate} for {sd}");
    let pipeline = Inputs::One(InputGroup::Pipeline);
    for measure in [Measure::FirstOrder, Measure::Total] {
        let (share, error) = of("base", pipeline, measure).unwrap();
        assert!((share - 1.0).abs() < 5.0 * error, "{share} ± {error}");
    }
    assert!(of("base", pipeline, Measure::Low).is_none());
    assert!(of("nobody leaves", pipeline, Measure::Total).is_none());
    let (certain, _) = of("nobody leaves", Inputs::All, Measure::Expected).unwrap();
    assert!((certain - 30_000.0).abs() < 1e-6);
    // Without leavers it is another world; eight instead of ten is another plan.
    let choice = found.choice.as_ref().expect("plans to choose from");
    assert_eq!(choice.plans, [0, 2]);
    let profit = |plan: &str| {
        figure(
            &found,
            Some(plan),
            Metric::Profit,
            Inputs::All,
            None,
            Measure::Expected,
        )
    };
    assert!((choice.profits[0] - profit("base").unwrap().0).abs() < 1e-9);
}
