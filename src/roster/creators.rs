//! Rows to creators.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::RosterError;
use super::headers::plain;
use super::issue::{Action, Issue, shown};
use super::label::label;
use super::number::{Number, Reading, Style, What, is_unknown};
use super::ranges::{Range, ranges};
use super::table::{RawTable, TextColumn};
use super::whole::Roster;
use super::words::{CLOSED, SUMS, TIERS};
use crate::model::{Basis, Creator, Model, Past, RosterField, RosterSettings, Segment};

/// Largest number of followers that is believed.
const MOST_FOLLOWERS: f64 = 2e9;
/// Largest fee, number of posts or orders that is believed.
const LARGEST: f64 = 1e12;

/// Creators from the columns of a file, as tiers, categories and regions of a model.
///
/// # Errors
/// [`RosterError::Nobody`] if no row is a creator that can be booked.
pub fn read_table(
    table: &RawTable,
    model: &Model,
    settings: &RosterSettings,
) -> Result<Roster, RosterError> {
    let mut reader = Reader::new(table, model, settings);
    let mut creators: Vec<Creator> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for at in 0..table.rows.len() {
        let before = reader.issues.len();
        let Some(creator) = reader.creator(at) else {
            // What was repaired of a row that is dropped is of no interest.
            let last = reader.issues.pop();
            reader.issues.truncate(before);
            reader.issues.extend(last);
            continue;
        };
        if let Some(&first) = known.get(&creator.id) {
            reader.issues.truncate(before);
            let twin = &creators[first];
            let same = Creator {
                row: twin.row,
                ..creator.clone()
            } == *twin;
            let differs = if same { "" } else { ", with other figures" };
            let reason = format!("its id stands in row {} already{differs}", twin.row);
            let field = Some(reader.id_field());
            reader.drop(at, field, reason);
            continue;
        }
        known.insert(creator.id.clone(), creators.len());
        creators.push(creator);
    }
    let own = std::mem::take(&mut reader.issues);
    drop(reader);
    let columns = RosterField::ALL
        .into_iter()
        .filter_map(|f| Some((f, table.columns[f.index()].as_ref()?.0.clone())))
        .collect();
    let dropped: HashSet<usize> = own
        .iter()
        .filter(|issue| issue.action == Action::Dropped)
        .map(|issue| issue.row)
        .collect();
    let mut issues = table.issues.clone();
    issues.retain(|issue| issue.action == Action::Dropped || !dropped.contains(&issue.row));
    issues.extend(own);
    issues.sort_by_key(|issue| issue.row);
    if creators.is_empty() {
        let first = issues.iter().find(|i| i.action == Action::Dropped);
        return Err(RosterError::Nobody {
            rows: table.read,
            reason: first.map_or_else(
                || "there are no rows under the header".to_owned(),
                |i| format!("row {}, \"{}\": {}", i.row, i.text, i.reason),
            ),
        });
    }
    Ok(Roster {
        creators,
        issues,
        read: table.read,
        columns,
        form: table.form.clone(),
    })
}

/// The row was left out, and an issue says why.
struct Dropped;

struct Reader<'a> {
    table: &'a RawTable,
    model: &'a Model,
    issues: Vec<Issue>,
    styles: [Option<Style>; 11],
    /// Rates without a sign are percentages.
    percentages: bool,
    /// Rates are shares of followers.
    per_follower: bool,
    /// Largest first.
    ranges: Vec<Range>,
    categories: HashMap<String, usize>,
    regions: HashMap<String, usize>,
}

fn what(field: RosterField) -> Option<What> {
    match field {
        RosterField::Followers | RosterField::PastPosts | RosterField::PastConversions => {
            Some(What::Count)
        }
        RosterField::Fee => Some(What::Amount),
        RosterField::EngagementRate => Some(What::Rate),
        _ => None,
    }
}

impl<'a> Reader<'a> {
    fn new(table: &'a RawTable, model: &'a Model, settings: &RosterSettings) -> Self {
        let mut styles = [None; 11];
        for field in RosterField::ALL {
            let i = field.index();
            if let (Some(what), Some((_, column))) = (what(field), &table.columns[i]) {
                let texts = (0..column.len()).map(|row| column.get(row));
                let stored = table.stored_numbers[i];
                styles[i] = Some(Style::of(what, texts, settings.decimal_comma, stored));
            }
        }
        let names = |list: &[Segment]| {
            list.iter()
                .enumerate()
                .map(|(i, s)| (plain(&s.name), i))
                .collect()
        };
        let mut reader = Self {
            table,
            model,
            issues: Vec::new(),
            styles,
            percentages: false,
            per_follower: settings.engagement_per_follower,
            ranges: ranges(model),
            categories: names(&model.categories),
            regions: names(&model.regions),
        };
        reader.percentages = reader.rates_are_percentages();
        reader
    }

    /// Whether most rates without a sign are above 1.
    fn rates_are_percentages(&self) -> bool {
        let field = RosterField::EngagementRate;
        let (Some(style), Some(column)) = (self.styles[field.index()], self.column(field)) else {
            return false;
        };
        let (mut above, mut within) = (0_usize, 0_usize);
        for row in 0..column.len() {
            if let Reading::Number(n) = style.read(column.get(row))
                && !n.percent
            {
                if n.value > 1.0 {
                    above += 1;
                } else {
                    within += 1;
                }
            }
        }
        above > within
    }

    fn column(&self, field: RosterField) -> Option<&'a TextColumn> {
        self.table.columns[field.index()].as_ref().map(|c| &c.1)
    }

    fn text(&self, field: RosterField, at: usize) -> &'a str {
        self.column(field).map_or("", |column| column.get(at))
    }

    fn issue(
        &mut self,
        at: usize,
        field: Option<RosterField>,
        action: Action,
        reason: impl Into<Cow<'static, str>>,
    ) {
        let column = field.and_then(|f| self.table.columns[f.index()].as_ref());
        let text = if let Some(field) = field {
            shown(self.text(field, at))
        } else {
            let texts: Vec<&str> = RosterField::ALL
                .iter()
                .filter_map(|&f| self.column(f).map(|c| c.get(at)))
                .collect();
            shown(&texts.join(" | "))
        };
        self.issues.push(Issue {
            row: self.table.rows[at],
            column: column.map(|c| shown(&c.0)),
            text,
            action,
            reason: reason.into(),
        });
    }

    fn drop(
        &mut self,
        at: usize,
        field: Option<RosterField>,
        reason: impl Into<Cow<'static, str>>,
    ) {
        self.issue(at, field, Action::Dropped, reason);
    }

    fn id_field(&self) -> RosterField {
        let id = RosterField::Id;
        if self.column(id).is_some() {
            id
        } else {
            RosterField::Name
        }
    }

    /// A text without padding; `None` for what stands for "not known".
    fn label(&mut self, field: RosterField, at: usize) -> Option<String> {
        let (label, repaired) = label(self.text(field, at))?;
        if let Some(reason) = repaired {
            self.issue(at, Some(field), Action::Repaired, reason);
        }
        Some(label)
    }

    fn creator(&mut self, at: usize) -> Option<Creator> {
        let id_field = self.id_field();
        let Some(id) = self.label(id_field, at) else {
            self.drop(at, None, "it has no id");
            return None;
        };
        if SUMS.contains(&plain(&id).as_str()) {
            self.drop(at, None, "it sums up other rows");
            return None;
        }
        let name = if id_field == RosterField::Name {
            Some(id.clone())
        } else {
            self.label(RosterField::Name, at)
        };
        self.damaged(at)?;
        let status = plain(self.text(RosterField::Status, at));
        if CLOSED.contains(&status.as_str()) {
            let reason = "its status says that it cannot be booked";
            self.drop(at, Some(RosterField::Status), reason);
            return None;
        }
        let followers = self
            .number(RosterField::Followers, at)
            .and_then(|n| self.believed(RosterField::Followers, at, n.value, MOST_FOLLOWERS));
        let tier = self.tier(at, followers)?;
        let (categories, regions) = (RosterField::Category, RosterField::Region);
        let category = self.segment(categories, at).ok()?;
        let region = self.segment(regions, at).ok()?;
        let offered =
            self.model.cells.iter().any(|cell| {
                cell.tier == tier && cell.category == category && cell.region == region
            });
        if !offered {
            let reason =
                "no partnership of the scenario is offered to its tier, category and region";
            self.drop(at, None, reason);
            return None;
        }
        let fee = self.fee(at);
        let engagement_rate = self.rate(at, tier);
        let past = self.past(at);
        Some(Creator {
            row: self.table.rows[at],
            id,
            name,
            tier,
            category,
            region,
            followers,
            fee,
            engagement_rate,
            past,
        })
    }

    /// Lists what is no text in the file's encoding. A creator whose status cannot be read is not booked.
    fn damaged(&mut self, at: usize) -> Option<()> {
        for field in RosterField::ALL {
            if !self.text(field, at).contains('\u{fffd}') {
                continue;
            }
            if field == RosterField::Status {
                self.drop(at, Some(field), "its status is damaged and cannot be read");
                return None;
            }
            let reason = "bytes of it are no text in the file's encoding";
            self.issue(at, Some(field), Action::Repaired, reason);
        }
        Some(())
    }

    /// A number that the text holds; what is none is told and left out.
    fn number(&mut self, field: RosterField, at: usize) -> Option<Number> {
        let style = self.styles[field.index()]?;
        match style.read(self.text(field, at)) {
            Reading::Unknown => None,
            Reading::Nonsense => {
                let reason = "this is no number; it counts as not known";
                self.issue(at, Some(field), Action::Repaired, reason);
                None
            }
            Reading::Number(number) => {
                if number.ambiguous {
                    let reason = format!(
                        "its separator can be read in two ways; read as {}",
                        number.value
                    );
                    self.issue(at, Some(field), Action::Repaired, reason);
                }
                Some(number)
            }
        }
    }

    fn believed(&mut self, field: RosterField, at: usize, value: f64, most: f64) -> Option<f64> {
        if (0.0..=most).contains(&value) {
            return Some(value);
        }
        let reason = if value < 0.0 {
            "it is below zero; it counts as not known"
        } else {
            "it is too large to be believed; it counts as not known"
        };
        self.issue(at, Some(field), Action::Repaired, reason);
        None
    }

    fn fee(&mut self, at: usize) -> Option<f64> {
        let field = RosterField::Fee;
        let number = self.number(field, at)?;
        let currency = &self.model.currency;
        if let Some(codes) = number.currency
            && !codes.contains(&currency.as_str())
        {
            let reason = format!(
                "this is no amount in {currency}, the scenario's currency; it counts as not known"
            );
            self.issue(at, Some(field), Action::Repaired, reason);
            return None;
        }
        if number.percent {
            let reason = "a percentage is no fee; it counts as not known";
            self.issue(at, Some(field), Action::Repaired, reason);
            return None;
        }
        self.believed(field, at, number.value, LARGEST)
    }

    fn rate(&mut self, at: usize, tier: usize) -> Option<f64> {
        let field = RosterField::EngagementRate;
        let number = self.number(field, at)?;
        let mut rate = number.value;
        if !number.percent && (self.percentages || rate > 1.0) {
            rate /= 100.0;
            if !self.percentages {
                let reason = format!("above 1 in a column of shares; read as {} %", number.value);
                self.issue(at, Some(field), Action::Repaired, reason);
            }
        }
        if self.per_follower
            && let Basis::Followers(f) = &self.model.tiers[tier].basis
        {
            rate /= f.view_rate.mean();
        }
        if (0.0..=1.0).contains(&rate) {
            return Some(rate);
        }
        let reason = "this is no rate between 0 and 100 %; it counts as not known";
        self.issue(at, Some(field), Action::Repaired, reason);
        None
    }

    fn past(&mut self, at: usize) -> Option<Past> {
        let (posts, conversions) = (RosterField::PastPosts, RosterField::PastConversions);
        let p = self.number(posts, at)?.value;
        let c = self.number(conversions, at)?.value;
        let past = Past {
            posts: self.believed(posts, at, p, LARGEST)?,
            conversions: self.believed(conversions, at, c, LARGEST)?,
        };
        if past.posts == 0.0 {
            if past.conversions > 0.0 {
                let reason = "conversions of no posts; they count as not known";
                self.issue(at, Some(conversions), Action::Repaired, reason);
            }
            return None;
        }
        Some(past)
    }

    /// The tier by name, else by followers.
    fn tier(&mut self, at: usize, followers: Option<f64>) -> Option<usize> {
        let model = self.model;
        let field = RosterField::Tier;
        let by_followers = followers.and_then(|f| self.ranges.iter().find(|r| f >= r.from));
        let by_followers = by_followers.map(|r| r.tier);
        let text = self.text(field, at);
        if !is_unknown(text) {
            let name = plain(text);
            let word = TIERS.iter().find(|(tier, words)| {
                words.contains(&name.as_str()) || name.strip_suffix("tier") == Some(tier)
            });
            let Some((name, _)) = word else {
                if let Some(tier) = by_followers {
                    let reason = format!(
                        "this is no tier; by its followers it is {}",
                        model.tiers[tier].name
                    );
                    self.issue(at, Some(field), Action::Repaired, reason);
                    return Some(tier);
                }
                self.drop(
                    at,
                    Some(field),
                    "this is no tier, and its followers are not known",
                );
                return None;
            };
            let tier = model.tiers.iter().position(|t| t.name == *name);
            if tier.is_none() {
                let reason = format!("its tier, {name}, is not in tiers.use");
                self.drop(at, Some(field), reason);
            }
            return tier;
        }
        match (followers, by_followers) {
            (_, Some(tier)) => Some(tier),
            (None, None) => {
                self.drop(at, None, "neither its tier nor its followers are known");
                None
            }
            (Some(_), None) => {
                let least = self.ranges.last().map_or(0.0, |r| r.from);
                let reason =
                    format!("its followers are below the {least} of the smallest tier in use");
                self.drop(at, Some(RosterField::Followers), reason);
                None
            }
        }
    }

    /// `None` where the scenario has no such dimension; an error where the row was dropped.
    fn segment(&mut self, field: RosterField, at: usize) -> Result<Option<usize>, Dropped> {
        let (segments, known) = if field == RosterField::Category {
            (&self.model.categories, &self.categories)
        } else {
            (&self.model.regions, &self.regions)
        };
        if segments.is_empty() {
            return Ok(None);
        }
        if let Some(&i) = known.get(&plain(self.text(field, at))) {
            return Ok(Some(i));
        }
        let word = field.name();
        let reason = if is_unknown(self.text(field, at)) {
            format!("its {word} is not known, and the scenario plans by {word}")
        } else {
            format!("the scenario has no {word} of this name")
        };
        self.drop(at, Some(field), reason);
        Err(Dropped)
    }
}
