//! A seed for each group of inputs.

use super::market::{counts, model, tiers};
use crate::model::{CellBlock, InputGroup, Model, Quantity, Uncertainty};
use crate::simulator::{PlanInput, Seeds, Simulator};

const TRIALS: usize = 500;

/// What an input moves in three cells.
type Moved<'a> = (InputGroup, &'a [Quantity], &'a [Quantity], Vec<Quantity>);

/// Which quantities of a cell differ between two blocks.
fn changed(a: &CellBlock, b: &CellBlock) -> Vec<Quantity> {
    Quantity::SIMULATED
        .into_iter()
        .filter(|&quantity| a.column(quantity) != b.column(quantity))
        .collect()
}

#[test]
fn another_seed_of_a_group_moves_what_the_group_moves() {
    use Quantity::{Clicks, Conversions, Engagements, Impressions, Revenue, Spend};
    let mut model = model(tiers(), &["sponsored", "affiliate"], Vec::new(), Vec::new());
    model.dependence.followers_fee = 0.6;
    let counts = counts(
        &model,
        &[
            ("micro.sponsored", 30.0),
            ("micro.affiliate", 30.0),
            ("mid.sponsored", 10.0),
        ],
    );
    let plan = PlanInput {
        model: &model,
        counts: counts.view(),
    };
    let simulator = Simulator::new(&[plan], 7).unwrap();
    let base = simulator.block_with(&Seeds::all(7), 0, TRIALS);
    let all = [Impressions, Engagements, Clicks, Conversions, Revenue];
    let nothing: &[Quantity] = &[];
    let everything = Quantity::SIMULATED;
    // What changes in mid.sponsored (benchmark, certain CPM, uncertain CPE and CPA, no CPC),
    // micro.sponsored and micro.affiliate, whose commission takes revenue into spend.
    let benchmark = [Impressions, Engagements, Conversions, Revenue];
    let benchmark_all = [Spend, Impressions, Engagements, Conversions, Revenue];
    let with_spend = |yields: &[Quantity]| -> Vec<Quantity> { [&[Spend], yields].concat() };
    let orders = &all[3..];
    let expected: [Moved<'_>; 14] = [
        (InputGroup::Market, orders, orders, with_spend(orders)),
        (InputGroup::Platform, &benchmark, &all, with_spend(&all)),
        (
            InputGroup::EngagementRate,
            nothing,
            &all[1..],
            with_spend(&all[1..]),
        ),
        (
            InputGroup::ClickRate,
            nothing,
            &all[2..],
            with_spend(&all[2..]),
        ),
        (
            InputGroup::ConversionRate,
            nothing,
            orders,
            with_spend(orders),
        ),
        (
            InputGroup::OrderValue,
            &[Revenue],
            &[Revenue],
            vec![Spend, Revenue],
        ),
        (InputGroup::Fee, &[Spend], &[Spend], vec![Spend]),
        (InputGroup::Benchmark, &benchmark, nothing, Vec::new()),
        // Followers take the fees along that go with them.
        (
            InputGroup::CreatorFollowers,
            nothing,
            &everything,
            everything.to_vec(),
        ),
        (
            InputGroup::CreatorFee,
            &benchmark_all,
            &[Spend],
            vec![Spend],
        ),
        (
            InputGroup::CreatorEngagementRate,
            nothing,
            &all[1..],
            with_spend(&all[1..]),
        ),
        (InputGroup::CreatorCpe, &[Engagements], nothing, Vec::new()),
        (
            InputGroup::CreatorDelivery,
            nothing,
            nothing,
            everything.to_vec(),
        ),
        (InputGroup::Orders, orders, orders, with_spend(orders)),
    ];
    for (input, mid, sponsored, affiliate) in expected {
        let other = simulator.block_with(&Seeds::all(7).with(input, 8), 0, TRIALS);
        for (old, new) in base.plans[0].cells.iter().zip(&other.plans[0].cells) {
            let key = model.key(old.cell).to_string();
            let expected = match key.as_str() {
                "mid.sponsored" => mid,
                "micro.sponsored" => sponsored,
                "micro.affiliate" => &affiliate,
                _ => panic!("{key} was not booked"),
            };
            assert_eq!(changed(old, new), expected, "{} in {key}", input.name());
        }
    }
}

#[test]
fn other_seeds_for_all_groups_are_another_run() {
    let model = model(tiers(), &["affiliate", "seeding"], Vec::new(), Vec::new());
    let counts = counts(&model, &[("micro.seeding", 3.0), ("macro.affiliate", 2.0)]);
    let plan = PlanInput {
        model: &model,
        counts: counts.view(),
    };
    let here = Simulator::new(&[plan], 7).unwrap();
    let there = Simulator::new(&[plan], 8).unwrap();
    let seeds = InputGroup::ALL
        .into_iter()
        .fold(Seeds::all(7), |seeds, input| seeds.with(input, 8));
    let (one, other) = (
        here.block_with(&seeds, 0, 100),
        there.block_with(&Seeds::all(8), 0, 100),
    );
    assert_eq!(one, other);
    assert_ne!(here.block(0, 100), one);
}

/// A run's shared factors are points of their own, the creators and orders are the same.
#[test]
fn a_block_with_seeds_has_plain_factors() {
    let mut model = model(tiers(), &["seeding"], Vec::new(), Vec::new());
    let counts = counts(&model, &[("micro.seeding", 3.0)]);
    let blocks = |model: &Model| {
        let plan = PlanInput {
            model,
            counts: counts.view(),
        };
        let simulator = Simulator::new(&[plan], 7).unwrap();
        (
            simulator.block(0, 100),
            simulator.block_with(&Seeds::all(7), 0, 100),
        )
    };
    let (points, plain) = blocks(&model);
    assert_ne!(points, plain);
    model.uncertainty = Uncertainty::NONE;
    let (points, plain) = blocks(&model);
    assert_eq!(points, plain);
}
