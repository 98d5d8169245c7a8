#!/usr/bin/env python3
"""Checks simulated-sls from outside: calls, refusals, signatures, ownership, quirks, faults.

Usage: check.py PATH-OF-SIMULATED-SLS [unittest options]
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import sys
import time
import unittest
from email.utils import formatdate
from urllib.parse import quote, urlencode, urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "common"))
from simulation import ACCESS_KEY, SECRET_KEY, simulation

PROGRAM = None
PROJECT, REGION = "my-project", "cn-hangzhou"
LOGSTORE = "/logstores/orders"
GROUP = LOGSTORE + "/consumergroups/billing"
SHARD = LOGSTORE + "/shards/0"


def cursor(number):
    return base64.b64encode(str(number).encode()).decode()


def signed_names(headers, extra=()):
    return sorted(name for name in headers
                  if name.startswith(("x-log-", "x-acs-")) or name in extra)


def sign_v1(method, path, query, headers, body, secret=SECRET_KEY, digest="sha1"):
    headers["x-log-signaturemethod"] = f"hmac-{digest}"
    headers.setdefault("date", formatdate(usegmt=True))
    if body:
        headers["content-md5"] = hashlib.md5(body).hexdigest().upper()
    resource = path
    if query:
        resource += "?" + "&".join(f"{name}={value}" for name, value in sorted(query.items()))
    lines = [method, headers.get("content-md5", ""), headers.get("content-type", ""),
             headers["date"]]
    lines += [f"{name}:{headers[name]}" for name in signed_names(headers)]
    signature = hmac.new(secret.encode(), "\n".join(lines + [resource]).encode(), digest).digest()
    headers["authorization"] = f"LOG {ACCESS_KEY}:{base64.b64encode(signature).decode()}"


def sign_v4(method, path, query, headers, body, secret=SECRET_KEY, region=REGION, at=None):
    headers["x-log-date"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    headers["x-log-content-sha256"] = hashlib.sha256(body).hexdigest()
    names = signed_names(headers, ("host", "content-type"))
    parts = [name + (f"={quote(value, safe='')}" if value else "")
             for name, value in sorted(query.items())]
    canonical = "\n".join([method, path, "&".join(parts)] +
                          [f"{name}:{headers[name]}" for name in names] +
                          ["", ";".join(names), headers["x-log-content-sha256"]])
    scope = [headers["x-log-date"][:8], region, "sls", "aliyun_v4_request"]
    key = b"aliyun_v4" + secret.encode()
    for part in scope:
        key = hmac.new(key, part.encode(), "sha256").digest()
    text = "\n".join(["SLS4-HMAC-SHA256", headers["x-log-date"], "/".join(scope),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    headers["authorization"] = (f"SLS4-HMAC-SHA256 Credential={ACCESS_KEY}/{'/'.join(scope)},"
                                f"Signature={signature}")


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()

    def json(self):
        return json.loads(self.body)


class Case(unittest.TestCase):
    options = ["--auth", "none"]

    def setUp(self):
        self.running = simulation(PROGRAM, *self.options, project=PROJECT)
        self.server = self.running.__enter__()
        self.address = urlsplit(self.server.url).netloc
        self.host = f"{PROJECT}.localhost:{self.address.rpartition(':')[2]}"
        self.put("logstore", name="orders", shards=3, earliest=10, latest=100)
        self.put("group", logstore="orders", name="billing")

    def tearDown(self):
        self.running.__exit__(None, None, None)

    def put(self, call, **parameters):
        return self.server.control("POST", call, **parameters)

    def ask(self, method, path, body=None, query=None, headers=None, sign=None, target=None):
        connection = http.client.HTTPConnection(self.address, timeout=10)
        self.addCleanup(connection.close)
        data = b"" if body is None else body if isinstance(body, bytes) else \
            json.dumps(body).encode()
        query = query or {}
        sent = {"host": self.host, "x-log-apiversion": "0.6.0", "x-log-bodyrawsize": "0"}
        if data:
            sent["content-type"] = "application/json"
        sent.update(headers or {})
        if sign:
            sign(method, path, query, sent, data)
        connection.request(method, target or path + ("?" + urlencode(query) if query else ""),
                           data or None, {name: value for name, value in sent.items() if value})
        return Answer(connection.getresponse())

    def refused(self, status, code, *arguments, **named):
        answer = self.ask(*arguments, **named)
        self.assertEqual((answer.status, answer.json()["errorCode"]), (status, code), answer.body)
        return answer.json()["errorMessage"]

    def done(self, *arguments, **named):
        answer = self.ask(*arguments, **named)
        self.assertEqual(answer.status, 200, answer.body)
        return answer

    def commit(self, shard=0, checkpoint="MTU=", **query):
        return self.ask("POST", GROUP, {"shard": shard, "checkpoint": checkpoint},
                        {"type": "checkpoint", **query})

    def beat(self, consumer, held):
        return self.ask("POST", GROUP, held, {"type": "heartbeat", "consumer": consumer})


class Calls(Case):
    def test_headers_of_an_answer(self):
        answer = self.done("GET", "/logstores")
        self.assertRegex(answer.headers["x-log-requestid"], "^[0-9A-F]{24}$")
        self.assertEqual(answer.headers["Server"], "AliyunSLS")
        self.assertRegex(answer.headers["x-log-time"], "^[0-9]+$")

    def test_logstores(self):
        self.put("make", logstores=300, shards=1)
        page = self.done("GET", "/logstores").json()
        self.assertEqual((page["count"], page["total"], len(page["logstores"])), (200, 301, 200))
        page = self.done("GET", "/logstores", query={"offset": "298", "size": "500"}).json()
        self.assertEqual(page["logstores"], ["logstore-0298", "logstore-0299", "orders"])
        page = self.done("GET", "/logstores", query={"logstoreName": "rder", "size": "1"}).json()
        self.assertEqual(page, {"count": 1, "total": 1, "logstores": ["orders"]})
        self.assertEqual(self.done("GET", "/logstores",
                                   query={"logstoreName": "", "size": "1"}).json()["total"], 301)
        for query in ({"size": "501"}, {"offset": "-1"}, {"size": "many"}):
            self.refused(400, "ParameterInvalid", "GET", "/logstores", query=query)

    def test_groups(self):
        groups = LOGSTORE + "/consumergroups"
        body = {"consumerGroup": "audit", "timeout": 30, "order": True}
        self.assertEqual(self.done("POST", groups, body).body, b"")
        self.assertEqual(self.done("GET", groups).json(),
                         [{"name": "audit", "timeout": 30, "order": True},
                          {"name": "billing", "timeout": 60, "order": False}])
        self.refused(400, "ConsumerGroupAlreadyExist", "POST", groups, body)
        self.done("PUT", groups + "/audit", {"order": False})
        self.done("PUT", groups + "/audit", {"timeout": 40})
        self.assertEqual(self.server.control("GET", "groups"),
                         "orders audit 40 false\norders billing 60 false\n")
        self.assertEqual(self.done("DELETE", groups + "/audit").body, b"")
        self.refused(404, "ConsumerGroupNotExist", "DELETE", groups + "/audit")
        self.put("quirk", delete_missing_group="200")
        self.done("DELETE", groups + "/audit")

    def test_groups_that_are_refused(self):
        groups = LOGSTORE + "/consumergroups"
        good = {"consumerGroup": "audit", "timeout": 30, "order": True}
        for change in ({"timeout": "30"}, {"timeout": None}, {"timeout": 0}, {"order": "true"},
                       {"consumerGroup": 7}):
            self.refused(400, "JsonInfoInvalid", "POST", groups, {**good, **change})
        self.refused(400, "ParameterInvalid", "POST", groups, {**good, "consumerGroup": "a b"})
        self.refused(400, "PostBodyInvalid", "POST", groups, b"{")
        self.refused(404, "LogStoreNotExist", "POST", "/logstores/x/consumergroups", good)
        self.refused(404, "LogStoreNotExist", "GET", "/logstores/x/consumergroups")
        self.refused(400, "JsonInfoInvalid", "PUT", GROUP, {"timeout": "1"})
        self.refused(404, "ConsumerGroupNotExist", "PUT", groups + "/none", {"timeout": 1})
        self.refused(405, "InvalidMethod", "PATCH", GROUP)
        self.refused(405, "InvalidMethod", "GET", "/projects")

    def test_quota(self):
        groups = LOGSTORE + "/consumergroups"
        for number in range(29):
            self.put("group", logstore="orders", name=f"g{number}")
        body = {"consumerGroup": "more", "timeout": 30, "order": True}
        self.refused(400, "ConsumerGroupQuotaExceed", "POST", groups, body)
        self.put("quirk", quota_status="403")
        self.refused(403, "ConsumerGroupQuotaExceed", "POST", groups, body)

    def test_shards(self):
        self.put("shard", logstore="orders", shard=1, status="readonly")
        shards = self.done("GET", LOGSTORE + "/shards").json()
        self.assertEqual([(shard["shardID"], shard["status"]) for shard in shards],
                         [(0, "readwrite"), (1, "readonly"), (2, "readwrite")])
        self.assertEqual({len(shard["inclusiveBeginKey"]) for shard in shards}, {32})
        self.put("quirk", order="shuffled")
        shuffled = self.done("GET", LOGSTORE + "/shards").json()
        self.assertEqual({shard["shardID"] for shard in shuffled}, {0, 1, 2})
        self.put("make", logstores=3)
        names = self.done("GET", "/logstores").json()["logstores"]
        self.assertNotEqual(names, sorted(names))
        self.assertEqual(len(set(names)), 4)
        self.put("logstore", name="empty", shards=0)
        self.refused(400, "LogStoreWithoutShard", "GET", "/logstores/empty/shards")
        self.refused(404, "LogStoreNotExist", "GET", "/logstores/x/shards")

    def at(self, place, shard=SHARD):
        return base64.b64decode(self.done("GET", shard, query={
            "type": "cursor", "from": place}).json()["cursor"]).decode()

    def test_cursors(self):
        now = int(time.time())
        self.assertEqual((self.at("begin"), self.at("end")), ("10", "100"))
        self.assertEqual((self.at("0"), self.at(str(now + 100))), ("10", "100"))
        self.assertIn(int(self.at(str(now - 50))), range(47, 53))
        for place in ("now", "-1", "", "1.5"):
            self.refused(400, "ParameterInvalid", "GET", SHARD,
                         query={"type": "cursor", "from": place})
        missing = {"type": "cursor", "from": "end"}
        self.refused(400, "ShardNotExist", "GET", LOGSTORE + "/shards/7", query=missing)
        self.put("quirk", shard_not_exist="always404", spelling="exsit")
        self.refused(404, "ShardNotExsit", "GET", LOGSTORE + "/shards/7", query=missing)
        self.refused(400, "ParameterInvalid", "GET", LOGSTORE + "/shards/x", query=missing)
        self.refused(400, "MissingParameter", "GET", SHARD)
        self.refused(400, "MissingParameter", "GET", SHARD, query={"type": "cursor"})
        self.refused(400, "MissingParameter", "GET", SHARD, query={"type": "cursor_time"})
        self.refused(400, "ParameterInvalid", "GET", SHARD, query={"type": "other"})

    def time_of(self, number, **named):
        return self.ask("GET", SHARD, query={"type": "cursor_time", "cursor": cursor(number)},
                        **named)

    def test_cursor_times(self):
        now = int(time.time())
        self.assertIn(self.time_of(99).json()["cursor_time"] - now, range(-3, 2))
        self.assertIn(self.time_of(10).json()["cursor_time"] - now, range(-92, -87))
        self.assertIn(self.time_of(100).json()["cursor_time"] - now, range(-1, 3))
        for number in (9, 101):
            answer = self.time_of(number)
            self.assertEqual((answer.status, answer.json()["errorCode"]), (400, "InvalidCursor"))
        self.put("quirk", cursor_time_at_end="invalid", invalid_cursor_status="404")
        self.assertEqual(self.time_of(100).status, 404)
        self.refused(400, "ParameterInvalid", "GET", SHARD,
                     query={"type": "cursor_time", "cursor": "V0hBVA=="})
        self.put("logstore", name="orders", earliest=5, latest=5)
        self.assertIn(self.time_of(77).json()["cursor_time"] - now, range(-1, 3))

    def test_forms_of_cursors(self):
        for form in ("NDI=", "NDI", "NDI=\n", "NDIK", "NDIK\n"):
            query = {"type": "cursor_time", "cursor": form}
            self.assertEqual(self.done("GET", SHARD, query=query).json(), self.time_of(42).json())
        for form in ("", "\n", "=", "NDI==", "N", "ND I", "_w=="):
            self.refused(400, "ParameterInvalid", "GET", SHARD,
                         query={"type": "cursor_time", "cursor": form})

    def pull(self, **query):
        return self.ask("GET", SHARD, query={"type": "logs", "count": "1000", **query},
                        headers={"accept": "application/x-protobuf"})

    def test_records(self):
        answer = self.pull(cursor=cursor(97), count="2")
        self.assertEqual([answer.headers[name] for name in (
            "x-log-cursor", "x-log-count", "x-log-read-last-cursor", "x-log-bodyrawsize")],
            [cursor(99), "2", "98", str(len(answer.body))])
        self.assertRegex(answer.body, b"(?s)number.*97.*number.*98")
        for query, count, following in (({"cursor": cursor(0)}, 90, 100),
                                        ({"cursor": cursor(100)}, 0, 100),
                                        ({"cursor": cursor(20), "end_cursor": cursor(30)}, 10, 30),
                                        ({"cursor": cursor(30), "end_cursor": cursor(20)}, 0, 30)):
            headers = self.pull(**query).headers
            self.assertEqual((headers["x-log-count"], headers["x-log-cursor"]),
                             (str(count), cursor(following)))

    def test_records_that_are_refused(self):
        good = {"type": "log", "count": "1", "cursor": cursor(10)}
        for change, code in (({"count": "0"}, "ParameterInvalid"),
                             ({"count": "1001"}, "ParameterInvalid"),
                             ({"cursor": "x"}, "ParameterInvalid"),
                             ({"end_cursor": "x"}, "ParameterInvalid"),
                             ({"cursor": cursor(101)}, "InvalidCursor")):
            self.refused(400, code, "GET", SHARD, query={**good, **change})
        self.put("shard", logstore="orders", shard=0, earliest=2**63 - 1, latest=2**63 - 1)
        self.assertEqual(self.pull(cursor=cursor(2**63 - 1)).headers["x-log-count"], "0")
        for name in ("count", "cursor"):
            query = {**good}
            del query[name]
            self.refused(400, "MissingParameter", "GET", SHARD, query=query)


def varint(number):
    text = b""
    while number >= 0x80:
        text += bytes([number & 0x7F | 0x80])
        number >>= 7
    return text + bytes([number])


def message(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def log(key, value, seconds=1700000000):
    return message(1, b"\x08" + varint(seconds) + message(2, message(1, key) + message(2, value)))


def lz4_length(size):
    return bytes([255] * ((size - 15) // 255) + [(size - 15) % 255]) if size >= 15 else b""


def lz4_literals(data):
    """A block that compresses nothing."""
    return bytes([min(len(data), 15) << 4]) + lz4_length(len(data)) + data


def lz4_read(block):
    data, at = bytearray(), 0

    def length(nibble):
        nonlocal at
        total = nibble
        while nibble == 15:
            total += block[at]
            at += 1
            if block[at - 1] != 255:
                break
        return total

    while at < len(block):
        token = block[at]
        at += 1
        literals = length(token >> 4)
        data += block[at:at + literals]
        at += literals
        if at == len(block):
            break
        back = int.from_bytes(block[at:at + 2], "little")
        at += 2
        for _ in range(length(token & 15) + 4):
            data.append(data[-back])
    return bytes(data)


class Records(Case):
    PUT = {"content-type": "application/x-protobuf"}

    def put_logs(self, body, where="route", raw=None, headers=None, key="0" * 32):
        sent = {**self.PUT, "x-log-bodyrawsize": str(len(body) if raw is None else raw),
                **(headers or {})}
        return self.ask("POST", f"{LOGSTORE}/shards/{where}", body,
                        {"key": key} if where == "route" else {}, sent)

    def groups(self, shard=0):
        lines = self.server.control("GET", "loggroups", logstore="orders", shard=shard).splitlines()
        return [(int(number), base64.b64decode(data))
                for number, data in (line.split(" ") for line in lines)]

    def pull(self, place, shard=0, **headers):
        return self.done("GET", f"{LOGSTORE}/shards/{shard}", query={
            "type": "log", "count": "1000", "cursor": cursor(place)}, headers=headers)

    def test_what_is_put_is_pulled(self):
        first, second = log(b"k", b"\xff\0") + message(3, b"topic"), log(b"k", b"v" * 1000)
        self.assertEqual((self.put_logs(first).status, self.put_logs(first).body), (200, b""))
        packed = lz4_literals(second)
        self.assertEqual(self.put_logs(packed, "lb", len(second),
                                       {"x-log-compresstype": "lz4"}).status, 200)
        self.assertEqual(self.groups(), [(100, first), (101, first), (102, second)])
        expected = message(1, first) * 2 + message(1, second)
        plain = self.pull(100)
        self.assertEqual(plain.body, expected)
        self.assertNotIn("x-log-compresstype", plain.headers)
        answer = self.pull(100, **{"accept-encoding": "lz4"})
        self.assertLess(len(answer.body), 200)
        self.assertEqual(lz4_read(answer.body), expected)
        self.assertEqual([answer.headers[name] for name in (
            "x-log-compresstype", "x-log-bodyrawsize", "x-log-count", "x-log-cursor",
            "x-log-read-last-cursor")],
            ["lz4", str(len(expected)), "3", cursor(103), "102"])
        self.assertEqual(self.pull(103, **{"accept-encoding": "lz4"}).body, b"")

    def test_keys_lead_to_shards(self):
        shards = self.done("GET", LOGSTORE + "/shards").json()
        ends = [(shard["inclusiveBeginKey"], shard["exclusiveEndKey"]) for shard in shards]
        self.assertEqual((ends[0][0], ends[2][1]), ("0" * 32, "f" * 32))
        self.assertEqual([end for _, end in ends[:2]], [begin for begin, _ in ends[1:]])
        for key, _ in ends:
            self.put_logs(log(b"k", b"v"), key=key)
        self.put_logs(log(b"k", b"v"), key="f" * 32)
        self.assertEqual([len(self.groups(shard)) for shard in range(3)], [1, 1, 2])
        self.put("shard", logstore="orders", shard=0, status="readonly")
        self.put_logs(log(b"k", b"v"))
        self.assertEqual([len(self.groups(shard)) for shard in range(3)], [1, 2, 2])

    def refusal(self, *arguments, **named):
        answer = self.put_logs(*arguments, **named)
        return answer.status, answer.json()["errorCode"]

    def test_what_is_not_taken(self):
        good = log(b"k", b"v")
        lz4 = {"x-log-compresstype": "lz4"}
        for expected, arguments in (
                ("PostBodyInvalid", {"body": good[:-1]}),
                ("PostBodyInvalid", {"body": message(1, message(2, message(1, b"k")))}),
                ("InvalidKey", {"body": log(b"", b"v")}),
                ("PostBodyTooLarge", {"body": good * 4097}),
                ("PostBodyTooLarge", {"body": log(b"k", b"v" * 3200000)}),
                ("PostBodyUncompressError", {"body": good, "raw": len(good) + 1}),
                ("PostBodyUncompressError", {"body": good, "headers": lz4}),
                ("InvalidCompressType", {"body": good, "headers": {"x-log-compresstype": "rot13"}}),
                ("InvalidContentType", {"body": good, "headers": {"content-type": "text/plain"}}),
                ("ParameterInvalid", {"body": good, "key": "x"}),
                ("ParameterInvalid", {"body": good, "headers": {"x-log-bodyrawsize": "x"}})):
            self.assertEqual(self.refusal(**arguments), (400, expected))
        self.assertEqual(self.put_logs(good * 4096).status, 200)
        self.assertEqual(self.put_logs(log(b"k", b"\xff")).status, 200)
        self.put("quirk", encoding="utf8")
        self.assertEqual(self.refusal(log(b"k", b"\xff")), (400, "InvalidEncoding"))
        self.refused(404, "LogStoreNotExist", "POST", "/logstores/x/shards/lb", good,
                     headers=self.PUT)

    def test_what_was_put_goes_with_the_bounds(self):
        for number in range(3):
            self.put_logs(log(b"k", str(number).encode()))
        self.put("shard", logstore="orders", shard=0, earliest=101)
        self.assertEqual([number for number, _ in self.groups()], [101, 102])
        self.assertRegex(self.pull(5).body, b"(?s)k.*1.*k.*2")
        self.put("quirk", old_cursor="invalid")
        self.refused(400, "InvalidCursor", "GET", SHARD,
                     query={"type": "log", "count": "1", "cursor": cursor(100)})

    def test_answers_can_be_spoilt(self):
        whole = self.pull(98)
        self.put("quirk", last_cursor="absent", raw_size="more", records="garbage")
        spoilt = self.pull(98)
        self.assertNotIn("x-log-read-last-cursor", spoilt.headers)
        self.assertEqual(int(spoilt.headers["x-log-bodyrawsize"]), len(whole.body) + 1)
        self.assertEqual(set(spoilt.body), {0xFF})
        self.put("quirk", raw_size="huge", records="whole", compression="none")
        answer = self.pull(98, **{"accept-encoding": "lz4"})
        self.assertEqual((answer.headers["x-log-bodyrawsize"], answer.body),
                         (str(2**40), whole.body))

    def test_the_log_shows_no_records(self):
        self.put_logs(log(b"k", b"secret"))
        self.assertNotIn("secret", self.server.control("GET", "log"))


class Checkpoints(Case):
    def shown(self, **query):
        return self.done("GET", GROUP, query=query).json()

    def test_none(self):
        self.assertEqual(self.shown(shard="1"), [
            {"shard": 1, "checkpoint": "", "updateTime": 0, "consumer": ""}])
        self.assertEqual(len(self.shown()), 3)
        self.assertEqual(self.shown(shard="7"), [])
        self.refused(400, "ParameterInvalid", "GET", GROUP, query={"shard": "x"})
        self.put("quirk", empty_shards="absent")
        self.assertEqual(self.shown(), [])
        self.refused(404, "ConsumerGroupNotExist", "GET", GROUP + "x")

    def test_as_each_client_commits(self):
        for number, query in enumerate([{"consumer": "", "forceSuccess": "True"},
                                        {"consumer": "", "forceSuccess": "true"},
                                        {"forceSuccess": "TRUE"},
                                        {"consumer": "c", "forceSuccess": "true"}]):
            answer = self.commit(0, cursor(number), **query)
            self.assertEqual((answer.status, answer.body), (200, b""))
            (shown,) = self.shown(shard="0")
            self.assertEqual(shown["checkpoint"], cursor(number))
            self.assertLess(abs(shown["updateTime"] / 1e6 - time.time()), 3)
        self.assertEqual(self.server.control("GET", "checkpoints"),
                         f"orders billing 0 {cursor(3)} c\n")

    def test_refusals(self):
        forced = {"type": "checkpoint", "forceSuccess": "true"}
        for body, code in (({"shard": "0", "checkpoint": "MA=="}, "JsonInfoInvalid"),
                           ({"checkpoint": "MA=="}, "JsonInfoInvalid"),
                           ({"shard": 0, "checkpoint": 5}, "JsonInfoInvalid"),
                           ({"shard": 0.5, "checkpoint": "MA=="}, "JsonInfoInvalid"),
                           ({"shard": 0, "checkpoint": "check_point_1"}, "InvalidShardCheckPoint"),
                           ({"shard": 0, "checkpoint": ""}, "InvalidShardCheckPoint")):
            self.refused(400, code, "POST", GROUP, body, forced)
        good = {"shard": 0, "checkpoint": "MA=="}
        self.assertEqual(self.refused(404, "ShardNotExist", "POST", GROUP, {**good, "shard": 3},
                                      forced), "shard not exist.")
        for body in ([], [0], 5, "text", b"{", b"{} {}"):
            self.refused(400, "PostBodyInvalid", "POST", GROUP, body, forced)
        self.put("quirk", shard_not_exist="always400")
        self.refused(400, "ShardNotExist", "POST", GROUP, {**good, "shard": 3}, forced)
        self.refused(404, "ConsumerGroupNotExist", "POST", GROUP + "x", good, forced)
        self.refused(400, "ParameterInvalid", "POST", GROUP, good,
                     {**forced, "forceSuccess": "maybe"})
        self.refused(400, "MissingParameter", "POST", GROUP, good)
        self.refused(400, "ParameterInvalid", "POST", GROUP, good, {"type": "other"})
        self.assertEqual(self.commit(checkpoint="V0hBVA==", forceSuccess="true").status, 200)
        self.put("quirk", checkpoint_check="number")
        self.assertEqual(self.commit(checkpoint="V0hBVA==", forceSuccess="true").status, 400)

    def test_owners(self):
        def error(answer):
            return answer.status, answer.json()["errorCode"]

        self.assertEqual(error(self.commit(consumer="c1")), (404, "ConsumerNotExist"))
        self.assertEqual(error(self.commit(forceSuccess="false")), (400, "ParameterInvalid"))
        self.put("consumer", logstore="orders", group="billing", name="c1", shards="0,1")
        self.assertEqual(self.commit(0, consumer="c1").status, 200)
        self.assertEqual(self.commit(1, consumer="c1", forceSuccess="False").status, 200)
        self.assertEqual(error(self.commit(2, consumer="c1")), (400, "ConsumerNotMatch"))
        self.assertEqual(self.commit(2, consumer="c1", forceSuccess="true").status, 200)
        self.server.control("DELETE", "consumer", logstore="orders", group="billing", name="c1")
        self.put("quirk", spelling="exsit")
        self.assertEqual(error(self.commit(consumer="c1")), (404, "ConsumerNotExsit"))

    def test_consumers_are_forgotten(self):
        self.put("consumer", logstore="orders", group="billing", name="c1", shards="0")
        self.put("clock", offset=61)
        self.assertEqual(self.commit(consumer="c1").status, 404)

    def test_what_force_leaves_of_a_consumer(self):
        for word, left in (("keep", "c1"), ("clear", "")):
            self.put("quirk", forced_consumer=word)
            self.put("checkpoint", logstore="orders", group="billing", shard=0, checkpoint="MA==",
                     consumer="c1", update_time=1524224984800922)
            self.commit(forceSuccess="true", consumer="")
            self.assertEqual(self.shown(shard="0")[0]["consumer"], left)

    def test_heartbeats(self):
        self.assertEqual(self.beat("c1", []).json(), [0, 1, 2])
        answer = self.beat("c2", [0])
        self.assertEqual(answer.json()["errorCode"], "NotExistConsumerWithBody")
        self.assertEqual(self.beat("c2", []).json(), [])
        self.assertEqual(self.beat("c1", [0, 1, 2]).json(), [1, 2])
        self.assertEqual(self.beat("c2", []).json(), [])
        self.assertEqual(self.beat("c1", [1, 2]).json(), [1, 2])
        self.assertEqual(self.beat("c2", []).json(), [0])
        self.assertEqual(self.commit(0, consumer="c2").status, 200)
        self.assertEqual(self.commit(0, consumer="c1").status, 400)
        self.refused(400, "PostBodyInvalid", "POST", GROUP, {"shards": [0]},
                     {"type": "heartbeat", "consumer": "c1"})
        self.refused(400, "MissingParameter", "POST", GROUP, [], {"type": "heartbeat"})

    def test_shares_differ_by_one_at_most(self):
        self.put("logstore", name="orders", shards=4)
        held = {name: [] for name in ("c1", "c2", "c3")}
        for _ in range(4):
            for name in held:
                held[name] = self.beat(name, held[name]).json()
        self.assertEqual(sorted(len(shards) for shards in held.values()), [1, 1, 2])
        self.assertEqual(sorted(sum(held.values(), [])), [0, 1, 2, 3])

    def test_a_timeout_of_any_length(self):
        self.put("group", logstore="orders", name="billing", timeout=2**63 - 1)
        self.assertEqual(self.beat("c1", []).json(), [0, 1, 2])
        self.assertEqual(self.commit(0, consumer="c1").status, 200)

    def test_seeds(self):
        connection = http.client.HTTPConnection(self.address)
        self.addCleanup(connection.close)
        connection.request("POST", "/_control/seed", json.dumps({
            "logstores": [{"name": "l", "shards": 2, "earliest": str(2**60), "latest": str(2**60)}],
            "groups": [{"logstore": "l", "name": "g"}],
            "checkpoints": [{"logstore": "l", "group": "g", "shard": 1, "checkpoint": "not base64",
                             "consumer": "c"}]}))
        self.assertEqual(connection.getresponse().read(), b"ok\n")
        self.assertEqual(self.server.control("GET", "checkpoints"), "l g 1 not base64 c\n")
        self.put("checkpoint", logstore="l", group="g", shard=1, checkpoint="")
        self.assertEqual(self.server.control("GET", "checkpoints"), "")


class Signatures(Case):
    options = ["--key", f"{ACCESS_KEY}:{SECRET_KEY}", "--region", REGION]

    def test_both_versions(self):
        def v1_sha256(*arguments):
            sign_v1(*arguments, digest="sha256")

        body = {"shard": 0, "checkpoint": "MA=="}
        query = {"type": "checkpoint", "consumer": "a b+c/ä=", "forceSuccess": "true"}
        for sign in (sign_v1, v1_sha256, sign_v4):
            self.done("GET", "/logstores", query={"logstoreName": ""}, sign=sign)
            self.done("POST", GROUP, body, query, sign=sign)
            encoded = GROUP + "?" + urlencode(query, quote_via=quote)
            self.done("POST", GROUP, body, query, sign=sign, target=encoded)
        self.assertEqual({line.split()[3] for line in self.server.log()},
                         {"v1", "v1-sha256", "v4"})
        self.assertEqual(self.server.stats()["signature_failures"], 0)

    def test_refusals(self):
        def wrong_secret(*arguments):
            sign_v1(*arguments, secret="wrong")

        def wrong_region(*arguments):
            sign_v4(*arguments, region="eu-central-1")

        def unknown_key(method, path, query, headers, body):
            headers["authorization"] = "LOG nobody:eA=="
            headers["x-log-signaturemethod"] = "hmac-sha1"
            headers["date"] = formatdate(usegmt=True)

        def early(*arguments):
            sign_v4(*arguments, at=time.time() - 1000)

        self.refused(401, "SignatureNotMatch", "GET", "/logstores", sign=wrong_secret)
        self.refused(401, "SignatureNotMatch", "GET", "/logstores", sign=wrong_region)
        self.refused(401, "Unauthorized", "GET", "/logstores", sign=unknown_key)
        self.assertRegex(self.refused(400, "RequestTimeExpired", "GET", "/logstores", sign=early),
                         "^Request time [0-9TZ]{16} has been expired while server time is [0-9]+.$")
        self.refused(400, "MissingParameter", "GET", "/logstores")
        self.refused(400, "ParameterInvalid", "GET", "/logstores",
                     headers={"authorization": "Basic eA=="})
        self.refused(401, "SignatureNotMatch", "GET", "/logstores", sign=sign_v4,
                     target="/logstores?size=1")
        self.put("quirk", auth_failure="old")
        self.refused(403, "SignatureNotMatch", "GET", "/logstores", sign=wrong_secret)
        self.assertEqual(self.server.stats()["auth_failures"], 8)
        self.assertNotIn(SECRET_KEY, self.server.control("GET", "signatures"))

    def test_the_clock(self):
        self.put("clock", offset=3600)
        self.refused(400, "RequestTimeExpired", "GET", "/logstores", sign=sign_v1)
        self.refused(400, "RequestTimeExpired", "GET", "/logstores", sign=sign_v4)
        self.done("GET", "/logstores", sign=sign_v1,
                  headers={"date": formatdate(time.time() + 3600, usegmt=True)})

    def test_a_content_md5_must_fit_wherever_it_is_sent(self):
        def wrong(sign):
            def signed(method, path, query, headers, body):
                headers["content-md5"] = "0" * 32
                sign(method, path, query, headers, body)
            return signed

        def of_nothing(method, path, query, headers, body):
            headers["content-md5"] = hashlib.md5(b"").hexdigest().upper()
            sign_v1(method, path, query, headers, body)

        body, query = {"shard": 0, "checkpoint": "MA=="}, {"type": "checkpoint"}
        self.refused(400, "ParameterInvalid", "POST", GROUP, body, query, sign=wrong(sign_v4))
        self.refused(400, "ParameterInvalid", "GET", "/logstores", sign=wrong(sign_v1))
        self.done("GET", "/logstores", sign=of_nothing)

    def test_x_log_date_is_the_date_of_version_1(self):
        def dated(method, path, query, headers, body):
            sign_v1(method, path, query, headers, body)
            headers["x-log-date"] = headers["date"]
            headers["date"] = formatdate(0, usegmt=True)

        self.done("GET", "/logstores", sign=dated)


class TemporaryKeys(Case):
    options = ["--key", f"{ACCESS_KEY}:{SECRET_KEY}", "--security-token", "token+/="]

    def test_the_token_must_come_and_be_signed(self):
        for sign in (sign_v1, sign_v4):
            self.done("GET", "/logstores", sign=sign, headers={"x-acs-security-token": "token+/="})
            self.refused(401, "Unauthorized", "GET", "/logstores", sign=sign)
            self.refused(401, "Unauthorized", "GET", "/logstores", sign=sign,
                         headers={"x-acs-security-token": "another"})

            def unsigned(method, path, query, headers, body):
                sign(method, path, query, headers, body)
                headers["x-acs-security-token"] = "token+/="

            self.refused(401, "SignatureNotMatch", "GET", "/logstores", sign=unsigned)


class Requests(Case):
    def test_headers_that_must_be(self):
        self.refused(400, "MissingAPIVersion", "GET", "/logstores",
                     headers={"x-log-apiversion": ""})
        self.refused(400, "InvalidAPIVersion", "GET", "/logstores",
                     headers={"x-log-apiversion": "0.5.0"})
        self.refused(400, "ParameterInvalid", "GET", "/logstores",
                     headers={"x-log-bodyrawsize": "x"})
        self.refused(400, "InvalidContentType", "POST", GROUP, {},
                     headers={"content-type": "text/plain"})
        self.done("GET", "/logstores", headers={"content-type": "application/x-protobuf",
                                                "x-log-bodyrawsize": ""})

    def test_parts_of_a_path_that_are_empty(self):
        for path in (LOGSTORE + "/consumergroups/", "/logstores//shards", "/"):
            self.assertEqual(self.refused(405, "InvalidMethod", "GET", path),
                             f"Invalid request method : {path}")
        self.refused(405, "InvalidMethod", "POST", LOGSTORE + "/consumergroups/", {})

    def test_a_body_that_is_too_large(self):
        body = b" " * 10485760
        self.refused(400, "PostBodyInvalid", "POST", GROUP, body, {"type": "checkpoint"})
        self.refused(413, "PostBodyTooLarge", "POST", GROUP, body + b" ", {"type": "checkpoint"})

    def test_projects(self):
        self.assertEqual(self.refused(404, "ProjectNotExist", "GET", "/logstores",
                                      headers={"host": "other.localhost:1"}),
                         "The Project does not exist : other")
        self.refused(400, "InvalidHost", "GET", "/logstores", headers={"host": "localhost:1"})

    def test_pages_instead_of_json(self):
        self.put("quirk", error_body="html")
        answer = self.ask("GET", GROUP + "x")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (404, "text/html"))

    def test_faults(self):
        self.put("fault", kind="status", status=503, path="/logstores")
        self.refused(503, "InternalServerError", "GET", "/logstores")
        self.put("fault", kind="wrong-type", path="/shards")
        wrong = self.done("GET", LOGSTORE + "/shards").json()
        self.assertIs(wrong[0]["shardID"], True)
        self.put("fault", kind="truncated", path="/shards")
        with self.assertRaises(ValueError):
            self.done("GET", LOGSTORE + "/shards").json()

    def test_a_reset(self):
        self.put("quirk", spelling="exsit")
        self.put("reset")
        self.assertEqual(self.server.control("GET", "groups"), "")
        self.assertIn("spelling=exist", self.server.control("GET", "quirks"))
        self.assertEqual(self.server.log(), [])

    def test_which_control_calls_there_are(self):
        calls = self.server.control("GET", "").splitlines()
        for call in ("POST /_control/consumer", "GET /_control/log", "POST /_control/seed"):
            self.assertIn(call, calls)


if __name__ == "__main__":
    PROGRAM = os.path.realpath(sys.argv.pop(1))
    unittest.main()
