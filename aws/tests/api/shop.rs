//! A shop that sends traces.

use serde_json::{Value, json};

use crate::server::Server;

pub(crate) const START: f64 = 1_795_415_910.0;
pub(crate) const RANGE: (f64, f64) = (1_795_415_400.0, 1_795_416_000.0);

/// A shop that asks payments, which asks a table: the documents of one request.
pub(crate) fn shopping(number: u32) -> Vec<Value> {
    let trace = format!("1-6b03df66-{number:024x}");
    let id = |of: u32| format!("{:016x}", u64::from(number) * 16 + u64::from(of) + 1);
    let start = START + f64::from(number) / 4.0;
    vec![
        json!({
            "name": "shop", "id": id(0), "trace_id": trace, "start_time": start, "end_time": start + 0.3,
            "origin": "AWS::EC2::Instance", "user": "alice", "annotations": {"tier": "gold", "age": 30},
            "http": {"request": {"method": "GET", "url": "http://shop.example.com/cart"}, "response": {"status": 200}},
            "subsegments": [{
                "name": "payments", "id": id(1), "namespace": "remote", "start_time": start + 0.05,
                "end_time": start + 0.25,
            }],
        }),
        json!({
            "name": "payments", "id": id(2), "trace_id": trace, "parent_id": id(1), "start_time": start + 0.1,
            "end_time": start + 0.2,
            "subsegments": [{
                "name": "DynamoDB", "id": id(3), "namespace": "aws", "start_time": start + 0.12,
                "end_time": start + 0.18, "fault": number % 2 == 1,
                "aws": {"operation": "GetItem", "table_name": "orders"},
            }],
        }),
    ]
}

pub(crate) async fn put(server: &Server, documents: &[Value]) -> Value {
    let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    let reply = server
        .post("/TraceSegments", &json!({"TraceSegmentDocuments": texts}))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

pub(crate) fn within(more: Value) -> Value {
    let mut request = json!({"StartTime": RANGE.0, "EndTime": RANGE.1});
    for (member, value) in more.as_object().unwrap() {
        request[member] = value.clone();
    }
    request
}

pub(crate) async fn shop(traces: u32) -> Server {
    let server = Server::start().await;
    for number in 0..traces {
        let answer = put(&server, &shopping(number)).await;
        assert_eq!(answer, json!({"UnprocessedTraceSegments": []}));
    }
    server
}
