//! Grafana's data source for X-Ray uses what it is told without asking whether it is there. It is in no package registry
//! that the tests could take it from, so a program that reads just as carelessly, through the AWS SDK for Go, stands in for it.

use serde_json::{Value, json};

use super::program::go;
use crate::golden::{RANGE, shop};

#[test]
fn a_reader_that_never_asks_whether_something_is_there_reads_everything() {
    let Some(reader) = go("strict_reader") else { return };
    let server = shop();
    let [start, end] = RANGE.map(|time| time.to_string());
    let mut reader = reader
        .with(&[&start, &end, "1-6955b914-000000000000000000000002"])
        .command(&server);
    let output = reader.output().expect("it can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    // Six traces, their causes (1 of faults, 2 of errors, 5 of response times), and both graphs together.
    let expected = json!({"Traces": 6, "Causes": 8, "Nodes": 13, "Clients": 2, "Edges": 11, "Requests": 18,
        "Points": 6, "Documents": 4, "Groups": 1});
    assert_eq!(found, expected);
}
