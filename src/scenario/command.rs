//! What the command line adds: `--set`, `--seed`, `--trials` and typed what-ifs, as trees.

use super::layers::{amount, weights, weights_differ};
use super::presets::{self, Presets};
use super::problem::Fault;
use super::read::{Overrides, Reading, WhatIf};
use super::source::{Kind, Mark, Sources};
use super::structure;
use super::tree::{self, Item, Node, Value};
use super::value::short;
use super::{vary, write};

impl Reading {
    /// `--set`, `--seed` and `--trials` as one tree. `root` has the file's own lists.
    pub(super) fn command_line(
        &mut self,
        overrides: &Overrides,
        presets: &Presets,
        root: &Node,
    ) -> Node {
        let mut sets: Vec<(String, String, String)> = overrides
            .set
            .iter()
            .map(|(key, value)| (key.clone(), value.clone(), format!("--set {key}={value}")))
            .collect();
        for (key, value) in [("seed", overrides.seed), ("trials", overrides.trials)] {
            if let Some(value) = value {
                sets.push((
                    key.to_owned(),
                    value.to_string(),
                    format!("--{key} {value}"),
                ));
            }
        }
        let mut node = self.sets(&sets, presets);
        self.entries_by_name(&mut node, root);
        partners_by_cell(&mut node, root, &sets);
        structure::check(&mut node, &mut self.faults);
        node
    }

    /// Settings as one tree, later ones over earlier ones.
    fn sets(&mut self, sets: &[(String, String, String)], presets: &Presets) -> Node {
        let mut all: Option<Node> = None;
        for (key, value, flag) in sets {
            let node = self.set(key, value, flag);
            match &mut all {
                Some(all) => {
                    let mut node = node;
                    spell_out(presets, all, &mut node);
                    graft(all, node);
                }
                None => all = Some(node),
            }
        }
        all.unwrap_or_else(|| {
            let source = self.sources.add("command line", Kind::File, "");
            Node::empty_table(Mark {
                source,
                start: 0,
                end: 0,
            })
        })
    }

    /// One setting: the value as TOML, else as a string.
    fn set(&mut self, key: &str, value: &str, flag: &str) -> Node {
        let kind = Kind::CommandLine(flag.to_owned());
        let name = "command line";
        let one_line = |text: &str| !text.contains(['\n', '\r']);
        let mut as_toml = None;
        if one_line(key) && one_line(value) {
            let text = format!("{key} = {value}");
            let mut faults = Vec::new();
            let mut sources = self.sources.clone();
            let source = sources.add(name, kind.clone(), &text);
            let node = tree::parse(source, &sources, &text, &mut faults);
            if faults.is_empty() && is_one_value(value) && chain(&node) {
                as_toml = Some((sources, node));
            }
        }
        if let Some((sources, node)) = as_toml {
            self.sources = sources;
            return node;
        }
        let quoted = write::toml(&Node {
            value: Value::Text(value.to_owned()),
            mark: Mark {
                source: 0,
                start: 0,
                end: 0,
            },
        });
        let text = if one_line(key) {
            format!("{key} = {quoted}")
        } else {
            format!("{} = {quoted}", super::names::quoted(key))
        };
        let source = self.sources.add(name, kind, &text);
        let mut faults = Vec::new();
        let node = tree::parse(source, &self.sources, &text, &mut faults);
        if !faults.is_empty() || !chain(&node) {
            let mark = Mark {
                source,
                start: 0,
                end: key.len().min(text.len()),
            };
            self.faults.push(
                Fault::at(mark, format!("\"{}\" is not a key path", short(key)))
                    .expected("expected e.g. diversity.tier_budget_share.micro"),
            );
            return Node::empty_table(mark);
        }
        node
    }

    /// `constraint."name".max = 3` changes one rule of the list, `wave.launch.days = 10` one wave: the setting becomes the whole
    /// list with that entry changed, for lists are replaced whole. `root` has the lists.
    fn entries_by_name(&mut self, settings: &mut Node, root: &Node) {
        let Value::Table(items) = &mut settings.value else {
            return;
        };
        for item in items {
            let (what, head) = match item.key.as_str() {
                "constraint" => ("constraint", "[[constraint]]"),
                "wave" => ("wave", "[[wave]]"),
                _ => continue,
            };
            let tables = |item: &Item| matches!(item.node.value, Value::Table(_));
            if item.node.items().is_empty() || !item.node.items().iter().all(tables) {
                // a list, or what the check of keys complains about
                continue;
            }
            let mut list = match root.get(what).map(|r| &r.value) {
                Some(Value::Array(list)) => list.clone(),
                _ => Vec::new(),
            };
            let name = |entry: &Node| match entry.get("name").map(|n| &n.value) {
                Some(Value::Text(name)) => Some(name.clone()),
                _ => None,
            };
            for change in item.node.items() {
                let Some(entry) = list
                    .iter_mut()
                    .find(|r| name(r).as_ref() == Some(&change.key))
                else {
                    let names: Vec<String> = list.iter().filter_map(name).collect();
                    let fault = Fault::at(
                        change.key_mark,
                        format!("no {what} is named \"{}\"", short(&change.key)),
                    );
                    let near = super::names::nearest(&change.key, names.iter().map(String::as_str));
                    self.faults.push(match (near, names.first()) {
                        (Some(near), _) => fault.expected(format!("did you mean \"{near}\"?")),
                        (None, Some(first)) => fault.expected(format!("expected e.g. \"{first}\"")),
                        (None, None) => fault.expected(format!("the file has no {head}")),
                    });
                    continue;
                };
                for field in change.node.items() {
                    let mut field = field.clone();
                    if let Some(before) = entry.item(&field.key)
                        && ["count", "spend"].contains(&field.key.as_str())
                    {
                        let wider = what == "wave";
                        field.node = by_cells(&before.node, &field.node, wider);
                    }
                    entry.set(field);
                }
            }
            item.node.value = Value::Array(list);
        }
    }

    pub(super) fn typed_what_ifs(
        &mut self,
        presets: &Presets,
        typed: &[(String, Vec<(String, String)>)],
        root: &Node,
        out: &mut Vec<WhatIf>,
    ) {
        for (name, sets) in typed {
            let sets: Vec<_> = sets
                .iter()
                .map(|(key, value)| (key.clone(), value.clone(), format!("--set {key}={value}")))
                .collect();
            let mut changes = self.sets(&sets, presets);
            self.entries_by_name(&mut changes, root);
            partners_by_cell(&mut changes, root, &sets);
            structure::check_typed(&mut changes, &mut self.faults);
            out.push(WhatIf {
                name: name.clone(),
                changes,
            });
        }
    }
}

/// Partners of single cells, each set by its own key, leave those of the other cells; a whole table takes the place of all.
fn partners_by_cell(settings: &mut Node, root: &Node, sets: &[(String, String, String)]) {
    const PLACE: [&str; 2] = ["pipeline", "starting_creators"];
    let cells = |(key, ..): &(String, String, String)| {
        let names = vary::path(key)?;
        (names.starts_with(&PLACE.map(str::to_owned))).then_some(names.len() > PLACE.len())
    };
    if !sets.iter().filter_map(cells).all(|cell| cell) {
        return;
    }
    let (Some(before), Some(now)) = (root.at(&PLACE), settings.at(&PLACE)) else {
        return;
    };
    let node = by_cells(before, now, true);
    let Value::Table(items) = &mut settings.value else {
        return;
    };
    if let Some(pipeline) = items.iter_mut().find(|item| item.key == PLACE[0])
        && let Some(own) = pipeline.node.item(PLACE[1]).cloned()
    {
        pipeline.node.set(Item { node, ..own });
    }
}

/// What was said by cells, changed where it is said anew: `count.mega = 2` leaves the other tiers' counts. Quoted and
/// nested keys are one. With `wider` a key takes the place of those of parts of it, `mega` that of `mega.sponsored`.
fn by_cells(before: &Node, now: &Node, wider: bool) -> Node {
    fn flatten(node: &Node, path: &str, out: &mut Vec<Item>) {
        for item in node.items() {
            let key = match path {
                "" => item.key.clone(),
                path => format!("{path}.{}", item.key),
            };
            if matches!(item.node.value, Value::Table(_)) {
                flatten(&item.node, &key, out);
            } else {
                out.push(Item {
                    key,
                    ..item.clone()
                });
            }
        }
    }
    let tables = [before, now].map(|node| matches!(node.value, Value::Table(_)));
    if tables != [true, true] {
        return now.clone();
    }
    let (mut old, mut new) = (Vec::new(), Vec::new());
    flatten(before, "", &mut old);
    flatten(now, "", &mut new);
    let mut out = Node {
        value: Value::Table(old),
        mark: now.mark,
    };
    for item in new {
        if let (true, Value::Table(items)) = (wider, &mut out.value) {
            let within = format!("{}.", item.key);
            items.retain(|old| !old.key.starts_with(&within));
        }
        out.set(item);
    }
    out
}

/// Whether a text is one TOML value and nothing beside it, not even a comment.
fn is_one_value(text: &str) -> bool {
    let list = format!("x = [{text}]");
    let source = 0;
    let mut sources = Sources::default();
    sources.add("", Kind::Default, &list);
    let mut faults = Vec::new();
    let node = tree::parse(source, &sources, &list, &mut faults);
    faults.is_empty()
        && matches!(node.get("x").map(|n| &n.value), Some(Value::Array(list)) if list.len() == 1)
}

/// Whether a table is a chain of single keys down to one value.
fn chain(node: &Node) -> bool {
    match node.items() {
        [only] => match &only.node.value {
            // An inline table is the value itself.
            Value::Table(items) if items.len() != 1 => true,
            Value::Table(_) => chain(&only.node) || !only.node.items().is_empty(),
            _ => true,
        },
        _ => false,
    }
}

/// A word that stands for figures becomes these figures where a later setting changes one of them,
/// as a file's word does under the command line. An amount and a probability of the budget add up, in
/// either order, and so do one number for the importance of rules and numbers by key.
fn spell_out(presets: &Presets, under: &mut Node, over: &mut Node) {
    let table = |n: &Node| n.get("budget").map(|b| matches!(b.value, Value::Table(_)));
    match (table(under), table(over)) {
        (Some(true), Some(false)) => amount(over),
        (Some(false), Some(true)) => amount(under),
        _ => {}
    }
    if weights_differ(under, over) {
        weights(under);
        weights(over);
    }
    let Value::Table(items) = &mut under.value else {
        return;
    };
    for item in items {
        let changed = over.get(&item.key);
        if !changed.is_some_and(|n| matches!(n.value, Value::Table(_))) {
            continue;
        }
        if let Value::Text(word) = &item.node.value
            && let Some(figures) = presets::figures(presets, &item.key, word, item.node.mark)
        {
            item.node = figures;
        }
    }
}

/// Merges tables key by key, other values by replacement.
fn graft(under: &mut Node, over: Node) {
    let Value::Table(items) = over.value else {
        *under = over;
        return;
    };
    if !matches!(under.value, Value::Table(_)) {
        *under = Node {
            value: Value::Table(items),
            mark: over.mark,
        };
        return;
    }
    for item in items {
        let both_tables = matches!(item.node.value, Value::Table(_));
        if let Value::Table(own) = &mut under.value
            && let Some(old) = own.iter_mut().find(|i| i.key == item.key)
            && both_tables
        {
            graft(&mut old.node, item.node);
        } else {
            under.set(item);
        }
    }
}
