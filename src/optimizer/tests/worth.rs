//! What rules cost, what unused cells lack and which plans are as good, against solving again
//! everywhere and against enumeration.

use super::enumeration::{allowed, random_model};
use super::{Random, each_month};
use crate::model::{
    Cancel, Constraint, Form, Model, Objective, Plan, PlanSettings, constraints, valuation,
};
use crate::optimizer::alternatives::{APART, distance};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, Row, program_of, rows_of};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::{check, plan, sample};

/// The relaxation's optimum under constraints, by microlp.
fn optimum(model: &Model, rules: &[Constraint]) -> Option<(f64, Vec<f64>)> {
    let units = valuation::units(model);
    let goal = Goal::of(model, &units);
    let rows: Vec<Row> = rules
        .iter()
        .flat_map(|c| rows_of(c, c.low, c.high))
        .collect();
    let program = Program {
        rows,
        ..program_of(model, &units, rules)
    };
    let solved = solve_relaxed(&program, &goal, &PlanSettings::default(), &Cancel::new());
    solved.found().then_some((solved.objective, solved.x))
}

fn value(model: &Model) -> Option<(f64, Vec<f64>)> {
    optimum(model, &constraints(model, &valuation::units(model)))
}

/// The rules with one's bound at another place, written from the model where the budget moves.
fn with_bound(model: &Model, i: usize, upper: bool, to: f64) -> (Model, Vec<Constraint>) {
    let mut model = model.clone();
    let units = valuation::units(&model);
    let mut rules = constraints(&model, &units);
    if rules[i].name == "budget" {
        model.rules.budget = to;
        rules = constraints(&model, &units);
    } else if upper {
        rules[i].high = Some(to);
    } else {
        rules[i].low = Some(to);
    }
    (model, rules)
}

/// The rules whose removal raises the optimum.
fn limits(model: &Model, rules: &[Constraint], size: f64) -> Vec<bool> {
    let now = optimum(model, rules).expect("feasible").0;
    (0..rules.len())
        .map(|i| {
            let mut free = rules.to_vec();
            (free[i].low, free[i].high) = (None, None);
            optimum(model, &free).is_none_or(|(v, _)| v > now + 1e-7 * size)
        })
        .collect()
}

fn planned(model: &Model) -> Plan {
    plan(model, &PlanSettings::default(), &Cancel::new())
}

/// Whether a rule is at a bound a little behind the end of another's range.
fn reached(
    model: &Model,
    rules: &[Constraint],
    i: usize,
    upper: bool,
    (from, to): (f64, f64),
    j: usize,
) -> bool {
    let (model, moved) = with_bound(model, i, upper, to + 1e-4 * (to - from));
    let (_, x) = optimum(&model, &moved).expect("feasible");
    let value = rules[j].form.value(&x).expect("a value");
    let bounds = [moved[j].low, moved[j].high];
    let mut near = bounds.iter().flatten();
    near.any(|b| (value - b).abs() <= 1e-6 * b.abs().max(1.0))
}

#[test]
fn ranges_agree_with_solving_again_along_the_way() {
    let mut random = Random::new(7_301);
    let (mut walked, mut taken_over, mut alone) = (0, 0, 0);
    let (mut shares, mut budgets, mut ratios) = (0, 0, 0);
    for case in 0..400 {
        let mut model = random_model(&mut random);
        model.fractional_counts = true;
        let found = planned(&model);
        if !found.is_usable() {
            continue;
        }
        let rules = constraints(&model, &valuation::units(&model));
        let base = optimum(&model, &rules).expect("it has a plan").0;
        let size = base.abs().max(1e-9);
        let felt = limits(&model, &rules, size);
        for (i, state) in found.constraints.iter().enumerate() {
            let range = &state.range;
            let label = format!("case {case}, {}", state.name);
            // A rule without cost is none that limits.
            let free = range.cost.is_some_and(|c| c <= 1e-7 * size);
            assert!(free != felt[i], "{label}: {range:?} limits {}", felt[i]);
            let (Some(to), Some(gain)) = (range.to, range.gain) else {
                continue;
            };
            walked += 1;
            let upper = rules[i].high.is_some_and(|h| (to - h).abs() <= 1e9)
                && rules[i]
                    .low
                    .is_none_or(|l| to >= l || state.name == "budget");
            let from = if upper { rules[i].high } else { rules[i].low }.expect("it has the end");
            let at = |share: f64| {
                let (model, rules) = with_bound(&model, i, upper, from + share * (to - from));
                optimum(&model, &rules).map(|(v, _)| (v, limits(&model, &rules, size)))
            };
            if matches!(rules[i].form, Form::Largest(_)) {
                let (before, _) = at(1.0 - 1e-6).expect("feasible");
                let (after, _) = at(1.0 + 1e-9).expect("feasible");
                assert!((before - base).abs() <= 1e-7 * size, "{label}");
                assert!((after - base - gain).abs() <= 1e-7 * size, "{label}");
                continue;
            }
            let (end, _) = at(1.0).expect("feasible");
            assert!(
                (end - base - gain).abs() <= 2e-6 * size,
                "{label}: {gain} against {}",
                end - base
            );
            assert!(gain > 0.0, "{label}");
            shares += usize::from(matches!(rules[i].form, Form::Ratio { .. }));
            budgets += usize::from(state.name == "budget");
            ratios += usize::from(model.objective == Objective::Roas);
            // No rule comes in on the way.
            let mut known: Option<Vec<bool>> = None;
            for step in 1..8 {
                let (_, limits) = at(f64::from(step) / 8.0).expect("feasible");
                if let Some(known) = &known {
                    for j in 0..limits.len() {
                        let opens = matches!(rules[j].form, Form::Largest(_));
                        assert!(
                            known[j] || !limits[j] || opens,
                            "{label}: {} at {step}: {range:?} {from} {model:?}",
                            rules[j].name
                        );
                    }
                }
                known = Some(limits);
            }
            // What comes behind the end.
            let Some((beyond, limits)) = at(1.05) else {
                continue;
            };
            if let Some(then) = &range.then_binds {
                taken_over += 1;
                let j = rules.iter().position(|c| c.name == *then).expect("a rule");
                let (_, before) = at(0.95).expect("feasible");
                assert!(!before[j], "{label}: {then} limited before {to}");
                let (_, just_after) = at(1.0 + 1e-4).expect("feasible");
                // Where two rules say the same (one tier's cap is the other's floor), neither alone
                // limits; the new one is reached all the same.
                let own = limits[j] || just_after[j];
                alone += usize::from(own);
                assert!(
                    own || reached(&model, &rules, i, upper, (from, to), j),
                    "{label}: {then} does not limit behind {to}"
                );
            } else {
                assert!(beyond <= end + 1e-7 * size, "{label}: more behind {to}");
            }
        }
    }
    assert!(
        walked > 150
            && taken_over > 50
            && 10 * alone > 9 * taken_over
            && shares > 20
            && budgets > 20
            && ratios > 10,
        "{walked} {taken_over} {alone} {shares} {budgets} {ratios}"
    );
}

#[test]
fn unused_cells_enter_where_they_are_said_to() {
    let mut random = Random::new(9_117);
    let (mut fees, mut conversions, mut kept_out) = (0, 0, 0);
    for case in 0..300 {
        let mut model = random_model(&mut random);
        model.fractional_counts = case % 2 == 0;
        let found = planned(&model);
        if !found.is_usable() {
            continue;
        }
        let counts = found.counts.row(0).to_vec();
        let (base, _) = value(&model).expect("it has a plan");
        let size = base.abs().max(1e-9);
        for unused in &found.unused {
            let cell = unused.cell;
            assert!(counts[cell] == 0.0, "case {case}");
            let booked = |change: &dyn Fn(&mut crate::model::Terms)| {
                let mut model = model.clone();
                change(&mut model.cells[cell].terms);
                let (v, x) = value(&model).expect("feasible without the cell");
                (v, x[cell], valuation::units(&model)[cell])
            };
            let label = format!("case {case}, {}: {unused:?}", model.key(cell));
            let fee = |factor: f64| booked(&|terms| terms.fee *= factor);
            let lift = |factor: f64| booked(&|terms| terms.conversion_lift *= factor);
            match unused.fee_factor {
                Some(at) => {
                    fees += 1;
                    let (_, x, _) = fee(at * 0.999);
                    assert!(x > 0.0, "{label}: not below");
                    let (v, _, _) = fee(at + 0.001 * (1.0 - at));
                    assert!(v <= base + 1e-7 * size, "{label}: above");
                    let cost = fee(at).2.spend;
                    assert!(
                        (cost - unused.enters_at_unit_cost.expect("a cost")).abs() < 1e-9 * cost
                    );
                }
                None if unused.kept_out_by.as_deref() != Some("whole counts") => {
                    let (v, _, _) = fee(0.0);
                    assert!(v <= base + 1e-7 * size, "{label}: free {v} {base}");
                    kept_out += 1;
                }
                None => {}
            }
            match unused.conversion_factor {
                Some(at) => {
                    conversions += 1;
                    let (_, x, _) = lift(at * 1.001);
                    assert!(x > 0.0, "{label}: not above");
                    let (v, _, _) = lift(1.0 + 0.999 * (at - 1.0));
                    assert!(v <= base + 1e-7 * size, "{label}: below");
                    let revenue = lift(at).2.revenue;
                    let said = unused.enters_at_unit_revenue.expect("a revenue");
                    assert!((revenue - said).abs() < 1e-9 * revenue, "{label}");
                }
                None if unused.kept_out_by.as_deref() != Some("whole counts") => {
                    for factor in [3.0, 30.0] {
                        let (v, _, _) = lift(factor);
                        assert!(v <= base + 1e-7 * size, "{label}: at {factor} times");
                    }
                }
                None => {}
            }
        }
    }
    assert!(
        fees > 40 && conversions > 60 && kept_out > 20,
        "{fees} {conversions} {kept_out}"
    );
}

#[test]
fn alternatives_are_those_that_enumeration_finds() {
    const GAP: f64 = 0.05;
    let mut random = Random::new(5_113);
    let (mut some, mut none) = (0, 0);
    for case in 0..120 {
        let model = random_model(&mut random);
        let settings = PlanSettings {
            gap: GAP,
            alternatives: 3,
            ..PlanSettings::default()
        };
        let found = plan(&model, &settings, &Cancel::new());
        if !found.is_usable() {
            continue;
        }
        let units = valuation::units(&model);
        let first = found.counts.row(0).to_vec();
        let best = found.objective.expect("a plan has an objective");
        let floor = best - GAP * best.abs();
        let good = |x: &[f64]| {
            let value = valuation::objective(&units, x, model.objective).unwrap_or(0.0);
            allowed(&model, &units, x) && value >= floor - 1e-9 * best.abs()
        };
        let mut farthest = 0.0_f64;
        each_month(&model, 6.0, |x| {
            if good(x) {
                farthest = farthest.max(distance(&first, x));
            }
        });
        assert_eq!(
            !found.alternatives.is_empty(),
            farthest >= APART - 1e-9,
            "case {case}: {farthest} {:?}",
            found.alternatives
        );
        let mut before = vec![first.clone()];
        for alternative in &found.alternatives {
            assert_eq!(alternative.counts.nrows(), 1);
            let x = &alternative.counts.row(0).to_vec();
            assert!(good(x), "case {case}: {alternative:?}");
            assert!(check(&model, x).is_empty(), "case {case}");
            assert!((alternative.moved - distance(&first, x)).abs() < 1e-12);
            let apart = before.iter().map(|b| distance(b, x)).fold(1.0, f64::min);
            assert!((alternative.apart - apart).abs() < 1e-12);
            assert!(apart >= APART - 1e-9, "case {case}");
            before.push(x.clone());
        }
        if let Some(one) = found.alternatives.first() {
            some += 1;
            // The overlap is made least within a hundredth; counts of other totals cost some more.
            assert!(
                one.moved >= 0.8 * farthest,
                "case {case}: {} of {farthest}",
                one.moved
            );
        } else {
            none += 1;
        }
    }
    assert!(some > 20 && none > 10, "{some} {none}");
}

#[test]
fn a_cap_on_hours_is_priced_to_the_next_rule() {
    // One tier, two types: hours limit, then supply does. By hand: 12 creators of 2 h fit in 24 h, supply 20.
    let tiers = vec![sample::tier("micro", 100.0, 5_000.0, 0.1)];
    let types = [("sponsored", sample::sponsored())];
    let mut model = sample::model(tiers, &types, 10_000.0, |_, _| true);
    model.rules.hours_per_month = Some(24.0);
    model.tiers[0].max_creators = Some(20.0);
    let found = planned(&model);
    let unit = valuation::units(&model)[0].revenue;
    let state = |name: &str| {
        let found = found.constraints.iter().find(|c| c.name == name);
        found.expect("the constraint exists").range.clone()
    };
    let hours = state("operations.hours_per_month");
    let near = |a: Option<f64>, b: f64| (a.expect("a figure") - b).abs() <= 1e-6 * b;
    assert!(near(hours.cost, 8.0 * unit), "{hours:?}");
    assert!(near(hours.to, 40.0), "{hours:?}");
    assert!(near(hours.gain, 8.0 * unit), "{hours:?}");
    assert_eq!(
        hours.then_binds.as_deref(),
        Some("tiers.micro.max_creators")
    );
    assert_eq!(state("budget").cost, Some(0.0));
}
