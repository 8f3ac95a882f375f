"""Offers requests to the X-Ray remote sampler of the AWS distribution of OpenTelemetry for Python, as offers.py says.

Rules come from SAMPLER_ENDPOINT, every POLLING_INTERVAL seconds.
"""

import os
import sys

from amazon.opentelemetry.distro.sampler.aws_xray_remote_sampler import AwsXRayRemoteSampler
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

import offers

resource = Resource.create({"service.name": os.environ["SERVICE"]})
sampler = AwsXRayRemoteSampler(
    resource, endpoint=os.environ["SAMPLER_ENDPOINT"], polling_interval=int(os.environ["POLLING_INTERVAL"])
)
tracer = TracerProvider(resource=resource, sampler=sampler).get_tracer("beamline-test-clients")


def keep(path):
    attributes = {
        "http.method": "GET", "http.host": "shop.example.com", "http.target": path,
        "http.request.method": "GET", "url.path": path,
    }
    span = tracer.start_span("GET", context=Context(), kind=SpanKind.SERVER, attributes=attributes)
    span.end()
    return span.get_span_context().trace_flags.sampled


offers.run(sys.argv[1:], keep)
