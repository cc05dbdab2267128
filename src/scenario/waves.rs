//! Reading campaign waves, and the cells they add.

use super::cells;
use super::commitment_keys::{SCHEDULES, WAVE_KINDS};
use super::keys::{LARGEST, LARGEST_COUNT, TIERS, TYPES};
use super::problem::Fault;
use super::reader::Reader;
use super::source::Mark;
use super::time_value::{self, Range};
use super::tree::{Node, Value};
use super::value::{self, short};
use crate::model::wave::turn_of;
use crate::model::{BookedAs, CellPattern, Factors, Model, Origin, Wave, WaveKind, WaveSchedule};

/// Counts of a wave, each with where it was written.
type Counts = Vec<((CellPattern, f64, Option<f64>), Origin)>;

impl Reader<'_> {
    /// Reads the waves of a model with open cells, and adds their cells.
    pub(super) fn waves(&mut self, model: &mut Model, offered: &[Vec<&str>]) {
        let Some(node) = self.node(&["wave"]) else {
            return;
        };
        let Value::Array(entries) = &node.value else {
            return;
        };
        for key in [
            "name",
            "kind",
            "start",
            "week",
            "days",
            "tiers",
            "partnerships",
            "count",
            "budget",
            "conversion_lift",
            "view_rate",
            "engagement_rate",
            "click_rate",
            "fee",
            "schedule",
        ] {
            self.seen.insert(format!("wave.{key}"));
        }
        let open = model.cells.len();
        let mut names: Vec<(String, Mark)> = Vec::new();
        for entry in entries {
            if !matches!(entry.value, Value::Table(_)) {
                self.tainted = true;
                continue;
            }
            if let Some(name) = self.wave_name(entry, model, &names) {
                let mark = entry.get("name").map_or(entry.mark, |n| n.mark);
                names.push((name.clone(), mark));
                let wave = self.wave(entry, name, model);
                let (counts, chosen) = self.wave_cells(entry, &wave, model, offered, open);
                let index = model.horizon.waves.len();
                let (counts, count_origins) = counts.into_iter().unzip();
                let mut turns = [false; 4];
                for &cell in &chosen {
                    turns[turn_of(&model.tiers[model.cells[cell].tier].name)] = true;
                }
                model.horizon.waves.push(Wave {
                    counts,
                    turns,
                    count_origins,
                    ..wave
                });
                let factors = model.horizon.waves[index].factors;
                for cell in chosen {
                    let mut own = model.cells[cell].clone();
                    own.factors = own.factors.times(factors);
                    own.booked_as = BookedAs::Wave(index);
                    model.cells.push(own);
                }
            }
        }
    }

    /// A name that cell keys can use and that nothing else has.
    fn wave_name(
        &mut self,
        entry: &Node,
        model: &Model,
        names: &[(String, Mark)],
    ) -> Option<String> {
        let Some(node) = entry.get("name") else {
            if self.was_meant(&["wave", "name"]) {
                return None;
            }
            self.fault(
                Fault::at(entry.mark, "this wave has no name")
                    .expected("add e.g. name = \"launch\""),
            );
            return None;
        };
        let Ok(name) = value::text(node).map(str::to_owned) else {
            self.tainted = true;
            return None;
        };
        if let Some(fault) = unusable(&name, node.mark) {
            self.fault(fault);
            return None;
        }
        if let Some((_, first)) = names.iter().find(|(other, _)| *other == name) {
            let first = self.sources.location(*first);
            self.fault(
                Fault::at(
                    node.mark,
                    format!("two waves are named \"{}\"", short(&name)),
                )
                .expected(format!("first at {first}")),
            );
            return None;
        }
        if model.horizon.levels.iter().any(|level| level.name == name) {
            self.fault(
                Fault::at(
                    node.mark,
                    format!("\"{}\" names a wave and an ambassador level", short(&name)),
                )
                .expected(
                    "expected a name of its own: cell keys use it, as in \"mid.sponsored@launch\"",
                ),
            );
            return None;
        }
        Some(name)
    }

    /// What a wave says of itself, without its counts. Values that the list of keys refused are replaced.
    fn wave(&mut self, entry: &Node, name: String, model: &Model) -> Wave {
        let (first_day, days) = self.days(entry, &name, model);
        let budget = match self.part(entry, "budget", |n| time_value::range(n, LARGEST)) {
            Some(Range::One(most)) => (None, Some(most)),
            Some(Range::Ends(least, most)) => (Some(least), most),
            None => (None, None),
        };
        let mut factor = |key: &'static str| self.part(entry, key, value::number).unwrap_or(1.0);
        let factors = Factors {
            fee: factor("fee"),
            view_rate: factor("view_rate"),
            engagement_rate: factor("engagement_rate"),
            click_rate: factor("click_rate"),
            conversion_rate: factor("conversion_lift"),
        };
        let kind = match self.part(entry, "kind", |n| value::word(n, WAVE_KINDS)) {
            Some("tease") => WaveKind::Tease,
            Some("sustain") => WaveKind::Sustain,
            _ => WaveKind::Launch,
        };
        let schedule = self.part(entry, "schedule", |n| value::word(n, SCHEDULES));
        let schedule = schedule
            .and_then(|word| WaveSchedule::ALL.into_iter().find(|s| s.name() == word))
            .unwrap_or_default();
        let budget_at = entry.get("budget").map_or(entry.mark, |node| node.mark);
        Wave {
            name,
            kind,
            first_day,
            days,
            budget,
            counts: Vec::new(),
            factors,
            schedule,
            turns: [false; 4],
            origin: self.sources.origin(entry.mark),
            budget_origin: self.sources.origin(budget_at),
            count_origins: Vec::new(),
        }
    }

    /// A value of a table; what the list of keys refused taints the reading.
    fn part<'n, T>(
        &mut self,
        entry: &'n Node,
        key: &str,
        read: impl FnOnce(&'n Node) -> Result<T, Fault>,
    ) -> Option<T> {
        let value = read(entry.get(key)?).ok();
        self.tainted |= value.is_none();
        value
    }

    /// First day and number of days of a wave within the horizon.
    fn days(&mut self, entry: &Node, name: &str, model: &Model) -> (u32, u32) {
        let name = short(name);
        let days = self.part(entry, "days", |n| value::whole(n, 1, 731));
        if entry.get("days").is_none() && !self.was_meant(&["wave", "days"]) {
            self.fault(
                Fault::at(
                    entry.mark,
                    format!("the wave \"{name}\" does not say how long it is"),
                )
                .expected("add e.g. days = 7"),
            );
        }
        let first = match (entry.get("start"), entry.get("week")) {
            (Some(_), Some(week)) => {
                self.fault(
                    Fault::at(
                        week.mark,
                        format!("the wave \"{name}\" states both start and week"),
                    )
                    .expected("keep one of them"),
                );
                return (0, 1);
            }
            (None, None) => {
                if !self.was_meant(&["wave", "start"]) && !self.was_meant(&["wave", "week"]) {
                    self.fault(
                        Fault::at(
                            entry.mark,
                            format!("the wave \"{name}\" does not say when it starts"),
                        )
                        .expected("add e.g. week = 5, or start = \"2026-08-03\""),
                    );
                }
                return (0, 1);
            }
            (None, Some(week)) => self
                .part(entry, "week", |n| value::whole(n, 1, 105))
                .and_then(|n| i64::try_from(n).ok())
                .map(|n| (7 * (n - 1), week)),
            (Some(start), None) => self
                .part(entry, "start", time_value::day)
                .and_then(|day| self.day_of(day, start, model))
                .map(|day| (day, start)),
        };
        let (Some((first, place)), Some(days)) = (first, days) else {
            return (0, 1);
        };
        let (days, all) = (
            i64::try_from(days).unwrap_or(i64::MAX / 2),
            i64::from(model.horizon.days()),
        );
        if first < 0 || first + days > all {
            let said = if first < 0 {
                let plural = if first == -1 { "" } else { "s" };
                format!("{} day{plural} before the horizon", -first)
            } else {
                format!("on day {}", first + 1)
            };
            self.fault(
                Fault::at(
                    place.mark,
                    format!(
                        "the wave \"{name}\" starts {said} and ends on day {} of {all}",
                        first + days
                    ),
                )
                .expected(format!("expected {days} days within the horizon"))
                .help("start it earlier or later, make it shorter, or add months"),
            );
            return (0, 1);
        }
        let whole = |n: i64| u32::try_from(n).unwrap_or(1);
        (whole(first), whole(days))
    }

    /// A date as a day of the horizon, which needs the file's first month.
    fn day_of(&mut self, day: jiff::civil::Date, place: &Node, model: &Model) -> Option<i64> {
        let first = model
            .start
            .and_then(|(year, month)| jiff::civil::Date::new(year, month, 1).ok());
        let Some(first) = first else {
            if self.root.get("start").is_some() || self.was_meant(&["start"]) {
                // It has been told that this is no month.
                self.tainted = true;
                return None;
            }
            self.fault(
                Fault::at(
                    place.mark,
                    "a wave that starts on a date needs the file's first month",
                )
                .expected(format!(
                    "add start = \"{:04}-{:02}\" to the file, above its tables",
                    day.year(),
                    day.month()
                ))
                .help("or say here which week it is: week = 5"),
            );
            return None;
        };
        Some(day.duration_since(first).as_hours() / 24)
    }

    /// The counts of a wave, and which open cells it has: those that its counts name, or all of its tiers and partnership types.
    fn wave_cells(
        &mut self,
        entry: &Node,
        wave: &Wave,
        model: &Model,
        offered: &[Vec<&str>],
        open: usize,
    ) -> (Counts, Vec<usize>) {
        let mut limits = |key: &str, known: &'static [&'static str]| {
            let node = entry.get(key)?;
            let mut faults = Vec::new();
            let names = value::names(node, known, &mut faults);
            self.tainted |= !faults.is_empty();
            Some(names)
        };
        let (tiers, types) = (limits("tiers", TIERS), limits("partnerships", TYPES));
        let within = |cell: usize| {
            let key = model.key(cell);
            tiers
                .as_ref()
                .is_none_or(|t| t.contains(&key.tier.as_str()))
                && types
                    .as_ref()
                    .is_none_or(|t| t.contains(&key.partnership.as_str()))
        };
        let cells: Vec<usize> = (0..open).filter(|&cell| within(cell)).collect();
        let name = short(&wave.name);
        if cells.is_empty() && !self.tainted {
            self.fault(
                Fault::at(entry.mark, format!("the wave \"{name}\" has no cell"))
                    .expected("no cell of its tiers and partnerships is offered"),
            );
        }
        let Some(table) = entry.get("count") else {
            return (Vec::new(), cells);
        };
        if !matches!(table.value, Value::Table(_)) {
            self.tainted = true;
            return (Vec::new(), cells);
        }
        let mut faults = Vec::new();
        let known = cells::Known::of(model).with_wave(&wave.name);
        let entries = cells::patterns(table, &known, &mut faults);
        if faults.is_empty() && entries.is_empty() {
            faults.push(
                Fault::at(
                    table.mark,
                    format!("the counts of the wave \"{name}\" name no cells"),
                )
                .expected("expected e.g. { mid = [10, 10] }"),
            );
        }
        for fault in faults {
            self.fault(fault);
        }
        let mut counts = Vec::new();
        let mut chosen = vec![false; open];
        for own in &entries {
            if own.pattern.booked_as.is_some() {
                self.fault(
                    Fault::at(
                        own.mark,
                        format!("\"{}\" counts what is booked otherwise", short(&own.key)),
                    )
                    .expected("expected a key without @: counts are those of this wave"),
                );
                continue;
            }
            let named: Vec<usize> = (0..open)
                .filter(|&cell| own.pattern.matches(&model.key(cell)))
                .collect();
            let inside: Vec<usize> = named
                .iter()
                .copied()
                .filter(|c| cells.contains(c))
                .collect();
            if inside.is_empty() && !model.cells.is_empty() {
                let why = if named.is_empty() {
                    why_not(model, &own.pattern, offered)
                } else {
                    "it is not in the wave's own tiers and partnerships".to_owned()
                };
                self.fault(
                    Fault::at(
                        own.mark,
                        format!("the wave \"{name}\" cannot count \"{}\"", short(&own.key)),
                    )
                    .expected(why)
                    .of_names(),
                );
                continue;
            }
            for cell in inside {
                chosen[cell] = true;
            }
            if let Some((least, most)) = self.count_range(own, model.fractional_counts) {
                let origin = self.sources.origin(own.node.mark);
                counts.push(((own.pattern.clone(), least, most), origin));
            }
        }
        if tiers.is_none() && types.is_none() {
            (counts, (0..open).filter(|&cell| chosen[cell]).collect())
        } else {
            (counts, cells)
        }
    }

    /// A number of partnerships, or least and most; whole unless counts may be fractional.
    fn count_range(
        &mut self,
        own: &cells::Entry<'_>,
        fractional: bool,
    ) -> Option<(f64, Option<f64>)> {
        let range = match time_value::range(own.node, LARGEST_COUNT) {
            Ok(range) => range,
            Err(fault) => {
                self.fault(fault.of(&short(&own.key)));
                return None;
            }
        };
        let (least, most) = match range {
            Range::One(count) => (count, Some(count)),
            Range::Ends(least, most) => (least, most),
        };
        let mut ends = [Some(least), most].into_iter().flatten();
        if let Some(broken) = ends.find(|n| !fractional && n.fract() != 0.0) {
            self.fault(
                Fault::at(own.node.mark, format!("{broken} creators cannot be booked"))
                    .expected("expected a whole number")
                    .help("set fractional_counts = true to plan by shares"),
            );
            return None;
        }
        Some((least, most))
    }
}

/// Why a pattern names no open cell.
fn why_not(model: &Model, pattern: &CellPattern, offered: &[Vec<&str>]) -> String {
    let levels =
        pattern.partnership.as_deref() == Some("ambassador") && !model.horizon.levels.is_empty();
    if levels {
        "ambassadors of a level are commitments, not part of a wave".to_owned()
    } else {
        cells::why_not_offered(model, pattern, offered)
    }
}

/// Why a name cannot stand behind `@` in cell keys.
pub(super) fn unusable(name: &str, mark: Mark) -> Option<Fault> {
    let bad = name.chars().count() > 60
        || name.trim() != name
        || name
            .chars()
            .any(|c| c.is_control() || matches!(c, '.' | '*' | '"' | '\'' | '@' | '+'));
    bad.then(|| {
        Fault::at(mark, format!("\"{}\" cannot be a name here", short(name))).expected(
            "names have 1 to 60 characters, none of . * @ + and no quotation mark: cell keys use them",
        )
    })
}
