//! All tests of this crate in one program, since each program is linked with everything.

mod api_node;
mod concepts;
mod grammar;
mod keep;
mod list;
mod markdown;
mod patterns;
mod plans;
mod sentences;
mod vocabulary;
mod words;
