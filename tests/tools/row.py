"""A row of the tables in rows/: what a person types, and what must come of it by the manual."""

import re
from dataclasses import dataclass, replace

from world import cursor_of

# A row's short names of paths, below the mount.
PATHS = {"p": "apps/billing/orders/0", "c": "checkpoints/billing/orders", "s": "streams/orders/0"}
LAGS = {"local": "57", "dis": "57", "sls": "58", "kafka": "58"}  # the number is of the last record, or the next one


@dataclass
class Row:
    """What bash -c does with script in the mount, whose directories are $p, $c and $s; ~ is an empty directory
    elsewhere, and nobody types anything.

    name: what the document calls it
    out: all of standard output. {42} is that number as the backend shows it, {lag} the lag of partition 0, and {note}
        the note of that with a newline, where the backend has one
    status: of exit; if none is given 1 for what fails or is refused, else 0
    fails, refused: words on standard error. It fails, as it should; or what the
        person wants is refused, as the manual says it is
    warns: words on standard error all the same
    instead: what to do when it is refused
    state: what is changed at the service, by partition of billing's orders (0) or whole (audit/orders/0, "app new");
        None for removed. Nothing else may change. {note} is as in out
    left: temporary files that stay in $c
    appends: records, which state does not tell of
    requests: how many the manual or the page of the service promises, on a fresh mount
    needs: programs that must be installed, beside the first words of lines
    heavy: it, or what it needs, is for a night
    slow: milliseconds that each answer of a service takes
    seconds: after which it hangs
    on: what else holds for some backends
    """

    name: str
    script: str
    out: str = ""
    status: int = None
    fails: str = ""
    refused: str = ""
    warns: str = ""
    instead: str = ""
    state: dict = None
    left: tuple = ()
    appends: bool = False
    requests: int = None
    needs: str = ""
    heavy: bool = False
    slow: int = 0
    seconds: int = 20
    on: dict = None
    group: str = ""

    def for_backend(self, backend):
        row = replace(self, **(self.on or {}).get(backend, {}), on=None)
        if row.status is None:
            row.status = int(bool(row.fails or row.refused))
        row.out, row.script = (fill(text, backend) for text in (row.out, row.script))
        row.state = {f"billing/orders/{key}" if key.isdigit() else key: value and fill(value, backend).strip()
                     for key, value in (row.state or {}).items()}
        return row

    def says(self):
        return self.fails or self.refused or self.warns


def fill(text, backend):
    def put(match):
        word = match[1]
        if word == "lag":
            return LAGS[backend]
        if word == "note":
            return "" if backend == "sls" else "note\n"
        return cursor_of(word) if backend == "sls" else word

    return re.sub(r"\{([0-9]+|lag|note)\}", put, text)


def on_sls(words="Operation not supported", **more):
    """Refused there, with nothing changed."""
    return {"sls": {"refused": words, "out": "", "state": {}, "left": (), **more}}
