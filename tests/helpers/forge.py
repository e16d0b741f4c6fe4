"""A server on this machine that answers as GitHub's and GitLab's REST API do where a request is commented on.

As their reference pages have it: paths, methods, headers, status codes, pages of a list; 404 for what is not there,
401 for a token that is none. Every request is kept.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PROJECT, NUMBER = "us/repo", 7
BOT = {"id": 41898282, "login": "github-actions[bot]", "type": "Bot"}
PERSON = {"id": 5, "login": "somebody", "username": "somebody", "type": "User"}


class Forge:
    """tokens: token -> its user; None in its place for one that may read alone. fails: a code for every answer."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.tokens: dict[str, dict[str, Any] | None] = {"app": BOT, "person": PERSON, "reads": None}
        self.comments: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.fails = 0
        self.moved = ""

    def add(self, body: str, user: dict[str, Any]) -> dict[str, Any]:
        comment = {"id": 100 + len(self.comments), "body": body, "user": user, "author": user}
        self.comments.append(comment)
        return comment

    def bodies(self) -> list[str]:
        return [c["body"] for c in self.comments]

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.asked]

    def github(self) -> dict[str, str]:
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": PROJECT}

    def gitlab(self) -> dict[str, str]:
        ids = {f"CI_MERGE_REQUEST_{name}": "3" for name in ("PROJECT_ID", "SOURCE_PROJECT_ID")}
        return {"CI_API_V4_URL": self.url, "CI_MERGE_REQUEST_IID": str(NUMBER), **ids}

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, Any]:
        self.asked.append((method, path, headers))
        if self.fails:
            return self.fails, {"message": f"you sent {headers}"}
        theirs = headers.get("Private-Token")
        token = theirs or headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return 401, {"message": "Bad credentials"}
        user, url = self.tokens[token], urlsplit(path)
        if url.path == "/user":
            app = not theirs and (user is None or user["type"] == "Bot")
            return (403, {"message": "Resource not accessible by integration"}) if app else (200, user)
        if theirs:
            listed, one, edits = f"/projects/3/merge_requests/{NUMBER}/notes", r"/projects/3/.*/notes/(\d+)", "PUT"
        else:
            listed = f"/repos/{PROJECT}/issues/{NUMBER}/comments"
            one, edits = rf"/repos/{PROJECT}/issues/comments/(\d+)", "PATCH"
        return self._comments(method, unquote(url.path), parse_qs(url.query), (listed, one, edits), user, body)

    def _comments(
        self, method: str, path: str, query: dict[str, list[str]], where: tuple[str, str, str],
        user: dict[str, Any] | None, body: Any,
    ) -> tuple[int, Any]:  # fmt: skip
        listed, one, edits = where
        if method == "GET" and path == listed:
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[(page - 1) * size : page * size]
        if method in ("POST", edits) and user is None:
            return 403, {"message": "Resource not accessible by integration"}
        if method == "POST" and path == listed:
            assert user is not None
            return 201, self.add(body["body"], user)
        found = re.fullmatch(one, path)
        known = {c["id"]: c for c in self.comments}
        if method == edits and found and int(found[1]) in known:
            known[int(found[1])]["body"] = body["body"]
            return 200, known[int(found[1])]
        return 404, {"message": "Not Found"}


@contextlib.contextmanager
def serving() -> Iterator[Forge]:
    """Run one until the block ends."""

    class Answering(Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    forge = Answering.forge = Forge(server.server_port)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    forge: Forge

    def _do(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.forge.moved:
            self._answer(307, b"", Location=self.forge.moved + self.path)
            return
        headers = {name.title(): value for name, value in self.headers.items()}
        code, answer = self.forge.answer(self.command, self.path, headers, json.loads(data or b"null"))
        self._answer(code, json.dumps(answer).encode())

    do_GET = do_POST = do_PATCH = do_PUT = _do  # noqa: N815

    def _answer(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass
