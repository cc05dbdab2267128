//! Every kind of rule against enumeration, each set so that it cuts off what would be best without
//! it: a rule that were left out of the program, or written down wrongly, would show.

use super::Random;
use super::enumeration::{allowed, enumerate};
use crate::model::{
    Bound, Cancel, Cell, CellPattern, Factors, Metric, Model, Objective, Origin, PlanSettings,
    PlanStatus, Quantity, Segment, Target, TargetScope, UserAmount, UserRule, valuation,
};
use crate::optimizer::{plan, sample};

type Units = [valuation::UnitValue];

/// A budget that limits nothing.
const AMPLE: f64 = 1e6;

/// One kind of rule.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    Budget,
    MinSpend,
    Creators,
    TierCreators,
    TierShare,
    TypeShare,
    CategoryShare,
    RegionShare,
    LargestShare,
    Hours,
    Target(Metric, Option<usize>),
    User(UserAmount),
    UserBand(UserAmount),
}

fn kinds() -> Vec<Rule> {
    let mut kinds = vec![
        Rule::Budget,
        Rule::MinSpend,
        Rule::Creators,
        Rule::TierCreators,
        Rule::TierShare,
        Rule::TypeShare,
        Rule::CategoryShare,
        Rule::RegionShare,
        Rule::LargestShare,
        Rule::Hours,
    ];
    for metric in Metric::ALL {
        if !metric.is_of_audiences() {
            kinds.extend([None, Some(1)].map(|tier| Rule::Target(metric, tier)));
        }
    }
    for amount in [UserAmount::Count, UserAmount::Spend] {
        kinds.extend([Rule::User(amount), Rule::UserBand(amount)]);
    }
    kinds
}

fn segment(name: &str, conversions: f64) -> Segment {
    Segment {
        name: name.to_owned(),
        factors: Factors {
            conversion_rate: conversions,
            ..Factors::ONE
        },
        tiers: None,
    }
}

/// Two tiers of at most three creators in a cell, two types, categories and regions, four cells;
/// no rules but supply.
fn free(random: &mut Random) -> Model {
    let (mid, micro) = (random.between(800.0, 3_000.0), random.between(150.0, 900.0));
    let tiers = vec![
        sample::tier("mid", mid, random.between(10_000.0, 90_000.0), 0.07),
        sample::tier("micro", micro, random.between(1_000.0, 10_000.0), 0.15),
    ];
    let types = sample::types();
    let types = [types[0].clone(), types[1 + random.below(3)].clone()];
    let mut model = sample::model(tiers, &types, AMPLE, |_, _| true);
    model.categories = vec![
        segment("care", 1.0),
        segment("style", random.between(0.7, 1.4)),
    ];
    model.regions = vec![
        segment("north", 1.0),
        segment("south", random.between(0.7, 1.4)),
    ];
    for (i, cell) in model.cells.iter_mut().enumerate() {
        let (c, g) = (i % 2, usize::from(i == 1 || i == 2));
        (cell.category, cell.region) = (Some(c), Some(g));
        cell.factors = model.categories[c].factors.times(model.regions[g].factors);
    }
    model.rules.category_budget_share = vec![None; 2];
    model.rules.region_budget_share = vec![None; 2];
    model.rules.min_spend = 0.0;
    for tier in &mut model.tiers {
        tier.max_creators = Some(4.0);
    }
    model
}

fn of_first(rule: Rule) -> impl Fn(&Cell) -> bool {
    move |cell| match rule {
        Rule::TierCreators | Rule::TierShare => cell.tier == 0,
        Rule::TypeShare => cell.partnership == 0,
        Rule::CategoryShare => cell.category == Some(0),
        Rule::RegionShare => cell.region == Some(0),
        _ => true,
    }
}

fn terms() -> Vec<(CellPattern, f64)> {
    vec![
        (sample::pattern("micro"), 1.0),
        (sample::pattern("mid"), -1.5),
    ]
}

/// The value that a rule bounds.
fn value(model: &Model, units: &Units, rule: Rule, x: &[f64]) -> Option<f64> {
    let chosen = of_first(rule);
    let sum = |own: bool, of: &dyn Fn(usize) -> f64| -> f64 {
        let cells = (0..x.len()).filter(|&i| !own || chosen(&model.cells[i]));
        cells.map(|i| of(i) * x[i]).sum()
    };
    let spend = |i: usize| units[i].spend;
    let one = |_: usize| 1.0;
    let share = |of: &dyn Fn(usize) -> f64| {
        let all = sum(false, of);
        (all > 0.0).then(|| sum(true, of) / all)
    };
    match rule {
        Rule::Budget | Rule::MinSpend => Some(sum(false, &spend)),
        Rule::Creators | Rule::TierCreators => Some(sum(true, &one)),
        Rule::TierShare | Rule::CategoryShare | Rule::RegionShare => share(&spend),
        Rule::TypeShare => share(&one),
        Rule::LargestShare => {
            let booked = (0..x.len()).filter(|&i| x[i] > 0.0);
            booked.map(|i| spend(i) / AMPLE).reduce(f64::max)
        }
        Rule::Hours => Some(sum(false, &|i| model.cells[i].terms.hours)),
        Rule::Target(metric, tier) => {
            let own = |q: Quantity| {
                let cells = (0..x.len()).filter(|&i| tier.is_none_or(|t| model.cells[i].tier == t));
                cells
                    .map(|i| units[i].get(q).unwrap_or(0.0) * x[i])
                    .sum::<f64>()
            };
            let above = metric.factor() * own(metric.numerator());
            match metric.denominator().map(own) {
                None => Some(above),
                Some(below) => (below > 0.0).then(|| above / below),
            }
        }
        Rule::User(amount) | Rule::UserBand(amount) => Some(
            (0..x.len())
                .map(|i| {
                    let sign = if model.cells[i].tier == 1 { 1.0 } else { -1.5 };
                    let per = match amount {
                        UserAmount::Count => 1.0,
                        UserAmount::Spend => spend(i),
                    };
                    sign * per * x[i]
                })
                .sum(),
        ),
    }
}

/// States a rule with a bound from below or from above. False where there is no such rule.
fn state(model: &mut Model, rule: Rule, at: f64, below: bool) -> bool {
    let band = || {
        let (low, high) = if below { (at, 1.0) } else { (0.0, at) };
        sample::band(low, high)
    };
    let rules = &mut model.rules;
    match (rule, below) {
        (Rule::Budget, false) => rules.budget = at,
        (Rule::MinSpend, true) => rules.min_spend = at / AMPLE,
        (Rule::Creators, true) => rules.min_creators = Some(at.ceil()),
        (Rule::Creators, false) => rules.max_creators = Some(at.floor()),
        (Rule::TierCreators, true) => model.tiers[0].min_creators = at.ceil(),
        (Rule::TierCreators, false) => model.tiers[0].max_creators = Some(at.floor()),
        (Rule::TierShare, _) => rules.tier_budget_share[0] = band(),
        (Rule::TypeShare, _) => rules.partnership_share[0] = band(),
        (Rule::CategoryShare, _) => rules.category_budget_share[0] = band(),
        (Rule::RegionShare, _) => rules.region_budget_share[0] = band(),
        (Rule::LargestShare, false) => rules.max_creator_budget_share = Some(at),
        (Rule::Hours, false) => rules.hours_per_month = Some(at),
        (Rule::Target(metric, tier), _) => model.targets.push(Target {
            metric,
            scope: tier.map_or(TargetScope::Total, TargetScope::Tier),
            bound: if below {
                Bound::AtLeast(at)
            } else {
                Bound::AtMost(at)
            },
            with: None,
            enforce: true,
            key: format!("targets.{}", metric.name()),
            origin: Origin::Default,
        }),
        (Rule::User(amount) | Rule::UserBand(amount), _) => {
            let both = matches!(rule, Rule::UserBand(_));
            let wide = 0.5 * at.abs() + 1.0;
            rules.user.push(UserRule {
                name: "mine".to_owned(),
                amount,
                terms: terms(),
                min: if below {
                    Some(at)
                } else {
                    both.then_some(at - wide)
                },
                max: if below {
                    both.then_some(at + wide)
                } else {
                    Some(at)
                },
                origin: Origin::Default,
            });
        }
        _ => return false,
    }
    true
}

/// All plans that a model's supply allows, with their objective.
fn plans(model: &Model, units: &Units) -> Vec<(f64, Vec<f64>)> {
    let n = model.cells.len();
    (1..5_usize.pow(n as u32))
        .map(|code| -> Vec<f64> {
            (0..n)
                .map(|i| (code / 5_usize.pow(i as u32) % 5) as f64)
                .collect()
        })
        .filter(|x| allowed(model, units, x))
        .map(|x| {
            let value = valuation::objective(units, &x, model.objective);
            (value.unwrap_or(0.0), x)
        })
        .collect()
}

/// Gives a model a rule that its best plan breaks and another plan keeps.
fn cut_off(random: &mut Random, model: &mut Model, rule: Rule, below: bool) -> bool {
    let units = valuation::units(model);
    let plans = plans(model, &units);
    let best = plans.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    let at = best.and_then(|best| value(model, &units, rule, &best.1));
    let Some(at) = at else { return false };
    let others: Vec<f64> = plans
        .iter()
        .filter_map(|(_, x)| value(model, &units, rule, x))
        .filter(|&v| {
            let apart = 1e-3 * at.abs().max(v.abs());
            if below {
                v > at + apart
            } else {
                v < at - apart
            }
        })
        .collect();
    if others.is_empty() {
        return false;
    }
    let to = others[random.below(others.len())];
    // Now and then the bound is just what a plan has.
    let weight = [0.0, 0.3, 0.7][random.below(3)];
    state(model, rule, to + weight * (at - to), below)
}

/// A small model in which a rule of random kind binds.
#[cfg(feature = "highs")]
pub(super) fn random(random: &mut Random) -> Model {
    let kinds = kinds();
    loop {
        let mut model = free(random);
        model.objective = Objective::ALL[random.below(6)];
        let rule = kinds[random.below(kinds.len())];
        let below = random.chance(0.5);
        if cut_off(random, &mut model, rule, below) {
            return model;
        }
    }
}

#[test]
fn every_kind_of_rule_binds_and_agrees_with_enumeration() {
    let mut random = Random::new(77);
    let (mut missing, mut all, mut certified) = (Vec::new(), 0, 0);
    for rule in kinds() {
        for below in [true, false] {
            let mut cut = 0;
            for objective in Objective::ALL {
                for case in 0..4 {
                    let mut model = free(&mut random);
                    model.objective = objective;
                    let units = valuation::units(&model);
                    let (without, _) = enumerate(&model, &units);
                    if !cut_off(&mut random, &mut model, rule, below) {
                        continue;
                    }
                    let name = format!("{rule:?} {below} {objective:?} {case}");
                    let (best, _) = enumerate(&model, &units);
                    let best = best.expect("a plan keeps the rule");
                    let settings = PlanSettings {
                        gap: 0.0,
                        ..PlanSettings::default()
                    };
                    let found = plan(&model, &settings, &Cancel::new());
                    if objective == Objective::Roas && model.rules.min_spend == 0.0 {
                        // Without a least spend the ratio is still found among whole creators.
                        assert!(found.is_usable(), "{name}: {:?}", found.status);
                    }
                    assert_eq!(found.status, PlanStatus::Optimal, "{name}");
                    let x = found.counts.row(0).to_vec();
                    assert!(allowed(&model, &units, &x), "{name}: {x:?}");
                    let objective = found.objective.expect("an objective");
                    let slack = 1e-7 * best.abs();
                    assert!(
                        (objective - best).abs() <= slack,
                        "{name}: {objective} {best}"
                    );
                    let gap = found.gap.expect("a gap");
                    assert!(gap.bound >= best - 1e-9 * best.abs(), "{name}: {gap:?}");
                    all += 1;
                    certified += usize::from(gap.certified);
                    cut += usize::from(without.is_some_and(|w| best < w - slack));
                }
            }
            if cut == 0 {
                missing.push((rule, below));
            }
        }
    }
    // One-sided kinds, and what no objective would ever break.
    let one_sided = [
        (Rule::Budget, true),
        (Rule::MinSpend, false),
        (Rule::LargestShare, true),
        (Rule::Hours, true),
    ];
    assert_eq!(missing, one_sided);
    // Where the rules meet in one point, a hair of slack may be worth more than the gap.
    assert!(certified * 20 >= all * 19, "{certified} of {all}");
}
