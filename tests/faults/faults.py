#!/usr/bin/env python3
"""Usage: faults.py CHECKPOINTFS SIMULATED_DIS SIMULATED_SLS [--all | --write | --only TEXT] [--lanes N]

Does to real mounts of simulated services what tests/faults/table.py says, one fault and one operation in each
row, and compares with what it promises: the errno, the time, what the service has then, what commits and errors
say, and whether the operation is right again once the fault is over. Whatever the table says, commits must not
say "failed" of a change that was made, nor "ok" of one that was not.

Without an option a share of the rows is run, another one each day, and docs/reliability.md must have the rows
that the table has. --all runs all of them, --write writes the document too, --only those with TEXT in them.
Rows run side by side, on mounts of their own; the program must end well and without leaks. A row that only took
too long is run once more.
"""

import argparse
import contextlib
import errno
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from queue import Empty, Queue

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import document
import table
from world import SERVICES, Mount, read, simulation
from wire import Wire

SLACK = 0.5  # seconds beyond what is promised
AT_ONCE = 1.5  # seconds, on a machine that does other things too
LOOK_UP = 1.0
SNAPSHOT = 1  # seconds for which values are kept
SHARE = 4  # of so many rows one is run without an option


@dataclass
class Outcome:
    """What came of a row."""

    errno: str = ""
    seconds: float = 0.0
    requests: int = 0
    done: bool = False
    end: str = ""
    differences: list = field(default_factory=list)
    slow: list = field(default_factory=list)  # what differs in the time


# ---- places


def make_certificates(directory):
    """Contexts of TLS by what is wrong with their certificates, and the file to trust."""
    hosts = "IP:127.0.0.1,DNS:my-project.localhost"
    with open(f"{directory}/ca.conf", "w", encoding="ascii") as file:
        file.write(f"""
            [ca]
            default_ca = any
            [any]
            database = {directory}/index
            new_certs_dir = {directory}
            rand_serial = yes
            default_md = sha256
            policy = all
            copy_extensions = copy
            [all]
            commonName = supplied
        """)
    contexts = {name: make_context(directory, name, *of) for name, *of in (
        ("right", hosts, "20991231"), ("unknown", hosts, "20991231"), ("expired", hosts, "20010101"),
        ("other", "DNS:other.example", "20991231"))}
    with open(f"{directory}/trusted.pem", "w", encoding="ascii") as trusted:
        trusted.write("".join(read(f"{directory}/{name}.pem") for name in ("right", "other", "expired")))
    return contexts, f"{directory}/trusted.pem"


def make_context(directory, name, hosts, until):
    """A certificate that signs itself. Only openssl ca makes one that has expired."""
    key, request, certificate = (f"{directory}/{name}.{kind}" for kind in ("key", "csr", "pem"))
    with open(f"{directory}/index", "w", encoding="ascii"):
        pass
    subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request,
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName={hosts}"], check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", f"{directory}/ca.conf", "-in", request,
                    "-keyfile", key, "-out", certificate, "-notext", "-startdate", "20000101000000Z", "-enddate",
                    f"{until}000000Z"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class Lane:
    """A service, a proxy and a mount, on which one row runs after the other.

    kind is "plain" with a key and HTTP, "tls" or "password" with these, and "no name" or "no route" where the mount
    looks for the service elsewhere, in vain.
    """

    def __init__(self, kind, service, program, contexts, trusted):
        self.kind, self.service, self.contexts = kind, service, contexts
        self.wire = Wire(service.port, contexts["right"] if kind == "tls" else None)
        service.restore()
        self.mount = self._mount(program, trusted)

    def _mount(self, program, trusted):
        options = {"tls": ["-o", f"cacert={trusted}"], "no name": ["-o", "lazy"], "no route": ["-o", "lazy"]}
        hosts = {"no name": "no-such-host.invalid", "no route": "127.255.255.255"}
        source = self.service.source("" if self.kind == "tls" else "+http", hosts.get(self.kind), self.wire.port)
        keys = self.service.password(self.wire.port) if self.kind == "password" else self.service.keys
        return Mount(program, self.service, source, table.TIMEOUT, keys, *options.get(self.kind, ()))

    def end(self):
        self.wire.disarm()
        said = self.mount.end()
        self.wire.end()
        return said


# ---- one row


def errno_name(code):
    """As the manual has it, where there are two."""
    return "EOPNOTSUPP" if code == errno.EOPNOTSUPP else errno.errorcode.get(code, str(code))


def attempt(operation, mount):
    """What it sees, or the name of its errno, and how long it took."""
    begin = time.monotonic()
    try:
        seen, name = operation.run(mount), ""
    except OSError as error:
        seen, name = "", errno_name(error.errno)
    return seen, name, time.monotonic() - begin


def prepare(lane, operation):
    """The small world, of which the mount knows the names alone."""
    lane.wire.disarm()
    lane.service.restore()
    lane.mount.forget()
    if lane.kind not in ("no name", "no route") and operation.name != "list apps":
        for path in ("apps/billing/orders/0/checkpoint", "apps/audit", "checkpoints/billing/orders"):
            os.stat(lane.mount.at(path))
    if operation.name == "ls -l of checkpoints":
        time.sleep(SNAPSHOT + 0.1)
    lane.service.another_app()
    lane.wire.arm(None, operation.method, operation.path)  # to count


def new_lines(mount, name, before):
    return [line.split("\t") for line in read(mount.at(name))[before:].splitlines()]


def as_set(expected):
    return expected if isinstance(expected, tuple) else (expected,)


def check_time(fault, operation, outcome):
    seconds = table.expected_seconds(fault, operation)
    most = {"at once": AT_ONCE, "waits": 1 + AT_ONCE, "look-up": LOOK_UP + SLACK}.get(
        seconds, table.TIMEOUT + SLACK)
    # A rename may have to look up once more what a listing has told.
    least = LOOK_UP if operation.name.startswith("move") else table.TIMEOUT
    if seconds == "timeout" and outcome.seconds < least - 0.1:
        yield f"only {outcome.seconds:.2f} s"
    if outcome.seconds > most:
        yield f"{outcome.seconds:.2f} s, more than {most}"
    if seconds == "retries" and outcome.requests == 1 and fault.mount != "password":
        yield "was not tried again"


def check_errno(fault, operation, outcome, seen):
    if outcome.errno not in as_set(fault.errno):
        yield f"{outcome.errno or 'right'} instead of {' or '.join(as_set(fault.errno)) or 'right'}"
    if not outcome.errno and not operation.is_right(seen):
        yield f"saw {seen!r}"


def check_change(fault, operation, outcome):
    """What the table says of a change, and what must be true of any."""
    done, end = table.expected_done(fault, operation), as_set(table.expected_end(fault, operation))
    if done is not None and outcome.done != done:
        yield "was carried out" if outcome.done else "was not carried out"
    if outcome.end not in end:
        yield f"commits says {outcome.end or 'nothing'}, not {' or '.join(end) or 'nothing'}"
    if outcome.end == "failed" and outcome.done:
        yield "LIE: failed, but done"
    if outcome.end == "ok" and not outcome.done:
        yield "LIE: ok, but not done"


def check_errors(fault, outcome, lines):
    if not outcome.errno:
        return
    if not lines:
        yield "no line in errors"
    elif lines[-1][3] != outcome.errno:
        yield f"errors says {lines[-1][3]}"
    elif fault.status and lines[-1][4] != fault.status:
        yield f"errors says HTTP {lines[-1][4]}, not {fault.status}"
    elif fault.says and not table.re.search(fault.says, " ".join(lines[-1][4:])):
        yield f"errors says {' '.join(lines[-1][4:])!r}"


def is_right_again(lane, operation):
    """Also when a change that was made all the same cannot be made twice."""
    seen, name, _ = attempt(operation, lane.mount)
    if name in ("EEXIST", "ENOENT") and operation.change:
        return operation.is_right(state_of(lane, operation))
    return not name and operation.is_right(seen)


def state_of(lane, operation):
    apps = operation.name in table.ONCE_ONLY
    return lane.service.apps() if apps else lane.service.committed()


def check_again(lane, fault, operation):
    again = table.expected_again(fault, operation)
    if again == "never":
        return
    if again == "SIGHUP":
        lane.mount.forget()
    begin = time.monotonic()
    while not is_right_again(lane, operation):
        if time.monotonic() - begin > table.AGAIN[again] + (SLACK if table.AGAIN[again] else 0):
            seen, name, _ = attempt(operation, lane.mount)
            yield f"not right again: {name or repr(seen)}"
            return
        time.sleep(0.1)


def is_done(lane, operation, before):
    """Whether the service has made the change; of two, the second."""
    if operation.change == "delete":
        return "billing orders 0" not in lane.service.committed()
    return lane.service.state() != before


def run(lane, fault, operation):
    prepare(lane, operation)
    before = lane.service.state()
    lines = {name: len(read(lane.mount.at(name))) for name in ("commits", "errors")}
    fault.arm(lane, operation)
    seen, name, seconds = attempt(operation, lane.mount)
    outcome = Outcome(name, seconds, lane.wire.hits)
    outcome.differences += [lane.wire.wrong] if lane.wire.wrong else []
    lane.wire.disarm()
    lane.service.control("DELETE", "faults")
    outcome.done = is_done(lane, operation, before)
    commits = new_lines(lane.mount, "commits", lines["commits"])
    outcome.end = next((line[4] for line in commits if line[5] == operation.change), "")
    outcome.differences += check_errno(fault, operation, outcome, seen)
    outcome.slow = list(check_time(fault, operation, outcome))
    if operation.change:
        outcome.differences += check_change(fault, operation, outcome)
    errors = new_lines(lane.mount, "errors", lines["errors"])
    outcome.differences += check_errors(fault, outcome, errors)
    if outcome.differences and errors:
        outcome.differences.append(f"errors: {' '.join(errors[-1][2:])}")
    outcome.differences += check_again(lane, fault, operation)
    return outcome


# ---- all rows


class Run:
    """Rows, what came of them, and what mounts said when they ended."""

    def __init__(self, arguments, rows):
        self.arguments = arguments
        self.queues = {}
        self.outcomes = {}
        self.said = []
        self.again = 0  # rows that were run once more, as they took too long
        self.lock = threading.Lock()
        for row in rows:
            self.queues.setdefault((row[0], row[1].mount), Queue()).put(row)

    def all(self):
        with tempfile.TemporaryDirectory() as directory:
            self.contexts, self.trusted = make_certificates(directory)
            threads = [threading.Thread(target=self._serve, args=key) for key in self._lanes()]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _lanes(self):
        """More of those that have more to do."""
        total = sum(queue.qsize() for queue in self.queues.values())
        for key, queue in self.queues.items():
            for _ in range(max(1, round(self.arguments.lanes * queue.qsize() / total))):
                yield key

    def _serve(self, name, kind):
        service_type = SERVICES[name]
        program = getattr(self.arguments, service_type.program.lower())
        with simulation(program, *service_type.options, project=service_type.project) as simulated:
            lane = Lane(kind, service_type(simulated), self.arguments.checkpointfs, self.contexts, self.trusted)
            try:
                with contextlib.suppress(Empty):
                    while True:
                        self._row(lane, self.queues[name, kind].get_nowait())
            finally:
                said = lane.end()
                if said:
                    self.said.append(said)

    def _row(self, lane, row):
        try:
            outcome = run(lane, *row[1:])
            if outcome.slow or (outcome.differences and outcome.errno == "ETIMEDOUT"):
                self.again += 1  # the machine may have been busy
                outcome = run(lane, *row[1:])
            outcome.differences += outcome.slow
        except Exception as error:  # whatever it is, the other rows go on
            outcome = Outcome(differences=[f"the row itself failed: {error!r}"])
        with self.lock:
            self.outcomes[document.key(row)] = outcome
            if self.arguments.verbose or outcome.differences:
                print(f"{' | '.join(document.key(row))}: {outcome.errno or 'right'}, {outcome.seconds:.2f} s, "
                      f"{outcome.requests} requests, {'done' if outcome.done else 'not done'}, "
                      f"{outcome.end or '-'}: {'; '.join(outcome.differences) or 'as promised'}", flush=True)


def chosen(arguments, rows):
    if arguments.only:
        return [row for row in rows if arguments.only in " | ".join(document.key(row))]
    if arguments.all or arguments.write:
        return rows
    day = int(time.time()) // 86400
    return rows[day % SHARE::SHARE]


def read_arguments():
    parser = argparse.ArgumentParser()
    for name in ("checkpointfs", "simulated_dis", "simulated_sls"):
        parser.add_argument(name, type=os.path.realpath)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--lanes", type=int, default=12)
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    rows = list(table.rows(SERVICES))
    some = chosen(arguments, rows)
    begin = time.monotonic()
    work = Run(arguments, some)
    work.all()
    differences = sum(bool(outcome.differences) for outcome in work.outcomes.values())
    if arguments.write and not differences and len(work.outcomes) == len(rows):
        document.write(rows, work.outcomes)
    wrong = document.check(rows)
    print("\n".join([*work.said, *wrong[:10]]))
    print(f"{len(work.outcomes)} of {len(rows)} rows in {time.monotonic() - begin:.0f} s: {differences} differ, "
          f"{work.again} were run twice, {len(work.said)} mounts ended badly")
    return 1 if differences or wrong or work.said or len(work.outcomes) != len(some) else 0


if __name__ == "__main__":
    sys.exit(main())
