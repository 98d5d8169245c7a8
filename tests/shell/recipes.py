#!/usr/bin/env python3
"""Usage: recipes.py [--new] [--write] DOCUMENT... DIRECTORY

Types what the blocks ```console of each DOCUMENT have behind "$ " (and "> ", where a command goes on), and holds what that
prints against what the document says. Each part, from a line that begins with ## to the next, has a new home in
DIRECTORY, with the same mount in ~/mnt, and is typed in the directory of the sources. With --new the document is
one part, in a home that has nothing yet. With --write the document gets what is printed.

CHECKPOINTFS is the program under test. Times, process numbers, users and temporary names may differ."""

import difflib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import time

SOURCES = pathlib.Path(__file__).resolve().parents[2]
MINUTE = 60 * 1_000_000_000

# What is another thing each time, and what stands for it.
DIFFERENT = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"uid=\d+", "uid=UID"),
    (r"pid=\d+", "pid=PID"),
    (r"checkpoints\.\w{6}", "checkpoints.NAME"),
    (r"\b[0-9a-f]{7}\b", "COMMIT"),
]

# The world: apps that are well, behind, near to losing records, and still.
WORLD = """
cd ~/mnt
for partition in 0 1 2 3; do
    mkdir -p "streams/orders/$partition"
    seq -f 'order %g' 0 479 >"streams/orders/$partition/records/new"
done
mkdir -p streams/payments/0
seq -f 'payment %g' 0 99 >streams/payments/0/records/new
mkdir apps/billing apps/canary
printf '0\\t479\\n1\\t419\\tbatch 7\\n2\\t20\\n' >/tmp/table.$$ && cat /tmp/table.$$ >apps/billing/orders/checkpoints
rm /tmp/table.$$
echo 89 >apps/billing/payments/0/checkpoint
echo 469 >apps/canary/orders/0/checkpoint
echo 429 >apps/canary/orders/1/checkpoint
"""

# On a desktop others look at each new mount, and keep it busy for a moment.
UNMOUNT = """#!/bin/sh
for _ in 1 2 3 4 5 6 7 8 9; do
    {0} "$@" 2>/dev/null && exit
    sleep 0.2
done
exec {0} "$@"
"""


def parts_of(text):
    """The document, cut before each heading."""
    return re.split(r"^(?=## )", text, flags=re.MULTILINE)


def steps_of(part):
    """The commands, each with what it is said to print."""
    steps = []
    for block in re.findall(r"^```console\n(.*?)^```$", part, flags=re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(([line[2:]], []))
            elif line.startswith("> ") and not steps[-1][1]:
                steps[-1][0].append(line[2:])
            else:
                steps[-1][1].append(line)
    return steps


def same(lines):
    text = "\n".join(lines)
    for pattern, word in DIFFERENT:
        text = re.sub(pattern, word, text)
    return text.splitlines()


class Home:
    """Where a part is typed."""

    def __init__(self, path):
        self.path = path
        self.store = path / ".local/share/checkpointfs/checkpoints.db"
        for directory in (path / "bin", path / "tmp"):
            directory.mkdir(parents=True)
        (path / "bin/checkpointfs").symlink_to(os.path.realpath(os.environ["CHECKPOINTFS"]))
        (path / "bin/fusermount3").write_text(UNMOUNT.format(shutil.which("fusermount3")))
        (path / "bin/fusermount3").chmod(0o755)
        self.environment = {
            **os.environ, "HOME": str(path), "TMPDIR": str(path / "tmp"), "PATH": f"{path}/bin:{os.environ['PATH']}",
            "GIT_AUTHOR_NAME": "me", "GIT_AUTHOR_EMAIL": "me@localhost",
            "GIT_COMMITTER_NAME": "me", "GIT_COMMITTER_EMAIL": "me@localhost"}
        self.environment.pop("XDG_DATA_HOME", None)

    def type(self, script):
        """What the commands print, and what they say of errors."""
        said = subprocess.run(["bash"], input=script, env=self.environment, cwd=SOURCES, timeout=60, text=True,
                              errors="surrogateescape", stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        said = said.replace(str(self.path / "tmp"), "/var/tmp").replace(str(self.path), "/home/me")
        return re.sub(r"(^|\036)bash: line \d+: ", r"\1bash: ", said, flags=re.MULTILINE)

    def mounts(self):
        return [line.split()[4] for line in open("/proc/self/mountinfo") if f" {self.path}/" in line]

    def leave(self):
        for mount in reversed(self.mounts()):
            subprocess.run([self.path / "bin/fusermount3", "-u", mount], check=True)
        # The file is whole when the daemon has ended.
        deadline = time.monotonic() + 30
        while self.store.with_name(self.store.name + "-wal").exists() and time.monotonic() < deadline:
            time.sleep(0.01)


def make_world(path):
    home = Home(path)
    said = home.type("mkdir ~/mnt\ncheckpointfs ~/mnt\n" + WORLD)
    home.leave()
    assert not said, said
    return home.store


def enter(path, world):
    """A new home with that world, whose records came one a minute until now."""
    home = Home(path)
    home.store.parent.mkdir(parents=True)
    shutil.copy(world, home.store)
    with sqlite3.connect(home.store) as store:
        now = time.time_ns()
        store.execute("UPDATE record SET time = ? - (SELECT latest - record.number FROM partition AS place WHERE"
                      " place.stream = record.stream AND place.number = record.partition) * ? + ?", (now, MINUTE, MINUTE // 2))
        store.execute("UPDATE checkpoint SET committed = ? - CASE sequence WHEN 89 THEN 45 ELSE 1 END * ?",
                      (now, MINUTE))
        store.execute("DELETE FROM written")
    store.close()
    home.type("mkdir ~/mnt\ncheckpointfs ~/mnt\n")
    return home


def type_part(part, home):
    """What each command prints."""
    script = "".join("\n".join(command) + "\nprintf '\\036'\n" for command, _ in steps_of(part))
    return [said.splitlines() for said in home.type(script).split("\036")[:-1]]


def written(part, outputs):
    """The part with these outputs."""
    lines, outputs = [], list(outputs)
    place = "text"  # or "block", "command", and "output", which is left out
    for line in part.splitlines():
        begins = line.startswith("$ ") and place != "text"
        if place in ("command", "output") and (begins or line == "```"):
            lines += outputs.pop(0)
        if line.startswith("```"):
            place = "block" if line == "```console" else "text"
        elif begins:
            place = "command"
        elif place == "command" and not line.startswith("> "):
            place = "output"
        if place != "output":
            lines.append(line)
    return "\n".join(lines) + "\n"


def difference_of(part, outputs):
    """Between what the part says that is printed, and what is."""
    steps = steps_of(part)
    expected = [line for command, said in steps for line in ["$ " + command[0], *said]]
    shown = [line for (command, _), said in zip(steps, outputs) for line in ["$ " + command[0], *said]]
    return list(difflib.unified_diff(same(expected), same(shown), part.splitlines()[0], "is printed", n=9, lineterm=""))


def hold(document, enter_home, new, write):
    """Whether each part prints what it says."""
    text = document.read_text(encoding="utf-8")
    parts, wrong = [text] if new else parts_of(text), 0
    for number, part in enumerate(parts):
        if not steps_of(part):
            continue
        home = enter_home(f"{document.stem}-{number}")
        try:
            outputs = type_part(part, home)
        finally:
            home.leave()
        difference = difference_of(part, outputs)
        print("\n".join(difference), end="\n" if difference else "")
        wrong += bool(difference)
        if difference and write:
            parts[number] = written(part, outputs)
    if write:
        document.write_text("".join(parts), encoding="utf-8")
    return not wrong


def main():
    options = [word for word in sys.argv[1:] if word.startswith("--")]
    *documents, directory = [pathlib.Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    new = "--new" in options
    world = None if new else make_world(directory / "world")

    def enter_home(name):
        return Home(directory / name) if new else enter(directory / name, world)

    right = [hold(document, enter_home, new, "--write" in options) for document in documents]
    sys.exit(0 if all(right) else 1)


if __name__ == "__main__":
    main()
