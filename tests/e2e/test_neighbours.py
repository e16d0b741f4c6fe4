"""Files that DVC, a pipeline or an import holds; artifacts that changed behind their pointer; `add`; `status`."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import KB, Repo, dvc, objects, run


def paste(repo: Repo, words: str) -> None:
    """Run the commands of a message, as a person would paste them."""
    lines = [line.strip() for line in words.splitlines() if line.startswith("    ")]
    assert lines
    for line in lines:
        subprocess.run(["sh", "-ec", line], cwd=repo.path, check=True, capture_output=True)


def refusal(repo: Repo) -> str:
    before = repo.index()
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert repo.index() == before
    return done.stderr.decode()


@pytest.fixture(autouse=True)
def dvc_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The messages name `dvc` and `trinity-guard`; a person has them on the PATH."""
    import sys

    folder = tmp_path / "bin"
    folder.mkdir()
    for name, module in {"dvc": "dvc", "trinity-guard": "trinity_guard"}.items():
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.slow
def test_a_file_in_a_directory_that_dvc_holds_becomes_a_part_of_it(repo: Repo) -> None:
    repo.write("data/a.csv", b"1\n")
    repo.dvc("add", "-q", "data")
    repo.git("add", "-A")
    repo.commit()
    data = repo.stage("data/b.csv", b"2\n")
    assert b"data/ (2 files, 4 B) -> data.dvc" in repo.commit().stderr
    assert not repo.tracked("data/b.csv")
    assert repo.pulled_in_a_fresh_clone("data/b.csv") == data


@pytest.mark.slow
def test_an_output_of_a_pipeline_is_refused_and_its_metrics_stay_in_git(repo: Repo) -> None:
    repo.write(
        "dvc.yaml",
        b"stages:\n  train:\n    cmd: cp in.txt m.pkl && echo 1 > scores.csv\n    deps: [in.txt]\n"
        b"    outs: [m.pkl]\n    metrics:\n    - scores.csv:\n        cache: false\n",
    )
    repo.write("in.txt", b"x\n")
    repo.dvc("repro", "-q")
    repo.git("add", "-A")
    repo.commit()
    assert repo.tracked("scores.csv")
    assert not repo.tracked("m.pkl")
    repo.git("add", "-f", "m.pkl")
    words = refusal(repo)
    assert "stage 'train'" in words
    paste(repo, words)
    assert b"m.pkl" not in repo.index()


@pytest.mark.slow
def test_outputs_of_stages_that_git_holds_stop_neither_the_others_nor_a_commit_that_says_so(repo: Repo) -> None:
    yaml = b"stages:\n  train:\n    cmd: x\n    deps: [not-here.csv]\n    outs:\n    - d/m.pkl%b\n    - d/t.csv%b\n"
    repo.stage("dvc.yaml", yaml % (b"", b""))
    for name in ("d/m.pkl", "d/t.csv", "d/own.csv"):
        repo.stage(name, name.encode(), raw=True)
    repo.git("commit", "-q", "--no-verify", "-m", "as it was")
    assert "3 artifacts" in (said := repo.guard("status").stdout.decode())
    assert "2 of them made by a pipeline" in said
    said = repo.guard("convert", ".").stderr.decode()
    assert "d/own.csv (9 B) -> d/own.csv.dvc\n" in said
    assert said.count("DVC keeps it, not Git") == 2
    repo.commit()
    assert repo.tracked("d/m.pkl")
    assert not repo.tracked("d/own.csv")
    repo.write("d/t.csv", b"another")
    assert "or `cache: false` in dvc.yaml" in refusal_of_all(repo)
    below = b":\n        cache: false"
    repo.write("dvc.yaml", yaml % (below, below))
    repo.commit("-a")
    assert repo.show("d/t.csv") == b"another"
    assert "in Git itself" not in repo.guard("status").stdout.decode()


@pytest.mark.slow
@pytest.mark.parametrize("ignored", [b"", b"/d/*.pkl\n"])
def test_an_output_that_git_held_is_left_to_dvc_by_the_lines_that_are_printed(repo: Repo, ignored: bytes) -> None:
    repo.write(".gitignore", ignored)
    repo.write(
        "dvc.yaml",
        b"stages:\n  train:\n    cmd: x\n    deps: [in.txt]\n    outs: [d/m.pkl, d/o]\n"
        b"    metrics:\n    - n/s.csv:\n        cache: false\n",
    )
    for name in ("in.txt", "d/m.pkl", "d/o/a.csv", "n/s.csv"):
        repo.write(name, b"%s\n" % name.encode())
    repo.git("add", "-f", ".", TRINITY_GUARD_SKIP="filter")
    repo.git("commit", "-q", "--no-verify", "-m", "as it was")
    paste(repo, repo.guard("convert", ".", ok=False).stderr.decode())
    repo.commit()
    assert repo.git("status", "--porcelain").stdout == b""
    assert not repo.tracked("d/m.pkl")
    assert b"in Git itself" not in repo.guard("status").stdout


@pytest.mark.slow
def test_what_dvc_cannot_hold_stops_no_other_file_of_a_folder(repo: Repo) -> None:
    repo.stage(".dvcignore", b"tmp/\n")
    for name in ("tmp/a.csv", "d/b.csv"):
        repo.stage(name, name.encode(), raw=True)
    repo.git("commit", "-q", "--no-verify", "-m", "as it was")
    said = repo.guard("convert", ".").stderr.decode()
    assert "d/b.csv (7 B) -> d/b.csv.dvc\n" in said
    assert "DVC cannot hold tmp/a.csv: DVC is told to ignore it by .dvcignore:1:tmp/" in said
    repo.commit()
    assert repo.tracked("tmp/a.csv")
    assert not repo.tracked("d/b.csv")
    before = repo.index()
    for asked in (["."], ["tmp"], ["tmp/a.csv"]):
        assert b"DVC cannot hold tmp/a.csv" in repo.guard("convert", *asked, ok=False).stderr
    repo.write("d/b.csv", b"changed")
    refused = repo.guard("convert", "tmp/a.csv", "d/b.csv", ok=False)
    assert (refused.returncode, repo.index()) == (1, before), "by their names it is both or none"


@pytest.mark.slow
def test_what_several_outputs_of_a_stage_need_is_told_once(repo: Repo) -> None:
    repo.write("dvc.yaml", b"stages:\n  train:\n    cmd: echo 1 | tee a.bin > b.bin\n    outs: [a.bin, b.bin]\n")
    repo.dvc("repro", "-q")
    repo.git("add", "-A")
    repo.commit()
    for name in ("a.bin", "b.bin"):
        repo.file(name).chmod(0o644)
        repo.write(name, b"edited\n")
    repo.stage("x.py")
    said = repo.commit().stderr.decode()
    assert said.count(" has changed, and its pointer has not") == 2
    assert said.count("dvc commit -f train") == 1
    paste(repo, said)
    assert "has changed" not in repo.guard("status").stdout.decode()


def refusal_of_all(repo: Repo) -> str:
    done = repo.commit("-a", ok=False)
    assert done.returncode == 1
    return done.stderr.decode()


PIPELINE = b"stages:\n  train:\n    cmd: cp in.txt m.pkl\n    deps: [in.txt]\n    outs: [m.pkl]\n"


@pytest.fixture
def others_outputs(repo: Repo) -> Repo:
    """m.pkl is a stage's, i.csv an import; both are edited, and Git has neither."""
    repo.write("dvc.yaml", PIPELINE)
    repo.write("in.txt", b"x\n")
    (repo.path.parent / "source.csv").write_bytes(b"1\n")
    repo.dvc("repro", "-q")
    repo.dvc("import-url", "-q", str(repo.path.parent / "source.csv"), "i.csv")
    repo.git("add", "-A")
    repo.commit()
    for name in ("m.pkl", "i.csv"):
        repo.file(name).chmod(0o644)
        repo.write(name, b"edited\n")
    return repo


@pytest.mark.slow
@pytest.mark.parametrize("command", ["add", "convert"])
@pytest.mark.parametrize("name", ["m.pkl", "i.csv"])
def test_what_another_records_is_refused_with_commands_that_work_though_git_has_it_not(
    others_outputs: Repo, command: str, name: str
) -> None:
    done = others_outputs.guard(command, name, ok=False)
    assert done.returncode == 1
    lines = [line.strip() for line in done.stderr.decode().splitlines() if line.startswith("    ")]
    assert not [line for line in lines if line.startswith(("git rm", "trinity-guard add"))]
    if name == "m.pkl":
        assert lines == ["dvc commit -f train && git add dvc.lock"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["m.pkl", "i.csv"])
def test_use_over_an_edit_of_what_another_records_says_the_command_that_records_it(
    others_outputs: Repo, name: str
) -> None:
    words = others_outputs.guard("use", "HEAD", name, ok=False).stderr.decode()
    [line] = [line.strip() for line in words.splitlines() if "records it first" in line]
    others_outputs.type_in(line.replace("git commit", "git commit -q -m recorded"))
    [state] = [
        a["state"]
        for a in json.loads(others_outputs.guard("status", "--format", "json").stdout)["artifacts"]
        if a["path"] == name
    ]
    assert state == "present"


@pytest.mark.slow
def test_an_imported_file_is_refused_with_both_ways(repo: Repo, make_repo: Callable[..., Repo]) -> None:
    other = make_repo("other")
    other.stage("src.pkl", 100)
    other.commit()
    repo.dvc("import", "-q", str(other.path), "src.pkl")
    repo.git("add", "-A")
    repo.commit()
    repo.stage("src.pkl", 200)
    words = refusal(repo)
    assert "src.pkl.dvc" in words
    assert "dvc update src.pkl.dvc" in words
    assert "dvc remove src.pkl.dvc" in words


def test_dvcignored_data_is_refused(repo: Repo) -> None:
    repo.stage(".dvcignore", b"*.csv\n")
    repo.commit()
    repo.stage("a.csv", b"1\n")
    assert ".dvcignore" in refusal(repo)


def test_a_nested_dvc_project_keeps_its_own_files(repo: Repo) -> None:
    repo.write("inner/x", b"")
    dvc("init", "-q", "--subdir", cwd=repo.path / "inner")
    repo.git("add", "-A")
    repo.commit()
    data = repo.stage("inner/deep/a.pkl", 500)
    repo.commit(TRINITY_GUARD_SKIP="push")
    md5 = hashlib.md5(data).hexdigest()
    assert objects(repo.path / "inner/.dvc/cache/files/md5") == {md5: data}
    assert md5 not in repo.cached()


@pytest.mark.slow
@pytest.mark.parametrize("same_size", [True, False])
def test_a_changed_artifact_without_its_pointer_is_named_and_convert_records_it(repo: Repo, same_size: bool) -> None:
    repo.stage("m/a.pkl", 3000)
    repo.commit()
    repo.stage("code.py", b"x = 1\n")
    assert b"a.pkl" not in repo.commit().stderr
    newer = repo.write("m/a.pkl", 3000 if same_size else 2000)
    assert repo.git("status", "--porcelain").stdout == b""
    repo.stage("other.py", b"x = 2\n")
    repo.write("code.py", b"left unstaged\n")
    words = repo.commit().stderr
    assert b"m/a.pkl has changed" in words
    assert b"trinity-guard convert m/a.pkl" in words
    run("git", "status", cwd=repo.path)
    assert b"changed" in repo.guard("status").stdout
    repo.guard("convert", "m/a.pkl")
    repo.commit()
    assert repo.pulled_in_a_fresh_clone("m/a.pkl") == newer
    repo.stage("code.py", b"x = 3\n")
    assert b"changed" not in repo.commit().stderr


@pytest.mark.slow
def test_re_adding_keeps_what_a_person_wrote_into_the_pointer(repo: Repo) -> None:
    repo.stage("a.pkl", 100)
    repo.commit()
    pointer = repo.file("a.pkl.dvc")
    pointer.write_bytes(pointer.read_bytes() + b"desc: the good one\nmeta:\n  team: vision # ours\n")
    repo.git("add", "a.pkl.dvc")
    repo.commit()
    data = repo.stage("a.pkl", 200)
    repo.commit()
    text = repo.show("a.pkl.dvc")
    assert b"desc: the good one" in text
    assert b"team: vision # ours" in text
    assert hashlib.md5(data).hexdigest().encode() in text


@pytest.mark.slow
def test_files_tracked_long_ago_move_without_a_rewrite(repo: Repo) -> None:
    old = {f"models/m{i}.pkl": repo.stage(f"models/m{i}.pkl", 1000 + i) for i in range(12)}
    repo.stage("models/readme.md", b"text\n")
    repo.commit("-n")
    repo.stage("later.py", b"x = 1\n")
    repo.commit()
    repo.guard("convert", "models")
    assert repo.index()[b"models/readme.md"]
    repo.commit()
    assert not any(repo.tracked(name) for name in old)
    assert all(repo.tracked(name + ".dvc") for name in old)
    assert repo.pulled_in_a_fresh_clone("models/m7.pkl") == old["models/m7.pkl"]
    assert repo.tracked("models/m7.pkl", "HEAD~2")
    assert repo.dvc("status").stdout.strip() == b"Data and pipelines are up to date."


def test_add_never_lets_git_see_the_bytes(repo: Repo) -> None:
    data = repo.write("m/a.pkl", 300 * KB)
    repo.write("m/notes.txt", b"text\n")
    before = repo.git("count-objects", "-v").stdout
    run("git", "status", cwd=repo.path)
    repo.guard("add", "m")
    sizes = repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objectsize)").stdout.split()
    assert max(map(int, sizes)) < 10 * KB, before
    assert b"m/notes.txt" not in repo.index()
    repo.commit()
    assert repo.pulled_in_a_fresh_clone("m/a.pkl") == data
    # A file that is named is added whatever its name.
    repo.guard("add", "m/notes.txt")
    repo.commit()
    assert repo.tracked("m/notes.txt.dvc")


def test_add_from_a_subdirectory_and_of_a_tracked_file(repo: Repo) -> None:
    repo.stage("m/a.pkl", 1000)
    repo.commit("-n")
    newer = repo.write("m/a.pkl", 2000)
    import sys

    run(sys.executable, "-m", "trinity_guard", "add", "a.pkl", cwd=repo.path / "m")
    repo.commit()
    assert not repo.tracked("m/a.pkl")
    assert repo.pulled_in_a_fresh_clone("m/a.pkl") == newer


def test_add_and_convert_refuse_what_lies_outside(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes(b"x")
    for command in ("add", "convert"):
        for name in ("../x.pkl", str(tmp_path / "x.pkl"), ".git/config"):
            done = repo.guard(command, name, ok=False)
            assert done.returncode in (1, 2)
            assert b"Traceback" not in done.stderr


def test_status_names_the_blob_that_git_add_left_behind(repo: Repo) -> None:
    repo.stage("a.pkl", 50 * KB, raw=True)
    blob = repo.index()[b"a.pkl"][1].decode()
    repo.commit()
    [left] = json.loads(repo.guard("status", "--format", "json").stdout)["left_behind"]
    assert left["blob"] == blob
    assert left["size"] > 50 * KB
    assert b"git gc" in repo.guard("status").stdout
    repo.git("gc", "-q", "--prune=now")
    assert json.loads(repo.guard("status", "--format", "json").stdout)["left_behind"] == []


@pytest.mark.slow
def test_status_tells_present_changed_missing_and_waiting(repo: Repo) -> None:
    for name in ("present.pkl", "changed.pkl", "deleted.pkl", "missing.pkl"):
        repo.stage(name, 100)
    repo.commit(TRINITY_GUARD_SKIP="push")
    repo.write("changed.pkl", 100)
    repo.file("missing.pkl").unlink()
    repo.file(".git/trinity-guard/outputs").unlink()
    repo.guard("status")  # has seen the others
    repo.file("deleted.pkl").unlink()
    facts = json.loads(repo.guard("status", "--format", "json").stdout)
    assert {a["path"]: a["state"] for a in facts["artifacts"]} == {
        "present.pkl": "present",
        "changed.pkl": "changed",
        "deleted.pkl": "deleted",
        "missing.pkl": "missing",
    }
    assert facts["hooks"] == [
        *("pre-commit", "pre-merge-commit", "pre-applypatch", "post-commit"),
        *("pre-push", "post-checkout", "post-merge", "post-rewrite"),
    ]
    assert facts["remote"]["name"] == "storage"


@pytest.mark.slow
def test_a_rebase_pushes_once_at_its_end(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    data = []
    for i in range(3):
        data.append(repo.stage(f"m{i}.pkl", 100))
        repo.commit(TRINITY_GUARD_SKIP="push")
    repo.git("checkout", "-q", "main")
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    repo.git("checkout", "-q", "side")
    assert objects(repo.storage / "files" / "md5") == {}
    done = repo.git("rebase", "-q", "main")
    assert done.stderr.count(b"pushed") == 1
    assert set(objects(repo.storage / "files" / "md5").values()) == set(data)


def test_a_patch_with_a_raw_artifact_is_refused_by_am(repo: Repo) -> None:
    repo.stage("a.pkl", 300)
    repo.commit("-n")
    patch = repo.git("format-patch", "--stdout", "-1").stdout
    repo.git("reset", "-q", "--hard", "HEAD^")
    head = repo.head()
    done = run("git", "am", cwd=repo.path, data=patch, ok=False)
    assert done.returncode != 0
    assert b"a.pkl" in done.stderr
    assert repo.head() == head
    repo.git("am", "--abort")


def test_a_pointer_that_a_checkout_moved_past_the_hooks_is_followed_by_its_commit(repo: Repo) -> None:
    old = repo.stage("a.pkl", 100)
    repo.commit()
    repo.stage("a.pkl", 200)
    repo.commit()
    repo.git("checkout", "-q", "HEAD^", "--", "a.pkl.dvc", TRINITY_GUARD_SKIP="sync")
    words = repo.commit().stderr.decode()
    assert "convert" not in words, "it would undo what was checked out"
    assert repo.file("a.pkl").read_bytes() == old


def test_only_what_was_sent_counts_as_pushed(repo: Repo) -> None:
    data = repo.stage("a.pkl", 100)
    assert b"pushed 1 object" in repo.commit().stderr
    repo.stage("same.pkl", data)
    assert b"pushed" not in repo.commit().stderr
    assert b"pushed" not in repo.guard("push").stderr


def test_add_of_a_folder_is_silent_about_what_did_not_change(repo: Repo) -> None:
    repo.stage("m/a.pkl", 100)
    repo.commit()
    repo.write("m/b.pkl", 100)
    words = repo.guard("add", ".").stderr
    assert b"m/b.pkl" in words
    assert b"m/a.pkl" not in words


def test_convert_of_nothing_says_so(repo: Repo) -> None:
    done = repo.guard("convert", "nothere.pkl", ok=False)
    assert done.returncode == 1
    assert b"no such file" in done.stderr
    assert b"trinity-guard add" not in done.stderr


def test_paths_behind_two_dashes_are_paths(repo: Repo) -> None:
    data = repo.write("-q.pkl", 100)
    repo.write("--", 50)
    repo.guard("add", "--", "-q.pkl", "--")
    repo.commit()
    assert repo.tracked("-q.pkl.dvc")
    assert repo.tracked("--.dvc")
    assert repo.pulled_in_a_fresh_clone("-q.pkl") == data


@pytest.mark.parametrize(
    "args", [("add", ""), ("convert", ""), ("add", "--foo", "--", "x"), ("block", "--foo"), ("add",)]
)
def test_empty_paths_and_unknown_options_are_wrong_usage(repo: Repo, args: tuple[str, ...]) -> None:
    done = repo.guard(*args, ok=False)
    assert done.returncode == 2
    assert b"--help" in done.stderr or b"this folder" in done.stderr


def test_an_empty_commit_that_was_asked_for_is_made(repo: Repo) -> None:
    data = repo.stage("a.pkl", 100)
    repo.commit()
    head = repo.head()
    repo.stage("a.pkl", data)
    repo.commit("--allow-empty")
    assert repo.head() != head
    assert repo.git("diff", "--stat", "HEAD^", "HEAD").stdout == b""


def test_a_sha256_repository_is_refused_with_the_reason(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "sha256")
    run("git", "init", "-q", "--object-format=sha256", other.path)
    other.write(".dvc/config", b"")
    other.stage("a.pkl", 100)
    done = other.guard("convert", ok=False)
    assert done.returncode == 2
    assert b"sha256" in done.stderr


@pytest.mark.slow
def test_a_crowd_of_new_pointers_is_counted_and_not_listed_to_the_last(repo: Repo) -> None:
    for number in range(25):
        repo.stage(f"m{number:02}.pkl", 100)
    said = repo.commit().stderr.decode()
    assert "m19.pkl (100 B) -> m19.pkl.dvc" in said
    assert "m20.pkl" not in said
    assert "and 5 more (500 B); `trinity-guard status` lists them all." in said
    assert all(repo.tracked(f"m{number:02}.pkl.dvc") for number in range(25))
