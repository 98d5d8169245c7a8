#!/usr/bin/env python3
"""Measures how fast mounts are, against what they stand on and what one would do instead, and writes a report.

    tests/bench/report.py build/release/fs/checkpointfs build/dev/tests/bench --write docs/performance.md

All figures are ratios within one run, or counts: the machine may be busy with other things, and both sides of a ratio
then are. What is compared is measured in turns, in five rounds, of which the medians are printed. Each row stands
alone: one that fails says why, what it has started ends, and the others go on.

--quick is a single round, --smoke only shows in seconds that all rows work; --only PATTERN takes some rows. --json
writes all figures to a file, and --before takes an earlier such file, whose values then stand beside the new ones.
"""

import argparse
import dataclasses
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
import page
import peers  # pylint: disable=unused-import # it adds rows
import rows
from measure import Bench, Figure, Skip

ROW_SECONDS = {"normal": 150, "quick": 100, "smoke": 60}


class TooLong(Exception):
    """A row takes longer than it may."""


def on_alarm(*_):
    raise TooLong("it takes too long")


def says(*command):
    """The first line of a program's own about itself, or None: libraries may come before."""
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (found.stdout + found.stderr).splitlines()
    name = os.path.basename(command[0])
    return next((line for line in lines if name in line.lower()), lines[0] if lines else None)


def processor():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        found = re.search(r"^model name\s*: (.*)", file.read(), re.M)
    return found.group(1) if found else platform.machine()


def distribution():
    with open("/etc/os-release", encoding="utf-8") as file:
        return re.search(r'^PRETTY_NAME="?([^"\n]*)', file.read(), re.M).group(1)


def library(name):
    return says("pkg-config", "--modversion", name) or "?"


def version(line):
    found = re.search(r"[0-9]+(\.[0-9]+)+", line)
    return found.group() if found else line


def describe(bench):
    """What the figures depend on."""
    tools = {"wrk": ("wrk", "-v"), "rclone": ("rclone", "version"), "sshfs": ("sshfs", "--version"),
             "httpdirfs": ("httpdirfs", "--version"), "nginx": ("nginx", "-v"), "Python": ("python3", "--version"),
             "OpenSSL": ("openssl", "version")}
    found = {name: says(*command) for name, command in tools.items()}
    return {
        "date": time.strftime("%Y-%m-%d"),
        "program": (says(bench.program, "--version") or "?").split(" (")[0],
        "machine": f"{os.cpu_count()} CPUs, {processor()}, "
                   f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 30} GiB",
        "system": f"Linux {platform.release()}, {distribution()}, libfuse {library('fuse3')}, "
                  f"libcurl {library('libcurl')}, SQLite {library('sqlite3')}",
        "tools": ", ".join(f"{name} {version(line)}" for name, line in found.items() if line),
        "mode": bench.mode,
    }


@dataclasses.dataclass
class Section:
    """What a row has given."""

    title: str
    figures: list
    load: float = 0
    seconds: float = 0
    trouble: str = ""
    failed: bool = False


def measure_row(bench, title, function):
    section = Section(title, [])
    began = time.monotonic()
    signal.alarm(ROW_SECONDS[bench.mode])
    try:
        for figure in function(bench):
            section.figures.append(figure)
            print_figure(figure)
    except Skip as why:
        section.trouble = f"skipped: {why}"
    except Exception as why:  # pylint: disable=broad-exception-caught # of one row alone
        section.trouble, section.failed = f"failed: {type(why).__name__}: {why}", True
        traceback.print_exc()
    finally:
        signal.alarm(0)
    section.load = os.getloadavg()[0]
    section.seconds = time.monotonic() - began
    return section


def number(value):
    if value == float("inf"):
        return "never"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def goal_text(figure):
    return f"{'≤' if figure.goal[0] == '<=' else '≥'} {number(figure.goal[1])}" if figure.goal else ""


def print_figure(figure):
    verdict = {None: "", True: "met", False: "missed"}[figure.is_met()]
    spread = f" ({number(figure.spread[0])} to {number(figure.spread[1])})" if figure.spread else ""
    if figure.value is None:
        print(f"  {figure.name:66}   skipped: {figure.note}", flush=True)
        return
    print(f"  {figure.name:66} {number(figure.value):>9} {figure.unit:2}{spread:20} {goal_text(figure):10} {verdict:7} "
          f"{figure.note}", flush=True)


def measure_all(bench, pattern):
    sections = []
    for title, function in rows.ROWS:
        if not re.search(pattern, title):
            continue
        print(title, flush=True)
        section = measure_row(bench, title, function)
        print(f"  {section.trouble + '; ' * bool(section.trouble)}{section.seconds:.0f} s, load {section.load:.1f}",
              flush=True)
        sections.append(section)
    return sections


def as_json(about, sections):
    return {"about": about, "sections": [dataclasses.asdict(section) for section in sections]}


def from_json(path):
    """The figures of an earlier run, by section and name."""
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    return found["about"], {(section["title"], figure["name"]): Figure(**figure)
                            for section in found["sections"] for figure in section["figures"]}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", metavar="CHECKPOINTFS")
    parser.add_argument("place", metavar="BENCH", help="the build folder with bench-service and others")
    mode = parser.add_mutually_exclusive_group()
    for name in "quick", "smoke":
        mode.add_argument(f"--{name}", dest="mode", action="store_const", const=name, default="normal")
    parser.add_argument("--sdks", metavar="FOLDER",
                        help="where tests/service/sdk/run.sh has installed official clients")
    parser.add_argument("--only", metavar="PATTERN", default="")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--before", metavar="FILE")
    parser.add_argument("--write", metavar="FILE")
    return parser.parse_args()


def main():
    options = parse()
    bench = Bench(options.program, options.place, options.mode, options.sdks)
    signal.signal(signal.SIGALRM, on_alarm)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and not at once: what runs is ended first
    about = describe(bench)
    about["load"] = f"{os.getloadavg()[0]:.1f}"
    sections = measure_all(bench, options.only)
    about["load"] += f" before, {os.getloadavg()[0]:.1f} after"
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(as_json(about, sections), file, indent=1)
    if options.write:
        page.write_page(options.write, about, sections, from_json(options.before) if options.before else None,
                        number, goal_text)
    return any(section.failed for section in sections)


if __name__ == "__main__":
    sys.exit(main())
