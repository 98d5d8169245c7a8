#!/usr/bin/env python3
"""Usage: counts.py [--show]

What a read and a write cost the daemon: instructions in user space, which callgrind counts, and system calls,
which strace does. They are the same on a busy machine; no time is taken. Fails when one is more than MOST says;
--show prints what was counted. The exit status is 77 when nothing can be counted here.

CHECKPOINTFS, SIMULATED_DIS and SIMULATED_SLS are the programs under test, without sanitizers. BUILD_TYPE is what
CMake calls their build, and LIBCURL the version of libcurl.
"""
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
from place import Place, fill

PARTITION = "apps/billing/orders/0"
ROUNDS = 50
SKIPPED = 77
WAITS = "poll", "epoll_ctl", "epoll_wait", "restart_syscall", "total"

# The most that an operation may take, some percent above what it does. Most instructions are libcurl's.
LIBCURL = "7.88.1"
MOST = {
    "system calls": {"dis cat": 15.5, "dis echo": 13.5, "local cat": 18.5},
    "RelWithDebInfo": {"dis cat": 224000, "dis echo": 290000, "sls cat": 213000, "local cat": 55000, "local echo": 186000},
    "Debug": {"dis cat": 264000, "dis echo": 346000, "sls cat": 241000, "local cat": 71000, "local echo": 234000},
}


class Files:
    """A partition's files. They are opened from its directory, so that the kernel looks up no other names."""

    def __init__(self, mount):
        os.makedirs(mount.path(PARTITION), exist_ok=True)
        self.directory = os.open(mount.path(PARTITION), os.O_PATH)
        self.number = 20

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.directory)

    def cat(self):
        file = os.open("checkpoint", os.O_RDONLY, dir_fd=self.directory)
        os.fstat(file)
        while os.read(file, 131072):
            pass
        os.close(file)

    def echo(self):
        file = os.open("checkpoint", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, dir_fd=self.directory)
        os.write(file, b"%d\n" % (20 + self.number % 70))
        os.close(file)
        self.number += 1


class Instructions:
    """Counts what the daemon does between start and stop."""

    most = MOST.get(os.environ.get("BUILD_TYPE", ""))

    def __init__(self, place):
        self.environment = place.environment
        self.out = os.path.join(place.directory, "callgrind")
        self.dumps = 0
        place.under = ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={self.out}"]

    @staticmethod
    def is_possible():
        return shutil.which("callgrind_control") and os.environ.get("LIBCURL") == LIBCURL

    def control(self, daemon, what):
        subprocess.run(["callgrind_control", what, str(daemon.pid)], env=self.environment, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, daemon):
        self.control(daemon, "--zero")

    def stop(self, daemon):
        self.control(daemon, "--dump")
        self.dumps += 1
        with open(f"{self.out}.{self.dumps}", encoding="utf-8", errors="replace") as dump:
            return int(re.search("^summary: ([0-9]+)", dump.read(), re.MULTILINE)[1])


class SystemCalls:
    """The same with strace; without those that wait, prepare that, or find nothing: they depend on who is faster."""

    most = MOST["system calls"]

    def __init__(self, place):
        self.out = os.path.join(place.directory, "strace")
        self.tracer = None

    @staticmethod
    def is_possible():
        command = ["strace", "-o", os.devnull, "true"]
        return shutil.which("strace") and subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def start(self, daemon):
        self.tracer = subprocess.Popen(["strace", "-f", "-c", "-o", self.out, "-p", str(daemon.pid)],
                                       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert "attached" in self.tracer.stderr.readline()

    def stop(self, _):
        self.tracer.send_signal(signal.SIGINT)
        self.tracer.communicate()
        with open(self.out, encoding="utf-8") as table:
            rows = [line.split() for line in table]
        calls = [row for row in rows if len(row) > 4 and row[3].isdigit() and row[-1] not in WAITS]
        return sum(int(row[3]) - (int(row[4]) if len(row) > 5 else 0) for row in calls)


def count(backend, operations, counter_type):
    """What each of the operations takes."""
    with Place(backend) as place:
        counter = counter_type(place)
        if place.service:
            fill(place.service, {"orders": 3}, (10, 100))
        mount = place.mount()
        with Files(mount) as files:
            for _ in range(2):
                files.echo()
                files.cat()
            for operation in operations:
                counter.start(mount.daemon)
                for _ in range(ROUNDS):
                    getattr(files, operation)()
                yield operation, counter.stop(mount.daemon) / ROUNDS


def main():
    possible = [counter for counter in (Instructions, SystemCalls) if counter.most and counter.is_possible()]
    good = True
    for counter in possible:
        for backend in "dis", "sls", "local":
            operations = [what.split()[1] for what in counter.most if what.startswith(backend)]
            if not operations:
                continue
            for operation, counted in count(backend, operations, counter):
                most = counter.most[f"{backend} {operation}"]
                good = good and counted <= most
                if "--show" in sys.argv or counted > most:
                    print(f"{counter.__name__}, {operation} of {backend}: {counted:.1f}, may be {most}")
    sys.exit(SKIPPED if not possible else 0 if good else 1)


main()
