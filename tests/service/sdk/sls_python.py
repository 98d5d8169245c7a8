#!/usr/bin/env python3
"""The SLS SDK for Python, with both signatures and a temporary key, against simulated-sls.

Usage: sls_python.py PATH-OF-SIMULATED-SLS
"""

import base64
import os
import sys
import time
from urllib.parse import urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "common"))
import sls_host
from aliyun.log import LogClient
from aliyun.log.auth import AUTH_VERSION_1, AUTH_VERSION_4
from aliyun.log.logexception import LogException
from simulation import ACCESS_KEY, SECRET_KEY, simulation

PROJECT, REGION, TOKEN = "my-project", "cn-hangzhou", "temporary+token/=="
STORE, GROUP = "orders", "billing"
KEY = ["--key", f"{ACCESS_KEY}:{SECRET_KEY}", "--region", REGION]


def cursor(number):
    return base64.b64encode(str(number).encode()).decode()


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


def run(program, version, word, token=None):
    options = KEY + (["--security-token", token] if token else [])
    with simulation(program, *options, project=PROJECT) as server:
        server.control("POST", "logstore", name=STORE, shards=3, earliest=10, latest=100)
        client = connect(server, version, token)
        groups(client)
        checkpoints(client)
        cursors(client)
        client.delete_consumer_group(PROJECT, STORE, GROUP)
        assert server.control("GET", "groups") == ""
        assert server.stats()["signature_failures"] == 0, server.control("GET", "signatures")
        assert all(line.split()[3] == word for line in server.log()), server.log()
        refused("SignatureNotMatch",
                lambda: connect(server, version, token, "wrong").list_logstore(PROJECT))
        return len(server.log())


def main():
    program = sys.argv[1]
    count = sum(run(program, version, word, token)
                for version, word in ((AUTH_VERSION_1, "v1"), (AUTH_VERSION_4, "v4"))
                for token in (None, TOKEN))
    assert sls_host.resolve
    print(f"SLS SDK for Python: {count} requests, all as expected")


if __name__ == "__main__":
    main()
