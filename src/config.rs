//! What the server is told: defaults, then `beamline.toml`, then `BEAMLINE_*`, then flags; the later wins.
//!
//! Every setting is one row of [`settings::SETTINGS`]. The row yields the flag, the environment variable, the key in
//! the file, the help text and the line of `config --explain`, so the five cannot drift apart. [`Config::check`] reads
//! all rows in one pass and reports every mistake, not only the first, each with the key and where its value came from.

mod credentials;
pub(crate) mod explain;
pub(crate) mod layers;
pub(crate) mod secrets;
pub(crate) mod settings;
mod units;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use beamline_aws::{Credentials, Signatures};
use beamline_collector::HeadSampling;
use beamline_store::cipher::MasterKeys;
use beamline_store::engine::Durability;

use layers::{Layers, Origin};
use secrets::MasterFiles;

/// The server's settings, checked: whatever is in here can be acted on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// Where the data lies.
    pub(crate) data: PathBuf,
    /// AWS APIs, gRPC query API, health and metrics.
    pub(crate) http: SocketAddr,
    /// X-Ray daemon protocol, UDP and TCP.
    pub(crate) xray: SocketAddr,
    /// OTLP over gRPC.
    pub(crate) otlp_grpc: SocketAddr,
    /// OTLP over HTTP.
    pub(crate) otlp_http: SocketAddr,
    /// Written once every listener serves.
    pub(crate) ready_file: Option<PathBuf>,
    /// What is done about AWS signatures.
    pub(crate) signatures: Signatures,
    /// Who may sign.
    pub(crate) credentials: Credentials,
    /// What encrypted values are opened with.
    pub(crate) masters: MasterKeys,
    /// Where those come from.
    pub(crate) master_files: MasterFiles,
    /// What an acknowledgement survives.
    pub(crate) durability: Durability,
    /// Days that traces are kept.
    pub(crate) retention_days: u16,
    /// Largest OTLP request, decompressed.
    pub(crate) max_request: usize,
    /// Memory of the store.
    pub(crate) memory: usize,
    /// Whether sampling rules decide about spans that nobody decided about.
    pub(crate) head_sampling: HeadSampling,
    /// Origins of web pages that may send OTLP.
    pub(crate) cors: Vec<String>,
    /// Keep to the limits that AWS itself sets.
    pub(crate) strict: bool,
    /// How long a trace has to be idle to be sealed.
    pub(crate) seal_after: Duration,
    /// Account that unsigned input gets.
    pub(crate) account: String,
    /// Region that unsigned input gets.
    pub(crate) region: String,
    /// How long a shutdown waits for requests under way.
    pub(crate) drain: Duration,
    /// Which of its own log lines the server writes.
    pub(crate) log: String,
}

/// One mistake: which setting, where it was said, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// Name of the setting as in the file.
    pub(crate) key: String,
    /// Who said it.
    pub(crate) origin: Origin,
    /// What is wrong, and what would be right.
    pub(crate) problem: String,
}

/// All mistakes found in one pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Complaints(pub(crate) Vec<Complaint>);

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(
            f,
            "{count} mistake{} in the settings",
            if count == 1 { "" } else { "s" }
        )?;
        for complaint in &self.0 {
            write!(f, "\n  {} ({}): {}", complaint.key, complaint.origin, complaint.problem)?;
        }
        Ok(())
    }
}

impl Config {
    /// Reads every setting and reports every mistake, including those the layers themselves contain.
    pub(crate) fn check(layers: &Layers) -> Result<Self, Complaints> {
        let mut reader = Reader {
            layers,
            complaints: layers.complaints.clone(),
        };
        let account = reader.read("account", units::account);
        let master_files = secrets::master_files(layers);
        let config = Self {
            data: PathBuf::from(reader.text("data")),
            http: reader.read("http", units::address),
            xray: reader.read("xray", units::address),
            otlp_grpc: reader.read("otlp-grpc", units::address),
            otlp_http: reader.read("otlp-http", units::address),
            ready_file: Some(reader.text("ready-file"))
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            signatures: reader.read("signatures", units::signatures),
            credentials: secrets::credentials(layers, &account, &mut reader.complaints),
            masters: reader.masters(&master_files),
            master_files,
            durability: reader.read("durability", units::durability),
            retention_days: reader.read("retention", units::days),
            max_request: reader.read("max-request", units::size),
            memory: reader.read("memory", units::size),
            head_sampling: reader.read("head-sampling", units::head_sampling),
            cors: reader.read("cors", units::origins),
            strict: reader.read("strict", units::switch),
            seal_after: reader.read("seal-after", units::duration),
            account,
            region: reader.read("region", units::region),
            drain: reader.read("drain", units::duration),
            log: reader.read("log", units::log_filter),
        };
        let insecure = reader.read("insecure", units::switch);
        if reader.complaints.is_empty() {
            reader.refuse_double_binding(&config);
            reader.refuse_locking_everybody_out(&config);
            if !insecure {
                reader.refuse_wide_binding(&config);
            }
        }
        if reader.complaints.is_empty() {
            Ok(config)
        } else {
            Err(Complaints(reader.complaints))
        }
    }

    /// The listeners by setting.
    fn listeners(&self) -> [(&'static str, SocketAddr); 4] {
        [
            ("http", self.http),
            ("xray", self.xray),
            ("otlp-grpc", self.otlp_grpc),
            ("otlp-http", self.otlp_http),
        ]
    }
}

/// Reads settings and gathers what is wrong with them.
struct Reader<'a> {
    layers: &'a Layers,
    complaints: Vec<Complaint>,
}

impl Reader<'_> {
    fn text(&self, key: &'static str) -> String {
        self.layers.value(key).text.clone()
    }

    /// Reads one setting. After a complaint the value returned is the default's, and the whole is refused anyway.
    fn read<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let said = self.layers.value(key);
        parse(&said.text).unwrap_or_else(|problem| {
            self.complain(key, problem);
            parse(settings::default_of(key)).expect("defaults are valid, which a test proves")
        })
    }

    fn complain(&mut self, key: &'static str, problem: String) {
        self.complaints.push(Complaint {
            key: key.to_owned(),
            origin: self.layers.value(key).origin.clone(),
            problem,
        });
    }

    fn masters(&mut self, files: &MasterFiles) -> MasterKeys {
        files.read().unwrap_or_else(|wrong| {
            for (key, problem) in wrong {
                self.complain(key, problem);
            }
            MasterKeys::default()
        })
    }

    fn refuse_locking_everybody_out(&mut self, config: &Config) {
        if config.signatures != Signatures::Off && config.credentials.is_empty() {
            let problem = "signatures are verified, and no access key is configured: whoever signs would be refused; add \
                           a table [credentials.ACCESSKEY] with `secret` and `account` to the settings file, or name \
                           a --credentials-file";
            self.complain("signatures", problem.to_owned());
        }
    }

    fn refuse_double_binding(&mut self, config: &Config) {
        let mut taken: BTreeMap<SocketAddr, &str> = BTreeMap::new();
        for (key, address) in config.listeners() {
            if address.port() == 0 {
                continue;
            }
            if let Some(other) = taken.insert(address, key) {
                self.complain(key, format!("{address} is already the address of `{other}`"));
            }
        }
    }

    /// Whoever asks who is calling may be asked by anybody. Only the HTTP port can: neither the X-Ray daemon's protocol
    /// nor OTLP is signed.
    fn refuse_wide_binding(&mut self, config: &Config) {
        let asks = |key| key == "http" && config.signatures == Signatures::Enforce;
        for (key, address) in config.listeners() {
            if !address.ip().is_loopback() && !asks(key) {
                let way_out = if key == "http" {
                    "set --signatures enforce and access keys, bind to 127.0.0.1"
                } else {
                    "bind to 127.0.0.1"
                };
                self.complain(
                    key,
                    format!(
                        "{address} can be reached from other machines, and nothing here asks who is calling: anybody \
                         there could read and write traces; {way_out}, or say --insecure if that is meant"
                    ),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks settings as typed in a file and as flags, and prints either the mistakes or "fine".
    fn check(file: &str, flags: &[(&'static str, &str)], expected: &str) {
        let mut layers = Layers::defaults();
        layers.add_file("beamline.toml", file);
        layers.add_flags(flags.iter().map(|(key, text)| (*key, (*text).to_owned())));
        let answer = Config::check(&layers).map_or_else(|complaints| complaints.to_string(), |_| "fine".to_owned());
        assert_eq!(answer, expected, "{file} {flags:?}");
    }

    #[test]
    fn nothing_needs_to_be_said() {
        check("", &[], "fine");
    }

    #[test]
    fn every_mistake_is_reported_with_its_origin() {
        check(
            "http = \"nowhere\"\nretention = \"soon\"\n",
            &[("durability", "often")],
            "3 mistakes in the settings\n  \
             http (beamline.toml line 1): `nowhere` is not an address; write host:port, such as 127.0.0.1:2001\n  \
             durability (--durability): `often` is not one of commit, write, memory\n  \
             retention (beamline.toml line 2): `soon` is not a duration; write 30d, 12h or 1h 30m",
        );
    }

    #[test]
    fn a_key_nobody_knows_is_a_mistake_with_a_suggestion() {
        check(
            "retentoin = \"30d\"",
            &[],
            "1 mistake in the settings\n  retentoin (beamline.toml line 1): unknown; did you mean `retention`?",
        );
    }

    #[test]
    fn later_layers_win_even_over_mistakes() {
        check("retention = \"soon\"", &[("retention", "3d")], "fine");
    }

    #[test]
    fn binding_wide_is_refused_unless_it_is_meant() {
        check(
            "",
            &[("http", "0.0.0.0:2001")],
            "1 mistake in the settings\n  http (--http): 0.0.0.0:2001 can be reached from other machines, and nothing \
             here asks who is calling: anybody there could read and write traces; set --signatures enforce and access \
             keys, bind to 127.0.0.1, or say --insecure if that is meant",
        );
        check("", &[("http", "0.0.0.0:2001"), ("insecure", "true")], "fine");
        check("", &[("http", "[::1]:2001"), ("xray", "localhost:0")], "fine");
        let enforced = "signatures = \"enforce\"\n[credentials.AKID]\nsecret = \"s\"\n";
        check(enforced, &[("http", "0.0.0.0:2001")], "fine");
        let still_open = [("http", "0.0.0.0:2001"), ("otlp-grpc", "0.0.0.0:4317")];
        check(
            enforced,
            &still_open,
            "1 mistake in the settings\n  otlp-grpc (--otlp-grpc): 0.0.0.0:4317 can be reached from other machines, and \
             nothing here asks who is calling: anybody there could read and write traces; bind to 127.0.0.1, or say \
             --insecure if that is meant",
        );
    }

    #[test]
    fn access_keys_are_tables_and_their_secrets_are_shown_to_nobody() {
        let file = "[credentials.AKID]\nsecret = \"s3same\"\naccount = \"210987654321\"\n[credentials.OTHER]\nsecret = \"b\"\n";
        let mut layers = Layers::defaults();
        layers.add_file("beamline.toml", file);
        let config = Config::check(&layers).unwrap();
        let told = |key: &str| {
            (
                config.credentials[key].secret.reveal(),
                &*config.credentials[key].account,
            )
        };
        assert_eq!(
            (told("AKID"), told("OTHER")),
            (("s3same", "210987654321"), ("b", "123456789012"))
        );
        assert!(!format!("{config:?} {layers:?}").contains("s3same"));
        check(
            "[credentials.AKID]\nsecret = 5\n[credentials.B]\n[credentials.\"a b\"]\n[credentials.C]\nsecret = \"s\"\nkey = \"k\"",
            &[("signatures", "sometimes")],
            "5 mistakes in the settings\n  \
             credentials.AKID (beamline.toml line 1): `secret` takes a text\n  \
             credentials.B (beamline.toml line 3): has no `secret`\n  \
             credentials.C (beamline.toml line 5): `key` is unknown; there are `secret` and `account`\n  \
             credentials.a b (beamline.toml line 4): an access key is 1 to 128 letters and digits\n  \
             signatures (--signatures): `sometimes` is not one of off, lenient, enforce",
        );
        check(
            "signatures = \"enforce\"",
            &[],
            "1 mistake in the settings\n  signatures (beamline.toml line 1): signatures are verified, and no access key \
             is configured: whoever signs would be refused; add a table [credentials.ACCESSKEY] with `secret` and \
             `account` to the settings file, or name a --credentials-file",
        );
    }

    #[test]
    fn files_of_keys_are_read_and_what_is_wrong_with_them_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (keys, access) = (folder.path().join("keys"), folder.path().join("access.toml"));
        std::fs::write(&keys, format!("{}\n", "ab".repeat(32))).unwrap();
        std::fs::write(&access, "[AKID]\nsecret = \"s\"\n").unwrap();
        let flags = |key: &std::path::Path| {
            [
                ("encryption-key-file", key.display().to_string()),
                ("credentials-file", access.display().to_string()),
            ]
        };
        let mut layers = Layers::defaults();
        layers.add_flags(flags(&keys));
        layers.add_variables([("BEAMLINE_ENCRYPTION_PASSPHRASE".to_owned(), "open".to_owned())].into_iter());
        let config = Config::check(&layers).unwrap();
        assert_eq!((config.masters.0.len(), config.credentials.len()), (2, 1));
        assert_eq!(layers.strays, [""; 0]);
        layers.add_flags(flags(&access));
        let wrong = Config::check(&layers).unwrap_err().to_string();
        assert!(
            wrong.contains("encryption-key-file (--encryption-key-file): ") && wrong.contains("line 1 is not a key"),
            "{wrong}"
        );
    }

    #[test]
    fn two_listeners_cannot_share_an_address_unless_it_is_picked_for_them() {
        check(
            "",
            &[("xray", "127.0.0.1:2001")],
            "1 mistake in the settings\n  xray (--xray): 127.0.0.1:2001 is already the address of `http`",
        );
        check("", &[("xray", "127.0.0.1:0"), ("http", "127.0.0.1:0")], "fine");
    }
}
