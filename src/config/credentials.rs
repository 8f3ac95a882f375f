//! Access keys and their secrets: the table `credentials` of the settings file, or a file of its own.
//!
//! ```toml
//! [credentials.AKIAIOSFODNN7EXAMPLE]
//! secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
//! account = "123456789012"
//! ```
//!
//! A file of its own has the same tables without `credentials.` in front. Whose account is not said is in the one that
//! unsigned input gets.

use std::ops::Range;

use beamline_store::Secret;
use toml::de::{DeTable, DeValue};

use super::Complaint;
use super::layers::Origin;

/// One access key as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SaidKey {
    pub(crate) access_key: String,
    pub(crate) secret: Secret,
    pub(crate) account: Option<String>,
    pub(crate) origin: Origin,
}

/// Reads a table of access keys; `origin` tells where a place in its text is.
pub(super) fn read(
    table: &DeTable<'_>,
    origin: &dyn Fn(Range<usize>) -> Origin,
    complaints: &mut Vec<Complaint>,
) -> Vec<SaidKey> {
    let mut keys = Vec::new();
    for (name, value) in table {
        let access_key = name.get_ref().to_string();
        let origin = origin(name.span());
        match one(&access_key, value.get_ref()) {
            Ok((secret, account)) => keys.push(SaidKey {
                access_key,
                secret,
                account,
                origin,
            }),
            Err(problem) => complaints.push(Complaint {
                key: format!("credentials.{access_key}"),
                origin,
                problem,
            }),
        }
    }
    keys
}

fn one(access_key: &str, value: &DeValue<'_>) -> Result<(Secret, Option<String>), String> {
    let right = (1..=128).contains(&access_key.len()) && access_key.bytes().all(|byte| byte.is_ascii_graphic());
    if !right || access_key.contains([',', '/']) {
        return Err("an access key is 1 to 128 letters and digits".to_owned());
    }
    let DeValue::Table(table) = value else {
        return Err("takes a table with `secret` and `account`".to_owned());
    };
    let (mut secret, mut account) = (None, None);
    for (name, value) in table {
        // What is wrong is told without the value: it may be the secret.
        let DeValue::String(text) = value.get_ref() else {
            return Err(format!("`{}` takes a text", name.get_ref()));
        };
        match &**name.get_ref() {
            "secret" if !text.is_empty() => secret = Some(Secret::new(text.as_ref())),
            "secret" => return Err("`secret` is empty".to_owned()),
            "account" => account = Some(super::units::account(text)?),
            other => return Err(format!("`{other}` is unknown; there are `secret` and `account`")),
        }
    }
    let secret = secret.ok_or("has no `secret`")?;
    Ok((secret, account))
}

/// Reads a file of access keys.
pub(super) fn read_file(path: &str, text: &str, complaints: &mut Vec<Complaint>) -> Vec<SaidKey> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let origin = |span: Range<usize>| Origin::File {
        path: path.to_owned(),
        line: super::layers::line(text, span.start),
    };
    for error in errors {
        complaints.push(Complaint {
            key: "credentials-file".to_owned(),
            origin: origin(error.span().unwrap_or_default()),
            problem: error.message().to_owned(),
        });
    }
    read(table.get_ref(), &origin, complaints)
}
