//! What is read from files that settings name: access keys, and master keys for encryption at rest.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use beamline_aws::{Credential, Credentials};
use beamline_store::Secret;
use beamline_store::cipher::{Master, MasterKey, MasterKeys};

use super::Complaint;
use super::credentials::{self, SaidKey};
use super::layers::Layers;

/// Files of keys are small; what is larger is something else.
const MAX_FILE: u64 = 1 << 20;

/// Where the master keys are: read at the start, and again when the files change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MasterFiles {
    pub(crate) keys: Option<PathBuf>,
    pub(crate) passphrases: Option<PathBuf>,
    /// From the environment.
    pub(crate) passphrase: Option<Secret>,
    pub(crate) old_keys: Option<PathBuf>,
}

impl MasterFiles {
    /// The files that may change.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        [&self.keys, &self.passphrases, &self.old_keys]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
    }

    /// All master keys, the one to use first.
    ///
    /// # Errors
    /// Which setting has what wrong with it.
    pub(crate) fn read(&self) -> Result<MasterKeys, Vec<(&'static str, String)>> {
        let (mut masters, mut wrong) = (Vec::new(), Vec::new());
        let mut gather = |setting, path: &Option<PathBuf>, parse: fn(&str) -> Result<Vec<Master>, String>| {
            let Some(path) = path else { return };
            let read = read_text(path).map_err(|error| error.to_string());
            match read.and_then(|text| parse(text.reveal())) {
                Ok(found) if found.is_empty() => wrong.push((setting, format!("{} is empty", path.display()))),
                Ok(found) => masters.extend(found),
                Err(problem) => wrong.push((setting, format!("{}: {problem}", path.display()))),
            }
        };
        gather("encryption-key-file", &self.keys, keys);
        gather("encryption-passphrase-file", &self.passphrases, passphrases);
        gather("encryption-old-key-file", &self.old_keys, keys);
        masters.extend(self.passphrase.clone().map(Master::Passphrase));
        if wrong.is_empty() {
            Ok(MasterKeys(masters))
        } else {
            Err(wrong)
        }
    }
}

fn keys(text: &str) -> Result<Vec<Master>, String> {
    let keys = MasterKey::parse_file(text).map_err(|error| error.to_string())?;
    Ok(keys.into_iter().map(Master::Key).collect())
}

/// One passphrase a line, with whatever spaces are in it.
fn passphrases(text: &str) -> Result<Vec<Master>, String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(|line| Master::Passphrase(Secret::new(line))).collect())
}

/// Reads a small text.
pub(crate) fn read_text(path: &Path) -> io::Result<Secret> {
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(MAX_FILE + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(io::Error::other("is larger than a file of keys can be"));
    }
    Ok(Secret::new(text))
}

/// Who may sign: the keys of the settings file and of the file that it names.
pub(super) fn credentials(layers: &Layers, account: &str, complaints: &mut Vec<Complaint>) -> Credentials {
    let mut said: Vec<SaidKey> = layers.credentials.clone();
    let file = layers.value("credentials-file");
    if !file.text.is_empty() {
        match read_text(Path::new(&file.text)) {
            Ok(text) => said.extend(credentials::read_file(&file.text, text.reveal(), complaints)),
            Err(error) => complaints.push(Complaint {
                key: "credentials-file".to_owned(),
                origin: file.origin.clone(),
                problem: format!("{}: {error}", file.text),
            }),
        }
    }
    let mut known = BTreeMap::new();
    for key in said {
        let credential = Credential {
            secret: key.secret,
            account: key.account.unwrap_or_else(|| account.to_owned()),
        };
        if known.insert(key.access_key.clone(), credential).is_some() {
            complaints.push(Complaint {
                key: format!("credentials.{}", key.access_key),
                origin: key.origin,
                problem: "is said twice".to_owned(),
            });
        }
    }
    known
}

/// Where the master keys are.
pub(super) fn master_files(layers: &Layers) -> MasterFiles {
    let path = |setting| {
        Some(&layers.value(setting).text)
            .filter(|text| !text.is_empty())
            .map(PathBuf::from)
    };
    MasterFiles {
        keys: path("encryption-key-file"),
        passphrases: path("encryption-passphrase-file"),
        passphrase: layers.passphrase.clone(),
        old_keys: path("encryption-old-key-file"),
    }
}
