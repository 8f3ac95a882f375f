//! The seven traces that every filter expression of the reference is checked against.

use serde_json::{Map, Value, json};

use super::Sample;
use crate::id::TraceId;
use crate::time::Timestamp;

/// T1 to T7. All start at the same moment, which is cut to whole seconds.
#[must_use]
pub fn conformance(start: Timestamp) -> Vec<Sample> {
    let start = start.seconds().floor();
    (1..=7).map(|number| Writer { start, number }.sample()).collect()
}

/// Writes the documents of one trace.
struct Writer {
    start: f64,
    number: u8,
}

/// Ids inside a trace, the same in all seven.
const SHOP: u8 = 1;
const CALL_PAYMENTS: u8 = 2;
const PAYMENTS: u8 = 3;
const CALL_ORDERS: u8 = 4;
const TAIL: u8 = 5;
const INVOKE: u8 = 6;
const FUNCTION: u8 = 7;

impl Writer {
    fn sample(&self) -> Sample {
        let (name, documents) = match self.number {
            1 => ("T1", self.t1()),
            2 => ("T2", self.t2()),
            3 => ("T3", self.t3()),
            4 => ("T4", self.t4()),
            5 => ("T5", self.t5()),
            6 => ("T6", self.t6()),
            _ => ("T7", self.t7()),
        };
        Sample {
            name,
            trace: self.trace(),
            documents: documents.iter().map(Value::to_string).collect(),
        }
    }

    fn trace(&self) -> TraceId {
        TraceId(((self.start as u128) << 96) | 0xbea0 << 16 | u128::from(self.number))
    }

    fn id(&self, entity: u8) -> String {
        format!("{:02x}{:012x}{entity:02x}", self.number, 0xbea)
    }

    /// An entity from one second of the trace to another.
    fn entity(&self, id: u8, name: &str, from: f64, to: Option<f64>, more: Value) -> Value {
        let mut members = Map::new();
        members.insert("id".to_owned(), json!(self.id(id)));
        members.insert("name".to_owned(), json!(name));
        members.insert("start_time".to_owned(), json!(self.start + from));
        match to {
            Some(to) => members.insert("end_time".to_owned(), json!(self.start + to)),
            None => members.insert("in_progress".to_owned(), json!(true)),
        };
        if let Value::Object(more) = more {
            members.extend(more);
        }
        Value::Object(members)
    }

    fn segment(&self, id: u8, name: &str, from: f64, to: Option<f64>, more: Value) -> Value {
        let mut segment = self.entity(id, name, from, to, more);
        segment["trace_id"] = json!(self.trace().to_string());
        segment
    }

    /// The entry: a request to the shop.
    fn shop(&self, method: &str, path: &str, status: Option<u16>, to: Option<f64>, more: Value) -> Value {
        let mut segment = self.segment(SHOP, "shop", 0.0, to, more);
        segment["origin"] = json!("AWS::EC2::Instance");
        let url = format!("http://shop.example.com/{path}");
        segment["http"] = json!({"request": {"method": method, "url": url}});
        if let Some(status) = status {
            segment["http"]["response"] = json!({ "status": status });
        }
        segment
    }

    fn call_payments(&self, from: f64, to: f64, status: u16) -> Value {
        let url = "http://payments/charge";
        let http = json!({"request": {"method": "POST", "url": url}, "response": {"status": status}});
        let more = json!({"namespace": "remote", "http": http, "fault": status >= 500});
        self.entity(CALL_PAYMENTS, "payments", from, Some(to), more)
    }

    fn payments(&self, from: f64, to: f64, status: u16, subsegments: Value) -> Value {
        let more = json!({
            "parent_id": self.id(CALL_PAYMENTS),
            "http": {"request": {"method": "POST", "url": "http://payments/charge"}, "response": {"status": status}},
            "fault": status >= 500,
            "subsegments": subsegments,
        });
        self.segment(PAYMENTS, "payments", from, Some(to), more)
    }

    fn call_orders(&self, from: f64, to: f64, more: Value) -> Value {
        let mut call = self.entity(CALL_ORDERS, "DynamoDB", from, Some(to), more);
        call["namespace"] = json!("aws");
        call["aws"] = json!({"operation": "PutItem", "table_name": "orders"});
        call
    }

    fn t1(&self) -> Vec<Value> {
        let more = json!({
            "user": "alice",
            "annotations": {"tier": "gold", "age": 30, "beta": true},
            "subsegments": [self.call_payments(0.05, 0.25, 200)],
        });
        let orders = self.call_orders(0.12, 0.18, json!({}));
        vec![
            self.payments(0.1, 0.2, 200, json!([orders])),
            self.shop("GET", "cart", Some(200), Some(0.3), more),
        ]
    }

    fn t2(&self) -> Vec<Value> {
        let more = json!({
            "user": "bob",
            "fault": true,
            "annotations": {"tier": "silver"},
            "subsegments": [self.call_payments(0.5, 3.5, 500)],
        });
        let exception = json!({
            "id": self.id(0xee),
            "type": "ProvisionedThroughputError",
            "message": "rate exceeded for orders",
            "remote": true,
        });
        let cause = json!({"working_directory": "/srv/payments", "exceptions": [exception]});
        let orders = self.call_orders(1.0, 3.0, json!({"fault": true, "cause": cause}));
        vec![
            self.payments(0.75, 3.25, 500, json!([orders])),
            self.shop("POST", "pay", Some(500), Some(4.0), more),
        ]
    }

    fn t3(&self) -> Vec<Value> {
        let tail = self.entity(TAIL, "send receipt", 2.0, Some(6.0), json!({}));
        let more = json!({"subsegments": [self.call_payments(0.5, 1.0, 500), tail]});
        vec![
            self.payments(0.625, 0.875, 500, json!([])),
            self.shop("GET", "cart", Some(200), Some(2.5), more),
        ]
    }

    fn t4(&self) -> Vec<Value> {
        vec![self.shop("GET", "v2/x", Some(404), Some(0.01), json!({"error": true}))]
    }

    fn t5(&self) -> Vec<Value> {
        let more = json!({"error": true, "throttle": true});
        vec![self.shop("GET", "cart", Some(429), Some(0.02), more)]
    }

    fn t6(&self) -> Vec<Value> {
        vec![self.shop("GET", "cart", None, None, json!({}))]
    }

    fn t7(&self) -> Vec<Value> {
        let invoke = self.segment(INVOKE, "fn-a", 0.0, Some(1.2), json!({"origin": "AWS::Lambda"}));
        let more = json!({
            "origin": "AWS::Lambda::Function",
            "parent_id": self.id(INVOKE),
            "annotations": {"age": 20},
        });
        vec![invoke, self.segment(FUNCTION, "fn-a", 0.1, Some(1.1), more)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::trace::sketch::EPOCH;

    /// Everything the reference says about one trace, in the order of its table.
    fn facts(digest: &Digest) -> String {
        let seconds = |nanos: u64| format!("{}", nanos as f64 / 1e9);
        let flags = [
            (digest.flags.fault, "fault"),
            (digest.flags.error, "error"),
            (digest.flags.throttle, "throttle"),
            (digest.partial, "partial"),
            (digest.inferred, "inferred"),
        ];
        let name = |index: u16| {
            let id = &digest.services[usize::from(index)].id;
            format!("{}:{}", id.name, id.kind)
        };
        let http = [
            digest.http.method.clone(),
            digest.http.url.clone(),
            digest.http.status.map(|s| s.to_string()),
        ];
        let mut lines = vec![
            http.into_iter().flatten().collect::<Vec<_>>().join(" "),
            flags
                .iter()
                .filter(|(holds, _)| *holds)
                .map(|(_, flag)| *flag)
                .collect::<Vec<_>>()
                .join(" "),
            format!(
                "{} of {}",
                digest.response_time.map_or("?".to_owned(), seconds),
                seconds(digest.duration())
            ),
        ];
        lines.extend(digest.users.iter().map(|user| user.name.clone()));
        lines.extend(
            digest
                .annotations
                .iter()
                .map(|fact| format!("{}={}", fact.key, fact.value)),
        );
        for call in digest
            .calls
            .iter()
            .filter(|call| call.from != crate::digest::CallFact::CLIENT)
        {
            let fault = if call.flags.fault { " fault" } else { "" };
            lines.push(format!("{} -> {}{fault}", name(call.from), name(call.to)));
        }
        for cause in &digest.fault_causes {
            let path: Vec<_> = cause.services.iter().map(|service| name(service.service)).collect();
            let last = cause.services.last().and_then(|service| service.path.last());
            let why: Vec<_> = last
                .iter()
                .flat_map(|last| &last.exceptions)
                .map(|(k, m)| format!(" {k}: {m}"))
                .collect();
            lines.push(format!("because {}{}", path.join(", "), why.concat()));
        }
        let slow = digest
            .response_time_causes
            .first()
            .map(|cause| name(cause.services[0].service));
        lines.extend(slow.map(|first| format!("slow from {first}")));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    #[test]
    fn each_trace_is_what_the_reference_says() {
        let told: Vec<_> = conformance(EPOCH)
            .iter()
            .map(|sample| facts(&sample.digest(EPOCH)))
            .collect();
        let expected = [
            "GET http://shop.example.com/cart 200\ninferred\n0.3 of 0.3\nalice\ntier=gold\nage=30\nbeta=true\n\
             shop:AWS::EC2::Instance -> payments:\npayments: -> orders:AWS::DynamoDB::Table\n\
             slow from shop:AWS::EC2::Instance",
            "POST http://shop.example.com/pay 500\nfault inferred\n4 of 4\nbob\ntier=silver\n\
             shop:AWS::EC2::Instance -> payments: fault\npayments: -> orders:AWS::DynamoDB::Table fault\n\
             because shop:AWS::EC2::Instance, payments:, orders:AWS::DynamoDB::Table \
             ProvisionedThroughputError: rate exceeded for orders\nslow from shop:AWS::EC2::Instance",
            "GET http://shop.example.com/cart 200\n2.5 of 6\nshop:AWS::EC2::Instance -> payments: fault\n\
             because shop:AWS::EC2::Instance, payments:\nslow from shop:AWS::EC2::Instance",
            "GET http://shop.example.com/v2/x 404\nerror\n0.01 of 0.01\nslow from shop:AWS::EC2::Instance",
            "GET http://shop.example.com/cart 429\nerror throttle\n0.02 of 0.02\nslow from shop:AWS::EC2::Instance",
            "GET http://shop.example.com/cart\npartial\n? of 0",
            "1.2 of 1.2\nage=20\nfn-a:AWS::Lambda -> fn-a:AWS::Lambda::Function\nslow from fn-a:AWS::Lambda",
        ];
        for (number, (told, expected)) in told.iter().zip(expected).enumerate() {
            assert_eq!(told, expected, "T{}", number + 1);
        }
        assert_eq!(told.len(), expected.len());
    }
}
