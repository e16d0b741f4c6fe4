"""A team's fortnight by Git's verbs alone: two clones and a server, steps drawn by hypothesis, checked after each one.

After every step holds: nothing is both unrecorded and unnamed; the work tree is as its pointers say, or status names
what is not; what a commit took is what was there when it was made; what the server has, its remote has.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.helpers.support import Repo, dvc, run

NAMES = ("a.csv", "data/b.pkl", "data/deep/c.csv")
names = st.sampled_from(NAMES)
numbers = st.integers(min_value=0, max_value=3)
whose = st.sampled_from(("ann", "bob"))
Files = dict[str, bytes]


def content(number: int) -> bytes:
    """Return one of few contents, so that the same bytes come again under other names and at other times."""
    return b"".join(b"%d,%d\n" % (row, number) for row in range(20 + number))


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


class Fortnight:
    """Two people, a server, and what each commit must hold."""

    def __init__(self) -> None:
        self.room = Path(tempfile.mkdtemp(prefix="fortnight-"))
        self.log: list[str] = []
        self.edits = 0
        self.stashed: set[str] = set()

    def begin(self) -> None:
        self.clones: dict[str, Repo] = {}
        run("git", "init", "-q", "--bare", "-b", "main", self.room / "server.git")
        first = Repo.make(self.room / "ann")
        first.git("remote", "add", "origin", str(self.room / "server.git"))
        first.write("train.py", b"print(0)\n" * 20)
        first.git("add", "-A")
        first.git("commit", "-q", "-m", "code")
        first.git("push", "-q", "-u", "origin", "main")
        run("git", "clone", "-q", self.room / "server.git", self.room / "bob")
        second = Repo(self.room / "bob")
        second.guard("init", "-q")
        self.storage = self.room / "ann-dvc-storage"
        self.clones = {"ann": first, "bob": second}

    def end(self) -> None:
        shutil.rmtree(self.room, ignore_errors=True)

    # --- what people type

    def type(self, who: str, *args: str, ok: bool = True) -> str:
        self.log.append(f"{who}: git {' '.join(args)}")
        done = self.clones[who].git(*args, ok=ok, TRINITY_GUARD_TRUST="1")
        return (done.stdout + done.stderr).decode() + (f"exit {done.returncode}" if done.returncode else "")

    def write(self, who: str, name: str, data: bytes) -> None:
        self.log.append(f"{who}: writes {name}")
        self.clones[who].write(name, data)

    def busy(self, who: str) -> bool:
        git_dir = self.clones[who].path / ".git"
        return any((git_dir / n).exists() for n in ("MERGE_HEAD", "REVERT_HEAD", "CHERRY_PICK_HEAD", "rebase-merge"))

    def commit(self, who: str, *args: str) -> None:
        """Commit; where Git made up its mind before the hook recorded something, type the same once more."""
        before = self.clones[who].head()
        wanted = self.artifacts(who)
        said = self.type(who, "commit", "-m", "work", *args, ok=False)
        if "exit 1" in said and "nothing" in said and self.pending(who):
            said = self.type(who, "commit", "-m", "work", *args, ok=False)
        after = self.clones[who].head()
        if after != before:
            self.recorded(who, after, wanted, said)

    def recorded(self, who: str, commit: str, wanted: Files, said: str) -> None:
        """What was in the work tree when this was typed is in the commit, or was named."""
        held = self.pointers(who, commit)
        for name in wanted.keys() | held.keys():
            agrees = name in wanted and held.get(name) == md5(wanted[name])
            assert agrees or name in said or self.is_named(who, name), self.story(
                f"{name} is not what {commit[:8]} holds, and nobody said so:\n{said}"
            )

    def add_one_and_commit(self, who: str, name: str, number: int) -> None:
        if self.busy(who):
            return
        self.write(who, name, content(number))
        self.type(who, "add", "-A")
        self.commit(who)

    def change_with_code_and_commit_all(self, who: str, name: str, number: int) -> None:
        if self.busy(who) or not self.clones[who].file(name).exists():
            return
        self.write(who, name, content(number))
        self.edit_code(who)
        self.commit(who, "-a")

    def delete_and_commit_all(self, who: str, name: str) -> None:
        if self.busy(who) or not self.clones[who].file(name).exists():
            return
        self.log.append(f"{who}: rm {name}")
        self.clones[who].file(name).unlink()
        self.edit_code(who)
        self.commit(who, "-a")

    def remove_the_pointer(self, who: str, name: str) -> None:
        if self.busy(who) or not self.clean_pointer(who, name):
            return
        self.type(who, "rm", "-q", name + ".dvc")
        self.commit(who)

    def rename_the_pointer(self, who: str, name: str, to: str) -> None:
        repo = self.clones[who]
        taken = repo.file(to).exists() or repo.file(to + ".dvc").exists()
        if self.busy(who) or taken or not self.clean_pointer(who, name):
            return
        repo.file(to).parent.mkdir(parents=True, exist_ok=True)
        self.type(who, "mv", name + ".dvc", to + ".dvc")
        before = self.artifacts(who)
        said = self.type(who, "commit", "-m", "work")
        held = self.pointers(who, "HEAD")
        assert (to in held, name in held) == (True, False), self.story(f"the rename is not in the commit:\n{said}")
        if name in before and held[to] == md5(before[name]):
            assert self.artifacts(who).get(to) == before[name], self.story(f"the data did not come along:\n{said}")

    def commit_code(self, who: str) -> None:
        if self.busy(who):
            return
        self.edit_code(who)
        self.type(who, "add", "train.py")
        self.commit(who)

    def revert(self, who: str) -> None:
        if not self.settled(who) or self.is_merge(who):
            return
        said = self.type(who, "revert", "--no-edit", "HEAD", ok=False)
        if "exit" in said:
            self.type(who, "revert", "--abort", ok=False)
        self.followed(who, said)

    def go_back_and_forth(self, who: str) -> None:
        if not self.settled(who) or not self.has_parent(who):
            return
        self.type(who, "checkout", "-q", "--detach", "HEAD~1")
        self.followed(who, "checkout")
        self.type(who, "checkout", "-q", "main")
        self.followed(who, "checkout")

    def reset_one(self, who: str) -> None:
        if not self.settled(who) or not self.has_parent(who):
            return
        self.type(who, "reset", "-q", "--hard", "HEAD~1")

    def pull(self, who: str) -> None:
        if not self.settled(who):
            return
        said = self.type(who, "pull", "-q", "--no-rebase", "--no-edit", ok=False)
        if self.busy(who):
            said = self.settle_conflict(who)
        self.followed(who, said)

    def push(self, who: str) -> None:
        if self.busy(who):
            return
        self.type(who, "push", "-q", "origin", "HEAD:main", ok=False)
        self.what_the_server_has_can_be_fetched()

    def stash(self, who: str, name: str, number: int) -> None:
        if not self.settled(who) or who in self.stashed:
            return
        self.write(who, name, content(number))
        self.edit_code(who)
        self.type(who, "stash", "-q", "-u")
        self.stashed.add(who)

    def unstash(self, who: str) -> None:
        if who not in self.stashed or not self.settled(who):
            return
        self.stashed.discard(who)
        said = self.type(who, "stash", "pop", "-q", ok=False)
        if "exit" in said:
            self.type(who, "reset", "-q", "--hard")
            self.type(who, "clean", "-q", "-fd")
            self.type(who, "stash", "drop", "-q", ok=False)

    def settle_conflict(self, who: str) -> str:
        """Take the other side's everywhere, as the message says, and commit."""
        said = ""
        unmerged = self.type(who, "diff", "--name-only", "--diff-filter=U").split()
        for path in unmerged:
            if path.endswith(".dvc"):
                done = self.clones[who].guard("use", "--theirs", path[:-4], TRINITY_GUARD_TRUST="1")
                said += done.stderr.decode()
            elif self.type(who, "checkout", "--theirs", "--", path, ok=False).endswith("exit 1"):
                self.type(who, "rm", "-q", "--", path)
            else:
                self.type(who, "add", "-f", "--", path)
        return said + self.type(who, "commit", "-q", "--no-edit")

    def edit_code(self, who: str) -> None:
        self.edits += 1
        lines = [b"print(0)\n"] * 20
        lines[0 if who == "ann" else 15] = b"print(%d)\n" % self.edits
        self.clones[who].write("train.py", b"".join(lines))

    # --- what is there

    def artifacts(self, who: str) -> Files:
        """Return the artifacts of the work tree."""
        repo = self.clones[who]
        return {name: repo.file(name).read_bytes() for name in NAMES if repo.file(name).is_file()}

    def pointers(self, who: str, revision: str) -> dict[str, str]:
        """Return path -> md5 of the pointers of a commit."""
        repo = self.clones[who]
        found = {}
        for path in repo.tree(revision):
            if path.endswith(b".dvc"):
                text = repo.show(os.fsdecode(path), revision).decode()
                assert f"path: {Path(os.fsdecode(path)).name[:-4]}\n" in text, self.story(text)
                found[os.fsdecode(path)[:-4]] = text.split("md5: ")[1].split()[0]
        return found

    def status(self, who: str) -> dict[str, str]:
        done = self.clones[who].guard("status", "--format", "json", ok=False, TRINITY_GUARD_TRUST="1")
        assert done.stdout, self.story(done.stderr.decode())
        found = json.loads(done.stdout)
        return {a["path"]: a["state"] for a in found["artifacts"]}

    def is_named(self, who: str, name: str) -> bool:
        """Whether Git's status or ours says something of a file."""
        if self.status(who).get(name, "present") != "present":
            return True
        shown = self.clones[who].git("status", "--porcelain", "-uall").stdout.decode()
        if any(line[3:] in (name, name + ".dvc") for line in shown.splitlines()):
            return True
        text = self.clones[who].guard("status", ok=False).stdout.decode()
        return name in text and name not in self.pointers(who, "HEAD")

    def pending(self, who: str) -> bool:
        return bool(self.clones[who].git("status", "--porcelain").stdout)

    def settled(self, who: str) -> bool:
        """Whether nothing is under way: no conflict, no change, no artifact that is not as recorded."""
        return not self.busy(who) and not self.pending(who) and set(self.status(who).values()) <= {"present"}

    def clean_pointer(self, who: str, name: str) -> bool:
        return name in self.pointers(who, "HEAD") and not self.pending(who) and self.status(who)[name] == "present"

    def is_merge(self, who: str) -> bool:
        return len(self.clones[who].git("rev-list", "--parents", "-1", "HEAD").stdout.split()) > 2

    def has_parent(self, who: str) -> bool:
        return self.clones[who].git("rev-parse", "-q", "--verify", "HEAD~1", ok=False).returncode == 0 and (
            b"train.py" in self.clones[who].tree("HEAD~1")
        )

    # --- what must hold

    def followed(self, who: str, said: str) -> None:
        """The work tree is as its commit says."""
        held = self.pointers(who, "HEAD")
        have = {name: md5(data) for name, data in self.artifacts(who).items()}
        for name in held.keys() | have.keys():
            assert held.get(name) == have.get(name) or self.is_named(who, name), self.story(
                f"{name} is not as HEAD says ({held.get(name)}, is {have.get(name)}), and nobody said so:\n{said}"
            )
        assert not self.pending(who), self.story(self.type(who, "status", "--porcelain"))

    def what_the_server_has_can_be_fetched(self) -> None:
        server = Repo(self.room / "server.git")
        wanted: set[str] = set()
        for commit in server.git("rev-list", "--all").stdout.decode().split():
            for path in server.tree(commit):
                assert path not in [n.encode() for n in NAMES], self.story(f"{path!r} is raw on the server")
                if path.endswith(b".dvc"):
                    wanted.add(server.show(os.fsdecode(path), commit).decode().split("md5: ")[1].split()[0])
        for name in wanted:
            file = self.storage / "files" / "md5" / name[:2] / name[2:]
            there = file.is_file() and md5(file.read_bytes()) == name
            assert there, self.story(f"{name} cannot be fetched")

    def everything_can_be_fetched(self) -> None:
        """In the end a stranger's clone of the server gets, by DVC alone, what the pointers say."""
        clone = Repo(self.room / "stranger")
        run("git", "clone", "-q", self.room / "server.git", clone.path)
        self.clones["stranger"] = clone
        held = self.pointers("stranger", "HEAD")
        dvc("pull", "-q", cwd=clone.path)
        assert {n: md5(d) for n, d in self.artifacts("stranger").items()} == held, self.story("dvc pull brought else")

    def story(self, what: str) -> str:
        return "\n".join([*self.log, what])


# What is typed, the more often the more it says: of each, whose turn it is, and what it needs of the rest.
ACTIONS = (
    ["add_one_and_commit", "change_with_code_and_commit_all", "pull", "push"] * 3
    + ["delete_and_commit_all", "remove_the_pointer", "rename_the_pointer", "revert", "go_back_and_forth"] * 2
    + ["commit_code", "reset_one", "stash", "unstash"]
)
steps = st.tuples(st.sampled_from(ACTIONS), whose, names, names, numbers)
# The clean room of a test takes our variables away.
LONG = os.environ.get("TRINITY_GUARD_FORTNIGHT") == "long"
RUNS, STEPS = (300, 90) if LONG else (10, 40)


def live(typed: list[tuple[str, str, str, str, int]]) -> None:
    team = Fortnight()
    try:
        team.begin()
        for action, who, name, to, number in typed:
            given = {"who": who, "name": name, "to": to, "number": number}
            step = getattr(team, action)
            step(**{key: given[key] for key in inspect.signature(step).parameters})
        team.everything_can_be_fetched()
    finally:
        team.end()


@pytest.mark.slow
@pytest.mark.timeout(0 if LONG else 300)  # the long one ends by its runs, not by the clock
@settings(
    max_examples=RUNS,
    derandomize=not LONG,  # what everybody runs must be the same for everybody
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
    print_blob=True,
)
@given(typed=st.lists(steps, min_size=STEPS * 3 // 4, max_size=STEPS))
def test_a_team_lives_a_fortnight_with_plain_git(typed: list[tuple[str, str, str, str, int]]) -> None:
    """Some thirty steps a run; TRINITY_GUARD_FORTNIGHT=long: hundreds of runs of seventy to ninety, for hours."""
    live(typed)
