//! What is there, and how it differs from AWS.

/// The operations that have behaviour, and where it differs from AWS's on purpose.
pub(crate) static IMPLEMENTED: &[(&str, &[&str])] = &[
    (
        "BatchGetTraces",
        &[
            "ids of traces that do not exist come back in `UnprocessedTraceIds`",
            "ids of 32 hex digits are accepted too",
            "unknown members of documents are kept",
            "1,000 ids instead of 5, in pages of about 16 MiB",
        ],
    ),
    (
        "CancelTraceRetrieval",
        &["a retrieval that is complete can be cancelled too: it gives nothing from then on"],
    ),
    (
        "CreateGroup",
        &[
            "1,000 groups instead of 25",
            "an empty `FilterExpression` counts as none",
        ],
    ),
    ("CreateSamplingRule", &["1,000 rules instead of 25"]),
    ("DeleteGroup", &[]),
    ("DeleteResourcePolicy", &[]),
    ("DeleteSamplingRule", &[]),
    (
        "GetEncryptionConfig",
        &["`ACTIVE` once nothing that was acknowledged before waits unencrypted in the log"],
    ),
    ("GetGroup", &[]),
    (
        "GetGroups",
        &["the group `Default` looks for insights unless `UpdateGroup` says no"],
    ),
    (
        "GetIndexingRules",
        &["everything is indexed, so `ActualSamplingPercentage` is always 100"],
    ),
    (
        "GetInsight",
        &["found by documented rules instead of AWS's own (docs/adr/030-what-is-an-insight.md)"],
    ),
    ("GetInsightEvents", &[]),
    ("GetInsightImpactGraph", &[]),
    (
        "GetInsightSummaries",
        &["insights that went on at some moment of the time range"],
    ),
    (
        "GetRetrievedTracesGraph",
        &["the first 100 traces of a service that have links to others"],
    ),
    ("GetSamplingRules", &["all rules on one page"]),
    ("GetSamplingStatisticSummaries", &[]),
    (
        "GetSamplingTargets",
        &[
            "2,000 statistics documents of each kind instead of 25",
            "a client gets a quota with its first report",
            "`Interval` grows from 10 to 60 with the number of clients of a rule",
        ],
    ),
    (
        "GetServiceGraph",
        &[
            "ranges of more than 6 hours",
            "`ContainsOldGroupVersions` is always false, because a changed expression applies to past traces too",
        ],
    ),
    (
        "GetTimeSeriesServiceStatistics",
        &[
            "`Period` may be any number of minutes",
            "a forecast for `service(…)` too, not only for `id(…)`",
            "ranges of more than 6 hours",
        ],
    ),
    ("GetTraceGraph", &["1,000 ids instead of 5"]),
    (
        "GetTraceSegmentDestination",
        &["spans are not visible as log group `aws/spans`, because there are no logs yet"],
    ),
    (
        "GetTraceSummaries",
        &[
            "ranges of more than 6 hours",
            "an empty `FilterExpression` counts as none",
            "traces without an epoch in their id are found by their earliest start",
        ],
    ),
    ("ListResourcePolicies", &[]),
    (
        "ListRetrievedTraces",
        &[
            "retrievals are complete at once",
            "traces are found wherever segments go to",
            "documents of more than 200 KB",
        ],
    ),
    ("ListTagsForResource", &[]),
    (
        "PutEncryptionConfig",
        &[
            "the server's master key encrypts; `KeyId` is only a name for it, and an alias comes back as its own ARN",
            "without a master key `KMS` is refused",
            "what is stored already stays as it is",
        ],
    ),
    (
        "PutResourcePolicy",
        &["policies are kept and checked, and nothing is allowed or denied because of them"],
    ),
    ("PutTelemetryRecords", &[]),
    (
        "PutTraceSegments",
        &[
            "documents of up to 4 MiB",
            "up to 1,000 documents in a call",
            "any 128-bit trace id",
        ],
    ),
    (
        "StartTraceRetrieval",
        &[
            "a trace is retrieved whole if any of it lies in the range",
            "traces are given as they were when the retrieval was started",
        ],
    ),
    ("TagResource", &[]),
    ("UntagResource", &[]),
    (
        "UpdateGroup",
        &[
            "a changed expression applies to past traces too",
            "an empty `FilterExpression` removes it",
        ],
    ),
    (
        "UpdateIndexingRule",
        &["the percentage is kept, and everything is indexed whatever it says"],
    ),
    ("UpdateSamplingRule", &[]),
    (
        "UpdateTraceSegmentDestination",
        &[
            "the destination is kept, and traces go to Beamline's own store whatever it says",
            "`SpansLogGroupKmsKeyId` is kept for the log group `aws/spans`, which there is not yet",
        ],
    ),
];
