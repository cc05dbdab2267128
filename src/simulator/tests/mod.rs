//! The simulator against itself, closed forms and a slow reference.

mod addressing;
mod joint;
mod law;
mod market;
mod reference;
mod seeds;
