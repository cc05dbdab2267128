//! Every shipped scenario: read, planned, simulated, checked against closed forms, and compared
//! with a snapshot of rounded results.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use influencer_matrix::engine::{self, RunResult, SimulationSettings};
use influencer_matrix::model::{
    Cancel, CellKey, Metric, NoProgress, PlanSettings, Quantity, Trials, joint, valuation,
};
use influencer_matrix::optimizer;
use influencer_matrix::scenario::{self, Overrides, Scenario};
use influencer_matrix::stats;
use influencer_matrix::summary::{ScopeKind, Scopes};

/// Trials a scenario: enough for tight errors, few enough for a quick suite.
const TRIALS: u64 = 20_000;
/// Chance that a fresh seed fails the comparison with closed forms although all is right.
const FALSE_ALARM: f64 = 0.001;

fn shipped() -> Vec<PathBuf> {
    // Relative to the package, where tests run: messages show paths as a user writes them.
    let folder = Path::new("scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 11, "shipped scenarios are missing");
    files
}

fn read(path: &Path) -> Scenario {
    scenario::read_file(path, &Overrides::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

fn run(scenario: &Scenario) -> RunResult {
    let mut models = vec![scenario.base.clone()];
    models.extend(scenario.what_ifs.iter().cloned());
    let cancel = Cancel::new();
    let planned =
        engine::plan_models(models, &PlanSettings::default(), &NoProgress, &cancel).unwrap();
    let settings = SimulationSettings {
        seed: scenario.seed,
        trials: Trials::Fixed(TRIALS),
        scopes: Scopes::All,
        block: 8192,
    };
    engine::simulate_plans(
        &scenario.name,
        planned,
        &settings,
        None,
        &NoProgress,
        &cancel,
    )
    .unwrap()
}

/// How a cell is booked, as summaries say it.
fn booked_as(key: &CellKey) -> Option<String> {
    let (name, start) = key.booked_as.as_ref()?;
    Some(start.map_or(name.clone(), |month| format!("{name}+{month}")))
}

/// Four significant digits, so that a snapshot shows what a reader sees.
fn rounded(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(v) => {
            let digits = (3 - v.abs().log10().floor() as i32).max(0) as usize;
            format!("{v:.digits$}")
        }
    }
}

fn picture(scenario: &Scenario, result: &RunResult) -> String {
    let mut out = String::new();
    let w = &mut out;
    for plan in &result.plans {
        let status = plan.plan.status.name();
        writeln!(
            w,
            "plan {}: {status}, objective {}",
            plan.plan.name,
            rounded(plan.plan.objective)
        )
        .unwrap();
        if let Some(conflict) = &plan.plan.conflict {
            for sentence in &conflict.sentences {
                writeln!(w, "  {sentence}").unwrap();
            }
        }
        for cell in 0..plan.model.cells.len() {
            let count = plan.plan.counts.column(cell).sum();
            if count > 0.0 {
                writeln!(w, "  {} {}", plan.model.key(cell), rounded(Some(count))).unwrap();
            }
        }
        for target in &plan.targets {
            writeln!(
                w,
                "  {} {:?}: expected {}, {}",
                target.key,
                target.bound,
                rounded(target.expected),
                if target.met { "met" } else { "missed" }
            )
            .unwrap();
        }
        for row in &result.summary {
            let e = &row.estimate;
            if row.plan == plan.plan.name && row.scope.kind == ScopeKind::Total {
                writeln!(
                    w,
                    "  {:<12} mean {:>9} ratio {:>7} sd {:>9} p05 {:>9} p50 {:>9} p95 {:>9}",
                    row.metric.name(),
                    rounded(e.mean),
                    rounded(e.ratio_of_means),
                    rounded(e.sd),
                    rounded(e.p05()),
                    rounded(e.p50()),
                    rounded(e.p95()),
                )
                .unwrap();
            }
        }
    }
    for row in &result.comparison {
        if row.scope.kind == ScopeKind::Total
            && matches!(row.metric, Metric::Revenue | Metric::Roas | Metric::Cpa)
        {
            writeln!(
                w,
                "{} - {}: {} {} better {}",
                row.plan,
                row.baseline,
                row.metric.name(),
                rounded(row.mean_difference),
                rounded(row.prob_better)
            )
            .unwrap();
        }
    }
    assert_eq!(scenario.what_ifs.len() + 1, result.plans.len());
    out
}

#[test]
fn results_are_as_before() {
    for path in shipped() {
        let scenario = read(&path);
        let result = run(&scenario);
        insta::assert_snapshot!(scenario.name.clone(), picture(&scenario, &result));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one scenario after the other")]
fn simulated_means_agree_with_closed_forms() {
    struct Check {
        what: String,
        simulated: f64,
        expected: f64,
        error: f64,
        /// Relative error of the closed form itself: on audiences it takes impressions as gamma.
        form: f64,
    }
    let mut checks = Vec::new();
    let mut of_months = 0;
    for path in shipped() {
        let scenario = read(&path);
        let result = run(&scenario);
        for plan in &result.plans {
            // Closed forms are of filled places; who recruits has empty ones.
            if plan.model.horizon.pipeline.is_some() {
                continue;
            }
            let audiences = !plan.model.audiences.is_empty();
            for row in result
                .summary
                .iter()
                .filter(|row| row.plan == plan.plan.name)
            {
                let booked = match row.month {
                    Some(month) => {
                        let row = plan.plan.counts.row(month - 1);
                        row.insert_axis(ndarray::Axis(0))
                    }
                    None => plan.plan.counts.view(),
                };
                let units = match row.month {
                    Some(month) => {
                        let counts = booked.row(0).to_vec();
                        valuation::units_in_month(&plan.model, month - 1, &counts)
                    }
                    None => valuation::units_of_plan(&plan.model, &plan.plan.counts),
                };
                of_months += usize::from(row.month.is_some());
                let counts: Vec<f64> = (0..plan.model.cells.len())
                    .map(|cell| {
                        let key = plan.model.key(cell);
                        let s = &row.scope;
                        let inside = s.tier.as_ref().is_none_or(|v| *v == key.tier)
                            && s.partnership.as_ref().is_none_or(|v| *v == key.partnership)
                            && s.category
                                .as_ref()
                                .is_none_or(|v| Some(v) == key.category.as_ref())
                            && s.region
                                .as_ref()
                                .is_none_or(|v| Some(v) == key.region.as_ref())
                            && (s.kind != ScopeKind::Cell || s.booked_as == booked_as(&key));
                        if inside {
                            booked.column(cell).sum()
                        } else {
                            0.0
                        }
                    })
                    .collect();
                let e = &row.estimate;
                let what = format!(
                    "{} {} {:?} {:?} {}",
                    scenario.name,
                    row.plan,
                    row.month,
                    row.scope,
                    row.metric.name()
                );
                let expected = if row.metric.is_of_audiences() {
                    if row.scope.kind != ScopeKind::Total || plan.model.months > 1 {
                        continue;
                    }
                    let reached = joint::reached(&plan.model, 0, &counts);
                    let net: f64 = reached.iter().map(|r| r.net_reach).sum();
                    let gross: f64 = reached.iter().map(|r| r.impressions).sum();
                    Some(if row.metric == Metric::NetReach {
                        net
                    } else {
                        gross / net
                    })
                } else {
                    valuation::metric(&units, &counts, row.metric)
                };
                let (simulated, error) = if row.metric.denominator().is_some() {
                    (e.ratio_of_means, e.ratio_of_means_error)
                } else {
                    (e.mean, e.mc_error)
                };
                match (simulated, expected) {
                    (Some(simulated), Some(expected)) => checks.push(Check {
                        what,
                        simulated,
                        expected,
                        error: error.unwrap(),
                        form: if audiences { 0.005 } else { 1e-9 },
                    }),
                    (None, None) => {}
                    other => panic!("{what}: {other:?}"),
                }
            }
        }
    }
    assert!(checks.len() > 2_000, "only {} checks", checks.len());
    assert!(of_months > 100, "only {of_months} checks of months");
    // Errors are those of sixteen replicates, made larger for ± 1.96 of them to be a 95 % interval:
    // without that factor the deviations follow t(15).
    let t = stats::student_t_quantile(1.0 - FALSE_ALARM / (2.0 * checks.len() as f64), 15.0);
    let limit = t / stats::T_OVER_Z;
    for check in &checks {
        let slack = check.form * check.expected.abs();
        assert!(
            (check.simulated - check.expected).abs() <= limit * check.error + slack,
            "{}: simulated {} ± {}, expected {} (limit {limit:.2} over {} checks)",
            check.what,
            check.simulated,
            check.error,
            check.expected,
            checks.len()
        );
    }
}

#[test]
fn every_plan_keeps_every_rule() {
    for path in shipped() {
        let scenario = read(&path);
        for model in std::iter::once(&scenario.base).chain(&scenario.what_ifs) {
            if model.counts.is_some() {
                continue;
            }
            let plan = optimizer::plan(model, &PlanSettings::default(), &Cancel::new());
            if !plan.is_usable() {
                assert_eq!(
                    scenario.name, "maturity-30k",
                    "{} has no plan",
                    scenario.name
                );
                continue;
            }
            let broken = optimizer::check_plan(model, &plan.counts);
            assert!(
                broken.is_empty(),
                "{} {}: {broken:?}",
                scenario.name,
                plan.name
            );
        }
    }
}

#[test]
fn the_playbook_example_is_exact() {
    let path = Path::new("scenarios/roi-example.toml");
    let scenario = read(path);
    let units = valuation::units(&scenario.base);
    let counts = scenario.base.counts.clone().unwrap().row(0).to_vec();
    let total = |q| valuation::total(&units, &counts, q).unwrap();
    for (quantity, value) in [
        (Quantity::Impressions, 15_000.0),
        (Quantity::Engagements, 1_200.0),
        (Quantity::Clicks, 120.0),
        (Quantity::Conversions, 6.0),
        (Quantity::Revenue, 900.0),
    ] {
        let got = total(quantity);
        assert!((got - value).abs() <= 1e-12 * value, "{quantity:?} {got}");
    }
    assert!((total(Quantity::Revenue) / total(Quantity::Spend) - 0.45).abs() < 1e-12);
}

#[test]
fn the_q2_rebalancing_has_the_right_ratios() {
    let path = Path::new("scenarios/q2-rebalancing.toml");
    let scenario = read(path);
    let result = run(&scenario);
    let shares = [[0.05, 0.25, 0.40, 0.30], [0.03, 0.20, 0.45, 0.32]];
    let (roas, cpa) = ([1.8, 2.8, 3.8, 4.5], [150.0, 80.0, 40.0, 35.0]);
    for (plan, shares) in result.plans.iter().zip(shares) {
        let units = valuation::units(&plan.model);
        let counts = plan.plan.counts.row(0).to_vec();
        let metric = |m| valuation::metric(&units, &counts, m).unwrap();
        // The playbook's own sums: Σ share × ROAS, and 1 / Σ (share / CPA).
        let want_roas: f64 = shares.iter().zip(roas).map(|(s, r)| s * r).sum();
        let want_cpa = 1.0 / shares.iter().zip(cpa).map(|(s, c)| s / c).sum::<f64>();
        assert!(
            (metric(Metric::Roas) - want_roas).abs() < 1e-6,
            "{}",
            metric(Metric::Roas)
        );
        assert!(
            (metric(Metric::Cpa) - want_cpa).abs() < 1e-5,
            "{}",
            metric(Metric::Cpa)
        );
    }
}

#[test]
fn the_readme_scenario_has_plans() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let text = readme
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("README shows a scenario");
    let scenario = scenario::read_text("README.md", text, &Overrides::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    assert_eq!(scenario.what_ifs.len(), 1);
    for model in scenario.models() {
        let plan = optimizer::plan(model, &PlanSettings::default(), &Cancel::new());
        assert!(plan.is_usable(), "{}: {:?}", plan.name, plan.conflict);
    }
}

/// The examples of docs/scenario.md below a heading, each in its fence.
fn examples(heading: &str) -> Vec<String> {
    let text = std::fs::read_to_string("docs/scenario.md").unwrap();
    let (_, rest) = text.split_once(heading).expect("the heading");
    let section = rest.split("\n## ").next().unwrap_or_default();
    let fences = section.split("```toml\n").skip(1);
    let own = fences.filter_map(|fence| fence.split("```").next());
    own.map(str::to_owned).collect()
}

#[test]
fn the_documented_example_of_risk_has_a_plan_that_keeps_its_promises() {
    let examples = examples("## `[risk]` and `budget.with`\n");
    assert_eq!(examples.len(), 1);
    let text = format!("schema = 1\nname = \"documented\"\n{}", examples[0]);
    let scenario = scenario::read_text("documented.toml", &text, &Overrides::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let settings = PlanSettings::default();
    let models = vec![scenario.base];
    let planned = engine::plan_models(models, &settings, &NoProgress, &Cancel::new()).unwrap();
    let plan = &planned[0].1;
    assert!(plan.is_usable(), "{:?}", plan.status);
    assert_eq!(plan.risks.len(), 4);
    for state in &plan.risks {
        assert_ne!(state.held(), Some(false), "{state:?}");
    }
}
