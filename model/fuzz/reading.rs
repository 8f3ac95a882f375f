// What the fuzz targets hold for every input. `model/tests/payloads/corpora.rs` includes this file, so that the corpora
// and damaged real payloads run as ordinary tests too.

use beamline_model::digest::Digest;
use beamline_model::id::TraceId;
use beamline_model::lang::trace_filter::{EntitySelector, Filter, NoGroups};
use beamline_model::log::{mention, word};
use beamline_model::metric::{self, Descriptor};
use beamline_model::otlp::Transit;
use beamline_model::otlp::walk::{self, Walked};
use beamline_model::record::{Body, Record};
use beamline_model::time::Timestamp;
use beamline_model::{convert, decode, otlp, segment};

fn record(trace: TraceId, body: Body<'_>) -> Record<'_> {
    Record {
        trace,
        received: Timestamp::from_seconds(1_795_420_000),
        weight: 1.0,
        body,
    }
}

/// A datagram of the X-Ray daemon's protocol: whatever is framed is read as the body that it says it is.
pub fn read_datagram(bytes: &[u8]) {
    let Ok(body) = segment::unframe(bytes) else { return };
    assert!(bytes.ends_with(body) && !body.trim_ascii().is_empty());
    match otlp::transit(body) {
        None => read_document(body),
        Some(Ok(Transit::Sampled(request) | Transit::Unsampled(request))) => read_request(&request),
        Some(Ok(Transit::Metrics(_)) | Err(_)) => {}
    }
}

/// A body of the X-Ray protocol: whatever `head` accepts can be read, written and translated.
pub fn read_document(body: &[u8]) {
    for document in segment::split(body).flatten() {
        let Ok(head) = segment::head(document) else { continue };
        assert!(head.end.is_none_or(|end| end >= head.start));
        let record = record(head.trace, Body::Xray(document));
        let nodes = segment::nodes(&record).expect("accepted by head");
        assert_eq!(
            (nodes[0].id, nodes[0].start, nodes[0].end),
            (head.id, head.start, head.end)
        );
        let written = convert::segment::document(&nodes).expect("a document");
        assert!(
            serde_json::from_str::<serde::de::IgnoredAny>(&written).is_ok(),
            "{written}"
        );
        let _ = convert::span::resource_spans(&nodes);
    }
}

/// A protobuf request: whatever `walk` accepts can be decoded and translated.
pub fn read_request(bytes: &[u8]) {
    let (mut contexts, mut spans) = (Vec::new(), Vec::new());
    let _ = walk::request(bytes, &mut |item| match item {
        Walked::Context(context) => contexts.push(context.bytes),
        Walked::Span(span) => spans.push((contexts.len() - 1, span)),
        Walked::Rejected(_) => {}
    });
    let records: Vec<_> = spans
        .iter()
        .map(|(context, span)| {
            let context = &contexts[*context];
            record(
                span.trace,
                Body::Otlp {
                    context,
                    span: span.bytes,
                },
            )
        })
        .collect();
    let decoded = decode::nodes(&records);
    assert_eq!((decoded.nodes.len(), decoded.undecodable), (spans.len(), 0));
    for document in convert::segment::documents(&decoded.nodes) {
        segment::head_within(document.json.as_bytes(), usize::MAX).unwrap_or_else(|refused| panic!("{refused}"));
    }
    let _ = convert::span::resource_spans(&decoded.nodes);
}

/// A protobuf request with metrics: whatever `walk` accepts survives its binary form, is written and walked as the same
/// again, and adds up.
pub fn read_metrics(bytes: &[u8]) {
    let walked = |bytes: &[u8]| {
        let (mut points, mut rejected) = (Vec::new(), 0);
        let sound = metric::walk::request(bytes, &mut |item| match item {
            metric::walk::Walked::Point { descriptor, point } => {
                let descriptor = Descriptor::from_bytes(descriptor).expect("put together by the walk");
                points.push((descriptor, point));
            }
            metric::walk::Walked::Rejected(more) => rejected += more.points,
        });
        (points, rejected, sound.is_ok())
    };
    let (points, _, _) = walked(bytes);
    let all = Timestamp(i64::MIN)..Timestamp::MAX;
    let mut buckets = metric::series::Buckets::new(all, 3_600_000_000_000);
    for (descriptor, point) in &points {
        let mut form = Vec::new();
        point.encode(&mut form);
        let again = metric::Point::decode(&form).expect("encoded a line above");
        assert_eq!(format!("{again:?}"), format!("{point:?}"));
        buckets.add(&descriptor.facts(), std::iter::once(point));
    }
    for (_, measured) in buckets.finish() {
        let _ = measured.percentile(99.0);
    }
    let series = points
        .iter()
        .map(|(descriptor, point)| (descriptor, std::slice::from_ref(point)));
    let written = metric::request::write(series);
    assert_eq!(format!("{:?}", walked(&written)), format!("{:?}", (points, 0, true)));
}

/// A protobuf request with log records: whatever `request` accepts has a head, a destination and a message in JSON.
pub fn read_logs(bytes: &[u8]) {
    let (mut context, mut records) = (Vec::new(), 0);
    let _ = otlp::logs::request(bytes, usize::MAX, &mut |item| match item {
        otlp::logs::Walked::Context(walked) => {
            let _ = otlp::logs::destination(&walked.facts, otlp::logs::Asked::default());
            context = walked.bytes;
        }
        otlp::logs::Walked::Record(walked) => {
            records += 1;
            let record = &bytes[walked.range];
            assert_eq!(otlp::logs::head(record), walked.head);
            let message = otlp::logs::message(&context, record);
            assert!(
                serde_json::from_str::<serde::de::IgnoredAny>(&message).is_ok(),
                "{message}"
            );
        }
        otlp::logs::Walked::Rejected(_) => {}
    });
    assert!(records <= otlp::logs::MAX_RECORDS);
}

/// A JSON request of any signal: whatever is accepted survives the way back.
pub fn read_json(text: &[u8]) {
    for signal in otlp::Signal::ALL {
        let Ok(bytes) = otlp::json::to_protobuf(signal, text) else {
            continue;
        };
        let json = otlp::json::from_protobuf(signal, &bytes).expect("written a line above");
        assert!(otlp::json::to_protobuf(signal, json.as_bytes()).is_ok(), "{json}");
        read_request(&bytes);
        read_logs(&bytes);
    }
}

/// A filter expression: whatever is understood has a canonical text that says the same, and can be decided.
pub fn read_filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(filter) = Filter::parse(text) {
        let canonical = filter.to_string();
        assert_eq!(Filter::parse(&canonical).as_ref(), Ok(&filter), "{canonical}");
        let _ = filter.matches(&Digest::new(TraceId(1)), &NoGroups);
    }
    if let Ok(entity) = EntitySelector::parse(text) {
        assert_eq!(EntitySelector::parse(&entity.to_string()), Ok(entity));
    }
}

/// A message, or a `LogRecord`: what it names is in it, in one of the spellings, and its words are those of its lower case.
pub fn read_message(bytes: &[u8]) {
    let _ = mention::in_record(bytes);
    let digits: String = bytes
        .iter()
        .filter(|byte| byte.is_ascii_hexdigit())
        .map(|&byte| char::from(byte))
        .collect();
    let digits = digits.to_ascii_lowercase();
    for named in mention::in_text(bytes) {
        assert!(digits.contains(&named.trace.to_w3c()), "{named:?}");
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let words = word::words(text);
    assert!(word::missing(text, &words).is_empty(), "{words:?}");
}
