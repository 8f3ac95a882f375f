//! What is written about the operations is so.

use std::path::Path;

use beamline_proto::generated::xray::SERVICE;
use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn what_the_documentation_says_is_what_the_server_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = beamline_aws::compatibility(&root).unwrap();
    let server = Server::start().await;
    for operation in SERVICE.operations {
        let status = server.post(operation.path, &json!({})).await.status;
        let start = format!("| {} |", operation.name);
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with(&start)).collect();
        assert_eq!(rows[0].contains("| 501 |"), status == 501, "{}", rows[0]);
        // What has behaviour is tried by a test of its own, not only by those that try everything.
        assert_eq!(
            rows.get(1).is_some_and(|row| row.contains("::")),
            status != 501,
            "{rows:?}"
        );
    }
    assert!(
        std::fs::read_to_string(root.join("docs/compatibility.md")).unwrap_or_default() == page,
        "docs/compatibility.md is stale: cargo run -p beamline-aws --example compatibility"
    );
}
