"""How Git merges .gitignore files and pointers: attributes for everybody, and a merge driver of this clone.

`.gitattributes` has `.gitignore merge=union`, which any Git understands: two branches that add a line each do not
conflict. But union brings back a line that one branch took away beside the other's new one, and that line then hides
a file that no pointer holds. An attribute names one driver, and a driver's command is no part of a repository. So
`info/attributes` of a clone where the program is, which Git reads first, names a driver that merges exactly.
"""

from __future__ import annotations

import os
import sys

from trinity_guard import LIBRARY, git, start_line
from trinity_guard.git import files
from trinity_guard.git.gitignore import whole

FILE = b".gitattributes"
LINE = b".gitignore merge=union"
COMMENT = b"# trinity-guard: branches that each add an artifact to the same folder merge without a conflict"
FAILED = 128  # the exit code of `git merge-file` from which on it is none of conflicts
KEY = "merge.trinity-guard.driver"
_HEAD = b"# trinity-guard: its merge driver (git config merge.trinity-guard.driver), for this clone"
_MERGE = (b"merge", b"-merge", b"!merge", b"binary")
# What may stand in a .gitattributes for the .gitignore files of all folders.
_MEANING_IT = (b".gitignore", b"**/.gitignore", b"*", b"**", b".*", b".git*", b"*ignore")


def with_union(attributes: bytes) -> bytes:
    """Return the .gitattributes of the top with our line at its end; unchanged where it says how .gitignore merges."""
    if any(_decides(line) for line in attributes.splitlines()):
        return attributes
    return whole(attributes) + COMMENT + b"\n" + LINE + b"\n"


def _decides(line: bytes) -> bool:
    pattern, *values = line.split() or [b"#"]
    return pattern in _MEANING_IT and any(v in _MERGE or v.startswith(b"merge=") for v in values)


def without_union(attributes: bytes) -> bytes:
    """Return it without what `with_union` added."""
    return b"".join(n for n in attributes.splitlines(keepends=True) if n.rstrip(b"\r\n") not in (COMMENT, LINE))


def registered(place: git.Place) -> bool:
    """Whether this clone's `info/attributes` has our lines."""
    return _HEAD in (files.read_if_there(_info(place)) or b"")


def register(place: git.Place) -> bool:
    """Give this clone the driver, for what nobody has given another one; whether anything was changed."""
    command = _command()
    changed = git.attempt("config", "--local", "--get", KEY, at=place.top).out != os.fsencode(command + "\n")
    if changed:
        git.run("config", "--local", KEY, command, at=place.top)
    if registered(place):
        return changed
    wanted = {b".gitignore": (b"unspecified", b"union"), b"*.dvc": (b"unspecified",)}
    out = git.run("check-attr", "-z", "merge", ".gitignore", "x.dvc", at=place.top)
    values = out.split(b"\0")[2::3]
    lines = [
        name + b" merge=trinity-guard" for (name, free), v in zip(wanted.items(), values, strict=False) if v in free
    ]
    old = files.read_if_there(_info(place)) or b""
    files.replace(_info(place), whole(old) + b"\n".join([_HEAD, *lines, b""]))
    return True


def unregister(place: git.Place) -> bool:
    """Take both away again; whether there was anything to take."""
    taken = not git.attempt("config", "--local", "--unset-all", KEY, at=place.top).code
    old = files.read_if_there(_info(place)) or b""
    kept = [n for n in old.splitlines(keepends=True) if n.strip() != _HEAD and b" merge=trinity-guard" not in n]
    if b"".join(kept) != old:
        files.replace(_info(place), b"".join(kept))
    return taken


def merge_file(place: git.Place, ours: bytes, base: bytes, theirs: bytes, *options: str) -> git.Result:
    """Return what `git merge-file` makes of three texts; its code: how many conflicts, from FAILED on an error."""
    names = [os.path.join(place.own, files.UNFINISHED + files.random_name()) for _ in range(3)]
    try:
        for name, data in zip(names, (ours, base, theirs), strict=True):
            files.replace(name, data, private=True)
        return git.attempt("merge-file", "-p", "-q", *options, *names)
    finally:
        for name in names:
            files.unlink(name)


def _info(place: git.Place) -> bytes:
    return os.path.join(place.common_dir, b"info", b"attributes")


def _command() -> str:
    """Return the driver's line for the shell: ours, and where that cannot merge, or is gone, Git's own way."""
    python, library = (_quoted(path) for path in (sys.executable or "", LIBRARY))
    ours = f"[ -x {python} ] && {python} -I -S -c '{start_line()}' {library} hook merge-driver %O %A %B %P"
    plain = "git merge-file -q --marker-size=%L -L ours -L base -L theirs"
    union = "case %P in .gitignore|*/.gitignore) union=--union ;; *) union= ;; esac"
    return f"{{ {ours}; }} || {{ {union}; {plain} $union %A %O %B; }}"


def _quoted(path: str) -> str:
    # Git replaces %O and its kin in this line, and %% by a mere %.
    return "'" + path.replace("'", "'\\''").replace("%", "%%") + "'"
