"""Waits with boto3 for the insight that begins at a moment, asserts all that X-Ray tells of it, and prints its id.

usage: BEAMLINE_ENDPOINT=http://127.0.0.1:2001 python insights.py START
"""

import json
import os
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

start = int(sys.argv[1])
began = time.monotonic()
xray = boto3.client(
    "xray",
    endpoint_url=os.environ["BEAMLINE_ENDPOINT"],
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    config=Config(retries={"max_attempts": 0}),
)
window = {"StartTime": start - 600, "EndTime": start + 1800}


def closed():
    """The insight, once all of its data was judged."""
    for _ in range(600):
        found = xray.get_insight_summaries(GroupName="Default", States=["CLOSED"], **window)["InsightSummaries"]
        if found and found[0]["ClientRequestImpactStatistics"]["TotalCount"] == 50:
            return found
        time.sleep(0.1)
    raise AssertionError(f"no insight was found, or not all of it: {found}")


found = closed()
waited = time.monotonic() - began
assert len(found) == 1, found
summary = found[0]
assert int(summary["StartTime"].timestamp()) == start, summary
assert int(summary["EndTime"].timestamp()) == start + 300, summary
assert summary["RootCauseServiceId"]["Name"] == "cart", summary
assert summary["Categories"] == ["FAULT"], summary
assert summary["Summary"].split(".")[1], summary
assert [one["ServiceId"]["Name"] for one in summary["TopAnomalousServices"]] == ["cart", "web"], summary
impact = {"FaultCount": 40, "OkCount": 10, "TotalCount": 50}
assert summary["ClientRequestImpactStatistics"] == impact, summary
assert summary["RootCauseServiceRequestImpactStatistics"] == impact, summary

named = {"InsightId": summary["InsightId"]}
insight = xray.get_insight(**named)["Insight"]
assert {key: summary[key] for key in insight} == insight, insight
events = xray.get_insight_events(**named, MaxResults=50)["InsightEvents"]
assert events and events[-1]["ClientRequestImpactStatistics"] == impact, events
graph = xray.get_insight_impact_graph(**named, **window)
names = [(one["Name"], one["Type"], [edge["ReferenceId"] for edge in one["Edges"]]) for one in graph["Services"]]
assert names == [("cart", "", []), ("web", "", [0]), ("web", "client", [1])], names

points = xray.get_time_series_service_statistics(
    **window, EntitySelectorExpression='id(name: "cart")', ForecastStatistics=True)["TimeSeriesServiceStatistics"]
for point in points:
    faults = point["ServiceSummaryStatistics"]["FaultStatistics"]["TotalCount"]
    unusual = faults > point["ServiceForecastStatistics"]["FaultCountHigh"]
    assert unusual == (start <= point["Timestamp"].timestamp() < start + 300), point

try:
    xray.get_insight(InsightId="00000000-0000-5000-8000-000000000000")
    raise AssertionError("there is no such insight")
except ClientError as error:
    assert error.response["Error"]["Code"] == "InvalidRequestException", error

print(json.dumps({"id": summary["InsightId"], "waited": waited}))
