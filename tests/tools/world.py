"""The small world of each row, and a fresh mount of it: what a service or the embedded store has, how that is looked
at, and how it is laid anew.

The apps are billing, with 42 and a note on partition 0 of orders and 50 on 1, and audit, which has nothing. Of the
streams orders has three partitions, and payments has one. Records 10 to 99 are kept.
"""

import base64
import os
import shutil
import sqlite3
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
from place import Place

BACKENDS = {"local": "embedded store", "dis": "DIS", "sls": "SLS", "kafka": "Kafka"}
STATE = {"billing/orders/0": "42 note", "billing/orders/1": "50", "app audit": "", "app billing": ""}
STATE_OF_SLS = {"billing/orders/0": "42", "billing/orders/1": "50", "app audit/orders": "", "app billing/orders": ""}
# What Kafka is asked once in a while, to know whom to ask.
FINDING = "ApiVersions ", "Metadata ", "FindCoordinator "
# The partitions of orders and payments, with 10 to 99 kept; and what is committed.
STORE = """mkdir -p apps/billing/orders/0 apps/billing/orders/1 streams/orders/2 streams/payments/0 apps/audit
for s in streams/*/?; do echo 100 > $s/latest; echo 10 > $s/earliest; done
cd apps/billing/orders; env printf '42\\nnote\\n' > 0/checkpoint; echo 50 > 1/checkpoint"""


def cursor_of(number):
    """As SLS has it."""
    return base64.b64encode(str(number).encode()).decode()


def streams(parts, **more):
    return [{"name": name, parts: count, "earliest": 10, "latest": 100, **more}
            for name, count in (("orders", 3), ("payments", 1))]


def seed_of(backend):
    """For POST seed of the simulated services. Kafka has a record each second."""
    if backend == "dis":
        where = {"app": "billing", "stream": "orders"}
        return {"streams": streams("partitions"), "apps": ["audit", "billing"],
                "checkpoints": [{**where, "partition": 0, "sequence": 42, "metadata": "note"},
                                {**where, "partition": 1, "sequence": 50}]}
    if backend == "sls":
        where = {"group": "billing", "logstore": "orders"}
        return {"logstores": streams("shards"),
                "groups": [{"name": name, "logstore": "orders"} for name in ("audit", "billing")],
                "checkpoints": [{**where, "shard": 0, "checkpoint": cursor_of(42)},
                                {**where, "shard": 1, "checkpoint": cursor_of(50)}]}
    where = {"group": "billing", "topic": "orders"}
    return {"topics": streams("partitions", time=int(time.time() - 100) * 1000), "groups": ["audit", "billing"],
            "checkpoints": [{**where, "partition": 0, "offset": 42, "metadata": "note"},
                            {**where, "partition": 1, "offset": 50}]}


class World:
    """A service or a store, and one mount of it. All of it is in a temporary directory, and so is home, where rows
    put what is theirs."""

    def __init__(self, backend):
        self.backend, self.mount = backend, None
        self.place = Place(backend)
        self.service = self.place.service
        self.home = os.path.join(self.place.directory, "home")
        self.state_of_start = STATE_OF_SLS if backend == "sls" else STATE

    def __enter__(self):
        self.place.__enter__()
        if not self.service:
            self._make_store()
        return self

    def __exit__(self, *failure):
        self.place.__exit__(*failure)

    def _make_store(self):
        self._mount()
        if os.system(f"cd {self.mount.root} && {{ {STORE}\n}}"):
            raise RuntimeError("the store cannot be filled")
        self._unmount()
        os.rename(self.place.store, self.place.store + ".start")

    def _mount(self):
        self.mount = self.place.mount("mount", "timeout=20")

    def _unmount(self):
        if self.mount:
            self.place.mounts.remove(self.mount)
            self.mount.unmount()
            self.mount = None

    def lay_anew(self):
        """What was there at the start, and a fresh mount of it."""
        self._unmount()
        if self.service:
            self.service.control("POST", "reset")
            self.service.control("POST", "seed", seed_of(self.backend))
        else:
            shutil.copyfile(self.place.store + ".start", self.place.store)
        self._mount()

    def empty_home(self):
        shutil.rmtree(self.home, ignore_errors=True)
        os.mkdir(self.home)

    def slow_down(self, milliseconds):
        """Each answer from now on comes so much later; 0 for no more."""
        if self.service and milliseconds:
            self.service.control("POST", "fault", kind="delay", delay=milliseconds, count="forever")
        elif self.service:
            self.service.control("DELETE", "faults")

    def forget_requests(self):
        if self.service:
            self.service.control("DELETE", "log")

    def requests(self):
        """How many there were; None where nobody counts."""
        if self.service:
            return sum(not line.startswith(FINDING) for line in self.service.requests())
        return None

    # ---- what is there, in the words of STATE

    def state(self):
        lines = getattr(self, "_lines_of_" + self.backend)()
        return {key: value.strip() for key, value in lines}

    def _asked(self, call):
        return [line.split(" ") for line in self.service.control("GET", call).splitlines()]

    def _lines_of_local(self):
        store = sqlite3.connect(f"file:{self.place.store}?mode=ro", uri=True)
        try:
            yield from ((f"app {name}", "") for (name,) in store.execute("SELECT name FROM app"))
            for app, stream, number, sequence, metadata in store.execute(
                    "SELECT a.name, s.name, c.partition, c.sequence, c.metadata FROM checkpoint c"
                    " JOIN app a ON a.id = c.app JOIN stream s ON s.id = c.stream"):
                yield f"{app}/{stream}/{number}", f"{sequence} {metadata}"
        finally:
            store.close()

    def _lines_of_dis(self):
        yield from ((f"app {name}", "") for (name,) in self._asked("apps"))
        for line in self._asked("checkpoints"):
            yield "/".join(line[:3]), " ".join(line[3:]).replace("\\n", "\n")

    def _lines_of_sls(self):
        yield from ((f"app {group}/{store}", "") for store, group, *_ in self._asked("groups"))
        for store, group, shard, checkpoint, _ in self._asked("checkpoints"):
            yield f"{group}/{store}/{shard}", base64.b64decode(checkpoint).decode()

    def _lines_of_kafka(self):
        yield from ((f"app {group[0]}", "") for group in self._asked("groups"))
        for line in self._asked("checkpoints"):
            yield "/".join(line[:3]), urllib.parse.unquote(" ".join(line[3:]))
