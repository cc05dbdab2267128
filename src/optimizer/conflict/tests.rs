mod random;

use super::change::least;
use super::probe::Prober;
use super::words::{Rounding, amount};
use super::*;
use crate::distribution::Distribution;
use crate::model::valuation;
use crate::model::{
    Band, BandSource, Basis, CellPattern, Location, Origin, Stage, Unit, UserAmount, UserRule,
    constraints,
};
use crate::optimizer::check::check;
use crate::optimizer::sample;

fn place(line: usize) -> Origin {
    Origin::File(Location {
        file: "q.toml".to_owned(),
        line,
        column: 1,
    })
}

fn told(model: &Model) -> Conflict {
    let units = valuation::units(model);
    let rules = constraints(model, &units);
    explain(
        model,
        &units,
        &rules,
        &PlanSettings::default(),
        false,
        &Cancel::new(),
    )
    .conflict
    .expect("infeasible")
}

fn members(set: &[ConflictMember]) -> Vec<&str> {
    set.iter().map(|m| m.constraint.as_str()).collect()
}

/// The playbook's ¥30,000 a month at maturity: shares 5/15/50/30 ± 2 points, sponsored and
/// affiliate posts, tiers at the playbook's ranges.
fn playbook(budget: f64) -> Model {
    let interval = |a, b| Distribution::lognormal_interval(a, b).unwrap();
    let rows = [
        ("mega", 10_000.0, 50_000.0, 5e5, 5e6, 0.01, 0.03, 2.0),
        ("macro", 5_000.0, 20_000.0, 1e5, 5e5, 0.03, 0.05, 10.0),
        ("mid", 1_000.0, 5_000.0, 1e4, 1e5, 0.05, 0.10, 50.0),
        ("micro", 200.0, 1_000.0, 1e3, 1e4, 0.10, 0.20, 200.0),
    ];
    let tiers = rows
        .iter()
        .map(|&(name, f5, f95, n5, n95, e5, e95, supply)| {
            let mut tier = sample::tier(name, 0.0, 0.0, 0.0);
            tier.fee = interval(f5, f95);
            if let Basis::Followers(followers) = &mut tier.basis {
                followers.followers = interval(n5, n95);
                followers.engagement_rate = Distribution::beta_interval(e5, e95).unwrap();
            }
            tier.max_creators = Some(supply);
            tier
        })
        .collect();
    let types = &sample::types()[..2];
    let mut model = sample::model(tiers, types, budget, |tier, p| tier > 0 || p == 0);
    model.stage = Stage::Maturity;
    for (i, share) in [0.05, 0.15, 0.50, 0.30].into_iter().enumerate() {
        model.rules.tier_budget_share[i] = Some(Band {
            low: share - 0.02,
            high: share + 0.02,
            asked: Some(share),
            source: BandSource::Stage,
            origin: place(5),
        });
    }
    model.rules.budget_origin = place(6);
    model.rules.min_spend = 0.9;
    model
}

#[test]
fn the_playbooks_example_names_both_bands_and_the_budget_that_one_mega_needs() {
    let model = playbook(30_000.0);
    let mega = valuation::units(&model)[0].spend;
    assert!((mega - 25_203.0).abs() < 1.0, "{mega}");
    let conflict = told(&model);
    assert_eq!(
        members(&conflict.members),
        ["budget", "diversity.tier_budget_share.mega"]
    );
    let others: Vec<_> = conflict.others.iter().map(|s| members(s)).collect();
    assert!(
        others[0].contains(&"diversity.tier_budget_share.macro"),
        "{others:?}"
    );
    let budget = &conflict.members[0];
    let excess = budget.changed_to.unwrap() / (mega / 0.07) - 1.0;
    assert!((-1e-9..3e-6).contains(&excess), "{excess}");
    assert!(
        budget
            .words
            .contains("one mega costs ¥25,203 on average and may take at most 7 %")
    );
    assert!(budget.words.contains("¥30,000, q.toml:6)"));
    let band = &conflict.members[1];
    assert_eq!(
        band.stated,
        "diversity.tier_budget_share.mega between 3 % and 7 %"
    );
    assert!((band.least_change.unwrap() - 0.03).abs() < 1e-9);
    assert!(
        band.words
            .contains("would have to start at 0 %, or allow 84."),
        "{}",
        band.words
    );
    assert!(conflict.none_alone_is_enough);
    assert!(!conflict.joint_change.is_empty());
    assert!(
        conflict
            .sentences
            .iter()
            .any(|s| s.starts_with("With a budget of about ¥360,0")
                && s.contains("could be kept for mega (at the mean fee; at a fee of ¥10,000")),
        "{:?}",
        conflict.sentences
    );
}

/// Made as told, the joint change gives a plan that keeps every rule.
#[test]
fn the_joint_change_leads_to_a_plan() {
    let mut model = playbook(30_000.0);
    let conflict = told(&model);
    for change in &conflict.joint_change {
        let tier = model
            .tiers
            .iter()
            .position(|t| change.constraint == format!("diversity.tier_budget_share.{}", t.name))
            .expect("a tier's band");
        let band = model.rules.tier_budget_share[tier].as_mut().unwrap();
        if change.to < change.from {
            band.low = change.to - 1e-9;
        } else {
            band.high = change.to + 1e-9;
        }
    }
    let settings = PlanSettings::default();
    let plan = crate::optimizer::plan(&model, &settings, &Cancel::new());
    assert!(plan.is_usable(), "{:?}", plan.status);
    let counts: Vec<f64> = plan.counts.row(0).to_vec();
    assert_eq!(check(&model, &counts), []);
}

#[test]
fn shares_of_counts_need_no_whole_numbers_where_counts_are_fractional() {
    let mut model = playbook(30_000.0);
    model.fractional_counts = true;
    let units = valuation::units(&model);
    let settings = PlanSettings::default();
    let rules = constraints(&model, &units);
    assert_eq!(
        explain(&model, &units, &rules, &settings, false, &Cancel::new()).conflict,
        None
    );
    // half a macro at the most cannot make up 13 % of 27,000
    model.tiers[1].max_creators = Some(0.25);
    let conflict = told(&model);
    assert_eq!(
        members(&conflict.members),
        [
            "diversity.min_spend",
            "diversity.tier_budget_share.macro",
            "tiers.macro.max_creators"
        ]
    );
    let macro_cost = units[1].spend;
    let supply = conflict.members[2].changed_to.unwrap();
    assert!(
        (supply - 0.13 * 27_000.0 / macro_cost).abs() < 1e-4,
        "{supply}"
    );
    assert!(!conflict.sentences[0].contains("whole"));
}

/// Categories and regions: many cells that differ little.
#[test]
fn a_segmented_market_is_explained_within_seconds() {
    let mut model = sample::segmented(30_000.0, 3, 2);
    for band in model.rules.tier_budget_share.iter_mut().flatten() {
        band.low += 0.03;
        band.high -= 0.03;
    }
    let before = std::time::Instant::now();
    let conflict = told(&model);
    assert!(before.elapsed().as_secs() < 30, "{:?}", before.elapsed());
    assert_eq!(
        members(&conflict.members),
        ["budget", "diversity.tier_budget_share.mega"]
    );
    assert!(conflict.members.iter().all(|m| m.changed_to.is_some()));
}

#[test]
fn a_feasible_model_has_no_conflict() {
    let mut model = playbook(30_000.0);
    model.rules.tier_budget_share = vec![None; 4];
    let units = valuation::units(&model);
    let rules = constraints(&model, &units);
    let settings = PlanSettings::default();
    assert_eq!(
        explain(&model, &units, &rules, &settings, false, &Cancel::new()).conflict,
        None
    );
}

#[test]
fn nothing_is_claimed_after_a_cancel() {
    let model = playbook(30_000.0);
    let units = valuation::units(&model);
    let rules = constraints(&model, &units);
    let cancel = Cancel::new();
    cancel.request();
    assert_eq!(
        explain(
            &model,
            &units,
            &rules,
            &PlanSettings::default(),
            true,
            &cancel
        )
        .conflict,
        None
    );
}

#[test]
fn least_spend_above_supply_names_both_and_the_budget_that_can_be_spent() {
    let tiers = vec![sample::tier("mid", 2_000.0, 50_000.0, 0.08)];
    let mut model = sample::model(tiers, &sample::types()[..1], 100_000.0, |_, _| true);
    model.tiers[0].max_creators = Some(10.0);
    model.rules.tier_max_creators_origin[0] = place(9);
    model.rules.min_spend = 0.9;
    let conflict = told(&model);
    assert_eq!(
        members(&conflict.members),
        ["diversity.min_spend", "tiers.mid.max_creators"]
    );
    let [spend, supply] = &conflict.members[..] else {
        unreachable!()
    };
    assert_eq!(supply.changed_to, Some(45.0));
    assert!(supply.enough_alone && spend.enough_alone);
    assert!(!conflict.none_alone_is_enough);
    assert_eq!(spend.changed_to, Some(20_000.0));
    assert!(
        spend
            .words
            .contains("come down to ¥20,000 (20 % of the budget; or the budget at most ¥22,222)"),
        "{}",
        spend.words
    );
    assert_eq!(
        supply.words,
        "`tiers.mid.max_creators` (at most 10, q.toml:9): would have to allow 45"
    );
    // 70 points of least spend, or 350 % of the supply: the first is cheaper
    assert_eq!(conflict.joint_change.len(), 1);
    assert_eq!(conflict.joint_change[0].constraint, "diversity.min_spend");
}

/// 10 creators at ¥2,000 against a least spend of ¥90,000.
#[test]
fn importance_steers_the_joint_change() {
    let cheapest = |least_spend: f64, supply: f64| {
        let tiers = vec![sample::tier("mid", 2_000.0, 50_000.0, 0.08)];
        let mut model = sample::model(tiers, &sample::types()[..1], 100_000.0, |_, _| true);
        model.tiers[0].max_creators = Some(10.0);
        model.rules.min_spend = 0.9;
        model.rules.importance.set("min_spend", least_spend);
        model.rules.importance.set("supply", supply);
        let conflict = told(&model);
        assert_eq!(conflict.joint_change.len(), 1);
        assert!(
            conflict
                .sentences
                .iter()
                .any(|s| s.contains(", by your order of importance, that lets a plan exist"))
        );
        conflict.joint_change[0].constraint.clone()
    };
    // 350 % against 77.8 % of the least spend: even at 4.5 times the importance
    assert_eq!(cheapest(4.4, 1.0), "diversity.min_spend");
    assert_eq!(cheapest(4.6, 1.0), "tiers.mid.max_creators");
    assert_eq!(cheapest(1.0, 0.23), "diversity.min_spend");
    assert_eq!(cheapest(1.0, 0.21), "tiers.mid.max_creators");
}

/// A budget to be spent to the last yuan by whole creators of awkward prices: whatever the search
/// comes to, it says what is nearest.
#[test]
fn a_budget_to_be_spent_exactly_ends_with_what_is_nearest() {
    let mut model = playbook(30_000.0);
    model.rules.tier_budget_share = vec![None; 4];
    model.rules.min_spend = 1.0;
    let settings = PlanSettings {
        node_limit: 500,
        ..PlanSettings::default()
    };
    let plan = crate::optimizer::plan(&model, &settings, &Cancel::new());
    if plan.is_usable() {
        let counts: Vec<f64> = plan.counts.row(0).to_vec();
        assert_eq!(check(&model, &counts), []);
        return;
    }
    let conflict = plan.conflict.expect("what is nearest");
    let [change] = &conflict.joint_change[..] else {
        panic!("{:?}", conflict.joint_change)
    };
    assert!(
        (0.0..0.001).contains(&((change.to - change.from).abs() / 30_000.0)),
        "{change:?}"
    );
    assert_eq!(conflict.sentences.len(), 2, "{:?}", conflict.sentences);
}

#[test]
fn bounds_are_told_as_they_were_written() {
    let conflict = told(&playbook(30_000.0));
    assert!(
        conflict.members[1]
            .words
            .starts_with("`diversity.tier_budget_share.mega` (the stage's 5 % ± 2 points, so 3 % to 7 %, q.toml:5)"),
        "{}",
        conflict.members[1].words
    );
    assert!(
        conflict.others[0].iter().any(|m| m.words.starts_with(
            "`diversity.min_spend` (at least 90 % of the budget, ¥27,000, the default)"
        )),
        "{:?}",
        conflict.others
    );
}

#[test]
fn the_users_own_rule_goes_first() {
    let tiers = vec![
        sample::tier("macro", 11_000.0, 250_000.0, 0.04),
        sample::tier("mid", 2_000.0, 50_000.0, 0.08),
    ];
    let mut model = sample::model(tiers, &sample::types()[..1], 10_000.0, |_, _| true);
    model.tiers[0].min_creators = 1.0;
    model.rules.user.push(UserRule {
        name: "two macro".to_owned(),
        amount: UserAmount::Count,
        terms: vec![(
            CellPattern {
                tier: Some("macro".to_owned()),
                ..CellPattern::default()
            },
            1.0,
        )],
        min: Some(2.0),
        max: None,
        origin: place(20),
    });
    let conflict = told(&model);
    assert_eq!(
        members(&conflict.members),
        ["budget", "tiers.macro.min_creators"]
    );
    assert_eq!(members(&conflict.others[0]), ["budget", "two macro"]);
    // the budget is in both sets: 11,000 settles the first, 22,000 the whole
    let budget = &conflict.members[0];
    assert!((budget.changed_to.unwrap() - 11_000.0).abs() < 1e-3);
    assert!(!budget.enough_alone && !conflict.none_alone_is_enough);
    assert!(
        budget
            .words
            .ends_with("to let all rules hold it would have to be ¥22,000"),
        "{}",
        budget.words
    );
}

#[test]
fn a_cap_on_one_partnerships_share_opens_cells_as_the_budget_grows() {
    let tiers = vec![
        sample::tier("macro", 11_000.0, 250_000.0, 0.04),
        sample::tier("mid", 2_000.0, 50_000.0, 0.08),
    ];
    let mut model = sample::model(tiers, &sample::types()[..1], 20_000.0, |_, _| true);
    model.tiers[0].min_creators = 1.0;
    model.rules.max_creator_budget_share = Some(0.2);
    let conflict = told(&model);
    assert_eq!(
        members(&conflict.members),
        [
            "diversity.max_creator_budget_share",
            "tiers.macro.min_creators"
        ]
    );
    assert!((conflict.members[0].changed_to.unwrap() - 0.55).abs() < 1e-9);
    // the budget's way out is priced too: 175 % more, against 35 points
    assert_eq!(
        conflict.joint_change[0].constraint,
        "diversity.max_creator_budget_share"
    );
    let units = valuation::units(&model);
    let mut rules = constraints(&model, &units);
    // so many macro at the least that the budget is in the set
    rules.retain(|r| r.name != "tiers.macro.max_creators");
    let cancel = Cancel::new();
    let mut prober = Prober::new(2, false, &PlanSettings::default(), &cancel);
    let found = least(&mut prober, &rules, 0);
    assert_eq!(found.len(), 1);
    assert!((found[0].to - 55_000.0).abs() < 1e-2, "{found:?}");
}

#[test]
fn amounts_are_rounded_so_that_they_are_enough() {
    let money = |v, r| amount(v, Unit::Money, "CNY", r);
    assert_eq!(money(360_042.3, Rounding::Up), "¥360,043");
    assert_eq!(money(360_042.3, Rounding::Near), "¥360,042");
    assert_eq!(money(-1_234.5, Rounding::Down), "−¥1,235");
    assert_eq!(money(12.345, Rounding::Down), "¥12.34");
    assert_eq!(amount(0.84011, Unit::Share, "CNY", Rounding::Up), "84.02 %");
    assert_eq!(amount(0.07, Unit::Share, "CNY", Rounding::Up), "7 %");
    assert_eq!(amount(0.03, Unit::Share, "CNY", Rounding::Down), "3 %");
    assert_eq!(amount(1e6, Unit::Count, "CNY", Rounding::Near), "1,000,000");
}
