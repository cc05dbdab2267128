//! Plans on audiences against enumeration that values every plan as it is.

use super::enumeration::{allowed, random_model};
use super::{Random, each_month};
use crate::model::audience::Which;
use crate::model::joint::Effects;
use crate::model::valuation::UnitValue;
use crate::model::{
    Audience, Cancel, Factors, Incidents, Model, Objective, Origin, PlanSettings, PlanStatus,
    Quantity, Segment, UserAmount, valuation,
};
use crate::optimizer::{check, plan, sample};

fn audience(region: Option<usize>, size: f64) -> Audience {
    Audience {
        category: None,
        region,
        size,
        origin: Origin::Default,
    }
}

/// Unit values at counts, from effects prepared once.
fn units_at(model: &Model, effects: &Effects, x: &[f64]) -> Vec<UnitValue> {
    let factors = effects.factors(x, Which::All).into_iter();
    let unit = |(cell, factor)| valuation::law(model, cell).expected_in_plan(factor);
    factors.enumerate().map(unit).collect()
}

/// The best value over all whole counts that keep every rule at their own factors.
fn enumerate(model: &Model) -> Option<f64> {
    let effects = Effects::new(model);
    let mut best = None::<f64>;
    each_month(model, 6.0, |x| {
        let units = units_at(model, &effects, x);
        if allowed(model, &units, x) {
            let value = valuation::objective(&units, x, model.objective).unwrap_or(0.0);
            best = Some(best.map_or(value, |b| b.max(value)));
        }
    });
    best
}

/// Expected impressions of all supply at once.
fn most_impressions(model: &Model) -> f64 {
    valuation::units(model)
        .iter()
        .zip(&model.cells)
        .map(|(unit, cell)| {
            unit.impressions.unwrap() * model.tiers[cell.tier].max_creators.unwrap_or(6.0)
        })
        .sum()
}

/// How the plans of many models compare with the best.
#[derive(Debug, Default)]
struct Tally {
    feasible: usize,
    infeasible: usize,
    optimal: usize,
    worst: f64,
}

impl Tally {
    /// Holds the plan of a model against all of its plans.
    fn add(&mut self, case: usize, model: &Model) {
        let best = enumerate(model);
        let found = plan(model, &PlanSettings::default(), &Cancel::new());
        let Some(best) = best else {
            assert_eq!(found.status, PlanStatus::Infeasible, "case {case}");
            self.infeasible += 1;
            return;
        };
        assert!(
            found.is_usable(),
            "case {case}: {:?}, best {best}",
            found.status
        );
        self.feasible += 1;
        let x = found.counts.row(0).to_vec();
        let units = valuation::units_in(model, &x);
        assert!(allowed(model, &units, &x), "case {case}: {x:?}");
        assert!(check(model, &x).is_empty(), "case {case}");
        let value = valuation::objective(&units, &x, model.objective).unwrap();
        assert_eq!(found.objective, Some(value), "case {case}");
        let size = best.abs().max(1e-9);
        assert!(
            value <= best + 1e-9 * size,
            "case {case}: {value} above {best}"
        );
        let behind = (best - value) / size;
        assert!(behind <= 1e-3, "case {case}: {value}, best {best}");
        self.worst = self.worst.max(behind);
        // The bound holds over all plans.
        let bound = found.gap.unwrap().bound;
        assert!(
            best <= bound + 1e-9 * size,
            "case {case}: {best} above its bound {bound}"
        );
        self.optimal += usize::from(found.status == PlanStatus::Optimal);
    }
}

/// A random small program on one audience, with incidents that may shock the brand now and then.
fn random_together(random: &mut Random) -> Model {
    let mut model = random_model(random);
    if random.chance(0.4) {
        model.incidents = Incidents {
            probability: [0.02, 0.2][random.below(2)],
            yield_lost: 1.0,
            cleanup_cost: [0.0, 200.0][random.below(2)],
            shock_probability: [0.3, 1.0][random.below(2)],
            shock: [0.3, 0.9][random.below(2)],
            ..Incidents::NONE
        };
        // What is not lost saturates the audience all the same.
        if model.incidents.cleanup_cost > 0.0 {
            model.incidents.yield_lost = 0.5;
        }
    }
    if model.incidents.shocks() && random.chance(0.3) {
        return model;
    }
    let size = most_impressions(&model) * [0.05, 0.1, 0.3, 1.0, 5.0][random.below(5)];
    model.audiences = vec![audience(None, size)];
    model
}

#[test]
fn small_programs_on_one_audience_agree_with_enumeration() {
    let mut random = Random::new(20_260_402);
    let mut tally = Tally::default();
    for case in 0..400 {
        tally.add(case, &random_together(&mut random));
    }
    assert!(tally.feasible > 40 && tally.infeasible > 40, "{tally:?}");
    assert_eq!(tally.optimal, tally.feasible, "{tally:?}");
}

#[test]
fn small_programs_on_two_audiences_agree_with_enumeration() {
    let mut random = Random::new(5);
    let mut tally = Tally::default();
    for case in 0..80 {
        let mut model = random_model(&mut random);
        // The rules of random models name tiers and types; regions double the cells.
        model
            .rules
            .user
            .retain(|rule| rule.amount == UserAmount::Count);
        for tier in &mut model.tiers {
            tier.max_creators = tier.max_creators.map(|most: f64| most.min(2.0));
            tier.min_creators = tier.min_creators.min(1.0);
        }
        let segment = |name: &str, view: f64| Segment {
            name: name.to_owned(),
            factors: Factors {
                view_rate: view,
                ..Factors::ONE
            },
            tiers: None,
        };
        model.regions = vec![segment("north", 1.0), segment("south", 1.2)];
        model.rules.region_budget_share = vec![None, None];
        let cells = std::mem::take(&mut model.cells);
        for cell in cells {
            for region in 0..2 {
                let mut own = cell.clone();
                own.region = Some(region);
                own.factors = model.regions[region].factors;
                model.cells.push(own);
            }
        }
        let size = most_impressions(&model);
        model.audiences = vec![
            audience(Some(0), size * random.between(0.05, 0.5)),
            audience(Some(1), size * random.between(0.05, 0.5)),
        ];
        tally.add(case, &model);
    }
    assert!(tally.feasible > 20 && tally.infeasible > 10, "{tally:?}");
    assert_eq!(tally.optimal, tally.feasible, "{tally:?}");
}

#[test]
fn shares_under_strong_shocks_are_not_far_behind_whole_counts() {
    let mut model = sample::maturity(300_000.0);
    model.incidents = Incidents {
        probability: 0.02,
        yield_lost: 1.0,
        cleanup_cost: 0.0,
        shock_probability: 0.3,
        shock: 0.6,
        ..Incidents::NONE
    };
    let whole = plan(&model, &PlanSettings::default(), &Cancel::new());
    model.fractional_counts = true;
    let shares = plan(&model, &PlanSettings::default(), &Cancel::new());
    let (whole, shares) = (whole.objective.unwrap(), shares.objective.unwrap());
    // All whole plans are plans of shares; the search ends at a point without a better one beside it.
    assert!(shares >= 0.999 * whole, "{shares} {whole}");
}

#[test]
fn an_audience_without_bound_gives_the_plan_without_one() {
    for objective in [Objective::Revenue, Objective::Profit, Objective::Roas] {
        let mut model = sample::maturity(300_000.0);
        model.objective = objective;
        let plain = plan(&model, &PlanSettings::default(), &Cancel::new());
        model.audiences = vec![audience(None, 1e30)];
        let wide = plan(&model, &PlanSettings::default(), &Cancel::new());
        assert!(plain.is_usable() && wide.is_usable());
        let (plain, wide) = (plain.objective.unwrap(), wide.objective.unwrap());
        // Both within the gap of one optimum; neighbours may make the latter better.
        assert!(
            (wide / plain - 1.0).abs() < 0.002,
            "{objective:?}: {plain} {wide}"
        );
    }
}

#[test]
fn a_plan_of_shares_has_no_better_point_beside_it() {
    // At a fractional optimum no transfer of spend from one cell to another gains.
    for objective in [Objective::Revenue, Objective::Conversions, Objective::Roas] {
        let mut model = sample::maturity(300_000.0);
        model.objective = objective;
        model.fractional_counts = true;
        model.audiences = vec![audience(None, 1_500_000.0)];
        let found = plan(&model, &PlanSettings::default(), &Cancel::new());
        assert!(found.is_usable(), "{:?}", found.status);
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
        let x = found.counts.row(0).to_vec();
        let value = |x: &[f64]| {
            let units = valuation::units_in(&model, x);
            valuation::objective(&units, x, model.objective).unwrap()
        };
        let best = value(&x);
        assert!(found.gap.unwrap().bound >= best);
        let spend = valuation::total(&valuation::units_in(&model, &x), &x, Quantity::Spend);
        assert!(spend.unwrap() <= 300_000.0 * (1.0 + 1e-6));
        let mut better = 0;
        for i in 0..x.len() {
            for j in 0..x.len() {
                let mut y = x.clone();
                let step = 0.05_f64.min(y[j]);
                let units = valuation::units_in(&model, &x);
                y[j] -= step;
                y[i] += if units[i].spend > 0.0 {
                    step * units[j].spend / units[i].spend
                } else {
                    step
                };
                let keeps = check(&model, &y).is_empty();
                better += usize::from(keeps && value(&y) > best * (1.0 + 1e-6));
            }
        }
        assert_eq!(better, 0, "{objective:?}");
    }
}

#[test]
fn factors_fall_with_every_count() {
    // What bounds over boxes of whole counts rest on, shocks and audiences together.
    let mut random = Random::new(20_261_101);
    let mut both = 0;
    for case in 0..200 {
        let model = random_together(&mut random);
        both += usize::from(model.incidents.shocks() && !model.audiences.is_empty());
        let effects = Effects::new(&model);
        let counts: Vec<f64> = model.cells.iter().map(|_| random.below(5) as f64).collect();
        let before = effects.factors(&counts, Which::All);
        for cell in 0..counts.len() {
            let mut more = counts.clone();
            more[cell] += 1.0 + random.below(3) as f64;
            let after = effects.factors(&more, Which::All);
            for (other, (after, before)) in after.iter().zip(&before).enumerate() {
                assert!(
                    *after <= before * (1.0 + 1e-12),
                    "case {case}: {other} at {counts:?} and one more of {cell}: {before} {after}"
                );
            }
        }
    }
    assert!(both > 30, "{both}");
}
