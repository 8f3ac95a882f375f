//! The streams of a page, and how they are put together.
//!
//! Facts of one kind stand one after the other, whatever digest they are of, because what is alike compresses best
//! beside each other. What looks random (packed identifiers, the low bytes of times) is kept apart from what does not:
//! a compressor learns one distribution for all it is given at once.

use super::super::squeeze::{self, Effort};
use super::super::varint::{Put, Take};

/// A stream. Those of the structure come first, then those of what looks random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Stream {
    /// Definitions of services: see `write`.
    Services,
    /// Unit, flags, entry, number of nodes.
    Heads,
    /// Lengths of a digest's lists.
    Counts,
    /// Which services a digest has.
    ServiceOf,
    /// The service of each segment.
    SegmentService,
    SegmentBits,
    /// Upper parts of the starts of segments.
    SegmentStart,
    /// Upper parts of their lengths.
    SegmentLength,
    HttpBits,
    HttpNames,
    HttpValues,
    HttpStatus,
    CallFrom,
    CallTo,
    CallBits,
    CallStart,
    CallLength,
    AnnotationKey,
    AnnotationKind,
    AnnotationValue,
    AnnotationNumber,
    AnnotationWhere,
    /// Lists of indexes that cannot be derived.
    Indexes,
    Words,
    Causes,
    CauseNames,
    CauseValues,
    /// What looks random begins here: the low bytes of times, the higher of the two.
    LowHigh,
    /// The lowest.
    LowLow,
    /// Floats as they are.
    Raw,
    /// Texts that are hexadecimal numbers, two digits a byte.
    Packed,
}

/// How many streams there are.
pub(super) const STREAMS: usize = Stream::Packed as usize + 1;
const FIRST_RANDOM: usize = Stream::LowHigh as usize;

/// The streams being written.
pub(super) struct Writing([Vec<u8>; STREAMS]);

impl Default for Writing {
    fn default() -> Self {
        Self([const { Vec::new() }; STREAMS])
    }
}

impl Writing {
    pub(super) fn to(&mut self, stream: Stream) -> &mut Vec<u8> {
        &mut self.0[stream as usize]
    }

    /// A number whose low bytes look random, as those of times do.
    pub(super) fn wide(&mut self, upper: Stream, value: i64) {
        let bits = ((value << 1) ^ (value >> 63)) as u64;
        self.to(upper).varint(bits >> 16);
        self.to(Stream::LowHigh).push((bits >> 8) as u8);
        self.to(Stream::LowLow).push(bits as u8);
    }

    /// Appends both sections in compressed form.
    pub(super) fn finish(&self, out: &mut Vec<u8>) {
        let (structure, random) = self.0.split_at(FIRST_RANDOM);
        section(structure, out);
        section(random, out);
    }
}

fn section(streams: &[Vec<u8>], out: &mut Vec<u8>) {
    let mut bytes = Vec::with_capacity(streams.iter().map(|stream| stream.len() + 3).sum());
    streams.iter().for_each(|stream| bytes.varint(stream.len() as u64));
    streams.iter().for_each(|stream| bytes.extend_from_slice(stream));
    squeezed(&bytes, out);
}

/// Appends bytes in compressed form with the length of that in front.
pub(super) fn squeezed(bytes: &[u8], out: &mut Vec<u8>) {
    let mut value = Vec::new();
    squeeze::put(&mut value, bytes, Effort::Good);
    out.sized(&value);
}

/// Some of the streams of a page, decompressed.
#[derive(Debug)]
pub(super) struct Section {
    bytes: Vec<u8>,
    /// Where each begins and ends.
    ends: Vec<(u32, u32)>,
}

impl Section {
    /// The streams that say how facts hang together.
    pub(super) fn structure(compressed: &[u8], most: usize) -> Option<Self> {
        Self::open(compressed, FIRST_RANDOM, most)
    }

    /// The streams of what looks random.
    pub(super) fn random(compressed: &[u8], most: usize) -> Option<Self> {
        Self::open(compressed, STREAMS - FIRST_RANDOM, most)
    }

    /// `None` if it is damaged or takes more than `most` bytes.
    fn open(compressed: &[u8], streams: usize, most: usize) -> Option<Self> {
        let bytes = squeeze::take(Take(compressed), most)?;
        let mut heads = Take(&bytes);
        let lengths: Vec<u32> = (0..streams).map(|_| heads.number()).collect::<Option<_>>()?;
        let mut at = u32::try_from(bytes.len() - heads.0.len()).ok()?;
        let mut ends = Vec::with_capacity(streams);
        for length in lengths {
            ends.push((at, at.checked_add(length)?));
            at += length;
        }
        (at as usize == bytes.len()).then_some(Self { bytes, ends })
    }

    fn stream(&self, number: usize) -> &[u8] {
        let (from, to) = self.ends.get(number).copied().unwrap_or_default();
        self.bytes.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The packed texts, of the section that has them.
    pub(super) fn packed(&self) -> Take<'_> {
        Take(self.stream(Stream::Packed as usize - FIRST_RANDOM))
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * 8
    }
}

/// A place in all streams: how much of each is left there.
#[derive(Clone, Debug)]
pub(super) struct Place([u32; STREAMS]);

/// Reads all streams.
pub(super) struct Cursors<'a>([Take<'a>; STREAMS]);

impl<'a> Cursors<'a> {
    /// The beginning of all streams.
    pub(super) fn begin(structure: &'a Section, random: &'a Section) -> Self {
        Self(std::array::from_fn(|number| match number.checked_sub(FIRST_RANDOM) {
            None => Take(structure.stream(number)),
            Some(number) => Take(random.stream(number)),
        }))
    }

    /// Goes on from a place that was reached before.
    pub(super) fn go_to(&mut self, place: &Place) {
        for (take, &left) in self.0.iter_mut().zip(&place.0) {
            let passed = take.0.len().saturating_sub(left as usize);
            take.0 = take.0.get(passed..).unwrap_or_default();
        }
    }

    pub(super) fn of(&mut self, stream: Stream) -> &mut Take<'a> {
        &mut self.0[stream as usize]
    }

    /// What [`Writing::wide`] wrote.
    pub(super) fn wide(&mut self, upper: Stream) -> Option<i64> {
        let upper = self.of(upper).varint()?;
        let high = self.of(Stream::LowHigh).byte()?;
        let low = self.of(Stream::LowLow).byte()?;
        let bits = upper << 16 | u64::from(high) << 8 | u64::from(low);
        Some((bits >> 1) as i64 ^ -((bits & 1) as i64))
    }

    pub(super) fn place(&self) -> Place {
        Place(std::array::from_fn(|number| self.0[number].0.len() as u32))
    }
}
