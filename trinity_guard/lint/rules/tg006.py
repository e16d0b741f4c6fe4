"""TG006: credentials in what DVC reads and everybody can: its config, pointers, pipelines, locks. No value is told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from trinity_guard import git
from trinity_guard.dvcrepo import secrets
from trinity_guard.dvcrepo.paths import is_config, is_dvc_path, is_private_config
from trinity_guard.errors import GuardError, pathspec, quoted
from trinity_guard.git import revisions
from trinity_guard.git.index import Entry
from trinity_guard.lint.finding import WARNING, Finding, without_path
from trinity_guard.lint.subject import Subject


def find(subject: Subject) -> Iterator[Finding]:
    """Credentials, and what belongs to one person or one machine, in a file that is committed."""
    files = [(c, e) for c, e in subject.versions() if _is_read(e.path)]
    read = [(c, e) for c, e in files if not is_private_config(e.path)]
    contents = subject.contents(e.oid for _, e in read)
    published = _published(subject, files)
    for commit, entry in files:
        pushed = (commit, entry.path) in published
        own = is_private_config(entry.path)
        found = [_own_config(commit, entry, pushed)] if own else _in_file(commit, entry, contents[entry.oid], pushed)
        for finding in found:
            if subject.history is not None:
                _rewrite_too(subject, commit, entry, finding)
            yield finding


def _rewrite_too(subject: Subject, commit: bytes, entry: Entry, finding: Finding) -> None:
    """Have a credential taken out of the commit of a range, which keeps what is only moved at the tip."""
    lines = finding.remedy.split("\n")
    rest = [line for line in lines if line.startswith("and ")]
    if not _stands(subject, entry, finding.key):
        finding.remedy = "\n".join([subject.rebase(commit, "take it out of that commit"), *rest])
    elif finding.level != WARNING:
        now = [line for line in lines if line not in rest]
        keeps = "and take it out of that commit, which keeps it"
        finding.remedy = "\n".join([*now, subject.rebase(commit, keeps), *rest])


def _stands(subject: Subject, entry: Entry, key: str) -> bool:
    """Whether the tree at the end still holds what was found in a version of a file."""
    if not subject.is_gone(entry):
        return True
    if is_private_config(entry.path):
        return subject.tree.get(entry.path) is not None
    return key in _keys_at_tip(subject, entry.path)


def _keys_at_tip(subject: Subject, path: bytes) -> set[str]:
    """Return what stands for the options that the tree at the end still holds."""
    entry = subject.tree.get(path)
    data = subject.contents([entry.oid])[entry.oid] if entry else None
    try:
        return {_key(f) for f in secrets.credentials_in(data or b"", path)}
    except GuardError:
        return set()


def _is_read(path: bytes) -> bool:
    return is_dvc_path(path) or is_private_config(path)


def _in_file(commit: bytes, entry: Entry, data: bytes | None, pushed: bool) -> Iterator[Finding]:
    config = is_config(entry.path)
    try:
        if data is None:
            raise GuardError(
                "is too large to be searched for credentials", f"git rm -q --cached -- {pathspec(entry.path)}"
            )
        found = secrets.credentials_in(data, entry.path)
        personal = secrets.personal_in(data, entry.path) if config else []
    except GuardError as error:
        # What DVC cannot read may hold anything; of other files than a config TG005 says so.
        if config or data is None:
            yield _finding(commit, entry, without_path(error.problem, entry.path), error.remedy, entry.oid.decode())
        return
    for secret in found:
        told = secrets.refusal([secret], entry.path, pushed)
        finding = _finding(commit, entry, without_path(told.problem, entry.path), told.remedy, _key(secret))
        finding.line = secret.line
        # A program is nothing that a file of one's own may run either: a person must decide.
        finding.fixable = config and secret.kind != "program"
        yield finding
    for option in personal:
        problem = f"belongs to one person or one machine, and is wrong for everybody else: {secrets.said(option)}"
        remedy = _to_own_config(option)
        yield Finding(
            "TG006", entry.path, problem, remedy,
            line=option.line, commit=commit.decode(), key=_key(option), level=WARNING,
        )  # fmt: skip


def _to_own_config(option: secrets.PrivateOption) -> str:
    kind, _, name = option.section.partition(" ")
    name = quoted(name.strip('"'))
    if kind != "remote" or "…" in secrets.said(option):
        return "move it to .dvc/config.local, which stays here"
    return (
        f"dvc remote modify --local {name} {option.option} VALUE     # keeps it in .dvc/config.local\n"
        f"dvc remote modify --unset {name} {option.option}"
    )


def _own_config(commit: bytes, entry: Entry, pushed: bool) -> Finding:
    remedy = f"git rm -q --cached -- {pathspec(entry.path)}"
    if pushed:
        remedy += "\nand replace what is in it where it was issued: others could read it"
    problem = "one person's own config, which may hold credentials: it belongs in no commit"
    return _finding(commit, entry, problem, remedy, "")


def _finding(commit: bytes, entry: Entry, problem: str, remedy: str, key: str) -> Finding:
    return Finding("TG006", entry.path, problem, remedy, commit=commit.decode(), key=key)


def _key(found: secrets.PrivateOption) -> str:
    """Return what stands for an option in the fingerprint: its name and kind, no line and no value."""
    return secrets.said(secrets.PrivateOption(found.section, found.option, 0, found.kind))


def _published(subject: Subject, files: Sequence[tuple[bytes, Entry]]) -> set[tuple[bytes, bytes]]:
    """Return (commit, path) of those files that others can read already: a Git remote is known to have the commit.

    What is staged counts if HEAD has the very same; in a CI everything was pushed.
    """
    if not files:
        return set()
    if os.environ.get("CI", "").lower() in ("true", "1"):
        return {(c, e.path) for c, e in files if c}
    there = git.read_ids(b"HEAD:" + e.path for c, e in files if not c)
    staged = [e for c, e in files if not c]
    head = revisions.commit(b"HEAD")
    commits = {c for c, _ in files if c} | ({head} if head else set())
    own = git.run("rev-list", "--stdin", "--not", "--remotes", data=b"".join(c + b"\n" for c in commits)).split()
    known = commits - set(own)
    same = {e.path for e, oid in zip(staged, there, strict=True) if oid == e.oid}
    return {(c, e.path) for c, e in files if (c in known if c else head in known and e.path in same)}
