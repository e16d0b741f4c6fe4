"""The commands that messages print are typed as they stand, whatever the names in them hold."""

from __future__ import annotations

import pytest

from tests.helpers.support import KB, Repo, made_once, run

NEIGHBOUR = b"apple.pkl"
# Each beside a neighbour that it would mean, too, if it were taken for a pattern.
ODD = [b"[a]*.pkl", b":x.pkl", b"-x.pkl", b"it's $HOME.pkl", b'a "b" `c`; d.pkl', b"\xc3\xa9 #1.pkl", b"tab\there.pkl"]
# No pointer can hold these; of what is not UTF-8 nothing else is said than that.
UNHELD = [b"new\nline.pkl", b"back\\slash.pkl"]
NO_TEXT = [b"no\xffutf8.pkl"]
MALFORMED = b"outs: {\n"


def printed(said: bytes, start: bytes) -> bytes:
    """Return the one command of a message that begins so."""
    lines = [line.strip() for line in said.splitlines()]
    found = [line for line in lines if line.startswith(start)]
    assert len(found) == 1, said
    return found[0]


def staged(repo: Repo) -> set[bytes]:
    return {name for name in repo.index() if not name.startswith(b".")}


@pytest.fixture
@made_once
def beside(repo: Repo) -> Repo:
    """A repository whose index holds the neighbour, and that is set to block."""
    repo.stage(".trinity-guard.toml", b'on-artifact = "block"\nsniff = false\nexclude = ["/apple.pkl*"]\n')
    repo.stage(NEIGHBOUR)
    return repo


@pytest.mark.parametrize("name", ODD, ids=repr)
def test_block_says_how_to_convert(beside: Repo, name: bytes) -> None:
    beside.stage(name)
    beside.type_in(printed(beside.guard("block", ok=False).stderr, b"trinity-guard convert "))
    assert staged(beside) == {NEIGHBOUR, name + b".dvc"}


@pytest.mark.parametrize("name", ODD + UNHELD, ids=repr)
def test_the_hook_that_blocks_says_how_to_leave_a_file_out(beside: Repo, name: bytes) -> None:
    beside.stage(name)
    beside.type_in(printed(beside.commit(ok=False).stderr, b"git reset -q "))
    assert staged(beside) == {NEIGHBOUR}


@pytest.mark.parametrize("name", ODD, ids=repr)
def test_a_file_that_is_too_large_is_converted_as_said(beside: Repo, name: bytes) -> None:
    beside.stage(".trinity-guard.toml", b'patterns = ["*.no"]\nmax-size = "20 KB"\nsniff = false\n')
    beside.stage(name, 30 * KB)
    beside.type_in(printed(beside.commit(ok=False).stderr, b"trinity-guard convert "))
    assert staged(beside) == {NEIGHBOUR, name + b".dvc"}


@pytest.mark.parametrize("name", ODD, ids=repr)
def test_what_status_and_the_hook_say_of_a_changed_file_records_it(beside: Repo, name: bytes) -> None:
    beside.stage(name)
    beside.guard("convert", b"./" + name)
    beside.commit()
    new = beside.write(name, 11 * KB)
    shown = beside.guard("status").stdout
    state = next(line for line in shown.splitlines() if b"changed: " in line).partition(b"changed: ")[2]
    beside.write("note.txt")
    beside.git("add", "note.txt")
    beside.write("note.txt", b"left unstaged\n")
    command = printed(beside.commit().stderr, b"trinity-guard convert ")
    assert command.partition(b"     # ")[0] == state.strip()
    beside.type_in(state)
    assert new in beside.cached().values()


@pytest.mark.parametrize("name", ODD, ids=repr)
def test_an_untracked_file_is_added_as_said(beside: Repo, name: bytes) -> None:
    beside.write(name, 10 * KB)
    beside.type_in(printed(beside.guard("convert", b"./" + name, ok=False).stderr, b"trinity-guard add "))
    assert staged(beside) == {NEIGHBOUR, name + b".dvc"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD + UNHELD, ids=repr)
def test_a_file_of_a_dvc_folder_is_taken_out_as_said(beside: Repo, name: bytes) -> None:
    beside.write(b"d/" + NEIGHBOUR, 10 * KB)
    beside.dvc("add", "-q", "d")
    # Of DVC 2, which alone could record it.
    beside.stage("d.dvc", beside.file("d.dvc").read_bytes().replace(b"  hash: md5\n", b""))
    beside.git("add", "-f", "d/apple.pkl")
    beside.commit("--no-verify")
    beside.stage(b"d/" + name)
    beside.stage(".trinity-guard.toml", b'sniff = false\nexclude = ["apple.pkl*"]\n')
    said = beside.commit(ok=False).stderr
    [command, _] = [
        line for line in said.splitlines() if line.startswith(b"    git rm ")
    ]  # the other takes the apple out
    beside.type_in(command.strip())
    assert staged(beside) == {NEIGHBOUR, b"d.dvc", b"d/" + NEIGHBOUR}


@pytest.mark.parametrize("name", ODD + UNHELD + NO_TEXT, ids=repr)
def test_a_pointer_that_cannot_be_read_comes_back_as_said(beside: Repo, name: bytes) -> None:
    good = f"outs:\n- md5: {'d' * 32}\n  size: 1\n  hash: md5\n  path: x\n".encode()
    for pointer in (NEIGHBOUR + b".dvc", name + b".dvc"):
        beside.stage(pointer, good)
    beside.commit("--no-verify")
    beside.stage(NEIGHBOUR + b".dvc", good.replace(b"size: 1", b"size: 2"))
    beside.stage(name + b".dvc", MALFORMED)
    beside.type_in(printed(beside.commit(ok=False).stderr, b"git checkout HEAD "))
    assert beside.file(name + b".dvc").read_bytes() == good
    assert beside.file(NEIGHBOUR + b".dvc").read_bytes() != good


@pytest.mark.parametrize("name", ODD + UNHELD + NO_TEXT, ids=repr)
def test_the_config_of_one_person_in_an_odd_folder_is_taken_out_as_said(beside: Repo, name: bytes) -> None:
    own = name + b"/.dvc/config.local"
    beside.stage(own, b"[core]\n")
    beside.type_in(printed(beside.commit(ok=False).stderr, b"git rm "))
    assert own not in beside.index()


def test_a_branch_with_a_quote_is_mended_as_said(beside: Repo) -> None:
    """The gate names refs, and those may hold anything but white space, too."""
    beside.commit("--no-verify")
    other = beside.path.parent / "other.git"
    run("git", "init", "-q", "--bare", str(other))
    beside.git("remote", "add", "origin", str(other))
    beside.git("push", "-q", "--no-verify", "origin", "main")
    name = b"it's\xff$x"
    beside.git("checkout", "-q", "-b", name)
    beside.stage(b"raw.pkl")
    beside.commit("--no-verify")
    beside.git("checkout", "-q", "main")
    beside.stage(".trinity-guard.toml", b"")
    refused = beside.git("push", "origin", name, ok=False)
    line = printed(refused.stderr, b"git checkout ").partition(b" && ")[0]
    beside.git("stash", "-q")
    beside.type_in(line)
    assert beside.git("symbolic-ref", "--short", "HEAD").stdout.strip() == name
