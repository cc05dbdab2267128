//! Selections: against expectations in closed form, the plans that they resemble, and themselves.

use ndarray::Array2;

use super::market::{PRESET, counts, model, tiers};
use crate::model::{
    Creator, Model, OwnLaw, Past, Quantity, TrialBlock, Uncertainty, creator_value, valuation,
};
use crate::simulator::{OwnBooking, PlanInput, Seeds, SelectionInput, Simulator};

const TYPES: [&str; 4] = ["sponsored", "affiliate", "seeding", "ambassador"];

/// A creator of a tier, its figures known or not.
fn creator(id: &str, tier: usize, figures: [Option<f64>; 3], past: Option<Past>) -> Creator {
    let [followers, fee, engagement_rate] = figures;
    Creator {
        row: 2,
        id: id.to_owned(),
        name: None,
        tier,
        category: None,
        region: None,
        followers,
        fee,
        engagement_rate,
        past,
    }
}

fn cell(model: &Model, key: &str) -> usize {
    let of = |cell: &usize| model.key(*cell).to_string() == key;
    (0..model.cells.len()).find(of).unwrap()
}

/// Creators with what is known of them, by the key that they are booked under.
fn booked() -> (Model, Vec<(Creator, usize)>) {
    let mut model = model(tiers(), &TYPES, Vec::new(), Vec::new());
    model.uncertainty = PRESET;
    let some = |f: f64, fee: f64, e: f64| [Some(f), Some(fee), Some(e)];
    let past = Past {
        posts: 6.0,
        conversions: 40.0,
    };
    let all = [
        (
            creator("a", 1, some(2e5, 9e3, 0.04), None),
            "macro.affiliate",
        ),
        (
            creator("b", 3, some(4e3, 400.0, 0.15), None),
            "micro.ambassador",
        ),
        (creator("c", 3, [None; 3], None), "micro.sponsored"),
        (
            creator("d", 3, [Some(8e3), None, None], Some(past)),
            "micro.seeding",
        ),
        (
            creator("e", 2, [None, Some(2e3), None], None),
            "mid.affiliate",
        ),
        (creator("f", 2, [None; 3], None), "mid.sponsored"),
        (
            creator("g", 3, [Some(2e3), None, Some(0.2)], None),
            "micro.ambassador",
        ),
    ];
    let booked = all.map(|(creator, key)| (creator, cell(&model, key)));
    (model, booked.into())
}

fn laws(model: &Model, booked: &[(Creator, usize)]) -> Vec<OwnLaw> {
    booked.iter().map(|(c, _)| OwnLaw::of(model, c)).collect()
}

fn bookings<'a>(booked: &'a [(Creator, usize)], laws: &'a [OwnLaw]) -> Vec<OwnBooking<'a>> {
    let pairs = booked.iter().zip(laws);
    pairs
        .map(|((creator, cell), own)| OwnBooking {
            id: &creator.id,
            cell: *cell,
            own,
        })
        .collect()
}

/// The blocks of a selection from a trial on, plain draws.
fn plain(model: &Model, booked: &[(Creator, usize)], trials: usize) -> TrialBlock {
    let laws = laws(model, booked);
    let bookings = bookings(booked, &laws);
    let input = SelectionInput {
        model,
        bookings: &bookings,
    };
    let simulator = Simulator::of_selections(&[input], 42).unwrap();
    simulator.block_with(&Seeds::all(42), 0, trials)
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// Means of every creator's columns against its expectations: 7 creators × 6 quantities at 4.5 standard
/// errors; a correct simulator fails for one seed in 3,500.
#[test]
fn means_of_a_selection_are_its_expectations() {
    let (model, booked) = booked();
    let mut compared = 0;
    for one in &booked {
        let block = plain(&model, std::slice::from_ref(one), 65_536);
        let wanted = creator_value(&model, &one.0, one.1);
        let cells = &block.plans[0].cells;
        assert_eq!(cells.len(), 1);
        for quantity in [
            Quantity::Spend,
            Quantity::Impressions,
            Quantity::Engagements,
            Quantity::Clicks,
            Quantity::Conversions,
            Quantity::Revenue,
        ] {
            let column = cells[0].column(quantity);
            let (Some(column), Some(wanted)) = (column, wanted.get(quantity)) else {
                assert_eq!(column.is_some(), wanted.get(quantity).is_some());
                continue;
            };
            let (mean, error) = mean_and_error(column);
            assert!(
                (mean - wanted).abs() <= 4.5 * error + 1e-9 * wanted,
                "{} {quantity:?}: {mean} ± {error}, not {wanted}",
                one.0.id
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 7 * 6 - 2);
}

/// Creators of whom nothing is known have the law of a plan's: means and variances of a cell of six, at
/// 4.5 standard errors of a difference; a correct simulator fails for one seed in 15,000.
#[test]
fn unknown_creators_are_those_of_a_plan() {
    let (model, _) = booked();
    let of_micro = cell(&model, "micro.affiliate");
    let booked: Vec<(Creator, usize)> = (0..6)
        .map(|i| (creator(&format!("u{i}"), 3, [None; 3], None), of_micro))
        .collect();
    let trials = 65_536;
    let mine = plain(&model, &booked, trials);
    let counts: Array2<f64> = counts(&model, &[("micro.affiliate", 6.0)]);
    let plan = PlanInput {
        model: &model,
        counts: counts.view(),
    };
    let theirs = Simulator::new(&[plan], 43).unwrap();
    let theirs = theirs.block_with(&Seeds::all(43), 0, trials);
    for quantity in [Quantity::Spend, Quantity::Conversions, Quantity::Revenue] {
        let column =
            |block: &TrialBlock| block.plans[0].cells[0].column(quantity).unwrap().to_vec();
        let (mine, theirs) = (column(&mine), column(&theirs));
        let near = |a: &[f64], b: &[f64]| {
            let (a, b) = (mean_and_error(a), mean_and_error(b));
            (a.0 - b.0).abs() <= 4.5 * (a.1 * a.1 + b.1 * b.1).sqrt()
        };
        assert!(near(&mine, &theirs), "{quantity:?}");
        let squares = |values: &[f64]| -> Vec<f64> {
            let mean = mean_and_error(values).0;
            values.iter().map(|v| (v - mean) * (v - mean)).collect()
        };
        assert!(near(&squares(&mine), &squares(&theirs)), "{quantity:?}");
    }
}

/// With all figures known and no doubt, conversions are Poisson: mean and variance alike.
#[test]
fn orders_of_a_known_creator_are_poisson() {
    let mut model = model(tiers(), &TYPES, Vec::new(), Vec::new());
    model.uncertainty = Uncertainty::NONE;
    model.tiers = model.tiers.iter().map(super::market::certain).collect();
    let some = [Some(5e3), Some(300.0), Some(0.12)];
    let one = (creator("x", 3, some, None), cell(&model, "micro.sponsored"));
    let wanted = creator_value(&model, &one.0, one.1).conversions;
    let by_hand = 5e3 * 0.12 * {
        let valuation::CellLaw { basis, .. } = valuation::law(&model, one.1);
        match basis {
            crate::model::Basis::Followers(f) => {
                f.view_rate.mean() * f.click_rate.mean() * f.conversion_rate.mean()
            }
            crate::model::Basis::Benchmark(_) => unreachable!(),
        }
    };
    assert!((wanted - by_hand).abs() < 1e-12 * by_hand);
    let trials = 65_536;
    let block = plain(&model, &[one], trials);
    let column = block.plans[0].cells[0]
        .column(Quantity::Conversions)
        .unwrap();
    let (mean, error) = mean_and_error(column);
    assert!((mean - wanted).abs() < 4.5 * error, "{mean} {wanted}");
    // The variance of a Poisson's sample variance is close to 2λ² / n + λ / n.
    let variance = error * error * trials as f64;
    let spread = ((2.0 * wanted * wanted + wanted) / trials as f64).sqrt();
    assert!(
        (variance - wanted).abs() < 4.5 * spread,
        "{variance} {wanted}"
    );
}

/// A creator's draws are its own: the same bits alone and among others, in one block and in several.
#[test]
fn a_selection_adds_up_its_creators_bit_by_bit() {
    let (model, booked) = booked();
    let trials = 3000;
    let laws = laws(&model, &booked);
    let all = bookings(&booked, &laws);
    let inputs: Vec<SelectionInput<'_>> = std::iter::once(&all[..])
        .chain(all.iter().map(std::slice::from_ref))
        .map(|bookings| SelectionInput {
            model: &model,
            bookings,
        })
        .collect();
    let simulator = Simulator::of_selections(&inputs, 7).unwrap();
    let block = simulator.block(0, trials);
    for cell in &block.plans[0].cells {
        let own: Vec<_> = block.plans[1..]
            .iter()
            .flat_map(|plan| &plan.cells)
            .filter(|c| c.cell == cell.cell)
            .collect();
        for t in 0..trials {
            let sum: f64 = own.iter().map(|c| c.revenue[t]).sum();
            assert_eq!(sum.to_bits(), cell.revenue[t].to_bits());
        }
    }
    let late = simulator.block(1000, 500);
    for (whole, part) in block.plans[0].cells.iter().zip(&late.plans[0].cells) {
        assert_eq!(whole.spend[1000..1500], part.spend[..]);
        assert_eq!(whole.conversions[1000..1500], part.conversions[..]);
    }
}
