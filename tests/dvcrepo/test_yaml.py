"""A stranger's dvc.yaml and dvc.lock: a few lines that stand for gigabytes, files elsewhere, paths that are no data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.support import run
from trinity_guard.dvcrepo import lockfile, pointer, secrets, yaml
from trinity_guard.dvcrepo.pipeline import pipeline_outs
from trinity_guard.errors import GuardError

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40))
CHAIN = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}\n" for n in range(1, 2000))
OUTS = "o: &o [" + ", ".join(f"f{n}.csv" for n in range(1000)) + "]\n"
CHOICES = ", ".join(f"k{n}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]" for n in range(12))
BOMBS = {
    "outs": ALIASES + "stages: {s: {cmd: x, outs: *a11}}\n",
    "outs within": ALIASES + "stages: {s: {cmd: x, outs: [{x: *a11}, {y: '${x}'}]}}\n",
    "wdir": ALIASES + "stages: {s: {cmd: x, outs: [x], wdir: *a11}}\n",
    "foreach": ALIASES + "stages: {s: {foreach: *a11, do: {cmd: x, outs: ['${item}']}}}\n",
    "foreach's wdir": ALIASES + "stages: {s: {foreach: [1], do: {cmd: x, wdir: *a11, outs: ['${item}']}}}\n",
    "cmd": ALIASES + "stages: {s: {matrix: {a: [1]}, cmd: *a11, outs: ['${item.a}']}}\n",
    "merges": MERGES + "stages: {s: {cmd: x, outs: [x]}}\n",
    "a chain of merges": CHAIN + "stages: {s: {cmd: x, outs: [x]}}\n",
    "matrix": f"stages: {{s: {{matrix: {{{CHOICES}}}, cmd: x, outs: ['${{item.k0}}']}}}}\n",
    "many stages of one list": OUTS + "stages:\n" + "".join(f"  s{n}: {{cmd: x, outs: *o}}\n" for n in range(2000)),
    "an alias of itself": "stages: {s: {foreach: &a [*a], do: {cmd: x, outs: ['${item}']}}}\n",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_few_lines_that_stand_for_gigabytes_are_refused(text: str, tmp_path: Path) -> None:
    lock = f"schema: '2.0'\nstages: {{s@1: {{outs: [{{path: x, md5: {MD5}}}]}}}}\n".encode()
    with pytest.raises(GuardError) as caught:
        pipeline_outs(text.encode(), lock, b"dvc.yaml", os.fsencode(tmp_path))
    assert "dvc.yaml is no file that DVC can read" in caught.value.problem
    # Beside a lock it says nothing, and holds up nothing.
    named = [b"x"] if "s: {" in text or ALIASES in text else []
    assert [out.path for out in lockfile.outs(lock, text.encode(), b"dvc.lock")] == named
    if "<<" not in text:
        assert secrets.credentials_in(text.encode() + b"# https://a@b\n", b"dvc.yaml") == []


@pytest.mark.slow
def test_a_lock_of_gigabytes_is_refused() -> None:
    one = "o: &o [" + ", ".join(f"{{path: f{n}, md5: {MD5}}}" for n in range(500)) + "]\n"
    text = one + "schema: '2.0'\nstages:\n" + "".join(f"  s{n}: {{outs: *o}}\n" for n in range(1000))
    with pytest.raises(GuardError, match="more than 100000 outputs"):
        lockfile.outs(text.encode(), None, b"dvc.lock")
    with pytest.raises(GuardError, match="too large"):
        lockfile.outs(b"#" * (yaml.MAX_BYTES + 1), None, b"dvc.lock")


@pytest.mark.parametrize("text", ["[" * 3000, "{a: " * 3000, "x: [" + "[" * 2000 + "]" * 2000 + "]"])
def test_a_pit_of_brackets_is_refused_before_it_is_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ruamel.yaml.YAML", None)  # which would take seconds to say so
    with pytest.raises(ValueError, match="nested too deep"):
        yaml.parse(text.encode(), yaml.MAX_BYTES, anchors=True)


def test_many_brackets_side_by_side_are_fine() -> None:
    fields = yaml.parse(b"a:\n" + b"- [[x], {y: [1]}]\n" * 1000, yaml.MAX_BYTES)
    assert len(fields["a"]) == 1000


def test_ordinary_merges_and_aliases_are_as_good_as_ever(tmp_path: Path) -> None:
    text = b"x: &s {cmd: x, deps: [y]}\nstages:\n  one: {<<: *s, outs: [a.csv]}\n  two: {<<: [*s], outs: [b.csv]}\n"
    assert {out.path for out in pipeline_outs(text, None, b"dvc.yaml", os.fsencode(tmp_path))} == {b"a.csv", b"b.csv"}


@pytest.mark.parametrize("name", ["../secret.yaml", "/dev/zero", "link.yaml", "fifo.yaml", "big.yaml", "bomb.yaml"])
def test_a_template_reads_no_file_but_the_repository_s_own(tmp_path: Path, name: str) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (tmp_path / "secret.yaml").write_text("value: hunter2\n")
    (top / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (top / "big.yaml").write_bytes(b"#" * (yaml.MAX_BYTES + 1))
    (top / "bomb.yaml").write_text(ALIASES)
    (top / "own.yaml").write_text("value: own\n")
    os.mkfifo(top / "fifo.yaml")
    text = "vars: [%s]\nstages: {s: {cmd: x, outs: ['${value}.csv']}}\n"
    with pytest.raises(GuardError) as caught:
        pipeline_outs((text % name).encode(), None, b"dvc.yaml", os.fsencode(top))
    assert "hunter2" not in caught.value.problem
    found = pipeline_outs((text % "own.yaml").encode(), None, b"dvc.yaml", os.fsencode(top))
    assert [out.path for out in found] == [b"own.csv"]


def test_templates_are_resolved_without_a_trace_wherever_the_clone_s_config_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DVC_SITE_CACHE_DIR", raising=False)
    top = tmp_path / "top"
    run("git", "init", "-q", top)
    (top / ".dvc").mkdir()
    (top / ".dvc/config").write_text(f"[core]\n    site_cache_dir = {tmp_path}/elsewhere\n")
    before = sorted(top.rglob("[!.]*"))
    text = b"vars: [{n: a}]\nstages: {s: {cmd: x, outs: ['${n}.csv']}}\n"
    assert [o.path for o in pipeline_outs(text, None, b"dvc.yaml", os.fsencode(top))] == [b"a.csv"]
    assert not (tmp_path / "elsewhere").exists()
    assert sorted(top.rglob("[!.]*")) == before


@pytest.mark.parametrize(
    "path", [".", "..", "sub", "../.", ".gitattributes", ".GitIgnore", "../dvc.yaml", "x.dvc", ".git/hooks", ".DVC/x"]
)
def test_a_lock_puts_nothing_over_the_repository_itself(path: str) -> None:
    text = f"schema: '2.0'\nstages: {{s: {{outs: [{{path: {path}, md5: {MD5}.dir}}]}}}}\n"
    where = b"sub/dvc.lock" if path != "sub" else b"sub/deeper/dvc.lock"
    if path == "sub":
        text = text.replace("path: sub", "path: ../../sub")
    with pytest.raises(GuardError) as caught:
        lockfile.outs(text.encode(), None, where)
    assert "sub/" in caught.value.problem


@pytest.mark.parametrize("path", [".", ".gitignore", "data/.gitattributes", ".trinity-guard.toml", "dvc.lock"])
def test_a_pipeline_has_no_say_in_the_files_that_tell_git_and_dvc_what_to_do(path: str) -> None:
    text = f"stages: {{s: {{cmd: x, outs: [{path}, a.csv]}}}}\n"
    assert [out.path for out in pipeline_outs(text.encode(), None, b"dvc.yaml")] == [b"a.csv"]


@pytest.mark.parametrize("path", ["x" * 300, "a/" * 3000 + "c", "a/" + "\u00e9" * 200])
def test_no_pointer_or_lock_names_what_no_file_system_takes(path: str) -> None:
    text = f"outs:\n- md5: {MD5}\n  size: 1\n  hash: md5\n  path: {path}\n".encode()
    with pytest.raises(GuardError, match="longer than file systems take"):
        pointer.decode(text, b"x.dvc")
    lock = f"schema: '2.0'\nstages: {{s: {{outs: [{{path: {path}, md5: {MD5}}}]}}}}\n"
    with pytest.raises(GuardError, match="longer than file systems take"):
        lockfile.outs(lock.encode(), None, b"dvc.lock")
