"""docs/reliability.md, which the table of faults makes."""

import os

import table

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "reliability.md")

INTRODUCTION = f"""# Reliability

What programs get when the network or the service fails, tried with one fault and one operation at a time. The
promise behind it: a program never hangs, never gets a bare EIO where there is a better errno, and is never told what
is not so. What is known to have happened is `ok`, what is known not to have is `failed`, all else is `unknown`. What
fails for a passing reason is tried again, if that cannot make a change twice. When the fault is over, so is its error.

The table is made by a program, `tests/faults/faults.py`. It mounts simulated services through a proxy that loses,
delays and garbles, and runs each row on a sanitizer build with `-o timeout={table.TIMEOUT}`. The proxy and the services
share no code with checkpointfs. What is expected stands in `tests/faults/table.py`, and was written from the manual
and the services' documents; a row that differs fails the run. In each row it compares

* the errno, and the time: no row may take longer than the timeout and half a second; one that only took too long is
  run once more, and it is told how many were;
* whether the service has made the change, and what `commits` says: `failed` of a change that was made, or `ok` of
  one that was not, fails the run whatever the table says;
* the last line of `errors`, which must have the same errno, and the HTTP status and the service's words if there
  were any;
* the same operation once the fault is over, which must be right as soon as the last column says.

In the end the program must have left no memory and no report of a sanitizer. To repeat it:

    cmake --preset sanitize && cmake --build --preset sanitize
    B=build/sanitize; tests/faults/faults.py $B/fs/checkpointfs $B/tests/service/simulated-{{dis,sls}} --all

`ctest -R faults` runs a share of the rows, another one each day, and compares this page with the table;
`--write` makes this page anew. Nothing here was tried against the live services.

Columns: *errno* is `right` if nothing is noticed. *Takes*: `at once`; `retries`: it was tried again until the timeout
was near; `timeout`: all of it; `look-up`: a second, which is as long as the look-up of a name waits; `in time`: no
longer than the timeout. *Changed* is whether the service has made the change, *commits* how its line ends; `-` is of
what changes nothing, or where the kernel got no further than to a name. *Again*: when the operation is right after the
fault; `SIGHUP` where only that, or a minute, ends it; `-` where it does not end. Operations are those of both services that have them, DIS and
SLS, unless one is named in brackets.
"""

STORE = """
## A disk that fails under the embedded store

What the store has acknowledged is on the disk. One order of faults can still leave a file that SQLite calls
malformed:

1. a sync of the log (`-wal`) fails, and the program that was told so is killed before it has written anything more;
2. another program opens the store, and takes the log into the file;
3. power fails amid that.

Linux tells of a failed sync once, and takes the pages that it could not write for written from then on. So the second
program reads a whole log from memory, its own sync of it succeeds, and it begins to write into the file. After the
power failure the file has a part of a transaction, and the log that would complete it has a gap. SQLite documents
it: with a log, a failed sync can do harm only while the log is taken in (https://sqlite.org/howtocorrupt.html). A
program that lives on is in no danger, for its next transaction writes the same place of the log again. Nor can what the
first one knew be left for the second: it would have to be written to the disk that has just failed. So where `errors`
tells of an input/output error of the store, copy it with `sqlite3 STORE '.backup COPY'` to another disk, and mount the copy.
`tests/simulate/simulate-local` tries all else that a disk may do, and leaves this order out.
"""

HEADER = "| fault | operations | errno | takes | changed | commits | again |\n" + "|---" * 7 + "|\n"

# Why no row can produce an errno of the manual, for all operations or for some.
BY_MOUNT = "of the mount itself, with no request: `tests/shell/permissions.bats`, `options.bats`"
REASONS = {
    "EINTR": "of the program's signals, not of the service: `tests/shell/services-failures.bats`, `fuse.bats`",
    "EROFS": BY_MOUNT,
    "ENETUNREACH": "a mount without a route never learns a name, so that all else ends in the look-up of the first",
    "EHOSTUNREACH": "as ENETUNREACH",
    "ERANGE": "only a position can be outside what is kept",
    "EDQUOT": "only what is made can be too many",
    "ENOENT": "an app that the service does not have is no failure, no list of apps is missing, and a directory of "
              "`checkpoints/` stays that this mount has emptied: `tests/shell/services-tree.bats`",
    "EOPNOTSUPP": "HTTP 405 and 501 are the same for all: one operation that reads and one that changes",
    "EPROTO": "TLS fails before there is an operation",
}


def key(row):
    name, fault, operation = row
    return (name, fault.group, fault.name, operation.name)


def outcome_cells(row, outcome):
    """All cells but the first three."""
    _, fault, operation = row
    end = table.expected_end(fault, operation)
    again = table.expected_again(fault, operation)
    changed = ("yes" if outcome.done else "no") if operation.change and end != "" else "-"
    return (outcome.errno or "right", table.expected_seconds(fault, operation), changed,
            (" or ".join(end) if isinstance(end, tuple) else end) or "-", "-" if again == "never" else again)


def services_of(rows):
    """By fault and operation."""
    services = {}
    for name, fault, operation in rows:
        services.setdefault((fault.group, fault.name, operation.name), []).append(name)
    return services


def lines_of(rows, outcomes):
    """Rows of one fault with the same outcome are one line. An operation that ends otherwise with another service is
    marked with its own."""
    of_fault, lines = services_of(rows), {}
    for row in rows:
        of_line = lines.setdefault(outcome_cells(row, outcomes[key(row)]), {})
        of_line.setdefault(row[2].name, []).append(row[0])
    for cells, operations in lines.items():
        names = [name if services == of_fault[key(rows[0])[1:3] + (name,)] else f"{name} [{services[0]}]"
                 for name, services in operations.items()]
        yield f"| {rows[0][1].name} | {', '.join(names)} | {' | '.join(cells)} |\n"


def by(rows, attribute):
    parts = {}
    for row in rows:
        parts.setdefault(getattr(row[1], attribute), []).append(row)
    return parts


def not_produced(rows, outcomes):
    """Each errno with the operations that never end with it."""
    operations = dict.fromkeys(row[2].name for row in rows)
    seen = {}
    for row in rows:
        seen.setdefault(outcomes[key(row)].errno, set()).add(row[2].name)
    for errno in table.ERRNOS:
        missing = [name for name in operations if name not in seen.get(errno, ())]
        if missing:
            names = "all" if len(missing) == len(operations) else ", ".join(missing)
            yield f"* {errno}: {names}, because {REASONS[errno]}.\n"


def write(rows, outcomes):
    with open(PATH, "w", encoding="utf-8") as file:
        file.write(INTRODUCTION)
        for group, of_group in by(rows, "group").items():
            file.write(f"\n## {group}\n\n{HEADER}")
            for of_fault in by(of_group, "name").values():
                file.writelines(lines_of(of_fault, outcomes))
        file.write("\n## Not produced\n\nOf the errnos that the manual promises, no row ends with\n\n")
        file.writelines(not_produced(rows, outcomes))
        file.write(STORE)


def keys_in_document(services):
    group = ""
    with open(PATH, encoding="utf-8") as file:
        for line in file:
            if line.startswith("## "):
                group = line[3:-1]
            elif line.startswith("| ") and not line.startswith("| fault |"):
                fault, operations = (cell.strip() for cell in line.split("|")[1:3])
                for operation in operations.split(", "):
                    name, _, service = operation.rstrip("]").partition(" [")
                    for each in [service] if service else services.get((group, fault, name), ["?"]):
                        yield (each, group, fault, name)


def check(rows):
    """The document has each row of the table, and no other."""
    expected, found = {key(row) for row in rows}, list(keys_in_document(services_of(rows)))
    wrong = [f"not in docs/reliability.md: {' | '.join(missing)}" for missing in sorted(expected - set(found))]
    wrong += [f"only in docs/reliability.md: {' | '.join(other)}" for other in sorted(set(found) - expected)]
    return wrong if wrong or len(found) == len(expected) else ["docs/reliability.md has a row twice"]
