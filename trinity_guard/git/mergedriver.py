"""How Git merges .gitignore files and pointers: attributes for everybody, and a merge driver of this clone.

`.gitattributes` has `.gitignore merge=union`, which any Git understands: two branches that add a line each do not
conflict. But union brings back a line that one branch took away beside the other's new one, and that line then hides
a file that no pointer holds. An attribute names one driver, and a driver's command is no part of a repository. So
`info/attributes` of a clone where the program is, which Git reads first, names a driver that merges exactly.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.git import drivers, files
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
    return drivers.has(place, _HEAD)


def there(place: git.Place) -> bool:
    """Whether this clone has the driver, or our lines for it."""
    return registered(place) or not git.attempt("config", "--local", "--get", KEY, at=place.top).code


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
    drivers.add(place, _HEAD, lines)
    return True


def unregister(place: git.Place) -> bool:
    """Take both away again; whether there was anything to take."""
    taken = not git.attempt("config", "--local", "--unset-all", KEY, at=place.top).code
    drivers.drop(place, lambda line: line == _HEAD or b" merge=trinity-guard" in line)
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


def _command() -> str:
    """Return the driver's line for the shell: ours, and where that cannot merge, or is gone, Git's own way."""
    # Git replaces %O and its kin in this line, and %% by a mere %.
    ours = drivers.start("merge-driver").replace("%", "%%") + " %O %A %B %P"
    plain = "git merge-file -q --marker-size=%L -L ours -L base -L theirs"
    union = "case %P in .gitignore|*/.gitignore) union=--union ;; *) union= ;; esac"
    return f"{{ {ours}; }} || {{ {union}; {plain} $union %A %O %B; }}"
