"""TG010: pickles that name what is not known to be harmless."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_guard.detect import doubtful
from trinity_guard.dvcrepo import directory
from trinity_guard.dvcrepo.project import Caches
from trinity_guard.errors import typed
from trinity_guard.lint.finding import ERROR, WARNING, Finding
from trinity_guard.lint.rules.artifacts import in_tree
from trinity_guard.lint.rules.cleared import Cleared
from trinity_guard.lint.subject import Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.detect.scan.verdict import Verdict
    from trinity_guard.dvcrepo.output import Output

MAX_BLOB = 1 << 30


def find(subject: Subject) -> Iterator[Finding]:
    """Pickles that name what is not known to be harmless: behind pointers, where their bytes are here, and in Git."""
    if subject.config.pickles == "off":
        return
    caches, cleared = Caches(subject.place), Cleared(subject.place, subject.config.pickle_allow)
    for output in _outputs(subject):
        for path, said in _behind(subject, caches, output, cleared):
            yield _finding(subject, output.source, path, said, output.md5)
    cleared.save()
    for judged in subject.judged():
        entry = judged.entry
        if judged.verdict.kind != "artifact" or not in_tree(subject, judged) or judged.size > MAX_BLOB:
            continue
        found = doubtful.of_blob(caches, entry.oid, entry.path, subject.config.pickle_allow)
        if found is not None:
            yield _finding(subject, entry.path, entry.path, found, entry.oid.decode())


def _outputs(subject: Subject) -> list[Output]:
    fresh = None if subject.fresh is None else {path for path, _ in subject.fresh}
    held = [output for output in subject.held() if output.md5 and subject.means(output.path)]
    return [output for output in held if fresh is None or output.source in fresh]


def _behind(subject: Subject, caches: Caches, output: Output, cleared: Cleared) -> Iterator[tuple[bytes, Verdict]]:
    """Yield what is to be said of an output's file, or of the files of its directory."""
    store = None if subject.place.bare else caches.of(output.path)
    if store is None:
        return
    files = [(output.path, output.md5)]
    if output.is_dir:
        listed = directory.in_cache(store, output) or {}
        files = [(output.path + b"/" + name, md5) for name, md5 in listed.items()]
    for path, md5 in files:
        if cleared.has(md5, path) or store.size(md5) is None:
            continue
        said = doubtful.of_file(store.path(md5), path, subject.config.pickle_allow)
        if said is not None:
            yield path, said
        else:
            cleared.note(md5, path)


def _finding(subject: Subject, where: bytes, path: bytes, said: Verdict, key: str) -> Finding:
    return Finding(
        "TG010",
        where,
        doubtful.sentence(said),
        f"trinity-guard scan {typed(path)}     # is it meant? Names of yours go into `pickle-allow`",
        commit=subject.tree.commit.decode(),
        key=key,
        level=ERROR if subject.config.pickles == "refuse" else WARNING,
    )
