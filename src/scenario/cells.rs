//! Keys into cells: `tier.partnership.category.region`, quoted or nested, `*` for any.

use super::keys::{TIERS, TYPES};
use super::names::nearest;
use super::problem::Fault;
use super::source::Mark;
use super::tree::{Node, Value};
use super::value::{number, short};
use crate::model::{CellPattern, Model};

/// Most keys in one table.
const MOST: usize = 20_000;

/// A cell key with its number.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) pattern: CellPattern,
    pub(super) key: String,
    pub(super) mark: Mark,
    pub(super) node: &'a Node,
}

/// Flattens nested and quoted keys. Faults are added; good entries are returned.
pub(super) fn entries<'a>(
    node: &'a Node,
    categories: &[String],
    regions: &[String],
    faults: &mut Vec<Fault>,
) -> Vec<Entry<'a>> {
    let mut out = Vec::new();
    for (key, mark, leaf) in flat(node, faults) {
        match pattern(&key, mark, categories, regions) {
            Ok(pattern) => match leaf.value {
                Value::Bad => {}
                _ => out.push(Entry {
                    pattern,
                    key,
                    mark,
                    node: leaf,
                }),
            },
            Err(fault) => faults.push(fault),
        }
    }
    out.retain(|entry| match number(entry.node) {
        Ok(_) => true,
        Err(fault) => {
            faults.push(fault.of(&short(&entry.key)));
            false
        }
    });
    out
}

/// Nested and quoted keys as dotted ones, with what stands at them.
pub(super) fn flat<'a>(node: &'a Node, faults: &mut Vec<Fault>) -> Vec<(String, Mark, &'a Node)> {
    let mut flat = Vec::new();
    collect(node, "", None, &mut flat);
    if flat.len() > MOST {
        faults.push(Fault::at(node.mark, format!("more than {MOST} cell keys")));
        flat.truncate(MOST);
    }
    flat
}

fn collect<'a>(
    node: &'a Node,
    prefix: &str,
    first: Option<Mark>,
    out: &mut Vec<(String, Mark, &'a Node)>,
) {
    for item in node.items() {
        let key = if prefix.is_empty() {
            item.key.clone()
        } else {
            format!("{prefix}.{}", item.key)
        };
        let mark = first.unwrap_or(item.key_mark);
        match item.node.value {
            Value::Table(_) => collect(&item.node, &key, Some(item.key_mark), out),
            _ => out.push((
                key,
                Mark {
                    end: item.key_mark.end.max(mark.end),
                    ..item.key_mark
                },
                &item.node,
            )),
        }
        if out.len() > MOST {
            return;
        }
    }
}

fn pattern(
    key: &str,
    mark: Mark,
    categories: &[String],
    regions: &[String],
) -> Result<CellPattern, Fault> {
    let parts: Vec<&str> = key.split('.').map(str::trim).collect();
    if parts.len() > 4 {
        return Err(Fault::at(
            mark,
            format!("\"{}\" has {} parts", short(key), parts.len()),
        )
        .expected("expected tier.partnership.category.region"));
    }
    let part = |i: usize, what: &str, known: Vec<&str>| -> Result<Option<String>, Fault> {
        let Some(&name) = parts.get(i) else {
            return Ok(None);
        };
        if name == "*" {
            return Ok(None);
        }
        if known.contains(&name) {
            return Ok(Some(name.to_owned()));
        }
        let fault = Fault::at(
            mark,
            format!("\"{}\" in \"{}\" is not a {what}", short(name), short(key)),
        );
        if known.is_empty() {
            return Err(fault
                .expected(format!("this scenario defines no {what}"))
                .help(if what == "category" && regions.iter().any(|r| r == name) {
                    format!(
                        "regions are the fourth part: {}.*.{name}",
                        parts[..2.min(parts.len())].join(".")
                    )
                } else {
                    "define it as a table under [segments], or drop this part of the key".to_owned()
                }));
        }
        let fault = fault.expected(format!(
            "expected one of {}, or *",
            known
                .iter()
                .take(12)
                .copied()
                .collect::<Vec<_>>()
                .join(", ")
        ));
        Err(match nearest(name, known) {
            Some(near) => fault.help(format!("did you mean {near}?")),
            None => fault.help("a cell key is tier.partnership.category.region"),
        })
    };
    Ok(CellPattern {
        tier: part(0, "tier", TIERS.to_vec())?,
        partnership: part(1, "partnership type", TYPES.to_vec())?,
        category: part(
            2,
            "category",
            categories.iter().map(String::as_str).collect(),
        )?,
        region: part(3, "region", regions.iter().map(String::as_str).collect())?,
        booked_as: None,
    })
}

/// Why a pattern names no offered cell.
pub(super) fn why_not_offered(
    model: &Model,
    pattern: &CellPattern,
    offered: &[Vec<&str>],
) -> String {
    if let Some(tier) = &pattern.tier {
        let Some(index) = model.tiers.iter().position(|t| t.name == *tier) else {
            return format!("{tier} is not in tiers.use");
        };
        if let Some(kind) = &pattern.partnership {
            if !model.partnerships.iter().any(|p| p.name == *kind) {
                return format!("{kind} is not in partnerships.use");
            }
            if !offered[index].contains(&kind.as_str()) {
                return format!("{tier} does not offer {kind}; see tiers.{tier}.partnerships");
            }
        }
        for (segments, wanted) in [
            (&model.categories, &pattern.category),
            (&model.regions, &pattern.region),
        ] {
            if let Some(name) = wanted
                && let Some(segment) = segments.iter().find(|s| s.name == *name)
                && segment.tiers.as_ref().is_some_and(|t| !t.contains(&index))
            {
                return format!("{name} is not offered to {tier}; see its tiers");
            }
        }
    } else if let Some(kind) = &pattern.partnership
        && !model.partnerships.iter().any(|p| p.name == *kind)
    {
        return format!("{kind} is not in partnerships.use");
    }
    "no cell of these names is offered".to_owned()
}
