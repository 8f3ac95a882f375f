//! What a signed request says of itself, in its `Authorization` header or in its query.

use std::borrow::Cow;

use beamline_model::time::Timestamp;
use http::header::{AUTHORIZATION, DATE as HTTP_DATE};
use http::request::Parts;

use super::gate::Refusal;
use super::{ALGORITHM, calendar, canonical, sign};

/// Further signed headers make no sense, and each of them costs a look-up.
const MOST_SIGNED: usize = 100;

/// The credential scope of a signature: `AKID/20260101/eu-west-1/xray/aws4_request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    pub(crate) access_key: Cow<'a, str>,
    pub(crate) day: Cow<'a, str>,
    pub(crate) region: Cow<'a, str>,
    pub(crate) service: Cow<'a, str>,
}

/// A signature and what it is about.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    pub(super) scope: Scope<'a>,
    /// When it was signed, also as it was written.
    pub(super) moment: (Timestamp, Cow<'a, str>),
    /// Names of headers, in the order of the signature.
    pub(super) signed: Vec<String>,
    pub(super) signature: [u8; 32],
    /// Of a presigned request, for how many seconds it may be used.
    pub(super) lifetime: Option<u32>,
}

impl<'a> Scope<'a> {
    /// The scope that a request names. Anything that is not a complete SigV4 scope is no scope.
    pub(crate) fn of(parts: &'a Parts) -> Option<Self> {
        let credential = match authorization(parts) {
            Some(header) => field(header, "Credential")?.into(),
            None => parameter(parts, "X-Amz-Credential")?,
        };
        Self::parse(credential)
    }

    fn parse(credential: Cow<'a, str>) -> Option<Self> {
        match credential {
            Cow::Borrowed(text) => Self::split(text),
            Cow::Owned(text) => Scope::split(&text).map(Scope::owned),
        }
    }

    fn split(credential: &'a str) -> Option<Self> {
        // From the right, because an access key may be anything.
        let mut parts = credential.rsplitn(5, '/');
        let (end, service, region, day) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let access_key = parts.next()?;
        let is_region = (1..=32).contains(&region.len())
            && region
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_day = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
        (end == "aws4_request" && is_region && is_day).then(|| Self {
            access_key: access_key.into(),
            day: day.into(),
            region: region.into(),
            service: service.into(),
        })
    }

    fn owned<'b>(self) -> Scope<'b> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Scope {
            access_key: owned(self.access_key),
            day: owned(self.day),
            region: owned(self.region),
            service: owned(self.service),
        }
    }

    /// The scope without the key, as it is signed.
    pub(super) fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.day, self.region, self.service)
    }
}

impl<'a> Claim<'a> {
    /// What a request claims; `None` if it is not signed.
    pub(super) fn of(parts: &'a Parts) -> Option<Result<Self, Refusal>> {
        if let Some(header) = authorization(parts) {
            return Some(Self::in_header(parts, header));
        }
        let presigned = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"];
        let signed = presigned.iter().any(|name| parameter(parts, name).is_some());
        signed.then(|| Self::in_query(parts))
    }

    fn in_header(parts: &'a Parts, header: &'a str) -> Result<Self, Refusal> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let (credential, signature) = (field(header, "Credential"), field(header, "Signature"));
        let (signed, moment) = (
            field(header, "SignedHeaders"),
            text(sign::DATE).or_else(|| text(HTTP_DATE.as_str())),
        );
        let (Some(credential), Some(signature), Some(signed), Some(moment)) = (credential, signature, signed, moment)
        else {
            let fields = [
                ("Credential", credential),
                ("Signature", signature),
                ("SignedHeaders", signed),
            ];
            let missing = fields.iter().filter(|(_, found)| found.is_none());
            let mut missing: Vec<String> = missing
                .map(|(name, _)| format!("Authorization header requires '{name}' parameter."))
                .collect();
            if moment.is_none() {
                let text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
                missing.push(text.to_owned());
            }
            return Err(Refusal::Incomplete(missing.join(" ")));
        };
        Self::new(credential.into(), moment.into(), signed, signature, None)
    }

    fn in_query(parts: &'a Parts) -> Result<Self, Refusal> {
        let names = [
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-SignedHeaders",
            "X-Amz-Signature",
        ];
        let [
            Some(algorithm),
            Some(credential),
            Some(moment),
            Some(expires),
            Some(signed),
            Some(signature),
        ] = names.map(|name| parameter(parts, name))
        else {
            let missing = names.iter().filter(|name| parameter(parts, name).is_none());
            let missing: Vec<String> = missing
                .map(|name| format!("AWS query-string parameters must include '{name}'."))
                .collect();
            let text = format!("{} Re-examine the query-string parameters.", missing.join(" "));
            return Err(Refusal::Incomplete(text));
        };
        if algorithm != ALGORITHM {
            return Err(Refusal::Incomplete(format!("X-Amz-Algorithm must be '{ALGORITHM}'.")));
        }
        // A week, as AWS has it.
        let lifetime = expires.parse().ok().filter(|seconds| (1..=604_800).contains(seconds));
        let lifetime = lifetime.ok_or_else(|| {
            Refusal::Incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.".to_owned())
        })?;
        Self::new(credential, moment, &signed, &signature, Some(lifetime))
    }

    fn new(
        credential: Cow<'a, str>,
        moment: Cow<'a, str>,
        signed: &str,
        signature: &str,
        lifetime: Option<u32>,
    ) -> Result<Self, Refusal> {
        let scope = Scope::parse(credential).ok_or_else(|| {
            Refusal::Incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/aws4_request."
                    .to_owned(),
            )
        })?;
        let at = calendar::parse(&moment).ok_or_else(|| {
            Refusal::Incomplete("Date must be in ISO-8601 'basic format', such as 20260131T235959Z.".to_owned())
        })?;
        let signed: Vec<String> = signed.split(';').take(MOST_SIGNED + 1).map(str::to_owned).collect();
        // A signature of another form is the signature of nothing.
        let signature = signature_bytes(signature).ok_or(Refusal::Mismatch)?;
        if signed.len() > MOST_SIGNED {
            return Err(Refusal::Mismatch);
        }
        Ok(Self {
            scope,
            moment: (at, moment),
            signed,
            signature,
            lifetime,
        })
    }
}

/// The header of a request that is signed there.
fn authorization(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let rest = header.strip_prefix(ALGORITHM)?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(rest)
}

/// `name=value` among those of an `Authorization` header.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = header.split(',').map(str::trim);
    fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
}

/// A parameter of the query, decoded.
pub(super) fn parameter<'a>(parts: &'a Parts, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = parts
        .uri
        .query()?
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|(found, _)| *found == name)?;
    Some(match canonical::decode(value) {
        Cow::Borrowed(_) => value.into(),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    })
}

fn signature_bytes(text: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(authorization: &str, query: &str) -> Parts {
        let mut request = http::Request::builder().uri(format!("/Traces?{query}"));
        if !authorization.is_empty() {
            request = request.header("Authorization", authorization);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn check(authorization: &str, query: &str, expected: Option<(&str, &str, &str)>) {
        let parts = parts(authorization, query);
        let scope = Scope::of(&parts);
        let found = scope
            .as_ref()
            .map(|scope| (&*scope.access_key, &*scope.region, &*scope.service));
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
        for slash in ["%2F", "%2f", "/"] {
            let credential = ["AKID", "20260101", "eu-west-1", "xray", "aws4_request"].join(slash);
            let query = format!("X-Amz-Credential={credential}&X-Amz-Signature=00");
            check("", &query, Some(("AKID", "eu-west-1", "xray")));
        }
    }

    #[test]
    fn what_is_no_complete_scope_is_no_scope() {
        for authorization in [
            "",
            "Bearer AWS4",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256Credential=AKID/20260101/eu-west-1/xray/aws4_request",
            "AWS4-HMAC-SHA256 Credential=AKID",
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/EU WEST/xray/aws4_request",
            "AWS4-HMAC-SHA256 Credential=AKID/today/eu-west-1/xray/aws4_request",
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/xray/aws5_request",
        ] {
            check(authorization, "", None);
        }
    }

    fn refusal(authorization: &str, query: &str) -> String {
        let parts = parts(authorization, query);
        match Claim::of(&parts) {
            None => "not signed".to_owned(),
            Some(Ok(_)) => "signed".to_owned(),
            Some(Err(refusal)) => refusal.to_string(),
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(refusal("", ""), "not signed");
        assert_eq!(refusal("Basic eA==", "a=b"), "not signed");
        assert_eq!(
            refusal("AWS4-HMAC-SHA256 SignedHeaders=host", ""),
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' \
             parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        );
        assert_eq!(
            refusal(
                "",
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=b&X-Amz-Expires=1"
            ),
            "AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include \
             'X-Amz-Signature'. Re-examine the query-string parameters."
        );
    }
}
