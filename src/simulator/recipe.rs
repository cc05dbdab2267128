//! The recipe for a cell's sums over creators: only what is uncertain is drawn.

use std::sync::Arc;

use super::copula::Copula;
use super::draws::Drawn;
use super::group::CreatorLaw;
use super::tables::Tables;
use crate::distribution::{Distribution, DrawTable, ZTable};
use crate::model::{Basis, Benchmark, Followers, Quality};

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
    /// The fee again, where yields go with it and not costs.
    Price = 3,
}

impl Register {
    /// Where it is kept.
    pub(super) fn place(self) -> usize {
        match self {
            Self::Price => Self::Fee as usize,
            other => other as usize,
        }
    }
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
    /// yield = followers' draw, and its standard normal is kept for qualities correlated with it.
    FillKeepingNormal(Draw),
    /// The standard normal of a quality's draw is kept.
    KeepNormal(Quality),
    /// yield or fee = or ×= a quality's quantile at Φ(Σ lⱼ zⱼ) of the kept normals.
    Correlated(Correlated),
    /// quotient = 1 / draw
    Reciprocal(Draw),
    /// quotient = fee / draw
    Divide(Draw),
    /// sum += register × delivery
    Add(Register, usize),
    /// sum += delivery
    AddDelivery(usize),
    /// sum += what is kept of a creator's yields: delivery × (1 − yield lost by an incident)
    AddKept(usize),
    /// sum += incident
    AddIncident(usize),
    /// sum += whether a creator is there
    AddPresence(usize),
}

/// A quality of a creator from the normals of those it is correlated with.
#[derive(Debug, Clone)]
pub(super) struct Correlated {
    /// Where it goes.
    pub(super) register: Register,
    /// Whether it multiplies what is there.
    pub(super) multiply: bool,
    /// Its row of the Cholesky factor.
    pub(super) row: [f64; 6],
    /// Its quantile over z.
    pub(super) table: Arc<ZTable>,
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
            Self::KeepNormal(quality) => Some(drawn(*quality)),
            Self::Correlated(_)
            | Self::Add(..)
            | Self::AddDelivery(_)
            | Self::AddKept(_)
            | Self::AddIncident(_)
            | Self::AddPresence(_) => None,
        }
    }
}

/// The draw of a quality.
fn drawn(quality: Quality) -> Drawn {
    match quality {
        Quality::Followers => Drawn::Followers,
        Quality::Fee => Drawn::Fee,
        Quality::EngagementRate => Drawn::EngagementRate,
        Quality::ViewRate => Drawn::ViewRate,
        Quality::ClickRate => Drawn::ClickRate,
        Quality::ConversionRate => Drawn::ConversionRate,
    }
}

/// What the jobs of a group pay for.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each stands by itself")]
pub(super) struct Costs {
    /// Drawn fees.
    pub(super) fee: bool,
    /// Fixed fees for content that appears.
    pub(super) delivered: bool,
    /// Cleaning up after incidents.
    pub(super) cleanup: bool,
    /// Who is there, which is random.
    pub(super) turnover: bool,
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
    /// Probability of an incident and the share of yields it loses, if it is drawn.
    pub(super) incident: Option<(f64, f64)>,
    /// Probability that an incident is a shock to the brand, if it is drawn.
    pub(super) shock: Option<f64>,
    /// Sets of sums: one a month if delivery, incidents or who is there are drawn, else one for all.
    pub(super) lanes: usize,
    /// Creators who are there, where that is random.
    pub(super) places: Option<Total>,
    /// Creators whose content appears.
    pub(super) delivered: Total,
    /// Creators with incidents.
    pub(super) incidents: Total,
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
            incident: None,
            shock: None,
            lanes: 1,
            places: None,
            delivered: none,
            incidents: none,
            fee: none,
            stages: [None; 4],
        }
    }
}

impl Recipe {
    pub(super) fn new(
        law: &CreatorLaw<'_>,
        costs: Costs,
        months: usize,
        tables: &mut Tables,
    ) -> Self {
        let Costs { fee, delivered, .. } = costs;
        let unsure = law.delivery > 0.0 && law.delivery < 1.0;
        let drawn = unsure || costs.turnover;
        let i = &law.incidents;
        let loses = i.probability > 0.0 && i.yield_lost > 0.0 && law.delivery > 0.0;
        let cleanup = i.probability > 0.0 && costs.cleanup;
        let incident = loses || cleanup || i.shocks();
        let mut recipe = Self {
            delivery: unsure.then_some(law.delivery),
            incident: incident.then_some((i.probability, i.yield_lost)),
            shock: i.shocks().then_some(i.shock_probability),
            lanes: if drawn || incident { months } else { 1 },
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
        if costs.turnover {
            recipe.places = Some(Total {
                source: recipe.put(Step::AddPresence),
                constant: 1.0,
            });
        }
        if cleanup {
            recipe.incidents = Total {
                source: recipe.put(Step::AddIncident),
                constant: 1.0,
            };
        }
        // What yields are proportional to, before anything is drawn.
        let mut total = recipe.delivered;
        if loses {
            total.source = recipe.put(Step::AddKept);
        }
        match law.basis {
            Basis::Followers(f) => recipe.funnel(law, f, total, fee, tables),
            Basis::Benchmark(b) => recipe.benchmark(law, b, loses.then_some(total), tables),
        }
        if drawn && !delivered && !recipe.reads(Source::Sum(0)) {
            recipe.steps.remove(0);
        }
        recipe
    }

    /// The followers basis; `total` is what yields are proportional to.
    fn funnel(
        &mut self,
        law: &CreatorLaw<'_>,
        f: &Followers,
        mut total: Total,
        fee: bool,
        tables: &mut Tables,
    ) {
        // What is correlated goes by the law alone: whether some plan pays a fee must not move another's draws.
        let copula = Copula::new(law, f);
        for quality in copula.kept(fee) {
            if quality != Quality::Followers {
                self.steps.push(Step::KeepNormal(quality));
            }
        }
        let stages: [&[(Quality, &Distribution)]; 4] = [
            &[
                (Quality::Followers, &f.followers),
                (Quality::ViewRate, &f.view_rate),
            ],
            &[(Quality::EngagementRate, &f.engagement_rate)],
            &[(Quality::ClickRate, &f.click_rate)],
            &[(Quality::ConversionRate, &f.conversion_rate)],
        ];
        let mut started = false;
        for (stage, draws) in stages.into_iter().enumerate() {
            let mut changed = false;
            for &(quality, distribution) in draws {
                if let Distribution::Certain(value) = *distribution {
                    total.constant *= value;
                    continue;
                }
                self.steps.push(if quality == Quality::Followers {
                    let draw = tables.draw(Drawn::Followers, distribution);
                    if copula.joins(quality) {
                        Step::FillKeepingNormal(draw)
                    } else {
                        Step::FillYield(draw)
                    }
                } else if copula.joins(quality) {
                    Step::Correlated(Correlated {
                        register: Register::Yield,
                        multiply: started,
                        row: copula.rows[quality as usize],
                        table: tables.over_normal(distribution),
                    })
                } else {
                    let draw = tables.draw(drawn(quality), distribution);
                    if started {
                        Step::Multiply(draw)
                    } else {
                        Step::FillYield(draw)
                    }
                });
                started = true;
                changed = true;
            }
            if changed {
                total.source = self.add(Register::Yield);
            }
            self.stages[stage] = Some(total);
        }
        if fee {
            self.draw_fee(law, Some(&copula), tables);
        }
    }

    /// The benchmark basis; `kept` is what is left of creators where incidents take of their yields.
    fn benchmark(
        &mut self,
        law: &CreatorLaw<'_>,
        b: &Benchmark,
        kept: Option<Total>,
        tables: &mut Tables,
    ) {
        self.draw_fee(law, None, tables);
        // Yields go with the price: with the fees, but for what incidents take.
        let price = match (kept, *law.fee) {
            (None, _) => self.fee,
            (Some(kept), Distribution::Certain(value)) => Total {
                constant: kept.constant * value,
                ..kept
            },
            (Some(kept), _) => Total {
                source: self.add(Register::Price),
                ..kept
            },
        };
        let stages = [
            (Drawn::Cpm, b.cpm.as_ref(), 1000.0),
            (Drawn::Cpe, b.cpe.as_ref(), 1.0),
            (Drawn::Cpc, b.cpc.as_ref(), 1.0),
            (Drawn::Cpa, Some(&b.cpa), 1.0),
        ];
        for (stage, (quantity, cost, per)) in stages.into_iter().enumerate() {
            let Some(cost) = cost else { continue };
            let mut total = price;
            total.constant *= per;
            if let Distribution::Certain(value) = *cost {
                total.constant /= value;
            } else {
                let draw = tables.draw(quantity, cost);
                self.steps.push(if law.fee.is_certain() {
                    Step::Reciprocal(draw)
                } else {
                    Step::Divide(draw)
                });
                total.source = self.add(Register::Quotient);
            }
            self.stages[stage] = Some(total);
        }
    }

    /// A sum of what a step adds.
    fn put(&mut self, step: impl Fn(usize) -> Step) -> Source {
        let sum = self.sums;
        self.sums += 1;
        self.steps.push(step(sum));
        Source::Sum(sum)
    }

    /// Uniforms of one creator and trial.
    pub(super) fn draws(&self) -> usize {
        let steps = self.steps.iter().filter(|step| step.quantity().is_some());
        let incidents = usize::from(self.incident.is_some()) + usize::from(self.shock.is_some());
        steps.count() + (usize::from(self.delivery.is_some()) + incidents) * self.lanes
    }

    /// Whether a yield or the fee comes from a source.
    fn reads(&self, source: Source) -> bool {
        let yields = self.stages.iter().flatten();
        yields
            .chain([&self.fee])
            .any(|t| t.constant != 0.0 && t.source == source)
    }

    /// Whether what appears of a creator's content is random.
    pub(super) fn is_unsure(&self) -> bool {
        self.delivery.is_some() || self.places.is_some()
    }

    /// Adds a register to a new sum.
    fn add(&mut self, register: Register) -> Source {
        self.put(|sum| Step::Add(register, sum))
    }

    fn draw_fee(&mut self, law: &CreatorLaw<'_>, copula: Option<&Copula>, tables: &mut Tables) {
        self.fee = self.delivered;
        if let Distribution::Certain(value) = *law.fee {
            self.fee.constant *= value;
            return;
        }
        let step = match copula.filter(|copula| copula.joins(Quality::Fee)) {
            Some(copula) => Step::Correlated(Correlated {
                register: Register::Fee,
                multiply: false,
                row: copula.rows[Quality::Fee as usize],
                table: tables.over_normal(law.fee),
            }),
            None => Step::FillFee(tables.draw(Drawn::Fee, law.fee)),
        };
        self.steps.push(step);
        self.fee.source = self.add(Register::Fee);
    }
}
