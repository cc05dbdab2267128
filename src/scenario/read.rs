//! From text and command line to a [`Scenario`].

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::counts::AssumedTerms;
use super::keys::ROOT;
use super::layers::compose;
use super::names::flatten;
use super::presets;
use super::problem::{Fault, Problems};
use super::reader::{FOLLOWERS_KEYS, Reader};
use super::source::{Kind, Mark, Sources};
use super::structure;
use super::tree::{self, Node, Value};
use super::value::{is_slug, short};
use super::write;
use crate::model::{Model, Origin, RosterSettings, Trials};

/// Largest file read, in bytes.
const LARGEST_FILE: u64 = 1 << 20;
/// Faults beyond which what-ifs are not read.
const MANY: usize = 200;
/// Most cells of all plans together.
const MOST_CELLS_IN_ALL: usize = 500_000;

/// A scenario, checked and resolved.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name, which names the output folder.
    pub name: String,
    /// A sentence for people.
    pub description: Option<String>,
    /// The file as the user named it.
    pub path: String,
    /// SHA-256 of the file's text, in hexadecimal.
    pub text_hash: String,
    /// Seed of the random numbers.
    pub seed: u64,
    /// How many trials to run.
    pub trials: Trials,
    /// The base.
    pub base: Model,
    /// The what-ifs, in the order of the file, those of the command line last.
    pub what_ifs: Vec<Model>,
    /// How a roster is read.
    pub roster: RosterSettings,
    /// Sentences the user should read.
    pub warnings: Vec<String>,
    /// Whether every figure of `[uncertainty]` is a preset.
    pub uncertainty_is_preset: bool,
    /// The whole resolved scenario, with presets and defaults, for manifest and `imatrix show`.
    pub resolved: Json,
    assumed_terms: Vec<AssumedTerms>,
    entries: Vec<Entry>,
    /// Text and overrides, to be read again.
    pub(super) read_from: Arc<(String, Overrides)>,
}

/// One resolved key.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Key path.
    pub key: String,
    /// Value as TOML text.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
}

impl Scenario {
    /// Partnership types with offered cells whose terms rest, in a part that matters, on an
    /// assumed preset, in the glossary's order.
    #[must_use]
    pub fn assumed_terms(&self) -> &[AssumedTerms] {
        &self.assumed_terms
    }

    /// Every key with a value, in the order of the contract; what-ifs last.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Base and what-ifs.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        std::iter::once(&self.base).chain(&self.what_ifs)
    }
}

/// What the command line adds to a file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--set KEY=VALUE` on the base.
    pub set: Vec<(String, String)>,
    /// `--seed`.
    pub seed: Option<u64>,
    /// `--trials`.
    pub trials: Option<u64>,
    /// More what-ifs: a name, and what each sets.
    pub what_if: Vec<(String, Vec<(String, String)>)>,
}

/// Reads a scenario file.
///
/// # Errors
/// All problems of the file: unreadable, too large (above 1 MiB), not UTF-8, not TOML, or against
/// the contract.
pub fn read_file(path: &Path, overrides: &Overrides) -> Result<Scenario, Problems> {
    let shown = path.display().to_string();
    let whole = |message: String| Problems::of_file(message, None);
    let metadata = std::fs::metadata(path).map_err(|e| whole(format!("{shown}: {e}")))?;
    if metadata.is_dir() {
        return Err(Problems::of_file(
            format!("{shown} is a folder, not a scenario file"),
            Some("imatrix batch runs every scenario of a folder".to_owned()),
        ));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|e| whole(format!("{shown}: {e}")))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(whole(format!(
            "{shown} is larger than 1 MiB, so it is hardly a scenario file"
        )));
    }
    match String::from_utf8(bytes) {
        Ok(text) => read_text(&shown, &text, overrides),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let before = &error.as_bytes()[..good];
            let line = before.split(|&b| b == b'\n').count();
            let start = before
                .iter()
                .rposition(|&b| b == b'\n')
                .map_or(0, |i| i + 1);
            let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
            Err(Problems::of_file(
                format!("{shown}:{line}:{column}: this byte is not UTF-8 text"),
                Some("save the file as UTF-8".to_owned()),
            ))
        }
    }
}

/// Reads the text of a scenario file; `name_for_messages` stands for its path.
///
/// # Errors
/// All problems of the text and the overrides, in the order of the text.
///
/// ```
/// use influencer_matrix::scenario::{self, Overrides};
///
/// let scenario = scenario::read_text(
///     "march.toml",
///     "schema = 1\nname = \"march\"\nbudget = 60_000\n",
///     &Overrides::default(),
/// )
/// .unwrap();
/// assert_eq!(scenario.base.rules.budget, 60_000.0);
///
/// let problems = scenario::read_text(
///     "march.toml",
///     "schema = 1\nname = \"march\"\nbudgte = 60_000\n",
///     &Overrides::default(),
/// )
/// .unwrap_err();
/// let problem = problems.iter().next().unwrap();
/// assert_eq!(problem.location.as_ref().unwrap().to_string(), "march.toml:3:1");
/// assert_eq!(problem.help.as_deref(), Some("the nearest valid key is budget"));
/// ```
pub fn read_text(
    name_for_messages: &str,
    text: &str,
    overrides: &Overrides,
) -> Result<Scenario, Problems> {
    if text.len() as u64 > LARGEST_FILE {
        return Err(Problems::of_file(
            format!("{name_for_messages} is larger than 1 MiB, so it is hardly a scenario file"),
            None,
        ));
    }
    let mut reading = Reading {
        sources: Sources::default(),
        faults: Vec::new(),
    };
    let scenario = reading.scenario(name_for_messages, text, overrides);
    match scenario {
        Some(scenario) if reading.faults.is_empty() => Ok(scenario),
        _ => Err(Problems::new(reading.faults, Arc::new(reading.sources))),
    }
}

pub(super) struct Reading {
    pub(super) sources: Sources,
    pub(super) faults: Vec<Fault>,
}

/// A what-if before it is laid over the base.
pub(super) struct WhatIf {
    pub(super) name: String,
    pub(super) changes: Node,
}

impl Reading {
    /// The file's own tree, its keys checked; and whether its text is not TOML.
    fn file(&mut self, path: &str, text: &str) -> (Node, bool) {
        let source = self.sources.add(path, Kind::File, text);
        let before = self.faults.len();
        let mut file = tree::parse(source, &self.sources, text, &mut self.faults);
        let broken = self.faults.len() > before;
        let headers: Option<usize> = self.faults[before..]
            .iter()
            .filter(|f| f.message.contains("unclosed"))
            .filter_map(|f| f.mark.map(|m| m.start))
            .min();
        structure::check(&mut file, &mut self.faults);
        if let Some(start) = headers {
            // Below a table header that does not close, keys stand in the wrong table.
            self.faults.retain(|f| {
                !f.message.starts_with("unknown key") || f.mark.is_none_or(|m| m.start < start)
            });
        }
        (file, broken)
    }

    fn scenario(&mut self, path: &str, text: &str, overrides: &Overrides) -> Option<Scenario> {
        let presets = presets::load(&mut self.sources);
        self.faults.extend(presets.faults.iter().cloned());
        let (file, broken) = self.file(path, text);
        let command = self.command_line(overrides, &presets, &file);

        let mut base = compose(&presets, &[&file, &command]);
        let listed = base.remove("what_if");
        base.mark = file.mark;
        let mut what_ifs = self.listed_what_ifs(listed.as_ref());
        self.typed_what_ifs(&presets, &overrides.what_if, &base, &mut what_ifs);
        self.distinct(&what_ifs);

        let meant: Vec<String> = self
            .faults
            .iter()
            .filter_map(|f| f.meant.as_deref().map(str::to_owned))
            .collect();
        let mut reader = Reader::new(&base, &self.sources);
        reader.meant.clone_from(&meant);
        if broken {
            // What a broken text lacks, it may have meant to say; only what it says is judged.
            reader.tainted = true;
        } else {
            reader.required();
        }
        let name = reader.text(&["name"]).unwrap_or_default();
        let description = reader.text(&["description"]);
        let (seed, trials) = (reader.seed(), reader.trials());
        let roster = reader.roster();
        let base_model = reader.model("base");
        let mut faults = reader.faults;
        let mut warnings = reader.warnings;
        let assumed_terms = reader.assumed_terms;
        // Sums and bounds of a what-if over a faulty base would only repeat its faults.
        let base_is_bad = !faults.is_empty() || !self.faults.is_empty();
        let mut models = Vec::new();
        let mut cells = base_model.cells.len();
        for what_if in &what_ifs {
            // What follows would repeat itself.
            if faults.len() > MANY {
                break;
            }
            if cells > MOST_CELLS_IN_ALL {
                faults.push(
                    Fault::at(
                        what_if.changes.mark,
                        "the plans of this file have too many cells together",
                    )
                    .expected(format!(
                        "expected at most {MOST_CELLS_IN_ALL} cells, plans times cells"
                    )),
                );
                break;
            }
            let mut merged = compose(&presets, &[&file, &command, &what_if.changes]);
            merged.remove("what_if");
            merged.mark = what_if.changes.mark;
            let mut reader = Reader::new(&merged, &self.sources);
            reader.tainted = base_is_bad;
            reader.meant.clone_from(&meant);
            let model = reader.model(&what_if.name);
            if !base_is_bad {
                reader.same_months(&model, &base_model);
            }
            cells += model.cells.len();
            models.push(model);
            for fault in reader.faults {
                // One fault of the base is said once, not for every what-if.
                if !faults
                    .iter()
                    .any(|f| f.mark == fault.mark && f.message == fault.message)
                {
                    faults.push(fault.of(&format!("what-if \"{}\"", short(&what_if.name))));
                }
            }
            for warning in reader.warnings {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        self.faults.extend(faults);
        if !self.faults.is_empty() {
            return None;
        }
        let uncertainty_is_preset = !flatten(&base, ROOT)
            .iter()
            .any(|(key, node)| key.starts_with("uncertainty") && self.sources.is_users(node.mark));
        let entries = self.entries(&base, &what_ifs);
        Some(Scenario {
            name,
            description,
            path: path.to_owned(),
            text_hash: hash(text),
            seed,
            trials,
            resolved: resolved(&base, &what_ifs),
            base: base_model,
            what_ifs: models,
            roster,
            warnings,
            uncertainty_is_preset,
            assumed_terms,
            entries,
            read_from: Arc::new((text.to_owned(), overrides.clone())),
        })
    }

    fn listed_what_ifs(&mut self, list: Option<&Node>) -> Vec<WhatIf> {
        let Some(Node {
            value: Value::Array(entries),
            ..
        }) = list
        else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for entry in entries {
            if matches!(entry.value, Value::Bad) {
                continue;
            }
            let name = match entry.get("name").map(|n| &n.value) {
                Some(Value::Text(name)) => name.clone(),
                Some(_) => String::new(),
                None if self.meant("what_if.name") => String::new(),
                None => {
                    self.faults.push(
                        Fault::at(entry.mark, "this what-if has no name")
                            .expected("add e.g. name = \"micro to 40%\""),
                    );
                    String::new()
                }
            };
            out.push(WhatIf {
                name,
                changes: entry.clone(),
            });
        }
        out
    }

    /// Whether a misspelled key probably meant this one.
    fn meant(&self, key: &str) -> bool {
        self.faults
            .iter()
            .any(|fault| fault.meant.as_deref() == Some(key))
    }

    fn distinct(&mut self, what_ifs: &[WhatIf]) {
        let mut seen: HashMap<&str, Mark> = HashMap::new();
        for what_if in what_ifs {
            let name = what_if.name.as_str();
            if name.is_empty() {
                continue;
            }
            let mark = what_if
                .changes
                .get("name")
                .map_or(what_if.changes.mark, |n| n.mark);
            if name == "base" {
                self.faults.push(
                    Fault::at(mark, "a what-if cannot be named \"base\"")
                        .expected("this is the name of the file's own plan"),
                );
            } else if let Some(first) = seen.insert(name, mark) {
                let first = self.sources.location(first);
                self.faults.push(
                    Fault::at(mark, format!("two what-ifs are named \"{}\"", short(name)))
                        .expected(format!("first at {first}")),
                );
            }
        }
    }

    fn entries(&self, base: &Node, what_ifs: &[WhatIf]) -> Vec<Entry> {
        let entry = |key: String, node: &Node| Entry {
            key,
            value: write::toml(node),
            origin: self.sources.origin(node.mark),
        };
        let mut out: Vec<Entry> = flatten(base, ROOT)
            .into_iter()
            .filter(|(key, _)| !is_ignored(key, base))
            .map(|(key, node)| entry(key, node))
            .collect();
        for what_if in what_ifs {
            for (key, node) in flatten(&what_if.changes, ROOT) {
                if key != "name" {
                    let name = super::names::quoted(&what_if.name);
                    out.push(entry(format!("what_if.{name}.{key}"), node));
                }
            }
        }
        out
    }
}

/// Whether a preset of the followers basis has no effect, its tier being on the benchmark basis.
fn is_ignored(key: &str, base: &Node) -> bool {
    let mut parts = key.split('.');
    parts.next() == Some("tiers")
        && parts
            .next()
            .is_some_and(|tier| base.at(&["tiers", tier, "benchmark"]).is_some())
        && parts.next().is_some_and(|k| FOLLOWERS_KEYS.contains(&k))
}

fn resolved(base: &Node, what_ifs: &[WhatIf]) -> Json {
    let mut base = base.clone();
    if let Value::Table(items) = &mut base.value
        && let Some(tiers) = items.iter_mut().find(|i| i.key == "tiers")
        && let Value::Table(tiers) = &mut tiers.node.value
    {
        for tier in tiers {
            if tier.node.get("benchmark").is_some() {
                for key in FOLLOWERS_KEYS {
                    tier.node.remove(key);
                }
            }
        }
    }
    let order: Vec<&str> = ROOT.iter().map(|f| f.name).collect();
    if let Value::Table(items) = &mut base.value {
        items.sort_by_key(|i| order.iter().position(|name| *name == i.key));
    }
    let mut json = write::json(&base);
    if let Json::Object(map) = &mut json
        && !what_ifs.is_empty()
    {
        let list = what_ifs
            .iter()
            .map(|w| {
                let mut entry = serde_json::Map::new();
                entry.insert("name".to_owned(), Json::String(w.name.clone()));
                if let Json::Object(changes) = write::json(&w.changes) {
                    entry.extend(changes.into_iter().filter(|(key, _)| key != "name"));
                }
                Json::Object(entry)
            })
            .collect();
        map.insert("what_if".to_owned(), Json::Array(list));
    }
    json
}

fn hash(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a text does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Whether a name can name a scenario.
pub(super) fn is_name(name: &str) -> bool {
    is_slug(name)
}
