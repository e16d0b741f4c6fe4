"""`trinity-guard migrate`: what info says, what a run does and asks, verify, undo, push, finish, wrong usage."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.migrations import Legacy, make_legacy, out, refused
from tests.helpers.support import KB, Repo, objects, run
from trinity_guard import cli

ID = 10


@pytest.fixture
def legacy(tmp_path: Path) -> Legacy:
    return make_legacy(tmp_path / "work")


# --- info


def test_info_tells_per_pattern_what_would_move(legacy: Legacy) -> None:
    before = legacy.everything()
    said = json.loads(out(legacy, "info", "--format", "json"))
    assert [(p["pattern"], p["files"], p["blobs"], p["commits"], p["bytes"]) for p in said["patterns"]] == [
        ("*.pkl", 1, 2, 3, 22 * KB),
        ("*.csv", 1, 1, 2, 8000),
    ]
    assert said["refs"] == ["refs/heads/main"]
    assert said["commits"] == 4
    assert said["largest"][0] == {"path": "models/a.pkl", "versions": 2, "bytes": 22 * KB}
    assert said["git_bytes_after"] < said["git_bytes"] - 20 * KB
    assert legacy.everything() == before


def test_info_as_a_table_says_which_refs_it_looked_at(legacy: Legacy) -> None:
    lines = out(legacy, "info").splitlines()
    assert lines[0] == "main (the current branch; --everything: all branches and tags): 4 commits"
    assert lines[2].split() == ["pattern", "files", "blobs", "commits", "unpacked", "in", "Git"]
    assert lines[3].split()[:4] == ["*.pkl", "1", "2", "3"]
    assert "branches: 2, tags: 1: 5 commits" in out(legacy, "info", "--everything")


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (["--include", "*.py"], {"*.py": 1}),
        (["--include", "*.pkl", "*.csv", "--exclude", "models/"], {"*.csv": 1}),
        (["--above", "9 kB"], {"above 9 kB": 1}),
        (["--include", "*.pkl", "--above", "11kB"], {"*.pkl": 1}),
        (["--above", "1 MB"], {}),
        (["--ref", "side"], {"*.pkl": 2, "*.csv": 1}),
        (["--ref", "v1", "--include", "*.pkl"], {"*.pkl": 1}),
    ],
)
def test_what_is_meant_can_be_chosen_by_name_size_and_ref(
    legacy: Legacy, args: list[str], found: dict[str, int]
) -> None:
    said = json.loads(out(legacy, "info", "--format", "json", *args))
    assert {p["pattern"]: p["files"] for p in said["patterns"]} == found


def test_patterns_and_exclude_come_from_the_config_in_a_bare_repository_from_its_head(legacy: Legacy) -> None:
    legacy.add(".trinity-guard.toml", b'patterns = ["*.csv", "*.pkl"]\nexclude = ["models/"]\n')
    assert [p["pattern"] for p in json.loads(out(legacy, "info", "--format", "json"))["patterns"]] == ["*.csv"]
    bare = legacy.path.parent / "bare.git"
    run("git", "clone", "-q", "--bare", legacy.path, bare)
    assert [p["pattern"] for p in json.loads(out(Repo(bare), "info", "--format", "json"))["patterns"]] == ["*.csv"]


def test_info_says_what_would_stay_and_why(legacy: Legacy) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
    legacy.add("far.pkl", pointer)
    legacy.add("con.pkl", b"one")
    legacy.add("con.pkl.dvc", b"outs:\n- md5: " + b"1" * 32 + b"\n  size: 3\n  hash: md5\n  path: con.pkl\n")
    legacy.git("rm", "-q", "con.pkl", "con.pkl.dvc")
    same = legacy.stage("same.pkl", b"two")
    assert same == b"two"
    legacy.add(
        "same.pkl.dvc", b"outs:\n- md5: b8a9f715dbb64fd5c56e7783c6820a61\n  size: 3\n  hash: md5\n  path: same.pkl\n"
    )
    said = json.loads(out(legacy, "info", "--format", "json"))
    stops = "in its commit `dvc pull` stops at con.pkl: Git has other bytes of it than con.pkl.dvc records"
    stays = {(e["path"], e["reason"]) for e in said["stays"]}
    assert {("con.pkl", stops), ("far.pkl", stops), ("far.pkl", "its LFS object is not here")} <= stays
    assert "same.pkl" not in {path for path, _ in stays}
    table = out(legacy, "info")
    assert f"stays in Git:\n  con.pkl: {stops}" in table
    assert "git lfs fetch --all" in table


def test_an_object_that_is_missing_is_named_once(legacy: Legacy) -> None:
    blob = legacy.head_of("main:data/t.csv")
    (legacy.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for command in (["info"], ["run", "--yes"]):
        assert f"Git cannot read the object {blob}: missing; no ref was moved." in refused(legacy, *command, code=2)


# --- run


def test_without_a_terminal_the_plan_is_shown_and_yes_is_asked_for(legacy: Legacy) -> None:
    before = legacy.everything()
    done = legacy.guard("migrate", "--everything", "--include", "*.pkl", ok=False)
    assert done.returncode == 2
    assert b"*.pkl" in done.stdout
    assert b"trinity-guard migrate run --everything --include '*.pkl' --yes" in done.stderr
    assert legacy.everything() == before


def test_on_a_terminal_it_asks_and_no_is_the_answer_unless_it_is_yes(legacy: Legacy) -> None:
    before = legacy.everything()
    assert "nothing was changed" in on_a_terminal(legacy, "n\n", "migrate")
    assert legacy.everything() == before
    assert "became DVC pointers" in on_a_terminal(legacy, "y\n", "migrate")
    assert legacy.refs()["refs/heads/main"] != before["refs"]["refs/heads/main"]  # type: ignore[index]


def on_a_terminal(repo: Repo, answer: str, *args: str) -> str:
    """Run the program on a pseudo-terminal, and return what it printed there."""
    import pty

    pid, terminal = pty.fork()
    if not pid:
        os.chdir(repo.path)
        os.execv(sys.executable, [sys.executable, "-m", "trinity_guard", *args])
    os.write(terminal, answer.encode())
    said = b""
    try:
        while piece := os.read(terminal, 1 << 16):
            said += piece
    except OSError:
        pass  # a terminal whose program is gone
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said.decode()
    return said.decode()


def test_a_run_moves_the_current_branch_alone_and_a_fresh_clone_gets_every_old_version(legacy: Legacy) -> None:
    old = {name: legacy.head_of(name) for name in ("main", "main~1", "side")}
    was = {commit: legacy.show("models/a.pkl", commit) for commit in old.values()}
    said = out(legacy, "run", "--yes", "--push")
    assert "refs/heads/main  " in said
    assert "refs/heads/side  " not in said
    assert legacy.head_of("side") == old["side"]
    assert legacy.git("status", "--porcelain").stdout == b""
    assert legacy.tracked("models/a.pkl.dvc")
    assert not legacy.tracked("models/a.pkl")
    ids = dict(line.split() for line in (legacy.state / "commit-map").read_text().splitlines())
    assert len(ids) == 4
    for name in ("main", "main~1"):
        assert ids[old[name]] == legacy.head_of(name)
        assert legacy.pulled_in_a_fresh_clone("models/a.pkl", ids[old[name]]) == was[old[name]]
    kept = legacy.head_of("refs/trinity-guard/original/heads/main")
    assert kept == old["main"]


def test_everything_is_all_branches_and_tags(legacy: Legacy) -> None:
    before = legacy.refs()
    out(legacy, "run", "--everything", "--yes")
    after = legacy.refs()
    for name in ("refs/heads/main", "refs/heads/side", "refs/tags/v1"):
        assert after[name] != before[name]
    assert not legacy.tracked("models/side.pkl", "side")


def test_a_dry_run_does_everything_but_move_refs(legacy: Legacy) -> None:
    before = legacy.everything()
    said = out(legacy, "run", "--everything", "--dry-run")
    assert "would become DVC pointers: 3 files in 4 versions; 4 of 5 commits would change" in said
    assert "nothing was moved" in said
    assert legacy.everything() == before
    assert (legacy.state / "commit-map").exists()


def test_the_report_is_kept_as_text_and_as_json(legacy: Legacy) -> None:
    said = out(legacy, "run", "--everything", "--yes")
    values = json.loads((legacy.state / "report.json").read_text())
    assert (values["files_moved"], values["blobs_moved"], values["commits"], values["phase"]) == (3, 4, 5, "done")
    assert (legacy.state / "report.txt").read_text().rstrip() in said
    assert "dvc gc -w" in said
    assert "Git keeps the differences" in said


def test_what_is_worth_knowing_is_in_the_report(legacy: Legacy) -> None:
    old = legacy.head_of("main")[:ID]
    legacy.stage("models/a.pkl", 2 * KB)
    legacy.git("commit", "-q", "-m", f"Take back {old}, not deadbee1")
    legacy.git("commit", "-q", "--allow-empty", "-m", "Nor deadbee1")
    said = out(legacy, "run", "--yes")
    assert "note: 2 times a message has an id that names no commit of these refs, which stays: deadbee1\n" in said
    assert "refs that are not rewritten keep the old history alive: refs/heads/side, refs/tags/v1" in said
    assert legacy.head_of("main~2")[:ID].encode() in legacy.git("log", "-1", "--format=%s", "main~1").stdout


@pytest.mark.slow
def test_a_stand_in_without_its_data_is_named_with_what_helps_and_moves_where_the_data_is(
    repo: Repo, tmp_path: Path
) -> None:
    data = repo.stage("models/a.pkl", 5 * KB)
    repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "past the hooks")
    clone = Repo(tmp_path / "clone")
    run("git", "clone", "-q", repo.path, clone.path)
    before = clone.head()
    ran = clone.guard("migrate", "run", "--yes", ok=False)
    assert ran.returncode == 1  # nothing could be moved of what was meant
    for said in (ran.stdout.decode(), out(clone, "info")):
        assert "the DVC cache here does not have the data that it names\n" in said
        assert "(trinity-guard migrate run     # in the clone that added them: its DVC cache has their data)" in said
    assert clone.head() == before
    assert "became DVC pointers: 1 file in 1 version" in out(repo, "run", "--yes")
    assert "every byte is there" in out(repo, "verify")
    assert repo.tracked("models/a.pkl.dvc")
    assert repo.file("models/a.pkl").read_bytes() == data
    out(repo, "undo")
    assert repo.git("status", "--porcelain").stdout == b""


def test_nothing_to_migrate_says_so_and_changes_nothing(legacy: Legacy) -> None:
    before = legacy.everything()
    assert "nothing to migrate" in out(legacy, "run", "--yes", "--include", "*.xyz")
    said = out(legacy, "--include", "*.xyz")
    assert "no file of this history matches" in said
    assert "keep the old history" not in said  # there will be no other one
    assert legacy.everything() == before


def test_without_a_commit_there_is_nothing_to_migrate(bare_repo: Repo) -> None:
    assert "there is no commit yet" in out(bare_repo, "run", "--yes")
    assert "no file of this history matches" in out(bare_repo, "info")


def test_a_second_run_is_refused_until_the_first_is_finished(legacy: Legacy) -> None:
    out(legacy, "run", "--yes")
    assert "migrate finish" in refused(legacy, "run", "--yes", code=2)


def test_branches_of_a_remote_without_one_of_our_own_can_be_made(legacy: Legacy, tmp_path: Path) -> None:
    run("git", "clone", "-q", legacy.path, tmp_path / "clone")
    clone = Legacy(tmp_path / "clone")
    assert "git branch --track side origin/side" in out(clone, "info", "--everything")
    before = clone.everything()
    said = clone.guard("migrate", "--everything", "--remote-branches", ok=False)
    assert b"branches: 2, tags: 1: 5 commits" in said.stdout
    assert said.returncode == 2
    assert clone.everything() == before
    assert "refs/heads/side" not in clone.refs()
    out(clone, "run", "--everything", "--remote-branches", "--yes")
    assert not clone.tracked("models/side.pkl", "side")


def test_an_earlier_run_that_was_cut_off_is_completed(legacy: Legacy) -> None:
    out(legacy, "run", "--everything", "--yes")
    done = legacy.everything()
    # As a kill just behind the transaction leaves it: refs moved, work tree and index not.
    state = json.loads((legacy.state / "state.json").read_text())
    (legacy.state / "state.json").write_text(json.dumps({**state, "phase": "moving"}))
    legacy.git("read-tree", "refs/trinity-guard/original/heads/main")
    (legacy.path / ".dvc" / "config").unlink()
    again = legacy.guard("migrate")
    assert b"cut off while its refs moved: it is complete now" in again.stderr
    assert b"became DVC pointers" in again.stdout
    assert legacy.everything() == done


# --- the remote


def config_at(repo: Repo, revision: str) -> str:
    return repo.show(".dvc/config", revision).decode()


def test_the_history_gets_the_remote_that_was_typed_as_init_would_write_it(legacy: Legacy, tmp_path: Path) -> None:
    out(legacy, "run", "--yes", "--remote", "../elsewhere", "--push")
    assert config_at(legacy, "main~2") == config_at(legacy, "main")
    other = Repo.make(tmp_path / "other", guarded=False)
    other.guard("init", "--remote", "../elsewhere", "--hooks", "none", "-q")
    assert config_at(legacy, "main") == (other.path / ".dvc" / "config").read_text()
    assert len(objects(tmp_path / "elsewhere" / "files" / "md5")) == 3


def test_without_one_it_is_the_folder_that_init_would_choose(legacy: Legacy) -> None:
    out(legacy, "run", "--yes", "--push")
    assert f"url = {legacy.storage}\n" in config_at(legacy, "main~2")
    assert set(objects(legacy.storage / "files" / "md5")) == set(legacy.cached())


def test_a_secret_in_the_address_is_refused_and_never_repeated(legacy: Legacy) -> None:
    before = legacy.everything()
    said = refused(legacy, "run", "--yes", "--remote", "https://me:hunter2@host/x", code=2)
    assert "hunter2" not in said
    assert "trinity-guard migrate run --remote" in said
    assert legacy.everything() == before


@pytest.mark.slow
def test_the_config_that_is_there_is_kept_and_another_address_refused(repo: Repo, tmp_path: Path) -> None:
    legacy = Legacy(repo.path)
    legacy.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "--allow-empty", "-m", "x")
    legacy.stage("models/a.pkl", 10 * KB)
    legacy.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "raw")
    before = config_at(legacy, "HEAD")
    said = refused(legacy, "run", "--yes", "--remote", str(tmp_path / "another"), code=2)
    assert "names another remote" in said
    out(legacy, "run", "--yes", "--remote", str(legacy.storage), "--push")
    assert config_at(legacy, "HEAD") == before
    assert legacy.pulled_in_a_fresh_clone("models/a.pkl")


def test_a_credential_in_the_committed_config_would_be_in_every_commit(repo: Repo) -> None:
    legacy = Legacy(repo.path)
    legacy.dvc("remote", "modify", "storage", "url", "s3://bucket/x")
    legacy.dvc("remote", "modify", "storage", "secret_access_key", "hunter2")
    legacy.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-a", "-m", "for everybody")
    said = refused(legacy, "run", "--yes")
    assert "holds credentials" in said
    assert "hunter2" not in said


def test_refs_do_not_move_when_the_objects_cannot_go(legacy: Legacy) -> None:
    before = legacy.refs()
    legacy.storage.write_bytes(b"a file where the folder should be")
    assert refused(legacy, "run", "--yes", "--push")
    assert legacy.refs() == before
    legacy.storage.unlink()
    out(legacy, "run", "--yes", "--push")
    assert len(objects(legacy.storage / "files" / "md5")) == 3


def test_push_afterwards_sends_what_is_lacking(legacy: Legacy) -> None:
    assert "trinity-guard migrate push" in out(legacy, "run", "--yes")
    assert "has all 3 objects (3 sent now)" in out(legacy, "push")
    assert "has all 3 objects (0 sent now)" in out(legacy, "push")
    assert set(objects(legacy.storage / "files" / "md5")) == set(legacy.cached())


@pytest.mark.slow
@pytest.mark.parametrize("bare", [False, True])
def test_the_remote_that_was_typed_is_known_where_what_is_checked_out_does_not_name_it(
    legacy: Legacy, tmp_path: Path, bare: bool
) -> None:
    legacy.git("checkout", "-q", "-b", "clean", "main~3")
    repo = legacy
    if bare:
        repo = Legacy(tmp_path / "bare.git")
        run("git", "clone", "-q", "--mirror", legacy.path, repo.path)
    out(repo, "run", "--everything", "--yes", "--remote", "../typed")
    assert ".dvc" not in repo.git("ls-tree", "--name-only", "HEAD").stdout.decode()
    assert "4 objects" in refused(repo, "finish", "--yes")
    assert "the DVC remote 'storage' has all 4 objects (4 sent now)" in out(repo, "push")
    assert len(objects(tmp_path / "typed" / "files" / "md5")) == 4
    assert "Git's objects" in out(repo, "finish", "--yes")
    assert [p.name for p in tmp_path.iterdir() if "storage" in p.name] == []


@pytest.mark.slow
def test_objects_are_found_when_their_branch_is_checked_out_later(legacy: Legacy, tmp_path: Path) -> None:
    legacy.git("checkout", "-q", "-b", "clean", "main~3")
    out(legacy, "run", "--ref", "main", "--yes", "--remote", "../typed")
    legacy.git("checkout", "-q", "main")
    assert "has all 3 objects (3 sent now)" in out(legacy, "push")
    assert len(objects(tmp_path / "typed" / "files" / "md5")) == 3
    assert "Git's objects" in out(legacy, "finish", "--yes")


# --- verify, undo, finish


@pytest.mark.slow
def test_verify_proves_it_and_finds_a_byte_that_is_not_the_old_one(legacy: Legacy) -> None:
    out(legacy, "run", "--everything", "--yes")
    assert "5 commits compared, 4 of them new: every path and every byte is there" in out(legacy, "verify")
    victim = next(p for p in (legacy.path / ".dvc/cache/files/md5").glob("??/*") if p.stat().st_size == 3 * KB)
    victim.chmod(0o644)
    victim.write_bytes(b"?" * 3 * KB)
    assert "models/side.pkl" in refused(legacy, "verify")


def in_config(legacy: Legacy) -> bytes:
    """Return what this clone's own Git config says of us."""
    names = r"^(merge|diff)\.trinity-guard\.|^trinity-guard\."
    return legacy.git("config", "--local", "--get-regexp", names, ok=False).stdout


def of_this_clone(legacy: Legacy) -> dict[str, bytes]:
    """Return what Git keeps for this clone alone beside its history."""
    names = ("config", "info/exclude", "info/attributes")
    return {name: legacy.file(f".git/{name}").read_bytes() for name in names if legacy.file(f".git/{name}").exists()}


def test_undo_puts_everything_back(legacy: Legacy, tmp_path: Path) -> None:
    before, own = legacy.everything(), of_this_clone(legacy)
    out(legacy, "run", "--everything", "--remote", str(tmp_path / "store"), "--yes")
    assert in_config(legacy).split()[::2][:1] == [b"merge.trinity-guard.driver"]
    assert b"trinity-guard.trusted " in in_config(legacy)
    assert "refs/heads" not in out(legacy, "undo")
    assert legacy.everything() == before
    assert of_this_clone(legacy) == own
    assert "no migration" in refused(legacy, "undo", code=2)


def test_where_nothing_was_moved_git_s_config_stays_as_it_was(bare_repo: Repo, tmp_path: Path) -> None:
    legacy = Legacy(bare_repo.path)
    legacy.add("code.py", b"1\n")
    own = of_this_clone(legacy)
    assert "nothing to migrate" in out(legacy, "run", "--everything", "--remote", str(tmp_path / "store"), "--yes")
    assert of_this_clone(legacy) == own


def test_undo_leaves_what_was_confirmed_since_and_what_dvc_left_behind_ignored(legacy: Legacy, tmp_path: Path) -> None:
    out(legacy, "run", "--everything", "--remote", str(tmp_path / "store"), "--yes")
    legacy.git("config", "--add", "trinity-guard.trusted", "/another")
    legacy.write(".dvc/tmp/lock", b"")
    out(legacy, "undo")
    assert in_config(legacy) == b"trinity-guard.trusted /another\n"
    assert legacy.git("status", "--porcelain").stdout == b""


@pytest.mark.slow
def test_undo_leaves_in_the_config_what_was_there_before(legacy: Legacy, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    legacy.git("config", "merge.trinity-guard.driver", "of an earlier version")
    legacy.git("config", "--add", "trinity-guard.trusted", store)
    out(legacy, "run", "--everything", "--remote", store, "--yes")
    out(legacy, "undo")
    said = in_config(legacy)
    assert b"merge-driver" in said  # renewed, as any command does that needs it
    assert said.endswith(b"trinity-guard.trusted " + store.encode() + b"\n")
    legacy.git("config", "--unset", "merge.trinity-guard.driver")
    out(legacy, "run", "--everything", "--remote", store, "--yes")
    legacy.guard("init", "--hooks", "none", "-q")
    legacy.git("commit", "-q", "--allow-empty", "-a", "-m", "guarded")
    legacy.git("reset", "-q", "--hard", "HEAD~")
    out(legacy, "undo")
    assert b"\nmerge.trinity-guard.driver " in in_config(legacy)  # init wants it


@pytest.mark.slow
def test_finish_wants_the_objects_on_the_remote_and_a_yes(legacy: Legacy) -> None:
    out(legacy, "run", "--everything", "--yes")
    refs = legacy.refs()
    said = refused(legacy, "finish", "--yes")
    assert "4 objects" in said
    assert "migrate push" in said
    out(legacy, "push")
    assert "trinity-guard migrate finish --yes" in refused(legacy, "finish", code=2)
    assert legacy.refs() == refs


@pytest.mark.slow
def test_finish_lets_the_old_history_go(legacy: Legacy) -> None:
    old = legacy.head_of("main")
    blob = legacy.head_of("main:models/a.pkl")
    out(legacy, "run", "--everything", "--yes", "--push")
    kept = {k: v for k, v in legacy.refs().items() if not k.startswith("refs/trinity-guard/")}
    said = out(legacy, "finish", "--yes")
    assert "Git's objects: " in said
    assert legacy.refs() == kept
    for gone in (old, blob):
        assert legacy.git("cat-file", "-e", gone, ok=False).returncode
    assert legacy.git("fsck", "--full", "--strict").returncode == 0
    assert "no migration to finish" in refused(legacy, "finish", "--yes", code=2)
    assert legacy.pulled_in_a_fresh_clone("models/a.pkl")


@pytest.mark.slow
def test_finish_packs_as_well_as_git_can(legacy: Legacy) -> None:
    for number in range(12):
        file = legacy.file(f"folder/{number}/{number}.txt")
        file.parent.mkdir(parents=True)
        file.write_text("some words of it\n" * number)
        legacy.git("add", "folder")
        legacy.add("data/t.csv", f"{number}\n".encode())
    out(legacy, "run", "--everything", "--yes", "--push")
    out(legacy, "finish", "--yes")

    def size() -> int:
        return sum(p.stat().st_size for p in (legacy.path / ".git/objects/pack").glob("*.pack"))

    finished = size()
    legacy.git("repack", "-a", "-d", "-f", "-q")
    assert finished < 1.02 * size()


def test_finish_that_was_cut_off_is_gone_on_with(legacy: Legacy) -> None:
    blob = legacy.head_of("main:models/a.pkl")
    out(legacy, "run", "--everything", "--yes", "--push")
    state = json.loads((legacy.state / "state.json").read_text())
    (legacy.state / "state.json").write_text(json.dumps({**state, "phase": "finishing"}))
    legacy.git("update-ref", "-d", "refs/trinity-guard/original/heads/side")
    out(legacy, "finish", "--yes")
    assert legacy.git("cat-file", "-e", blob, ok=False).returncode


@pytest.mark.slow
def test_finish_says_which_refs_keep_the_old_history(legacy: Legacy) -> None:
    out(legacy, "run", "--yes")
    done = legacy.guard("migrate", "finish", "--yes", "--force-unpushed")
    assert b"these still stand on the old history and keep its files: side, v1." in done.stderr


def test_a_run_that_was_cut_off_before_any_ref_moved_is_done_anew(legacy: Legacy) -> None:
    """Between the note that the refs are about to move, and their move."""
    before = legacy.refs()
    out(legacy, "run", "--everything", "--yes")
    done, state = legacy.refs(), json.loads((legacy.state / "state.json").read_text())
    out(legacy, "undo")
    assert legacy.refs() == before
    (legacy.state / "state.json").write_text(json.dumps({**state, "phase": "moving"}))
    said = out(legacy, "run", "--everything", "--yes")
    assert "became DVC pointers" in said
    assert legacy.refs() == done
    assert legacy.git("status", "--porcelain").stdout == b""


# --- what it remembers, lost or damaged


@pytest.mark.parametrize(
    ("command", "damage"), [("run", "gone"), ("undo", "{"), ("verify", "[]"), ("finish", '{"phase": 1}')]
)
def test_without_its_state_the_old_refs_are_put_back_by_what_is_said(legacy: Legacy, command: str, damage: str) -> None:
    before, files = legacy.refs(), legacy.everything()["files"]
    out(legacy, "run", "--everything", "--yes")
    state = legacy.state / "state.json"
    state.unlink()
    if damage != "gone":
        state.write_text(damage)
        said = refused(legacy, command)
        assert "state.json is damaged" in said
        [first] = [line for line in said.splitlines() if line.startswith("    rm ")]
        run("bash", "-euc", first, cwd=legacy.path)
    said = refused(legacy, command, code=2)
    assert "its state.json is gone" in said
    run("bash", "-euc", "\n".join(said.splitlines()[1:]), cwd=legacy.path)
    assert legacy.refs() == before
    assert set(files) <= set(legacy.everything()["files"])  # type: ignore[call-overload]
    assert legacy.git("diff", "--stat", "HEAD", "--", "models", "data", "code.py").stdout == b""


@pytest.mark.slow
@pytest.mark.parametrize("data", [None, "{"])
def test_without_its_report_an_undo_goes_back_all_the_same(legacy: Legacy, data: str | None) -> None:
    before = legacy.everything()
    out(legacy, "run", "--everything", "--yes")
    report = legacy.state / "report.json"
    report.unlink()
    if data:
        report.write_text(data)
    assert "migrate undo" in refused(legacy, "run", "--yes", code=1 if data else 2)
    refused(legacy, "guide", code=1 if data else 2)
    assert "every byte is there" in out(legacy, "verify")
    out(legacy, "undo")
    assert legacy.everything() == before


def test_a_damaged_list_of_objects_is_no_bug_and_has_a_way_on(legacy: Legacy) -> None:
    out(legacy, "run", "--everything", "--yes")
    (legacy.state / "wanted").write_bytes(b"\xff\n")
    assert "dvc push --all-commits" in refused(legacy, "push")
    assert "dvc push --all-commits" in refused(legacy, "finish", "--yes")


# --- usage


@pytest.mark.parametrize("command", ["", "info", "run", "push", "verify", "undo", "finish", "guide"])
def test_help_shows_an_example(tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate", *command.split(), "--help"]) == 0
    assert re.search(rf"[Ee]xamples?:\s+trinity-guard migrate {command}", capsys.readouterr().out)


@pytest.mark.parametrize(
    "args",
    [
        ["info", "--format", "xml"],
        ["what"],
        ["run", "--ref"],
        ["run", "--yes", "--above", "much"],
        ["run", "--yes", "--include", ""],
        ["run", "--yes", "--ref", "nowhere"],
        ["run", "--yes", "--everything", "--ref", "main"],
        ["run", "--yes", "--remote-branches"],
        ["run", "--dry-run", "--push"],
        ["run", "--yes", "--remote", ""],
        ["run", "--yes", "--remote", "foo://x", "--push"],
        ["run", "--yes", "--remote", "sftp://host/x"],
        ["run", "--yes", "--remote", "s3://"],
        ["run", "--yes", "--remote", "ssh:///path"],
    ],
)
def test_wrong_usage_exits_2_and_touches_nothing(
    legacy: Legacy, args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(legacy.path)
    before = legacy.everything()
    assert cli.main(["migrate", *args]) == 2
    assert legacy.everything() == before


@pytest.mark.parametrize("command", ["info", "run", "verify", "undo", "finish", "push"])
def test_outside_of_a_repository_nothing_works_and_the_exit_is_2(tmp_path: Path, command: str) -> None:
    (tmp_path / "empty").mkdir()
    assert "git init" in refused(Repo(tmp_path / "empty"), command, code=2)


@pytest.mark.slow
def test_quietly_only_what_must_be_known_is_said(legacy: Legacy) -> None:
    done = legacy.guard("migrate", "run", "--everything", "--yes", "--push", "-q")
    assert done.stdout + done.stderr == b""
    done = legacy.guard("migrate", "verify", "-q")
    assert done.stdout + done.stderr == b""


def test_a_name_that_could_fool_a_terminal_is_escaped(legacy: Legacy) -> None:
    legacy.add("new\nline\x1b.pkl", 20 * KB)
    assert "new\\nline\\x1b.pkl (1 version)" in out(legacy, "info")
    assert json.loads(out(legacy, "info", "--format", "json"))["largest"][1]["path"] == "new\\nline\\x1b.pkl"


@pytest.mark.slow
def test_the_folder_of_the_cache_follows_a_bare_repository(legacy: Legacy, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    run("git", "clone", "-q", "--mirror", legacy.path, bare)
    storage = tmp_path / "storage"
    said = out(Repo(bare), "run", "--everything", "--yes", "--remote", str(storage), "--push")
    assert "has all 4 objects (4 sent now)" in said
    assert len(objects(bare / "trinity-guard" / "cache" / "files" / "md5")) == 4
    assert "every byte is there" in out(Repo(bare), "verify")
    shutil.rmtree(storage)
    assert "has all 4 objects (4 sent now)" in out(Repo(bare), "push")
    assert "Git's objects" in out(Repo(bare), "finish", "--yes")


ON_A_TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"


@pytest.mark.slow
@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_is_told_of_each_step_that_cannot_be_counted(legacy: Legacy, terminal: bool) -> None:
    def words(*args: str) -> str:
        command = [sys.executable, "-m", "trinity_guard", "migrate", *args]
        if not terminal:
            return run(*command, cwd=legacy.path).stderr.decode()
        return run(sys.executable, "-c", ON_A_TERMINAL, *command, cwd=legacy.path).stdout.decode()

    said = words("run", "--everything", "--yes", "--push") + words("finish", "--yes")
    for step in ("moving refs", "letting the old refs go", "the reflogs go", "(git gc)", "(git repack)"):
        assert (step in said) is terminal
