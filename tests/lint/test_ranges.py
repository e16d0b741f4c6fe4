"""Every commit of a range: as it is written, and as the environment of a CI tells it."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
from pathlib import Path

import pytest

from tests.helpers.support import KB, Repo, run
from trinity_guard import cli
from trinity_guard.lint.formats import FORMATS

ZEROS = "0" * 40
ALLOW_FILE = ("-c", "protocol.file.allow=always")


def lint(repo: Repo, *args: str) -> tuple[int, list[tuple[str, str, str]]]:
    """Return (exit code, (rule, path, commit) of each finding)."""
    said = io.StringIO()
    with contextlib.chdir(repo.path), contextlib.redirect_stdout(said):
        code = cli.main(["lint", "--format", "json", *args])
    findings = json.loads(said.getvalue())["findings"] if code < 2 else []
    return code, sorted((f["rule"], f["path"], f["commit"] or "") for f in findings)


def commit(repo: Repo, **files: bytes | None) -> str:
    """Commit files (None: taken out) by their names, `_` for `.`, and return the commit's id."""
    for name, data in files.items():
        path = name.replace("_", ".")
        if data is None:
            repo.git("rm", "-q", "-f", path)
        else:
            repo.stage(path, data)
    repo.commit("--allow-empty")
    return repo.head()


@pytest.fixture
def work(bare_repo: Repo) -> Repo:
    """A history of one commit on main, and a hub that it is cloned from and pushed to."""
    commit(bare_repo, a_txt=b"a\n")
    hub = bare_repo.path.parent / "hub.git"
    run("git", "clone", "-q", "--bare", bare_repo.path, hub)
    bare_repo.git("remote", "add", "origin", str(hub))
    bare_repo.git("fetch", "-q", "origin")
    return bare_repo


# ---- ranges as they are written


def test_an_artifact_that_came_and_went_is_found_with_its_commit(work: Repo) -> None:
    work.git("checkout", "-q", "-b", "topic")
    added = commit(work, raw_pkl=b"x" * 9 * KB)
    removed = commit(work, raw_pkl=None)
    assert lint(work) == (0, [])  # the index knows nothing of it
    assert lint(work, "--range", "main..HEAD") == (1, [("TG002", "raw.pkl", added)])
    said = work.guard("lint", "--range", "main..topic", ok=False).stdout.decode()
    assert f"that commit {added[:10]} adds and {removed[:10]} takes out again" in said
    assert "9.2 kB" in said


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_file_and_commit(work: Repo, form: str, tmp_path: Path) -> None:
    added = commit(work, raw_pkl=b"x" * 99)
    commit(work, raw_pkl=None)
    done = work.guard("lint", "--range", "HEAD~2..HEAD", "--format", form, ok=False)
    assert done.returncode == 1
    for text in (b"TG002", b"raw.pkl", added[:10].encode(), b"takes out again"):
        assert text in done.stdout
    written = work.guard("lint", "--range", "HEAD~2..HEAD", "--format", form, "--output", str(tmp_path / "o"), ok=False)
    assert (tmp_path / "o").read_bytes() == done.stdout
    assert b"TG002" in written.stdout


def test_what_the_tip_still_has_is_told_as_such_and_a_replaced_version_too(work: Repo) -> None:
    first = commit(work, m_pkl=b"one")
    second = commit(work, m_pkl=b"two")
    assert lint(work, "--range", "HEAD~2..HEAD") == (1, [("TG001", "m.pkl", second), ("TG002", "m.pkl", first)])
    assert b" replaces: " in work.guard("lint", "--range", "HEAD~2..", ok=False).stdout
    assert lint(work, "--range", "HEAD~1..HEAD") == (1, [("TG001", "m.pkl", second)])
    assert lint(work, "--range", "HEAD..HEAD") == (0, [])


def test_a_single_revision_means_its_whole_history_and_a_root_is_looked_at(bare_repo: Repo) -> None:
    root = commit(bare_repo, m_pkl=b"one")
    commit(bare_repo, m_pkl=None)
    assert lint(bare_repo, "--range", "HEAD") == (1, [("TG002", "m.pkl", root)])
    assert b"git rebase -i --root" in bare_repo.guard("lint", "--range", "HEAD", ok=False).stdout
    bare_repo.git("config", "log.showRoot", "false")
    assert lint(bare_repo, "--range", "HEAD") == (1, [("TG002", "m.pkl", root)])


def test_renames_and_modes_hide_nothing_and_are_said_once(work: Repo) -> None:
    added = commit(work, m_bin=b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94.")
    work.git("update-index", "--chmod=+x", "m.bin")
    work.commit()
    work.git("checkout", "-q", "--", ".")
    work.git("mv", "m.bin", "é\n'.pkl")
    work.commit()
    work.git("config", "diff.renames", "copies")
    renamed = work.head()
    assert lint(work, "--range", "HEAD~3..HEAD") == (1, [("TG001", "é\n'.pkl", renamed), ("TG002", "m.bin", added)])


def test_what_a_merge_brings_itself_is_found_what_it_merges_is_not_said_again(work: Repo) -> None:
    work.git("checkout", "-q", "-b", "side")
    side = commit(work, side_pkl=b"side")
    work.git("checkout", "-q", "main")
    commit(work, b_txt=b"b\n")
    work.git("merge", "-q", "--no-commit", "side")
    work.stage("evil.pkl", b"evil")
    work.commit()
    evil = work.head()
    assert lint(work, "--range", "HEAD~2..HEAD") == (1, [("TG001", "evil.pkl", evil), ("TG001", "side.pkl", side)])
    commit(work, evil_pkl=None)
    assert ("TG002", "evil.pkl", evil) in lint(work, "--range", f"{evil}^..HEAD")[1]


def test_what_main_has_is_not_blamed_on_a_branch_that_merged_it(work: Repo) -> None:
    work.git("checkout", "-q", "-b", "topic")
    commit(work, t_txt=b"t\n")
    work.git("checkout", "-q", "main")
    commit(work, old_pkl=b"old")
    work.git("checkout", "-q", "topic")
    work.git("merge", "-q", "-m", "main into topic", "main")
    assert lint(work, "--range", "main..topic") == (0, [])
    assert lint(work, "--range", "main...topic") == (0, [])
    assert lint(work, "--range", "origin/main..topic")[0] == 1


def test_other_rules_look_at_a_range_too(work: Repo) -> None:
    secret = b"['remote \"s\"']\n    url = s3://b\n    password = hunter2\n"
    work.stage(".dvc/config", secret)
    work.stage("big.txt", b"text\n" * 2 * KB * KB)
    work.stage("bad.dvc", b"{{")
    work.commit()
    first = work.head()
    work.git("rm", "-q", "-r", ".dvc", "big.txt", "bad.dvc")
    work.commit()
    expected = [("TG005", "bad.dvc", first), ("TG006", ".dvc/config", first), ("TG009", "big.txt", first)]
    assert lint(work, "--range", "HEAD~2..HEAD") == (1, expected)


def test_paths_restrict_a_range(work: Repo) -> None:
    work.stage("one/a.pkl", b"1")
    work.stage("two/b.pkl", b"2")
    work.commit()
    work.git("rm", "-q", "-r", "one", "two")
    work.commit()
    assert [f[1] for f in lint(work, "--range", "HEAD~2..HEAD", "two")[1]] == ["two/b.pkl"]
    assert lint(work, "--range", "HEAD~2..HEAD", "three")[0] == 2


@pytest.mark.parametrize("text", ["nope..HEAD", "HEAD..nope", "nope", "--all..HEAD", "a..b..c", "HEAD:a.txt", "-x"])
def test_a_range_that_does_not_exist_is_refused(work: Repo, text: str) -> None:
    done = work.guard("lint", f"--range={text}", ok=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"trinity-guard: " in done.stderr


@pytest.mark.parametrize("args", [["--range", "HEAD"], ["--all"], ["--rev", "HEAD"]])
def test_without_a_commit_there_is_nothing_to_look_at_and_that_is_said(bare_repo: Repo, args: list[str]) -> None:
    assert lint(bare_repo, *args)[0] == 2
    assert lint(bare_repo) == (0, [])
    bare_repo.stage("a.pkl")
    assert lint(bare_repo) == (1, [("TG001", "a.pkl", "")])


# ---- told by a CI


def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, event: object, **more: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))
    told = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(file)}
    for key, value in {**told, **more}.items():
        monkeypatch.setenv(key, value)


@pytest.fixture
def topic(work: Repo) -> dict[str, str]:
    """A branch `topic`, on which an artifact came and went, pushed; main went on meanwhile. Ids by name."""
    ids = {"base": work.head()}
    work.git("checkout", "-q", "-b", "topic")
    ids["added"] = commit(work, raw_pkl=b"raw")
    ids["tip"] = commit(work, raw_pkl=None)
    work.git("checkout", "-q", "main")
    ids["main"] = commit(work, legacy_pkl=b"legacy")
    work.git("push", "-q", "origin", "main", "topic")
    work.git("checkout", "-q", "topic")
    return ids


def cloned(work: Repo, *args: str, branch: str = "topic") -> Repo:
    hub = work.path.parent / "hub.git"
    path = work.path.parent / "ci"
    run("git", *ALLOW_FILE, "clone", "-q", *args, "-b", branch, f"file://{hub}", path)
    return Repo(path)


def test_a_pull_request_on_github(
    work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    event = {"pull_request": {"base": {"sha": topic["main"]}, "head": {"sha": topic["tip"]}}}
    github(monkeypatch, tmp_path, "pull_request", event, GITHUB_BASE_REF="main")
    here = cloned(work)
    found = [("TG002", "raw.pkl", topic["added"])]
    assert lint(here) == (1, found)
    # actions/checkout leaves GitHub's own merge with the base: what the base has is not the branch's.
    here.git("checkout", "-q", "--detach", "origin/main")
    here.git("merge", "-q", "-m", "merge", "origin/topic")
    assert lint(here) == (1, found)
    event["pull_request"]["base"]["sha"] = "1" * 40  # pushed anew since
    github(monkeypatch, tmp_path, "pull_request", event, GITHUB_BASE_REF="main")
    assert lint(here) == (1, found)
    assert lint(here, "--all") == (1, [("TG001", "legacy.pkl", "")])


@pytest.mark.parametrize(
    ("before", "ref", "expected"),
    [
        ("base", "refs/heads/topic", ["raw.pkl"]),
        ("added", "refs/heads/topic", []),
        (ZEROS, "refs/heads/topic", ["raw.pkl"]),  # a first push
        ("1" * 40, "refs/heads/topic", ["raw.pkl"]),  # forced, over what is not here any more
        (ZEROS, "refs/tags/v1", ["raw.pkl"]),
    ],
)
def test_a_push_on_github(
    work: Repo,
    topic: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    before: str,
    ref: str,
    expected: list[str],
) -> None:
    event = {
        "before": topic.get(before, before),
        "after": topic["tip"],
        "repository": {"default_branch": "main"},
    }
    github(monkeypatch, tmp_path, "push", event, GITHUB_REF=ref)
    assert [f[1] for f in lint(cloned(work))[1]] == expected


def test_what_the_base_has_got_by_now_is_not_blamed_on_a_branch_that_merged_it(
    work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An event names the base as it was; the branch has merged it as it is."""
    work.git("merge", "-q", "-m", "merge", "main")
    tip = work.head()
    work.git("push", "-q", "origin", "topic")
    here = cloned(work)
    found = [("TG002", "raw.pkl", topic["added"])]
    event = {"pull_request": {"base": {"sha": topic["base"]}, "head": {"sha": tip}}}
    github(monkeypatch, tmp_path, "pull_request", event, GITHUB_BASE_REF="main")
    assert lint(here) == (1, found)
    pushed = {"before": topic["base"], "after": tip, "repository": {"default_branch": "main"}}
    github(monkeypatch, tmp_path, "push", pushed, GITHUB_REF="refs/heads/topic")
    assert lint(here) == (1, found)
    # Merged meanwhile: a run that is started again says what it said.
    here.git("update-ref", "refs/remotes/origin/main", tip)
    assert lint(here) == (1, [("TG001", "legacy.pkl", topic["main"]), *found])


def test_a_first_or_forced_push_of_the_default_branch_is_all_of_it(
    work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = cloned(work, branch="main")
    for before in (ZEROS, "1" * 40):
        event = {"before": before, "after": topic["main"], "repository": {"default_branch": "main"}}
        github(monkeypatch, tmp_path, "push", event, GITHUB_REF="refs/heads/main")
        assert lint(here) == (1, [("TG001", "legacy.pkl", topic["main"])])


def test_a_deleted_branch_is_nothing_and_a_started_run_is_the_index(
    work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    github(monkeypatch, tmp_path, "push", {"before": topic["tip"], "after": ZEROS}, GITHUB_REF="refs/heads/topic")
    assert lint(work) == (0, [])
    github(monkeypatch, tmp_path, "workflow_dispatch", {})
    work.git("checkout", "-q", "main")
    assert lint(work) == (1, [("TG001", "legacy.pkl", "")])


@pytest.mark.parametrize("event", [{}, [], {"pull_request": 3}, {"pull_request": {"base": {"sha": "x"}}}, "broken"])
def test_an_event_that_says_nothing_is_refused(
    work: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, event: object
) -> None:
    github(monkeypatch, tmp_path, "pull_request", event)
    assert lint(work)[0] == 2
    (tmp_path / "event.json").write_text("{" if event == "broken" else "[" * 100_000)
    assert lint(work)[0] == 2
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "gone"))
    assert lint(work)[0] == 2


@pytest.mark.parametrize("depth", ["1", "2"])
def test_a_shallow_clone_is_refused_with_the_remedy(
    work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, depth: str
) -> None:
    event = {"pull_request": {"base": {"sha": topic["main"]}, "head": {"sha": topic["tip"]}}}
    github(monkeypatch, tmp_path, "pull_request", event, GITHUB_BASE_REF="main")
    here = cloned(work, "--depth", depth, "--no-single-branch")
    for args in ([], ["--range", "origin/main..HEAD"], ["--range", "HEAD"]):
        done = here.guard("lint", *args, ok=False)
        assert done.returncode == 2
        for word in (b"shallow" if args else b"clone", b"git fetch --unshallow", b"fetch-depth: 0", b"GIT_DEPTH: 0"):
            assert word in done.stderr
    assert lint(here, "--rev", "HEAD") == (0, [])  # a tree is all there
    here.git(*ALLOW_FILE, "fetch", "-q", "--unshallow")
    assert lint(here) == (1, [("TG002", "raw.pkl", topic["added"])])


def test_a_shallow_clone_that_is_deep_enough_will_do(work: Repo, topic: dict[str, str]) -> None:
    here = cloned(work, "--depth", "3", "--no-single-branch")
    assert lint(here, "--range", f"{topic['added']}..HEAD") == (0, [])
    assert lint(here, "--range", f"{topic['base']}..HEAD") == (1, [("TG002", "raw.pkl", topic["added"])])


def test_a_ci_that_is_not_known_has_to_be_told(
    work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    here = cloned(work)
    done = here.guard("lint", ok=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"which are meant cannot be told" in done.stderr
    command = shlex.split(done.stderr.decode().splitlines()[1], comments=True)  # the one that helps
    assert lint(here, *command[2:]) == (1, [("TG002", "raw.pkl", topic["added"])])
    for args in (["--all"], ["--rev", "HEAD"], ["--range", f"{topic['tip']}..HEAD"], ["--fix"]):
        assert lint(here, *args) == (0, [])


def gitlab(monkeypatch: pytest.MonkeyPatch, **told: str) -> None:
    for key, value in {"CI": "true", "GITLAB_CI": "true", **told}.items():
        monkeypatch.setenv(key, value)


def test_a_merge_request_on_gitlab(work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    gitlab(monkeypatch, CI_MERGE_REQUEST_DIFF_BASE_SHA=topic["base"], CI_COMMIT_SHA=topic["tip"])
    here = cloned(work)
    found = [("TG002", "raw.pkl", topic["added"])]
    assert lint(here) == (1, found)
    here.git("checkout", "-q", "--detach", "origin/main")
    here.git("merge", "-q", "-m", "merged result", "origin/topic")
    gitlab(monkeypatch, CI_COMMIT_SHA=here.head(), CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=topic["tip"])
    assert lint(here) == (1, found)


@pytest.mark.parametrize(("before", "code"), [("base", 1), ("added", 0), (ZEROS, 1)])
def test_a_push_on_gitlab(
    work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch, before: str, code: int
) -> None:
    gitlab(
        monkeypatch,
        CI_PIPELINE_SOURCE="push",
        CI_COMMIT_BRANCH="topic",
        CI_DEFAULT_BRANCH="main",
        CI_COMMIT_BEFORE_SHA=topic.get(before, before),
        CI_COMMIT_SHA=topic["tip"],
    )
    here = cloned(work)
    assert lint(here)[0] == code
    if before == ZEROS:  # a runner fetches the pipeline's own branch alone
        here.git("update-ref", "-d", "refs/remotes/origin/main")
        done = here.guard("lint", ok=False)
        assert done.returncode == 2
        assert b"git fetch origin +refs/heads/main:refs/remotes/origin/main" in done.stderr
        monkeypatch.delenv("CI_COMMIT_BRANCH")  # that of a tag names no branch
        assert topic["tip"][:10].encode() in here.guard("lint", ok=False).stderr
    monkeypatch.setenv("CI_PIPELINE_SOURCE", "schedule")
    assert lint(here) == (0, [])


def test_the_push_stage_of_the_framework(work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert lint(work) == (0, [])
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", topic["base"])
    monkeypatch.setenv("PRE_COMMIT_TO_REF", topic["tip"])
    assert lint(work) == (1, [("TG002", "raw.pkl", topic["added"])])


def test_the_push_stage_of_the_framework_when_it_names_no_range(
    work: Repo, topic: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it does for a push that takes a root along: it calls that `all files`."""
    monkeypatch.setenv("PRE_COMMIT", "1")
    monkeypatch.setenv("PRE_COMMIT_REMOTE_NAME", "elsewhere")
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/topic")
    assert lint(work) == (1, [("TG002", "raw.pkl", topic["added"])])
    monkeypatch.setenv("PRE_COMMIT_REMOTE_NAME", "origin")
    assert lint(work) == (0, [])  # that one has it all
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "gone")
    assert lint(work)[0] == 2
