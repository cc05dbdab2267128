use super::*;
use crate::model::{CellBlock, Metric};
use crate::optimizer::sample;

/// A block of one cell a plan; spend, conversions and revenue by trial.
fn block(first_trial: u64, plans: &[[Vec<f64>; 3]]) -> TrialBlock {
    let plan = |[spend, conversions, revenue]: &[Vec<f64>; 3]| PlanBlock {
        audiences: Vec::new(),
        cells: vec![CellBlock {
            month: 0,
            cell: 0,
            spend: spend.clone(),
            impressions: Vec::new(),
            engagements: Vec::new(),
            clicks: Vec::new(),
            conversions: conversions.clone(),
            revenue: revenue.clone(),
            ..CellBlock::default()
        }],
    };
    TrialBlock {
        first_trial,
        trials: plans[0][0].len(),
        plans: plans.iter().map(plan).collect(),
    }
}

/// Two plans with spread; the second earns a tenth more and spends a fifth more.
fn outcomes(n: usize) -> [[Vec<f64>; 3]; 2] {
    let wave = |i: usize| 1.0 + 0.3 * libm::sin(i as f64 * 1.7);
    let column = |mean: f64| (0..n).map(|i| mean * wave(i)).collect::<Vec<_>>();
    [
        [column(100.0), vec![2.0; n], column(300.0)],
        [column(120.0), vec![2.0; n], column(330.0)],
    ]
}

fn wanted(metric: Metric) -> BestWanted {
    BestWanted {
        metric,
        probability: 0.95,
        indifference: Indifference::Amount(0.0),
        max: 1 << 20,
    }
}

fn after(wanted: BestWanted, blocks: &[TrialBlock]) -> (bool, BestPlan) {
    let types = sample::types();
    let tiers = vec![sample::tier("mid", 2_520.0, 39_700.0, 0.07)];
    let mut model = sample::model(tiers, &types[..1], 40_000.0, |_, _| true);
    model.order.margin = 0.5;
    let mut ranking = Ranking::new(wanted, [("base", &model), ("more", &model)]);
    for block in blocks {
        ranking.absorb(block);
    }
    (ranking.look(), ranking.found())
}

#[test]
fn every_metric_has_its_direction_and_unit() {
    let blocks = [block(0, &outcomes(1024))];
    // Profit is 50 against 45, ROAS 3 against 2.75, CPA 50 against 60.
    for (metric, plan, figure, lead) in [
        (Metric::Revenue, "more", 330.0, 30.0),
        (Metric::Profit, "base", 50.0, 5.0),
        (Metric::Roas, "base", 3.0, 0.25),
        (Metric::Roi, "base", 0.5, 0.125),
        (Metric::Cpa, "base", 50.0, 10.0),
    ] {
        let (known, found) = after(wanted(metric), &blocks);
        assert!(known, "{metric:?}");
        assert_eq!(found.plan.as_deref(), Some(plan), "{metric:?}");
        assert_eq!(found.standing, Standing::Worse);
        // Sums over 1,024 trials of the wave are not quite those of its mean.
        assert!((found.figure.unwrap() / figure - 1.0).abs() < 1e-2);
        assert!((found.rivals[0].difference / lead - 1.0).abs() < 1e-2);
        assert_eq!(found.trials, 1024);
    }
    let (known, found) = after(wanted(Metric::Conversions), &blocks);
    assert!(known);
    assert_eq!(found.standing, Standing::Equal);
}

#[test]
fn a_zone_is_a_share_of_the_first_plan_or_an_amount() {
    let blocks = [block(0, &outcomes(1024))];
    let zone = |indifference| {
        let wanted = BestWanted {
            indifference,
            ..wanted(Metric::Cpa)
        };
        after(wanted, &blocks).1.zone
    };
    assert_eq!(zone(Indifference::Amount(7.0)), 7.0);
    assert!((zone(Indifference::Share(0.02)) - 1.0).abs() < 1e-2);
}

#[test]
fn what_is_not_defined_does_not_compete() {
    let blocks = [block(0, &outcomes(64))];
    let (_, found) = after(wanted(Metric::Cpm), &blocks);
    assert_eq!(found.left_out, ["base", "more"]);
    assert_eq!((found.plan, found.standing), (None, Standing::Open));
    // No conversions, no cost per conversion: nothing is known.
    let mut plans = outcomes(64);
    plans[1][1] = vec![0.0; 64];
    let (known, found) = after(wanted(Metric::Cpa), &[block(0, &plans)]);
    assert!(!known && found.plan.is_none() && found.left_out.is_empty());
}

#[test]
fn blocks_change_nothing() {
    let whole = outcomes(4096);
    let cut = |from: usize, to: usize| {
        let part = |plan: &[Vec<f64>; 3]| plan.each_ref().map(|c| c[from..to].to_vec());
        block(from as u64, &whole.each_ref().map(part))
    };
    let blocks = [cut(0, 1024), cut(1024, 3072), cut(3072, 4096)];
    let one = after(wanted(Metric::Roas), &[block(0, &whole)]);
    assert_eq!(one, after(wanted(Metric::Roas), &blocks));
}
