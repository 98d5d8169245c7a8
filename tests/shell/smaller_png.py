"""Writes a picture of few colours in fewer bytes: those of a palette, in rows that say what differs.

Usage: smaller_png.py FROM TO

FROM is a PNG as Chromium makes it: 8 bits, RGB or RGBA, not interlaced. Where there are more than 256 colours, those
that are seldom become their nearest neighbours among the others.
"""

import collections
import struct
import sys
import zlib


def chunks(data):
    place = 8
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place:place + 8])
        yield kind, data[place + 8:place + 8 + size]
        place += size + 12


def paeth(left, above, corner):
    guess = left + above - corner
    distances = abs(guess - left), abs(guess - above), abs(guess - corner)
    return (left, above, corner)[distances.index(min(distances))]


def unfilter(kind, row, above, step):
    for i in range(len(row)):
        left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
        if kind:
            row[i] = row[i] + (left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind - 1] & 255
    return row


def pixels(data):
    """Width, and each row as a list of colours."""
    found = collections.defaultdict(bytes)
    for kind, text in chunks(data):
        found[kind] += text
    width, _, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", found[b"IHDR"])
    assert depth == 8 and color in (2, 6) and not interlaced
    step = 3 if color == 2 else 4
    raw = zlib.decompress(found[b"IDAT"])
    above = bytearray(width * step)
    rows = []
    for place in range(0, len(raw), width * step + 1):
        above = unfilter(raw[place], bytearray(raw[place + 1:place + 1 + width * step]), above, step)
        rows.append([bytes(above[i:i + 3]) for i in range(0, len(above), step)])
    return width, rows


def nearest(color, palette):
    return min(range(len(palette)), key=lambda i: sum((a - b) ** 2 for a, b in zip(color, palette[i])))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def main():
    with open(sys.argv[1], "rb") as file:
        width, rows = pixels(file.read())
    counts = collections.Counter(color for row in rows for color in row)
    palette = [color for color, _ in counts.most_common(256)]
    index = {color: nearest(color, palette) for color in counts}
    raw = b"".join(b"\0" + bytes(index[color] for color in row) for row in rows)
    with open(sys.argv[2], "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0))
                   + chunk(b"PLTE", b"".join(palette)) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


if __name__ == "__main__":
    main()
