"""TG007: files that Git and DVC both track."""

from __future__ import annotations

import os
from collections.abc import Iterator

from trinity_guard.dvcrepo import paths
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.errors import GuardError, pathspec, shown, typed
from trinity_guard.git.index import Entry
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.subject import Subject


def find(subject: Subject) -> Iterator[Finding]:
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
    holders = [(h.path, h.kind == "dir", h.source) for h in subject.held() if h.kind != "foreign"]
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
                target = paths.yaml_beside(holder.path) if paths.is_lock(holder.path) else holder.path
                yield tree.entry(at), holder, f"then: dvc commit -f {typed(target)}"
            folder = os.path.dirname(folder)


def _locked(subject: Subject) -> list[tuple[bytes, bool, bytes]]:
    """Return (path, is a folder, lock) of the outputs that pipelines keep in DVC for certain."""
    found = []
    entries = [e for e in subject.tree.ending(paths.LOCK) if os.path.basename(e.path) == paths.LOCK]
    yamls = {e.path: subject.tree.get(paths.yaml_beside(e.path)) for e in entries}
    contents = subject.contents([e.oid for e in entries] + [y.oid for y in yamls.values() if y])
    for entry in entries:
        yaml = yamls[entry.path]
        try:
            outs = outputs_of(contents[entry.oid] or b"", entry.path, contents[yaml.oid] if yaml else None)
        except GuardError:
            continue  # TG005 says so
        found += [(o.path, o.md5.endswith(".dir"), entry.path) for o in outs if o.cache and o.certain]
    return found
