//! Files that people write: where a mistake stands, what it is, what would be right, and which word was meant.

pub mod nearest;
pub mod problem;
pub mod syntax;

pub use problem::{Place, Problem, quoted};
