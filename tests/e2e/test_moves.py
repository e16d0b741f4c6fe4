"""Pointers that `git rm`, `git mv`, `rm` and `mv` take away or rename: lines, names and data go along in the commit."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.support import Repo, dvc, made_once, run

A, B = b"a,1\n", b"b,2\n"
FORMS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "-a": ("-a",),
    "-- path": ("--", "."),
    "amend": ("--amend",),
}


@made_once
def begin(repo: Repo) -> None:
    """Commit two artifacts and code."""
    repo.stage("a.csv", A)
    repo.stage("data/b.csv", B)
    repo.stage("code.py", b"1\n")
    repo.commit()
    repo.stage("code.py", b"2\n")
    repo.commit()


def said(repo: Repo, *args: str) -> str:
    """Commit, and return what the hooks say."""
    return repo.commit(*args).stderr.decode()


def assert_settled(repo: Repo) -> None:
    """Index, HEAD and work tree agree, lint finds nothing, DVC neither."""
    assert repo.git("status", "--porcelain").stdout == b""
    assert repo.index() == repo.tree()
    assert not (repo.path / ".git/trinity-guard/journal").exists()
    assert repo.guard("lint").returncode == 0


def remedies(text: str) -> list[str]:
    """Return the commands that a message prints."""
    return [line.strip().partition("     #")[0] for line in text.splitlines() if line.startswith("    ")]


def do(repo: Repo, command: str) -> None:
    """Run a printed command as a shell does, with our program on the PATH."""
    script = f'trinity-guard() {{ "{sys.executable}" -m trinity_guard "$@"; }}\n'
    run("bash", "-ec", script + command, cwd=repo.path)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_git_rm_of_a_pointer_takes_its_ignore_line_along_and_says_that_the_file_stays(repo: Repo, form: str) -> None:
    begin(repo)
    repo.git("rm", "-q", "a.csv.dvc")
    text = said(repo, *FORMS[form])
    assert "a.csv stays here, but no pointer holds it any more" in text
    assert not {b"a.csv.dvc", b".gitignore"} & repo.tree().keys()
    assert not repo.file(".gitignore").exists()
    assert repo.file("a.csv").read_bytes() == A
    assert repo.git("status", "--porcelain").stdout == b"?? a.csv\n"
    assert remedies(text) == ["rm a.csv", "trinity-guard add a.csv"]


@pytest.mark.slow
def test_each_remedy_for_a_file_that_stays_works(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "a.csv.dvc", "data/b.csv.dvc")
    text = said(repo)
    assert remedies(text) == ["rm a.csv", "trinity-guard add a.csv", "rm data/b.csv", "trinity-guard add data/b.csv"]
    do(repo, "rm a.csv")
    do(repo, "trinity-guard add data/b.csv")
    repo.commit()
    assert_settled(repo)
    assert repo.pulled_in_a_fresh_clone("data/b.csv") == B


@pytest.mark.slow
def test_a_link_that_stays_is_git_s_to_keep(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "a.csv.dvc")
    repo.file("a.csv").unlink()
    repo.file("a.csv").symlink_to("code.py")
    text = said(repo)
    assert remedies(text) == ["rm a.csv", "git add a.csv"]
    do(repo, "git add a.csv")
    repo.commit()
    assert repo.tree()[b"a.csv"][0] == b"120000"
    assert_settled(repo)


@pytest.mark.slow
def test_a_folder_that_goes_with_all_that_is_in_it_is_told(repo: Repo) -> None:
    begin(repo)
    shutil.rmtree(repo.file("data"))
    assert said(repo, "-a") == "trinity-guard: data/b.csv is gone, its pointer and its ignore line too.\n"
    assert_settled(repo)


@pytest.mark.slow
def test_git_rm_of_a_folder_names_the_files_that_stay_in_it(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "-r", "data")
    assert remedies(said(repo)) == ["rm data/b.csv", "trinity-guard add data/b.csv"]
    assert not {b"data/b.csv.dvc", b"data/.gitignore"} & repo.tree().keys()
    assert repo.file("data/b.csv").read_bytes() == B


@pytest.mark.slow
def test_git_rm_of_the_pointer_of_a_folder_says_what_takes_the_folder_away(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'folders = ["d/"]\n')
    repo.stage("d/a", b"1")
    repo.commit()
    repo.git("rm", "-q", "d.dvc")
    text = said(repo)
    assert remedies(text) == ["rm -r d", "trinity-guard add d"]
    do(repo, "rm -r d")
    assert not repo.file("d").exists()


@pytest.mark.parametrize("form", FORMS)
def test_file_and_pointer_that_are_both_deleted_leave_no_ignore_line(repo: Repo, form: str) -> None:
    begin(repo)
    repo.file("data/b.csv").unlink()
    repo.file("data/b.csv.dvc").unlink()
    if form != "-a":
        repo.git("add", "-A")
    text = said(repo, *FORMS[form])
    assert "data/b.csv is gone, its pointer and its ignore line too." in text
    assert not {b"data/b.csv.dvc", b"data/.gitignore"} & repo.tree().keys()
    assert_settled(repo)


@pytest.mark.slow
def test_a_new_file_of_the_old_name_is_seen_again(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "data/b.csv.dvc")
    repo.file("data/b.csv").unlink()
    repo.commit()
    repo.write("data/b.csv", b"new\n")
    repo.git("add", "-A")
    repo.commit()
    assert hashlib.md5(b"new\n").hexdigest().encode() in repo.show("data/b.csv.dvc")
    assert_settled(repo)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("old", "new"), [("a.csv", "z.csv"), ("a.csv", "data/a.csv"), ("data/b.csv", "sub/new/z.csv")])
def test_git_mv_of_a_pointer_brings_name_line_and_data_along(repo: Repo, form: str, old: str, new: str) -> None:
    begin(repo)
    data = repo.file(old).read_bytes()
    repo.file(new).parent.mkdir(parents=True, exist_ok=True)
    repo.git("mv", f"{old}.dvc", f"{new}.dvc")
    text = said(repo, *FORMS[form])
    assert f"{old} -> {new}, with its pointer and its ignore line." in text
    assert repo.file(new).read_bytes() == data
    assert not repo.file(old).exists()
    assert f"path: {Path(new).name}\n".encode() in repo.show(f"{new}.dvc")
    assert_settled(repo)
    if form == "plain":
        assert repo.pulled_in_a_fresh_clone(new) == data
        assert repo.dvc("status").stdout.strip() == b"Data and pipelines are up to date."


MOVED_BY_HAND: dict[str, tuple[str, str]] = {
    "git mv of a folder": ("git mv data sub", "sub/b.csv"),
    "mv of a folder": ("mv data sub; git add -A", "sub/b.csv"),
    "mv of both into a folder": ("mkdir sub; mv data/b.csv data/b.csv.dvc sub; git add -A", "sub/b.csv"),
    "mv of both to another name": ("mv data/b.csv z.csv; mv data/b.csv.dvc z.csv.dvc; git add -A", "z.csv"),
    "mv, and the pointer removed": ("mv data/b.csv z.csv; git rm -q data/b.csv.dvc; git add -A", "z.csv"),
    "git mv, and mv of the data": ("git mv data/b.csv.dvc z.csv.dvc; mv data/b.csv z.csv", "z.csv"),
    "git mv of all pointers": ("mkdir sub; git mv data/*.dvc sub", "sub/b.csv"),
    "git mv, and the path by hand": (
        "git mv data/b.csv.dvc data/z.csv.dvc; sed -i s/b.csv/z.csv/ data/z.csv.dvc; git add -A",
        "data/z.csv",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", MOVED_BY_HAND)
def test_however_an_artifact_is_moved_it_is_whole_in_its_new_place_alone(repo: Repo, way: str) -> None:
    begin(repo)
    script, new = MOVED_BY_HAND[way]
    run("bash", "-ec", script, cwd=repo.path)
    repo.commit()
    assert repo.file(new).read_bytes() == B
    assert not repo.file("data/b.csv").exists()
    assert (b"data/.gitignore" in repo.tree()) == new.startswith("data/")
    assert_settled(repo)


CHANGED_PLACES = {
    "swap": ("git mv a.csv.dvc t; git mv data/b.csv.dvc a.csv.dvc; git mv t data/b.csv.dvc", {"a": B, "data/b": A}),
    "one after another": (
        "git mv data/b.csv.dvc z.csv.dvc; git mv a.csv.dvc data/b.csv.dvc",
        {"z": B, "data/b": A},
    ),
    "copy": ("cp a.csv.dvc z.csv.dvc; cp a.csv.dvc data/y.csv.dvc; git add -A", {"a": A, "z": A, "data/y": A}),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", ["plain", "-a", "-- path"])
@pytest.mark.parametrize("case", CHANGED_PLACES)
def test_pointers_in_each_others_place_say_their_own_names_and_the_data_follows(
    repo: Repo, case: str, form: str
) -> None:
    begin(repo)
    script, files = CHANGED_PLACES[case]
    repo.type_in(f"set -e; {script}")
    repo.commit(*FORMS[form])
    for name, data in files.items():
        assert repo.file(f"{name}.csv").read_bytes() == data
        assert f"path: {Path(name).name}.csv\n".encode() in repo.show(f"{name}.csv.dvc")
    assert repo.file("a.csv").exists() == ("a" in files)
    assert_settled(repo)
    assert repo.dvc("status").stdout.strip() == b"Data and pipelines are up to date."


@pytest.mark.slow
def test_a_working_file_that_is_another_version_stays_and_is_named_with_commands_that_work(repo: Repo) -> None:
    begin(repo)
    repo.write("a.csv", b"a longer one\n")
    repo.write("code.py", b"3\n")
    repo.commit("-a")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("mv", "a.csv.dvc", "z.csv.dvc")
    text = said(repo)
    assert "a.csv is another version, and does not go along with z.csv.dvc" in text
    assert remedies(text) == ["trinity-guard add a.csv", "trinity-guard pull z.csv"]
    assert repo.file("a.csv").read_bytes() == b"a longer one\n"
    for command in remedies(text):
        do(repo, command)
    repo.commit()
    assert repo.file("z.csv").read_bytes() == A
    assert_settled(repo)
    assert repo.pulled_in_a_fresh_clone("a.csv") == b"a longer one\n"


@pytest.mark.slow
def test_a_pointer_that_takes_the_place_of_an_edited_file_is_pulled_once_that_is_aside(repo: Repo) -> None:
    begin(repo)
    repo.stage("b.csv", b"b\n")
    repo.commit()
    repo.write("b.csv", b"an edit\n")
    repo.git("mv", "-f", "a.csv.dvc", "b.csv.dvc")
    found = remedies(said(repo))
    assert "mv b.csv ELSEWHERE && trinity-guard pull b.csv" in found
    do(repo, "mv b.csv aside && trinity-guard pull b.csv")
    assert repo.file("b.csv").read_bytes() == A
    assert repo.file("aside").read_bytes() == b"an edit\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_an_edit_goes_along_with_a_pointer_that_is_renamed_and_is_recorded_or_named(repo: Repo, kind: str) -> None:
    begin(repo)
    repo.stage(".trinity-guard.toml", b'folders = ["d.csv/", "z.csv/", "y.csv/"]\n')
    old, inside = ("d.csv", "/1") if kind == "directory" else ("a.csv", "")
    repo.stage(f"{old}{inside}", b"1\n")
    repo.commit()
    repo.write(f"{old}{inside}", b"a longer one\n")
    repo.git("mv", f"{old}.dvc", "z.csv.dvc")
    text = said(repo)
    assert f"{old} -> z.csv, with its pointer" in text
    assert "z.csv has changed (" in text
    assert_settled(repo)
    assert repo.pulled_in_a_fresh_clone(f"z.csv{inside}") == b"a longer one\n"
    repo.write(f"z.csv{inside}", b"longer still, even\n")
    repo.git("mv", "z.csv.dvc", "y.csv.dvc")
    repo.write("code.py", b"not staged\n")
    assert "y.csv has changed" in (text := said(repo))
    assert "and its pointer has not" in text
    assert not repo.file(old).exists()
    assert repo.file(f"y.csv{inside}").read_bytes() == b"longer still, even\n"


@pytest.mark.slow
def test_nothing_is_written_over_where_the_new_name_is_taken(repo: Repo) -> None:
    begin(repo)
    repo.write("z.csv", b"mine\n")
    repo.git("mv", "a.csv.dvc", "z.csv.dvc")
    text = said(repo)
    assert "a.csv stays, for z.csv is there already" in text
    assert repo.file("a.csv").read_bytes() == A
    assert repo.file("z.csv").read_bytes() == b"mine\n"


@pytest.mark.slow
def test_a_file_that_was_never_pulled_is_renamed_by_its_pointer_alone(repo: Repo) -> None:
    begin(repo)
    repo.file("a.csv").unlink()
    repo.git("mv", "a.csv.dvc", "z.csv.dvc")
    repo.commit()
    assert_settled(repo)
    assert repo.pulled_in_a_fresh_clone("z.csv") == A


@pytest.mark.slow
def test_a_folder_that_dvc_holds_is_renamed_with_its_pointer(repo: Repo) -> None:
    repo.write("images/1.png", b"one")
    repo.write("images/2.png", b"two")
    repo.dvc("add", "-q", "images")
    repo.git("add", "images.dvc", ".gitignore")
    repo.commit()
    repo.git("mv", "images.dvc", "pictures.dvc")
    repo.commit()
    assert sorted(p.name for p in repo.file("pictures").iterdir()) == ["1.png", "2.png"]
    assert not repo.file("images").exists()
    assert b"nfiles: 2\n" in repo.show("pictures.dvc")
    assert_settled(repo)


@pytest.mark.slow
def test_what_a_person_wrote_into_ignore_file_and_pointer_stays(repo: Repo) -> None:
    begin(repo)
    pointer = repo.file("a.csv.dvc").read_bytes() + b"desc: mine\n"
    repo.stage("a.csv.dvc", pointer)
    repo.stage(".gitignore", b"# a.csv\n*.tmp\n/a.csv\n/a.csv.old\n")
    repo.commit()
    repo.write(".gitignore", b"# a.csv\n*.tmp\n/a.csv\n/a.csv.old\n/not-staged\n")
    repo.git("mv", "a.csv.dvc", "z.csv.dvc")
    repo.commit()
    assert repo.show(".gitignore") == b"# a.csv\n*.tmp\n/a.csv.old\n/z.csv\n"
    assert repo.file(".gitignore").read_bytes() == b"# a.csv\n*.tmp\n/a.csv.old\n/not-staged\n/z.csv\n"
    assert repo.show("z.csv.dvc") == pointer.replace(b"a.csv", b"z.csv")


@pytest.mark.slow
def test_a_line_of_a_person_that_ignores_more_is_left_alone(repo: Repo) -> None:
    begin(repo)
    repo.stage("data/.gitignore", b"b.csv\n")
    repo.commit()
    repo.git("rm", "-q", "data/b.csv.dvc")
    assert said(repo) == ""
    assert repo.show("data/.gitignore") == b"b.csv\n"


@pytest.mark.slow
def test_a_pointer_of_another_name_keeps_its_path_and_its_line(repo: Repo) -> None:
    repo.write("a.csv", A)
    repo.dvc("add", "-q", "a.csv")
    repo.file("a.csv.dvc").rename(repo.file("table.dvc"))
    repo.git("add", "table.dvc", ".gitignore")
    repo.commit()
    repo.git("mv", "table.dvc", "other.dvc")
    repo.commit()
    assert b"path: a.csv\n" in repo.show("other.dvc")
    assert b"\na.csv (in other.dvc)   4 B  present\n" in repo.guard("status").stdout
    assert repo.show(".gitignore") == b"/a.csv\n"
    assert_settled(repo)


@pytest.mark.slow
def test_a_new_name_for_the_pointer_alone_is_none_for_its_file(repo: Repo) -> None:
    begin(repo)
    repo.git("mv", "a.csv.dvc", "table.dvc")
    repo.commit()
    assert repo.file("a.csv").read_bytes() == A
    assert_settled(repo)


@pytest.mark.slow
def test_a_line_that_another_pointer_needs_stays(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "a.csv.dvc")
    repo.stage("table.dvc", repo.git("show", "HEAD:a.csv.dvc").stdout + b"desc: the same file\n")
    repo.commit()
    assert repo.show(".gitignore") == b"/a.csv\n"


@pytest.mark.slow
def test_a_pointer_that_becomes_a_raw_file_leaves_it_to_git(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "a.csv.dvc")
    config = repo.file(".trinity-guard.toml").read_bytes()
    repo.stage(".trinity-guard.toml", config + b'\nexclude = ["a.csv"]\n')
    repo.git("add", "-f", "a.csv")
    assert said(repo) == ""
    assert b".gitignore" not in repo.tree()
    assert_settled(repo)


@pytest.mark.slow
def test_a_pointer_replaced_by_its_staged_file_is_only_renewed(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "a.csv.dvc")
    repo.stage("a.csv", b"new\n")
    repo.commit()
    assert repo.show(".gitignore") == b"/a.csv\n"
    assert_settled(repo)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["git rm -q a.csv.dvc", "rm a.csv a.csv.dvc", "git mv a.csv.dvc z.csv.dvc"])
def test_revert_brings_the_file_and_its_line_back(repo: Repo, step: str) -> None:
    begin(repo)
    run("bash", "-ec", step, cwd=repo.path)
    repo.commit("-a")
    repo.git("revert", "--no-edit", "HEAD")
    repo.guard("sync", "-q")
    assert repo.file("a.csv").read_bytes() == A
    assert repo.show(".gitignore") == b"/a.csv\n"
    assert repo.file(".gitignore").read_bytes() == b"/a.csv\n"


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_pointer_that_a_checkout_of_its_path_brings_back_gets_its_line_back(repo: Repo, form: str) -> None:
    begin(repo)
    repo.git("rm", "-q", "a.csv.dvc")
    repo.file("a.csv").unlink()
    repo.commit()
    repo.git("checkout", "HEAD~1", "--", "a.csv.dvc")
    repo.commit(*FORMS[form])
    assert repo.show(".gitignore") == b"/a.csv\n"
    assert_settled(repo)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["git rm -q a.csv.dvc; rm a.csv", "git mv a.csv.dvc z.csv.dvc"])
def test_a_checkout_across_it_and_back_keeps_the_files_right(repo: Repo, step: str) -> None:
    begin(repo)
    run("bash", "-ec", step, cwd=repo.path)
    repo.commit()
    after = sorted(p.name for p in repo.path.iterdir())
    repo.git("checkout", "-q", "HEAD~1")
    assert repo.file("a.csv").read_bytes() == A
    repo.git("checkout", "-q", "main")
    assert sorted(p.name for p in repo.path.iterdir()) == after
    assert_settled(repo)


@pytest.mark.slow
def test_a_merge_that_git_commit_completes_drops_the_line_that_a_union_brought_back(repo: Repo) -> None:
    begin(repo)
    repo.stage("k.csv", b"k\n")
    repo.stage(".gitattributes", b".gitignore merge=union\n")
    repo.commit()
    repo.git("checkout", "-q", "-b", "other")
    repo.git("rm", "-q", "a.csv.dvc")
    repo.file("a.csv").unlink()
    repo.stage("code.py", b"theirs\n")
    repo.commit()
    repo.git("checkout", "-q", "main")
    repo.stage("c.csv", b"c\n")
    repo.stage("code.py", b"ours\n")
    repo.commit()
    assert repo.git("merge", "other", ok=False).returncode
    repo.stage("code.py", b"both\n")
    repo.commit()
    assert repo.show(".gitignore") == repo.file(".gitignore").read_bytes() == b"/k.csv\n/c.csv\n"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["plain", "-a"])
@pytest.mark.parametrize("step", ["git rm -q a.csv.dvc; rm a.csv", "git mv a.csv.dvc z.csv.dvc"])
def test_a_commit_that_fails_after_the_hook_works_the_second_time(repo: Repo, form: str, step: str) -> None:
    begin(repo)
    run("bash", "-ec", step, cwd=repo.path)
    hook = repo.path / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert repo.commit(*FORMS[form], ok=False).returncode
    hook.unlink()
    repo.commit(*FORMS[form])
    assert_settled(repo)


@pytest.mark.slow
def test_a_name_that_dvc_cannot_hold_is_refused_before_anything_is_touched(repo: Repo) -> None:
    begin(repo)
    repo.git("mv", "a.csv.dvc", "s3:a.csv.dvc")
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"DVC cannot hold s3:a.csv" in done.stderr
    assert repo.file("a.csv").read_bytes() == A


@pytest.mark.slow
def test_a_skipped_conversion_leaves_pointers_alone(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "a.csv.dvc")
    repo.commit(TRINITY_GUARD_SKIP="convert")
    assert repo.show(".gitignore") == b"/a.csv\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["é.csv", "a b.csv", "-x.csv", "it's.csv", "#x.npy", "st*r.csv", "new\nline.pkl"])
def test_odd_names_go_along_too(repo: Repo, name: str) -> None:
    repo.stage(name, A)
    repo.commit()
    repo.git("mv", f"./{name}.dvc", f"./z{name}.dvc")
    repo.commit()
    assert repo.file(f"z{name}").read_bytes() == A
    assert_settled(repo)
    repo.git("--literal-pathspecs", "rm", "-q", "--", f"z{name}.dvc")
    repo.file(f"z{name}").unlink()
    repo.commit()
    assert b".gitignore" not in repo.tree()
    assert_settled(repo)


@pytest.mark.slow
def test_a_file_that_a_stale_line_keeps_out_of_git_is_named_at_each_commit_until_it_is_recorded(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "data/b.csv.dvc")
    repo.file("data/b.csv").unlink()
    repo.commit("--no-verify")
    assert said(repo, "--allow-empty") == ""
    repo.write("data/b.csv", b"new\n")
    for number in range(2):
        repo.write("code.py", b"%d more\n" % number)
        text = said(repo, "-a")
        assert "data/b.csv is in no version control: data/.gitignore has the line /b.csv" in text
        assert remedies(text) == ["trinity-guard add data/b.csv"]
    assert "data/b.csv" in repo.guard("status").stdout.decode()
    do(repo, remedies(text)[0])
    assert "version control" not in said(repo)
    assert_settled(repo)
    assert repo.pulled_in_a_fresh_clone("data/b.csv") == b"new\n"


def everything(repo: Repo) -> tuple[object, ...]:
    """Return the index, the files of the work tree, and what a conversion has begun."""
    files = {
        p.relative_to(repo.path): p.read_bytes()
        for p in repo.path.rglob("*")
        if p.is_file() and not {".git", "cache", "tmp"} & set(p.relative_to(repo.path).parts)
    }
    return repo.index(), files, repo.file(".git/trinity-guard/journal").exists()


def later_than_the_move(repo: Repo, why: str) -> None:
    """Have the commit be refused for something else, after what it does to pointers has been settled."""
    if why == "changed":
        repo.write("data/b.csv", b"changed,2\n")
        repo.write(".trinity-guard.toml", b'on-change = "refuse"\n')
    elif why == "staged":
        repo.stage("c.csv", b"new\n", raw=True)
        repo.write(".trinity-guard.toml", b'on-artifact = "block"\n')
    else:  # its pointer cannot be written
        repo.stage("d/c.csv", b"new\n", raw=True)
        repo.file("d/c.csv.dvc").mkdir()


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("why", ["changed", "staged", "unwritable"])
@pytest.mark.parametrize("what", ["mv", "rm"])
def test_a_commit_that_is_refused_later_changes_nothing(repo: Repo, what: str, why: str, form: str) -> None:
    begin(repo)
    later_than_the_move(repo, why)
    if what == "mv":
        repo.git("mv", "a.csv.dvc", "moved.csv.dvc")
    else:
        repo.git("rm", "-q", "a.csv.dvc")
    before = everything(repo)
    refused = repo.commit(*FORMS[form], ok=False)
    if refused.returncode == 0:  # what is refused stands aside of what this form commits
        assert (why, form) == ("changed", "-- path")
        return
    assert b"a.csv" not in refused.stderr, "of what was taken back nothing is said"
    assert everything(repo) == before
    for name in (".trinity-guard.toml", "d/c.csv.dvc"):
        path = repo.file(name)
        if path.is_dir():
            path.rmdir()
        elif path.exists():
            repo.git("checkout", "-q", "--", name)
    repo.commit(*FORMS[form])
    assert repo.tracked("moved.csv.dvc") == (what == "mv")
    assert repo.file("moved.csv").exists() == (what == "mv")
    assert not repo.tracked("a.csv.dvc")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["t.csv", "images"])
def test_what_is_moved_into_another_dvc_project_is_in_the_cache_of_that_one(repo: Repo, name: str) -> None:
    repo.file("sub").mkdir()
    dvc("init", "-q", "--subdir", cwd=repo.file("sub"))
    repo.write(".trinity-guard.toml", b'push = "off"\nfolders = ["images/"]\n')
    repo.write("images/1.txt", b"one\n")
    repo.write("t.csv", b"1\n")
    repo.git("add", "-A")
    repo.commit()
    repo.git("mv", f"{name}.dvc", f"sub/{name}.dvc")
    repo.commit()
    shutil.rmtree(repo.file(".dvc/cache"))
    moved = repo.file("sub") / name
    moved.rename(repo.path.parent / "gone")
    dvc("checkout", "-q", f"{name}.dvc", cwd=repo.file("sub"))
    assert (moved / "1.txt" if moved.is_dir() else moved).read_bytes() in (b"one\n", b"1\n")
