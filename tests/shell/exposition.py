#!/usr/bin/env python3
"""Usage: exposition.py FILE...

Reads files in the text format of Prometheus, all in one, as node_exporter's textfile collector does, and holds
them to https://prometheus.io/docs/instrumenting/exposition_formats/. Fails with a sentence, or prints each sample:
its name, its labels as JSON in the order of their names, and its value, with tabs between them.
"""

import json
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
VALUE = re.compile(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|Inf|NaN)")
ENDS = re.compile("_(bucket|sum|count)$")


def fail(where, what):
    sys.exit(f"{where}: {what}")


def read_labels(where, text):
    labels = {}
    at = 0
    while at < len(text):
        found = LABEL.match(text, at)
        if not found:
            fail(where, f"no label at {text[at:]!r}")
        if found[1] in labels:
            fail(where, f"the label {found[1]} twice")
        labels[found[1]] = re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), found[2])
        at = found.end()
        if found[3] and at == len(text):
            fail(where, "a comma at the end of labels")
    return labels


class Exposition:
    def __init__(self):
        self.helps = {}
        self.types = {}
        self.samples = set()

    def take_file(self, path):
        with open(path, encoding="utf-8", newline="\n") as file:
            text = file.read()
        if text and not text.endswith("\n"):
            fail(path, "the last line has no end")
        self.closed = set()  # families whose lines have ended in this file
        self.family = None
        self.introduced = set()
        for number, line in enumerate(text.split("\n")[:-1], 1):
            self.take_line(f"{path}:{number}", line)

    def take_line(self, where, line):
        if line.startswith("#"):
            self.take_comment(where, line)
        elif line:
            self.take_sample(where, line)

    def enter(self, where, family):
        if family == self.family:
            return
        if family in self.closed:
            fail(where, f"{family} was left before")
        self.closed.add(self.family)
        self.family = family

    def take_comment(self, where, line):
        found = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.*)", line)
        if not found:
            fail(where, f"no HELP, no TYPE: {line!r}")
        kind, name, rest = found.groups()
        self.enter(where, name)
        if (kind, name) in self.introduced:
            fail(where, f"a second {kind} of {name}")
        self.introduced.add((kind, name))
        if kind == "TYPE" and rest not in TYPES:
            fail(where, f"no type: {rest}")
        known = self.helps if kind == "HELP" else self.types
        if known.setdefault(name, rest) != rest:
            fail(where, f"another {kind} of {name} than in another file")

    def family_of(self, name):
        base = ENDS.sub("", name)
        return base if self.types.get(base) in ("histogram", "summary") else name

    def take_sample(self, where, line):
        found = SAMPLE.fullmatch(line)
        if not found:
            fail(where, f"no sample: {line!r}")
        name, labels, value = found.groups()
        self.enter(where, self.family_of(name))
        if ("TYPE", self.family) not in self.introduced:
            fail(where, f"no TYPE before {name}")
        if not VALUE.fullmatch(value):
            fail(where, f"no value: {value}")
        shown = json.dumps(read_labels(where, labels or ""), sort_keys=True, ensure_ascii=False)
        if (name, shown) in self.samples:
            fail(where, f"{name}{shown} was collected before")
        self.samples.add((name, shown))
        print(name, shown, value, sep="\t")


def main():
    exposition = Exposition()
    for path in sys.argv[1:]:
        exposition.take_file(path)


main()
