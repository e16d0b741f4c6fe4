"""Tracking servers: what an address gives away, whether the one that is named answers, and one started for a store."""

from __future__ import annotations

import errno
import os
import select
import shlex
import signal
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from http.client import BadStatusLine, HTTPConnection, HTTPException, InvalidURL, RemoteDisconnected
from netrc import NetrcParseError, netrc
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPSHandler, Request, build_opener

from trinity_guard import git, python_module
from trinity_guard.dvcrepo import urls
from trinity_guard.errors import UNUSABLE, GuardError

# Seconds that a server has to say that it is there; MLflow itself would try for minutes.
TIMEOUT = 4.0
# What MLflow itself asks first, and a server with logins shows to nobody without one.
EXPERIMENTS = "/api/2.0/mlflow/experiments/search?max_results=1"
LOCAL = ("localhost", "127.0.0.1", "::1", "[::1]")
# A browser that a foreign page turns against this machine names that page's host.
ALLOWED = "localhost:*,127.0.0.1:*"
STOP_TIMEOUT = 5.0
USERNAME, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"


def shown_uri(uri: str) -> str:
    """Return a tracking address for a message, a tag or a record: nobody in it, no password, no signature."""
    before, _, after = _parted(urls.without_secret(uri))
    return before + after


def without_password(uri: str) -> tuple[str, dict[str, str]]:
    """Return an address without user and password, and the variables that tell MLflow both.

    What MLflow is not given, none of its messages, tags and artifact addresses can repeat. A user without a password
    stays (a token, perhaps, for which MLflow has no such variable).
    """
    named, password = urls.password_of(uri)
    before, name, after = _parted(named)
    if not password:
        return uri, {}
    return before + after, {USERNAME: unquote(name), PASSWORD: password}


def _parted(uri: str) -> tuple[str, str, str]:
    """Return what stands before the user of an address, the user, and what stands behind."""
    scheme, mark, rest = uri.partition("://")
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    user, _, host = rest[:end].rpartition("@")
    return scheme + mark, user, host + rest[end:]


# --- probing -----------------------------------------------------------------------------------------------------


def check_server(uri: str, who: Mapping[str, str]) -> GuardError | None:
    """Return why a server is as good as none, None when it answers; raises a refusal, which is an answer too.

    Takes TIMEOUT seconds at most, whatever it does. uri: without a password; who: the variables of `without_password`.
    """
    answer: list[int | str] = []
    # In a thread: neither a name server that is silent nor a byte every four seconds knows of a time limit.
    asking = threading.Thread(target=lambda: answer.append(_status(uri, who)), daemon=True)
    asking.start()
    asking.join(TIMEOUT)
    said = answer[0] if answer else f"no answer within {TIMEOUT:.0f} seconds"
    if isinstance(said, str):
        return GuardError(
            f"the MLflow server {shown_uri(uri)} of MLFLOW_TRACKING_URI does not answer: {said}.",
            start_remedy(uri),
            UNUSABLE,
        )
    if said in (401, 403) and not _login_is_mlflows():
        raise refusal(uri, said)
    return None


def _status(uri: str, who: Mapping[str, str]) -> int | str:
    """Return the HTTP status of a server, or what kept it from answering, in a few words.

    /health answers to everybody, also where all else wants a login: of that, a look at the experiments tells.
    """
    try:
        if not urlsplit(uri).hostname or urlsplit(uri).port == 0:
            raise InvalidURL(uri)
        status = _asked(uri, "/health", who)
        if status < 400:
            found = _asked(uri, EXPERIMENTS, who)
            status = found if found in (401, 403) else status
    except (OSError, HTTPException, ValueError, OverflowError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        return _why(reason if isinstance(reason, BaseException) else error)
    return status if status < 500 else f"HTTP status {status}"


def _asked(uri: str, path: str, who: Mapping[str, str]) -> int:
    """Return the status with which a server answers to a question."""
    request = Request(uri.rstrip("/") + path)  # noqa: S310  # http or https, as `store` found
    login = _login(uri, who)
    if login:
        request.add_unredirected_header("Authorization", login)
    try:
        with build_opener(HTTPSHandler(context=_certificates())).open(request, timeout=TIMEOUT - 1) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code


def _login(uri: str, who: Mapping[str, str]) -> str:
    """Return what tells a server who asks, as MLflow does: its variables and file, or ~/.netrc; "" where nothing is
    known."""
    filed = _credentials()
    name, password = (who.get(n) or os.environ.get(n) or filed.get(n.lower()) for n in (USERNAME, PASSWORD))
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if not (name and password):
        if token:
            return f"Bearer {token}"
        try:
            known = netrc(os.environ.get("NETRC")).authenticators(urlsplit(uri).hostname or "")
        except (OSError, NetrcParseError):
            known = None
        name, _, password = known or ("", "", "")
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode() if name and password else ""


def _credentials() -> Mapping[str, str]:
    """Return what MLflow's file says of who asks."""
    file = ConfigParser()
    try:
        file.read(os.path.expanduser("~/.mlflow/credentials"))
        return dict(file["mlflow"]) if "mlflow" in file else {}
    except (OSError, UnicodeError, ConfigError):
        return {}


def _login_is_mlflows() -> bool:
    """Whether MLflow has been told of a way to log in that only it can take: a plug-in's, or Amazon's signature."""
    signed = os.environ.get("MLFLOW_TRACKING_AWS_SIGV4", "").lower() in ("true", "1")
    return signed or bool(os.environ.get("MLFLOW_TRACKING_AUTH"))


def _certificates() -> ssl.SSLContext:
    context = ssl.create_default_context()
    # As MLflow's own client: its variable, and those of the library that it asks with.
    for name in ("MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if path := os.environ.get(name):
            context.load_verify_locations(**{"capath" if os.path.isdir(path) else "cafile": path})
            break
    if client := os.environ.get("MLFLOW_TRACKING_CLIENT_CERT_PATH"):
        context.load_cert_chain(client)
    if os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("true", "1"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _why(error: BaseException) -> str:
    """Return in a few words why there was no answer."""
    known: list[tuple[type[BaseException], str]] = [
        (ssl.SSLError, "its certificate is not trusted (MLFLOW_TRACKING_SERVER_CERT_PATH names one that is)"),
        (TimeoutError, f"no answer within {TIMEOUT - 1:.0f} seconds"),
        (ConnectionRefusedError, "connection refused"),
        (socket.gaierror, "there is no host of this name"),
        (RemoteDisconnected, "it closed the connection without a word"),
        (ConnectionResetError, "it closed the connection"),
        (BadStatusLine, "it speaks no HTTP"),
        (FileNotFoundError, "there is no certificate where MLFLOW_TRACKING_SERVER_CERT_PATH or the like names one"),
    ]
    said = next((text for kind, text in known if isinstance(error, kind)), "")
    if not said and isinstance(error, OSError):
        unreachable = error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH)
        said = "the network does not reach it" if unreachable else "no connection"
    return said or f"{type(error).__name__}, is the address right?"


def refusal(uri: str, status: int) -> GuardError:
    """Return the error for a server that knows us not (401), or serves neither us nor this name of its own (403)."""
    where = f"the MLflow server {shown_uri(uri)}"
    if status == 401:
        return GuardError(
            f"{where} wants to know who asks (401), and does not know whom it was told.",
            "export MLFLOW_TRACKING_USERNAME=NAME MLFLOW_TRACKING_PASSWORD=…     # or MLFLOW_TRACKING_TOKEN=…",
            UNUSABLE,
        )
    host = _host(uri)
    return GuardError(
        f"{where} refuses (403): you may not do this there, or it was not started for the name {host}.",
        f"mlflow server … --allowed-hosts '{host}:*,{ALLOWED}'     # how it must have been started",
        UNUSABLE,
    )


def start_remedy(uri: str) -> str:
    """Return the command that starts the server which should be there, and the way without one."""
    try:
        port = urlsplit(uri).port or 5000
    except ValueError:
        port = 5000
    here = _host(uri) in LOCAL
    first = spelled(command(port)) if here else f"curl {shown_uri(uri).rstrip('/')}/health     # says OK when it is up"
    return f"{first}\nunset MLFLOW_TRACKING_URI     # logs to mlflow.db in the project's folder instead"


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or "the server's"
    except ValueError:
        return "the server's"


# --- a server of our own -----------------------------------------------------------------------------------------


def command(port: int, store: str = "sqlite:///mlflow.db", artifacts: str = "./mlartifacts") -> list[str]:
    """Return the command that serves a store to this machine alone; to be run in the project's folder."""
    return [
        "mlflow", "server", *(["--backend-store-uri", store] if store else []),
        "--artifacts-destination", artifacts, "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--allowed-hosts", ALLOWED,
    ]  # fmt: skip


def spelled(argv: Sequence[str]) -> str:
    """Return a command as a shell takes it."""
    return shlex.join(argv)


def require_port(port: int) -> None:
    """Refuse a port that is taken, and name the next one that is not."""
    if _free(port):
        return
    others = (p for p in range(port + 1, min(port + 100, 65536)) if _free(p))
    raise GuardError(
        f"port {port} of 127.0.0.1 is taken, by another MLflow perhaps.",
        f"trinity ui --port {next(others, 0) or 'N'}",
        UNUSABLE,
    )


def _free(port: int) -> bool:
    with socket.socket() as asking:
        # As the server itself will: a port on which connections are only dying away is free.
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asking.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def serve(argv: Sequence[str], folder: str, env: Mapping[str, str], port: int, on_ready: Callable[[], None]) -> None:
    """Run a server in a folder until Ctrl-C (or SIGTERM, or the terminal's end); nothing of it is left behind.

    argv: as `command` returns it. on_ready is called once it answers. GuardError with its last words if it ends by
    itself.
    """
    os.chdir(folder)
    before = {s: signal.signal(s, _interrupt) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    # -P, and the variable for what it starts in turn: the folder's files are no Python modules of MLflow's.
    process = git.Process(
        [*python_module(argv[0]), *argv[1:]], {**env, "PYTHONSAFEPATH": "1"}, with_stderr=True, own_session=True
    )
    try:
        process.close("stdin")
        words = _watch(process, port, on_ready)
    except KeyboardInterrupt:
        return
    finally:
        _end(process)
        for number, handler in before.items():
            signal.signal(number, handler)
    raise GuardError(f"the MLflow server has ended: {words or 'without a word'}", spelled(argv), UNUSABLE)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _watch(process: git.Process, port: int, on_ready: Callable[[], None]) -> str:
    """Read what a server prints until it ends, and return the last of it."""
    ready, last = False, b""
    streams = [process.stdout, process.stderr]
    while streams:
        for fd in select.select(streams, [], [], None if ready else 0.2)[0]:
            piece = os.read(fd, git.CHUNK)
            last = (last + piece)[-4000:]
            if not piece:
                streams.remove(fd)
        if not ready and _answers(port):
            ready = True
            on_ready()
    lines = last.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def _answers(port: int) -> bool:
    asking = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        asking.request("GET", "/health")
        return asking.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()


def _end(process: git.Process) -> None:
    """End a server and all that it started, gently first. A second Ctrl-C finds nothing to interrupt."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        os.killpg(process.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it has ended by itself; nothing of its group is left either
    deadline = time.monotonic() + STOP_TIMEOUT
    while time.monotonic() < deadline and not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0.05)
    # Its workers too, which may outlive it; the leader is not reaped yet, so the number is still its own.
    process.kill_group()
    process.wait()
