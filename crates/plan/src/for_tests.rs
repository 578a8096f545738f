//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::api::node::Node;
pub use crate::concepts::Concepts;
pub use crate::grammar::{Mode, TEXT as GRAMMAR, grammar, read as read_grammar};
pub use crate::markdown::{ContextKind, statements};
pub use crate::pattern::{Pattern, Place};
pub use crate::vocabulary::{FILES, read as read_part};
pub use crate::words::{Words, sentences, stem, words};
