"""Pointers, locks, pipelines and configs of a hundred kinds: never a traceback, and never a wrong "all fine"."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.helpers.support import Repo, clean_environment
from trinity_guard import cli

SECRET = "hunter2secret"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
POINTER = f"outs:\n- md5: {MD5}\n  size: 0\n  hash: md5\n  path: a.bin\n"
LOCK = f"schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - path: b.bin\n      md5: {MD5}\n      size: 0\n"
YAML = "stages:\n  s:\n    cmd: x\n    outs:\n    - b.bin\n"
CONFIG = f"[core]\n    remote = s\n['remote \"s\"']\n    url = s3://bucket/x\n    secret_access_key = {SECRET}\n"
FILES = {"a.bin.dvc": POINTER, "dvc.lock": LOCK, "dvc.yaml": YAML, ".dvc/config": CONFIG}

PIECES = st.sampled_from(
    [b"\0", b"\xff", b"\t", b"&a ", b"*a", b"<<: ", b"[", b"{", b"]", b"- ", b": ", b"'", b'"', b"\n", b"!!python/x ",
     b"../../", b"/etc/", b".git/", b"<<<<<<< HEAD\n", b"%(x)s", b"|\n", b"null", b"1e999", b"\xe2\x80\xae", b"---\n"]
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, text: str) -> bytes:
    """The text with some places cut out, doubled, or with something put in."""
    data = text.encode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = draw(st.integers(at, min(len(data), at + 40)))
        piece = draw(st.one_of(st.just(b""), PIECES, st.binary(max_size=8), st.just(data[at:end] * 2)))
        data = data[:at] + piece + data[end:]
    return data


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """One repository for all examples: each has one file beside its .gitignore."""
    folder = tmp_path_factory.mktemp("fuzz")
    before = dict(os.environ)
    os.environ.update(clean_environment(folder / "home"))
    try:
        repo = Repo.make(folder / "work", guarded=False)
        repo.stage(".gitignore", b"*.bin\n")
        yield repo
    finally:
        os.environ.clear()
        os.environ.update(before)


def linted(repo: Repo, name: str, data: bytes) -> tuple[int, str, list[tuple[str, str]]]:
    repo.git("rm", "-q", "-r", "--cached", "--ignore-unmatch", *FILES)
    for other in FILES:  # a config that another example has left is the project's
        repo.file(other).unlink(missing_ok=True)
    repo.stage(name, data)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(repo.path), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(["lint", "--format", "json"])
    findings = json.loads(out.getvalue())["findings"] if out.getvalue() else []
    return code, out.getvalue() + err.getvalue(), [(f["rule"], f["path"]) for f in findings]


def readable(name: str, data: bytes) -> bool:
    """Whether DVC itself reads these bytes as such a file."""
    from dvc.config import Config
    from dvc.exceptions import DvcException
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA, COMPILED_MULTI_STAGE_SCHEMA, COMPILED_SINGLE_STAGE_SCHEMA
    from dvc.utils.serialize import ParseError, parse_yaml
    from voluptuous import Invalid

    try:
        text = data.decode()
        if name == ".dvc/config":
            Config.validate(Config.load_file(io.StringIO(text)))
            return True
        fields = parse_yaml(text, Path(name)) or {}
        {
            "dvc.yaml": COMPILED_MULTI_STAGE_SCHEMA,
            "dvc.lock": COMPILED_LOCKFILE_SCHEMA,
        }.get(name, COMPILED_SINGLE_STAGE_SCHEMA)(fields)
    except (UnicodeDecodeError, ParseError, Invalid, DvcException):
        return False
    except Exception:  # noqa: BLE001  # what ruamel or configobj raise beside their own
        return False
    return True


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=st.sampled_from(["a.bin.dvc", "dvc.lock", "dvc.yaml"]).flatmap(
    lambda n: st.tuples(st.just(n), damaged(FILES[n]))
))  # fmt: skip
@example(case=("a.bin.dvc", b""))
@example(case=("a.bin.dvc", POINTER.replace("a.bin", "../../a.bin").encode()))
@example(case=("dvc.lock", b"[" * 3000))
@example(case=("dvc.lock", b""))
@example(case=("dvc.lock", b"s:\n  cmd: x\n"))
@example(case=("dvc.yaml", b"stages: *x\n"))
def test_whatever_dvc_cannot_read_is_found(room: Repo, case: tuple[str, bytes]) -> None:
    name, data = case
    code, said, findings = linted(room, name, data)
    assert code in (0, 1)
    assert "Traceback" not in said
    if not readable(name, data):
        assert (code, findings) == (1, [("TG005", name)]), data


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=damaged(CONFIG))
@example(data=CONFIG.encode())
@example(data=CONFIG.replace("\n    secret", "\n\x00secret").encode())
def test_a_credential_is_never_told_nor_overlooked_in_what_dvc_reads(room: Repo, data: bytes) -> None:
    code, said, findings = linted(room, ".dvc/config", data)
    assert code in (0, 1)
    assert "Traceback" not in said
    assert SECRET not in said
    if b"\n    secret_access_key = " + SECRET.encode() + b"\n" in data and findings == []:
        pytest.fail(f"overlooked in {data!r}")
    if not findings:
        assert f"secret_access_key = {SECRET}".encode() not in data or b"#" in data or not readable(".dvc/config", data)


def test_the_undamaged_ones_are_fine(room: Repo) -> None:
    for name in ("a.bin.dvc", "dvc.lock", "dvc.yaml"):
        assert linted(room, name, FILES[name].encode())[::2] == (0, [])
    assert linted(room, ".dvc/config", CONFIG.encode())[::2] == (1, [("TG006", ".dvc/config")])
