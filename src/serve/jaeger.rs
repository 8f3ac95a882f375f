//! Sampling rules for clients that ask Jaeger's way: `GET /api/sampling?service=NAME`, the older `/sampling`, and gRPC
//! `jaeger.api_v2.SamplingManager`. What rules mean to them is `model::sampling::jaeger`'s business.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use beamline_collector::sample::{Rules, RulesError};
use beamline_model::sampling::jaeger::{Base, Strategy, strategy};
use beamline_proto::jaeger as pb;
use beamline_proto::jaeger::sampling_manager_server::SamplingManager;
use beamline_store::api::Account;
use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use tracing::error;

/// Answers from the rules of one account: Jaeger's clients do not say whose they are.
#[derive(Clone)]
pub(super) struct Jaeger {
    rules: Arc<Rules>,
    account: Account,
}

impl Jaeger {
    pub(super) fn new(rules: Arc<Rules>, account: Account) -> Self {
        Self { rules, account }
    }

    /// The paths that are served over HTTP.
    pub(super) fn routes(self) -> Router {
        Router::new()
            .route("/api/sampling", get(sampling))
            .route("/sampling", get(sampling))
            .with_state(self)
    }

    fn strategy(&self, service: &str) -> Result<pb::SamplingStrategyResponse, RulesError> {
        let (rules, _) = self.rules.set(self.account)?;
        Ok(message(&strategy(rules.iter(), service)))
    }
}

#[tonic::async_trait]
impl SamplingManager for Jaeger {
    async fn get_sampling_strategy(
        &self,
        request: tonic::Request<pb::SamplingStrategyParameters>,
    ) -> Result<tonic::Response<pb::SamplingStrategyResponse>, tonic::Status> {
        match self.strategy(&request.get_ref().service_name) {
            Ok(strategy) => Ok(tonic::Response::new(strategy)),
            Err(failed) => {
                error!("reading sampling rules: {failed}");
                Err(tonic::Status::unavailable("the sampling rules cannot be read"))
            }
        }
    }
}

/// Failures are answered in plain text, as Jaeger does.
async fn sampling(State(jaeger): State<Jaeger>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut services = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "service");
    let (Some((_, service)), None) = (services.next(), services.next()) else {
        let message = "'service' parameter must be provided once\n";
        return (StatusCode::BAD_REQUEST, message).into_response();
    };
    match jaeger.strategy(&service) {
        Ok(strategy) => (
            [(header::CONTENT_TYPE, "application/json")],
            json(&strategy).to_string(),
        )
            .into_response(),
        Err(failed) => {
            error!("reading sampling rules: {failed}");
            (StatusCode::INTERNAL_SERVER_ERROR, "the sampling rules cannot be read\n").into_response()
        }
    }
}

/// Operations come beside the strategy for everything, since some clients look at only one of the two.
fn message(strategy: &Strategy) -> pb::SamplingStrategyResponse {
    let share = |share| pb::ProbabilisticSamplingStrategy { sampling_rate: share };
    let operations = strategy.operations.iter();
    let operations = operations.map(|(operation, rate)| pb::OperationSamplingStrategy {
        operation: operation.clone(),
        probabilistic_sampling: Some(share(*rate)),
    });
    let operation_sampling = pb::PerOperationSamplingStrategies {
        default_sampling_probability: strategy.base.share(),
        per_operation_strategies: operations.collect(),
        ..pb::PerOperationSamplingStrategies::default()
    };
    let has_operations = !strategy.operations.is_empty();
    let base = match strategy.base {
        Base::Share(rate) => pb::SamplingStrategyResponse {
            strategy_type: pb::SamplingStrategyType::Probabilistic.into(),
            probabilistic_sampling: Some(share(rate)),
            ..pb::SamplingStrategyResponse::default()
        },
        Base::PerSecond(traces) => pb::SamplingStrategyResponse {
            strategy_type: pb::SamplingStrategyType::RateLimiting.into(),
            rate_limiting_sampling: Some(pb::RateLimitingSamplingStrategy {
                max_traces_per_second: i32::try_from(traces).unwrap_or(i32::MAX),
            }),
            ..pb::SamplingStrategyResponse::default()
        },
    };
    pb::SamplingStrategyResponse {
        operation_sampling: has_operations.then_some(operation_sampling),
        ..base
    }
}

/// As Jaeger's own server writes it: every field but strategies that are not there, the type by its name, and numbers
/// without needless digits.
fn json(strategy: &pb::SamplingStrategyResponse) -> Value {
    let share = |it: &pb::ProbabilisticSamplingStrategy| json!({"samplingRate": number(it.sampling_rate)});
    let mut json = Map::new();
    json.insert("strategyType".to_owned(), strategy.strategy_type().as_str_name().into());
    if let Some(probabilistic) = &strategy.probabilistic_sampling {
        json.insert("probabilisticSampling".to_owned(), share(probabilistic));
    }
    if let Some(limit) = &strategy.rate_limiting_sampling {
        let limit = json!({"maxTracesPerSecond": limit.max_traces_per_second});
        json.insert("rateLimitingSampling".to_owned(), limit);
    }
    if let Some(all) = &strategy.operation_sampling {
        let operations = all.per_operation_strategies.iter();
        let operations = operations.map(|it| {
            let sampling = it.probabilistic_sampling.as_ref().map(share);
            json!({"operation": it.operation, "probabilisticSampling": sampling})
        });
        let sampling = json!({
            "defaultSamplingProbability": number(all.default_sampling_probability),
            "defaultLowerBoundTracesPerSecond": number(all.default_lower_bound_traces_per_second),
            "perOperationStrategies": operations.collect::<Vec<_>>(),
            "defaultUpperBoundTracesPerSecond": number(all.default_upper_bound_traces_per_second),
        });
        json.insert("operationSampling".to_owned(), sampling);
    }
    Value::Object(json)
}

/// `0` and `1` rather than `0.0` and `1.0`.
fn number(number: f64) -> Value {
    if number == number.trunc() && number.abs() < 1e15 {
        json!(number as i64)
    } else {
        json!(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: Base, operations: &[(&str, f64)], expected: &str) {
        let operations = operations
            .iter()
            .map(|&(name, share)| (name.to_owned(), share))
            .collect();
        assert_eq!(json(&message(&Strategy { base, operations })).to_string(), expected);
    }

    #[test]
    fn answers_are_spelled_as_jaeger_spells_them() {
        check(
            Base::Share(0.42),
            &[],
            r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.42}}"#,
        );
        check(
            Base::Share(0.0),
            &[],
            r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0}}"#,
        );
        check(
            Base::PerSecond(42),
            &[],
            r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":42}}"#,
        );
        check(
            Base::Share(0.42),
            &[("GET /foo", 1.0)],
            concat!(
                r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.42},"operationSampling":"#,
                r#"{"defaultSamplingProbability":0.42,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":"#,
                r#"[{"operation":"GET /foo","probabilisticSampling":{"samplingRate":1}}],"#,
                r#""defaultUpperBoundTracesPerSecond":0}}"#,
            ),
        );
    }
}
