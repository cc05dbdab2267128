//! Reading audiences: how many people the posts of each category and region can reach.

use super::cells::flat;
use super::names::nearest;
use super::problem::Fault;
use super::reader::Reader;
use super::source::Mark;
use super::tree::{Node, Value};
use super::value::{people, short};
use crate::model::{Audience, Basis, Model, Quantity, Segment};

/// A size and whom it is of; `None` is any.
struct Size {
    category: Option<usize>,
    region: Option<usize>,
    people: f64,
    key: String,
    mark: Mark,
}

impl Size {
    /// How many names it gives.
    fn names(&self) -> usize {
        usize::from(self.category.is_some()) + usize::from(self.region.is_some())
    }
}

fn index(segments: &[Segment], name: &str) -> Option<usize> {
    segments.iter().position(|s| s.name == name)
}

impl Reader<'_> {
    /// The audiences of a model with cells; none where the file has none.
    pub(super) fn audiences(&mut self, model: &Model) -> Vec<Audience> {
        let Some(table) = self.node(&["audience"]) else {
            return Vec::new();
        };
        if !matches!(table.value, Value::Table(_)) {
            return Vec::new();
        }
        let Some(node) = self.node(&["audience", "size"]) else {
            if table.get("size").is_none() && !self.was_meant(&["audience", "size"]) {
                self.fault(
                    Fault::at(table.mark, "the size of the audience is missing")
                        .expected("add e.g. size = \"5m\"")
                        .help("a number of people, or a table by region or category"),
                );
            }
            return Vec::new();
        };
        self.undefined_impressions(model);
        let sizes = self.sizes(model, node);
        let mut audiences: Vec<Audience> = Vec::new();
        let mut missing = Vec::new();
        for cell in &model.cells {
            if audiences.iter().any(|a| a.holds(cell)) {
                continue;
            }
            let fits = |size: &&Size| {
                size.category.is_none_or(|c| cell.category == Some(c))
                    && size.region.is_none_or(|r| cell.region == Some(r))
            };
            let most = sizes.iter().filter(fits).map(Size::names).max();
            let mut best = sizes
                .iter()
                .filter(fits)
                .filter(|size| Some(size.names()) == most);
            let name = name_of(model, cell.category, cell.region);
            let found = best.next();
            if let (Some(one), Some(other)) = (found, best.next()) {
                let (one, other) = (short(&one.key), short(&other.key));
                let fault = Fault::at(
                    node.mark,
                    format!("\"{one}\" and \"{other}\" both give a size to the audience {name}"),
                )
                .expected(format!("add \"{name}\" = …, which is nearer than both"));
                self.fault(fault);
            }
            if found.is_none() && !missing.contains(&name) {
                missing.push(name);
            }
            let (size, mark) = found.map_or((1.0, node.mark), |s| (s.people, s.mark));
            audiences.push(Audience {
                category: cell.category,
                region: cell.region,
                size,
                origin: self.sources.origin(mark),
            });
        }
        if !missing.is_empty() && !self.tainted {
            let more = missing.len().saturating_sub(12);
            missing.truncate(12);
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            self.fault(
                Fault::at(
                    node.mark,
                    format!("audience.size has no size for {}{rest}", missing.join(", ")),
                )
                .expected(format!("add e.g. \"{}\" = \"5m\"", missing[0]))
                .help("a region's or category's own name gives a size to all its audiences, one number to every audience"),
            );
        }
        audiences.sort_by_key(|a| (a.category, a.region));
        audiences
    }

    /// Saturation is one of impressions: every tier with cells must have some.
    fn undefined_impressions(&mut self, model: &Model) {
        for (index, tier) in model.tiers.iter().enumerate() {
            let used = model.cells.iter().any(|c| c.tier == index);
            if !used || model.defines(index, Quantity::Impressions) {
                continue;
            }
            debug_assert!(matches!(tier.basis, Basis::Benchmark(_)));
            let name = tier.name.as_str();
            if self.root.at(&["tiers", name, "benchmark", "cpm"]).is_some() {
                // It states one that cannot be read.
                self.tainted = true;
                continue;
            }
            let fault = self
                .fault_at(
                    &["tiers", name, "benchmark"],
                    format!("{name} has no impressions: its benchmark states no cpm"),
                )
                .expected("with [audience] every tier needs impressions")
                .help(format!(
                    "add tiers.{name}.benchmark.cpm, or leave [audience] out (audience = \"none\")"
                ));
            self.fault(fault);
        }
    }

    /// What the file says of each name or pair of names.
    fn sizes(&mut self, model: &Model, node: &Node) -> Vec<Size> {
        if !matches!(node.value, Value::Table(_)) {
            let size = match people(node) {
                Ok(size) => size,
                Err(fault) => {
                    self.fault(fault.of("audience.size"));
                    return Vec::new();
                }
            };
            return vec![Size {
                category: None,
                region: None,
                people: size,
                key: String::new(),
                mark: node.mark,
            }];
        }
        let mut out: Vec<Size> = Vec::new();
        for (key, mark, leaf) in flat(node, &mut self.faults) {
            let size =
                people(leaf).map_err(|fault| fault.of(&format!("audience.size.{}", short(&key))));
            let place = place(model, &key, mark);
            match (size, place) {
                (Ok(size), Ok((category, region))) => {
                    let again = out
                        .iter()
                        .find(|s| (s.category, s.region) == (category, region));
                    if let Some(first) = again {
                        let first = self.sources.location(first.mark);
                        self.fault(
                            Fault::at(mark, format!("\"{}\" gives a size again", short(&key)))
                                .expected(format!("first at {first}")),
                        );
                        continue;
                    }
                    out.push(Size {
                        category,
                        region,
                        people: size,
                        key,
                        mark,
                    });
                }
                (size, place) => {
                    let faults = [size.err(), place.err()];
                    faults.into_iter().flatten().for_each(|f| self.fault(f));
                }
            }
        }
        out
    }
}

/// The key of an audience as written in files.
fn name_of(model: &Model, category: Option<usize>, region: Option<usize>) -> String {
    let category = category.map(|i| model.categories[i].name.as_str());
    let region = region.map(|i| model.regions[i].name.as_str());
    match (category, region) {
        (Some(c), Some(r)) => format!("{c}.{r}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "all".to_owned(),
    }
}

/// `category.region`, either of them `*`, or one name of either.
fn place(model: &Model, key: &str, mark: Mark) -> Result<(Option<usize>, Option<usize>), Fault> {
    let shown = short(key);
    let parts: Vec<&str> = key.split('.').map(str::trim).collect();
    if model.categories.is_empty() && model.regions.is_empty() {
        return Err(Fault::at(
            mark,
            format!("\"{shown}\" is not an audience of this scenario"),
        )
        .expected("expected one number: it defines no category or region")
        .help("write size = \"5m\", or define [segments]"));
    }
    let fault = |name: &str, what: &str, known: &[&Segment]| {
        let place = if name == key {
            String::new()
        } else {
            format!(" in \"{shown}\"")
        };
        let fault = Fault::at(mark, format!("\"{}\"{place} is not a {what}", short(name)));
        if let Some(near) = nearest(name, known.iter().map(|s| s.name.as_str())) {
            return fault.expected(format!("did you mean {near}?"));
        }
        let names: Vec<&str> = known.iter().take(12).map(|s| s.name.as_str()).collect();
        if names.is_empty() {
            fault.expected(format!("this scenario defines no {what}"))
        } else {
            fault.expected(format!("expected one of {}", names.join(", ")))
        }
    };
    match parts[..] {
        [name] => match (index(&model.categories, name), index(&model.regions, name)) {
            (Some(_), Some(_)) => Err(Fault::at(
                mark,
                format!("\"{shown}\" is both a category and a region"),
            )
            .expected(format!("write \"{shown}.*\" or \"*.{shown}\""))),
            (None, None) => Err(fault(
                name,
                "category or region",
                &model
                    .categories
                    .iter()
                    .chain(&model.regions)
                    .collect::<Vec<_>>(),
            )),
            found => Ok(found),
        },
        [category, region] => {
            let part = |name: &str, segments: &[Segment], what: &str| {
                if name == "*" {
                    return Ok(None);
                }
                match index(segments, name) {
                    Some(found) => Ok(Some(found)),
                    None => Err(fault(name, what, &segments.iter().collect::<Vec<_>>())),
                }
            };
            Ok((
                part(category, &model.categories, "category")?,
                part(region, &model.regions, "region")?,
            ))
        }
        _ => Err(
            Fault::at(mark, format!("\"{shown}\" has {} parts", parts.len()))
                .expected("expected a region, a category or category.region"),
        ),
    }
}
