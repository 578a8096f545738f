//! Python's exceptions: their hierarchy, and the objects that are raised.

use ustr::Ustr;

use crate::python::Use;
use crate::{Machine, ObjectId, ObjectKind, Value};

/// Each exception with the one it inherits from.
const PARENTS: &[(&str, &str)] = &[
    ("Exception", "BaseException"),
    ("GeneratorExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("SystemExit", "BaseException"),
    ("CancelledError", "BaseException"),
    ("BaseExceptionGroup", "BaseException"),
    ("ExceptionGroup", "Exception"),
    ("ArithmeticError", "Exception"),
    ("FloatingPointError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("BufferError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("IOError", "OSError"),
    ("EnvironmentError", "OSError"),
    ("BlockingIOError", "OSError"),
    ("ChildProcessError", "OSError"),
    ("ConnectionError", "OSError"),
    ("BrokenPipeError", "ConnectionError"),
    ("ConnectionAbortedError", "ConnectionError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("FileExistsError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("InterruptedError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("NotADirectoryError", "OSError"),
    ("PermissionError", "OSError"),
    ("ProcessLookupError", "OSError"),
    ("TimeoutError", "OSError"),
    ("ReferenceError", "Exception"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("StopAsyncIteration", "Exception"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("IndentationError", "SyntaxError"),
    ("TabError", "IndentationError"),
    ("SystemError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("UnicodeTranslateError", "UnicodeError"),
    ("Warning", "Exception"),
    ("BytesWarning", "Warning"),
    ("DeprecationWarning", "Warning"),
    ("EncodingWarning", "Warning"),
    ("FutureWarning", "Warning"),
    ("ImportWarning", "Warning"),
    ("PendingDeprecationWarning", "Warning"),
    ("ResourceWarning", "Warning"),
    ("RuntimeWarning", "Warning"),
    ("SyntaxWarning", "Warning"),
    ("UnicodeWarning", "Warning"),
    ("UserWarning", "Warning"),
];

/// Exceptions of the library that are another name of one, or a kind of one.
const LIBRARY: &[(&str, &str)] = &[
    ("asyncio.TimeoutError", "TimeoutError"),
    ("asyncio.exceptions.TimeoutError", "TimeoutError"),
    ("asyncio.CancelledError", "CancelledError"),
    ("asyncio.exceptions.CancelledError", "CancelledError"),
    ("concurrent.futures.TimeoutError", "TimeoutError"),
    ("socket.timeout", "TimeoutError"),
    ("json.JSONDecodeError", "ValueError"),
    ("json.decoder.JSONDecodeError", "ValueError"),
    ("binascii.Error", "ValueError"),
    ("ssl.SSLError", "OSError"),
    ("zlib.error", "Exception"),
    ("asyncio.QueueEmpty", "Exception"),
    ("asyncio.QueueFull", "Exception"),
];

/// Returns what the built-in exception `name` inherits from.
pub(crate) fn parent(name: &str) -> Option<&'static str> {
    PARENTS
        .iter()
        .find(|(found, _)| *found == name)
        .map(|(_, parent)| *parent)
}

/// Returns the built-in exception that the class at `path` is or inherits from.
fn builtin_name(path: &str) -> Option<&str> {
    let path = path.strip_prefix("py:")?;
    if let Some(name) = path.strip_prefix("builtins.") {
        return (name == "BaseException" || parent(name).is_some()).then_some(name);
    }
    let found = LIBRARY.iter().find(|(found, _)| *found == path);
    found.map(|(_, name)| *name)
}

/// Returns whether the class `made` is a kind of `path`, as far as both belong to the language.
pub(crate) fn is_subclass(made: &str, path: &str) -> Option<bool> {
    let wanted = builtin_name(path)?;
    let mut name = builtin_name(made)?;
    let aliased = |name| match name {
        "IOError" | "EnvironmentError" => "OSError",
        other => other,
    };
    let is_exact_library = !path.starts_with("py:builtins.") && !path.ends_with("TimeoutError");
    if is_exact_library && made != path {
        return Some(false);
    }
    loop {
        if aliased(name) == aliased(wanted) {
            return Some(true);
        }
        match parent(name) {
            Some(next) => name = next,
            None => return Some(false),
        }
    }
}

/// Holds for the paths of exceptions that the language itself brings.
pub(crate) fn is_exception(path: &str) -> bool {
    builtin_name(path).is_some()
}

/// Makes an exception of the language; nothing if there is none of that name.
pub(crate) fn make(machine: &mut Machine<'_>, name: &str, call: &Use<'_>) -> Option<Value> {
    // Called on an instance it is what `super().__init__(...)` leads to.
    if name != "BaseException" && parent(name).is_none() {
        return None;
    }
    let elements = call.arguments.positional.clone();
    Some(machine.exception(name, elements, call.span))
}

impl Machine<'_> {
    /// Makes an exception of the language.
    pub(crate) fn exception(
        &mut self,
        name: &str,
        arguments: Vec<Value>,
        span: firedoor_source::Span,
    ) -> Value {
        let origins = self.origins_of(&arguments);
        let path = Ustr::from(&format!("py:builtins.{name}()"));
        let id = self.heap.allocate(ObjectKind::Host(path), span);
        self.heap.get_mut(id).elements = arguments;
        Value::object(id).with_origins(origins)
    }

    /// Keeps the arguments of an exception of the program, as `Exception.__init__` does.
    pub(crate) fn set_exception_arguments(&mut self, id: ObjectId, arguments: &[Value]) {
        let span = self.heap.get(id).span;
        let tuple = self.heap.allocate(ObjectKind::Tuple, span);
        self.heap.get_mut(tuple).elements = arguments.to_vec();
        self.heap
            .set_property(id, Ustr::from("args"), Value::object(tuple));
    }
}

/// Reads `args` and its like of an exception.
pub(crate) fn attribute(
    machine: &mut Machine<'_>,
    id: ObjectId,
    path: &str,
    key: Ustr,
) -> Option<Value> {
    if !is_exception(path.strip_suffix("()")?) {
        return None;
    }
    match key.as_str() {
        "args" => {
            let object = machine.heap.get(id);
            let (elements, span) = (object.elements.clone(), object.span);
            let tuple = machine.heap.allocate(ObjectKind::Tuple, span);
            machine.heap.get_mut(tuple).elements = elements;
            Some(Value::object(tuple))
        }
        "__cause__" | "__context__" | "__traceback__" => Some(Value::null()),
        _ => None,
    }
}

fn is_key_error(object: &crate::Object) -> bool {
    matches!(object.kind, ObjectKind::Host(path) if path == "py:builtins.KeyError()")
}

/// Returns what `str` of an exception says.
pub(crate) fn message(machine: &Machine<'_>, id: ObjectId) -> Option<Value> {
    let object = machine.heap.get(id);
    let arguments = match &object.kind {
        ObjectKind::Host(path) if is_exception(path.strip_suffix("()")?) => &object.elements,
        ObjectKind::Instance { .. } => {
            let tuple = machine
                .heap
                .property(id, Ustr::from("args"))?
                .only_object()?;
            let is_error = machine
                .outside_bases(id)
                .iter()
                .any(|base| is_exception(base));
            if !is_error {
                return None;
            }
            &machine.heap.get(tuple).elements
        }
        _ => return None,
    };
    match arguments.as_slice() {
        [] => Some(Value::string("")),
        // A key is shown as it is written.
        [message] if is_key_error(object) => message
            .text()
            .map(|text| Value::string(&format!("'{text}'"))),
        [message] => Some(message.clone()),
        _ => None,
    }
}
