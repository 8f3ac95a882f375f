//! `docs/compatibility.md`: every operation of every service model, what is there and how it differs.

use std::fmt::Write as _;

use beamline_proto::aws::Service;
use beamline_proto::generated::xray;

use crate::xray::IMPLEMENTED;

/// Services with the behaviour they have.
type Behaviour = &'static [(&'static str, &'static [&'static str])];

fn services() -> [(&'static Service, Behaviour); 1] {
    [(&xray::SERVICE, IMPLEMENTED)]
}

/// The text of `docs/compatibility.md`.
#[must_use]
pub fn compatibility() -> String {
    let mut page = String::from(
        "# Compatibility with AWS\n\n\
         Written by `cargo run -p beamline-aws --example compatibility`; do not edit. A test keeps it true.\n\n\
         Every operation of the service models exists: requests are checked as AWS checks them, and an operation \
         without behaviour answers HTTP 501 with the code `NotImplementedException`.\n",
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
            let (state, deviations) = match behaviour.iter().find(|(name, _)| *name == operation.name) {
                Some((_, deviations)) => ("implemented", deviations.join("; ")),
                None => ("501", String::new()),
            };
            let _ = writeln!(
                page,
                "| {} | `{} {}` | {state} | {deviations} |",
                operation.name, operation.method, operation.path
            );
        }
    }
    page
}
