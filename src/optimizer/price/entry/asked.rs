//! Which columns are asked about, in which order and how long.

use super::{Columns, Figure, NO_CHANGE, WHOLE, WIDE, Work};
use crate::model::{Cancel, Constraint, PlanSettings, UnusedCell};
use crate::optimizer::program::hold_broken;

/// Relaxations that a program may take for all its cells.
const SOLVES: usize = 2_000;

/// Rows × columns × relaxations of a program of several months.
const WORK: usize = 12_000_000;

/// More of the sums of rules that are an excess, for one column.
const ROUNDS: usize = 30;

/// The columns asked about that are not booked, in groups of which one is told, and what it would take to book them:
/// of each group the column that lacks least. Nothing is told of those that the work allowed was not enough for.
pub(crate) fn unused(
    columns: &dyn Columns,
    rules: &[Constraint],
    groups: &[Vec<usize>],
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Vec<(usize, UnusedCell)> {
    let mut rules = rules.to_vec();
    let mut solves = SOLVES;
    let mut rounds = ROUNDS;
    let mut out: Vec<(usize, (usize, UnusedCell))> = Vec::new();
    let mut order: Option<Vec<usize>> = None;
    let mut from = 0;
    // Again from where a column asked for sums that programs did not hold.
    while from < groups.len() {
        let Some(work) = Work::new(columns, &rules, settings, cancel) else {
            break;
        };
        let order = order.get_or_insert_with(|| {
            if columns.over_months() {
                solves = SOLVES.min(work.affordable());
            }
            work.nearest_first(groups)
        });
        let mut broken = None;
        for &group in &order[from..] {
            let found = work.nearest(&groups[group], &mut solves);
            broken = work.broken.take();
            if broken.is_some() && rounds > 0 {
                break;
            }
            // Nothing is said of a column whose program could not be settled.
            if broken.is_none() {
                out.extend(found.map(|found| (group, found)));
            }
            from += 1;
        }
        if let Some(x) = broken {
            rounds = rounds.saturating_sub(1);
            if !hold_broken(&mut rules, &x) {
                rounds = 0;
            }
        }
    }
    out.sort_by_key(|(group, _)| *group);
    out.into_iter().map(|(_, found)| found).collect()
}

impl Work<'_> {
    /// Relaxations that may be solved in a program of several months.
    fn affordable(&self) -> usize {
        let program = &self.linear.program;
        WORK / (program.rows.len() * program.columns.len()).max(1)
    }

    /// What a column lacks by the lines of the multipliers at hand, as a share of its fee or its conversions.
    fn lack(&self, column: usize) -> f64 {
        if self.is_booked(column) {
            return f64::NEG_INFINITY;
        }
        let zero = |figure, sign: f64| {
            let (now, slope) = self.line(column, figure, &self.y);
            if sign * slope > 0.0 {
                -now / slope.abs()
            } else {
                f64::INFINITY
            }
        };
        zero(Figure::Fee, -1.0).min(zero(Figure::Conversions, 1.0))
    }

    /// The order in which groups are asked about: over months the nearest first, since not all may be affordable.
    fn nearest_first(&self, groups: &[Vec<usize>]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..groups.len()).collect();
        if self.columns.over_months() {
            let lack = |group: &Vec<usize>| {
                let lacks = group.iter().map(|&column| self.lack(column));
                lacks.fold(f64::INFINITY, f64::min)
            };
            let lacks: Vec<f64> = groups.iter().map(lack).collect();
            order.sort_by(|&a, &b| lacks[a].total_cmp(&lacks[b]));
        }
        order
    }

    /// Of several columns, the one that lacks least; nothing where not enough may be solved to say. In wide programs the line of
    /// each says which that is.
    fn nearest(&self, group: &[usize], solves: &mut usize) -> Option<(usize, UnusedCell)> {
        let least = |all: &mut dyn Iterator<Item = (usize, f64)>| {
            all.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
        };
        let several = if self.now.units.len() > WIDE {
            let mut lacks = group.iter().map(|&column| (column, self.lack(column)));
            vec![least(&mut lacks)?]
        } else {
            group.to_vec()
        };
        let mut all: Vec<(usize, UnusedCell)> = several
            .iter()
            .map(|&column| (column, self.cell(column, solves)))
            .collect();
        let lack = |unused: &UnusedCell| {
            let fee = unused.fee_factor.map_or(f64::INFINITY, |f| 1.0 - f);
            let conversions = unused.conversion_factor.map_or(f64::INFINITY, |f| f - 1.0);
            // One that the relaxation books comes first: whole counts keep it out.
            match unused.kept_out_by.as_deref() {
                Some(WHOLE) => f64::NEG_INFINITY,
                _ => fee.min(conversions),
            }
        };
        let mut lacks = all.iter().enumerate().map(|(at, (_, u))| (at, lack(u)));
        let at = least(&mut lacks)?;
        let (column, unused) = all.swap_remove(at);
        let given_up = *solves == 0
            && self.columns.over_months()
            && unused.kept_out_by.as_deref() == Some(NO_CHANGE);
        (!given_up).then_some((column, unused))
    }
}
