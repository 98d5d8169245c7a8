#!/usr/bin/env python3
"""Usage: recipes.py [--write] DOCUMENT DIRECTORY

Types what the blocks ```console of DOCUMENT have behind "$ " (and "> ", where a command goes on), and holds what that
prints against what the document says. Each part, from a line that begins with ## to the next, has a new home in
DIRECTORY, with the same mount in ~/mnt, and is typed in the directory of the sources. With --write the document gets
what is printed.

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
        self.mount = path / "mnt"
        self.store = path / ".local/share/checkpointfs/checkpoints.db"
        for directory in (self.mount, path / "bin", path / "tmp", self.store.parent):
            directory.mkdir(parents=True)
        (path / "bin/checkpointfs").symlink_to(os.path.realpath(os.environ["CHECKPOINTFS"]))
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
            subprocess.run(["fusermount3", "-u", mount], check=True)
        # The file is whole when the daemon has ended.
        deadline = time.monotonic() + 30
        while self.store.with_name(self.store.name + "-wal").exists() and time.monotonic() < deadline:
            time.sleep(0.01)


def make_world(path):
    home = Home(path)
    said = home.type("checkpointfs ~/mnt\n" + WORLD)
    home.leave()
    assert not said, said
    return home.store


def enter(path, world):
    """A new home with that world, whose records came one a minute until now."""
    home = Home(path)
    shutil.copy(world, home.store)
    with sqlite3.connect(home.store) as store:
        now = time.time_ns()
        store.execute("UPDATE record SET time = ? - (SELECT latest - record.number FROM partition AS place WHERE"
                      " place.stream = record.stream AND place.number = record.partition) * ? + ?", (now, MINUTE, MINUTE // 2))
        store.execute("UPDATE checkpoint SET committed = ? - CASE sequence WHEN 89 THEN 45 ELSE 1 END * ?",
                      (now, MINUTE))
        store.execute("DELETE FROM written")
    store.close()
    home.type("checkpointfs ~/mnt\n")
    return home


def type_part(part, home):
    """What each command prints."""
    script = "".join("\n".join(command) + "\nprintf '\\036'\n" for command, _ in steps_of(part))
    return [said.splitlines() for said in home.type(script).split("\036")[:-1]]


def written(part, outputs):
    """The part with these outputs."""
    lines, inside, outputs = [], False, list(outputs)
    for line in part.splitlines():
        if line.startswith("```"):
            if inside:
                lines += outputs.pop(0)
            inside = False
            console = line == "```console"
        elif line.startswith("$ ") and console:
            if inside:
                lines += outputs.pop(0)
            inside = True
        elif inside and not line.startswith("> "):
            continue
        lines.append(line)
    return "\n".join(lines) + "\n"


def main():
    document, directory = map(pathlib.Path, sys.argv[-2:])
    world = make_world(directory / "world")
    text, wrong = "", 0
    for number, part in enumerate(parts_of(document.read_text(encoding="utf-8"))):
        if steps_of(part):
            home = enter(directory / str(number), world)
            try:
                outputs = type_part(part, home)
            finally:
                home.leave()
            expected = [line for command, said in steps_of(part) for line in ["$ " + command[0], *said]]
            shown = [line for (command, _), said in zip(steps_of(part), outputs) for line in ["$ " + command[0], *said]]
            difference = list(difflib.unified_diff(same(expected), same(shown), part.splitlines()[0], "is printed", n=9,
                                                   lineterm=""))
            print("\n".join(difference), end="\n" if difference else "")
            wrong += bool(difference)
            if difference and "--write" in sys.argv:
                part = written(part, outputs)
        text += part
    if "--write" in sys.argv:
        document.write_text(text, encoding="utf-8")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
