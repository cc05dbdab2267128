//! Random numbers by address: the same draw for the same seed, slot, quantity and block, whatever
//! else a run computes, in whatever order, on whatever machine.

mod address;
mod path;
mod philox;
mod sobol;
mod stream;
mod xoshiro;

pub use address::{Address, slot_hash};
pub use path::Path;
pub(crate) use path::Work;
pub use philox::philox4x32_10;
pub use sobol::{REPLICATES, SOBOL_DIMENSIONS, Sobol};
pub(crate) use stream::{LESS, ONE, uniform};
pub use stream::{STREAM_BLOCK, Stream};
pub(crate) use xoshiro::LANES;
