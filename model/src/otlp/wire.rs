//! Protobuf's wire format, borrowed: a message is a sequence of numbered fields.

use std::ops::Range;

/// The bytes are not a protobuf message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {position}")]
pub struct BadWire {
    /// Offset in the whole input.
    pub position: usize,
    /// What is wrong there.
    pub message: &'static str,
}

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// The fields of one message, in order. After an error there is nothing more.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    buffer: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Fields<'a> {
    /// The fields of a message that fills the whole buffer.
    pub(crate) fn new(buffer: &'a [u8]) -> Self {
        Self {
            buffer,
            at: 0,
            end: buffer.len(),
        }
    }

    /// The fields of a message inside a buffer; positions count from the buffer's start.
    pub(crate) fn within(buffer: &'a [u8], range: Range<usize>) -> Self {
        let end = range.end.min(buffer.len());
        Self {
            buffer,
            at: range.start.min(end),
            end,
        }
    }

    /// Numbers that stand one after the other without tags: a packed list.
    pub(crate) fn varints(buffer: &'a [u8]) -> impl Iterator<Item = Result<u64, BadWire>> {
        let mut fields = Self::new(buffer);
        std::iter::from_fn(move || (fields.at < fields.end).then(|| fields.varint()))
    }

    /// Offset in the buffer: after a field was read, the field's end.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    fn bad<T>(&mut self, message: &'static str) -> Result<T, BadWire> {
        let position = self.at;
        self.at = self.end;
        Err(BadWire { position, message })
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, BadWire> {
        if let Some(&byte) = self.buffer[..self.end].get(self.at)
            && byte < 0x80
        {
            self.at += 1;
            return Ok(u64::from(byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, BadWire> {
        let mut value = 0u64;
        for (index, &byte) in self.buffer[self.at..self.end].iter().take(10).enumerate() {
            if index == 9 && byte > 1 {
                return self.bad("number longer than 64 bits");
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.at += index + 1;
                return Ok(value);
            }
        }
        self.bad("number without end")
    }

    fn bytes(&mut self, length: u64) -> Result<&'a [u8], BadWire> {
        let left = self.end - self.at;
        match usize::try_from(length) {
            Ok(length) if length <= left => {
                let bytes = &self.buffer[self.at..self.at + length];
                self.at += length;
                Ok(bytes)
            }
            _ => self.bad("field longer than what holds it"),
        }
    }

    #[inline]
    fn field(&mut self) -> Result<(u32, Wire<'a>), BadWire> {
        let tag = self.varint()?;
        let number = match u32::try_from(tag >> 3) {
            Ok(number) if number != 0 && number < 1 << 29 => number,
            _ => return self.bad("no such field number"),
        };
        let value = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => {
                let bytes = self.bytes(8)?;
                Wire::Fixed64(bytes.try_into().map_or(0, u64::from_le_bytes))
            }
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.bytes(length)?)
            }
            5 => {
                let bytes = self.bytes(4)?;
                Wire::Fixed32(bytes.try_into().map_or(0, u32::from_le_bytes))
            }
            _ => return self.bad("unknown wire type"),
        };
        Ok((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Wire<'a>), BadWire>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        (self.at < self.end).then(|| self.field())
    }
}

/// Appends a number.
pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a length-delimited field.
pub(crate) fn write_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    write_varint(out, u64::from(number) << 3 | 2);
    write_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_fields_are_refused_where_they_break() {
        let check = |bytes: &[u8], position: usize, message: &str| {
            let mut fields = Fields::new(bytes);
            let bad = fields.find_map(Result::err).unwrap();
            assert_eq!((bad.position, bad.message), (position, message), "{bytes:x?}");
            assert!(fields.next().is_none());
        };
        check(&[0x08], 1, "number without end");
        check(&[0x08, 0x80], 1, "number without end");
        check(&[0x08, 1, 0x00, 1], 3, "no such field number");
        check(&[0x0a, 3, 1, 2], 2, "field longer than what holds it");
        check(
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            11,
            "field longer than what holds it",
        );
        check(&[0x09, 1, 2, 3], 1, "field longer than what holds it");
        check(&[0x0b], 1, "unknown wire type");
        check(
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
            1,
            "number longer than 64 bits",
        );
    }

    proptest! {
        #[test]
        fn numbers_survive(value: u64) {
            let mut bytes = vec![0x08];
            write_varint(&mut bytes, value);
            let fields: Vec<_> = Fields::new(&bytes).collect();
            prop_assert_eq!(fields, vec![Ok((1, Wire::Varint(value)))]);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let count = Fields::new(&bytes).count();
            prop_assert!(count <= bytes.len());
        }
    }
}
