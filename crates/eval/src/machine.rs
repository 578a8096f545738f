//! The machine: the state of an abstract evaluation.
//!
//! It runs a program once, forwards. Where a test is undecided both sides are run from the same state and
//! merged ([`crate::branch`]); what was decided on the way is kept in [`Machine::decided`], so that whoever
//! notes an effect knows what it hangs on.

use std::cell::RefCell;
use std::rc::Rc;

use firedoor_source::Span;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::link::ModuleState;
use crate::{
    Decided, Decision, DecisionId, Heap, Host, Kept, Limits, ModuleId, ObjectId, Origin, OriginSet,
    Origins, Program, Scope, ScopeId, Shape, Slot, Test, TestId, Thrown, Value,
};

/// Why the evaluation of a path ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Something is thrown for certain; what, is already noted where it will be caught.
    Throw,
    /// The process ends.
    Exit,
    /// The budget is used up.
    Budget,
}

/// A remark about something that was not evaluated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The reason as a word with hyphens, such as `budget`.
    pub reason: &'static str,
    /// Where.
    pub span: Span,
    /// More about it, for a person.
    pub detail: String,
}

/// A running function.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) module: ModuleId,
    pub(crate) scope: ScopeId,
    pub(crate) function: Option<(ModuleId, firedoor_ir::FunctionId)>,
    /// The scope that its function was made in, and the texts that it was given.
    pub(crate) closed_over: ScopeId,
    pub(crate) names: smallvec::SmallVec<[Ustr; 2]>,
    pub(crate) name: Ustr,
    /// Where it was called, if it is a function.
    pub(crate) called_at: Option<Span>,
    pub(crate) this: Value,
    pub(crate) home: Option<ObjectId>,
    pub(crate) returned: Option<Value>,
    pub(crate) decided_at_return: Option<Vec<Decided>>,
    /// The ways to a return, while there are few.
    pub(crate) ways: Vec<crate::remainder::Way>,
    /// Holds if the way that came to its end throws there.
    pub(crate) ends_by_throwing: bool,
    pub(crate) decided_base: usize,
    /// The list of what a generator yields.
    pub(crate) yielded: Option<ObjectId>,
    /// What paths have written that left a loop or the function before its end.
    pub(crate) left: Vec<crate::left::Left>,
    /// The `break` and `continue` that paths have come to, of loops and cases that are still running.
    pub(crate) jumps: Vec<crate::rounds::Jump>,
    /// How many scopes there were before it.
    pub(crate) scopes_before: usize,
    /// What fails once what an async function has returned is waited for.
    pub(crate) failed_late: Vec<Thrown>,
    /// The exception being handled, for `raise` without a value.
    pub(crate) handling: Vec<Value>,
    /// The class bodies that are running, with the scope of each.
    pub(crate) classes: Vec<(ScopeId, ObjectId)>,
    /// The ways in which it has returned, as far as somebody asks for them.
    pub(crate) paths: Vec<crate::ReturnPath>,
    /// What its variables were given, path by path, as far as somebody asks for it.
    pub(crate) assigned: Vec<(Ustr, crate::ReturnPath)>,
}

impl Frame {
    /// Returns a frame in which nothing has happened yet.
    pub(crate) fn new(module: ModuleId, scope: ScopeId, decided_base: usize) -> Frame {
        Frame {
            module,
            scope,
            function: None,
            closed_over: scope,
            names: smallvec::SmallVec::new(),
            name: Ustr::from("(module)"),
            called_at: None,
            this: Value::undefined(),
            home: None,
            returned: None,
            decided_at_return: None,
            ways: Vec::new(),
            ends_by_throwing: false,
            decided_base,
            yielded: None,
            left: Vec::new(),
            jumps: Vec::new(),
            scopes_before: scope.0 as usize,
            failed_late: Vec::new(),
            handling: Vec::new(),
            classes: Vec::new(),
            paths: Vec::new(),
            assigned: Vec::new(),
        }
    }
}

/// Collects what is thrown within a `try` or a request.
#[derive(Debug, Default)]
pub(crate) struct ThrowScope {
    pub(crate) thrown: Vec<Thrown>,
}

/// The state of an abstract evaluation.
pub struct Machine<'p> {
    /// The program.
    pub program: &'p Program<'p>,
    /// The objects.
    pub heap: Heap,
    /// Where values come from.
    pub origins: Origins,
    /// The tests met.
    pub tests: Kept<Test>,
    /// Which of them ask for a part of a text that does not decide them, with the method.
    pub text_tests: Vec<(TestId, Ustr)>,
    /// The decisions met.
    pub decisions: Kept<Decision>,
    /// What has been decided on the current path, outermost first.
    pub decided: Vec<Decided>,
    /// What was not evaluated.
    pub notes: Vec<Note>,
    /// How much is evaluated.
    pub limits: Limits,
    /// The number of steps done since the last [`Machine::start`].
    pub steps: u64,
    /// What the program as a whole has used of its budget.
    pub(crate) spending: crate::budget::Spending,
    /// What the limit was before each of the running statements that got a part of it.
    pub(crate) shares: Vec<u64>,
    /// Functions of the program that were called at least once.
    pub called: FxHashMap<(ModuleId, firedoor_ir::FunctionId), u32>,
    /// What decorators were given, with what the topmost of them left in its place.
    pub decorated: FxHashMap<crate::ObjectId, crate::ObjectId>,
    pub(crate) host: Rc<dyn Host + 'p>,
    pub(crate) scopes: Kept<Scope>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) throws: Vec<ThrowScope>,
    pub(crate) first_thrown: FxHashMap<ObjectId, Thrown>,
    pub(crate) modules: Vec<ModuleState>,
    pub(crate) builtins: FxHashMap<Ustr, Value>,
    pub(crate) overlays: crate::overlay::Overlays,
    /// The keys of lists that stand in a table which was read by a key that is not known.
    pub(crate) rows: FxHashMap<ObjectId, crate::rows::Row>,
    /// What makes the missing entries of a dictionary of Python (`defaultdict`).
    pub(crate) factories: FxHashMap<ObjectId, Value>,
    /// Imports that only type checkers see, to be run once no module is running.
    pub(crate) later: Vec<(ModuleId, &'p firedoor_ir::Import)>,
    /// Listeners that modules have registered, to be called once no module is running.
    pub(crate) listeners: Vec<crate::back::Listener>,
    /// How often functions have called themselves since the last [`Machine::start`].
    pub(crate) recursions: FxHashMap<(ModuleId, firedoor_ir::FunctionId), u32>,
    /// The number of modules that have been run.
    pub(crate) loaded: u32,
    /// The number of modules that are being run.
    pub(crate) running: usize,
    /// How many models are being asked, each by the one before it.
    pub(crate) asked: usize,
    /// How often something was done of which it is not known whether it fails.
    pub(crate) uncertain: u64,
    /// Names that were made of others.
    pub(crate) paths: crate::paths::Paths,
    /// What classes inherit from, as far as it was asked.
    pub(crate) lineages: RefCell<FxHashMap<ObjectId, Rc<crate::inheritance::Lineage>>>,
    /// The call whose paths are wanted.
    pub(crate) watch: Option<crate::returns::Watch>,
    pub(crate) span: Span,
}

impl std::fmt::Debug for Machine<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Machine")
            .field("objects", &self.heap.len())
            .field("decisions", &self.decisions.len())
            .finish_non_exhaustive()
    }
}

impl<'p> Machine<'p> {
    /// Returns a machine that has not run anything yet.
    pub fn new(program: &'p Program<'p>, host: Rc<dyn Host + 'p>) -> Machine<'p> {
        let modules = program
            .modules
            .iter()
            .map(|_| ModuleState::default())
            .collect();
        let limits = Limits::default();
        Machine {
            program,
            heap: Heap::default(),
            origins: Origins::default(),
            tests: Kept::new(Test::blank()),
            text_tests: Vec::new(),
            decisions: Kept::new(Decision::blank()),
            decided: Vec::new(),
            notes: Vec::new(),
            spending: crate::budget::Spending::new(&limits, program.modules.len()),
            limits,
            steps: 0,
            shares: Vec::new(),
            called: FxHashMap::default(),
            decorated: FxHashMap::default(),
            host,
            scopes: Kept::new(Scope::new(None, ModuleId(0), true)),
            frames: Vec::new(),
            throws: Vec::new(),
            first_thrown: FxHashMap::default(),
            modules,
            builtins: FxHashMap::default(),
            overlays: crate::overlay::Overlays::default(),
            rows: FxHashMap::default(),
            factories: FxHashMap::default(),
            later: Vec::new(),
            listeners: Vec::new(),
            recursions: FxHashMap::default(),
            loaded: 0,
            running: 0,
            asked: 0,
            uncertain: 0,
            paths: crate::paths::Paths::default(),
            lineages: RefCell::default(),
            watch: None,
            span: Span::new(firedoor_source::FileId(0), 0, 0),
        }
    }

    /// Sets how much is evaluated, before anything is.
    pub fn limit(&mut self, limits: Limits) {
        self.spending = crate::budget::Spending::new(&limits, self.program.modules.len());
        self.limits = limits;
    }

    /// Returns the host.
    pub fn host(&self) -> Rc<dyn Host + 'p> {
        Rc::clone(&self.host)
    }

    /// Adds a remark.
    pub fn note(&mut self, reason: &'static str, span: Span, detail: impl Into<String>) {
        self.notes.push(Note {
            reason,
            span,
            detail: detail.into(),
        });
    }

    /// Returns the place of what is being evaluated.
    pub fn place(&self) -> Span {
        self.span
    }

    /// Returns the name of the running function of the program.
    pub fn function_name(&self) -> Ustr {
        self.frames
            .last()
            .map_or_else(|| Ustr::from("(module)"), |frame| frame.name)
    }

    /// Returns the module that is running.
    pub fn module(&self) -> Option<ModuleId> {
        self.frames.last().map(|frame| frame.module)
    }

    /// Returns an unknown value with a reason.
    pub fn unknown(&mut self, reason: &str) -> Value {
        let origins = self.origins.single(Origin::Unknown(Ustr::from(reason)));
        Value::unknown(Shape::Any).with_origins(origins)
    }

    /// Returns the value that is either.
    pub fn join(&mut self, a: Value, b: &Value) -> Value {
        a.join(b, &mut self.origins)
    }

    /// Returns the value that is any of these; undefined if there is none.
    pub fn join_all<'v>(&mut self, values: impl IntoIterator<Item = &'v Value>) -> Value {
        let mut joined: Option<Value> = None;
        for value in values {
            joined = Some(match joined {
                None => value.clone(),
                Some(joined) => joined.join(value, &mut self.origins),
            });
        }
        joined.unwrap_or_else(Value::undefined)
    }

    /// Returns the union of the origins of these values.
    pub fn origins_of<'v>(&mut self, values: impl IntoIterator<Item = &'v Value>) -> OriginSet {
        let mut union = OriginSet::EMPTY;
        for value in values {
            union = self.origins.union(union, value.origins);
        }
        union
    }

    /// Returns all origins of a value, with those of its elements and properties down to a few levels.
    pub fn deep_origins(&mut self, value: &Value) -> OriginSet {
        let mut union = value.origins;
        let mut queue: Vec<(ObjectId, usize)> = value.objects().map(|id| (id, 0)).collect();
        // Most parts come from where others do, and a union with those again is the same.
        let mut added: smallvec::SmallVec<[OriginSet; 16]> = smallvec::smallvec![union];
        let mut seen = 0;
        while let Some((id, depth)) = queue.pop() {
            seen += 1;
            if seen > 200 {
                break;
            }
            let object = self.heap.get(id);
            if matches!(
                object.kind,
                crate::ObjectKind::Function { .. }
                    | crate::ObjectKind::Class { .. }
                    | crate::ObjectKind::Namespace(_)
            ) {
                continue;
            }
            for part in object.properties.values().chain(&object.elements) {
                if !added.contains(&part.origins) {
                    union = self.origins.union(union, part.origins);
                    if added.len() < added.inline_size() {
                        added.push(part.origins);
                    }
                }
                if depth < 3 {
                    queue.extend(part.objects().map(|id| (id, depth + 1)));
                }
            }
        }
        union
    }

    /// Returns an unknown value of a shape that is made of these values.
    pub fn derived<'v>(
        &mut self,
        shape: Shape,
        from: impl IntoIterator<Item = &'v Value>,
    ) -> Value {
        self.uncertain += 1;
        let mut origins = OriginSet::EMPTY;
        let mut control = OriginSet::EMPTY;
        for value in from {
            let deep = self.deep_origins(value);
            origins = self.origins.union(origins, deep);
            control = self.origins.union(control, value.control);
        }
        let origins = self.origins.worked_out(origins);
        let mut value = Value::unknown(shape).with_origins(origins);
        value.control = control;
        value
    }

    /// Adds a test and returns its number.
    pub fn add_test(&mut self, test: Test) -> TestId {
        TestId(self.tests.push(test) as u32)
    }

    /// Adds a decision and returns its number.
    pub fn add_decision(&mut self, decision: Decision) -> DecisionId {
        DecisionId(self.decisions.push(decision) as u32)
    }

    /// Returns a decision.
    pub fn decision(&self, id: DecisionId) -> &Decision {
        self.decisions.get(id.0 as usize)
    }

    /// Returns a test.
    pub fn test(&self, id: TestId) -> &Test {
        self.tests.get(id.0 as usize)
    }

    pub(crate) fn add_scope(
        &mut self,
        parent: Option<ScopeId>,
        module: ModuleId,
        is_function: bool,
    ) -> ScopeId {
        let scope = Scope::new(parent, module, is_function);
        ScopeId(self.scopes.push(scope) as u32)
    }

    pub(crate) fn scope(&mut self, id: ScopeId) -> &mut Scope {
        self.scopes.get_mut(id.0 as usize)
    }

    pub(crate) fn frame(&mut self) -> &mut Frame {
        self.frames
            .last_mut()
            .expect("a frame is pushed before anything is evaluated")
    }

    pub(crate) fn current_scope(&self) -> ScopeId {
        self.frames
            .last()
            .expect("a frame is pushed before anything is evaluated")
            .scope
    }

    /// Sets a variable of exactly this scope.
    pub(crate) fn bind(&mut self, scope: ScopeId, name: Ustr, value: Value) {
        self.name_local(scope, &value);
        self.name_objects(name, &value);
        let old = self.scope(scope).names.insert(name, Slot::Value(value));
        let content = match old {
            Some(Slot::Value(old)) => crate::heap::Content::Value(old),
            _ => crate::heap::Content::Nothing,
        };
        self.heap
            .journal
            .push((crate::heap::Location::Variable(scope, name), content));
    }

    /// An object takes the name of the first variable or property it is assigned to.
    /// Notes a list that is made for a variable of a function, and has no name yet.
    fn name_local(&mut self, scope: ScopeId, value: &Value) {
        if self.heap.is_wired {
            return;
        }
        let Some(id) = value.only_object() else {
            return;
        };
        let object = self.heap.get(id);
        let is_new = object.name.is_none() && matches!(object.kind, crate::ObjectKind::Array);
        if is_new && !self.is_python() && self.is_within_function(scope) {
            self.heap.is_put_into_local(id);
        }
    }

    /// Holds for the scope of a function, and of a block within one.
    fn is_within_function(&mut self, scope: ScopeId) -> bool {
        let mut functions = 0;
        let mut next = Some(scope);
        while let Some(id) = next {
            let scope = self.scope(id);
            functions += usize::from(scope.is_function);
            next = scope.parent;
        }
        // The module is the last of them.
        functions > 1
    }

    pub(crate) fn name_objects(&mut self, name: Ustr, value: &Value) {
        // `module.exports = ...` says nothing; the name that an importer gives does.
        if matches!(name.as_str(), "exports" | "default") {
            return;
        }
        if let Some(id) = value.only_object()
            && self.heap.get(id).name.is_none()
        {
            self.heap.get_mut(id).name = Some(name);
        }
    }

    /// Notes something thrown on the current path, and nothing else: the path may go on. An exception that
    /// was thrown before, caught and handed on, is thrown where it was at first: what was decided on the way
    /// there says why.
    pub fn may_throw(&mut self, value: Value, span: Span) {
        let again: Vec<Thrown> = value
            .objects()
            .filter_map(|id| self.first_thrown.get(&id).cloned())
            .collect();
        if !again.is_empty() && again.len() == value.atoms().len() {
            return self.rethrow(again);
        }
        let decided = self.decided.clone();
        let thrown = Thrown {
            value,
            decided,
            span,
        };
        if let Some(id) = thrown.value.only_object()
            && self.first_thrown.len() < 100_000
        {
            self.first_thrown.insert(id, thrown.clone());
        }
        self.rethrow(vec![thrown]);
    }

    /// Throws for certain.
    ///
    /// # Errors
    ///
    /// Always: the path ends.
    pub fn throw<T>(&mut self, value: Value, span: Span) -> Result<T, Stop> {
        self.may_throw(value, span);
        Err(Stop::Throw)
    }
}
