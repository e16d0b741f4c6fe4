"""Start `python -m dvc` and `python -m trinity_guard` by a fork of a Python that has imported what they need.

Half a second of each `dvc`, and four of each training, is importing libraries: more than all else that the tests do.
So does the process that talks to a remote, with the libraries of all kinds of them.
What starts so is a process of its own all the same, with its own arguments, environment, folder and streams. What a new
interpreter alone shows (where it looks for modules, what it imports when) is for `support.run(..., fresh=True)`, and
for the hooks, which Git starts.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import random
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

from tests.helpers import stores
from trinity_guard import LIBRARY, git, start_line
from trinity_guard.commands import COMMANDS
from trinity_guard.git import process

# What is started so, from which server, and what that has imported.
SERVERS = {
    "dvc": "dvc", "pre_commit": "dvc", "trinity_guard": "dvc", "tests.helpers.killed": "dvc",
    "tests.helpers.put": "remotes", "gto.cli": "training",
}  # fmt: skip
TRAINERS = frozenset({"train", "evaluate", "predict", "release", "lineage", "data", "ui"})
DVC = (
    "configobj", "dulwich.client", "dvc.cachemgr", "dvc.cli.parser", "dvc.commands.data_sync", "dvc.dependency",
    "dvc.output", "dvc.repo", "dvc.repo.init", "dvc.repo.status", "dvc.stage.cache", "dvc_data.hashfile.state",
    "fsspec.asyn", "git", "pathspec", "pre_commit.main", "ruamel.yaml", "shtab", "sqlite3", "tqdm",
)  # fmt: skip
TRAINING = (
    "gto.cli", "h5py", "joblib", "matplotlib.figure", "mlflow", "mlflow.sklearn", "mlflow.tracking", "mlflow.models",
    "mlflow.store.tracking.sqlalchemy_store", "pandas", "sklearn.ensemble", "sklearn.model_selection", "PIL.Image",
)  # fmt: skip
WORKER = "trinity_guard.remotes.worker"
REMOTES = (
    "dvc.fs", "dvc_azure", "dvc_gs", "dvc_http", "dvc_s3", "dvc_ssh", "dvc_webdav", "adlfs", "aiohttp_retry", "gcsfs",
    "s3fs", "sshfs", "webdav4.fsspec", WORKER,
)  # fmt: skip

PROJECT = Path(__file__).resolve().parents[2]
START_LINE = (
    "import sys; sys.path.append(sys.argv.pop(1)); from tests.helpers.forkserver import main; sys.path.pop(); main()"
)
SPAWN = process.spawn

# Whatever a test sets later, a server starts with these; what an interpreter reads but once must be the same for all.
START = {
    **{n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"},
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
}


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    # The first of the two that are left out is done as it says, the second is what this locale brings.
    asked = {n: v for n, v in env.items() if n not in ("PYTHONSAFEPATH", "PYTHONUTF8")}
    return {n: v for n, v in asked.items() if n.startswith("PYTHON") or n in ("LC_ALL", "NO_COLOR")}


def _as_clients_began(env: Mapping[str, str]) -> bool:
    """Whether an environment says nothing else of what the libraries of remotes read when they are imported."""
    read = {n: v for n, v in env.items() if n.startswith(("CURL_", "GCSFS_", "LC_ALL", "REQUESTS_", "SSL_"))}
    return {**START, **read} == START


def _program(argv: Sequence[str]) -> list[str]:
    """Return the module that `python [-P] -m` runs, and its arguments; nothing for any other command."""
    words = [*argv[:1], *argv[2:]] if argv[1:2] == ["-P"] else [*argv]
    return words[2:] if words[:2] == [sys.executable, "-m"] and words[2:3] and words[2] in SERVERS else []


def server_for(argv: Sequence[str], env: Mapping[str, str]) -> str:
    """Return the server that can start this program; "" for a program that only a new interpreter is right for."""
    program = _program(argv)
    if not program or _read_at_start(env) != _read_at_start(START):
        return ""
    if SERVERS[program[0]] == "remotes" and not _as_clients_began(env):
        return ""
    trains = program[0] == "trinity_guard" and not TRAINERS.isdisjoint(program[1:2]) and "--help" not in argv
    return "training" if trains else SERVERS[program[0]]


def run(
    server: str, argv: Sequence[str], cwd: str, env: Mapping[str, str], data: bytes, timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end, as subprocess.run does with capture_output."""
    here = [] if argv[1] == "-P" or env.get("PYTHONSAFEPATH") else [str(Path(cwd).resolve())]
    with (
        _request(_program(argv), here, cwd, env) as asked,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        stdin, feed = os.pipe()
        code = _started(server, [asked.fileno(), stdin, out.fileno(), err.fileno()], feed, data, timeout)
        if code is None:
            raise subprocess.TimeoutExpired(list(argv), timeout)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(list(argv), code, out.read(), err.read())


def _request(argv: Sequence[str], path: list[str], cwd: str, env: Mapping[str, str]) -> IO[bytes]:
    """Return the file that tells a server what to be, open."""
    umask = os.umask(0o22)
    os.umask(umask)
    asked = tempfile.TemporaryFile()
    asked.write(json.dumps({"argv": argv, "path": path, "cwd": cwd, "env": dict(env), "umask": umask}).encode())
    asked.flush()
    return asked


def _started(server: str, files: list[int], feed: int, data: bytes, timeout: float) -> int | None:
    """Have a program started on these files, feed it, and return its exit code; None when it took too long."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            socket.send_fds(_server(server), [b"x"], [*files, theirs.fileno()])
        os.close(files[1])
        feeder = threading.Thread(target=_feed, args=(feed, data))
        feeder.start()
        with ours.makefile("rb") as answers:
            ours.settimeout(timeout)
            pid = int(answers.readline())
            try:
                code = int(answers.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                return None
            finally:
                feeder.join()
        return code


def _feed(fd: int, data: bytes) -> None:
    with open(fd, "wb", buffering=0) as pipe:
        view = memoryview(data)
        try:
            while view:
                view = view[pipe.write(view) :]
        except BrokenPipeError:
            return  # it does not read


@functools.cache
def _server(name: str) -> socket.socket:
    """Return the socket of a server, which ends when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        # What it starts may ask a remote, and so has the server of these, too.
        fds = [theirs.fileno(), *([] if name == "remotes" else [_remotes().fileno()])]
        argv = [sys.executable, "-P", "-c", START_LINE, str(PROJECT), name, *map(str, fds)]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=fds, env=START)

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _remotes() -> socket.socket:
    """Return the socket of the server of those who talk to remotes: the one that was handed down, or one's own."""
    return _handed_down[0] if _handed_down else _server("remotes")


_handed_down: list[socket.socket] = []
ASK = [sys.executable, "-I", "-c", start_line(WORKER), LIBRARY]


class Process(process.Process):
    """In place of trinity_guard.git.process.Process: the one that talks to a remote from its server, others as ever."""

    __slots__ = ("_answers",)

    def __init__(
        self,
        argv: Sequence[str | bytes],
        env: Mapping[str, str] | None = None,
        with_stderr: bool = False,
        own_session: bool = False,
    ) -> None:
        environment = os.environ if env is None else env
        self._answers: IO[bytes] | None = None
        if [*argv] == ASK and _as_clients_began(environment):
            assert with_stderr
            assert own_session
            self.argv = [os.fsencode(a) for a in argv]
            self._fork(environment)
        else:
            super().__init__(argv, env, with_stderr, own_session)

    def _fork(self, env: Mapping[str, str]) -> None:
        theirs_in, self.stdin = os.pipe()
        self.stdout, theirs_out = os.pipe()
        self.stderr, theirs_err = os.pipe()
        ours, theirs = socket.socketpair()
        with ours, theirs, _request([WORKER], [], ".", env) as asked:
            given = [theirs_in, theirs_out, theirs_err]
            socket.send_fds(_remotes(), [b"x"], [asked.fileno(), *given, theirs.fileno()])
            for fd in given:
                os.close(fd)
            self._answers = ours.makefile("rb")
        self.pid = int(self._answers.readline())

    def wait(self) -> int:
        if self._answers is None:
            return super().wait()
        self._close_all()
        with self._answers:
            return int(self._answers.readline())


# ---- in place of trinity_guard.git.process.spawn, where commands of ours are called in a process that goes on


def spawn(argv: Sequence[str | bytes], data: bytes = b"", env: Mapping[str, str] | None = None) -> process.Result:
    """Run a program to its end: DVC from its server, all others as ever."""
    words = [os.fsdecode(word) for word in argv]
    environment = os.environ if env is None else env
    server = server_for(words, environment)
    if not server:
        return SPAWN(argv, data, env)
    done = run(server, words, ".", environment, data, 240)
    return process.Result(done.returncode, done.stdout, done.stderr)


# ---- the server


def serve(channel: socket.socket, remotes: bool) -> None:
    """Fork a process for each request; its exit code goes to the request's own socket."""
    answers: dict[int, socket.socket] = {}
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    selector.register(channel, selectors.EVENT_READ)
    selector.register(awake, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj == awake:
                os.read(awake, 4096)
                _reap(answers)
                continue
            message, files, _, _ = socket.recv_fds(channel, 16, 5)
            if not message:
                return
            _load(REMOTES if remotes else ())
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _become(files)
            answer = socket.socket(fileno=files.pop())
            answers[pid] = answer
            answer.sendall(b"%d\n" % pid)
            for fd in files:
                os.close(fd)


def _reap(answers: dict[int, socket.socket]) -> None:
    while answers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with answers.pop(pid) as answer:
            try:
                answer.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
            except BrokenPipeError:
                continue  # nobody waits any longer


def _become(files: list[int]) -> NoReturn:
    """Be the program that is asked for, in this process."""
    code = 1
    try:
        with open(files[0], "rb", closefd=False) as file:
            file.seek(0)
            request = json.load(file)
        if request["argv"] == [WORKER]:
            os.setsid()
        os.umask(request["umask"])
        os.chdir(request["cwd"])
        sys.path[:0] = request["path"]
        code = _ran(request["argv"], request["env"], files[1:4])
    except BaseException:  # noqa: BLE001  # whatever it is, this process ends here
        traceback.print_exc()
    os._exit(code)


def _ran(argv: list[str], env: Mapping[str, str], streams: list[int]) -> int:
    for fd, there in enumerate(streams):
        os.dup2(there, fd)
    kept = _handed_down[0].fileno() if _handed_down else 3
    os.closerange(3, kept)
    os.closerange(kept + bool(_handed_down), max(streams) + 64)
    _open_streams()
    os.environ.clear()
    os.environ.update(env)
    sys.argv = argv
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    return _ended(argv[0])


def _open_streams() -> None:
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        new = open(fd, "r" if fd == 0 else "w", encoding=old.encoding, errors=old.errors, closefd=False)
        if fd == 2:
            new.reconfigure(line_buffering=True)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)
    colors = sys.modules.get("colorama")
    if colors is not None and colors.initialise.orig_stdout is not None:
        colors.init()  # DVC has it done when it is imported: what is no terminal gets no colours


def _ended(module: str) -> int:
    """Run a module as a program and return its exit code, with all that an interpreter does before it ends."""
    code: object = 0
    try:
        if module == WORKER:
            sys.modules[WORKER].main()
        else:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as done:
        code = done.code or 0
    except BaseException:  # noqa: BLE001  # as an interpreter does
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = 120
    return code & 0xFF


def _spawn(argv: Sequence[str | bytes], data: bytes = b"", env: Mapping[str, str] | None = None) -> process.Result:
    """Run a program as git/process.py does, DVC by another fork: a command of ours may start it."""
    words = [os.fsdecode(word) for word in argv]
    program = _program(words)
    if not program:
        return SPAWN(argv, data, env)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(data)
        given.seek(0)
        pid = os.fork()
        if not pid:
            code = 1
            try:
                code = _ran(program, os.environ if env is None else env, [f.fileno() for f in (given, out, err)])
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        out.seek(0)
        err.seek(0)
        return process.Result(code, out.read(), err.read())


def _load(modules: Sequence[str]) -> None:
    if modules and modules[-1] in sys.modules:
        return
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


def main() -> None:
    name, fd, *remotes = sys.argv[1:]
    process.spawn = _spawn
    git.Process = Process  # type: ignore[misc]
    _handed_down.extend(socket.socket(fileno=int(other)) for other in remotes)
    for other in _handed_down:
        other.set_inheritable(False)
    if name != "remotes":  # it loads them when it is first asked: few tests ask
        _load((*DVC, *(TRAINING if name == "training" else ()), *(f"trinity_guard.commands.{c}" for c in COMMANDS)))
    if name == "training":
        utils = sys.modules[stores.MODULE]
        setattr(utils, stores.NAME, stores.copied(getattr(utils, stores.NAME)))
        gc.freeze()
    with socket.socket(fileno=int(fd)) as channel:
        serve(channel, name == "remotes")
