"""Lines of a .gitignore: escape, append, and keep every other byte.

As `dvc add` writes them, but for the names where what DVC writes does not make Git ignore the file.
"""

from __future__ import annotations

_SPECIAL = b"\\[]!*#?"


def line_for(name: bytes) -> bytes:
    r"""Return the line, without newline, that makes Git ignore the file `name` of the .gitignore's own folder.

    `\` stands before each of \ [ ] ! * # ?, as DVC has it. Where DVC's line does not work: Git drops a trailing
    space (escaped here) and a trailing CR, and a newline cannot be written at all (`?` here, any one byte).
    """
    escaped = name
    for byte in _SPECIAL:  # the backslash is the first of them
        escaped = escaped.replace(b"%c" % byte, b"\\%c" % byte)
    escaped = escaped.replace(b"\n", b"?")
    if escaped.endswith(b"\r"):
        escaped = escaped[:-1] + b"?"
    bare = escaped.rstrip(b" ")
    return b"/" + bare + b"\\ " * (len(escaped) - len(bare))


def with_line(gitignore: bytes, name: bytes) -> bytes:
    """Return the .gitignore with the line for `name` at its end.

    Unchanged when the very line is there already, and no later `!` line could take it back.
    """
    line = line_for(name)
    if line in gitignore:
        lines = gitignore.split(b"\n")
        at = _last(lines, line)
        if at >= 0 and not any(later.startswith(b"!") for later in lines[at:]):
            return gitignore
    missing = b"\n" if gitignore and not gitignore.endswith(b"\n") else b""
    return gitignore + missing + line + b"\n"


def without_line(gitignore: bytes, name: bytes) -> bytes:
    """Return the .gitignore without the line for `name`, as often as it is there; every other byte stays."""
    line = line_for(name)
    if line not in gitignore:
        return gitignore
    *lines, last = gitignore.split(b"\n")
    kept = [other for other in lines if other.removesuffix(b"\r") != line]
    return b"\n".join([*kept, b"" if last == line else last])


def _last(lines: list[bytes], line: bytes) -> int:
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].removesuffix(b"\r") == line:
            return at
    return -1
