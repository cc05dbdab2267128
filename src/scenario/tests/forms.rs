//! Shares, distributions and counts in all their forms.

use super::*;

#[test]
fn stage_shares_spread_scale_and_lift() {
    let bands_of = |more: &str| {
        minimal(&format!("stage = \"maturity\"\n{more}"))
            .base
            .rules
            .tier_budget_share
    };
    // Without mega, 15/50/30 of 95.
    let bands = bands_of("[tiers]\nuse = [\"macro\", \"mid\", \"micro\"]\n");
    near(bands[1].as_ref().unwrap().asked.unwrap(), 0.5 / 0.95);
    has_ends(bands[0].as_ref(), 0.15 / 0.95 - 0.05, 0.15 / 0.95 + 0.05);
    // A number scales the others before tolerance.
    let bands = bands_of("[diversity]\ntolerance = 0.02\ntier_budget_share = { micro = 0.4 }\n");
    has_ends(bands[3].as_ref(), 0.39, 0.41);
    has_ends(
        bands[1].as_ref(),
        0.15 * 0.6 / 0.7 - 0.02,
        0.15 * 0.6 / 0.7 + 0.02,
    );
    has_ends(bands[4].as_ref(), 0.0, 0.02);
    // Free and bands do not scale.
    let bands =
        bands_of("[diversity]\ntier_budget_share = { micro = \"free\", mid = [0.1, 0.9] }\n");
    assert!(bands[3].is_none());
    has_ends(bands[2].as_ref(), 0.1, 0.9);
    has_ends(bands[1].as_ref(), 0.10, 0.20);
    // A free tier still takes its scaled share out of the remainder.
    let bands = bands_of("[diversity]\ntier_budget_share = { micro = \"free\", mid = \"60%\" }\n");
    near(bands[1].as_ref().unwrap().asked.unwrap(), 0.15 * 0.4 / 0.5);
    // No stage, no bands.
    assert!(
        minimal("")
            .base
            .rules
            .tier_budget_share
            .iter()
            .all(Option::is_none)
    );
    // Exact shares.
    let bands = bands_of(
        "[tiers]\nuse = [\"mega\", \"macro\", \"mid\", \"micro\"]\n[diversity]\nshare_tolerance = 0\n\
         tier_budget_share = { mega = 0.05, macro = 0.25, mid = 0.4, micro = 0.3 }\n",
    );
    has_ends(bands[1].as_ref(), 0.25, 0.25);
}

#[test]
fn other_shares_take_the_same_forms() {
    let scenario = minimal(
        "[segments.categories.a]\n[segments.categories.b]\n[segments.regions.x]\n[segments.regions.y]\n\
         [diversity]\npartnership_share = { sponsored = \"40%\", seeding = [0, 1] }\n\
         category_budget_share = { a = 0.6, b = 0.4 }\nregion_budget_share.x = \"free\"\n",
    );
    let rules = &scenario.base.rules;
    has_ends(rules.partnership_share[0].as_ref(), 0.39, 0.41);
    assert!(rules.partnership_share[1].is_none());
    has_ends(rules.partnership_share[2].as_ref(), 0.0, 1.0);
    has_ends(rules.category_budget_share[1].as_ref(), 0.39, 0.41);
    assert!(rules.region_budget_share[0].is_none());
}

#[test]
fn every_form_of_a_distribution() {
    let fee = |value: &str| minimal(&format!("[tiers.mid]\nfee = {value}\n")).base.tiers[2].fee;
    let rate = |value: &str| {
        let scenario = minimal(&format!("[tiers.mid]\nengagement_rate = {value}\n"));
        match &scenario.base.tiers[2].basis {
            Basis::Followers(f) => f.engagement_rate,
            Basis::Benchmark(_) => panic!("followers basis"),
        }
    };
    assert_eq!(fee("500"), Distribution::Certain(500.0));
    assert_eq!(fee("\"1_200\""), Distribution::Certain(1200.0));
    assert_eq!(fee("\"1.2k\""), Distribution::Certain(1200.0));
    assert_eq!(fee("\"0.5m\""), Distribution::Certain(500_000.0));
    let lognormal = Distribution::lognormal_interval(1e3, 5e3).unwrap();
    assert_eq!(fee("\"1_000 to 5_000\""), lognormal);
    assert_eq!(fee("\"1k to 5k\""), lognormal);
    assert_eq!(
        fee("{ lognormal = { p5 = 1_000, p95 = \"5k\" } }"),
        lognormal
    );
    let spread = Distribution::lognormal_mean_sd(2e3, 500.0).unwrap();
    assert_eq!(fee("{ mean = 2_000, sd = 500 }"), spread);
    assert_eq!(fee("{ lognormal = { mean = 2_000, sd = 500 } }"), spread);
    assert_eq!(
        fee("{ gamma = { mean = 2_000, sd = 500 } }"),
        Distribution::gamma_mean_sd(2e3, 500.0).unwrap()
    );
    assert_eq!(
        fee("{ pert = { min = 1, mode = 2, max = 4 } }"),
        Distribution::pert(1.0, 2.0, 4.0).unwrap()
    );
    assert_eq!(
        fee("{ triangular = { min = 1, mode = 2, max = 4 } }"),
        Distribution::triangular(1.0, 2.0, 4.0).unwrap()
    );
    assert_eq!(
        fee("{ uniform = { min = 1, max = 4 } }"),
        Distribution::uniform(1.0, 4.0).unwrap()
    );
    assert_eq!(rate("\"40%\""), Distribution::Certain(0.4));
    assert_eq!(
        rate("\"5% to 10%\""),
        Distribution::beta_interval(0.05, 0.1).unwrap()
    );
    assert_eq!(
        rate("{ mean = 0.07, sd = 0.02 }"),
        Distribution::beta_mean_sd(0.07, 0.02).unwrap()
    );
    assert_eq!(
        rate("{ beta = { mean = \"7%\", sd = \"2%\" } }"),
        Distribution::beta_mean_sd(0.07, 0.02).unwrap()
    );
    assert_eq!(
        rate("{ beta = { alpha = 2, beta = 30 } }"),
        Distribution::beta_shape(2.0, 30.0).unwrap()
    );
    let order = |value: &str| {
        let order = minimal(&format!("[order]\nvalue = {value}\n")).base.order;
        (order.mean, order.sd)
    };
    assert_eq!(order("120"), (120.0, 0.0));
    assert_eq!(order("{ mean = 120, sd = 30 }"), (120.0, 30.0));
    assert_eq!(order("{ gamma = { mean = 120, sd = 30 } }"), (120.0, 30.0));
}

#[test]
fn counts_quoted_nested_and_partial_are_equal() {
    let counts = |text: &str| minimal(text).base.counts.expect("counts");
    let quoted = counts("counts = { \"mid.sponsored\" = 5, \"micro.seeding\" = 30 }\n");
    assert_eq!(
        quoted,
        counts("counts = { mid.sponsored = 5, micro.seeding = 30 }\n")
    );
    assert_eq!(
        quoted,
        counts("[counts]\nmid = { sponsored = 5 }\n[counts.micro]\nseeding = 30\n")
    );
    near(quoted.iter().sum(), 35.0);
    // A partial key is fine where it names one cell.
    let partial = counts("counts = { \"mega\" = 1, \"nano.seeding\" = 2 }\n");
    near(partial.iter().sum(), 3.0);
    let regions = minimal(
        "counts = { \"mid.sponsored.*.local\" = 2 }\n[segments.regions.local]\n[segments.regions.far]\n",
    );
    near(regions.base.counts.unwrap().iter().sum(), 2.0);
    let half = counts("fractional_counts = true\ncounts = { \"mid.sponsored\" = 2.5 }\n");
    near(half.iter().sum(), 2.5);
}

#[test]
fn the_best_plan_is_asked_for_in_these_forms() {
    let wanted = |text: &str| match minimal(&format!("trials = {text}")).trials {
        Trials::Best(wanted) => wanted,
        other => panic!("{text}: {other:?}"),
    };
    let default = BestWanted {
        metric: Metric::Profit,
        probability: 0.95,
        indifference: Indifference::Amount(0.0),
        max: 10_000_000,
    };
    assert_eq!(wanted("{ best = \"profit\" }"), default);
    let all = "{ best = \"cpa\", probability = \"99%\", indifference = \"0.5%\", max = 5000 }";
    let found = wanted(all);
    assert_eq!((found.metric, found.max), (Metric::Cpa, 5000));
    assert_eq!(found.probability, 0.99);
    assert_eq!(found.indifference, Indifference::Share(0.005));
    for (text, amount) in [("250", 250.0), ("\"5k\"", 5000.0), ("0.5", 0.5)] {
        let found = wanted(&format!("{{ best = \"profit\", indifference = {text} }}"));
        assert_eq!(found.indifference, Indifference::Amount(amount));
    }
    // A number of trials on the command line takes its place.
    let overrides = Overrides {
        trials: Some(5000),
        ..Overrides::default()
    };
    let file = with_head("trials = { best = \"profit\" }");
    let scenario = try_read(&file, &overrides).unwrap();
    assert_eq!(scenario.trials, Trials::Fixed(5000));
}

#[test]
fn assumed_terms_are_those_not_stated() {
    let assumed = |scenario: &Scenario| -> Vec<(String, Vec<&str>)> {
        let terms = scenario.assumed_terms().iter();
        terms
            .map(|t| (t.partnership.clone(), t.keys.clone()))
            .collect()
    };
    let all = |types: &[&str]| -> Vec<(String, Vec<&str>)> {
        types
            .iter()
            .map(|t| ((*t).to_owned(), Vec::new()))
            .collect()
    };
    assert_eq!(
        assumed(&minimal("")),
        all(&["sponsored", "affiliate", "seeding", "ambassador"])
    );
    let stated = "[partnerships]\nuse = [\"sponsored\"]\n[partnerships.sponsored]\nfee = 1\ncommission = 0\n\
                  product_cost = 0\nposts = 1\ndelivery = 1\nconversion_lift = 1\n[tiers]\nuse = [\"mid\"]\n";
    assert!(assumed(&minimal(stated)).is_empty());
    // Hours matter only where they cost or are capped.
    let hours = format!("{stated}[operations]\nhour_cost = 50\n");
    assert_eq!(
        assumed(&minimal(&hours)),
        [("sponsored".to_owned(), vec!["hours"])]
    );
    // A level has its own terms, and those it leaves out from its type.
    let bronze = minimal(
        "months = 3\n[partnerships]\nuse = [\"sponsored\", \"ambassador\"]\n[tiers]\nuse = [\"micro\"]\n[ambassadors.bronze]\n",
    );
    let mut expected = all(&["sponsored"]);
    let rest = vec!["product_cost", "delivery", "conversion_lift"];
    expected.push(("ambassador".to_owned(), rest));
    assert_eq!(assumed(&bronze), expected);
}
