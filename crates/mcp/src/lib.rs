//! Answers to coding agents, over the Model Context Protocol.
//!
//! The server is read-only and about one tree, which is fixed when it starts. It reads no disk itself: whoever starts it
//! gives it a [`Source`]. Answers are plain text, most important first, in pages that fit an agent's context.

mod analyses;
mod answers;
#[doc(hidden)]
pub mod for_tests;
mod page;
mod serve;
mod server;
mod source;

pub use answers::{entry_text, finding_text};
pub use serve::{serve_http, serve_stdio, serve_transport};
pub use server::Server;
pub use source::{Ends, Source, Tree};
