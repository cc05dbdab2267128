//! The markets that benches plan: the maturity stage, cut into categories and regions.

use std::fmt::Write as _;

use influencer_matrix::model::Model;
use influencer_matrix::scenario::{self, Overrides};

fn read(text: &str) -> Model {
    match scenario::read_text("market.toml", text, &Overrides::default()) {
        Ok(scenario) => scenario.base,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// Segments of a kind whose factors differ, and a band for each: at least half and at most one and
/// a half times an equal share of the budget.
fn segments(bands: &mut String, tables: &mut String, one: &str, many: &str, names: &[String]) {
    for (i, name) in names.iter().enumerate() {
        let n = names.len() as f64;
        let (low, high) = (0.5 / n, (1.5 / n).min(1.0));
        writeln!(bands, "{one}_budget_share.{name} = [{low}, {high}]").unwrap();
        let fee = 1.0 + 0.07 * i as f64;
        let conversions = 1.0 + 0.05 * ((i * i + 1) % 5) as f64;
        writeln!(
            tables,
            "[segments.{many}.{name}]\nfee = {fee}\nconversion_rate = {conversions}"
        )
        .unwrap();
    }
}

fn numbered(kind: &str, n: u32) -> Vec<String> {
    (0..n).map(|i| format!("{kind}-{i}")).collect()
}

/// The maturity stage on a budget, with so many categories and regions: 13 cells for each pair.
pub(crate) fn market(budget: u32, categories: u32, regions: u32) -> Model {
    let mut text = format!(
        r#"
schema = 1
name = "maturity"
stage = "maturity"
budget = {budget}
tiers.use = ["mega", "macro", "mid", "micro"]
tiers.mega.partnerships = ["sponsored", "affiliate", "ambassador"]
tiers.mid.max_creators = 150
tiers.micro.max_creators = 600

[diversity]
partnership_share = {{ sponsored = [0.2, 0.5], affiliate = [0.2, 0.4], seeding = [0.1, 0.4], ambassador = [0.05, 0.15] }}
"#
    );
    let mut tables = String::new();
    let of = |kind, n| numbered(kind, n);
    segments(
        &mut text,
        &mut tables,
        "category",
        "categories",
        &of("category", categories),
    );
    segments(
        &mut text,
        &mut tables,
        "region",
        "regions",
        &of("region", regions),
    );
    read(&(text + &tables))
}

/// A matrix of five tiers, four types, so many categories, regions and periods, each period of a
/// region a segment of its own: 20 cells for each triple. Categories and segments have bands,
/// periods a cap and regions a least spend.
pub(crate) fn matrix(budget: u32, categories: u32, regions: u32, periods: u32) -> Model {
    let mut text = format!(
        r#"
schema = 1
name = "matrix"
stage = "maturity"
budget = {budget}
objective = "revenue"
"#
    );
    let supply = [
        ("mega", 6),
        ("macro", 30),
        ("mid", 150),
        ("micro", 600),
        ("nano", 1_500),
    ];
    for (tier, most) in supply {
        let most = most * budget.div_ceil(600_000);
        writeln!(
            text,
            r#"tiers.{tier}.partnerships = ["sponsored", "affiliate", "seeding", "ambassador"]
tiers.{tier}.max_creators = {most}"#
        )
        .unwrap();
    }
    text.push_str(
        r"
[diversity]
partnership_share = { sponsored = [0.2, 0.5], affiliate = [0.2, 0.4], seeding = [0.1, 0.4], ambassador = [0.05, 0.15] }
",
    );
    let places: Vec<String> = (0..regions)
        .flat_map(|r| (0..periods).map(move |p| format!("region-{r}-period-{p}")))
        .collect();
    let mut tables = String::new();
    segments(
        &mut text,
        &mut tables,
        "category",
        "categories",
        &numbered("category", categories),
    );
    segments(&mut text, &mut tables, "region", "regions", &places);
    let mut rule = |name: String, test: &dyn Fn(&str) -> bool, bound: String| {
        let terms: Vec<String> = places
            .iter()
            .filter(|place| test(place))
            .map(|place| format!("\"*.*.*.{place}\" = 1"))
            .collect();
        writeln!(
            tables,
            "[[constraint]]\nname = \"{name}\"\nspend = {{ {} }}\n{bound}",
            terms.join(", ")
        )
        .unwrap();
    };
    for r in 0..regions {
        let least = 0.6 * f64::from(budget) / f64::from(regions);
        let own = format!("region-{r}-");
        rule(
            format!("region {r}"),
            &|p| p.starts_with(&own),
            format!("min = {least}"),
        );
    }
    for period in 0..periods {
        let most = 1.2 * f64::from(budget) / f64::from(periods);
        let own = format!("period-{period}");
        rule(
            format!("period {period}"),
            &|p| p.ends_with(&own),
            format!("max = {most}"),
        );
    }
    read(&(text + &tables))
}
