"""Git's objects as they are: many read through one process, trees and commits taken apart and put together as bytes."""

from __future__ import annotations

import os
from itertools import chain, islice
from operator import itemgetter

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import files, index

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence

Entry = tuple[bytes, bytes, bytes]  # mode, name, id (20 bytes)
Object = tuple[bytes, bytes]  # kind, bytes
TREE = b"40000"
LINK = b"120000"
FILE, EXECUTABLE = b"100644", b"100755"
# Old tools wrote others (100664, 100600); Git goes by the owner's right to execute alone.
FILES = frozenset(b"100%03o" % bits for bits in range(512))
# Names that no checkout can write.
IMPOSSIBLE = (b".", b"..", b".git")
NULL = bytes(20)
# An entry of a tree: mode, name, id. Old tools and forges wrote a folder's mode with a zero before it.
ENTRY = rb"0*([1-7][0-7]*) ([^\0]+)\0(.{20})"
PIPE = 1 << 20
SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ, which Linux alone has


class Source:
    """Reads one repository's objects, replace refs and grafts left aside.

    opened: how many trees were read, for the proof that none is read twice.
    """

    def __init__(self, place: git.Place) -> None:
        self.place = place
        self.opened = 0
        self.env = {**os.environ, "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": git.NO_FILE}
        # A folder set for the work tree would be taken for one relative to the git dir.
        for name in ("GIT_DIR", "GIT_WORK_TREE"):
            self.env.pop(name, None)
        self._single: git.Blobs | None = None

    def close(self) -> None:
        if self._single is not None:
            self._single.__exit__()
            self._single = None

    def argv(self, *args: git.Arg) -> list[git.Arg]:
        return ["git", "--git-dir", self.place.git_dir, *args]

    def attempt(self, *args: git.Arg, data: bytes = b"") -> git.Result:
        return git.spawn(self.argv(*args), data, self.env)

    def run(self, *args: git.Arg, data: bytes = b"") -> bytes:
        result = self.attempt(*args, data=data)
        if result.code:
            raise git.failure(args, result)
        return result.out

    def changes(self, old: bytes, new: bytes) -> Iterator[index.Change]:
        """Yield what differs between two commits or trees, a rename as what it is made of."""
        return index.changes(self.run("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", old, new))

    def one(self, oid: bytes) -> bytes:
        """Return the bytes of one small object."""
        if self._single is None:
            self._single = git.Blobs(self.place.git_dir, self.env)
        return self._single.read(oid)

    def each(self, ids: Iterable[bytes]) -> Iterator[Object]:
        """Yield (kind, bytes) of small objects, in the order of their ids (hex), through one process.

        ids: asked for by a second thread, a thousand at a time.
        """
        if not ids:
            return
        with Batch(self, "--batch", "--buffer") as batch:
            yield from batch.objects(batch.ask_all(ids))

    def trees(self, ids: Sequence[bytes]) -> Iterator[bytes]:
        """Yield the bytes of trees."""
        self.opened += len(ids)
        for oid, (kind, data) in zip(ids, self.each(ids), strict=True):
            if kind != b"tree":
                raise unreadable(oid, b"a " + kind + b" where a tree should be")
            yield data

    def sizes(self, ids: Sequence[bytes]) -> list[int]:
        """Return the size of each blob, in bytes."""
        return self._measured(ids, "--batch-check=%(objecttype) %(objectsize)")

    def packed_sizes(self, ids: Sequence[bytes]) -> list[int]:
        """Return how many bytes each blob takes on the disk; to be asked once, as Git sorts its whole packs for it."""
        return self._measured(ids, "--batch-check=%(objecttype) %(objectsize:disk)")

    def _measured(self, ids: Sequence[bytes], form: str) -> list[int]:
        if not ids:
            return []
        out = self.run("cat-file", form, "--buffer", data=b"\n".join(ids) + b"\n")
        found = []
        for oid, line in zip(ids, out.splitlines(), strict=True):
            kind, _, size = line.partition(b" ")
            if kind != b"blob" or not size.isdigit():
                raise unreadable(oid, line)
            found.append(int(size))
        return found

    def blobs(self, ids: Sequence[bytes]) -> list[bytes]:
        """Return those of the objects that are blobs, and here."""
        if not ids:
            return []
        form = "--batch-check=%(objecttype) %(objectname)"
        lines = self.run("cat-file", form, "--buffer", data=b"\n".join(ids) + b"\n").splitlines()
        return [line[5:] for line in lines if line.startswith(b"blob ")]

    def missing(self, ids: Sequence[bytes]) -> set[bytes]:
        """Return those of the objects that this repository does not have."""
        if not ids:
            return set()
        out = self.run("cat-file", "--batch-check", "--buffer", data=b"\n".join(ids) + b"\n")
        return {line.split(b" ")[0] for line in out.splitlines() if line.endswith(b" missing")}


class Listener:
    """Hears, from a thread, what a process says of errors. words: the first of it.

    Over a damaged pack Git says a line for each object: a pipe that nobody reads would stop it, and us.
    """

    def __init__(self, p: git.Process) -> None:
        import threading

        self.words = b""
        self._stderr = p.stderr
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while data := os.read(self._stderr, git.CHUNK):
            self.words = self.words or data

    def join(self) -> None:
        """Return when all is said; to be called before the pipe is closed."""
        self._thread.join()


class Batch:
    """One `git cat-file` that answers with objects; a context manager.

    step: bytes that are read at once where an object's head is looked for. Few, where contents are taken in `pieces`:
    what was read along with a head has to be copied once more.
    """

    def __init__(self, source: Source, *options: str, step: int = PIPE) -> None:
        self._p = git.Process(source.argv("cat-file", *options), source.env, with_stderr=True)
        self._feeder: threading.Thread | None = None
        self._listener = Listener(self._p)
        self._buffer = b""
        self._at = 0
        self._space = bytearray()
        self._step = step
        widen(self._p.stdout)

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *failed: object) -> None:
        self._p.close("stdout")  # a feeder that still writes is told so
        if self._feeder is not None:
            self._feeder.join()
        self._p.close("stdin")
        self._listener.join()
        self._p.wait()

    def ask(self, ids: Iterable[bytes]) -> None:
        """Ask for a few objects; as many as fit into a pipe."""
        files.write(self._p.stdin, b"".join(oid + b"\n" for oid in ids))

    def ask_all(self, ids: Iterable[bytes]) -> Iterator[bytes]:
        """Ask for any number of objects, from a second thread, and for no more after them; return what is asked for."""
        import threading
        from queue import SimpleQueue

        asked: SimpleQueue[list[bytes]] = SimpleQueue()

        def feed() -> None:
            left = iter(ids)
            try:
                while some := list(islice(left, 1000)):
                    asked.put(some)
                    self.ask(some)
            except BrokenPipeError:
                return  # nobody reads any more
            finally:
                asked.put([])
                self._p.close("stdin")

        thread = threading.Thread(target=feed, daemon=True)
        thread.start()
        self._feeder = thread
        return chain.from_iterable(iter(asked.get, []))

    def objects(self, asked: Iterable[bytes]) -> Iterator[Object]:
        """Yield (kind, bytes) of what was asked for, in its order."""
        for oid in asked:
            # Most objects lie in what was read already: millions of them are worth a way of their own.
            buffer, at = self._buffer, self._at
            start = buffer.find(b"\n", at) + 1
            fields = buffer[at : start - 1].split(b" ") if start else ()
            if len(fields) == 3 and (end := start + int(fields[2])) < len(buffer):
                self._at = end + 1
                yield fields[1], buffer[start:end]
            else:
                kind, size = self.header(oid)
                yield kind, self.content(size)

    def header(self, oid: bytes) -> tuple[bytes, int]:
        """Return kind and size of the next object, which should be `oid`."""
        end = self._buffer.find(b"\n", self._at)
        while end < 0:
            self._more(oid)
            end = self._buffer.find(b"\n")
        line = self._buffer[self._at : end]
        self._at = end + 1
        fields = line.split(b" ")
        if len(fields) != 3 or not fields[2].isdigit():
            raise unreadable(oid, line)
        return fields[1], int(fields[2])

    def content(self, size: int) -> bytes:
        """Return an object's bytes whole."""
        while len(self._buffer) - self._at <= size:
            self._more(b"")
        data = self._buffer[self._at : self._at + size]
        self._at += size + 1
        return data

    def pieces(self, oid: bytes, size: int, reuse: bool = False) -> Iterator[bytes | memoryview]:
        """Yield an object's bytes in pieces, and never hold more than one.

        reuse: each piece is good only until the next one is asked for; spares the system a new page for each.
        """
        piece = self._buffer[self._at : self._at + size]
        self._at += len(piece)
        left = size - len(piece)
        if piece:
            yield piece
        if left and not self._space:
            self._space = bytearray(PIPE)
        space = memoryview(self._space)
        while left:
            # Never more than this object: what follows it belongs into the other buffer.
            count = os.readv(self._p.stdout, [space[: min(left, PIPE)]])
            if not count:
                self._more(oid)
            left -= count
            yield space[:count] if reuse else bytes(space[:count])
        if self._at == len(self._buffer):
            self._more(oid)
        self._at += 1

    def _more(self, oid: bytes) -> None:
        data = os.read(self._p.stdout, self._step)
        if not data:
            self._listener.join()
            raise unreadable(oid, self._listener.words.strip().partition(b"\n")[0] or b"`git cat-file` ended early")
        self._buffer = self._buffer[self._at :] + data
        self._at = 0


def widen(pipe: int) -> None:
    """Let a pipe hold a megabyte, where the system allows it: fewer changes between the two processes."""
    import fcntl

    try:
        fcntl.fcntl(pipe, SET_PIPE_SIZE, PIPE)
    except OSError:
        return


def fed(p: git.Process, feed: Callable[[int], None]) -> git.Result:
    """Have `feed` write to a git's standard input, and return its exit code and its words."""
    try:
        feed(p.stdin)
    except BrokenPipeError:
        pass  # its own words follow
    p.close("stdin")
    words = b""
    while piece := os.read(p.stderr, git.CHUNK):
        words += piece
    return git.Result(p.wait(), b"", words)


def unreadable(oid: bytes, words: bytes) -> GuardError:
    what = f"the object {shown(oid)}" if oid else "an object"
    return GuardError(
        problem=f"Git cannot read {what}: {shown(words.removeprefix(oid + b' '))}; no ref was moved.",
        remedy="git fsck --full     # then fetch what is broken again from another clone",
        exit_code=UNUSABLE,
    )


# --- trees


def tree_parser() -> Callable[[bytes], list[Entry]]:
    """Return a function from a tree's bytes to its entries (mode, name, id), in their order."""
    import re

    return re.compile(ENTRY, re.DOTALL).findall


def damage(raw: bytes, entries: Sequence[Entry]) -> str:
    """Return why nobody can write another tree in the place of this one, "" where one can.

    One that is only out of order, or has zeros before a mode, is right again when it is written anew.
    """
    if not entries:
        return "the tree of its folder is damaged" if raw else ""
    modes, names, oids = zip(*entries, strict=True)
    if len(set(names)) != len(names):
        return f"the tree of its folder names {shown(_twice(entries))} twice"
    joined = b"\0".join(names)
    if b"/" in joined or not set(names).isdisjoint(IMPOSSIBLE):
        return "the tree of its folder has a name that Git does not allow"
    if NULL in oids:
        return f"the tree of its folder names no object for {shown(names[oids.index(NULL)])}"
    length = len(b"".join(modes)) + len(joined) - len(names) + 1 + 22 * len(entries)
    return "" if length == len(raw) or length == len(raw) - _zeros(raw) else "the tree of its folder is damaged"


def _twice(entries: Sequence[Entry]) -> bytes:
    left = [name for _, name, _ in entries]
    for _, name, _ in {name: (mode, name, oid) for mode, name, oid in entries}.values():
        left.remove(name)
    return left[0]


def _zeros(raw: bytes) -> int:
    """Return how many zeros stand before modes."""
    import re

    found = re.findall(rb"(0*)[1-7][0-7]* [^\0]+\0.{20}", raw, re.DOTALL)
    return sum(map(len, found))


def executable(mode: bytes) -> bool:
    """Whether Git takes a file of this mode for a program."""
    return mode in FILES and bool(int(mode[3:4], 8) & 1)


def tree_bytes(entries: Iterable[Entry]) -> bytes:
    """Return the bytes of a tree; entries in any order."""
    listed = list(entries)
    # A folder sorts as if it ended with a slash; files alone need no function of ours for each.
    plain = TREE not in set(map(itemgetter(0), listed))
    ordered = sorted(listed, key=itemgetter(1) if plain else lambda e: e[1] + b"/" if e[0] == TREE else e[1])
    return b"".join([b"%s %s\0%s" % entry for entry in ordered])


# --- commits and tags


def headers(raw: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return the headers of a commit or tag, (name, all of its lines as they are), and the rest from the blank line on.

    Joined again they are the same bytes.
    """
    head, blank, message = raw.partition(b"\n\n")
    if not blank:
        head, message = raw.removesuffix(b"\n"), b""
        blank = raw[len(head) :]
    found: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and found:
            name, lines = found[-1]
            found[-1] = (name, lines + b"\n" + line)
        else:
            found.append((line.partition(b" ")[0], line))
    return found, blank + message
