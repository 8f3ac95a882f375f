//! What services answered, and who called whom.

use beamline_model::digest::{CallFact, HttpFact, SegmentFact};

use super::super::streams::Stream;
use super::super::{call, segment};
use super::{Reader, flags};

impl Reader<'_> {
    pub(super) fn http(&mut self) -> Option<HttpFact> {
        let bits = self.cursors.of(Stream::HttpBits).byte()?;
        let mut http = HttpFact::default();
        if bits & 2 != 0 {
            http.method = Some(self.name(Stream::HttpNames)?);
        }
        if bits & 4 != 0 {
            http.user_agent = Some(self.name(Stream::HttpNames)?);
        }
        if bits & 1 != 0 {
            http.url = Some(self.value(Stream::HttpValues)?);
        }
        if bits & 8 != 0 {
            http.client_ip = Some(self.value(Stream::HttpValues)?);
        }
        if bits & 16 != 0 {
            http.status = Some(self.cursors.of(Stream::HttpStatus).number()?);
        }
        Some(http)
    }

    /// Segments are kept even of a row that is skipped: what follows refers to them.
    pub(super) fn segments(&mut self) -> Option<Vec<SegmentFact>> {
        let count = self.count()?;
        let mut segments = Vec::with_capacity(count.min(64));
        let mut next = 0i64;
        for _ in 0..count {
            let distance = self.cursors.of(Stream::SegmentService).zigzag()?;
            let service = u16::try_from(next.checked_add(distance)?).ok()?;
            next = next.max(i64::from(service) + 1);
            segments.push(self.segment(service)?);
        }
        Some(segments)
    }

    fn segment(&mut self, service: u16) -> Option<SegmentFact> {
        let bits = self.cursors.of(Stream::SegmentBits).varint()?;
        let start = self.time(Stream::SegmentStart, self.start)?;
        let end = match (bits & segment::ENDED != 0, bits & segment::ENDS_LAST != 0) {
            (false, _) => None,
            (true, true) => Some(self.end),
            (true, false) => Some(self.time(Stream::SegmentLength, start)?),
        };
        let async_end = match bits & segment::ASYNC_END {
            0 => None,
            _ => Some(self.time(Stream::SegmentLength, start)?),
        };
        Some(SegmentFact {
            service,
            root: bits & segment::ROOT != 0,
            inferred: bits & segment::INFERRED != 0,
            flags: flags(bits, segment::ERROR, segment::FAULT, segment::THROTTLE),
            start,
            end,
            async_end,
            http: if bits & segment::HTTP != 0 {
                self.http()?
            } else {
                HttpFact::default()
            },
            weight: self.weight(bits & segment::WEIGHT != 0)?,
        })
    }

    pub(super) fn calls(&mut self, segments: &[SegmentFact]) -> Option<Vec<CallFact>> {
        let mut number = 0;
        self.list(|reader| {
            number += 1;
            reader.call(segments.get(number - 1))
        })
    }

    fn call(&mut self, segment: Option<&SegmentFact>) -> Option<CallFact> {
        let from = self.cursors.of(Stream::CallFrom).number::<u16>()?.wrapping_sub(1);
        let bits = self.cursors.of(Stream::CallBits).varint()?;
        let pair = match bits & call::PAIR {
            0 => None,
            _ => Some(segment?),
        };
        let to = match pair {
            Some(pair) => pair.service,
            None => self.cursors.of(Stream::CallTo).number()?,
        };
        let (start, end) = match bits & call::SAME_TIME {
            0 => {
                let start = self.time(Stream::CallStart, pair.map_or(self.start, |pair| pair.start))?;
                let usual = pair.map_or(Some(start), |pair| pair.end).unwrap_or(start);
                let end = match bits & call::ENDED {
                    0 => None,
                    _ => Some(self.time(Stream::CallLength, usual)?),
                };
                (start, end)
            }
            _ => (pair?.start, pair?.end),
        };
        let http = match (bits & call::SAME_HTTP != 0, bits & call::HTTP != 0) {
            (true, _) if self.skips => HttpFact::default(),
            (true, _) => pair?.http.clone(),
            (false, true) => self.http()?,
            (false, false) => HttpFact::default(),
        };
        Some(CallFact {
            from,
            to,
            link: bits & call::LINK != 0,
            flags: match bits & call::SAME_FLAGS {
                0 => flags(bits, call::ERROR, call::FAULT, call::THROTTLE),
                _ => pair?.flags,
            },
            start,
            end,
            http,
            alias: if bits & call::ALIAS != 0 {
                Some(self.value(Stream::Words)?)
            } else {
                None
            },
            weight: self.weight(bits & call::WEIGHT != 0)?,
        })
    }
}
