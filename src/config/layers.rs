//! Who said what: each setting's value with its origin, later layers over earlier ones.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use beamline_store::Secret;
use toml::de::{DeTable, DeValue};

use super::Complaint;
use super::credentials::{self, SaidKey};
use super::settings::{SETTINGS, find, suggestion};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of the file.
    File {
        /// As it was named.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File { path, line } => write!(f, "{path} line {line}"),
            Self::Variable(name) => write!(f, "{name}"),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// As text, whatever its type was.
    pub(crate) text: String,
    /// By whom.
    pub(crate) origin: Origin,
}

/// What all layers together say.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    said: BTreeMap<&'static str, Said>,
    /// Access keys of the file.
    pub(crate) credentials: Vec<SaidKey>,
    /// A master key's passphrase from the environment, which no file and no list of processes should show.
    pub(crate) passphrase: Option<Secret>,
    /// Mistakes of the layers themselves: unknown keys, values of a wrong type, a file that is not TOML.
    pub(crate) complaints: Vec<Complaint>,
    /// Variables that look like ours and are not. Only worth a warning: a container platform may have set them for a
    /// service that happens to be called `beamline`.
    pub(crate) strays: Vec<String>,
}

/// Variables of ours that are no settings of the server.
const OTHER_VARIABLES: [&str; 2] = ["BEAMLINE_CONFIG", "BEAMLINE_ENDPOINT"];

/// The variable of ours that is a secret.
const PASSPHRASE: &str = "BEAMLINE_ENCRYPTION_PASSPHRASE";

impl Layers {
    /// The lowest layer.
    pub(crate) fn defaults() -> Self {
        let default = |text: &str| Said {
            text: text.to_owned(),
            origin: Origin::Default,
        };
        Self {
            said: SETTINGS.iter().map(|row| (row.name, default(row.default))).collect(),
            credentials: Vec::new(),
            passphrase: None,
            complaints: Vec::new(),
            strays: Vec::new(),
        }
    }

    /// What the highest layer that mentions a setting says.
    pub(crate) fn value(&self, name: &'static str) -> &Said {
        &self.said[name]
    }

    /// Lays a TOML file over what was said before.
    pub(crate) fn add_file(&mut self, path: &str, text: &str) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let origin = |offset: usize| Origin::File {
            path: path.to_owned(),
            line: line(text, offset),
        };
        for error in errors {
            self.complaints.push(Complaint {
                key: "file".to_owned(),
                origin: origin(error.span().map_or(0, |span| span.start)),
                problem: error.message().to_owned(),
            });
        }
        for (key, value) in table.get_ref() {
            if let ("credentials", DeValue::Table(keys)) = (&**key.get_ref(), value.get_ref()) {
                let origin = |span: Range<usize>| origin(span.start);
                self.credentials = credentials::read(keys, &origin, &mut self.complaints);
                continue;
            }
            let origin = origin(key.span().start);
            let name = key.get_ref().replace('_', "-");
            let Some(setting) = find(&name) else {
                self.complain_unknown(key.get_ref(), origin);
                continue;
            };
            match plain(value.get_ref()) {
                Some(text) => self.say(setting.name, text, origin),
                None => self.complaints.push(Complaint {
                    key: setting.name.to_owned(),
                    origin,
                    problem: "takes one value, not a list or a table".to_owned(),
                }),
            }
        }
    }

    /// Lays environment variables over what was said before; those that are not ours are passed over.
    pub(crate) fn add_variables(&mut self, variables: impl Iterator<Item = (String, String)>) {
        let by_variable: BTreeMap<String, &'static str> = SETTINGS
            .iter()
            .map(|setting| (setting.variable(), setting.name))
            .collect();
        for (variable, text) in variables.filter(|(variable, _)| variable.starts_with("BEAMLINE_")) {
            if variable == PASSPHRASE {
                self.passphrase = Some(Secret::new(text));
            } else if let Some(name) = by_variable.get(&variable) {
                self.say(name, text, Origin::Variable(variable));
            } else if !OTHER_VARIABLES.contains(&variable.as_str()) {
                let near = suggestion(&variable, by_variable.keys().map(String::as_str));
                let hint = near.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
                self.strays.push(format!("{variable} is not a setting{hint}"));
            }
        }
    }

    /// Lays flags over what was said before.
    pub(crate) fn add_flags(&mut self, flags: impl IntoIterator<Item = (&'static str, String)>) {
        for (name, text) in flags {
            self.say(name, text, Origin::Flag(name));
        }
    }

    fn say(&mut self, name: &'static str, text: String, origin: Origin) {
        self.said.insert(name, Said { text, origin });
    }

    fn complain_unknown(&mut self, key: &str, origin: Origin) {
        let problem = match suggestion(key, SETTINGS.iter().map(|setting| setting.name)) {
            Some(name) => format!("unknown; did you mean `{name}`?"),
            None => "unknown; `beamline config --explain` lists what there is".to_owned(),
        };
        self.complaints.push(Complaint {
            key: key.to_owned(),
            origin,
            problem,
        });
    }
}

/// The line that a place in a text is in, counted from 1.
pub(super) fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// A scalar as text; `None` for what is not one.
fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(on) => Some(on.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_covers_the_one_below() {
        let mut layers = Layers::defaults();
        assert_eq!(layers.value("data").origin, Origin::Default);
        layers.add_file("b.toml", "# where\n\ndata = \"/srv/a\"\ndrain = 3\n");
        assert_eq!(layers.value("data").origin.to_string(), "b.toml line 3");
        assert_eq!(layers.value("drain").text, "3");
        layers.add_variables([("BEAMLINE_DATA".to_owned(), "/srv/b".to_owned())].into_iter());
        assert_eq!(layers.value("data").origin.to_string(), "BEAMLINE_DATA");
        layers.add_flags([("data", "/srv/c".to_owned())]);
        assert_eq!(layers.value("data").text, "/srv/c");
        assert_eq!(layers.complaints, []);
    }

    #[test]
    fn a_broken_file_still_tells_all_it_has() {
        let mut layers = Layers::defaults();
        layers.add_file("b.toml", "data = \nhttp = [1]\nretention = \"1d\"\n");
        let problems: Vec<String> = layers.complaints.iter().map(|it| it.origin.to_string()).collect();
        assert_eq!(problems, ["b.toml line 1", "b.toml line 2"]);
        assert_eq!(layers.value("retention").text, "1d");
    }

    #[test]
    fn variables_that_only_look_like_ours_are_told_not_refused() {
        let mut layers = Layers::defaults();
        let set = |name: &str| (name.to_owned(), "x".to_owned());
        layers.add_variables([set("BEAMLINE_RETENTOIN"), set("BEAMLINE_ENDPOINT"), set("PATH")].into_iter());
        assert_eq!(
            layers.strays,
            ["BEAMLINE_RETENTOIN is not a setting; did you mean BEAMLINE_RETENTION?"]
        );
        assert_eq!(layers.complaints, []);
    }
}
