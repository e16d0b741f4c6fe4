"""From `git add` on: Git never sees an artifact's bytes, and nothing that happens around a stand-in loses them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import KB, MB, PROJECT, Repo, run
from trinity_guard.convert import leftovers
from trinity_guard.dvcrepo import standin


def text_of(data: bytes) -> bytes:
    return standin.encode(hashlib.md5(data).hexdigest(), len(data))


def staged(repo: Repo, name: str) -> bytes:
    return repo.git("cat-file", "blob", f":{name}").stdout


def assert_stands_in(repo: Repo, name: str, data: bytes) -> None:
    """Git holds a text, and the cache what it names."""
    assert staged(repo, name) == text_of(data)
    assert repo.cached()[hashlib.md5(data).hexdigest()] == data


def assert_raw(repo: Repo, name: str, data: bytes) -> None:
    assert staged(repo, name) == data
    assert hashlib.md5(data).hexdigest() not in repo.cached()


def status(repo: Repo) -> bytes:
    return repo.git("status", "--porcelain").stdout


def later(repo: Repo, name: str) -> None:
    """Have Git look into a file again, whatever it remembers of it."""
    os.utime(repo.file(name), (1_000_000_000, 1_000_000_000))


# --- birth


@pytest.mark.parametrize(
    "name", ["a.csv", "é.pkl", "a b.CSV", "-x.pkl", "new\nline.csv", "d/e/t.h5", "#x.npy", ":x.csv"]
)
def test_git_add_gives_the_bytes_to_the_cache_and_the_commit_makes_the_pointer(repo: Repo, name: str) -> None:
    data = repo.stage(name, 20 * KB)
    assert_stands_in(repo, name, data)
    assert repo.file(name).read_bytes() == data
    assert status(repo).startswith(b"A  ")
    repo.commit()
    assert name.encode() not in repo.index()
    assert hashlib.md5(data).hexdigest().encode() in repo.show(f"{name}.dvc")
    assert status(repo) == b""
    sizes = repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objectsize)").stdout.split()
    assert max(map(int, sizes)) < 5 * KB  # our commented configuration


def in_the_folder_that_git_counts(count: int) -> list[bytes]:
    """Return so many texts whose blobs lie in the folder by which `git gc --auto` judges."""
    texts = (b"%d" % number for number in range(count * 2000))
    first = int(leftovers.SAMPLE, 16)
    return [text for text in texts if hashlib.sha1(b"blob %d\0%b" % (len(text), text)).digest()[0] == first][:count]


@pytest.mark.slow
def test_of_thousands_git_keeps_no_loose_object_that_no_commit_holds(repo: Repo) -> None:
    names = [f"d/{number}.csv" for number in range(leftovers.WORTH_A_PACK)]
    for name in names:
        repo.write(name, name.encode())
    repo.write(".trinity-guard.toml", b'push = "off"\nfolders = ["d/"]\n')
    for number, text in enumerate(in_the_folder_that_git_counts(leftovers.CROWDED + 1)):
        repo.write(f"t/{number}.txt", text)
    repo.git("add", "-A")
    assert int(repo.git("count-objects").stdout.split()[0]) < 70
    assert_stands_in(repo, names[-1], names[-1].encode())
    repo.commit()
    assert repo.tracked("d.dvc")
    repo.git("fsck", "--strict")
    repo.git("gc", "--prune=now", "-q")
    assert repo.git("cat-file", "--batch-all-objects", "--batch-check").stdout.count(b"\n") < 70
    assert status(repo) == b""


def test_the_data_is_read_once(repo: Repo) -> None:
    data = repo.stage("a.pkl", 200 * KB)
    repo.file("a.pkl").chmod(0)
    md5 = hashlib.md5(data).hexdigest()
    cached = repo.file(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}")
    before = cached.stat()
    repo.commit(TRINITY_GUARD_SKIP="push")
    assert (cached.stat().st_mtime_ns, cached.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert b"blobs" not in repo.guard("status").stdout


def test_an_executable_one_keeps_its_bit(repo: Repo) -> None:
    repo.write("a.pkl", 100)
    repo.file("a.pkl").chmod(0o755)
    repo.git("add", "a.pkl")
    repo.commit()
    assert b"isexec: true" in repo.show("a.pkl.dvc")


@pytest.mark.slow
def test_a_clone_gets_the_same_either_way(make_repo: Callable[..., Repo]) -> None:
    trees = []
    data = {"a.csv": b"a,b\n1,2\n" * 500, "d/b.pkl": os.urandom(3000), "e.npy": b"x", "c.py": b"x = 1\n"}
    for filters in (True, False):
        repo = make_repo(f"filters {filters}".replace(" ", "-"), filters=filters)
        for name, content in data.items():
            repo.stage(name, content)
        repo.commit()
        kept = (".dvc/config", ".gitattributes")  # names of folders beside the repository
        trees.append({p: v for p, v in repo.tree().items() if p.decode() not in kept})
        assert repo.pulled_in_a_fresh_clone("d/b.pkl") == data["d/b.pkl"]
    assert trees[0] == trees[1]


# --- what stays in Git, byte for byte


def test_what_git_tracks_raw_is_compared_as_raw(repo: Repo) -> None:
    repo.git("config", "core.hooksPath", "/dev/null")
    data = repo.write("a.csv", 500)
    repo.git("add", "a.csv", TRINITY_GUARD_SKIP="filter")
    repo.commit("-n")
    later(repo, "a.csv")
    assert status(repo) == b""
    assert repo.git("diff", "--stat").stdout == b""
    repo.git("checkout", "-q", "-b", "side")
    changed = repo.write("a.csv", 500)
    assert status(repo) == b" M a.csv\n"
    repo.git("add", "a.csv")
    assert_raw(repo, "a.csv", changed)
    repo.commit("-n")
    repo.git("checkout", "-q", "main")
    assert repo.file("a.csv").read_bytes() == data
    assert status(repo) == b""


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ('exclude = ["keep/"]', "keep/a.csv"),
        ('exclude = ["*.csv", "!x.csv"]', "a.csv"),
        ('min-size = "1 kB"', "a.csv"),
        ('patterns = ["*.pkl"]', "a.csv"),
        ('on-artifact = "block"', "a.csv"),
    ],
)
def test_what_the_configuration_leaves_to_git_passes(repo: Repo, config: str, name: str) -> None:
    repo.stage(".trinity-guard.toml", config.encode() + b"\n")
    repo.commit()
    data = repo.stage(name, 500)
    assert_raw(repo, name, data)


def test_metrics_ignored_names_and_folders_of_dvc_pass(repo: Repo) -> None:
    repo.stage("dvc.yaml", b"stages:\n  s:\n    cmd: make\n    metrics:\n    - m.csv:\n        cache: false\n")
    repo.stage(".dvcignore", b"hidden.csv\n")
    repo.commit()
    assert_raw(repo, "m.csv", repo.stage("m.csv", 500))
    assert_raw(repo, "hidden.csv", repo.stage("hidden.csv", 500))
    assert_raw(repo, "empty.csv", repo.stage("empty.csv", b""))
    assert_raw(repo, "sniffed.bin", repo.stage("sniffed.bin", b"\x80\x04\x95\x05\0\0\0\0\0\0\0K\x01."))


@pytest.mark.parametrize(
    "line",
    ["*.csv -filter", "*.csv filter=other", "*.csv text", "*.csv eol=lf", "*.csv working-tree-encoding=UTF-16LE"],
)
@pytest.mark.parametrize("where", [".gitattributes", ".git/info/attributes", "HOME"])
def test_other_peoples_attributes_win(repo: Repo, line: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path(os.environ["XDG_CONFIG_HOME"]) / "git" / "attributes" if where == "HOME" else repo.file(where)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.write(line + "\n")
    if where == "HOME":
        repo.guard("init", "-q")  # the template of the tests was made in another home
    data = repo.stage("a.csv", "a,b\n".encode("utf-16-le"))
    assert not standin.begins(staged(repo, "a.csv"))
    assert hashlib.md5(data).hexdigest() not in repo.cached()


def test_whole_repositories_of_text_auto_are_no_matter(repo: Repo) -> None:
    repo.stage(".gitattributes", b"* text=auto\n*.csv diff=words\n")
    data = repo.stage("a.csv", b"a,b\r\n1,2\r\n")
    assert_stands_in(repo, "a.csv", data)
    repo.git("config", "core.autocrlf", "true")
    repo.file("a.csv").unlink()
    repo.git("checkout", "--", "a.csv")
    assert repo.file("a.csv").read_bytes() == data
    assert b"AM" not in status(repo)


def test_the_users_own_attributes_file_goes_on_counting(repo: Repo) -> None:
    mine = repo.path.parent / "mine"
    mine.write_text("*.txt diff=words\n*.pkl -filter\n")
    repo.git("config", "--global", "core.attributesFile", str(mine))
    repo.guard("init", "-q")
    assert b"diff: words" in repo.git("check-attr", "diff", "a.txt").stdout
    assert_raw(repo, "a.pkl", repo.stage("a.pkl", 100))
    mine.write_text("*.txt diff=other\n")
    repo.stage("code.py", b"x = 1\n")
    repo.git("reset", "-q", "--", "a.pkl")
    repo.commit()  # a hook keeps it in step
    assert b"diff: other" in repo.git("check-attr", "diff", "a.txt").stdout
    data = repo.stage("b.pkl", 100)
    assert_stands_in(repo, "b.pkl", data)


def test_the_patterns_are_followed_by_the_next_hook(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'patterns = ["*.bin"]\n')
    repo.commit()
    assert_stands_in(repo, "a.bin", repo.stage("a.bin", 100))
    assert_raw(repo, "a.csv", repo.stage("a.csv", 100))


def test_it_can_be_skipped_once(repo: Repo) -> None:
    data = repo.write("a.csv", 100)
    done = repo.git("add", "a.csv", TRINITY_GUARD_SKIP="filter")
    assert b"filter skipped" in done.stderr
    assert_raw(repo, "a.csv", data)


# --- loss


def test_a_read_only_cache_leaves_gits_own_blob(repo: Repo) -> None:
    cache = repo.file(".dvc/cache")
    cache.mkdir(exist_ok=True)
    shutil.rmtree(cache)
    cache.write_bytes(b"no folder")
    data = repo.write("a.csv", 5000)
    done = repo.git("add", "a.csv")
    assert staged(repo, "a.csv") == data
    assert b"cannot write to" in done.stderr


def test_a_stand_in_without_its_bytes_is_refused_or_its_file_is_taken_again(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    other = repo.stage("b.csv", 5000)
    shutil.rmtree(repo.file(".dvc/cache/files"))
    changed = repo.write("b.csv", 5000)
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"b.csv is staged as a stand-in, and the data that it names is neither in the DVC cache" in done.stderr
    assert other != changed
    repo.git("rm", "-q", "-f", "--cached", "--", "b.csv")
    repo.git("add", "b.csv")
    repo.commit()
    assert repo.cached()[hashlib.md5(data).hexdigest()] == data
    assert hashlib.md5(changed).hexdigest().encode() in repo.show("b.csv.dvc")


def test_a_damaged_object_is_never_written_into_the_work_tree(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    md5 = hashlib.md5(data).hexdigest()
    cached = repo.file(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}")
    cached.chmod(0o644)
    cached.write_bytes(b"x" * 5000)
    repo.file("a.csv").unlink()
    done = repo.git("checkout", "--", "a.csv")
    assert b"damaged" in done.stderr
    assert repo.file("a.csv").read_bytes() == text_of(data)


def test_the_text_itself_is_never_taken_for_data(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    text = text_of(data)
    repo.git("rm", "-q", "--cached", "a.csv")
    repo.write("a.csv", text)
    repo.git("add", "a.csv")
    assert staged(repo, "a.csv") == text
    repo.git("rm", "-q", "--cached", "-f", "a.csv")
    repo.guard("add", "a.csv")
    assert hashlib.md5(data).hexdigest().encode() in staged(repo, "a.csv.dvc")
    assert hashlib.md5(text).hexdigest() not in repo.cached()


def test_an_edited_stand_in_is_refused(repo: Repo) -> None:
    repo.stage("a.csv", text_of(b"data").replace(b"size", b"seize"))
    done = repo.commit(ok=False)
    assert b"a.csv is staged as a stand-in that nobody can read" in done.stderr
    assert done.returncode == 1


def test_without_the_program_git_goes_on_with_the_bytes(repo: Repo) -> None:
    script = repo.file(".git/trinity-guard/filter")
    data = repo.stage("a.csv", 5000)
    text = script.read_text()
    gone = text.replace(f"python='{sys.executable}'", "python='/gone/python'")
    script.write_text(gone.replace("$HOME/.local/bin", "/gone"))
    other = repo.write("b.csv", 5000)
    done = repo.git("add", "b.csv", PATH="/usr/bin:/bin")
    assert done.stderr.count(b"the program is gone") == 1
    assert staged(repo, "b.csv") == other
    repo.file("a.csv").unlink()
    repo.git("checkout", "--", "a.csv", PATH="/usr/bin:/bin")
    assert repo.file("a.csv").read_bytes() == text_of(data)
    script.write_text(text)
    repo.file("a.csv").unlink()
    repo.git("checkout", "--", "a.csv")
    assert repo.file("a.csv").read_bytes() == data


def test_in_a_repository_that_was_moved_the_next_commit_sets_it_right(repo: Repo, tmp_path: Path) -> None:
    moved = Repo(repo.path.rename(tmp_path / "moved"))
    assert_raw(moved, "a.csv", moved.stage("a.csv", 500))  # Git reads no attributes where the file was
    moved.commit()
    assert_stands_in(moved, "b.csv", moved.stage("b.csv", 500))


def test_an_attributes_file_that_was_set_since_stays(repo: Repo) -> None:
    repo.git("config", "core.attributesFile", "/elsewhere/attributes")
    repo.stage(".trinity-guard.toml", b'exclude = ["x.csv"]\n')
    repo.commit()
    assert repo.git("config", "core.attributesFile").stdout == b"/elsewhere/attributes\n"


# --- Git's own ways around it


def test_stash_and_pop_bring_a_staged_and_an_unknown_one_back(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    unknown = repo.write("b.csv", 5000)
    repo.git("stash", "push", "-q", "-u")
    assert not repo.file("a.csv").exists()
    assert not repo.file("b.csv").exists()
    repo.git("gc", "-q", "--prune=now")
    repo.git("stash", "pop", "-q", "--index")
    assert repo.file("a.csv").read_bytes() == data
    assert repo.file("b.csv").read_bytes() == unknown
    assert_stands_in(repo, "a.csv", data)
    repo.git("add", "b.csv")
    repo.commit()
    assert status(repo) == b""


def test_dvc_gc_takes_the_object_and_the_commit_takes_the_bytes_from_the_working_file(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    repo.dvc("gc", "-q", "-w", "-f")
    assert repo.cached() == {}  # no pointer names it yet
    repo.commit()
    assert repo.pulled_in_a_fresh_clone("a.csv") == data


def test_dvc_gc_and_then_another_file_in_its_place(repo: Repo) -> None:
    repo.stage("a.csv", 5000)
    repo.dvc("gc", "-q", "-w", "-f")
    repo.write("a.csv", 5000)
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"neither in the DVC cache nor in the work tree" in done.stderr


def test_read_tree_brings_bytes_and_takes_them_away(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    tree = repo.git("write-tree").stdout.strip()
    repo.git("read-tree", "--reset", "-u", "HEAD")
    assert not repo.file("a.csv").exists()
    repo.git("read-tree", "-m", "-u", "HEAD", tree)
    assert repo.file("a.csv").read_bytes() == data
    assert_stands_in(repo, "a.csv", data)


WRITES_ON = """if True:
    import itertools, sys
    with open(sys.argv[1], "r+b") as file:
        for i in itertools.count():
            file.seek(i * 4099 % 40_000_000)
            file.write(b"x" * 64)
            file.flush()
"""


@pytest.mark.slow
def test_a_file_that_changes_while_it_is_read_is_never_named_by_what_is_not_there(repo: Repo) -> None:
    repo.write("a.csv", 40 * MB)
    with subprocess.Popen([sys.executable, "-c", WRITES_ON, repo.file("a.csv")]) as writer:
        try:
            repo.git("add", "a.csv")
        finally:
            writer.kill()
    named = standin.decode(staged(repo, "a.csv"))
    assert named is not None
    assert hashlib.md5(repo.cached()[named.md5]).hexdigest() == named.md5
    assert len(repo.cached()[named.md5]) == named.size


def test_reset_rm_cached_and_add_again(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    repo.git("reset", "-q")
    assert status(repo) == b"?? a.csv\n"
    repo.git("add", "a.csv")
    repo.git("rm", "-q", "--cached", "a.csv")
    assert repo.file("a.csv").read_bytes() == data
    repo.git("add", "a.csv")
    assert_stands_in(repo, "a.csv", data)
    repo.git("mv", "a.csv", "b.csv")
    assert_stands_in(repo, "b.csv", data)
    repo.commit()
    assert repo.tracked("b.csv.dvc")


def test_intent_to_add_and_add_p(repo: Repo) -> None:
    data = repo.write("a.csv", b"a,b\n1,2\n")
    repo.git("add", "-N", "a.csv")
    run("git", "add", "-p", "a.csv", cwd=repo.path, data=b"y\n")
    assert_stands_in(repo, "a.csv", data)
    repo.commit()
    assert repo.tracked("a.csv.dvc")


def test_a_changed_one_is_seen_and_checkout_p_takes_it_back(repo: Repo) -> None:
    data = repo.stage("a.csv", b"a,b\n1,2\n")
    changed = repo.write("a.csv", b"a,b\n3,4\n")
    assert status(repo) == b"AM a.csv\n"
    assert hashlib.md5(changed).hexdigest() not in repo.cached()  # asking stores nothing
    assert hashlib.md5(changed).hexdigest().encode() in repo.git("diff").stdout
    run("git", "checkout", "-q", "-p", "--", "a.csv", cwd=repo.path, data=b"y\n")
    assert repo.file("a.csv").read_bytes() == data
    assert status(repo) == b"A  a.csv\n"


def test_a_patch_of_stand_ins_carries_the_data(repo: Repo) -> None:
    repo.stage("a.csv", b"a,b\n1,2\n")
    changed = repo.write("a.csv", b"a,b\n3,4\n")
    patch = repo.path.parent / "patch"
    patch.write_bytes(repo.git("diff", "--binary").stdout)
    repo.git("checkout", "-q", "--", "a.csv")
    repo.git("apply", str(patch))
    assert repo.file("a.csv").read_bytes() == changed


def test_a_newer_working_file_stays_though_the_cache_has_it(repo: Repo) -> None:
    staged_one = repo.stage("a.csv", b"a,b\n1,2\n")
    newer = repo.write("a.csv", b"a,b\n3,4\n")
    repo.git("diff")  # which may be the beginning of a patch: its bytes are kept
    assert hashlib.md5(newer).hexdigest() in repo.cached()
    repo.commit()
    assert repo.file("a.csv").read_bytes() == newer
    assert hashlib.md5(staged_one).hexdigest().encode() in repo.show("a.csv.dvc")


@pytest.mark.parametrize("form", [("-a",), ("--", "a.csv"), ("-i", "a.csv"), ("--amend",)])
def test_every_form_of_commit(repo: Repo, form: tuple[str, ...]) -> None:
    repo.stage("a.csv", 5000)
    data = repo.write("a.csv", 5000) if form != ("--amend",) else repo.file("a.csv").read_bytes()
    repo.commit(*form)
    assert hashlib.md5(data).hexdigest().encode() in repo.show("a.csv.dvc")
    assert not repo.tracked("a.csv")
    assert status(repo) == b""


def test_what_a_hook_leaves_in_the_background_holds_no_commit_up(repo: Repo) -> None:
    """Git hands its hooks, and its own `gc --auto`, the pipes of its filters, and waits for these to end."""
    repo.stage("a.csv", 500)
    hook = repo.file(".git/hooks/post-commit.before-trinity-guard")
    hook.write_text("#!/bin/sh\nsleep 60 >/dev/null 2>&1 </dev/null &\necho $! >sleeping\n")
    hook.chmod(0o755)
    repo.write("a.csv", 600)
    begun = time.monotonic()
    repo.commit("-a")
    assert time.monotonic() - begun < 50
    os.kill(int(repo.file("sleeping").read_text()), 9)


def slipped(repo: Repo, name: str = "a.csv") -> bytes:
    """Commit a stand-in past the hooks."""
    data = repo.stage(name, 5000)
    repo.commit("-n")
    assert repo.tracked(name)
    return data


@pytest.mark.slow
def test_branches_archive_blame_and_rebase_around_a_committed_one(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    data = slipped(repo)
    repo.git("checkout", "-q", "main")
    assert not repo.file("a.csv").exists()
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    repo.git("checkout", "-q", "side")
    assert repo.file("a.csv").read_bytes() == data
    assert status(repo) == b""
    repo.git("rebase", "-q", "main")
    assert repo.file("a.csv").read_bytes() == data
    assert b"stand-in" in repo.git("blame", "a.csv").stdout
    archive = repo.path.parent / "archive.tar"
    repo.git("archive", "-o", str(archive), "HEAD")
    run("tar", "xf", str(archive), "a.csv", cwd=repo.path.parent)
    assert (repo.path.parent / "a.csv").read_bytes() == data
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "side", ok=False)
    assert repo.file("a.csv").read_bytes() == data
    assert repo.git("cat-file", "--filters", "side:a.csv").stdout == data


def test_a_linked_work_tree_has_it_too(repo: Repo) -> None:
    data = slipped(repo)
    repo.git("worktree", "add", "-q", "../other", "HEAD")
    other = Repo(repo.path.parent / "other")
    staged_there = other.stage("b.csv", 3000)
    assert staged(other, "b.csv") == text_of(staged_there)
    assert other.cached()[hashlib.md5(staged_there).hexdigest()] == staged_there
    assert other.file("a.csv").read_bytes() in (data, text_of(data))


def test_a_file_that_is_only_asked_about_is_not_taken(repo: Repo) -> None:
    data = repo.write("a.csv", 5000)
    repo.write("b.csv", 5000)
    repo.git("diff", "--no-index", "a.csv", "b.csv", ok=False)
    oid = repo.git("hash-object", "a.csv").stdout.strip()
    assert repo.cached() == {}
    assert run("git", "hash-object", "--stdin", cwd=repo.path, data=data).stdout.strip() == oid


# --- past the hooks


def test_a_commit_past_the_hooks_is_named_and_amended(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    done = repo.commit("-n")
    assert b"this commit holds raw artifacts: a.csv (5 kB)" in done.stderr
    repo.git("commit", "--amend", "--no-edit", "-q")
    assert not repo.tracked("a.csv")
    assert hashlib.md5(data).hexdigest().encode() in repo.show("a.csv.dvc")


@pytest.mark.parametrize(
    "config", [b"", b'exclude = ["a.csv"]\n', b'sniff = false\nmax-size = "0"\npatterns = ["*.x"]\n']
)
def test_the_gate_and_lint_find_it_under_any_configuration(repo: Repo, config: bytes, tmp_path: Path) -> None:
    slipped(repo)
    repo.stage(".trinity-guard.toml", config)
    repo.commit("-n")
    run("git", "init", "-q", "--bare", tmp_path / "bare.git")
    repo.git("remote", "add", "origin", str(tmp_path / "bare.git"))
    done = repo.git("push", "origin", "main", ok=False)
    assert done.returncode
    assert b"a.csv (5 kB" in done.stderr
    linted = repo.guard("lint", "--all", ok=False)
    assert linted.returncode == 1
    assert b"TG001" in linted.stdout
    assert b"a.csv" in linted.stdout


def test_in_a_clone_without_the_program_the_text_says_what_to_install(repo: Repo) -> None:
    data = slipped(repo)
    clone = repo.path.parent / "clone"
    run("git", "clone", "-q", repo.path, clone)
    assert (clone / "a.csv").read_bytes() == text_of(data)
    assert b"pip install trinity-guard" in (clone / "a.csv").read_bytes().split(b"\n")[1]


def test_a_name_that_the_configuration_leaves_to_git_by_now_gets_its_bytes(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    repo.stage(".trinity-guard.toml", b'exclude = ["a.csv"]\n')
    repo.commit()
    assert repo.show("a.csv") == data
    assert status(repo) == b""


@pytest.mark.slow
def test_a_folder_that_is_one_artifact_by_now_is_made_of_its_stand_ins(repo: Repo) -> None:
    data = {name: repo.stage(f"many/{name}", 3000) for name in ("a.csv", "b.csv")}
    repo.stage(".trinity-guard.toml", b'folders = ["/many/"]\n')
    repo.commit()
    assert repo.tracked("many.dvc")
    assert repo.pulled_in_a_fresh_clone("many/a.csv") == data["a.csv"]


@pytest.mark.slow
def test_what_git_add_takes_of_a_folder_that_is_one_artifact_goes_into_the_cache(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'folders = ["/many/"]\n')
    repo.commit()
    names = ("x.png", "deep/README", "a.csv")
    data = {name: repo.stage(f"many/{name}", 3000) for name in names}
    for name in names:
        assert_stands_in(repo, f"many/{name}", data[name])
    repo.commit()
    assert repo.dvc("status").stdout.decode().strip() == "Data and pipelines are up to date."
    data["y.png"] = repo.write("many/y.png", 4000)
    repo.git("add", "-f", "many/y.png")
    assert_stands_in(repo, "many/y.png", data["y.png"])
    repo.commit()
    assert status(repo) == b""
    for name, content in data.items():
        assert repo.pulled_in_a_fresh_clone(f"many/{name}") == content


def test_what_a_folder_is_not_to_have_stays_an_artifact_of_its_own(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'folders = ["/many/", "!/many/apart/"]\n')
    repo.commit()
    assert_stands_in(repo, "many/x.png", repo.stage("many/x.png", 3000))


def test_a_commit_that_is_not_to_be_guarded_holds_what_was_staged(repo: Repo) -> None:
    data = repo.stage("a.csv", 5000)
    repo.commit(TRINITY_GUARD_SKIP="convert,push,sync")
    assert repo.show("a.csv") == data
    assert status(repo) == b""


# --- no Python for source files


def test_source_files_start_no_python(repo: Repo, tmp_path: Path) -> None:
    script = repo.file(".git/trinity-guard/filter")
    script.write_text(f"#!/bin/sh\necho started >>'{tmp_path}/log'\n" + script.read_text().partition("\n")[2])
    for n in range(20):
        repo.write(f"src/m{n}.py", b"x = 1\n")
    repo.git("add", "-A")
    status(repo)
    repo.git("diff")
    repo.git("checkout", "-q", "-b", "side")
    assert not (tmp_path / "log").exists()
    repo.stage("a.csv", 100)
    repo.stage("b.csv", 100)
    assert (tmp_path / "log").read_text() == "started\n" * 2


def test_init_takes_it_out_and_stages_the_data_itself(repo: Repo) -> None:
    mine = repo.path.parent / "mine"
    repo.git("config", "core.attributesFile", str(mine))
    repo.guard("init", "-q")
    data = repo.stage("a.csv", 5000)
    assert_stands_in(repo, "a.csv", data)
    repo.guard("init", "--uninstall", "-q")
    assert staged(repo, "a.csv") == data
    assert repo.git("config", "core.attributesFile").stdout.strip() == os.fsencode(mine)
    assert repo.git("config", "--get-regexp", "filter", ok=False).stdout == b""
    assert not repo.file(".git/trinity-guard/attributes").exists()
    assert repo.file("a.csv").read_bytes() == data
    assert b" M" not in status(repo)


def test_init_stages_the_data_itself_in_every_linked_work_tree(repo: Repo) -> None:
    linked, gone = (repo.path.parent / name for name in ("linked tree", "gone"))
    for folder in (linked, gone):
        repo.git("worktree", "add", "-q", "--detach", str(folder))
    there = Repo(linked)
    data = there.stage("b.csv", 3000)
    assert_stands_in(there, "b.csv", data)
    shutil.rmtree(gone)
    repo.guard("init", "--uninstall", "-q")
    assert staged(there, "b.csv") == data
    assert status(there) == b"A  b.csv\n"


def test_init_stops_where_the_data_of_another_work_tree_is_gone(repo: Repo) -> None:
    linked = repo.path.parent / "linked"
    repo.git("worktree", "add", "-q", "--detach", str(linked))
    Repo(linked).stage("b.csv", 3000)
    shutil.rmtree(linked / ".dvc/cache")
    refused = repo.guard("init", "--uninstall", ok=False)
    assert refused.returncode == 1
    assert f"in the work tree {linked}".encode() in refused.stderr
    assert repo.git("config", "filter.trinity-guard.process").stdout


def test_without_hooks_there_is_no_filter_unless_it_is_asked_for(bare_repo: Repo) -> None:
    bare_repo.guard("init", "--hooks", "none", "-q")
    assert bare_repo.git("config", "core.attributesFile", ok=False).stdout == b""
    bare_repo.guard("init", "--hooks", "none", "--filter", "-q")
    data = bare_repo.write("a.csv", 500)
    assert b"the hook pre-commit is not ours, or gone" in bare_repo.git("add", "a.csv").stderr
    assert_raw(bare_repo, "a.csv", data)
    hook = bare_repo.file(".git/hooks/pre-commit")
    hook.write_text("#!/bin/sh\nexec trinity-guard hook pre-commit\n")  # as a shared one, or a team's own
    hook.chmod(0o755)
    assert_stands_in(bare_repo, "b.csv", bare_repo.stage("b.csv", 500))


def test_init_remembers_that_it_is_not_wanted(repo: Repo) -> None:
    repo.guard("init", "--no-filter", "-q")
    repo.guard("init", "-q")
    assert_raw(repo, "a.csv", repo.stage("a.csv", 500))
    repo.guard("init", "--filter", "-q")
    assert_stands_in(repo, "b.csv", repo.stage("b.csv", 500))


# --- kill


@pytest.mark.slow  # a `git add` for each step
def test_killing_the_filter_at_any_step_leaves_a_stand_in_with_its_bytes_or_the_raw_blob(
    repo: Repo, tmp_path: Path
) -> None:
    seen = set()
    for step in range(1, 200):
        work = Repo(tmp_path / "killed")
        shutil.rmtree(work.path, ignore_errors=True)
        shutil.copytree(repo.path, work.path, symlinks=True)
        attributes = work.file(".git/trinity-guard/attributes")
        work.git("config", "core.attributesFile", str(attributes))
        killed = tmp_path / "killed-marker"
        killed.unlink(missing_ok=True)
        work.file(".git/trinity-guard/filter").write_text(
            f"PYTHONPATH='{PROJECT}' '{sys.executable}' -m tests.helpers.killed {step} hook filter\n"
            f"[ $? = 137 ] && touch '{killed}'\n"
        )
        files = {name: work.write(name, size) for name, size in (("a.csv", 3000), ("b.pkl", 9 * MB), ("c.csv", 10))}
        work.git("add", "a.csv", "b.pkl", "c.csv", ok=False)
        for name, data in files.items():
            held = work.git("cat-file", "blob", f":{name}", ok=False).stdout
            if held and standin.begins(held):
                assert_stands_in(work, name, data)
                seen.add("stand-in")
            elif held:
                assert held == data, f"{name} at step {step}"
                seen.add("raw")
        if not killed.exists():
            break
        work.guard("init", "-q")
        work.git("add", "--renormalize", "-A")
        work.git("add", "-A")
        work.commit()
        for name, data in files.items():
            assert hashlib.md5(data).hexdigest().encode() in work.show(f"{name}.dvc"), f"{name} at step {step}"
    assert step > 10
    assert seen == {"stand-in", "raw"}


def test_newer_bytes_under_the_time_of_a_stand_in_are_seen(repo: Repo) -> None:
    repo.git("config", "core.trustctime", "false")
    repo.write("a.csv", b"AAAA\n")
    os.utime(repo.file("a.csv"), (1e9, 1e9))  # older than the index, so that Git does not look into it
    repo.git("add", "a.csv")
    repo.write("a.csv", b"BBBB\n")
    os.utime(repo.file("a.csv"), (1e9, 1e9))
    repo.commit()
    assert hashlib.md5(b"AAAA\n").hexdigest() in repo.show("a.csv.dvc").decode()
    assert b"changed" in repo.guard("status").stdout
