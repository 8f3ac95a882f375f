//! `config --explain`: each value and where it came from.

use std::io::{self, Write};

use super::layers::Layers;
use super::settings::SETTINGS;

/// Prints a table: setting, value, origin, what it is for.
pub(crate) fn table(layers: &Layers, out: &mut impl Write) -> io::Result<()> {
    let rows: Vec<[String; 4]> = SETTINGS
        .iter()
        .map(|setting| {
            let said = layers.value(setting.name);
            let shown = if said.text.is_empty() { "-" } else { &said.text };
            [
                setting.name.to_owned(),
                shown.to_owned(),
                said.origin.to_string(),
                setting.help.to_owned(),
            ]
        })
        .collect();
    let keys = layers.credentials.iter().map(|key| {
        let account = key.account.as_deref().map(|account| format!(" of account {account}"));
        [
            format!("credentials.{}", key.access_key),
            key.secret.to_string(),
            key.origin.to_string(),
            format!("an access key{}", account.unwrap_or_default()),
        ]
    });
    let rows: Vec<[String; 4]> = rows.into_iter().chain(keys).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (names, values, origins) = (width(0), width(1), width(2));
    for [name, value, origin, help] in &rows {
        writeln!(out, "{name:names$}  {value:values$}  {origin:origins$}  {help}")?;
    }
    Ok(())
}

/// Prints a file that says the same as all layers together.
pub(crate) fn file(layers: &Layers, out: &mut impl Write) -> io::Result<()> {
    for setting in &SETTINGS {
        let said = layers.value(setting.name);
        writeln!(out, "# {}", setting.help)?;
        let value = match (setting.is_switch(), said.text.as_str()) {
            (true, text) => text.to_owned(),
            (false, text) => toml::Value::String(text.to_owned()).to_string(),
        };
        let unsaid = if said.origin == super::Origin::Default {
            "# "
        } else {
            ""
        };
        writeln!(out, "{unsaid}{} = {value}\n", setting.name)?;
    }
    for key in &layers.credentials {
        writeln!(
            out,
            "# access key {} is said by {}; secrets are not repeated",
            key.access_key, key.origin
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_file_says_what_the_layers_said() {
        let mut layers = Layers::defaults();
        layers.add_flags([("data", "/a \"b\"".to_owned()), ("insecure", "true".to_owned())]);
        let mut text = Vec::new();
        file(&layers, &mut text).unwrap();
        let mut again = Layers::defaults();
        again.add_file("x", std::str::from_utf8(&text).unwrap());
        assert_eq!(again.complaints, []);
        for setting in &SETTINGS {
            assert_eq!(again.value(setting.name).text, layers.value(setting.name).text);
        }
    }
}
