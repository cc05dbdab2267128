//! One selection for a linear objective: bound, selection, and what closes the gap between them.

use std::time::Instant;

use super::core::{Core, Open};
use super::dual::{Dual, best_choices};
use super::kinds::Kinds;
use super::rows::{Bookings, Rows, Weights};
use super::search::{Search, State};
use crate::model::{Cancel, PlanSettings};
use crate::optimizer::goal::within_gap;
use crate::optimizer::solver::{Verdict, remaining};

/// Bookings up to which all creators go to branch and bound at once.
const SMALL: usize = 240;
/// Creators of the cores that are open with all that they are offered.
const CORES: [usize; 2] = [30, 70];
/// Choices beside the best ones of the cores that are solved one after another.
const WIDTHS: [usize; 5] = [60, 120, 240, 480, 800];
/// Nodes of a core.
const NODES: u64 = 1_000;
/// Nodes where a core holds all that can be better.
const PROOF: u64 = 10_000;
/// Rounds of shaking a selection.
const SHAKES: u64 = 250;
/// A bound this far below what every selection has, relative to the objective's size, proves that there is none.
const BELOW: f64 = 1e-9;

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Booking of each creator.
    pub(super) choice: Option<Vec<Option<usize>>>,
    pub(super) value: f64,
    /// No selection has more.
    pub(super) bound: f64,
    /// Multipliers, scaled, to start from again.
    pub(super) multipliers: Vec<f64>,
    /// Multipliers of the rows.
    pub(super) prices: Vec<f64>,
    pub(super) nodes: u64,
    pub(super) infeasible: bool,
    pub(super) clocked: bool,
}

impl Found {
    /// Keeps a selection that is better.
    fn offer(&mut self, state: State) {
        if state.value > self.value {
            self.value = state.value;
            self.choice = Some(state.choice);
        }
    }

    /// The same of choices as a solver left them, once polished; of none that breaks a rule.
    fn offer_polished(&mut self, search: &Search<'_>, choices: Vec<Option<usize>>) {
        let state = search.state(choices);
        if search.keeps(&state) {
            self.offer(search.polish(state, f64::INFINITY));
        }
    }
}

/// One program.
pub(super) struct Task<'a> {
    pub(super) all: &'a Bookings,
    pub(super) rows: &'a Rows,
    pub(super) settings: &'a PlanSettings,
    pub(super) cancel: &'a Cancel,
    pub(super) started: Instant,
    /// Whether any good selection will do.
    pub(super) quick: bool,
}

impl Task<'_> {
    fn late(&self) -> bool {
        self.cancel.requested() || remaining(self.settings, self.started).time_limit <= 0.0
    }

    fn nodes(&self, most: u64) -> PlanSettings {
        PlanSettings {
            node_limit: self.settings.node_limit.min(most),
            ..remaining(self.settings, self.started)
        }
    }

    /// The best selection for an objective, from earlier multipliers if there are any.
    pub(super) fn best(&self, objective: &Weights, warm: Option<&Found>) -> Found {
        let keep = vec![true; self.rows.list.len()];
        let dual = Dual::new(self.all, self.rows, &keep, objective);
        let gain = |j: usize| self.all.weigh(objective, j);
        // No selection has less than all creators at their worst.
        let least: f64 = (0..self.all.creators())
            .map(|i| self.all.of_creator(i).map(gain).fold(0.0, f64::min))
            .sum();
        let size: f64 = (0..self.all.len()).map(|j| gain(j).abs()).sum();
        let impossible = least - BELOW * size;
        let start = warm.map(|w| &w.multipliers[..]);
        let (multipliers, bound) = dual.minimize(start, impossible, self.cancel);
        let mut found = Found {
            choice: None,
            value: f64::NEG_INFINITY,
            bound,
            prices: dual.unscaled(&multipliers),
            multipliers,
            nodes: 0,
            infeasible: bound < impossible,
            clocked: false,
        };
        if found.infeasible {
            return found;
        }
        let gains = dual.gains(&found.multipliers);
        let search = Search::new(
            self.all,
            self.rows,
            objective,
            &gains,
            &found.prices,
            dual.scales(),
        );
        if self.all.len() <= SMALL {
            self.wholly(&search, objective, &mut found);
            return found;
        }
        self.by_kinds(&search, objective, &mut found);
        if found.infeasible || self.done(&found) {
            return found;
        }
        let enough = |found: &Found| found.bound - 0.1 * self.settings.gap * found.bound.abs();
        let mut states: Vec<State> = Vec::new();
        if let Some(choice) = warm.and_then(|w| w.choice.clone()) {
            states.push(search.state(choice));
        }
        states.extend(search.rounded());
        for state in states {
            if search.keeps(&state) {
                let polished = search.polish(state, enough(&found));
                found.offer(polished);
            }
        }
        let shaken = |found: &mut Found, rounds: u64| {
            if let (Some(choice), false) = (found.choice.clone(), self.done(found)) {
                let state = search.state(choice);
                let enough = found.bound - 0.9 * self.settings.gap * found.bound.abs();
                let state = search.shaken(state, enough, rounds, &|| self.late());
                found.offer(state);
            }
        };
        let shakes = if self.quick { SHAKES / 5 } else { SHAKES };
        shaken(&mut found, shakes);
        self.cores(&search, objective, &gains, &mut found);
        self.focus(&search, objective, &gains, &mut found);
        if !self.quick {
            shaken(&mut found, shakes);
        }
        found.clocked = self.late() && !self.done(&found);
        found
    }

    fn done(&self, found: &Found) -> bool {
        found.choice.is_some() && within_gap(found.bound, found.value, self.settings.gap)
    }

    /// How many of each kind, where many creators are alike.
    fn by_kinds(&self, search: &Search<'_>, objective: &Weights, found: &mut Found) {
        let Some(kinds) = Kinds::of(self.all) else {
            return;
        };
        let settings = self.nodes(u64::MAX);
        let task = (self.all, self.rows);
        let (solved, choice) = kinds.solve(task, objective, &settings, self.cancel);
        found.nodes += solved.nodes;
        found.infeasible = solved.verdict == Verdict::Infeasible;
        found.clocked = matches!(solved.verdict, Verdict::TimeLimit { .. });
        if let Some(choice) = choice {
            let state = search.state(choice);
            if search.keeps(&state) {
                found.offer(state);
            }
        }
        if let Some(bound) = solved.bound.filter(|_| solved.certified) {
            found.bound = found.bound.min(bound.max(found.value));
        }
    }

    /// All creators at once.
    fn wholly(&self, search: &Search<'_>, objective: &Weights, found: &mut Found) {
        let state = search.rounded().map(|s| search.polish(s, f64::INFINITY));
        let open: Vec<usize> = (0..self.all.creators()).collect();
        let nobody = vec![None; self.all.creators()];
        let core = Core::new(
            self.all,
            self.rows,
            objective,
            &Open::wholly(&open),
            &nobody,
        );
        let start = state.as_ref().map(|s| &s.choice[..]);
        let settings = self.nodes(u64::MAX);
        let solved = core.solve(self.all, start, None, &settings, self.cancel);
        found.nodes += solved.nodes;
        found.infeasible = solved.verdict == Verdict::Infeasible && state.is_none();
        found.clocked = matches!(solved.verdict, Verdict::TimeLimit { .. });
        if let Some(state) = state {
            found.offer(state);
        }
        if solved.found() {
            let state = search.state(core.choices(self.all, &solved, &nobody));
            if search.keeps(&state) {
                found.offer(state);
            }
        }
        if let Some(bound) = solved.bound {
            found.bound = found.bound.min(bound.max(found.value));
        }
    }

    /// Betters a selection, or finds a first one, by branch and bound on all choices of the creators whose
    /// choice the multipliers leave most open.
    fn cores(&self, search: &Search<'_>, objective: &Weights, gains: &[f64], found: &mut Found) {
        let margins = search.margins();
        let mut order: Vec<usize> = (0..self.all.creators())
            .filter(|&i| !self.all.of_creator(i).is_empty())
            .collect();
        order.sort_by(|&a, &b| margins[a].total_cmp(&margins[b]).then(a.cmp(&b)));
        for size in CORES {
            if self.done(found) || self.late() {
                return;
            }
            let base = found
                .choice
                .clone()
                .unwrap_or_else(|| best_choices(self.all, gains));
            let open = Open::wholly(&order[..size.min(order.len())]);
            let core = Core::new(self.all, self.rows, objective, &open, &base);
            let start = found.choice.as_deref();
            let solved = core.solve(self.all, start, None, &self.nodes(NODES), self.cancel);
            found.nodes += solved.nodes;
            if solved.found() {
                found.offer_polished(search, core.choices(self.all, &solved, &base));
            }
        }
    }

    /// Betters a selection, or finds a first one, and the bound, by branch and bound on the choices that the
    /// multipliers leave most open.
    ///
    /// A selection with a choice that loses more than ε of its creator's best reduced gain has at most the
    /// bound less ε; so that with the best of those that make no such choice, B(ε), the larger of the
    /// two is a bound on all.
    fn focus(&self, search: &Search<'_>, objective: &Weights, gains: &[f64], found: &mut Found) {
        let multiplied = found.bound;
        let best: Vec<f64> = (0..self.all.creators())
            .map(|i| self.all.of_creator(i).map(|j| gains[j]).fold(0.0, f64::max))
            .collect();
        let loss = |j: usize| best[self.all.creator[j] as usize] - gains[j];
        let base = best_choices(self.all, gains);
        // What every creator loses by its second best choice, and by each after it.
        let mut losses: Vec<f64> = (0..self.all.creators())
            .flat_map(|i| {
                let mut own: Vec<f64> = self.all.of_creator(i).map(loss).collect();
                own.push(best[i]);
                own.sort_by(f64::total_cmp);
                own.into_iter().skip(1)
            })
            .collect();
        losses.sort_by(f64::total_cmp);
        let widths = if self.quick {
            &WIDTHS[..2]
        } else {
            &WIDTHS[..]
        };
        let mut last = 0.0;
        for &width in widths {
            if self.done(found) || self.late() {
                return;
            }
            let rounding = 1e-9 * multiplied.abs().max(found.value.abs());
            let room = if found.choice.is_some() {
                (multiplied - found.value).max(0.0) + rounding
            } else {
                f64::INFINITY
            };
            let near = losses
                .get(width)
                .copied()
                .unwrap_or(f64::INFINITY)
                .min(room);
            if near <= last {
                continue;
            }
            last = near;
            let made = |i: usize| found.choice.as_ref().map(|choice| choice[i]);
            let may =
                |j: usize| loss(j) <= near || made(self.all.creator[j] as usize) == Some(Some(j));
            let must = |i: usize| best[i] > near && made(i) != Some(None);
            let open: Vec<usize> = (0..self.all.creators())
                .filter(|&i| {
                    let choices = self.all.of_creator(i).filter(|&j| may(j)).count();
                    choices + usize::from(!must(i)) > 1
                })
                .collect();
            let open = Open {
                creators: &open,
                may: &may,
                must: &must,
            };
            let core = Core::new(self.all, self.rows, objective, &open, &base);
            let start = found.choice.as_deref();
            let nodes = if near >= room && !self.quick {
                PROOF
            } else {
                NODES
            };
            let solved = core.solve(
                self.all,
                start,
                Some(multiplied),
                &self.nodes(nodes),
                self.cancel,
            );
            found.nodes += solved.nodes;
            if solved.found() {
                found.offer_polished(search, core.choices(self.all, &solved, &base));
            }
            let within = match (&solved.verdict, solved.bound) {
                (Verdict::Infeasible, _) => Some(f64::NEG_INFINITY),
                (_, bound) => bound,
            };
            if let Some(within) = within {
                let beyond = multiplied - near + rounding;
                let bound = within.max(beyond).max(found.value);
                found.bound = found.bound.min(bound);
                // Nothing is left beyond, nor within.
                found.infeasible |= bound == f64::NEG_INFINITY;
            }
        }
    }
}
