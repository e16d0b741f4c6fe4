"""The one record of an output that DVC tracks, whoever says so: a pointer, a lock, a pipeline, a directory's list."""

from __future__ import annotations

from trinity_guard.dvcrepo.paths import POINTER, is_pipeline, lock_beside
from trinity_guard.errors import pathspec, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os

# Begins the name of an object of DVC 2: its md5 is that of a text with LF line ends, and it lies at the top of a store.
LEGACY = "dos2unix-"
HEX = "0123456789abcdef"
# FOREIGN: in no cache of ours, for it lies elsewhere, is left to Git (cache: false), or was not made yet.
FILE, DIR, IMPORT, FOREIGN = "file", "dir", "import", "foreign"
# In the place of a mark. NEWER: when it was recorded the file had been edited since it was staged, or the folder had
# more than what was staged of it. MOVED: the pointer came to name other bytes while the file stayed.
NEWER, MOVED = b"newer", b"moved"
KINDS = {kind.encode(): kind for kind in (FILE, DIR, IMPORT, FOREIGN)}


class Output:
    """Where the data is, which object holds it, who says so, and what DVC is told to do with it.

    path: from the repository's top, b"" where it is external; text: as its source writes it.
    md5: hex, `….dir` for a directory, "" where none is recorded. legacy: it is DVC 2's, which leaves the CR of a
    text's CRLF line ends out. size: in bytes (of a directory: of all its files), -1 unknown. nfiles: -1 unknown.
    source: the pointer, lock or dvc.yaml, from the top; oid: its blob; stage: the pipeline's stage, "" of a pointer.
    project: the DVC project's root, from the top; commit: the one that names it, b"" where none was asked.
    remote: its own, "" the default. imported: it has a source of its own; from_repo: another DVC repository, whose
    remote has the object. certain: False where only a template could tell what DVC is to do with it.
    seen: size, time (ns) and inode of the data when it last agreed, b"" before; or NEWER, or MOVED.
    """

    __slots__ = (
        "cache", "certain", "commit", "external", "from_repo", "frozen", "imported", "isexec", "kind", "legacy", "md5",
        "nfiles", "oid", "path", "project", "push", "remote", "seen", "size", "source", "stage", "text",
    )  # fmt: skip

    def __init__(self, path: bytes, md5: str = "", size: int = -1, source: bytes = b"", oid: bytes = b"") -> None:
        self.path = path
        self.md5 = md5
        self.size = size
        self.source = source
        self.oid = oid
        self.kind = FILE
        self.text = self.remote = self.stage = ""
        self.project = self.commit = self.seen = b""
        self.nfiles = -1
        self.cache = self.push = self.certain = True
        self.legacy = self.isexec = self.frozen = self.external = self.imported = self.from_repo = False

    def copy(self) -> Output:
        """Return another one that says the same."""
        other = Output.__new__(Output)
        for field in Output.__slots__:
            setattr(other, field, getattr(self, field))
        return other

    @property
    def is_dir(self) -> bool:
        return self.md5.endswith(".dir")

    @property
    def held(self) -> bool:
        """Whether DVC keeps it in its cache."""
        return self.kind != FOREIGN

    @property
    def was_here(self) -> bool:
        """Whether its data has been in this work tree while the pointer said what it says now."""
        return self.seen not in (b"", MOVED)

    @property
    def renewable(self) -> bool:
        """Whether its own pointer, with nothing else in it, records it: what is there now can be recorded instead."""
        own = self.source == self.path + b".dvc" and not (self.stage or self.imported)
        return own and (self.kind == FILE or (self.kind == DIR and not self.legacy))

    @property
    def pushed(self) -> bool:
        """Whether `dvc push` sends it."""
        return self.kind != FOREIGN and self.push and not self.from_repo

    @property
    def name(self) -> str:
        """The object's name in stores and on remotes."""
        return LEGACY + self.md5 if self.legacy else self.md5

    @property
    def object_size(self) -> int:
        """The size of the object in bytes, -1 where that is not known: of texts that differ in their line ends alone,
        DVC 2 keeps one; and a directory's size is that of its files."""
        return -1 if self.legacy or self.is_dir else self.size

    @property
    def record(self) -> bytes:
        """What a person is told to look at: its pointer, or of a pipeline the output itself."""
        return self.path if self.stage else self.source or self.path

    @property
    def target(self) -> bytes:
        """What DVC's commands take for it from the top: its pointer, or its stage, with the pipeline of a folder."""
        if not self.stage:
            return self.source
        stage = self.stage.encode("utf-8", "surrogatepass")
        folder = self.source[: self.source.rfind(b"/") + 1]
        return folder + b"dvc.yaml:" + stage if folder else stage

    def settle(self) -> Output:
        """Fix the kind, once all else is known."""
        if self.external or not self.cache or not self.md5:
            self.kind = FOREIGN
        else:
            self.kind = DIR if self.is_dir else IMPORT if self.imported else FILE
        return self


def of_object(name: str, size: int = -1) -> Output:
    """Return the output of which nothing is known but its object's name and size (bytes, -1 unknown)."""
    md5 = name.removeprefix(LEGACY)
    output = Output(b"", md5, size)
    output.legacy = md5 != name
    return output.settle()


def nothing_in(source: bytes) -> Output:
    """Return what stands for a file that records no output at all."""
    return Output(b"", source=source).settle()


def listed_in(folder: Output, md5: str, path: bytes = b"") -> Output:
    """Return a file of a directory: what DVC is told to do with it is what it is told of the directory."""
    file = Output(path, md5, source=folder.source)
    for field in ("commit", "project", "remote", "stage", "legacy", "push", "imported", "from_repo", "certain"):
        setattr(file, field, getattr(folder, field))
    return file.settle()


def seen_mark(stat: os.stat_result) -> bytes:
    """Return what tells that a file is the one that was seen."""
    return b"%d %d %d" % (stat.st_size, stat.st_mtime_ns, stat.st_ino)


def is_md5(text: object) -> bool:
    """Whether this is an md5 as DVC writes it, of a file or (`….dir`) of a directory."""
    if not isinstance(text, str):
        return False
    digest = text.removesuffix(".dir")
    return len(digest) == 32 and not digest.strip(HEX)


def is_object(text: str) -> bool:
    """Whether a text can be an object's name: an md5, with what may stand before it."""
    return is_md5(text.removeprefix(LEGACY))


def recording(output: Output) -> str:
    """Return the command that records what the work tree has in the place of an output."""
    folder = output.source.removesuffix(POINTER)
    part = output.path.startswith(folder + b"/") and not (output.stage or output.imported or output.legacy)
    if output.renewable or part:
        return f"trinity-guard convert {typed(output.path)}"
    return f"dvc commit -f {typed(output.target)}"


def staging(output: Output) -> str:
    """Return the same with what it takes to have it in the next commit: DVC stages nothing."""
    command = recording(output)
    if command.startswith("trinity-guard"):
        return command
    record = lock_beside(output.source) if is_pipeline(output.source) else output.source
    return f"{command} && git add {pathspec(record)}"
