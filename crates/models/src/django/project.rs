//! Where a Django project starts: the settings that its starters name, and what they say.
//!
//! `manage.py`, `wsgi.py` and `asgi.py` name a module of settings in `DJANGO_SETTINGS_MODULE`; the settings name
//! everything else. Where several settings lead to the same routes, those of the server come first.

use firedoor_eval::{Machine, ModuleId, ObjectId, Shape, Value};
use firedoor_ir::{ExpressionKind, Language, Literal, Pattern, StatementKind};
use firedoor_source::{FileId, Span};
use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::ModelHost;
use crate::tables::MemberFunction;

/// The members that the file answers for.
pub(crate) const MEMBERS: &[(&str, MemberFunction)] = &[
    ("py:django.conf.settings.*", setting_member),
    ("py:django.contrib.admin.site.urls", super::admin::urls),
    ("django:admin-site.urls", super::admin::urls),
];

/// A project.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Its settings.
    pub settings: ModuleId,
    /// The module of its routes.
    pub urls: ModuleId,
}

const STARTER: &str = "DJANGO_SETTINGS_MODULE";

/// Returns the projects of the program.
pub(crate) fn sites(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Site> {
    if let Some(known) = host.state().django.sites.clone() {
        return known;
    }
    if std::mem::replace(&mut host.state().django.is_searching, true) {
        return Vec::new();
    }
    let mut sites: Vec<Site> = Vec::new();
    let mut roots: FxHashSet<ModuleId> = FxHashSet::default();
    for settings in candidates(machine) {
        let _ = machine.run_module(settings);
        let file = machine.program.module(settings).file;
        let root = setting_of(machine, settings, "ROOT_URLCONF");
        let Some(root) = root.as_ref().and_then(Value::text) else {
            continue;
        };
        // The routes are run later: what they import may be running right now.
        let Some(urls) = machine.module_found(file, &root) else {
            continue;
        };
        if roots.insert(urls) {
            sites.push(Site { settings, urls });
        }
    }
    let state = &mut host.state().django;
    state.is_searching = false;
    state.sites = Some(sites.clone());
    sites
}

/// The modules that may be settings: those that starters name, servers before commands; then all others that
/// say where routes are.
fn candidates(machine: &mut Machine<'_>) -> Vec<ModuleId> {
    let mut named: Vec<(usize, FileId, Ustr)> = Vec::new();
    let mut others: Vec<ModuleId> = Vec::new();
    for (id, module) in machine.program.iter() {
        if module.language != Language::Python {
            continue;
        }
        let path = machine.program.path(id);
        let mut texts: Vec<Ustr> = Vec::new();
        for expression in &module.expressions {
            if let ExpressionKind::Literal(Literal::String(text)) = &expression.kind {
                texts.push(*text);
            }
        }
        if texts.iter().any(|text| text == STARTER) {
            let rank = rank_of(path);
            let dotted = texts.into_iter().filter(|text| is_dotted(text));
            named.extend(dotted.map(|text| (rank, module.file, text)));
        }
        let assigns = module.body.iter().any(|statement| match &statement.kind {
            StatementKind::Declare { pattern, .. } => {
                matches!(pattern, Pattern::Name(name, _) if name == "ROOT_URLCONF")
            }
            _ => false,
        }) || module.declared.iter().any(|name| name == "ROOT_URLCONF");
        if assigns && !is_of_tests(path) {
            others.push(id);
        }
    }
    named.sort_by_key(|(rank, file, _)| (*rank, *file));
    let mut found: Vec<ModuleId> = Vec::new();
    let mut of_tests: Vec<ModuleId> = Vec::new();
    for (_, file, text) in named {
        let has_name = text.contains('.') || text.as_str().contains("settings");
        if has_name && let Some(id) = machine.module_found(file, &text) {
            let is_test = is_of_tests(machine.program.path(id));
            let list = if is_test { &mut of_tests } else { &mut found };
            if !list.contains(&id) {
                list.push(id);
            }
        }
    }
    for id in others {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    // A library of applications is mounted nowhere but in the project that tries it.
    match found.is_empty() {
        true => of_tests,
        false => found,
    }
}

/// Servers come before commands.
fn rank_of(path: &str) -> usize {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        _ if is_of_tests(path) => 3,
        "wsgi.py" | "asgi.py" => 0,
        "manage.py" => 2,
        _ => 1,
    }
}

/// Holds for a module that only tests use, by where it lies.
pub(super) fn is_of_tests(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(part, "test" | "tests" | "conftest.py" | "docs")
            || part.starts_with("test_")
            || part.ends_with("_test.py")
            || part.ends_with("_tests.py")
    })
}

fn is_dotted(text: &str) -> bool {
    !text.is_empty()
        && text != STARTER
        && text.len() < 200
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}

/// Returns the settings that hold for code in a module: of several projects the one that lies nearest.
pub(crate) fn settings_for(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    module: Option<ModuleId>,
) -> Option<ModuleId> {
    if let Some(settings) = host.state().django.settings {
        return Some(settings);
    }
    let sites = sites(host, machine);
    let path = module.map(|module| machine.program.path(module).to_owned());
    let shared = |site: &Site| {
        let own = machine.program.path(site.settings);
        let path = path.as_deref().unwrap_or("");
        let parts = own.split('/').zip(path.split('/'));
        parts.take_while(|(a, b)| a == b).count()
    };
    let mut best: Option<(usize, ModuleId)> = None;
    for site in &sites {
        let rank = shared(site);
        if best.is_none_or(|(known, _)| rank > known) {
            best = Some((rank, site.settings));
        }
    }
    best.map(|(_, settings)| settings)
}

/// Returns a setting of the running project, if its settings say it.
pub(crate) fn setting(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Option<Value> {
    let module = machine.module();
    let settings = settings_for(host, machine, module)?;
    setting_of(machine, settings, name)
}

/// Returns a setting of these settings, if they say it.
pub(crate) fn setting_of(
    machine: &mut Machine<'_>,
    settings: ModuleId,
    name: &str,
) -> Option<Value> {
    let span = Span::new(machine.program.module(settings).file, 0, 0);
    let value = machine.exported(settings, Ustr::from(name), span);
    match value == Value::undefined() {
        false => Some(value),
        true => super::configurations::setting(machine, settings, Ustr::from(name)),
    }
}

/// Returns what a dotted name of the settings stands for, seen from the settings.
pub(crate) fn named(host: &ModelHost, machine: &mut Machine<'_>, dotted: &str) -> Value {
    let module = machine.module();
    let settings = settings_for(host, machine, module);
    let file = settings
        .or(module)
        .map(|module| machine.program.module(module).file);
    match file {
        Some(file) => machine.member_named(file, dotted),
        None => Value::outside(&format!("py:{dotted}")),
    }
}

/// `settings.X`: what the settings say, or Django's default.
fn setting_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = path.rsplit('.').next().unwrap_or("").to_owned();
    if let Some(value) = setting(host, machine, &name) {
        return Some(value);
    }
    Some(match name.as_str() {
        "DEBUG" | "APPEND_SLASH_EXPLICIT" => Value::bool(false),
        "AUTH_USER_MODEL" => Value::string("auth.User"),
        "LOGIN_URL" => Value::string("/accounts/login/"),
        "LOGIN_REDIRECT_URL" => Value::string("/accounts/profile/"),
        "LOGOUT_REDIRECT_URL" => Value::null(),
        "STATIC_URL" | "MEDIA_URL" | "STATIC_ROOT" | "MEDIA_ROOT" => Value::unknown(Shape::String),
        _ => machine.unknown("setting"),
    })
}
