//! Key paths: every path of the list, the nearest name to a misspelled one, paths as TOML.

use super::keys::{Field, Kind, ROOT, Shape};
use super::tree::{Node, Value};

/// The shape at a concrete key path, and the path with the user's own names replaced by `*`.
#[cfg(test)]
pub(super) fn pattern(path: &[&str]) -> Option<String> {
    let mut fields = ROOT;
    let mut out: Vec<&str> = Vec::new();
    let mut rest = path;
    while let Some((first, tail)) = rest.split_first() {
        let field = fields.iter().find(|f| f.name == *first)?;
        out.push(field.name);
        rest = tail;
        let mut shape = &field.shape;
        while let Shape::Map(_, inner) = shape {
            let Some((_, tail)) = rest.split_first() else {
                return Some(out.join("."));
            };
            out.push("*");
            rest = tail;
            shape = inner;
        }
        fields = match shape {
            Shape::Table(f) | Shape::LeafOr(_, f) | Shape::TableOrList(f) | Shape::List(f) => f,
            Shape::Leaf(_) | Shape::Map(..) | Shape::WhatIfs => &[],
        };
    }
    Some(out.join("."))
}

/// Every key path of the list that takes a value, with `*` for the user's own names and for the
/// names of a map.
pub(super) fn leaves() -> Vec<String> {
    fn walk(prefix: &str, fields: &[Field], out: &mut Vec<String>) {
        for field in fields {
            let path = if prefix.is_empty() {
                field.name.to_owned()
            } else {
                format!("{prefix}.{}", field.name)
            };
            shape(&path, &field.shape, out);
        }
    }
    fn shape(path: &str, of: &Shape, out: &mut Vec<String>) {
        match of {
            Shape::Leaf(_) | Shape::WhatIfs => out.push(path.to_owned()),
            Shape::Table(fields) | Shape::List(fields) => walk(path, fields, out),
            Shape::LeafOr(_, fields) | Shape::TableOrList(fields) => {
                out.push(path.to_owned());
                walk(path, fields, out);
            }
            Shape::Map(_, inner) => shape(&format!("{path}.*"), inner, out),
        }
    }
    let mut out = Vec::new();
    walk("", ROOT, &mut out);
    out
}

/// The name nearest to `word`, if one is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Long words are no typos of short names, and comparing them takes long.
    let word: String = word.chars().take(40).collect::<String>().to_lowercase();
    names
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&word, &name.to_lowercase()),
                name,
            )
        })
        .filter(|&(distance, name)| distance <= (name.chars().count() / 2).clamp(1, 3))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// Full paths of the list whose last part is `word`, at most two.
pub(super) fn elsewhere(word: &str) -> Vec<String> {
    static LEAVES: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(leaves);
    let mut found: Vec<String> = LEAVES
        .iter()
        .filter(|path| path.rsplit('.').next() == Some(word))
        .cloned()
        .collect();
    found.truncate(2);
    found
}

/// A key as it would be written in TOML: bare, or quoted where it must be.
pub(super) fn quoted(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare {
        key.to_owned()
    } else {
        super::write::basic_string(key)
    }
}

/// `prefix.key`.
pub(super) fn joined(prefix: &str, key: &str) -> String {
    if prefix.is_empty() {
        quoted(key)
    } else {
        format!("{prefix}.{}", quoted(key))
    }
}

/// Whether every entry of a list has a name, so that key paths can go through it.
fn named(list: &[Node]) -> bool {
    let name = |entry: &Node| matches!(entry.get("name").map(|n| &n.value), Some(Value::Text(_)));
    !list.is_empty() && list.iter().all(name)
}

/// Whether the cells of a table were written in more than one place.
fn mixed(node: &Node) -> bool {
    let sources = node.items().iter().map(|item| item.node.mark.source);
    sources.collect::<std::collections::HashSet<_>>().len() > 1
}

/// Leaf key paths under a node with their nodes: what `imatrix show` lists. Entries of lists stand under their names, as `--set`
/// reaches them.
pub(super) fn flatten<'a>(node: &'a Node, fields: &'static [Field]) -> Vec<(String, &'a Node)> {
    fn walk<'a>(
        prefix: &str,
        node: &'a Node,
        fields: &'static [Field],
        out: &mut Vec<(String, &'a Node)>,
    ) {
        for field in fields {
            if let Some(child) = node.get(field.name) {
                shape(&joined(prefix, field.name), child, &field.shape, out);
            }
        }
    }
    fn shape<'a>(
        path: &str,
        node: &'a Node,
        of: &'static Shape,
        out: &mut Vec<(String, &'a Node)>,
    ) {
        match of {
            Shape::Table(fields) => walk(path, node, fields, out),
            Shape::LeafOr(_, fields) | Shape::TableOrList(fields)
                if matches!(node.value, Value::Table(_)) =>
            {
                walk(path, node, fields, out);
            }
            Shape::Map(_, inner) => {
                for item in node.items() {
                    let path = joined(path, &item.key);
                    if item.node.items().is_empty() && !matches!(inner, Shape::Leaf(_)) {
                        out.push((path, &item.node));
                    } else {
                        shape(&path, &item.node, inner, out);
                    }
                }
            }
            Shape::List(fields) => match &node.value {
                Value::Array(list) if named(list) => {
                    for entry in list {
                        let Some(Value::Text(name)) = entry.get("name").map(|n| &n.value) else {
                            continue;
                        };
                        let own = joined(path, name);
                        for field in fields.iter().filter(|field| field.name != "name") {
                            if let Some(child) = entry.get(field.name) {
                                shape(&joined(&own, field.name), child, &field.shape, out);
                            }
                        }
                    }
                }
                _ => out.push((path.to_owned(), node)),
            },
            Shape::Leaf(Kind::Cells(_) | Kind::CellRanges) if mixed(node) => {
                for item in node.items() {
                    out.push((joined(path, &item.key), &item.node));
                }
            }
            _ => out.push((path.to_owned(), node)),
        }
    }
    let mut out = Vec::new();
    walk("", node, fields, &mut out);
    out
}
