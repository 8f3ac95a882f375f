//! Who is let in.

use std::collections::BTreeMap;
use std::sync::Arc;

use beamline_model::time::Timestamp;
use beamline_store::Secret;
use http::header::HOST;
use http::request::Parts;
use subtle::ConstantTimeEq;

use super::claim::{Claim, Scope, parameter};
use super::{UNSIGNED_PAYLOAD, calendar, canonical, sign};

/// How far a client's clock may be off, in nanoseconds: five minutes, as at AWS.
const SKEW: i64 = 300 * SECOND;
const SECOND: i64 = 1_000_000_000;

/// Headers that change what a request means: where they are, they have to be signed.
const SIGNED_IF_SENT: [&str; 4] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
];

/// What is done about signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// A signature only says which region and account the caller means. Nothing is verified.
    #[default]
    Off,
    /// Whoever signs has to sign right; whoever does not is in the default account.
    Lenient,
    /// Everybody has to sign, and right.
    Enforce,
    /// Signatures are not looked at: everybody is in the default account and region. The daemon's role.
    Ignore,
}

/// What belongs to an access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What requests are signed with.
    pub secret: Secret,
    /// Whom they are from: twelve digits.
    pub account: String,
}

/// Credentials by access key.
pub type Credentials = BTreeMap<String, Credential>;

/// Decides who is let in.
#[derive(Clone, Debug)]
pub struct Gate {
    signatures: Signatures,
    credentials: Arc<Credentials>,
    clock: fn() -> Timestamp,
}

/// What is known of a caller before the body was read.
#[derive(Debug)]
pub struct Pass<'a> {
    scope: Option<Scope<'a>>,
    account: Option<&'a str>,
    /// What still has to be verified, and with what.
    claim: Option<(Claim<'a>, &'a Secret)>,
}

/// Why a request is not let in. The texts are AWS's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not signed.
    #[error("Missing Authentication Token")]
    Unsigned,
    /// Something is missing from its signature, or malformed.
    #[error("{0}")]
    Incomplete(String),
    /// Nobody has that access key.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The signature is another.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// The signature is about too little, or of another time.
    #[error("{0}")]
    Unfit(String),
}

impl Gate {
    /// A gate for these credentials. `clock` tells how old signatures are.
    #[must_use]
    pub fn new(signatures: Signatures, credentials: Arc<Credentials>, clock: fn() -> Timestamp) -> Self {
        Self {
            signatures,
            credentials,
            clock,
        }
    }

    /// Looks at all but the body. A request that is refused here need not be read further.
    ///
    /// # Errors
    /// If the caller is not let in, whatever the body is.
    pub fn look<'a>(&'a self, parts: &'a Parts) -> Result<Pass<'a>, Refusal> {
        let account = |scope: &Scope<'_>| self.credentials.get(&*scope.access_key);
        let claim = match self.signatures {
            Signatures::Ignore => return Ok(Pass::UNSIGNED),
            Signatures::Off => {
                let scope = Scope::of(parts);
                let account = scope.as_ref().and_then(account).map(|found| found.account.as_str());
                return Ok(Pass {
                    scope,
                    account,
                    claim: None,
                });
            }
            Signatures::Lenient | Signatures::Enforce => Claim::of(parts).transpose()?,
        };
        let Some(claim) = claim else {
            return match self.signatures {
                Signatures::Enforce => Err(Refusal::Unsigned),
                _ => Ok(Pass::UNSIGNED),
            };
        };
        let credential = account(&claim.scope).ok_or(Refusal::UnknownKey)?;
        fits(&claim, parts)?;
        is_of_now(&claim, (self.clock)())?;
        Ok(Pass {
            scope: Some(claim.scope.clone()),
            account: Some(&credential.account),
            claim: Some((claim, &credential.secret)),
        })
    }
}

impl<'a> Pass<'a> {
    const UNSIGNED: Self = Self {
        scope: None,
        account: None,
        claim: None,
    };

    /// The account of the caller's key; `None` for the default one.
    #[must_use]
    pub fn account(&self) -> Option<&'a str> {
        self.account
    }

    /// The region that the caller means; `None` for the default one.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.scope.as_ref().map(|scope| &*scope.region)
    }

    /// The service that the signature is for; `None` if there is none.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.scope.as_ref().map(|scope| &*scope.service)
    }

    /// Whether [`Pass::verify`] needs the body. It does not when nothing is verified, or nothing of the body is signed.
    #[must_use]
    pub fn needs_body(&self, parts: &Parts) -> bool {
        self.claim.is_some() && !is_unsigned_payload(parts)
    }

    /// Verifies the signature with the body as it was sent, before any decompression. Takes as long as hashing the
    /// body, and as long for a signature that is nearly right as for any other.
    ///
    /// # Errors
    /// If the signature is not this request's.
    pub fn verify(&self, parts: &Parts, body: &[u8]) -> Result<(), Refusal> {
        let Some((claim, secret)) = &self.claim else {
            return Ok(());
        };
        let payload = if is_unsigned_payload(parts) {
            UNSIGNED_PAYLOAD.to_owned()
        } else {
            sign::hash(body)
        };
        let signed: Vec<&str> = claim.signed.iter().map(String::as_str).collect();
        let request = canonical::request(parts, &signed, &payload, claim.lifetime.is_some());
        let request = request.ok_or(Refusal::Mismatch)?;
        let expected = sign::signature(secret, &claim.scope, &claim.moment.1, &request);
        if bool::from(expected.ct_eq(&claim.signature)) {
            Ok(())
        } else {
            Err(Refusal::Mismatch)
        }
    }
}

fn is_unsigned_payload(parts: &Parts) -> bool {
    match parts.headers.get(sign::CONTENT_HASH) {
        Some(header) => header == UNSIGNED_PAYLOAD,
        None => parameter(parts, "X-Amz-Content-Sha256").is_some_and(|value| value == UNSIGNED_PAYLOAD),
    }
}

/// Whether the signature covers what it has to.
fn fits(claim: &Claim<'_>, parts: &Parts) -> Result<(), Refusal> {
    let covers = |name: &str| claim.signed.iter().any(|signed| signed == name);
    if !covers(HOST.as_str()) {
        let text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
        return Err(Refusal::Unfit(text.to_owned()));
    }
    let sent = SIGNED_IF_SENT.iter().filter(|name| parts.headers.contains_key(**name));
    if let Some(name) = { sent }.find(|name| !covers(name)) {
        return Err(Refusal::Unfit(format!(
            "'{name}' must be a 'SignedHeader' in the AWS Authorization."
        )));
    }
    let (day, (_, moment)) = (&claim.scope.day, &claim.moment);
    if moment[..8] != **day {
        return Err(Refusal::Unfit(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{day}' != \
             '{}', from '{moment}'.",
            &moment[..8]
        )));
    }
    Ok(())
}

/// Whether the signature is young enough, and not of a time to come.
fn is_of_now(claim: &Claim<'_>, now: Timestamp) -> Result<(), Refusal> {
    let (moment, text) = &claim.moment;
    let told = calendar::spell(now);
    let (earliest, latest) = (
        now.plus(-claim.lifetime.map_or(SKEW, |life| i64::from(life) * SECOND)),
        now.plus(SKEW),
    );
    if *moment < whole_seconds(earliest) {
        let age = claim
            .lifetime
            .map_or("5 min.".to_owned(), |seconds| format!("{seconds} s"));
        return Err(Refusal::Unfit(format!(
            "Signature expired: {text} is now earlier than {} ({told} - {age})",
            calendar::spell(earliest)
        )));
    }
    if *moment > latest {
        return Err(Refusal::Unfit(format!(
            "Signature not yet current: {text} is still later than {} ({told} + 5 min.)",
            calendar::spell(latest)
        )));
    }
    Ok(())
}

/// Signatures know no fractions of seconds.
fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_seconds(moment.0.div_euclid(SECOND))
}
