//! Exceptions of Nest, and the statuses that they are answered with.
//!
//! Source: @nestjs/common 11.1, `exceptions/`; anything else is a 500 (`base-exception-filter.ts`).

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::tools::last_part;

const STATUSES: &[(&str, u16)] = &[
    ("BadRequestException", 400),
    ("UnauthorizedException", 401),
    ("ForbiddenException", 403),
    ("NotFoundException", 404),
    ("MethodNotAllowedException", 405),
    ("NotAcceptableException", 406),
    ("RequestTimeoutException", 408),
    ("ConflictException", 409),
    ("GoneException", 410),
    ("PreconditionFailedException", 412),
    ("PayloadTooLargeException", 413),
    ("UnsupportedMediaTypeException", 415),
    ("ImATeapotException", 418),
    ("MisdirectedException", 421),
    ("UnprocessableEntityException", 422),
    ("InternalServerErrorException", 500),
    ("NotImplementedException", 501),
    ("BadGatewayException", 502),
    ("ServiceUnavailableException", 503),
    ("GatewayTimeoutException", 504),
    ("HttpVersionNotSupportedException", 505),
    ("ThrottlerException", 429),
    ("WsException", 401),
];

const HTTP: &str = "npm:@nestjs/common.HttpException";

/// Every exception of Nest is an `HttpException`.
pub(super) const SUBCLASSES: &[(&str, &str)] = &[
    ("npm:@nestjs/common.BadRequestException", HTTP),
    ("npm:@nestjs/common.UnauthorizedException", HTTP),
    ("npm:@nestjs/common.ForbiddenException", HTTP),
    ("npm:@nestjs/common.NotFoundException", HTTP),
    ("npm:@nestjs/common.ConflictException", HTTP),
    ("npm:@nestjs/common.GoneException", HTTP),
    ("npm:@nestjs/common.UnprocessableEntityException", HTTP),
    ("npm:@nestjs/common.InternalServerErrorException", HTTP),
    ("npm:@nestjs/common.ServiceUnavailableException", HTTP),
    ("npm:@nestjs/throttler.ThrottlerException", HTTP),
    (HTTP, "js:Error"),
];

/// `new UnauthorizedException(message)`, `new HttpException(message, status)`.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    fill(machine, id, &call.path, &call.arguments.positional);
    Ok(Some(Value::object(id)))
}

/// The constructor of an exception that a class of the program inherits from.
pub(super) fn made(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        let path = machine.outside_base(id).unwrap_or(call.path);
        fill(machine, id, &path, &call.arguments.positional);
    }
    Ok(Some(call.this.clone()))
}

fn fill(machine: &mut Machine<'_>, id: ObjectId, path: &str, given: &[Value]) {
    let message = given.first().cloned().unwrap_or_else(Value::undefined);
    machine
        .heap
        .set_property(id, Ustr::from("message"), message.clone());
    machine
        .heap
        .set_property(id, Ustr::from("response"), message);
    let name = last_part(path.trim_end_matches("()"));
    let known = STATUSES.iter().find(|(known, _)| *known == name);
    let status = match known {
        Some((_, status)) => Value::number(f64::from(*status)),
        None => given.get(1).cloned().unwrap_or_else(Value::undefined),
    };
    machine.heap.set_property(id, Ustr::from("status"), status);
}

/// `getStatus()`, `getResponse()` and `message`.
pub(super) fn method(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = match last_part(&call.path) {
        "getStatus" => "status",
        "getResponse" | "getError" => "response",
        "initMessage" | "initName" => return Ok(Some(Value::undefined())),
        _ => return Ok(None),
    };
    let found = call
        .receiver
        .and_then(|id| machine.heap.property(id, Ustr::from(name)).cloned());
    Ok(Some(found.unwrap_or_else(Value::undefined)))
}

/// Makes an exception of `@nestjs/common` by its name.
pub(super) fn named(host: &ModelHost, machine: &mut Machine<'_>, name: &str, span: Span) -> Value {
    let path = format!("npm:@nestjs/common.{name}");
    let id = host.make_object(machine, &format!("{path}()"), span);
    fill(machine, id, &path, &[Value::string(name)]);
    Value::object(id)
}

/// `super.catch(exception, host)` of a filter answers as Nest itself does.
pub(super) fn answer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let status = status_of(host, machine, &call.arguments.get(0)).unwrap_or(500);
    host.refuse(machine, firedoor_app::Refusal::Status(status), call.span);
    Ok(Some(Value::undefined()))
}

/// What Nest answers an exception with that no filter takes.
pub(super) fn status_of(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    if let Some(status) = host.number_of(machine, value, &["status", "statusCode"]) {
        return Some(status);
    }
    let id = value.objects().next()?;
    let path = match machine.heap.get(id).kind {
        ObjectKind::Host(path) => path,
        _ => machine.outside_base(id)?,
    };
    let name = last_part(path.trim_end_matches("()"));
    let known = STATUSES.iter().find(|(known, _)| *known == name);
    Some(known.map_or(500, |(_, status)| *status))
}
