use super::*;
use crate::distribution::Distribution;
use crate::model::{
    Basis, Benchmark, CellPattern, Factors, Metric, Origin, Segment, Terms, UserRule, constraints,
};
use crate::optimizer::sample;

/// Expected spend, conversions and revenue of one creator, written out from the model's
/// definition for tiers of certain values; apart from `valuation` on purpose.
struct Unit {
    spend: f64,
    engagements: f64,
    conversions: f64,
    revenue: f64,
}

fn by_hand(model: &Model, cell: usize) -> Unit {
    let cell = &model.cells[cell];
    let tier = &model.tiers[cell.tier];
    let Terms {
        fee: fee_factor,
        fee_amount,
        commission,
        product_cost,
        posts,
        delivery,
        conversion_lift,
        hours,
        post_days: _,
    } = cell.terms;
    let s = cell.factors;
    let mut order = model.order.mean;
    let (engagements, conversions) = match &tier.basis {
        Basis::Followers(f) => {
            let impressions =
                posts * f.followers.mean() * f.view_rate.mean() * delivery * s.view_rate;
            let engagements = impressions * f.engagement_rate.mean() * s.engagement_rate;
            let clicks = engagements * f.click_rate.mean() * s.click_rate;
            let conversions =
                clicks * f.conversion_rate.mean() * s.conversion_rate * conversion_lift;
            (engagements, conversions)
        }
        Basis::Benchmark(b) => {
            let price = tier.fee.mean() * posts * delivery;
            // certain values: E[1/X] = 1/X
            let cpa = b.cpa.mean();
            if let Some(roas) = b.roas {
                order = roas * cpa;
            }
            let engaged = s.view_rate * s.engagement_rate;
            let converted = engaged * s.click_rate * s.conversion_rate * conversion_lift;
            let cpe = b.cpe.map_or(f64::NAN, |d| d.mean());
            (price / cpe * engaged, price / cpa * converted)
        }
    };
    let revenue = conversions * order;
    let fee = fee_amount.unwrap_or(tier.fee.mean() * posts * fee_factor) * s.fee;
    Unit {
        spend: fee * delivery + product_cost + commission * revenue + hours * model.hour_cost,
        engagements,
        conversions,
        revenue,
    }
}

fn segment(name: &str, fee: f64, conversion_rate: f64) -> Segment {
    Segment {
        name: name.to_owned(),
        factors: Factors {
            fee,
            conversion_rate,
            ..Factors::ONE
        },
        tiers: None,
    }
}

/// Two tiers (one on each basis), two types, two categories, two regions, and no rule yet.
fn base() -> Model {
    let mut mid = sample::tier("mid", 2_500.0, 0.0, 0.0);
    let certain = |v| Some(Distribution::Certain(v));
    mid.basis = Basis::Benchmark(Benchmark {
        cpm: certain(20.0),
        cpe: certain(2.0),
        cpc: None,
        cpa: Distribution::Certain(40.0),
        roas: Some(3.8),
    });
    let tiers = vec![sample::tier("macro", 11_000.0, 260_000.0, 0.04), mid];
    let types = &sample::types()[..2];
    let mut model = sample::model(tiers, types, 200_000.0, |_, _| true);
    model.hour_cost = 50.0;
    model.categories = vec![
        segment("skincare", 1.1, 1.2),
        segment("lifestyle", 1.0, 1.0),
    ];
    model.regions = vec![segment("local", 0.8, 1.0), segment("national", 1.0, 0.9)];
    model.rules.category_budget_share = vec![None; 2];
    model.rules.region_budget_share = vec![None; 2];
    model.cells = model
        .cells
        .iter()
        .flat_map(|cell| (0..2).flat_map(move |c| (0..2).map(move |r| (cell.clone(), c, r))))
        .map(|(mut cell, c, r)| {
            cell.category = Some(c);
            cell.region = Some(r);
            cell.factors = model.categories[c].factors.times(model.regions[r].factors);
            cell
        })
        .collect();
    model
}

/// Two of every cell, so that totals are twice the sums over cells.
const EACH: f64 = 2.0;

fn counts(model: &Model) -> Vec<f64> {
    vec![EACH; model.cells.len()]
}

fn sum(model: &Model, of: impl Fn(&Unit) -> f64, chosen: impl Fn(&Cell) -> bool) -> f64 {
    (0..model.cells.len())
        .filter(|&i| chosen(&model.cells[i]))
        .map(|i| EACH * of(&by_hand(model, i)))
        .sum()
}

fn band(low: f64, high: f64) -> Option<Band> {
    sample::band(low, high)
}

fn broken(model: &Model) -> Vec<String> {
    check(model, &counts(model))
        .into_iter()
        .map(|v| v.rule)
        .collect()
}

fn target(metric: Metric, scope: TargetScope, bound: Bound) -> Target {
    Target {
        metric,
        scope,
        bound,
        with: None,
        enforce: true,
        key: format!("targets.{}", metric.name()),
        origin: Origin::Default,
    }
}

/// A rule set so that the plan reaches its bound exactly is kept; moved by 1e-4 of itself, it is
/// broken, and it alone.
fn around(name: &str, set: impl Fn(&mut Model, f64)) {
    let mut model = base();
    set(&mut model, 0.0);
    assert_eq!(broken(&model), [""; 0], "{name} at its bound");
    let mut model = base();
    set(&mut model, 1e-4);
    assert_eq!(broken(&model), [name], "{name} moved");
}

#[test]
fn budget_and_least_spend() {
    let spend = sum(&base(), |u| u.spend, |_| true);
    around("budget", |m, by| m.rules.budget = spend * (1.0 - by));
    around("diversity.min_spend", |m, by| {
        m.rules.min_spend = spend / m.rules.budget * (1.0 + by);
    });
}

#[test]
fn numbers_and_supply() {
    around("diversity.min_creators", |m, by| {
        m.rules.min_creators = Some(32.0 * (1.0 + by));
    });
    around("diversity.max_creators", |m, by| {
        m.rules.max_creators = Some(32.0 * (1.0 - by));
    });
    around("tiers.macro.min_creators", |m, by| {
        m.tiers[0].min_creators = 16.0 * (1.0 + by);
    });
    around("tiers.mid.max_creators", |m, by| {
        m.tiers[1].max_creators = Some(16.0 * (1.0 - by));
    });
    around("operations.hours_per_month", |m, by| {
        m.rules.hours_per_month = Some(64.0 * (1.0 - by));
    });
    let none = check(&base(), &[0.0; 16]);
    assert_eq!(none[0].rule, "at least one partnership");
}

#[test]
fn shares() {
    let model = base();
    let all = sum(&model, |u| u.spend, |_| true);
    let tier = sum(&model, |u| u.spend, |c| c.tier == 0) / all;
    around("diversity.tier_budget_share.macro", |m, by| {
        m.rules.tier_budget_share[0] = band(0.0, tier * (1.0 - by));
    });
    around("diversity.partnership_share.affiliate", |m, by| {
        m.rules.partnership_share[1] = band(0.5 * (1.0 + by), 1.0);
    });
    let category = sum(&model, |u| u.spend, |c| c.category == Some(0)) / all;
    around("diversity.category_budget_share.skincare", |m, by| {
        m.rules.category_budget_share[0] = band(category * (1.0 + by), 1.0);
    });
    let region = sum(&model, |u| u.spend, |c| c.region == Some(1)) / all;
    around("diversity.region_budget_share.national", |m, by| {
        m.rules.region_budget_share[1] = band(0.1, region * (1.0 - by));
    });
    let dearest = (0..16)
        .map(|i| by_hand(&model, i).spend)
        .fold(0.0, f64::max);
    around("diversity.max_creator_budget_share", |m, by| {
        m.rules.max_creator_budget_share = Some(dearest / m.rules.budget * (1.0 - by));
    });
}

#[test]
fn targets_of_the_whole_and_of_a_tier() {
    let model = base();
    let all = |of: fn(&Unit) -> f64| sum(&model, of, |_| true);
    let roas = all(|u| u.revenue) / all(|u| u.spend);
    around("targets.roas", |m, by| {
        let bound = Bound::AtLeast(roas * (1.0 + by));
        m.targets = vec![target(Metric::Roas, TargetScope::Total, bound)];
    });
    let profit = model.order.margin * all(|u| u.revenue) - all(|u| u.spend);
    around("targets.profit", |m, by| {
        let bound = Bound::AtLeast(profit + by * profit.abs());
        m.targets = vec![target(Metric::Profit, TargetScope::Total, bound)];
    });
    let own = |of: fn(&Unit) -> f64| sum(&model, of, |c| c.tier == 1);
    let cpe = own(|u| u.spend) / own(|u| u.engagements);
    around("targets.cpe", |m, by| {
        let bound = Bound::AtMost(cpe * (1.0 - by));
        m.targets = vec![target(Metric::Cpe, TargetScope::Tier(1), bound)];
    });
    let conversions = all(|u| u.conversions);
    around("targets.conversions", |m, by| {
        let bound = Bound::AtLeast(conversions * (1.0 + by));
        m.targets = vec![target(Metric::Conversions, TargetScope::Total, bound)];
    });
    // judged targets are no rules
    let mut judged = base();
    let unmet = Bound::AtLeast(10.0 * roas);
    judged.targets = vec![Target {
        enforce: false,
        ..target(Metric::Roas, TargetScope::Total, unmet)
    }];
    assert_eq!(broken(&judged), [""; 0]);
    // a tier that is not booked has no ratio to judge
    let mut unbooked = base();
    let unmet = Bound::AtMost(cpe / 10.0);
    unbooked.targets = vec![target(Metric::Cpe, TargetScope::Tier(1), unmet)];
    let mut counts = counts(&unbooked);
    counts[8..].fill(0.0);
    assert_eq!(check(&unbooked, &counts), []);
}

#[test]
fn the_users_own_rules() {
    let pattern = |tier: Option<&str>, region: Option<&str>| CellPattern {
        tier: tier.map(str::to_owned),
        region: region.map(str::to_owned),
        ..CellPattern::default()
    };
    let rule = |amount, terms, min, max| UserRule {
        name: "own".to_owned(),
        amount,
        terms,
        min,
        max,
        origin: Origin::Default,
    };
    // 16 macro + 3 × 16 local, of which 8 are macro too: 64
    around("own", |m, by| {
        let terms = vec![
            (pattern(Some("macro"), None), 1.0),
            (pattern(None, Some("local")), 3.0),
        ];
        m.rules.user = vec![rule(
            UserAmount::Count,
            terms,
            Some(64.0 * (1.0 + by)),
            None,
        )];
    });
    let model = base();
    let spend = sum(&model, |u| u.spend, |c| c.tier == 0 && c.region == Some(0));
    around("own", |m, by| {
        let terms = vec![(pattern(Some("macro"), Some("local")), 2.0)];
        let max = Some(2.0 * spend * (1.0 - by));
        m.rules.user = vec![rule(UserAmount::Spend, terms, None, max)];
    });
}

#[test]
fn counts_must_be_whole_and_not_negative() {
    let mut model = base();
    let with = |value: f64| {
        let mut counts = counts(&base());
        counts[3] = value;
        counts
    };
    let words = |model: &Model, value: f64| {
        let found = check(model, &with(value));
        found.iter().map(|v| v.words.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        words(&model, 1.5),
        ["`counts`: 1.5 of macro.sponsored.lifestyle.national is not whole"]
    );
    assert_eq!(
        words(&model, -1.0),
        ["`counts`: -1 of macro.sponsored.lifestyle.national is below zero"]
    );
    assert!(!words(&model, f64::NAN).is_empty());
    assert_eq!(words(&model, 2.0 + 1e-9), [""; 0]);
    model.fractional_counts = true;
    assert_eq!(words(&model, 1.5), [""; 0]);
    assert_eq!(
        check(&model, &[1.0])[0].words,
        "there are 1 counts for 16 cells"
    );
}

#[test]
fn a_violation_says_what_it_is() {
    let mut model = base();
    model.rules.max_creators = Some(31.0);
    let found = check(&model, &counts(&model));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].value, found[0].high), (32.0, Some(31.0)));
    assert_eq!(found[0].words, "`diversity.max_creators`: 32 is above 31");
}

/// On random plans of a model with every kind of rule the checker and the program's own list of
/// constraints name the same rules.
#[test]
fn the_checker_and_the_programs_constraints_agree() {
    let mut model = base();
    let rules = &mut model.rules;
    rules.min_spend = 0.5;
    rules.min_creators = Some(28.0);
    rules.max_creators = Some(40.0);
    rules.tier_budget_share = vec![band(0.3, 0.75), band(0.25, 0.7)];
    rules.partnership_share = vec![band(0.3, 0.6), None];
    rules.category_budget_share = vec![band(0.4, 0.6), None];
    rules.region_budget_share = vec![None, band(0.3, 0.7)];
    rules.max_creator_budget_share = Some(0.055);
    rules.hours_per_month = Some(60.0);
    rules.user = vec![UserRule {
        name: "no more macro than mid".to_owned(),
        amount: UserAmount::Count,
        terms: vec![
            (
                CellPattern {
                    tier: Some("macro".to_owned()),
                    ..CellPattern::default()
                },
                1.0,
            ),
            (
                CellPattern {
                    tier: Some("mid".to_owned()),
                    ..CellPattern::default()
                },
                -1.0,
            ),
        ],
        min: None,
        max: Some(0.0),
        origin: Origin::Default,
    }];
    model.tiers[0].max_creators = Some(14.0);
    model.tiers[1].min_creators = 9.0;
    model.targets = vec![
        target(Metric::Roas, TargetScope::Total, Bound::AtLeast(1.5)),
        target(Metric::Cpa, TargetScope::Tier(1), Bound::AtMost(35.0)),
    ];
    let units = valuation::units(&model);
    let rules = constraints(&model, &units);
    let mut state = 7_u64;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3_000 {
        let counts: Vec<f64> = (0..16)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                ((state >> 33) % 5) as f64
            })
            .collect();
        let mut want: Vec<&str> = rules
            .iter()
            .filter(|r| {
                r.form.value(&counts).is_some_and(|v| {
                    r.low.is_some_and(|l| v < l - 1e-6 * l.abs())
                        || r.high.is_some_and(|h| v > h + 1e-6 * h.abs())
                })
            })
            .map(|r| r.name.as_str())
            .collect();
        let found = check(&model, &counts);
        let mut have: Vec<&str> = found.iter().map(|v| v.rule.as_str()).collect();
        want.sort_unstable();
        have.sort_unstable();
        assert_eq!(have, want, "{counts:?}");
        seen.extend(found.into_iter().map(|v| v.rule));
    }
    assert_eq!(seen.len(), 16, "{seen:?}");
}
