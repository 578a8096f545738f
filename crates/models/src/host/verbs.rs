//! What models do with the host: make routers and objects, note effects and refusals, and ask what runs.
//!
//! Every model writes into the state through these, so that what an effect was done behind is noted with it.

use std::cell::{RefCell, RefMut};

use firedoor_app::{EffectKind, Origin, Refusal, RequestPart};
use firedoor_eval::{Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::state::{RawEffect, RawRefusal, Registration, Router, State};
use crate::tables::Tables;
use crate::{Framework, Model, ModelHost, Persona};

impl ModelHost {
    /// Returns a host that knows these models and no others.
    pub fn new(models: &'static [&'static Model]) -> ModelHost {
        ModelHost {
            models,
            tables: Tables::new(models),
            state: RefCell::new(State::default()),
        }
    }

    /// Returns the web frameworks that it knows.
    pub fn frameworks(&self) -> impl Iterator<Item = &'static Framework> + use<> {
        self.models.iter().filter_map(|model| model.framework)
    }

    /// Returns what models remember. It must not be held while the machine runs.
    pub fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// Returns who sends the request.
    pub fn persona(&self) -> Persona {
        self.state().persona
    }

    /// Holds if a request is on its way.
    pub fn is_request(&self) -> bool {
        self.persona() != Persona::Wiring
    }

    /// Makes a host object that is a router of a framework.
    pub fn make_router(
        &self,
        machine: &mut Machine<'_>,
        path: &str,
        framework: &'static str,
        role: &'static str,
        span: Span,
    ) -> ObjectId {
        let id = machine
            .heap
            .allocate(ObjectKind::Host(Ustr::from(path)), span);
        self.state().routers.insert(
            id,
            Router {
                framework,
                role,
                span,
                options: Default::default(),
                registrations: Vec::new(),
            },
        );
        id
    }

    /// Registers something on a router. During a request nothing is registered.
    pub fn register(&self, router: ObjectId, registration: Registration) {
        if let Some(router) = self.state().routers.get_mut(&router) {
            router.registrations.push(registration);
        }
    }

    /// Makes a host object.
    pub fn make_object(&self, machine: &mut Machine<'_>, path: &str, span: Span) -> ObjectId {
        machine
            .heap
            .allocate(ObjectKind::Host(Ustr::from(path)), span)
    }

    /// Notes an effect of the request that is on its way. While wiring nothing is noted.
    pub fn effect(&self, machine: &Machine<'_>, kind: EffectKind, span: Span) {
        if !self.is_request()
            || matches!(&kind, EffectKind::Access(access) if crate::judge::deletes_nothing(self, access))
        {
            return;
        }
        let function = machine.function_name();
        let decided = machine.decided.clone();
        let run = &mut self.state().run;
        if run.effects.len() > 4_000 {
            return;
        }
        run.effects.push(RawEffect {
            kind,
            span,
            function,
            decided,
            step: run.step,
        });
    }

    /// Notes where a variable of the environment or a setting is read.
    pub fn note_variable(&self, machine: &Machine<'_>, name: &str, span: Span) {
        let setting = firedoor_app::Setting {
            kind: firedoor_app::SettingKind::Other(
                "variable",
                vec![firedoor_app::Field {
                    name: Ustr::from(name),
                    value: Default::default(),
                    operator: "=",
                }],
            ),
            span,
            condition: None,
            app: Ustr::from(machine.program.files.path(span)),
        };
        let settings = &mut self.state().settings;
        if !settings.contains(&setting) {
            settings.push(setting);
        }
    }

    /// Notes that the request is refused.
    pub fn refuse(&self, machine: &Machine<'_>, refusal: Refusal, span: Span) {
        if !self.is_request() {
            return;
        }
        let decided = machine.decided.clone();
        let run = &mut self.state().run;
        run.refusals.push(RawRefusal {
            refusal,
            span,
            decided,
            step: run.step,
        });
    }

    /// Notes that a credential is read.
    pub fn reads(&self, origin: Origin) {
        let run = &mut self.state().run;
        let read = (origin, run.step);
        if !run.reads.contains(&read) {
            run.reads.push(read);
        }
    }

    /// Returns the API paths of something outside, a host object, or what an instance inherits from.
    pub(crate) fn paths_of(&self, machine: &Machine<'_>, value: &Value) -> Vec<Ustr> {
        let mut paths = Vec::new();
        for atom in value.atoms() {
            match atom {
                firedoor_eval::Atom::Outside(path) => paths.push(self.resolve_alias(*path)),
                firedoor_eval::Atom::Object(id) => match machine.heap.get(*id).kind {
                    ObjectKind::Host(path) => paths.push(self.resolve_alias(path)),
                    ObjectKind::Instance { .. } => {
                        let bases = machine.outside_bases(*id).into_iter();
                        paths
                            .extend(bases.map(|base| {
                                Ustr::from(&format!("{}()", self.resolve_alias(base)))
                            }));
                    }
                    ObjectKind::Class { .. } => {
                        let bases = machine.outside_bases(*id).into_iter();
                        paths.extend(bases.map(|base| self.resolve_alias(base)));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        paths
    }

    /// Returns a part of the request that is only passed on, not looked at.
    pub fn request_value_quietly(
        &self,
        machine: &mut Machine<'_>,
        part: RequestPart,
        field: &str,
    ) -> Value {
        let origin = self.origin(machine, Origin::Request(part, Ustr::from(field)));
        Value::unknown(firedoor_eval::Shape::Any).with_origins(origin)
    }

    /// Holds if a model says what calling `path` does.
    pub(crate) fn answers(&self, path: &str) -> bool {
        let path = self.resolve_alias(Ustr::from(path));
        self.tables.calls.get(path).is_some()
    }

    /// Returns what a model does with classes that inherit from `path`.
    pub(crate) fn class_function(&self, path: &str) -> Option<crate::tables::ClassFunction> {
        self.tables.classes.get(&Ustr::from(path)).copied()
    }

    /// Returns what a model does with new instances of classes that inherit from `path`.
    pub(crate) fn instance_function(&self, path: &str) -> Option<crate::tables::InstanceFunction> {
        self.tables.instances.get(&Ustr::from(path)).copied()
    }

    pub(crate) fn resolve_alias(&self, path: Ustr) -> Ustr {
        self.tables.aliases.get(&path).copied().unwrap_or(path)
    }
}
