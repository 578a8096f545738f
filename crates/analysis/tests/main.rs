//! All tests of this crate in one program, since each program is linked with everything.

mod cache;
mod configure;
mod examples;
mod failing_rule;
mod judgements_evidence;
mod judgements_read;
mod mutations;
mod parity;
mod part;
mod statements;
mod threads;
mod told_twice;
mod wire;
