"""Each rule of lint: what it finds, what it leaves alone, and the page that explains it."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers.documents import Session, page
from tests.helpers.support import KB, PROJECT, Repo, run
from trinity_guard import cli, git
from trinity_guard.git import packheads
from trinity_guard.git.objects import Head, Objects
from trinity_guard.lint import explain
from trinity_guard.lint.rules import table, tg003

PICKLE = b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94."
MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def found(repo: Repo, *args: str) -> list[tuple[str, str, str]]:
    """Return (rule, path, level) of what lint finds, and see that its exit code says so."""
    said = io.StringIO()
    with contextlib.chdir(repo.path), contextlib.redirect_stdout(said):
        code = cli.main(["lint", "--format", "json", *args])
    assert code in (0, 1)
    findings = json.loads(said.getvalue())["findings"]
    assert code == int(any(f["level"] == "error" for f in findings))
    return sorted((f["rule"], f["path"], f["level"]) for f in findings)


def remedies(repo: Repo, *args: str, **env: str) -> list[str]:
    """Return the lines of the remedies of all that lint finds."""
    found = json.loads(repo.guard("lint", "--format", "json", *args, ok=False, **env).stdout)["findings"]
    return [line for f in found for line in f["remedy"].split("\n")]


def rules(repo: Repo, *args: str) -> list[str]:
    return [rule for rule, _, _ in found(repo, *args)]


def pointer(path: str, md5: str = MD5, size: int = 0) -> bytes:
    return f"outs:\n- md5: {md5}\n  size: {size}\n  hash: md5\n  path: {path}\n".encode()


# ---- TG001


@pytest.mark.parametrize("name", ["a.pkl", "é.pkl", "a b.pkl", "-x.pkl", "new\nline.pkl", 'quo"te.PKL', "d/e/f.onnx"])
def test_an_artifact_in_the_index_is_found_whatever_its_name(bare_repo: Repo, name: str) -> None:
    bare_repo.stage("ok.txt", b"text\n")
    assert rules(bare_repo) == []
    bare_repo.stage(name)
    [(rule, path, level)] = found(bare_repo)
    assert (rule, level) == ("TG001", "error")
    assert path == name


def test_what_is_no_artifact_is_left_alone(bare_repo: Repo) -> None:
    lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
    bare_repo.stage("kept-by-lfs.pkl", lfs)
    bare_repo.file("link.pkl").symlink_to("nowhere.pkl")
    bare_repo.git("add", "-A")
    bare_repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub.pkl")
    bare_repo.stage("empty.txt", b"")
    bare_repo.stage("script", b"#!/bin/sh\n")
    bare_repo.git("update-index", "--chmod=+x", "script")
    bare_repo.write("announced.pkl")
    bare_repo.git("add", "-N", "announced.pkl")
    assert rules(bare_repo) == []
    bare_repo.git("add", "announced.pkl")
    assert found(bare_repo) == [("TG001", "announced.pkl", "error")]


def test_the_configuration_decides_what_an_artifact_is(bare_repo: Repo) -> None:
    bare_repo.stage("weights", PICKLE)
    bare_repo.stage("small.csv", b"a,b\n")
    bare_repo.stage("film.mp4", 3 * KB)
    assert found(bare_repo) == [("TG001", "small.csv", "error"), ("TG001", "weights", "error")]
    bare_repo.write(".trinity-guard.toml", b'exclude = ["small.csv"]\nsniff = false\nmax-size = "2 kB"\n')
    assert found(bare_repo) == [("TG009", "film.mp4", "error")]


def test_a_pickle_deep_in_a_packed_tree_is_found_by_its_first_bytes(bare_repo: Repo) -> None:
    for i in range(300):
        bare_repo.write(f"src/m{i}.py", b"line %d\n" % i * 40)
    bare_repo.write("src/hidden.py", PICKLE)
    bare_repo.write("src/ARGS.txt", b"ARGUMENTS are text\n" * 300)
    bare_repo.git("add", "-A")
    bare_repo.commit()
    bare_repo.git("gc", "-q")
    assert found(bare_repo) == [("TG001", "src/hidden.py", "error")]
    assert found(bare_repo, "--rev", "HEAD") == [("TG001", "src/hidden.py", "error")]


def test_heads_out_of_packs_are_what_git_says(bare_repo: Repo) -> None:
    """Deltas on deltas, above bases that they share, in one pack; some loose objects beside them."""
    text = [os.urandom(9).hex() for _ in range(400)]
    for version in range(40):
        text[version * 7 % 400 : version * 7 % 400 + 2] = [os.urandom(7).hex()]
        if version % 3 == 0:
            text.insert(0, f"head {version}")
        for twin in range(8):
            bare_repo.write(f"t{twin}.txt", ("\n".join(text) + f"\n{twin}\n").encode())
        bare_repo.git("add", "-A")
        bare_repo.commit()
    bare_repo.git("gc", "-q", "--aggressive")
    bare_repo.stage("loose.txt", b"x" * 70)
    listed = bare_repo.git("cat-file", "--batch-check", "--batch-all-objects").stdout.splitlines()
    ids = [line.split()[0] for line in listed if line.split()[1] == b"blob"]
    deltas = bare_repo.git("cat-file", "--batch-check=%(deltabase)", "--batch-all-objects").stdout.split()
    assert sum(d.strip(b"0") != b"" for d in deltas) > 100
    for length in (64, 4096):
        at = os.fsencode(bare_repo.path / ".git")
        with contextlib.chdir(bare_repo.path):
            got = packheads.heads(at, ids, length)
            wanted = git.read_all(ids)
        assert len(ids) > 300
        for oid, data in zip(ids, wanted, strict=True):
            assert data is not None
            assert (got[oid].size, got[oid].first) == (len(data), data[:length])


def test_most_heads_need_no_git(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(400):
        bare_repo.write(f"f{i}.txt", b"%d\n" % i * 50)
    bare_repo.git("add", "-A")
    bare_repo.git("repack", "-q", "-d")
    bare_repo.commit()
    bare_repo.git("gc", "-q")
    ids = [oid for _, oid in bare_repo.tree().values()]
    asked: list[bytes] = []
    plain = Objects.heads

    def counted(objects: Objects, ids: Sequence[bytes], length: int = 64) -> list[Head]:
        asked.extend(ids)
        return plain(objects, ids, length)

    monkeypatch.chdir(bare_repo.path)
    monkeypatch.setattr(Objects, "heads", counted)
    assert len(packheads.heads(b".git", ids, 64)) == 400
    assert asked == []


# ---- TG004


def test_a_pointer_whose_file_is_not_ignored_is_found_and_its_line_settles_it(repo: Repo) -> None:
    repo.stage("models/a.pkl")
    repo.commit()
    assert "TG004" not in rules(repo)
    (repo.path / "models/.gitignore").write_bytes(b"/other\n")
    assert "TG004" not in rules(repo)  # the index has it still
    repo.git("add", "models/.gitignore")
    assert ("TG004", "models/a.pkl.dvc", "error") in found(repo)
    assert "TG004" not in rules(repo, "--rev", "HEAD")


def test_ones_own_excludes_are_nobody_elses(repo: Repo) -> None:
    repo.stage("models/a.pkl")
    repo.commit()
    repo.git("rm", "-q", "--cached", "models/.gitignore")
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/exclude").write_text("*.pkl\n")
    (repo.path / "excludes").write_text("*.pkl\n")
    repo.git("config", "--global", "core.excludesFile", str(repo.path / "excludes"))
    assert ("TG004", "models/a.pkl.dvc", "error") in found(repo)


def test_a_line_that_takes_the_ignoring_back_counts(repo: Repo) -> None:
    repo.stage("a.pkl")
    repo.commit()
    repo.stage(".gitignore", repo.show(".gitignore") + b"!*.pkl\n")
    assert rules(repo) == ["TG004"]


# ---- TG005


MALFORMED = {
    "conflict": b"<<<<<<< HEAD\n" + pointer("a.pkl"),
    "no yaml": b"\t{{",
    "nothing": b"",
    "a list": b"- 1\n",
    "no outs": b"deps: []\n",
    "bad md5": b"outs:\n- md5: zz\n  path: a.pkl\n",
    "leaves": pointer("../../x.pkl"),
    "absolute": pointer("/etc/x.pkl"),
    "into git": pointer(".git/config.pkl"),
    "binary": b"\x00\xff\xfe" * 50,
    "too large": b"# x\n" * 20_000,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_a_pointer_that_nobody_can_read_or_trust_is_found(bare_repo: Repo, data: bytes) -> None:
    bare_repo.stage("sub/.gitignore", b"/a.pkl\n")
    bare_repo.stage("sub/a.pkl.dvc", pointer("a.pkl"))
    assert rules(bare_repo) == []
    bare_repo.stage("sub/a.pkl.dvc", data)
    assert found(bare_repo) == [("TG005", "sub/a.pkl.dvc", "error")]


@pytest.mark.parametrize("name", ["dvc.lock", "dvc.yaml"])
def test_a_lock_or_pipeline_that_dvc_cannot_read_is_found(bare_repo: Repo, name: str) -> None:
    bare_repo.stage(name, b"schema: '2.0'\nstages: {}\n" if name == "dvc.lock" else b"stages: {}\n")
    assert rules(bare_repo) == []
    bare_repo.stage(name, b"stages: [\n")
    assert found(bare_repo) == [("TG005", name, "error")]


def test_a_pointer_behind_a_symbolic_link_is_found(bare_repo: Repo) -> None:
    bare_repo.file("data").symlink_to("/tmp")
    bare_repo.stage("a.dvc", pointer("data/a.pkl"))
    bare_repo.git("add", "-A")
    assert "TG005" in rules(bare_repo)


# ---- TG006


SECRET = "hunter2-very-secret"
CONFIGS = {
    "option": f"['remote \"s\"']\n    url = s3://bucket\n    secret_access_key = {SECRET}\n",
    "address": f"['remote \"s\"']\n    url = https://me:{SECRET}@example.com/x\n",
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "gitlab", "junit"])
def test_a_credential_is_found_and_its_value_never_told(bare_repo: Repo, config: str, form: str) -> None:
    bare_repo.stage(".dvc/config", config.encode())
    done = bare_repo.guard("lint", "--format", form, ok=False)
    assert done.returncode == 1
    assert b"TG006" in done.stdout
    assert SECRET.encode() not in done.stdout + done.stderr


def test_what_was_pushed_is_to_be_replaced(bare_repo: Repo, tmp_path: Path) -> None:
    bare_repo.stage(".dvc/config", CONFIGS["option"].encode())
    bare_repo.commit()
    said = bare_repo.guard("lint", ok=False).stdout
    assert b"TG006 line 3" in said
    assert b"replace it where it was issued" not in said
    run("git", "init", "-q", "--bare", tmp_path / "hub.git")
    bare_repo.git("push", "-q", str(tmp_path / "hub.git"), "main")
    bare_repo.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    bare_repo.git("fetch", "-q", "origin")
    for args in ([], ["--rev", "HEAD"], ["--range", "HEAD"]):
        assert b"replace it where it was issued" in bare_repo.guard("lint", *args, ok=False).stdout


def test_a_credential_at_the_tip_of_a_range_is_to_be_moved_and_taken_out_of_its_commit(bare_repo: Repo) -> None:
    bare_repo.stage("a.txt")
    bare_repo.commit()
    bare_repo.stage(".dvc/config", CONFIGS["option"].encode())
    bare_repo.stage(".dvc/.gitignore", b"/config.local\n")
    bare_repo.commit()
    remedy = remedies(bare_repo, "--range", "HEAD~1..HEAD")
    commit = bare_repo.head()[:10]
    assert [line.partition("     # ")[0] for line in remedy] == [
        "trinity-guard remote credentials --move",
        f"git rebase -i {commit}^",
    ]
    assert len(remedies(bare_repo, "--rev", "HEAD")) == 1  # a tree has no commits to rewrite

    done = bare_repo.git("rebase", "-q", "-i", f"{commit}^", GIT_SEQUENCE_EDITOR="sed -i s/^pick/edit/", ok=False)
    bare_repo.guard("remote", "credentials", "--move")
    bare_repo.git("commit", "-q", "-a", "--amend", "--no-edit", "--no-verify")
    bare_repo.git("rebase", "--continue")
    assert found(bare_repo, "--range", "HEAD~1..HEAD") == [], done.stderr


def test_a_credential_at_the_tip_of_a_range_that_was_pushed_is_to_be_replaced_as_well(bare_repo: Repo) -> None:
    bare_repo.stage(".dvc/config", CONFIGS["option"].encode())
    bare_repo.stage(".dvc/config.local", b"[core]\n    remote = x\n")
    bare_repo.commit()
    moved, rewritten, replaced, *own = remedies(bare_repo, "--range", "HEAD", CI="true")
    assert moved.startswith("trinity-guard remote credentials --move")
    assert rewritten.startswith("git rebase -i --root")
    assert "replace it where it was issued" in replaced
    assert own[0].startswith("git rm -q --cached -- .dvc/config.local")
    assert own[1].startswith("git rebase -i --root")
    assert "where it was issued" in own[2]


def test_what_belongs_to_one_person_is_a_warning(bare_repo: Repo) -> None:
    bare_repo.stage(".dvc/config", b"['remote \"s\"']\n    url = ssh://host/x\n    user = me\n")
    assert found(bare_repo) == [("TG006", ".dvc/config", "warning")]


def test_a_config_that_cannot_be_read_may_hold_anything(bare_repo: Repo) -> None:
    bare_repo.stage(".dvc/config", b"[remote\n    password = x\n")
    assert found(bare_repo) == [("TG006", ".dvc/config", "error")]


def test_somebodys_own_config_belongs_in_no_commit(bare_repo: Repo) -> None:
    bare_repo.stage(".dvc/config.local", b"[core]\n    remote = x\n")
    assert found(bare_repo) == [("TG006", ".dvc/config.local", "error")]


# ---- TG007, TG008


def test_a_file_that_both_track_is_found(repo: Repo) -> None:
    repo.stage("docs/a.bin")
    repo.guard("convert", "docs/a.bin")
    repo.commit()
    assert rules(repo) == []
    repo.git("add", "-f", "docs/a.bin")
    assert found(repo) == [("TG007", "docs/a.bin", "error")]


def test_a_file_in_a_folder_that_dvc_holds_is_found(bare_repo: Repo) -> None:
    bare_repo.stage(".gitignore", b"/data\n")
    bare_repo.stage("data.dvc", pointer("data", MD5 + ".dir"))
    bare_repo.stage("data/deep/notes.txt", b"x\n")
    assert found(bare_repo) == [("TG007", "data/deep/notes.txt", "error")]


def test_a_cached_output_of_a_stage_is_found_an_uncached_one_is_not(bare_repo: Repo) -> None:
    bare_repo.stage(
        "dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs:\n    - kept.txt\n    - loose.txt:\n        cache: false\n"
    )
    lock = f"schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - path: kept.txt\n      md5: {MD5}\n"
    bare_repo.stage("dvc.lock", (lock + f"    - path: loose.txt\n      md5: {MD5}\n").encode())
    bare_repo.stage("kept.txt", b"x\n")
    bare_repo.stage("loose.txt", b"x\n")
    assert found(bare_repo) == [("TG007", "kept.txt", "error")]


@pytest.mark.parametrize(
    ("name", "level"),
    [("layout_risk_predictor_2025-01-31.pkl", "error"), ("other.joblib", "warning"), ("table.csv", "")],
)
def test_a_model_needs_its_metadata(bare_repo: Repo, name: str, level: str) -> None:
    bare_repo.stage("models/.gitignore", b"/*\n!*.dvc\n!*.json\n")
    bare_repo.stage(f"models/{name}.dvc", pointer(name))
    assert found(bare_repo) == ([("TG008", f"models/{name}.dvc", level)] if level else [])
    bare_repo.stage(f"models/{name.rpartition('.')[0]}_metadata.json", b"{}\n")
    assert found(bare_repo) == []


# ---- TG003


def test_an_object_that_the_remote_lacks_is_found_only_when_it_is_asked(repo: Repo) -> None:
    repo.stage("a.pkl")
    repo.commit()
    assert rules(repo, "--remote") == []
    [there] = [p for p in repo.storage.rglob("*") if p.is_file()]
    data = there.read_bytes()
    there.chmod(0o644)
    there.write_bytes(data[:-1])
    assert found(repo, "--remote") == [("TG003", "a.pkl.dvc", "error")]
    there.unlink()
    assert rules(repo) == []
    assert found(repo, "--remote") == [("TG003", "a.pkl.dvc", "error")]
    assert found(repo, "--remote", "--range", "HEAD") == [("TG003", "a.pkl.dvc", "error")]
    assert rules(repo, "--remote", "--range", "HEAD~1") == []
    there.write_bytes(data)
    assert rules(repo, "--remote") == []


@pytest.mark.parametrize("options", [("--remote",), ("--remote", "--range", "HEAD")])
def test_the_remedy_for_an_object_that_the_remote_lacks_brings_it_there(repo: Repo, options: tuple[str, ...]) -> None:
    repo.stage("a.pkl")
    repo.commit()
    [there] = [p for p in repo.storage.rglob("*") if p.is_file()]
    there.unlink()
    done = repo.guard("lint", *options, "--format", "json", ok=False)
    (finding,) = json.loads(done.stdout)["findings"]
    Session(repo.path.parent / "home", repo.path).type(finding["remedy"])
    assert there.exists()
    assert rules(repo, *options) == []


def test_it_is_told_how_far_the_remotes_came(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.pkl", "b.pkl", "c.pkl"):
        repo.stage(name)
    repo.commit()
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(tg003, "TOGETHER", 2)
    bar = "trinity_guard.commands.terminal.progress.Progress.bar"
    monkeypatch.setattr(bar, lambda *_: lambda done, total: told.append((done, total)))
    assert rules(repo, "--remote") == []
    assert told[-1] == (3, 3)


def test_a_file_of_a_directory_that_the_remote_lacks_is_found_without_a_cache(repo: Repo) -> None:
    repo.write("data/one.bin", 9)
    repo.write("data/two.bin", 11)
    repo.dvc("add", "-q", "data")
    repo.git("add", "-A")
    repo.commit()
    [victim] = [p for p in repo.storage.rglob("*") if p.is_file() and p.stat().st_size == 11]
    victim.unlink()
    cache = repo.path / ".dvc/cache"
    cache.rename(repo.path.parent / "away")
    assert found(repo, "--remote") == [("TG003", "data.dvc", "error")]
    assert not [p for p in cache.rglob("*") if p.is_file()]


def test_a_remote_that_cannot_be_asked_is_not_nothing_found(bare_repo: Repo) -> None:
    bare_repo.stage(".gitignore", b"/a.pkl\n")
    bare_repo.stage("a.pkl.dvc", pointer("a.pkl"))
    for config in (b"", b"[core]\n    remote = x\n['remote \"x\"']\n    url = http://127.0.0.1:9/x\n"):
        bare_repo.stage(".dvc/config", config)
        done = bare_repo.guard("lint", "--remote", ok=False, TRINITY_GUARD_TRUST="1")
        assert (done.returncode, done.stdout) == (2, b""), config
        assert done.stderr


def test_a_remote_that_hangs_is_given_up(bare_repo: Repo) -> None:
    import socket

    bare_repo.stage(".gitignore", b"/a.pkl\n")
    bare_repo.stage("a.pkl.dvc", pointer("a.pkl"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        bare_repo.stage(".dvc/config", f"[core]\n    remote = x\n['remote \"x\"']\n    url = {url}\n".encode())
        told = {"TRINITY_GUARD_TRUST": "1", "TRINITY_GUARD_TIMEOUT": "1"}
        done = bare_repo.guard("lint", "--remote", ok=False, **told)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"'x'" in done.stderr


# ---- the page


def test_the_page_is_what_explain_prints(bare_repo: Repo) -> None:
    assert page("docs/rules.md") == explain.page()
    assert set(explain.TEXTS) == set(explain.TITLES) == set(table.RULES)
    said = bare_repo.guard("lint", "--explain", "tg004").stdout.decode()
    assert said.strip() == explain.section("TG004").strip()
    assert said.strip() in (PROJECT / "docs/rules.md").read_text()


@pytest.mark.parametrize("rule", explain.TEXTS)
def test_each_section_says_what_why_an_example_and_how_to_mend(rule: str) -> None:
    what, why, example, mend = explain.TEXTS[rule].strip().split("\n\n")
    assert what
    assert why
    assert example.startswith("Example: ")
    assert mend.startswith("To mend: ")


@pytest.mark.parametrize(("args", "code"), [(["--rules", "TG001"], 1), (["--rules", "tg006,TG005"], 0)])
def test_rules_can_be_chosen(bare_repo: Repo, args: list[str], code: int) -> None:
    bare_repo.stage("a.pkl")
    assert bare_repo.guard("lint", *args, ok=False).returncode == code
