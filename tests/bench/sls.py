#!/usr/bin/env python3
"""Usage: sls.py CHECKPOINTFS SIMULATED_SLS [SECONDS]

Compares, within one run against the simulated service, what a mount does with what its requests take
by themselves: reading a checkpoint with one plain HTTP request on a connection that is kept, and listing
the groups of 200 logstores, each answered after 50 ms, with 200 such requests one after the other. Figures
are medians of five rounds of SECONDS (0.5) each. Only ratios mean something: the machine may be busy with
other things.
"""
import contextlib
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service", "common"))
from simulation import simulation

PROJECT = "my-project"
LOGSTORES, DELAY_MS = 200, 50


@contextlib.contextmanager
def mount(program, port, *options):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                   "ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
    with tempfile.TemporaryDirectory() as mountpoint:
        subprocess.run([program, *options, f"sls+http://{PROJECT}.localhost:{port}", mountpoint],
                       env=environment, check=True)
        try:
            yield mountpoint
        finally:
            subprocess.run(["fusermount3", "-u", mountpoint], check=True)


def rate(operation, seconds):
    """Operations in a second."""
    count = 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        operation()
        count += 1
    return count / (time.perf_counter() - begin)


def asker(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", int(port))
    headers = {"Host": f"{PROJECT}.localhost:{port}", "x-log-apiversion": "0.6.0"}

    def ask():
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read()

    return ask


def reader(path):
    def read():
        with open(path, "rb", buffering=0) as file:
            file.read(100)

    return read


def compare_reading(program, port, seconds):
    ask = asker(port, "/logstores/logstore-0000/consumergroups/group-0000?shard=0")
    with mount(program, port) as mountpoint:
        read = reader(f"{mountpoint}/apps/group-0000/logstore-0000/0/checkpoint")
        rounds = [(rate(read, seconds), rate(ask, seconds)) for _ in range(5)]
    reads, asks = (statistics.median(column) for column in zip(*rounds))
    print(f"reading a checkpoint: {reads:.0f}/s, a request alone: {asks:.0f}/s, "
          f"ratio {reads / asks:.2f}")


def took_ms(operation):
    begin = time.perf_counter()
    operation()
    return (time.perf_counter() - begin) * 1000


def compare_listing(program, server, port):
    server.control("POST", "fault", kind="delay", delay=DELAY_MS, path="/consumergroups",
                   count="forever")
    ask = asker(port, "/logstores/logstore-0000/consumergroups")
    one = statistics.median(took_ms(ask) for _ in range(5))
    with mount(program, port, "-o", "lazy") as mountpoint:
        server.control("DELETE", "log")
        listing = took_ms(lambda: os.listdir(f"{mountpoint}/apps"))
        requests = len(server.log())
    print(f"listing the groups of {LOGSTORES} logstores: {listing:.0f} ms, {requests} requests; "
          f"one after the other: {one * LOGSTORES:.0f} ms, ratio {one * LOGSTORES / listing:.1f}")


def main():
    program, service = (os.path.realpath(path) for path in sys.argv[1:3])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 0.5
    with simulation(service, "--auth", "none", project=PROJECT) as server:
        port = server.url.rpartition(":")[2]
        server.control("POST", "make", logstores=LOGSTORES, shards=1, groups=3)
        server.control("POST", "checkpoint", logstore="logstore-0000", group="group-0000", shard=0,
                       checkpoint="MA==")
        compare_reading(program, port, seconds)
        compare_listing(program, server, port)


if __name__ == "__main__":
    main()
