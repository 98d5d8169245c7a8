#!/usr/bin/env python3
"""The official SDK huaweicloudsdkdis (signatures of the access variant) against simulated-dis.

Usage: dis_sdk.py PATH-OF-SIMULATED-DIS PATH-OF-CHECKPOINTFS
"""

import base64
import os
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions import exceptions
from huaweicloudsdkdis.v2 import (
    CommitCheckpointReq, CommitCheckpointRequest, ConsumeRecordsRequest, CreateAppReq,
    CreateAppRequest, CreateStreamReq, CreateStreamRequest, DeleteAppRequest,
    DeleteCheckpointRequest, DeleteStreamRequest, DisClient, ListAppRequest, ListStreamsRequest,
    PutRecordsRequest, PutRecordsRequestEntry, SendRecordsRequest, ShowAppRequest,
    ShowCheckpointRequest, ShowConsumerStateRequest, ShowCursorRequest, ShowStreamRequest,
    UpdatePartitionCountReq, UpdatePartitionCountRequest)

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "common"))
from dis_mount import LINES, PAYLOADS, Records, mounted
from simulation import ACCESS_KEY, PROJECT, SECRET_KEY, simulation

STREAM, APP = "sdk-stream", "sdk_app"


def connect(url, secret=SECRET_KEY):
    credentials = BasicCredentials(ACCESS_KEY, secret, PROJECT)
    return DisClient.new_builder().with_credentials(credentials).with_endpoint(url).build()


def make_stream_and_app(client):
    client.create_stream(CreateStreamRequest(body=CreateStreamReq(
        stream_name=STREAM, partition_count=3, stream_type="COMMON", data_type="BLOB")))
    client.create_app(CreateAppRequest(body=CreateAppReq(app_name=APP)))
    streams = client.list_streams(ListStreamsRequest(limit=10))
    assert streams.stream_names == [STREAM], streams
    stream = client.show_stream(ShowStreamRequest(stream_name=STREAM))
    assert [p.partition_id for p in stream.partitions] == [f"shardId-{n:010}" for n in range(3)]
    apps = client.list_app(ListAppRequest(limit=10))
    assert [a.app_name for a in apps.apps] == [APP] and not apps.has_more_app, apps
    assert client.show_app(ShowAppRequest(app_name=APP)).commit_checkpoint_stream_names == []


def send(client, partition, payloads):
    entries = [PutRecordsRequestEntry(data=base64.b64encode(data).decode(), partition_id=partition)
               for data in payloads]
    written = client.send_records(SendRecordsRequest(body=PutRecordsRequest(
        stream_name=STREAM, records=entries)))
    assert written.failed_record_count == 0 and len(written.records) == len(payloads), written


def beside_a_mount(client, path):
    records = Records(path, STREAM, 0)
    send(client, "0", PAYLOADS)
    records.check(0, PAYLOADS)
    records.append()
    cursor = client.show_cursor(ShowCursorRequest(
        stream_name=STREAM, partition_id="0", cursor_type="AFTER_SEQUENCE_NUMBER",
        starting_sequence_number=str(len(PAYLOADS) - 1))).partition_cursor
    read = client.consume_records(ConsumeRecordsRequest(partition_cursor=cursor))
    assert [base64.b64decode(record.data) for record in read.records] == LINES, read


def write_and_read(client):
    send(client, "shardId-0000000001", [b"record %d" % n for n in range(5)])
    cursor = client.show_cursor(ShowCursorRequest(
        stream_name=STREAM, partition_id="1", cursor_type="AT_SEQUENCE_NUMBER",
        starting_sequence_number="3")).partition_cursor
    read = client.consume_records(ConsumeRecordsRequest(partition_cursor=cursor))
    assert [r.sequence_number for r in read.records] == ["3", "4"], read
    assert base64.b64decode(read.records[0].data) == b"record 3"
    end = client.consume_records(ConsumeRecordsRequest(partition_cursor=read.next_partition_cursor))
    assert end.records == [] and end.next_partition_cursor


def checkpoints(client):
    def show():
        return client.show_checkpoint(ShowCheckpointRequest(
            app_name=APP, stream_name=STREAM, partition_id="1", checkpoint_type="LAST_READ"))

    assert show().sequence_number == "-1"
    client.commit_checkpoint(CommitCheckpointRequest(body=CommitCheckpointReq(
        app_name=APP, stream_name=STREAM, partition_id="shardId-0000000001", sequence_number="4",
        checkpoint_type="LAST_READ", metadata="half way: 50 % ü")))
    assert (show().sequence_number, show().metadata) == ("4", "half way: 50 % ü")
    assert client.show_app(ShowAppRequest(app_name=APP)).commit_checkpoint_stream_names == [STREAM]
    states = client.show_consumer_state(ShowConsumerStateRequest(
        app_name=APP, stream_name=STREAM, checkpoint_type="LAST_READ")).partition_consuming_states
    found = [(s.partition_id, s.sequence_number, s.earliest_offset, s.latest_offset)
             for s in states]
    count = len(PAYLOADS) + len(LINES)
    assert found == [("0", "-1", 0, count), ("1", "4", 0, 5), ("2", "-1", 0, 0)], found
    client.delete_checkpoint(DeleteCheckpointRequest(
        app_name=APP, stream_name=STREAM, checkpoint_type="LAST_READ", partition_id="1"))
    assert show().sequence_number == "-1"


def scale_and_delete(client):
    client.update_partition_count(UpdatePartitionCountRequest(
        stream_name=STREAM, body=UpdatePartitionCountReq(stream_name=STREAM,
                                                         target_partition_count=2)))
    stream = client.show_stream(ShowStreamRequest(stream_name=STREAM))
    assert [p.status for p in stream.partitions] == ["ACTIVE", "ACTIVE", "DELETED"]
    client.delete_app(DeleteAppRequest(app_name=APP))
    client.delete_stream(DeleteStreamRequest(stream_name=STREAM))
    assert client.list_streams(ListStreamsRequest()).total_number == 0


def refusals(client, server):
    try:
        client.show_app(ShowAppRequest(app_name="nobody"))
        raise AssertionError("an app that is not there was found")
    except exceptions.ClientRequestException as error:
        assert error.status_code == 400 and "DIS.4332" in error.error_msg, error
    try:
        connect(server.url, "another secret").list_app(ListAppRequest())
        raise AssertionError("a wrong secret was accepted")
    except exceptions.ClientRequestException as error:
        assert error.status_code == 401 and error.error_code == "APIGW.0301", error


def main():
    with simulation(sys.argv[1], "--key", f"{ACCESS_KEY}:{SECRET_KEY}") as server:
        client = connect(server.url)
        make_stream_and_app(client)
        write_and_read(client)
        with mounted(sys.argv[2], server) as path:
            beside_a_mount(client, path)
        checkpoints(client)
        scale_and_delete(client)
        assert server.stats()["signature_failures"] == 0, server.control("GET", "signatures")
        refusals(client, server)
        assert all(" access" in line for line in server.log()), server.log()
        print(f"huaweicloudsdkdis: {len(server.log())} requests, all as expected")


if __name__ == "__main__":
    main()
