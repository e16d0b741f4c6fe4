"""What the rules on artifacts and large files (TG001, TG002, TG009) say of one."""

from __future__ import annotations

from trinity_guard.dvcrepo.paths import inside_dvc, store_of
from trinity_guard.errors import pathspec, shown, typed
from trinity_guard.lint.finding import Finding, Words
from trinity_guard.lint.subject import Judged, Subject


def finding_of(rule: str, judged: Judged, problem: str | Words, remedy: str = "") -> Finding:
    entry = judged.entry
    return Finding(rule, entry.path, problem, remedy, commit=judged.commit, key=entry.oid)


def in_tree(subject: Subject, judged: Judged) -> bool:
    if subject.history is None:
        return True
    entry = subject.tree.get(judged.entry.path)
    return entry is not None and entry.oid == judged.entry.oid


def short(judged: Judged) -> str:
    return judged.commit[:10].decode()


def unfiltered(judged: Judged) -> str:
    return "; .gitattributes gives it to git-lfs, but this is no LFS pointer" if judged.lfs else ""


def remedy_for(subject: Subject, judged: Judged) -> str:
    name = pathspec(judged.entry.path)
    command = f"trinity-guard convert {typed(judged.entry.path)}"
    if store := store_of(judged.entry.path):
        command = f"git rm -r -q --cached -- {pathspec(store)}"
    elif inside_dvc(judged.entry.path):
        command = f"git rm -q --cached -- {name}"
    elif judged.lfs:
        command = f"git lfs install && git add --renormalize -- {name}"
    elif judged.filter:
        # `convert` refuses it: encrypted in Git, it would be plain in DVC.
        path, driver = shown(judged.entry.path), shown(judged.filter)
        command = f"exclude = [\"/{path}\"]     # in .trinity-guard.toml; or take the filter '{driver}' off it"
    elif not judged.commit and (error := subject.made_by_stage(judged.entry.path)):
        command = error.remedy
    if subject.history is not None:
        return subject.rebase(judged.commit, f"edit that commit, and in it: {command}")
    return command
