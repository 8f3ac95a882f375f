//! How the process ends: what it says last, and the code it leaves. Codes are those of `sysexits.h`.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::config::Complaints;

/// What was typed, or what the settings say, makes no sense.
const USAGE: u8 = 64;
/// The server that a command needs is not there.
const UNAVAILABLE: u8 = 69;
/// Everything else.
const FAILURE: u8 = 1;

/// The server cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error(
    "no server answers at {endpoint}; start one with `beamline serve` or `beamline demo`, or name it with --endpoint"
)]
pub(crate) struct NoServer {
    /// Where it was looked for.
    pub(crate) endpoint: String,
}

/// What was asked for makes no sense, as the server says.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misuse(pub(crate) String);

/// The question was answered, and the answer is no. It has been told already, so nothing more is said.
#[derive(Debug, thiserror::Error)]
#[error("the answer is no")]
pub(crate) struct Negative;

/// The exit code for a result; tells the error, if any, on standard error.
pub(crate) fn code(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if is_caused_by_broken_pipe(&error) {
        return ExitCode::SUCCESS;
    }
    if error.is::<Negative>() {
        return ExitCode::from(FAILURE);
    }
    tell(&format_args!("{error:#}"));
    ExitCode::from(if error.is::<Complaints>() || error.is::<Misuse>() {
        USAGE
    } else if error.is::<NoServer>() {
        UNAVAILABLE
    } else {
        FAILURE
    })
}

/// The exit code for a command line that cannot be understood; help and version are asked for and no failure.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // With nowhere left to write to there is nobody to tell.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(USAGE)
    } else {
        ExitCode::SUCCESS
    }
}

/// Whoever closes the pipe, such as `head`, has seen enough.
fn is_caused_by_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// One message to the person at the terminal.
fn tell(message: &dyn fmt::Display) {
    let _ = writeln!(io::stderr(), "beamline: {message}");
}
