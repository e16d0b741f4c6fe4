"""`use`, `pull` and `sync` by hand: artifacts of another commit, of the remote, of the cache."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers.support import KB, Repo, made_once

NAMES = ("a.pkl", "models/b.csv")


@pytest.fixture
@made_once
def versions(repo: Repo) -> dict[str, list[bytes]]:
    """Two versions of two artifacts: tags v0 and v1 (HEAD)."""
    data: dict[str, list[bytes]] = {name: [] for name in NAMES}
    for number in range(2):
        for name in NAMES:
            data[name].append(repo.write(name, 2 * KB + number))
            repo.guard("add", name)
        repo.commit()
        repo.git("tag", f"v{number}")
    return data


def held(repo: Repo) -> list[bytes]:
    return [repo.file(name).read_bytes() for name in NAMES]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["models/b.csv", "models/b.csv.dvc", "models"])
def test_use_brings_data_and_staged_pointer_and_a_commit_records_the_rollback(
    repo: Repo, versions: dict[str, list[bytes]], path: str
) -> None:
    a, b = (versions[n] for n in NAMES)
    repo.guard("use", "v0", path)
    assert held(repo) == [a[1], b[0]]
    assert repo.git("status", "--porcelain").stdout == b"M  models/b.csv.dvc\n"
    assert repo.show("models/b.csv.dvc", "") == repo.show("models/b.csv.dvc", "v0")
    repo.commit()
    assert repo.show("models/b.csv.dvc") == repo.show("models/b.csv.dvc", "v0")
    assert repo.pulled_in_a_fresh_clone("models/b.csv") == b[0]


@pytest.mark.slow
def test_use_without_a_path_brings_all_and_use_head_brings_all_back(
    repo: Repo, versions: dict[str, list[bytes]]
) -> None:
    repo.guard("use", "v0")
    assert held(repo) == [versions[n][0] for n in NAMES]
    repo.guard("use", "HEAD")
    assert held(repo) == [versions[n][1] for n in NAMES]
    assert repo.git("status", "--porcelain").stdout == b""
    said = repo.guard("use", "HEAD").stderr
    assert b"all is as in HEAD already" in said


def test_use_brings_the_ignore_line_of_a_removed_artifact_back(repo: Repo, versions: dict[str, list[bytes]]) -> None:
    repo.git("rm", "-q", "a.pkl.dvc")
    repo.file("a.pkl").unlink()
    repo.commit()
    assert b".gitignore" not in repo.tree()
    repo.guard("use", "v1", "a.pkl")
    assert repo.file("a.pkl").read_bytes() == versions["a.pkl"][1]
    assert repo.git("status", "--porcelain").stdout == b"A  .gitignore\nA  a.pkl.dvc\n"


def test_use_touches_nothing_where_a_changed_artifact_would_be_lost(
    repo: Repo, versions: dict[str, list[bytes]]
) -> None:
    mine = repo.write("a.pkl", 999)
    done = repo.guard("use", "v0", ok=False)
    assert done.returncode == 1
    assert b"a.pkl" in done.stderr
    assert held(repo) == [mine, versions["models/b.csv"][1]]
    assert repo.git("status", "--porcelain").stdout == b""
    repo.guard("use", "v0", "models")
    assert held(repo) == [mine, versions["models/b.csv"][0]]


def test_use_touches_nothing_where_not_everything_can_be_had(repo: Repo, versions: dict[str, list[bytes]]) -> None:
    shutil.rmtree(repo.path / ".dvc/cache/files")
    shutil.rmtree(repo.storage / "files")
    done = repo.guard("use", "v0", ok=False)
    assert done.returncode == 1
    assert held(repo) == [versions[n][1] for n in NAMES]
    assert repo.git("status", "--porcelain").stdout == b""


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "use needs a commit"),
        (("nowhere",), "nowhere"),
        (("v0", "no-such.pkl"), "no-such.pkl"),
        (("v0", "../out.pkl"), "outside of the repository"),
    ],
)
def test_use_says_what_it_cannot_understand(
    repo: Repo, versions: dict[str, list[bytes]], args: tuple[str, ...], words: str
) -> None:
    done = repo.guard("use", *args, ok=False)
    assert done.returncode in (1, 2)
    assert words in done.stderr.decode()
    assert held(repo) == [versions[n][1] for n in NAMES]


def test_pull_brings_what_is_asked_for_and_tells_when_it_is_nowhere(
    repo: Repo, versions: dict[str, list[bytes]]
) -> None:
    shutil.rmtree(repo.path / ".dvc/cache/files")
    for name in NAMES:
        repo.file(name).unlink()
    assert repo.guard("sync").returncode == 0  # from the cache alone, which is empty
    assert not repo.file("a.pkl").exists()
    repo.guard("pull", "models")
    assert not repo.file("a.pkl").exists()
    assert repo.file("models/b.csv").read_bytes() == versions["models/b.csv"][1]
    shutil.rmtree(repo.storage / "files")
    done = repo.guard("pull", ok=False)
    assert done.returncode == 1
    assert b"a.pkl did not come: it is not on the remote." in done.stderr


def test_what_did_not_come_for_one_reason_is_said_in_one_message(repo: Repo, versions: dict[str, list[bytes]]) -> None:
    shutil.rmtree(repo.path / ".dvc/cache/files")
    shutil.rmtree(repo.storage / "files")
    for name in NAMES:
        repo.file(name).unlink()
    assert repo.guard("pull", ok=False).stderr.decode() == (
        "trinity-guard: a.pkl, models/b.csv did not come: they are not on the remote.\n"
        "    trinity-guard push     # by whoever has it: the author of the commit\n"
    )
    repo.dvc("config", "--local", "core.remote", "gone")
    assert repo.guard("pull", ok=False).stderr.decode() == (
        "trinity-guard: the DVC remote 'gone' is not configured\n"
        "    trinity-guard remote add gone URL\n"
        "trinity-guard: 2 artifacts are not in the cache: a.pkl, models/b.csv.\n"
        "    trinity-guard pull     # then again\n"
    )


def test_an_object_that_is_damaged_on_the_remote_is_never_taken(repo: Repo, versions: dict[str, list[bytes]]) -> None:
    for stored in (repo.storage / "files/md5").glob("??/*"):
        stored.chmod(0o644)
        stored.write_bytes(b"\0" * stored.stat().st_size)
    shutil.rmtree(repo.path / ".dvc/cache/files")
    for name in NAMES:
        repo.file(name).unlink()
    done = repo.guard("pull", ok=False)
    assert done.returncode == 1
    assert b"damaged on the remote" in done.stderr
    assert b"trinity-guard pull" not in done.stderr
    for line in done.stderr.decode().splitlines():
        if line.startswith("    "):
            assert (repo.storage / line.partition(" once ")[2].removesuffix(" is deleted there")).is_file()
    assert not any(repo.file(name).exists() for name in NAMES)
    assert repo.cached() == {}


def test_from_a_folder_below_paths_are_meant_from_there(repo: Repo, versions: dict[str, list[bytes]]) -> None:
    below = Repo(Path(repo.path / "models"))
    below.guard("use", "v0", "b.csv")
    assert held(repo) == [versions["a.pkl"][1], versions["models/b.csv"][0]]
