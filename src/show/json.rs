//! Messages of the query API as Protocol Buffers' JSON.

use std::io::Write;

use anyhow::Context;
use beamline_proto::query::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};

/// Prints messages, one line each.
pub(crate) struct Json {
    pool: DescriptorPool,
}

impl Json {
    /// Reads the API's description.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).context("reading the description of the query API")?;
        Ok(Self { pool })
    }

    /// Prints one message of the type `name`.
    pub(crate) fn print(&self, name: &str, message: &impl Message, out: &mut impl Write) -> anyhow::Result<()> {
        let kind = self.pool.get_message_by_name(&format!("beamline.query.v1.{name}"));
        let kind = kind.with_context(|| format!("the query API has no message {name}"))?;
        let dynamic = DynamicMessage::decode(kind, message.encode_to_vec().as_slice())?;
        serde_json::to_writer(&mut *out, &dynamic).map_err(std::io::Error::from)?;
        writeln!(out)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beamline_proto::query::{Flags, TraceSummary};

    #[test]
    fn names_are_those_of_the_contract() {
        let summary = TraceSummary {
            trace_id: "1-5759e988-bd862e3fe1be46a994272793".to_owned(),
            flags: Some(Flags {
                fault: true,
                ..Flags::default()
            }),
            ..TraceSummary::default()
        };
        let mut line = Vec::new();
        Json::new().unwrap().print("TraceSummary", &summary, &mut line).unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"traceId\":\"1-5759e988-bd862e3fe1be46a994272793\",\"flags\":{\"fault\":true}}\n"
        );
    }
}
