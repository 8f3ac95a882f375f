"""All signals of the official OpenTelemetry SDK for Python, about one request.

A span in a span, a log in the inner one by the standard library's logging, and a histogram with an exemplar measured in
it. Reports by OTLP over gRPC to OTEL_EXPORTER_OTLP_ENDPOINT, and prints the ids it used as JSON when all is sent.
"""

import json
import logging

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider, TraceBasedExemplarFilter
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

resource = Resource.create({"service.name": "joined-python", "service.instance.id": "joined-1"})
traces = TracerProvider(resource=resource)
traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
logs = LoggerProvider(resource=resource)
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
metrics = MeterProvider(
    resource=resource,
    metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())],
    exemplar_filter=TraceBasedExemplarFilter(),
)
logger = logging.getLogger("signals")
logger.addHandler(LoggingHandler(logger_provider=logs))
logger.setLevel(logging.INFO)
tracer = traces.get_tracer("beamline-test-clients")
duration = metrics.get_meter("beamline-test-clients").create_histogram("http.server.request.duration", unit="s")

with tracer.start_as_current_span("GET /orders", kind=SpanKind.SERVER) as outer:
    with tracer.start_as_current_span("look up order") as inner:
        logger.error("order o-17 is not there")
        duration.record(0.25, {"http.route": "/orders"})
    logger.info("answered")
logger.warning("nobody asked for this")

for provider in (traces, logs, metrics):
    assert provider.force_flush()
for provider in (traces, logs, metrics):
    provider.shutdown()
ids = {name: f"{span.get_span_context().span_id:016x}" for name, span in (("outer", outer), ("inner", inner))}
print(json.dumps({"trace": f"{outer.get_span_context().trace_id:032x}", **ids}))
