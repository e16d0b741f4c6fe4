"""What a dvc.lock records, joined with what its dvc.yaml says of each output."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trinity_guard.dvcrepo import lockfile
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
WHERE = b"p/dvc.lock"


def lock(*outs: str, stage: str = "s") -> bytes:
    """Return a dvc.lock with one stage of these outs, each in YAML's flow style."""
    return f"schema: '2.0'\nstages:\n  {stage}:\n    cmd: x\n    outs:\n".encode() + b"".join(
        f"    - {out}\n".encode() for out in outs
    )


def out(path: str, more: str = ", hash: md5, size: 5") -> str:
    return f"{{path: '{path}', md5: {MD5}{more}}}"


def yaml(body: str, stage: str = "s") -> bytes:
    return f"stages:\n  {stage}:\n    cmd: x\n{body}".encode()


def one(data: bytes, dvc_yaml: bytes | None = None) -> Output:
    [found] = lockfile.outs(data, dvc_yaml, WHERE)
    return found


def flags(output: Output) -> tuple[bool, bool, str, bool]:
    return output.cache, output.push, output.remote, output.certain


def test_an_output_is_what_its_entry_says() -> None:
    found = one(lock(out("d/m.pkl", ", hash: md5, size: 5, isexec: true")))
    assert (found.path, found.text, found.md5, found.size) == (b"p/d/m.pkl", "d/m.pkl", MD5, 5)
    assert (found.source, found.stage, found.isexec, found.legacy) == (WHERE, "s", True, False)
    assert (found.kind, flags(found)) == ("file", (True, True, "", True))


def test_an_empty_output_has_no_bytes() -> None:
    assert one(lock(out("m", ", hash: md5, size: 0"))).size == 0


def test_a_lock_may_lie_deep() -> None:
    [found] = lockfile.outs(lock(out("../m")), None, b"a/b/c/dvc.lock")
    assert (found.path, found.source) == (b"a/b/m", b"a/b/c/dvc.lock")


def test_what_is_not_said_is_the_default() -> None:
    found = one(lock(out("m", "")))
    assert (found.size, found.isexec, found.legacy) == (-1, False, True)
    assert not one(lock(out("m", ", isexec: 'yes'"))).isexec


@pytest.mark.parametrize(
    "data",
    [
        f"s:\n  outs:\n  - {out('m')}\n",  # before schema 2.0
        f"stages:\n  s:\n    outs:\n    - {out('m')}\n",
        f"x: &o [{out('m')}]\nschema: '2.0'\nstages:\n  s: {{outs: *o}}\n",
    ],
)
def test_all_schemas_are_read_aliases_too(data: str) -> None:
    assert [o.path for o in lockfile.outs(data.encode(), None, WHERE)] == [b"p/m"]


@pytest.mark.parametrize(
    "data",
    [b"", b"schema: '2.0'\n", b"schema: '2.0'\nstages:\n", b"stages:\n  s: {cmd: x}\n", b"stages:\n  s: {outs:}\n"],
)
def test_a_lock_without_outputs_names_none(data: bytes) -> None:
    assert lockfile.outs(data, None, WHERE) == []


@pytest.mark.parametrize("path", ["s3://b/x", "remote:x", "foo://x", "/abs/x"])
def test_what_lies_elsewhere_is_left_out_and_so_is_what_was_not_made(path: str) -> None:
    assert lockfile.outs(lock(out(path), out("m"), "{path: later}"), None, WHERE)[0].path == b"p/m"


BROKEN = {
    "no YAML": (b"a: [", "broken YAML"),
    "a list": (b"- a\n", "it is not a mapping"),
    "stages a text": (b"stages: x\n", "its 'stages' is not a mapping"),
    "a stage a text": (b"stages:\n  s: x\n", "its 'outs' is not a list"),
    "outs a text": (b"stages:\n  s: {outs: x}\n", "its 'outs' is not a list"),
    "an out a text": (lock("x"), "it holds an out without a path"),
    "an out without a path": (lock("{md5: 1}"), "it holds an out without a path"),
    "a path that is a number": (lock("{path: 1}"), "it holds an out without a path"),
    "no md5": (lock("{path: m, md5: abc}"), "an md5 in it is not one"),
    "an md5 that is a number": (lock("{path: m, md5: 12}"), "an md5 in it is not one"),
    "a size below nothing": (lock(out("m", ", size: -1")), "a size in it is no possible number"),
    "a size that is a text": (lock(out("m", ", size: x")), "a size in it is no possible number"),
    "a size that is a truth": (lock(out("m", ", size: true")), "a size in it is no possible number"),
    "out of the repository": (lock(out("../../x")), "its path '../../x' leaves the repository"),
    "into .git": (lock(out("../.git/x")), "its path '../.git/x' points into .git"),
    "absolute on Windows": (lock(out("C:/x")), "its path 'C:/x' leaves the repository: it is absolute"),
    "its own folder": (lock(out(".")), "its path '.' holds the lock itself"),
    "the top": (lock(out("..")), "its path '..' holds the lock itself"),
    "a pointer": (lock(out("x.dvc")), "its path 'x.dvc' is a file that tells Git or DVC what to do"),
    "a pipeline": (lock(out("d/dvc.yaml")), "its path 'd/dvc.yaml' is a file that tells Git or DVC what to do"),
    "one on Windows": (lock(out("d\\dvc.yaml")), "its path 'd\\dvc.yaml' is a file that tells Git or DVC what to do"),
}


@pytest.mark.parametrize(("data", "why"), BROKEN.values(), ids=BROKEN)
def test_a_lock_that_dvc_would_not_read_or_that_leads_away_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(GuardError) as caught:
        lockfile.outs(data, None, WHERE)
    assert caught.value.problem.startswith(f"p/dvc.lock is no file that DVC can read: {why}")
    assert caught.value.remedy == (
        "git checkout HEAD -- p/dvc.lock     # the last good version, or `dvc repro` writes it again"
    )


def test_a_lock_of_more_outputs_than_anybody_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockfile, "MAX_OUTS", 2)
    assert len(lockfile.outs(lock(out("a"), out("b")), None, WHERE)) == 2
    with pytest.raises(GuardError, match="it names more than 2 outputs"):
        lockfile.outs(lock(out("a"), out("b"), out("c")), None, WHERE)


# --- beside its dvc.yaml


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    outs: [m]\n", (True, True, "", True)),
        ("    outs:\n    - m: {cache: false}\n", (False, True, "", True)),
        ("    metrics:\n    - m: {cache: false}\n", (False, True, "", True)),
        ("    plots:\n    - m: {push: false, remote: other}\n", (True, False, "other", True)),
        ("    outs:\n    - m: {remote: 5, cache: 0, push: ''}\n", (True, True, "", True)),
        ("    outs:\n    - m:\n", (True, True, "", True)),
        ("    outs:\n    - other: {cache: false}\n    - '${x}': {push: false}\n", (True, False, "", True)),
        ("    outs:\n    - 'a${x}': {cache: false}\n    - 'b${x}': {push: false}\n", (True, True, "", False)),
        ("    outs:\n    - 'm${x}': {push: false}\n    - '${x}': {push: false}\n", (True, False, "", True)),
        ("    outs:\n    - 'm${x}': {cache: false}\n    - '${x}': {push: false}\n", (True, True, "", False)),
        ("    outs:\n    - 'a${x}': {push: false}\n    - b: {push: false}\n", (True, False, "", True)),
        ("    outs: x\n", (True, True, "", True)),
    ],
)
def test_dvc_yaml_says_what_is_done_with_an_output(body: str, said: tuple[bool, bool, str, bool]) -> None:
    assert flags(one(lock(out("m")), yaml(body))) == said


def test_a_dvc_yaml_may_name_its_flags_once() -> None:
    body = "    outs:\n    - m: &flags {push: false}\n    - other: *flags\n"
    assert not one(lock(out("m")), yaml(body)).push


def test_what_dvc_yaml_leaves_to_git_is_foreign() -> None:
    assert one(lock(out("m")), yaml("    outs:\n    - m: {cache: false}\n")).kind == "foreign"


@pytest.mark.parametrize(("stage", "declared"), [("s@a", "s"), ("s@a-b", "s"), ("s@a@b", "s"), ("s@a", "s@a")])
def test_a_stage_of_a_foreach_is_that_of_its_template(stage: str, declared: str) -> None:
    body = "    foreach: [a]\n    do:\n      wdir: w\n      outs:\n      - m: {push: false}\n"
    found = one(lock(out("m"), stage=stage), yaml(body, declared))
    assert (found.path, found.push, found.stage) == (b"p/w/m", False, stage)


@pytest.mark.parametrize(
    ("wdir", "path"), [("w", b"p/w/m"), ("../w/.", b"w/m"), ("'${d}'", b"p/m"), ("5", b"p/m"), ("''", b"p/m")]
)
def test_paths_are_meant_from_the_working_directory_of_the_stage(wdir: str, path: bytes) -> None:
    assert one(lock(out("m")), yaml(f"    wdir: {wdir}\n    outs: [m]\n")).path == path


def test_a_working_directory_out_of_the_repository_is_refused() -> None:
    with pytest.raises(GuardError, match=r"its path '\.\./\.\.' leaves the repository"):
        one(lock(out("m")), yaml("    wdir: ../..\n    outs: [m]\n"))


def test_a_remote_s_name_that_a_shell_obeys_is_refused() -> None:
    with pytest.raises(GuardError, match=r"the name in a 'remote' of its dvc\.yaml has characters that a shell obeys"):
        one(lock(out("m")), yaml("    outs:\n    - m: {remote: '$(x)'}\n"))


@pytest.mark.parametrize("text", [b"a: [", b"- a\n", b"stages: x\n", b"stages:\n  s: x\n", b"stages:\n  s: {do: x}\n"])
def test_a_dvc_yaml_that_cannot_be_read_hides_no_object(text: bytes) -> None:
    assert one(lock(out("m")), text).held


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (yaml("    outs: [m]\n"), ["m"]),
        (yaml("    outs: [m, n]\n"), ["m", "n"]),
        (yaml("    outs: [./m]\n"), []),
        (yaml("    metrics: [n]\n"), ["n"]),
        (yaml(""), []),
        (yaml("    outs: [m, n]\n", "other"), []),
        (b"stages: {}\n", []),
        (b"params: [p.yaml]\n", []),
        (yaml("    outs: ['${x}']\n"), ["m", "n"]),
        (yaml("    outs: '${x}'\n"), ["m", "n"]),
        (yaml("    outs: [[m]]\n"), ["m", "n"]),
        (yaml("    outs:\n    - m\n    - 1: {cache: false}\n"), ["m", "n"]),
        (b"", ["m", "n"]),
        (None, ["m", "n"]),
    ],
)
def test_what_dvc_yaml_names_no_more_is_no_output(text: bytes | None, names: list[str]) -> None:
    """DVC asks a lock for the bytes of what dvc.yaml names, and for nothing else."""
    assert [output.text for output in lockfile.outs(lock(out("m"), out("n")), text, WHERE)] == names


DO = b"stages:\n  s:\n    foreach: [a, b]\n    do:\n      cmd: x\n      outs: ['${item}.pkl']\n"
PIPELINES = {
    "named": (yaml("    outs: [m, n/o]\n"), lock(out("m"), out("n/o"))),
    "an output went": (yaml("    outs: [m]\n"), lock(out("m"), out("n"))),
    "an output is spelled otherwise": (yaml("    outs: [./m, n/]\n"), lock(out("m"), out("n"))),
    "the stage went": (yaml("    outs: [m]\n", "t"), lock(out("m"))),
    "all stages went": (b"stages: {}\n", lock(out("m"))),
    "no stages": (b"vars:\n- a: 1\n", lock(out("m"))),
    "a metric": (yaml("    metrics:\n    - m: {cache: false}\n    plots: [n]\n"), lock(out("m"), out("n"), out("o"))),
    "a list of mappings": (
        yaml("    outs:\n    - m: {push: false}\n      n: {push: false}\n"),
        lock(out("m"), out("n")),
    ),
    "anchors": (yaml("    outs: &o [m]\n  t:\n    cmd: y\n    metrics: *o\n"), lock(out("m"), out("n"))),
    "a stage of a foreach": (DO, lock(out("a.pkl"), stage="s@a")),
    "wdir": (yaml("    wdir: w\n    outs: [../m]\n"), lock(out("../m"), out("m"))),
}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_outputs_are_those_that_dvc_finds_bytes_for(pipeline: str, tmp_path: Path) -> None:
    from dvc.repo import Repo

    dvc_yaml, locked = PIPELINES[pipeline]
    (tmp_path / "w").mkdir()
    (tmp_path / "dvc.yaml").write_bytes(dvc_yaml)
    (tmp_path / "dvc.lock").write_bytes(locked)
    with Repo.init(str(tmp_path), no_scm=True) as repo:
        theirs = {os.path.relpath(o.fs_path, tmp_path): o.hash_info.value for o in repo.index.outs if o.hash_info}
    ours = {os.fsdecode(o.path): o.md5 for o in lockfile.outs(locked, dvc_yaml, b"dvc.lock")}
    assert ours == theirs
