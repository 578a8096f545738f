//! x
use crate::Model;
/// m
pub static MODEL: Model = Model { name: "socketio", ..Model::EMPTY };
