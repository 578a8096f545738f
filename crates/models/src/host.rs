//! The evaluator's host: answers from the tables of all models.

mod bugs;
mod verbs;

use std::cell::RefCell;

use firedoor_app::{EffectKind, Origin, RequestPart};
use firedoor_eval::{
    Answer, Arguments, Call, Host, Machine, ObjectId, ObjectKind, OriginSet, Stop, StoreOperation,
    Thrown, Value,
};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::origins::is_place;
use crate::state::{RawEffect, State};
use crate::tables::Tables;
use crate::{MODELS, Model, judge};

/// Answers for all libraries that are modelled.
pub struct ModelHost {
    models: &'static [&'static Model],
    tables: Tables,
    state: RefCell<State>,
}

impl Default for ModelHost {
    fn default() -> Self {
        ModelHost::new(MODELS)
    }
}

impl Host for ModelHost {
    fn import(&self, _machine: &mut Machine<'_>, path: Ustr) -> Option<Value> {
        let folder = || {
            let mut folders = self.tables.folders.iter();
            folders.find(|(folder, _)| path.starts_with(folder))
        };
        let target = match self.tables.aliases.get(&path) {
            Some(target) => target,
            None => &folder()?.1,
        };
        Some(Value::outside(target))
    }

    fn is_function(&self, path: &str) -> bool {
        self.answers(path)
    }

    fn call(&self, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
        let path = self.resolve_alias(call.path);
        self.note_escape(machine, call);
        // A method that an instance inherits from outside is called on the instance.
        let receiver = call.receiver.or_else(|| instance(machine, &call.this));
        let named = |path: Ustr| Call {
            path,
            receiver,
            this: call.this.clone(),
            ..*call
        };
        match self.tables.calls.look_up(path) {
            Some(function) => {
                let named = named(path);
                self.call_guarded(machine, path, call.span, |machine| {
                    function(self, machine, &named)
                })
            }
            None => {
                if let Some((path, function)) = self.inherited(machine, path, &call.this) {
                    let named = named(path);
                    return self.call_guarded(machine, path, call.span, |machine| {
                        function(self, machine, &named)
                    });
                }
                self.note_outside(machine, path, call.span);
                crate::unknown_wrappers::call(self, machine, path, call)
            }
        }
    }

    fn outside_member(&self, machine: &mut Machine<'_>, path: Ustr) -> Option<Value> {
        if let Some(target) = self.tables.aliases.get(&path) {
            return Some(Value::outside(target));
        }
        if let Some(module) = path.strip_suffix(".default")
            && self.tables.members.get(path).is_none()
        {
            // The default export of a CommonJS module is the module itself.
            return Some(Value::outside(module));
        }
        let function = self.tables.members.look_up(path)?;
        let span = machine.place();
        self.state().member_name = path;
        self.read_guarded(machine, path, span, |machine| {
            function(self, machine, None, span)
        })
    }

    fn member(
        &self,
        machine: &mut Machine<'_>,
        object: ObjectId,
        path: Ustr,
        _key: Ustr,
        span: Span,
    ) -> Option<Value> {
        let function = self.tables.members.look_up(path)?;
        self.state().member_name = path;
        self.read_guarded(machine, path, span, |machine| {
            function(self, machine, Some(object), span)
        })
    }

    fn text_of(&self, machine: &mut Machine<'_>, object: ObjectId, span: Span) -> Answer {
        let this = Value::object(object);
        for path in self.paths_of(machine, &this) {
            let path = Ustr::from(&format!("{path}.__str__"));
            let Some(function) = self.tables.calls.get(path) else {
                continue;
            };
            let call = Call {
                path,
                receiver: Some(object),
                this: this.clone(),
                arguments: &Arguments::default(),
                span,
                is_new: false,
            };
            return self.call_guarded(machine, path, span, |machine| {
                function(self, machine, &call)
            });
        }
        Ok(None)
    }

    fn unwritten(&self, machine: &mut Machine<'_>, object: ObjectId, key: Ustr) -> Option<Value> {
        crate::mongoose::stored_value(self, machine, object, key)
            .or_else(|| crate::sequelize::stored_value(self, machine, object, key))
    }

    fn class_attribute(
        &self,
        machine: &mut Machine<'_>,
        class: ObjectId,
        key: Ustr,
        _value: &Value,
        span: Span,
    ) -> Option<Value> {
        for base in machine.outside_bases(class) {
            let base = self.resolve_alias(base);
            if let Some(function) = self.tables.attributes.get(&base).copied() {
                self.state().member_name = Ustr::from(&format!("{base}.{key}"));
                return self.read_guarded(machine, base, span, |machine| {
                    function(self, machine, Some(class), span)
                });
            }
        }
        None
    }

    fn set_member(
        &self,
        machine: &mut Machine<'_>,
        object: ObjectId,
        path: Ustr,
        key: Ustr,
        value: &Value,
        span: Span,
    ) -> bool {
        let inherited = || {
            let bases = machine.outside_bases(object).into_iter();
            bases.skip(1).find_map(|base| {
                let base = self.resolve_alias(base);
                self.tables
                    .sets
                    .look_up(Ustr::from(&format!("{base}.{key}")))
            })
        };
        let Some(function) = self.tables.sets.look_up(path).or_else(inherited) else {
            return false;
        };
        self.state().member_name = path;
        self.guarded(machine, path, span, |machine| {
            function(self, machine, object, value, span)
        })
        .unwrap_or(false)
    }

    fn member_origins(
        &self,
        machine: &mut Machine<'_>,
        origins: OriginSet,
        key: Ustr,
    ) -> OriginSet {
        if origins.is_empty() {
            return origins;
        }
        if let Some(known) = self.state().origins.members.get(&(origins, key)) {
            return *known;
        }
        let members: Vec<firedoor_eval::Origin> = machine.origins.members(origins).to_vec();
        let mut set = Vec::with_capacity(members.len());
        let mut notes = false;
        for member in members {
            let longer = self.extended(member, key);
            notes |= self.note_message_credential(longer);
            set.push(longer);
        }
        let set = machine.origins.set(set);
        // Where reading is noted, each request notes it.
        if !notes {
            let members = &mut self.state().origins.members;
            members.insert((origins, key), set);
        }
        set
    }

    fn index(
        &self,
        machine: &mut Machine<'_>,
        object: &Value,
        key: &Value,
        span: Span,
    ) -> Option<Value> {
        let paths = self.paths_of(machine, object);
        let (path, function) = first(&self.tables.indexes, &paths)?;
        self.read_guarded(machine, path, span, |machine| {
            function(self, machine, object, key, span)
        })
    }

    fn set_index(
        &self,
        machine: &mut Machine<'_>,
        object: ObjectId,
        _path: Ustr,
        key: &Value,
        value: &Value,
        span: Span,
    ) {
        let paths = self.paths_of(machine, &Value::object(object));
        if let Some((path, function)) = first(&self.tables.set_indexes, &paths) {
            let write =
                |machine: &mut Machine<'_>| function(self, machine, object, key, value, span);
            let _ = self.guarded(machine, path, span, write);
        }
    }

    fn operator(
        &self,
        machine: &mut Machine<'_>,
        operator: BinaryOperator,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Option<Value> {
        let mut paths = self.paths_of(machine, left);
        paths.extend(self.paths_of(machine, right));
        let (path, function) = first(&self.tables.operators, &paths)?;
        let combine =
            |machine: &mut Machine<'_>| function(self, machine, operator, left, right, span);
        self.read_guarded(machine, path, span, combine)
    }

    fn picked(&self, machine: &mut Machine<'_>, key: &Value, element: Value) -> Value {
        crate::origins::behind_proxies(self, machine, key, element)
    }

    fn is_data(&self, machine: &Machine<'_>, origins: OriginSet) -> bool {
        crate::origins::is_data(self, machine, origins)
    }

    fn defines(&self, path: &str, key: &str) -> Option<bool> {
        crate::django::defines(&self.resolve_alias(Ustr::from(path)), key)
    }

    fn is_subclass(&self, made: &str, path: &str) -> Option<bool> {
        let made = self.resolve_alias(Ustr::from(made));
        let wanted = self.resolve_alias(Ustr::from(path));
        let mut classes = vec![made];
        let mut next = 0;
        while let Some(class) = classes.get(next).copied() {
            next += 1;
            for (_, base) in self.tables.subclasses.iter().filter(|pair| pair.0 == class) {
                if !classes.contains(base) {
                    classes.push(*base);
                }
            }
        }
        if classes.contains(&wanted) {
            return Some(true);
        }
        let is_known = self.tables.subclasses.iter().any(|pair| pair.0 == made);
        is_known.then_some(false)
    }

    fn equal(&self, machine: &mut Machine<'_>, left: &Value, right: &Value) -> Option<bool> {
        judge::method_equality(self, machine, left, right)
            .or_else(|| judge::attacker_equality(self, machine, left, right))
    }

    fn compared(&self, machine: &mut Machine<'_>, value: &Value, constants: &[Ustr], span: Span) {
        judge::note_message_names(self, machine, value, constants, span);
    }

    fn class_made(&self, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
        for base in machine.outside_bases(class) {
            let base = self.resolve_alias(base);
            if let Some(function) = self.tables.classes.get(&base).copied() {
                let _ = self.guarded(machine, base, span, |machine| {
                    function(self, machine, class, span)
                });
                return;
            }
        }
    }

    fn instance_made(
        &self,
        machine: &mut Machine<'_>,
        class: ObjectId,
        instance: ObjectId,
        arguments: &Arguments,
        span: Span,
    ) -> Result<bool, Stop> {
        for base in machine.outside_bases(class) {
            let base = self.resolve_alias(base);
            if let Some(function) = self.tables.instances.get(&base).copied() {
                let make = |machine: &mut Machine<'_>| {
                    function(self, machine, class, instance, arguments, span)
                };
                return self.guarded(machine, base, span, make).unwrap_or(Ok(false));
            }
        }
        Ok(false)
    }

    fn super_called(
        &self,
        machine: &mut Machine<'_>,
        base: Ustr,
        instance: ObjectId,
        arguments: &Arguments,
        span: Span,
    ) {
        let path = Ustr::from(&format!("{}<super>", self.resolve_alias(base)));
        let Some(function) = self.tables.calls.get(path) else {
            return;
        };
        let call = Call {
            path,
            receiver: Some(instance),
            this: Value::object(instance),
            arguments,
            span,
            is_new: true,
        };
        // What a constructor returns is not the instance.
        let _ = self.call_guarded(machine, path, span, |machine| {
            function(self, machine, &call)
        });
    }

    fn chance_of(&self, machine: &mut Machine<'_>, key: &Value) -> OriginSet {
        self.chance_in(machine, key)
    }

    fn stored(
        &self,
        machine: &mut Machine<'_>,
        store: ObjectId,
        key: Option<&Value>,
        span: Span,
    ) -> Option<Value> {
        judge::read_memory(self, machine, store, key, span)
    }

    fn store_changed(
        &self,
        machine: &mut Machine<'_>,
        store: ObjectId,
        operation: StoreOperation,
        key: Option<&Value>,
        value: Option<&Value>,
        span: Span,
    ) {
        judge::write_memory(self, machine, store, operation, key, value, span);
    }

    fn added(&self, machine: &mut Machine<'_>, set: ObjectId, value: &Value, span: Span) {
        crate::socket_stores::note_joining(self, machine, set, value, span);
    }

    fn method_called(
        &self,
        machine: &mut Machine<'_>,
        receiver: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) {
        crate::socket_stores::note_given(self, machine, receiver, name, arguments, span);
    }

    fn method_origins(
        &self,
        machine: &mut Machine<'_>,
        receiver: OriginSet,
        all: OriginSet,
        name: Ustr,
    ) -> OriginSet {
        crate::socket_stores::note_call(self, machine, receiver, name);
        all
    }

    fn chosen(&self, machine: &mut Machine<'_>, origins: OriginSet) -> Option<Value> {
        judge::chosen_message(self, machine, origins)
    }

    fn is_never_empty(&self, machine: &Machine<'_>, origins: OriginSet) -> bool {
        let made = self.origins_of(machine, origins);
        !made.is_empty() && made.iter().all(|it| crate::flask::is_never_empty(self, it))
    }

    fn is_one(&self, machine: &Machine<'_>, origins: OriginSet) -> bool {
        let [firedoor_eval::Origin::Host(number)] = machine.origins.members(origins) else {
            return false;
        };
        let state = self.state();
        matches!(
            state.origins.origin(*number),
            Some(Origin::Request(
                RequestPart::Body | RequestPart::Query | RequestPart::Message,
                _
            ))
        )
    }

    fn awaited(&self, machine: &mut Machine<'_>, object: ObjectId) -> Answer {
        let ObjectKind::Host(path) = machine.heap.get(object).kind else {
            return Ok(None);
        };
        match self.tables.awaits.get(&path).copied() {
            Some(function) => {
                let span = machine.place();
                self.call_guarded(machine, path, span, |machine| {
                    function(self, machine, object)
                })
            }
            None => Ok(None),
        }
    }

    fn origin_name(&self, number: u32) -> String {
        self.state()
            .origins
            .origin(number)
            .map_or_else(String::new, origin_words)
    }

    fn uncaught(&self, _machine: &mut Machine<'_>, _thrown: &Thrown) {}
}

impl ModelHost {
    /// A method of an instance that inherits from several outside classes is that of the first that has it.
    fn inherited(
        &self,
        machine: &Machine<'_>,
        path: Ustr,
        this: &Value,
    ) -> Option<(Ustr, crate::tables::CallFunction)> {
        let (_, name) = path.rsplit_once('.')?;
        let id = this.only_object()?;
        let mark = match machine.heap.get(id).kind {
            ObjectKind::Instance { .. } => "()",
            ObjectKind::Class { .. } => "",
            _ => return None,
        };
        machine.outside_bases(id).into_iter().find_map(|base| {
            let base = self.resolve_alias(base);
            let owner = self.resolve_alias(Ustr::from(&format!("{base}{mark}")));
            let path = Ustr::from(&format!("{owner}.{name}"));
            Some((path, self.tables.calls.look_up(path)?))
        })
    }

    /// The model of a function under exactly this path.
    pub(crate) fn function(&self, path: Ustr) -> Option<crate::tables::CallFunction> {
        self.tables.calls.look_up(self.resolve_alias(path))
    }

    /// Whoever comes to a call of a library has come further than one who does not, whatever it does.
    fn note_outside(&self, machine: &Machine<'_>, path: Ustr, span: Span) {
        if !self.is_request() || !path.starts_with("npm:") {
            return;
        }
        let function = machine.function_name();
        let decided = machine.decided.clone();
        let run = &mut self.state().run;
        if run.outside.len() < 500 {
            run.outside.push(RawEffect {
                kind: EffectKind::Continue,
                span,
                function,
                decided,
                step: run.step,
            });
        }
    }

    /// A message may carry a credential as a header does; only its name says so.
    fn note_message_credential(&self, origin: firedoor_eval::Origin) -> bool {
        let firedoor_eval::Origin::Host(number) = origin else {
            return false;
        };
        let known = self.state().origins.origin(number).cloned();
        match known {
            Some(origin @ Origin::Request(RequestPart::Message, field))
                if judge::is_credential_name(&field) =>
            {
                self.reads(origin);
                true
            }
            Some(origin @ Origin::Request(RequestPart::Cookie, _)) => {
                self.reads(origin);
                true
            }
            _ => false,
        }
    }

    /// A member of a value from a known place comes from a place within it.
    fn extended(&self, origin: firedoor_eval::Origin, key: Ustr) -> firedoor_eval::Origin {
        let firedoor_eval::Origin::Host(number) = origin else {
            return origin;
        };
        let mut state = self.state();
        let Some(known) = state.origins.origin(number).cloned() else {
            return origin;
        };
        let longer = match known {
            Origin::Request(part, name) if is_place(part, name, key) => return origin,
            Origin::Request(part, field) => crate::cookies::named_in_header(part, field, key)
                .unwrap_or_else(|| Origin::Request(part, dotted(field, key))),
            Origin::Principal(field) => Origin::Principal(dotted(field, key)),
            Origin::UnverifiedClaim(field) => Origin::UnverifiedClaim(dotted(field, key)),
            Origin::Claim(field) => Origin::Claim(dotted(field, key)),
            Origin::Answer(field) => Origin::Answer(dotted(field, key)),
            Origin::Record {
                asset,
                field,
                of_principal,
            } => Origin::Record {
                asset,
                field: dotted(field, key),
                of_principal,
            },
            _ => return origin,
        };
        firedoor_eval::Origin::Host(state.origins.number(longer))
    }
}

/// Returns the object if it is an instance of a class of the program.
fn instance(machine: &Machine<'_>, this: &Value) -> Option<ObjectId> {
    let id = this.only_object()?;
    matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. }).then_some(id)
}

/// Returns the first of the paths that the table has, with what it has there.
fn first<F: Copy>(table: &FxHashMap<Ustr, F>, paths: &[Ustr]) -> Option<(Ustr, F)> {
    let mut found = paths
        .iter()
        .filter_map(|path| Some((*path, *table.get(path)?)));
    found.next()
}

/// The words for an origin in a dump of values.
fn origin_words(origin: &Origin) -> String {
    match origin {
        Origin::Request(part, field) => format!("request {part:?} {field}"),
        Origin::Principal(field) => format!("principal {field}"),
        Origin::Record { asset, field, .. } => format!("record {asset}.{field}"),
        Origin::Environment { name, .. } => format!("environment {name}"),
        other => format!("{other:?}"),
    }
}

fn dotted(field: Ustr, key: Ustr) -> Ustr {
    if field.is_empty() {
        key
    } else if field.matches('.').count() > 3 {
        field
    } else {
        Ustr::from(&format!("{field}.{key}"))
    }
}
