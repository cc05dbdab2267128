//! What unused cells lack, budgets' prices and other plans over months, against relaxations and enumerations of their own.

use ndarray::Array2;

use super::brute::{TIES, Tie, allowed, each, objective, random_horizon, values};
use super::lp::{Extra, Relaxation};
use crate::distribution::Distribution;
use crate::model::valuation;
use crate::model::{
    BookedAs, BudgetOver, Cancel, Horizon, Model, Objective, Origin, Over, Pipeline, Plan,
    PlanSettings, UnusedCell,
};
use crate::optimizer::alternatives::{APART, distance};
use crate::optimizer::tests::Random;
use crate::optimizer::{check_plan, hang_together, plan, sample};

fn planned(model: &Model) -> Plan {
    plan(model, &PlanSettings::default(), &Cancel::new())
}

fn pipeline(random: &mut Random, model: &Model) -> Pipeline {
    let certain = Distribution::Certain;
    Pipeline {
        identified: certain(random.between(4.0, 14.0)),
        vetted: certain(0.8),
        contacted: certain(0.9),
        response: certain(0.6),
        partnership: certain(0.7),
        repeat: certain(random.between(0.3, 1.0)),
        lead_weeks: random.between(0.0, 3.0).into(),
        churn: Distribution::Certain(random.between(0.0, 0.4)),
        starting: vec![0.0; model.cells.len()],
        before: None,
        with: None,
        origin: Origin::Default,
    }
}

/// A cell's booking at another fee and at other conversions.
fn extra(model: &Model, unused: &UnusedCell, fee: f64, conversions: f64) -> Extra {
    let mut model = model.clone();
    let cell = &mut model.cells[unused.cell];
    cell.terms.fee *= fee;
    cell.terms.fee_amount = cell.terms.fee_amount.map(|own| own * fee);
    cell.terms.conversion_lift *= conversions;
    let first = unused.month.expect("a month");
    let months = first..unused.until.unwrap_or(first) + 1;
    Extra {
        cell: unused.cell,
        units: months
            .clone()
            .map(|month| valuation::law_in(&model, month, unused.cell).expected())
            .collect(),
        months,
    }
}

/// Every cell that can be booked in a month and is not is told, a commitment once.
fn all_idle_are_told(model: &Model, found: &Plan, case: usize) {
    for cell in 0..model.cells.len() {
        let level = matches!(model.cells[cell].booked_as, BookedAs::Level { .. });
        let told = |month: usize| {
            let mut own = found.unused.iter();
            own.any(|u| u.cell == cell && u.month == Some(month))
        };
        if level {
            let idle = found.counts.column(cell).sum() == 0.0;
            assert_eq!(told(model.months_of(cell).start), idle, "case {case}");
        } else {
            for month in model.months_of(cell) {
                let idle = found.counts[[month, cell]] == 0.0;
                assert_eq!(told(month), idle, "case {case}");
            }
        }
    }
}

#[test]
fn unused_cells_of_joint_months_enter_where_they_are_said_to() {
    let mut random = Random::new(8_112);
    let (mut fees, mut conversions, mut kept_out, mut levels, mut waves) = (0, 0, 0, 0, 0);
    for case in 0..400 {
        let mut model = random_horizon(&mut random, TIES[1 + case % 7]);
        if case % 3 == 0 {
            model.horizon.pipeline = Some(pipeline(&mut random, &model));
        }
        if !hang_together(&model) {
            continue;
        }
        let found = planned(&model);
        if !found.is_usable() {
            assert!(found.unused.is_empty());
            continue;
        }
        let mut relaxation = Relaxation::new(&model);
        let base = relaxation.optimum().expect("it has a plan").0;
        let size = base.abs().max(1e-9);
        let better = 1e-7 * size;
        for unused in &found.unused {
            let label = format!("case {case}, {unused:?}");
            let first = unused.month.expect("a month");
            match model.cells[unused.cell].booked_as {
                BookedAs::Level { start, level } => {
                    let until = unused.until.expect("an end");
                    let term = model.horizon.levels[level].term_months;
                    assert!(first == start && until < model.months, "{label}");
                    assert!(until + 1 >= (start + term).min(model.months), "{label}");
                    assert!(found.counts.column(unused.cell).sum() == 0.0, "{label}");
                    levels += 1;
                }
                booked_as => {
                    assert!(unused.until.is_none(), "{label}");
                    assert!(found.counts[[first, unused.cell]] == 0.0, "{label}");
                    waves += usize::from(booked_as != BookedAs::Open);
                }
            }
            let mut at = |fee: f64, lift: f64| {
                let own = extra(&model, unused, fee, lift);
                let spend: f64 = own.units.iter().map(|unit| unit.spend).sum();
                let revenue: f64 = own.units.iter().map(|unit| unit.revenue).sum();
                relaxation.extra = Some(own);
                let (value, x) = relaxation.optimum().expect("feasible");
                (value, x, spend, revenue)
            };
            if unused.kept_out_by.as_deref() == Some("whole counts") {
                continue;
            }
            if let Some(fee) = unused.fee_factor {
                fees += 1;
                assert!(at(fee * 0.999, 1.0).1 > 0.0, "{label}: not below");
                let (above, ..) = at(fee + 0.001 * (1.0 - fee), 1.0);
                assert!(above <= base + better, "{label}: above");
                let cost = at(fee, 1.0).2;
                let said = unused.enters_at_unit_cost.expect("a cost");
                assert!((cost - said).abs() < 1e-9 * cost, "{label}");
            } else {
                kept_out += 1;
                assert!(at(0.0, 1.0).0 <= base + better, "{label}: free");
            }
            match unused.conversion_factor {
                Some(lift) => {
                    conversions += 1;
                    assert!(at(1.0, lift * 1.001).1 > 0.0, "{label}: not above");
                    let (below, ..) = at(1.0, 1.0 + 0.999 * (lift - 1.0));
                    assert!(below <= base + better, "{label}: below");
                    let revenue = at(1.0, lift).3;
                    let said = unused.enters_at_unit_revenue.expect("a revenue");
                    assert!((revenue - said).abs() < 1e-9 * revenue, "{label}");
                }
                None => {
                    for lift in [3.0, 30.0] {
                        assert!(at(1.0, lift).0 <= base + better, "{label}: {lift} times");
                    }
                }
            }
        }
        all_idle_are_told(&model, &found, case);
    }
    assert!(
        fees > 60 && conversions > 90 && kept_out > 40 && levels > 10 && waves > 10,
        "{fees} {conversions} {kept_out} {levels} {waves}"
    );
}

/// Rows × cells, one behind the other.
fn flat(counts: &Array2<f64>) -> Vec<f64> {
    counts.iter().copied().collect()
}

#[test]
fn alternatives_over_months_are_those_that_enumeration_finds() {
    const GAP: f64 = 0.1;
    let mut random = Random::new(5_114);
    let (mut some, mut none, mut apart_months) = (0, 0, 0);
    for case in 0..160 {
        let tie = TIES.get(case % 10).copied().unwrap_or(Tie::None);
        let mut model = random_horizon(&mut random, tie);
        if case % 5 == 0 {
            model.horizon.pipeline = Some(pipeline(&mut random, &model));
        }
        let settings = PlanSettings {
            gap: GAP,
            alternatives: 2,
            ..PlanSettings::default()
        };
        let found = plan(&model, &settings, &Cancel::new());
        if !found.is_usable() {
            continue;
        }
        let units = values(&model);
        let best = found.objective.expect("a plan has an objective");
        let floor = best - GAP * best.abs() - 1e-9 * best.abs();
        let first = flat(&found.counts);
        let mut farthest = 0.0_f64;
        let same = found.alternatives.iter().any(|a| a.counts.nrows() == 1)
            || !hang_together(&model)
                && found
                    .counts
                    .rows()
                    .into_iter()
                    .all(|row| row == found.counts.row(0))
                && model.horizon.months.windows(2).all(|m| {
                    m[0].budget_share == m[1].budget_share && m[0].seasonality == m[1].seasonality
                });
        each(&model, |x| {
            if same && x.iter().any(|row| *row != x[0]) {
                return;
            }
            if !allowed(&model, &units, x) || objective(&model, &units, x) < floor {
                return;
            }
            let apart = distance(&first, &x.concat());
            // What the pipeline says, only the checker does.
            if apart > farthest {
                let counts =
                    Array2::from_shape_fn((model.months, model.cells.len()), |(m, c)| x[m][c]);
                if check_plan(&model, &counts).is_empty() {
                    farthest = apart;
                }
            }
        });
        let label = format!("case {case} ({tie:?})");
        assert_eq!(
            !found.alternatives.is_empty(),
            farthest >= APART - 1e-9,
            "{label}: {farthest} {:?}",
            found.alternatives
        );
        let mut before = vec![first.clone()];
        for alternative in &found.alternatives {
            let counts = &alternative.counts;
            let rows: Vec<Vec<f64>> = (0..model.months)
                .map(|m| counts.row(m.min(counts.nrows() - 1)).to_vec())
                .collect();
            let x = rows.concat();
            assert!(allowed(&model, &units, &rows), "{label}: {alternative:?}");
            let value = objective(&model, &units, &rows);
            assert!(value >= floor, "{label}");
            assert!(
                (value - alternative.objective).abs() <= 1e-9 * value.abs(),
                "{label}: {value} {}",
                alternative.objective
            );
            assert!((alternative.moved - distance(&first, &x)).abs() < 1e-12);
            let apart = before.iter().map(|b| distance(b, &x)).fold(1.0, f64::min);
            assert!((alternative.apart - apart).abs() < 1e-12, "{label}");
            assert!(apart >= APART - 1e-9, "{label}");
            apart_months += usize::from(!hang_together(&model) && counts.nrows() > 1);
            before.push(x);
        }
        if let Some(one) = found.alternatives.first() {
            some += 1;
            assert!(
                one.moved >= 0.8 * farthest,
                "{label}: {} of {farthest}",
                one.moved
            );
        } else {
            none += 1;
        }
    }
    assert!(
        some > 20 && none > 10 && apart_months > 2,
        "{some} {none} {apart_months}"
    );
}

#[test]
fn a_months_budget_is_priced_as_a_relaxation_of_its_own_says() {
    let mut random = Random::new(3_367);
    let (mut gained, mut nothing) = (0, 0);
    for case in 0..120 {
        let mut model = random_horizon(&mut random, [Tie::Level, Tie::Wave, Tie::None][case % 3]);
        model.horizon.diversity_over = Over::Month;
        model.horizon.budget_over = BudgetOver::Month;
        model.rules.tier_budget_share[0] = None;
        model.rules.max_creator_budget_share = None;
        model.fractional_counts = true;
        // A month without any.
        let without = random.below(model.months);
        model.horizon.months[without].budget_share = 0.0;
        assert!(hang_together(&model));
        let found = planned(&model);
        if !found.is_usable() {
            continue;
        }
        let mut relaxation = Relaxation::new(&model);
        let base = relaxation.optimum().expect("it has a plan").0;
        let stated = found.objective.expect("an objective");
        assert!((base - stated).abs() <= 1e-7 * base.abs(), "case {case}");
        for month in 0..model.months {
            let mut own = found.constraints.iter();
            let own = own.find(|c| c.name == "budget" && c.month == Some(month));
            let price = own.expect("a budget").shadow_price.expect("a price");
            relaxation.budgets[month] += 1000.0;
            let change = relaxation.optimum().expect("feasible").0 - base;
            relaxation.budgets[month] -= 1000.0;
            assert!(
                (price - change).abs() <= 1e-6 * base.abs(),
                "case {case}, month {month}: {price}, {change}"
            );
            if month == without {
                gained += usize::from(change > 1e-6 * base.abs());
                nothing += usize::from(change <= 1e-6 * base.abs());
            }
        }
    }
    assert!(gained > 20, "{gained} {nothing}");
}

/// Equal months under ROAS, planned by themselves.
fn equal_months(random: &mut Random, months: usize) -> Model {
    let tiers = vec![
        sample::tier(
            "mid",
            random.between(800.0, 3_000.0),
            random.between(10_000.0, 90_000.0),
            0.07,
        ),
        sample::tier(
            "micro",
            random.between(150.0, 900.0),
            random.between(1_000.0, 10_000.0),
            0.15,
        ),
    ];
    let budget = random.between(3_000.0, 9_000.0);
    let types = sample::types();
    let mut model = sample::model(tiers, &types[..2], budget, |_, _| true);
    model.objective = Objective::Roas;
    model.months = months;
    model.horizon = Horizon::equal(months);
    model.rules.min_spend = 0.9;
    model.tiers[1].max_creators = Some((1 + random.below(4)) as f64);
    if random.chance(0.5) {
        model.rules.tier_budget_share[0] = sample::band(0.1, 0.7);
    }
    model.fractional_counts = true;
    model
}

#[test]
fn a_month_of_equal_ones_moves_the_horizons_roas() {
    let mut random = Random::new(1_519);
    let (mut less, mut moved, mut backs) = (0, 0, 0);
    for case in 0..60 {
        let months = 2 + case % 4;
        let mut model = equal_months(&mut random, months);
        let found = planned(&model);
        if !found.is_usable() {
            continue;
        }
        assert!(!hang_together(&model));
        let base = found.objective.expect("an objective");
        let label = format!("case {case}, {months} months");
        let state = |plan: &Plan, name: &str| {
            let mut own = plan.constraints.iter();
            let own = own.find(|c| c.name == name && c.month == Some(0));
            own.cloned().expect("the rule")
        };
        // The budget of month 1, its least spend with it: a horizon of unequal months, planned as one.
        let budget = model.rules.budget;
        model.horizon.months[0].budget_share = (budget + 1000.0) / budget;
        assert!(hang_together(&model));
        let other = planned(&model);
        let change = other.objective.expect("an objective") - base;
        let price = state(&found, "budget").shadow_price.expect("a price");
        assert!(
            (price - change).abs() <= 1e-7 * base,
            "{label}: {price} is {change}"
        );
        // One month by itself moves its own ROAS more.
        let mut one = model.clone();
        one.months = 1;
        one.horizon = Horizon::equal(1);
        let alone = state(&planned(&one), "budget")
            .shadow_price
            .expect("a price");
        less += usize::from(price.abs() < 0.9 * alone.abs());
        moved += usize::from(price.abs() > 1e-6 * base);
        // A least spend beyond the budget: its price is that of the way back.
        model.horizon.months[0].budget_share = 1.0;
        let least = state(&found, "diversity.min_spend");
        let low = least.low.expect("a least spend");
        if low + 1000.0 > budget && least.range.cost.is_some_and(|c| c > 1e-6 * base) {
            let mut relaxation = Relaxation::new(&model);
            relaxation.least[0] = low - 1000.0;
            let back = relaxation.optimum().expect("feasible").0;
            let price = least.shadow_price.expect("a price");
            assert!(least.price_is_back, "{label}");
            backs += 1;
            assert!((price + back - base).abs() <= 1e-7 * base, "{label}");
            relaxation.least[0] = 0.0;
            let free = relaxation.optimum().expect("feasible").0;
            let cost = least.range.cost.expect("a cost");
            assert!((cost + base - free).abs() <= 1e-7 * base, "{label}: {cost}");
        }
        // What a month's supply costs.
        let supply = state(&found, "tiers.micro.max_creators");
        assert!(supply.range.cost.expect("a cost") >= 0.0, "{label}");
    }
    assert!(backs > 3, "{backs}");
    assert!(less > 12 && moved > 12, "{less} {moved}");
}
