//! Views that libraries bring whole: those of `django.contrib.auth`.

use firedoor_eval::{Machine, Properties, Stop, Value};
use firedoor_source::Span;

use crate::ModelHost;

/// Runs a view of a library.
pub(crate) fn run(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _class: &Value,
    _options: &Properties,
    _method: &str,
    _span: Span,
) -> Result<Value, Stop> {
    Ok(Value::null())
}

/// Holds if a view of a library answers a method.
pub(crate) fn answers(path: &str, method: &str) -> bool {
    let _ = (path, method);
    false
}
