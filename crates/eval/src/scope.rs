//! Variables.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::{ModuleId, Value};

/// The number of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Slot {
    /// A value.
    Value(Value),
    /// An export of another module, looked up when it is read.
    Import(ModuleId, Ustr),
    /// Declared and not bound yet.
    Unbound,
}

/// The names of a block, function or module.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// Its names.
    pub names: FxHashMap<Ustr, Slot>,
    /// The module it belongs to.
    pub module: ModuleId,
    /// Holds for the scope of a function or module, where `var` and Python's names live.
    pub is_function: bool,
    /// Holds for the scope of a Python class body, which functions within do not see.
    pub is_class: bool,
}

impl Scope {
    /// Returns a scope without names.
    pub(crate) fn new(parent: Option<ScopeId>, module: ModuleId, is_function: bool) -> Scope {
        Scope {
            parent,
            names: FxHashMap::default(),
            module,
            is_function,
            is_class: false,
        }
    }
}
