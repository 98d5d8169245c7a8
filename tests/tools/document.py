"""docs/tools.md, which the tables of rows/ make, by what they expect: a run in which all is so writes it."""

import re
import textwrap

from rows import MODULES
from world import BACKENDS

INTRODUCTION = """# Everyday tools

What people type and programs do with files, tried with {count} commands on mounts of the embedded store and of the three
services, which are simulated: what the tool said, its exit status, what was committed then, and for some how many
requests it took. What is expected was written from the manual and stands in `tests/tools/rows`; a command of which
something else comes fails the test, so none is wrong here. `tests/tools/tools.py` makes this page. The versions are
those of Debian 12, and newer ones of Go, Node and Rust.

{counts}

*Right* is also an error that one should get, such as that of a value that is no position. *Refused* is what one may want
and cannot have: the tool says so, in the words given, and what is not mentioned is unchanged. The lists have what
is right with some backend at least, and the tables all that is refused.
"""


def is_refused(row, backend):
    return bool(row.for_backend(backend).refused)


def counts_of(rows):
    """A table of them by backend. A row that is wrong has no place here, for it fails the run that makes this."""
    lines = ["| | right | cleanly refused | wrong |", "|---|---|---|---|"]
    for backend, name in BACKENDS.items():
        refused = sum(is_refused(row, backend) for row in rows)
        lines.append(f"| {name} | {len(rows) - refused} | {refused} | 0 |")
    return "\n".join(lines)


def plain(text):
    """What Markdown would take for something else stands as it is."""
    return re.sub(r"([<>*|\[\]_])", r"\\\1", text)


def listed(names):
    """Those of one program together: "bash: this, that"."""
    programs = {}
    for name in names:
        program, colon, what = name.partition(": ")
        programs.setdefault(program if colon else "", []).append(plain(what if colon else program))
    texts = [f"*{program}*: {'; '.join(whats)}." if program else "; ".join(whats) + "."
             for program, whats in programs.items()]
    return "\n\n".join(textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False) for text in texts)


def refusals_of(rows):
    """A line for all that are refused in the same places and words, with what to do instead."""
    names = {}
    for row in rows:
        ways = {}
        for backend, place in BACKENDS.items():
            if is_refused(row, backend):
                there = row.for_backend(backend)
                ways.setdefault((there.refused, there.instead), []).append(place)
        for (words, instead), places in ways.items():
            where = "all" if len(places) == len(BACKENDS) else ", ".join(places)
            names.setdefault((where, words, instead), []).append(plain(row.name))
    return [f"| {'; '.join(of_way)} | {where} | {words} | {instead} |"
            for (where, words, instead), of_way in names.items()]


def part_of(module, rows):
    works = [row.name for row in rows if not all(is_refused(row, backend) for backend in BACKENDS)]
    text = f"## {module.GROUP[0].upper()}{module.GROUP[1:]}\n\n{module.WORDS}\n\n{listed(works)}\n"
    refusals = refusals_of(rows)
    if refusals:
        text += "\n| refused | where | words | instead |\n|---|---|---|---|\n" + "\n".join(refusals) + "\n"
    return text


def text_of(table):
    """Raises ValueError if a row that is refused does not say what to do instead."""
    mute = [row.name for row in table for backend in BACKENDS
            if is_refused(row, backend) and not row.for_backend(backend).instead]
    if mute:
        raise ValueError(f"what instead? {mute}")
    parts = [INTRODUCTION.format(count=len(table), counts=counts_of(table))]
    parts += [part_of(module, [row for row in table if row.group == module.GROUP]) for module in MODULES]
    return "\n".join(parts)


def write(path, table):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text_of(table))


def differs(path, table):
    """True, and it is said, if the document is not what the tables make."""
    with open(path, encoding="utf-8") as file:
        if file.read() == text_of(table):
            return False
    print("docs/tools.md is not what the tables say: tools.py --all --write docs/tools.md makes it anew")
    return True
