#!/usr/bin/env python3
"""Checks simulated-dis from outside: errors, paging, cursors, quirks, faults, tokens, load.

Usage: check.py PATH-OF-SIMULATED-DIS [unittest options]
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from urllib.parse import quote, urlencode, urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "common"))
from simulation import DOMAIN, PASSWORD, PROJECT, USER, simulation

PROGRAM = None
CHECKPOINT = {"app_name": "a", "stream_name": "s", "partition_id": "0",
              "checkpoint_type": "LAST_READ", "sequence_number": "5"}


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()

    def json(self):
        return json.loads(self.body)

    def code(self):
        return self.json().get("errorCode") or self.json().get("error_code")


class Case(unittest.TestCase):
    options = ["--auth", "none"]
    quirks = {"commit_range": "any"}

    def setUp(self):
        self.running = simulation(PROGRAM, *self.options)
        self.server = self.running.__enter__()
        self.address = urlsplit(self.server.url).netloc
        if self.quirks:
            self.server.control("POST", "quirk", **self.quirks)
        self.server.control("POST", "app", name="a")
        self.server.control("POST", "stream", name="s", partitions=3, earliest=10, latest=20)

    def tearDown(self):
        self.running.__exit__(None, None, None)

    def ask(self, method, path, body=None, headers=None, connection=None, **query):
        if not connection:
            connection = http.client.HTTPConnection(self.address, timeout=10)
            self.addCleanup(connection.close)
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        target = f"/v2/{PROJECT}{path}" if not path.startswith("/v3") else path
        query = {name.replace("__", "-"): value for name, value in query.items()}
        target += "?" + urlencode(query) if query else ""
        connection.request(method, target, body, headers)
        return Answer(connection.getresponse())

    def refused(self, code, *arguments, status=400, **query):
        answer = self.ask(*arguments, **query)
        self.assertEqual((answer.status, answer.code()), (status, code), answer.body)
        return answer.json()["message"]

    def show(self, app="a", stream="s", partition="0"):
        return self.ask("GET", "/checkpoints", app_name=app, stream_name=stream,
                        partition_id=partition, checkpoint_type="LAST_READ")

    def states(self, **query):
        return self.ask("GET", "/apps/a/streams/s", checkpoint_type="LAST_READ", **query).json()


class CommitRange(Case):
    quirks = {}

    def commit(self, number):
        return self.ask("POST", "/checkpoints", {**CHECKPOINT, "sequence_number": str(number)})

    def test_commits_are_held_to_the_bounds(self):
        self.assertEqual([self.commit(number).status for number in (10, 20)], [201, 201])
        for number in (9, 21):
            self.assertEqual((self.commit(number).status, self.commit(number).code()),
                             (400, "DIS.4224"))
        self.assertEqual(self.refused("DIS.4224", "POST", "/checkpoints", CHECKPOINT),
                         "Sequence_number out of range. [5][ should be within ][10][ ][20]")

    def test_or_to_none(self):
        self.server.control("POST", "quirk", commit_range="any")
        self.assertEqual([self.commit(number).status for number in (0, 9, 21, 2**63 - 1)],
                         [201] * 4)


class Checkpoints(Case):
    def test_commit_show_delete(self):
        self.assertEqual(self.show().json(), {"sequence_number": "-1", "metadata": ""})
        answer = self.ask("POST", "/checkpoints/", {**CHECKPOINT, "metadata": "ä" * 1000, "x": 1})
        self.assertEqual((answer.status, answer.body), (201, b""))
        self.assertEqual(self.show(partition="shardId-0000000000").json(),
                         {"sequence_number": "5", "metadata": "ä" * 1000})
        self.ask("POST", "/checkpoints", {**CHECKPOINT, "sequence_number": str(2**63 - 1)})
        self.assertEqual(self.show().json(), {"sequence_number": str(2**63 - 1), "metadata": ""})
        self.assertEqual(self.ask("GET", "/apps/a").json()["commit_checkpoint_stream_names"], ["s"])
        for partition in "012":
            self.ask("POST", "/checkpoints", {**CHECKPOINT, "partition_id": partition})
        gone = self.ask("DELETE", "/checkpoints", app_name="a", stream_name="s", partition_id="1")
        self.assertEqual((gone.status, gone.body), (204, b""))
        self.assertEqual(self.server.control("GET", "checkpoints"), "a s 0 5\na s 2 5\n")
        self.ask("DELETE", "/checkpoints", app_name="a", stream_name="s")
        self.assertEqual(self.server.control("GET", "checkpoints"), "")

    def test_refusals(self):
        for change, code in [({"app_name": "b"}, "DIS.4332"), ({"app_name": "b c"}, "DIS.4200"),
                             ({"stream_name": "t"}, "DIS.4301"),
                             ({"partition_id": "3"}, "DIS.4302"),
                             ({"partition_id": "shardId-0"}, "DIS.4201"),
                             ({"partition_id": 0}, "DIS.4200"), ({"app_name": None}, "DIS.4200"),
                             ({"checkpoint_type": "X"}, "DIS.4200"),
                             ({"sequence_number": 5}, "DIS.4200"),
                             ({"sequence_number": "-1"}, "DIS.4216"),
                             ({"sequence_number": str(2**63)}, "DIS.4216"),
                             ({"metadata": "ä" * 1001}, "DIS.4200"),
                             ({"metadata": 1}, "DIS.4200")]:
            self.refused(code, "POST", "/checkpoints", {**CHECKPOINT, **change})
        self.refused("DIS.4202", "POST", "/checkpoints")
        self.refused("DIS.4300", "POST", "/checkpoints", [1])
        self.refused("DIS.4300", "POST", "/checkpoints", "{", {"Content-Type": "application/json"})
        self.refused("DIS.4300", "POST", "/checkpoints", json.dumps(CHECKPOINT))
        self.assertEqual(self.refused("DIS.4200", "GET", "/checkpoints", app_name="a"),
                         "Invalid request. [Invalid stream_name null.]")

    def test_states(self):
        self.ask("POST", "/checkpoints", {**CHECKPOINT, "metadata": "m"})
        self.server.control("POST", "partition", stream="s", partition=2, status="EXPIRED")
        states = self.states()
        self.assertEqual(states["has_more"], False)
        self.assertEqual(states["partition_consuming_states"][0], {
            "partition_id": "0", "sequence_number": "5", "latest_offset": 20,
            "earliest_offset": 10, "checkpoint_type": "LAST_READ", "status": "ACTIVE",
            "metadata": "m"})
        self.assertEqual([s["sequence_number"] for s in states["partition_consuming_states"]],
                         ["5", "-1", "-1"])
        page = self.states(limit=1, start_partition_id="shardId-0000000000")
        self.assertEqual([s["partition_id"] for s in page["partition_consuming_states"]], ["1"])
        self.assertTrue(page["has_more"])
        self.assertEqual(self.states(start_partition_id="2")["partition_consuming_states"], [])
        self.refused("DIS.4200", "GET", "/apps/a/streams/s")
        self.refused("DIS.4200", "GET", "/apps/a/streams/s", checkpoint_type="LAST_READ",
                     limit=1001)
        self.server.control("POST", "quirk", uncommitted_app="refused")
        self.server.control("POST", "app", name="b")
        self.refused("DIS.4375", "GET", "/apps/b/streams/s", checkpoint_type="LAST_READ")

    def test_quirks(self):
        self.server.control("POST", "quirk", numbers="all", metadata="null", has_more="absent",
                            no_checkpoint="number", empty_metadata="absent")
        self.assertEqual(self.show().body, b'{"sequence_number":-1}')
        self.ask("POST", "/checkpoints", CHECKPOINT)
        self.assertEqual(self.show().body, b'{"sequence_number":5}')
        states = self.states()
        self.assertNotIn("has_more", states)
        found = [(s["partition_id"], s["sequence_number"], s["metadata"])
                 for s in states["partition_consuming_states"]]
        self.assertEqual(found, [(0, 5, None), (1, -1, None), (2, -1, None)])
        self.server.control("POST", "quirk", numbers="off", partition_form="shard", has_more="full",
                            metadata="absent", error_shape="nested")
        states = self.states(limit=3)
        self.assertTrue(states["has_more"])
        self.assertEqual(states["partition_consuming_states"][1]["partition_id"],
                         "shardId-0000000001")
        self.assertNotIn("metadata", states["partition_consuming_states"][0])
        self.assertEqual(self.ask("GET", "/apps/x").json()["error"]["message"],
                         "app not found. [x]")


class AppsAndStreams(Case):
    def test_apps(self):
        self.assertEqual(self.ask("POST", "/apps", {"app_name": "b"}).status, 201)
        self.refused("DIS.4330", "POST", "/apps", {"app_name": "b"})
        self.refused("DIS.4200", "POST", "/apps", {"app_name": "b!"})
        self.refused("DIS.4200", "POST", "/apps", {"app_name": "b" * 201})
        self.refused("DIS.4332", "GET", "/apps/c/")
        app = self.ask("GET", "/apps/b").json()
        self.assertRegex(app["app_id"], "^[A-Za-z0-9]{19}$")
        self.assertAlmostEqual(app["create_time"] / 1000, time.time(), delta=5)
        self.assertEqual(self.ask("DELETE", "/apps/b").status, 204)
        self.refused("DIS.4332", "DELETE", "/apps/b")
        self.ask("POST", "/checkpoints", CHECKPOINT)
        self.server.control("POST", "quirk", app_delete="unused")
        self.refused("DIS.4331", "DELETE", "/apps/a")

    def test_paging(self):
        self.server.control("POST", "make", apps=25, streams=12, partitions=2)
        names, start = [], {}
        while True:
            page = self.ask("GET", "/apps", limit=7, **start).json()
            names += [app["app_name"] for app in page["apps"]]
            if not page["has_more_app"]:
                break
            start = {"start_app_name": names[-1]}
        self.assertEqual(names, ["a"] + [f"app-{n:04}" for n in range(25)])
        self.assertEqual(page["total_number"], 26)
        page = self.ask("GET", "/streams", start_stream_name="stream-0009").json()
        self.assertEqual(page["stream_names"], ["stream-0010", "stream-0011"])
        self.assertEqual([s["partition_count"] for s in page["stream_info_list"]], [2, 2])
        self.assertFalse(page["has_more_streams"])
        for limit in 0, 101, "x":
            self.refused("DIS.4200", "GET", "/apps", limit=limit)
        self.server.control("POST", "quirk", limit="clamp")
        self.assertEqual(len(self.ask("GET", "/apps", limit=1000).json()["apps"]), 26)
        self.ask("POST", "/checkpoints", CHECKPOINT)
        apps = self.ask("GET", "/apps", stream_name="s").json()
        self.assertEqual([a["app_name"] for a in apps["apps"]], ["a"])

    def test_streams(self):
        wish = {"stream_name": "n", "partition_count": 2}
        for change in ({"partition_count": 0}, {"partition_count": "2"}, {"stream_type": "X"},
                       {"data_duration": 23}, {"stream_name": "n" * 65}, {"partition_count": 1.5}):
            self.refused("DIS.4200", "POST", "/streams", {**wish, **change})
        self.refused("DIS.4308", "POST", "/streams", {**wish, "partition_count": 51})
        self.assertEqual(self.ask("POST", "/streams", wish).status, 201)
        self.refused("DIS.4307", "POST", "/streams", wish)
        self.assertEqual(self.ask("PUT", "/streams/n", {"stream_name": "n",
                                                       "target_partition_count": 1}).status, 200)
        message = self.refused("DIS.4200", "PUT", "/streams/n", {"stream_name": "n"})
        self.assertEqual(message, "Invalid request. [Invalid target_partition_count null.]")
        stream = self.ask("GET", "/streams/n/").json()
        self.assertEqual([p["status"] for p in stream["partitions"]], ["ACTIVE", "DELETED"])
        self.assertEqual((stream["writable_partition_count"], stream["readable_partition_count"]),
                         (1, 2))
        self.server.control("POST", "partition", stream="s", partition=1, status="EXPIRED")
        page = self.ask("GET", "/streams/s", start_partitionId="shardId-0000000000",
                        limit_partitions=1).json()
        self.assertEqual([(p["partition_id"], p["sequence_number_range"])
                          for p in page["partitions"]], [("shardId-0000000001", None)])
        self.assertTrue(page["has_more_partitions"])
        self.assertEqual(self.ask("DELETE", "/streams/n").status, 204)
        self.refused("DIS.4301", "GET", "/streams/n")

    def test_unknown_calls(self):
        for method, path in ("GET", "/nothing"), ("PUT", "/apps"), ("GET", "/apps/a/b/c/d"):
            answer = self.ask(method, path)
            self.assertEqual((answer.status, answer.code()), (404, "APIGW.0101"))
        self.refused("DIS.4300", "GET", "/apps/%zz")
        self.assertEqual(self.ask("GET", "/apps" + "/x" * 20).status, 400)


class Data(Case):
    def cursor(self, **query):
        answer = self.ask("GET", "/cursors", stream__name="s", partition__id="1", **query)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["partition_cursor"]

    def read(self, cursor, **query):
        return self.ask("GET", "/records", partition__cursor=cursor, **query).json()

    def numbers(self, cursor, **query):
        return [int(r["sequence_number"]) for r in self.read(cursor, **query)["records"]]

    def test_cursors(self):
        self.assertEqual(self.numbers(self.cursor(cursor__type="TRIM_HORIZON")),
                         list(range(10, 20)))
        self.assertEqual(self.numbers(self.cursor(cursor__type="LATEST")), [])
        self.assertEqual(self.numbers(self.cursor(starting__sequence__number="18")), [18, 19])
        self.assertEqual(self.numbers(self.cursor(starting__sequence__number="18",
                                                  cursor__type="AFTER_SEQUENCE_NUMBER")), [19])
        cursor = self.cursor(cursor__type="AT_TIMESTAMP", timestamp=int(time.time() * 1000) - 3500)
        inside = json.loads(base64.urlsafe_b64decode(cursor))["getIteratorParam"]
        self.assertEqual((inside["partition-id"], inside["starting-sequence-number"]), ("1", "17"))
        page = self.read(self.cursor(cursor__type="TRIM_HORIZON"), max_fetch_bytes=50)
        self.assertEqual(len(page["records"]), 2)
        self.assertEqual(self.numbers(page["next_partition_cursor"])[0], 12)
        self.assertEqual(self.numbers(self.cursor(cursor__type="TRIM_HORIZON"), max_fetch_bytes=1),
                         [])

    def test_refusals(self):
        def refused(code, partition="1", **query):
            return self.refused(code, "GET", "/cursors", stream__name="s", partition__id=partition,
                                **query)

        refused("DIS.4215", cursor__type="NEVER")
        refused("DIS.4216", starting__sequence__number="x")
        refused("DIS.4216", cursor__type="AFTER_SEQUENCE_NUMBER")
        message = refused("DIS.4224", starting__sequence__number="21")
        self.assertEqual(message, "Sequence_number out of range. "
                                  "[21][ should be within ][10][ ][20]")
        message = refused("DIS.4300", cursor__type="AT_TIMESTAMP", timestamp="1")
        self.assertRegex(message, r"^Request error\. \[timestamp is expired, timestamp should be "
                                  r"larger than \d{13}\]$")
        refused("DIS.4302", partition="9")
        refused("DIS.4201", partition="x")
        self.server.control("POST", "partition", stream="s", partition=2, status="EXPIRED")
        refused("DIS.4319", partition="2")
        cursor = self.cursor(cursor__type="TRIM_HORIZON")
        self.server.control("POST", "partition", stream="s", partition=1, earliest=11, latest=20)
        self.refused("DIS.4226", "GET", "/records", partition__cursor=cursor)
        self.server.control("POST", "clock", offset=301)
        self.refused("DIS.4225", "GET", "/records", partition__cursor=cursor)
        for garbage in "", "x", "====", "a+b/", cursor[:-8], "A" * 600:
            self.refused("DIS.4217", "GET", "/records", partition__cursor=garbage)
        self.server.control("POST", "stream", name="s", status="FROZEN")
        refused("DIS.4205")

    def test_expired_cursors(self):
        old = self.cursor(cursor__type="TRIM_HORIZON")
        self.server.control("POST", "cursors/expire")
        self.refused("DIS.4225", "GET", "/records", partition__cursor=old)
        page = self.read(self.cursor(cursor__type="TRIM_HORIZON"))
        self.assertEqual(len(page["records"]), 10)
        self.assertEqual(self.numbers(page["next_partition_cursor"]), [])

    def put_by_control(self, data, **values):
        self.server.control("POST", "record", stream="s", partition=1,
                            data=base64.b64encode(data).decode(), **values)

    def test_a_record_that_does_not_fit(self):
        for size in (10, 1000, 10):
            self.put_by_control(b"x" * size)
        page = self.read(self.cursor(starting__sequence__number="20"), max_fetch_bytes=500)
        self.assertEqual([len(r["data"]) for r in page["records"]], [16])
        stuck = self.read(page["next_partition_cursor"], max_fetch_bytes=500)
        self.assertEqual(stuck["records"], [])
        self.assertEqual(self.numbers(stuck["next_partition_cursor"]), [21, 22])

    def test_gaps(self):
        self.server.control("POST", "quirk", record_numbers="even")
        page = self.read(self.cursor(starting__sequence__number="13"))
        self.assertEqual([r["sequence_number"] for r in page["records"]], ["14", "16", "18"])
        self.put_by_control(b"x")
        self.assertEqual(self.numbers(page["next_partition_cursor"]), [20])

    def test_retention(self):
        self.put_by_control(b"\x00\xff", key="k")
        self.put_by_control(b"")
        old = self.cursor(starting__sequence__number="20")
        self.server.control("POST", "partition", stream="s", partition=1, earliest=21)
        self.refused("DIS.4226", "GET", "/records", partition__cursor=old)
        self.refused("DIS.4224", "GET", "/cursors", stream__name="s", partition__id="1",
                     starting__sequence__number="20")
        self.assertEqual(self.numbers(self.cursor(cursor__type="TRIM_HORIZON")), [21])
        self.assertEqual(self.server.control("GET", "records", stream="s", partition=1), "21 - \n")

    def test_records_of_control(self):
        self.put_by_control(b"\x00\xff", key="k")
        self.put_by_control(b"")
        records = self.read(self.cursor(starting__sequence__number="20"))["records"]
        self.assertEqual([(r["data"], r.get("partition_key")) for r in records],
                         [("AP8=", "k"), ("", None)])
        self.assertEqual(self.server.control("GET", "records", stream="s", partition=1),
                         "20 k AP8=\n21 - \n")

    def test_records_that_fail(self):
        records = [{"data": base64.b64encode(b"%d" % n).decode(), "partition_id": "1"}
                   for n in range(4)]
        body = {"stream_name": "s", "records": records}
        self.server.control("POST", "records/fail", code=5250, skip=1, count=2)
        done = self.ask("POST", "/records", body).json()
        self.assertEqual(done["failed_record_count"], 2)
        self.assertEqual([r.get("error_code") for r in done["records"]],
                         [None, "DIS.5250", "DIS.5250", None])
        self.assertEqual(self.ask("POST", "/records", body).json()["failed_record_count"], 0)
        self.assertEqual(len(self.numbers(self.cursor(starting__sequence__number="20"))), 6)

    def test_writing(self):
        def put(*records):
            return self.ask("POST", "/records", {"stream_name": "s",
                                                 "records": list(records)}).json()

        data = base64.b64encode(b"\x00\xff").decode()
        done = put({"data": data, "partition_id": "1", "partition_key": "k"},
                   {"data": data, "partition_id": "9"}, {"data": "=", "partition_id": "1"},
                   {"data": data, "partition_key": "k"}, {"data": data})
        self.assertEqual(done["failed_record_count"], 2)
        self.assertEqual(done["records"][0], {"partition_id": "shardId-0000000001",
                                              "sequence_number": "20"})
        self.assertEqual([r.get("error_code") for r in done["records"]],
                         [None, "DIS.4302", "DIS.4200", None, None])
        record = self.read(self.cursor(starting__sequence__number="20"))["records"][0]
        self.assertEqual((record["data"], record["partition_key"]), (data, "k"))
        self.refused("DIS.4200", "POST", "/records", {"stream_name": "s", "records": []})
        self.refused("DIS.4301", "POST", "/records", {"stream_name": "t", "records": []})


class Identity(Case):
    options = ["--user", f"{USER}:{PASSWORD}:{DOMAIN}"]

    def log_in(self, password=PASSWORD, scope=None, **query):
        user = {"name": USER, "password": password, "domain": {"name": DOMAIN}}
        auth = {"identity": {"methods": ["password"], "password": {"user": user}},
                "scope": scope or {"project": {"id": PROJECT}}}
        return self.ask("POST", "/v3/auth/tokens", {"auth": auth}, **query)

    def apps(self, token):
        return self.ask("GET", "/apps", headers={"X-Auth-Token": token} if token else {})

    def test_tokens(self):
        answer = self.log_in()
        token = answer.headers["X-Subject-Token"]
        self.assertEqual(answer.status, 201)
        self.assertGreater(len(token), 2000)
        body = answer.json()["token"]
        self.assertRegex(body["expires_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        urls = [e["url"] for s in body["catalog"] for e in s["endpoints"] if s["type"] == "dis"]
        self.assertEqual(urls, [f"{self.server.url}/v2/{PROJECT}"])
        self.assertEqual(self.log_in(nocatalog="x").json()["token"]["catalog"], [])
        self.assertEqual(self.apps(token).status, 200)
        self.server.control("POST", "tokens/expire")
        self.assertEqual((self.apps(token).status, self.apps(token).code()), (401, "APIGW.0301"))
        fresh = self.log_in(scope={"project": {"name": "eu-de"}}).headers["X-Subject-Token"]
        self.assertEqual(self.apps(fresh).status, 200)
        domain = self.log_in(scope={"domain": {"name": DOMAIN}}).headers["X-Subject-Token"]
        self.assertEqual((self.apps(domain).status, self.apps(domain).code()), (403, "DIS.4116"))
        self.assertEqual(self.log_in(scope={"project": {"name": "x"}}).status, 401)
        self.server.control("POST", "tokens", lifetime=0)
        self.assertEqual(self.apps(self.log_in().headers["X-Subject-Token"]).status, 401)

    def test_refusals(self):
        answer = self.log_in("wrong")
        self.assertEqual((answer.status, answer.json()["error"]["code"]), (401, 401))
        self.assertEqual(self.server.stats()["wrong_passwords"], 1)
        self.assertFalse([line for line in self.server.log() if "wrong" in line])
        self.assertEqual(self.apps(None).status, 401)
        for style, status in ("iam", 401), ("dis", 441), ("gateway", 401):
            self.server.control("POST", "quirk", auth_failure=style)
            self.assertEqual(self.apps("nonsense").status, status)
        self.assertIn("X-Request-Id", self.apps("nonsense").headers)

    def test_lockout(self):
        self.server.control("POST", "lockout", after=3)
        answers = [self.apps("nonsense") for _ in range(5)]
        self.assertEqual([a.code() for a in answers], ["APIGW.0301"] * 3 + ["DIS.4309"] * 2)
        self.server.control("POST", "lockout", after=0)
        self.assertEqual(self.apps("nonsense").code(), "APIGW.0301")

    def test_other_project(self):
        token = self.log_in().headers["X-Subject-Token"]
        connection = http.client.HTTPConnection(self.address)
        self.addCleanup(connection.close)
        connection.request("GET", "/v2/other/apps", headers={"X-Auth-Token": token})
        self.assertEqual(Answer(connection.getresponse()).code(), "DIS.4117")


def signed_headers(variant, method, host, path, query, body, when, scope="eu-de/dis", secret="SK"):
    """Headers of a signed request: a second implementation, of plain names and values only."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(when))
    canonical = "\n".join([
        method, path.rstrip("/") + "/", urlencode(sorted(query.items()), quote_via=quote),
        f"host:{host}", f"x-sdk-date:{date}", "", "host;x-sdk-date",
        hashlib.sha256(body.encode()).hexdigest()])
    lines, key, name = ["SDK-HMAC-SHA256", date], secret.encode(), "Access=AK"
    if variant == "credential":
        lines.append(f"{date[:8]}/{scope}/sdk_request")
        key, name = b"SDK" + key, f"Credential=AK/{lines[2]}"
        for part in lines[2].split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
    lines.append(hashlib.sha256(canonical.encode()).hexdigest())
    signature = hmac.digest(key, "\n".join(lines).encode(), "sha256").hex()
    return {"X-Sdk-Date": date, "Content-Type": "application/json", "Authorization":
            f"SDK-HMAC-SHA256 {name}, SignedHeaders=host;x-sdk-date, Signature={signature}"}


class Signatures(Case):
    options = ["--key", "AK:SK", "--security-token", "ST", "--region", "eu-de"]

    def signed(self, variant, method="GET", path="/apps", body="", later=0, change=None, **options):
        query = {"limit": "7", "start_app_name": ""}
        headers = signed_headers(variant, method, self.address, f"/v2/{PROJECT}{path}", query, body,
                                 time.time() + later, **options)
        headers.update({"X-Security-Token": "ST", **(change or {})})
        return self.ask(method, path, body or None, headers, **query)

    def text(self, *arguments, **options):
        answer = self.signed(*arguments, **options)
        self.assertEqual((answer.status, answer.code()), (401, "APIGW.0301"), answer.body)
        return answer.json()["error_msg"].split(": ", 1)[1]

    def test_good_ones(self):
        body = json.dumps({"app_name": "c"})
        for variant in "access", "credential":
            self.assertEqual(self.signed(variant).status, 200)
            self.assertEqual(self.signed(variant, path="/apps/").status, 200)
            self.assertEqual(self.signed(variant, later=890).status, 200)
            self.assertEqual(self.signed(variant, "POST", body=body).status, 201)
            self.assertEqual(self.signed(variant, "DELETE", "/apps/c").status, 204)
        self.assertEqual(self.signed("credential", scope="/").status, 200)
        self.assertEqual(self.server.stats()["signature_failures"], 0)
        self.assertEqual(self.server.control("GET", "log/count", match=" credential"), "6\n")

    def test_bad_ones(self):
        for variant in "access", "credential":
            text = self.text(variant, secret="wrong")
            self.assertRegex(text, r"^verify aksk signature fail, canonicalRequest:"
                             rf"GET\|/v2/{PROJECT}/apps/\|limit=7&start_app_name=\|"
                             rf"host:{self.address}\|x-sdk-date:\w+\|\|host;x-sdk-date\|"
                             r"[0-9a-f]{64}$")
            self.assertEqual(self.text(variant, later=-910), "signature expired")
            self.assertIn("X-Security-Token", self.text(variant, change={"X-Security-Token": "x"}))
            self.server.control("POST", "clock", offset=-3600)
            self.assertEqual(self.text(variant), "signature expired")
            self.server.control("POST", "clock", offset=0)
        self.assertIn("region", self.text("credential", scope="eu-nl/dis"))
        self.assertIn("service", self.text("credential", scope="eu-de/obs"))
        text = self.text("access", change={"Authorization": "SDK-HMAC-SHA256 Access=x, "
                                           "SignedHeaders=x-sdk-date, Signature=0"})
        self.assertEqual(text, "ak x not exist")
        self.assertEqual(len(self.server.control("GET", "signatures").splitlines()), 11)
        for style, status, code in ("dis", 441, "DIS.4100"), ("iam", 401, None):
            self.server.control("POST", "quirk", auth_failure=style)
            answer = self.signed("access", secret="wrong")
            self.assertEqual((answer.status, answer.code()), (status, code))


class Faults(Case):
    def arm(self, kind, /, **parameters):
        self.server.control("POST", "fault", kind=kind, **parameters)

    def test_status(self):
        self.arm("status", status=429, code="DIS.4303", message="slow down", retry_after=7,
                 method="GET", path="/apps", skip=1, count=2)
        answers = [self.ask("GET", "/apps") for _ in range(4)]
        self.assertEqual([a.status for a in answers], [200, 429, 429, 200])
        self.assertEqual(answers[1].json(), {"errorCode": "DIS.4303", "message": "slow down"})
        self.assertEqual(answers[1].headers["Retry-After"], "7")
        self.arm("status", status=503, method="POST")
        self.assertEqual(self.ask("POST", "/checkpoints", CHECKPOINT).status, 503)
        self.assertEqual(self.server.control("GET", "checkpoints"), "")
        self.arm("status", status=503, method="POST", execute=1, shape="none")
        answer = self.ask("POST", "/checkpoints", CHECKPOINT)
        self.assertEqual((answer.status, answer.body), (503, b""))
        self.assertEqual(self.server.control("GET", "checkpoints"), "a s 0 5\n")

    def test_broken_connections(self):
        self.arm("reset")
        self.assertRaises(ConnectionResetError, self.ask, "GET", "/apps")
        self.arm("reset-middle")
        self.assertRaises(ConnectionResetError, self.ask, "GET", "/apps")
        self.arm("close-middle")
        self.assertRaises(http.client.IncompleteRead, self.ask, "GET", "/apps")
        self.arm("reset", execute=1)
        self.assertRaises(ConnectionResetError, self.ask, "POST", "/checkpoints", CHECKPOINT)
        self.assertEqual(self.server.control("GET", "checkpoints"), "a s 0 5\n")
        self.assertEqual(self.server.control("GET", "log/count", match="/apps 000 none"), "1\n")
        self.arm("hang-up")
        self.assertRaises(http.client.RemoteDisconnected, self.ask, "GET", "/apps")
        self.assertEqual(self.server.control("GET", "log/count", match="/apps 000 none"), "2\n")
        self.arm("raw", text="SSH-2.0-x\r\n")
        self.assertRaises(http.client.BadStatusLine, self.ask, "GET", "/apps")

    def test_broken_bodies(self):
        whole = self.ask("GET", "/apps").body
        self.arm("truncated")
        self.assertEqual(self.ask("GET", "/apps").body, whole[:len(whole) // 2])
        self.arm("garbage")
        self.assertRaises(ValueError, lambda: self.ask("GET", "/apps").json())
        self.arm("html")
        answer = self.ask("GET", "/apps")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (502, "text/html"))
        self.arm("body", status=201, text="[1]", type="text/x")
        self.assertEqual(self.ask("GET", "/apps").json(), [1])
        self.arm("body", status=302, text="", location="http://127.0.0.1/login")
        answer = self.ask("GET", "/apps")
        self.assertEqual((answer.status, answer.headers["Location"]),
                         (302, "http://127.0.0.1/login"))
        self.arm("wrong-type")
        self.assertEqual(self.ask("GET", "/apps").json(),
                         {"has_more_app": [], "apps": "not an array", "total_number": True})
        self.arm("huge", bytes=20000000)
        huge = self.ask("GET", "/apps")
        self.assertEqual(len(huge.body), 20000000)
        self.assertEqual(huge.json(), json.loads(whole))
        self.arm("close")
        self.assertEqual(self.ask("GET", "/apps").headers["Connection"], "close")

    def test_time(self):
        self.arm("delay", delay=300)
        self.arm("status", status=500, delay=200)
        begin = time.monotonic()
        self.assertEqual(self.ask("GET", "/apps").status, 500)
        self.assertAlmostEqual(time.monotonic() - begin, 0.5, delta=0.2)
        self.arm("drip", bytes=50, interval=20)
        begin = time.monotonic()
        self.assertEqual(self.ask("GET", "/apps/a").json()["app_name"], "a")
        self.assertGreater(time.monotonic() - begin, 0.035)

    def test_hold(self):
        self.arm("delay", hold=1, method="POST")
        connection = http.client.HTTPConnection(self.address, timeout=5)
        self.addCleanup(connection.close)
        connection.request("POST", f"/v2/{PROJECT}/checkpoints", json.dumps(CHECKPOINT),
                           {"Content-Type": "application/json"})
        self.assertEqual(self.ask("GET", "/apps").status, 200)
        self.assertEqual(self.server.control("GET", "checkpoints"), "a s 0 5\n")
        self.assertEqual(self.server.stats()["in_flight"], 1)
        self.server.control("POST", "release")
        self.assertEqual(connection.getresponse().status, 201)
        self.assertEqual(self.server.stats()["in_flight"], 0)
        self.server.control("POST", "release")

    def test_never(self):
        self.arm("never")
        connection = http.client.HTTPConnection(self.address, timeout=0.2)
        self.assertRaises(TimeoutError, self.ask, "GET", "/apps", connection=connection)
        self.assertEqual(self.server.stats()["in_flight"], 1)
        connection.close()
        time.sleep(0.2)
        self.assertEqual((self.server.stats()["in_flight"], self.server.stats()["aborted"]), (0, 1))

    def test_endless(self):
        self.arm("endless")
        connection = http.client.HTTPConnection(self.address, timeout=5)
        self.addCleanup(connection.close)
        connection.request("GET", f"/v2/{PROJECT}/apps")
        answer = connection.getresponse()
        self.assertIsNone(answer.length)
        self.assertEqual(len(answer.read(40000000)), 40000000)

    def test_wrong_arming(self):
        for parameters in ({"kind": "x"}, {"kind": "status", "status": "x"}, {"count": "1"},
                           {"kind": "status", "colour": "red"}, {"kind": "status", "status": "99"}):
            with self.assertRaises(Exception):
                self.server.control("POST", "fault", **parameters)
        for _ in range(64):
            self.arm("status", count="forever")
        with self.assertRaises(Exception):
            self.arm("status")
        self.assertEqual(len(self.server.control("GET", "faults").splitlines()), 64)
        self.server.control("DELETE", "faults")
        self.assertEqual(self.ask("GET", "/apps").status, 200)


class Server(Case):
    def test_log(self):
        self.ask("GET", "/apps", limit=3)
        self.ask("POST", "/apps", {"app_name": "line\nbreak"})
        self.assertEqual(self.server.log(), [
            f"GET /v2/{PROJECT}/apps?limit=3 200 none",
            f'POST /v2/{PROJECT}/apps 400 none {{"app_name": "line\\\\nbreak"}}'])
        self.assertEqual(self.server.control("GET", "log/count"), "2\n")
        self.assertEqual(self.server.control("GET", "log", match="POST").count("\n"), 1)
        self.server.control("DELETE", "log")
        self.assertEqual(self.server.log(), [])

    def test_clock(self):
        self.server.control("POST", "clock", offset=-86400)
        date = self.ask("GET", "/apps").headers["Date"]
        sent = time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
        self.assertAlmostEqual(time.time() - sent, 86400, delta=5)

    def test_seed(self):
        world = {"apps": ["x", {"name": "y"}],
                 "streams": [{"name": "t", "partitions": 2, "earliest": 1,
                              "latest": "9007199254740993"}],
                 "partitions": [{"stream": "t", "partition": "1", "status": "DELETED"}],
                 "checkpoints": [{"app": "x", "stream": "t", "partition": 1, "sequence": "7",
                                  "metadata": "m\n"}]}
        connection = http.client.HTTPConnection(self.address)
        self.addCleanup(connection.close)
        connection.request("POST", "/_control/seed", json.dumps(world))
        self.assertEqual(Answer(connection.getresponse()).status, 200)
        self.assertEqual(self.server.control("GET", "checkpoints"), "x t 1 7 m\\n\n")
        partition = self.ask("GET", "/streams/t").json()["partitions"][1]
        self.assertEqual((partition["status"], partition["sequence_number_range"]),
                         ("DELETED", "[1 : 9007199254740993]"))
        self.server.control("POST", "reset")
        self.assertEqual(self.ask("GET", "/apps").json()["total_number"], 0)

    def test_connections(self):
        connection = http.client.HTTPConnection(self.address)
        self.addCleanup(connection.close)
        for _ in range(3):
            self.assertEqual(self.ask("GET", "/apps", connection=connection).status, 200)
        same = connection.sock
        self.assertEqual(self.ask("GET", "/apps", connection=connection).status, 200)
        self.assertIs(connection.sock, same)
        self.server.control("POST", "connections/close")
        self.assertEqual(connection.sock.recv(1), b"")

    def test_nonsense(self):
        for request in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                        b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\n\r\n",
                        b"POST /v2/x/apps HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                        b"GET /?%00=%&&&=&a HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET http://other/v2/x HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"POST /v2/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort"):
            with socket.create_connection(self.address.split(":"), timeout=0.3) as client:
                with contextlib.suppress(ConnectionError, TimeoutError):
                    client.sendall(request)
                    while client.recv(65536):
                        pass
        self.assertEqual(self.ask("GET", "/apps").status, 200)
        large = self.ask("POST", "/apps", "x" * 13000000, {"Content-Type": "application/json"})
        self.assertEqual(large.status, 413)

    def test_many_at_once(self):
        count = 800

        async def one():
            reader, writer = await asyncio.open_connection(*self.address.split(":"))
            writer.write(f"GET /v2/{PROJECT}/apps HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            status = await reader.readline()
            writer.close()
            return status

        async def all_of_them():
            return await asyncio.gather(*(one() for _ in range(count)))

        self.server.control("POST", "fault", kind="delay", delay=500, count="forever")
        begin = time.monotonic()
        answers = asyncio.run(all_of_them())
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(set(answers), {b"HTTP/1.1 200 OK\r\n"})
        self.assertGreater(self.server.stats()["in_flight_most"], count * 0.5)

    def test_ends_while_answers_wait(self):
        self.server.control("POST", "fault", kind="never", count="forever")
        clients = [http.client.HTTPConnection(self.address) for _ in range(20)]
        for client in clients:
            client.request("GET", f"/v2/{PROJECT}/apps")
            self.addCleanup(client.close)


class Program(unittest.TestCase):
    def test_options(self):
        for options in (["--port", "x"], ["--key", "x"], ["--user", "a:b"], ["--auth", "some"],
                        ["--security-token", "t"], ["--tls", "/nonexistent", "/nonexistent"],
                        ["extra"], ["--nonsense"]):
            done = subprocess.run([PROGRAM, *options], capture_output=True, timeout=10)
            self.assertNotEqual(done.returncode, 0, options)
            self.assertTrue(done.stderr, options)
        done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=10)
        self.assertIn("--port-file", done.stdout)

    def test_ends_with_its_parent(self):
        with tempfile.NamedTemporaryFile() as file:
            script = f'"{PROGRAM}" --port-file {file.name}.port & echo $!; sleep 0.5'
            done = subprocess.run(["sh", "-c", script], stdout=subprocess.PIPE, text=True)
            time.sleep(0.3)
            self.assertFalse(self.runs(int(done.stdout.split()[0])))
            os.remove(f"{file.name}.port")

    @staticmethod
    def runs(pid):
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().split()[2] != "Z"
        except FileNotFoundError:
            return False

    def test_tls(self):
        with tempfile.TemporaryDirectory() as directory:
            certificate, key = f"{directory}/cert.pem", f"{directory}/key.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                            "-days", "2", "-keyout", key, "-out", certificate,
                            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                           check=True, capture_output=True)
            with simulation(PROGRAM, "--auth", "none", "--tls", certificate, key) as server:
                context = ssl.create_default_context(cafile=certificate)
                address = urlsplit(server.url).netloc
                for target, status in (("/v3", 200), (f"/v2/{PROJECT}/apps", 200)):
                    connection = http.client.HTTPSConnection(address, context=context, timeout=5)
                    self.addCleanup(connection.close)
                    connection.request("GET", target)
                    answer = connection.getresponse()
                    self.assertEqual(answer.status, status)
                    self.assertNotIn(b'"http://', answer.read())


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
