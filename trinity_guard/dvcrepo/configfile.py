"""DVC's four config files, read as dvc.config does but without importing it.

Ordinary lines are read by plain string work; a file with anything else in it goes through configobj, as in DVC.
"""

from __future__ import annotations

import os
import sys

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Value = str | list[str]
    Section = dict[str, Value]
    Tree = dict[str, Section]

MAX_BYTES = 1 << 20
# Of a file that needs configobj: its bytes, and of one of its lines the letters and brackets.
MAX_UNUSUAL, MAX_LINE, MAX_BRACKETS = 1 << 16, 2000, 16

# Options that name a path; a relative one is meant from the folder of the file it stands in.
PATHS = (
    "url", "gdrive_user_credentials_file", "gdrive_service_account_json_file_path", "credentialpath", "configpath",
    "keyfile", "cert_path", "key_path",
)  # fmt: skip

# Sections of which there is one for each name.
NAMED = ("remote", "machine", "db")

_KEY = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def levels(dvc_dir: bytes) -> list[tuple[str, bytes]]:
    """Return (level, file) of the four config files, in the order in which a later one shadows the earlier."""
    return [
        ("system", os.path.join(_system_dir(sys.platform), b"config")),
        ("global", os.path.join(_global_dir(sys.platform), b"config")),
        ("repo", os.path.join(dvc_dir, b"config")),
        ("local", os.path.join(dvc_dir, b"config.local")),
    ]


def _system_dir(platform: str) -> bytes:
    """As platformdirs.site_config_dir("dvc", "iterative")."""
    own = os.environ.get("DVC_SYSTEM_CONFIG_DIR")
    if own:
        return os.fsencode(own)
    folders = [f for f in os.environ.get("XDG_CONFIG_DIRS", "").split(":") if f.startswith("/")]
    default = "/Library/Application Support" if platform == "darwin" else "/etc/xdg"
    if platform == "darwin":
        default = _of_homebrew(sys.base_prefix) or default
    return os.fsencode(os.path.join((folders or [default])[0], "dvc"))


def _of_homebrew(prefix: str) -> str:
    """Return the share folder of the Homebrew that this Python belongs to, "" for another Python."""
    for mark in ("/opt/python", "/Cellar/python"):
        brew, found, rest = prefix.partition(mark)
        if brew and found and "/Frameworks/Python" in rest and "/Versions/" in rest:
            return f"{brew}/share"
    return ""


def _global_dir(platform: str) -> bytes:
    """As platformdirs.user_config_dir("dvc", "iterative")."""
    own = os.environ.get("DVC_GLOBAL_CONFIG_DIR")
    if own:
        return os.fsencode(own)
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    if not folder.startswith("/"):
        folder = os.path.expanduser("~/Library/Application Support" if platform == "darwin" else "~/.config")
    return os.fsencode(os.path.join(folder, "dvc"))


def read(file: bytes, data: bytes | None = None) -> Tree:
    """Return section -> option -> value of one config file, names in lower case, paths resolved; {} without file.

    data: what it is to hold, where that is not what stands in it.

    The sections of remotes are named `remote "NAME"`. GuardError (exit 2) with file and line for a broken one.
    """
    tree = parse(_bytes_of(file) if data is None else data, file)
    folder = os.path.dirname(os.path.abspath(file))
    for name, section in tree.items():
        options = ("dir",) if name == "cache" else PATHS if name.startswith('remote "') else ()
        for option in options:
            value = section.get(option)
            if isinstance(value, str):
                section[option] = resolved(folder, value)
    return tree


def parse(data: bytes, file: bytes) -> Tree:
    """Read the bytes of a config file as they are, paths unresolved; `file` is its name in messages."""
    tree = plain(data)
    return _by_configobj(data, file) if tree is None else tree


def line_of(data: bytes, section: str, option: str) -> int:
    """Return the number of the line in which an option of a section stands, 0 when that cannot be told."""
    found = [n for n, where, key in _lines(data) if (where, key) == (section, option)]
    return found[0] if len(found) == 1 else 0


def header_of(data: bytes, section: str) -> int:
    """Return the number of the line that opens a section, 0 when there is none."""
    return next((n for n, where, key in _lines(data) if (where, key) == (section, "")), 0)


def _lines(data: bytes) -> Iterator[tuple[int, str, str]]:
    """Yield (number, section, option) of each line that may set one; option "" where a section opens."""
    current = ""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if line.startswith("["):
            inner = line.lstrip("[").partition("]")[0].strip()
            quoted = len(inner) > 1 and inner[0] == inner[-1] and inner[0] in "'\""
            name = named(inner[1:-1] if quoted else inner)
            current = f'{current.partition(" ")[0]} "{name}"' if line.startswith("[[") else name
            yield number, current, ""
        elif "=" in line:
            yield number, current, line.partition("=")[0].strip().strip("'\"").lower()


def _bytes_of(file: bytes) -> bytes:
    try:
        return git.read(file, MAX_BYTES, links=True)
    except FileNotFoundError:
        return b""
    except OSError as e:
        raise broken(file, f"cannot be read: {e.strerror}") from None


def resolved(folder: bytes, path: str) -> str:
    """Return what DVC makes of a path or URL in a config file of this folder."""
    head, mark, _ = path.partition("://")
    if (mark and head and head.replace("_", "a").isalnum()) or path.startswith("/"):
        return path
    expanded = os.path.expanduser(path)
    if expanded.startswith("/"):
        return expanded
    return os.fsdecode(os.path.normpath(os.path.join(folder, os.fsencode(path))))


def broken(file: bytes, what: str) -> GuardError:
    path = shown(file)
    return GuardError(
        problem=f"the DVC config {path} {what}.",
        remedy=f"correct {path}; `dvc config --list` checks it",
        exit_code=UNUSABLE,
    )


# --- the ordinary lines


def plain(data: bytes) -> Tree | None:
    """Read a config file of ordinary lines; None when one of them needs configobj."""
    if not data.isascii():
        return None
    text = data.decode().replace("\r\n", "\n")
    tree: Tree = {}
    section: Section | None = None
    for raw in text.split("\n"):
        line = raw.strip(" \t")
        if not line or (line[0] == "#" and line.replace("\t", " ").isprintable()):
            continue
        if not line.replace("\t", " ").isprintable():
            return None
        if line[0] == "[":
            name = _section_name(line)
            if name is None or named(name) in tree:
                return None
            section = tree[named(name)] = {}
        elif section is None or not _option(section, line):
            return None
    return tree


def _section_name(line: str) -> str | None:
    if line[-1] != "]":
        return None
    name = line[1:-1].strip(" \t")
    if name[:1] == "'" and name[-1:] == "'" and len(name) > 2:
        name = name[1:-1]
    elif name[:1] in ("'", '"', ""):
        return None
    if not name.strip(" \t") or "'" in name or "[" in name or "]" in name or "#" in name:
        return None
    return name


def named(section: str) -> str:
    """Return a section's name in lower case, `remote "n"` and its kin in their one spelling."""
    low = section.lower()
    kind, quote, rest = low.strip().partition('"')
    if quote and rest.endswith('"') and kind.strip() in NAMED:
        return f'{kind.strip()} "{rest[:-1]}"'
    return low


def _option(section: Section, line: str) -> bool:
    """Take one `key = value` into the section; False when it is not an ordinary one."""
    key, equals, rest = line.partition("=")
    key, value = key.strip(" \t"), rest.strip(" \t")
    if not equals or not key or not value or not _KEY.issuperset(key) or key.lower() in section or "%" in value:
        return False
    if value[0] in "'\"":
        inner = value[1:-1]
        if len(value) < 2 or value[-1] != value[0] or "'" in inner or '"' in inner:
            return False
        section[key.lower()] = inner
        return True
    if "'" in value or '"' in value or "#" in value:
        return False
    if "," not in value:
        section[key.lower()] = value
        return True
    items = [item.strip(" \t") for item in value.split(",")]
    section[key.lower()] = items
    return all(items)


# --- all others


def _by_configobj(data: bytes, file: bytes) -> Tree:
    from configobj import ConfigObj, ConfigObjError

    try:
        lines = data.decode().replace("\r\n", "\n").replace("\r", "\n").splitlines(True)
        _refuse_endless(lines, len(data), file)
        tree = ConfigObj(lines).dict()
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise broken(file, f"is not UTF-8 in line {line}") from None
    except ConfigObjError as e:
        known = (getattr(e, "errors", None) or [e])[0]
        where = f" in line {known.line_number}" if known.line_number else ""
        raise broken(file, f"is broken{where}: {_words(str(known))}") from None
    if any(not isinstance(section, dict) for section in tree.values()):
        raise broken(file, "has an option outside of all sections")
    # As DVC does, in two steps: of names that differ only in case the last one counts, in the place of the first; and
    # of what is then one remote in two spellings, the later place.
    low = {name.lower(): _lower(section) for name, section in tree.items()}
    return _flattened({named(name): section for name, section in low.items()})


def _refuse_endless(lines: list[str], size: int, file: bytes) -> None:
    """Refuse what configobj's expressions would try for hours, and DVC with them: of a value that is none of its kinds
    each further item doubles their work."""
    if size > MAX_UNUSUAL:
        raise broken(file, f"has more than {MAX_UNUSUAL:,} bytes")
    until = ""  # what ends a value of several lines
    for number, line in enumerate(lines, 1):
        if until:
            until = "" if until in line else until
            continue
        value = line.partition("=")[2].strip()
        if value[:3] in ("'" * 3, '"' * 3):
            until = "" if value[:3] in value[3:] else value[:3]
        elif len(line) > MAX_LINE or line.count("[") > MAX_BRACKETS or not _is_value(value):
            raise broken(file, f"is broken in line {number}: neither a section nor an option of a value that ends")


def _is_value(text: str) -> bool:
    """Whether these are items with commas between them, each in quotes that end, or without, before any comment."""
    at, end = 0, len(text)
    while True:
        at = _past_blanks(text, at)
        if at < end and text[at] in "'\"":
            at = text.find(text[at], at + 1) + 1
            if not at:
                return False
            at = _past_blanks(text, at)
        else:
            stops = [i for i in (text.find(",", at), text.find("#", at)) if i >= 0]
            at = min(stops, default=end)
        if at == end or text[at] == "#":
            return True
        if text[at] != ",":
            return False
        at += 1


def _past_blanks(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip())


def _words(said: str) -> str:
    """Return configobj's words without what it quotes from the file, which may be a password."""
    if said.startswith("Invalid line"):
        return "Invalid line, neither a section nor an option"
    if "interpolation" in said.lower():
        return "a `%(` in a value, which means another option"
    words = said.split(" at line ")[0].rstrip(".")
    return words if words.replace(" ", "").isalpha() else "it cannot be read"


def _lower(section: dict[str, Any]) -> dict[str, Any]:
    return {k.lower(): _lower(v) if isinstance(v, dict) else v for k, v in section.items()}


def _flattened(tree: dict[str, Any]) -> Tree:
    """Give `[remote]` with `[[NAME]]` below it the spelling that DVC itself writes; it reads both."""
    flat: dict[str, Any] = {}
    for name, section in tree.items():
        inner = {k: v for k, v in section.items() if isinstance(v, dict)} if name in NAMED else {}
        own = {k: v for k, v in section.items() if k not in inner}
        if own or not inner:
            flat[name] = own
        flat.update({f'{name} "{k}"': v for k, v in inner.items()})
    return flat
