"""Which files would DVC itself refuse to load, and so load nothing beside them."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import pointer_of
from trinity_guard.dvcrepo import loadable

OUT = b"- path: m\n  md5: d41d8cd98f00b204e9800998ecf8427e\n"


@pytest.mark.parametrize(
    ("where", "data", "words"),
    [
        (b"a.pkl.dvc", pointer_of(b"a", "a.pkl"), ""),
        (b"a.dvc", b"# mine\nouts:\n" + OUT + b"meta: {x: 1}\n", ""),
        (b"a.dvc", b"cmd: x\nouts:\n" + OUT + b"  cache: true\n", "extra keys not allowed"),  # of DVC 0.x
        (b"a.dvc", b"<<<<<<< ours\n", "expected a dictionary"),
        (b"dvc.yaml", b"stages:\n  a:\n    cmd: x\n    outs: [m]\n", ""),
        (b"p/dvc.yaml", b"stages:\n  a:\n    outs: [m]\n", "required key not provided"),
        (b"dvc.yaml", b"a: [", "cannot"),
        (b"dvc.lock", b"schema: '2.0'\nstages:\n  a:\n    cmd: x\n", ""),
        (b"dvc.lock", b"a:\n  cmd: x\n", "extra keys not allowed"),
    ],
)
def test_what_dvc_loads_and_what_it_refuses(where: bytes, data: bytes, words: str) -> None:
    found = loadable.refused(data, where)
    assert bool(found) == bool(words)
    if words != "cannot":
        assert words in found
