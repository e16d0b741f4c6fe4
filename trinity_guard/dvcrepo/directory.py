"""The list of a directory that DVC holds as a whole: byte for byte as DVC writes it, and what differs from it."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.dvcrepo.output import HEX, LEGACY, is_md5
from trinity_guard.dvcrepo.paths import NEVER_SEEN, POINTER, is_lock, is_pipeline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from trinity_guard.dvcrepo.odb import Store
    from trinity_guard.dvcrepo.output import Output

    # The path of a file in its directory -> its md5 (hex).
    Files = dict[bytes, str]

SUFFIX = ".dir"
MAX_LISTED = 256 << 20


# An entry of the list as DVC writes it, where no letter of the name needs an escape.
_BEGIN, _MIDDLE, _NEXT, _END = b'[{"md5": "', b'", "relpath": "', b'"}, {"md5": "', b'"}]'
_UNESCAPED = bytes(set(range(32, 127)) - set(b'"\\'))


def _are_unescaped(names: Collection[bytes]) -> bool:
    """Whether JSON holds all of these names as they are."""
    return len(b"\n".join(names).translate(None, _UNESCAPED)) == max(len(names) - 1, 0)


def encode(files: Mapping[bytes, str]) -> bytes:
    """Return the list of a directory's files as DVC writes it."""
    if files and _are_unescaped(files):  # of 10,000 files, a fifth of what the module takes
        entries = (files[name].encode() + _MIDDLE + name for name in sorted(files))
        return _BEGIN + _NEXT.join(entries) + _END
    import json

    listed = [{"md5": md5, "relpath": name.decode("utf-8", "surrogateescape")} for name, md5 in files.items()]
    listed.sort(key=lambda entry: entry["relpath"])
    return json.dumps(listed, sort_keys=True).encode()


def md5_of_list(data: bytes) -> str:
    """Return the md5 that a pointer gives a directory with this list."""
    import hashlib

    return hashlib.md5(data, usedforsecurity=False).hexdigest() + SUFFIX


def decode(data: bytes) -> Files:
    """Read the list of a directory's files; ValueError for what is none, or leads out of it."""
    files = _decoded_as_written(data)
    if files:
        return files
    import json

    try:
        listed = json.loads(data)
        files = {entry["relpath"].encode("utf-8", "surrogateescape"): entry["md5"] for entry in listed}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError("no list of files") from None
    for name, md5 in files.items():
        if _leads_out(name) or not is_md5(md5) or md5.endswith(SUFFIX):
            raise ValueError("no list of files")
    if not isinstance(listed, list):
        raise ValueError("no list of files")
    return files


def _decoded_as_written(data: bytes) -> Files:
    """Read a list as DVC writes it, of names that are ordinary; nothing where it is any other.

    In steps of which each is taken for all entries at once: 10,000 of them in a tenth of the time.
    """
    if not (data.startswith(_BEGIN) and data.endswith(_END)):
        return {}
    entries = data[len(_BEGIN) : -len(_END)].split(_NEXT)
    start = 32 + len(_MIDDLE)
    names = [entry[start:] for entry in entries]
    text = b"/" + b"/\n/".join(names) + b"/"
    # No quotation mark or backslash is left in the names, so each begins and ends where JSON says.
    if not _are_unescaped(names) or b"//" in text or b"/." in text:
        return {}
    md5s = [entry[:32] for entry in entries]
    if any(entry[32:start] != _MIDDLE for entry in entries) or b"".join(md5s).strip(HEX.encode()):
        return {}
    return {name: md5.decode() for name, md5 in zip(names, md5s, strict=True)}


def _leads_out(name: bytes) -> str:
    *folders, last = name.split(b"/")
    if not last or not all(folders) or not {b".", b".."}.isdisjoint((*folders, last)):
        return "its path leads out of it"
    if not set(NEVER_SEEN).isdisjoint(folders) or last == b".git":
        return "DVC looks at nothing in there"
    return ""


def is_plain(name: bytes) -> bool:
    """Whether DVC holds a file that was found at this path: quick, and never True for one that `refusal` is about.

    Or files at several paths, one after the other.
    """
    return name.isascii() and b"dvc" not in name and b".git" not in name and b".hg" not in name


def refusal(name: bytes) -> str:
    """Return why a file of this path in a directory is none that DVC would hold there, a clause; "" where it would."""
    last = name.rpartition(b"/")[2]
    if reason := _leads_out(name):
        return reason
    if last == b".dvcignore":
        return "DVC takes no .dvcignore inside of a directory that it holds"
    if last.endswith(POINTER) or is_lock(last) or is_pipeline(last):
        return "it is a file that DVC works by"
    try:
        name.decode()
    except UnicodeDecodeError:
        return "its name is not UTF-8"
    return ""


def in_cache(cache: Store, output: Output) -> Files | None:
    """Return what the list of a directory names, None where the cache has it not, or not whole."""
    try:
        data = git.read(cache.path(output.name), MAX_LISTED)
    except OSError:
        return None
    # An object of the cache is trusted by DVC unhashed, by us it is not.
    if md5_of_list(data) != output.md5.removeprefix(LEGACY):
        return None
    try:
        return decode(data)
    except ValueError:
        return None


class Difference:
    """What a directory has otherwise than its list: names of files that are new, changed, gone.

    recorded: how many files the list has.
    """

    __slots__ = ("added", "changed", "deleted", "recorded")

    def __init__(self, recorded: Mapping[bytes, str], now: Mapping[bytes, str]) -> None:
        self.recorded = len(recorded)
        self.added = sorted(now.keys() - recorded.keys())
        self.deleted = sorted(recorded.keys() - now.keys())
        self.changed = sorted(n for n, md5 in now.items() if n in recorded and recorded[n] != md5)

    def names(self) -> list[bytes]:
        return [*self.added, *self.changed, *self.deleted]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.deleted)
