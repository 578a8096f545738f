//! Libraries for dates: what they make of no argument is the time, and what they compare is held against it.
//!
//! Sources: moment 2.30 and moment-timezone 0.5 (`src/lib/moment/compare.js`), dayjs 1.11 (`src/index.js`), date-fns 2.30
//! and 4.1 (`isAfter`, `isBefore`, `isPast`, `isFuture`, `compareAsc`), luxon 3.4 (`src/datetime.js`).

use firedoor_app::Origin;
use firedoor_eval::{Answer, Call, Machine, Shape, TestKind, Value};
use firedoor_ir::BinaryOperator as Op;

use crate::tools::{instant_of, unknown_of};
use crate::{Model, ModelHost};

/// A date of moment, dayjs or luxon.
const DATE: &str = "npm:moment()";

/// The model.
pub static MODEL: Model = Model {
    name: "dates",
    calls: &[
        ("npm:moment", made),
        ("npm:moment.utc", made),
        ("npm:moment.unix", made),
        ("npm:moment.tz", made),
        ("npm:moment().*", part_of),
        ("npm:moment().isAfter", is_after),
        ("npm:moment().isSameOrAfter", is_same_or_after),
        ("npm:moment().isBefore", is_before),
        ("npm:moment().isSameOrBefore", is_same_or_before),
        ("npm:moment().add", moved),
        ("npm:moment().subtract", moved),
        ("npm:moment().plus", moved),
        ("npm:moment().minus", moved),
        ("npm:moment().clone", moved),
        ("npm:moment().startOf", moved),
        ("npm:moment().endOf", moved),
        ("npm:moment().set", moved),
        ("npm:moment().utc", moved),
        ("npm:moment().local", moved),
        ("npm:moment().tz", moved),
        ("npm:moment().toUTC", moved),
        ("npm:luxon.DateTime.now", now),
        ("npm:luxon.DateTime.utc", made),
        ("npm:luxon.DateTime.local", made),
        ("npm:luxon.DateTime.fromISO", made),
        ("npm:luxon.DateTime.fromJSDate", made),
        ("npm:luxon.DateTime.fromMillis", made),
        ("npm:luxon.DateTime.fromSeconds", made),
        ("npm:date-fns.isAfter", first_is_after),
        ("npm:date-fns.isBefore", first_is_before),
        ("npm:date-fns.isPast", is_past),
        ("npm:date-fns.isFuture", is_future),
        ("npm:date-fns.compareAsc", worked_out),
        ("npm:date-fns.compareDesc", worked_out),
        ("npm:date-fns.differenceInSeconds", worked_out),
        ("npm:date-fns.differenceInMinutes", worked_out),
        ("npm:date-fns.differenceInHours", worked_out),
        ("npm:date-fns.differenceInDays", worked_out),
        ("npm:date-fns.differenceInMilliseconds", worked_out),
        ("npm:date-fns.addSeconds", worked_out),
        ("npm:date-fns.addMinutes", worked_out),
        ("npm:date-fns.addHours", worked_out),
        ("npm:date-fns.addDays", worked_out),
        ("npm:date-fns.subSeconds", worked_out),
        ("npm:date-fns.subMinutes", worked_out),
        ("npm:date-fns.subHours", worked_out),
        ("npm:date-fns.subDays", worked_out),
        ("npm:date-fns.getTime", worked_out),
        ("npm:date-fns.getUnixTime", worked_out),
    ],
    aliases: &[
        ("npm:moment.default", "npm:moment"),
        ("npm:moment-timezone", "npm:moment"),
        ("npm:moment-timezone.default", "npm:moment"),
        ("npm:moment-timezone.utc", "npm:moment.utc"),
        ("npm:moment-timezone.tz", "npm:moment.tz"),
        ("npm:dayjs", "npm:moment"),
        ("npm:dayjs.default", "npm:moment"),
        ("npm:dayjs.utc", "npm:moment.utc"),
        ("npm:dayjs.unix", "npm:moment.unix"),
    ],
    ..Model::EMPTY
};

/// `moment()` is the time, `moment(row.until)` what the row says.
fn made(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if call.arguments.positional.is_empty() {
        return now(host, machine, call);
    }
    let said = machine.derived(Shape::Object, call.arguments.all());
    Ok(Some(date_of(&said)))
}

fn now(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let time = unknown_of(host, machine, Shape::Object, Origin::Clock);
    Ok(Some(date_of(&time)))
}

fn date_of(said: &Value) -> Value {
    let mut date = Value::outside(DATE).with_origins(said.origins);
    date.control = said.control;
    date
}

/// Another date, that much earlier or later.
fn moved(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = std::iter::once(&call.this).chain(call.arguments.all());
    let said = machine.derived(Shape::Object, parts);
    Ok(Some(date_of(&said)))
}

/// `date.toDate()`, `date.unix()`, `date.diff(other)` and all the rest.
fn part_of(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = std::iter::once(&call.this).chain(call.arguments.all());
    Ok(Some(machine.derived(Shape::Any, parts)))
}

fn worked_out(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::Any, call.arguments.all())))
}

fn is_after(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    compared(host, machine, call, Op::Greater)
}

fn is_same_or_after(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    compared(host, machine, call, Op::GreaterEqual)
}

fn is_before(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    compared(host, machine, call, Op::Less)
}

fn is_same_or_before(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    compared(host, machine, call, Op::LessEqual)
}

/// `date.isAfter(other)`.
fn compared(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, order: Op) -> Answer {
    let other = call.arguments.positional.first().cloned();
    held_against(host, machine, call, (call.this.clone(), order, other))
}

fn first_is_after(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    ordered(host, machine, call, Op::Greater)
}

fn first_is_before(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    ordered(host, machine, call, Op::Less)
}

/// `isAfter(date, other)`.
fn ordered(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, order: Op) -> Answer {
    let (first, second) = (call.arguments.get(0), call.arguments.get(1));
    held_against(host, machine, call, (first, order, Some(second)))
}

fn is_past(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    held_against(host, machine, call, (call.arguments.get(0), Op::Less, None))
}

fn is_future(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let date = call.arguments.get(0);
    held_against(host, machine, call, (date, Op::Greater, None))
}

/// Holds a date against another one, or against the time if none is given.
fn held_against(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    (date, order, other): (Value, Op, Option<Value>),
) -> Answer {
    let other = other.unwrap_or_else(|| instant_of(host, machine));
    let kind = TestKind::Order(order);
    Ok(Some(machine.tested(
        kind,
        None,
        &[&date, &other],
        call.span,
    )))
}
