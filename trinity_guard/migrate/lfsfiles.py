"""Working files of Git LFS where a clone never fetched their objects: each is the text of its pointer.

Once the pointer is DVC's, Git knows nothing of the file any more, and DVC would take the text for new data; so a
migration puts the data there, and an undo the text, where no filter of Git LFS is set up that makes one of the other.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.decode import decoded
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import files
from trinity_guard.migrate import lfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git.catfile import Source


def _moved(source: Source, old: bytes, new: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield (path, text, blob of its DVC pointer) of the files that were pointers of LFS in the old commit."""
    changes = list(source.changes(old, new))
    added = {one.path: one.oids[1] for one in changes if one.status == b"A"}
    gone = [one for one in changes if one.status == b"D" and one.path + b".dvc" in added]
    sizes = source.sizes([one.oids[0] for one in gone])
    small = [one for one, size in zip(gone, sizes, strict=True) if size < lfs.MAX_BYTES]
    for one, (_, text) in zip(small, source.each([one.oids[0] for one in small]), strict=True):
        if lfs.read(text) is not None:
            yield one.path, text, added[one.path + b".dvc"]


def _texts(source: Source, old: bytes, new: bytes) -> Iterator[tuple[bytes, Output]]:
    """Yield (file, output) of those whose working file is the pointer's text."""
    for path, text, pointer in _moved(source, old, new):
        file = source.place.file(path)
        if _is_text(file, text):
            [output] = decoded(source.one(pointer), path + b".dvc")
            yield file, output


def _is_text(file: bytes, text: bytes) -> bool:
    try:
        return not os.path.islink(file) and git.read(file, len(text)) == text
    except OSError:
        return False  # it is gone, or longer


def require_room(source: Source, old: bytes, new: bytes) -> None:
    """Refuse where the work tree has no room for the data of files that are texts."""
    needed = sum(output.size for _, output in _texts(source, old, new))
    free = files.room(source.place.top)
    if free is not None and free < needed:
        raise GuardError(
            problem=f"the work tree needs {size_text(needed)} for files of Git LFS that are only pointers in it, and "
            f"its disk has {size_text(free)} left; no ref was moved.",
            remedy="free some room; or migrate in a clone without a work tree: git clone --mirror --no-local . NEW",
        )


def put_data(source: Source, old: bytes, new: bytes, cache: bytes) -> None:
    """Put the cache's data where the work tree has the texts of pointers. Twice is as good as once."""
    import shutil

    store = odb.Store(cache)
    for file, output in list(_texts(source, old, new)):
        copy = os.path.join(source.place.own, b"migrate", b"data")
        try:
            shutil.copyfile(store.path(output.md5), copy)
            os.chmod(copy, os.stat(file).st_mode & 0o777)
            shutil.move(os.fsdecode(copy), os.fsdecode(file))
        except OSError as error:
            raise GuardError(
                problem=f"the refs have moved, but {shown(file)} could not follow: {error.strerror}.",
                remedy="trinity-guard migrate run     # again, when the reason is gone",
            ) from error


def put_texts_back(source: Source, old: bytes, new: bytes) -> None:
    """Put the texts back that Git calls changed otherwise: no filter makes them of the data, which LFS has."""
    texts = {path: text for path, text, _ in _moved(source, old, new)}
    if not texts:
        return
    out = git.attempt("diff-files", "--name-only", "-z", at=source.place.top).out
    changed = [path for path in out.split(b"\0") if path in texts]
    for path in changed:
        pointer, file = lfs.read(texts[path]), source.place.file(path)
        if pointer is not None and _is_object(file, pointer):
            git.replace_in(source.place, path, texts[path])
    git.attempt("update-index", "-q", "--refresh", at=source.place.top)


def _is_object(file: bytes, pointer: lfs.LfsObject) -> bool:
    import hashlib

    if os.path.islink(file) or not os.path.isfile(file) or os.stat(file).st_size != pointer.size:
        return False
    digest = hashlib.sha256(usedforsecurity=False)
    for piece in odb.read_file(file):
        digest.update(piece)
    return digest.hexdigest() == pointer.sha256
