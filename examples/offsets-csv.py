#!/usr/bin/env python3
"""Usage: offsets-csv.py export APP... > FILE
       offsets-csv.py import MOUNT [GROUP] < FILE

Checkpoints as the CSV that Kafka's kafka-consumer-groups.sh writes (--reset-offsets --to-current --export) and
reads (--from-file): a line topic,partition,offset, or group,topic,partition,offset of several groups. APP is what an
app has in a checkpointfs mount, such as ~/mnt/apps/billing; of several apps each line begins with the group. A file
that does not is for the GROUP that is named. Apps that are missing are made. A row that cannot be taken, or is
refused, is printed with its number and the reason; the others are done, and the exit status is 1.

An offset is that of the next record to be read. Where checkpoints are the last record that was read, they are less
by one; the mount's file status says which they are. Metadata is in no such file."""

import contextlib
import csv
import json
import os
import pathlib
import re
import sys
import urllib.parse


def counts_next(mount):
    """Whether a checkpoint is the number of the next record."""
    status = json.loads((mount / "status").read_text(encoding="utf-8"))
    return status["backend"] in ("kafka", "sls") or status["options"]["checkpoint"] == "next"


def name_of(file):
    return os.fsdecode(urllib.parse.unquote_to_bytes(os.fsencode(file.name)))


def file_of(directory, name):
    """The file of that name: as it is listed, or else as it would be made."""
    def escape(found):
        return "".join(f"%{byte:02X}" for byte in os.fsencode(found[0]))

    listed = [file for file in directory.iterdir() if name_of(file) == name]
    return listed[0] if listed else directory / re.sub(r"^[.]|[\0-,/:-@[-^`{-\x7f\udc80-\udcff]", escape, name)


def export_app(app, columns):
    """Prints a line for each checkpoint, which begins with the columns."""
    mount = app.parents[1]
    more = 0 if counts_next(mount) else 1
    out = csv.writer(sys.stdout, lineterminator="\n")
    for stream in sorted((mount / "checkpoints" / app.name).iterdir()):
        for line in open(app / stream.name / "checkpoints", encoding="utf-8", newline="\n"):
            partition, number = line.rstrip("\n").split("\t")[:2]
            if not number.isdecimal():
                sys.exit(f"{app.name}/{stream.name}/{partition}: {number} is no offset")
            out.writerow([*columns, name_of(stream), partition, int(number) + more])


def read_row(text, group, is_next):
    """The group, the topic, and the line for the topic's table; ValueError says what is wrong."""
    row = next(csv.reader([text], strict=True), [])
    if group is not None and len(row) == 3:
        row = [group, *row]
    if len(row) != 4 or not all(row):
        raise ValueError("not group,topic,partition,offset" + (" or topic,partition,offset" if group else ""))
    for number in row[2:]:
        if not re.fullmatch("[0-9]{1,19}", number):
            raise ValueError(f"{number!r} is no number")
    offset = int(row[3])
    # Where it would be the number before record 0, nothing committed says that this is next.
    position = offset if is_next else offset - 1 if offset else "-"
    return row[0], row[1], f"{int(row[2])}\t{position}\n"


def place_of(mount, group, topic, lines):
    """The directory of the topic below the app, made with its partitions where these can be made here."""
    app = file_of(mount / "apps", group)
    app.mkdir(exist_ok=True)
    directory = file_of(app, topic)
    for line in lines:
        with contextlib.suppress(OSError):
            (directory / line.split("\t")[0]).mkdir(parents=True, exist_ok=True)
    return directory


def write_table(mount, group, topic, lines):
    """Writes the lines at once; a list of what failed: the number of the line, from 1, and the reason."""
    said = set((mount / "errors").read_bytes().splitlines())
    path = b""
    try:
        directory = place_of(mount, group, topic, lines)
        path = os.fsencode(directory.relative_to(mount) / "checkpoints")
        with open(directory / "checkpoints", "wb", buffering=0) as file:
            file.write("".join(lines).encode())
        return []
    except OSError as error:
        new = [line.split(b"\t") for line in (mount / "errors").read_bytes().splitlines() if line not in said]
        reasons = [re.match(rb"line (\d+)[,:] (.*)", line[7]) for line in new if line[1] == path]
        return [(int(reason[1]), reason[2].decode()) for reason in reasons if reason] or \
            [(number + 1, error.strerror) for number in range(len(lines))]


def import_file(mount, group):
    """The numbers of the rows that failed."""
    tables, failed = {}, {}
    is_next = counts_next(mount)
    for number, text in enumerate(sys.stdin, 1):
        try:
            if not text.strip():
                continue
            row_group, topic, line = read_row(text.rstrip("\r\n"), group, is_next)
            tables.setdefault((row_group, topic), []).append((number, line))
        except (ValueError, csv.Error) as error:
            failed[number] = error
    for (row_group, topic), rows in tables.items():
        for line, reason in write_table(mount, row_group, topic, [line for _, line in rows]):
            failed[rows[line - 1][0]] = reason
    return failed


def main():
    sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape", newline="\n")
    sys.stdout.reconfigure(errors="surrogateescape")
    if len(sys.argv) > 2 and sys.argv[1] == "export":
        for app in map(pathlib.Path, sys.argv[2:]):
            export_app(app.resolve(), [name_of(app.resolve())] if len(sys.argv) > 3 else [])
    elif len(sys.argv) in (3, 4) and sys.argv[1] == "import":
        failed = import_file(pathlib.Path(sys.argv[2]).resolve(), *sys.argv[3:] or [None])
        for number in sorted(failed):
            print(f"row {number}: {failed[number]}", file=sys.stderr)
        sys.exit(1 if failed else 0)
    elif sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__)
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"offsets-csv.py: {error}")
