//! Parts of requests as values, and what outside code is given of the application.

use firedoor_app::{Origin, RequestPart};
use firedoor_eval::{Call, Machine, ObjectId, Value};
use ustr::Ustr;

use crate::{ModelHost, Persona};

impl ModelHost {
    /// Returns a part of the request: unknown, with where it comes from. A part that carries credentials
    /// may be missing, and reading it is noted.
    pub fn request_value(
        &self,
        machine: &mut Machine<'_>,
        part: RequestPart,
        field: &str,
    ) -> Value {
        use firedoor_eval::{Atom, Shape};
        let origin = Origin::Request(part, Ustr::from(field));
        let origins = self.origin(machine, origin.clone());
        let value = match part {
            RequestPart::Header | RequestPart::Cookie | RequestPart::Handshake => {
                self.reads(origin);
                Value::atoms_of([Atom::Undefined, Atom::Unknown(Shape::String)])
            }
            RequestPart::Path | RequestPart::Address | RequestPart::Line => {
                Value::unknown(Shape::String)
            }
            RequestPart::Session => {
                self.reads(origin);
                match self.persona() {
                    Persona::Attacker => Value::undefined(),
                    _ => Value::atoms_of([Atom::Undefined, Atom::Unknown(Shape::Any)]),
                }
            }
            RequestPart::Context => match self.persona() {
                Persona::Attacker => Value::undefined(),
                _ => Value::unknown(Shape::Any),
            },
            RequestPart::Body | RequestPart::Query | RequestPart::Message | RequestPart::File => {
                Value::unknown(Shape::Any)
            }
        };
        value.with_origins(origins)
    }

    /// A router that outside code is given may be served by it, or mounted in ways that are not known.
    pub(crate) fn note_escape(&self, machine: &Machine<'_>, call: &Call<'_>) {
        let mut state = self.state();
        if state.routers.is_empty() || state.persona != Persona::Wiring {
            return;
        }
        if let Some(receiver) = call.receiver.filter(|id| state.routers.contains_key(id)) {
            if call.path.ends_with(".listen") {
                state.escaped.insert(receiver);
            }
            return;
        }
        for argument in call.arguments.all() {
            for id in argument.objects() {
                let within = machine.heap.get(id).properties.values();
                let within: Vec<ObjectId> = within.flat_map(Value::objects).collect();
                for id in within.into_iter().chain([id]) {
                    if state.routers.contains_key(&id) {
                        state.escaped.insert(id);
                    }
                }
            }
        }
    }
}
