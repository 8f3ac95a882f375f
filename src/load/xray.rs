//! Shapes as X-Ray segment documents, one for each span: template `n` is the `n`-th document of its trace.

use super::shape::{SpanShape, TraceShape, service_name, traces};
use super::template::{Template, What};
use crate::cli::ShapeArg;

/// Spans before documents repeat.
const SPANS: usize = 2_000;

/// Documents to send in turn. A template that begins a trace has `traces == 1`; those after it belong to the same.
pub(super) fn templates(shape: ShapeArg, seed: u64) -> Vec<Template> {
    traces(shape, SPANS, seed).iter().flat_map(documents).collect()
}

fn documents(trace: &TraceShape) -> Vec<Template> {
    let document = |(index, span): (usize, &SpanShape)| {
        let mut document = segment(index as u32, span);
        (document.traces, document.spans) = (u32::from(index == 0), 1);
        document
    };
    trace.spans.iter().enumerate().map(document).collect()
}

/// A segment with as much to say as the OTLP shape's span has in 11 attributes.
fn segment(index: u32, shape: &SpanShape) -> Template {
    let name = service_name(shape.service);
    let mut document = Template::default();
    document.push(b"{\"trace_id\":\"");
    document.hole(0, What::TraceText);
    document.push(b"\",\"id\":\"");
    document.hole(0, What::SpanText(index));
    if let Some(parent) = shape.parent {
        document.push(b"\",\"parent_id\":\"");
        document.hole(0, What::SpanText(parent as u32));
    }
    document.push(format!("\",\"name\":\"{name}\",\"start_time\":").as_bytes());
    document.hole(0, What::SecondsText(shape.from));
    document.push(b",\"end_time\":");
    document.hole(0, What::SecondsText(shape.to));
    let status = if shape.fault { 500 } else { 200 };
    let fault = if shape.fault { ",\"fault\":true" } else { "" };
    let variety = shape.variety;
    document.push(
        format!(
            "{fault},\"origin\":\"AWS::EC2::Instance\",\"http\":{{\"request\":{{\"method\":\"GET\",\
             \"url\":\"https://{name}.internal/api/v1/resource-{}\",\"user_agent\":\"Go-http-client/2.0\",\
             \"client_ip\":\"10.{}.{}.{}\"}},\"response\":{{\"status\":{status},\"content_length\":{}}}}},\
             \"aws\":{{\"ec2\":{{\"availability_zone\":\"us-east-1a\",\"instance_id\":\"i-0{:016x}\"}},\
             \"xray\":{{\"sdk\":\"X-Ray for Go\",\"sdk_version\":\"1.8.4\"}}}},\
             \"annotations\":{{\"thread\":{},\"request_id\":\"",
            shape.operation,
            variety % 4,
            variety / 4 % 16,
            variety / 64 % 250,
            variety % 10_000,
            shape.service,
            variety % 64,
        )
        .as_bytes(),
    );
    document.hole(0, What::Unique(index));
    document.push(b"\"},\"user\":\"user-");
    document.hole(0, What::User);
    document.push(b"\"}");
    document
}

#[cfg(test)]
mod tests {
    use super::super::template::Filling;
    use super::*;

    #[test]
    fn filled_documents_are_json_and_hang_together() {
        let filling = Filling {
            trace: 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793,
            start: 1_795_415_913_000_000_000,
            length: 1_000_000_000,
        };
        for shape in [ShapeArg::Jaeger, ShapeArg::Skewed] {
            let mut ids = std::collections::HashSet::new();
            for template in templates(shape, 1) {
                if template.traces == 1 {
                    ids.clear();
                }
                let mut text = Vec::new();
                template.fill(&[filling], &mut text);
                let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
                assert_eq!(document["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
                assert!(document["start_time"].as_f64() <= document["end_time"].as_f64());
                assert!(ids.insert(document["id"].as_str().unwrap().to_owned()));
                if let Some(parent) = document["parent_id"].as_str() {
                    assert!(ids.contains(parent));
                }
            }
        }
    }
}
