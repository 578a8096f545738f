//! What frameworks and libraries do, one file each.
//!
//! A model is a table from API path to function. [`ModelHost`] answers the evaluator from all tables;
//! [`doors`] lists where input enters once the application is wired, and [`request`] sends a symbolic
//! request through each. Adding a model: a file, a folder `fixtures/<name>/`, and an entry in [`MODELS`].

mod build;
mod doors;
mod express;
mod guards;
mod host;
mod identifiers;
mod judge;
mod mongoose;
mod node;
mod node_crypto;
mod origins;
mod python_jwt;
mod python_passwords;
mod python_signed;
mod python_standard;
mod python_support;
mod request;
pub mod sqltext;
mod state;
mod store;
mod tables;
pub mod tools;

pub use build::build_map;
pub use doors::{Door, Framework, Step, StepKind};
pub use host::ModelHost;
pub use state::{Persona, RawEffect, State};
pub use tables::{CallFunction, ClassFunction, IndexFunction, MemberFunction, Model, SetFunction};

/// All models, in alphabetical order.
pub static MODELS: &[&Model] = &[
    &express::MODEL,
    &mongoose::MODEL,
    &python_jwt::MODEL,
    &python_passwords::MODEL,
    &python_signed::MODEL,
    &python_standard::MODEL,
    &identifiers::MODEL,
    &node::MODEL,
    &node_crypto::MODEL,
];
