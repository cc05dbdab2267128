//! The address of every draw.
//!
//! An address is (seed, owner, quantity, trial). The owner is a creator's slot (names of its cell and
//! its index), a cell, or a shared factor (its name, and its tier's); positions in the file, plans
//! and months are no part of it. Quantities that are drawn anew every month add the month.

use std::collections::HashMap;

use super::{Seeds, SimulationError};
use crate::model::{CellKey, InputGroup};
use crate::rng::{Address, Path, STREAM_BLOCK, Stream, slot_hash};

/// Trials that pass through the kernel together: three buffers of them fit the fastest cache.
pub(super) const CHUNK: usize = 1024;

/// Most months that an address can tell apart.
pub(super) const MAX_MONTHS: usize = 256;

/// What is drawn. The numbers are part of every address: never change one, never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Drawn {
    /// A shared factor.
    Factor = 0,
    /// A creator's followers.
    Followers = 1,
    /// A creator's view rate.
    ViewRate = 2,
    /// A creator's engagement rate.
    EngagementRate = 3,
    /// A creator's click rate.
    ClickRate = 4,
    /// A creator's conversion rate.
    ConversionRate = 5,
    /// A creator's fee per post.
    Fee = 6,
    /// Whether a creator's content appears; anew every month.
    Delivery = 7,
    /// A creator's cost per 1,000 impressions.
    Cpm = 8,
    /// A creator's cost per engagement.
    Cpe = 9,
    /// A creator's cost per click.
    Cpc = 10,
    /// A creator's cost per conversion.
    Cpa = 11,
    /// The scramble of a shared factor's points.
    FactorPoints = 12,
    /// A cell's conversions; anew every month.
    Conversions = 16,
    /// A cell's revenue; anew every month.
    Revenue = 17,
    /// Whether a partnership has an incident; anew every month.
    Incident = 18,
    /// Whether its incident is a shock to the brand; anew every month.
    Shock = 19,
    /// How many of a cell's orders come in a month; anew every month of posting.
    Sold = 20,
    /// Creators that the pipeline identifies a month.
    Identified = 21,
    /// The share vetted of them.
    Vetted = 22,
    /// The share contacted of those.
    Contacted = 23,
    /// The share of those who respond.
    Response = 24,
    /// The share of those who become partners.
    Agreed = 25,
    /// The share of partners who work again.
    Repeat = 26,
    /// Whether one more is identified; anew every month.
    OneMore = 27,
    /// How many of those identified in a month land in another; anew every month.
    Landing = 28,
    /// Whether the creator in a place leaves; anew every month.
    Leaves = 29,
    /// Whether somebody is in a place from the beginning, where that is open.
    Starts = 30,
    /// The share of partners who leave.
    Churn = 40,
}

impl Drawn {
    /// The group of inputs whose seed it draws from; `None` for shared factors, which are several.
    fn input(self) -> Option<InputGroup> {
        Some(match self {
            Self::Factor | Self::FactorPoints => return None,
            Self::Followers => InputGroup::CreatorFollowers,
            Self::ViewRate => InputGroup::CreatorViewRate,
            Self::EngagementRate => InputGroup::CreatorEngagementRate,
            Self::ClickRate => InputGroup::CreatorClickRate,
            Self::ConversionRate => InputGroup::CreatorConversionRate,
            Self::Fee => InputGroup::CreatorFee,
            Self::Cpm => InputGroup::CreatorCpm,
            Self::Cpe => InputGroup::CreatorCpe,
            Self::Cpc => InputGroup::CreatorCpc,
            Self::Cpa => InputGroup::CreatorCpa,
            Self::Incident | Self::Shock => InputGroup::CreatorIncidents,
            Self::Delivery => InputGroup::CreatorDelivery,
            Self::Identified
            | Self::Vetted
            | Self::Contacted
            | Self::Response
            | Self::Agreed
            | Self::Repeat
            | Self::OneMore
            | Self::Landing
            | Self::Leaves
            | Self::Starts
            | Self::Churn => InputGroup::Pipeline,
            Self::Conversions | Self::Revenue | Self::Sold => InputGroup::Orders,
        })
    }

    /// The quantity number of an address: month × 256 + number.
    pub(super) fn in_month(self, month: usize) -> u16 {
        debug_assert!(month < MAX_MONTHS);
        (month as u16) << 8 | self as u16
    }
}

/// Hash of a creator's slot.
pub(super) fn creator(key: &CellKey, index: u64) -> u64 {
    of_cell("creator", key, index)
}

/// Hash of the slot of a creator who takes the place of another: the `generation`-th in it, 0 being the first.
pub(super) fn replacement(key: &CellKey, index: u64, generation: u64) -> u64 {
    if generation == 0 {
        return creator(key, index);
    }
    of_cell("replacement", key, index | generation << 32)
}

/// Hash of a place of a plan.
pub(super) fn place(key: &CellKey, index: u64) -> u64 {
    of_cell("place", key, index)
}

/// Hash of the pipeline.
pub(super) fn pipeline() -> u64 {
    slot_hash(&["pipeline"], 0)
}

/// Hash of what the pipeline delivers in a month.
pub(super) fn landing(month: usize) -> u64 {
    slot_hash(&["pipeline", "landing"], month as u64)
}

/// Hash of what an owner of orders sells so many months after posting.
pub(super) fn sold(owner: u64, later: usize) -> u64 {
    slot_hash(&["sold", &later.to_string()], owner)
}

/// Hash of a cell.
pub(super) fn cell(key: &CellKey) -> u64 {
    of_cell("cell", key, 0)
}

/// Hash of a roster's creator, whatever it is booked as.
pub(super) fn of_roster(id: &str) -> u64 {
    slot_hash(&["roster", id], 0)
}

/// Hash of its conversions and revenue.
pub(super) fn orders_of_roster(id: &str) -> u64 {
    slot_hash(&["roster", "orders", id], 0)
}

/// A missing category or region is the empty name, which no segment has.
fn of_cell(kind: &str, key: &CellKey, index: u64) -> u64 {
    let category = key.category.as_deref().unwrap_or("");
    let region = key.region.as_deref().unwrap_or("");
    let mut names = vec![kind, &key.tier, &key.partnership, category, region];
    let start;
    if let Some((name, from)) = &key.booked_as {
        start = from.map_or(String::new(), |from| from.to_string());
        names.extend([name.as_str(), &start]);
    }
    slot_hash(&names, index)
}

/// Hash of a shared factor; `tier` is empty for those that all tiers share.
pub(super) fn factor(name: &str, tier: &str) -> u64 {
    slot_hash(&["factor", name, tier], 0)
}

/// Finds owners of draws whose hashes are equal.
#[derive(Debug, Default)]
pub(super) struct Owners {
    seen: HashMap<u64, String>,
}

impl Owners {
    /// Registers the owner of a hash, named by `owner`; one name may register any number of times.
    pub(super) fn register(
        &mut self,
        hash: u64,
        owner: impl FnOnce() -> String,
    ) -> Result<(), SimulationError> {
        let name = owner();
        match self.seen.get(&hash) {
            Some(first) if *first != name => Err(SimulationError::EqualHashes {
                first: first.clone(),
                second: name,
            }),
            Some(_) => Ok(()),
            None => {
                self.seen.insert(hash, name);
                Ok(())
            }
        }
    }
}

/// Consecutive trials within one stream block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    /// The run's seeds.
    pub(super) seeds: &'a Seeds,
    /// The path of the loops.
    pub(super) path: Path,
    /// Number of the stream block.
    pub(super) block: u64,
    /// Trials of the stream block before the first.
    pub(super) skip: usize,
    /// How many trials; `skip + len` is at most [`STREAM_BLOCK`].
    pub(super) len: usize,
    /// Whether shared factors are their Sobol' points, or else pseudo-random from their streams.
    pub(super) quasi: bool,
}

impl<'a> Segment<'a> {
    /// Number of the first trial.
    pub(super) fn first_trial(&self) -> u64 {
        self.block * STREAM_BLOCK as u64 + self.skip as u64
    }

    /// The segments of `trials` trials from `first` on, in order.
    pub(super) fn cut(
        seeds: &'a Seeds,
        (path, quasi): (Path, bool),
        first: u64,
        trials: usize,
    ) -> impl Iterator<Item = Self> {
        let size = STREAM_BLOCK as u64;
        let mut next = first;
        let mut left = trials;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let skip = (next % size) as usize;
            let len = left.min(STREAM_BLOCK - skip);
            let segment = Self {
                seeds,
                path,
                block: next / size,
                skip,
                len,
                quasi,
            };
            next += len as u64;
            left -= len;
            Some(segment)
        })
    }

    /// Uniforms of a creator's or a cell's quantity in a month, from the segment's first trial on.
    pub(super) fn stream(&self, owner: u64, drawn: Drawn, month: usize) -> Stream {
        debug_assert!(drawn != Drawn::Factor);
        let input = drawn.input().unwrap_or(InputGroup::Market);
        self.from(input, owner, drawn.in_month(month))
    }

    /// Uniforms of a shared factor, from the segment's first trial on.
    pub(super) fn factor_stream(&self, input: InputGroup, owner: u64, month: usize) -> Stream {
        self.from(input, owner, Drawn::Factor.in_month(month))
    }

    /// Numbers of the stream block before the segment are made and dropped.
    fn from(&self, input: InputGroup, owner: u64, quantity: u16) -> Stream {
        let address = Address {
            slot: owner,
            quantity,
            block: self.block,
        };
        let mut stream = Stream::new(self.seeds.of(input), address).on(self.path);
        stream.skip(self.skip);
        stream
    }
}
