"""What a migration says: in words, with the commands that come next."""

from __future__ import annotations

from typing import Any

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.migrate import messages
from trinity_guard.migrate.reasons import STAND_IN_ABSENT

DONE: dict[str, Any] = {
    "phase": "done", "files_moved": 1, "blobs_moved": 2, "commits_changed": 3, "commits": 4, "pushed": False,
    "moved": [{"path": "a.pkl", "bytes": 2000, "versions": 2}], "refs": [["refs/heads/main", "1" * 40, "2" * 40]],
    "bytes_packed": 500, "git_before": 9000, "bytes_unpacked": 2000, "stays": [], "unresolved_count": 0, "remarks": [],
}  # fmt: skip


def test_a_run_is_told_in_past_tense_and_a_dry_one_is_not() -> None:
    done = messages.report(DONE)
    assert done.startswith("became DVC pointers: 1 file in 2 versions; 3 of 4 commits changed")
    assert "  2 kB  a.pkl (2 versions)" in done
    assert "  refs/heads/main  1111111111 -> 2222222222" in done
    assert "use `dvc gc --all-commits`" in done
    dry = messages.report({**DONE, "phase": "dry"})
    assert dry.startswith("would become DVC pointers: 1 file in 2 versions; 3 of 4 commits would change")
    assert "dvc gc" not in dry


def test_the_whole_report_leaves_nothing_out() -> None:
    many = {**DONE, "moved": [{"path": f"{n}.pkl", "bytes": n, "versions": 1} for n in range(30)]}
    assert "and 20 more" in messages.report(many)
    assert "29.pkl" in messages.report(many, whole=True)
    assert "more" not in messages.report(many, whole=True)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("unsigned_commits", ["a" * 40], "1 commit lost the signature"),
        ("unsigned_tags", ["a" * 40] * 2, "2 tags lost the signature"),
        ("mergetags", ["a" * 40], "lost the copy of a signed tag"),
        ("ids_left", [["b" * 40, "c" * 40]], "commits that keep their id name a changed one (1): bbbbbbbbbbbb"),
        ("clashing", ["A.pkl"], "names that differ by case only: A.pkl"),
        ("dropped", ["d.pkl"], "had a pointer already, the file itself went: d.pkl"),
        ("remarks", ["mind this"], "note: mind this"),
        ("stays", [{"path": "s.pkl", "reason": "its LFS object is not here"}], "git lfs fetch --all"),
        ("stays", [{"path": "s.pkl", "reason": STAND_IN_ABSENT}], "(trinity-guard migrate run     # in the clone that"),
    ],
)
def test_what_is_worth_knowing_is_said_when_it_is_so(key: str, value: list[Any], words: str) -> None:
    assert words in messages.report({**DONE, key: value})
    assert words not in messages.report(DONE)


def test_an_id_that_names_nothing_is_told_once() -> None:
    unresolved = [["1" * 40, "deadbee"], ["2" * 40, "deadbee"]]
    said = messages.report({**DONE, "unresolved_count": 2, "unresolved_ids": unresolved})
    assert said.count("deadbee") == 1
    assert "2 times" in said


def test_only_what_moved_is_published_and_nothing_of_a_forge(legacy: Legacy) -> None:
    refs = ["refs/heads/main", "refs/pull/1/head", "HEAD"]
    assert messages.force_push(legacy.place, "origin", refs) == "git push --force origin refs/heads/main"
    many = [f"refs/heads/b{n}" for n in range(11)]
    assert messages.force_push(legacy.place, "origin", many).startswith("git for-each-ref")
    legacy.git("config", "remote.origin.mirror", "true")
    assert "remote.origin.mirror=false push" in messages.push_command(legacy.place, "origin", [])


def test_the_next_steps_end_with_finish_and_push_comes_only_where_it_was_not_done(legacy: Legacy) -> None:
    legacy.git("remote", "add", "origin", "/nowhere")
    steps = [step["command"] for step in messages.next_steps(legacy.place, DONE)]
    assert steps[:2] == ["trinity-guard migrate verify", "trinity-guard migrate push"]
    assert steps[-1] == "trinity-guard migrate finish"
    pushed = messages.next_steps(legacy.place, {**DONE, "pushed": True})
    assert "trinity-guard migrate push" not in [step["command"] for step in pushed]


@pytest.mark.parametrize(("number", "words"), [(0, "0 files"), (1, "1 file"), (1234, "1,234 files")])
def test_numbers_are_counted_in_words(number: int, words: str) -> None:
    assert messages.count(number, "file") == words


@pytest.mark.parametrize("names", [["refs/heads/a"], [f"refs/heads/b{n}" for n in range(100)], ["HEAD"], []])
def test_where_nothing_is_to_be_published_no_push_is_named(legacy: Legacy, names: list[str]) -> None:
    """Without a name, git push --force would push whatever is checked out."""
    legacy.commit({"a": b"1"})
    legacy.git("remote", "add", "origin", "/nowhere")
    assert messages.force_push(legacy.place, "origin", names, names) == ""
    # As where others have deleted all that was rewritten, or it is gone here.
    values = {"pushed": True, "refs": [[name, "", ""] for name in names if name != "HEAD"], "deleted": names}
    assert not [step for step in messages.next_steps(legacy.place, values) if "git push" in step["command"]]
