//! Tables as text, written into an answer or into a buffer: `csv.writer(file)`, `io.StringIO`.
//!
//! What is written into an answer is told, and what a buffer holds comes from all that was written into it. Source: the
//! library reference of Python 3.13, `csv` and `io`.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use ustr::Ustr;

use crate::django::response;
use crate::python_support::{argument, keep, kept, last_name};
use crate::{Model, ModelHost};

const BUFFER: &str = "py:io.StringIO()";
/// Where a buffer keeps what was written into it.
const WRITTEN: &str = "$written";

/// The model.
pub static MODEL: Model = Model {
    name: "python_standard",
    calls: &[
        ("py:csv.writer", keep),
        ("py:csv.writer().writerow", write_row),
        ("py:csv.writer().writerows", write_row),
        ("py:csv.DictWriter", keep),
        (
            "py:csv.DictWriter().writeheader",
            crate::python_support::nothing,
        ),
        ("py:csv.DictWriter().writerow", write_row),
        ("py:csv.DictWriter().writerows", write_row),
        ("py:io.StringIO", buffer),
        ("py:io.StringIO().write", write),
        ("py:io.StringIO().getvalue", held),
        ("py:io.StringIO().read", held),
        ("py:io.StringIO().seek", crate::python_support::nothing),
        ("py:io.StringIO().close", crate::python_support::nothing),
        ("django:response.write", write_into_answer),
        ("django:response.writelines", write_into_answer),
    ],
    ..Model::EMPTY
};

/// `writer.writerow(row)`: the text goes where the writer was told, and what that gives for it is the answer.
fn write_row(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut row = call.arguments.get(0);
    if last_name(&call.path) == "writerows" {
        row = machine.element_of_open(&row);
    }
    let names = ["f", "csvfile", "fileobj"];
    let file = names
        .iter()
        .find_map(|name| kept(machine, call.receiver, 0, name));
    let text = machine.derived(Shape::String, [&row]);
    for id in file.iter().flat_map(Value::objects).collect::<Vec<_>>() {
        put(host, machine, id, &row, call);
    }
    Ok(Some(text))
}

/// Writes a value into an answer or a buffer.
fn put(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    file: ObjectId,
    value: &Value,
    call: &Call<'_>,
) {
    let ObjectKind::Host(path) = machine.heap.get(file).kind else {
        return;
    };
    if path == response::RESPONSE {
        let status = status_of(machine, file);
        response::answer(host, machine, status, value, call.span);
    } else if path == BUFFER {
        let key = Ustr::from(WRITTEN);
        let text = machine.derived(Shape::String, [value]);
        let all = match machine.heap.property(file, key).cloned() {
            Some(before) => machine.join(before, &text),
            None => text,
        };
        machine.heap.set_property(file, key, all);
    }
}

/// The status that the answer has got so far.
fn status_of(machine: &Machine<'_>, response: ObjectId) -> Option<u16> {
    let status = machine.heap.property(response, Ustr::from("status_code"));
    crate::tools::status_number(status)
}

/// `io.StringIO(text)`.
fn buffer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, BUFFER, call.span);
    let first = argument(call, 0, "initial_value");
    machine.heap.set_property(id, Ustr::from(WRITTEN), first);
    Ok(Some(Value::object(id)))
}

fn write(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        put(host, machine, id, &call.arguments.get(0), call);
    }
    Ok(Some(Value::unknown(Shape::Number)))
}

fn held(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let held = call
        .receiver
        .and_then(|id| machine.heap.property(id, Ustr::from(WRITTEN)).cloned());
    Ok(held.map(|held| machine.derived(Shape::String, [&held])))
}

/// `response.write(text)`.
fn write_into_answer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let text = call.arguments.get(0);
    let status = call.receiver.and_then(|id| status_of(machine, id));
    response::answer(host, machine, status, &text, call.span);
    Ok(Some(Value::null()))
}
