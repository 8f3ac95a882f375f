//! The messages of OTLP as data: JSON key, field number and type of every field.

mod common;
mod logs;
mod metrics;
mod trace;

pub(super) use trace::SPAN;

use super::Signal;

/// How deep messages may nest. Leaves room for attributes as deep as [`walk`](super::walk) accepts them.
pub(super) const MAX_DEPTH: usize = 90;

pub(super) struct Message {
    pub(super) fields: &'static [Field],
    /// The field that takes text which another field should have had as a number, in the message that has one.
    pub(super) text: Option<u32>,
}

pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) repeated: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Text,
    Base64,
    Hex,
    Bool,
    Int64,
    UInt32,
    UInt64,
    /// Protobuf's `sint32`: small also when negative.
    SInt32,
    Fixed64,
    SFixed64,
    Fixed32,
    Double,
    /// The names of its numbers, from 0.
    Enum(&'static [&'static str]),
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Scalar(Scalar),
    /// A function, because messages refer to each other in circles.
    Message(fn() -> &'static Message),
}

/// The request that carries a signal.
pub(super) fn request(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &trace::REQUEST,
        Signal::Logs => &logs::REQUEST,
        Signal::Metrics => &metrics::REQUEST,
    }
}

impl Scalar {
    pub(super) fn expectation(self) -> &'static str {
        match self {
            Self::Text => "expected text",
            Self::Base64 => "expected base64",
            Self::Hex => "expected hex digits",
            Self::Bool => "expected a truth value",
            Self::Int64 | Self::SFixed64 => "expected a whole number of 64 bits",
            Self::UInt32 | Self::Fixed32 => "expected a whole number of 32 bits that is not negative",
            Self::SInt32 => "expected a whole number of 32 bits",
            Self::Fixed64 | Self::UInt64 => "expected a whole number of 64 bits that is not negative",
            Self::Double => "expected a number",
            Self::Enum(_) => "expected an enum's number or name",
        }
    }

    /// Whether several of them stand in one field, without a tag for each.
    pub(super) fn packs(self) -> bool {
        !matches!(self, Self::Text | Self::Base64 | Self::Hex)
    }
}

const fn message(fields: &'static [Field]) -> Message {
    Message { fields, text: None }
}

const fn one(name: &'static str, number: u32, scalar: Scalar) -> Field {
    Field {
        name,
        number,
        kind: Kind::Scalar(scalar),
        repeated: false,
    }
}

const fn some(name: &'static str, number: u32, scalar: Scalar) -> Field {
    Field {
        repeated: true,
        ..one(name, number, scalar)
    }
}

const fn nested(name: &'static str, number: u32, message: fn() -> &'static Message) -> Field {
    Field {
        name,
        number,
        kind: Kind::Message(message),
        repeated: false,
    }
}

const fn many(name: &'static str, number: u32, message: fn() -> &'static Message) -> Field {
    Field {
        repeated: true,
        ..nested(name, number, message)
    }
}
