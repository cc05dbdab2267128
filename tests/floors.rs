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

/// Rooms that a file names by `crate::room` or, in the binary, `influencer_matrix::room`.
fn named(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for prefix in ["crate::", "influencer_matrix::"] {
        for (at, _) in code.match_indices(prefix) {
            let rest = &code[at + prefix.len()..];
            if let Some(list) = rest.strip_prefix('{') {
                // `use crate::{a::B, c}`: the word after the brace and after each comma at its level.
                let mut depth = 0;
                let mut word = String::new();
                let mut head = true;
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            rooms.push(std::mem::take(&mut word));
                            head = true;
                        }
                        ':' => head = false,
                        c if head && (c.is_alphanumeric() || c == '_') => word.push(c),
                        _ => {}
                    }
                }
                rooms.push(word);
            } else {
                let word: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                rooms.push(word);
            }
        }
    }
    rooms.retain(|room| floor(room).is_some());
    rooms
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
        for other in named(&code(&path)) {
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
