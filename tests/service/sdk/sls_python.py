#!/usr/bin/env python3
"""The SLS SDK for Python, with both signatures and a temporary key, against simulated-sls; and what it
writes is what files of a mount read, and what they write is what it reads.

Usage: sls_python.py PATH-OF-SIMULATED-SLS PATH-OF-CHECKPOINTFS
"""

import os
import sys
import time
from urllib.parse import urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "common"))
import sls_host
from aliyun.log import LogClient, LogItem, PutLogsRequest
from aliyun.log.auth import AUTH_VERSION_1, AUTH_VERSION_4
from aliyun.log.logexception import LogException
from simulation import ACCESS_KEY, SECRET_KEY, simulation
from sls_mount import KEY, PROJECT, REGION, cursor, mounted

TOKEN = "temporary+token/=="
STORE, GROUP = "orders", "billing"


def connect(server, version, token=None, secret=SECRET_KEY):
    port = urlsplit(server.url).port
    return LogClient(f"http://localhost:{port}", ACCESS_KEY, secret, securityToken=token,
                     auth_version=version, region=REGION)


def refused(code, call):
    try:
        call()
    except LogException as error:
        assert error.get_error_code() == code, error
    else:
        raise AssertionError(f"{code} was not raised")


def groups(client):
    assert client.list_logstore(PROJECT).get_logstores() == [STORE]
    client.create_consumer_group(PROJECT, STORE, GROUP, 30, True)
    refused("ConsumerGroupAlreadyExist",
            lambda: client.create_consumer_group(PROJECT, STORE, GROUP, 30))
    client.update_consumer_group(PROJECT, STORE, GROUP, timeout=60, in_order=False)
    (group,) = client.list_consumer_group(PROJECT, STORE).get_consumer_groups()
    assert (group.get_consumer_group_name(), group.get_timeout(), group.is_in_order()) == (
        GROUP, 60, False)


def shown(client, shard):
    (entry,) = client.get_check_point(PROJECT, STORE, GROUP, shard).get_consumer_group_check_points()
    return entry["checkpoint"], entry["consumer"]


def checkpoints(client):
    entries = client.get_check_point(PROJECT, STORE, GROUP).get_consumer_group_check_points()
    assert [entry["checkpoint"] for entry in entries] == ["", "", ""]
    client.update_check_point(PROJECT, STORE, GROUP, 0, cursor(42))
    assert shown(client, 0) == (cursor(42), "")
    refused("ConsumerNotExist", lambda: client.update_check_point(
        PROJECT, STORE, GROUP, 1, cursor(43), consumer="one two", force_success=False))
    assert client.heart_beat(PROJECT, STORE, GROUP, "one two").get_shards() == [0, 1, 2]
    client.update_check_point(PROJECT, STORE, GROUP, 1, cursor(43), consumer="one two",
                              force_success=False)
    assert shown(client, 1) == (cursor(43), "one two")
    refused("InvalidShardCheckPoint",
            lambda: client.update_check_point(PROJECT, STORE, GROUP, 1, "check_point_1"))
    fixed = client.get_check_point_fixed(PROJECT, STORE, GROUP, 0)
    assert fixed.get_consumer_group_check_points()[0]["checkpoint_previous_cursor_time"] > 0


def cursors(client):
    assert len(client.list_shards(PROJECT, STORE).get_shards_info()) == 3
    assert client.get_begin_cursor(PROJECT, STORE, 0).get_cursor() == cursor(10)
    assert client.get_end_cursor(PROJECT, STORE, 0).get_cursor() == cursor(100)
    then = int(time.time()) - 50
    found = client.get_cursor(PROJECT, STORE, 0, then).get_cursor()
    assert abs(client.get_cursor_time(PROJECT, STORE, 0, found).get_cursor_time() - then) <= 2
    refused("ShardNotExist", lambda: client.get_cursor(PROJECT, STORE, 7, "begin"))
    refused("InvalidCursor", lambda: client.get_cursor_time(PROJECT, STORE, 0, cursor(5)))


def begin_key(client, shard):
    return client.list_shards(PROJECT, STORE).get_shards_info()[shard]["inclusiveBeginKey"]


def put(client, shard, *items, compress=True):
    client.put_logs(PutLogsRequest(PROJECT, STORE, "web", "10.0.0.1", list(items),
                                   hashKey=begin_key(client, shard), compress=compress,
                                   logtags=[("host", "a")]))


def read_what_the_sdk_puts(client, mount):
    """A group of two logs, compressed, and one of one log, which is not."""
    first = [("level", "info"), ("part", "1"), ("text", 'a "b"\n\u20ac'), ("part", "2")]
    put(client, 1, LogItem(1700000000, first, 123456789), LogItem(1700000001, [("n", "2")], 1))
    put(client, 1, LogItem(1700000002, [("n", "3")], 1), compress=False)
    common = {"topic": "web", "source": "10.0.0.1", "tags": {"host": "a"}}
    assert mount.records(1, 100) == [
        {"checkpoint": cursor(100), "sequence": "100", "time": "2023-11-14T22:13:20.123Z", **common,
         "data": {"level": "info", "part": ["1", "2"], "text": 'a "b"\n\u20ac'}},
        {"checkpoint": cursor(101), "sequence": "100", "time": "2023-11-14T22:13:21.000Z", **common,
         "data": {"n": "2"}},
        {"checkpoint": cursor(102), "sequence": "101", "time": "2023-11-14T22:13:22.000Z", **common,
         "data": {"n": "3"}}], mount.records(1, 100)


def pull_what_is_appended(client, mount):
    records = [b"plain", "\u20ac".encode(), b"", b"\xff\xfe"]
    before = int(time.time())
    mount.append(2, *records[:2])
    mount.append(2, *records[2:])
    pulled = []
    for compress in (True, False):
        answer = client.pull_logs(PROJECT, STORE, 2, cursor(100), 1000, compress=compress)
        pulled = [log for group in answer.get_loggroup_list().LogGroups for log in group.Logs]
        assert [[(pair.Key, of_any(pair.Value)) for pair in log.Contents] for log in pulled] == [
            [("content", record)] for record in records], pulled
        assert all(before <= log.Time <= before + 10 for log in pulled), pulled


def of_any(value):
    """The SDK gives bytes where they are no UTF-8."""
    return value if isinstance(value, bytes) else value.encode()


def run(program, checkpointfs, version, word, token=None):
    options = list(KEY) + (["--security-token", token] if token else [])
    with simulation(program, *options, project=PROJECT) as server:
        server.control("POST", "logstore", name=STORE, shards=3, earliest=10, latest=100)
        client = connect(server, version, token)
        groups(client)
        checkpoints(client)
        cursors(client)
        with mounted(checkpointfs, server, "-o", f"region={REGION},signature={word}",
                     token=token) as mount:
            read_what_the_sdk_puts(client, mount)
            pull_what_is_appended(client, mount)
        client.delete_consumer_group(PROJECT, STORE, GROUP)
        assert server.control("GET", "groups") == ""
        assert server.stats()["signature_failures"] == 0, server.control("GET", "signatures")
        assert all(line.split()[3] == word for line in server.log()), server.log()
        refused("SignatureNotMatch",
                lambda: connect(server, version, token, "wrong").list_logstore(PROJECT))
        return len(server.log())


def main():
    program, checkpointfs = sys.argv[1:]
    count = sum(run(program, checkpointfs, version, word, token)
                for version, word in ((AUTH_VERSION_1, "v1"), (AUTH_VERSION_4, "v4"))
                for token in (None, TOKEN))
    assert sls_host.resolve
    print(f"SLS SDK for Python: {count} requests, all as expected")


if __name__ == "__main__":
    main()
