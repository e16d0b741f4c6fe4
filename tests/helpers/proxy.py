"""A proxy on 127.0.0.1 that misbehaves on purpose: wrong answers, bodies cut in the middle, silence."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Self

CUT = "cut"
SILENT = "silent"


class Request:
    """One HTTP request: method, path, its head as it came, the length of its body (-1: chunked)."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ", 2)
        self.headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
        chunked = "chunked" in self.headers.get("transfer-encoding", "")
        self.length = -1 if chunked else int(self.headers.get("content-length", 0))


# What becomes of a request: None (nothing amiss), a status, CUT (its body breaks off half way) or SILENT.
Fault = Callable[[Request], int | str | None]


class Proxy:
    """Stands before a server. `fault` decides over each HTTP request; without one, bytes pass as they are.

    cut_after: with plain bytes, break every connection after so many of the client's.
    rate: with plain bytes, take so many a second of the client's, all its connections together.
    tls: speak TLS with the client; the server behind speaks none.
    """

    def __init__(
        self,
        port: int,
        fault: Fault | None = None,
        cut_after: int | None = None,
        rate: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.tls = tls
        self.target = port
        self.fault = fault
        self.cut_after = cut_after
        self.rate = rate
        self._line = threading.Lock()
        self.seen: list[tuple[str, str]] = []
        self._socket = socket.socket()
        if rate:  # what waits in a buffer here has not crossed the line
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self.port: int = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in [self._socket, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), client:
            if self.tls is not None:
                client = self.tls.wrap_socket(client, server_side=True)
                self._open.append(client)
            if self.fault is None:
                self._pass(client)
                return
            while self._one(client, self.fault):
                pass

    def _pass(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            self._open.append(server)
            threading.Thread(target=_relay, args=(server, client, None), daemon=True).start()
            _relay(client, server, self.cut_after, self._take_time if self.rate else None)

    def _take_time(self, size: int) -> None:
        with self._line:
            time.sleep(size / (self.rate or 1))

    def _one(self, client: socket.socket, fault: Fault) -> bool:
        """Serve one request; False when the connection is over."""
        head, rest = _head(client)
        if not head:
            return False
        request = Request(head)
        self.seen.append((request.method, request.path))
        what = fault(request)
        if request.headers.get("expect", "").lower() == "100-continue":
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if what == SILENT:
            while client.recv(1 << 16):
                pass
            return False
        most = max(request.length // 2, 1) if what == CUT else None
        body = _body(client, rest, request.length, most)
        if isinstance(what, int):
            client.sendall(b"HTTP/1.1 %d Fault\r\nContent-Length: 0\r\n\r\n" % what)
            return True
        lines = [
            line for line in head.split(b"\r\n") if line and not line.lower().startswith((b"expect:", b"connection:"))
        ]
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body)
            if what == CUT:
                return False
            # A client that is not told would use the connection again, and lose a request of its own with it.
            answer, rest = _head(server)
            client.sendall(answer + b"\r\nConnection: close\r\n\r\n" + rest)
            while piece := server.recv(1 << 16):
                client.sendall(piece)
        return False


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(1 << 16)
        if not piece:
            return b"", b""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _body(client: socket.socket, data: bytes, length: int, most: int | None) -> bytes:
    """Read a body as it stands on the wire; `most` bytes of it at most."""

    def complete() -> bool:
        if most is not None:
            return len(data) >= most
        return data.endswith(b"0\r\n\r\n") if length < 0 else len(data) >= length

    while not complete():
        piece = client.recv(1 << 16)
        if not piece:
            raise ValueError("the client went away")
        data += piece
    return data[:most]


def _relay(
    source: socket.socket, target: socket.socket, most: int | None, wait: Callable[[int], None] | None = None
) -> None:
    passed = 0
    with contextlib.suppress(OSError):
        while piece := source.recv(1 << (14 if wait else 16)):
            if wait:
                wait(len(piece))
            target.sendall(piece)
            passed += len(piece)
            if most is not None and passed > most:
                break
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
