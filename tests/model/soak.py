#!/usr/bin/env python3
"""Usage: soak.py --backend dis|sls [--seed N] [--clients N] [--seconds S]

Many clients commit and read by one mount, each on a partition of its own, while 2 % of the requests fail at
the service in ways that are tried again. No client may notice:

* what it reads, in apps/ and checkpoints/, is what it committed last;
* in the end the service has for each what was acknowledged last;
* what the mount counts in `metrics` adds up with what the service counted: operations, commits, retries;
* neither memory nor descriptors of the daemon grow, and in the end nothing has leaked.
"""

import argparse
import base64
import os
import random
import sys
import threading
import time

from place import Place, Wrong, fill

SHARE = 0.02  # of the requests that fail
BATCH = 10  # faults armed at a time
PAUSE = 0.02  # between looks at the faults, in seconds
KINDS = ({"kind": "status", "status": 500}, {"kind": "reset"}, {"kind": "reset", "execute": 1},
         {"kind": "hang-up"})
RECORDS = 1 << 40  # that are kept: all numbers are in range
GROWTH = 1.25, 8 << 10  # of the memory, from the middle to the end: times, and KiB more
KNOWN = 20  # operations before the service's requests are counted
DESCRIPTORS = 40  # of the daemon, beside one for each client


class Client(threading.Thread):
    def __init__(self, mount, number, seed):
        super().__init__(daemon=True)
        self.mount = mount
        self.number = number
        self.random = random.Random(f"{seed} {number}")
        self.committed = 0  # the last acknowledged
        self.commits = self.reads = 0
        self.is_over = False
        self.wrong = None

    def run(self):
        while not self.is_over and not self.wrong:
            try:
                self.commit() if self.random.random() < 0.5 or not self.commits else self.read()
            except OSError as error:
                self.wrong = f"client {self.number}: {error}"

    def commit(self):
        number = self.random.randrange(1, RECORDS)
        with open(self.mount.path(f"apps/soak/wide/{self.number}/checkpoint"), "wb", 0) as file:
            file.write(b"%d\n" % number)
        self.committed = number
        self.commits += 1

    def read(self):
        path = self.random.choice((f"apps/soak/wide/{self.number}/checkpoint",
                                   f"checkpoints/soak/wide/{self.number}"))
        text = self.mount.read(path).strip()
        if text != self.mount.place.shown(self.committed):
            self.wrong = f"client {self.number}: {path} is {text}, {self.committed} was committed"
        self.reads += 1


class Faults(threading.Thread):
    """Arms faults, so that SHARE of the requests meet one, and counts those that were met."""

    def __init__(self, service, seed):
        super().__init__(daemon=True)
        self.service = service
        self.random = random.Random(seed)
        self.armed = 0
        self.is_over = False

    def run(self):
        while not self.is_over:
            if not self.left():
                for place in range(BATCH):
                    self.arm(int((place + self.random.random()) / SHARE))
            time.sleep(PAUSE)

    def arm(self, skip):
        self.service.control("POST", "fault", count=1, skip=skip, **self.random.choice(KINDS))
        self.armed += 1

    def left(self):
        return len(self.service.control("GET", "faults").splitlines())

    def end(self):
        """How many were met."""
        self.is_over = True
        self.join()
        met = self.armed - self.left()
        self.service.control("DELETE", "faults")
        return met


class Health(threading.Thread):
    """The daemon's memory in KiB and its descriptors, again and again."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.memory = []
        self.descriptors = []
        self.is_over = False

    def run(self):
        while not self.is_over:
            with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
                self.memory += [int(line.split()[1]) for line in file if line.startswith("VmRSS")]
            self.descriptors.append(len(os.listdir(f"/proc/{self.pid}/fd")))
            time.sleep(0.1)

    def check(self, clients):
        middle, end = self.memory[len(self.memory) // 2], self.memory[-1]
        if end > middle * GROWTH[0] + GROWTH[1]:
            raise Wrong(f"the daemon's memory grew from {middle} to {end} KiB")
        if max(self.descriptors) > clients + DESCRIPTORS:
            raise Wrong(f"the daemon had {max(self.descriptors)} descriptors")


def total(metrics, name, label=""):
    return int(sum(value for sample, value in metrics.items()
                   if sample.split("{")[0] == name and label in sample))


def check_counts(place, mount, clients, met, requests_before):
    metrics = mount.metrics()
    stats = place.service.stats()
    requests = stats["requests"] - requests_before
    retries = total(metrics, "checkpointfs_retries_total")
    commits = total(metrics, "checkpointfs_backend_operation_seconds_count", '"commit"')
    failures = total(metrics, "checkpointfs_backend_operation_failures_total", '"commit"')
    acknowledged = sum(client.commits for client in clients)
    posts = sum(line.startswith("POST") for line in place.service.requests())
    if retries != met:
        raise Wrong(f"{retries} retries are counted, {met} requests failed")
    if commits - failures != acknowledged or failures:
        raise Wrong(f"{commits} commits are counted and {failures} that failed, "
                    f"{acknowledged} were acknowledged")
    if requests < total(metrics, "checkpointfs_backend_operation_seconds_count") + retries - KNOWN:
        raise Wrong(f"the service counts only {requests} requests")
    if not stats["log_lines_lost"] and not acknowledged <= posts <= acknowledged + met:
        raise Wrong(f"the service saw {posts} commits of {acknowledged}, with {met} faults")
    return requests, retries


def check_stored(place, clients):
    stored = place.stored()
    for client in clients:
        if client.commits and stored.get(client.number) != place.shown(client.committed):
            raise Wrong(f"client {client.number}: the service has {stored.get(client.number)}, "
                        f"{client.committed} was acknowledged")


class World(Place):
    """A place whose service has a stream with a partition for each client."""

    def fill(self, mount, clients):
        fill(self.service, {"wide": clients}, (0, RECORDS))
        for path in ("apps/soak",) if self.backend == "dis" else ("apps/soak", "apps/soak/wide"):
            os.mkdir(mount.path(path))

    def shown(self, number):
        return str(number) if self.backend == "dis" else base64.b64encode(b"%d" % number).decode()

    def stored(self):
        rows = (line.split(" ") for line in self.service.control("GET", "checkpoints").splitlines())
        return {int(row[2]): row[3] for row in rows}


def end_all(clients):
    for client in clients:
        client.is_over = True
    for client in clients:
        client.join()
    for client in clients:
        if client.wrong:
            raise Wrong(client.wrong)


def run(backend, seed, count, seconds):
    with World(backend) as place:
        mount = place.mount("mnt")
        place.fill(mount, count)
        place.service.control("DELETE", "log")
        before = place.service.stats()["requests"]
        clients = [Client(mount, number, seed) for number in range(count)]
        faults, health = Faults(place.service, seed), Health(mount.daemon.pid)
        for thread in [*clients, faults, health]:
            thread.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until and not any(client.wrong for client in clients):
            time.sleep(0.1)
        end_all(clients)
        met = faults.end()
        health.is_over = True
        health.join()
        check_stored(place, clients)
        requests, retries = check_counts(place, mount, clients, met, before)
        health.check(count)
    print(f"{backend}: seed {seed}: {sum(client.commits for client in clients)} commits and "
          f"{sum(client.reads for client in clients)} reads of {count} clients, {requests} requests, "
          f"{met} faults, {retries} retries; memory {health.memory[len(health.memory) // 2]} to "
          f"{health.memory[-1]} KiB, at most {max(health.descriptors)} descriptors")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[0][7:])
    parser.add_argument("--backend", choices=("dis", "sls"), required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    # memory that AddressSanitizer keeps back would look like growth
    os.environ["ASAN_OPTIONS"] = ":".join(
        filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1"]))
    try:
        run(options.backend, options.seed, options.clients, options.seconds)
    except Wrong as wrong:
        print(f"{options.backend}: seed {options.seed}: {wrong}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
