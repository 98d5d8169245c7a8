#!/usr/bin/env python3
"""Usage: consumers.py dis|sls CHECKPOINTFS SIMULATED_SERVICE [RECORDS]

Compares, within one run against the simulated service, how fast RECORDS (20000) are consumed from the oldest
on, with a commit after each batch: by the shell loop of the manual on a mount, and by the same loop in Python
with the service's official client. It must be run with a Python that has that client: tests/service/sdk/run.sh
makes one. Each figure is the median of three interleaved rounds. Only the ratio means something: the machine
may be busy with other things.
"""
import os
import statistics
import sys
import time
from urllib.parse import urlsplit

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
for folder in "common", "sdk":
    sys.path.insert(0, os.path.join(here, "..", "service", folder))
from records import LOOP, shell
from simulation import ACCESS_KEY, PROJECT, SECRET_KEY, simulation

KEY = f"{ACCESS_KEY}:{SECRET_KEY}"
ROUNDS = 3
FIRST = 10  # the number of the oldest record


class Dis:
    options = ["--key", KEY]

    @staticmethod
    def prepare(server, end):
        server.control("POST", "app", name="billing")
        server.control("POST", "stream", name="orders", partitions=1, earliest=FIRST, latest=end)
        server.control("POST", "quirk", signed_host="without-port")

    @staticmethod
    def mounted(program, server):
        import dis_mount

        server.control("POST", "quirk", signed_host="exact")
        return dis_mount.mounted(program, server, "-o", "signature=credential")

    @staticmethod
    def client_loop(server, end):
        """Reads and commits, batch by batch."""
        from dis_sdk_python.com.huaweicloud.dis.sdk.python.client.disclient import disclient

        server.control("POST", "quirk", signed_host="without-port")
        client = disclient(endpoint=server.url, ak=ACCESS_KEY, sk=SECRET_KEY, projectid=PROJECT, region="eu-de",
                           derivationKeySwitch=False)
        cursor = client.getCursor("orders", "0", "TRIM_HORIZON").cursor
        last = FIRST - 1
        while last < end - 1:
            answer = client.getRecords(cursor)
            last = int(answer.recordResult[-1]["sequence_number"])
            client.commitCheckpoint("orders", "billing", "0", str(last))
            cursor = answer.nextPartitionCursor


class Sls:
    options = ["--key", KEY, "--region", "cn-hangzhou"]

    @staticmethod
    def prepare(server, end):
        server.control("POST", "logstore", name="orders", shards=1, earliest=FIRST, latest=end)
        server.control("POST", "group", logstore="orders", name="billing")

    @staticmethod
    def mounted(program, server):
        import sls_mount

        return sls_mount.mounted(program, server)

    @staticmethod
    def client_loop(server, end):
        import sls_host  # pylint: disable=unused-import
        from aliyun.log import LogClient
        from sls_mount import cursor as cursor_of

        client = LogClient(f"http://localhost:{urlsplit(server.url).port}", ACCESS_KEY, SECRET_KEY)
        cursor, last = cursor_of(FIRST), cursor_of(end)
        while cursor != last:
            answer = client.pull_logs("my-project", "orders", 0, cursor)
            cursor = answer.get_next_cursor()
            client.update_check_point("my-project", "orders", "billing", 0, cursor)


SERVICES = {"dis": (Dis, PROJECT), "sls": (Sls, "my-project")}


def timed(act):
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def mount_loop(service, program, server, end):
    """The same time without that of mounting."""
    with service.mounted(program, server) as mount:
        path = mount if isinstance(mount, str) else mount.path
        partition = f"{path}/apps/billing/orders/0"
        with open(f"{partition}/checkpoint", "w", encoding="ascii") as file:
            file.write("earliest\n")
        return shell(os.path.dirname(path), LOOP, partition, str(end - 1))


def main():
    name, program, simulated = sys.argv[1], *map(os.path.realpath, sys.argv[2:4])
    records = int(sys.argv[4]) if len(sys.argv) > 4 else 20000
    service, project = SERVICES[name]
    end = FIRST + records
    taken = {"the loop on a mount": [], "the official client": []}
    with simulation(simulated, *service.options, project=project) as server:
        service.prepare(server, end)
        for _ in range(ROUNDS):
            taken["the loop on a mount"].append(mount_loop(service, program, server, end))
            taken["the official client"].append(timed(lambda: service.client_loop(server, end)))
    base = statistics.median(taken["the official client"])
    for what, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"{name}: {what:20} {records / median:10.0f}/s  {base / median:.2f}")


if __name__ == "__main__":
    main()
