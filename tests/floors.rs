//! The house: a file imports only from lower floors, and rooms of one floor do not know each other.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by floor, from the ground up.
const FLOORS: [&[&str]; 7] = [
    &["units", "stats", "rng"],
    &["distribution"],
    &["model"],
    &["scenario", "roster", "optimizer", "simulator"],
    &[
        "summary",
        "comparison",
        "rebalancing",
        "judging",
        "ranking",
        "individuals",
        "risk_words",
        "sensitivity",
        "frontier",
        "forecast",
        "posting",
        "recruiting",
        "actuals",
    ],
    &["engine", "batch"],
    &["report", "export"],
];

/// Rooms of one floor that build on another of the same floor, each for a stated reason.
const STAIRS: [(&str, &str); 6] = [
    // They read the summary's rows, which know nothing of them.
    ("comparison", "summary"),
    ("judging", "summary"),
    ("frontier", "summary"),
    // Months' money has the estimates and errors that totals have.
    ("forecast", "summary"),
    // The forecast beside plan and actuals is the summary's.
    ("actuals", "summary"),
    // A batch is many runs of the engine.
    ("batch", "engine"),
];

fn floor(room: &str) -> Option<usize> {
    if room == "cli" || room == "main" {
        return Some(FLOORS.len());
    }
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The product's files: all of the source tree but what only tests compile.
fn files() -> Vec<PathBuf> {
    let mut all = Vec::new();
    walk(&source(), &mut all);
    let tests: Vec<PathBuf> = all.iter().flat_map(|path| test_modules(path)).collect();
    assert!(!tests.is_empty(), "test modules are not recognized");
    all.retain(|path| {
        !tests
            .iter()
            .any(|module| path.starts_with(module) || *path == module.with_extension("rs"))
    });
    assert!(all.len() > 40, "the source tree was not found");
    all
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The folders of the modules that a file declares under `#[cfg(test)]`.
fn test_modules(path: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(path).unwrap();
    let stem = path.file_stem().unwrap();
    let folder = if stem == "mod" || stem == "lib" || stem == "main" {
        path.parent().unwrap().to_owned()
    } else {
        path.with_extension("")
    };
    text.split("#[cfg(test)]\n")
        .skip(1)
        .filter_map(|after| {
            let name = after.lines().next()?.strip_suffix(';')?;
            let (_, name) = name.rsplit_once("mod ")?;
            Some(folder.join(name))
        })
        .collect()
}

/// The code of a file without comments and without its test module.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The words that stand where a path goes on: one, or those after a brace and after each comma at its level.
fn heads(rest: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        let text = text.trim_start();
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(list) = rest.strip_prefix('{') else {
        return vec![word(rest)];
    };
    let mut depth = 0;
    let mut begins = vec![0];
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins.push(at + 1),
            _ => {}
        }
    }
    begins.iter().map(|&at| word(&list[at..])).collect()
}

/// How many modules lie between the crate's root and what a file holds, itself included.
fn depth(inside: &Path) -> usize {
    let named = inside.file_stem().is_some_and(|stem| stem != "mod");
    inside.components().count() - usize::from(!named)
}

/// Rooms that a file names: by `crate::room`, in the binary by `influencer_matrix::room`, or by as many `super::` as
/// lead out of its own.
fn named(code: &str, inside: &Path) -> Vec<String> {
    let mut rooms = Vec::new();
    for prefix in ["crate::", "influencer_matrix::"] {
        for (at, _) in code.match_indices(prefix) {
            rooms.extend(heads(&code[at + prefix.len()..]));
        }
    }
    let mut rest = code;
    while let Some(at) = rest.find("super::") {
        rest = &rest[at..];
        let mut climbed = 0;
        while let Some(after) = rest.strip_prefix("super::") {
            (rest, climbed) = (after, climbed + 1);
        }
        if climbed >= depth(inside) {
            rooms.extend(heads(rest));
        }
    }
    rooms.retain(|room| floor(room).is_some());
    rooms
}

#[test]
fn paths_that_lead_out_of_a_room_are_seen() {
    let rooms = |code: &str, inside: &str| named(code, Path::new(inside));
    assert_eq!(
        rooms("use crate::{model::{a, b}, units};", "stats/tail.rs"),
        ["model", "units"]
    );
    assert_eq!(rooms("use super::engine::x;", "units.rs"), ["engine"]);
    assert_eq!(rooms("use super::report::x;", "model/mod.rs"), ["report"]);
    assert_eq!(
        rooms("super::super::{export::a, rng}", "model/plan.rs"),
        ["export", "rng"]
    );
    assert_eq!(rooms("use super::scenario::x;", "model/plan.rs"), [""; 0]);
    assert_eq!(rooms("pub(in super::super) fn f()", "a/b.rs"), [""; 0]);
}

#[test]
fn imports_only_go_down() {
    let src = source();
    let mut climbs = Vec::new();
    for path in files() {
        let inside = path.strip_prefix(&src).unwrap();
        let room = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .trim_end_matches(".rs")
            .to_owned();
        if room == "lib" {
            continue;
        }
        let here = floor(&room).unwrap_or_else(|| panic!("{} is on no floor", inside.display()));
        for other in named(&code(&path), inside) {
            let there = floor(&other).unwrap();
            let allowed =
                there < here || other == room || STAIRS.contains(&(room.as_str(), other.as_str()));
            if !allowed {
                climbs.push(format!(
                    "{} (floor {here}) imports {other} (floor {there})",
                    inside.display()
                ));
            }
        }
    }
    assert!(climbs.is_empty(), "{}", climbs.join("\n"));
}

#[test]
fn only_their_rooms_name_the_libraries() {
    let src = source();
    let all = files();
    for (library, room) in [
        ("good_lp", "optimizer/backend.rs"),
        ("microlp", "optimizer/backend.rs"),
        ("clarabel", "optimizer/backend.rs"),
        ("toml", "scenario"),
        ("codespan_reporting", "scenario"),
        ("polars", "export"),
        ("rust_xlsxwriter", "export"),
        ("ics", "export"),
        ("csv_core", "roster"),
        ("encoding_rs", "roster"),
        ("clap", "cli"),
        ("ctrlc", "cli"),
        ("indicatif", "cli"),
    ] {
        for path in &all {
            let inside = path
                .strip_prefix(&src)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            let names = code(path).contains(&format!("{library}::"));
            assert!(
                !names || inside.starts_with(room),
                "{inside} names {library}, which belongs to {room}"
            );
        }
    }
}

#[test]
fn nothing_below_the_cli_prints_or_exits() {
    let src = source();
    for path in files() {
        let inside = path
            .strip_prefix(&src)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if inside.starts_with("cli") || inside == "main.rs" {
            continue;
        }
        let code = code(&path);
        for word in [
            "println!",
            "eprintln!",
            "print!(",
            "process::exit",
            "std::env",
        ] {
            assert!(!code.contains(word), "{inside} uses {word}");
        }
    }
}

#[test]
fn the_maps_show_every_room_on_its_floor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = fs::read_to_string(source().join("lib.rs")).unwrap();
    let house = fs::read_to_string(root.join("docs/design/house.md")).unwrap();
    // A floor of the plan: its line and those below it that are indented.
    let plan: Vec<&str> = house.split("```").nth(1).unwrap().lines().collect();
    for (floor, rooms) in FLOORS.iter().enumerate() {
        let row = map
            .lines()
            .find(|line| line.starts_with(&format!("//! | {floor} |")));
        let row = row.unwrap_or_else(|| panic!("lib.rs has no floor {floor}"));
        let first = plan
            .iter()
            .position(|line| line.starts_with(&floor.to_string()));
        let first = first.unwrap_or_else(|| panic!("house.md has no floor {floor}"));
        let own = plan[first + 1..].iter().take_while(|l| l.starts_with(' '));
        let words: Vec<&str> = std::iter::once(&plan[first])
            .chain(own)
            .flat_map(|line| line.split_whitespace())
            .map(|word| word.trim_end_matches('/'))
            .collect();
        for room in *rooms {
            assert!(row.contains(&format!("[`{room}`]")), "lib.rs, {room}");
            assert!(words.contains(room), "house.md, {room}");
        }
    }
}
