//! The flags of the server, made from the rows of [`SETTINGS`].

use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches};

use crate::config::layers::Layers;
use crate::config::settings::SETTINGS;

/// The file that is read when it is there and none was named.
const USUAL_FILE: &str = "beamline.toml";

/// The settings as typed. They mean something only with the layers below them, see [`ServerArgs::layers`].
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerArgs {
    file: Option<String>,
    flags: Vec<(&'static str, String)>,
}

impl ServerArgs {
    /// All layers: defaults, file, environment, flags. Fails only if a file that was named cannot be read.
    pub(crate) fn layers(&self) -> anyhow::Result<Layers> {
        let mut layers = Layers::defaults();
        let named = self.file.clone().or_else(|| std::env::var("BEAMLINE_CONFIG").ok());
        let path = named.as_deref().unwrap_or(USUAL_FILE);
        if named.is_some() || Path::new(path).exists() {
            let text = std::fs::read_to_string(path)
                .map_err(|error| anyhow::anyhow!(error).context(format!("reading settings from {path}")))?;
            layers.add_file(path, &text);
        }
        let variables =
            std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
        layers.add_variables(variables);
        layers.add_flags(self.flags.clone());
        Ok(layers)
    }
}

// === impl Args for ServerArgs ===

impl Args for ServerArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        let file = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help(format!("settings file [default: {USUAL_FILE}, if there is one]"));
        let settings = SETTINGS.iter().map(|setting| {
            let arg = Arg::new(setting.name).long(setting.name);
            if setting.is_switch() {
                return arg.help(setting.help).action(ArgAction::SetTrue);
            }
            let help = match setting.default {
                "" => setting.help.to_owned(),
                default => format!("{} [default: {default}]", setting.help),
            };
            arg.value_name(setting.takes).help(help)
        });
        command.arg(file).args(settings)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ServerArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        let text = |setting: &'static crate::config::settings::Setting| {
            if setting.is_switch() {
                return Ok("true".to_owned());
            }
            matches
                .get_one::<String>(setting.name)
                .cloned()
                .ok_or_else(|| clap::Error::raw(ErrorKind::MissingRequiredArgument, setting.name))
        };
        let mut flags = Vec::new();
        for setting in SETTINGS.iter().filter(|setting| typed(setting.name)) {
            flags.push((setting.name, text(setting)?));
        }
        let file = matches.get_one::<String>("config").cloned();
        Ok(Self { file, flags })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
