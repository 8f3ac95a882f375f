"""One web service instrumented with the official X-Ray SDK for Python.

Listens on a free port and prints it. Each request becomes a segment with an annotation, a local subsegment and, when
NEXT is set, a traced HTTP call to the next service. Reports to AWS_XRAY_DAEMON_ADDRESS.
"""

import json
import os
import signal
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aws_xray_sdk.core import patch, xray_recorder
from aws_xray_sdk.core.models import http as xray_http
from aws_xray_sdk.ext.util import calculate_sampling_decision, construct_xray_header, prepare_response_header
import requests

NAME = os.environ["SERVICE"]
NEXT = os.environ.get("NEXT")
xray_recorder.configure(service=NAME, context_missing="LOG_ERROR", streaming_threshold=0)
patch(["requests"])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        header = construct_xray_header(self.headers)
        decision = calculate_sampling_decision(
            trace_header=header,
            recorder=xray_recorder,
            sampling_req={"host": self.headers.get("Host"), "method": "GET", "path": self.path, "service": NAME},
        )
        segment = xray_recorder.begin_segment(
            NAME, traceid=header.root, parent_id=header.parent, sampling=decision
        )
        segment.save_origin_trace_header(header)
        segment.put_http_meta(xray_http.URL, f"http://{self.headers.get('Host')}{self.path}")
        segment.put_http_meta(xray_http.METHOD, "GET")
        segment.put_annotation("language", "python")
        segment.set_user("alice")
        with xray_recorder.in_subsegment("price") as subsegment:
            subsegment.put_metadata("cart", {"items": [1, 2, 3]})
        downstream = requests.get(NEXT, timeout=10).json() if NEXT else None
        status = 500 if "fail" in urllib.parse.urlparse(self.path).query else 200
        body = json.dumps({"service": NAME, "downstream": downstream}).encode()
        segment.put_http_meta(xray_http.STATUS, status)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Amzn-Trace-Id", prepare_response_header(header, segment))
        self.end_headers()
        self.wfile.write(body)
        xray_recorder.end_segment()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
