//! Keys into cells: `tier.partnership.category.region`, quoted or nested, `*` for any, with `@launch` of a wave or `@gold+2` of
//! an ambassador level and the month it starts in behind it.

use super::keys::{TIERS, TYPES};
use super::names::nearest;
use super::problem::Fault;
use super::source::Mark;
use super::tree::{Node, Value};
use super::value::{number, short};
use crate::model::{CellPattern, Model, Segment};

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

/// The names of a scenario's own that cell keys use.
#[derive(Debug)]
pub(super) struct Known {
    categories: Vec<String>,
    regions: Vec<String>,
    waves: Vec<String>,
    levels: Vec<String>,
    months: usize,
}

impl Known {
    /// The names of a model.
    pub(super) fn of(model: &Model) -> Self {
        let names = |segments: &[Segment]| segments.iter().map(|s| s.name.clone()).collect();
        Self {
            categories: names(&model.categories),
            regions: names(&model.regions),
            waves: model.horizon.waves.iter().map(|w| w.name.clone()).collect(),
            levels: model
                .horizon
                .levels
                .iter()
                .map(|l| l.name.clone())
                .collect(),
            months: model.months,
        }
    }

    /// With a wave that the model has not yet.
    pub(super) fn with_wave(mut self, name: &str) -> Self {
        self.waves.push(name.to_owned());
        self
    }
}

/// Flattens nested and quoted keys of numbers. Faults are added; good entries are returned.
pub(super) fn entries<'a>(
    node: &'a Node,
    known: &Known,
    faults: &mut Vec<Fault>,
) -> Vec<Entry<'a>> {
    let mut out = patterns(node, known, faults);
    out.retain(|entry| match number(entry.node) {
        Ok(_) => true,
        Err(fault) => {
            faults.push(fault.of(&short(&entry.key)));
            false
        }
    });
    out
}

/// Flattens nested and quoted keys. Faults are added; good entries are returned.
pub(super) fn patterns<'a>(
    node: &'a Node,
    known: &Known,
    faults: &mut Vec<Fault>,
) -> Vec<Entry<'a>> {
    let mut out = Vec::new();
    for (key, mark, leaf) in flat(node, faults) {
        match booked(&key, mark, known) {
            Ok(pattern) => match leaf.value {
                Value::Bad => {}
                _ => out.push(Entry {
                    pattern,
                    key,
                    mark,
                    node: leaf,
                }),
            },
            Err(fault) => faults.push(fault.of_names()),
        }
    }
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

/// A key with `@name` of a wave or level behind it, and `+month` of a level's start. Names of segments may hold an `@` too.
fn booked(key: &str, mark: Mark, known: &Known) -> Result<CellPattern, Fault> {
    let plain = pattern(key, mark, known);
    let (Err(_), Some((cell, name))) = (&plain, key.rsplit_once('@')) else {
        return plain;
    };
    let booked_as = Some(booking(name.trim(), key, mark, known)?);
    Ok(CellPattern {
        booked_as,
        ..pattern(cell.trim_end(), mark, known)?
    })
}

fn booking(
    name: &str,
    key: &str,
    mark: Mark,
    known: &Known,
) -> Result<(String, Option<usize>), Fault> {
    if known.waves.iter().any(|wave| wave == name) {
        return Ok((name.to_owned(), None));
    }
    let (level, start) = match name.split_once('+') {
        Some((level, start)) => (level.trim(), Some(start.trim())),
        None => (name, None),
    };
    let fault = |what: &str| {
        let text = format!("\"{}\" in \"{}\" is not {what}", short(name), short(key));
        Fault::at(mark, text)
    };
    if known.levels.iter().any(|own| own == level) {
        let months = known.months;
        let good = |start: &&str| start.parse().ok().filter(|m| (1..=months).contains(m));
        return match start {
            None => Ok((level.to_owned(), None)),
            Some(text) => match good(&text) {
                Some(month) => Ok((level.to_owned(), Some(month))),
                None => Err(
                    fault("a level with the month it starts in").expected(format!(
                        "expected @{level}+1{}",
                        if months > 1 {
                            format!(" to @{level}+{months}")
                        } else {
                            String::new()
                        }
                    )),
                ),
            },
        };
    }
    let names: Vec<&str> = known
        .waves
        .iter()
        .chain(&known.levels)
        .map(String::as_str)
        .collect();
    if known.waves.iter().any(|wave| wave == level) {
        return Err(fault("a wave").expected(format!(
            "expected @{level}: only ambassador levels have a month they start in"
        )));
    }
    let fault = fault("a wave or an ambassador level");
    Err(match nearest(level, names.iter().copied()) {
        _ if names.is_empty() => fault
            .expected("this scenario defines none")
            .help("define a [[wave]] or [ambassadors.NAME], or drop this part of the key"),
        Some(near) => fault.expected(format!("did you mean @{near}?")),
        None => fault.expected(format!("expected one of @{}", names.join(", @"))),
    })
}

fn pattern(key: &str, mark: Mark, known: &Known) -> Result<CellPattern, Fault> {
    let Known {
        categories,
        regions,
        ..
    } = known;
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
