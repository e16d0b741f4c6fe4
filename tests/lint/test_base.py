"""A range is judged by what it starts from."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.support import Repo, noise
from tests.lint.test_ranges import commit, lint
from trinity_guard.config import DEFAULT_PATTERNS, Config
from trinity_guard.lint import base

OWN = ".trinity-guard.toml"


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        (Config(), Config(), []),
        (Config(patterns=("*.a", "*.b")), Config(patterns=("*.a",)), ["patterns"]),
        (Config(patterns=("*.a",)), Config(patterns=("*.b", "*.a")), []),
        (Config(patterns=("*.a",)), Config(patterns=("*.a", "!b.a")), ["patterns"]),
        (Config(patterns=("*.a", "!b.a")), Config(patterns=("!b.a", "*.a")), ["patterns"]),
        (Config(), Config(exclude=("x",)), ["exclude"]),
        (Config(exclude=("x", "y")), Config(exclude=("x",)), []),
        (Config(exclude=("x", "!y")), Config(exclude=("x",)), ["exclude"]),
        (Config(max_size=10), Config(max_size=11), ["max-size"]),
        (Config(max_size=10), Config(max_size=0), ["max-size"]),
        (Config(max_size=10), Config(max_size=9), []),
        (Config(max_size=0), Config(max_size=9), []),
        (Config(), Config(min_size=9), ["min-size"]),
        (Config(min_size=9), Config(), []),
        (Config(), Config(sniff=False), ["sniff"]),
        (Config(sniff=False), Config(), []),
        (Config(facts=True), Config(), ["facts"]),
        (Config(), Config(facts=True), []),
        (Config(), Config(remote="other"), ["remote"]),
        (Config(), Config(push="off", sync="off", on_artifact="block", source=OWN, notes=("x",)), []),
    ],
)
def test_what_finds_less_is_told_from_what_finds_more(before: Config, after: Config, keys: list[str]) -> None:
    assert base.weakened(before, after) == keys


OTHER: dict[str, Any] = {
    "patterns": (), "exclude": ("x",), "sniff": False, "max_size": 1 << 50, "min_size": 5, "remote": "r",
    "max_size_of": (("*.x", 1),), "min_size_of": (("*.x", 1),),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(Config.__slots__) - set(base.ELSEWHERE)))
def test_every_key_that_is_not_known_to_find_more_counts(name: str) -> None:
    assert base.weakened(Config(), Config(**{name: OTHER.get(name, "other")})) == [
        name.replace("_", "-").removesuffix("-of")
    ]


@pytest.fixture
def start(bare_repo: Repo) -> str:
    commit(bare_repo, a_txt=b"a\n")
    bare_repo.stage(OWN, b'max-size = "1 MB"\n')
    bare_repo.commit()
    return bare_repo.head()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (OWN, b'exclude = ["*"]\n'),
        (OWN, b'patterns = []\nsniff = false\nmax-size = "0"\n'),
        (OWN, b"broken = = \n"),
        ("pyproject.toml", b'[tool.trinity-guard]\nexclude = ["*"]\n'),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_range_does_not_switch_off_what_judges_it(
    bare_repo: Repo, start: str, name: str, text: bytes, first: bool
) -> None:
    if name != OWN:
        bare_repo.git("rm", "-q", OWN)
    steps = [(name, text), ("m.pkl", noise(3000))]
    for path, data in steps if first else reversed(steps):
        bare_repo.stage(path, data)
        bare_repo.commit("--no-verify")
    code, found = lint(bare_repo, "--range", f"{start}..HEAD")
    assert code == 1
    assert {(rule, path) for rule, path, _ in found} == {("TG001", "m.pkl"), ("TG012", OWN)}  # the base had that one
    assert lint(bare_repo, "--range", f"{start}..HEAD", "--rules", "TG012")[0] == 0  # whoever merges it decides


def test_a_baseline_that_a_range_brings_hides_nothing_in_it(bare_repo: Repo, start: str) -> None:
    bare_repo.stage("m.pkl", noise(3000))
    bare_repo.commit("--no-verify")
    bare_repo.guard("lint", "--range", f"{start}..HEAD", "--update-baseline", "--reason", "so")
    bare_repo.git("add", ".trinity-guard-baseline")
    bare_repo.commit("--no-verify")
    for option in ([], ["--baseline", ".trinity-guard-baseline"]):
        code, found = lint(bare_repo, "--range", f"{start}..HEAD", *option)
        assert (code, [f[0] for f in found]) == (1, ["TG001", "TG012"])
    assert lint(bare_repo) == (0, [])  # the tree is judged by its own
    after = bare_repo.head()
    commit(bare_repo, b_txt=b"b\n")
    assert lint(bare_repo, "--range", f"{after}..HEAD") == (0, [])


def test_what_strengthens_the_guard_is_no_finding(bare_repo: Repo, start: str) -> None:
    listed = ", ".join(f"'{p}'" for p in (*DEFAULT_PATTERNS, "*.bin"))
    bare_repo.stage(OWN, f'max-size = "10 kB"\npatterns = [{listed}]\n'.encode())
    bare_repo.commit()
    assert lint(bare_repo, "--range", f"{start}..HEAD") == (0, [])


def test_a_link_is_no_configuration(bare_repo: Repo, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_repo.file(OWN).unlink()
    bare_repo.file(OWN).symlink_to("a.txt")
    bare_repo.git("add", OWN)
    bare_repo.commit("--no-verify")
    monkeypatch.chdir(bare_repo.path)
    assert base.files_at(bare_repo.head().encode(), [OWN.encode(), b"a.txt", b"none"]) == [None, b"a\n", None]
