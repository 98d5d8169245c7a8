#!/usr/bin/env python3
"""Usage: model.py --backend local|dis|sls [--seed N] [--steps N | --seconds S] [--replay FILE] [--shrink]
       model.py --cases

Does random things to a real mount, by both faces of its tree, and compares each result, value or errno,
with what truth.py says that the manual promises. Every CHECK steps, and at the end, it compares all of
checkpoints/ and what the service has stored. A difference prints the last steps; with --shrink the fewest
that it found to show it. Steps are written to FILE in the temporary directory of the system, a line of JSON
each, and --replay does them again. --cases does those that have shown a fault before, see cases/.
"""

import argparse
import base64
import copy
import errno
import glob
import json
import os
import random
import sys
import tempfile
import time

from place import BACKENDS, KEPT, STREAMS, Doer, Place, Wrong, errno_name, fill
from truth import DIRECTORY, FILE, Refused, Truth

CHECK = 40  # steps between looks at everything
FAILURES = {"ENOENT", "EINVAL", "ERANGE", "ENOTSUP"}  # of what is written where nothing is
SHOWN = 12  # steps that a difference is shown with
STEPS_OF_A_MOUNT = 2000  # then a fresh one: seeds are the more use the shorter they are

APPS = "billing", "audit", "new-app", "new-app", "nosuch", "a b"
STREAM_NAMES = "orders", "orders", "payments", "extra"
PARTITIONS = "0", "0", "1", "2", "7", "shardId-0000000001"
TEMPORARY = "draft", ".x", ".x", ".x/1", ".x/draft", "007", "0~"
METADATA = "", "", "", "note", "two\nlines", "\u00e9\u20ac", "43", "x" * 1000, "x" * 1001, "a\0b"
POSITIONS = ("earliest", "latest", "@1000000000", "@2200-01-01T00:00:00Z", "shift +1", "shift -3",
             "shift +0", "shift -1000", "9", "10", "99", "100", "0", "junk", "", " ", "-1", "1.5",
             str((1 << 63) - 1), str(1 << 63), " 42 ")


class Generator:
    """Random steps: most of them on what is there."""

    def __init__(self, random_numbers, truth):
        self.random = random_numbers
        self.truth = truth

    def step(self):
        kinds = {"session": 40, "read": 20, "ls": 8, "stat": 10, "unlink": 6, "mkdir": 7, "rmdir": 5,
                 "rename": 10, "truncate": 3, "remount": 0.3}
        kind, = self.random.choices(list(kinds), kinds.values())
        return [kind, *getattr(self, kind)()] if kind != "remount" else [kind]

    def one_of(self, *choices):
        return self.random.choice(choices)

    # ---- paths

    def app(self):
        return self.one_of(*APPS)

    def partition_path(self, top):
        if self.truth.committed and self.random.random() < 0.6:
            app, stream, number = self.random.choice(sorted(self.truth.committed))
            name = str(number)
        else:
            app, stream, name = self.app(), self.one_of(*STREAM_NAMES), self.one_of(*PARTITIONS)
        return "/".join((top, stream, name) if top == "streams" else (top, app, stream, name))

    def saved(self):
        return self.partition_path("checkpoints")

    def checkpoint(self):
        return self.partition_path("apps") + "/checkpoint"

    def temporary(self):
        directories = sorted(key for key in self.truth.made if self.truth.has_app(key[0]))
        directories += sorted(self.truth.committed)
        if directories and self.random.random() < 0.9:
            app, stream, *_ = self.random.choice(directories)
        else:
            app, stream = self.app(), self.one_of(*STREAM_NAMES)
        return f"checkpoints/{app}/{stream}/{self.one_of(*TEMPORARY)}"

    def leaf(self):
        names = "metadata", "metadata", "cursor", "lag", "status", "nosuch"
        return f"{self.partition_path('apps')}/{self.one_of(*names)}"

    def bound(self):
        return f"{self.partition_path('streams')}/{self.one_of('earliest', 'latest', 'status')}"

    def file(self):
        return self.random.choices([self.saved, self.checkpoint, self.temporary, self.leaf,
                                    self.bound], [6, 6, 5, 3, 1.5])[0]()

    def directory(self):
        path = self.one_of(self.partition_path("apps"), self.partition_path("streams"),
                           self.saved(), self.temporary())
        return "/".join(path.split("/")[:self.random.randrange(1, 6)])

    def any_path(self):
        return self.file() if self.random.random() < 0.6 else self.directory()

    # ---- steps

    def read(self):
        return [self.file()]

    def ls(self):
        return [self.directory()]

    def stat(self):
        return [self.any_path()]

    def unlink(self):
        return [self.any_path()]

    def mkdir(self):
        return [self.directory()]

    def rmdir(self):
        return [self.any_path()]

    def rename(self):
        old = self.one_of(self.saved, self.temporary, self.temporary, self.any_path)()
        new = self.one_of(self.saved, self.temporary, self.any_path)()
        return [old, new]

    def truncate(self):
        return [self.one_of(self.saved, self.checkpoint, self.temporary)(),
                self.one_of(0, 0, 1, 2, 3, 20, 65536, 65537)]

    def session(self):
        path = self.file()
        flags = [flag for flag, share in (("trunc", 0.6), ("append", 0.2)) if
                 self.random.random() < share]
        calls = self.calls(path)
        return [path, flags, calls]

    def calls(self, path):
        if self.truth.is_scratch(path):
            return self.calls_at_random(self.junk)
        if self.truth.is_saved(path):
            if self.random.random() < 0.4:
                return self.calls_at_random(self.line)
            return self.pieces(self.text())
        text = self.text() if path.endswith("checkpoint") else \
            self.one_of(*METADATA) + self.one_of("\n", "") if path.endswith("metadata") else \
            f"{self.random.randrange(0, 130)}\n"
        return self.pieces(text)

    def pieces(self, text):
        """A text in one or more writes, maybe from its beginning once more."""
        calls = []
        count = self.one_of(1, 1, 1, 2, 3)
        cuts = sorted(self.random.randrange(0, len(text) + 1) for _ in range(count - 1))
        for begin, end in zip([0, *cuts], [*cuts, len(text)]):
            if begin < end:
                calls.append(["write", text[begin:end]])
        if self.random.random() < 0.2:
            calls.append(["fsync"])
        if self.random.random() < 0.15:
            calls += self.one_of([["ftruncate", 0], ["pwrite", self.text(), 0]],
                                 [["pwrite", self.text(), 0]],
                                 [["pwrite", self.text(), 2000]])
        return calls

    def calls_at_random(self, text):
        calls = []
        for _ in range(self.random.randrange(1, 5)):
            calls.append(self.one_of(
                ["write", text()], ["write", text()], ["pwrite", text(), 0],
                ["pwrite", text(), self.random.randrange(0, 8)],
                ["ftruncate", self.one_of(0, 1, 2, 5)], ["fsync"], ["pread"]))
        return [call for call in calls if call[1:2] != [""]]

    def junk(self):
        return self.one_of("5\n", "66", "any text\n", "x" * 70, "\n", self.text(), "y" * 30000)

    def line(self):
        return self.one_of("5", "66\n", "note\n", "more\nlines\n", "0", "\n", "42\nnote\n", "77\n")

    def text(self):
        return self.position() + self.one_of("\n", "\n", "\n", "") + self.note()

    def position(self):
        chance = self.random.random()
        if chance < 0.5:
            number = self.random.randrange(0, 115)
            is_cursor = self.truth.backend == "sls" and self.random.random() < 0.5
            cursor = base64.b64encode(b"%d" % number).decode()
            return self.one_of(cursor, cursor, cursor.rstrip("=")) if is_cursor else str(number)
        return self.one_of(*POSITIONS)

    def note(self):
        note = self.one_of(*METADATA) if self.random.random() < 0.5 else ""
        return note + "\n" if note and self.random.random() < 0.6 else note


class Program(Doer):
    """Does steps to a mount, as any program would."""

    def __init__(self, mount):
        self.mount = mount

    def read(self, path):
        with open(self.mount.path(path), "rb") as file:
            return file.read()

    def ls(self, path):
        return set(os.listdir(self.mount.path(path)))

    def stat(self, path):
        about = os.stat(self.mount.path(path))
        kind = DIRECTORY if about.st_mode & 0o170000 == 0o040000 else FILE
        return kind, about.st_mode & 0o7777, about.st_size

    def unlink(self, path):
        os.unlink(self.mount.path(path))

    def mkdir(self, path):
        os.mkdir(self.mount.path(path))

    def rmdir(self, path):
        os.rmdir(self.mount.path(path))

    def rename(self, old, new):
        os.rename(self.mount.path(old), self.mount.path(new))

    def truncate(self, path, size):
        os.truncate(self.mount.path(path), size)

    def session(self, path, flags, calls):
        """The result of each call; the last one is that of close."""
        how = os.O_RDWR | os.O_CREAT
        how |= (os.O_TRUNC if "trunc" in flags else 0) | (os.O_APPEND if "append" in flags else 0)
        handle = os.open(self.mount.path(path), how, 0o644)
        results = []
        for call in calls:
            results.append(self.call(handle, *call))
        try:
            os.close(handle)
            results.append(None)
        except OSError as error:
            results.append(errno_name(error))
        return results

    def call(self, handle, kind, *arguments):
        try:
            if kind == "pread":
                return os.pread(handle, 1 << 17, 0)
            if kind in ("write", "pwrite"):
                arguments = arguments[0].encode(), *arguments[1:]
            return getattr(os, kind)(handle, *arguments)
        except OSError as error:
            return errno_name(error)


class Expectation:
    """What the truth says of each step."""

    def __init__(self, truth):
        self.truth = truth

    def of(self, step):
        kind, *arguments = step
        before = copy.deepcopy(self.truth.__dict__) if kind == "rename" else None
        try:
            if kind == "session":
                return self.session(*arguments)
            return getattr(self.truth, kind)(*arguments)
        except Refused as refused:
            if before:  # neither half was done
                self.truth.__dict__.update(before)
            return refused

    def session(self, path, flags, calls):
        file = self.truth.open(path, "trunc" in flags, "append" in flags)
        results = []
        for kind, *arguments in calls:
            results.append(self.call(file, kind, *arguments))
        results.append(self.call(file, "close"))
        return results

    def call(self, file, kind, *arguments):
        if kind == "pread":
            return self.content(file)
        if kind in ("write", "pwrite"):
            arguments = arguments[0].encode(), *arguments[1:]
        try:
            result = getattr(file, kind)(*arguments)
        except Refused as refused:
            return refused
        return self.gone() if kind == "ftruncate" and file.lacks_stream() else result

    @staticmethod
    def gone():
        """The kernel asks for the attributes after it, and the stream that would tell them is gone."""
        either = Refused(errno.ENOENT)
        either.args += (None,)
        return either

    def content(self, file):
        return file.content() if hasattr(file, "content") else file.text


def agrees(expected, result, step):
    """Whether what a program got is what it must get."""
    if isinstance(expected, Refused):
        return result in expected.args
    kind = step[0]
    if kind == "read":
        return agrees_text(expected, result)
    if kind == "stat" and isinstance(result, tuple):
        is_sized = expected[2] is not None
        return result[:2] == expected[:2] and (not is_sized or result[2] == expected[2])
    if kind == "session" and isinstance(result, list):
        return all(agrees(want, got, ["call"]) for want, got in zip(expected, result))
    return result == expected


def agrees_text(expected, result):
    if isinstance(expected, dict) and not isinstance(result, str):
        members = json.loads(result)
        return all(members.get(name) == value for name, value in expected.items())
    return result == expected or (expected is None and not isinstance(result, str))


def may_be_found(expected, result, step, truth):
    """A stream or partition that cannot be made here is found by its name, and what is opened in it tells;
    so is what is not committed, which a write may make, and what was removed by its name in another face,
    which the kernel still has."""
    if not isinstance(expected, Refused) or expected.args[0] not in ("ENOENT", "EPERM"):
        return False
    faces = [path for path in step[1:3] if str(path).split("/")[0] in ("apps", "streams")]
    if step[0] == "stat" and not isinstance(result, str):
        return step[1].split("/")[1] in truth.removed and result[0] == DIRECTORY
    if step[0] != "session":
        is_found = any(not truth.makes or path.split("/")[-1] in ("checkpoint", "metadata")
                       for path in faces)
        if step[0] == "mkdir" and faces and step[1].split("/")[1] in truth.removed:
            return result == "EEXIST"
        if step[0] == "rename" and step[1] == step[2]:
            return result is None and bool(faces)
        return result in ("EISDIR", "ENOTDIR") or \
            bool(faces) and result in ("EPERM", "EINVAL", "ENOTEMPTY", "EXDEV") or \
            is_found and result in ("EEXIST", "EROFS", "ENOTSUP")
    if isinstance(result, str):
        return result in ("EISDIR", "ENOTDIR") or bool(faces) and result in ("EROFS", "EPERM")
    is_text = truth.is_checkpoint(step[1]) or step[1].endswith("/metadata") or \
        (truth.makes and step[1].startswith("streams/"))
    return is_text and (not asks_for_something(step[3]) or not FAILURES.isdisjoint(result))


def asks_for_something(calls):
    """Whether a text is carried out: at its newline, or at the end; but not if it was cut before."""
    is_waiting = False
    for kind, *arguments in [*calls, ["fsync"]]:
        if kind.endswith("write") and arguments[0]:
            is_waiting = True
        elif kind == "ftruncate" and not arguments[0]:
            is_waiting = False
        if is_waiting and (kind == "fsync" or (kind.endswith("write") and arguments[0].endswith("\n"))):
            return True
    return False


class Run:
    """Steps on one backend, compared one by one."""

    def __init__(self, place):
        self.place = place
        self.mount = place.mount("mnt")
        self.truth = Truth(place.backend, STREAMS, KEPT)
        self.expectation = Expectation(self.truth)
        self.program = Program(self.mount)
        self.count = 0
        if place.service:
            fill(place.service, STREAMS, KEPT)

    def do(self, step):
        if step[0] == "remount":
            self.remount()
        else:
            self.compare(step)
        self.count += 1

    def compare(self, step):
        vague = self.truth.vague(step[1:])
        before = copy.deepcopy(self.truth.__dict__) if vague else None
        expected = unseen = self.expectation.of(step)
        result = self.program.do(step)
        if vague and not agrees(expected, result, step):
            after = copy.deepcopy(self.truth.__dict__)
            found = {key for key in vague if not isinstance(result, set) or key[1] in result}
            self.truth.__dict__.update(before)
            self.truth.let_stay(found)
            expected = self.expectation.of(step)
            self.truth.let_vanish(found)
            if not agrees(expected, result, step):
                self.truth.__dict__.update(after)
        if not agrees(expected, result, step) and \
                not may_be_found(unseen, result, step, self.truth):
            self.mount.must_live()
            raise Wrong(f"{short(step)}\n  came to {short(result)}\n"
                        f"  instead of {short(expected)}")

    def remount(self):
        self.mount.unmount()
        self.mount = self.program.mount = self.place.mount("mnt")
        self.truth.forget_mount()

    def check(self):
        """All of checkpoints/, and what the service has."""
        self.check_below("checkpoints")
        for app, stream, number in sorted(self.truth.committed):
            for leaf in self.truth.leaves(app, stream, number):
                self.do(["read", f"apps/{app}/{stream}/{number}/{leaf}"])
        if self.place.service:
            self.check_stored()

    def check_below(self, path):
        self.do(["ls", path])
        for name in sorted(self.truth.ls(path)):
            below = f"{path}/{name}"
            self.do(["stat", below])
            if self.truth.find(below) == DIRECTORY:
                self.check_below(below)
            else:
                self.do(["read", below])

    def check_stored(self):
        stored = sorted(self.place.service.control("GET", "checkpoints").splitlines())
        truth = sorted(self.row(*key, *value) for key, value in self.truth.committed.items())
        if self.place.backend == "dis":  # its metadata is escaped in its own way
            stored = sorted(" ".join(line.split(" ")[:4]) for line in stored)
        if stored != truth:
            raise Wrong(f"the service has {stored}\n  instead of {truth}")

    def row(self, app, stream, number, text, _):
        return f"{stream} {app} {number} {text} -" if self.place.backend == "sls" else \
            f"{app} {stream} {number} {text}"


def short(value):
    text = f"{', '.join(value.args)}" if isinstance(value, Refused) else \
        json.dumps(value) if isinstance(value, list) and not any(
            isinstance(item, (bytes, Refused)) for item in value) else \
        "[" + ", ".join(short(item) for item in value) + "]" if isinstance(value, list) else \
        repr(value)
    return text if len(text) < 600 else text[:300] + " ... " + text[-100:]


def run_steps(backend, steps):
    """Does given steps; what is wrong, or None."""
    with Place(backend) as place:
        run = Run(place)
        try:
            for step in steps:
                run.do(step)
            run.check()
        except Wrong as wrong:
            return str(wrong)
    return None


def shrink(backend, steps):
    """Fewer steps that show something wrong, too."""
    size = max(1, len(steps) // 2)
    while size:
        begin = 0
        while begin < len(steps):
            fewer = steps[:begin] + steps[begin + size:]
            if fewer and run_steps(backend, fewer):
                steps = fewer
            else:
                begin += size
        size //= 2
    return steps


def run_seed(backend, seed, count, until):
    """Random steps on a fresh mount; returns how many were done, those it began with, and what is wrong."""
    steps = []
    with Place(backend) as place:
        run = Run(place)
        generator = Generator(random.Random(f"{backend} {seed}"), run.truth)
        try:
            while len(steps) < count and time.monotonic() < until:
                steps.append(generator.step())
                run.do(steps[-1])
                if len(steps) % CHECK == 0:
                    run.check()
            run.check()
        except Wrong as wrong:
            return run.count, steps, str(wrong)
    return run.count, steps, None


def show(backend, seed, steps, wrong, is_shrunk):
    print(f"seed {seed}, step {len(steps)}: {wrong}")
    if is_shrunk:
        steps = shrink(backend, steps)
        print(f"the fewest steps that show something wrong: {run_steps(backend, steps)}")
    for step in steps if is_shrunk else steps[-SHOWN:]:
        print("  " + short(step))
    with tempfile.NamedTemporaryFile("w", prefix=f"model-{backend}-{seed}.", delete=False) as file:
        file.writelines(json.dumps(step) + "\n" for step in steps)
    print(f"model.py --backend {backend} --replay {file.name}")


def read_steps(name):
    with open(name, encoding="utf-8") as file:
        return [json.loads(line) for line in file if not line.startswith("#")]


def replay(backend, name, is_shrunk):
    steps = read_steps(name)
    wrong = run_steps(backend, steps)
    if wrong:
        show(backend, os.path.basename(name), steps, wrong, is_shrunk)
    return 1 if wrong else 0


def run_cases():
    """Steps that have shown a fault: cases/NAME.BACKEND.jsonl."""
    failed = 0
    for name in sorted(glob.glob(os.path.join(os.path.dirname(__file__), "cases", "*.jsonl"))):
        wrong = run_steps(name.split(".")[-2], read_steps(name))
        if wrong:
            print(f"{name}: {wrong}")
            failed += 1
    return failed


def main():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[0][7:])
    parser.add_argument("--backend", choices=BACKENDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--replay")
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--cases", action="store_true")
    options = parser.parse_args()
    if options.cases:
        return 1 if run_cases() else 0
    if not options.backend:
        parser.error("--backend is needed")
    if options.replay:
        return replay(options.backend, options.replay, options.shrink)
    until = time.monotonic() + (1e9 if options.steps else options.seconds)
    left, total, seed = options.steps or 1 << 60, 0, options.seed
    while left > 0 and time.monotonic() < until:
        count, steps, wrong = run_seed(options.backend, seed, min(left, STEPS_OF_A_MOUNT), until)
        total += count
        if wrong:
            show(options.backend, seed, steps, wrong, options.shrink)
            return 1
        left -= len(steps)
        seed += 1
    print(f"{options.backend}: seeds {options.seed} to {seed - 1}: {total} operations, "
          "each as it must be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
