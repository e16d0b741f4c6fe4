"""What `lint --fix` mends without asking, in the working tree alone: nothing is staged, so the next commit shows it.

A missing ignore line (TG004), a credential in a committed config (TG006), stale facts in a pointer (TG014), a pointer
that is not laid out as DVC would.
Each file is replaced whole, or stays as it is; running it again after a kill completes the work.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from trinity_guard import git
from trinity_guard.convert import ignorelines, stale_facts
from trinity_guard.dvcrepo import decode, noted, pointer, refresh, safe_paths, secrets
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.pointer import Pointer
from trinity_guard.errors import GuardError, pathspec, shown, typed
from trinity_guard.git import files
from trinity_guard.git.gitignore import ignores, in_the_tree, matching, with_line, with_lines
from trinity_guard.lint.finding import Finding
from trinity_guard.remotes import credentials

IGNORE_LINE, CREDENTIAL, FACTS = "TG004", "TG006", "TG014"
# What must never be committed out of `.dvc`: the file that takes the secrets, and the folder in which it is written.
KEPT_HERE = (b"config.local", b"tmp")


class Fixed:
    """mended: sentences, one a change that was made. left: findings that stay, with the reason where a try failed."""

    __slots__ = ("left", "mended")

    def __init__(self) -> None:
        self.mended: list[str] = []
        self.left: list[Finding] = []


def fix(place: git.Place, findings: Iterable[Finding]) -> Fixed:
    """Mend what can be mended of these findings. The current folder is the top of the work tree."""
    found = list(findings)
    done = Fixed()
    done.left += [f for f in found if not f.fixable]
    lines = [f for f in found if f.fixable and f.rule == IGNORE_LINE]
    configs: dict[bytes, list[Finding]] = {}
    for finding in found:
        if finding.fixable and finding.rule == CREDENTIAL:
            configs.setdefault(finding.path, []).append(finding)
    if lines:
        _add_lines(place, lines, done)
    for path, here in configs.items():
        _move_credentials(place, path, here, done)
    for finding in found:
        if finding.fixable and finding.rule == FACTS:
            _renew_facts(place, finding, done)
    return done


def _unmended(finding: Finding, error: GuardError) -> Finding:
    """Return a finding that says why it was not mended, with the command that helps; it is still the same one."""
    problem = f"{finding.problem}; --fix could not mend it: {' '.join(error.problem.split()).rstrip('.')}"
    return Finding(
        finding.rule, finding.path, problem, error.remedy or finding.remedy,
        line=finding.line, commit=finding.commit, key=finding.key, level=finding.level,
    )  # fmt: skip


# --- TG004


def _add_lines(place: git.Place, findings: Sequence[Finding], done: Fixed) -> None:
    """Add the missing lines to the .gitignore files of the working tree, each file written once."""
    missing: dict[bytes, list[tuple[Finding, bytes]]] = {}
    for finding in findings:
        try:
            path = _recorded(place, finding)
            target = _gitignore(place, path)
            if not ignored(place, path):
                missing.setdefault(target, []).append((finding, path))
            else:
                # The line is there already, and only waits for its `git add`.
                done.left.append(_unmended(finding, _unstaged(target)))
        except GuardError as error:
            done.left.append(_unmended(finding, error))
    for target, wanted in missing.items():
        try:
            data = files.read_if_there(place.file(target)) or b""
            data = with_lines(data, [os.path.basename(path) for _, path in wanted])
            files.replace_in(place, target, data, durable=True)
        except GuardError as error:
            done.left += [_unmended(finding, error) for finding, _ in wanted]
        else:
            done.mended += [f"{shown(target)}: ignores {shown(path)} now" for _, path in wanted]


def _unstaged(target: bytes) -> GuardError:
    return GuardError("its line is in the working tree, but not staged", f"git add -- {pathspec(target)}")


def _recorded(place: git.Place, finding: Finding) -> bytes:
    """Return the path that a finding is about, if the pointer still records it here."""
    try:
        path = bytes.fromhex(finding.key)
    except ValueError:
        raise GuardError("it does not say which file") from None
    data = files.read_if_there(place.file(finding.path))
    if data is None:
        raise GuardError("the pointer is not in the working tree", f"git checkout -- {pathspec(finding.path)}")
    if path not in (out.path for out in decode.outputs_of(data, finding.path) if out.cache and not out.external):
        raise GuardError("the pointer in the working tree records another file", "git status")
    return path


def _gitignore(place: git.Place, path: bytes) -> bytes:
    """Return the .gitignore for a file, where it is a file of this very work tree (or none yet)."""
    target = ignorelines.file_for(path)
    link = safe_paths.through_symlink(place.top, target) or (target if os.path.islink(place.file(target)) else None)
    if link:
        raise GuardError(f"{shown(link)} is a symbolic link", f"rm {typed(link)}     # and make it a real one")
    folder = os.path.dirname(target)
    if folder and not os.path.isdir(place.file(folder)):
        raise GuardError(f"there is no folder {shown(folder)} here", f"mkdir -p {typed(folder)}")
    return target


def ignored(place: git.Place, path: bytes) -> bool:
    """Whether the working tree's ignore files make Git ignore a path, whether or not it is tracked.

    One's own excludes do not count, as TG004 has it: nobody else has them.
    """
    rule = matching([path], place.top).get(path)
    return rule is not None and ignores(rule) and in_the_tree(rule[0])


# --- TG006


def changed_by_moving(path: bytes) -> list[bytes]:
    """Return the files of Git's that change when the credentials of a config are moved."""
    return [path, os.path.join(os.path.dirname(path), b".gitignore")]


def _move_credentials(place: git.Place, path: bytes, findings: Sequence[Finding], done: Fixed) -> None:
    """Move the secrets of a `.dvc/config` into config.local, which is made sure to stay here."""
    root = place.file(os.path.dirname(os.path.dirname(path)))
    try:
        _keep_here(place, os.path.dirname(path), done)
        moved = credentials.move(place, root)
    except GuardError as error:
        done.left += [_unmended(finding, error) for finding in findings]
        return
    keys = {_key(f) for f in moved.findings}
    done.left += [f for f in findings if f.key not in keys]
    again = "; replace it where it was issued: the history has it" if moved.published else ""
    done.mended += [
        f"{shown(path)}: moved to {shown(path)}.local: {secrets.said(found)}{again}" for found in moved.findings
    ]


def _key(found: secrets.PrivateOption) -> str:
    """What TG006 calls an option: its name and kind, no line and no value."""
    return secrets.said(secrets.PrivateOption(found.section, found.option, 0, found.kind))


def _keep_here(place: git.Place, folder: bytes, done: Fixed) -> None:
    """Make Git ignore config.local, and the folder in which it is written, before anything is put there."""
    for name in KEPT_HERE:
        path = os.path.join(folder, name)
        if safe_paths.through_symlink(place.top, path) or ignored(place, path):
            continue  # behind a link the move itself refuses
        target = _gitignore(place, path)
        data = files.read_if_there(place.file(target)) or b""
        files.replace_in(place, target, with_line(data, name), durable=True)
        done.mended.append(f"{shown(target)}: ignores {shown(path)} now")


# --- pointers


def _renew_facts(place: git.Place, finding: Finding, done: Fixed) -> None:
    """Write the facts of a pointer's data into it, or take them out."""
    try:
        link = safe_paths.through_symlink(place.top, finding.path)
        data = None if link else files.read_if_there(place.file(finding.path))
        if data is None or not stale_facts.is_stale(data, finding.path):
            raise GuardError("it is another one in the working tree", f"git add -- {pathspec(finding.path)}")
        files.replace_in(place, finding.path, stale_facts.renewed(place, data, finding.path), durable=True)
    except GuardError as error:
        done.left.append(_unmended(finding, error))
    else:
        done.mended.append(f"{shown(finding.path)}: the facts in it are of its data now")


def reformat(place: git.Place, paths: Iterable[bytes]) -> list[str]:
    """Lay pointers out as DVC would write them, where that changes nothing that they say; return what was changed."""
    mended = []
    for path in paths:
        file = place.file(path)
        if os.path.islink(file) or safe_paths.through_symlink(place.top, path):
            continue
        data = files.read_if_there(file)
        new = reformatted(data, path) if data else None
        if new is not None:
            files.replace_in(place, path, new, durable=True)
            mended.append(f"{shown(path)}: laid out as DVC writes it")
    return mended


def reformatted(data: bytes, where: bytes) -> bytes | None:
    """Return a pointer as DVC would write it; None where it is written so, or where that is not safe to say."""
    try:
        old = pointer.decode(data, where)
        (out,) = old.outs if len(old.outs) == 1 else (None,)
        if out is None or not _plain(old, out, data):
            return None
        name = os.path.basename(os.path.normpath(out.text))
        new = refresh.refresh(data, where, name, out.md5, max(out.size, 0), out.isexec)
        new = noted.kept(data, new, pointer.is_plain(new, where))  # its bytes are the same
        same = _says(pointer.decode(new, where)) == _says(old)
    except GuardError:
        return None  # what DVC cannot read is TG005's
    return new if same and new != data else None


def _plain(old: Pointer, out: Output, data: bytes) -> bool:
    """Whether a pointer is one of a file of its own: no folder, no import, no cloud version, nothing left unsaid."""
    if old.deps or out.is_dir or out.external or out.size < 0 or out.nfiles >= 0:
        return False
    versions = (b"version_id", b"etag", b"checksum", b"cloud", b"files")
    return out.md5.encode() in data and not any(key in data for key in versions)


def _says(decoded: Pointer) -> list[object]:
    said: list[object] = [decoded.wdir, decoded.deps, decoded.frozen, decoded.repo_import]
    for out in decoded.outs:
        said += [os.path.normpath(out.text), out.md5, out.size, out.isexec, out.legacy]
        said += [out.cache, out.push, out.remote]
    return said
