//! Django 4 and 5, with Django REST framework and Channels: <https://docs.djangoproject.com/en/5.2/ref/>.
//!
//! A Django project registers nothing by calls: its settings name the module of its routes, its middleware and
//! its users, and views are classes whose methods the framework calls. So the wiring is read from the settings
//! once all modules have run. Sources: django 5.2 `core/handlers/base.py`, `urls/resolvers.py`,
//! `views/generic/base.py`, `contrib/auth`.

pub(crate) mod admin;
pub(crate) mod admin_sites;
pub(crate) mod apps;
pub(crate) mod backends;
pub(crate) mod bases;
pub(crate) mod channels;
pub(crate) mod choices;
pub(crate) mod configurations;
pub(crate) mod consumers;
pub(crate) mod crypto;
pub(crate) mod decorated;
pub(crate) mod drf;
pub(crate) mod drf_authentication;
pub(crate) mod drf_errors;
pub(crate) mod drf_guards;
pub(crate) mod drf_methods;
pub(crate) mod drf_permissions;
pub(crate) mod drf_unread;
mod form_fields;
pub(crate) mod forms;
pub(crate) mod generic;
pub(crate) mod guard_tests;
pub(crate) mod guards;
pub(crate) mod inherited;
pub(crate) mod libraries;
pub(crate) mod library_views;
mod logins;
pub(crate) mod mail;
pub(crate) mod matches;
pub(crate) mod meta;
pub(crate) mod middleware;
pub(crate) mod orm;
pub(crate) mod orm_picks;
pub(crate) mod orm_query;
pub(crate) mod orm_related;
pub(crate) mod orm_sets;
pub(crate) mod password_forms;
pub(crate) mod patterns;
pub(crate) mod project;
pub(crate) mod related_fields;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod role_permissions;
pub(crate) mod router_tables;
pub(crate) mod routers;
pub(crate) mod run;
pub(crate) mod serializers;
mod session_cookie;
pub(crate) mod signed_tokens;
pub(crate) mod tokens;
pub(crate) mod urls;
pub(crate) mod users;
pub(crate) mod view_doors;
pub(crate) mod view_members;
pub(crate) mod views;

use firedoor_eval::{ModuleId, ObjectId};
use rustc_hash::FxHashMap;
use ustr::Ustr;

pub(crate) use inherited::defines;

use crate::{Framework, Model};

/// What the model keeps.
#[derive(Debug, Default)]
pub struct Memory {
    /// The projects, once they have been looked for.
    pub(crate) sites: Option<Vec<project::Site>>,
    /// Holds while settings are being run.
    pub(crate) is_searching: bool,
    /// Library classes that stand for tables, by path.
    pub(crate) classes: FxHashMap<Ustr, ObjectId>,
    /// The classes that stand for tables, in the order in which they were made.
    pub(crate) models: Vec<ObjectId>,
    /// By which names records are found that refer to others, once the application is wired.
    pub(crate) relations: Option<std::rc::Rc<orm_related::Relations>>,
    /// The settings of the request on its way.
    pub(crate) settings: Option<ModuleId>,
    /// The applications of Channels.
    pub(crate) protocols: Vec<ObjectId>,
    /// What the steps of the request on its way share.
    pub(crate) request: Option<ObjectId>,
    /// How many decisions had been made when the running step began.
    pub(crate) base: usize,
    /// The view that the request on its way is for.
    pub(crate) view: Option<firedoor_eval::Value>,
    /// The paths of routes by their names.
    pub(crate) names: FxHashMap<Ustr, Ustr>,
    /// What the running request proves who is asking by, if that is not its session.
    pub(crate) credential: Option<(firedoor_app::RequestPart, &'static str)>,
    /// The cookies by which the program itself finds out who is asking, besides that.
    pub(crate) cookies: Vec<firedoor_app::Origin>,
}

impl Memory {
    /// The objects that stay for later requests.
    pub(crate) fn keeps(&self) -> impl Iterator<Item = ObjectId> + '_ {
        let classes = self.classes.values().chain(&self.models);
        classes.chain(&self.protocols).copied()
    }
}

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: urls::CALLS,
    members: project::MEMBERS,
    aliases: urls::ALIASES,
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

pub(crate) static FRAMEWORK: Framework = Framework {
    name: "django",
    doors: urls::doors,
    begin: run::begin,
    step: run::step,
    mountings: middleware::mountings,
    as_layer: middleware::as_layer,
    status_of: response::status_of,
};
