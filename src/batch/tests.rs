use std::fs;
use std::path::Path;

use super::drift::{Baseline, Figure};
use super::find::{FindError, find};
use super::judge::{Case, Failure, Verdict, plan_cases, target_cases};
use crate::fixture;
use crate::model::{Bound, Metric, PlanStatus};
use crate::summary::{Estimate, ScopeKey, SummaryRow};

fn row(metric: Metric, scope: ScopeKey, estimate: &Estimate) -> SummaryRow {
    SummaryRow {
        plan: "base".to_owned(),
        month: None,
        scope,
        metric,
        estimate: *estimate,
    }
}

fn mean(value: f64, error: f64) -> Estimate {
    Estimate {
        mean: Some(value),
        mc_error: Some(error),
        ..Estimate::default()
    }
}

fn probability(value: f64, error: f64) -> Estimate {
    Estimate {
        prob_target: Some(value),
        prob_target_error: Some(error),
        ..mean(1.0, 0.0)
    }
}

/// Compares one estimate with an earlier one at a tolerance; how many figures have drifted.
fn drifted(before: &Estimate, now: &Estimate, tolerance: f64) -> usize {
    let of = |estimate: &Estimate| row(Metric::Roas, ScopeKey::total(), estimate);
    let baseline = Baseline::new(vec![("s".to_owned(), of(before))], tolerance);
    baseline.compare("s", &[of(now)]).rows.len()
}

#[test]
fn a_figure_drifts_only_beyond_both_chance_and_tolerance() {
    // Four errors of the difference are 4·√(3² + 4²) = 20; one per cent of 1,000 is 10.
    assert_eq!(drifted(&mean(1000.0, 3.0), &mean(1019.9, 4.0), 0.01), 0);
    assert_eq!(drifted(&mean(1000.0, 3.0), &mean(1020.1, 4.0), 0.01), 1);
    assert_eq!(drifted(&mean(1000.0, 3.0), &mean(979.9, 4.0), 0.01), 1);
    // Three per cent of 1,000 is 30, above what chance lets pass.
    assert_eq!(drifted(&mean(1000.0, 3.0), &mean(1029.9, 4.0), 0.03), 0);
    assert_eq!(drifted(&mean(1000.0, 3.0), &mean(1030.1, 4.0), 0.03), 1);
    // A certain figure has no error; a tolerance of nothing lets nothing pass.
    assert_eq!(drifted(&mean(5.0, 0.0), &mean(5.0, 0.0), 0.0), 0);
    assert_eq!(drifted(&mean(5.0, 0.0), &mean(5.000_001, 0.0), 0.0), 1);
}

#[test]
fn a_probability_drifts_in_points() {
    // One point, though one per cent of 0.1 is a tenth of that.
    assert_eq!(
        drifted(&probability(0.1, 0.0), &probability(0.109, 0.0), 0.01),
        0
    );
    assert_eq!(
        drifted(&probability(0.1, 0.0), &probability(0.111, 0.0), 0.01),
        1
    );
}

#[test]
fn what_is_defined_in_one_run_only_has_drifted() {
    let undefined = Estimate::default();
    assert_eq!(drifted(&undefined, &undefined, 0.01), 0);
    assert_eq!(drifted(&mean(1.0, 0.0), &undefined, 0.01), 1);
    assert_eq!(drifted(&undefined, &mean(1.0, 0.0), 0.01), 1);
    // A target that the earlier run did not judge is new, not drifted; one no longer judged is.
    assert_eq!(drifted(&mean(1.0, 0.0), &probability(0.5, 0.0), 0.01), 0);
    assert_eq!(drifted(&probability(0.5, 0.0), &mean(1.0, 0.0), 0.01), 1);
    assert_eq!(drifted(&mean(1.0, 0.0), &mean(f64::NAN, 0.0), 0.01), 1);
}

#[test]
fn a_drift_names_plan_metric_and_both_values() {
    let of = |value| row(Metric::Revenue, ScopeKey::tier("micro"), &mean(value, 0.0));
    let baseline = Baseline::new(vec![("q2".to_owned(), of(1_234_567.0))], 0.01);
    let drift = baseline.compare("q2", &[of(1_300_000.0)]);
    assert_eq!(drift.compared, 1);
    assert_eq!(drift.rows[0].figure, Figure::Mean);
    assert_eq!(
        drift.rows[0].to_string(),
        "q2: plan base, tier micro, revenue: mean was 1,234,570, is 1,300,000 (allowed ± 12,345.7)"
    );
}

#[test]
fn rows_of_one_run_only_are_named() {
    let of = |metric| row(metric, ScopeKey::total(), &mean(1.0, 0.0));
    let earlier = [Metric::Spend, Metric::Roas, Metric::Cpa];
    let rows = earlier.map(|metric| ("a".to_owned(), of(metric)));
    let mut rows = rows.to_vec();
    rows.push(("b".to_owned(), of(Metric::Spend)));
    let baseline = Baseline::new(rows, 0.01);
    let drift = baseline.compare("a", &[of(Metric::Roas), of(Metric::Revenue)]);
    assert_eq!(drift.compared, 1);
    assert!(drift.rows.is_empty());
    assert_eq!(
        drift.missing,
        ["a: plan base, total, spend", "a: plan base, total, cpa"]
    );
    assert_eq!(drift.new, ["a: plan base, total, revenue"]);
    assert!(baseline.knows("b") && !baseline.knows("c"));
    assert_eq!(baseline.absent(["a"]), ["b"]);
    let new = baseline.compare("c", &[of(Metric::Spend)]).new;
    assert_eq!(new, ["c: the whole scenario"]);
    assert!(baseline.compare("c", &[]).new.is_empty());
}

#[test]
fn a_plan_of_one_run_only_is_named_once() {
    let of = |plan: &str, metric| SummaryRow {
        plan: plan.to_owned(),
        ..row(metric, ScopeKey::total(), &mean(1.0, 0.0))
    };
    let pair = |plan| [of(plan, Metric::Spend), of(plan, Metric::Roas)];
    let rows = pair("base").into_iter().chain(pair("old"));
    let rows = rows.map(|row| ("a".to_owned(), row)).collect();
    let now: Vec<SummaryRow> = pair("base").into_iter().chain(pair("new")).collect();
    let drift = Baseline::new(rows, 0.01).compare("a", &now);
    assert_eq!(drift.compared, 2);
    assert_eq!(drift.missing, ["a: the whole plan old"]);
    assert_eq!(drift.new, ["a: the whole plan new"]);
}

#[test]
fn scenarios_are_found_below_a_folder_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    for dir in ["b", ".hidden", "a/deep"] {
        fs::create_dir_all(root.join(dir)).expect("a folder");
    }
    let files = [
        "z.toml",
        "b/1.toml",
        "a/deep/2.toml",
        ".hidden/3.toml",
        ".4.toml",
        "b/notes.txt",
    ];
    for file in files {
        fs::write(root.join(file), "").expect("a file");
    }
    fs::create_dir(root.join("folder.toml")).expect("a folder");
    let found = find(root).expect("scenarios");
    let found: Vec<&Path> = found
        .iter()
        .map(|path| path.strip_prefix(root).expect("below"))
        .collect();
    let expected = ["a/deep/2.toml", "b/1.toml", "z.toml"].map(Path::new);
    assert_eq!(found, expected);
}

#[test]
fn a_folder_without_scenarios_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(matches!(find(folder.path()), Err(FindError::Empty(_))));
    let missing = folder.path().join("missing");
    assert!(matches!(find(&missing), Err(FindError::NotAFolder(_))));
}

#[test]
fn plans_pass_unless_they_are_infeasible_failed_or_stopped_by_the_clock() {
    let mut result = fixture::result(false);
    let cases = plan_cases(&result, false);
    assert_eq!(cases, ["plan base", "plan micro to 40%"].map(Case::passed));

    let mut becomes = |status: PlanStatus, reproducible: bool, allow: bool| {
        result.plans[0].plan.status = status;
        result.plans[0].plan.solver.reproducible = reproducible;
        let case = plan_cases(&result, allow).swap_remove(0);
        case.failure().map(|(failure, _)| failure)
    };
    let clock = |found| PlanStatus::TimeLimit { found };
    assert_eq!(becomes(clock(true), false, false), Some(Failure::Internal));
    assert_eq!(becomes(clock(true), false, true), None);
    assert_eq!(becomes(clock(false), false, true), Some(Failure::Internal));
    assert_eq!(
        becomes(PlanStatus::Optimal, false, false),
        Some(Failure::Internal)
    );
    assert_eq!(becomes(PlanStatus::Feasible, true, false), None);
    assert_eq!(becomes(PlanStatus::Fixed, true, false), None);
    let failed = PlanStatus::Failed {
        reason: "singular".to_owned(),
    };
    assert_eq!(becomes(failed, true, true), Some(Failure::Internal));
    assert_eq!(
        becomes(PlanStatus::Infeasible, true, true),
        Some(Failure::Infeasible)
    );

    let infeasible = fixture::infeasible();
    let case = plan_cases(&infeasible, false).swap_remove(0);
    let (failure, message) = case.failure().expect("it is infeasible");
    let conflict = infeasible.plans[0].plan.conflict.as_ref().expect("why");
    assert_eq!(failure, Failure::Infeasible);
    assert_eq!(message, conflict.sentences.join("\n"));
}

#[test]
fn targets_of_the_base_plan_are_judged_in_words() {
    let mut result = fixture::result(false);
    let mut message = |with, bound, metric, met| {
        let target = &mut result.plans[0].targets[0];
        target.with = with;
        target.bound = bound;
        target.metric = metric;
        target.met = met;
        target.expected = Some(2.5);
        target.probability = Some(0.396);
        target.probability_error = Some(0.003);
        target_cases(&result).swap_remove(0).verdict
    };
    let failed = |message: &str| Verdict::Failed {
        failure: Failure::TargetMissed,
        message: message.to_owned(),
    };
    assert_eq!(
        message(None, Bound::AtLeast(3.0), Metric::Roas, false),
        failed("ROAS 2.50 expected, at least 3.00 wanted")
    );
    assert_eq!(
        message(Some(0.8), Bound::AtMost(55.0), Metric::Cpa, false),
        failed("CPA at most ¥55 in 39.6 % of trials (± 0.3 %), 80 % wanted")
    );
    assert_eq!(
        message(None, Bound::AtLeast(3.0), Metric::Roas, true),
        Verdict::Passed
    );
    // Only the base plan's targets are asked for; without a plan they are left open.
    assert_eq!(target_cases(&result).len(), result.plans[0].targets.len());
    result.plans[0].plan.status = PlanStatus::Infeasible;
    let cases = target_cases(&result);
    assert_eq!(cases.len(), result.plans[0].model.targets.len());
    assert!(
        cases
            .iter()
            .all(|case| matches!(case.verdict, Verdict::Skipped { .. }))
    );
}
