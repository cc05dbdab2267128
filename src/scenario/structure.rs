//! Checks a tree against the list of keys: unknown keys, wrong types, single values.
//! What is wrong is reported here once and taken out of the tree or marked bad.

use super::keys::{Field, Kind, NOT_IN_WHAT_IF, Names, ROOT, Shape, what_if_fields};
use super::names::{elsewhere, joined, nearest, quoted};
use super::problem::Fault;
use super::tree::{Item, Node, Value};
use super::value::{check as check_value, short};

/// Most names of the user's own in one table, and most entries of a list.
const MOST: usize = 1000;

/// Faults beyond which unknown keys get no advice: nobody reads that far, and it takes time.
const ADVISED: usize = 200;

/// Checks a whole document.
pub(super) fn check(root: &mut Node, faults: &mut Vec<Fault>) {
    table(root, ROOT, "", faults);
}

/// Checks what a what-if of the command line sets: key paths without a place in a file.
pub(super) fn check_typed(changes: &mut Node, faults: &mut Vec<Fault>) {
    what_if(changes, "", faults);
}

fn table(node: &mut Node, fields: &'static [Field], path: &str, faults: &mut Vec<Fault>) {
    let Value::Table(items) = &mut node.value else {
        let article = if path.is_empty() { "the file" } else { path };
        faults.push(
            Fault::at(
                node.mark,
                format!("{article} is a table of keys, found {}", node.kind()),
            )
            .expected(format!(
                "expected keys such as {}",
                fields
                    .iter()
                    .take(3)
                    .map(|f| f.name)
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        );
        node.value = Value::Bad;
        return;
    };
    items.retain_mut(|item| {
        if let Some(field) = fields.iter().find(|f| f.name == item.key) {
            shape(
                &mut item.node,
                &field.shape,
                &joined(path, field.name),
                faults,
            );
            true
        } else {
            let names: Vec<&str> = fields.iter().map(|f| f.name).collect();
            let fault = unknown(item, &names, path, faults.len());
            faults.push(fault);
            false
        }
    });
}

fn unknown(item: &Item, known: &[&str], path: &str, before: usize) -> Fault {
    let key = quoted(&short(&item.key));
    let place = if path.is_empty() {
        String::new()
    } else {
        format!(" in {path}")
    };
    let fault = Fault::at(item.key_mark, format!("unknown key {key}{place}"));
    if before > ADVISED {
        return fault;
    }
    if let Some((first, _)) = item.key.split_once('.')
        && known.contains(&first)
    {
        return fault
            .expected("a path of keys is written without quotation marks")
            .help(format!("write {}", short(&item.key)));
    }
    if let Some(near) = nearest(&item.key, known.iter().copied()) {
        let meant = joined(path, near);
        let mut fault = fault
            .expected(format!("did you mean {near}?"))
            .help(format!("the nearest valid key is {meant}"));
        fault.meant = Some(meant.into());
        return fault;
    }
    let places = elsewhere(&item.key);
    let list = known[..known.len().min(40)].join(", ");
    let fault = fault.expected("no such key here");
    if places.is_empty() {
        fault.help(format!("valid keys here: {list}"))
    } else {
        fault.help(format!("this key belongs at {}", places.join(" or ")))
    }
}

fn shape(node: &mut Node, of: &'static Shape, path: &str, faults: &mut Vec<Fault>) {
    match of {
        Shape::Leaf(kind) => leaf(node, *kind, path, faults),
        Shape::LeafOr(_, fields) if matches!(node.value, Value::Table(_)) => {
            table(node, fields, path, faults);
        }
        Shape::LeafOr(kind, fields) => {
            let before = faults.len();
            leaf(node, *kind, path, faults);
            let keys: Vec<&str> = fields.iter().map(|f| f.name).collect();
            for fault in &mut faults[before..] {
                fault.help = Some(format!("or a table of {}", keys.join(", ")).into_boxed_str());
            }
        }
        Shape::Table(fields) => table(node, fields, path, faults),
        Shape::TableOrList(fields) => match &mut node.value {
            Value::Array(entries) => {
                for (index, entry) in entries.iter_mut().enumerate() {
                    table(entry, fields, &format!("{path}[{}]", index + 1), faults);
                }
            }
            Value::Text(_) => leaf(node, Kind::Word(&["none"]), path, faults),
            _ => table(node, fields, path, faults),
        },
        Shape::Map(names, inner) => map(node, *names, inner, path, faults),
        Shape::List(fields) => list(node, path, faults, |entry, path, faults| {
            table(entry, fields, path, faults);
        }),
        Shape::WhatIfs => list(node, path, faults, what_if),
    }
}

fn leaf(node: &mut Node, kind: Kind, path: &str, faults: &mut Vec<Fault>) {
    if matches!(node.value, Value::Bad) {
        return;
    }
    let before = faults.len();
    check_value(node, kind, faults);
    for fault in &mut faults[before..] {
        *fault = fault.clone().of(path);
    }
    if faults.len() > before {
        node.value = Value::Bad;
    }
}

fn map(node: &mut Node, names: Names, inner: &'static Shape, path: &str, faults: &mut Vec<Fault>) {
    let mark = node.mark;
    let Value::Table(items) = &mut node.value else {
        let example = match names {
            Names::Of(list) => list[0],
            Names::Own if path == "ambassadors" => "bronze",
            Names::Own => "skincare",
        };
        faults.push(
            Fault::at(
                mark,
                format!("{path} is a table of names, found {}", node.kind()),
            )
            .expected(format!("expected e.g. {path}.{example} = …")),
        );
        node.value = Value::Bad;
        return;
    };
    if items.len() > MOST {
        faults.push(Fault::at(
            mark,
            format!("{path} has more than {MOST} names"),
        ));
        items.truncate(MOST);
    }
    items.retain_mut(|item| {
        let good = match names {
            Names::Of(list) => {
                let known = list.contains(&item.key.as_str());
                if !known {
                    let fault = unknown(item, list, path, faults.len());
                    faults.push(fault);
                }
                known
            }
            Names::Own => {
                let good = is_segment_name(&item.key);
                if !good {
                    faults.push(
                        Fault::at(
                            item.key_mark,
                            format!("\"{}\" cannot be a name here", short(&item.key)),
                        )
                        .expected(
                            "names have 1 to 60 characters, no dot, no * and no quotation mark",
                        ),
                    );
                }
                good
            }
        };
        if good {
            shape(&mut item.node, inner, &joined(path, &item.key), faults);
        }
        good
    });
}

/// Segment names are parts of dotted cell keys.
fn is_segment_name(name: &str) -> bool {
    let length = name.chars().count();
    (1..=60).contains(&length)
        && name.trim() == name
        && !name
            .chars()
            .any(|c| c.is_control() || matches!(c, '.' | '*' | '"' | '\''))
}

fn list(
    node: &mut Node,
    path: &str,
    faults: &mut Vec<Fault>,
    mut each: impl FnMut(&mut Node, &str, &mut Vec<Fault>),
) {
    let mark = node.mark;
    let Value::Array(entries) = &mut node.value else {
        faults.push(
            Fault::at(
                mark,
                format!("{path} is a list of tables, found {}", node.kind()),
            )
            .expected(format!("expected [[{path}]]"))
            .help(format!("write [[{path}]] with two brackets, once for each")),
        );
        node.value = Value::Bad;
        return;
    };
    if entries.len() > MOST {
        faults.push(Fault::at(
            mark,
            format!("there are more than {MOST} entries of {path}"),
        ));
        entries.truncate(MOST);
    }
    for entry in entries {
        each(entry, path, faults);
    }
}

fn what_if(node: &mut Node, path: &str, faults: &mut Vec<Fault>) {
    let Value::Table(items) = &mut node.value else {
        faults.push(
            Fault::at(
                node.mark,
                format!("a what-if is a table, found {}", node.kind()),
            )
            .expected("expected { name = \"…\", … }"),
        );
        node.value = Value::Bad;
        return;
    };
    items.retain_mut(|item| {
        if NOT_IN_WHAT_IF.contains(&item.key.as_str()) {
            faults.push(
                Fault::at(item.key_mark, format!("a what-if cannot set {}", item.key))
                    .expected("belongs to the whole file")
                    .help("base and what-ifs are compared on the same trials of the same seed"),
            );
            return false;
        }
        if item.key == "name" && path.is_empty() {
            faults.push(
                Fault::at(
                    item.key_mark,
                    "a what-if of the command line has no name to set",
                )
                .expected("leave it out"),
            );
            return false;
        }
        if item.key == "name" {
            leaf(&mut item.node, Kind::Text(true), "name", faults);
            return true;
        }
        if let Some(field) = what_if_fields().find(|f| f.name == item.key) {
            // Key paths of the file itself: its own names, not what_if.….
            shape(&mut item.node, &field.shape, field.name, faults);
            true
        } else {
            // On the command line a what-if has no name to set.
            let names: Vec<&'static str> = what_if_fields()
                .map(|f| f.name)
                .filter(|name| !path.is_empty() || *name != "name")
                .collect();
            let fault = unknown(item, &names, path, faults.len());
            faults.push(fault);
            false
        }
    });
}
