"""Random old and damaged trees, commits and tags: what is written anew is nothing that fsck refuses, or the file stays
and is named."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.helpers.support import run
from tests.migrate import driven
from tests.migrate.legacy import Legacy, Migrated
from trinity_guard.errors import GuardError

MODES = (b"100644", b"100755", b"100664", b"0100644", b"120000", b"160000", b"40000", b"040000")
NAMES = (b"a.pkl", b"b.csv", b"m", b"x.py", b"a.pkl.dvc", b".gitignore", b"", b"a/b.pkl", b".git", b"..", b"z.h5")
WHO = (
    b"A <a@example.com> 1500000000 +0100",
    b"A <a@example.com> -3 +0000",
    b"A <a@example.com> 99999999999999999999 +9999",
    b"A<a@example.com> 1 +0000",
    b"A <a@example.com>",
)
ENTRY = st.tuples(st.sampled_from(MODES), st.sampled_from(NAMES), st.integers(0, 4))
# Most entries are sound, or every tree would be damaged.
SOUND = st.tuples(st.just(b"100644"), st.sampled_from((b"a.pkl", b"b.csv", b"x.py", b"z.h5")), st.integers(0, 3))
TREE = st.tuples(st.lists(SOUND, max_size=4, unique_by=lambda e: e[1]), st.lists(ENTRY, max_size=2), st.booleans())
SIGNATURE = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n"
MERGED_TAG = b"mergetag object %s\n type commit\n tag v0\n tagger A <a@example.com> 1 +0000\n \n words\n" % (b"1" * 40)
HEADERS = st.sampled_from(
    (b"", b"", b"encoding latin-1\n", SIGNATURE, MERGED_TAG, b"HG:rename a:b\n", MERGED_TAG + SIGNATURE)
)
COMMIT = st.tuples(TREE, st.none() | TREE, st.sampled_from((WHO[0], WHO[0], *WHO)), HEADERS)
TAGGER = st.sampled_from((b"", b"tagger " + WHO[0] + b"\n", b"tagger " + WHO[1] + b"\n"))
# A tree may name no object at all.
NULL = 4


def written(legacy: Legacy, tree: Any, below: str = "") -> str:
    """Write a tree with these entries, in order or as they come; a folder is the tree `below`, where there is one."""
    sound, odd, in_order = tree
    entries = [*sound, *odd]
    entries = sorted(entries, key=lambda e: e[1] + b"/" * e[0].endswith(b"40000")) if in_order else entries
    raw = b""
    for mode, name, content in entries:
        if mode.endswith(b"40000"):
            oid = below or legacy.write("tree", b"")
        elif mode == b"160000":
            oid = "12" * 20
        else:
            oid = legacy.write("blob", b"content %d" % content) if content != NULL else "0" * 40
        raw += mode + b" " + name + b"\0" + bytes.fromhex(oid)
    return legacy.write("tree", raw)


def build(legacy: Legacy, commits: Any, tagger: bytes) -> list[str]:
    ids: list[str] = []
    for tree, below, who, headers in commits:
        root = written(legacy, tree, written(legacy, below) if below is not None else "")
        parent = f"parent {ids[-1]}\n".encode() if ids else b""
        people = b"author %s\ncommitter %s\n" % (who, WHO[0])
        words = b"caf\xe9 \xff\n" if headers else b"work"
        ids.append(legacy.write("commit", b"tree %s\n%s%s%s\n%s" % (root.encode(), parent, people, headers, words)))
    legacy.git("update-ref", "refs/heads/main", ids[-1])
    named, kind = ids[-1], "commit"
    for name in ("v1", "of-v1"):
        head = f"object {named}\ntype {kind}\ntag {name}\n".encode()
        named, kind = legacy.write("tag", head + tagger + b"\nwords\n"), "tag"
        legacy.git("update-ref", f"refs/tags/{name}", named)
    return ids


def complaints(legacy: Legacy) -> dict[str, set[str]]:
    """Return what fsck says: object -> the names of what is wrong with it."""
    out = run("git", "fsck", "--no-dangling", "--no-progress", cwd=legacy.path, ok=False)
    found: dict[str, set[str]] = {}
    for oid, word in re.findall(r"in \w+ ([0-9a-f]{40}): (\w+)", (out.stdout + out.stderr).decode()):
        found.setdefault(oid, set()).add(word)
    return found


@pytest.mark.slow
@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(commits=st.lists(COMMIT, min_size=1, max_size=4), tagger=TAGGER)
def test_what_is_written_passes_fsck_or_the_file_stays_and_is_named(
    tmp_path_factory: pytest.TempPathFactory, commits: Any, tagger: bytes
) -> None:
    legacy = Legacy(tmp_path_factory.mktemp("odd") / "bare.git", bare=True)
    ids = build(legacy, commits, tagger)
    before, refs = complaints(legacy), legacy.refs()
    # Without the whole fsck of other tests: what was damaged and stays is still there.
    refused, report = "", dict[str, Any]()
    try:
        report = driven.run(legacy.place, legacy.options())
    except GuardError as error:
        refused = error.problem
    # What no tree can name cannot be read, and no line is written into an ignore file that is a link or a folder.
    assert refused == "" or "0" * 40 in refused or ".gitignore is no file of its own" in refused
    if refused:
        assert legacy.refs() == refs
        return
    done, moved = Migrated(legacy, report), bool(report["refs"])
    if moved:
        assert driven.verify(legacy.place).wrong == []
    after = complaints(legacy)
    changed = {new: old for old, new in done.ids.items() if old != new}
    changed.update({legacy.refs()[name]: refs[name] for name in ("refs/tags/v1", "refs/tags/of-v1")})
    for oid, words in after.items():
        # A commit, and a tag, keep their headers; a tree that was there before is what it was.
        assert words <= before.get(changed.get(oid, oid), set()), (oid, words)
    for old in ids:
        root = legacy.raw(legacy.git("rev-parse", old + "^{tree}").decode().strip())
        kept = legacy.raw(legacy.git("rev-parse", done.ids[old] + "^{tree}").decode().strip())
        if root == kept and any(b" " + name + b"\0" in root for name in (b"a.pkl", b"b.csv", b"z.h5")):
            names = set(done.stays())
            assert names or re.search(rb"(120000|160000|40000) (a\.pkl|b\.csv|z\.h5)\0", root), root
