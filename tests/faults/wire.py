"""A proxy that stands between a mount and a simulated service, and does to requests what networks do.

It forwards each request as it is, on a connection of its own, and its answer as it was, unless a fault is
armed. A fault of a request is a function of an Exchange; one of connections is a word of Wire.cut or a
function of a socket. Nothing of it is shared with the client that it tests.
"""

import http.client
import socket
import ssl
import struct
import threading

HEAD_MAX = 1 << 20
WAIT = 0.05  # seconds between two looks


class Gone(Exception):
    """The connection is of no more use."""


class Exchange:
    """One request that has come in whole."""

    def __init__(self, wire, connection, head, body):
        self.wire = wire
        self.connection = connection
        self.head = head
        self.body = body
        self.method, self.target = head.split(b" ", 2)[:2]

    def forward(self):
        """What the service answers: status, headers without those of the transfer, body."""
        with socket.create_connection(("127.0.0.1", self.wire.service)) as service:
            service.sendall(self.head + self.body)
            answer = http.client.HTTPResponse(service, method=self.method.decode())
            answer.begin()
            body = answer.read()
            headers = [(name, value) for name, value in answer.getheaders()
                       if name.lower() not in ("content-length", "transfer-encoding", "connection")]
            return answer.status, headers, body

    def send(self, data):
        self.connection.sendall(data)

    def reply(self, status, headers, body, length=None):
        self.send(answer_bytes(status, headers, body, length))

    def reset(self):
        """Ends the connection by RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    def close(self):
        raise Gone

    def pause(self, seconds):
        """Waits so long; Gone when the fault has ended or the client has gone away meanwhile."""
        for _ in range(max(1, round(seconds / WAIT))):
            if self.wire.over.wait(WAIT) or is_closed(self.connection):
                raise Gone

    def wait(self):
        while True:
            self.pause(1)


def answer_bytes(status, headers, body, length=None):
    reason = http.client.responses.get(status, "Something")
    lines = [f"HTTP/1.1 {status} {reason}"] + [f"{name}: {value}" for name, value in headers]
    if status >= 200 and status not in (204, 304):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + body


def is_closed(connection):
    try:
        if isinstance(connection, ssl.SSLSocket):
            return False
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class Wire:
    def __init__(self, service, context=None):
        self.service = service  # its port
        self.context = context  # of TLS, or None
        self.usual = context
        self.over = threading.Event()  # the fault that was armed last has ended
        self.open = set()
        self.fillers = []
        self.listener = None
        self.port = 0
        self.disarm()  # and listen

    # ---- faults

    def arm(self, fault, method="", path="", count=None):
        """fault(exchange) serves the next count requests, or all, that have the method and the path in them; None
        only counts them."""
        self.over = threading.Event()
        self.method, self.path, self.count, self.hits = method.encode(), path.encode(), count, 0
        self.fault = fault

    def greet(self, greeting):
        """greeting(connection) is all that new connections meet; those that are open are closed."""
        self.over = threading.Event()
        self.greeting = greeting
        self.drop_open()

    def certify(self, context):
        """New connections meet this certificate."""
        self.context = context
        self.drop_open()

    def cut(self, how):
        """refused: nobody listens; black-hole: connections are never made."""
        self._deafen()
        self.drop_open()
        if how == "black-hole":
            self._listen(backlog=0)
            self._fill()

    def disarm(self):
        self.over.set()
        self.fault = self.greeting = None
        self.method = self.path = b""
        self.count = None
        self.hits = 0
        self.wrong = ""
        self.context = self.usual
        if self.listener is None or self.fillers:
            self._deafen()
            self._listen()

    def drop_open(self):
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def end(self):
        self.disarm()
        self._deafen()
        self.drop_open()

    # ---- connections

    def _listen(self, backlog=128):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        self.listener.listen(backlog)
        if backlog:
            threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _fill(self):
        """Until the queue of connections is full: what comes then is not answered."""
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(filler)

    def _deafen(self):
        for filler in self.fillers:
            filler.close()
        self.fillers = []
        if self.listener is not None:
            try:
                self.listener.shutdown(socket.SHUT_RDWR)  # or accept() goes on in its thread
            except OSError:
                pass
            self.listener.close()
            self.listener = None

    def _accept(self, listener):
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self.open.add(connection)
            if self.greeting:
                self.greeting(Exchange(self, connection, b"- - -", b""))
                return
            if self.context:
                connection.settimeout(30)
                self.open.discard(connection)
                connection = self.context.wrap_socket(connection, server_side=True)
                self.open.add(connection)
            while True:
                self._exchange(connection)
        except (Gone, OSError, http.client.HTTPException):
            pass
        except Exception as error:  # of a fault, which then was none
            self.wrong = repr(error)
        finally:
            self.open.discard(connection)
            connection.close()

    def _exchange(self, connection):
        head, body = read_request(connection)
        exchange = Exchange(self, connection, head, body)
        if self._is_hit(exchange):
            self.fault(exchange)
        else:
            exchange.reply(*exchange.forward())

    def _is_hit(self, exchange):
        if self.method not in (b"", exchange.method) or self.path not in exchange.target:
            return False
        self.hits += 1
        return self.fault is not None and (self.count is None or self.hits <= self.count)


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more or len(data) > HEAD_MAX:
            raise Gone
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                   if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            raise Gone
        body += more
    return head + b"\r\n\r\n", body
