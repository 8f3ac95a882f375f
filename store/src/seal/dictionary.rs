//! Trained dictionaries: what frames of one account and kind have in common, kept once.
//!
//! A dictionary is trained from the first batch that is large enough, and again when frames compress clearly worse
//! than they did with it at first. Old ones stay, because old frames need them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use zstd::dict::EncoderDictionary;

use super::block::Cut;
use crate::api::Account;
use crate::engine::{Family, KeyRange, View, WriteBatch};
use crate::error::StoreError;

pub(crate) const PART: &[u8] = b"dictionary";

/// What frames hold mostly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Kind {
    /// X-Ray documents.
    Xray = 1,
    /// OTLP spans in rows, as they were before they were taken apart.
    Rows = 2,
    /// What is text in frames of columns.
    Columns = 3,
}

/// The dictionaries in use.
pub(crate) struct Dictionaries {
    level: i32,
    next: u32,
    by_kind: BTreeMap<(Account, Kind), Trained>,
}

/// One dictionary in use.
pub(crate) struct Trained {
    pub(crate) number: u32,
    pub(crate) encoder: EncoderDictionary<'static>,
    /// Compressed and decoded bytes of the first frames, and of the latest.
    first: Ratio,
    latest: Ratio,
}

#[derive(Clone, Copy, Default)]
struct Ratio {
    decoded: usize,
    compressed: usize,
}

/// What is less than this does not show what frames have in common.
const ENOUGH_TO_TRAIN: usize = 512 << 10;
/// The text of columns has no repetitions any more.
const ENOUGH_TEXT_TO_TRAIN: usize = 64 << 10;
/// What is more than this takes longer without showing more.
const ENOUGH_SAMPLES: usize = 2 << 20;
const SIZE: usize = 64 << 10;
/// Over so many bytes a ratio is measured.
const MEASURED: usize = 8 << 20;

impl Dictionaries {
    /// Those in use, as the view shows them.
    pub(crate) fn open(view: &dyn View, level: i32) -> Result<Self, StoreError> {
        let (mut next, mut by_kind) = (0, BTreeMap::new());
        view.scan(Family::Meta, PART, KeyRange::all(), false, &mut |key, value| {
            if let Some((number, kind, bytes)) = read(key, value) {
                next = next.max(number + 1);
                by_kind.insert(kind, Trained::new(number, bytes, level));
            }
            ControlFlow::Continue(())
        })?;
        Ok(Self { level, next, by_kind })
    }

    pub(super) fn get(&self, kind: (Account, Kind)) -> Option<&Trained> {
        self.by_kind.get(&kind)
    }

    /// Trains what is missing or worn out from the frames at hand, and adds it to their batch.
    pub(super) fn update(&mut self, cuts: &[Cut], batch: &mut WriteBatch) {
        let mut sizes: BTreeMap<(Account, Kind), usize> = BTreeMap::new();
        for cut in cuts {
            *sizes.entry((cut.account, cut.kind)).or_default() += cut.plain.alike().len();
        }
        for (kind, bytes) in sizes {
            let wanted = self.by_kind.get(&kind).is_none_or(Trained::is_worn_out);
            let enough = match kind.1 {
                Kind::Columns => ENOUGH_TEXT_TO_TRAIN,
                Kind::Xray | Kind::Rows => ENOUGH_TO_TRAIN,
            };
            if wanted && bytes >= enough {
                self.train(kind, cuts, batch);
            }
        }
    }

    fn train(&mut self, kind: (Account, Kind), cuts: &[Cut], batch: &mut WriteBatch) {
        let (mut samples, mut sizes) = (Vec::new(), Vec::new());
        let of_kind: Vec<&Cut> = cuts.iter().filter(|cut| (cut.account, cut.kind) == kind).collect();
        let total: usize = of_kind.iter().map(|cut| cut.plain.alike().len()).sum();
        // Spread over the batch, since its traces are sorted.
        let step = total.div_ceil(ENOUGH_SAMPLES).max(1);
        // Frames are cut into pieces: a trainer wants many small samples.
        for piece in of_kind
            .iter()
            .step_by(step)
            .flat_map(|cut| cut.plain.alike().chunks(2 << 10))
        {
            samples.extend_from_slice(piece);
            sizes.push(piece.len());
        }
        let bytes = match zstd::dict::from_continuous(&samples, &sizes, SIZE) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::debug!(%error, "no dictionary could be trained");
                return;
            }
        };
        let number = self.next;
        self.next += 1;
        let mut value = kind.0.0.to_be_bytes().to_vec();
        value.push(kind.1 as u8);
        value.extend_from_slice(&bytes);
        batch.put(Family::Meta, PART, number.to_be_bytes(), value);
        self.by_kind.insert(kind, Trained::new(number, &bytes, self.level));
    }

    /// Notes how well a frame was compressed.
    pub(super) fn measure(&mut self, kind: (Account, Kind), decoded: usize, compressed: usize) {
        let Some(trained) = self.by_kind.get_mut(&kind) else {
            return;
        };
        if trained.first.decoded >= MEASURED && trained.latest.decoded >= MEASURED {
            trained.latest = Ratio::default();
        }
        let ratio = if trained.first.decoded < MEASURED {
            &mut trained.first
        } else {
            &mut trained.latest
        };
        ratio.decoded += decoded;
        ratio.compressed += compressed;
    }
}

impl Trained {
    fn new(number: u32, bytes: &[u8], level: i32) -> Self {
        Self {
            number,
            encoder: EncoderDictionary::copy(bytes, level),
            first: Ratio::default(),
            latest: Ratio::default(),
        }
    }

    /// Frames compress more than a tenth worse than they did at first.
    fn is_worn_out(&self) -> bool {
        let (first, latest) = (self.first, self.latest);
        latest.decoded >= MEASURED
            && latest.compressed as u128 * first.decoded as u128 * 10
                > first.compressed as u128 * latest.decoded as u128 * 11
    }
}

fn read<'a>(key: &[u8], value: &'a [u8]) -> Option<(u32, (Account, Kind), &'a [u8])> {
    let number = u32::from_be_bytes(key.try_into().ok()?);
    let (account, rest) = value.split_first_chunk()?;
    let (&kind, bytes) = rest.split_first()?;
    let kind = match kind {
        1 => Kind::Xray,
        2 => Kind::Rows,
        3 => Kind::Columns,
        _ => return None,
    };
    Some((number, (Account(u16::from_be_bytes(*account)), kind), bytes))
}

/// The bytes of a dictionary.
pub(crate) fn load(view: &dyn View, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
    let key = number.to_be_bytes();
    let found = view.get(Family::Meta, PART, &key)?;
    Ok(found.and_then(|value| read(&key, &value).map(|(_, _, bytes)| bytes.to_vec())))
}
