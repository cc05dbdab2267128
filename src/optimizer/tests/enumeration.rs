//! Random small programs against enumeration that reads the rules themselves.

use super::{Random, each_month, two_tiers, within};
use crate::model::{
    Band, BandSource, Bound, Cancel, Metric, Model, Objective, Origin, PlanSettings, PlanStatus,
    Target, TargetScope, UserAmount, UserRule, valuation,
};
use crate::optimizer::{plan, sample};

fn random_band(random: &mut Random) -> Option<Band> {
    let exact = random.chance(0.15);
    let low: f64 = [0.0, 0.1, 0.25, 0.4][random.below(4)];
    let high = if exact {
        low
    } else {
        (low + [0.2, 0.35, 0.6][random.below(3)]).min(1.0)
    };
    sample::band(low, high).map(|b| Band {
        source: if random.chance(0.5) {
            BandSource::Stage
        } else {
            BandSource::User
        },
        ..b
    })
}

/// At most four cells, each of at most six by its tier's supply, and every kind of rule now and then.
pub(super) fn random_model(random: &mut Random) -> Model {
    let tiers = two_tiers(random);
    let types = sample::types();
    let first = random.below(3);
    let types = [types[first].clone(), types[first + 1].clone()];
    let skip = random.chance(0.3);
    let budget = random.between(1_500.0, 15_000.0);
    let mut model = sample::model(tiers, &types, budget, |t, p| !(skip && t == 0 && p == 1));
    model.objective = Objective::ALL[random.below(6)];
    let rules = &mut model.rules;
    rules.min_spend = [0.0, 0.3, 0.6, 0.9][random.below(4)];
    if model.objective == Objective::Roas {
        rules.min_spend = rules.min_spend.max(0.3);
    }
    for tier in &mut model.tiers {
        tier.max_creators = Some((1 + random.below(6)) as f64);
        if random.chance(0.25) {
            tier.min_creators = random.below(3) as f64;
        }
    }
    for band in rules
        .tier_budget_share
        .iter_mut()
        .chain(&mut rules.partnership_share)
    {
        if random.chance(0.25) {
            *band = random_band(random);
        }
    }
    if random.chance(0.2) {
        rules.max_creator_budget_share = Some(random.between(0.05, 0.6));
    }
    if random.chance(0.2) {
        rules.min_creators = Some(random.below(5) as f64);
    }
    if random.chance(0.2) {
        rules.max_creators = Some(2.0 + random.below(8) as f64);
    }
    if random.chance(0.2) {
        rules.hours_per_month = Some(random.between(4.0, 24.0));
    }
    if random.chance(0.3) {
        rules.user.push(random_rule(random));
    }
    if random.chance(0.3) {
        model.targets.push(random_target(random));
    }
    model
}

fn random_rule(random: &mut Random) -> UserRule {
    let value = random.between(-2.0, 3.0).round();
    let (amount, scale) = if random.chance(0.5) {
        (UserAmount::Count, 1.0)
    } else {
        (UserAmount::Spend, 700.0)
    };
    UserRule {
        name: "mine".to_owned(),
        amount,
        terms: vec![
            (sample::pattern("micro"), 1.0),
            (sample::pattern("mid"), -1.0),
        ],
        min: random.chance(0.5).then_some(value * scale),
        max: random.chance(0.7).then_some((value + 2.0) * scale),
        origin: Origin::Default,
    }
}

fn random_target(random: &mut Random) -> Target {
    let (metric, bound) = match random.below(4) {
        0 => (Metric::Roas, Bound::AtLeast(random.between(0.1, 0.6))),
        1 => (Metric::Cpa, Bound::AtMost(random.between(200.0, 900.0))),
        2 => (
            Metric::Conversions,
            Bound::AtLeast(random.between(1.0, 10.0)),
        ),
        _ => (Metric::Cpm, Bound::AtMost(random.between(80.0, 500.0))),
    };
    Target {
        metric,
        scope: if random.chance(0.5) {
            TargetScope::Total
        } else {
            TargetScope::Tier(1)
        },
        bound,
        with: None,
        enforce: true,
        key: format!("targets.{}", metric.name()),
        origin: Origin::Default,
    }
}

/// Whether counts keep every rule, read from the rules and not from the constraints built of them.
pub(super) fn allowed(model: &Model, units: &[valuation::UnitValue], x: &[f64]) -> bool {
    let rules = &model.rules;
    let total = |of: &dyn Fn(usize) -> f64| (0..x.len()).map(|i| of(i) * x[i]).sum::<f64>();
    let spend = total(&|i| units[i].spend);
    let count = total(&|_| 1.0);
    if !within(spend, rules.min_spend * rules.budget, rules.budget) {
        return false;
    }
    let least = rules.min_creators.unwrap_or(1.0).max(1.0);
    let most = rules.max_creators.unwrap_or(f64::INFINITY);
    if count < least || count > most {
        return false;
    }
    for (t, tier) in model.tiers.iter().enumerate() {
        let of = |i: usize| f64::from(u8::from(model.cells[i].tier == t));
        let own = total(&of);
        if own < tier.min_creators || own > tier.max_creators.unwrap_or(f64::INFINITY) {
            return false;
        }
        if let (Some(band), true) = (&rules.tier_budget_share[t], spend > 0.0) {
            let share = total(&|i| of(i) * units[i].spend) / spend;
            if !within(share, band.low, band.high) {
                return false;
            }
        }
    }
    for p in 0..model.partnerships.len() {
        let of = |i: usize| f64::from(u8::from(model.cells[i].partnership == p));
        if let (Some(band), true) = (&rules.partnership_share[p], count > 0.0)
            && !within(total(&of) / count, band.low, band.high)
        {
            return false;
        }
    }
    for (bands, segment) in [
        (&rules.category_budget_share, true),
        (&rules.region_budget_share, false),
    ] {
        for (s, band) in bands.iter().enumerate() {
            let Some(band) = band.as_ref().filter(|_| spend > 0.0) else {
                continue;
            };
            let own = total(&|i| {
                let cell = &model.cells[i];
                let of = if segment { cell.category } else { cell.region };
                f64::from(u8::from(of == Some(s))) * units[i].spend
            });
            if !within(own / spend, band.low, band.high) {
                return false;
            }
        }
    }
    if let Some(most) = rules.max_creator_budget_share
        && (0..x.len()).any(|i| x[i] > 0.0 && units[i].spend / rules.budget > most)
    {
        return false;
    }
    if let Some(cap) = rules.hours_per_month
        && !within(total(&|i| model.cells[i].terms.hours), 0.0, cap)
    {
        return false;
    }
    for rule in &rules.user {
        let mut value = 0.0;
        for (pattern, coefficient) in &rule.terms {
            for i in 0..x.len() {
                if pattern.matches(&model.key(i)) {
                    let per = match rule.amount {
                        UserAmount::Count => 1.0,
                        UserAmount::Spend => units[i].spend,
                    };
                    value += coefficient * per * x[i];
                }
            }
        }
        let (low, high) = (
            rule.min.unwrap_or(f64::NEG_INFINITY),
            rule.max.unwrap_or(f64::INFINITY),
        );
        if !within(value, low, high) {
            return false;
        }
    }
    model.targets.iter().filter(|t| t.enforce).all(|target| {
        // A ratio of nothing meets a target on it.
        valuation::target_value(model, units, x, target).is_none_or(|value| match target.bound {
            Bound::AtLeast(v) => within(value, v, f64::INFINITY),
            Bound::AtMost(v) => within(value, f64::NEG_INFINITY, v),
        })
    })
}

/// The best objective over all allowed counts, and how many are allowed.
pub(super) fn enumerate(model: &Model, units: &[valuation::UnitValue]) -> (Option<f64>, usize) {
    let (mut best, mut allowed_plans) = (None::<f64>, 0);
    each_month(model, 6.0, |x| {
        if allowed(model, units, x) {
            allowed_plans += 1;
            let value = valuation::objective(units, x, model.objective).unwrap_or(0.0);
            best = Some(best.map_or(value, |b| b.max(value)));
        }
    });
    (best, allowed_plans)
}

#[test]
fn small_programs_agree_with_enumeration() {
    let mut random = Random::new(20_260_401);
    let (mut feasible, mut infeasible, mut exact) = (0, 0, 0);
    for case in 0..600 {
        let model = random_model(&mut random);
        let units = valuation::units(&model);
        let (best, _) = enumerate(&model, &units);
        let gap = if case % 2 == 0 { 0.001 } else { 0.0 };
        let settings = PlanSettings {
            gap,
            ..PlanSettings::default()
        };
        let found = plan(&model, &settings, &Cancel::new());
        let Some(best) = best else {
            assert_eq!(found.status, PlanStatus::Infeasible, "case {case}");
            assert!(!found.is_usable());
            infeasible += 1;
            continue;
        };
        feasible += 1;
        assert_eq!(
            found.status,
            PlanStatus::Optimal,
            "case {case}: best {best}"
        );
        let x = found.counts.row(0).to_vec();
        assert!(
            x.iter().all(|x| x.fract() == 0.0 && *x >= 0.0),
            "case {case}"
        );
        assert!(allowed(&model, &units, &x), "case {case}: {x:?}");
        let objective = found.objective.expect("a plan has an objective");
        assert_eq!(
            Some(objective),
            valuation::objective(&units, &x, model.objective)
        );
        let slack = 1e-9 * best.abs();
        assert!(objective <= best + slack, "case {case}");
        assert!(
            best - objective <= (gap + 1e-9) * objective.abs(),
            "case {case} ({:?}): {objective} against {best}",
            model.objective
        );
        let proven = found.gap.expect("a plan has a proven bound");
        assert!(
            proven.bound >= best - slack,
            "case {case}: bound {} below {best}",
            proven.bound
        );
        assert!(proven.relative <= gap + 1e-6, "case {case}: {proven:?}");
        exact += usize::from(objective >= best - slack);
    }
    // The generator must exercise both outcomes, or the test shows nothing.
    assert!(feasible > 160 && infeasible > 80, "{feasible} {infeasible}");
    assert!(
        exact as f64 > 0.9 * f64::from(feasible),
        "{exact} of {feasible}"
    );
}
