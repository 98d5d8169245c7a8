"""Lets a program resolve names below localhost, which libcurl does by itself and Python does not.

Also put on PYTHONPATH as sitecustomize.py, for programs that are not to be changed.
"""

import socket

resolve = socket.getaddrinfo


def resolve_localhost(host, *arguments, **named):
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return resolve(host, *arguments, **named)


socket.getaddrinfo = resolve_localhost
