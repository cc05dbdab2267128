//! Reading fixed counts, and which partnership terms are assumed.

use ndarray::Array2;

use super::cells;
use super::names::nearest;
use super::problem::Fault;
use super::reader::Reader;
use super::source::Mark;
use super::value;
use crate::model::{Model, Segment};

impl Reader<'_> {
    pub(super) fn counts(&mut self, model: &mut Model, offered: &[Vec<&str>]) {
        let Some(node) = self.node(&["counts"]) else {
            return;
        };
        let names = |segments: &[Segment]| -> Vec<String> {
            segments.iter().map(|s| s.name.clone()).collect()
        };
        let entries = cells::entries(
            node,
            &names(&model.categories),
            &names(&model.regions),
            &mut self.faults,
        );
        if entries.is_empty() && node.items().is_empty() {
            self.fault(
                Fault::at(node.mark, "counts is empty")
                    .expected("expected at least one cell, e.g. \"mid.sponsored\" = 5")
                    .help("leave counts out to have the plan optimized"),
            );
        }
        let keys: Vec<_> = (0..model.cells.len()).map(|i| model.key(i)).collect();
        let mut counts = vec![0.0; model.cells.len()];
        let mut named: Vec<Option<Mark>> = vec![None; model.cells.len()];
        for entry in &entries {
            let mut matching = keys
                .iter()
                .enumerate()
                .filter(|(_, key)| entry.pattern.matches(key))
                .map(|(i, _)| i);
            let cell = match (matching.next(), matching.next()) {
                (Some(cell), None) => cell,
                (None, _) => {
                    if model.cells.is_empty() {
                        continue;
                    }
                    let why = cells::why_not_offered(model, &entry.pattern, offered);
                    let key = entry.key.clone();
                    let near = keys.iter().map(ToString::to_string).collect::<Vec<_>>();
                    let near = nearest(&key, near.iter().map(String::as_str));
                    let fault = Fault::at(
                        entry.mark,
                        format!("the cell \"{}\" is not offered", value::short(&key)),
                    )
                    .expected(why);
                    self.fault(match near {
                        Some(near) => fault.help(format!("the nearest offered cell is {near}")),
                        None => fault,
                    });
                    continue;
                }
                (Some(one), Some(other)) => {
                    self.fault(
                        Fault::at(
                            entry.mark,
                            format!("\"{}\" names several cells", value::short(&entry.key)),
                        )
                        .expected("expected one cell")
                        .help(format!("e.g. {} or {}", keys[one], keys[other])),
                    );
                    continue;
                }
            };
            if let Some(first) = named[cell] {
                let first = self.sources.location(first);
                self.fault(
                    Fault::at(
                        entry.mark,
                        format!("the cell {} is counted twice", keys[cell]),
                    )
                    .expected(format!("first at {first}")),
                );
            }
            named[cell] = Some(entry.mark);
            if let Err(fault) = value::count(entry.node) {
                self.fault(fault.of(&value::short(&entry.key)));
            } else if let Some(count) = self.whole_count(entry.node, model.fractional_counts) {
                counts[cell] = count;
            }
        }
        let total: f64 = counts.iter().sum();
        if !self.tainted && self.faults.is_empty() && total == 0.0 {
            self.fault(
                Fault::at(node.mark, "these counts book no partnership at all")
                    .expected("expected at least one count above 0"),
            );
        }
        if total > super::keys::LARGEST_COUNT {
            self.fault(
                Fault::at(node.mark, format!("these counts book {total} partnerships"))
                    .expected("expected at most 1,000,000 in all"),
            );
        }
        model.counts = Some(Array2::from_shape_fn(
            (model.months, counts.len()),
            |(_, cell)| counts[cell],
        ));
    }

    /// Marks the cells whose terms rest, in a part that matters, on an assumed preset, and lists their types.
    pub(super) fn assumed(&mut self, model: &mut Model) {
        let hours_matter = model.hour_cost > 0.0 || model.rules.hours_per_month.is_some();
        for index in 0..model.cells.len() {
            let cell = &model.cells[index];
            let kind = &model.partnerships[cell.partnership].name;
            let own = [
                "tiers",
                &model.tiers[cell.tier].name,
                "partnership",
                kind.as_str(),
            ];
            let general = ["partnerships", kind.as_str()];
            let preset = |key: &str| {
                let own = self.root.at(&own).and_then(|n| n.get(key));
                let node = own.or_else(|| self.root.at(&general).and_then(|n| n.get(key)));
                node.is_some_and(|n| !self.sources.is_users(n.mark))
            };
            let assumed = [
                "commission",
                "product_cost",
                "posts",
                "delivery",
                "conversion_lift",
            ]
            .into_iter()
            .any(preset)
                || (cell.terms.fee_amount.is_none() && preset("fee"))
                || (hours_matter && preset("hours"));
            if assumed && !self.assumed_types.contains(kind) {
                self.assumed_types.push(kind.clone());
            }
            model.cells[index].assumed = assumed;
        }
        let order = |name: &String| model.partnerships.iter().position(|p| p.name == *name);
        self.assumed_types.sort_by_key(order);
    }
}
