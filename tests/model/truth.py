"""What a mount must answer, as the manual page promises it: the whole tree in a few dictionaries.

A Truth knows nothing of checkpointfs but its manual. Its methods are the steps of model.py by name: each
returns what a program must get, or raises Refused with the errno, and changes what must be there then.
Where the manual leaves two answers open, Refused has both.
"""

import base64
import binascii
import errno
import re

LARGEST = (1 << 63) - 1
NEW = 0, 0, False  # a partition of the embedded store: its bounds, and whether latest was written
SCRATCH_SIZE = 65536
METADATA_CHARACTERS = 1000
LONGEST_CURSOR = 128
PARTITION = re.compile(r"0|[1-9][0-9]{0,7}")
LONG_PARTITION = re.compile(r"shardId-([0-9]{10})")
FILE, DIRECTORY = "file", "directory"
ROOT = {"apps", "checkpoints", "lag", "gauges", "streams", "README", "commits", "errors", "metrics", "status",
        "overview.html"}


class Refused(Exception):
    def __init__(self, *codes):
        super().__init__(*(errno.errorcode[code] for code in codes))
        self.codes = codes


def need(condition, *codes):
    if not condition:
        raise Refused(*codes)


def partition_of(name):
    """The number that a name stands for, or None: it is no partition's."""
    long = LONG_PARTITION.fullmatch(name)
    return int(long[1]) if long else int(name) if PARTITION.fullmatch(name) else None


def bytes_of(cursor):
    """Of SLS; None if it is no base64 with just its padding."""
    try:
        return None if len(cursor) % 4 else base64.b64decode(cursor, validate=True)
    except (binascii.Error, ValueError):
        return None


def padded(cursor):
    return cursor.ljust((len(cursor) + 3) // 4 * 4, "=")


def number_of(cursor):
    """None if it is of none. A number's may lack its padding."""
    text = bytes_of(padded(cursor))
    return int(text) if text and re.fullmatch(b"[0-9]+", text) else None


def is_cursor(line):
    """A word of letters alone is taken for a mistake, unless it is of a number."""
    is_word = re.fullmatch("[A-Za-z]*", line)
    is_base64 = len(line) <= LONGEST_CURSOR and bytes_of(line) is not None
    return number_of(line) is not None or (is_base64 and not is_word)


def characters(text):
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise Refused(errno.EINVAL) from None


class Truth:
    def __init__(self, backend, streams, kept):
        self.backend = backend
        self.makes = backend == "local"  # streams and partitions
        self.groups = set()  # SLS: of an app and a stream
        self.apps = set()  # SLS: those that only this mount has
        self.removed = set()  # apps: for a second the kernel finds their names in another face
        self.streams = {}
        self.committed = {}  # by app, stream and partition: a number and its metadata
        self.forget_mount()
        if not self.makes:
            for stream, count in streams.items():
                self.streams[stream] = {number: list(kept) for number in range(count)}

    def forget_mount(self):
        """What only a mount has, and what goes with it."""
        self.made = set()  # directories of checkpoints/APP/STREAM that stay while they are empty
        self.vanished = set()  # those that went with their last checkpoint, or in the other face
        self.created = set()  # SLS: those whose mkdir made the group
        self.scratch = {}  # by app and stream: temporary files, and None for a directory of them
        self.cuts = {}  # sizes to which files were truncated since they were written to
        if self.backend == "sls":
            self.apps.clear()

    def vague(self, paths):
        """The directories on these paths that vanished. The kernel may find one all the same, and then it
        stays."""
        return {key for key in self.vanished for path in paths if isinstance(path, str) and
                (path + "/").startswith(f"checkpoints/{key[0]}/") and
                path.split("/")[2:3] in ([], [key[1]])}

    def let_stay(self, directories):
        self.made |= directories
        self.vanished -= directories

    def let_vanish(self, directories):
        """Those that stayed for a step stay for what is in them alone."""
        for key in directories:
            self.made.discard(key)
            self.note_vanished(key)

    def note_vanished(self, key):
        if not self.has_directory(*key):
            self.vanished.add(key)

    # ---- what is there

    def has_app(self, app):
        return app in self.apps or any(app == group[0] for group in self.groups)

    def all_apps(self):
        return self.apps | {app for app, _ in self.groups}

    def has_app_stream(self, app, stream):
        if self.backend == "sls":
            return (app, stream) in self.groups
        return stream in self.streams

    def numbers(self, app, stream):
        return {key[2] for key in self.committed if key[:2] == (app, stream)}

    def has_directory(self, app, stream):
        key = app, stream
        return self.has_app(app) and (
            key in self.made or bool(self.scratch.get(key)) or bool(self.numbers(*key)))

    def find(self, path):
        """What a path leads to: FILE or DIRECTORY."""
        parts = path.split("/")
        top, rest = parts[0], parts[1:]
        need(top in ROOT, errno.ENOENT)
        if top in ("lag", "gauges"):
            need(not rest or self.has_app(rest[0]), errno.ENOENT)
            need(len(rest) < 2, errno.ENOTDIR)
            return FILE if rest else DIRECTORY
        if top not in ("apps", "checkpoints", "streams"):
            need(not rest, errno.ENOTDIR)
            return FILE
        return getattr(self, "find_in_" + top)(*rest) if rest else DIRECTORY

    def find_in_apps(self, app, stream=None, partition=None, leaf=None, *more):
        need(self.has_app(app), errno.ENOENT)
        if stream is None:
            return DIRECTORY
        need(self.has_app_stream(app, stream), errno.ENOENT)
        if partition is None:
            return DIRECTORY
        number = partition_of(partition)
        need(number in self.streams[stream], errno.ENOENT)
        if leaf is None:
            return DIRECTORY
        need(leaf in self.leaves(app, stream, number), errno.ENOENT)
        need(not more, errno.ENOTDIR)
        return FILE

    def leaves(self, app, stream, number):
        names = {"cursor", "lag", "status"}
        if (app, stream, number) in self.committed:
            names |= {"checkpoint"} if self.backend == "sls" else {"checkpoint", "metadata"}
        return names

    def find_in_streams(self, stream, name=None, leaf=None, *more):
        need(stream in self.streams, errno.ENOENT)
        if name is None:
            return DIRECTORY
        if name == "status":
            need(leaf is None, errno.ENOTDIR)
            return FILE
        need(partition_of(name) in self.streams[stream], errno.ENOENT)
        if leaf is None:
            return DIRECTORY
        need(leaf in ("earliest", "latest", "status"), errno.ENOENT)
        need(not more, errno.ENOTDIR)
        return FILE

    def find_in_checkpoints(self, app, stream=None, name=None, inside=None, *more):
        need(self.has_app(app), errno.ENOENT)
        if stream is None:
            return DIRECTORY
        need(self.has_directory(app, stream), errno.ENOENT)
        if name is None:
            return DIRECTORY
        number = partition_of(name)
        files = self.scratch_of(app, stream)
        if number is not None:
            need((app, stream, number) in self.committed, errno.ENOENT)
            need(inside is None, errno.ENOTDIR)
            return FILE
        need(name in files, errno.ENOENT)
        if inside is None:
            return DIRECTORY if files[name] is None else FILE
        need(files[name] is None, errno.ENOTDIR)
        need(f"{name}/{inside}" in files, errno.ENOENT)
        need(not more, errno.ENOTDIR)
        return FILE

    def scratch_of(self, app, stream):
        return self.scratch.setdefault((app, stream), {})

    def is_there(self, path):
        try:
            self.find(path)
        except Refused:
            return False
        return True

    def need_parent(self, path):
        parent = path.rpartition("/")[0]
        need(not parent or self.find(parent) == DIRECTORY, errno.ENOTDIR)

    # ---- where a file of a checkpoint is: its app, stream and number

    def key(self, path):
        top, app, stream, name, *_ = path.split("/")
        return app, stream, partition_of(name)

    def is_checkpoint(self, path):
        """In either face."""
        parts = path.split("/")
        if parts[0] == "apps":
            return len(parts) == 5 and parts[4] == "checkpoint"
        return self.is_saved(path)

    def is_saved(self, path):
        parts = path.split("/")
        return parts[0] == "checkpoints" and len(parts) == 4 and partition_of(parts[3]) is not None

    def is_scratch(self, path):
        parts = path.split("/")
        return parts[0] == "checkpoints" and len(parts) in (4, 5) and not self.is_saved(path)

    def scratch_at(self, path):
        """The directory's temporary files, and the name there."""
        _, app, stream, name = path.split("/", 3)
        return self.scratch_of(app, stream), name

    # ---- reading

    def ls(self, path):
        need(self.find(path) == DIRECTORY, errno.ENOTDIR)
        parts = path.split("/")
        top, rest = parts[0], parts[1:]
        if top == "streams":
            return self.list_streams(*rest)
        if not rest:
            return self.all_apps()
        return (self.list_app if top == "apps" else self.list_saved)(*rest)

    def list_app(self, app, stream=None, partition=None):
        if stream is None:
            return {name for name in self.streams if self.has_app_stream(app, name)}
        if partition is None:
            return {str(number) for number in self.streams[stream]} | {"checkpoints"}
        return self.leaves(app, stream, partition_of(partition)) | {"records"}

    def list_saved(self, app, stream=None, inside=None):
        if stream is None:
            every = self.made | set(self.scratch) | {key[:2] for key in self.committed}
            return {key[1] for key in every if key[0] == app and self.has_directory(*key)}
        files = self.scratch_of(app, stream)
        if inside is not None:
            return {name.split("/")[1] for name in files if name.startswith(inside + "/")}
        return {str(number) for number in self.numbers(app, stream)} | \
            {name for name in files if "/" not in name}

    def list_streams(self, stream=None, partition=None):
        if stream is None:
            return set(self.streams)
        if partition is None:
            return {str(number) for number in self.streams[stream]} | {"status"}
        return {"earliest", "latest", "status", "cursors", "records", "since"}

    def read(self, path):
        """Bytes; the members of a JSON object; or None, which is any text."""
        need(self.find(path) == FILE, errno.EISDIR)
        parts = path.split("/")
        if self.is_scratch(path):
            files, name = self.scratch_at(path)
            return files[name]
        if self.is_saved(path):
            value = self.saved_text(self.key(path))
        elif parts[0] == "streams":
            value = self.read_stream(*parts[1:])
        else:
            value = getattr(self, "read_" + parts[4])(self.key(path))
        return value.encode() if isinstance(value, str) else value

    def saved_text(self, key):
        number, metadata = self.committed[key]
        return f"{number}\n" + (f"{metadata}\n" if metadata else "")

    def read_checkpoint(self, key):
        return self.committed[key][0] + "\n"

    def read_metadata(self, key):
        text = self.committed[key][1]
        return text + "\n" if text else ""

    def read_lag(self, key):
        return f"{self.lag(key)}\n"

    def read_cursor(self, key):
        """Its text is the service's, but with SLS it is the checkpoint, if there is one."""
        if key not in self.committed:
            return None
        if self.backend == "sls":
            return self.committed[key][0] + "\n"
        earliest, latest = self.bounds(key)
        is_kept = earliest <= self.next(key) <= latest
        need(is_kept or not self.is_bounded(key) or not self.makes, errno.ERANGE)
        return None

    def read_stream(self, stream, name, leaf=None):
        if leaf in ("earliest", "latest"):
            bound = self.bounds((None, stream, partition_of(name)))[leaf == "latest"]
            return f"{bound}\n"
        return None

    def read_status(self, key):
        """The members whose values are known."""
        number, metadata = self.committed.get(key, (None, None))
        earliest, latest = self.bounds(key)
        return {"app": key[0], "stream": key[1], "partition": key[2], "checkpoint": number,
                "metadata": metadata if self.backend != "sls" else None,
                "earliest": str(earliest), "latest": str(latest), **self.distances(key)}

    def distances(self, key):
        """Null where what is committed is no number."""
        try:
            earliest, latest = self.bounds(key)
            following = self.next(key) if key in self.committed else earliest
            ahead = max(0, following - latest) if key in self.committed else 0
            return {"lag": self.lag(key), "expired": max(0, earliest - following),
                    "ahead": ahead if self.is_bounded(key) else None}
        except Refused:
            return {"lag": None, "expired": None, "ahead": None}

    def bounds(self, key):
        return self.streams.get(key[1], {}).get(key[2], NEW)[:2]

    def is_bounded(self, key):
        return not self.makes or self.streams.get(key[1], {}).get(key[2], NEW)[2]

    def count(self, key):
        text = self.committed[key][0]
        number = number_of(text) if self.backend == "sls" else int(text)
        need(number is not None, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADMSG)
        return number

    def next(self, key):
        """The number of the record to be read next."""
        if key not in self.committed:
            return self.bounds(key)[0]
        return self.count(key) + (self.backend != "sls")

    def lag(self, key):
        earliest, latest = self.bounds(key)
        return max(0, latest - max(self.next(key), earliest))

    def stat(self, path):
        """Kind, mode, and size if it is known."""
        kind = self.find(path)
        return (kind, 0o755, None) if kind == DIRECTORY else (kind, self.mode(path), self.size(path))

    def mode(self, path):
        leaf = path.split("/")[-1]
        is_bound = path.startswith("streams/") and leaf in ("earliest", "latest")
        writable = (self.is_saved(path) or self.is_scratch(path) or (is_bound and self.makes)
                    or (path.startswith("apps/") and leaf in ("checkpoint", "metadata")))
        return 0o644 if writable else 0o444

    def size(self, path):
        leaf = path.split("/")[-1]
        if leaf == "cursor":
            return 0
        if leaf == "status" or (self.backend == "sls" and leaf in ("lag", "earliest", "latest")):
            return None
        return len(self.read(path))

    # ---- committing

    def commit(self, key, text, resolved=None, is_saved=False):
        """A text with its position; returns what is committed then, None if nothing is."""
        line, _, metadata = text.partition("\n")
        metadata = metadata[:-1] if metadata.endswith("\n") else metadata
        need(not metadata or self.backend != "sls", errno.EOPNOTSUPP, errno.EINVAL)
        position = self.parse(resolved or line)
        self.check_metadata(metadata)
        self.need_partition(key, is_saved)
        number = self.resolve(key, position)
        if number is None:
            need(not metadata, errno.ERANGE)
            self.forget(key)
        else:
            self.streams.setdefault(key[1], {}).setdefault(key[2], list(NEW))
            self.committed[key] = number, metadata
        self.cuts.pop(key, None)
        return number

    def forget(self, key):
        self.committed.pop(key, None)
        self.note_vanished(key[:2])

    def check_metadata(self, metadata):
        need(len(metadata) <= METADATA_CHARACTERS and "\0" not in metadata, errno.EINVAL)

    def need_partition(self, key, is_saved):
        """What is restored below checkpoints/ makes streams and partitions, where they can be made."""
        app, stream, number = key
        need(self.has_app(app), errno.ENOENT)
        is_there = self.has_app_stream(app, stream) and number in self.streams[stream]
        need(is_there or (self.makes and is_saved), errno.ENOENT, errno.ERANGE)

    def parse(self, line):
        """A kind of position, and what belongs to it."""
        line = line.strip(" \t")
        if re.fullmatch("[0-9]+", line):
            return "number", int(line)
        if self.backend == "sls" and is_cursor(line):
            return "cursor", line
        shift = re.fullmatch("shift ([+-][0-9]+)", line)
        if shift:
            return "shift", int(shift[1])
        times = {"@1000000000": "past", "@2200-01-01T00:00:00Z": "future"}
        if re.fullmatch("@[0-9]{1,9}", line):
            return "past", None
        need(line in ("earliest", "latest") or line in times, errno.EINVAL)
        return times.get(line, line), None

    def resolve(self, key, position):
        """The text to be committed, or None: no number says it, so nothing is to be committed."""
        kind, value = position
        earliest, latest = self.bounds(key)
        if kind == "cursor":
            return padded(value)
        if kind == "number":
            return self.in_range(key, value)
        if kind == "shift":
            return self.shifted(key, value)
        need(key[2] in self.streams.get(key[1], ()), errno.ENOENT, errno.ERANGE)
        need(kind == "earliest" or self.is_bounded(key), errno.ERANGE)
        following = earliest if kind in ("earliest", "past") else latest
        if self.backend == "sls":
            return self.cursor(following)
        least = earliest if self.backend == "dis" else 0
        return str(following - 1) if following - 1 >= least else None

    def shifted(self, key, by):
        """With SLS it is not held to what is kept, as docs/sls.md says."""
        need(key in self.committed, errno.ENOENT)
        number = self.count(key) + by
        need(0 <= number <= LARGEST, errno.ERANGE)
        return self.cursor(number) if self.backend == "sls" else self.in_range(key, number)

    def cursor(self, number):
        return base64.b64encode(b"%d" % number).decode()

    def in_range(self, key, number):
        earliest, latest = self.bounds(key)
        is_same = self.makes and key in self.committed and self.count(key) == number
        if self.backend == "sls":
            need(earliest <= number <= latest, errno.ERANGE)
            return self.cursor(number)
        need(0 <= number <= LARGEST, errno.ERANGE)
        if self.backend == "dis":
            need(earliest <= number <= latest, errno.ERANGE)
        elif self.is_bounded(key) and not is_same:
            need(earliest - 1 <= number <= latest - 1, errno.ERANGE)
        return str(number)

    def commit_metadata(self, key, text):
        need(key in self.committed, errno.ENOENT)
        text = text[:-1] if text.endswith("\n") else text
        self.check_metadata(text)
        self.committed[key] = self.committed[key][0], text
        self.cuts.pop(key, None)

    def set_bound(self, path, text):
        _, stream, name, leaf = path.split("/")
        text = text.strip()
        need(re.fullmatch("[0-9]+", text), errno.EINVAL)
        bounds = self.streams[stream][partition_of(name)]
        number = int(text)
        need(number <= LARGEST, errno.ERANGE)
        is_beyond = bounds[2] and number > bounds[1] if leaf == "earliest" else number < bounds[0]
        need(not is_beyond, errno.ERANGE)
        bounds[leaf == "latest"] = number
        bounds[2] = bounds[2] or leaf == "latest"
        if not bounds[2]:  # nothing is kept yet
            bounds[1] = number

    # ---- names

    def unlink(self, path):
        need(self.find(path) == FILE, errno.EISDIR)
        if self.is_scratch(path):
            files, name = self.scratch_at(path)
            del files[name]
            self.note_vanished(tuple(path.split("/")[1:3]))
            return
        need(self.is_checkpoint(path), errno.EPERM)
        self.delete(self.key(path), is_saved=self.is_saved(path))

    def delete(self, key, is_saved):
        need(self.backend != "sls", errno.EOPNOTSUPP)
        if is_saved:
            self.made.add(key[:2])
        self.forget(key)
        self.cuts.pop(key, None)

    def mkdir(self, path):
        self.need_parent(path)
        need(not self.is_there(path), errno.EEXIST)
        top, *rest = path.split("/")
        need(rest, errno.EPERM)
        getattr(self, "mkdir_in_" + top)(*rest)

    def mkdir_in_apps(self, app, stream=None, partition=None, *more):
        need(not more, errno.EPERM)
        if stream is None:
            need(re.fullmatch("[A-Za-z0-9_-]+", app), errno.EINVAL)
            self.apps.add(app)
        elif self.backend == "sls" and partition is None:
            need(stream in self.streams, errno.ENOENT)
            self.groups.add((app, stream))
            self.apps.discard(app)
        else:
            self.make_partition(stream, partition)

    def make_partition(self, stream, partition):
        need(self.makes, errno.EPERM, errno.EEXIST)
        if partition is None:
            self.streams[stream] = {}
        else:
            need(PARTITION.fullmatch(partition), errno.EINVAL)
            self.streams[stream][int(partition)] = list(NEW)

    def mkdir_in_streams(self, stream, partition=None, *more):
        need(not more, errno.EPERM)
        self.make_partition(stream, partition)

    def mkdir_in_checkpoints(self, app, stream=None, name=None, *more):
        if stream is None:
            self.mkdir_in_apps(app)
        elif name is None:
            self.make_directory(app, stream)
        else:
            need(not more and name.startswith("."), errno.EPERM)
            self.scratch_of(app, stream)[name] = None

    def make_directory(self, app, stream):
        if self.makes:
            self.streams.setdefault(stream, {})
        need(stream in self.streams, errno.ENOENT)
        if self.backend == "sls" and (app, stream) not in self.groups:
            self.mkdir_in_apps(app, stream)
            self.created.add((app, stream))
        self.made.add((app, stream))

    def rmdir(self, path):
        need(self.find(path) == DIRECTORY, errno.ENOTDIR)
        top, *rest = path.split("/")
        need(rest, errno.EPERM)
        getattr(self, "rmdir_in_" + top)(*rest)

    def rmdir_in_apps(self, app, stream=None, partition=None):
        if stream is None:
            self.remove_app(app)
        elif self.backend == "sls" and partition is None:
            self.remove_group(app, stream)
        else:
            self.remove_partition(stream, partition)

    def rmdir_in_streams(self, stream, partition=None):
        self.remove_partition(stream, partition)

    def remove_app(self, app):
        need(not any(group[0] == app for group in self.groups), errno.ENOTEMPTY)
        need(not any(key[0] == app for key in self.committed), errno.ENOTEMPTY)
        self.apps.discard(app)
        self.removed.add(app)
        self.vanished |= {key for key in self.made | set(self.scratch) if key[0] == app}
        self.made = {key for key in self.made if key[0] != app}
        self.scratch = {key: files for key, files in self.scratch.items() if key[0] != app}

    def remove_group(self, app, stream):
        """With its checkpoints; the app stays as a directory, for rm -r."""
        if self.has_directory(app, stream):
            self.vanished.add((app, stream))
        self.groups.discard((app, stream))
        self.apps.add(app)
        for number in self.numbers(app, stream):
            del self.committed[app, stream, number]
            self.cuts.pop((app, stream, number), None)
        self.made.discard((app, stream))
        self.created.discard((app, stream))
        self.scratch.pop((app, stream), None)

    def remove_partition(self, stream, partition):
        need(self.makes, errno.EPERM)
        number = partition and partition_of(partition)
        need(not any(key[1] == stream and number in (None, key[2]) for key in self.committed),
             errno.ENOTEMPTY)
        if number is None:
            del self.streams[stream]
        else:
            del self.streams[stream][number]

    def rmdir_in_checkpoints(self, app, stream=None, name=None):
        if stream is None:
            need(not self.list_saved(app), errno.ENOTEMPTY)
            self.remove_app(app)
        elif name is not None:
            files = self.scratch_of(app, stream)
            need(not self.list_saved(app, stream, name), errno.ENOTEMPTY)
            del files[name]
            self.note_vanished((app, stream))
        else:
            need(not self.list_saved(app, stream), errno.ENOTEMPTY)
            if (app, stream) in self.created:
                self.remove_group(app, stream)
            self.made.discard((app, stream))

    def rename(self, old, new):
        self.need_parent(old)
        self.need_parent(new)
        kind = self.find(old)
        need(not new.startswith(old + "/"), errno.EINVAL)
        need(not old.startswith(new + "/"), errno.ENOTEMPTY)
        if self.is_same(old, new):
            return
        if self.is_there(new):
            need(self.find(new) == kind, errno.ENOTDIR if kind == DIRECTORY else errno.EISDIR)
        self.check_rename(kind, old, new)
        text = self.read(old)
        if self.is_saved(new):
            self.commit(self.key(new), characters(text), is_saved=True)
        else:
            self.write_scratch(new, text)
        self.unlink(old)

    def is_same(self, old, new):
        if self.is_saved(old) and self.is_saved(new):
            return self.key(old) == self.key(new)
        return old == new

    def check_rename(self, kind, old, new):
        is_here = all(path.split("/")[0] == "checkpoints" for path in (old, new))
        need(kind == FILE or not old.startswith("checkpoints/"), errno.EXDEV, errno.EPERM)
        need(is_here and new.count("/") >= 3, errno.EPERM)
        need(not self.is_saved(old) or new.count("/") == 3, errno.EPERM)
        need(not self.is_saved(old) or self.backend != "sls", errno.EOPNOTSUPP)

    def write_scratch(self, path, content):
        files, name = self.scratch_at(path)
        files[name] = content

    def truncate(self, path, size):
        need(self.find(path) == FILE, errno.EISDIR)
        if self.is_scratch(path):
            need(size <= SCRATCH_SIZE, errno.EFBIG)
            files, name = self.scratch_at(path)
            files[name] = files[name][:size].ljust(size, b"\0")
        elif self.is_saved(path):
            self.cut(path, size)
        elif not self.mode(path) & 0o200:
            raise Refused(errno.EROFS, errno.EACCES)

    def cut(self, path, size):
        key = self.key(path)
        if size <= self.cuts.get(key, LARGEST):
            self.cuts[key] = size

    # ---- open files

    def open(self, path, is_truncated, is_appending):
        """For writing, and to be made if need be."""
        self.need_parent(path)
        if self.is_there(path):
            need(self.find(path) == FILE, errno.EISDIR)
            need(self.mode(path) & 0o200, errno.EROFS)
        else:
            self.check_creation(path)
        if self.is_scratch(path):
            files, name = self.scratch_at(path)
            if is_truncated or name not in files:
                files[name] = b""
            return ScratchFile(self, path, is_appending)
        if is_truncated and self.is_saved(path):
            self.cut(path, 0)
        return TextFile(self, path, is_truncated, is_appending)

    def check_creation(self, path):
        need(self.backend == "sls" or not path.endswith("/metadata"), errno.ENOENT)
        need(path.startswith("checkpoints/") and path.count("/") >= 3 or self.is_checkpoint(path),
             errno.EPERM)


class ScratchFile:
    """An open temporary file: bytes, as anywhere."""

    def __init__(self, truth, path, is_appending):
        self.files, self.name = truth.scratch_at(path)
        self.is_appending = is_appending
        self.position = 0

    def content(self):
        return self.files[self.name]

    def put(self, data, offset):
        old = self.content()
        end = offset + len(data)
        need(end <= SCRATCH_SIZE, errno.EFBIG)
        self.files[self.name] = old[:offset].ljust(offset, b"\0") + data + old[end:]
        return len(data)

    def write(self, data):
        start = len(self.content()) if self.is_appending else self.position
        count = self.put(data, start)
        self.position = start + count
        return count

    def pwrite(self, data, offset):
        return self.put(data, len(self.content()) if self.is_appending else offset)

    def ftruncate(self, size):
        need(size <= SCRATCH_SIZE, errno.EFBIG)
        self.files[self.name] = self.content()[:size].ljust(size, b"\0")

    def fsync(self):
        pass

    def close(self):
        pass

    @staticmethod
    def lacks_stream():
        return False


class TextFile:
    """An open file whose text is an order: it is carried out at its last newline, or at the end."""

    def __init__(self, truth, path, is_truncated, is_appending):
        self.truth, self.path = truth, path
        self.is_appending = is_appending
        self.is_file = truth.is_saved(path)
        self.is_bound = path.startswith("streams/")
        self.position = 0
        self.text = b""
        self.resolved = None  # what the first line came to when it was committed
        self.is_dirty = self.is_touched = False
        self.refused = self.unreported = ()
        if self.is_file and not is_truncated:
            self.text = self.held()

    def lacks_stream(self):
        return self.is_file and not self.truth.has_app_stream(*self.truth.key(self.path)[:2])

    def held(self):
        """What a file of checkpoints/ holds: a truncation that nobody wrote after counts."""
        key = self.truth.key(self.path)
        if key not in self.truth.committed:
            return b""
        return self.truth.saved_text(key).encode()[:self.truth.cuts.get(key)]

    def write(self, data):
        start = len(self.text) if self.is_appending else self.position
        count = self.put(data, start)
        self.position = start + count
        return count

    def pwrite(self, data, offset):
        return self.put(data, len(self.text) if self.is_appending else offset)

    def put(self, data, offset):
        if not data:
            return 0
        if self.is_file:
            self.truth.cuts.pop(self.truth.key(self.path), None)
        need(not self.refused, *self.refused)
        before = self.text, self.resolved
        try:
            self.add(data, offset)
            if data.endswith(b"\n"):
                self.carry_out()
        except Refused as refused:
            self.text, self.resolved = before
            self.is_dirty = False
            self.refused = refused.codes
            raise
        return len(data)

    def add(self, data, offset):
        need(self.is_file or offset <= len(self.text), errno.EINVAL)
        need(offset + len(data) <= SCRATCH_SIZE, errno.EINVAL)
        if b"\n" not in self.text[:offset]:
            self.resolved = None
        kept = self.text[offset + len(data):] if self.is_file else b""
        line_follows = self.text[:offset].endswith(b"\n")
        self.text = self.text[:offset].ljust(offset, b"\0") + data + kept
        self.is_dirty = self.is_touched = True
        if self.path.endswith("/checkpoint") and line_follows:
            need(not self.is_position(data.split(b"\n")[0].decode()), errno.EINVAL)

    def is_position(self, line):
        try:
            self.truth.parse(line)
        except Refused:
            return False
        return True

    def carry_out(self):
        self.is_dirty = False
        text = characters(self.text)
        if self.is_bound:
            self.text = b""
            self.position = 0
            self.truth.set_bound(self.path, text)
            return
        key = self.truth.key(self.path)
        if self.path.endswith("/metadata"):
            self.truth.commit_metadata(key, text)
        else:
            self.resolved = self.truth.commit(key, text, self.resolved, self.is_file)

    def ftruncate(self, size):
        if not size:
            self.refused = ()
        if self.is_file:
            self.truth.cut(self.path, size)
        if size > len(self.text) and not self.is_file:
            return
        if size <= len(self.text.split(b"\n")[0]) or b"\n" not in self.text:
            self.resolved = None
        self.text = self.text[:size].ljust(size, b"\0")
        self.is_dirty = size > 0 and self.is_touched and not self.refused

    def fsync(self):
        self.finish(is_sync=True)

    def close(self):
        need(not self.unreported, *self.unreported)
        self.finish(is_sync=False)

    def finish(self, is_sync):
        if not self.is_dirty or not self.text:
            return
        try:
            self.carry_out()
        except Refused as refused:
            self.refused = refused.codes
            self.unreported = self.refused if is_sync else ()
            raise
