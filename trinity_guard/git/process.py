"""Start a process and talk to it; nothing else in the package does.

With posix_spawn: `import subprocess` alone costs more than a bare interpreter. Names and output are bytes.
"""

from __future__ import annotations

import os
import select

from trinity_guard.errors import UNUSABLE, GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Arg = str | bytes
CHUNK = 1 << 16

# In place of a file of grafts: of one that it can open, be it empty, Git says that it is deprecated.
NO_FILE = f"{os.devnull}/none"

# Variables that bind Git to one repository; they must not leak into a Git that works on another one
# (`git -C other` inside a hook under `git commit -a` wrote into our index).
LOCAL_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)


def hear_of_children() -> None:
    """Have the system tell how our children ended, where whoever started us left it told not to (SIGCHLD ignored)."""
    signal = __import__("_signal")  # to load what stands on it takes as long as all else that a hook does
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


class Result:
    """What a finished process left: exit code, standard output, standard error."""

    __slots__ = ("code", "err", "out")

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        self.code = code
        self.out = out
        self.err = err


class Process:
    """A running process with pipes on stdin and stdout (and stderr, when asked for)."""

    __slots__ = ("argv", "pid", "stderr", "stdin", "stdout")

    def __init__(
        self,
        argv: Sequence[Arg],
        env: Mapping[str, str] | None = None,
        with_stderr: bool = False,
        own_session: bool = False,
    ) -> None:
        self.argv = [os.fsencode(a) for a in argv]
        child_in, self.stdin = os.pipe()
        self.stdout, child_out = os.pipe()
        dup = [(os.POSIX_SPAWN_DUP2, child_in, 0), (os.POSIX_SPAWN_DUP2, child_out, 1)]
        child_err = -1
        self.stderr = -1
        if with_stderr:
            self.stderr, child_err = os.pipe()
            dup.append((os.POSIX_SPAWN_DUP2, child_err, 2))
        try:
            # SIGPIPE is ignored by Python and would stay so in the child.
            self.pid = os.posix_spawnp(
                self.argv[0], self.argv, env or os.environ, file_actions=dup, setsigdef=[13], setsid=own_session
            )
        except BaseException as error:
            self._close_all()
            if not isinstance(error, FileNotFoundError):
                raise
            raise GuardError(
                problem=f"{shown(self.argv[0])} is not to be found on the PATH.",
                remedy="install it, or put its folder on the PATH",
                exit_code=UNUSABLE,
            ) from None
        finally:
            for fd in (child_in, child_out, child_err):
                if fd >= 0:
                    os.close(fd)

    def wait(self) -> int:
        """Close the pipes and return the exit code (negative: the signal that ended it)."""
        self._close_all()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill_group(self) -> None:
        """Kill the process and all that it started; for one with a session of its own."""
        try:
            os.killpg(self.pid, 9)
        except ProcessLookupError:
            return  # ended by itself

    def _close_all(self) -> None:
        for name in ("stdin", "stdout", "stderr"):
            self.close(name)

    def close(self, name: str) -> None:
        fd: int = getattr(self, name)
        if fd >= 0:
            os.close(fd)
            setattr(self, name, -1)


def spawn(argv: Sequence[Arg], data: bytes = b"", env: Mapping[str, str] | None = None) -> Result:
    """Run a program to its end with `data` on its standard input, and return all that it printed."""
    p = Process(argv, env, with_stderr=True)
    try:
        out, err = talk(p, data)
    except BaseException:
        os.kill(p.pid, 15)
        p.wait()
        raise
    return Result(p.wait(), out, err)


def talk(p: Process, data: bytes) -> tuple[bytes, bytes]:
    chunks: dict[int, list[bytes]] = {p.stdout: [], p.stderr: []}
    reading = [p.stdout, p.stderr]
    out, err = p.stdout, p.stderr
    view = memoryview(data)
    if not view:
        p.close("stdin")
    else:
        os.set_blocking(p.stdin, False)
    while reading:
        ready, writable, _ = select.select(reading, [p.stdin] if p.stdin >= 0 else [], [])
        for fd in ready:
            chunk = os.read(fd, CHUNK)
            if chunk:
                chunks[fd].append(chunk)
            else:
                reading.remove(fd)
        if writable:
            view = _feed(p, view)
    return b"".join(chunks[out]), b"".join(chunks[err])


def _feed(p: Process, view: memoryview) -> memoryview:
    try:
        view = view[os.write(p.stdin, view) :]
    except BlockingIOError:
        return view  # filled by now
    except BrokenPipeError:
        view = view[:0]
    if not view:
        p.close("stdin")
    return view


def detach(argv: Sequence[str], log: bytes, env: Mapping[str, str]) -> None:
    """Start a program in a session of its own that outlives us; what it prints is appended to the file `log`."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666),
        (os.POSIX_SPAWN_DUP2, 1, 2),
        *((os.POSIX_SPAWN_CLOSE, fd) for fd in _handed_down()),
    ]
    try:
        os.posix_spawn(argv[0], list(argv), env, file_actions=actions, setsid=True, setsigdef=[13])
    except OSError as error:
        words = f"{shown(os.fsencode(argv[0]))} could not be started in the background: {error.strerror}."
        raise GuardError(problem=words, remedy="trinity-guard push --pending") from None


def _handed_down() -> list[int]:
    """Return the descriptors that a child would inherit, but for the first three: a Git hands its hooks the pipes of
    its filter processes, and waits at its end until nobody has them any more."""
    try:
        fds = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return []
    return [fd for fd in fds if fd > 2 and _inheritable(fd)]


def _inheritable(fd: int) -> bool:
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False  # it was the folder's own


def other_repository() -> dict[str, str]:
    """Return the environment for a Git that works on another repository than the one whose hook runs."""
    return {
        k: v
        for k, v in os.environ.items()
        if k not in LOCAL_VARIABLES and not k.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
    }


def succeed(argv: Sequence[Arg], env: Mapping[str, str] | None = None) -> bytes:
    """Run another program (pre-commit, a kept hook) and return its output; GuardError when it fails."""
    result = spawn(argv, env=env)
    if result.code:
        words = (result.err or result.out).decode("utf-8", "replace").strip()
        raise GuardError(problem=f"`{' '.join(shown(os.fsencode(a)) for a in argv)}` failed: {words}")
    return result.out
