"""Checks of what the repository's files say: our config, patterns, .gitignore, git-lfs, sparse checkouts."""

from __future__ import annotations

import os
import re

from trinity_guard import config as configs
from trinity_guard import git
from trinity_guard.detect import ignorespec
from trinity_guard.detect.configuration import read as read_config
from trinity_guard.detect.patterns import Rules
from trinity_guard.doctor.checks import ERROR, WARNING, Check, Repository, Unseen, counted, fine, listed
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.errors import shown, typed
from trinity_guard.git import gitignore, index
from trinity_guard.git.attributes import Attributes
from trinity_guard.remotes import untrusted
from trinity_guard.setup import dvcinit

LET_THROUGH = "!*.dvc"


def configuration(subject: Repository) -> Check:
    hidden = _not_checked_out(configs.OWN_FILE.encode())
    if hidden and not os.path.lexists(subject.place.file(configs.OWN_FILE.encode())):
        return Check(
            ERROR,
            f"{configs.OWN_FILE} is not checked out (a sparse checkout): the defaults hold in its place.",
            f"git sparse-checkout add {configs.OWN_FILE}     # of cones: git sparse-checkout reapply",
        )
    config = read_config(subject.place.top)
    if config.notes:
        return Check(
            WARNING, " ".join(config.notes), f"take [tool.trinity-guard] out of {configs.PYPROJECT}, or the other file"
        )
    return fine(config.source or "no config file: the defaults hold")


def _not_checked_out(path: bytes) -> bool:
    out = git.run("ls-files", "-t", "-z", "--", path, env=git.literal())
    return out.startswith(b"S ")


def patterns(subject: Repository) -> Check:
    """A pattern that another one, or `exclude`, takes back for every name never applies."""
    config = subject.config()
    rules, dead = Rules(config), []
    for pattern in config.patterns:
        if pattern.startswith("!"):
            continue
        example = _example(pattern)
        if example and _matches(pattern, example) and rules.named(example) is None:
            dead.append((pattern, "`exclude`" if rules.excluded(example) else "a later `!` pattern"))
    if not dead:
        return fine(f"{counted(len(config.patterns), 'pattern')}, each of which applies")
    words = listed([f"{p} ({who} takes it back)" for p, who in dead])
    where = config.source or configs.OWN_FILE
    return Check(WARNING, f"patterns that never apply: {words}.", f"take one of the two out of {where}")


def _example(pattern: str) -> bytes:
    """Return a path that a plain pattern matches; b"" for one with brackets or escapes, which is not judged."""
    if any(c in pattern for c in "[]\\\n"):
        return b""
    bare = pattern.strip().strip("/").replace("**", "x").replace("*", "x").replace("?", "x")
    return (bare + ("/x" if pattern.rstrip().endswith("/") else "")).encode("utf-8", "surrogateescape")


def _matches(pattern: str, example: bytes) -> bool:
    try:
        return bool(ignorespec.compiled([pattern]).match_file(example.decode("utf-8", "surrogateescape")))
    except (ValueError, re.error):
        return False


# --- ignore files


def hidden_pointers(subject: Repository) -> Check:
    """A rule that ignores pointers keeps them out of every commit, and DVC does not read them."""
    place = subject.place
    out = git.run("ls-files", "-o", "-i", "--exclude-standard", "-z", "--", "*.dvc", ":!.dvc")
    lost = [p for p in out.split(b"\0")[:-1] if os.path.isfile(place.file(p))]
    tracked = [e.path for e in index.entries("*.dvc", patterns=True)]
    general = [b"model.pkl.dvc", b".gitignore", b".dvc/", b".dvc/config"]
    found = gitignore.matching([*general, *tracked, *lost], place.top)
    rules = {name: rule for name, rule in found.items() if gitignore.ignores(rule)}
    if not rules:
        return _seen_by_dvc(subject)
    name, (source, line, pattern) = next(iter(rules.items()))
    names = [n for n in rules if n not in general]
    what = f"{counted(len(names), 'pointer')} ({listed(names)})" if names else _WHAT.get(name, shown(name))
    where = f"{shown(source)}:{line}: {shown(pattern)}"
    return Check(ERROR, f"Git ignores {what}, because of {where}.", _letting_through(name, source, line, pattern))


def _seen_by_dvc(subject: Repository) -> Check:
    """TG011: DVC's own walk leaves out more than Git does (`/data/*` with `!*.dvc`)."""
    found = subject.findings("TG011")
    if not found:
        return fine("no rule hides pointers")
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Check(ERROR, f"{shown(found[0].path)}: {found[0].problem}{more}.", found[0].remedy)


_WHAT = {b"model.pkl.dvc": "DVC pointers (*.dvc)", b".dvc/": "the folder .dvc"}


def _letting_through(name: bytes, source: bytes, line: int, pattern: bytes) -> str:
    """Return the command that lets pointers through: a later line, or another form of the rule that hides a folder."""
    file = source if gitignore.in_the_tree(source) else b".gitignore"
    if name in (b".dvc/", b".dvc/config", b".gitignore"):
        return f"take {shown(pattern)} out of {shown(source)}, line {line}"
    by_folder = pattern.endswith((b"/", b"/*", b"/**")) or (b"/" in name and _folder_hidden(os.path.dirname(name)))
    if by_folder:
        bare = pattern.rstrip(b"/")
        while bare.endswith((b"/*", b"/**")):  # of `m/*/**` DVC sees no file of m itself
            bare = bare.rpartition(b"/")[0]
        return (
            f"in {shown(source)}, line {line}, write {shown(bare)}/** in place of {shown(pattern)}, and below it\n"
            f"!{shown(bare)}/**/\n{LET_THROUGH}"
        )
    return f"echo '{LET_THROUGH}' >> {typed(file)}"


def _folder_hidden(folder: bytes) -> bool:
    while folder:
        if not git.attempt("check-ignore", "-q", "--no-index", "--", b"./" + folder).code:
            return True
        folder = os.path.dirname(folder)
    return False


def large_file_storage(subject: Repository) -> Check:
    """What .gitattributes gives to git-lfs is left to it, whatever our patterns say."""
    config = subject.config()
    examples = {e: p for p in config.patterns if not p.startswith("!") and (e := _example(p))}
    if not examples:
        return fine("no pattern to compare with .gitattributes")
    attributes = Attributes(list(examples))
    taken = [pattern for example, pattern in examples.items() if attributes.filter(example) == b"lfs"]
    if not taken:
        return fine("git-lfs takes none of the patterns")
    names = " ".join(typed(p.encode("utf-8", "surrogateescape")) for p in taken)
    return Check(
        WARNING,
        f".gitattributes gives {listed(taken)} to git-lfs: new ones go there, and not to DVC.",
        f"git lfs untrack {names} && git add .gitattributes     # or take these patterns out of {configs.OWN_FILE}",
    )


def sparse(subject: Repository) -> Check:
    """A sparse checkout without .dvc takes the project's folder, cache and all, out of the work tree."""
    out = git.run("ls-files", "-t", "-z", "--", ".dvc", "*/.dvc/config")
    left = [line[2:] for line in out.split(b"\0")[:-1] if line.startswith(b"S ")]
    # `git update-index --skip-worktree` marks what is there as well: so do those who keep changes of their own.
    gone = [path for path in left if not os.path.lexists(subject.place.file(path))]
    on = git.config("core.sparseCheckout", "bool") == "true"
    if not gone:
        return fine("the sparse checkout has .dvc" if on else "no sparse checkout")
    if not on:
        names = " ".join(typed(p) for p in gone)
        return Check(
            ERROR,
            f"Git is told not to look for {listed(gone)} (skip-worktree), and it is not there: DVC finds no project.",
            f"git update-index --no-skip-worktree -- {names} && git checkout -- {names}",
            lambda: _look_again(gone),
        )
    folders = sorted({os.path.dirname(p) for p in gone})
    names = " ".join(typed(f) for f in folders)
    return Check(
        ERROR,
        f"the sparse checkout leaves out {listed(gone)}: DVC finds no project, and Git may remove its cache.",
        f"git sparse-checkout add {names}",
        lambda: _add_to_sparse(folders),
    )


def _look_again(gone: list[bytes]) -> str:
    git.run("update-index", "--no-skip-worktree", "--", *gone)
    git.run("checkout", "--", *gone, env=git.literal())
    return f"brought back: {listed(gone)}"


def _add_to_sparse(folders: list[bytes]) -> str:
    git.run("sparse-checkout", "add", *folders)
    return f"the sparse checkout has {listed(folders)}"


def _bring_config() -> str:
    git.run("checkout", "--", ".dvc/config")
    return ".dvc/config is back, as Git has it"


def dvc_project(subject: Repository) -> Check:
    place = subject.place
    if not os.path.isdir(place.file(b".dvc")):
        if index.entries_of([b".dvc/config"]):
            if _not_checked_out(b".dvc/config"):
                raise Unseen("the sparse checkout leaves .dvc out (see sparse-checkout)")
            return Check(ERROR, "DVC's folder .dvc is in Git, but not in the work tree.", "git checkout -- .dvc")
        return Check(ERROR, "there is no DVC project here yet.", "trinity-guard init")
    project = dvcproject.load(place.top)
    untrusted.refuse(place, place.top, project.cache_dir)
    if not os.path.lexists(place.file(b".dvc", b"config")):
        if index.entries_of([b".dvc/config"]):
            if _not_checked_out(b".dvc/config"):
                raise Unseen(".dvc/config is not checked out (see sparse-checkout)")
            # Another one in its place would lead elsewhere.
            return Check(ERROR, ".dvc/config is in Git, but not in the work tree.", "git checkout -- .dvc/config",
                         _bring_config)  # fmt: skip
        return Check(
            ERROR, "a `dvc init` was cut short: .dvc/config is missing.", "trinity-guard init",
            (lambda: "; ".join(dvcinit.set_up(place, None, lambda _: None)[0])) if subject.has_commits() else None,
        )  # fmt: skip
    if project.no_scm:
        return Check(ERROR, "DVC is told that there is no Git (core.no_scm).", "dvc config --unset core.no_scm")
    return fine(f"DVC's config can be read; {counted(len(project.remotes), 'remote')}")
