"""Hostile and malformed pointers are refused, each with its path, the reason and a remedy; nothing else is raised."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.dvcrepo.test_refresh import MD5, PLAIN_POINTER, WHERE
from tests.helpers.support import Repo, dvc
from trinity_guard.dvcrepo import pointer, yaml
from trinity_guard.dvcrepo.pointer import MAX_BYTES, decode, encode, nameable, without_files
from trinity_guard.dvcrepo.refresh import refresh
from trinity_guard.errors import BLOCKED, GuardError

LEAVING = [
    ("../../x.csv", ".", "leaves the repository"),
    ("../x.csv", "..", "leaves the repository"),
    ("x.csv", "../..", "leaves the repository"),
    ("a/../../../x.csv", ".", "leaves the repository"),
    ("/etc/passwd", ".", "absolute"),
    ("x.csv", "/tmp", "absolute"),
    ("C:/x.csv", ".", "absolute"),
    ("c:\\\\x.csv", ".", "absolute"),
    ("\\\\\\\\server\\\\x.csv", ".", "absolute"),
    ("..\\\\..\\\\x.csv", ".", "leaves the repository"),
    ("../.git/hooks/pre-commit", ".", "points into .git"),
    ("../.GIT/config", ".", "points into .GIT"),
    (".git", ".", "points into .git"),
    ("../git~1/config", ".", "points into git~1"),
    ("../.g\u200cit/config", ".", "points into"),
    ("../.git ./config", ".", "points into"),
    ("../.git::$INDEX_ALLOCATION/config", ".", "points into"),
    ("a\\\\.git\\\\config", ".", "points into"),
    ("hooks/pre-commit", "../.git", "points into .git"),
    ("../.dvc/config", ".", "points into .dvc"),
    ("a\\0b", ".", "not a file's name"),
    ("\\ud800.csv", ".", "not a file's name"),
    ("..", ".", "holds the pointer itself"),
    (".", ".", "holds the pointer itself"),
    ("y.dvc", ".", "is a DVC file itself"),
    ("../dvc.yaml", ".", "is a DVC file itself"),
    ("../dvc.lock", ".", "tells Git or DVC what to do"),
    ("dvc.lock", ".", "tells Git or DVC what to do"),
    ("Dvc.yaml", ".", "tells Git or DVC what to do"),
    ("../.gitignore", ".", "tells Git or DVC what to do"),
    (".gitignore", ".", "tells Git or DVC what to do"),
    ("../.gitattributes", ".", "tells Git or DVC what to do"),
    ("../.GitModules", ".", "tells Git or DVC what to do"),
    (".dvcignore", "..", "tells Git or DVC what to do"),
    ("../.trinity-guard.toml", ".", "tells Git or DVC what to do"),
    ("../.gitignore. ", ".", "tells Git or DVC what to do"),
    ("../.git\u200cignore", ".", "tells Git or DVC what to do"),
    ("a\\\\.gitattributes", ".", "tells Git or DVC what to do"),
]


@pytest.mark.parametrize(("path", "wdir", "words"), LEAVING)
def test_a_path_out_of_bounds_is_refused_with_its_reason(path: str, wdir: str, words: str) -> None:
    data = f'wdir: "{wdir}"\nouts:\n- md5: {MD5}\n  size: 1\n  hash: md5\n  path: "{path}"\n'.encode()
    with pytest.raises(GuardError) as caught:
        decode(data, WHERE)
    assert words in caught.value.problem
    assert caught.value.problem.startswith("data/x.csv.dvc: ")
    assert caught.value.exit_code == BLOCKED
    assert caught.value.remedy


@pytest.mark.parametrize(
    "where", [b".git/x.csv.dvc", b"sub/.git/x.csv.dvc", b".dvc/x.csv.dvc", b"a/.DVC/tmp/x.csv.dvc"]
)
def test_a_plain_pointer_inside_git_s_or_dvc_s_own_folder_is_refused(where: bytes) -> None:
    with pytest.raises(GuardError, match="points into"):
        decode(encode(MD5, 1, "x.csv"), where)


@pytest.mark.parametrize("name", [b".gitignore", b"dvc.lock", b".DVCIGNORE", b"Dvc.yaml", b".trinity-guard.toml"])
def test_no_pointer_is_made_for_a_file_that_tells_git_or_dvc_what_to_do(name: bytes) -> None:
    assert "Git or DVC" in (nameable(name) or "")
    assert nameable(b"x" + name) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../../x", "leaves the repository"),
        ("a/b/dvc.yaml", "is a DVC file itself, which DVC cannot track"),
        ("a.dvc", "is a DVC file itself, which DVC cannot track"),
        ("a/dvc.lock", "is a file that tells Git or DVC what to do"),
        (".", "holds the pointer itself"),
    ],
)
def test_the_refusal_of_a_path_says_who_is_to_be_asked(path: str, reason: str) -> None:
    data = f"outs:\n- md5: {MD5}\n  hash: md5\n  path: {path}\n"
    with pytest.raises(GuardError) as caught:
        decode(data.encode(), WHERE)
    assert caught.value.problem == f"data/x.csv.dvc: its path '{path}' {reason}."
    assert caught.value.remedy == (
        "git log -p -- data/x.csv.dvc     # who wrote it? Nothing was touched; correct or delete the pointer"
    )


def test_a_long_list_of_cloud_versions_is_not_parsed() -> None:
    """As DVC writes it for a folder on a version-aware remote: 10,000 files are 1.5 MB of YAML."""
    one = f"  - relpath: a.csv\n    md5: {MD5}\n    size: 3\n    cloud:\n      r:\n        version_id: abc\n"
    head, tail = (
        f"# mine\nouts:\n- md5: {MD5}.dir\n  size: 3\n  hash: md5\n",
        "  path: images\n  push: false\nfrozen: true\n",
    )
    data = f"{head}  files:\n{one * 10_000}{tail}".encode()
    assert without_files(data) == f"{head}  files: [{{}}]\n{tail}".encode()
    pointed = decode(data, WHERE)
    assert (pointed.raw, pointed.frozen, pointed.outs[0].text, pointed.outs[0].push) == (data, True, "images", False)
    short = f"{head}  files:\n{one * 3}{tail}".encode()
    assert len(short) < MAX_BYTES
    assert decode(short, WHERE).outs[0].md5 == pointed.outs[0].md5


def test_an_import_from_a_repository_is_told_from_one_of_an_address() -> None:
    repo = f"deps:\n- path: a\n  repo:\n    url: https://h/r\nouts:\n- md5: {MD5}\n  path: x.csv\n"
    assert decode(repo.encode(), WHERE).repo_import
    url = repo.replace("\n  repo:\n    url: https://h/r", "")
    assert decode(url.encode(), WHERE).deps
    assert not decode(url.encode(), WHERE).repo_import
    assert not decode(VALID, WHERE).repo_import


def test_folders_that_only_look_like_git_s_are_fine() -> None:
    for where in (b".github/x.csv.dvc", b"a.git/x.csv.dvc", b"x.dvc/x.csv.dvc", b".gitlab/.dvcx/x.csv.dvc"):
        assert decode(encode(MD5, 1, "x.csv"), where).outs[0].text == "x.csv"


MALFORMED = {
    "empty": (b"", "not a mapping"),
    "a list": (b"- 1\n", "not a mapping"),
    "a text": (b"hello\n", "not a mapping"),
    "no outs": (b"meta: 1\n", "no outs"),
    "null outs": (b"outs:\n", "no outs"),
    "empty outs": (b"outs: []\n", "no outs"),
    "outs a text": (b"outs: x\n", "'outs' is of the wrong type"),
    "out a text": (b"outs:\n- x\n", "not a mapping"),
    "no path": (f"outs:\n- md5: {MD5}\n".encode(), "without path"),
    "no md5": (b"outs:\n- path: x.csv\n  size: 1\n", "no md5"),
    "short md5": (b"outs:\n- md5: abc\n  path: x.csv\n", "md5 is not one"),
    "md5 not hex": (f"outs:\n- md5: {'g' * 32}\n  path: x.csv\n".encode(), "md5 is not one"),
    "md5 a path": (b"outs:\n- md5: ../../../../../../../../etc/passwd\n  path: x.csv\n", "md5 is not one"),
    "md5 a number": (f"outs:\n- md5: {'1e' + '1' * 30}\n  path: x.csv\n".encode(), "md5 is not one"),
    "md5 a list": (b"outs:\n- md5: []\n  path: x.csv\n", "md5 is not one"),
    "double dir": (f"outs:\n- md5: {MD5}.dir.dir\n  path: x.csv\n".encode(), "md5 is not one"),
    "another hash": (f"outs:\n- md5: {MD5}\n  hash: sha256\n  path: x.csv\n".encode(), "'hash' is not md5"),
    "negative size": (f"outs:\n- md5: {MD5}\n  size: -1\n  path: x.csv\n".encode(), "no possible number"),
    "absurd size": (f"outs:\n- md5: {MD5}\n  size: {10**30}\n  path: x.csv\n".encode(), "no possible number"),
    "endless size": (f"outs:\n- md5: {MD5}\n  size: {'9' * 9999}\n  path: x.csv\n".encode(), "broken YAML"),
    "size a text": (f"outs:\n- md5: {MD5}\n  size: big\n  path: x.csv\n".encode(), "'size' is of the wrong type"),
    "size a bool": (f"outs:\n- md5: {MD5}\n  size: true\n  path: x.csv\n".encode(), "'size' is of the wrong type"),
    "path a number": (f"outs:\n- md5: {MD5}\n  path: 12\n".encode(), "'path' is of the wrong type"),
    "duplicate key": (f"outs:\n- md5: {MD5}\n  path: x.csv\n  path: y.csv\n".encode(), "duplicate key"),
    "unknown key": (f"outs:\n- md5: {MD5}\n  path: x.csv\n  hsah: md5\n".encode(), "unknown key 'hsah'"),
    "a command": (f"cmd: rm -rf /\nouts:\n- md5: {MD5}\n  path: x.csv\n".encode(), "unknown key 'cmd'"),
    "not utf-8": (b"outs:\n- md5: \xff\n", "not UTF-8"),
    "a tab": (b"outs:\n\t- md5: x\n", "broken YAML in line 2"),
    "control": (b"outs:\x00\n", "broken YAML"),
    "an alias": (f"outs:\n- &a\n  md5: {MD5}\n  path: x.csv\n- *a\n".encode(), "anchors or aliases"),
    "a bomb": (b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nouts: *c\n", "anchors or aliases"),
    "a python object": (b"outs: !!python/object/apply:os.system ['true']\n", "broken YAML"),
    "two documents": (f"outs:\n- md5: {MD5}\n  path: x.csv\n---\nouts: []\n".encode(), "broken YAML"),
    "month 13": (b"outs:\n- path: 2020-13-45\n", "broken YAML"),
    "deep": (b"outs: " + b"[" * 50000, "broken YAML"),
    "deep blocks": (b"- " * 30000, "broken YAML"),
    "many brackets": (b"outs: " + b"[]," * 1001, "more than 1000 brackets"),
    "too large": (b"# " + b"x" * (64 << 10) + b"\nouts:\n", "too large"),
    "large behind a list of files": (b"outs:\n- path: x.csv\n  files:\n  - a\nmeta: " + b"x" * (64 << 10), "too large"),
    "far too large": (b"outs:\n- path: x.csv\n  files:\n" + b"  - relpath: a\n" * (1 << 21), "too large"),
    "conflict": (
        b"outs:\n<<<<<<< HEAD\n- md5: a\n=======\n- md5: b\n>>>>>>> theirs\n  path: x.csv\n",
        "merge conflict",
    ),
    "conflict crlf": (b"<<<<<<< HEAD\r\nouts:\r\n=======\r\n>>>>>>> theirs\r\n", "merge conflict"),
}


@pytest.mark.parametrize(("data", "words"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_pointer_is_refused_with_path_reason_and_remedy(data: bytes, words: str) -> None:
    with pytest.raises(GuardError) as caught:
        decode(data, WHERE)
    assert words in caught.value.problem
    assert "data/x.csv.dvc" in caught.value.problem
    assert "\n" not in caught.value.problem
    assert caught.value.problem.isprintable()
    assert "data/x.csv.dvc" in caught.value.remedy
    assert caught.value.exit_code == BLOCKED


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"meta: 1\n", "it has no outs"),
        (f"outs:\n- md5: {MD5}\n".encode(), "an out without path"),
        (f"outs:\n- md5: {MD5}\n  hash: sha1\n  path: x\n".encode(), "its 'hash' is not md5"),
        (b"outs:\n- path: x\n", "it records no md5"),
        (b"outs:\n- md5: abc\n  path: x\n", "its md5 is not one"),
        (
            f"outs:\n- md5: {MD5}\n  path: x\n  remote: -x\n".encode(),
            "the name in its 'remote' begins as an option does",
        ),
    ],
)
def test_the_refusal_of_a_pointer_says_what_is_wrong_and_what_helps(data: bytes, reason: str) -> None:
    with pytest.raises(GuardError) as caught:
        decode(data, WHERE)
    assert caught.value.problem == f"data/x.csv.dvc is no pointer that DVC can read: {reason}."
    assert caught.value.remedy == (
        "git checkout HEAD -- data/x.csv.dvc     # the last good version, or `dvc add` the file again"
    )


@pytest.mark.parametrize(
    "data", [b"<<<<<<< HEAD\n[", b"<<<<<<<<< HEAD:x\n[", b"outs:\n<<<<<<< HEAD\n[", b"outs:\n>>>>>>> theirs\n["]
)
def test_each_marker_of_a_conflict_is_told(data: bytes) -> None:
    with pytest.raises(GuardError) as caught:
        decode(data, WHERE)
    assert caught.value.problem == "data/x.csv.dvc holds the markers of a merge conflict."
    assert caught.value.remedy == (
        "trinity-guard use --ours data/x.csv.dvc     # or --theirs: the pointer and its data"
    )


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_brackets_are_counted_both_kinds_together(brackets: str) -> None:
    few = f"meta: [{','.join([brackets] * 999)}]\n"
    assert decode(VALID + few.encode(), WHERE).outs
    with pytest.raises(GuardError, match="more than 1000 brackets"):
        decode(VALID + few.encode().replace(b"meta: [", b"meta: [[], "), WHERE)


def test_a_pointer_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    fill = MAX_BYTES - len(VALID) - len(b"meta: \n")
    assert decode(VALID + b"meta: %s\n" % (b"x" * fill), WHERE).outs
    with pytest.raises(GuardError, match="too large"):
        decode(VALID + b"meta: %s\n" % (b"x" * (fill + 1)), WHERE)


def test_a_short_list_of_cloud_versions_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = VALID + b"  files:\n  - [\n"
    with pytest.raises(GuardError, match="broken YAML"):
        decode(broken, WHERE)
    monkeypatch.setattr(pointer, "MAX_BYTES_WITH_FILES", len(broken))
    assert without_files(broken) == VALID + b"  files: [{}]\n"
    monkeypatch.setattr(pointer, "MAX_BYTES_WITH_FILES", len(broken) - 1)
    assert without_files(broken) == broken


def test_only_what_stands_below_files_is_left_out() -> None:
    data = b"    deep\n  - item\n  files:\n  - a\n    b\n  path: x\n  - kept\n    kept\n"
    assert without_files(data) == b"    deep\n  - item\n  files: [{}]\n  path: x\n  - kept\n    kept\n"


VALID = PLAIN_POINTER.replace("NAME", "x.csv").encode()
SNIPPETS = [
    b"outs:",
    b"\n- ",
    b"  ",
    b"md5: ",
    MD5.encode(),
    b"path: ",
    b"x.csv",
    b"../",
    b"&a",
    b"*a",
    b"!!",
    b"{",
    b"[",
]
SNIPPETS += [
    b"\n",
    b": ",
    b"'",
    b'"',
    b"|",
    b">",
    b"%YAML 1.1",
    b"---",
    b"\xff",
    b"\0",
    b"2020-13-01",
    b"<<: ",
    b"1e9",
    b"?",
]


@given(st.binary(max_size=200) | st.lists(st.sampled_from(SNIPPETS), max_size=25).map(b"".join))
@example(VALID)
@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_make_decode_raise_anything_but_a_guard_error(data: bytes) -> None:
    for raw in (data, VALID + data, data + VALID, VALID[:50] + data + VALID[50:]):
        try:
            pointed = decode(raw, WHERE)
        except GuardError:
            continue
        for out in pointed.outs:
            if not out.external:
                assert not out.path.startswith((b"/", b"../"))
                assert b".git" not in out.path.split(b"/")
        try:
            new = refresh(raw, WHERE, pointed.outs[0].text, "a" * 32, 5, False)
        except GuardError:
            continue
        assert decode(new, WHERE).outs[0].md5 == "a" * 32


def test_an_error_in_yaml_is_told_with_its_line() -> None:
    with pytest.raises(ValueError, match="broken YAML in line 3"):
        yaml.parse(b"a: 1\nb: 2\nc: ]\n", 100)


def test_dvc_itself_refuses_a_pointer_with_an_unknown_key(bare_repo: Repo) -> None:
    bare_repo.dvc("init", "-q")
    bare_repo.write("x.csv.dvc", MALFORMED["unknown key"][0])
    assert dvc("status", cwd=bare_repo.path, ok=False).returncode
