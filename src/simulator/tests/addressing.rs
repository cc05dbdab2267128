//! Same bits, whatever is simulated how.

use ndarray::Array2;

use super::market::{counts, model, tiers};
use crate::model::{CellBlock, Model, TrialBlock};
use crate::simulator::{PlanInput, SimulationError, Simulator};

const TYPES: [&str; 4] = ["sponsored", "affiliate", "seeding", "ambassador"];
const BOOKED: [(&str, f64); 7] = [
    ("mega.sponsored", 1.0),
    ("macro.affiliate", 2.0),
    ("macro.ambassador", 1.5),
    ("mid.sponsored", 4.0),
    ("mid.seeding", 2.25),
    ("micro.sponsored", 5.0),
    ("micro.seeding", 3.0),
];

fn base() -> (Model, Array2<f64>) {
    let model = model(tiers(), &TYPES, Vec::new(), Vec::new());
    let counts = counts(&model, &BOOKED);
    (model, counts)
}

fn input((model, counts): &(Model, Array2<f64>)) -> PlanInput<'_> {
    PlanInput {
        model,
        counts: counts.view(),
    }
}

/// Every number of a plan in a block: key, quantity, trial, bits.
fn bits(model: &Model, block: &TrialBlock, plan: usize) -> Vec<(String, Vec<u64>)> {
    let mut all: Vec<_> = block.plans[plan]
        .cells
        .iter()
        .flat_map(|cell| {
            let key = format!("{} in {}", model.key(cell.cell), cell.month);
            columns(cell)
                .into_iter()
                .enumerate()
                .map(move |(i, column)| (format!("{key} {i}"), column))
        })
        .collect();
    all.sort();
    all
}

fn columns(cell: &CellBlock) -> [Vec<u64>; 6] {
    [
        &cell.spend,
        &cell.impressions,
        &cell.engagements,
        &cell.clicks,
        &cell.conversions,
        &cell.revenue,
    ]
    .map(|column| column.iter().map(|x| x.to_bits()).collect())
}

fn slice(all: &[(String, Vec<u64>)], from: usize, to: usize) -> Vec<(String, Vec<u64>)> {
    all.iter()
        .map(|(key, column)| {
            let to = to.min(column.len());
            (key.clone(), column[from.min(to)..to].to_vec())
        })
        .collect()
}

#[test]
fn any_cut_gives_the_same_bits() {
    let base = base();
    let simulator = Simulator::new(&[input(&base)], 7).unwrap();
    let whole = bits(&base.0, &simulator.block(0, 20_000), 0);
    for (first, trials) in [
        (0, 1),
        (0, 1000),
        (1000, 1000),
        (1024, 1024),
        (0, 8192),
        (8191, 2),
        (8192, 8192),
        (5000, 10_000),
        (19_999, 1),
        (12_345, 77),
    ] {
        let part = bits(&base.0, &simulator.block(first as u64, trials), 0);
        assert_eq!(
            part,
            slice(&whole, first, first + trials),
            "{first} {trials}"
        );
    }
}

#[test]
fn threads_and_order_of_calls_change_nothing() {
    let base = base();
    let simulator = Simulator::new(&[input(&base)], 7).unwrap();
    let first = simulator.block(0, 3000);
    let others: Vec<_> = std::thread::scope(|scope| {
        let run = |offset: u64| {
            let simulator = &simulator;
            scope.spawn(move || {
                let _ = simulator.block(offset, 500);
                simulator.block(0, 3000)
            })
        };
        let handles: Vec<_> = [9000, 50, 0].map(run).into();
        handles.into_iter().map(|h| h.join().unwrap()).collect()
    });
    for other in others {
        assert_eq!(first, other);
    }
    let again = Simulator::new(&[input(&base)], 7).unwrap();
    assert_eq!(first, again.block(0, 3000));
    let other_seed = Simulator::new(&[input(&base)], 8).unwrap();
    assert_ne!(first, other_seed.block(0, 3000));
}

#[test]
fn order_of_tiers_and_unused_tiers_change_nothing() {
    let base = base();
    let one = Simulator::new(&[input(&base)], 7).unwrap().block(100, 2000);
    let wanted = bits(&base.0, &one, 0);

    let mut reversed = tiers();
    reversed.reverse();
    let mut more = tiers();
    more.insert(
        1,
        super::market::by_followers("nano", (100.0, 1e3), (1.0, 2.0), (0.2, 0.3)),
    );
    for (tiers, types) in [
        (reversed, TYPES),
        (more, TYPES),
        (tiers(), ["ambassador", "seeding", "affiliate", "sponsored"]),
    ] {
        let model = model(tiers, &types, Vec::new(), Vec::new());
        let counts = counts(&model, &BOOKED);
        let other = (model, counts);
        let block = Simulator::new(&[input(&other)], 7)
            .unwrap()
            .block(100, 2000);
        assert_eq!(bits(&other.0, &block, 0), wanted);
    }
}

#[test]
fn other_plans_change_nothing() {
    let base = base();
    let mut changed = base.clone();
    changed.0.order.mean = 170.0;
    changed.0.uncertainty.market = 0.3;
    changed.0.dependence.followers_fee = 0.0;
    let more = counts(
        &base.0,
        &[
            ("mega.sponsored", 2.0),
            ("macro.affiliate", 0.5),
            ("macro.ambassador", 1.25),
            ("mid.sponsored", 4.5),
            ("mid.seeding", 9.0),
            ("mid.affiliate", 1.0),
            ("micro.sponsored", 5.0),
        ],
    );
    let more = (base.0.clone(), more);
    let free = counts(&base.0, &[]);
    let free = (base.0.clone(), free);
    let plans = [input(&more), input(&base), input(&changed), input(&free)];
    let together = Simulator::new(&plans, 7).unwrap().block(8000, 1000);
    for (i, plan) in plans.iter().enumerate() {
        let alone = Simulator::new(&[*plan], 7).unwrap().block(8000, 1000);
        assert_eq!(together.plans[i], alone.plans[0], "plan {i}");
    }
    assert!(together.plans[3].cells.is_empty());
    // What plans share has the same bits: here a cell with equal counts.
    let cell = |plan: usize, key: &str| {
        together.plans[plan]
            .cells
            .iter()
            .find(|cell| base.0.key(cell.cell).to_string() == key)
            .unwrap()
            .clone()
    };
    assert_eq!(cell(0, "micro.sponsored"), cell(1, "micro.sponsored"));
    assert_ne!(cell(0, "mega.sponsored"), cell(1, "mega.sponsored"));
    // Yields do not depend on order value or market.
    assert_eq!(
        cell(1, "micro.sponsored").clicks,
        cell(2, "micro.sponsored").clicks
    );
}

/// One creator more adds that creator's yields and leaves the others'.
#[test]
fn plans_share_the_creators_they_share() {
    let model = model(tiers(), &["sponsored"], Vec::new(), Vec::new());
    let impressions = |count: f64| {
        let plan = (model.clone(), counts(&model, &[("micro.sponsored", count)]));
        let block = Simulator::new(&[input(&plan)], 3).unwrap().block(0, 500);
        block.plans[0].cells[0].impressions.clone()
    };
    let (three, four, between) = (impressions(3.0), impressions(4.0), impressions(3.25));
    for i in 0..500 {
        let own = four[i] - three[i];
        assert!(own > 0.0);
        let weighted = three[i] + 0.25 * own;
        assert!((between[i] / weighted - 1.0).abs() < 1e-12);
    }
}

#[test]
fn months_share_creators_but_not_their_delivery() {
    let mut model = model(tiers(), &TYPES, Vec::new(), Vec::new());
    model.months = 3;
    let mut two = counts(&model, &[("micro.sponsored", 2.0), ("micro.seeding", 4.0)]);
    let first = two.row(0).to_owned();
    two.row_mut(2).assign(&first);
    let plan = (model, two);
    let block = Simulator::new(&[input(&plan)], 3).unwrap().block(0, 4000);
    let [sponsored, seeding, sponsored_later, seeding_later] = &block.plans[0].cells[..] else {
        panic!("cells of months 0 and 2")
    };
    assert_eq!((sponsored.month, seeding.month), (0, 0));
    assert_eq!((sponsored_later.month, seeding_later.month), (2, 2));
    assert_eq!(sponsored.impressions, sponsored_later.impressions);
    assert_ne!(sponsored.conversions, sponsored_later.conversions);
    assert_ne!(seeding.impressions, seeding_later.impressions);
}

#[test]
fn golden_bits() {
    // Seed 7, the plan of `base`. These change only if addresses, tables, shared factors or
    // inversions do, and then the release notes say that results of equal seeds differ.
    let base = base();
    let block = Simulator::new(&[input(&base)], 7).unwrap().block(12_345, 1);
    let cells = &block.plans[0].cells;
    let found: Vec<_> = [0, 3]
        .into_iter()
        .flat_map(|i| columns(&cells[i]))
        .map(|column| column.first().copied())
        .collect();
    let golden: Vec<Option<u64>> = GOLDEN.into();
    assert_eq!(found, golden, "{found:#x?}");
}

/// Spend, impressions, engagements, clicks, conversions, revenue of mega.sponsored (25,712.03 spent,
/// 158 orders) and of mid.sponsored, whose clicks are not defined.
const GOLDEN: [Option<u64>; 12] = [
    Some(0x40d9_1c02_3127_5797),
    Some(0x4121_65c8_df75_1f0d),
    Some(0x40d2_7f1a_3e7c_851e),
    Some(0x409d_8deb_a117_a228),
    Some(0x4063_c000_0000_0000),
    Some(0x40d6_b00f_1d7c_3dfc),
    Some(0x40cb_ca42_c4dd_97fb),
    Some(0x4123_3f6b_c4da_2e15),
    Some(0x40b9_c387_93ca_33b0),
    None,
    Some(0x4079_7000_0000_0000),
    Some(0x40eb_6dac_3b38_81fd),
];

#[test]
fn bad_plans_are_refused() {
    let (model, counts) = base();
    let shape = Array2::zeros((1, 3));
    let plan = PlanInput {
        model: &model,
        counts: shape.view(),
    };
    let error = Simulator::new(&[plan], 1).unwrap_err();
    assert!(matches!(
        error,
        SimulationError::Shape { found_cells: 3, .. }
    ));
    for bad in [-1.0, f64::NAN, f64::INFINITY, 1e9] {
        let mut counts = counts.clone();
        counts[[0, 2]] = bad;
        let plan = PlanInput {
            model: &model,
            counts: counts.view(),
        };
        let error = Simulator::new(&[plan], 1).unwrap_err();
        assert!(matches!(error, SimulationError::Count { .. }), "{error}");
    }
    let mut wild = model.clone();
    wild.uncertainty.fee = 1e9;
    let plan = PlanInput {
        model: &wild,
        counts: counts.view(),
    };
    let error = Simulator::new(&[plan], 1).unwrap_err();
    assert!(matches!(
        error,
        SimulationError::Factor { factor: "fee", .. }
    ));
    // Two tiers of one name would draw the same numbers.
    let mut double = model.clone();
    double.tiers[0].name = "macro".to_owned();
    let counts = Array2::ones((1, double.cells.len()));
    let plan = PlanInput {
        model: &double,
        counts: counts.view(),
    };
    let error = Simulator::new(&[plan], 1).unwrap_err();
    assert!(matches!(error, SimulationError::EqualHashes { .. }));
    let mut owners = crate::simulator::draws::Owners::default();
    owners.register(5, || "one".to_owned()).unwrap();
    owners.register(5, || "one".to_owned()).unwrap();
    let error = owners.register(5, || "two".to_owned()).unwrap_err();
    assert!(matches!(error, SimulationError::EqualHashes { .. }));
}
