#!/usr/bin/env python3
"""The DIS SDK for Python (signatures of the credential variant) against simulated-dis.

Usage: dis_python.py PATH-OF-SIMULATED-DIS PATH-OF-CHECKPOINTFS

Its derived keys are switched off, and the server is told that the host is signed without its port,
which that SDK always leaves away. It puts no records but texts.
"""

import os
import sys

from dis_sdk_python.com.huaweicloud.dis.sdk.python.client.disclient import disclient
from dis_sdk_python.com.huaweicloud.dis.sdk.python.models.disexception import DisException

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "common"))
from dis_mount import LINES, TEXTS, Records, mounted
from simulation import ACCESS_KEY, PROJECT, SECRET_KEY, simulation

STREAM, APP = "py-stream", "py_app"


def connect(url, secret=SECRET_KEY):
    return disclient(endpoint=url, ak=ACCESS_KEY, sk=secret, projectid=PROJECT, region="eu-de",
                     derivationKeySwitch=False)


def make_stream_and_app(client):
    assert client.createStream(STREAM, 2, "BLOB", "COMMON").statusCode == 201
    assert client.createApp(APP).statusCode == 201
    assert client.listStream().stream_names == [STREAM]
    assert client.describeApp(APP).statusCode == 200
    assert client.listApp("").statusCode == 200
    stream = client.describeStream(STREAM)
    assert [p["partition_id"] for p in stream.partitions] == [f"shardId-{n:010}" for n in (0, 1)]


def write_and_read(client):
    written = client.put_records(STREAM, "", [{"data": f"record {n}", "partition_id": "0"}
                                              for n in range(3)])
    assert written.failedRecordCount == 0, written.__dict__
    cursor = client.getCursor(STREAM, "0", "AFTER_SEQUENCE_NUMBER", "0").cursor
    assert [r["sequence_number"] for r in client.getRecords(cursor).recordResult] == ["1", "2"]


def beside_a_mount(client, server, checkpointfs):
    written = client.put_records(STREAM, "", [{"data": data.decode(), "partition_id": "1"}
                                              for data in TEXTS])
    assert written.failedRecordCount == 0, written.__dict__
    server.control("POST", "quirk", signed_host="exact")
    with mounted(checkpointfs, server, "-o", "signature=credential") as path:
        records = Records(path, STREAM, 1)
        records.check(0, TEXTS)
        records.append()
    server.control("POST", "quirk", signed_host="without-port")
    cursor = client.getCursor(STREAM, "1", "AT_SEQUENCE_NUMBER", str(len(TEXTS))).cursor
    found = [r["data"] for r in client.getRecords(cursor).recordResult]
    assert [data.encode() if isinstance(data, str) else data for data in found] == LINES, found


def checkpoints(client, server):
    assert client.getCheckpoint(STREAM, APP, "0").seqNumber == "-1"
    assert client.commitCheckpoint(STREAM, APP, "0", "2", "a b+c").statusCode == 201
    assert client.getCheckpoint(STREAM, APP, "shardId-0000000000").seqNumber == "2"
    assert server.control("GET", "checkpoints") == f"{APP} {STREAM} 0 2 a b+c\n"
    assert client.streamConsume(STREAM, APP).statusCode == 200
    assert client.deleteCheckpoint(STREAM, APP).statusCode == 204
    assert client.getCheckpoint(STREAM, APP, "0").seqNumber == "-1"


def refusals(client, server):
    for call in (lambda: client.describeApp("nobody"),
                 lambda: connect(server.url, "another secret").describeApp(APP)):
        try:
            call()
            raise AssertionError("what must be refused was not")
        except DisException as error:
            assert "DIS.4332" in str(error) or "APIGW.0301" in str(error), error


def main():
    with simulation(sys.argv[1], "--key", f"{ACCESS_KEY}:{SECRET_KEY}") as server:
        server.control("POST", "quirk", signed_host="without-port")
        client = connect(server.url)
        make_stream_and_app(client)
        write_and_read(client)
        beside_a_mount(client, server, sys.argv[2])
        checkpoints(client, server)
        assert server.stats()["signature_failures"] == 0, server.control("GET", "signatures")
        refusals(client, server)
        assert client.deleteApp(APP).statusCode == 204
        assert client.deleteStream(STREAM).statusCode == 204
        assert all(" credential" in line for line in server.log()), server.log()
        print(f"DIS SDK for Python: {len(server.log())} requests, all as expected")


if __name__ == "__main__":
    main()
