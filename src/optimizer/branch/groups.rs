//! Sums of counts to branch on.

use std::collections::BTreeSet;

use super::structure::Sum;
use crate::optimizer::program::Program;

/// Groups branched on at most, a column.
const GROUPS: usize = 2;

/// The sums given, columns that a row favours, and what two such groups share: at least two columns each.
pub(super) fn groups(program: &Program, sums: &[Sum]) -> Vec<Sum> {
    let favoured: BTreeSet<Vec<usize>> = program
        .rows
        .iter()
        .map(|row| {
            let whole = |i: &usize| program.columns[*i].integer;
            let favours = |i: &usize| row.coefficients[*i] > 0.0;
            (0..program.columns.len())
                .filter(favours)
                .filter(whole)
                .collect()
        })
        .collect();
    let mut out: Vec<Vec<usize>> = favoured.iter().filter(|g| g.len() > 1).cloned().collect();
    let mut shared: BTreeSet<Vec<usize>> = BTreeSet::new();
    for a in &favoured {
        for b in &favoured {
            let both: Vec<usize> = a.iter().copied().filter(|i| b.contains(i)).collect();
            if both.len() > 1 && !favoured.contains(&both) {
                shared.insert(both);
            }
        }
    }
    out.extend(shared);
    out.truncate(GROUPS * program.columns.len());
    let mut known: BTreeSet<Vec<usize>> = out.iter().cloned().collect();
    let one = |group: Vec<usize>| -> Sum { group.into_iter().map(|j| (j, 1.0)).collect() };
    let mut all: Vec<Sum> = out.into_iter().map(one).collect();
    for sum in sums {
        let plain = sum.iter().all(|&(_, a)| a == 1.0);
        if sum.len() > 1 && (!plain || known.insert(sum.iter().map(|&(j, _)| j).collect())) {
            all.push(sum.clone());
        }
    }
    all
}
