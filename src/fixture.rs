//! A run's result made by hand, for the tests of what is written and reported.

mod dice;
mod explanation;
mod quarter;
pub(crate) mod reference;
mod result;

use ndarray::Array2;

use crate::distribution::Distribution;
use crate::model::{
    Band, BandSource, Basis, Benchmark, BookedAs, Cell, ConstraintKind, ConstraintState,
    Dependence, Factors, Gap, HeldBy, Horizon, Incidents, Location, Model, Objective, Order,
    Origin, Partnership, Plan, PlanStatus, PriceRange, Risk, Rules, Segment, SolverReport, Stage,
    Terms, Tier, Uncertainty, Unit, UnusedCell, Wave, WaveKind, WaveSchedule,
};
pub(crate) use dice::Dice;
pub(crate) use explanation::explanation;
pub(crate) use quarter::quarter;
pub(crate) use result::{infeasible, result};

pub(crate) fn at(line: usize) -> Origin {
    Origin::File(Location {
        file: "scenarios/q2.toml".to_owned(),
        line,
        column: 1,
    })
}

fn tier(name: &str, fee: f64, cpm: Option<f64>, cpa: f64, roas: f64) -> Tier {
    Tier {
        name: name.to_owned(),
        fee: Distribution::Certain(fee),
        basis: Basis::Benchmark(Benchmark {
            cpm: cpm.map(Distribution::Certain),
            cpe: cpm.map(|v| Distribution::Certain(v / 10.0)),
            cpc: None,
            cpa: Distribution::Certain(cpa),
            roas: Some(roas),
        }),
        min_creators: 0.0,
        max_creators: Some(200.0),
    }
}

fn terms(fee: f64, commission: f64) -> Terms {
    Terms {
        fee,
        fee_amount: None,
        commission,
        product_cost: 0.0,
        posts: 1.0,
        delivery: 1.0,
        conversion_lift: 1.0,
        hours: 2.0,
        post_days: 0,
    }
}

fn segment(name: &str) -> Segment {
    Segment {
        name: name.to_owned(),
        factors: Factors::ONE,
        tiers: None,
    }
}

/// A cell for each tier, type and place.
fn cells(tiers: usize, places: &[(Option<usize>, Option<usize>)]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for tier in 0..tiers {
        for partnership in 0..2 {
            for &(category, region) in places {
                let terms = if partnership == 0 {
                    terms(1.0, 0.0)
                } else {
                    terms(0.3, 0.15)
                };
                cells.push(Cell {
                    tier,
                    partnership,
                    category,
                    region,
                    terms,
                    factors: Factors::ONE,
                    assumed: false,
                    booked_as: BookedAs::Open,
                });
            }
        }
    }
    cells
}

/// Three tiers × two types, with categories and regions if wanted.
pub(crate) fn model(name: &str, segments: bool) -> Model {
    let tiers = vec![
        tier("macro", 10_000.0, Some(35.0), 80.0, 2.8),
        tier("mid", 2_500.0, Some(20.0), 40.0, 3.8),
        tier("micro", 500.0, None, 35.0, 4.5),
    ];
    let (categories, regions) = if segments {
        (
            vec![segment("skincare"), segment("=lifestyle")],
            vec![segment("local")],
        )
    } else {
        (Vec::new(), Vec::new())
    };
    let places: Vec<(Option<usize>, Option<usize>)> = if segments {
        vec![(Some(0), Some(0)), (Some(1), Some(0))]
    } else {
        vec![(None, None)]
    };
    let cells = cells(tiers.len(), &places);
    let band = |asked: f64, source: BandSource| {
        Some(Band {
            low: asked - 0.05,
            high: asked + 0.05,
            asked: Some(asked),
            source,
            origin: at(7),
        })
    };
    let ranged = Some(Band {
        low: 0.25,
        high: 0.40,
        asked: None,
        source: BandSource::User,
        origin: at(30),
    });
    Model {
        name: name.to_owned(),
        start: Some((2026, 4)),
        stage: Stage::Maturity,
        rules: Rules {
            budget_origin: at(6),
            min_spend: 0.9,
            tier_budget_share: vec![band(0.2, BandSource::Stage), ranged, None],
            ..Rules::of_budget(115_000.0, [3, 2, categories.len(), regions.len()])
        },
        categories,
        regions,
        uncertainty: Uncertainty {
            market: 0.1,
            platform: 0.1,
            order_value: 0.05,
            fee: 0.05,
            benchmark: 0.15,
            ..Uncertainty::NONE
        },
        ..plain_model(tiers, &["sponsored", "affiliate"], cells, 115_000.0)
    }
}

/// A month without segments, rules but the budget, and doubts: what models for tests are made of.
pub(crate) fn plain_model(
    tiers: Vec<Tier>,
    partnerships: &[&str],
    cells: Vec<Cell>,
    budget: f64,
) -> Model {
    let partnership = |name: &&str| Partnership {
        name: (*name).to_owned(),
    };
    Model {
        name: "base".to_owned(),
        currency: "CNY".to_owned(),
        start: None,
        months: 1,
        horizon: Horizon::equal(1),
        stage: Stage::Custom,
        objective: Objective::Revenue,
        fractional_counts: false,
        counts: None,
        targets: Vec::new(),
        order: Order {
            mean: 150.0,
            sd: 60.0,
            margin: 0.6,
        },
        rules: Rules::of_budget(budget, [tiers.len(), partnerships.len(), 0, 0]),
        tiers,
        partnerships: partnerships.iter().map(partnership).collect(),
        categories: Vec::new(),
        regions: Vec::new(),
        cells,
        hour_cost: 0.0,
        uncertainty: Uncertainty::NONE,
        dependence: Dependence::of_followers_and_fee(0.6),
        incidents: Incidents::NONE,
        risk: Risk::NONE,
        belief: None,
        happened: Vec::new(),
        audiences: Vec::new(),
    }
}

/// A launch on some days of the horizon, counted from 0.
pub(crate) fn wave(first_day: u32, days: u32) -> Wave {
    Wave {
        name: "launch".to_owned(),
        kind: WaveKind::Launch,
        first_day,
        days,
        budget: (None, None),
        counts: Vec::new(),
        factors: Factors::ONE,
        schedule: WaveSchedule::default(),
        origin: Origin::Default,
        budget_origin: Origin::Default,
        count_origins: Vec::new(),
    }
}

fn state(name: &str, kind: ConstraintKind, unit: Unit) -> ConstraintState {
    ConstraintState {
        month: Some(0),
        name: name.to_owned(),
        kind,
        low: None,
        value: None,
        high: None,
        binding: false,
        shadow_price: None,
        price_is_back: false,
        range: PriceRange::default(),
        unit,
        price_unit: String::new(),
        words: String::new(),
        origin: at(7),
    }
}

fn constraints() -> Vec<ConstraintState> {
    vec![
        ConstraintState {
            value: Some(112_025.0),
            high: Some(115_000.0),
            binding: true,
            shadow_price: Some(3812.5),
            range: PriceRange {
                cost: None,
                to: Some(131_500.0),
                gain: Some(62_905.0),
                then_binds: Some("diversity.tier_budget_share.macro".to_owned()),
            },
            price_unit: "revenue per 1000 CNY".to_owned(),
            words: "budget: ¥112,025 of ¥115,000, and no further partnership fits".to_owned(),
            origin: at(6),
            ..state("budget", ConstraintKind::Budget, Unit::Money)
        },
        ConstraintState {
            low: Some(0.15),
            value: Some(0.178_53),
            high: Some(0.25),
            price_unit: "revenue per point".to_owned(),
            range: PriceRange {
                cost: Some(4_100.0),
                to: Some(0.31),
                gain: Some(3_925.0),
                then_binds: None,
            },
            ..state(
                "diversity.tier_budget_share.macro",
                ConstraintKind::Band,
                Unit::Share,
            )
        },
        ConstraintState {
            value: Some(-3.0),
            high: Some(0.0),
            shadow_price: Some(f64::NAN),
            price_unit: "revenue per 1".to_owned(),
            ..state("=no more macro than mid", ConstraintKind::User, Unit::Plain)
        },
    ]
}

/// A plan of given counts, one a cell.
pub(crate) fn plan(name: &str, model: &Model, counts: &[f64]) -> Plan {
    let unused = (0..counts.len())
        .filter(|&cell| counts[cell] == 0.0)
        .map(|cell| UnusedCell {
            until: None,
            month: None,
            cell,
            enters_at_unit_cost: (cell % 2 == 0).then_some(400.0),
            fee_factor: (cell % 2 == 0).then_some(0.8),
            enters_at_unit_revenue: Some(2_500.0),
            conversion_factor: Some(1.25),
            kept_out_by: None,
        })
        .collect();
    let counts = Array2::from_shape_vec((1, model.cells.len()), counts.to_vec()).unwrap();
    Plan {
        name: name.to_owned(),
        counts,
        status: PlanStatus::Optimal,
        objective: Some(448_500.0),
        gap: Some(Gap {
            bound: 448_681.0,
            relative: 0.000_404,
            certified: true,
        }),
        unspent: 2_975.0,
        unspent_held_by: vec![HeldBy {
            constraint: "diversity.tier_budget_share.mid".to_owned(),
            reason: "one more mid creator would lift mid above its 40 %".to_owned(),
        }],
        constraints: constraints(),
        risks: Vec::new(),
        unused,
        alternatives: Vec::new(),
        conflict: None,
        solver: SolverReport {
            solver: "microlp".to_owned(),
            nodes: 17,
            reproducible: true,
            seconds: 0.25,
        },
        warnings: Vec::new(),
    }
}
