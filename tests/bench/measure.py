"""How tests/bench measures: in rounds, in which what is compared takes turns, so that all of it meets the same noise.
A figure is the median of what the rounds gave, mostly of a ratio."""

import dataclasses
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import stage

MEMORY = "/dev/shm"  # a tmpfs
MS = 1000


class Skip(Exception):
    """What is measured with is not here."""


@dataclasses.dataclass
class Figure:
    """One number of the report. goal is ("<=", 2) or alike, or None; spread the least and most of the rounds."""

    name: str
    value: float  # None where it could not be measured; note says why
    goal: tuple = None
    unit: str = ""
    spread: tuple = None
    rounds: int = 1
    note: str = ""

    def is_met(self):
        return None if not self.goal or self.value is None else (self.value <= self.goal[1] if self.goal[0] == "<=" else
                                           self.value >= self.goal[1])


class Rounds:
    """What each thing gave in each round."""

    def __init__(self, found):
        self.found = found
        self.count = len(next(iter(found.values())))

    def median(self, name):
        return statistics.median(self.found[name])

    def figure(self, name, value, **more):
        """value makes a number of what one round gave, by name."""
        values = [value({thing: given[i] for thing, given in self.found.items()}) for i in range(self.count)]
        return Figure(name, statistics.median(values), spread=(min(values), max(values)), rounds=self.count, **more)


def needs(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Skip(f"{tool} is not installed")


def run(command, may_fail=False, **options):
    """What a program prints. One that fails is an error, with the last line that it says of it."""
    options = {"env": stage.ENVIRONMENT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
               "preexec_fn": stage.end_with_parent, **options}
    done = subprocess.run(command, check=False, **options)
    if done.returncode and not may_fail:
        said = (done.stderr or "").strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise RuntimeError(f"{command[0]}: {said[0][:200]}")
    return done.stdout


def took_ms(command, **options):
    """What a line of shell takes."""
    began = time.monotonic()
    run(["bash", "-c", command], **{"stdout": subprocess.DEVNULL, **options})
    return (time.monotonic() - began) * MS


class Bench:
    """The programs, and how long and how often they are measured: normal, quick (one round), or smoke (as little as
    shows that a row still works)."""

    def __init__(self, program, place, mode, sdks=None):
        self.program = os.path.realpath(program)
        self.place = os.path.realpath(place)
        self.mode = mode
        self.sdks = os.path.realpath(sdks or os.path.join(self.place, "..", "service"))
        self.rounds = 5 if mode == "normal" else 1
        self.seconds = {"normal": 0.5, "quick": 0.3, "smoke": 0.02}[mode]
        self.rate_of_smoke = None

    def of(self, normal, quick, smoke):
        return {"normal": normal, "quick": quick, "smoke": smoke}[self.mode]

    def tool(self, name):
        return os.path.join(self.place, f"bench-{name}")

    def service(self, core=None, **size):
        return stage.service(self.tool("service"), core, **{"partitions": 2000, **size})

    def mount(self, service, kind="dis", *options, **more):
        return stage.checkpointfs(self.program, service.source(kind), *options, **more)

    def floor(self, *options, core=None):
        return stage.mounted([self.tool("floor"), *options], core)

    def load(self, path, clients=1, operation="cat", seconds=None, burst=False, core=None):
        """What bench-load prints, by name."""
        span = ["-b"] if burst else ["-s", str(seconds or self.seconds)]
        found = run([*stage.on_core(core), self.tool("load"), "-c", str(clients), *span, "-o", operation, path]).split()
        return dict(zip(found[::2], map(float, found[1::2])))

    def spawn(self, times, *command, core=None):
        """How many milliseconds a process takes."""
        return float(run([*stage.on_core(core), self.tool("spawn"), str(times), *command]).split()[1])

    def wrk(self, url, clients, core=None, script=None):
        """Requests in a second. It measures for a second at least, and so but once in the shortest form."""
        needs("wrk")
        if self.mode == "smoke" and self.rate_of_smoke:
            return self.rate_of_smoke
        lua = ["-s", script] if script else []
        text = run([*stage.on_core(core), "wrk", "-t1", f"-c{clients}", "-d1s", *lua, url])
        rate = float(re.search(r"Requests/sec:\s+([0-9.]+)", text).group(1))
        if re.search(r"Non-2xx", text):
            raise RuntimeError(f"wrk was refused: {url}")
        self.rate_of_smoke = rate
        return rate

    def age(self):
        """Waits until a listing is no longer fresh, where that matters."""
        time.sleep(self.of(1.05, 1.05, 0))

    def curl(self, url, core=None):
        """Requests in a second of a program that does nothing but ask by libcurl."""
        return float(run([*stage.on_core(core), self.tool("curl"), url, str(self.seconds)]).split()[1])

    def interleave(self, things, seconds=30):
        """Measures each once in each round. No further round begins when so many seconds have gone."""
        found = {name: [] for name in things}
        end = time.monotonic() + seconds
        for i in range(self.rounds):
            if i and time.monotonic() > end:
                break
            for name, measure in things.items():
                found[name].append(measure())
        return Rounds(found)


def scratch(where=None):
    return tempfile.TemporaryDirectory(prefix="bench-", dir=where)


def memory():
    """A directory of a tmpfs, until the block ends."""
    if not os.path.isdir(MEMORY):
        raise Skip(f"there is no {MEMORY}")
    return scratch(MEMORY)


def make_tree(place, files, text="1000\n"):
    os.makedirs(place)
    for i in range(files):
        with open(f"{place}/{i}", "w", encoding="ascii") as file:
            file.write(text)
    return place


def total(asked):
    return sum(asked.values())


def listed(asked):
    return ", ".join(f"{count:,} {name}" for name, count in asked.items()) or "none"
