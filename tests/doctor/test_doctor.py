"""`trinity-guard doctor` on repositories that were healthy, then broken by something real: found, mended, healthy."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doctor.findings import asked, failing, follow
from tests.helpers.documents import Session
from tests.helpers.support import KB, Repo, made_once, run

MODEL = "models/first.pkl"
Break = Callable[[Repo], object]
HOOK = ".git/hooks/pre-push"


@pytest.fixture
@made_once
def repo(repo: Repo) -> Repo:
    """A guarded repository that holds an artifact, pushed."""
    repo.stage(MODEL)
    repo.commit()
    return repo


def config(repo: Repo, *args: str) -> None:
    run("git", "config", *args, cwd=repo.path)


def gone(name: str) -> Break:
    return lambda repo: repo.file(name).unlink()


def written(name: str, data: bytes) -> Break:
    return lambda repo: repo.write(name, data)


def appended(name: str, data: bytes) -> Break:
    return lambda repo: repo.write(name, repo.file(name).read_bytes() + data)


def mode(name: str, bits: int) -> Break:
    return lambda repo: repo.file(name).chmod(bits)


def shared_hooks(scope: str) -> Break:
    def act(repo: Repo) -> None:
        (repo.path.parent / "shared").mkdir()
        config(repo, scope, "core.hooksPath", str(repo.path.parent / "shared"))

    return act


def another_python(repo: Repo) -> None:
    for hook in repo.file(".git/hooks").iterdir():
        if b"\npython='" in hook.read_bytes():
            hook.write_text(hook.read_text().replace(f"\npython='{sys.executable}'", "\npython='/gone/python'"))


def kept_hook(repo: Repo) -> None:
    repo.write(f"{HOOK}.before-trinity-guard", b"#!/bin/sh\nexit 0\n")


def credential(repo: Repo) -> None:
    appended(".dvc/config", b"    session_token = hunter2hunter2\n")(repo)


def staged_credential(repo: Repo) -> None:
    credential(repo)
    repo.git("add", ".dvc/config")


def private(repo: Repo) -> None:
    repo.write(".dvc/config.local", b"['remote \"storage\"']\n    password = hunter2hunter2\n")
    repo.file(".dvc/config.local").chmod(0o644)


def not_ignored_local(repo: Repo) -> None:
    private(repo)
    repo.file(".dvc/config.local").chmod(0o600)
    repo.write(".dvc/.gitignore", b"/tmp\n/cache\n")
    repo.write(".git/info/exclude", b"")  # `init` has this clone ignore it, whatever the branch


def remote_away(repo: Repo) -> None:
    repo.storage.rename(repo.storage.with_suffix(".away"))


def objects_of(folder: Path) -> list[Path]:
    return [p for p in folder.glob("files/md5/??/*") if p.is_file()]


def lost_everywhere(repo: Repo) -> None:
    for file in objects_of(repo.file(".dvc/cache")) + objects_of(repo.storage):
        file.unlink()


def damaged(repo: Repo) -> None:
    for file in objects_of(repo.file(".dvc/cache")):
        file.chmod(0o644)
        file.write_bytes(file.read_bytes()[:100])


def only_here(repo: Repo) -> None:
    shutil.rmtree(repo.storage / "files")


def only_in_history(repo: Repo) -> None:
    [old] = objects_of(repo.storage)
    repo.stage(MODEL, 20 * KB)
    repo.commit()
    old.unlink()


def waiting(repo: Repo) -> None:
    remote_away(repo)
    repo.stage("b.pkl")
    repo.commit()
    repo.storage.with_suffix(".away").rename(repo.storage)


def stuck(repo: Repo) -> None:
    waiting(repo)
    for file in repo.file(".git/trinity-guard/queue").iterdir():
        os.utime(file, (time.time() - 3 * 86400,) * 2)


def damaged_queue(repo: Repo) -> None:
    waiting(repo)
    for file in repo.file(".git/trinity-guard/queue").iterdir():
        file.write_bytes(b"nonsense\0")
    repo.guard("push", "--pending", ok=False)


def twice(repo: Repo) -> None:
    repo.git("add", "-f", MODEL)
    repo.commit("--no-verify")
    assert repo.tracked(MODEL)
    assert repo.tracked(f"{MODEL}.dvc")


def lfs(repo: Repo) -> None:
    repo.stage(".gitattributes", b"*.h5 filter=lfs diff=lfs merge=lfs -text\n")
    repo.commit()


def sparse(repo: Repo) -> None:
    repo.git("sparse-checkout", "set", "models")
    assert not repo.file(".dvc/config").exists()


def unconfirmed(repo: Repo) -> None:
    config(repo, "--unset-all", "trinity-guard.trusted")


def left_in_the_cache(repo: Repo) -> None:
    ended = run(sys.executable, "-c", "import os; print(os.getpid())").stdout.decode().strip()
    repo.write(f".dvc/cache/trinity-guard-tmp/use{'0' * 16}-{'1' * 16}", 5 * KB)
    repo.write(".git/trinity-guard/.trinity-guard-0123456789abcdef", 1 * KB)
    os.utime(repo.file(".git/trinity-guard/.trinity-guard-0123456789abcdef"), (time.time() - 3600,) * 2)
    repo.write(".git/trinity-guard/.trinity-guard-fedcba9876543210", 7)
    # The version before named its files after processes.
    repo.write(f".git/trinity-guard/tmp-{ended}/1", 2 * KB)
    repo.write(f".dvc/cache/trinity-guard-tmp/{ended}-1f-1", 7)


def old_lock(repo: Repo) -> None:
    repo.write(".git/index.lock", b"")
    os.utime(repo.file(".git/index.lock"), (time.time() - 3600,) * 2)


def template_dir(repo: Repo) -> None:
    hooks = repo.path.parent / "template" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "pre-push").write_text(repo.file(HOOK).read_text().replace(sys.executable, "/gone/python"))
    config(repo, "--global", "init.templateDir", str(hooks.parent))


def dvc_not_checked_out(repo: Repo) -> None:
    shutil.rmtree(repo.file(".dvc"))


def cache_of_links(repo: Repo) -> None:
    repo.dvc("config", "--local", "cache.type", "symlink")
    repo.file(MODEL).unlink()
    repo.dvc("checkout", "-q")
    assert repo.file(MODEL).is_symlink()


def hidden_by_the_clone(repo: Repo) -> None:
    repo.write(".git/info/exclude", b"*.dvc\n")


# name -> how it breaks; what is found, with its level (one that follows from the first, too); words of the fact;
# who mends it: "fix" for --fix and the remedy, "remedy" for the remedy alone.
# An option that came with the repository also leads the remote to a place that is new.
LEAKING = {"credentials-committed": "error", "places": "error", "remote": "error"}
AILMENTS: dict[str, tuple[Break, dict[str, str], str, str]] = {
    "a hook without its bit": (mode(HOOK, 0o644), {"hooks": "error"}, "not executable", "fix"),
    "a hook that is gone": (gone(HOOK), {"hooks": "error"}, "missing: pre-push", "fix"),
    "another's hook": (written(HOOK, b"#!/bin/sh\nexit 0\n"), {"hooks": "error"}, "missing: pre-push", "fix"),
    "a hook changed by hand": (appended(HOOK, b"# mine\n"), {"hooks": "warning"}, "changed by hand", "remedy"),
    "hooks of another Python": (
        another_python,
        {"program": "error", "hooks": "warning"},
        "does not find the program",
        "fix",
    ),
    "hooks in a folder set here": (
        shared_hooks("--local"),
        {"hooks-path": "error", "hooks": "warning", "program": "warning"},
        "core.hooksPath (local configuration)",
        "remedy",
    ),
    "hooks in a folder set for all": (
        shared_hooks("--global"),
        {"hooks-path": "error", "hooks": "warning", "program": "warning"},
        "never run",
        "remedy",
    ),
    "hooks in a tracked folder": (
        lambda r: config(r, "core.hooksPath", ".githooks"),
        {"hooks-path": "error", "hooks": "error", "program": "warning"},
        "none there calls trinity-guard",
        "fix",
    ),
    "husky": (
        lambda r: config(r, "core.hooksPath", ".husky/_"),
        {"hooks-path": "error", "hooks": "error", "program": "warning"},
        "none there calls trinity-guard",
        "fix",
    ),
    "a kept hook without its bit": (kept_hook, {"hooks-before-ours": "warning"}, "not executable", "remedy"),
    "a template of old hooks": (template_dir, {"hooks-template": "warning"}, "out of date", "remedy"),
    "links into the cache": (cache_of_links, {"cache-type": "warning"}, "symlink", "remedy"),
    "an unknown place": (
        unconfirmed,
        {"places": "error", "remote": "error"},
        "You never confirmed it",
        "remedy",
    ),
    "a credential": (credential, LEAKING, "session_token", "fix"),
    "a staged credential": (staged_credential, LEAKING, "session_token", "fix"),
    "a readable config.local": (private, {"credentials-private": "warning"}, "other users", "fix"),
    "a config.local for all": (not_ignored_local, {"credentials-private": "error"}, "does not ignore", "fix"),
    "a remote that is away": (remote_away, {"remote": "error"}, "is its disk mounted?", "by hand"),
    "an object that is nowhere": (lost_everywhere, {"objects": "error"}, "nowhere", "by hand"),
    "a damaged object": (damaged, {"objects": "error"}, "damaged in the cache", "remedy"),
    "an object only here": (only_here, {"objects": "warning"}, "on this machine alone", "fix"),
    "history only here": (only_in_history, {"objects-of-history": "warning"}, "`dvc gc -w` deletes it", "fix"),
    "a queue": (waiting, {"queue": "warning"}, "waits since", "fix"),
    "a stuck queue": (stuck, {"queue": "error"}, "waits since", "fix"),
    "a damaged queue": (
        damaged_queue,
        {"queue": "warning", "objects": "warning"},
        "cannot be read",
        "remedy",
    ),
    "a malformed pointer": (
        lambda r: r.stage(f"{MODEL}.dvc", b"outs: 3\n"),
        {"pointers": "error"},
        "is no pointer",
        "remedy",
    ),
    "a rule that hides pointers": (written(".gitignore", b"*.pkl*\n"), {"pointers-hidden": "error"}, ":1:", "remedy"),
    "a rule of this clone alone": (hidden_by_the_clone, {"pointers-hidden": "error"}, "info/exclude:1", "remedy"),
    "a data file not ignored": (
        written("models/.gitignore", b""), {"artifacts-not-ignored": "warning"}, MODEL, "fix",
    ),
    "a file tracked twice": (twice, {"tracked-twice": "error"}, MODEL, "remedy"),
    "patterns of git-lfs": (lfs, {"git-lfs": "warning"}, "*.h5", "remedy"),
    "a sparse checkout": (sparse, {"sparse-checkout": "error"}, ".dvc/config", "fix"),
    "a deleted config": (
        lambda r: r.file(".dvc/config").unlink(),
        {"dvc-project": "error", "remote": "error"},
        "in Git, but not in the work tree",
        "fix",
    ),
    "no .dvc": (dvc_not_checked_out, {"dvc-project": "error"}, "not in the work tree", "remedy"),
    "a split index": (lambda r: r.git("update-index", "--split-index"), {"git-objects": "error"}, "split", "fix"),
    "a lock of Git's": (old_lock, {"git-locks": "error"}, "index.lock", "remedy"),
    "temporary files": (left_in_the_cache, {"temporary-files": "warning"}, "3 temporary files (8.2 kB)", "fix"),
}  # fmt: skip
# Broken, these leave other checks unable to look; what they say is that they could not.
BLINDING = {"a deleted config", "no .dvc", "a sparse checkout", "a malformed pointer"}


def found_in(repo: Repo, name: str) -> dict[str, object]:
    """See that just what is expected is found, with a remedy; return the first of it."""
    _, expected, words, _ = AILMENTS[name]
    code, checks = asked(repo)
    bad = {n: c["level"] for n, c in checks.items() if c["level"] != "ok"}
    if name in BLINDING:
        bad = {n: v for n, v in bad.items() if not str(checks[n]["fact"]).startswith("not looked at: ")}
    assert bad == {n: level for n, level in expected.items() if level}
    assert code == (1 if "error" in bad.values() else 0)
    first = checks[next(iter(expected))]
    assert words in str(first["fact"])
    assert first["remedy"]
    assert b"hunter2" not in repr(checks).encode()
    return first


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n, a in AILMENTS.items() if a[3] in ("fix", "remedy")])
def test_what_is_broken_is_found_and_its_remedy_mends_it(repo: Repo, name: str) -> None:
    assert failing(repo) == {}
    AILMENTS[name][0](repo)
    found = found_in(repo, name)
    follow(
        repo, repo.path.parent, str(found["remedy"]).replace("trinity-guard doctor --fix", "trinity-guard doctor --fix")
    )
    assert failing(repo) == {}


@pytest.mark.slow  # the same ailments once more
@pytest.mark.parametrize("name", [n for n, a in AILMENTS.items() if a[3] == "fix"])
def test_what_needs_no_decision_is_mended_by_fix(repo: Repo, name: str) -> None:
    AILMENTS[name][0](repo)
    head, data = repo.head(), repo.file(MODEL).read_bytes() if repo.file(MODEL).exists() else None
    assert found_in(repo, name)["fixable"]
    done = repo.guard("doctor", "--fix", ok=False)
    assert done.returncode == 0, done.stdout.decode()
    assert f"{next(iter(AILMENTS[name][1]))}: " in done.stdout.decode()
    assert failing(repo) == {}
    assert repo.head() == head
    if data is not None:
        assert repo.file(MODEL).read_bytes() == data


@pytest.mark.slow  # the same ailments once more
@pytest.mark.parametrize("name", [n for n, a in AILMENTS.items() if a[3] != "fix"])
def test_fix_leaves_alone_what_a_person_must_decide(repo: Repo, name: str) -> None:
    AILMENTS[name][0](repo)
    assert not found_in(repo, name)["fixable"]


@pytest.mark.slow
def test_fix_brings_back_the_config_that_git_has_and_no_other(repo: Repo) -> None:
    repo.stage(".dvc/config", b"[core]\n    remote = far\n['remote \"far\"']\n    url = /nowhere/far\n")
    repo.commit()
    before = repo.file(".dvc/config").read_bytes()
    for hide in ("--no-skip-worktree", "--skip-worktree"):
        repo.git("update-index", hide, ".dvc/config")
        repo.file(".dvc/config").unlink()
        assert "dvc-project" in failing(repo, "--offline")
        repo.guard("doctor", "--fix", "--offline", ok=False)
        assert repo.file(".dvc/config").read_bytes() == before


@pytest.mark.slow
def test_a_config_that_git_is_told_not_to_look_at_but_is_there_is_no_sparse_checkout(repo: Repo) -> None:
    repo.git("update-index", "--skip-worktree", ".dvc/config")
    assert failing(repo) == {}


def test_looking_changes_nothing(repo: Repo) -> None:
    def everything() -> dict[str, tuple[bytes, int]]:
        return {
            str(p): (p.read_bytes(), p.stat().st_mode)
            for folder in (repo.path, repo.storage)
            for p in folder.rglob("*")
            if p.is_file() and p.name != "pointers"  # what catalog.py remembers
        }

    before = everything()
    assert asked(repo)[0] == 0
    assert everything() == before


@pytest.mark.slow
def test_an_object_that_is_nowhere_comes_back_from_the_file(repo: Repo) -> None:
    lost_everywhere(repo)
    for line in str(found_in(repo, "an object that is nowhere")["remedy"]).splitlines():
        repo.type_in(line.partition("   #")[0])
    assert failing(repo) == {}


@pytest.mark.slow
def test_a_folder_that_is_mounted_again_is_fine_and_an_empty_one_in_its_place_is_not(repo: Repo) -> None:
    remote_away(repo)
    found = found_in(repo, "a remote that is away")
    assert not repo.storage.exists()
    follow(repo, repo.path.parent, str(found["remedy"]))
    assert failing(repo) == {"objects": "warning"}
    repo.storage.rmdir()
    repo.storage.with_suffix(".away").rename(repo.storage)
    assert failing(repo) == {}


@pytest.mark.slow
def test_a_malformed_pointer_is_named_and_its_last_good_version_helps(repo: Repo) -> None:
    AILMENTS["a malformed pointer"][0](repo)
    found_in(repo, "a malformed pointer")
    repo.git("checkout", "-q", "HEAD", "--", f"{MODEL}.dvc")
    assert failing(repo) == {}


@pytest.mark.slow
def test_what_is_said_of_dvc_gc_is_so(repo: Repo) -> None:
    """Before the remedy `dvc gc -w` loses the old version, after it the remote gives it back."""
    first = repo.file(MODEL).read_bytes()
    only_in_history(repo)
    old = repo.git("rev-parse", "HEAD~1").stdout.decode().strip()
    follow(repo, repo.path.parent, str(found_in(repo, "history only here")["remedy"]))
    repo.dvc("gc", "-w", "-f", "-q")
    assert first not in repo.cached().values()
    assert failing(repo) == {}
    repo.guard("use", old)
    assert repo.file(MODEL).read_bytes() == first


@pytest.mark.slow
def test_history_that_gc_has_taken_already_is_said(repo: Repo) -> None:
    only_in_history(repo)
    repo.dvc("gc", "-w", "-f", "-q")
    fact = asked(repo)[1]["objects-of-history"]
    assert fact["level"] == "warning"
    assert "nowhere any more" in str(fact["fact"])


@pytest.mark.slow
def test_files_of_a_directory_are_looked_at_too(repo: Repo) -> None:
    repo.write("data/a.csv", b"1\n")
    repo.write("data/b.csv", b"2\n")
    repo.dvc("add", "-q", "data")
    repo.git("add", "-A")
    repo.commit()
    assert failing(repo) == {}
    shutil.rmtree(repo.storage / "files")
    fact = asked(repo)[1]["objects"]
    assert str(fact["fact"]).startswith("4 objects (")
    assert "data.dvc" in str(fact["fact"])
    repo.guard("doctor", "--fix")
    assert failing(repo) == {}
    assert len(objects_of(repo.storage)) == 4


def test_what_is_staged_and_not_committed_is_no_finding(repo: Repo) -> None:
    repo.stage("b.pkl")
    repo.guard("convert")
    assert repo.index().keys() >= {b"b.pkl.dvc"}
    assert failing(repo) == {}


def test_a_config_that_is_broken_names_the_line_and_blinds_nobody_else(repo: Repo) -> None:
    repo.write(".trinity-guard.toml", b"\npatern = []\n")
    code, checks = asked(repo)
    assert code == 1
    assert ".trinity-guard.toml:2" in str(checks["config"]["fact"])
    assert checks["hooks"]["level"] == "ok"
    for name in ("patterns", "remote", "objects"):
        assert checks[name]["level"] == "warning"
        assert str(checks[name]["fact"]).startswith("not looked at")


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (b'patterns = ["*.pkl", "!*.pkl"]\n', "*.pkl (a later `!` pattern"),
        (b'exclude = ["*.h5"]\n', "*.h5 (`exclude`"),
        (b'patterns = ["data/"]\nexclude = ["data/**"]\n', "data/ (`exclude`"),
    ],
)
def test_a_pattern_that_never_applies_is_named(repo: Repo, text: bytes, pattern: str) -> None:
    repo.write(".trinity-guard.toml", text)
    code, checks = asked(repo)
    assert code == 0
    assert checks["patterns"]["level"] == "warning"
    assert pattern in str(checks["patterns"]["fact"])


@pytest.mark.parametrize(
    "text",
    [b'patterns = ["*.pkl", "[abc]*.x", "!keep.pkl"]\n', b'exclude = ["tests/", "small.csv"]\n', b"patterns = []\n"],
)
def test_patterns_that_apply_somewhere_are_fine(repo: Repo, text: bytes) -> None:
    repo.write(".trinity-guard.toml", text)
    assert asked(repo)[1]["patterns"]["level"] == "ok"


def test_a_folder_s_rule_that_hides_pointers_is_told_with_the_lines_that_help(repo: Repo) -> None:
    repo.write(".gitignore", b"models/\n")
    fact = asked(repo)[1]["pointers-hidden"]
    assert "because of .gitignore:1: models/" in str(fact["fact"])
    assert str(fact["remedy"]).startswith("in .gitignore, line 1, write models/** in place of models/")
    lines = str(fact["remedy"]).splitlines()[1:]
    repo.write(".gitignore", "\n".join(["models/**", *lines, ""]).encode())
    assert failing(repo) == {}


# ---- the framework


@pytest.mark.slow
def test_a_framework_whose_stages_are_not_installed(
    make_repo: Callable[..., Repo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a colleague has after cloning: the config names our hooks, and nothing runs them."""
    monkeypatch.setenv("PATH", Session(tmp_path, tmp_path).env["PATH"])
    origin = make_repo("origin", hooks="pre-commit")
    run("git", "clone", "-q", origin.path, tmp_path / "clone")
    clone = Repo(tmp_path / "clone")
    clone.guard("remote", "trust", "--all")
    checks = asked(clone)[1]
    assert checks["framework"]["level"] == "error"
    assert "--hook-type pre-commit --hook-type pre-merge-commit" in str(checks["framework"]["remedy"])
    done = clone.guard("doctor", "--fix")
    assert "pre-commit install, for pre-commit, " in done.stdout.decode()
    left = failing(clone)
    assert left in ({}, {"program": "warning"})
    for stage in ("pre-push", "post-commit"):
        clone.file(f".git/hooks/{stage}").unlink()
    assert failing(clone)["framework"] == "error"
    run("git", "config", "-f", ".dvc/config.local", "cache.type", "hardlink", cwd=clone.path)
    assert failing(clone)["cache-type"] == "error"


@pytest.mark.slow
def test_pre_commit_over_native_hooks_still_runs_ours(repo: Repo) -> None:
    repo.write(".pre-commit-config.yaml", b"repos: []\n")
    run(sys.executable, "-m", "pre_commit", "install", cwd=repo.path)
    assert repo.file(".git/hooks/pre-commit.legacy").exists()
    assert failing(repo) == {}


@pytest.mark.parametrize(
    "text",
    [
        b"trinity-: [",
        b"repos: trinity-x\n",
        b"repos: {trinity-: 3}\n",
        b"repos: [3, trinity-]\n",
        b"repos: [{hooks: 3, repo: trinity-}]\n",
        b"- trinity-\n",
        b"\xff trinity-",
    ],
)
def test_a_framework_s_config_of_any_form(repo: Repo, text: bytes) -> None:
    repo.write(".pre-commit-config.yaml", text)
    code, checks = asked(repo)
    assert checks["framework"]["level"] in ("ok", "error")
    assert (code == 1) == (checks["framework"]["level"] == "error")


# ---- how it is said


@pytest.mark.slow
def test_the_text_names_what_is_wrong_alone_and_counts_the_rest(repo: Repo) -> None:
    fine = repo.guard("doctor")
    assert fine.stdout.decode().splitlines()[-1].endswith(" checks are fine.")
    assert len(fine.stdout.splitlines()) == 1
    assert fine.stderr == b""
    repo.file(HOOK).chmod(0o644)
    done = repo.guard("doctor", ok=False)
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "error    hooks"
    assert lines[1].startswith("    not executable, so Git skips pre-push")
    assert lines[2] == "        trinity-guard init"
    assert lines[3].endswith(" checks are fine; 1 error.")
    assert done.returncode == 1
    assert repo.guard("doctor", "-q", ok=False).stdout.decode().splitlines() == lines[:3]
    told = repo.guard("doctor", "-v", ok=False).stdout.decode().splitlines()
    assert [line for line in told if line.startswith("ok       program: a hook finds the program")]
    assert told[-4:] == lines


def test_wrong_usage_is_exit_2(repo: Repo) -> None:
    for args in (["--nonsense"], ["--format", "xml"], ["x"], ["--format"]):
        assert repo.guard("doctor", *args, ok=False).returncode == 2
    assert b"--fix" in repo.guard("doctor", "--help").stdout


@pytest.mark.slow
def test_from_a_folder_below_the_top(repo: Repo) -> None:
    below = Repo(repo.file("models"))
    assert failing(below) == {}
    repo.file(HOOK).unlink()
    assert b"cd ..     # its commands are for there" in below.guard("doctor", ok=False).stderr
    assert b"cd ..     #" not in repo.guard("doctor", ok=False).stderr
