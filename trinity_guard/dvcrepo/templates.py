"""Templates of a dvc.yaml (`${…}`, foreach, matrix), resolved by DVC's own code: no project is opened, nothing written.

A template is a stranger's: its `vars` may name any file, its aliases and matrices can stand for more than fits in any
memory. Files of the repository alone are read, and what it stands for is counted first.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import installation, yaml
from trinity_guard.errors import UNUSABLE, GuardError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    # Returns the bytes of a file of a commit, by its path from the folder of the dvc.yaml; None where there is none.
    Read = Callable[[bytes], bytes | None]

MAX_NODES = 1_000_000
# Where the folder of a commit's dvc.yaml is, to DVC.
NOWHERE = os.path.abspath("/nowhere/of/a/commit")


class OutsideError(Exception):
    """A file is asked for that does not lie in the folder of the dvc.yaml, or below."""


def mentioned(node: Any) -> bool:
    """Whether a text anywhere in a tree holds a `${`; every node is looked at once, however often it is named."""
    waiting, seen = [node], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            if "${" in node:
                return True
        elif isinstance(node, dict | list) and id(node) not in seen:
            seen.add(id(node))
            waiting += [*node, *node.values()] if isinstance(node, dict) else node
    return False


def spelled_out(node: Any, known: dict[int, int] | None = None) -> int:
    """Return how many nodes a tree has with all its aliases spelled out; ValueError for one that holds itself."""
    if not isinstance(node, dict | list):
        return 1
    known = {} if known is None else known
    count = known.get(id(node))
    if count is None:
        known[id(node)] = -1
        count = 1 + sum(spelled_out(n, known) for n in (node.values() if isinstance(node, dict) else node))
        known[id(node)] = count
    if count < 0:
        raise ValueError("an alias in it stands for itself")
    return count


def resolved(data: Any, folder: bytes, top: bytes, most_bytes: int, most_stages: int) -> dict[str, Any]:
    """Return name -> stage of a dvc.yaml that stands in `folder` of the work tree `top`.

    Raises ValueError, in words that may be shown, for what DVC cannot resolve and for what is out of bounds.
    """
    return _resolved(data, lambda: _repository(top, most_bytes), os.path.abspath(os.fsdecode(folder)), most_stages)


def at_commit(data: Any, read: Read, most_bytes: int, most_stages: int) -> dict[str, Any]:
    """Return the same of a commit, whose files `read` gives; OutsideError where these do not tell."""
    try:
        return _resolved(data, lambda: _of_commit(read, most_bytes), NOWHERE, most_stages)
    except ValueError as error:
        # DVC names files as they are from the working folder.
        raise ValueError(str(error).replace(os.path.relpath(NOWHERE) + "/", "")) from None


def _resolved(data: Any, repository: Callable[[], Any], folder: str, most_stages: int) -> dict[str, Any]:
    try:
        from dvc.exceptions import DvcException
        from dvc.parsing import DataResolver, MatrixDefinition
    except ImportError:  # a lint can be installed without DVC
        problem = "a dvc.yaml has templates (`${…}`), which DVC itself resolves, and DVC is not installed here."
        raise GuardError(problem, installation.line("dvc"), UNUSABLE) from None

    _require_small(data)
    try:
        resolver = DataResolver(repository(), folder, data)
        for definition in resolver.definitions.values():
            if isinstance(definition, MatrixDefinition):
                _require_few(definition.resolved_iterable, most_stages)
        stages: dict[str, Any] = resolver.resolve()["stages"]
    except (DvcException, ValueError) as error:
        raise ValueError(" ".join(str(error).split())[:500]) from None
    except OutsideError:
        raise
    except Exception as error:  # noqa: BLE001  # odd input makes DVC raise anything
        raise ValueError(f"its templates cannot be resolved ({type(error).__name__})") from None
    return stages


def _require_small(data: Any) -> None:
    try:
        count = spelled_out(data)
    except RecursionError:
        count = MAX_NODES + 1
    if count > MAX_NODES:
        raise ValueError(f"its aliases stand for more than {MAX_NODES} nodes")


def _require_few(matrix: Any, most_stages: int) -> None:
    count = 1
    for choices in matrix.values():
        count *= len(choices)
    if count > most_stages:
        raise ValueError(f"its matrix stands for {count} stages")


def _repository(top: bytes, most_bytes: int) -> Any:
    """Return what DVC's resolver needs of a repository. A real one would make folders where the clone's config says."""
    from dvc.fs import LocalFileSystem

    inside = os.path.realpath(os.fsdecode(top)).rstrip("/") + "/"

    class Files(LocalFileSystem):  # type: ignore[misc]
        def open(self, path: str, *args: Any, **kwargs: Any) -> Any:
            real = os.path.realpath(path)
            if not real.startswith(inside) or not os.path.isfile(real):
                raise ValueError("its `vars` name a file outside of the repository, or none")
            try:
                data = git.read(real, most_bytes)
            except OSError as error:
                raise ValueError(f"its `vars` name a file that cannot be read: {error.strerror}") from None
            if b"&" in data and b"*" in data and not real.endswith((".json", ".toml", ".py")):
                _require_small(yaml.parse(data, most_bytes, anchors=True))
            return super().open(path, *args, **kwargs)

    return _with_files(Files())


def _of_commit(read: Read, most_bytes: int) -> Any:
    import io

    from dvc.fs import LocalFileSystem

    def content(path: str) -> bytes | None:
        inside = os.path.relpath(os.path.abspath(path), NOWHERE)
        if inside.startswith(".."):
            raise OutsideError
        data = read(os.fsencode(inside))
        if data is not None and len(data) > most_bytes:
            raise ValueError("its `vars` name a file that is too large")
        if data is not None and b"&" in data and b"*" in data and not path.endswith((".json", ".toml", ".py")):
            _require_small(yaml.parse(data, most_bytes, anchors=True))
        return data

    class Files(LocalFileSystem):  # type: ignore[misc]
        def exists(self, path: str, *_: Any, **__: Any) -> bool:
            return content(path) is not None

        def isdir(self, _path: str) -> bool:
            return False

        def open(self, path: str, mode: str = "r", encoding: str | None = None, **_: Any) -> Any:
            data = io.BytesIO(content(path) or b"")
            return data if "b" in mode else io.TextIOWrapper(data, encoding or "utf-8")

    return _with_files(Files())


def _with_files(files: Any) -> Any:
    class Repository:
        fs = files
        config: dict[str, Any] = {}  # noqa: RUF012  # nothing writes to it

    return Repository()
