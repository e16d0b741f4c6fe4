"""Which of these index entries are artifacts, which are too big: names first, then the blobs' first bytes."""

from __future__ import annotations

from trinity_guard.detect import glance, patterns
from trinity_guard.dvcrepo.paths import is_dvc_path, is_pointer, is_private_config
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.git.index import GITLINK, SYMLINK
from trinity_guard.git.objects import GLANCE, Head, Objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git import Place
    from trinity_guard.git.index import Entry

# What Git, DVC, the framework and we ourselves work by is no artifact, whatever folder or pattern it falls under.
BOOKKEEPING = frozenset(
    b".gitignore .gitattributes .gitmodules .dvcignore dvc.yaml dvc.lock .trinity-guard.toml pyproject.toml "
    b".pre-commit-config.yaml".split()
)

# How a pointer of git-lfs begins; it still reads those of its first names.
LFS_HEADS = (
    b"version https://git-lfs.github.com/spec/",
    b"version https://hawser.github.com/spec/",
    b"version http://git-media.io/v/",
)


class Artifact:
    """An index entry that does not belong in Git: why, and its blob's size in bytes."""

    __slots__ = ("entry", "reason", "size")

    def __init__(self, entry: Entry, reason: str, size: int) -> None:
        self.entry = entry
        self.reason = reason
        self.size = size


# So many blobs are looked at more closely at once.
TOGETHER = 500


class Findings:
    """Artifacts and files above max-size, in the order of the index."""

    __slots__ = ("artifacts", "oversized")

    def __init__(self) -> None:
        self.artifacts: list[Artifact] = []
        self.oversized: list[Artifact] = []


def inspect(
    place: Place, rules: Rules, entries: Sequence[Entry], holders: Mapping[bytes, Output] | None = None
) -> Findings:
    """Sort the entries. Every blob is looked at: a name is only half of the truth, and none of a stand-in's.

    holders: path -> what DVC holds there already, which is an artifact whatever its name, content and size.
    """
    findings, holders = Findings(), holders or {}
    # Of a pointer, an ignore file and their kin there is nothing to learn from their bytes.
    # A link holds no bytes, and a submodule's commit is in a repository of its own.
    looked_at = [
        e for e in entries if e.mode not in (SYMLINK, GITLINK) and (e.path in holders or not is_bookkeeping(e.path))
    ]
    objects = Objects(place.common_dir)
    heads = objects.heads([e.oid for e in looked_at])
    remarkable: list[tuple[Entry, Head]] = []
    for entry, head in zip(looked_at, heads, strict=True):
        if entry.path in holders:
            reason = f"is held by {shown(holders[entry.path].source)}"
            findings.artifacts.append(Artifact(entry, reason, head.size))
            continue
        # The common case, decided without a call: a small text file with an ordinary name.
        if head.size > rules.small or rules.sieve(entry.path) or glance.suspicious(head.first):
            remarkable.append((entry, head))
    for start in range(0, len(remarkable), TOGETHER):
        _look_closer(remarkable[start : start + TOGETHER], objects)
    for entry, head in remarkable:
        _sort(entry, head, rules, findings)
    return findings


def _look_closer(some: list[tuple[Entry, Head]], objects: Objects) -> None:
    """Read more of what may be something; many at once, since what is packed is asked of Git."""
    doubtful = [(e.oid, h) for e, h in some if glance.suspicious(h.first) and h.size > GLANCE]
    more = objects.heads([oid for oid, _ in doubtful], glance.HEAD_BYTES) if doubtful else []
    for (_, head), longer in zip(doubtful, more, strict=True):
        head.first = longer.first


def _sort(entry: Entry, head: Head, rules: Rules, findings: Findings) -> None:
    if head.first.startswith(LFS_HEADS) and head.size < 1024:
        return  # git-lfs keeps it
    first, size = head.first, head.size
    verdict = rules.decide(entry.path, size, first)
    if verdict.kind == "artifact":
        findings.artifacts.append(Artifact(entry, verdict.reason, glance.real_size(first, size)))
    elif verdict.kind == "too-big":
        findings.oversized.append(Artifact(entry, verdict.reason, head.size))


def is_bookkeeping(path: bytes) -> bool:
    """Whether a path is a file that the tools themselves work by: pointers, ignore files, configurations."""
    name = path.rpartition(b"/")[2]
    return name in BOOKKEEPING or is_pointer(name) or (b".dvc/" in path and _is_of_dvc(path))


def _is_of_dvc(path: bytes) -> bool:
    """Whether a path is what DVC has Git keep of its folder: the config, templates of plots. All else is forced in."""
    _, inside, rest = (b"/" + path).rpartition(b"/.dvc/")
    template = rest.startswith(b"plots/") and rest.endswith(b".json")
    return bool(inside) and (rest in (b"config", b"config.local") or template)


def check_staged(
    place: Place, rules: Rules, entries: Sequence[Entry], holders: Mapping[bytes, Output] | None = None
) -> list[Artifact]:
    """Return the staged artifacts; refuse files above max-size and records of DVC's that no one can trust.

    holders: as `inspect` has them.
    """
    suspects = [e for e in entries if is_dvc_path(e.path) or is_private_config(e.path)]
    if suspects:
        from trinity_guard.detect.records import check_records  # noqa: PLC0415  # most commits bring none

        check_records(place, suspects)
    findings = inspect(place, rules, entries, holders)
    if findings.oversized:
        raise refuse_oversized(findings.oversized)
    return findings.artifacts


def refuse_oversized(oversized: Sequence[Artifact]) -> GuardError:
    """Return the error for files above max-size, with the choice of remedies."""
    lines = [f"{shown(a.entry.path)}: {a.reason}" for a in oversized]
    return GuardError(
        problem="\n".join(["too large for Git:", *(f"  {line}" for line in lines)]),
        remedy=(
            f"trinity-guard convert {typed(oversized[0].entry.path)}     # keep it in DVC this once\n"
            "or in .trinity-guard.toml: add a pattern for it to `patterns` (always to DVC),\n"
            "to `exclude` (always to Git), or raise `max-size`"
        ),
    )


def refuse_artifacts(artifacts: Sequence[Artifact], remedy: str) -> GuardError:
    """Return the error that names each artifact with its size and the reason."""
    lines = [f"  {shown(a.entry.path)} ({patterns.size_text(a.size)}): {a.reason}" for a in artifacts]
    return GuardError(problem="\n".join(["artifacts do not belong in Git:", *lines]), remedy=remedy)
