"""Web servers that do not answer as asked: no HEAD, no length, a page to sign in at, an object without end."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.remotes.conftest import Hand
from trinity_guard.remotes import failures, query, worker
from trinity_guard.remotes.folder import DAMAGED
from trinity_guard.remotes.transfer import Download, Heartbeat

DATA = b"the object's bytes"
MD5 = hashlib.md5(DATA).hexdigest()
PAGE = b"<html>Please sign in</html>"


class Server(BaseHTTPRequestHandler):
    """What it does is the first part of the path."""

    protocol_version = "HTTP/1.0"  # a body without length ends with the connection

    def do_GET(self) -> None:
        kind, head = self.path.split("/")[1], self.command == "HEAD"
        if kind in ("no-head", "refusing", "silent") and head:
            self._answer({"no-head": 405, "refusing": 403, "silent": 200}[kind], b"", length=False)
        elif kind == "gone":
            self._answer(404, b"")
        elif kind == "broken":
            self._answer(500, b"")
        elif kind in ("sign-in", "moved"):
            self._redirect("/page/login" if kind == "sign-in" else f"/plain/{self.path.partition('/d/')[2]}")
        elif kind == "page" or kind == "inline":
            self._answer(200, PAGE, length=False, content="text/html")
        elif kind == "ranges" and not head and self.headers.get("Range"):
            self._answer(206, DATA[:1], {"Content-Range": f"bytes 0-0/{len(DATA)}"})
        elif kind == "endless" and not head:
            self._endless()
        else:
            self._answer(200, DATA, length=kind not in ("ranges", "chunked", "endless"))

    do_HEAD = do_GET  # noqa: N815

    def _redirect(self, where: str) -> None:
        self._answer(302, b"", {"Location": where})

    def _answer(
        self, code: int, body: bytes, more: dict[str, str] | None = None, length: bool = True, content: str = "x/y"
    ) -> None:
        self.send_response(code)
        if length:
            self.send_header("Content-Length", str(len(body)))
        for name, value in {"Content-Type": content, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _endless(self) -> None:
        self._answer(200, b"", length=False)
        try:
            for _ in range(500):
                self.wfile.write(b"x" * 100_000)
                self.server.sent += 100_000  # type: ignore[attr-defined]
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as served:
        served.sent = 0  # type: ignore[attr-defined]
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield served
        served.shutdown()


def opened(server: ThreadingHTTPServer, kind: str) -> query.RemoteStore:
    return worker._open(worker._load({"url": f"http://127.0.0.1:{server.server_port}/{kind}/d"}, "r"))


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        *[(kind, len(DATA)) for kind in ("plain", "no-head", "refusing", "silent", "ranges", "moved")],
        ("chunked", -1),
        ("gone", None),
        ("sign-in", "page"),
        ("inline", "page"),
        ("broken", "busy"),
    ],
)
def test_what_is_no_answer_is_no_object(server: ThreadingHTTPServer, kind: str, size: int | str | None) -> None:
    told: dict[str, int] = {}
    step = ""
    try:
        query.sizes(opened(server, kind), [MD5], told.update)
    except Exception as error:  # noqa: BLE001  # whatever aiohttp raises
        step = failures.step_of(error, "read")
    assert (step or told) == (size if isinstance(size, str) else {} if size is None else {MD5: size})


def test_a_page_is_no_object_of_another_name_either(server: ThreadingHTTPServer) -> None:
    with pytest.raises(query.NotTheObject):
        query.sizes(opened(server, "chunked"), ["0" * 32], lambda _: None)


def test_an_object_without_end_is_left_after_its_size(server: ThreadingHTTPServer, hand: Hand) -> None:
    class Nothing:
        sent = received = 0

        def look(self) -> None: ...

    told: dict[str, Any] = {}
    request = {"do": "fetch", "items": [[MD5, 18]]}
    with Heartbeat(lambda **event: told.update(event.get("news", {})), Nothing(), request) as beat:  # type: ignore[arg-type]
        Download(opened(server, "endless"), hand.other, beat, "r", "http://x").run([(MD5, 18)])
    assert told[MD5].startswith(DAMAGED)
    assert server.sent < 30_000_000  # type: ignore[attr-defined]
