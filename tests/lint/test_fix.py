"""`lint --fix`: what it mends in the working tree, what it leaves, and that no kill loses a secret or half a file."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo import pointer, secrets
from trinity_guard.errors import GuardError
from trinity_guard.lint import fix as lint_fix
from trinity_guard.lint.finding import WARNING, Finding

SECRET = "hunter2-is-no-secret-at-all"  # it is one for the tests alone
CONFIG = f"""[core]
    remote = r
['remote "r"']
    url = s3://bucket/path   # a remark
    access_key_id = AKIA0123456789ABCDEF
    secret_access_key = {SECRET}
['remote "other"']
    url = /srv/dvc
"""
ODD = ["a.pkl", "é.pkl", "a b.pkl", "-x.pkl", ":x.pkl", "new\nline.pkl", "#[!].pkl", "end .pkl ", "sub/a.pkl"]


@pytest.fixture
def work(make_repo: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with a `.dvc` folder, and the test at its top."""
    repo = make_repo(guarded=False)
    # As `dvc init` leaves it.
    repo.write(".dvc/config", b"")
    repo.write(".dvc/.gitignore", b"/config.local\n/tmp\n/cache\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "dvc")
    monkeypatch.chdir(repo.path)
    return repo


def fix(*findings: Finding) -> lint_fix.Fixed:
    return lint_fix.fix(git.place(), findings)


def unignored(repo: Repo, name: str, md5: str = "0123456789abcdef0123456789abcdef") -> Finding:
    """Write a pointer without its ignore line, and return what TG004 says of it."""
    where = os.fsencode(name) + b".dvc"
    repo.stage(where, pointer.encode(md5, 3, Path(name).name))
    return Finding(
        "TG004", where, "is not ignored", "trinity-guard lint --fix", key=os.fsencode(name).hex(), fixable=True
    )


def credential(path: bytes = b".dvc/config", option: str = "secret_access_key") -> Finding:
    key = secrets.said(secrets.PrivateOption('remote "r"', option, 0, "secret"))
    return Finding("TG006", path, "gives a secret away", "…", line=6, key=key, fixable=True)


def files(repo: Repo) -> dict[str, tuple[bytes, int]]:
    """Return path -> (bytes, mode) of the working tree and of `.dvc`, but for what DVC itself keeps there."""
    found = (p for p in repo.path.rglob("*") if p.is_file() and ".git" not in p.relative_to(repo.path).parts[:1])
    return {str(p.relative_to(repo.path)): (p.read_bytes(), stat.S_IMODE(p.stat().st_mode)) for p in found}


# --- TG004


@pytest.mark.parametrize("name", ODD)
def test_a_missing_ignore_line_is_added_in_the_working_tree_alone(work: Repo, name: str) -> None:
    finding = unignored(work, name)
    work.write(name, b"abc")
    index = work.index()
    assert os.fsencode(name) in untracked(work)
    done = fix(finding)
    assert (len(done.mended), done.left) == (1, [])
    assert os.fsencode(name) not in untracked(work)
    assert work.index() == index


def untracked(repo: Repo) -> list[bytes]:
    return repo.git("ls-files", "-o", "-z", "--exclude-standard").stdout.split(b"\0")


def test_every_other_byte_of_a_gitignore_and_its_mode_stay(work: Repo) -> None:
    finding = unignored(work, "a.pkl")
    work.write(".gitignore", b"# mine\r\n*.log\r\n!keep.log")
    work.file(".gitignore").chmod(0o600)
    assert fix(finding).left == []
    assert work.file(".gitignore").read_bytes() == b"# mine\r\n*.log\r\n!keep.log\n/a.pkl\n"
    assert stat.S_IMODE(work.file(".gitignore").stat().st_mode) == 0o600


def test_mending_again_changes_nothing_and_says_what_is_left_to_do(work: Repo) -> None:
    findings = [unignored(work, name) for name in ("a.pkl", ":b.pkl", "sub/c.pkl")]
    assert len(fix(*findings).mended) == 3
    before = files(work)
    again = fix(*findings)
    assert again.mended == []
    assert [f.remedy for f in again.left] == [
        "git add -- .gitignore", "git add -- .gitignore", "git add -- sub/.gitignore"
    ]  # fmt: skip
    assert [f.fingerprint for f in again.left] == [f.fingerprint for f in findings]
    assert files(work) == before


def test_the_line_is_added_for_others_where_one_s_own_excludes_hide_that_it_is_missing(work: Repo) -> None:
    work.write(".git/own-excludes", b"*.pkl\n")
    work.git("config", "core.excludesFile", str(work.file(".git/own-excludes")))
    work.write(".git/info/exclude", b"*.pkl\n")
    finding = unignored(work, "a.pkl")
    assert fix(finding).mended == [".gitignore: ignores a.pkl now"]
    assert work.file(".gitignore").read_bytes() == b"/a.pkl\n"
    assert "not staged" in fix(finding).left[0].problem


def test_a_gitignore_that_is_a_link_is_left_with_the_reason(work: Repo, tmp_path: Path) -> None:
    finding = unignored(work, "a.pkl")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine\n")
    work.file(".gitignore").symlink_to(elsewhere)
    done = fix(finding)
    assert done.mended == []
    assert "symbolic link" in done.left[0].problem
    assert elsewhere.read_text() == "mine\n"


def test_a_folder_that_is_a_link_is_not_written_through(work: Repo, tmp_path: Path) -> None:
    finding = unignored(work, "sub/a.pkl")
    (tmp_path / "elsewhere").mkdir()
    work.file("sub").rename(work.file("was"))
    work.file("sub").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "a.pkl.dvc").write_bytes(work.file("was/a.pkl.dvc").read_bytes())
    done = fix(finding)
    assert done.mended == []
    assert "symbolic link" in done.left[0].problem
    assert not (tmp_path / "elsewhere" / ".gitignore").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file.unlink(), "not in the working tree"),
        (lambda file: file.write_bytes(pointer.encode("f" * 32, 3, "other.pkl")), "another file"),
        (lambda file: file.write_bytes(pointer.encode("f" * 32, 3, "../../etc/passwd")), "leaves the repository"),
        (lambda file: file.write_bytes(b"<<<<<<< HEAD\n"), "merge conflict"),
    ],
)
def test_a_pointer_that_says_something_else_by_now_is_left(
    work: Repo, change: Callable[[Path], None], words: str
) -> None:
    finding = unignored(work, "a.pkl")
    change(work.file("a.pkl.dvc"))
    done = fix(finding)
    assert done.mended == []
    assert words in done.left[0].problem
    assert done.left[0].remedy
    assert not work.file(".gitignore").exists()


def test_what_cannot_be_mended_is_left_as_it_was(work: Repo) -> None:
    raw = Finding("TG001", b"a.pkl", "an artifact", "trinity-guard convert a.pkl", key="oid")
    elsewhere = Finding("TG006", b"a.pkl.dvc", "a credential", "take it out", key="x")
    before = files(work)
    done = fix(raw, elsewhere)
    assert (done.mended, done.left) == ([], [raw, elsewhere])
    assert files(work) == before


# --- TG006


def test_a_credential_moves_into_the_local_config_and_every_other_byte_stays(work: Repo) -> None:
    work.stage(".dvc/config", CONFIG.encode())
    index = work.index()
    done = fix(credential(), credential(option="access_key_id"))
    assert done.left == []
    kept = [line for line in CONFIG.splitlines(True) if "access_key" not in line]
    assert work.file(".dvc/config").read_text() == "".join(kept)
    local = work.file(".dvc/config.local")
    assert SECRET in local.read_text()
    assert stat.S_IMODE(local.stat().st_mode) == 0o600
    assert work.index() == index
    assert work.dvc("config", "--list").stdout.decode().count(SECRET) == 1


def test_no_value_is_told(work: Repo) -> None:
    work.write(".dvc/config", CONFIG.encode())
    done = fix(credential())
    assert len(done.mended) == 2
    assert all("secret_access_key" in s or "access_key_id" in s for s in done.mended)
    assert not any(SECRET in s or "AKIA" in s for s in done.mended)


def test_a_credential_that_the_history_has_is_to_be_replaced(work: Repo) -> None:
    work.stage(".dvc/config", CONFIG.encode())
    work.git("commit", "-q", "-m", "a leak")
    mended = fix(credential()).mended
    assert ["replace it where it was issued" in said for said in mended] == [True, True]


def test_git_is_made_to_ignore_the_local_config_before_it_is_written(work: Repo) -> None:
    work.write(".dvc/config", CONFIG.encode())
    work.stage(".dvc/.gitignore", b"/cache\n")
    done = fix(credential())
    assert work.file(".dvc/.gitignore").read_bytes() == b"/cache\n/config.local\n/tmp\n"
    assert b".dvc/config.local" not in untracked(work)
    assert [said.split(":")[0] for said in done.mended[:2]] == [".dvc/.gitignore"] * 2


def test_a_local_config_that_git_tracks_is_left_alone(work: Repo) -> None:
    work.write(".dvc/config", CONFIG.encode())
    work.stage(".dvc/config.local", b"[core]\n    remote = r\n")
    before = files(work)
    done = fix(credential())
    assert done.mended == []
    assert "tracked by Git" in done.left[0].problem
    assert "git rm --cached" in done.left[0].remedy
    assert files(work) == before


def test_what_the_local_config_says_already_stays(work: Repo) -> None:
    work.write(".dvc/config", CONFIG.encode())
    work.write(".dvc/config.local", b"['remote \"r\"']\n    secret_access_key = mine\n")
    fix(credential())
    assert b"secret_access_key = mine" in work.file(".dvc/config.local").read_bytes()
    assert SECRET.encode() not in work.file(".dvc/config").read_bytes()


def test_the_config_of_a_project_in_a_folder_is_mended_there(work: Repo) -> None:
    work.write("sub/.dvc/.gitignore", b"/config.local\n/tmp\n/cache\n")
    work.write("sub/.dvc/config", CONFIG.encode())
    assert fix(credential(b"sub/.dvc/config")).left == []
    assert SECRET in work.file("sub/.dvc/config.local").read_text()
    assert not work.file(".dvc/config.local").exists()


def test_what_is_personal_but_no_secret_is_left(work: Repo) -> None:
    work.write(".dvc/config", b"['remote \"r\"']\n    url = s3://b/p\n    profile = mine\n")
    before = files(work)
    finding = Finding("TG006", b".dvc/config", "belongs to one person", "…", key="x", level=WARNING)
    assert fix(finding).left == [finding]
    assert files(work) == before


def test_the_command_mends_what_the_rules_find_and_finds_nothing_once_it_is_staged(work: Repo) -> None:
    unignored(work, "a.pkl")
    unignored(work, "sub/b.pkl")
    work.stage("odd.pkl.dvc", f"outs:\n  - md5: {MD5}\n    size: 1\n    hash: md5\n    path: odd.pkl\n".encode())
    work.stage(".gitignore", b"/odd.pkl\n")
    work.stage(".dvc/config", CONFIG.encode())
    found = work.guard("lint", ok=False)
    assert found.returncode == 1
    assert {word.decode() for word in found.stdout.split() if word.startswith(b"TG")} == {"TG004", "TG006"}
    fixed = work.guard("lint", "--fix", ok=False)
    said = (fixed.stdout + fixed.stderr).decode()
    for change in (
        ".gitignore: ignores a.pkl now",
        "sub/.gitignore: ignores",
        "odd.pkl.dvc: laid out",
        "secret_access",
    ):
        assert change in said
    assert SECRET not in said
    work.git("add", "-u")
    work.git("add", "sub/.gitignore")
    assert work.guard("lint").stdout == b""


KILLED = """
import os, signal, sys
from trinity_guard import git
from trinity_guard.lint import fix
from trinity_guard.lint.finding import Finding
sys.path.insert(0, sys.argv[2])
from tests.lint.test_fix import credential
finding = credential()
line = Finding("TG004", b"a.pkl.dvc", "x", key=b"a.pkl".hex(), fixable=True)
place = git.place()
left = int(sys.argv[1])
def watch(event, args):
    global left
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.posix_spawn"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
fix.fix(place, [finding, line])
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_no_secret_and_leaves_no_half_file(work: Repo) -> None:
    unignored(work, "a.pkl")
    work.write(".dvc/.gitignore", b"/cache\n")
    before = files(work)
    kept = "".join(line for line in CONFIG.splitlines(True) if "access_key" not in line).encode()
    project = str(Path(lint_fix.__file__).parents[2])
    for moment in range(200):
        start_over(work, before)
        work.write(".dvc/config", CONFIG.encode())
        killed = subprocess.run([sys.executable, "-c", KILLED, str(moment), project], cwd=work.path, check=False)
        assert killed.returncode in (0, -signal.SIGKILL)
        config = work.file(".dvc/config").read_bytes()
        local = work.file(".dvc/config.local")
        there = local.read_bytes() if local.exists() else b""
        assert config in (CONFIG.encode(), kept), moment
        assert SECRET.encode() in config or SECRET.encode() in there, moment
        assert work.file(".dvc/.gitignore").read_bytes() in whole(b"/cache\n", b"/config.local\n", b"/tmp\n"), moment
        assert not any(SECRET.encode() in (work.path / os.fsdecode(n)).read_bytes() for n in untracked(work) if n)
        if killed.returncode == 0:
            break
        # The same again completes the work.
        fix(credential(), Finding("TG004", b"a.pkl.dvc", "x", key=b"a.pkl".hex(), fixable=True))
        assert work.file(".dvc/config").read_bytes() == kept
        assert SECRET.encode() in local.read_bytes()
        assert work.file(".gitignore").read_bytes() == b"/a.pkl\n"
    assert killed.returncode == 0
    assert moment > 10


def start_over(repo: Repo, before: dict[str, tuple[bytes, int]]) -> None:
    for name in files(repo).keys() - before.keys():
        repo.file(name).unlink()
    for name, (data, mode) in before.items():
        repo.write(name, data)
        repo.file(name).chmod(mode)


def whole(*pieces: bytes) -> list[bytes]:
    return [b"".join(pieces[:n]) for n in range(1, len(pieces) + 1)]


# --- pointers


MD5 = "0cc175b9c0f1b6a831c399e269772661"


ODDLY = [
    f"outs:\n  - md5: {MD5}\n    size: 1\n    hash: md5\n    path: NAME\n",
    f"outs:\n- md5: '{MD5}'\n  size: 1\n  hash: \"md5\"\n  path: 'NAME'\n",
    f"outs: [{{md5: {MD5}, size: 1, hash: md5, path: ./NAME}}]\n",
    f"outs:\r\n- md5: {MD5}\r\n  size: 1\r\n  hash: md5\r\n  path: NAME\r\n",
    f"outs:\n- md5: {MD5}\n  size: 1\n  hash: md5\n  path: NAME\n  cache: true\nfrozen: false\nwdir: .\n",
]


def test_an_odd_pointer_becomes_what_dvc_itself_would_write(work: Repo) -> None:
    names = [f"{n}.pkl" for n in range(len(ODDLY))]
    pointers = [f"{name}.dvc" for name in names]
    for name, odd in zip(names, ODDLY, strict=True):
        work.write(name, b"a")
        work.write(f"{name}.dvc", odd.replace("NAME", name).encode())
    said = lint_fix.reformat(git.place(), [p.encode() for p in pointers])
    assert said == [f"{p}: laid out as DVC writes it" for p in pointers]
    mended = [work.file(p).read_bytes() for p in pointers]
    for name, odd in zip(names, ODDLY, strict=True):
        work.write(f"{name}.dvc", odd.replace("NAME", name).encode())
    work.dvc("commit", "-f", "-q", *pointers)
    assert [work.file(p).read_bytes() for p in pointers] == mended
    assert lint_fix.reformat(git.place(), [p.encode() for p in pointers]) == []


@pytest.mark.parametrize(
    "kept",
    [
        pointer.encode(MD5, 1, "a.pkl"),
        pointer.encode(MD5, 1, "a.pkl").replace(b"  hash: md5\n", b""),
        f"outs:\n  - md5: {MD5}.dir\n    size: 1\n    nfiles: 2\n    hash: md5\n    path: a\n".encode(),
        f"outs:\n  - md5: {MD5}.dir\n    size: 1\n    hash: md5\n    path: a\n".encode(),
        f"outs:\n  - md5: {MD5}\n    hash: md5\n    path: a.pkl\n".encode(),
        f"outs:\n  - md5: {MD5}\n    size: 1\n    hash: md5\n    path: a.pkl\n    version_id: x\n".encode(),
        b"outs:\n  - path: ../../etc/passwd\n    md5: x\n",
        b"<<<<<<< HEAD\n",
        b"",
    ],
)
def test_a_pointer_that_is_right_or_is_not_safe_to_touch_stays(work: Repo, kept: bytes) -> None:
    work.write("a.pkl.dvc", kept)
    assert lint_fix.reformat(git.place(), [b"a.pkl.dvc"]) == []
    assert work.file("a.pkl.dvc").read_bytes() == kept


def test_comments_of_a_pointer_stay(work: Repo) -> None:
    data = f"# from the lab\nouts:\n  - md5: {MD5}\n    size: 1\n    hash: md5\n    path: a.pkl\n    desc: 'mine'\n"
    new = lint_fix.reformatted(data.encode(), b"a.pkl.dvc")
    assert new is not None
    assert b"# from the lab\n" in new
    assert b"desc: mine\n" in new or b"desc: 'mine'\n" in new


def test_a_pointer_behind_a_link_or_gone_is_left(work: Repo, tmp_path: Path) -> None:
    odd = f"outs:\n  - md5: {MD5}\n    size: 1\n    hash: md5\n    path: a.pkl\n".encode()
    target = tmp_path / "x.dvc"
    target.write_bytes(odd)
    work.file("a.pkl.dvc").symlink_to(target)
    assert lint_fix.reformat(git.place(), [b"a.pkl.dvc", b"gone.dvc"]) == []
    assert target.read_bytes() == odd


@pytest.mark.slow
@given(
    indent=st.sampled_from(["", "  "]),
    quote=st.sampled_from(["", "'", '"']),
    extra=st.lists(
        st.sampled_from(["isexec: true", "cache: true", "push: false", "remote: r", "desc: d"]), unique=True
    ),
    name=st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
)
def test_what_a_pointer_says_is_never_changed(indent: str, quote: str, extra: list[str], name: str) -> None:
    fields = [f"md5: {quote}{MD5}{quote}", "size: 1", "hash: md5", f"path: {quote}{name}{quote}", *extra]
    data = (f"outs:\n{indent}- " + f"\n{indent}  ".join(fields) + "\n").encode()
    new = lint_fix.reformatted(data, b"x.dvc")
    if new is None:
        return
    try:
        before, after = pointer.decode(data, b"x.dvc"), pointer.decode(new, b"x.dvc")
    except GuardError:
        pytest.fail("a pointer that cannot be read was rewritten")
    assert after.outs[0].md5 == before.outs[0].md5 == MD5
    for slot in ("path", "size", "isexec", "legacy", "cache", "push", "remote"):
        assert getattr(after.outs[0], slot) == getattr(before.outs[0], slot)
    assert lint_fix.reformatted(new, b"x.dvc") is None
