"""This repository's own steps with other tools, and the note for teammates: shell commands, ready to paste."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import urls
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import gitpython, revisions
from trinity_guard.migrate import filters, messages, refs, run, select
from trinity_guard.migrate.survey import survey
from trinity_guard.migrate.tools import globs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from trinity_guard.migrate.migration import Migration
    from trinity_guard.migrate.options import Request
    from trinity_guard.migrate.scan import Scan
    from trinity_guard.migrate.selection import Selection

BFG_VERSION = "1.14.0"
GET_BFG = f"mvn dependency:copy -Dartifact=com.madgag:bfg:{BFG_VERSION} -DoutputDirectory=."
GET_FILTER_REPO = "pip install git-filter-repo"
OURS = "trinity-guard migrate run --everything"

LOST = {
    "bfg": (
        "BFG deletes these files from every commit, and keeps none of their bytes",
        [
            "the bytes: no old commit has its files again, and nothing says which ones they were",
            f"(`{OURS} --engine bfg` first puts every byte into the DVC cache, with a list of them)",
            "choice: BFG knows names of files alone, no folders, no exceptions",
            "signatures, the ids in notes; there is no proof and no way back",
        ],
    ),
    "filter-repo": (
        "git-filter-repo takes these files out of every commit, and keeps none of their bytes",
        [
            "the bytes: no old commit has its files again, and nothing says which ones they were",
            f"(`{OURS} --engine filter-repo` first puts every byte into the DVC cache, with a list of them)",
            "signatures, commit headers that it does not know, the ids in notes; there is no proof and no way back",
        ],
    ),
    "lfs": (
        "git-lfs keeps the bytes, as LFS objects on your Git host, and writes pointers of its own",
        [
            "DVC: it knows nothing of LFS objects; each clone needs git-lfs, the host a quota for it",
            "messages that end without a newline get one, signatures stay and no longer fit, notes keep old ids",
            "there is no dry run, no proof and no way back",
        ],
    ),
}


class GuideFacts:
    """What a guide is made of: the address to clone from and to push to, the folder's name, what is selected."""

    def __init__(self, place: git.Place, selection: Selection, scan: Scan) -> None:
        self.place = place
        self.selection = selection
        self.scan = scan
        self.url = _url(place)
        self.folder = f"../{_name(self.url)}-rewritten.git"


def guide(migration: Migration, tool: str, request: Request) -> str:
    """Return the steps with bfg, filter-repo or lfs, or (team) the note for teammates."""
    if tool == "team":
        return for_team(migration.place, run.report(migration))
    selection, _ = select.subject(migration, request)
    # Other tools work on all refs, whatever is asked for.
    found = survey(migration, selection, select.all_refs(migration))
    if not found.summaries:
        raise GuardError("no file of this history matches.", "trinity-guard migrate info --everything", UNUSABLE)
    return of_tool(tool, GuideFacts(migration.place, selection, found.scan))


def _name(url: str) -> str:
    """Return the folder that `git clone` would make."""
    return os.path.basename(url.rstrip("/").removesuffix(".git").rstrip("/"))


def _line(*words: str) -> str:
    """Return a command as a shell reads it."""
    import shlex

    return shlex.join(words)


def _url(place: git.Place) -> str:
    addresses = gitpython.remotes(place)
    if not addresses:
        if place.bare:
            return os.fsdecode(place.git_dir)
        raise GuardError(
            problem="this repository has no remote to publish a new history to.",
            remedy="git remote add origin URL",
            exit_code=UNUSABLE,
        )
    url = addresses.get("origin") or next(iter(addresses.values()))
    if "://" not in url and ":" not in url.partition("/")[0]:
        url = os.path.normpath(os.path.join(os.fsdecode(place.top or place.git_dir), url))
    return urls.without_secret(url)


def of_tool(name: str, facts: GuideFacts) -> str:
    """Return the steps for bfg, filter-repo or lfs."""
    what, lost = LOST[name]
    steps: dict[str, Callable[[GuideFacts], list[str]]] = {"bfg": _bfg, "filter-repo": _filter_repo, "lfs": _lfs}
    ours = f"# {OURS} moves them to DVC instead: every old commit keeps its files. Lost on this way:"
    head = [f"# {what}.", ours, *(f"#   {line}" for line in lost)]
    return "\n".join([*head, *steps[name](facts)])


def _clone(facts: GuideFacts) -> list[str]:
    return ["", "# A fresh mirror, to work in", _line("git", "clone", "--mirror", facts.url, facts.folder)]


def _publish(facts: GuideFacts, *more: str) -> list[str]:
    push = _line("git", "push", "--mirror", facts.url)
    why = "# Publish it; everybody must clone again, and old clones must not push"
    return ["", why, *more, f"{push}     # a forge refuses its own refs/pull/*, all else is published"]


def _bfg(facts: GuideFacts) -> list[str]:
    found = globs.of_names(facts.selection, facts.scan)
    jar = os.environ.get("BFG_JAR") or "bfg.jar"
    lines = [f"#   {line}" for line in globs.told(found, "BFG")]
    if _in_head(facts):
        lines += [
            "",
            "# The newest commit must be clean: BFG protects it, and would leave its files in the history",
            "# (in a clone with a work tree, on the main branch)",
            "trinity-guard init",
            "trinity-guard convert .",
            'git commit -m "Models and data are DVC pointers"',
            "git push",
        ]
    lines += _clone(facts)
    return [
        *lines,
        "",
        f"# {GET_BFG}     # gets the jar; it needs Java",
        _line("java", "-jar", jar, "--delete-files", globs.braced(found.globs), facts.folder),
        "",
        "# Let the old objects go",
        _line("cd", facts.folder),
        "git reflog expire --expire=now --all && git gc --prune=now --aggressive",
        *_publish(facts),
    ]


def _in_head(facts: GuideFacts) -> bool:
    head = revisions.commit(b"HEAD")
    return head is not None and any(
        facts.selection.bit(line.partition(b"\t")[2]) for line in revisions.tree_lines(head)
    )


def _filter_repo(facts: GuideFacts) -> list[str]:
    found = globs.of_names(facts.selection, facts.scan)
    lines = _clone(facts)
    keep = ["--prune-empty", "never", "--prune-degenerate", "never"]
    if found.exact:
        args = [a for glob in found.globs for a in ("--path-glob", glob)]
        args += [a for glob in found.globs if "*" not in glob for a in ("--path-glob", f"*/{glob}")]
    else:
        args = ["--paths-from-file", "../paths-to-remove"]
        listed = globs.path_lines(list(facts.scan.versions))
        body = [os.fsdecode(line) for line in listed]
        lines += ["", "# The files, one by one", "cat >../paths-to-remove <<'END'", *body, "END"]
    return [
        *lines,
        "",
        f"# {GET_FILTER_REPO}     # gets the tool; it lets the old objects go by itself",
        _line("cd", facts.folder),
        _line("git", "filter-repo", "--invert-paths", *args, *keep),
        *_publish(facts),
    ]


def _lfs(facts: GuideFacts) -> list[str]:
    found = globs.of_names(facts.selection, facts.scan)
    include = found.globs if found.exact else [*facts.selection.include, *found.variants]
    args = [f"--include={','.join(include)}"]
    if facts.selection.exclude:
        args.append(f"--exclude={','.join(facts.selection.exclude)}")
    url = facts.url if "://" in facts.url or ":" in facts.url.partition("/")[0] else f"file://{facts.url}"
    return [
        *_clone(facts),
        "",
        _line("cd", facts.folder),
        _line("git", "lfs", "migrate", "import", "--everything", "--yes", *args),
        "",
        "# Let the old objects go",
        "git reflog expire --expire=now --all && git gc --prune=now",
        *_publish(facts, _line("git", "lfs", "push", "--all", url)),
    ]


# --- for teammates


def for_team(place: git.Place, values: dict[str, Any]) -> str:
    """Return the note for teammates. values: the report of the migration."""
    moved = [(name, old, new) for name, old, new in values["refs"] if name.startswith("refs/")]
    heads = [n.removeprefix(refs.HEADS.decode()) for n, _, _ in moved if n.startswith(refs.HEADS.decode())]
    # The main branch last, so that everybody ends there.
    main = os.fsdecode(git.attempt("symbolic-ref", "-q", "--short", "HEAD", at=place.git_dir).out[:-1])
    heads.sort(key=lambda head: head == main)
    names = messages.remotes(place)
    name = "origin" if "origin" in names or not names else names[0]
    known = bool(names) or place.bare
    url = _url(place) if known else "URL"
    folder = _name(url if known else os.fsdecode(place.top))
    return "\n".join(
        [
            "# The history of this repository was rewritten: its models and data are DVC pointers now, and every",
            "# commit from the first one with such a file on has a new id:",
            *(f"#   {n.removeprefix('refs/')}  {old} -> {new}" for n, old, new in moved[: messages.MAX_NAMED]),
            *([f"#   and {len(moved) - messages.MAX_NAMED} more"] if len(moved) > messages.MAX_NAMED else []),
            "# Do not merge or push what stands on old commits: that would bring the old history back.",
            "",
            *([] if known else ["# URL: where the new history is published"]),
            *_anew(url, folder),
            *(_settled() if values.get("filtered") else ()),
            "",
            *_kept(name, heads),
            *(_settled() if values.get("filtered") else ()),
            *(_out_of_lfs() if values.get("out_of_lfs") and not values["at_lfs"] else ()),
            "",
            *_carried(name, values["remote"], _asked_for(place, values.get("selection"))),
            "",
            *_rebased(name),
        ]
    )


def _anew(url: str, folder: str) -> list[str]:
    return [
        "# 1. The simple way: a new clone",
        _line("git", "clone", url, folder),
        _line("cd", folder) + " && dvc pull",
    ]


def _settled() -> list[str]:
    return [
        "# (once in each clone: a filter of .gitattributes in older commits leaves pointers alone by it)",
        filters.IN_EACH_CLONE,
    ]


def _out_of_lfs() -> list[str]:
    return [
        "# (no file is at git-lfs any more; its hooks would go on asking its server at every push)",
        "git lfs uninstall --local",
    ]


def _kept(remote: str, heads: Sequence[str]) -> list[str]:
    lines = [
        "# 2. Or keep your clone: what is not committed is lost by it, and so are commits of your own on these",
        "#    branches; for those see 3, first",
        _line("git", "fetch", "--prune", "--tags", "--force", remote),
    ]
    for head in heads:
        lines.append(_line("git", "checkout", head, "--"))  # a folder may have the branch's name
        lines.append(_line("git", "reset", "--hard", f"{remote}/{head}"))
    return [*lines, "dvc pull"]


def _asked_for(place: git.Place, found: dict[str, Any] | None) -> list[str]:
    """Return the options by which a teammate's run means the same files. found: the report's `selection`."""
    if found is None:
        return []
    options = ["--from-lfs"] if found.get("leaves_lfs") else []
    config = select.load_config(place)
    usual = select.selection(config, [], [], None, bool(options)).values
    if found["include"] != usual["include"] and found["include"]:
        options += ["--include", *found["include"]]
    if excluded := [pattern for pattern in found["exclude"] if pattern not in config.exclude]:
        options += ["--exclude", *excluded]
    if found["above"] not in (None, usual["above"]):
        options += ["--above", str(found["above"])]
    return options


def _carried(remote: str, storage: str, options: Sequence[str]) -> list[str]:
    return [
        "# 3. Commits of your own, not merged yet, on a branch `topic`: they become what the migration would have made",
        "#    of them, with their merges and artifacts; the file commit-map comes with this note",
        _line("git", "fetch", "--tags", "--force", remote),
        "git checkout topic --",
        _line(*["trinity-guard", "migrate", "run", "--onto", "commit-map", "--ref", "topic", "--yes"], *options),
        *([_line("trinity-guard", "remote", "trust", storage) + "     # if you know that place"] if storage else []),
        *(["trinity-guard migrate push     # what they hold, to the DVC remote"] if storage else []),
    ]


def _rebased(remote: str) -> list[str]:
    return [
        "# 4. The same where there is no trinity-guard: without merges, and each changed model is a conflict",
        _line("git", "fetch", "--tags", "--force", remote),
        "cut -d ' ' -f 1 commit-map >old-ids",
        "OLD=$(git rev-list --topo-order topic | grep -x -F -f old-ids | sed -n 1p)",
        'NEW=$(grep "^$OLD " commit-map | cut -d " " -f 2)',
        'git rebase --onto "$NEW" "$OLD" topic',
    ]
