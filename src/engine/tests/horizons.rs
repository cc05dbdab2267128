//! Horizons whose search is hard, against what `HiGHS` says of them.

use crate::model::{Cancel, Plan, PlanSettings, PlanStatus};
use crate::optimizer::{check_plan, plan};
use crate::scenario::{self, Overrides};

/// Profit over six months, ambassadors by the month, two shares over the horizon.
const COMMITMENTS: &str = r#"
schema = 1
name = "s369"
months = 6
uncertainty = "none"
objective = "profit"
budget = { amount = 18600, carry_over = true }
[order]
value = 100
margin = 0.6
[operations]
hour_cost = 20
[tiers]
use = ["macro", "micro"]
[tiers.macro]
fee = 5100
max_creators = 5
partnerships = ["sponsored", "ambassador"]
benchmark = { cpa = 103.5 }
[tiers.micro]
fee = 700
max_creators = 12
partnerships = ["affiliate", "ambassador"]
benchmark = { cpa = 46.4 }
[partnerships]
use = ["sponsored", "affiliate", "ambassador"]
[diversity]
over = "horizon"
min_spend = 0.3
tier_budget_share.macro = [0.2, 0.45]
partnership_share.sponsored = [0.1517, 0.7]
[ambassadors.silver]
tiers = ["micro"]
term_months = 1
retainer = 1070
tenure_lift = 0.2
tenure_lift_max = 0.5
commission = 0
posts = 3
"#;

/// Five budgets, a ROAS that is kept and a share month by month.
const BUDGETS: &str = r#"
schema = 1
name = "s196"
months = 5
uncertainty = "none"
objective = "revenue"
budget = [19300, 13300, 13800, 23200, 23500]
[order]
value = 100
margin = 0.8
[operations]
hour_cost = 0
[targets]
roas = { at_least = 3.47, enforce = true }
[tiers]
use = ["mid", "micro"]
[tiers.mid]
fee = 2900
max_creators = 7
partnerships = ["sponsored", "affiliate", "ambassador"]
benchmark = { cpa = 44.8 }
[tiers.micro]
fee = 600
max_creators = 8
partnerships = ["sponsored", "affiliate", "ambassador"]
benchmark = { cpa = 41.4, roas = 5.41 }
[partnerships]
use = ["sponsored", "affiliate", "ambassador"]
[diversity]
over = "month"
min_spend = 0.5
tier_budget_share.micro = [0.1, 0.25]
[ambassadors.bronze]
tiers = ["micro"]
term_months = 2
retainer = 500
tenure_lift = 0
tenure_lift_max = 0.5
commission = 0.1
[[constraint]]
name = "rule"
spend = { "micro" = 1, "mid" = -1 }
max = 0
"#;

/// Budgets carried on, months alike but for them.
const CARRIED: &str = r#"
schema = 1
name = "s145"
months = 6
uncertainty = "none"
objective = "conversions"
budget = { months = [12800, 25000, 35900, 32000, 17100, 13900], carry_over = true }
[order]
value = 200
margin = 0.8
[operations]
hour_cost = 20
[tiers]
use = ["mid"]
[tiers.mid]
fee = 3000
max_creators = 10
partnerships = ["affiliate", "ambassador"]
benchmark = { cpa = 35.7, roas = 3.16 }
[partnerships]
use = ["affiliate", "ambassador"]
[diversity]
over = "month"
min_spend = 0.5
max_creators = 11
[[wave]]
name = "w0"
week = 10
days = 17
conversion_lift = 1
fee = 1
view_rate = 1.1
count = { "mid.ambassador" = [0, 0] }
"#;

/// Two years of all tiers with three levels, shares month by month.
const TWO_YEARS: &str = r#"
schema = 1
name = "p24"
months = 24
budget = 300_000
objective = "revenue"
stage = "maturity"
[time]
seasonality = [0.8, 1.0, 1.2, 0.9, 1.1, 0.8, 1.0, 1.2, 0.9, 1.1, 0.8, 1.0, 1.2, 0.9, 1.1, 0.8, 1.0, 1.2, 0.9, 1.1, 0.8, 1.0, 1.2, 0.9]
[tiers.mega]
benchmark = { cpm = 50, cpe = 8, cpa = 150, roas = 1.8 }
[tiers.macro]
benchmark = { cpm = 35, cpe = 5, cpa = 80, roas = 2.8 }
[tiers.mid]
benchmark = { cpm = 20, cpe = 2, cpa = 40, roas = 3.8 }
[tiers.micro]
benchmark = { cpm = 15, cpe = 1.5, cpa = 35, roas = 4.5 }
[diversity]
over = "month"
[ambassadors.bronze]
tenure_lift = 0.05
[ambassadors.silver]
tenure_lift = 0.05
[ambassadors.gold]
tenure_lift = 0.05
"#;

fn planned(text: &str) -> Plan {
    let scenario = scenario::read_text("hard.toml", text, &Overrides::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    // The clock is no part of what is tested.
    let settings = PlanSettings {
        time_limit: 1e4,
        ..PlanSettings::default()
    };
    let plan = plan(&scenario.base, &settings, &Cancel::new());
    assert!(check_plan(&scenario.base, &plan.counts).is_empty());
    plan
}

#[test]
fn small_horizons_are_proven() {
    // Optima of HiGHS 1.16 on the same programs, proven to 1e-6.
    for (text, optimum) in [
        (COMMITMENTS, 82_395.652_2),
        (BUDGETS, 342_771.178_6),
        (CARRIED, 4_747.899_2),
    ] {
        let plan = planned(text);
        assert_eq!(plan.status, PlanStatus::Optimal, "{optimum}");
        let (objective, gap) = (plan.objective.unwrap(), plan.gap.unwrap());
        let digits = 1e-9 * optimum + 1e-4;
        assert!(objective <= optimum + digits, "{objective}, {optimum}");
        assert!(gap.bound >= optimum - digits, "{gap:?}, {optimum}");
        assert!(
            gap.relative <= 1e-3 * (1.0 + 1e-6) && gap.certified,
            "{gap:?}"
        );
    }
}

#[test]
fn two_years_with_levels_have_a_plan() {
    let plan = planned(TWO_YEARS);
    assert!(plan.is_usable() && plan.solver.reproducible);
    let gap = plan.gap.unwrap();
    // HiGHS had a plan of 50,551,998 and a bound of 50,944,657 after 15 s.
    assert!(plan.objective.unwrap() > 50_551_998.0, "{gap:?}");
    assert!(gap.bound < 50_944_657.0 && gap.certified, "{gap:?}");
}
