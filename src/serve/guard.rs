//! Who may call the gRPC API, when signatures count: it tells as much as the AWS APIs do.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use beamline_aws::sigv4::{Gate, Refusal};
use beamline_aws::{AwsConfig, Signatures};
use beamline_query::serve::Caller;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use tonic::Status;

/// The service that calls of the query API are signed for.
pub(crate) const SERVICE: &str = "beamline";

/// What whoever looks after the process may ask.
const HEALTH: &str = "/grpc.health.v1.Health/";

#[derive(Clone)]
struct Guard {
    gate: Gate,
    /// Whose data those see who may leave their calls unsigned.
    default_account: String,
}

/// Puts a guard before the query API, unless signatures do not count.
pub(super) fn guarded(grpc: Router, aws: &AwsConfig, default_account: &str) -> Router {
    if aws.signatures == Signatures::Off {
        return grpc;
    }
    let guard = Guard {
        gate: Gate::new(aws.signatures, aws.credentials.clone(), aws.clock),
        default_account: default_account.to_owned(),
    };
    grpc.layer(middleware::from_fn_with_state(guard, let_in))
}

async fn let_in(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with(HEALTH) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match guard.account(&parts) {
        Ok(account) => {
            parts.extensions.insert(Caller { account });
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => {
            tracing::debug!(path = parts.uri.path(), %refusal, "call refused");
            let status = Status::unauthenticated(refusal.to_string());
            let mut response = status.into_http::<Body>();
            *response.status_mut() = StatusCode::OK;
            let kind = HeaderValue::from_static("application/grpc");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
    }
}

impl Guard {
    /// Whose data a caller may see. Messages come as a stream, so the signature is about everything but them.
    fn account(&self, parts: &Parts) -> Result<String, Refusal> {
        let pass = self.gate.look(parts)?;
        if pass.needs_body(parts) {
            let text = "Calls of the query API are signed with the payload UNSIGNED-PAYLOAD.";
            return Err(Refusal::Unfit(text.to_owned()));
        }
        if pass.service().is_some_and(|service| service != SERVICE) {
            let text = format!("Credential should be scoped to correct service: '{SERVICE}'.");
            return Err(Refusal::Unfit(text));
        }
        pass.verify(parts, &[])?;
        Ok(pass.account().unwrap_or(&self.default_account).to_owned())
    }
}
