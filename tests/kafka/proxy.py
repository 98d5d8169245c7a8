#!/usr/bin/env python3
"""A proxy for tests, of HTTP (CONNECT) and of SOCKS 5, on a free port of 127.0.0.1.

    proxy.py PORTFILE LOG

writes its port to PORTFILE, and a line "KIND HOST:PORT" to LOG for each connection that is asked for.
"""

import socketserver
import socket
import struct
import sys
import threading


def read_exactly(stream, count):
    data = stream.recv(count, socket.MSG_WAITALL)
    if len(data) < count:
        raise EOFError
    return data


def read_head(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(stream, 1)
    return head


def accept_http(stream):
    host, port = read_head(stream).split()[1].decode().rsplit(":", 1)
    stream.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    return "http", host, int(port)


def accept_socks(stream):
    read_exactly(stream, read_exactly(stream, 2)[1])
    stream.sendall(b"\x05\x00")
    kind = read_exactly(stream, 4)[3]
    if kind == 1:
        host = socket.inet_ntoa(read_exactly(stream, 4))
    else:
        host = read_exactly(stream, read_exactly(stream, 1)[0]).decode()
    port = struct.unpack(">H", read_exactly(stream, 2))[0]
    stream.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    return "socks", host, port


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        first = self.request.recv(1, socket.MSG_PEEK)
        try:
            kind, host, port = (accept_socks if first == b"\x05" else accept_http)(self.request)
        except EOFError:
            return
        with open(sys.argv[2], "a") as log:
            print(kind, f"{host}:{port}", file=log)
        with socket.create_connection((host, port)) as target:
            back = threading.Thread(target=pump, args=(target, self.request))
            back.start()
            pump(self.request, target)
            back.join()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def main():
    server = Server(("127.0.0.1", 0), Handler)
    with open(sys.argv[1], "w") as file:
        print(server.server_address[1], file=file)
    server.serve_forever()


main()
