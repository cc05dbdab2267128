//! Plans whose creators act on each other: their conversions wait for the impressions of all cells.
//!
//! Creators are drawn once for all plans that book them, cell by cell. In a plan with audiences a
//! cell's conversions depend on the impressions of the plan's other cells too, and with shocks on
//! the incidents of all its creators, so that its jobs
//! leave expected conversions and fees in their columns ([`Job::deferred`]); here every plan's
//! audiences are added up and its own conversions and revenue drawn, from the streams that they
//! would be drawn from otherwise.

use super::draws::CHUNK;
use super::finish::{Columns, Finish};
use super::group::Group;
use super::job::Job;
use crate::model::audience::net_share;
use crate::model::{AudienceBlock, Cell, CellBlock, Incidents, Model, PlanBlock};

/// Where a plan's booking of a cell is simulated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Booking {
    pub(super) month: usize,
    pub(super) cell: usize,
    pub(super) group: usize,
    pub(super) job: usize,
}

/// Bookings of a plan whose impressions go to one audience in one month.
#[derive(Debug)]
struct Crowd {
    month: usize,
    /// `None` where a plan has shocks and no audiences: all of its bookings of the month.
    audience: Option<usize>,
    size: f64,
    /// Indices of bookings.
    members: Vec<usize>,
}

/// A plan with audiences.
#[derive(Debug)]
pub(super) struct Together {
    crowds: Vec<Crowd>,
    /// What shocks are made of, if there can be any.
    incidents: Option<Incidents>,
    months: usize,
}

/// A plan's own columns: those of its bookings that are not the creators' alone, and net reach.
#[derive(Debug)]
pub(super) struct Own {
    bookings: Vec<Orders>,
    net_reach: Vec<Vec<f64>>,
}

/// Conversions, revenue and spend of one booking.
#[derive(Debug, Default)]
struct Orders {
    conversions: Vec<f64>,
    revenue: Vec<f64>,
    spend: Vec<f64>,
    sold: Vec<Vec<f64>>,
}

impl Together {
    /// Of a plan's bookings; `None` where the model has no audience.
    pub(super) fn new(model: &Model, bookings: &[Booking]) -> Option<Self> {
        let members = |month: usize, holds: &dyn Fn(&Cell) -> bool| -> Vec<usize> {
            (0..bookings.len())
                .filter(|&i| bookings[i].month == month && holds(&model.cells[bookings[i].cell]))
                .collect()
        };
        let mut crowds = Vec::new();
        for (audience, whom) in model.audiences.iter().enumerate() {
            crowds.extend((0..model.months).map(|month| Crowd {
                month,
                audience: Some(audience),
                size: whom.size,
                members: members(month, &|cell| whom.holds(cell)),
            }));
        }
        let incidents = model.incidents.shocks().then_some(model.incidents);
        if incidents.is_some() && crowds.is_empty() {
            crowds.extend((0..model.months).map(|month| Crowd {
                month,
                audience: None,
                size: f64::INFINITY,
                members: members(month, &|_| true),
            }));
        }
        (!crowds.is_empty()).then_some(Self {
            crowds,
            incidents,
            months: model.months,
        })
    }

    /// Columns of zeros.
    pub(super) fn columns(&self, bookings: &[Booking], groups: &[Group<'_>], trials: usize) -> Own {
        let zeros = || vec![0.0; trials];
        Own {
            bookings: bookings
                .iter()
                .map(|booking| Orders {
                    sold: job(groups, booking)
                        .response
                        .iter()
                        .map(|_| zeros())
                        .collect(),
                    conversions: zeros(),
                    revenue: zeros(),
                    spend: zeros(),
                })
                .collect(),
            net_reach: self.crowds.iter().map(|_| zeros()).collect(),
        }
    }

    /// What shocks leave of all conversions, month by month, in the trials of a segment: 1 − s where
    /// a creator of the plan has a shocking incident, else 1. Empty where there can be none.
    fn left_by_shocks(
        &self,
        bookings: &[Booking],
        columns: &[Vec<Columns>],
        (at, len): (usize, usize),
    ) -> Vec<Vec<f64>> {
        let Some(i) = &self.incidents else {
            return Vec::new();
        };
        let mut left = vec![vec![1.0; len]; self.months];
        for booking in bookings {
            let shocked = &drawn(columns, booking).shocked[at..at + len];
            for (left, &shocked) in left[booking.month].iter_mut().zip(shocked) {
                if shocked {
                    *left = 1.0 - i.shock;
                }
            }
        }
        left
    }

    /// Fills a plan's own columns over a segment, which begins at `at` in all columns.
    pub(super) fn finish(
        &self,
        bookings: &[Booking],
        finish: Finish<'_>,
        (groups, columns): (&[Group<'_>], &[Vec<Columns>]),
        own: &mut Own,
        at: usize,
    ) {
        let len = finish.segment.len;
        let shocks = self.left_by_shocks(bookings, columns, (at, len));
        for (crowd, net_reach) in self.crowds.iter().zip(&mut own.net_reach) {
            let mut streams: Vec<_> = crowd
                .members
                .iter()
                .map(|&i| finish.streams(job(groups, &bookings[i])))
                .collect();
            let mut share = [0.0; CHUNK];
            let mut expected = [0.0; CHUNK];
            let mut start = 0;
            while start < len {
                let n = CHUNK.min(len - start);
                let range = at + start..at + start + n;
                let gross = &mut net_reach[range.clone()];
                for &i in &crowd.members {
                    let impressions = &drawn(columns, &bookings[i]).yields[0];
                    // Empty for a benchmark without CPM, which no scenario with audiences has.
                    for (gross, impressions) in gross
                        .iter_mut()
                        .zip(impressions.get(range.clone()).unwrap_or(&[]))
                    {
                        *gross += impressions;
                    }
                }
                for (share, gross) in share.iter_mut().zip(gross) {
                    *share = net_share(*gross, crowd.size);
                    *gross = (*gross * *share).min(crowd.size);
                }
                // A shock leaves reach as it is.
                if let Some(left) = shocks.get(crowd.month) {
                    for (share, left) in share.iter_mut().zip(&left[start..]) {
                        *share *= left;
                    }
                }
                for (&i, streams) in crowd.members.iter().zip(&mut streams) {
                    let drawn = drawn(columns, &bookings[i]);
                    let job = job(groups, &bookings[i]);
                    let expected = &mut expected[..n];
                    let pairs = drawn.conversions[range.clone()].iter().zip(&share);
                    for (expected, (lambda, share)) in expected.iter_mut().zip(pairs) {
                        *expected = lambda * share;
                    }
                    let orders = &mut own.bookings[i];
                    finish.orders(
                        job,
                        streams,
                        expected,
                        start,
                        &mut orders.conversions[range.clone()],
                        &mut orders.revenue[range.clone()],
                    );
                    let drawn_orders = (
                        &orders.conversions[range.clone()],
                        &orders.revenue[range.clone()],
                    );
                    finish.sold(job, streams, drawn_orders, &mut orders.sold, at + start);
                    job.standing(
                        &orders.revenue[range.clone()],
                        drawn.places.get(range.clone()).unwrap_or(&[]),
                        &mut orders.spend[range.clone()],
                    );
                    let spend = orders.spend[range.clone()].iter_mut();
                    for (spend, fees) in spend.zip(&drawn.spend[range.clone()]) {
                        *spend += fees;
                    }
                }
                start += n;
            }
        }
    }

    /// The outcome of a plan whose bookings' shared columns are given.
    pub(super) fn block(&self, mut cells: Vec<CellBlock>, own: Own) -> PlanBlock {
        for (cell, orders) in cells.iter_mut().zip(own.bookings) {
            cell.conversions = orders.conversions;
            cell.revenue = orders.revenue;
            cell.spend = orders.spend;
            cell.sold = orders.sold;
        }
        let audiences = self
            .crowds
            .iter()
            .zip(own.net_reach)
            .filter_map(|(crowd, net_reach)| {
                Some(AudienceBlock {
                    month: crowd.month,
                    audience: crowd.audience?,
                    net_reach,
                })
            })
            .collect();
        PlanBlock { cells, audiences }
    }
}

fn job<'g>(groups: &'g [Group<'_>], booking: &Booking) -> &'g Job {
    &groups[booking.group].jobs[booking.job]
}

fn drawn<'c>(columns: &'c [Vec<Columns>], booking: &Booking) -> &'c Columns {
    &columns[booking.group][booking.job]
}
