"""A commit without artifacts pays for almost nothing: which modules load, and how many processes start."""

from __future__ import annotations

import ast
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, run
from trinity_guard.convert.writes import PACKED
from trinity_guard.dvcrepo import standin


def modules(**rooms: str) -> set[str]:
    """Return dotted names: the room's own, and those of its modules that are named."""
    return set(rooms) | {f"{room}.{name}" for room, names in rooms.items() for name in names.split()}


# What the hooks load when there is nothing to do: these modules and no other. Whoever adds one pays for it in every
# commit of everybody; `python -m benchmarks as-git` says how much.
ALWAYS = modules(
    cli="",
    commands="hook hooks",
    config="",
    console="",
    errors="",
    git="caller index plumbing process records repository",
)
LOOKING = modules(detect="configuration glance inspect patterns", dvcrepo="paths", git="objects")
WITH_NOTHING_TO_DO = {
    "pre-commit": ALWAYS
    | LOOKING
    | modules(commands="hooks.commit", dvcrepo="lastseen tracked", git="files nextcommit"),
    "post-commit": ALWAYS | LOOKING | modules(commands="hooks.after", git="revisions", push="queue"),
    "pre-merge-commit": ALWAYS
    | LOOKING
    | modules(commands="hooks.commit", dvcrepo="lastseen tracked", git="files nextcommit"),
    "pre-push": ALWAYS | LOOKING | modules(commands="hooks.push", git="revisions", push="contents refs"),
    "post-checkout": ALWAYS
    | modules(checkout="changes", commands="hooks.checkout", detect="configuration", dvcrepo="paths tracked"),
}
STANDARD = {
    *("__future__", "_collections_abc", "_stat", "abc", "codecs", "gc", "genericpath", "io", "os", "os.path"),
    *("posix", "posixpath", "select", "stat", "zlib"),
}

SHOW = """
import ast
import sys
before = set(sys.modules)
sys.path.append(sys.argv.pop(1))
from trinity_guard.cli import main
code = main(sys.argv[1:])
sys.stderr.flush()
print("\\n".join(sorted(set(sys.modules) - before)))
sys.exit(code)
"""


def loaded(repo: Repo, hook: str, *args: str, data: bytes = b"") -> set[str]:
    done = run(
        sys.executable, "-I", "-S", "-c", SHOW, str(PROJECT), "hook", hook, *args,
        cwd=repo.path, data=data, env={"GIT_INDEX_FILE": ".git/index"},
    )  # fmt: skip
    return set(done.stdout.decode().split())


@pytest.mark.parametrize("hook", sorted(WITH_NOTHING_TO_DO))
def test_a_hook_with_nothing_to_do_loads_these_modules_alone(repo: Repo, hook: str) -> None:
    repo.stage("code.py", b"x = 1\n")
    repo.commit(TRINITY_GUARD_SKIP="all")
    repo.stage("code.py", b"x = 2\n")
    if hook != "pre-commit":
        repo.commit(TRINITY_GUARD_SKIP="all")
    old, new = (repo.git("rev-parse", name).stdout.decode().strip() for name in ("HEAD~1", "HEAD"))
    pushed = f"refs/heads/main {new} refs/heads/main {old}\n".encode()
    args = {"pre-push": ("origin", "url"), "post-checkout": (old, new, "1")}.get(hook, ())
    loaded(repo, hook, *args, data=pushed)  # the first of its kind in a clone may have more to do
    modules = loaded(repo, hook, *args, data=pushed)
    ours = {m.removeprefix("trinity_guard.") for m in modules if m.startswith("trinity_guard.")}
    assert ours == WITH_NOTHING_TO_DO[hook]
    others = {m for m in modules if not m.startswith("trinity_guard")}
    assert others <= STANDARD, others - STANDARD


def test_a_kept_answer_of_git_show_is_told_without_a_look_for_the_data(repo: Repo) -> None:
    repo.stage("t.csv", b"id,x\n1,5\n2,6\n")
    repo.commit()
    assert "trinity_guard.checkout.desired" in loaded(repo, "textconv", "t.csv.dvc")
    shutil.rmtree(repo.path / ".dvc" / "cache")
    said = run(
        sys.executable, "-I", "-S", "-c", SHOW, str(PROJECT), "hook", "textconv", "t.csv.dvc", cwd=repo.path
    ).stdout.decode()
    assert "# rows: 2\n" in said
    ours = {m.partition(".")[2] for m in said.split() if m.startswith("trinity_guard.")}
    assert not {m.partition(".")[0] for m in ours} & {"checkout", "remotes", "detect", "config", "expressions"}


def test_converting_an_artifact_loads_neither_dvc_nor_what_it_brings(repo: Repo) -> None:
    repo.stage("a.pkl")
    modules = loaded(repo, "pre-commit")
    assert repo.index()[b"a.pkl.dvc"]
    assert not {m.partition(".")[0] for m in modules} & {
        "dvc",
        "git",
        "pathspec",
        "ruamel",
        "configobj",
        "subprocess",
        "re",
        "logging",
    }


def processes(repo: Repo, tmp_path: Path, hook: str) -> list[str]:
    """Return the git commands that a hook starts, by a git in front of the real one that writes them down."""
    import shutil

    real = shutil.which("git")
    folder = tmp_path / "counting"
    folder.mkdir(exist_ok=True)
    log = tmp_path / "log"
    log.write_text("")
    (folder / "git").write_text(f'#!/bin/sh\necho "$1" >> "{log}"\nexec {real} "$@"\n')
    (folder / "git").chmod(0o755)
    run(
        sys.executable, "-m", "trinity_guard", "hook", hook,
        cwd=repo.path, env={"GIT_INDEX_FILE": ".git/index", "PATH": f"{folder}:/usr/bin:/bin"},
    )  # fmt: skip
    # Two of them start side by side, and write in any order.
    return sorted(line for line in log.read_text().split() if line != "log")


def test_a_commit_without_artifacts_starts_three_processes_however_many_files(repo: Repo, tmp_path: Path) -> None:
    repo.stage("code.py", b"x = 1\n")
    one = processes(repo, tmp_path, "pre-commit")
    for i in range(300):
        repo.write(f"src/m{i}.py", b"x = %d\n" % i)
    repo.git("add", "src")
    assert processes(repo, tmp_path, "pre-commit") == one
    assert len(one) <= 3
    repo.commit()
    assert len(processes(repo, tmp_path, "post-commit")) <= 2


def test_in_the_commit_of_artifacts_git_is_asked_each_question_once(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a.pkl")
    repo.stage("d/b.pkl")
    assert repo.git("cat-file", "blob", ":a.pkl").stdout.startswith(standin.MARK)
    processes(repo, tmp_path, "post-commit")  # the first with this environment looks for the user's attributes
    asked = "add check-attr check-ignore diff-index hash-object ls-files ls-files rev-parse update-index"
    # The second listing: which stats the index has of the files. `add --refresh` notes those of the pointers.
    assert processes(repo, tmp_path, "pre-commit") == asked.split()
    assert repo.index()[b"d/b.pkl.dvc"]


@pytest.mark.parametrize("count", [1, PACKED])
def test_after_the_commit_of_artifacts_git_is_asked_what_it_changes_and_which_pointers_there_are(
    repo: Repo, tmp_path: Path, count: int
) -> None:
    """What is packed Git would be asked for twice: nothing of an ignore file is looked at."""
    repo.write(".trinity-guard.toml", b'push = "off"\nfolders = ["!*"]\n')
    repo.stage("a.pkl")
    repo.commit()
    for number in range(count):
        repo.write(f"d/b{number}.pkl", 2000)
    repo.git("add", "d")
    repo.commit()
    assert repo.tracked("d/.gitignore")
    processes(repo, tmp_path, "post-commit")  # the first with this configuration may have more to do
    assert processes(repo, tmp_path, "post-commit") == ["diff-tree", "ls-files"]


@pytest.mark.slow
def test_the_number_of_processes_does_not_grow_with_the_number_of_artifacts(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a.pkl")
    one = processes(repo, tmp_path, "pre-commit")
    repo.commit()
    for i in range(50):
        repo.stage(f"d/m{i}.pkl", 100)
    assert len(processes(repo, tmp_path, "pre-commit")) <= len(one) + 2


# No hook knows these rooms: their modules may load what Python itself brings, and still none of the heavy libraries.
OFF_THE_HOT_PATH = ("doctor", "report", "setup")


def test_rooms_that_no_hook_knows_load_with_their_modules_only_what_python_brings() -> None:
    known = {*sys.stdlib_module_names, "trinity_guard"}
    for room in OFF_THE_HOT_PATH:
        for file in sorted((PROJECT / "trinity_guard" / room).rglob("*.py")):
            nodes = ast.parse(file.read_bytes()).body
            names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
            names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
            assert not {name.partition(".")[0] for name in names} - known, file
