//! The streams of a page, and how they are put together.
//!
//! Facts of one kind stand one after the other, whatever digest they are of, because what is alike compresses best
//! beside each other. What looks random (packed identifiers, the low bytes of times) is kept apart from what does not:
//! a compressor learns one distribution for all it is given at once.

use super::super::squeeze::{self, Effort};
use super::super::varint::{Put, Take};

/// A stream. The streams of [`Section::Structure`] come first.
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
    /// Here the streams of [`Section::Random`] begin. Lower bytes of times, the higher of the two.
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

/// The streams of an open page.
#[derive(Debug)]
pub(super) struct Streams {
    structure: Vec<u8>,
    random: Vec<u8>,
    /// Where each begins and ends in its section.
    ends: [(u32, u32); STREAMS],
}

impl Streams {
    /// Takes both sections; `None` if they are damaged or take more than `most` bytes.
    pub(super) fn take(take: &mut Take<'_>, most: usize) -> Option<Self> {
        let mut ends = [(0, 0); STREAMS];
        let (first, second) = ends.split_at_mut(FIRST_RANDOM);
        let structure = opened(take, first, most)?;
        let random = opened(take, second, most)?;
        Some(Self {
            structure,
            random,
            ends,
        })
    }

    fn stream(&self, number: usize) -> &[u8] {
        let (from, to) = self.ends[number];
        let section = if number < FIRST_RANDOM {
            &self.structure
        } else {
            &self.random
        };
        section.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The beginning of all streams.
    pub(super) fn begin(&self) -> Cursors<'_> {
        Cursors(std::array::from_fn(|number| Take(self.stream(number))))
    }

    /// A place that was reached before.
    pub(super) fn at(&self, place: &Place) -> Cursors<'_> {
        Cursors(std::array::from_fn(|number| {
            let stream = self.stream(number);
            Take(
                stream
                    .get(stream.len() - place.0[number] as usize..)
                    .unwrap_or_default(),
            )
        }))
    }

    pub(super) fn bytes(&self) -> usize {
        self.structure.len() + self.random.len() + size_of::<Self>()
    }
}

fn opened(take: &mut Take<'_>, ends: &mut [(u32, u32)], most: usize) -> Option<Vec<u8>> {
    let bytes = squeeze::take(Take(take.sized()?), most)?;
    let mut heads = Take(&bytes);
    let lengths: Vec<u32> = ends.iter().map(|_| heads.number()).collect::<Option<_>>()?;
    let mut at = u32::try_from(bytes.len() - heads.0.len()).ok()?;
    for (end, length) in ends.iter_mut().zip(lengths) {
        *end = (at, at.checked_add(length)?);
        at = end.1;
    }
    (at as usize == bytes.len()).then_some(bytes)
}

/// A place in all streams: how much of each is left there.
#[derive(Clone, Debug)]
pub(super) struct Place([u32; STREAMS]);

/// Reads all streams.
pub(super) struct Cursors<'a>([Take<'a>; STREAMS]);

impl<'a> Cursors<'a> {
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
