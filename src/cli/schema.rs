//! `imatrix schema`

use influencer_matrix::scenario;

use super::console::Console;
use super::exit::{Exit, Stop};

pub(crate) fn run(console: &Console) -> Result<Exit, Stop> {
    console.result(&format!("{:#}\n", scenario::schema()))?;
    Ok(Exit::Done)
}
