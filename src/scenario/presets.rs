//! The embedded presets.

use super::keys::{Field, ROOT, TIERS, UNCERTAINTY};
use super::problem::Fault;
use super::source::{Kind, Mark, Sources};
use super::tree::{self, Item, Node, Value, overlay};
use super::{structure, value};
use crate::model::{Assumption, Stage};

const TEXT: &str = include_str!("presets.toml");
const NAME: &str = "presets.toml";

/// The presets as trees of scenario keys.
pub(super) struct Presets {
    /// Playbook, assumptions and defaults, laid over each other.
    pub(super) base: Node,
    /// On top of the base where the objective is profit.
    pub(super) profit: Node,
    /// Under the `[incidents]` of a file that has them.
    pub(super) incidents: Node,
    /// The figures of `incidents = "cautious"`.
    pub(super) cautious: Node,
    /// What tables leave out where they are given.
    pub(super) given: [Node; 3],
    /// What lead times by step leave out.
    pub(super) lead: Node,
    /// What every ambassador level leaves out.
    pub(super) level: Node,
    /// What every wave leaves out.
    pub(super) wave: Node,
    /// What `trials` leaves out beside `best`.
    pub(super) best: Node,
    /// What is wrong with the embedded file; a test holds it empty.
    pub(super) faults: Vec<Fault>,
}

/// Reads the embedded presets with the code that reads scenario files.
pub(super) fn load(sources: &mut Sources) -> Presets {
    let mut faults = Vec::new();
    let mut part = |name: &str, kind: Kind| {
        let source = sources.add(NAME, kind, TEXT);
        let mut root = tree::parse(source, sources, TEXT, &mut faults);
        let mark = root.mark;
        let mut node = root.remove(name).unwrap_or(Node::empty_table(mark));
        structure::check(&mut node, &mut faults);
        node
    };
    let mut base = part("playbook", Kind::Preset(Assumption::Playbook));
    let assumption = part("assumption", Kind::Preset(Assumption::Assumption));
    let default = part("default", Kind::Default);
    let profit = part("profit", Kind::Default);
    let incidents = part("incidents", Kind::Default);
    let cautious = part("cautious", Kind::Preset(Assumption::Assumption));
    let given = [
        part("given", Kind::Default),
        part("given_playbook", Kind::Preset(Assumption::Playbook)),
        part("given_assumption", Kind::Preset(Assumption::Assumption)),
    ];
    let lead = part("lead", Kind::Preset(Assumption::Playbook));
    let best = part("best", Kind::Default);
    let source = sources.add(NAME, Kind::Default, TEXT);
    let mut root = tree::parse(source, sources, TEXT, &mut Vec::new());
    let mark = root.mark;
    let [level, wave] =
        ["level", "wave"].map(|name| root.remove(name).unwrap_or(Node::empty_table(mark)));
    overlay(&mut base, &assumption, ROOT);
    overlay(&mut base, &default, ROOT);
    Presets {
        base,
        profit,
        incidents,
        cautious,
        given,
        lead,
        level,
        wave,
        best,
        faults,
    }
}

/// The figures that a word for a whole table stands for: a preset's own, others marked as given;
/// `None` for words that stand for none.
pub(super) fn figures(presets: &Presets, key: &str, word: &str, mark: Mark) -> Option<Node> {
    let figures = match (key, word) {
        ("uncertainty", "none") => zeros(UNCERTAINTY, mark),
        ("risk", "none") => nones(&["cvar", "probability", "objective"], mark),
        ("incidents", "cautious") => presets.cautious.get("incidents")?.clone(),
        _ => return None,
    };
    Some(figures)
}

fn zeros(fields: &[Field], mark: Mark) -> Node {
    let item = |field: &Field| Item {
        key: field.name.to_owned(),
        key_mark: mark,
        node: Node {
            value: Value::Whole(0),
            mark,
        },
    };
    Node {
        value: Value::Table(fields.iter().map(item).collect()),
        mark,
    }
}

fn nones(keys: &[&str], mark: Mark) -> Node {
    let item = |key: &&str| Item {
        key: (*key).to_owned(),
        key_mark: mark,
        node: Node {
            value: Value::Text("none".to_owned()),
            mark,
        },
    };
    Node {
        value: Value::Table(keys.iter().map(item).collect()),
        mark,
    }
}

/// A stage's shares of the budget, in the order of [`TIERS`]; all 0 for custom.
pub(super) fn stage_mix(stage: Stage) -> [f64; 5] {
    let mut sources = Sources::default();
    let source = sources.add(NAME, Kind::Preset(Assumption::Playbook), TEXT);
    let root = tree::parse(source, &sources, TEXT, &mut Vec::new());
    let share = |tier: &str| {
        root.at(&["stages", stage.name(), tier])
            .filter(|n| !matches!(n.value, Value::Bad))
            .and_then(|n| value::number(n).ok())
            .unwrap_or(0.0)
    };
    let mut mix = [0.0; 5];
    for (slot, tier) in mix.iter_mut().zip(TIERS) {
        *slot = share(tier);
    }
    mix
}
