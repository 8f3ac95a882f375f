//! What services answered, and who called whom.

use beamline_model::digest::{CallFact, Digest, HttpFact, SegmentFact};

use super::super::super::varint::Put;
use super::super::streams::Stream;
use super::super::{call, segment};
use super::{Writer, bits, is_one};

impl<'a> Writer<'a> {
    pub(super) fn http(&mut self, http: &'a HttpFact) {
        let has = |text: &Option<String>| u8::from(text.is_some());
        self.streams.to(Stream::HttpBits).push(
            has(&http.url)
                | has(&http.method) << 1
                | has(&http.user_agent) << 2
                | has(&http.client_ip) << 3
                | u8::from(http.status.is_some()) << 4,
        );
        for text in [&http.method, &http.user_agent].into_iter().flatten() {
            self.name(Stream::HttpNames, text);
        }
        for text in [&http.url, &http.client_ip].into_iter().flatten() {
            self.value(Stream::HttpValues, text);
        }
        if let Some(status) = http.status {
            self.streams.to(Stream::HttpStatus).varint(u64::from(status));
        }
    }

    pub(super) fn segments(&mut self, segments: &'a [SegmentFact]) {
        self.count(segments.len());
        // Services are in the order of their first segment, so that mostly the next one comes.
        let mut next = 0;
        for fact in segments {
            self.streams
                .to(Stream::SegmentService)
                .zigzag(i64::from(fact.service) - next);
            next = next.max(i64::from(fact.service) + 1);
            self.segment(fact);
        }
    }

    fn segment(&mut self, fact: &'a SegmentFact) {
        let has_http = fact.http != HttpFact::default();
        let ends_last = fact.end == Some(self.end);
        self.streams.to(Stream::SegmentBits).varint(bits(&[
            (segment::ENDED, fact.end.is_some()),
            (segment::ENDS_LAST, ends_last),
            (segment::HTTP, has_http),
            (segment::ROOT, fact.root),
            (segment::INFERRED, fact.inferred),
            (segment::ERROR, fact.flags.error),
            (segment::FAULT, fact.flags.fault),
            (segment::THROTTLE, fact.flags.throttle),
            (segment::ASYNC_END, fact.async_end.is_some()),
            (segment::WEIGHT, !is_one(fact.weight)),
        ]));
        self.time(Stream::SegmentStart, fact.start, self.start);
        if let Some(end) = fact.end.filter(|_| !ends_last) {
            self.time(Stream::SegmentLength, end, fact.start);
        }
        if let Some(end) = fact.async_end {
            self.time(Stream::SegmentLength, end, fact.start);
        }
        if has_http {
            self.http(&fact.http);
        }
        self.weight(fact.weight);
    }

    pub(super) fn calls(&mut self, digest: &'a Digest) {
        self.count(digest.calls.len());
        for (number, fact) in digest.calls.iter().enumerate() {
            let pair = digest.segments.get(number).filter(|segment| segment.service == fact.to);
            self.call(fact, pair);
        }
    }

    fn call(&mut self, fact: &'a CallFact, pair: Option<&SegmentFact>) {
        let same_time = pair.is_some_and(|pair| (pair.start, pair.end) == (fact.start, fact.end));
        let same_http = pair.is_some_and(|pair| pair.http == fact.http);
        let same_flags = pair.is_some_and(|pair| pair.flags == fact.flags);
        let has_http = !same_http && fact.http != HttpFact::default();
        let told = |flag: bool| flag && !same_flags;
        self.streams
            .to(Stream::CallFrom)
            .varint(u64::from(fact.from.wrapping_add(1)));
        self.streams.to(Stream::CallBits).varint(bits(&[
            (call::PAIR, pair.is_some()),
            (call::SAME_TIME, same_time),
            (call::SAME_HTTP, same_http),
            (call::SAME_FLAGS, same_flags),
            (call::ENDED, fact.end.is_some()),
            (call::LINK, fact.link),
            (call::HTTP, has_http),
            (call::ERROR, told(fact.flags.error)),
            (call::FAULT, told(fact.flags.fault)),
            (call::THROTTLE, told(fact.flags.throttle)),
            (call::ALIAS, fact.alias.is_some()),
            (call::WEIGHT, !is_one(fact.weight)),
        ]));
        if pair.is_none() {
            self.streams.to(Stream::CallTo).varint(u64::from(fact.to));
        }
        if !same_time {
            // What the caller saw began a little earlier and took a little longer.
            let base = pair.map_or(self.start, |pair| pair.start);
            self.time(Stream::CallStart, fact.start, base);
            if let Some(end) = fact.end {
                let usual = pair.map_or(Some(fact.start), |pair| pair.end).unwrap_or(fact.start);
                self.time(Stream::CallLength, end, usual);
            }
        }
        if has_http {
            self.http(&fact.http);
        }
        if let Some(alias) = &fact.alias {
            self.value(Stream::Words, alias);
        }
        self.weight(fact.weight);
    }
}
