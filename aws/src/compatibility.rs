//! `docs/compatibility.md`: every operation of every service model, what is there, how it differs, and which tests try
//! it.

mod tests_of;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use beamline_proto::aws::Service;
use beamline_proto::generated::xray;

use crate::xray::IMPLEMENTED;
use tests_of::{Test, tests_below};

/// Services with the behaviour they have.
type Behaviour = &'static [(&'static str, &'static [&'static str])];

fn services() -> [(&'static Service, Behaviour); 1] {
    [(&xray::SERVICE, IMPLEMENTED)]
}

/// The text of `docs/compatibility.md`. The tests are those in the sources below `root`, the folder of the whole
/// project.
///
/// # Errors
/// If the sources cannot be read.
pub fn compatibility(root: &Path) -> io::Result<String> {
    let tests = tests_below(root)?;
    let mut page = String::from(
        "# Compatibility with AWS\n\n\
         Written by `cargo run -p beamline-aws --example compatibility`; do not edit. A test keeps it true.\n\n\
         Every operation of the service models exists: requests are checked as AWS checks them, and an operation \
         without behaviour answers HTTP 501 with the code `NotImplementedException`. Deviations are those of the \
         default; `--strict` keeps to AWS's own limits.\n",
    );
    for (service, behaviour) in services() {
        let implemented = behaviour.len();
        let total = service.operations.len();
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "\n## {} ({}): {implemented} of {total} operations\n\n| operation | path | state | deviations |\n|---|---|---|---|\n",
            service.id, service.api_version
        );
        for operation in service.operations {
            let (state, deviations) = match deviations(behaviour, operation.name) {
                Some(deviations) => ("implemented", deviations.join("; ")),
                None => ("501", String::new()),
            };
            let _ = writeln!(
                page,
                "| {} | `{} {}` | {state} | {deviations} |",
                operation.name, operation.method, operation.path
            );
        }
        write_tests(&mut page, service, behaviour, &tests);
    }
    Ok(page)
}

fn deviations(behaviour: Behaviour, operation: &str) -> Option<&'static [&'static str]> {
    let found = behaviour.iter().find(|(name, _)| *name == operation);
    found.map(|(_, deviations)| *deviations)
}

fn write_tests(page: &mut String, service: &Service, behaviour: Behaviour, tests: &[Test]) {
    page.push_str(
        "\n### Tests\n\n\
         `aws/tests/api/conformance.rs` tries every operation with a minimal valid request and with every way to break \
         the model. Those that try single operations:\n\n| operation | tests |\n|---|---|\n",
    );
    let implemented = service
        .operations
        .iter()
        .filter(|operation| deviations(behaviour, operation.name).is_some());
    for operation in implemented {
        let names = tests.iter().filter(|test| test.tries(operation));
        let names: Vec<String> = names.map(|test| format!("`{}`", test.name)).collect();
        let _ = writeln!(page, "| {} | {} |", operation.name, names.join(" "));
    }
}
