//! OTLP's JSON encoding, which is not quite protobuf's own: ids are hex, enums are numbers, unknown keys are ignored.
//!
//! Requests are turned into the protobuf bytes that everything else reads, so that JSON has no second meaning.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::schema::{Field, Kind, MAX_DEPTH, METRICS_REQUEST, Message, SPAN, STRING_VALUE, TRACE_REQUEST};
use super::wire::{BadWire, Fields, Wire, varints, write_bytes, write_varint};
pub use crate::json::BadJson;
use crate::json::{Reader, Value, write_number, write_text};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Decodes base64 of either alphabet, padded or not.
pub(super) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(text).or_else(|_| BASE64_URL.decode(text)).ok()
}

/// An `ExportTraceServiceRequest` in JSON as protobuf.
///
/// Accepts more than the specification: enum names, 64-bit numbers unquoted, `null` for absent. An id that is not hex
/// is written as one that [`walk`](super::walk) rejects, so that it costs its span and not the request; an attribute's
/// number that is not one becomes text.
///
/// # Errors
/// The text is not UTF-8, not JSON, or a field holds what its type cannot.
pub fn to_protobuf(json: &[u8]) -> Result<Vec<u8>, BadJson> {
    read_request(json, &TRACE_REQUEST)
}

/// An `ExportMetricsServiceRequest` in JSON as protobuf, as lenient as [`to_protobuf`].
///
/// # Errors
/// The text is not UTF-8, not JSON, or a field holds what its type cannot.
pub fn metrics_to_protobuf(json: &[u8]) -> Result<Vec<u8>, BadJson> {
    read_request(json, &METRICS_REQUEST)
}

fn read_request(json: &[u8], message: &Message) -> Result<Vec<u8>, BadJson> {
    let text = std::str::from_utf8(json).map_err(|bad| BadJson {
        position: bad.valid_up_to(),
        message: "invalid UTF-8",
    })?;
    let mut reader = Reader::new(text);
    let mut out = Vec::with_capacity(json.len() / 2);
    read_message(&mut reader, message, 0, &mut out)?;
    reader.end()?;
    Ok(out)
}

fn read_message(reader: &mut Reader<'_>, message: &Message, depth: usize, out: &mut Vec<u8>) -> Result<(), BadJson> {
    if depth == MAX_DEPTH {
        return reader.bad("nested too deeply");
    }
    if !reader.take(b'{') {
        return reader.bad("expected an object");
    }
    let mut first = true;
    while let Some(key) = reader.key(std::mem::take(&mut first))? {
        let key = key.text();
        match message.fields.iter().find(|field| field.name == key) {
            None => {
                reader.value()?;
            }
            Some(_) if reader.peek() == Some(b'n') => {
                reader.value()?;
            }
            Some(field) if field.repeated => read_items(reader, field, depth, out)?,
            Some(field) => read_field(reader, field, depth, out)?,
        }
    }
    Ok(())
}

fn read_items(reader: &mut Reader<'_>, field: &Field, depth: usize, out: &mut Vec<u8>) -> Result<(), BadJson> {
    if !reader.take(b'[') {
        return reader.bad("expected an array");
    }
    let mut first = true;
    while reader.item(std::mem::take(&mut first))? {
        read_field(reader, field, depth, out)?;
    }
    Ok(())
}

fn read_field(reader: &mut Reader<'_>, field: &Field, depth: usize, out: &mut Vec<u8>) -> Result<(), BadJson> {
    if let Kind::Message(message) = field.kind {
        let mut nested = Vec::new();
        read_message(reader, message(), depth + 1, &mut nested)?;
        write_bytes(out, field.number, &nested);
        return Ok(());
    }
    reader.peek();
    let position = reader.position();
    let value = reader.value()?;
    if write_scalar(out, field, value).is_some() {
        return Ok(());
    }
    match (field.kind, value) {
        // Text in the place of an attribute's number is kept as text: one attribute should not cost a request.
        (Kind::Int64 | Kind::Double | Kind::Bool, Value::Text(text)) if is_attribute_value(field) => {
            write_bytes(out, STRING_VALUE, text.text().as_bytes());
            Ok(())
        }
        _ => Err(BadJson {
            position,
            message: field.kind.expectation(),
        }),
    }
}

/// Whether a field is one of `AnyValue`.
fn is_attribute_value(field: &Field) -> bool {
    matches!(field.name, "boolValue" | "intValue" | "doubleValue")
}

fn tag(out: &mut Vec<u8>, field: &Field, wire_type: u64) {
    write_varint(out, u64::from(field.number) << 3 | wire_type);
}

/// Appends a scalar field; `None` if the value does not fit its type.
fn write_scalar(out: &mut Vec<u8>, field: &Field, value: Value<'_>) -> Option<()> {
    match (field.kind, value) {
        (Kind::Text, Value::Text(text)) => write_bytes(out, field.number, text.text().as_bytes()),
        (Kind::Base64, Value::Text(text)) => {
            let bytes = from_base64(text.text().as_bytes())?;
            write_bytes(out, field.number, &bytes);
        }
        (Kind::Hex, Value::Text(text)) => match &*text.text() {
            "" => {}
            digits => write_bytes(out, field.number, &from_hex(digits).unwrap_or(vec![0])),
        },
        (Kind::Bool, Value::Bool(truth)) => {
            tag(out, field, 0);
            write_varint(out, u64::from(truth));
        }
        (Kind::Int64, value) => {
            let int = i64::try_from(whole(value)?).ok()?;
            tag(out, field, 0);
            write_varint(out, int as u64);
        }
        (Kind::UInt32, value) => {
            let int = u32::try_from(whole(value)?).ok()?;
            tag(out, field, 0);
            write_varint(out, u64::from(int));
        }
        (Kind::Enum(names), value) => {
            let number = match value {
                Value::Text(text) => enum_number(&text.text(), names)?,
                value => u32::try_from(whole(value)?).ok()?,
            };
            tag(out, field, 0);
            write_varint(out, u64::from(number));
        }
        (Kind::UInt64, value) => {
            let int = u64::try_from(whole(value)?).ok()?;
            tag(out, field, 0);
            write_varint(out, int);
        }
        (Kind::SInt32, value) => {
            let int = i32::try_from(whole(value)?).ok()?;
            tag(out, field, 0);
            write_varint(out, u64::from(((int << 1) ^ (int >> 31)) as u32));
        }
        (Kind::SFixed64, value) => {
            let int = i64::try_from(whole(value)?).ok()?;
            tag(out, field, 1);
            out.extend(int.to_le_bytes());
        }
        (Kind::Fixed64, value) => {
            let int = u64::try_from(whole(value)?).ok()?;
            tag(out, field, 1);
            out.extend(int.to_le_bytes());
        }
        (Kind::Fixed32, value) => {
            let int = u32::try_from(whole(value)?).ok()?;
            tag(out, field, 5);
            out.extend(int.to_le_bytes());
        }
        (Kind::Double, value) => {
            let double = double(value)?;
            tag(out, field, 1);
            out.extend(double.to_le_bytes());
        }
        _ => return None,
    }
    Some(())
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

/// An `ExportTraceServiceRequest` in protobuf, or a `TracesData`, as JSON.
///
/// # Errors
/// The bytes are not such a message, or nest too deeply.
pub fn from_protobuf(bytes: &[u8]) -> Result<String, BadWire> {
    let mut out = String::with_capacity(bytes.len() * 2);
    write_message(bytes, &TRACE_REQUEST, 0, &mut out)?;
    Ok(out)
}

/// An `ExportMetricsServiceRequest` in protobuf, or a `MetricsData`, as JSON.
///
/// # Errors
/// The bytes are not such a message, or nest too deeply.
pub fn metrics_from_protobuf(bytes: &[u8]) -> Result<String, BadWire> {
    let mut out = String::with_capacity(bytes.len() * 2);
    write_message(bytes, &METRICS_REQUEST, 0, &mut out)?;
    Ok(out)
}

/// A protobuf `Span`, or some of its fields, as JSON; `None` if the bytes are no such message.
pub(crate) fn span_from_protobuf(bytes: &[u8]) -> Option<String> {
    let mut out = String::new();
    write_message(bytes, &SPAN, 0, &mut out).ok()?;
    Some(out)
}

/// The protobuf of what [`span_from_protobuf`] wrote; `None` for any other text.
pub(crate) fn span_to_protobuf(json: &str) -> Option<Vec<u8>> {
    let (mut reader, mut out) = (Reader::new(json), Vec::new());
    read_message(&mut reader, &SPAN, 0, &mut out).ok()?;
    Some(out)
}

fn write_message(bytes: &[u8], message: &Message, depth: usize, out: &mut String) -> Result<(), BadWire> {
    if depth == MAX_DEPTH {
        return Err(BadWire {
            position: 0,
            message: "nested too deeply",
        });
    }
    let fields = Fields::new(bytes).collect::<Result<Vec<_>, _>>()?;
    out.push('{');
    let mut separate = "";
    for field in message.fields {
        let found = fields.iter().filter(|(number, _)| *number == field.number);
        let mut values = found.flat_map(|(_, wire)| each_value(field, *wire));
        let Some(last) = values.next_back() else { continue };
        out.push_str(std::mem::replace(&mut separate, ","));
        write_text(out, field.name);
        out.push(':');
        if !field.repeated {
            write_value(last, field, depth, out)?;
            continue;
        }
        out.push('[');
        for value in values {
            write_value(value, field, depth, out)?;
            out.push(',');
        }
        write_value(last, field, depth, out)?;
        out.push(']');
    }
    out.push('}');
    Ok(())
}

/// The values of a field: several if it is repeated and packed.
fn each_value<'a>(field: &Field, wire: Wire<'a>) -> impl DoubleEndedIterator<Item = Wire<'a>> + use<'a> {
    let packed = match (field.kind, wire) {
        (Kind::Fixed64 | Kind::Double, Wire::Bytes(packed)) if field.repeated => {
            let numbers = packed.as_chunks::<8>().0.iter();
            numbers.map(|bytes| Wire::Fixed64(u64::from_le_bytes(*bytes))).collect()
        }
        (Kind::UInt64, Wire::Bytes(packed)) if field.repeated => {
            varints(packed).into_iter().map(Wire::Varint).collect()
        }
        (_, wire) => vec![wire],
    };
    packed.into_iter()
}

fn write_value(wire: Wire<'_>, field: &Field, depth: usize, out: &mut String) -> Result<(), BadWire> {
    match (field.kind, wire) {
        (Kind::Message(message), Wire::Bytes(bytes)) => return write_message(bytes, message(), depth + 1, out),
        (Kind::Text, Wire::Bytes(bytes)) => write_text(out, &String::from_utf8_lossy(bytes)),
        (Kind::Base64, Wire::Bytes(bytes)) => write_text(out, &BASE64.encode(bytes)),
        (Kind::Hex, Wire::Bytes(bytes)) => {
            let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            let digits = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
            write_text(out, &digits.collect::<String>());
        }
        (Kind::Bool, Wire::Varint(truth)) => out.push_str(if truth == 0 { "false" } else { "true" }),
        (Kind::Int64, Wire::Varint(int)) => write_text(out, &(int as i64).to_string()),
        (Kind::UInt64, Wire::Varint(int)) => write_text(out, &int.to_string()),
        (Kind::SInt32, Wire::Varint(int)) => {
            let int = int as u32;
            out.push_str(&((int >> 1) as i32 ^ -((int & 1) as i32)).to_string());
        }
        (Kind::SFixed64, Wire::Fixed64(int)) => write_text(out, &(int as i64).to_string()),
        (Kind::UInt32 | Kind::Enum(_), Wire::Varint(int)) => out.push_str(&(int as u32).to_string()),
        (Kind::Fixed64, Wire::Fixed64(int)) => write_text(out, &int.to_string()),
        (Kind::Fixed32, Wire::Fixed32(int)) => out.push_str(&int.to_string()),
        (Kind::Double, Wire::Fixed64(bits)) => write_number(out, f64::from_bits(bits)),
        _ => {
            return Err(BadWire {
                position: 0,
                message: "field of another type than its number says",
            });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
