#!/usr/bin/python3
"""Checks who includes whom in the source tree in the current directory.

Rooms are files of base/, api/ and fs/ without their ending: x.c and x.h are one room. No rooms may
include one another in a circle, and none may include a room of a higher floor; tests/lint/floors
lists the floors. Prints what is wrong, and then exits with 1.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

FLOORS = Path("tests/lint/floors")
FOLDERS = ("base", "api", "fs")
ENDING = re.compile(r"\.(c|h|h\.in)$")
INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')


class Place(NamedTuple):
    """Where the floors file puts an entry; depth is the number of floors above it."""

    depth: int
    floor: str
    apart: bool
    entry: str
    line: int


def room_of(path):
    return ENDING.sub("", path.as_posix())


def folder_of(room):
    return room.rpartition("/")[0] + "/"


def read_rooms(complain):
    """Maps each room to the rooms that it includes, and those to the "path:line" where it does."""
    paths = [path for folder in FOLDERS for path in sorted(Path(folder).rglob("*"))]
    files = [path for path in paths if ENDING.search(path.name)]
    rooms = {room_of(path): {} for path in files}
    for path in files:
        room = room_of(path)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            # A compiler looks beside the file first.
            choices = [room_of(path.parent / match[1]), room_of(Path(match[1]))]
            other = next((choice for choice in choices if choice in rooms), None)
            if other is None:
                complain(f"{path}:{number}: there is no {match[1]} in {', '.join(FOLDERS)}")
            elif other != room:
                rooms[room].setdefault(other, f"{path}:{number}")
    return rooms


def read_places(rooms, complain):
    """Maps each entry of the floors file to its place."""
    folders = {folder_of(room) for room in rooms}
    places = {}
    depth = 0
    for number, line in enumerate(FLOORS.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"(\w+)( apart)?: (.+)", line)
        if not match:
            complain(f"{FLOORS}:{number}: not of the form NAME: ENTRIES")
            continue
        for entry in match[3].split():
            if entry in places:
                complain(f"{FLOORS}:{number}: {entry} stands in line {places[entry].line} too")
            elif entry not in rooms and entry not in folders:
                complain(f"{FLOORS}:{number}: there is no {entry}")
            places.setdefault(entry, Place(depth, match[1], bool(match[2]), entry, number))
        depth += 1
    return places


def check_floors(rooms, places, complain):
    def place_of(room):
        return places.get(room) or places.get(folder_of(room))

    for room in rooms:
        if not place_of(room):
            complain(f"{room}: no floor of {FLOORS} lists it")
    for room, others in rooms.items():
        for other, where in others.items():
            here, there = place_of(room), place_of(other)
            if not here or not there:
                continue
            text = f"{room} (floor {here.floor}) includes {other} (floor {there.floor})"
            if there.depth < here.depth:
                complain(f"{where}: arrow upwards: {text}")
            elif here.depth == there.depth and here.apart and here.entry != there.entry:
                complain(f"{where}: arrow aside: {text}, which stand apart")


def ways_from(rooms, start):
    """Maps each room that start includes, directly or not, to a shortest way there."""
    ways = {}
    queue = [[start]]
    for way in queue:
        for other in rooms[way[-1]]:
            if other not in ways:
                ways[other] = way + [other]
                queue.append(ways[other])
    return ways


def check_circles(rooms, complain):
    """Complains of the shortest circle of each set of rooms that reach one another."""
    ways = {room: ways_from(rooms, room) for room in rooms}
    seen = set()
    for room in rooms:
        if room in seen or room not in ways[room]:
            continue
        tied = sorted(other for other in ways[room] if room in ways[other])
        seen.update(tied)
        circle = min((ways[other][other] for other in tied), key=len)
        where = rooms[circle[0]][circle[1]]
        text = f"{where}: circle: {' > '.join(circle)}"
        complain(f"{text} (rooms that reach one another: {' '.join(tied)})")


def main():
    complaints = []
    rooms = read_rooms(complaints.append)
    check_circles(rooms, complaints.append)
    check_floors(rooms, read_places(rooms, complaints.append), complaints.append)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


sys.exit(main())
