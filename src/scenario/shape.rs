//! What a key of the scenario file is, and what may stand under it.

/// One key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
    pub(super) shape: Shape,
}

/// What stands under a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// One value.
    Leaf(Kind),
    /// A table of these keys.
    Table(&'static [Field]),
    /// One value, or a table of these keys.
    LeafOr(Kind, &'static [Field]),
    /// A table of these keys, a list of such tables, or "none".
    TableOrList(&'static [Field]),
    /// A table of names, each with the same shape.
    Map(Names, &'static Shape),
    /// An array of tables.
    List(&'static [Field]),
    /// `[[what_if]]`: an array of tables of keys of the file itself.
    WhatIfs,
}

/// Which names a map takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names {
    /// One of these.
    Of(&'static [&'static str]),
    /// The user's own segment names.
    Own,
}

/// What kind of value a key takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// 1.
    Schema,
    /// Letters a-z, digits and hyphens.
    Slug,
    /// Any text; `true`: not empty.
    Text(bool),
    /// Three capital letters.
    Currency,
    /// "2026-04".
    Month,
    /// One of these words.
    Word(&'static [&'static str]),
    /// true or false.
    Flag,
    /// 0 to 2^64 − 1.
    Seed,
    /// 1 to [`MOST_TRIALS`](super::keys::MOST_TRIALS).
    Trials,
    /// 1 to 24.
    Months,
    /// An amount above 0, or a list of amounts, one a month.
    Budgets,
    /// A list of amounts, one a month.
    MonthAmounts,
    /// A list of factors, one a month.
    Seasons,
    /// A number in a range; `open` leaves the ends out.
    Number { min: f64, max: f64, open: bool },
    /// A probability in (0, 1), or "free".
    LevelOrFree,
    /// A whole number in a range.
    Whole { min: u64, max: u64 },
    /// A number of creators, 0 or more.
    Count,
    /// A number of creators, or "free".
    CountOrFree,
    /// A distribution of an amount of 0 or more.
    Amount,
    /// A distribution of a cost-per figure, above 0.
    CostPer,
    /// A distribution of a rate in [0, 1].
    Rate,
    /// Mean and sd of order values.
    OrderValue,
    /// A share, a band [low, high], or "free".
    Band,
    /// A list of some of these names.
    Some(&'static [&'static str]),
    /// Counts of single cells, or a list of such tables, one a month.
    Counts,
    /// Numbers or pairs of them by cell key.
    CellRanges,
    /// A number, or [low, high].
    Range,
    /// "2026-08-03", also as a date of TOML.
    Day,
    /// Numbers by cell key; `true`: counts of single cells, `false`: coefficients.
    Cells(bool),
    /// A number of people, or a table of them by region, category or both.
    Sizes,
}

impl Shape {
    /// Whether an overlay merges with it key by key.
    pub(super) fn merges(&self) -> bool {
        matches!(
            self,
            Self::Table(_) | Self::LeafOr(..) | Self::TableOrList(_) | Self::Map(..)
        )
    }
}

/// A key of one value.
pub(super) const fn leaf(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field {
        name,
        doc,
        shape: Shape::Leaf(kind),
    }
}

/// A key of a table.
pub(super) const fn table(
    name: &'static str,
    fields: &'static [Field],
    doc: &'static str,
) -> Field {
    Field {
        name,
        doc,
        shape: Shape::Table(fields),
    }
}

/// A key of a table of names.
pub(super) const fn map(
    name: &'static str,
    names: Names,
    of: &'static Shape,
    doc: &'static str,
) -> Field {
    Field {
        name,
        doc,
        shape: Shape::Map(names, of),
    }
}
