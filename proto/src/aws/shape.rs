//! A service model as data.

/// One AWS service.
#[derive(Debug)]
pub struct Service {
    /// The name in credential scopes: `xray`.
    pub signing_name: &'static str,
    /// The name SDKs use: `XRay`.
    pub id: &'static str,
    /// Version of the API.
    pub api_version: &'static str,
    /// How requests and replies are written.
    pub protocol: Protocol,
    /// What `X-Amz-Target` begins with, where the protocol uses it.
    pub target_prefix: Option<&'static str>,
    /// All operations, by name.
    pub operations: &'static [Operation],
    /// All errors, by name.
    pub errors: &'static [ErrorShape],
}

impl Service {
    /// The operation that a method and path name.
    #[must_use]
    pub fn by_path(&self, method: &str, path: &str) -> Option<&'static Operation> {
        let mut operations = self.operations.iter();
        operations.find(|operation| operation.method == method && operation.path == path)
    }

    /// The HTTP status of an error; `None` when the service does not have that error.
    #[must_use]
    pub fn error_status(&self, name: &str) -> Option<u16> {
        self.errors
            .iter()
            .find(|error| error.name == name)
            .map(|error| error.status)
    }
}

/// How requests and replies are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The path names the operation, bodies are JSON.
    RestJson,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// Name.
    pub name: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// HTTP path.
    pub path: &'static str,
    /// Request.
    pub input: &'static Structure,
    /// Reply.
    pub output: &'static Structure,
    /// Errors it declares.
    pub errors: &'static [&'static str],
}

/// One error.
#[derive(Debug)]
pub struct ErrorShape {
    /// Name, which is the code that clients see.
    pub name: &'static str,
    /// HTTP status.
    pub status: u16,
}

/// Named members.
#[derive(Debug)]
pub struct Structure {
    /// Name in the model.
    pub name: &'static str,
    /// In the order of the model.
    pub members: &'static [Member],
}

impl Structure {
    /// What an operation takes or gives that takes or gives nothing.
    pub const EMPTY: Self = Self { name: "", members: &[] };
}

/// One member of a [`Structure`].
#[derive(Debug)]
pub struct Member {
    /// Exact name on the wire.
    pub name: &'static str,
    /// Whether a request without it is refused.
    pub required: bool,
    /// What it holds.
    pub shape: &'static Shape,
}

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// `true` or `false`.
    Boolean,
    /// 32 bits.
    Integer(Range),
    /// 64 bits.
    Long(Range),
    /// Any finite number.
    Double(Range),
    /// Seconds since the epoch.
    Timestamp,
    /// Text.
    String {
        /// In characters.
        length: Length,
        /// A regular expression that the whole text has to match.
        pattern: Option<&'static str>,
        /// The only values, if there are any here.
        values: &'static [&'static str],
    },
    /// Values of one shape.
    List {
        /// Number of them.
        length: Length,
        /// What each is.
        member: &'static Shape,
    },
    /// Text to values of one shape.
    Map {
        /// Number of entries.
        length: Length,
        /// What each key is.
        key: &'static Shape,
        /// What each value is.
        value: &'static Shape,
    },
    /// Named members.
    Structure(&'static Structure),
}

/// How long something may be.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// At least.
    pub min: Option<usize>,
    /// At most.
    pub max: Option<usize>,
}

/// Between what a number has to lie.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// At least.
    pub min: Option<f64>,
    /// At most.
    pub max: Option<f64>,
}
