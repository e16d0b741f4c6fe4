"""Trees of interest, by path."""

from __future__ import annotations

import pytest

from trinity_guard.git.catfile import FILE, TREE, tree_bytes
from trinity_guard.migrate import kept as module
from trinity_guard.migrate.kept import Alike, KeptTrees


@pytest.fixture(autouse=True, params=[1, 2, 1000])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """From so many trees on they are packed."""
    monkeypatch.setattr(module, "FEW", request.param)


ONE, OTHER = b"1" * 20, b"2" * 20


def test_a_tree_is_known_at_its_own_path() -> None:
    kept = KeptTrees()
    kept.add(b"a/", ONE, 2, False)
    kept.add(b"", ONE, 0, True)
    kept.add(b"a/", OTHER, 2, False)
    kept.add(b"a/", OTHER, 2, False)
    found = {(path, oid): kept.get(path, oid) for path in (b"", b"a/", b"b/") for oid in (ONE, OTHER)}
    assert {where: (k.mask, k.dvc) for where, k in found.items() if k is not None} == {
        (b"", ONE): (0, True),
        (b"a/", ONE): (2, False),
        (b"a/", OTHER): (2, False),
    }


def test_those_with_artifacts_come_from_below() -> None:
    kept = KeptTrees()
    for path, mask in ((b"", 1), (b"a/", 0), (b"a/b/", 3)):
        kept.add(path, ONE, mask, True)
    assert list(kept.with_artifacts()) == [(b"a/b/", ONE), (b"", ONE)]


def tree(**ids: bytes) -> bytes:
    """Write a root: d… are folders, all else files."""
    return tree_bytes((TREE if name[0] == "d" else FILE, name.encode(), oid) for name, oid in ids.items())


def test_roots_are_alike_that_differ_in_folders_of_no_worth_alone() -> None:
    alike = Alike(tree(a=ONE, d=ONE, dx=ONE, z=ONE), {b"", b"dx/"})
    assert alike.fits(tree(a=ONE, d=ONE, dx=ONE, z=ONE))
    assert alike.fits(tree(a=ONE, d=OTHER, dx=ONE, z=ONE))
    for other in (
        tree(a=OTHER, d=ONE, dx=ONE, z=ONE),
        tree(a=ONE, d=ONE, dx=OTHER, z=ONE),
        tree(a=ONE, d=ONE, dx=ONE, z=OTHER),
        tree(a=ONE, d=ONE, dx=ONE),
        tree(b=ONE, d=ONE, dx=ONE, z=ONE),
        tree(a=ONE, e=ONE, dx=ONE, z=ONE),
        b"",
    ):
        assert not alike.fits(other)
    nothing = Alike(b"", ())
    assert nothing.fits(b"")
    assert not nothing.fits(tree(a=ONE))


def test_a_folder_of_dvc_is_never_alike() -> None:
    one, other = (tree_bytes([(TREE, b".dvc", oid), (FILE, b"a", ONE)]) for oid in (ONE, OTHER))
    assert not Alike(one, ()).fits(other)
