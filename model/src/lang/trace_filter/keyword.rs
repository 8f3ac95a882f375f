//! The names of keys, and where each may be used.

use super::ast::{CauseKind, CausePart, FlagKey, NumberKey, TextKey};

/// A key with a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Flag(FlagKey),
    Number(NumberKey),
    Text(TextKey),
}

/// Every key as it is printed.
pub(super) const KEYS: &[(&str, Key)] = &[
    ("ok", Key::Flag(FlagKey::Ok)),
    ("error", Key::Flag(FlagKey::Error)),
    ("throttle", Key::Flag(FlagKey::Throttle)),
    ("fault", Key::Flag(FlagKey::Fault)),
    ("partial", Key::Flag(FlagKey::Partial)),
    ("inferred", Key::Flag(FlagKey::Inferred)),
    ("first", Key::Flag(FlagKey::First)),
    ("last", Key::Flag(FlagKey::Last)),
    ("remote", Key::Flag(FlagKey::Remote)),
    ("root", Key::Flag(FlagKey::Root)),
    ("responsetime", Key::Number(NumberKey::ResponseTime)),
    ("duration", Key::Number(NumberKey::Duration)),
    ("http.status", Key::Number(NumberKey::HttpStatus)),
    ("index", Key::Number(NumberKey::Index)),
    ("coverage", Key::Number(NumberKey::Coverage)),
    ("http.url", Key::Text(TextKey::HttpUrl)),
    ("http.method", Key::Text(TextKey::HttpMethod)),
    ("http.useragent", Key::Text(TextKey::HttpUserAgent)),
    ("http.clientip", Key::Text(TextKey::HttpClientIp)),
    ("user", Key::Text(TextKey::User)),
    ("availabilityzone", Key::Text(TextKey::AvailabilityZone)),
    ("instance.id", Key::Text(TextKey::InstanceId)),
    ("resource.arn", Key::Text(TextKey::ResourceArn)),
    ("account.id", Key::Text(TextKey::AccountId)),
    ("name", Key::Text(TextKey::Name)),
    ("type", Key::Text(TextKey::Type)),
    ("message", Key::Text(TextKey::Message)),
];

/// Words that begin something other than a plain condition; for suggestions.
const OTHER_WORDS: &[&str] = &["service", "edge", "annotation", "group.name", "group.arn"];

/// The key of a name, whatever its case.
pub(super) fn key(word: &str) -> Option<Key> {
    KEYS.iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, key)| *key)
}

/// The name of a key.
pub(super) fn name(key: Key) -> &'static str {
    KEYS.iter()
        .find(|(_, known)| *known == key)
        .map(|(name, _)| *name)
        .expect("every key is in the table, which a test holds")
}

/// The keyword that was probably meant.
pub(super) fn suggestion(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let known = KEYS.iter().map(|(name, _)| *name).chain(OTHER_WORDS.iter().copied());
    known
        .map(|name| (strsim::damerau_levenshtein(&word, name), name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len() / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// What a condition is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// A whole trace.
    Trace,
    /// A segment: `service(…) { }`.
    Segment,
    /// A call: `edge(…) { }`.
    Call,
    /// An element of a root cause.
    Cause(CauseKind, CausePart),
}

impl Scope {
    /// Whether a key means something here.
    pub(super) fn knows(self, key: Key) -> bool {
        use FlagKey::{Error, Fault, First, Inferred, Last, Ok, Partial, Remote, Root, Throttle};
        use NumberKey::{Coverage, Duration, HttpStatus, Index, ResponseTime};
        use TextKey::{AccountId, HttpClientIp, HttpMethod, HttpUrl, HttpUserAgent, Message, Name, Type, User};
        let position = matches!(key, Key::Flag(First | Last) | Key::Number(Index));
        let request = matches!(
            key,
            Key::Flag(Ok | Error | Throttle | Fault | Partial)
                | Key::Number(ResponseTime | Duration | HttpStatus)
                | Key::Text(HttpUrl | HttpMethod | HttpUserAgent | HttpClientIp)
        );
        match self {
            Self::Trace => {
                let elsewhere = matches!(
                    key,
                    Key::Flag(Remote | Root) | Key::Number(Coverage) | Key::Text(Name | Type | Message)
                );
                !position && !elsewhere
            }
            Self::Segment => {
                let own = matches!(
                    key,
                    Key::Flag(Inferred | Root) | Key::Text(AccountId | Name | Type | User)
                );
                request || own
            }
            Self::Call => request,
            Self::Cause(_, CausePart::Service) => {
                position || matches!(key, Key::Flag(Inferred) | Key::Text(AccountId | Name | Type))
            }
            Self::Cause(kind, CausePart::Entity) => {
                let covered = kind == CauseKind::ResponseTime && key == Key::Number(Coverage);
                position || covered || matches!(key, Key::Flag(Inferred | Remote) | Key::Text(Name))
            }
            Self::Cause(_, CausePart::Exception) => position || matches!(key, Key::Text(Name | Type | Message)),
        }
    }

    /// Whether annotations can be asked for here.
    pub(super) fn knows_annotations(self) -> bool {
        matches!(self, Self::Trace | Self::Segment)
    }

    /// Every scope, the nearest to a trace first.
    const ALL: &[Self] = &[
        Self::Trace,
        Self::Segment,
        Self::Call,
        Self::Cause(CauseKind::Fault, CausePart::Service),
        Self::Cause(CauseKind::ResponseTime, CausePart::Entity),
        Self::Cause(CauseKind::Fault, CausePart::Exception),
    ];

    /// Where a key that means nothing here would mean something.
    pub(super) fn hint(key: Key) -> &'static str {
        match Self::ALL.iter().find(|scope| scope.knows(key)) {
            Some(Self::Trace) => "outside of braces",
            Some(Self::Segment) => "inside service(…) { }",
            Some(Self::Call) => "inside edge(…) { }",
            Some(Self::Cause(_, CausePart::Entity)) => "inside rootcause.responsetime.entity { }",
            Some(Self::Cause(_, CausePart::Exception)) => "inside rootcause.fault.exception { } and its like",
            Some(Self::Cause(_, CausePart::Service)) | None => "inside rootcause.fault.service { } and its like",
        }
    }
}

/// The name of a kind of cause.
pub(super) fn cause_kind(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::Fault => "fault",
        CauseKind::Error => "error",
        CauseKind::ResponseTime => "responsetime",
    }
}

/// The name of a part of a cause.
pub(super) fn cause_part(part: CausePart) -> &'static str {
    match part {
        CausePart::Service => "service",
        CausePart::Entity => "entity",
        CausePart::Exception => "exception",
    }
}
