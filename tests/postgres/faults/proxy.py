"""A proxy between a store and its server that loses, cuts, slices and delays what goes through it.

It knows of PostgreSQL's protocol only where a request ends (``Sync`` or ``Query``) and where an answer does
(``ReadyForQuery``): so it can lose an answer after the server has done the work, and a request before.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from typing import Final, Self
from urllib.parse import urlsplit, urlunsplit

import attrs

ENCRYPTION: Final = (80_877_103, 80_877_104)
"""The codes by which a client asks for TLS or GSSAPI before it begins; it takes no for an answer."""

AT_ONCE: Final = struct.pack("ii", 1, 0)
"""``SO_LINGER`` with which closing a socket sends a reset."""


class Fault(Enum):
    """What becomes of a request."""

    UNSEEN = "the server never sees it: the connection is closed before"
    UNANSWERED = "the server does it, and the connection is closed before the answer"
    RESET = "the same, and the connection is reset"
    CUT = "the answer breaks off after some bytes"


@attrs.frozen
class Plan:
    """Which requests meet a fault.

    Args:
        fault: The fault.
        first: The first of them, counted from 1.
        times: How many, one after another.
        through: How many bytes of an answer that is cut come through.
    """

    fault: Fault
    first: int = 1
    times: int = 1
    through: int = 0

    def meets(self, number: int) -> bool:
        """Whether the request with this number meets it."""
        return self.first <= number < self.first + self.times


class Proxy:
    """Listens on a port of its own, and passes everything on to a server.

    Args:
        url: The URL of a database of the server.
        slice_bytes: How much is passed on at once.
        latency: Seconds before each piece is passed on.
    """

    def __init__(self, url: str, *, slice_bytes: int = 65_536, latency: float = 0.0) -> None:
        self._target = urlsplit(url)
        self._slice = slice_bytes
        self._latency = latency
        self._lock = threading.Lock()
        self._plan: Plan | None = None
        self._count = 0
        self._links: list[_Link] = []
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The URL of the same database, through the proxy."""
        who, _, _ = self._target.netloc.rpartition("@")
        return urlunsplit(self._target._replace(netloc=f"{who}@127.0.0.1:{self._listener.getsockname()[1]}"))

    @property
    def requests(self) -> int:
        """How many requests there were since the last plan, or since the start."""
        return self._count

    def plan(self, plan: Plan | None) -> None:
        """Have the next requests meet a fault, counted from now."""
        with self._lock:
            self._plan, self._count = plan, 0

    def cut(self) -> None:
        """Cut every connection, whatever is going on there. The server will notice when it answers."""
        for link in self._links:
            link.end()

    def stop(self) -> None:
        """Cut every connection, and take no other."""
        self._stopped.set()
        self._listener.close()
        self.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection((self._target.hostname, self._target.port))
            except OSError:
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(client, server, self._next_plan, self._pass_on)
            self._links.append(link)
            threading.Thread(target=link.start, daemon=True).start()

    def _next_plan(self) -> Plan | None:
        with self._lock:
            self._count += 1
            return self._plan if self._plan is not None and self._plan.meets(self._count) else None

    def _pass_on(self, to: socket.socket, data: bytes) -> None:
        for start in range(0, len(data), self._slice):
            if self._latency:
                self._stopped.wait(self._latency)
            to.sendall(data[start : start + self._slice])


class _Link:
    """One connection: a thread for each direction."""

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        next_plan: Callable[[], Plan | None],
        pass_on: Callable[[socket.socket, bytes], None],
    ) -> None:
        self._client = client
        self._server = server
        self._next_plan = next_plan
        self._pass_on = pass_on
        self._plan: Plan | None = None

    def start(self) -> None:
        """Pass on; close both sides when both directions have ended, and not before: threads may wait there."""
        threads = [threading.Thread(target=each, daemon=True) for each in (self._requests, self._answers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._client.close()
        self._server.close()

    def end(self) -> None:
        """Wake whoever waits for one of the sides: there is nothing more to come."""
        plan = self._plan
        resets = plan is not None and plan.fault is Fault.RESET
        with suppress(OSError):
            if resets:
                self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self._client.shutdown(socket.SHUT_RD if resets else socket.SHUT_RDWR)
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)

    def _requests(self) -> None:
        """Pass on what the client asks, until a request is to be lost."""
        with suppress(OSError):
            self._pass_on(self._server, self._greeting())
            for kind, message in _messages(self._client):
                if kind in b"SQ":
                    self._plan = self._next_plan()
                if self._plan is not None and self._plan.fault is Fault.UNSEEN:
                    break
                self._pass_on(self._server, message)
        self.end()

    def _answers(self) -> None:
        """Pass on what the server answers, until an answer is to be lost."""
        with suppress(OSError):
            through = 0
            for kind, message in _messages(self._server):
                plan = self._plan  # the request that is answered: once answered in full, the next may come at any time
                if plan is None:
                    self._pass_on(self._client, message)
                    continue
                if plan.fault is Fault.CUT:
                    self._pass_on(self._client, message[: plan.through - through])
                    through = min(plan.through, through + len(message))
                if kind == b"Z":  # it is done
                    break
        self.end()

    def _greeting(self) -> bytes:
        """Read the first message, which has no kind; there is neither TLS nor GSSAPI here."""
        while True:
            head = _exactly(self._client, 4)
            body = _exactly(self._client, int.from_bytes(head, "big") - 4)
            if int.from_bytes(body[:4], "big") not in ENCRYPTION:
                return head + body
            self._client.sendall(b"N")


def _messages(source: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """Yield the messages of one side: the kind, and all of it."""
    while True:
        head = _exactly(source, 5)
        yield head[:1], head + _exactly(source, int.from_bytes(head[1:], "big") - 4)


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data
