"""A pointer that exists is renewed as `dvc add` does it: all that belongs to the user stays."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard.dvcrepo import pointer, yaml
from trinity_guard.dvcrepo.pointer import decode
from trinity_guard.dvcrepo.refresh import refresh, renamed
from trinity_guard.errors import GuardError

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
WHERE = b"data/x.csv.dvc"


def md5_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


OLD = b"old,text\n"
NEW = b"new,text,longer\n"
PLAIN_POINTER = f"outs:\n- md5: {md5_of(OLD)}\n  size: 9\n  hash: md5\n  path: NAME\n"
BODY = PLAIN_POINTER.removeprefix("outs:\n")

REFRESHED = {
    "plain": PLAIN_POINTER,
    "comments": "# top\nouts:  # of mine\n# between\n" + BODY.replace("size: 9", "size: 9   # bytes") + "# end\n",
    "desc": PLAIN_POINTER + "  desc: what it is\n  type: table\n  labels:\n  - a\n  - b\n  meta:\n    owner: me\n",
    "meta": "meta:\n  x: 1\n  y: [1, 2]\ndesc: 'quoted'\n" + PLAIN_POINTER + "frozen: true\n",
    "remote": PLAIN_POINTER + "  remote: other\n  push: false\n",
    "defaults": PLAIN_POINTER + "  push: true\n  cache: true\n  isexec: false\n  desc: ''\nfrozen: false\nwdir: .\n",
    "locked": PLAIN_POINTER + "locked: true\n",
    "order": f"outs:\n- path: NAME\n  size: 9\n  desc: >\n    folded\n    text\n  hash: md5\n  md5: {md5_of(OLD)}\n",
    "crlf": PLAIN_POINTER.replace("\n", "\r\n"),
    "indented": PLAIN_POINTER.replace("\n  ", "\n      ").replace("\n- ", "\n    - "),
    "dotted": PLAIN_POINTER.replace("path: NAME", "path: ./NAME"),
    "quoted": PLAIN_POINTER.replace("path: NAME", 'path: "NAME"'),
    "uppercase": PLAIN_POINTER.replace(md5_of(OLD), md5_of(OLD).upper()),
    "legacy": PLAIN_POINTER.replace("  hash: md5\n", ""),
    "legacy-desc": PLAIN_POINTER.replace("  hash: md5\n", "") + "  desc: keep\nmd5: " + "a" * 32 + "\n",
    "isexec": PLAIN_POINTER.replace("  hash", "  isexec: true\n  hash"),
    "two": PLAIN_POINTER + BODY.replace("NAME", "other.txt").replace("  hash", "  isexec: true\n  hash"),
    "other": PLAIN_POINTER + BODY.replace("NAME", "./other.txt") + "  isexec: false\n  push: true\n",
    "cloud": PLAIN_POINTER + "  cloud:\n    s3:\n      etag: abc\n",
    "versions": PLAIN_POINTER + "  nfiles: 3\n  version_id: v\n  etag: abc\n  checksum: abc\n",
    "nothing said": "desc: ''\nmd5:\ndeps: []\nalways_changed: false\nmeta: {}\nlocked: false\n"
    + PLAIN_POINTER
    + "  type: ''\n  labels: []\n  meta: {}\n  persist: false\n  remote: ''\n  fs_config: {}\n",
    "something said": "always_changed: true\n" + PLAIN_POINTER + "  persist: true\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("isexec", [False, True])
@pytest.mark.parametrize("content", [OLD, NEW], ids=["unchanged", "changed"])
def test_refresh_writes_what_dvc_add_writes_over_an_existing_pointer(
    dvc_repo: Repo, content: bytes, isexec: bool
) -> None:
    before, names = {}, {}
    for case, text in REFRESHED.items():
        names[case] = f"{case}/{case}.csv"
        dvc_repo.write(names[case], content)
        dvc_repo.file(names[case]).chmod(0o755 if isexec else 0o644)
        dvc_repo.write(f"{case}/other.txt", OLD)
        before[case] = dvc_repo.file(names[case] + ".dvc")
        before[case].write_bytes(text.replace("NAME", case + ".csv").encode())
    ours = {}
    for case, name in names.items():
        old = before[case].read_bytes()
        ours[case] = refresh(old, name.encode() + b".dvc", f"{case}.csv", md5_of(content), len(content), isexec)
    dvc_repo.dvc("add", "-q", *names.values())
    assert ours == {case: path.read_bytes() for case, path in before.items()}


def test_a_pointer_with_a_working_directory_is_refreshed_as_dvc_does(dvc_repo: Repo) -> None:
    cases = {
        "a/x.csv.dvc": ("..", "data/x.csv", "data/x.csv"),
        "b/y.csv.dvc": ("../data/.", "y.csv", "data/y.csv"),
        "z.csv.dvc": ("sub/../data", "z.csv", "data/z.csv"),
        "c/v.csv.dvc": (".", "../c/v.csv", "c/v.csv"),
    }
    ours = {}
    for where, (wdir, path, data) in cases.items():
        dvc_repo.write(data, NEW)
        dvc_repo.write("sub/x", b"")
        old = f"wdir: {wdir}\n" + PLAIN_POINTER.replace("NAME", path)
        dvc_repo.write(where, old.encode())
        assert [out.path for out in decode(old.encode(), where.encode()).outs] == [data.encode()]
        ours[where] = refresh(old.encode(), where.encode(), Path(data).name, md5_of(NEW), len(NEW), False)
    dvc_repo.dvc("add", "-q", *(data for _, _, data in cases.values()))
    assert ours == {where: dvc_repo.file(where).read_bytes() for where in cases}


def test_a_legacy_pointer_of_an_unchanged_text_with_crlf_stays_legacy(dvc_repo: Repo) -> None:
    data = dvc_repo.write("x.csv", b"a,b\r\n1,2\r\n")
    unix = md5_of(data.replace(b"\r\n", b"\n"))
    old = f"outs:\n- md5: {unix}\n  size: 10\n  path: x.csv\n".encode()
    dvc_repo.write("x.csv.dvc", old)
    dvc_repo.dvc("add", "-q", "x.csv")
    assert refresh(old, b"x.csv.dvc", "x.csv", md5_of(data), 10, False, dos2unix=unix) == old
    assert dvc_repo.file("x.csv.dvc").read_bytes() == old


# --- the same without asking DVC: what it writes over the pointers above when the file has changed

RENEWED_BODY = f"- md5: {md5_of(NEW)}\n  size: 16\n  hash: md5\n  path: NAME\n"
RENEWED = "outs:\n" + RENEWED_BODY
AFTER = {
    "plain": RENEWED,
    "comments": "# top\nouts:  # of mine\n# between\n"
    + RENEWED_BODY.replace("size: 16", "size: 16  # bytes")
    + "# end\n",
    "desc": RENEWED + "  desc: what it is\n  type: table\n  labels:\n  - a\n  - b\n  meta:\n    owner: me\n",
    "meta": "meta:\n  x: 1\n  y: [1, 2]\ndesc: quoted\n" + RENEWED + "frozen: true\n",
    "remote": RENEWED + "  remote: other\n  push: false\n",
    "defaults": RENEWED,
    "locked": RENEWED + "frozen: true\n",
    "order": f"outs:\n- path: NAME\n  size: 16\n  desc: >\n    folded\n    text\n  hash: md5\n  md5: {md5_of(NEW)}\n",
    "crlf": RENEWED,
    "indented": RENEWED,
    "dotted": RENEWED,
    "quoted": RENEWED,
    "uppercase": RENEWED,
    "legacy": RENEWED.replace("  hash: md5\n", "") + "  hash: md5\n",
    "legacy-desc": RENEWED.replace("  hash: md5\n", "") + "  desc: keep\n  hash: md5\nmd5: " + "a" * 32 + "\n",
    "isexec": RENEWED,
    "two": RENEWED + BODY.replace("NAME", "other.txt").replace("  hash", "  isexec: true\n  hash"),
    "other": RENEWED + BODY.replace("NAME", "other.txt"),
    "cloud": RENEWED,
    "versions": RENEWED,
    "nothing said": RENEWED,
    "something said": "always_changed: true\n" + RENEWED + "  persist: true\n",
}


def renewed(before: str, where: bytes = WHERE, name: str = "x.csv", isexec: bool = False) -> str:
    old = before.replace("NAME", name).encode()
    return refresh(old, where, name, md5_of(NEW), 16, isexec).decode().replace(name, "NAME")


@pytest.mark.parametrize("case", REFRESHED)
def test_a_pointer_of_a_changed_file_is_renewed(case: str) -> None:
    assert renewed(REFRESHED[case]) == AFTER[case]


def test_an_unchanged_one_is_written_as_dvc_writes_it() -> None:
    for case in ("comments", "desc", "remote", "order", "legacy", "legacy-desc", "two"):
        old = REFRESHED[case].replace("NAME", "x.csv").encode()
        assert refresh(old, WHERE, "x.csv", md5_of(OLD), 9, False) == old, case


def test_what_may_be_executed_is_noted_and_forgotten() -> None:
    executable = RENEWED.replace("  hash", "  isexec: true\n  hash")
    assert renewed(PLAIN_POINTER, isexec=True) == RENEWED + "  isexec: true\n"
    assert renewed(REFRESHED["isexec"], isexec=True) == executable
    assert renewed(REFRESHED["isexec"]) == RENEWED


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        ("nfiles: 3", False),
        ("version_id: v", False),
        ("etag: abc", False),
        ("checksum: abc", False),
        ("cloud: {s3: {etag: abc}}", False),
        ("files: [{relpath: a}]", False),
        ("desc: ''", False),
        ("type: ''", False),
        ("labels: []", False),
        ("meta: {}", False),
        ("persist: false", False),
        ("remote: ''", False),
        ("fs_config: {}", False),
        ("cache: true", False),
        ("push: true", False),
        ("persist: true", True),
        ("cache: false", True),
    ],
)
def test_what_says_nothing_or_is_no_longer_so_goes_and_the_rest_stays(field: str, kept: bool) -> None:
    assert renewed(f"{PLAIN_POINTER}  {field}\n") == RENEWED + (f"  {field}\n" if kept else "")


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        ("desc: ''", False),
        ("md5:", False),
        ("deps: []", False),
        ("always_changed: false", False),
        ("meta: {}", False),
        ("wdir: .", False),
        ("wdir: ../data/.", False),
        ("frozen: false", False),
        ("locked: false", False),
        ("always_changed: true", True),
        ("frozen: true", True),
    ],
)
def test_so_it_is_with_what_is_said_of_the_whole_pointer(field: str, kept: bool) -> None:
    assert renewed(f"{PLAIN_POINTER}{field}\n") == RENEWED + (f"{field}\n" if kept else "")


@pytest.mark.parametrize(
    ("where", "wdir", "path", "new_wdir", "new_path"),
    [
        (b"a/NAME.dvc", "..", "data/NAME", "..", "data/NAME"),
        (b"b/NAME.dvc", "../data/.", "./NAME", "../data", "NAME"),
        (b"NAME.dvc", "sub/../data", "x/../NAME", "data", "NAME"),
        (b"c/NAME.dvc", ".", "../c/NAME", None, "NAME"),
        (b"a/b/NAME.dvc", ".", "x/../../NAME", None, "../NAME"),
        (b"a/b/NAME.dvc", "../c/../d", "../e/../NAME", "../d", "../NAME"),
        (b"a/b/c/NAME.dvc", "../../../d", "NAME", "../../../d", "NAME"),
        (b"caf\xe9/NAME.dvc", ".", "./NAME", None, "NAME"),
        (b"caf\xe9/NAME.dvc", "d/../e", "NAME", "e", "NAME"),
    ],
)
def test_paths_are_written_as_short_as_they_can_be(
    where: bytes, wdir: str, path: str, new_wdir: str | None, new_path: str
) -> None:
    before = f"wdir: {wdir}\n" + PLAIN_POINTER.replace("NAME", path)
    after = RENEWED.replace("NAME", new_path)
    assert renewed(before, where) == (f"wdir: {new_wdir}\n" if new_wdir else "") + after


def test_of_several_outs_of_one_name_the_one_beside_the_pointer_is_meant() -> None:
    other = BODY.replace("NAME", "d/NAME")
    for outs in (other + BODY, BODY + other):
        new = renewed("outs:\n" + outs)
        assert RENEWED_BODY in new
        assert other in new


@pytest.mark.parametrize("paths", [("b.csv",), ("a/x.csv", "b/x.csv"), ("s3://b/x.csv",)])
def test_a_pointer_that_does_not_say_which_is_refused(paths: tuple[str, ...]) -> None:
    old = "outs:\n" + "".join(BODY.replace("NAME", path) for path in paths)
    with pytest.raises(GuardError) as caught:
        refresh(old.encode(), WHERE, "x.csv", MD5, 1, False)
    assert caught.value.problem == (
        "data/x.csv.dvc does not record 'x.csv' but another file, and would be overwritten."
    )
    assert caught.value.remedy == "git mv data/x.csv.dvc ELSEWHERE.dvc     # or delete it"


def test_an_external_out_beside_it_keeps_its_address() -> None:
    external = "- etag: abc\n  path: s3://b/./x\n"
    assert renewed(PLAIN_POINTER + external) == RENEWED + external


def test_a_legacy_pointer_stays_one_while_its_text_does() -> None:
    legacy = REFRESHED["legacy"].replace("NAME", "x.csv").encode()
    same = refresh(legacy, WHERE, "x.csv", md5_of(NEW), 9, False, dos2unix=md5_of(OLD))
    other = refresh(legacy, WHERE, "x.csv", md5_of(NEW), 9, False, dos2unix=md5_of(NEW))
    assert same == legacy
    assert b"hash: md5" in other


def test_a_plain_pointer_is_renewed_without_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("parse", "dump"):
        monkeypatch.setattr(yaml, name, None)
    assert renewed(PLAIN_POINTER) == RENEWED


@pytest.mark.slow
def test_a_long_list_of_cloud_versions_is_no_reason_not_to_renew(monkeypatch: pytest.MonkeyPatch) -> None:
    old = (PLAIN_POINTER.replace("NAME", "x.csv") + "  files:\n" + "  - relpath: a\n" * 5000).encode()
    assert refresh(old, WHERE, "x.csv", md5_of(NEW), 16, False) == RENEWED.replace("NAME", "x.csv").encode()
    monkeypatch.setattr(pointer, "MAX_BYTES_WITH_FILES", 16 * len(old))
    assert b"files" not in refresh(old, WHERE, "x.csv", md5_of(NEW), 16, False)
    monkeypatch.setattr(pointer, "MAX_BYTES_WITH_FILES", 16 * len(old) - 1)
    with pytest.raises(GuardError, match=r"^data/x\.csv\.dvc is no pointer that DVC can read: it is too large"):
        refresh(old, WHERE, "x.csv", md5_of(NEW), 16, False)


def test_a_version_id_stays_only_while_the_bytes_do() -> None:
    direct = (PLAIN_POINTER.replace("NAME", "x.csv") + "  version_id: v1\n").encode()
    assert refresh(direct, WHERE, "x.csv", md5_of(OLD), 9, False) == direct
    assert b"version_id" not in refresh(direct, WHERE, "x.csv", md5_of(NEW), 9, False)
    other = direct.replace(b"  version_id: v1", b"  desc: d\n  nfiles: 2")
    assert b"nfiles" not in refresh(other, WHERE, "x.csv", md5_of(OLD), 9, False)
    old = (PLAIN_POINTER.replace("NAME", "x.csv") + "  cloud:\n    s3:\n      version_id: v1\n").encode()
    assert refresh(old, WHERE, "x.csv", md5_of(OLD), 9, False) == old
    assert b"cloud" not in refresh(old, WHERE, "x.csv", md5_of(NEW), 9, False)


HEAD = f"outs:\n- md5: {MD5}\n  size: 3\n"
RENAMED: dict[str, tuple[str, str, str]] = {
    "plain": (f"{HEAD}  hash: md5\n  path: x.csv\n", "y.csv", "  path: y.csv\n"),
    "a legacy one": (f"{HEAD}  path: x.csv\n", "y.csv", "  path: y.csv\n"),
    "a folder": (f"outs:\n- md5: {MD5}.dir\n  size: 3\n  nfiles: 2\n  hash: md5\n  path: x.csv\n", "y", "  path: y\n"),
    "an odd name": (f"{HEAD}  hash: md5\n  path: x.csv\n", "#y", "  path: '#y'\n"),
    "with a desc": (f"{HEAD}  hash: md5\n  path: x.csv\ndesc: a\n", "y", "  path: y\ndesc: a\n"),
    "in a folder": (f"{HEAD}  hash: md5\n  path: d/x.csv\n", "y", "  path: d/y\n"),
    "with comments": (f"# of mine\n{HEAD}  hash: md5\n  path: x.csv\n", "y", "  path: y\n"),
}


@pytest.mark.parametrize("case", RENAMED)
def test_a_file_s_new_name_is_all_that_changes_in_its_pointer(case: str) -> None:
    old, new, end = RENAMED[case]
    name = b"#y" if new == "#y" else new.encode()
    result = renamed(old.encode(), WHERE, "x.csv", new)
    assert result.decode() == old[: old.index("  path: ")] + end
    assert decode(result, WHERE).outs[0].path.endswith(b"/" + name)


def test_a_plain_pointer_is_renamed_without_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("parse", "dump"):
        monkeypatch.setattr(yaml, name, None)
    assert renamed(f"{HEAD}  hash: md5\n  path: x.csv\n".encode(), WHERE, "x.csv", "y.csv").endswith(b"path: y.csv\n")


@pytest.mark.slow
def test_a_long_list_of_cloud_versions_is_no_reason_not_to_rename() -> None:
    old = f"{HEAD}  hash: md5\n  path: x.csv\n".encode() + b"  files:\n" + b"  - relpath: a\n" * 5000
    assert renamed(old, WHERE, "x.csv", "y.csv") == old.replace(b"path: x.csv", b"path: y.csv", 1)


@pytest.mark.parametrize("files", [0, 1, 5])
@pytest.mark.parametrize("rest", ["", "# of mine\n"])
def test_a_folders_pointer_says_how_many_files_it_has(files: int, rest: str) -> None:
    """Of a folder before, of a file before; plain, or with what only YAML reads."""
    md5 = f"{MD5}.dir"
    for former in (f"- md5: {md5_of(OLD)}.dir\n  size: 3\n  nfiles: 2\n", f"- md5: {md5_of(OLD)}\n  size: 3\n"):
        old = f"outs:\n{former}  hash: md5\n  path: d\n{rest}".encode()
        new = refresh(old, b"d.dvc", "d", md5, 9, False, nfiles=files)
        [out] = decode(new, b"d.dvc").outs
        assert (out.md5, out.size, out.nfiles) == (md5, 9, files)
        assert rest.encode() in new
        if not rest:
            assert decode(refresh(new, b"d.dvc", "d", MD5, 4, False), b"d.dvc").outs[0].nfiles == -1


def test_a_folder_that_was_empty_is_renewed_without_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    old = pointer.encode(f"{MD5}.dir", 2, "d", nfiles=0)
    for name in ("parse", "dump"):
        monkeypatch.setattr(yaml, name, None)
    assert refresh(old, b"d.dvc", "d", f"{MD5}.dir", 9, False, nfiles=7) == pointer.encode(
        f"{MD5}.dir", 9, "d", nfiles=7
    )


def test_a_pointer_that_does_not_record_the_file_is_not_renamed() -> None:
    with pytest.raises(GuardError, match="does not record 'z'"):
        renamed(RENAMED["plain"][0].encode(), WHERE, "z", "y")
