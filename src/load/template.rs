//! Requests encoded once, with holes for ids, times and a few values that differ every time.
//!
//! Filling a template is a copy and a few stores per span, which leaves a core enough time to send 200,000 spans a
//! second.

/// An encoded request or document with holes.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    bytes: Vec<u8>,
    holes: Vec<Hole>,
    /// Traces that it holds.
    pub(super) traces: u32,
    /// Spans or segments that it holds.
    pub(super) spans: u32,
}

#[derive(Clone, Copy, Debug)]
struct Hole {
    at: u32,
    /// Number of the trace in the template.
    trace: u32,
    what: What,
}

/// What belongs into a hole; each takes a fixed number of bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    /// 16 bytes.
    TraceId,
    /// 8 bytes: the id of the trace's n-th span.
    SpanId(u32),
    /// 8 bytes, little-endian nanoseconds: a moment at this part of the trace's time.
    Nanos(f32),
    /// 35 characters, X-Ray's spelling.
    TraceText,
    /// 16 hex digits.
    SpanText(u32),
    /// 17 characters, seconds with six digits of a fraction.
    SecondsText(f32),
    /// 16 hex digits that never come again.
    Unique(u32),
    /// 5 digits, one of 10,000 users.
    User,
}

impl What {
    /// How many bytes it takes.
    pub(super) fn size(self) -> usize {
        match self {
            Self::TraceId | Self::SpanText(_) | Self::Unique(_) => 16,
            Self::SpanId(_) | Self::Nanos(_) => 8,
            Self::TraceText => 35,
            Self::SecondsText(_) => 17,
            Self::User => 5,
        }
    }
}

/// What one sending fills in for one trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling {
    pub(super) trace: u128,
    /// Nanoseconds since the epoch.
    pub(super) start: u64,
    /// Nanoseconds.
    pub(super) length: u64,
}

impl Template {
    /// How many bytes it has, so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends fixed bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends a hole.
    pub(super) fn hole(&mut self, trace: u32, what: What) {
        self.holes.push(Hole {
            at: self.bytes.len() as u32,
            trace,
            what,
        });
        self.bytes.resize(self.bytes.len() + what.size(), b'0');
    }

    /// Appends another template.
    pub(super) fn append(&mut self, other: &Self) {
        let shift = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&other.bytes);
        self.holes.extend(other.holes.iter().map(|hole| Hole {
            at: hole.at + shift,
            ..*hole
        }));
    }

    /// The bytes with all holes filled; `fillings` has one for each trace.
    pub(super) fn fill(&self, fillings: &[Filling], out: &mut Vec<u8>) {
        let base = out.len();
        out.extend_from_slice(&self.bytes);
        for hole in &self.holes {
            let at = base + hole.at as usize;
            let filling = &fillings[hole.trace as usize];
            let room = &mut out[at..at + hole.what.size()];
            match hole.what {
                What::TraceId => room.copy_from_slice(&filling.trace.to_be_bytes()),
                What::SpanId(number) => room.copy_from_slice(&filling.span(number).to_be_bytes()),
                What::Nanos(part) => room.copy_from_slice(&filling.moment(part).to_le_bytes()),
                What::TraceText => {
                    room[..2].copy_from_slice(b"1-");
                    hex(filling.trace >> 96, &mut room[2..10]);
                    room[10] = b'-';
                    hex(filling.trace, &mut room[11..]);
                }
                What::SpanText(number) => hex(filling.span(number).into(), room),
                What::SecondsText(part) => {
                    let micros = filling.moment(part) / 1_000;
                    decimal(micros / 1_000_000, &mut room[..10]);
                    room[10] = b'.';
                    decimal(micros % 1_000_000, &mut room[11..]);
                }
                What::Unique(number) => hex(mix(filling.span(number)).into(), room),
                What::User => decimal((filling.trace % 10_000) as u64, room),
            }
        }
    }
}

impl Filling {
    fn span(&self, number: u32) -> u64 {
        mix((self.trace as u64) ^ (u64::from(number) << 40)) | 1
    }

    fn moment(&self, part: f32) -> u64 {
        self.start + (self.length as f64 * f64::from(part)) as u64
    }
}

/// Spreads a number over 64 bits, so that close ones end up far apart (the finalizer of SplitMix64).
pub(super) fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn hex(mut number: u128, room: &mut [u8]) {
    for byte in room.iter_mut().rev() {
        *byte = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

fn decimal(mut number: u64, room: &mut [u8]) {
    for byte in room.iter_mut().rev() {
        *byte = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_where_they_are() {
        let mut inner = Template::default();
        inner.push(b"<");
        inner.hole(0, What::TraceText);
        inner.push(b"|");
        inner.hole(0, What::SecondsText(0.5));
        inner.push(b"|");
        inner.hole(0, What::User);
        inner.push(b">");
        let mut template = Template::default();
        template.push(b"ab");
        template.append(&inner);
        let filling = Filling {
            trace: 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793,
            start: 1_795_415_913_000_000_000,
            length: 2_000_000,
        };
        let mut out = b"before".to_vec();
        template.fill(&[filling], &mut out);
        assert_eq!(
            std::str::from_utf8(&out).unwrap(),
            "beforeab<1-5759e988-bd862e3fe1be46a994272793|1795415913.001000|04659>"
        );
    }
}
