"""Reports a log record and some measurements with the official OpenTelemetry SDK for Python.

Sends by OTLP over gRPC to OTLP_GRPC and over HTTP (protobuf) to OTLP_HTTP, each as a service named after its transport,
and prints the trace in whose span everything happened. Ends with 1 if anything was not acknowledged.
"""

import json
import logging
import os
import sys

from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import LogRecordExportResult, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

GRPC, HTTP = f"http://{os.environ['OTLP_GRPC']}", f"http://{os.environ['OTLP_HTTP']}"
failures = []


def watched(exporter, success):
    """The exporter, with what it could not bring remembered: the SDK only logs it."""
    export = exporter.export

    def remember(*args, **kwargs):
        result = export(*args, **kwargs)
        if result is not success:
            failures.append(f"{exporter}: {result}")
        return result

    exporter.export = remember
    return exporter


def report(service, log_exporter, metric_exporter):
    resource = Resource.create({"service.name": service, "service.instance.id": "one"})
    loggers = LoggerProvider(resource=resource)
    loggers.add_log_record_processor(SimpleLogRecordProcessor(log_exporter))
    logger = logging.getLogger(service)
    logger.addHandler(LoggingHandler(logger_provider=loggers))
    meters = MeterProvider(
        resource=resource,
        metric_readers=[PeriodicExportingMetricReader(metric_exporter, export_interval_millis=3_600_000)],
        views=[View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())],
    )
    meter = meters.get_meter("beamline-test-clients", "1.0")
    with TracerProvider(resource=resource).get_tracer("beamline-test-clients").start_as_current_span("work") as span:
        logger.error("order 17 was lost", extra={"order": 17, "items": ["a", "b"]})
        meter.create_counter("orders", unit="{order}", description="Orders taken").add(3, {"shop": "north"})
        meter.create_observable_gauge("stock", [lambda _: [Observation(7.5, {"shop": "north"})]])
        took, size = meter.create_histogram("took", unit="s"), meter.create_histogram("size", unit="By")
        for seconds in (0.004, 0.25):
            took.record(seconds)
            size.record(seconds * 1000)
        context = span.get_span_context()
    for provider in (loggers, meters):
        if not provider.force_flush():
            failures.append(f"{service}: {provider} was not flushed")
        provider.shutdown()
    print(json.dumps({"service": service, "trace": f"{context.trace_id:032x}", "span": f"{context.span_id:016x}"}))


def of(transport, logs, metrics):
    report(
        f"python-{transport}",
        watched(logs, LogRecordExportResult.SUCCESS),
        watched(metrics, MetricExportResult.SUCCESS),
    )


of("grpc", GrpcLogs(endpoint=GRPC, insecure=True), GrpcMetrics(endpoint=GRPC, insecure=True))
of("http", HttpLogs(f"{HTTP}/v1/logs"), HttpMetrics(f"{HTTP}/v1/metrics"))
if failures:
    sys.exit("\n".join(failures))
