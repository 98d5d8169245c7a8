#!/usr/bin/env python3
"""Checks simulated-kafka from outside: calls, what is odd about Kafka, faults, what is malformed.

Usage: check.py PATH-OF-SIMULATED-KAFKA [unittest options]
"""

import os
import socket
import struct
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "common"))
from simulation import simulation

PROGRAM = None
LIST_OFFSETS, METADATA, OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = 2, 3, 8, 9, 10
DESCRIBE_GROUPS, LIST_GROUPS, API_VERSIONS, DELETE_GROUPS, OFFSET_DELETE = 15, 16, 18, 42, 47


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">h", -1) if data is None else struct.pack(">h", len(data)) + data


def number(size, value):
    return value.to_bytes(size, "big", signed=True)


def array(items):
    return struct.pack(">i", -1) if items is None else struct.pack(">i", len(items)) + b"".join(items)


def topics(table):
    """{topic: [bytes of a partition]}"""
    return array([text(topic) + array(partitions) for topic, partitions in table.items()])


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, size):
        assert len(self.data) >= size, "the answer ends too early"
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def int(self, size):
        return int.from_bytes(self.take(size), "big", signed=True)

    def text(self):
        size = self.int(2)
        return None if size < 0 else self.take(size)

    def array(self, read):
        return [read() for _ in range(self.int(4))]

    def topics(self, read):
        return {topic.decode(): partitions for topic, partitions in
                self.array(lambda: (self.text(), dict(self.array(lambda: (self.int(4), read())))))}

    def end(self, value):
        assert not self.data, "the answer goes on behind its end"
        return value


class Connection:
    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=10)
        self.correlation = 100

    def send(self, api, version, body, tags=b""):
        self.correlation += 1
        head = struct.pack(">hhi", api, version, self.correlation) + text("check.py") + tags
        self.socket.sendall(struct.pack(">i", len(head + body)) + head + body)

    def receive(self, size):
        data = b""
        while len(data) < size:
            block = self.socket.recv(size - len(data))
            if not block:
                raise ConnectionResetError(f"closed after {data!r}")
            data += block
        return data

    def answer(self):
        data = self.receive(struct.unpack(">i", self.receive(4))[0])
        assert struct.unpack(">i", data[:4])[0] == self.correlation
        return Reader(data[4:])

    def ask(self, api, version, body, tags=b""):
        self.send(api, version, body, tags)
        return self.answer()


class Case(unittest.TestCase):
    brokers = 2

    def setUp(self):
        self.running = simulation(PROGRAM, *["--broker", "0"] * self.brokers)
        self.server = self.running.__enter__()
        lines = [line.split() for line in self.control("GET", "brokers").splitlines()]
        self.addresses = {int(number): ("127.0.0.1", int(address.split(":")[1]))
                          for number, address, _ in lines}
        self.connections = {}
        self.control("POST", "topic", name="t", partitions=3, earliest=10, latest=100)
        self.control("POST", "group", name="g", coordinator=1)

    def tearDown(self):
        for connection in self.connections.values():
            connection.socket.close()
        self.running.__exit__(None, None, None)

    def control(self, *arguments, **parameters):
        return self.server.control(*arguments, **parameters)

    def at(self, node=1):
        if node not in self.connections:
            self.connections[node] = Connection(self.addresses[node])
        return self.connections[node]

    def commit(self, values, group="g", node=1, metadata="", generation=-1, member="", version=7, retention=-1):
        """{(topic, partition): offset}; the codes."""
        table = {}
        for (topic, partition), offset in values.items():
            table.setdefault(topic, []).append(
                number(4, partition) + number(8, offset) + (number(4, 5) if version >= 6 else b"") + text(metadata))
        head = text(group) + number(4, generation) + text(member)
        head += text(None) if version >= 7 else number(8, retention)
        answer = self.at(node).ask(OFFSET_COMMIT, version, head + topics(table))
        answer.int(4)
        return answer.end(answer.topics(lambda: answer.int(2)))

    def fetch(self, table, group="g", node=1):
        """{topic: {partition: (offset, metadata, code)}} and the answer's code."""
        wanted = array(None) if table is None else topics(
            {topic: [number(4, each) for each in partitions] for topic, partitions in table.items()})
        answer = self.at(node).ask(OFFSET_FETCH, 5, text(group) + wanted)
        answer.int(4)

        def one():
            offset, _ = answer.int(8), answer.int(4)
            return offset, answer.text(), answer.int(2)
        found = answer.topics(one)
        return found, answer.end(answer.int(2))

    def delete(self, partition, group="g", topic="t", node=1):
        answer = self.at(node).ask(OFFSET_DELETE, 0, text(group) + topics({topic: [number(4, partition)]}))
        code, _ = answer.int(2), answer.int(4)
        return code, answer.end(answer.topics(lambda: answer.int(2)))

    def delete_group(self, group="g", node=1):
        answer = self.at(node).ask(DELETE_GROUPS, 1, array([text(group)]))
        answer.int(4)
        return answer.end(answer.array(lambda: (answer.text(), answer.int(2))))[0][1]

    def offsets(self, asked, topic="t", node=1, isolation=0, version=5):
        """[(partition, time)]; [(code, time, offset)]."""
        body = number(4, -1) + number(1, isolation)
        body += topics({topic: [number(4, part) + number(4, -1) + number(8, when) for part, when in asked]})
        answer = self.at(node).ask(LIST_OFFSETS, version, body)
        answer.int(4)
        found = answer.array(lambda: (answer.text(), answer.array(
            lambda: (answer.int(4), answer.int(2), answer.int(8), answer.int(8), answer.int(4)))))
        return [each[1:4] for each in answer.end(found)[0][1]]

    def listed(self, node, version=2):
        if version >= 4:
            answer = self.at(node).ask(LIST_GROUPS, version, b"\1" * (version - 3) + b"\0", b"\0")
            return answer.data
        answer = self.at(node).ask(LIST_GROUPS, version, b"")
        answer.int(4)
        self.assertEqual(answer.int(2), 0)
        return answer.end(dict(answer.array(lambda: (answer.text().decode(), answer.text().decode()))))

    def coordinator(self, group="g", node=1):
        answer = self.at(node).ask(FIND_COORDINATOR, 2, text(group) + b"\0")
        answer.int(4)
        code, _ = answer.int(2), answer.text()
        return code, answer.int(4), answer.text(), answer.end(answer.int(4))

    def closes(self, node=1):
        with self.assertRaises(ConnectionResetError):
            self.at(node).receive(1)
        self.connections.pop(node).socket.close()


class Commits(Case):
    def test_what_is_committed_is_read_back(self):
        self.assertEqual(self.commit({("t", 0): 42, ("t", 2): 7}, metadata="ü"), {"t": {0: 0, 2: 0}})
        self.assertEqual(self.fetch({"t": [0, 1, 2]}),
                         ({"t": {0: (42, "ü".encode(), 0), 1: (-1, b"", 0), 2: (7, "ü".encode(), 0)}}, 0))
        self.assertEqual(self.fetch(None)[0]["t"].keys(), {0, 2})
        self.assertIn("g t 0 42 %C3%BC", self.control("GET", "checkpoints"))

    def test_no_offset_is_checked(self):
        for offset in (10**12, 2**63 - 1, -2, -5, -1):
            self.assertEqual(self.commit({("t", 0): offset}), {"t": {0: 0}})
            self.assertEqual(self.fetch({"t": [0]})[0]["t"][0][0], offset)

    def test_an_unknown_group_is_made(self):
        self.commit({("t", 0): 1}, group="new", node=self.coordinator("new")[1])
        self.assertIn("new classic Empty", self.control("GET", "groups"))

    def test_of_unknown_partitions_others_are_stored(self):
        self.assertEqual(self.commit({("t", 0): 42, ("t", 3): 7, ("u", 0): 1}), {"t": {0: 0, 3: 3}, "u": {0: 3}})
        self.assertEqual(self.fetch({"t": [0, 3], "u": [0]})[0]["t"], {0: (42, b"", 0), 3: (-1, b"", 0)})

    def test_members_refuse_who_is_none(self):
        self.control("POST", "member", group="g", topic="t", name="m")
        self.control("POST", "topic", name="other")
        self.assertEqual(self.commit({("t", 0): 1, ("other", 0): 1}), {"t": {0: 25}, "other": {0: 25}})
        self.assertEqual(self.commit({("t", 0): 1}, member="m", generation=1), {"t": {0: 0}})
        self.assertEqual(self.commit({("t", 0): 1}, member="m", generation=2), {"t": {0: 22}})
        self.control("POST", "group", name="g", type="consumer")
        self.assertEqual(self.commit({("t", 0): 1}, member="m", generation=2), {"t": {0: 113}})
        self.assertEqual(self.delete(0), (0, {"t": {0: 86}}))
        self.assertEqual(self.delete(0, topic="other"), (0, {"other": {0: 0}}))
        self.assertEqual(self.delete_group(), 68)
        self.control("DELETE", "member", group="g", name="m")
        self.assertEqual(self.commit({("t", 0): 2}), {"t": {0: 0}})

    def test_metadata_is_measured_in_utf16(self):
        for metadata, code in (("ü" * 4096, 0), ("😀" * 2048, 0), ("😀" * 2049, 12), ("x" * 4097, 12)):
            self.assertEqual(self.commit({("t", 0): 1}, metadata=metadata), {"t": {0: code}})
        for metadata, read in ((None, b""), (b"own\0", b"own\0"), (b"a\xffb", b"a\xef\xbf\xbdb")):
            self.commit({("t", 0): 1}, metadata=metadata)
            self.assertEqual(self.fetch({"t": [0]})[0]["t"][0][1], read)

    def test_groups_have_any_name(self):
        for group in ("", ".", "..", "a/b", "a\0b", "with blank", "x" * 32000):
            node = self.coordinator(group)[1]
            self.commit({("t", 0): 9}, group=group, node=node)
            self.assertEqual(self.fetch({"t": [0]}, group=group, node=node)[0]["t"][0][0], 9)
            self.assertIn(group, self.listed(node))

    def test_deleting(self):
        self.assertEqual(self.delete(0), (0, {"t": {0: 0}}))
        self.commit({("t", 0): 1})
        self.assertEqual(self.delete(0), (0, {"t": {0: 0}}))
        self.assertEqual(self.fetch(None), ({}, 0))
        self.assertEqual(self.delete(0, group="nobody", node=self.coordinator("nobody")[1]), (69, {}))
        self.commit({("t", 0): 1})
        self.control("POST", "quirk", last_commit="removed")
        self.delete(0)
        node = self.coordinator()[1]
        self.assertEqual(self.delete(0, node=node), (69, {}))
        self.assertEqual(self.delete_group(node=node), 69)

    def test_a_deleted_topic_takes_its_commits(self):
        self.commit({("t", 0): 1})
        self.control("DELETE", "topic", name="t")
        self.control("POST", "topic", name="t")
        self.assertEqual(self.fetch({"t": [0]})[0]["t"][0][0], -1)

    def test_commits_expire_after_a_week_or_as_long_as_they_say(self):
        self.commit({("t", 0): 1})
        self.commit({("t", 1): 1}, version=4, retention=1000)
        self.control("POST", "clock", offset=2)
        self.control("POST", "clean")
        self.assertEqual(list(self.fetch(None)[0]["t"]), [0])
        self.control("POST", "clock", offset=7 * 24 * 3600 + 2)
        self.control("POST", "clean")
        self.assertEqual(self.control("GET", "groups"), "")

    def test_share_groups_are_listed_and_take_nothing(self):
        self.control("POST", "group", name="s", type="share", coordinator=1)
        self.assertEqual(self.listed(1)["s"], "share")
        self.assertEqual(self.commit({("t", 0): 1}, group="s"), {"t": {0: 69}})
        self.assertEqual(self.delete(0, group="s"), (69, {}))


class Cluster(Case):
    def test_each_broker_lists_those_that_it_coordinates(self):
        self.control("POST", "group", name="h", coordinator=2)
        self.assertEqual((self.listed(1), self.listed(2)), ({"g": ""}, {"h": ""}))
        self.assertEqual(self.listed(1, 5), b"\0" + bytes(4) + b"\0\0" + b"\2" + b"\2g\1\6Empty\x08classic\0" + b"\0")
        self.assertEqual(self.listed(1, 4), b"\0" + bytes(4) + b"\0\0" + b"\2" + b"\2g\1\6Empty\0" + b"\0")

    def test_another_broker_says_that_it_is_not_the_coordinator(self):
        self.assertEqual(self.commit({("t", 0): 1}, node=2), {"t": {0: 16}})
        self.assertEqual(self.fetch({"t": [0]}, node=2), ({}, 16))
        self.assertEqual((self.delete(0, node=2), self.delete_group(node=2)), ((16, {}), 16))
        self.assertEqual(self.coordinator(node=2)[:2], (0, 1))

    def test_a_coordinator_that_goes_down_is_another(self):
        self.commit({("t", 0): 1})
        self.commit({("t", 0): 2})
        self.control("POST", "quirk", failover="older")
        self.control("POST", "broker", id=1, state="down")
        with self.assertRaises(ConnectionRefusedError):
            Connection(self.addresses[1])
        self.assertEqual(self.coordinator(node=2)[1], 2)
        self.assertEqual(self.fetch({"t": [0]}, node=2)[0]["t"][0][0], 1)
        time.sleep(0.4)
        self.assertEqual(self.fetch({"t": [0]}, node=2)[0]["t"][0][0], 2)
        self.control("POST", "broker", id=1, state="up")
        self.connections.pop(1).socket.close()
        self.assertEqual(self.coordinator()[1], 1)

    def test_a_fresh_cluster_has_no_coordinators_for_a_moment(self):
        self.control("POST", "quirk", offsets_topic="absent")
        self.assertEqual(self.coordinator()[0], 15)
        time.sleep(0.4)
        self.assertEqual(self.coordinator()[0], 0)

    def test_leaders_tell_offsets(self):
        self.control("POST", "partition", topic="t", partition=1, leader=2)
        self.control("POST", "partition", topic="t", partition=0, leader=1, stable=5)
        self.assertEqual(self.offsets([(0, -2)]), [(0, -1, 10)])
        self.assertEqual(self.offsets([(0, -1)]), [(0, -1, 100)])
        self.assertEqual(self.offsets([(0, -1)], isolation=1), [(0, -1, 95)])
        self.assertEqual(self.offsets([(0, 1700000020001)]), [(0, 1700000021000, 21)])
        self.assertEqual(self.offsets([(0, 1800000000000)]), [(0, -1, -1)])
        self.assertEqual(self.offsets([(1, -1), (3, -1)]), [(6, -1, -1), (3, -1, -1)])
        self.assertEqual(self.offsets([(0, -1), (0, -2)])[1], (42, -1, -1))
        self.assertEqual(self.offsets([(0, -3)]), [(35, -1, -1)])

    def test_topics_are_made_when_a_client_lets_them(self):
        for makes, code, count in ((b"\0", 3, 1), (b"\1", 0, 2)):
            answer = self.at().ask(METADATA, 8, array([text("new")]) + makes + b"\0\0")
            self.assertIn(number(2, code) + text("new"), answer.data)
            self.assertEqual(self.control("GET", "topics").count("\n"), count)
        answer = self.at().ask(METADATA, 8, array([text("no/name")]) + b"\0\0\0")
        self.assertIn(number(2, 17) + text("no/name"), answer.data)

    def test_dead_is_said_of_what_is_no_classic_group(self):
        self.control("POST", "group", name="c", type="consumer", coordinator=1)
        answer = self.at().ask(DESCRIBE_GROUPS, 4, array([text("g"), text("c"), text("none")]) + b"\0").data
        self.assertIn(text("g") + text("Empty"), answer)
        self.assertIn(text("c") + text("Dead"), answer)


def crc32c(data):
    crc = 2**32 - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ (2**32 - 1)


def varint(value):
    value = value << 1 if value >= 0 else ~(value << 1)
    data = b""
    while value >= 0x80:
        data, value = data + bytes([value & 0x7F | 0x80]), value >> 7
    return data + bytes([value])


def batch(values, count=None, damage=0):
    records = b""
    for delta, value in enumerate(values):
        record = b"\0" + varint(delta) * 2 + varint(-1) + varint(len(value)) + value + varint(0)
        records += varint(len(record)) + record
    count = len(values) if count is None else count
    rest = number(2, 0) + number(4, count - 1) + number(8, 1700000000000) * 2 + number(8, -1) + number(2, -1)
    rest += number(4, -1) + number(4, count) + records
    crc = (crc32c(rest) ^ damage).to_bytes(4, "big")
    return number(8, 0) + number(4, len(rest) + 9) + number(4, -1) + b"\2" + crc + rest


class Records(Case):
    brokers = 1

    def produce(self, data, topic="t", acks=-1):
        body = text(None) + number(2, acks) + number(4, 1000)
        answer = self.at().ask(0, 8, body + topics({topic: [number(4, 0) + number(4, len(data)) + data]}))
        found = answer.topics(lambda: (answer.int(2), answer.int(8), answer.int(8), answer.int(8), answer.int(4),
                                       answer.text())[:2])
        answer.int(4)
        return answer.end(found)[topic][0]

    def fetch_records(self, offset, size=1, isolation=1, enough=0):
        """The code, the bounds, and the batches."""
        body = number(4, -1) + number(4, 300) + number(4, enough) + number(4, 2**20) + number(1, isolation)
        body += number(4, 0) + number(4, -1)
        body += topics({"t": [number(4, 0) + number(4, -1) + number(8, offset) + number(8, -1) + number(4, size)]})
        answer = self.at().ask(1, 10, body + array([]))
        answer.int(4)
        self.assertEqual((answer.int(2), answer.int(4)), (0, 0))
        return answer.end(answer.topics(lambda: (answer.int(2), [answer.int(8) for _ in range(3)], answer.int(4),
                                                 answer.take(answer.int(4)))))["t"][0]

    def test_what_is_appended_is_read(self):
        sent = batch([b"one", b"two"])
        self.assertEqual(self.produce(sent), (0, 100))
        code, bounds, aborted, data = self.fetch_records(100)
        self.assertEqual((code, bounds, aborted), (0, [102, 102, 10], 0))
        self.assertEqual((data[:8], data[16:]), (number(8, 100), sent[16:]))
        self.assertEqual(self.fetch_records(101)[3], data)
        self.assertEqual(self.fetch_records(102)[3], b"")
        self.assertEqual(self.fetch_records(102, isolation=0)[2], -1)
        self.assertEqual([self.fetch_records(offset)[0] for offset in (9, 103)], [1, 1])

    def test_records_that_nobody_has_appended_are_made_up(self):
        data = self.fetch_records(98, 1000)[3]
        self.assertEqual((data[:8], data[57:61]), (number(8, 98), number(4, 2)))
        self.assertEqual(int.from_bytes(data[17:21], "big"), crc32c(data[21:]))
        self.assertIn(b"record 98", data)

    def test_what_is_no_batch_is_refused(self):
        whole = batch([b"one"])
        self.assertEqual(self.produce(batch([b"one"], damage=1))[0], 2)
        self.assertEqual(self.produce(whole[:-1])[0], 2)
        self.assertEqual(self.produce(whole[:16] + b"\1" + whole[17:])[0], 2)
        self.assertEqual(self.produce(batch([b"one"], count=2))[0], 87)
        self.assertEqual(self.produce(batch([bytes(1048588)]))[0], 10)
        self.assertEqual(self.produce(whole, acks=2)[0], 21)
        self.assertEqual(self.produce(whole, topic="u")[0], 3)
        self.assertEqual(self.offsets([(0, -1)]), [(0, -1, 100)])

    def test_an_answer_without_records_is_waited_for_if_the_client_wants_some(self):
        begin = time.monotonic()
        self.fetch_records(100, enough=1)
        self.assertGreaterEqual(time.monotonic() - begin, 0.29)

    def test_the_control_interface_appends(self):
        self.control("POST", "record", topic="t", partition=0, value="hello", key="k")
        self.assertIn(varint(1) + b"k" + varint(5) + b"hello", self.fetch_records(100)[3])


class Protocol(Case):
    def malformed(self):
        return self.server.stats()["malformed"]

    def test_what_is_not_of_the_protocol_closes_the_connection(self):
        requests = [
            (99, 0, b""), (METADATA, 99, b""), (OFFSET_FETCH, 5, text("g")),
            (OFFSET_FETCH, 5, text(None) + array([])), (OFFSET_FETCH, 5, text("g") + number(4, -2)),
            (OFFSET_FETCH, 5, text("g") + array(None) + b"x"), (OFFSET_COMMIT, 7, text("g") + number(4, -1)),
            (METADATA, 8, array([]) + b"\2\0\0"), (DELETE_GROUPS, 1, array(None)),
            (FIND_COORDINATOR, 2, text("g")), (OFFSET_DELETE, 0, text("g") + number(4, 2**31 - 1)),
        ]
        for count, (api, version, body) in enumerate(requests):
            self.at().send(api, version, body)
            self.closes()
            self.assertEqual(self.malformed(), count + 1)
        self.at().socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
        self.closes()
        self.assertEqual(len(self.control("GET", "malformed").splitlines()), len(requests) + 1)

    def test_nothing_of_a_malformed_request_is_carried_out(self):
        table = topics({"t": [number(4, 0) + number(8, 1) + number(4, -1) + text("")]})
        self.at().send(OFFSET_COMMIT, 7, text("g") + number(4, -1) + text("") + text(None) + table + b"x")
        self.closes()
        self.assertEqual(self.control("GET", "checkpoints"), "")

    def test_versions_are_those_of_the_release(self):
        def ranges(version=0, body=b"", tags=b""):
            answer = self.at().ask(API_VERSIONS, version, body, tags)
            code = answer.int(2)
            return code, {each[0]: each[1:] for each in answer.array(lambda: tuple(answer.int(2) for _ in range(3)))}
        self.assertEqual(ranges()[1][OFFSET_FETCH], (1, 9))
        self.assertEqual(ranges(99)[0], 35)
        self.control("POST", "quirk", release="2.4")
        self.assertEqual(ranges()[1][LIST_GROUPS], (0, 3))
        self.at().send(LIST_GROUPS, 5, b"\1\1\0", b"\0")
        self.closes()

    def test_requests_wait_for_those_before_them(self):
        self.control("POST", "fault", kind="delay", delay=100)
        self.at().send(API_VERSIONS, 0, b"")
        time.sleep(0.03)
        self.at().send(API_VERSIONS, 0, b"")
        self.at().correlation -= 1
        self.at().answer()
        self.at().correlation += 1
        self.at().answer()
        self.assertEqual(self.server.stats()["pipelined"], 1)


class Faults(Case):
    def fault(self, kind, **parameters):
        self.control("POST", "fault", kind=kind, **parameters)

    def test_codes(self):
        self.fault("status", code="TOPIC_AUTHORIZATION_FAILED", method="OffsetCommit", path="/g/t/1", skip=1)
        self.assertEqual([self.commit({("t", part): 5})["t"][part] for part in (0, 1, 1, 1)], [0, 0, 29, 0])
        self.fault("status", code="14")
        self.assertEqual(self.fetch({"t": [0]}), ({}, 14))
        self.fault("status", code="29", method="OffsetFetch")
        self.assertEqual(self.fetch({"t": [0]})[0]["t"][0], (-1, b"", 29))
        self.fault("status", code="REQUEST_TIMED_OUT", execute=1)
        self.assertEqual(self.commit({("t", 2): 8}), {"t": {2: 7}})
        self.fault("status", code="15", method="FindCoordinator")
        self.assertEqual(self.coordinator(), (15, -1, b"", -1))
        self.fault("status", code="30", method="OffsetDelete")
        self.assertEqual(self.delete(2), (30, {}))
        self.assertEqual(self.fetch({"t": [2]})[0]["t"][2][0], 8)

    def test_lost_answers(self):
        for kind, execute, stored in (("hang-up", 0, 0), ("hang-up", 1, 1), ("reset", 1, 2), ("close-middle", 1, 3),
                                      ("reset-middle", 1, 4)):
            self.fault(kind, execute=execute, method="OffsetCommit")
            with self.assertRaises(ConnectionResetError):
                self.commit({("t", 0): stored or 9})
            self.connections.pop(1).socket.close()
            self.assertEqual("g t 0 " in self.control("GET", "checkpoints"), bool(stored))
        self.fault("close", method="OffsetCommit")
        self.assertEqual(self.commit({("t", 0): 1}), {"t": {0: 0}})
        self.closes()

    def test_what_is_no_answer(self):
        for kind, begins in (("tls", b"\x15\x03\x03"), ("html", b"HTTP/1.1 400"), ("huge", number(4, 1 << 30))):
            self.fault(kind)
            self.at().send(API_VERSIONS, 0, b"")
            self.assertEqual(self.at().receive(len(begins)), begins)
            self.connections.pop(1).socket.close()
        for kind in ("mixed", "truncated", "garbage"):
            self.fault(kind)
            with self.assertRaises(AssertionError):
                self.commit({("t", 0): 1})
            self.connections.pop(1).socket.close()

    def test_answers_that_wait(self):
        self.fault("never")
        self.at().send(API_VERSIONS, 0, b"")
        self.at().socket.settimeout(0.1)
        with self.assertRaises(TimeoutError):
            self.at().receive(1)
        self.connections.pop(1).socket.close()
        self.fault("delay", hold=1)
        self.at().send(API_VERSIONS, 0, b"")
        while self.server.stats()["in_flight"] != 1:
            time.sleep(0.01)
        self.control("POST", "release")
        self.at().answer()

    def test_what_makes_no_sense_is_refused(self):
        for parameters in ({"kind": "status", "code": "NO_SUCH_CODE"}, {"kind": "wrong-type"}, {"kind": "nothing"}):
            with self.assertRaises(Exception):
                self.control("POST", "fault", **parameters)

    def test_the_log(self):
        self.commit({("t", 0): 42})
        self.fault("hang-up", method="OffsetFetch")
        with self.assertRaises(ConnectionResetError):
            self.fetch({"t": [0]})
        self.assertEqual(self.server.log(), ["OffsetCommit /1/g/t/0 0 v7 42", "OffsetFetch /1/g/t/0 - v5"])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
