//! Values of annotations and attributes.

use std::borrow::Cow;
use std::fmt;

use super::Text;

/// An indexed value: what an X-Ray annotation can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// A string.
    Text(Text<'a>),
    /// A number; X-Ray knows only doubles.
    Number(f64),
    /// A truth value.
    Bool(bool),
}

impl Scalar<'_> {
    /// The same value, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Scalar<'static> {
        match self {
            Self::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
            Self::Number(number) => Scalar::Number(number),
            Self::Bool(truth) => Scalar::Bool(truth),
        }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
        }
    }
}

/// Any OTLP attribute value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value at all, which OTLP allows since 1.9.
    Empty,
    /// A string.
    Text(Text<'a>),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A double.
    Double(f64),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// A list, whose items need not be alike.
    List(Vec<Value<'a>>),
    /// A nested map in its original order.
    Map(Vec<(Text<'a>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// The text, if that is what this is.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, also from text or a whole double, as clients send ports and status codes in all three.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Double(double) if double.fract() == 0.0 => Some(*double as i64),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The value as an annotation can hold it; `None` for lists, maps, bytes and nothing.
    #[must_use]
    pub fn as_scalar(&self) -> Option<Scalar<'a>> {
        match self {
            Self::Text(text) => Some(Scalar::Text(text.clone())),
            Self::Bool(truth) => Some(Scalar::Bool(*truth)),
            Self::Int(int) => Some(Scalar::Number(*int as f64)),
            Self::Double(double) => Some(Scalar::Number(*double)),
            Self::Empty | Self::Bytes(_) | Self::List(_) | Self::Map(_) => None,
        }
    }
}
