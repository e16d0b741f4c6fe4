"""A copy of one kind's repository, where we and DVC are asked in process."""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from trinity_guard.cli import main


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Work:
    """A copy of one kind's repository, where we and DVC are asked in process."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.path = top / "work"
        self.cache = self.path / ".dvc" / "cache"
        self.empty_remotes()

    def empty_remotes(self) -> None:
        """Have nothing on the remotes. Without its folder a remote would be one that is not mounted."""
        for name in ("storage", "other"):
            shutil.rmtree(self.top / name, ignore_errors=True)
            (self.top / name).mkdir()

    def guard(self, *args: str, data: bytes = b"") -> Said:
        out, err = io.StringIO(), io.StringIO()
        stdin = sys.stdin
        sys.stdin = io.TextIOWrapper(io.BytesIO(data))
        try:
            with contextlib.chdir(self.path), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(list(args))
        finally:
            sys.stdin = stdin
            gc.enable()  # a hook lets it be, for the little while that it lives
        return Said(code, out.getvalue(), err.getvalue())

    @contextlib.contextmanager
    def dvc(self) -> Iterator[Any]:
        """DVC's own view of the repository, without the database in which it remembers hashes: most of its time."""
        from dvc.repo import Repo
        from dvc_data.hashfile import state

        for name in ("dvc", "dvc_data", "dvc_objects"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.chdir(self.path),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            patch.setattr(state, "State", lambda *args, **kwargs: state.StateNoop())
            repo = Repo(".")
            try:
                yield repo
            finally:
                repo.close()

    def data(self) -> list[Path]:
        """Return the files that DVC holds, those that are there."""
        ending = (".csv", ".CSV")
        return sorted(p for p in self.path.rglob("*.csv") if p.suffix in ending and ".dvc" not in p.parts)

    def files(self) -> dict[str, tuple[bytes, bool]]:
        """Return path -> bytes, and whether it may be executed."""
        return {str(p.relative_to(self.path)): (p.read_bytes(), bool(p.stat().st_mode & 0o100)) for p in self.data()}

    def stored(self) -> dict[str, bytes]:
        """Return what lies on the remotes."""
        return {
            str(p.relative_to(self.top)): p.read_bytes()
            for folder in ("storage", "other")
            for p in (self.top / folder).rglob("*")
            if p.is_file()
        }

    def remove(self) -> None:
        for file in self.data():
            file.unlink()
        shutil.rmtree(self.path / "folder", ignore_errors=True)

    def replace(self) -> None:
        """Put a folder in the place of one file."""
        file = self.data()[0]
        file.unlink()
        file.mkdir()

    def change(self) -> None:
        """Write other bytes of the same size into one file."""
        file = self.data()[0]
        file.write_bytes(file.read_bytes().replace(b"1", b"9").replace(b"3", b"9"))

    def grow(self) -> None:
        file = self.data()[-1]
        file.write_bytes(file.read_bytes() + b"7,8\n")

    def turn_line_ends(self) -> None:
        """Give one text the other line ends: DVC 2 took no notice of them."""
        file = self.data()[0]
        text = file.read_bytes()
        file.write_bytes(text.replace(b"\r\n", b"\n") if b"\r\n" in text else text.replace(b"\n", b"\r\n"))

    def forget(self) -> None:
        """Empty the cache."""
        shutil.rmtree(self.cache, ignore_errors=True)

    def push(self) -> None:
        with self.dvc() as repo:
            repo.push()


def states(work: Work) -> dict[str, str]:
    """Return path -> how DVC sees it in the work tree, of what it caches (dvc status)."""
    words = {None: "present", "modified": "changed", "deleted": "gone"}
    with work.dvc() as repo:
        return {
            os.path.relpath(out.fs_path): words[next(iter(out.workspace_status().values()), None)]
            for out in repo.index.outs
            if out.use_cache
        }
