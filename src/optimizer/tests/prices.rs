//! Prices against finite differences found by another route: Clarabel on a program built anew
//! from the changed model.

use crate::model::{Cancel, Model, Objective, PlanSettings, constraints, valuation};
use crate::optimizer::backend::clarabel;
use crate::optimizer::program::{Program, program_of, relax};
use crate::optimizer::{plan, sample};

fn relaxed_program(model: &Model) -> Program {
    let units = valuation::units(model);
    relax(&program_of(model, &units, &constraints(model, &units)))
}

fn optimum(model: &Model) -> f64 {
    clarabel(&relaxed_program(model))
        .expect("Clarabel solves it")
        .objective
}

/// The best ROAS by bisection on q: max R − qS changes sign there.
fn best_roas(model: &Model) -> f64 {
    let units = valuation::units(model);
    let mut program = relaxed_program(model);
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..40 {
        let q = 0.5 * (low + high);
        program.maximize = units.iter().map(|u| u.revenue - q * u.spend).collect();
        let best = clarabel(&program).expect("Clarabel solves it").objective;
        if best > 0.0 { low = q } else { high = q }
    }
    0.5 * (low + high)
}

fn price(model: &Model, name: &str) -> f64 {
    let found = plan(model, &PlanSettings::default(), &Cancel::new());
    let state = found
        .constraints
        .iter()
        .find(|c| c.name == name)
        .expect("the constraint exists");
    state.shadow_price.expect("it has a price")
}

fn close(a: f64, b: f64, size: f64) {
    assert!((a - b).abs() <= 2e-6 * size, "{a} against {b}");
}

#[test]
fn prices_are_right_derivatives_of_the_relaxation() {
    let base = sample::maturity(300_000.0);
    let before = optimum(&base);
    let check = |name: &str, change: &dyn Fn(&mut Model)| {
        let mut model = base.clone();
        change(&mut model);
        close(price(&base, name), optimum(&model) - before, before);
    };
    check("budget", &|m| m.rules.budget += 1_000.0);
    check("tiers.mid.max_creators", &|m| {
        m.tiers[2].max_creators = m.tiers[2].max_creators.map(|x| x + 1.0);
    });
    check("operations.hours_per_month", &|m| {
        m.rules.hours_per_month = Some(601.0);
    });
    let tier = |m: &mut Model, tier: usize, low: f64, high: f64| {
        if let Some(band) = &mut m.rules.tier_budget_share[tier] {
            band.low += low;
            band.high += high;
        }
    };
    check("diversity.tier_budget_share.mega", &|m| {
        tier(m, 0, 0.0, 0.01);
    });
    check("diversity.tier_budget_share.mid", &|m| {
        tier(m, 2, 0.01, 0.0);
    });
    check("diversity.tier_budget_share.micro", &|m| {
        tier(m, 3, 0.01, 0.0);
    });
    // Not reached by the relaxation: moving it changes nothing.
    check("diversity.tier_budget_share.macro", &|m| {
        tier(m, 1, 0.0, 0.01);
    });
    check("tiers.nano.max_creators", &|m| {
        m.tiers[4].max_creators = Some(501.0);
    });
    assert!(price(&base, "budget") > 0.0);
    assert!(price(&base, "diversity.tier_budget_share.mid") < 0.0);
}

#[test]
fn roas_has_prices_too() {
    let mut base = sample::maturity(300_000.0);
    base.objective = Objective::Roas;
    let before = best_roas(&base);
    let mut more = base.clone();
    more.rules.hours_per_month = Some(601.0);
    close(
        price(&base, "operations.hours_per_month"),
        best_roas(&more) - before,
        before,
    );
    let mut spend = base.clone();
    spend.rules.min_spend += 1_000.0 / 300_000.0;
    close(
        price(&base, "diversity.min_spend"),
        best_roas(&spend) - before,
        before,
    );
    // The budget itself is not reached, but the least spend that follows it is.
    let mut budget = base.clone();
    budget.rules.budget += 1_000.0;
    close(price(&base, "budget"), best_roas(&budget) - before, before);
    assert!(price(&base, "budget") < 0.0);
}

#[test]
fn a_bound_that_cannot_move_has_no_price() {
    let types = [("sponsored", sample::sponsored())];
    let tiers = vec![
        sample::tier("mid", 2_000.0, 40_000.0, 0.08),
        sample::tier("micro", 500.0, 5_000.0, 0.15),
    ];
    let mut model = sample::model(tiers, &types, 10_000.0, |_, _| true);
    model.fractional_counts = true;
    // With micro at exactly half, mid can't have a point more than its least half.
    model.rules.tier_budget_share = vec![sample::band(0.5, 0.9), sample::band(0.5, 0.5)];
    let found = plan(&model, &PlanSettings::default(), &Cancel::new());
    let state = |name: &str| found.constraints.iter().find(|c| c.name.ends_with(name));
    let mid = state("tier_budget_share.mid").expect("the band exists");
    assert_eq!(mid.shadow_price, None);
    assert_eq!(mid.price_unit, "revenue per point");
    // Both bounds of micro's band are reached; the upper one moves and takes nothing along.
    let micro = state("tier_budget_share.micro").expect("the band exists");
    assert_eq!(micro.shadow_price, Some(0.0));
}

#[test]
fn a_least_that_limits_within_one_step_has_a_price() {
    let mut base = sample::maturity(300_000.0);
    base.fractional_counts = true;
    let free = plan(&base, &PlanSettings::default(), &Cancel::new());
    let number = free.counts.sum();
    let before = optimum(&base);
    // One creator more is asked for: 0.4 below what the relaxation books, then 1.4.
    for (room, felt) in [(0.4, true), (1.4, false)] {
        let mut model = base.clone();
        model.rules.min_creators = Some(number - room);
        let mut more = model.clone();
        more.rules.min_creators = Some(number - room + 1.0);
        let price = price(&model, "diversity.min_creators");
        close(price, optimum(&more) - before, before);
        assert_eq!(price < -1e-3, felt, "{price}");
    }
}
