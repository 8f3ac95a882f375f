"""Offers requests to the official X-Ray SDK for Python, as offers.py says.

Rules come from AWS_XRAY_DAEMON_ADDRESS, and what is kept is reported there.
"""

import os
import sys

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models import http
from aws_xray_sdk.core.models.trace_header import TraceHeader
from aws_xray_sdk.ext.util import calculate_sampling_decision

import offers

NAME = os.environ["SERVICE"]
xray_recorder.configure(service=NAME)


def keep(path):
    """What the SDK's middlewares do with a request that brings no decision."""
    decision = calculate_sampling_decision(
        trace_header=TraceHeader(),
        recorder=xray_recorder,
        sampling_req={"host": "shop.example.com", "method": "GET", "path": path, "service": NAME},
    )
    segment = xray_recorder.begin_segment(NAME, sampling=decision)
    segment.put_http_meta(http.URL, f"http://shop.example.com{path}")
    segment.put_http_meta(http.METHOD, "GET")
    xray_recorder.end_segment()
    return segment.sampled


offers.run(sys.argv[1:], keep)
