//! Which files are entry points: by the folders and names that Next.js gives a meaning to.
//!
//! Source: <https://nextjs.org/docs/app/api-reference/file-conventions>, Next.js 15.

use firedoor_eval::{Machine, ModuleId};
use firedoor_project::{Ecosystem, Package};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tools::option;

/// A package that Next.js serves.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Its folder, without a slash at the end; empty for the root.
    pub(super) folder: String,
    /// Its manifest, which stands for the application.
    pub(super) app: Ustr,
    /// Its files that mean something.
    pub(super) files: Vec<(ModuleId, Role)>,
}

/// What a file is to Next.js.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// `app/**/route.ts`, with its path as a template.
    Route(String),
    /// `pages/api/**`, with its path as a template.
    Api(String),
    /// `app/**/page.tsx`, with its path as a template and its folder within `app`.
    Page(String, String),
    /// `app/**/layout.tsx`, with its folder within `app`.
    Layout(String),
    /// `middleware.ts`, or `proxy.ts` since 16.
    Middleware,
    /// `next.config.ts` and its like.
    Settings,
    /// Any other.
    Other,
}

impl Role {
    /// The path that the file answers, as a template.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::Route(path) | Self::Api(path) | Self::Page(path, _) => Some(path),
            _ => None,
        }
    }
}

/// Returns the packages that depend on Next.js, with their files in order.
pub(super) fn sites(machine: &mut Machine<'_>) -> Vec<Site> {
    let program = machine.program;
    let next = Ustr::from("next");
    let is_site = |package: &&Package| {
        package.ecosystem == Ecosystem::Npm && package.dependency(next).is_some()
    };
    let packages = program.project.packages().iter().filter(is_site);
    let mut sites: Vec<Site> = packages
        .map(|package| Site {
            folder: package.folder.clone(),
            app: Ustr::from(joined(&package.folder, "package.json").as_str()),
            files: Vec::new(),
        })
        .collect();
    for (id, module) in program.iter() {
        if module.language != firedoor_ir::Language::JavaScript {
            continue;
        }
        let Some(package) = program.project.package_of(module.file) else {
            continue;
        };
        let site = sites.iter_mut().find(|site| site.folder == package.folder);
        let Some(site) = site else { continue };
        let path = program.path(id);
        let within = path
            .strip_prefix(&site.folder)
            .unwrap_or(path)
            .trim_start_matches('/');
        site.files.push((id, role(within, &ENDINGS)));
    }
    for site in &mut sites {
        rename(machine, site);
    }
    sites
}

/// The endings of files that mean something, where `pageExtensions` of the settings says nothing else.
pub const ENDINGS: [&str; 7] = ["ts", "tsx", "js", "jsx", "mjs", "cjs", "mts"];

/// Finds out anew what files are where `pageExtensions` lists their endings, as `page.tsx` or `public.js`.
fn rename(machine: &mut Machine<'_>, site: &mut Site) {
    let settings = site.files.iter().find(|(_, role)| *role == Role::Settings);
    let Some((settings, _)) = settings.cloned() else {
        return;
    };
    let span = Span::new(machine.program.module(settings).file, 0, 0);
    let config = machine.exported(settings, Ustr::from("default"), span);
    let listed = option(machine, &config, "pageExtensions", span)
        .and_then(|listed| crate::tokens::texts_of(machine, &listed));
    let Some(listed) = listed.filter(|listed| !listed.is_empty()) else {
        return;
    };
    let endings: Vec<&str> = listed.iter().map(Ustr::as_str).collect();
    for (id, found) in &mut site.files {
        let path = machine.program.path(*id);
        let within = path.strip_prefix(&site.folder).unwrap_or(path);
        if *found != Role::Settings {
            *found = role(within.trim_start_matches('/'), &endings);
        }
    }
}

fn joined(folder: &str, name: &str) -> String {
    match folder.is_empty() {
        true => name.to_owned(),
        false => format!("{folder}/{name}"),
    }
}

/// Returns what a file is, by its path within the package without one of the endings.
pub fn role(path: &str, endings: &[&str]) -> Role {
    if path.starts_with("next.config.") && !path.contains('/') {
        return Role::Settings;
    }
    let stems = endings
        .iter()
        .filter_map(|ending| path.strip_suffix(ending)?.strip_suffix('.'));
    let Some(stem) = stems.min_by_key(|stem| stem.len()) else {
        return Role::Other;
    };
    let within = stem.strip_prefix("src/").unwrap_or(stem);
    if matches!(within, "middleware" | "proxy") {
        return Role::Middleware;
    }
    if let Some(rest) = within.strip_prefix("app/")
        && let Some(folders) = rest.strip_suffix("route")
        && (folders.is_empty() || folders.ends_with('/'))
    {
        return template(folders, true).map_or(Role::Other, Role::Route);
    }
    if let Some(rest) = within.strip_prefix("app/") {
        let folder = |file: &str| {
            let folders = rest.strip_suffix(file)?;
            (folders.is_empty() || folders.ends_with('/')).then_some(folders)
        };
        if let Some(folders) = folder("page") {
            let page = |path| Role::Page(path, folders.to_owned());
            return template(folders, true).map_or(Role::Other, page);
        }
        if let Some(folders) = folder("layout") {
            return Role::Layout(folders.to_owned());
        }
    }
    if let Some(rest) = within.strip_prefix("pages/api/") {
        let rest = rest.strip_suffix("/index").unwrap_or(rest);
        let rest = if rest == "index" { "" } else { rest };
        let path = format!("api/{rest}");
        return template(&path, false).map_or(Role::Other, Role::Api);
    }
    if within == "pages/api" {
        return Role::Api("/api".to_owned());
    }
    Role::Other
}

/// Returns the path that folders stand for; `None` if they are private. Groups and slots of `app` leave no trace.
fn template(folders: &str, is_app: bool) -> Option<String> {
    let mut path = String::new();
    for segment in folders.split('/').filter(|segment| !segment.is_empty()) {
        if is_app && segment.starts_with('_') {
            return None;
        }
        let is_group = segment.starts_with('(') && segment.ends_with(')');
        if is_app && (is_group || segment.starts_with('@')) {
            continue;
        }
        path.push('/');
        // `%5Ffolder` is a folder whose name begins with an underscore.
        path.push_str(&parameter(segment).unwrap_or_else(|| segment.replace("%5F", "_")));
    }
    if path.is_empty() {
        path.push('/');
    }
    Some(path)
}

fn parameter(segment: &str) -> Option<String> {
    let inner = segment.strip_prefix('[')?.strip_suffix(']')?;
    let optional = inner
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'));
    let inner = optional.unwrap_or(inner);
    Some(match inner.strip_prefix("...") {
        Some(name) => format!("{{{name}*}}"),
        None => format!("{{{inner}}}"),
    })
}
