"""Git itself says what the new ignore files hide, and what they leave to be seen."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.git.catfile import Source
from trinity_guard.migrate.proof.ignores import Ignored


@pytest.mark.parametrize(
    ("top", "inside", "wrong"),
    [
        (b"", b"/a.pkl\n", []),
        (b"*.pkl\n!*.dvc\n", b"# none\n", []),
        (b"", b"# none\n", ["m/a.pkl is not ignored, and its pointer is there"]),
        (b"", b"/a.pkl\n!a.pkl\n", ["m/a.pkl is not ignored, and its pointer is there"]),
        (b"", b"a.pkl*\n", ["m/a.pkl.dvc is ignored: DVC would not see it"]),
        (b"m/\n", b"/a.pkl\n", ["m/a.pkl.dvc is ignored: DVC would not see it"]),
        (b"", b"/a.pkl\n/a.pkl.dvc\n", ["m/a.pkl.dvc is ignored: DVC would not see it"]),
        (b"/m/*\n!*.dvc\n", b"/a.pkl\n", []),
    ],
)
def test_the_file_must_be_hidden_and_its_pointer_seen(
    legacy: Legacy, top: bytes, inside: bytes, wrong: list[str]
) -> None:
    files = [(b"", legacy.write("blob", top).encode()), (b"m/", legacy.write("blob", inside).encode())]
    ignored = Ignored(Source(legacy.place))
    ignored.note(tuple(files), b"m/", b"a.pkl", b"a.pkl.dvc")
    assert ignored.wrong() == wrong


def test_without_any_ignore_file_nothing_is_hidden(legacy: Legacy) -> None:
    ignored = Ignored(Source(legacy.place))
    assert ignored.wrong() == []
    ignored.note((), b"", b"a.pkl", b"a.pkl.dvc")
    assert ignored.wrong() == ["a.pkl is not ignored, and its pointer is there"]
