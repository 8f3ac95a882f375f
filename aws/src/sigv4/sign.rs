//! Signing keys and signatures.

use beamline_model::time::Timestamp;
use beamline_store::Secret;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use sha2::{Digest, Sha256};

use super::claim::Scope;
use super::{ALGORITHM, UNSIGNED_PAYLOAD, calendar, canonical};

pub(super) const DATE: &str = "x-amz-date";
pub(super) const CONTENT_HASH: &str = "x-amz-content-sha256";
const TOKEN: &str = "x-amz-security-token";

/// Signs requests, as clients of AWS do.
#[derive(Clone, Debug)]
pub struct Signer {
    /// Which key.
    pub access_key: String,
    /// Its secret.
    pub secret: Secret,
    /// Of temporary credentials, what comes with them.
    pub session_token: Option<Secret>,
    /// Whose region is meant.
    pub region: String,
    /// Which service is meant, by its signing name.
    pub service: String,
}

impl Signer {
    /// Signs a request, which needs a host in its URI or headers. Without a body, the signature is about everything
    /// else: for streams, whose bodies are not known yet.
    ///
    /// # Errors
    /// If a text cannot be a header's value.
    pub fn sign(
        &self,
        parts: &mut Parts,
        body: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<(), http::header::InvalidHeaderValue> {
        let moment = calendar::spell(now);
        let payload = body.map_or_else(|| UNSIGNED_PAYLOAD.to_owned(), hash);
        parts.headers.insert(DATE, HeaderValue::from_str(&moment)?);
        parts.headers.insert(CONTENT_HASH, HeaderValue::from_str(&payload)?);
        let mut signed = vec![HOST.as_str(), CONTENT_HASH, DATE];
        if let Some(token) = &self.session_token {
            parts.headers.insert(TOKEN, HeaderValue::from_str(token.reveal())?);
            signed.push(TOKEN);
        }
        let scope = Scope {
            access_key: self.access_key.as_str().into(),
            day: moment[..8].into(),
            region: self.region.as_str().into(),
            service: self.service.as_str().into(),
        };
        let request = canonical::request(parts, &signed, &payload, false).unwrap_or_default();
        let signature = hex(&signature(&self.secret, &scope, &moment, &request));
        let authorization = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
            self.access_key,
            scope.text(),
            signed.join(";"),
        );
        let mut authorization = HeaderValue::from_str(&authorization)?;
        authorization.set_sensitive(true);
        parts.headers.insert(AUTHORIZATION, authorization);
        Ok(())
    }
}

/// The signature of a canonical request.
pub(super) fn signature(secret: &Secret, scope: &Scope<'_>, moment: &str, request: &str) -> [u8; 32] {
    let to_sign = format!("{ALGORITHM}\n{moment}\n{}\n{}", scope.text(), hash(request.as_bytes()));
    let mut key = hmac(format!("AWS4{}", secret.reveal()).as_bytes(), scope.day.as_bytes());
    for part in [&scope.region, &scope.service, "aws4_request"] {
        key = hmac(&key, part.as_bytes());
    }
    hmac(&key, to_sign.as_bytes())
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// SHA-256 in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
