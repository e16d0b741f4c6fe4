"""A pointer in conflict: who says so, and that every command that is printed works in that state."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.helpers.support import Repo, made_once, run

BASE, OURS, THEIRS = b"id\n1\nbase", b"id\n1\nbase\nours is longer", b"id\n1\nbase\ntheirs"
SIDES = {"ours": OURS, "theirs": THEIRS, "base": BASE, "merge": OURS + b"\ntheirs"}


def commit(repo: Repo, data: bytes, name: str = "t.csv") -> None:
    repo.write(name, data)
    repo.guard("add", name)
    repo.git("commit", "-qnm", subject(data))


def subject(data: bytes) -> str:
    return data.decode().splitlines()[-1]


@pytest.fixture
@made_once
def sides(repo: Repo) -> Repo:
    """Two branches with two versions of t.csv, of which main is checked out."""
    commit(repo, BASE)
    repo.git("switch", "-qc", "other")
    commit(repo, THEIRS)
    repo.git("switch", "-q", "main")
    commit(repo, OURS)
    return repo


def merged(repo: Repo) -> str:
    return repo.git("merge", "other", ok=False).stderr.decode()


def staged(repo: Repo) -> str:
    merged(repo)
    repo.git("add", "-A")
    return repo.git("commit", "-m", "merged", ok=False).stderr.decode()


def staged_all(repo: Repo) -> str:
    merged(repo)
    return repo.git("commit", "-am", "merged", ok=False).stderr.decode()


def committed(repo: Repo) -> str:
    merged(repo)
    repo.git("commit", "-qnam", "merged with markers")
    return repo.guard("pull", ok=False).stderr.decode()


def told_by(*command: str) -> Callable[[Repo], str]:
    def ask(repo: Repo) -> str:
        merged(repo)
        done = repo.guard(*command, ok=False)
        return (done.stdout + done.stderr).decode()

    return ask


STATES = {
    "merge": merged,
    "markers staged": staged,
    "commit -a": staged_all,
    "markers committed": committed,
    "status": told_by("status"),
    "pull": told_by("pull"),
    "lint": told_by("lint"),
    "doctor": told_by("doctor"),
}


def printed(said: str) -> list[str]:
    """Return the commands of a message: the lines that begin with a program, those of doctor behind its own words."""
    lines = [line.strip() for line in said.splitlines()]
    found = [line for line in lines if line.startswith(("trinity-guard use --", "git checkout --"))]
    assert found, said
    return found


def alternatives(line: str) -> list[tuple[str, str]]:
    """Return (side, command) for a line as it stands and for each of the options that its comment names."""
    command, _, comment = line.partition("     # ")
    own = next(side for side in SIDES if f"--{side} " in command)
    others = [side for side in SIDES if f"--{side}" in comment]
    after = comment.partition("; then: ")[2]
    commands = [(s, command.replace(f"--{own}", f"--{s}")) for s in (own, *others)]
    return [(s, f"{c} && {after}" if after else c) for s, c in commands]


@pytest.mark.slow
@pytest.mark.parametrize("state", ["merge", "markers staged", "markers committed"])
def test_a_pointer_in_conflict_holds_its_file_still(state: str, sides: Repo) -> None:
    STATES[state](sides)
    said = sides.guard("status").stdout.decode()
    assert "held by no pointer" not in said
    ours, theirs = (
        line.partition("A U Thor: ")[2] for line in said.splitlines() if line.startswith(("  ours", "  theirs"))
    )
    assert (ours, theirs) == (subject(OURS), subject(THEIRS))


@pytest.mark.slow
def test_before_the_commit_one_may_choose_again(sides: Repo) -> None:
    merged(sides)
    for side in ("ours", "theirs", "base", "theirs"):
        sides.guard("use", f"--{side}", "t.csv")
        assert sides.file("t.csv").read_bytes() == SIDES[side]
    sides.git("commit", "-qm", "merged")
    assert b"t.csv is not in conflict" in sides.guard("use", "--ours", "t.csv", ok=False).stderr


@pytest.mark.slow
@pytest.mark.parametrize("how", [("use", "--theirs", "t.csv"), ("convert", "t.csv")], ids=" ".join)
def test_a_merge_can_be_given_up_after_it(sides: Repo, how: tuple[str, ...]) -> None:
    merged(sides)
    if how[0] == "convert":
        sides.git("checkout", "-q", "--ours", "t.csv.dvc")
        sides.git("add", "t.csv.dvc")
        sides.write("t.csv", b"by hand")
    sides.guard(*how)
    sides.git("merge", "--abort")
    assert sides.git("status", "--porcelain").stdout == b""


@pytest.mark.slow
@pytest.mark.parametrize("state", STATES)
def test_every_command_works_in_the_state_in_which_it_is_printed(state: str, sides: Repo) -> None:
    lines = printed(STATES[state](sides))
    tried = [pair for line in lines for pair in alternatives(line)]
    assert {side for side, _ in tried} >= {"ours", "theirs"}
    start = sides.path.parent / "start"
    run("cp", "-a", sides.path, start)
    for side, command in tried:
        run("rm", "-r", sides.path)
        run("cp", "-a", start, sides.path)
        sides.type_in(command)
        assert f"size: {len(SIDES[side])}\n".encode() in sides.show("t.csv.dvc", ""), command
        if command.startswith("trinity-guard"):
            assert sides.file("t.csv").read_bytes() == SIDES[side]
        sides.git("commit", "-qm", "resolved")
        assert b"<<<" not in sides.show("t.csv.dvc")
        assert sides.git("status", "--porcelain").stdout == b""


def test_the_message_says_sizes_and_commits_of_both_sides(sides: Repo) -> None:
    said = staged(sides)
    ours, theirs = (sides.git("log", "-1", "--format=%h of %as", b).stdout.decode().strip() for b in ("main", "other"))
    assert "t.csv.dvc is in conflict.\n" in said
    assert f"  ours    24 B, md5 {said.partition('md5 ')[2][:8]}, {ours}, A U Thor: ours is longer\n" in said
    assert f", {theirs}, A U Thor: theirs\n" in said
    assert "  base    9 B, md5 " in said
    # Git says so too.
    assert sides.git("status", "--porcelain").stdout == b"UU t.csv.dvc\n"


@pytest.mark.slow
@pytest.mark.parametrize(("side", "data"), [("ours", OURS), ("theirs", THEIRS)])
@pytest.mark.parametrize("how", ["rebase", "cherry-pick", "revert", "stash"])
def test_sides_mean_what_git_means_by_them(sides: Repo, how: str, side: str, data: bytes) -> None:
    if how == "rebase":  # what is picked is theirs
        sides.git("switch", "-q", "other")
        sides.git("rebase", "main", ok=False)
    elif how == "cherry-pick":
        sides.git("cherry-pick", "other", ok=False)
    elif how == "revert":
        commit(sides, b"later")
        sides.git("revert", "HEAD^", ok=False)
        data = {OURS: b"later", THEIRS: BASE}[data]
    else:
        sides.write("t.csv", b"stashed")
        sides.guard("add", "t.csv")
        sides.git("stash", "-q")
        sides.guard("pull")
        commit(sides, b"later")
        sides.git("stash", "pop", ok=False)
        data = {OURS: b"later", THEIRS: b"stashed"}[data]
    assert sides.git("status", "--porcelain").stdout.startswith(b"UU")
    sides.guard("use", f"--{side}", "t.csv")
    assert sides.file("t.csv").read_bytes() == data
    assert not sides.git("diff", "--name-only").stdout


@pytest.mark.slow
@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_one_side_deleted_it_and_the_other_changed_it(repo: Repo, side: str) -> None:
    commit(repo, BASE)
    commit(repo, BASE, "other.csv")
    repo.git("switch", "-qc", "other")
    commit(repo, THEIRS)
    repo.git("switch", "-q", "main")
    repo.git("rm", "-q", "t.csv.dvc")
    repo.write(".gitignore", b"/other.csv\n")
    repo.file("t.csv").unlink()
    repo.git("commit", "-qnam", "gone")
    repo.git("merge", "other", ok=False)
    said = repo.guard("status").stdout.decode()
    assert f"  ours    deleted\n  theirs  {len(THEIRS)} B" in said
    assert "git checkout" not in said
    for other in ("base", "theirs", "base"):  # each may be chosen again, and what was chosen before claims nothing
        repo.guard("use", f"--{other}", "t.csv")
    repo.guard("use", f"--{side}", "t.csv")
    assert (b"t.csv.dvc" in repo.index()) == (side == "theirs")
    assert repo.file("t.csv").exists() == (side == "theirs")
    repo.git("commit", "-qm", "resolved")
    assert repo.git("status", "--porcelain").stdout == b""


@pytest.mark.slow
@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_both_sides_added_it(repo: Repo, side: str) -> None:
    repo.git("switch", "-qc", "other")
    commit(repo, THEIRS)
    repo.git("switch", "-q", "main")
    commit(repo, OURS)
    repo.git("merge", "other", ok=False)
    assert "base" not in repo.guard("status").stdout.decode()
    repo.guard("use", f"--{side}", "t.csv.dvc")
    assert repo.file("t.csv").read_bytes() == SIDES[side]
    refused = repo.guard("use", "--base", ok=False)
    assert refused.returncode == 1
    assert b"no pointer and no dvc.lock is in conflict" in refused.stderr


@pytest.mark.parametrize(("side", "left"), [("ours", "b.csv"), ("theirs", "c.csv")])
def test_both_sides_renamed_it(repo: Repo, side: str, left: str) -> None:
    def rename(name: str) -> None:
        repo.git("mv", "t.csv.dvc", f"{name}.dvc")
        pointer = repo.file(f"{name}.dvc")
        pointer.write_bytes(pointer.read_bytes().replace(b"t.csv", name.encode()))
        repo.write(".gitignore", f"/{name}\n".encode())
        repo.file("t.csv").rename(repo.file(name))
        repo.git("commit", "-qnam", name)

    commit(repo, BASE)
    repo.git("switch", "-qc", "other")
    rename("c.csv")
    repo.git("switch", "-q", "main")
    rename("b.csv")
    repo.git("merge", "other", ok=False)
    repo.guard("use", f"--{side}")
    assert [n for n in ("b.csv", "c.csv", "t.csv") if repo.file(n).exists()] == [left]
    assert [n for n in ("b.csv", "c.csv", "t.csv") if f"{n}.dvc".encode() in repo.index()] == [left]


@pytest.mark.slow
def test_a_version_that_is_nowhere_leaves_all_as_it_is(sides: Repo) -> None:
    merged(sides)
    for root in (sides.path / ".dvc/cache", sides.storage):
        for file in root.rglob("*"):
            if file.is_file() and file.read_bytes() == THEIRS:
                file.unlink()
    before = sides.git("ls-files", "-s").stdout
    refused = sides.guard("use", "--theirs", ok=False)
    assert refused.returncode == 1
    assert b"nothing was touched:\n  t.csv " in refused.stderr
    assert sides.git("ls-files", "-s").stdout == before
    assert sides.file("t.csv").read_bytes() == OURS


@pytest.mark.slow
def test_what_was_changed_here_and_is_recorded_nowhere_stays(sides: Repo) -> None:
    merged(sides)
    sides.write("t.csv", b"mine alone")
    refused = sides.guard("use", "--theirs", ok=False)
    assert b"t.csv was changed here" in refused.stderr
    assert sides.file("t.csv").read_bytes() == b"mine alone"
    command = next(line.strip() for line in refused.stderr.decode().splitlines() if line.strip().startswith("mv "))
    sides.type_in(command.partition("  #")[0].replace("ELSEWHERE", "elsewhere.txt"))
    sides.guard("use", "--theirs")
    assert sides.file("t.csv").read_bytes() == THEIRS


@pytest.mark.slow
def test_a_file_that_was_merged_by_hand_is_recorded_as_it_is_said(sides: Repo) -> None:
    merged(sides)
    sides.write("t.csv", b"both, by hand")
    said = sides.guard("add", "t.csv", ok=False).stderr.decode()
    sides.type_in(next(line for line in printed(said) if line.startswith("git checkout")).partition("  #")[0])
    sides.guard("add", "t.csv")
    sides.git("commit", "-qm", "resolved")
    assert sides.pulled_in_a_fresh_clone("t.csv") == b"both, by hand"


LOCK = (
    "schema: '2.0'\nstages:\n  train:\n    cmd: x\n    outs:\n    - path: m.bin\n      hash: md5\n"
    "      md5: {md5}\n      size: 1\n"
)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["unmerged", "staged"])
def test_a_lock_is_resolved_as_a_pointer_is(repo: Repo, when: str) -> None:
    for branch, md5 in (("main", "a"), ("other", "b"), ("main", "c")):
        repo.git("switch", "-q", *(["-c"] if branch == "other" else []), branch)
        repo.write("dvc.yaml", b"stages:\n  train:\n    cmd: x\n    outs:\n    - m.bin:\n        cache: false\n")
        repo.write("dvc.lock", LOCK.format(md5=md5 * 32).encode())
        repo.git("add", "-A")
        repo.git("commit", "-qnm", md5)
    repo.git("merge", "other", ok=False)
    said = repo.guard("status").stdout.decode()
    if when == "staged":
        repo.git("add", "-A")
        done = repo.git("commit", "-m", "x", ok=False)
        assert done.returncode == 1
        said = done.stderr.decode()
    for side, command in [pair for line in printed(said) for pair in alternatives(line)]:
        repo.git("checkout", "-m", "--", "dvc.lock", ok=False)
        repo.type_in(command)
        assert LOCK.format(md5={"ours": "c", "theirs": "b", "base": "a"}[side] * 32).encode() == repo.show(
            "dvc.lock", ""
        )


@pytest.mark.slow
def test_a_push_of_committed_markers_says_how_to_replace_them(sides: Repo) -> None:
    run("git", "init", "-q", "--bare", "hub.git", cwd=sides.path.parent)
    sides.git("remote", "add", "origin", "../hub.git")
    committed(sides)
    said = sides.git("push", "-q", "-u", "origin", "main", ok=False).stderr.decode()
    lines = [line.strip() for line in said.splitlines()]
    for start in ("trinity-guard use --ours ", "git commit --amend "):
        sides.type_in(next(line for line in lines if line.startswith(start)))
    sides.git("push", "-q", "-u", "origin", "main")


@pytest.mark.slow
def test_two_versions_of_a_directory_are_united_by_hand_where_the_driver_was_not(repo: Repo) -> None:
    def record(**files: bytes) -> None:
        for name, data in files.items():
            repo.write(f"d/{name}", data)
        repo.dvc("add", "-q", "d")
        repo.git("add", "d.dvc", ".gitignore")
        repo.git("commit", "-qnm", "d")

    record(a=b"a")
    repo.git("switch", "-qc", "other")
    record(b=b"b")
    repo.git("switch", "-q", "main")
    record(c=b"c", a=b"aa")
    repo.file(".git/info/attributes").unlink()
    repo.git("merge", "other", ok=False)
    said = repo.guard("status").stdout.decode()
    assert "  ours    3 B in 2 files" in said
    repo.type_in(next(line for line in printed(said) if "--union" in line))
    assert {p.name: p.read_bytes() for p in repo.file("d").iterdir()} == {"a": b"aa", "b": b"b", "c": b"c"}
    repo.git("commit", "-qm", "both")
    assert repo.git("status", "--porcelain").stdout == b""


# ---- markers that got in where Git runs no hook before a commit


def next_commit(repo: Repo) -> str:
    repo.write("code.py", b"# later\n")
    return repo.git("commit", "-qam", "later").stderr.decode()


def status(repo: Repo) -> str:
    return repo.guard("status").stdout.decode()


def push(repo: Repo) -> str:
    done = repo.git("push", "-q", "origin", "HEAD", ok=False)
    assert done.returncode
    return done.stderr.decode()


@pytest.fixture
def hub(sides: Repo) -> Repo:
    """The two branches and a server, which has none of it yet."""
    sides.git("config", "core.editor", "echo words >>")  # what a person writes
    run("git", "init", "-q", "--bare", "hub.git", cwd=sides.path.parent)
    sides.git("remote", "add", "origin", "../hub.git")
    sides.git("push", "-q", "origin", "main")
    return sides


def rebased(repo: Repo, *after: str) -> str:
    """Rebase the other branch, with these commits behind the one in conflict, as `git add -A` and --continue do."""
    repo.git("switch", "-q", "other")
    for name in after:
        repo.write(name, b"# code\n")
        repo.git("add", name)
        repo.git("commit", "-qm", name)
    repo.git("rebase", "main", ok=False)
    repo.git("add", "-A")
    return repo.git("rebase", "--continue").stderr.decode()


def lines_of(said: str) -> list[str]:
    """Return the commands of what is said of t.csv.dvc, which stand indented."""
    lines = said.partition("t.csv.dvc holds the markers")[2].splitlines()[1:]
    return [line.strip() for line in lines if line.strip().startswith(("git ", "trinity-guard ", "TRINITY"))]


def type_remedy(repo: Repo, said: str) -> None:
    """Type what is printed, line by line; in the list of a rebase, what its comment says."""
    commands = [line for line in lines_of(said) if not line.startswith(("TRINITY", "trinity-guard use --merge"))]
    assert commands, said
    for line in commands:
        edit = "1s/^pick/edit/" if "`edit`" in line else r"/^merge -C/a\break"
        editor = f"GIT_SEQUENCE_EDITOR=\"sed -i.bak '{edit}'\" " if "--autostash" in line else ""
        repo.type_in(editor + line)


def is_out(repo: Repo) -> None:
    assert f"size: {len(OURS)}\n".encode() in repo.show("t.csv.dvc")
    assert repo.file("t.csv").read_bytes() == OURS
    assert not repo.file(".git/rebase-merge").exists()
    assert repo.git("status", "--porcelain", "--untracked-files=no").stdout == b""
    repo.git("push", "-q", "origin", "HEAD")
    assert b"holds the markers" not in repo.guard("status").stdout


@pytest.mark.slow
@pytest.mark.parametrize("told", ["rebase", "status", "push", "next commit"])
@pytest.mark.parametrize("after", [(), ("code.py",)], ids=["last", "older"])
def test_markers_that_a_rebase_committed_are_taken_out_by_what_is_printed(
    hub: Repo, told: str, after: tuple[str, ...]
) -> None:
    said = rebased(hub, *after)
    assert said.count("t.csv.dvc holds the markers of a merge conflict") == 1
    if told == "next commit" and not after:
        hub.write("code.py", b"# new\n")
        hub.git("add", "code.py")
    said = {"status": status, "push": push, "next commit": next_commit}.get(told, lambda _: said)(hub)
    type_remedy(hub, said)
    is_out(hub)


@pytest.mark.slow
def test_markers_that_a_later_commit_of_the_same_rebase_took_out_are_named_at_its_end(hub: Repo) -> None:
    hub.git("switch", "-q", "other")
    commit(hub, THEIRS + b" and more")
    hub.git("rebase", "main", ok=False)
    hub.git("add", "-A")
    hub.git("rebase", "--continue", ok=False)
    hub.guard("use", "--theirs", "t.csv")
    said = hub.git("rebase", "--continue").stderr.decode()
    assert b"<<<" not in hub.show("t.csv.dvc")
    *lines, last = lines_of(said)
    assert "t.csv.dvc holds the markers of a merge conflict" in said
    for line in lines:
        hub.type_in(("GIT_SEQUENCE_EDITOR=\"sed -i.bak '1s/^pick/edit/'\" " if "--autostash" in line else "") + line)
    done = run("bash", "-c", last, cwd=hub.path, ok=False)  # the next one changed what was a marker
    assert b"trinity-guard use --ours t.csv" in done.stderr
    hub.guard("use", "--theirs", "t.csv")
    assert b"markers" not in hub.git("rebase", "--continue").stderr
    assert hub.file("t.csv").read_bytes() == THEIRS + b" and more"
    hub.git("push", "-q", "origin", "HEAD")


@pytest.mark.slow
def test_markers_of_a_merge_below_other_commits_are_taken_out(hub: Repo) -> None:
    committed(hub)
    hub.write("code.py", b"# code\n")
    hub.git("add", "code.py")
    type_remedy(hub, hub.git("commit", "-qm", "code").stderr.decode())
    is_out(hub)
    assert len(hub.git("rev-list", "--merges", "HEAD").stdout.split()) == 1


@pytest.mark.slow
def test_markers_that_others_have_already_are_taken_out_by_a_new_commit(hub: Repo) -> None:
    rebased(hub, "code.py")
    hub.git("push", "-q", "origin", "HEAD", TRINITY_GUARD_SKIP="gate")
    head = hub.head()
    type_remedy(hub, status(hub))
    assert hub.git("rev-parse", "HEAD^").stdout.decode().strip() == head
    is_out(hub)


@pytest.mark.slow
def test_markers_of_an_older_commit_are_no_matter_before_a_rebase_has_ended(hub: Repo) -> None:
    hub.git("switch", "-q", "other")
    hub.write("code.py", b"# code\n")
    hub.git("add", "code.py")
    hub.git("commit", "-qm", "code")
    editor = "sed -i.bak '2s/^pick/edit/'"
    hub.git("rebase", "-i", "main", ok=False, GIT_SEQUENCE_EDITOR=editor)
    hub.git("add", "-A")
    hub.git("rebase", "--continue", ok=False)
    hub.type_in(lines_of(status(hub))[0])
    type_remedy(hub, status(hub))
    is_out(hub)


@pytest.mark.slow
def test_what_was_committed_with_no_verify_is_amended(hub: Repo) -> None:
    merged(hub)
    said = hub.git("commit", "-qnam", "with markers").stderr.decode()
    lines = [line for line in lines_of(said) if "--ours" in line or "--amend" in line]
    for line in (lines[0], lines[-1]):
        hub.type_in(line)
    is_out(hub)


@pytest.mark.slow
@pytest.mark.parametrize("command", [("rm", "t.csv"), ("mv", "t.csv", "u.csv"), ("convert", "t.csv"), ("add", "t.csv")])
def test_who_asks_for_an_artifact_in_conflict_is_told_that_it_is(sides: Repo, command: tuple[str, ...]) -> None:
    merged(sides)
    done = sides.guard(*command, ok=False)
    assert done.returncode == 1
    assert b"t.csv.dvc is in conflict" in done.stderr
    line = next(x.strip() for x in done.stderr.decode().splitlines() if x.startswith("    "))
    sides.type_in(line.partition("     #")[0])
    sides.guard(*command)
