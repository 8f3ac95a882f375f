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
