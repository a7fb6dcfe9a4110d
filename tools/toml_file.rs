//! Files that people write, as they are read: a [`Sheet`] collects what is wrong with one, with its place and what would
//! be right, and a [`Section`] of it gives its keys one by one.

mod nearest;
mod problem;
mod section;
mod sheet;
mod syntax;

pub use nearest::{instead_of, listed, nearest};
pub use problem::{Place, Problem, quoted};
pub use section::{Entry, Said, Section, Value};
pub use sheet::Sheet;
