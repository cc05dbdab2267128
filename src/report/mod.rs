//! Results → text that can be read aloud.

pub mod text;
