"""What each of many trees has that the one before it has not, told by one `git diff-tree`: trees that are the same on
both sides are not read, by Git or by us."""

from __future__ import annotations

import os
from itertools import islice

from trinity_guard import git
from trinity_guard.git import files
from trinity_guard.git.catfile import Listener

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator

    from trinity_guard.git.catfile import Source

    Found = tuple[bytes, bytes]  # id in hex, path

EMPTY = b"4b825dc642cb6eb9a060e54bf8d69288fbee4904"
OPTIONS = ("--stdin", "-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--diff-filter=d", "--ignore-submodules=none")
# Git's own memory: its windows into a pack would grow with the history.
LIMITS = ("core.packedGitWindowSize=1m", "core.packedGitLimit=32m", "core.deltaBaseCacheLimit=16m")
# Bytes that are read at once, and trees that are asked for.
PIECE, ASKED = 1 << 20, 1000


def entering(source: Source, trees: Iterable[bytes]) -> Iterator[list[Found]]:
    """Yield the files, links and submodules that each tree (hex) has and the one before it has not, thousands together;
    of the first one all of them. GuardError where Git cannot compare two."""
    argv = source.argv(*(part for limit in LIMITS for part in ("-c", limit)), "diff-tree", *OPTIONS)
    p = git.Process(argv, source.env, with_stderr=True)
    asked: list[int] = []
    listener, feeder = Listener(p), _feed(p, trees, asked)
    compared, rest = 0, b""
    try:
        while piece := os.read(p.stdout, PIECE):
            *parts, rest = (rest + piece).split(b"\0")
            if len(parts) % 2:
                rest = b"%s\0%s" % (parts.pop(), rest)
            compared += b"".join(parts[::2]).count(b"\n")  # a line for each two trees, before what they differ in
            yield [(parts[at][-42:-2], parts[at + 1]) for at in range(0, len(parts), 2)]
    finally:
        p.close("stdout")  # a feeder that still writes is told so
        feeder.join()
        listener.join()
        code = p.wait()
    # What is no tree is passed over, and no error of Git's.
    if code or compared + rest.count(b"\n") != sum(asked):
        raise git.failure(argv, git.Result(code, b"", listener.words))


def _feed(p: git.Process, trees: Iterable[bytes], asked: list[int]) -> threading.Thread:
    """Ask for trees, each beside the one before it, from a second thread; note how many."""
    from threading import Thread

    def feed() -> None:
        left, before = iter(trees), EMPTY
        try:
            while some := list(islice(left, ASKED)):
                asked.append(len(some))
                files.write(p.stdin, b"".join(map(b"%s %s\n".__mod__, zip([before, *some], some, strict=False))))
                before = some[-1]
        except BrokenPipeError:
            return  # nobody reads any more
        finally:
            p.close("stdin")

    thread = Thread(target=feed, daemon=True)
    thread.start()
    return thread
