//! The form of a model, and the tables made of all of them.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Stop, Value};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::{Framework, ModelHost};

/// Answers a call.
pub type CallFunction = fn(&ModelHost, &mut Machine<'_>, &Call<'_>) -> Answer;
/// Answers the reading of a member; the object is the host object, and missing for something outside.
pub type MemberFunction = fn(&ModelHost, &mut Machine<'_>, Option<ObjectId>, Span) -> Option<Value>;
/// Takes the writing of a member of a host object, and says whether the value is taken care of.
pub type SetFunction = fn(&ModelHost, &mut Machine<'_>, ObjectId, &Value, Span) -> bool;
/// Is told of a class that inherits from an outside one: the class, and where it is made.
pub type ClassFunction = fn(&ModelHost, &mut Machine<'_>, ObjectId, Span);
/// Makes an instance of such a class; says whether the program's own constructor is left out.
pub type InstanceFunction =
    fn(&ModelHost, &mut Machine<'_>, ObjectId, ObjectId, &Arguments, Span) -> Result<bool, Stop>;

/// Reads an element of something outside, of a host object or of an instance, by a computed key.
pub type IndexFunction = fn(&ModelHost, &mut Machine<'_>, &Value, &Value, Span) -> Option<Value>;
/// Is told that an element of a host object or instance is written by a key that is not known.
pub type SetIndexFunction = fn(&ModelHost, &mut Machine<'_>, ObjectId, &Value, &Value, Span);
/// Returns what waiting for a host object gives.
pub type AwaitFunction = fn(&ModelHost, &mut Machine<'_>, ObjectId) -> Answer;
/// Combines two values, one of which is of the entry's path, with an operator.
pub type OperatorFunction =
    fn(&ModelHost, &mut Machine<'_>, BinaryOperator, &Value, &Value, Span) -> Option<Value>;

/// What a framework or library does, by API path.
///
/// Paths: `npm:express` is a module, `npm:express.Router` an export, `npm:express()` what a call of it
/// returns, `npm:express().get` a method of that. A table key may end in `.*` and then answers for every
/// member that has no entry of its own.
pub struct Model {
    /// Its name, which is also that of its folder of fixtures.
    pub name: &'static str,
    /// What calls do.
    pub calls: &'static [(&'static str, CallFunction)],
    /// What members are.
    pub members: &'static [(&'static str, MemberFunction)],
    /// What attributes are that a class of the program has, by the path of the outside class it inherits
    /// from: asked before the program's own value is taken.
    pub attributes: &'static [(&'static str, MemberFunction)],
    /// What writing members does.
    pub sets: &'static [(&'static str, SetFunction)],
    /// What inheriting from a class does.
    pub classes: &'static [(&'static str, ClassFunction)],
    /// What making an instance of a class that inherits does.
    pub instances: &'static [(&'static str, InstanceFunction)],
    /// What elements are.
    pub indexes: &'static [(&'static str, IndexFunction)],
    /// What writing elements by unknown keys does.
    pub set_indexes: &'static [(&'static str, SetIndexFunction)],
    /// What waiting for a host object gives.
    pub awaits: &'static [(&'static str, AwaitFunction)],
    /// What operators do.
    pub operators: &'static [(&'static str, OperatorFunction)],
    /// Outside classes, mostly exceptions, each with one that it inherits from.
    pub subclasses: &'static [(&'static str, &'static str)],
    /// Paths that mean the same as another.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Folders within packages whose files export what the package itself exports.
    pub folders: &'static [(&'static str, &'static str)],
    /// How requests enter, of a web framework.
    pub framework: Option<&'static Framework>,
}

impl Model {
    /// A model without any entries, for the rest of a constant.
    pub const EMPTY: Model = Model {
        name: "",
        calls: &[],
        members: &[],
        attributes: &[],
        sets: &[],
        indexes: &[],
        classes: &[],
        instances: &[],
        set_indexes: &[],
        awaits: &[],
        operators: &[],
        subclasses: &[],
        aliases: &[],
        folders: &[],
        framework: None,
    };
}

/// Holds if the module at `path`, such as `npm:express`, is one of a framework that has entry points.
pub fn is_server(path: &str) -> bool {
    let has = |key: &str| {
        key.strip_prefix(path)
            .is_some_and(|rest| rest.starts_with(['.', '(']))
    };
    let frameworks = crate::MODELS
        .iter()
        .filter(|model| model.framework.is_some());
    frameworks.into_iter().any(|model| {
        let calls = model.calls.iter().map(|(key, _)| *key);
        let members = model.members.iter().map(|(key, _)| *key);
        let classes = model.classes.iter().map(|(key, _)| *key);
        calls.chain(members).chain(classes).any(has)
    })
}

/// The tables of all models, by path.
pub(crate) struct Tables {
    pub(crate) calls: PathTable<CallFunction>,
    pub(crate) members: PathTable<MemberFunction>,
    pub(crate) attributes: FxHashMap<Ustr, MemberFunction>,
    pub(crate) sets: PathTable<SetFunction>,
    pub(crate) indexes: FxHashMap<Ustr, IndexFunction>,
    pub(crate) classes: FxHashMap<Ustr, ClassFunction>,
    pub(crate) instances: FxHashMap<Ustr, InstanceFunction>,
    pub(crate) set_indexes: FxHashMap<Ustr, SetIndexFunction>,
    pub(crate) awaits: FxHashMap<Ustr, AwaitFunction>,
    pub(crate) operators: FxHashMap<Ustr, OperatorFunction>,
    pub(crate) subclasses: Vec<(Ustr, Ustr)>,
    pub(crate) aliases: FxHashMap<Ustr, Ustr>,
    pub(crate) folders: Vec<(&'static str, Ustr)>,
}

impl Tables {
    pub(crate) fn new(models: &[&Model]) -> Tables {
        let mut tables = Tables {
            calls: PathTable::default(),
            members: PathTable::default(),
            attributes: FxHashMap::default(),
            sets: PathTable::default(),
            indexes: FxHashMap::default(),
            classes: FxHashMap::default(),
            instances: FxHashMap::default(),
            set_indexes: FxHashMap::default(),
            awaits: FxHashMap::default(),
            operators: FxHashMap::default(),
            subclasses: Vec::new(),
            aliases: FxHashMap::default(),
            folders: Vec::new(),
        };
        for model in models {
            tables.calls.extend(model.calls);
            tables.members.extend(model.members);
            tables.attributes.extend(model.attributes.iter().map(keyed));
            tables.sets.extend(model.sets);
            tables.indexes.extend(model.indexes.iter().map(keyed));
            tables.classes.extend(model.classes.iter().map(keyed));
            tables.instances.extend(model.instances.iter().map(keyed));
            tables
                .set_indexes
                .extend(model.set_indexes.iter().map(keyed));
            tables.awaits.extend(model.awaits.iter().map(keyed));
            tables.operators.extend(model.operators.iter().map(keyed));
            let pairs = model.subclasses.iter();
            tables
                .subclasses
                .extend(pairs.map(|(class, base)| (Ustr::from(class), Ustr::from(base))));
            let aliases = model.aliases.iter();
            tables
                .aliases
                .extend(aliases.map(|(from, to)| (Ustr::from(from), Ustr::from(to))));
            let folders = model.folders.iter();
            tables
                .folders
                .extend(folders.map(|(from, to)| (*from, Ustr::from(to))));
        }
        tables
    }
}

fn keyed<F: Copy>((path, function): &(&'static str, F)) -> (Ustr, F) {
    (Ustr::from(path), *function)
}

/// Entries by path, some of which answer for every member of an owner.
pub(crate) struct PathTable<F> {
    exact: FxHashMap<Ustr, F>,
    /// Those for every member, by the path of the owner: they are asked for at each member that no model knows.
    of_owners: FxHashMap<&'static str, F>,
}

impl<F> Default for PathTable<F> {
    fn default() -> Self {
        PathTable {
            exact: FxHashMap::default(),
            of_owners: FxHashMap::default(),
        }
    }
}

impl<F: Copy> PathTable<F> {
    fn extend(&mut self, entries: &'static [(&'static str, F)]) {
        self.exact.extend(entries.iter().map(keyed));
        let of_owners = entries
            .iter()
            .filter_map(|(path, function)| Some((path.strip_suffix(".*")?, *function)));
        self.of_owners.extend(of_owners);
    }

    /// Returns the entry for exactly this path.
    pub(crate) fn get(&self, path: Ustr) -> Option<F> {
        self.exact.get(&path).copied()
    }

    /// Returns the entry for `path`, or the one for every member of its owner.
    pub(crate) fn look_up(&self, path: Ustr) -> Option<F> {
        self.get(path).or_else(|| {
            let (owner, _) = path.rsplit_once('.')?;
            self.of_owners.get(owner).copied()
        })
    }
}
