//! The value of information against options' prices and brute force.

use super::*;

/// Two plans of equal certain spend on two tiers; conversion rates are all the doubt there is.
const EXCHANGE: &str = r#"
schema = 1
name = "exchange"
budget = 100_000
counts = { "macro.sponsored" = 4 }
tiers.use = ["macro", "mid"]
partnerships.use = ["sponsored"]
tiers.macro = { fee = 5_000, followers = 220_000, engagement_rate = 0.04 }
tiers.mid = { fee = 2_500, followers = 50_000, engagement_rate = 0.08 }
uncertainty = { market = 0.1, platform = 0, engagement_rate = 0, click_rate = 0, conversion_rate = 0.25, order_value = 0, fee = 0, benchmark = 0 }
[[what_if]]
name = "mid"
counts = { "mid.sponsored" = 8 }
[[what_if]]
name = "cheaper orders"
order.value = 100
"#;

#[test]
fn knowing_both_rates_is_worth_margrabes_option() {
    // Profits a U₁ − c and b U₂ − c: E[max(a U₁, b U₂)] − max(a, b) = s Φ(d₁) − … with
    // σ² = 2 ln(1 + 0.25²) (Margrabe, Journal of Finance 33 (1978) 177).
    let found = explained(EXCHANGE, 8192);
    let planned = planned(EXCHANGE);
    let yields = |i: usize| {
        let (model, plan) = &planned[i];
        let units = valuation::units(model);
        let revenue: f64 = units
            .iter()
            .zip(plan.counts.row(0))
            .map(|(u, n)| u.revenue * n)
            .sum();
        model.order.margin * revenue
    };
    let (a, b) = (yields(0), yields(1));
    assert!(a > b && a < 1.5 * b, "{a} {b}: the choice must be open");
    let choice = found.choice.as_ref().unwrap();
    // Nobody chooses what an order is worth.
    assert_eq!(
        (choice.plans.as_slice(), choice.best),
        ([0, 1].as_slice(), 0)
    );

    let evppi = |inputs, tier| figure(&found, None, Metric::Profit, inputs, tier, Measure::Evppi);
    let rate = Inputs::One(InputGroup::ConversionRate);
    let log = f64::ln(1.0 + 0.25 * 0.25);
    let exchange = |a: f64, b: f64, variance: f64| {
        let sigma = variance.sqrt();
        let d = (b / a).ln() / sigma;
        b * normal_cdf(d + 0.5 * sigma) - a * normal_cdf(d - 0.5 * sigma)
    };
    // Both: four standard errors; the error itself within 2 %.
    let exact = exchange(a, b, 2.0 * log);
    let (value, error) = evppi(rate, None).unwrap();
    assert!(
        error < 0.02 * exact && (value - exact).abs() < 4.0 * error,
        "{value} ± {error}, {exact}"
    );
    // One of them: an option on one lognormal, integrated.
    for tier in ["macro", "mid"] {
        let (value, error) = evppi(rate, Some(tier)).unwrap();
        let exact = exchange(a, b, log);
        assert!(
            error == 0.0 && (value / exact - 1.0).abs() < 1e-5,
            "{tier}: {value}, {exact}"
        );
    }
    // The market moves both profits alike and never turns the choice.
    assert_eq!(
        evppi(Inputs::One(InputGroup::Market), None),
        Some((0.0, 0.0))
    );
    // More knowledge is worth more: one ≤ both ≤ all shared ≤ everything, within five errors.
    let (both, both_error) = (value, error);
    let (shared, shared_error) = evppi(Inputs::Shared, None).unwrap();
    let (all, all_error) = evppi(Inputs::All, None).unwrap();
    assert!(both <= shared + 5.0 * (both_error + shared_error));
    assert!(shared <= all + 5.0 * (shared_error + all_error));
    assert!(exchange(a, b, log) < both);
}

#[test]
fn correlated_rates_are_worth_what_is_left_of_their_difference() {
    // Latent normals of correlation ρ: both rates known, ln U₁/U₂ has variance 2 (1 − ρ) σ²; one known, the
    // other is exp(ρ σ z − ρ² σ²/2) in expectation, and their ratio's logarithm has variance (1 − ρ)² σ².
    let rho = 0.5;
    let text = format!("dependence.tiers = {rho}\n{EXCHANGE}");
    let found = explained(&text, 2048);
    let choice = found.choice.as_ref().unwrap();
    let cost = |i: usize| {
        let (_, plan) = &planned(&text)[i];
        choice.profits[i] + plan.counts.sum() * if i == 0 { 5_000.0 } else { 2_500.0 }
    };
    let (a, b) = (cost(0), cost(1));
    let log = f64::ln(1.0 + 0.25 * 0.25);
    let exchange = |variance: f64| {
        let sigma = variance.sqrt();
        let d = (b / a).ln() / sigma;
        b * normal_cdf(d + 0.5 * sigma) - a * normal_cdf(d - 0.5 * sigma)
    };
    let rate = Inputs::One(InputGroup::ConversionRate);
    let evppi = |tier| figure(&found, None, Metric::Profit, rate, tier, Measure::Evppi).unwrap();
    // Four standard errors, as of independent rates.
    let ((value, error), exact) = (evppi(None), exchange(2.0 * (1.0 - rho) * log));
    assert!(
        error < 0.03 * exact && (value - exact).abs() < 4.0 * error,
        "{value} ± {error}, {exact}"
    );
    for tier in ["macro", "mid"] {
        let ((value, error), exact) = (evppi(Some(tier)), exchange((1.0 - rho).powi(2) * log));
        assert!(
            error == 0.0 && (value / exact - 1.0).abs() < 1e-4,
            "{tier}: {value}, {exact}"
        );
    }
}

#[test]
fn a_plan_that_is_better_whatever_comes_leaves_nothing_to_learn() {
    let text = EXCHANGE.replace("\"mid.sponsored\" = 8", "\"macro.sponsored\" = 3");
    let found = explained(&text, 2048);
    for row in found
        .sensitivity
        .iter()
        .filter(|r| r.measure == Measure::Evppi && r.inputs != Inputs::All)
    {
        // Fewer of the same: profit changes in proportion, and is above zero in all likelihood.
        assert!(row.value.unwrap() < 50.0, "{row:?}");
    }
}

#[test]
fn the_normal_value_of_creators_is_near_a_brute_force_one() {
    // Two tiers whose creators' followers are all that is uncertain but orders; knowing every creator's
    // followers, the better plan is the one of more expected revenue: known in closed form trial by
    // trial, E[max] by brute force over 40,000 sets of lognormals. The approximation takes a
    // sum of a few lognormals for normal: within a tenth, and three errors of either.
    let text = r#"
schema = 1
name = "vetting"
budget = 100_000
counts = { "macro.sponsored" = 4 }
tiers.use = ["macro", "mid"]
partnerships.use = ["sponsored"]
tiers.macro = { fee = 5_000, followers = { mean = 210_000, sd = 60_000 }, engagement_rate = 0.04 }
tiers.mid = { fee = 2_500, followers = { mean = 50_000, sd = 20_000 }, engagement_rate = 0.08 }
uncertainty = "none"
[[what_if]]
name = "mid"
counts = { "mid.sponsored" = 8 }
"#;
    let found = explained(text, 65_536);
    let planned = planned(text);
    let followers = Inputs::One(InputGroup::CreatorFollowers);
    let (value, error) = figure(
        &found,
        None,
        Metric::Profit,
        followers,
        None,
        Measure::Evppi,
    )
    .unwrap();

    let mut brute = crate::stats::Moments::default();
    let draw = |name: &str, index: u64| {
        let address = crate::rng::Address {
            slot: crate::rng::slot_hash(&["brute", name], index),
            quantity: 0,
            block: 0,
        };
        let mut uniforms = vec![0.0; 40_000];
        crate::rng::Stream::new(5, address).fill_uniforms(&mut uniforms);
        uniforms
    };
    let sum = |plan: usize, tier: usize, name: &str, creators: u64| -> Vec<f64> {
        let (model, _) = &planned[plan];
        let unit = &valuation::units(model)[tier];
        let crate::model::Basis::Followers(f) = &model.tiers[tier].basis else {
            panic!("followers")
        };
        let each = model.order.margin * unit.revenue / f.followers.mean();
        let mut total = vec![0.0; 40_000];
        for index in 0..creators {
            for (total, u) in total.iter_mut().zip(draw(name, index)) {
                *total += each * f.followers.quantile(u);
            }
        }
        total
    };
    let (base, other) = (sum(0, 0, "macro", 4), sum(1, 1, "mid", 8));
    let regrets: Vec<f64> = base
        .iter()
        .zip(&other)
        .map(|(a, b)| (b - a).max(0.0))
        .collect();
    brute.extend(&regrets);
    assert!(
        brute.mean() > 20.0,
        "the choice must be open: {}",
        brute.mean()
    );
    let allowed = 0.1 * brute.mean() + 3.0 * (error + brute.error());
    assert!(
        error < 0.05 * value && (value - brute.mean()).abs() < allowed,
        "{value} ± {error}, {} ± {}",
        brute.mean(),
        brute.error()
    );
}

/// [`EXCHANGE`] with correlated tiers.
fn correlated(rho: f64) -> String {
    EXCHANGE.replace(
        "uncertainty = {",
        &format!("dependence.tiers = {rho}\nuncertainty = {{"),
    )
}

/// Revenues times margin of the two plans of [`EXCHANGE`], what multiplies their conversion rates.
fn worths_of_rates(text: &str) -> (f64, f64) {
    let planned = planned(text);
    let yields = |i: usize| {
        let (model, plan) = &planned[i];
        let units = valuation::units(model);
        let revenue = units.iter().zip(plan.counts.row(0));
        model.order.margin * revenue.map(|(u, n)| u.revenue * n).sum::<f64>()
    };
    (yields(0), yields(1))
}

#[test]
fn correlated_rates_are_worth_margrabes_option_with_correlation() {
    // Both known: σ² = 2 (1 − ρ) v. One of them: profits a exp(s z − v/2) and b exp(s ρ z − ρ² v/2) are
    // lognormals of ONE normal, which exchange at σ² = (1 − ρ)² v. The tornado of one tier likewise.
    let rate = Inputs::One(InputGroup::ConversionRate);
    for rho in [0.5, 0.9] {
        // Close enough to each other that a little knowledge turns the choice.
        let text = correlated(rho).replace(
            "tiers.mid = { fee = 2_500, followers = 50_000,",
            "tiers.mid = { fee = 2_500, followers = 54_000,",
        );
        let (a, b) = worths_of_rates(&text);
        let found = explained(&text, 1024);
        let best = found.choice.as_ref().unwrap().best;
        let (a, b) = if best == 0 { (a, b) } else { (b, a) };
        let evppi = |tier| figure(&found, None, Metric::Profit, rate, tier, Measure::Evppi);
        let log = f64::ln(1.0 + 0.25 * 0.25);
        let exchange = |variance: f64| {
            let sigma = variance.sqrt();
            let d = (b / a).ln() / sigma;
            b * normal_cdf(d + 0.5 * sigma) - a * normal_cdf(d - 0.5 * sigma)
        };
        let (value, error) = evppi(None).unwrap();
        let exact = exchange(2.0 * (1.0 - rho) * log);
        assert!(exact > 10.0, "the choice must be open: {exact}");
        assert!(
            error < 0.1 * exact && (value - exact).abs() < 4.0 * error,
            "{rho}: {value} ± {error}, {exact}"
        );
        // By brute force, with draws of other names and as the simulator mixes them.
        let mut regrets = crate::stats::Moments::default();
        let normals = |name: &str| {
            let address = crate::rng::Address {
                slot: crate::rng::slot_hash(&["brute", name], 0),
                quantity: 0,
                block: 0,
            };
            let mut draws = vec![0.0; 200_000];
            crate::rng::Stream::new(5, address).fill_uniforms(&mut draws);
            draws.into_iter().map(normal_quantile).collect::<Vec<f64>>()
        };
        let of = |z: f64| (log.sqrt() * z - 0.5 * log).exp();
        let pairs = normals("macro").into_iter().zip(normals("mid"));
        let brute: Vec<f64> = pairs
            .map(|(z, e)| {
                let other = rho * z + (1.0 - rho * rho).sqrt() * e;
                (b * of(other) - a * of(z)).max(0.0)
            })
            .collect();
        regrets.extend(&brute);
        assert!(
            (value - regrets.mean()).abs() < 4.0 * (error + regrets.error()),
            "{rho}: {value} ± {error}, {} ± {}",
            regrets.mean(),
            regrets.error()
        );
        for tier in ["macro", "mid"] {
            let (value, error) = evppi(Some(tier)).unwrap();
            let exact = exchange((1.0 - rho) * (1.0 - rho) * log);
            assert!(
                error == 0.0 && (value / exact - 1.0).abs() < 1e-3,
                "{rho} {tier}: {value}, {exact}"
            );
        }
    }
}

#[test]
fn tiers_that_go_together_tell_all_of_each_other() {
    let found = explained(&correlated(1.0), 1024);
    let rate = Inputs::One(InputGroup::ConversionRate);
    let evppi = |tier| figure(&found, None, Metric::Profit, rate, tier, Measure::Evppi).unwrap();
    // One factor for both plans: nothing to exchange, but for what the far tail leaves.
    for tier in [None, Some("macro"), Some("mid")] {
        let (value, _) = evppi(tier);
        assert!(value.abs() < 1e-3, "{tier:?}: {value}");
    }
    // A plan of both tiers: in its tornado one tier low is all tiers low.
    let two = correlated(1.0)
        .replace(
            "\"macro.sponsored\" = 4 }",
            "\"macro.sponsored\" = 4, \"mid.sponsored\" = 8 }",
        )
        .replace("\"mid.sponsored\" = 8 }\n[[", "\"mid.sponsored\" = 3 }\n[[")
        .replace("conversion_rate = 0.25", "conversion_rate = 1.0");
    let both = explained(&two, 1024);
    let end = |tier, measure| {
        let plan = Some("base");
        figure(&both, plan, Metric::Revenue, rate, tier, measure)
            .unwrap()
            .0
    };
    for measure in [Measure::Low, Measure::High] {
        let all = end(None, measure);
        for tier in ["macro", "mid"] {
            assert!((end(Some(tier), measure) / all - 1.0).abs() <= 1e-12);
        }
    }
    // A plan of both tiers against a smaller one: knowing one tier is knowing all.
    let evppi = |tier| figure(&both, None, Metric::Profit, rate, tier, Measure::Evppi).unwrap();
    let (all, error) = evppi(None);
    assert!(
        all > 10.0 * error && all > 100.0,
        "{all} ± {error}: the choice must be open"
    );
    for tier in ["macro", "mid"] {
        let (one, _) = evppi(Some(tier));
        assert!(
            (one - all).abs() <= 4.0 * error + 1e-6,
            "{tier}: {one}, {all} ± {error}"
        );
    }
}
