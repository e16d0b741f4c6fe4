"""What is written so that Git merges: attributes, the line of the driver, and what Git then makes of it."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.git import mergedriver

LINE = b".gitignore merge=union\n"
OURS = mergedriver.COMMENT + b"\n" + LINE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", OURS),
        (b"*.bin -diff\n", b"*.bin -diff\n" + OURS),
        (b"*.bin -diff", b"*.bin -diff\n" + OURS),
        (b"*.md merge=union\n# .gitignore merge=ours\n", b"*.md merge=union\n# .gitignore merge=ours\n" + OURS),
        (b".gitignore text\n", b".gitignore text\n" + OURS),
        (b"data/.gitignore merge=ours\n", b"data/.gitignore merge=ours\n" + OURS),
    ],
)
def test_the_line_is_added_and_taken_out_again(before: bytes, after: bytes) -> None:
    assert mergedriver.with_union(before) == after
    assert mergedriver.with_union(after) == after
    assert mergedriver.without_union(after) in (before, before + b"\n")


@pytest.mark.parametrize(
    "attributes",
    [b".gitignore merge=ours\n", b".gitignore -merge", b"* -merge\n", b".gitignore text merge=x\r\n", b"* binary\n"],
)
def test_what_says_already_how_a_gitignore_merges_is_left(attributes: bytes) -> None:
    assert mergedriver.with_union(attributes) == attributes


@pytest.mark.parametrize(
    ("attributes", "lines"),
    [
        (LINE, [b".gitignore merge=trinity-guard", b"*.dvc merge=trinity-guard"]),
        (b".gitignore merge=ours\n", [b"*.dvc merge=trinity-guard"]),
        (b"*.dvc merge=dvc\n", [b".gitignore merge=trinity-guard"]),
    ],
)
def test_a_clone_gets_the_driver_for_what_has_no_other(bare_repo: Repo, attributes: bytes, lines: list[bytes]) -> None:
    bare_repo.write(".gitattributes", attributes)
    info = bare_repo.file(".git/info/attributes")
    info.write_bytes(b"*.c diff=cpp")
    place = git.Place(bytes(bare_repo.path), bytes(bare_repo.path / ".git"), bytes(bare_repo.path / ".git"))
    assert not mergedriver.registered(place)
    assert mergedriver.register(place)
    assert mergedriver.registered(place)
    assert not mergedriver.register(place)
    written = info.read_bytes().splitlines()
    assert written[0] == b"*.c diff=cpp"
    assert written[2:] == lines
    assert mergedriver.unregister(place)
    assert info.read_bytes() == b"*.c diff=cpp\n"
    assert not mergedriver.unregister(place)


def test_a_driver_whose_program_is_gone_leaves_the_merge_to_git(repo: Repo) -> None:
    line = repo.git("config", mergedriver.KEY).stdout.decode()
    repo.git("config", mergedriver.KEY, line.replace("-x '", "-x '/gone"))
    for name, mine, other in (("d/.gitignore", b"/a\n", b"/b\n"), ("d/x.dvc", b"one\n", b"two\n")):
        repo.write(name, b"")
        repo.git("add", "-f", name)
        repo.git("commit", "-qnm", "base")
        repo.git("switch", "-qc", f"other-{name[-3:]}")
        repo.write(name, other)
        repo.git("commit", "-qnam", "theirs")
        repo.git("switch", "-q", "main")
        repo.write(name, mine)
        repo.git("commit", "-qnam", "ours")
        done = repo.git("merge", "--no-verify", f"other-{name[-3:]}", ok=False)
        assert bool(done.returncode) == name.endswith(".dvc")
    assert repo.file("d/.gitignore").read_bytes() == b"/a\n/b\n"
    assert repo.file("d/x.dvc").read_bytes() == b"<<<<<<< ours\none\n=======\ntwo\n>>>>>>> theirs\n"
