//! The cookie that a log-in of Django sets, as the settings of the project have it.
//!
//! Source: Django 5, `contrib/sessions/middleware.py` and `conf/global_settings.py`: without a setting it is kept from
//! scripts, sent with links of other sites only, and not confined to encrypted connections.

use firedoor_app::{EffectKind, Flag, Provenance, SetCookie};
use firedoor_eval::{Atom, Machine};
use firedoor_source::Span;
use ustr::Ustr;

use super::project::{is_of_tests, setting, settings_for};
use crate::{ModelHost, tools};

/// Notes the cookie, where the settings of the project are known.
pub(super) fn note(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    let module = machine.module();
    // What a project says that is only there to try its applications is not what anybody runs.
    let settings = settings_for(host, machine, module);
    if settings.is_none_or(|settings| is_of_tests(machine.program.path(settings))) {
        return;
    }
    let same_site = setting(host, machine, "SESSION_COOKIE_SAMESITE");
    let name = setting(host, machine, "SESSION_COOKIE_NAME");
    let path = setting(host, machine, "SESSION_COOKIE_PATH");
    let cookie = SetCookie {
        name: name.map_or_else(|| Some(Ustr::from("sessionid")), |name| name.text()),
        value: Provenance::default(),
        http_only: flag(host, machine, "SESSION_COOKIE_HTTPONLY", Flag::On),
        secure: flag(host, machine, "SESSION_COOKIE_SECURE", Flag::Default),
        same_site: match &same_site {
            None => Some(Ustr::from("lax")),
            Some(value) => value
                .text()
                .map(|text| Ustr::from(&text.to_ascii_lowercase())),
        },
        same_site_flag: match &same_site {
            None => Flag::On,
            Some(value) if value.text().is_some() => Flag::On,
            Some(value) if value.truth() == Some(false) => Flag::Off,
            Some(value) if value.atoms().iter().all(Atom::is_nothing) => Flag::Off,
            Some(_) => Flag::Unknown,
        },
        path: path.map_or_else(|| Some(Ustr::from("/")), |path| path.text()),
        is_session: true,
    };
    host.effect(machine, EffectKind::SetCookie(cookie), span);
}

/// A setting that other modules than the settings in use have too may be one of production, whose settings these are
/// not.
fn flag(host: &ModelHost, machine: &mut Machine<'_>, name: &str, without: Flag) -> Flag {
    if let Some(value) = setting(host, machine, name) {
        return tools::flag(host, machine, Some(&value));
    }
    let name = Ustr::from(name);
    let is_elsewhere = machine
        .program
        .iter()
        .any(|(_, module)| module.declared.contains(&name));
    match is_elsewhere {
        true => Flag::Unknown,
        false => without,
    }
}
