"""What the tests of poll(2) share."""

import os
import select


class Watch:
    """A handle on a file, to be told of changes."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY)
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLPRI)

    def changed(self, milliseconds):
        """Waits; True when a change was reported, by both events."""
        events = self.poll.poll(milliseconds)
        if not events:
            return False
        assert events == [(self.fd, select.POLLPRI | select.POLLERR)], events
        return True

    def read(self):
        return os.pread(self.fd, 4096, 0).decode()

    def close(self):
        os.close(self.fd)


def commit(path, number):
    with open(path, "w") as checkpoint:
        checkpoint.write(f"{number}\n")
