//! What the evaluator asks about the outside: the face of models.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Machine, ObjectId, OriginSet, Shape, Stop, Value};

/// A call of outside code.
#[derive(Debug)]
pub struct Call<'a> {
    /// The API path of what is called: `npm:express.Router`, or a method of a host object or of an
    /// instance of an outside class, such as `npm:express().get`.
    pub path: Ustr,
    /// The host object or instance whose method it is.
    pub receiver: Option<ObjectId>,
    /// `this`; of a method the same as the receiver.
    pub this: Value,
    /// With what.
    pub arguments: &'a Arguments,
    /// Where.
    pub span: Span,
    /// Holds for `new`.
    pub is_new: bool,
}

/// What the outcome of a call is: `None` if the host knows nothing about it.
pub type Answer = Result<Option<Value>, Stop>;

/// Answers for outside code. All methods have defaults that know nothing.
#[allow(unused_variables, reason = "the names document the defaults")]
pub trait Host {
    /// Returns what an outside module is; the path is `npm:express` or `py:fastapi.security`.
    fn import(&self, machine: &mut Machine<'_>, path: Ustr) -> Option<Value> {
        None
    }

    /// Holds if outside code of this path is known to be a function.
    fn is_function(&self, path: &str) -> bool {
        false
    }

    /// Calls outside code.
    fn call(&self, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
        Ok(None)
    }

    /// Reads a member of something outside; the path is that of the member.
    fn outside_member(&self, machine: &mut Machine<'_>, path: Ustr) -> Option<Value> {
        None
    }

    /// Reads a member that a host object, or an instance of a class that inherits from outside, does not
    /// have itself; the path is that of the member.
    fn member(
        &self,
        machine: &mut Machine<'_>,
        object: ObjectId,
        path: Ustr,
        key: Ustr,
        span: Span,
    ) -> Option<Value> {
        None
    }

    /// Reads what a member of an object would be if the program had written nothing there, for objects that stand for
    /// something stored.
    fn unwritten(&self, machine: &mut Machine<'_>, object: ObjectId, key: Ustr) -> Option<Value> {
        None
    }

    /// Returns the text that an object of the outside is made into (or an instance of a class that inherits from
    /// outside), if that is known.
    fn text_of(&self, machine: &mut Machine<'_>, object: ObjectId, span: Span) -> Answer {
        Ok(None)
    }

    /// Is told that a member of a host object (or of an instance of a class that inherits from outside)
    /// is written; returns whether it has taken care of it.
    fn set_member(
        &self,
        machine: &mut Machine<'_>,
        object: ObjectId,
        path: Ustr,
        key: Ustr,
        value: &Value,
        span: Span,
    ) -> bool {
        false
    }

    /// Reads an element of a host object or of something outside by a computed key.
    fn index(
        &self,
        machine: &mut Machine<'_>,
        object: &Value,
        key: &Value,
        span: Span,
    ) -> Option<Value> {
        None
    }

    /// Returns the chance that is in a key which picks one of several constants: what it picks is as random.
    fn chance_of(&self, machine: &mut Machine<'_>, key: &Value) -> OriginSet {
        OriginSet::EMPTY
    }

    /// Returns what is taken out of a list at a place that is not known; `element` is whatever may be there.
    fn picked(&self, machine: &mut Machine<'_>, key: &Value, element: Value) -> Value {
        element
    }

    /// Returns where a member of an unknown value comes from.
    fn member_origins(
        &self,
        machine: &mut Machine<'_>,
        origins: OriginSet,
        key: Ustr,
    ) -> OriginSet {
        origins
    }

    /// Is told that an element of a host object (or of an instance of a class that inherits from outside)
    /// is written by an unknown key.
    fn set_index(
        &self,
        machine: &mut Machine<'_>,
        object: ObjectId,
        path: Ustr,
        key: &Value,
        value: &Value,
        span: Span,
    ) {
    }

    /// Is told that a member of something outside is written (`module.setting = value`).
    fn outside_set(
        &self,
        machine: &mut Machine<'_>,
        path: Ustr,
        key: Ustr,
        value: &Value,
        span: Span,
    ) {
    }

    /// Decides an equality that the values alone leave open.
    fn equal(&self, machine: &mut Machine<'_>, left: &Value, right: &Value) -> Option<bool> {
        None
    }

    /// Combines outside values with an operator that a language lets libraries define (`User.id == 3`).
    fn operator(
        &self,
        machine: &mut Machine<'_>,
        operator: firedoor_ir::BinaryOperator,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Option<Value> {
        None
    }

    /// Is told that a class of the program that inherits from outside, or has decorators, was made.
    fn class_made(&self, machine: &mut Machine<'_>, class: ObjectId, span: Span) {}

    /// Makes an instance of a class that inherits from outside; `instance` has no properties yet, and
    /// the program's own constructor, if any, runs unless the host answers `true`.
    fn instance_made(
        &self,
        machine: &mut Machine<'_>,
        class: ObjectId,
        instance: ObjectId,
        arguments: &Arguments,
        span: Span,
    ) -> Result<bool, Stop> {
        Ok(false)
    }

    /// Is told that the constructor of an outside class is called for an instance of a class of the program
    /// that inherits from it, by `super(...)` or for want of a constructor of its own.
    fn super_called(
        &self,
        machine: &mut Machine<'_>,
        base: Ustr,
        instance: ObjectId,
        arguments: &Arguments,
        span: Span,
    ) {
    }

    /// Reads an element that the container made while wiring does not show: an empty map, list or
    /// dictionary that requests fill.
    fn stored(
        &self,
        machine: &mut Machine<'_>,
        store: ObjectId,
        key: Option<&Value>,
        span: Span,
    ) -> Option<Value> {
        None
    }

    /// Is told that such a container is changed for a request.
    fn store_changed(
        &self,
        machine: &mut Machine<'_>,
        store: ObjectId,
        operation: StoreOperation,
        key: Option<&Value>,
        value: Option<&Value>,
        span: Span,
    ) {
    }

    /// Is told that a value is added to a set, list or table that a request has made.
    fn added(&self, machine: &mut Machine<'_>, set: ObjectId, value: &Value, span: Span) {}

    /// Is told that a value of the program is compared with constants, or is the key into a table: how
    /// messages are told apart.
    fn compared(&self, machine: &mut Machine<'_>, value: &Value, constants: &[Ustr], span: Span) {}

    /// Returns what an unknown value with these origins is after all: a host that sends a chosen message
    /// knows the field that messages are told apart by.
    fn chosen(&self, machine: &mut Machine<'_>, origins: OriginSet) -> Option<Value> {
        None
    }

    /// Holds if values with these origins are one and the same object, such as the body of a request.
    fn is_one(&self, machine: &Machine<'_>, origins: OriginSet) -> bool {
        false
    }

    /// Holds if texts with these origins are never empty, since chance alone makes them.
    fn is_never_empty(&self, machine: &Machine<'_>, origins: OriginSet) -> bool {
        false
    }

    /// Is told that something is thrown that nobody in the program catches.
    fn uncaught(&self, machine: &mut Machine<'_>, thrown: &crate::Thrown) {}

    /// Returns what waiting for a host object gives.
    fn awaited(&self, machine: &mut Machine<'_>, object: ObjectId) -> Answer {
        Ok(None)
    }

    /// Is told that a method of an unknown value is called, or that something is put into it under a key (`set`).
    fn method_called(
        &self,
        machine: &mut Machine<'_>,
        receiver: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) {
    }

    /// Returns where the result of a method of an unknown value comes from; `all` are the origins of the
    /// value and the arguments.
    fn method_origins(
        &self,
        machine: &mut Machine<'_>,
        receiver: OriginSet,
        all: OriginSet,
        name: Ustr,
    ) -> OriginSet {
        all
    }

    /// Reads an attribute of a class that inherits from outside, or of an instance of one, which has `value`
    /// in the program: a library may show something else (`User.id` is a column expression, `user.id` what
    /// the row holds).
    fn class_attribute(
        &self,
        machine: &mut Machine<'_>,
        class: ObjectId,
        key: Ustr,
        value: &Value,
        span: Span,
    ) -> Option<Value> {
        None
    }

    /// Holds if what comes from these places is plain data: texts, numbers and objects without a class, since it was
    /// sent or stored as such.
    fn is_data(&self, machine: &Machine<'_>, origins: OriginSet) -> bool {
        false
    }

    /// Returns whether the outside class `made` is a kind of the outside class `path`, if that is known.
    fn is_subclass(&self, made: &str, path: &str) -> Option<bool> {
        None
    }

    /// Returns whether an outside class has a member of this name itself, so that it hides those of classes behind it in
    /// the bases, or whether neither it nor what it inherits from has one, if that is known.
    fn defines(&self, path: &str, key: &str) -> Option<bool> {
        None
    }

    /// Returns the words for a place that values come from, by its number, for people.
    fn origin_name(&self, number: u32) -> String {
        format!("host {number}")
    }

    /// Names the shape of what unknown outside code returns.
    fn shape_of(&self, path: Ustr) -> Shape {
        Shape::Any
    }
}

/// What is done to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOperation {
    /// Something is added or replaced.
    Set,
    /// Something is removed.
    Remove,
}

/// A host that knows nothing.
#[derive(Debug)]
pub struct NoHost;

impl Host for NoHost {}
