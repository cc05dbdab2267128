//! Scenario files: TOML text to one [`crate::model::Model`] for the base and one for each what-if.
//!
//! A file is read as a tree whose every key and value knows its place. Presets, file, command line
//! and what-ifs are laid over each other as such trees, and one reader turns the result into a
//! model, collecting every problem. One list of keys serves reader, JSON Schema, nearest names,
//! `imatrix show` and `--set`.
//!
//! How one tree is laid over another: tables merge key by key; numbers, lists, bands, distributions
//! and `counts` are replaced whole. A fee and a fee amount of one table replace each other. So a
//! what-if that sets no counts keeps the base's, and one that sets counts replaces all of them. A tier's
//! benchmark puts aside the presets of the followers basis, but never what the user wrote. On the command
//! line, several settings of one what-if add up before they are laid over the file.
//!
//! - `keys` is that list, with `horizon_keys`, `commitment_keys`, `risk_keys` and `target_keys` as its parts; `shape` says what
//!   a key is. `structure`, `schema` with `needed`, `names` and `vary` only read it.
//! - `source`, `tree`, `presets`, `command` and `layers` make the tree, `read` is the whole way, `problem` what is wrong.
//! - `reader` makes the model, with a file for each part of it: `market`, `cells`, `audience`, `risks`, `rules`, `bands`,
//!   `targets`, `promise`, `counts`, `horizon`, `waves`, `commitments`, `importance`, `stop`, `roster`. Their single values are
//!   read by `value`, `spread` and `time_value`. `whole` checks what no part can see alone.

mod again;
mod audience;
mod bands;
mod cells;
mod command;
mod commitment_keys;
mod commitments;
mod counts;
mod horizon;
mod horizon_keys;
mod importance;
mod keys;
mod layers;
mod market;
mod names;
mod needed;
mod presets;
mod problem;
mod promise;
mod read;
mod reader;
mod risk_keys;
mod risks;
mod roster;
mod rules;
mod schema;
mod shape;
mod source;
mod spread;
mod starter;
mod stop;
mod structure;
mod target_keys;
mod targets;
mod time_value;
mod tree;
mod value;
mod vary;
mod waves;
mod whole;
mod write;

#[cfg(test)]
mod tests;

pub use counts::AssumedTerms;
pub use problem::{Problem, Problems};
pub use read::{Entry, Overrides, Scenario, read_file, read_text};
pub use schema::schema;
pub use starter::{StarterError, starter};
pub use vary::{Takes, takes};
