//! The abstract heap and its journal.
//!
//! Every write is journalled, so that the two sides of an undecided branch can be run one after the other
//! from the same state and then be merged.

use firedoor_ir::{ClassId, FunctionId};
use firedoor_source::{FileId, Span};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::{Decided, Kept, ModuleId, ObjectId, ScopeId, Thrown, Value};

/// Properties in the order of insertion.
pub type Properties = IndexMap<Ustr, Value, FxBuildHasher>;

/// A function of the program with what it closes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closure {
    /// Its module.
    pub module: ModuleId,
    /// Its number there.
    pub function: FunctionId,
    /// The scope it was made in.
    pub scope: ScopeId,
    /// The object whose method it is, for `super`.
    pub home: Option<ObjectId>,
}

/// What an object is.
#[derive(Clone, Debug)]
pub enum ObjectKind {
    /// An object literal or a dictionary with string keys.
    Plain,
    /// A list; its elements are in `elements`.
    Array,
    /// A tuple.
    Tuple,
    /// A set.
    Set,
    /// A map with arbitrary keys: `elements` holds key, value, key, value, ...
    Map,
    /// A function of the program. `this` of an arrow function is kept in `bound_this`.
    Function {
        /// The code.
        closure: Closure,
        /// `this` of an arrow function.
        bound_this: Option<Value>,
    },
    /// A function with some arguments given: `bind`, `functools.partial`, a method taken from its object.
    Bound {
        /// What is called.
        target: Value,
        /// `this`.
        this: Option<Value>,
        /// The first arguments.
        arguments: Vec<Value>,
        /// Arguments by name.
        keywords: Properties,
    },
    /// A method of a built-in or host object, taken from it and not called yet.
    Method {
        /// The object.
        receiver: Value,
        /// The name of the method.
        name: Ustr,
    },
    /// A class of the program; static members are properties.
    Class {
        /// Its module.
        module: ModuleId,
        /// Its number there.
        class: ClassId,
        /// The scope of its declaration.
        scope: ScopeId,
        /// What it inherits from, in order.
        bases: Vec<Value>,
        /// The members of instances.
        prototype: ObjectId,
    },
    /// The members that the instances of a class share.
    Prototype {
        /// The class.
        class: ObjectId,
    },
    /// An instance of a class.
    Instance {
        /// The class.
        class: ObjectId,
    },
    /// A promise, future or coroutine.
    Promise {
        /// What it becomes.
        value: Value,
        /// Whether it becomes that at all; false if it always fails.
        resolves: bool,
        /// How it may fail.
        thrown: Vec<Thrown>,
        /// What has been decided once it becomes its value.
        decided: Vec<Decided>,
    },
    /// What `new Proxy(target, handler)` makes.
    Proxy {
        /// What is behind it.
        target: Value,
        /// The object with the traps.
        handler: Value,
    },
    /// What a module exports.
    Namespace(ModuleId),
    /// A regular expression.
    Regex(Ustr),
    /// `super()` of Python: members are looked up behind this class in the order of the instance.
    Super {
        /// The class whose method is running.
        class: ObjectId,
        /// The instance.
        this: Value,
    },
    /// An object of the host, by its API path (`npm:express()`): the host answers for its members and calls.
    Host(Ustr),
}

/// An object.
#[derive(Clone, Debug)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Its own properties.
    pub properties: Properties,
    /// Its elements, of a list, tuple, set or map.
    pub elements: Vec<Value>,
    /// Holds if it may have further properties or elements that are not known.
    pub is_open: bool,
    /// Where it was made.
    pub span: Span,
    /// The name of the variable that it was first assigned to.
    pub name: Option<Ustr>,
    /// Holds if it was made while the application was being wired, not for a request.
    pub is_wiring: bool,
    /// Holds if it is a container that was empty when the wiring ended: requests fill it.
    pub is_store: bool,
    /// Holds for a list that is as it was written down: each of its elements is there, even one that is `undefined`.
    pub(crate) is_as_written: bool,
}

/// A place that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Location {
    Variable(ScopeId, Ustr),
    Property(ObjectId, Ustr),
    Elements(ObjectId),
}

/// What was at a place.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Nothing,
    Value(Value),
    Elements(Vec<Value>, bool),
    /// As many of the elements as there were before some were added at the end; only in the journal.
    Length(usize, bool),
}

/// What one side of a branch has written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delta {
    pub(crate) writes: IndexMap<Location, Content, FxBuildHasher>,
    /// How many objects and scopes there were before: what is newer belongs to this side alone.
    pub(crate) born: (usize, usize),
}

impl Location {
    /// Holds for a place of an object or scope that was made when there were so many of them already.
    pub(crate) fn is_born_since(&self, (objects, scopes): (usize, usize)) -> bool {
        match self {
            Location::Variable(scope, _) => scope.0 as usize >= scopes,
            Location::Property(object, _) | Location::Elements(object) => {
                object.0 as usize >= objects
            }
        }
    }
}

impl Delta {
    /// Holds for a place of an object or scope that this side has made.
    pub(crate) fn is_new(&self, location: &Location) -> bool {
        location.is_born_since(self.born)
    }
}

/// The abstract heap.
#[derive(Debug)]
pub struct Heap {
    pub(crate) objects: Kept<Object>,
    pub(crate) journal: Vec<(Location, Content)>,
    /// How many values have been copied since the last step.
    pub(crate) copied: u64,
    /// How many places have been written again or taken back since the last step.
    pub(crate) moved: u64,
    /// Holds once the application is wired: objects made from then on belong to a request.
    pub is_wired: bool,
    /// Lists that were first put into a variable of a function while wiring.
    locals: Vec<ObjectId>,
    /// Those of them that are stores, and that no request has written to, by where they were made.
    untouched: FxHashMap<Span, Vec<ObjectId>>,
    /// Those that were taken for stores until a request made one at the same place.
    working: FxHashSet<ObjectId>,
}

impl Default for Heap {
    fn default() -> Heap {
        let blank = Object::new(ObjectKind::Plain, Span::new(FileId(0), 0, 0), false);
        Heap {
            objects: Kept::new(blank),
            journal: Vec::new(),
            copied: 0,
            moved: 0,
            is_wired: false,
            locals: Vec::new(),
            untouched: FxHashMap::default(),
            working: FxHashSet::default(),
        }
    }
}

impl Object {
    fn new(kind: ObjectKind, span: Span, is_wiring: bool) -> Object {
        Object {
            kind,
            properties: Properties::default(),
            elements: Vec::new(),
            is_open: false,
            span,
            name: None,
            is_wiring,
            is_store: false,
            is_as_written: false,
        }
    }
}

impl Heap {
    /// Makes an object.
    pub fn allocate(&mut self, kind: ObjectKind, span: Span) -> ObjectId {
        let object = Object::new(kind, span, !self.is_wired);
        ObjectId(self.objects.push(object) as u32)
    }

    /// Remembers where the lists were made that were first put into a variable of a function. Where requests make such
    /// lists of their own, the function works with one for each call, and that of a call while wiring stays as it is,
    /// unless a request writes to that very one.
    pub(crate) fn remember_stores(&mut self) {
        for id in std::mem::take(&mut self.locals) {
            let object = self.get(id);
            if object.is_store && matches!(object.kind, ObjectKind::Array) {
                self.untouched.entry(object.span).or_default().push(id);
            }
        }
    }

    /// Notes that a list is put into a variable of a function.
    pub(crate) fn is_put_into_local(&mut self, id: ObjectId) {
        if !self.is_wired {
            self.locals.push(id);
        }
    }

    /// Notes that an empty list is made, as it is written at that place.
    pub(crate) fn is_made_again(&mut self, span: Span) {
        for id in self.untouched.remove(&span).unwrap_or_default() {
            self.get_mut(id).is_store = false;
            self.working.insert(id);
        }
    }

    /// Holds if the object is a store, to which something is written now.
    pub(crate) fn fills_store(&mut self, id: ObjectId) -> bool {
        if self.is_wired && self.working.remove(&id) {
            self.get_mut(id).is_store = true;
        }
        let object = self.get(id);
        let is_store = self.is_wired && object.is_store;
        let span = object.span;
        if is_store && let Some(stores) = self.untouched.get_mut(&span) {
            stores.retain(|store| *store != id);
        }
        is_store
    }

    /// Returns the containers without elements that stand beside ones with elements in the same object: rows of a
    /// table that is written down, such as what each role may do, and nothing that requests fill.
    pub(crate) fn empty_rows(&self) -> Vec<ObjectId> {
        let is_row =
            |id: &ObjectId| matches!(self.get(*id).kind, ObjectKind::Array | ObjectKind::Set);
        let all = self.objects.since(0).map(|(_, object)| object);
        let tables = all.filter(|object| {
            matches!(object.kind, ObjectKind::Plain | ObjectKind::Map) && object.name.is_some()
        });
        let mut found = Vec::new();
        for table in tables {
            let values = table.properties.values().chain(&table.elements);
            let rows: Vec<ObjectId> = values.flat_map(Value::objects).filter(is_row).collect();
            if rows.iter().any(|id| !self.get(*id).elements.is_empty()) {
                let is_empty = |id: &ObjectId| self.get(*id).elements.is_empty();
                found.extend(rows.into_iter().filter(is_empty));
            }
        }
        found
    }

    /// Returns an object.
    pub fn get(&self, id: ObjectId) -> &Object {
        self.objects.get(id.0 as usize)
    }

    /// Returns an object for changes that need no journal: right after it was made, or of its kind.
    pub fn get_mut(&mut self, id: ObjectId) -> &mut Object {
        self.objects.get_mut(id.0 as usize)
    }

    /// Returns the number of objects.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Holds if there are no objects.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Returns an own property.
    pub fn property(&self, id: ObjectId, key: Ustr) -> Option<&Value> {
        self.get(id).properties.get(&key)
    }

    /// Sets an own property.
    pub fn set_property(&mut self, id: ObjectId, key: Ustr, value: Value) {
        let old = self.get_mut(id).properties.insert(key, value);
        let content = old.map_or(Content::Nothing, Content::Value);
        self.journal.push((Location::Property(id, key), content));
    }

    /// Removes an own property.
    pub fn remove_property(&mut self, id: ObjectId, key: Ustr) {
        if let Some(old) = self.get_mut(id).properties.shift_remove(&key) {
            self.journal
                .push((Location::Property(id, key), Content::Value(old)));
        }
    }

    /// Returns the elements for a change.
    pub fn elements_mut(&mut self, id: ObjectId) -> &mut Vec<Value> {
        let object = self.get(id);
        let elements = object.elements.clone();
        let is_open = object.is_open;
        self.copied += elements.len() as u64;
        let content = Content::Elements(elements, is_open);
        self.journal.push((Location::Elements(id), content));
        self.get_mut(id).is_as_written = false;
        &mut self.get_mut(id).elements
    }

    /// Adds an element at the end. The journal keeps the length only, so that a list grows in linear time.
    pub fn push_element(&mut self, id: ObjectId, value: Value) {
        let object = self.get(id);
        let content = Content::Length(object.elements.len(), object.is_open);
        self.journal.push((Location::Elements(id), content));
        self.get_mut(id).is_as_written = false;
        self.get_mut(id).elements.push(value);
    }

    /// Holds if each element of a list is there, so that `undefined` among the alternatives of one is its value.
    pub(crate) fn is_as_written(&self, list: &Value) -> bool {
        list.only_object()
            .is_some_and(|id| self.get(id).is_as_written)
    }

    /// Says that the object may have further properties or elements.
    pub fn open(&mut self, id: ObjectId) {
        if self.get(id).is_open {
            return;
        }
        let length = self.get(id).elements.len();
        self.journal
            .push((Location::Elements(id), Content::Length(length, false)));
        self.get_mut(id).is_open = true;
    }
}
