//! Compressing what a frame holds.

use zstd::bulk::Compressor;
use zstd::dict::EncoderDictionary;
use zstd::zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd::zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, ResetDirective, compress_bound, get_error_name};

use super::pages::{PARTS, Pages, Part};
use super::{COLUMNS, PLAIN, Plain, WITH_DICTIONARY, put_header};

/// Compresses frames, one after the other.
pub(crate) struct Squeezer<'a> {
    level: i32,
    /// For rows and text, with the dictionary of this number.
    whole: Compressor<'a>,
    number: Option<u32>,
    /// For everything that a dictionary does not help.
    blocks: CCtx<'static>,
}

/// A compressed frame, and what its bytes are for.
#[derive(Clone, Default)]
pub(crate) struct Squeezed {
    pub(crate) frame: Vec<u8>,
    pub(crate) parts: [u64; PARTS],
}

impl<'a> Squeezer<'a> {
    pub(crate) fn new(level: i32) -> std::io::Result<Self> {
        let mut blocks = CCtx::create();
        blocks
            .set_parameter(CParameter::CompressionLevel(level))
            .map_err(error)?;
        blocks
            .set_parameter(CParameter::ContentSizeFlag(false))
            .map_err(error)?;
        Ok(Self {
            level,
            whole: Compressor::new(level)?,
            number: None,
            blocks,
        })
    }

    /// Uses a dictionary, or none, from now on.
    pub(crate) fn set_dictionary(
        &mut self,
        wanted: Option<(u32, &'a EncoderDictionary<'static>)>,
    ) -> std::io::Result<()> {
        let number = wanted.map(|wanted| wanted.0);
        if self.number != number {
            self.whole = match wanted {
                Some((_, dictionary)) => Compressor::with_prepared_dictionary(dictionary)?,
                None => Compressor::new(self.level)?,
            };
            self.number = number;
        }
        Ok(())
    }

    /// Makes a frame.
    pub(crate) fn frame(&mut self, plain: &Plain) -> std::io::Result<Squeezed> {
        match plain {
            Plain::Rows(rows) => self.rows(rows),
            Plain::Columns(pages) => self.columns(pages),
        }
    }

    fn rows(&mut self, rows: &[u8]) -> std::io::Result<Squeezed> {
        let compressed = self.whole.compress(rows)?;
        let mut frame = Vec::with_capacity(compressed.len() + 16);
        let codec = if self.number.is_some() { WITH_DICTIONARY } else { PLAIN };
        put_header(&mut frame, codec, crc32c::crc32c(rows), rows.len(), self.number);
        frame.extend_from_slice(&compressed);
        let mut parts = [0; PARTS];
        parts[Part::Text as usize] = frame.len() as u64;
        Ok(Squeezed { frame, parts })
    }

    /// Two zstd frames, which a reader decompresses as one: the lengths and text, and the rest in blocks.
    fn columns(&mut self, pages: &Pages) -> std::io::Result<Squeezed> {
        let text = [&pages.lengths()[..], &pages.text].concat();
        let compressed = self.whole.compress(&text)?;
        let sections = [&text, &pages.head, &pages.codes, &pages.raw];
        let crc = sections
            .iter()
            .fold(0, |crc, section| crc32c::crc32c_append(crc, section));
        let length = sections.iter().map(|section| section.len()).sum();
        let mut frame = Vec::with_capacity(compressed.len() + 32 + self.room(pages));
        put_header(&mut frame, COLUMNS, crc, length, self.number);
        frame.extend_from_slice(&compressed);
        let mut parts = [0; PARTS];
        parts[Part::Text as usize] = frame.len() as u64;

        self.blocks.reset(ResetDirective::SessionOnly).map_err(error)?;
        let rest = (length - text.len()) as u64;
        self.blocks.set_pledged_src_size(Some(rest)).map_err(error)?;
        parts[Part::Head as usize] += self.block(&pages.head, &mut frame, false)?;
        let mut from = 0;
        for &(end, part) in &pages.cuts {
            parts[part as usize] += self.block(&pages.codes[from..end], &mut frame, false)?;
            from = end;
        }
        let raw = self.block(&pages.raw, &mut frame, true)?;
        let mut from = 0;
        for &(end, part) in &pages.pieces {
            // One block for all, since hardly anything of it becomes smaller; each has its share.
            parts[part as usize] += (end - from) as u64 * raw / pages.raw.len().max(1) as u64;
            from = end;
        }
        Ok(Squeezed { frame, parts })
    }

    /// Bytes that the blocks take at most.
    fn room(&self, pages: &Pages) -> usize {
        let all = compress_bound(pages.head.len() + pages.codes.len() + pages.raw.len());
        // Ending a block early costs its header.
        all + (pages.cuts.len() + 4) * 64
    }

    /// Appends a block of its own; says how large it became.
    fn block(&mut self, bytes: &[u8], frame: &mut Vec<u8>, last: bool) -> std::io::Result<u64> {
        let before = frame.len();
        let directive = match last {
            true => ZSTD_EndDirective::ZSTD_e_end,
            false => ZSTD_EndDirective::ZSTD_e_flush,
        };
        let mut input = InBuffer::around(bytes);
        loop {
            let mut output = OutBuffer::around_pos(frame, frame.len());
            let left = self
                .blocks
                .compress_stream2(&mut output, &mut input, directive)
                .map_err(error)?;
            if left == 0 {
                return Ok((frame.len() - before) as u64);
            }
            frame.reserve(left.max(1 << 10));
        }
    }
}

fn error(code: usize) -> std::io::Error {
    std::io::Error::other(get_error_name(code))
}
