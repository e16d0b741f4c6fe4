"""The `repo` fixture: a real repository in a clean room."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.helpers import forkserver
from tests.helpers.servers import (
    azure_service,
    gs_service,
    http_service,
    s3_service,
    s3_with_keys,
    service,
    ssh_service,
    start_service,
    webdav_service,
)
from tests.helpers.support import Repo, clean_environment
from trinity_guard import console, git
from trinity_guard.git import process

__all__ = [
    "azure_service",
    "gs_service",
    "http_service",
    "s3_service",
    "s3_with_keys",
    "service",
    "ssh_service",
    "start_service",
    "webdav_service",
]


# A timing is no assertion: on a busy machine an example may take long. All else stays as the profile in force has it.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")

# A shell starts what goes on in the background with Ctrl-C ignored, and so would be all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Where it is set, each of the thousands of programs that the tests start would compile all its modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _in_memory() -> str:
    """Return a folder in memory that has room for what the tests write; "" where there is none."""
    folder = "/dev/shm"
    if not Path(folder).is_dir():
        return ""
    there = os.statvfs(folder)
    memory = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    free = min(there.f_bavail * there.f_frsize, int(memory["MemAvailable"].split()[0]) << 10)
    return folder if os.access(folder, os.W_OK) and not there.f_flag & os.ST_NOEXEC and free > 8 << 30 else ""


# Git, DVC and we flush what we write to the disk, thousands of times: in memory that takes no time.
if folder := _in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)


@pytest.fixture(autouse=True)
def clean_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test its own HOME and Git and DVC configuration, and nothing of the machine's."""
    for name in list(os.environ):
        ours = name.startswith(("GIT_", "DVC_", "MLFLOW_", "TRINITY_GUARD_")) and name != "TRINITY_GUARD_REQUIRE_ALL"
        # They may run in a CI themselves: what it tells of its own event is nothing to them.
        ci = name == "CI" or (
            name.startswith(("GITHUB_", "GITLAB_", "CI_", "PRE_COMMIT")) and name != "PRE_COMMIT_HOME"
        )
        if ours or ci:
            monkeypatch.delenv(name)
    for name, value in clean_environment(tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(process, "spawn", forkserver.spawn)
    monkeypatch.setattr(git, "Process", forkserver.Process)
    console.begin()  # a test that called a command with -q leaves nobody silent
    here = Path.cwd()
    yield
    os.chdir(here)  # the test's own folder is removed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a module that says BOTH_WAYS with the filter of `git add` and without; the latter are slow."""
    if "filters" in metafunc.fixturenames and getattr(metafunc.module, "BOTH_WAYS", False):
        without = pytest.param(False, marks=pytest.mark.slow)
        metafunc.parametrize("filters", [True, without], ids=["filter", "no-filter"])


@pytest.fixture
def filters() -> bool:
    """Whether `git add` gives artifacts to the cache in the repositories of a test, as `init` has it."""
    return True


@pytest.fixture
def make_repo(tmp_path: Path, filters: bool) -> Callable[..., Repo]:
    """Return a maker of repositories below the test's own folder: make_repo(name="work", guarded=True)."""
    usual = filters

    def make(name: str = "work", guarded: bool = True, hooks: str = "native", filters: bool = usual) -> Repo:
        return Repo.make(tmp_path / name, guarded=guarded, hooks=hooks, filters=filters)

    return make


@pytest.fixture
def repo(make_repo: Callable[..., Repo]) -> Repo:
    """A guarded repository with one commit; its DVC remote is a local folder beside it."""
    return make_repo()


@pytest.fixture
def bare_repo(make_repo: Callable[..., Repo]) -> Repo:
    """A plain Git repository without DVC, hooks or commits."""
    return make_repo("plain", guarded=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything must be there (.ci/run), a skipped test is a failed one."""
    report = yield
    if report.skipped and os.environ.get("TRINITY_GUARD_REQUIRE_ALL"):
        report.outcome = "failed"
    return report
