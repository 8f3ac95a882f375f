//! Web pages that may send OTLP: browsers ask first, and only hear answers meant for their origin.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};

use beamline_model::sampling::glob::Glob;

/// The origins that may send.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: Vec<Glob>,
}

impl Cors {
    /// Patterns such as `https://shop.example.com` and `http://localhost:*`.
    pub(crate) fn new(origins: &[String]) -> Self {
        Self {
            origins: origins.iter().map(|origin| Glob::new(origin)).collect(),
        }
    }

    /// Lets the page that asked read the answer, if its origin may.
    pub(crate) fn allow(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        let Some(origin) = request.get(ORIGIN) else { return };
        let allowed = |text| self.origins.iter().any(|pattern| pattern.matches(text));
        if origin.to_str().is_ok_and(allowed) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(VARY, HeaderValue::from_static("origin"));
        }
    }

    /// The answer to a browser that asks before it sends.
    pub(crate) fn preflight(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        self.allow(request, answer);
        if !answer.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
        answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
        if let Some(headers) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        }
    }
}
