"""LFS pointers in a history: read as git-lfs reads them, their objects found where it keeps them."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from tests.helpers.support import require, run
from tests.migrate.legacy import Legacy, lfs_pointer, pointer_of, put_lfs_object
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import lfs

DATA = b"the data\n"
DIGEST = hashlib.sha256(DATA).hexdigest()
HEAD = b"version https://git-lfs.github.com/spec/v1\n"


def test_a_pointer_names_its_object() -> None:
    found = lfs.read(lfs_pointer(DATA))
    assert found is not None
    assert (found.sha256, found.size, found.encoded) == (DIGEST, len(DATA), False)


def test_an_extension_makes_another_object_out_of_the_file() -> None:
    found = lfs.read(HEAD + b"ext-0-gz sha256:%s\noid sha256:%s\nsize 3\n" % (b"0" * 64, b"1" * 64))
    assert found is not None
    assert found.encoded
    assert not lfs.here(b"/", found)


OID, SIZE, EXT = b"oid sha256:%s\n" % DIGEST.encode(), b"size 9\n", b"ext-0-gz sha256:%s\n" % (b"0" * 64)
# What git-lfs 3.3 makes of a text: "data" (a pointer), "encoded" (one of an extension), "" (a file like any other).
TEXTS = {
    "as written": (HEAD + OID + SIZE, "data"),
    "CRLF": ((HEAD + OID + SIZE).replace(b"\n", b"\r\n"), "data"),
    "one CR": (HEAD + OID.replace(b"\n", b"\r\n") + SIZE, "data"),
    "no last line end": (HEAD + OID + SIZE[:-1], "data"),
    "blank lines": (HEAD + b"\n" + OID + b"\n" + SIZE + b"\n\n", "data"),
    "blanks at the end": (HEAD + OID + SIZE[:-1] + b" \n  \n", "data"),
    "hawser": (b"version https://hawser.github.com/spec/v1\n" + OID + SIZE, "data"),
    "git-media": (b"version http://git-media.io/v/2\n" + OID + SIZE, "data"),
    "a plus": (HEAD + OID + b"size +9\n", "data"),
    "a nought": (HEAD + OID + b"size 09\n", "data"),
    "an extension": (HEAD + EXT + OID + SIZE, "encoded"),
    "an extension with a dash": (HEAD + EXT.replace(b"gz", b"g-z") + OID + SIZE, "encoded"),
    "two extensions": (HEAD + EXT + EXT.replace(b"0-gz", b"1-xz") + OID + SIZE, "encoded"),
    "git-media 1": (b"version http://git-media.io/v/1\n" + OID + SIZE, ""),
    "hawser 2": (b"version https://hawser.github.com/spec/v2\n" + OID + SIZE, ""),
    "version 2": (HEAD.replace(b"v1", b"v2") + OID + SIZE, ""),
    "another order": (HEAD + SIZE + OID, ""),
    "twice the version": (HEAD + HEAD + OID + SIZE, ""),
    "one more line": (HEAD + OID + SIZE + b"x y\n", ""),
    "one more word": (HEAD + OID + SIZE + b"x\n", ""),
    "a word between": (HEAD + b"x\n" + OID + SIZE, ""),
    "an extension last": (HEAD + OID + SIZE + EXT, ""),
    "an eleventh extension": (HEAD + EXT.replace(b"0-gz", b"10-gz") + OID + SIZE, ""),
    "an extension without a digest": (HEAD + b"ext-0-gz sha256:12\n" + OID + SIZE, ""),
    "capitals": (HEAD + b"oid sha256:%s\n" % DIGEST.upper().encode() + SIZE, ""),
    "no kind of digest": (HEAD + b"oid %s\n" % DIGEST.encode() + SIZE, ""),
    "another digest": (HEAD + OID.replace(b"sha256", b"md5") + SIZE, ""),
    "a negative size": (HEAD + OID + b"size -1\n", ""),
    "a huge size": (HEAD + OID + b"size 9999999999999999999\n", ""),
    "a size with an underscore": (HEAD + OID + b"size 1_0\n", ""),
    "two blanks": (HEAD + OID + b"size  9\n", ""),
    "a tab": (HEAD + OID.replace(b" ", b"\t") + SIZE, ""),
    "a byte order mark": (b"\xef\xbb\xbf" + HEAD + OID + SIZE, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_a_pointer_where_git_lfs_takes_it_for_one(name: str) -> None:
    text, wanted = TEXTS[name]
    found = lfs.read(text)
    assert ("" if found is None else "encoded" if found.encoded else "data") == wanted
    assert found is None or (found.sha256, found.size) == (DIGEST, 9)


def test_a_pointer_becomes_its_data_however_it_is_written_and_anything_else_is_its_own(legacy: Legacy) -> None:
    put_lfs_object(legacy, DATA)
    texts = {f"{name}.pkl": text for name, (text, _) in TEXTS.items()}
    commit = legacy.commit(texts)
    done = legacy.migrate()  # and verified
    wanted = {f"{name}.pkl": DATA if kind == "data" else text for name, (text, kind) in TEXTS.items()}
    encoded = [f"{name}.pkl" for name, (_, kind) in TEXTS.items() if kind == "encoded"]
    found = done.files(commit)
    assert {path: found[path][1] for path in encoded} == {path: texts[path] for path in encoded}
    for path in wanted.keys() - encoded:
        assert found[f"{path}.dvc"][1] == pointer_of(wanted[path], path)


@pytest.mark.slow
def test_git_lfs_itself_takes_these_texts_so(legacy: Legacy) -> None:
    if shutil.which("git-lfs") is None:
        require("git-lfs")
    put_lfs_object(legacy, DATA)
    for name, (text, wanted) in TEXTS.items():
        ran = run("git", "lfs", "smudge", "f", cwd=legacy.path, data=text, ok=False)
        assert (ran.returncode == 0) == (wanted != "encoded"), name
        assert ran.stdout == (DATA if wanted == "data" else text), name


@pytest.mark.parametrize(
    "blob",
    [
        b"", DATA, HEAD, HEAD + b"oid sha256:12\nsize 3\n", HEAD + b"oid sha256:%s\nsize x\n" % (b"1" * 64),
        HEAD + b"oid sha256:%s\nsize 3\n" % (b"G" * 64), lfs_pointer(DATA) + b"x" * lfs.MAX_BYTES,
    ],
)  # fmt: skip
def test_what_git_lfs_would_not_take_is_no_pointer(blob: bytes) -> None:
    assert lfs.read(blob) is None


def test_an_object_is_here_when_it_has_its_size(legacy: Legacy) -> None:
    pointer = lfs.read(lfs_pointer(DATA))
    assert pointer is not None
    folder = lfs.of(Source(legacy.place))
    assert not lfs.here(folder, pointer)
    file = put_lfs_object(legacy, DATA)
    assert lfs.path(folder, pointer) == bytes(file)
    assert lfs.here(folder, pointer)
    file.write_bytes(DATA[:-1])
    assert not lfs.here(folder, pointer)
    empty = lfs.read(lfs_pointer(b""))
    assert empty is not None
    assert lfs.here(folder, empty)  # git-lfs keeps no file for it


def test_objects_can_be_kept_elsewhere(legacy: Legacy) -> None:
    legacy.git("config", "lfs.storage", "/srv/lfs")
    assert lfs.of(Source(legacy.place)) == b"/srv/lfs/objects"
    legacy.git("config", "lfs.storage", "other")
    assert lfs.of(Source(legacy.place)) == legacy.place.common_dir + b"/other/objects"
