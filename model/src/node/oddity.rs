//! Flaws that are tolerated.

/// A tolerated flaw in the input: kept, counted and shown, never a reason to lose the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Oddity {
    /// `end_time` before `start_time`; the end was moved to the start.
    EndsBeforeItStarts,
    /// Neither `end_time` nor `in_progress: true`; taken as in progress.
    NeitherEndedNorOpen,
    /// `in_progress: true` together with `end_time`; taken as ended.
    BothEndedAndOpen,
    /// A number written as a string.
    NumberAsText,
    /// A string field that held a number or a truth value.
    TextAsOther,
    /// A field of the wrong JSON type; ignored, still in the document.
    WrongType,
    /// Characters that X-Ray does not allow in a name.
    NameCharacters,
    /// A name longer than 200 characters.
    NameTooLong,
    /// A namespace other than `aws`, `remote` and `local`.
    UnknownNamespace,
    /// A subsegment inside another document lacks an id or a start; it is shown with what it has or skipped.
    BrokenSubsegment,
    /// A reference that is not 16 hex digits, such as an empty `parent_id`.
    BadReference,
    /// The same key twice; the last one counts.
    DuplicateKey,
    /// A moment before 2000 or more than a day after it was received.
    ImplausibleTime,
    /// An annotation that is not a string, number or truth value; treated as metadata.
    AnnotationNotScalar,
    /// More entries than are indexed; the rest is kept in the document only.
    TooManyEntries,
    /// Its parents form a circle; it was made a root.
    ParentCycle,
    /// The caller's clock and its own disagree: it starts before, or ends far after, what called it.
    ClockSkew,
    /// The parent it names never arrived.
    MissingParent,
    /// Another document with the same id, sent by another service, is kept beside it.
    SharedId,
}
