"""Writes docs/performance.md and its pictures from the figures of a run."""

import os
import statistics

import plot

INTRODUCTION = """# Performance

How fast mounts are, against what they stand on and what one would do instead. All figures are ratios within one run,
or counts; absolute times only stand beside them, for they are those of one machine that other things may have kept
busy. What is compared was measured in turns, in up to five rounds, of which this page has the medians.

![What is measured, against its goal](images/performance.svg)

![One read by other programs](images/performance-programs.svg)

This page is made by a program, which takes some ten minutes:

    cmake --preset release && cmake --build --preset release
    cmake --preset dev && cmake --build --preset dev
    tests/bench/report.py build/release/fs/checkpointfs build/dev/tests/bench --write docs/performance.md

The service is one of our own (`tests/bench/service`), on the same machine: it has the shapes of DIS and SLS, checks no
signatures, and answers at once or after as many milliseconds as it is told. What takes longest elsewhere, the way to a
real service, is in none of these figures but for the 20 ms where they are named. *wrk* asks the same service for the
same checkpoint, without signing or reading what it says; the *file in memory* is a FUSE file system that does nothing
else (`tests/bench/floor.c`), and *bare SQLite transactions* are as durable as those of the embedded store. *One core*
is where the service, the mount and its readers share one, so that what is compared is what they compute. *Requests* of
trees are those of the listing, by a plain client on one connection. "never": it had not ended after three seconds.
"""

CLOSING = """
## Where limits lie

* A read of a FUSE file is five or six requests of the kernel, each with two changes of process: even a file in memory
  takes longer than a local one, and how much longer stands in the notes above.
* libcurl takes several times as long for a request on an open connection as *wrk* does: what a loop of it alone
  reaches stands above. So a mount cannot reach *wrk* where the service answers at once, and does where the service
  takes its time.
* A mount has one thread for all but the embedded store. With 256 readers of a service that takes 20 ms, a read takes it
  some 0.1 ms: more than a third in the kernel, which wakes programs that sleep, and a fifth each in libcurl and in the
  C library, most of that for the texts that libcurl allocates. That thread is then what the readers wait for.
* What programs do with each file of a tree, and the kernel for it, takes most of the time that `tar` and `cp -r` take:
  with FUSE files in memory, which nobody asks a service for, it is as the rows beside them say.
* Most of the memory of a new mount is pages of libraries that other programs may have in memory too.
* A bare SQLite transaction in memory takes less than a read of a FUSE file in memory, as the rows above tell: only on
  a disk it is the transaction that counts.
* Two writers of one file wait for each other in the kernel, which locks the inode: those of one checkpoint are one
  after the other in any file system.
* `cp -r`, `tar x` and `rsync` write one file after the other, each of which waits for the service. Side by side they
  are as `ls | xargs -P 64 -n 160 cp -t DIRECTORY` makes them.
"""
BUSY = """**The machine was busy** with other things while this was measured: half of the time its load was above
{:.0f}, with {} CPUs. Ratios of times below say little then; counts, and what is said of memory, hold."""
NOT_DRAWN = ("Requests",)  # most of them are their goal


def better(figure):
    """How many times better than its goal a value is; 1 is the goal. Where one of both is 0, it is met or far away."""
    if figure.goal[1] == 0 or figure.value <= 0:
        return 1.0 if figure.is_met() else 0.01
    ratio = figure.value / figure.goal[1]
    return 1 / ratio if figure.goal[0] == "<=" else ratio


def write_table(lines, section, former, number, goal_text):
    has_before = any((section.title, figure.name) in former for figure in section.figures)
    head = ["what", "goal", *(["before"] if has_before else []), "measured", "rounds from, to", "notes"]
    lines += ["", f"## {section.title}", "", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for figure in section.figures:
        old = former.get((section.title, figure.name))
        value = "not measured" if figure.value is None else f"{number(figure.value)} {figure.unit}".strip()
        value = f"**{value}**" if figure.is_met() else value
        spread = ", ".join(map(number, figure.spread)) if figure.spread and figure.rounds > 1 else ""
        cells = [figure.name, goal_text(figure)]
        cells += [number(old.value) if old and old.value is not None else ""] if has_before else []
        lines.append("| " + " | ".join([*cells, value, spread, figure.note.replace("|", "\\|")]) + " |")
    if section.trouble:
        lines += ["", f"{section.trouble[0].upper()}{section.trouble[1:]}."]
    lines += ["", f"Load {section.load:.1f}."]


def write_page(path, about, sections, before, number, goal_text):
    """before: what from_json() gave, or None."""
    former = before[1] if before else {}
    lines = [INTRODUCTION, "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in about.items()]
    lines += [f"| before | {before[0]['program']}, load {before[0]['load']} |"] if before else []
    lines += ["", "Values in **bold** meet their goal."]
    # What is measured takes two or three by itself, and a thousand readers at once many for a minute.
    load = statistics.median([section.load for section in sections] or [0])
    if load > 3 * os.cpu_count():
        lines += ["", BUSY.format(load, os.cpu_count())]
    for section in sections:
        write_table(lines, section, former, number, goal_text)
    images = os.path.join(os.path.dirname(path), "images")
    os.makedirs(images, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n" + CLOSING)
    draw_goals(f"{images}/performance.svg", sections, former)
    draw_programs(f"{images}/performance-programs.svg", sections)


def draw_goals(path, sections, former):
    values = []
    for section in sections:
        for figure in section.figures:
            if not figure.goal or figure.value is None or section.title in NOT_DRAWN:
                continue
            old = former.get((section.title, figure.name))
            old_better = better(old) if old and old.value is not None and old.goal else None
            name = figure.name if len(figure.name) > 30 else f"{section.title}: {figure.name}"
            values.append((name if len(name) <= 68 else name[:66] + "…", better(figure), old_better))
    if values:
        save(path, plot.goals("Against its goal", "1 x is the goal, to the right is better; a ring is what was before",
                              values))


def draw_programs(path, sections):
    values = [(figure.name.removesuffix(", of cat"), figure.value) for section in sections
              if section.title.startswith("One read") for figure in section.figures if figure.value]
    if values:
        save(path, plot.bars("One read by other programs",
                             "how many times as long as cat of a mount's file takes",
                             sorted(values, key=lambda value: value[1]), lambda value: f"{value:,.0f} x"))


def save(path, picture):
    with open(path, "w", encoding="utf-8") as file:
        file.write(picture)
