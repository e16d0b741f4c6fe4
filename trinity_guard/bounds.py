"""Where the path in a pointer, or in a dvc.yaml, may lead: nowhere but into the repository's own files."""

from __future__ import annotations

from trinity_guard.errors import shown

# The schemes that DVC takes for another file system, `remote` for one of its config; all others are file names.
SCHEMES = frozenset(
    "azure gdrive gs hdfs http https memory oss remote s3 ssh webdav webdavs webhdfs".split()  # noqa: SIM905
)


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
    for step in parts:
        if any(forbidden(piece) for piece in step.split(b"\\")):
            return f"points into {shown(step)}"
    return ""


def forbidden(part: bytes) -> bool:
    """Whether a folder of this name belongs to Git or DVC: `.git`, and what macOS and Windows take for it, `.dvc`."""
    if len(part) < 4 or (part[:1] not in b".\xe2\xef" and b"~" not in part):
        return False
    text = part.decode("utf-8", "ignore").lower()
    # What HFS+ leaves out when it compares names (Git's own list, in utf8.c).
    plain = "".join(c for c in text if not ("\u200c" <= c <= "\u200f" or "\u202a" <= c <= "\u202e"))
    plain = "".join(c for c in plain if not ("\u206a" <= c <= "\u206f" or c == "\ufeff"))
    # NTFS drops trailing dots and spaces, and `:` opens a stream.
    return plain.partition(":")[0].rstrip(" .") in (".git", ".dvc", "git~1")
