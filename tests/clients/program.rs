//! Where the clients are that `tools/client-packages.sh` installed and built, and how they are started.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::Server;

/// A program and its arguments.
#[derive(Clone, Debug)]
pub(super) struct Program(Vec<String>);

impl Program {
    fn new(words: &[&str]) -> Self {
        Self(words.iter().map(|&word| word.to_owned()).collect())
    }

    /// With further arguments.
    pub(super) fn with(mut self, arguments: &[&str]) -> Self {
        self.0.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// To be started in the folder of the clients, with nothing of AWS in its environment but the server.
    pub(super) fn command(&self, server: &Server) -> Command {
        let mut command = Command::new(&self.0[0]);
        command.args(&self.0[1..]).current_dir(folder());
        pointed_at(server, command)
    }
}

/// Python: a file of `tests/clients/python`.
pub(super) fn python(file: &str) -> Program {
    Program::new(&[&interpreter(), &format!("python/{file}")])
}

/// Node: a file of `tests/clients/node`.
pub(super) fn node(file: &str) -> Program {
    Program::new(&["node", &format!("node/{file}")])
}

/// Go: a command of `tests/clients/go`. `None`, said aloud, where there is no Go.
pub(super) fn go(command: &str) -> Option<Program> {
    let built = place("BEAMLINE_GO_CLIENTS", "Go clients")?;
    Some(Program::new(&[&Path::new(&built).join(command).display().to_string()]))
}

/// Java: a class of `tests/clients/java`. `None`, said aloud, where there is no Java.
pub(super) fn java(class: &str) -> Option<Program> {
    let built = place("BEAMLINE_JAVA_CLIENTS", "Java clients")?;
    let jars = format!("{built}/*");
    // These programs live for seconds: starting fast matters more than running fast.
    let swift = [
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Xmx128m",
        "-Xshare:auto",
    ];
    let class = format!("beamline.clients.{class}");
    Some(Program::new(&["java"]).with(&swift).with(&["-cp", &jars, &class]))
}

/// The OpenTelemetry Collector of `tests/clients/collector`. `None`, said aloud, where there is no Go to build it.
pub(super) fn collector() -> Option<Program> {
    let built = place("BEAMLINE_COLLECTOR", "the OpenTelemetry Collector")?;
    Some(Program::new(&[&Path::new(&built)
        .join("collector")
        .display()
        .to_string()]))
}

/// A program by the name of the service that it is.
pub(super) type Named = (&'static str, Program);

/// Those that are there.
pub(super) fn available<const N: usize>(programs: [(&'static str, Option<Program>); N]) -> Vec<Named> {
    let there = |(name, program): (&'static str, Option<Program>)| Some((name, program?));
    programs.into_iter().filter_map(there).collect()
}

/// The Python interpreter that has the pinned packages.
pub(crate) fn interpreter() -> String {
    std::env::var("BEAMLINE_PYTHON").unwrap_or_else(|_| {
        panic!("BEAMLINE_PYTHON is not set; run `make test`, or the tests through tools/client-packages.sh")
    })
}

fn place(variable: &str, what: &str) -> Option<String> {
    let place = std::env::var(variable).ok();
    if place.is_none() {
        skip(&format!("{what}: {variable} is not set"));
    }
    place
}

/// Says aloud that something is not tested here. CI has everything, so there nothing may be missing.
fn skip(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI must not skip {what}");
    say_aloud(&format!("SKIPPED {what}"));
}

/// Says something past the test runner, which keeps what passing tests print to itself.
pub(super) fn say_aloud(what: &str) {
    let _ = writeln!(std::io::stderr(), "\n!!! {what}\n");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// The client's own environment, pointed at the server and at nothing else.
pub(super) fn pointed_at(server: &Server, mut command: Command) -> Command {
    let endpoint = server.endpoint();
    command
        .env("BEAMLINE_ENDPOINT", &endpoint)
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_XRAY_DAEMON_ADDRESS", server.xray().to_string())
        .env("AWS_ACCESS_KEY_ID", "any")
        .env("AWS_SECRET_ACCESS_KEY", "any")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command
}
