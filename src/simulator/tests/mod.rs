//! The simulator against itself, closed forms and a slow reference.

mod addressing;
mod before;
mod conditional;
mod creators;
mod joint;
mod law;
mod market;
mod months;
mod risks;
mod sales;
mod seeds;
mod selections;
mod turnover;
