#!/usr/bin/env python3
"""The consumer library of the SLS SDK for Python reads where files of a mount tell it to.

Usage: sls_consumer.py PATH-OF-SIMULATED-SLS PATH-OF-CHECKPOINTFS
"""

import contextlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "common"))
import sls_host
from aliyun.log.auth import AUTH_VERSION_1, AUTH_VERSION_4
from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, LogHubConfig
from simulation import ACCESS_KEY, SECRET_KEY, simulation
from sls_mount import KEY, PROJECT, REGION, cursor, eventually, mounted

RESET = os.path.join(here, "..", "..", "..", "examples", "reset.sh")


class Reader(ConsumerProcessorBase):
    """Notes which records it gets, and commits behind them."""

    def __init__(self, records):
        super().__init__()
        self.records = records

    def process(self, log_groups, check_point_tracker):
        for group in log_groups.LogGroups:
            for log in group.Logs:
                self.records.setdefault(self.shard_id, []).append(int(log.Contents[0].Value))
        check_point_tracker.save_check_point(True)


@contextlib.contextmanager
def consuming(server, version, name):
    records = {}
    config = LogHubConfig(
        f"http://localhost:{urlsplit(server.url).port}", ACCESS_KEY, SECRET_KEY, PROJECT, "orders",
        "billing", name, heartbeat_interval=1, data_fetch_interval=0.1, auth_version=version,
        region=REGION)
    worker = ConsumerWorker(Reader, config, args=(records,))
    worker.start()
    try:
        yield records
    finally:
        worker.shutdown()
        worker.join(timeout=30)
        assert not worker.is_alive()


def begin_where_told(server, mount, version):
    """A position is set before the app first runs, on one shard by number, on the other by word."""
    os.makedirs(mount.place)
    mount.write("0/checkpoint", 60)
    mount.write("1/checkpoint", "latest")
    with consuming(server, version, "worker") as records:
        eventually(lambda: mount.read("0/checkpoint") == cursor(100))
        server.control("POST", "logstore", name="orders", latest=105)
        eventually(lambda: [mount.read(f"{shard}/checkpoint") for shard in (0, 1)]
                   == [cursor(105)] * 2)
        assert records == {0: list(range(60, 105)), 1: list(range(100, 105))}, records
        assert mount.read("0/lag") == "0"
        assert mount.status(0)["consumer"] == "worker", mount.status(0)


def overwrite_what_is_forced(server, mount, version):
    """A consumer that runs goes on where it is, as the warning says."""
    with consuming(server, version, "worker") as records:
        server.control("POST", "logstore", name="orders", latest=106)
        eventually(lambda: records == {0: [105], 1: [105]})
        eventually(lambda: mount.read("0/checkpoint") == cursor(106))
        mount.write("0/checkpoint", "earliest")
        assert "worker" in mount.errors().splitlines()[-1], mount.errors()
        server.control("POST", "logstore", name="orders", latest=107)
        eventually(lambda: mount.read("0/checkpoint") == cursor(107))
        assert records[0] == [105, 106], records


def reset(mount, position):
    saved = {**os.environ, "TMPDIR": os.path.dirname(mount.path)}
    subprocess.run([RESET, mount.place, position], check=True, env=saved, stdout=subprocess.DEVNULL)


def move_all(server, mount, version):
    """All shards are set back between two runs."""
    reset(mount, "earliest")
    with consuming(server, version, "worker") as records:
        eventually(lambda: records == {shard: list(range(10, 107)) for shard in (0, 1)})


def read_what_is_appended(server, mount, version):
    """What is written to records/new comes to a consumer, whose commit is where records/ goes on."""
    with consuming(server, version, "worker") as records:
        mount.append(0, b"200", b"201")
        eventually(lambda: records.get(0) == [200, 201])
        eventually(lambda: mount.read("0/checkpoint") == cursor(108))
    mount.append(0, b"202")
    assert [line["data"]["content"] for line in map(json.loads, mount.read(
        "0/records/now").splitlines())] == ["202"]


def share(checkpointfs, server, version):
    """Two consumers have a shard each; a mount that speaks for one commits on its shard alone."""
    with mounted(checkpointfs, server, "-o", f"consumer=one,region={REGION}") as mount, \
            consuming(server, version, "one") as of_one, \
            consuming(server, version, "two") as of_two:
        def owners():
            server.control("POST", "logstore", name="orders", latest=owners.latest)
            owners.latest += 1
            return {mount.status(shard)["consumer"] for shard in (0, 1)}

        owners.latest = 108
        eventually(lambda: owners() == {"one", "two"})
        for shard in (0, 1):
            owner = mount.status(shard)["consumer"]
            try:
                mount.write(f"{shard}/checkpoint", 50)
                assert owner == "one", shard
            except OSError as error:
                assert (owner, error.strerror) == ("two", "Device or resource busy"), error
        assert of_one and of_two, (of_one, of_two)


def run(service, checkpointfs, version, word):
    with simulation(service, *KEY, project=PROJECT) as server:
        server.control("POST", "logstore", name="orders", shards=2, earliest=10, latest=100)
        with mounted(checkpointfs, server, "-o", f"region={REGION},signature={word}") as mount:
            begin_where_told(server, mount, version)
            overwrite_what_is_forced(server, mount, version)
            move_all(server, mount, version)
            read_what_is_appended(server, mount, version)
        share(checkpointfs, server, version)
        assert server.stats()["signature_failures"] == 0, server.control("GET", "signatures")
        return len(server.log())


def main():
    service, checkpointfs = sys.argv[1:]
    with ThreadPoolExecutor() as pool:
        count = sum(pool.map(lambda pair: run(service, checkpointfs, *pair),
                             ((AUTH_VERSION_1, "v1"), (AUTH_VERSION_4, "v4"))))
    assert sls_host.resolve
    print(f"SLS consumer library for Python: {count} requests, all as expected")


if __name__ == "__main__":
    main()
