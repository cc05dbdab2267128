//! Reading fixed counts, and which partnership terms are assumed.

use std::collections::HashMap;

use ndarray::Array2;

use super::cells;
use super::names::nearest;
use super::problem::Fault;
use super::reader::Reader;
use super::source::Mark;
use super::tree::{Node, Value};
use super::value;
use crate::model::{Assumption, BookedAs, CellKey, Model, Origin};

/// Terms of a partnership type that rest on assumed presets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumedTerms {
    /// The type.
    pub partnership: String,
    /// Keys of the assumed terms; empty: all that matter.
    pub keys: Vec<&'static str>,
}

/// Terms that decide cost or yield, `hours` where they are capped or cost something.
const TERMS: [&str; 7] = [
    "fee",
    "commission",
    "product_cost",
    "posts",
    "delivery",
    "conversion_lift",
    "hours",
];

impl<'a> Reader<'a> {
    /// Reads [`Model::counts`]: one table for all months, or a list of one a month.
    pub(super) fn counts(&mut self, model: &mut Model, offered: &[Vec<&str>]) {
        let Some(node) = self.node(&["counts"]) else {
            return;
        };
        let (months, cells) = (model.months, model.cells.len());
        let mut counts = Array2::zeros((months, cells));
        if let Value::Array(list) = &node.value {
            if list.len() != months && !self.months_unknown {
                let fault = Fault::at(
                    node.mark,
                    format!("counts is a list of {} for {months} months", list.len()),
                )
                .expected(format!("expected {months}, one table a month"));
                self.fault(fault.help("one table instead of a list holds for every month"));
            }
            for (month, table) in list.iter().enumerate().take(months) {
                for (cell, count, mark) in self.single_cells(table, model, offered) {
                    if count > 0.0 && !model.months_of(cell).contains(&month) {
                        let open = model.months_of(cell);
                        let fault = Fault::at(
                            mark,
                            format!("{} is counted in month {}", model.key(cell), month + 1),
                        )
                        .expected(format!(
                            "it can be booked in month{}",
                            if open.len() == 1 {
                                format!(" {}", open.start + 1)
                            } else {
                                format!("s {} to {}", open.start + 1, open.end)
                            }
                        ));
                        self.fault(fault);
                        continue;
                    }
                    counts[[month, cell]] = count;
                }
            }
            if !self.months_unknown {
                self.keep_terms(node.mark, model, &counts);
            }
        } else {
            if node.items().is_empty() && matches!(node.value, Value::Table(_)) {
                self.fault(
                    Fault::at(node.mark, "counts is empty")
                        .expected("expected at least one cell, e.g. \"mid.sponsored\" = 5")
                        .help("leave counts out to have the plan optimized"),
                );
            }
            for (cell, count, _) in self.single_cells(node, model, offered) {
                for (month, part) in over_months(model, cell, count) {
                    counts[[month, cell]] = part;
                }
            }
        }
        let total = counts.sum();
        if !self.tainted && self.faults.is_empty() && total == 0.0 {
            self.fault(
                Fault::at(node.mark, "these counts book no partnership at all")
                    .expected("expected at least one count above 0"),
            );
        }
        let most = counts.rows().into_iter().map(|row| row.sum());
        let most = most.fold(0.0, f64::max);
        if most > super::keys::LARGEST_COUNT {
            self.fault(
                Fault::at(node.mark, format!("these counts book {most} partnerships"))
                    .expected("expected at most 1,000,000 in all"),
            );
        }
        model.counts = Some(counts);
    }

    /// Ambassadors stay for their term, and nobody joins a commitment after its start.
    fn keep_terms(&mut self, mark: Mark, model: &Model, counts: &Array2<f64>) {
        for (index, cell) in model.cells.iter().enumerate() {
            let BookedAs::Level { level, start } = cell.booked_as else {
                continue;
            };
            let term = model.horizon.levels[level].term_months;
            for month in start + 1..model.months {
                let (before, now) = (counts[[month - 1, index]], counts[[month, index]]);
                let expected = if now > before {
                    "expected no more than the month before: who joins later has a start of its own"
                } else if now < before && month < start + term {
                    "expected as many as at the start until the term ends"
                } else {
                    continue;
                };
                let fault = Fault::at(
                    mark,
                    format!(
                        "{} goes from {before} to {now} in month {}",
                        model.key(index),
                        month + 1
                    ),
                )
                .expected(expected)
                .help(format!(
                    "its term is {term} months from month {}",
                    start + 1
                ));
                self.fault(fault);
                break;
            }
        }
    }

    /// The counts of a table whose keys name one cell each, with their marks. A key without `@` names an open cell.
    pub(super) fn single_cells(
        &mut self,
        node: &'a Node,
        model: &Model,
        offered: &[Vec<&str>],
    ) -> Vec<(usize, f64, Mark)> {
        let mut faults = Vec::new();
        let entries = cells::entries(node, &cells::Known::of(model), &mut faults);
        faults.into_iter().for_each(|fault| self.fault(fault));
        let keys: Vec<_> = (0..model.cells.len()).map(|i| model.key(i)).collect();
        let mut named: HashMap<usize, Mark> = HashMap::new();
        let mut out = Vec::new();
        for entry in &entries {
            let open = entry.pattern.booked_as.is_none();
            let matching: Vec<usize> = (0..keys.len())
                .filter(|&i| {
                    entry.pattern.matches(&keys[i])
                        && (!open || model.cells[i].booked_as == BookedAs::Open)
                })
                .take(2)
                .collect();
            let cell = match matching[..] {
                [cell] => cell,
                [] => {
                    if !model.cells.is_empty() {
                        let fault = not_offered(model, entry, &keys, offered);
                        self.fault(fault.of_names());
                    }
                    continue;
                }
                [one, other, ..] => {
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
            if let Some(first) = named.insert(cell, entry.mark) {
                let first = self.sources.location(first);
                self.fault(
                    Fault::at(
                        entry.mark,
                        format!("the cell {} is counted twice", keys[cell]),
                    )
                    .expected(format!("first at {first}")),
                );
            }
            if let Err(fault) = value::count(entry.node) {
                self.fault(fault.of(&value::short(&entry.key)));
            } else if let Some(count) = self.whole_count(entry.node, model.fractional_counts) {
                out.push((cell, count, entry.mark));
            }
        }
        out
    }

    /// Marks the cells whose terms rest, in a part that matters, on an assumed preset, and lists their types.
    pub(super) fn assumed(&mut self, model: &mut Model) {
        let hours_matter = model.hour_cost > 0.0 || model.rules.hours_per_month.is_some();
        for index in 0..model.cells.len() {
            let cell = &model.cells[index];
            let kind = &model.partnerships[cell.partnership].name;
            let level = match cell.booked_as {
                BookedAs::Level { level, .. } => Some(model.horizon.levels[level].name.as_str()),
                _ => None,
            };
            let of_tier = [
                "tiers",
                &model.tiers[cell.tier].name,
                "partnership",
                kind.as_str(),
            ];
            let of_level = ["ambassadors", level.unwrap_or_default()];
            let own = if level.is_some() {
                &of_level[..]
            } else {
                &of_tier
            };
            let general = ["partnerships", kind.as_str()];
            let preset = |key: &str| {
                let own = self.root.at(own).and_then(|n| n.get(key));
                let node = own.or_else(|| self.root.at(&general).and_then(|n| n.get(key)));
                node.is_some_and(|n| {
                    self.sources.origin(n.mark) == Origin::Preset(Assumption::Assumption)
                })
            };
            let due: Vec<&'static str> = TERMS
                .into_iter()
                .filter(|&key| key != "hours" || hours_matter)
                .collect();
            let assumed: Vec<&'static str> = due
                .iter()
                .copied()
                .filter(|&key| preset(key) && (key != "fee" || cell.terms.fee_amount.is_none()))
                .collect();
            let all = assumed.len() == due.len();
            model.cells[index].assumed = !assumed.is_empty();
            if assumed.is_empty() {
                continue;
            }
            let known = self.assumed_terms.iter_mut();
            match known.into_iter().find(|known| known.partnership == *kind) {
                Some(known) if all => known.keys.clear(),
                Some(known) if known.keys.is_empty() => {}
                Some(known) => known.keys.extend(
                    assumed
                        .iter()
                        .filter(|&key| !known.keys.contains(key))
                        .copied()
                        .collect::<Vec<_>>(),
                ),
                None => self.assumed_terms.push(AssumedTerms {
                    partnership: kind.clone(),
                    keys: if all { Vec::new() } else { assumed },
                }),
            }
        }
        for known in &mut self.assumed_terms {
            known
                .keys
                .sort_by_key(|key| TERMS.iter().position(|term| term == key));
        }
        let order = |known: &AssumedTerms| {
            let mut types = model.partnerships.iter();
            types.position(|p| p.name == known.partnership)
        };
        self.assumed_terms.sort_by_key(order);
    }
}

/// A key that names no cell.
fn not_offered(
    model: &Model,
    entry: &cells::Entry<'_>,
    keys: &[CellKey],
    offered: &[Vec<&str>],
) -> Fault {
    let why = if entry.pattern.booked_as.is_none()
        && let Some(key) = keys.iter().find(|key| entry.pattern.matches(key))
    {
        format!("it is booked as a commitment, e.g. {key}")
    } else {
        cells::why_not_offered(model, &entry.pattern, offered)
    };
    let near = keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    let near = nearest(&entry.key, near.iter().map(String::as_str));
    let fault = Fault::at(
        entry.mark,
        format!("the cell \"{}\" is not offered", value::short(&entry.key)),
    )
    .expected(why);
    match near {
        Some(near) => fault.help(format!("the nearest offered cell is {near}")),
        None => fault,
    }
}

/// What one number for a cell means month by month: each month of an open cell, each month from the start of a commitment to the
/// end of the horizon, and a wave's days shared out over the months it touches, in whole numbers where the count is whole.
fn over_months(model: &Model, cell: usize, count: f64) -> Vec<(usize, f64)> {
    let months = model.months_of(cell);
    let BookedAs::Wave(wave) = model.cells[cell].booked_as else {
        return months.map(|month| (month, count)).collect();
    };
    let wave = &model.horizon.waves[wave];
    let mut before = 0.0;
    let mut days = 0;
    months
        .map(|month| {
            days += model.horizon.days_within(wave, month);
            let share = count * f64::from(days) / f64::from(wave.days.max(1));
            let until = if model.fractional_counts {
                share
            } else {
                share.round()
            };
            let part = until - before;
            before = until;
            (month, part)
        })
        .collect()
}
