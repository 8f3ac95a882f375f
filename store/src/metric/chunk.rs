//! The points of one hour of one series, in columns: the value of a row in
//! [`Family::Points`](crate::engine::Family::Points).
//!
//! ```text
//! version u8 = 1 | CRC-32C of all that follows u32
//! | further parts: count varint, each: first time zigzag, first identity zigzag, number varint
//! | rows varint | values | times, starts, flags, sequences: numbers | residue
//! ```
//! Rows are sorted by time and identity, and no two have both the same. The list of parts is in the first part only,
//! and mostly empty: an hour with very many points is cut, each part beginning where the list says. What the columns are
//! made of is in [`numbers`] and [`doubles`], what values are in [`values`]; the residue has the exemplars.

use beamline_model::metric::{Point, PointValue};
use beamline_model::time::Timestamp;

use crate::codec::squeeze::{self, Effort};
use crate::codec::varint::{Put, Take};

mod bits;
mod doubles;
mod numbers;
#[cfg(test)]
mod tests;
mod values;

const VERSION: u8 = 1;
/// No chunk has more rows; whoever writes cuts it long before.
const MOST_ROWS: usize = 1 << 20;
/// No residue is larger when decompressed.
const MOST_RESIDUE: usize = 64 << 20;
/// A residue of fewer bytes is not worth compressing.
const WORTH_COMPRESSING: usize = 128;

/// A point as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) point: Point,
    /// Tells data of CloudWatch at one time apart: the moment of their reception; 0 for all other points.
    sequence: i64,
}

/// Where a row is among those of its series: time, then what tells points of one time apart.
pub(crate) type Place = (i64, i64);

/// A further part of an hour with very many points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Rows from here on are in it, up to where the next part begins.
    pub(crate) first: Place,
    pub(crate) number: u16,
}

/// What a value holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chunk {
    /// Parts after this one, ascending; only the first part knows them.
    pub(crate) parts: Vec<Part>,
    /// Rows, ascending by place.
    pub(crate) rows: Vec<Row>,
}

impl Row {
    pub(crate) fn new(point: Point, received: Timestamp) -> Self {
        let sequence = match point.value {
            PointValue::Statistics(_) => received.0,
            _ => 0,
        };
        Self { point, sequence }
    }

    pub(crate) fn place(&self) -> Place {
        (self.point.time.0, self.point.identity(Timestamp(self.sequence)).0)
    }
}

impl Chunk {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION, 0, 0, 0, 0];
        out.varint(self.parts.len() as u64);
        for part in &self.parts {
            out.zigzag(part.first.0);
            out.zigzag(part.first.1);
            out.varint(u64::from(part.number));
        }
        out.varint(self.rows.len() as u64);
        values::put(&mut out, &self.rows);
        let mut column = Vec::with_capacity(self.rows.len());
        let mut put = |out: &mut Vec<u8>, of: fn(&Row) -> i64| {
            column.clear();
            column.extend(self.rows.iter().map(of));
            numbers::put(out, &column);
        };
        put(&mut out, |row| row.point.time.0);
        put(&mut out, |row| row.point.start.0);
        put(&mut out, |row| i64::from(row.point.flags));
        put(&mut out, |row| row.sequence);
        put_residue(&mut out, &self.rows);
        let crc = crc32c::crc32c(&out[5..]);
        out[1..5].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// `None` if the bytes are not what was written.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut take = checked(bytes)?;
        let parts = take_parts(&mut take)?;
        let count = take.number::<usize>().filter(|&count| count <= MOST_ROWS)?;
        let values = values::take(&mut take, count)?;
        let times = numbers::take(&mut take, count)?;
        let starts = numbers::take(&mut take, count)?;
        let flags = numbers::take(&mut take, count)?;
        let sequences = numbers::take(&mut take, count)?;
        let mut rows = Vec::with_capacity(count);
        for (index, value) in values.into_iter().enumerate() {
            rows.push(Row {
                point: Point {
                    time: Timestamp(times[index]),
                    start: Timestamp(starts[index]),
                    flags: u32::try_from(flags[index]).ok()?,
                    value,
                    exemplars: Vec::new(),
                },
                sequence: sequences[index],
            });
        }
        take_residue(take, &mut rows)?;
        Some(Self { parts, rows })
    }
}

fn checked(bytes: &[u8]) -> Option<Take<'_>> {
    let mut take = Take(bytes);
    if take.byte()? != VERSION {
        return None;
    }
    let crc = u32::from_le_bytes(take.array()?);
    (crc32c::crc32c(take.0) == crc).then_some(take)
}

fn take_parts(take: &mut Take<'_>) -> Option<Vec<Part>> {
    let count = take.count()?;
    let part = |take: &mut Take<'_>| {
        Some(Part {
            first: (take.zigzag()?, take.zigzag()?),
            number: take.number()?,
        })
    };
    (0..count).map(|_| part(take)).collect()
}

/// The exemplars of the rows that have any: how many rows were skipped, and the binary form of a point that is nothing
/// but its exemplars. Compressed when there is enough of it.
fn put_residue(out: &mut Vec<u8>, rows: &[Row]) {
    let mut residue = Vec::new();
    let (mut skipped, mut body) = (0, Vec::new());
    for row in rows {
        if row.point.exemplars.is_empty() {
            skipped += 1;
            continue;
        }
        let bare = Point {
            time: row.point.time,
            exemplars: row.point.exemplars.clone(),
            ..Point::default()
        };
        body.clear();
        bare.encode(&mut body);
        residue.varint(std::mem::take(&mut skipped));
        residue.sized(&body);
    }
    let compressed = residue.len() >= WORTH_COMPRESSING;
    out.push(u8::from(compressed));
    if compressed {
        squeeze::put(out, &residue, Effort::Fast);
    } else {
        out.extend_from_slice(&residue);
    }
}

fn take_residue(mut take: Take<'_>, rows: &mut [Row]) -> Option<()> {
    let decompressed;
    let mut residue = match take.byte()? {
        0 => take,
        _ => {
            decompressed = squeeze::take(take, MOST_RESIDUE)?;
            Take(&decompressed)
        }
    };
    let mut rows = rows.iter_mut();
    while !residue.0.is_empty() {
        let row = rows.nth(residue.number()?)?;
        row.point.exemplars = Point::decode(residue.sized()?)?.exemplars;
    }
    Some(())
}
