use super::estimates::histogram;
use super::figures;
use super::layout::display_width;
use super::*;
use crate::fixture::{at, infeasible, result};
use crate::model::{
    Alternative, Band, BandSource, BestWanted, Indifference, Metric, PlanStatus, PriceRange,
    Uncertainty, Unit,
};
use crate::ranking::{BestPlan, RivalPlan};
use crate::scenario::AssumedTerms;
use crate::stats::Standing;
use crate::summary::Histogram;
use ndarray::Array2;

fn assumed(partnership: &str, keys: &[&'static str]) -> AssumedTerms {
    AssumedTerms {
        partnership: partnership.to_owned(),
        keys: keys.to_vec(),
    }
}

fn context() -> ReportContext {
    ReportContext {
        description: Some("What if micro goes to 40 %".to_owned()),
        assumed_terms: vec![assumed("affiliate", &[]), assumed("seeding", &[])],
        ..ReportContext::default()
    }
}

#[test]
fn a_run() {
    insta::assert_snapshot!("run", summary(&result(false), &context()));
}

#[test]
fn a_run_with_segments_on_a_narrow_screen() {
    let mut run = result(true);
    run.plans[0].model.rules.partnership_share[1] = Some(Band {
        low: 0.2,
        high: 0.4,
        asked: None,
        source: BandSource::User,
        origin: at(9),
    });
    run.plans[0].model.rules.category_budget_share[0] =
        run.plans[0].model.rules.tier_budget_share[0].clone();
    let narrow = ReportContext {
        width: 72,
        ..context()
    };
    let text = summary(&run, &narrow);
    insta::assert_snapshot!("narrow", text);
    for line in text.lines() {
        assert!(display_width(line) <= 72, "{line}");
    }
}

#[test]
fn plans_that_are_as_good() {
    let mut run = result(false);
    let plan = &mut run.plans[0].plan;
    let first = plan.counts.row(0).to_vec();
    let other = |add: usize, drop: usize, objective: f64| {
        let mut counts = first.clone();
        counts[add] += 9.0;
        counts[drop] -= 1.0;
        Alternative {
            counts: Array2::from_shape_fn((1, counts.len()), |(_, cell)| counts[cell]),
            objective,
            moved: 0.125,
            apart: 0.125,
        }
    };
    let booked = (0..first.len()).find(|&i| first[i] >= 1.0).unwrap();
    let next = (booked + 1) % first.len();
    plan.alternatives = vec![
        other(next, booked, 448_300.0),
        other(booked, booked, 448_500.0),
    ];
    let text = summary(&run, &context());
    let from = text.find("Other plans").unwrap();
    let lines: Vec<&str> = text[from..].lines().take(12).collect();
    insta::assert_snapshot!("alternatives", lines.join("\n"));
}

#[test]
fn no_plan() {
    insta::assert_snapshot!(
        "infeasible",
        summary(&infeasible(), &ReportContext::default())
    );
}

#[test]
fn no_plan_without_sentences() {
    let mut run = infeasible();
    if let Some(conflict) = &mut run.plans[0].plan.conflict {
        conflict.sentences.clear();
    }
    insta::assert_snapshot!(
        "infeasible_members",
        summary(&run, &ReportContext::default())
    );
}

#[test]
fn planning_alone() {
    let run = result(false);
    let planned: Vec<_> = run.plans.into_iter().map(|p| (p.model, p.plan)).collect();
    insta::assert_snapshot!(
        "plan_only",
        plan_only("q2-what-if", &planned, &ReportContext::default())
    );
}

#[test]
fn other_outcomes() {
    let mut run = result(false);
    run.plans.truncate(1);
    run.plans[0].model.uncertainty = Uncertainty::NONE;
    let mut of = |status: PlanStatus, unspent: f64| {
        run.plans[0].plan.status = status;
        run.plans[0].plan.unspent = unspent;
        run.plans[0].plan.unspent_held_by.clear();
        summary(&run, &ReportContext::default())
    };
    let fixed = of(PlanStatus::Fixed, -1_200.0);
    assert!(fixed.contains("The scenario gives the counts"), "{fixed}");
    assert!(fixed.contains("¥1,200 over the budget"), "{fixed}");
    assert!(fixed.contains("The averages are taken as known"), "{fixed}");
    assert!(of(PlanStatus::Feasible, 0.0).contains("spends the whole budget"));
    let clock = of(PlanStatus::TimeLimit { found: false }, 0.0);
    assert!(
        clock.contains("before the clock ended the search"),
        "{clock}"
    );
    assert!(!clock.contains("What base yields"), "{clock}");
    let reason = "Singular matrix".to_owned();
    assert!(of(PlanStatus::Failed { reason }, 0.0).contains("the solver failed (Singular matrix)"));
    let reason = "no plan was found, and none was ruled out".to_owned();
    let open = of(PlanStatus::Failed { reason }, 0.0);
    assert!(open.contains("No plan was found, and none"), "{open}");
    assert!(!open.contains("solver failed"), "{open}");
}

#[test]
fn months_have_tables_of_their_own() {
    let mut run = result(false);
    for found in &mut run.plans {
        found.model.months = 2;
        found.model.horizon = crate::model::Horizon::equal(2);
        let row = found.plan.counts.clone();
        let double = &row * 2.0;
        found.plan.counts = ndarray::concatenate![ndarray::Axis(0), row, double];
    }
    let text = summary(&run, &ReportContext::default());
    assert!(text.contains("a month for 2 months from 2026-04"), "{text}");
    assert!(
        text.contains("2026-04") && text.contains("2026-05"),
        "{text}"
    );
    assert!(
        text.contains("It spends ¥336,075 of the budget of ¥230,000"),
        "{text}"
    );
    assert!(
        text.contains("no further partnership fits (month 1);"),
        "{text}"
    );
}

#[test]
fn a_whole_waves_rule_is_not_that_of_its_months() {
    let mut run = result(false);
    let found = &mut run.plans[0];
    found.model.months = 2;
    found.model.horizon = crate::model::Horizon::equal(2);
    let row = found.plan.counts.clone();
    let double = &row * 2.0;
    found.plan.counts = ndarray::concatenate![ndarray::Axis(0), row, double];
    let first = found.plan.constraints[0].clone();
    let rule = |month: Option<usize>, side: &str, price: f64| crate::model::ConstraintState {
        month,
        name: "wave.launch.count.micro".to_owned(),
        unit: Unit::Count,
        binding: true,
        shadow_price: Some(price),
        words: format!("wave.launch.count.micro is at its bound, {side}"),
        ..first.clone()
    };
    found.plan.constraints = vec![
        rule(Some(0), "at most 3", 778.0),
        rule(None, "at least 3", -2_392.0),
    ];
    let text = summary(&run, &ReportContext::default());
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "wave.launch.count.micro is at its bound, at least 3; one partnership more would change expected revenue by -¥2,392",
        "wave.launch.count.micro is at its bound, at most 3 (month 1); one partnership more would change expected revenue by +¥778",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn colour_only_if_asked_for() {
    let run = result(false);
    let plain = summary(&run, &context());
    assert!(!plain.contains('\u{1b}'));
    let coloured = summary(
        &run,
        &ReportContext {
            color: true,
            ..context()
        },
    );
    assert!(coloured.contains("\u{1b}[32mmet\u{1b}[0m"));
    let mut stripped = String::new();
    let mut code = false;
    for c in coloured.chars() {
        match c {
            '\u{1b}' => code = true,
            'm' if code => code = false,
            _ if !code => stripped.push(c),
            _ => {}
        }
    }
    assert_eq!(stripped, plain);
}

#[test]
fn names_cannot_command_the_terminal() {
    let mut run = result(false);
    run.plans[1]
        .plan
        .warnings
        .push("\u{1b}[2Jgone\u{7}".to_owned());
    run.scenario = "a\u{1b}]0;title\u{7}\nb".to_owned();
    let plain = summary(&run, &context());
    assert!(plain.chars().all(|c| c == '\n' || !c.is_control()));
    let coloured = summary(
        &run,
        &ReportContext {
            color: true,
            ..context()
        },
    );
    assert!(!coloured.contains("\u{1b}[2J") && !coloured.contains("\u{1b}]"));
}

#[test]
fn a_batch() {
    let run = result(false);
    let lost = infeasible();
    let line = |name: &str, verdict: &str, result, details: &[&str]| BatchLine {
        name: name.to_owned(),
        verdict: verdict.to_owned(),
        result,
        details: details.iter().map(|&d| d.to_owned()).collect(),
    };
    let lines = [
        line("q2-what-if", "ok", Some(&run), &[]),
        line(
            "maturity-30k",
            "infeasible",
            Some(&lost),
            &["One mega costs ¥25,203 on average, 84 % of the budget."],
        ),
        line(
            "broken.toml",
            "invalid",
            None,
            &["broken.toml:3:1: unknown key \"budgt\"; did you mean \"budget\"?"],
        ),
    ];
    insta::assert_snapshot!(batch_table(&lines, false, 100));
}

#[test]
fn entries_are_aligned() {
    let entry = |k: &str, v: &str, o: &str| (k.to_owned(), v.to_owned(), o.to_owned());
    let text = entries(&[
        entry("budget", "300000", "q2.toml:6:1"),
        entry("segments.categories.护肤.fee", "1.1", "default"),
        entry(
            "tiers.mega.fee",
            "\"10_000 to 50_000\"",
            "preset (playbook)",
        ),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn histograms() {
    let of = |counts: &[u64]| {
        histogram(&Histogram {
            metric: Metric::Roas,
            low: 0.0,
            high: 1.0,
            counts: counts.to_vec(),
        })
    };
    assert_eq!(of(&[0, 1, 2, 3, 4, 5, 6, 7, 8]), " ▁▂▃▄▅▆▇█");
    assert_eq!(of(&[1, 100_000]), "▁█");
    assert_eq!(of(&[0, 0]), "  ");
    assert_eq!(of(&[]), "");
}

#[test]
fn figures_read_well() {
    assert_eq!(figures::value(Metric::Cpa, Some(45.386), "CNY"), "¥45.39");
    assert_eq!(figures::value(Metric::Roas, Some(f64::NAN), "CNY"), "–");
    assert_eq!(figures::value(Metric::Impressions, None, "CNY"), "–");
    assert_eq!(
        figures::value(Metric::Impressions, Some(12_345_678.9), "CNY"),
        "12,345,679"
    );
    assert_eq!(figures::signed(Metric::Revenue, Some(0.001), "CNY"), "¥0");
    assert_eq!(figures::signed(Metric::Cpa, Some(-1.72), "CNY"), "-¥1.72");
    assert_eq!(
        figures::error(Metric::Revenue, Some(192.9), "CNY"),
        "± ¥190"
    );
    assert_eq!(
        figures::error(Metric::Revenue, Some(12_345.0), "SEK"),
        "± SEK 12,000"
    );
    assert_eq!(
        figures::error(Metric::Roas, Some(0.001_93), "CNY"),
        "± 0.0019"
    );
    assert_eq!(figures::probability(Some(0.999_9)), "over 99.9 %");
    assert_eq!(figures::probability(Some(1.0)), "100 %");
    assert_eq!(figures::probability(Some(0.000_01)), "under 0.1 %");
    assert_eq!(figures::probability(Some(0.0)), "0 %");
    assert_eq!(
        figures::probability_with_error(Some(0.931), Some(0.0008)),
        "93.1 % ± 0.08 %"
    );
    assert_eq!(
        figures::probability_with_error(Some(1.0), Some(0.0)),
        "100 %"
    );
    assert_eq!(
        figures::probability_with_error(Some(1.0), Some(0.00001)),
        "100 %"
    );
    assert_eq!(
        figures::probability_with_error(Some(0.849), Some(0.0011)),
        "84.9 % ± 0.1 %"
    );
    assert_eq!(figures::partnerships(0.03), "0.03");
    assert_eq!(figures::partnerships(1234.0), "1,234");
}

#[test]
fn a_plans_warning_is_said_once() {
    let mut run = result(false);
    let warning = run.plans[1].plan.warnings[0].clone();
    run.warnings.push(format!("plan micro to 40%: {warning}"));
    for plan in ["base", "micro to 40%"] {
        run.warnings.push(format!("plan {plan}: both are full"));
    }
    let text = summary(&run, &context());
    assert!(
        text.contains("  - plans base and \"micro to 40%\": both are full\n"),
        "{text}"
    );
    assert_eq!(text.matches(&warning).count(), 1, "{text}");
    assert!(text.contains("the affiliate terms are assumptions"));
}

#[test]
fn no_number_is_broken_on_a_narrow_screen() {
    let context = ReportContext {
        width: 50,
        ..context()
    };
    let text = summary(&result(true), &context);
    for line in text.lines() {
        let start = line.trim_start();
        assert!(!start.starts_with('%'), "{text}");
        assert!(!line.ends_with('±'), "{text}");
    }
    // Counts and spend stand apart.
    assert!(text.contains("  total  112  ¥112,025\n"), "{text}");
}

#[test]
fn the_best_plan() {
    let rival = |plan: &str, difference: f64, standing| RivalPlan {
        plan: plan.to_owned(),
        figure: Some(157_000.0 - difference),
        difference,
        error: 61.7,
        standing,
    };
    let mut found = BestPlan {
        wanted: BestWanted {
            metric: Metric::Profit,
            probability: 0.95,
            indifference: Indifference::Share(0.005),
            max: 1_000_000,
        },
        plan: Some("base".to_owned()),
        figure: Some(157_000.0),
        zone: 785.0,
        standing: Standing::Worse,
        trials: 16_384,
        rivals: vec![
            rival("micro to 40%", 5_023.4, Standing::Worse),
            rival("more mid", 0.0, Standing::Equal),
        ],
        left_out: Vec::new(),
    };
    let mut texts = Vec::new();
    let mut say = |found: &BestPlan| {
        let mut run = result(false);
        run.best = Some(found.clone());
        let text = summary(&run, &context());
        let lines = text.lines().skip_while(|line| !line.starts_with("Budget"));
        let lines: Vec<&str> = lines.skip(1).take_while(|line| !line.is_empty()).collect();
        texts.push(lines.join("\n"));
    };
    say(&found);
    found.rivals[0] = rival("micro to 40%", 123.4, Standing::Within);
    found.standing = Standing::Within;
    say(&found);
    found.wanted.indifference = Indifference::Amount(785.0);
    found.rivals.pop();
    say(&found);
    found.rivals[0].standing = Standing::Open;
    found.standing = Standing::Open;
    say(&found);
    found.rivals = vec![rival("more mid", 0.0, Standing::Equal)];
    found.standing = Standing::Equal;
    found.left_out = vec!["last year".to_owned()];
    say(&found);
    found.plan = None;
    found.rivals.clear();
    say(&found);
    insta::assert_snapshot!("best", texts.join("\n\n"));
}

#[test]
fn a_bound_and_where_it_would_pay_to_move_are_told_apart() {
    let mut run = result(false);
    let plan = &mut run.plans[0].plan;
    let state = plan.constraints.iter_mut().find(|c| c.unit == Unit::Share);
    let state = state.expect("a band");
    (state.low, state.high) = (Some(0.02), Some(0.0906));
    state.range = PriceRange {
        cost: Some(5_000.0),
        to: Some(0.090_64),
        gain: Some(300.0),
        then_binds: None,
    };
    let text = summary(&run, &context());
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("(at most 9.06 %) costs"), "{text}");
    assert!(text.contains("at 9.064 % the plan brings"), "{text}");
    assert!(!text.contains("at 9.1 %"), "{text}");
}

#[test]
fn a_long_description_is_wrapped_and_bold_on_every_line() {
    let long = ReportContext {
        description: Some("a concentrated and a diversified plan of equal budget when one in ten leaves every month, twice".to_owned()),
        ..ReportContext::default()
    };
    let page = summary(&result(false), &long);
    assert!(
        page.lines().all(|line| display_width(line) <= 100),
        "{page}"
    );
    assert!(
        page.lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("  ")),
        "{page}"
    );
    let coloured = summary(
        &result(false),
        &ReportContext {
            color: true,
            ..long
        },
    );
    assert!(
        coloured
            .lines()
            .take(2)
            .all(|line| line.contains("\u{1b}[1m") && line.ends_with("\u{1b}[0m"))
    );
}

#[test]
fn assumed_terms_are_named_by_type() {
    let of = |assumed_terms: Vec<AssumedTerms>| {
        let context = ReportContext {
            assumed_terms,
            width: 1_000,
            ..ReportContext::default()
        };
        let page = summary(&result(false), &context);
        page.lines()
            .filter(|line| line.contains("[partnerships]"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let rest = &["product_cost", "delivery"];
    let told = of(vec![
        assumed("affiliate", rest),
        assumed("sponsored", &[]),
        assumed("seeding", &["hours"]),
        assumed("ambassador", rest),
    ]);
    assert_eq!(
        told,
        [
            "  - The terms of sponsored partnerships are this program's assumptions, not figures of yours; [partnerships] sets them.",
            "  - The product cost and delivery of affiliate and ambassador partnerships are this program's assumptions, not figures of yours; [partnerships] sets them.",
            "  - The hours of seeding partnerships are this program's assumptions, not figures of yours; [partnerships] sets them.",
        ]
    );
}
