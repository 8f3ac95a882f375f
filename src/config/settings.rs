//! Every setting of the server, one row each.

/// One setting: its name is the key in the file, `--name` the flag and `BEAMLINE_NAME` the variable.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Lower case, words joined by dashes.
    pub(crate) name: &'static str,
    /// What kind of value it takes, in help texts. Empty for a switch.
    pub(crate) takes: &'static str,
    /// Used when nobody says anything.
    pub(crate) default: &'static str,
    /// One line.
    pub(crate) help: &'static str,
}

impl Setting {
    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("BEAMLINE_{}", self.name.replace('-', "_").to_uppercase())
    }

    /// Whether it is on or off and needs no value on the command line.
    pub(crate) fn is_switch(&self) -> bool {
        self.takes.is_empty()
    }
}

/// In the order of help texts.
pub(crate) const SETTINGS: [Setting; 24] = [
    row("data", "DIR", "./beamline-data", "where everything is kept"),
    row(
        "http",
        "ADDR",
        "127.0.0.1:2001",
        "AWS APIs, gRPC query API, health and metrics",
    ),
    row(
        "xray",
        "ADDR",
        "127.0.0.1:2000",
        "X-Ray daemon protocol: segments by UDP, sampling by TCP",
    ),
    row("otlp-grpc", "ADDR", "127.0.0.1:4317", "OTLP over gRPC"),
    row(
        "otlp-http",
        "ADDR",
        "127.0.0.1:4318",
        "OTLP over HTTP, protobuf and JSON",
    ),
    row(
        "ready-file",
        "FILE",
        "",
        "write what was bound to this file, as JSON, once everything serves",
    ),
    row(
        "insecure",
        "",
        "false",
        "allow binding to addresses that other machines can reach",
    ),
    row(
        "signatures",
        "MODE",
        "off",
        "AWS signatures: off, lenient (whoever signs has to sign right) or enforce (everybody has to)",
    ),
    row(
        "credentials-file",
        "FILE",
        "",
        "access keys and their secrets, as the table `credentials` of the settings file has them",
    ),
    row(
        "encryption-key-file",
        "FILE",
        "",
        "master keys for encryption at rest, one a line; the first is used, the others are replaced by it",
    ),
    row(
        "encryption-passphrase-file",
        "FILE",
        "",
        "the same with passphrases; BEAMLINE_ENCRYPTION_PASSPHRASE gives one directly",
    ),
    row(
        "encryption-old-key-file",
        "FILE",
        "",
        "master keys that are only tried, for changing from a key to a passphrase",
    ),
    row(
        "durability",
        "WHEN",
        "commit",
        "what an acknowledgement survives: commit (power loss), write (a crash), memory",
    ),
    row(
        "retention",
        "TIME",
        "30d",
        "how many days traces, logs and metrics are kept, such as 30d",
    ),
    row(
        "max-request",
        "SIZE",
        "64MiB",
        "largest OTLP request, after decompression",
    ),
    row(
        "memory",
        "SIZE",
        "1GiB",
        "memory for traces under way and for what is read often",
    ),
    row(
        "head-sampling",
        "WHO",
        "off",
        "off keeps all that arrives; rules lets sampling rules decide for spans not marked as sampled",
    ),
    row(
        "cors",
        "ORIGINS",
        "http://localhost:*,http://127.0.0.1:*",
        "origins of web pages that may send OTLP, separated by commas",
    ),
    row("strict", "", "false", "keep to the limits that AWS itself sets"),
    row(
        "seal-after",
        "TIME",
        "10s",
        "a trace moves to its final place on disk when nothing arrived for so long; log events wait six times, data points \
         up to thirty times as long",
    ),
    row("account", "ID", "123456789012", "AWS account of whoever does not sign"),
    row("region", "NAME", "us-east-1", "AWS region of whoever does not sign"),
    row(
        "drain",
        "TIME",
        "10s",
        "how long a shutdown waits for requests under way",
    ),
    row(
        "log",
        "FILTER",
        "info",
        "which log lines to write: error, warn, info, debug, trace, or crate=level,…",
    ),
];

const fn row(name: &'static str, takes: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting {
        name,
        takes,
        default,
        help,
    }
}

/// The row of a setting.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The default of a setting that is known to exist; empty for one that does not.
pub(crate) fn default_of(name: &str) -> &'static str {
    find(name).map_or("", |setting| setting.default)
}

/// The known name that is nearest to a mistyped one, if any is near.
pub(crate) fn suggestion<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::normalized_damerau_levenshtein(typed, name), name))
        .filter(|(likeness, _)| *likeness > 0.55)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
