"""Semantic versions of models, and the Git tags that hold them: GTO's `NAME@v1.2.0` and, for a stage, `NAME#prod#1`.

The tags are those that `gto register` and `gto assign` make; `gto show` and `gto history` read them. Below GTO's line,
the message says which file was released, so that the tag is a record by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown

MAX_LENGTH = 100
_NUMBER = r"(?:0|[1-9]\d*)"
_WORD = rf"(?:{_NUMBER}|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
# Semantic Versioning 2.0.0, with the `v` that GTO wants before it.
VERSION = re.compile(
    rf"v(?P<core>{_NUMBER}\.{_NUMBER}\.{_NUMBER})(?:-(?P<pre>{_WORD}(?:\.{_WORD})*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
# GTO's own rule (gto.constants.name).
NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-/_]*[a-zA-Z0-9])?", re.ASCII)
_TAG = re.compile(
    rf"(?P<name>{NAME.pattern})(?:@(?P<version>{VERSION.pattern})|#(?P<stage>{NAME.pattern}))(?P<cancel>!?)(?:#(?P<count>\d+))?",
    re.ASCII,
)


def checked(text: str) -> str:
    """Return a version as it is; GuardError (exit 2) for what is no semantic version with a `v` before it."""
    if len(text) <= MAX_LENGTH and VERSION.fullmatch(text):
        return text
    near = f"v{text.lstrip('vV=')}"
    known = len(near) <= MAX_LENGTH and VERSION.fullmatch(near)
    raise GuardError(
        f"{shown(text.encode('utf-8', 'surrogateescape'))} is no semantic version with a `v` before it.",
        f"trinity release {near if known else 'v1.2.0'}     # vMAJOR.MINOR.PATCH, and -rc.1 for one that is to come",
        UNUSABLE,
    )


def rank(version: str) -> tuple[object, ...]:
    """Return what versions are sorted by (SemVer 11): numbers as numbers, a pre-release before its release."""
    match = VERSION.fullmatch(version)
    if match is None:
        raise ValueError(version)
    core = tuple(int(n) for n in match["core"].split("."))
    words = [(0, int(w), "") if w.isdigit() else (1, 0, w) for w in (match["pre"] or "").split(".") if w]
    return core, match["pre"] is None, words


def following(version: str) -> str:
    """Return the next minor version, or of one that is to come (`v2.0.0-rc.1`) that one itself."""
    number = version.partition("+")[0]
    if "-" in number:
        return number.partition("-")[0]
    major, minor, _ = number.split(".")
    return f"{major}.{int(minor) + 1}.0"


def is_final(version: str) -> bool:
    """Whether a version is no pre-release."""
    match = VERSION.fullmatch(version)
    return match is not None and match["pre"] is None


@dataclass(frozen=True)
class Release:
    """A tag `NAME@VERSION`. commit: b"" where the tag leads to none; said: what our message tells (model, md5 …).

    annotated: a lightweight tag is none to GTO. withdrawn: by `gto deprecate`.
    """

    name: str
    version: str
    tag: str
    commit: bytes
    annotated: bool
    withdrawn: bool = False
    said: dict[str, str] = field(default_factory=dict)
    when: str = ""
    who: str = ""


@dataclass(frozen=True)
class Stage:
    """A tag that puts a commit's version into a stage, or (gone) takes it out."""

    name: str
    stage: str
    tag: str
    commit: bytes
    gone: bool
    count: int
    moment: int


class Registry:
    """All releases and stages that this repository's tags tell, read once."""

    def __init__(self) -> None:
        self.releases: list[Release] = []
        self._stages: list[Stage] = []
        withdrawn: set[str] = set()
        for name, kind, commit, moment, when, who, body in _tags():
            match = _TAG.fullmatch(name)
            if match is None:
                continue
            if match["stage"]:
                if kind == b"tag":
                    count = int(match["count"] or 0) if len(match["count"] or "") < 10 else 0
                    gone = bool(match["cancel"])
                    self._stages.append(Stage(match["name"], match["stage"], name, commit, gone, count, moment))
            elif match["cancel"]:
                withdrawn.add(f"{match['name']}@{match['version']}")
            elif len(match["version"]) <= MAX_LENGTH:
                made = Release(match["name"], match["version"], name, commit, kind == b"tag", False, _said(body))
                self.releases.append(replace(made, when=when, who=who))
        self.releases = [
            replace(r, withdrawn=True) if f"{r.name}@{r.version}" in withdrawn else r for r in self.releases
        ]

    def of(self, name: str) -> list[Release]:
        """Return the releases of one model that stand, the smallest version first."""
        found = [r for r in self.releases if r.name == name and r.annotated and not r.withdrawn]
        return sorted(found, key=lambda r: rank(r.version))

    def find(self, name: str, version: str) -> Release | None:
        return next((r for r in self.releases if r.name == name and r.version == version), None)

    def meant(self, text: str) -> list[Release]:
        """Return the releases that `v1.2.0` or `NAME@v1.2.0` may mean."""
        return [r for r in self.releases if text in (r.tag, r.version)]

    def stages(self, release: Release) -> list[str]:
        """Return the stages that this release is in: those whose last tag puts its commit there."""
        last: dict[str, Stage] = {}
        for tag in sorted((s for s in self._stages if s.name == release.name), key=lambda s: (s.moment, s.count)):
            last[tag.stage] = tag
        return sorted(name for name, tag in last.items() if tag.commit == release.commit and not tag.gone)

    def ever_in(self, name: str, stage: str) -> list[Release]:
        """Return the releases of one model that were put into a stage at some time."""
        commits = {s.commit for s in self._stages if (s.name, s.stage, s.gone) == (name, stage, False)}
        return [release for release in self.of(name) if release.commit in commits]

    def next_stage_tag(self, name: str, stage: str) -> str:
        """Return the tag that `gto assign` would make: one counter for all stages of a model."""
        return f"{name}#{stage}#{max((s.count for s in self._stages if s.name == name), default=0) + 1}"


def _tags() -> list[tuple[str, bytes, bytes, int, str, str, str]]:
    """Return (name, kind of object, commit, seconds, date, tagger, message) of each tag with `@` or `#` in its name."""
    fields = (
        "refname:strip=2", "objecttype", "objectname", "*objectname", "taggerdate:unix", "taggerdate:iso-strict",
        "taggername", "contents",
    )  # fmt: skip
    form = "%00".join(f"%({f})" for f in fields) + "%00"
    parts = git.run("for-each-ref", f"--format={form}", "refs/tags/").split(b"\0")
    found = []
    for start in range(0, len(parts) - len(fields), len(fields)):
        name, kind, oid, target, moment, when, who, body = parts[start : start + len(fields)]
        text = name.lstrip(b"\n").decode("utf-8", "surrogateescape")
        if "@" not in text and "#" not in text:
            continue
        seconds = int(moment) if moment.isdigit() else 0
        words = [part.decode("utf-8", "replace") for part in (when, who, body)]
        found.append((text, kind, target if kind == b"tag" else oid, seconds, *words))
    return found  # type: ignore[return-value]  # mypy does not count what a star brings


def _said(body: str) -> dict[str, str]:
    """Return the `key: value` lines below a message's first line."""
    pairs = (line.partition(": ") for line in body.splitlines()[1:])
    return {key: value for key, middle, value in pairs if middle and key.isidentifier()}


def make_tag(tag: str, commit: bytes, message: str) -> None:
    """Make an annotated tag, signed where the user's Git signs tags. GuardError with Git's words."""
    # From a file, not -m: what a release says is no argument. `verbatim`: nothing in it is a comment.
    git.run("tag", "-a", "--cleanup=verbatim", "-F", "-", tag, commit, data=message.encode("utf-8", "surrogateescape"))
