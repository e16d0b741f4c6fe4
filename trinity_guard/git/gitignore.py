"""Lines of a .gitignore: escape, append, and keep every other byte; which of them Git goes by.

As `dvc add` writes them, but for the names where what DVC writes does not make Git ignore the file.
"""

from __future__ import annotations

import os

from trinity_guard.git.plumbing import attempt, failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    # The file that a rule stands in, its line there from 1, its pattern.
    Rule = tuple[bytes, int, bytes]

# Patterns that match no file.
_NOTHING = (b"", b"!")
_SPECIAL = b"\\[]!*#?"
_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"


def line_for(name: bytes) -> bytes:
    r"""Return the line, without newline, that makes Git ignore the file `name` of the .gitignore's own folder.

    `\` stands before each of \ [ ] ! * # ?, as DVC has it. Where DVC's line does not work: Git drops a trailing
    space (escaped here) and a trailing CR, and a newline cannot be written at all (`?` here, any one byte).
    """
    if not name.translate(None, _PLAIN):
        return b"/" + name  # nearly all of them
    escaped = name
    for byte in _SPECIAL:  # the backslash is the first of them
        escaped = escaped.replace(b"%c" % byte, b"\\%c" % byte)
    escaped = escaped.replace(b"\n", b"?")
    if escaped.endswith(b"\r"):
        escaped = escaped[:-1] + b"?"
    bare = escaped.rstrip(b" ")
    return b"/" + bare + b"\\ " * (len(escaped) - len(bare))


def name_of(line: bytes) -> bytes | None:
    """Return the name that a line was written for by `line_for`; None for every other line."""
    name = bytearray()
    at = 1
    while at < len(line):
        at += line[at : at + 1] == b"\\"
        name += line[at : at + 1]
        at += 1
    return bytes(name) if name and b"/" not in name and line_for(bytes(name)) == line else None


def lines_in(gitignore: bytes) -> list[bytes]:
    """Return the lines of a .gitignore, without the ends that some editors give them."""
    return [line.removesuffix(b"\r") for line in gitignore.split(b"\n")]


def with_line(gitignore: bytes, name: bytes) -> bytes:
    """Return the .gitignore with the line for `name` at its end, as `with_lines` does."""
    return with_lines(gitignore, (name,))


def with_lines(gitignore: bytes, names: Iterable[bytes]) -> bytes:
    """Return the .gitignore with the lines for these names at its end, in their order. Reads it once for all of them.

    No line for a name whose very line is there already, where no later `!` line could take it back.
    """
    return with_written(gitignore, map(line_for, names))


def with_written(gitignore: bytes, written: Iterable[bytes]) -> bytes:
    """Do as `with_lines` does, with lines as `line_for` gives them."""
    new = lacking(gitignore, written)
    return whole(gitignore) + b"".join([line + b"\n" for line in new]) if new else gitignore


def lacking(gitignore: bytes, written: Iterable[bytes]) -> list[bytes]:
    """Return those of these lines that are not there, or that a later `!` line could take back."""
    lines = lines_in(gitignore)
    taking_back = [at for at, line in enumerate(lines) if line.startswith(b"!")]
    certain = set(lines[taking_back[-1] :] if taking_back else lines)
    return [line for line in dict.fromkeys(written) if line not in certain]


def without_lines(gitignore: bytes, names: Iterable[bytes]) -> bytes:
    """Return the .gitignore without the lines for these names, as often as they are there; every other byte stays."""
    going = {line_for(name) for name in names}
    *lines, last = gitignore.split(b"\n")
    kept = [line for line in lines if line.removesuffix(b"\r") not in going]
    return b"\n".join([*kept, b"" if last.removesuffix(b"\r") in going else last])


def matching(
    paths: Iterable[bytes], at: bytes | None = None, env: Mapping[str, str] | None = None
) -> dict[bytes, Rule]:
    """Return path -> the last rule that matches it, whether or not it is tracked, by Git itself in the folder `at`."""
    # Without the ./ Git takes a name that begins with a colon for pathspec magic, and finds nothing.
    data = b"".join([b"./" + path + b"\0" for path in dict.fromkeys(paths)])
    if not data:
        return {}
    result = attempt("check-ignore", "--no-index", "-v", "-z", "--stdin", data=data, at=at, env=env)
    if result.code > 1:
        raise failure(("check-ignore",), result)
    fields = result.out.split(b"\0")[:-1]
    found = zip(fields[::4], fields[1::4], fields[2::4], fields[3::4], strict=True)
    # An empty line that ends in CRLF is a rule to check-ignore, and to it alone, for a name with a slash at its end.
    return {path[2:]: (file, int(line), pattern) for file, line, pattern, path in found if pattern not in _NOTHING}


def ignores(rule: Rule | None) -> bool:
    """Whether a rule makes Git ignore what it matches; one that begins with `!` takes that back."""
    return rule is not None and not rule[2].startswith(b"!")


def in_the_tree(file: bytes) -> bool:
    """Whether a rule's file is a .gitignore of the work tree, which all have, and not one's own excludes."""
    return os.path.basename(file) == b".gitignore" and not os.path.isabs(file)


# So long, and no line of a .gitignore is taken for one.
MARKER_SIZE = 47
_OURS, _BASE, _BETWEEN, _THEIRS = (c * MARKER_SIZE for c in (b"<", b"|", b"=", b">"))


def whole(gitignore: bytes) -> bytes:
    """Return it with a newline at its end: a merge would join its last line to another."""
    return gitignore + b"\n" if gitignore and not gitignore.endswith(b"\n") else gitignore


def merged(text: bytes, ours: bytes, theirs: bytes) -> bytes:
    """Return a .gitignore without conflicts: what one side added is there, what one side took away is not.

    text: as `git merge-file --diff3 --marker-size=MARKER_SIZE` leaves it; ours, theirs: the two versions.
    """
    lines: list[bytes] = []
    sides: dict[bytes, list[bytes]] = {}
    into = lines
    for line in text.split(b"\n"):
        mark = line[:MARKER_SIZE]
        if mark in (_OURS, _BASE, _BETWEEN):
            into = sides.setdefault(mark, [])
        elif mark == _THEIRS:
            lines += _united(*(sides.pop(m, []) for m in (_OURS, _BASE, _BETWEEN)))
            into = lines
        else:
            into.append(line)
    return b"\n".join(_without_doubles(lines, ours.split(b"\n"), theirs.split(b"\n")))


def _united(ours: list[bytes], base: list[bytes], theirs: list[bytes]) -> list[bytes]:
    kept = [line for line in ours if line in theirs or line not in base]
    return kept + [line for line in theirs if line not in base and line not in ours]


def _without_doubles(lines: list[bytes], ours: list[bytes], theirs: list[bytes]) -> list[bytes]:
    """Take out what is there more often than on either side: the last stays, which is the one that decides."""
    result: list[bytes] = []
    counts: dict[bytes, int] = {}
    for line in reversed(lines):
        counts[line] = counts.get(line, 0) + 1
        if not line.startswith(b"/") or counts[line] <= max(ours.count(line), theirs.count(line)):
            result.append(line)
    return result[::-1]
