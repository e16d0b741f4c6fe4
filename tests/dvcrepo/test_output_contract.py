"""Each kind of output that DVC tracks, each question that we are asked about it, and beside each answer DVC's own."""

from __future__ import annotations

import contextlib
import gc
import io
import itertools
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.dvcrepo.kinds import KINDS, room
from tests.helpers.support import run
from trinity_guard import git
from trinity_guard.cli import main

# What only DVC can do: the objects have no names of their own in a cloud-versioned remote.
CLOUD = "version_id"


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Work:
    """A copy of one kind's repository, where we and DVC are asked in process."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.path = top / "work"
        self.cache = self.path / ".dvc" / "cache"

    def guard(self, *args: str, data: bytes = b"") -> Said:
        out, err = io.StringIO(), io.StringIO()
        stdin = sys.stdin
        sys.stdin = io.TextIOWrapper(io.BytesIO(data))
        try:
            with contextlib.chdir(self.path), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(list(args))
        finally:
            sys.stdin = stdin
            gc.enable()  # a hook lets it be, for the little while that it lives
        return Said(code, out.getvalue(), err.getvalue())

    @contextlib.contextmanager
    def dvc(self) -> Iterator[Any]:
        """DVC's own view of the repository, without the database in which it remembers hashes: most of its time."""
        from dvc.repo import Repo
        from dvc_data.hashfile import state

        pytest.MonkeyPatch().setattr(state, "State", lambda *args, **kwargs: state.StateNoop())
        for name in ("dvc", "dvc_data", "dvc_objects"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        with (
            contextlib.chdir(self.path),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            repo = Repo(".")
            try:
                yield repo
            finally:
                repo.close()

    def data(self) -> list[Path]:
        """Return the files that DVC holds, those that are there."""
        ending = (".csv", ".CSV")
        return sorted(p for p in self.path.rglob("*.csv") if p.suffix in ending and ".dvc" not in p.parts)

    def files(self) -> dict[str, tuple[bytes, bool]]:
        """Return path -> bytes, and whether it may be executed."""
        return {str(p.relative_to(self.path)): (p.read_bytes(), bool(p.stat().st_mode & 0o100)) for p in self.data()}

    def stored(self) -> dict[str, bytes]:
        """Return what lies on the remotes."""
        return {
            str(p.relative_to(self.top)): p.read_bytes()
            for folder in ("storage", "other")
            for p in (self.top / folder).rglob("*")
            if p.is_file()
        }

    def remove(self) -> None:
        for file in self.data():
            file.unlink()
        shutil.rmtree(self.path / "folder", ignore_errors=True)

    def replace(self) -> None:
        """Put a folder in the place of one file."""
        file = self.data()[0]
        file.unlink()
        file.mkdir()

    def change(self) -> None:
        """Write other bytes of the same size into one file."""
        file = self.data()[0]
        file.write_bytes(file.read_bytes().replace(b"1", b"9").replace(b"3", b"9"))

    def grow(self) -> None:
        file = self.data()[-1]
        file.write_bytes(file.read_bytes() + b"7,8\n")

    def turn_line_ends(self) -> None:
        """Give one text the other line ends: DVC 2 took no notice of them."""
        file = self.data()[0]
        text = file.read_bytes()
        file.write_bytes(text.replace(b"\r\n", b"\n") if b"\r\n" in text else text.replace(b"\n", b"\r\n"))

    def forget(self) -> None:
        """Empty the cache."""
        shutil.rmtree(self.cache, ignore_errors=True)

    def push(self) -> None:
        with self.dvc() as repo:
            repo.push()


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


# Why our answer is known to be wrong in some cells.
RED = {
    "legacy": "the md5 of DVC 2 is compared as if it were that of the bytes",
    "cache": "the cache is asked for an object of DVC 2 under the name of one of DVC 3",
    "folder": "nobody looks into a directory, and what stands in the place of a file is taken for it",
    "import": "nobody looks at an import",
    "lock": "status and the hook do not know what dvc.lock holds",
    "source": "an import's source is not named when it does not come",
    "in git": "an output that DVC leaves to Git is taken for a raw artifact, or for one that DVC holds",
    "held": "what is not pushed is taken for not held",
}
LOCKS = ("dvc.lock", "dvc.lock of foreach")
IMPORTS = ("import", "import-url")
DVC2 = ("DVC 2 without hash", "DVC 2 of CRLF text")


def red(*cells: tuple[str, str] | tuple[str, str, str]) -> dict[tuple[str, str], str]:
    """Return (kind, situation) -> reason; without a situation it is "", the only one."""
    return {(c[0], c[2] if len(c) > 2 else ""): RED[c[1]] for c in cells}


def cells(
    *situations: str,
    broken: dict[tuple[str, str], str] | None = None,
    but: tuple[str, ...] = (),
    slow: Callable[[str, str], bool] = lambda kind, situation: False,
) -> pytest.MarkDecorator:
    """Ask of every kind, in each situation. slow: which cells .ci/run alone looks at."""
    known = broken or {}
    table = []
    for kind, situation in itertools.product((k for k in KINDS if k not in but), situations or ("",)):
        marks = [pytest.mark.slow] if slow(kind, situation) else []
        reason = known.pop((kind, situation), "")
        marks += [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
        table.append(pytest.param(kind, situation, marks=marks, id=f"{kind}, {situation}" if situation else kind))
    assert not known
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


def states(work: Work) -> dict[str, str]:
    """Return path -> how DVC sees it in the work tree, of what it caches (dvc status)."""
    words = {None: "present", "modified": "changed", "deleted": "gone"}
    with work.dvc() as repo:
        return {
            os.path.relpath(out.fs_path): words[next(iter(out.workspace_status().values()), None)]
            for out in repo.index.outs
            if out.use_cache
        }


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
    broken=red(
        ("DVC 2 of CRLF text", "legacy", "as committed"),
        *[(k, "folder", "a folder instead") for k in KINDS if k not in (*LOCKS, *IMPORTS, "cache: false")],
        *[("directory", "folder", s) for s in ("changed", "grown")],
        *[(k, "import", s) for k in IMPORTS for s in ("changed", "grown", "a folder instead")],
        *[(k, "lock", s) for k in LOCKS for s in list(SITUATIONS)[1:]],
    ),
    slow=lambda kind, situation: situation in ("grown", "a folder instead") and seldom(kind, situation),
)
def test_status(make: Callable[[], Work]) -> None:
    work = make()
    assert {path: OURS.get(a["state"], "gone") for path, a in status(work).items()} == states(work)


@pytest.mark.parametrize("situation", [""])
@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=pytest.mark.xfail(reason=RED["legacy"], strict=True)) for k in DVC2]
)
def test_line_ends_that_dvc_2_took_no_notice_of(make: Callable[[], Work]) -> None:
    work = make()
    work.turn_line_ends()
    assert {path: OURS[a["state"]] for path, a in status(work).items()} == states(work) == {"t.csv": "present"}
    before = work.files()
    assert (work.guard("sync").err, work.guard("hook", "pre-commit").err, work.files()) == ("", "", before)


@cells(broken=red(*[(k, "lock") for k in LOCKS], *[(k, "cache") for k in DVC2]))
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
    broken=red(
        ("DVC 2 of CRLF text", "legacy", "as committed"),
        *[("directory", "folder", s) for s in ("changed", "grown")],
        *[(k, "import", s) for k in IMPORTS for s in ("changed", "grown")],
        *[(k, "lock", s) for k in LOCKS for s in ("changed", "grown")],
    ),
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


@cells(broken=red(("import", "source")), but=(CLOUD,))
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
    tip = run("git", "rev-parse", "HEAD", cwd=work.path).stdout.decode().strip()
    line = f"refs/heads/main {tip} refs/heads/main {'0' * 40}\n"
    return work.guard("hook", "pre-push", "origin", "../origin.git", data=line.encode())


@cells(broken=red(("cache: false", "in git")), but=(CLOUD,))
def test_gate(make: Callable[[], Work]) -> None:
    ours, theirs = make(), make()
    said = gate(ours)
    assert said.code == 0, said.err
    theirs.push()
    assert ours.stored() == theirs.stored()
    assert lacking(ours)[1] == lacking(theirs)[1]


@cells(broken=red(("cache: false", "in git")), but=(CLOUD,), slow=seldom)
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


@cells(broken=red(("cache: false", "in git")), but=(CLOUD,))
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
    shutil.rmtree(work.top / "storage", ignore_errors=True)
    shutil.rmtree(work.top / "other", ignore_errors=True)
    work.forget()
    nowhere = set.intersection(*lacking(work)) & pushed(work)
    assert {n for n, c in doctor(work).items() if c["level"] == "error"} == ({"objects"} if nowhere else set())


@cells(
    broken=red(
        ("DVC 2 of CRLF text", "legacy"),
        ("cache: false", "in git"),
        ("push: false", "held"),
        ("import", "held"),
        *[(k, "lock") for k in LOCKS],
    )
)
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


@cells(broken=red(("cache: false", "in git")), slow=seldom)
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
    assert said.code == 0, said.err
    assert run("git", "rev-parse", "main^{tree}", cwd=work.path).stdout.decode().strip() == tree
    assert (states(work), work.files()) == (before, files)
    assert work.guard("migrate", "verify").code == 0
    run("git", "checkout", "-q", "main^", cwd=work.path)
    for file in work.data():
        file.unlink()
    checkout(work)
    assert work.files() == files
