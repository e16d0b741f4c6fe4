"""Git's hooks of a repository, as Git finds them: does this one lead to us?"""

from __future__ import annotations

import os

from trinity_guard import git

# A hook of ours, or one that calls us; and the pre-commit framework's, whose config says what it runs.
OURS = (b"trinity-guard", b"trinity_guard", b"pre-commit.com")
MAX_READ = 1 << 20


def leads_to_us(name: str) -> bool:
    """Whether Git would run a hook of this name that calls us, as far as its own text says."""
    path = git.run("rev-parse", "--git-path", f"hooks/{name}")[:-1]
    if not os.access(path, os.X_OK):
        return False
    # husky 9 has a folder of its own in the place of hooks, and runs the scripts beside that.
    folder, file = os.path.split(path)
    scripts = [path, os.path.join(os.path.dirname(folder), file)] if folder.endswith(b".husky/_") else [path]
    return any(mark in _text(script) for script in scripts for mark in OURS)


def _text(path: bytes) -> bytes:
    try:
        return git.read(path, MAX_READ, links=True)
    except OSError:
        return b""
