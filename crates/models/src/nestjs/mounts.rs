//! Where middleware of modules is mounted: the paths of its routes, held against those of the routes of controllers.
//!
//! Each route that middleware is given for is mounted by itself, so that it runs as often as routes of it match. A path
//! that is a text takes everything below it, one with a method only itself. Paths stand under the global prefix unless
//! they are excluded from it. Source: @nestjs/core 11.2, `middleware/builder.ts`,
//! `middleware/route-info-path-extractor.ts`, `middleware/utils.ts`.

use ustr::Ustr;

use super::paths::{Served, Shape, is_excluded};
use crate::doors::join_paths;
use crate::express::{template, variants};

/// A route that middleware is for, or is not for.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// As it was written, without the prefix.
    pub path: String,
    /// The only method; nothing for a path that is a text.
    pub method: Option<Ustr>,
    /// The versions that it was given with; nothing if it was given with none.
    pub versions: Option<Vec<Ustr>>,
}

/// Returns how often the middleware of these routes runs for a route that is served.
pub(super) fn times(shape: &Shape, routes: &[Route], served: &Served) -> usize {
    let known = |path: &str| template(&join_paths("/", path));
    let mut times = 0;
    let mut across: Vec<(String, Option<Ustr>)> = Vec::new();
    for route in routes {
        if takes_method(route.method, served.method)
            && is_mounted(shape, route, served)
            && !is_covered(shape, routes, route)
        {
            times += 1;
            continue;
        }
        for other in on_the_other_side(shape, route, served) {
            let is_listed =
                |one: &Route| one.method == other.method && known(&one.path) == known(&other.path);
            let key = (known(&other.path), other.method);
            if !routes.iter().any(is_listed) && !across.contains(&key) {
                across.push(key);
            }
        }
    }
    times + across.len()
}

/// Holds if middleware leaves a route out. One that it leaves out for a single method is not run for all of them.
pub(super) fn is_left_out(shape: &Shape, routes: &[Route], served: &Served) -> bool {
    routes.iter().any(|route| {
        let only = route.method;
        let is_method = only
            .is_none_or(|only| only == served.method || only == "ANY" || served.method == "ANY");
        if !is_method {
            return false;
        }
        let is_below_prefix = !is_wildcard(&route.path) && !is_outside(shape, route);
        let exact = match is_below_prefix {
            true => join_paths(&shape.prefix, &route.path),
            false => route.path.clone(),
        };
        let is_named = |(path, _): &(String, Option<Ustr>)| {
            template(&join_paths("/", path)) == served.full && !served.full.contains('{')
        };
        takes(&exact, &served.full, true)
            || is_below_prefix
                && shape.excluded.iter().any(is_named)
                && takes(&route.path, &served.full, true)
    })
}

/// Holds if middleware for a method runs for all requests of a route.
fn takes_method(only: Option<Ustr>, method: Ustr) -> bool {
    only.is_none_or(|only| only == method || only == "ANY" || only == "GET" && method == "HEAD")
}

/// Holds if one of the paths that a route is mounted on takes the path of a served one.
fn is_mounted(shape: &Shape, route: &Route, served: &Served) -> bool {
    if is_wildcard(&route.path) {
        return is_under_wildcard(shape, route, served);
    }
    let is_exact = route.method.is_some();
    let mut paths = mount_paths(shape, route).into_iter();
    paths.any(|path| takes(&path, &served.full, is_exact))
}

/// A wildcard takes everything below the prefix, and what is excluded from it.
fn is_under_wildcard(shape: &Shape, route: &Route, served: &Served) -> bool {
    let versions = mounted_versions(shape, route);
    let is_any = versions.iter().any(String::is_empty);
    if shape.prefix.is_empty() && is_any {
        // Before the prefix there is no path of its own for what stands at the root.
        let needs_more = route.path.trim_start_matches('/').starts_with('*')
            && route.path.trim_matches('/').len() > 1;
        return !needs_more || served.full != "/";
    }
    if is_any {
        return served.is_outside || takes(&shape.prefix, &served.full, false);
    }
    versions.iter().any(|version| {
        let prefix = if served.is_outside { "" } else { &shape.prefix };
        takes(&join_paths(prefix, version), &served.full, false)
    })
}

/// A route without parameters is not mounted beside one with parameters that takes it.
fn is_covered(shape: &Shape, routes: &[Route], route: &Route) -> bool {
    if route.path.contains([':', '*', '{', '(']) {
        return false;
    }
    let own = mount_paths(shape, route);
    routes.iter().any(|other| {
        let mounted = mount_paths(shape, other);
        other.path.contains(':')
            && other.method == route.method
            && own.iter().all(|path| {
                mounted
                    .iter()
                    .any(|other| takes(other, &template(path), true))
            })
    })
}

/// Returns what is mounted besides for a route that takes some on the other side of the prefix: each exclusion that has
/// no parameters, and the served route as it is declared.
fn on_the_other_side(shape: &Shape, route: &Route, served: &Served) -> Vec<Route> {
    if shape.prefix.is_empty() || shape.excluded.is_empty() || is_wildcard(&route.path) {
        return Vec::new();
    }
    let is_all = route.method.is_none_or(|only| only == "ANY");
    let beside = |path: &str, method: Option<Ustr>| Route {
        path: path.to_owned(),
        method,
        versions: route.versions.clone(),
    };
    let mut found = Vec::new();
    let is_own = is_outside(shape, route);
    for (path, only) in &shape.excluded {
        let method = only.filter(|only| *only != "ANY").or(route.method);
        let is_plain = !path.contains([':', '*', '{', '(']);
        let other = beside(path, method);
        if !is_own
            && is_plain
            && (is_all || method == route.method)
            && takes(&route.path, &join_paths("/", path), true)
            && takes_method(method, served.method)
            && is_mounted(shape, &other, served)
        {
            found.push(other);
        }
    }
    if !served.declared.is_empty()
        && is_own != served.is_outside
        && takes_method(route.method, served.method)
        && mounted_versions(shape, route).contains(&served.version)
        && takes(&route.path, &served.declared, route.method.is_some())
    {
        let method = if is_all {
            Some(served.method)
        } else {
            route.method
        };
        found.push(beside(&served.declared, method));
    }
    found
}

fn is_outside(shape: &Shape, route: &Route) -> bool {
    is_excluded(
        shape,
        &route.path,
        route.method.unwrap_or(Ustr::from("ANY")),
    )
}

fn mount_paths(shape: &Shape, route: &Route) -> Vec<String> {
    let prefix = match is_outside(shape, route) {
        true => "",
        false => &shape.prefix,
    };
    let versions = mounted_versions(shape, route).into_iter();
    versions
        .map(|version| join_paths(&join_paths(prefix, &version), &route.path))
        .collect()
}

/// Returns what versions add to the paths of a route. One that was given with none is for those of controllers without
/// one, too.
fn mounted_versions(shape: &Shape, route: &Route) -> Vec<String> {
    let Some(word) = &shape.version_prefix else {
        return vec![String::new()];
    };
    let written = |version: &Ustr| match version.is_empty() {
        true => String::new(),
        false => format!("{word}{version}"),
    };
    match &route.versions {
        Some(versions) => versions.iter().map(written).collect(),
        None => std::iter::once(String::new())
            .chain(shape.default_versions.iter().map(written))
            .collect(),
    }
}

fn is_wildcard(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    path.starts_with('{') || path.starts_with('*') || path == "(.*)"
}

/// Holds if a path of middleware takes every request that a route is served for: itself, or also what is below it.
pub(super) fn takes(wanted: &str, served: &str, is_exact: bool) -> bool {
    let wanted = with_named_rest(&join_paths("/", wanted));
    let mut all = variants(&wanted);
    if let Some(start) = wanted.find("{/*") {
        // A rest that may be missing with its slash.
        all = vec![
            wanted[..start].to_owned(),
            format!("{}/*", &wanted[..start]),
        ];
    }
    all.iter()
        .any(|wanted| takes_template(&template(wanted), served, is_exact))
}

/// A rest without a name may be empty.
fn with_named_rest(path: &str) -> String {
    let before = path.strip_suffix("(.*)").or_else(|| path.strip_suffix('*'));
    match before {
        Some(before) if before.ends_with('/') => format!("{before}{{*path}}"),
        _ => path.to_owned(),
    }
}

fn takes_template(wanted: &str, served: &str, is_exact: bool) -> bool {
    let mut segments = firedoor_app::path_segments(served).peekable();
    for wanted in firedoor_app::path_segments(wanted) {
        if wanted.contains(firedoor_eval::HOLE) {
            return true;
        }
        if wanted.contains('*') {
            // The path of a controller ends with a slash, behind which a rest in braces may be empty.
            let may_be_empty = wanted.starts_with("{*") && served.ends_with('/');
            return segments.peek().is_some() || may_be_empty;
        }
        let Some(segment) = segments.next() else {
            return false;
        };
        if segment.contains('*') && segment.starts_with('{') {
            // A rest has one part at least, and what stands in it nobody knows.
            return !is_exact && wanted.starts_with('{');
        }
        if !wanted.starts_with('{') && !wanted.eq_ignore_ascii_case(segment) {
            return false;
        }
    }
    !is_exact || segments.peek().is_none()
}
