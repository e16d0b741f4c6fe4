"""Which step of the way to a remote fails, and the command that mends it."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import installation, safe_paths, urls
from trinity_guard.errors import shown
from trinity_guard.remotes import connect, endpoints
from trinity_guard.remotes.base import PACKAGES, seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from trinity_guard.dvcrepo.project import Project, RemoteConfig
    from trinity_guard.remotes.base import RemoteError
    from trinity_guard.remotes.endpoints import Endpoint

OK, FAILED, NONE = "ok", "FAILED", "-"
STEPS = ("plug-in", "name", "connect", "TLS", "credentials", "bucket", "write", "read", "delete")
# What the probe goes through, in its order.
_PROBED = ("credentials", "bucket", "write", "read", "delete")
_NAMES = {"plugin": "plug-in", "tls": "TLS"}
SECONDS = 5.0


class Step:
    """One step: its name, state (ok, FAILED, - for none of its kind or not reached), a reason and a remedy."""

    __slots__ = ("name", "reason", "remedy", "state")

    def __init__(self, name: str, state: str, reason: str = "", remedy: str = "") -> None:
        self.name = name
        self.state = state
        self.reason = reason
        self.remedy = remedy


def check(project: Project, remote: RemoteConfig) -> Iterator[Step]:
    """Go the way to a remote, one step after the other; what comes after a failure is not tried."""
    for step in _all(project, remote):
        yield step
        if step.state == FAILED:
            reached = step.name if step.name in STEPS else "TLS"
            yield from (Step(name, NONE) for name in STEPS[STEPS.index(reached) + 1 :])
            return


def _all(project: Project, remote: RemoteConfig) -> Iterator[Step]:
    if remote.local is not None:
        yield from (Step(name, NONE) for name in STEPS[:5])
    else:
        yield plugin(remote)
        yield from _network(remote)
    yield from _round_trip(project, remote)


def plugin(remote: RemoteConfig) -> Step:
    """Say whether DVC can speak this kind of remote; nothing is installed."""
    import importlib.util

    package = PACKAGES.get(safe_paths.scheme(remote.url))
    if remote.local is not None or package is None or importlib.util.find_spec(package.replace("-", "_")):
        return Step("plug-in", OK if package else NONE, package or "")
    return Step(
        "plug-in", FAILED, f"{package} is not installed where the hooks' Python lives", installation.line(package)
    )


# --- name, connect, TLS: by the standard library alone


def _network(remote: RemoteConfig) -> Iterator[Step]:
    end = endpoints.of(remote)
    if end is None:
        yield from (Step(name, NONE, "its host cannot be told from its settings") for name in STEPS[1:4])
        return
    where = f"{end.host}:{end.port}" + (f", {end.through}" if end.through else "")
    if end.through.startswith("the jump"):
        yield from (Step(name, NONE, where) for name in STEPS[1:4])
        return
    named = _resolved(end, remote)
    yield named
    if named.state != OK:
        return
    try:
        connection = _connected(end)
    except OSError as error:
        words = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or "no answer"
        yield Step("connect", FAILED, f"{where}: {words}", _remedy(remote, "connect"))
        return
    with connection:
        yield Step("connect", OK, where)
        yield _tls(end, connection, remote)


def _resolved(end: Endpoint, remote: RemoteConfig) -> Step:
    """The resolver takes no time limit, so it is asked beside."""
    import socket
    import threading

    answer: list[str] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(end.host, end.port, type=socket.SOCK_STREAM)
            answer.append(str(found[0][4][0]))
        except (OSError, UnicodeError):
            answer.append("")

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds(SECONDS))
    if answer and answer[0]:
        return Step("name", OK, end.host if answer[0] == end.host else f"{end.host} is {answer[0]}")
    what = "is known to no name server" if answer else "could not be looked up in time"
    return Step("name", FAILED, f"the host '{_plain(end.host)}' {what}", _remedy(remote, "name"))


def _connected(end: Endpoint) -> socket.socket:
    import socket

    return socket.create_connection((end.host, end.port), timeout=seconds(SECONDS))


def _tls(end: Endpoint, connection: socket.socket, remote: RemoteConfig) -> Step:
    import ssl

    if not end.tls:
        return Step("TLS", NONE, "behind a proxy" if end.through else "")
    try:
        context = ssl.create_default_context(cafile=end.verify if end.verify not in ("", "yes") else None)
        if not end.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(connection, server_hostname=end.host) as secure:
            version = secure.version() or ""
    except ssl.SSLCertVerificationError as error:
        return Step("TLS", FAILED, f"its certificate is not accepted: {error.verify_message}", _remedy(remote, "TLS"))
    except TimeoutError:
        return Step("TLS", FAILED, "the server is silent", _remedy(remote, "connect"))
    except (ssl.SSLError, OSError) as error:
        words = str(getattr(error, "reason", None) or error.strerror or "the connection was closed")
        words = words.replace("_", " ").lower()
        # What OpenSSL says of an answer in plain text; no certificate would help.
        if words in ("wrong version number", "packet length too long", "http request", "record layer failure"):
            return Step("TLS", FAILED, f"the server does not speak it there ({words})", _remedy(remote, "plain"))
        return Step("TLS", FAILED, words, _remedy(remote, "TLS"))
    return Step("TLS", OK, f"{version}{'' if end.verify else ', and no certificate is checked (ssl_verify)'}")


# --- the rest: by DVC's own client, with an object of our own


def _round_trip(project: Project, remote: RemoteConfig) -> Iterator[Step]:
    room = ""
    try:
        with connect.connect(project, remote.name) as there:
            there.probe()
        if remote.local is not None:
            room = f"{_free(remote.local):.1f} GB free"
    except connect.RemoteError as error:
        yield from _until(error, remote)
        return
    for name in _PROBED[1 if remote.local is not None else 0 :]:
        yield Step(name, OK, room if name == "write" else "")


def _until(error: RemoteError, remote: RemoteConfig) -> Iterator[Step]:
    name = _NAMES.get(error.step, error.step)
    before = _PROBED[: _PROBED.index(name)] if name in _PROBED else ()
    yield from (Step(n, OK) for n in before if n != "credentials" or remote.local is None)
    label = name if name in STEPS else "round trip"
    yield Step(label, FAILED, _plain(error.problem), _remedy(remote, label) or error.remedy)


def _free(folder: bytes) -> float:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize / 1e9


def _remedy(remote: RemoteConfig, step: str) -> str:
    """Return the command that mends a step, as far as this kind of remote has one of its own."""
    kind, name = safe_paths.scheme(remote.url), remote.name
    option = "endpointurl" if remote.options.get("endpointurl") else "url"
    secret = {"s3": "secret_access_key", "azure": "connection_string"}.get(kind, "password")
    login = {
        "gs": "gcloud auth application-default login",
        "ssh": f"trinity-guard remote credentials {name} --set keyfile     # or load the key: ssh-add",
    }.get(kind, f"trinity-guard remote credentials {name} --set {secret}     # or the environment")
    bucket = urls.without_secret(remote.url).partition("://")[2].partition("/")[0]
    make = {"s3": f"aws s3 mb s3://{bucket}", "gs": f"gcloud storage buckets create gs://{bucket}"}
    return (
        {
            "name": f"dvc remote modify {name} {option} …     # is the host's name right?",
            "connect": f"dvc remote modify {name} {option} …     # is the server up, the port right?",
            "plain": f"dvc remote modify {name} {option} …     # without TLS (http://, webdav://), or at its own port",
            "TLS": f"dvc remote modify --local {name} ssl_verify FILE     # its authority's certificate",
            "credentials": login,
            "bucket": f"{make.get(kind, f'dvc remote modify {name} url …')}     # or correct its name",
            "write": f"trinity-guard remote credentials {name}     # says whose they are: may they write there?",
        }.get(step, "")
        if remote.local is None
        else ""
    )


def _plain(text: str) -> str:
    return shown(text.encode("utf-8", "surrogateescape"))
