//! A model → the Rust of one service: a serde type for each shape, its constraints as data, and the operations.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use regex::Regex;

use super::model::{Kind, Model, Operation, Reference, Shape};
use super::names::{field, screaming, variant};

/// The whole file.
pub(crate) fn write(model: &Model) -> Result<String> {
    let writer = Writer { model };
    let mut out = writer.head()?;
    writer.operations(&mut out)?;
    for (name, shape) in &model.shapes {
        match shape.kind {
            Kind::Structure if !shape.exception => writer.structure(&mut out, name, shape)?,
            Kind::String if !shape.values.is_empty() => writer.enumeration(&mut out, name, shape)?,
            _ => {}
        }
    }
    out.push_str("\nmod shapes {\n    use crate::aws::{Length, Member, Range, Shape, Structure};\n");
    let met = writer.met_in_requests_and_replies();
    for (name, shape) in model.shapes.iter().filter(|(name, _)| met.contains(name.as_str())) {
        writer.constraints(&mut out, name, shape)?;
    }
    out.push_str("}\n");
    Ok(out)
}

struct Writer<'a> {
    model: &'a Model,
}

impl Writer<'_> {
    fn head(&self) -> Result<String> {
        let metadata = &self.model.metadata;
        let protocol = match metadata.protocol.as_str() {
            "rest-json" => "RestJson",
            other => bail!("protocol {other} has no encoding layer yet"),
        };
        Ok(format!(
            "//! {id}, {version}. Written by `make generate` from `proto/aws/`; do not edit.\n\n\
             use serde::{{Deserialize, Serialize}};\n\n\
             use crate::aws;\n\n\
             /// The service.\n\
             pub static SERVICE: aws::Service = aws::Service {{\n    \
             signing_name: \"{signing}\",\n    id: \"{id}\",\n    api_version: \"{version}\",\n    \
             protocol: aws::Protocol::{protocol},\n    target_prefix: {target:?},\n    \
             operations: OPERATIONS,\n    errors: ERRORS,\n}};\n",
            id = metadata.service_id,
            version = metadata.api_version,
            signing = metadata.signing_name.as_ref().unwrap_or(&metadata.endpoint_prefix),
            target = metadata.target_prefix,
        ))
    }

    fn operations(&self, out: &mut String) -> Result<()> {
        out.push_str("\nstatic OPERATIONS: &[aws::Operation] = &[\n");
        for (name, operation) in &self.model.operations {
            self.nothing_outside_the_body(name, operation)?;
            let errors: Vec<_> = operation.errors.iter().map(|error| error.shape.as_str()).collect();
            writeln!(
                out,
                "    aws::Operation {{\n        name: \"{name}\",\n        method: \"{}\",\n        path: \"{}\",\n        \
                 input: {},\n        output: {},\n        errors: &{errors:?},\n    }},",
                operation.http.method,
                operation.http.request_uri,
                structure_expression(operation.input.as_ref()),
                structure_expression(operation.output.as_ref()),
            )?;
        }
        out.push_str("];\n\nstatic ERRORS: &[aws::ErrorShape] = &[\n");
        for (name, shape) in self.model.shapes.iter().filter(|(_, shape)| shape.exception) {
            // An error without a status is the client's mistake; AWS answers 400 then.
            let status = shape.error.as_ref().map_or(400, |error| error.http_status_code);
            writeln!(out, "    aws::ErrorShape {{ name: \"{name}\", status: {status} }},")?;
        }
        out.push_str("];\n");
        Ok(())
    }

    fn nothing_outside_the_body(&self, name: &str, operation: &Operation) -> Result<()> {
        for reference in [&operation.input, &operation.output].into_iter().flatten() {
            let members = &self.shape(&reference.shape)?.members.0;
            if let Some((member, _)) = members.iter().find(|(_, of)| of.location.is_some()) {
                bail!("{name} has {member} outside the body, which no encoding layer reads yet");
            }
        }
        Ok(())
    }

    fn structure(&self, out: &mut String, name: &str, shape: &Shape) -> Result<()> {
        let default = if self.has_default(name, &mut BTreeSet::new()) {
            "Default, "
        } else {
            ""
        };
        writeln!(
            out,
            "\n#[derive(Clone, Debug, {default}Deserialize, PartialEq, Serialize)]\npub struct {name} {{"
        )?;
        for (member, reference) in &shape.members.0 {
            let kind = self.rust_type(&reference.shape)?;
            if shape.required.contains(member) {
                writeln!(
                    out,
                    "    #[serde(rename = \"{member}\")]\n    pub {}: {kind},",
                    field(member)
                )?;
            } else {
                writeln!(
                    out,
                    "    #[serde(rename = \"{member}\", default, skip_serializing_if = \"Option::is_none\")]\n    \
                     pub {}: Option<{kind}>,",
                    field(member)
                )?;
            }
        }
        out.push_str("}\n");
        if self.is_input(name) {
            writeln!(
                out,
                "\nimpl aws::Input for {name} {{\n    const SHAPE: &'static aws::Structure = &shapes::{};\n}}",
                screaming(name)
            )?;
        }
        Ok(())
    }

    fn enumeration(&self, out: &mut String, name: &str, shape: &Shape) -> Result<()> {
        writeln!(
            out,
            "\n#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]\npub enum {name} {{"
        )?;
        for value in &shape.values {
            writeln!(out, "    #[serde(rename = \"{value}\")]\n    {},", variant(value))?;
        }
        out.push_str("}\n");
        Ok(())
    }

    fn constraints(&self, out: &mut String, name: &str, shape: &Shape) -> Result<()> {
        let constant = screaming(name);
        if shape.kind == Kind::Structure {
            write!(
                out,
                "\n    pub(super) static {constant}: Structure = Structure {{ name: \"{name}\", members: &["
            )?;
            for (member, reference) in &shape.members.0 {
                let required = shape.required.contains(member);
                let of = self.shape_expression(&reference.shape)?;
                write!(
                    out,
                    "\n        Member {{ name: \"{member}\", required: {required}, shape: {of} }},"
                )?;
            }
            let end = if shape.members.0.is_empty() { "" } else { "\n    " };
            writeln!(out, "{end}] }};")?;
            return Ok(());
        }
        let expression = match shape.kind {
            Kind::Boolean => "Shape::Boolean".to_owned(),
            Kind::Timestamp => "Shape::Timestamp".to_owned(),
            Kind::Integer => format!("Shape::Integer({})", range(shape)),
            Kind::Long => format!("Shape::Long({})", range(shape)),
            Kind::Double => format!("Shape::Double({})", range(shape)),
            Kind::String => {
                if let Some(pattern) = &shape.pattern {
                    Regex::new(pattern).with_context(|| format!("pattern of {name}"))?;
                }
                format!(
                    "Shape::String {{ length: {}, pattern: {:?}, values: &{:?} }}",
                    length(shape)?,
                    shape.pattern,
                    shape.values
                )
            }
            Kind::List => format!(
                "Shape::List {{ length: {}, member: {} }}",
                length(shape)?,
                self.shape_expression(&part(name, shape.member.as_ref())?.shape)?
            ),
            Kind::Map => format!(
                "Shape::Map {{ length: {}, key: {}, value: {} }}",
                length(shape)?,
                self.shape_expression(&part(name, shape.key.as_ref())?.shape)?,
                self.shape_expression(&part(name, shape.value.as_ref())?.shape)?
            ),
            Kind::Structure => unreachable!("written above"),
        };
        writeln!(out, "\n    static {constant}: Shape = {expression};")?;
        Ok(())
    }

    fn shape_expression(&self, name: &str) -> Result<String> {
        let constant = screaming(name);
        Ok(match self.shape(name)?.kind {
            Kind::Structure => format!("&Shape::Structure(&{constant})"),
            _ => format!("&{constant}"),
        })
    }

    fn rust_type(&self, name: &str) -> Result<String> {
        let shape = self.shape(name)?;
        Ok(match shape.kind {
            Kind::Boolean => "bool".to_owned(),
            Kind::Integer => "i32".to_owned(),
            Kind::Long => "i64".to_owned(),
            Kind::Double => "f64".to_owned(),
            Kind::Timestamp => "aws::Seconds".to_owned(),
            Kind::String if shape.values.is_empty() => "String".to_owned(),
            Kind::String | Kind::Structure => name.to_owned(),
            Kind::List => format!("Vec<{}>", self.rust_type(&part(name, shape.member.as_ref())?.shape)?),
            Kind::Map => format!(
                "std::collections::BTreeMap<String, {}>",
                self.rust_type(&part(name, shape.value.as_ref())?.shape)?
            ),
        })
    }

    /// Whether Rust can make up a value: everything but a required enumeration, directly or below.
    fn has_default(&self, name: &str, seen: &mut BTreeSet<String>) -> bool {
        let Some(shape) = self.model.shapes.get(name) else {
            return true;
        };
        if !seen.insert(name.to_owned()) {
            return true;
        }
        shape.members.0.iter().all(|(member, reference)| {
            let optional = !shape.required.contains(member);
            let Some(of) = self.model.shapes.get(&reference.shape) else {
                return true;
            };
            optional
                || match of.kind {
                    Kind::String => of.values.is_empty(),
                    Kind::Structure => self.has_default(&reference.shape, seen),
                    _ => true,
                }
        })
    }

    fn is_input(&self, name: &str) -> bool {
        let mut operations = self.model.operations.values();
        operations.any(|operation| operation.input.as_ref().is_some_and(|input| input.shape == name))
    }

    fn met_in_requests_and_replies(&self) -> BTreeSet<&str> {
        let operations = self.model.operations.values();
        let ends = operations.flat_map(|operation| [&operation.input, &operation.output]);
        let mut open: Vec<&str> = ends.flatten().map(|end| end.shape.as_str()).collect();
        let mut met = BTreeSet::new();
        while let Some(name) = open.pop() {
            let Some(shape) = self.model.shapes.get(name).filter(|_| met.insert(name)) else {
                continue;
            };
            let parts = [&shape.member, &shape.key, &shape.value].into_iter().flatten();
            open.extend(
                parts
                    .chain(shape.members.0.iter().map(|(_, of)| of))
                    .map(|part| part.shape.as_str()),
            );
        }
        met
    }

    fn shape(&self, name: &str) -> Result<&Shape> {
        self.model.shapes.get(name).with_context(|| format!("shape {name}"))
    }
}

/// Operations without input or output have empty ones, so that all are treated alike.
fn structure_expression(reference: Option<&Reference>) -> String {
    reference.map_or_else(
        || "&aws::Structure::EMPTY".to_owned(),
        |reference| format!("&shapes::{}", screaming(&reference.shape)),
    )
}

fn part<'a>(name: &str, reference: Option<&'a Reference>) -> Result<&'a Reference> {
    reference.with_context(|| format!("{name} does not say what it holds"))
}

fn length(shape: &Shape) -> Result<String> {
    let whole = |number: &Option<serde_json::Number>| -> Result<Option<u64>> {
        number
            .as_ref()
            .map(|number| number.as_u64().with_context(|| format!("length {number}")))
            .transpose()
    };
    // A minimum of nothing is no minimum.
    let min = whole(&shape.min)?.filter(|min| *min > 0);
    Ok(format!("Length {{ min: {min:?}, max: {:?} }}", whole(&shape.max)?))
}

fn range(shape: &Shape) -> String {
    let double = |number: &Option<serde_json::Number>| number.as_ref().and_then(serde_json::Number::as_f64);
    format!(
        "Range {{ min: {:?}, max: {:?} }}",
        double(&shape.min),
        double(&shape.max)
    )
}
