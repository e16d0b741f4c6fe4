"""The baseline: what it hides, what it says of it, how it is merged, and what it refuses to read."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.support import run
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.lint import baseline
from trinity_guard.lint.baseline import HEADER, RULE, BaselineEntry
from trinity_guard.lint.finding import Finding

BEFORE, TODAY = "2026-01-01", "2026-11-24"
WHY = "moved in March"


def made(path: bytes = b"models/a.pkl", rule: str = "TG001", key: str = "") -> Finding:
    return Finding(rule, path, "an artifact", key=key)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "baseline"


def name(file: Path) -> bytes:
    return os.fsencode(file)


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def update(
    file: Path, *findings: Finding, reason: str = WHY, today: str = TODAY, expires: str = ""
) -> baseline.Updated:
    return baseline.update(name(file), findings, reason, today, expires)


# --- what it hides


def test_what_is_in_the_baseline_is_hidden_and_what_is_new_is_not(file: Path) -> None:
    old, new = made(b"old.pkl"), made(b"new.pkl")
    update(file, old)
    applied = baseline.load(name(file)).apply([old, new], TODAY)
    assert (applied.kept, applied.hidden, applied.unused) == ([new], 1, [])


def test_a_file_that_changed_is_found_again(file: Path) -> None:
    update(file, made(key="blob one"))
    changed = made(key="blob two")
    assert baseline.load(name(file)).apply([changed], TODAY).kept == [changed]


def test_an_entry_whose_finding_is_gone_is_told_as_unused(file: Path) -> None:
    update(file, made(b"gone.pkl"))
    (unused,) = baseline.load(name(file)).apply([], TODAY).unused
    assert (unused.path, unused.rule, unused.reason) == (b"gone.pkl", "TG001", WHY)


def test_nobody_says_unused_of_what_was_not_looked_for(file: Path) -> None:
    update(file, made(rule="TG003"))
    applied = baseline.load(name(file)).apply([], TODAY, lambda entry: entry.rule != "TG003")
    assert applied.unused == []


@pytest.mark.parametrize(("expires", "hidden"), [("2026-11-23", 0), ("2026-11-24", 1), ("2026-11-25", 1)])
def test_an_entry_hides_up_to_its_last_day(file: Path, expires: str, hidden: int) -> None:
    finding = made()
    update(file, finding, today=BEFORE, expires=expires)
    applied = baseline.load(name(file)).apply([finding], TODAY)
    assert applied.hidden == hidden
    assert (finding in applied.kept) == (not hidden)


@pytest.mark.parametrize("still_there", [True, False])
def test_an_expired_entry_is_a_finding_that_names_it(file: Path, still_there: bool) -> None:
    finding = made()
    update(file, finding, today=BEFORE, expires="2026-01-31")
    applied = baseline.load(name(file)).apply([finding] if still_there else [], TODAY)
    expired = applied.kept[-1]
    assert (expired.rule, expired.level, expired.path, expired.line) == (RULE, "error", name(file), 2)
    assert all(part in expired.problem for part in ("2026-01-31", "TG001", "models/a.pkl", WHY))
    assert "--expires" in expired.remedy
    assert (finding in applied.kept) == still_there


def test_an_entry_edited_to_name_another_file_hides_nothing(file: Path) -> None:
    finding = made()
    update(file, finding)
    file.write_text(file.read_text().replace("models/a.pkl", "models/b.pkl"))
    applied = baseline.load(name(file)).apply([finding], TODAY)
    assert applied.kept == [finding]
    assert len(applied.unused) == 1


# --- how it is written


def test_an_entry_is_one_line_that_a_person_can_read(file: Path) -> None:
    update(file, made("modèle.pkl".encode()), expires="2027-01-01")
    mark = made("modèle.pkl".encode()).fingerprint
    assert lines(file) == [
        HEADER,
        f'{{"rule": "TG001", "path": "modèle.pkl", "fingerprint": "{mark}", "reason": "{WHY}", '
        '"added": "2026-11-24", "expires": "2027-01-01"}',
    ]


def test_entries_are_sorted_whatever_the_order_of_the_findings(file: Path, tmp_path: Path) -> None:
    findings = [made(p) for p in (b"c", b"a", b"b")] + [made(b"a", "TG009")]
    other = tmp_path / "other"
    update(file, *findings)
    update(other, *reversed(findings))
    assert file.read_bytes() == other.read_bytes()
    assert [json.loads(line)["path"] for line in lines(file)[1:]] == ["a", "a", "b", "c"]


def test_an_update_keeps_reasons_and_days_drops_what_is_gone_and_adds_what_is_new(file: Path) -> None:
    update(file, made(b"stays"), made(b"goes"), today="2026-01-01", expires="2027-06-30")
    before = lines(file)
    done = update(file, made(b"stays"), made(b"comes"), reason="another")
    assert (done.added, done.kept, done.dropped, done.renewed) == (1, 1, 1, 0)
    comes, stays = lines(file)[1:]
    assert stays in before
    assert json.loads(comes)["reason"] == "another"
    assert json.loads(comes)["added"] == TODAY


def test_an_update_drops_nothing_that_was_not_looked_for(file: Path) -> None:
    update(file, made(rule="TG003"), made())
    baseline.update(name(file), [], "", TODAY, looked=lambda entry: entry.rule != "TG003")
    assert [json.loads(line)["rule"] for line in lines(file)[1:]] == ["TG003"]


def test_an_update_without_news_touches_nothing_and_needs_no_reason(file: Path) -> None:
    update(file, made())
    before = file.stat()
    update(file, made(), reason="")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_new_entry_needs_a_reason_and_nothing_is_written_without(file: Path) -> None:
    with pytest.raises(GuardError, match=r"needs a reason: TG001 models/a\.pkl") as caught:
        update(file, made(), reason=" ")
    assert caught.value.exit_code == UNUSABLE
    assert not file.exists()


def test_an_expired_entry_gets_a_new_day_only_when_one_is_given(file: Path) -> None:
    update(file, made(), today=BEFORE, expires="2026-01-31")
    before = file.read_bytes()
    update(file, made())
    assert file.read_bytes() == before
    done = update(file, made(), reason="one more quarter", expires="2027-01-31")
    entry = json.loads(lines(file)[1])
    assert (done.renewed, entry["expires"], entry["reason"]) == (1, "2027-01-31", "one more quarter")


def test_a_finding_about_an_expired_entry_is_never_put_into_the_baseline(file: Path) -> None:
    update(file, made(), today=BEFORE, expires="2026-01-31")
    kept = baseline.load(name(file)).apply([made()], TODAY).kept
    update(file, *kept)
    assert len(lines(file)) == 2


def test_an_artifact_in_two_commits_is_one_entry(file: Path) -> None:
    twice = [Finding("TG002", b"a.pkl", "x", commit=c * 40, key="k") for c in "ab"]
    update(file, *twice)
    assert len(lines(file)) == 2
    assert baseline.load(name(file)).apply(twice, TODAY).hidden == 2


@pytest.mark.parametrize("expires", ["2027-2-1", "20270201", "soon", "2027-02-30"])
def test_a_day_that_is_none_is_refused_before_anything_is_written(file: Path, expires: str) -> None:
    with pytest.raises(GuardError, match="is no day"):
        update(file, made(), expires=expires)
    assert not file.exists()


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=st.lists(
        st.builds(
            BaselineEntry,
            st.sampled_from(["TG001", "TG002"]),
            st.binary(min_size=1, max_size=20),
            st.text("0123456789abcdef", min_size=32, max_size=32),
            st.text(min_size=1, max_size=20),
            st.dates().map(lambda d: d.isoformat()),
            st.just("") | st.dates().map(lambda d: d.isoformat()),
        ),
        max_size=5,
        unique_by=lambda e: e.key,
    )
)
def test_any_name_and_any_reason_come_back_from_one_line_each(file: Path, entries: list[BaselineEntry]) -> None:
    baseline.write(name(file), entries)
    assert len(file.read_bytes().decode().splitlines()) == len(entries) + 1
    again = baseline.load(name(file)).entries
    assert [e.encode() for e in again] == [e.encode() for e in sorted(entries, key=lambda e: e.key)]
    assert [e.path for e in again] == sorted(e.path for e in entries)
    assert [e.line for e in again] == list(range(2, len(entries) + 2))


# --- how it is merged


def test_two_branches_that_add_entries_merge_without_a_conflict(bare_repo_with_baseline: Path) -> None:
    top = bare_repo_with_baseline
    file = top / "baseline"
    run("git", "checkout", "-q", "-b", "side", cwd=top)
    known = [made(b"m%d.pkl" % n) for n in range(5)]
    update(file, *known, made(b"a.pkl"))
    run("git", "commit", "-q", "-am", "side", cwd=top)
    run("git", "checkout", "-q", "main", cwd=top)
    update(file, *known, made(b"z.pkl"))
    run("git", "commit", "-q", "-am", "main", cwd=top)
    run("git", "merge", "-q", "-m", "merge", "side", cwd=top)
    paths = [e.path for e in baseline.load(name(file)).entries]
    assert paths == sorted([b"a.pkl", b"z.pkl", *(f.path for f in known)])


def test_a_real_conflict_is_told_with_its_line(bare_repo_with_baseline: Path) -> None:
    top = bare_repo_with_baseline
    file = top / "baseline"
    known = [made(b"m%d.pkl" % n) for n in range(5)]
    run("git", "checkout", "-q", "-b", "side", cwd=top)
    update(file, *known, made(b"z.pkl"), reason="one")
    run("git", "commit", "-q", "-am", "side", cwd=top)
    run("git", "checkout", "-q", "main", cwd=top)
    update(file, *known, made(b"z.pkl"), reason="other")
    run("git", "commit", "-q", "-am", "main", cwd=top)
    assert run("git", "merge", "side", cwd=top, ok=False).returncode == 1
    with pytest.raises(GuardError, match=r"line 7: .*merge conflict") as caught:
        baseline.load(name(file))
    assert caught.value.exit_code == UNUSABLE
    with pytest.raises(GuardError, match="merge conflict"):
        update(file, *known)
    assert b"<<<<<<<" in file.read_bytes()


@pytest.fixture
def bare_repo_with_baseline(tmp_path: Path) -> Path:
    top = tmp_path / "repo"
    top.mkdir()
    run("git", "init", "-q", "-b", "main", cwd=top)
    update(top / "baseline", *(made(b"m%d.pkl" % n) for n in range(5)))
    run("git", "add", "baseline", cwd=top)
    run("git", "commit", "-q", "-m", "baseline", cwd=top)
    return top


def test_a_line_that_a_merge_brought_twice_counts_once(file: Path) -> None:
    update(file, made())
    file.write_text(file.read_text() + lines(file)[1] + "\n")
    assert len(baseline.load(name(file)).entries) == 1


def test_lines_that_disagree_are_refused_and_an_update_keeps_the_one_that_hides_less(file: Path) -> None:
    update(file, made(), reason="ours")
    twin = lines(file)[1].replace('"ours"', '"theirs"').replace("}", ', "expires": "2199-01-01"}')
    file.write_text(f"{file.read_text()}{twin}\nno entry\n")
    with pytest.raises(GuardError, match="line 3: the line says otherwise of what line 2 says") as caught:
        baseline.load(name(file))
    assert "trinity-guard lint --baseline" in caught.value.remedy
    update(file, made())
    assert [(e.reason, e.expires) for e in baseline.load(name(file)).entries] == [("theirs", "2199-01-01")]


@pytest.mark.parametrize("what", ["link", "pipe"])
def test_neither_a_link_nor_a_pipe_is_a_baseline(file: Path, what: str) -> None:
    other = file.with_name("other")
    update(other, made())
    before = other.read_bytes()
    if what == "link":
        file.symlink_to(other)
    else:
        os.mkfifo(file)
    for act in (lambda: baseline.load(name(file)), lambda: update(file, made(), made(b"b.pkl"))):
        with pytest.raises(GuardError, match=r"it is (a symbolic link|no regular file)") as caught:
            act()
        assert caught.value.exit_code == UNUSABLE
    assert other.read_bytes() == before


# --- what it refuses


GOOD = {"rule": "TG001", "path": "a", "fingerprint": "f" * 32, "reason": "r", "added": TODAY}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "cannot be read"),
        ("nonsense", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ('{"rule": "a", "rule": "b"}', "cannot be read"),
        ("[]", "is no entry"),
        ('"x"', "is no entry"),
        (json.dumps({**GOOD, "until": "x"}), "not known: 'until'"),
        (json.dumps({**GOOD, "\x1b[31m": "x"}), r"not known: '\\x1b\[31m'"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "reason"}), "has no 'reason'"),
        (json.dumps({**GOOD, "reason": ""}), "has no 'reason'"),
        (json.dumps({**GOOD, "path": 5}), "has a wrong 'path'"),
        (json.dumps({**GOOD, "expires": None}), "has no 'expires'"),
        (json.dumps({**GOOD, "path": "\ud800"}), "half a letter"),
        (json.dumps({**GOOD, "reason": "\ud800"}), "half a letter"),
        (json.dumps({**GOOD, "added": "yesterday"}), "'yesterday' is no day"),
        (json.dumps({**GOOD, "expires": "2026-13-01"}), "'2026-13-01' is no day"),
        ("<<<<<<< HEAD", "merge conflict"),
        ("=======", "merge conflict"),
        ("||||||| base", "merge conflict"),
        (">>>>>>> side", "merge conflict"),
    ],
)
def test_a_line_that_is_none_of_ours_is_an_error_with_its_number(file: Path, line: str, words: str) -> None:
    file.write_text(f"{HEADER}\n{json.dumps(GOOD)}\n{line}\n")
    with pytest.raises(GuardError, match=f"line 3: .*{words}") as caught:
        baseline.load(name(file))
    assert caught.value.exit_code == UNUSABLE
    assert caught.value.remedy


def test_two_entries_that_contradict_each_other_are_an_error(file: Path) -> None:
    file.write_text(f"{HEADER}\n{json.dumps(GOOD)}\n{json.dumps({**GOOD, 'reason': 'other'})}\n")
    with pytest.raises(GuardError, match=r"line 3: .*otherwise of what line 2 says"):
        baseline.load(name(file))


@pytest.mark.parametrize("data", [b"", b"\n", b"{}\n", HEADER.replace("1", "2").encode() + b"\n", b"\xff\xfe\n"])
def test_a_file_that_is_no_baseline_is_an_error(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(GuardError, match=r"line 1: .*no baseline of this version"):
        baseline.load(name(file))


def test_a_missing_baseline_is_an_error_that_says_how_to_make_one(file: Path) -> None:
    with pytest.raises(GuardError, match="there is no baseline") as caught:
        baseline.load(name(file))
    assert caught.value.exit_code == UNUSABLE
    assert "--update-baseline" in caught.value.remedy


def test_a_folder_is_no_baseline(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="cannot read") as caught:
        baseline.load(name(tmp_path))
    assert caught.value.exit_code == UNUSABLE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | st.binary(max_size=100).map(lambda b: HEADER.encode() + b"\n" + b))
def test_any_bytes_are_a_baseline_or_an_error_with_a_line(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    try:
        baseline.load(name(file))
        refusal = None
    except GuardError as error:
        refusal = error
    assert refusal is None or (refusal.exit_code == UNUSABLE and re.search(r"line \d+: ", refusal.problem))


def test_line_ends_of_windows_are_read_and_written_back_as_ours(file: Path) -> None:
    update(file, made())
    ours = file.read_bytes()
    file.write_bytes(ours.replace(b"\n", b"\r\n"))
    update(file, made(), reason="")
    assert file.read_bytes() == ours
