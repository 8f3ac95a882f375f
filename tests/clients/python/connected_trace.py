"""Asserts with boto3 that one trace connects the services of all SDKs, and prints what it found.

usage: connected_trace.py ENDPOINT TRACE_ID SERVICE...        services are called KIND-LANGUAGE

The services are given in the order in which they call one another.
"""

import datetime
import json
import sys
import time

import boto3
from botocore.config import Config

endpoint, trace_id, *services = sys.argv[1:]
xray = boto3.client(
    "xray",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    config=Config(retries={"max_attempts": 0}),
)


def summaries(expression):
    now = datetime.datetime.now(datetime.timezone.utc)
    pages = xray.get_paginator("get_trace_summaries").paginate(
        StartTime=now - datetime.timedelta(minutes=10),
        EndTime=now + datetime.timedelta(minutes=1),
        TimeRangeType="Event",
        FilterExpression=expression,
    )
    return [summary for page in pages for summary in page["TraceSummaries"]]


def complete():
    """The trace, once every service has reported: exporters send on their own time."""
    for _ in range(100):
        traces = xray.batch_get_traces(TraceIds=[trace_id])["Traces"]
        documents = [json.loads(segment["Document"]) for trace in traces for segment in trace["Segments"]]
        if set(services) <= {document["name"] for document in documents}:
            return documents
        time.sleep(0.1)
    raise AssertionError(f"only {[d['name'] for d in documents]} of {services} reported")


documents = complete()
by_id, parent_of = {}, {}


def index(document, service):
    by_id[document["id"]] = service
    for child in document.get("subsegments", []):
        parent_of[child["id"]] = document["id"]
        index(child, service)


for document in documents:
    index(document, document["name"])
    if "parent_id" in document:
        parent_of[document["id"]] = document["parent_id"]

# Walk up from the last service's segment: the services met on the way are the chain, backwards.
segment = next(d for d in documents if d["name"] == services[-1])
chain, at = [segment["name"]], segment["id"]
while at in parent_of and parent_of[at] in by_id:
    at = parent_of[at]
    if by_id[at] != chain[-1]:
        chain.append(by_id[at])
assert chain[::-1] == services, f"chain is {chain[::-1]}, not {services}"

found = summaries(" AND ".join(f'service("{name}")' for name in services))
assert [s["Id"] for s in found] == [trace_id], f"search by services found {[s['Id'] for s in found]}"
# Besides them there may be what they called without an answer of its own, as the AWS calls.
silent = {s["Name"] for s in found[0]["ServiceIds"]} - set(services)
assert {name.lower() for name in silent} <= {"xray"}, found[0]["ServiceIds"]
assert set(services) <= {s["Name"] for s in found[0]["ServiceIds"]}, found[0]["ServiceIds"]
assert found[0]["EntryPoint"]["Name"] == services[0], found[0]["EntryPoint"]
for language in {name.split("-")[1] for name in services}:
    assert [s["Id"] for s in summaries(f'annotation.language = "{language}"')] == [trace_id], language
for caller, callee in zip(services, services[1:]):
    expression = f'edge("{caller}", "{callee}")'
    assert [s["Id"] for s in summaries(expression)] == [trace_id], expression
assert summaries('service("nobody")') == []

now = datetime.datetime.now(datetime.timezone.utc)
graph = xray.get_service_graph(
    StartTime=now - datetime.timedelta(minutes=10), EndTime=now + datetime.timedelta(minutes=1)
)["Services"]
names = {node["ReferenceId"]: node["Name"] for node in graph}
edges = {
    (node["Name"], names[edge["ReferenceId"]])
    for node in graph
    for edge in node["Edges"]
    if node.get("Type") != "client"
}
for caller, callee in zip(services, services[1:]):
    assert (caller, callee) in edges, f"{caller} -> {callee} is not on the map: {sorted(edges)}"

print(json.dumps({"documents": len(documents), "chain": chain[::-1], "edges": sorted(edges)}))
