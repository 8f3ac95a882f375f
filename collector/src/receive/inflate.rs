//! Decompression, bounded: the only place where a decompressor is made.

use std::io::{Cursor, Read};

use bytes::{Bytes, BytesMut};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::body::too_large;
use crate::admit::Held;
use crate::pipeline::Failure;
use crate::report::Rejected;

/// Decompressed at a time; other tasks run in between.
const STEP: usize = 64 * 1024;

/// The largest zstd window, as a power of two: 8 MiB, which decoders have to support and every level but the ultra ones
/// stays within.
const WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Deflate,
    Zstd,
}

impl Compression {
    /// From a `Content-Encoding` or `grpc-encoding`.
    pub(crate) fn parse(name: Option<&[u8]>) -> Result<Self, Failure> {
        let name = name.unwrap_or_default().trim_ascii().to_ascii_lowercase();
        match name.as_slice() {
            b"" | b"identity" => Ok(Self::None),
            b"gzip" | b"x-gzip" => Ok(Self::Gzip),
            b"deflate" | b"zlib" => Ok(Self::Deflate),
            b"zstd" => Ok(Self::Zstd),
            other => {
                let name: String = String::from_utf8_lossy(other).chars().take(64).collect();
                let message = format!("compression `{name}` is not known; use gzip, deflate, zstd or none");
                Err(Failure::Refused(Rejected::UnknownCompression, message))
            }
        }
    }

    /// The decompressed bytes, at most `limit` of them. They are held as they appear.
    pub(crate) async fn inflate(self, bytes: Bytes, limit: usize, held: &mut Held) -> Result<Bytes, Failure> {
        let broken = |error: std::io::Error| Failure::Refused(Rejected::Compression, error.to_string());
        let mut reader: Box<dyn Read + Send> = match self {
            Self::None => return Ok(bytes),
            Self::Gzip => Box::new(MultiGzDecoder::new(Cursor::new(bytes))),
            // HTTP says zlib; some senders leave its two bytes away.
            Self::Deflate if is_zlib(&bytes) => Box::new(ZlibDecoder::new(Cursor::new(bytes))),
            Self::Deflate => Box::new(DeflateDecoder::new(Cursor::new(bytes))),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(Cursor::new(bytes)).map_err(broken)?;
                decoder.window_log_max(WINDOW_LOG).map_err(broken)?;
                Box::new(decoder)
            }
        };
        let mut out = BytesMut::new();
        loop {
            let before = out.len();
            out.resize(before + STEP, 0);
            let count = reader.read(&mut out[before..]).map_err(broken)?;
            out.truncate(before + count);
            if count == 0 {
                return Ok(out.freeze());
            }
            if out.len() > limit {
                return Err(too_large(limit));
            }
            held.grow(count).await?;
            tokio::task::yield_now().await;
        }
    }
}

/// RFC 1950: method 8, and the first two bytes are a multiple of 31.
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        &[first, second, ..] => first & 0x0f == 8 && u16::from_be_bytes([first, second]) % 31 == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;
    use crate::admit::Admission;

    fn compressed(compression: &str, bytes: &[u8]) -> Bytes {
        let level = flate2::Compression::default();
        let out = match compression {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish()
            }
            "deflate" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish()
            }
            "raw deflate" => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish()
            }
            _ => zstd::encode_all(bytes, 3),
        };
        out.unwrap().into()
    }

    async fn check(compression: &str, bytes: Bytes, limit: usize) -> Result<usize, Rejected> {
        let admission = Admission::new(64 << 20, Duration::from_millis(1));
        let name = compression.trim_start_matches("raw ");
        let compression = Compression::parse(Some(name.as_bytes())).unwrap();
        match compression.inflate(bytes, limit, &mut admission.start()).await {
            Ok(out) => Ok(out.len()),
            Err(Failure::Refused(reason, _)) => Err(reason),
            Err(Failure::Busy(busy)) => panic!("{busy}"),
        }
    }

    #[tokio::test]
    async fn the_limit_holds_after_decompression() {
        const ZEROS: usize = 10 << 20;
        for name in ["gzip", "deflate", "raw deflate", "zstd"] {
            let bomb = compressed(name, &vec![0; ZEROS]);
            assert!(bomb.len() < ZEROS / 100, "{name}");
            assert_eq!(check(name, bomb.clone(), ZEROS).await, Ok(ZEROS), "{name}");
            assert_eq!(
                check(name, bomb.clone(), ZEROS - 1).await,
                Err(Rejected::TooLarge),
                "{name}"
            );
            let cut = bomb.slice(..bomb.len() / 2);
            assert_eq!(
                check(name, cut, ZEROS).await,
                Err(Rejected::Compression),
                "{name}, cut off"
            );
        }
        assert_eq!(
            check("gzip", Bytes::from_static(b"not gzip"), 99).await,
            Err(Rejected::Compression)
        );
        assert!(Compression::parse(Some(b"br")).is_err());
    }

    #[tokio::test]
    async fn what_is_decompressed_counts_as_in_flight() {
        let admission = Admission::new(1 << 20, Duration::from_millis(1));
        let bomb = compressed("gzip", &vec![0; 2 << 20]);
        let outcome = Compression::Gzip.inflate(bomb, 64 << 20, &mut admission.start()).await;
        assert!(matches!(outcome, Err(Failure::Busy(_))), "{outcome:?}");
    }
}
