//! Requests to a small shop, some of which fail.

use super::Sample;
use crate::id::TraceId;
use crate::time::Timestamp;

/// Requests that end in one minute: `web`, where clients enter, calls `cart`. So many of them fail in `cart` and
/// therefore in `web`; every second one is annotated with `tier` `gold`, beginning with the first.
#[must_use]
pub fn shop(minute: u32, requests: u32, faults: u32) -> Vec<Sample> {
    (0..requests)
        .map(|number| request(minute, number, number < faults))
        .collect()
}

fn request(minute: u32, number: u32, fault: bool) -> Sample {
    let second = Timestamp::from_minute(minute).seconds();
    let trace = TraceId(u128::from(minute * 60) << 96 | u128::from(minute) << 32 | u128::from(number));
    let id = |of: u64| format!("{:016x}", (u64::from(minute) << 24 | u64::from(number) << 4) + of);
    // Spread over the minute, and over before it is.
    let start = second + 1.0 + f64::from(number % 500) / 10.0;
    let tier = if number.is_multiple_of(2) { "gold" } else { "iron" };
    let (fault, status) = if fault { (r#","fault":true"#, 500) } else { ("", 200) };
    let times = |from: f64, to: f64| format!(r#""start_time":{:.3},"end_time":{:.3}"#, start + from, start + to);
    let web = format!(
        r#"{{"name":"web","id":"{}","trace_id":"{trace}",{},"annotations":{{"tier":"{tier}"}}{fault},
            "http":{{"request":{{"method":"GET","url":"http://shop/"}},"response":{{"status":{status}}}}},
            "subsegments":[{{"name":"cart","id":"{}","namespace":"remote",{}{fault}}}]}}"#,
        id(1),
        times(0.0, 0.3),
        id(2),
        times(0.1, 0.25),
    );
    let cart = format!(
        r#"{{"name":"cart","id":"{}","trace_id":"{trace}","parent_id":"{}",{}{fault}}}"#,
        id(3),
        id(2),
        times(0.12, 0.22),
    );
    Sample {
        name: "shop",
        trace,
        documents: vec![web, cart],
    }
}
