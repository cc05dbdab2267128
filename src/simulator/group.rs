//! Creators that the jobs of several plans share, and the recipe for their draws.

use std::sync::Arc;

use super::SimulationError;
use super::draws::{Drawn, creator};
use super::job::{Job, Shared};
use crate::distribution::{Distribution, DrawTable, ZTable};
use crate::model::{Basis, CellKey};

/// What decides the draws of a cell's creators. Terms, segment factors and shared factors are
/// constants of the sums over creators and so no part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CreatorLaw<'a> {
    /// Yield basis of the tier.
    pub(super) basis: &'a Basis,
    /// Fee per post.
    pub(super) fee: &'a Distribution,
    /// Probability that the content appears.
    pub(super) delivery: f64,
    /// Latent normal correlation of followers and fee.
    pub(super) followers_fee: f64,
}

/// The creators of one cell under one law, and the jobs that book them.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// Names of the cell.
    pub(super) key: CellKey,
    /// Law of the draws.
    pub(super) law: CreatorLaw<'a>,
    /// Jobs, by the index of their last creator.
    pub(super) jobs: Vec<Job>,
    /// Hashes of the creators' slots, for as many as the largest job books; empty if nothing is drawn.
    pub(super) slots: Vec<u64>,
    /// How sums over creators come about.
    pub(super) recipe: Recipe,
}

impl<'a> Group<'a> {
    /// A group without jobs.
    pub(super) fn new(key: CellKey, law: CreatorLaw<'a>) -> Self {
        Self {
            key,
            law,
            jobs: Vec::new(),
            slots: Vec::new(),
            recipe: Recipe::default(),
        }
    }

    /// Orders the jobs by their last creator, writes the recipe for them and names their creators'
    /// slots. Returns the new place of each job.
    pub(super) fn prepare(
        &mut self,
        months: usize,
        shared: &mut Shared,
    ) -> Result<Vec<usize>, SimulationError> {
        let mut order: Vec<(usize, Job)> = self.jobs.drain(..).enumerate().collect();
        order.sort_by_key(|(_, job)| job.last_creator());
        let mut places = vec![0; order.len()];
        for (place, (was, _)) in order.iter().enumerate() {
            places[*was] = place;
        }
        self.jobs = order.into_iter().map(|(_, job)| job).collect();
        let fee = self.jobs.iter().any(|job| job.fee_multiplier != 0.0);
        let delivered = self.jobs.iter().any(|job| job.fixed_fee != 0.0);
        self.recipe = Recipe::new(&self.law, fee, delivered, months, &mut shared.tables);
        if self.recipe.sums > 0 {
            let creators = self.jobs.last().map_or(0, |job| job.last_creator() + 1);
            self.slots = (0..creators as u64)
                .map(|index| creator(&self.key, index))
                .collect();
            for (index, &hash) in self.slots.iter().enumerate() {
                shared
                    .owners
                    .register(hash, || format!("creator {} of {}", index + 1, self.key))?;
            }
        }
        Ok(places)
    }
}

/// Where a cell's total comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The number of creators: nothing is drawn.
    Count,
    /// A sum over creators by its number.
    Sum(usize),
}

/// A total: `constant` × its source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Total {
    /// What is summed over creators.
    pub(super) source: Source,
    /// Product of everything certain.
    pub(super) constant: f64,
}

/// One draw: which quantity, and its quantile table.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    /// Which quantity.
    pub(super) quantity: Drawn,
    /// Its quantile function.
    pub(super) table: Arc<DrawTable>,
}

/// Which of a creator's running products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Register {
    /// Followers × rates.
    Yield = 0,
    /// The fee.
    Fee = 1,
    /// The fee by a cost-per.
    Quotient = 2,
}

/// Registers in all.
pub(super) const REGISTERS: usize = 3;

/// One step over a chunk of trials of one creator.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// yield = draw
    FillYield(Draw),
    /// fee = draw
    FillFee(Draw),
    /// yield ×= draw
    Multiply(Draw),
    /// yield = draw, and its standard normal is kept for the correlated fee.
    FillKeepingNormal(Draw),
    /// fee = its quantile at Φ(ρ z + √(1 − ρ²) z′), z the kept normal, z′ that of the fee's draw.
    FillCorrelatedFee {
        /// ρ.
        correlation: f64,
        /// √(1 − ρ²).
        root: f64,
        /// The fee's quantile over z.
        table: Arc<ZTable>,
    },
    /// quotient = 1 / draw
    Reciprocal(Draw),
    /// quotient = fee / draw
    Divide(Draw),
    /// sum += register × delivery
    Add(Register, usize),
    /// sum += delivery
    AddDelivery(usize),
}

impl Step {
    /// The quantity it draws.
    pub(super) fn quantity(&self) -> Option<Drawn> {
        match self {
            Self::FillYield(draw)
            | Self::FillFee(draw)
            | Self::Multiply(draw)
            | Self::FillKeepingNormal(draw)
            | Self::Reciprocal(draw)
            | Self::Divide(draw) => Some(draw.quantity),
            Self::FillCorrelatedFee { .. } => Some(Drawn::Fee),
            Self::Add(..) | Self::AddDelivery(_) => None,
        }
    }
}

/// How the sums over a cell's creators come about. Only what is uncertain is drawn, and only
/// totals that differ by more than a constant have sums of their own.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    /// Steps for each creator.
    pub(super) steps: Vec<Step>,
    /// Number of sums.
    pub(super) sums: usize,
    /// Probability that the content appears, if it is drawn.
    pub(super) delivery: Option<f64>,
    /// Sets of sums: one a month if delivery is drawn, else one for all.
    pub(super) lanes: usize,
    /// Creators whose content appears.
    pub(super) delivered: Total,
    /// Fees per post × delivery.
    pub(super) fee: Total,
    /// Impressions, engagements, clicks, expected conversions per post, before factors;
    /// `None` where not defined.
    pub(super) stages: [Option<Total>; 4],
}

impl Default for Recipe {
    fn default() -> Self {
        let none = Total {
            source: Source::Count,
            constant: 0.0,
        };
        Self {
            steps: Vec::new(),
            sums: 0,
            delivery: None,
            lanes: 1,
            delivered: none,
            fee: none,
            stages: [None; 4],
        }
    }
}

impl Recipe {
    fn new(
        law: &CreatorLaw<'_>,
        fee: bool,
        delivered: bool,
        months: usize,
        tables: &mut Tables,
    ) -> Self {
        let drawn = law.delivery > 0.0 && law.delivery < 1.0;
        let mut recipe = Self {
            delivery: drawn.then_some(law.delivery),
            lanes: if drawn { months } else { 1 },
            ..Self::default()
        };
        let certain = if law.delivery > 0.0 { 1.0 } else { 0.0 };
        recipe.delivered = Total {
            source: Source::Count,
            constant: certain,
        };
        if drawn {
            // Reserved here, dropped again below if nothing reads it.
            recipe.delivered.source = Source::Sum(0);
            recipe.sums = 1;
            recipe.steps.push(Step::AddDelivery(0));
        }
        match law.basis {
            Basis::Followers(f) => {
                // By the law alone: whether some plan pays a fee must not move another's draws.
                let correlated =
                    law.followers_fee != 0.0 && !f.followers.is_certain() && !law.fee.is_certain();
                let mut total = recipe.delivered;
                let stages: [&[(Drawn, &Distribution)]; 4] = [
                    &[
                        (Drawn::Followers, &f.followers),
                        (Drawn::ViewRate, &f.view_rate),
                    ],
                    &[(Drawn::EngagementRate, &f.engagement_rate)],
                    &[(Drawn::ClickRate, &f.click_rate)],
                    &[(Drawn::ConversionRate, &f.conversion_rate)],
                ];
                let mut started = false;
                for (stage, draws) in stages.into_iter().enumerate() {
                    let mut changed = false;
                    for &(quantity, distribution) in draws {
                        if let Distribution::Certain(value) = *distribution {
                            total.constant *= value;
                            continue;
                        }
                        let draw = tables.draw(quantity, distribution);
                        recipe.steps.push(match (started, quantity) {
                            (false, Drawn::Followers) if correlated => {
                                Step::FillKeepingNormal(draw)
                            }
                            (false, _) => Step::FillYield(draw),
                            (true, _) => Step::Multiply(draw),
                        });
                        started = true;
                        changed = true;
                    }
                    if changed {
                        total.source = recipe.add(Register::Yield);
                    }
                    recipe.stages[stage] = Some(total);
                }
                if fee {
                    recipe.draw_fee(law, correlated, tables);
                }
            }
            Basis::Benchmark(b) => {
                recipe.draw_fee(law, false, tables);
                let stages = [
                    (Drawn::Cpm, b.cpm.as_ref(), 1000.0),
                    (Drawn::Cpe, b.cpe.as_ref(), 1.0),
                    (Drawn::Cpc, b.cpc.as_ref(), 1.0),
                    (Drawn::Cpa, Some(&b.cpa), 1.0),
                ];
                for (stage, (quantity, cost, per)) in stages.into_iter().enumerate() {
                    let Some(cost) = cost else { continue };
                    let mut total = recipe.fee;
                    total.constant *= per;
                    if let Distribution::Certain(value) = *cost {
                        total.constant /= value;
                    } else {
                        let draw = tables.draw(quantity, cost);
                        recipe.steps.push(if law.fee.is_certain() {
                            Step::Reciprocal(draw)
                        } else {
                            Step::Divide(draw)
                        });
                        total.source = recipe.add(Register::Quotient);
                    }
                    recipe.stages[stage] = Some(total);
                }
            }
        }
        if drawn && !delivered && !recipe.reads(Source::Sum(0)) {
            recipe.steps.remove(0);
        }
        recipe
    }

    /// Uniforms of one creator and trial.
    pub(super) fn draws(&self) -> usize {
        let steps = self.steps.iter().filter(|step| step.quantity().is_some());
        let deliveries = self.delivery.map_or(0, |_| self.lanes);
        steps.count() + deliveries
    }

    /// Whether a yield or the fee comes from a source.
    fn reads(&self, source: Source) -> bool {
        let yields = self.stages.iter().flatten();
        yields
            .chain([&self.fee])
            .any(|t| t.constant != 0.0 && t.source == source)
    }

    /// Adds a register to a new sum.
    fn add(&mut self, register: Register) -> Source {
        let sum = self.sums;
        self.sums += 1;
        self.steps.push(Step::Add(register, sum));
        Source::Sum(sum)
    }

    fn draw_fee(&mut self, law: &CreatorLaw<'_>, correlated: bool, tables: &mut Tables) {
        self.fee = self.delivered;
        if let Distribution::Certain(value) = *law.fee {
            self.fee.constant *= value;
            return;
        }
        self.steps.push(if correlated {
            let correlation = law.followers_fee;
            Step::FillCorrelatedFee {
                correlation,
                root: (1.0 - correlation * correlation).sqrt(),
                table: tables.over_normal(law.fee),
            }
        } else {
            Step::FillFee(tables.draw(Drawn::Fee, law.fee))
        });
        self.fee.source = self.add(Register::Fee);
    }
}

/// Quantile tables by distribution, each built once.
#[derive(Debug, Default)]
pub(super) struct Tables {
    plain: Vec<(Distribution, Arc<DrawTable>)>,
    over_normal: Vec<(Distribution, Arc<ZTable>)>,
}

impl Tables {
    fn draw(&mut self, quantity: Drawn, distribution: &Distribution) -> Draw {
        let table = once(&mut self.plain, distribution, Distribution::draw_table);
        Draw { quantity, table }
    }

    fn over_normal(&mut self, distribution: &Distribution) -> Arc<ZTable> {
        once(&mut self.over_normal, distribution, Distribution::z_table)
    }
}

fn once<T>(
    known: &mut Vec<(Distribution, Arc<T>)>,
    distribution: &Distribution,
    build: impl Fn(&Distribution) -> T,
) -> Arc<T> {
    if let Some((_, table)) = known.iter().find(|(d, _)| d == distribution) {
        return Arc::clone(table);
    }
    let table = Arc::new(build(distribution));
    known.push((*distribution, Arc::clone(&table)));
    table
}
