"""The only code that starts a process for Git (GitPython, for work at leisure, is imported by installation alone).

The hot path starts processes with posix_spawn: `import subprocess` alone costs more than a bare interpreter.
Paths, names and output are bytes.
"""

from __future__ import annotations

import os
import select

from trinity_guard.errors import UNUSABLE, GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
        except FileNotFoundError:
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
        for name in ("stdin", "stdout", "stderr"):
            self.close(name)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill_group(self) -> None:
        """Kill the process and all that it started; for one with a session of its own."""
        try:
            os.killpg(self.pid, 9)
        except ProcessLookupError:
            return  # ended by itself

    def close(self, name: str) -> None:
        fd: int = getattr(self, name)
        if fd >= 0:
            os.close(fd)
            setattr(self, name, -1)


def spawn(argv: Sequence[Arg], data: bytes = b"", env: Mapping[str, str] | None = None) -> Result:
    """Run a program to its end with `data` on its standard input, and return all that it printed."""
    p = Process(argv, env, with_stderr=True)
    try:
        out, err = _talk(p, data)
    except BaseException:
        os.kill(p.pid, 15)
        p.wait()
        raise
    return Result(p.wait(), out, err)


def _talk(p: Process, data: bytes) -> tuple[bytes, bytes]:
    chunks: dict[int, list[bytes]] = {p.stdout: [], p.stderr: []}
    reading = [p.stdout, p.stderr]
    out, err = p.stdout, p.stderr
    view = memoryview(data)
    if not view:
        p.close("stdin")
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
        # select promises PIPE_BUF bytes without blocking, not more.
        view = view[os.write(p.stdin, view[: select.PIPE_BUF]) :]
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
    ]
    try:
        os.posix_spawn(argv[0], list(argv), env, file_actions=actions, setsid=True, setsigdef=[13])
    except OSError as error:
        words = f"{shown(os.fsencode(argv[0]))} could not be started in the background: {error.strerror}."
        raise GuardError(problem=words, remedy="trinity-guard push --pending") from None


def start(*args: Arg, env: Mapping[str, str] | None = None) -> Process:
    """Start a git that answers while we do something else; `finish` collects what it printed."""
    p = Process(["git", *args], env, with_stderr=True)
    p.close("stdin")
    return p


def stream(*args: Arg) -> Iterator[bytes]:
    """Yield a git's output in pieces; GuardError at the end when it failed."""
    p = Process(["git", *args])
    p.close("stdin")
    while piece := os.read(p.stdout, CHUNK):
        yield piece
    code = p.wait()
    if code:
        raise failure(args, Result(code, b"", b""))


def finish(p: Process) -> bytes:
    """Return the output of a started git; GuardError with its words when it failed."""
    out, err = _talk(p, b"")
    result = Result(p.wait(), out, err)
    if result.code:
        raise failure(p.argv[1:], result)
    return result.out


def attempt(*args: Arg, data: bytes = b"", env: Mapping[str, str] | None = None, at: bytes | None = None) -> Result:
    """Run git and return its result, whatever the exit code. `at` is the folder to run in (git -C)."""
    return spawn([*_git(at), *args], data, env)


def run(*args: Arg, data: bytes = b"", env: Mapping[str, str] | None = None, at: bytes | None = None) -> bytes:
    """Run git and return its standard output; GuardError with its words when it fails."""
    result = attempt(*args, data=data, env=env, at=at)
    if result.code:
        raise failure(args, result)
    return result.out


def _git(at: bytes | None) -> list[Arg]:
    return ["git", "-C", at] if at else ["git"]


def failure(args: Sequence[Arg], result: Result) -> GuardError:
    """Return the error for a git that failed: a guard that cannot look must block, with Git's own words."""
    words = result.err.decode("utf-8", "replace").strip() or f"exit code {result.code}"
    command = " ".join(shown(os.fsencode(a)) for a in args[:4])
    return GuardError(problem=f"`git {command}` failed: {words}")


def other_repository() -> dict[str, str]:
    """Return the environment for a Git that works on another repository than the one whose hook runs."""
    return {
        k: v
        for k, v in os.environ.items()
        if k not in LOCAL_VARIABLES and not k.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
    }


class Place:
    """Where we are: absolute `top` of the work tree (empty when bare), its `git_dir`, the shared `common_dir`."""

    __slots__ = ("bare", "common_dir", "git_dir", "top")

    def __init__(self, top: bytes, git_dir: bytes, common_dir: bytes) -> None:
        self.top = top
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.bare = not top

    @property
    def own(self) -> bytes:
        """Our folder under the git dir: queue, journal, records. Shared by linked worktrees."""
        return os.path.join(self.common_dir, b"trinity-guard")

    def file(self, *names: bytes) -> bytes:
        return os.path.join(self.top, *names)


def hook_place() -> Place:
    """Return the place of a running hook. Git starts hooks at the top, so the plain case needs no process."""
    here = os.getcwdb()
    dot_git = os.path.join(here, b".git")
    told = [n for n in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR") if n in os.environ]
    if told or not os.path.isdir(dot_git) or os.path.islink(dot_git) or not os.path.isfile(dot_git + b"/HEAD"):
        return place()
    return Place(here, dot_git, dot_git)


def place() -> Place:
    """Find the repository of the current folder; GuardError (exit 2) outside of one."""
    result = attempt("rev-parse", "--absolute-git-dir", "--git-common-dir", "--is-bare-repository")
    if result.code:
        words = result.err.decode("utf-8", "replace").strip()
        problem, _, advice = words.partition("\n")
        # Git itself names the command that trusts somebody else's folder.
        remedy = advice.rpartition("\n")[2].strip() if "safe.directory" in advice else "git init"
        raise GuardError(problem=problem or "not a Git repository.", remedy=remedy, exit_code=UNUSABLE)
    # No -z here: a folder's name may hold a newline, the last two lines may not be split off it blindly.
    lines = result.out.split(b"\n")
    bare = lines[-2] == b"true"
    if len(lines) == 4:
        git_dir, common = lines[0], lines[1]
    else:
        git_dir = run("rev-parse", "--absolute-git-dir")[:-1]
        common = run("rev-parse", "--git-common-dir")[:-1]
    top = b"" if bare else _top()
    return Place(top, git_dir, os.path.abspath(common))


def _top() -> bytes:
    # In a hook of Git's the current folder is the top, and there is nothing to ask.
    if "GIT_INDEX_FILE" in os.environ and os.path.lexists(b".git"):
        return os.getcwdb()
    result = attempt("rev-parse", "--show-toplevel")
    if result.code:
        words = result.err.decode("utf-8", "replace").strip()
        raise GuardError(problem=words, remedy="run it inside the work tree", exit_code=UNUSABLE)
    return result.out[:-1]


def require_work_tree(place: Place) -> None:
    if place.bare:
        raise GuardError("this is a bare repository: it has no work tree.", "run it in a clone", exit_code=UNUSABLE)


def at_top(place: Place) -> None:
    """Go to the top of the work tree, where all paths start; refuse a bare repository, which has none."""
    require_work_tree(place)
    # Relative ones were meant from the folder that we leave.
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"):
        if name in os.environ:
            os.environ[name] = os.path.abspath(os.environ[name])
    os.chdir(place.top)


def as_pushed() -> None:
    """Have every Git from now on read commits as others get them: `git replace` and grafts hold here alone."""
    os.environ["GIT_NO_REPLACE_OBJECTS"] = "1"
    os.environ["GIT_GRAFT_FILE"] = NO_FILE


def config(name: str, kind: str = "") -> str | None:
    """Return one value of Git's configuration, None when it is not set."""
    result = attempt("config", *([f"--{kind}"] if kind else []), "--get", name)
    if result.code == 1:
        return None
    if result.code:
        raise failure(("config", "--get", name), result)
    return os.fsdecode(result.out[:-1])


def empty_tree() -> bytes:
    """Return the id of the empty tree in this repository's object format."""
    return run("hash-object", "-t", "tree", "--stdin").strip()


def parents(revision: str = "HEAD") -> list[bytes] | None:
    """Return the ids of a commit's parents, None where there is no such commit."""
    result = attempt("rev-list", "-1", "--parents", revision, "--")
    return None if result.code else result.out.split()[1:]


def forget_pathspec_options() -> None:
    """Take `git --literal-pathspecs` and its kin out of the environment: what we ask Git for are patterns of ours."""
    for kind in ("LITERAL", "GLOB", "NOGLOB", "ICASE"):
        os.environ.pop(f"GIT_{kind}_PATHSPECS", None)


def literal() -> dict[str, str]:
    """Return the environment in which a path argument means itself, and not a pattern."""
    return {**os.environ, "GIT_LITERAL_PATHSPECS": "1"}


class Blobs:
    """One `git cat-file --batch` for reading objects; a context manager.

    Objects stream: none is ever held whole, unless `read` is asked for it.
    """

    def __init__(self, at: bytes | None = None, env: Mapping[str, str] | None = None) -> None:
        self._p = Process([*_git(at), "cat-file", "--batch"], env)
        self._rest = b""

    def __enter__(self) -> Blobs:
        return self

    def __exit__(self, *_: object) -> None:
        self._p.close("stdin")
        self._p.wait()

    def stream(self, name: bytes) -> Iterator[bytes]:
        """Yield the bytes of the object `name` (an id, or any expression without newline) in pieces."""
        os.write(self._p.stdin, name + b"\n")
        header = self._line()
        fields = header.split(b" ")
        if len(fields) != 3 or not fields[2].isdigit():
            raise GuardError(problem=f"Git cannot read the object {shown(name)}: {shown(header)}", remedy="git fsck")
        left = int(fields[2])
        while left:
            piece = self._some(left)
            left -= len(piece)
            yield piece
        self._some(1)

    def read(self, name: bytes) -> bytes:
        return b"".join(self.stream(name))

    def _some(self, most: int) -> bytes:
        if not self._rest:
            self._rest = os.read(self._p.stdout, CHUNK)
            if not self._rest:
                raise GuardError(problem="`git cat-file` ended early.", remedy="git fsck")
        piece, self._rest = self._rest[:most], self._rest[most:]
        return piece

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            rest = self._rest or os.read(self._p.stdout, CHUNK)
            if not rest:
                raise GuardError(problem="`git cat-file` ended early.", remedy="git fsck")
            end = rest.find(b"\n") + 1 or len(rest)
            line, self._rest = line + rest[:end], rest[end:]
        return line[:-1]


def read_all(names: Iterable[bytes], at: bytes | None = None) -> list[bytes | None]:
    """Return the bytes of many small objects with one process; None for what does not exist."""
    wanted = list(names)
    if not wanted:
        return []
    out = run("cat-file", "--batch", "--buffer", data=b"\n".join(wanted) + b"\n", at=at)
    found: list[bytes | None] = []
    start = 0
    for _ in wanted:
        end = out.index(b"\n", start)
        header = out[start:end].split(b" ")
        start = end + 1
        if header[-1].isdigit() and len(header) == 3:
            size = int(header[2])
            found.append(out[start : start + size])
            start += size + 1
        else:
            found.append(None)
    return found


def read_ids(names: Iterable[bytes]) -> list[bytes | None]:
    """Return the ids of many objects named by expressions such as b"HEAD:path"; None for what does not exist.

    One process for all, but for names that hold a newline.
    """
    wanted = list(names)
    plain = [n for n in wanted if b"\n" not in n]
    data = b"".join(n + b"\n" for n in plain)
    lines = run("cat-file", "--batch-check=%(objectname)", "--buffer", data=data).split(b"\n") if plain else []
    # A missing object is answered with "NAME missing".
    known = {n: None if b" " in line else line for n, line in zip(plain, lines, strict=False)}
    for name in wanted:
        if name not in known:
            result = attempt("rev-parse", "-q", "--verify", name)
            known[name] = None if result.code else result.out.strip()
    return [known[n] for n in wanted]


def succeed(argv: Sequence[Arg], env: Mapping[str, str] | None = None) -> bytes:
    """Run another program (pre-commit, a kept hook) and return its output; GuardError when it fails."""
    result = spawn(argv, env=env)
    if result.code:
        words = (result.err or result.out).decode("utf-8", "replace").strip()
        raise GuardError(problem=f"`{' '.join(shown(os.fsencode(a)) for a in argv)}` failed: {words}")
    return result.out
