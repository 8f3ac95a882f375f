//! XRay, 2016-04-12. Written by `make generate` from `proto/aws/`; do not edit.

use serde::{Deserialize, Serialize};

use crate::aws;

/// The service.
pub static SERVICE: aws::Service = aws::Service {
    signing_name: "xray",
    id: "XRay",
    api_version: "2016-04-12",
    protocol: aws::Protocol::RestJson,
    target_prefix: None,
    operations: OPERATIONS,
    errors: ERRORS,
};

static OPERATIONS: &[aws::Operation] = &[
    aws::Operation {
        name: "BatchGetTraces",
        method: "POST",
        path: "/Traces",
        input: &shapes::BATCH_GET_TRACES_REQUEST,
        output: &shapes::BATCH_GET_TRACES_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "CancelTraceRetrieval",
        method: "POST",
        path: "/CancelTraceRetrieval",
        input: &shapes::CANCEL_TRACE_RETRIEVAL_REQUEST,
        output: &shapes::CANCEL_TRACE_RETRIEVAL_RESULT,
        errors: &["InvalidRequestException", "ThrottledException", "ResourceNotFoundException"],
    },
    aws::Operation {
        name: "CreateGroup",
        method: "POST",
        path: "/CreateGroup",
        input: &shapes::CREATE_GROUP_REQUEST,
        output: &shapes::CREATE_GROUP_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "CreateSamplingRule",
        method: "POST",
        path: "/CreateSamplingRule",
        input: &shapes::CREATE_SAMPLING_RULE_REQUEST,
        output: &shapes::CREATE_SAMPLING_RULE_RESULT,
        errors: &["InvalidRequestException", "ThrottledException", "RuleLimitExceededException"],
    },
    aws::Operation {
        name: "DeleteGroup",
        method: "POST",
        path: "/DeleteGroup",
        input: &shapes::DELETE_GROUP_REQUEST,
        output: &shapes::DELETE_GROUP_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "DeleteResourcePolicy",
        method: "POST",
        path: "/DeleteResourcePolicy",
        input: &shapes::DELETE_RESOURCE_POLICY_REQUEST,
        output: &shapes::DELETE_RESOURCE_POLICY_RESULT,
        errors: &["InvalidRequestException", "InvalidPolicyRevisionIdException", "ThrottledException"],
    },
    aws::Operation {
        name: "DeleteSamplingRule",
        method: "POST",
        path: "/DeleteSamplingRule",
        input: &shapes::DELETE_SAMPLING_RULE_REQUEST,
        output: &shapes::DELETE_SAMPLING_RULE_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetEncryptionConfig",
        method: "POST",
        path: "/EncryptionConfig",
        input: &shapes::GET_ENCRYPTION_CONFIG_REQUEST,
        output: &shapes::GET_ENCRYPTION_CONFIG_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetGroup",
        method: "POST",
        path: "/GetGroup",
        input: &shapes::GET_GROUP_REQUEST,
        output: &shapes::GET_GROUP_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetGroups",
        method: "POST",
        path: "/Groups",
        input: &shapes::GET_GROUPS_REQUEST,
        output: &shapes::GET_GROUPS_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetIndexingRules",
        method: "POST",
        path: "/GetIndexingRules",
        input: &shapes::GET_INDEXING_RULES_REQUEST,
        output: &shapes::GET_INDEXING_RULES_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetInsight",
        method: "POST",
        path: "/Insight",
        input: &shapes::GET_INSIGHT_REQUEST,
        output: &shapes::GET_INSIGHT_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetInsightEvents",
        method: "POST",
        path: "/InsightEvents",
        input: &shapes::GET_INSIGHT_EVENTS_REQUEST,
        output: &shapes::GET_INSIGHT_EVENTS_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetInsightImpactGraph",
        method: "POST",
        path: "/InsightImpactGraph",
        input: &shapes::GET_INSIGHT_IMPACT_GRAPH_REQUEST,
        output: &shapes::GET_INSIGHT_IMPACT_GRAPH_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetInsightSummaries",
        method: "POST",
        path: "/InsightSummaries",
        input: &shapes::GET_INSIGHT_SUMMARIES_REQUEST,
        output: &shapes::GET_INSIGHT_SUMMARIES_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetRetrievedTracesGraph",
        method: "POST",
        path: "/GetRetrievedTracesGraph",
        input: &shapes::GET_RETRIEVED_TRACES_GRAPH_REQUEST,
        output: &shapes::GET_RETRIEVED_TRACES_GRAPH_RESULT,
        errors: &["InvalidRequestException", "ThrottledException", "ResourceNotFoundException"],
    },
    aws::Operation {
        name: "GetSamplingRules",
        method: "POST",
        path: "/GetSamplingRules",
        input: &shapes::GET_SAMPLING_RULES_REQUEST,
        output: &shapes::GET_SAMPLING_RULES_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetSamplingStatisticSummaries",
        method: "POST",
        path: "/SamplingStatisticSummaries",
        input: &shapes::GET_SAMPLING_STATISTIC_SUMMARIES_REQUEST,
        output: &shapes::GET_SAMPLING_STATISTIC_SUMMARIES_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetSamplingTargets",
        method: "POST",
        path: "/SamplingTargets",
        input: &shapes::GET_SAMPLING_TARGETS_REQUEST,
        output: &shapes::GET_SAMPLING_TARGETS_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetServiceGraph",
        method: "POST",
        path: "/ServiceGraph",
        input: &shapes::GET_SERVICE_GRAPH_REQUEST,
        output: &shapes::GET_SERVICE_GRAPH_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetTimeSeriesServiceStatistics",
        method: "POST",
        path: "/TimeSeriesServiceStatistics",
        input: &shapes::GET_TIME_SERIES_SERVICE_STATISTICS_REQUEST,
        output: &shapes::GET_TIME_SERIES_SERVICE_STATISTICS_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetTraceGraph",
        method: "POST",
        path: "/TraceGraph",
        input: &shapes::GET_TRACE_GRAPH_REQUEST,
        output: &shapes::GET_TRACE_GRAPH_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetTraceSegmentDestination",
        method: "POST",
        path: "/GetTraceSegmentDestination",
        input: &shapes::GET_TRACE_SEGMENT_DESTINATION_REQUEST,
        output: &shapes::GET_TRACE_SEGMENT_DESTINATION_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "GetTraceSummaries",
        method: "POST",
        path: "/TraceSummaries",
        input: &shapes::GET_TRACE_SUMMARIES_REQUEST,
        output: &shapes::GET_TRACE_SUMMARIES_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "ListResourcePolicies",
        method: "POST",
        path: "/ListResourcePolicies",
        input: &shapes::LIST_RESOURCE_POLICIES_REQUEST,
        output: &shapes::LIST_RESOURCE_POLICIES_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "ListRetrievedTraces",
        method: "POST",
        path: "/ListRetrievedTraces",
        input: &shapes::LIST_RETRIEVED_TRACES_REQUEST,
        output: &shapes::LIST_RETRIEVED_TRACES_RESULT,
        errors: &["InvalidRequestException", "ThrottledException", "ResourceNotFoundException"],
    },
    aws::Operation {
        name: "ListTagsForResource",
        method: "POST",
        path: "/ListTagsForResource",
        input: &shapes::LIST_TAGS_FOR_RESOURCE_REQUEST,
        output: &shapes::LIST_TAGS_FOR_RESOURCE_RESPONSE,
        errors: &["InvalidRequestException", "ThrottledException", "ResourceNotFoundException"],
    },
    aws::Operation {
        name: "PutEncryptionConfig",
        method: "POST",
        path: "/PutEncryptionConfig",
        input: &shapes::PUT_ENCRYPTION_CONFIG_REQUEST,
        output: &shapes::PUT_ENCRYPTION_CONFIG_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "PutResourcePolicy",
        method: "POST",
        path: "/PutResourcePolicy",
        input: &shapes::PUT_RESOURCE_POLICY_REQUEST,
        output: &shapes::PUT_RESOURCE_POLICY_RESULT,
        errors: &["MalformedPolicyDocumentException", "LockoutPreventionException", "InvalidPolicyRevisionIdException", "PolicySizeLimitExceededException", "PolicyCountLimitExceededException", "ThrottledException"],
    },
    aws::Operation {
        name: "PutTelemetryRecords",
        method: "POST",
        path: "/TelemetryRecords",
        input: &shapes::PUT_TELEMETRY_RECORDS_REQUEST,
        output: &shapes::PUT_TELEMETRY_RECORDS_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "PutTraceSegments",
        method: "POST",
        path: "/TraceSegments",
        input: &shapes::PUT_TRACE_SEGMENTS_REQUEST,
        output: &shapes::PUT_TRACE_SEGMENTS_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "StartTraceRetrieval",
        method: "POST",
        path: "/StartTraceRetrieval",
        input: &shapes::START_TRACE_RETRIEVAL_REQUEST,
        output: &shapes::START_TRACE_RETRIEVAL_RESULT,
        errors: &["InvalidRequestException", "ThrottledException", "ResourceNotFoundException"],
    },
    aws::Operation {
        name: "TagResource",
        method: "POST",
        path: "/TagResource",
        input: &shapes::TAG_RESOURCE_REQUEST,
        output: &shapes::TAG_RESOURCE_RESPONSE,
        errors: &["InvalidRequestException", "ThrottledException", "ResourceNotFoundException", "TooManyTagsException"],
    },
    aws::Operation {
        name: "UntagResource",
        method: "POST",
        path: "/UntagResource",
        input: &shapes::UNTAG_RESOURCE_REQUEST,
        output: &shapes::UNTAG_RESOURCE_RESPONSE,
        errors: &["InvalidRequestException", "ThrottledException", "ResourceNotFoundException"],
    },
    aws::Operation {
        name: "UpdateGroup",
        method: "POST",
        path: "/UpdateGroup",
        input: &shapes::UPDATE_GROUP_REQUEST,
        output: &shapes::UPDATE_GROUP_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "UpdateIndexingRule",
        method: "POST",
        path: "/UpdateIndexingRule",
        input: &shapes::UPDATE_INDEXING_RULE_REQUEST,
        output: &shapes::UPDATE_INDEXING_RULE_RESULT,
        errors: &["InvalidRequestException", "ThrottledException", "ResourceNotFoundException"],
    },
    aws::Operation {
        name: "UpdateSamplingRule",
        method: "POST",
        path: "/UpdateSamplingRule",
        input: &shapes::UPDATE_SAMPLING_RULE_REQUEST,
        output: &shapes::UPDATE_SAMPLING_RULE_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
    aws::Operation {
        name: "UpdateTraceSegmentDestination",
        method: "POST",
        path: "/UpdateTraceSegmentDestination",
        input: &shapes::UPDATE_TRACE_SEGMENT_DESTINATION_REQUEST,
        output: &shapes::UPDATE_TRACE_SEGMENT_DESTINATION_RESULT,
        errors: &["InvalidRequestException", "ThrottledException"],
    },
];

static ERRORS: &[aws::ErrorShape] = &[
    aws::ErrorShape { name: "InvalidPolicyRevisionIdException", status: 400 },
    aws::ErrorShape { name: "InvalidRequestException", status: 400 },
    aws::ErrorShape { name: "LockoutPreventionException", status: 400 },
    aws::ErrorShape { name: "MalformedPolicyDocumentException", status: 400 },
    aws::ErrorShape { name: "PolicyCountLimitExceededException", status: 400 },
    aws::ErrorShape { name: "PolicySizeLimitExceededException", status: 400 },
    aws::ErrorShape { name: "ResourceNotFoundException", status: 404 },
    aws::ErrorShape { name: "RuleLimitExceededException", status: 400 },
    aws::ErrorShape { name: "ThrottledException", status: 429 },
    aws::ErrorShape { name: "TooManyTagsException", status: 400 },
];

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Alias {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Names", default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct AnnotationValue {
    #[serde(rename = "NumberValue", default, skip_serializing_if = "Option::is_none")]
    pub number_value: Option<f64>,
    #[serde(rename = "BooleanValue", default, skip_serializing_if = "Option::is_none")]
    pub boolean_value: Option<bool>,
    #[serde(rename = "StringValue", default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct AnomalousService {
    #[serde(rename = "ServiceId", default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<ServiceId>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct AvailabilityZoneDetail {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct BackendConnectionErrors {
    #[serde(rename = "TimeoutCount", default, skip_serializing_if = "Option::is_none")]
    pub timeout_count: Option<i32>,
    #[serde(rename = "ConnectionRefusedCount", default, skip_serializing_if = "Option::is_none")]
    pub connection_refused_count: Option<i32>,
    #[serde(rename = "HTTPCode4XXCount", default, skip_serializing_if = "Option::is_none")]
    pub http_code_4xx_count: Option<i32>,
    #[serde(rename = "HTTPCode5XXCount", default, skip_serializing_if = "Option::is_none")]
    pub http_code_5xx_count: Option<i32>,
    #[serde(rename = "UnknownHostCount", default, skip_serializing_if = "Option::is_none")]
    pub unknown_host_count: Option<i32>,
    #[serde(rename = "OtherCount", default, skip_serializing_if = "Option::is_none")]
    pub other_count: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct BatchGetTracesRequest {
    #[serde(rename = "TraceIds")]
    pub trace_ids: Vec<String>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for BatchGetTracesRequest {
    const SHAPE: &'static aws::Structure = &shapes::BATCH_GET_TRACES_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct BatchGetTracesResult {
    #[serde(rename = "Traces", default, skip_serializing_if = "Option::is_none")]
    pub traces: Option<Vec<Trace>>,
    #[serde(rename = "UnprocessedTraceIds", default, skip_serializing_if = "Option::is_none")]
    pub unprocessed_trace_ids: Option<Vec<String>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct CancelTraceRetrievalRequest {
    #[serde(rename = "RetrievalToken")]
    pub retrieval_token: String,
}

impl aws::Input for CancelTraceRetrievalRequest {
    const SHAPE: &'static aws::Structure = &shapes::CANCEL_TRACE_RETRIEVAL_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct CancelTraceRetrievalResult {
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct CloudWatchLogsConfiguration {
    #[serde(rename = "SpansLogGroupKmsKeyId", default, skip_serializing_if = "Option::is_none")]
    pub spans_log_group_kms_key_id: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct CreateGroupRequest {
    #[serde(rename = "GroupName")]
    pub group_name: String,
    #[serde(rename = "FilterExpression", default, skip_serializing_if = "Option::is_none")]
    pub filter_expression: Option<String>,
    #[serde(rename = "InsightsConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub insights_configuration: Option<InsightsConfiguration>,
    #[serde(rename = "Tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
}

impl aws::Input for CreateGroupRequest {
    const SHAPE: &'static aws::Structure = &shapes::CREATE_GROUP_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct CreateGroupResult {
    #[serde(rename = "Group", default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct CreateSamplingRuleRequest {
    #[serde(rename = "SamplingRule")]
    pub sampling_rule: SamplingRule,
    #[serde(rename = "Tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
}

impl aws::Input for CreateSamplingRuleRequest {
    const SHAPE: &'static aws::Structure = &shapes::CREATE_SAMPLING_RULE_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct CreateSamplingRuleResult {
    #[serde(rename = "SamplingRuleRecord", default, skip_serializing_if = "Option::is_none")]
    pub sampling_rule_record: Option<SamplingRuleRecord>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct DeleteGroupRequest {
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
}

impl aws::Input for DeleteGroupRequest {
    const SHAPE: &'static aws::Structure = &shapes::DELETE_GROUP_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct DeleteGroupResult {
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct DeleteResourcePolicyRequest {
    #[serde(rename = "PolicyName")]
    pub policy_name: String,
    #[serde(rename = "PolicyRevisionId", default, skip_serializing_if = "Option::is_none")]
    pub policy_revision_id: Option<String>,
}

impl aws::Input for DeleteResourcePolicyRequest {
    const SHAPE: &'static aws::Structure = &shapes::DELETE_RESOURCE_POLICY_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct DeleteResourcePolicyResult {
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct DeleteSamplingRuleRequest {
    #[serde(rename = "RuleName", default, skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    #[serde(rename = "RuleARN", default, skip_serializing_if = "Option::is_none")]
    pub rule_arn: Option<String>,
}

impl aws::Input for DeleteSamplingRuleRequest {
    const SHAPE: &'static aws::Structure = &shapes::DELETE_SAMPLING_RULE_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct DeleteSamplingRuleResult {
    #[serde(rename = "SamplingRuleRecord", default, skip_serializing_if = "Option::is_none")]
    pub sampling_rule_record: Option<SamplingRuleRecord>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Edge {
    #[serde(rename = "ReferenceId", default, skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<i32>,
    #[serde(rename = "StartTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<aws::Seconds>,
    #[serde(rename = "EndTime", default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<aws::Seconds>,
    #[serde(rename = "SummaryStatistics", default, skip_serializing_if = "Option::is_none")]
    pub summary_statistics: Option<EdgeStatistics>,
    #[serde(rename = "ResponseTimeHistogram", default, skip_serializing_if = "Option::is_none")]
    pub response_time_histogram: Option<Vec<HistogramEntry>>,
    #[serde(rename = "Aliases", default, skip_serializing_if = "Option::is_none")]
    pub aliases: Option<Vec<Alias>>,
    #[serde(rename = "EdgeType", default, skip_serializing_if = "Option::is_none")]
    pub edge_type: Option<String>,
    #[serde(rename = "ReceivedEventAgeHistogram", default, skip_serializing_if = "Option::is_none")]
    pub received_event_age_histogram: Option<Vec<HistogramEntry>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct EdgeStatistics {
    #[serde(rename = "OkCount", default, skip_serializing_if = "Option::is_none")]
    pub ok_count: Option<i64>,
    #[serde(rename = "ErrorStatistics", default, skip_serializing_if = "Option::is_none")]
    pub error_statistics: Option<ErrorStatistics>,
    #[serde(rename = "FaultStatistics", default, skip_serializing_if = "Option::is_none")]
    pub fault_statistics: Option<FaultStatistics>,
    #[serde(rename = "TotalCount", default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
    #[serde(rename = "TotalResponseTime", default, skip_serializing_if = "Option::is_none")]
    pub total_response_time: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct EncryptionConfig {
    #[serde(rename = "KeyId", default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    #[serde(rename = "Status", default, skip_serializing_if = "Option::is_none")]
    pub status: Option<EncryptionStatus>,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<EncryptionType>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum EncryptionStatus {
    #[serde(rename = "UPDATING")]
    Updating,
    #[serde(rename = "ACTIVE")]
    Active,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum EncryptionType {
    #[serde(rename = "NONE")]
    None,
    #[serde(rename = "KMS")]
    Kms,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ErrorRootCause {
    #[serde(rename = "Services", default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<ErrorRootCauseService>>,
    #[serde(rename = "ClientImpacting", default, skip_serializing_if = "Option::is_none")]
    pub client_impacting: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ErrorRootCauseEntity {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Exceptions", default, skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<Vec<RootCauseException>>,
    #[serde(rename = "Remote", default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ErrorRootCauseService {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Names", default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(rename = "AccountId", default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(rename = "EntityPath", default, skip_serializing_if = "Option::is_none")]
    pub entity_path: Option<Vec<ErrorRootCauseEntity>>,
    #[serde(rename = "Inferred", default, skip_serializing_if = "Option::is_none")]
    pub inferred: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ErrorStatistics {
    #[serde(rename = "ThrottleCount", default, skip_serializing_if = "Option::is_none")]
    pub throttle_count: Option<i64>,
    #[serde(rename = "OtherCount", default, skip_serializing_if = "Option::is_none")]
    pub other_count: Option<i64>,
    #[serde(rename = "TotalCount", default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct FaultRootCause {
    #[serde(rename = "Services", default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<FaultRootCauseService>>,
    #[serde(rename = "ClientImpacting", default, skip_serializing_if = "Option::is_none")]
    pub client_impacting: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct FaultRootCauseEntity {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Exceptions", default, skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<Vec<RootCauseException>>,
    #[serde(rename = "Remote", default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct FaultRootCauseService {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Names", default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(rename = "AccountId", default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(rename = "EntityPath", default, skip_serializing_if = "Option::is_none")]
    pub entity_path: Option<Vec<FaultRootCauseEntity>>,
    #[serde(rename = "Inferred", default, skip_serializing_if = "Option::is_none")]
    pub inferred: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct FaultStatistics {
    #[serde(rename = "OtherCount", default, skip_serializing_if = "Option::is_none")]
    pub other_count: Option<i64>,
    #[serde(rename = "TotalCount", default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ForecastStatistics {
    #[serde(rename = "FaultCountHigh", default, skip_serializing_if = "Option::is_none")]
    pub fault_count_high: Option<i64>,
    #[serde(rename = "FaultCountLow", default, skip_serializing_if = "Option::is_none")]
    pub fault_count_low: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetEncryptionConfigRequest {
}

impl aws::Input for GetEncryptionConfigRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_ENCRYPTION_CONFIG_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetEncryptionConfigResult {
    #[serde(rename = "EncryptionConfig", default, skip_serializing_if = "Option::is_none")]
    pub encryption_config: Option<EncryptionConfig>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetGroupRequest {
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
}

impl aws::Input for GetGroupRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_GROUP_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetGroupResult {
    #[serde(rename = "Group", default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetGroupsRequest {
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetGroupsRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_GROUPS_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetGroupsResult {
    #[serde(rename = "Groups", default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupSummary>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetIndexingRulesRequest {
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetIndexingRulesRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_INDEXING_RULES_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetIndexingRulesResult {
    #[serde(rename = "IndexingRules", default, skip_serializing_if = "Option::is_none")]
    pub indexing_rules: Option<Vec<IndexingRule>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetInsightEventsRequest {
    #[serde(rename = "InsightId")]
    pub insight_id: String,
    #[serde(rename = "MaxResults", default, skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetInsightEventsRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_INSIGHT_EVENTS_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetInsightEventsResult {
    #[serde(rename = "InsightEvents", default, skip_serializing_if = "Option::is_none")]
    pub insight_events: Option<Vec<InsightEvent>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetInsightImpactGraphRequest {
    #[serde(rename = "InsightId")]
    pub insight_id: String,
    #[serde(rename = "StartTime")]
    pub start_time: aws::Seconds,
    #[serde(rename = "EndTime")]
    pub end_time: aws::Seconds,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetInsightImpactGraphRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_INSIGHT_IMPACT_GRAPH_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetInsightImpactGraphResult {
    #[serde(rename = "InsightId", default, skip_serializing_if = "Option::is_none")]
    pub insight_id: Option<String>,
    #[serde(rename = "StartTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<aws::Seconds>,
    #[serde(rename = "EndTime", default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<aws::Seconds>,
    #[serde(rename = "ServiceGraphStartTime", default, skip_serializing_if = "Option::is_none")]
    pub service_graph_start_time: Option<aws::Seconds>,
    #[serde(rename = "ServiceGraphEndTime", default, skip_serializing_if = "Option::is_none")]
    pub service_graph_end_time: Option<aws::Seconds>,
    #[serde(rename = "Services", default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<InsightImpactGraphService>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetInsightRequest {
    #[serde(rename = "InsightId")]
    pub insight_id: String,
}

impl aws::Input for GetInsightRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_INSIGHT_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetInsightResult {
    #[serde(rename = "Insight", default, skip_serializing_if = "Option::is_none")]
    pub insight: Option<Insight>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetInsightSummariesRequest {
    #[serde(rename = "States", default, skip_serializing_if = "Option::is_none")]
    pub states: Option<Vec<InsightState>>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "StartTime")]
    pub start_time: aws::Seconds,
    #[serde(rename = "EndTime")]
    pub end_time: aws::Seconds,
    #[serde(rename = "MaxResults", default, skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetInsightSummariesRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_INSIGHT_SUMMARIES_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetInsightSummariesResult {
    #[serde(rename = "InsightSummaries", default, skip_serializing_if = "Option::is_none")]
    pub insight_summaries: Option<Vec<InsightSummary>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetRetrievedTracesGraphRequest {
    #[serde(rename = "RetrievalToken")]
    pub retrieval_token: String,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetRetrievedTracesGraphRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_RETRIEVED_TRACES_GRAPH_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetRetrievedTracesGraphResult {
    #[serde(rename = "RetrievalStatus", default, skip_serializing_if = "Option::is_none")]
    pub retrieval_status: Option<RetrievalStatus>,
    #[serde(rename = "Services", default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<RetrievedService>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetSamplingRulesRequest {
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetSamplingRulesRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_SAMPLING_RULES_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetSamplingRulesResult {
    #[serde(rename = "SamplingRuleRecords", default, skip_serializing_if = "Option::is_none")]
    pub sampling_rule_records: Option<Vec<SamplingRuleRecord>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetSamplingStatisticSummariesRequest {
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetSamplingStatisticSummariesRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_SAMPLING_STATISTIC_SUMMARIES_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetSamplingStatisticSummariesResult {
    #[serde(rename = "SamplingStatisticSummaries", default, skip_serializing_if = "Option::is_none")]
    pub sampling_statistic_summaries: Option<Vec<SamplingStatisticSummary>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetSamplingTargetsRequest {
    #[serde(rename = "SamplingStatisticsDocuments")]
    pub sampling_statistics_documents: Vec<SamplingStatisticsDocument>,
    #[serde(rename = "SamplingBoostStatisticsDocuments", default, skip_serializing_if = "Option::is_none")]
    pub sampling_boost_statistics_documents: Option<Vec<SamplingBoostStatisticsDocument>>,
}

impl aws::Input for GetSamplingTargetsRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_SAMPLING_TARGETS_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetSamplingTargetsResult {
    #[serde(rename = "SamplingTargetDocuments", default, skip_serializing_if = "Option::is_none")]
    pub sampling_target_documents: Option<Vec<SamplingTargetDocument>>,
    #[serde(rename = "LastRuleModification", default, skip_serializing_if = "Option::is_none")]
    pub last_rule_modification: Option<aws::Seconds>,
    #[serde(rename = "UnprocessedStatistics", default, skip_serializing_if = "Option::is_none")]
    pub unprocessed_statistics: Option<Vec<UnprocessedStatistics>>,
    #[serde(rename = "UnprocessedBoostStatistics", default, skip_serializing_if = "Option::is_none")]
    pub unprocessed_boost_statistics: Option<Vec<UnprocessedStatistics>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetServiceGraphRequest {
    #[serde(rename = "StartTime")]
    pub start_time: aws::Seconds,
    #[serde(rename = "EndTime")]
    pub end_time: aws::Seconds,
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetServiceGraphRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_SERVICE_GRAPH_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetServiceGraphResult {
    #[serde(rename = "StartTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<aws::Seconds>,
    #[serde(rename = "EndTime", default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<aws::Seconds>,
    #[serde(rename = "Services", default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<Service>>,
    #[serde(rename = "ContainsOldGroupVersions", default, skip_serializing_if = "Option::is_none")]
    pub contains_old_group_versions: Option<bool>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetTimeSeriesServiceStatisticsRequest {
    #[serde(rename = "StartTime")]
    pub start_time: aws::Seconds,
    #[serde(rename = "EndTime")]
    pub end_time: aws::Seconds,
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
    #[serde(rename = "EntitySelectorExpression", default, skip_serializing_if = "Option::is_none")]
    pub entity_selector_expression: Option<String>,
    #[serde(rename = "Period", default, skip_serializing_if = "Option::is_none")]
    pub period: Option<i32>,
    #[serde(rename = "ForecastStatistics", default, skip_serializing_if = "Option::is_none")]
    pub forecast_statistics: Option<bool>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetTimeSeriesServiceStatisticsRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_TIME_SERIES_SERVICE_STATISTICS_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetTimeSeriesServiceStatisticsResult {
    #[serde(rename = "TimeSeriesServiceStatistics", default, skip_serializing_if = "Option::is_none")]
    pub time_series_service_statistics: Option<Vec<TimeSeriesServiceStatistics>>,
    #[serde(rename = "ContainsOldGroupVersions", default, skip_serializing_if = "Option::is_none")]
    pub contains_old_group_versions: Option<bool>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetTraceGraphRequest {
    #[serde(rename = "TraceIds")]
    pub trace_ids: Vec<String>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetTraceGraphRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_TRACE_GRAPH_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetTraceGraphResult {
    #[serde(rename = "Services", default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<Service>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetTraceSegmentDestinationRequest {
}

impl aws::Input for GetTraceSegmentDestinationRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_TRACE_SEGMENT_DESTINATION_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetTraceSegmentDestinationResult {
    #[serde(rename = "Destination", default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<TraceSegmentDestination>,
    #[serde(rename = "Status", default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TraceSegmentDestinationStatus>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetTraceSummariesRequest {
    #[serde(rename = "StartTime")]
    pub start_time: aws::Seconds,
    #[serde(rename = "EndTime")]
    pub end_time: aws::Seconds,
    #[serde(rename = "TimeRangeType", default, skip_serializing_if = "Option::is_none")]
    pub time_range_type: Option<TimeRangeType>,
    #[serde(rename = "Sampling", default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<bool>,
    #[serde(rename = "SamplingStrategy", default, skip_serializing_if = "Option::is_none")]
    pub sampling_strategy: Option<SamplingStrategy>,
    #[serde(rename = "FilterExpression", default, skip_serializing_if = "Option::is_none")]
    pub filter_expression: Option<String>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for GetTraceSummariesRequest {
    const SHAPE: &'static aws::Structure = &shapes::GET_TRACE_SUMMARIES_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GetTraceSummariesResult {
    #[serde(rename = "TraceSummaries", default, skip_serializing_if = "Option::is_none")]
    pub trace_summaries: Option<Vec<TraceSummary>>,
    #[serde(rename = "ApproximateTime", default, skip_serializing_if = "Option::is_none")]
    pub approximate_time: Option<aws::Seconds>,
    #[serde(rename = "TracesProcessedCount", default, skip_serializing_if = "Option::is_none")]
    pub traces_processed_count: Option<i64>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GraphLink {
    #[serde(rename = "ReferenceType", default, skip_serializing_if = "Option::is_none")]
    pub reference_type: Option<String>,
    #[serde(rename = "SourceTraceId", default, skip_serializing_if = "Option::is_none")]
    pub source_trace_id: Option<String>,
    #[serde(rename = "DestinationTraceIds", default, skip_serializing_if = "Option::is_none")]
    pub destination_trace_ids: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Group {
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
    #[serde(rename = "FilterExpression", default, skip_serializing_if = "Option::is_none")]
    pub filter_expression: Option<String>,
    #[serde(rename = "InsightsConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub insights_configuration: Option<InsightsConfiguration>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct GroupSummary {
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
    #[serde(rename = "FilterExpression", default, skip_serializing_if = "Option::is_none")]
    pub filter_expression: Option<String>,
    #[serde(rename = "InsightsConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub insights_configuration: Option<InsightsConfiguration>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct HistogramEntry {
    #[serde(rename = "Value", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(rename = "Count", default, skip_serializing_if = "Option::is_none")]
    pub count: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Http {
    #[serde(rename = "HttpURL", default, skip_serializing_if = "Option::is_none")]
    pub http_url: Option<String>,
    #[serde(rename = "HttpStatus", default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<i32>,
    #[serde(rename = "HttpMethod", default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    #[serde(rename = "UserAgent", default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    #[serde(rename = "ClientIp", default, skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct IndexingRule {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "ModifiedAt", default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<aws::Seconds>,
    #[serde(rename = "Rule", default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<IndexingRuleValue>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct IndexingRuleValue {
    #[serde(rename = "Probabilistic", default, skip_serializing_if = "Option::is_none")]
    pub probabilistic: Option<ProbabilisticRuleValue>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct IndexingRuleValueUpdate {
    #[serde(rename = "Probabilistic", default, skip_serializing_if = "Option::is_none")]
    pub probabilistic: Option<ProbabilisticRuleValueUpdate>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Insight {
    #[serde(rename = "InsightId", default, skip_serializing_if = "Option::is_none")]
    pub insight_id: Option<String>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "RootCauseServiceId", default, skip_serializing_if = "Option::is_none")]
    pub root_cause_service_id: Option<ServiceId>,
    #[serde(rename = "Categories", default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<InsightCategory>>,
    #[serde(rename = "State", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<InsightState>,
    #[serde(rename = "StartTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<aws::Seconds>,
    #[serde(rename = "EndTime", default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<aws::Seconds>,
    #[serde(rename = "Summary", default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    #[serde(rename = "ClientRequestImpactStatistics", default, skip_serializing_if = "Option::is_none")]
    pub client_request_impact_statistics: Option<RequestImpactStatistics>,
    #[serde(rename = "RootCauseServiceRequestImpactStatistics", default, skip_serializing_if = "Option::is_none")]
    pub root_cause_service_request_impact_statistics: Option<RequestImpactStatistics>,
    #[serde(rename = "TopAnomalousServices", default, skip_serializing_if = "Option::is_none")]
    pub top_anomalous_services: Option<Vec<AnomalousService>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum InsightCategory {
    #[serde(rename = "FAULT")]
    Fault,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct InsightEvent {
    #[serde(rename = "Summary", default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    #[serde(rename = "EventTime", default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<aws::Seconds>,
    #[serde(rename = "ClientRequestImpactStatistics", default, skip_serializing_if = "Option::is_none")]
    pub client_request_impact_statistics: Option<RequestImpactStatistics>,
    #[serde(rename = "RootCauseServiceRequestImpactStatistics", default, skip_serializing_if = "Option::is_none")]
    pub root_cause_service_request_impact_statistics: Option<RequestImpactStatistics>,
    #[serde(rename = "TopAnomalousServices", default, skip_serializing_if = "Option::is_none")]
    pub top_anomalous_services: Option<Vec<AnomalousService>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct InsightImpactGraphEdge {
    #[serde(rename = "ReferenceId", default, skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct InsightImpactGraphService {
    #[serde(rename = "ReferenceId", default, skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<i32>,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Names", default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    #[serde(rename = "AccountId", default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(rename = "Edges", default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<InsightImpactGraphEdge>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum InsightState {
    #[serde(rename = "ACTIVE")]
    Active,
    #[serde(rename = "CLOSED")]
    Closed,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct InsightSummary {
    #[serde(rename = "InsightId", default, skip_serializing_if = "Option::is_none")]
    pub insight_id: Option<String>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "RootCauseServiceId", default, skip_serializing_if = "Option::is_none")]
    pub root_cause_service_id: Option<ServiceId>,
    #[serde(rename = "Categories", default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<InsightCategory>>,
    #[serde(rename = "State", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<InsightState>,
    #[serde(rename = "StartTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<aws::Seconds>,
    #[serde(rename = "EndTime", default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<aws::Seconds>,
    #[serde(rename = "Summary", default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    #[serde(rename = "ClientRequestImpactStatistics", default, skip_serializing_if = "Option::is_none")]
    pub client_request_impact_statistics: Option<RequestImpactStatistics>,
    #[serde(rename = "RootCauseServiceRequestImpactStatistics", default, skip_serializing_if = "Option::is_none")]
    pub root_cause_service_request_impact_statistics: Option<RequestImpactStatistics>,
    #[serde(rename = "TopAnomalousServices", default, skip_serializing_if = "Option::is_none")]
    pub top_anomalous_services: Option<Vec<AnomalousService>>,
    #[serde(rename = "LastUpdateTime", default, skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<aws::Seconds>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct InsightsConfiguration {
    #[serde(rename = "InsightsEnabled", default, skip_serializing_if = "Option::is_none")]
    pub insights_enabled: Option<bool>,
    #[serde(rename = "NotificationsEnabled", default, skip_serializing_if = "Option::is_none")]
    pub notifications_enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct InstanceIdDetail {
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ListResourcePoliciesRequest {
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for ListResourcePoliciesRequest {
    const SHAPE: &'static aws::Structure = &shapes::LIST_RESOURCE_POLICIES_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ListResourcePoliciesResult {
    #[serde(rename = "ResourcePolicies", default, skip_serializing_if = "Option::is_none")]
    pub resource_policies: Option<Vec<ResourcePolicy>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ListRetrievedTracesRequest {
    #[serde(rename = "RetrievalToken")]
    pub retrieval_token: String,
    #[serde(rename = "TraceFormat", default, skip_serializing_if = "Option::is_none")]
    pub trace_format: Option<TraceFormatType>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for ListRetrievedTracesRequest {
    const SHAPE: &'static aws::Structure = &shapes::LIST_RETRIEVED_TRACES_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ListRetrievedTracesResult {
    #[serde(rename = "RetrievalStatus", default, skip_serializing_if = "Option::is_none")]
    pub retrieval_status: Option<RetrievalStatus>,
    #[serde(rename = "TraceFormat", default, skip_serializing_if = "Option::is_none")]
    pub trace_format: Option<TraceFormatType>,
    #[serde(rename = "Traces", default, skip_serializing_if = "Option::is_none")]
    pub traces: Option<Vec<RetrievedTrace>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ListTagsForResourceRequest {
    #[serde(rename = "ResourceARN")]
    pub resource_arn: String,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl aws::Input for ListTagsForResourceRequest {
    const SHAPE: &'static aws::Structure = &shapes::LIST_TAGS_FOR_RESOURCE_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ListTagsForResourceResponse {
    #[serde(rename = "Tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ProbabilisticRuleValue {
    #[serde(rename = "DesiredSamplingPercentage")]
    pub desired_sampling_percentage: f64,
    #[serde(rename = "ActualSamplingPercentage", default, skip_serializing_if = "Option::is_none")]
    pub actual_sampling_percentage: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ProbabilisticRuleValueUpdate {
    #[serde(rename = "DesiredSamplingPercentage")]
    pub desired_sampling_percentage: f64,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PutEncryptionConfigRequest {
    #[serde(rename = "KeyId", default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    #[serde(rename = "Type")]
    pub r#type: EncryptionType,
}

impl aws::Input for PutEncryptionConfigRequest {
    const SHAPE: &'static aws::Structure = &shapes::PUT_ENCRYPTION_CONFIG_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PutEncryptionConfigResult {
    #[serde(rename = "EncryptionConfig", default, skip_serializing_if = "Option::is_none")]
    pub encryption_config: Option<EncryptionConfig>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PutResourcePolicyRequest {
    #[serde(rename = "PolicyName")]
    pub policy_name: String,
    #[serde(rename = "PolicyDocument")]
    pub policy_document: String,
    #[serde(rename = "PolicyRevisionId", default, skip_serializing_if = "Option::is_none")]
    pub policy_revision_id: Option<String>,
    #[serde(rename = "BypassPolicyLockoutCheck", default, skip_serializing_if = "Option::is_none")]
    pub bypass_policy_lockout_check: Option<bool>,
}

impl aws::Input for PutResourcePolicyRequest {
    const SHAPE: &'static aws::Structure = &shapes::PUT_RESOURCE_POLICY_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PutResourcePolicyResult {
    #[serde(rename = "ResourcePolicy", default, skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<ResourcePolicy>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PutTelemetryRecordsRequest {
    #[serde(rename = "TelemetryRecords")]
    pub telemetry_records: Vec<TelemetryRecord>,
    #[serde(rename = "EC2InstanceId", default, skip_serializing_if = "Option::is_none")]
    pub ec2_instance_id: Option<String>,
    #[serde(rename = "Hostname", default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    #[serde(rename = "ResourceARN", default, skip_serializing_if = "Option::is_none")]
    pub resource_arn: Option<String>,
}

impl aws::Input for PutTelemetryRecordsRequest {
    const SHAPE: &'static aws::Structure = &shapes::PUT_TELEMETRY_RECORDS_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PutTelemetryRecordsResult {
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PutTraceSegmentsRequest {
    #[serde(rename = "TraceSegmentDocuments")]
    pub trace_segment_documents: Vec<String>,
}

impl aws::Input for PutTraceSegmentsRequest {
    const SHAPE: &'static aws::Structure = &shapes::PUT_TRACE_SEGMENTS_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PutTraceSegmentsResult {
    #[serde(rename = "UnprocessedTraceSegments", default, skip_serializing_if = "Option::is_none")]
    pub unprocessed_trace_segments: Option<Vec<UnprocessedTraceSegment>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct RequestImpactStatistics {
    #[serde(rename = "FaultCount", default, skip_serializing_if = "Option::is_none")]
    pub fault_count: Option<i64>,
    #[serde(rename = "OkCount", default, skip_serializing_if = "Option::is_none")]
    pub ok_count: Option<i64>,
    #[serde(rename = "TotalCount", default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ResourceARNDetail {
    #[serde(rename = "ARN", default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ResourcePolicy {
    #[serde(rename = "PolicyName", default, skip_serializing_if = "Option::is_none")]
    pub policy_name: Option<String>,
    #[serde(rename = "PolicyDocument", default, skip_serializing_if = "Option::is_none")]
    pub policy_document: Option<String>,
    #[serde(rename = "PolicyRevisionId", default, skip_serializing_if = "Option::is_none")]
    pub policy_revision_id: Option<String>,
    #[serde(rename = "LastUpdatedTime", default, skip_serializing_if = "Option::is_none")]
    pub last_updated_time: Option<aws::Seconds>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ResponseTimeRootCause {
    #[serde(rename = "Services", default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<ResponseTimeRootCauseService>>,
    #[serde(rename = "ClientImpacting", default, skip_serializing_if = "Option::is_none")]
    pub client_impacting: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ResponseTimeRootCauseEntity {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Coverage", default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    #[serde(rename = "Remote", default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ResponseTimeRootCauseService {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Names", default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(rename = "AccountId", default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(rename = "EntityPath", default, skip_serializing_if = "Option::is_none")]
    pub entity_path: Option<Vec<ResponseTimeRootCauseEntity>>,
    #[serde(rename = "Inferred", default, skip_serializing_if = "Option::is_none")]
    pub inferred: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum RetrievalStatus {
    #[serde(rename = "SCHEDULED")]
    Scheduled,
    #[serde(rename = "RUNNING")]
    Running,
    #[serde(rename = "COMPLETE")]
    Complete,
    #[serde(rename = "FAILED")]
    Failed,
    #[serde(rename = "CANCELLED")]
    Cancelled,
    #[serde(rename = "TIMEOUT")]
    Timeout,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct RetrievedService {
    #[serde(rename = "Service", default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    #[serde(rename = "Links", default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<GraphLink>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct RetrievedTrace {
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "Duration", default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    #[serde(rename = "Spans", default, skip_serializing_if = "Option::is_none")]
    pub spans: Option<Vec<Span>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct RootCauseException {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Message", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingBoost {
    #[serde(rename = "BoostRate")]
    pub boost_rate: f64,
    #[serde(rename = "BoostRateTTL")]
    pub boost_rate_ttl: aws::Seconds,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingBoostStatisticsDocument {
    #[serde(rename = "RuleName")]
    pub rule_name: String,
    #[serde(rename = "ServiceName")]
    pub service_name: String,
    #[serde(rename = "Timestamp")]
    pub timestamp: aws::Seconds,
    #[serde(rename = "AnomalyCount")]
    pub anomaly_count: i32,
    #[serde(rename = "TotalCount")]
    pub total_count: i32,
    #[serde(rename = "SampledAnomalyCount")]
    pub sampled_anomaly_count: i32,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingRateBoost {
    #[serde(rename = "MaxRate")]
    pub max_rate: f64,
    #[serde(rename = "CooldownWindowMinutes")]
    pub cooldown_window_minutes: i32,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingRule {
    #[serde(rename = "RuleName", default, skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    #[serde(rename = "RuleARN", default, skip_serializing_if = "Option::is_none")]
    pub rule_arn: Option<String>,
    #[serde(rename = "ResourceARN")]
    pub resource_arn: String,
    #[serde(rename = "Priority")]
    pub priority: i32,
    #[serde(rename = "FixedRate")]
    pub fixed_rate: f64,
    #[serde(rename = "ReservoirSize")]
    pub reservoir_size: i32,
    #[serde(rename = "ServiceName")]
    pub service_name: String,
    #[serde(rename = "ServiceType")]
    pub service_type: String,
    #[serde(rename = "Host")]
    pub host: String,
    #[serde(rename = "HTTPMethod")]
    pub http_method: String,
    #[serde(rename = "URLPath")]
    pub url_path: String,
    #[serde(rename = "Version")]
    pub version: i32,
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<std::collections::BTreeMap<String, String>>,
    #[serde(rename = "SamplingRateBoost", default, skip_serializing_if = "Option::is_none")]
    pub sampling_rate_boost: Option<SamplingRateBoost>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingRuleRecord {
    #[serde(rename = "SamplingRule", default, skip_serializing_if = "Option::is_none")]
    pub sampling_rule: Option<SamplingRule>,
    #[serde(rename = "CreatedAt", default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<aws::Seconds>,
    #[serde(rename = "ModifiedAt", default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<aws::Seconds>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingRuleUpdate {
    #[serde(rename = "RuleName", default, skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    #[serde(rename = "RuleARN", default, skip_serializing_if = "Option::is_none")]
    pub rule_arn: Option<String>,
    #[serde(rename = "ResourceARN", default, skip_serializing_if = "Option::is_none")]
    pub resource_arn: Option<String>,
    #[serde(rename = "Priority", default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    #[serde(rename = "FixedRate", default, skip_serializing_if = "Option::is_none")]
    pub fixed_rate: Option<f64>,
    #[serde(rename = "ReservoirSize", default, skip_serializing_if = "Option::is_none")]
    pub reservoir_size: Option<i32>,
    #[serde(rename = "Host", default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(rename = "ServiceName", default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    #[serde(rename = "ServiceType", default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
    #[serde(rename = "HTTPMethod", default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    #[serde(rename = "URLPath", default, skip_serializing_if = "Option::is_none")]
    pub url_path: Option<String>,
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<std::collections::BTreeMap<String, String>>,
    #[serde(rename = "SamplingRateBoost", default, skip_serializing_if = "Option::is_none")]
    pub sampling_rate_boost: Option<SamplingRateBoost>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingStatisticSummary {
    #[serde(rename = "RuleName", default, skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    #[serde(rename = "Timestamp", default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<aws::Seconds>,
    #[serde(rename = "RequestCount", default, skip_serializing_if = "Option::is_none")]
    pub request_count: Option<i32>,
    #[serde(rename = "BorrowCount", default, skip_serializing_if = "Option::is_none")]
    pub borrow_count: Option<i32>,
    #[serde(rename = "SampledCount", default, skip_serializing_if = "Option::is_none")]
    pub sampled_count: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingStatisticsDocument {
    #[serde(rename = "RuleName")]
    pub rule_name: String,
    #[serde(rename = "ClientID")]
    pub client_id: String,
    #[serde(rename = "Timestamp")]
    pub timestamp: aws::Seconds,
    #[serde(rename = "RequestCount")]
    pub request_count: i32,
    #[serde(rename = "SampledCount")]
    pub sampled_count: i32,
    #[serde(rename = "BorrowCount", default, skip_serializing_if = "Option::is_none")]
    pub borrow_count: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingStrategy {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SamplingStrategyName>,
    #[serde(rename = "Value", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum SamplingStrategyName {
    #[serde(rename = "PartialScan")]
    PartialScan,
    #[serde(rename = "FixedRate")]
    FixedRate,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SamplingTargetDocument {
    #[serde(rename = "RuleName", default, skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    #[serde(rename = "FixedRate", default, skip_serializing_if = "Option::is_none")]
    pub fixed_rate: Option<f64>,
    #[serde(rename = "ReservoirQuota", default, skip_serializing_if = "Option::is_none")]
    pub reservoir_quota: Option<i32>,
    #[serde(rename = "ReservoirQuotaTTL", default, skip_serializing_if = "Option::is_none")]
    pub reservoir_quota_ttl: Option<aws::Seconds>,
    #[serde(rename = "Interval", default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<i32>,
    #[serde(rename = "SamplingBoost", default, skip_serializing_if = "Option::is_none")]
    pub sampling_boost: Option<SamplingBoost>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Segment {
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "Document", default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Service {
    #[serde(rename = "ReferenceId", default, skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<i32>,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Names", default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    #[serde(rename = "Root", default, skip_serializing_if = "Option::is_none")]
    pub root: Option<bool>,
    #[serde(rename = "AccountId", default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(rename = "State", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(rename = "StartTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<aws::Seconds>,
    #[serde(rename = "EndTime", default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<aws::Seconds>,
    #[serde(rename = "Edges", default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<Edge>>,
    #[serde(rename = "SummaryStatistics", default, skip_serializing_if = "Option::is_none")]
    pub summary_statistics: Option<ServiceStatistics>,
    #[serde(rename = "DurationHistogram", default, skip_serializing_if = "Option::is_none")]
    pub duration_histogram: Option<Vec<HistogramEntry>>,
    #[serde(rename = "ResponseTimeHistogram", default, skip_serializing_if = "Option::is_none")]
    pub response_time_histogram: Option<Vec<HistogramEntry>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ServiceId {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Names", default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    #[serde(rename = "AccountId", default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ServiceStatistics {
    #[serde(rename = "OkCount", default, skip_serializing_if = "Option::is_none")]
    pub ok_count: Option<i64>,
    #[serde(rename = "ErrorStatistics", default, skip_serializing_if = "Option::is_none")]
    pub error_statistics: Option<ErrorStatistics>,
    #[serde(rename = "FaultStatistics", default, skip_serializing_if = "Option::is_none")]
    pub fault_statistics: Option<FaultStatistics>,
    #[serde(rename = "TotalCount", default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
    #[serde(rename = "TotalResponseTime", default, skip_serializing_if = "Option::is_none")]
    pub total_response_time: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Span {
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "Document", default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct StartTraceRetrievalRequest {
    #[serde(rename = "TraceIds")]
    pub trace_ids: Vec<String>,
    #[serde(rename = "StartTime")]
    pub start_time: aws::Seconds,
    #[serde(rename = "EndTime")]
    pub end_time: aws::Seconds,
}

impl aws::Input for StartTraceRetrievalRequest {
    const SHAPE: &'static aws::Structure = &shapes::START_TRACE_RETRIEVAL_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct StartTraceRetrievalResult {
    #[serde(rename = "RetrievalToken", default, skip_serializing_if = "Option::is_none")]
    pub retrieval_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Tag {
    #[serde(rename = "Key")]
    pub key: String,
    #[serde(rename = "Value")]
    pub value: String,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TagResourceRequest {
    #[serde(rename = "ResourceARN")]
    pub resource_arn: String,
    #[serde(rename = "Tags")]
    pub tags: Vec<Tag>,
}

impl aws::Input for TagResourceRequest {
    const SHAPE: &'static aws::Structure = &shapes::TAG_RESOURCE_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TagResourceResponse {
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TelemetryRecord {
    #[serde(rename = "Timestamp")]
    pub timestamp: aws::Seconds,
    #[serde(rename = "SegmentsReceivedCount", default, skip_serializing_if = "Option::is_none")]
    pub segments_received_count: Option<i32>,
    #[serde(rename = "SegmentsSentCount", default, skip_serializing_if = "Option::is_none")]
    pub segments_sent_count: Option<i32>,
    #[serde(rename = "SegmentsSpilloverCount", default, skip_serializing_if = "Option::is_none")]
    pub segments_spillover_count: Option<i32>,
    #[serde(rename = "SegmentsRejectedCount", default, skip_serializing_if = "Option::is_none")]
    pub segments_rejected_count: Option<i32>,
    #[serde(rename = "BackendConnectionErrors", default, skip_serializing_if = "Option::is_none")]
    pub backend_connection_errors: Option<BackendConnectionErrors>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum TimeRangeType {
    #[serde(rename = "TraceId")]
    TraceId,
    #[serde(rename = "Event")]
    Event,
    #[serde(rename = "Service")]
    Service,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TimeSeriesServiceStatistics {
    #[serde(rename = "Timestamp", default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<aws::Seconds>,
    #[serde(rename = "EdgeSummaryStatistics", default, skip_serializing_if = "Option::is_none")]
    pub edge_summary_statistics: Option<EdgeStatistics>,
    #[serde(rename = "ServiceSummaryStatistics", default, skip_serializing_if = "Option::is_none")]
    pub service_summary_statistics: Option<ServiceStatistics>,
    #[serde(rename = "ServiceForecastStatistics", default, skip_serializing_if = "Option::is_none")]
    pub service_forecast_statistics: Option<ForecastStatistics>,
    #[serde(rename = "ResponseTimeHistogram", default, skip_serializing_if = "Option::is_none")]
    pub response_time_histogram: Option<Vec<HistogramEntry>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Trace {
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "Duration", default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    #[serde(rename = "LimitExceeded", default, skip_serializing_if = "Option::is_none")]
    pub limit_exceeded: Option<bool>,
    #[serde(rename = "Segments", default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<Vec<Segment>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum TraceFormatType {
    #[serde(rename = "XRAY")]
    Xray,
    #[serde(rename = "OTEL")]
    Otel,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum TraceSegmentDestination {
    #[serde(rename = "XRay")]
    XRay,
    #[serde(rename = "CloudWatchLogs")]
    CloudWatchLogs,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum TraceSegmentDestinationStatus {
    #[serde(rename = "PENDING")]
    Pending,
    #[serde(rename = "ACTIVE")]
    Active,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TraceSummary {
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "StartTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<aws::Seconds>,
    #[serde(rename = "Duration", default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    #[serde(rename = "ResponseTime", default, skip_serializing_if = "Option::is_none")]
    pub response_time: Option<f64>,
    #[serde(rename = "HasFault", default, skip_serializing_if = "Option::is_none")]
    pub has_fault: Option<bool>,
    #[serde(rename = "HasError", default, skip_serializing_if = "Option::is_none")]
    pub has_error: Option<bool>,
    #[serde(rename = "HasThrottle", default, skip_serializing_if = "Option::is_none")]
    pub has_throttle: Option<bool>,
    #[serde(rename = "IsPartial", default, skip_serializing_if = "Option::is_none")]
    pub is_partial: Option<bool>,
    #[serde(rename = "Http", default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Http>,
    #[serde(rename = "Annotations", default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<std::collections::BTreeMap<String, Vec<ValueWithServiceIds>>>,
    #[serde(rename = "Users", default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<TraceUser>>,
    #[serde(rename = "ServiceIds", default, skip_serializing_if = "Option::is_none")]
    pub service_ids: Option<Vec<ServiceId>>,
    #[serde(rename = "ResourceARNs", default, skip_serializing_if = "Option::is_none")]
    pub resource_arns: Option<Vec<ResourceARNDetail>>,
    #[serde(rename = "InstanceIds", default, skip_serializing_if = "Option::is_none")]
    pub instance_ids: Option<Vec<InstanceIdDetail>>,
    #[serde(rename = "AvailabilityZones", default, skip_serializing_if = "Option::is_none")]
    pub availability_zones: Option<Vec<AvailabilityZoneDetail>>,
    #[serde(rename = "EntryPoint", default, skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<ServiceId>,
    #[serde(rename = "FaultRootCauses", default, skip_serializing_if = "Option::is_none")]
    pub fault_root_causes: Option<Vec<FaultRootCause>>,
    #[serde(rename = "ErrorRootCauses", default, skip_serializing_if = "Option::is_none")]
    pub error_root_causes: Option<Vec<ErrorRootCause>>,
    #[serde(rename = "ResponseTimeRootCauses", default, skip_serializing_if = "Option::is_none")]
    pub response_time_root_causes: Option<Vec<ResponseTimeRootCause>>,
    #[serde(rename = "Revision", default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i32>,
    #[serde(rename = "MatchedEventTime", default, skip_serializing_if = "Option::is_none")]
    pub matched_event_time: Option<aws::Seconds>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TraceUser {
    #[serde(rename = "UserName", default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    #[serde(rename = "ServiceIds", default, skip_serializing_if = "Option::is_none")]
    pub service_ids: Option<Vec<ServiceId>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UnprocessedStatistics {
    #[serde(rename = "RuleName", default, skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    #[serde(rename = "ErrorCode", default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(rename = "Message", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UnprocessedTraceSegment {
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "ErrorCode", default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(rename = "Message", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UntagResourceRequest {
    #[serde(rename = "ResourceARN")]
    pub resource_arn: String,
    #[serde(rename = "TagKeys")]
    pub tag_keys: Vec<String>,
}

impl aws::Input for UntagResourceRequest {
    const SHAPE: &'static aws::Structure = &shapes::UNTAG_RESOURCE_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UntagResourceResponse {
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UpdateGroupRequest {
    #[serde(rename = "GroupName", default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    #[serde(rename = "GroupARN", default, skip_serializing_if = "Option::is_none")]
    pub group_arn: Option<String>,
    #[serde(rename = "FilterExpression", default, skip_serializing_if = "Option::is_none")]
    pub filter_expression: Option<String>,
    #[serde(rename = "InsightsConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub insights_configuration: Option<InsightsConfiguration>,
}

impl aws::Input for UpdateGroupRequest {
    const SHAPE: &'static aws::Structure = &shapes::UPDATE_GROUP_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UpdateGroupResult {
    #[serde(rename = "Group", default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UpdateIndexingRuleRequest {
    #[serde(rename = "Name")]
    pub name: String,
    #[serde(rename = "Rule")]
    pub rule: IndexingRuleValueUpdate,
}

impl aws::Input for UpdateIndexingRuleRequest {
    const SHAPE: &'static aws::Structure = &shapes::UPDATE_INDEXING_RULE_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UpdateIndexingRuleResult {
    #[serde(rename = "IndexingRule", default, skip_serializing_if = "Option::is_none")]
    pub indexing_rule: Option<IndexingRule>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UpdateSamplingRuleRequest {
    #[serde(rename = "SamplingRuleUpdate")]
    pub sampling_rule_update: SamplingRuleUpdate,
}

impl aws::Input for UpdateSamplingRuleRequest {
    const SHAPE: &'static aws::Structure = &shapes::UPDATE_SAMPLING_RULE_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UpdateSamplingRuleResult {
    #[serde(rename = "SamplingRuleRecord", default, skip_serializing_if = "Option::is_none")]
    pub sampling_rule_record: Option<SamplingRuleRecord>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UpdateTraceSegmentDestinationRequest {
    #[serde(rename = "Destination", default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<TraceSegmentDestination>,
    #[serde(rename = "CloudWatchLogsConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_configuration: Option<CloudWatchLogsConfiguration>,
}

impl aws::Input for UpdateTraceSegmentDestinationRequest {
    const SHAPE: &'static aws::Structure = &shapes::UPDATE_TRACE_SEGMENT_DESTINATION_REQUEST;
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct UpdateTraceSegmentDestinationResult {
    #[serde(rename = "Destination", default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<TraceSegmentDestination>,
    #[serde(rename = "Status", default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TraceSegmentDestinationStatus>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ValueWithServiceIds {
    #[serde(rename = "AnnotationValue", default, skip_serializing_if = "Option::is_none")]
    pub annotation_value: Option<AnnotationValue>,
    #[serde(rename = "ServiceIds", default, skip_serializing_if = "Option::is_none")]
    pub service_ids: Option<Vec<ServiceId>>,
}

mod shapes {
    use crate::aws::{Length, Member, Range, Shape, Structure};

    pub(super) static ALIAS: Structure = Structure { name: "Alias", members: &[
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Names", required: false, shape: &ALIAS_NAMES },
        Member { name: "Type", required: false, shape: &STRING },
    ] };

    static ALIAS_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&ALIAS) };

    static ALIAS_NAMES: Shape = Shape::List { length: Length { min: None, max: None }, member: &STRING };

    static AMAZON_RESOURCE_NAME: Shape = Shape::String { length: Length { min: Some(1), max: Some(1011) }, pattern: None, values: &[] };

    static ANNOTATION_KEY: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &[] };

    pub(super) static ANNOTATION_VALUE: Structure = Structure { name: "AnnotationValue", members: &[
        Member { name: "NumberValue", required: false, shape: &NULLABLE_DOUBLE },
        Member { name: "BooleanValue", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "StringValue", required: false, shape: &STRING },
    ] };

    static ANNOTATIONS: Shape = Shape::Map { length: Length { min: None, max: None }, key: &ANNOTATION_KEY, value: &VALUES_WITH_SERVICE_IDS };

    pub(super) static ANOMALOUS_SERVICE: Structure = Structure { name: "AnomalousService", members: &[
        Member { name: "ServiceId", required: false, shape: &Shape::Structure(&SERVICE_ID) },
    ] };

    static ANOMALOUS_SERVICE_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&ANOMALOUS_SERVICE) };

    static ANOMALY_COUNT: Shape = Shape::Integer(Range { min: Some(0.0), max: None });

    static ATTRIBUTE_KEY: Shape = Shape::String { length: Length { min: Some(1), max: Some(32) }, pattern: None, values: &[] };

    static ATTRIBUTE_MAP: Shape = Shape::Map { length: Length { min: None, max: Some(5) }, key: &ATTRIBUTE_KEY, value: &ATTRIBUTE_VALUE };

    static ATTRIBUTE_VALUE: Shape = Shape::String { length: Length { min: Some(1), max: Some(32) }, pattern: None, values: &[] };

    pub(super) static AVAILABILITY_ZONE_DETAIL: Structure = Structure { name: "AvailabilityZoneDetail", members: &[
        Member { name: "Name", required: false, shape: &STRING },
    ] };

    pub(super) static BACKEND_CONNECTION_ERRORS: Structure = Structure { name: "BackendConnectionErrors", members: &[
        Member { name: "TimeoutCount", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "ConnectionRefusedCount", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "HTTPCode4XXCount", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "HTTPCode5XXCount", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "UnknownHostCount", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "OtherCount", required: false, shape: &NULLABLE_INTEGER },
    ] };

    pub(super) static BATCH_GET_TRACES_REQUEST: Structure = Structure { name: "BatchGetTracesRequest", members: &[
        Member { name: "TraceIds", required: true, shape: &TRACE_ID_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static BATCH_GET_TRACES_RESULT: Structure = Structure { name: "BatchGetTracesResult", members: &[
        Member { name: "Traces", required: false, shape: &TRACE_LIST },
        Member { name: "UnprocessedTraceIds", required: false, shape: &UNPROCESSED_TRACE_ID_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    static BOOLEAN: Shape = Shape::Boolean;

    static BORROW_COUNT: Shape = Shape::Integer(Range { min: Some(0.0), max: None });

    pub(super) static CANCEL_TRACE_RETRIEVAL_REQUEST: Structure = Structure { name: "CancelTraceRetrievalRequest", members: &[
        Member { name: "RetrievalToken", required: true, shape: &RETRIEVAL_TOKEN },
    ] };

    pub(super) static CANCEL_TRACE_RETRIEVAL_RESULT: Structure = Structure { name: "CancelTraceRetrievalResult", members: &[] };

    static CLIENT_ID: Shape = Shape::String { length: Length { min: Some(24), max: Some(24) }, pattern: None, values: &[] };

    pub(super) static CLOUD_WATCH_LOGS_CONFIGURATION: Structure = Structure { name: "CloudWatchLogsConfiguration", members: &[
        Member { name: "SpansLogGroupKmsKeyId", required: false, shape: &KMS_KEY_ID },
    ] };

    static COOLDOWN_WINDOW_MINUTES: Shape = Shape::Integer(Range { min: Some(0.0), max: None });

    pub(super) static CREATE_GROUP_REQUEST: Structure = Structure { name: "CreateGroupRequest", members: &[
        Member { name: "GroupName", required: true, shape: &GROUP_NAME },
        Member { name: "FilterExpression", required: false, shape: &FILTER_EXPRESSION },
        Member { name: "InsightsConfiguration", required: false, shape: &Shape::Structure(&INSIGHTS_CONFIGURATION) },
        Member { name: "Tags", required: false, shape: &TAG_LIST },
    ] };

    pub(super) static CREATE_GROUP_RESULT: Structure = Structure { name: "CreateGroupResult", members: &[
        Member { name: "Group", required: false, shape: &Shape::Structure(&GROUP) },
    ] };

    pub(super) static CREATE_SAMPLING_RULE_REQUEST: Structure = Structure { name: "CreateSamplingRuleRequest", members: &[
        Member { name: "SamplingRule", required: true, shape: &Shape::Structure(&SAMPLING_RULE) },
        Member { name: "Tags", required: false, shape: &TAG_LIST },
    ] };

    pub(super) static CREATE_SAMPLING_RULE_RESULT: Structure = Structure { name: "CreateSamplingRuleResult", members: &[
        Member { name: "SamplingRuleRecord", required: false, shape: &Shape::Structure(&SAMPLING_RULE_RECORD) },
    ] };

    pub(super) static DELETE_GROUP_REQUEST: Structure = Structure { name: "DeleteGroupRequest", members: &[
        Member { name: "GroupName", required: false, shape: &GROUP_NAME },
        Member { name: "GroupARN", required: false, shape: &GROUP_ARN },
    ] };

    pub(super) static DELETE_GROUP_RESULT: Structure = Structure { name: "DeleteGroupResult", members: &[] };

    pub(super) static DELETE_RESOURCE_POLICY_REQUEST: Structure = Structure { name: "DeleteResourcePolicyRequest", members: &[
        Member { name: "PolicyName", required: true, shape: &POLICY_NAME },
        Member { name: "PolicyRevisionId", required: false, shape: &POLICY_REVISION_ID },
    ] };

    pub(super) static DELETE_RESOURCE_POLICY_RESULT: Structure = Structure { name: "DeleteResourcePolicyResult", members: &[] };

    pub(super) static DELETE_SAMPLING_RULE_REQUEST: Structure = Structure { name: "DeleteSamplingRuleRequest", members: &[
        Member { name: "RuleName", required: false, shape: &STRING },
        Member { name: "RuleARN", required: false, shape: &STRING },
    ] };

    pub(super) static DELETE_SAMPLING_RULE_RESULT: Structure = Structure { name: "DeleteSamplingRuleResult", members: &[
        Member { name: "SamplingRuleRecord", required: false, shape: &Shape::Structure(&SAMPLING_RULE_RECORD) },
    ] };

    static DOUBLE: Shape = Shape::Double(Range { min: None, max: None });

    static EC2_INSTANCE_ID: Shape = Shape::String { length: Length { min: None, max: Some(20) }, pattern: None, values: &[] };

    pub(super) static EDGE: Structure = Structure { name: "Edge", members: &[
        Member { name: "ReferenceId", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "StartTime", required: false, shape: &TIMESTAMP },
        Member { name: "EndTime", required: false, shape: &TIMESTAMP },
        Member { name: "SummaryStatistics", required: false, shape: &Shape::Structure(&EDGE_STATISTICS) },
        Member { name: "ResponseTimeHistogram", required: false, shape: &HISTOGRAM },
        Member { name: "Aliases", required: false, shape: &ALIAS_LIST },
        Member { name: "EdgeType", required: false, shape: &STRING },
        Member { name: "ReceivedEventAgeHistogram", required: false, shape: &HISTOGRAM },
    ] };

    static EDGE_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&EDGE) };

    pub(super) static EDGE_STATISTICS: Structure = Structure { name: "EdgeStatistics", members: &[
        Member { name: "OkCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "ErrorStatistics", required: false, shape: &Shape::Structure(&ERROR_STATISTICS) },
        Member { name: "FaultStatistics", required: false, shape: &Shape::Structure(&FAULT_STATISTICS) },
        Member { name: "TotalCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "TotalResponseTime", required: false, shape: &NULLABLE_DOUBLE },
    ] };

    pub(super) static ENCRYPTION_CONFIG: Structure = Structure { name: "EncryptionConfig", members: &[
        Member { name: "KeyId", required: false, shape: &STRING },
        Member { name: "Status", required: false, shape: &ENCRYPTION_STATUS },
        Member { name: "Type", required: false, shape: &ENCRYPTION_TYPE },
    ] };

    static ENCRYPTION_KEY_ID: Shape = Shape::String { length: Length { min: Some(1), max: Some(3000) }, pattern: None, values: &[] };

    static ENCRYPTION_STATUS: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["UPDATING", "ACTIVE"] };

    static ENCRYPTION_TYPE: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["NONE", "KMS"] };

    static ENTITY_SELECTOR_EXPRESSION: Shape = Shape::String { length: Length { min: Some(1), max: Some(500) }, pattern: None, values: &[] };

    pub(super) static ERROR_ROOT_CAUSE: Structure = Structure { name: "ErrorRootCause", members: &[
        Member { name: "Services", required: false, shape: &ERROR_ROOT_CAUSE_SERVICES },
        Member { name: "ClientImpacting", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    pub(super) static ERROR_ROOT_CAUSE_ENTITY: Structure = Structure { name: "ErrorRootCauseEntity", members: &[
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Exceptions", required: false, shape: &ROOT_CAUSE_EXCEPTIONS },
        Member { name: "Remote", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    static ERROR_ROOT_CAUSE_ENTITY_PATH: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&ERROR_ROOT_CAUSE_ENTITY) };

    pub(super) static ERROR_ROOT_CAUSE_SERVICE: Structure = Structure { name: "ErrorRootCauseService", members: &[
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Names", required: false, shape: &SERVICE_NAMES },
        Member { name: "Type", required: false, shape: &STRING },
        Member { name: "AccountId", required: false, shape: &STRING },
        Member { name: "EntityPath", required: false, shape: &ERROR_ROOT_CAUSE_ENTITY_PATH },
        Member { name: "Inferred", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    static ERROR_ROOT_CAUSE_SERVICES: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&ERROR_ROOT_CAUSE_SERVICE) };

    static ERROR_ROOT_CAUSES: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&ERROR_ROOT_CAUSE) };

    pub(super) static ERROR_STATISTICS: Structure = Structure { name: "ErrorStatistics", members: &[
        Member { name: "ThrottleCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "OtherCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "TotalCount", required: false, shape: &NULLABLE_LONG },
    ] };

    static EVENT_SUMMARY_TEXT: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &[] };

    pub(super) static FAULT_ROOT_CAUSE: Structure = Structure { name: "FaultRootCause", members: &[
        Member { name: "Services", required: false, shape: &FAULT_ROOT_CAUSE_SERVICES },
        Member { name: "ClientImpacting", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    pub(super) static FAULT_ROOT_CAUSE_ENTITY: Structure = Structure { name: "FaultRootCauseEntity", members: &[
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Exceptions", required: false, shape: &ROOT_CAUSE_EXCEPTIONS },
        Member { name: "Remote", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    static FAULT_ROOT_CAUSE_ENTITY_PATH: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&FAULT_ROOT_CAUSE_ENTITY) };

    pub(super) static FAULT_ROOT_CAUSE_SERVICE: Structure = Structure { name: "FaultRootCauseService", members: &[
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Names", required: false, shape: &SERVICE_NAMES },
        Member { name: "Type", required: false, shape: &STRING },
        Member { name: "AccountId", required: false, shape: &STRING },
        Member { name: "EntityPath", required: false, shape: &FAULT_ROOT_CAUSE_ENTITY_PATH },
        Member { name: "Inferred", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    static FAULT_ROOT_CAUSE_SERVICES: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&FAULT_ROOT_CAUSE_SERVICE) };

    static FAULT_ROOT_CAUSES: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&FAULT_ROOT_CAUSE) };

    pub(super) static FAULT_STATISTICS: Structure = Structure { name: "FaultStatistics", members: &[
        Member { name: "OtherCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "TotalCount", required: false, shape: &NULLABLE_LONG },
    ] };

    static FILTER_EXPRESSION: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &[] };

    static FIXED_RATE: Shape = Shape::Double(Range { min: Some(0.0), max: Some(1.0) });

    pub(super) static FORECAST_STATISTICS: Structure = Structure { name: "ForecastStatistics", members: &[
        Member { name: "FaultCountHigh", required: false, shape: &NULLABLE_LONG },
        Member { name: "FaultCountLow", required: false, shape: &NULLABLE_LONG },
    ] };

    pub(super) static GET_ENCRYPTION_CONFIG_REQUEST: Structure = Structure { name: "GetEncryptionConfigRequest", members: &[] };

    pub(super) static GET_ENCRYPTION_CONFIG_RESULT: Structure = Structure { name: "GetEncryptionConfigResult", members: &[
        Member { name: "EncryptionConfig", required: false, shape: &Shape::Structure(&ENCRYPTION_CONFIG) },
    ] };

    pub(super) static GET_GROUP_REQUEST: Structure = Structure { name: "GetGroupRequest", members: &[
        Member { name: "GroupName", required: false, shape: &GROUP_NAME },
        Member { name: "GroupARN", required: false, shape: &GROUP_ARN },
    ] };

    pub(super) static GET_GROUP_RESULT: Structure = Structure { name: "GetGroupResult", members: &[
        Member { name: "Group", required: false, shape: &Shape::Structure(&GROUP) },
    ] };

    static GET_GROUPS_NEXT_TOKEN: Shape = Shape::String { length: Length { min: Some(1), max: Some(100) }, pattern: None, values: &[] };

    pub(super) static GET_GROUPS_REQUEST: Structure = Structure { name: "GetGroupsRequest", members: &[
        Member { name: "NextToken", required: false, shape: &GET_GROUPS_NEXT_TOKEN },
    ] };

    pub(super) static GET_GROUPS_RESULT: Structure = Structure { name: "GetGroupsResult", members: &[
        Member { name: "Groups", required: false, shape: &GROUP_SUMMARY_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_INDEXING_RULES_REQUEST: Structure = Structure { name: "GetIndexingRulesRequest", members: &[
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_INDEXING_RULES_RESULT: Structure = Structure { name: "GetIndexingRulesResult", members: &[
        Member { name: "IndexingRules", required: false, shape: &INDEXING_RULE_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    static GET_INSIGHT_EVENTS_MAX_RESULTS: Shape = Shape::Integer(Range { min: Some(1.0), max: Some(50.0) });

    pub(super) static GET_INSIGHT_EVENTS_REQUEST: Structure = Structure { name: "GetInsightEventsRequest", members: &[
        Member { name: "InsightId", required: true, shape: &INSIGHT_ID },
        Member { name: "MaxResults", required: false, shape: &GET_INSIGHT_EVENTS_MAX_RESULTS },
        Member { name: "NextToken", required: false, shape: &TOKEN },
    ] };

    pub(super) static GET_INSIGHT_EVENTS_RESULT: Structure = Structure { name: "GetInsightEventsResult", members: &[
        Member { name: "InsightEvents", required: false, shape: &INSIGHT_EVENT_LIST },
        Member { name: "NextToken", required: false, shape: &TOKEN },
    ] };

    pub(super) static GET_INSIGHT_IMPACT_GRAPH_REQUEST: Structure = Structure { name: "GetInsightImpactGraphRequest", members: &[
        Member { name: "InsightId", required: true, shape: &INSIGHT_ID },
        Member { name: "StartTime", required: true, shape: &TIMESTAMP },
        Member { name: "EndTime", required: true, shape: &TIMESTAMP },
        Member { name: "NextToken", required: false, shape: &TOKEN },
    ] };

    pub(super) static GET_INSIGHT_IMPACT_GRAPH_RESULT: Structure = Structure { name: "GetInsightImpactGraphResult", members: &[
        Member { name: "InsightId", required: false, shape: &INSIGHT_ID },
        Member { name: "StartTime", required: false, shape: &TIMESTAMP },
        Member { name: "EndTime", required: false, shape: &TIMESTAMP },
        Member { name: "ServiceGraphStartTime", required: false, shape: &TIMESTAMP },
        Member { name: "ServiceGraphEndTime", required: false, shape: &TIMESTAMP },
        Member { name: "Services", required: false, shape: &INSIGHT_IMPACT_GRAPH_SERVICE_LIST },
        Member { name: "NextToken", required: false, shape: &TOKEN },
    ] };

    pub(super) static GET_INSIGHT_REQUEST: Structure = Structure { name: "GetInsightRequest", members: &[
        Member { name: "InsightId", required: true, shape: &INSIGHT_ID },
    ] };

    pub(super) static GET_INSIGHT_RESULT: Structure = Structure { name: "GetInsightResult", members: &[
        Member { name: "Insight", required: false, shape: &Shape::Structure(&INSIGHT) },
    ] };

    static GET_INSIGHT_SUMMARIES_MAX_RESULTS: Shape = Shape::Integer(Range { min: Some(1.0), max: Some(100.0) });

    pub(super) static GET_INSIGHT_SUMMARIES_REQUEST: Structure = Structure { name: "GetInsightSummariesRequest", members: &[
        Member { name: "States", required: false, shape: &INSIGHT_STATE_LIST },
        Member { name: "GroupARN", required: false, shape: &GROUP_ARN },
        Member { name: "GroupName", required: false, shape: &GROUP_NAME },
        Member { name: "StartTime", required: true, shape: &TIMESTAMP },
        Member { name: "EndTime", required: true, shape: &TIMESTAMP },
        Member { name: "MaxResults", required: false, shape: &GET_INSIGHT_SUMMARIES_MAX_RESULTS },
        Member { name: "NextToken", required: false, shape: &TOKEN },
    ] };

    pub(super) static GET_INSIGHT_SUMMARIES_RESULT: Structure = Structure { name: "GetInsightSummariesResult", members: &[
        Member { name: "InsightSummaries", required: false, shape: &INSIGHT_SUMMARY_LIST },
        Member { name: "NextToken", required: false, shape: &TOKEN },
    ] };

    pub(super) static GET_RETRIEVED_TRACES_GRAPH_REQUEST: Structure = Structure { name: "GetRetrievedTracesGraphRequest", members: &[
        Member { name: "RetrievalToken", required: true, shape: &RETRIEVAL_TOKEN },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_RETRIEVED_TRACES_GRAPH_RESULT: Structure = Structure { name: "GetRetrievedTracesGraphResult", members: &[
        Member { name: "RetrievalStatus", required: false, shape: &RETRIEVAL_STATUS },
        Member { name: "Services", required: false, shape: &RETRIEVED_SERVICES_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_SAMPLING_RULES_REQUEST: Structure = Structure { name: "GetSamplingRulesRequest", members: &[
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_SAMPLING_RULES_RESULT: Structure = Structure { name: "GetSamplingRulesResult", members: &[
        Member { name: "SamplingRuleRecords", required: false, shape: &SAMPLING_RULE_RECORD_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_SAMPLING_STATISTIC_SUMMARIES_REQUEST: Structure = Structure { name: "GetSamplingStatisticSummariesRequest", members: &[
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_SAMPLING_STATISTIC_SUMMARIES_RESULT: Structure = Structure { name: "GetSamplingStatisticSummariesResult", members: &[
        Member { name: "SamplingStatisticSummaries", required: false, shape: &SAMPLING_STATISTIC_SUMMARY_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_SAMPLING_TARGETS_REQUEST: Structure = Structure { name: "GetSamplingTargetsRequest", members: &[
        Member { name: "SamplingStatisticsDocuments", required: true, shape: &SAMPLING_STATISTICS_DOCUMENT_LIST },
        Member { name: "SamplingBoostStatisticsDocuments", required: false, shape: &SAMPLING_BOOST_STATISTICS_DOCUMENT_LIST },
    ] };

    pub(super) static GET_SAMPLING_TARGETS_RESULT: Structure = Structure { name: "GetSamplingTargetsResult", members: &[
        Member { name: "SamplingTargetDocuments", required: false, shape: &SAMPLING_TARGET_DOCUMENT_LIST },
        Member { name: "LastRuleModification", required: false, shape: &TIMESTAMP },
        Member { name: "UnprocessedStatistics", required: false, shape: &UNPROCESSED_STATISTICS_LIST },
        Member { name: "UnprocessedBoostStatistics", required: false, shape: &UNPROCESSED_STATISTICS_LIST },
    ] };

    pub(super) static GET_SERVICE_GRAPH_REQUEST: Structure = Structure { name: "GetServiceGraphRequest", members: &[
        Member { name: "StartTime", required: true, shape: &TIMESTAMP },
        Member { name: "EndTime", required: true, shape: &TIMESTAMP },
        Member { name: "GroupName", required: false, shape: &GROUP_NAME },
        Member { name: "GroupARN", required: false, shape: &GROUP_ARN },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_SERVICE_GRAPH_RESULT: Structure = Structure { name: "GetServiceGraphResult", members: &[
        Member { name: "StartTime", required: false, shape: &TIMESTAMP },
        Member { name: "EndTime", required: false, shape: &TIMESTAMP },
        Member { name: "Services", required: false, shape: &SERVICE_LIST },
        Member { name: "ContainsOldGroupVersions", required: false, shape: &BOOLEAN },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_TIME_SERIES_SERVICE_STATISTICS_REQUEST: Structure = Structure { name: "GetTimeSeriesServiceStatisticsRequest", members: &[
        Member { name: "StartTime", required: true, shape: &TIMESTAMP },
        Member { name: "EndTime", required: true, shape: &TIMESTAMP },
        Member { name: "GroupName", required: false, shape: &GROUP_NAME },
        Member { name: "GroupARN", required: false, shape: &GROUP_ARN },
        Member { name: "EntitySelectorExpression", required: false, shape: &ENTITY_SELECTOR_EXPRESSION },
        Member { name: "Period", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "ForecastStatistics", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_TIME_SERIES_SERVICE_STATISTICS_RESULT: Structure = Structure { name: "GetTimeSeriesServiceStatisticsResult", members: &[
        Member { name: "TimeSeriesServiceStatistics", required: false, shape: &TIME_SERIES_SERVICE_STATISTICS_LIST },
        Member { name: "ContainsOldGroupVersions", required: false, shape: &BOOLEAN },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_TRACE_GRAPH_REQUEST: Structure = Structure { name: "GetTraceGraphRequest", members: &[
        Member { name: "TraceIds", required: true, shape: &TRACE_ID_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_TRACE_GRAPH_RESULT: Structure = Structure { name: "GetTraceGraphResult", members: &[
        Member { name: "Services", required: false, shape: &SERVICE_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_TRACE_SEGMENT_DESTINATION_REQUEST: Structure = Structure { name: "GetTraceSegmentDestinationRequest", members: &[] };

    pub(super) static GET_TRACE_SEGMENT_DESTINATION_RESULT: Structure = Structure { name: "GetTraceSegmentDestinationResult", members: &[
        Member { name: "Destination", required: false, shape: &TRACE_SEGMENT_DESTINATION },
        Member { name: "Status", required: false, shape: &TRACE_SEGMENT_DESTINATION_STATUS },
    ] };

    pub(super) static GET_TRACE_SUMMARIES_REQUEST: Structure = Structure { name: "GetTraceSummariesRequest", members: &[
        Member { name: "StartTime", required: true, shape: &TIMESTAMP },
        Member { name: "EndTime", required: true, shape: &TIMESTAMP },
        Member { name: "TimeRangeType", required: false, shape: &TIME_RANGE_TYPE },
        Member { name: "Sampling", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "SamplingStrategy", required: false, shape: &Shape::Structure(&SAMPLING_STRATEGY) },
        Member { name: "FilterExpression", required: false, shape: &FILTER_EXPRESSION },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GET_TRACE_SUMMARIES_RESULT: Structure = Structure { name: "GetTraceSummariesResult", members: &[
        Member { name: "TraceSummaries", required: false, shape: &TRACE_SUMMARY_LIST },
        Member { name: "ApproximateTime", required: false, shape: &TIMESTAMP },
        Member { name: "TracesProcessedCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static GRAPH_LINK: Structure = Structure { name: "GraphLink", members: &[
        Member { name: "ReferenceType", required: false, shape: &STRING },
        Member { name: "SourceTraceId", required: false, shape: &STRING },
        Member { name: "DestinationTraceIds", required: false, shape: &TRACE_ID_LIST },
    ] };

    pub(super) static GROUP: Structure = Structure { name: "Group", members: &[
        Member { name: "GroupName", required: false, shape: &STRING },
        Member { name: "GroupARN", required: false, shape: &STRING },
        Member { name: "FilterExpression", required: false, shape: &STRING },
        Member { name: "InsightsConfiguration", required: false, shape: &Shape::Structure(&INSIGHTS_CONFIGURATION) },
    ] };

    static GROUP_ARN: Shape = Shape::String { length: Length { min: Some(1), max: Some(400) }, pattern: None, values: &[] };

    static GROUP_NAME: Shape = Shape::String { length: Length { min: Some(1), max: Some(32) }, pattern: None, values: &[] };

    pub(super) static GROUP_SUMMARY: Structure = Structure { name: "GroupSummary", members: &[
        Member { name: "GroupName", required: false, shape: &STRING },
        Member { name: "GroupARN", required: false, shape: &STRING },
        Member { name: "FilterExpression", required: false, shape: &STRING },
        Member { name: "InsightsConfiguration", required: false, shape: &Shape::Structure(&INSIGHTS_CONFIGURATION) },
    ] };

    static GROUP_SUMMARY_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&GROUP_SUMMARY) };

    static HTTP_METHOD: Shape = Shape::String { length: Length { min: None, max: Some(10) }, pattern: None, values: &[] };

    static HISTOGRAM: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&HISTOGRAM_ENTRY) };

    pub(super) static HISTOGRAM_ENTRY: Structure = Structure { name: "HistogramEntry", members: &[
        Member { name: "Value", required: false, shape: &DOUBLE },
        Member { name: "Count", required: false, shape: &INTEGER },
    ] };

    static HOST: Shape = Shape::String { length: Length { min: None, max: Some(64) }, pattern: None, values: &[] };

    static HOSTNAME: Shape = Shape::String { length: Length { min: None, max: Some(255) }, pattern: None, values: &[] };

    pub(super) static HTTP: Structure = Structure { name: "Http", members: &[
        Member { name: "HttpURL", required: false, shape: &STRING },
        Member { name: "HttpStatus", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "HttpMethod", required: false, shape: &STRING },
        Member { name: "UserAgent", required: false, shape: &STRING },
        Member { name: "ClientIp", required: false, shape: &STRING },
    ] };

    pub(super) static INDEXING_RULE: Structure = Structure { name: "IndexingRule", members: &[
        Member { name: "Name", required: false, shape: &RULE_NAME },
        Member { name: "ModifiedAt", required: false, shape: &TIMESTAMP },
        Member { name: "Rule", required: false, shape: &Shape::Structure(&INDEXING_RULE_VALUE) },
    ] };

    static INDEXING_RULE_LIST: Shape = Shape::List { length: Length { min: Some(1), max: Some(10) }, member: &Shape::Structure(&INDEXING_RULE) };

    pub(super) static INDEXING_RULE_VALUE: Structure = Structure { name: "IndexingRuleValue", members: &[
        Member { name: "Probabilistic", required: false, shape: &Shape::Structure(&PROBABILISTIC_RULE_VALUE) },
    ] };

    pub(super) static INDEXING_RULE_VALUE_UPDATE: Structure = Structure { name: "IndexingRuleValueUpdate", members: &[
        Member { name: "Probabilistic", required: false, shape: &Shape::Structure(&PROBABILISTIC_RULE_VALUE_UPDATE) },
    ] };

    pub(super) static INSIGHT: Structure = Structure { name: "Insight", members: &[
        Member { name: "InsightId", required: false, shape: &INSIGHT_ID },
        Member { name: "GroupARN", required: false, shape: &GROUP_ARN },
        Member { name: "GroupName", required: false, shape: &GROUP_NAME },
        Member { name: "RootCauseServiceId", required: false, shape: &Shape::Structure(&SERVICE_ID) },
        Member { name: "Categories", required: false, shape: &INSIGHT_CATEGORY_LIST },
        Member { name: "State", required: false, shape: &INSIGHT_STATE },
        Member { name: "StartTime", required: false, shape: &TIMESTAMP },
        Member { name: "EndTime", required: false, shape: &TIMESTAMP },
        Member { name: "Summary", required: false, shape: &INSIGHT_SUMMARY_TEXT },
        Member { name: "ClientRequestImpactStatistics", required: false, shape: &Shape::Structure(&REQUEST_IMPACT_STATISTICS) },
        Member { name: "RootCauseServiceRequestImpactStatistics", required: false, shape: &Shape::Structure(&REQUEST_IMPACT_STATISTICS) },
        Member { name: "TopAnomalousServices", required: false, shape: &ANOMALOUS_SERVICE_LIST },
    ] };

    static INSIGHT_CATEGORY: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["FAULT"] };

    static INSIGHT_CATEGORY_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &INSIGHT_CATEGORY };

    pub(super) static INSIGHT_EVENT: Structure = Structure { name: "InsightEvent", members: &[
        Member { name: "Summary", required: false, shape: &EVENT_SUMMARY_TEXT },
        Member { name: "EventTime", required: false, shape: &TIMESTAMP },
        Member { name: "ClientRequestImpactStatistics", required: false, shape: &Shape::Structure(&REQUEST_IMPACT_STATISTICS) },
        Member { name: "RootCauseServiceRequestImpactStatistics", required: false, shape: &Shape::Structure(&REQUEST_IMPACT_STATISTICS) },
        Member { name: "TopAnomalousServices", required: false, shape: &ANOMALOUS_SERVICE_LIST },
    ] };

    static INSIGHT_EVENT_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&INSIGHT_EVENT) };

    static INSIGHT_ID: Shape = Shape::String { length: Length { min: None, max: None }, pattern: Some("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"), values: &[] };

    pub(super) static INSIGHT_IMPACT_GRAPH_EDGE: Structure = Structure { name: "InsightImpactGraphEdge", members: &[
        Member { name: "ReferenceId", required: false, shape: &NULLABLE_INTEGER },
    ] };

    static INSIGHT_IMPACT_GRAPH_EDGE_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&INSIGHT_IMPACT_GRAPH_EDGE) };

    pub(super) static INSIGHT_IMPACT_GRAPH_SERVICE: Structure = Structure { name: "InsightImpactGraphService", members: &[
        Member { name: "ReferenceId", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "Type", required: false, shape: &STRING },
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Names", required: false, shape: &SERVICE_NAMES },
        Member { name: "AccountId", required: false, shape: &STRING },
        Member { name: "Edges", required: false, shape: &INSIGHT_IMPACT_GRAPH_EDGE_LIST },
    ] };

    static INSIGHT_IMPACT_GRAPH_SERVICE_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&INSIGHT_IMPACT_GRAPH_SERVICE) };

    static INSIGHT_STATE: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["ACTIVE", "CLOSED"] };

    static INSIGHT_STATE_LIST: Shape = Shape::List { length: Length { min: None, max: Some(1) }, member: &INSIGHT_STATE };

    pub(super) static INSIGHT_SUMMARY: Structure = Structure { name: "InsightSummary", members: &[
        Member { name: "InsightId", required: false, shape: &INSIGHT_ID },
        Member { name: "GroupARN", required: false, shape: &GROUP_ARN },
        Member { name: "GroupName", required: false, shape: &GROUP_NAME },
        Member { name: "RootCauseServiceId", required: false, shape: &Shape::Structure(&SERVICE_ID) },
        Member { name: "Categories", required: false, shape: &INSIGHT_CATEGORY_LIST },
        Member { name: "State", required: false, shape: &INSIGHT_STATE },
        Member { name: "StartTime", required: false, shape: &TIMESTAMP },
        Member { name: "EndTime", required: false, shape: &TIMESTAMP },
        Member { name: "Summary", required: false, shape: &INSIGHT_SUMMARY_TEXT },
        Member { name: "ClientRequestImpactStatistics", required: false, shape: &Shape::Structure(&REQUEST_IMPACT_STATISTICS) },
        Member { name: "RootCauseServiceRequestImpactStatistics", required: false, shape: &Shape::Structure(&REQUEST_IMPACT_STATISTICS) },
        Member { name: "TopAnomalousServices", required: false, shape: &ANOMALOUS_SERVICE_LIST },
        Member { name: "LastUpdateTime", required: false, shape: &TIMESTAMP },
    ] };

    static INSIGHT_SUMMARY_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&INSIGHT_SUMMARY) };

    static INSIGHT_SUMMARY_TEXT: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &[] };

    pub(super) static INSIGHTS_CONFIGURATION: Structure = Structure { name: "InsightsConfiguration", members: &[
        Member { name: "InsightsEnabled", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "NotificationsEnabled", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    pub(super) static INSTANCE_ID_DETAIL: Structure = Structure { name: "InstanceIdDetail", members: &[
        Member { name: "Id", required: false, shape: &STRING },
    ] };

    static INTEGER: Shape = Shape::Integer(Range { min: None, max: None });

    static KMS_KEY_ID: Shape = Shape::String { length: Length { min: Some(1), max: Some(256) }, pattern: None, values: &[] };

    static LINKS_LIST: Shape = Shape::List { length: Length { min: None, max: Some(100) }, member: &Shape::Structure(&GRAPH_LINK) };

    pub(super) static LIST_RESOURCE_POLICIES_REQUEST: Structure = Structure { name: "ListResourcePoliciesRequest", members: &[
        Member { name: "NextToken", required: false, shape: &RESOURCE_POLICY_NEXT_TOKEN },
    ] };

    pub(super) static LIST_RESOURCE_POLICIES_RESULT: Structure = Structure { name: "ListResourcePoliciesResult", members: &[
        Member { name: "ResourcePolicies", required: false, shape: &RESOURCE_POLICY_LIST },
        Member { name: "NextToken", required: false, shape: &RESOURCE_POLICY_NEXT_TOKEN },
    ] };

    pub(super) static LIST_RETRIEVED_TRACES_REQUEST: Structure = Structure { name: "ListRetrievedTracesRequest", members: &[
        Member { name: "RetrievalToken", required: true, shape: &RETRIEVAL_TOKEN },
        Member { name: "TraceFormat", required: false, shape: &TRACE_FORMAT_TYPE },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static LIST_RETRIEVED_TRACES_RESULT: Structure = Structure { name: "ListRetrievedTracesResult", members: &[
        Member { name: "RetrievalStatus", required: false, shape: &RETRIEVAL_STATUS },
        Member { name: "TraceFormat", required: false, shape: &TRACE_FORMAT_TYPE },
        Member { name: "Traces", required: false, shape: &TRACE_SPAN_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static LIST_TAGS_FOR_RESOURCE_REQUEST: Structure = Structure { name: "ListTagsForResourceRequest", members: &[
        Member { name: "ResourceARN", required: true, shape: &AMAZON_RESOURCE_NAME },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    pub(super) static LIST_TAGS_FOR_RESOURCE_RESPONSE: Structure = Structure { name: "ListTagsForResourceResponse", members: &[
        Member { name: "Tags", required: false, shape: &TAG_LIST },
        Member { name: "NextToken", required: false, shape: &STRING },
    ] };

    static MAX_RATE: Shape = Shape::Double(Range { min: Some(0.0), max: Some(1.0) });

    static NULLABLE_BOOLEAN: Shape = Shape::Boolean;

    static NULLABLE_DOUBLE: Shape = Shape::Double(Range { min: None, max: None });

    static NULLABLE_INTEGER: Shape = Shape::Integer(Range { min: None, max: None });

    static NULLABLE_LONG: Shape = Shape::Long(Range { min: None, max: None });

    static POLICY_DOCUMENT: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &[] };

    static POLICY_NAME: Shape = Shape::String { length: Length { min: Some(1), max: Some(128) }, pattern: Some("[\\w+=,.@-]+"), values: &[] };

    static POLICY_REVISION_ID: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &[] };

    static PRIORITY: Shape = Shape::Integer(Range { min: Some(1.0), max: Some(9999.0) });

    pub(super) static PROBABILISTIC_RULE_VALUE: Structure = Structure { name: "ProbabilisticRuleValue", members: &[
        Member { name: "DesiredSamplingPercentage", required: true, shape: &NULLABLE_DOUBLE },
        Member { name: "ActualSamplingPercentage", required: false, shape: &NULLABLE_DOUBLE },
    ] };

    pub(super) static PROBABILISTIC_RULE_VALUE_UPDATE: Structure = Structure { name: "ProbabilisticRuleValueUpdate", members: &[
        Member { name: "DesiredSamplingPercentage", required: true, shape: &NULLABLE_DOUBLE },
    ] };

    pub(super) static PUT_ENCRYPTION_CONFIG_REQUEST: Structure = Structure { name: "PutEncryptionConfigRequest", members: &[
        Member { name: "KeyId", required: false, shape: &ENCRYPTION_KEY_ID },
        Member { name: "Type", required: true, shape: &ENCRYPTION_TYPE },
    ] };

    pub(super) static PUT_ENCRYPTION_CONFIG_RESULT: Structure = Structure { name: "PutEncryptionConfigResult", members: &[
        Member { name: "EncryptionConfig", required: false, shape: &Shape::Structure(&ENCRYPTION_CONFIG) },
    ] };

    pub(super) static PUT_RESOURCE_POLICY_REQUEST: Structure = Structure { name: "PutResourcePolicyRequest", members: &[
        Member { name: "PolicyName", required: true, shape: &POLICY_NAME },
        Member { name: "PolicyDocument", required: true, shape: &POLICY_DOCUMENT },
        Member { name: "PolicyRevisionId", required: false, shape: &POLICY_REVISION_ID },
        Member { name: "BypassPolicyLockoutCheck", required: false, shape: &BOOLEAN },
    ] };

    pub(super) static PUT_RESOURCE_POLICY_RESULT: Structure = Structure { name: "PutResourcePolicyResult", members: &[
        Member { name: "ResourcePolicy", required: false, shape: &Shape::Structure(&RESOURCE_POLICY) },
    ] };

    pub(super) static PUT_TELEMETRY_RECORDS_REQUEST: Structure = Structure { name: "PutTelemetryRecordsRequest", members: &[
        Member { name: "TelemetryRecords", required: true, shape: &TELEMETRY_RECORD_LIST },
        Member { name: "EC2InstanceId", required: false, shape: &EC2_INSTANCE_ID },
        Member { name: "Hostname", required: false, shape: &HOSTNAME },
        Member { name: "ResourceARN", required: false, shape: &RESOURCE_ARN },
    ] };

    pub(super) static PUT_TELEMETRY_RECORDS_RESULT: Structure = Structure { name: "PutTelemetryRecordsResult", members: &[] };

    pub(super) static PUT_TRACE_SEGMENTS_REQUEST: Structure = Structure { name: "PutTraceSegmentsRequest", members: &[
        Member { name: "TraceSegmentDocuments", required: true, shape: &TRACE_SEGMENT_DOCUMENT_LIST },
    ] };

    pub(super) static PUT_TRACE_SEGMENTS_RESULT: Structure = Structure { name: "PutTraceSegmentsResult", members: &[
        Member { name: "UnprocessedTraceSegments", required: false, shape: &UNPROCESSED_TRACE_SEGMENT_LIST },
    ] };

    static REQUEST_COUNT: Shape = Shape::Integer(Range { min: Some(0.0), max: None });

    pub(super) static REQUEST_IMPACT_STATISTICS: Structure = Structure { name: "RequestImpactStatistics", members: &[
        Member { name: "FaultCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "OkCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "TotalCount", required: false, shape: &NULLABLE_LONG },
    ] };

    static RESERVOIR_SIZE: Shape = Shape::Integer(Range { min: Some(0.0), max: None });

    static RESOURCE_ARN: Shape = Shape::String { length: Length { min: None, max: Some(500) }, pattern: None, values: &[] };

    pub(super) static RESOURCE_ARN_DETAIL: Structure = Structure { name: "ResourceARNDetail", members: &[
        Member { name: "ARN", required: false, shape: &STRING },
    ] };

    pub(super) static RESOURCE_POLICY: Structure = Structure { name: "ResourcePolicy", members: &[
        Member { name: "PolicyName", required: false, shape: &POLICY_NAME },
        Member { name: "PolicyDocument", required: false, shape: &POLICY_DOCUMENT },
        Member { name: "PolicyRevisionId", required: false, shape: &POLICY_REVISION_ID },
        Member { name: "LastUpdatedTime", required: false, shape: &TIMESTAMP },
    ] };

    static RESOURCE_POLICY_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&RESOURCE_POLICY) };

    static RESOURCE_POLICY_NEXT_TOKEN: Shape = Shape::String { length: Length { min: Some(1), max: Some(100) }, pattern: None, values: &[] };

    pub(super) static RESPONSE_TIME_ROOT_CAUSE: Structure = Structure { name: "ResponseTimeRootCause", members: &[
        Member { name: "Services", required: false, shape: &RESPONSE_TIME_ROOT_CAUSE_SERVICES },
        Member { name: "ClientImpacting", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    pub(super) static RESPONSE_TIME_ROOT_CAUSE_ENTITY: Structure = Structure { name: "ResponseTimeRootCauseEntity", members: &[
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Coverage", required: false, shape: &NULLABLE_DOUBLE },
        Member { name: "Remote", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    static RESPONSE_TIME_ROOT_CAUSE_ENTITY_PATH: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&RESPONSE_TIME_ROOT_CAUSE_ENTITY) };

    pub(super) static RESPONSE_TIME_ROOT_CAUSE_SERVICE: Structure = Structure { name: "ResponseTimeRootCauseService", members: &[
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Names", required: false, shape: &SERVICE_NAMES },
        Member { name: "Type", required: false, shape: &STRING },
        Member { name: "AccountId", required: false, shape: &STRING },
        Member { name: "EntityPath", required: false, shape: &RESPONSE_TIME_ROOT_CAUSE_ENTITY_PATH },
        Member { name: "Inferred", required: false, shape: &NULLABLE_BOOLEAN },
    ] };

    static RESPONSE_TIME_ROOT_CAUSE_SERVICES: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&RESPONSE_TIME_ROOT_CAUSE_SERVICE) };

    static RESPONSE_TIME_ROOT_CAUSES: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&RESPONSE_TIME_ROOT_CAUSE) };

    static RETRIEVAL_STATUS: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["SCHEDULED", "RUNNING", "COMPLETE", "FAILED", "CANCELLED", "TIMEOUT"] };

    static RETRIEVAL_TOKEN: Shape = Shape::String { length: Length { min: None, max: Some(1020) }, pattern: None, values: &[] };

    pub(super) static RETRIEVED_SERVICE: Structure = Structure { name: "RetrievedService", members: &[
        Member { name: "Service", required: false, shape: &Shape::Structure(&SERVICE) },
        Member { name: "Links", required: false, shape: &LINKS_LIST },
    ] };

    static RETRIEVED_SERVICES_LIST: Shape = Shape::List { length: Length { min: None, max: Some(1000) }, member: &Shape::Structure(&RETRIEVED_SERVICE) };

    pub(super) static RETRIEVED_TRACE: Structure = Structure { name: "RetrievedTrace", members: &[
        Member { name: "Id", required: false, shape: &TRACE_ID },
        Member { name: "Duration", required: false, shape: &NULLABLE_DOUBLE },
        Member { name: "Spans", required: false, shape: &SPAN_LIST },
    ] };

    pub(super) static ROOT_CAUSE_EXCEPTION: Structure = Structure { name: "RootCauseException", members: &[
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Message", required: false, shape: &STRING },
    ] };

    static ROOT_CAUSE_EXCEPTIONS: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&ROOT_CAUSE_EXCEPTION) };

    static RULE_NAME: Shape = Shape::String { length: Length { min: Some(1), max: Some(32) }, pattern: None, values: &[] };

    static SAMPLED_ANOMALY_COUNT: Shape = Shape::Integer(Range { min: Some(0.0), max: None });

    static SAMPLED_COUNT: Shape = Shape::Integer(Range { min: Some(0.0), max: None });

    pub(super) static SAMPLING_BOOST: Structure = Structure { name: "SamplingBoost", members: &[
        Member { name: "BoostRate", required: true, shape: &DOUBLE },
        Member { name: "BoostRateTTL", required: true, shape: &TIMESTAMP },
    ] };

    pub(super) static SAMPLING_BOOST_STATISTICS_DOCUMENT: Structure = Structure { name: "SamplingBoostStatisticsDocument", members: &[
        Member { name: "RuleName", required: true, shape: &RULE_NAME },
        Member { name: "ServiceName", required: true, shape: &SERVICE_NAME },
        Member { name: "Timestamp", required: true, shape: &TIMESTAMP },
        Member { name: "AnomalyCount", required: true, shape: &ANOMALY_COUNT },
        Member { name: "TotalCount", required: true, shape: &TOTAL_COUNT },
        Member { name: "SampledAnomalyCount", required: true, shape: &SAMPLED_ANOMALY_COUNT },
    ] };

    static SAMPLING_BOOST_STATISTICS_DOCUMENT_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&SAMPLING_BOOST_STATISTICS_DOCUMENT) };

    pub(super) static SAMPLING_RATE_BOOST: Structure = Structure { name: "SamplingRateBoost", members: &[
        Member { name: "MaxRate", required: true, shape: &MAX_RATE },
        Member { name: "CooldownWindowMinutes", required: true, shape: &COOLDOWN_WINDOW_MINUTES },
    ] };

    pub(super) static SAMPLING_RULE: Structure = Structure { name: "SamplingRule", members: &[
        Member { name: "RuleName", required: false, shape: &RULE_NAME },
        Member { name: "RuleARN", required: false, shape: &STRING },
        Member { name: "ResourceARN", required: true, shape: &RESOURCE_ARN },
        Member { name: "Priority", required: true, shape: &PRIORITY },
        Member { name: "FixedRate", required: true, shape: &FIXED_RATE },
        Member { name: "ReservoirSize", required: true, shape: &RESERVOIR_SIZE },
        Member { name: "ServiceName", required: true, shape: &SERVICE_NAME },
        Member { name: "ServiceType", required: true, shape: &SERVICE_TYPE },
        Member { name: "Host", required: true, shape: &HOST },
        Member { name: "HTTPMethod", required: true, shape: &HTTP_METHOD },
        Member { name: "URLPath", required: true, shape: &URL_PATH },
        Member { name: "Version", required: true, shape: &VERSION },
        Member { name: "Attributes", required: false, shape: &ATTRIBUTE_MAP },
        Member { name: "SamplingRateBoost", required: false, shape: &Shape::Structure(&SAMPLING_RATE_BOOST) },
    ] };

    pub(super) static SAMPLING_RULE_RECORD: Structure = Structure { name: "SamplingRuleRecord", members: &[
        Member { name: "SamplingRule", required: false, shape: &Shape::Structure(&SAMPLING_RULE) },
        Member { name: "CreatedAt", required: false, shape: &TIMESTAMP },
        Member { name: "ModifiedAt", required: false, shape: &TIMESTAMP },
    ] };

    static SAMPLING_RULE_RECORD_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&SAMPLING_RULE_RECORD) };

    pub(super) static SAMPLING_RULE_UPDATE: Structure = Structure { name: "SamplingRuleUpdate", members: &[
        Member { name: "RuleName", required: false, shape: &RULE_NAME },
        Member { name: "RuleARN", required: false, shape: &STRING },
        Member { name: "ResourceARN", required: false, shape: &RESOURCE_ARN },
        Member { name: "Priority", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "FixedRate", required: false, shape: &NULLABLE_DOUBLE },
        Member { name: "ReservoirSize", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "Host", required: false, shape: &HOST },
        Member { name: "ServiceName", required: false, shape: &SERVICE_NAME },
        Member { name: "ServiceType", required: false, shape: &SERVICE_TYPE },
        Member { name: "HTTPMethod", required: false, shape: &HTTP_METHOD },
        Member { name: "URLPath", required: false, shape: &URL_PATH },
        Member { name: "Attributes", required: false, shape: &ATTRIBUTE_MAP },
        Member { name: "SamplingRateBoost", required: false, shape: &Shape::Structure(&SAMPLING_RATE_BOOST) },
    ] };

    pub(super) static SAMPLING_STATISTIC_SUMMARY: Structure = Structure { name: "SamplingStatisticSummary", members: &[
        Member { name: "RuleName", required: false, shape: &STRING },
        Member { name: "Timestamp", required: false, shape: &TIMESTAMP },
        Member { name: "RequestCount", required: false, shape: &INTEGER },
        Member { name: "BorrowCount", required: false, shape: &INTEGER },
        Member { name: "SampledCount", required: false, shape: &INTEGER },
    ] };

    static SAMPLING_STATISTIC_SUMMARY_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&SAMPLING_STATISTIC_SUMMARY) };

    pub(super) static SAMPLING_STATISTICS_DOCUMENT: Structure = Structure { name: "SamplingStatisticsDocument", members: &[
        Member { name: "RuleName", required: true, shape: &RULE_NAME },
        Member { name: "ClientID", required: true, shape: &CLIENT_ID },
        Member { name: "Timestamp", required: true, shape: &TIMESTAMP },
        Member { name: "RequestCount", required: true, shape: &REQUEST_COUNT },
        Member { name: "SampledCount", required: true, shape: &SAMPLED_COUNT },
        Member { name: "BorrowCount", required: false, shape: &BORROW_COUNT },
    ] };

    static SAMPLING_STATISTICS_DOCUMENT_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&SAMPLING_STATISTICS_DOCUMENT) };

    pub(super) static SAMPLING_STRATEGY: Structure = Structure { name: "SamplingStrategy", members: &[
        Member { name: "Name", required: false, shape: &SAMPLING_STRATEGY_NAME },
        Member { name: "Value", required: false, shape: &NULLABLE_DOUBLE },
    ] };

    static SAMPLING_STRATEGY_NAME: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["PartialScan", "FixedRate"] };

    pub(super) static SAMPLING_TARGET_DOCUMENT: Structure = Structure { name: "SamplingTargetDocument", members: &[
        Member { name: "RuleName", required: false, shape: &STRING },
        Member { name: "FixedRate", required: false, shape: &DOUBLE },
        Member { name: "ReservoirQuota", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "ReservoirQuotaTTL", required: false, shape: &TIMESTAMP },
        Member { name: "Interval", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "SamplingBoost", required: false, shape: &Shape::Structure(&SAMPLING_BOOST) },
    ] };

    static SAMPLING_TARGET_DOCUMENT_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&SAMPLING_TARGET_DOCUMENT) };

    pub(super) static SEGMENT: Structure = Structure { name: "Segment", members: &[
        Member { name: "Id", required: false, shape: &SEGMENT_ID },
        Member { name: "Document", required: false, shape: &SEGMENT_DOCUMENT },
    ] };

    static SEGMENT_DOCUMENT: Shape = Shape::String { length: Length { min: Some(1), max: None }, pattern: None, values: &[] };

    static SEGMENT_ID: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &[] };

    static SEGMENT_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&SEGMENT) };

    pub(super) static SERVICE: Structure = Structure { name: "Service", members: &[
        Member { name: "ReferenceId", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Names", required: false, shape: &SERVICE_NAMES },
        Member { name: "Root", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "AccountId", required: false, shape: &STRING },
        Member { name: "Type", required: false, shape: &STRING },
        Member { name: "State", required: false, shape: &STRING },
        Member { name: "StartTime", required: false, shape: &TIMESTAMP },
        Member { name: "EndTime", required: false, shape: &TIMESTAMP },
        Member { name: "Edges", required: false, shape: &EDGE_LIST },
        Member { name: "SummaryStatistics", required: false, shape: &Shape::Structure(&SERVICE_STATISTICS) },
        Member { name: "DurationHistogram", required: false, shape: &HISTOGRAM },
        Member { name: "ResponseTimeHistogram", required: false, shape: &HISTOGRAM },
    ] };

    pub(super) static SERVICE_ID: Structure = Structure { name: "ServiceId", members: &[
        Member { name: "Name", required: false, shape: &STRING },
        Member { name: "Names", required: false, shape: &SERVICE_NAMES },
        Member { name: "AccountId", required: false, shape: &STRING },
        Member { name: "Type", required: false, shape: &STRING },
    ] };

    static SERVICE_IDS: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&SERVICE_ID) };

    static SERVICE_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&SERVICE) };

    static SERVICE_NAME: Shape = Shape::String { length: Length { min: None, max: Some(64) }, pattern: None, values: &[] };

    static SERVICE_NAMES: Shape = Shape::List { length: Length { min: None, max: None }, member: &STRING };

    pub(super) static SERVICE_STATISTICS: Structure = Structure { name: "ServiceStatistics", members: &[
        Member { name: "OkCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "ErrorStatistics", required: false, shape: &Shape::Structure(&ERROR_STATISTICS) },
        Member { name: "FaultStatistics", required: false, shape: &Shape::Structure(&FAULT_STATISTICS) },
        Member { name: "TotalCount", required: false, shape: &NULLABLE_LONG },
        Member { name: "TotalResponseTime", required: false, shape: &NULLABLE_DOUBLE },
    ] };

    static SERVICE_TYPE: Shape = Shape::String { length: Length { min: None, max: Some(64) }, pattern: None, values: &[] };

    pub(super) static SPAN: Structure = Structure { name: "Span", members: &[
        Member { name: "Id", required: false, shape: &SPAN_ID },
        Member { name: "Document", required: false, shape: &SPAN_DOCUMENT },
    ] };

    static SPAN_DOCUMENT: Shape = Shape::String { length: Length { min: None, max: Some(204800) }, pattern: None, values: &[] };

    static SPAN_ID: Shape = Shape::String { length: Length { min: Some(1), max: Some(16) }, pattern: None, values: &[] };

    static SPAN_LIST: Shape = Shape::List { length: Length { min: None, max: Some(100) }, member: &Shape::Structure(&SPAN) };

    pub(super) static START_TRACE_RETRIEVAL_REQUEST: Structure = Structure { name: "StartTraceRetrievalRequest", members: &[
        Member { name: "TraceIds", required: true, shape: &TRACE_ID_LIST_FOR_RETRIEVAL },
        Member { name: "StartTime", required: true, shape: &TIMESTAMP },
        Member { name: "EndTime", required: true, shape: &TIMESTAMP },
    ] };

    pub(super) static START_TRACE_RETRIEVAL_RESULT: Structure = Structure { name: "StartTraceRetrievalResult", members: &[
        Member { name: "RetrievalToken", required: false, shape: &RETRIEVAL_TOKEN },
    ] };

    static STRING: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &[] };

    pub(super) static TAG: Structure = Structure { name: "Tag", members: &[
        Member { name: "Key", required: true, shape: &TAG_KEY },
        Member { name: "Value", required: true, shape: &TAG_VALUE },
    ] };

    static TAG_KEY: Shape = Shape::String { length: Length { min: Some(1), max: Some(128) }, pattern: None, values: &[] };

    static TAG_KEY_LIST: Shape = Shape::List { length: Length { min: None, max: Some(200) }, member: &TAG_KEY };

    static TAG_LIST: Shape = Shape::List { length: Length { min: None, max: Some(200) }, member: &Shape::Structure(&TAG) };

    pub(super) static TAG_RESOURCE_REQUEST: Structure = Structure { name: "TagResourceRequest", members: &[
        Member { name: "ResourceARN", required: true, shape: &AMAZON_RESOURCE_NAME },
        Member { name: "Tags", required: true, shape: &TAG_LIST },
    ] };

    pub(super) static TAG_RESOURCE_RESPONSE: Structure = Structure { name: "TagResourceResponse", members: &[] };

    static TAG_VALUE: Shape = Shape::String { length: Length { min: None, max: Some(256) }, pattern: None, values: &[] };

    pub(super) static TELEMETRY_RECORD: Structure = Structure { name: "TelemetryRecord", members: &[
        Member { name: "Timestamp", required: true, shape: &TIMESTAMP },
        Member { name: "SegmentsReceivedCount", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "SegmentsSentCount", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "SegmentsSpilloverCount", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "SegmentsRejectedCount", required: false, shape: &NULLABLE_INTEGER },
        Member { name: "BackendConnectionErrors", required: false, shape: &Shape::Structure(&BACKEND_CONNECTION_ERRORS) },
    ] };

    static TELEMETRY_RECORD_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&TELEMETRY_RECORD) };

    static TIME_RANGE_TYPE: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["TraceId", "Event", "Service"] };

    pub(super) static TIME_SERIES_SERVICE_STATISTICS: Structure = Structure { name: "TimeSeriesServiceStatistics", members: &[
        Member { name: "Timestamp", required: false, shape: &TIMESTAMP },
        Member { name: "EdgeSummaryStatistics", required: false, shape: &Shape::Structure(&EDGE_STATISTICS) },
        Member { name: "ServiceSummaryStatistics", required: false, shape: &Shape::Structure(&SERVICE_STATISTICS) },
        Member { name: "ServiceForecastStatistics", required: false, shape: &Shape::Structure(&FORECAST_STATISTICS) },
        Member { name: "ResponseTimeHistogram", required: false, shape: &HISTOGRAM },
    ] };

    static TIME_SERIES_SERVICE_STATISTICS_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&TIME_SERIES_SERVICE_STATISTICS) };

    static TIMESTAMP: Shape = Shape::Timestamp;

    static TOKEN: Shape = Shape::String { length: Length { min: Some(1), max: Some(2000) }, pattern: None, values: &[] };

    static TOTAL_COUNT: Shape = Shape::Integer(Range { min: Some(0.0), max: None });

    pub(super) static TRACE: Structure = Structure { name: "Trace", members: &[
        Member { name: "Id", required: false, shape: &TRACE_ID },
        Member { name: "Duration", required: false, shape: &NULLABLE_DOUBLE },
        Member { name: "LimitExceeded", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "Segments", required: false, shape: &SEGMENT_LIST },
    ] };

    static TRACE_AVAILABILITY_ZONES: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&AVAILABILITY_ZONE_DETAIL) };

    static TRACE_FORMAT_TYPE: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["XRAY", "OTEL"] };

    static TRACE_ID: Shape = Shape::String { length: Length { min: Some(1), max: Some(35) }, pattern: None, values: &[] };

    static TRACE_ID_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &TRACE_ID };

    static TRACE_ID_LIST_FOR_RETRIEVAL: Shape = Shape::List { length: Length { min: None, max: Some(100) }, member: &TRACE_ID };

    static TRACE_INSTANCE_IDS: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&INSTANCE_ID_DETAIL) };

    static TRACE_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&TRACE) };

    static TRACE_RESOURCE_ARNS: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&RESOURCE_ARN_DETAIL) };

    static TRACE_SEGMENT_DESTINATION: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["XRay", "CloudWatchLogs"] };

    static TRACE_SEGMENT_DESTINATION_STATUS: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &["PENDING", "ACTIVE"] };

    static TRACE_SEGMENT_DOCUMENT: Shape = Shape::String { length: Length { min: None, max: None }, pattern: None, values: &[] };

    static TRACE_SEGMENT_DOCUMENT_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &TRACE_SEGMENT_DOCUMENT };

    static TRACE_SPAN_LIST: Shape = Shape::List { length: Length { min: None, max: Some(5) }, member: &Shape::Structure(&RETRIEVED_TRACE) };

    pub(super) static TRACE_SUMMARY: Structure = Structure { name: "TraceSummary", members: &[
        Member { name: "Id", required: false, shape: &TRACE_ID },
        Member { name: "StartTime", required: false, shape: &TIMESTAMP },
        Member { name: "Duration", required: false, shape: &NULLABLE_DOUBLE },
        Member { name: "ResponseTime", required: false, shape: &NULLABLE_DOUBLE },
        Member { name: "HasFault", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "HasError", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "HasThrottle", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "IsPartial", required: false, shape: &NULLABLE_BOOLEAN },
        Member { name: "Http", required: false, shape: &Shape::Structure(&HTTP) },
        Member { name: "Annotations", required: false, shape: &ANNOTATIONS },
        Member { name: "Users", required: false, shape: &TRACE_USERS },
        Member { name: "ServiceIds", required: false, shape: &SERVICE_IDS },
        Member { name: "ResourceARNs", required: false, shape: &TRACE_RESOURCE_ARNS },
        Member { name: "InstanceIds", required: false, shape: &TRACE_INSTANCE_IDS },
        Member { name: "AvailabilityZones", required: false, shape: &TRACE_AVAILABILITY_ZONES },
        Member { name: "EntryPoint", required: false, shape: &Shape::Structure(&SERVICE_ID) },
        Member { name: "FaultRootCauses", required: false, shape: &FAULT_ROOT_CAUSES },
        Member { name: "ErrorRootCauses", required: false, shape: &ERROR_ROOT_CAUSES },
        Member { name: "ResponseTimeRootCauses", required: false, shape: &RESPONSE_TIME_ROOT_CAUSES },
        Member { name: "Revision", required: false, shape: &INTEGER },
        Member { name: "MatchedEventTime", required: false, shape: &TIMESTAMP },
    ] };

    static TRACE_SUMMARY_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&TRACE_SUMMARY) };

    pub(super) static TRACE_USER: Structure = Structure { name: "TraceUser", members: &[
        Member { name: "UserName", required: false, shape: &STRING },
        Member { name: "ServiceIds", required: false, shape: &SERVICE_IDS },
    ] };

    static TRACE_USERS: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&TRACE_USER) };

    static URL_PATH: Shape = Shape::String { length: Length { min: None, max: Some(128) }, pattern: None, values: &[] };

    pub(super) static UNPROCESSED_STATISTICS: Structure = Structure { name: "UnprocessedStatistics", members: &[
        Member { name: "RuleName", required: false, shape: &STRING },
        Member { name: "ErrorCode", required: false, shape: &STRING },
        Member { name: "Message", required: false, shape: &STRING },
    ] };

    static UNPROCESSED_STATISTICS_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&UNPROCESSED_STATISTICS) };

    static UNPROCESSED_TRACE_ID_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &TRACE_ID };

    pub(super) static UNPROCESSED_TRACE_SEGMENT: Structure = Structure { name: "UnprocessedTraceSegment", members: &[
        Member { name: "Id", required: false, shape: &STRING },
        Member { name: "ErrorCode", required: false, shape: &STRING },
        Member { name: "Message", required: false, shape: &STRING },
    ] };

    static UNPROCESSED_TRACE_SEGMENT_LIST: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&UNPROCESSED_TRACE_SEGMENT) };

    pub(super) static UNTAG_RESOURCE_REQUEST: Structure = Structure { name: "UntagResourceRequest", members: &[
        Member { name: "ResourceARN", required: true, shape: &AMAZON_RESOURCE_NAME },
        Member { name: "TagKeys", required: true, shape: &TAG_KEY_LIST },
    ] };

    pub(super) static UNTAG_RESOURCE_RESPONSE: Structure = Structure { name: "UntagResourceResponse", members: &[] };

    pub(super) static UPDATE_GROUP_REQUEST: Structure = Structure { name: "UpdateGroupRequest", members: &[
        Member { name: "GroupName", required: false, shape: &GROUP_NAME },
        Member { name: "GroupARN", required: false, shape: &GROUP_ARN },
        Member { name: "FilterExpression", required: false, shape: &FILTER_EXPRESSION },
        Member { name: "InsightsConfiguration", required: false, shape: &Shape::Structure(&INSIGHTS_CONFIGURATION) },
    ] };

    pub(super) static UPDATE_GROUP_RESULT: Structure = Structure { name: "UpdateGroupResult", members: &[
        Member { name: "Group", required: false, shape: &Shape::Structure(&GROUP) },
    ] };

    pub(super) static UPDATE_INDEXING_RULE_REQUEST: Structure = Structure { name: "UpdateIndexingRuleRequest", members: &[
        Member { name: "Name", required: true, shape: &STRING },
        Member { name: "Rule", required: true, shape: &Shape::Structure(&INDEXING_RULE_VALUE_UPDATE) },
    ] };

    pub(super) static UPDATE_INDEXING_RULE_RESULT: Structure = Structure { name: "UpdateIndexingRuleResult", members: &[
        Member { name: "IndexingRule", required: false, shape: &Shape::Structure(&INDEXING_RULE) },
    ] };

    pub(super) static UPDATE_SAMPLING_RULE_REQUEST: Structure = Structure { name: "UpdateSamplingRuleRequest", members: &[
        Member { name: "SamplingRuleUpdate", required: true, shape: &Shape::Structure(&SAMPLING_RULE_UPDATE) },
    ] };

    pub(super) static UPDATE_SAMPLING_RULE_RESULT: Structure = Structure { name: "UpdateSamplingRuleResult", members: &[
        Member { name: "SamplingRuleRecord", required: false, shape: &Shape::Structure(&SAMPLING_RULE_RECORD) },
    ] };

    pub(super) static UPDATE_TRACE_SEGMENT_DESTINATION_REQUEST: Structure = Structure { name: "UpdateTraceSegmentDestinationRequest", members: &[
        Member { name: "Destination", required: false, shape: &TRACE_SEGMENT_DESTINATION },
        Member { name: "CloudWatchLogsConfiguration", required: false, shape: &Shape::Structure(&CLOUD_WATCH_LOGS_CONFIGURATION) },
    ] };

    pub(super) static UPDATE_TRACE_SEGMENT_DESTINATION_RESULT: Structure = Structure { name: "UpdateTraceSegmentDestinationResult", members: &[
        Member { name: "Destination", required: false, shape: &TRACE_SEGMENT_DESTINATION },
        Member { name: "Status", required: false, shape: &TRACE_SEGMENT_DESTINATION_STATUS },
    ] };

    pub(super) static VALUE_WITH_SERVICE_IDS: Structure = Structure { name: "ValueWithServiceIds", members: &[
        Member { name: "AnnotationValue", required: false, shape: &Shape::Structure(&ANNOTATION_VALUE) },
        Member { name: "ServiceIds", required: false, shape: &SERVICE_IDS },
    ] };

    static VALUES_WITH_SERVICE_IDS: Shape = Shape::List { length: Length { min: None, max: None }, member: &Shape::Structure(&VALUE_WITH_SERVICE_IDS) };

    static VERSION: Shape = Shape::Integer(Range { min: Some(1.0), max: None });
}
