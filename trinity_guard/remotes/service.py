"""A remote that is a service: asked through a process of its own (worker.py), which can be killed when it hangs."""

from __future__ import annotations

import os
import select
import sys

from trinity_guard import LIBRARY, git, start_line
from trinity_guard.remotes.base import RemoteError, seconds, without_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from trinity_guard import Progress
    from trinity_guard.dvcrepo import project
    from trinity_guard.dvcrepo.odb import Store
    from trinity_guard.dvcrepo.output import Output

LIMIT = 30.0
# Loading dvc and a client library takes a second or two, on a busy machine more; nothing of it is the remote's fault.
LOADING = 120.0
MAX_WORDS = 4096


class ServiceRemote:
    """A remote behind DVC's file systems. connect.Remote says what each method promises."""

    def __init__(self, remote: project.RemoteConfig, limit: float | None = None) -> None:
        self.name = remote.name
        # As it was read once, and judged: the worker reads no config, which may say something else by then.
        self._options = {**remote.options, "url": remote.url}
        self._url = without_secrets(remote.url)
        self._limit = seconds(LIMIT if limit is None else limit)
        self._worker: git.Process | None = None
        self._rest = b""
        self._words = b""

    def __enter__(self) -> ServiceRemote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker; it has told all that it did."""
        worker, self._worker = self._worker, None
        if worker:
            worker.kill_group()
            worker.wait()

    def sizes(self, md5s: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        if md5s:
            self._ask({"do": "sizes", "md5s": list(dict.fromkeys(md5s))}, found.update)
        return found

    def send(self, cache: Store, items: Sequence[Output], on_progress: Progress | None = None) -> dict[str, str]:
        return self._move("send", cache, items, on_progress)

    def fetch(self, items: Sequence[Output], cache: Store, on_progress: Progress | None = None) -> dict[str, str]:
        return self._move("fetch", cache, items, on_progress)

    def probe(self) -> None:
        self._ask({"do": "probe"}, lambda _: None)

    def _move(self, what: str, cache: Store, items: Sequence[Output], on_progress: Progress | None) -> dict[str, str]:
        if not items:
            return {}
        left = {item.name: item.object_size for item in items}
        told: dict[str, str] = {}
        request = {
            "do": what,
            "cache": os.fsdecode(cache.folder),
            "shared": cache.shared,
            "items": list(left.items()),
        }

        def on_news(news: dict[str, str]) -> None:
            for md5, reason in news.items():
                left.pop(md5, None)
                if reason:
                    told[md5] = reason

        everything = len(left)
        try:
            self._ask(request, on_news, on_progress)
        except RemoteError as error:
            if len(left) == everything or len(told) == everything - len(left):
                raise
            # Some arrived before it broke: that is known, and so is why the rest did not.
            told.update(dict.fromkeys(left, error.problem))
        return told

    # --- the worker

    def _ask(
        self, request: dict[str, Any], on_news: Callable[[Any], None], on_progress: Progress | None = None
    ) -> None:
        """Put a question to the worker and hear it out; whatever ends this early ends the worker."""
        import json

        try:
            if self._worker is None:
                self._start()
            self._write(json.dumps(request).encode() + b"\n")
            while True:
                event = self._hear(self._limit)
                if "at" in event and on_progress:
                    on_progress(*event["at"])
                if "news" in event:
                    on_news(event["news"])
                if "error" in event:
                    raise RemoteError(**event["error"])
                if "done" in event:
                    return
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        import json

        # A session of its own has no terminal, so nothing in it can ask for a password and wait for ever.
        argv = [sys.executable, "-I", "-c", start_line("trinity_guard.remotes.worker"), LIBRARY]
        self._worker = git.Process(argv, _environment(), with_stderr=True, own_session=True)
        os.set_blocking(self._worker.stdin, False)
        self._rest = self._words = b""
        place = {"options": self._options, "name": self.name, "url": self._url}
        self._write(json.dumps(place).encode() + b"\n")
        event = self._hear(max(self._limit, LOADING))
        if "error" in event:
            raise RemoteError(**event["error"])

    def _write(self, data: bytes) -> None:
        assert self._worker  # noqa: S101  # for mypy
        view = memoryview(data)
        while view:
            _, ready, _ = select.select([], [self._worker.stdin], [], self._limit)
            if not ready:
                raise self._silent(self._limit)
            try:
                view = view[os.write(self._worker.stdin, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                return  # it is gone; what it said before is still to be heard

    def _hear(self, limit: float) -> dict[str, Any]:
        """Return the worker's next event."""
        import json

        assert self._worker  # noqa: S101  # for mypy
        out, err = self._worker.stdout, self._worker.stderr
        while b"\n" not in self._rest:
            watched = [out, err] if err >= 0 else [out]
            ready, _, _ = select.select(watched, [], [], limit)
            if not ready:
                raise self._silent(limit)
            if err in ready:
                # It may hold secrets: kept to tell what went wrong, never shown.
                words = os.read(err, git.CHUNK)
                self._words = (self._words + words)[-MAX_WORDS:]
                if not words:
                    self._worker.close("stderr")
                    err = -1
            if out in ready:
                piece = os.read(out, git.CHUNK)
                if not piece:
                    raise self._died()
                self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        event: dict[str, Any] = json.loads(line)
        return event

    def _silent(self, limit: float) -> RemoteError:
        return RemoteError(
            "timeout",
            f"the remote '{self.name}' ({self._url}) did not answer for {limit:g} seconds",
            f"export TRINITY_GUARD_TIMEOUT={max(120, round(4 * limit))}     # waits longer; then the same again",
        )

    def _died(self) -> RemoteError:
        if b"No module named 'dvc" in self._words:
            from trinity_guard.dvcrepo import installation  # noqa: PLC0415  # as above

            return RemoteError("plugin", "DVC is not installed beside trinity-guard", installation.line("dvc"))
        last = self._words.decode("utf-8", "replace").strip().rpartition("\n")[2]
        kind = last.partition(":")[0]
        words = f" ({kind})" if kind.isidentifier() else ""
        return RemoteError(
            "other", f"the process that talks to the remote '{self.name}' ended without an answer{words}", "dvc push -v"
        )


def _environment() -> dict[str, str]:
    env = git.other_repository()
    env["DVC_NO_ANALYTICS"] = "1"
    # One retry; botocore's own four, with their waits, would hide a refused connection for many seconds.
    env.setdefault("AWS_MAX_ATTEMPTS", "2")
    return env
