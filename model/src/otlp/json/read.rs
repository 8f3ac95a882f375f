//! From JSON to protobuf.

use std::borrow::Cow;

use super::from_base64;
use crate::json::{BadJson, Reader, Value};
use crate::otlp::schema::{Field, Kind, MAX_DEPTH, Message, Scalar};
use crate::otlp::wire::{write_bytes, write_varint};

/// The protobuf of a message that is the whole text, with at most so many bytes of lists of numbers.
pub(super) fn message(text: &str, message: &Message, limit: usize) -> Result<Vec<u8>, BadJson> {
    let mut reading = Reading {
        reader: Reader::new(text),
        left: limit,
    };
    let mut out = Vec::with_capacity(text.len() / 2);
    reading.message(message, 0, &mut out)?;
    reading.reader.end()?;
    Ok(out)
}

struct Reading<'a> {
    reader: Reader<'a>,
    /// Bytes that lists of numbers may still take: nothing else is longer in protobuf than it is in JSON.
    left: usize,
}

impl<'a> Reading<'a> {
    fn message(&mut self, message: &Message, depth: usize, out: &mut Vec<u8>) -> Result<(), BadJson> {
        if depth == MAX_DEPTH {
            return self.reader.bad("nested too deeply");
        }
        if !self.reader.take(b'{') {
            return self.reader.bad("expected an object");
        }
        let mut first = true;
        while let Some(key) = self.reader.key(std::mem::take(&mut first))? {
            let key = key.text();
            match message.fields.iter().find(|field| field.name == key) {
                None => {
                    self.reader.value()?;
                }
                Some(_) if self.reader.peek() == Some(b'n') => {
                    self.reader.value()?;
                }
                Some(field) if field.repeated => self.list(field, depth, out)?,
                Some(field) => match field.kind {
                    Kind::Message(nested) => self.nested(field, nested(), depth, out)?,
                    Kind::Scalar(scalar) => self.scalar(field, scalar, message.text, out)?,
                },
            }
        }
        Ok(())
    }

    fn nested(&mut self, field: &Field, message: &Message, depth: usize, out: &mut Vec<u8>) -> Result<(), BadJson> {
        let mut nested = Vec::new();
        self.message(message, depth + 1, &mut nested)?;
        write_bytes(out, field.number, &nested);
        Ok(())
    }

    fn scalar(&mut self, field: &Field, scalar: Scalar, text: Option<u32>, out: &mut Vec<u8>) -> Result<(), BadJson> {
        let (position, value) = self.value()?;
        match (text, value) {
            _ if write_field(out, field.number, scalar, value).is_some() => Ok(()),
            // Text in the place of an attribute's number is kept as text: one attribute should not cost a request.
            (Some(number), Value::Text(text)) if scalar.packs() => {
                write_bytes(out, number, text.text().as_bytes());
                Ok(())
            }
            _ => Err(misfit(position, scalar)),
        }
    }

    /// Numbers are packed into one field; anything else has a field for each item.
    fn list(&mut self, field: &Field, depth: usize, out: &mut Vec<u8>) -> Result<(), BadJson> {
        if !self.reader.take(b'[') {
            return self.reader.bad("expected an array");
        }
        let (mut packed, mut first) = (Vec::new(), true);
        while self.reader.item(std::mem::take(&mut first))? {
            match field.kind {
                Kind::Message(nested) => self.nested(field, nested(), depth, out)?,
                Kind::Scalar(scalar) if scalar.packs() => {
                    let (position, value) = self.value()?;
                    let before = packed.len();
                    write_payload(&mut packed, scalar, value).ok_or_else(|| misfit(position, scalar))?;
                    let left = self.left.checked_sub(packed.len() - before);
                    self.left = left.ok_or(BadJson {
                        position,
                        message: "more numbers than a request may have",
                    })?;
                }
                Kind::Scalar(scalar) => {
                    let (position, value) = self.value()?;
                    write_field(out, field.number, scalar, value).ok_or_else(|| misfit(position, scalar))?;
                }
            }
        }
        if !packed.is_empty() {
            write_bytes(out, field.number, &packed);
        }
        Ok(())
    }

    /// The next value, and where it begins.
    fn value(&mut self) -> Result<(usize, Value<'a>), BadJson> {
        self.reader.peek();
        let position = self.reader.position();
        Ok((position, self.reader.value()?))
    }
}

fn misfit(position: usize, scalar: Scalar) -> BadJson {
    BadJson {
        position,
        message: scalar.expectation(),
    }
}

/// Appends a scalar with its tag; `None`, and nothing appended, if the value does not fit the type.
fn write_field(out: &mut Vec<u8>, number: u32, scalar: Scalar, value: Value<'_>) -> Option<()> {
    if let (Scalar::Hex, Value::Text(text)) = (scalar, value)
        && text.text().is_empty()
    {
        return Some(());
    }
    let start = out.len();
    write_varint(out, u64::from(number) << 3 | wire_type(scalar));
    let written = write_payload(out, scalar, value);
    if written.is_none() {
        out.truncate(start);
    }
    written
}

fn wire_type(scalar: Scalar) -> u64 {
    match scalar {
        Scalar::Bool | Scalar::Int64 | Scalar::UInt32 | Scalar::UInt64 | Scalar::SInt32 | Scalar::Enum(_) => 0,
        Scalar::Fixed64 | Scalar::SFixed64 | Scalar::Double => 1,
        Scalar::Text | Scalar::Base64 | Scalar::Hex => 2,
        Scalar::Fixed32 => 5,
    }
}

/// Appends a scalar without a tag; `None`, and nothing appended, if the value does not fit the type.
fn write_payload(out: &mut Vec<u8>, scalar: Scalar, value: Value<'_>) -> Option<()> {
    match scalar {
        Scalar::Text | Scalar::Base64 | Scalar::Hex => write_sized(out, &bytes(scalar, value)?),
        Scalar::Fixed64 => out.extend(u64::try_from(whole(value)?).ok()?.to_le_bytes()),
        Scalar::SFixed64 => out.extend(i64::try_from(whole(value)?).ok()?.to_le_bytes()),
        Scalar::Fixed32 => out.extend(u32::try_from(whole(value)?).ok()?.to_le_bytes()),
        Scalar::Double => out.extend(double(value)?.to_le_bytes()),
        _ => write_varint(out, varint(scalar, value)?),
    }
    Some(())
}

fn bytes(scalar: Scalar, value: Value<'_>) -> Option<Cow<'_, [u8]>> {
    let Value::Text(text) = value else { return None };
    let text = text.text();
    Some(match (scalar, text) {
        (Scalar::Base64, text) => from_base64(text.as_bytes())?.into(),
        (Scalar::Hex, text) => from_hex(&text).unwrap_or(vec![0]).into(),
        (_, Cow::Borrowed(text)) => text.as_bytes().into(),
        (_, Cow::Owned(text)) => text.into_bytes().into(),
    })
}

fn varint(scalar: Scalar, value: Value<'_>) -> Option<u64> {
    Some(match (scalar, value) {
        (Scalar::Bool, Value::Bool(truth)) => u64::from(truth),
        (Scalar::Bool, _) => return None,
        (Scalar::Enum(names), Value::Text(text)) => u64::from(enum_number(&text.text(), names)?),
        (Scalar::Int64, value) => i64::try_from(whole(value)?).ok()? as u64,
        (Scalar::UInt64, value) => u64::try_from(whole(value)?).ok()?,
        (Scalar::SInt32, value) => {
            let int = i32::try_from(whole(value)?).ok()?;
            u64::from((int << 1 ^ int >> 31) as u32)
        }
        (_, value) => u64::from(u32::try_from(whole(value)?).ok()?),
    })
}

fn write_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    write_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn enum_number(name: &str, names: &[&str]) -> Option<u32> {
    let known = names.iter().position(|known| *known == name);
    known
        .and_then(|at| u32::try_from(at).ok())
        .or_else(|| name.parse().ok())
}

/// A whole number in quotes or without.
fn whole(value: Value<'_>) -> Option<i128> {
    let from_text = |text: &str| {
        text.parse().ok().or_else(|| {
            let double: f64 = text.parse().ok()?;
            (double.fract() == 0.0 && double.abs() < 1e20).then_some(double as i128)
        })
    };
    match value {
        Value::Number(number) => from_text(number),
        Value::Text(text) => from_text(&text.text()),
        _ => None,
    }
}

fn double(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => number.parse().ok(),
        Value::Text(text) => match &*text.text() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            other => other.parse().ok().filter(|double: &f64| double.is_finite()),
        },
        _ => None,
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}
