//! Small horizons against enumeration that reads the rules itself.

pub(super) mod brute;
mod explained;
mod lp;
mod worth;

use self::brute::{TIES, Tie, allowed, each, enumerate, objective, random_horizon, rows, values};
use super::Random;
use crate::distribution::Distribution;
use crate::model::valuation::{self, UnitValue};
use crate::model::{
    BookedAs, BudgetOver, Cancel, Cell, CrossPromotion, Horizon, Incidents, Level, Model,
    Objective, Origin, Over, Pipeline, PipelineLaw, PlanSettings, PlanStatus, Terms,
};
use crate::optimizer::{check_plan, plan, sample};

#[test]
fn small_horizons_agree_with_enumeration() {
    let mut random = Random::new(20_260_403);
    let mut seen = [[0; 2]; TIES.len()];
    for case in 0..320 {
        let kind = case % TIES.len();
        let model = random_horizon(&mut random, TIES[kind]);
        let best = enumerate(&model, &mut random, |_| true);
        let gap = if case % 3 == 0 { 0.0 } else { 0.001 };
        let settings = PlanSettings {
            gap,
            ..PlanSettings::default()
        };
        let found = plan(&model, &settings, &Cancel::new());
        let name = format!("case {case} ({:?}, {:?})", TIES[kind], model.objective);
        seen[kind][usize::from(best.is_some())] += 1;
        let Some(best) = best else {
            assert_eq!(found.status, PlanStatus::Infeasible, "{name}");
            continue;
        };
        assert_eq!(found.status, PlanStatus::Optimal, "{name}: best {best}");
        let rows = rows(&found);
        let units = values(&model);
        assert!(allowed(&model, &units, &rows), "{name}: {rows:?}");
        assert!(check_plan(&model, &found.counts).is_empty(), "{name}");
        let value = objective(&model, &units, &rows);
        let stated = found.objective.expect("a plan has an objective");
        assert!(
            (stated - value).abs() <= 1e-9 * value.abs(),
            "{name}: {stated} is {value}"
        );
        let slack = 1e-9 * best.abs();
        assert!(value <= best + slack, "{name}");
        assert!(
            best - value <= (gap + 1e-8) * value.abs(),
            "{name}: {value} against {best}"
        );
        let proven = found.gap.expect("a plan has a bound");
        assert!(
            proven.bound >= best - slack,
            "{name}: {proven:?} below {best}"
        );
        let spend: f64 = rows
            .iter()
            .zip(&units)
            .flat_map(|(row, units)| row.iter().zip(units))
            .map(|(n, unit)| n * unit.spend)
            .sum();
        let left = model.budget() - spend;
        assert!(
            (found.unspent - left).abs() <= 1e-6 * model.budget(),
            "{name}"
        );
    }
    // Every tie must have had plans, and the rules something to rule out.
    assert!(seen.iter().all(|of| of[1] >= 8), "{seen:?}");
    assert!(seen.iter().map(|of| of[0]).sum::<i32>() >= 20, "{seen:?}");
}

/// New partners that counts need until every month within what is delivered.
fn supplied(model: &Model, delivered: &[f64], x: &[Vec<f64>]) -> bool {
    let pipeline = model.horizon.pipeline.as_ref().expect("a pipeline");
    let (kept, repeat) = (pipeline.kept(), pipeline.repeat.mean());
    let mut needed = 0.0;
    (0..x.len()).all(|m| {
        for (cell, own) in model.cells.iter().enumerate() {
            let stay = match own.booked_as {
                BookedAs::Open if m == 0 => pipeline.starting[cell],
                BookedAs::Open => x[m - 1][cell] * kept * repeat,
                BookedAs::Level { level, start } if m > start => {
                    let term = model.horizon.levels[level].term_months;
                    x[m - 1][cell] * kept * if m < start + term { 1.0 } else { repeat }
                }
                BookedAs::Level { .. } => 0.0,
                // Bookings of their own.
                BookedAs::Wave(_) => x[m][cell],
            };
            needed += (x[m][cell] - stay).max(0.0);
        }
        needed <= delivered[m] + 1e-9
    })
}

#[test]
fn new_partnerships_are_within_what_the_pipeline_delivers() {
    let mut random = Random::new(20_260_404);
    let (mut bound_by_it, mut plans) = (0, 0);
    for case in 0..96 {
        let tie = [Tie::None, Tie::CarryOver, Tie::Level, Tie::Wave][case % 4];
        let mut model = random_horizon(&mut random, tie);
        if random.chance(0.6) {
            model.objective = Objective::Revenue;
            model.rules.min_spend = 0.0;
        }
        let free = enumerate(&model, &mut random, |_| true);
        let certain = |value: f64| Distribution::Certain(value);
        let cells = model.cells.len();
        let with = random.chance(0.5).then(|| random.between(0.5, 0.9));
        model.horizon.pipeline = Some(Pipeline {
            identified: certain(random.between(2.0, 14.0)),
            vetted: certain(0.8),
            contacted: certain(0.9),
            response: certain(0.6),
            partnership: certain(0.7),
            repeat: certain(random.between(0.3, 1.0)),
            lead_weeks: random.between(0.0, 5.0).into(),
            churn: Distribution::Certain(random.between(0.0, 0.4)),
            starting: (0..cells)
                .map(|cell| match model.cells[cell].booked_as {
                    BookedAs::Open => random.below(3) as f64,
                    _ => 0.0,
                })
                .collect(),
            before: None,
            with,
            origin: Origin::Default,
        });
        let pipeline = model.horizon.pipeline.as_ref().unwrap();
        let law = PipelineLaw::new(pipeline, &model.horizon);
        let delivered: Vec<f64> = (0..model.months)
            .map(|m| match with {
                Some(p) => law.delivered_with(m, p) as f64,
                None => law.delivered_mean(m),
            })
            .collect();
        let best = enumerate(&model, &mut random, |x| supplied(&model, &delivered, x));
        let found = plan(&model, &PlanSettings::default(), &Cancel::new());
        let name = format!("case {case} ({tie:?}, {:?})", model.objective);
        let Some(best) = best else {
            assert_eq!(found.status, PlanStatus::Infeasible, "{name}");
            continue;
        };
        plans += 1;
        bound_by_it += usize::from(free.is_none_or(|free| best < free - 1e-6 * free.abs()));
        assert_eq!(found.status, PlanStatus::Optimal, "{name}: best {best}");
        let rows = rows(&found);
        let units = values(&model);
        assert!(allowed(&model, &units, &rows), "{name}: {rows:?}");
        assert!(supplied(&model, &delivered, &rows), "{name}: {rows:?}");
        let value = objective(&model, &units, &rows);
        assert!(value <= best + 1e-9 * best.abs(), "{name}");
        assert!(
            best - value <= 0.001_001 * value.abs(),
            "{name}: {value}, {best}"
        );
        let proven = found.gap.expect("a plan has a bound");
        assert!(
            proven.bound >= best - 1e-9 * best.abs(),
            "{name}: {proven:?}"
        );
        let own = found
            .constraints
            .iter()
            .filter(|c| c.name == "pipeline.partnership");
        assert_eq!(own.count(), model.months, "{name}");
    }
    assert!(bound_by_it >= 15 && plans >= 40, "{bound_by_it} of {plans}");
}

#[test]
fn shocks_to_the_brand_lower_plans_and_not_bounds() {
    let _ = act_on_each_other(20_260_405, |model, _| {
        model.incidents = Incidents {
            probability: 0.15,
            yield_lost: 0.5,
            cleanup_cost: 0.0,
            shock_probability: 0.3,
            shock: 0.6,
            assumed: false,
        };
    });
}

/// Tags of the whole month and of days after, with content that comes later.
#[test]
fn tags_lift_plans_and_not_above_bounds() {
    let [plans, best_ones, unproven] = act_on_each_other(20_260_412, |model, random| {
        model.horizon.cross_promotion = Some(CrossPromotion {
            fan_out: vec![random.between(0.5, 3.0), 0.0],
            reach_lift: random.between(0.05, 0.8),
            days: [None, Some(0), Some(5), Some(20), Some(90)][random.below(5)],
        });
        for cell in &mut model.cells {
            cell.terms.post_days = [0, 0, 7, 40][random.below(4)];
        }
    });
    // They are so few that all are looked at.
    assert_eq!((best_ones, unproven), (plans, 0));
}

/// Plans of horizons whose creators act on each other against enumeration: each valued by itself, none above the bound.
fn act_on_each_other(seed: u64, act: impl Fn(&mut Model, &mut Random)) -> [usize; 3] {
    let mut random = Random::new(seed);
    let (mut plans, mut best_ones, mut unproven) = (0, 0, 0);
    for case in 0..48 {
        let tie = [Tie::CarryOver, Tie::Pot, Tie::Wave][case % 3];
        let mut model = random_horizon(&mut random, tie);
        act(&mut model, &mut random);
        let value = |x: &[Vec<f64>]| {
            let units: Vec<Vec<UnitValue>> = x
                .iter()
                .enumerate()
                .map(|(m, row)| valuation::units_in_month(&model, m, row))
                .collect();
            allowed(&model, &units, x).then(|| objective(&model, &units, x))
        };
        let mut best = None::<f64>;
        each(&model, |x| {
            if let Some(value) = value(x) {
                best = Some(best.map_or(value, |b| b.max(value)));
            }
        });
        let found = plan(&model, &PlanSettings::default(), &Cancel::new());
        let name = format!("case {case} ({tie:?}, {:?})", model.objective);
        let Some(best) = best else {
            assert!(!found.is_usable(), "{name}");
            continue;
        };
        if !found.is_usable() {
            // Not found is no proof, and it does not say so.
            assert!(found.status.is_open(), "{name}: {:?}", found.status);
            continue;
        }
        plans += 1;
        let rows = rows(&found);
        let own = value(&rows).expect("the plan keeps every rule");
        assert!(own <= best + 1e-9 * best.abs(), "{name}");
        let stated = found.objective.expect("a plan has an objective");
        assert!(
            (stated - own).abs() <= 1e-9 * own.abs(),
            "{name}: {stated}, {own}"
        );
        let proven = found.gap.expect("a plan has a bound");
        assert!(
            proven.bound >= best - 1e-9 * best.abs(),
            "{name}: {proven:?}, {best}"
        );
        best_ones += usize::from(best - own <= 0.01 * best.abs());
        if found.status == PlanStatus::Optimal {
            assert!(best - own <= 0.002 * best.abs(), "{name}: {own}, {best}");
        } else {
            unproven += 1;
        }
    }
    assert!(plans >= 24, "{plans}");
    assert!(5 * best_ones >= 4 * plans, "{best_ones} of {plans}");
    [plans, best_ones, unproven]
}

/// Two months of one season, the second's posts in a third of another: each has its own plan and its own worth.
#[test]
fn months_whose_posts_come_in_other_seasons_are_not_alike() {
    let mut random = Random::new(20_260_413);
    let mut model = random_horizon(&mut random, Tie::None);
    model.months = 3;
    model.objective = Objective::Revenue;
    model.horizon = Horizon::equal(3);
    model.horizon.months[2].seasonality = 2.0;
    for cell in &mut model.cells {
        cell.terms.post_days = 15;
    }
    let found = plan(&model, &PlanSettings::default(), &Cancel::new());
    let rows = rows(&found);
    let worth = |month: usize| -> f64 {
        let units = valuation::units_in_month(&model, month, &rows[month]);
        units
            .iter()
            .zip(&rows[month])
            .map(|(u, n)| n * u.revenue)
            .sum()
    };
    // Half of the posts in a season of 2: three halves.
    assert!((worth(1) / worth(0) - 1.5).abs() < 1e-12 || rows[0] != rows[1]);
    let stated = found.objective.expect("a plan has an objective");
    let all: f64 = (0..3).map(worth).sum();
    assert!((stated / all - 1.0).abs() < 1e-9, "{stated} is {all}");
}

#[test]
fn one_mega_a_quarter_takes_a_budget() {
    // A mega creator at 10,000 within 5 % of the quarter's spend: 200,000 in all, 66,667 a month.
    let tiers = vec![
        sample::tier("mega", 10_000.0, 900_000.0, 0.5),
        sample::tier("micro", 500.0, 5_000.0, 0.15),
    ];
    let types = [("sponsored", sample::sponsored())];
    let planned = |budget: f64| {
        let mut model = sample::model(tiers.clone(), &types, budget, |_, _| true);
        model.months = 3;
        model.horizon = Horizon::equal(3);
        model.horizon.diversity_over = Over::Horizon;
        model.rules.tier_budget_share[0] = sample::band(0.0, 0.05);
        plan(&model, &PlanSettings::default(), &Cancel::new())
    };
    let short = planned(66_600.0);
    assert_eq!(short.status, PlanStatus::Optimal);
    assert_eq!(short.counts.column(0).sum(), 0.0);
    assert!(
        short
            .warnings
            .iter()
            .any(|w| w.contains("no mega creator is booked")
                && w.contains("at least ¥66,667 a month (¥200,000 in all)")),
        "{:?}",
        short.warnings
    );
    // Months spend in steps of 500: a little more is enough.
    let enough = planned(67_000.0);
    assert_eq!(enough.status, PlanStatus::Optimal);
    assert_eq!(enough.counts.column(0).sum(), 1.0);
    assert!(enough.warnings.is_empty(), "{:?}", enough.warnings);
}

#[test]
fn ambassadors_of_a_year_are_planned_in_few_nodes() {
    // Twelve unequal months of the playbook's thirteen cells with two levels of ambassadors, budgets carried on.
    let mut model = sample::maturity(300_000.0);
    model.months = 12;
    model.horizon = Horizon::equal(12);
    for (month, season) in model
        .horizon
        .months
        .iter_mut()
        .zip([0.8, 0.8, 0.9, 1.0, 1.0, 1.1, 0.9, 0.9, 1.0, 1.1, 1.4, 1.3])
    {
        month.seasonality = season;
    }
    model.horizon.budget_over = BudgetOver::CarryOver;
    model.horizon.diversity_over = Over::Horizon;
    let micro = model
        .cells
        .iter()
        .position(|c| c.tier == 3 && c.partnership == 3);
    let micro = model.cells[micro.expect("micro ambassadors")].clone();
    model.cells.retain(|c| !(c.tier == 3 && c.partnership == 3));
    for (level, (name, retainer, posts)) in [("bronze", 500.0, 2.0), ("gold", 2_000.0, 8.0)]
        .into_iter()
        .enumerate()
    {
        let terms = Terms {
            fee_amount: Some(retainer),
            posts,
            ..micro.terms.clone()
        };
        model.horizon.levels.push(Level {
            name: name.to_owned(),
            tiers: vec![3],
            terms: terms.clone(),
            term_months: 3,
            tenure_lift: 0.05,
            tenure_lift_max: 0.5,
            origin: Origin::Default,
        });
        model.cells.extend((0..12).map(|start| Cell {
            booked_as: BookedAs::Level { level, start },
            terms: terms.clone(),
            ..micro.clone()
        }));
    }
    let settings = PlanSettings {
        gap: 0.002,
        node_limit: 500,
        // Nodes end the search, whatever else the machine does.
        time_limit: 3_600.0,
        ..PlanSettings::default()
    };
    let found = plan(&model, &settings, &Cancel::new());
    assert!(found.is_usable(), "{:?}", found.status);
    assert!(found.solver.reproducible);
    assert!(check_plan(&model, &found.counts).is_empty());
    assert!(
        found.gap.is_some_and(|gap| gap.relative < 0.02),
        "{:?}",
        found.gap
    );
}
