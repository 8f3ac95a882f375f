//! A protobuf span taken apart into its skeleton and what fills it, so that writing it again gives the same bytes.
//!
//! The skeleton is a sequence of steps: tags and attribute keys as they stand, and holes for values. Only what has one
//! way to be written is taken apart: a number or length that is longer than it needs to be, a group, or a message that
//! does not parse makes the whole span be kept as it came. Unknown fields are values like others.

use crate::codec::varint::{Put, Take};

/// Bytes as they stand, their number u8 in front.
pub(super) const LITERAL: u8 = 0;
/// A length, and so many bytes up to the matching [`CLOSE`].
pub(super) const OPEN: u8 = 1;
pub(super) const CLOSE: u8 = 2;
/// The record's trace id.
pub(super) const TRACE: u8 = 3;
/// The span's id: 8 bytes, once in every span.
pub(super) const ID: u8 = 4;
/// 8 bytes, mostly the id of another span of the trace.
pub(super) const PARENT: u8 = 5;
/// When the span starts: 8 bytes.
pub(super) const START: u8 = 6;
/// A moment after the start: 8 bytes.
pub(super) const MOMENT: u8 = 7;
/// A varint.
pub(super) const VARINT: u8 = 8;
/// 4 bytes.
pub(super) const FIXED32: u8 = 9;
/// 8 bytes.
pub(super) const FIXED64: u8 = 10;
/// A length, and so many bytes.
pub(super) const TEXT: u8 = 11;

/// Deeper messages are not taken apart.
pub(super) const DEEPEST: usize = 8;

/// A longer skeleton is not one that other spans will share.
const LONGEST: usize = 4096;

/// What goes into a hole that has a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Number(i64),
    Text(&'a [u8]),
}

/// One span taken apart. Reused from span to span.
#[derive(Default)]
pub(super) struct Split<'a> {
    pub(super) shape: Vec<u8>,
    pub(super) values: Vec<Value<'a>>,
    pub(super) id: Option<u64>,
    pub(super) parent: Option<u64>,
    pub(super) start: Option<u64>,
    /// Where the length of the literal is that can still grow.
    literal: Option<usize>,
}

/// Messages whose fields are known.
#[derive(Clone, Copy)]
enum Message {
    Span,
    Event,
    Link,
    Status,
    Pair,
    Value,
}

impl Message {
    /// The message in a field; `None` for bytes that are taken as a whole.
    fn inside(self, field: u64) -> Option<Self> {
        match (self, field) {
            (Self::Span, 9) | (Self::Event, 3) | (Self::Link, 4) => Some(Self::Pair),
            (Self::Span, 11) => Some(Self::Event),
            (Self::Span, 13) => Some(Self::Link),
            (Self::Span, 15) => Some(Self::Status),
            (Self::Pair, 2) => Some(Self::Value),
            _ => None,
        }
    }
}

impl<'a> Split<'a> {
    /// Takes a span apart; `false` when it has to be kept as it is.
    pub(super) fn take(&mut self, span: &'a [u8], trace: &[u8; 16]) -> bool {
        self.shape.clear();
        self.values.clear();
        (self.id, self.parent, self.start, self.literal) = (None, None, None, None);
        self.message(Message::Span, span, trace).is_some() && self.id.is_some()
    }

    /// Takes a span apart that has a known skeleton, which is much faster than finding it out; `false` when it has
    /// another one.
    pub(super) fn take_as(&mut self, shape: &[u8], span: &'a [u8], trace: &[u8; 16]) -> bool {
        self.values.clear();
        (self.id, self.parent, self.start, self.literal) = (None, None, None, None);
        self.follow(shape, span, trace).is_some()
    }

    fn follow(&mut self, shape: &[u8], span: &'a [u8], trace: &[u8; 16]) -> Option<()> {
        let mut take = Take(span);
        // How many bytes are left behind each open message.
        let (mut behind, mut depth) = ([0; DEEPEST], 0);
        for step in Steps::of(shape) {
            match step.what {
                LITERAL => take.0 = take.0.strip_prefix(step.literal)?,
                OPEN => {
                    let length = usize::try_from(shortest(&mut take)?).ok()?;
                    *behind.get_mut(depth)? = take.0.len().checked_sub(length)?;
                    depth += 1;
                }
                CLOSE => {
                    depth = depth.checked_sub(1)?;
                    (take.0.len() == behind[depth]).then_some(())?;
                }
                TRACE => take.0 = take.0.strip_prefix(trace)?,
                ID => self.id = Some(u64::from_be_bytes(take.array()?)),
                PARENT => self.parent = Some(u64::from_be_bytes(take.array()?)),
                START => self.start = Some(u64::from_le_bytes(take.array()?)),
                TEXT => {
                    let length = usize::try_from(shortest(&mut take)?).ok()?;
                    self.values.push(Value::Text(take.bytes(length)?));
                }
                hole => {
                    let number = match hole {
                        VARINT => shortest(&mut take)? as i64,
                        FIXED32 => i64::from(u32::from_le_bytes(take.array()?)),
                        MOMENT => u64::from_le_bytes(take.array()?).wrapping_sub(self.start?) as i64,
                        _ => u64::from_le_bytes(take.array()?).reverse_bits() as i64,
                    };
                    self.values.push(Value::Number(number));
                }
            }
        }
        take.0.is_empty().then_some(())
    }

    fn message(&mut self, message: Message, bytes: &'a [u8], trace: &[u8; 16]) -> Option<()> {
        let mut take = Take(bytes);
        while !take.0.is_empty() {
            let before = take.0;
            let tag = take.varint()?;
            self.literal(&before[..before.len() - take.0.len()]);
            let field = tag >> 3;
            match tag & 7 {
                0 => {
                    let number = shortest(&mut take)?;
                    self.number(VARINT, number as i64);
                }
                1 => self.fixed64(message, field, u64::from_le_bytes(take.array()?)),
                2 => {
                    let length = usize::try_from(shortest(&mut take)?).ok()?;
                    self.bytes(message, field, take.bytes(length)?, trace)?;
                }
                5 => self.number(FIXED32, i64::from(u32::from_le_bytes(take.array()?))),
                _ => return None,
            }
            if self.shape.len() > LONGEST {
                return None;
            }
        }
        Some(())
    }

    fn fixed64(&mut self, message: Message, field: u64, number: u64) {
        match (message, field, self.start) {
            (Message::Span, 7, None) => {
                self.start = Some(number);
                self.step(START);
            }
            (Message::Span, 8, Some(start)) | (Message::Event, 1, Some(start)) => {
                self.number(MOMENT, number.wrapping_sub(start) as i64);
            }
            // Mostly a floating-point number: from its other end, a short one is a small number.
            _ => self.number(FIXED64, number.reverse_bits() as i64),
        }
    }

    fn bytes(&mut self, message: Message, field: u64, bytes: &'a [u8], trace: &[u8; 16]) -> Option<()> {
        if let Some(inside) = message.inside(field) {
            self.step(OPEN);
            self.message(inside, bytes, trace)?;
            self.step(CLOSE);
            return Some(());
        }
        let id = <[u8; 8]>::try_from(bytes).map(u64::from_be_bytes);
        match (message, field, id) {
            (Message::Span, 1, _) if bytes == trace => {
                self.literal(&[16]);
                self.step(TRACE);
            }
            (Message::Span, 2, Ok(id)) if self.id.is_none() => {
                self.id = Some(id);
                self.literal(&[8]);
                self.step(ID);
            }
            (Message::Span, 4, Ok(id)) if self.parent.is_none() => {
                self.parent = Some(id);
                self.literal(&[8]);
                self.step(PARENT);
            }
            (Message::Pair, 1, _) if bytes.len() < 128 => {
                self.literal(&[bytes.len() as u8]);
                self.literal(bytes);
            }
            _ => {
                self.step(TEXT);
                self.values.push(Value::Text(bytes));
            }
        }
        Some(())
    }

    fn number(&mut self, step: u8, number: i64) {
        self.step(step);
        self.values.push(Value::Number(number));
    }

    fn step(&mut self, step: u8) {
        self.literal = None;
        self.shape.push(step);
    }

    fn literal(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let length = match self.literal {
                Some(length) if self.shape[length] < u8::MAX => length,
                _ => {
                    self.shape.extend([LITERAL, 0]);
                    *self.literal.insert(self.shape.len() - 1)
                }
            };
            let room = usize::from(u8::MAX - self.shape[length]);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.shape[length] += now.len() as u8;
            self.shape.extend_from_slice(now);
            bytes = later;
        }
    }
}

/// A varint that has no shorter form.
fn shortest(take: &mut Take<'_>) -> Option<u64> {
    let before = take.0;
    let number = take.varint()?;
    let length = before.len() - take.0.len();
    (length == 1 || before[length - 1] != 0).then_some(number)
}

/// The steps of a skeleton.
pub(super) struct Steps<'a>(Take<'a>);

/// One step; a literal with its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step<'a> {
    pub(super) what: u8,
    pub(super) literal: &'a [u8],
}

impl<'a> Steps<'a> {
    pub(super) fn of(shape: &'a [u8]) -> Self {
        Self(Take(shape))
    }
}

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    /// Ends early where a skeleton is damaged.
    fn next(&mut self) -> Option<Step<'a>> {
        let what = self.0.byte()?;
        let literal = match what {
            LITERAL => {
                let length = self.0.byte()?;
                self.0.bytes(usize::from(length))?
            }
            _ => &[],
        };
        Some(Step { what, literal })
    }
}

/// Whether a hole of this kind has a column, and whether that has numbers or texts.
pub(super) fn column(step: u8) -> Option<Kind> {
    match step {
        MOMENT | VARINT | FIXED32 | FIXED64 => Some(Kind::Numbers),
        TEXT => Some(Kind::Texts),
        _ => None,
    }
}

/// What a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Numbers,
    Texts,
}

/// Writes a number as its kind of hole says.
pub(super) fn put_number(step: u8, number: i64, start: u64, out: &mut Vec<u8>) -> Option<()> {
    match step {
        MOMENT => out.extend_from_slice(&start.wrapping_add(number as u64).to_le_bytes()),
        VARINT => out.varint(number as u64),
        FIXED32 => out.extend_from_slice(&u32::try_from(number).ok()?.to_le_bytes()),
        _ => out.extend_from_slice(&(number as u64).reverse_bits().to_le_bytes()),
    }
    Some(())
}

/// For every hole that has a column, in order: its kind, and what identifies it among the holes of all skeletons, which
/// is all that stands before it in its field of the span, keys included.
pub(super) fn places(shape: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut places = Vec::new();
    let (mut depth, mut from) = (0usize, 0);
    let mut steps = Steps::of(shape);
    while let Some(step) = steps.next() {
        let end = shape.len() - steps.0.0.len();
        if column(step.what).is_some() {
            places.push((step.what, shape[from..end].to_vec()));
        }
        match step.what {
            OPEN => depth += 1,
            CLOSE => depth -= 1,
            _ => {}
        }
        // A field begins with its tag, the last literal before anything outside of messages.
        if depth == 0 && step.what != LITERAL {
            from = end;
        }
    }
    places
}
