//! Small random models against trying every small plan.

use super::place;
use crate::fixture::Dice;
use crate::model::valuation;
use crate::model::{
    Band, BandSource, Bound, BudgetScale, Cancel, Constraint, ConstraintKind, Metric, Model,
    PlanSettings, Target, TargetScope, Unit, UserAmount, UserRule, constraints,
};
use crate::optimizer::conflict::change::{self, changed, least};
use crate::optimizer::conflict::filter::{self, is_background};
use crate::optimizer::conflict::joint;
use crate::optimizer::conflict::probe::{Answer, Prober};
use crate::optimizer::sample;

/// Two or three tiers with one type each, and a random handful of rules, most of them tight.
fn random(dice: &mut Dice) -> Model {
    let names = ["macro", "mid", "micro"];
    let count = 2 + dice.roll(2) as usize;
    let tiers = (0..count)
        .map(|i| {
            let fee = dice.between(100.0, 900.0) * [6.0, 3.0, 1.0][i];
            let mut tier = sample::tier(names[i], fee, dice.between(2e4, 2e5), 0.08);
            if dice.chance(30) {
                tier.max_creators = Some(dice.roll(6) as f64);
            }
            if dice.chance(25) {
                tier.min_creators = dice.roll(5) as f64;
            }
            tier
        })
        .collect();
    let budget = dice.between(1_000.0, 9_000.0);
    let mut model = sample::model(tiers, &sample::types()[..1], budget, |_, _| true);
    for i in 0..count {
        if dice.chance(45) {
            let low = dice.between(0.0, 0.5);
            let source = if dice.chance(50) {
                BandSource::Stage
            } else {
                BandSource::User
            };
            model.rules.tier_budget_share[i] = Some(Band {
                low,
                high: low + dice.between(0.0, 0.3),
                asked: None,
                source,
                origin: place(10 + i),
            });
        }
    }
    if dice.chance(60) {
        model.rules.min_spend = dice.between(0.5, 1.0);
    }
    if dice.chance(25) {
        model.rules.max_creator_budget_share = Some(dice.between(0.05, 0.6));
    }
    if dice.chance(25) {
        model.rules.min_creators = Some(dice.roll(12) as f64);
        model.rules.min_creators_origin = place(1);
    }
    if dice.chance(25) {
        model.rules.max_creators = Some(dice.roll(8) as f64);
    }
    if dice.chance(25) {
        model.rules.hours_per_month = Some(dice.between(2.0, 20.0));
    }
    if dice.chance(30) {
        model.targets.push(Target {
            metric: Metric::Roas,
            scope: TargetScope::Total,
            bound: Bound::AtLeast(dice.between(0.5, 8.0)),
            with: None,
            enforce: true,
            key: "targets.roas".to_owned(),
            origin: place(30),
        });
    }
    if dice.chance(20) {
        model.targets.push(Target {
            metric: Metric::Cpa,
            scope: TargetScope::Tier(0),
            bound: Bound::AtMost(dice.between(5.0, 60.0)),
            with: None,
            enforce: true,
            key: "tiers.macro.targets.cpa".to_owned(),
            origin: place(31),
        });
    }
    if dice.chance(30) {
        model.rules.user.push(UserRule {
            name: "own".to_owned(),
            amount: UserAmount::Count,
            terms: vec![
                (sample::pattern("macro"), 1.0),
                (sample::pattern("mid"), -1.0),
            ],
            min: dice.chance(50).then(|| dice.between(-2.0, 3.0)),
            max: dice.chance(60).then(|| 3.0 + dice.between(0.0, 2.0)),
            origin: place(40),
        });
    }
    model
}

/// Every point of counts up to a limit, except none at all.
fn points(cells: usize) -> Vec<Vec<f64>> {
    let most: usize = if cells == 2 { 60 } else { 24 };
    let mut out = vec![vec![]];
    for _ in 0..cells {
        out = out
            .into_iter()
            .flat_map(|p: Vec<f64>| {
                (0..=most).map(move |k| p.iter().copied().chain([k as f64]).collect())
            })
            .collect();
    }
    out.retain(|p| p.iter().sum::<f64>() >= 1.0);
    out
}

/// How far a value lies outside, on the side asked for; 0 for a ratio of nothing over nothing.
fn value_at(rule: &Constraint, x: &[f64]) -> Option<f64> {
    rule.form.value(x)
}

fn holds(rule: &Constraint, x: &[f64]) -> bool {
    let Some(value) = value_at(rule, x) else {
        return true;
    };
    let slack = |b: f64| 1e-7 * b.abs().max(0.01);
    rule.low.is_none_or(|l| value >= l - slack(l))
        && rule.high.is_none_or(|h| value <= h + slack(h))
}

fn all_hold<'a>(rules: impl IntoIterator<Item = &'a Constraint>, x: &[f64]) -> bool {
    rules.into_iter().all(|r| holds(r, x))
}

/// Found by trying all small plans, or shown by a plan that is checked here.
fn shown_feasible(prober: &mut Prober, rules: &[Constraint], box_: &[Vec<f64>]) -> bool {
    if box_.iter().any(|x| all_hold(rules, x)) {
        return true;
    }
    matches!(prober.feasible(rules), Answer::Point(x) if all_hold(rules, &x) && x.iter().sum::<f64>() >= 1.0)
}

/// The rules of the budget moved to what a plan spends, and to what its dearest partnership needs.
fn budget_for(rules: &[Constraint], x: &[f64]) -> Option<f64> {
    let mut least = 0.0f64;
    let (mut most, mut old) = (f64::INFINITY, 0.0);
    let mut spend = 0.0;
    for rule in rules {
        if rule.scales == Some(BudgetScale::Budget) {
            old = rule.high.unwrap();
            spend = value_at(rule, x).unwrap();
            least = least.max(spend);
        }
    }
    for rule in rules {
        match rule.scales {
            Some(BudgetScale::PerBudget) => {
                let share = value_at(rule, x).unwrap_or(0.0);
                least = least.max(share * old / rule.high.unwrap());
            }
            Some(BudgetScale::LowShare(share)) => most = most.min(spend / share),
            _ => {}
        }
    }
    let least = least.max(old);
    (least <= most * (1.0 + 1e-9)).then_some(least)
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one claim after another about one conflict"
)]
fn random_conflicts_agree_with_trying_every_small_plan() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let cancel = Cancel::new();
    let settings = PlanSettings::default();
    let boxes = [points(2), points(3)];
    let (mut infeasible, mut feasible, mut sets_seen, mut changes_seen) = (0, 0, 0, 0);
    let mut joint_exact = 0;
    for case in 0..250 {
        let model = random(&mut dice);
        let units = valuation::units(&model);
        let mut rules = constraints(&model, &units);
        if case % 2 == 1 {
            // an order of importance in every other case
            for rule in &mut rules {
                rule.importance = [0.05, 0.5, 1.0, 3.0, 40.0][dice.roll(5) as usize];
            }
        }
        let points = &boxes[units.len() - 2];
        let mut prober = Prober::new(units.len(), false, &settings, &cancel);
        let found = filter::sets(&mut prober, &rules, false);
        assert!(!found.unsettled && !found.more, "case {case}");
        let sets = found.found;
        let exists = points.iter().find(|x| all_hold(&rules, x));
        if sets.is_empty() {
            feasible += 1;
            assert!(shown_feasible(&mut prober, &rules, points), "case {case}");
            continue;
        }
        infeasible += 1;
        assert_eq!(exists, None, "case {case}: {sets:?}");
        // disjoint but for the budget, and all of them: without their members there is a plan
        let given_up: Vec<usize> = sets.iter().flatten().copied().collect();
        let budgets = |i: usize| rules[i].kind == ConstraintKind::Budget;
        let mut once = given_up.clone();
        once.retain(|&i| !budgets(i));
        let members = once.len();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), members, "case {case}: {sets:?}");
        let rest: Vec<Constraint> = (0..rules.len())
            .filter(|&i| budgets(i) || !given_up.contains(&i))
            .map(|i| rules[i].clone())
            .collect();
        let only_budgets = sets.iter().any(|set| set.iter().all(|&i| budgets(i)));
        assert!(
            only_budgets || shown_feasible(&mut prober, &rest, points),
            "case {case}: a further set"
        );
        for set in &sets {
            sets_seen += 1;
            let own: Vec<Constraint> = set.iter().map(|&i| rules[i].clone()).collect();
            assert!(!points.iter().any(|x| all_hold(&own, x)), "case {case}");
            for index in 0..own.len() {
                let mut rest = own.clone();
                let member = rest.remove(index);
                assert!(
                    shown_feasible(&mut prober, &rest, points),
                    "case {case}: not minimal: {}",
                    member.name
                );
                // the least change: none smaller among the small plans, and this one is enough
                let found = least(&mut prober, &own, index);
                for change in &found {
                    changes_seen += 1;
                    let moved = changed(&own, index, change);
                    assert!(
                        shown_feasible(&mut prober, &moved, points),
                        "case {case}: {} {change:?}",
                        member.name
                    );
                }
                let smallest = points
                    .iter()
                    .filter_map(|x| {
                        if member.scales == Some(BudgetScale::Budget) {
                            let free: Vec<Constraint> = rest
                                .iter()
                                .filter(|r| r.scales.is_none())
                                .cloned()
                                .collect();
                            let to = budget_for(&own, x)?;
                            return all_hold(&free, x).then(|| to - member.high.unwrap());
                        }
                        if !all_hold(&rest, x) {
                            return None;
                        }
                        let value = value_at(&member, x)?;
                        let low = member.low.map_or(0.0, |l| (l - value).max(0.0));
                        let high = member.high.map_or(0.0, |h| (value - h).max(0.0));
                        Some(low.max(high))
                    })
                    .fold(f64::INFINITY, f64::min);
                let reported = found.first().map_or(f64::INFINITY, change::Change::size);
                let scale = member.high.or(member.low).unwrap_or(1.0).abs().max(0.01);
                // What is not told with "about" is exact to the last yuan of a budget.
                let proven = found.first().is_none_or(|change| change.proven);
                let doubt = if proven { 3e-6 } else { 1e-4 };
                assert!(
                    reported <= smallest + doubt * scale.max(smallest),
                    "case {case}: {} {reported} > {smallest} {found:?} {own:?}",
                    member.name
                );
            }
        }
        let best = joint::cheapest(&mut prober, &rules);
        let Some(best) = best else {
            // then no small plan can be reached by moving bounds either
            panic!("case {case}: no joint change");
        };
        let moved = joint::jointly(&rules, &best.changes);
        assert!(shown_feasible(&mut prober, &moved, points), "case {case}");
        let smallest = points
            .iter()
            .map(|x| joint_price(&rules, x))
            .fold(f64::INFINITY, f64::min);
        if best.price <= smallest * 1.0001 + 1e-6 {
            joint_exact += 1;
        }
        let most = if best.proven { 1.002 } else { 1.05 };
        assert!(
            best.price <= smallest * most + 1e-6,
            "case {case}: {} against {smallest}, proven: {}",
            best.price,
            best.proven
        );
    }
    assert!(
        sets_seen > 300 && changes_seen > 700,
        "{sets_seen} {changes_seen}"
    );
    assert!(infeasible > 100 && feasible > 10, "{infeasible} {feasible}");
    assert!(
        joint_exact * 10 >= infeasible * 9,
        "{joint_exact} of {infeasible}"
    );
}

/// The price of letting a plan pass, times the importance of each rule: points of shares, percents of other bounds, the budget
/// raised to its spend (or so far that its dearest partnership fits, if that is cheaper).
fn joint_price(rules: &[Constraint], x: &[f64]) -> f64 {
    let budget_rule = rules
        .iter()
        .find(|r| r.scales == Some(BudgetScale::Budget))
        .unwrap();
    let old = budget_rule.high.unwrap();
    let spend = value_at(budget_rule, x).unwrap();
    let mut budgets = vec![spend.max(old)];
    for rule in rules {
        if rule.scales == Some(BudgetScale::PerBudget) {
            let share = value_at(rule, x).unwrap_or(0.0);
            budgets.push((share * old / rule.high.unwrap()).max(budgets[0]));
            let weights = rule.importance / budget_rule.importance;
            budgets.push(((weights * share).sqrt() * old).max(budgets[0]));
        }
    }
    budgets
        .into_iter()
        .map(|budget| {
            let mut total = 100.0 * budget_rule.importance * (budget - old) / old;
            let moved = change::with_budget(rules, old, budget * (1.0 + 1e-9));
            for (rule, stated) in moved.iter().zip(rules) {
                if is_background(rule) {
                    continue;
                }
                let Some(value) = value_at(rule, x) else {
                    continue;
                };
                let low = rule.low.map_or(0.0, |l| (l - value).max(0.0));
                let high = rule.high.map_or(0.0, |h| (value - h).max(0.0));
                let (by, bound) = if low > 0.0 {
                    (low, stated.low.unwrap())
                } else {
                    (high, stated.high.unwrap_or(1.0))
                };
                if by <= 1e-7 * bound.abs().max(1e-3) {
                    continue;
                }
                let scale = if rule.unit == Unit::Share {
                    1.0
                } else if bound == 0.0 {
                    10.0
                } else {
                    bound.abs()
                };
                total += 100.0 * rule.importance * by / scale;
            }
            total
        })
        .fold(f64::INFINITY, f64::min)
}
