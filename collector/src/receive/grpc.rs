//! gRPC's framing of one request: a flag, a length, a message.
//!
//! The message is handed on as bytes, since decoding it into owned structures costs several times what reading it in
//! place does. Reading the body here and not in a generated service also means that its bytes are held as they come,
//! and that one bounded decompressor serves every protocol.

use bytes::{Buf, Bytes};

use super::inflate::Compression;
use crate::admit::Held;
use crate::pipeline::Failure;
use crate::report::Rejected;

/// Bytes before the message.
pub(crate) const PREFIX: usize = 5;

/// The message of a unary call's body.
pub(crate) async fn message(
    mut body: Bytes,
    encoding: Option<&[u8]>,
    limit: usize,
    held: &mut Held,
) -> Result<Bytes, Failure> {
    let broken = |message: &str| Failure::Refused(Rejected::Framing, message.to_owned());
    if body.len() < PREFIX {
        return Err(broken("the body ends before a message begins"));
    }
    let (flag, length) = (body.get_u8(), body.get_u32() as usize);
    if body.len() != length {
        let (there, said) = (body.len(), length);
        return Err(broken(&format!(
            "a message of {said} bytes was announced, {there} came"
        )));
    }
    match flag {
        0 => Ok(body),
        1 => match Compression::parse(encoding)? {
            Compression::None => Err(broken("a compressed message without a grpc-encoding")),
            compression => compression.inflate(body, limit, held).await,
        },
        _ => Err(broken("the compressed flag is neither 0 nor 1")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::admit::Admission;

    async fn check(body: &[u8], encoding: Option<&str>, expected: Result<&[u8], Rejected>) {
        let admission = Admission::new(1 << 20, Duration::from_millis(1));
        let encoding = encoding.map(str::as_bytes);
        let outcome = message(Bytes::copy_from_slice(body), encoding, 1_000, &mut admission.start()).await;
        let outcome = outcome.map_err(|failure| match failure {
            Failure::Refused(reason, _) => reason,
            Failure::Busy(busy) => panic!("{busy}"),
        });
        assert_eq!(outcome.as_deref(), expected.as_ref().copied(), "{body:?}");
    }

    #[tokio::test]
    async fn a_message_is_what_its_prefix_says() {
        check(&[0, 0, 0, 0, 2, 7, 8], None, Ok(&[7, 8])).await;
        check(&[0, 0, 0, 0, 0], Some("gzip"), Ok(&[])).await;
        check(&[], None, Err(Rejected::Framing)).await;
        check(&[0, 0, 0, 0], None, Err(Rejected::Framing)).await;
        check(&[0, 0, 0, 0, 3, 7, 8], None, Err(Rejected::Framing)).await;
        check(&[0, 0, 0, 0, 1, 7, 8], None, Err(Rejected::Framing)).await;
        check(&[0, 255, 255, 255, 255, 7], None, Err(Rejected::Framing)).await;
        check(&[2, 0, 0, 0, 1, 7], None, Err(Rejected::Framing)).await;
        check(&[1, 0, 0, 0, 1, 7], None, Err(Rejected::Framing)).await;
        check(&[1, 0, 0, 0, 1, 7], Some("gzip"), Err(Rejected::Compression)).await;
        check(&[1, 0, 0, 0, 1, 7], Some("snappy"), Err(Rejected::UnknownCompression)).await;
    }
}
