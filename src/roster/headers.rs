//! Which column says what: the user's mapping first, common English and Chinese names then.

use super::RosterError;
use super::issue::{Action, Issue, shown};
use super::words::columns;
use crate::model::{RosterField, RosterSettings};

/// A header row and what its columns say.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// Row of the file, from 1.
    pub(super) row: usize,
    pub(super) names: Vec<String>,
    /// Column of each field.
    pub(super) places: [Option<usize>; 11],
    pub(super) issues: Vec<Issue>,
}

impl Header {
    /// Columns whose meaning is known.
    pub(super) fn known(&self) -> usize {
        self.places.iter().flatten().count()
    }
}

/// A name in the form in which names are compared.
pub(super) fn plain(name: &str) -> String {
    let outside = name.split(['(', '（', '[', '【']).next().unwrap_or(name);
    let outside = if outside.trim().is_empty() {
        name
    } else {
        outside
    };
    outside
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Column of each field by the names of a header.
///
/// # Errors
/// [`RosterError::NoColumn`] for a column of the settings that is not there,
/// [`RosterError::NoHeader`] where the names do not make a roster: an id or a name, and a tier or
/// followers, are needed.
pub fn places(
    names: &[String],
    settings: &RosterSettings,
) -> Result<[Option<usize>; 11], RosterError> {
    let mut places = [None; 11];
    for (field, wanted) in &settings.columns {
        let exact = names.iter().position(|n| n.trim() == wanted.trim());
        let found = exact.or_else(|| names.iter().position(|n| plain(n) == plain(wanted)));
        let Some(place) = found else {
            let listed: Vec<String> = names
                .iter()
                .filter(|n| !n.trim().is_empty())
                .map(|n| format!("\"{}\"", shown(n.trim())))
                .take(30)
                .collect();
            return Err(RosterError::NoColumn {
                field: field.name(),
                wanted: format!("{wanted:?}"),
                found: listed.join(", "),
            });
        };
        places[field.index()] = Some(place);
    }
    let names: Vec<String> = names.iter().map(|n| plain(n)).collect();
    for field in RosterField::ALL {
        if places[field.index()].is_some() {
            continue;
        }
        let free = |place: &usize| !places.contains(&Some(*place));
        places[field.index()] = columns(field)
            .iter()
            .find_map(|&known| (0..names.len()).filter(free).find(|&i| names[i] == known));
    }
    let has = |field: RosterField| places[field.index()].is_some();
    let named = has(RosterField::Id) || has(RosterField::Name);
    let sized = has(RosterField::Tier) || has(RosterField::Followers);
    if named && sized {
        Ok(places)
    } else {
        let first = names.join(", ");
        Err(RosterError::NoHeader {
            first: format!("\"{}\"", shown(&first)),
        })
    }
}

/// The header among the first rows of a file.
pub(super) fn header(
    rows: &[(usize, Vec<String>)],
    settings: &RosterSettings,
) -> Result<Header, RosterError> {
    let Some((_, first)) = rows.first() else {
        return Err(RosterError::Empty);
    };
    let mut wrong = None;
    for (row, names) in rows {
        match places(names, settings) {
            Ok(places) => {
                return Ok(Header {
                    row: *row,
                    issues: doubles(*row, names, &places),
                    names: names.clone(),
                    places,
                });
            }
            Err(error @ RosterError::NoColumn { .. }) => {
                // Of the row that knows most other columns, if any is a header at all.
                let known = places_without(names);
                if known > 0 && wrong.as_ref().is_none_or(|(most, _)| known > *most) {
                    wrong = Some((known, error));
                }
            }
            Err(_) => {}
        }
    }
    if let Some((_, error)) = wrong {
        return Err(error);
    }
    Err(RosterError::NoHeader {
        first: format!("\"{}\"", shown(&first.join(", "))),
    })
}

fn places_without(names: &[String]) -> usize {
    let names: Vec<String> = names.iter().map(|n| plain(n)).collect();
    let known = |field: &RosterField| columns(*field).iter().any(|k| names.iter().any(|n| n == k));
    RosterField::ALL.iter().filter(|field| known(field)).count()
}

/// Columns that say what another one says already.
fn doubles(row: usize, names: &[String], places: &[Option<usize>; 11]) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let twin = names[..i]
            .iter()
            .position(|other| !plain(name).is_empty() && plain(other) == plain(name));
        if let Some(twin) = twin.filter(|&t| places.contains(&Some(t))) {
            issues.push(Issue {
                row,
                column: Some(shown(name.trim())),
                text: shown(name),
                action: Action::Dropped,
                reason: format!(
                    "a second column of the name; the first, column {}, holds",
                    twin + 1
                )
                .into(),
            });
        }
    }
    issues
}
