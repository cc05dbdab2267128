use super::*;

fn model() -> Model {
    let mut model = crate::fixture::model("base", false);
    model.start = Some((2026, 7));
    model.months = 3;
    model.horizon = crate::model::Horizon::equal(3);
    model
}

fn told(text: &str) -> String {
    read_actuals(text, &model()).unwrap_err().render("a.csv")
}

const HEAD: &str =
    "month,tier,partnership,spend,impressions,engagements,clicks,conversions,revenue\n";

#[test]
fn messy_figures_are_understood() {
    let text = format!(
        "\u{feff}{HEAD}2026-07,Mid,sponsored,\"¥12,345\",3.5k,N/A,,\"1,234\",\"98,765.50\"\r\n\r\n1,micro , affiliate,200,,,,0,0\r\n"
    );
    let found = read_actuals(&text, &model()).unwrap();
    assert_eq!(found.months, 1);
    let [mid, micro] = &found.rows[..] else {
        panic!("two rows")
    };
    assert_eq!((mid.month, mid.tier, mid.partnership), (0, 1, 0));
    assert_eq!(mid.spend, 12_345.0);
    assert_eq!(mid.impressions, Some(3_500.0));
    assert_eq!((mid.engagements, mid.clicks, mid.count), (None, None, None));
    assert_eq!((mid.conversions, mid.revenue), (1234.0, 98_765.5));
    assert_eq!((micro.tier, micro.partnership, micro.spend), (2, 1, 200.0));
    // Semicolons, and only the columns that are needed.
    let text = "Month;Tier;Partnership;Count;Spend (CNY);Conversions;Revenue\n1;mid;sponsored;4;1.234,5;7;1.000,0\n";
    let found = read_actuals(text, &model()).unwrap();
    assert_eq!(found.rows[0].count, Some(4.0));
    assert_eq!(
        (found.rows[0].spend, found.rows[0].revenue),
        (1234.5, 1000.0)
    );
}

#[test]
fn every_problem_has_its_place() {
    let text = format!(
        "{HEAD}1,mdi,sponsored,1,1,1,1,1,1\n4,mid,sponsored,1,1,1,1,1,1\n1,mid,sponsored,-5,1,1,1,1,x\n"
    );
    let found = told(&text);
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines.len(), 4, "{found}");
    assert!(
        lines[0].starts_with("a.csv:2:3: there is no tier \"mdi\"")
            && lines[0].contains("did you mean mid?")
    );
    assert!(lines[1].starts_with("a.csv:3:1: there is no month 4"));
    assert!(lines[2].starts_with("a.csv:4:17: spend can't be below 0"));
    assert!(lines[3].starts_with("a.csv:4:28: revenue: \"x\" is no number"));
}

#[test]
fn structure_is_judged() {
    let row = "mid,sponsored,1,1,1,1,1,1\n";
    assert!(told("").contains("a.csv:1:1: the file is empty"));
    assert!(told(HEAD).contains("a.csv:1:1: there are no rows"));
    assert!(
        told(&format!("{HEAD}2,{row}"))
            .starts_with("a.csv:2:1: month 2 is here, but month 1 has no rows")
    );
    assert!(told(&format!("{HEAD}1,{row}3,{row}")).contains("month 2 has no rows"));
    let twice = told(&format!("{HEAD}1,{row}1,{row}"));
    assert!(
        twice.starts_with("a.csv:3:1: month 1, mid and sponsored stand in line 2 already"),
        "{twice}"
    );
    assert!(
        told(&format!("{HEAD}2025-07,{row}"))
            .contains("2025-07 is not in the scenario, which has 3 months from 2026-07")
    );
    assert!(told(&format!("{HEAD}soon,{row}")).contains("\"soon\" is no month"));
    let extra = told(&format!("{HEAD}1,mid,sponsored,1,234,1,1,1,1,1\n"));
    assert!(extra.starts_with("a.csv:2:31: more fields than"), "{extra}");
    let unknown = told("month,tier,partnership,spend,conversions,revnue\n");
    assert!(
        unknown.contains("a.csv:1:42: there is no column \"revnue\"; did you mean revenue?"),
        "{unknown}"
    );
    assert!(unknown.contains("the header lacks the columns revenue"));
    let blank = told(&format!("{HEAD}1,mid,sponsored,,1,1,1,1,1\n"));
    assert!(
        blank.starts_with("a.csv:2:17: spend is not known here"),
        "{blank}"
    );
    let mut dateless = model();
    dateless.start = None;
    let found = read_actuals(&format!("{HEAD}2026-07,{row}"), &dateless).unwrap_err();
    assert!(found.0[0].text.contains("the scenario names no start"));
    dateless
        .cells
        .retain(|cell| !(cell.tier == 1 && cell.partnership == 1));
    let found = read_actuals(&format!("{HEAD}1,mid,affiliate,1,1,1,1,1,1\n"), &dateless);
    assert!(
        found.unwrap_err().0[0]
            .text
            .contains("mid.affiliate is not offered")
    );
}

/// Cut and shuffled bytes end in rows or problems, never in a panic.
#[test]
fn garbage_ends_in_problems() {
    let whole = format!(
        "{HEAD}1,mid,sponsored,\"1,2\n34\",1,1,1,1,1\n1,\"mi\"\"cro\",affiliate,1,,,,1,1\n"
    );
    let bytes: Vec<char> = whole.chars().collect();
    for cut in 0..bytes.len() {
        let head: String = bytes[..cut].iter().collect();
        let tail: String = bytes[cut..].iter().rev().collect();
        for text in [head.clone(), tail.clone(), format!("{tail}{head}")] {
            if let Err(problems) = read_actuals(&text, &model()) {
                assert!(!problems.0.is_empty());
                assert!(problems.0.iter().all(|p| p.line > 0 && p.column > 0));
            }
        }
    }
}
