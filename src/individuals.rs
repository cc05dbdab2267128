//! How much of a plan hangs on individual creators.
//!
//! In each trial every creator i of a plan (every slot, over the horizon) has a spend `S_i` and a
//! revenue `R_i`: what it is expected to sell given its own qualities and the trial's shared factors, so
//! without the chance in single orders, which no creator decides. With shares `s_i = R_i/ΣR` the
//! figures are the largest share, the sum of the five largest, the Herfindahl index `Σ s_i²` (1/n
//! where n creators are alike, 1 where one has all; times 10,000 in competition law), and the revenue
//! that goes if the creator with the most of it leaves. They are statistics over trials, as those
//! of the summary; a share of a total of zero is undefined and skipped.

use crate::model::CreatorBlock;
use crate::stats::{self, Moments};

/// Trials looked at at most: the first of the run. Their error is stated with every figure.
pub const TRIALS: u64 = 4096;

/// Trials looked at for a plan of so many creators in a run of `trials`: all of the run or
/// [`TRIALS`]; of plans above 16,384 creators so many fewer that creators × trials stay below 2²⁶, but 256.
#[must_use]
pub fn trials(creators: f64, trials: u64) -> usize {
    let affordable = f64::from(1 << 26) / creators.max(1.0);
    trials.min(TRIALS).min(affordable.max(256.0) as u64) as usize
}

/// Creators in the larger circle.
const CIRCLE: usize = 5;

/// What is measured of a plan's dependency on individuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Concentration {
    /// Share of spend of the creator with the largest.
    TopSpendShare,
    /// Share of spend of the five with the largest.
    TopFiveSpendShare,
    /// Σ of squared shares of spend.
    SpendHerfindahl,
    /// Share of revenue of the creator with the largest.
    TopRevenueShare,
    /// Share of revenue of the five with the largest.
    TopFiveRevenueShare,
    /// Σ of squared shares of revenue.
    RevenueHerfindahl,
    /// Revenue that goes if the creator with the largest leaves, in currency.
    RevenueLost,
    /// The same as a share of the plan's revenue.
    RevenueLostShare,
}

impl Concentration {
    /// All, in the order of the outputs.
    pub const ALL: [Self; 8] = [
        Self::TopSpendShare,
        Self::TopFiveSpendShare,
        Self::SpendHerfindahl,
        Self::TopRevenueShare,
        Self::TopFiveRevenueShare,
        Self::RevenueHerfindahl,
        Self::RevenueLost,
        Self::RevenueLostShare,
    ];

    /// Name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TopSpendShare => "top_creator_spend_share",
            Self::TopFiveSpendShare => "top_five_spend_share",
            Self::SpendHerfindahl => "spend_herfindahl",
            Self::TopRevenueShare => "top_creator_revenue_share",
            Self::TopFiveRevenueShare => "top_five_revenue_share",
            Self::RevenueHerfindahl => "revenue_herfindahl",
            Self::RevenueLost => "revenue_lost",
            Self::RevenueLostShare => "revenue_lost_share",
        }
    }
}

/// One row of `dependency.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub struct DependencyRow {
    /// Plan name.
    pub plan: String,
    /// What is measured.
    pub metric: Concentration,
    /// Mean over trials; `None` if undefined in all.
    pub mean: Option<f64>,
    /// Its standard error.
    pub mc_error: Option<f64>,
    /// Quantiles over trials: 5 %, 50 %, 95 %.
    pub quantiles: [Option<f64>; 3],
    /// Their standard errors.
    pub quantile_errors: [Option<f64>; 3],
    /// Share of trials in which it is undefined.
    pub undefined_share: f64,
    /// Trials looked at.
    pub trials: u64,
}

/// Largest values, sum and sum of squares over creators, trial by trial.
#[derive(Debug, Clone)]
struct Spread {
    largest: Vec<[f64; CIRCLE]>,
    sum: Vec<f64>,
    squares: Vec<f64>,
}

impl Spread {
    fn new(trials: usize) -> Self {
        Self {
            largest: vec![[0.0; CIRCLE]; trials],
            sum: vec![0.0; trials],
            squares: vec![0.0; trials],
        }
    }

    fn add(&mut self, values: &[f64]) {
        let sums = self.sum.iter_mut().zip(&mut self.squares);
        for ((largest, (sum, squares)), &value) in self.largest.iter_mut().zip(sums).zip(values) {
            *sum += value;
            *squares += value * value;
            if value > largest[CIRCLE - 1] {
                largest[CIRCLE - 1] = value;
                let mut place = CIRCLE - 1;
                while place > 0 && largest[place] > largest[place - 1] {
                    largest.swap(place, place - 1);
                    place -= 1;
                }
            }
        }
    }

    /// Takes the trials that follow.
    fn append(&mut self, mut next: Self) {
        self.largest.append(&mut next.largest);
        self.sum.append(&mut next.sum);
        self.squares.append(&mut next.squares);
    }

    /// A figure of every trial, from the largest values, the sum and the sum of squares.
    fn figures(&self, f: impl Fn(&[f64; CIRCLE], f64, f64) -> f64) -> Vec<f64> {
        let sums = self.sum.iter().zip(&self.squares);
        let trials = self.largest.iter().zip(sums);
        trials
            .map(|(l, (&sum, &squares))| f(l, sum, squares))
            .collect()
    }
}

/// A ratio, undefined (NaN) without a denominator.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { f64::NAN }
}

/// Gathers the creators of several plans.
#[derive(Debug)]
pub struct Gathering {
    /// Spend and revenue of each plan.
    plans: Vec<[Spread; 2]>,
}

impl Gathering {
    /// Nothing yet, of plans with so many trials each.
    #[must_use]
    pub fn new(trials: &[usize]) -> Self {
        let none = |&trials: &usize| [Spread::new(trials), Spread::new(trials)];
        Self {
            plans: trials.iter().map(none).collect(),
        }
    }

    /// Takes one creator of a plan in.
    pub fn add(&mut self, creator: &CreatorBlock<'_>) {
        let [spend, revenue] = &mut self.plans[creator.plan];
        spend.add(creator.spend);
        revenue.add(creator.revenue);
    }

    /// Takes the trials that follow those gathered, of the same plans.
    pub fn append(&mut self, next: Self) {
        for (plan, next) in self.plans.iter_mut().zip(next.plans) {
            for (spread, next) in plan.iter_mut().zip(next) {
                spread.append(next);
            }
        }
    }

    /// The rows of a plan.
    #[must_use]
    pub fn rows(&self, plan: usize, name: &str) -> Vec<DependencyRow> {
        let [spend, revenue] = &self.plans[plan];
        Concentration::ALL
            .into_iter()
            .map(|metric| {
                let of = match metric {
                    Concentration::TopSpendShare
                    | Concentration::TopFiveSpendShare
                    | Concentration::SpendHerfindahl => spend,
                    _ => revenue,
                };
                let values = match metric {
                    Concentration::TopSpendShare
                    | Concentration::TopRevenueShare
                    | Concentration::RevenueLostShare => of.figures(|l, sum, _| share(l[0], sum)),
                    Concentration::TopFiveSpendShare | Concentration::TopFiveRevenueShare => {
                        // Five sums in another order than all: the last digits may exceed the whole.
                        of.figures(|l, sum, _| share(l.iter().sum::<f64>().min(sum), sum))
                    }
                    Concentration::SpendHerfindahl | Concentration::RevenueHerfindahl => {
                        of.figures(|_, sum, squares| share(squares, sum * sum))
                    }
                    Concentration::RevenueLost => of.figures(|l, _, _| l[0]),
                };
                row(name, metric, &values)
            })
            .collect()
    }
}

fn row(plan: &str, metric: Concentration, values: &[f64]) -> DependencyRow {
    let defined = |v: f64| v.is_finite().then_some(v);
    let mut moments = Moments::default();
    moments.extend(values);
    let quantiles = stats::quantiles_with_errors(values, &[0.05, 0.50, 0.95]);
    let pick = |f: fn(&stats::QuantileEstimate) -> f64| {
        std::array::from_fn(|i| quantiles.get(i).and_then(|q| defined(f(q))))
    };
    let undefined = values.iter().filter(|v| v.is_nan()).count();
    DependencyRow {
        plan: plan.to_owned(),
        metric,
        mean: defined(moments.mean()),
        mc_error: defined(moments.error()),
        quantiles: pick(|q| q.value),
        quantile_errors: pick(|q| q.error),
        undefined_share: undefined as f64 / values.len().max(1) as f64,
        trials: values.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(creators: &[[f64; 2]]) -> Vec<DependencyRow> {
        let mut all = Gathering::new(&[2]);
        for &[spend, revenue] in creators {
            all.add(&CreatorBlock {
                plan: 0,
                cell: 0,
                slot: 0,
                spend: &[spend, 2.0 * spend],
                revenue: &[revenue, 0.0],
            });
        }
        all.rows(0, "base")
    }

    fn means(rows: &[DependencyRow]) -> Vec<f64> {
        rows.iter().map(|r| r.mean.unwrap()).collect()
    }

    #[test]
    fn shares_of_known_creators() {
        let creators: Vec<[f64; 2]> = (1..=7).map(|i| [f64::from(i), f64::from(i * i)]).collect();
        let rows = gathered(&creators);
        let found = means(&rows);
        // 1 … 7: sum 28, squares 140; squares 1 … 49: sum 140, of squares 4676.
        let wanted = [
            7.0 / 28.0,
            25.0 / 28.0,
            140.0 / 784.0,
            49.0 / 140.0,
            135.0 / 140.0,
            4676.0 / 19600.0,
            // Of one trial of two there is no revenue.
            24.5,
            49.0 / 140.0,
        ];
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
        }
        assert_eq!(rows[3].undefined_share, 0.5);
        assert_eq!(rows[6].undefined_share, 0.0);
    }

    #[test]
    fn trials_gathered_apart_are_those_gathered_at_once() {
        let values = [[3.0, 5.0, 1.0], [2.0, 8.0, 4.0]];
        let block = |values: &'static [f64]| CreatorBlock {
            plan: 0,
            cell: 0,
            slot: 0,
            spend: values,
            revenue: values,
        };
        let values: &'static [[f64; 3]; 2] = Box::leak(Box::new(values));
        let mut whole = Gathering::new(&[3]);
        let mut parts = [Gathering::new(&[2]), Gathering::new(&[1])];
        for creator in values {
            whole.add(&block(creator));
            parts[0].add(&block(&creator[..2]));
            parts[1].add(&block(&creator[2..]));
        }
        let mut all = Gathering::new(&[0]);
        for part in parts {
            all.append(part);
        }
        assert_eq!(all.rows(0, "base"), whole.rows(0, "base"));
        assert_eq!(all.rows(0, "base")[0].trials, 3);
    }

    #[test]
    fn equal_creators_have_the_inverse_of_their_number() {
        let found = means(&gathered(&[[3.0, 5.0]; 8]));
        assert_eq!(found[0], 0.125);
        assert_eq!(found[1], 0.625);
        assert_eq!(found[2], 0.125);
    }

    #[test]
    fn one_creator_has_all() {
        let found = means(&gathered(&[[3.0, 5.0]]));
        assert_eq!(found[..6], [1.0; 6]);
        // Fewer than five have all, too.
        assert_eq!(means(&gathered(&[[3.0, 5.0], [1.0, 1.0]]))[1], 1.0);
    }
}
