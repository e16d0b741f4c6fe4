"""Git itself says what the new ignore files hide, and DVC's own walk what they leave to be seen."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.git.catfile import Source
from trinity_guard.migrate.proof.ignores import NOT_IGNORED, Ignored

HIDDEN = "DVC does not see its pointer"


@pytest.mark.parametrize(
    ("top", "inside", "wrong"),
    [
        (b"", b"/a.pkl\n", ""),
        (b"*.pkl\n!*.dvc\n", b"# none\n", ""),
        (b"", b"# none\n", NOT_IGNORED),
        (b"", b"/a.pkl\n!a.pkl\n", NOT_IGNORED),
        (b"", b"a.pkl*\n", HIDDEN),
        (b"m/\n", b"/a.pkl\n", HIDDEN),
        (b"/m\n", b"/a.pkl\n", HIDDEN),
        (b"", b"/a.pkl\n/a.pkl.dvc\n", HIDDEN),
        (b"/other\n/a.pkl.dvc\n", b"/a.pkl\n", ""),
        (b"/m/*\n!*.dvc\n", b"/a.pkl\n", HIDDEN),  # Git looks into m/, DVC does not
        (b"m/*/\n", b"/a.pkl\n", HIDDEN),
        (b"", b"**\n!.gitignore\n!*.dvc\n", HIDDEN),
    ],
)
def test_the_file_must_be_hidden_and_its_pointer_seen(legacy: Legacy, top: bytes, inside: bytes, wrong: str) -> None:
    files = [
        (b".gitignore", legacy.write("blob", top).encode()),
        (b"m/.gitignore", legacy.write("blob", inside).encode()),
    ]
    ignored = Ignored(Source(legacy.place))
    ignored.note(tuple(files), b"m/", {b"a.pkl"}, {})
    found = ignored.unsafe()
    assert found.keys() == ({b"m/a.pkl"} if wrong else set())
    assert found.get(b"m/a.pkl", "").startswith(wrong)


def test_a_pointer_that_a_dvcignore_hides_is_not_seen(legacy: Legacy) -> None:
    lines = {b".dvcignore": b"*.dvc\n", b".gitignore": b"/a.pkl\n"}
    ignored = Ignored(Source(legacy.place))
    chain = tuple((name, legacy.write("blob", data).encode()) for name, data in lines.items())
    ignored.note(chain, b"", {b"a.pkl"}, {})
    assert ".dvcignore:1:*.dvc" in ignored.unsafe()[b"a.pkl"]


def test_without_any_ignore_file_nothing_is_hidden(legacy: Legacy) -> None:
    ignored = Ignored(Source(legacy.place))
    assert ignored.unsafe() == {}
    ignored.note((), b"", {b"a.pkl"}, {})
    assert ignored.unsafe() == {b"a.pkl": NOT_IGNORED}


def test_lines_that_name_other_files_say_nothing_on_a_folder(legacy: Legacy) -> None:
    """A file above that gets a line with each commit does not have its folders compared again."""
    ignored = Ignored(Source(legacy.place))
    chain = ((b".gitignore", legacy.write("blob", b"/a.pkl\n/b.pkl\n/m\n").encode()),)
    assert ignored.reduced(chain, b"data/") == ()
    assert ignored.reduced(chain, b"m/") == ((b".gitignore", b"/a.pkl\n/b.pkl\n/m\n"),)
