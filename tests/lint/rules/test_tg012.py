"""TG012: a range that weakens the guard that judges it; tests/lint/test_base.py has the judging itself."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from tests.lint.test_ranges import commit
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.lint import subject
from trinity_guard.lint.finding import WARNING
from trinity_guard.lint.rules import tg012

HEADER = b'{"trinity-guard": "baseline", "version": 1}\n'


def entry(path: str, end: str = "") -> bytes:
    line = f'"rule": "TG001", "path": "{path}", "fingerprint": "{path * 32}", "reason": "r", "added": "2026-01-01"{end}'
    return f"{{{line}}}\n".encode()


UNTIL = ', "expires": "2026-02-01"'


def found(repo: Repo, base: str) -> list[tuple[str, str]]:
    config = Config()
    looked = subject.Subject(git.place(), config, Rules(config), subject.tree_of(repo.head().encode()))
    looked.base = base.encode()
    findings = list(tg012.find(looked))
    assert all(f.level == WARNING and base[:10] in f.remedy for f in findings)
    return [(f.path.decode(), f.problem) for f in findings]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, entry("a"), "takes 1 entry into the baseline"),
        (entry("a"), entry("a") + entry("b") + entry("c"), "takes 2 entries"),
        (entry("a"), b"", ""),
        (entry("a", UNTIL), entry("a"), "takes 1 entry"),
        (entry("a"), b"broken\n", "takes 1 entry"),
    ],
)
def test_a_baseline_that_grows_is_named(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, before: bytes | None, after: bytes, words: str
) -> None:
    monkeypatch.chdir(bare_repo.path)
    commit(bare_repo, a_txt=b"a\n")
    if before is not None:
        bare_repo.stage(".trinity-guard-baseline", HEADER + before)
        bare_repo.commit()
    base = bare_repo.head()
    bare_repo.stage(".trinity-guard-baseline", HEADER + after)
    bare_repo.commit()
    findings = found(bare_repo, base)
    assert [path for path, _ in findings] == [".trinity-guard-baseline"] * bool(words)
    assert all(words in problem for _, problem in findings)
    assert found(bare_repo, bare_repo.head()) == []


STAGE = b"stages:\n  plot:\n    cmd: python plot.py\n    outs:\n    - points.csv:\n        cache: %b\n"


@pytest.mark.parametrize("before", [None, STAGE % b"true", STAGE % b"false"])
def test_an_artifact_that_comes_with_the_words_that_leave_it_to_git_is_named(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, before: bytes | None
) -> None:
    monkeypatch.chdir(bare_repo.path)
    commit(bare_repo, a_txt=b"a\n")
    if before is not None:
        bare_repo.stage("dvc.yaml", before)
        bare_repo.commit()
    base = bare_repo.head()
    bare_repo.stage("dvc.yaml", STAGE % b"false")
    bare_repo.stage("points.csv", b"x\n" * 500)
    bare_repo.commit()
    named = [("points.csv", "this range has DVC leave 1 kB here to Git (`cache: false`); ")]
    findings = [(path, problem[: len(named[0][1])]) for path, problem in found(bare_repo, base)]
    assert findings == ([] if before == STAGE % b"false" else named)
