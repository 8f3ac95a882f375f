//! Semantic conventions: which attribute keys the mapping reads, old spelling and new.

use crate::node::{Text, Value};

macro_rules! slots {
    ($($slot:ident: $($key:literal)|+;)*) => {
        /// What an attribute means to the mapping. Keys that say the same thing share a slot.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Slot { $($slot),* }

        const COUNT: usize = [$(Slot::$slot),*].len();

        fn slot_of(key: &str) -> Option<Slot> {
            match key.as_bytes() {
                $($(slots!(@bytes $key))|+ => Some(Slot::$slot),)*
                _ => None,
            }
        }

        #[cfg(test)]
        const KEYS: &[(&[u8], Slot)] = &[$($(($key, Slot::$slot)),+),*];
    };
    (@bytes $key:literal) => { $key };
}

slots! {
    LocalService: b"aws.local.service";
    RemoteService: b"aws.remote.service";
    SpanKind: b"aws.span.kind";
    PeerService: b"service.peer.name" | b"peer.service";
    AwsService: b"aws.service";
    AwsOperation: b"aws.operation";
    AwsAccount: b"aws.account_id";
    AwsRegion: b"aws.region";
    AwsRequestId: b"aws.request_id" | b"aws.requestId";
    AwsQueueUrl: b"aws.queue_url" | b"aws.queue.url";
    MessagingUrl: b"aws.sqs.queue.url" | b"messaging.url";
    AwsTable: b"aws.table_name" | b"aws.table.name";
    AwsTables: b"aws.dynamodb.table_names";
    AwsTopic: b"aws.sns.topic.arn";
    AwsBucket: b"aws.s3.bucket";
    AwsFunction: b"faas.invoked_name" | b"aws.lambda.function.name";
    AwsErrorCode: b"aws.error.code";
    InvokedArn: b"aws.lambda.invoked_arn";
    Indexed: b"aws.xray.annotations";
    DbSystem: b"db.system.name" | b"db.system";
    DbName: b"db.namespace" | b"db.name";
    DbConnection: b"db.connection_string";
    DbStatement: b"db.query.text" | b"db.statement";
    DbUser: b"db.user";
    RpcSystem: b"rpc.system.name" | b"rpc.system";
    RpcService: b"rpc.service";
    RpcMethod: b"rpc.method";
    RpcStatus: b"rpc.response.status_code" | b"rpc.status_code" | b"rpc.grpc.status_code";
    HttpMethod: b"http.request.method" | b"http.method";
    HttpMethodOriginal: b"http.request.method_original";
    HttpUrl: b"url.full" | b"http.url";
    HttpScheme: b"url.scheme" | b"http.scheme";
    HttpHost: b"http.host";
    HttpServerName: b"http.server_name";
    HttpTarget: b"http.target";
    UrlPath: b"url.path";
    UrlQuery: b"url.query";
    UserAgent: b"user_agent.original" | b"http.user_agent";
    HttpClientIp: b"http.client_ip";
    ClientAddress: b"client.address";
    HttpStatus: b"http.response.status_code" | b"http.status_code";
    HttpStatusText: b"http.status_text";
    BodySize: b"http.response.body.size" | b"http.response_content_length" | b"messaging.message.body.size";
    ContentLengthHeader: b"http.response.header.content-length";
    MessageType: b"message.type";
    PayloadSize: b"messaging.message_payload_size_bytes";
    Destination: b"messaging.destination.name" | b"messaging.destination";
    PeerName: b"net.peer.name";
    PeerIp: b"net.peer.ip";
    PeerPort: b"net.peer.port";
    PeerAddress: b"network.peer.address" | b"net.sock.peer.addr";
    PeerAddressPort: b"network.peer.port" | b"net.sock.peer.port";
    HostName: b"net.host.name";
    HostPort: b"net.host.port";
    ServerAddress: b"server.address";
    ServerPort: b"server.port";
    EndUser: b"user.id" | b"enduser.id";
    ErrorType: b"error.type";
}

/// Where in a span's attributes each slot was found.
pub(super) struct Found {
    at: [u16; COUNT],
}

const ABSENT: u16 = u16::MAX;

impl Found {
    pub(super) fn nothing() -> Self {
        Self { at: [ABSENT; COUNT] }
    }

    /// Notes the attribute at `index`. Answers the index of an earlier one that meant the same.
    #[inline]
    pub(super) fn note(&mut self, key: &str, index: usize) -> Option<usize> {
        let slot = slot_of(key)?;
        let index = u16::try_from(index).ok().filter(|index| *index != ABSENT)?;
        let before = std::mem::replace(&mut self.at[slot as usize], index);
        (before != ABSENT).then_some(usize::from(before))
    }

    pub(super) fn in_span<'s, 'a>(&'s self, attributes: &'s [(Text<'a>, Value<'a>)]) -> Attributes<'s, 'a> {
        Attributes {
            found: self,
            attributes,
        }
    }
}

/// A span's attributes by meaning.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'s, 'a> {
    found: &'s Found,
    attributes: &'s [(Text<'a>, Value<'a>)],
}

impl<'s, 'a> Attributes<'s, 'a> {
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.found.at[slot as usize] != ABSENT
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&'s Value<'a>> {
        let index = self.found.at[slot as usize];
        if index == ABSENT {
            return None;
        }
        self.attributes.get(usize::from(index)).map(|(_, value)| value)
    }

    /// Text that is not empty.
    pub(super) fn text(&self, slot: Slot) -> Option<&'s str> {
        self.get(slot)?.as_text().filter(|text| !text.is_empty())
    }

    /// The same, to be kept: borrowed from the span's bytes.
    pub(super) fn keep(&self, slot: Slot) -> Option<Text<'a>> {
        match self.get(slot)? {
            Value::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }

    /// The first of several slots that holds text.
    pub(super) fn first(&self, slots: &[Slot]) -> Option<Text<'a>> {
        slots.iter().find_map(|slot| self.keep(*slot))
    }

    pub(super) fn int(&self, slot: Slot) -> Option<i64> {
        self.get(slot)?.as_int()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_finds_its_own_slot() {
        for (key, slot) in KEYS {
            let key = std::str::from_utf8(key).unwrap();
            assert_eq!(slot_of(key), Some(*slot), "{key}");
            assert_eq!(slot_of(&key[1..]), None, "{key}");
        }
    }
}
