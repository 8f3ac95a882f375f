"""Uses every implemented X-Ray operation through boto3, and asserts what comes back.

usage: BEAMLINE_ENDPOINT=http://127.0.0.1:2001 python aws_api.py

Leaves no rule and no group behind; the traces it writes stay.
"""

import functools
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

    def test_insights_are_listed_and_named(self):
        answer = self.xray.get_insight_summaries(**self.window, GroupName="Default")
        self.assertEqual(answer["InsightSummaries"], [])
        unknown = {"InsightId": "6f3b1c52-1b0f-5f6e-9a35-0123456789ab"}
        self.assert_fault("InvalidRequestException", "no insight", self.xray.get_insight, **unknown)
        self.assert_fault("InvalidRequestException", "no insight", self.xray.get_insight_events, **unknown)
        self.assert_fault("InvalidRequestException", "no insight", self.xray.get_insight_impact_graph, **unknown,
                          **self.window)

    def test_errors_are_typed(self):
        self.assertEqual(self.xray.get_encryption_config()["EncryptionConfig"]["Type"], "NONE")
        self.assert_fault("InvalidRequestException", "--encryption-key-file", self.xray.put_encryption_config,
                          Type="KMS", KeyId="alias/traces")
        self.assertEqual(self.xray.put_encryption_config(Type="NONE")["EncryptionConfig"]["Status"], "UPDATING")
        self.xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": time.time(), "SegmentsReceivedCount": 1}])
        self.assert_fault("InvalidRequestException", "column", self.xray.get_trace_summaries, **self.window,
                          FilterExpression="responsetime >")
        self.assert_fault("InvalidRequestException", "maximum query size: 1000", self.xray.batch_get_traces,
                          TraceIds=[self.trace_id] * 1001)

    def test_resource_policies_have_revisions(self):
        name, faults = f"p{secrets.token_hex(4)}", self.xray.exceptions
        statement = dict(Effect="Allow", Principal={"Service": "sns.amazonaws.com"}, Action="xray:PutTraceSegments",
                         Resource="*")
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        put = functools.partial(self.xray.put_resource_policy, PolicyName=name)
        policy = put(PolicyDocument=document, PolicyRevisionId="0")["ResourcePolicy"]
        try:
            self.assertEqual((policy["PolicyDocument"], policy["PolicyRevisionId"]), (document, "1"))
            self.assertEqual(put(PolicyDocument=document)["ResourcePolicy"]["PolicyRevisionId"], "2")
            listed = self.xray.list_resource_policies()["ResourcePolicies"]
            self.assertEqual([one["PolicyRevisionId"] for one in listed if one["PolicyName"] == name], ["2"])
            denied = json.dumps({"Statement": [{**statement, "Effect": "Deny", "Principal": "*", "Action": "*"}]})
            for error, arguments in [
                (faults.InvalidPolicyRevisionIdException, dict(PolicyDocument=document, PolicyRevisionId="0")),
                (faults.MalformedPolicyDocumentException, dict(PolicyDocument="{}")),
                (faults.PolicySizeLimitExceededException, dict(PolicyDocument=document + " " * 5120)),
                (faults.LockoutPreventionException, dict(PolicyDocument=denied)),
            ]:
                with self.assertRaises(error):
                    put(**arguments)
        finally:
            self.xray.delete_resource_policy(PolicyName=name)

    def test_where_segments_go_and_what_is_indexed_can_be_chosen(self):
        changed = self.xray.update_trace_segment_destination(Destination="CloudWatchLogs")
        self.assertEqual((changed["Destination"], changed["Status"]), ("CloudWatchLogs", "PENDING"))
        active = self.xray.get_trace_segment_destination()
        self.assertEqual((active["Destination"], active["Status"]), ("CloudWatchLogs", "ACTIVE"))
        self.xray.update_trace_segment_destination(Destination="XRay")
        wish = {"Probabilistic": {"DesiredSamplingPercentage": 5}}
        self.xray.update_indexing_rule(Name="Default", Rule=wish)
        rule, = self.xray.get_indexing_rules()["IndexingRules"]
        self.assertEqual(rule["Rule"]["Probabilistic"]["DesiredSamplingPercentage"], 5)
        with self.assertRaises(self.xray.exceptions.ResourceNotFoundException):
            self.xray.update_indexing_rule(Name="other", Rule=wish)

    def test_traces_are_retrieved(self):
        token = self.xray.start_trace_retrieval(TraceIds=[self.trace_id], **self.window)["RetrievalToken"]
        retrieved = self.xray.list_retrieved_traces(RetrievalToken=token)
        self.assertEqual((retrieved["RetrievalStatus"], retrieved["TraceFormat"]), ("COMPLETE", "XRAY"))
        trace, = retrieved["Traces"]
        self.assertIn(self.segment, [json.loads(span["Document"]) for span in trace["Spans"]])
        spans = self.xray.list_retrieved_traces(RetrievalToken=token, TraceFormat="OTEL")["Traces"][0]["Spans"]
        names = [json.loads(span["Document"])["name"] for span in spans]
        self.assertEqual(names, [self.service, "DynamoDB"])
        graph = self.xray.get_retrieved_traces_graph(RetrievalToken=token)["Services"]
        self.assertIn("orders", [one["Service"]["Name"] for one in graph])
        self.xray.cancel_trace_retrieval(RetrievalToken=token)
        self.assertEqual(self.xray.list_retrieved_traces(RetrievalToken=token)["RetrievalStatus"], "CANCELLED")
        with self.assertRaises(self.xray.exceptions.ResourceNotFoundException):
            self.xray.list_retrieved_traces(RetrievalToken="nobody")


class Paginators(unittest.TestCase):
    """Every list that the SDK reads in pages, from the first to the last."""

    GROUPS, TRACES = 120, 1000

    @classmethod
    def setUpClass(cls):
        cls.xray = client()
        # Two hours ago, where nothing else is.
        start = int(time.time()) - 7200
        cls.window = {"StartTime": start - 60, "EndTime": start + 60}
        cls.ids = [f"1-{start:08x}-{secrets.token_hex(12)}" for _ in range(cls.TRACES)]
        documents = [json.dumps(entity(name=f"service-{place}", trace_id=trace, start_time=start, end_time=start + 1))
                     for place, trace in enumerate(cls.ids)]
        cls.xray.put_trace_segments(TraceSegmentDocuments=documents)
        cls.groups = [f"page-{secrets.token_hex(4)}" for _ in range(cls.GROUPS)]
        arns = [cls.xray.create_group(GroupName=group)["Group"]["GroupARN"] for group in cls.groups]
        cls.arn = arns[0]
        cls.xray.tag_resource(ResourceARN=cls.arn, Tags=[{"Key": f"k{key:02}", "Value": ""} for key in range(50)])

    @classmethod
    def tearDownClass(cls):
        for group in cls.groups:
            cls.xray.delete_group(GroupName=group)

    def read(self, operation, member, identity, **arguments):
        """What is on all pages together, and on how many; nothing may be there twice."""
        pages = list(self.xray.get_paginator(operation).paginate(**arguments))
        rows = [identity(row) for page in pages for row in page[member]]
        self.assertEqual(len(rows), len(set(rows)), operation)
        return rows, len(pages)

    def test_all_pages_together_are_everything_once(self):
        day = {"StartTime": self.window["EndTime"] - 86400, "EndTime": self.window["EndTime"]}
        read = {}
        for operation, member, identity, arguments in [
            ("batch_get_traces", "Traces", lambda row: row["Id"], dict(TraceIds=self.ids)),
            ("get_groups", "Groups", lambda row: row["GroupName"], {}),
            ("get_sampling_rules", "SamplingRuleRecords", lambda row: row["SamplingRule"]["RuleName"], {}),
            ("get_sampling_statistic_summaries", "SamplingStatisticSummaries",
             lambda row: (row["RuleName"], row["Timestamp"]), {}),
            ("get_service_graph", "Services", lambda row: row["ReferenceId"], self.window),
            ("get_time_series_service_statistics", "TimeSeriesServiceStatistics", lambda row: row["Timestamp"], day),
            ("get_trace_graph", "Services", lambda row: row["ReferenceId"], dict(TraceIds=self.ids)),
            ("get_trace_summaries", "TraceSummaries", lambda row: row["Id"], self.window),
            ("list_resource_policies", "ResourcePolicies", lambda row: row["PolicyName"], {}),
            ("list_tags_for_resource", "Tags", lambda row: row["Key"], dict(ResourceARN=self.arn)),
        ]:
            read[operation] = self.read(operation, member, identity, **arguments)
        paginated = {operation for operation in self.xray.meta.method_to_api_mapping if self.xray.can_paginate(operation)}
        self.assertEqual(set(read), paginated)

        self.assertEqual(read["batch_get_traces"], (self.ids, 1))
        self.assertGreaterEqual(read["get_trace_summaries"][1], 10)
        self.assertEqual(set(read["get_trace_summaries"][0]), set(self.ids))
        self.assertLessEqual({"Default", *self.groups}, set(read["get_groups"][0]))
        self.assertGreaterEqual(read["get_groups"][1], 2)
        for graph in ("get_service_graph", "get_trace_graph"):
            # Each service has a client.
            self.assertEqual(read[graph], (list(range(2 * self.TRACES)), 2), graph)
        self.assertGreaterEqual(read["get_time_series_service_statistics"][1], 2)
        self.assertEqual(len(read["list_tags_for_resource"][0]), 50)
        self.assertIn("Default", read["get_sampling_rules"][0])


if __name__ == "__main__":
    if "BEAMLINE_ENDPOINT" not in os.environ:
        sys.exit("BEAMLINE_ENDPOINT is not set")
    unittest.main()
