"""A web server that keeps what is PUT or POSTed and gives it back: the plainest remote that DVC's http:// can have.

python httpstore.py PORT FOLDER
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder = Path()

    def do_PUT(self) -> None:
        target = self._file()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self._body())
        self._answer(201, b"")

    do_POST = do_PUT  # noqa: N815

    def do_GET(self) -> None:
        target = self._file()
        if target.is_file():
            self._answer(200, target.read_bytes())
        else:
            self._answer(404, b"")

    do_HEAD = do_GET  # noqa: N815

    def _file(self) -> Path:
        return self.folder / self.path.lstrip("/")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    Handler.folder = Path(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
