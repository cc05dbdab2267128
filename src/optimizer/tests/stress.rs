//! Many realistic models: nothing fails, whatever the numbers.

use super::Random;
use crate::model::{Cancel, Model, Objective, PlanSettings, PlanStatus, valuation};
use crate::optimizer::{plan, sample};

/// A maturity model with budget, bands, supply and rules moved about.
pub(super) fn varied(random: &mut Random) -> Model {
    let budget = 30_000.0 * 50_f64.powf(random.uniform());
    let mut model = sample::maturity(budget.round());
    model.objective = Objective::ALL[random.below(6)];
    let mut shares: Vec<f64> = (0..4).map(|_| random.between(0.02, 1.0)).collect();
    let sum: f64 = shares.iter().sum();
    for share in &mut shares {
        *share /= sum;
    }
    let tolerance = [0.0, 0.01, 0.02, 0.05, 0.1][random.below(5)];
    for (i, &share) in shares.iter().enumerate() {
        model.rules.tier_budget_share[i] =
            sample::band((share - tolerance).max(0.0), (share + tolerance).min(1.0));
    }
    for band in &mut model.rules.partnership_share {
        if random.chance(0.4) {
            *band = None;
        }
    }
    if random.chance(0.7) {
        for tier in &mut model.tiers {
            tier.max_creators = tier.max_creators.map(|most| 3.0 * most);
        }
    }
    if random.chance(0.5) {
        model.rules.hours_per_month = None;
    }
    if random.chance(0.3) {
        model.rules.max_creator_budget_share = Some(random.between(0.01, 0.1));
    }
    model.rules.min_spend = [0.5, 0.9, 0.99][random.below(3)];
    model.fractional_counts = random.chance(0.3);
    model
}

#[test]
fn varied_models_are_planned_or_proven_infeasible() {
    let mut random = Random::new(42);
    let settings = PlanSettings {
        node_limit: 2_000,
        ..PlanSettings::default()
    };
    let mut seen = [0; 4];
    for case in 0..120 {
        let model = varied(&mut random);
        let found = plan(&model, &settings, &Cancel::new());
        let kind = match &found.status {
            PlanStatus::Optimal => 0,
            PlanStatus::Feasible => 1,
            PlanStatus::Infeasible => 2,
            PlanStatus::Failed { reason } => {
                // Exact shares of whole creators may stay open within so few nodes.
                let open = reason.contains("nodes") || reason.contains("confirm");
                assert!(open && !model.fractional_counts, "case {case}: {reason}");
                3
            }
            other => panic!("case {case}: {other:?}"),
        };
        seen[kind] += 1;
        if found.is_usable() {
            let units = valuation::units(&model);
            let x = found.counts.row(0).to_vec();
            assert_eq!(
                found.objective,
                valuation::objective(&units, &x, model.objective)
            );
            let gap = found.gap.expect("a plan has a proven bound");
            assert!(
                gap.relative >= 0.0 && gap.relative.is_finite(),
                "case {case}"
            );
            if kind == 0 {
                assert!(gap.relative <= 0.001 + 1e-9, "case {case}: {gap:?}");
            }
        }
    }
    assert!(seen[0] > 30 && seen[2] > 15, "{seen:?}");
    assert!(seen[3] < 3, "{seen:?}");
}
