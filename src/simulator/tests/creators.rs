//! Single creators: against what they add up to, closed forms, and ranges of trials.

use ndarray::Array2;

use super::market::{certain, counts, model, tiers};
use crate::model::{Model, Quantity, Uncertainty, valuation};
use crate::simulator::{PlanInput, Simulator};

/// Cell, slot, spend, revenue.
type Creator = (usize, usize, Vec<f64>, Vec<f64>);

fn creators(model: &Model, booked: &Array2<f64>, first: u64, trials: usize) -> Vec<Creator> {
    let plan = PlanInput {
        model,
        counts: booked.view(),
    };
    let simulator = Simulator::new(&[plan], 42).unwrap();
    let mut out = Vec::new();
    simulator.creators(
        |_| true,
        first,
        trials,
        |c| {
            out.push((c.cell, c.slot, c.spend.to_vec(), c.revenue.to_vec()));
            true
        },
    );
    out
}

fn everything() -> (Model, Array2<f64>) {
    let types = ["sponsored", "affiliate", "seeding", "ambassador"];
    let model = model(tiers(), &types, Vec::new(), Vec::new());
    let booked = counts(
        &model,
        &[
            ("mega.sponsored", 0.4),
            ("macro.affiliate", 2.0),
            ("mid.ambassador", 1.5),
            ("mid.seeding", 3.0),
            ("micro.sponsored", 4.25),
        ],
    );
    (model, booked)
}

/// Where nothing depends on orders, creators add up to what the plan spends in every trial.
#[test]
fn creators_add_up_to_the_plan() {
    let (mut model, booked) = everything();
    for cell in &mut model.cells {
        cell.terms.commission = 0.0;
    }
    let trials = 3000;
    let found = creators(&model, &booked, 100, trials);
    assert_eq!(found.len(), 1 + 2 + 2 + 3 + 5);
    let plan = PlanInput {
        model: &model,
        counts: booked.view(),
    };
    let block = Simulator::new(&[plan], 42).unwrap().block(100, trials);
    for cell in &block.plans[0].cells {
        for (t, &wanted) in cell.column(Quantity::Spend).unwrap().iter().enumerate() {
            let own = found.iter().filter(|c| c.0 == cell.cell);
            let sum: f64 = own.map(|c| c.2[t]).sum();
            assert!((sum - wanted).abs() < 1e-9 * wanted, "{sum} {wanted}");
        }
    }
}

/// With everything certain each creator has its unit's expected spend and revenue, to the digit.
#[test]
fn certain_creators_have_their_expectations() {
    let (mut model, booked) = everything();
    model.uncertainty = Uncertainty::NONE;
    model.tiers = model.tiers.iter().map(certain).collect();
    for cell in &mut model.cells {
        cell.terms.delivery = 1.0;
    }
    for (cell, slot, spend, revenue) in creators(&model, &booked, 0, 20) {
        let unit = valuation::law(&model, cell).expected();
        let weight = (booked[[0, cell]] - slot as f64).min(1.0);
        for (spend, revenue) in spend.iter().zip(&revenue) {
            assert!((spend - weight * unit.spend).abs() < 1e-12 * unit.spend);
            assert!((revenue - weight * unit.revenue).abs() < 1e-12 * unit.revenue);
        }
    }
}

/// Expected revenue and spend of each creator, within five standard errors: 26 comparisons, a false
/// alarm in 70,000 seeds.
#[test]
fn means_are_those_of_the_valuation() {
    let (model, booked) = everything();
    let trials = 40_000;
    for (cell, slot, spend, revenue) in creators(&model, &booked, 0, trials) {
        let unit = valuation::law(&model, cell).expected();
        let weight = (booked[[0, cell]] - slot as f64).min(1.0);
        for (values, wanted) in [
            (spend, weight * unit.spend),
            (revenue, weight * unit.revenue),
        ] {
            let n = trials as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
            let error = (variance / n).sqrt() + 1e-9 * wanted;
            assert!(
                (mean - wanted).abs() < 5.0 * error,
                "{cell} {slot}: {mean} {wanted}"
            );
        }
    }
}

#[test]
fn a_trial_is_the_same_in_any_range() {
    let (model, booked) = everything();
    let all = creators(&model, &booked, 0, 9000);
    let part = creators(&model, &booked, 8000, 700);
    for (all, part) in all.iter().zip(&part) {
        assert_eq!((all.0, all.1), (part.0, part.1));
        assert_eq!(all.2[8000..8700], part.2);
        assert_eq!(all.3[8000..8700], part.3);
    }
}
