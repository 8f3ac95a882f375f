//! rest-json: the path names the operation, bodies are JSON.

use axum::body::Body;
use axum::response::Response;
use beamline_proto::aws::Rejection;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::fault::Fault;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// The document in a body. Clients send operations without members with no body at all, and leave out the content
/// type, so neither is asked for.
pub(crate) fn document(body: &[u8]) -> Result<Value, Rejection> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|error| Rejection::Malformed(format!("the body is not JSON: {error}")))
}

/// A reply.
pub(crate) fn reply(document: &impl serde::Serialize) -> Result<Response, Fault> {
    let json = serde_json::to_vec(document).map_err(|error| Fault::internal(&error))?;
    Ok(response(StatusCode::OK, json))
}

/// An error reply: the code in the header and in the body, since clients look for either.
pub(crate) fn fault(fault: &Fault) -> Response {
    let mut body = json!({ "__type": fault.code, "Message": fault.message });
    if let Some(resource) = &fault.resource {
        body["ResourceName"] = json!(resource);
    }
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = response(status, body.to_string().into_bytes());
    response
        .headers_mut()
        .insert(ERROR_TYPE, HeaderValue::from_static(fault.code));
    response
}

fn response(status: StatusCode, json: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
