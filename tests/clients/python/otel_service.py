"""One web service instrumented with the official OpenTelemetry SDK for Python.

Listens on a free port and prints it. Takes its context from X-Amzn-Trace-Id or traceparent, and hands it on in the
X-Ray header, so that services of both kinds can stand on either side. Reports by OTLP over gRPC to
OTEL_EXPORTER_OTLP_ENDPOINT, and the same to SECOND_OTLP_ENDPOINT if that is set.
"""

import json
import os
import signal
import sys
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.extension.aws.trace import AwsXRayIdGenerator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

NAME = os.environ["SERVICE"]
NEXT = os.environ.get("NEXT")
provider = TracerProvider(
    resource=Resource.create({"service.name": NAME, "deployment.environment.name": "test"}),
    id_generator=AwsXRayIdGenerator(),
)
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
if second := os.environ.get("SECOND_OTLP_ENDPOINT"):
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=second)))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("beamline-test-clients", "1.0")
propagator = AwsXRayPropagator()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        context = propagator.extract({key.title(): value for key, value in self.headers.items()})
        with tracer.start_as_current_span(
            f"GET {self.path}",
            context=context,
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": "GET",
                "url.scheme": "http",
                "url.path": urllib.parse.urlparse(self.path).path,
                "server.address": "127.0.0.1",
                "language": "python",
            },
        ) as span:
            with tracer.start_as_current_span("look up stock") as lookup:
                lookup.add_event("cache miss", {"key": "sku-17"})
            downstream = call(NEXT) if NEXT else None
            status = 500 if "fail" in urllib.parse.urlparse(self.path).query else 200
            span.set_attribute("http.response.status_code", status)
            if status == 500:
                span.record_exception(RuntimeError("out of stock"))
                span.set_status(Status(StatusCode.ERROR, "out of stock"))
            body = json.dumps({"service": NAME, "downstream": downstream}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def call(url):
    with tracer.start_as_current_span(
        "GET", kind=SpanKind.CLIENT, attributes={"http.request.method": "GET", "url.full": url}
    ) as span:
        headers = {}
        propagator.inject(headers)
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as response:
            span.set_attribute("http.response.status_code", response.status)
            return json.load(response)


def stop(*_):
    provider.shutdown()
    sys.exit(0)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
signal.signal(signal.SIGTERM, stop)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
