//! Everything that is tested from outside a crate, in one binary: the network is the demo's, the rest is real.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test should fail loudly"
)]

#[path = "it/rig.rs"]
mod rig;

#[path = "it/budgets.rs"]
mod budgets;
#[path = "it/house.rs"]
mod house;
#[path = "it/operations.rs"]
mod operations;
#[path = "it/surface.rs"]
mod surface;
