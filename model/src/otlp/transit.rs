//! OTLP in the datagrams and documents of the X-Ray protocol, as the AWS distributions of OpenTelemetry send it.

use super::json::from_base64;

/// A body that is not a segment document but OTLP in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transit {
    /// `T1S`: an `ExportTraceServiceRequest` with spans that were sampled.
    Sampled(Vec<u8>),
    /// `T1U`: one with spans that were not, sent for statistics only.
    Unsampled(Vec<u8>),
    /// `M1`: an `ExportMetricsServiceRequest`.
    Metrics(Vec<u8>),
}

/// The body begins like OTLP in transit but is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64 after the `{0}` prefix")]
pub struct BadTransit(pub &'static str);

/// Unwraps a body. `None` if it is no OTLP in transit, so that it is read as a document.
///
/// # Errors
/// [`BadTransit`] if it claims to be.
pub fn transit(body: &[u8]) -> Option<Result<Transit, BadTransit>> {
    let body = body.trim_ascii();
    let decode = |prefix: &'static str, wrap: fn(Vec<u8>) -> Transit| {
        let text = body.strip_prefix(prefix.as_bytes())?;
        Some(from_base64(text).map(wrap).ok_or(BadTransit(prefix)))
    };
    decode("T1S", Transit::Sampled)
        .or_else(|| decode("T1U", Transit::Unsampled))
        .or_else(|| decode("M1", Transit::Metrics))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_says_what_a_body_is() {
        let check = |body: &str, expected| assert_eq!(transit(body.as_bytes()), expected, "{body}");
        check("T1SAQID", Some(Ok(Transit::Sampled(vec![1, 2, 3]))));
        check("T1UAQI=\n", Some(Ok(Transit::Unsampled(vec![1, 2]))));
        check("T1UAQI", Some(Ok(Transit::Unsampled(vec![1, 2]))));
        check("M1-_8", Some(Ok(Transit::Metrics(vec![0xfb, 0xff]))));
        check("T1S", Some(Ok(Transit::Sampled(vec![]))));
        check("T1S!", Some(Err(BadTransit("T1S"))));
        check("{\"id\":1}", None);
        check("T2Sxx", None);
        check("", None);
    }
}
