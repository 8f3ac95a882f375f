//! What is typed, what the settings say, and the exit codes.

use std::process::{Output, Stdio};

use crate::harness::{beamline, run};

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_cannot_be_understood_exits_with_64() {
    for args in [
        &["serv"][..],
        &["serve", "--htp", "x"],
        &["trace"],
        &["load", "--rate", "many"],
    ] {
        let output = run(args);
        assert_eq!(code(&output), 64, "{args:?}: {}", told(&output));
        assert!(told(&output).contains("--help"), "{args:?}: {}", told(&output));
    }
}

#[test]
fn help_and_version_are_no_failures() {
    for args in [&["--help"][..], &["--version"], &["search", "--help"], &["serve", "-h"]] {
        assert_eq!(code(&run(args)), 0, "{args:?}");
    }
}

#[test]
fn every_mistake_is_told_at_once_with_its_origin() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("beamline.toml"),
        "retentoin = \"1d\"\nxray = \"somewhere\"\n",
    )
    .unwrap();
    let output = beamline(&["serve", "--drain", "never"])
        .env("BEAMLINE_MEMORY", "lots")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 64);
    let told = told(&output);
    for part in [
        "4 mistakes in the settings",
        "retentoin (beamline.toml line 1): unknown; did you mean `retention`?",
        "xray (beamline.toml line 2): `somewhere` is not an address",
        "memory (BEAMLINE_MEMORY): `lots` is not a size",
        "drain (--drain): `never` is not a duration",
    ] {
        assert!(told.contains(part), "{part} is missing in: {told}");
    }
}

#[test]
fn explain_tells_each_value_and_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("beamline.toml"), "retention = \"7d\"\n").unwrap();
    let output = beamline(&["config", "--explain", "--region", "eu-west-1"])
        .env("BEAMLINE_LOG", "debug")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}", told(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let check = |name: &str, value: &str, origin: &str| {
        let line = text
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name))
            .unwrap();
        assert!(line.contains(value) && line.contains(origin), "{line}");
    };
    check("retention", "7d", "beamline.toml line 1");
    check("region", "eu-west-1", "--region");
    check("log", "debug", "BEAMLINE_LOG");
    check("http", "127.0.0.1:2001", "default");
}

#[test]
fn binding_to_the_world_is_refused_unless_it_is_meant() {
    let output = run(&["serve", "--otlp-grpc", "0.0.0.0:0"]);
    assert_eq!(code(&output), 64);
    assert!(told(&output).contains("--insecure"), "{}", told(&output));
}

#[test]
fn a_server_that_is_not_there_exits_with_69_and_a_hint() {
    for command in [
        &["search"][..],
        &["map"],
        &["tail"],
        &["trace", "1-5759e988-bd862e3fe1be46a994272793"],
    ] {
        let output = run(&[command, &["--endpoint", "http://127.0.0.1:9"]].concat());
        assert_eq!(code(&output), 69, "{command:?}: {}", told(&output));
        assert!(told(&output).contains("beamline serve"), "{}", told(&output));
    }
}

#[test]
fn whoever_reads_only_the_beginning_has_not_failed() {
    let mut command = beamline(&["config", "--explain"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Closed before anything is written, or in the midst of it: both are the reader's right.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), told(&output).as_str()), (0, ""));
}
