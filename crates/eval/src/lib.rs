//! Abstract evaluation: the wiring of an application is run, and then requests through it, with values
//! that may be unknown.
//!
//! The evaluator knows the languages' semantics as far as `ir` has them, and no framework: it asks a
//! [`Host`] what outside code does. [`Machine`] is the place to start reading.

mod apart;
mod arguments;
mod attribute;
mod awaiting;
mod back;
mod branch;
mod call;
mod class;
mod closure;
mod comparison;
mod decision;
pub mod decorated;
mod display;
mod dump;
mod elements;
mod exports;
mod expression;
mod heap;
mod host;
mod imports;
mod index;
mod inheritance;
mod instance;
mod iterate;
mod javascript;
mod kept;
mod kinds;
mod late;
mod left;
mod link;
mod logical;
mod machine;
mod matching;
mod member;
mod merge;
mod method;
mod names;
mod once;
mod operator;
mod origin;
mod overlay;
mod parameters;
mod passage;
mod paths;
mod pattern;
mod proxy;
mod python;
mod recovery;
mod refine;
mod remainder;
mod returns;
mod rounds;
mod rows;
mod salvage;
mod scope;
mod signature;
mod split;
mod statement;
mod text;
mod tries;
mod truth;
mod value;
mod writing;

pub use arguments::Arguments;
pub use back::CALLBACK;
pub use comparison::pattern_may_be;
pub use decision::{Decided, Decision, DecisionId, SideEnd, Test, TestKind, Thrown};
pub use dump::{dump_values, show_value};
pub use heap::{Closure, Heap, Object, ObjectKind, Properties};
pub use host::{Answer, Call, Host, NoHost, StoreOperation};
pub use kept::Kept;
pub use late::LateVariable;
pub use link::{ModuleId, Program};
pub use machine::{Limits, Machine, Note, Stop};

pub use origin::{Origin, OriginSet, Origins};
pub use passage::{Before, Mark, Written};
pub use recovery::words;
pub use returns::ReturnPath;
pub use scope::{Scope, ScopeId, Slot};
pub use signature::{InjectedParameter, SignatureParameter};
pub use value::{Atom, HOLE, ObjectId, Shape, TestId, Value};
