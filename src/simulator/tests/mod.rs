//! The simulator against itself, closed forms and a slow reference.

mod addressing;
mod law;
mod market;
mod seeds;
