//! Who is calling: account and region, as far as the request says.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::request::Parts;

/// The account of whoever does not say, or whose access key is not configured.
pub const DEFAULT_ACCOUNT: &str = "123456789012";
/// The region of whoever does not sign.
pub const DEFAULT_REGION: &str = "us-east-1";

/// The party a request is answered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Twelve digits.
    pub(crate) account: String,
    /// `us-east-1` style.
    pub(crate) region: String,
    /// Where the request came from, if the listener tells.
    pub(crate) peer: Option<SocketAddr>,
}

/// What is done about signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// A signature only says which region and account the caller means. Nothing is verified.
    #[default]
    Off,
}

/// The credential scope of a signature: `AKID/20260101/eu-west-1/xray/aws4_request`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    pub(crate) access_key: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
}

impl<'a> Scope<'a> {
    /// The scope in the `Authorization` header or in the query of a presigned request. Anything that is not a complete
    /// SigV4 scope is no scope: whoever wrote it is answered as somebody who did not sign.
    pub(crate) fn of(parts: &'a Parts) -> Option<Self> {
        let header = parts
            .headers
            .get(http::header::AUTHORIZATION)
            .and_then(|header| header.to_str().ok());
        let signed = header
            .and_then(|header| header.strip_prefix("AWS4-HMAC-SHA256"))
            .and_then(|rest| rest.split(',').find_map(|part| part.trim().strip_prefix("Credential=")));
        match signed {
            Some(credential) => Self::parse(credential, "/"),
            None => {
                let query = parts.uri.query().unwrap_or_default();
                let presigned = query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("X-Amz-Credential="))?;
                let separator = if presigned.contains("%2f") { "%2f" } else { "%2F" };
                Self::parse(presigned, separator)
            }
        }
    }

    fn parse(credential: &'a str, separator: &str) -> Option<Self> {
        // From the right, because an access key may be anything.
        let mut parts = credential.rsplitn(5, separator);
        let (end, service, region, day) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let access_key = parts.next()?;
        let is_region = !region.is_empty()
            && region.len() <= 32
            && region
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_day = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
        (end == "aws4_request" && is_region && is_day).then_some(Self {
            access_key,
            region,
            service,
        })
    }
}

impl Caller {
    /// Who sent a request, with the accounts that are configured for access keys.
    pub(crate) fn of(parts: &Parts, accounts: &BTreeMap<String, String>) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Self {
            peer: peer.map(|ConnectInfo(peer)| *peer),
            ..Self::behind(Scope::of(parts), accounts)
        }
    }

    fn behind(scope: Option<Scope<'_>>, accounts: &BTreeMap<String, String>) -> Self {
        let account = scope.and_then(|scope| accounts.get(scope.access_key));
        Self {
            account: account.map_or(DEFAULT_ACCOUNT, String::as_str).to_owned(),
            region: scope.map_or(DEFAULT_REGION, |scope| scope.region).to_owned(),
            peer: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(authorization: &str, query: &str, expected: Option<(&str, &str, &str)>) {
        let mut request = http::Request::builder().uri(format!("/Traces?{query}"));
        if !authorization.is_empty() {
            request = request.header("Authorization", authorization);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let found = Scope::of(&parts).map(|scope| (scope.access_key, scope.region, scope.service));
        assert_eq!(found, expected, "{authorization}{query}");
    }

    #[test]
    fn the_scope_is_found_wherever_a_signature_may_be() {
        let signed = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/xray/aws4_request, SignedHeaders=host, \
                      Signature=00";
        check(signed, "", Some(("AKID", "eu-west-1", "xray")));
        check(&signed.replace(", ", ","), "", Some(("AKID", "eu-west-1", "xray")));
        check(
            "AWS4-HMAC-SHA256 SignedHeaders=host, Credential=a/b/20260101/eu-west-1/xray/aws4_request",
            "",
            Some(("a/b", "eu-west-1", "xray")),
        );
        check(
            "",
            "X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fxray%2Faws4_request&X-Amz-Signature=00",
            Some(("AKID", "eu-west-1", "xray")),
        );
    }

    #[test]
    fn what_is_no_complete_scope_is_no_scope() {
        check("", "", None);
        check("Bearer AWS4", "", None);
        check("AWS4-HMAC-SHA256", "", None);
        check("AWS4-HMAC-SHA256 Credential=AKID", "", None);
        check(
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/EU WEST/xray/aws4_request",
            "",
            None,
        );
        check(
            "AWS4-HMAC-SHA256 Credential=AKID/today/eu-west-1/xray/aws4_request",
            "",
            None,
        );
        check(
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/xray/aws5_request",
            "",
            None,
        );
    }

    #[test]
    fn accounts_are_those_of_the_configured_keys() {
        let accounts = BTreeMap::from([("AKID".to_owned(), "210987654321".to_owned())]);
        let scope = |access_key| Scope {
            access_key,
            region: "eu-west-1",
            service: "xray",
        };
        let account = |scope| Caller::behind(scope, &accounts).account;
        assert_eq!(account(Some(scope("AKID"))), "210987654321");
        assert_eq!(account(Some(scope("other"))), DEFAULT_ACCOUNT);
        assert_eq!(account(None), DEFAULT_ACCOUNT);
        assert_eq!(Caller::behind(None, &accounts).region, DEFAULT_REGION);
    }
}
