"""Calls a server that wants signatures, with boto3 and with a request presigned by hand, rightly and wrongly.

usage: BEAMLINE_ENDPOINT=http://127.0.0.1:2001 python signed_calls.py ACCESS_KEY SECRET ACCOUNT
"""

import datetime
import hashlib
import hmac
import json
import os
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore.auth
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["BEAMLINE_ENDPOINT"]
ACCESS_KEY, SECRET, ACCOUNT = sys.argv[1:4]
REGION = "eu-west-1"


def client(access_key=ACCESS_KEY, secret=SECRET, token=None):
    return boto3.client(
        "xray",
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 0}),
    )


def presigned(body, path="/Groups", expires=60, secret=SECRET):
    """The URL of a presigned POST, made from the description in the IAM user guide and from nothing of botocore."""
    now = datetime.datetime.now(datetime.timezone.utc)
    moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    host = urllib.parse.urlsplit(ENDPOINT).netloc
    scope = f"{day}/{REGION}/xray/aws4_request"
    query = urllib.parse.urlencode(
        sorted(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"{ACCESS_KEY}/{scope}",
                "X-Amz-Date": moment,
                "X-Amz-Expires": str(expires),
                "X-Amz-SignedHeaders": "host",
            }.items()
        ),
        quote_via=urllib.parse.quote,
        safe="-_.~",
    )
    payload = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n{path}\n{query}\nhost:{host}\n\nhost\n{payload}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (day, REGION, "xray", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ENDPOINT}{path}?{query}&X-Amz-Signature={signature}"


def post(url, body=b"{}"):
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class Signed(unittest.TestCase):
    def assert_refused(self, code, part, xray):
        with self.assertRaises(ClientError) as caught:
            xray.get_groups()
        answer = caught.exception.response
        self.assertEqual((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]), (code, 403))
        self.assertIn(part, answer["Error"]["Message"])

    def test_the_right_key_is_let_in_and_belongs_to_its_account(self):
        arn = f"arn:aws:xray:{REGION}:{ACCOUNT}:group/Default"
        for token in (None, "a/session+token=="):
            self.assertEqual(client(token=token).get_groups()["Groups"][0]["GroupARN"], arn)
        answer = client().put_trace_segments(TraceSegmentDocuments=["{}", "\u1234 " * 1000])
        self.assertEqual(len(answer["UnprocessedTraceSegments"]), 2)

    def test_a_wrong_secret_is_refused(self):
        self.assert_refused("InvalidSignatureException", "does not match the signature", client(secret="wrong"))

    def test_an_unknown_key_is_refused(self):
        self.assert_refused("UnrecognizedClientException", "security token", client(access_key="AKIDUNKNOWN"))

    def test_clocks_that_are_wrong_are_refused_with_the_right_time(self):
        right = botocore.auth.get_current_datetime
        for minutes, part in ((-6, "Signature expired: "), (6, "Signature not yet current: ")):
            off = datetime.timedelta(minutes=minutes)
            botocore.auth.get_current_datetime = lambda *args, **more: right(*args, **more) + off
            try:
                self.assert_refused("InvalidSignatureException", part, client())
            finally:
                botocore.auth.get_current_datetime = right

    def test_a_request_presigned_by_hand_is_let_in(self):
        status, answer = post(presigned(b"{}"))
        self.assertEqual(status, 200, answer)
        self.assertIn(f":{ACCOUNT}:", answer["Groups"][0]["GroupARN"])

    def test_a_presigned_request_is_good_for_itself_only(self):
        for url, body in (
            (presigned(b"{}"), b'{"NextToken":null}'),
            (presigned(b"{}").replace("/Groups?", "/GetSamplingRules?"), b"{}"),
            (presigned(b"{}").replace("X-Amz-Expires=60", "X-Amz-Expires=600"), b"{}"),
            (presigned(b"{}", secret="wrong"), b"{}"),
        ):
            status, answer = post(url, body)
            self.assertEqual((status, answer["__type"]), (403, "InvalidSignatureException"), url)

    def test_no_signature_is_refused(self):
        status, answer = post(f"{ENDPOINT}/Groups")
        self.assertEqual((status, answer["__type"]), (403, "MissingAuthenticationTokenException"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
