"""What Git's diffs show of a pointer (git/diffdriver.py): its own lines, and what is in the data, behind `#`.

No remote is asked, and whatever fails leaves the lines of the pointer as they are.
"""

from __future__ import annotations

import os
import sys

from trinity_guard import console, git
from trinity_guard.errors import FINE, GuardError, typed
from trinity_guard.review import driver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trinity_guard.checkout.desired import Projects
    from trinity_guard.dvcrepo.output import Output

MAX_POINTER = 1 << 20
NOWHERE = "/dev/null"


def textconv(_framework: bool, args: list[str]) -> int:
    """Print the pointer that a file holds, and what its data holds."""
    path = os.fsencode(args[0])
    data = git.read(path, MAX_POINTER, links=True)
    if data and not data.endswith(b"\n"):
        data += b"\n"
    _write(data)
    for line in _facts(path, data):
        console.result(driver.MARK + line)
    return FINE


def _facts(path: bytes, data: bytes) -> list[str]:
    output = driver.output_of(data, os.path.basename(path))
    if output is None:
        return []
    try:
        place = git.hook_place()
        known = driver.known_before(place, output.md5)
        if known is not None:
            return known  # before what finds the cache is loaded, which takes as long as all the rest
        return driver.kept(place, output.md5, lambda: _look(place, output)) if _cached(place, output) else []
    except (GuardError, OSError):
        return []


def _cached(place: git.Place, output: Output, pointer: bytes = b"") -> bytes | None:
    """Return where the cache has an object, and note of the output whose project that is.

    pointer: its path from the top, b"" where Git does not tell it.
    """
    if place.bare:
        return None
    from trinity_guard.checkout.desired import Projects

    projects = Projects(place)
    for root in dict.fromkeys(_roots(projects, pointer)):
        try:
            found = projects.cache_reader(root).find(output.md5, output.object_size)
        except GuardError:
            continue  # a cache that nobody has confirmed
        if found is not None:
            output.project = root
            return found
    return None


def _roots(projects: Projects, pointer: bytes) -> Iterator[bytes]:
    """Yield the DVC projects that may have the object: the pointer's own, else each that Git knows."""
    own = projects.of(pointer) if pointer else None
    if own is not None:
        yield own
        return
    yield b""
    from trinity_guard.git import index

    for entry in index.entries("*/.dvc/config", patterns=True):
        yield entry.path.removesuffix(b"/.dvc/config")


def _look(place: git.Place, output: Output) -> list[str]:
    from trinity_guard.review import summary

    there = _cached(place, output) or b""
    return summary.of_directory(there) if output.is_dir else summary.lines(there, output.path)


def diff_driver(_framework: bool, args: list[str]) -> int:
    """Print the difference of two pointers as a patch, and below it what changed in the data.

    Git's arguments: PATH OLD-FILE OLD-HEX OLD-MODE NEW-FILE NEW-HEX NEW-MODE [NEW-PATH what else is in the header].
    """
    if len(args) < 7:
        return FINE  # in conflict: Git names the path alone, and shows the rest itself
    path, old, _, old_mode, new, _, new_mode = (os.fsencode(a) for a in args[:7])
    moved = os.fsencode(args[7]) if len(args) > 7 else path
    _write(_patch(path, old, old_mode, moved, new, new_mode))
    for line in _changes(path, old, moved, new):
        console.result(driver.MARK + line)
    return FINE


def _patch(path: bytes, old: bytes, old_mode: bytes, moved: bytes, new: bytes, new_mode: bytes) -> bytes:
    """Return the patch that Git would show, which `git apply` takes."""
    colour = "always" if _coloured() else "never"
    options = ("--no-index", "--no-ext-diff", "--no-textconv", f"--color={colour}", "--src-prefix=", "--dst-prefix=")
    out = git.attempt("--no-pager", "diff", *options, "--", old, new).out
    at = out.find(b"@@")
    body = out[out.rfind(b"\n", 0, at) + 1 :] if at >= 0 else b""
    one, other = git_quoted(b"a/" + path), git_quoted(b"b/" + moved)
    head = [b"diff --git " + one + b" " + other]
    if os.fsdecode(old) == NOWHERE:
        head, one = [*head, b"new file mode " + new_mode], NOWHERE.encode()
    elif os.fsdecode(new) == NOWHERE:
        head, other = [*head, b"deleted file mode " + old_mode], NOWHERE.encode()
    elif old_mode != new_mode:
        head += [b"old mode " + old_mode, b"new mode " + new_mode]
    if path != moved:
        head += [b"rename from " + git_quoted(path), b"rename to " + git_quoted(moved)]
    if body:
        head += [b"--- " + one, b"+++ " + other]
    bold, plain = (b"\x1b[1m", b"\x1b[m") if _coloured() else (b"", b"")
    return b"".join(bold + line + plain + b"\n" for line in head) + body


def git_quoted(name: bytes) -> bytes:
    """Return a path as it stands in a patch: in quotes, as C has them, where a letter needs it."""
    if all(32 <= c < 127 and c not in b'"\\' for c in name):
        return name
    said = b"".join(
        b"\\%03o" % c if not 32 <= c < 127 else b"\\" + bytes([c]) if c in b'"\\' else bytes([c]) for c in name
    )
    return b'"' + said + b'"'


def _coloured() -> bool:
    return (sys.stdout.isatty() or "GIT_PAGER_IN_USE" in os.environ) and not os.environ.get("NO_COLOR")


def _changes(path: bytes, old: bytes, moved: bytes, new: bytes) -> list[str]:
    outputs = []
    for file, name in ((old, path), (new, moved)):
        data = b"" if os.fsdecode(file) == NOWHERE else git.read(file, MAX_POINTER, links=True)
        outputs.append(driver.output_of(data, name) if data else None)
    before, after = outputs
    if (before is None and after is None) or (before and after and before.md5 == after.md5):
        return []
    place = git.hook_place()
    key = _key(before, after, path, moved)
    try:
        known = driver.known_before(place, key)
        if known is not None:
            return known
        if any(o and _cached(place, o, name) is None for o, name in ((before, path), (after, moved))):
            return [f"its data is not in the cache here: trinity-guard diff {typed(_from_here(moved))}"]
        return driver.kept(place, key, lambda: driver.compared(place, before, after))
    except (GuardError, OSError):
        return []


def _key(before: Output | None, after: Output | None, *paths: bytes) -> str:
    """Return the name of a comparison's answer, which tells the paths: another pointer may name the same bytes."""
    import zlib

    md5s = (output.md5 if output else "none" for output in (before, after))
    return "-".join([*md5s, f"{zlib.crc32(b'//'.join(paths)):08x}"])


def _from_here(path: bytes) -> bytes:
    """Return a path from the top as it is typed where Git was started."""
    return os.path.relpath(path, os.environb.get(b"GIT_PREFIX", b"") or b".")


def _write(data: bytes) -> None:
    """Write bytes of a pointer as they are: Git reads them, or shows them as it would show the file."""
    console.result_as_is(data)
