//! From protobuf to JSON.

use super::to_base64;
use crate::json::{write_number, write_text};
use crate::otlp::schema::{Field, Kind, MAX_DEPTH, Message, Scalar};
use crate::otlp::wire::{BadWire, Fields, Wire};

/// The JSON of a message that fills the bytes.
pub(super) fn message(bytes: &[u8], message: &Message) -> Result<String, BadWire> {
    let mut out = String::with_capacity(bytes.len() * 2);
    write_message(bytes, message, 0, &mut out)?;
    Ok(out)
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
        let mut values = fields
            .iter()
            .filter(|(number, _)| *number == field.number)
            .map(|(_, wire)| *wire);
        let Some(last) = values.clone().next_back() else {
            continue;
        };
        out.push_str(std::mem::replace(&mut separate, ","));
        write_text(out, field.name);
        out.push(':');
        if !field.repeated {
            write_value(last, field, depth, out)?;
            continue;
        }
        out.push('[');
        let open = out.len();
        values.try_for_each(|value| write_items(value, field, depth, open, out))?;
        out.push(']');
    }
    out.push('}');
    Ok(())
}

/// One item of a list that opened at a place, or several if they are packed.
fn write_items(wire: Wire<'_>, field: &Field, depth: usize, open: usize, out: &mut String) -> Result<(), BadWire> {
    let separate = |out: &mut String| {
        if out.len() > open {
            out.push(',');
        }
    };
    match (field.kind, wire) {
        (Kind::Scalar(scalar), Wire::Bytes(bytes)) if scalar.packs() => {
            for value in unpacked(scalar, bytes) {
                separate(out);
                write_scalar(value?, scalar, out)?;
            }
            Ok(())
        }
        _ => {
            separate(out);
            write_value(wire, field, depth, out)
        }
    }
}

/// The values of a packed list.
fn unpacked(scalar: Scalar, bytes: &[u8]) -> Box<dyn Iterator<Item = Result<Wire<'_>, BadWire>> + '_> {
    match scalar {
        Scalar::Fixed64 | Scalar::SFixed64 | Scalar::Double => {
            let (values, rest) = bytes.as_chunks::<8>();
            let values = values.iter().map(|bytes| Ok(Wire::Fixed64(u64::from_le_bytes(*bytes))));
            let cut = (!rest.is_empty()).then_some(Err(BadWire {
                position: bytes.len() - rest.len(),
                message: "number without end",
            }));
            Box::new(values.chain(cut))
        }
        _ => Box::new(Fields::varints(bytes).map(|value| value.map(Wire::Varint))),
    }
}

fn write_value(wire: Wire<'_>, field: &Field, depth: usize, out: &mut String) -> Result<(), BadWire> {
    match (field.kind, wire) {
        (Kind::Message(message), Wire::Bytes(bytes)) => write_message(bytes, message(), depth + 1, out),
        (Kind::Scalar(scalar), wire) => write_scalar(wire, scalar, out),
        (Kind::Message(_), _) => wrong_type(),
    }
}

fn write_scalar(wire: Wire<'_>, scalar: Scalar, out: &mut String) -> Result<(), BadWire> {
    match (scalar, wire) {
        (Scalar::Text, Wire::Bytes(bytes)) => write_text(out, &String::from_utf8_lossy(bytes)),
        (Scalar::Base64, Wire::Bytes(bytes)) => write_text(out, &to_base64(bytes)),
        (Scalar::Hex, Wire::Bytes(bytes)) => {
            let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            let digits = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
            write_text(out, &digits.collect::<String>());
        }
        (Scalar::Bool, Wire::Varint(truth)) => out.push_str(if truth == 0 { "false" } else { "true" }),
        (Scalar::Int64, Wire::Varint(int)) => write_text(out, &(int as i64).to_string()),
        (Scalar::UInt64, Wire::Varint(int)) | (Scalar::Fixed64, Wire::Fixed64(int)) => {
            write_text(out, &int.to_string());
        }
        (Scalar::SFixed64, Wire::Fixed64(int)) => write_text(out, &(int as i64).to_string()),
        (Scalar::UInt32 | Scalar::Enum(_), Wire::Varint(int)) => out.push_str(&(int as u32).to_string()),
        (Scalar::SInt32, Wire::Varint(int)) => {
            let int = int as u32;
            out.push_str(&((int >> 1) as i32 ^ -((int & 1) as i32)).to_string());
        }
        (Scalar::Fixed32, Wire::Fixed32(int)) => out.push_str(&int.to_string()),
        (Scalar::Double, Wire::Fixed64(bits)) => write_number(out, f64::from_bits(bits)),
        _ => return wrong_type(),
    }
    Ok(())
}

fn wrong_type<T>() -> Result<T, BadWire> {
    Err(BadWire {
        position: 0,
        message: "field of another type than its number says",
    })
}
