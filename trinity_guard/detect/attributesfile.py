"""The attributes file of our filter driver: which paths Git asks it about.

It takes the place of the user's `core.attributesFile`, where every .gitattributes and info/attributes comes after it,
and ends with what that one says: whoever else says anything of a path has the last word. Its lines are a sieve alone;
what the driver does with a file, the rules decide that decide for the commit. Kept in step by the hooks.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.config import is_plain
from trinity_guard.detect import configuration
from trinity_guard.errors import GuardError
from trinity_guard.git import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trinity_guard.config import Config
    from trinity_guard.git import Place

# Git reads no longer lines in a file of attributes.
MAX_LINE = 2000
MAX_THEIRS = 10 << 20
# With its dot: an end of at most so many characters may be one of a file of sources.
SHORT = 4
ATTRIBUTE = b" filter=trinity-guard"
SETTING = "core.attributesFile"
IN_GIT_DIR = b"/trinity-guard/attributes"
NOT_OURS = b" !filter"
EXPLAINED = b"""\
# `trinity-guard init` wrote this file, the hooks keep it in step with the patterns of the configuration, and
# `trinity-guard init --uninstall` takes it away. Below our lines stands what your own core.attributesFile says.
"""


def set_up(place: Place, config: Config, theirs: bytes) -> None:
    """Write the file. theirs: the user's own attributes file, be it not there yet."""
    files.replace(configuration.attributes(place), content(config, configuration.state(place, theirs)))


def follow(place: Place, config: Config) -> None:
    """Write the file again where the configuration, the user's own file, or the repository's place has changed.

    Called by hooks: what cannot be written now is written later.
    """
    theirs = theirs_of(place)
    if theirs is None:
        return
    try:
        set_up(place, config, _named_since(place, theirs))
        _stay_in_use(place)
    except (GuardError, OSError):
        return


def is_current(place: Place, config: Config) -> bool:
    """Whether its lines are those that it would have now; its first one says only what they were made of, and when."""
    theirs = theirs_of(place)
    if theirs is None:
        return True
    now = content(config, configuration.state(place, _named_since(place, theirs)))
    there = files.read_if_there(configuration.attributes(place)) or b""
    return there.partition(b"\n")[2] == now.partition(b"\n")[2]


def said(place: Place) -> list[tuple[bytes, bytes]]:
    """Return (scope, value) of each core.attributesFile, the last of which counts."""
    out = git.attempt("config", "--show-scope", "-z", "--get-all", SETTING, at=place.top).out
    fields = out.split(b"\0")[:-1]
    return list(zip(fields[::2], fields[1::2], strict=True))


def usual(place: Place, named: bytes = b"") -> bytes:
    """Return the attributes file that Git reads where one of this name is asked for, b"" where none is."""
    return os.path.join(place.top, os.path.expanduser(named or os.path.join(configuration.git_home(), b"attributes")))


def _named_since(place: Place, theirs: bytes) -> bytes:
    """Return the attributes file that the user has named since, where it was the usual one that was taken in."""
    if theirs != usual(place):
        return theirs
    named = [value for scope, value in said(place) if scope in (b"global", b"system")]
    return usual(place, named[-1] if named else b"")


def _stay_in_use(place: Place) -> None:
    """Have Git read the file where it is now, if it is told of the place where it was before the repository was moved.

    A value that is not ours stays: somebody has set it since.
    """
    said, ours = os.fsencode(git.config(SETTING) or ""), configuration.attributes(place)
    if said != ours and said.endswith(IN_GIT_DIR):
        git.run("config", "--local", SETTING, ours)


def theirs_of(place: Place) -> bytes | None:
    """Return which attributes file of the user's was taken in, None where ours is not there."""
    said = configuration.state_said(place)
    return None if said is None else configuration.theirs(said)


def content(config: Config, state: bytes) -> bytes:
    try:
        rest = git.read(configuration.theirs(state), MAX_THEIRS, links=True)
    except (OSError, ValueError, GuardError):
        rest = b""  # Git would read nothing there either
    return b"".join([state, EXPLAINED, *lines(config), rest])


def lines(config: Config) -> list[bytes]:
    """Return our lines: patterns, then what is taken out of them again. None of them where artifacts are blocked."""
    if config.on_artifact == "block":
        return []
    wanted = list(_wanted(config.patterns))
    # What `!` keeps from being one artifact may be artifacts all the same.
    folders = [pattern.rstrip(" ").rstrip("/") + "/" for pattern in config.folders if not pattern.startswith("!")]
    wanted += [line for pattern in folders for line in _lines(pattern, ATTRIBUTE, NOT_OURS)]
    return wanted + [line for pattern in config.exclude for line in _lines(pattern, NOT_OURS, ATTRIBUTE)]


def _wanted(patterns: Sequence[str]) -> Iterator[bytes]:
    """Yield the lines of patterns, in their order.

    Git holds every path that it looks at against every line, several times for each file of a `git diff`. So ends like
    `*.csv`, in letters of any case, share lines; these take in a few names more, and the folders of all of them, in one
    line, some more still.
    """
    ends: list[bytes] = []
    for pattern in patterns:
        if is_plain(pattern) and len(pattern) > 2:
            ends.append(pattern[1:].lower().encode())
            continue
        if pattern.startswith("!"):
            yield from _of_ends(ends)
            ends = []
        yield from _lines(pattern, ATTRIBUTE, NOT_OURS)
    yield from _of_ends(ends)


def _of_ends(ends: list[bytes]) -> Iterator[bytes]:
    """Yield lines for files whose names end so, and one for all that lies in folders of such names."""
    for group in _alike(ends):
        yield b"*" + b"".join(_one_of(set(codes)) for codes in zip(*group, strict=True)) + ATTRIBUTE + b"\n"
    if not ends:
        return
    first, last = (_one_of({end[at] for end in ends}) for at in (1, -1))
    if any(len(end) == 2 for end in ends):
        last = b""  # of one letter, which is first and last
    yield b"**/*." + first + b"*" + last + b"/**" + ATTRIBUTE + b"\n"


def _alike(ends: list[bytes]) -> list[list[bytes]]:
    """Return ends in groups that one line says: as long as each other, and, if short, with few others that it takes in.

    Of three letters most are somebody's: `.csv` and `.pkl` in one line would have Git ask us of each `.tpl`.
    """
    groups: list[list[bytes]] = []
    for end in dict.fromkeys(ends):
        found = next((group for group in groups if _is_alike(group, end)), None)
        if found is None:
            groups.append([end])
        else:
            found.append(end)
    return groups


def _is_alike(group: list[bytes], end: bytes) -> bool:
    if len(group[0]) != len(end):
        return False
    taken_in = 1
    for codes in zip(*group, end, strict=True):
        taken_in *= len(set(codes))
    return len(end) > SHORT or taken_in <= 2 * (len(group) + 1)


def _lines(pattern: str, attribute: bytes, opposite: bytes) -> Iterable[bytes]:
    """Yield a gitignore pattern as lines of attributes: of the file, and of all in a folder of that name."""
    text = pattern.encode("utf-8", "surrogateescape").rstrip(b" ")
    if text.startswith(b"!"):
        text, attribute = text[1:], opposite
    if not text or text.startswith(b"#"):
        return
    anchored = b"/" in text[:-1]
    bare = text.removesuffix(b"/")
    named = [bare] if bare == text and not bare.endswith(b"/**") else []
    inside = bare if bare.endswith(b"/**") else bare + b"/**"
    for one in (*named, inside if anchored else b"**/" + inside):
        line = _quoted(_any_case(one)) + attribute + b"\n"
        if len(line) <= MAX_LINE:
            yield line


def _any_case(pattern: bytes) -> bytes:
    """Return a pattern that matches whatever the case of its ASCII letters; brackets stay as they are."""
    said: list[bytes] = []
    at = 0
    while at < len(pattern):
        char = pattern[at : at + 1]
        end = pattern.find(b"]", at + 2) if char == b"[" else -1
        if char == b"\\" and at + 1 < len(pattern):
            said.append(pattern[at : at + 2])
            at += 2
        elif end > 0:
            said.append(pattern[at : end + 1])
            at = end + 1
        else:
            both = char.lower() + char.upper()
            said.append(b"[" + both + b"]" if char.isalpha() else char)
            at += 1
    return b"".join(said)


def _one_of(codes: set[int]) -> bytes:
    """Return a pattern for one of these characters, letters in either case."""
    cases = _cases(codes)
    if len(cases) == 1:
        return bytes(codes)
    return b"[" + b"".join(sorted(b"\\" * (not char.isalnum()) + char for char in cases)) + b"]"


def _cases(codes: set[int]) -> set[bytes]:
    return {form for code in codes for form in (bytes((code,)).lower(), bytes((code,)).upper())}


def _quoted(pattern: bytes) -> bytes:
    """Return a pattern as it stands in a file of attributes: in quotes, as C has them, where it holds a blank."""
    if pattern.strip(b" \t") == pattern and not any(c in pattern for c in b' \t"'):
        return pattern
    return b'"' + pattern.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\t", b"\\t") + b'"'
