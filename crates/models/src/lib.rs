//! What frameworks and libraries do, one file each.
//!
//! A model is a table from API path to function. [`ModelHost`] answers the evaluator from all tables;
//! [`doors`] lists where input enters once the application is wired, and [`request`] sends a symbolic
//! request through each. Adding a model: a file, a folder `fixtures/<name>/`, and an entry in [`MODELS`].

mod build;
mod doors;
mod drive;
mod express;
mod express_ws;
mod guards;
mod host;
mod identifiers;
mod jose;
mod jsonwebtoken;
mod judge;
mod mongoose;
mod node;
mod node_crypto;
mod node_http;
mod origins;
mod python_jwt;
mod python_passwords;
mod python_signed;
mod python_standard;
mod python_support;
mod request;
mod sequel;
mod socket;
mod socketio;
mod socketio_client;
mod state;
mod store;
mod tables;
mod tokens;
pub mod tools;
mod upgrade;
mod ws;

pub use build::build_map;
pub use doors::{Door, Framework, Step, StepKind};
pub use host::ModelHost;
pub use state::{Connected, Listener, ListenerKind, Persona, RawEffect, State, Upgrade};
pub use tables::{CallFunction, ClassFunction, IndexFunction, MemberFunction, Model, SetFunction};

/// All models, in alphabetical order.
pub static MODELS: &[&Model] = &[
    &express::MODEL,
    &express_ws::MODEL,
    &identifiers::MODEL,
    &node::MODEL,
    &node_crypto::MODEL,
    &node_http::MODEL,
    &identifiers::MODEL,
    &jose::MODEL,
    &jsonwebtoken::MODEL,
    &mongoose::MODEL,
    &node::MODEL,
    &node_crypto::MODEL,
    &python_jwt::MODEL,
    &python_passwords::MODEL,
    &python_signed::MODEL,
    &python_standard::MODEL,
    &socket::MODEL,
    &socketio::MODEL,
    &socketio_client::MODEL,
    &upgrade::MODEL,
    &ws::MODEL,
];
