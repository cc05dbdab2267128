//! Quantile tables of the draws, shared by the groups of a run.

use std::sync::Arc;

use super::draws::Drawn;
use super::recipe::Draw;
use crate::distribution::{Distribution, DrawTable, ZTable};

/// Quantile tables by distribution, each built once.
#[derive(Debug, Default)]
pub(super) struct Tables {
    plain: Vec<(Distribution, Arc<DrawTable>)>,
    over_normal: Vec<(Distribution, Arc<ZTable>)>,
}

impl Tables {
    pub(super) fn draw(&mut self, quantity: Drawn, distribution: &Distribution) -> Draw {
        let table = once(&mut self.plain, distribution, Distribution::draw_table);
        Draw { quantity, table }
    }

    pub(super) fn over_normal(&mut self, distribution: &Distribution) -> Arc<ZTable> {
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
