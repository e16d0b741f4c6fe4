"""Where new files are made whole before a rename puts them in place; blobs for Git's object store."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import files


class Workshop:
    """A folder under the git dir where new files are made whole before a rename puts them in place."""

    def __init__(self, place: git.Place) -> None:
        self._folder = os.path.join(place.git_dir, b"trinity-guard", b"tmp-%d" % os.getpid())
        self._count = 0

    def __enter__(self) -> Workshop:
        os.makedirs(self._folder, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for name in os.listdir(self._folder):
            os.unlink(os.path.join(self._folder, name))
        os.rmdir(self._folder)

    def write_blobs(self, contents: list[bytes]) -> list[bytes]:
        """Write blobs into Git's object store with one process, and return their ids."""
        names = [self._write(data) for data in contents]
        if b"\n" in self._folder:
            return [git.run("hash-object", "-w", "--stdin", data=data).strip() for data in contents]
        listed = b"".join(name + b"\n" for name in names)
        return git.run("hash-object", "-w", "--no-filters", "--stdin-paths", data=listed).split()

    def put(self, target: bytes, data: bytes) -> None:
        """Write a file of the working tree in one step, keeping the mode of the one it replaces."""
        name = self._write(data)
        try:
            mode = os.stat(target).st_mode & 0o7777
        except FileNotFoundError:
            os.makedirs(os.path.dirname(target), exist_ok=True)
        else:
            os.chmod(name, mode)
        try:
            os.rename(name, target)
        except OSError as error:
            if error.errno != 18:  # EXDEV: the git dir lies on another file system
                raise GuardError(problem=f"cannot write {shown(target)}: {error.strerror}.") from error
            files.write_file(target, data)

    def _write(self, data: bytes) -> bytes:
        self._count += 1
        name = os.path.join(self._folder, b"%d" % self._count)
        files.write_file(name, data)
        return name
