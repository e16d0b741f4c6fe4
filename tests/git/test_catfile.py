"""Objects as they are: many through one process, trees and commits taken apart and put together again."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests.git.conftest import blobs, place_of
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import catfile, files
from trinity_guard.git.catfile import Batch, Source


@pytest.fixture
def source(here: Repo) -> Generator[Source, None, None]:
    found = Source(place_of(here.path))
    yield found
    found.close()


CONTENTS = [b"", b"x", b"lines\nmore\n", os.urandom(70_000), os.urandom(3_000_000), b"end"]


def test_one_object_after_the_other(here: Repo, source: Source) -> None:
    ids = blobs(here, CONTENTS)
    assert [source.one(oid) for oid in ids] == CONTENTS
    assert list(source.each(ids[::-1])) == [(b"blob", data) for data in CONTENTS[::-1]]
    assert list(source.each([])) == []


@pytest.mark.parametrize("reuse", [False, True])
def test_large_objects_come_in_pieces_between_whole_ones(here: Repo, source: Source, reuse: bool) -> None:
    ids = blobs(here, CONTENTS)
    with Batch(source, "--batch", "--buffer", step=4096) as batch:
        batch.ask_all(ids)
        for number, (oid, data) in enumerate(zip(ids, CONTENTS, strict=True)):
            kind, size = batch.header(oid)
            assert (kind, size) == (b"blob", len(data))
            if number % 2:
                assert batch.content(size) == data
            else:
                found = b"".join(bytes(piece) for piece in batch.pieces(oid, size, reuse=reuse))
                assert found == data


def test_thousands_are_asked_for_without_waiting(here: Repo, source: Source) -> None:
    ids = blobs(here, [b"x"]) * 5000
    assert sum(1 for _ in source.each(ids)) == 5000


def test_leaving_early_stops_the_feeder(here: Repo, source: Source) -> None:
    ids = blobs(here, [os.urandom(200_000)]) * 500
    with Batch(source, "--batch", "--buffer") as batch:
        batch.ask_all(ids)
        assert batch.header(ids[0]) == (b"blob", 200_000)


@pytest.mark.parametrize("wrong", [b"1" * 40, b"HEAD:none"])
def test_what_is_not_there_is_an_error_that_names_it(source: Source, wrong: bytes) -> None:
    with pytest.raises(GuardError, match=rf"Git cannot read the object {wrong.decode()}") as refused:
        list(source.each([wrong]))
    assert refused.value.exit_code == UNUSABLE
    with pytest.raises(GuardError, match="missing"):
        source.sizes([wrong])


def test_sizes_and_what_is_missing(here: Repo, source: Source) -> None:
    ids = blobs(here, CONTENTS)
    assert source.sizes(ids) == [len(data) for data in CONTENTS]
    assert all(packed > 0 for packed in source.packed_sizes(ids))
    assert source.packed_sizes([]) == []
    assert source.missing([*ids, b"1" * 40]) == {b"1" * 40}
    assert source.sizes([]) == []
    assert source.missing([]) == set()
    with pytest.raises(GuardError, match="tree"):
        source.sizes([here.git("rev-parse", "HEAD^{tree}").stdout.strip()])


def test_trees_are_counted_and_taken_apart_and_the_same_put_together(here: Repo, source: Source) -> None:
    root = here.git("rev-parse", "HEAD^{tree}").stdout.strip()
    [data] = source.trees([root])
    assert source.opened == 1
    entries = catfile.tree_parser()(data)
    listed = here.git("ls-tree", "-z", "HEAD").stdout.split(b"\0")[:-1]
    said = {(line.split()[0].lstrip(b"0"), line.partition(b"\t")[2], line.split()[2]) for line in listed}
    assert {(mode, name, oid.hex().encode()) for mode, name, oid in entries} == said
    assert catfile.tree_bytes(entries[::-1]) == data
    [blob] = blobs(here, [b"x"])
    with pytest.raises(GuardError, match="a blob where a tree should be"):
        list(source.trees([blob]))


def test_a_folder_sorts_as_if_it_ended_with_a_slash(here: Repo, source: Source) -> None:
    for name in ("same/x", "same.txt", "same-", "same0"):
        here.stage(name, b"x")
    here.commit()
    [data] = source.trees([here.git("rev-parse", "HEAD^{tree}").stdout.strip()])
    entries = catfile.tree_parser()(data)
    assert catfile.tree_bytes(sorted(entries, key=lambda e: e[1])) == data


COMMITS = [
    b"tree x\nauthor a\n\nmessage\n",
    b"tree x\nparent y\nparent z\n\nline\n\nline\n",
    b"tree x\ngpgsig -----BEGIN\n \n abc\n -----END\nencoding latin1\n\n\xe9",
    b"tree x\n\n",
    b"tree x\n",
    b"tree x",
    b"",
    b"tree x\n\n\n\nblank lines first",
]


@pytest.mark.parametrize("raw", COMMITS)
def test_the_headers_of_a_commit_and_the_rest_are_all_of_it(raw: bytes) -> None:
    found, rest = catfile.headers(raw)
    assert b"\n".join(lines for _, lines in found) + rest == raw
    assert [name for name, _ in found][:1] == [raw.partition(b" ")[0]]


def test_a_header_of_several_lines_is_one() -> None:
    found, rest = catfile.headers(COMMITS[2])
    assert [name for name, _ in found] == [b"tree", b"gpgsig", b"encoding"]
    assert dict(found)[b"gpgsig"] == b"gpgsig -----BEGIN\n \n abc\n -----END"
    assert rest == b"\n\n\xe9"


def test_replaced_objects_and_grafts_are_read_as_they_are(here: Repo, source: Source) -> None:
    old, [other] = here.tree()[b"a.csv"][1], blobs(here, [b"other"])
    here.git("replace", old.decode(), other.decode())
    assert here.git("cat-file", "blob", old).stdout == b"other"
    assert source.one(old) == b"a.csv"
    assert list(source.each([old])) == [(b"blob", b"a.csv")]


def test_what_is_fed_is_read_and_its_words_are_kept(here: Repo, source: Source) -> None:
    def told(line: bytes) -> git.Result:
        p = git.Process(source.argv("update-ref", "--stdin"), source.env, with_stderr=True)
        return catfile.fed(p, lambda stdin: files.write(stdin, line))

    good = told(b"create refs/heads/new %s\n" % here.head().encode())
    assert (good.code, good.err) == (0, b"")
    bad = told(b"nonsense\n")
    assert bad.code
    assert b"nonsense" in bad.err
