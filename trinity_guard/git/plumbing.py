"""Run git, and read what it prints. Paths, names and output are bytes."""

from __future__ import annotations

import os

from trinity_guard.errors import GuardError, shown
from trinity_guard.git.process import CHUNK, NO_FILE, Arg, Process, Result, spawn, talk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# They would write what they say line by line, for whoever waits for each. Others start filters and hooks, which may.
BY_LINE = frozenset(("check-attr", "check-ignore", "rev-list"))


def start(*args: Arg, data: bytes = b"", env: Mapping[str, str] | None = None) -> Process:
    """Start a git that answers while we do something else; `finish` collects what it printed.

    data: what it reads to the end before it answers.
    """
    p = Process(["git", *args], env, with_stderr=True)
    try:
        while data:
            data = data[os.write(p.stdin, data) :]
    except BrokenPipeError:
        data = b""  # it failed before; its words say why
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


def collect(p: Process) -> Result:
    """Return what a started git printed, whatever the exit code."""
    out, err = talk(p, b"")
    return Result(p.wait(), out, err)


def finish(p: Process) -> bytes:
    """Return the output of a started git; GuardError with its words when it failed."""
    result = collect(p)
    if result.code:
        raise failure(p.argv[1:], result)
    return result.out


def attempt(*args: Arg, data: bytes = b"", env: Mapping[str, str] | None = None, at: bytes | None = None) -> Result:
    """Run git and return its result, whatever the exit code. `at` is the folder to run in (git -C)."""
    if args[0] in BY_LINE:
        env = {**(env or os.environ), "GIT_FLUSH": "0"}
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
