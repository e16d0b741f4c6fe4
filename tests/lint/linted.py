"""What the tests of lint's rules share: what is found, and what is said to help."""

from __future__ import annotations

import contextlib
import io
import json

from tests.helpers.support import Repo
from trinity_guard import cli

MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def found(repo: Repo, *args: str) -> list[tuple[str, str, str]]:
    """Return (rule, path, level) of what lint finds, and see that its exit code says so."""
    said = io.StringIO()
    with contextlib.chdir(repo.path), contextlib.redirect_stdout(said):
        code = cli.main(["lint", "--format", "json", *args])
    assert code in (0, 1)
    findings = json.loads(said.getvalue())["findings"]
    assert code == int(any(f["level"] == "error" for f in findings))
    return sorted((f["rule"], f["path"], f["level"]) for f in findings)


def rules(repo: Repo, *args: str) -> list[str]:
    return [rule for rule, _, _ in found(repo, *args)]


def pointer(path: str, md5: str = MD5, size: int = 0) -> bytes:
    return f"outs:\n- md5: {md5}\n  size: {size}\n  hash: md5\n  path: {path}\n".encode()
