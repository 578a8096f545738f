//! Where hooks are mounted, whether or not a rule lies behind them.

use firedoor_eval::{Machine, Value};
use ustr::Ustr;

use super::NAME;
use super::listing::{hook, template};
use super::register::text_of;
use super::steps::step_of;
use crate::doors::Mounting;
use crate::state::{RegistrationKind, Router};
use crate::{ModelHost, Step};

/// Every place where a hook is mounted, with the path of its blueprint.
pub(super) fn mountings(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Mounting> {
    let routers: Vec<Router> = {
        let state = host.state();
        let own = state.routers.values();
        own.filter(|router| router.framework == NAME)
            .cloned()
            .collect()
    };
    let mut mountings = Vec::new();
    for router in &routers {
        let prefix = text_of(router.options.get(&Ustr::from("url_prefix"))).unwrap_or_default();
        for registration in &router.registrations {
            let RegistrationKind::Other(kind) = registration.kind else {
                continue;
            };
            if !kind.starts_with("before") {
                continue;
            }
            let path = match kind.contains("_app") || router.role == "app" {
                true => String::new(),
                false => template(&prefix).0,
            };
            let hook = hook(registration, kind, &[]);
            mountings.push(Mounting {
                step: step_of(machine, &hook, "before"),
                path: Ustr::from(path.trim_end_matches('/')),
            });
        }
    }
    mountings
}

/// Which functions of a program have the form of a hook nobody can tell: they take nothing.
pub(super) fn as_layer(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _value: &Value,
) -> Option<Step> {
    None
}
