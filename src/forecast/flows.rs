//! A block of one plan's trials as flows of money by month.

use super::timing::Shares;
use crate::model::valuation;
use crate::model::{CellBlock, Model, Plan, PlanBlock, Response};

/// What is booked, sold, paid and received in months; one column of trials a month each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Flows {
    pub(super) spend: Vec<Vec<f64>>,
    pub(super) booked: Vec<Vec<f64>>,
    pub(super) earned: Vec<Vec<f64>>,
    pub(super) fees: Vec<Vec<f64>>,
    pub(super) retainers: Vec<Vec<f64>>,
    pub(super) product: Vec<Vec<f64>>,
    pub(super) handling: Vec<Vec<f64>>,
    pub(super) cleanup: Vec<Vec<f64>>,
    pub(super) commission: Vec<Vec<f64>>,
    pub(super) received: Vec<Vec<f64>>,
}

impl Flows {
    fn new(months: usize, trials: usize) -> Self {
        let none = vec![vec![0.0; trials]; months];
        Self {
            spend: none.clone(),
            booked: none.clone(),
            earned: none.clone(),
            fees: none.clone(),
            retainers: none.clone(),
            product: none.clone(),
            handling: none.clone(),
            cleanup: none.clone(),
            commission: none.clone(),
            received: none,
        }
    }

    /// The six kinds of payments.
    pub(super) fn payments(&self) -> [&Vec<Vec<f64>>; 6] {
        [
            &self.fees,
            &self.retainers,
            &self.product,
            &self.handling,
            &self.cleanup,
            &self.commission,
        ]
    }
}

/// Differences from a spend by less than this share are rounding.
const ROUNDING: f64 = 1e-9;

/// Everything that decides when a plan's money moves.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    months: usize,
    /// Days that posts of one month are spread over; cells that share them sell and are paid at the same pace.
    windows: Vec<Window>,
    /// Of each cell.
    terms: Vec<Terms>,
    /// Window of each month and cell.
    window_of: Vec<Vec<usize>>,
    /// Partnerships planned, by month and cell.
    counts: Vec<Vec<f64>>,
}

#[derive(Debug, Clone)]
struct Window {
    month: usize,
    posts: Response,
    /// Shares of its sales by month of sale, from `month` on.
    sold: Vec<f64>,
    /// When its fees are paid.
    fees: Shares,
    /// When what incidents cost is paid, where posts appear days after the booking; else in the month.
    cleanup: Option<Shares>,
    /// When commissions on the sales of each of those months are paid.
    commission: Vec<Shares>,
    /// When the sales of each of those months are received.
    received: Vec<Shares>,
}

/// What decides the kinds of a cell's payments.
#[derive(Debug, Clone, Copy)]
struct Terms {
    commission: f64,
    /// Currency a place.
    product: f64,
    /// Currency a place.
    handling: f64,
    fee: Fee,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fee {
    None,
    /// For posts.
    Posts,
    /// An amount a month.
    Retainer,
}

/// What a window's posts bring about in a block: fees, what incidents cost, revenue and commissions by month of sale.
struct Sums {
    fees: Vec<f64>,
    /// Empty where it is paid in the window's month.
    cleanup: Vec<f64>,
    sold: Vec<Vec<f64>>,
    commission: Vec<Vec<f64>>,
}

impl Schedule {
    pub(super) fn new(model: &Model, plan: &Plan) -> Self {
        let mut windows: Vec<Window> = Vec::new();
        let mut window_of = Vec::with_capacity(model.months);
        for month in 0..model.months {
            let of = |cell: usize, windows: &mut Vec<Window>| {
                let posts = model.response(month, cell);
                let later = model.cells[cell].terms.post_days > 0;
                let same = |w: &Window| {
                    w.month == month && w.posts == posts && w.cleanup.is_some() == later
                };
                windows.iter().position(same).unwrap_or_else(|| {
                    windows.push(Window::new(model, month, cell));
                    windows.len() - 1
                })
            };
            window_of.push(
                (0..model.cells.len())
                    .map(|cell| of(cell, &mut windows))
                    .collect(),
            );
        }
        Self {
            months: model.months,
            windows,
            terms: (0..model.cells.len())
                .map(|c| Terms::of(model, c))
                .collect(),
            window_of,
            counts: plan.counts.rows().into_iter().map(|r| r.to_vec()).collect(),
        }
    }

    /// Flows of a block of trials.
    pub(super) fn flows(&self, block: &PlanBlock, trials: usize) -> Flows {
        let mut flows = Flows::new(self.months, trials);
        let mut sums: Vec<Option<Sums>> = self.windows.iter().map(|_| None).collect();
        for cell in &block.cells {
            let number = self.window_of[cell.month][cell.cell];
            let window = &self.windows[number];
            let sums = sums[number].get_or_insert_with(|| Sums::new(window, trials));
            add(&mut flows.spend[cell.month], &cell.spend);
            add(&mut flows.booked[cell.month], &cell.revenue);
            self.payments(cell, &mut flows, sums);
            sums.sales(window, cell, self.terms[cell.cell].commission);
        }
        for (window, sums) in self.windows.iter().zip(&sums) {
            if let Some(sums) = sums {
                window.spread(sums, &mut flows);
            }
        }
        flows
    }

    /// What is paid in the month itself, and the fees.
    fn payments(&self, cell: &CellBlock, flows: &mut Flows, sums: &mut Sums) {
        let terms = &self.terms[cell.cell];
        let planned = self.counts[cell.month][cell.cell];
        let fee = match terms.fee {
            Fee::None => None,
            Fee::Posts => Some(&mut sums.fees),
            Fee::Retainer => Some(&mut flows.retainers[cell.month]),
        };
        let (product, handling) = (
            &mut flows.product[cell.month],
            &mut flows.handling[cell.month],
        );
        let cleanup = if sums.cleanup.is_empty() {
            &mut flows.cleanup[cell.month]
        } else {
            &mut sums.cleanup
        };
        let mut rest = cell.spend.clone();
        for (trial, rest) in rest.iter_mut().enumerate() {
            let places = cell.places.get(trial).copied().unwrap_or(planned);
            let bad = cell.cleanup.get(trial).copied().unwrap_or(0.0);
            let (mut goods, mut work) = (terms.product * places, terms.handling * places);
            let commission = terms.commission * cell.revenue[trial];
            *rest -= goods + work + bad + commission;
            let beyond_rounding = rest.abs() > ROUNDING * cell.spend[trial].abs();
            if beyond_rounding && (*rest < 0.0 || terms.fee == Fee::None) {
                let others = cell.spend[trial] - bad - commission;
                (goods, work) = to_fit((goods, work), others.max(0.0));
                *rest = 0.0;
            }
            product[trial] += goods;
            handling[trial] += work;
            cleanup[trial] += bad;
        }
        if let Some(fee) = fee {
            // Below zero by rounding only, or where commissions are more than all that was spent.
            for (fee, rest) in fee.iter_mut().zip(rest) {
                *fee += rest.max(0.0);
            }
        }
    }
}

/// Product and handling of months that happened, whose spend is another than their terms': as much as there is, in
/// the proportion of the terms.
fn to_fit((goods, work): (f64, f64), spend: f64) -> (f64, f64) {
    let all = goods + work;
    if all > 0.0 {
        (goods * (spend / all), work * (spend / all))
    } else {
        (spend, 0.0)
    }
}

impl Terms {
    fn of(model: &Model, cell: usize) -> Self {
        let law = valuation::law(model, cell);
        Self {
            commission: law.terms.commission,
            product: law.terms.product_cost,
            handling: law.handling_cost,
            fee: match law.fee_multiplier() {
                None if law.fixed_fee() == 0.0 => Fee::None,
                None => Fee::Retainer,
                Some(0.0) => Fee::None,
                Some(_) => Fee::Posts,
            },
        }
    }
}

impl Window {
    fn new(model: &Model, month: usize, cell: usize) -> Self {
        let horizon = &model.horizon;
        let posts = model.response(month, cell);
        let mut sold = model.response_shares(month, cell);
        sold.pop();
        let by_sale = |days: f64| -> Vec<Shares> {
            (month..model.months)
                .map(|sold_in| Shares::of_sales(horizon, sold_in, &posts, days))
                .collect()
        };
        Self {
            month,
            posts,
            sold,
            fees: Shares::of_posts(horizon, month, &posts, horizon.payment.fee_days),
            cleanup: (model.cells[cell].terms.post_days > 0)
                .then(|| Shares::of_posts(horizon, month, &posts, 0.0)),
            commission: by_sale(horizon.payment.commission_days),
            received: by_sale(horizon.payment.sales_receipt_days),
        }
    }

    /// Spreads what its posts bring about over the months.
    fn spread(&self, sums: &Sums, flows: &mut Flows) {
        spread(&self.fees, &sums.fees, &mut flows.fees);
        if let Some(shares) = &self.cleanup {
            spread(shares, &sums.cleanup, &mut flows.cleanup);
        }
        for (later, (sold, commission)) in sums.sold.iter().zip(&sums.commission).enumerate() {
            add(&mut flows.earned[self.month + later], sold);
            spread(&self.received[later], sold, &mut flows.received);
            spread(&self.commission[later], commission, &mut flows.commission);
        }
    }
}

impl Sums {
    fn new(window: &Window, trials: usize) -> Self {
        let months = vec![vec![0.0; trials]; window.sold.len()];
        Self {
            fees: vec![0.0; trials],
            cleanup: vec![0.0; window.cleanup.as_ref().map_or(0, |_| trials)],
            sold: months.clone(),
            commission: months,
        }
    }

    /// Adds a cell's sales: as they were drawn month by month, else as they are expected.
    fn sales(&mut self, window: &Window, cell: &CellBlock, rate: f64) {
        let drawn = &cell.sold;
        for (later, &share) in window.sold.iter().enumerate() {
            let (sold, commission) = (&mut self.sold[later], &mut self.commission[later]);
            match drawn.get(later) {
                Some(column) => {
                    add(sold, column);
                    add_times(commission, rate, column);
                }
                None if drawn.is_empty() => {
                    add_times(sold, share, &cell.revenue);
                    add_times(commission, rate * share, &cell.revenue);
                }
                None => {}
            }
        }
    }
}

fn spread(shares: &Shares, amount: &[f64], months: &mut [Vec<f64>]) {
    for &(month, share) in &shares.0 {
        add_times(&mut months[month], share, amount);
    }
}

fn add(sum: &mut [f64], values: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

fn add_times(sum: &mut [f64], factor: f64, values: &[f64]) {
    if factor != 0.0 {
        for (sum, value) in sum.iter_mut().zip(values) {
            *sum += factor * value;
        }
    }
}
