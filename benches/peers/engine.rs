//! The engine: the simulator's blocks, their cells added up to the plan's totals as
//! `--scopes total` does.

use influencer_matrix::model::{Model, Quantity};
use influencer_matrix::rng::Path;
use influencer_matrix::scenario::{self, Overrides};
use influencer_matrix::simulator::{PlanInput, Simulator};

use crate::{Contender, SEED, Totals};

/// The reference work.
pub(crate) fn market() -> Model {
    let text = include_str!("reference.toml");
    match scenario::read_text("reference.toml", text, &Overrides::default()) {
        Ok(scenario) => scenario.base,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

pub(crate) struct Engine<'a> {
    simulator: Simulator<'a>,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(model: &'a Model, path: Path) -> Self {
        let counts = model.counts.as_ref().expect("the file fixes its counts");
        let plan = PlanInput {
            model,
            counts: counts.view(),
        };
        Self {
            simulator: Simulator::new(&[plan], SEED)
                .expect("the plan fits its model")
                .on(path),
        }
    }

    pub(crate) fn draws_per_trial(&self) -> usize {
        self.simulator.draws_per_trial()
    }
}

impl Contender for Engine<'_> {
    fn block(&self, first: u64, trials: usize) -> Totals {
        let mut block = self.simulator.block(first, trials);
        let mut cells = block.plans.remove(0).cells.into_iter();
        let totals = cells.next().expect("the plan books cells");
        let mut totals = [
            totals.spend,
            totals.impressions,
            totals.engagements,
            totals.clicks,
            totals.conversions,
            totals.revenue,
        ];
        for cell in cells {
            for (total, quantity) in totals.iter_mut().zip(Quantity::SIMULATED) {
                let column = cell.column(quantity).expect("followers define all");
                for (total, value) in total.iter_mut().zip(column) {
                    *total += value;
                }
            }
        }
        totals
    }
}
