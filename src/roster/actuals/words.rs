//! Columns of actuals files.

use super::super::headers::plain;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Month,
    Tier,
    Partnership,
    Count,
    Spend,
    Impressions,
    Engagements,
    Clicks,
    Conversions,
    Revenue,
}

impl Field {
    pub(super) const COUNT: usize = 10;

    pub(super) const ALL: [Self; Self::COUNT] = [
        Self::Month,
        Self::Tier,
        Self::Partnership,
        Self::Count,
        Self::Spend,
        Self::Impressions,
        Self::Engagements,
        Self::Clicks,
        Self::Conversions,
        Self::Revenue,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Tier => "tier",
            Self::Partnership => "partnership",
            Self::Count => "count",
            Self::Spend => "spend",
            Self::Impressions => "impressions",
            Self::Engagements => "engagements",
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
            Self::Revenue => "revenue",
        }
    }

    pub(super) fn is_required(self) -> bool {
        !matches!(
            self,
            Self::Count | Self::Impressions | Self::Engagements | Self::Clicks
        )
    }

    /// The column of this name; case, spaces and what stands in brackets aside.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = plain(name.trim_start_matches('\u{feff}'));
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// The known name that is nearest to a text, if any is near.
pub(super) fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let far = |name: &str| strsim::damerau_levenshtein(text, name);
    let near = known.map(|name| (far(name), name)).min_by_key(|&(d, _)| d);
    near.filter(|&(d, name)| d <= 1 + name.len() / 4)
        .map(|(_, name)| name)
}
