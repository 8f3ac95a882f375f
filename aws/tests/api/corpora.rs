//! The fuzz targets' corpora, through the same functions that the targets call.

use std::path::PathBuf;

#[path = "../../fuzz/reading.rs"]
#[allow(unreachable_pub, reason = "shared with the fuzz targets")]
mod reading;

fn replay(target: &str, read: fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        read(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{target} has no corpus");
}

#[test]
fn requests_of_the_corpus_are_answered() {
    replay("requests", reading::read_requests);
}

#[test]
fn signatures_of_the_corpus_are_judged() {
    replay("signature", reading::read_signed);
}
