//! Texts of one make: the letters once, the numbers in columns.
//!
//! `user-4711` is the pattern `user-` and a decimal number, `10.2.15.7` four numbers with points between them. Runs of
//! lower-case hexadecimal digits and UUIDs are packed to half their size. Every text has exactly one pattern, and a
//! pattern with its numbers gives exactly the text again.

use super::numbers::{self, Numbers};
use super::pages::{Pages, Part, Sections};
use crate::codec::varint::{Put, Take};

const LITERAL: u64 = 0;
/// Decimal digits; so many with zeros in front, or, for 0, as many as the number has.
const DECIMAL: u64 = 1;
const HEX: u64 = 2;
/// 32 hexadecimal digits with hyphens before the 8th, 12th, 16th and 20th.
const UUID: u64 = 3;

/// A run of so many hexadecimal digits is packed, even if they might be decimal.
const SURELY_HEX: usize = 16;
/// A run of so many is packed if it has digits and letters.
const MAYBE_HEX: usize = 8;
const UUID_LENGTH: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// More digits do not occur between the bounds above.
const MOST_DIGITS: usize = 18;

/// What of a text is not in its pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Hole<'a> {
    Number(i64),
    /// Hexadecimal digits, perhaps with hyphens.
    Hex(&'a [u8]),
}

/// Splits a text: appends its pattern and its holes.
pub(super) fn split<'a>(text: &'a [u8], pattern: &mut Vec<u8>, holes: &mut Vec<Hole<'a>>) {
    let (mut at, mut literal) = (0, 0);
    while at < text.len() {
        if !is_hex(text[at]) {
            at += 1;
            continue;
        }
        let rest = &text[at..];
        let run = rest.iter().position(|&byte| !is_hex(byte)).unwrap_or(rest.len());
        let hole = if let Some(uuid) = rest.get(..UUID_LENGTH).filter(|uuid| run == 8 && is_uuid(uuid)) {
            Some((UUID, 0, Hole::Hex(uuid), UUID_LENGTH))
        } else if run >= SURELY_HEX || run >= MAYBE_HEX && is_mixed(&rest[..run]) {
            Some((HEX, run, Hole::Hex(&rest[..run]), run))
        } else {
            None
        };
        // The letters of a run that is no hexadecimal number are literal, its digits are not.
        let hole = hole.or_else(|| {
            let digits = rest
                .iter()
                .position(|byte| !byte.is_ascii_digit())
                .unwrap_or(rest.len());
            let padded = digits > 1 && rest[0] == b'0';
            let number = rest[..digits]
                .iter()
                .fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
            (digits > 0).then_some((DECIMAL, if padded { digits } else { 0 }, Hole::Number(number), digits))
        });
        match hole {
            None => {
                let letters = rest[..run].iter().position(u8::is_ascii_digit).unwrap_or(run);
                at += letters;
            }
            Some((kind, width, hole, length)) => {
                put_literal(pattern, &text[literal..at]);
                pattern.varint((width as u64) << 2 | kind);
                holes.push(hole);
                at += length;
                literal = at;
            }
        }
    }
    put_literal(pattern, &text[literal..]);
}

fn put_literal(pattern: &mut Vec<u8>, literal: &[u8]) {
    if !literal.is_empty() {
        pattern.varint((literal.len() as u64) << 2 | LITERAL);
        pattern.extend_from_slice(literal);
    }
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_mixed(run: &[u8]) -> bool {
    run.iter().any(u8::is_ascii_digit) && !run.iter().all(u8::is_ascii_digit)
}

fn is_uuid(text: &[u8]) -> bool {
    text.iter()
        .enumerate()
        .all(|(index, &byte)| match HYPHENS.contains(&index) {
            true => byte == b'-',
            false => is_hex(byte),
        })
}

/// Appends hexadecimal digits as half as many bytes; of an odd number the last is alone.
pub(super) fn pack(digits: &[u8], out: &mut Vec<u8>) {
    let value = |byte: u8| if byte <= b'9' { byte - b'0' } else { byte - b'a' + 10 };
    let mut high = None;
    for &byte in digits.iter().filter(|&&byte| byte != b'-') {
        match high.take() {
            None => high = Some(value(byte)),
            Some(high) => out.push(high << 4 | value(byte)),
        }
    }
    out.extend(high.map(|high| high << 4));
}

/// One element of a pattern, and the column of what fills it.
enum Element<'a> {
    Literal(&'a [u8]),
    Decimal {
        width: usize,
        numbers: Numbers<'a>,
    },
    Hex {
        digits: usize,
        packed: Take<'a>,
        uuid: bool,
    },
}

/// A pattern with the columns that fill it.
pub(super) struct Pattern<'a>(Vec<Element<'a>>);

/// Writes the columns of the texts that have this pattern: `holes` of one text after those of the other.
pub(super) fn put_holes(pages: &mut Pages, holes: &[Hole<'_>], each: usize) {
    for column in 0..each {
        let column = || holes.iter().skip(column).step_by(each);
        let values: Vec<i64> = column()
            .filter_map(|hole| match hole {
                Hole::Number(number) => Some(*number),
                Hole::Hex(_) => None,
            })
            .collect();
        if !values.is_empty() {
            numbers::put(pages, &values, Part::Numbers);
            continue;
        }
        for hole in column() {
            if let Hole::Hex(digits) = hole {
                pack(digits, &mut pages.raw);
            }
        }
        pages.end_raw(Part::Hex);
    }
}

impl<'a> Pattern<'a> {
    /// Reads what [`put_holes`] wrote for `texts` texts.
    pub(super) fn read(pattern: &'a [u8], sections: &mut Sections<'a>, texts: usize) -> Option<Self> {
        let mut take = Take(pattern);
        let mut elements = Vec::new();
        while !take.0.is_empty() {
            let word = take.varint()?;
            let width = usize::try_from(word >> 2).ok()?;
            elements.push(match word & 3 {
                LITERAL => Element::Literal(take.bytes(width)?),
                DECIMAL if width <= MOST_DIGITS => Element::Decimal {
                    width,
                    numbers: Numbers::read(sections, texts)?,
                },
                DECIMAL => return None,
                kind => {
                    let digits = if kind == UUID { 32 } else { width };
                    let packed = digits.div_ceil(2).checked_mul(texts)?;
                    Element::Hex {
                        digits,
                        packed: Take(sections.raw.bytes(packed)?),
                        uuid: kind == UUID,
                    }
                }
            });
        }
        Some(Self(elements))
    }

    /// Appends the next text.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) -> Option<()> {
        for element in &mut self.0 {
            match element {
                Element::Literal(literal) => out.extend_from_slice(literal),
                Element::Decimal { width, numbers } => put_decimal(out, numbers.next()?, *width),
                Element::Hex { digits, packed, uuid } => {
                    let packed = packed.bytes(digits.div_ceil(2))?;
                    for index in 0..*digits {
                        if *uuid && [8, 12, 16, 20].contains(&index) {
                            out.push(b'-');
                        }
                        let byte = packed[index / 2];
                        let digit = if index % 2 == 0 { byte >> 4 } else { byte & 15 };
                        out.push(b"0123456789abcdef"[usize::from(digit)]);
                    }
                }
            }
        }
        Some(())
    }

    /// Passes over so many texts.
    pub(super) fn skip(&mut self, texts: usize) -> Option<()> {
        for element in &mut self.0 {
            match element {
                Element::Literal(_) => {}
                Element::Decimal { numbers, .. } => numbers.skip(texts)?,
                Element::Hex { digits, packed, .. } => {
                    packed.bytes(digits.div_ceil(2).checked_mul(texts)?)?;
                }
            }
        }
        Some(())
    }
}

fn put_decimal(out: &mut Vec<u8>, number: i64, width: usize) {
    let (mut digits, mut at, mut left) = ([b'0'; 20], 20, number.unsigned_abs());
    while left > 0 || at == 20 {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    out.extend_from_slice(&digits[at.min(20 - width)..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let (mut pattern, mut holes) = (Vec::new(), Vec::new());
        split(text.as_bytes(), &mut pattern, &mut holes);
        let (mut take, mut out) = (Take(&pattern), String::new());
        while !take.0.is_empty() {
            let word = take.varint().unwrap();
            match word & 3 {
                LITERAL => out += std::str::from_utf8(take.bytes((word >> 2) as usize).unwrap()).unwrap(),
                DECIMAL if word >> 2 == 0 => out += "%d",
                DECIMAL => out += &format!("%0{}d", word >> 2),
                HEX => out += &format!("%{}x", word >> 2),
                _ => out += "%u",
            }
        }
        out
    }

    #[test]
    fn numbers_are_found_in_texts() {
        for (text, pattern) in [
            ("", ""),
            ("GET", "GET"),
            ("user-04711", "user-%05d"),
            ("10.2.15.0", "%d.%d.%d.%d"),
            ("/api/v1/item/99", "/api/v%d/item/%d"),
            ("4bf92f3577b34da6a3ce929d0e0e4736", "%32x"),
            ("0000000000000000", "%16x"),
            ("req-5759e988bd862e3fe", "req-%17x"),
            ("b0e5d3a8-1f0c-4c7b-9d3e-0a1b2c3d4e5f.log", "%u.log"),
            ("deadbeef", "deadbeef"),
            ("12345678", "%d"),
            ("123456789012345", "%d"),
            ("ab12cd", "ab%dcd"),
            ("B0E5D3A8", "B%dE%dD%dA%d"),
            ("café 3", "café %d"),
        ] {
            assert_eq!(shown(text), pattern, "{text}");
        }
    }

    #[test]
    fn decimals_have_the_width_they_had() {
        for (number, width, text) in [
            (0, 0, "0"),
            (0, 3, "000"),
            (7, 2, "07"),
            (123, 2, "123"),
            (1_000, 0, "1000"),
        ] {
            let mut out = Vec::new();
            put_decimal(&mut out, number, width);
            assert_eq!(out, text.as_bytes());
        }
    }
}
