//! Rosters of any size, the same on every machine, and a scenario to select from them.

use influencer_matrix::model::{Creator, Model};
use influencer_matrix::scenario::{self, Overrides};

const RULES: &str = r#"
stage = "maturity"
[tiers]
use = ["macro", "mid", "micro"]
macro.max_creators = 1_000_000
mid.max_creators = 1_000_000
micro.max_creators = 1_000_000
[segments.categories.skincare]
conversion_rate = 1.2
[segments.categories.makeup]
[segments.categories.lifestyle]
conversion_rate = 0.8
[segments.regions.north]
[segments.regions.south]
[diversity]
partnership_share = { sponsored = [0.2, 0.5], affiliate = [0.2, 0.4], seeding = [0.1, 0.4], ambassador = [0.05, 0.15] }
category_budget_share = { skincare = [0.3, 0.6] }
region_budget_share = { north = [0.35, 0.65] }
"#;

/// Ranges of followers, fees per post and engagement rates, and the roster's share up to the tier.
type Tier = ([f64; 2], [f64; 2], [f64; 2], f64);

const TIERS: [Tier; 3] = [
    ([1e5, 5e5], [6_000.0, 25_000.0], [0.02, 0.05], 0.05),
    ([1e4, 1e5], [1_000.0, 5_000.0], [0.04, 0.12], 0.30),
    ([1e3, 1e4], [200.0, 1_000.0], [0.08, 0.20], 1.00),
];

/// Rules that bind on all sides, with a budget of 30 and a tenth of an hour for each creator.
pub(crate) fn rules(creators: usize) -> Model {
    let budget = 30 * creators;
    let hours = 20 + creators / 10;
    let text = format!(
        "schema = 1\nname = \"selection\"\nbudget = {budget}\noperations.hours_per_month = {hours}\n{RULES}"
    );
    scenario::read_text("selection.toml", &text, &Overrides::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
        .base
}

/// So many creators.
pub(crate) fn roster(creators: usize) -> Vec<Creator> {
    // Steele, Lea and Flood 2014.
    let mut state = 20_260_401_u64;
    let mut draw = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..creators)
        .map(|i| {
            let u = draw();
            let tier = TIERS.iter().position(|t| u < t.3).unwrap_or(2);
            let (followers, fee, rate, _) = TIERS[tier];
            let mut along = |[low, high]: [f64; 2]| low * (high / low).powf(draw());
            Creator {
                row: i + 2,
                id: format!("c{i}"),
                name: None,
                tier,
                followers: Some(along(followers).round()),
                fee: Some(along(fee).round()),
                engagement_rate: Some(along(rate)),
                category: Some((draw() * 3.0) as usize),
                region: Some((draw() * 2.0) as usize),
                past: None,
            }
        })
        .collect()
}
