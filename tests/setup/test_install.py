"""`init` and `init --uninstall` over real repositories: hooks kept and restored, and every odd place for hooks."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, require, run
from trinity_guard.setup import native

NAMES = sorted(p.name for p in (PROJECT / "hooks").iterdir())
FOREIGN = b'#!/bin/sh\necho ran >>"$(git rev-parse --git-dir)/foreign.log"\n'
KEPT = ".before-trinity-guard"


def hooks_of(repo: Repo) -> Path:
    return repo.path / ".git" / "hooks"


def files_below(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return name -> (mode, bytes or link target) of everything in a folder."""
    found = {}
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        if not stat.S_ISDIR(mode):
            data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(folder))] = (mode, data)
    return found


def foreign(repo: Repo, name: str = "pre-commit", data: bytes = FOREIGN, mode: int = 0o755) -> Path:
    path = hooks_of(repo) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path


def assert_guarded(repo: Repo, name: str = "model.pkl") -> None:
    """An ordinary commit of an artifact carries its pointer."""
    repo.stage(name)
    repo.commit()
    assert repo.tracked(name + ".dvc")
    assert not repo.tracked(name)


def said(repo: Repo, *args: str, code: int = 0) -> str:
    done = repo.guard("init", *args, ok=False)
    text = (done.stdout + done.stderr).decode()
    assert done.returncode == code, text
    return text


@pytest.mark.slow
def test_the_first_commit_after_init_carries_its_files_and_turns_a_model_into_a_pointer(bare_repo: Repo) -> None:
    bare_repo.write("mine.txt")
    said(bare_repo)
    ours = {b".dvc/.gitignore", b".dvc/config", b".dvcignore", b".gitattributes", b".trinity-guard.toml"}
    assert set(bare_repo.index()) == ours
    assert_guarded(bare_repo)
    assert not bare_repo.tracked("mine.txt")


def test_running_it_again_changes_nothing_and_says_so(bare_repo: Repo) -> None:
    foreign(bare_repo)
    said(bare_repo)
    bare_repo.commit()
    before = files_below(bare_repo.path)
    assert said(bare_repo) == "already guarded\n"
    assert files_below(bare_repo.path) == before


@pytest.mark.parametrize(
    ("data", "mode"),
    [(FOREIGN, 0o755), (FOREIGN, 0o700), (FOREIGN, 0o644), (b"", 0o755), (b"#!/bin/sh\r\nbinary\xff\0", 0o644)],
)
def test_uninstall_gives_a_foreign_hook_back_to_the_byte(bare_repo: Repo, data: bytes, mode: int) -> None:
    for name in ("pre-commit", "post-rewrite", "pre-push", "commit-msg"):
        foreign(bare_repo, name, data, mode)
    before = files_below(hooks_of(bare_repo))
    said(bare_repo)
    assert files_below(hooks_of(bare_repo))["pre-commit" + KEPT] == before["pre-commit"]
    assert files_below(hooks_of(bare_repo))["commit-msg"] == before["commit-msg"]
    said(bare_repo, "--uninstall")
    assert files_below(hooks_of(bare_repo)) == before
    assert list(bare_repo.path.iterdir()) == [bare_repo.path / ".git"]


@pytest.mark.slow
def test_a_foreign_hook_still_runs_and_still_refuses(bare_repo: Repo) -> None:
    foreign(bare_repo)
    said(bare_repo)
    assert_guarded(bare_repo)
    log = bare_repo.path / ".git" / "foreign.log"
    assert log.read_text() == "ran\n"
    (hooks_of(bare_repo) / f"pre-commit{KEPT}").write_bytes(FOREIGN + b"exit 5\n")
    bare_repo.stage("b.pkl")
    assert bare_repo.commit(ok=False).returncode
    # Ours has run by then: what the other refuses is committed as a pointer later.
    assert b"b.pkl.dvc" in bare_repo.index()
    assert b"b.pkl" not in bare_repo.index()


def test_a_hook_that_refuses_large_files_does_not_see_what_became_a_pointer(bare_repo: Repo) -> None:
    """As check-added-large-files does it, which looks at the working files that are staged as new."""
    foreign(bare_repo)
    hook = hooks_of(bare_repo) / "pre-commit"
    new = b"git diff --cached --name-only --diff-filter=A"
    hook.write_bytes(b"#!/bin/sh\nfor f in $(" + new + b"); do [ $(wc -c <$f) -le 512000 ] || exit 1; done\n")
    said(bare_repo)
    bare_repo.stage("model.pkl", 600_000)
    bare_repo.commit()
    assert bare_repo.tracked("model.pkl.dvc")
    bare_repo.stage("large.txt", b"x" * 600_000)
    assert bare_repo.commit(ok=False).returncode


@pytest.mark.parametrize("target", ["../../scripts/check", "nowhere"])
def test_a_hook_that_is_a_link_is_kept_as_a_link(bare_repo: Repo, target: str) -> None:
    bare_repo.write("scripts/check", FOREIGN)
    bare_repo.file("scripts/check").chmod(0o755)
    hooks_of(bare_repo).mkdir(exist_ok=True)
    (hooks_of(bare_repo) / "pre-commit").symlink_to(target)
    before = files_below(hooks_of(bare_repo))
    said(bare_repo)
    assert_guarded(bare_repo)
    assert bare_repo.file("scripts/check").read_bytes() == FOREIGN
    assert (bare_repo.path / ".git" / "foreign.log").exists() == (target != "nowhere")
    said(bare_repo, "--uninstall")
    assert files_below(hooks_of(bare_repo)) == before


@pytest.mark.slow
def test_an_older_hook_of_ours_is_renewed_and_one_changed_by_hand_is_left_alone(bare_repo: Repo) -> None:
    said(bare_repo)
    hook = hooks_of(bare_repo) / "pre-commit"
    current = hook.read_bytes()
    (bare_repo.path / ".git/trinity-guard/installed.json").unlink()
    hook.write_bytes(current.replace(b"version 1", b"version 0").replace(sys.executable.encode(), b"/old/python"))
    assert "renewed" in said(bare_repo)
    assert hook.read_bytes() == current
    hook.write_bytes(current.replace(sys.executable.encode(), b"/moved/python"))
    assert "renewed" in said(bare_repo)
    assert hook.read_bytes() == current
    edited = current + b"# mine\n"
    hook.write_bytes(edited)
    assert "changed by hand" in said(bare_repo)
    assert f"rm {hook}" in said(bare_repo, "--uninstall")
    assert hook.read_bytes() == edited
    assert not (hooks_of(bare_repo) / "post-commit").exists()


def test_two_foreign_hooks_are_refused_with_both_ways_on_and_nothing_changed(bare_repo: Repo) -> None:
    foreign(bare_repo)
    said(bare_repo)
    foreign(bare_repo, data=b"#!/bin/sh\necho another\n")
    before = files_below(bare_repo.path)
    text = said(bare_repo, code=1)
    assert "To resolve this, either:" in text
    assert files_below(bare_repo.path) == before


@pytest.mark.parametrize("what", ["a folder", "no hooks folder", "a file for a hooks folder"])
def test_odd_hooks_folders(bare_repo: Repo, what: str) -> None:
    run("rm", "-rf", hooks_of(bare_repo))
    if what == "a folder":
        (hooks_of(bare_repo) / "pre-commit").mkdir(parents=True)
        assert "is a folder where Git expects a hook" in said(bare_repo, code=2)
    elif what == "no hooks folder":
        said(bare_repo)
        assert_guarded(bare_repo)
    else:
        hooks_of(bare_repo).write_bytes(b"")
        assert str(hooks_of(bare_repo)) in said(bare_repo, code=2)


def init_without_root(repo: Repo) -> str:
    """Run init with exit code 2 expected; root, who writes everywhere, lets go of that right."""
    argv = [sys.executable, "-m", "trinity_guard", "init"]
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            require("setpriv")
        argv = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", *argv]
    done = run(*argv, cwd=repo.path, ok=False)
    assert done.returncode == 2, done.stderr
    return done.stderr.decode()


@pytest.mark.slow
def test_a_hooks_folder_that_is_read_only_is_said(bare_repo: Repo) -> None:
    folder = hooks_of(bare_repo)
    folder.chmod(0o555)
    text = init_without_root(bare_repo)
    assert "Permission denied" in text
    assert str(folder) in text


def test_no_room_beside_the_repository_asks_for_a_remote(bare_repo: Repo) -> None:
    bare_repo.path.parent.chmod(0o555)
    try:
        assert "trinity-guard init --remote URL" in init_without_root(bare_repo)
        assert not bare_repo.file(".dvc").exists()
    finally:
        bare_repo.path.parent.chmod(0o755)


def test_no_repository_and_a_bare_one_are_refused(tmp_path: Path) -> None:
    empty = Repo(tmp_path / "empty")
    empty.path.mkdir()
    assert "git init" in said(empty, code=2)
    run("git", "init", "-q", "--bare", empty.path)
    before = files_below(empty.path)
    assert "bare repository" in said(empty, code=2)
    assert files_below(empty.path) == before


# ---- where hooks go ----


@pytest.mark.slow
@pytest.mark.parametrize("value", [".githooks", "tools/my hooks", "./.githooks/"])
def test_a_hooks_path_in_the_work_tree_gets_hooks_that_carry_no_path_of_this_machine(
    bare_repo: Repo, value: str, tmp_path: Path
) -> None:
    folder = bare_repo.path / value
    bare_repo.stage(f"{value}/pre-commit", FOREIGN)
    (folder / "pre-commit").chmod(0o755)
    bare_repo.git("add", "-A")
    bare_repo.commit()
    bare_repo.git("config", "core.hooksPath", value)
    said(bare_repo)
    for name in NAMES:
        assert (folder / name).read_bytes() == (PROJECT / "hooks" / name).read_bytes()
    assert_guarded(bare_repo)
    assert (bare_repo.path / ".git" / "foreign.log").exists()
    assert bare_repo.git("status", "--porcelain").stdout == b""
    assert not any((hooks_of(bare_repo) / name).exists() for name in NAMES)
    clone = Repo(tmp_path / "colleague")
    run("git", "clone", "-q", bare_repo.path, clone.path)
    clone.git("config", "core.hooksPath", value)
    clone.write("x.txt")
    clone.git("add", "x.txt")
    assert b"does not find the program" in clone.commit(ok=False, PATH="/usr/bin:/bin").stderr
    told = said(clone).splitlines()
    assert told[0].startswith("a filter for new artifacts")  # each clone's own: no commit brings it
    assert "never confirmed" in " ".join(told[1:])
    clone.guard("remote", "trust")
    clone.guard("pull")
    assert said(clone) == "already guarded\n"
    assert_guarded(clone, "b.pkl")
    said(bare_repo, "--uninstall")
    assert {p.name for p in folder.iterdir()} == {"pre-commit"}
    assert (folder / "pre-commit").read_bytes() == FOREIGN
    assert bare_repo.git("config", "--get-regexp", "trinity", ok=False).stdout == b""


@pytest.mark.parametrize("scope", ["--global", "--local", "link"])
def test_a_hooks_folder_that_other_repositories_share_is_not_written(
    bare_repo: Repo, scope: str, tmp_path: Path
) -> None:
    shared = tmp_path / "shared hooks"
    shared.mkdir()
    if scope == "link":
        run("rm", "-rf", hooks_of(bare_repo))
        hooks_of(bare_repo).symlink_to(shared)
    else:
        bare_repo.git("config", scope, "core.hooksPath", str(shared))
    before = files_below(bare_repo.path)
    text = said(bare_repo, code=2)
    assert "To resolve this, either:" in text
    assert str(shared) in text
    assert 'trinity-guard hook pre-commit "$@"' in text
    assert list(shared.iterdir()) == []
    assert files_below(bare_repo.path) == before
    remedy = text.split("run in it):\n")[1].splitlines()[0].split("#")[0].strip()
    run("sh", "-c", remedy.replace(" && trinity-guard init", ""), cwd=bare_repo.path)
    said(bare_repo)
    assert_guarded(bare_repo)


def test_a_relative_hooks_path_for_all_repositories_is_this_ones_own_folder(bare_repo: Repo) -> None:
    bare_repo.git("config", "--global", "core.hooksPath", ".githooks")
    said(bare_repo)
    assert_guarded(bare_repo)
    assert bare_repo.tracked(".githooks/pre-commit")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "script"),
    [
        (".husky/_", b"npm test"),
        (".husky/_", b"echo lint\n"),
        (".husky", b"#!/bin/sh\necho lint\n"),
        (".husky/_", None),
    ],
)
def test_husky_gets_our_lines_before_those_of_its_script(bare_repo: Repo, value: str, script: bytes | None) -> None:
    """Husky 9 runs `.husky/NAME` with `sh -e` from a generated, ignored `.husky/_/NAME`; older ones `.husky/NAME`."""
    if value.endswith("_"):
        bare_repo.write(".husky/_/.gitignore", b"*\n")
        for name in NAMES:
            runner = b'#!/bin/sh\nf=.husky/${0##*/}\n[ ! -f "$f" ] || sh -e "$f" "$@"\n'
            bare_repo.write(f".husky/_/{name}", runner)
            bare_repo.file(f".husky/_/{name}").chmod(0o755)
    if script is not None:
        bare_repo.stage(".husky/pre-commit", script.replace(b"npm test", b"true"))
        bare_repo.file(".husky/pre-commit").chmod(0o755)
        bare_repo.git("add", "-A")
        bare_repo.commit()
    before = files_below(bare_repo.path / ".husky") if (bare_repo.path / ".husky").exists() else {}
    bare_repo.git("config", "core.hooksPath", value)
    assert ".husky/pre-commit" in said(bare_repo)
    assert_guarded(bare_repo)
    text = bare_repo.show(".husky/pre-commit")
    assert native.without_block(text) == (script or b"#!/bin/sh\n").replace(b"npm test", b"true")
    assert script == b"npm test" or native.split_block(text)[0] in (b"", b"#!/bin/sh\n")
    assert sys.executable.encode() not in text
    assert said(bare_repo) == "already guarded\n"
    assert bare_repo.git("status", "--porcelain").stdout == b""
    said(bare_repo, "--uninstall")
    assert files_below(bare_repo.path / ".husky") == before


def test_husky_refuses_a_commit_when_the_program_is_gone(bare_repo: Repo) -> None:
    bare_repo.git("config", "core.hooksPath", ".husky")
    said(bare_repo)
    bare_repo.git("config", "trinity-guard.python", "/gone")
    bare_repo.stage("model.pkl")
    done = bare_repo.commit(ok=False, PATH="/usr/bin:/bin")
    assert done.returncode
    assert b"the program is gone" in done.stderr
    assert not bare_repo.commit(PATH="/usr/bin:/bin", TRINITY_GUARD_SKIP="all").returncode


def test_a_linked_worktree_is_guarded_with_its_repository(bare_repo: Repo, tmp_path: Path) -> None:
    bare_repo.git("commit", "-q", "--allow-empty", "-m", "first")
    linked = Repo(tmp_path / "linked tree")
    bare_repo.git("worktree", "add", "-q", "-b", "side", str(linked.path))
    said(linked)
    assert_guarded(linked)
    assert (hooks_of(bare_repo) / "pre-commit").exists()
    assert set(bare_repo.index()) == set()


@pytest.mark.slow
def test_a_submodule_has_its_own_hooks_and_its_storage_outside_of_the_outer_repository(
    bare_repo: Repo, make_repo: Callable[..., Repo], tmp_path: Path
) -> None:
    bare_repo.git("commit", "-q", "--allow-empty", "-m", "first")
    outer = make_repo("outer", guarded=False)
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(bare_repo.path), "libs/sub")
    sub = Repo(outer.path / "libs" / "sub")
    said(sub)
    assert_guarded(sub)
    assert list((tmp_path / "sub-dvc-storage").iterdir())
    assert (outer.path / ".git/modules/libs/sub/hooks/pre-commit").exists()
    assert not (hooks_of(outer) / "pre-commit").exists()
    outer.git("commit", "-q", "-m", "the outer one is not guarded")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a b", "it's", 'say "hi"', "é ü", "#1; $HOME `x`", "100%", "a,b", "-lead"])
def test_any_name_of_the_repositorys_folder(make_repo: Callable[..., Repo], name: str) -> None:
    repo = make_repo(name, guarded=False)
    assert "a local folder" not in said(repo, "-q")
    data = repo.stage("model.pkl")
    repo.commit()
    assert repo.tracked("model.pkl.dvc")
    assert repo.pulled_in_a_fresh_clone("model.pkl") == data
    said(repo, "--uninstall")
    assert not (hooks_of(repo) / "pre-commit").exists()


def test_a_folder_whose_path_is_no_text_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    inside = os.fsencode(tmp_path) + b"/x\xff/inside"
    repo = Repo.make(Path(os.fsdecode(inside)), guarded=False)
    before = files_below(repo.path)
    for args in ([], ["--remote", "s3://bucket/data"], ["--hooks", "none"]):
        refused = repo.guard("init", *args, ok=False)
        assert refused.returncode == 2, args
        assert b"DVC cannot work in" in refused.stderr
        assert b"not UTF-8" in refused.stderr
        assert b"rename that folder" in refused.stderr
        assert files_below(repo.path) == before, args


def test_a_clone_in_a_folder_whose_path_is_no_text_is_guarded_without_dvc(repo: Repo, tmp_path: Path) -> None:
    data = repo.stage("a.pkl")
    repo.commit()
    path = os.fsencode(tmp_path) + b"/x\xff"
    run("git", "clone", "-q", repo.path, path)
    clone = Repo(Path(os.fsdecode(path)))
    clone.guard("init")
    clone.guard("pull", TRINITY_GUARD_TRUST="1")
    assert clone.file("a.pkl").read_bytes() == data


@pytest.mark.slow
def test_from_a_subdirectory_it_works_on_the_whole_repository(bare_repo: Repo) -> None:
    bare_repo.write("deep/er/x")
    below = Repo(bare_repo.path / "deep" / "er")
    said(below, "--remote", "../../../store")
    assert bare_repo.file(".trinity-guard.toml").exists()
    assert b"url = ../../store\n" in bare_repo.file(".dvc/config").read_bytes()
    assert_guarded(bare_repo)
    said(below, "--uninstall")
    assert not bare_repo.file(".trinity-guard.toml").exists()


@pytest.mark.slow
def test_a_module_in_the_repository_is_not_run_by_init_or_its_hooks(bare_repo: Repo, tmp_path: Path) -> None:
    evil = f"open({str(tmp_path / 'evil')!r}, 'w')\n".encode()
    for name in (
        "os.py",
        "configobj.py",
        "dvc/__init__.py",
        "dvc/__main__.py",
        "pre_commit/__init__.py",
        "pathspec.py",
    ):
        bare_repo.write(name, evil)
    program = f"import sys; sys.path.append({str(PROJECT)!r}); from trinity_guard.cli import main; sys.exit(main())"
    run(sys.executable, "-P", "-c", program, "init", "-q", cwd=bare_repo.path)
    assert_guarded(bare_repo)
    assert not (tmp_path / "evil").exists()
