//! Every operation of the service model, held against the model: what it takes, what it answers, how it refuses.
//!
//! Nothing here lists operations, members or limits: they are the model's. What no model says, such as which group
//! exists, is in [`World`].

mod reply;
mod requests;
mod world;

use std::collections::BTreeSet;

use beamline_proto::aws::Operation;
use beamline_proto::generated::xray::SERVICE;
use serde_json::json;

use crate::server::Server;
use requests::Variant;
use world::World;

#[tokio::test]
async fn every_operation_has_behaviour() {
    let server = Server::start().await;
    assert_eq!(SERVICE.operations.len(), 38);
    for operation in SERVICE.operations {
        let status = server.post(operation.path, &json!({})).await.status;
        assert_ne!(status, 501, "{}", operation.name);
    }
}

#[tokio::test]
async fn a_minimal_valid_request_is_answered_in_the_shape_of_the_model() {
    let mut answered = 0;
    for operation in SERVICE.operations {
        let world = World::create().await;
        let request = world.minimal(operation);
        let reply = world.server.post(operation.path, &request).await;
        assert_eq!(reply.status, 200, "{} {request}: {}", operation.name, reply.body);
        let given = reply::conforms(operation, &reply.body);
        let silent = world::not_said_by(operation);
        let expected: BTreeSet<&str> = operation
            .output
            .members
            .iter()
            .map(|member| member.name)
            .filter(|member| !silent.contains(member))
            .collect();
        assert_eq!(given, expected, "members of {}", operation.name);
        answered += 1;
    }
    assert_eq!(answered, 38);
}

#[tokio::test]
async fn whatever_the_model_forbids_is_refused_in_the_shape_of_the_model() {
    let server = Server::start().await;
    let (mut missing, mut beyond) = (0, 0);
    for operation in SERVICE.operations {
        for Variant { request, constraint } in requests::forbidden(operation.input) {
            let reply = server.post(operation.path, &request).await;
            let code = reply::refuses(operation, &reply);
            let invalid = ["InvalidRequestException", "ValidationException"].contains(&code);
            assert!(invalid, "{} {request}: {}", operation.name, reply.body);
            let message = reply.body["Message"].as_str().unwrap();
            assert!(message.contains("validation error"), "{message}");
            assert!(message.contains(&constraint), "{message} should say {constraint}");
            let required = constraint.contains("must not be null");
            missing += usize::from(required);
            beyond += usize::from(!required);
        }
    }
    assert!(
        missing >= 130 && beyond >= 120,
        "{missing} missing, {beyond} beyond limits"
    );
}

#[tokio::test]
async fn whatever_the_model_allows_passes_its_limits() {
    let server = Server::start().await;
    let mut tried = 0;
    for operation in SERVICE.operations {
        for request in requests::at_the_limit(operation.input) {
            let reply = server.post(operation.path, &request).await;
            if reply.status != 200 {
                // What it names need not exist, but nothing about its form may be wrong.
                reply::refuses(operation, &reply);
                let message = reply.body["Message"].as_str().unwrap();
                assert!(
                    !message.contains("validation error"),
                    "{} {request}: {message}",
                    operation.name
                );
            }
            tried += 1;
        }
    }
    assert!(tried >= 100, "{tried}");
}

#[tokio::test]
async fn values_of_another_type_are_refused() {
    let server = Server::start().await;
    let mut tried = 0;
    for operation in SERVICE.operations {
        for request in requests::of_wrong_type(operation.input) {
            let reply = server.post(operation.path, &request).await;
            let code = reply::refuses(operation, &reply);
            assert_eq!(code, "SerializationException", "{} {request}", operation.name);
            tried += 1;
        }
    }
    assert!(tried >= 100, "{tried}");
}

#[tokio::test]
async fn a_token_that_no_page_gave_is_refused() {
    let world = World::create().await;
    let is_paginated = |operation: &&Operation| {
        let mut members = operation.input.members.iter();
        members.any(|member| member.name == "NextToken")
    };
    let mut tried = 0;
    for operation in SERVICE.operations.iter().filter(is_paginated) {
        // Some text, one that looks like a token, and a token of a list that does not exist.
        for token in ["?", "AgAAAAAAAAABAAAAAAAAAAI", "AAAAAAA"] {
            let mut request = world.minimal(operation);
            request["NextToken"] = json!(token);
            let reply = world.server.post(operation.path, &request).await;
            assert_eq!(reply::refuses(operation, &reply), "InvalidRequestException");
            let message = reply.body["Message"].as_str().unwrap();
            assert!(message.contains("NextToken"), "{}: {message}", operation.name);
        }
        tried += 1;
    }
    assert!(tried >= 13, "{tried}");
}
