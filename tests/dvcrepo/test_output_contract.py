"""Each kind of output that DVC tracks, each question that we are asked about it, and beside each answer DVC's own."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dvcrepo.kinds import KINDS, room
from tests.dvcrepo.work import Said, Work, states
from tests.helpers.support import run
from trinity_guard import git

# What only DVC can do: the objects have no names of their own in a cloud-versioned remote.
CLOUD = "version_id"


_COPIES = itertools.count()


@pytest.fixture
def make(kind: str, situation: str, tmp_path: Path) -> Callable[[], Work]:
    def copy() -> Work:
        top = tmp_path / f"copy-{next(_COPIES)}"
        shutil.copytree(room(kind), top, symlinks=True)
        work = Work(top)
        SITUATIONS[situation](work)
        return work

    return copy


DVC2 = ("DVC 2 without hash", "DVC 2 of CRLF text")


def cells(
    *situations: str,
    but: tuple[str, ...] = (),
    slow: Callable[[str, str], bool] = lambda kind, situation: False,
) -> pytest.MarkDecorator:
    """Ask of every kind, in each situation. slow: which cells .ci/run alone looks at."""
    table = []
    for kind, situation in itertools.product((k for k in KINDS if k not in but), situations or ("",)):
        marks = [pytest.mark.slow] if slow(kind, situation) else []
        table.append(pytest.param(kind, situation, marks=marks, id=f"{kind}, {situation}" if situation else kind))
    return pytest.mark.parametrize(("kind", "situation"), table)


def seldom(kind: str, _: str) -> bool:
    """Whether a kind is hardly ever another case than that of a single file."""
    return kind not in (
        "single file",
        "DVC 2 of CRLF text",
        "directory",
        "cache: false",
        "import",
        "dvc.lock",
        "own remote",
    )


# --- what DVC says


def lacking(work: Work) -> tuple[set[str], set[str]]:
    """Return what is not in DVC's cache, and what is not on its remote."""
    with work.dvc() as repo:
        said = repo.data_status(not_in_remote=True, remote_refresh=True)
    return {p.rstrip("/") for p in said["not_in_cache"]}, {p.rstrip("/") for p in said["not_in_remote"]}


# --- status

OURS = {"present": "present", "changed": "changed", "other version": "changed", "replaced": "changed"}


def status(work: Work) -> dict[str, dict[str, Any]]:
    said = work.guard("status", "--format", "json")
    assert said.code == 0, said.err
    return {a["path"]: a for a in json.loads(said.out)["artifacts"]}


def nothing(_: Work) -> None:
    """Leave it as it was committed."""


SITUATIONS: dict[str, Callable[[Work], None]] = {
    "": nothing,
    "as committed": nothing,
    "changed": Work.change,
    "grown": Work.grow,
    "missing": Work.remove,
    "a folder instead": Work.replace,
}


@cells(
    *list(SITUATIONS)[1:],
    slow=lambda kind, situation: situation in ("grown", "a folder instead") and seldom(kind, situation),
)
def test_status(make: Callable[[], Work]) -> None:
    work = make()
    assert {path: OURS.get(a["state"], "gone") for path, a in status(work).items()} == states(work)


@pytest.mark.parametrize("situation", [""])
@pytest.mark.parametrize("kind", DVC2)
def test_line_ends_that_dvc_2_took_no_notice_of(make: Callable[[], Work]) -> None:
    work = make()
    work.turn_line_ends()
    assert {path: OURS[a["state"]] for path, a in status(work).items()} == states(work) == {"t.csv": "present"}
    before = work.files()
    assert (work.guard("sync").err, work.guard("hook", "pre-commit").err, work.files()) == ("", "", before)


@cells()
def test_status_of_the_cache(make: Callable[[], Work]) -> None:
    work = make()
    with_it = {path for path, a in status(work).items() if not a["cached"]}
    assert with_it == lacking(work)[0]
    work.forget()
    without_it = {path for path, a in status(work).items() if not a["cached"]}
    assert without_it == lacking(work)[0]


# --- the commit's warning


@cells(
    "as committed",
    "changed",
    "grown",
    "missing",
    slow=lambda kind, situation: situation != "changed" and seldom(kind, situation),
)
def test_the_commits_warning(make: Callable[[], Work]) -> None:
    work = make()
    (work.path / "README").write_text("some text\n")
    run("git", "add", "README", cwd=work.path)
    for _ in range(2):  # the first one reads the pointers, the second what it remembers of them
        said = work.guard("hook", "pre-commit")
        assert said.code == 0, said.err
        named = re.findall(r"^trinity-guard: (\S+) (?:has changed|is not the version)", said.err, re.MULTILINE)
        assert set(named) == {path for path, state in states(work).items() if state == "changed"}


# --- the work tree follows


def checkout(work: Work) -> set[str]:
    """Let DVC bring the work tree to what the pointers say; return what did not come."""
    from dvc.exceptions import CheckoutError

    with work.dvc() as repo:
        try:
            repo.checkout()
        except CheckoutError as error:
            return {os.path.relpath(path) for path in error.target_infos}
        except FileNotFoundError as error:  # so it ends where it would make executable what did not come
            return {os.path.relpath(error.filename)}
    return set()


@cells()
def test_sync(make: Callable[[], Work]) -> None:
    ours, theirs = make(), make()
    ours.remove()
    theirs.remove()
    assert ours.guard("sync").code == 0
    checkout(theirs)
    assert ours.files() == theirs.files()
    assert states(ours) == states(theirs)


@cells(slow=seldom)
def test_sync_of_what_is_nowhere(make: Callable[[], Work]) -> None:
    work = make()
    work.remove()
    work.forget()
    said = work.guard("sync")
    named = re.findall(r"not in the cache: (.*)\.$", said.err, re.MULTILINE)
    assert {p for names in named for p in names.split(", ")} == checkout(work)


@cells(slow=seldom)
def test_sync_keeps_what_was_changed(make: Callable[[], Work]) -> None:
    work = make()
    work.change()
    before = work.files()
    said = work.guard("sync")
    assert work.files() == before
    changed = {p for p, s in states(work).items() if s == "changed"}
    named = {p.partition(" ")[0] for p in re.findall(r"^trinity-guard: (\S+ was changed)", said.err, re.MULTILINE)}
    assert {p for p in changed if not any(n == p or n.startswith(p + "/") for n in named)} == set()
    assert bool(named) == bool(changed)


@cells(but=(CLOUD,))
def test_pull(make: Callable[[], Work]) -> None:
    ours, theirs = make(), make()
    for work in (ours, theirs):
        work.push()
        work.remove()
        work.forget()
    said = ours.guard("pull")
    whole = pulled(theirs)
    if "dvc fetch t.csv.dvc" in said.err:  # what another repository has is fetched by DVC alone
        assert (said.code, states(ours)) == (1, {"t.csv": "gone"})
        with ours.dvc() as repo:
            repo.fetch()
        said = ours.guard("pull")
    assert (said.code == 0) == whole, said.err
    assert ours.files() == theirs.files()


@cells(but=(CLOUD,), slow=seldom)
def test_pull_when_the_file_is_here(make: Callable[[], Work]) -> None:
    work = make()
    said = work.guard("pull")
    assert said.code == 0
    assert states(work) == dict.fromkeys(states(work), "present")


def pulled(work: Work) -> bool:
    from dvc.exceptions import DvcException

    with work.dvc() as repo:
        try:
            repo.pull()
        except DvcException:
            return False
    return True


# --- the remote


@cells(but=(CLOUD,))
def test_push(make: Callable[[], Work]) -> None:
    ours, theirs = make(), make()
    assert ours.guard("push").code == 0
    theirs.push()
    assert ours.stored() == theirs.stored()


def gate(work: Work) -> Said:
    # It asks where everybody else would look, who has no config of this machine.
    (work.path / ".dvc" / "config.local").unlink()
    assert [work.guard("remote", "trust", name).code for name in ("storage", "other")] == [0, 0]
    tip = run("git", "rev-parse", "HEAD", cwd=work.path).stdout.decode().strip()
    line = f"refs/heads/main {tip} refs/heads/main {'0' * 40}\n"
    return work.guard("hook", "pre-push", "origin", "../origin.git", data=line.encode())


@cells(but=(CLOUD,))
def test_gate(make: Callable[[], Work]) -> None:
    ours, theirs = make(), make()
    said = gate(ours)
    assert said.code == 0, said.err
    theirs.push()
    assert ours.stored() == theirs.stored()
    assert lacking(ours)[1] == lacking(theirs)[1]


@cells(but=(CLOUD,), slow=seldom)
def test_push_and_gate_of_what_is_nowhere(make: Callable[[], Work]) -> None:
    work = make()
    work.forget()
    nowhere = set.intersection(*lacking(work)) & pushed(work)
    assert work.guard("push").code == bool(nowhere)
    said = gate(work)
    assert said.code == bool(nowhere), said.err


def pushed(work: Work) -> set[str]:
    """Return what DVC would push at all."""
    with work.dvc() as repo:
        return {
            os.path.relpath(out.fs_path)
            for out in repo.index.outs
            if out.use_cache and out.can_push and not out.stage.is_repo_import
        }


# --- what looks at all of it


def lint(work: Work) -> tuple[set[str], set[str]]:
    """Return the files that TG003 names, and all other findings."""
    said = work.guard("lint", "--remote", "--format", "json")
    assert said.code in (0, 1), said.err
    findings = [(f["rule"], f["path"]) for f in json.loads(said.out)["findings"]]
    return {p for r, p in findings if r == "TG003"}, {f"{r} {p}" for r, p in findings if r != "TG003"}


def recorded_in(work: Work, paths: set[str]) -> set[str]:
    """Return the pointers of these, and of a pipeline's outputs themselves."""
    with work.dvc() as repo:
        named = {os.path.relpath(o.fs_path): o.stage.path_in_repo for o in repo.index.outs}
    return {p if named[p].endswith("dvc.yaml") else named[p] for p in paths if p in named}


@cells(but=(CLOUD,))
def test_lint(make: Callable[[], Work]) -> None:
    work = make()
    assert lint(work) == (recorded_in(work, lacking(work)[1] & pushed(work)), set())
    work.push()
    assert lint(work) == (recorded_in(work, lacking(work)[1] & pushed(work)), set())


def doctor(work: Work) -> dict[str, dict[str, Any]]:
    said = work.guard("doctor", "--format", "json")
    names = ("pointers", "objects", "objects-of-history", "artifacts-not-ignored", "tracked-twice", "pointers-hidden")
    return {c["name"]: c for c in json.loads(said.out)["checks"] if c["name"] in names}


@cells(but=(CLOUD,), slow=seldom)
def test_doctor(make: Callable[[], Work]) -> None:
    work = make()
    checks = doctor(work)
    alone = lacking(work)[1] & pushed(work)
    assert {n for n, c in checks.items() if c["level"] != "ok"} == ({"objects"} if alone else set())
    work.push()
    assert {n: c["fact"] for n, c in doctor(work).items() if c["level"] != "ok"} == {}
    work.empty_remotes()
    work.forget()
    nowhere = set.intersection(*lacking(work)) & pushed(work)
    assert {n for n, c in doctor(work).items() if c["level"] == "error"} == ({"objects"} if nowhere else set())


@cells()
def test_report(make: Callable[[], Work]) -> None:

    from trinity_guard.detect import patterns
    from trinity_guard.report.facts import Facts

    work = make()
    with contextlib.chdir(work.path):
        place = git.place()
        found = Facts(place, *patterns.load_config(place), None)
        with work.dvc() as repo:
            theirs = {o.hash_info.value: o.meta.size for o in repo.index.outs if o.use_cache}
        assert {name.removeprefix("dos2unix-"): size for name, size in found.current.items()} == theirs
        assert not found.findings
        if found.history.broken:
            raise AssertionError(found.history.broken)
    assert {a["path"]: OURS.get(str(a["state"]), "gone") for a in found.survey.artifacts} == states(work)


# --- migrate


@cells(slow=seldom)
def test_migrate(make: Callable[[], Work]) -> None:
    """Git had the raw files before DVC took them over: the newest commit stays as DVC has it."""
    work = make()
    run("git", "checkout", "-q", "--orphan", "old", cwd=work.path)
    run("git", "rm", "-q", "-r", "--cached", ".", cwd=work.path)
    run("git", "add", "-f", "--", *(p.relative_to(work.path) for p in work.data()), cwd=work.path)
    run("git", "commit", "-q", "-m", "raw", cwd=work.path)
    tree = run("git", "rev-parse", "main^{tree}", cwd=work.path).stdout.decode().strip()
    tip = run("git", "commit-tree", tree, "-p", "old", "-m", "DVC takes over", cwd=work.path).stdout.decode().strip()
    run("git", "update-ref", "refs/heads/main", tip, cwd=work.path)
    run("git", "symbolic-ref", "HEAD", "refs/heads/main", cwd=work.path)
    run("git", "reset", "-q", cwd=work.path)
    before, files = states(work), work.files()
    said = work.guard("migrate", "run", "--yes")
    if "version_aware" in said.err:  # only `dvc push` makes versions there, and only of what is checked out
        assert (said.code, states(work), work.files()) == (2, before, files)
        assert run("git", "rev-parse", "main", cwd=work.path).stdout.decode().strip() == tip
        return
    assert said.code == 0, said.err
    assert run("git", "rev-parse", "main^{tree}", cwd=work.path).stdout.decode().strip() == tree
    assert (states(work), work.files()) == (before, files)
    assert work.guard("migrate", "verify").code == 0
    run("git", "checkout", "-q", "main^", cwd=work.path)
    for file in work.data():
        file.unlink()
    checkout(work)
    assert work.files() == files
