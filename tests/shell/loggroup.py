#!/usr/bin/env python3
"""Writes a log group of SLS in protocol buffers, as the reference of its API has them.

Usage: loggroup.py <JSON >LOGGROUP

The input is {"topic", "source", "tags": [[key, value]...], "logs": [[[key, value]...]...]}, all optional. A
key or a value that is no text is written as an array of bytes. A log may be many: {"times": N, "log": [...]}
stands for N of them, in whose values # is its number, from 0. Times are seconds that go up from 1700000000.
"""

import json
import sys

FIRST = 1700000000


def varint(number):
    text = bytearray()
    while number >= 0x80:
        text.append(number & 0x7F | 0x80)
        number >>= 7
    text.append(number)
    return bytes(text)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else bytes(value)
    return varint(number << 3 | 2) + varint(len(data)) + data


def pairs(number, items):
    return b"".join(field(number, field(1, key) + field(2, value)) for key, value in items)


def each_log(logs):
    for log in logs:
        if isinstance(log, dict):
            for number in range(log["times"]):
                yield [(key, value.replace("#", str(number))) for key, value in log["log"]]
        else:
            yield log


def main():
    group = json.load(sys.stdin)
    logs = b"".join(field(1, field(1, FIRST + number) + pairs(2, log))
                    for number, log in enumerate(each_log(group.get("logs", []))))
    ends = b"".join(field(number, group[name])
                    for number, name in ((3, "topic"), (4, "source")) if name in group)
    sys.stdout.buffer.write(logs + ends + pairs(6, group.get("tags", [])))


if __name__ == "__main__":
    main()
