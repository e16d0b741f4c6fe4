"""TG004, TG005, TG007, TG008: what pointers, locks and pipelines say, and whether the tree around them agrees."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import lockfile, referenced
from trinity_guard.dvcrepo.yaml import MAX_BYTES, parse
from trinity_guard.errors import GuardError, pathspec, shown, typed
from trinity_guard.lint.finding import ERROR, WARNING, Finding
from trinity_guard.lint.rules import ignored, lockshape, pipelines
from trinity_guard.lint.subject import held_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from trinity_guard.dvcrepo.tracked import Held
    from trinity_guard.git.index import Entry
    from trinity_guard.lint.subject import Subject

POINTER, LOCK, PIPELINE = b".dvc", b"dvc.lock", b"dvc.yaml"
# Each such look is a walk through the history.
MAX_LOOKED_FOR = 10
MODELS = b"models"
MODEL_ENDS = (
    b".pkl", b".pickle", b".joblib", b".h5", b".hdf5", b".keras", b".pt", b".pth", b".ckpt", b".onnx", b".safetensors",
)  # fmt: skip
# What the trainer writes, and never without its metadata.
TRAINED = b"layout_risk_predictor_"


def tg004(subject: Subject) -> Iterator[Finding]:
    """Pointers whose file Git does not ignore: the next `git add` would take it in."""
    held = [h for h in _held(subject) if h.kind != "foreign"]
    if subject.fresh is not None:
        folders = [os.path.dirname(p) for p, _ in subject.fresh if os.path.basename(p) == b".gitignore"]
        held = [h for h in held if (h.pointer, h.oid) in subject.fresh or _below(h.path, folders)]
    for h in ignored.not_ignored(subject, [h for h in held if subject.means(h.pointer)]):
        name, where = shown(h.path), typed(os.path.join(os.path.dirname(h.path), b".gitignore"))
        yield Finding(
            "TG004",
            h.pointer,
            f"Git does not ignore {name}, which this pointer records: `git add` would take its bytes in",
            f"trinity-guard lint --fix     # adds its line to {where}",
            commit=subject.tree.commit.decode(),
            key=h.path.hex(),
        )


def _below(path: bytes, folders: list[bytes]) -> bool:
    return any(not f or path.startswith(f + b"/") for f in folders)


def _held(subject: Subject) -> list[Held]:
    """Return what the tree's pointers hold, all that can be read; the others are TG005's."""
    entries = subject.tree.ending(POINTER)
    contents = subject.contents(e.oid for e in entries)
    found: list[Held] = []
    for entry in entries:
        try:
            found += held_by(entry, contents[entry.oid])
        except GuardError:
            continue
    return found


# ---- TG005


def tg005(subject: Subject) -> Iterator[Finding]:
    """Pointers, locks and pipelines that DVC cannot read, and pointers that lead out of the repository."""
    files = [(c, e, read) for c, e in subject.versions(POINTER, LOCK, PIPELINE) if (read := _reader(e.path))]
    contents = subject.contents(e.oid for _, e, _ in files)
    told = 0
    for commit, entry, read in files:
        try:
            read(subject, entry, contents[entry.oid])
        except GuardError as error:
            told += 1
            yield Finding(
                "TG005",
                entry.path,
                without_path(error.problem, entry.path),
                _mending(subject, commit, entry, error, told <= MAX_LOOKED_FOR),
                commit=commit.decode(),
                key=entry.oid.decode(),
            )


def _mending(subject: Subject, commit: bytes, entry: Entry, error: GuardError, look: bool) -> str:
    """Return the command that helps. look: whether to look through the history for the last good version."""
    if subject.is_gone(entry):
        return subject.rebase(commit, "correct it in that commit, a later one has it otherwise")
    if look:
        return referenced.mending(subject.place, entry.path, error)
    return f"git log -p -- {pathspec(entry.path)}     # which commit has a good one?"


def _reader(path: bytes) -> Callable[[Subject, Entry, bytes | None], None] | None:
    name = os.path.basename(path)
    if name in (LOCK, PIPELINE):
        return _read_lock if name == LOCK else _read_pipeline
    return _read_pointer if name.endswith(POINTER) else None


def _read_pointer(subject: Subject, entry: Entry, data: bytes | None) -> None:
    for held in held_by(entry, data):
        link = _link_above(subject, held.path)
        if link:
            raise GuardError(
                f"{shown(entry.path)}: its data {shown(held.path)} lies behind {shown(link)}, which is a symbolic "
                "link: whoever checks it out would write wherever that leads",
                f"git rm -q --cached -- {pathspec(entry.path)}     # and keep the file in a real folder",
            )


def _link_above(subject: Subject, path: bytes) -> bytes | None:
    folder = os.path.dirname(path)
    while folder:
        entry = subject.tree.get(folder)
        if entry is not None:
            return folder  # a file cannot have others below it: it is a link
        folder = os.path.dirname(folder)
    return None


def _read_lock(_: Subject, entry: Entry, data: bytes | None) -> None:
    small = _small(entry, data)
    # Without its dvc.yaml: what that says of an output makes no lock unreadable.
    lockfile.outs(small, None, entry.path)
    wrong = lockshape.wrong(_parsed(entry, small) or {})
    if wrong:
        raise _unreadable(entry, wrong)


def _read_pipeline(_: Subject, entry: Entry, data: bytes | None) -> None:
    wrong = pipelines.wrong(_parsed(entry, _small(entry, data)) or {})
    if wrong:
        raise _unreadable(entry, wrong)


def _parsed(entry: Entry, data: bytes) -> Any:
    try:
        return parse(data, MAX_BYTES, anchors=True)
    except ValueError as error:
        raise _unreadable(entry, str(error)) from None


def _unreadable(entry: Entry, wrong: str) -> GuardError:
    return GuardError(
        f"{shown(entry.path)} is no file that DVC can read: {wrong}.",
        f"git log -p -- {pathspec(entry.path)}     # correct it; `dvc stage list` checks it",
    )


def _small(entry: Entry, data: bytes | None) -> bytes:
    if data is None:
        raise _unreadable(entry, "it is too large")
    return data


def without_path(problem: str, path: bytes) -> str:
    """Return a message on one line, without the path at its beginning."""
    text = " ".join(problem.split())
    for head in (f"{shown(path)}: ", f"{shown(path)} "):
        text = text.removeprefix(" ".join(head.split()) + " ")
    return text.rstrip(".")


# ---- TG007


def tg007(subject: Subject) -> Iterator[Finding]:
    """Files that Git and DVC both track: one of the two is out of date after the next change."""
    said: set[bytes] = set()
    for entry, holder, stays in _held_twice(subject):
        new = subject.is_new(entry) or (subject.is_new(holder) and not subject.only)
        if not new or not subject.means(entry.path) or entry.path in said:
            continue
        said.add(entry.path)
        where = shown(holder.path)
        yield Finding(
            "TG007",
            entry.path,
            f"tracked by Git and by DVC ({where}): after the next change one of them is wrong",
            f"git rm -q --cached -- {pathspec(entry.path)}     # {stays}",
            commit=subject.tree.commit.decode(),
            key=holder.path.hex(),
        )


def _held_twice(subject: Subject) -> Iterator[tuple[Entry, Entry, str]]:
    """Yield (file of Git's, pointer or lock that holds it, what stays)."""
    tree = subject.tree
    holders = [(h.path, h.kind == "dir", h.pointer) for h in _held(subject) if h.kind != "foreign"]
    holders += _locked(subject)
    folders = {path: where for path, is_dir, where in holders if is_dir}
    for path, _, where in holders:
        entry, holder = tree.get(path), tree.get(where)
        if entry is not None and holder is not None:
            yield entry, holder, "the file stays here, and in DVC"
    for at, path in enumerate(tree.paths) if folders else ():
        folder = os.path.dirname(path)
        while folder:
            holder = tree.get(folders[folder]) if folder in folders else None
            if holder is not None:
                yield tree.entry(at), holder, f"then: dvc commit {typed(holder.path)}"
            folder = os.path.dirname(folder)


def _locked(subject: Subject) -> list[tuple[bytes, bool, bytes]]:
    """Return (path, is a folder, lock) of the outputs that pipelines keep in DVC for certain."""
    found = []
    entries = [e for e in subject.tree.ending(LOCK) if os.path.basename(e.path) == LOCK]
    yamls = {e.path: subject.tree.get(lockfile.yaml_beside(e.path)) for e in entries}
    contents = subject.contents([e.oid for e in entries] + [y.oid for y in yamls.values() if y])
    for entry in entries:
        yaml = yamls[entry.path]
        try:
            outs = lockfile.outs(contents[entry.oid] or b"", contents[yaml.oid] if yaml else None, entry.path)
        except GuardError:
            continue  # TG005 says so
        found += [(o.path, o.md5.endswith(".dir"), entry.path) for o in outs if o.cache and o.certain]
    return found


# ---- TG008


def tg008(subject: Subject) -> Iterator[Finding]:
    """Models in a folder `models` without the JSON that says how they were made."""
    tracked = {h.path for h in _held(subject)}
    for entry in subject.tree.ending(POINTER):
        path = entry.path[: -len(POINTER)]
        stem, end = os.path.splitext(path)
        if not subject.is_new(entry) or end.lower() not in MODEL_ENDS or MODELS not in path.split(b"/")[:-1]:
            continue
        metadata = stem + b"_metadata.json"
        if subject.tree.get(metadata) is None and metadata not in tracked:
            yield Finding(
                "TG008",
                entry.path,
                f"a model without {shown(os.path.basename(metadata))} beside it: nobody can tell how it was made",
                f"git add -- {pathspec(metadata)}     # `trinity-guard train` writes it",
                commit=subject.tree.commit.decode(),
                key=path.hex(),
                level=ERROR if os.path.basename(path).startswith(TRAINED) else WARNING,
            )
