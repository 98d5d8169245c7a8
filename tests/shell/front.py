"""front.py CERTIFICATE KEY PORT READY: TLS in front of a service that speaks plain HTTP on PORT.

It writes its own port to the file READY. A signal USR1 kills the process that holds all connections;
for a moment new ones are then closed or reset at once, and after that another process takes over.
"""

import ctypes
import os
import select
import signal
import socket
import ssl
import struct
import sys
import threading
import time

MOMENT = 0.3  # seconds
PR_SET_PDEATHSIG = 1


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def forward(client, context, port):
    try:
        client = context.wrap_socket(client, server_side=True)
        service = socket.create_connection(("127.0.0.1", port))
    except OSError:
        return
    threading.Thread(target=copy, args=(service, client), daemon=True).start()
    copy(client, service)


def work(listener, certificate, key, port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    while True:
        client = listener.accept()[0]
        threading.Thread(target=forward, args=(client, context, port), daemon=True).start()


def start(*arguments):
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1, signal.SIGTERM})
        work(*arguments)
    return pid


def turn_away(listener):
    until = time.monotonic() + MOMENT
    reset = False
    while select.select([listener], [], [], max(0, until - time.monotonic()))[0]:
        client = listener.accept()[0]
        client.recv(65536)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        reset = not reset


def main():
    certificate, key, port, ready = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
    worker = start(listener, certificate, key, int(port))
    with open(ready, "w") as file:
        print(listener.getsockname()[1], file=file)
    while signal.sigwait({signal.SIGUSR1, signal.SIGTERM}) == signal.SIGUSR1:
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        turn_away(listener)
        worker = start(listener, certificate, key, int(port))
    os.kill(worker, signal.SIGKILL)


main()
