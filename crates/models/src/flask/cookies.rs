//! Cookies that answers set, by themselves and for tokens.

use firedoor_app::{EffectKind, Flag, SetCookie};
use firedoor_eval::{Answer, Call, Machine, Value};
use ustr::Ustr;

use super::jwt::setting;
use crate::ModelHost;
use crate::python_support::argument;

pub(super) fn flag(value: Option<&Value>) -> Flag {
    match value.map(Value::truth) {
        None => Flag::Default,
        Some(Some(true)) => Flag::On,
        Some(Some(false)) => Flag::Off,
        Some(None) => Flag::Unknown,
    }
}

/// `set_cookie(key, value, max_age, expires, path, domain, secure, httponly, samesite)`: none of the flags
/// unless it says so (werkzeug 3.1, `sansio/response.py`).
pub(super) fn set_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let find = |index: usize, name: &str| call.arguments.find(index, name);
    let value = find(1, "value").cloned();
    let same_site = find(8, "samesite");
    let condition = |flag: Flag, value: Option<&Value>| match (flag, value) {
        (Flag::Unknown, Some(value)) => crate::tools::flag(host, machine, Some(value)),
        (flag, _) => flag,
    };
    let secure = condition(flag(find(6, "secure")), find(6, "secure"));
    let secure = crate::cookies::as_requested(host, machine, secure, find(6, "secure"));
    let http_only = condition(flag(find(7, "httponly")), find(7, "httponly"));
    let cookie = SetCookie {
        name: find(0, "key").and_then(Value::text),
        value: host.deep_provenance(machine, &value.unwrap_or_else(|| Value::string(""))),
        http_only,
        secure,
        same_site: same_site
            .and_then(Value::text)
            .map(|text| Ustr::from(&text.to_ascii_lowercase())),
        same_site_flag: match same_site {
            None => Flag::Default,
            Some(value) if value.is_nothing() => Flag::Off,
            Some(value) if value.text().is_some() => Flag::On,
            Some(_) => Flag::Unknown,
        },
        path: find(4, "path").and_then(Value::text),
        is_session: false,
    };
    host.effect(machine, EffectKind::SetCookie(cookie), call.span);
    Ok(Some(Value::null()))
}

pub(super) fn delete_cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let name = call.arguments.find(0, "key").and_then(Value::text);
    host.effect(machine, EffectKind::ClearCookie(name), call.span);
    Ok(Some(Value::null()))
}

pub(super) fn set_cookies(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let kind = if call.path.contains("refresh") {
        "refresh"
    } else {
        "access"
    };
    let set = format!("JWT_{}_COOKIE_NAME", kind.to_ascii_uppercase());
    let name = setting(host, machine, &set).and_then(|name| name.text());
    let secure = setting(host, machine, "JWT_COOKIE_SECURE");
    let same_site = setting(host, machine, "JWT_COOKIE_SAMESITE");
    let token = argument(call, 1, "encoded_access_token");
    let cookie = SetCookie {
        name: Some(name.unwrap_or_else(|| Ustr::from(&format!("{kind}_token_cookie")))),
        value: host.deep_provenance(machine, &token),
        http_only: Flag::On,
        secure: crate::tools::flag(host, machine, secure.as_ref()),
        same_site: same_site
            .as_ref()
            .and_then(Value::text)
            .map(|text| Ustr::from(&text.to_ascii_lowercase())),
        same_site_flag: match &same_site {
            None => Flag::Default,
            Some(value) if value.text().is_some() => Flag::On,
            Some(_) => Flag::Unknown,
        },
        path: Some(Ustr::from("/")),
        is_session: false,
    };
    host.effect(machine, EffectKind::SetCookie(cookie), call.span);
    Ok(Some(Value::null()))
}

pub(super) fn unset_cookies(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let name = Some(Ustr::from("access_token_cookie"));
    host.effect(machine, EffectKind::ClearCookie(name), call.span);
    Ok(Some(Value::null()))
}
