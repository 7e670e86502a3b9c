"""A Docker daemon that is none: it answers at a unix socket what it is told to, and notes what it was asked.

It starts no container. So it shows that a link of the chain is taken, and with what request; it does not show that
PostgreSQL runs in a container.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from threading import Thread
from typing import Any

import attrs


@attrs.define
class FakeDaemon:
    """What the daemon is like, and what it was asked: method, path and body of each request."""

    url: str
    ping: int = 200
    asked: list[tuple[str, str, dict[str, Any]]] = attrs.field(factory=list)

    def paths(self) -> list[str]:
        """The paths asked for, without version and query."""
        return ["/" + path.partition("?")[0].rpartition("/v1.")[2].partition("/")[2] for _, path, _ in self.asked]

    def created(self) -> list[dict[str, Any]]:
        """The containers that it should have created."""
        return [body for method, path, body in self.asked if method == "POST" and "/containers/create" in path]


@contextmanager
def fake_daemon(path: Path, ping: int = 200) -> Iterator[FakeDaemon]:
    """Run a daemon that knows its version and has every image, but creates no container.

    Args:
        path: Where its socket will be.
        ping: The status with which it answers the ping.
    """
    daemon = FakeDaemon(f"unix://{path}", ping)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.client_address = ("", 0)  # a unix socket gives none
            super().handle_one_request()

        def do_GET(self) -> None:
            self.answer({"ApiVersion": "1.51", "MinAPIVersion": "1.24", "Id": "sha256:0", "Config": {}})

        def do_POST(self) -> None:
            self.answer({"message": "this daemon creates nothing"}, 500)

        def answer(self, value: object, status: int = 200) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            daemon.asked.append((self.command, self.path, json.loads(body or b"{}")))
            text = json.dumps(value).encode()
            self.send_response(daemon.ping if self.path.endswith("/_ping") else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingUnixStreamServer(str(path), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield daemon
        server.shutdown()
        thread.join()
