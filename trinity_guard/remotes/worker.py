"""The process that talks to a remote through DVC's own config and file systems; service.py starts it.

It reads questions from its standard input and says events on its standard output, one JSON object a line, and ends
when its input does. Only what moved is said: silence means that the remote is silent.
"""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import odb
from trinity_guard.errors import GuardError
from trinity_guard.remotes import failures, query
from trinity_guard.remotes.base import RemoteError
from trinity_guard.remotes.transfer import Download, Heartbeat, Traffic, Upload

TYPE_CHECKING = False
if TYPE_CHECKING:
    import queue
    from collections.abc import Callable
    from typing import Any


def main() -> None:
    """Serve one remote until the standard input ends."""
    inbox, events = _streams()
    store: query.RemoteStore | None = None
    told = inbox.get()
    name, url = told["name"], told["url"]
    try:
        opened = _load(told["options"], name)
    except RemoteError as error:
        events.error(error)
        return
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told, and nothing is known of the remote
        events.error(failures.error_of(error, name, url))
        return
    traffic = Traffic()
    events.say(ready=1)
    while True:
        request = inbox.get()
        doing = "write" if request["do"] == "send" else "read"
        try:
            with Heartbeat(events.say, traffic, request) as heartbeat:
                store = store or _open(opened)
                _serve(store, request, heartbeat, name, url)
            events.say(done=1)
        except RemoteError as error:
            events.error(error)
        except GuardError as error:
            events.error(RemoteError("other", error.problem, error.remedy))
        except Exception as error:  # noqa: BLE001  # as above
            events.error(failures.error_of(error, name, url, doing))


class EventWriter:
    """Says events."""

    def __init__(self, fd: int) -> None:
        import threading

        self._fd = fd
        self._lock = threading.Lock()

    def say(self, **event: Any) -> None:
        import json

        view = memoryview(json.dumps(event).encode() + b"\n")
        with self._lock:
            try:
                while view:
                    view = view[os.write(self._fd, view) :]
            except BrokenPipeError:
                os._exit(0)

    def error(self, error: RemoteError) -> None:
        self.say(error={"step": error.step, "problem": error.problem, "remedy": error.remedy})


def _streams() -> tuple[queue.Queue[Any], EventWriter]:
    """Take the pipes away from 0 and 1, where a chatty library or a question for a password would spoil them."""
    import logging
    import queue
    import threading

    source, target = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    logging.disable(logging.CRITICAL)
    inbox: queue.Queue[Any] = queue.Queue()

    def listen() -> None:
        import json

        with open(source, "rb") as lines:
            for line in lines:
                inbox.put(json.loads(line))
        # Who asked is gone, by kill -9 perhaps: nobody is there to hear of what would be done now.
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return inbox, EventWriter(target)


def _load(options: dict[str, str], name: str) -> tuple[Any, dict[str, Any], str]:
    """Import what the remote needs; nothing is connected yet."""
    import importlib

    from dvc.fs import get_cloud_fs

    cls, settings, base = get_cloud_fs(None, **options)
    missing = cls.get_missing_deps()
    if missing:
        raise ImportError(", ".join(missing))
    for module in cls.REQUIRES.values():
        importlib.import_module(module)
    for secret in ("password", "passphrase"):
        if settings.get(f"ask_{secret}") and not settings.get(secret):
            raise RemoteError(
                "credentials",
                f"the remote '{name}' asks for a {secret} (ask_{secret}), which no hook can type",
                f"trinity-guard remote credentials {name} --set {secret}",
            )
    return cls, settings, base


def _open(opened: tuple[Any, dict[str, Any], str]) -> query.RemoteStore:
    cls, options, base = opened
    store = query.RemoteStore(cls(**options), base, cls.protocol)
    client = store.fs.fs
    if store.scheme == "azure":
        # Its own four tries wait 15 s and more between them.
        policy: Any = getattr(getattr(client.service_client, "_config", None), "retry_policy", None)
        if hasattr(policy, "total_retries"):
            policy.total_retries, policy.connect_retries = 2, 1
            policy.initial_backoff, policy.increment_base = 1, 1
    if store.scheme == "gs":
        _give_up_on_refusal()
    return store


def _give_up_on_refusal() -> None:
    """Have gcsfs try a server that refuses connections once, not six times in half a minute (nor 36 in some calls)."""
    from aiohttp import ClientConnectorError
    from gcsfs import retry

    plain: Any = getattr(retry, "is_retriable", None)
    if plain:
        retry.is_retriable = lambda error: not isinstance(error, ClientConnectorError) and plain(error)


def _serve(store: query.RemoteStore, request: dict[str, Any], heartbeat: Heartbeat, name: str, url: str) -> None:
    if request["do"] == "sizes":
        query.sizes(store, request["md5s"], heartbeat.news)
    elif request["do"] == "probe":
        _probe(store, name, url)
    else:
        cache = odb.Store(os.fsencode(request["cache"]), request["shared"])
        items = [(md5, size) for md5, size in request["items"]]
        move = Upload if request["do"] == "send" else Download
        move(store, cache, heartbeat, name, url).run(items)


def _probe(store: query.RemoteStore, name: str, url: str) -> None:
    """Write, read back, compare and delete an object of our own."""
    data = os.urandom(64)
    path = store.join("trinity-guard-probe-" + os.urandom(8).hex())
    client = store.fs.fs

    def write() -> None:
        if not store.is_object_store and store.scheme not in ("http", "https"):
            store.fs.makedirs(store.fs.parent(path), exist_ok=True)
        if store.scheme in ("http", "https"):
            import tempfile

            with tempfile.NamedTemporaryFile() as file:
                file.write(data)
                file.flush()
                client.put_file(file.name, path)
        else:
            client.pipe_file(path, data)

    def read() -> None:
        if client.cat_file(path) != data:
            raise RemoteError("read", f"the remote '{name}' ({url}) gave back other bytes than were written")

    steps: list[tuple[str, Callable[[], Any]]] = [
        ("bucket", lambda: query.check_base(store)),
        ("write", write),
        ("read", read),
    ]
    if store.scheme not in ("http", "https"):  # DVC's has no way to delete
        steps.append(("delete", lambda: client.rm_file(path)))
    for doing, step in steps:
        try:
            step()
        except RemoteError:
            raise
        except Exception as error:
            raise failures.error_of(error, name, url, doing) from error
