"""What the tests of doctor share: ask it, and compare what it says before and after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.helpers.documents import Session
from tests.helpers.support import Repo

Finding = dict[str, object]


def asked(repo: Repo, *args: str, **env: str) -> tuple[int, dict[str, Finding]]:
    """Return the exit code and name -> what is said by each check; see that the code and the counts agree."""
    done = repo.guard("doctor", "--format", "json", *args, ok=False, **env)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert done.stdout, done.stderr.decode()
    facts = json.loads(done.stdout)
    checks = {c["name"]: c for c in facts["checks"]}
    assert len(checks) == len(facts["checks"])
    levels = [c["level"] for c in facts["checks"]]
    assert facts["errors"] == levels.count("error")
    assert facts["warnings"] == levels.count("warning")
    assert done.returncode == (1 if facts["errors"] else 0)
    assert "bug of ours" not in done.stdout.decode()
    return done.returncode, checks


def failing(repo: Repo, *args: str, **env: str) -> dict[str, str]:
    """Return name -> level of the checks that are not ok."""
    return {n: str(c["level"]) for n, c in asked(repo, *args, **env)[1].items() if c["level"] != "ok"}


def follow(repo: Repo, home: Path, remedy: str) -> str:
    """Type the first command of a remedy into a shell, as a person would, and see that it works."""
    code, words = Session(home, repo.path).type(remedy.splitlines()[0].partition("     #")[0])
    assert code == 0, f"$ {remedy}\n{words}"
    return words


def copy(template: Repo, path: Path) -> Repo:
    """Copy a repository: of its own path only Git's config knows, by the attributes file of our filter."""
    shutil.copytree(template.path, path, symlinks=True)
    repo = Repo(path)
    attributes = path / ".git" / "trinity-guard" / "attributes"
    if attributes.exists():
        repo.git("config", "core.attributesFile", str(attributes))
    return repo
