#!/usr/bin/env python3
"""Usage: mount.py [--all | --stacks | --seconds S] [--seed N] [--scene REGEX] [--first N] PROGRAM SIMULATED_DIS SIMULATED_SLS
                SIMULATED_KAFKA

Every allocation of a mount fails once: PROGRAM is checkpointfs-torture (memory.h says which allocations
count). On a mount of the embedded store, of DIS, of SLS and of Kafka, each scene of what programs do is played again
and again, and the n-th allocation of the daemon since it began fails, until a run ends without having
reached it. What is held to:

* The daemon lives, and answers. It ends well when it is unmounted, without a report of AddressSanitizer.
* A program is told ENOMEM, or that all is well: then it read what it reads without a fault, and what it
  wrote is at the service or in the store, which are asked directly, and stands in `commits`.
* What was refused has changed nothing, unless `commits` calls it unknown.
* The same thing works afterwards, and the mount shows what is stored.

The scenes called "start" are of a daemon that begins: either it mounts, or says why not.

--all takes each allocation, which takes hours; --stacks takes one on each way through the program (memory.h). Both say
after each scene how many that were: --scene takes the rest. Otherwise it takes one in many, other ones for each seed
(the date, unless told), so that all ends after about S seconds (30).
"""
import argparse
import base64
import contextlib
import datetime
import difflib
import errno
import http.client
import json
import mmap
import os
import random
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

PATIENCE = 60  # seconds until something hangs
SUPPRESSED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libfuse.supp")
COMMITS_MAX = 1 << 16  # bytes in `commits` until a new mount begins: it is read several times for each allocation
PARTITIONS = 50
P = "apps/billing/orders/0"
C = "checkpoints/billing/orders/0"
TABLE = "apps/billing/orders/checkpoints"
S = "streams/orders/0"
START = 1000000  # the number of the first record that is appended
WRITING = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
OPTIONS = "listing=0,snapshot=0,timeout=20"


class Finding(Exception):
    pass


class Refused(Exception):
    """A program that failed, with what it wrote of that."""


# ---- the daemon's memory


class Plan:
    """What memory.h calls a plan, shared with the daemon."""

    SIZE = 16 + 8 * 65536

    def __init__(self, path):
        with open(path, "wb") as file:
            file.write(bytes(self.SIZE))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.SIZE)

    def go_by_stacks(self):
        """From now on, and as if none had failed."""
        self.memory[9] = True
        self.memory[16:] = bytes(self.SIZE - 16)

    def arm(self, nth):
        self.memory[8] = False
        self.memory[0:8] = struct.pack("<Q", nth)

    def disarm(self):
        """Whether one has failed."""
        self.memory[0:8] = bytes(8)
        return self.memory[8] != 0


# ---- backends: what is behind a mount, and how it is asked without it


def wait_for(what, condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise Finding(f"{what} never came true")
        time.sleep(0.005)


class Local:
    name = "local"
    numbers = "decimal"
    metadata = True
    environment = {}

    def __init__(self, directory, _):
        self.path = f"{directory}/store.db"
        self.source = f"local:{self.path}"

    def make_world(self, mountpoint):
        os.makedirs(f"{mountpoint}/apps/audit")
        for i in range(PARTITIONS):
            os.makedirs(f"{mountpoint}/apps/billing/orders/{i}")
        for i in range(3):
            write(f"{mountpoint}/streams/orders/{i}/earliest", "10\n")
        for i in range(PARTITIONS):
            write(f"{mountpoint}/streams/orders/{i}/latest", "1000000\n")

    def take_log(self):
        """Nobody asks over a network."""

    def has_refused_without_query(self):
        return False

    def stored(self):
        """{PARTITION: text as checkpoints/ has it} of billing on orders."""
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as store:
            rows = store.execute(
                "SELECT partition, sequence, metadata FROM checkpoint JOIN app ON app.id = app"
                " JOIN stream ON stream.id = stream WHERE app.name = 'billing' AND stream.name = 'orders'"
            )
            return {row[0]: f"{row[1]}\n" + (f"{row[2]}\n" if row[2] else "") for row in rows}

    def apps(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as store:
            return {row[0] for row in store.execute("SELECT name FROM app")}

    def close(self):
        pass


class Service:
    options = []

    def __init__(self, directory, program):
        port = f"{directory}/port"
        self.log = open(f"{directory}/service.log", "wb")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [program, "--port", "0", "--port-file", port, *self.options], stdout=self.log, stderr=self.log
        )
        wait_for("the service", lambda: os.path.exists(port) and os.path.getsize(port))
        with open(port, encoding="ascii") as file:
            self.port = int(file.read())
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.source = self.source_at(self.port)
        self.with_query = set()  # methods and paths

    def control(self, method, call, body=None, **parameters):
        self.connection.request(method, f"/_control/{call}?{urllib.parse.urlencode(parameters)}", body)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise Finding(f"{call}: {text}")
        return text

    def seed(self, world):
        self.control("POST", "seed", json.dumps(world))

    def close(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait()
        self.log.close()


    def take_log(self):
        """What was asked since it was taken last: methods, paths, queries or "", and statuses."""
        lines = [line.split(" ") for line in self.control("GET", "log").splitlines()]
        self.control("DELETE", "log")
        asked = [(line[0], *line[1].partition("?")[::2], line[2]) for line in lines]
        self.with_query |= {(method, path) for method, path, query, _ in asked if query}
        return asked

    def has_refused_without_query(self):
        """Whether a request was refused that came without the query which there is with others of its kind."""
        return any(
            status in ("401", "403") and not query and (method, path) in self.with_query
            for method, path, query, status in self.take_log()
        )


class Dis(Service):
    name = "dis"
    numbers = "decimal"
    metadata = True
    project = "0123456789abcdef0123456789abcdef"
    options = ["--project", project, "--key", "KEY:secret"]
    environment = {"HUAWEICLOUD_SDK_AK": "KEY", "HUAWEICLOUD_SDK_SK": "secret"}

    def source_at(self, port):
        return f"dis+http://127.0.0.1:{port}/{self.project}"

    def make_world(self, _):
        self.seed(
            {
                "apps": ["audit", "billing"],
                "streams": [{"name": "orders", "partitions": PARTITIONS, "earliest": 10, "latest": 1000000}],
            }
        )

    def stored(self):
        found = {}
        for line in self.control("GET", "checkpoints").splitlines():
            app, stream, partition, number, *metadata = line.split(" ", 4)
            note = metadata[0] if metadata else ""
            if (app, stream) == ("billing", "orders"):
                found[int(partition)] = f"{number}\n" + (f"{note}\n" if note not in ("", "-") else "")
        return found

    def apps(self):
        return None


class Sls(Service):
    name = "sls"
    numbers = "base64"
    metadata = False
    options = ["--project", "my-project", "--region", "cn-hangzhou", "--key", "KEY:secret"]
    environment = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}

    def source_at(self, port):
        return f"sls+http://my-project.localhost:{port}"

    def make_world(self, _):
        self.seed(
            {
                "logstores": [{"name": "orders", "shards": PARTITIONS, "earliest": 10, "latest": 1000000}],
                "groups": [{"logstore": "orders", "name": "audit"}, {"logstore": "orders", "name": "billing"}],
            }
        )

    def stored(self):
        lines = [line.split() for line in self.control("GET", "checkpoints").splitlines()]
        return {int(line[2]): line[3] + "\n" for line in lines if line[:2] == ["orders", "billing"]}

    def apps(self):
        return None


class Kafka(Service):
    name = "kafka"
    numbers = "decimal"
    metadata = True
    environment = {}

    def source_at(self, port):
        return "kafka+plain://" + self.control("GET", "brokers").split()[1]

    def make_world(self, _):
        self.seed(
            {
                "groups": ["audit", "billing"],
                "topics": [{"name": "orders", "partitions": PARTITIONS, "earliest": 10, "latest": 1000000}],
            }
        )

    def stored(self):
        lines = [line.split(" ") for line in self.control("GET", "checkpoints").splitlines()]
        return {
            int(line[2]): f"{line[3]}\n" + (f"{urllib.parse.unquote(line[4])}\n" if line[4] else "")
            for line in lines
            if line[:2] == ["billing", "orders"]
        }

    def apps(self):
        return None


# ---- what programs do


def write(path, text):
    fd = os.open(path, WRITING, 0o644)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def run(*command):
    """The output of a program that does well."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if ended.returncode:
        raise Refused(ended.stderr)
    return ended.stdout


class Mount:
    """A daemon in the foreground, its mount point as the current directory, and its backend."""

    def __init__(self, program, backend, directory):
        self.program, self.backend, self.directory = program, backend, directory
        self.mountpoint = f"{directory}/mnt"
        os.makedirs(self.mountpoint, exist_ok=True)
        self.plan = Plan(f"{directory}/plan")
        self.said = f"{directory}/daemon.log"
        self.number = 100
        self.acknowledged = {}
        self.process = None

    def start(self):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.directory,
            "TORTURE_PLAN": f"{self.directory}/plan",
            "LSAN_OPTIONS": f"suppressions={SUPPRESSED}:print_suppressions=0",
            **{name: os.environ[name] for name in ("TORTURE_TRACE",) if name in os.environ},
            **self.backend.environment,
        }
        with open(self.said, "wb") as said:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [self.program, "-f", "-o", OPTIONS, self.backend.source, self.mountpoint],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def is_mounted(self):
        return os.path.ismount(self.mountpoint)

    def enter(self):
        wait_for("the mount", lambda: self.is_mounted() or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise Finding(f"the daemon has ended:\n{read(self.said)}")
        os.chdir(self.mountpoint)

    def leave(self):
        """Unmounts; the daemon must end well."""
        os.chdir("/")
        self.plan.disarm()
        # also one whose daemon has died, which is no mount for whoever asks
        subprocess.run(["fusermount3", "-u", "-z", self.mountpoint], check=False, stderr=subprocess.DEVNULL)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "not within a minute"
        if status:
            raise Finding(f"the daemon ended: {status}\n{read(self.said)}")

    def spell(self, number):
        """A line with that position, as checkpoints have it."""
        text = str(number)
        return (base64.b64encode(text.encode()).decode() if self.backend.numbers == "base64" else text) + "\n"

    def next_line(self):
        self.number += 1
        return self.spell(self.number)

    def put(self, path, text, partition, wanted):
        """Writes it; what the partition has then is acknowledged, be there no memory to close the file."""
        fd = os.open(path, WRITING, 0o644)
        try:
            os.write(fd, text.encode())
            self.acknowledged[partition] = wanted
        finally:
            os.close(fd)

    def commit(self, partition, text):
        self.put(f"checkpoints/billing/orders/{partition}", text, partition, text)


# ---- scenes: what is made ready without faults, and what is done with one. `act` returns what was read.


class Scene:
    """What `act` returns is held against what it returns without a fault; `judge` gets the mount, and what it
    was refused with or None."""

    def __init__(self, name, act, prepare=None, only=None, judge=None):
        self.name, self.act, self.only = name, act, only
        self.prepare, self.judge = prepare or (lambda mount: None), judge or (lambda mount, error: None)


def listing(_):
    """Names, kinds and sizes but those of files that tell of the mount. All below a few partitions, for each is
    like the others."""
    directories = ["apps", "apps/billing", "apps/billing/orders", "checkpoints", "streams", "streams/orders"]
    trees = ["apps/audit/orders/0", "apps/billing/orders/0", "checkpoints/billing", "streams/orders/0"]
    lines = run("ls", "-l", *directories).splitlines() + run("ls", "-lR", *trees).splitlines()
    return [re.sub(r" \w{3} +\d+ \d\d:\d\d ", " ", line) for line in lines if " status" not in line]


def reading(path, shape=lambda text: text):
    return lambda _: shape(read(path))


def cursor_shape(text):
    """A cursor of DIS has the time in it."""
    if not text:
        return text
    plain = base64.urlsafe_b64decode(text.strip()).decode()
    return re.sub(r'"generateTimestamp":\d+', "", plain) + text[-1:]


def members(text):
    """Those of JSON; what has an age is not held against another."""
    report = json.loads(text)
    return sorted(report), [report.get(name) for name in ("checkpoint", "lag", "source", "backend", "partition")]


def names_of_metrics(text):
    if not text.endswith("\n"):
        raise Finding("metrics are cut short")
    return len(text.splitlines()) > 50


def whole_lines(text):
    if text and not text.endswith("\n"):
        raise Finding("lines are cut short")


def commit_one(mount):
    mount.commit(0, mount.next_line())


def commit_by_table(mount):
    line = mount.next_line()
    mount.put(TABLE, f"0\t{line}", 0, line)


def commit_metadata(mount):
    mount.commit(0, mount.next_line() + "a note\n")


def shift(mount):
    mount.put(f"{P}/checkpoint", "shift +1\n", 0, mount.spell(mount.number + 1))


def remove(_):
    os.unlink(f"{P}/checkpoint")


def have_checkpoint(mount):
    mount.commit(0, mount.next_line())


def need_checkpoint(mount):
    """One that stays the same while a scene is played."""
    if not os.path.exists(C):
        have_checkpoint(mount)


def make_app(_):
    os.mkdir("apps/made")


def remove_app(_):
    os.rmdir("apps/made")


def have_app(_):
    with contextlib.suppress(FileExistsError):
        os.mkdir("apps/made")


def have_no_app(_):
    with contextlib.suppress(FileNotFoundError):
        os.rmdir("apps/made")


def have_copies(mount):
    """A tree of three checkpoints outside the mount, with new numbers."""
    mount.copies = f"{mount.directory}/copies/billing"
    os.makedirs(f"{mount.copies}/orders", exist_ok=True)
    for i in range(3):
        write(f"{mount.copies}/orders/{i}", mount.next_line())


def acknowledge_copies(mount):
    for i in range(3):
        mount.acknowledged[i] = read(f"{mount.copies}/orders/{i}")


def copy(mount):
    run("cp", "-r", mount.copies, "checkpoints/")
    acknowledge_copies(mount)


def synchronize(mount):
    run("rsync", "-rI", mount.copies, "checkpoints/")
    acknowledge_copies(mount)


def move(mount):
    text = mount.next_line()
    write("checkpoints/billing/orders/.new", text)
    os.rename("checkpoints/billing/orders/.new", C)
    mount.acknowledged[0] = text


def forget_temporary(_):
    with contextlib.suppress(FileNotFoundError):
        os.unlink("checkpoints/billing/orders/.new")


def batch(mount):
    """All partitions side by side; raises what came first, when all have ended."""
    with ThreadPoolExecutor(PARTITIONS) as pool:
        lines = [mount.next_line() for _ in range(PARTITIONS)]
        commits = [pool.submit(mount.commit, i, line) for i, line in enumerate(lines)]
    errors = [commit.exception() for commit in commits]
    for error in errors:
        if error:
            raise error


def first_line(text):
    """How many there are in a batch is not said."""
    return text.splitlines()[:1]


def overview(_):
    """Whether it is whole, though parts may have failed; the refusal of a part is that of the mount for a while."""
    text = read("overview/now.html")
    if "<small>EACCES" in text:
        raise PermissionError(errno.EACCES, "a part was refused")
    return text.endswith("</html>\n")


def note_end(mount):
    mount.end = int(read(f"{S}/latest"))


def append(mount):
    """The error of a record is that of write(2): for close(2) libfuse itself may have no memory."""
    file = os.open(f"{S}/records/new", os.O_WRONLY)
    try:
        os.write(file, f"record {mount.end}\n".encode())
    finally:
        with contextlib.suppress(OSError):
            os.close(file)


def judge_append(mount, error):
    """What was refused may be there if the service has had it: then errors says so."""
    added = int(read(f"{S}/latest")) - mount.end
    allowed = {1} if not error else {0} if mount.backend.name == "local" else {0, 1}
    expect(added in allowed, f"{added} records were added, by one that ended with {error!r}")


def have_record(mount):
    """After the checkpoint, so that there is something to read; SLS cannot delete one."""
    with contextlib.suppress(OSError):
        os.unlink(f"{P}/checkpoint")
    note_end(mount)
    if mount.end == START:
        append(mount)


WITH_RECORDS = ("local", "dis", "sls")
DECIMAL = ("local", "dis", "kafka")
SCENES = [
    Scene("ls", listing),
    Scene("checkpoint", reading(f"{P}/checkpoint"), need_checkpoint),
    Scene("saved", reading(C), need_checkpoint),
    Scene("table", reading(TABLE), need_checkpoint),
    Scene("lags", reading("lag/billing")),
    Scene("gauges", reading("gauges/billing")),
    Scene("cursor", reading(f"{P}/cursor", cursor_shape), only=WITH_RECORDS),
    Scene("latest-cursor", reading(f"{S}/cursors/latest", cursor_shape), only=WITH_RECORDS),
    Scene("since-cursor", reading(f"{S}/cursors/since/1h", bool), only=WITH_RECORDS),
    Scene("since", reading(f"{S}/since/1h", bool)),
    Scene("lag", reading(f"{P}/lag")),
    Scene("status", reading(f"{P}/status", members)),
    Scene("stream-status", reading("streams/orders/status", members)),
    Scene("root-status", reading("status", members)),
    Scene("metrics", reading("metrics", names_of_metrics)),
    Scene("errors", reading("errors", whole_lines)),
    Scene("commits", reading("commits", whole_lines)),
    Scene("readme", reading("README")),
    Scene("overview", overview),
    Scene("commit", commit_one),
    Scene("commit-by-table", commit_by_table),
    Scene("metadata", commit_metadata, only=DECIMAL),
    Scene("shift", shift, have_checkpoint, only=DECIMAL),
    Scene("rm", remove, have_checkpoint, only=DECIMAL),
    Scene("mkdir", make_app, have_no_app, only=DECIMAL),
    Scene("rmdir", remove_app, have_app, only=DECIMAL),
    Scene("cp", copy, have_copies),
    Scene("rsync", synchronize, have_copies),
    Scene("mv", move, forget_temporary),
    Scene("batch", batch),
    Scene("records", reading(f"{S}/records/at/{START}", first_line), have_record, only=WITH_RECORDS),
    Scene("now", reading(f"{P}/records/now", first_line), have_record, only=("local", "dis")),
    Scene("data", reading(f"{S}/records/data/{START}"), have_record, only=("local", "dis")),
    Scene("append", append, note_end, judge=judge_append, only=WITH_RECORDS),
]


# ---- one run


@contextlib.contextmanager
def in_time():
    def too_late(*_):
        raise Finding("it hangs")

    signal.signal(signal.SIGALRM, too_late)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)


def attempt(mount, scene):
    """What was read, and None or what it was refused with."""
    try:
        return scene.act(mount), None
    except (OSError, Refused, UnicodeDecodeError, json.JSONDecodeError) as error:
        return None, error


def is_true(mount, error):
    """Whether somebody was told that there is no memory. For libcurl a header that is too large is no memory,
    so `errors` calls either one of them. And if libcurl has no memory for the query of a request it sends it
    without one (7.88, parseurlandfillconn), which a service refuses as its signature is wrong: then the service
    has seen that."""
    if isinstance(error, Refused):
        return "Cannot allocate memory" in str(error) or has_memory_in_errors()
    if error.errno == errno.EACCES:
        return mount.backend.has_refused_without_query()
    return error.errno == errno.ENOMEM or (error.errno == errno.EBADMSG and has_memory_in_errors())


def has_memory_in_errors():
    return "memory" in read("errors").splitlines()[-1]


def expect(condition, what):
    if not condition:
        raise Finding(what)


def is_unknown(commits_before):
    """Whether a line that `commits` has since then calls something unknown."""
    lines = read("commits").splitlines()
    return any(line.split("\t")[4] == "unknown" for line in lines[commits_before:])


def trust_again(mount, error):
    """A mount whose signature was refused sends nothing for a minute, unless it is told to."""
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        mount.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)


def judge_refusal(mount, before, error, commits_before):
    expect(is_true(mount, error), f"it was refused with {error!r}: {read('errors').splitlines()[-1:]}")
    after = mount.backend.stored()
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    lost = changed - mount.acknowledged.keys()
    # A program that ends with an error may have been told of success for some.
    expect(
        not lost or is_unknown(commits_before) or isinstance(error, Refused),
        f"refused with {error!r}, and yet {sorted(lost)} changed",
    )


def judge_acknowledged(mount):
    stored = mount.backend.stored()
    for partition, text in mount.acknowledged.items():
        is_there = stored.get(partition)
        expect(is_there == text, f"{partition}: {text!r} was acknowledged, {is_there!r} is there")


def judge_shown(mount):
    for partition in sorted(mount.acknowledged.keys() | {0}):
        stored = mount.backend.stored().get(partition)
        try:
            shown = read(f"checkpoints/billing/orders/{partition}")
        except FileNotFoundError:
            shown = None
        expect(shown == stored, f"{partition}: shows {shown!r}, and {stored!r} is stored")


def judge_journal(mount, before, count):
    """Each change of what is stored has a line."""
    after = mount.backend.stored()
    changed = sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())
    lines = len(read("commits").splitlines()) - count
    expect(lines >= changed or lines < 0, f"{changed} changed, and commits has {lines} lines of it")


def difference(good, other):
    """Of two values: the lines of their text that differ, which may be long."""
    texts = [json.dumps(value, indent=0, default=repr).splitlines() for value in (good, other)]
    return "\n".join(line[:200] for line in difflib.unified_diff(*texts, n=3, lineterm=""))


def play(mount, scene, nth, good):
    """One run with the n-th allocation failing; whether it was reached."""
    scene.prepare(mount)
    mount.acknowledged = {}
    before = mount.backend.stored()
    count = len(read("commits").splitlines())
    mount.backend.take_log()
    mount.plan.arm(nth)
    result, error = attempt(mount, scene)
    reached = mount.plan.disarm()
    expect(mount.process.poll() is None, "the daemon has ended")
    expect(reached or not error, f"without a fault: {error!r}")
    if error:
        judge_refusal(mount, before, error, count)
        trust_again(mount, error)
    else:
        expect(result == good, f"it read {difference(good, result)}")
    judge_acknowledged(mount)
    scene.judge(mount, error)
    judge_journal(mount, before, count)
    judge_shown(mount)
    scene.prepare(mount)
    mount.acknowledged = {}
    again, error = attempt(mount, scene)
    expect(not error, f"refused afterwards with {error!r}")
    expect(again == good, f"it reads afterwards {difference(good, again)}")
    judge_acknowledged(mount)
    return reached


class Torture:
    def __init__(self, arguments):
        self.stacks, self.seconds, self.first = arguments.stacks, arguments.seconds, arguments.first
        self.all = arguments.all or self.stacks
        self.chance = random.Random(arguments.seed)
        self.wanted = re.compile(arguments.scene)
        self.program = os.path.realpath(arguments.program)
        self.failed = self.scenes = 0
        self.findings = []

    def order(self, seconds):
        """The numbers of the allocations to fail, for so long."""
        until = time.monotonic() + seconds
        every = 1 if self.all else self.chance.choice((3, 5, 7, 11, 17))
        nth = self.first or (1 if self.all else self.chance.randrange(every) + 1)
        while self.all or time.monotonic() < until:
            yield nth
            nth += every

    def note(self, mount, scene, nth, what):
        said = read(mount.said)
        self.findings.append(f"{mount.backend.name} {scene}, allocation {nth}: {what}\n{said}")
        print(self.findings[-1], flush=True)

    def tell(self, mount, scene, nth):
        if self.all:
            print(f"{mount.backend.name} {scene}: {nth - 1} allocations", flush=True)

    def begin(self, mount):
        """The directory is no mount's but this one's as long as it has no checkpoint."""
        mount.start()
        mount.enter()
        if os.path.isdir("apps/billing"):
            os.makedirs("checkpoints/billing/orders", exist_ok=True)

    def leave(self, mount, scene, nth):
        try:
            mount.leave()
        except Finding as finding:
            self.note(mount, scene, nth, f"until now, {finding}")

    def torture_scene(self, mount, scene, seconds):
        """On one mount until `commits` has grown long, and on a new one after each finding."""
        self.begin(mount)
        nth = 0
        scene.prepare(mount)
        good = scene.act(mount)
        self.scenes += 1
        if self.stacks:
            mount.plan.go_by_stacks()
        for nth in self.order(seconds):
            try:
                with in_time():
                    reached = play(mount, scene, nth, good)
            except (Finding, OSError, Refused) as finding:
                self.note(mount, scene.name, nth, repr(finding))
                reached = True
                self.leave(mount, scene.name, nth)
                self.begin(mount)
            self.failed += reached
            if not reached:
                break
            if os.stat("commits").st_size > COMMITS_MAX:
                self.leave(mount, scene.name, nth)
                self.begin(mount)
        self.leave(mount, scene.name, nth)
        self.tell(mount, scene.name, nth)

    def start_once(self, mount, nth):
        """A daemon that begins; whether the n-th allocation was reached until it is mounted."""
        mount.plan.arm(nth)
        mount.start()
        wait_for("the mount", lambda: mount.is_mounted() or mount.process.poll() is not None)
        if mount.process.poll() is None:
            os.stat(mount.mountpoint)
            reached = mount.plan.disarm()
            os.chdir(mount.mountpoint)
            commit_one(mount)
            judge_acknowledged(mount)
            mount.leave()
            return reached
        said = read(mount.said)
        expect(mount.process.returncode in (1, 2) and said.count("\n") == 1, f"ended: {mount.process.returncode}")
        # libcurl has no other word when it lacks memory for the address of a host
        expect(re.search("memory|allocate|does not resolve", said), "it does not say why")
        return mount.plan.disarm()

    def torture_start(self, mount, seconds):
        self.scenes += 1
        nth = 0
        if self.stacks:
            mount.plan.go_by_stacks()
        for nth in self.order(seconds):
            try:
                with in_time():
                    reached = self.start_once(mount, nth)
            except (Finding, OSError) as finding:
                self.note(mount, "start", nth, repr(finding))
                reached = mount.plan.disarm()
                with contextlib.suppress(Finding):
                    mount.leave()
            self.failed += reached
            if not reached:
                break
        self.tell(mount, "start", nth)

    def torture_backend(self, kind, simulated):
        scenes = [s for s in SCENES if self.wanted.search(f"{kind.name} {s.name}") and kind.name in (s.only or kind.name)]
        starts = self.wanted.search(f"{kind.name} start")
        if not scenes and not starts:
            return
        self.chance.shuffle(scenes)
        seconds = self.seconds / 3 / (len(scenes) + 1)
        with tempfile.TemporaryDirectory() as directory:
            backend = kind(directory, simulated)
            mount = Mount(self.program, backend, directory)
            try:
                self.begin(mount)
                backend.make_world(mount.mountpoint)
                os.makedirs("checkpoints/billing/orders", exist_ok=True)
                have_checkpoint(mount)
                self.leave(mount, "making the world", 0)
                for scene in scenes:
                    self.torture_scene(mount, scene, seconds)
                if starts:
                    self.torture_start(mount, seconds)
            finally:
                os.chdir("/")
                if mount.is_mounted():
                    mount.leave()
                backend.close()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--stacks", action="store_true")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=datetime.date.today().toordinal())
    parser.add_argument("--first", type=int, help="the first allocation that fails")
    parser.add_argument("--scene", default="", help="only those whose BACKEND and name match")
    parser.add_argument("program")
    parser.add_argument("dis")
    parser.add_argument("sls")
    parser.add_argument("kafka")
    arguments = parser.parse_args()
    torture = Torture(arguments)
    services = [os.path.realpath(path) for path in (arguments.dis, arguments.sls, arguments.kafka)]
    for kind, simulated in zip((Local, Dis, Sls, Kafka), ["", *services]):
        torture.torture_backend(kind, simulated)
    found = len(torture.findings)
    print(f"seed {arguments.seed}: {torture.scenes} scenes, {torture.failed} allocations failed, {found} findings")
    sys.exit(found != 0)


if __name__ == "__main__":
    main()
