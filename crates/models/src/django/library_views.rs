//! Views that libraries bring whole: those of `django.contrib.auth`, of tokens, and of account packages.
//!
//! Sources: django 5.2 `contrib/auth/views.py`; djangorestframework 3.16 `authtoken/views.py`;
//! djangorestframework-simplejwt 5.5 `views.py`; dj-rest-auth 7.0 `views.py`; django-allauth 65 `account/views.py`.

use firedoor_app::{
    EffectKind, Field, IssueToken, Operation, Origin, Provenance, RequestPart, SendChannel,
    SessionOperation, TokenKind,
};
use firedoor_eval::{Machine, Properties, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{libraries, project, response, signed_tokens, users};
use crate::ModelHost;
use crate::python_records::{Key, access, asset_of, find, note};
use crate::python_support::{last_name, literal, send, value_from};

/// What a view of a library does when a form is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    LogIn,
    LogOut,
    SignUp,
    ChangePassword,
    MailReset,
    Reset,
    Token,
    Refresh,
    Verify,
    Read,
}

/// The packages whose views are known. `rest_framework` is also how its extensions for tokens begin.
const PACKAGES: &[&str] = &[
    "py:django.",
    "py:rest_framework",
    "py:dj_rest_auth.",
    "py:allauth.",
];

fn does(path: &str) -> Option<Does> {
    if !PACKAGES.iter().any(|package| path.starts_with(package)) {
        return None;
    }
    Some(match last_name(path) {
        "LoginView" | "login" => Does::LogIn,
        "ObtainAuthToken"
        | "TokenObtainPairView"
        | "TokenObtainSlidingView"
        | "ObtainExpiringAuthToken" => Does::Token,
        "TokenRefreshView" | "TokenRefreshSlidingView" => Does::Refresh,
        "TokenVerifyView" | "TokenBlacklistView" => Does::Verify,
        "LogoutView" | "logout" | "logout_then_login" => Does::LogOut,
        "RegisterView" | "SignupView" => Does::SignUp,
        "PasswordChangeView" => Does::ChangePassword,
        "PasswordResetView" => Does::MailReset,
        "PasswordResetConfirmView" | "PasswordResetFromKeyView" => Does::Reset,
        "TemplateView"
        | "RedirectView"
        | "PasswordChangeDoneView"
        | "PasswordResetDoneView"
        | "PasswordResetCompleteView"
        | "UserDetailsView"
        | "EmailView"
        | "APIRootView" => Does::Read,
        _ => return None,
    })
}

/// Holds if a view of a library answers a method.
pub(crate) fn answers(path: &str, method: &str) -> bool {
    let is_api = path.starts_with("py:rest_framework") || path.starts_with("py:dj_rest_auth.");
    let is_account = path.starts_with("py:allauth.");
    if !is_api && !is_account {
        return false;
    }
    match does(path) {
        Some(Does::Read) => method == "get",
        Some(_) => method == "post" || (is_account && method == "get"),
        None => false,
    }
}

/// Runs a view of a library.
pub(crate) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: &Value,
    options: &Properties,
    method: &str,
    span: Span,
) -> Result<Value, Stop> {
    let path = class.as_outside().unwrap_or_default();
    let Some(does) = does(&path) else {
        return Ok(Value::null());
    };
    if method == "get" || does == Does::Read {
        if let Some(url) = options
            .get(&Ustr::from("url"))
            .filter(|_| path.ends_with("RedirectView"))
        {
            return Ok(response::send_to(host, machine, url, span));
        }
        if does == Does::ChangePassword {
            require_user(host, machine, span)?;
        }
        response::answer(host, machine, Some(200), &Value::null(), span);
        return Ok(Value::null());
    }
    if path.starts_with("py:allauth.") || path.starts_with("py:dj_rest_auth.") {
        limits(host, machine, does, span)?;
    }
    match does {
        Does::LogIn | Does::Token => log_in(host, machine, does == Does::Token, span)?,
        Does::LogOut => {
            let kind = EffectKind::Session(SessionOperation::Destroy, None);
            host.effect(machine, kind, span);
        }
        Does::SignUp => sign_up(host, machine, span),
        Does::ChangePassword => {
            require_user(host, machine, span)?;
            change_password(host, machine, "old_password", span);
        }
        Does::MailReset => mail_reset(host, machine, span),
        Does::Reset => reset(host, machine, span)?,
        Does::Refresh => issue(host, machine, span),
        Does::Verify | Does::Read => {}
    }
    response::answer(host, machine, Some(200), &Value::null(), span);
    Ok(Value::null())
}

/// allauth counts by itself. Source: django-allauth 65, `account/app_settings.py`, `RATE_LIMITS`.
fn limits(host: &ModelHost, machine: &mut Machine<'_>, does: Does, span: Span) -> Result<(), Stop> {
    let given = project::setting(host, machine, "ACCOUNT_RATE_LIMITS");
    let is_off = given.as_ref().and_then(Value::truth) == Some(false)
        && given
            .as_ref()
            .is_some_and(|given| given.only_object().is_none());
    if is_off {
        return Ok(());
    }
    let (limit, window) = match does {
        Does::LogIn => (30, 60),
        Does::SignUp | Does::MailReset | Does::Reset => (20, 60),
        Does::ChangePassword => (5, 60),
        _ => return Ok(()),
    };
    let numbers = (Some(limit), Some(window));
    libraries::throttled(host, machine, numbers, Default::default(), span);
    let test = machine.tested(TestKind::Attempts, None, &[], span);
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            host.refuse(machine, firedoor_app::Refusal::Status(429), span);
            Err(Stop::Throw)
        },
    )
}

fn body(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    host.request_value(machine, RequestPart::Body, name)
        .shaped(Shape::String)
}

fn require_user(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Result<(), Stop> {
    let request = super::run::current(host).map_or_else(Value::null, Value::object);
    let test = users::is_authenticated(host, machine, &request, span)?;
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            response::send_to_login(host, machine, span);
            Err(Stop::Throw)
        },
    )
}

fn log_in(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    gives_token: bool,
    span: Span,
) -> Result<(), Stop> {
    let class = users::class(host, machine);
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let username = body(host, machine, "username");
    let given = body(host, machine, "password");
    let mut key = Key::default();
    key.add(host, machine, "username", "=", &username);
    let mut read = access(host, Operation::Read, asset);
    read.key.clone_from(&key.fields);
    note(host, machine, read, span);
    find(host, machine, class, &key, span);
    let origin = Origin::Record {
        asset,
        field: Ustr::from("password"),
        of_principal: false,
    };
    let expected = value_from(host, machine, Shape::String, origin);
    let test = crate::python_support::compare_secret(
        host,
        machine,
        firedoor_app::ComparisonKind::Password,
        (&given, &expected),
        span,
    );
    machine.when(
        &test,
        span,
        |machine| {
            if gives_token {
                issue(host, machine, span);
                return Ok(());
            }
            for kind in [SessionOperation::Regenerate, SessionOperation::LogIn] {
                host.effect(machine, EffectKind::Session(kind, None), span);
            }
            super::session_cookie::note(host, machine, span);
            Ok(())
        },
        |machine| {
            host.refuse(machine, firedoor_app::Refusal::Status(400), span);
            Err(Stop::Throw)
        },
    )
}

/// Notes that a token is made. Source: simplejwt 5.5 `settings.py`: five minutes for access tokens.
pub(crate) fn issue(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    let secret = signed_tokens::key(host, machine, "SIGNING_KEY");
    let secret = host.deep_provenance(machine, &secret);
    let algorithm = signed_tokens::algorithm(host, machine);
    let issued = IssueToken {
        kind: TokenKind::Jwt,
        secret,
        algorithm: Some(algorithm),
        expires: Some(Provenance::new([Origin::Clock])),
        claims: vec![literal("token_type", "access")],
    };
    host.effect(machine, EffectKind::Issue(issued), span);
}

fn sign_up(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    let class = users::class(host, machine);
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let mut done = access(host, Operation::Create, asset);
    for name in ["username", "email", "password"] {
        let value = body(host, machine, name);
        let mut value = host.deep_provenance(machine, &value);
        if name == "password" {
            host.effect(machine, EffectKind::HashPassword(value.clone()), span);
            value = value.union(&Provenance::new([Origin::Digest]));
        }
        done.values.push(Field {
            name: Ustr::from(name),
            value,
            operator: "=",
        });
    }
    note(host, machine, done, span);
}

fn change_password(host: &ModelHost, machine: &mut Machine<'_>, old: &str, span: Span) {
    let class = users::class(host, machine);
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let mut done = access(host, Operation::Update, asset);
    let by = value_from(
        host,
        machine,
        Shape::Any,
        Origin::Principal(Ustr::from("id")),
    );
    done.key.push(Field {
        name: Ustr::from("id"),
        value: host.deep_provenance(machine, &by),
        operator: "=",
    });
    if !old.is_empty() {
        let given = body(host, machine, old);
        let origin = Origin::Record {
            asset,
            field: Ustr::from("password"),
            of_principal: true,
        };
        let expected = value_from(host, machine, Shape::String, origin);
        crate::python_support::compare_secret(
            host,
            machine,
            firedoor_app::ComparisonKind::Password,
            (&given, &expected),
            span,
        );
    }
    let new = body(host, machine, "new_password1");
    let new = host.deep_provenance(machine, &new);
    host.effect(machine, EffectKind::HashPassword(new.clone()), span);
    done.values.push(Field {
        name: Ustr::from("password"),
        value: new.union(&Provenance::new([Origin::Digest])),
        operator: "=",
    });
    note(host, machine, done, span);
    // Sessions of the old password end with it; the caller's own goes on.
    let kind = EffectKind::Session(SessionOperation::Regenerate, None);
    host.effect(machine, kind, span);
}

fn mail_reset(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    let to = body(host, machine, "email");
    let token = value_from(host, machine, Shape::String, Origin::Signature);
    let content = [("token", token)];
    send(host, machine, SendChannel::Mail, &to, &content, span);
}

/// The link of a reset proves itself and ends once the password has changed.
fn reset(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Result<(), Stop> {
    let token = host.request_value(machine, RequestPart::Path, "token");
    let outcome = match host.persona() {
        crate::Persona::Attacker => Some(false),
        _ => None,
    };
    let test = machine.tested(TestKind::Proof, outcome, &[&token], span);
    machine.when(
        &test,
        span,
        |machine| {
            change_password(host, machine, "", span);
            Ok(())
        },
        |machine| {
            host.refuse(machine, firedoor_app::Refusal::Status(400), span);
            Err(Stop::Throw)
        },
    )
}
