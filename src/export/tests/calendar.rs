use std::collections::HashSet;

use super::written::record;
use crate::engine::RunResult;
use crate::export::{
    Description, PlanPosts, calendar_csv, calendar_ics, calendar_warnings, names, write_files,
};
use crate::fixture;
use crate::model::Horizon;
use crate::posting;

const NAME: &str = "=skin,care; \\ \"x\"\r\nBEGIN:VEVENT\u{7} 护肤护肤护肤护肤护肤护肤护肤护肤护肤护肤护肤护肤护肤";

/// Two months of a category whose name is made to break files.
fn run() -> RunResult {
    let mut result = fixture::result(true);
    for plan in &mut result.plans {
        plan.model.months = 2;
        plan.model.horizon = Horizon::equal(2);
        plan.model.categories[0].name = NAME.to_owned();
        let one = plan.plan.counts.row(0).to_owned();
        plan.plan.counts = ndarray::stack![ndarray::Axis(0), one, one];
    }
    result
}

fn base<'a>(result: &'a RunResult, posts: &'a [posting::Post]) -> PlanPosts<'a> {
    let first = &result.plans[0];
    PlanPosts {
        model: &first.model,
        plan: &first.plan,
        posts,
    }
}

/// Lines of a file as a reader sees them: unfolded, each a name and a value with escapes undone (RFC 5545, 3.1 and 3.3.11).
fn lines(text: &str) -> Vec<(String, String)> {
    let value = |raw: &str| {
        let mut out = String::new();
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n' | 'N') => out.push('\n'),
                    Some(c @ (',' | ';' | '\\')) => out.push(c),
                    other => panic!("escaped {other:?}"),
                },
                c => out.push(c),
            }
        }
        out
    };
    text.replace("\r\n ", "")
        .split_terminator("\r\n")
        .map(|line| {
            let (name, raw) = line.split_once(':').unwrap();
            (name.to_owned(), value(raw))
        })
        .collect()
}

#[test]
fn names_break_no_calendar() {
    let result = run();
    let first = &result.plans[0];
    let posts = posting::calendar(&first.model, &first.plan).unwrap();
    assert_eq!(posts.len(), 2 * 112);
    let text = calendar_ics(&result.scenario, base(&result, &posts)).unwrap();
    assert_eq!(
        text,
        calendar_ics(&result.scenario, base(&result, &posts)).unwrap()
    );
    for line in text.split("\r\n") {
        assert!(
            line.len() <= 75 && !line.contains(|c: char| c.is_control()),
            "{line:?}"
        );
    }
    let lines = lines(&text);
    let of = |name: &str| -> Vec<&str> {
        lines
            .iter()
            .filter(|l| l.0 == name)
            .map(|l| l.1.as_str())
            .collect()
    };
    assert_eq!(of("BEGIN").len(), posts.len() + 1);
    assert_eq!(of("UID").iter().collect::<HashSet<_>>().len(), posts.len());
    let plain: String = NAME
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let summaries = of("SUMMARY");
    let begins = of("DTSTART");
    for (i, post) in posts.iter().enumerate() {
        let key = first.model.key(post.cell).to_string().replace(NAME, &plain);
        assert_eq!(
            summaries[i],
            format!("{key} #{}, post {}", post.creator, post.number)
        );
        let date = posting::date(&first.model, post.month, post.day)
            .unwrap()
            .to_string();
        assert_eq!(
            begins[i],
            format!(
                "{}T{}00",
                date.replace('-', ""),
                post.time().replace(':', "")
            )
        );
    }
    assert!(
        of("DTSTAMP")
            .iter()
            .all(|&stamp| stamp == "19700101T000000Z")
    );
}

/// A post keeps its identifier when others come and go.
#[test]
fn identifiers_are_stable() {
    let result = run();
    let mut more = run();
    more.plans[0].plan.counts[[0, 1]] = 3.0;
    let uids = |result: &RunResult| -> HashSet<String> {
        let first = &result.plans[0];
        let posts = posting::calendar(&first.model, &first.plan).unwrap();
        let text = calendar_ics(&result.scenario, base(result, &posts)).unwrap();
        lines(&text)
            .into_iter()
            .filter(|l| l.0 == "UID")
            .map(|l| l.1)
            .collect()
    };
    let (few, many) = (uids(&result), uids(&more));
    assert_eq!(many.len(), few.len() + 3);
    assert!(few.is_subset(&many));
}

#[test]
fn names_are_no_formulas_in_csv() {
    let mut result = run();
    result.plans[0].plan.name = "@base".to_owned();
    let first = &result.plans[0];
    let posts = posting::calendar(&first.model, &first.plan).unwrap();
    let text = calendar_csv(base(&result, &posts));
    assert_eq!(text.split_terminator("\r\n").count(), 1 + posts.len());
    let header = text.split("\r\n").next().unwrap();
    assert_eq!(
        header,
        "plan,month,day,date,weekday,time,slot,tier,partnership,category,region,wave,level,cell,creator,post"
    );
    for line in text.split_terminator("\r\n").skip(1) {
        assert!(line.starts_with("'@base,"), "{line}");
        assert!(
            line.contains(",\"'=skin,care; \\ \"\"x\"\"  BEGIN:VEVENT"),
            "{line}"
        );
    }
}

#[test]
fn runs_of_several_months_write_calendars() {
    let dir = tempfile::tempdir().unwrap();
    let write = |result: &RunResult, name: &str| {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        write_files(&folder, result, &Description::default(), &record()).unwrap();
        [names::CALENDAR, names::CALENDAR_CSV, names::CALENDAR_ICS]
            .map(|file| folder.join(file).exists())
    };
    assert_eq!(write(&run(), "dated"), [true; 3]);
    assert_eq!(write(&fixture::result(true), "month"), [false; 3]);
    let mut undated = run();
    for plan in &mut undated.plans {
        plan.model.start = None;
    }
    assert_eq!(write(&undated, "undated"), [true, true, false]);
    assert!(calendar_warnings(&undated).is_empty());
    undated.plans[1].plan.counts[[1, 0]] = 1e9;
    let warnings = calendar_warnings(&undated);
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].starts_with("no posting calendar for micro to 40%: the plan has"),
        "{warnings:?}"
    );
    assert_eq!(write(&undated, "far too many"), [true, true, false]);
}
