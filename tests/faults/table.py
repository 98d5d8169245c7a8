"""The table of faults: what is done to requests, and what the manual and the services' documents promise then.

Nothing in it was copied from what the program did. Where the promise leaves an errno open, the table has a
set of them.
"""

import gzip
import json
import re
import time
from dataclasses import dataclass, field

from wire import answer_bytes

TIMEOUT = 2  # seconds, of all mounts
ERRNOS = ["EINVAL", "ERANGE", "ENOENT", "EACCES", "EROFS", "EBUSY", "EDQUOT", "EHOSTUNREACH", "ENETUNREACH",
          "ECONNREFUSED", "ECONNRESET", "EPROTO", "ETIMEDOUT", "EIO", "EBADMSG", "EOPNOTSUPP", "EINTR"]
AGAIN = {"at once": 0, "1 s": 1, "5 s": 5, "SIGHUP": 0, "never": 0}  # seconds

READS = ["list apps", "ls -l of checkpoints", "read checkpoint", "read metadata", "read cursor", "read lag",
         "read status", "read records"]  # records last: those of SLS are no JSON
CHANGES = ["commit", "commit a decimal", "shift", "write metadata", "delete", "rename onto",
           "move (its second half)", "mkdir", "rmdir"]
ALL = ["look up a new app", *READS, "shift's question", *CHANGES]
CORE = ["read checkpoint", "commit"]
ONCE_ONLY = ["mkdir", "rmdir"]  # a repetition of these would be told of what the first one did


@dataclass
class Fault:
    """arm(lane, operation) begins it.

    errno: what programs get; a tuple: one of them; "": nothing, the operation is right
    seconds: "at once", "timeout" (all of it), "retries" (not all of it, but another try) or "waits" (a second)
    done: whether the service carries out a change; None: it may
    end: what commits says of a change; a tuple: one of them
    status, says: in the line of errors: the HTTP status, and a regular expression for its text
    again: when the operation is right, once the fault is over: a key of AGAIN
    on: names of operations; only: the services that have it; mount: its kind, see Lane
    """

    group: str
    name: str
    arm: object
    errno: object
    seconds: str = "at once"
    done: object = False
    end: object = "failed"
    status: str = ""
    says: str = ""
    again: str = "at once"
    on: list = field(default_factory=lambda: CORE)
    only: tuple = ("DIS", "SLS")
    mount: str = "plain"


# ---- ways to arm


def service(kind, count="forever", **parameters):
    """A fault of the simulated service's own."""
    return lambda lane, operation: lane.service.control(
        "POST", "fault", kind=kind, method=operation.method, path=operation.path, count=count, **parameters)


def identity(kind, **parameters):
    """The token is no longer good, and the identity service fails."""

    def arm(lane, operation):
        lane.service.control("POST", "tokens/revoke")
        lane.service.control("POST", "fault", kind=kind, path="/v3/auth/tokens", count="forever", **parameters)

    return arm


def control(call, **parameters):
    return lambda lane, operation: lane.service.control("POST", call, **parameters)


def hello(greeting):
    """greeting(exchange) meets the client's first message of TLS."""
    return connections(lambda exchange: (exchange.connection.recv(65536), greeting(exchange)))


def answering(data):
    return lambda exchange: exchange.send(data)


def request(fault, count=None):
    """fault(exchange), in the proxy."""
    return lambda lane, operation: lane.wire.arm(fault, operation.method, operation.path, count)


def connections(greeting):
    return lambda lane, operation: lane.wire.greet(greeting)


def cut(how):
    return lambda lane, operation: lane.wire.cut(how)


def certificate(name):
    return lambda lane, operation: lane.wire.certify(lane.contexts[name])


def nothing(lane, operation):
    """The mount itself is the fault."""


# ---- what the proxy does to one request


def after(fault):
    """The service has carried it out by then."""

    def late(exchange):
        exchange.forward()
        fault(exchange)

    return late


def reset(exchange):
    exchange.reset()


def close(exchange):
    exchange.close()


def silent(exchange):
    exchange.wait()


def part_of_answer(part, end):
    """part(bytes of the answer) is sent, and then end(exchange)."""

    def fault(exchange):
        exchange.send(part(answer_bytes(*exchange.forward())))
        end(exchange)

    return fault


def half_of_header(data):
    return data[:data.index(b"\r\n\r\n") // 2]


def without_end(data):
    return data[:-1] if not data.endswith(b"\r\n\r\n") else data[:-2]


def slowly(first, interval, size=1):
    """What follows the first bytes comes in pieces of size, one in each interval."""

    def fault(exchange):
        data = answer_bytes(*exchange.forward())
        begin = first(data)
        exchange.send(data[:begin])
        for i in range(begin, len(data), size):
            exchange.pause(interval)
            exchange.send(data[i:i + size])

    return fault


def body_of(data):
    return data.index(b"\r\n\r\n") + 4


def raw(data):
    def fault(exchange):
        exchange.forward()
        exchange.send(data)
        exchange.close()

    return fault


def endless(first, again):
    def fault(exchange):
        exchange.forward()
        exchange.send(first)
        while True:
            exchange.send(again)
            if exchange.wire.over.is_set():
                exchange.close()

    return fault


def with_headers(*headers):
    def fault(exchange):
        status, usual, body = exchange.forward()
        exchange.reply(status, [*(pair for pair in usual if pair[0] not in dict(headers)), *headers], body)

    return fault


def with_body(change, *headers, length=None):
    """change(body): what is sent instead; length(body): what the header says of it."""

    def fault(exchange):
        status, usual, body = exchange.forward()
        changed = change(body)
        exchange.reply(status, [*usual, *headers], changed, length(changed) if length else None)

    return fault


def changed_bytes(change):
    def fault(exchange):
        exchange.send(change(answer_bytes(*exchange.forward())))
        exchange.close()

    return fault


def chunked(chunks):
    def fault(exchange):
        status, headers, body = exchange.forward()
        head = answer_bytes(status, headers, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        exchange.send(head + chunks(body))
        exchange.close()

    return fault


def chunk(body):
    return b"%x\r\n%s\r\n" % (len(body), body)


def twice(exchange):
    """A second answer, which nobody has asked for, with another number in it."""
    status, headers, body = exchange.forward()
    other = body.replace(b"42", b"99").replace(b"NDI=", b"OTk=")
    exchange.send(answer_bytes(status, headers, body) + answer_bytes(status, headers, other))


def elsewhere(status):
    """To this proxy itself, where the service would answer it."""

    def fault(exchange):
        exchange.reply(status, [("Location", exchange.target.decode())], b"")

    return fault


def wrong_credentials(exchange):
    """The signature or the token is changed on the way: the service itself refuses it."""
    exchange.head = re.sub(rb"(?im)^(authorization: .{40,}|x-auth-token: .*)(.)\r$",
                           lambda found: found[1] + (b"0" if found[2] != b"0" else b"1") + b"\r", exchange.head)
    exchange.reply(*exchange.forward())


def list_without_end(exchange):
    """Each page has a new name, and says that there are more."""
    name = f"a{time.monotonic_ns():020}"
    exchange.pause(0.05)
    exchange.reply(200, [], json.dumps({"has_more_app": True, "apps": [{"app_name": name}]}).encode())


def same_page_again(exchange):
    status, headers, body = exchange.forward()
    answer = json.loads(body)
    answer["has_more_app"] = True
    exchange.reply(status, headers, json.dumps(answer).encode())


def names_twice(exchange):
    status, headers, body = exchange.forward()
    answer = json.loads(body)
    if isinstance(answer, list):
        answer = answer + answer
    elif "apps" in answer:
        answer["apps"] = [item for item in answer["apps"] for _ in range(2)]
    exchange.reply(status, headers, json.dumps(answer).encode())


# ---- the faults

SILENT = {"errno": "ETIMEDOUT", "seconds": "timeout", "end": "unknown", "says": "in time"}
LOST = {"errno": "ECONNRESET", "seconds": "retries", "end": "unknown", "again": "1 s"}
GARBLED = {"errno": "EBADMSG", "end": "unknown", "done": None}
HARMLESS = {"errno": "", "done": True, "end": "ok"}
NO_TLS = {"errno": "EPROTO", "again": "1 s", "mount": "tls", "says": "TLS"}
NOT_TRUSTED = {**NO_TLS, "says": "certificate"}

CONNECTIONS = [
    Fault("Connections", "refused", cut("refused"), "ECONNREFUSED", "retries", again="1 s", on=ALL,
          says="connect"),
    Fault("Connections", "never made (a black hole)", cut("black-hole"), "ETIMEDOUT", "timeout", again="5 s",
          on=ALL),
    Fault("Connections", "closed at once", connections(close), "ECONNRESET", "retries",
          end=("failed", "unknown"), again="1 s", on=ALL),
    # localhost has a second address, which refuses, and is tried when the first one is reset soon enough
    Fault("Connections", "reset at once", connections(reset), ("ECONNRESET", "ECONNREFUSED"), "retries",
          end=("failed", "unknown"), again="1 s"),
    Fault("Connections", "taken, and silent ever after", connections(silent), **SILENT, on=ALL),
    Fault("Connections", "the host's name does not resolve", nothing, "EHOSTUNREACH", "retries",
          mount="no name", again="never", end="", says="resolve"),
    Fault("Connections", "there is no route", nothing, "ENETUNREACH", "retries", mount="no route",
          only=("DIS",), again="never", end=""),
]

TLS = [
    Fault("TLS", "certificate of an unknown issuer", certificate("unknown"), on=ALL, **NOT_TRUSTED),
    Fault("TLS", "certificate that has expired", certificate("expired"), **NOT_TRUSTED),
    Fault("TLS", "certificate of another host", certificate("other"), **NOT_TRUSTED),
    Fault("TLS", "no TLS: HTTP in the clear", hello(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")), **NO_TLS),
    Fault("TLS", "no TLS: an SSH banner", hello(answering(b"SSH-2.0-OpenSSH_9.2\r\n")), **NO_TLS),
    Fault("TLS", "reset in the handshake", hello(reset), "ECONNRESET", "retries", mount="tls", again="1 s"),
    Fault("TLS", "closed in the handshake", hello(close), "ECONNRESET", "retries", mount="tls", again="1 s"),
    Fault("TLS", "silent in the handshake", connections(silent), "ETIMEDOUT", "timeout", mount="tls",
          again="5 s"),
    Fault("TLS", "reset before an answer", request(reset), mount="tls", **LOST),
    Fault("TLS", "reset after the request was carried out", request(after(reset)), mount="tls", done=True, **LOST),
    Fault("TLS", "silent", request(silent), mount="tls", **SILENT),
]

LOST_ANSWERS = [
    Fault("Lost answers", "reset before an answer", request(reset), on=ALL, **LOST),
    Fault("Lost answers", "reset after the request was carried out", request(after(reset)), on=ALL, done=True,
          **LOST),
    Fault("Lost answers", "closed before an answer", request(close), **LOST),
    Fault("Lost answers", "closed after the request was carried out", request(after(close)), done=True, **LOST),
    Fault("Lost answers", "reset within the header", request(part_of_answer(half_of_header, reset)), done=True,
          **LOST),
    Fault("Lost answers", "closed within the header", request(part_of_answer(half_of_header, close)), done=True,
          **LOST),
    Fault("Lost answers", "closed within the body", request(part_of_answer(without_end, close)), done=True,
          on=["read checkpoint", "list apps", "read status"], **LOST),
    Fault("Lost answers", "reset within the body", service("reset-middle"), done=True,
          on=["read checkpoint", "list apps", "read status"], **LOST),
    Fault("Lost answers", "reset once, then none", request(reset, 1), on=[*READS, "commit", "shift"], **HARMLESS),
    Fault("Lost answers", "closed once, after it was carried out", request(after(close), 1),
          on=[*READS, "commit", "delete"], **HARMLESS),
]

SLOW_ANSWERS = [
    Fault("Slow answers", "silent", request(silent), on=ALL, **SILENT),
    Fault("Slow answers", "silent after the request was carried out", request(after(silent)), on=ALL, done=True,
          **SILENT),
    Fault("Slow answers", "the header comes by a byte each 0.1 s", request(slowly(lambda data: 0, 0.1)), done=True,
          **SILENT),
    Fault("Slow answers", "the body comes by a byte each 0.2 s", request(slowly(body_of, 0.2)), done=True,
          on=["read checkpoint", "list apps", "read status"], **SILENT),
    Fault("Slow answers", "0.3 s late", service("delay", delay=300), on=ALL, **HARMLESS),
    Fault("Slow answers", "in pieces, but in time", request(slowly(lambda data: 0, 0.05, 50)), **HARMLESS),
    Fault("Slow answers", "a header without an end, in lines",
          request(endless(b"HTTP/1.1 200 OK\r\n", b"X-More: of it\r\n" * 400)), **GARBLED),
    Fault("Slow answers", "a header without an end, in one line",
          request(endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 8000)), **GARBLED),
    Fault("Slow answers", "a body without an end", request(endless(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536)),
          **GARBLED),
    Fault("Slow answers", "an answer of 17 MiB", request(with_body(lambda body: body + b" " * (17 << 20))),
          on=["read checkpoint", "list apps"], **{**GARBLED, "seconds": "in time"}),
    Fault("Slow answers", "100 Continue without an end",
          request(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)),
          **{**GARBLED, "errno": ("EBADMSG", "ETIMEDOUT"), "seconds": "in time"}),
]


def body(name, text, **more):
    return Fault("What is no answer", name, service("body", text=text, execute=1), **GARBLED, **more)


JSON = [
    body("nothing", "", on=["read checkpoint", "list apps"]),
    body("the beginning of an object", '{"sequence_number":"42"'),
    body("a list of a number", "[1]"),
    body("null", "null"),
    body("a number", "42"),
    body("a text", '"42"'),
    body("an empty object", "{}"),
    body("another object", '{"login":"required"}'),
    body("NaN", '{"sequence_number":NaN,"metadata":""}'),
    body("a position that is no number", '{"sequence_number":"abc","metadata":""}', only=("DIS",)),
    body("a position that is a sign", '{"sequence_number":"-","metadata":""}', only=("DIS",)),
    body("a position with a fraction", '{"sequence_number":4.5,"metadata":""}', only=("DIS",)),
    body("a position in a list", '{"sequence_number":["42"],"metadata":""}', only=("DIS",)),
    body("metadata that is a number", '{"sequence_number":"42","metadata":[7]}', only=("DIS",)),
    body("a shard that is no number", '[{"shard":"x","checkpoint":"NDI=","updateTime":1,"consumer":""}]', only=("SLS",)),
    body("a checkpoint that is an object", '[{"shard":0,"checkpoint":{},"updateTime":1,"consumer":""}]', only=("SLS",)),
    Fault("What is no answer", "something after the answer", request(with_body(lambda body: body + b" trailing")),
          on=["read checkpoint", "commit", "list apps", "ls -l of checkpoints", "read status"], **GARBLED),
    Fault("What is no answer", "half of the answer, as a whole", service("truncated"),
          on=[*READS, "shift's question"], **GARBLED),
    Fault("What is no answer", "values of another type", service("wrong-type"),
          on=[*READS[:-1], "shift's question"], **GARBLED),
    Fault("What is no answer", "values of another type", service("wrong-type"), on=["read records"], only=("DIS",),
          **GARBLED),  # those of SLS have no types
    Fault("What is no answer", "bytes that are no text", service("garbage"), on=ALL,
          **{**GARBLED, "done": False}),
    Fault("What is no answer", "a login page with status 200", service("html", status=200), on=ALL,
          **{**GARBLED, "done": False}),
    Fault("What is no answer", "10,000 lists in each other",
          request(with_body(lambda body: b"[" * 10000 + b"]" * 10000)), **GARBLED),
    Fault("What is no answer", "a NUL within the answer",
          request(with_body(lambda body: b"\0" + body)), on=["read checkpoint", "commit", "list apps"], **GARBLED),
    Fault("What is no answer", "compressed without a word of it",
          request(with_body(lambda body: gzip.compress(body or b" "))), on=["read checkpoint", "commit"],
          **GARBLED),
    Fault("What is no answer", "compressed, and said to be",
          request(with_body(lambda body: gzip.compress(body or b" "), ("Content-Encoding", "gzip"))),
          on=["read checkpoint", "commit"], **{**GARBLED, "errno": ("EBADMSG", "")}),
]

HTTP = [
    Fault("What is no HTTP", "an SSH banner", request(raw(b"SSH-2.0-OpenSSH_9.2\r\n")), **GARBLED),
    Fault("What is no HTTP", "HTTP/0.9", request(raw(b"<html>hello</html>")), **GARBLED),
    Fault("What is no HTTP", "HTTP/3.0 in a line", request(changed_bytes(
        lambda data: data.replace(b"HTTP/1.1", b"HTTP/3.0", 1))), **GARBLED),
    Fault("What is no HTTP", "101 Switching Protocols",
          request(raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")),
          **{**GARBLED, "errno": ("EBADMSG", "ECONNRESET"), "seconds": "in time"}),
    Fault("What is no HTTP", "a bad size of a chunk", request(chunked(lambda body: b"xyz\r\n" + body)),
          **{**GARBLED, "done": True}),
    Fault("What is no HTTP", "closed within a chunk", request(chunked(lambda body: chunk(body + b" ")[:-3])),
          done=True, **LOST),
    Fault("What is no HTTP", "a Content-Length below nothing",
          request(with_body(lambda body: body, length=lambda body: -5)), **{**GARBLED, "done": True}),
    Fault("What is no HTTP", "a Content-Length that is too short",
          request(with_body(lambda body: body, length=lambda body: len(body) // 2)),
          on=["read checkpoint", "list apps"], **GARBLED),
    Fault("What is no HTTP", "100 Continue and 103 Early Hints before the answer", request(changed_bytes(
        lambda data: b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + data)), **HARMLESS),
    Fault("What is no HTTP", "bytes before the answer", request(changed_bytes(lambda data: b"\0\1\2" + data)),
          **{**GARBLED, "done": True}),
    Fault("What is no HTTP", "2000 headers", request(with_headers(*((f"X-{i}", "x") for i in range(2000)))),
          **{**HARMLESS, "errno": ("", "EBADMSG")}),
    Fault("What is no HTTP", "two answers to one request", request(twice), **HARMLESS),
    Fault("What is no HTTP", "whole chunks, with trailers", request(chunked(
        lambda body: (chunk(body) if body else b"") + b"0\r\nX-Trailer: 1\r\n\r\n")), **HARMLESS),
    Fault("What is no HTTP", "no length, ended by closing", request(changed_bytes(
        lambda data: re.sub(rb"Content-Length: \d+\r\n", b"Connection: close\r\n", data))), **HARMLESS),
    Fault("What is no HTTP", "lines that end in LF alone", request(changed_bytes(
        lambda data: data.replace(b"\r\n", b"\n"))), **HARMLESS),
    Fault("What is no HTTP", "a cookie", request(with_headers(("Set-Cookie", "a=b; Path=/"))), **HARMLESS),
    Fault("What is no HTTP", "a Date that is none", request(with_headers(("Date", "yesterday"))), **HARMLESS),
    Fault("What is no HTTP", "a Date in the year 9999",
          request(with_headers(("Date", "Fri, 31 Dec 9999 23:59:59 GMT"))), **HARMLESS),
    Fault("What is no HTTP", "a header line of 64 KiB", request(with_headers(("X-Long", "x" * 65536))), **HARMLESS),
]


def page(status, errno, seconds="at once", end="unknown", again="at once", **more):
    """That status with the page of a proxy."""
    return Fault("Statuses of a proxy (HTML)", str(status), service("html", status=status), errno, seconds, False,
                 end, str(status), again=again, **more)


OURS = ("EINVAL", "EBADMSG")

PAGES = [
    *(page(status, "EBADMSG") for status in (202, 203, 206, 300, 301, 302, 303, 305, 307, 308, 404, 410)),
    *(page(status, OURS) for status in (400, 402, 406, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 424, 425,
                                        426, 428, 431, 451, 499)),
    page(401, "EACCES", again="SIGHUP"),
    page(403, "EACCES"),
    page(405, ("EOPNOTSUPP", "EBADMSG")),
    page(407, "EACCES", end=("failed", "unknown"), again="1 s"),
    page(408, ("EIO", "ETIMEDOUT", "EBADMSG"), "retries"),
    page(409, ("EBUSY", "EBADMSG")),
    page(429, "EBUSY", "retries", again="5 s"),
    *(page(status, "EIO", "retries") for status in (500, 502, 504, 505, 507, 511, 520, 599)),
    page(501, ("EOPNOTSUPP", "EIO"), "in time"),
    page(503, "EIO", "retries", again="5 s"),
]
PAGES += [Fault("Statuses of a proxy (HTML)", f"{status} after the request was carried out",
                service("html", status=status, execute=1), errno, seconds, True, "unknown", str(status), again=again,
                on=["commit", "mkdir"])
          for status, errno, seconds, again in (
              (401, "EACCES", "at once", "SIGHUP"), (403, "EACCES", "at once", "at once"),
              (404, "EBADMSG", "at once", "at once"), (409, ("EBUSY", "EBADMSG"), "at once", "at once"),
              (429, "EBUSY", "retries", "5 s"), (502, "EIO", "retries", "at once"),
              (503, "EIO", "retries", "5 s"))]
for fault in PAGES:
    if fault.name in ("400", "403", "404", "405", "429", "502"):
        fault.on = ALL

EMPTY = [
    *(Fault("Statuses with nothing", str(status), service("body", status=status, text=""), errno, seconds,
            end=end, status=str(status))
      for status, errno, seconds, end in (
          (202, "EBADMSG", "at once", "unknown"), (203, "EBADMSG", "at once", "unknown"),
          (400, OURS, "at once", "unknown"), (403, "EACCES", "at once", "unknown"),
          (404, "EBADMSG", "at once", "unknown"), (410, "EBADMSG", "at once", "unknown"),
          (500, "EIO", "retries", "unknown"))),
    Fault("Statuses with nothing", "204", service("body", status=204, text=""), "EBADMSG", end="unknown",
          on=["read checkpoint", "commit", "list apps", "ls -l of checkpoints"]),
    Fault("Statuses with nothing", "301 to the same request", request(elsewhere(301)), "EBADMSG", end="unknown",
          status="301", on=ALL),
    Fault("Statuses with nothing", "307 to the same request", request(elsewhere(307)), "EBADMSG", end="unknown",
          status="307"),
]


def word(only, status, code, errno, on, seconds="at once", end="failed", again="at once"):
    return Fault("The service's own errors", f"{status} {code}",
                 service("status", status=status, code=code, message="Said."), errno, seconds, False, end,
                 str(status), f"{re.escape(code)}.*Said", again, on, (only,))


# A list of apps is never missing, and a directory that this mount has emptied stays.
MISSABLE = [*READS[2:], "shift's question", *CHANGES]
CHECKED = ["read checkpoint", "commit", "ls -l of checkpoints", "shift's question"]

WORDS = [
    word("DIS", 400, "DIS.4200", "EINVAL", ALL),
    word("DIS", 403, "DIS.4116", "EACCES", ALL),
    word("DIS", 404, "DIS.4332", "ENOENT", MISSABLE),
    word("DIS", 404, "DIS.4301", "ENOENT", ["read checkpoint", "commit", "read cursor"]),
    word("DIS", 400, "DIS.4224", "ERANGE", ["commit", "shift", "write metadata", "rename onto", "read cursor"]),
    word("DIS", 400, "DIS.4329", "EDQUOT", ["mkdir"]),
    word("DIS", 400, "DIS.4330", "EEXIST", ["mkdir"]),
    word("DIS", 400, "DIS.4331", "EBUSY", ["rmdir"]),
    word("DIS", 400, "DIS.4309", "EBUSY", CORE, again="SIGHUP"),
    word("DIS", 441, "DIS.4101", "EACCES", CORE, again="SIGHUP"),
    word("DIS", 401, "DIS.4101", "EACCES", CORE, again="SIGHUP"),
    word("DIS", 400, "DIS.4303", "EBUSY", CHECKED, "retries", again="5 s"),
    word("DIS", 500, "DIS.5000", "EIO", ALL, "retries", "unknown"),
    word("DIS", 503, "DIS.5000", "EIO", CHECKED, "retries", "unknown", "5 s"),
    word("SLS", 400, "ParameterInvalid", "EINVAL", ALL),
    word("SLS", 403, "ProjectForbidden", "EACCES", [*READS[1:], *CHANGES]),
    word("SLS", 404, "ConsumerGroupNotExist", "ENOENT", MISSABLE),
    word("SLS", 404, "LogStoreNotExist", "ENOENT", ["read checkpoint", "commit", "read cursor"]),
    word("SLS", 400, "InvalidCursor", "ERANGE", ["read cursor"]),
    word("SLS", 400, "ConsumerGroupQuotaExceed", "EDQUOT", ["mkdir"]),
    word("SLS", 400, "ConsumerGroupAlreadyExist", "EEXIST", ["mkdir"]),
    word("SLS", 400, "ConsumerNotMatch", "EBUSY", ["commit"]),
    word("SLS", 401, "SignatureNotMatch", "EACCES", CORE, again="SIGHUP"),
    word("SLS", 403, "WriteQuotaExceed", "EBUSY", CHECKED, "retries", again="5 s"),
    word("SLS", 500, "InternalServerError", "EIO", ALL, "retries", "unknown"),
    word("SLS", 503, "ServerBusy", "EIO", CHECKED, "retries", "unknown", "5 s"),
    Fault("The service's own errors", "500 after the request was carried out",
          service("status", status=500, execute=1), "EIO", "retries", True, "unknown", "500",
          on=["read checkpoint", *CHANGES]),
    Fault("The service's own errors", "500 once", service("status", 1, status=500),
          on=[*READS, "commit", "shift", "delete"], **HARMLESS),
    Fault("The service's own errors", "200 with an error in it", service(
        "body", status=200, text='{"errorCode":"DIS.5250","error_code":"x","errorMessage":"later"}'),
          **{**GARBLED, "done": False}),
]


def odd_status(only, status, code, errno, seconds, end):
    """A status that the service does not document, with its own error in the body."""
    return Fault("Odd statuses with the service's own error", f"{status} {code}",
                 service("status", status=status, code=code, message="Said."), errno, seconds, False, end, str(status),
                 "Said", only=(only,))


ODD = [odd_status(only, status, code, "EINVAL", "at once", "failed")
       for only, code in (("DIS", "DIS.4200"), ("SLS", "ParameterInvalid"))
       for status in (402, 405, 406, 409, 410, 411, 412, 413, 415, 422, 431, 499)]
ODD += [odd_status(only, status, code, ("EIO", "EOPNOTSUPP") if status == 501 else "EIO", "retries", "unknown")
        for only, code in (("DIS", "DIS.5000"), ("SLS", "InternalServerError"))
        for status in (501, 502, 504, 505, 599)]
ODD += [odd_status(only, status, code, "EBADMSG", "at once", "unknown")
        for only, code in (("DIS", "DIS.4200"), ("SLS", "ParameterInvalid"))
        for status in (202, 203, 206, 299, 300, 302, 308, 399)]


def throttled(name, retry_after, **more):
    """429 with that Retry-After, which asks for more time than there is if it is "long"."""
    return Fault("Throttling", f"429 with Retry-After: {name}",
                 service("status", status=429, retry_after=retry_after), "EBUSY", status="429", **more)


LONG = {"seconds": "at once", "again": "SIGHUP"}
SHORT = {"seconds": "retries", "again": "5 s"}

THROTTLING = [
    Fault("Throttling", "429", service("status", status=429), "EBUSY", "retries", status="429", again="5 s", on=ALL),
    Fault("Throttling", "429 once", service("status", 1, status=429), on=[*READS, "commit"], **HARMLESS),
    throttled("0", "0", **SHORT),
    throttled("1", "1", **SHORT),
    throttled("30", "30", **LONG),
    throttled("100000", "100000", **LONG),
    throttled("a number of 40 digits", "9" * 40, **LONG),
    throttled("-1", "-1", **SHORT),
    throttled("1.5", "1.5", **SHORT),
    throttled("soon", "soon", **SHORT),
    throttled("a date in the past", "Wed, 21 Oct 2015 07:28:00 GMT", **SHORT),
    throttled("a date in the year 2199", "Fri, 31 Dec 2199 23:59:59 GMT", **LONG),
    Fault("Throttling", "429 once, with Retry-After: 1", service("status", 1, status=429, retry_after="1"),
          **{**HARMLESS, "seconds": "waits"}),
    Fault("Throttling", "503 with Retry-After: 100000", service("status", status=503, retry_after="100000"), "EIO",
          "at once", False, "unknown", "503", again="SIGHUP"),
    Fault("Throttling", "500 with Retry-After: 100000", service("status", status=500, retry_after="100000"), "EIO",
          "at once", False, "unknown", "500"),
]

CREDENTIALS = [
    Fault("Credentials", "a signature or a token that is wrong", request(wrong_credentials), "EACCES", "at once",
          again="SIGHUP", on=["read checkpoint", "commit", "list apps", "mkdir", "rmdir"]),
    Fault("Credentials", "a password's token that has expired", control("tokens/expire"), mount="password",
          only=("DIS",), on=["read checkpoint", "commit", "list apps", "mkdir"], **HARMLESS),
    Fault("Credentials", "a password's token that was withdrawn", control("tokens/revoke"), mount="password",
          only=("DIS",), on=["read checkpoint", "commit", "list apps", "mkdir"], **HARMLESS),
    Fault("Credentials", "the service's clock is an hour ahead", control("clock", offset=3600),
          on=["read checkpoint", "commit", "list apps", "mkdir"], **HARMLESS),
    Fault("Credentials", "the service's clock is an hour behind", control("clock", offset=-3600), **HARMLESS),
    Fault("Credentials", "the service's clock is a year ahead", control("clock", offset=31536000), **HARMLESS),
]

IAM = [
    Fault("The identity service", name, identity(kind, **parameters), errno, seconds, mount="password",
          only=("DIS",), again=again)
    for name, kind, parameters, errno, seconds, again in (
        ("401", "status", {"status": 401}, "EACCES", "at once", "SIGHUP"),
        ("403", "status", {"status": 403}, "EACCES", "at once", "SIGHUP"),
        ("404 of a proxy", "html", {"status": 404}, "EBADMSG", "at once", "at once"),
        ("429", "status", {"status": 429}, "EBUSY", "retries", "5 s"),
        ("500", "status", {"status": 500}, "EIO", "retries", "at once"),
        ("503", "status", {"status": 503}, "EIO", "retries", "5 s"),
        ("301", "status", {"status": 301}, "EBADMSG", "at once", "at once"),
        ("a login page with status 201", "html", {"status": 201}, "EBADMSG", "at once", "at once"),
        ("bytes that are no text", "garbage", {"status": 201}, "EBADMSG", "at once", "at once"),
        ("reset", "reset", {}, "ECONNRESET", "retries", "1 s"),
        ("silent", "never", {}, "ETIMEDOUT", "timeout", "at once"),
    )
]

LISTS = [
    Fault("Lists", "pages without an end", request(list_without_end), "ETIMEDOUT", "timeout", on=["list apps"],
          only=("DIS",)),
    Fault("Lists", "the same page again and again", request(same_page_again), "EBADMSG", on=["list apps"],
          only=("DIS",)),
    Fault("Lists", "each name twice", request(names_twice), on=["list apps"], **HARMLESS),
]

FAULTS = [*CONNECTIONS, *TLS, *LOST_ANSWERS, *SLOW_ANSWERS, *JSON, *HTTP, *PAGES, *EMPTY, *WORDS, *ODD, *THROTTLING,
          *CREDENTIALS, *IAM, *LISTS]


# ---- what is expected of one row


def is_of_connections(fault):
    """Whether it is met by the first request, whatever that is for; else by that of the operation."""
    return fault.group == "Connections" or fault.errno == "EPROTO"


def stops_at_name(fault, operation):
    """Whether it fails in a look-up, so that the kernel asks for no more."""
    return operation.first == "name" and (is_of_connections(fault) or not operation.change)


def expected_seconds(fault, operation):
    """A look-up waits for a second at most. What is not to be done twice is sent once."""
    if stops_at_name(fault, operation) and fault.seconds in ("retries", "timeout"):
        return "look-up"
    if fault.seconds == "retries" and operation.name in ONCE_ONLY and not is_of_connections(fault):
        return "at once"
    return fault.seconds


def expected_end(fault, operation):
    """What was stopped before its request was sent has failed, or was never asked for."""
    if not operation.change or stops_at_name(fault, operation):
        return ""
    if operation.first == "source" and is_of_connections(fault):
        return ""
    asked = operation.method == "GET" or (operation.first == "question" and is_of_connections(fault))
    return "failed" if asked and fault.errno else fault.end


def expected_done(fault, operation):
    if operation.method == "GET" and fault.errno:
        return False
    return fault.done


def expected_again(fault, operation):
    """What waited in vain for a name is told to others for a second."""
    if stops_at_name(fault, operation) and expected_seconds(fault, operation) == "look-up":
        return max(fault.again, "1 s", key=list(AGAIN).index)
    return fault.again


def rows(services):
    """(service, fault, operation), in the order of the table."""
    for fault in FAULTS:
        for name, service_type in services.items():
            if name not in fault.only:
                continue
            for operation in service_type.operations:
                if operation.name in fault.on:
                    yield name, fault, operation
