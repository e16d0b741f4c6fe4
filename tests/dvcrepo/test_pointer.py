"""Pointers are what `dvc add` writes, byte for byte; hostile ones are refused with a reason."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.helpers.support import PROJECT, Repo, dvc, run
from trinity_guard.dvcrepo import pointer, safe_paths, yaml
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.pointer import Pointer, decode, encode, is_plain, nameable
from trinity_guard.errors import GuardError

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
WHERE = b"data/x.csv.dvc"

NAMES = [
    *("a.csv", "model.pkl", "a-b_c.1.h5", "_x.csv", "x", "X.CSV", "2024.csv", "2024-01-01.pkl", "3.h5", "7z.pt"),
    *("1.onnx", "a b.csv", "two  spaces.csv", "é.pkl", "日本.csv", "😀.csv", "x\u0300.csv", "a#b.csv", "a:b.csv"),
    *("-lead.csv", "it's.csv", "star*.csv", "yes", "no", "on", "y", "12:30:45", "a,b", "a]b", "a}b", "a&b.csv"),
    *("a=b.csv", "a%b.csv", "#x.csv", "a #b", "a: b", " lead.csv", "trail.csv ", "[x", "{x", "!x", "&x", "@x", "%x"),
    *(
        ">x",
        "|x",
        "`x",
        ",x",
        "*x",
        "'x",
        '"x',
        "\\x",
        "?x",
        "? x",
        "- x",
        "-",
        "--",
        "---",
        "...",
        "--- x",
        ":x",
        "x:",
    ),
    *("=", "<<", "~", "~x.csv", "null", "Null", "NULL", "true", "True", "false", "123", "-1", "+1", "1.5", "1.", ".5"),
    *(".inf", ".nan", "1e3", "0x1f", "0o17", "0b1", "00", "1_000", "2020-01-01", "2020-01-01 10.00.00", "null.csv"),
    *("true.csv", "1e3.csv", "0x1f.pt", "a\tb.csv", "new\nline.csv", "c\rr.csv", "\x01x", "\x1bx", "\x7fx", "\ufeffx"),
    *("a\xa0b", "\xadx", "\u200bx", "\u2028x", "\ufffex", "\ue000x", "a\\nb", "$HOME.csv", "a;b.csv", "a|b.csv"),
    *("(x).csv", "a?b.csv", "[ab].csv", ".hidden.csv", "file:x.csv", "local:x.csv", "foo:x.csv", "git:x.csv"),
    *("dvc:x.csv", "zip::x.csv", "x.DVC", "Dvcx.yaml"),
    *("n" * k + ".csv" for k in (59, 60, 61, 67, 68, 69, 70, 71, 100, 200, 247)),
    *("w" * k + " tail.csv" for k in (50, 60, 64, 65, 66, 70)),
    *("long words " * 8 + "end.csv", "é" * 80 + ".csv", "-" * 75 + ".csv", "'" * 75 + ".csv", "#" * 75 + ".csv"),
]


def md5_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.mark.slow
def test_encode_writes_the_bytes_of_dvc_add_for_any_name(dvc_repo: Repo) -> None:
    expected = {}
    for number, name in enumerate(NAMES):
        data = dvc_repo.write(name, b"%d\n" % number)
        isexec = number % 7 == 0
        dvc_repo.file(name).chmod(0o755 if isexec else 0o644)
        expected[name] = encode(md5_of(data), len(data), name, isexec)
    dvc_repo.dvc("add", "-q", "--", *NAMES)
    written = {name: dvc_repo.file(name + ".dvc").read_bytes() for name in NAMES}
    assert len(expected) == len(NAMES) > 120
    assert expected == written
    for name, data in written.items():
        assert nameable(name.encode()) is None, name
        assert [out.path for out in decode(data, name.encode() + b".dvc").outs] == [name.encode()]


def test_an_empty_file_and_md5s_that_look_like_numbers_are_as_dvc_writes_them() -> None:
    assert encode(MD5, 0, "x.csv") == f"outs:\n- md5: {MD5}\n  size: 0\n  hash: md5\n  path: x.csv\n".encode()
    for digest in ("1" * 32, "0" * 31 + "8", "1e" + "1" * 30, "0b" + "1" * 30, "6" * 16 + "e" + "5" * 15, "be" * 16):
        assert encode(digest, 1, "x.csv") == by_dvc(digest, 1, "x.csv", False)
        assert decode(encode(digest, 1, "x.csv"), WHERE).outs[0].md5 == digest
    # No number has two letters: of many md5s these are too many for YAML to be loaded for them.
    assert is_plain(encode("1e2b" + "1" * 28, 1, "x.csv"), WHERE)


def by_dvc(md5: str, size: int, name: str, isexec: bool, nfiles: int = -1) -> bytes:
    """What DVC's own serializer writes: the settings of dvc/utils/serialize/_yaml.py."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    stream = StringIO()
    flag = {"isexec": True} if isexec else {} if nfiles < 0 else {"nfiles": nfiles}
    yaml.dump({"outs": [{"md5": md5, "size": size, **flag, "hash": "md5", "path": name}]}, stream)
    return stream.getvalue().encode()


MD5S = st.text("0123456789abcdef", min_size=32, max_size=32) | st.text("0123456789be", min_size=32, max_size=32)
SIZES = st.integers(0, 2**63 - 1)
PLAIN = st.text("abtfneoxzNTF_.- 0123456789", min_size=1, max_size=70)


@pytest.mark.slow
@given(MD5S, SIZES, PLAIN | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=90), st.booleans())
@example("d" * 32, 1, "n" * 64, False)
@example("d" * 32, 1, "images", False)
@settings(max_examples=400, deadline=None)
def test_the_plain_way_writes_what_yaml_writes(md5: str, size: int, name: str, isexec: bool) -> None:
    assert encode(md5, size, name, isexec) == by_dvc(md5, size, name, isexec)


@given(
    MD5S, SIZES, SIZES, PLAIN | st.sampled_from(["true", "Null", "yes", "No", "on", "y", "N", "none", "nan", "images"])
)
def test_a_directory_is_written_as_yaml_writes_it(md5: str, size: int, nfiles: int, name: str) -> None:
    assert encode(f"{md5}.dir", size, name, nfiles=nfiles) == by_dvc(f"{md5}.dir", size, name, False, nfiles)


@pytest.mark.slow
@given(MD5S, SIZES, PLAIN, st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_was_encoded_is_decoded_and_encoded_again_to_the_same_bytes(
    md5: str, size: int, name: str, isexec: bool
) -> None:
    data = encode(md5, size, name, isexec)
    try:
        out = decode(data, WHERE).outs[0]
    except GuardError:
        assert name.endswith(".dvc") or name in (".", "..") or name.rstrip(" .") in (".git", ".dvc")
        return
    assert (out.md5, out.size, out.text, out.isexec) == (md5, size, name, isexec)
    assert (out.legacy, out.cache, out.push, out.remote, out.external) == (False, True, True, "", False)
    assert encode(out.md5, out.size, out.text, out.isexec) == data


def same(a: Pointer, b: Pointer) -> bool:
    fields = list(Output.__slots__)
    return [[getattr(o, n) for n in fields] for o in a.outs] == [[getattr(o, n) for n in fields] for o in b.outs]


PIECES = f"""outs:|- md5: {MD5}|- md5: {"1" * 32}|- md5: {MD5}.dir|  size: 5|  size: 05|  size: 1_0|  nfiles: 3|
  isexec: true|  isexec: yes|  hash: md5|  hash: md4|  path: x.csv|  path: 1.5|  path: a b .csv|  path: .|
  path: x.csv |  cache: false|  path: 'x.csv'|  path: x.dvc|#c|"""
LINES = st.sampled_from(PIECES.replace("|\n", "|").split("|"))


@given(st.lists(LINES, min_size=4, max_size=8), st.booleans())
@settings(max_examples=600, deadline=None)
def test_the_plain_reader_takes_nothing_that_yaml_reads_otherwise(lines: list[str], newline: bool) -> None:
    data = ("outs:\n" + "\n".join(lines[1:]) + "\n" * newline).encode()
    quick = pointer.canonical(data, WHERE)
    if quick is not None:
        assert same(Pointer([quick], data), pointer._decoded_by_yaml(data, WHERE))


FIRST = f"outs:\n- md5: {MD5}\n"
REST = "  size: 5\n  hash: md5\n  path: x.csv\n"
# text -> size, nfiles, isexec, legacy, md5's end
PLAINLY = {
    FIRST + REST: (5, -1, False, False, "7e"),
    FIRST + "  size: 0\n  hash: md5\n  path: x.csv\n": (0, -1, False, False, "7e"),
    FIRST + f"  size: {10**18 - 1}\n  hash: md5\n  path: x.csv\n": (10**18 - 1, -1, False, False, "7e"),
    FIRST + "  size: 5\n  path: x.csv\n": (5, -1, False, True, "7e"),
    FIRST + "  size: 5\n  isexec: true\n  hash: md5\n  path: x.csv\n": (5, -1, True, False, "7e"),
    FIRST.replace("7e", "7e.dir") + "  size: 5\n  nfiles: 3\n  hash: md5\n  path: x.csv\n": (
        5, 3, False, False, ".dir"
    ),
    FIRST.replace("7e", "7e.dir") + "  size: 5\n  nfiles: 3\n  isexec: true\n  hash: md5\n  path: x.csv\n": (
        5, 3, True, False, ".dir"
    ),
    FIRST.replace(MD5, "0123456789" * 3 + "12.dir") + REST: (5, -1, False, False, ".dir"),
}  # fmt: skip
# What YAML may read in another way, or DVC not at all.
NOT_PLAINLY = [
    FIRST + REST[:-1],
    FIRST + REST + "\n",
    FIRST + REST + "desc: x\n",
    FIRST + REST + "  desc: x\n",
    "\n" + FIRST + REST,
    FIRST.replace("outs:", "outs: ") + REST,
    FIRST.replace(MD5, MD5[:-1]) + REST,
    FIRST.replace(MD5, MD5.upper()) + REST,
    FIRST.replace(MD5, "1" * 32) + REST,
    FIRST.replace(MD5, "1e" + "1" * 30) + REST,
    FIRST.replace("md5: ", "md5:  ") + REST,
    REST,
    "outs:\n",
    "outs:\n" + REST,
    FIRST,
    FIRST + REST.replace("  size: 5\n", ""),
    FIRST + REST.replace("  path: x.csv\n", ""),
    FIRST + REST.replace("5", "05"),
    FIRST + REST.replace("5", "-5"),
    FIRST + REST.replace("5", "5.0"),
    FIRST + REST.replace(": 5", f": {10**18}"),
    FIRST + REST.replace(": 5", ": "),
    FIRST + REST.replace("  hash", "  nfiles: 03\n  hash"),
    FIRST + REST.replace("  hash", "  isexec: false\n  hash"),
    FIRST + REST.replace("  hash", "  isexec: True\n  hash"),
    FIRST + REST.replace("hash: md5", "hash: sha1"),
    FIRST + REST.replace("x.csv", "null"),
    FIRST + REST.replace("x.csv", "True"),
    FIRST + REST.replace("x.csv", "1.5"),
    FIRST + REST.replace("x.csv", "x.dvc"),
    FIRST + REST.replace("x.csv", "x.csv "),
    FIRST + REST.replace("x.csv", "'x.csv'"),
    FIRST + "  hash: md5\n  size: 5\n  path: x.csv\n",
    FIRST + "  isexec: true\n  size: 5\n  hash: md5\n  path: x.csv\n",
    FIRST + REST.replace("  hash", "  size: 5\n  hash"),
]


@pytest.mark.parametrize("text", PLAINLY)
def test_what_dvc_add_writes_is_read_without_yaml(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    size, nfiles, isexec, legacy, end = PLAINLY[text]
    monkeypatch.setattr(pointer, "_decoded_by_yaml", None)
    found = decode(text.encode(), WHERE)
    [out] = found.outs
    assert (out.size, out.nfiles, out.isexec, out.legacy, out.text) == (size, nfiles, isexec, legacy, "x.csv")
    assert (out.path, out.source, out.kind) == (b"data/x.csv", WHERE, "dir" if end == ".dir" else "file")
    assert out.md5.endswith(end)
    [deep] = decode(text.encode(), b"a/b/c.dvc").outs
    assert deep.path == b"a/b/x.csv"
    assert (found.raw, found.wdir, found.deps, found.frozen, found.repo_import) == (
        text.encode(), ".", False, False, False
    )  # fmt: skip


@pytest.mark.parametrize("text", NOT_PLAINLY)
def test_all_else_is_left_to_yaml(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    by_yaml = Pointer([], b"")
    monkeypatch.setattr(pointer, "_decoded_by_yaml", lambda data, where: by_yaml)
    assert decode(text.encode(), WHERE) is by_yaml


def test_imports_legacy_pointers_directories_and_external_outs_are_told_apart() -> None:
    imported = decode(
        b"frozen: true\ndeps:\n- path: data.csv\n  repo:\n    url: https://x/y\n"
        + f"outs:\n- md5: {MD5}\n  path: x.csv\n".encode(),
        WHERE,
    )
    assert imported.deps
    assert imported.frozen
    assert imported.outs[0].legacy
    folder = decode(f"outs:\n- md5: {MD5}.dir\n  size: 9\n  nfiles: 2\n  hash: md5\n  path: x\n".encode(), b"x.dvc")
    assert (folder.outs[0].is_dir, folder.outs[0].nfiles, folder.outs[0].isexec) == (True, 2, False)
    external = decode(b"outs:\n- etag: abc\n  path: s3://bucket/x.csv\n- checksum: q\n  path: http:x\n", WHERE)
    assert [(o.external, o.path, o.held) for o in external.outs] == [(True, b"", False)] * 2
    unfetched = decode(b"deps:\n- path: s3://b/x\nouts:\n- path: x.csv\n", WHERE)
    assert unfetched.outs[0].md5 == ""


def read(text: str) -> Output:
    """Read a pointer with one out, which YAML has to read."""
    [out] = decode(f"# by YAML\nouts:\n- {text}".encode(), WHERE).outs
    return out


def test_what_yaml_says_of_an_out_is_kept() -> None:
    out = read(f"md5: {MD5.upper()}\n  size: 5\n  nfiles: 3\n  isexec: true\n  hash: md5\n  path: ./d/x\n  remote: r\n")
    assert (out.md5, out.size, out.nfiles, out.isexec, out.legacy) == (MD5, 5, 3, True, False)
    assert (out.path, out.text, out.source, out.remote) == (b"data/d/x", "./d/x", WHERE, "r")
    assert (out.cache, out.push, out.external, out.kind) == (True, True, False, "file")


def test_what_is_not_said_of_an_out_is_the_default() -> None:
    out = read(f"md5: {MD5}\n  path: x\n")
    assert (out.size, out.nfiles, out.isexec, out.legacy, out.remote) == (-1, -1, False, True, "")
    assert read(f"md5: {MD5}\n  hash: ''\n  path: x\n").legacy
    assert not read(f"md5: {MD5}\n  hash: md5\n  path: x\n").legacy
    assert read(f"md5: {MD5}\n  hash: md5-dos2unix\n  path: x\n").legacy


@pytest.mark.parametrize("more", ["cache: false", "files: [{relpath: a}]"])
def test_an_out_without_an_md5_has_a_reason(more: str) -> None:
    assert read(f"path: x\n  {more}\n").md5 == ""
    assert read(f"md5:\n  path: x\n  {more}\n").kind == "foreign"


def test_what_is_said_of_cache_and_push_is_kept() -> None:
    out = read(f"md5: {MD5}\n  path: x\n  cache: false\n  push: false\n")
    assert (out.cache, out.push, out.kind) == (False, False, "foreign")


@pytest.mark.parametrize("path", ["s3://b/x", "S3:x", "foo://x"])
def test_an_address_is_external_whatever_its_scheme(path: str) -> None:
    assert read(f"path: {path}\n").external


def test_a_pointer_that_was_locked_before_there_was_frozen_is_frozen() -> None:
    for word, frozen in (("locked", True), ("frozen", True), ("always_changed", False)):
        found = decode(f"{word}: true\nouts:\n- md5: {MD5}\n  path: x\n".encode(), WHERE)
        assert found.frozen is frozen
    assert (found.wdir, found.deps, found.repo_import) == (".", False, False)


# --- names


SHORT = ["a.csv", "_x.csv", "X-1_b c.h5", "a.", "n" * 60 + ".csv", "2024-sales.csv", "3.h5", "7z.pt", "9g"]
LONG = [
    *("n" * 61 + ".csv", "No", "null", "a.csv ", " a.csv", "-a.csv", ".a", "é.csv", "a#.csv", "1.5", "2024-01-01"),
    *("1e3.5", "12", "0x1f.", "a:b.csv", "a\tb.csv"),
]


@pytest.mark.parametrize("name", SHORT)
def test_an_ordinary_name_needs_no_yaml(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "dump", None)
    assert encode(MD5, 5, name, True).endswith(f"  size: 5\n  isexec: true\n  hash: md5\n  path: {name}\n".encode())
    assert nameable(name.encode()) is None


@pytest.mark.parametrize("name", LONG)
def test_a_name_that_yaml_may_read_otherwise_is_left_to_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    monkeypatch.setattr(yaml, "dump", written.append)
    encode(MD5, 5, name)
    assert written == [{"outs": [{"md5": MD5, "size": 5, "hash": "md5", "path": name}]}]


def test_a_name_that_is_no_text_makes_no_pointer_that_is_read() -> None:
    with pytest.raises(GuardError, match="is not a file's name"):
        decode(encode(MD5, 5, "a\udcff.csv"), WHERE)


UNNAMEABLE = {
    b"\xff.csv": "not UTF-8",
    b"caf\xe9.csv": "not UTF-8",
    b"x.csv.dvc": "that of a DVC file",
    b".dvc": "that of a DVC file",
    b"dvc.yaml": "that of a DVC file",
    b"n" * 252: "longer than 255 bytes",
    "a\x85b.csv".encode(): "comes back changed",
    b"a  " * 40 + b"z": "comes back changed",
    **{f"{s}:x.csv".encode(): f"`{s}:`" for s in sorted(safe_paths.SCHEMES)},
    b"S3:x.csv": "`s3:`",
    b" s3:x.csv": "`s3:`",
    b"s\t3:x.csv": "`s3:`",
}


@pytest.mark.slow
def test_the_names_that_dvc_cannot_hold_are_those_that_dvc_add_refuses_or_loses(dvc_repo: Repo) -> None:
    script = """if True:
        import logging, os, sys
        from dvc.repo import Repo
        logging.disable(logging.CRITICAL)
        for name in sys.argv[1:]:
            try:
                Repo(".").add([name])
                found = [os.path.basename(out.fs_path) for out in Repo(".").index.outs]
                print(int(found == [name]))
                os.unlink(name + ".dvc")
            except BaseException as error:
                print(0)
    """
    tried: list[bytes] = [n for n in UNNAMEABLE if n not in (b".dvc", b"dvc.yaml", b"x.csv.dvc")]
    for name in tried:
        (dvc_repo.path / os.fsdecode(name)).write_bytes(b"x\n")
    done = run(sys.executable, "-c", script, *tried, b"good.csv", cwd=dvc_repo.path)
    dvc_repo.write("good.csv")
    assert done.stdout.split() == [b"0"] * (len(tried) + 1)
    assert run(sys.executable, "-c", script, b"good.csv", cwd=dvc_repo.path).stdout.split() == [b"1"]


REASONS = {
    "not UTF-8": "its name is not UTF-8",
    "longer than 255 bytes": "with .dvc behind it, its name is longer than 255 bytes",
    "that of a DVC file": "its name is that of a DVC file",
    "comes back changed": "its name comes back changed from the YAML that DVC writes",
}


@pytest.mark.parametrize(("name", "words"), UNNAMEABLE.items())
def test_a_name_that_dvc_cannot_hold_is_told_with_the_reason(name: bytes, words: str) -> None:
    other = f"{words} at the head of its name is read as the address of a remote"
    assert nameable(name) == REASONS.get(words, other)


@pytest.mark.parametrize("name", [b".gitignore", b"dvc.lock", b"Dvc.yaml"])
def test_a_name_that_tells_git_or_dvc_what_to_do_is_told(name: bytes) -> None:
    assert nameable(name) == "its name is that of a file that tells Git or DVC what to do"


@pytest.mark.parametrize("name", [*NAMES, "n" * 251, "é" * 125 + "a"])
def test_any_other_name_is_one_that_dvc_can_hold(name: str) -> None:
    assert nameable(name.encode()) is None


def test_the_schemes_are_those_that_dvc_knows() -> None:
    from dvc.fs import registry

    # These are read as names of files after all: the table of names adds one of each.
    assert set(registry) - {"local", "dvc", "git"} | {"remote"} == safe_paths.SCHEMES


def test_the_keys_that_are_taken_are_those_of_dvc_s_schemas() -> None:
    from dvc.output import SCHEMA
    from dvc.schema import SINGLE_STAGE_SCHEMA

    def names(schema: Any) -> set[str]:
        return {str(key) for key in schema}

    assert names(SCHEMA) == set(pointer._OUT_KEYS)
    assert names(SINGLE_STAGE_SCHEMA) == set(pointer._STAGE_KEYS)


def test_ordinary_pointers_need_no_heavy_import() -> None:
    script = """if True:
        import os, sys
        before = set(sys.modules)
        from trinity_guard.dvcrepo import pointer, refresh
        data = pointer.encode("d41d8cd98f00b204e9800998ecf8427e", 5, "my model-1.pkl")
        pointer.decode(data, b"sub/my model-1.pkl.dvc")
        assert pointer.nameable(b"2024-sales.csv") is None
        new = refresh.refresh(data, b"my model-1.pkl.dvc", "my model-1.pkl", "a" * 32, 6, False)
        assert b"size: 6" in new
        print(*sorted(m for m in set(sys.modules) - before if not m.startswith("trinity_guard")))
    """
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    loaded = subprocess.run([sys.executable, "-S", "-c", script], env=env, capture_output=True, check=True, text=True)
    assert set(loaded.stdout.split()) <= {"__future__"}


FRESH = [
    ("a.csv", "0" * 31 + "a", 0, False),
    ("my table é.csv", "c4ca4238a0b923820dcc509a6f75849b", 1, True),
    ("1e5", "1" * 32, 5, False),
    ("on", "12e45" + "6" * 27, 10**12, True),
    ("a: b #c", "a" * 32, 7, False),
]


@pytest.mark.parametrize(("name", "md5", "size", "isexec"), FRESH)
@pytest.mark.parametrize("folder", ["", "d/e é/"])
def test_what_was_just_written_is_known_without_reading_it(
    folder: str, name: str, md5: str, size: int, isexec: bool
) -> None:
    data, where = pointer.encode(md5, size, name, isexec), f"{folder}{name}.dvc".encode()
    found, (wanted,) = pointer.as_written(data, where, md5, size), pointer.decode(data, where).outs
    assert found is None or all(getattr(found, f) == getattr(wanted, f) for f in Output.__slots__)
    assert found is not None or name != "a.csv"
    assert pointer.as_written(data, where, md5, size + 1) is None
    assert pointer.as_written(data + b"desc: mine\n", where, md5, size) is None
    assert pointer.as_written(data, where.replace(b".dvc", b"2.dvc"), md5, size) is None


def test_the_oracle_is_a_real_dvc(tmp_path: Path) -> None:
    assert dvc("--version", cwd=tmp_path).stdout.startswith(b"3.")
