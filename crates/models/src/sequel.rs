//! What a request meets that leaves a route or a router, or that fails: the steps registered further on.
//!
//! `next('route')`, `next('router')` and the `next()` of a handler hand the request to what is registered
//! behind. Whether a guard that does so refuses depends on what stands there.

use std::cell::RefCell;
use std::rc::Rc;

use firedoor_source::Span;
use ustr::Ustr;

use crate::doors::is_below;
use crate::{Door, ModelHost, Step};

/// For which requests a step runs.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The path, as a template.
    pub path: String,
    /// The path of the router or mount that the step is relative to.
    pub base: Ustr,
    /// The method, if only for one.
    pub method: Option<Ustr>,
    /// Holds if only for the path itself, not for what lies below it.
    pub is_exact: bool,
}

/// The steps of an application in the order in which they were registered.
pub type Registered = Rc<RefCell<Vec<(Scope, Step)>>>;

/// What is known of a door besides the door: where it stands among all registrations.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// All registrations of the application.
    pub all: Registered,
    /// The number of the first registration behind the door's own.
    pub behind_route: usize,
    /// The number of the first registration behind its router's.
    pub behind_router: usize,
    /// The path that each step of the door is relative to.
    pub bases: Vec<Ustr>,
}

/// What identifies a door.
pub type DoorKey = (Ustr, Ustr, Span);

/// Returns what identifies `door`.
pub fn key(door: &Door) -> DoorKey {
    (door.method, door.path, door.registered)
}

/// How far a request leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The rest of the route is left out.
    Route,
    /// The rest of the router is left out.
    Router,
}

/// Returns the steps that a request of `door` meets behind its route or router.
pub(crate) fn behind(host: &ModelHost, door: &Door, leave: Leave) -> Vec<Step> {
    let Some(place) = host.state().places.get(&key(door)).cloned() else {
        return Vec::new();
    };
    let from = match leave {
        Leave::Route => place.behind_route,
        Leave::Router => place.behind_router,
    };
    let all = place.all.borrow();
    all.iter()
        .skip(from)
        .filter(|(scope, _)| in_scope(scope, door.method, &door.path))
        .map(|(_, step)| step.clone())
        .collect()
}

/// Returns the methods for which the path of `door` has routes of their own.
pub(crate) fn methods_of_path(host: &ModelHost, door: &Door) -> Vec<Ustr> {
    let Some(place) = host.state().places.get(&key(door)).cloned() else {
        return Vec::new();
    };
    let all = place.all.borrow();
    all.iter()
        .filter(|(scope, _)| scope.is_exact && scope.path == door.path.as_str())
        .filter_map(|(scope, _)| scope.method)
        .collect()
}

/// Holds if a step of this scope runs for requests to an entry point.
pub(crate) fn in_scope(scope: &Scope, method: Ustr, path: &str) -> bool {
    if scope.method.is_some_and(|wanted| wanted != method) {
        return false;
    }
    let is_plain = |path: &str| !path.contains('{') && !path.contains(firedoor_eval::HOLE);
    if scope.is_exact && is_plain(&scope.path) && is_plain(path) {
        return scope.path.eq_ignore_ascii_case(path);
    }
    let below = is_below(&scope.path, path).unwrap_or(true);
    if !scope.is_exact || scope.path.contains("*}") {
        return below;
    }
    below
        && firedoor_app::path_segments(&scope.path).count()
            == firedoor_app::path_segments(path).count()
}
