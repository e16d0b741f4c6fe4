"""Where the path in a pointer, or in a dvc.yaml, may lead: nowhere but into the repository's own files."""

from __future__ import annotations

import os

from trinity_guard.errors import shown

# The schemes that DVC takes for another file system, `remote` for one of its config; all others are file names.
SCHEMES = frozenset(
    "azure gdrive gs hdfs http https memory oss remote s3 ssh webdav webdavs webhdfs".split()  # noqa: SIM905
)


# Files by which Git, DVC and we are told what to do: whoever may write one decides what is tracked, filtered, run.
RULES = frozenset({
    ".gitignore", ".gitattributes", ".gitmodules", ".dvcignore", ".trinity-guard.toml", "dvc.yaml", "dvc.lock",
})  # fmt: skip


MAX_NAME = 255
MAX_DEPTH = 255


def scheme(path: str) -> str:
    """Return what Python's urlparse takes for the URL's scheme in a text, lower case ("" for none)."""
    stripped = path.lstrip("".join(map(chr, range(33)))).replace("\t", "").replace("\r", "").replace("\n", "")
    head, colon, _ = stripped.partition(":")
    return head.lower() if colon else ""


def rooted(path: str) -> str:
    """Return why a text can be no relative path, "" when it can."""
    if "\0" in path or (not path.isascii() and path.encode("utf-8", "replace").decode() != path):
        return "is not a file's name"
    if path.startswith(("/", "\\\\")) or (path[1:2] == ":" and path[0].isalpha() and path[2:3] in ("/", "\\")):
        return "leaves the repository: it is absolute"
    return ""


def walk(parts: list[bytes], path: str) -> str:
    """Follow a relative path from the folder `parts`, in place; return why that is out of bounds, "" when it is not."""
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not parts:
                return "leaves the repository"
            parts.pop()
        elif ".." in part.split("\\"):
            return "leaves the repository (on Windows)"
        else:
            parts.append(part.encode())
    if any(len(step) > MAX_NAME for step in parts) or len(parts) > MAX_DEPTH:
        return "is longer than file systems take"
    for step in parts:
        if any(forbidden(piece) for piece in step.split(b"\\")):
            return f"points into {shown(step)}"
    return ""


def forbidden(part: bytes) -> bool:
    """Whether a folder of this name belongs to Git or DVC: `.git`, and what macOS and Windows take for it, `.dvc`."""
    if len(part) < 4 or (part[:1] not in b".\xe2\xef" and b"~" not in part):
        return False
    return _as_others_see(part) in (".git", ".dvc", "git~1", "dvc~1")


def remote_name(name: str) -> str:
    """Return why a text is not taken for a remote's name, "" when it is.

    It stands in commands that we tell people to run: what a shell obeys in it, a stranger would have said.
    """
    if not name.isprintable():
        return "has characters that cannot be shown"
    if name.startswith("-"):
        return "begins as an option does"
    return "has characters that a shell obeys" if set(name) & set("'\"\\`$;&|<>(){}[]*?!#~\n") else ""


def rules(name: bytes) -> bool:
    """Whether a file of this (base) name tells Git, DVC or us what to do, or macOS or Windows take it for one."""
    return _as_others_see(name) in RULES


def _as_others_see(name: bytes) -> str:
    plain = name.decode("utf-8", "ignore").lower()
    if not plain.isascii():
        # What HFS+ leaves out when it compares names (Git's own list, in utf8.c).
        plain = "".join(c for c in plain if not ("\u200c" <= c <= "\u200f" or "\u202a" <= c <= "\u202e"))
        plain = "".join(c for c in plain if not ("\u206a" <= c <= "\u206f" or c == "\ufeff"))
    # NTFS drops trailing dots and spaces, and `:` opens a stream.
    return plain.partition(":")[0].rstrip(" .")


def through_symlink(top: bytes, path: bytes) -> bytes | None:
    """Return the first folder on the way to a file (relative to `top`) that is a symbolic link, None without one.

    A commit can bring such a link along, and what is then written to the file lands wherever it leads.
    """
    parts = path.split(b"/")
    for depth in range(1, len(parts)):
        folder = b"/".join(parts[:depth])
        if os.path.islink(os.path.join(top, folder)):
            return folder
    return None
