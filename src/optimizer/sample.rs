//! Small models in code, for tests.

use crate::distribution::Distribution;
use crate::fixture;
use crate::model::{
    Band, BandSource, Basis, BookedAs, Cell, CellPattern, Factors, Followers, Model, Origin,
    Segment, Stage, Terms, Tier,
};

fn certain(value: f64) -> Distribution {
    Distribution::Certain(value)
}

/// A tier of certain values: fee, followers, engagement rate.
pub(crate) fn tier(name: &str, fee: f64, followers: f64, engagement: f64) -> Tier {
    Tier {
        name: name.to_owned(),
        fee: certain(fee),
        basis: Basis::Followers(Followers {
            followers: certain(followers),
            view_rate: certain(0.3),
            engagement_rate: certain(engagement),
            click_rate: certain(0.1),
            conversion_rate: certain(0.05),
        }),
        min_creators: 0.0,
        max_creators: None,
    }
}

/// Terms of a sponsored post.
pub(crate) fn sponsored() -> Terms {
    Terms {
        fee: 1.0,
        fee_amount: None,
        commission: 0.0,
        product_cost: 0.0,
        posts: 1.0,
        delivery: 1.0,
        conversion_lift: 1.0,
        hours: 2.0,
        post_days: 0,
    }
}

/// The preset types and their terms.
pub(crate) fn types() -> Vec<(&'static str, Terms)> {
    let affiliate = Terms {
        fee: 0.3,
        commission: 0.15,
        delivery: 0.9,
        ..sponsored()
    };
    let seeding = Terms {
        fee: 0.0,
        product_cost: 80.0,
        delivery: 0.6,
        hours: 1.0,
        ..sponsored()
    };
    let ambassador = Terms {
        fee: 0.5,
        commission: 0.10,
        product_cost: 80.0,
        posts: 2.0,
        hours: 3.0,
        ..sponsored()
    };
    vec![
        ("sponsored", sponsored()),
        ("affiliate", affiliate),
        ("seeding", seeding),
        ("ambassador", ambassador),
    ]
}

/// A band the user set.
#[expect(clippy::unnecessary_wraps, reason = "the rules hold a band or none")]
pub(crate) fn band(low: f64, high: f64) -> Option<Band> {
    Some(Band {
        low,
        high,
        asked: None,
        source: BandSource::User,
        origin: Origin::Default,
    })
}

/// All cells of a tier.
pub(crate) fn pattern(tier: &str) -> CellPattern {
    CellPattern {
        tier: Some(tier.to_owned()),
        ..CellPattern::default()
    }
}

/// A model of tiers × types for which `offered` holds, without any rule but the budget.
pub(crate) fn model(
    tiers: Vec<Tier>,
    types: &[(&str, Terms)],
    budget: f64,
    offered: impl Fn(usize, usize) -> bool,
) -> Model {
    let mut cells = Vec::new();
    for t in 0..tiers.len() {
        for (p, (_, terms)) in types.iter().enumerate() {
            if offered(t, p) {
                cells.push(Cell {
                    tier: t,
                    partnership: p,
                    category: None,
                    region: None,
                    terms: terms.clone(),
                    factors: Factors::ONE,
                    assumed: false,
                    booked_as: BookedAs::Open,
                });
            }
        }
    }
    let names: Vec<&str> = types.iter().map(|(name, _)| *name).collect();
    fixture::plain_model(tiers, &names, cells, budget)
}

/// The playbook's maturity mix over its five tiers and four types, at the means of its ranges:
/// 13 cells, stage bands of ± 5 points, type bands, least spend, supply and hours, which grow with the budget above ¥300,000.
pub(crate) fn maturity(budget: f64) -> Model {
    let tiers = vec![
        tier("mega", 25_203.0, 1_900_000.0, 0.0184),
        tier("macro", 10_933.0, 256_000.0, 0.0394),
        tier("mid", 2_520.0, 39_700.0, 0.0735),
        tier("micro", 516.0, 3_970.0, 0.147),
        tier("nano", 0.0, 397.0, 0.25),
    ];
    let offers: [&[usize]; 5] = [&[0], &[0, 1, 3], &[0, 1, 3], &[0, 1, 2, 3], &[1, 2]];
    let mut model = model(tiers, &types(), budget, |t, p| offers[t].contains(&p));
    for (i, most) in [2.0, 10.0, 50.0, 200.0, 500.0].into_iter().enumerate() {
        model.tiers[i].max_creators = Some((most * (budget / 300_000.0).max(1.0)).floor());
    }
    model.stage = Stage::Maturity;
    for (i, share) in [0.05, 0.15, 0.50, 0.30].into_iter().enumerate() {
        model.rules.tier_budget_share[i] = Some(Band {
            low: share - 0.05,
            high: share + 0.05,
            asked: Some(share),
            source: BandSource::Stage,
            origin: Origin::Default,
        });
    }
    model.rules.partnership_share = vec![
        band(0.2, 0.5),
        band(0.2, 0.4),
        band(0.1, 0.4),
        band(0.05, 0.15),
    ];
    model.rules.max_creator_budget_share = Some(0.2);
    model.rules.min_creators = Some(20.0);
    model.rules.min_spend = 0.9;
    model.rules.hours_per_month = Some(600.0 * (budget / 300_000.0).max(1.0));
    model
}

/// [`maturity`] with so many categories and regions, whose factors differ: 13 · c · r cells.
pub(crate) fn segmented(budget: f64, categories: usize, regions: usize) -> Model {
    let mut model = maturity(budget);
    let segment = |kind: &str, i: usize, n: usize| Segment {
        name: format!("{kind}{i}"),
        factors: Factors {
            fee: 1.0 + 0.07 * i as f64,
            conversion_rate: 1.0 + 0.05 * ((i * i + 1) % 5) as f64,
            engagement_rate: 1.0 + 0.03 * ((n - i) % 3) as f64,
            ..Factors::ONE
        },
        tiers: None,
    };
    model.categories = (0..categories)
        .map(|i| segment("category", i, categories))
        .collect();
    model.regions = (0..regions)
        .map(|i| segment("region", i, regions))
        .collect();
    model.cells = model
        .cells
        .iter()
        .flat_map(|cell| {
            let model = &model;
            (0..categories).flat_map(move |c| {
                (0..regions).map(move |g| Cell {
                    category: Some(c),
                    region: Some(g),
                    factors: model.categories[c].factors.times(model.regions[g].factors),
                    ..cell.clone()
                })
            })
        })
        .collect();
    let share = |n: usize| band(0.5 / n as f64, 1.5 / n as f64);
    model.rules.category_budget_share = vec![share(categories); categories];
    model.rules.region_budget_share = vec![share(regions); regions];
    model.rules.hours_per_month = None;
    model
}
