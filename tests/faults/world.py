"""A mount of a simulated service through a proxy, and what programs do on it.

Both services have the same small world: the apps audit and billing, the stream orders with three partitions,
and one checkpoint, billing's 42 on the first.
"""

import base64
import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlencode

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service", "common"))
from simulation import ACCESS_KEY, DOMAIN, PASSWORD, PROJECT, SECRET_KEY, USER, simulation

from wire import Wire

PARTITION = "apps/billing/orders/0"
SAVED = "checkpoints/billing/orders"
BOUNDS = {"partitions": 3, "shards": 3, "earliest": 10, "latest": 100}


def base64_of(number):
    return base64.b64encode(str(number).encode()).decode()


# ---- what programs do


def read(path):
    with open(path, "rb", buffering=0) as file:
        return file.read(1 << 20).decode()


def write(path, text):
    file = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


class Operation:
    """What a program does at the mount: run(mount) gives what it sees, or an OSError.

    method, path: of the request that is made to fail; path is a part of its target
    right: a regular expression for what run gives when nothing fails
    change: what commits calls it, or None
    first: what comes before the request: "" for nothing, "question" for one that changes nothing, "source" for
        the same before anything is a change, or "name" for the look-up of a name, without which the kernel does
        not begin
    """

    def __init__(self, name, run, method="GET", path="", right="", change=None, first=""):
        self.name, self.run, self.method, self.path = name, run, method, path
        self.right, self.change, self.first = right, change, first

    def is_right(self, seen):
        return re.fullmatch(self.right, seen, re.DOTALL) is not None


def list_of(path):
    return lambda mount: " ".join(sorted(os.listdir(mount.at(path))))


def content_of(path):
    return lambda mount: read(mount.at(path))


def sizes_in(path):
    def sizes(mount):
        return " ".join(f"{entry.name} {entry.stat().st_size}" for entry in os.scandir(mount.at(path)))

    return sizes


def look_up(mount):
    """An app that another client has just made."""
    os.stat(mount.at(f"apps/{mount.service.newest}"))
    return ""


def writing(path, text):
    def commit(mount):
        write(mount.at(path), text)
        return mount.service.committed()

    return commit


def renaming(text):
    """As rsync and sed -i do."""

    def rename(mount):
        temporary = mount.at(f"{SAVED}/.new")
        with open(temporary, "w", encoding="ascii") as file:
            file.write(text)
        try:
            os.rename(temporary, mount.at(f"{SAVED}/0"))
        except OSError:
            os.unlink(temporary)
            raise
        return mount.service.committed()

    return rename


def move(mount):
    """The checkpoint itself, to the next partition."""
    os.rename(mount.at(f"{SAVED}/0"), mount.at(f"{SAVED}/1"))
    return mount.service.committed()


def delete(mount):
    os.unlink(mount.at(f"{PARTITION}/checkpoint"))
    return mount.service.committed()


def making(path):
    def make(mount):
        os.mkdir(mount.at(path))
        return mount.service.apps()

    return make


def removing(path):
    def remove(mount):
        os.rmdir(mount.at(path))
        return mount.service.apps()

    return remove


# ---- services


class Service:
    """A simulated service; a subclass says which."""

    def __init__(self, simulated):
        self.port = int(simulated.url.rpartition(":")[2])
        self.names = 0
        self.newest = ""

    def control(self, method, call, /, **parameters):
        return self._ask(method, f"/_control/{call}?{urlencode(parameters)}")

    def _ask(self, method, target, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, target, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"{method} {target}: {text}")
        return text

    def restore(self):
        self.control("POST", "reset")
        self._ask("POST", "/_control/seed", json.dumps(self.world))

    def another_app(self):
        self.names += 1
        self.newest = f"new-{self.names}"
        self.make_app(self.newest)

    def state(self):
        """All that a change could change."""
        return self.committed() + "|" + self.apps()


class Dis(Service):
    name = "DIS"
    program = "SIMULATED_DIS"
    options = ("--key", f"{ACCESS_KEY}:{SECRET_KEY}", "--user", f"{USER}:{PASSWORD}:{DOMAIN}")
    project = PROJECT
    keys = {"HUAWEICLOUD_SDK_AK": ACCESS_KEY, "HUAWEICLOUD_SDK_SK": SECRET_KEY}
    world = {"apps": ["audit", "billing"], "streams": [{"name": "orders", **BOUNDS}],
             "checkpoints": [{"app": "billing", "stream": "orders", "partition": 0, "sequence": 42,
                              "metadata": "note"}]}
    CHECKPOINTS, STATES = "/checkpoints", "/apps/billing/streams/orders"
    operations = [
        Operation("look up a new app", look_up, path="/apps/new", first="name"),
        Operation("list apps", list_of("apps"), path="/apps", right="audit billing( new.*)?"),
        Operation("ls -l of checkpoints", sizes_in(SAVED), path=STATES, right="0 8"),
        Operation("read checkpoint", content_of(f"{PARTITION}/checkpoint"), path=CHECKPOINTS, right="42\n"),
        Operation("read metadata", content_of(f"{PARTITION}/metadata"), path=CHECKPOINTS, right="note\n?"),
        Operation("read cursor", content_of(f"{PARTITION}/cursor"), path="/cursors", right=".{20,}"),
        Operation("read lag", content_of(f"{PARTITION}/lag"), path=STATES, right="57\n"),
        Operation("read status", content_of(f"{PARTITION}/status"), path=STATES,
                  right='.*"checkpoint": ?"42".*'),
        Operation("read records", content_of("streams/orders/0/records/at/98"), path="/records",
                  right='{"checkpoint":"98".*"checkpoint":"99".*'),
        Operation("commit", writing(f"{PARTITION}/checkpoint", "43\n"), "POST", CHECKPOINTS,
                  "billing orders 0 43", "commit"),
        Operation("shift", writing(f"{PARTITION}/checkpoint", "shift +1\n"), "POST", CHECKPOINTS,
                  "billing orders 0 4[345]", "commit", "question"),
        Operation("shift's question", writing(f"{PARTITION}/checkpoint", "shift +1\n"), "GET",
                  CHECKPOINTS, "billing orders 0 4[345]", "commit", "question"),
        Operation("write metadata", writing(f"{PARTITION}/metadata", "other\n"), "POST", CHECKPOINTS,
                  "billing orders 0 42 other", "commit", "question"),
        Operation("delete", delete, "DELETE", CHECKPOINTS, "", "delete"),
        Operation("rename onto", renaming("43\n"), "POST", CHECKPOINTS, "billing orders 0 43", "commit"),
        Operation("move (its second half)", move, "DELETE", CHECKPOINTS, "billing orders 1 42 note", "delete",
                  "source"),
        Operation("mkdir", making("apps/made"), "POST", "/apps", ".*made.*", "make-app", "name"),
        Operation("rmdir", removing("apps/audit"), "DELETE", "/apps/audit", "(?!.*audit).*", "remove-app", "question"),
    ]

    def committed(self):
        return self.control("GET", "checkpoints").rstrip("\n").replace("\n", ", ")

    def apps(self):
        return " ".join(name for name in self.control("GET", "apps").split()
                        if not name.startswith("new-"))

    def make_app(self, name):
        self.control("POST", "app", name=name)

    @staticmethod
    def source(scheme, host, port):
        return f"dis{scheme}://{host or '127.0.0.1'}:{port}/{PROJECT}"

    @staticmethod
    def password(port):
        return {"OS_AUTH_URL": f"http://127.0.0.1:{port}/v3", "OS_USERNAME": USER, "OS_PASSWORD": PASSWORD,
                "OS_USER_DOMAIN_NAME": DOMAIN, "OS_PROJECT_ID": PROJECT}


class Sls(Service):
    name = "SLS"
    program = "SIMULATED_SLS"
    project = "my-project"
    options = ("--region", "cn-hangzhou", "--key", f"{ACCESS_KEY}:{SECRET_KEY}")
    keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET_KEY}
    world = {"logstores": [{"name": "orders", **BOUNDS}, {"name": "payments", **BOUNDS}],
             "groups": [{"logstore": "orders", "name": "audit"}, {"logstore": "orders", "name": "billing"}],
             "checkpoints": [{"logstore": "orders", "group": "billing", "shard": 0,
                              "checkpoint": base64_of(42)}]}
    GROUP, SHARD = "/orders/consumergroups/billing", "/orders/shards/0"
    AFTER = f"orders billing 0 {base64_of(43)} -"
    operations = [
        Operation("look up a new app", look_up, path="/orders/consumergroups", first="name"),
        Operation("list apps", list_of("apps"), path="/orders/consumergroups", right="audit billing( new.*)?"),
        Operation("ls -l of checkpoints", sizes_in(SAVED), path=GROUP, right="0 5"),
        Operation("read checkpoint", content_of(f"{PARTITION}/checkpoint"), path=GROUP,
                  right=base64_of(42) + "\n"),
        Operation("read cursor", content_of("apps/billing/orders/1/cursor"), path="/orders/shards/1",
                  right=base64_of(10) + "\n"),
        Operation("read lag", content_of(f"{PARTITION}/lag"), path=SHARD, right="58\n"),
        Operation("read status", content_of(f"{PARTITION}/status"), path=GROUP,
                  right='.*"checkpoint": ?"NDI=".*'),
        Operation("read records", content_of("streams/orders/0/records/at/98"), path=SHARD,
                  right=f'{{"checkpoint":"{base64_of(99)}".*"checkpoint":"{base64_of(100)}".*'),
        Operation("commit", writing(f"{PARTITION}/checkpoint", base64_of(43) + "\n"), "POST", GROUP,
                  AFTER, "commit"),
        Operation("commit a decimal", writing(f"{PARTITION}/checkpoint", "43\n"), "POST", GROUP, AFTER,
                  "commit", "question"),
        Operation("shift", writing(f"{PARTITION}/checkpoint", "shift +1\n"), "POST", GROUP,
                  "orders billing 0 ND[MQU]= -", "commit", "question"),
        Operation("shift's question", writing(f"{PARTITION}/checkpoint", "shift +1\n"), "GET", GROUP,
                  "orders billing 0 ND[MQU]= -", "commit", "question"),
        Operation("rename onto", renaming(base64_of(43) + "\n"), "POST", GROUP, AFTER, "commit"),
        Operation("mkdir", making("apps/billing/payments"), "POST", "/payments/consumergroups",
                  ".*billing/payments.*", "make-app", "name"),
        Operation("rmdir", removing("apps/audit/orders"), "DELETE", "/orders/consumergroups/audit",
                  "(?!.*audit).*", "remove-app", "question"),
    ]

    def committed(self):
        return self.control("GET", "checkpoints").rstrip("\n").replace("\n", ", ")

    def apps(self):
        lines = (line.split() for line in self.control("GET", "groups").splitlines())
        return " ".join(sorted(f"{line[1]}/{line[0]}" for line in lines if not line[1].startswith("new-")))

    def make_app(self, name):
        self.control("POST", "group", logstore="orders", name=name)

    @staticmethod
    def source(scheme, host, port):
        return f"sls{scheme}://my-project.{host or 'localhost'}:{port}"


SERVICES = {service.name: service for service in (Dis, Sls)}


# ---- mounts


class Mount:
    """The program, which serves a directory of its own until the block ends."""

    def __init__(self, program, service, source, timeout, environment, *options):
        self.service = service
        self.place = tempfile.mkdtemp(prefix="checkpointfs-faults.")
        self.root = os.path.join(self.place, "mount")
        os.mkdir(self.root)
        log = os.path.join(self.place, "sanitizer")
        environment = {"PATH": os.environ["PATH"], "HOME": self.place, "TZ": "UTC",
                       "ASAN_OPTIONS": f"log_path={log}", "LSAN_OPTIONS": f"log_path={log}",
                       "UBSAN_OPTIONS": f"log_path={log}:print_stacktrace=1", **environment}
        command = [program, "-f", "-o", f"timeout={timeout},listing=600,snapshot=1", *options, source, self.root]
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._wait_until_mounted(time.monotonic() + 20)

    def _wait_until_mounted(self, until):
        while not self._is_mounted():
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                raise RuntimeError(f"cannot mount: {self.process.communicate()[1]}")
            time.sleep(0.02)

    def _is_mounted(self):
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            return any(line.split()[4] == self.root for line in file)

    def at(self, path):
        return f"{self.root}/{path}"

    def forget(self):
        """All that was learned of the service is forgotten."""
        self.process.send_signal(signal.SIGHUP)
        time.sleep(0.05)

    def end(self):
        """What is wrong with how it ended, leaks among it; or nothing."""
        said = [] if self._unmount(time.monotonic() + 10) else ["could not be unmounted"]
        try:
            status = self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "a timeout"
        said += [f"ended with {status}"] if status else []
        for name in sorted(os.listdir(self.place)):
            path = os.path.join(self.place, name)
            if name.startswith("sanitizer"):
                said.append(read(path))
                os.unlink(path)
        with contextlib.suppress(OSError):
            os.rmdir(self.root)
            os.rmdir(self.place)
        return "\n".join(said)

    def _unmount(self, until):
        """A program that another lane has just started may hold a copy of a descriptor for a moment."""
        while self._is_mounted() and time.monotonic() < until:
            subprocess.run(["fusermount3", "-u", self.root], check=False, capture_output=True)
            time.sleep(0.02)
        return not self._is_mounted()
