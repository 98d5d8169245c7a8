#!/usr/bin/env python3
"""Usage: table.py CHECKPOINTFS DIRECTORY [PARTITIONS [SERVICE...]]

What it takes to write the checkpoints of 10,000 partitions, or PARTITIONS, as one table, in one write(2): as
numbers, and as words, which ask more. The services (dis, sls, kafka) are those of DIRECTORY, and answer each
request after 20 ms; local is the embedded store. Beside each time stand the requests that it took and the ratios to
two times that it might have taken: that of as many requests, 64 at a time, which is what the program allows itself,
and with Kafka one after the other; and n/64 times 20 ms. For comparison there are `cp -r` of a saved tree and a loop
of `echo`, of 200 partitions each and scaled up, and 10,000 requests of curl, 64 at a time: what the simulated service,
which has one thread, can do with this delay. Only ratios mean something: the machine may be busy with other things.
"""
import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service", "common"))
import stage
from simulation import PROJECT, simulation

DELAY_MS, WIDTH, SAMPLE = 20, 64, 200


def plain(number):
    return str(number)


class Dis:
    options, project, number = ("--auth", "none"), PROJECT, staticmethod(plain)
    asked = f"/v2/{PROJECT}/checkpoints?app_name=audit&stream_name=wide&partition_id=0&checkpoint_type=LAST_READ"

    @staticmethod
    def make(server, partitions):
        server.control("POST", "app", name="audit")
        server.control("POST", "stream", name="wide", partitions=partitions, earliest=0, latest=5000)
        return f"dis+{server.url}/{PROJECT}"


class Sls:
    options, project = ("--auth", "none"), "my-project"
    asked = "/logstores/wide/consumergroups/audit?shard=0"

    @staticmethod
    def number(number):
        return base64.b64encode(str(number).encode()).decode()

    @classmethod
    def make(cls, server, partitions):
        server.control("POST", "logstore", name="wide", shards=partitions, earliest=0, latest=5000)
        server.control("POST", "group", logstore="wide", name="audit")
        return f"sls+http://{cls.project}.localhost:{server.url.rpartition(':')[2]}"


class Kafka:
    options, project, number, asked = ("--broker", "0"), None, staticmethod(plain), None

    @staticmethod
    def make(server, partitions):
        server.control("POST", "topic", name="wide", partitions=partitions, earliest=0, latest=5000)
        server.control("POST", "group", name="audit")
        return "kafka+plain://" + re.search(r"[0-9.]+:[0-9]+", server.control("GET", "brokers")).group()


SERVICES = {"dis": Dis, "sls": Sls, "kafka": Kafka}


def cpu_of(pid):
    """Seconds that a process has computed."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mounted(program, source):
    return stage.checkpointfs(program, source, "-o", "timeout=120")


def took(operation, *arguments):
    begin = time.perf_counter()
    operation(*arguments)
    return time.perf_counter() - begin


def write_table(path, text):
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
    data = text.encode()
    if os.write(handle, data) != len(data):
        raise OSError("a short write")
    os.close(handle)


def write_each(place, number):
    for partition in range(SAMPLE):
        with open(f"{place}/{partition}/checkpoint", "w", encoding="ascii") as file:
            file.write(f"{number}\n")


def copy(mountpoint):
    """How long `cp -r` takes of so many files, all of which change something."""
    place = f"{mountpoint}/checkpoints/audit/wide"
    with tempfile.TemporaryDirectory() as directory:
        saved = os.path.join(directory, "wide")
        os.mkdir(saved)
        for partition in range(SAMPLE):
            shutil.copyfile(f"{place}/{partition}", f"{saved}/{partition}")
        write_each(f"{mountpoint}/apps/audit/wide", "shift +1")
        return took(subprocess.run, ["cp", "-r", "--no-preserve=all", saved, os.path.dirname(place)])


def kinds(number, partitions):
    yield "numbers", "".join(f"{i}\t{number(1000 + i % 1000)}\n" for i in range(partitions))
    yield "shift -1", "*\tshift -1\n"
    yield "latest", "*\tlatest\n"
    yield "@TIME", f"*\t@{int(time.time()) - 600}\n"


def print_row(what, seconds, requests, partitions, side_by_side, more=""):
    ideal = requests / side_by_side * DELAY_MS / 1000
    print(f"  {what:12} {seconds:7.2f} s  {requests:6} requests, {seconds / ideal:5.2f} of their time; "
          f"{seconds / (partitions / WIDTH * DELAY_MS / 1000):5.2f} of n/64 x {DELAY_MS} ms; "
          f"load {os.getloadavg()[0]:.1f}{more}", flush=True)


def measure_tables(name, service, server, mount, partitions):
    table = f"{mount.root}/apps/audit/wide/checkpoints"
    for what, text in kinds(service.number, partitions):
        server.control("DELETE", "log")
        ours, theirs = cpu_of(mount.pid), cpu_of(server.pid)
        seconds = took(write_table, table, text)
        ours, theirs = cpu_of(mount.pid) - ours, cpu_of(server.pid) - theirs
        requests = sum(not line.startswith("ApiVersions") for line in server.log())
        print_row(what, seconds, requests, partitions, 1 if name == "kafka" else WIDTH,
                  f", computed {ours:.2f} s, the service {theirs:.2f} s")


def measure_others(mount, partitions):
    print(f"  cp -r        {copy(mount.root) * partitions / SAMPLE:7.1f} s")
    echo = took(write_each, f"{mount.root}/apps/audit/wide", 7)
    print(f"  echo         {echo * partitions / SAMPLE:7.1f} s; at most {mount.status('VmHWM'):.0f} MB", flush=True)


def measure_limit(service, server, partitions):
    """By who does nothing but ask."""
    with tempfile.NamedTemporaryFile("w", suffix=".curl") as config:
        host = f"{service.project}.localhost:" if service is Sls else "127.0.0.1:"
        url = f"http://{host}{server.url.rpartition(':')[2]}{service.asked}"
        config.write("".join(f'url = "{url}"\noutput = "/dev/null"\n' for _ in range(partitions)))
        config.flush()
        command = ["curl", "-s", "-Z", "--no-progress-meter", "--parallel-max", str(WIDTH), "-H",
                   "x-log-apiversion: 0.6.0", "-K", config.name]
        theirs = cpu_of(server.pid)
        seconds = took(lambda: subprocess.run(command, check=False, stderr=subprocess.DEVNULL))
        theirs = cpu_of(server.pid) - theirs
    print_row("curl alone", seconds, partitions, partitions, WIDTH, f", the service {theirs:.2f} s")


def measure_service(program, directory, name, partitions):
    service = SERVICES[name]
    with simulation(os.path.join(directory, f"simulated-{name}"), *service.options, project=service.project) as server:
        with mounted(program, service.make(server, partitions)) as mount:
            server.control("POST", "fault", kind="delay", delay=DELAY_MS, count="forever")
            measure_tables(name, service, server, mount, partitions)
            measure_others(mount, partitions)
            if service.asked:
                measure_limit(service, server, partitions)


def measure_local(program, partitions):
    """There are no records, and so no words."""
    with tempfile.TemporaryDirectory() as directory, mounted(program, f"local:{directory}/store.db") as mount:
        for i in range(partitions):
            os.makedirs(f"{mount.root}/apps/audit/wide/{i}")
        for what, text in list(kinds(plain, partitions))[:2]:
            ours = cpu_of(mount.pid)
            seconds = took(write_table, f"{mount.root}/apps/audit/wide/checkpoints", text)
            print(f"  {what:12} {seconds:7.2f} s; load {os.getloadavg()[0]:.1f}, "
                  f"computed {cpu_of(mount.pid) - ours:.2f} s", flush=True)
        measure_others(mount, partitions)


def main():
    program, directory = (os.path.realpath(path) for path in sys.argv[1:3])
    partitions = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    for name in sys.argv[4:] or [*SERVICES, "local"]:
        print(f"{name}, {partitions} partitions:", flush=True)
        if name == "local":
            measure_local(program, partitions)
        else:
            measure_service(program, directory, name, partitions)


if __name__ == "__main__":
    main()
