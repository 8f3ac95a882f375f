"""Prints the documents of traces as boto3 gives them to whoever has a key: a JSON array, in the order of their ids.

usage: documents.py ENDPOINT REGION ACCESS_KEY SECRET TRACE_ID...
"""

import json
import sys

import boto3
from botocore.config import Config

endpoint, region, access_key, secret, *trace_ids = sys.argv[1:]
xray = boto3.client(
    "xray",
    endpoint_url=endpoint,
    region_name=region,
    aws_access_key_id=access_key,
    aws_secret_access_key=secret,
    config=Config(retries={"max_attempts": 0}),
)
pages = xray.get_paginator("batch_get_traces").paginate(TraceIds=trace_ids)
segments = [segment for page in pages for trace in page["Traces"] for segment in trace["Segments"]]
documents = [json.loads(segment["Document"]) for segment in segments]
print(json.dumps(sorted(documents, key=lambda document: (document["trace_id"], document["id"]))))
