"""What a migration would do, and what it did, in words."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import shown
from trinity_guard.migrate.reasons import LFS_ABSENT, STAND_IN_ABSENT
from trinity_guard.migrate.refs import OF_A_FORGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from trinity_guard.migrate.survey import HistorySurvey

MAX_NAMED = 10
MAX_HOOK = 1 << 16


def survey_values(found: HistorySurvey, refs: Sequence[bytes], stays: Sequence[tuple[bytes, str]]) -> dict[str, Any]:
    """Return what `info` found, ready for json; sizes in bytes."""
    packed = sum(size.packed for size in found.scan.blobs.values())
    return {
        "refs": [shown(name) for name in refs],
        "commits": found.commits,
        "patterns": [
            {
                "pattern": s.label,
                "files": s.files,
                "blobs": s.blobs,
                "commits": s.commits,
                "bytes": s.size,
                "bytes_in_git": s.packed,
            }
            for s in found.summaries
        ],
        "largest": [{"path": shown(p), "versions": n, "bytes": size} for p, n, size in found.largest],
        "stays": [{"path": shown(path), "reason": reason} for path, reason in stays],
        "remarks": found.remarks,
        "git_bytes": found.git_size,
        "git_bytes_after": max(found.git_size - packed, 0),
    }


def survey_table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the table of patterns."""
    head = ["pattern", ">files", ">blobs", ">commits", ">unpacked", ">in Git"]
    rows = [
        [
            p["pattern"],
            f"{p['files']:,}",
            f"{p['blobs']:,}",
            f"{p['commits']:,}",
            size_text(p["bytes"]),
            size_text(p["bytes_in_git"]),
        ]
        for p in values["patterns"]
    ]
    return head, rows


def survey_rest(values: dict[str, Any]) -> str:
    """Return what follows the table."""
    lines = ["", "largest:", *_sized(values["largest"])]
    lines += _stays(values["stays"], MAX_NAMED)
    lines += [f"note: {remark}" for remark in values["remarks"]]
    before, after = size_text(values["git_bytes"]), size_text(values["git_bytes_after"])
    lines += ["", f"Git's objects: {before} now, about {after} after `trinity-guard migrate finish`"]
    return "\n".join(lines)


def _sized(entries: Sequence[dict[str, Any]]) -> list[str]:
    """Return a line for each path: the bytes of all its versions, and how many they are."""
    width = max((len(size_text(e["bytes"])) for e in entries), default=0)
    return [f"  {size_text(e['bytes']):>{width}}  {e['path']} ({count(e['versions'], 'version')})" for e in entries]


def _stays(entries: Sequence[dict[str, Any]], most: int) -> list[str]:
    if not entries:
        return []
    lines = ["", "stays in Git:", *(f"  {e['path']}: {e['reason']}" for e in entries[:most])]
    return [*lines, *_more(len(entries), most), *ways_out(entries)]


def ways_out(entries: Sequence[dict[str, Any]]) -> list[str]:
    """Return the commands that help files which stay in Git (path, reason), where there are any."""
    lines = []
    if any(e["reason"] == LFS_ABSENT for e in entries):
        lines.append("  (git lfs fetch --all     # brings the LFS objects that the server has)")
    if any(e["reason"] == STAND_IN_ABSENT for e in entries):
        lines.append("  (trinity-guard migrate run     # in the clone that added them: its DVC cache has their data)")
    return lines


def _more(count: int, most: int) -> list[str]:
    return [f"  and {count - most} more"] if count > most else []


def count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


# --- the report of a run


def report(values: dict[str, Any], whole: bool = False) -> str:
    """Return the report of a run; whole: every line of it, for the file that is kept."""
    most = 1 << 60 if whole else MAX_NAMED
    dry = values["phase"] == "dry"
    moved = f"{count(values['files_moved'], 'file')} in {count(values['blobs_moved'], 'version')}"
    lines = [
        f"{'would become' if dry else 'became'} DVC pointers: {moved}; "
        f"{values['commits_changed']:,} of {values['commits']:,} commits {'would change' if dry else 'changed'}"
    ]
    lines += [*_sized(values["moved"][:most]), *_more(len(values["moved"]), most)]
    lines += [f"  {name}  {old[:10]} -> {new[:10]}" for name, old, new in values["refs"][:most]]
    lines += _more(len(values["refs"]), most)
    packed, unpacked = size_text(values["bytes_packed"]), size_text(values["bytes_unpacked"])
    lines.append(
        f"{packed} of Git's {size_text(values['git_before'])} {'would be' if dry else 'are'} let go by "
        f"`trinity-guard migrate finish`; the DVC cache holds {unpacked} for it"
    )
    if values["bytes_unpacked"] > values["bytes_packed"]:
        lines.append("  (Git keeps the differences between versions, DVC each version whole)")
    if values.get("attributes"):
        taken = "would be taken" if dry else "was taken"
        lines.append(f"git-lfs {taken} out of: {', '.join(values['attributes'][:most])}")
    lines += _stays(values["stays"], most)
    lines += _remarks(values, most)
    if "next" in values:
        lines += ["", "next:", *(f"  # {step['why']}\n  {step['command']}" for step in values["next"])]
    return "\n".join(lines)


def _remarks(values: dict[str, Any], most: int) -> list[str]:
    lines: list[str] = []
    for key, what, words in (
        ("unsigned_commits", "commit", "lost the signature, which was made for the old bytes"),
        ("unsigned_tags", "tag", "lost the signature, which was made for the old bytes"),
        ("mergetags", "commit", "lost the copy of a signed tag that was merged"),
    ):
        found = values.get(key, [])
        if found:
            lines.append(f"note: {count(len(found), what)} {words}: {_ids(found, most)}")
    if values["unresolved_count"]:
        # Some name the same one in each message, as imports from other systems do.
        texts = list(dict.fromkeys(text for _, text in values["unresolved_ids"]))
        lines.append(
            f"note: {values['unresolved_count']:,} times a message has an id that names no commit of these refs, which "
            f"stays: {_ids(texts, most)}"
        )
    if values.get("ids_left"):
        texts = [commit for commit, _ in values["ids_left"]]
        lines.append(f"note: commits that keep their id name a changed one ({len(texts)}): {_ids(texts, most)}")
    if values.get("clashing"):
        lines.append(f"note: names that differ by case only: {', '.join(values['clashing'][:most])}")
    if values.get("dropped"):
        lines.append(f"note: had a pointer already, the file itself went: {', '.join(values['dropped'][:most])}")
    lines += [f"note: {remark}" for remark in values["remarks"]]
    if values["phase"] != "dry":
        lines.append("note: `dvc gc -w` deletes what only the history needs; use `dvc gc --all-commits`, or none")
    return lines


def _ids(found: Sequence[str], most: int) -> str:
    listed = ", ".join(i[:12] for i in found[:most])
    return listed + (f" and {len(found) - most} more" if len(found) > most else "")


# --- what comes next


def next_steps(place: git.Place, values: dict[str, Any]) -> list[dict[str, str]]:
    """Return the commands for the owner and for teammates, and why, in the order to follow."""
    steps = [("proves every byte again, whenever you like", "trinity-guard migrate verify")]
    if not values["pushed"]:
        steps.append(("uploads the objects to the DVC remote", "trinity-guard migrate push"))
    names, left_out = [name for name, _, _ in values["refs"]], _left_out(place, values)
    if values.get("out_of_lfs") and not values["at_lfs"] and _has_hooks_of_lfs(place):
        # Its pre-push asks the LFS server for locks at every push, and fails where that is gone.
        steps.append(("takes the hooks of git-lfs out of this clone", "git lfs uninstall --local"))
    pushes = [force_push(place, remote, names, left_out) for remote in remotes(place)]
    steps += [("publishes the new history", command) for command in pushes if command]
    steps += [
        ("prints what your teammates have to do", "trinity-guard migrate guide team"),
        ("lets the old history go; until then `trinity-guard migrate undo` goes back", "trinity-guard migrate finish"),
    ]
    return [{"why": why, "command": command} for why, command in steps]


def _left_out(place: git.Place, values: dict[str, Any]) -> list[str]:
    """Return the refs that a push is not to bring: gone here by now, or deleted there by others."""
    out = git.run("for-each-ref", "--format=%(refname)", at=place.git_dir)
    there = {name.decode(errors="backslashreplace") for name in out.splitlines()}
    return [name for name, _, _ in values["refs"] if name not in there or name in values.get("deleted", [])]


def _has_hooks_of_lfs(place: git.Place) -> bool:
    hooks = os.path.join(place.common_dir, b"hooks", b"pre-push")
    return os.path.isfile(hooks) and b"git lfs pre-push" in git.read(hooks, MAX_HOOK)


def remotes(place: git.Place) -> list[str]:
    """Return the names of Git's remotes."""
    return os.fsdecode(git.run("remote", at=place.git_dir)).split("\n")[:-1]


def force_push(place: git.Place, remote: str, refs: Sequence[str], left_out: Sequence[str] = ()) -> str:
    """Return the command that publishes the rewritten refs and no other one: a branch that stayed may be behind the
    remote's, and would throw back what others have pushed. A forge takes none of its own, and fails for them. "" where
    there is none: without a name, Git would push the branch that is checked out."""
    import shlex

    names = [n for n in refs if n.startswith("refs/") and not os.fsencode(n).startswith(OF_A_FORGE)]
    if set(names) <= set(left_out):
        return ""
    if len(names) <= MAX_NAMED:
        return push_command(place, remote, [name for name in names if name not in left_out])
    kept = " ".join(f"refs/trinity-guard/original/{kind}" for kind in ("heads", "tags", "notes"))
    listed = f"git for-each-ref --format='refs/%(refname:lstrip=3)' {kept}"
    if left_out := [name for name in names if name in left_out]:
        listed += " | grep -v -x -F " + shlex.join(word for name in left_out for word in ("-e", name))
    return f"{listed} | tr '\\n' '\\0' | xargs -0 {push_command(place, remote, [])}"


def push_command(place: git.Place, remote: str, what: Sequence[str]) -> str:
    """Return the command that replaces these refs of a remote."""
    import shlex

    # A mirror's own push would publish the old refs that we keep, too.
    mirror = not git.attempt("config", "--get", f"remote.{remote}.mirror", at=place.git_dir).code
    head = ["git", "-c", f"remote.{remote}.mirror=false"] if mirror else ["git"]
    return shlex.join([*head, "push", "--force", remote, *what])
