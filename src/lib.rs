//! Influencer Matrix: portfolio optimization and simulation for creator marketing.
//!
//! # The problem
//!
//! A month's plan books `x_c` ≥ 0 creators of every cell c = tier × partnership type (× category × region).
//! With `s_c` the expected cost and `y_c` the expected yield of one creator of cell c, the optimizer solves
//!
//! ```text
//! maximize    Σ y_c x_c                  (or Σ r_c x_c / Σ s_c x_c for ROAS)
//! subject to  Σ s_c x_c ≤ budget
//!             l_g Σ s_c x_c ≤ Σ_{c∈g} s_c x_c ≤ u_g Σ s_c x_c      for every share band g
//!             supply, hours, least spend, enforced targets, the user's own linear rules
//!             x_c whole (unless counts may be fractional), Σ x_c ≥ 1
//! ```
//!
//! and the simulator draws, trial by trial, what such a plan costs and yields: creator-to-creator spread, which
//! averages out over a plan, and shared doubt about the averages, which does not. Plans are compared
//! within trials, on common random numbers.
//!
//! # The map
//!
//! Floors, from the ground up; a file imports only from floors below its own.
//!
//! | floor | modules | what they hold |
//! |---|---|---|
//! | 0 | [`units`], [`stats`], [`rng`] | numbers and their formats, statistics, addressed random streams |
//! | 1 | [`distribution`] | families: moments, quantiles, tables |
//! | 2 | [`model`] | the nouns, and [`model::valuation`]: the one definition of cost and yield |
//! | 3 | [`scenario`], [`roster`], [`optimizer`], [`simulator`] | file → model, file → creators, model → plan, model + plan → outcomes |
//! | 4 | [`summary`], [`comparison`], [`ranking`], [`rebalancing`], [`individuals`], [`judging`], [`risk_words`], [`sensitivity`], [`frontier`], [`forecast`], [`recruiting`], [`actuals`], [`posting`] | statistics over trials and plans; who posts when |
//! | 5 | [`engine`], [`batch`] | the whole way from models to results |
//! | 6 | [`report`], [`export`] | results → text; results → parquet, JSON, `JUnit`, workbooks, calendars |
//! | 7 | `cli` (in the binary) | subcommands; the only place that prints, reads the environment, exits |
//!
//! # Example
//!
//! ```
//! use influencer_matrix::engine::{self, SimulationSettings};
//! use influencer_matrix::model::{Cancel, Metric, NoProgress, PlanSettings, Trials};
//! use influencer_matrix::scenario::{self, Overrides};
//! use influencer_matrix::summary::{ScopeKind, Scopes};
//!
//! let text = r#"
//! schema = 1
//! name = "two-tiers"
//! budget = 60_000
//! tiers.use = ["mid", "micro"]
//! partnerships.use = ["sponsored"]
//! "#;
//! let scenario = scenario::read_text("two-tiers.toml", text, &Overrides::default()).unwrap();
//! let cancel = Cancel::new();
//! let planned = engine::plan_models(vec![scenario.base], &PlanSettings::default(), &NoProgress, &cancel)?;
//! let settings = SimulationSettings {
//!     seed: scenario.seed,
//!     trials: Trials::Fixed(4096),
//!     scopes: Scopes::Total,
//!     block: 8192,
//! };
//! let result = engine::simulate_plans(&scenario.name, planned, &settings, None, &NoProgress, &cancel)?;
//! let roas = result
//!     .summary
//!     .iter()
//!     .find(|row| row.scope.kind == ScopeKind::Total && row.metric == Metric::Roas)
//!     .and_then(|row| row.estimate.ratio_of_means)
//!     .unwrap();
//! assert!(roas > 0.0 && roas < 2.25);
//! # Ok::<(), engine::EngineError>(())
//! ```

pub mod actuals;
pub mod batch;
pub mod comparison;
pub mod distribution;
pub mod engine;
pub mod export;
#[cfg(test)]
mod fixture;
pub mod forecast;
pub mod frontier;
pub mod individuals;
pub mod judging;
pub mod model;
pub mod optimizer;
pub mod posting;
pub mod ranking;
pub mod rebalancing;
pub mod recruiting;
pub mod report;
pub mod risk_words;
pub mod rng;
pub mod roster;
pub mod scenario;
pub mod sensitivity;
pub mod simulator;
pub mod stats;
pub mod summary;
pub mod units;
