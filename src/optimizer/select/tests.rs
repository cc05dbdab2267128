use super::*;
use crate::distribution::Distribution;
use crate::model::Metric;
use crate::model::{
    Basis, Bound, Origin, Past, PlanStatus, Target, TargetScope, UserAmount, UserRule,
    creator_value, past_ignored,
};
use crate::optimizer::sample::{band, maturity, model as sample, pattern, segmented, tier, types};

/// Numbers in [0, 1), the same on every machine (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }
}

/// So many creators in the tiers, categories and regions of a model, some figures unknown.
fn roster(model: &Model, n: usize, draws: &mut Draws) -> Vec<Creator> {
    (0..n)
        .map(|i| {
            let tier = draws.below(model.tiers.len());
            let mean = |d: &crate::distribution::Distribution| d.mean();
            let (followers, rate) = match &model.tiers[tier].basis {
                crate::model::Basis::Followers(f) => (mean(&f.followers), mean(&f.engagement_rate)),
                crate::model::Basis::Benchmark(_) => (1e4, 0.05),
            };
            let mut near = |v: f64| (draws.next() < 0.9).then(|| v * (0.4 + 1.2 * draws.next()));
            let (followers, fee) = (near(followers), near(mean(&model.tiers[tier].fee)));
            let engagement_rate = near(rate);
            Creator {
                row: i + 2,
                id: format!("c{i}"),
                name: None,
                tier,
                category: (!model.categories.is_empty())
                    .then(|| draws.below(model.categories.len())),
                region: (!model.regions.is_empty()).then(|| draws.below(model.regions.len())),
                followers,
                fee,
                engagement_rate,
                past: None,
            }
        })
        .collect()
}

/// Three tiers and three types, small enough to try every selection.
fn small(draws: &mut Draws) -> Model {
    let tiers = vec![
        tier("macro", 9_000.0, 250_000.0, 0.04),
        tier("mid", 2_500.0, 40_000.0, 0.07),
        tier("micro", 500.0, 4_000.0, 0.15),
    ];
    let types = types();
    let offered = [
        [true, false, false],
        [true, true, false],
        [true, true, true],
    ];
    let budget = 4_000.0 + 14_000.0 * draws.next();
    let mut model = sample(tiers, &types[..3], budget, |t, p| offered[t][p]);
    let rules = &mut model.rules;
    rules.min_spend = [0.0, 0.5, 0.8][draws.below(3)];
    match draws.below(9) {
        0 => rules.tier_budget_share[1] = band(0.2, 0.6),
        1 => rules.partnership_share[0] = band(0.3, 0.7),
        2 => rules.max_creators = Some(3.0),
        3 => rules.min_creators = Some(4.0),
        4 => rules.hours_per_month = Some(7.0),
        5 => rules.max_creator_budget_share = Some(0.3),
        6 => model.tiers[2].min_creators = 2.0,
        7 => model.tiers[1].max_creators = Some(1.0),
        _ => rules.user.push(UserRule {
            name: "no more micro than mid".to_owned(),
            amount: if draws.below(2) == 0 {
                UserAmount::Count
            } else {
                UserAmount::Spend
            },
            terms: vec![(pattern("micro"), 1.0), (pattern("mid"), -1.0)],
            min: None,
            max: Some(0.0),
            origin: Origin::Default,
        }),
    }
    if draws.below(4) == 0 {
        let metric = [Metric::Roas, Metric::Cpa, Metric::Conversions][draws.below(3)];
        model.targets.push(Target {
            metric,
            scope: TargetScope::Total,
            bound: match metric {
                Metric::Roas => Bound::AtLeast(1.0),
                Metric::Cpa => Bound::AtMost(120.0),
                _ => Bound::AtLeast(20.0),
            },
            with: None,
            enforce: true,
            key: "targets.it".to_owned(),
            origin: Origin::Default,
        });
    }
    model.objective = [
        Objective::Revenue,
        Objective::Profit,
        Objective::Roas,
        Objective::Engagements,
    ][draws.below(4)];
    if model.objective == Objective::Roas {
        model.rules.min_spend = 0.5;
    }
    model
}

/// Shows every selection, its rules kept or not.
fn every_selection(model: &Model, creators: &[Creator], mut visit: impl FnMut(&[Booking])) {
    let offers: Vec<Vec<usize>> = creators
        .iter()
        .map(|c| {
            (0..model.cells.len())
                .filter(|&cell| {
                    let own = &model.cells[cell];
                    own.tier == c.tier && own.category == c.category && own.region == c.region
                })
                .collect()
        })
        .collect();
    let values: Vec<Vec<UnitValue>> = creators
        .iter()
        .zip(&offers)
        .map(|(c, cells)| {
            cells
                .iter()
                .map(|&cell| creator_value(model, c, cell))
                .collect()
        })
        .collect();
    let mut pick = vec![0; creators.len()];
    loop {
        let bookings: Vec<Booking> = pick
            .iter()
            .enumerate()
            .filter(|&(_, &p)| p > 0)
            .map(|(creator, &p)| Booking {
                creator,
                cell: offers[creator][p - 1],
                value: values[creator][p - 1],
            })
            .collect();
        visit(&bookings);
        let Some(next) = (0..pick.len()).find(|&i| pick[i] < offers[i].len()) else {
            return;
        };
        pick[..next].fill(0);
        pick[next] += 1;
    }
}

fn total(bookings: &[Booking], quantity: Quantity) -> f64 {
    let of = |b: &Booking| b.value.get(quantity).unwrap();
    bookings.iter().map(of).sum()
}

/// The best selection of all, by trying every one against the checker.
fn brute_force(model: &Model, creators: &[Creator]) -> Option<f64> {
    let mut best: Option<f64> = None;
    every_selection(model, creators, |bookings| {
        let total = |quantity| total(bookings, quantity);
        let value = match model.objective {
            Objective::Revenue => total(Quantity::Revenue),
            Objective::Profit => total(Quantity::Profit),
            Objective::Engagements => total(Quantity::Engagements),
            Objective::Roas => total(Quantity::Revenue) / total(Quantity::Spend),
            _ => unreachable!(),
        };
        if best.is_none_or(|b| value > b)
            && !bookings.is_empty()
            && check_selection(model, creators, bookings).is_empty()
        {
            best = Some(value);
        }
    });
    best
}

fn settings(gap: f64) -> PlanSettings {
    PlanSettings {
        gap,
        time_limit: 60.0,
        ..PlanSettings::default()
    }
}

/// Holds a selection against brute force; whether there is one.
fn agrees(model: &Model, creators: &[Creator], case: usize) -> bool {
    let best = brute_force(model, creators);
    let selection = select(model, creators, &settings(1e-6), &Cancel::new());
    let status = &selection.plan.status;
    let Some(best) = best else {
        assert_eq!(*status, PlanStatus::Infeasible, "case {case}");
        assert!(selection.plan.conflict.is_some(), "case {case}");
        return false;
    };
    assert_eq!(*status, PlanStatus::Optimal, "case {case}, best {best}");
    let found = selection.plan.objective.unwrap();
    // Rows at their bounds are kept up to rounding by both.
    assert!(
        (found - best).abs() <= 2e-6 * best.abs(),
        "case {case}: {found}, {best}"
    );
    assert!(selection.plan.gap.unwrap().bound >= best - 1e-9 * best.abs());
    true
}

#[test]
fn small_rosters_get_the_selection_that_brute_force_finds() {
    let mut draws = Draws(2026);
    let cases = (0..120).map(|case| {
        let model = small(&mut draws);
        let creators = roster(&model, 7, &mut draws);
        agrees(&model, &creators, case)
    });
    let solved = cases.filter(|&solved| solved).count();
    assert!((51..115).contains(&solved), "{solved} solved of 120");
}

/// The same with bands of categories and regions.
#[test]
fn bands_of_segments_are_kept_as_brute_force_says() {
    let mut draws = Draws(31);
    let cases = (0..60).map(|case| {
        let mut model = small(&mut draws);
        let parts = segmented(1.0, 2, 2);
        (model.categories, model.regions) = (parts.categories, parts.regions);
        model.cells = model
            .cells
            .iter()
            .flat_map(|cell| {
                let pair = |k: usize| crate::model::Cell {
                    category: Some(k / 2),
                    region: Some(k % 2),
                    ..cell.clone()
                };
                (0..4).map(pair)
            })
            .collect();
        model.rules.category_budget_share = vec![band(0.2, 0.7), None];
        model.rules.region_budget_share = vec![None, band(0.1, 0.6)];
        let creators = roster(&model, 7, &mut draws);
        agrees(&model, &creators, case)
    });
    let solved = cases.filter(|&solved| solved).count();
    assert!((10..58).contains(&solved), "{solved} solved of 60");
}

#[test]
fn a_roster_of_thousands_is_selected_close_to_its_proven_bound() {
    let mut draws = Draws(7);
    let mut model = segmented(1_000_000.0, 2, 2);
    for tier in &mut model.tiers {
        tier.max_creators = None;
    }
    model.rules.hours_per_month = Some(4_000.0);
    let creators = roster(&model, 5_000, &mut draws);
    for objective in [Objective::Revenue, Objective::Profit] {
        model.objective = objective;
        let selection = select(&model, &creators, &settings(0.001), &Cancel::new());
        let gap = selection.plan.gap.unwrap();
        // Some fifty rows, most of them bands; every percent is a dozen creators.
        assert!(gap.relative <= 0.01, "{objective:?}: {gap:?}");
        let optimal = selection.plan.status == PlanStatus::Optimal;
        assert_eq!(optimal, gap.relative <= 0.001, "{objective:?}: {gap:?}");
        assert!(check_selection(&model, &creators, &selection.bookings).is_empty());
        assert!(gap.bound >= selection.plan.objective.unwrap());
    }
}

#[test]
fn another_order_of_the_roster_selects_as_much() {
    let mut draws = Draws(11);
    let model = maturity(300_000.0);
    let creators = roster(&model, 1_500, &mut draws);
    let mut turned = creators.clone();
    turned.reverse();
    let value = |creators: &[Creator]| {
        let selection = select(&model, creators, &settings(0.001), &Cancel::new());
        (
            selection.plan.objective.unwrap(),
            selection.plan.gap.unwrap().bound,
        )
    };
    let ((a, over_a), (b, over_b)) = (value(&creators), value(&turned));
    // The bounds hold for both; searches that start elsewhere may end a little apart.
    assert!(
        a <= over_b * (1.0 + 1e-9) && b <= over_a * (1.0 + 1e-9),
        "{a} {b}"
    );
    assert!((a - b).abs() <= 0.005 * a, "{a} {b}");
    assert_eq!((a, over_a), value(&creators));
}

#[test]
fn rules_that_a_roster_cannot_keep_are_named() {
    let mut draws = Draws(5);
    let mut model = maturity(300_000.0);
    let creators: Vec<Creator> = roster(&model, 2_000, &mut draws)
        .into_iter()
        .filter(|c| c.tier != 1)
        .collect();
    model.tiers[1].min_creators = 2.0;
    let selection = select(&model, &creators, &settings(0.001), &Cancel::new());
    assert_eq!(selection.plan.status, PlanStatus::Infeasible);
    let conflict = selection.plan.conflict.unwrap();
    let names: Vec<&str> = conflict
        .members
        .iter()
        .map(|m| m.constraint.as_str())
        .collect();
    // Their least number alone asks for macro creators, and their share as soon as anything is spent;
    // there are none.
    let number = ["tiers.macro.min_creators"];
    let share = ["diversity.min_spend", "diversity.tier_budget_share.macro"];
    assert!(names == number || names == share, "{names:?}");
}

/// Two creators cannot spend so much: how much they can, and how many it takes, by trying every selection.
#[test]
fn least_changes_are_those_of_brute_force() {
    let mut draws = Draws(77);
    let tiers = vec![
        tier("mid", 2_500.0, 40_000.0, 0.07),
        tier("micro", 500.0, 4_000.0, 0.15),
    ];
    let types = types();
    let mut model = sample(tiers, &types[..3], 15_000.0, |t, p| t == 1 || p < 2);
    model.rules.min_spend = 0.8;
    model.rules.max_creators = Some(2.0);
    let creators = roster(&model, 8, &mut draws);
    let (mut most, mut fewest) = (0.0_f64, usize::MAX);
    every_selection(&model, &creators, |bookings| {
        let spend = total(bookings, Quantity::Spend);
        if spend <= 15_000.0 && bookings.len() <= 2 {
            most = most.max(spend);
        }
        if (12_000.0..=15_000.0).contains(&spend) {
            fewest = fewest.min(bookings.len());
        }
    });
    assert!(
        most < 12_000.0 && fewest > 2 && fewest <= 8,
        "{most} {fewest}"
    );
    let selection = select(&model, &creators, &settings(1e-6), &Cancel::new());
    let conflict = selection.plan.conflict.unwrap();
    let changed = |name: &str| {
        let member = conflict.members.iter().find(|m| m.constraint == name);
        let member = member.unwrap_or_else(|| panic!("{name}: {:?}", conflict.sentences));
        assert!(member.enough_alone, "{member:?}");
        member.changed_to.unwrap()
    };
    let spend = changed("diversity.min_spend");
    assert!((spend - most).abs() < 1e-5 * most, "{spend} {most}");
    assert_eq!(changed("diversity.max_creators"), fewest as f64);
    assert_eq!(conflict.members.len(), 2);
}

/// No creator of the roster is micro: no share of spend but zero can be theirs.
#[test]
fn a_share_that_nobody_can_have_must_fall_to_zero() {
    let mut draws = Draws(5);
    let mut model = maturity(300_000.0);
    let creators: Vec<Creator> = roster(&model, 400, &mut draws)
        .into_iter()
        .filter(|c| c.tier != 3)
        .collect();
    for band in &mut model.rules.tier_budget_share {
        *band = None;
    }
    model.rules.tier_budget_share[3] = band(0.2, 0.6);
    let selection = select(&model, &creators, &settings(0.001), &Cancel::new());
    let conflict = selection.plan.conflict.unwrap();
    // Of nothing spent there are no shares.
    assert_eq!(conflict.members.len(), 2, "{:?}", conflict.sentences);
    let member = &conflict.members[1];
    assert_eq!(member.constraint, "diversity.tier_budget_share.micro");
    assert_eq!(member.changed_to, Some(0.0));
    assert_eq!(member.least_change, Some(0.2));
    assert!(member.enough_alone);
}

/// The tier's followers alone vary, with cv² = 1 and so a = 1, and those of the creator are known: the spread is the
/// tier's all the same. Gamma with shape 1 is the exponential law, so Bayes' rule is two integrals summed here.
#[test]
fn past_results_move_a_creator_towards_them() {
    let mut model = maturity(300_000.0);
    let certain = |d: &mut Distribution| *d = Distribution::Certain(d.mean());
    let Basis::Followers(f) = &mut model.tiers[3].basis else {
        panic!("the tier states followers");
    };
    let mean = f.followers.mean();
    f.followers = Distribution::lognormal_mean_sd(mean, mean).unwrap();
    for rate in [
        &mut f.view_rate,
        &mut f.engagement_rate,
        &mut f.click_rate,
        &mut f.conversion_rate,
    ] {
        certain(rate);
    }
    let mut draws = Draws(3);
    let mut creator = roster(&model, 50, &mut draws)
        .into_iter()
        .find(|c| c.tier == 3)
        .unwrap();
    creator.followers = Some(mean);
    creator.engagement_rate = Some(0.1);
    let cell = (0..model.cells.len())
        .find(|&c| model.cells[c].tier == 3)
        .unwrap();
    let before = creator_value(&model, &creator, cell).conversions;
    for (posts, conversions) in [(10.0, 30.0), (100.0, 0.0), (4.0, 1.0)] {
        creator.past = Some(Past { posts, conversions });
        assert_eq!(past_ignored(&model, &creator), None);
        let after = creator_value(&model, &creator, cell).conversions;
        let (mut mass, mut sum) = (0.0, 0.0);
        let step = 1e-4 * before;
        for i in 0..1_000_000 {
            let rate = step * (f64::from(i) + 0.5);
            let weight = libm::exp(
                conversions * libm::log(rate) - posts * rate - rate / before + conversions,
            );
            mass += weight;
            sum += weight * rate;
        }
        let wanted = sum / mass;
        assert!(
            (after - wanted).abs() < 1e-3 * wanted,
            "{posts} posts: {before} {after} {wanted}"
        );
    }
    // A tier without any spread leaves nothing to learn, which is said.
    let Basis::Followers(f) = &mut model.tiers[3].basis else {
        panic!("the tier states followers");
    };
    certain(&mut f.followers);
    assert_eq!(creator_value(&model, &creator, cell).conversions, before);
    assert!(past_ignored(&model, &creator).unwrap().contains("certain"));
    creator.past = None;
    assert_eq!(past_ignored(&model, &creator), None);
}

#[test]
fn creators_that_are_alike_are_selected_as_a_plan_counts_them() {
    let mut draws = Draws(29);
    let mut model = maturity(300_000.0);
    model.rules.max_creator_budget_share = None;
    let mut creators = roster(&model, 4_000, &mut draws);
    for creator in &mut creators {
        creator.followers = None;
        creator.fee = None;
        creator.engagement_rate = None;
    }
    let selection = select(&model, &creators, &settings(0.001), &Cancel::new());
    assert!(selection.plan.is_usable(), "{:?}", selection.plan.status);
    // The same as counts, with as many creators as the roster has of each tier.
    for (index, tier) in model.tiers.iter_mut().enumerate() {
        let own = creators.iter().filter(|c| c.tier == index).count() as f64;
        tier.max_creators = Some(tier.max_creators.map_or(own, |most| most.min(own)));
    }
    let plan = crate::optimizer::plan(&model, &settings(0.001), &Cancel::new());
    let (a, b) = (&selection.plan, &plan);
    let (x, y) = (a.objective.unwrap(), b.objective.unwrap());
    assert!(
        x <= b.gap.unwrap().bound * (1.0 + 1e-9) && y <= a.gap.unwrap().bound * (1.0 + 1e-9),
        "{x} {y}"
    );
    assert!((x - y).abs() <= 0.001 * x, "{x} {y}");
}
