"""Uses every implemented X-Ray operation through boto3, and asserts what comes back.

usage: BEAMLINE_ENDPOINT=http://127.0.0.1:2001 python aws_api.py

Leaves no rule and no group behind; the traces it writes stay.
"""

import json
import os
import secrets
import sys
import time
import unittest

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError


def client(**config):
    return boto3.client(
        "xray",
        endpoint_url=os.environ["BEAMLINE_ENDPOINT"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}, **config),
    )


def entity(**more):
    return {"id": secrets.token_hex(8), **more}


class XRay(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.xray = client()
        cls.start = time.time() - 5
        cls.service = f"shop-{secrets.token_hex(4)}"
        cls.trace_id = f"1-{int(cls.start):08x}-{secrets.token_hex(12)}"
        call = entity(name="DynamoDB", namespace="aws", start_time=cls.start + 0.1, end_time=cls.start + 0.4, fault=True,
                      aws={"operation": "GetItem", "table_name": "orders"})
        cls.segment = entity(
            name=cls.service, trace_id=cls.trace_id, start_time=cls.start, end_time=cls.start + 0.5, fault=True,
            http={"request": {"method": "GET", "url": "http://shop.example.com/"}, "response": {"status": 500}},
            annotations={"tier": "gold"}, subsegments=[call],
        )
        answer = cls.xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(cls.segment), "{}"])
        cls.unprocessed = answer["UnprocessedTraceSegments"]
        cls.window = {"StartTime": cls.start - 60, "EndTime": cls.start + 60}

    def assert_fault(self, code, part, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code)
        self.assertIn(part, error["Message"])
        self.assertTrue(caught.exception.response["ResponseMetadata"]["RequestId"])

    def test_only_the_broken_document_is_unprocessed(self):
        self.assertEqual(len(self.unprocessed), 1)
        self.assertIn("ErrorCode", self.unprocessed[0])

    def test_summaries_are_found_by_filter_and_end(self):
        pages = self.xray.get_paginator("get_trace_summaries").paginate(
            **self.window, FilterExpression=f'service("{self.service}") {{ fault }} AND annotation.tier = "gold"')
        summaries = [summary for page in pages for summary in page["TraceSummaries"]]
        self.assertEqual([summary["Id"] for summary in summaries], [self.trace_id])
        summary = summaries[0]
        self.assertTrue(summary["HasFault"])
        self.assertEqual(summary["Http"]["HttpStatus"], 500)
        self.assertEqual(summary["EntryPoint"]["Name"], self.service)
        self.assertAlmostEqual(summary["ResponseTime"], 0.5, places=3)
        chain = [service["Name"] for service in summary["FaultRootCauses"][0]["Services"]]
        self.assertEqual(chain, [self.service, "orders"])

    def test_documents_come_back_as_sent(self):
        absent = "1-00000001-" + "a" * 24
        answer = self.xray.batch_get_traces(TraceIds=[self.trace_id, absent])
        documents = [json.loads(segment["Document"]) for segment in answer["Traces"][0]["Segments"]]
        self.assertIn(self.segment, documents)
        self.assertEqual(answer["UnprocessedTraceIds"], [absent])

    def test_graphs_have_the_service_and_what_it_calls(self):
        for services in (
            [one for page in self.xray.get_paginator("get_service_graph").paginate(**self.window)
             for one in page["Services"]],
            self.xray.get_trace_graph(TraceIds=[self.trace_id])["Services"],
        ):
            by_id = {service["ReferenceId"]: service for service in services}
            self.assertEqual(sorted(by_id), list(range(len(services))))
            shop = next(one for one in services if one["Name"] == self.service and one["Type"] != "client")
            self.assertEqual(shop["SummaryStatistics"]["FaultStatistics"]["TotalCount"], 1)
            self.assertEqual([by_id[edge["ReferenceId"]]["Name"] for edge in shop["Edges"]], ["orders"])

    def test_time_series_count_the_service(self):
        answer = self.xray.get_time_series_service_statistics(
            **self.window, EntitySelectorExpression=f'service("{self.service}")', Period=60)
        points = answer["TimeSeriesServiceStatistics"]
        self.assertEqual(sum(point["ServiceSummaryStatistics"]["TotalCount"] for point in points), 1)

    def test_sampling_rules_live_and_are_polled_unsigned(self):
        name = f"r{secrets.token_hex(4)}"
        rule = dict(RuleName=name, ResourceARN="*", Priority=9, FixedRate=0.25, ReservoirSize=3, ServiceName="*",
                    ServiceType="*", Host="*", HTTPMethod="*", URLPath="/a", Version=1)
        created = self.xray.create_sampling_rule(SamplingRule=rule)["SamplingRuleRecord"]["SamplingRule"]
        try:
            self.assertEqual({key: created[key] for key in rule}, rule)
            poller = client(signature_version=UNSIGNED)
            records = poller.get_sampling_rules()["SamplingRuleRecords"]
            rules = {record["SamplingRule"]["RuleName"]: record["SamplingRule"] for record in records}
            self.assertEqual(rules[name]["Attributes"], {})
            self.assertEqual(rules["Default"]["Priority"], 10000)
            granted = poller.get_sampling_targets(SamplingStatisticsDocuments=[
                dict(RuleName=name, ClientID=secrets.token_hex(12), Timestamp=time.time(), RequestCount=10,
                     SampledCount=3, BorrowCount=1)])
            target = granted["SamplingTargetDocuments"][0]
            self.assertEqual((target["RuleName"], target["FixedRate"]), (name, 0.25))
            self.assertLessEqual(target["ReservoirQuota"], 3)
            self.assertLessEqual(abs(time.time() - granted["LastRuleModification"].timestamp()), 60)
            rows = self.xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]
            self.assertEqual(sum(row["RequestCount"] for row in rows if row["RuleName"] == name), 10)
            update = dict(RuleARN=created["RuleARN"], FixedRate=0.5)
            updated = self.xray.update_sampling_rule(SamplingRuleUpdate=update)["SamplingRuleRecord"]
            self.assertEqual(updated["SamplingRule"]["FixedRate"], 0.5)
            self.assert_fault("InvalidRequestException", name, self.xray.create_sampling_rule, SamplingRule=rule)
        finally:
            self.xray.delete_sampling_rule(RuleName=name)
        self.assert_fault("InvalidRequestException", name, self.xray.delete_sampling_rule, RuleName=name)

    def test_groups_and_tags(self):
        name = f"g{secrets.token_hex(4)}"
        group = self.xray.create_group(GroupName=name, FilterExpression="fault")["Group"]
        try:
            names = [one["GroupName"] for page in self.xray.get_paginator("get_groups").paginate()
                     for one in page["Groups"]]
            self.assertIn(name, names)
            self.assertIn("Default", names)
            arn = group["GroupARN"]
            self.xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
            self.assertEqual(self.xray.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "a", "Value": "b"}])
            self.xray.untag_resource(ResourceARN=arn, TagKeys=["a"])
            self.assertEqual(self.xray.get_service_graph(**self.window, GroupARN=arn)["ContainsOldGroupVersions"], False)
            self.xray.update_group(GroupName=name, FilterExpression="error")
            self.assertEqual(self.xray.get_group(GroupName=name)["Group"]["FilterExpression"], "error")
        finally:
            self.xray.delete_group(GroupName=name)
        with self.assertRaises(self.xray.exceptions.InvalidRequestException):
            self.xray.get_group(GroupName=name)
        with self.assertRaises(self.xray.exceptions.ResourceNotFoundException):
            self.xray.list_tags_for_resource(ResourceARN=group["GroupARN"])

    def test_errors_are_typed(self):
        self.assertEqual(self.xray.get_encryption_config()["EncryptionConfig"]["Type"], "NONE")
        self.xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": time.time(), "SegmentsReceivedCount": 1}])
        self.assert_fault("InvalidRequestException", "column", self.xray.get_trace_summaries, **self.window,
                          FilterExpression="responsetime >")
        self.assert_fault("InvalidRequestException", "maximum query size: 5", self.xray.batch_get_traces,
                          TraceIds=[self.trace_id] * 6)
        self.assert_fault("NotImplementedException", "PutResourcePolicy", self.xray.put_resource_policy,
                          PolicyName="p", PolicyDocument="{}")


if __name__ == "__main__":
    if "BEAMLINE_ENDPOINT" not in os.environ:
        sys.exit("BEAMLINE_ENDPOINT is not set")
    unittest.main()
