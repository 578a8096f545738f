//! The names that each scope binds, gathered while its statements are lowered.
//!
//! Python decides at compile time which names are local to a function, so the list has to be complete
//! before the body is evaluated: an assignment further down makes a name local further up.

use rustc_hash::FxHashSet;
use ustr::Ustr;

/// What a scope belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    Function,
}

/// What was gathered about a scope.
pub(super) struct Scope {
    /// The names bound, in order of first appearance.
    pub(super) declared: Vec<Ustr>,
    /// Holds if there is a `yield`.
    pub(super) yields: bool,
    kind: ScopeKind,
    seen: FxHashSet<Ustr>,
    outer: FxHashSet<Ustr>,
}

/// The scopes around the statement that is being lowered, innermost last.
pub(super) struct Scopes {
    around: Vec<Scope>,
    current: Scope,
}

impl Scope {
    fn new(kind: ScopeKind) -> Scope {
        Scope {
            declared: Vec::new(),
            yields: false,
            kind,
            seen: FxHashSet::default(),
            outer: FxHashSet::default(),
        }
    }
}

impl Scopes {
    pub(super) fn new() -> Scopes {
        Scopes {
            around: Vec::new(),
            current: Scope::new(ScopeKind::Module),
        }
    }

    pub(super) fn enter(&mut self, kind: ScopeKind) {
        let outer = std::mem::replace(&mut self.current, Scope::new(kind));
        self.around.push(outer);
    }

    /// Leaves the innermost scope. Its names are without its `parameters`, which are bound by the call.
    pub(super) fn leave(&mut self, parameters: &[Ustr]) -> Scope {
        let next = self
            .around
            .pop()
            .unwrap_or_else(|| Scope::new(ScopeKind::Module));
        let mut scope = std::mem::replace(&mut self.current, next);
        // A `global` below the assignment is an error in Python, but what is meant is clear.
        let outer = &scope.outer;
        scope
            .declared
            .retain(|name| !outer.contains(name) && !parameters.contains(name));
        scope
    }

    pub(super) fn is_class(&self) -> bool {
        self.current.kind == ScopeKind::Class
    }

    /// The innermost scope binds `name`.
    pub(super) fn bind(&mut self, name: Ustr) {
        if !name.is_empty() && self.current.seen.insert(name) {
            self.current.declared.push(name);
        }
    }

    /// `name` belongs to a scope further out, unless there is none: `global` at the top changes nothing.
    pub(super) fn take_from_outside(&mut self, name: Ustr) {
        if self.current.kind != ScopeKind::Module {
            self.current.outer.insert(name);
        }
    }

    pub(super) fn note_yield(&mut self) {
        self.current.yields = true;
    }
}
