"""What the programs of this folder share: simulated services with a small world, and mounts of them.

CHECKPOINTFS, SIMULATED_DIS, SIMULATED_SLS and SIMULATED_KAFKA are the programs under test, as for tests/shell.

    with Place("dis") as place:
        mount = place.mount()
        open(mount.path("apps/billing/orders/0/checkpoint")).read()

At its end a place is as it was found: nothing is mounted, no process is left, and none has written a
report of a sanitizer. What is wrong then, or while it is used, is a Wrong.
"""

import ctypes
import errno
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

BACKENDS = "local", "dis", "sls"
PATIENCE = 60  # seconds: long for a busy machine, and not for ever
PROJECT = {"dis": "0123456789abcdef0123456789abcdef", "sls": "my-project"}
KEY = "SIMULATEDACCESSKEY01", "simulated/secret+key"
OPTIONS = {  # of the services
    "dis": ["--project", PROJECT["dis"], "--key", ":".join(KEY)],
    "sls": ["--project", PROJECT["sls"], "--key", ":".join(KEY), "--region", "cn-hangzhou"],
    "kafka": ["--broker", "0"]}
PR_SET_PDEATHSIG = 1

STREAMS = {"orders": 3, "payments": 1}  # and how many partitions they have
KEPT = 10, 100  # the numbers of a service's records: the oldest, and the next to be written


class Wrong(Exception):
    """A promise was not kept."""


def errno_name(error):
    return errno.errorcode.get(error.errno, str(error.errno))


class Doer:
    """Does steps, each of which is the name of a method and its arguments."""

    def do(self, step):
        """What the step has returned, or the name of its errno."""
        kind, *arguments = step
        try:
            return getattr(self, kind)(*arguments)
        except OSError as error:
            return errno_name(error)


def eventually(is_true, what):
    until = time.monotonic() + PATIENCE
    while not is_true():
        if time.monotonic() > until:
            raise Wrong(f"never came true: {what}")
        time.sleep(0.01)


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Mount:
    """A mount and its daemon, which stays this program's child."""

    def __init__(self, place, name, options):
        self.place = place
        self.root = os.path.join(place.directory, name)
        os.makedirs(self.root, exist_ok=True)
        self.log = open(os.path.join(place.directory, name + ".log"), "ab")
        before = os.stat(self.root).st_dev
        command = [*place.under, os.environ["CHECKPOINTFS"], "-f"]
        command += ["-o", ",".join(options)] if options else []
        self.daemon = subprocess.Popen(
            command + [place.source, self.root], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, env=place.environment, preexec_fn=die_with_parent)
        eventually(lambda: self.is_there(before), "the mount")

    def is_there(self, before):
        if self.daemon.poll() is not None:
            raise Wrong(f"the daemon ended as it began: {self.told()}")
        return os.stat(self.root).st_dev != before

    def told(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as log:
            return log.read()

    def path(self, path):
        return os.path.join(self.root, path)

    def read(self, path):
        with open(self.path(path), encoding="utf-8", errors="surrogateescape") as file:
            return file.read()

    def metrics(self):
        """The samples: the name with its labels, without that of the source, and the value."""
        samples = {}
        for line in self.read("metrics").splitlines():
            if not line.startswith("#"):
                name, value = re.sub('source="[^"]*",?', "", line).replace("{}", "").rsplit(" ", 1)
                samples[name] = float(value)
        return samples

    def is_alive(self):
        return self.daemon.poll() is None

    def must_live(self):
        if not self.is_alive():
            raise Wrong(f"the daemon is gone: {self.daemon.returncode}: {self.told()}")

    def kill(self):
        """As a crash would end it."""
        self.daemon.kill()
        self.daemon.wait()
        self.detach()

    def detach(self):
        subprocess.run(["fusermount3", "-u", "-z", self.root], check=False,
                       stderr=subprocess.DEVNULL)
        self.log.close()

    def end_daemon(self):
        """Its exit status. A container that has begun meanwhile may hold a copy of the mount."""
        try:
            return self.daemon.wait(PATIENCE / 12)
        except subprocess.TimeoutExpired:
            self.daemon.terminate()
            return self.daemon.wait(PATIENCE)

    def unmount(self):
        """The daemon must end well, and has then looked for leaks."""
        self.must_live()
        eventually(lambda: subprocess.run(["fusermount3", "-u", self.root], check=False,
                                          stderr=subprocess.DEVNULL).returncode == 0, "unmounting")
        code = self.end_daemon()
        self.log.close()
        if code:
            raise Wrong(f"the daemon ended with {code}: {self.told()}")


class Service:
    """A simulated service, and what can be done to it behind a mount's back."""

    def __init__(self, place, backend, directory):
        self.backend = backend
        port_file = os.path.join(directory, "port")
        self.log = open(os.path.join(directory, "service.log"), "ab")
        self.process = subprocess.Popen(
            [os.environ["SIMULATED_" + backend.upper()], "--port", "0", "--port-file", port_file] + OPTIONS[backend],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=directory,
            env=place.environment, preexec_fn=die_with_parent)
        eventually(lambda: os.path.exists(port_file) and os.path.getsize(port_file),
                   "the port of the service")
        with open(port_file, encoding="ascii") as file:
            self.port = int(file.read())

    def control(self, method, call, body=None, **values):
        query = urllib.parse.urlencode(values)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/_control/{call}?{query}", method=method,
            data=body and json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def source(self):
        """Of mounts of it."""
        if self.backend == "kafka":
            return "kafka+plain://" + self.control("GET", "brokers").split()[1]
        return {"dis": f"dis+http://127.0.0.1:{self.port}/{PROJECT['dis']}",
                "sls": f"sls+http://my-project.localhost:{self.port}"}[self.backend]

    def stats(self):
        return {name: int(value) for name, value in
                (line.split() for line in self.control("GET", "stats").splitlines())}

    def requests(self):
        """Its requests: METHOD target status auth body."""
        return self.control("GET", "log").splitlines()

    def end(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.log.close()
        if code:
            raise Wrong(f"the service ended with {code}")


def fill(service, streams, kept):
    """Gives a service streams, with so many partitions each, and the bounds of what is kept."""
    kind, parts = ("streams", "partitions") if service.backend == "dis" else ("logstores", "shards")
    service.control("POST", "seed", {kind: [
        {"name": name, parts: count, "earliest": kept[0], "latest": kept[1]}
        for name, count in streams.items()]})


class Place:
    """A temporary directory with a backend, and the mounts of it."""

    under = []  # a program that runs the daemons, with its options

    def __init__(self, backend):
        self.backend = backend
        self.directory = tempfile.mkdtemp(prefix="checkpointfs-model.")
        self.environment = self.clean_environment()
        self.mounts = []
        self.service = None
        self.store = os.path.join(self.directory, "store.db")
        self.source = "local:" + self.store
        if backend != "local":
            self.service = Service(self, backend, self.directory)
            self.source = self.service.source()

    def clean_environment(self):
        """No credentials but those of the simulated services, and reports of sanitizers in files."""
        environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH")
                       if name in os.environ}
        environment.update(
            HOME=self.directory, LC_ALL="C", TZ="UTC",
            HUAWEICLOUD_SDK_AK=KEY[0], HUAWEICLOUD_SDK_SK=KEY[1],
            ALIBABA_CLOUD_ACCESS_KEY_ID=KEY[0], ALIBABA_CLOUD_ACCESS_KEY_SECRET=KEY[1])
        for name in "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS":
            options = [os.environ[name]] if os.environ.get(name) else []
            environment[name] = ":".join(options + [f"log_path={self.directory}/sanitizer"])
        return environment

    def mount(self, name="mnt", *options):
        mount = Mount(self, name, options)
        self.mounts.append(mount)
        return mount

    def reports(self):
        """What sanitizers had to say."""
        texts = []
        for name in glob.glob(os.path.join(self.directory, "sanitizer.*")):
            with open(name, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
        return "\n".join(texts)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.tell_errors()
        try:
            self.end(is_failed=kind is not None)
        finally:
            for mount in self.mounts:
                if mount.is_alive():
                    mount.kill()
                mount.detach()
            if self.service and self.service.process.poll() is None:
                self.service.process.kill()
                self.service.process.wait()
            shutil.rmtree(self.directory, ignore_errors=True)

    def tell_errors(self):
        """What the mounts had to say, for whoever looks for the reason why a program has failed. One may hang."""
        for mount in self.mounts:
            print(f"errors of {mount.root}:", file=sys.stderr, flush=True)
            subprocess.run(["timeout", "5", "cat", mount.path("errors")], check=False, stdout=sys.stderr)

    def end(self, is_failed):
        try:
            for mount in self.mounts:
                if mount.is_alive():
                    mount.unmount()
            if self.service:
                self.service.end()
        except Wrong:
            if not is_failed:  # what was wrong first is what is told
                raise
        finally:
            reports = self.reports()
            if reports:
                raise Wrong(reports)
