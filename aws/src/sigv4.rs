//! AWS Signature Version 4, as the services check it and as clients make it.
//!
//! | file | what it knows |
//! |---|---|
//! | `claim` | what a signed request says of itself: key, scope, moment, signed headers, signature |
//! | `canonical` | the one spelling of a request that both sides hash |
//! | `calendar` | moments as signatures write them |
//! | `sign` | signing keys and signatures |
//! | `gate` | who is let in: `off`, `lenient`, `enforce` |
//!
//! The rules are those of "Signature Version 4 for API requests" in the IAM user guide, for services other than S3:
//! the path is normalised and its segments are encoded once more. They are held against the test suite that AWS
//! publishes with aws-c-auth.

mod calendar;
mod canonical;
mod claim;
mod gate;
mod sign;
#[cfg(test)]
mod tests;

pub use gate::{Credential, Credentials, Gate, Pass, Refusal, Signatures};
pub use sign::Signer;

/// Whether a request names a credential scope, rightly signed or not: it is meant for an AWS API.
pub(crate) fn names_a_scope(parts: &http::request::Parts) -> bool {
    claim::Scope::of(parts).is_some()
}

/// What a request is signed with instead of its body's hash when the body is left out of the signature.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// The only algorithm there is: its asymmetric sibling needs keys that nobody here has.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
