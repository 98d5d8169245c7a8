"""What is measured on: the service of tests/bench/service, mounts, and the processes beside them. All of it ends with
the block that it was made in, and with this process."""

import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

PROJECT = "0123456789abcdef0123456789abcdef"
SLS_PROJECT = "my-project"
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
               "ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
               "HUAWEICLOUD_SDK_AK": "id", "HUAWEICLOUD_SDK_SK": "secret"}
NO_REQUESTS = ("connections", "most-unanswered", "round-trips")  # what else the service counts
MOUNTED_WITHIN = 30  # seconds
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def on_core(core):
    """The words before a command that keep it on one core, if that is said."""
    return ["taskset", "-c", str(core)] if core is not None else []


@contextlib.contextmanager
def process(command, core=None, **options):
    """Runs a program until the block ends, on one core if that is said."""
    options = {"env": ENVIRONMENT, "stderr": subprocess.DEVNULL, **options}
    running = subprocess.Popen([*on_core(core), *command], preexec_fn=end_with_parent, **options)
    try:
        yield running
    finally:
        for end in running.terminate, running.kill:
            end()
            # One that waits for a mount may end only when that does, a little later.
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(timeout=5)
                break


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for_port(port, seconds=10):
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


class Service:
    """The service, once it listens."""

    def __init__(self, running):
        self.pid = running.pid
        self.port = int(running.stdout.readline())

    def source(self, kind):
        return {"dis": f"dis+http://127.0.0.1:{self.port}/{PROJECT}",
                "sls": f"sls+http://{SLS_PROJECT}.localhost:{self.port}"}[kind]

    def control(self, **words):
        """The counts, by their names, of before what the words change."""
        query = "&".join(f"{name}={value}" for name, value in words.items())
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/control?{query}") as answer:
            return {line.split()[0]: int(line.split()[1]) for line in answer.read().decode().splitlines()}

    def asked(self):
        """How many requests of each kind came since the last look, without kinds of which none came."""
        counts = self.control(reset=1)
        return {name: count for name, count in counts.items() if count and name not in NO_REQUESTS}

    def checkpoint_url(self, partition=5):
        return (f"http://127.0.0.1:{self.port}/v2/{PROJECT}/checkpoints?app_name=app-0000&checkpoint_type=LAST_READ"
                f"&partition_id={partition}&stream_name=stream-0000")


@contextlib.contextmanager
def service(program, core=None, **size):
    """size: apps, streams, partitions, delay, hang."""
    options = [word for name, value in size.items() for word in (f"--{name}", str(value))]
    with process([program, *options], core, stdout=subprocess.PIPE, text=True) as running:
        yield Service(running)


def wait_until_mounted(root, running):
    end = time.monotonic() + MOUNTED_WITHIN
    while not os.path.ismount(root):
        if running.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{running.args[0]} did not mount")
        time.sleep(0.005)


class Mounted:
    """A file system that a program serves, in the foreground."""

    def __init__(self, root, running):
        self.root = root
        self.pid = running.pid

    def __truediv__(self, path):
        return f"{self.root}/{path}"

    def status(self, name):
        """A figure of /proc/PID/status, memory in MB."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            found = re.search(rf"^{name}:\s+(\d+)( kB)?", file.read(), re.M)
        return int(found.group(1)) / (1024 if found.group(2) else 1)


@contextlib.contextmanager
def mounted(command, core=None, **options):
    """Runs a program whose last word shall be a mount point."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        root = os.path.join(directory, "mnt")
        os.mkdir(root)
        try:
            with process([*command, root], core, **options) as running:
                wait_until_mounted(root, running)
                yield Mounted(root, running)
        finally:
            # also of one whose program has died, which os.path.ismount() does not see
            subprocess.run(["fusermount3", "-u", "-z", root], check=False, stderr=subprocess.DEVNULL)


def checkpointfs(program, source, *options, core=None, before=()):
    return mounted([*before, program, "-f", *options, source], core)
