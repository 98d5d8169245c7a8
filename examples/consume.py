#!/usr/bin/env python3
"""Usage: consume.py PARTITION

A consumer in Python that needs nothing but files: prints the number and the data of each record, waits for
more, and commits after each batch. PARTITION is an app's directory of a partition in a checkpointfs mount, such
as ~/mnt/apps/billing/orders/0.

Killed at any moment it loses nothing; the batch that was being processed is processed again.
"""

import base64
import errno
import json
import pathlib
import sys


def data_of(record):
    """The bytes of a record, whether it is text or not."""
    return base64.b64decode(record["base64"]) if "base64" in record else record["data"].encode()


def process(record):
    sys.stdout.buffer.write(record["sequence"].encode() + b"\t" + data_of(record) + b"\n")


def consume_batch(partition):
    with open(partition / "records" / "next", encoding="utf-8") as batch:
        for line in batch:
            process(json.loads(line))
    sys.stdout.flush()
    # The line is the position that comes after its record.
    (partition / "checkpoint").write_text(line, encoding="utf-8")


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__)
        return
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        while True:
            consume_batch(pathlib.Path(sys.argv[1]))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        if error.errno != errno.ENODATA:  # the partition is closed, and read to its end
            raise


if __name__ == "__main__":
    main()
