//! Everything that is tested from outside a crate, in one binary: the network is the demo's, the rest is real.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test should fail loudly"
)]

#[path = "it/program.rs"]
mod program;
#[path = "it/rig.rs"]
mod rig;
#[path = "it/served.rs"]
mod served;
#[path = "databases/server.rs"]
mod server;
#[path = "it/silent.rs"]
mod silent;
#[path = "it/stand_in.rs"]
mod stand_in;

#[path = "it/budgets.rs"]
mod budgets;
#[path = "it/commands.rs"]
mod commands;
#[path = "it/contract.rs"]
mod contract;
#[path = "it/declared.rs"]
mod declared;
#[path = "it/faults.rs"]
mod faults;
#[path = "it/gate.rs"]
mod gate;
#[path = "it/hostile.rs"]
mod hostile;
#[path = "it/house.rs"]
mod house;
#[path = "it/incidents.rs"]
mod incidents;
#[path = "it/operations.rs"]
mod operations;
#[path = "it/postgres.rs"]
mod postgres;
#[path = "it/redis.rs"]
mod redis;
#[path = "it/supabase.rs"]
mod supabase;
#[path = "it/surface.rs"]
mod surface;
#[path = "it/transports.rs"]
mod transports;
#[path = "it/wire.rs"]
mod wire;
