"""DVC in a repository that is to be guarded: the real `dvc init`, a default remote, and taking both away again."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Callable

from trinity_guard import git
from trinity_guard.dvcrepo import installation, project, safe_paths
from trinity_guard.dvcrepo.private import keep_private
from trinity_guard.dvcrepo.project import FILES
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import excludes, files, gitignore, index, revisions, version
from trinity_guard.git.files import replace
from trinity_guard.remotes import add, base, untrusted
from trinity_guard.remotes.add import folder_beside
from trinity_guard.setup import native

REMOTE = add.REMOTE
# The first Git whose `refs migrate` takes reflogs along; before it stops at them.
MIGRATES_REFLOGS = (2, 48)
# .dvc/.gitignore as DVC writes it, which gives no line to what this clone ignores already.
IGNORED = b"/config.local\n/tmp\n/cache\n"


def set_up(place: git.Place, url: str | None, about_to_change: Callable[[bytes], None]) -> tuple[list[str], list[str]]:
    """Run `dvc init` where there is no DVC, and give it a default remote where it has none.

    Returns what was done, and what is worth knowing.
    """
    refuse(place, url)
    done = _initialised(place, about_to_change)
    settings = project.load(place.top)
    keep_private(place, settings)  # DVC has its own lines by now, for everybody
    notes: list[str] = []
    if settings.default_remote is None:
        about_to_change(FILES[0])
        more, notes = _add_remote(place, settings, url)
        done += more
    elif url is not None:
        _require_same(place, settings, url)
    return done, notes + _plugin(url)


def refuse(place: git.Place, url: str | None) -> None:
    """Refuse where DVC is to be set up and cannot be, before there is anything to take back."""
    if not os.path.lexists(place.file(b".dvc")):
        _require_text(place)
        _require_files(place)
        _require_visible(place)
        if url is None:
            folder_beside(place)


def _require_text(place: git.Place) -> None:
    """Refuse a path that is no text: DVC writes its first files there, and then fails, as every command of its does."""
    try:
        place.top.decode()
    except UnicodeDecodeError:
        raise GuardError(
            problem=f"DVC cannot work in {shown(place.top)}, a path that is not UTF-8.",
            remedy="rename that folder, and then: trinity-guard init",
            exit_code=UNUSABLE,
        ) from None


def _require_files(place: git.Place) -> None:
    """Refuse refs in tables: `dvc init` and DVC's experiments stop at them."""
    if revisions.is_reftable(place.common_dir):
        other = typed(os.path.join(b"..", os.path.basename(place.top) + b"-files"))
        raise GuardError(
            problem="DVC cannot set itself up where Git keeps its refs in tables (reftable).",
            remedy="git refs migrate --ref-format=files     # and then: trinity-guard init"
            if version.numbers(version.said()) >= MIGRATES_REFLOGS
            else f"git clone --ref-format=files . {other}     # this Git cannot change it; trinity-guard init there",
            exit_code=UNUSABLE,
        )


def _initialised(place: git.Place, about_to_change: Callable[[bytes], None]) -> list[str]:
    folder = place.file(b".dvc")
    if not os.path.lexists(folder):
        add.dvc(place.top, "init")
        return ["DVC set up (dvc init)"]
    if not os.path.isdir(folder):
        raise GuardError(
            problem=f"{shown(folder)} is a file where DVC has its folder.",
            remedy=f"mv {typed(folder)} {typed(folder + b'.moved')}",
            exit_code=UNUSABLE,
        )
    # A `dvc init` that was cut off, or a branch from before it; `dvc init -f` would drop the cache.
    texts = {FILES[0]: b"", FILES[1]: IGNORED}
    lacking = [name for name in texts if not os.path.lexists(place.file(name))]
    tracked = index.entries_of(lacking)
    for name in lacking:
        if name == FILES[0] or name not in tracked:
            about_to_change(name)
            replace(place.file(name), texts[name])
    return ["DVC set-up completed: .dvc/config was missing"] if FILES[0] in lacking else []


def hiding_rules(place: git.Place, *names: bytes) -> list[tuple[bytes, str]]:
    """Return (name, FILE:LINE: PATTERN) for each of these names that an ignore rule hides."""
    return [
        (name, f"{shown(source)}:{line}: {shown(pattern)}")
        for name, (source, line, pattern) in gitignore.matching(names, place.top).items()
        if not pattern.startswith(b"!")
    ]


def _require_visible(place: git.Place) -> None:
    # DVC asks for the name without the slash, before there is a folder; Git then matches the folder.
    for _, rule in hiding_rules(place, b".dvc", b".dvc/"):
        raise GuardError(
            problem=f"Git ignores the folder .dvc, because of {rule}; nothing of DVC's could be committed.",
            remedy="take that rule out, or add below it:\n!.dvc\n!*.dvc",
            exit_code=UNUSABLE,
        )


def _add(place: git.Place, name: str, url: str | bytes) -> None:
    add.dvc(place.top, "remote", "add", "-d", name, url)
    add.make_folder(project.load(place.top).remotes[name.lower()])


def _is_folder(url: str) -> bool:
    return "://" not in url


def _absolute(url: str) -> bytes:
    return os.path.abspath(os.fsencode(url))


def _same(settings: project.Project, name: str, url: str) -> bool:
    remote = settings.remotes[name]
    wanted = _absolute(url) if _is_folder(url) else project.local_folder(url)
    if wanted is not None:
        return remote.local == wanted
    return remote.url.rstrip("/") == url.rstrip("/")


def _add_remote(place: git.Place, settings: project.Project, url: str | None) -> tuple[list[str], list[str]]:
    untrusted.refuse(place, place.top)
    if url is None and settings.remotes:
        names = ", ".join(sorted(settings.remotes))
        return [], [f"DVC has no default remote (it knows {names}): dvc remote default {min(settings.remotes)}"]
    if url is None:
        folder = folder_beside(place)
        # Absolute: a clone anywhere on this machine finds it, and a clone on another one says what is missing.
        _add(place, add.free_name(settings), folder)
        return [f"default DVC remote '{REMOTE}': the local folder {shown(folder)}"], [
            "the DVC remote is only a folder on this machine, which nobody else can fetch from. For a real one:\n"
            "trinity-guard remote add s3://BUCKET/PATH --default    # or gs:// azure:// ssh:// webdavs://;\n"
            "git commit -m 'Store with the team' .dvc/config"
        ]
    known = next((name for name in settings.remotes if _same(settings, name, url)), None)
    if known:
        add.dvc(place.top, "remote", "default", known)
        return [f"default DVC remote '{known}'"], []
    name = add.free_name(settings)
    relative = _is_folder(url) and not os.path.isabs(url)
    value = os.path.relpath(_absolute(url), place.top) if relative else os.fsencode(url)
    _add(place, name, value)
    return [f"default DVC remote '{name}': {url}"], []


def _require_same(place: git.Place, settings: project.Project, url: str) -> None:
    name = settings.default_remote or ""
    if name in settings.remotes and _same(settings, name, url):
        return
    relative = _is_folder(url) and not os.path.isabs(url)
    target = os.fsdecode(os.path.relpath(_absolute(url), place.top)) if relative else url
    raise GuardError(
        problem=f"DVC has a default remote already, '{name}', with another URL; it is left as it is.",
        remedy=f"dvc remote modify {name} url '{target}'    # to change it (at the repository's top)",
        exit_code=UNUSABLE,
    )


def _plugin(url: str | None) -> list[str]:
    kind = safe_paths.scheme(url or "") if "://" in (url or "") else ""
    package = base.PACKAGES.get(kind)
    if package is None or importlib.util.find_spec(package.replace("-", "_")):
        return []
    return [
        f"DVC cannot reach {kind}:// yet: {package} is missing where the hooks' Python lives\n"
        f"{installation.line(package)}"
    ]


# ---- taking it away ----


def digests(place: git.Place) -> dict[str, str]:
    """Return file -> digest of what the set-up left, to tell later whether anybody has changed it."""
    found = {}
    for name in FILES:
        data = files.read_if_there(place.file(name))
        if data is not None:
            found[name.decode()] = native.digest(data)
    return found


def reason_to_keep(place: git.Place, written: dict[str, str]) -> str:
    """Return why our own `dvc init` must not be undone; nothing where no object or pointer was ever there."""
    if digests(place) != written:
        return "its config was changed"
    pointers = ("--", "*.dvc", "*dvc.yaml", "*dvc.lock")
    if git.run("ls-files", "--cached", "--others", *pointers, at=place.top):
        return "there are DVC files"
    if git.attempt("rev-list", "-1", "--all", *pointers, at=place.top).out:
        return "there are DVC files in the history"
    if set(os.listdir(place.file(b".dvc"))) - {b"config", b".gitignore", b"tmp", b"cache"}:
        return "there is more in .dvc than we wrote"
    folders = [
        place.file(b".dvc", b"cache"),
        *(r.local for r in project.load(place.top).remotes.values() if r.local),
    ]
    if any(files for folder in folders for _, _, files in os.walk(folder)):
        return "its cache or its remote holds objects"
    return ""


def remove(place: git.Place) -> list[bytes]:
    """Undo `dvc init`; returns the files that were removed. Only after `reason_to_keep` has found none."""
    for remote in project.load(place.top).remotes.values():
        if remote.local is not None:
            with contextlib.suppress(OSError):  # not there, or not empty
                os.rmdir(remote.local)
    shutil.rmtree(place.file(b".dvc"))
    excludes.let_in(place)
    if os.path.lexists(place.file(b".dvcignore")):
        os.unlink(place.file(b".dvcignore"))
    return list(FILES)
