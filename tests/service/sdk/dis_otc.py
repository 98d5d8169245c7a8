#!/usr/bin/env python3
"""The OpenStack SDK with otcextensions (password, then token) against simulated-dis.

Usage: dis_otc.py PATH-OF-SIMULATED-DIS PATH-OF-CHECKPOINTFS
"""

import base64
import os
import sys

import openstack
from openstack import exceptions
from otcextensions import sdk

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "common"))
from dis_mount import LINES, PAYLOADS, Records, mounted
from simulation import ACCESS_KEY, SECRET_KEY, DOMAIN, PASSWORD, PROJECT, USER, simulation

STREAM, APP = "otc-stream", "otc_app"


def connect(url, password=PASSWORD):
    connection = openstack.connect(
        load_yaml_config=False, load_envvars=False, auth_type="password", region_name="eu-de",
        auth={"auth_url": f"{url}/v3", "username": USER, "password": password,
              "user_domain_name": DOMAIN, "project_id": PROJECT})
    sdk.register_otc_extensions(connection)
    return connection


def apps_and_streams(dis, server):
    dis.create_stream(stream_name=STREAM, partition_count=2, stream_type="COMMON")
    dis.create_app(app_name=APP)
    server.control("POST", "make", apps=25)
    assert len(list(dis.apps())) == 26
    assert [stream.name for stream in dis.streams()] == [STREAM]
    assert len(dis.get_stream(STREAM).partitions) == 2
    assert dis.get_app(APP).name == APP


def checkpoints(dis, server):
    server.control("POST", "partition", stream=STREAM, earliest=100, latest=900)
    assert dis.get_checkpoint(STREAM, APP, "1").sequence_number == "-1"
    dis.create_checkpoint(stream_name=STREAM, app_name=APP, partition_id="1",
                          checkpoint_type="LAST_READ", sequence_number="321", metadata="half way")
    found = dis.get_checkpoint(STREAM, APP, "shardId-0000000001")
    assert (found.sequence_number, found.metadata) == ("321", "half way"), found
    states = dis.app_consumptions(STREAM, APP)
    found = [(s.partition_id, s.sequence_number, s.earliest_offset, s.latest_offset)
             for s in states]
    assert found == [("0", "-1", 100, 900), ("1", "321", 100, 900)], found
    dis.delete_checkpoint(STREAM, APP, partition_id="1")
    assert dis.get_checkpoint(STREAM, APP, "1").sequence_number == "-1"


def write_and_read(dis):
    dis.upload_data(STREAM, records=[{"data": "hello", "partition_id": "0"}])
    cursor = dis.get_data_cursor(STREAM, "0", **{"cursor-type": "AT_SEQUENCE_NUMBER",
                                                 "starting-sequence-number": "900"})
    records = list(dis.download_data(cursor.partition_cursor))
    assert [record["sequence_number"] for record in records] == ["900"], records


def beside_a_mount(dis, path):
    records = Records(path, STREAM, 1)
    payloads = [data for data in PAYLOADS if data]  # it puts no record without data
    dis.upload_data(STREAM, records=[{"data": base64.b64encode(data).decode(), "partition_id": "1"}
                                     for data in payloads])
    records.check(900, payloads)
    records.append()
    cursor = dis.get_data_cursor(STREAM, "1", **{
        "cursor-type": "AT_SEQUENCE_NUMBER",
        "starting-sequence-number": str(900 + len(payloads))})
    found = [base64.b64decode(record["data"]) for record in dis.download_data(cursor.partition_cursor)]
    assert found == LINES, found


def main():
    with simulation(sys.argv[1], "--user", f"{USER}:{PASSWORD}:{DOMAIN}", "--key", f"{ACCESS_KEY}:{SECRET_KEY}") as server:
        connection = connect(server.url)
        apps_and_streams(connection.dis, server)
        checkpoints(connection.dis, server)
        write_and_read(connection.dis)
        with mounted(sys.argv[2], server) as path:
            beside_a_mount(connection.dis, path)
        assert server.stats()["tokens_issued"] == 1
        server.control("POST", "tokens/expire")
        connection.dis.delete_app(APP)
        assert server.stats()["tokens_issued"] == 2
        connection.dis.delete_stream(STREAM)
        try:
            list(connect(server.url, "wrong").dis.streams())
            raise AssertionError("a wrong password was accepted")
        except Exception as error:
            assert "401" in str(error), error
        assert server.stats()["wrong_passwords"] == 1
        assert not any(PASSWORD in line for line in server.log()), "the log shows a password"
        print(f"otcextensions: {len(server.log())} requests, all as expected")


if __name__ == "__main__":
    main()
