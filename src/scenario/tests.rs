//! Tests of the reader.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::layers::compose;
use super::names::{leaves, pattern};
use super::presets;
use super::reader::Reader;
use super::source::{Kind, Sources};
use super::tree;
use super::{Entry, Overrides, Problems, Scenario, read_text, schema, starter, structure};
use crate::distribution::Distribution;
use crate::model::{
    Assumption, Band, BandSource, Basis, BestWanted, Bound, ConstraintKind, Indifference, Metric,
    Model, Objective, Origin, Stage, TargetScope, Trials, Uncertainty, UserAmount, constraints,
    valuation,
};

mod agreement;
mod command;
mod commitments;
mod forms;
mod keys;
mod mutation;
mod quarter;
mod risk;

const EXAMPLE: &str = include_str!("../../scenarios/design-example.toml");

fn try_read(text: &str, overrides: &Overrides) -> Result<Scenario, Problems> {
    read_text("test.toml", text, overrides)
}

fn read(text: &str) -> Scenario {
    match try_read(text, &Overrides::default()) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{problems}"),
    }
}

/// The required keys and `more`.
fn minimal(more: &str) -> Scenario {
    read(&with_head(more))
}

fn with_head(more: &str) -> String {
    format!("schema = 1\nname = \"t\"\nbudget = 600_000\n{more}")
}

fn refused(more: &str) -> String {
    match try_read(&with_head(more), &Overrides::default()) {
        Ok(_) => panic!("accepted: {more}"),
        Err(problems) => problems.to_string(),
    }
}

fn set(pairs: &[(&str, &str)]) -> Overrides {
    Overrides {
        set: pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        ..Overrides::default()
    }
}

#[track_caller]
fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} is not {b}");
}

#[track_caller]
fn has_ends(band: Option<&Band>, low: f64, high: f64) {
    let band = band.expect("a band");
    near(band.low, low);
    near(band.high, high);
}

fn tier_bands(model: &Model) -> Vec<Option<&Band>> {
    model
        .rules
        .tier_budget_share
        .iter()
        .map(Option::as_ref)
        .collect()
}

fn entry<'a>(scenario: &'a Scenario, key: &str) -> &'a Entry {
    scenario
        .entries()
        .iter()
        .find(|e| e.key == key)
        .unwrap_or_else(|| panic!("no entry {key}"))
}

#[test]
fn the_design_example_is_read_as_it_says() {
    let scenario = read(EXAMPLE);
    let base = &scenario.base;
    assert_eq!(scenario.name, "q2-what-if");
    assert_eq!(scenario.seed, 20_260_401);
    assert_eq!(scenario.trials, Trials::Fixed(100_000));
    assert_eq!(base.start, Some((2026, 4)));
    assert_eq!(base.stage, Stage::Maturity);
    assert_eq!(base.objective, Objective::Revenue);
    assert_eq!(base.months, 1);
    // Maturity is 5/15/50/30 with 5 points; micro's own band scales nothing.
    let bands = tier_bands(base);
    has_ends(bands[0], 0.0, 0.10);
    has_ends(bands[1], 0.10, 0.20);
    has_ends(bands[2], 0.45, 0.55);
    has_ends(bands[3], 0.25, 0.40);
    near(bands[2].unwrap().asked.unwrap(), 0.5);
    assert_eq!(bands[2].unwrap().source, BandSource::Stage);
    assert_eq!(bands[3].unwrap().source, BandSource::User);
    assert_eq!(bands[3].unwrap().asked, None);
    assert_eq!(base.tiers[0].max_creators, Some(3.0));
    assert!(matches!(base.tiers[2].basis, Basis::Benchmark(_)));
    assert_eq!(base.rules.user[0].amount, UserAmount::Count);
    assert_eq!(base.rules.user[0].terms.len(), 2);
    // roas and cpa of the whole, cpa of mid.
    assert_eq!(base.targets.len(), 3);
    assert_eq!(base.targets[0].bound, Bound::AtLeast(3.0));
    assert_eq!(base.targets[0].with, Some(0.8));
    assert_eq!(base.targets[1].bound, Bound::AtMost(55.0));
    assert_eq!(base.targets[2].scope, TargetScope::Tier(2));
    assert_eq!(base.targets[2].key, "tiers.mid.targets.cpa");
    // Offered: mega 1, macro 3, mid 3, micro 4 types, 2 categories; local for mid and micro only.
    assert_eq!(base.cells.len(), 2 * (1 + 3 + 2 * (3 + 4)));
    // Micro's ambassadors have their own terms, others do not.
    let own = |tier: &str| {
        (0..base.cells.len())
            .find(|&i| {
                let key = base.key(i);
                key.tier == tier && key.partnership == "ambassador"
            })
            .map(|i| base.cells[i].terms.clone())
            .unwrap()
    };
    assert_eq!(own("micro").fee_amount, Some(500.0));
    near(own("micro").commission, 0.0);
    near(own("micro").product_cost, 80.0);
    assert_eq!(own("mid").fee_amount, None);
    near(own("mid").commission, 0.10);
    let shifted = &scenario.what_ifs[0];
    assert_eq!(shifted.name, "micro to 40%");
    let bands = tier_bands(shifted);
    // 60 % left for 5/15/50 of 70.
    has_ends(bands[3], 0.39, 0.41);
    near(bands[3].unwrap().asked.unwrap(), 0.4);
    near(bands[2].unwrap().asked.unwrap(), 0.5 * 0.6 / 0.7);
    has_ends(bands[0], 0.0, 0.05 * 0.6 / 0.7 + 0.05);
    let fixed = scenario.what_ifs[1].counts.as_ref().expect("counts");
    near(fixed.iter().sum(), 44.0);
    assert!(base.counts.is_none());
}

#[test]
fn every_constraint_of_the_example_has_a_place() {
    let scenario = read(EXAMPLE);
    let units = valuation::units(&scenario.base);
    for constraint in constraints(&scenario.base, &units) {
        let written = constraint.origin.location().is_some();
        let preset = ["tiers.macro.max", "tiers.mid.max", "at least one"]
            .iter()
            .any(|p| constraint.name.starts_with(p));
        assert!(
            written || preset,
            "{} {}",
            constraint.name,
            constraint.origin
        );
    }
}

#[test]
fn presets_are_valid_and_are_the_contracts() {
    let mut sources = Sources::default();
    let loaded = presets::load(&mut sources);
    assert!(loaded.faults.is_empty(), "{:?}", loaded.faults);
    let scenario = minimal("");
    let base = &scenario.base;
    let names: Vec<&str> = base.tiers.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["mega", "macro", "mid", "micro", "nano"]);
    let supply: Vec<f64> = base.tiers.iter().filter_map(|t| t.max_creators).collect();
    assert_eq!(supply, [2.0, 10.0, 50.0, 200.0, 500.0]);
    // mega 1 type, macro and mid 3, micro 4, nano 2.
    assert_eq!(base.cells.len(), 1 + 3 + 3 + 4 + 2);
    assert_eq!(base.tiers[4].fee, Distribution::Certain(0.0));
    let Basis::Followers(mega) = &base.tiers[0].basis else {
        panic!("followers basis");
    };
    for (law, p5, p95) in [
        (mega.followers, 500e3, 5e6),
        (base.tiers[0].fee, 10e3, 50e3),
        (mega.engagement_rate, 0.01, 0.03),
    ] {
        assert!((law.quantile(0.05) / p5 - 1.0).abs() < 1e-8);
        assert!((law.quantile(0.95) / p95 - 1.0).abs() < 1e-8);
    }
    assert_eq!(mega.view_rate, Distribution::Certain(0.3));
    assert_eq!(base.order.mean, 150.0);
    assert_eq!(base.order.sd, 60.0);
    assert_eq!(base.order.margin, 0.6);
    assert_eq!(base.uncertainty.conversion_rate, 0.20);
    assert_eq!(base.uncertainty.benchmark, 0.15);
    assert!(scenario.uncertainty_is_preset);
    assert_eq!(base.rules.min_spend, 0.9);
    for (stage, mix) in [
        (Stage::Awareness, [0.2, 0.3, 0.3, 0.2, 0.0]),
        (Stage::Growth, [0.1, 0.2, 0.4, 0.3, 0.0]),
        (Stage::Maturity, [0.05, 0.15, 0.5, 0.3, 0.0]),
        (Stage::Custom, [0.0; 5]),
    ] {
        assert_eq!(presets::stage_mix(stage), mix);
    }
    let affiliate = &base.cells[2].terms;
    assert_eq!(
        (
            affiliate.fee,
            affiliate.commission,
            affiliate.delivery,
            affiliate.hours
        ),
        (0.3, 0.15, 0.9, 2.0)
    );
}

#[test]
fn origins_name_file_preset_default_and_flag() {
    let scenario = try_read(
        &with_head("[tiers.mid]\nfee = 2_000\n"),
        &set(&[("order.margin", "0.5"), ("description", "in two words")]),
    )
    .expect("valid");
    let location = entry(&scenario, "tiers.mid.fee")
        .origin
        .location()
        .cloned()
        .unwrap();
    assert_eq!((location.line, location.column), (5, 7));
    assert_eq!(
        entry(&scenario, "tiers.mid.followers").origin,
        Origin::Preset(Assumption::Playbook)
    );
    assert_eq!(
        entry(&scenario, "tiers.mid.max_creators").origin,
        Origin::Preset(Assumption::Assumption)
    );
    assert_eq!(
        entry(&scenario, "diversity.tolerance").origin,
        Origin::Default
    );
    assert_eq!(
        entry(&scenario, "order.margin").origin,
        Origin::CommandLine("--set order.margin=0.5".to_owned())
    );
    assert_eq!(scenario.description.as_deref(), Some("in two words"));
    assert_eq!(scenario.base.order.margin, 0.5);
    assert_eq!(entry(&scenario, "tiers.mid.fee").value, "2000");
}

#[test]
fn resolved_scenario_reads_back_as_itself() {
    for text in [EXAMPLE.to_owned(), with_head(""), starter("x").unwrap()] {
        let scenario = read(&text);
        let mut again = String::new();
        for entry in scenario.entries() {
            let list = ["wave.", "constraint."].map(|list| entry.key.starts_with(list));
            if !entry.key.starts_with("what_if.") && list == [false, false] {
                writeln!(again, "{} = {}", entry.key, entry.value).unwrap();
            }
        }
        // Entries of lists stand under their names, by which the command line reaches them.
        for list in ["wave", "constraint"] {
            if let Some(entries) = scenario.resolved.get(list) {
                again += &toml::to_string(&serde_json::json!({ list: entries })).unwrap();
            }
        }
        // Nested keys of one table may stand apart in this listing, which TOML allows in dotted form.
        let second = read(&again);
        // Written out, a preset is a figure of the user's own.
        let cells = |s: &Scenario| {
            let mut cells = s.base.cells.clone();
            for cell in &mut cells {
                cell.assumed = false;
            }
            cells
        };
        assert_eq!(cells(&second), cells(&scenario));
        assert!(scenario.base.cells.iter().any(|cell| cell.assumed));
        assert_eq!(second.base.tiers, scenario.base.tiers);
        let bands = |s: &Scenario| {
            s.base
                .rules
                .tier_budget_share
                .iter()
                .map(|b| b.as_ref().map(|b| (b.low, b.high, b.asked)))
                .collect::<Vec<_>>()
        };
        assert_eq!(bands(&second), bands(&scenario));
        let keys = |s: &Scenario| {
            s.resolved
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert!(keys(&scenario).starts_with(&["schema".to_owned(), "name".to_owned()]));
    }
}

#[test]
fn what_ifs_change_only_what_they_say() {
    let scenario = minimal(
        "counts = { \"mid.sponsored\" = 5 }\nstage = \"maturity\"\n[targets]\nroas = { at_least = 3, with = 0.8 }\n\
         [[what_if]]\nname = \"dear\"\nbudget = 900_000\ntargets.roas.at_least = 4\ntiers.mid.fee = 9_000\n\
         [[what_if]]\nname = \"other counts\"\ncounts = { \"macro.sponsored\" = 2 }\n\
         [[what_if]]\nname = \"by benchmark\"\ntiers.mid.benchmark.cpa = 40\n\
         [[what_if]]\nname = \"profit\"\nobjective = \"profit\"\nuncertainty = \"none\"\n",
    );
    let [dear, other, benchmark, profit] = scenario.what_ifs.as_slice() else {
        panic!("four what-ifs");
    };
    assert_eq!(dear.rules.budget, 900_000.0);
    assert_eq!(scenario.base.rules.budget, 600_000.0);
    assert_eq!(dear.targets[0].bound, Bound::AtLeast(4.0));
    assert_eq!(dear.targets[0].with, Some(0.8));
    assert_eq!(dear.tiers[2].fee, Distribution::Certain(9000.0));
    // The base's counts hold in what-ifs that set none, and are replaced whole by others.
    assert_eq!(dear.counts, scenario.base.counts);
    near(other.counts.as_ref().unwrap().iter().sum(), 2.0);
    assert!(matches!(benchmark.tiers[2].basis, Basis::Benchmark(_)));
    assert!(matches!(scenario.base.tiers[2].basis, Basis::Followers(_)));
    assert_eq!(profit.rules.min_spend, 0.0);
    assert_eq!(profit.uncertainty, Uncertainty::NONE);
    assert_eq!(scenario.base.rules.min_spend, 0.9);
}

#[test]
fn min_spend_of_the_file_stands_for_profit_too() {
    let scenario = minimal("objective = \"profit\"\n[diversity]\nmin_spend = 0.5\n");
    assert_eq!(scenario.base.rules.min_spend, 0.5);
    assert_eq!(
        minimal("objective = \"profit\"\n").base.rules.min_spend,
        0.0
    );
}

#[test]
fn the_nearest_terms_hold() {
    let terms = |more: &str, tier: &str| {
        let base = minimal(more).base;
        (0..base.cells.len())
            .find(|&i| {
                let key = base.key(i);
                key.tier == tier && key.partnership == "ambassador"
            })
            .map(|i| base.cells[i].terms.clone())
            .unwrap()
    };
    // A fee amount in the file replaces the preset fee; a tier's own fee replaces that again.
    let amount = "[partnerships.ambassador]\nfee_amount = 2_000\n";
    assert_eq!(terms(amount, "mid").fee_amount, Some(2000.0));
    let own = format!("{amount}[tiers.micro.partnership.ambassador]\nfee = 0.7\n");
    assert_eq!(terms(&own, "micro").fee_amount, None);
    near(terms(&own, "micro").fee, 0.7);
    assert_eq!(terms(&own, "mid").fee_amount, Some(2000.0));
}

#[test]
fn targets_take_numbers_and_tables() {
    let scenario = minimal(
        "[targets]\nspend = 500_000\nrevenue = \"1m\"\ncpm = 30\nroi = -0.2\n\
         conversions = { at_most = 10, enforce = true }\n",
    );
    let of = |metric: Metric| {
        scenario
            .base
            .targets
            .iter()
            .find(|t| t.metric == metric)
            .unwrap()
    };
    assert_eq!(of(Metric::Spend).bound, Bound::AtMost(500_000.0));
    assert_eq!(of(Metric::Revenue).bound, Bound::AtLeast(1e6));
    assert_eq!(of(Metric::Cpm).bound, Bound::AtMost(30.0));
    assert_eq!(of(Metric::Roi).bound, Bound::AtLeast(-0.2));
    assert_eq!(of(Metric::Conversions).bound, Bound::AtMost(10.0));
    assert!(of(Metric::Conversions).enforce);
}

#[test]
fn undefined_judged_targets_and_idle_tables_warn() {
    let scenario = minimal(
        "[targets]\ncpe = 3\n[tiers]\nuse = [\"mid\", \"micro\"]\n[tiers.mid]\nbenchmark = { cpa = 40 }\n\
         [tiers.mega]\nmax_creators = 1\n[[constraint]]\nname = \"a\"\ncount = { mega = 1 }\nmax = 0\n",
    );
    let all = scenario.warnings.join("\n");
    assert!(
        all.contains("targets.cpe is undefined in plans with mid"),
        "{all}"
    );
    assert!(all.contains("[tiers.mega] has no effect"), "{all}");
    assert!(all.contains("names no offered cell"), "{all}");
}

#[test]
fn free_lifts_supply_where_something_else_bounds() {
    let free = "[tiers.nano]\nmax_creators = \"free\"\n";
    assert_eq!(minimal(free).base.tiers[4].max_creators, None);
    let costless = format!("{free}[partnerships.seeding]\nproduct_cost = 0\n");
    assert!(refused(&costless).contains("nano.seeding costs nothing"));
    for bound in [
        "[diversity]\nmax_creators = 900\n",
        "[operations]\nhours_per_month = 500\n",
        "[[constraint]]\nname = \"a\"\ncount = { \"*.seeding\" = 1 }\nmax = 9\n",
        "[diversity]\npartnership_share.seeding = [0, 0.4]\n",
    ] {
        minimal(&format!("{costless}{bound}"));
    }
    minimal(&format!("counts = {{ \"nano.seeding\" = 3 }}\n{costless}"));
}

#[test]
fn the_starter_is_valid() {
    let text = starter("spring-2027").unwrap();
    assert_eq!(read(&text).name, "spring-2027");
    // It has a plan: these counts, found by hand, keep every rule.
    let scenario = read(&text);
    for (model, wanted) in scenario
        .models()
        .zip([[4.0, 58.0, 170.0], [4.0, 49.0, 220.0]])
    {
        let units = valuation::units(model);
        let counts: Vec<f64> = (0..model.cells.len())
            .map(|i| match model.key(i).to_string().as_str() {
                "macro.sponsored" => wanted[0],
                "mid.sponsored" => wanted[1],
                "micro.sponsored" => wanted[2],
                _ => 0.0,
            })
            .collect();
        for rule in constraints(model, &units) {
            let value = rule.form.value(&counts).expect("a value");
            let fits = rule.low.is_none_or(|low| value >= low)
                && rule.high.is_none_or(|high| value <= high);
            assert!(
                fits,
                "{}: {value} in {:?} to {:?}",
                rule.name, rule.low, rule.high
            );
        }
    }
    assert!(starter("Spring 2027").is_err());
    assert!(starter("").is_err());
}

#[test]
fn colours_only_when_asked() {
    let problems = try_read("budget = 0", &Overrides::default()).expect_err("refused");
    assert!(!problems.render(false).contains('\u{1b}'));
    assert!(problems.render(true).contains('\u{1b}'));
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_read() {
    let text = format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"));
    assert_eq!(read(&text).base.cells, read(EXAMPLE).base.cells);
}

#[test]
fn reading_is_quick() {
    let begun = std::time::Instant::now();
    for _ in 0..20 {
        read(EXAMPLE);
    }
    let each = begun.elapsed() / 20;
    assert!(each < std::time::Duration::from_millis(200), "{each:?}");
}
